"""Whisper base through faster-whisper: free speech as text, for people only.

Whisper hallucinates sentences in non-speech and repeats itself in noise. Its own measures (no-speech probability, mean
log-probability, compression ratio) and known subtitle artefacts are checked before a text is shown; see ``believed``.
It never decides anything.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soxr

from voice.errors import HuyingError
from voice.pcm import RATE, Pcm16
from voice.places import install

WHISPER_RATE = 16000

STYLE = "以下是普通话的对讲机通话。"
"""Starts every prompt: makes it write simplified characters and punctuation."""

NO_SPEECH = 0.6
LOG_PROBABILITY = -0.9
COMPRESSION = 2.4
"""Thresholds on Whisper's own measures, as in OpenAI's transcribe.py. The second is -1 there: in texts of real
speakers at 20 and 10 dB, those below exp(-0.9) = 0.4 had little to do with what was said."""

LOOP = re.compile(r"(\D{2,6}?)\1{3,}|(\D)\2{6,}")
"""The same words four times: a decoder loop, not speech. Digits may repeat."""

FASTEST = 9.0
"""Characters per second beyond any speaker; a decoder loop exceeds it."""

INVENTED = re.compile(
    "字幕|谢谢(观看|收看|大家)|请不吝点赞|订阅|转发|打赏|明镜|点点栏目|优优独播|由.{0,6}提供|下(期|集)再见|"
    "普通话|对讲机通话|本(视频|节目)|感谢(观看|收看|收听)|曲[::]|词[::]|作曲"
)
"""Artefacts from the ends of training videos, and its own prompt."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """Dictation of one over."""

    text: str
    """Empty if rejected."""
    confidence: float = 0.0
    """Mean probability of a token, 0..1."""
    suppressed: str = ""
    """Reason for rejection."""


class Whisper:
    """The loaded model; one over at a time."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        """Raises HuyingError if faster-whisper is missing or cannot load the model."""
        if not (folder / "model.bin").is_file():
            raise HuyingError(f"{folder}: model.bin is missing; run “huying models pull whisper-base”")
        try:
            import faster_whisper
        except ImportError as e:
            raise HuyingError(f"dictation needs faster-whisper ({e}): {install('dictation')}") from e
        try:
            self._model: Any = faster_whisper.WhisperModel(
                str(folder), device="cpu", compute_type="int8", cpu_threads=threads, local_files_only=True
            )
        except Exception as e:  # CTranslate2 and tokenizers have their own exception classes
            raise HuyingError(
                f"{folder}: cannot be loaded by faster-whisper {faster_whisper.__version__} ({e}); "
                "run “huying models verify whisper-base”"
            ) from e

    def write(self, pcm: Pcm16, names: str = "") -> Transcript:
        """Text of one over at RATE. ``names``: words of the net to expect."""
        x = np.asarray(soxr.resample(pcm.astype(np.float32) / 32768, RATE, WHISPER_RATE), np.float32)
        if len(x) < WHISPER_RATE // 4:
            return Transcript("", suppressed="too short")
        found, _ = self._model.transcribe(
            x, language="zh", beam_size=3, temperature=0.0, condition_on_previous_text=False,
            without_timestamps=True, initial_prompt=f"{STYLE}{names}", suppress_blank=True,
        )  # fmt: skip
        segments = list(found)
        if not segments:
            return Transcript("", suppressed="no speech")
        text = "".join(s.text for s in segments).strip()
        weight = [max(1, len(s.text)) for s in segments]
        mean = float(np.average([s.avg_logprob for s in segments], weights=weight))
        silent = float(np.average([s.no_speech_prob for s in segments], weights=weight))
        why = believed(text, mean, silent, len(pcm) / RATE)
        return Transcript("" if why else text, round(float(np.exp(mean)), 3), why)


def believed(text: str, log_probability: float, no_speech: float, seconds: float) -> str:
    """Why a text is rejected; empty if accepted."""
    if not re.search("[一-鿿0-9A-Za-z]", text):
        return "no words"
    if no_speech > NO_SPEECH and log_probability < LOG_PROBABILITY * 2 / 3:
        return "no speech"
    if log_probability < LOG_PROBABILITY:
        return "too unsure"
    data = text.encode()
    if LOOP.search(text) or (len(text) > 12 and len(data) / len(zlib.compress(data)) > COMPRESSION):
        return "a repeated loop"
    if len(re.findall("[一-鿿0-9]", text)) > FASTEST * max(seconds, 0.3) + 2:
        return "more than can be said in that time"
    if INVENTED.search(text):
        return "a phrase of its training"
    return ""
