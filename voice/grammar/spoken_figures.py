"""Figures in the scores of an over: times, dates, channels, buildings, counts, plates and digit strings.

The free loop over all syllables, as in ``FreeSpeech``, around at most one figure. Figures have a small network of their
own, so that ``shi dian shi wu fen`` is not lost to similar-sounding syllables. A figure is accepted if its path beats
speech without one by a margin and its syllables are verified in the audio.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from voice.grammar.compiler import Costs
from voice.grammar.free import Tokens, states_of
from voice.grammar.search import ACOUSTIC_SCALE, GRAPH_SCALE
from voice.mandarin.figures import BEHIND_CLEAR, LEADS, LETTERS, PLATE_DIGITS, PROVINCES, SECOND, UNCLEAR, WEEKDAYS
from voice.mandarin.phones import GARBAGE, SILENCE, SYLLABLES, phone_set
from voice.pcm import Floats
from voice.speech.acoustics import FRAME_S, Ints

CHEAPER = 3.0
"""Discount of a figure's syllable against the free loop (``Costs.filler``)."""

MARGIN = 2.0
"""Least margin per syllable, and below it, least confidence. With 1 and 0.8 a figure is found in nearly every one of 40
sentences of the recipe's tuning people at 20 dB, with these in 7, some of which hold numbers; of 36 figures by
espeak-ng's voices at 20 dB 32 and 29 are found whole."""

CONFIDENCE = 0.9

LEAST_S = 0.5
"""Longest stretch searched, s."""

LEAST_DIGITS = 3
"""Fewest consecutive digits of a figure; after a plate's letter ``PLATE_DIGITS``."""

LEAST_SYLLABLES = 3
"""Fewest of a weekday, a floor, a house number: 三楼, found among free syllables, stays in doubt."""

COUNTED = (("pin", "dao"), ("hao", "lou"), ("hao", "men"), ("dan", "yuan"), ("ge", "ren"), ("ming",), ("liang", "che"),
           ("gong", "li"), ("fen", "zhong"))  # fmt: skip
"""Nouns after their number: 三号楼."""

TUNED = (("pin", "dao"), ("xin", "dao"))
"""Nouns before it: 频道三."""

TOLD = (*TUNED, ("hu", "jiao"), ("che", "pai"), ("che", "pai", "hao"), ("dian", "hua"), ("hao", "ma"), ("bian", "hao"))
"""Words before digits. They are found with them, lest 呼叫 be heard as 五幺."""

_ONES = {
    1: ("yi", "yao"), 2: ("er", "liang"), 3: ("san",), 4: ("si",), 5: ("wu",), 6: ("liu",), 7: ("qi", "guai"),
    8: ("ba",), 9: ("jiu", "gou"),
}  # fmt: skip

_LOG2 = math.log(2)


@dataclass(frozen=True, slots=True)
class SpokenFigure:
    """Most likely figure in a stretch."""

    syllables: tuple[str, ...]
    """Toneless."""

    start: float
    end: float
    """Seconds of the over."""

    margin: float
    """Margin of its path over speech without a figure, in graph cost units per syllable."""

    sure: bool = True
    """No syllable of it is likely to be another one."""


FigureSearch = Callable[[float, float], Sequence[SpokenFigure]]
"""(start, end) → accepted figures in this interval."""


def numbers(least: int, most: int) -> Iterator[tuple[str, ...]]:
    """Readings of integers up to 99: 12 is ``shi er``, 2 is ``er`` or ``liang``."""
    for n in range(least, most + 1):
        tens, ones = divmod(n, 10)
        head = () if tens == 0 else ("shi",) if tens == 1 else (_ONES[tens][0], "shi")
        if n == 0:
            yield ("ling",)
        elif ones == 0:
            yield head
        else:
            yield from ((*head, d) for d in (_ONES[ones] if tens == 0 else _ONES[ones][:1]))


class _Network:
    """Arcs between nodes, one syllable each. A figure begins at node 0 and ends at node 1."""

    def __init__(self) -> None:
        self.nodes = 2
        self.arcs: list[tuple[int, str, int]] = []

    def node(self) -> int:
        self.nodes += 1
        return self.nodes - 1

    def rows(self, start: int, rows: Iterable[Sequence[str]], end: int) -> None:
        """All syllable sequences from one node to another; common prefixes are shared."""
        shared: dict[tuple[str, ...], int] = {(): start}
        for row in rows:
            for k in range(1, len(row)):
                if row[:k] not in shared:
                    shared[tuple(row[:k])] = self.node()
                    self.arcs.append((shared[tuple(row[: k - 1])], row[k - 1], shared[tuple(row[:k])]))
            self.arcs.append((shared[tuple(row[:-1])], row[-1], end))


def _network(digits: Iterable[str]) -> _Network:
    """``digits``: toneless syllables of digits."""
    net = _Network()
    led, hour, minute, fen, counted, tuned, month, day, province, plate, told = (net.node() for _ in range(11))
    net.rows(0, LEADS, led)
    net.rows(0, numbers(0, 24), hour)
    net.rows(led, numbers(0, 24), hour)
    net.rows(hour, [("dian",)], 1)
    net.rows(hour, [("dian",)], minute)
    after_ling = [("ling", *n) for n in numbers(1, 9)]
    net.rows(minute, [*numbers(10, 59), *after_ling, ("ban",), ("yi", "ke"), ("san", "ke")], 1)
    net.rows(minute, [*numbers(1, 59), *after_ling], fen)
    net.rows(fen, [("fen",)], 1)
    net.rows(0, numbers(1, 39), counted)
    net.rows(counted, COUNTED, 1)
    long = [n for n in numbers(10, 39) if len(n) + 1 >= LEAST_SYLLABLES]
    net.rows(0, [(*n, noun) for n in long for noun in BEHIND_CLEAR if not UNCLEAR[noun].issuperset(n)], 1)
    net.rows(0, TUNED, tuned)
    net.rows(tuned, numbers(1, 39), 1)
    net.rows(0, [row for row in WEEKDAYS if len(row) >= LEAST_SYLLABLES], 1)
    net.rows(0, [(*n, "yue") for n in numbers(1, 12)], month)
    net.rows(month, numbers(1, 31), day)
    net.rows(day, [("hao",), ("ri",)], 1)
    said = [(d,) for d in digits]
    net.rows(0, [(p,) for p in PROVINCES], province)
    net.rows(province, LETTERS, plate)
    net.rows(province, [(*x, *y) for x in LETTERS for y in SECOND], plate)
    _in_a_row(net, plate, said, PLATE_DIGITS)
    _in_a_row(net, 0, said, LEAST_DIGITS)
    net.rows(0, TOLD, told)
    _in_a_row(net, told, said, LEAST_DIGITS)
    return net


