"""The best way through a decoding graph for the scores of a whole over.

The stock recogniser searches with the scores of the first network while an over lasts. This searches the same graph
once more, with whatever scores are better once it has ended: tokens pass from state to state, frame by frame (Young,
Russell, Thornton, 1989), with numpy over all that are alive.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voice.grammar.fst import Fst
from voice.grammar.ranges import Ints, ranges
from voice.mandarin.phones import GARBAGE, phone_set
from voice.pcm import Floats
from voice.speech.acoustics import FRAME_S
from voice.speech.hypothesis import Hypothesis, Word

FILE = "search.npz"
"""Beside ``HCLG.fst``."""

ACOUSTIC_SCALE = 0.3
"""Of scores. The encoder's are surer than the first network's, with which Vosk searches at 0.2 (``model.conf``): at 0.3
half as many false words of four syllables and more are found in people's sentences, and as much of what was said."""

GRAPH_SCALE = 0.9
"""Of the graph's costs: as applied by Vosk to its lattices before the best path is taken (``recognizer.cc``)."""

BEAM = 14.0
"""Tokens that are worse than the best one by more are dropped."""

MOST = 4000
"""Tokens alive."""


@dataclass(frozen=True, slots=True)
class Graph:
    """Arcs of a decoding graph by state, without empty ones: those lie in ``reached``."""

    words: tuple[str, ...]
    first: Ints
    """Of each state's arcs; one more number than states."""
    pdf: Ints
    cost: Floats
    to: Ints
    word: Ints
    """Output word of each arc, 0: none."""
    begins: npt.NDArray[np.bool_]
    """Whether it enters the first sound of a word."""
    silent: npt.NDArray[np.bool_]
    """Whether its sound is silence."""
    empty_first: Ints
    empty_to: Ints
    empty_cost: Floats
    """Of each state, the states that empty arcs lead to, however many, with the least cost of the way."""
    final: npt.NDArray[np.bool_]

    def write(self, path: Path) -> None:
        """One file, which ``read`` reads."""
        fields = {n: getattr(self, n) for n in self.__slots__ if n != "words"}
        np.savez(path, words=np.array(self.words), **fields)


def read(path: Path) -> Graph:
    """A graph that ``Graph.write`` wrote."""
    with np.load(path, allow_pickle=False) as kept:
        fields = {n: kept[n] for n in kept.files if n != "words"}
        return Graph(tuple(kept["words"].tolist()), **fields)


def graph_of(fst: Fst, words: list[str]) -> Graph:
    """What a search needs to know of a graph of the compiler's."""
    phones = phone_set()
    begins, silent, pdf_of = {}, {}, {}
    for k, (phone, state, pdf) in enumerate(phones.states):
        symbol = phones.symbols[phone - 1]
        pdf_of[2 * k + 2] = pdf_of[2 * k + 1] = pdf
        begins[2 * k + 2] = state == 0 and (symbol == GARBAGE or symbol.endswith(("_B", "_S")))
        silent[2 * k + 2] = silent[2 * k + 1] = pdf == 0
    rows, firsts, empty = [], [0], []
    for state in range(len(fst)):
        for label, word, cost, to in fst.arcs(state):
            if label:
                rows.append((pdf_of[label], cost, to, word, begins.get(label, False), silent[label]))
            else:
                empty.append((state, to, cost))
        firsts.append(len(rows))
    table = list(zip(*rows, strict=True))
    empty_first, empty_to, empty_cost = _closure(len(fst), empty)
    final = np.zeros(len(fst), bool)
    final[list(fst.final)] = True
    return Graph(
        tuple(words), np.array(firsts), np.array(table[0]), np.array(table[1], np.float32), np.array(table[2]),
        np.array(table[3]), np.array(table[4]), np.array(table[5]), empty_first, empty_to, empty_cost, final,
    )  # fmt: skip


def _closure(states: int, empty: list[tuple[int, int, float]]) -> tuple[Ints, Ints, Floats]:
    """All that empty arcs lead to, from each state."""
    ways = defaultdict(list)
    for source, to, cost in empty:
        ways[source].append((to, cost))
    first = [0]
    ends: list[int] = []
    costs: list[float] = []
    for state in range(states):
        found: dict[int, float] = {}
        waiting = [(state, 0.0)] if state in ways else []
        while waiting:
            at, due = waiting.pop()
            for to, cost in ways.get(at, ()):
                if due + cost < found.get(to, np.inf):
                    found[to] = due + cost
                    waiting.append((to, due + cost))
        ends += found
        costs += found.values()
        first.append(len(ends))
    return np.array(first), np.array(ends, np.int64), np.array(costs, np.float32)


