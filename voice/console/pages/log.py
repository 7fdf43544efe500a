"""日志: search."""

from __future__ import annotations

from nicegui import ui

from voice.console.pages.frame import Page
from voice.journal.search import search

LOG_ROWS = 300
"""Hits that are looked for, and rows that are shown."""

FIRST_ROWS = 100
"""Shown at once; the others when they are asked for."""


class Log(Page):
    """One box, the latest hits first."""

    name = "log"

    def build(self) -> None:
        """Search."""
        box = ui.input(self.t("search")).classes("w-full text-lg").props("clearable autofocus debounce=200")
        holder = ui.column().classes("w-full gap-0 bg-white rounded p-2")

        def build(most: int = FIRST_ROWS) -> None:
            wanted = box.value or ""
            if wanted:
                rows = search(self.feed.journal, wanted, self.net, LOG_ROWS)[::-1]
            else:
                rows = [x for x in self.feed.after(0) if x["type"] not in ("session_began", "session_ended")][::-1]
            holder.clear()
            with holder:
                for line in rows[:most]:
                    self.feed_row(line)
                if len(rows) > most:
                    more = ui.button(self.t("more"), icon="expand_more", on_click=lambda: build(LOG_ROWS))
                    more.props("flat no-caps")

        box.on_value_change(lambda: build())
        build()
