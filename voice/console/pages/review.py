"""复核: listen, and correct or confirm the result."""

from __future__ import annotations

from collections.abc import Callable, Collection

from nicegui import background_tasks, events, run, ui

from voice.console.desk import Desk
from voice.console.pages.frame import Page
from voice.console.pages.learning import LearnDialog, learned_list, tell_of_phrases
from voice.console.pages.settled import SettledList
from voice.errors import HuyingError
from voice.grammar.meanings import MEANINGS, REVIEWABLE
from voice.journal.lines import Line
from voice.journal.wording import KIND_NAMES, MEANING_NAMES, detail_in, name_of
from voice.station.candidates import Candidate

REVIEW_ROWS = 30


class Review(Page):
    """Open reviews, newest first. A digit selects a candidate, Enter saves: two keys."""

    name = "review"
    icon = "hearing"
    titles = ("复核", "Review")

    @classmethod
    def waiting(cls, desk: Desk) -> int:
        """Open reviews."""
        return len(desk.open_reviews())

    def build(self) -> None:
        """Listen, and correct or confirm."""
        ui.label(self.t("keys")).classes("soft max-sm:hidden")
        learned = learned_list(self)
        saved, settled = _Saved(self), SettledList(self)
        nothing = ui.label(self.t("nothing to review")).classes("text-2xl")
        holder = ui.column().classes("w-full gap-2")
        cards: list[_Card] = []
        at = 0

        def build() -> None:
            """Cards that stay keep what was typed into them."""
            saved.stand(settled.show())
            kept = {card.line["seq"]: card for card in cards}
            chosen = cards[at].line["seq"] if cards else None
            rows = self.desk.open_reviews()[:REVIEW_ROWS]
            cards.clear()
            for line in rows:
                card = kept.pop(line["seq"], None)
                with holder:
                    cards.append(card or _Card(self, line, saved, learned))
                if card is None:
                    cards[-1].box.move(target_index=len(cards) - 1)
                else:
                    card.refresh(line)
            for card in kept.values():
                card.box.delete()
            nothing.set_visibility(not rows)
            here = next((k for k, card in enumerate(cards) if card.line["seq"] == chosen), at)
            choose(min(here, max(0, len(cards) - 1)))

        def choose(k: int) -> None:
            nonlocal at
            at = k
            for n, card in enumerate(cards):
                card.mark(n == k)

        def key(e: events.KeyEventArguments) -> None:
            if not e.action.keydown or not cards:
                return
            if asking := next((card.asking for card in cards if card.asking), None):
                asking.answer(e.key)
                return
            card = cards[at]
            if e.key.arrow_down or e.key.arrow_up:
                choose((at + (1 if e.key.arrow_down else -1)) % len(cards))
            elif e.key.space and card.line["clip"]:
                self.play(card.line["clip"])
            elif e.key.number:
                card.pick(int(e.key.number) - 1)
            elif e.key.enter:
                card.save()
            elif e.key == "l":
                card.learn()

        ui.keyboard(on_key=key, ignore=["input", "select", "textarea", "button"])
        self.on_news(build)
        tell_of_phrases(self, learned)


class _Saved:
    """What a person has said last, and a way back."""

    def __init__(self, page: Review) -> None:
        self._page = page
        self._row = ui.row().classes("items-center gap-3 w-full panel").props('role="status" data-saved')
        self._row.set_visibility(False)
        self._entered: list[int] = []

    def stand(self, in_force: Collection[int]) -> None:
        """Gone once all of it was undone, here or elsewhere."""
        if not any(seq in in_force for seq in self._entered):
            self._row.set_visibility(False)

    def save(self, line: Line, act: Callable[[str], list[int]], what: str) -> None:
        """Enter what a person says of a line: ``what``; ``act`` returns the numbers of the new events."""
        page, entered = self._page, list[int]()
        if not page.do(lambda by: entered.extend(act(by)), "saved"):
            return
        self._entered = entered
        self._row.clear()
        with self._row:
            told = (page.clock(line["wall"]), page.net.name_of(line["unit"]), what, page.t("saved"))
            ui.label(" · ".join(p for p in told if p)).classes("grow")
            undo = ui.button(page.t("undo"), icon="undo", on_click=self._undo)
            undo.props("flat no-caps dense")
        self._row.set_visibility(True)

    def _undo(self) -> None:
        desk = self._page.desk
        left = {word.line["seq"] for word in desk.in_force()}
        mine = [seq for seq in reversed(self._entered) if seq in left]
        if self._page.do(lambda by: [desk.undo(seq, by) for seq in mine], "undone"):
            self._row.set_visibility(False)


