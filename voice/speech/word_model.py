"""Which words there are, how they sound, and how likely one is after others: a trigram of words with back-off.

A file of a few megabytes, made from a larger model by the recipe (``python -m models.recipe words``). Probabilities are
kept as bytes; what backing off costs follows from them and is computed when a model is loaded (Katz, 1987).
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voice.errors import HuyingError
from voice.mandarin.phones import SYLLABLES, TONES
from voice.pcm import Floats

Ints = npt.NDArray[np.int64]

STEP = 0.1
"""Nats that one step of its bytes stands for."""

STRIDE = 1 << 17
"""More than there are words: keys of pairs are the first word times this, plus the second."""

BLOCK = 1 << 16
"""Triples dealt with at once while a model is loaded: memory."""

_KEPT = 16
"""Bits of a place among the chances that are kept."""

_SPREAD = np.int64(-7046029254386353131)
"""Of the golden ratio, modulo 2⁶⁴: neighbours go to places far from each other (Knuth, The Art of Computer Programming,
6.4)."""

LEAST = 1e-3
"""Of a chance that is left for words that were not seen in a context."""


@dataclass(frozen=True, slots=True)
class Table:
    """What a file holds. Words are numbered; pairs stand by first word and second, triples by pair and third."""

    words: tuple[str, ...]
    spelled: npt.NDArray[np.uint16]
    """Numbers in SYLLABLES of all ways to say a word, one after another."""
    tones: npt.NDArray[np.uint8]
    """Of each of these syllables those that it may have, a bit each: 1 for the first, 16 for the neutral one."""
    lengths: npt.NDArray[np.uint8]
    """Syllables of each way."""
    meant: Ints
    """Word of each way."""
    one: Floats
    """Natural logarithm of the chance of each word."""
    pairs_of: Ints
    """How many pairs begin with each word."""
    second: Ints
    two: Floats
    """Logarithm of the chance of each pair's second word after its first."""
    triples_of: Ints
    """How many triples begin with each pair."""
    third: Ints
    three: Floats


ANY = (1 << len(TONES)) - 1
"""All tones."""


def said_with(syllable: str) -> int:
    """Its tones in bits: of a toned syllable the one, else all."""
    return 1 << TONES.index(syllable[-1]) if syllable[-1] in TONES else ANY


def extended(t: Table, more: Mapping[str, Sequence[Sequence[str]]], chance: float) -> Table:
    """With these words, those that it lacks with their ways to be said, with tones or without; none has less than this
    logarithm of its chance."""
    known, index = set(t.words), {s: k for k, s in enumerate(SYLLABLES)}
    usual = np.where([w in more for w in t.words], np.maximum(t.one, chance), t.one)
    added = {
        w: ways
        for w, readings in more.items()
        if w not in known and (ways := [r for r in readings if {s.rstrip(TONES) for s in r} <= set(index)])
    }
    rows = [(len(t.words) + k, row) for k, ways in enumerate(added.values()) for row in ways]
    said = [s for _, row in rows for s in row]
    return replace(
        t,
        words=(*t.words, *added),
        spelled=np.concatenate([t.spelled, np.array([index[s.rstrip(TONES)] for s in said], np.uint16)]),
        tones=np.concatenate([t.tones, np.array(list(map(said_with, said)), np.uint8)]),
        lengths=np.concatenate([t.lengths, np.array([len(row) for _, row in rows], np.uint8)]),
        meant=np.concatenate([t.meant, np.array([w for w, _ in rows], np.int64)]),
        one=np.concatenate([usual, np.full(len(added), chance)]),
        pairs_of=np.concatenate([t.pairs_of, np.zeros(len(added), np.int64)]),
    )


def _bytes(nats: Floats) -> npt.NDArray[np.uint8]:
    return np.asarray(np.clip(np.round(-nats / STEP), 0, 255), np.uint8)


def write(path: Path, t: Table) -> None:
    """One file, which ``load`` reads."""
    text = np.frombuffer("\n".join(t.words).encode(), np.uint8)
    np.savez_compressed(
        path, text=text, spelled=t.spelled, tones=t.tones, lengths=t.lengths, meant=t.meant.astype(np.uint16),
        one=_bytes(t.one),
        pairs_of=t.pairs_of.astype(np.uint16), second=t.second.astype(np.uint16), two=_bytes(t.two),
        triples_of=t.triples_of.astype(np.uint16), third=t.third.astype(np.uint16), three=_bytes(t.three),
        syllables=np.frombuffer(" ".join(SYLLABLES).encode(), np.uint8),
    )  # fmt: skip


def read(path: Path) -> Table:
    """The table of a file. Raises HuyingError for one that is damaged or made for other syllables."""
    try:
        with np.load(path, allow_pickle=False) as f:
            syllables = f["syllables"].tobytes().decode().split(" ")
            if tuple(syllables) != tuple(SYLLABLES):
                raise HuyingError(f"{path}: made for other syllables; the file is of another version")
            t = Table(
                tuple(f["text"].tobytes().decode().split("\n")), f["spelled"], f["tones"], f["lengths"],
                f["meant"].astype(np.int64), np.float32(-STEP) * f["one"],
                f["pairs_of"], f["second"], np.float32(-STEP) * f["two"],
                f["triples_of"], f["third"], np.float32(-STEP) * f["three"],
            )  # fmt: skip
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error) as e:
        raise HuyingError(f"{path}: cannot be read ({e}); the word model is damaged, copy it again") from e
    whole = (
        len(t.words) == len(t.one) == len(t.pairs_of)
        and len(t.meant) == len(t.lengths)
        and len(t.tones) == len(t.spelled) == t.lengths.sum(dtype=np.int64)
        and len(t.second) == len(t.two) == len(t.triples_of) == t.pairs_of.sum(dtype=np.int64)
        and len(t.third) == len(t.three) == t.triples_of.sum(dtype=np.int64)
    )
    if not whole:
        raise HuyingError(f"{path}: its tables do not fit each other; the word model is damaged, copy it again")
    return t


