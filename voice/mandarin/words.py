"""Word segmentation: neural voices need word boundaries, and Chinese is written without spaces."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from voice.mandarin.readings import LETTERS

LONGEST = 6
"""Longest word searched for, in characters."""

_RUN = re.compile("[\u3400-\u9fff]+|[0-9]+|[A-Za-z]+|.", re.DOTALL)
"""Characters without a reading become separate words; the reading step reports them."""


def words(text: str, known: Callable[[str], bool]) -> list[str]:
    """Segment a text: longest known words from the left; other characters in pairs, the foot of Mandarin prosody.

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
    """Pairs; the last three of an odd number of characters stay together."""
    out = [text[i : i + 2] for i in range(0, len(text), 2)]
    return [*out[:-2], out[-2] + out[-1]] if len(out) > 1 and len(out[-1]) == 1 else out


def in_words(text: str, syllables: Sequence[str], known: Callable[[str], bool]) -> list[list[str]]:
    """Syllables of ``text`` grouped by word; a single group if their number does not match the characters."""
    said = list(syllables)
    counts = [sum(len(LETTERS.get(c.upper(), ("",))) for c in w) for w in words(text, known)]
    if sum(counts) != len(said):
        return [said]
    out: list[list[str]] = []
    for n in counts:
        out.append(said[:n])
        said = said[n:]
    return out
