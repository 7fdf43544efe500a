"""Writes down free speech beside the log: the over is logged at once, its text follows when it is ready."""

from __future__ import annotations

import base64
import json
from collections import deque
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from pathlib import Path

from voice.errors import HuyingError
from voice.mandarin.readings import toneless
from voice.net.loading import Net
from voice.pcm import Pcm16
from voice.speech.packages import CARD
from voice.speech.whisper import Transcript
from voice.speech.worker import Worker
from voice.talk.facts import DeviceChanged, Fact, OverHeard, Transcribed

ANSWER_S = 120.0
"""Seconds for one over on a busy machine."""

LOADING_S = 60.0

GIVEN_UP = 3
"""After this many failures in a row, dictation is off for the rest of the session."""

BEHIND = 100
"""Overs of a live channel that may wait to be written down."""

LAST_TEXT_S = 5.0
"""Seconds that a station that ends waits for each text."""

NAMES = 24
"""Call signs that the model is told to expect: more push out what it knows of the language."""


class Scribe:
    """A dictation model in a process of its own; one for all channels of an ear."""

    def __init__(self, folder: Path, net: Net, worker: Worker | None = None) -> None:
        """Nothing is loaded before the first over. ``folder``: of a packaged Whisper."""
        self.engine = folder.name
        self._folder = folder
        self._worker = worker or Worker(
            "voice.speech.dictation_worker", f"dictation ({folder.name})", ANSWER_S, LOADING_S
        )
        self._turn = ThreadPoolExecutor(1, "dictation")
        self._names = "、".join(u.call_signs[0] for u in net.units[:NAMES])

    @property
    def sha256(self) -> str:
        """Of the model's weights, as it was pulled; empty if that is not known."""
        try:
            return str(json.loads((self._folder / CARD).read_text("utf-8"))["files"]["model.bin"])
        except (OSError, ValueError, KeyError, TypeError):
            return ""

    def submit(self, pcm: Pcm16, pinyin: str) -> Future[Transcript]:
        """Write down one over, heard by our own ear as ``pinyin``. The future raises HuyingError."""
        return self._turn.submit(self._write, pcm, [toneless(s) for s in pinyin.split()])

    def close(self) -> None:
        """End the worker; what waits is not written down."""
        self._turn.shutdown(wait=False, cancel_futures=True)
        self._worker.close()

    def _write(self, pcm: Pcm16, heard: list[str]) -> Transcript:
        answer = self._worker.ask(
            {
                "folder": str(self._folder),
                "pcm": base64.b64encode(pcm.astype("<i2").tobytes()).decode(),
                "names": self._names,
                "heard": heard,
            }
        )
        return Transcript(str(answer["text"]), float(answer["confidence"]), str(answer["suppressed"]))


class Transcripts:
    """The texts of a session's overs: each follows its over as an event of its own.

    Of a live channel when it is ready; of a recording at its end, in the order of the overs, so that the same recording
    gives the same journal.
    """

    def __init__(self, engine: str, recorded: bool, record: Callable[[Fact], object]) -> None:
        self._engine, self._recorded, self._record = engine, recorded, record
        self._waiting: deque[tuple[int, Future[Transcript]]] = deque()
        """(over, its text that is being written down), in order."""
        self._failed = 0
        """Overs in a row that could not be written down."""

    def follow(self, over: OverHeard, writing: Callable[[], Future[Transcript] | None]) -> None:
        """An over was logged; ``writing`` begins to write it down, if there is anything to write."""
        if self._failed >= GIVEN_UP:
            return
        if len(self._waiting) >= BEHIND and not self._recorded:
            self._fail(over.end, f"dictation is {BEHIND} overs behind: this machine is too slow for it")
        elif (text := writing()) is not None:
            self._waiting.append((over.over, text))

    def take(self, now: float) -> None:
        """Texts of a live channel that are ready."""
        while self._waiting and not self._recorded and self._waiting[0][1].done():
            self._next(now, 0.0)

    def finish(self, now: float) -> None:
        """The session ends: of a recording every text is waited for, of a live channel for a moment."""
        while self._waiting:
            self._next(now, None if self._recorded else LAST_TEXT_S)

    def _next(self, now: float, wait_s: float | None) -> None:
        over, writing = self._waiting.popleft()
        try:
            found = writing.result(wait_s)
        except (HuyingError, TimeoutError, CancelledError) as e:
            self._fail(now, str(e) or "dictation was not ready when the session ended")
            return
        self._failed = 0
        if found.text:
            self._record(
                Transcribed(t=now, over=over, text=found.text, engine=self._engine, confidence=found.confidence)
            )

    def _fail(self, now: float, why: str) -> None:
        """Told the first time."""
        self._failed += 1
        if self._failed == 1:
            self._record(DeviceChanged(t=now, what="no_dictation", note=why))
