"""Acoustic similarity of two syllables or phrases over a radio: 0 identical, 1 completely different."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from voice.mandarin.phones import split_syllable

_NEAR = {
    frozenset(p): c
    for p, c in {
        ("zh", "z"): 0.25,
        ("ch", "c"): 0.25,
        ("sh", "s"): 0.25,
        ("n", "l"): 0.3,
        ("h", "f"): 0.4,
        ("r", "l"): 0.5,
        ("b", "p"): 0.4,
        ("d", "t"): 0.4,
        ("g", "k"): 0.4,
        ("j", "q"): 0.4,
        ("zh", "ch"): 0.4,
        ("z", "c"): 0.4,
        ("j", "zh"): 0.5,
        ("q", "ch"): 0.5,
        ("x", "sh"): 0.5,
        ("x", "s"): 0.6,
        ("d", "g"): 0.6,
        ("b", "d"): 0.6,
        ("t", "k"): 0.6,
        ("p", "t"): 0.6,
        ("m", "n"): 0.5,
        ("h", "k"): 0.6,
        ("f", "p"): 0.6,
        ("an", "ang"): 0.3,
        ("en", "eng"): 0.25,
        ("in", "ing"): 0.2,
        ("uan", "uang"): 0.3,
        ("ian", "iang"): 0.4,
        ("ong", "eng"): 0.5,
        ("o", "uo"): 0.1,
        ("e", "o"): 0.4,
        ("ei", "uei"): 0.4,
        ("ou", "uo"): 0.5,
        ("ao", "ou"): 0.5,
        ("ai", "ei"): 0.5,
        ("en", "uen"): 0.4,
        ("an", "uan"): 0.4,
        ("ang", "uang"): 0.4,
        ("ii", "iii"): 0.1,
        ("ii", "e"): 0.5,
        ("iii", "e"): 0.5,
        ("i", "v"): 0.4,
        ("ie", "ve"): 0.4,
        ("ian", "van"): 0.4,
        ("in", "vn"): 0.4,
        ("ie", "ian"): 0.5,
        ("u", "ou"): 0.6,
        ("iao", "iou"): 0.5,
        ("ong", "iong"): 0.4,
        ("ing", "eng"): 0.5,
        ("a", "ia"): 0.4,
        ("a", "ua"): 0.4,
        ("en", "an"): 0.5,
        ("eng", "ang"): 0.5,
        ("ong", "ueng"): 0.2,
        ("vn", "iong"): 0.5,
    }.items()
}
"""Confusable pairs of initials and of finals; all others are 1. Set by ear and by dialect."""


@cache
def syllable_distance(a: str, b: str) -> float:
    """Toneless syllables, 0..1: the mean of initial and final."""
    if a == b:
        return 0.0
    pa, pb = split_syllable(a), split_syllable(b)
    if pa is None or pb is None:
        return 1.0
    ia, fa = pa if len(pa) == 2 else ("", pa[0])
    ib, fb = pb if len(pb) == 2 else ("", pb[0])
    initial = 0.0 if ia == ib else _NEAR.get(frozenset((ia, ib)), 0.6 if not ia or not ib else 1.0)
    final = 0.0 if fa == fb else _NEAR.get(frozenset((fa, fb)), 1.0)
    return 0.45 * initial + 0.55 * final


GAP = 0.75
"""Cost of an inserted or deleted syllable."""


def phrase_distance(a: Sequence[str], b: Sequence[str]) -> float:
    """``phrase_cost`` divided by the greater length: 0 identical, 1 completely different."""
    return phrase_cost(a, b) / max(len(a), len(b), 1)


def phrase_cost(a: Sequence[str], b: Sequence[str]) -> float:
    """Edit distance of toneless syllable sequences with graded substitutions, in syllables."""
    row = [j * GAP for j in range(len(b) + 1)]
    for i, x in enumerate(a, 1):
        before, row = row, [i * GAP]
        for j, y in enumerate(b, 1):
            row.append(min(before[j - 1] + syllable_distance(x, y), before[j] + GAP, row[j - 1] + GAP))
    return row[-1]
