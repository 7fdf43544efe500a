"""How people answer: each scene of ``tests/unit/dialogues`` line by line."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from tests.helpers.dialogues import Scene, Turn, play, read_scenes
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


def test_any_words_in_any_order(people: Net, ear: PerfectEar) -> None:
    """Each alone, and with others before and behind it: whatever is said leads to something."""
    rng = Random(23)
    words = [e.text for e in people.lexicon.graph if e.kind != "digit"] + ["那个", "你", "后面", "也", "的人", "幺三八"]
    signs = [e.text for e in people.lexicon.entries if e.kind in ("unit", "control")]
    for word in [*signs, *rng.sample(words, 200)]:
        row = [rng.choice(signs), word, rng.choice(signs), rng.choice(words), rng.choice(words)]
        said = [word, "".join(w + rng.choice(("", ",")) for w in row[: rng.randint(2, 5)]), rng.choice(signs)]
        told = play(people, ear, Scene(word, [Turn(k, "台", w, rng.choice((1.0, 9.0))) for k, w in enumerate(said)]))
        assert all(facts for _, facts in told), said


def test_there_are_enough() -> None:
    assert sum(len(s.turns) for _, s in SCENES) >= 600
