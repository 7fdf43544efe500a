"""In which language the house speaks to the person in front of it, and its messages in Chinese.

Code raises and prints in English, with the names in place; here a message is recognised by its template and worded for
readers of Chinese. What nobody has worded stays English: a message is never lost.
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
"""``zh`` or ``en``: goes before the locale."""

_HAN = re.compile(" [\u4e00-\u9fff][\u4e00-\u9fff, ]*(?=$|: |; |\\)| \\()")
"""Chinese behind the English words of a template."""


def language() -> Language:
    """Of the person at the terminal: ``HUYING_LANGUAGE``, else the locale; empty where neither names one of ours."""
    named = (os.environ.get(VARIABLE), *(os.environ.get(k) for k in ("LC_ALL", "LC_MESSAGES", "LANG")))
    said = next((n for n in named if n), None) or locale.getlocale()[0] or ""
    low = said.lower()
    return "zh" if low.startswith(("zh", "chinese")) else "en" if low.startswith("en") else ""


def worded(message: str, english: bool) -> str:
    """A message for readers of English or Chinese, line by line. Templates may hold both: each reader gets his half."""
    return "\n".join(_line(x, english) for x in message.split("\n"))


def _line(line: str, english: bool) -> str:
    for pattern, own, chinese in _templates():
        found = pattern.fullmatch(line)
        if found:
            return (own if english else chinese).format(*found.groups())
    where, arrow, fix = line.partition(" → ")
    if arrow:  # a mistake in a file: where, what is wrong, how to write it
        place, colon, what = where.partition(": ")
        told = f"{place}: {_line(what, english)}" if colon else _line(where, english)
        return f"{told} → {_line(fix, english)}"
    return line


@lru_cache(maxsize=1)
def _templates() -> list[tuple[re.Pattern[str], str, str]]:
    """Pattern, English, Chinese; those with the most words of their own first: they say most exactly what is meant."""
    found = sorted(MESSAGES.items(), key=lambda kv: -len(kv[0].replace("{}", "")))
    return [(re.compile("(.*?)".join(map(re.escape, k.split("{}")))), _HAN.sub("", k), v) for k, v in found]
