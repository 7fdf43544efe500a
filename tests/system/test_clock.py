"""Two clocks: the channel counts samples, the wall clock may be set and a sound card may run fast."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import voice.audio.card as card
from tests.helpers.waiting import until
from voice.audio import portaudio
from voice.bench.air import Air
from voice.journal.store import Journal
from voice.net.loading import Net
from voice.pcm import RATE
from voice.radio.ptt.none import NoPtt
from voice.radio.transmitter import Transmitter
from voice.speech.synthesiser import Synthesiser
from voice.station.announcer import Announcer
from voice.station.clock import DRIFT_S, ClockWatch
from voice.station.ear import Ear
from voice.station.station import Station
from voice.talk.facts import ClockChanged

NOON = datetime(2026, 6, 5, 4, 0, tzinfo=UTC)


Clock = Callable[[float], float]


def looks(wall: Clock, channel: Clock, seconds: int) -> list[tuple[int, float, str]]:
    """(second, moved by, why): wall and channel clock as functions of the machine's monotonic one."""
    watch = ClockWatch()
    out: list[tuple[int, float, str]] = []
    for t in range(seconds):
        moved = watch.look(NOON + timedelta(seconds=wall(t)), 1000.0 + t, channel(t))
        if moved:
            out.append((t, round(moved[0], 1), moved[1]))
    return out


@pytest.mark.parametrize("step", [-3600.0, 3600.0, 1.5])
def test_a_clock_that_is_set_is_noticed_at_once(step: float) -> None:
    assert looks(lambda t: t + (step if t >= 90 else 0), lambda t: t, 300) == [(90, step, "set")]


def test_a_busy_machine_is_no_drift() -> None:
    assert looks(lambda t: t, lambda t: t - (3.0 if 100 < t < 130 else t % 7 * 0.1), 600) == []


def test_a_card_that_runs_fast_is_followed() -> None:
    """200 ppm, a day: the sum of what was moved is the drift."""
    moved = looks(lambda t: t, lambda t: t * 1.0002, 86400)
    assert {why for *_, why in moved} == {"drift"}
    assert -17.28 <= sum(by for _, by, _ in moved) <= -17.28 + 2 * DRIFT_S


class DriftingCard:
    """PortAudio with one input that gives 100.02 ms of sound every 100 ms: the test turns its clock."""

    PortAudioError = OSError

    def __init__(self) -> None:
        self.now = 50.0
        self.callback: Any = None
        self.default = SimpleNamespace(device=(0, 0))

    def query_devices(self) -> list[dict[str, Any]]:
        return [
            {"index": 0, "name": "drift", "max_input_channels": 1, "max_output_channels": 1, "default_samplerate": RATE}
        ]

    def RawInputStream(self, callback: Any, **_: Any) -> DriftingCard:
        self.callback = callback
        return self

    def __enter__(self) -> None: ...
    def __exit__(self, *_: object) -> None: ...

    def block(self) -> None:
        self.now += 0.1 / 1.0002
        data = np.full(RATE // 10, 7, np.int16).tobytes()
        self.callback(data, RATE // 10, None, SimpleNamespace(input_overflow=False))


def test_transmitting_and_hearing_share_the_cards_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """After 20 minutes at 200 ppm the card is a quarter second ahead: the time we unkeyed and the next frame agree."""
    air = DriftingCard()
    monkeypatch.setattr(portaudio, "sounddevice", lambda: air)
    monkeypatch.setattr(time, "monotonic", lambda: air.now)
    source = card.CardSource("drift")
    starts: list[int] = []
    heard = threading.Event()

    def listen() -> None:
        for frame in source.frames():
            starts.append(frame.start)
            heard.set()

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    assert until(lambda: air.callback is not None)

    def give(blocks: int) -> None:
        for _ in range(blocks):
            heard.clear()
            air.block()
            assert heard.wait(60)

    give(12000)
    assert source.now == pytest.approx(1200.0, abs=0.11)
    before = starts[-1]
    source.deafen(True)
    for _ in range(50):
        air.block()
    unkeyed = source.now
    source.deafen(False)
    air.block()
    assert until(lambda: not source._flush), "what was queued until now is thrown away: nothing more may come before"
    give(2)
    source.end()
    listener.join(60)
    after = [s for s in starts if s > before + RATE]
    assert after[0] / RATE == pytest.approx(unkeyed, abs=0.25) and after[0] / RATE >= unkeyed - 1e-3


def test_a_clock_set_back_during_a_roll_call(ear: Ear, net: Net, synthesiser: Synthesiser) -> None:
    """Answers and waiting times stay right, the order of events too; wall times say that the clock was moved."""
    air = Air(net, synthesiser, {"102": "absent"}, seed=1)
    with Journal("sqlite://") as journal:
        station = Station(
            ear,
            journal,
            Transmitter(NoPtt(), air.play, lambda: air.now),
            Announcer(net, synthesiser),
            lambda _e, f: air.heard(f),
        )
        stage = 0
        for now in station.run(air, NOON):
            if stage == 0:
                station.start_roll(("101", "102", "113"))
                stage = 1
            if stage == 1 and now > 12:
                station.log.move_clock(now, -3600.0, "set")
                stage = 2
            assert station.roll is not None and now < 200
            if station.roll.closed:
                air.end()
        assert station.roll is not None and station.roll.here == ("101", "113")
        events = list(journal.events())
    moved = next(k for k, e in enumerate(events) if isinstance(e.fact(), ClockChanged))
    assert events[0].wall.startswith("2026-06-05T04:00") and events[moved].wall.startswith("2026-06-05T03:00")
    assert all(e.wall.startswith("2026-06-05T03:") for e in events[moved:])
    assert [e.seq for e in events] == sorted(e.seq for e in events)
