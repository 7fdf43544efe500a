"""How a tone-numbered pinyin syllable must be spelled for espeak-ng's ``cmn-latn-pinyin`` voice.

espeak-ng 1.52 reads the syllables jiong, qiong and xiong as English letters; ``jong`` gives the right
sound. It takes ü as ``v``. (Found by asking it for the phonemes of all 419 syllables.)
"""

from __future__ import annotations

from collections.abc import Sequence

PAUSE = ","
"""Stands between syllables where the voice should pause."""


def espeak_syllable(toned: str) -> str:
    """``"xiong2"`` → ``"xong2"``, ``"lü4"`` → ``"lv4"``; others unchanged."""
    s = toned.replace("ü", "v")
    return s[0] + s[2:] if s[:-1] in ("jiong", "qiong", "xiong") else s


def espeak_text(syllables: Sequence[str]) -> str:
    """A row of toned syllables and ``PAUSE`` marks as espeak-ng should get it."""
    return " ".join(s if s == PAUSE else espeak_syllable(s) for s in syllables).replace(" ,", ",")
