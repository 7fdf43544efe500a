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
from voice.grammar.ranges import ranges
from voice.grammar.spelling import Spelling
from voice.mandarin.phones import SYLLABLES, TONES
from voice.pcm import Floats
from voice.speech.word_model import ANY, Chances, ChanceSearch, Ints

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


_PLACE = 21
"""Bits of a place among tokens."""

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


def _first_of(keys: Ints) -> Ints:
    """Where each of these keys (under 2⁴²) is for the first time, ascending."""
    row = keys << _PLACE
    row |= np.arange(len(keys))
    row.sort()
    key = row >> _PLACE
    fresh = np.ones(len(row), bool)
    np.not_equal(key[1:], key[:-1], out=fresh[1:])
    first: Ints = row[fresh] & (1 << _PLACE) - 1
    first.sort()
    return first


def _best(score: Floats, which: Ints, most: int) -> Ints:
    """Of these the best, so many at most, in any order."""
    return which if len(which) <= most else which[score[which].argpartition(-most)[-most:]]


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

        known = Chances(self._spelling.model)

        def search(tone: np.float32, tokens: int = MOST) -> list[Found]:
            return _Passage(
                self._spelling, self._scale, self._syllable, tone, lattice, hints, known.chances, tokens
            ).found(most)  # fmt: skip

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
        hints: Floats | None, chances: ChanceSearch, most: int = MOST,
    ) -> None:  # fmt: skip
        """``chances``: see ``WordModel.chances``. ``most``: tokens at a boundary."""
        self._spelling, self._scale, self._lattice, self._hints, self._most = spelling, scale, lattice, hints, most
        self._chances = chances
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

    def found(self, most: int) -> list[Found]:
        """The best rows of words, so many at most, best first."""
        lattice, tokens = self._lattice, self._tokens
        first = lattice.first.tolist()
        for t, quiet in enumerate(lattice.quiet):
            here = t * self._most
            waits = np.arange(here, here + self._count[t])
            node, score = tokens.node[waits], tokens.score[waits] + quiet
            child, gained, place, arc = self._entered(first[t + 1], first[t + 2])
            if not len(child):
                now = tokens[waits]
                self._hold(t + 1, replace(now, score=score), self._hoped(node, score))
                continue
            node, score = np.concatenate([node, child]), np.concatenate([score, gained])
            place = np.concatenate([waits, place])
            expected = self._hoped(node, score)
            kept = self._kept(node, tokens.context, place, expected)
            source, entered = place[kept], (kept >= len(waits)).nonzero()[0]
            since = tokens.since[source]
            fresh = entered[tokens.node[source[entered]] == 0]
            since[fresh] = lattice.start[arc[kept[fresh] - len(waits)]]
            now = _Tokens(node[kept], tokens.context[source], score[kept], since, tokens.back[source])
            expected = expected[kept]
            # Words whose tokens have only waited have ended before.
            ended = self._ended(now[entered], t + 1)
            if ended:
                now = _joined(now, *ended)
                expected = np.concatenate([expected, *(self._hoped(k.node, k.score) for k in ended)])
                kept = self._kept(now.node, now.context, None, expected)
                now, expected = now[kept], expected[kept]
            self._hold(t + 1, now, expected)
        return self._traced(self._at(len(lattice.quiet)), most)

    def _at(self, boundary: int) -> _Tokens:
        first = boundary * self._most
        return self._tokens[first : first + self._count[boundary]]

    def _hold(self, boundary: int, k: _Tokens, expected: Floats) -> None:
        first, self._count[boundary] = boundary * self._most, len(k.node)
        place = slice(first, first + len(k.node))
        self._tokens.put(place, k)
        self._expected[place] = expected

    def _hoped(self, node: Ints, score: Floats) -> Floats:
        return score + self._scale * self._spelling.best[node]

    def _entered(self, first: int, end: int) -> tuple[Ints, Floats, Ints, Ints]:
        """Tokens behind these syllables of the lattice, which end here: (node, score, place of the token before,
        syllable)."""
        sp, lattice, tokens = self._spelling, self._lattice, self._tokens
        start = lattice.start[first:end]
        at, place = ranges(start * self._most, self._count[start])
        if not len(place):
            return place, np.zeros(0, np.float32), place, place
        expected = self._expected[place] + self._arc[first:end][at]
        near = (expected > expected.max() - BEAM).nonzero()[0]  # it gets no better farther down the tree
        near = _best(expected, near, LOOKED_UP * self._most)
        place, arc = place[near], first + at[near]
        at, child = sp.behind(tokens.node[place], lattice.syllable[arc])
        place, arc = place[at], arc[at]
        score = tokens.score[place] + self._arc[arc]
        if self._toned is not None:
            score += self._toned[arc, sp.meant[child - 1]]
        if self._hints is not None:
            node = tokens.node[place]
            before = np.where(node > 0, sp.syllable[node], sp.last[tokens.context[place]])
            score += self._hints[1 + before, lattice.syllable[arc]]
        return child, score, place, arc

    def _kept(self, node: Ints, context: Ints, place: Ints | None, expected: Floats) -> Ints:
        """Which tokens are the best of each node and context, and of those the best, best first. ``place``: of each
        one's context, if these are not in the same order."""
        near = (expected > expected.max() - BEAM).nonzero()[0]
        some = AT_FIRST * self._most
        while True:
            best = _best(expected, near, some)
            best = best[(-expected[best]).argsort(kind="stable")]
            key = node[best] * _CONTEXTS + context[best if place is None else place[best]]
            first = _first_of(key)
            if len(best) == len(near) or len(first) >= self._most:
                kept: Ints = best[first[: self._most]]
                return kept
            some *= AT_FIRST

    def _ended(self, k: _Tokens, here: int) -> list[_Tokens]:
        """Tokens behind the words that end here, and behind a comma after them."""
        sp = self._spelling
        at, place = ranges(sp.first[k.node], sp.first[k.node + 1] - sp.first[k.node])
        if not len(at):
            return []
        word = sp.word[place]
        chance, context = self._chances(k.context[at], word)
        score = k.score[at] + self._scale * chance
        near = (score > score.max() - BEAM).nonzero()[0]
        near = _best(score, near, self._most)
        at, word, score, context = at[near], word[near], np.asarray(score[near], np.float32), context[near]
        root = np.zeros(len(near), np.int64)
        end = root + here
        out = [_Tokens(root, context, score, root, self._noted(word, k.node[at], k.since[at], end, k.back[at]))]
        for comma in sp.silent:
            row = np.full(len(near), comma)
            chance, after = self._chances(context, row)
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
