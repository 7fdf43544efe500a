"""What stands beside an item in the same breath: syllables up to the next pause. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from voice.grammar.message import Item
from voice.grammar.naming import PAUSE_S


def said_before(items: Sequence[Item], at: int) -> list[str]:
    """Syllables directly before an item, without a pause between them."""
    first = at
    while first and close_to(items, first):
        first -= 1
    return syllables(items[first:at])


def said_behind(items: Sequence[Item], at: int) -> list[str]:
    """Syllables directly behind an item, without a pause between them."""
    return syllables(items[at + 1 : clause_end(items, at)])


def clause_end(items: Sequence[Item], at: int) -> int:
    """Where a pause follows item ``at``, or the over ends."""
    return next((k for k in range(at + 1, len(items)) if not close_to(items, k)), len(items))


def close_to(items: Sequence[Item], k: int) -> bool:
    """No pause before item ``k``."""
    return items[k].start - items[k - 1].end < PAUSE_S


def syllables(items: Sequence[Item]) -> list[str]:
    """Toneless syllables."""
    return [s.rstrip("12345") for i in items for s in i.pinyin.split()]
