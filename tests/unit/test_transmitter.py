"""The transmit path, on a bench clock: what the air would see, moment by moment."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from voice.errors import HuyingError
from voice.pcm import RATE, Pcm16
from voice.radio.transmitter import (
    ChannelBusy,
    ClearChannel,
    Priority,
    TooLong,
    Transmission,
    TransmitSettings,
    Transmitter,
    assembled,
    levelled,
)

SPEECH = (np.sin(np.arange(2 * RATE) / 3) * 3000).astype(np.int16)


class Bench:
    """A clock that moves when something is played, and a log of what happens when."""

    def __init__(self, fault: BaseException | None = None) -> None:
        self.now, self.fault = 0.0, fault
        self.log: list[tuple[float, str]] = []

    def note(self, what: str) -> None:
        self.log.append((round(self.now, 2), what))

    def key(self) -> None:
        self.note("key")

    def unkey(self) -> None:
        self.note("unkey")

    def play(self, pcm: Pcm16) -> None:
        if self.fault:
            raise self.fault
        self.now += len(pcm) / RATE

    def send(self, pcm: Pcm16 = SPEECH, **settings: float) -> Transmission:
        made = Transmitter(
            self,
            self.play,
            lambda: self.now,
            TransmitSettings(**settings),
            lambda on: self.note("deaf" if on else "hearing"),
        )
        return made.send(pcm)


def test_key_speak_unkey() -> None:
    bench = Bench()
    sent = bench.send(lead_in_s=0.5, tail_s=0.2)
    assert bench.log == [(0.0, "deaf"), (0.0, "key"), (2.7, "unkey"), (2.7, "hearing")]
    assert (sent.keyed, round(sent.unkeyed, 3)) == (0.0, 2.7)


def keyed_at(busy: Callable[[float], bool], priority: Priority = "routine", **settings: float) -> tuple[float, bool]:
    """(when a waiting announcement may key, whether over traffic), with a carrier detect every 20 ms."""
    wait = ClearChannel(TransmitSettings(**settings), priority, 0.0)
    for k in range(10_000):
        if wait.ready(busy(k * 0.02), k * 0.02):
            return round(k * 0.02, 1), wait.over_traffic
    raise AssertionError("never")


def test_waits_for_a_clear_channel() -> None:
    assert keyed_at(lambda _t: False, clear_s=0.4) == (0.4, False)
    assert keyed_at(lambda t: t < 3.0 or 3.2 < t < 5.0, clear_s=0.4) == (5.4, False)


def test_a_channel_that_stays_busy_is_told_not_talked_over() -> None:
    with pytest.raises(ChannelBusy, match="not sent"):
        keyed_at(lambda _t: True, busy_limit_s=10.0)


def test_an_emergency_goes_out_over_traffic() -> None:
    assert keyed_at(lambda _t: True, "emergency", emergency_limit_s=5.0) == (5.0, True)


def test_longer_than_the_time_out_timer_is_refused_before_keying() -> None:
    bench = Bench()
    with pytest.raises(TooLong, match="time-out timer"):
        bench.send(np.zeros(70 * RATE, np.int16))
    assert bench.log == []


@pytest.mark.parametrize("fault", [RuntimeError("sound card gone"), KeyboardInterrupt()])
def test_ptt_is_off_on_every_way_out(fault: BaseException) -> None:
    bench = Bench(fault)
    with pytest.raises(type(fault)):
        bench.send()
    assert [w for _, w in bench.log[-2:]] == ["unkey", "hearing"]


def test_vox_gets_a_tone_first_and_speech_its_level() -> None:
    audio = assembled(SPEECH, TransmitSettings(vox_tone_s=0.5, lead_in_s=0.3, level_db=-6.0)).astype(float)
    tone, pause, speech = audio[: RATE // 2], audio[RATE // 2 : 4 * RATE // 5], audio[4 * RATE // 5 :]
    assert np.abs(np.fft.rfft(tone)).argmax() == 500 and not pause.any()
    assert np.abs(speech).max() == pytest.approx(32767 * 10 ** (-6 / 20), rel=0.02)
    assert not levelled(np.zeros(100, np.int16), -12.0).any()


def stream(bench: Bench, pieces: list[float], making_s: float = 0.0, **settings: float) -> Transmission:
    """Pieces of so many seconds, each of which takes ``making_s`` to make when it is asked for."""

    def piece(s: float) -> Pcm16:
        bench.note("made")
        bench.now += making_s
        return SPEECH[:1].repeat(round(s * RATE))

    made = Transmitter(bench, bench.play, lambda: bench.now, TransmitSettings(**settings))
    return made.stream([lambda s=s: piece(s) for s in pieces])  # type: ignore[misc]


def test_the_first_piece_is_waited_for_before_the_key() -> None:
    bench = Bench()
    sent = stream(bench, [1.0, 2.0], making_s=0.5, lead_in_s=0.4, tail_s=0.2)
    assert bench.log == [(0.0, "made"), (0.5, "key"), (1.9, "made"), (4.6, "unkey")]
    assert (sent.keyed, round(sent.unkeyed, 3)) == (0.5, 4.6)


def test_pieces_that_do_not_fit_go_into_the_next_transmission() -> None:
    bench = Bench()
    stream(bench, [4.0, 4.0, 4.0], longest_s=10.0, lead_in_s=0.5, tail_s=0.5)
    assert [what for _, what in bench.log] == ["made", "key", "made", "made", "unkey", "key", "unkey"]
    keyed = [t for t, what in bench.log if what in ("key", "unkey")]
    assert keyed[1] - keyed[0] <= 10.0 and keyed[3] - keyed[2] == pytest.approx(5.0)


def test_a_piece_that_cannot_be_made_leaves_the_line_open() -> None:
    bench = Bench()

    def broken() -> Pcm16:
        raise HuyingError("the voice is gone")

    sending = Transmitter(bench, bench.play, lambda: bench.now)
    with pytest.raises(HuyingError, match="the voice is gone"):
        sending.stream([broken])
    assert bench.log == []  # never keyed
    with pytest.raises(HuyingError, match="the voice is gone"):
        sending.stream([lambda: SPEECH, broken])
    assert [what for _, what in bench.log] == ["key", "unkey"]
