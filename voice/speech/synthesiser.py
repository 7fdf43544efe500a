"""Text to speech through pyttsx3, in a process of its own.

On Linux pyttsx3 uses espeak-ng; library and data come from ``espeakng-loader``, so no system package is needed, and the
input is tone-numbered pinyin from our own readings. On Windows (SAPI5) the input is the text itself. The engine can
hang (pyttsx3#126, #194) or crash: it runs in a worker that is killed and restarted, and its output is cached.
"""

from __future__ import annotations

import hashlib
import json
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from voice.errors import HuyingError
from voice.mandarin.spelling import espeak_text
from voice.speech.kept import spoken

TIMEOUT_S = 20.0

MADE = 2
"""Version of the worker's audio: invalidates cached audio of earlier versions."""


@dataclass(frozen=True, slots=True)
class SpeechSettings:
    """Voice parameters of an announcement."""

    rate: int = 165
    """Words (here about syllables) per minute."""

    pitch: int = 50
    """0..99, espeak-ng only."""

    variant: str = "f2"
    """espeak-ng voice variant, or a SAPI5 voice id on Windows."""


Voice = SpeechSettings
"""The name under which ``models.recipe`` imports it."""


class SpeechError(HuyingError):
    """The synthesiser failed; logging continues without it."""


class Synthesiser:
    """Renders announcements. Not thread-safe; close it, or use it in a ``with`` block."""

    def __init__(self, cache: Path | None = None, timeout_s: float = TIMEOUT_S) -> None:
        self._cache = cache or Path(tempfile.gettempdir())
        self._timeout = timeout_s
        self._worker: subprocess.Popen[str] | None = None
        self._answers: queue.Queue[str] = queue.Queue()
        self._turn = threading.Lock()

    def __enter__(self) -> Synthesiser:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def say(self, text: str, syllables: Sequence[str], voice: SpeechSettings) -> tuple[npt.NDArray[np.float32], int]:
        """Speak; returns (samples in -1..1, shape (n,); rate in Hz).

        ``syllables`` are toned pinyin with ``PAUSE`` between phrases, ``text`` is the same for engines that read
        Chinese. One thread at a time. Raises SpeechError on timeout or engine failure.
        """
        pinyin = espeak_text(syllables)
        job = [MADE, text, pinyin, voice.rate, voice.pitch, voice.variant, sys.platform]
        name = hashlib.sha256(json.dumps(job, ensure_ascii=False).encode()).hexdigest()[:32] + ".wav"
        asked = {"text": text, "pinyin": pinyin, "voice": voice.variant, "rate": voice.rate, "pitch": voice.pitch}
        with self._turn:
            return spoken(self._cache, name, lambda path: self._ask({**asked, "path": str(path)}))

    def close(self) -> None:
        """End the worker."""
        if self._worker is not None:
            self._worker.kill()
            self._worker.wait()
            self._worker = None

    def _start(self) -> subprocess.Popen[str]:
        worker = subprocess.Popen(
            [sys.executable, "-m", "voice.speech.synthesis_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )
        answers: queue.Queue[str] = queue.Queue()

        def read() -> None:
            assert worker.stdout is not None
            for line in worker.stdout:
                answers.put(line)
            answers.put("")

        threading.Thread(target=read, daemon=True).start()
        self._worker, self._answers = worker, answers
        return worker

    def _ask(self, job: dict[str, Any]) -> None:
        worker = self._worker or self._start()
        assert worker.stdin is not None
        try:
            worker.stdin.write(json.dumps(job, ensure_ascii=False) + "\n")
            worker.stdin.flush()
            line = self._answers.get(timeout=self._timeout)
        except (queue.Empty, OSError) as e:
            self.close()
            raise SpeechError(f"speech synthesis gave no answer for “{job['text']}”; run “huying doctor”") from e
        if not line:
            self.close()
            raise SpeechError("the speech engine ended unexpectedly; run “huying doctor”")
        answer = json.loads(line)
        if "error" in answer:
            raise SpeechError(f"speech synthesis failed: {answer['error']}; run “huying doctor”")


def voice_variants() -> frozenset[str]:
    """espeak-ng voices installed here; empty if another engine speaks (Windows)."""
    try:
        import espeakng_loader

        folder = Path(espeakng_loader.get_data_path()) / "voices" / "!v"
        return frozenset(p.name for p in folder.iterdir())
    except (ImportError, OSError):
        return frozenset()
