"""Recognition of one over: the stock Vosk wheel with a graph of ours, or with its own."""

from __future__ import annotations

import copy
import hashlib
import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from voice.errors import HuyingError
from voice.pcm import RATE, Pcm16
from voice.speech.hypothesis import Hypothesis, Word
from voice.speech.models import ModelFolder, check_model

NOISE_RMS = 2.0
"""Fixed noise added before recognition, in int16 steps: the model has not seen digital silence."""


def assemble(model: ModelFolder, graph: Path, cache: Path) -> Path:
    """A folder that Vosk can load: the model's files and a compiled graph. Kept in ``cache``."""
    options = b"".join(f.read_bytes() for f in sorted((model.path / "conf").iterdir()))
    folder = cache / f"run-{graph.name}-{model.sha256[:16]}-{hashlib.sha256(options).hexdigest()[:8]}"
    if (folder / "complete").is_file():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix="run-", dir=cache))
    for part in ("am", "conf"):
        shutil.copytree(model.path / part, made / part)
    shutil.copytree(graph, made / "graph")
    (made / "complete").touch()
    try:
        made.rename(folder)
    except OSError:  # another process was faster
        shutil.rmtree(made, ignore_errors=True)
        if not (folder / "complete").is_file():
            raise
    return folder


class Recogniser:
    """A loaded model with one graph. Create one stream per over; streams may run in parallel threads."""

    def __init__(self, folder: Path, rate: int, grammar: Sequence[str] | None = None) -> None:
        """``folder`` must have passed ``check_model`` (or come from ``assemble``); ``grammar`` is a list of phrases
        made of words in a stock model's vocabulary."""
        import vosk

        vosk.SetLogLevel(-2)  # errors only: a partial word at the end of an over is normal
        self.rate = rate
        self._vosk = vosk
        self._grammar = _as_json(grammar) if grammar else None
        try:
            self._model: Any = vosk.Model(str(folder))
        except Exception as e:  # the wheel raises bare Exception
            raise HuyingError(f"{folder}: Vosk cannot load the model ({e})") from e

    def limited_to(self, grammar: Sequence[str]) -> Recogniser:
        """The same loaded model with other phrases."""
        other = copy.copy(self)
        other._grammar = _as_json(grammar)
        return other

    def knows(self, word: str) -> bool:
        """Whether ``word`` is in the model's vocabulary."""
        return bool(self._model.vosk_model_find_word(word) >= 0)

    def stream(self) -> OverStream:
        """A stream for one over."""
        args = (self._model, self.rate) + ((self._grammar,) if self._grammar else ())
        kaldi = self._vosk.KaldiRecognizer(*args)
        kaldi.SetWords(True)
        return OverStream(kaldi, self.rate)

    def recognise(self, pcm: Pcm16) -> Hypothesis:
        """Recognise a whole over, in the same blocks as a stream."""
        stream = self.stream()
        for i in range(0, len(pcm), 1600):
            stream.accept(pcm[i : i + 1600])
        return stream.finish()


def _as_json(grammar: Sequence[str]) -> str:
    return json.dumps([*grammar, "[unk]"], ensure_ascii=False)


class OverStream:
    """Streaming recognition during an over."""

    def __init__(self, kaldi: Any, rate: int) -> None:
        import soxr

        self._kaldi = kaldi
        self._resampler = soxr.ResampleStream(RATE, rate, 1, dtype="int16") if rate != RATE else None
        self._noise = np.random.default_rng(0)
        self._words: list[Word] = []

    def accept(self, pcm: Pcm16) -> None:
        """Add samples, shape (n,), int16, at RATE."""
        if self._resampler is not None:
            pcm = self._resampler.resample_chunk(np.ascontiguousarray(pcm))
        self._feed(pcm)

    def _feed(self, pcm: Pcm16) -> None:
        if len(pcm) == 0:
            return
        noisy = pcm + self._noise.standard_normal(len(pcm)) * NOISE_RMS
        data = np.clip(np.rint(noisy), -32768, 32767).astype("<i2").tobytes()
        if self._kaldi.AcceptWaveform(data):
            self._take(self._kaldi.Result())

    def so_far(self) -> tuple[str, ...]:
        """Symbols recognised so far; may still change."""
        partial = json.loads(self._kaldi.PartialResult()).get("partial", "")
        return (*(w.symbol for w in self._words), *partial.split())

    def finish(self) -> Hypothesis:
        """The over has ended."""
        if self._resampler is not None:
            self._feed(self._resampler.resample_chunk(np.zeros(0, np.int16), last=True))
        self._take(self._kaldi.FinalResult())
        return Hypothesis(tuple(self._words))

    def _take(self, result: str) -> None:
        for w in json.loads(result).get("result", []):
            self._words.append(Word(w["word"], float(w["start"]), float(w["end"]), float(w["conf"])))


def open_stock(folder: Path, grammar: Sequence[str] | None = None) -> Recogniser:
    """A stock Vosk model: dictation without ``grammar``, or the fallback recogniser with one, which may be empty until
    ``limited_to``.

    Raises HuyingError if the model is broken or cannot take a grammar at run time.
    """
    model = check_model(folder)
    if grammar is not None and not model.runtime_grammar:
        raise HuyingError(f"{model.path}: has a fixed graph (no HCLr.fst and Gr.fst); it cannot take a grammar")
    return Recogniser(model.path, model.rate, grammar)
