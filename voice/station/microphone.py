"""The dispatcher's own microphone: everything said there is addressed to the station. Only commands are logged."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator

from voice.audio.source import AudioSource
from voice.grammar.message import Message
from voice.pcm import Pcm16
from voice.radio.carrier import Audio, CarrierGate, Closed, Opened
from voice.speech.recogniser import OverStream
from voice.station.ear import Ear
from voice.station.two_pass import TwoPassStream
from voice.supervised import Supervised


class Microphone:
    """Listens in its own thread; the station polls for commands between two frames."""

    def __init__(
        self, ear: Ear, source: AudioSource, end: Callable[[], None], tell: Callable[[str], None] = lambda _t: None
    ) -> None:
        """``end`` ends ``source``; ``tell`` is called from another thread if listening failed and is restarted."""
        self._ear, self._source, self._end = ear, source, end
        self._heard: queue.SimpleQueue[tuple[Message, Pcm16]] = queue.SimpleQueue()
        self._closed = False
        self._thread = Supervised("the dispatcher's microphone", self._listen, tell, lambda: self._closed)

    def messages(self) -> Iterator[tuple[Message, Pcm16]]:
        """Commands since the last call, with their audio, oldest first. Never blocks."""
        while not self._heard.empty():
            yield self._heard.get()

    def close(self) -> None:
        """Stop listening."""
        self._closed = True
        self._end()
        self._thread.join(3.0)

    def _listen(self) -> None:
        gate = CarrierGate(self._ear.net.settings.timing.hang_time_s)
        stream: OverStream | TwoPassStream | None = None
        for frame in self._source.frames():
            if stream is None:
                self._ear = self._ear.latest
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
                            self._heard.put((message, over.pcm))
                    case _:
                        stream = None
