"""日志: search."""

from __future__ import annotations

from nicegui import ui

from voice.console.pages.frame import Page
from voice.journal.search import search

LOG_ROWS = 300


class Log(Page):
    """One box, the latest hits first."""

    name = "log"

    def build(self) -> None:
        """Search."""
        box = ui.input(self.t("search")).classes("w-full text-lg").props("clearable autofocus debounce=200")
        holder = ui.column().classes("w-full gap-0 bg-white rounded p-2")

        def build() -> None:
            wanted = box.value or ""
            if wanted:
                rows = search(self.feed.journal, wanted, self.net, LOG_ROWS)[::-1]
            else:
                rows = [x for x in self.feed.after(0) if x["type"] not in ("session_began", "session_ended")][::-1]
            holder.clear()
            with holder:
                for line in rows[:LOG_ROWS]:
                    self.feed_row(line)

        box.on_value_change(build)
        build()
