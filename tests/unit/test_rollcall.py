"""The conductor against a net of units that answer as they are told. No clock: facts in, moves out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from voice.errors import HuyingError
from voice.journal.codec import from_json, kind_of, to_json
from voice.mandarin.readings import PAUSE
from voice.net.loading import Net, load_net
from voice.station.requests import RollRequest, checked
from voice.talk.announcing import announcement, closing, to_read_back
from voice.talk.attendance import Standing
from voice.talk.evolve import evolve
from voice.talk.facts import (
    Announced,
    Answered,
    Called,
    CalledIn,
    ExchangeClosed,
    Fact,
    Outcome,
    Relayed,
    RollBegan,
    RollMarked,
    Transcribed,
)
from voice.talk.rollcall import Move, RollCall, evolve_roll, next_move
from voice.talk.state import NetState

UNITS = ("101", "102", "103")


def answer_of(unit: str, meaning: str, t: float, late: bool = False) -> Answered:
    return Answered(t=t, exchange=1, unit=unit, over=1, meaning=meaning, grade="slot", latency_s=1.0, late=late,
                    confidence=0.9, text="", review=False)  # fmt: skip


class Bench:
    """Carries out moves; ``replies`` gives, by unit, what comes back on each call: a meaning or None."""

    def __init__(self, replies: dict[str, list[str | None]], rounds: int = 2) -> None:
        self.replies = {u: list(r) for u, r in replies.items()}
        self.facts: list[Fact] = []
        self.roll: RollCall | None = None
        self.moves: list[str] = []
        self.t = 0.0
        self.log(RollBegan(t=0.0, units=UNITS, rounds=rounds))

    def log(self, fact: Fact) -> None:
        self.facts.append(fact)
        self.roll = evolve_roll(self.roll, fact)

    def step(self) -> Move | None:
        move = next_move(self.roll)
        if move is None:
            return None
        self.t += 5.0
        unit = move.unit
        self.moves.append(f"{move.purpose} {unit or ''}".strip())
        called = (unit,) if unit else ()
        self.log(Announced(t=self.t, keyed=self.t - 3, text="", purpose=move.purpose, units=called))
        if unit:
            self.log(
                Called(
                    t=self.t,
                    exchange=len(self.moves),
                    unit=unit,
                    over=0,
                    attempt=move.attempt,
                    to_all=False,
                    question="",
                )
            )
            reply = self.replies.get(unit, []).pop(0) if self.replies.get(unit) else None
            if reply in ("silent", None):
                self.close(unit, "silent")
            elif reply == "unclear":
                self.close(unit, "unclear")
            elif reply != "later":
                self.answer(unit, reply)
        return move

    def answer(self, unit: str, meaning: str, late: bool = False) -> None:
        self.log(answer_of(unit, meaning, self.t + 1, late))

    def close(self, unit: str, outcome: Outcome) -> None:
        self.log(ExchangeClosed(t=self.t + 10, exchange=1, unit=unit, outcome=outcome, reason="", waited_s=10))

    def run(self) -> None:
        while self.step():
            assert len(self.moves) < 50

    @property
    def now(self) -> RollCall:
        assert self.roll is not None
        return self.roll


def test_a_dictated_order_changes_nothing() -> None:
    bench = Bench({})
    guess = Transcribed(t=9.0, over=1, text="呼应助手,停止点名", engine="whisper-base", confidence=1.0)
    assert evolve_roll(bench.roll, guess) == bench.roll
    start = Transcribed(t=9.0, over=1, text="呼应助手,开始点名", engine="whisper-base", confidence=1.0)
    assert evolve_roll(None, start) is None
    assert evolve(NetState(UNITS), guess, 10.0) == NetState(UNITS)


def test_everybody_answers() -> None:
    bench = Bench({u: ["normal"] for u in UNITS})
    bench.run()
    assert bench.moves == ["opening", "call 101", "call 102", "call 103", "closing"]
    assert bench.now.here == UNITS and bench.now.missing == () and bench.now.closed


def test_silent_units_are_called_again_in_a_second_round() -> None:
    bench = Bench({"101": [None, "normal"], "102": ["ack"], "103": [None, None]}, rounds=2)
    bench.run()
    assert bench.moves == ["opening", "call 101", "call 102", "call 103", "call 101", "call 103", "closing"]
    assert bench.now.here == ("101", "102") and bench.now.missing == ("103",)


def test_what_was_not_understood_is_asked_again_and_is_not_called_missing() -> None:
    bench = Bench({"101": ["unclear", "unclear"], "102": ["ack"], "103": ["ack"]})
    bench.run()
    assert bench.moves.count("call 101") == 2
    assert bench.now.unclear == ("101",) and bench.now.missing == ()


def test_a_late_answer_is_reconciled_and_the_unit_not_called_again() -> None:
    bench = Bench({"101": [None], "102": ["ack"], "103": ["ack"]})
    bench.step(), bench.step(), bench.step()
    bench.answer("101", "normal", late=True)
    bench.run()
    assert bench.moves.count("call 101") == 1 and bench.now.results["101"] == "late"


def test_it_waits_for_the_answer() -> None:
    bench = Bench({"101": ["later"]})
    bench.step(), bench.step()
    assert bench.step() is None and bench.now.current == "101"
    bench.answer("101", "ack")
    assert bench.step() == Move("call", "102", 1)


@pytest.mark.parametrize("how", ["report", "situation"])
def test_an_incident_pauses_it(how: str) -> None:
    bench = Bench({"101": ["later"]})
    bench.step(), bench.step()
    if how == "report":
        bench.log(
            CalledIn(t=9, over=3, unit="103", meaning="report", grade="call_sign", text="", pinyin="", confidence=1)
        )
        bench.answer("101", "ack")
    else:
        bench.answer("101", "situation")
    assert bench.step() is None and bench.now.paused
    bench.log(RollMarked(t=20, mark="resume", over=0))
    assert bench.step() == Move("call", "102", 1)


def test_pause_skip_repeat_stop() -> None:
    bench = Bench({u: ["later", "later"] for u in UNITS}, rounds=1)
    bench.step(), bench.step()
    bench.log(RollMarked(t=10, mark="repeat", over=0))
    assert bench.step() == Move("call", "101", 1)
    bench.log(RollMarked(t=20, mark="pause", over=4))
    bench.log(RollMarked(t=21, mark="skip", over=4))
    assert bench.step() is None
    bench.log(RollMarked(t=30, mark="resume", over=4))
    assert bench.step() == Move("call", "102", 1)
    bench.log(RollMarked(t=40, mark="end", over=5))
    assert bench.step() == Move("closing")
    assert bench.step() is None
    assert set(bench.now.missing) == {"101", "102", "103"}, "an incomplete roll-call says who was not heard"


def test_the_dispatchers_own_call_is_waited_for_and_starts_no_round() -> None:
    bench = Bench({"101": [None], "102": ["ack"], "103": ["ack"]}, rounds=3)
    bench.step(), bench.step()
    bench.log(Called(t=30, exchange=9, unit="101", over=7, attempt=1, to_all=False, question=""))
    assert bench.step() is None
    bench.close("101", "silent")
    assert bench.step() == Move("call", "102", 1)
    assert bench.now.round == 1


def test_a_neighbours_answer_is_noted_but_does_not_count() -> None:
    bench = Bench({"101": ["later"]}, rounds=1)
    bench.step(), bench.step()
    bench.log(
        Relayed(t=8, kind="proxy", over=2, unit="101", by="102", exchange=1, meaning="ack", text="", confidence=1)
    )
    bench.close("101", "silent")
    assert bench.now.attendance.relayed == ("101",) and "101" in bench.now.missing


@pytest.mark.parametrize("crash_after", range(12))
def test_after_a_crash_it_goes_on_where_it_stood(crash_after: int) -> None:
    replies: dict[str, list[str | None]] = {"101": [None, "normal"], "102": ["ack"], "103": [None, None]}
    whole = Bench(replies)
    whole.run()
    bench = Bench(replies)
    while len(bench.facts) < crash_after and bench.step():
        pass
    roll: RollCall | None = None
    for fact in bench.facts:  # read back from the journal
        roll = evolve_roll(roll, from_json(kind_of(fact), to_json(fact)))
    assert roll == bench.roll
    bench.roll = roll
    bench.run()
    assert bench.moves == whole.moves and bench.now.results == whole.now.results


def test_announcements(net: Net) -> None:
    roll = RollCall(tuple(u.id for u in net.units), 2)
    assert announcement(net, roll, Move("opening")) == "各单位注意,现在开始点名。"
    assert announcement(net, roll, Move("call", "101", 1)) == "省残联,省残联,是否正常?请回答。"
    assert announcement(net, roll, Move("call", "101", 2)) == "省残联,省残联,听到请回答。"
    results = {u.id: "answered" for u in net.units} | {"102": "silent", "104": "silent"}
    done = RollCall(roll.units, 2, opened=True, results=results)  # type: ignore[arg-type]
    assert closing(net, done) == "点名完毕。应到四十二,实到四十,未应答两个:贾岗社区治安队、龙子湖社区治安队。"
    done = RollCall(roll.units, 2, opened=True, results=results | {"104": "unclear"})  # type: ignore[arg-type]
    assert closing(net, done).endswith("未应答一个:贾岗社区治安队,听不清一个:龙子湖社区治安队。")
    nobody = RollCall(roll.units, 2, opened=True, stopped=True)
    assert closing(net, nobody) == "点名停止。应到四十二,呼叫零,实到零。"
    called: dict[str, Standing] = {"101": "answered", "102": "silent", "103": "open"}
    assert closing(net, replace(nobody, results=called)) == (
        "点名停止。应到四十二,呼叫三,实到一,未应答一个:贾岗社区治安队,待答一个:祭城社区治安队。"
    ), "who was called just now is not left out"


@pytest.mark.parametrize(
    ("results", "answers", "words"),
    [
        ({"101": "answered", "102": "answered"}, {"101": "not_found", "102": "not_found"},
         "询问完毕。没有发现两个,有情况零个,未应答一个:祭城社区治安队。"),
        ({"101": "answered", "102": "answered"}, {"101": "not_found", "102": "heard"},
         "询问完毕。没有发现一个,有情况零个,有回答,内容不清一个:贾岗社区治安队,"
         "未应答一个:祭城社区治安队。"),
        ({"101": "unclear", "102": "silent"}, {},
         "询问完毕。未应答两个:贾岗社区治安队、祭城社区治安队,听不清一个:省残联。"),
        ({"101": "undetermined", "102": "relayed"}, {},
         "询问完毕。未应答一个:祭城社区治安队,无法确认一个:省残联,代答一个:贾岗社区治安队。"),
        ({}, {}, "询问完毕,没有单位回答。"),
    ],
)  # fmt: skip
def test_a_poll_closes_by_what_was_said(net: Net, results: dict[str, str], answers: dict[str, str], words: str) -> None:
    """没有单位回答 is said only where nothing at all was heard."""
    units = ("101", "102", "103")
    said: dict[str, str] = dict.fromkeys(units, "silent") | results
    roll = RollCall(units, 1, opened=True, until="situation", results=said, answers=answers)  # type: ignore[arg-type]
    assert closing(net, roll) == words


def test_a_poll_that_is_stopped_before_it_asks_says_nothing_of_answers(net: Net) -> None:
    assert closing(net, RollCall(("101",), 1, opened=True, until="any", stopped=True)) == "询问停止。"


def test_forty_units_in_brief_take_less_than_five_minutes(net: Net) -> None:
    """The pace that ``bench-net`` measured with espeak-ng: 0.55 s of lead-in and tail and 0.25 s a syllable for us;
    for a unit 1.5 s until it keys, an over of 1.6 s, and 0.9 s until we key again."""
    settings = net.settings.model_copy(update={"rollcall": net.settings.rollcall.model_copy(update={"style": "brief"})})
    brief, units = replace(net, settings=settings), tuple(u.id for u in net.units)[:40]
    roll, t, longest = evolve_roll(None, RollBegan(t=0.0, units=units, rounds=2)), 0.0, 0.0
    while (move := next_move(roll)) is not None:
        text = announcement(brief, roll, move)  # type: ignore[arg-type]
        took = 0.55 + 0.25 * len(brief.readings.spoken("".join(PAUSE.split(text))))
        t += took
        said = (move.unit,) if move.unit else ()
        roll = evolve_roll(roll, Announced(t=t, keyed=t - took, text=text, purpose=move.purpose, units=said))
        if move.unit:
            longest = max(longest, took)
            call = Called(t=t, exchange=1, unit=move.unit, over=0, attempt=1, to_all=False, question=text)
            roll = evolve_roll(evolve_roll(roll, call), answer_of(move.unit, "ack", t + 1.5))
            t += 1.5 + 1.6 + 0.9
    assert roll is not None and roll.attendance.answered == units and roll.closed
    assert longest <= 4.0 and t < 300.0


def test_a_unit_may_have_a_question_of_its_own(own_net: Callable[..., Path]) -> None:
    net = load_net(own_net(roster="编号,名称,呼号,点名用语\n101,省残联,省残联,门前秩序是否良好\n"))
    assert announcement(net, RollCall(("101",), 1), Move("call", "101", 1)) == "省残联,省残联,门前秩序是否良好?请回答。"


def test_every_announcement_is_understood_by_our_own_ear(net: Net) -> None:
    """What we say must mean to a listener what we mean by it: the same readings, the same grammar."""
    from tests.helpers.radio_log import log_of

    roll = RollCall(tuple(u.id for u in net.units), 2)
    for attempt in (1, 2):
        first = log_of(net, announcement(net, roll, Move("call", "102", attempt)))[0]
        assert (first["type"], first["unit"]) == ("called", "102")
    assert [x["type"] for x in log_of(net, announcement(net, roll, Move("opening")))] == ["roll"]


def test_what_an_answer_to_our_own_words_should_repeat(net: Net) -> None:
    text = "豫A12345白色面包车,10:30在湖心公园北门集合。"
    assert to_read_back(net, f"各单位注意,{text}重复一遍,{text}") == ("豫/渝A12345", "10:30", "湖心公园北门")
    assert to_read_back(net, "省残联,省残联,是否正常?请回答。") == ()


@pytest.mark.parametrize("until", ["talk", "roll_start", "code_word", "有情况吗"])
def test_a_poll_waits_for_what_a_unit_can_answer(net: Net, until: str) -> None:
    with pytest.raises(HuyingError, match=r"is no meaning; any, or one of situation, .*, ack, report$"):
        checked(net, RollRequest("start", ("101",), 1, "有没有看到走失儿童", until))
    assert checked(net, RollRequest("start", ("101",), 1, "有没有看到走失儿童", "situation")) == ("101",)
