"""Recorded prompts: a folder of recordings, each named after the text spoken in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from voice.audio.source import SUFFIXES, open_recording
from voice.errors import HuyingError
from voice.pcm import Pcm16


@dataclass(frozen=True, slots=True)
class Prompts:
    """Text → its recording."""

    recordings: dict[str, Path]

    def __contains__(self, text: str) -> bool:
        return text in self.recordings

    def say(self, text: str) -> Pcm16:
        """PCM at RATE. Raises HuyingError for a recording that cannot be opened, or in which there is no sound."""
        path = self.recordings[text]
        frames = [f.pcm for f in open_recording(path).frames()]
        if not any(pcm.any() for pcm in frames):
            raise HuyingError(f"{path}: there is no sound in it")
        return np.concatenate(frames)


def open_prompts(folder: Path | None) -> Prompts:
    """Prompts from a folder; empty if none is given. Raises HuyingError for a folder that is not there."""
    if folder is None:
        return Prompts({})
    if not folder.is_dir():
        raise HuyingError(f"[station] prompts: there is no folder {folder}")
    return Prompts({p.stem: p for p in sorted(folder.glob("*")) if p.suffix.lower() in SUFFIXES})
