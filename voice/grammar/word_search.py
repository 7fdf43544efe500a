"""The best words through a lattice of syllables: their sounds, and how likely they follow each other.

Tokens stand at boundaries between frames, each between words or in one that has begun, and in a context of the word
model (Young, Russell, Thornton, 1989). All that end at one boundary are dealt with at once, in numpy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace

import numpy as np
import numpy.typing as npt

from voice.grammar.lattice import SHARE, Lattice
from voice.mandarin.phones import SYLLABLES, TONES
from voice.pcm import Floats
from voice.speech.word_model import ANY, Ints, WordModel

WORD_SCALE = 0.32
"""Of the word model's logarithms against the scaled acoustic scores."""

SYLLABLE = 0.0
"""What a syllable costs beside the words."""

BEAM = 6.0
MOST = 120
"""Tokens at a boundary: those that are worse than the best by more are dropped, and more than so many."""

NOTHING = -1
"""In place of a syllable, where none was before."""

_SYLLABLES, _TONES = 512, 1 + ANY
"""More than there are: keys of nodes are the node before times the first, plus the syllable, times the second, plus
its tones in bits."""

_STEP = _SYLLABLES * _TONES

_CONTEXTS = 1 << 24
"""More than there are: keys of tokens are the node times this, plus the context."""


_BITS = (np.arange(_TONES)[:, None] >> np.arange(len(TONES))) % 2 * SHARE
_WEIGHTS = np.asarray(_BITS / np.maximum(_BITS.sum(1, keepdims=True), 1e-9), np.float32)
"""Of each tone where these are meant."""

TONE = 0.45
"""Of the logarithm by which the tones of a word make what is heard likelier."""

TONED = 0.25
"""What tones must make likelier a syllable to be taken for those of the standard language."""

UNHEARD = 1e-4
"""Least ratio of a tone."""


@dataclass(slots=True)
class Spelling:
    """All words as a tree of syllables. Node 0 is its root."""

    model: WordModel
    keys: Ints = field(init=False)
    """(node before, syllable, tones) of each node but the root, ascending."""
    toneless: Ints = field(init=False)
    """The same without tones."""
    alike: Ints = field(init=False)
    """How many nodes from each on differ in their tones only."""
    syllable: Ints = field(init=False)
    """Of each node; NOTHING of the root."""
    best: Floats = field(init=False)
    """Of each node: logarithm of the chance of the likeliest word below it; 0 of the root."""
    first: Ints = field(init=False)
    """Of the words that end at each node; one more number than nodes."""
    word: Ints = field(init=False)
    last: npt.NDArray[np.int16] = field(init=False)
    """Last syllable of each context's last word, by its usual way; NOTHING if there is none."""
    silent: Ints = field(init=False)
    """Words without a syllable: a comma."""

    def __post_init__(self) -> None:
        lengths, spelled, meant = self.model.lengths.astype(np.int64), self.model.spelled, self.model.meant
        begin = np.cumsum(lengths) - lengths
        said = spelled.astype(np.int64) * _TONES + self.model.tones
        node = np.zeros(len(lengths), np.int64)
        keys = [np.zeros(0, np.int64)]
        nodes = 1
        for depth in range(int(lengths.max(initial=0))):
            longer = np.flatnonzero(lengths > depth)
            found, place = np.unique(node[longer] * _STEP + said[begin[longer] + depth], return_inverse=True)
            node[longer] = nodes + place
            keys.append(found)
            nodes += len(found)
        self.keys = np.concatenate(keys)
        self.toneless = self.keys // _TONES
        self.alike = np.searchsorted(self.toneless, self.toneless, "right") - np.arange(len(self.keys))
        self.syllable = np.concatenate([[NOTHING], self.toneless % _SYLLABLES])
        whole = np.flatnonzero(lengths)
        order = whole[np.argsort(node[whole], kind="stable")]
        self.word = meant[order]
        self.first = np.searchsorted(node[order], np.arange(nodes + 1))
        self.best = np.full(nodes, -np.inf, np.float32)
        np.maximum.at(self.best, node[whole], self.model.one[meant[whole]])
        for level in reversed(keys):  # children have greater numbers than their parents
            nodes -= len(level)
            np.maximum.at(self.best, level // _STEP, self.best[nodes : nodes + len(level)])
        self.best[0] = 0
        of_word = np.full(len(self.model.words), NOTHING, np.int16)
        of_word[meant[whole][::-1]] = spelled[(begin + lengths - 1)[whole]][::-1]
        last = self.model.last
        self.last = np.where(last >= 0, of_word[last], NOTHING)
        self.silent = meant[lengths == 0]


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

    def __getitem__(self, which: npt.NDArray[np.generic]) -> _Tokens:
        return _Tokens(*(getattr(self, f.name)[which] for f in fields(self)))


def _joined(*parts: _Tokens) -> _Tokens:
    return _Tokens(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(_Tokens)))


