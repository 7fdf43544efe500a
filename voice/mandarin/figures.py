"""Figures in free speech: digit strings and times of day that a readback must repeat."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

LEAST_DIGITS = 3
"""Fewest consecutive digits of a figure: a plate, a channel, a number of persons read out."""

PLATE_DIGITS = 4
"""Fewest behind a plate's letter."""

WHOLE_PLATE = 5
"""All of them."""

PROVINCES = (
    "yu", "jing", "jin", "hu", "ji", "liao", "hei", "su", "zhe", "wan", "min", "gan", "lu", "e", "xiang", "yue", "gui",
    "qiong", "chuan", "qian", "yun", "zang", "shan", "qing", "ning", "xin", "meng",
)  # fmt: skip
"""豫, 京, 津, … at the beginning of a plate. Some sound alike (豫, 渝), so they are no part of a figure."""

LETTERS = {"ei": "A", "bi": "B", "xi": "C", "di": "D", "yi": "E", "ji": "G"}
"""Those of a plate that are a single Mandarin syllable."""

DOUBT = "?"
"""Behind a figure that may be only a part of what was said, or misheard."""

_OCLOCK = "dian"

BEFORE: dict[tuple[str, ...], str] = {("pin", "dao"): "频道{}", ("xin", "dao"): "信道{}"}
"""Nouns before their number, or behind it: 频道三, 三频道."""

COUNTING = ("you", "di", "zhe")
"""有两点, 第三点, 这两点: points, no time of day."""

A_LITTLE = ("kuai", "man", "wan", "zao", "cha", "da", "xiao", "duo", "shao", "yuan", "xin", *COUNTING)
"""快一点, 晚一点, 小心一点, 有一点: a little."""

NIGHT = ("jin", "ming", "zuo", "dang")
"""今晚一点 is a time of day."""

QUARTERS = {"yi": 15, "san": 45}
"""一刻, 三刻."""

BEHIND: dict[tuple[str, ...], str] = {
    ("hao", "lou"): "{}号楼", ("dan", "yuan"): "{}单元", ("ge", "ren"): "{}人", ("ming",): "{}人",
    ("liang", "che"): "{}辆车", ("hao", "men"): "{}号门",
}  # fmt: skip
"""Nouns after their number."""


def plainly(some: Sequence[str]) -> tuple[str, ...]:
    """Figures without the mark of doubt."""
    return tuple(f.removesuffix(DOUBT) for f in some)


def sort_of(figure: str) -> str:
    """Only figures of the same sort are compared: times, digit strings, channels, …; places are one sort."""
    if any(c.isdigit() for c in figure):
        return re.sub(r"[0-9]+", "0", _unlettered(figure.removesuffix(DOUBT)))
    return "place"


def agree(said: Sequence[str], given: Sequence[str]) -> bool:
    """Every figure said was given; 22:30 may be read back as 10:30, and a plate without its letter."""
    known = [_in_words(f) for f in plainly(given)]
    return all(any(_alike(_in_words(f), k) for k in known) for f in plainly(said))


def _alike(said: str, given: str) -> bool:
    bare = _unlettered(said), _unlettered(given)
    return said == given or (bare[0] == bare[1] and (said == bare[0] or given == bare[1]))


def _unlettered(figure: str) -> str:
    """The digits of a plate: its letter is easily lost on the air."""
    return figure[1:] if figure[:1] in LETTERS.values() else figure


def _in_words(figure: str) -> str:
    """A time of day as people tell it, by twelve hours."""
    hours, colon, minutes = figure.partition(":")
    return f"{int(hours) % 12}:{minutes}" if colon and hours.isdigit() else figure


def figures(syllables: Sequence[str], digits: Mapping[str, str]) -> tuple[str, ...]:
    """``san wu qi jiu`` → ``3579``; ``yu ei san wu qi jiu`` → ``A3579``; ``shi dian san shi fen`` → ``10:30``.
    ``digits``: toneless syllable → digit."""
    row = "".join(digits.get(s, " ") for s in syllables)
    numbers = {s: int(d) for s, d in digits.items()}
    runs = [(m.start(), m[0]) for m in re.finditer(r"\S+", row) if len(m[0]) >= LEAST_DIGITS]
    return (*(_plate(syllables, k, run) for k, run in runs), *_times(syllables, numbers), *_counted(syllables, numbers))


