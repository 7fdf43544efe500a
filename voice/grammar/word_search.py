"""The best words through a lattice of syllables: their sounds, and how likely they follow each other.

Tokens stand at boundaries between frames, each between words or in one that has begun, and in a context of the word
model (Young, Russell, Thornton, 1989). All that end at one boundary are dealt with at once, in numpy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from voice.grammar.lattice import SHARE, Lattice
from voice.grammar.spelling import Spelling
from voice.mandarin.phones import SYLLABLES, TONES
from voice.pcm import Floats
from voice.speech.word_model import ANY, Ints

WORD_SCALE = 0.32
"""Of the word model's logarithms against the scaled acoustic scores."""

SYLLABLE = 0.0
"""What a syllable costs beside the words."""

BEAM = 6.0
MOST = 120
"""Tokens at a boundary: those that are worse than the best by more are dropped, and more than so many."""

LOOKED_UP = 20
"""Times so many tokens may go on into syllables at a boundary."""

AT_FIRST = 4
"""Times so many tokens are looked at for those that differ, and as many times more where they do not suffice."""

_CONTEXTS = 1 << 24
"""More than there are: keys of tokens are the node times this, plus the context."""


_BITS = (np.arange(1 + ANY)[:, None] >> np.arange(len(TONES))) % 2 * SHARE
_WEIGHTS = np.asarray(_BITS / np.maximum(_BITS.sum(1, keepdims=True), 1e-9), np.float32)
"""Of each tone where these are meant."""

TONE = 0.45
"""Of the logarithm by which the tones of a word make what is heard likelier."""

TONED = 0.25
"""What tones must make likelier a syllable to be taken for those of the standard language."""

PROBED = 60
"""Tokens at a boundary of the search without tones, as long as only its score is asked for."""

UNHEARD = 1e-4
"""Least ratio of a tone."""


@dataclass(frozen=True, slots=True)
class Found:
    """Words of a passage."""

    words: tuple[str, ...]
    syllables: tuple[tuple[str, ...], ...]
    """Of each word, as it was heard."""
    score: float
    spans: tuple[tuple[int, int], ...] = ()
    """Boundaries between which each word was said."""
    toned: float = 0.0
    """How much likelier than without tones what is heard is with them, a syllable: scaled logarithms. About half in the
    standard language, 0 where tones are others, or where it is no speech."""

    @property
    def count(self) -> int:
        """Its syllables."""
        return sum(map(len, self.syllables))

    @property
    def row(self) -> tuple[str, ...]:
        """Its syllables in order."""
        return tuple(s for way in self.syllables for s in way)

    def placed(self) -> Iterator[tuple[str, float, float]]:
        """Each syllable with the boundaries between which it was said: equal shares of its word."""
        for (first, last), way in zip(self.spans, self.syllables, strict=True):
            step = (last - first) / max(1, len(way))
            for k, syllable in enumerate(way):
                yield syllable, first + k * step, first + (k + 1) * step


Likeliest = Callable[[], Found | None]
"""() → the likeliest words of an over; None where no words are known, or none fit."""


@dataclass(frozen=True, slots=True)
class _Tokens:
    node: Ints
    context: Ints
    score: Floats
    since: Ints
    """Boundary at which the word that has begun begins."""
    back: Ints
    """Row of the last word's end, -1: none."""

    def __getitem__(self, which: npt.NDArray[np.generic] | slice) -> _Tokens:
        return _Tokens(self.node[which], self.context[which], self.score[which], self.since[which], self.back[which])

    def put(self, which: slice, other: _Tokens) -> None:
        """These become those."""
        self.node[which], self.context[which], self.score[which] = other.node, other.context, other.score
        self.since[which], self.back[which] = other.since, other.back

    @classmethod
    def room(cls, places: int) -> _Tokens:
        """So many, of nothing."""
        node, context, since, back = np.zeros((4, places), np.int64)
        return cls(node, context, np.zeros(places, np.float32), since, back)


def _joined(*some: _Tokens) -> _Tokens:
    rows = [(k.node, k.context, k.score, k.since, k.back) for k in some]
    node, context, score, since, back = (np.concatenate(parts) for parts in zip(*rows, strict=True))
    return _Tokens(node, context, score, since, back)


