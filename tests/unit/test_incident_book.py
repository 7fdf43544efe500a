"""One incident from any context, until a person acknowledges it; what people set can be taken back."""

from __future__ import annotations

from tests.helpers.journals import BEGAN
from voice.console.board import LiveBoard
from voice.journal.incidents import incidents, missed
from voice.journal.store import Journal
from voice.talk.attendance import Occasions
from voice.talk.by_hand import Acknowledged, Confirmed, Corrected, Undone
from voice.talk.facts import (
    Answered,
    Called,
    CalledIn,
    ControlReplied,
    ExchangeClosed,
    Fact,
    OverHeard,
    Remarked,
    RollBegan,
    SessionBegan,
    Transcribed,
)
from voice.talk.incidents import Incidents

WALL = "2026-06-05T08:3{}:00.000Z"


def book_of(*facts: Fact) -> Incidents:
    book = Incidents()
    for k, fact in enumerate(facts):
        book.take(fact, k + 1, WALL.format(k))
    return book


def answered(unit: str, meaning: str) -> Answered:
    return Answered(t=0.0, exchange=1, unit=unit, over=1, meaning=meaning, grade="slot", latency_s=1.0, late=False,
                    confidence=0.9, text=meaning, review=False)  # fmt: skip


def called_in(unit: str | None, meaning: str) -> CalledIn:
    return CalledIn(t=0.0, over=1, unit=unit, meaning=meaning, grade="call_sign", text=meaning, pinyin="",
                    confidence=0.9)  # fmt: skip


def test_a_dictated_text_stands_beside_the_incident_that_it_belongs_to() -> None:
    guess = Transcribed(t=1.0, over=1, text="东门有人打架", engine="whisper-base", confidence=0.8)
    book = book_of(called_in("101", "situation"), guess)
    assert [(i.text, i.guess) for i in book.open] == [("situation", "东门有人打架")]
    began = SessionBegan(t=0, source="", net="", net_sha256="", model="", model_sha256="", began="", clock="known")
    assert book_of(called_in("101", "situation"), began, guess).open[0].guess == "", "overs are counted anew"


def remarked(unit: str | None, meaning: str) -> Remarked:
    return Remarked(t=0.0, kind="stray", over=1, unit=unit, exchange=None, meaning=meaning, text="", confidence=0.9,
                    review=True)  # fmt: skip


def test_from_any_context() -> None:
    book = book_of(answered("101", "situation"), called_in("102", "report"), remarked(None, "situation"))
    assert [i.unit for i in book.open] == ["101", "102", None]


def test_said_again_it_is_the_same() -> None:
    book = book_of(called_in("101", "situation"), answered("101", "situation"), answered("101", "normal"))
    assert len(book.all) == 1 and book.all[0].events == [1, 2]


def test_acknowledged_by_a_person_and_taken_back() -> None:
    facts = [answered("101", "situation"), Acknowledged(acknowledges=1, by="甲")]
    assert not book_of(*facts).open
    assert [i.seq for i in book_of(*facts, Undone(undoes=2, by="甲")).open] == [1]


def test_a_correction_withdraws_it() -> None:
    assert not book_of(answered("101", "situation"), Corrected(corrects=1, unit="101", meaning="normal", by="甲")).open


def test_arrivals_in_any_wording_close_the_minutes() -> None:
    book = book_of(called_in("101", "situation"), answered("102", "on_the_way"), remarked("102", "arrived"))
    assert book.all[0].on_the_way == {"102": 60.0} and book.all[0].arrived == {"102": 120.0}


def test_a_correction_of_the_roll_call_is_taken_back() -> None:
    occasions = Occasions()
    facts: list[Fact] = [
        RollBegan(t=0.0, units=("101",), rounds=1),
        Called(t=1.0, exchange=1, unit="101", over=0, attempt=1, to_all=False, question=""),
        ExchangeClosed(t=9.0, exchange=1, unit="101", outcome="silent", reason="", waited_s=8.0),
        Corrected(corrects=3, unit="101", meaning="present", by="甲"),
    ]
    for k, fact in enumerate(facts):
        occasions.take(fact, k + 1, WALL.format(k))
    assert occasions.all[0].attendance.answered == ("101",)
    occasions.take(Undone(undoes=4, by="甲"), 5, WALL.format(5))
    assert occasions.all[0].attendance.silent == ("101",)


