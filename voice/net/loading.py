"""Loads a net folder: everything recognition, speech and logging need."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from voice.errors import FilesError, Problem, lines_of
from voice.grammar.compiler import Costs
from voice.grammar.lexicon import Lexicon, build_lexicon
from voice.grammar.meanings import CODE_WORD
from voice.grammar.templates import Template, read_templates
from voice.mandarin.numerals import CannotBeRead, plain_text
from voice.mandarin.readings import PAUSE as PAUSE_MARKS
from voice.mandarin.readings import ReadingsTable, read_table
from voice.mandarin.spelling import PAUSE
from voice.net.abbreviations import Refused, short_signs
from voice.net.doubtful import doubtful, without_misheard
from voice.net.roster import Unit, read_roster
from voice.net.settings import NetSettings, read_settings
from voice.places import data_folder

LEAST_CODES = 6
"""Fewest words for the code of the day: with fewer they recur too soon."""

NAMES = ("unit", "control", "assistant", "place")
"""Kinds of entries that are read as names."""

READINGS = ("digits.txt", "names.txt", "readings.txt")
"""Files of readings; later ones override earlier ones."""

LEARNED = "learned.txt"
"""Phrases learned in review: see ``voice.net.learning``."""

NOT_TEMPLATES = (*READINGS, "surnames.txt", "places.txt")

OWN = ("names.txt", "readings.txt", "surnames.txt", "places.txt", LEARNED)
"""Files beside ``net.toml`` that add to its grammars."""


@dataclass(frozen=True, slots=True)
class Net:
    """One radio net, loaded and checked."""

    folder: Path
    settings: NetSettings
    units: tuple[Unit, ...]
    lexicon: Lexicon
    readings: ReadingsTable
    sha256: str
    """SHA-256 over all its files: part of what makes a replay reproducible."""
    notices: tuple[Problem, ...] = ()
    """Warnings: the net works, but a person should look."""
    short: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Unit id → short call signs: understood, never spoken."""
    refused: tuple[Refused, ...] = ()
    """Rejected short call signs, and why."""
    files: Mapping[Path, bytes] = field(default_factory=dict, repr=False)
    """All its files, as they were read."""

    @property
    def costs(self) -> Costs:
        r = self.settings.recognition
        return Costs(phrase=r.phrase_cost, filler=r.filler_cost)

    def unit(self, unit_id: str) -> Unit | None:
        return next((u for u in self.units if u.id == unit_id), None)

    def find(self, name: str) -> Unit | None:
        """A unit by id, name or call sign."""
        return next((u for u in self.units if u.named(name)), None)

    def by_ani(self, code: str) -> Unit | None:
        """The unit whose radio sends this identity."""
        return next((u for u in self.units if code.upper() in u.ani), None)

    def spell(self, text: str) -> list[str]:
        """Toned syllables with pauses, as passed to the synthesiser. Raises CannotBeRead."""
        out: list[str] = []
        for part in PAUSE_MARKS.split(plain_text(text)):
            if part:
                out += [PAUSE] * bool(out) + self._read(part)
        return out

    def syllables(self, text: str) -> list[str]:
        """The same without pauses."""
        return [s for s in self.spell(text) if s != PAUSE]

    def _read(self, text: str) -> list[str]:
        """The net's names as names, the rest as talk."""
        out: list[str] = []
        for named, row in groupby(self.lexicon.parts(text), lambda p: p[1] is not None and p[1].kind in NAMES):
            out += self.readings.spoken("".join(part for part, _ in row), talk=not named)
        return out

    def name_of(self, unit_id: str | None) -> str:
        """Display name: the unit's name, or its id if it is not on the roster."""
        unit = self.unit(unit_id) if unit_id else None
        return unit.name if unit else unit_id or ""


def grammar_folders(net: Path, names: tuple[str, ...]) -> tuple[list[Path], list[str]]:
    """Folders of the named grammars, from the net folder or else as shipped; and those missing."""
    found, missing = [], []
    for name in names:
        place = next((p for p in (net / name, data_folder() / "grammars" / name) if p.is_dir()), None)
        if place:
            found.append(place)
        else:
            missing.append(name)
    return found, missing