def _ranges(first: Ints, count: Ints) -> tuple[Ints, Ints]:
    """So many numbers from each first one on: (number of their range, number)."""
    at = np.repeat(np.arange(len(count)), count)
    return at, np.arange(len(at)) + np.repeat(first - np.cumsum(count) + count, count)


def _best(score: Floats, which: Ints, most: int) -> Ints:
    """Of these the best, so many at most, in any order."""
    return which if len(which) <= most else which[np.argpartition(score[which], -most)[-most:]]


class WordSearch:
    """Finds words in lattices."""

    def __init__(
        self, spelling: Spelling, scale: float = WORD_SCALE, syllable: float = SYLLABLE, tone: float = TONE,
        tones: bool = True,
    ) -> None:  # fmt: skip
        """``tones``: whether they are known to be those of the standard language; else they count where they turn out
        to be."""
        self._spelling, self._scale, self._syllable = spelling, np.float32(scale), np.float32(syllable)
        self._tone, self._tones = np.float32(tone), tones

    def best(self, lattice: Lattice, hints: Floats | None = None, most: int = 1) -> list[Found]:
        """The best rows of words, best first; none where no words fit. ``hints``: what a syllable gets after each,
        shape (1 + SYLLABLES, SYLLABLES), the first row where nothing is before."""

        def search(tone: np.float32, tokens: int = MOST) -> list[Found]:
            return _Passage(self._spelling, self._scale, self._syllable, tone, lattice, hints, tokens).best(most)

        without = np.float32(0)
        toned, toneless = search(self._tone), search(without, PROBED)
        if not toned or not toneless:
            return toned or toneless
        gain = (toned[0].score - toneless[0].score) / max(1, toned[0].count)
        standard = self._tones or gain > TONED
        return [replace(f, toned=gain) for f in (toned if standard else search(without))]


