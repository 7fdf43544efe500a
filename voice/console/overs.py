"""Entries of the feed: one per over, with who spoke to whom and what it meant. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from voice.journal.lines import Line

TELLING = ("answered", "called_in", "relayed", "not_understood", "control_replied", "commanded", "remarked", "called")
"""Kinds of lines based on an over, most informative first."""

HIDDEN = ("session_began", "session_ended", "confirmed")

TO_UNITS = ("called", "control_replied", "announced", "overdue", "alert_raised")
"""The arrow points towards the unit."""

FROM_UNITS = ("answered", "called_in", "relayed", "not_understood")


@dataclass(slots=True)
class FeedItem:
    """One over, or one event not based on an over."""

    line: Line
    """Most informative line."""
    lines: list[Line] = field(default_factory=list)

    @property
    def seq(self) -> int:
        """Sequence number of its first line."""
        return int(self.lines[0]["seq"])

    @property
    def units(self) -> tuple[str, ...]:
        """Units of its informative lines, in order."""
        kind = self.line["type"]
        return tuple(dict.fromkeys(x["unit"] for x in self.lines if x["type"] == kind and x["unit"]))

    @property
    def review(self) -> bool:
        """Needs review."""
        return any(x["review"] for x in self.lines)

    @property
    def reasons(self) -> list[str]:
        """Why: keys of ``journal.reasons``."""
        return [reason for x in self.lines for reason in x["reasons"] or ()]

    @property
    def guess(self) -> str:
        """Dictated text, for people only."""
        told = next((x["text"] for x in reversed(self.lines) if x["type"] == "transcribed"), "")
        return str(told).removeprefix("≈") or next((str(x["dictated"]) for x in self.lines if x.get("dictated")), "")

    def add(self, line: Line) -> None:
        """Add another line of the same over."""
        self.lines.append(line)
        if _weight(line) < _weight(self.line):
            self.line = line


def _weight(line: Line) -> int:
    return TELLING.index(line["type"]) if line["type"] in TELLING else len(TELLING)


def key_of(line: Line) -> tuple[object, ...] | None:
    """Over that a line belongs to; None for a line shown by itself."""
    if line["over"] is None or line["type"] == "corrected":
        return None
    return (line["channel"], *line["over"], line["clip"])


class Entries:
    """Lines → entries, updated as lines arrive."""

    def __init__(self) -> None:
        self._by_over: dict[tuple[object, ...], FeedItem] = {}

    def take(self, line: Line) -> tuple[FeedItem, bool] | None:
        """Entry that a line creates or extends, and whether it is new; None if it shows nothing of its own."""
        if line["type"] in HIDDEN:
            return None
        if line["type"] == "called" and line["over"] is None:
            return None  # our own call: shown by the announcement
        key = key_of(line)
        if key is not None and key in self._by_over:
            self._by_over[key].add(line)
            return self._by_over[key], False
        entry = FeedItem(line, [line])
        if key is not None:
            self._by_over[key] = entry
            if len(self._by_over) > 500:
                del self._by_over[next(iter(self._by_over))]
        return entry, True


def entries(lines: Iterable[Line]) -> list[FeedItem]:
    """All entries of some lines, in order."""
    made = Entries()
    out = []
    for line in lines:
        found = made.take(line)
        if found is not None and found[1]:
            out.append(found[0])
    return out
