"""Many stations, one picture, on a real NATS server and a real PostgreSQL: nothing is lost, nothing doubled, whatever
dies meanwhile."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from tests.helpers.bureau import grow, hub, run, same, sent_of, uplink
from tests.helpers.command import huying
from tests.helpers.console import Served
from tests.helpers.engines import Nats, Postgres, certified, free_port, nats_in
from tests.helpers.forking import Huying, read_to
from tests.helpers.journals import BEGAN, CLIP, over, talk
from tests.helpers.nats_accounts import Accounts
from tests.helpers.places import ROOT
from tests.helpers.waiting import until
from voice.bureau.hub import broadcast
from voice.bureau.rosters import write_bureau_net
from voice.bureau.store import HubStore
from voice.bureau.wire import (
    ALERTS_STREAM,
    EVENTS_STREAM,
    Newer,
    Server,
    StationEvent,
    ensure_streams,
    packed,
    subject_of,
    unpacked,
    unpacked_roster,
)
from voice.errors import HuyingError, Unwritable
from voice.journal.event import GENESIS, Event, NewEvent, chained
from voice.journal.lines import lines
from voice.journal.rolls import sessions
from voice.journal.store import Journal
from voice.journal.verify import verify
from voice.net.loading import load_net
from voice.places import sample_net
from voice.station.requests import AlertRequest, RollRequest, put, take
from voice.talk.by_hand import Acknowledged, Corrected, Undone

# -- the database ------------------------------------------------------------------------------------


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    if request.param == "sqlite":
        return str(tmp_path / "hub.sqlite")
    return str(request.getfixturevalue("postgres"))


def test_whatever_the_order_every_event_is_there_once(database: str, tmp_path: Path) -> None:
    stations = {"01": tmp_path / "a.sqlite", "东": tmp_path / "b.sqlite"}
    for k, path in enumerate(stations.values()):
        grow(path, 3 + k)
    batch = [s for name, path in stations.items() for s in sent_of(path, name)]
    rng = np.random.default_rng(0)
    store = HubStore(database)
    for _ in range(2):  # all of it twice, in pieces, mixed
        mixed = [batch[i] for i in rng.permutation(len(batch))]
        for at in range(0, len(mixed), 7):
            stored = store.store(mixed[at : at + 7])
            assert not stored.refused and not stored.faults
    assert same(store, stations)
    assert [(s.waiting, s.fault) for s in store.standing()] == [(0, ""), (0, "")]
    assert len(list(store.journal.events())) == len(batch)
    assert list(verify(store.journal, clips=False)) == []
    store.close()


def test_all_that_waited_is_joined_when_the_gap_is_filled(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However much it is; nothing more has to come."""
    monkeypatch.setattr("voice.bureau.store.JOINED_AT_ONCE", 5)
    grow(tmp_path / "a.sqlite", 4)
    first, *others = sent_of(tmp_path / "a.sqlite", "01")
    store = HubStore(database)
    assert store.store(others).joined == 0 and store.standing()[0].waiting == 27
    assert store.store([first]).joined == 28
    assert [(s.seq, s.waiting) for s in store.standing()] == [(28, 0)]
    assert list(verify(store.journal, clips=False)) == []
    store.close()


def test_the_joined_journal_reads_like_any_other(database: str, tmp_path: Path) -> None:
    """Units and channels carry their station; a correction names the event that it corrects."""
    path = tmp_path / "a.sqlite"
    grow(path, 1)
    with Journal(str(path)) as journal:
        answered = next(e for e in journal.events(kind="answered"))
        made = journal.enter(Corrected(corrects=answered.seq, unit=answered.unit, meaning="ack", by="x"))
        journal.enter(Undone(undoes=made, by="x"))
        journal.enter(Acknowledged(acknowledges=answered.seq, by="x"))
        journal.enter(Corrected(corrects=answered.seq, unit=answered.unit, meaning="not_found", by="x"))
    store = HubStore(database)
    store.store([StationEvent("00", e.event) for e in sent_of(path, "00")][:3])  # numbers differ from the station's
    store.store(sent_of(path, "01"))
    found = list(lines(store.journal.events()))
    assert {x["channel"] for x in found} == {"00", "01"}
    assert {x["unit"].split("/")[0] for x in found if x["unit"] and x["channel"] == "01"} == {"01"}
    there = {e.seq: e for e in store.journal.events()}
    for kind, field, of in (("corrected", "corrects", "answered"), ("acknowledged", "acknowledges", "answered"),
                            ("undone", "undoes", "corrected")):  # fmt: skip
        named = there[next(store.journal.events(kind=kind)).data[field]]
        assert named.kind == of and named.unit == f"01/{answered.unit}"
    with Journal(str(path)) as journal:
        wanted = {(f"01/{c.unit}", c.result, c.grade) for s in sessions(journal.events()) for c in s.calls}
    assert any(grade == "human" for _, _, grade in wanted)
    assert {
        (c.unit, c.result, c.grade)
        for s in sessions(store.journal.events())
        for c in s.calls
        if c.unit.startswith("01/")
    } == wanted
    store.close()


