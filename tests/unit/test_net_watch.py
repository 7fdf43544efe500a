"""A running station takes up phrases; roster and settings wait for its next start. Each is told once."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.helpers.waiting import until
from voice.net.learning import forget, learn, propose
from voice.net.loading import LEARNED, Net, check_net, load_net
from voice.station import net_watch
from voice.station.ear import Ear
from voice.station.net_watch import NetWatch, changed_phrases

PHRASE = "锅炉房跑水了"


def phrases(net: Net) -> set[str]:
    return {e.text for e in net.lexicon.entries}


@pytest.fixture
def mine(own_net: Callable[..., Path]) -> Net:
    return load_net(own_net())


def test_of_a_standing_net_only_phrases_are_read_anew(mine: Net) -> None:
    roster = mine.folder / mine.settings.roster
    roster.write_text(roster.read_text("utf-8-sig") + "\n99,新单位,新单位\n", "utf-8")
    (mine.folder / "net.toml").write_text("nonsense", "utf-8")
    (mine.folder / LEARNED).write_text(f"[unit]\nsituation = {PHRASE}\n", "utf-8")
    net, problems = check_net(mine.folder, standing=mine)
    assert net is not None and problems == []
    assert phrases(net) - phrases(mine) == {PHRASE} and net.units == mine.units and net.settings == mine.settings
    (mine.folder / LEARNED).unlink()
    back, _ = check_net(mine.folder, standing=net)
    assert back is not None and back.sha256 == mine.sha256, "the files that are in force, not those that lie there"


def test_what_changed_is_named(mine: Net) -> None:
    learned = learn(mine, propose(mine, PHRASE, "situation"), "王").net
    assert changed_phrases(mine, learned, 5.0).detail() == f"+{PHRASE}"
    assert changed_phrases(learned, mine, 5.0).detail() == f"-{PHRASE}"
    other = (mine.folder / LEARNED).read_text("utf-8").replace("situation", "normal")
    (mine.folder / LEARNED).write_text(other, "utf-8")
    assert changed_phrases(learned, load_net(mine.folder), 5.0).detail() == "what phrases mean"


Watched = tuple[Ear, queue.Queue[str]]


@pytest.fixture
def watched(mine: Net, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    """An ear without a model, under watch, and what is told."""
    model: Any = SimpleNamespace(kind="stock")
    nothing: Any = None
    ear = Ear(mine, model, nothing, nothing, None)
    monkeypatch.setattr(net_watch, "ProcessPoolExecutor", lambda n, mp_context: ThreadPoolExecutor(n))
    monkeypatch.setattr(net_watch, "NICENESS", 0)
    monkeypatch.setattr(net_watch, "reopened", lambda old, net, _cache: replace(old, net=net))
    told: queue.Queue[str] = queue.Queue()
    watch = NetWatch(ear, told.put, tmp_path, 0.02)
    yield ear, told
    watch.close()


def test_phrases_are_taken_up_and_taken_back(watched: Watched) -> None:
    ear, told = watched
    learned = learn(ear.net, propose(ear.net, PHRASE, "situation"), "王").net
    assert until(lambda: PHRASE in phrases(ear.latest.net))
    second = ear.latest
    assert ear.latest.net.sha256 == learned.sha256 and PHRASE not in phrases(ear.net)
    forget(learned, PHRASE)
    assert until(lambda: second.latest is not second and PHRASE not in phrases(ear.latest.net))
    assert ear.latest is second.latest and told.empty()


def test_a_process_that_dies_is_told_once_and_the_next_change_is_taken_up(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    ear, told = watched

    def dying(_ear: Ear, _cache: Path) -> Net:
        raise OSError("no process can be made")

    with monkeypatch.context() as patch:
        patch.setattr(net_watch, "_elsewhere", dying)
        learn(ear.net, propose(ear.net, PHRASE, "situation"), "王")
        assert told.get(timeout=20) == "the phrases stay as they were: OSError: no process can be made"
        assert ear.latest is ear
    learned = ear.net.folder / LEARNED
    learned.write_text(learned.read_text("utf-8") + "# 再来\n", "utf-8")
    assert until(lambda: PHRASE in phrases(ear.latest.net)) and told.empty()


def test_the_rest_waits_and_mistakes_change_nothing(watched: Watched) -> None:
    ear, told = watched
    roster = ear.net.folder / ear.net.settings.roster
    before = roster.read_text("utf-8-sig")
    roster.write_text(before + "\n99,新单位,新单位\n", "utf-8")
    assert told.get(timeout=20) == f"{roster.name}: changed; in force from the station's next start on"
    learned = ear.net.folder / LEARNED
    learned.write_text("[unit]\nsituation 锅炉房\n", "utf-8")
    assert told.get(timeout=20).startswith(f"the phrases stay as they were: {learned}:2: ")
    assert ear.latest is ear
    learned.write_text(f"[unit]\nsituation = {PHRASE}\n", "utf-8")
    assert until(lambda: PHRASE in phrases(ear.latest.net))
    assert ear.latest.net.units == ear.net.units and told.empty(), "the roster was told of"
