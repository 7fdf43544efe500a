"""Where audio comes from in a replay: recordings."""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import numpy as np

from voice.errors import HuyingError
from voice.pcm import BLOCK, RATE, Frame, Pcm16, Seconds, to_pcm16

SUFFIXES = (".wav", ".flac", ".ogg", ".opus", ".oga", ".mp3", ".aiff", ".aif", ".au", ".caf", ".w64", ".rf64")
READ_S = 2.0
"""Seconds read from a file at once."""


@dataclass(slots=True)
class Damage:
    """What was wrong with the audio, counted; shown to the user and written to the journal."""

    not_numbers: int = 0
    """NaN or infinite samples, replaced by silence."""

    missing_s: Seconds = 0.0
    """Promised by the file's header but not there."""

    lost: int = 0
    """Datagrams that came while there was no room for them."""

    @property
    def notes(self) -> list[str]:
        out = []
        if self.lost:
            out.append(f"{self.lost} datagrams were lost: this machine was too busy")
        if self.not_numbers:
            out.append(f"{self.not_numbers} samples are not numbers and were taken as silence")
        if self.missing_s > 0.05:
            out.append(f"the file is cut off: {self.missing_s:.1f} s that its header promises are missing")
        return out


class AudioSource(Protocol):
    """Audio with a sample clock that starts at 0."""

    name: str
    began: datetime | None
    """UTC wall clock of sample 0, if known."""
    duration: Seconds | None
    damage: Damage

    def frames(self) -> Iterator[Frame]:
        """The channel at RATE, mono, in blocks of BLOCK samples (the last may be shorter)."""


def blocks(parts: Iterator[Pcm16]) -> Iterator[Frame]:
    rest, at = np.zeros(0, np.int16), 0
    for part in parts:
        rest = np.concatenate([rest, part]) if len(rest) else part
        n = len(rest) - len(rest) % BLOCK
        for i in range(0, n, BLOCK):
            yield Frame(at, rest[i : i + BLOCK])
            at += BLOCK
        rest = rest[n:]
    if len(rest):
        yield Frame(at, rest)


@dataclass(slots=True)
class Recording:
    """A sound file. Open with ``open_recording``."""

    path: Path
    name: str
    rate: int
    channels: int
    duration: Seconds | None
    began: datetime | None
    damage: Damage = field(default_factory=Damage)

    @property
    def sha256(self) -> str:
        """Of the file, whatever its name is."""
        with self.path.open("rb") as f:
            return hashlib.file_digest(f, "sha256").hexdigest()

    def frames(self) -> Iterator[Frame]:
        """See AudioSource. Channels are averaged; the rate is changed once."""
        yield from blocks(self._parts())

    def _parts(self) -> Iterator[Pcm16]:
        import soundfile as sf
        import soxr

        resampler = soxr.ResampleStream(self.rate, RATE, 1, dtype="float32") if self.rate != RATE else None
        try:
            with sf.SoundFile(str(self.path)) as f:
                while True:
                    x = f.read(int(READ_S * self.rate), dtype="float32", always_2d=True)
                    if len(x) == 0:
                        break
                    bad = int(np.count_nonzero(~np.isfinite(x)))
                    if bad:
                        self.damage.not_numbers += bad
                        x = np.nan_to_num(x, nan=0.0, posinf=0.0, neginf=0.0)
                    mono = x.mean(1) if x.shape[1] > 1 else x[:, 0]
                    yield to_pcm16(resampler.resample_chunk(mono) if resampler else mono)
        except sf.LibsndfileError as e:
            raise HuyingError(f"{self.path}: cannot be read further ({e}); is the file damaged?") from e
        if resampler:
            yield to_pcm16(resampler.resample_chunk(np.zeros(0, np.float32), last=True))


def open_recording(path: Path, began: datetime | None = None) -> Recording:
    """Open a sound file. Raises HuyingError for what is not one."""
    import soundfile as sf

    if not path.exists():
        raise HuyingError(f"{path}: no such file")
    if path.stat().st_size == 0:
        raise HuyingError(f"{path}: the file is empty")
    try:
        with sf.SoundFile(str(path)) as f:
            rate, channels, frames = f.samplerate, f.channels, f.frames
            stamp = f.copy_metadata().get("date", "")
    except (sf.LibsndfileError, TypeError) as e:
        raise HuyingError(f"{path}: not a sound file that can be read ({e}); WAV, FLAC, OGG/Opus and MP3 can") from e
    if rate < 1000:
        raise HuyingError(f"{path}: sample rate {rate} Hz; speech needs 8000 Hz or more")
    known = 0 < frames < 2**40
    out = Recording(
        path,
        path.name,
        rate,
        channels,
        frames / rate if known else None,
        began or start_in_name(path.stem) or _stamp(stamp),
    )
    out.damage.missing_s = _missing(path)
    return out


def _missing(path: Path) -> Seconds:
    """Seconds that a WAV header promises beyond the end of the file."""
    with path.open("rb") as f:
        head = f.read(4096)
    at = head.find(b"data")
    fmt = head.find(b"fmt ")
    if not head.startswith(b"RIFF") or at < 0 or fmt < 0 or len(head) < fmt + 20:
        return 0.0
    (promised,) = struct.unpack_from("<I", head, at + 4)
    (per_second,) = struct.unpack_from("<I", head, fmt + 16)
    if promised >= 0x7FFFFFFF or per_second == 0:  # a stream of unknown length
        return 0.0
    missing: float = (promised - (path.stat().st_size - at - 8)) / per_second
    return max(0.0, missing)


_NAME = re.compile(r"(?<!\d)(20\d\d)[-_.]?(\d\d)[-_.]?(\d\d)[T_ .-]?(\d\d)[-_.:h]?(\d\d)(?:[-_.:m]?(\d\d))?(?!\d)")


def start_in_name(stem: str) -> datetime | None:
    """Start time in a file name such as ``net-2026-06-05_08-30-00`` or ``20260605T083000`` (taken as UTC)."""
    m = _NAME.search(stem)
    if not m:
        return None
    try:
        return datetime(*(int(g or 0) for g in m.groups()), tzinfo=UTC)  # type: ignore[arg-type,misc]
    except ValueError:
        return None


def _stamp(text: str) -> datetime | None:
    try:
        t = datetime.fromisoformat(text)
    except ValueError:
        return None
    return t.astimezone(UTC) if t.tzinfo else t.replace(tzinfo=UTC)


def find_recordings(paths: list[Path]) -> list[Path]:
    """Files as given; folders become the sound files in them, sorted. Raises HuyingError if there are none."""
    out: list[Path] = []
    for p in paths:
        if p.is_dir():
            inside = sorted(q for q in p.rglob("*") if q.suffix.lower() in SUFFIXES)
            if not inside:
                raise HuyingError(f"{p}: no sound files in this folder ({', '.join(SUFFIXES)})")
            out += inside
        else:
            out.append(p)
    return out