def test_what_does_not_fit_is_kept_aside_and_told(database: str, tmp_path: Path) -> None:
    path, other = tmp_path / "a.sqlite", tmp_path / "b.sqlite"
    grow(path, 1)
    with Journal(str(other)) as journal:
        journal.append([over(1, 3.0, "", "别的站")], BEGAN)
        journal.append([over(2, 9.0, "", "别的站")], BEGAN)
    good, foreign = sent_of(path, "01"), sent_of(other, "01")
    store = HubStore(database)
    assert store.store(good[:1]).joined == 1
    forged = StationEvent("01", replace(good[1].event, body=good[1].event.body.replace("{", '{"x":1,', 1)))
    assert "hash does not fit" in store.store([forged]).refused[0]
    assert "name used twice" in store.store(foreign[:1]).refused[0]
    told = store.store(foreign[1:])  # its forerunner is another one's
    assert "does not follow" in told.faults[0] and told.joined == 0
    assert store.standing()[0].fault
    assert len(store.refusals()) == 2
    again = store.store([forged])
    assert again.refused and len(store.refusals()) == 2, "the same is kept once"
    assert huying("hub-status", database, code=1).count("name used twice") >= 1
    store.close()


def test_several_hubs_that_find_an_empty_database(database: str) -> None:
    """Each waits for the tables of the first."""
    together = threading.Barrier(4)

    def opened() -> HubStore:
        together.wait()
        return HubStore(database)

    with ThreadPoolExecutor(4) as pool:
        for future in [pool.submit(opened) for _ in range(4)]:
            store = future.result()
            assert len(store.journal) == 0 and not store.standing()
            store.close()


def test_a_database_of_a_newer_hub_is_left_alone(database: str) -> None:
    store = HubStore(database)
    with store.journal.begin() as db:
        db.execute(sa.text("UPDATE huying_hub_info SET value = '99' WHERE key = 'schema'"))
    store.close()
    with pytest.raises(HuyingError, match="newer hub"):
        HubStore(database)


