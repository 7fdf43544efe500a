"""Checks a net's call signs for confusion before they are used."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from voice.grammar.lexicon import Entry, plain
from voice.mandarin.distance import phrase_cost

NEAR = 0.9
"""Least distance between two call signs in syllables, regardless of length: less than one whole syllable is easily
missed (龙湖社区, 龙子湖社区 and 龙湖小区 differ by 0.75 to 0.78)."""

ALL_PAIRS_UP_TO = 1500
"""Larger nets are searched through rapidfuzz candidates instead of pairwise."""


@dataclass(frozen=True, slots=True)
class Clash:
    """Two similar-sounding call signs of different owners."""

    a: Entry
    b: Entry
    distance: float
    """Distance in syllables, see ``distance.phrase_cost``."""

    @property
    def homophones(self) -> bool:
        """Identical in sound."""
        return self.distance == 0


def row_of(entry: Entry) -> tuple[str, ...]:
    """Toneless syllables of the spoken reading."""
    return tuple(place[0] for place in plain(entry.readings[0]))


def alike(row: tuple[str, ...], entries: tuple[Entry, ...], own: str) -> list[tuple[Entry, float]]:
    """Other owners' call signs that sound like a sequence of toneless syllables, with their distance; nearest first."""
    signs = [e for e in entries if e.kind in ("unit", "control") and e.key != own]
    near = [(e, phrase_cost(row, row_of(e))) for e in signs if abs(len(row_of(e)) - len(row)) <= 2]
    return sorted(((e, round(d, 3)) for e, d in near if d <= NEAR), key=lambda n: (n[1], n[0].symbol))


def clashes(entries: tuple[Entry, ...]) -> list[Clash]:
    """Pairs of similar-sounding call signs (units and net control), worst first."""
    signs = [e for e in entries if e.kind in ("unit", "control") and not e.short]
    rows = [row_of(e) for e in signs]
    found = []
    for i, j in _pairs(rows):
        if signs[i].key != signs[j].key:
            d = phrase_cost(rows[i], rows[j])
            if d <= NEAR:
                found.append(Clash(signs[i], signs[j], round(d, 3)))
    return sorted(found, key=lambda c: (c.distance, c.a.symbol, c.b.symbol))


def _pairs(rows: list[tuple[str, ...]]) -> list[tuple[int, int]]:
    n = len(rows)
    if n <= ALL_PAIRS_UP_TO:
        return [(i, j) for i in range(n) for j in range(i + 1, n) if abs(len(rows[i]) - len(rows[j])) <= 2]
    texts = [" ".join(r) for r in rows]
    pairs = set()
    for i, text in enumerate(texts):
        for _, _, j in process.extract(text, texts, scorer=fuzz.ratio, score_cutoff=75, limit=6):
            if i != j:
                pairs.add((min(i, j), max(i, j)))
    return sorted(pairs)


def to_rename(found: list[Clash]) -> list[Entry]:
    """A small set of call signs (greedy) whose renaming resolves all clashes; net control's is never proposed."""
    left = list(found)
    out = []
    while left:
        count: dict[str, int] = defaultdict(int)
        by_symbol: dict[str, Entry] = {}
        for c in left:
            for e in (c.a, c.b):
                if e.kind == "unit":
                    count[e.symbol] += 1
                    by_symbol[e.symbol] = e
        # Ties: the later one on the roster is renamed.
        worst = max(count, key=lambda s: (count[s], int(s[1:])))
        out.append(by_symbol[worst])
        left = [c for c in left if worst not in (c.a.symbol, c.b.symbol)]
    return out
