"""日志: one row per over; filters for day, unit, kind and text; paged."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import islice
from typing import Any

from nicegui import run, ui

from voice.console.overs import HIDDEN, FeedItem, entries
from voice.console.pages.frame import Page
from voice.console.pages.row import feed_row
from voice.errors import HuyingError
from voice.journal.codec import KINDS
from voice.journal.lines import lines
from voice.journal.search import search
from voice.journal.settled import settled_in
from voice.journal.wording import KIND_NAMES, name_of

LOG_ROWS = 100
"""Entries per page."""

FOUND = 2000
"""Most hits of a search."""

MOST = 200_000
"""Most events of a day searched; a hundred busy channels have fewer."""


class Log(Page):
    """Latest first."""

    name = "log"
    icon = "manage_search"
    titles = ("日志", "Log")

    def build(self) -> None:
        """Filters above, one page of the log below."""
        with ui.row().classes("items-end gap-3 w-full"):
            words = ui.input(self.t("search")).classes("grow text-lg").props("clearable autofocus debounce=300")
            day = ui.input(self.t("day"), value=self._last_day()).props("type=date stack-label dense clearable")
            units = {"": self.t("all"), **{u.id: u.name for u in self.net.units}}
            unit = ui.select(units, value="", label=self.t("unit"), with_input=True).props("dense").classes("w-44")
            kinds = {"": self.t("all"), **{k: name_of(KIND_NAMES, k, self.english) for k in KINDS if k not in HIDDEN}}
            kind = ui.select(kinds, value="", label=self.t("kind")).props("dense").classes("w-36")
        holder = ui.column().classes("w-full gap-0 panel")
        at = 0

        async def build(page: int = 0) -> None:
            nonlocal at
            at = page
            try:
                found = await run.io_bound(self._read, words.value or "", day.value or "", unit.value, kind.value)
            except HuyingError as e:
                ui.notify(self.say(e), type="negative")
                return
            self._show(holder, found or [], at, build)

        for box in (words, day, unit, kind):
            box.on_value_change(lambda: build())
        ui.timer(0.01, build, once=True)

    def _show(self, holder: Any, found: list[FeedItem], at: int, build: Any) -> None:
        holder.clear()
        with holder:
            for entry in found[at * LOG_ROWS : (at + 1) * LOG_ROWS]:
                feed_row(self, entry)
            if not found:
                ui.label(self.t("nothing found")).classes("soft")
            with ui.row().classes("items-center gap-3 mt-2 no-wrap max-sm:gap-0"):
                newer = ui.button(self.t("newer"), icon="chevron_left", on_click=lambda: build(at - 1))
                newer.props("flat no-caps").set_enabled(at > 0)
                ui.label(self.t("page of", at + 1, max(1, -(-len(found) // LOG_ROWS)), len(found)))
                older = ui.button(self.t("older"), icon="chevron_right", on_click=lambda: build(at + 1))
                older.props("flat no-caps").set_enabled(len(found) > (at + 1) * LOG_ROWS)

    def _read(self, words: str, day: str, unit: str, kind: str) -> list[FeedItem]:
        """Newest first. A text search covers all days; without a day only recent events are shown."""
        begin = self.desk.utc(day) if day else None
        end = self.desk.utc(str(date.fromisoformat(day) + timedelta(days=1))) if day else None
        if words:
            rows = search(self.feed.journal, words, self.net, FOUND)
        elif begin:
            journal = self.feed.journal
            found = islice(journal.events(since=begin, until=end), MOST)
            rows = list(lines(found, settled_in(journal)))
        else:
            rows = list(self.feed.after(0))
        return [
            e for e in entries(rows)[::-1]
            if (not unit or any(x["unit"] == unit for x in e.lines))
            and (not kind or any(x["type"] == kind for x in e.lines))
        ]  # fmt: skip

    def _last_day(self) -> str:
        """Day of the latest event in the net's time zone; empty if unknown."""
        wall = self.feed.lines[-1]["wall"] if self.feed.lines else ""
        return self.local_day(wall)
