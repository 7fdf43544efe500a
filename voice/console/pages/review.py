"""复核: listen, and say what it was."""

from __future__ import annotations

from datetime import datetime, timedelta

from nicegui import events, ui

from voice.console.pages.frame import Page
from voice.errors import HuyingError
from voice.journal.lines import Line
from voice.journal.review import open_reviews
from voice.journal.wording import KINDS, MEANINGS, utc

REVIEW_DAYS = 14
REVIEW_ROWS = 60
REVIEWABLE = ("ack", "normal", "not_found", "situation", "present", "on_the_way", "arrived", "say_again")


class Review(Page):
    """The open ones, newest first; keys or mouse."""

    name = "review"

    def build(self) -> None:
        """Listen, and say what it was."""
        ui.label(self.t("keys")).classes("text-[#44515c]")
        holder = ui.column().classes("w-full gap-2")
        chosen = {"at": 0}
        rows: list[Line] = []

        def since() -> str:
            return (datetime.now().astimezone() - timedelta(days=REVIEW_DAYS)).astimezone().isoformat()

        def build() -> None:
            rows[:] = open_reviews(self.feed.journal.events(since=utc(since())))[:REVIEW_ROWS]
            if not rows and self.feed.seq:  # an older recording: what its session has left open
                begin = self.feed.journal.last("session_began") - 1
                rows[:] = open_reviews(self.feed.journal.events(after=begin))[:REVIEW_ROWS]
            holder.clear()
            with holder:
                if not rows:
                    ui.label(self.t("nothing to review")).classes("text-2xl")
                for k, line in enumerate(rows):
                    self._review_card(line, k == chosen["at"])

        def key(e: events.KeyEventArguments) -> None:
            if not e.action.keydown or not rows:
                return
            if e.key.arrow_down or e.key.arrow_up:
                chosen["at"] = (chosen["at"] + (1 if e.key.arrow_down else -1)) % len(rows)
                build()
            elif e.key.space and rows[chosen["at"]]["clip"]:
                self.play(rows[chosen["at"]]["clip"])
            elif e.key.enter:
                self._accept(rows[chosen["at"]])

        ui.keyboard(on_key=key, ignore=["input", "select", "textarea", "button"])
        self.on_news(build)

    def _review_card(self, line: Line, chosen: bool) -> None:
        with ui.card().classes("w-full" + (" ring-4 ring-[#1769c0]" if chosen else "")):
            with ui.row().classes("items-center gap-3 w-full"):
                ui.label(f"{line['seq']} · {self.clock(line['wall'])}").classes("mono font-bold")
                ui.label(str(line["type"] if self.english else KINDS.get(line["type"], line["type"])))
                ui.label(self.net.name_of(line["unit"])).classes("font-bold")
                ui.label(line["text"] or line["pinyin"] or "").classes("grow")
                if line["clip"]:
                    ui.html(
                        f'<img src="/api/v1/clips/{line["clip"]}/waveform.svg" width="300" height="60" alt="">',
                        sanitize=False,
                    )
                    self.player(line["clip"])
            with ui.row().classes("items-end gap-3"):
                units = {u.id: u.name for u in self.net.units}
                unit = ui.select(units, value=line["unit"] if line["unit"] in units else None, label=self.t("unit"),
                                 with_input=True)  # fmt: skip
                names = {m: MEANINGS.get(m, m) if not self.english else m for m in REVIEWABLE}
                value = line["meaning"] if line["meaning"] in names else None
                meaning = ui.select(names, value=value, label=self.t("meaning")).classes("min-w-32")
                said = ui.input(self.t("said")).classes("min-w-48")

                def correct() -> None:
                    def act(by: str) -> None:
                        if said.value:
                            self.desk.confirm(line["seq"], said.value.strip(), by)
                        if unit.value and meaning.value:
                            self.desk.correct(line["seq"], unit.value, meaning.value, by)
                        elif not said.value:
                            raise HuyingError("choose unit and meaning, or write down what was said 请选单位和意思")

                    self.do(act, "saved")

                ui.button(self.t("as logged"), icon="check", on_click=lambda: self._accept(line)).props("no-caps")
                ui.button(self.t("correct"), icon="edit", on_click=correct).props("no-caps outline")

    def _accept(self, line: Line) -> None:
        def act(by: str) -> None:
            if line["type"] == "answered" and line["unit"]:
                self.desk.correct(line["seq"], line["unit"], line["meaning"], by, "heard right")
            else:
                self.desk.confirm(line["seq"], None, by)

        self.do(act, "saved")
