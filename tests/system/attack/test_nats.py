"""The permissions of the deploy guide, tried by a station that has turned: it reads and writes what is its own."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.engines import nats_in
from tests.helpers.places import ROOT
from voice.bureau.wire import ensure_streams, sound_store


def configuration() -> str:
    """The guide's own block, with a second station made of the first one by its pattern."""
    page = (ROOT / "docs" / "deploy.md").read_text("utf-8")
    begin = page.index("authorization {")
    block = page[begin : page.index("\n}\n", begin) + 3]
    one = block[block.index('    { user: "station-01"') : block.rindex("  ]\n")]
    two = re.sub(r"(zz[.-])01|station-01|secret-01", lambda m: m[0].replace("01", "02"), one)
    return block.replace(one, one + two)


@pytest.fixture
def server(tmp_path: Path) -> Any:
    made = nats_in(tmp_path, configuration())
    yield made
    made.kill()


async def attacker(url: str) -> dict[str, str]:
    """What station 01 is refused, and what it gets, by name."""
    import nats as client

    address = url.split("://")[1].split("@")[-1]
    hub = await client.connect(f"nats://hub:hub-secret@{address}")
    await ensure_streams(hub.jetstream())
    store = await sound_store(hub.jetstream())
    await store.put("0" * 64, b"fLaC the sound of 02")
    await hub.jetstream().publish("huying.zz.02.main.over", b"{}")
    await hub.jetstream().publish("huying-alerts.zz.02", b"{}")
    got: dict[str, str] = {}

    async def quiet(_e: Exception) -> None:
        pass

    one = await client.connect(f"nats://station-01:secret-01@{address}", inbox_prefix="_INBOX.zz.01", error_cb=quiet)

    async def ask(what: str, subject: str, data: Any) -> None:
        try:
            answer = json.loads((await one.request(subject, json.dumps(data).encode(), timeout=1.0)).data)
            got[what] = "refused" if "error" in answer else json.dumps(answer)[:200]
        except Exception as e:
            got[what] = f"refused: {type(e).__name__}"

    for seq in range(1, 4):
        await ask(f"sound {seq}", "$JS.API.STREAM.MSG.GET.OBJ_huying-clips", {"seq": seq})
    meta = "$O.huying-clips.M." + base64.urlsafe_b64encode(b"0" * 64).decode()
    await ask("sound by name", "$JS.API.STREAM.MSG.GET.OBJ_huying-clips", {"last_by_subj": meta})
    await ask("sound directly", f"$JS.API.DIRECT.GET.OBJ_huying-clips.{meta}", {})
    await ask("another's sound deleted", meta, {"name": "0" * 64, "bucket": "huying-clips", "deleted": True})
    await ask("flood of the store", "$O.huying-clips.C.flood", {"x": "x" * 1000})
    await ask("another's alerts", "$JS.API.CONSUMER.CREATE.HUYING-ALERTS.zz-01-own.huying-alerts.zz.02", {
        "stream_name": "HUYING-ALERTS", "config": {"name": "zz-01-own", "durable_name": "zz-01-own",
        "filter_subject": "huying-alerts.zz.02", "ack_policy": "explicit"}})  # fmt: skip
    await ask("all alerts", "$JS.API.CONSUMER.DURABLE.CREATE.HUYING-ALERTS.zz-01-own", {
        "stream_name": "HUYING-ALERTS", "config": {"durable_name": "zz-01-own", "filter_subject": "huying-alerts.>",
        "ack_policy": "explicit", "deliver_policy": "all"}})  # fmt: skip
    await ask("alerts without a filter", "$JS.API.CONSUMER.CREATE.HUYING-ALERTS", {
        "stream_name": "HUYING-ALERTS", "config": {"ack_policy": "none"}})  # fmt: skip
    await ask("events", "$JS.API.STREAM.MSG.GET.HUYING", {"seq": 1})
    await ask("a consumer of events", "$JS.API.CONSUMER.CREATE.HUYING.x", {"stream_name": "HUYING", "config": {}})
    await ask("purge", "$JS.API.STREAM.PURGE.HUYING", {})
    await ask("delete", "$JS.API.STREAM.DELETE.OBJ_huying-clips", {})
    await ask("speak as 02", "huying.zz.02.main.over", {})
    await ask("alert others", "huying-alerts.zz.02", {"text": "x"})
    await one.close()
    messages = await hub.jetstream().stream_info("HUYING")
    got["events of 02"] = str(messages.state.messages)
    clips = await hub.jetstream().stream_info("OBJ_huying-clips")
    got["messages of sound"] = str(clips.state.messages)
    await hub.close()
    return got


def test_a_station_that_has_turned(server: Any) -> None:
    got = asyncio.run(attacker(server.url))
    assert got.pop("events of 02") == "1" and got.pop("messages of sound") == "2"
    assert {k: v for k, v in got.items() if not v.startswith("refused")} == {}
