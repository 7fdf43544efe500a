"""Who probably spoke, judging by the voice: the weakest evidence, a guess for people. Pure.

It is asked only where words, radio and turn leave the speaker open. It picks between two doubtful entries, or names a
unit beside one; what it says asks for review, answers nothing, and is never obeyed.
"""

from __future__ import annotations

from collections.abc import Collection

CONTROL = "control"
"""Net control, among ids of units."""

ALIKE = 0.6
"""Least likeness of an over to the voice of a speaker: few other people reach it."""

AHEAD = 0.2
"""Least distance to the next voice. Both chosen on the recipe's tuning speakers: docs/training-log.md."""

Likeness = tuple[tuple[str, float], ...]
"""(unit or CONTROL, likeness -1..1) of every voice that is known."""


def probable(voices: Likeness, candidates: Collection[str]) -> str:
    """One of the candidates, if the over is more like its voice than like any other that is known; else empty. Also
    empty while the voice of a candidate is not known: it may be that one."""
    ranked = sorted(voices, key=lambda v: -v[1])
    if not ranked or not set(candidates) <= {who for who, _ in voices}:
        return ""
    best, likeness = ranked[0]
    ahead = likeness - ranked[1][1] if len(ranked) > 1 else 2.0
    return best if best in candidates and likeness >= ALIKE and ahead >= AHEAD else ""


def guess_in_words(probably: str) -> str:
    """For an event's detail."""
    who = "net control" if probably == CONTROL else f"unit {probably}"
    return f"by its voice probably {who}" if probably else ""