def _left(count: npt.NDArray[np.integer], chance: Floats, without: Floats) -> Floats:
    """Logarithm of what backing off costs in each context, of which each has so many words: the chance that its words
    leave, over the chance that the same words leave without the context."""
    some = np.flatnonzero(count)
    first = np.cumsum(count[some], dtype=np.int64) - count[some]
    spent, lower = (np.add.reduceat(np.exp(x), first, dtype=np.float64) for x in (chance, without))
    cost = np.zeros(len(count), np.float32)
    cost[some] = np.log(np.maximum(1 - spent, LEAST) / np.maximum(1 - lower, LEAST))
    return cost


class WordModel:
    """Chances of words in contexts. A context is a number: 0 knows nothing, then one a word, then one a pair."""

    def __init__(self, table: Table) -> None:
        t = table
        n, pairs = len(t.words), len(t.second)
        self.words, self.spelled, self.tones, self.lengths, self.meant = t.words, t.spelled, t.tones, t.lengths, t.meant
        self.one = np.asarray(t.one, np.float32)
        self.last = np.full(1 + n + pairs, -1, np.int32)
        """Last word of each context, -1: none."""
        self.last[1 : 1 + n], self.last[1 + n :] = np.arange(n), t.second
        self._pairs = np.repeat(np.arange(n) * STRIDE, t.pairs_of)
        self._pairs += t.second
        pair = np.repeat(np.arange(pairs), t.triples_of)
        self._triples = pair * STRIDE + t.third
        self._two, self._three = np.asarray(t.two, np.float32), np.asarray(t.three, np.float32)
        self._continued = t.triples_of > 0
        self._back = np.zeros(1 + n + pairs, np.float32)
        """Of each context: what backing off from it costs."""
        self._back[1 : 1 + n] = _left(t.pairs_of, t.two, self.one[t.second])
        before, third = t.second[pair].astype(np.int64), t.third.astype(np.int64)
        without = np.zeros(len(pair), np.float32)
        order = np.argsort(before * STRIDE + third)  # neighbours are found at the same place of the table
        for some in np.array_split(order, 1 + len(order) // BLOCK):
            without[some], _ = self.chances(1 + before[some], third[some])
        self._back[1 + n :] = _left(t.triples_of, t.three, without)

    def chances(self, context: Ints, word: Ints) -> tuple[Floats, Ints]:
        """Logarithm of the chance of each word in its context, and the context that follows."""
        n = len(self.words)
        last = self.last[context].astype(np.int64)
        there, pair = _found(self._pairs, last * STRIDE + word)
        chance = self.one[word] + self._back[1 + last]
        seen = there.nonzero()[0]
        pair = pair[seen]
        chance[seen] = self._two[pair]
        after = 1 + word
        longer = self._continued[pair]
        after[seen[longer]] = 1 + n + pair[longer]
        of_pair = (context > n).nonzero()[0]
        known, triple = _found(self._triples, (context[of_pair] - 1 - n) * STRIDE + word[of_pair])
        chance[of_pair] = np.where(known, self._three[triple], chance[of_pair] + self._back[context[of_pair]])
        return chance, after


ChanceSearch = Callable[[Ints, Ints], tuple[Floats, Ints]]
"""(contexts, words) → logarithm of the chance of each word in its context, and the context that follows."""


class Chances:
    """Those of one model, the latest kept: a search asks for the same ones again and again."""

    def __init__(self, model: WordModel) -> None:
        """For one thread."""
        self._model = model
        self._key = np.full(1 << _KEPT, -1, np.int64)
        self._chance = np.zeros(1 << _KEPT, np.float32)
        self._after = np.zeros(1 << _KEPT, np.int64)

    def chances(self, context: Ints, word: Ints) -> tuple[Floats, Ints]:
        """See ``WordModel.chances``."""
        key = context * STRIDE + word
        place = ((key * _SPREAD).view(np.uint64) >> np.uint64(64 - _KEPT)).view(np.int64)
        chance, after = self._chance[place], self._after[place]
        new = (self._key[place] != key).nonzero()[0]
        if len(new):
            chance[new], after[new] = found = self._model.chances(context[new], word[new])
            place = place[new]
            self._key[place], self._chance[place], self._after[place] = key[new], *found
        return chance, after


def _found(keys: Ints, wanted: Ints) -> tuple[npt.NDArray[np.bool_], Ints]:
    """(whether it is among the sorted keys, where)."""
    if not len(keys):
        return np.zeros(len(wanted), bool), np.zeros(len(wanted), np.int64)
    place = np.minimum(keys.searchsorted(wanted), len(keys) - 1)
    return keys[place] == wanted, place
