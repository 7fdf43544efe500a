"""The folder through which other programs ask for an alert."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.helpers.command import huying
from tests.helpers.places import ROOT
from voice.cli.orders import NOBODY
from voice.errors import HuyingError
from voice.journal.store import Journal
from voice.net.loading import Net, load_net
from voice.places import install, requests_folder, stations_folder
from voice.station.requests import AlertRequest, RollRequest, Room, SayRequest, addressed, put, take, with_neighbours
from voice.station.status import Status, announce, status_file


def test_requests_are_taken_in_order_and_kept(net: Net, tmp_path: Path) -> None:
    put(tmp_path, AlertRequest("第一个通知", ("省残联",)))
    put(tmp_path, AlertRequest("第二个通知", emergency=True))
    (tmp_path / "zz.txt").write_text("第三个通知\n", "utf-8")
    first, second, third = (take(tmp_path, net) for _ in range(3))
    assert first == (AlertRequest("第二个通知", emergency=True), tuple(u.id for u in net.units)), "emergencies first"
    assert second == (AlertRequest("第一个通知", ("省残联",)), ("101",))
    assert third is not None and third[0] == AlertRequest("第三个通知")
    assert take(tmp_path, net) is None and len(list((tmp_path / "archive").glob("*.done"))) == 3


@pytest.mark.parametrize(
    "text, says",
    [
        ("{", "not a request"),
        ('{"words": "x"}', "not a request"),
        ('{"text": " "}', "no text"),
        ('{"text": "通知", "to": ["火星"]}', "no unit and no group"),
        ('{"text": "通知😀"}', "no reading"),
        ('{"text": "通知", "repeat": 99}', "1 to 9"),
        ('{"text": 5}', "text: .*string"),
        ("[1]", "not a request"),
        ('{"text": "通知", "repeat": "much"}', "repeat: "),
        ('{"text": "通知", "to": {"a": 1}}', "to: "),
        ('{"watch": "soon", "to": ["101"]}', "watch: "),
        ('{"roll": "dance"}', "roll: "),
        ("[" * 90_000, "not a req"),
        ('{"alert": "sing"}', "alert: "),
        ('{"text": "' + "长" * 301 + '"}', "shorten"),
        (" " * 100_001, "no request"),
        ("7", "not a request"),
        ('{"text": "通知", "to": null}', "to: "),
    ],
)
def test_what_cannot_be_used_is_set_aside(net: Net, tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "a.json").write_text(text, "utf-8")
    with pytest.raises(HuyingError, match=says):
        take(tmp_path, net)
    assert take(tmp_path, net) is None and (tmp_path / "archive" / "a.json.bad").is_file()


def test_what_is_no_file_is_set_aside(net: Net, tmp_path: Path) -> None:
    """A link to nowhere, a folder, a pipe that would be waited for: the request behind them is still taken."""
    (tmp_path / "a.json").symlink_to("nowhere")
    (tmp_path / "b.json").mkdir()
    os.mkfifo(tmp_path / "c.json")
    (tmp_path / "d.txt").write_text("通知", "utf-8")
    told: list[str] = []
    room = Room(tmp_path, told.append)
    found = room.take(net)
    assert found is not None and isinstance(found[0], AlertRequest) and room.take(net) is None
    assert sorted(t[:14] for t in told) == ["a.json: no fil", "b.json: no fil", "c.json: no fil"]


def test_numbers_may_name_units(net: Net, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"text": "通知", "to": [101], "repeat": 1}', "utf-8")
    assert take(tmp_path, net) == (AlertRequest("通知", ("101",), 1), ("101",))


def test_units_and_groups(net: Net) -> None:
    assert addressed(net, ("贾岗社区", "101")) == ("101", "102")
    assert set(addressed(net, ("社区",))) == {u.id for u in net.units if u.group == "社区"}


def test_command(net: Net, tmp_path: Path) -> None:
    there(tmp_path)
    huying("alert", "东风路发现走失儿童", "--to", "社区", "--emergency", "--requests", tmp_path)
    huying("rollcall", "start", "--to", "社区", "--rounds", "3", "--requests", tmp_path)
    taken = take(tmp_path, net)
    assert taken is not None and taken[0] == RollRequest("start", ("社区",), 3), "orders go before alerts"
    assert take(tmp_path, net, alerts=False) is None
    taken = take(tmp_path, net)
    assert taken is not None and taken[0] == AlertRequest("东风路发现走失儿童", ("社区",), emergency=True)
    assert "no unit and no group" in huying("alert", "通知", "--to", "火星", "--requests", tmp_path, code=2)
    assert "start, pause" in huying("rollcall", "dance", "--requests", tmp_path, code=2)
    assert "no neighbours" in huying("alert", "通知", "--near", "省残联", "--requests", tmp_path, code=2)


def there(folder: Path, transmits: bool = True) -> None:
    """A station runs that takes its requests from the folder: for the next minute, as while it speaks."""
    status_file(folder).write(Status(saying="x", transmits=transmits, journal="log.sqlite"), at_once=True)


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("HUYING_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_nobody_is_there(home: Path, tmp_path: Path) -> None:
    """Nothing is left for a station that may start later; the exit status says that nothing was done."""
    journal = str(tmp_path / "log.sqlite")
    assert NOBODY == 3 and "no station runs on this machine" in huying("rollcall", "start", code=NOBODY)
    assert "log.sqlite.requests" in huying("alert", "通知", "--journal", journal, code=NOBODY)
    there(requests_folder(journal), transmits=False)
    assert "only listens" in huying("poll", "人呢", "--journal", journal, code=NOBODY) and not list(
        tmp_path.rglob("*.json")
    )
    assert "no station runs" in huying("say", "--journal", tmp_path / "other.sqlite", code=3)


def test_an_order_finds_the_station_that_runs(net: Net, home: Path, tmp_path: Path) -> None:
    """Requests belong to a journal: two stations of one user do not take each other's."""
    folders = [requests_folder(str(tmp_path / f"{k}.sqlite")) for k in "ab"]
    home.mkdir()
    for folder in folders:
        there(folder)
        note = announce(stations_folder(), folder)
        assert note is not None
        note.rename(note.with_name(f"{folder.name}.station"))
    assert "2 stations run" in huying("say", "丙", code=2)
    huying("say", "甲", "--journal", tmp_path / "a.sqlite")
    (stations_folder() / "a.sqlite.requests.station").unlink()
    huying("say", "乙")
    assert [t and t[0] for t in (take(folder, net) for folder in folders)] == [SayRequest("甲"), SayRequest("乙")]


