"""Recorded prompts: a folder of recordings, each named after the text spoken in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from voice.audio.source import SUFFIXES, open_recording
from voice.pcm import Pcm16


@dataclass(frozen=True, slots=True)
class Prompts:
    """Text → its recording."""

    recordings: dict[str, Path]

    def __contains__(self, text: str) -> bool:
        return text in self.recordings

    def say(self, text: str) -> Pcm16:
        """PCM at RATE. Raises HuyingError for a recording that cannot be opened."""
        frames = [f.pcm for f in open_recording(self.recordings[text]).frames()]
        return np.concatenate(frames) if frames else np.zeros(0, np.int16)


def open_prompts(folder: Path | None) -> Prompts:
    """Prompts from a folder; empty if none is given."""
    if folder is None:
        return Prompts({})
    return Prompts({p.stem: p for p in sorted(folder.glob("*")) if p.suffix.lower() in SUFFIXES})
