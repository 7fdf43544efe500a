"""Worker process of the neural voice: syllables in, a WAV file at RATE out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr

from voice.pcm import RATE, Floats, trimmed
from voice.speech import kokoro
from voice.speech.band import for_a_handheld
from voice.speech.voices import WORD
from voice.speech.worker import serve

PAUSES_S = {",": 0.16, ".": 0.32, "?": 0.32, "!": 0.32}
"""Pause after a clause, by its mark."""


def phrases(syllables: list[str]) -> list[list[str]]:
    """A flat sequence with marks → words for the model."""
    out: list[list[str]] = []
    begins = True
    for s in syllables:
        if s in kokoro.MARKS or (s != WORD and begins):
            out.append([s])
        elif s != WORD:
            out[-1].append(s)
        begins = s == WORD or s in kokoro.MARKS
    return out


def main() -> None:
    """Load the model at the first job; serve until end of standard input."""
    loaded: dict[str, kokoro.Kokoro] = {}
    styles: dict[str, Floats] = {}

    def work(job: dict[str, Any]) -> dict[str, Any]:
        model = loaded.get(job["folder"])
        if model is None:
            loaded.clear()
            model = loaded[job["folder"]] = kokoro.Kokoro(Path(job["folder"]))
        if job["speaker"] not in styles:
            styles[job["speaker"]] = model.style(job["speaker"])
        said = model.say(phrases(job["syllables"]), styles[job["speaker"]], job["tempo"])
        x = for_a_handheld(np.asarray(soxr.resample(trimmed(said, kokoro.RATE), kokoro.RATE, RATE), np.float32))
        pause = np.zeros(round(PAUSES_S.get(job["syllables"][-1], 0.0) * RATE), np.float32)
        soundfile.write(job["path"], np.concatenate([x, pause]), RATE, subtype="PCM_16")
        return {"ok": True}

    serve(work)


if __name__ == "__main__":
    main()
