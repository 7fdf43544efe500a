"""The process that owns the dictation model: an over's PCM in, what was written down of it out."""

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
"""Mean distance of a syllable that our own ear heard to the text, from which on the text is not shown. Syllables that
our ear left out count nothing: of free speech it leaves out most. Ten sentences of a real reader at 20 dB: 0.24 to 0.61
to the right text, 0.40 to 0.70 to another's, so that only the worst is thrown away; better weights allow a lower
one."""

SHORTEST = 3
"""Syllables from which on the two are compared."""


def agrees(text: str, heard: list[str]) -> bool:
    """Whether a text has anything in common with the syllables (toneless) that our own ear heard."""
    from pypinyin import lazy_pinyin

    said = [s for s in lazy_pinyin(text) if s.isascii() and s.isalpha()]
    if len(said) < SHORTEST or len(heard) < SHORTEST:
        return True
    return unexplained(said, heard) < DISAGREES


def unexplained(said: list[str], heard: list[str]) -> float:
    """Mean distance of the heard syllables to those of a text, in its order; what was not heard costs nothing."""
    row = [0.0] * (len(said) + 1)
    for h in heard:
        before, row = row, [row[0] + GAP]
        for k, s in enumerate(said):
            row.append(min(before[k] + syllable_distance(h, s), before[k + 1] + GAP, row[k]))
    return row[-1] / len(heard)


def main() -> None:
    """Load the model at the first job; serve until standard input ends."""
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

    serve(work, niceness=10)  # the ear comes first


if __name__ == "__main__":
    main()