def test_a_database_that_goes_read_only(
    postgres_server: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    grow(tmp_path / "a.sqlite", 1)
    store = HubStore(postgres_server.url)
    admin = sa.create_engine(postgres_server.url, isolation_level="AUTOCOMMIT")

    def read_only(on: str) -> None:
        with admin.connect() as db:
            db.execute(sa.text("SET default_transaction_read_only = off"))
            db.execute(sa.text(f"ALTER SYSTEM SET default_transaction_read_only = {on}"))
            db.execute(sa.text("SELECT pg_reload_conf()"))
        assert until(lambda: shown() == on)

    def shown() -> str:
        """On the connection of the store."""
        with store.journal.reading() as db:
            return str(db.execute(sa.text("SHOW default_transaction_read_only")).scalar())

    read_only("on")
    with pytest.raises(Unwritable, match="read-only"):
        store.store(sent_of(tmp_path / "a.sqlite", "01"))
    read_only("off")
    assert store.store(sent_of(tmp_path / "a.sqlite", "01")).joined == 7
    store.close()
    admin.dispose()


# -- the wire ------------------------------------------------------------------------------------------


def test_messages() -> None:
    event = Event(1, "over", 1.5, "2026-06-05T00:30:01.500Z", '{"channel":"一.号 *"}', "0" * 64, "a" * 64, "101")
    subject = subject_of("zz", "01", event)
    assert subject == "huying.zz.01.一_号__.over"
    assert unpacked(subject, packed(event)) == StationEvent("01", event)
    with pytest.raises(Newer, match="update the hub"):
        unpacked(subject, json.dumps({"version": 2, "anything": 1}).encode())
    wrong: list[dict[str, Any]] = [
        {"seq": "x"}, {"seq": 0}, {"seq": 2**31}, {"t": float("nan")}, {"kind": "k" * 41}, {"unit": "u" * 40},
        {"wall": "\0"}, {"unit": 7}, {"hash": None}, {"more": 1},
    ]  # fmt: skip
    bad = [b"", b"[]", b"{}", b'{"version":1}', b"[" * 100_000]
    for data in (*bad, *(json.dumps({"version": 1, **asdict(event), **w}).encode() for w in wrong)):
        with pytest.raises(HuyingError, match="not an event"):
            unpacked(subject, data)
    for data in (*bad, b'{"units":[1]}', b'{"units":[{"id":7}]}', b'{"units":[{"id":"\\u0000"}]}', b"\xff"):
        with pytest.raises(HuyingError, match="not a roster"):
            unpacked_roster("huying.zz.01.roster", data)


def test_a_station_that_sends_nonsense_stops_nobody(database: str) -> None:
    """Bodies that fit their hash, but hold what no fact holds."""
    bodies = (
        "{}",
        '{"unit":[1],"units":"x","results":[1,[],["101"]],"corrects":"9","confirms":-1,"channel":{}}',
        '{"callees":[1,null,"102"],"releases":1e99,"by":3}',
    )
    chain = chained(
        [NewEvent(k, 0.0, "w", b, None) for k, b in zip(("over", "nonsense", "relayed"), bodies, strict=True)],
        0,
        GENESIS,
    )
    store = HubStore(database)
    stored = store.store([StationEvent("x", e) for e in chain])
    assert stored.joined == 0 and len(stored.refused) == 3 and all("set aside" in r for r in stored.refused)
    assert list(store.events("x")) == chain, "what was sent is kept as it came"
    assert list(store.journal.events()) == []
    store.close()


def test_a_joined_roster(tmp_path: Path) -> None:
    units = [{"id": "101", "name": "省残联"}, {"id": "102", "name": "贾岗社区"}]
    rosters = {s: {"name": s, "units": units} for s in "ab"}
    assert write_bureau_net(tmp_path / "net", "zz", rosters) == 4
    net = load_net(tmp_path / "net")
    assert net.name_of("a/101") == "a 省残联" and {u.group for u in net.units} == {"a", "b"}


# -- stations, server, hubs ---------------------------------------------------------------------------


def test_up_with_sound_and_down_with_alerts(nats: Nats, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "a.sqlite"
    with Journal(str(log)) as journal:
        name = journal.clips.put(CLIP)
        journal.append(talk(name), BEGAN)
    requests = tmp_path / "requests"
    up = run(*uplink(log, nats.url, "01", "--clips", "--requests", requests))
    asked = tmp_path / "asked"
    one = run(*hub(tmp_path / "hub.sqlite", nats.url, "--clips", "--net-folder", tmp_path / "net", "--requests", asked))
    try:
        assert until(
            lambda: (
                (tmp_path / "hub.sqlite.clips").is_dir() and any((tmp_path / "hub.sqlite.clips").rglob(f"{name}.flac"))
            ),
        )
        number = huying("broadcast", "请加强夜间巡逻", "--nats", nats.url, "--bureau", "zz", "--to", "01").split(":")[0]
        huying("broadcast", "给别的站", "--nats", nats.url, "--bureau", "zz", "--to", "02")
        huying("broadcast", "给各站", "--nats", nats.url, "--bureau", "zz", "--emergency")
        assert until(lambda: len(list(requests.glob("*.json"))) == 2)
        put(asked, AlertRequest("从控制台来", ("01/102",), by="console"))
        put(asked, RollRequest("start"))
        assert until(lambda: len(list(requests.glob("*.json"))) == 3)
    finally:
        for p in (up, one):
            p.send_signal(signal.SIGTERM)
    shown, told = up.communicate(timeout=60)[0], one.communicate(timeout=60)[0]
    assert up.returncode == 0 == one.returncode and "Traceback" not in shown + told, shown + told
    net = load_net(sample_net())
    assert "each calls its own roll" in told
    wishes = [w for _ in range(3) if (w := take(requests, net)) is not None]
    assert [w[0].text for w in wishes if isinstance(w[0], AlertRequest)] == ["给各站", "请加强夜间巡逻", "从控制台来"]
    assert wishes[1][0].by == f"bureau {number}" and wishes[2][1] == ("102",)
    store = HubStore(str(tmp_path / "hub.sqlite"))
    assert same(store, {"01": log})
    assert list(verify(store.journal)) == [], "with its clip"
    store.close()
    assert load_net(tmp_path / "net").name_of("01/101") == "01 省残联"


def test_an_alert_that_comes_too_late_is_not_read_out(nats: Nats, tmp_path: Path) -> None:
    grow(tmp_path / "a.sqlite", 1)
    words = uplink(tmp_path / "a.sqlite", nats.url, "01", "--requests", tmp_path / "requests")
    up = run(*words)
    assert until(lambda: asyncio.run(consumers(nats.url, ALERTS_STREAM)) == 2)
    up.send_signal(signal.SIGTERM)
    up.wait(60)
    asyncio.run(broadcast(Server(nats.url), "zz", [], {"text": "过期的通知"}, 0.0, print))
    up = run(*words)
    read_to(up, "过期的通知")
    up.send_signal(signal.SIGTERM)
    up.communicate(timeout=60)
    assert not list((tmp_path / "requests").glob("*"))


async def consumers(url: str, stream: str) -> int:
    """How many read a stream."""
    import nats as client

    nc = await client.connect(url)
    try:
        return len(await nc.jetstream().consumers_info(stream))
    except client.errors.Error:  # there is no such stream yet
        return 0
    finally:
        await nc.close()


def test_wrong_users_and_permissions(tmp_path: Path) -> None:
    """The sample configuration of the deployment page: a station may publish as itself, and not read others."""
    server = nats_in(tmp_path, users_of_the_page())
    grow(tmp_path / "a.sqlite", 1)
    try:
        stranger = server.as_user("station-01", "no-such-secret")
        told = huying(*uplink(tmp_path / "a.sqlite", stranger, "01", "--once"), code=2)
        assert "Authorization" in told and "secret" not in told
        huying(*hub(tmp_path / "hub.sqlite", server.as_user("hub", "hub-secret"), "--once"))
        huying(*uplink(tmp_path / "a.sqlite", server.as_user("station-01", "secret-01"), "01", "--once"))
        foreign = run(*uplink(tmp_path / "a.sqlite", server.as_user("station-01", "secret-01"), "02", "--once"))
        read_to(foreign, "ermissions")
        foreign.send_signal(signal.SIGTERM)
        foreign.communicate(timeout=60)
        huying(*hub(tmp_path / "hub.sqlite", server.as_user("hub", "hub-secret"), "--once"))
        store = HubStore(str(tmp_path / "hub.sqlite"))
        assert same(store, {"01": tmp_path / "a.sqlite"})
        store.close()
    finally:
        server.kill()


def test_tls(tmp_path: Path) -> None:
    key, certificate = certified(tmp_path)
    server = nats_in(tmp_path, f'tls {{ cert_file: "{certificate}", key_file: "{key}" }}\n')
    grow(tmp_path / "a.sqlite", 1)
    url = server.url.replace("nats://", "tls://")
    try:
        huying(*hub(tmp_path / "hub.sqlite", url, "--ca", certificate, "--once"))
        huying(*uplink(tmp_path / "a.sqlite", url, "01", "--ca", certificate, "--once"))
        told = huying(*uplink(tmp_path / "a.sqlite", url, "01", "--once"), code=2)
        assert "certificate" in told and "--ca" in told
        assert "no such file" in huying(*uplink(tmp_path / "a.sqlite", url, "01", "--ca", "none.pem", "--once"), code=2)
        huying(*hub(tmp_path / "hub.sqlite", url, "--ca", certificate, "--once"))
        store = HubStore(str(tmp_path / "hub.sqlite"))
        assert same(store, {"01": tmp_path / "a.sqlite"})
        store.close()
    finally:
        server.kill()


def test_credentials_files(tmp_path: Path) -> None:
    """JWTs instead of passwords: the hub's, a station's, one that the server does not know, and one that is broken."""
    accounts = Accounts()
    server = nats_in(tmp_path, accounts.configuration)
    grow(tmp_path / "a.sqlite", 1)
    boss = accounts.credentials(tmp_path / "hub.creds", [">"], [">"])
    own = accounts.credentials(
        tmp_path / "01.creds", ["huying.zz.01.>", "$JS.API.>", "$JS.ACK.>"], ["_INBOX.>", "huying-alerts.zz.*"]
    )
    try:
        huying(*hub(tmp_path / "hub.sqlite", server.url, "--creds", boss, "--once"))
        huying(*uplink(tmp_path / "a.sqlite", server.url, "01", "--creds", own, "--once"))
        huying(*hub(tmp_path / "hub.sqlite", server.url, "--creds", boss, "--once"))
        store = HubStore(str(tmp_path / "hub.sqlite"))
        assert same(store, {"01": tmp_path / "a.sqlite"})
        store.close()
        forged = accounts.forged(tmp_path / "forged.creds")
        told = huying(*uplink(tmp_path / "a.sqlite", server.url, "01", "--creds", forged, "--once"), code=2)
        assert "Authorization" in told and "--creds" in told
        broken = tmp_path / "broken.creds"
        whole = own.read_text("utf-8")
        for text in ("no credentials at all", whole.replace("\nSU", "\nXX"), whole[: len(whole) // 2]):
            broken.write_text(text, "utf-8")
            told = huying(*uplink(tmp_path / "a.sqlite", server.url, "01", "--creds", broken, "--once"), code=2)
            assert "broken.creds: not a credentials file" in told
    finally:
        server.kill()


def users_of_the_page() -> str:
    page = (ROOT / "docs" / "deploy.md").read_text("utf-8")
    begin = page.index("authorization {")
    return page[begin : page.index("\n}\n", begin) + 3]


def test_a_server_that_is_not_there_is_waited_for_until_one_is_told_to_end(tmp_path: Path) -> None:
    grow(tmp_path / "a.sqlite", 1)
    up = run(*uplink(tmp_path / "a.sqlite", f"nats://127.0.0.1:{free_port()}", "01"))
    shown = read_to(up, "tried again")
    assert up.poll() is None
    up.send_signal(signal.SIGINT)
    shown = up.communicate(timeout=60)[0]
    assert "stopped before it answered" in shown and "Traceback" not in shown, shown


def test_a_name_that_another_journal_has(nats: Nats, tmp_path: Path) -> None:
    for name in "ab":
        with Journal(str(tmp_path / f"{name}.sqlite")) as journal:
            journal.append([over(1, 3.0, "", name)], BEGAN)
    huying(*hub(tmp_path / "hub.sqlite", nats.url, "--once"))
    huying(*uplink(tmp_path / "a.sqlite", nats.url, "01", "--once"))
    told = huying(*uplink(tmp_path / "b.sqlite", nats.url, "01", "--once"), code=2)
    assert "another journal" in told
    (tmp_path / "a.sqlite").unlink()  # the station's disk was changed: a new journal under the old name
    for extra in ("a.sqlite-wal", "a.sqlite-shm"):
        (tmp_path / extra).unlink(missing_ok=True)
    shutil.copy(tmp_path / "b.sqlite", tmp_path / "a.sqlite")
    assert "new --station name" in huying(*uplink(tmp_path / "a.sqlite", nats.url, "01", "--once"), code=2)


def test_a_message_of_a_newer_version_is_left_for_a_newer_hub(nats: Nats, tmp_path: Path) -> None:
    import nats as client

    grow(tmp_path / "a.sqlite", 1)
    huying(*hub(tmp_path / "hub.sqlite", nats.url, "--once"))
    huying(*uplink(tmp_path / "a.sqlite", nats.url, "01", "--once"))

    async def publish() -> None:
        nc = await client.connect(nats.url)
        await nc.jetstream().publish("huying.zz.03.main.over", b'{"version": 9}', stream="HUYING")
        await nc.jetstream().publish("huying.zz.03.main.over", b"nonsense", stream="HUYING")
        await nc.close()

    asyncio.run(publish())
    old = run(*hub(tmp_path / "hub.sqlite", nats.url))

    async def pending() -> int:
        nc = await client.connect(nats.url)
        info = (await nc.jetstream().consumers_info("HUYING"))[0]
        await nc.close()
        return int(info.num_ack_pending or 0) + int(info.num_pending or 0)

    told = read_to(old, "update the hub")
    assert until(lambda: asyncio.run(pending()) == 1), "the newer message waits, the others are done"
    old.send_signal(signal.SIGTERM)
    told += old.communicate(timeout=60)[0]
    assert "refused" in told
    assert asyncio.run(pending()) == 1
    store = HubStore(str(tmp_path / "hub.sqlite"))
    assert same(store, {"01": tmp_path / "a.sqlite"}) and len(store.refusals()) == 1
    store.close()


def test_a_server_that_is_full(tmp_path: Path) -> None:
    """Its storage takes no more: nothing is thrown away, sending goes on when there is room."""
    server = nats_in(tmp_path, "")
    log = tmp_path / "a.sqlite"
    grow(log, 40)
    import nats as client

    async def limit(most: int) -> None:
        from nats.js.api import DiscardPolicy, StreamConfig

        nc = await client.connect(server.url)
        js = nc.jetstream()
        config = StreamConfig("HUYING", subjects=["huying.>"], discard=DiscardPolicy.NEW, max_bytes=most)
        try:
            await js.stream_info("HUYING")
            await js.update_stream(config)
        except Exception:
            await js.add_stream(config)
        await nc.close()

    try:
        asyncio.run(limit(60_000))
        up = run(*uplink(log, server.url, "01", "--once"))
        assert up.stdout is not None
        assert any("maximum bytes" in line for line in up.stdout), "it says so, and waits"
        assert up.poll() is None
        asyncio.run(limit(50_000_000))
        shown = up.communicate(timeout=60)[0]
        assert up.returncode == 0 and "sending again" in shown, shown
        huying(*hub(tmp_path / "hub.sqlite", server.url, "--once"))
        store = HubStore(str(tmp_path / "hub.sqlite"))
        assert same(store, {"01": log})
        store.close()
    finally:
        server.kill()


def test_a_store_for_sound_that_is_full(nats: Nats, tmp_path: Path) -> None:
    """Events go on, sound waits, and goes up when there is room; after a restart too."""
    import nats as client

    log = tmp_path / "a.sqlite"
    with Journal(str(log)) as journal:
        loud = np.random.default_rng(0).integers(-9000, 9000, 40_000).astype(np.int16)
        name = journal.clips.put(loud)
        journal.append(talk(name), BEGAN)

    async def room(most: int) -> bool:
        """Whether the clip is there afterwards."""
        from nats.js.api import ObjectStoreConfig

        nc = await client.connect(nats.url)
        js = nc.jetstream()
        try:
            config = (await js.stream_info("OBJ_huying-clips")).config
            config.max_bytes = most
            await js.update_stream(config)
        except Exception:
            await js.create_object_store("huying-clips", config=ObjectStoreConfig(max_bytes=most))
        try:
            found = [i.name for i in await (await js.object_store("huying-clips")).list(ignore_deletes=True)]
        except client.js.errors.NotFoundError:
            found = []
        await nc.close()
        return name in found

    asyncio.run(room(10_000))
    huying(*hub(tmp_path / "hub.sqlite", nats.url, "--once"))
    up = run(*uplink(log, nats.url, "01", "--clips"))
    shown = read_to(up, "sound waits")
    assert "maximum bytes" in shown, shown
    grow(log, 1)
    one = run(*hub(tmp_path / "hub.sqlite", nats.url))
    store = HubStore(str(tmp_path / "hub.sqlite"))
    assert until(lambda: same(store, {"01": log})), "events went on"
    store.close()
    _kill([up, one])
    asyncio.run(room(10_000_000))
    huying(*uplink(log, nats.url, "01", "--clips", "--once"))
    assert asyncio.run(room(10_000_000))


class Cable:
    """A TCP proxy that can be cut."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.cut = False
        self._ends: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def pull(self, out: bool) -> None:
        self.cut = out
        if out:
            for s in self._ends:
                s.close()
            self._ends.clear()

    def _accept(self) -> None:
        while True:
            near, _ = self._listener.accept()
            if self.cut:
                near.close()
                continue
            far = socket.create_connection(("127.0.0.1", self._target))
            self._ends += [near, far]
            for a, b in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(a, b), daemon=True).start()

    def _pump(self, a: socket.socket, b: socket.socket) -> None:
        try:
            while data := a.recv(65536):
                b.sendall(data)
        except OSError:
            pass
        for s in (a, b):
            s.close()


def test_a_station_without_network_for_a_day(nats: Nats, tmp_path: Path) -> None:
    cable = Cable(nats.port)
    log = tmp_path / "a.sqlite"
    grow(log, 2)
    one = run(*hub(tmp_path / "hub.sqlite", nats.url))
    up = run(*uplink(log, f"nats://127.0.0.1:{cable.port}", "01"))
    store = HubStore(str(tmp_path / "hub.sqlite"))
    try:
        assert until(lambda: same(store, {"01": log}))
        cable.pull(True)
        grow(log, 288, 2)  # a day, a roll-call every five minutes
        assert not same(store, {"01": log})
        cable.pull(False)
        assert until(lambda: same(store, {"01": log}), 60)
    finally:
        for p in (up, one):
            p.send_signal(signal.SIGTERM)
    assert "connected again" in up.communicate(timeout=60)[0]
    assert len(list(store.journal.events())) == 290 * 7 and list(verify(store.journal, clips=False)) == []
    one.wait(20)
    store.close()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[list[Nats]]:
    """Three NATS servers that elect a leader."""
    ways = [free_port() for _ in range(3)]
    routes = ", ".join(f'"nats://127.0.0.1:{w}"' for w in ways)
    servers = [
        nats_in(tmp_path, f'server_name: n{k}\ncluster {{ name: c, listen: "127.0.0.1:{way}", routes: [{routes}] }}\n')
        for k, way in enumerate(ways)
    ]
    yield servers
    for server in servers:
        server.kill()


def test_a_cluster_loses_one_server_after_the_other(cluster: list[Nats], tmp_path: Path) -> None:
    """Three copies: whichever server is away, the stream's leader first, the stations' events go on."""
    import nats as client

    url = ",".join(s.url for s in cluster)
    log, kept = tmp_path / "a.sqlite", tmp_path / "hub.sqlite"
    grow(log, 1)

    async def leader() -> int:
        nc = await client.connect(url.split(","))
        info = await nc.jetstream(timeout=10).stream_info("HUYING")
        await nc.close()
        assert info.config.num_replicas == 3 and info.cluster is not None
        return int(str(info.cluster.leader)[1:])

    with ExitStack() as stack:
        processes = [run(*hub(kept, url, "--replicas", "3", "--clips"))]  # it waits until they have elected
        stack.callback(_kill, processes)
        assert until(kept.is_file)
        store = HubStore(str(kept))
        processes.append(run(*uplink(log, url, "01")))
        assert until(lambda: same(store, {"01": log}), 60)
        first = asyncio.run(leader())
        for round_, away in enumerate([first, (first + 1) % 3, (first + 2) % 3], 1):
            cluster[away].kill()
            grow(log, 20, at=20 * round_)
            assert until(lambda: same(store, {"01": log}), 60), f"without server {away}"
            cluster[away].start()
            assert until(lambda: asyncio.run(in_step(url)), 60), f"server {away} does not catch up"
        assert all(p.poll() is None for p in processes)
        assert not [str(f) for f in verify(store.journal, clips=False)]
        store.close()
    _kill(processes)


async def in_step(url: str) -> bool:
    """Whether every copy of the stream is as new as its leader's."""
    import nats as client

    nc = await client.connect(url.split(","))
    try:
        cluster = (await nc.jetstream(timeout=10).stream_info("HUYING")).cluster
    except client.errors.Error:
        return False
    finally:
        await nc.close()
    peers = (cluster.replicas or []) if cluster else []
    return len(peers) == 2 and all(p.current and not p.offline for p in peers)


def test_copies_that_one_server_cannot_keep(nats: Nats, tmp_path: Path) -> None:
    """Whether the streams are there or not."""
    for _ in range(2):
        told = huying(*hub(tmp_path / "hub.sqlite", nats.url, "--replicas", "3", "--once"), code=2)
        assert "cluster" in told and "see --replicas" in told, told
        huying(*hub(tmp_path / "hub.sqlite", nats.url, "--once"))


def test_everything_is_killed_now_and_then(
    postgres: str, nats: Nats, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three stations write, two hubs keep; uplinks, hubs and the server are killed at random for a while
    (``HUYING_CHAOS_S=600`` for ten minutes)."""
    monkeypatch.chdir(tmp_path)
    done = chaos(postgres, nats, tmp_path, float(os.environ.get("HUYING_CHAOS_S", "12")), seed=1)
    print(done)
    assert done["same"] and done["kills"] >= 5 and done["faults"] == [], done


def _kill(processes: list[subprocess.Popen[str]]) -> None:
    for p in processes:
        p.kill()


async def impatient(url: str) -> None:
    """What a hub has taken and not acknowledged is given to another after 5 s instead of ACK_WAIT_S."""
    import nats as client
    from nats.js.api import AckPolicy, ConsumerConfig

    nc = await client.connect(url)
    js = nc.jetstream()
    await ensure_streams(js)
    consumer = ConsumerConfig(
        durable_name="hub-zz", filter_subject="huying.zz.>", ack_policy=AckPolicy.EXPLICIT, ack_wait=5.0
    )
    await js.add_consumer(EVENTS_STREAM, consumer)
    await nc.close()


def chaos(database: str, nats: Nats, place: Path, seconds: float, seed: int) -> dict[str, Any]:
    """See the test."""
    rng = np.random.default_rng(seed)
    logs = {f"0{k}": place / f"{k}.sqlite" for k in (1, 2, 3)}
    for path in logs.values():
        grow(path, 1)
    asyncio.run(impatient(nats.url))
    words = [uplink(path, nats.url, name) for name, path in logs.items()] + [hub(database, nats.url)] * 2
    processes = [run(*w) for w in words]
    store = HubStore(database)
    stop = threading.Event()

    def write(path: Path, k: int) -> None:
        with Journal(str(path)) as journal:
            n = 1
            while not stop.wait(0.05):
                journal.append(talk(""), BEGAN + timedelta(minutes=n))
                n += 1

    writers = [threading.Thread(target=write, args=(p, k)) for k, p in enumerate(logs.values())]
    for w in writers:
        w.start()
    kills, began = 0, time.monotonic()
    with ExitStack() as stack:
        stack.callback(_kill, processes)
        while time.monotonic() < began + seconds:
            stop.wait(float(rng.uniform(0.5, 2.0)))
            victim = int(rng.integers(0, len(words) + 1))
            kills += 1
            if victim == len(words):
                nats.kill()
                stop.wait(float(rng.uniform(0.2, 1.0)))
                nats.start()
            else:
                processes[victim].kill()
                processes[victim].wait()
                processes[victim] = run(*words[victim])
        stop.set()
        for w in writers:
            w.join()
        whole = until(lambda: same(store, logs), 150)  # what a killed hub had taken comes again
        faults = [s.fault or f"{s.waiting} wait" for s in store.standing() if s.fault or s.waiting]
        faults += [str(f) for f in verify(store.journal, clips=False)]
        events = len(list(store.journal.events()))
    store.close()
    return {"same": whole, "kills": kills, "events": events, "faults": faults, "seconds": seconds}


def test_the_console_on_the_bureaus_journal(nats: Nats, tmp_path: Path) -> None:
    """A board for each station, their units by name, one roll sheet over all."""
    pytest.importorskip("nicegui")
    for name in ("01", "02"):
        grow(tmp_path / f"{name}.sqlite", 1)
        huying(*hub(tmp_path / "hub.sqlite", nats.url, "--once"))
        huying(*uplink(tmp_path / f"{name}.sqlite", nats.url, name, "--once"))
    huying(*hub(tmp_path / "hub.sqlite", nats.url, "--once", "--net-folder", tmp_path / "net"))
    port = free_port()
    console = Huying[bytes](
        *("serve", "--journal", tmp_path / "hub.sqlite", "--net", tmp_path / "net", "--port", str(port)),
        env={k: v for k, v in os.environ.items() if not k.startswith("PYTEST")},
    )
    try:
        served = Served(f"http://127.0.0.1:{port}", tmp_path, tmp_path, tmp_path)

        def up() -> bool:
            try:
                return bool(served.get("/api/v1/health")["ok"])
            except OSError:
                return False

        assert until(up, 60)
        for name in ("01", "02"):
            tiles = served.get(f"/api/v1/board?channel={name}")["tiles"]
            assert {t["unit"].split("/")[0] for t in tiles} == {name}
        assert {u["name"].split()[0] for u in served.get("/api/v1/units")} == {"01", "02"}
        sheet = served.get("/api/v1/exports/roll.html?since=2026-06-01&until=2026-07-01")
        assert "01 省残联" in sheet and "02 省残联" in sheet
    finally:
        console.terminate()
        console.wait()
