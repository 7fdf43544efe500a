"""The bureau after a loss: an older database is restored, a standby takes over, the server forgets what is kept."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from tests.helpers.bureau import grow, hub, run, same, sent_of, uplink
from tests.helpers.command import huying
from tests.helpers.engines import Nats, Postgres
from tests.helpers.forking import read_to
from tests.helpers.journals import BEGAN, CLIP, talk
from tests.helpers.waiting import until
from voice.bureau.forgetting import forget_events, forget_sound
from voice.bureau.store import HubStore
from voice.errors import Unwritable
from voice.journal.clips import ClipStore
from voice.journal.store import Journal
from voice.journal.verify import verify


def test_an_older_dump_is_restored_and_reads_the_rest_again(
    postgres_server: Postgres, nats: Nats, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the deployment page says."""
    monkeypatch.chdir(tmp_path)
    log = tmp_path / "a.sqlite"
    grow(log, 2)
    huying(*hub(postgres_server.url, nats.url, "--once"))
    huying(*uplink(log, nats.url, "01", "--once"))
    huying(*hub(postgres_server.url, nats.url, "--once"))
    words = ["-h", "127.0.0.1", "-p", str(postgres_server.port), "-U", "huying"]
    dump = postgres_server.tool("pg_dump", *words, "-Fc", "postgres")
    head = last_hash(postgres_server.url)
    grow(log, 3, 2)
    huying(*uplink(log, nats.url, "01", "--once"))
    huying(*hub(postgres_server.url, nats.url, "--once"))
    postgres_server.tool("createdb", *words, "again")
    postgres_server.tool("pg_restore", *words, "-d", "again", given=dump)
    url = postgres_server.url.removesuffix("postgres") + "again"
    assert last_hash(url) == head
    huying(*hub(url, nats.url, "--once"))
    again = HubStore(url)
    assert not same(again, {"01": log}), "what the other database has acknowledged does not come by itself"
    huying(*hub(url, nats.url, "--once", "--reread"))
    assert same(again, {"01": log})
    assert len(list(again.journal.events())) == 35 and list(verify(again.journal, clips=False)) == []
    with pytest.raises(Unwritable, match="append-only"), again.journal.begin() as db:
        db.execute(sa.text("DELETE FROM huying_events"))
    again.close()


def last_hash(url: str) -> str:
    store = HubStore(url)
    try:
        return list(store.journal.events())[-1].hash
    finally:
        store.close()


