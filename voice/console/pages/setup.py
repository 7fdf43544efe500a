"""开始使用: first-time setup: name, roster, sound card, transmitter, first over."""

from __future__ import annotations

from typing import Any

from nicegui import run, ui

from voice.audio.portaudio import devices_now
from voice.console.overs import FeedItem
from voice.console.pages.roster import LARGEST_FILE, Roster
from voice.console.pages.row import feed_row
from voice.errors import HuyingError
from voice.radio.ptt import DRIVERS


class Setup(Roster):
    """A five-step wizard; each step is saved on leaving it, and everything can be changed later."""

    name = "setup"
    icon = ""  # not in the header: from the devices page, and the first time
    titles = ("开始使用", "Set up")

    def build(self) -> None:
        """The steps."""
        ui.label(self.title_of(Setup)).classes("text-2xl font-bold")
        if self.desk.keeper is None:
            ui.label(self.t("no station here")).classes("soft")
        with ui.stepper().props("vertical animated").classes("w-full max-w-3xl") as steps:
            with ui.step("name", title=self.t("step name")):
                self._name(steps)
            with ui.step("roster", title=self.t("step roster")):
                self._roster(steps)
            with ui.step("sound", title=self.t("step sound")):
                self._sound(steps)
            with ui.step("ptt", title=self.t("step ptt")):
                self._ptt(steps)
            with ui.step("hear", title=self.t("step hear")):
                self._hear_yourself()

    def _buttons(self, steps: Any, save: Any = None, first: bool = False) -> None:
        def go() -> None:
            if save is None or self.do(save, "saved", manage=True):
                steps.next()

        with ui.stepper_navigation():
            ui.button(self.t("next"), on_click=go).props("no-caps")
            if not first:
                ui.button(self.t("back"), on_click=steps.previous).props("flat no-caps")

    def _name(self, steps: Any) -> None:
        s = self.net.settings
        name = ui.input(self.t("net name"), value=s.name).classes("w-full").props("maxlength=60")
        sign = ui.input(self.t("control sign"), value=s.control.call_sign).classes("w-full").props("maxlength=30")

        def save(by: str) -> None:
            if name.value != self.net.settings.name:
                self.desk.save_settings("", {"name": str(name.value)}, by)
            if sign.value != self.net.settings.control.call_sign:
                self.desk.save_settings("control", {"call_sign": str(sign.value)}, by)

        self._buttons(steps, save, first=True)

    def _roster(self, steps: Any) -> None:
        told = ui.label()

        def show() -> None:
            told.set_text(self.t("roster is", len(self.net.units)))

        show()
        upload = ui.upload(
            auto_upload=True,
            max_file_size=LARGEST_FILE,
            on_upload=lambda e: self._import(e, show),
            on_rejected=lambda: ui.notify(self.t("too large"), type="negative"),
        )
        upload.props("accept=.csv,.xlsx").classes("hidden")
        with ui.row():
            ui.button(self.t("import"), icon="upload_file", on_click=lambda: upload.run_method("pickFiles")).props(
                "no-caps"
            )
            ui.button(
                self.t("get template"), icon="download", on_click=lambda: ui.navigate.to("/api/v1/exports/roster.xlsx")
            ).props("outline no-caps")
        self._buttons(steps)

    def _sound(self, steps: Any) -> None:
        choice = ui.select([], label=self.t("input card"), with_input=True, new_value_mode="add-unique")
        choice.classes("w-full")
        fault = ui.label().classes("bad")

        async def look() -> None:
            inputs, _, told = await run.io_bound(self._devices) or ([], [], "")
            now = self.net.settings.station.input
            choice.set_options([*dict.fromkeys([*inputs, *([now] if now else [])])], value=now or None)
            fault.set_text(self.t("not found here", told) if told else "")

        ui.timer(0.01, look, once=True)

        def use() -> None:
            values = {"input": str(choice.value or "")}
            self.do(lambda by: self.desk.save_settings("station", values, by), "saved", manage=True)

        ui.button(self.t("save"), icon="graphic_eq", on_click=use).props("no-caps")
        ui.label(self.t("level hint")).classes("soft")
        level = ui.linear_progress(0.0, show_value=False).classes("w-full h-4").props("color=light-green")
        words = ui.label().classes("mono")

        def meter() -> None:
            s, keeper = self.status.read(), self.desk.keeper
            level.set_value(0.0 if s is None else min(1.0, max(0.0, (s.level_db + 60) / 55)))
            if s is not None:
                words.set_text(f"{s.source} {s.level_db:.0f} dBFS")
            else:
                words.set_text(self.t("station ended", keeper.told[-1] if keeper and keeper.told else "—"))

        ui.timer(0.3, meter)
        self._buttons(steps)

    def _devices(self) -> tuple[list[str], list[str], str]:
        """Names of inputs and outputs, or why there are none."""
        try:
            found = devices_now()
        except HuyingError as e:
            return [], [], self.say(e)
        return [d.name for d in found if d.inputs], [d.name for d in found if d.outputs], ""

    def _ptt(self, steps: Any) -> None:
        s = self.net.settings.station
        out = ui.select([], label=self.t("output card"), with_input=True, new_value_mode="add-unique", clearable=True)
        out.classes("w-full")
        driver = ui.select(list(DRIVERS), value=s.ptt, label=self.t("ptt driver")).classes("w-48")
        device = ui.input(self.t("ptt device"), value=s.ptt_device).classes("w-full").props("maxlength=200")

        async def look() -> None:
            _, outputs, _ = await run.io_bound(self._devices) or ([], [], "")
            now = self.net.settings.station.output
            out.set_options([*dict.fromkeys([*outputs, *([now] if now else [])])], value=now or None)

        ui.timer(0.01, look, once=True)

        def save(by: str) -> None:
            values = {"output": str(out.value or ""), "ptt": str(driver.value), "ptt_device": str(device.value or "")}
            station = self.net.settings.station
            if values != {k: getattr(station, k) for k in values}:
                self.desk.save_settings("station", values, by)

        ui.button(
            self.t("test transmission"),
            icon="cell_tower",
            on_click=lambda: self.on_air(self.t("test transmission"), lambda: self.do(self.desk.test, manage=True)),
        ).props("color=negative no-caps")
        self.air_note()
        self._buttons(steps, save)

    def _hear_yourself(self) -> None:
        """Radio check: what was received and recognised."""
        ui.label(self.t("try it"))
        holder = ui.column().classes("w-full gap-0 panel")
        shown = 0

        def show() -> None:
            nonlocal shown
            line = next((x for x in reversed(self.feed.lines) if x["type"] == "over"), None)
            if line is None or line["seq"] == shown:
                return
            shown = line["seq"]
            holder.clear()
            with holder:
                feed_row(self, FeedItem(line, [line]))

        self.on_news(show)
        ui.button(self.t("done"), icon="check", on_click=lambda: ui.navigate.to("/")).props("no-caps")
