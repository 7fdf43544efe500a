"""All words of a word model as a tree of syllables with tones, and which node lies behind which."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from voice.grammar.ranges import ranges
from voice.pcm import Floats
from voice.speech.word_model import ANY, Ints, WordModel

NOTHING = -1
"""In place of a syllable, where none was before."""

_SYLLABLES, _TONES = 512, 1 + ANY
"""More than there are: keys of nodes are the node before times the first, plus the syllable, times the second, plus
its tones in bits."""

_BIT = np.uint64(1) << np.arange(_SYLLABLES, dtype=np.uint64) % np.uint64(64)

_STEP = _SYLLABLES * _TONES

_ROOM = 4
"""Places of the table for each of its keys, at least."""

_SPREAD = np.uint32(2654435769)
"""Of the golden ratio: neighbours go to places far from each other (Knuth, The Art of Computer Programming, 6.4)."""


class _Places:
    """Where each key is among them, by a table in which those of one place stand one after the other: a few steps for
    many keys at once, where a search among sorted ones takes seventeen each."""

    def __init__(self, keys: Ints) -> None:
        """``keys``: at least 0, all different, under 2³¹."""
        bits = max(1, int(_ROOM * len(keys) - 1).bit_length())
        self._shift, self._last = np.uint32(32 - bits), (1 << bits) - 1
        self._key = np.full(1 << bits, NOTHING, np.int32)
        self._at = np.zeros(1 << bits, np.int32)
        left, place = np.arange(len(keys)), self._first(keys)
        while len(left):
            free = np.flatnonzero(self._key[place] == NOTHING)
            taken, which = np.unique(place[free], return_index=True)
            self._key[taken], self._at[taken] = keys[left[free[which]]], left[free[which]]
            stays = np.ones(len(left), bool)
            stays[free[which]] = False
            left, place = left[stays], (place[stays] + 1) & self._last

    def of(self, keys: Ints) -> tuple[Ints, Ints]:
        """(which of them are there, place of each of these)."""
        place = self._first(keys)
        found, wanted = self._key[place], keys.astype(np.int32)
        other = (found != wanted).nonzero()[0]
        other = other[found[other] != NOTHING]
        while len(other):
            place[other] = (place[other] + 1) & self._last
            found[other] = self._key[place[other]]
            other = other[(found[other] != wanted[other]) & (found[other] != NOTHING)]
        there = (found == wanted).nonzero()[0]
        return there, self._at[place[there]].astype(np.int64)

    def _first(self, keys: Ints) -> Ints:
        return (keys.astype(np.uint32) * _SPREAD >> self._shift).astype(np.int64)


@dataclass(slots=True)
class Spelling:
    """All words as a tree of syllables. Node 0 is its root."""

    model: WordModel
    keys: Ints = field(init=False)
    """(node before, syllable, tones) of each node but the root, ascending."""
    syllable: Ints = field(init=False)
    """Of each node; NOTHING of the root."""
    best: Floats = field(init=False)
    """Of each node: logarithm of the chance of the likeliest word below it; 0 of the root."""
    first: Ints = field(init=False)
    """Of the words that end at each node; one more number than nodes."""
    word: Ints = field(init=False)
    last: npt.NDArray[np.int16] = field(init=False)
    """Last syllable of each context's last word, by its usual way; NOTHING if there is none."""
    meant: Ints = field(init=False)
    """Tones of each node but the root, in bits."""
    silent: Ints = field(init=False)
    """Words without a syllable: a comma."""
    _children: _Places = field(init=False)
    """(node before, syllable) of the first node of each row of those that differ in their tones only."""
    _may: npt.NDArray[np.uint64] = field(init=False)
    """Of each node: which syllables may be behind it, a bit for those of the same number modulo 64. Most are not."""
    _begin: Ints = field(init=False)
    """Of these rows, and where the last ends."""

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
        toneless, self.meant = self.keys // _TONES, self.keys % _TONES
        self.syllable = np.concatenate([[NOTHING], toneless % _SYLLABLES])
        rows = np.flatnonzero(np.diff(toneless, prepend=-1))
        self._children = _Places(toneless[rows])
        self._begin = np.append(rows, len(toneless))
        self._may = np.zeros(nodes, np.uint64)
        np.bitwise_or.at(self._may, toneless[rows] // _SYLLABLES, _BIT[toneless[rows] % _SYLLABLES])
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

    def behind(self, node: Ints, syllable: Ints) -> tuple[Ints, Ints]:
        """The nodes behind each one by a syllable with any tones: (which one it is behind, node)."""
        some = (self._may[node] & _BIT[syllable]).nonzero()[0]
        which, row = self._children.of(node[some] * _SYLLABLES + syllable[some])
        first = self._begin[row]
        at, child = ranges(1 + first, self._begin[row + 1] - first)
        return some[which[at]], child

    def before(self, node: int) -> int:
        """The node before one."""
        return int(self.keys[node - 1]) // _STEP
