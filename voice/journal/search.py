"""Search: by characters, by pinyin, by the initials that people type (``jgsq`` finds 贾岗社区)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from voice.journal.lines import Line


def matcher(words: str, name_of: Callable[[str | None], str]) -> Callable[[Line], bool]:
    """Whether a line contains ``words``: in its text, its unit's name, its pinyin, or the initials of the pinyin."""
    wanted = words.strip().lower()
    letters = re.sub(r"[^a-z]", "", wanted)

    def matches(line: Line) -> bool:
        if not wanted:
            return True
        name = name_of(line["unit"])
        if wanted in (line["text"] or "").lower() or wanted in name.lower() or wanted == (line["unit"] or ""):
            return True
        if not letters or not wanted.isascii():
            return False
        rows = [line["pinyin"] or "", _pinyin(name)]
        return any(
            letters in "".join(row.split()) or letters in "".join(s[0] for s in row.split())
            for row in (re.sub(r"[0-9\[\]]", "", r) for r in rows) if row
        )  # fmt: skip

    return matches


def find(lines: Iterable[Line], words: str, name_of: Callable[[str | None], str]) -> Iterator[Line]:
    """The lines that match."""
    return filter(matcher(words, name_of), lines)


_names: dict[str, str] = {}


def _pinyin(name: str) -> str:
    if name not in _names:
        from pypinyin import lazy_pinyin

        _names[name] = " ".join(s for s in lazy_pinyin(name) if s.isascii())
    return _names[name]
