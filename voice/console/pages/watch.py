"""值守: missing units, board, feed, roll-call and alert."""

from __future__ import annotations

from datetime import datetime
from html import escape

from nicegui import app, ui

from voice.console.board import Board, Tile
from voice.console.overs import Entries, FeedItem
from voice.console.pages import markup
from voice.console.pages.board import STATES, BoardView
from voice.console.pages.frame import Page
from voice.console.pages.live import Live, early
from voice.console.pages.markup import meter
from voice.console.pages.row import content, look_of
from voice.journal.sheets.heading import DAYS
from voice.journal.wording import OCCASION_NAMES, name_of
from voice.station.requests import LONGEST_ALERT, AlertRequest, RollRequest, WithdrawRequest

FEED_ROWS = 30


class LivePage(Page):
    """A page on one channel's board."""

    @property
    def channel(self) -> str:
        """Channel selected by this client."""
        chosen = str(app.storage.user.get("channel", ""))
        return chosen if chosen in self.feed.channels else self.feed.channels[0]

    @property
    def board(self) -> Board:
        """Board of that channel."""
        return self.feed.board_of(self.channel)

    def heading(self) -> Live:
        """Date, net, and the occasion counted."""
        label = self.live("w-full")

        def show() -> None:
            now = datetime.now(self.net.settings.zone)
            day = DAYS[self.english][now.weekday()]
            date = f"{day} {now:%d %B %Y}" if self.english else f"{now.year}年{now.month}月{now.day}日 {day}"
            occasion = self.board.occasion
            parts = [date, self.net.settings.name, *([self.channel] if self.channel else [])]
            if occasion is not None:
                kind = name_of(OCCASION_NAMES, occasion.kind, self.english)
                words = f": {occasion.words}" if occasion.words else ""
                began = self.clock(occasion.wall)[:5]
                over = self.t("running" if self.board.running else "over") if occasion.kind != "calls" else ""
                parts.append(" ".join(p for p in (self.day(occasion.wall), began, kind + words, over) if p))
            label.put("heading", escape(" · ".join(parts)), "heading")

        self.on_news(show)
        return label

    def banner(self) -> Live:
        """The roll-call in one line."""
        banner = self.live("w-full")

        def show() -> None:
            told, colour = self._count(self.board)
            style = f"background:{colour}"
            banner.put("count", escape(told[:1].upper() + told[1:]), "banner", style, role="status", aria_live="polite")

        self.on_news(show)
        return banner

    def _count(self, b: Board) -> tuple[str, str]:
        """The roll-call in one line, with its colour: green only if it is finished and all units answered."""
        count = b.attendance
        if not count.called:
            return self.t("not called"), "#44515c"
        parts = [
            f"{self.t(word)} {len(units)}: {self._names(units, b)}"
            for word, units in (("missing", count.silent), ("unclear", count.unclear), ("relayed", count.relayed))
            if units
        ]
        said = self.t("answered of", len(count.called), len(count.answered))
        if b.running and b.occasion:
            name = self.t(f"running {b.occasion.kind}", len(count.settled), len(count.units))
            return " · ".join((name, said, *parts)), "#b3261e" if count.silent else "#1769c0"
        if parts:
            return " · ".join((*parts, said)), "#b3261e" if count.silent else "#a34700"
        whole = len(count.answered) == len(count.called)
        told = self.t("nobody missing" if whole else "not all")
        return f"{told}  ({said})", "#1b7f3b" if whole else "#44515c"

    def _names(self, units: tuple[str, ...], b: Board) -> str:
        """Units heard since are marked."""

        def since(unit: str) -> str:
            tile = b.tiles.get(unit, Tile(unit))
            return self.t("since") if tile.state in ("present", "late", "calling") and tile.by != "human" else ""

        return self.listed(self.net.name_of(u) + since(u) for u in units)

    def legend(self) -> None:
        """Legend of colours and icons."""
        with ui.element("div").classes("legend"):
            shown = ("present", "late", "relayed", "called", "unclear", "silent", "calling", "idle")
            told = [(s, *STATES[s][:2]) for s in shown] + [("for review", markup.FLAG, "inherit")]
            for state, symbol, colour in told:
                with ui.row().classes("items-center gap-1 no-wrap"):
                    ui.icon(symbol).style(f"color:{colour}").classes("text-lg")
                    ui.label(self.t(state))
            if not self.bare:
                ui.link(self.title_of(Wall), Wall.path(), new_tab=True).classes("soft")


