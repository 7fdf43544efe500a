"""The spoken count of an alert says nothing false: who is silent, who may have answered, for whom another answered."""

from __future__ import annotations

from pathlib import Path

import pytest

from voice.net.loading import Net, load_net
from voice.talk.alert import Alert, AlertMove, evolve_alert
from voice.talk.announcing import alert_words
from voice.talk.facts import AlertRaised, Announced, ExchangeClosed, Fact, Outcome, Relayed


@pytest.fixture(scope="module")
def people() -> Net:
    """The net of the dialogues."""
    return load_net(Path(__file__).parent / "dialogues" / "net")


def read(*facts: Fact) -> Alert:
    """An alert to 01, 02 and 03, read once, and what came."""
    raised = AlertRaised(t=0.0, alert=1, text="注意防火", units=("01", "02", "03"), repeat=1, need_ack=True,
                         emergency=False, by="x")  # fmt: skip
    told = Announced(t=5.0, keyed=1.0, text="…", purpose="alert", units=("01", "02", "03"))
    alert: Alert | None = None
    for fact in (raised, told, *facts):
        alert = evolve_alert(alert, fact)
    assert alert is not None
    return alert


def closed(unit: str, outcome: Outcome) -> ExchangeClosed:
    return ExchangeClosed(t=20.0, exchange=int(unit), unit=unit, outcome=outcome, reason="", waited_s=8.0)


def test_who_may_have_answered_is_not_called_silent(people: Net) -> None:
    alert = read(closed("01", "silent"), closed("02", "undetermined"), closed("03", "unclear"))
    words = alert_words(people, alert, AlertMove(closing=True))
    assert words == "通知完毕。未应答一个:省残联,无法确认一个:贾岗社区治安队,听不清一个:河南中医药大学家属院。"


def test_for_whom_another_answered_is_not_called_silent(people: Net) -> None:
    proxy = Relayed(t=9.0, kind="proxy", over=1, unit="02", by="04", exchange=2, meaning="", text="", confidence=1.0)
    alert = read(proxy, closed("01", "silent"), closed("02", "silent"), closed("03", "silent"))
    words = alert_words(people, alert, AlertMove(closing=True))
    assert words == "通知完毕。未应答两个:省残联、河南中医药大学家属院,代答一个:贾岗社区治安队。"


def test_silence_on_a_second_reading_is_certain() -> None:
    alert = read(closed("01", "undetermined"), closed("02", "silent"), closed("03", "silent"))
    again = Announced(t=30.0, keyed=26.0, text="…", purpose="alert", units=("01", "02", "03"))
    for fact in (again, closed("01", "silent")):
        alert = evolve_alert(alert, fact)  # type: ignore[assignment]
    assert alert.silent == ("01", "02", "03") and not alert.unknown
