"""What stands beside an item up to the next pause: everything said, or free speech alone. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from voice.grammar.message import Item
from voice.grammar.words import FILLERS

PAUSE_S = 0.25
"""Shortest gap that separates phrases: within a phrase, gaps of the recogniser are below 0.1 s."""


def said_before(items: Sequence[Item], at: int) -> list[str]:
    """Syllables directly before an item, without a pause between them."""
    first = at
    while first and close_to(items, first):
        first -= 1
    return syllables(items[first:at])


def said_behind(items: Sequence[Item], at: int) -> list[str]:
    """Syllables directly behind an item, without a pause between them."""
    return syllables(items[at + 1 : clause_end(items, at)])


def free_before(items: Sequence[Item], at: int) -> tuple[str, ...]:
    """Free speech directly before an item, without hesitations."""
    first = at
    while first and items[first - 1].kind == "free" and close_to(items, first):
        first -= 1
    return content(" ".join(i.pinyin for i in items[first:at]))


def free_behind(items: Sequence[Item], at: int) -> tuple[str, ...]:
    """Free speech directly behind an item, without hesitations."""
    end = at + 1
    while end < len(items) and items[end].kind == "free" and close_to(items, end):
        end += 1
    return content(" ".join(i.pinyin for i in items[at + 1 : end]))


def clause_end(items: Sequence[Item], at: int) -> int:
    """Where a pause follows item ``at``, or the over ends."""
    return next((k for k in range(at + 1, len(items)) if not close_to(items, k)), len(items))


def close_to(items: Sequence[Item], k: int) -> bool:
    """No pause before item ``k``."""
    return items[k].start - items[k - 1].end < PAUSE_S


def syllables(items: Sequence[Item]) -> list[str]:
    """Toneless syllables."""
    return [s.rstrip("12345") for i in items for s in i.pinyin.split()]


def content(pinyin: str) -> tuple[str, ...]:
    """Syllables of free speech without hesitations."""
    names = pinyin.split()
    out: list[str] = []
    k = 0
    while k < len(names):
        if " ".join(names[k : k + 2]) in FILLERS:
            k += 2
        else:
            out += [] if names[k] in FILLERS else [names[k]]
            k += 1
    return tuple(out)