class Watch(LivePage):
    """Missing units in one line; a tile per unit; the feed; roll-call and alert."""

    name = "watch"
    icon = "podcasts"
    titles = ("值守", "On watch")
    address = "/"

    def build(self) -> None:
        """Board, feed, roll-call and alert."""
        self._channel_choice()
        heading = self.heading()
        view = BoardView(self)
        view.incidents()
        banner = self.banner()
        with ui.element("div").classes("watch"):
            with ui.column().classes("gap-2 w-full"):
                tiles = view.tiles()
                self.legend()
            with ui.column().classes("orders gap-3"):
                self._roll_card()
                self._alert_card()
            with ui.column().classes("gap-2 w-full"):
                ui.label(self.t("feed")).classes("text-xl font-bold")
                self._feed()
        early(self.bare, heading, banner, tiles)

    def _feed(self) -> None:
        """Latest overs, one row each."""
        feed = self.live("w-full panel")
        made, last, revised = Entries(), 0, self.feed.revised
        channel = self.channel

        def show() -> None:
            nonlocal made, last, revised
            if revised != self.feed.revised:
                made, last, revised = Entries(), 0, self.feed.revised
            lines = list(self.feed.after(last))
            last = lines[-1]["seq"] if lines else last
            new = [x for x in lines if (x["channel"] or "") == channel]
            changed: dict[int, FeedItem] = {}
            for line in new[-3 * FEED_ROWS :]:
                found = made.take(line)
                if found is None:
                    continue
                entry, fresh = found
                if fresh or entry.seq in changed or str(entry.seq) in feed:
                    changed[entry.seq] = entry
            for entry in list(changed.values())[-FEED_ROWS:]:
                key = str(entry.seq)
                feed.put(key, content(self, entry), look_of(entry), first=True, data_seq=key)
            for old in feed.keys[FEED_ROWS:]:
                feed.drop(old)
            if not feed.keys:
                feed.put("", escape(self.t("nothing heard yet")), "feedrow soft")
            elif "" in feed and len(feed.keys) > 1:
                feed.drop("")

        self.on_news(show)

    def _channel_choice(self) -> None:
        """Shown only if there are several channels."""
        if len(self.feed.channels) < 2:
            return

        def choose(name: str) -> None:
            app.storage.user["channel"] = name
            ui.navigate.reload()

        ui.toggle(list(self.feed.channels), value=self.channel, on_change=lambda e: choose(e.value)).props("no-caps")

    def _whom(self) -> dict[str, str]:
        groups = dict.fromkeys(u.group for u in self.net.units if u.group)
        return {"": self.t("everybody"), **{g: f"▣ {g}" for g in groups}, **{u.id: u.name for u in self.net.units}}

    def _roll_card(self) -> None:
        with ui.card().classes("w-full"):
            ui.label(self.t("roll-call")).classes("text-xl font-bold")
            self.air_note()
            whom = ui.select(self._whom(), value="", label=self.t("who"), with_input=True).classes("w-full")
            progress = self.live("progress w-full")
            with ui.row().classes("gap-2"):
                for order, icon in (
                    ("start", "play_arrow"),
                    ("pause", "pause"),
                    ("resume", "fast_forward"),
                    ("skip", "skip_next"),
                    ("repeat", "replay"),
                    ("end", "stop"),
                ):
                    ui.button(self.t(order), icon=icon, on_click=lambda _e, o=order: self._order(o, whom.value)).props(
                        "dense no-caps"
                    )

            def show() -> None:
                board = self.board
                roll, occasion = board.roll, board.occasion
                if roll is None or occasion is None or occasion.seq != roll.since:
                    return
                count = occasion.attendance
                progress.put("share", meter(len(count.settled) / max(1, len(roll.units))))
                left = board.remaining_s(self.feed.lines[-1]["wall"]) if self.feed.lines else None
                told = (
                    f"{self.t('answers')} {len(count.answered)}/{len(roll.units)}"
                    + (f" · {self.t('paused')}: {self.told(roll.paused)}" if roll.paused else "")
                    + (f" · {self.t('left')} {int(left // 60)}:{int(left % 60):02d}" if left is not None else "")
                )
                progress.put("told", escape(told), "mono")

            self.on_news(show)

    def told(self, reason: str) -> str:
        """Reason for a pause of the roll-call: ``unit meaning``, or a note."""
        unit, _, meaning = reason.partition(" ")
        if self.net.unit(unit) is not None:
            return f"{self.net.name_of(unit)} {self.meaning(meaning)}"
        return self.note(reason)

    def _order(self, order: str, whom: str | None) -> None:
        to = (whom,) if order == "start" and whom else ()

        def act() -> None:
            self.do(lambda by: self.desk.leave(RollRequest(order, to, by=by)))  # type: ignore[arg-type]

        if order in ("start", "resume", "repeat"):
            self.on_air(f"{self.t(order)}: {self._whom().get(whom or '', whom or '')}", act)
        else:
            act()

    def _alert_card(self) -> None:
        with ui.card().classes("w-full"):
            ui.label(self.t("alert")).classes("text-xl font-bold")
            self.air_note()
            templates = list(self.net.settings.alert_templates)
            ready = ui.select(templates, label=self.t("template")).classes("w-full")
            ready.set_visibility(bool(templates))
            words = ui.textarea(self.t("text")).classes("w-full").props(f"rows=2 autogrow maxlength={LONGEST_ALERT}")
            ready.on_value_change(lambda e: words.set_value(e.value or ""))
            whom = ui.select(self._whom(), value=[], label=self.t("who"), multiple=True, with_input=True)
            whom.classes("w-full")
            urgent = ui.checkbox(self.t("emergency"))
            told = self.live()

            def send() -> None:
                to = [w for w in whom.value or [] if w]
                text, urgently = words.value or "", bool(urgent.value)
                names = self.listed(self._whom()[w] for w in to) or self.t("everybody")

                def act() -> None:
                    if self.do(lambda by: self.desk.alert(AlertRequest(text, tuple(to), emergency=urgently, by=by))):
                        words.set_value("")

                self.on_air(f"{self.t('emergency') + ' · ' if urgently else ''}{names}:\n{text}", act)

            with ui.row():
                ui.button(self.t("send"), icon="campaign", on_click=send).props("color=negative no-caps")
                end = ui.button(
                    self.t("withdraw"),
                    icon="cancel",
                    on_click=lambda: self.do(lambda by: self.desk.leave(WithdrawRequest(by=by))),
                ).props("outline no-caps")

            def show() -> None:
                alert = self.board.alert
                end.set_visibility(alert is not None and not alert.closed)
                if alert is not None:
                    words = f"{self.t('acknowledged')} {len(alert.answers)}/{len(alert.units)}: {alert.text}"
                    told.put("told", escape(words))

            self.on_news(show)


