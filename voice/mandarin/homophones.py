"""Characters that are read as we want them, for a voice that takes nothing but text (SAPI5)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

MARKS = frozenset(",.?! ")
"""Between syllables."""

SANDHI = "一不"
"""Change their tone by themselves in speech: every voice knows that."""

LEVEL_1 = range(0xB0, 0xD8)
"""First bytes of the 3,755 commonest characters of GB 2312-80."""


def as_characters(text: str, syllables: Sequence[str]) -> str:
    """``text`` with those characters replaced that would be read otherwise than ``syllables`` say: 祭城 (zha4 cheng2) →
    榨城. Where figures or letters stand in it, all of it is written in characters of one reading: 119 → 邀邀九. A
    syllable that no such character has leaves the text as it is."""
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
    """How a voice will read it by itself, toned."""
    from pypinyin import Style, lazy_pinyin

    return lazy_pinyin(text, style=Style.TONE3, neutral_tone_with_five=True)


def _instead(character: str, wanted: str, usual: str) -> str:
    if wanted == usual or character in SANDHI or (wanted.endswith("5") and wanted[:-1] == usual[:-1]):
        return character
    return homophones().get(wanted, character)


@lru_cache(maxsize=1)
def homophones() -> dict[str, str]:
    """Toned syllable → a common character that has this reading alone, or has it first. ``ei1`` is a letter."""
    from pypinyin import Style, pinyin

    common = [bytes((a, b)).decode("gb2312", "ignore") for a in LEVEL_1 for b in range(0xA1, 0xFF)]
    alone: dict[str, str] = {}
    first: dict[str, str] = {"ei1": "A"}
    for c in filter(None, common):
        readings = pinyin(c, style=Style.TONE3, heteronym=True, neutral_tone_with_five=True)[0]
        (alone if len(readings) == 1 else first).setdefault(readings[0], c)
    return first | alone
