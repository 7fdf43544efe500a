"""设备: live input of the station and its devices; transmitter test, last over, diagnostics."""

from __future__ import annotations

import shutil
import time
from collections import deque
from itertools import islice
from pathlib import Path
from typing import Any

from nicegui import run, ui

from voice.audio.portaudio import devices_now
from voice.console.overs import FeedItem
from voice.console.pages.frame import CHART_INK, CHART_LINE, Page
from voice.console.pages.row import feed_row
from voice.console.pages.setup import Setup
from voice.errors import HuyingError
from voice.journal.verify import verify
from voice.station.health import examine
from voice.station.status import EVERY_S, Status

CURVE_S = 30.0
"""Duration of the level curve, s."""


class Devices(Page):
    """Level curve with squelch and VAD, transmitter test, last over, sound cards, doctor, hash chain."""

    name = "devices"
    icon = "settings_input_antenna"
    titles = ("设备", "Devices")

    def build(self) -> None:
        """Two columns; one on a phone."""
        with ui.row().classes("w-full no-wrap max-md:flex-wrap gap-3 items-start"):
            with ui.column().classes("grow gap-3 w-full min-w-0"):
                self._curve_card()
                self._over_card()
            with ui.column().classes("w-[480px] max-md:w-full gap-3 shrink-0"):
                self._transmit_card()
                self._stands_on_card()
                self._doctor_card()

    def _curve_card(self) -> None:
        """Half a minute of input level with the carrier threshold; below it, carrier and voice activity."""
        with ui.card().classes("w-full"):
            told = ui.label().classes("text-lg mono")
            chart = ui.echart(
                {
                    "animation": False,
                    "grid": {"left": 46, "right": 12, "top": 34, "bottom": 24},
                    "legend": {
                        "type": "scroll",
                        "top": 0,
                        "itemWidth": 14,
                        "itemGap": 5,
                        "textStyle": {"color": CHART_INK},
                    },
                    "xAxis": {
                        "type": "value",
                        "min": -CURVE_S,
                        "max": 0,
                        "splitLine": {"lineStyle": {"color": CHART_LINE}},
                        "axisLabel": {"formatter": "{value} s", "color": CHART_INK},
                    },
                    "yAxis": {
                        "type": "value",
                        "min": -90,
                        "max": 0,
                        "splitLine": {"lineStyle": {"color": CHART_LINE}},
                        "axisLabel": {"color": CHART_INK},
                    },
                    "series": [
                        {
                            "name": f"{self.t('input level')} dBFS",
                            "type": "line",
                            "showSymbol": False,
                            "data": [],
                            "lineStyle": {"color": "#1769c0"},
                            "itemStyle": {"color": "#1769c0"},
                        },
                        {
                            "name": self.t("threshold"),
                            "type": "line",
                            "showSymbol": False,
                            "data": [],
                            "lineStyle": {"color": "#8a6a00", "type": "dashed"},
                            "itemStyle": {"color": "#8a6a00"},
                        },
                        {
                            "name": self.t("carrier"),
                            "type": "line",
                            "showSymbol": False,
                            "data": [],
                            "connectNulls": False,
                            "lineStyle": {"color": "#1b7f3b", "width": 6},
                            "itemStyle": {"color": "#1b7f3b"},
                        },
                        {
                            "name": self.t("voice"),
                            "type": "line",
                            "showSymbol": False,
                            "data": [],
                            "connectNulls": False,
                            "lineStyle": {"color": "#a34700", "width": 6},
                            "itemStyle": {"color": "#a34700"},
                        },
                    ],
                }
            ).classes("w-full h-64")
            past: deque[tuple[float, Status]] = deque(maxlen=round(CURVE_S / EVERY_S))

            def show() -> None:
                s, now = self.status.read(), time.monotonic()
                if s is None or s.saying:
                    told.set_text(f"▶ {s.saying}" if s else self.t("not listening"))
                    return
                past.append((now, s))
                squelch = self.t(f"squelch {s.squelch}") if s.squelch else ""
                told.set_text(f"{s.source} · {s.level_db:.0f} dBFS · {squelch}")
                rows = [(round(t - now, 2), p) for t, p in past]
                for series, values in zip(
                    chart.options["series"],
                    (
                        [[t, p.level_db] for t, p in rows],
                        [[t, p.floor_db] for t, p in rows],
                        [[t, -82 if p.busy else None] for t, p in rows],
                        [[t, -86 if p.voice else None] for t, p in rows],
                    ),
                    strict=True,
                ):
                    series["data"] = values
                chart.update()

            show()
            ui.timer(EVERY_S, show)

    def _over_card(self) -> None:
        """Radio check: what was received and recognised."""
        with ui.card().classes("w-full"):
            ui.label(self.t("latest over")).classes("text-xl font-bold")
            ui.label(self.t("try it")).classes("soft")
            holder = ui.column().classes("w-full gap-1")
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
                    if line["clip"]:
                        self.picture(line["clip"], height=110).classes("w-full")
                    ui.label(line["pinyin"] or "").classes("mono")

            self.on_news(show)

    def _transmit_card(self) -> None:
        with ui.card().classes("w-full"):
            ui.label(self.t("transmitter")).classes("text-xl font-bold")
            user = self.user
            s = self.net.settings.station
            driver = self.t("vox") if s.ptt == "none" else f"{s.ptt} {s.ptt_device}".strip()
            level = f"{self.t('output level')} {s.level_db:.0f} dBFS"
            ui.label(f"{self.t('ptt driver')}: {driver} · {level}").classes("text-lg")
            if user is not None and user.may_manage:
                ui.button(
                    self.t("test transmission"),
                    icon="cell_tower",
                    on_click=lambda: self.do(self.desk.test, manage=True),
                ).props("color=negative no-caps")

    def _stands_on_card(self) -> None:
        board = self.feed.board
        free = shutil.disk_usage(Path.cwd()).free / 1e9
        with ui.card().classes("w-full gap-1"):
            for label, value in (
                (self.t("model"), self.net.settings.recognition.model),
                (self.t("disk"), f"{free:.1f} GB"),
                (self.t("events"), f"{board.seq}"),
                (self.t("requests"), str(self.desk.requests)),
                (self.t("source"), board.source if board.listening else self.t("not listening")),
            ):
                with ui.row().classes("gap-3 text-lg no-wrap"):
                    ui.label(label).classes("font-bold w-32 shrink-0")
                    ui.label(value).classes("break-all")
            holder = ui.column().classes("w-full gap-0")

            async def cards() -> None:
                told = await run.io_bound(self._cards)
                with holder:
                    for line in told or []:
                        ui.label(line)

            ui.timer(0.01, cards, once=True)

    def _cards(self) -> list[str]:
        """One device per line, or why there are none."""
        try:
            return [
                f"{d.index} {d.name} · {self.t('in')} {d.inputs} · {self.t('out')} {d.outputs} · {d.rate} Hz"
                for d in devices_now()
            ]
        except HuyingError as e:
            return [self.say(e)]

    def _doctor_card(self) -> None:
        with ui.card().classes("w-full gap-1"):
            holder = ui.column().classes("w-full gap-0")

            async def check() -> None:
                told.set_text("…")
                faults = await run.io_bound(lambda: [str(f) for f in islice(verify(self.feed.journal), 20)])
                told.set_text("; ".join(faults or []) or f"{self.t('whole')}: {self.feed.journal.head}")

            async def doctor() -> None:
                holder.clear()
                found = await run.io_bound(lambda: list(examine(self.net.folder)))
                with holder:
                    for f in found or []:
                        told = f"{self.say(f.name)}: {self.say(f.told)}"
                        self._finding(f.fine, f.needed, told + ("" if f.fine else f" → {self.say(f.mend)}"))

            with ui.row():
                ui.button(self.title_of(Setup), icon="start", on_click=lambda: ui.navigate.to(Setup.path())).props(
                    "no-caps"
                )
                ui.button(self.t("verify"), icon="verified", on_click=check).props("no-caps")
                ui.button(self.t("doctor"), icon="medical_services", on_click=doctor).props("no-caps outline")
            told = ui.label().classes("break-all")

    def _finding(self, fine: bool, needed: bool, told: str) -> Any:
        icon, look = ("check_circle", "good") if fine else ("cancel", "bad") if needed else ("help", "doubtful")
        with ui.row().classes("no-wrap gap-2"):
            ui.icon(icon).classes(f"text-xl {look}")
            ui.label(told).classes("break-all")
