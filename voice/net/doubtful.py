"""What of a roster works, but not as its author may think: for ``huying grammar check`` and the console."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from voice.errors import Problem
from voice.grammar.lexicon import Entry, Lexicon
from voice.net.roster import Unit

KINDS = {
    "phrase": "a phrase of the grammar", "place": "a place of places.txt", "control": "the call sign of net control",
    "assistant": "the assistant's call sign", "digit": "a digit",
}  # fmt: skip


def doubtful(units: Sequence[Unit], lexicon: Lexicon, path: Path) -> list[Problem]:
    """Neighbours that nobody is, call signs that cannot be heard, call signs that sound like something else."""
    return [*_neighbours(units, path), *_short(units, lexicon, path), *_taken(units, lexicon, path)]


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
    """Said alike, tones included: which of the two was meant is chance."""
    others: dict[str, Entry] = {}
    for e in lexicon.entries:
        if e.kind != "unit":
            others.setdefault(e.pinyin, e)
    lines = {u.id: u for u in units}
    return [
        Problem(
            path, lines[e.key].line,
            f"call sign “{e.text}” is said like {KINDS[others[e.pinyin].kind]}: “{others[e.pinyin].text}”",
            "choose another call sign", True,
        )
        for e in lexicon.entries
        if e.kind == "unit" and e.pinyin in others and e.key in lines
    ]  # fmt: skip