WALL_STYLE = """
.nicegui-content{padding:12px}
.wall{min-height:calc(100vh - 24px);flex-wrap:nowrap}
.wall .board{flex:1;grid-template-columns:repeat(auto-fill,minmax(max(190px,13vw),1fr));grid-auto-rows:1fr;gap:8px}
.wall .tile{min-height:0;padding:6px 12px;display:flex;flex-direction:column;justify-content:center}
.wall .tile .name{font-size:max(24px,1.55vw)}.wall .tile .state{font-size:max(19px,1.25vw)}
.wall .tile .q-icon{font-size:max(22px,1.6vw)}
.wall .banner{font-size:max(28px,1.9vw);line-height:1.3;padding:8px 16px}.wall .heading{font-size:max(22px,1.5vw)}
.wall .alarm{font-size:max(28px,1.9vw)}.wall .legend{font-size:18px;flex-wrap:nowrap;overflow:hidden}
"""


class Wall(LivePage):
    """The board only, dark, for a large display: legible from five metres."""

    name = "wall"
    titles = ("大屏", "Wall")
    bare = True

    def build(self) -> None:
        """Heading, incidents, count and tiles."""
        ui.add_css(WALL_STYLE)
        ui.dark_mode(True)
        with ui.column().classes("wall w-full gap-3"):
            heading = self.heading()
            view = BoardView(self)
            view.incidents()
            parts = heading, self.banner(), view.tiles()
            self.legend()
        early(self.bare, *parts)