def test_each_journal_has_its_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HUYING_HOME", str(tmp_path))
    assert (
        requests_folder("/x/log.sqlite") == requests_folder("sqlite:////x/log.sqlite") == Path("/x/log.sqlite.requests")
    )
    one = requests_folder("postgresql://a:secret@h/huying")
    assert one == requests_folder("postgresql://a:other@h/huying") and one.parent == tmp_path / "requests"
    assert one != requests_folder("postgresql://a:secret@h/other")


def test_serve_says_that_there_is_no_journal(tmp_path: Path) -> None:
    Journal(str(tmp_path / "there.sqlite")).close()
    told = huying("serve", "--journal", tmp_path / "log.sqlite", code=2)
    assert "no such journal" in told and "there.sqlite" in told and not (tmp_path / "log.sqlite").exists()


def test_what_is_missing_is_installed_from_where_we_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert install("live") == "pip install '.[live]'" and install() == "pip install '.'"
    monkeypatch.chdir("/")
    assert install("console") == f"pip install '{ROOT}[console]'"


def test_a_request_that_nobody_was_there_for_is_not_carried_out(net: Net, tmp_path: Path) -> None:
    path = put(tmp_path, AlertRequest("昨天的通知"))
    with pytest.raises(HuyingError, match="not carried out"):
        take(tmp_path, net, now=datetime.now(UTC) + timedelta(hours=14))
    assert take(tmp_path, net) is None and (tmp_path / "archive" / f"{path.name}.late").is_file()


def test_neighbours(own_net: Callable[..., Path]) -> None:
    roster = "编号,名称,呼号,邻近\n1,甲,甲社区,乙社区;3\n2,乙,乙社区,\n3,丙,丙社区,\n"
    net = load_net(own_net(roster=roster))
    assert with_neighbours(net, ("甲",)) == ("1", "2", "3")
    with pytest.raises(HuyingError, match="no neighbours"):
        with_neighbours(net, ("乙",))
