"""Regional accents: which phone may replace which, and at what cost."""

from __future__ import annotations

from functools import cache

from voice.mandarin.phones import phone_set, split_syllable, with_tone

Phones = tuple[str, ...]

_RETROFLEX = (("zh", "z", 2.0), ("ch", "c", 2.0), ("sh", "s", 2.0))
_NASAL_FINALS = (("eng", "en", 1.5), ("ing", "in", 1.5), ("ang", "an", 3.0))

ACCENTS: dict[str, tuple[tuple[str, str, float], ...]] = {
    "standard": (),
    "zhongyuan": (*_RETROFLEX, ("n", "l", 3.0)),
    "north": (("r", "l", 4.0),),
    "south": (*_RETROFLEX, *_NASAL_FINALS, ("n", "l", 1.5), ("h", "f", 3.0), ("r", "l", 3.0)),
}
"""Name → pairs (phone, phone, cost), valid in both directions. Costs are graph units (natural log), estimated from
dialect descriptions and not yet measured on accented speakers."""


@cache
def variants(syllable: str, accent: str) -> tuple[tuple[Phones, float], ...]:
    """Pronunciations of a syllable (with or without tone) under an accent, with costs; the standard one first, at 0.

    At most one phone differs; the number of phones never changes.
    """
    bare = syllable.rstrip("12345")
    tone = syllable[len(bare) :]
    phones = split_syllable(bare)
    if phones is None:
        raise ValueError(f"{syllable!r} is not a Mandarin syllable")
    out: dict[Phones, float] = {phones: 0.0}
    for a, b, cost in ACCENTS[accent]:
        for x, y in ((a, b), (b, a)):
            if x in phones:
                other = tuple(y if p == x else p for p in phones)
                other = _apical(other)
                if other != phones and other not in out:
                    out[other] = cost
    return tuple((with_tone(p, tone), cost) for p, cost in out.items())


@cache
def states(syllable: str, accent: str) -> tuple[tuple[int, ...], ...]:
    """Pdfs allowed in each HMM state of a syllable: the standard one first, then those of the accent."""
    pdfs = phone_set().pdfs
    rows = [[p for phone in phones for p in pdfs[phone]] for phones, _ in variants(syllable, accent)]
    return tuple(tuple(dict.fromkeys(choice)) for choice in zip(*rows, strict=True))


def _apical(phones: Phones) -> Phones:
    """zhi with z is zi: the vowel follows the initial."""
    if len(phones) == 2 and phones[1] in ("ii", "iii"):
        return (phones[0], "ii" if phones[0] in ("z", "c", "s") else "iii")
    return phones
