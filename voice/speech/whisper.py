"""Whisper base through faster-whisper: free speech as text, for people only.

Whisper hallucinates sentences in non-speech and repeats itself in noise. Its own measures (no-speech probability, mean
log-probability, compression ratio) and known subtitle artefacts are checked before a text is shown; see ``believed``.
Of an over it gives several texts, from which our own ear chooses (``voice.station.choice``). It never decides anything.
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soxr

from voice.errors import HuyingError
from voice.pcm import RATE, Pcm16, Seconds
from voice.places import install

WHISPER_RATE = 16000

FILES = ("model.bin", "config.json", "tokenizer.json", "vocabulary.json")
"""A whole model folder."""

WINDOW, MEL_FRAMES = 30 * RATE, 3000
"""What Whisper sees at once: samples at RATE, and its own frames of 10 ms."""

CANDIDATES = 5
"""Texts that it offers with a prompt, and without. With one it writes better where it understands, without one it
repeats no prompt where it does not: of 17 overs of tuning people five of either had fewer errors, once chosen among,
than eight of one kind."""

STYLE = "以下是普通话的对讲机通话。"
"""Starts the prompt: makes it write simplified characters and punctuation."""

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
    without: str = ""
    """Why the model had no part in it, which our own ear wrote alone; empty where it had."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One text that Whisper offers."""

    text: str
    log_probability: float
    """Of all tokens and the end, in nats."""
    tokens: int
    """With the end."""
    rejected: str = ""
    """Why Whisper by itself would not be believed; see ``believed``."""
    invented: bool = False
    """Nobody said it, whatever our ear thinks; see ``invented``."""


@dataclass(frozen=True, slots=True)
class Passage:
    """An over, or 30 s of it, with the texts that Whisper offers for it, the one that it prefers first."""

    start: Seconds
    end: Seconds
    candidates: tuple[Candidate, ...]


class Whisper:
    """The loaded model; one over at a time."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        """Raises HuyingError if faster-whisper is missing or cannot load the model."""
        for name in FILES:  # faster-whisper would look for some of them on the network
            if not (folder / name).is_file():
                raise HuyingError(f"{folder / name}: is missing; run “huying models pull whisper-base”")
        try:
            import faster_whisper
            import opencc
        except ImportError as e:
            raise HuyingError(f"dictation needs faster-whisper and opencc ({e}): {install('dictation')}") from e
        try:
            self._model: Any = faster_whisper.WhisperModel(
                str(folder), device="cpu", compute_type="int8", cpu_threads=threads, local_files_only=True
            )
            self._tokenizer = faster_whisper.tokenizer.Tokenizer(
                self._model.hf_tokenizer, self._model.model.is_multilingual, task="transcribe", language="zh"
            )
            self._suppressed = faster_whisper.transcribe.get_suppressed_tokens(self._tokenizer, [-1])
            self._simplified: Any = opencc.OpenCC("t2s")
        except Exception as e:  # CTranslate2 and tokenizers have their own exception classes
            raise HuyingError(
                f"{folder}: cannot be loaded by faster-whisper {faster_whisper.__version__} ({e}); "
                "run “huying models verify whisper-base”"
            ) from e

    def write(self, pcm: Pcm16, names: str = "") -> Transcript:
        """Text of one over at RATE by Whisper alone. ``names``: words of the net to expect."""
        return alone(self.hear(pcm, names))

    def hear(self, pcm: Pcm16, names: str = "") -> list[Passage]:
        """Texts that it offers for one over at RATE; none for less than a quarter of a second."""
        return [
            Passage(at / RATE, min(at + WINDOW, len(pcm)) / RATE, self._candidates(pcm[at : at + WINDOW], names))
            for at in range(0, len(pcm) - RATE // 4, WINDOW)
        ]

    def _candidates(self, pcm: Pcm16, names: str) -> tuple[Candidate, ...]:
        x = np.asarray(soxr.resample(pcm.astype(np.float32) / 32768, RATE, WHISPER_RATE), np.float32)
        mel = self._model.feature_extractor(x)[:, :-1][:, :MEL_FRAMES]
        mel = np.pad(mel, ((0, 0), (0, MEL_FRAMES - mel.shape[1])))
        heard = self._model.encode(mel)
        best: dict[str, Candidate] = {}
        for prompt in (f" {STYLE}{names}", ""):
            asked = self._model.get_prompt(
                self._tokenizer, self._tokenizer.encode(prompt) if prompt else [], without_timestamps=True
            )
            (found,) = self._model.model.generate(
                heard, [asked], beam_size=CANDIDATES, num_hypotheses=CANDIDATES, return_scores=True,
                return_no_speech_prob=True, suppress_blank=True, suppress_tokens=self._suppressed,
            )  # fmt: skip
            for ids, score in zip(found.sequences_ids, found.scores, strict=True):
                c = self._candidate(ids, score, found.no_speech_prob, len(pcm) / RATE)
                if c.text not in best or best[c.text].log_probability < c.log_probability:
                    best[c.text] = c
        return tuple(best.values())

    def _candidate(self, ids: list[int], score: float, no_speech: float, seconds: float) -> Candidate:
        """``score``: mean log-probability of the tokens without the end, in which the end is counted."""
        text = self._simplified.convert(self._tokenizer.decode(ids).strip())
        total, tokens = score * len(ids), len(ids) + 1
        return Candidate(
            text, total, tokens, believed(text, total / tokens, no_speech, seconds), bool(invented(text, seconds))
        )


def alone(passages: Sequence[Passage]) -> Transcript:
    """The text of an over as Whisper prefers it."""
    if not passages or not all(p.candidates for p in passages):
        return Transcript("", suppressed="nothing was offered" if passages else "too short")
    first = [p.candidates[0] for p in passages]
    text = "".join(c.text for c in first)
    confidence = math.exp(sum(c.log_probability for c in first) / sum(c.tokens for c in first))
    why = next((c.rejected for c in first if c.rejected), "")
    return Transcript("" if why else text, round(confidence, 3), why)


def believed(text: str, log_probability: float, no_speech: float, seconds: float) -> str:
    """Why a text is rejected; empty if accepted."""
    if why := invented(text, seconds):
        return why
    if no_speech > NO_SPEECH and log_probability < LOG_PROBABILITY * 2 / 3:
        return "no speech"
    return "too unsure" if log_probability < LOG_PROBABILITY else ""


def invented(text: str, seconds: float) -> str:
    """Why nobody said it, whatever Whisper or our ear think of it; empty if somebody may have."""
    data = text.encode()
    if not re.search("[一-鿿0-9A-Za-z]", text):
        return "no words"
    if LOOP.search(text) or (len(text) > 12 and len(data) / len(zlib.compress(data)) > COMPRESSION):
        return "a repeated loop"
    if len(re.findall("[一-鿿0-9]", text)) > FASTEST * max(seconds, 0.3) + 2:
        return "more than can be said in that time"
    if INVENTED.search(text):
        return "a phrase of its training"
    return ""
