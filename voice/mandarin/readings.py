"""How Chinese text is read aloud: one table for hearing and for speaking.

A reading is a row of places; a place offers one or more toned syllables, the first of which is the
one that is spoken. ``贾岗3号`` has two readings: digits one by one (with 洞幺两拐勾 beside 零一二七九)
and, for numbers of two digits and more, the cardinal number too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice, product
from pathlib import Path

from voice.errors import Problem, lines_of
from voice.mandarin.phones import split_syllable

Place = tuple[str, ...]
"""Toned syllables that may stand in one place, the spoken one first."""

Reading = tuple[Place, ...]

DIGITS = "0123456789"

MOST_READINGS = 16
"""Of one text. Twenty words with two readings each have a million together; nobody means them all."""

LETTERS: dict[str, tuple[str, ...]] = {
    "A": ("ei1",), "B": ("bi4",), "C": ("xi1",), "D": ("di4",), "E": ("yi4",), "F": ("ai2", "fu5"),
    "G": ("ji4",), "H": ("ai2", "chi5"), "I": ("ai4",), "J": ("zhei4",), "K": ("kei4",),
    "L": ("ai2", "lou5"), "M": ("ai2", "mu5"), "N": ("en1",), "O": ("ou1",), "P": ("pi4",),
    "Q": ("kiu4",), "R": ("a4",), "S": ("ai2", "si5"), "T": ("ti4",), "U": ("you1",), "V": ("wei1",),
    "W": ("da2", "bu5", "liu5"), "X": ("ai2", "ke5", "si5"), "Y": ("wai4",), "Z": ("zei4",),
}  # fmt: skip
"""The letters as they are said in Mandarin. Q has no Mandarin syllable and is said kou."""
LETTERS["Q"] = ("kou1",)

_HAN = re.compile("[\u3400-\u9fff\U00020000-\U0002ffff]+")
PAUSE = re.compile(r"[\s,，.。、;；:：!！?？…·\-—()（）《》“”\"']+")
_PINYIN = re.compile(r"[a-zü:]+[1-5]")


class CannotBeRead(ValueError):
    """A character that nobody can say on the air (emoji, for example)."""

    def __init__(self, text: str, char: str) -> None:
        self.char = char
        super().__init__(f"“{text}” contains “{char}”, which has no reading")


@dataclass(frozen=True, slots=True)
class ReadingsTable:
    """Local readings that dictionaries get wrong, and the readers built on them."""

    words: dict[str, tuple[tuple[str, ...], ...]]
    """Word or digit → readings, each a row of toned syllables; the first is spoken, all are understood."""

    spoken_nine: str = "jiu3"
    """What the synthesiser says for 9: ``jiu3`` or ``gou1``."""

    def read(self, text: str) -> list[Reading]:
        """Up to MOST_READINGS of ``text``, the spoken one first, and the same with erhua. Time and memory grow with the
        text, not with the number of its readings. Raises CannotBeRead."""
        parts: list[list[Reading]] = []
        for chunk in self._chunks(text):
            parts += self._read_chunk(text, chunk)
        if not parts:
            raise CannotBeRead(text, text)
        readings = [tuple(p for part in choice for p in part) for choice in islice(product(*parts), MOST_READINGS)]
        erhua = [_without_er(r) for r in readings]
        return list(dict.fromkeys(readings + [r for r in erhua if r is not None]))

    def spoken(self, text: str) -> list[str]:
        """Toned syllables as the synthesiser should say them."""
        return [place[0] for place in self.read(text)[0]]

    def _chunks(self, text: str) -> list[str]:
        out: list[str] = []
        for part in PAUSE.split(text):
            i = 0
            while i < len(part):
                m = _HAN.match(part, i) or re.compile(r"[0-9]+|[A-Za-z]").match(part, i)
                if m is None:
                    raise CannotBeRead(text, part[i])
                out.append(m.group())
                i = m.end()
        return out

    def _read_chunk(self, text: str, chunk: str) -> list[list[Reading]]:
        """The parts of a chunk, each with its readings."""
        if chunk.isascii() and chunk.isdigit():
            one_by_one = tuple(self._digit(d) for d in chunk)
            if 2 <= len(chunk) <= 4 and chunk[0] != "0":
                return [[one_by_one, tuple((s,) for s in _pinyin(cardinal(int(chunk))))]]
            return [[one_by_one]]
        if chunk.isascii():
            return [[tuple((s,) for s in LETTERS[chunk.upper()])]]
        return self._read_han(text, chunk)

    def _digit(self, d: str) -> Place:
        place = self.digits()[d]
        if d == "9" and self.spoken_nine in place:
            return (self.spoken_nine, *(p for p in place if p != self.spoken_nine))
        return place

    def digits(self) -> dict[str, Place]:
        """How each digit may be said. Those that the table lacks are read as in the dictionary."""
        return {
            d: tuple(r[0] for r in self.words[d]) if d in self.words else tuple(_pinyin(cardinal(int(d))))
            for d in DIGITS
        }

    def _read_han(self, text: str, chunk: str) -> list[list[Reading]]:
        """Longest words of the table first; pypinyin reads what stands between them."""
        pieces = [chunk]
        """Text and words of the table by turns: what has an odd place is a word."""
        for word in sorted((w for w in self.words if w in chunk), key=len, reverse=True):
            cut: list[str] = []
            for k, piece in enumerate(pieces):
                if k % 2:
                    cut.append(piece)
                    continue
                between = piece.split(word)
                cut += [x for b in between[:-1] for x in (b, word)] + between[-1:]
            pieces = cut
        return [
            [tuple((s,) for s in r) for r in self.words[piece]] if k % 2 else [self._dictionary(text, piece)]
            for k, piece in enumerate(pieces)
            if piece
        ]

    def _dictionary(self, text: str, han: str) -> Reading:
        syllables = _pinyin(han)
        for char, s in zip(han, syllables, strict=False):
            if split_syllable(s.rstrip("12345")) is None:
                raise CannotBeRead(text, char)
        return tuple((s,) for s in syllables)


def _pinyin(han: str) -> list[str]:
    from pypinyin import Style, lazy_pinyin  # 0.3 s: only where a grammar is compiled

    return [s.replace("ü", "v") for s in lazy_pinyin(han, style=Style.TONE3, neutral_tone_with_five=True)]


def _without_er(reading: Reading) -> Reading | None:
    """The reading with erhua 儿 merged into the syllable before it; None if there is none."""
    if not any(i > 0 and p[0].rstrip("12345") == "er" for i, p in enumerate(reading)):
        return None
    return tuple(p for i, p in enumerate(reading) if i == 0 or p[0] not in ("er5", "er2"))


def cardinal(n: int) -> str:
    """0..9999 in Chinese numerals: 101 → 一百零一."""
    if n == 0:
        return "零"
    digits = "零一二三四五六七八九"
    out = ""
    for power, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        d = n // power % 10
        if d:
            out += digits[d] + unit
        elif out and not out.endswith("零") and n % power:
            out += "零"
    return out[1:] if out.startswith("一十") else out


def toneless(syllable: str) -> str:
    """``"gang3"`` → ``"gang"``."""
    return syllable.rstrip("12345")


def read_table(paths: list[Path], spoken_nine: str = "jiu3") -> tuple[ReadingsTable, list[Problem]]:
    """Load readings files: lines ``祭城 = zha4 cheng2 | ji4 cheng2``; later files win."""
    words: dict[str, tuple[tuple[str, ...], ...]] = {}
    problems: list[Problem] = []
    how = "write 词 = pin1 yin1 | other1 reading4, with tone numbers 1-5"
    for path in paths:
        for number, line in lines_of(path, problems):
            body = line.split("#", 1)[0].strip()
            if not body:
                continue
            word, _, value = (s.strip() for s in body.partition("="))
            readings = tuple(tuple(r.split()) for r in value.split("|"))
            bad = [
                s for r in readings for s in r if not _PINYIN.fullmatch(s) or split_syllable(s.rstrip("12345")) is None
            ]
            if not word or not value:
                problems.append(Problem(path, number, f"“{body}” is not a reading", how))
            elif bad:
                problems.append(Problem(path, number, f"“{bad[0]}” is not a pinyin syllable with tone", how))
            elif any(len(r) != len(word) for r in readings):
                problems.append(Problem(path, number, f"“{word}” needs {len(word)} syllables a reading", how))
            else:
                words[word] = readings
    return ReadingsTable(words, spoken_nine), problems


_TIME = re.compile(r"(?<!\d)([01]?\d|2[0-4])[:：]([0-5]\d)(?!\d)")
_DATE = re.compile(r"(?<!\d)(\d{1,2})月(\d{1,2})(日|号)")
_COUNT = re.compile(r"(?<![\dA-Za-z.])(\d{1,2})(?=[个人名辆台次点分秒天岁米号楼层单元组年月日小])")
_PERCENT = re.compile(r"(?<!\d)(\d{1,4})[%％]")


def for_the_air(text: str) -> str:
    """Written figures as they are spoken on the radio: times, dates and small counts as numbers; plates, telephone and
    other long numbers stay figures and are read one by one (豫A12345 as 豫 A 幺两三四五)."""
    text = _TIME.sub(lambda m: _clock(int(m[1]), int(m[2])), text)
    text = _DATE.sub(lambda m: f"{cardinal(int(m[1]))}月{cardinal(int(m[2]))}{m[3]}", text)
    text = _PERCENT.sub(lambda m: f"百分之{cardinal(int(m[1]))}", text)
    return _COUNT.sub(lambda m: "两" if m[1] == "2" and text[m.end()] in "个人名辆台次" else cardinal(int(m[1])), text)


def _clock(hours: int, minutes: int) -> str:
    if minutes == 0:
        return f"{cardinal(hours)}点整"
    return f"{cardinal(hours)}点{'零' if minutes < 10 else ''}{cardinal(minutes)}分"
