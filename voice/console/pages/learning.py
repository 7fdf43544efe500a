"""Learning a phrase: objections are shown first, and it can be undone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nicegui import events, run, ui

from voice.console.pages.frame import Page
from voice.errors import HuyingError
from voice.grammar.meanings import REVIEWABLE
from voice.journal.wording import MEANING_NAMES, detail_in, name_of
from voice.net.learning import Proposal
from voice.talk.facts import DeviceChanged, PhrasesChanged


class LearnDialog:
    """Reading, similar-sounding call signs, and in how many overs of the journal it would be a false alarm. What it
    means is asked, unless that is known (``meaning``)."""

    def __init__(self, page: Page, text: str, meaning: str, done: Callable[[], object]) -> None:
        self.page, self._done = page, done
        self._dialog: ui.dialog | None = None
        self._rehearsed = False
        try:
            self.found: Proposal = page.desk.propose(text, meaning or REVIEWABLE[0])
        except HuyingError as e:
            ui.notify(page.say(e), type="negative", multi_line=True)
            return
        t = page.t
        with ui.dialog(value=True) as self._dialog, ui.card().classes("w-[560px] max-w-full gap-2") as box:
            box.props["data-learn"] = self.found.text
            ui.label(f"{t('learn')}: {self.found.text}").classes("text-xl font-bold")
            ui.label(self.found.reading).classes("mono")
            names = {m: name_of(MEANING_NAMES, m, page.english) for m in REVIEWABLE}
            self._meaning = ui.select(names, value=meaning or None, label=t("meaning"), on_change=self._ready)
            self._meaning.classes("min-w-48").props("data-learn-meaning")
            for sign, _ in self.found.alike:
                ui.label(t("like call sign", sign)).classes("bad font-bold")
            if self.found.risky:
                ui.label(t("too short")).classes("doubtful")
            self._told = ui.label(t("rehearsing")).classes("text-lg").props('role="status"')
            with ui.row().classes("w-full justify-end"):
                ui.button(t("cancel"), on_click=self._dialog.close).props("flat no-caps")
                self._yes: Any = ui.button(t("learn"), icon="school", on_click=self._learn).props("no-caps")
                self._yes.set_enabled(False)
        if not self.found.alike:
            ui.timer(0.01, self._rehearse, once=True)
        else:
            self._told.set_text("")

    @property
    def waiting(self) -> bool:
        """It stands on the screen and has not been answered."""
        return self._dialog is not None and bool(self._dialog.value)

    async def _rehearse(self) -> None:
        try:
            cost = await run.io_bound(self.page.desk.cost, self.found)
        except HuyingError as e:
            ui.notify(self.page.say(e), type="negative", multi_line=True)
            cost = None
        if self._dialog is None or self._dialog.is_deleted:
            return
        heard = self.page.listed(map(str, cost.heard[:8])) if cost else ""
        if cost is None or not cost.overs:
            self._told.set_text(self.page.t("no overs to rehearse"))
        elif cost.heard:
            self._told.set_text(self.page.t("heard in overs", len(cost.heard), cost.overs, heard))
            self._told.classes(add="doubtful")
        else:
            self._told.set_text(self.page.t("heard in none", cost.overs))
        self._rehearsed = True
        self._ready()

    def _ready(self) -> None:
        """What it costs is on the screen, and what it means is said."""
        self._yes.set_enabled(self._rehearsed and bool(self._meaning.value))

    def answer(self, key: events.KeyboardKey) -> None:
        """Enter learns it, once what it costs is on the screen."""
        if key.enter and self._yes.enabled:
            self._learn()

    def _learn(self) -> None:
        told = "learned live" if self.page.desk.station else "learned"
        if self.page.do(lambda by: self.page.desk.learn(self.found.text, self._meaning.value, by), told):
            if self._dialog is not None:
                self._dialog.close()
            self._done()


def tell_of_phrases(page: Page, learned: Callable[[], None]) -> None:
    """Tell when the station has taken up what the net has learned, or why it has not; the list is ``learned`` anew."""
    seen = page.feed.seq

    def look() -> None:
        nonlocal seen
        for line in page.feed.after(seen):
            seen = line["seq"]
            detail = detail_in(line["detail"], page.net.name_of, page.english)
            if line["type"] == PhrasesChanged.KIND:
                learned()
                ui.notify(page.t("in force", page.clock(line["wall"]), detail), type="positive", multi_line=True)
            elif line["type"] == DeviceChanged.KIND and line["meaning"] == "net":
                ui.notify(detail, type="negative", multi_line=True, timeout=8000)

    page.on_news(look)


def learned_list(page: Page) -> Callable[[], None]:
    """Everything the net has learned, each with an undo; returns the function that refreshes the list."""
    holder = ui.column().classes("w-full gap-1")

    def take_back(text: str) -> None:
        told = "forgotten live" if page.desk.station else "forgotten"
        if page.do(lambda by: page.desk.forget(text, by), told):
            show()

    def show() -> None:
        holder.clear()
        known = page.desk.learned
        if not known:
            return
        with holder, ui.expansion(page.t("learned words", len(known)), icon="school").classes("w-full panel"):
            for text, meaning in known.items():
                with ui.row().classes("feedrow items-center gap-3").props(f'data-learned="{text}"'):
                    ui.label(text).classes("text-lg font-bold")
                    ui.label(name_of(MEANING_NAMES, meaning, page.english)).classes("grow soft")
                    ui.button(page.t("take back"), icon="undo", on_click=lambda _e, x=text: take_back(x)).props(
                        "flat no-caps dense"
                    )

    show()
    return show
