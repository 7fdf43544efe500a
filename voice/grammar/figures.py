"""Figures in free speech: rows of digits, and times of day. What a readback must repeat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

LEAST_DIGITS = 3
"""So many digits in a row are a figure: a plate, a channel, a number of persons spoken out."""

_NUMBERS = {
    "ling": 0, "dong": 0, "yi": 1, "yao": 1, "er": 2, "liang": 2, "san": 3, "si": 4, "wu": 5, "liu": 6, "qi": 7,
    "guai": 7, "ba": 8, "jiu": 9, "gou": 9,
}  # fmt: skip
_OCLOCK = "dian"


def figures(syllables: Sequence[str], digits: Mapping[str, str]) -> tuple[str, ...]:
    """``san wu qi jiu`` → ``3579``; ``shi dian san shi fen`` → ``10:30``. ``digits``: toneless syllable → digit."""
    row = "".join(digits.get(s, " ") for s in syllables)
    return (*(run for run in row.split() if len(run) >= LEAST_DIGITS), *_times(syllables))


def _times(syllables: Sequence[str]) -> list[str]:
    out = []
    for k, s in enumerate(syllables):
        if s != _OCLOCK:
            continue
        hours = next((h for n in (3, 2, 1) if n <= k and (h := _number(syllables[k - n : k])) is not None), None)
        if hours is None or hours > 24:
            continue
        out.append(f"{hours}:{_minutes(syllables[k + 1 : k + 5]):02d}")
    return out


def _minutes(after: Sequence[str]) -> int:
    after = list(after)
    if after[:1] == ["ban"]:
        return 30
    if after and after[0] == "ling" and len(after) > 1 and after[1] in _NUMBERS:
        return _NUMBERS[after[1]]
    for n in (3, 2, 1):
        minutes = _number(after[:n]) if len(after) >= n else None
        if minutes is not None and minutes < 60 and (n > 1 or after[n : n + 1] == ["fen"]):
            return minutes
    return 0


def _number(row: Sequence[str]) -> int | None:
    """0 to 99 as it is spoken: ``er shi wu`` is 25, ``shi`` is 10; None for what is no number."""
    match list(row):
        case ["shi"]:
            return 10
        case [d] if d in _NUMBERS:
            return _NUMBERS[d]
        case ["shi", d] if _NUMBERS.get(d):
            return 10 + _NUMBERS[d]
        case [d, "shi"] if _NUMBERS.get(d):
            return 10 * _NUMBERS[d]
        case [a, "shi", b] if _NUMBERS.get(a) and _NUMBERS.get(b):
            return 10 * _NUMBERS[a] + _NUMBERS[b]
    return None
