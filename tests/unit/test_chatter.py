"""Scenes made by chance, against what is true of them: ``tests/helpers/chatter.py``."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from tests.helpers.chatter import NET, Line, Talk, faults, read_talk, smallest, written
from voice.measure.simulate import PerfectEar
from voice.net.loading import Net, load_net

pytestmark = pytest.mark.no_cover

SCENES = 160

NEVER = ("vanished", "alarm lost", "silent, but it spoke", "silent, never called", "thanked another")
"""Not in one of these scenes."""

FEW = 8
"""All other faults together, at most: what the words of an over leave open."""


@pytest.fixture(scope="module")
def net() -> Net:
    """The net of the dialogues."""
    return load_net(NET)


@pytest.fixture(scope="module")
def ear(net: Net) -> PerfectEar:
    """It hears what is written."""
    return PerfectEar(net)


def test_what_is_written_down_is_true(net: Net, ear: PerfectEar) -> None:
    talk = read_talk()
    found: Counter[str] = Counter()
    examples: dict[str, str] = {}
    for seed in range(SCENES):
        lines = Talk(net, talk, Random(seed)).scene()
        for fault in faults(net, ear, lines):
            found[fault.kind] += 1
            examples.setdefault(fault.kind, written(net, ear, lines))
    told = "\n\n".join(f"{kind}: {found[kind]}\n{scene}" for kind, scene in examples.items())
    assert not set(found) & set(NEVER), told
    assert found.total() <= FEW, told


def test_the_same_seed_makes_the_same_scene(net: Net) -> None:
    talk = read_talk()
    scenes = [[(line.who, line.words, line.wait) for line in Talk(net, talk, Random(7)).scene()] for _ in range(2)]
    assert scenes[0] == scenes[1]


def test_faults_are_seen(net: Net, ear: PerfectEar) -> None:
    """It is the judge that is judged: a truth that does not fit the words."""
    call = Line(line=0, who="台", words="安和社区,听到请回答", wait=1.0, what="call", calls=("02",))
    answer = Line(line=0, who="丹尼斯超市", words="安和社区收到", wait=1.0, what="ack", unit="05", means=("ack",))
    end = Line(line=0, who="", words="", wait=60.0, what="end")
    assert {f.kind for f in faults(net, ear, [call, answer, end])} == {
        "call lost",
        "called by nobody",
        "laid to another",
    }
    assert {f.kind for f in faults(net, ear, [call, end])} >= {"silent, never called"}


def test_a_scene_is_cut_down_to_what_matters(net: Net, ear: PerfectEar) -> None:
    lines = Talk(net, read_talk(), Random(3)).scene()
    last = next(line for line in reversed(lines) if line.unit)
    few = smallest(lines, lambda some: any(line is last for line in some))
    assert [line for line in few if line.who] == _needed(last)


def _needed(line: Line) -> list[Line]:
    return [*(_needed(line.needs) if line.needs else []), line]


def test_there_are_enough_sentences() -> None:
    talk = read_talk()
    assert len(talk.sections["free"]) >= 150
