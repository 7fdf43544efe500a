"""Readings of Chinese text: one table for recognition and speech.

A reading is a sequence of positions; a position offers one or more toned syllables, the first of which is spoken.
``贾岗3号`` has two readings: digits one by one (with 洞幺两拐勾 beside 零一二七九) and, for numbers of two digits or
more, also the cardinal number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice, product
from pathlib import Path

from voice.errors import Problem, lines_of
from voice.mandarin.numerals import CannotBeRead, cardinal, plain_text
from voice.mandarin.phones import split_syllable
from voice.mandarin.polyphones import ANYWHERE, AT_THE_BEGINNING, LONE, LONE_IN_TALK

Alternatives = tuple[str, ...]
"""Alternative toned syllables at one position, the spoken one first."""

Reading = tuple[Alternatives, ...]

DIGITS = "0123456789"

MOST_READINGS = 16
"""Most readings of one text. Twenty words with two readings each have a million in total; no one means them all."""

LETTERS: dict[str, tuple[str, ...]] = {
    "A": ("ei1",), "B": ("bi4",), "C": ("xi1",), "D": ("di4",), "E": ("yi4",), "F": ("ai2", "fu5"),
    "G": ("ji4",), "H": ("ai2", "chi5"), "I": ("ai4",), "J": ("zhei4",), "K": ("kei4",),
    "L": ("ai2", "lou5"), "M": ("ai2", "mu5"), "N": ("en1",), "O": ("ou1",), "P": ("pi4",),
    "Q": ("kiu4",), "R": ("a4",), "S": ("ai2", "si5"), "T": ("ti4",), "U": ("you1",), "V": ("wei1",),
    "W": ("da2", "bu5", "liu5"), "X": ("ai2", "ke5", "si5"), "Y": ("wai4",), "Z": ("zei4",),
}  # fmt: skip
"""Letters as pronounced in Mandarin. Q has no Mandarin syllable and is said kou."""
LETTERS["Q"] = ("kou1",)

_HAN = re.compile("[\u3400-\u9fff\U00020000-\U0002ffff]+")
PAUSE = re.compile(r"[\s,，.。、;；:：!！?？…·\-—()（）《》“”\"']+")
_PINYIN = re.compile(r"[a-zü:]+[1-5]")
_FIGURES = re.compile(r"[0-9]+|[A-Za-z]|(?<=[0-9A-Za-z])/(?=[0-9A-Za-z])|\0")
_HYPHEN = re.compile(r"(?<=[0-9A-Za-z])-(?=[0-9])")


TITLES = (
    "警官|民警|辅警|警长|队长|所长|副所长|局长|政委|教导员|指导员|中队长|大队长|支队长|主任|书记|科长|处长|站长|班长|组长|排长|连长|"
    "校长|园长|院长|厂长|店长|经理|老师|医生|大夫|师傅|同志|先生|女士"
)
"""Titles after a person's name that are not part of it."""

_STROKES: dict[str, tuple[str, ...]] = {"/": ("xie2", "gang4"), "-": ("gang4",)}
"""Separators within a call sign of letters and digits (BG6ABC/P, 3-2): usually unspoken, or said like this."""


