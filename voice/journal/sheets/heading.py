"""Metadata and styling of a sheet: names, dates, colours, duty officer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from voice.journal.reasons import why
from voice.journal.rolls import Call, Column, Session
from voice.journal.sheets.words import word
from voice.journal.wording import OCCASION_NAMES, STANDING_NAMES, name_of
from voice.net.loading import Net
from voice.time import parse_wall

Name = Callable[[str], str]

COLOURS = {
    "answered": "#1b7f3b", "late": "#8a6a00", "relayed": "#6a5acd", "unclear": "#a34700", "silent": "#b3261e",
    "undetermined": "#6b6b6b", "open": "#6b6b6b",
}  # fmt: skip
"""Colour of a standing, on paper and on the board; dark enough for white text."""

SIGNS = {
    "answered": "✓", "late": "迟", "relayed": "代", "unclear": "?", "silent": "✗", "undetermined": "–", "open": "…",
}  # fmt: skip
"""Symbol of a standing, for reading without colour."""

ALWAYS = ("expected", "called", "answered", "late", "unclear", "silent")
"""Figures that are printed even if they are 0."""

ENGLISH_SIGNS = SIGNS | {"late": "L", "relayed": "P"}
DAYS = ("星期一 星期二 星期三 星期四 星期五 星期六 星期日".split(), "Mon Tue Wed Thu Fri Sat Sun".split())


def width_of(text: str) -> int:
    """In Latin letters: a Chinese character counts as two."""
    return sum(2 if ord(c) > 0x2E80 else 1 for c in text)


@dataclass(frozen=True, slots=True)
class Heading:
    """Metadata printed on a sheet."""

    name: Name
    """Unit id → name."""
    zone: tzinfo | None = None
    """Time zone for display; None: this machine's."""
    groups: Mapping[str, str] = field(default_factory=dict)
    """Unit → its group."""
    phones: Mapping[str, str] = field(default_factory=dict)
    """Unit → officer and phone."""
    timeout_s: float | None = None
    """Configured answer timeout."""
    head: str = ""
    """Hash of the journal's last event: printed, it later proves that nothing was truncated."""
    net: str = ""
    """Name of the net."""
    officer: str = ""
    """Duty officer; empty: a blank line."""
    english: bool = False

    @staticmethod
    def of(net: Net, head: str = "", officer: str = "", english: bool = False) -> Heading:
        """With the names and time zone of a net."""
        s = net.settings
        groups = {u.id: u.group for u in net.units}
        phones = {u.id: " ".join(filter(None, (u.officer, u.phone))) for u in net.units}
        return Heading(net.name_of, s.zone, groups, phones, s.timing.answer_timeout_s, head, s.name, officer, english)

    def t(self, key: str, *values: object) -> str:
        """Text of the sheets in the reader's language."""
        return word(key, self.english, *values)

    def standing(self, key: str) -> str:
        """Name of a standing."""
        return name_of(STANDING_NAMES, key, self.english)

    def sign(self, key: str) -> str:
        """One-character symbol of a standing."""
        return (ENGLISH_SIGNS if self.english else SIGNS)[key]

    def local(self, wall: str) -> datetime:
        """A journal time in the net's time zone."""
        return parse_wall(wall).astimezone(self.zone)

    def when(self, of: Column | Session, wall: str | None = None, form: str = "%m-%d %H:%M") -> str:
        """Local time of a column or an item in it."""
        return self.local(wall or of.began).strftime(form) if of.clock == "known" else self.t("unknown date")

    def date(self, of: Column | Session) -> str:
        """``2026年6月5日 星期五``."""
        if of.clock != "known":
            return self.t("unknown date")
        at = self.local(of.began)
        day = DAYS[self.english][at.weekday()]
        return f"{day} {at:%d %B %Y}" if self.english else f"{at.year}年{at.month}月{at.day}日 {day}"

    def why(self, call: Call) -> str:
        """Why an exchange is for review; empty if it is not."""
        return why(call.reasons, call.confidence, lambda unit: self.name(unit or ""), self.english)

    def review(self, call: Call) -> str:
        """That an exchange is for review, and why; empty if it is not."""
        return ": ".join(filter(None, (self.t("review"), self.why(call)))) if call.review else ""

    def title(self, column: Column) -> str:
        """Title of a column."""
        words = column.occasion.words
        return name_of(OCCASION_NAMES, column.occasion.kind, self.english) + (f": {words}" if words else "")

    def figures(self, column: Column) -> list[tuple[str, int]]:
        """The attendance count as every sheet and summary prints it: key of a word → number of units."""
        n = column.attendance.counts()
        shown = [(k, n[k]) for k in ("called", "answered", "late", "relayed", "unclear", "silent", "undetermined")]
        if column.occasion.kind != "calls":  # no unit is expected in individual calls by the dispatcher
            shown = [("expected", n["units"]), *shown, ("not called", n["not_called"])]
        return [(key, value) for key, value in shown if value or key in ALWAYS]

    def lacking(self, column: Column) -> list[tuple[str, tuple[str, ...]]]:
        """Units that did not answer themselves: silent first, then unclear, relayed, undetermined."""
        n = column.attendance
        found = (("silent", n.silent), ("unclear", n.unclear), ("relayed", n.relayed), ("undetermined", n.undetermined))
        return [(key, units) for key, units in found if units]

    def seconds(self, value: float | None) -> str:
        """``2.3``; empty if None."""
        return "" if value is None else f"{value:.1f}"