class _Card:
    """One line marked for review."""

    def __init__(self, page: Review, line: Line, saved: _Saved, learned: Callable[[], None]) -> None:
        self.page, self.line, self._saved, self._learned = page, line, saved, learned
        self._found: list[Candidate] | None = None
        self._picked = False
        self._learning: LearnDialog | None = None
        t, net = page.t, page.net
        with ui.card().classes("w-full") as self.box:
            with ui.row().classes("items-center gap-3 w-full"):
                when = f"{page.day(line['wall'])} {page.clock(line['wall'])}".strip()
                ui.label(when).classes("mono font-bold").tooltip(str(line["seq"]))
                ui.label(name_of(KIND_NAMES, line["type"], page.english))
                ui.label(net.name_of(line["unit"])).classes("font-bold")
                with ui.column().classes("grow gap-0 min-w-0 sm:basis-80 max-sm:w-full"):
                    ui.label(line["text"] or (f"[{line['pinyin']}]" if line["pinyin"] else ""))
                    told = (page.meaning(line["meaning"]), detail_in(line["detail"], net.name_of, page.english))
                    ui.label(" · ".join(filter(None, told))).classes("soft text-sm")
                    ui.label(page.why(line)).classes("doubt")
                    self._dictated = ui.label().classes("italic soft").tooltip(t("not verified"))
                if line["clip"]:
                    with ui.row().classes("items-center gap-1 no-wrap"):
                        page.picture(line["clip"], width=280, height=60)
                        page.player(line["clip"])
            self._candidates = ui.row().classes("items-center gap-2 w-full")
            with ui.row().classes("items-end gap-3 w-full"):
                units = {u.id: u.name for u in net.units}
                value = line["unit"] if line["unit"] in units else None
                self._unit = ui.select(units, value=value, label=t("unit"), with_input=True)
                own = (line["meaning"],) if line["meaning"] in MEANINGS else ()
                names = {m: name_of(MEANING_NAMES, m, page.english) for m in (*REVIEWABLE, *own)}
                value = line["meaning"] if line["meaning"] in names else None
                self._meaning = ui.select(names, value=value, label=t("meaning")).classes("min-w-32")
                self._said = ui.input(t("said")).classes("grow min-w-48 max-w-xl max-sm:w-full")
                self._said.on("keydown.enter", self._typed, ["ctrlKey", "isComposing"])
                learn = ui.button(t("learn"), icon="school", on_click=self.learn).props("no-caps flat")
                learn.bind_visibility_from(self._said, "value", backward=bool)
                if self._understood:
                    ui.button(t("as logged"), icon="check", on_click=self.accept).props("no-caps")
                elif line["clip"]:
                    ui.button(t("nothing of the net"), icon="hearing_disabled", on_click=self.nothing).props(
                        "no-caps outline"
                    )
                ui.button(t("correct"), icon="edit", on_click=self.correct).props("no-caps outline")
        self.refresh(line)

    def refresh(self, line: Line) -> None:
        """What has come to the line since: its dictated text."""
        self.line = line
        self._dictated.set_text(f"≈ {line['dictated']}" if line["dictated"] else "")
        self._dictated.set_visibility(bool(line["dictated"]))

    @property
    def _answered(self) -> bool:
        """It is a unit's answer: confirmed by what it means."""
        return self.line["type"] == "answered" and bool(self.line["unit"])

    @property
    def _understood(self) -> bool:
        """There is something that can have been heard right: not in what is logged as not understood."""
        text = self.line["text"] or ""
        whole = bool(self.line["clip"] and text and "[" not in text) and self.line["type"] != "not_understood"
        return self._answered or whole

    @property
    def asking(self) -> LearnDialog | None:
        """The question of this card that stands on the screen: keys are its answer."""
        return self._learning if self._learning and self._learning.waiting else None

    def mark(self, chosen: bool) -> None:
        """Selected by keyboard: load its candidates."""
        ring = "ring-4 ring-[#1769c0]"
        self.box.classes(add=ring if chosen else None, remove=None if chosen else ring)
        if chosen and self._found is None and self.line["clip"]:
            self._found = []
            background_tasks.create(self._look(), name="candidates")

    async def _look(self) -> None:
        try:
            found = await run.io_bound(self.page.desk.candidates, self.line["seq"])
        except HuyingError:
            return
        self._found = found or []
        if self.box.is_deleted:
            return
        with self._candidates:
            for k, c in enumerate(self._found):
                name = self.page.net.name_of(c.entry.key) if c.entry.kind == "unit" else c.entry.text
                ui.button(f"{k + 1} {name} {c.score:.2f}", on_click=lambda _e, n=k: self.pick(n)).props(
                    "outline dense no-caps"
                ).tooltip(c.entry.text)

    def pick(self, k: int) -> None:
        """Use a candidate as unit or meaning."""
        if not self._found or not 0 <= k < len(self._found):
            return
        entry = self._found[k].entry
        meaning = self.page.desk.meaning_of(entry.text)
        if entry.kind == "unit":
            self._unit.set_value(entry.key)
        elif meaning in REVIEWABLE:
            self._meaning.set_value(meaning)
        self._picked = True

    def save(self) -> None:
        """Save the selection; as logged if there is none and something was understood."""
        if self._picked or not self._understood:
            self.correct()
        else:
            self.accept()

    def correct(self) -> None:
        """Correct with the selected unit and meaning, or with the transcript."""

        said, unit, meaning = str(self._said.value or "").strip(), self._unit.value, self._meaning.value

        def act(by: str) -> list[int]:
            if not said and not (unit and meaning):
                raise HuyingError(self.page.t("choose"))
            desk, seq = self.page.desk, self.line["seq"]
            entered = [desk.confirm(seq, said, by)] if said else []
            return entered + ([desk.correct(seq, unit, meaning, by)] if unit and meaning else [])

        self._saved.save(self.line, act, said or self.page.meaning(meaning))

    def _typed(self, e: events.GenericEventArguments) -> None:
        """Enter behind what was typed saves it, with Ctrl it is learned; an input method's own Enter does neither."""
        if e.args["isComposing"]:
            return
        if e.args["ctrlKey"]:
            self.learn()
        else:
            self.correct()

    def learn(self) -> None:
        """Add the transcript to the net's phrases after a check of its false-alarm cost; with the meaning that a person
        selected or that its own words have, not with the one that was logged."""
        text = str(self._said.value or self.line["dictated"] or "")
        selected = self._meaning.value if self._meaning.value != self.line["meaning"] else ""
        self._learning = LearnDialog(self.page, text, selected or self.page.desk.meaning_in(text), self._learned)

    def accept(self) -> None:
        """Confirm that it was recognised correctly."""
        line, desk = self.line, self.page.desk

        def act(by: str) -> list[int]:
            if self._answered:
                return [desk.correct(line["seq"], line["unit"], line["meaning"], by, "heard right")]
            return [desk.confirm(line["seq"], None, by)]

        self._saved.save(line, act, self.page.t("as logged"))

    def nothing(self) -> None:
        """Confirm that nothing of the net was said in it, or nothing that anybody can understand."""
        desk, seq = self.page.desk, self.line["seq"]
        self._saved.save(self.line, lambda by: [desk.confirm(seq, "", by)], self.page.t("nothing of the net"))
