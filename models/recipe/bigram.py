"""Which syllable follows which in talk: a bigram of toneless syllables for the free speech of the log.

Counted in the sentences of people that are trained on, in the words of jieba's dictionary (how often each is used) and
in the radio talk that the natural voices of training say; mixed with fixed weights. Sentences of people who choose or
measure anything take no part.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import numpy as np

from models.recipe import talk
from models.recipe.prepare import Corpus
from voice.mandarin.phones import SYLLABLES
from voice.speech.bigram import FILE, STEP
from voice.speech.kokoro import MARKS

OVERS = 20_000
"""Of radio talk."""

WEIGHTS = {"people": 0.4, "dictionary": 0.35, "radio": 0.25}
"""Of the sources, in a chance."""

DISCOUNT = 0.75
"""Taken off every count of a row and given to the syllables by themselves (Ney, Essen and Kneser, 1994)."""

_INDEX = {s: k for k, s in enumerate(SYLLABLES)}
Rows = Iterable[tuple[list[int], float]]
"""(syllables in a row, how often they were said so)."""


def _indices(toned: Iterable[str]) -> list[int]:
    return [_INDEX[s.rstrip("012345")] for s in toned if s.rstrip("012345") in _INDEX]


def _people(folder: Path) -> Rows:
    return ((_indices(r.syllables), 1.0) for r in Corpus(folder).recordings if r.name.startswith("train/"))


def _radio(seed: int) -> Rows:
    rng = np.random.default_rng((91, seed))
    for _ in range(OVERS):
        row: list[str] = []
        for word in [*talk.said(rng), ["."]]:
            if word[0] in MARKS:
                yield _indices(row), 1.0
                row = []
            else:
                row += word


def _words() -> Iterable[tuple[list[int], float]]:
    import jieba
    from pypinyin import lazy_pinyin

    jieba.setLogLevel(60)
    jieba.initialize()
    for word, often in jieba.dt.FREQ.items():
        if often > 1 and re.fullmatch("[\u4e00-\u9fff]{1,6}", word):
            row = _indices(s.replace("ü", "v") for s in lazy_pinyin(word))
            if len(row) == len(word):
                yield row, float(often)


def _counts(rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    """(first syllables, syllable after syllable)."""
    n = len(SYLLABLES)
    first, after = np.zeros(n), np.zeros((n, n))
    for row, often in rows:
        if row:
            first[row[0]] += often
        for a, b in pairwise(row):
            after[a, b] += often
    return first, after


def chances(first: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Chance of each syllable after silence and after each: counts less a discount, which goes to the syllables by
    themselves. Shape (1 + SYLLABLES, SYLLABLES); rows sum to 1."""
    alone = first + after.sum(0) + 1.0
    alone /= alone.sum()
    counts = np.concatenate([first[None], after])
    total = counts.sum(1, keepdims=True) + 1.0
    taken = np.minimum(counts, DISCOUNT)
    return np.asarray((counts - taken + (taken.sum(1, keepdims=True) + 1.0) * alone) / total)


def _of_words(rows: Rows) -> np.ndarray:
    """The same of words that stand in any order: the first syllable of one follows the last of another."""
    said = list(rows)
    first, after = _counts(said)
    last = np.zeros(len(SYLLABLES))
    for row, often in said:
        last[row[-1]] += often
    return chances(first, after + np.outer(last, first / first.sum()))


def bigram(people: Path, out: Path, seed: int = 0) -> None:
    """Write the bigram into a model folder, and its checksum into ``model.json``."""
    parts = {
        "people": chances(*_counts(_people(people))),
        "dictionary": _of_words(_words()),
        "radio": chances(*_counts(_radio(seed))),
    }
    mixed = sum(w * parts[name] for name, w in WEIGHTS.items())
    nats = np.clip(np.round(-np.log(mixed) / STEP), 0, 255).astype(np.uint8)
    data = io.BytesIO()
    np.savez_compressed(data, nats=nats)
    (out / FILE).write_bytes(data.getvalue())
    card = json.loads((out / "model.json").read_text("utf-8"))
    card["bigram_sha256"] = hashlib.sha256(data.getvalue()).hexdigest()
    (out / "model.json").write_text(json.dumps(card, ensure_ascii=False, indent=2) + "\n", "utf-8")
    print(f"{out / FILE}: {len(data.getvalue()) / 1000:.0f} kB")
