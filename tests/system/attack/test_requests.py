"""The requests folder in the hands of somebody who may write into it: the station goes on, and in time."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from voice.errors import HuyingError
from voice.journal.store import Journal
from voice.net.loading import Net
from voice.station import requests
from voice.station.requests import (
    ARCHIVE,
    ARCHIVED,
    LOOKED,
    MOST_WAITING,
    READ,
    AlertRequest,
    RollRequest,
    Room,
    SayRequest,
    WatchRequest,
    put,
    take,
)
from voice.talk.facts import WatchSet

GOOD = json.dumps({"text": "测试"})


def looks(folder: Path, net: Net, most: int = 2000) -> tuple[list[requests.Request], list[str]]:
    """What one station takes in many looks, and what it is told."""
    told: list[str] = []
    room, found = Room(folder, told.append), []
    for _ in range(most):
        one = room.take(net)
        if one is not None:
            found.append(one[0])
        elif room._scan is None and not room._waiting:
            break
    return found, told


EVIL = {
    "half a character in the text": '{"text":"\\ud800测试"}',
    "half a character in the name": '{"text":"测试","by":"\\ud800"}',
    "half a character in a question": '{"roll":"start","question":"\\udc00"}', "a NUL": '{"text":"测\\u0000试"}',
    "a timer by half a character": '{"watch":5,"to":["101"],"by":"\\ud800"}', "deep": "[" * 99_000,
    "a big number": '{"watch": ' + "9" * 5000 + ', "to":["101"]}', "no number": '{"watch": NaN, "to":["101"]}',
    "a long name": json.dumps({"text": "测试", "by": "<b>" * 30_000}), "repeat": '{"text":"测试","repeat":1000000000}',
    "to many": json.dumps({"text": "测试", "to": ["\ud800"] * 5}),
    "no object": "7", "nothing": "", "binary": "\x00\xff",
}  # fmt: skip


@pytest.mark.parametrize("name", EVIL)
def test_whatever_is_in_a_file_can_be_logged_or_is_set_aside(net: Net, tmp_path: Path, name: str) -> None:
    (tmp_path / "a.json").write_bytes(EVIL[name].encode("utf-8", "surrogatepass"))
    (tmp_path / "b.json").write_text(GOOD)
    found, told = looks(tmp_path, net)
    assert AlertRequest("测试") in found, "what comes behind it is not held up"
    for wish in found:
        if isinstance(wish, WatchRequest):
            with Journal("sqlite://") as journal:
                journal.append([WatchSet(t=0.0, unit="101", minutes=5.0, by=wish.by)], datetime.now(UTC))
        repr(wish).encode()
    "".join(told).encode()
    assert {p.name for p in tmp_path.iterdir()} == {ARCHIVE}


def test_the_journal_takes_any_text(net: Net) -> None:
    with Journal("sqlite://") as journal:
        (event,) = journal.append([WatchSet(t=0.0, unit="1\ud800\0", minutes=5.0, by="\udc00")], datetime.now(UTC))
        assert event.unit == "1\ufffd\ufffd" == event.data["unit"] and event.data["by"] == "\ufffd"


def test_names_and_things_that_cannot_be_moved(net: Net, tmp_path: Path) -> None:
    """Names of 255 bytes and of no characters, links, pipes, folders, and folders where a file should go."""
    archive = tmp_path / ARCHIVE
    archive.mkdir()
    (archive / "d.json.done").mkdir()
    (archive / "e.json.bad").mkdir()
    (tmp_path / ("a" * 250 + ".json")).write_text(GOOD)
    (tmp_path / os.fsdecode(b"\xff\xfe.json")).write_text("no")
    (tmp_path / "b.json").symlink_to("/etc/hostname")
    (tmp_path / "c.json").symlink_to("c.json")
    (tmp_path / "d.json").write_text(GOOD)
    (tmp_path / "e.json").write_text("no")
    os.mkfifo(tmp_path / "f.json")
    (tmp_path / "g.json").mkdir()
    (tmp_path / "h.json").symlink_to("/dev/zero")
    (tmp_path / "z.json").write_text(GOOD)
    found, told = looks(tmp_path, net)
    assert found == [AlertRequest("测试")] * 3 and len(told) == 7
    assert not [p for p in tmp_path.iterdir() if p.suffix == ".json"]
    "".join(told).encode()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may do everything")
def test_a_folder_of_somebody_else(net: Net, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(GOOD)
    tmp_path.chmod(0o500)
    told: list[str] = []
    room = Room(tmp_path, told.append)
    assert room.take(net) is None and room.take(net) is None and len(told) == 1


def test_what_cannot_be_marked_as_done_is_not_carried_out_again_and_again(
    net: Net, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.json").write_text(GOOD)
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError(13, "denied")))
    told: list[str] = []
    room = Room(tmp_path, told.append)
    assert [room.take(net) for _ in range(5)] == [None] * 5 and len(told) == 1


def test_a_look_passes_a_few_entries_and_reads_fewer(net: Net, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many lie there, of whatever kind; an emergency among thousands of alerts is still found first."""
    for k in range(3 * LOOKED):
        (tmp_path / f"other {k}").touch()
    for k in range(2 * MOST_WAITING):
        (tmp_path / f"m{k:05}.json").write_text(GOOD)
    (tmp_path / "z.json").write_text(json.dumps({"text": "紧急通知", "emergency": True}))
    passed, read = [0], [0]
    entries, reader = requests._entries, requests._read

    def counted(folder: Path):  # type: ignore[no-untyped-def]
        for path in entries(folder):
            passed[0] += 1
            yield path

    def counted_reader(path: Path) -> requests.Request:
        read[0] += 1
        return reader(path)

    monkeypatch.setattr(requests, "_entries", counted)
    monkeypatch.setattr(requests, "_read", counted_reader)
    room = Room(tmp_path, lambda _t: None)
    for _ in range(200):
        passed[0] = read[0] = 0
        found = room.take(net, alerts=False)
        assert found is None and passed[0] <= LOOKED + 1 and read[0] <= READ
    assert len(room._waiting) <= MOST_WAITING + 1
    found = room.take(net)
    assert found is not None and isinstance(found[0], AlertRequest) and found[0].emergency


