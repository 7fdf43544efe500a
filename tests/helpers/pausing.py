"""The dialogues said with other pauses than the commas that are written: what changes, over by over.

People run on where a comma stands, and stop where none does. A perfect ear hears the same words at other times:
``runs_on`` leaves out every pause, ``falters`` makes one between any two words, ``hesitates`` at places of chance. Each
over is heard so in the state in which the scene as written has left the net.

    python -m tests.helpers.pausing runs_on
    python -m tests.helpers.pausing hesitates --seed 3 --only wrong
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from random import Random
from zlib import crc32

from tests.helpers.dialogues import (
    Scene,
    Turn,
    by_radio,
    followed,
    in_words,
    over_heard,
    perfectly,
    read_scenes,
    rules_of,
)
from tests.helpers.outcomes import CLASSES, DOUBTS, kind_of
from voice.grammar.lexicon import FILLER
from voice.measure.simulate import PerfectEar
from voice.net.loading import Net, load_net
from voice.speech.hypothesis import Hypothesis, Word
from voice.talk.decide import decide
from voice.talk.events import Heard
from voice.talk.evolve import evolve
from voice.talk.state import NetState

SCENES = Path(__file__).parent.parent / "unit" / "dialogues"

SYLLABLE_S, STOP_S = 0.2, 0.4
"""A word's share for each of its syllables, and a pause."""

HESITATES = 0.2
"""Share of the places between two words where somebody hesitates who does."""

Places = Callable[[Sequence[Word], str], Iterable[bool]]
"""Whether a pause stands before each word but the first; (words, what seeds chance)."""


def runs_on(words: Sequence[Word], _seed: str) -> Iterable[bool]:
    """Nowhere."""
    return (False for _ in words[1:])


def falters(words: Sequence[Word], _seed: str) -> Iterable[bool]:
    """At both ends of whatever the grammar knows."""
    known = [not w.symbol.startswith(FILLER) for w in words]
    return (a or b for a, b in pairwise(known))


def hesitates(words: Sequence[Word], seed: str) -> Iterable[bool]:
    """At places of chance, the same for the same text and seed."""
    rng = Random(crc32(seed.encode()))
    return (rng.random() < HESITATES for _ in words[1:])


class Pausing(PerfectEar):
    """Hears the words as they are written, and pauses where it is told."""

    def __init__(self, net: Net, places: Places, seed: int = 0) -> None:
        super().__init__(net)
        self._syllables = {symbol: e.syllables for symbol, e in net.lexicon.by_symbol().items()}
        self._places, self._seed = places, seed

    def hypothesis(self, text: str, start: float, end: float) -> Hypothesis:
        """Times are those of even syllables from ``start``."""
        words, at = [], start
        row = super().hypothesis(text, start, end).words
        for word, stop in zip(row, (False, *self._places(row, f"{self._seed} {text}")), strict=True):
            at += STOP_S * stop
            long = SYLLABLE_S * self._syllables.get(word.symbol, 1)
            words.append(Word(word.symbol, at, at + long, word.confidence))
            at += long
        return Hypothesis(tuple(words))


@dataclass(frozen=True, slots=True)
class Over:
    """One over of a scene, heard twice."""

    scene: str
    turn: Turn
    want: tuple[str, ...]
    told: tuple[str, ...]

    @property
    def kind(self) -> str:
        """One of ``outcomes.CLASSES``; lost is only what is missing where nothing has a mark. Who is not known is
        marked as such: ? 呼入 有情况."""
        nameless = {f"? {w.partition(' ')[2]}" for w in self.want}
        kind = kind_of(self.want, [w for w in self.told if w not in nameless or w in self.want])
        asked = any(d in w for w in self.told for d in DOUBTS) or any(w in nameless for w in self.told)
        return "marked" if kind == "lost" and asked else kind

    def __str__(self) -> str:
        return (
            f"{self.scene}:{self.turn.line} {self.turn.who}: {self.turn.words}\n"
            f"   written {'; '.join(self.want)}\n   told    {'; '.join(self.told)}"
        )


def overs(net: Net, ear: PerfectEar, other: PerfectEar, name: str, scene: Scene) -> Iterator[Over]:
    """Each over of a scene as ``ear`` hears it, and as ``other`` would have heard it just there."""
    hear, hear_so = perfectly(net, ear), perfectly(net, other)
    rules = rules_of(net)
    rows: list[Over] = []

    def twice(turn: Turn, over: int, start: float, state: NetState) -> Heard:
        first = hear(turn, over, start, state)
        told = []
        for h in (first, hear_so(turn, over, start, state)):
            h = by_radio(net, turn, h)
            before = evolve(state, over_heard(h), rules.answer_timeout_s)
            told.append(tuple(w for f in decide(before, h, rules) if (w := in_words(net, f))))
        rows.append(Over(f"{name}, {scene.title}", turn, *told))
        return first

    for _ in followed(net, ear, scene.turns, twice):
        yield from rows
        rows.clear()


def all_overs(net: Net, places: Places, seed: int = 0, first: int = 0, every: int = 1) -> Iterator[Over]:
    """Those of every so many scenes, from the ``first`` on."""
    ear, other = PerfectEar(net), Pausing(net, places, seed)
    scenes = [(f.stem, s) for f in sorted(SCENES.glob("*.txt")) for s in read_scenes(f)]
    for name, scene in scenes[first::every]:
        yield from overs(net, ear, other, name, scene)


def main() -> None:
    """Overs whose events depend on pauses."""
    options = argparse.ArgumentParser(description=main.__doc__)
    options.add_argument("pauses", choices=[p.__name__ for p in WAYS])
    options.add_argument("--seed", type=int, default=0, help="of hesitates")
    options.add_argument("--every", type=int, default=1, help="every so many scenes")
    options.add_argument("--only", choices=CLASSES, nargs="+", default=CLASSES[1:])
    given = options.parse_args()
    places = next(p for p in WAYS if p.__name__ == given.pauses)
    counted: Counter[str] = Counter()
    for over in all_overs(load_net(SCENES / "net"), places, given.seed, every=given.every):
        counted[over.kind] += 1
        if over.kind in given.only:
            print(f"[{over.kind}] {over}\n")
    print(f"{counted.total()} overs: " + ", ".join(f"{counted[k]} {k}" for k in CLASSES))


WAYS: tuple[Places, ...] = (runs_on, falters, hesitates)


if __name__ == "__main__":
    main()