def _in_a_row(net: _Network, start: int, said: Sequence[tuple[str, ...]], least: int) -> None:
    """Fewest digits."""
    at = start
    for _ in range(least - 1):
        after = net.node()
        net.rows(at, said, after)
        at = after
    loop = net.node()
    net.rows(at, said, 1)
    net.rows(at, said, loop)
    net.rows(loop, said, loop)
    net.rows(loop, said, 1)


class FigureSpeech:
    """Finds the most likely figure in a stretch of scores."""

    def __init__(self, costs: Costs, digits: Mapping[str, str]) -> None:
        """``digits``: toneless syllable → its digit."""
        pdfs = phone_set().pdfs
        net = _network(digits)
        loops = [(n, s, n) for n in (0, 1) for s in SYLLABLES]
        self._arcs = [*loops, *net.arcs]
        self._free = len(loops)
        self._nodes = net.nodes
        self._from = np.array([a for a, _, _ in self._arcs])
        to = np.array([b for _, _, b in self._arcs])
        self._order = np.argsort(to, kind="stable")
        """Arcs by the node that they lead to."""
        self._led = to[self._order]
        self._bounds = np.searchsorted(self._led, np.arange(net.nodes))
        """Where a node's arcs begin in it."""
        self._unreached = np.bincount(to, minlength=net.nodes) == 0
        free = np.arange(len(self._arcs)) < self._free
        self._enter = GRAPH_SCALE * (costs.filler - np.where(free, 0.0, CHEAPER))
        self._loops = GRAPH_SCALE * np.array([costs.silence, costs.noise])
        pdfs_of, self._alone = states_of((s for _, s, _ in self._arcs), costs.hold)
        self._pdfs = np.ascontiguousarray(pdfs_of.T)
        self._looped = [pdfs[SILENCE][0], pdfs[GARBAGE][0]]

    def find(self, loglikes: Floats, start: float, end: float) -> SpokenFigure | None:
        """Most likely figure between two times, s; None if none fits.

        ``loglikes``: scores of the whole over, shape (frames of FRAME_S, pdfs).
        """
        a, b = max(0, round(start / FRAME_S)), min(len(loglikes), round(end / FRAME_S))
        if (b - a) * FRAME_S < LEAST_S:
            return None
        scores = ACOUSTIC_SCALE * loglikes[a:b]
        node, arc, begun = self._search(scores)
        said: list[tuple[str, int, int]] = []
        t, at = b - a, 1
        while t > 0:
            which, before = int(arc[t, at]), int(begun[t, at])
            if which >= self._free:
                said.append((self._arcs[which][1], before, t))
            t = before
            if which >= 0:
                at = int(self._from[which])
        if not said or not np.isfinite(node[1]):
            return None
        said.reverse()
        begin, stop = (round((a + k) * FRAME_S, 2) for k in (said[0][1], said[-1][2]))
        return SpokenFigure(tuple(s for s, _, _ in said), begin, stop, float(node[1] - node[0]) / len(said))

    def _search(self, scores: Floats) -> tuple[Floats, Ints, Ints]:
        """Viterbi: final score of every node; for each frame and node the best arc ending there (-1: silence or
        noise) and its first frame."""
        frames, n = len(scores), len(self._arcs)
        every, tokens = np.arange(self._nodes), Tokens(self._pdfs, self._alone)
        node = np.full(self._nodes, -np.inf)
        node[0] = 0.0
        still, still_from = np.full((2, self._nodes), -np.inf), np.zeros((2, self._nodes), np.int64)
        looped = scores[:, self._looped]
        arc = np.full((frames + 1, self._nodes), -1)
        begun = np.zeros((frames + 1, self._nodes), np.int64)
        ends, via = np.full(n + 1, -np.inf, np.float32), np.zeros(n, np.int32)
        for t in range(frames):
            entered = (node[self._from] - self._enter).astype(np.float32)
            via.fill(t)
            tokens.step(entered, via, scores[t])
            score, origin = tokens.ends
            enter = node[None, :] - self._loops[:, None]
            still_from[enter > still] = t
            still = np.maximum(still, enter) + looped[t][:, None] - _LOG2
            ends[:-1] = score[self._order]
            best = np.maximum.reduceat(ends, self._bounds)
            best[self._unreached] = -np.inf
            quiet = (still[1] > still[0]).astype(np.intp)
            rest = np.maximum(*still)
            spoken = best > rest
            node = np.where(spoken, best, rest)
            begun[t + 1] = still_from[quiet, every]
            best[~spoken] = np.inf
            found = (ends[:-1] == best[self._led]).nonzero()[0][::-1]  # the first one stays
            which, at = self._order[found], self._led[found]
            arc[t + 1, at], begun[t + 1, at] = which, origin[which]
        return node, arc, begun
