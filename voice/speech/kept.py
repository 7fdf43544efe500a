"""Rendered speech, kept by content: what is damaged is rendered anew, and no full disk keeps anybody from speaking."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import soundfile

from voice.errors import HuyingError
from voice.pcm import Floats

ROOM = 8 << 20
"""Bytes that must be free where speech is rendered: a minute at 24 kHz takes 3 MB."""

MEMORY = Path("/dev/shm")  # noqa: S108
"""Where speech is rendered if the cache has no room; then the folder of temporary files."""


def spoken(folder: Path, name: str, render: Callable[[Path], object]) -> tuple[Floats, int]:
    """(samples in -1..1, shape (n,); rate in Hz) of the WAV file ``name`` in ``folder``, which ``render`` writes to the
    path that it is given if it is not there or cannot be read. Kept if there is room. Raises HuyingError if it cannot
    be rendered."""
    path = folder / name
    with contextlib.suppress(OSError, soundfile.SoundFileError):
        return _read(path)
    place = next(filter(_has_room, (folder, MEMORY, Path(tempfile.gettempdir()))), folder)
    part = place / f"{path.stem}.{os.getpid()}-{threading.get_ident()}.part.wav"  # others may render it
    try:
        render(part)
        made = _read(part)
        if place == folder:
            part.replace(path)
    except (OSError, soundfile.SoundFileError) as e:
        raise HuyingError(f"{place}: rendered speech cannot be kept here ({e})") from e
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
    return made


def _read(path: Path) -> tuple[Floats, int]:
    samples, rate = soundfile.read(str(path), dtype="float32")
    return samples, int(rate)


def _has_room(place: Path) -> bool:
    try:
        place.mkdir(parents=True, exist_ok=True)
        return os.access(place, os.W_OK) and shutil.disk_usage(place).free >= ROOM
    except OSError:
        return False
