"""点名: who answered, over days and weeks."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from nicegui import ui

from voice.console.pages.frame import Page
from voice.errors import HuyingError
from voice.journal.incidents import incidents
from voice.journal.rolls import figures
from voice.journal.wording import utc

ROLL_DAYS = 7
"""The roll page begins so long before the latest event."""
_MARKS = {"answered": "✓", "late": "迟", "silent": "✗", "unclear": "?", "undetermined": "–", "open": "…"}


class Rolls(Page):
    """A table of attendance, a chart, the incidents, downloads."""

    name = "rolls"

    def build(self) -> None:
        """Who answered, over days and weeks."""
        with ui.row().classes("items-end gap-3"):
            since = ui.input(self.t("from"), value=self._week_before()).props("type=date stack-label")
            until = ui.input(self.t("until"), value="").props("type=date stack-label")
            for name, label in (("roll.html", "HTML / 打印"), ("roll.xlsx", "XLSX"), ("events.csv", "CSV")):
                ui.button(label, icon="download", on_click=lambda _e, n=name: ui.navigate.to(
                    f"/api/v1/exports/{n}?since={since.value or '2000-01-01'}&until={until.value or '2100-01-01'}"
                )).props("outline no-caps")  # fmt: skip
        holder = ui.column().classes("w-full gap-3")

        def build() -> None:
            try:
                sheet = self.desk.sheet(since.value or None, until.value or None)
                found = incidents(self.feed.journal.events(since=utc(since.value), until=utc(until.value)))
            except HuyingError as e:
                ui.notify(str(e), type="negative")
                return
            rows = [r for r in figures(sheet) if r.calls]
            holder.clear()
            with holder:
                columns = [
                    {"name": n, "label": self.t(label), "field": n, "align": "left", "sortable": True}
                    for n, label in (("name", "unit"), ("calls", "calls"), ("answered", "answers"), ("late", "late"),
                                     ("silent", "silent"), ("unclear", "unclear"), ("median", "median"),
                                     ("marks", "attendance"))
                ]  # fmt: skip
                table = [
                    {"name": self.net.name_of(r.unit), "calls": r.calls, "answered": r.answered, "late": r.late,
                     "silent": r.silent, "unclear": r.unclear, "median": r.median_s if r.median_s is not None else "",
                     "marks": " ".join(_MARKS.get(c.result, "·") for s in sheet for c in s.of(r.unit))[-60:]}
                    for r in rows
                ]  # fmt: skip
                ui.table(columns=columns, rows=table, row_key="name").classes("w-full text-lg").props("dense flat")
                if rows:
                    self._chart(rows)
                if found:
                    ui.label(self.t("incidents")).classes("text-xl font-bold")
                    for i in found[-20:]:
                        arrived = "、".join(
                            f"{self.net.name_of(u)} {int(s // 60)}:{int(s % 60):02d}"
                            for u, s in sorted(i.arrived.items(), key=lambda kv: kv[1])
                        )
                        ui.label(
                            f"{self.clock(i.wall)} {self.net.name_of(i.unit)}: {i.text or i.pinyin} — "
                            f"{self.t('arrived')}: {arrived or '—'}"
                        )

        since.on_value_change(build)
        until.on_value_change(build)
        build()

    def _week_before(self) -> str:
        """First day of the roll page: ROLL_DAYS before the latest event."""
        last = self.feed.lines[-1]["wall"] if self.feed.lines else None
        if last is None:
            return ""
        return str((datetime.fromisoformat(last.replace("Z", "+00:00")) - timedelta(days=ROLL_DAYS)).date())

    def _chart(self, rows: list[Any]) -> None:
        ui.echart({
            "title": {"text": f"{self.t('median')}"}, "tooltip": {}, "grid": {"left": 60, "right": 20, "bottom": 110},
            "xAxis": {"type": "category", "data": [self.net.name_of(r.unit) for r in rows],
                      "axisLabel": {"rotate": 50, "interval": 0}},
            "yAxis": {"type": "value", "name": "s"},
            "series": [{"type": "bar", "data": [r.median_s or 0 for r in rows], "itemStyle": {"color": "#1769c0"}}],
        }).classes("w-full h-80")  # fmt: skip
