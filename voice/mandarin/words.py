"""Where words begin and end in a clause: a neural voice speaks in words, and Chinese is written without blanks."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from voice.mandarin.readings import LETTERS

LONGEST = 6
"""Characters of the longest word that is looked for."""

_RUN = re.compile("[\u3400-\u9fff]+|[0-9]+|[A-Za-z]+|.", re.DOTALL)
"""What has no reading is a word of its own: it is told where it is read."""


def words(text: str, known: Callable[[str], bool]) -> list[str]:
    """The longest known words from the left; what lies between goes in pairs, as Mandarin's feet do.

    >>> words("贾岗社区治安队", {"社区", "治安队"}.__contains__)
    ['贾岗', '社区', '治安队']
    """
    out: list[str] = []
    for run in _RUN.findall(text):
        if not "\u3400" <= run[0] <= "\u9fff":
            out.append(run)
            continue
        between = ""
        while run:
            n = next((k for k in range(min(LONGEST, len(run)), 1, -1) if known(run[:k])), 0)
            if not n:
                between, run = between + run[0], run[1:]
                continue
            out += [*_feet(between), run[:n]]
            between, run = "", run[n:]
        out += _feet(between)
    return out


def _feet(text: str) -> list[str]:
    """Pairs; three left over stay together."""
    out = [text[i : i + 2] for i in range(0, len(text), 2)]
    return [*out[:-2], out[-2] + out[-1]] if len(out) > 1 and len(out[-1]) == 1 else out


def in_words(text: str, syllables: Sequence[str], known: Callable[[str], bool]) -> list[list[str]]:
    """The syllables of ``text`` word by word; all as one word where they do not count as the characters do."""
    said = list(syllables)
    counts = [sum(len(LETTERS.get(c.upper(), ("",))) for c in w) for w in words(text, known)]
    if sum(counts) != len(said):
        return [said]
    out: list[list[str]] = []
    for n in counts:
        out.append(said[:n])
        said = said[n:]
    return out
