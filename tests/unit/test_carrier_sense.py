"""A carrier input that cannot be read, or whose answer is not understood, is never a clear channel."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.helpers.waiting import until
from voice.radio import sense
from voice.radio.ptt import PttError
from voice.radio.sense import CarrierSense
from voice.radio.transmitter import ChannelBusy, ClearChannel, TransmitSettings


class Line:
    """Answers what it is told to: True, False, or what it raises."""

    def __init__(self) -> None:
        self.answer: bool | Exception = False
        self.asked = 0

    def revive(self) -> None:
        """Nothing to replace."""

    def busy(self) -> bool:
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def carrier(line: Line, told: list[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[CarrierSense]:
    monkeypatch.setattr(sense, "RETRY_S", (0.05,))
    carrier = CarrierSense(line, told.append)  # type: ignore[arg-type]
    yield carrier
    carrier.close()


FAULTS = [
    PttError("CTS cannot be read; was the adapter unplugged?"),
    PttError("CM108: its inputs cannot be read"),
    PttError("rigctld answered “squelch” to “\\get_dcd”"),
    ValueError("what no driver should raise"),
]


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_unknown_is_busy_until_it_answers(line: Line, carrier: CarrierSense, told: list[str], fault: Exception) -> None:
    assert not carrier.busy()
    line.answer = fault
    assert until(carrier.busy), "clear was the last answer, and is none any more"
    assert until(lambda: told) and str(fault) in told[0]
    line.answer = False
    assert until(lambda: not carrier.busy())
    line.answer = True
    assert until(carrier.busy)


def test_it_is_told_once_with_what_follows(line: Line, carrier: CarrierSense, told: list[str]) -> None:
    line.answer = FAULTS[0]
    assert until(lambda: line.asked > 6) and len(told) == 1
    assert "counts as busy for 20 s" in told[0] and "sound alone" in told[0]
    line.answer = False
    assert until(lambda: len(told) == 2) and "works again" in told[1] and not carrier.busy()


@pytest.mark.parametrize("before", [False, True])
def test_a_lost_line_silences_no_station(
    line: Line, carrier: CarrierSense, monkeypatch: pytest.MonkeyPatch, before: bool
) -> None:
    """The time counts from the loss, however often it is tried again, and whatever the last answer was."""
    monkeypatch.setattr(sense, "UNKNOWN_S", 0.5)
    line.answer = before
    assert until(lambda: carrier.busy() is before)
    line.answer = FAULTS[0]
    assert until(carrier.busy) and until(lambda: not carrier.busy())
    asked = line.asked
    assert until(lambda: line.asked > asked + 2) and not carrier.busy(), "it is still tried"


def test_a_routine_announcement_outlasts_it() -> None:
    waiting = ClearChannel(TransmitSettings(), "routine", 0.0)
    assert not waiting.ready(True, sense.UNKNOWN_S)
    assert not waiting.ready(False, sense.UNKNOWN_S) and waiting.ready(False, sense.UNKNOWN_S + 1.0)
    with pytest.raises(ChannelBusy):
        ClearChannel(TransmitSettings(), "routine", 0.0).ready(True, TransmitSettings().busy_limit_s)
