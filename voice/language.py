"""Language of the terminal, and the words of messages in it.

One rule for everything that a command prints or writes: Chinese where ``HUYING_LANGUAGE`` or else the locale is
Chinese, English everywhere else, also where no locale is set (``C``, a service, cron).

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

Language = Literal["zh", "en"]

VARIABLE = "HUYING_LANGUAGE"
"""``zh`` or ``en``: takes precedence over the locale."""

_COUNTED = re.compile(
    r"(?<![\w.,:–-])1 ((?:call|new|confirmed|synthetic) )?"
    r"(answer|block|byte|carrier|channel|character|clip|console|core|datagram|event|figure|file|hold|hour|kill|minute|"
    r"mistake|notice|over|pair|phoneme|recording|request|round|row|sample|screen|sentence|session|sign|station|syllable|"
    r"time|unit|utterance|voice|word|worker)s\b( on the roster)?(?: (were|are|have|come|run|sound|survive|wait)\b)?"
)
"""One of something, as a template for any number says it: “1 overs were”. What a new message counts belongs here."""

_SINGULAR = {"were": "was", "are": "is", "have": "has"}

_HAN = re.compile(" [\u4e00-\u9fff][\u4e00-\u9fff, ]*(?=$|\\?|: |; |\\)| \\()")
"""Separates Chinese from English in a bilingual template."""


def language() -> Language:
    """Language of the terminal's user, by the rule above."""
    named = (os.environ.get(VARIABLE), *(os.environ.get(k) for k in ("LC_ALL", "LC_MESSAGES", "LANG")))
    said = next((n for n in named if n), None) or locale.getlocale()[0] or ""
    return "zh" if said.lower().startswith(("zh", "chinese")) else "en"


def worded(message: str, english: bool) -> str:
    """A message in English or Chinese, line by line. Bilingual templates give each reader their half."""
    told = "\n".join(_line(x, english) for x in message.split("\n"))
    return singular(told) if english else told


def singular(message: str) -> str:
    """The English message with “1 over” for “1 overs”: one template serves any number. Nouns that ``_COUNTED`` does not
    list stay as they are: “1 gas”."""

    def one(found: re.Match[str]) -> str:
        before, noun, place, verb = found.groups(default="")
        verb = verb and f" {_SINGULAR.get(verb, verb + 's')}"
        return f"1 {before}{noun}{place}{verb}"

    return _COUNTED.sub(one, message)


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
