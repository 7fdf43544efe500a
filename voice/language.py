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

from voice.chinese import COLUMNS, MESSAGES, SYSTEM

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


def translated(line: str, english: bool) -> str | None:
    """A message of the program in English or Chinese; None if it is none."""
    for t in _templates():
        if (values := t.values(line)) is not None:
            # a cause quoted within a message is a message itself
            return t.filled([_line(v, english) for v in values], english)
    return None


def heading(text: str, english: bool) -> str:
    """Heading of a table: in our words, or one half of “event 事件”."""
    before, _, chinese = text.partition(" ")
    if text in COLUMNS:
        return _HAN.sub("", text) if english else COLUMNS[text]
    both = before.isascii() and _HAN.fullmatch(f" {chinese}")
    return text if not both else before if english else chinese


def _line(line: str, english: bool) -> str:
    if (told := translated(line, english)) is not None:
        return told
    for joint in (" → ", ": ", "; "):  # in a file: location, fault, correct form; or several faults
        before, found, after = line.partition(joint)
        if found:
            told = f"{_line(before, english)}{joint}{_line(after, english)}"
            if told != line:
                return told
    return line


class _Template:
    """A message with holes, in English and in Chinese."""

    def __init__(self, key: str, chinese: str) -> None:
        self._parts, self._english, self._chinese = key.split("{}"), _HAN.sub("", key), chinese
        self._pattern: re.Pattern[str] | None = None

    def values(self, line: str) -> tuple[str, ...] | None:
        """What fills the holes; None for another message."""
        if not (line.startswith(self._parts[0]) and line.endswith(self._parts[-1])):
            return None
        if not all(part in line for part in self._parts):
            return None
        self._pattern = self._pattern or re.compile("(.*?)".join(map(re.escape, self._parts)))
        found = self._pattern.fullmatch(line)
        return found.groups() if found else None

    def filled(self, values: list[str], english: bool) -> str:
        """The words of one language."""
        if not english:
            return re.sub(r"\{(\d)\}", lambda m: values[int(m[1])], self._chinese)
        left = iter(values)
        return re.sub(r"\{\}", lambda _m: next(left, ""), self._english)


@lru_cache(maxsize=1)
def _templates() -> list[_Template]:
    """Those with most literal text first, as the most specific."""
    every = {**SYSTEM, **MESSAGES}
    return [_Template(k, v) for k, v in sorted(every.items(), key=lambda kv: -len(kv[0].replace("{}", "")))]
