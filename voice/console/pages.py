"""The pages, in NiceGUI. Each client looks for news ten times a second and changes what has changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from nicegui import app, events, ui

from voice.console.access import COOKIE, Access, User
from voice.console.api import AlertBody, Desk
from voice.console.board import Board, Tile
from voice.console.texts import text
from voice.errors import HuyingError
from voice.grammar.check import clashes
from voice.journal.incidents import incidents
from voice.journal.lines import Line
from voice.journal.review import open_reviews
from voice.journal.rolls import figures
from voice.journal.search import search
from voice.journal.verify import verify
from voice.journal.wording import KINDS, MEANINGS, clock
from voice.net.loading import check_net
from voice.station.inbox import Order
from voice.station.status import status_file

REFRESH_S = 0.1
FEED_ROWS = 30
LOG_ROWS = 300
REVIEW_DAYS = 14
REVIEW_ROWS = 60
ROLL_DAYS = 7
"""The roll page begins so long before the latest event."""

PAGES = ("watch", "review", "rolls", "log", "roster", "devices")
ICONS = {
    "watch": "podcasts", "review": "hearing", "rolls": "fact_check", "log": "manage_search", "roster": "groups",
    "devices": "settings_input_antenna",
}  # fmt: skip
STATES = {
    "idle": ("radio_button_unchecked", "#5d6b78"), "called": ("phone_in_talk", "#1769c0"),
    "present": ("check_circle", "#1b7f3b"), "late": ("schedule", "#8a6a00"), "silent": ("cancel", "#b3261e"),
    "unclear": ("help", "#a34700"), "undetermined": ("do_not_disturb_on", "#6b5b95"),
    "calling": ("campaign", "#8e24aa"), "overdue": ("alarm", "#b3261e"),
}  # fmt: skip
"""Icon and colour of a tile: never the colour alone."""

REVIEWABLE = ("ack", "normal", "not_found", "situation", "present", "on_the_way", "arrived", "say_again")
STYLE = """
body{background:#eef2f5;font-family:"Noto Sans CJK SC","Microsoft YaHei",system-ui,sans-serif;font-size:17px}
.tile{min-height:56px;border-radius:6px;padding:4px 8px;color:#fff;line-height:1.2;overflow:hidden}
.tile .name{font-weight:700;font-size:16px;white-space:nowrap;text-overflow:ellipsis;overflow:hidden}
.tile .state{font-size:14px}
.board{display:grid;grid-template-columns:repeat(auto-fill,minmax(128px,1fr));gap:6px;width:100%}
.banner{border-radius:8px;padding:12px 16px;color:#fff;font-size:24px;font-weight:700;width:100%}
.feedrow{border-bottom:1px solid #cfd8df;padding:4px 2px;width:100%}
.review{background:#fff3d6}
.mono{font-variant-numeric:tabular-nums}
@media (max-width:700px){.board{grid-template-columns:repeat(2,1fr)}.banner{font-size:19px}}
"""


class Pages:
    """All pages over one desk."""

    def __init__(self, desk: Desk, access: Access) -> None:
        self.desk, self.net, self.feed, self.access = desk, desk.net, desk.feed, access
        self.status = status_file(desk.requests)

    def mount(self) -> None:
        """Register the routes."""
        for name in PAGES:
            path = "/" if name == "watch" else f"/{name}"
            build: Callable[[], None] = getattr(self, name)
            ui.page(path, title=f"呼应 · {text(name, False)}")(self._framed(name, build))

    # -- frame ---------------------------------------------------------------------------------

    @property
    def english(self) -> bool:
        return bool(app.storage.user.get("english", False))

    def t(self, key: str, *values: object) -> str:
        """In the language of this client."""
        return text(key, self.english, *values)

    def _framed(self, name: str, build: Callable[[], None]) -> Callable[[], None]:
        def page() -> None:
            ui.add_css(STYLE)
            ui.colors(primary="#0b5c94", negative="#b3261e", positive="#1b7f3b")
            with ui.header().classes("items-center gap-1 bg-[#0b2a3f] py-1 px-3"):
                ui.label("呼应").classes("text-2xl font-bold mr-2")
                for p in PAGES:
                    look = "bg-[#1d5478]" if p == name else ""
                    with ui.link(target="/" if p == "watch" else f"/{p}").classes(
                        f"text-white no-underline rounded px-2 py-1 {look}"
                    ), ui.row().classes("items-center gap-1 no-wrap"):
                        ui.icon(ICONS[p]).classes("text-xl")
                        ui.label(self.t(p)).classes("max-sm:hidden")
                ui.space()
                self._lamp()
                if not self.access.open and self.user is not None:
                    ui.link(self.user.name, "/logout").classes("text-white").tooltip(self.t("log out"))
                ui.button("中文" if self.english else "English", on_click=self._switch).props("flat dense").classes(
                    "text-white"
                )
            build()

        page.__name__ = name
        return page

    def _switch(self) -> None:
        app.storage.user["english"] = not self.english
        ui.navigate.reload()

    def _lamp(self) -> None:
        icon = ui.icon("sensors").classes("text-2xl")
        label = ui.label().classes("max-sm:hidden max-w-60 truncate")
        level = ui.linear_progress(0.0, show_value=False).classes("w-20 max-sm:hidden").props("color=light-green")
        shown: list[object] = []

        def show() -> None:
            s = self.status.read()
            state = "lost" if s is None else "saying" if s.saying else "busy" if s.busy else "clear"
            level.set_value(0.0 if s is None else min(1.0, max(0.0, (s.level_db + 60) / 55)))
            now = [state, s.saying if s else "", self.feed.fault]
            if now == shown:
                return
            shown[:] = now
            icon.classes(replace=f"text-2xl {_LAMP[state]}")
            icon.props(f'data-carrier="{state}"')
            words = {"lost": "not listening", "clear": "channel clear", "busy": "channel busy"}
            label.set_text(self.feed.fault or (f"▶ {s.saying}" if s and s.saying else self.t(words[state])))

        show()
        ui.timer(REFRESH_S, show)

    def _on_news(self, show: Callable[[], None]) -> None:
        """Now, and whenever there is a new event."""
        seen = -1

        def look() -> None:
            nonlocal seen
            if self.feed.board.seq != seen or self.feed.fault:
                seen = self.feed.board.seq
                show()

        look()
        ui.timer(REFRESH_S, look)

    @property
    def user(self) -> User | None:
        """Of this client, asked anew: its session may have ended."""
        request = ui.context.client.request
        return self.access.of_session(request.cookies.get(COOKIE, "") if request else "")

    def _do(self, act: Callable[[str], object], done: str = "sent") -> bool:
        """Carry out what a button asks, under the user's name; say what came of it."""
        user = self.user
        if user is None or not user.may_order:
            ui.notify(self.t("log in again" if user is None else "viewer"), type="negative")
            return False
        try:
            act(user.name)
        except HuyingError as e:
            ui.notify(str(e), type="negative", multi_line=True, timeout=8000)
            return False
        ui.notify(self.t(done), type="positive")
        return True

    def _clock(self, wall: str | None) -> str:
        return clock(wall, self.net.settings.zone)

    # -- on watch ------------------------------------------------------------------------------

    def watch(self) -> None:
        """Board, feed, roll-call and alert."""
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
            b = self.feed.board
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
            new = [x for x in self.feed.after(last) if x["type"] not in ("session_began", "session_ended")]
            last = b.seq
            for line in new[-FEED_ROWS:]:
                with feed:
                    self._feed_row(line)
                feed.default_slot.children[-1].move(target_index=0)
            for old in feed.default_slot.children[FEED_ROWS:]:
                old.delete()

        self._on_news(show)

    def _banner(self, banner: Any, b: Board) -> None:
        called = [t for t in b.tiles.values() if t.state != "idle"]
        if b.missing:
            names = "、".join(self.net.name_of(u) for u in b.missing)
            told = f"{self.t('missing')} {len(b.missing)}: {names}"
            colour = "#b3261e"
        elif called:
            told, colour = self.t("nobody missing"), "#1b7f3b"
        else:
            told, colour = self.t("not called"), "#44515c"
        if called:
            told += f"  ({self.t('answered of', len(called), len(b.present))})"
        banner.set_text(told)
        banner.style(f"background:{colour}")

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
        box.style(f"background:{colour}").props(f'data-unit="{tile.unit}" data-state="{tile.state}"')
        name.set_text(self.net.name_of(tile.unit))
        icon.props(f"name={symbol}")
        told = self.t(tile.state)
        if tile.state in ("present", "late", "calling") and tile.meaning:
            told = MEANINGS.get(tile.meaning, tile.meaning) if not self.english else tile.meaning
        if tile.latency_s is not None:
            told += f" {tile.latency_s:.1f} s"
        if tile.since:
            told += f" {self._clock(tile.since)[:5]}"
        state.set_text(told)

    def _feed_row(self, line: Line) -> None:
        look = "feedrow items-center gap-2 no-wrap max-sm:flex-wrap" + (" review" if line["review"] else "")
        with ui.row().classes(look):
            ui.label(self._clock(line["wall"])).classes("mono w-20 shrink-0")
            ui.label(KINDS.get(line["type"], "") if not self.english else line["type"]).classes("w-24 shrink-0")
            ui.label(self.net.name_of(line["unit"])).classes("w-40 shrink-0 font-bold max-sm:w-24")
            heard = line["text"] or line["pinyin"] or line["detail"] or ""
            ui.label(heard).classes("grow break-words min-w-0")
            if line["confidence"]:
                ui.label(f"{line['confidence']:.2f}").classes("mono max-sm:hidden")
            if line["clip"]:
                self._player(line["clip"])

    def _player(self, clip: str) -> None:
        ui.button(icon="play_arrow", on_click=lambda: self._play(clip)).props(
            f'flat dense round aria-label="{self.t("play")}"'
        )

    def _play(self, clip: str) -> None:
        ui.run_javascript(f"window.huyingAudio?.pause();window.huyingAudio=new Audio('/api/v1/clips/{clip}');"
                          "window.huyingAudio.play()")  # fmt: skip

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
                for order, icon in (("start", "play_arrow"), ("pause", "pause"), ("resume", "fast_forward"),
                                    ("skip", "skip_next"), ("repeat", "replay"), ("end", "stop")):  # fmt: skip
                    ui.button(self.t(order), icon=icon, on_click=lambda _e, o=order: self._order(o, whom.value)).props(
                        "dense no-caps"
                    )

            def show() -> None:
                roll = self.feed.board.roll
                if roll is None:
                    return
                done = len([u for u in roll.units if u in roll.results])
                progress.set_value(done / max(1, len(roll.units)))
                told.set_text(f"{len(roll.here)}/{len(roll.units)}" + (f" · {roll.paused}" if roll.paused else ""))

            self._on_news(show)

    def _order(self, order: str, whom: str | None) -> None:
        to = (whom,) if order == "start" and whom else ()
        self._do(lambda by: self.desk.leave(Order(order, to, by=by)))  # type: ignore[arg-type]

    def _alert_card(self) -> None:
        with ui.card().classes("w-full"):
            ui.label(self.t("alert")).classes("text-xl font-bold")
            words = ui.textarea(self.t("text")).classes("w-full").props("rows=2 autogrow maxlength=300")
            whom = ui.select(self._whom(), value=[], label=self.t("who"), multiple=True, with_input=True)
            whom.classes("w-full")
            urgent = ui.checkbox(self.t("emergency"))
            told = ui.label()

            def send() -> None:
                to = [w for w in whom.value or [] if w]
                body = AlertBody.model_construct(
                    text=words.value or "", to=to, near=[], repeat=2, need_ack=True, emergency=bool(urgent.value)
                )
                if self._do(lambda by: self.desk.alert(body, by)):
                    words.set_value("")

            ui.button(self.t("send"), icon="campaign", on_click=send).props("color=negative no-caps")

            def show() -> None:
                alert = self.feed.board.alert
                if alert is not None:
                    told.set_text(f"{self.t('acknowledged')} {len(alert.answers)}/{len(alert.units)}: {alert.text}")

            self._on_news(show)

    # -- review --------------------------------------------------------------------------------

    def review(self) -> None:
        """Listen, and say what it was."""
        ui.label(self.t("keys")).classes("text-[#44515c]")
        holder = ui.column().classes("w-full gap-2")
        chosen = {"at": 0}
        rows: list[Line] = []

        def since() -> str:
            return (datetime.now().astimezone() - timedelta(days=REVIEW_DAYS)).astimezone().isoformat()

        def build() -> None:
            rows[:] = open_reviews(self.feed.journal.events(since=_utc(since())))[:REVIEW_ROWS]
            if not rows and self.feed.board.seq:  # an older recording: what its session has left open
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
                self._play(rows[chosen["at"]]["clip"])
            elif e.key.enter:
                self._accept(rows[chosen["at"]])

        ui.keyboard(on_key=key, ignore=["input", "select", "textarea", "button"])
        self._on_news(build)

    def _review_card(self, line: Line, chosen: bool) -> None:
        with ui.card().classes("w-full" + (" ring-4 ring-[#1769c0]" if chosen else "")):
            with ui.row().classes("items-center gap-3 w-full"):
                ui.label(f"{line['seq']} · {self._clock(line['wall'])}").classes("mono font-bold")
                ui.label(str(line["type"] if self.english else KINDS.get(line["type"], line["type"])))
                ui.label(self.net.name_of(line["unit"])).classes("font-bold")
                ui.label(line["text"] or line["pinyin"] or "").classes("grow")
                if line["clip"]:
                    ui.html(
                        f'<img src="/api/v1/clips/{line["clip"]}/waveform.svg" width="300" height="60" alt="">',
                        sanitize=False,
                    )
                    self._player(line["clip"])
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

                    self._do(act, "saved")

                ui.button(self.t("as logged"), icon="check", on_click=lambda: self._accept(line)).props("no-caps")
                ui.button(self.t("correct"), icon="edit", on_click=correct).props("no-caps outline")

    def _accept(self, line: Line) -> None:
        def act(by: str) -> None:
            if line["type"] == "answered" and line["unit"]:
                self.desk.correct(line["seq"], line["unit"], line["meaning"], by, "heard right")
            else:
                self.desk.confirm(line["seq"], None, by)

        self._do(act, "saved")

    # -- roll sheets ---------------------------------------------------------------------------

    def rolls(self) -> None:
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
                found = incidents(self.feed.journal.events(since=_utc(since.value), until=_utc(until.value)))
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
                            f"{self._clock(i.wall)} {self.net.name_of(i.unit)}: {i.text or i.pinyin} — "
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

    # -- log -----------------------------------------------------------------------------------

    def log(self) -> None:
        """Search."""
        box = ui.input(self.t("search")).classes("w-full text-lg").props("clearable autofocus debounce=200")
        holder = ui.column().classes("w-full gap-0 bg-white rounded p-2")

        def build() -> None:
            wanted = box.value or ""
            if wanted:
                rows = search(self.feed.journal, wanted, self.net, LOG_ROWS)[::-1]
            else:
                rows = [x for x in self.feed.after(0) if x["type"] not in ("session_began", "session_ended")][::-1]
            holder.clear()
            with holder:
                for line in rows[:LOG_ROWS]:
                    self._feed_row(line)

        box.on_value_change(build)
        build()

    # -- roster --------------------------------------------------------------------------------

    def roster(self) -> None:
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

    # -- devices -------------------------------------------------------------------------------

    def devices(self) -> None:
        """What the station stands on."""
        import shutil
        from pathlib import Path

        board = self.feed.board
        free = shutil.disk_usage(Path.cwd()).free / 1e9
        for label, value in (
            (self.t("model"), self.net.settings.recognition.model), (self.t("disk"), f"{free:.1f} GB"),
            (self.t("events"), f"{board.seq}"), (self.t("requests"), str(self.desk.requests)),
            ("", self.t("listening" if board.listening else "not listening") + f" {board.source}"),
        ):  # fmt: skip
            with ui.row().classes("gap-3 text-lg"):
                ui.label(label).classes("font-bold w-40")
                ui.label(value)
        told = ui.label().classes("text-lg")

        async def check() -> None:
            from nicegui import run

            told.set_text("…")
            faults = await run.io_bound(lambda: [str(f) for f in islice(verify(self.feed.journal), 20)])
            told.set_text("; ".join(faults or []) or f"{self.t('whole')}: {self.feed.journal.head}")

        ui.button(f"{self.t('chain')}: {self.t('verify')}", icon="verified", on_click=check).props("no-caps")


_LAMP = {"lost": "text-[#ffb4a9]", "clear": "text-[#cfe3ee]", "busy": "text-[#6fe38f]", "saying": "text-[#ffd54a]"}
_MARKS = {"answered": "✓", "late": "迟", "silent": "✗", "unclear": "?", "undetermined": "–", "open": "…"}


def _utc(text_: str | None) -> str | None:
    from voice.console.api import utc

    return utc(text_)
