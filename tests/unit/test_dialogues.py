"""How people answer: each scene of ``tests/unit/dialogues`` line by line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.dialogues import Scene, play, read_scenes
from voice.measure.simulate import PerfectEar
from voice.net.loading import Net, load_net

FOLDER = Path(__file__).parent / "dialogues"
SCENES = [(f.stem, scene) for f in sorted(FOLDER.glob("*.txt")) for scene in read_scenes(f)]


@pytest.fixture(scope="module")
def people() -> Net:
    """The net of the dialogues."""
    return load_net(FOLDER / "net")


@pytest.fixture(scope="module")
def ear(people: Net) -> PerfectEar:
    """It hears what is written."""
    return PerfectEar(people)


@pytest.mark.parametrize("name, scene", SCENES, ids=[f"{n}: {s.title}" for n, s in SCENES])
def test_scene(people: Net, ear: PerfectEar, name: str, scene: Scene) -> None:
    for turn, told in play(people, ear, scene):
        assert told == turn.expected, f"{name}.txt:{turn.line} {turn.who}: {turn.words}"


def test_there_are_enough() -> None:
    assert sum(len(s.turns) for _, s in SCENES) >= 600
