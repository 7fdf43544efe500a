"""值守: who did not answer, the board, the feed, roll-call and alert."""

from __future__ import annotations

from typing import Any

from nicegui import app, ui

from voice.console.board import Board, Tile
from voice.console.pages.frame import Page
from voice.journal.wording import MEANINGS, name_of
from voice.station.requests import LONGEST_ALERT, Order, Request, Withdrawal

FEED_ROWS = 30
STATES = {
    "idle": ("radio_button_unchecked", "#5d6b78"), "called": ("phone_in_talk", "#1769c0"),
    "alerted": ("notifications_active", "#00677f"),
    "present": ("check_circle", "#1b7f3b"), "late": ("schedule", "#8a6a00"), "silent": ("cancel", "#b3261e"),
    "unclear": ("help", "#a34700"), "undetermined": ("do_not_disturb_on", "#6b5b95"),
    "calling": ("campaign", "#8e24aa"), "overdue": ("alarm", "#b3261e"),
}  # fmt: skip
"""Icon and colour of a tile: never the colour alone."""


class Watch(Page):
    """Who did not answer, in one line; a tile a unit; the feed; roll-call and alert."""

    name = "watch"

    def build(self) -> None:
        """Board, feed, roll-call and alert."""
        self._channel_choice()
        banner = ui.label().classes("banner").props('role="status" aria-live="polite"')
        with ui.row().classes("w-full no-wrap max-md:flex-wrap gap-3 items-start"):
            with ui.column().classes("grow gap-2 w-full"):
                board = ui.element("div").classes("board")
                ui.label(self.t("feed")).classes("text-xl font-bold mt-2")
                feed = ui.column().classes("w-full gap-0 bg-white rounded p-2")
            with ui.column().classes("w-80 max-md:w-full gap-3 shrink-0"):
                self._roll_card()
                self._alert_card()
        tiles: dict[str, tuple[Any, Any, Any, Any]] = {}
        shown: dict[str, Tile] = {}
        last = 0

        def show() -> None:
            nonlocal last
            b = self.board
            self._banner(banner, b)
            for unit, tile in b.tiles.items():
                if unit not in tiles:
                    with board:
                        tiles[unit] = self._tile()
                if shown.get(unit) != tile:
                    self._paint(tiles[unit], tile)
                    shown[unit] = tile
            for gone in set(tiles) - set(b.tiles):
                tiles.pop(gone)[0].delete()
                shown.pop(gone, None)
            channel = self.channel
            new = [
                x
                for x in self.feed.after(last)
                if x["type"] not in ("session_began", "session_ended") and (x["channel"] or "") == channel
            ]
            last = self.feed.seq
            for line in new[-FEED_ROWS:]:
                with feed:
                    self.feed_row(line)
                feed.default_slot.children[-1].move(target_index=0)
            for old in feed.default_slot.children[FEED_ROWS:]:
                old.delete()

        self.on_news(show)

    @property
    def channel(self) -> str:
        """The one that this client looks at."""
        chosen = str(app.storage.user.get("channel", ""))
        return chosen if chosen in self.feed.channels else self.feed.channels[0]

    @property
    def board(self) -> Board:
        """Of that channel."""
        return self.feed.board_of(self.channel)

    def _channel_choice(self) -> None:
        """Only where there are several."""
        if len(self.feed.channels) < 2:
            return

        def choose(name: str) -> None:
            app.storage.user["channel"] = name
            ui.navigate.reload()

        ui.toggle(list(self.feed.channels), value=self.channel, on_change=lambda e: choose(e.value)).props("no-caps")

    def _banner(self, banner: Any, b: Board) -> None:
        told, colour = self._count(b)
        banner.set_text(told)
        banner.style(f"background:{colour}")

    def _count(self, b: Board) -> tuple[str, str]:
        """The roll-call in one line, and its colour: green only when it is over and everybody has answered."""
        count = b.attendance
        if not count.called:
            return self.t("not called"), "#44515c"
        parts = [
            f"{self.t(word)} {len(units)}: {self._names(units)}"
            for word, units in (("missing", count.silent), ("unclear", count.unclear), ("relayed", count.relayed))
            if units
        ]  # fmt: skip
        said = self.t("answered of", len(count.called), len(count.answered))
        if b.running and b.occasion:
            name = self.t(f"running {b.occasion.kind}", len(count.settled), len(count.units))
            return " · ".join((name, said, *parts)), "#b3261e" if parts else "#1769c0"
        if parts:
            return " · ".join((*parts, said)), "#b3261e"
        whole = len(count.answered) == len(count.called)
        told = self.t("nobody missing" if whole else "not all")
        return f"{told}  ({said})", "#1b7f3b" if whole else "#44515c"

    def _names(self, units: tuple[str, ...]) -> str:
        return "、".join(self.net.name_of(u) for u in units)

    def _tile(self) -> tuple[Any, Any, Any, Any]:
        with ui.element("div").classes("tile") as box:
            name = ui.label().classes("name")
            with ui.row().classes("items-center gap-1 no-wrap"):
                icon = ui.icon("help").classes("text-xl")
                state = ui.label().classes("state")
        return box, name, icon, state

    def _paint(self, parts: tuple[Any, Any, Any, Any], tile: Tile) -> None:
        box, name, icon, state = parts
        symbol, colour = STATES[tile.state]
        box.style(f"background:{colour}")
        box.props["data-unit"], box.props["data-state"] = tile.unit, tile.state
        name.set_text(self.net.name_of(tile.unit))
        icon.props(f"name={symbol}")
        told = self.t(tile.state)
        if tile.state in ("present", "late", "calling") and tile.meaning:
            told = name_of(MEANINGS, tile.meaning, self.english)
        if tile.latency_s is not None:
            told += f" {tile.latency_s:.1f} s"
        if tile.since:
            told += f" {self.clock(tile.since)[:5]}"
        state.set_text(told)

    def _whom(self) -> dict[str, str]:
        groups = dict.fromkeys(u.group for u in self.net.units if u.group)
        return {"": self.t("everybody"), **{g: f"▣ {g}" for g in groups}, **{u.id: u.name for u in self.net.units}}

    def _roll_card(self) -> None:
        with ui.card().classes("w-full"):
            ui.label(self.t("roll-call")).classes("text-xl font-bold")
            whom = ui.select(self._whom(), value="", label=self.t("who"), with_input=True).classes("w-full")
            progress = ui.linear_progress(0.0, show_value=False).classes("w-full")
            told = ui.label().classes("mono")
            with ui.row().classes("gap-2"):
                for order, icon in (
                    ("start", "play_arrow"),
                    ("pause", "pause"),
                    ("resume", "fast_forward"),
                    ("skip", "skip_next"),
                    ("repeat", "replay"),
                    ("end", "stop"),
                ):
                    ui.button(self.t(order), icon=icon, on_click=lambda _e, o=order: self._order(o, whom.value)).props(
                        "dense no-caps"
                    )

            def show() -> None:
                board = self.board
                roll = board.roll
                if roll is None:
                    return
                done = len(roll.attendance.settled)
                progress.set_value(done / max(1, len(roll.units)))
                left = board.remaining_s(self.feed.lines[-1]["wall"]) if self.feed.lines else None
                told.set_text(
                    f"{len(roll.here)}/{len(roll.units)}"
                    + (f" · {roll.paused}" if roll.paused else "")
                    + (f" · {self.t('left')} {int(left // 60)}:{int(left % 60):02d}" if left is not None else "")
                )

            self.on_news(show)

    def _order(self, order: str, whom: str | None) -> None:
        to = (whom,) if order == "start" and whom else ()
        self.do(lambda by: self.desk.leave(Order(order, to, by=by)))  # type: ignore[arg-type]

    def _alert_card(self) -> None:
        with ui.card().classes("w-full"):
            ui.label(self.t("alert")).classes("text-xl font-bold")
            templates = list(self.net.settings.alert_templates)
            ready = ui.select(templates, label=self.t("template")).classes("w-full")
            ready.set_visibility(bool(templates))
            words = ui.textarea(self.t("text")).classes("w-full").props(f"rows=2 autogrow maxlength={LONGEST_ALERT}")
            ready.on_value_change(lambda e: words.set_value(e.value or ""))
            whom = ui.select(self._whom(), value=[], label=self.t("who"), multiple=True, with_input=True)
            whom.classes("w-full")
            urgent = ui.checkbox(self.t("emergency"))
            told = ui.label()

            def send() -> None:
                to = [w for w in whom.value or [] if w]
                text, urgently = words.value or "", bool(urgent.value)
                if self.do(lambda by: self.desk.alert(Request(text, tuple(to), emergency=urgently, by=by))):
                    words.set_value("")

            with ui.row():
                ui.button(self.t("send"), icon="campaign", on_click=send).props("color=negative no-caps")
                end = ui.button(
                    self.t("withdraw"),
                    icon="cancel",
                    on_click=lambda: self.do(lambda by: self.desk.leave(Withdrawal(by=by))),
                ).props("outline no-caps")

            def show() -> None:
                alert = self.board.alert
                end.set_visibility(alert is not None and not alert.closed)
                if alert is not None:
                    told.set_text(f"{self.t('acknowledged')} {len(alert.answers)}/{len(alert.units)}: {alert.text}")

            self.on_news(show)
