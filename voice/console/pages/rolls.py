"""点名: attendance over days, weeks and months; manual entry of nets that were not recorded."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from nicegui import run, ui

from voice.console.pages.frame import CHART_INK, CHART_LINE, Page
from voice.errors import HuyingError
from voice.grammar.meanings import ENTERABLE
from voice.journal.codec import KINDS
from voice.journal.incidents import incidents
from voice.journal.rolls import Session, UnitFigures, columns, unit_figures
from voice.journal.sheets.overview import MATRIX_CSS, matrix_html, summary_html
from voice.journal.wording import MEANING_NAMES, STANDING_NAMES, name_of
from voice.talk.by_hand import RESULTS, ByHand
from voice.talk.incidents import Incident
from voice.time import parse_wall

MOST_LISTED = 60
"""Most roll-calls listed individually."""

PERIODS = {"day": 0, "week": 6, "month": 30, "year": 365}
"""Name → days before the last one."""

HEARD = ("", *ENTERABLE)
"""Meanings offered in manual entry."""


class Rolls(Page):
    """Matrix, summary, answer times, incidents, downloads."""

    name = "rolls"
    icon = "fact_check"
    titles = ("点名", "Rolls")

    def build(self) -> None:
        """Period and downloads above; the content for that period below."""
        ui.add_css(MATRIX_CSS)
        last = self._last_day()
        with ui.row().classes("items-end gap-3 w-full"):
            since = ui.input(self.t("from"), value=str(last - timedelta(days=PERIODS["week"])))
            until = ui.input(self.t("until"), value=str(last))
            for box in (since, until):
                box.props("type=date stack-label dense")

            def choose(days: int) -> None:
                since.set_value(str(last - timedelta(days=days)))
                until.set_value(str(last))

            for period, days in PERIODS.items():
                ui.button(self.t(period), on_click=lambda _e, d=days: choose(d)).props("outline dense no-caps")
            for name, label in (("roll.html", self.t("print")), ("roll.xlsx", "XLSX"), ("events.csv", "CSV")):
                ui.button(
                    label,
                    icon="download",
                    on_click=lambda _e, n=name: ui.navigate.to(
                        f"/api/v1/exports/{n}?since={since.value or '2000-01-01'}&until={_next_day(until.value)}"
                        + (f"&language={'en' if self.english else 'zh'}" if n.startswith("roll") else ""),
                    ),
                ).props("outline dense no-caps")
            enter = ui.button(self.t("enter a net"), icon="edit_note", on_click=lambda: self._enter(build))
            enter.props("dense no-caps")
        holder = ui.column().classes("w-full gap-3")

        async def build() -> None:
            begin, end = since.value or None, _next_day(until.value)
            holder.clear()
            with holder:
                waiting = ui.spinner(size="lg")
            try:
                found = await run.io_bound(self._read, begin, end)
            except HuyingError as e:
                ui.notify(self.say(e), type="negative")
                found = None
            waiting.delete()
            if found is not None:
                with holder:
                    self._shown(*found)

        since.on_value_change(build)
        until.on_value_change(build)
        ui.timer(0.01, build, once=True)

    def _read(self, begin: str | None, end: str | None) -> tuple[list[Session], list[Incident]]:
        sheet = self.desk.sheet(begin, end)
        return sheet, incidents(self.feed.journal.events(since=self.desk.utc(begin), until=self.desk.utc(end)))

    def _shown(self, sheet: list[Session], found: list[Incident]) -> None:
        if columns(sheet):
            self._tables(sheet)
        else:
            ui.label(self.t("nobody called then")).classes("text-2xl")
        if found:
            ui.label(self.t("incidents")).classes("text-xl font-bold")
        for i in found[-20:]:
            arrived = self.listed(
                f"{self.net.name_of(u)} {int(s // 60)}:{int(s % 60):02d}"
                for u, s in sorted(i.arrived.items(), key=lambda kv: kv[1])
            )
            guess = f" ≈{i.guess}" if i.guess else ""
            ui.label(
                f"{self.clock(i.wall)} {self.net.name_of(i.unit)}: {i.words or i.pinyin}{guess} — "
                f"{self.t('arrived')}: {arrived or '—'}"
            )

    def _tables(self, sheet: list[Session]) -> None:
        """Who answered which call, each unit's figures, and the roll-calls one by one."""
        heading = self.desk.heading(self.user.name if self.user else "", self.english)
        ui.html(matrix_html(sheet, heading), sanitize=False).classes("w-full overflow-x-auto panel")
        with ui.row().classes("w-full gap-4 items-start"):
            summary = ui.html(f'<div class="roll-summary">{summary_html(sheet, heading)}</div>', sanitize=False)
            summary.classes("max-w-full min-w-0")
            rows = [r for r in unit_figures(sheet) if r.median_s is not None]
            if rows:
                self._chart(rows)
        self._each(sheet)

    def _each(self, sheet: list[Session]) -> None:
        """One line per roll-call, with its page to print."""
        found = [c for c in columns(sheet) if c.occasion.kind != "calls"][::-1]
        if not found:
            return
        h = self.desk.heading("", self.english)
        ui.label(self.t("each")).classes("text-xl font-bold")
        with ui.column().classes("w-full gap-0 panel"):
            for c in found[:MOST_LISTED]:
                count = c.attendance
                words = [self.t("answered of", len(count.called), len(count.answered))]
                for key, units in (("missing", count.silent), ("unclear", count.unclear), ("relayed", count.relayed)):
                    if units:
                        words.append(f"{self.t(key)} {len(units)}: {self.listed(map(self.net.name_of, units))}")
                with ui.row().classes("feedrow items-center gap-3 no-wrap max-sm:flex-wrap"):
                    ui.label(h.when(c, form="%Y-%m-%d %H:%M")).classes("mono shrink-0")
                    ui.label(h.title(c)).classes("font-bold shrink-0 max-w-60 truncate")
                    ui.label(" · ".join(words)).classes("grow min-w-0")
                    language = "en" if self.english else "zh"
                    page = f"/api/v1/exports/roll.html?roll={c.occasion.seq}&language={language}&view=true"
                    ui.button(
                        self.t("print"), icon="print", on_click=lambda _e, p=page: ui.navigate.to(p, new_tab=True)
                    ).props("dense outline no-caps")

    def _last_day(self) -> date:
        """Day of the latest event in the net's time zone; today if there is none."""
        last = next((x["wall"] for x in reversed(self.feed.lines) if not issubclass(KINDS[x["type"]], ByHand)), None)
        moment = parse_wall(last) if last else datetime.now().astimezone()
        return moment.astimezone(self.net.settings.zone).date()

    def _chart(self, rows: list[UnitFigures]) -> None:
        ui.echart(
            {
                "title": {"text": self.t("answer times"), "textStyle": {"color": CHART_INK}},
                "tooltip": {"trigger": "axis"},
                "legend": {"right": 10, "textStyle": {"color": CHART_INK}},
                "grid": {"left": 50, "right": 20, "bottom": 110},
                "xAxis": {
                    "type": "category",
                    "data": [self.net.name_of(r.unit) for r in rows],
                    "axisLabel": {"rotate": 50, "interval": 0, "color": CHART_INK},
                },
                "yAxis": {
                    "type": "value",
                    "name": "s",
                    "axisLabel": {"color": CHART_INK},
                    "splitLine": {"lineStyle": {"color": CHART_LINE}},
                },
                "series": [
                    {
                        "type": "bar",
                        "name": self.t("median"),
                        "data": [r.median_s or 0 for r in rows],
                        "itemStyle": {"color": "#1769c0"},
                    },
                    {
                        "type": "scatter",
                        "name": self.t("nine of ten"),
                        "data": [r.slow_s or 0 for r in rows],
                        "itemStyle": {"color": "#a34700"},
                    },
                ],
            }
        ).classes("grow h-80 min-w-[340px]")

    def _enter(self, done: Any) -> None:
        """Manual entry of a net: time, and one line per unit."""
        names = {r: name_of(STANDING_NAMES, r, self.english) for r in RESULTS}
        names = {"": self.t("not asked"), **names}
        meanings = {m: name_of(MEANING_NAMES, m, self.english) or "—" for m in HEARD}
        with ui.dialog(value=True) as dialog, ui.card().classes("w-[620px] max-w-full gap-1"):
            ui.label(self.t("enter a net")).classes("text-xl font-bold")
            with ui.row().classes("gap-3 items-end"):
                day = ui.input(self.t("date"), value=str(self._last_day())).props("type=date stack-label dense")
                at = ui.input(self.t("time"), value="08:30").props("type=time stack-label dense")
                note = ui.input(self.t("note")).props("dense maxlength=500")
                ui.button(self.t("all present"), on_click=lambda: [b.set_value("answered") for b, _ in boxes.values()])
            boxes: dict[str, tuple[Any, Any]] = {}
            with ui.column().classes("w-full gap-0 max-h-[55vh] overflow-y-auto no-wrap"):
                for u in self.net.units:
                    with ui.row().classes("w-full items-center no-wrap gap-2"):
                        ui.label(u.name).classes("grow")
                        boxes[u.id] = (
                            ui.select(names, value="").props("dense").classes("w-28"),
                            ui.select(meanings, value="").props("dense").classes("w-32"),
                        )

            def save() -> None:
                results = [
                    (unit, str(result.value), str(meaning.value or "") if result.value in ("answered", "late") else "")
                    for unit, (result, meaning) in boxes.items()
                    if result.value
                ]
                began = f"{day.value}T{at.value}"
                if self.do(lambda by: self.desk.enter_net(began, results, by, str(note.value or "")), "saved"):
                    dialog.close()
                    ui.timer(0.01, done, once=True)

            with ui.row().classes("w-full justify-end"):
                ui.button(self.t("cancel"), on_click=dialog.close).props("flat no-caps")
                ui.button(self.t("save"), icon="save", on_click=save).props("no-caps")


def _next_day(day: str | None) -> str:
    """Exclusive end of a period that includes this day."""
    return str(date.fromisoformat(day) + timedelta(days=1)) if day else "2100-01-01"