def test_every_view_has_the_same_incidents() -> None:
    """Board, list of incidents, and what was missed: one book."""
    facts: list[Fact] = [
        answered("101", "situation"), called_in("101", "situation"), remarked(None, "situation"),
        called_in("102", "report"), ControlReplied(t=0.0, over=5, unit="102", meaning="ack", latency_s=2.0),
        Corrected(corrects=3, unit="103", meaning="normal", by="甲"), Undone(undoes=6, by="甲"),
    ]  # fmt: skip
    watching, book, opened = LiveBoard(), Incidents(), []
    with Journal("sqlite://") as journal:
        for event in journal.append(facts, BEGAN):
            board = watching.take(event)
            book.take(event.fact(), event.seq, event.wall)
            assert [i.seq for i in board.incidents] == [i.seq for i in book.open]
            opened.append([i.seq for i in board.incidents])
        assert opened == [[1], [1], [1, 3], [1, 3, 4], [1, 3], [1], [1, 3]]
        assert [m.seq for m in missed(journal.events())] == [2, 3]  # an incident a line: its report without a reply
        assert [i.seq for i in incidents(journal.events())] == [1, 3, 4]


def test_a_report_heard_as_another_units_is_moved_and_moved_back() -> None:
    """Board, incidents and what was missed."""
    facts: list[Fact] = [
        SessionBegan(t=0, source="", net="", net_sha256="", model="", model_sha256="", began="", clock="known",
                     units=("101", "102")),
        answered("101", "normal"), called_in("101", "report"),
        Corrected(corrects=3, unit="102", meaning="report", by="甲"), Undone(undoes=4, by="甲"),
    ]  # fmt: skip
    watching, tiles = LiveBoard(), []
    with Journal("sqlite://") as journal:
        for event in journal.append(facts[:4], BEGAN):
            board = watching.take(event)
            tiles.append(tuple((t.state, t.meaning, t.by) for t in board.tiles.values()))
        (found,) = incidents(journal.events())
        assert (found.unit, found.acknowledged) == ("102", "甲") and not missed(journal.events())
        heard, idle = ("present", "normal", ""), ("idle", "", "")
        assert tiles[1:] == [
            (heard, idle), (("calling", "report", ""), idle), (heard, ("calling", "report", "human")),
        ]  # fmt: skip
        for event in journal.append(facts[4:], BEGAN):
            board = watching.take(event)
        assert [(t.state, t.meaning) for t in board.tiles.values()] == [("calling", "report"), ("idle", "")]
        (found,) = incidents(journal.events())
        assert (found.unit, found.open) == ("101", True) and [m.seq for m in missed(journal.events())] == [3]


def test_a_person_says_that_an_over_was_a_report() -> None:
    """It stands among the incidents from the time of the over on, until that is taken back; arrivals are counted."""
    facts: list[Fact] = [
        answered("101", "heard"), remarked("102", "ack"),
        Corrected(corrects=1, unit="101", meaning="situation", by="甲"),
        Corrected(corrects=2, unit="103", meaning="arrived", by="甲"),
    ]  # fmt: skip
    (found,) = book_of(*facts).all
    assert (found.seq, found.wall, found.unit, found.arrived) == (1, WALL.format(0), "101", {"103": 60.0})
    assert found.acknowledged == "甲", "a person knows of it"
    assert book_of(*facts, Undone(undoes=4, by="甲")).all[0].arrived == {}
    assert book_of(*facts, Undone(undoes=3, by="甲")).all[0].withdrawn


def test_an_arrival_is_moved_to_the_unit_that_arrived() -> None:
    facts: list[Fact] = [
        called_in("101", "situation"), remarked("102", "arrived"),
        Corrected(corrects=2, unit="103", meaning="arrived", by="甲"),
    ]  # fmt: skip
    assert book_of(*facts).all[0].arrived == {"103": 60.0}
    assert book_of(*facts, Undone(undoes=3, by="甲")).all[0].arrived == {"102": 60.0}


def test_what_a_person_wrote_down_stands_on_the_incident_until_it_is_undone() -> None:
    heard = OverHeard(t=0.0, over=1, start=0.0, end=1.0, speech_start=0.1, speech_end=0.9, clip="", level_db=0.0,
                      outcome="unclear", speaker="unit", callees=(), caller="1", to_all=False, meanings=(), text="",
                      pinyin="men kou", confidence=0.9, doubled=False)  # fmt: skip
    typed = Confirmed(confirms=1, clip="", said="门口有人打架", by="王")
    report = Corrected(corrects=2, unit="1", meaning="situation", by="王")
    book = book_of(heard, answered("1", "heard"), typed, report)
    assert [i.words for i in book.all] == ["门口有人打架"], "also what was written down before the correction"
    book.take(Undone(undoes=3, by="王"), 5, WALL.format(5))
    assert [i.words for i in book.all] == ["heard"]
