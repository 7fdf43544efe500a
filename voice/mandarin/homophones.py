"""Replaces characters by homophones, for a voice that accepts only text (SAPI5)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

MARKS = frozenset(",.?! ")
"""Separator of syllables."""

SANDHI = "一不"
"""Characters with tone sandhi, which every voice applies itself."""

LEVEL_1 = range(0xB0, 0xD8)
"""First bytes of the 3,755 most common characters of GB 2312-80."""


def as_characters(text: str, syllables: Sequence[str]) -> str:
    """``text`` with characters replaced whose default reading differs from ``syllables``: 祭城 (zha4 cheng2) → 榨城.
    If it contains digits or letters, all of it is written in characters with a single reading: 119 → 邀邀九. If a
    syllable has no such character, the text is unchanged."""
    sounds = [s for s in syllables if s not in MARKS]
    plain = [c for c in text if _is_han(c)]
    if len(plain) == len(sounds) and not any(c.isascii() and c.isalnum() for c in text):
        said = iter(zip(sounds, _usual("".join(plain)), strict=True))
        return "".join(_instead(c, *next(said)) if _is_han(c) else c for c in text)
    written = ["," if s in ",.?!" else "" if s == " " else homophones().get(s, "") for s in syllables]
    missing = any(not w for w, s in zip(written, syllables, strict=True) if s not in MARKS)
    return text if missing else "".join(written)


def _is_han(character: str) -> bool:
    return "\u3400" <= character <= "\u9fff"


def _usual(text: str) -> list[str]:
    """Default reading of a voice, toned."""
    from pypinyin import Style, lazy_pinyin

    return lazy_pinyin(text, style=Style.TONE3, neutral_tone_with_five=True)


def _instead(character: str, wanted: str, usual: str) -> str:
    if wanted == usual or character in SANDHI or (wanted.endswith("5") and wanted[:-1] == usual[:-1]):
        return character
    return homophones().get(wanted, character)


@lru_cache(maxsize=1)
def homophones() -> dict[str, str]:
    """Toned syllable → a common character with only this reading, or with this one first. ``ei1`` is a letter."""
    from pypinyin import Style, pinyin

    common = [bytes((a, b)).decode("gb2312", "ignore") for a in LEVEL_1 for b in range(0xA1, 0xFF)]
    alone: dict[str, str] = {}
    first: dict[str, str] = {"ei1": "A"}
    for c in filter(None, common):
        readings = pinyin(c, style=Style.TONE3, heteronym=True, neutral_tone_with_five=True)[0]
        (alone if len(readings) == 1 else first).setdefault(readings[0], c)
    return first | alone