def test_a_standby_takes_over_without_the_last_minutes(
    postgres_server: Postgres, nats: Nats, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL dies while its standby is behind; what it lacks is still on the NATS server."""
    monkeypatch.chdir(tmp_path)
    log = tmp_path / "a.sqlite"
    grow(log, 4)
    first = HubStore(postgres_server.url)
    one, up = run(*hub(postgres_server.url, nats.url)), run(*uplink(log, nats.url, "01"))
    try:
        assert until(lambda: same(first, {"01": log}))
        standby = postgres_server.standby()
        grow(log, 4, 4)
        assert until(lambda: same(first, {"01": log}))
        assert until(lambda: known_to(standby) == 56), "it follows"
        standby.stop()
        grow(log, 4, 8)
        assert until(lambda: same(first, {"01": log}))
        first.close()
        postgres_server.stop("immediate")
        grow(log, 4, 12)  # the station talks on; nobody keeps it for now
        standby.start()
        standby.promote()
        one.terminate()
        told = one.communicate(timeout=30)[0]
        assert "Traceback" not in told, told
        one = run(*hub(standby.url, nats.url, "--reread"))
        second = HubStore(standby.url)
        assert until(lambda: same(second, {"01": log}), 100)
        assert len(list(second.journal.events())) == 16 * 7 and list(verify(second.journal, clips=False)) == []
        second.close()
    finally:
        one.kill()
        up.kill()


def known_to(server: Postgres) -> int:
    """Events in a database that may only be read."""
    engine = sa.create_engine(server.url)
    with engine.connect() as db:
        found = db.execute(sa.text("SELECT count(*) FROM huying_hub_events")).scalar_one()
    engine.dispose()
    return int(found)


def with_server(url: str, act: Callable[[Any], Coroutine[Any, Any, Any]]) -> Any:
    """What ``act`` makes of a JetStream context."""
    import nats as client

    async def go() -> Any:
        nc = await client.connect(url)
        try:
            return await act(nc.jetstream())
        finally:
            await nc.close()

    return asyncio.run(go())


def on_the_server(url: str) -> dict[str, int]:
    """Bureau → messages that the stream holds."""

    async def count(js: Any) -> dict[str, int]:
        return dict((await js.stream_info("HUYING", subjects_filter="huying.>")).state.subjects or {})

    out: dict[str, int] = {}
    for subject, n in with_server(url, count).items():
        bureau = subject.split(".")[1]
        out[bureau] = out.get(bureau, 0) + n
    return out


def test_only_what_is_kept_and_old_goes_from_the_server(nats: Nats, tmp_path: Path) -> None:
    ours, theirs = tmp_path / "a.sqlite", tmp_path / "b.sqlite"
    grow(ours, 3)
    grow(theirs, 2)
    db = tmp_path / "hub.sqlite"
    huying(*hub(db, nats.url, "--once", "--keep-days", "0"))

    def forget(before: datetime) -> dict[str, int]:
        with_server(nats.url, lambda js: forget_events(js, "huying.zz.>", "hub-zz", before))
        return on_the_server(nats.url)

    late = datetime.now(UTC) + timedelta(days=1)
    huying(*uplink(ours, nats.url, "01", "--once"))
    assert forget(late) == {"zz": 22}, "with the roster; no hub has it yet"
    huying("uplink", theirs, "--nats", nats.url, "--bureau", "yy", "--station", "01", "--once")
    huying(*hub(db, nats.url, "--once", "--keep-days", "0"))
    middle = datetime.now(UTC)
    grow(ours, 2, 3)
    huying(*uplink(ours, nats.url, "01", "--once"))
    assert forget(middle) == {"zz": 15, "yy": 15}, "kept and old: gone; another bureau's has no hub"
    assert forget(late) == {"zz": 15, "yy": 15}, "nobody has the rest"
    huying(*hub(db, nats.url, "--once", "--keep-days", "0"))
    assert forget(middle) == {"zz": 15, "yy": 15}, "not old"
    assert forget(late) == {"yy": 15}
    grow(ours, 1, 5)
    huying(*uplink(ours, nats.url, "01", "--once"))
    one = run(*hub(db, nats.url, "--keep-days", "0.00001"))
    try:
        store = HubStore(str(db))
        assert until(lambda: same(store, {"01": ours})), "the stream goes on after it was emptied"
    finally:
        one.terminate()
        assert "Traceback" not in one.communicate(timeout=60)[0]
    store.close()


def test_a_hub_forgets_by_itself_and_keeps_the_sound(nats: Nats, tmp_path: Path) -> None:
    log = tmp_path / "a.sqlite"
    noise = np.random.default_rng(0).integers(-900, 900, 4000).astype(np.int16)
    with Journal(str(log)) as journal:
        for k, clip in enumerate((CLIP, noise)):
            journal.append(talk(journal.clips.put(clip)), BEGAN + timedelta(hours=k))
    db = tmp_path / "hub.sqlite"
    huying(*hub(db, nats.url, "--once", "--clips"))
    huying(*uplink(log, nats.url, "01", "--clips", "--once"))
    huying(*hub(db, nats.url, "--once", "--clips"))
    clips = ClipStore(tmp_path / "hub.sqlite.clips")
    assert len([*clips.folder.rglob("*.flac")]) == 2, "--once waits for the sound"  # type: ignore[union-attr]

    async def names(js: Any) -> set[str]:
        from nats.js.errors import NotFoundError

        try:
            return {i.name for i in await (await js.object_store("huying-clips")).list(ignore_deletes=True)}
        except NotFoundError:
            return set()

    there = with_server(nats.url, names)
    assert len(there) == 2
    with_server(nats.url, lambda js: forget_sound(js, clips, datetime.now(UTC) - timedelta(days=1)))
    assert with_server(nats.url, names) == there, "not old"
    lost = sorted(there)[0]
    clips.path(lost).unlink()
    with_server(nats.url, lambda js: forget_sound(js, clips, datetime.now(UTC)))
    assert with_server(nats.url, names) == {lost}, "what is not here stays there"
    one = run(*hub(db, nats.url, "--clips", "--keep-days", "0.00001"))
    try:
        assert until(lambda: clips.has(lost) and not on_the_server(nats.url))
    finally:
        one.terminate()
        assert "Traceback" not in one.communicate(timeout=60)[0]


def kept(log: Path, database: Path, nats: Nats) -> list[str]:
    """The faults of the station's events at the bureau, once a hub has read all that there is; all must be there."""
    huying(*hub(database, nats.url, "--once"))
    store = HubStore(str(database))
    try:
        assert same(store, {"01": log})
        return [s.fault for s in store.standing()]
    finally:
        store.close()


def lose(nats: Nats) -> None:
    """The server's disk is replaced by an empty one."""
    nats.kill()
    shutil.rmtree(nats.store)
    nats.start()


def test_a_server_that_lost_its_store_before_the_hub_had_read(nats: Nats, tmp_path: Path) -> None:
    """What it had acknowledged is sent again from the station's journal, by the next uplink."""
    log, database = tmp_path / "a.sqlite", tmp_path / "hub.sqlite"
    grow(log, 2)
    huying(*hub(database, nats.url, "--once"))
    huying(*uplink(log, nats.url, "01", "--once"))
    lose(nats)
    huying(*hub(database, nats.url, "--once"))  # makes the streams anew
    grow(log, 1, 2)
    up = run(*uplink(log, nats.url, "01", "--once"))
    told, _ = up.communicate(timeout=60)
    assert up.returncode == 0 and "lost what was sent" in told
    assert kept(log, database, nats) == [""]


def test_a_server_that_loses_its_store_under_uplink_and_hub(nats: Nats, tmp_path: Path) -> None:
    log, database = tmp_path / "a.sqlite", tmp_path / "hub.sqlite"
    grow(log, 2)
    store = HubStore(str(database))
    one, up = run(*hub(database, nats.url)), run(*uplink(log, nats.url, "01"))
    try:
        assert until(lambda: same(store, {"01": log}))
        lose(nats)
        grow(log, 3, 2)
        assert until(lambda: same(store, {"01": log}), 60), "what came since is there"
        assert [s.fault for s in store.standing()] == [""]
    finally:
        for p in (one, up):
            p.terminate()
    told = one.communicate(timeout=60)[0], up.communicate(timeout=60)[0]
    assert "lost its store" in told[0] and "lost what was sent" in told[1], told
    assert list(verify(store.journal, clips=False)) == []
    store.close()


def test_a_server_that_is_an_older_copy_of_itself(nats: Nats, tmp_path: Path) -> None:
    """Its stream is as old as before, and lacks the end."""
    log, database = tmp_path / "a.sqlite", tmp_path / "hub.sqlite"
    grow(log, 1)
    huying(*hub(database, nats.url, "--once"))
    huying(*uplink(log, nats.url, "01", "--once"))
    nats.kill()
    shutil.copytree(nats.store, tmp_path / "copy")
    nats.start()
    grow(log, 2, 1)
    huying(*uplink(log, nats.url, "01", "--once"))
    nats.kill()
    shutil.rmtree(nats.store)
    shutil.copytree(tmp_path / "copy", nats.store)
    nats.start()
    huying(*uplink(log, nats.url, "01", "--once"))
    assert kept(log, database, nats) == [""]


def test_a_gap_at_the_hub_is_a_fault_that_is_shown(nats: Nats, tmp_path: Path) -> None:
    log, database = tmp_path / "a.sqlite", tmp_path / "hub.sqlite"
    grow(log, 2)
    events = sent_of(log, "01")
    store = HubStore(str(database))
    store.store([*events[:3], *events[6:]])
    (standing,) = store.standing()
    assert standing.missing == (4, 6) and "events 4 to 6 have not come" in standing.fault
    assert "events 4 to 6" in huying("hub-status", database, code=1)
    huying(*hub(database, nats.url, "--once"))
    one = run(*hub(database, nats.url))
    try:
        read_to(one, "events 4 to 6 have not come")
        store.store(events[3:6])
        assert [(s.missing, s.fault) for s in store.standing()] == [(None, "")]
    finally:
        one.terminate()
        one.communicate(timeout=60)
    huying("hub-status", database)
    store.close()
