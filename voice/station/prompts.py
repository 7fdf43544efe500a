"""Recorded prompts: a folder of recordings, each named after the text spoken in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from voice.audio.source import SUFFIXES, open_recording
from voice.errors import HuyingError
from voice.mandarin.numerals import CannotBeRead, for_the_air
from voice.pcm import Pcm16, trimmed


@dataclass(frozen=True, slots=True)
class Prompts:
    """Text → its recording."""

    recordings: dict[str, Path]

    def __contains__(self, text: str) -> bool:
        return text in self.recordings

    def say(self, text: str) -> Pcm16:
        """PCM at RATE, without the silence around it. Raises HuyingError for a recording that cannot be opened, or in
        which there is no sound."""
        path = self.recordings[text]
        said = trimmed(np.concatenate([np.zeros(0, np.int16), *(f.pcm for f in open_recording(path).frames())]))
        if len(said) == 0:
            raise HuyingError(f"{path}: there is no sound in it")
        return said


def open_prompts(folder: Path | None) -> Prompts:
    """Prompts from a folder; empty if none is given. Raises HuyingError for a folder that is not there."""
    if folder is None:
        return Prompts({})
    if not folder.is_dir():
        raise HuyingError(f"[station] prompts: there is no folder {folder}")
    named = {p.stem: p for p in sorted(folder.glob("*")) if p.suffix.lower() in SUFFIXES}
    return Prompts({_spoken(stem): path for stem, path in named.items()} | named)


def _spoken(text: str) -> str:
    """As it is looked for: 3号楼 is said as 三号楼."""
    try:
        return for_the_air(text)
    except CannotBeRead:
        return text
