"""What of a roster works, but not as its author may think: for ``huying grammar check`` and the console."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from voice.errors import Problem
from voice.grammar.check import row_of
from voice.grammar.lexicon import Entry, Lexicon
from voice.mandarin.readings import ReadingsTable
from voice.net.roster import Unit

KINDS = {
    "phrase": "a phrase of the grammar", "place": "a place of places.txt", "control": "the call sign of net control",
    "assistant": "the assistant's call sign", "digit": "a digit",
}  # fmt: skip


def doubtful(units: Sequence[Unit], lexicon: Lexicon, table: ReadingsTable, path: Path) -> list[Problem]:
    """Neighbours that nobody is; call signs that cannot be heard, that sound like something else, or that may be read
    otherwise."""
    return [
        *_neighbours(units, path), *_short(units, lexicon, path), *_taken(units, lexicon, path),
        *_ambiguous(units, table, path),
    ]  # fmt: skip


def _ambiguous(units: Sequence[Unit], table: ReadingsTable, path: Path) -> list[Problem]:
    """Characters of more than one common reading that nothing decides: a person must say which it is."""
    asked: dict[tuple[str, str], Problem] = {}
    for u in units:
        for sign in u.call_signs:
            for word, char, (taken, *others) in table.doubtful(sign):
                told = f"“{char}” in “{sign}” is read {taken}, and elsewhere {' or '.join(others)}: which is it here?"
                fix = f"if it is not {taken}, or to settle it, write “{word} = …” into readings.txt"
                asked.setdefault((word, char), Problem(path, u.line, told, fix, True))
    return list(asked.values())


def _neighbours(units: Sequence[Unit], path: Path) -> list[Problem]:
    known = {x for u in units for x in (u.id, u.name, *u.call_signs)}
    return [
        Problem(path, u.line, f"{u.name}: no unit is called “{n}” (邻近)", "write ids or names of units", True)
        for u in units
        for n in u.neighbours
        if n not in known
    ]


def _short(units: Sequence[Unit], lexicon: Lexicon, path: Path) -> list[Problem]:
    """A single syllable is no word of the graph: too short to be told from the rest of speech."""
    lines = {u.id: u for u in units}
    return [
        Problem(
            path, lines[e.key].line, f"call sign “{e.text}” has one syllable and cannot be heard",
            "give the unit a call sign of two syllables at least; three and more are heard better", True,
        )
        for e in lexicon.entries
        if e.kind == "unit" and e.syllables == 1 and e.key in lines
    ]  # fmt: skip


def _taken(units: Sequence[Unit], lexicon: Lexicon, path: Path) -> list[Problem]:
    """Said alike, but perhaps for the tones: which of the two was meant is chance."""
    others: dict[tuple[str, ...], Entry] = {}
    for e in lexicon.entries:
        if e.kind != "unit":
            others.setdefault(row_of(e), e)
    lines = {u.id: u for u in units}
    return [
        Problem(
            path,
            lines[e.key].line,
            f"call sign “{e.text}” is said like {KINDS[other.kind]}: “{other.text}”",
            "choose another call sign",
            True,
        )
        for e in lexicon.entries
        if e.kind == "unit" and e.key in lines and (other := others.get(row_of(e)))
    ]
