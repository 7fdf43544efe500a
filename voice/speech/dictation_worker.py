"""Worker process of the dictation model: PCM of an over in, text out."""

from __future__ import annotations

import base64
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from voice.mandarin.distance import GAP, syllable_distance
from voice.speech.whisper import Transcript, Whisper
from voice.speech.worker import serve

DISAGREES = 0.62
"""Mean distance from our own recognised syllables to the text above which the text is not shown. Syllables missed by
our recogniser are ignored: it misses most free speech. Ten sentences of a real reader at 20 dB: 0.24 to 0.61 to the
correct text, 0.40 to 0.70 to another's, so only the worst are rejected; better weights allow a lower threshold."""

SHORTEST = 3
"""Fewest syllables compared."""


def agrees(text: str, heard: list[str]) -> bool:
    """Whether a text resembles the (toneless) syllables recognised by our own model."""
    from pypinyin import lazy_pinyin

    said = [s for s in lazy_pinyin(text) if s.isascii() and s.isalpha()]
    if len(said) < SHORTEST or len(heard) < SHORTEST:
        return True
    return mismatch(said, heard) < DISAGREES


def mismatch(said: list[str], heard: list[str]) -> float:
    """Mean distance of the recognised syllables to those of a text, in order; unmatched text costs nothing."""
    row = [0.0] * (len(said) + 1)
    for h in heard:
        before, row = row, [row[0] + GAP]
        for k, s in enumerate(said):
            row.append(min(before[k] + syllable_distance(h, s), before[k + 1] + GAP, row[k]))
    return row[-1] / len(heard)


def main() -> None:
    """Load the model at the first job; serve until end of standard input."""
    loaded: dict[str, Whisper] = {}

    def work(job: dict[str, Any]) -> dict[str, Any]:
        model = loaded.get(job["folder"])
        if model is None:
            model = loaded[job["folder"]] = Whisper(Path(job["folder"]))
        pcm = np.frombuffer(base64.b64decode(job["pcm"]), "<i2")
        found = model.write(pcm, job["names"])
        if found.text and not agrees(found.text, job["heard"]):
            found = Transcript("", found.confidence, "nothing in common with what was heard")
        return asdict(found)

    serve(work, niceness=10)  # recognition has priority


if __name__ == "__main__":
    main()
