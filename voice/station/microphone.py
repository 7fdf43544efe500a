"""The dispatcher's own microphone: what is said there is said to us. Speech that is no command leaves no trace."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator

from voice.audio.source import AudioSource
from voice.grammar.message import Message
from voice.radio.carrier import Audio, CarrierGate, Closed, Opened
from voice.speech.recogniser import OverStream
from voice.station.ear import Ear


class Microphone:
    """Listens in a thread of its own; the station asks for what was understood between two frames."""

    def __init__(self, ear: Ear, source: AudioSource, end: Callable[[], None]) -> None:
        """``end`` ends ``source``."""
        self._ear, self._source, self._end = ear, source, end
        self._heard: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def messages(self) -> Iterator[Message]:
        """Commands since the last call, oldest first. Never waits."""
        while not self._heard.empty():
            yield self._heard.get()

    def close(self) -> None:
        """Listen no more."""
        self._end()
        self._thread.join(3.0)

    def _listen(self) -> None:
        gate = CarrierGate(self._ear.net.settings.timing.hang_time_s)
        stream: OverStream | None = None
        for frame in self._source.frames():
            for event in gate.process(frame.pcm):
                match event:
                    case Opened():
                        stream = self._ear.recogniser.stream()
                    case Audio(pcm=pcm) if stream:
                        stream.accept(pcm)
                    case Closed(over=over) if stream:
                        message = self._ear.understand(over, stream.finish(), addressed=True)
                        stream = None
                        if message.acts:
                            self._heard.put(message)
                    case _:
                        stream = None
