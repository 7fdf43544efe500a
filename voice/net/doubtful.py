"""Roster entries that work, but perhaps not as intended: shown by ``huying grammar check`` and the console."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from voice.errors import Problem
from voice.grammar.check import row_of
from voice.grammar.lexicon import Entry, Lexicon
from voice.grammar.templates import Template
from voice.mandarin.distance import phrase_cost
from voice.mandarin.readings import ReadingsTable, toneless
from voice.net.roster import Unit

MISTAKEN = 0.6
"""Least distance in syllables between a call to all and a call sign. In calls by three voices at 12 and 25 dB, names
at 0.45 or less (哥, 可, 和社区) were mostly taken for 各社区, those at 0.55 (郭) in none of six."""

KINDS = {
    "phrase": "a phrase of the grammar", "place": "a place of places.txt", "control": "the call sign of net control",
    "assistant": "the assistant's call sign", "digit": "a digit",
}  # fmt: skip


def doubtful(units: Sequence[Unit], lexicon: Lexicon, table: ReadingsTable, path: Path) -> list[Problem]:
    """Unknown neighbours; call signs that cannot be recognised, sound like something else, or have several readings."""
    return [
        *_neighbours(units, path), *_short(units, lexicon, path), *_taken(units, lexicon, path),
        *_ambiguous(units, table, path),
    ]  # fmt: skip


def _ambiguous(units: Sequence[Unit], table: ReadingsTable, path: Path) -> list[Problem]:
    """Characters with several common readings and no context to decide: the user must choose."""
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
    """A single syllable is not added to the graph: too short to be told from other speech."""
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
    """Same pronunciation except perhaps for tone: cannot be told apart reliably."""
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


def without_misheard(
    templates: list[Template], signs: Sequence[tuple[str, Sequence[str]]], table: ReadingsTable, path: Path
) -> tuple[list[Template], list[Problem]]:
    """Templates without those calls to all that begin like a unit's call sign: 葛社区 must not be heard as 各社区."""
    rows = [(s, _row(table, s)) for _, own in signs for s in own]
    kept: list[Template] = []
    told: dict[tuple[str, str], Problem] = {}
    for t in templates:
        words = "".join(t.words)
        clash = _clash(_row(table, words), rows) if t.meaning == "all_units" and words else None
        if clash is None:
            kept.append(t)
            continue
        what = f"“{words}” begins like the call sign “{clash}”, and is not taken as a call to everybody"
        told[words, clash] = Problem(path, 0, what, "say “各单位” or “全体单位”", True)
    return kept, list(told.values())


def _clash(row: tuple[str, ...], signs: Sequence[tuple[str, tuple[str, ...]]]) -> str | None:
    return next((s for s, r in signs if 1 < len(r) <= len(row) and phrase_cost(row[: len(r)], r) <= MISTAKEN), None)


def _row(table: ReadingsTable, text: str) -> tuple[str, ...]:
    return tuple(toneless(p[0]) for p in table.read(text)[0])