def test_an_idle_folder_is_not_even_listed(net: Net, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for k in range(50):
        (tmp_path / f"{k}.txt.other").touch()
    os.utime(tmp_path, (1, 1))
    room = Room(tmp_path, lambda _t: None)
    room.take(net)
    monkeypatch.setattr(requests, "_entries", lambda _f: pytest.fail("it was listed"))
    for _ in range(10):
        assert room.take(net) is None


def test_what_is_over_is_kept_up_to_a_number(net: Net, tmp_path: Path) -> None:
    for k in range(ARCHIVED + 200):
        (tmp_path / f"{k}.json.done").touch()
    (tmp_path / "z.json").write_text(GOOD)
    found, _ = looks(tmp_path, net)
    assert found == [AlertRequest("测试")]
    assert len(list((tmp_path / ARCHIVE).iterdir())) <= ARCHIVED + ARCHIVED // 10


def test_there_is_a_limit_to_what_waits(net: Net, tmp_path: Path) -> None:
    for _ in range(MOST_WAITING):
        put(tmp_path, SayRequest("测试"))
    with pytest.raises(HuyingError, match="wait already"):
        put(tmp_path, RollRequest("start"))


def test_a_named_request_comes_once(net: Net, tmp_path: Path) -> None:
    put(tmp_path, AlertRequest("测试"), "bureau-7")
    assert take(tmp_path, net) is not None
    put(tmp_path, AlertRequest("测试"), "bureau-7")
    assert take(tmp_path, net) is None


def test_thousands_that_are_too_old_hold_up_nobody(net: Net, tmp_path: Path) -> None:
    for k in range(300):
        path = tmp_path / f"{k}.json"
        path.write_text(GOOD)
        os.utime(path, (0, 0))
    (tmp_path / "z.json").write_text(json.dumps({"roll": "start"}))
    found, told = looks(tmp_path, net)
    assert found == [RollRequest("start")] and len(told) == 300
