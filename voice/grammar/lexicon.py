"""What can be said on one net: call signs, phrases and digits, each with its readings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from voice.grammar.templates import Template
from voice.mandarin.readings import Reading, ReadingsTable, toneless

Kind = Literal["unit", "control", "assistant", "phrase", "place", "digit"]

FILLER = "#"
"""Prefix of filler words: ``#jia`` is one syllable that no phrase covers."""

NOISE = "[noise]"
"""Word of the graph for a stretch that is no Mandarin: music, a siren, another language."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One word of the decoding graph: heard whole or not at all."""

    symbol: str
    """Its name in ``words.txt``: free of spaces and of anything a roster may contain."""

    kind: Kind
    key: str
    """Unit id, ``control``, ``assistant``, the phrase or place itself, or the digit."""

    text: str
    """As written in roster or grammar file."""

    readings: tuple[Reading, ...]

    short: bool = False
    """A call sign as people shorten it: on its own it is often a mere place name."""

    @property
    def syllables(self) -> int:
        """Of the shortest reading."""
        return min(len(r) for r in self.readings)

    @property
    def pinyin(self) -> str:
        """The spoken reading, with tone numbers."""
        return " ".join(p[0] for p in self.readings[0])


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All entries of a net and the templates that give phrases a meaning."""

    entries: tuple[Entry, ...]
    templates: tuple[Template, ...]
    accent: str = "standard"
    tones: bool = True
    """Whether tones count in hearing. Where people speak with the tones of their dialect they mislead."""

    @property
    def spoken(self) -> tuple[Entry, ...]:
        """Entries that stand in the graph. Single syllables do not: they are too short to be told from the
        rest of speech, so the interpreter looks for them where a template asks for one."""
        return tuple(e for e in self.entries if e.syllables > 1)

    @property
    def digits(self) -> dict[str, str]:
        """Toneless syllable → the digit that it says."""
        return {s: e.key for e in self.entries if e.kind == "digit" for r in e.readings for s in plain(r)[0]}

    def by_symbol(self) -> dict[str, Entry]:
        return {e.symbol: e for e in self.entries}


def build_lexicon(
    units: Iterable[tuple[str, Iterable[str]]],
    control: Iterable[str],
    templates: list[Template],
    table: ReadingsTable,
    accent: str = "standard",
    tones: bool = True,
    assistant: str = "",
    places: Iterable[str] = (),
    short: Mapping[str, Iterable[str]] | None = None,
) -> Lexicon:
    """Entries of (unit id, call signs) pairs, of net control's call signs, of our own, of the templates
    and places. ``short``: unit id → call signs as people shorten them.

    Raises CannotBeRead for a text that has no reading (check rosters first).
    """
    entries: list[Entry] = []

    def add(kind: Kind, key: str, text: str, prefix: str, short: bool = False) -> None:
        readings = tuple(table.read(text))
        entries.append(Entry(f"{prefix}{len(entries)}", kind, key, text, readings, short))

    for unit, signs in units:
        for sign in dict.fromkeys(signs):
            add("unit", unit, sign, "U")
    for sign in dict.fromkeys(control):
        add("control", "control", sign, "C")
    if assistant:
        add("assistant", "assistant", assistant, "A")
    for piece in dict.fromkeys(w for t in templates for w in t.words):
        add("phrase", piece, piece, "P")
    for place in dict.fromkeys(places):
        add("place", place, place, "L")
    for unit, derived in (short or {}).items():
        for sign in derived:
            add("unit", unit, sign, "S", short=True)
    if any(re.fullmatch(r"\{(number|time)\}", p) for t in templates for p in t.pieces):
        for digit, row in table.digits().items():
            readings = tuple(((s,),) for s in row)
            entries.append(Entry(f"D{digit}", "digit", digit, digit, readings))
    return Lexicon(tuple(entries), tuple(templates), accent, tones)


def plain(reading: Reading) -> list[tuple[str, ...]]:
    """A reading without tones: per place the syllables that may stand there."""
    return [tuple(dict.fromkeys(toneless(s) for s in place)) for place in reading]


def pronunciations(reading: Reading, tones: bool) -> list[tuple[str, ...]]:
    """Per place, what may be heard there: toneless syllables, or toned ones with their tone sandhi."""
    if not tones:
        return plain(reading)
    return [
        tuple(dict.fromkeys(t for s in place for t in (s, *_sandhi(s, reading[k + 1 : k + 2]))))
        for k, place in enumerate(reading)
    ]


def _sandhi(syllable: str, following: Reading) -> tuple[str, ...]:
    """Other tones of a syllable in connected speech: 3 before 3 is 2; 一 is also 2 and 4, 不 also 2."""
    if syllable[-1] == "3" and any(s[-1] == "3" for place in following for s in place):
        return (f"{syllable[:-1]}2",)
    return {"yi1": ("yi2", "yi4"), "bu4": ("bu2",)}.get(syllable, ())