def load_net(folder: Path) -> Net:
    """Load a net. Raises FilesError with all errors of all files."""
    net, problems = check_net(folder)
    if problems or net is None:
        raise FilesError(problems)
    return net


def grammar_files(net: Path, folders: Iterable[Path], without: Collection[str]) -> list[Path]:
    """Phrases, places and readings of the grammar folders, less the groups that are switched off, and the net's own."""
    files = [p for f in folders for p in sorted(f.glob("*.txt"))]
    files = [p for p in files if p.stem not in without or p.name in NOT_TEMPLATES]
    return files + [p for name in OWN if (p := net / name).is_file() and p not in files]


def check_net(
    folder: Path, roster: Path | None = None, standing: Net | None = None
) -> tuple[Net | None, list[Problem]]:
    """Load as much of a net as possible and report all errors at once; mere oddities are in the net's notices.
    ``roster``: use this one instead of its own. ``standing``: the net as a station runs it, of which only phrases and
    places are read anew."""
    path = folder / "net.toml"
    settings, problems = (standing.settings, []) if standing else read_settings(path)
    used = [path]
    notices: list[Problem] = []
    roster_path = roster or folder / (settings.roster if settings else "roster.csv")
    units: tuple[Unit, ...] = ()
    if standing:
        units = standing.units
        used.append(roster_path)
    elif settings or roster_path.exists():
        units, more = read_roster(roster_path)
        problems += [p for p in more if not p.notice]
        notices += [p for p in more if p.notice]
        used.append(roster_path)
    folders, missing = grammar_folders(folder, settings.grammars if settings else ("zh",))
    problems += [
        Problem(path, 0, f"no grammar folder “{m}”", "name one that lies in the net folder, or “zh”") for m in missing
    ]
    without = set(settings.without_phrases) if settings else set()
    groups = {p.stem for f in folders for p in f.glob("*.txt") if p.name not in NOT_TEMPLATES}
    problems += [
        Problem(path, 0, f"without_phrases: no group “{name}”", f"one of {', '.join(sorted(groups))}")
        for name in sorted(without - groups)
    ]
    files = grammar_files(folder, folders, without)
    nine = "gou1" if settings and settings.language.spoken_nine == "勾" else "jiu3"
    if standing:
        readings = standing.readings
    else:
        tables = [p for p in files if p.name in READINGS]
        readings, more = read_table(tables, nine, [p for p in files if p.name == "surnames.txt"])
        readings = readings.with_names(dict.fromkeys(n for u in units for n in re.split("[、/;；,， \\n]", u.officer)))
        problems += more
    templates, more = read_templates([p for p in files if p.name not in NOT_TEMPLATES])
    problems += more
    used += files
    signs, more = _readable_signs(units, readings, roster_path)
    problems += more
    templates, more = _readable_templates(templates, readings, path)
    problems += more
    places, more = _readable_places([p for p in files if p.name == "places.txt"], readings, signs, templates)
    problems += more
    if settings is None:
        return None, problems
    control = []
    for sign in (settings.control.call_sign, *settings.control.aliases):
        try:
            readings.read(sign)
            control.append(sign)
        except CannotBeRead as e:
            problems.append(Problem(path, 0, str(e), e.mend))
    assistant = settings.control.assistant
    if not assistant and not settings.station.microphone:
        templates = [t for t in templates if t.speaker != "assistant"]
    if not settings.codes:
        templates = [t for t in templates if t.meaning != CODE_WORD]
    elif sum(t.meaning == CODE_WORD for t in templates) < LEAST_CODES:
        told = f"give the grammar at least {LEAST_CODES} words with the meaning {CODE_WORD}"
        problems.append(Problem(path, 0, 'commands = "code", but there are no words for it', told))
    try:
        if assistant:
            readings.read(assistant)
    except CannotBeRead as e:
        problems.append(Problem(path, 0, str(e), "use Chinese characters in the assistant's call sign"))
        assistant = ""
    templates, more = without_misheard(templates, signs, readings, roster_path)
    notices += more
    language = settings.language
    taken = {w for t in templates for w in t.words} | set(places) | set(control)
    short, refused = short_signs(units, readings, taken)
    lexicon = build_lexicon(
        signs, control, templates, readings, language.accent, language.hears_tones, assistant, places, short
    )
    notices += doubtful(units, lexicon, readings, roster_path)
    read = {p: p.read_bytes() for p in used if p.is_file()}
    read |= {p: data for p, data in standing.files.items() if stands(p)} if standing else {}
    return Net(
        folder, settings, units, lexicon, readings, _digest(read), tuple(notices), short, tuple(refused), read
    ), problems


