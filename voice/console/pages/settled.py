"""What people have settled: each correction and confirmation of the last day, with its undo."""

from __future__ import annotations

from functools import partial

from nicegui import ui

from voice.console.pages.frame import Page
from voice.journal.review import Word
from voice.journal.wording import detail_in


class SettledList:
    """Newest first, folded up until somebody opens it."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._shown: list[int] = []
        self._fold = ui.expansion(icon="task_alt").classes("w-full panel").props("data-settled")

    def show(self) -> list[int]:
        """Redraw what has changed; returns the numbers of the events that are in force."""
        words = self._page.desk.in_force()
        numbers = [word.line["seq"] for word in words]
        if numbers != self._shown:
            self._fold.clear()
            with self._fold:
                for word in words:
                    self._row(word)
        self._shown = numbers
        self._fold.set_text(self._page.t("settled", len(words)))
        self._fold.set_visibility(bool(words))
        return numbers

    def _row(self, word: Word) -> None:
        page, line = self._page, word.line
        unit = line["unit"] or (word.about["unit"] if word.about else None)
        nothing = page.t("nothing of the net") if line["type"] == "confirmed" else ""
        with ui.row().classes("feedrow items-center gap-3").props(f'data-word="{line["seq"]}"'):
            ui.label(f"{page.day(line['wall'])} {page.clock(line['wall'])}".strip()).classes("mono font-bold")
            ui.label(page.net.name_of(unit)).classes("font-bold")
            with ui.column().classes("grow gap-0 min-w-0"):
                ui.label(page.meaning(line["meaning"]) or line["text"] or nothing)
                ui.label(detail_in(line["detail"], page.net.name_of, page.english)).classes("soft text-sm")
            undo = ui.button(page.t("undo"), icon="undo", on_click=partial(self._undo, line["seq"]))
            undo.props("flat no-caps dense")

    def _undo(self, seq: int) -> None:
        if self._page.do(lambda by: self._page.desk.undo(seq, by), "undone"):
            self.show()