class Search:
    """Finds the words of overs in one graph."""

    def __init__(self, graph: Graph, scale: float = ACOUSTIC_SCALE) -> None:
        self._graph, self._scale = graph, scale
        self._cost = GRAPH_SCALE * graph.cost
        self._empty_cost = GRAPH_SCALE * graph.empty_cost
        self._arcs = np.diff(graph.first)
        self._empties = np.diff(graph.empty_first)

    def best(self, loglikes: Floats) -> Hypothesis:
        """Words of an over with their times; confidence 1.0. ``loglikes``: shape (frames of FRAME_S, pdfs)."""
        return Hypothesis(tuple(self._words(self.path(loglikes)))) if len(loglikes) else Hypothesis(())

    def path(self, loglikes: Floats) -> list[int]:
        """Arc of each frame."""
        g = self._graph
        place = np.zeros(len(g.final), np.int64)
        states, scores, nodes = np.zeros(1, np.int64), np.zeros(1, np.float32), np.full(1, -1)
        states, scores, nodes = self._spread(states, scores, nodes, place)
        came, taken, made = [], [], 0
        for emitted in self._scale * loglikes:
            at, arcs = ranges(g.first[states], self._arcs[states])
            reached = scores[at]
            reached -= self._cost[arcs]
            reached += emitted[g.pdf[arcs]]
            kept = (reached > reached.max() - BEAM).nonzero()[0]
            if len(kept) > MOST:
                kept = kept[reached[kept].argpartition(-MOST)[-MOST:]]
            at, arcs, reached = at[kept], arcs[kept], reached[kept]
            to = g.to[arcs]
            best = _best(to, reached, place)
            came.append(nodes[at[best]])
            taken.append(arcs[best])
            fresh = np.arange(made, made + len(best))
            made += len(best)
            states, scores, nodes = self._spread(to[best], reached[best], fresh, place)
            scores -= scores.max()
        ends = np.flatnonzero(g.final[states])
        last = ends[scores[ends].argmax()] if len(ends) else scores.argmax()
        before, arc = np.concatenate(came), np.concatenate(taken)
        node, path = int(nodes[last]), []
        while node >= 0:
            path.append(int(arc[node]))
            node = int(before[node])
        return path[::-1]

    def _spread(self, states: Ints, scores: Floats, nodes: Ints, place: Ints) -> tuple[Ints, Floats, Ints]:
        """The tokens, and copies of them wherever empty arcs lead."""
        count = self._empties[states]
        some = count.nonzero()[0]
        if not len(some):
            return states, scores, nodes
        at, empties = ranges(self._graph.empty_first[states[some]], count[some])
        at = some[at]
        states = np.concatenate([states, self._graph.empty_to[empties]])
        scores = np.concatenate([scores, scores[at] - self._empty_cost[empties]])
        nodes = np.concatenate([nodes, nodes[at]])
        best = _best(states, scores, place)
        return states[best], scores[best], nodes[best]

    def _words(self, path: list[int]) -> list[Word]:
        """From the arcs of all frames."""
        g = self._graph
        words: list[tuple[int, int, int]] = []
        begun: int | None = None
        name = 0

        def close(t: int) -> None:
            nonlocal begun, name
            if begun is not None and name:
                words.append((name, begun, t))
            begun, name = None, 0

        for t, arc in enumerate(path):
            if g.begins[arc] or g.silent[arc]:
                close(t)
            if g.begins[arc]:
                begun = t
            name = int(g.word[arc]) or name
        close(len(path))
        return [Word(g.words[n], round(a * FRAME_S, 2), round(b * FRAME_S, 2), 1.0) for n, a, b in words]


def _best(states: Ints, scores: Floats, place: Ints) -> Ints:
    """Indices of the best token of each state, ascending. ``place``: a number for each state, overwritten."""
    every = np.arange(len(states))
    place[states] = every  # the last of each state
    left = (place[states] != every).nonzero()[0]
    if not len(left):
        return every
    while len(left):  # a better one takes its place; few states have more than two
        left = left[scores[left] > scores[place[states[left]]]]
        place[states[left]] = left
        left = left[place[states[left]] != left]
    won = place[states] == every
    lost = (~won).nonzero()[0]
    if (scores[lost] == scores[place[states[lost]]]).any():  # among equals whichever a sort puts last
        order = np.argsort(scores)
        place[states[order]] = order
        won = place[states] == every
    best: Ints = won.nonzero()[0]
    return best
