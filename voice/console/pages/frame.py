"""Common frame of all pages: header, carrier lamp, language, user, updates, a row of the feed.

Each client is told of every new event and updates what has changed; the lamp follows the station's status file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from typing import ClassVar

from nicegui import app, ui

from voice.console.access import COOKIE, Access
from voice.console.board import Tile
from voice.console.desk import Desk
from voice.console.pages.live import PATCH, Live, Patches
from voice.console.pages.markup import ICONS, PLAYER, icon, meter
from voice.console.proxy import prefix_of
from voice.console.texts import text
from voice.console.users import User
from voice.errors import HuyingError
from voice.journal.clips import NAME
from voice.journal.lines import Line
from voice.journal.reasons import why
from voice.journal.wording import MEANING_NAMES, clock, listed, name_of, note_in
from voice.language import singular, worded
from voice.net.loading import Net
from voice.station.status import status_file
from voice.time import parse_wall

REDRAW_S = 0.05
"""At most twenty times a second, however fast events come."""

QUIET_S = 1.0
"""How often a page looks for a fault while no event comes."""

STYLE = """
:root{--page:#eef2f5;--panel:#fff;--ink:#16212b;--soft:#44515c;--line:#cfd8df;--review:#fff3d6;--top:#0b2a3f;
--bad:#b3261e;--doubtful:#8a5a00;--good:#1b7f3b}
.body--dark{NIGHT}
@media (prefers-color-scheme:dark){.by-system{NIGHT}}
#early{position:fixed;inset:0;overflow:hidden;background:var(--page);color:var(--ink);z-index:9}
#early .top{height:42px;background:var(--top)}
#early .page{display:flex;flex-direction:column;gap:16px;padding:16px}
.heading{font-size:18px;font-weight:700;line-height:28px}
body{background:var(--page);color:var(--ink);font-size:17px;
font-family:"Noto Sans CJK SC","Microsoft YaHei",system-ui,sans-serif}
.body--dark .q-card{background:var(--panel)}
.panel{background:var(--panel);border-radius:6px;padding:8px}.soft{color:var(--soft)}
.bad{color:var(--bad)}.doubtful{color:var(--doubtful)}.good{color:var(--good)}
.nav{display:flex;align-items:center;gap:4px;color:#fff;text-decoration:none;border-radius:4px;padding:4px 8px}
.nav.here{background:#1d5478}
.tile{min-height:56px;border-radius:6px;padding:4px 8px;color:#fff;line-height:1.2;overflow:hidden;cursor:pointer;
text-align:left}
.tile:focus-visible{outline:4px solid #ffb300;outline-offset:1px}
.tile .name{font-weight:700;font-size:16px;white-space:nowrap;text-overflow:ellipsis;overflow:hidden}
.tile .state{font-size:14px;line-height:1.4;height:1.4em;overflow:hidden;text-overflow:ellipsis}
.tile .flag{display:flex}
.tile.incident,.alarm{background:#b00020!important;outline:3px solid #ffd600}
@media not (prefers-reduced-motion:reduce){body[data-blink] :is(.tile.incident,.alarm){background:#ff1744!important}}
.alarm{color:#fff;border-radius:8px;padding:6px 12px;font-size:20px;font-weight:700;width:100%}
.board{display:grid;grid-template-columns:repeat(auto-fill,minmax(128px,1fr));gap:6px;width:100%}
.watch{display:grid;grid-template:auto 1fr/minmax(0,1fr) 320px;gap:12px;align-items:start;width:100%}
.watch>.orders{grid-row:1/3;grid-column:2}
.banner{border-radius:8px;padding:12px 16px;color:#fff;font-size:24px;font-weight:700;width:100%}
.banner,.alarm{word-break:keep-all;overflow-wrap:anywhere}.q-field__label{padding-bottom:3px}
.feedrow,.tile{contain:content}.incidents:empty{display:none}
.live:empty{display:none}
html:not([data-icons]) .material-icons{visibility:hidden}
.meter{height:6px;border-radius:3px;background:#8884;overflow:hidden}
.meter i{display:block;height:100%;background:#8bc34a}
.lamp{display:flex;align-items:center;gap:8px;color:#fff}
.progress .meter{height:4px}.progress .meter i{background:#1769c0}
.feedrow{border-bottom:1px solid var(--line);padding:4px 2px;width:100%}
.play{width:34px;height:34px;border-radius:50%;color:#0b5c94;flex-shrink:0;cursor:pointer}
.play:hover,.play:focus-visible{background:#80808033}.body--dark .play{color:#8cc6f5}
.review{background:var(--review)}.doubt{font-size:14px;font-weight:600}
.mono{font-variant-numeric:tabular-nums}
.dial{font-size:30px;font-weight:700;letter-spacing:1px;color:inherit}
.row.over{flex-wrap:nowrap}.over .words{min-width:0;overflow-wrap:anywhere}
.legend{display:flex;flex-wrap:wrap;gap:4px 12px;font-size:14px;color:var(--soft)}
.roll-summary{max-width:100%;overflow-x:auto}
.roll-summary table{border-collapse:collapse;background:var(--panel)}
.roll-summary th,.roll-summary td{border:1px solid var(--line);padding:2px 8px;text-align:left}
.roll-summary h2{font-size:19px;font-weight:700;line-height:1.6;margin:4px 0}
.body--dark :is(.q-btn--outline,.q-btn--flat,.q-field,.q-stepper){--q-primary:#8cc6f5}
.body--dark .q-stepper .bg-primary{--q-primary:#0b5c94}
.body--dark .q-table__card{background:var(--panel);color:var(--ink)}
.body--dark input::-webkit-calendar-picker-indicator{filter:invert(1)}
.q-table th{white-space:nowrap!important;vertical-align:bottom}
.body--dark .roll td,.body--dark .roll th{border-color:var(--line)}
.body--dark .roll thead th{background:#22303a;color:var(--ink)}
.body--dark .roll .cell.answered{background:#16301d!important;color:#a5d6a7}
.roll tr>:first-child{position:sticky;left:0;background:var(--panel)}
#early .board{width:calc(100% - 332px)}#early.bare .board{width:100%}
@media (max-width:767px){#early .board{width:100%}.watch{display:flex;flex-direction:column}.watch>.orders{width:100%}}
@media (max-width:700px){.board{grid-template-columns:repeat(2,1fr)}.banner{font-size:19px}
.nav{flex-direction:column;gap:0;padding:2px 4px}.nav .word{font-size:10.5px;line-height:1.1}
.nav .q-icon{font-size:22px}.row.over{flex-wrap:wrap}.over .words{order:1;flex-basis:100%}
.feedrow:has(>.play){padding-right:38px}.feedrow>.play{position:absolute;right:0;bottom:2px}}
""".replace(
    "NIGHT",
    "--page:#0d1419;--panel:#18232b;--ink:#e6edf2;--soft:#a9b8c4;--line:#2c3b46;--review:#4a3a10;--top:#071a27;"
    "--bad:#ff8a80;--doubtful:#ffc66d;--good:#81c784",
)

ALARM = """<script>
(() => {
  let sound = null, timer = null;
  setInterval(() => document.body.toggleAttribute("data-blink",
    !document.body.hasAttribute("data-blink") && !!document.querySelector(".alarm,.tile.incident")), 500);
  const open = () => { sound = sound || new (window.AudioContext || window.webkitAudioContext)(); sound.resume(); };
  document.addEventListener("pointerdown", () => { if (sound) sound.resume(); });
  const beep = () => {
    if (!sound || sound.state !== "running") return;
    for (const [k, hertz] of [880, 1175, 880].entries()) {
      const tone = sound.createOscillator(), gain = sound.createGain(), at = sound.currentTime + k * 0.22;
      tone.frequency.value = hertz; gain.gain.value = 0.25; tone.connect(gain).connect(sound.destination);
      tone.start(at); tone.stop(at + 0.18);
    }
  };
  window.huyingAllow = () => { open(); beep(); if ("Notification" in window && Notification.permission === "default")
    Notification.requestPermission(); };
  window.huyingAlarm = (on, words) => {
    clearInterval(timer); timer = null; window.huyingAlarming = on;
    if (!on) return;
    open(); beep(); timer = setInterval(beep, 3000);
    if (words && "Notification" in window && Notification.permission === "granted") new Notification(words);
  };
})();
</script>"""
"""Alarm of an open incident: three tones every three seconds until it is acknowledged. It blinks by an attribute: an
animation has the browser look sixty times a second whether anything is to be drawn, in every window."""

CHART_INK = "#7d8b97"
CHART_LINE = "#80808044"
"""Chart colours, legible in light and dark mode."""

_LAMP = {"lost": "text-[#ffb4a9]", "clear": "text-[#cfe3ee]", "busy": "text-[#6fe38f]", "saying": "text-[#ffd54a]"}


@dataclass
class _Client:
    """What one client's page redraws."""

    seq: int
    """Last event that its page shows; taken before the page is built, so that none is missed meanwhile."""
    turn: int
    """Likewise of ``Feed.turn``."""
    patches: Patches = field(default_factory=Patches)
    news: list[Callable[[], None]] = field(default_factory=list)
    """At every event."""
    stirs: list[Callable[[], None]] = field(default_factory=list)
    """Also when the station's status changes."""


class Page:
    """One page on the desk; ``build`` fills it for a client."""

    name: ClassVar[str] = ""
    """Name in its URL, unless it has a different ``address``."""
    titles: ClassVar[tuple[str, str]] = ("", "")
    """Chinese, English."""
    icon: ClassVar[str] = ""
    """Header icon; a page without one is not listed there."""
    texts: ClassVar[Mapping[str, tuple[str, str]]] = {}
    """Key → Chinese, English: texts of this page alone; those of several pages are in ``console.texts``."""
    address: ClassVar[str] = ""
    bare: ClassVar[bool] = False
    """Shown without the header."""

    @classmethod
    def waiting(cls, desk: Desk) -> int:
        """How many entries wait for a person on this page; the header tells."""
        return 0

    def __init__(self, desk: Desk, access: Access) -> None:
        self.desk, self.feed, self.access = desk, desk.feed, access
        self.status = status_file(desk.requests)

    @property
    def net(self) -> Net:
        """The net as last saved."""
        return self.desk.net

    @property
    def english(self) -> bool:
        return bool(app.storage.user.get("english", False))

    def t(self, key: str, *values: object) -> str:
        """Text in this client's language."""
        own = self.texts.get(key)
        if own is None:
            return text(key, self.english, *values)
        said = own[self.english].format(*values)
        return singular(said) if self.english else said

    @classmethod
    def path(cls) -> str:
        """Path of the page."""
        return cls.address or f"/{cls.name}"

    def title_of(self, page: type[Page]) -> str:
        """Title in this client's language."""
        return page.titles[self.english]

    def say(self, fault: object) -> str:
        """A message, in this client's language."""
        return worded(str(fault), self.english)

    def framed(self, pages: Sequence[type[Page]]) -> Callable[[], None]:
        """Called for each client: header with links to ``pages``, then ``build``."""

        def page() -> None:
            ui.add_css(STYLE)
            ui.add_head_html(ALARM + ICONS + PLAYER + PATCH)
            mine = app.storage.client[_Client.__name__] = _Client(self.feed.seq, self.feed.turn)
            ui.colors(primary="#0b5c94", negative="#b3261e", positive="#1b7f3b")
            ui.dark_mode(app.storage.user.get("night"))
            if self.bare:
                self.build()
                self._follow(mine)
                return
            with ui.header().classes("items-center gap-1 max-sm:gap-0 bg-[var(--top)] py-1 px-3 max-sm:px-1"):
                ui.label("呼应").classes("text-2xl font-bold mr-2 max-sm:hidden")
                for p in pages:
                    if p.icon:
                        with ui.link(target=p.path()).classes("nav here" if p.name == self.name else "nav"):
                            ui.icon(p.icon).classes("text-xl")
                            self._titled(p)
                ui.space()
                self._lamp()
                if not self.access.open and self.user is not None:
                    ui.link(self.user.name, "/logout").classes("text-white").tooltip(self.t("log out"))
                night = {None: "brightness_auto", True: "dark_mode", False: "light_mode"}
                now = app.storage.user.get("night")
                ui.button(icon=night[now], on_click=self._night).props(
                    f'flat dense round aria-label="{self.t("night")}"'
                ).classes("text-white").tooltip(self.t("night"))
                ui.button("中文" if self.english else "English", on_click=self._switch).props(
                    "flat dense no-caps"
                ).classes("text-white")
            self.build()
            self._follow(mine)

        page.__name__ = self.name
        return page

    def _titled(self, p: type[Page]) -> None:
        """Its title in the header, with how many entries wait there."""
        word, title = ui.label().classes("word"), self.title_of(p)

        def show() -> None:
            waiting = p.waiting(self.desk)
            word.set_text(f"{title} {waiting}" if waiting else title)

        self.on_news(show)

    def _night(self) -> None:
        """Cycles through system, dark and light mode."""
        after = {None: True, True: False, False: None}
        app.storage.user["night"] = after[app.storage.user.get("night")]
        ui.navigate.reload()

    def _switch(self) -> None:
        app.storage.user["english"] = not self.english
        ui.navigate.reload()

    def _lamp(self) -> None:
        """Carrier, who is talking, level."""
        lamp = self.live("lamp")

        def show() -> None:
            s = self.desk.station
            state = "lost" if s is None else "saying" if s.saying else "busy" if s.busy else "clear"
            words = {"lost": "not listening", "clear": "channel clear", "busy": "channel busy"}
            told = f"▶ {s.saying}" if s and s.saying else self.t(words[state])
            if s and state == "busy" and (s.who or s.heard):
                told = f"{self.net.name_of(s.who)}{'?' if s.who else ''} {s.heard}…"
            told = self.say(self.feed.fault) if self.feed.fault else told
            lamp.put("carrier", icon("sensors", "text-2xl"), _LAMP[state], data_carrier=state)
            lamp.put("told", escape(told), "max-sm:hidden max-w-60 truncate", title=told)
            lamp.put("level", meter(0.0 if s is None else (s.level_db + 60) / 55), "w-20 max-sm:hidden")

        self._mine.stirs.append(show)
        show()

    @property
    def _mine(self) -> _Client:
        mine: _Client = app.storage.client[_Client.__name__]
        return mine

    def live(self, look: str = "") -> Live:
        """A part of the page that changes with events; see ``Live``."""
        return Live(self._mine.patches, look)

    def on_news(self, show: Callable[[], None]) -> None:
        """Called now and at every new event, REDRAW_S apart at least."""
        self._mine.news.append(show)
        show()

    def _follow(self, mine: _Client) -> None:
        """Redraw what has changed, now and whenever there is news."""
        mine.patches.send()

        async def follow() -> None:
            if not await self.feed.turned(mine.turn, QUIET_S):
                return
            mine.turn = self.feed.turn
            for show in mine.stirs:
                show()
            if self.feed.seq != mine.seq:
                mine.seq = self.feed.seq
                for show in mine.news:
                    show()
            mine.patches.send()

        ui.timer(REDRAW_S, follow)

    @property
    def user(self) -> User | None:
        """User of this client, looked up again: the session may have ended."""
        request = ui.context.client.request
        if request is None:
            return None
        return self.access.of_session(request.cookies.get(COOKIE, ""), request.headers)

    @property
    def prefix(self) -> str:
        """Path prefix under which this client sees the console."""
        request = ui.context.client.request
        return prefix_of(request.scope) if request is not None else ""

    def do(self, act: Callable[[str], object], done: str = "sent", manage: bool = False) -> bool:
        """Perform a button's action in the user's name and report the result. ``manage``: admins only."""
        user = self.user
        if user is None or not (user.may_manage if manage else user.may_order):
            ui.notify(self.t("log in again" if user is None else "admins" if manage else "viewer"), type="negative")
            return False
        try:
            act(user.name)
        except HuyingError as e:
            ui.notify(self.say(e), type="negative", multi_line=True, timeout=8000)
            return False
        ui.notify(self.t(done), type="positive")
        return True

    def clock(self, wall: str | None) -> str:
        return clock(wall, self.net.settings.zone)

    @property
    def transmits(self) -> bool:
        """A running station is able to transmit."""
        status = self.status.read()
        return status is not None and (status.transmits or bool(status.saying))

    def on_air(self, words: str, act: Callable[[], object]) -> None:
        """Confirm before transmitting, or report that transmission is impossible."""
        with ui.dialog(value=True) as dialog, ui.card().classes("min-w-[320px] max-w-[560px] gap-2"):
            ui.label(self.t("on the air?")).classes("text-xl font-bold")
            ui.label(words).classes("text-lg whitespace-pre-wrap")
            fine = self.transmits
            if not fine:
                ui.label(self.t("nobody transmits")).classes("bad font-bold")

            def go() -> None:
                dialog.close()
                act()

            with ui.row().classes("w-full justify-end"):
                ui.button(self.t("cancel"), on_click=dialog.close).props("flat no-caps")
                ui.button(self.t("transmit"), icon="cell_tower", on_click=go).props(
                    "color=negative no-caps autofocus"
                ).set_enabled(fine)

    def air_note(self) -> None:
        """A note shown while transmission is impossible."""
        note = ui.label(self.t("nobody transmits")).classes("bad font-bold")

        def show() -> None:
            s = self.desk.station
            note.set_visibility(s is None or not (s.transmits or s.saying))

        show()
        ui.timer(1.0, show)

    def clip_at(self, clip: str) -> str:
        """Address of a clip; empty for an invalid clip name, whatever its origin."""
        return f"{self.prefix}/api/v1/clips/{clip}" if NAME.fullmatch(clip) else ""

    def listed(self, names: Iterable[str]) -> str:
        """Names in a row, as this client's language writes them."""
        return listed(names, self.english)

    def day(self, wall: str | None) -> str:
        """``06-05`` unless today; empty for today or an unknown date."""
        day = self.local_day(wall)
        return "" if day == str(datetime.now(self.net.settings.zone).date()) else day

    def local_day(self, wall: str | None) -> str:
        """``2026-06-05`` in the net's time zone; empty if unknown."""
        if not wall or wall.startswith("1970"):
            return ""
        return str(parse_wall(wall).astimezone(self.net.settings.zone).date())

    def meaning(self, key: str | None) -> str:
        """Meaning, in this client's language."""
        return name_of(MEANING_NAMES, key, self.english)

    def note(self, note: str | None) -> str:
        """A note of the journal, in this client's language."""
        return note_in(note, self.english)

    def state_of(self, tile: Tile, short: bool = False) -> str:
        """State of a tile: meaning of the answer, answer time, time of day. ``short``: one of the last two only, which
        a line too narrow for both leaves out whole."""
        told = self.t(tile.state)
        if tile.state in ("present", "late", "calling") and tile.meaning:
            told = self.meaning(tile.meaning)
        parts = [told, f"{tile.latency_s:.1f} s" if tile.latency_s is not None else ""]
        parts += [self.clock(tile.since)[:5]] if tile.since and not (short and tile.latency_s is not None) else []
        return " ".join(p.replace(" ", "\u00a0") if short else p for p in parts if p)

    def why(self, line: Line) -> str:
        """What to listen for in what is for review."""
        return why(line["reasons"] or (), line["confidence"], self.net.name_of, self.english)

    def picture(self, clip: str, **look: str | int) -> ui.element:
        """Waveform and spectrogram of a clip; none for an invalid clip name, whatever its origin."""
        shown = ui.element("img")
        if self.clip_at(clip):
            shown.props["src"] = f"{self.clip_at(clip)}/waveform.svg"
        for name, value in {"alt": "", **look}.items():
            shown.props[name] = value
        return shown

    def player(self, clip: str) -> None:
        ui.button(icon="play_arrow", on_click=lambda: self.play(clip)).props(
            f'flat dense round aria-label="{self.t("play")}"'
        )

    def play(self, clip: str) -> None:
        if self.clip_at(clip):
            ui.run_javascript(f"huyingPlay({json.dumps(self.clip_at(clip))})")

    def build(self) -> None:
        """Below the header."""
        raise NotImplementedError
