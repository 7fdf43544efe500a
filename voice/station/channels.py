"""Several channels at once: one pipeline and thread each, with a shared acoustic model and journal.

Decoder and matrix operations release the GIL, so busy channels share the cores; an idle one costs less than 0.1 % of a
core.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from functools import partial

from voice.audio.source import AudioSource
from voice.audio.streams import RawStream, UdpStream
from voice.errors import HuyingError, Unwritable
from voice.journal.event import Event
from voice.journal.store import Journal
from voice.station.ear import Ear
from voice.station.listener import Listener
from voice.supervised import Supervised
from voice.talk.facts import Fact


class Channels:
    """Listens to named sources until each ends."""

    def __init__(
        self,
        ear: Ear,
        journal: Journal,
        sources: Mapping[str, AudioSource],
        on_event: Callable[[Event, Fact], None] = lambda _e, _f: None,
        tell: Callable[[str], None] = lambda _t: None,
        wait: Callable[[Unwritable], bool] = lambda _e: False,
    ) -> None:
        """``on_event`` is called by one thread at a time; ``tell`` is given the reason when a channel ends early;
        ``wait``: see Listener."""
        self.listeners: dict[str, Listener] = {}
        self._tell, self._on_event, self._turn = tell, on_event, threading.Lock()
        self._threads = []
        self._begun: set[str] = set()
        for name, source in sources.items():
            self.listeners[name] = Listener(ear, journal, self._event, channel=name, wait=wait)
            work = partial(self._listen, name, source)
            ended = partial(getattr, source, "ended", False)
            self._threads.append(Supervised(f"channel {name}", work, tell, ended))

    def join(self, seconds: float | None = None) -> None:
        """Wait until all sources have ended, at most this long for each."""
        for thread in self._threads:
            thread.join(seconds)

    def _listen(self, name: str, source: AudioSource) -> None:
        """Run to the end of the source. A live source that fails is reopened: a port may become free later."""
        if name in self._begun and isinstance(source, UdpStream | RawStream):
            source.again()
        self._begun.add(name)
        try:
            if isinstance(source, UdpStream):
                source.open()
            for _ in self.listeners[name].listen(source):
                pass
        except HuyingError as e:
            if isinstance(source, UdpStream) and not isinstance(e, Unwritable):
                raise
            self._tell(f"{name}: {e}")

    def _event(self, event: Event, fact: Fact) -> None:
        with self._turn:
            self._on_event(event, fact)