class _Passage:
    """One search."""

    def __init__(
        self, spelling: Spelling, scale: np.float32, syllable: np.float32, tone: np.float32, lattice: Lattice,
        hints: Floats | None, most: int = MOST,
    ) -> None:  # fmt: skip
        """``most``: tokens at a boundary."""
        self._spelling, self._scale, self._lattice, self._hints, self._most = spelling, scale, lattice, hints, most
        self._arc = lattice.score - syllable
        self._toned = tone * np.log(np.maximum(lattice.tones @ _WEIGHTS.T, UNHEARD)) if tone else None
        """Of each syllable, by the tones that a word has there, as in keys of nodes."""
        places = (1 + len(lattice.quiet)) * most
        self._tokens = _Tokens.room(places)
        """At each boundary in turn, each with room for ``most``."""
        self._tokens.back[0] = -1
        self._expected = np.zeros(places, np.float32)
        """Their scores with the likeliest word that each may become."""
        self._count = np.zeros(1 + len(lattice.quiet), np.int64)
        """Tokens at each boundary."""
        self._count[0] = 1
        self._ends: list[tuple[Ints, Ints, Ints, Ints, Ints]] = []
        """(word, node, boundaries between which it was said, row of the word before) of each word's end."""
        self._rows = 0

    def best(self, most: int) -> list[Found]:
        """See ``WordSearch.best``."""
        first = self._lattice.first
        for t, quiet in enumerate(self._lattice.quiet):
            before = self._at(t)
            now = replace(before, score=before.score + quiet)
            entered = self._entered(np.arange(first[t + 1], first[t + 2]))
            if len(entered.node):
                both = _joined(now, entered)
                kept = self._kept(both)
                now = both[kept]
                # Words whose tokens have only waited have ended before.
                ended = self._ended(both[kept[kept >= len(before.node)]], t + 1)
                if ended:
                    both = _joined(now, *ended)
                    now = both[self._kept(both)]
            self._hold(t + 1, now)
        return self._traced(self._at(len(self._lattice.quiet)), most)

    def _at(self, boundary: int) -> _Tokens:
        first = boundary * self._most
        return self._tokens[first : first + self._count[boundary]]

    def _hold(self, boundary: int, k: _Tokens) -> None:
        first, self._count[boundary] = boundary * self._most, len(k.node)
        place = slice(first, first + len(k.node))
        self._tokens.put(place, k)
        self._expected[place] = self._hoped(k.node, k.score)

    def _hoped(self, node: Ints, score: Floats) -> Floats:
        return score + self._scale * self._spelling.best[node]

    def _entered(self, arcs: Ints) -> _Tokens:
        """Tokens behind syllables that end here."""
        sp, lattice, tokens = self._spelling, self._lattice, self._tokens
        start = lattice.start[arcs]
        at, place = _ranges(start * self._most, self._count[start])
        if not len(place):
            return tokens[:0]
        arc = arcs[at]
        expected = self._expected[place] + self._arc[arc]
        near = np.flatnonzero(expected > expected.max() - BEAM)  # it gets no better farther down the tree
        near = _best(expected, near, LOOKED_UP * self._most)
        place, arc = place[near], arc[near]
        node, s = tokens.node[place], lattice.syllable[arc]
        at, child = _ranges(*sp.behind(node, s))
        place, arc, node, s = place[at], arc[at], node[at], s[at]
        score = tokens.score[place] + self._arc[arc]
        if self._toned is not None:
            score += self._toned[arc, sp.meant[child - 1]]
        if self._hints is not None:
            score += self._hints[1 + np.where(node > 0, sp.syllable[node], sp.last[tokens.context[place]]), s]
        since = np.where(node > 0, tokens.since[place], lattice.start[arc])
        return _Tokens(child, tokens.context[place], score, since, tokens.back[place])

    def _kept(self, k: _Tokens) -> Ints:
        """Which are the best of each node and context, and of those the best."""
        expected = self._hoped(k.node, k.score)
        near = np.flatnonzero(expected > expected.max() - BEAM)
        some = AT_FIRST * self._most
        while True:
            best = _best(expected, near, some)
            best = best[np.argsort(-expected[best], kind="stable")]
            _, first = np.unique(k.node[best] * _CONTEXTS + k.context[best], return_index=True)
            if len(best) == len(near) or len(first) >= self._most:
                kept: Ints = best[np.sort(first)[: self._most]]
                return kept
            some *= AT_FIRST

    def _ended(self, k: _Tokens, here: int) -> list[_Tokens]:
        """Tokens behind the words that end here, and behind a comma after them."""
        sp, model = self._spelling, self._spelling.model
        at, place = _ranges(sp.first[k.node], sp.first[k.node + 1] - sp.first[k.node])
        if not len(at):
            return []
        word = sp.word[place]
        chance, context = model.chances(k.context[at], word)
        score = k.score[at] + self._scale * chance
        near = np.flatnonzero(score > score.max() - BEAM)
        near = _best(score, near, self._most)
        at, word, score, context = at[near], word[near], np.asarray(score[near], np.float32), context[near]
        root = np.zeros(len(near), np.int64)
        end = root + here
        out = [_Tokens(root, context, score, root, self._noted(word, k.node[at], k.since[at], end, k.back[at]))]
        for comma in sp.silent:
            row = np.full(len(near), comma)
            chance, after = model.chances(context, row)
            more = np.asarray(score + self._scale * chance, np.float32)
            out.append(_Tokens(root, after, more, root, self._noted(row, root, end, end, out[0].back)))
        return out

    def _noted(self, word: Ints, node: Ints, first: Ints, last: Ints, back: Ints) -> Ints:
        """Rows of these ends of words."""
        self._ends.append((word, node, first, last, back))
        self._rows += len(word)
        return np.arange(self._rows - len(word), self._rows)

    def _traced(self, k: _Tokens, most: int) -> list[Found]:
        if not self._ends:
            return []
        word, node, first, last, back = (np.concatenate(x) for x in zip(*self._ends, strict=True))
        sp = self._spelling
        whole = np.flatnonzero((k.node == 0) & (k.back >= 0))
        out = []
        for end in whole[np.argsort(-k.score[whole], kind="stable")][:most]:
            at, words, said, spans = int(k.back[end]), [], [], []
            while at >= 0:
                words.append(sp.model.words[word[at]])
                spans.append((int(first[at]), int(last[at])))
                below, way = int(node[at]), []
                while below:
                    way.append(SYLLABLES[sp.syllable[below]])
                    below = sp.before(below)
                said.append(tuple(way[::-1]))
                at = int(back[at])
            out.append(Found(tuple(words[::-1]), tuple(said[::-1]), float(k.score[end]), tuple(spans[::-1])))
        return out
