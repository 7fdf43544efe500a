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

_TAIL = re.compile("(?<=[\u0021-\u007e”]) [\u4e00-\u9fff][\u4e00-\u9fff, ]*$")
"""Chinese behind an English message."""


def language() -> Language:
    """Of the person at the terminal: ``HUYING_LANGUAGE``, else the locale; empty where neither names one of ours."""
    named = (os.environ.get(VARIABLE), *(os.environ.get(k) for k in ("LC_ALL", "LC_MESSAGES", "LANG")))
    said = next((n for n in named if n), None) or locale.getlocale()[0] or ""
    low = said.lower()
    return "zh" if low.startswith(("zh", "chinese")) else "en" if low.startswith("en") else ""


def worded(message: str, english: bool) -> str:
    """A message for readers of English or Chinese, line by line."""
    return "\n".join(_english(x) if english else _chinese(x) for x in message.split("\n"))


def _english(line: str) -> str:
    return _TAIL.sub("", line)


def _chinese(line: str) -> str:
    for pattern, chinese in _templates():
        found = pattern.fullmatch(line)
        if found:
            return chinese.format(*found.groups())
    where, arrow, fix = line.partition(" → ")
    if arrow:  # a mistake in a file: where, what is wrong, how to write it
        place, _, what = where.partition(": ")
        told, mend = _chinese(what) if what else _chinese(where), _chinese(fix)
        return f"{place + ': ' if what else ''}{told} → {mend}"
    tail = _TAIL.search(line)
    return tail.group().strip() if tail else line


@lru_cache(maxsize=1)
def _templates() -> list[tuple[re.Pattern[str], str]]:
    """Those with the most words of their own first: they say most exactly what is meant."""
    found = sorted(MESSAGES.items(), key=lambda kv: -len(kv[0].replace("{}", "")))
    return [(re.compile("(.*?)".join(map(re.escape, k.split("{}")))), v) for k, v in found]
