"""User language, and translation of messages into Chinese.

Code raises and prints in English with names filled in; here a message is matched to its template and translated for
readers of Chinese. Untranslated messages stay English: none is lost.
"""

from __future__ import annotations

import locale
import os
import re
from functools import lru_cache
from typing import Literal

from voice.chinese import MESSAGES

Language = Literal["zh", "en", ""]

VARIABLE = "HUYING_LANGUAGE"
"""``zh`` or ``en``: takes precedence over the locale."""

_HAN = re.compile(" [\u4e00-\u9fff][\u4e00-\u9fff, ]*(?=$|: |; |\\)| \\()")
"""Separates Chinese from English in a bilingual template."""


def language() -> Language:
    """Language of the terminal user: ``HUYING_LANGUAGE``, else the locale; empty if neither is supported."""
    named = (os.environ.get(VARIABLE), *(os.environ.get(k) for k in ("LC_ALL", "LC_MESSAGES", "LANG")))
    said = next((n for n in named if n), None) or locale.getlocale()[0] or ""
    low = said.lower()
    return "zh" if low.startswith(("zh", "chinese")) else "en" if low.startswith("en") else ""


def worded(message: str, english: bool) -> str:
    """A message in English or Chinese, line by line. Bilingual templates give each reader their half."""
    return "\n".join(_line(x, english) for x in message.split("\n"))


def _line(line: str, english: bool) -> str:
    for pattern, own, chinese in _templates():
        found = pattern.fullmatch(line)
        if found:
            return (own if english else chinese).format(*found.groups())
    where, arrow, fix = line.partition(" → ")
    if arrow:  # an error in a file: location, fault, correct form
        place, colon, what = where.partition(": ")
        told = f"{place}: {_line(what, english)}" if colon else _line(where, english)
        return f"{told} → {_line(fix, english)}"
    return line


@lru_cache(maxsize=1)
def _templates() -> list[tuple[re.Pattern[str], str, str]]:
    """Pattern, English, Chinese; those with most literal text first, as the most specific."""
    found = sorted(MESSAGES.items(), key=lambda kv: -len(kv[0].replace("{}", "")))
    return [(re.compile("(.*?)".join(map(re.escape, k.split("{}")))), _HAN.sub("", k), v) for k, v in found]
