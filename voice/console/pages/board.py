"""Tiles, open incidents with their alarm, and a unit's card."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from nicegui import app, events, run, ui

from voice.console.board import OpenIncident, Tile
from voice.console.pages import markup
from voice.console.pages.live import Live
from voice.journal.lines import Line, lines
from voice.journal.rolls import Column
from voice.journal.settled import settled_in
from voice.journal.sheets.heading import COLOURS
from voice.station.requests import AlertRequest, CallRequest

if TYPE_CHECKING:
    from voice.console.pages.watch import LivePage

STATES = {
    "idle": ("radio_button_unchecked", "#5d6b78", 3),
    "called": ("phone_in_talk", "#1769c0", 2),
    "alerted": ("notifications_active", "#00677f", 2),
    "present": ("check_circle", COLOURS["answered"], 4),
    "late": ("schedule", COLOURS["late"], 4),
    "relayed": ("record_voice_over", COLOURS["relayed"], 2),
    "silent": ("cancel", COLOURS["silent"], 0),
    "unclear": ("help", COLOURS["unclear"], 1),
    "undetermined": ("do_not_disturb_on", COLOURS["undetermined"], 1),
    "calling": ("campaign", "#8e24aa", 1),
    "overdue": ("alarm", COLOURS["silent"], 0),
}
"""Icon, colour and order of a tile: never colour alone; those needing attention come first. Colours as on the
sheets."""

REVIEWED = 2
"""Place of an answer that is for review: before those that are sure."""

UNIT = "(e) => { const tile = e.target.closest('[data-unit]'); if (tile) emit(tile.dataset.unit); }"
"""Tells of which tile an event of the board is."""

HISTORY = 21
"""Roll-calls shown on a card."""


class BoardView:
    """Board of the channel selected by a client."""

    def __init__(self, page: LivePage) -> None:
        self.page = page

    def tiles(self) -> Live:
        """One tile per unit; click or Enter opens its card."""
        page = self.page
        grid = page.live("board")
        grid.element.on("click", lambda e: Card(page, e.args), js_handler=UNIT)
        grid.element.on("keydown.enter", lambda e: Card(page, e.args), js_handler=UNIT)
        shown: dict[str, tuple[Tile, bool, str]] = {}

        def show() -> None:
            b = page.board
            reported = {i.unit for i in b.incidents}
            doubts = {line["seq"]: self._doubt(line) for line in page.desk.open_reviews()}
            for unit, tile in b.tiles.items():
                now = tile, unit in reported, doubts.get(tile.seq, "")
                if shown.get(unit) != now:
                    self._paint(grid, *now)
                    shown[unit] = now
            for gone in set(shown) - set(b.tiles):
                grid.drop(gone)
                del shown[gone]

        page.on_news(show)
        return grid

    def _doubt(self, line: Line) -> str:
        """That a line is for review, and why."""
        return ": ".join(filter(None, (self.page.t("for review"), self.page.why(line))))

    def _paint(self, grid: Live, tile: Tile, reported: bool, doubt: str) -> None:
        """``doubt``: why what the tile shows is for review; empty if it is not."""
        page = self.page
        symbol, colour, place = STATES[tile.state]
        order = -1 if reported else min(place, REVIEWED) if doubt else place
        words = page.net.name_of(tile.unit), "warning" if reported else symbol, page.state_of(tile, short=True)
        grid.put(
            tile.unit, markup.tile(*words, doubt),
            "tile incident" if reported else "tile", f"background:{colour};order:{order}", data_unit=tile.unit,
            data_state=tile.state, tabindex="0", role="button",
        )  # fmt: skip

    def incidents(self) -> None:
        """Unacknowledged incidents with their alarm sound, and a switch for it."""
        page = self.page
        holder = ui.column().classes("incidents w-full gap-1")
        sounding = False
        seen: tuple[OpenIncident, ...] | None = None

        def show() -> None:
            nonlocal seen, sounding
            found = page.board.incidents
            if found == seen:
                return
            seen = found
            holder.clear()
            with holder:
                for i in found:
                    with ui.row().classes("alarm items-center gap-3").props(f'data-incident="{i.seq}" role="alert"'):
                        ui.icon("warning").classes("text-3xl")
                        who = page.net.name_of(i.unit) if i.unit else page.t("unknown unit")
                        with ui.column().classes("grow gap-0 min-w-0"):
                            ui.label(f"{page.clock(i.wall)} {who}: {page.meaning(i.meaning)} “{i.text}”")
                            if i.guess:
                                ui.label(f"≈ {i.guess}").classes("italic text-base").tooltip(page.t("not verified"))
                        if i.unit:
                            ui.button(page.t("card"), on_click=lambda _e, u=i.unit: Card(page, u)).props(
                                "no-caps outline color=white"
                            )
                        ui.button(
                            page.t("taken charge"), icon="done", on_click=lambda _e, s=i.seq: self._take(s)
                        ).props("no-caps color=white text-color=black")
                if found:
                    self._switch()
            wanted = bool(found) and bool(app.storage.user.get("sound", True))
            if wanted or sounding:
                words = "".join(f"{page.net.name_of(i.unit)}: {i.text} " for i in found[-1:])
                ui.run_javascript(f"window.huyingAlarm && huyingAlarm({json.dumps(wanted)}, {json.dumps(words)})")
            sounding = wanted

        page.on_news(show)

    def _switch(self) -> None:
        """Alarm sound on or off in this browser; switching it on asks the browser for permission once."""
        page = self.page
        on = bool(app.storage.user.get("sound", True))

        def change(e: Any) -> None:
            app.storage.user["sound"] = bool(e.value)
            ui.run_javascript("huyingAllow();huyingAlarm(true)" if e.value else "huyingAlarm(false)")

        ui.switch(page.t("alarm sound"), value=on, on_change=change)

    def _take(self, seq: int) -> None:
        self.page.do(lambda by: self.page.desk.acknowledge(seq, by), "saved")


class Card:
    """A unit's card: last over, officer's phone, the past week, and actions."""

    def __init__(self, page: LivePage, unit: str) -> None:
        self.page, self.unit = page, unit
        self._clip = ""
        self._near = page.desk.neighbours(unit)
        one, t = page.net.unit(unit), page.t
        tile = page.board.tiles.get(unit, Tile(unit))
        symbol, colour, _ = STATES[tile.state]
        if any(i.unit == unit for i in page.board.incidents):
            symbol, colour = "warning", "#b00020"
        with (
            ui.dialog(value=True) as self._dialog,
            ui.card().classes("w-[640px] max-w-full gap-2") as box,
        ):
            box.props["data-card"] = unit
            with ui.row().classes("items-center gap-2 w-full no-wrap"):
                ui.icon(symbol).style(f"color:{colour}").classes("text-4xl")
                ui.label(page.net.name_of(unit)).classes("text-2xl font-bold grow")
                ui.label(page.state_of(tile)).classes("text-lg")
                ui.button(icon="close", on_click=self._dialog.close).props(f'flat round aria-label="{t("close")}"')
            if one is not None and (one.officer or one.phone):
                with ui.row().classes("items-center gap-3"):
                    ui.label(f"{t('officer')} {one.officer}").classes("text-lg")
                    number = "".join(c for c in one.phone if c.isdigit() or c == "+")
                    ui.link(one.phone, f"tel:{number}" if number else "#").classes("dial mono")
            if one is not None and (one.location or one.group):
                ui.label(" · ".join(filter(None, (one.group, one.location)))).classes("soft")
            self._over = ui.column().classes("w-full gap-1")
            self._show_over(next((x for x in reversed(page.feed.lines) if self._is_mine(x)), None))
            self._week = ui.column().classes("w-full gap-1")
            self._actions(tile)
        ui.timer(0.01, self._read, once=True)
        with self._dialog:
            ui.keyboard(on_key=self._key, ignore=["input", "textarea", "select"])

    def _is_mine(self, line: Line) -> bool:
        return line["unit"] == self.unit and line["type"] in ("answered", "called_in", "not_understood", "relayed")

    def _show_over(self, line: Line | None) -> None:
        page = self.page
        self._over.clear()
        with self._over:
            if line is None:
                ui.label(page.t("nothing heard yet")).classes("soft")
                return
            self._clip = line["clip"] or ""
            with ui.row().classes("items-center gap-2 w-full over"):
                if self._clip:
                    page.player(self._clip)
                when = f"{page.day(line['wall'])} {page.clock(line['wall'])}".strip()
                ui.label(when).classes("mono shrink-0")
                words = line["text"] or (f"[{line['pinyin']}]" if line["pinyin"] else "")
                ui.label(f"“{words}”" if words else "").classes("words text-lg grow")
                ui.label(page.meaning(line["meaning"])).classes("font-bold shrink-0")
            if reason := page.why(line):
                ui.label(reason).classes("doubt")
            if self._clip:
                page.picture(self._clip, height=80, loading="lazy").classes("w-full")

    async def _read(self) -> None:
        """Past week; loaded after the card is shown."""
        line, week = await run.io_bound(self._history) or (None, [])
        if self._dialog.is_deleted:
            return
        if line is not None and not self._clip:
            self._show_over(line)
        h = self.page.desk.heading("", self.page.english)
        self._week.clear()
        with self._week:
            ui.label(self.page.t("week's history")).classes("font-bold")
            with ui.row().classes("gap-1"):
                for c in week:
                    standing = c.attendance.standings.get(self.unit, "not_called")
                    sign = h.sign(standing) if standing in COLOURS else "·"
                    ui.label(sign).classes("text-white text-center w-7 rounded").style(
                        f"background:{COLOURS.get(standing, '#9e9e9e')}"
                    ).tooltip(f"{h.when(c)} {h.title(c)}: {h.standing(standing)}")
                if not week:
                    ui.label(self.page.t("no roll-call this week")).classes("soft")

    def _history(self) -> tuple[Line | None, list[Column]]:
        since, week = self.page.desk.week()
        found = [c for c in week if self.unit in c.attendance.called]
        last = None
        if not self._clip:
            journal = self.page.feed.journal
            for line in lines(journal.events(since=since), settled_in(journal)):
                last = line if self._is_mine(line) and line["clip"] else last
        return last, found[-HISTORY:]

    def _actions(self, tile: Tile) -> None:
        page, t = self.page, self.page.t
        page.air_note()
        with ui.row().classes("w-full gap-2"):
            ui.button(f"{t('call again')} (C)", icon="phone_in_talk", on_click=self.call).props("no-caps")
            if self._near:
                ui.button(f"{t('call neighbours')} (N)", icon="hub", on_click=self.call_near).props("no-caps outline")
            ui.button(f"{t('mark present')} (P)", icon="how_to_reg", on_click=self.present).props("no-caps outline")
            if page.board.incident_of(self.unit) is not None:
                ui.button(f"{t('taken charge')} (I)", icon="done", on_click=self.take).props("no-caps color=negative")
        with ui.row().classes("w-full gap-2 items-end no-wrap"):
            self._message = ui.input(t("message")).classes("grow").props("maxlength=300")
            ui.button(t("read it out"), icon="campaign", on_click=self.message).props("no-caps color=negative")

    def call(self) -> None:
        """Call this unit again, individually."""
        page = self.page
        page.on_air(
            f"{page.t('call again')}: {page.net.name_of(self.unit)}",
            lambda: page.do(lambda by: page.desk.leave(CallRequest("again", (self.unit,), by))),
        )

    def call_near(self) -> None:
        """Call its neighbours, one by one."""
        page, near = self.page, self._near
        if near:
            page.on_air(
                f"{page.t('call neighbours')}: {page.listed(map(page.net.name_of, near))}",
                lambda: page.do(lambda by: page.desk.leave(CallRequest("again", near, by))),
            )

    def present(self) -> None:
        """Mark it present in the roll-call; the original event is kept."""
        if self.page.do(lambda by: self.page.desk.mark_present(self.page.channel, self.unit, by), "saved"):
            self._dialog.close()

    def message(self) -> None:
        """Read a message to it."""
        page, text = self.page, str(self._message.value or "")
        page.on_air(
            f"{page.net.name_of(self.unit)}: {text}",
            lambda: page.do(lambda by: page.desk.alert(AlertRequest(text, (self.unit,), repeat=1, by=by))),
        )

    def take(self) -> None:
        """Acknowledge its incident."""
        found = self.page.board.incident_of(self.unit)
        if found is not None and self.page.do(lambda by: self.page.desk.acknowledge(found.seq, by), "saved"):
            self._dialog.close()

    def _key(self, e: events.KeyEventArguments) -> None:
        if not e.action.keydown or not self._dialog.value:
            return
        acts = {"c": self.call, "n": self.call_near, "p": self.present, "i": self.take}
        if e.key.space and self._clip:
            self.page.play(self._clip)
        elif (act := acts.get(str(e.key.name).lower())) is not None:
            act()
