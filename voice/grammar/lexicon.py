"""Vocabulary of one net: call signs, phrases and digits with their readings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from voice.grammar.meanings import TALK
from voice.grammar.templates import Template
from voice.mandarin.readings import Reading, ReadingsTable, toneless

EntryKind = Literal["unit", "control", "assistant", "phrase", "place", "digit", "talk"]

FILLER = "#"
"""Prefix of filler words: ``#jia`` is a syllable outside all phrases."""

NOISE = "[noise]"
"""Graph word for a stretch of non-Mandarin: music, a siren, another language."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One word of the decoding graph: recognised as a whole or not at all."""

    symbol: str
    """Symbol in ``words.txt``: free of spaces and of any character a roster may contain."""

    kind: EntryKind
    key: str
    """Unit id, ``control``, ``assistant``, the phrase or place itself, or the digit."""

    text: str
    """As written in the roster or grammar file."""

    readings: tuple[Reading, ...]

    short: bool = False
    """A shortened call sign: by itself it is often just a place name."""

    @property
    def syllables(self) -> int:
        """Length of the shortest reading."""
        return min(len(r) for r in self.readings)

    @property
    def pinyin(self) -> str:
        """Spoken reading, with tone numbers."""
        return " ".join(p[0] for p in self.readings[0])


@dataclass(frozen=True)
class Lexicon:
    """All entries of a net, and the templates that give phrases a meaning."""

    entries: tuple[Entry, ...]
    templates: tuple[Template, ...]
    accent: str = "standard"
    tones: bool = True
    """Whether tones count in recognition. With dialect tones they mislead."""
    talk: tuple[Entry, ...] = ()
    """What means nothing and would be heard as a phrase."""

    @cached_property
    def spoken(self) -> tuple[Entry, ...]:
        """Entries in the graph. Single syllables are too short to be told from other speech and are left out; the
        interpreter looks for them where a template requires one."""
        return tuple(e for e in self.entries if e.syllables > 1)

    @property
    def graph(self) -> tuple[Entry, ...]:
        """What the graph finds."""
        return (*self.spoken, *self.talk)

    def parts(self, text: str) -> list[tuple[str, Entry | None]]:
        """A text in entries, the longest first at each place, and in characters of none."""
        out: list[tuple[str, Entry | None]] = []
        while text:
            entry = next((e for e in self._longest.get(text[0], ()) if text.startswith(e.text)), None)
            out.append((entry.text if entry else text[0], entry))
            text = text[len(out[-1][0]) :]
        return out

    @cached_property
    def _longest(self) -> dict[str, list[Entry]]:
        """Entries by their first character, the longest first."""
        found: dict[str, list[Entry]] = {}
        for e in sorted(self.spoken, key=lambda e: -len(e.text)):
            found.setdefault(e.text[:1], []).append(e)
        return found

    @property
    def digits(self) -> dict[str, str]:
        """Toneless syllable → its digit."""
        return {s: e.key for e in self.entries if e.kind == "digit" for r in e.readings for s in plain(r)[0]}

    def by_symbol(self) -> Mapping[str, Entry]:
        return self._by_symbol

    @cached_property
    def _by_symbol(self) -> dict[str, Entry]:
        return {e.symbol: e for e in (*self.entries, *self.talk)}

    def phrases(self, *meanings: str) -> frozenset[str]:
        """Phrases that have one of these meanings by themselves."""
        return frozenset(t.pieces[0] for t in self.templates if t.meaning in meanings and len(t.pieces) == 1)


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
    """Entries from (unit id, call signs) pairs, net control's and our own call signs, templates and places. ``short``:
    unit id → shortened call signs.

    Raises CannotBeRead for text without a reading (check rosters first).
    """
    entries: list[Entry] = []

    def add(kind: EntryKind, key: str, text: str, prefix: str, short: bool = False) -> None:
        readings = tuple(table.read(text, talk=kind == "phrase"))
        entries.append(Entry(f"{prefix}{len(entries)}", kind, key, text, readings, short))

    for unit, signs in units:
        for sign in dict.fromkeys(signs):
            add("unit", unit, sign, "U")
    for sign in dict.fromkeys(control):
        add("control", "control", sign, "C")
    if assistant:
        add("assistant", "assistant", assistant, "A")
    meant = [t for t in templates if t.meaning != TALK]
    phrases = dict.fromkeys(w for t in meant for w in t.words)
    for piece in phrases:
        add("phrase", piece, piece, "P")
    for place in dict.fromkeys(places):
        add("place", place, place, "L")
    for unit, derived in (short or {}).items():
        for sign in derived:
            add("unit", unit, sign, "S", short=True)
    if any(re.fullmatch(r"\{(number|time)\}", p) for t in meant for p in t.pieces):
        for digit, row in table.digits().items():
            readings = tuple(((s,),) for s in row)
            entries.append(Entry(f"D{digit}", "digit", digit, digit, readings))
    idle = dict.fromkeys(w for t in templates if t.meaning == TALK for w in t.words if w not in phrases)
    talk = tuple(Entry(f"T{k}", "talk", w, w, tuple(table.read(w, talk=True))) for k, w in enumerate(idle))
    return Lexicon(tuple(entries), tuple(meant), accent, tones, talk)


def plain(reading: Reading) -> list[tuple[str, ...]]:
    """Toneless reading: the alternatives at each position."""
    return [tuple(dict.fromkeys(toneless(s) for s in place)) for place in reading]


def pronunciations(reading: Reading, tones: bool) -> list[tuple[str, ...]]:
    """Acceptable pronunciations at each position: toneless syllables, or toned ones with tone sandhi."""
    if not tones:
        return plain(reading)
    return [
        tuple(dict.fromkeys(t for s in place for t in (s, *_sandhi(s, reading[k + 1 : k + 2]))))
        for k, place in enumerate(reading)
    ]


def _sandhi(syllable: str, following: Reading) -> tuple[str, ...]:
    """Sandhi tones of a syllable in connected speech: 3 before 3 is 2; 一 also 2 and 4, 不 also 2."""
    if syllable[-1] == "3" and any(s[-1] == "3" for place in following for s in place):
        return (f"{syllable[:-1]}2",)
    return {"yi1": ("yi2", "yi4"), "bu4": ("bu2",)}.get(syllable, ())


SISTER_SYLLABLES, APART = 4, 2
"""Sisters: phrases of at least so many syllables that differ in so many at most, side by side."""

Sisters = dict[tuple[int, int], tuple[Entry, ...]]
"""(first, end syllable that differs) → the other phrases."""


def sisters_of(entries: Iterable[Entry]) -> dict[str, Sisters]:
    """Symbol of a phrase → phrases that are the same but for one word: 门口有人打架, 门口有人受伤."""
    alike: dict[tuple[tuple[str, ...], int, int, tuple[str, ...]], list[tuple[Entry, tuple[str, ...]]]] = {}
    for e in entries:
        said = tuple(p[0] for p in plain(e.readings[0]))
        if e.kind != "phrase" or len(said) < SISTER_SYLLABLES:
            continue
        for n in range(1, APART + 1):
            for a in range(len(said) - n + 1):
                alike.setdefault((said[:a], a, a + n, said[a + n :]), []).append((e, said[a : a + n]))
    out: dict[str, Sisters] = {}
    for (_, a, b, _), row in alike.items():
        for e, own in row:
            others = tuple(o for o, said in row if said[0] != own[0] and said[-1] != own[-1])
            if others:
                out.setdefault(e.symbol, {})[a, b] = others
    return out
