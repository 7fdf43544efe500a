"""An alert against units that acknowledge as they are told. Facts in, moves out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from voice.net.loading import Net
from voice.talk.alert import Alert, AlertMove, evolve_alert, next_alert_move
from voice.talk.announcing import alert_words
from voice.talk.by_hand import Corrected, Undone
from voice.talk.facts import (
    AlertEnded,
    AlertRaised,
    Announced,
    Answered,
    ExchangeClosed,
    Fact,
    Outcome,
    Remarked,
    SessionBegan,
)

UNITS = ("101", "102", "103")
TEXT = "东风路发现走失儿童,请各单位留意"


def folded(*facts: Fact) -> Alert | None:
    alert: Alert | None = None
    for fact in facts:
        alert = evolve_alert(alert, fact)
    return alert


def raised(need_ack: bool = True, repeat: int = 2) -> Fact:
    return AlertRaised(t=0, alert=1, text=TEXT, units=UNITS, repeat=repeat, need_ack=need_ack, emergency=False)


def read(*units: str) -> Fact:
    return Announced(t=10, keyed=5, text="", purpose="alert", units=units)


def began() -> Fact:
    return SessionBegan(
        t=0, source="live", net="n", net_sha256="", model="", model_sha256="", began="", clock="known", units=UNITS
    )


def answer(unit: str, meaning: str = "ack", claims: bool = False) -> Fact:
    return Answered(
        t=12,
        exchange=1,
        unit=unit,
        over=1,
        meaning=meaning,
        grade="call_sign",
        latency_s=1,
        late=False,
        confidence=1,
        text="",
        review=False,
        claims=claims,
    )


def closed(unit: str, outcome: Outcome = "silent") -> Fact:
    return ExchangeClosed(t=20, exchange=1, unit=unit, outcome=outcome, reason="", waited_s=10)


def test_it_is_read_again_to_those_who_are_silent() -> None:
    begun = (raised(), read(*UNITS), answer("101"), answer("103", "not_found"))
    assert next_alert_move(folded(raised())) == AlertMove(closing=False, units=UNITS)
    assert next_alert_move(folded(*begun)) is None, "102 is still awaited"
    assert next_alert_move(folded(*begun, closed("102"))) == AlertMove(closing=False, units=("102",), again=True)
    done = folded(*begun, closed("102"), read("102"), closed("102"))
    assert done is not None and done.silent == ("102",) and done.answers == {"101": "ack", "103": "not_found"}
    assert next_alert_move(done) == AlertMove(closing=True)


def test_everybody_answers_and_it_is_over() -> None:
    facts = (raised(), read(*UNITS), *(answer(u) for u in UNITS))
    assert next_alert_move(folded(*facts)) == AlertMove(closing=True)
    assert next_alert_move(folded(*facts, AlertEnded(t=30, alert=1, answered=3, silent=()))) is None


def test_what_a_person_sets_right_is_counted_and_not_read_again() -> None:
    begun = (raised(), read(*UNITS), answer("101"), closed("102"), closed("103", "unclear"))
    right = Corrected(corrects=4, unit="102", meaning="not_found", by="desk")
    set_right = evolve_alert(folded(*begun), right, 9)
    assert set_right is not None and set_right.answers == {"101": "ack", "102": "not_found"}
    assert evolve_alert(set_right, right, 9) == set_right, "the station learns of it twice"
    assert next_alert_move(set_right) == AlertMove(closing=False, units=("103",), again=True)
    back = evolve_alert(set_right, Undone(undoes=9, by="desk"), 10)
    assert back == folded(*begun)


def test_an_answer_without_a_call_sign_leaves_nobody_silent(net: Net) -> None:
    bare = Remarked(
        t=14,
        kind="unattributed",
        over=2,
        unit=None,
        exchange=None,
        meaning="ack",
        text="收到",
        confidence=1,
        review=True,
    )
    alert = folded(raised(repeat=1), read(*UNITS), answer("101"), bare, closed("102"), closed("103"))
    assert alert is not None and alert.silent == () and alert.unknown == ("102", "103")
    assert "未应答" not in alert_words(net, alert, AlertMove(closing=True))
    assert "无法确认两个" in alert_words(net, alert, AlertMove(closing=True))
    named = folded(raised(repeat=1), read(*UNITS), answer("101"), bare, answer("102", claims=True))
    assert named is not None and named.silent == ("103",)


def test_a_crash_in_the_middle(net: Net) -> None:
    """Nothing is read by a station that has just started; when it goes on, to those that have not answered."""
    left = folded(raised(), read(*UNITS), answer("101"), began())
    assert left is not None and left.interrupted and left.awaited == () and next_alert_move(left) is None
    assert next_alert_move(replace(left, interrupted=False)) == AlertMove(closing=False, units=UNITS[1:], again=True)
    on = folded(raised(), read(*UNITS), answer("101"), began(), read(*UNITS[1:]), answer("102"), answer("103"))
    assert next_alert_move(on) == AlertMove(closing=True)


def test_withdrawn_it_is_over() -> None:
    ended = AlertEnded(t=30, alert=1, answered=1, silent=UNITS[1:], by="王")
    assert next_alert_move(folded(raised(), read(*UNITS), answer("101"), ended)) is None


def test_without_acknowledgement_it_is_read_once() -> None:
    assert next_alert_move(folded(raised(need_ack=False), read(*UNITS))) == AlertMove(closing=True)


def test_what_was_not_understood_is_asked_again() -> None:
    alert = folded(raised(), read(*UNITS), answer("101"), answer("102"), closed("103", "unclear"))
    assert alert is not None and alert.unclear == ("103",)
    assert next_alert_move(alert) == AlertMove(False, ("103",), True)


def test_a_late_answer_counts() -> None:
    alert = folded(raised(repeat=1), read(*UNITS), answer("101"), answer("102"), closed("103"), answer("103"))
    assert alert is not None and alert.silent == () and next_alert_move(alert) == AlertMove(closing=True)


def test_words(net: Net) -> None:
    everybody = tuple(u.id for u in net.units)
    alert = Alert(1, TEXT + "。", everybody, 2, True, False)
    assert alert_words(net, alert, AlertMove(False, everybody)) == f"各单位注意,{TEXT}。重复一遍,{TEXT}。收到请回答。"
    again = alert_words(net, alert, AlertMove(False, ("101",), True))
    assert again == f"省残联注意,再次通知,{TEXT}。收到请回答。"
    done = Alert(1, TEXT, ("101", "102"), 2, True, False, 2, answers={"101": "ack"})
    assert alert_words(net, done, AlertMove(True)) == "通知完毕。收到一个,未应答一个:贾岗社区治安队。"


def test_bench_net_reads_an_alert_and_counts_the_answers(tmp_path: Path) -> None:
    from tests.helpers.command import huying

    log = tmp_path / "log.sqlite"
    done = ("bench-net", "--units", "4", "--absent", "0", "--second", "0", "--slow", "0", "--journal", log)
    assert "通知完毕。收到四个。" in huying(*done, "--alert", TEXT)
