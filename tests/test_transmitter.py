"""The transmit path, on a bench clock: what the air would see, moment by moment."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from voice.radio.transmitter import (
    RATE,
    ChannelBusy,
    Pcm16,
    Priority,
    Sent,
    TooLong,
    TransmitSettings,
    Transmitter,
    assembled,
    levelled,
)

SPEECH = (np.sin(np.arange(2 * RATE) / 3) * 3000).astype(np.int16)


class Bench:
    """A clock that moves when somebody waits or plays, and a log of what happens when."""

    def __init__(self, busy: Callable[[float], bool] = lambda _t: False, fault: Exception | None = None) -> None:
        self.now, self.log, self._busy, self.fault = 0.0, [(0.0, "start")], busy, fault
        self.played: Pcm16 = np.zeros(0, np.int16)

    def note(self, what: str) -> None:
        self.log.append((round(self.now, 2), what))

    def key(self) -> None:
        self.note("key")

    def unkey(self) -> None:
        self.note("unkey")

    def play(self, pcm: Pcm16) -> None:
        self.played = pcm
        if self.fault:
            raise self.fault
        self.now += len(pcm) / RATE

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def send(self, pcm: Pcm16 = SPEECH, priority: Priority = "routine", **settings: float) -> Sent:
        made = Transmitter(
            self, self.play, lambda: self._busy(self.now), lambda: self.now, self.sleep, TransmitSettings(**settings),
            lambda on: self.note("deaf" if on else "hearing"),
        )  # fmt: skip
        return made.send(pcm, priority)


def test_key_speak_unkey() -> None:
    bench = Bench()
    bench.send(lead_in_s=0.5, tail_s=0.2, clear_s=0.4)
    assert bench.log[1:] == [(0.4, "deaf"), (0.4, "key"), (3.1, "unkey"), (3.1, "hearing")]


def test_waits_for_a_clear_channel() -> None:
    bench = Bench(busy=lambda t: t < 3.0 or 3.2 < t < 5.0)
    sent = bench.send(clear_s=0.4)
    at, what = bench.log[2]
    assert what == "key" and at == pytest.approx(5.4, abs=0.05) and not sent.over_traffic


def test_a_channel_that_stays_busy_is_told_not_talked_over() -> None:
    bench = Bench(busy=lambda _t: True)
    with pytest.raises(ChannelBusy, match="not sent"):
        bench.send(busy_limit_s=10.0)
    assert "key" not in [w for _, w in bench.log] and bench.now == pytest.approx(10.0, abs=0.1)


def test_an_emergency_goes_out_over_traffic() -> None:
    bench = Bench(busy=lambda _t: True)
    sent = bench.send(priority="emergency", emergency_limit_s=5.0)
    at, what = bench.log[2]
    assert what == "key" and at == pytest.approx(5.0, abs=0.05) and sent.over_traffic


def test_longer_than_the_time_out_timer_is_refused_before_keying() -> None:
    bench = Bench()
    with pytest.raises(TooLong, match="time-out timer"):
        bench.send(np.zeros(70 * RATE, np.int16))
    assert bench.log == [(0.0, "start")]


@pytest.mark.parametrize("fault", [RuntimeError("sound card gone"), KeyboardInterrupt()])
def test_ptt_is_off_on_every_way_out(fault: BaseException) -> None:
    bench = Bench(fault=fault)  # type: ignore[arg-type]
    with pytest.raises(type(fault)):
        bench.send()
    assert [w for _, w in bench.log[-2:]] == ["unkey", "hearing"]


def test_vox_gets_a_tone_first_and_speech_its_level() -> None:
    audio = assembled(SPEECH, TransmitSettings(vox_tone_s=0.5, lead_in_s=0.3, level_db=-6.0)).astype(float)
    tone, pause, speech = audio[: RATE // 2], audio[RATE // 2 : 4 * RATE // 5], audio[4 * RATE // 5 :]
    assert np.abs(np.fft.rfft(tone)).argmax() == 500 and not pause.any()
    assert np.abs(speech).max() == pytest.approx(32767 * 10 ** (-6 / 20), rel=0.02)
    assert not levelled(np.zeros(100, np.int16), -12.0).any()
