"""名册: units with their readings, and what is wrong with them."""

from __future__ import annotations

from nicegui import ui

from voice.console.pages.frame import Page
from voice.grammar.check import clashes
from voice.net.loading import check_net


class Roster(Page):
    """A table of the units."""

    name = "roster"

    def build(self) -> None:
        """Units with their readings, and what is wrong with them."""
        _, problems = check_net(self.net.folder)
        alike: dict[str, list[str]] = {}
        for c in clashes(self.net.lexicon.entries):
            alike.setdefault(c.a.text, []).append(c.b.text)
            alike.setdefault(c.b.text, []).append(c.a.text)
        with ui.column().classes("w-full gap-1"):
            ui.label(self.t("mistakes") if problems else self.t("no mistakes")).classes("text-xl font-bold")
            for p in problems:
                ui.label(str(p)).classes("text-[#b3261e]")
        pinyin = {e.text: e.pinyin for e in self.net.lexicon.entries}
        keys = ("unit", "group", "reading", "officer", "phone", "neighbours", "alike")
        columns = [{"name": k, "label": self.t(k), "field": k, "align": "left"} for k in keys]
        rows = [
            {"unit": u.name, "group": u.group, "reading": "; ".join(f"{s} {pinyin.get(s, '')}" for s in u.call_signs),
             "officer": u.officer, "phone": u.phone, "neighbours": "、".join(u.neighbours),
             "alike": "、".join(x for s in u.call_signs for x in alike.get(s, []))}
            for u in self.net.units
        ]  # fmt: skip
        ui.table(columns=columns, rows=rows, row_key="unit").classes("w-full text-lg").props("dense flat wrap-cells")
