"""Asynchronous dictation of free speech: the over is logged at once, its text follows when ready."""

from __future__ import annotations

import base64
import json
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import replace
from math import ceil
from pathlib import Path

from voice.errors import HuyingError
from voice.net.loading import Net
from voice.pcm import RATE, Pcm16
from voice.speech.packages import CARD
from voice.speech.whisper import Candidate, Passage, Transcript, alone
from voice.speech.worker import Worker
from voice.talk.facts import DeviceChanged, Fact, OverHeard, Transcribed

ANSWER_S = 90.0
"""Timeout per over while nobody knows how long this machine takes, s."""

PATIENCE = 6.0
"""How many times its usual time a model may take for an over before it is ended and started again."""

LOADING_S = 30.0

WINDOW_S = 30.0
"""The model reads an over in windows of this length, however short it is."""

GIVEN_UP = 3
"""Consecutive failures after which dictation is off for the session."""

BEHIND = 100
"""Most overs of a live channel queued for dictation."""

LAST_TEXT_S = 5.0
"""Wait per text when the station ends, s."""

NAMES = 24
"""Call signs given to the model as a prompt: more would crowd out its language model."""

OWN = "own"
"""Name of dictation without any other model, in settings and journals."""

AUTO = "auto"
"""In settings: OWN where the model gives scores and there are words, else none."""

OFF = ("off", "")
"""In settings: none."""

Choose = Callable[[Sequence[Passage]], Transcript]
"""Makes one text of what the model offers."""


class Scribe:
    """A dictation model in its own process, shared by all channels of an ear."""

    def __init__(self, folder: Path, net: Net, worker: Worker | None = None) -> None:
        """Loads nothing before the first over. ``folder``: of a packaged Whisper."""
        self.engine = folder.name
        self._folder = folder
        self._worker = worker or Worker(
            "voice.speech.dictation_worker", f"dictation ({folder.name})", ANSWER_S, LOADING_S, PATIENCE
        )
        self._turn = ThreadPoolExecutor(1, "dictation")
        self._failed = 0
        """Overs in a row that the model could not write down."""
        self._names = "、".join(u.call_signs[0] for u in net.units[:NAMES])

    @property
    def sha256(self) -> str:
        """SHA-256 of the model's weights as downloaded; empty if unknown."""
        try:
            return str(json.loads((self._folder / CARD).read_text("utf-8"))["files"]["model.bin"])
        except (OSError, ValueError, KeyError, TypeError):
            return ""

    def submit(self, pcm: Pcm16, choose: Choose = alone) -> Future[Transcript]:
        """Dictate one over, with the text that is chosen. Where the model fails our own ear writes, if it can."""
        return self._turn.submit(self._write, pcm, choose)

    def close(self) -> None:
        """End the worker; the queue is dropped."""
        self._turn.shutdown(wait=False, cancel_futures=True)
        self._worker.close()

    def _write(self, pcm: Pcm16, choose: Choose) -> Transcript:
        nothing_offered = [Passage(0.0, len(pcm) / RATE, ())]
        if self._failed >= GIVEN_UP:
            return replace(choose(nothing_offered), without=f"{self.engine} was given up")
        try:
            answer = self._worker.ask(
                {
                    "folder": str(self._folder),
                    "pcm": base64.b64encode(pcm.astype("<i2").tobytes()).decode(),
                    "names": self._names,
                },
                ceil(len(pcm) / RATE / WINDOW_S) or 1,
            )
        except HuyingError as e:
            self._failed += 1
            return replace(choose(nothing_offered), without=str(e))
        self._failed = 0
        found = answer["passages"]
        return choose([Passage(p["start"], p["end"], tuple(Candidate(**c) for c in p["candidates"])) for p in found])


class OwnScribe:
    """Our own ear alone writes: no other model, no process; the scores of an over are there already."""

    engine = OWN

    def __init__(self, sha256: str) -> None:
        """``sha256``: of the word model."""
        self.sha256 = sha256
        self._turn = ThreadPoolExecutor(1, "dictation")

    def submit(self, pcm: Pcm16, choose: Choose = alone) -> Future[Transcript]:
        """Write down one over at RATE, of which nothing is offered."""
        return self._turn.submit(choose, [Passage(0.0, len(pcm) / RATE, ())])

    def close(self) -> None:
        """The queue is dropped."""
        self._turn.shutdown(wait=False, cancel_futures=True)


class Transcripts:
    """Dictated texts of a session's overs, each an event that follows its over.

    On a live channel when ready; for a recording at its end, in the order of the overs, so that the same recording
    gives the same journal.
    """

    def __init__(self, engine: str, recorded: bool, record: Callable[[Fact], object]) -> None:
        self._engine, self._recorded, self._record = engine, recorded, record
        self._waiting: deque[tuple[int, Future[Transcript]]] = deque()
        """(over, its text that is being written down), in order."""
        self._failed = 0
        """Overs in a row that could not be written down."""
        self._told = False

    def follow(self, over: OverHeard, writing: Callable[[], Future[Transcript] | None]) -> None:
        """An over was logged; ``writing`` starts its dictation, if there is anything to dictate."""
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
        """End of session: for a recording wait for every text, for a live channel only briefly."""
        while self._waiting:
            self._next(now, None if self._recorded else LAST_TEXT_S)

    def _next(self, now: float, wait_s: float | None) -> None:
        over, writing = self._waiting.popleft()
        try:
            found = writing.result(wait_s)
        except (HuyingError, TimeoutError, CancelledError) as e:
            self._fail(now, str(e) or "dictation was not ready when the session ended")
            return
        if found.without:
            self._tell(now, f"our own ear writes alone: {found.without}")
        else:
            self._failed, self._told = 0, False
        if found.text:
            engine = OWN if found.without else self._engine
            self._record(Transcribed(t=now, over=over, text=found.text, engine=engine, confidence=found.confidence))

    def _fail(self, now: float, why: str) -> None:
        self._failed += 1
        self._tell(now, why)

    def _tell(self, now: float, why: str) -> None:
        """Report the first failure."""
        if not self._told:
            self._record(DeviceChanged(t=now, what="no_dictation", note=why))
        self._told = True
