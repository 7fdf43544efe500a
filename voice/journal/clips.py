"""One audio clip per over: FLAC, named by the SHA-256 of its samples."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO

import numpy as np

from voice.errors import HuyingError
from voice.pcm import RATE, Pcm16

NAME = re.compile("[0-9a-f]{64}")

KEEP_FREE = 20_000_000
"""Disk space in bytes reserved for events: enough for weeks of them."""


def clip_name(pcm: Pcm16) -> str:
    """SHA-256 of rate and samples: identical audio has the same name on every machine."""
    return hashlib.sha256(f"{RATE}\n".encode() + np.ascontiguousarray(pcm, "<i2").tobytes()).hexdigest()


class ClipStore:
    """A folder of clips, written once and never changed. Without a folder, clips are only named, not stored."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def path(self, name: str) -> Path:
        """Path of the clip ``name``. Raises HuyingError if it is not a clip name."""
        if not NAME.fullmatch(name):
            raise HuyingError(f"“{name}” is not the name of a clip")
        if self.folder is None:
            raise HuyingError("this journal is in memory and keeps no clips; name a file with --journal")
        return self.folder / name[:2] / f"{name}.flac"

    def has(self, name: str) -> bool:
        """Whether a clip of this name exists."""
        return self.folder is not None and bool(NAME.fullmatch(name)) and self.path(name).is_file()

    def put(self, pcm: Pcm16) -> str:
        """Store a clip atomically and return its name."""
        import soundfile as sf

        name = clip_name(pcm)
        self._write(name, lambda f: sf.write(f, pcm, RATE, format="FLAC", subtype="PCM_16"))
        return name

    def adopt(self, name: str, flac: bytes) -> None:
        """Store a clip from another of our journals unchanged, under the same name."""
        self._write(name, lambda f: f.write(flac))

    def _write(self, name: str, fill: Callable[[IO[bytes]], object]) -> None:
        """Unless it exists. Raises HuyingError if it cannot be stored."""
        import soundfile as sf

        if self.folder is None or self.path(name).is_file():
            return
        path = self.path(name)
        part = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}.part")  # channels may share audio
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(path.parent).free
            if free < KEEP_FREE:
                told = f"{free / 1e6:.0f} MB are left on the disk, too few to keep sound; make room"
                raise HuyingError(f"{self.folder}: {told}")
            with part.open("wb") as f:
                fill(f)
                f.flush()
                os.fsync(f.fileno())
            part.replace(path)
        except (OSError, sf.LibsndfileError) as e:
            part.unlink(missing_ok=True)
            raise HuyingError(f"{path}: cannot write the clip ({e})") from e

    def get(self, name: str) -> Pcm16:
        """The samples of a clip. Raises HuyingError if it is missing or damaged."""
        import soundfile as sf

        path = self.path(name)
        if not path.is_file():
            raise HuyingError(f"{path}: the clip is missing")
        try:
            with sf.SoundFile(str(path)) as f:
                kind = (f.samplerate, f.channels, f.format, f.subtype)
                if kind != (RATE, 1, "FLAC", "PCM_16"):
                    raise HuyingError(
                        f"{path}: the clip was written anew, as {kind[2]} {kind[3]}, {kind[0]} Hz, {kind[1]} ch"
                    )
                pcm = f.read(dtype="int16")
        except sf.LibsndfileError as e:
            raise HuyingError(f"{path}: the clip cannot be read ({e})") from e
        return np.asarray(pcm, np.int16)
