"""名册: the units, validated while editing."""

from __future__ import annotations

import base64
from pathlib import PurePath
from typing import Any

from nicegui import events, run, ui

from voice.console.pages.frame import Page
from voice.errors import HuyingError
from voice.grammar.check import clashes
from voice.net.loading import check_net
from voice.net.roster import split_list
from voice.net.roster_table import COLUMNS, RosterTable, parse_roster

SHOWN = ("id", "name", "call_signs", "reading", "group", "officer", "phone", "neighbours", "ani", "alike")
WHOLE = ("id", "name", "officer", "phone")
"""Columns without word wrap."""
ON_A_PHONE = ("id", "name", "call_signs", "officer", "phone")
"""Fields shown on cards; a tap opens the rest."""
LARGEST_FILE = 5_000_000
"""Largest roster import, bytes."""


class Roster(Page):
    """Table of units; a click opens one."""

    name = "roster"
    icon = "groups"
    titles = ("名册", "Roster")

    def build(self) -> None:
        """Errors, table, import and export."""
        user = self.user
        may = user is not None and user.may_manage
        with ui.row().classes("items-center gap-3 w-full"):
            if may:
                ui.button(self.t("new unit"), icon="add", on_click=lambda: self._edit(None, show)).props("no-caps")
                upload = ui.upload(
                    auto_upload=True, max_file_size=LARGEST_FILE, on_upload=lambda e: self._import(e, show),
                    on_rejected=lambda: ui.notify(self.t("too large"), type="negative"),
                ).props("accept=.csv,.txt,.xlsx,.xlsm").classes("hidden")  # fmt: skip
                ui.button(
                    self.t("import"), icon="upload_file", on_click=lambda: upload.run_method("pickFiles")
                ).props("outline no-caps")  # fmt: skip
            for name in ("roster.csv", "roster.xlsx"):
                ui.button(name, icon="download", on_click=lambda _e, n=name: ui.navigate.to(
                    f"/api/v1/exports/{n}"
                )).props("outline no-caps")  # fmt: skip
            search = ui.input(self.t("find")).props("dense clearable").classes("w-40")
        wrong = ui.column().classes("w-full gap-1")
        columns = [
            {"name": k, "label": self.t(k), "field": k, "align": "left", "sortable": True,
             "style": "white-space:nowrap" if k in WHOLE else ""}
            for k in SHOWN
        ]  # fmt: skip
        table = ui.table(columns=columns, rows=[], row_key="id").classes("w-full text-lg")
        table.props("dense flat wrap-cells").props(':grid="window.innerWidth < 800"')  # cards on a phone
        table.props(f':visible-columns="window.innerWidth < 800 ? {list(ON_A_PHONE)} : undefined"')
        table.bind_filter_from(search, "value")
        if may:
            table.on("rowClick", lambda e: self._edit(e.args[1]["id"], show))
            table.classes("cursor-pointer")

        def show() -> None:
            net, problems = check_net(self.net.folder)
            wrong.clear()
            with wrong:
                ui.label(self.t("mistakes") if problems else self.t("no mistakes")).classes("text-xl font-bold")
                for p in problems:
                    ui.label(self.say(p)).classes("bad")
                for p in net.notices if net else ():
                    ui.label(self.say(p)).classes("doubtful")
            table.rows = self._rows()

        show()

    def _rows(self) -> list[dict[str, str]]:
        near: dict[str, list[str]] = {}
        for c in clashes(self.net.lexicon.entries):
            near.setdefault(c.a.text, []).append(c.b.text)
            near.setdefault(c.b.text, []).append(c.a.text)
        pinyin = {e.text: e.pinyin for e in self.net.lexicon.entries}
        return [
            {"id": u.id, "name": u.name, "call_signs": "; ".join(u.call_signs),
             "reading": "; ".join(pinyin.get(s, "") for s in u.call_signs), "group": u.group, "officer": u.officer,
             "phone": u.phone, "neighbours": self.listed(u.neighbours), "ani": "; ".join(u.ani),
             "alike": self.listed(x for s in u.call_signs for x in near.get(s, []))}
            for u in self.net.units
        ]  # fmt: skip

    def _edit(self, unit: str | None, done: Any) -> None:
        """Dialog for one unit; ``None``: a new one. Saving is checked against the version that was opened."""
        try:
            opened = self.desk.roster
        except HuyingError as e:
            ui.notify(self.say(e), type="negative")
            return
        rows = opened.rows
        row = next((r for r in rows if r["id"] == unit), dict.fromkeys(COLUMNS, ""))
        with ui.dialog(value=True) as dialog, ui.card().classes("w-[560px] max-w-full gap-1"):
            ui.label(row["name"] or self.t("new unit")).classes("text-xl font-bold")
            boxes: dict[str, Any] = {}
            for field in COLUMNS:
                boxes[field] = ui.input(self.t(field), value=row[field]).classes("w-full").props("dense")
                if field == "call_signs":
                    with ui.row().classes("items-center no-wrap w-full"):
                        told = ui.label().classes("grow text-sm")
                        ui.button(
                            self.t("hear it"), icon="volume_up",
                            on_click=lambda: self._hear(boxes["call_signs"].value or boxes["name"].value),
                        ).props("dense flat no-caps")  # fmt: skip
            boxes["id"].set_enabled(unit is None)

            def check() -> None:
                words, fine = self._checked(boxes["call_signs"].value or boxes["name"].value or "", unit or "")
                told.set_text(words)
                told.classes(replace="grow text-sm " + ("good" if fine else "bad font-bold"))

            boxes["call_signs"].on_value_change(check)
            boxes["name"].on_value_change(check)
            check()

            def save() -> None:
                new = {f: str(b.value or "") for f, b in boxes.items()}
                kept = [new if r["id"] == unit else r for r in rows] + ([new] if unit is None else [])
                if self._save(opened, kept):
                    dialog.close()
                    done()

            def remove() -> None:
                if self._save(opened, [r for r in rows if r["id"] != unit]):
                    dialog.close()
                    done()

            with ui.row().classes("w-full justify-end gap-2 mt-2"):
                if unit is not None:
                    ui.button(self.t("delete"), icon="delete", on_click=remove).props("flat color=negative no-caps")
                    ui.space()
                ui.button(self.t("cancel"), on_click=dialog.close).props("flat no-caps")
                ui.button(self.t("save"), icon="save", on_click=save).props("no-caps")

    def _checked(self, signs: str, unit: str) -> tuple[str, bool]:
        """Readings of the call signs, and conflicts with those of other units."""
        out, fine = [], True
        for sign in split_list(signs):
            try:
                said, near = self.desk.reading(sign, unit)
            except HuyingError as e:
                return self.say(e), False
            fine = fine and not near
            out.append(said + (f" ≈ {self.listed(t for t, _ in near)} ({self.t('alike')})" if near else ""))
        return "; ".join(out), fine

    async def _hear(self, signs: str) -> None:
        first = next(iter(split_list(signs)), "")
        try:
            sound = await run.io_bound(self.desk.speech, first)
        except HuyingError as e:
            ui.notify(self.say(e), type="negative")
            return
        coded = base64.b64encode(sound or b"").decode()
        ui.run_javascript(f"window.huyingAudio?.pause();window.huyingAudio=new Audio('data:audio/wav;base64,{coded}');"
                          "window.huyingAudio.play()")  # fmt: skip

    def _save(self, opened: RosterTable, rows: list[dict[str, str]]) -> bool:
        def act(by: str) -> None:
            _, problems = self.desk.save_roster(rows, opened.sha256, by)
            if problems:
                raise HuyingError("\n".join(f"{p.what} → {p.fix}" for p in problems))

        return self.do(act, "roster saved", manage=True)

    async def _import(self, e: events.UploadEventArguments, done: Any) -> None:
        """Shows the number of units in the file and replaces the roster on confirmation."""
        try:
            rows, notices = parse_roster(await e.file.read(), PurePath(e.file.name).suffix.lower())
            opened = self.desk.roster
        except HuyingError as fault:
            ui.notify(self.say(fault), type="negative", multi_line=True)
            return
        known = {r["id"] for r in opened.rows}
        fresh = sum(r["id"] not in known for r in rows)
        gone = len(known - {r["id"] for r in rows})
        with ui.dialog(value=True) as dialog, ui.card():
            ui.label(self.t("replace roster", len(opened.cells), len(rows), fresh, gone)).classes("text-lg")
            for p in notices:
                ui.label(f"{p.line}: {self.say(p.what)} → {self.say(p.fix)}").classes("doubtful")
            with ui.row().classes("justify-end w-full"):
                ui.button(self.t("cancel"), on_click=dialog.close).props("flat no-caps")

                def replace() -> None:
                    if self._save(opened, rows):
                        done()
                    dialog.close()

                ui.button(self.t("save"), icon="save", on_click=replace).props("no-caps")
