"""What all pages share: header, carrier lamp, language, who is logged in, news, a line of the feed.

Each client looks for news ten times a second and changes what has changed.
"""

from __future__ import annotations

from collections.abc import Callable

from nicegui import app, ui

from voice.console.access import COOKIE, Access, User
from voice.console.desk import Desk
from voice.console.texts import text
from voice.errors import HuyingError
from voice.journal.clips import NAME
from voice.journal.lines import Line
from voice.journal.wording import KINDS, clock, name_of
from voice.net.loading import Net
from voice.station.status import status_file

REFRESH_S = 0.1
ICONS = {
    "watch": "podcasts",
    "review": "hearing",
    "rolls": "fact_check",
    "log": "manage_search",
    "roster": "groups",
    "devices": "settings_input_antenna",
}
"""Pages in the order of the header."""

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
.roll-summary table{border-collapse:collapse;background:#fff}
.roll-summary th,.roll-summary td{border:1px solid #ccc;padding:2px 8px;text-align:left}
.roll-summary h2{font-size:19px;font-weight:700;line-height:1.6;margin:4px 0}
@media (max-width:700px){.board{grid-template-columns:repeat(2,1fr)}.banner{font-size:19px}}
"""
_LAMP = {"lost": "text-[#ffb4a9]", "clear": "text-[#cfe3ee]", "busy": "text-[#6fe38f]", "saying": "text-[#ffd54a]"}


class Page:
    """One page over the desk; ``build`` fills it for a client."""

    name = ""

    def __init__(self, desk: Desk, access: Access) -> None:
        self.desk, self.feed, self.access = desk, desk.feed, access
        self.status = status_file(desk.requests)

    @property
    def net(self) -> Net:
        """As it was saved last."""
        return self.desk.net

    @property
    def english(self) -> bool:
        return bool(app.storage.user.get("english", False))

    def t(self, key: str, *values: object) -> str:
        """In the language of this client."""
        return text(key, self.english, *values)

    def framed(self) -> Callable[[], None]:
        """What is called for each client: header, then ``build``."""

        def page() -> None:
            ui.add_css(STYLE)
            ui.colors(primary="#0b5c94", negative="#b3261e", positive="#1b7f3b")
            with ui.header().classes("items-center gap-1 bg-[#0b2a3f] py-1 px-3"):
                ui.label("呼应").classes("text-2xl font-bold mr-2")
                for p in ICONS:
                    look = "bg-[#1d5478]" if p == self.name else ""
                    with (
                        ui.link(target="/" if p == "watch" else f"/{p}").classes(
                            f"text-white no-underline rounded px-2 py-1 {look}"
                        ),
                        ui.row().classes("items-center gap-1 no-wrap"),
                    ):
                        ui.icon(ICONS[p]).classes("text-xl")
                        ui.label(self.t(p)).classes("max-sm:hidden")
                ui.space()
                self._lamp()
                if not self.access.open and self.user is not None:
                    ui.link(self.user.name, "/logout").classes("text-white").tooltip(self.t("log out"))
                ui.button("中文" if self.english else "English", on_click=self._switch).props("flat dense").classes(
                    "text-white"
                )
            self.build()

        page.__name__ = self.name
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
            now = [state, s and (s.saying, s.who, s.heard), self.feed.fault]
            if now == shown:
                return
            shown[:] = now
            icon.classes(replace=f"text-2xl {_LAMP[state]}")
            icon.props(f'data-carrier="{state}"')
            words = {"lost": "not listening", "clear": "channel clear", "busy": "channel busy"}
            told = f"▶ {s.saying}" if s and s.saying else self.t(words[state])
            if s and state == "busy" and (s.who or s.heard):
                told = f"{self.net.name_of(s.who)}{'?' if s.who else ''} {s.heard}…"
            label.set_text(self.feed.fault or told)

        show()
        ui.timer(REFRESH_S, show)

    def on_news(self, show: Callable[[], None]) -> None:
        """Now, and whenever there is a new event."""
        seen = -1

        def look() -> None:
            nonlocal seen
            if self.feed.seq != seen or self.feed.fault:
                seen = self.feed.seq
                show()

        look()
        ui.timer(REFRESH_S, look)

    @property
    def user(self) -> User | None:
        """Of this client, asked anew: its session may have ended."""
        request = ui.context.client.request
        return self.access.of_session(request.cookies.get(COOKIE, "") if request else "")

    def do(self, act: Callable[[str], object], done: str = "sent", manage: bool = False) -> bool:
        """Carry out what a button asks, under the user's name; say what came of it. ``manage``: for admins."""
        user = self.user
        if user is None or not (user.may_manage if manage else user.may_order):
            ui.notify(self.t("log in again" if user is None else "admins" if manage else "viewer"), type="negative")
            return False
        try:
            act(user.name)
        except HuyingError as e:
            ui.notify(str(e), type="negative", multi_line=True, timeout=8000)
            return False
        ui.notify(self.t(done), type="positive")
        return True

    def clock(self, wall: str | None) -> str:
        return clock(wall, self.net.settings.zone)

    def feed_row(self, line: Line) -> None:
        look = "feedrow items-center gap-2 no-wrap max-sm:flex-wrap" + (" review" if line["review"] else "")
        with ui.row().classes(look):
            ui.label(self.clock(line["wall"])).classes("mono w-20 shrink-0")
            kind = name_of(KINDS, line["type"], self.english)
            ui.label(kind).classes("w-24 shrink-0 leading-tight")
            ui.label(self._direction(line)).classes("w-44 shrink-0 font-bold max-sm:w-24")
            heard = line["text"] or line["pinyin"] or line["detail"] or ""
            ui.label(heard).classes("grow break-words min-w-0")
            if line["confidence"]:
                ui.label(f"{line['confidence']:.2f}").classes("mono max-sm:hidden")
            if line["clip"]:
                self.picture(line["clip"], width=90, height=26, loading="lazy").classes("max-sm:hidden shrink-0")
                self.player(line["clip"])

    def _direction(self, line: Line) -> str:
        """Who to whom: an arrow towards the unit if it is called, away from it if it speaks."""
        name = self.net.name_of(line["unit"])
        if not name:
            return ""
        if line["type"] in ("called", "control_replied", "announced", "overdue"):
            return f"→ {name}"
        return f"{name} →" if line["type"] in ("answered", "called_in", "relayed") else name

    def picture(self, clip: str, **look: str | int) -> ui.element:
        """Waveform and spectrogram of a clip. What is no clip's name, whoever wrote it into an event, has none."""
        image = ui.element("img")
        if NAME.fullmatch(clip):
            image.props["src"] = f"/api/v1/clips/{clip}/waveform.svg"
        for name, value in {"alt": "", **look}.items():
            image.props[name] = value
        return image

    def player(self, clip: str) -> None:
        ui.button(icon="play_arrow", on_click=lambda: self.play(clip)).props(
            f'flat dense round aria-label="{self.t("play")}"'
        )

    def play(self, clip: str) -> None:
        if not NAME.fullmatch(clip):
            return
        ui.run_javascript(
            f"window.huyingAudio?.pause();window.huyingAudio=new Audio('/api/v1/clips/{clip}');"
            "window.huyingAudio.play()"
        )

    def build(self) -> None:
        """Below the header."""
        raise NotImplementedError
