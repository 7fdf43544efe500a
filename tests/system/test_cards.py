"""Cards that come and go. The real PortAudio lists devices when it starts and never again; the one here does the same,
and its cards can be unplugged: no USB card can be, on the machine that runs this."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.helpers.waiting import real_time, until
from voice.audio import portaudio
from voice.audio.card import CardSink, CardSource
from voice.audio.portaudio import Device, devices_now, find_device, pick
from voice.errors import HuyingError
from voice.pcm import RATE

USB = "USB PnP Sound Device: Audio (hw:{},0)"


class Bus:
    """PortAudio and the cards behind it: ``cards`` are there now, ``listed`` were there when it started."""

    PortAudioError = OSError

    def __init__(self, *cards: str) -> None:
        self.cards = list(cards)
        self.plugged = dict.fromkeys(cards, 0)
        """How often a card was plugged in again: what PortAudio listed before is dead."""
        self.listed: list[str] = []
        self.known: dict[str, int] = {}
        self.starts = 0
        self.streams: list[_Stream] = []
        self.played: list[str] = []
        self.default = SimpleNamespace(device=(0, 0))
        self._initialize()

    def _terminate(self) -> None:
        assert not any(s.open for s in self.streams), "PortAudio would stop them"
        self.listed = []

    def _initialize(self) -> None:
        self.listed = list(self.cards)
        self.known = {name: self.plugged.get(name, 0) for name in self.cards}
        self.starts += 1

    def query_devices(self) -> list[dict[str, Any]]:
        return [self._row(k, n) for k, n in enumerate(self.listed)]

    def now(self) -> list[Device]:
        """What a new process sees: cards in use do not show there."""
        used = {s.name for s in self.streams if s.open}
        return [Device(k, n, 1, 1, RATE) for k, n in enumerate(self.cards) if n not in used]

    def _row(self, index: int, name: str) -> dict[str, Any]:
        return {
            "index": index,
            "name": name,
            "max_input_channels": 1,
            "max_output_channels": 1,
            "default_samplerate": RATE,
        }

    def RawInputStream(self, device: int, callback: Any, **_: Any) -> _Stream:
        return self._open(device, callback)

    def RawOutputStream(self, device: int, **_: Any) -> _Stream:
        return self._open(device, None)

    def _open(self, device: int, callback: Any) -> _Stream:
        name = self.listed[device]
        if name not in self.cards or self.known[name] != self.plugged.get(name, 0):
            raise OSError(f"{name} is not there")
        self.streams.append(_Stream(self, name, callback))
        return self.streams[-1]


class _Stream:
    """Gives a block every 100 ms while its card is plugged in."""

    def __init__(self, bus: Bus, name: str, callback: Any) -> None:
        self.bus, self.name, self.callback, self.open = bus, name, callback, False

    def __enter__(self) -> _Stream:
        self.open = True
        if self.callback:
            threading.Thread(target=self._run, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.open = False

    def _run(self) -> None:
        block = np.full(RATE // 10, 100, np.int16).tobytes()
        while self.open:
            real_time(0.1)
            if self.open and self.name in self.bus.cards:
                self.callback(block, RATE // 10, None, SimpleNamespace(input_overflow=False))

    def write(self, _data: bytes) -> None:
        self.bus.played.append(self.name)

    def stop(self) -> None:
        pass


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Bus:
    made = Bus("Built-in Audio (hw:0,0)", USB.format(1))
    monkeypatch.setattr(portaudio, "sounddevice", lambda: made)
    monkeypatch.setattr(portaudio, "devices_now", made.now)
    return made


Listening = Callable[[str], tuple[CardSource, list[tuple[str, str]], list[tuple[float, float]]]]


@pytest.fixture
def listening() -> Iterator[Listening]:
    """Starts to listen to a card: (source, what it told, (begin, end) of every frame)."""
    running: list[tuple[CardSource, threading.Thread]] = []

    def start(name: str) -> tuple[CardSource, list[tuple[str, str]], list[tuple[float, float]]]:
        told: list[tuple[str, str]] = []
        frames: list[tuple[float, float]] = []
        source = CardSource(name, lambda kind, text: told.append((kind, text)))

        def listen() -> None:
            frames.extend((f.start / RATE, (f.start + len(f.pcm)) / RATE) for f in source.frames())

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        running.append((source, thread))
        return source, told, frames

    yield start
    for source, thread in running:
        source.end()
        thread.join(5)
        assert not thread.is_alive()


@pytest.mark.parametrize("wanted", ["USB PnP", "1"])
def test_a_card_that_comes_back_under_another_number(wanted: str, bus: Bus, listening: Listening) -> None:
    source, told, _ = listening(wanted)
    assert until(lambda: source.now > 0.5)
    bus.cards[1:] = []
    assert until(lambda: len(told) == 1)
    assert told[0][0] == "lost" and "unplugged" in told[0][1]
    bus.cards[1:] = ["HDMI (hw:1,3)", USB.format(2)]
    assert until(lambda: len(told) == 2)
    assert told[1] == ("back", f"{USB.format(1)} is back") and bus.starts == 2
    assert [s.name for s in bus.streams if s.open] == [USB.format(2)], "not what has its number now"


def test_another_card_steps_aside_for_a_moment_and_only_then(bus: Bus, listening: Listening) -> None:
    """The dispatcher's own microphone, while the radio's card is away and comes back."""
    radio, told, _ = listening("USB PnP")
    own, told_own, frames_own = listening("Built-in")
    assert until(lambda: radio.now > 0.5 and own.now > 0.5)
    bus.cards[1:] = []
    assert until(lambda: len(told) == 1)
    assert not until(lambda: told_own, 2.0), "nothing to be found: it goes on"
    bus.cards[1:] = [USB.format(3)]
    assert until(lambda: len(told) == 2 and len(told_own) == 2)
    assert [k for k, _ in told_own] == ["lost", "back"] and "listed anew" in told_own[0][1]
    assert until(lambda: own.now > 3.0)
    own.end()
    assert until(lambda: len(frames_own) > 0)
    begins, ends = zip(*frames_own, strict=True)
    gaps = [b - e for b, e in zip(begins[1:], ends, strict=False) if b - e > 0.001]
    assert len(begins) > 25 and sum(gaps) < 1.5 and min(np.diff(begins)) > 0


def test_an_announcement_is_not_cut_off_by_a_card_that_comes(bus: Bus) -> None:
    with portaudio.stream(), portaudio.stream():
        bus.cards.append(USB.format(2))
        other = threading.Thread(target=lambda: portaudio.renew(USB.format(2), "input", 1))
        other.start()
        assert until(portaudio.wanted_aside) and bus.starts == 1
        with portaudio.stream():  # of the same thread: it need not wait for itself
            pass
    other.join(5)
    assert bus.starts == 2


def test_an_output_that_comes_back_under_another_number(bus: Bus) -> None:
    sink = CardSink("USB PnP")
    sink.play(np.zeros(800, np.int16))
    bus.cards[1:] = []
    with pytest.raises(HuyingError, match="plugged in"):
        sink.play(np.zeros(800, np.int16))
    bus.cards[1:] = ["HDMI (hw:1,3)", USB.format(2)]
    with pytest.raises(HuyingError, match="plugged in"):
        sink.play(np.zeros(800, np.int16))
    sink.play(np.zeros(800, np.int16))
    assert bus.played == [USB.format(1), USB.format(2)]


def test_a_card_that_comes_back_under_its_old_name(bus: Bus, listening: Listening) -> None:
    """As on Windows and macOS: the list has the name, and what it stands for is dead. Input and output."""
    bus.cards.append("Headset")
    bus._initialize()
    source, told, _ = listening("Headset")
    sink = CardSink("USB PnP")
    assert until(lambda: source.now > 0.5)
    bus.cards.remove("Headset")
    assert until(lambda: len(told) == 1)
    bus.plugged["Headset"] = 1
    bus.cards.append("Headset")
    assert until(lambda: len(told) == 2)
    assert told[1] == ("back", "Headset is back") and bus.starts == 3
    source.end()
    bus.plugged[USB.format(1)] = 1
    for _ in range(2):
        with pytest.raises(HuyingError, match="plugged in"):
            sink.play(np.zeros(800, np.int16))
    sink.play(np.zeros(800, np.int16))
    assert bus.played == [USB.format(1)] and bus.starts == 4


def test_names() -> None:
    cards = [Device(k, n, 1, 0, RATE) for k, n in enumerate((USB.format(1), USB.format(2), "Line"))]
    assert pick(cards, USB.format(1), "input").index == 0
    assert pick(cards, "hw:2", "input").index == 1 and pick(cards, "line", "input").index == 2
    with pytest.raises(HuyingError, match="several"):
        pick(cards, USB.format(7), "input")
    with pytest.raises(HuyingError, match="plug in a card"):
        pick(cards, "Line", "output")
    with pytest.raises(HuyingError, match="no sound input “"):
        pick(cards, "Kenwood", "input")


def test_a_new_process_sees_what_this_one_sees() -> None:
    """The real PortAudio, with whatever devices there are."""
    try:
        here = [d.name for d in portaudio.devices()]
    except HuyingError:
        pytest.skip("PortAudio is not installed")
    assert [d.name for d in devices_now()] == here
    if here:
        with pytest.raises(HuyingError, match="no such"):
            find_device("no such card at all", "input")
