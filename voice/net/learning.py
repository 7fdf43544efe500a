"""Words a net has learned: phrases typed in review, one per line, in the net's own ``learned.txt``.

It is an ordinary grammar file and may be edited by hand. A running station takes it up: ``voice.station.net_watch``.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from voice.errors import HuyingError
from voice.grammar.check import alike
from voice.grammar.lexicon import plain
from voice.grammar.meanings import REVIEWABLE
from voice.mandarin.numerals import CannotBeRead
from voice.net.loading import LEARNED, Net, check_net

SHORTEST, LONGEST = 2, 16
"""Longest phrase, characters."""

RISKY = 3
"""Phrases up to this many syllables are prone to false alarms."""

_PHRASE = re.compile("[\u3400-\u9fff0-9A-Za-z]+")
_LINE = re.compile(r"^(\w+)\s*=\s*([^#\s]+)")


@dataclass(frozen=True, slots=True)
class Proposal:
    """A phrase that may be learned, and objections to it."""

    text: str
    meaning: str
    reading: str
    """Expected pronunciation, toned syllables."""
    alike: tuple[tuple[str, float], ...]
    """Similar-sounding call signs with their distance in syllables, nearest first."""

    @property
    def risky(self) -> bool:
        """So short that unrelated speech contains it by chance."""
        return len(self.reading.split()) <= RISKY


@dataclass(frozen=True, slots=True)
class Change:
    """``learned.txt`` was written."""

    path: Path
    sha256: str
    replaced: str
    """SHA-256 of the previous version; of the empty file if new."""
    net: Net


def propose(net: Net, text: str, meaning: str) -> Proposal:
    """Examine a phrase. Raises HuyingError if it cannot be learned."""
    said = text.strip().rstrip("。.!！?？")
    if not _PHRASE.fullmatch(said):
        raise HuyingError(f"“{text}”: one phrase of characters, digits and letters can be learned at a time")
    if not SHORTEST <= len(said) <= LONGEST:
        raise HuyingError(f"“{said}”: a phrase has {SHORTEST} to {LONGEST} characters")
    if meaning not in REVIEWABLE:
        raise HuyingError(f"no meaning “{meaning}”; there is: {', '.join(REVIEWABLE)}")
    for e in net.lexicon.entries:
        if e.text == said:
            sign, place = e.kind in ("unit", "control", "assistant"), e.kind == "place"
            kind = "a call sign" if sign else "a place" if place else "a phrase of the net"
            raise HuyingError(f"“{said}” is understood already, as {kind}")
    try:
        row = net.readings.read(said)[0]
    except CannotBeRead as e:
        raise HuyingError(str(e)) from e
    near = alike(tuple(place[0] for place in plain(row)), net.lexicon.entries, "")
    return Proposal(said, meaning, " ".join(place[0] for place in row), tuple((e.text, d) for e, d in near))


def learned(net: Net) -> dict[str, str]:
    """Phrase → meaning of everything learned."""
    path = net.folder / LEARNED
    lines = path.read_text("utf-8-sig").splitlines() if path.is_file() else []
    return {m[2]: m[1] for line in lines if (m := _LINE.match(line.strip()))}


def learn(net: Net, proposal: Proposal, by: str) -> Change:
    """Add a phrase. Raises HuyingError, changing nothing, if the net would not load with it."""
    before = _read(net)
    begin = before or "# 学到的用语 — learned in review; huying grammar forget takes one back\n[unit]\n"
    name = re.sub(r"[\s#]+", " ", by).strip()
    return _write(net, before, f"{begin.rstrip()}\n{proposal.meaning} = {proposal.text}  # {name}\n")


def forget(net: Net, text: str) -> Change:
    """Remove a learned phrase. Raises HuyingError if it was not learned."""
    before = _read(net)
    kept = [s for s in before.splitlines(True) if not ((m := _LINE.match(s.strip())) and m[2] == text.strip())]
    if len(kept) == len(before.splitlines(True)):
        raise HuyingError(f"“{text}” was not learned; there is: {'、'.join(learned(net)) or 'nothing'}")
    return _write(net, before, "".join(kept))


def _read(net: Net) -> str:
    path = net.folder / LEARNED
    try:
        return path.read_text("utf-8-sig") if path.is_file() else ""
    except (OSError, UnicodeDecodeError) as e:
        raise HuyingError(f"{path}: cannot be read ({e})") from e


def _write(net: Net, before: str, after: str) -> Change:
    path = net.folder / LEARNED
    try:
        _replace(path, after)
        found, problems = check_net(net.folder)
        if found is None or problems:
            _replace(path, before)
            if found is None or set(problems) - set(check_net(net.folder)[1]):
                raise HuyingError(f"{path}: not changed: {problems[0]}")
            _replace(path, after)
    except OSError as e:
        raise HuyingError(f"{path}: cannot be written ({e.strerror or e})") from e
    return Change(path, _digest(after), _digest(before), found)


def _replace(path: Path, text: str) -> None:
    """Write the file; without text there is none."""
    if not text:
        path.unlink()
        return
    part = path.with_name(f".{LEARNED}.part")
    part.write_text(text, "utf-8")
    part.replace(path)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