def _ranges(first: Ints, count: Ints) -> tuple[Ints, Ints]:
    """So many numbers from each first one on: (number of their range, number)."""
    at = np.repeat(np.arange(len(count)), count)
    return at, np.arange(len(at)) + np.repeat(first - np.cumsum(count) + count, count)


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
        toned, toneless = (
            _Passage(self._spelling, self._scale, self._syllable, tone, lattice, hints).best(most)
            for tone in (self._tone, np.float32(0))
        )
        if not toned or not toneless:
            return toned or toneless
        gain = (toned[0].score - toneless[0].score) / max(1, toned[0].count)
        return [replace(f, toned=gain) for f in (toned if self._tones or gain > TONED else toneless)]


class _Passage:
    """One search."""

    def __init__(
        self, spelling: Spelling, scale: np.float32, syllable: np.float32, tone: np.float32, lattice: Lattice,
        hints: Floats | None,
    ) -> None:  # fmt: skip
        self._spelling, self._scale, self._tone, self._lattice, self._hints = spelling, scale, tone, lattice, hints
        self._arc = lattice.score - syllable
        zero = np.zeros(1, np.int64)
        self._tokens = [_Tokens(zero, zero, np.zeros(1, np.float32), zero, zero - 1)]
        """At each boundary."""
        self._ends: list[tuple[Ints, Ints, Ints, Ints, Ints]] = []
        """(word, node, boundaries between which it was said, row of the word before) of each word's end."""
        self._rows = 0

    def best(self, most: int) -> list[Found]:
        """See ``WordSearch.best``."""
        first = self._lattice.first
        for t, quiet in enumerate(self._lattice.quiet):
            before = self._tokens[t]
            waited = replace(before, score=before.score + quiet)
            now = self._kept(_joined(waited, self._entered(np.arange(first[t + 1], first[t + 2]))))
            self._tokens.append(self._kept(_joined(now, *self._ended(now, t + 1))))
        return self._traced(self._tokens[-1], most)

    def _entered(self, arcs: Ints) -> _Tokens:
        """Tokens behind syllables that end here."""
        sp = self._spelling
        if not len(arcs):
            return self._tokens[0][arcs]
        sources = [self._tokens[k] for k in self._lattice.start[arcs]]
        arc = np.repeat(arcs, [len(s.node) for s in sources])
        k = _joined(*sources)
        score = k.score + self._arc[arc]
        expected = score + self._scale * sp.best[k.node]
        near = expected > expected.max() - BEAM  # it gets no better farther down the tree
        k, score, s = k[near], score[near], self._lattice.syllable[arc[near]]
        since = np.where(k.node > 0, k.since, self._lattice.start[arc[near]])
        key = k.node * _SYLLABLES + s
        first = np.minimum(np.searchsorted(sp.toneless, key), len(sp.toneless) - 1)
        at, child = _ranges(first, np.where(sp.toneless[first] == key, sp.alike[first], 0))
        k, score, s, since = k[at], score[at], s[at], since[at]
        fit = (self._lattice.tones[arc[near][at]] * _WEIGHTS[sp.keys[child] % _TONES]).sum(1)
        score = score + self._tone * np.log(np.maximum(fit, UNHEARD))
        if self._hints is not None:
            score = score + self._hints[1 + np.where(k.node > 0, sp.syllable[k.node], sp.last[k.context]), s]
        return _Tokens(child + 1, k.context, np.asarray(score, np.float32), since, k.back)

    def _kept(self, k: _Tokens) -> _Tokens:
        """The best token of each node and context, of those the best."""
        expected = k.score + self._scale * self._spelling.best[k.node]
        k = k[expected > expected.max() - BEAM]
        key = k.node * _CONTEXTS + k.context
        order = np.lexsort((-k.score, key))
        k = k[order[np.flatnonzero(np.diff(key[order], prepend=-1))]]
        if len(k.node) <= MOST:
            return k
        return k[np.argpartition(k.score + self._scale * self._spelling.best[k.node], -MOST)[-MOST:]]

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
        if len(near) > MOST:
            near = near[np.argpartition(score[near], -MOST)[-MOST:]]
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
                    below = int(sp.keys[below - 1]) // _STEP
                said.append(tuple(way[::-1]))
                at = int(back[at])
            out.append(Found(tuple(words[::-1]), tuple(said[::-1]), float(k.score[end]), tuple(spans[::-1])))
        return out