def _plate(syllables: Sequence[str], at: int, run: str) -> str:
    """The digits there, with the letter of a plate before them. 一 is E where a plate's five digits follow it."""
    before = ("", "", *syllables[:at])
    if before[-1] in PROVINCES and syllables[at] == "yi" and len(run) > WHOLE_PLATE:
        return LETTERS["yi"] + run[1:]
    lettered = before[-2] in PROVINCES and before[-1] in LETTERS and len(run) >= PLATE_DIGITS
    return LETTERS[before[-1]] + run if lettered else run


def _counted(syllables: Sequence[str], digits: Mapping[str, int]) -> list[str]:
    """``pin dao san`` → ``频道3``; ``san hao lou`` → ``3号楼``; ``liu yue wu hao`` → ``6月5日``."""
    out: list[str] = []
    said = list(syllables)
    for words, form in BEFORE.items():
        for k in _places(said, words):
            after = k + len(words)
            found = next((n for m in (3, 2, 1) if (n := _number(said[after : after + m], digits)) is not None), None)
            found = _ending(said[:k], digits) if found is None else found
            out += [form.format(found)] if found is not None else []
    for words, form in BEHIND.items():
        for k in _places(said, words):
            found = _ending(said[:k], digits)
            out += [form.format(found)] if found is not None else []
    for k in _places(said, ("yue",)):
        month = next((n for m in (2, 1) if m <= k and (n := _number(said[k - m : k], digits)) is not None), None)
        for m in (3, 2, 1):
            day = _number(said[k + 1 : k + 1 + m], digits)
            if month is not None and day is not None and said[k + 1 + m : k + 2 + m] in (["hao"], ["ri"]):
                out.append(f"{month}月{day}日")
                break
    return out


def _ending(said: Sequence[str], digits: Mapping[str, int]) -> int | None:
    """The number at the end."""
    found = (_number(said[-m:], digits) for m in (3, 2, 1) if m <= len(said))
    return next((n for n in found if n is not None), None)


def _places(said: Sequence[str], words: tuple[str, ...]) -> list[int]:
    return [k for k in range(len(said) - len(words) + 1) if tuple(said[k : k + len(words)]) == words]


def _times(syllables: Sequence[str], digits: Mapping[str, int]) -> list[str]:
    out = []
    for k, s in enumerate(syllables):
        if s != _OCLOCK:
            continue
        read = (_number(syllables[k - n : k], digits) for n in (3, 2, 1) if n <= k)
        hours = next((h for h in read if h is not None), None)
        if hours is None or hours > 24:
            continue
        minutes = _minutes(list(syllables[k + 1 : k + 5]), digits)
        if not minutes and _a_little(syllables[max(0, k - 3) : k]):
            continue
        out.append(f"{hours}:{minutes:02d}")
    return out


def _a_little(before: Sequence[str]) -> bool:
    """What stands before 点 counts points, or is the 一 of 一点."""
    *earlier, lead, number = ("", "", *before)
    if lead == "wan" and earlier[-1] in NIGHT:
        return False
    return lead in (A_LITTLE if number == "yi" else COUNTING)


def _minutes(after: list[str], digits: Mapping[str, int]) -> int:
    """Minutes after 点."""
    if after[:1] == ["ban"]:
        return 30
    if after[1:2] == ["ke"] and after[0] in QUARTERS:
        return QUARTERS[after[0]]
    if after and after[0] == "ling" and len(after) > 1 and after[1] in digits:
        return digits[after[1]]
    for n in (3, 2, 1):
        minutes = _number(after[:n], digits) if len(after) >= n else None
        if minutes is not None and minutes < 60 and (n > 1 or after[n : n + 1] == ["fen"]):
            return minutes
    return 0


def _number(row: Sequence[str], digits: Mapping[str, int]) -> int | None:
    """0 to 99 as spoken: ``er shi wu`` is 25, ``shi`` is 10; None if it is not a number."""
    match list(row):
        case ["shi"]:
            return 10
        case [d] if d in digits:
            return digits[d]
        case ["shi", d] if digits.get(d):
            return 10 + digits[d]
        case [d, "shi"] if digits.get(d):
            return 10 * digits[d]
        case [a, "shi", b] if digits.get(a) and digits.get(b):
            return 10 * digits[a] + digits[b]
    return None