def files_of(net: Net) -> list[Path]:
    """The files it would be read from now."""
    s = net.settings
    folders, _ = grammar_folders(net.folder, s.grammars)
    own = net.folder / "net.toml", net.folder / s.roster
    return [*own, *grammar_files(net.folder, folders, set(s.without_phrases))]


def changed_files(net: Net) -> dict[Path, bytes | None]:
    """What its files hold that are not as they were read; None: the file is gone. Raises OSError."""
    there = {p: p.read_bytes() if p.is_file() else None for p in {*files_of(net), *net.files}}
    return {p: data for p, data in there.items() if data != net.files.get(p)}


def stands(path: Path) -> bool:
    """A change of this file of a net waits for a station's next start: settings, roster, readings."""
    return path.suffix != ".txt" or path.name in (*READINGS, "surnames.txt")


def _readable_signs(
    units: tuple[Unit, ...], table: ReadingsTable, path: Path
) -> tuple[list[tuple[str, list[str]]], list[Problem]]:
    good: list[tuple[str, list[str]]] = []
    problems: list[Problem] = []
    owner: dict[str, Unit] = {}
    for u in units:
        signs = []
        for s in u.call_signs:
            if s in owner and owner[s].id != u.id:
                problems.append(
                    Problem(path, u.line, f"call sign “{s}” belongs to {owner[s].name} too", "rename one of them")
                )
                continue
            owner[s] = u
            try:
                table.read(s)
            except CannotBeRead as e:
                problems.append(Problem(path, u.line, str(e), e.mend))
                continue
            signs.append(s)
        good.append((u.id, signs))
    return good, problems


def _readable_places(
    paths: list[Path], table: ReadingsTable, signs: list[tuple[str, list[str]]], templates: list[Template]
) -> tuple[list[str], list[Problem]]:
    """One place per line; # starts a comment. A call sign or phrase cannot also be a place."""
    taken = {s for _, own in signs for s in own} | {w for t in templates for w in t.words}
    good: list[str] = []
    problems: list[Problem] = []
    for path in paths:
        for number, line in lines_of(path, problems):
            place = line.split("#", 1)[0].strip()
            if not place:
                continue
            if place in taken:
                problems.append(
                    Problem(path, number, f"“{place}” is a call sign or phrase already", "write the place in full")
                )
                continue
            try:
                table.read(place)
                good.append(place)
            except CannotBeRead as e:
                problems.append(Problem(path, number, str(e), e.mend))
    return good, problems


def _readable_templates(
    templates: list[Template], table: ReadingsTable, path: Path
) -> tuple[list[Template], list[Problem]]:
    good: list[Template] = []
    problems: list[Problem] = []
    for t in templates:
        try:
            for w in t.words:
                table.read(w)
            good.append(t)
        except CannotBeRead as e:
            problems.append(Problem(path, 0, f"in a grammar file: {e}", "use Chinese characters and digits"))
    return good, problems


def _digest(files: Mapping[Path, bytes]) -> str:
    h = hashlib.sha256()
    for path, data in files.items():
        h.update(f"{path.name}\0{len(data)}\0".encode())
        h.update(data)
    return h.hexdigest()