@dataclass(frozen=True, slots=True)
class ReadingsTable:
    """Local readings that dictionaries get wrong, and the readers built on them."""

    words: Mapping[str, tuple[tuple[str, ...], ...]]
    """Word or digit → readings, each a sequence of toned syllables; the first is spoken, all are understood."""

    spoken_nine: str = "jiu3"
    """Spoken form of 9: ``jiu3`` or ``gou1``."""

    surnames: Mapping[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    """The same, at the start of a person's name only."""

    _beginning: dict[str, list[str]] = field(init=False, repr=False, compare=False, default_factory=dict)
    """Character → words that begin with it, longest first."""
    _titled: re.Pattern[str] | None = field(init=False, repr=False, compare=False, default=None)

    def __post_init__(self) -> None:
        for word in sorted(self.words, key=len, reverse=True):
            self._beginning.setdefault(word[0], []).append(word)
        if self.surnames:
            names = "|".join(sorted(map(re.escape, self.surnames), key=len, reverse=True))
            titled = re.compile(f"({names})([\u3400-\u9fff]{{0,2}})(?=(?:副)?(?:{TITLES}))")
            object.__setattr__(self, "_titled", titled)

    def with_names(self, people: Iterable[str]) -> ReadingsTable:
        """A table that knows these persons: their surnames get the surname reading wherever the names occur."""
        more: dict[str, tuple[tuple[str, ...], ...]] = {}
        for person in people:
            surname = next((person[:n] for n in (2, 1) if person[:n] in self.surnames), None)
            if surname and 2 <= len(person) <= 4 and _HAN.fullmatch(person) and person not in self.words:
                rest = [self.words[c][0][0] if c in self.words else s for c, s in _lone(person[len(surname) :])]
                more[person] = tuple((*r, *rest) for r in self.surnames[surname])
        return ReadingsTable({**self.words, **more}, self.spoken_nine, self.surnames) if more else self

    def read(self, text: str, talk: bool = False) -> list[Reading]:
        """Up to MOST_READINGS of ``text``, the spoken one first, each also with erhua. ``talk``: what is said, not a
        name; 都 is dou1 there and du1 in names. Time and memory grow with the text, not with the number of readings.
        Raises CannotBeRead."""
        parts: list[list[Reading]] = []
        for chunk in self._chunks(plain_text(text)):
            parts += self._read_chunk(text, chunk, LONE_IN_TALK if talk else {})
        if not parts:
            raise CannotBeRead(text, text)
        readings = [tuple(p for part in choice for p in part) for choice in islice(product(*parts), MOST_READINGS)]
        erhua = [_without_er(r) for r in readings]
        return list(dict.fromkeys(readings + [r for r in erhua if r is not None]))

    def spoken(self, text: str, talk: bool = False) -> list[str]:
        """Toned syllables to be spoken by the synthesiser; see ``read``."""
        return [place[0] for place in self.read(text, talk)[0]]

    def _chunks(self, text: str) -> list[str]:
        out: list[str] = []
        for part in PAUSE.split(_HYPHEN.sub("\0", text)):
            i = 0
            while i < len(part):
                m = _HAN.match(part, i) or _FIGURES.match(part, i)
                if m is None:
                    raise CannotBeRead(text, part[i])
                out.append("-" if m.group() == "\0" else m.group())
                i = m.end()
        return out

    def _read_chunk(self, text: str, chunk: str, lone: Mapping[str, Alternatives]) -> list[list[Reading]]:
        """The parts of a chunk, each with its readings. ``lone``: of characters that no dictionary phrase covers."""
        if chunk in _STROKES:
            return [[(), tuple((s,) for s in _STROKES[chunk])]]
        if chunk.isascii() and chunk.isdigit():
            one_by_one = tuple(self._digit(d) for d in chunk)
            if 2 <= len(chunk) <= 4 and chunk[0] != "0":
                return [[one_by_one, tuple((s,) for s in _pinyin(cardinal(int(chunk))))]]
            return [[one_by_one]]
        if chunk.isascii():
            return [[tuple((s,) for s in LETTERS[chunk.upper()])]]
        return self._read_han(text, chunk, lone)

    def _digit(self, d: str) -> Alternatives:
        place = self.digits()[d]
        if d == "9" and self.spoken_nine in place:
            return (self.spoken_nine, *(p for p in place if p != self.spoken_nine))
        return place

    def digits(self) -> dict[str, Alternatives]:
        """Readings of each digit. Those missing from the table are read as in the dictionary."""
        return {
            d: tuple(r[0] for r in self.words[d]) if d in self.words else tuple(_pinyin(cardinal(int(d))))
            for d in DIGITS
        }

    def _read_han(self, text: str, chunk: str, lone: Mapping[str, Alternatives]) -> list[list[Reading]]:
        """Longest table words first; pypinyin reads the text between them."""
        person = self._titled.match(chunk) if self._titled else None
        if person and (person[2] or person[1] not in _TITLES_OF_PLACES):
            known = self.surnames[person[1]]
            rest = chunk[len(person[1]) :]
            return [[tuple((s,) for s in r) for r in known], *self._read_pieces(text, rest, lone)]
        return self._read_pieces(text, chunk, lone)

    def _read_pieces(self, text: str, chunk: str, lone: Mapping[str, Alternatives]) -> list[list[Reading]]:
        return [
            [tuple((s,) for s in r) for r in self.words[piece]] if known else [self._dictionary(text, piece, lone)]
            for piece, known in self.pieces(chunk)
        ]

    def pieces(self, han: str) -> list[tuple[str, bool]]:
        """A run of characters → words of the table (True) and the text between them."""
        here = sorted({w for c in set(han) for w in self._beginning.get(c, ()) if w in han}, key=lambda w: (-len(w), w))
        cut: list[tuple[str, bool]] = [(han, False)]
        for word in here:
            finer: list[tuple[str, bool]] = []
            for piece, known in cut:
                if known or word not in piece:
                    finer.append((piece, known))
                    continue
                between = piece.split(word)
                finer += [x for b in between[:-1] for x in ((b, False), (word, True))] + [(between[-1], False)]
            cut = finer
        return [p for p in cut if p[0]]

    def doubtful(self, text: str) -> list[tuple[str, str, tuple[str, ...]]]:
        """(word, character, readings) of every ambiguous character resolved by neither this table nor a dictionary
        phrase. The first reading is the one used."""
        found: list[tuple[str, str, tuple[str, ...]]] = []
        for chunk in _HAN.findall(plain_text(text)):
            pieces = [] if self._titled and self._titled.match(chunk) else self.pieces(chunk)
            undecided = [
                (n, char, s) for n, (p, known) in enumerate(pieces) if not known for char, s in _lone(p, False)
            ]
            for n, char, syllable in undecided:
                first = n == 0 and chunk.startswith(char)
                others = ANYWHERE.get(char) or (AT_THE_BEGINNING.get(char) if first else None) or ()
                if others:
                    found.append((chunk, char, (syllable, *(o for o in others if o != syllable))))
        return list(dict.fromkeys(found))

    def _dictionary(self, text: str, han: str, lone: Mapping[str, Alternatives]) -> Reading:
        out: list[Alternatives] = []
        for char, s, alone in _characters(han):
            if split_syllable(s.rstrip("12345")) is None:
                raise CannotBeRead(text, char)
            out.append(lone.get(char, (s,)) if alone else (s,))
        return tuple(out)


_TITLES_OF_PLACES = ("区", "员", "都", "哈", "应", "任", "种", "干", "过", "要", "秘", "宿", "相", "和", "车")
"""Surnames that before a title also form other words (区队长, 车队长): without a given name they are not read as
names."""


def _pinyin(han: str) -> list[str]:
    """Dictionary reading; a character not covered by a phrase is read as in names."""
    return [s for _, s, _ in _characters(han)]


def _lone(han: str, all_of: bool = True) -> list[tuple[str, str]]:
    """(character, syllable) of all characters, or only of those not covered by a dictionary phrase."""
    return [(char, s) for char, s, alone in _characters(han) if alone or all_of]


def _characters(han: str) -> list[tuple[str, str, bool]]:
    """(character, syllable, whether no dictionary phrase covers it) of all characters."""
    from pypinyin.seg.mmseg import seg  # 0.3 s: only where a grammar is compiled

    out: list[tuple[str, str, bool]] = []
    for phrase in seg.cut(han):
        if len(phrase) == 1:
            out.append((phrase, LONE.get(phrase, _looked_up(phrase)[0]), True))
        else:
            out += ((char, s, False) for char, s in zip(phrase, _looked_up(phrase), strict=False))
    return out


@lru_cache(16_384)
def _looked_up(phrase: str) -> tuple[str, ...]:
    """The dictionary's syllables of a phrase; those of a net's words are asked for again and again."""
    from pypinyin import Style, lazy_pinyin

    read = lazy_pinyin(phrase, style=Style.TONE3, neutral_tone_with_five=True)
    return tuple(s.replace("ü", "v") for s in read)


def _without_er(reading: Reading) -> Reading | None:
    """Reading with erhua 儿 merged into the preceding syllable; None if there is none."""
    if not any(i > 0 and p[0].rstrip("12345") == "er" for i, p in enumerate(reading)):
        return None
    return tuple(p for i, p in enumerate(reading) if i == 0 or p[0] not in ("er5", "er2"))


def toneless(syllable: str) -> str:
    """``"gang3"`` → ``"gang"``."""
    return syllable.rstrip("12345")


def read_table(
    paths: list[Path], spoken_nine: str = "jiu3", surnames: list[Path] | None = None
) -> tuple[ReadingsTable, list[Problem]]:
    """Load readings files: lines ``祭城 = zha4 cheng2 | ji4 cheng2``; later files override. ``surnames``: files of
    the same format."""
    problems: list[Problem] = []
    words = _read_words(paths, problems)
    return ReadingsTable(words, spoken_nine, _read_words(surnames or [], problems)), problems


def _read_words(paths: list[Path], problems: list[Problem]) -> dict[str, tuple[tuple[str, ...], ...]]:
    words: dict[str, tuple[tuple[str, ...], ...]] = {}
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
    return words
