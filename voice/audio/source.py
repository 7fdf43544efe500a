"""Audio for replay: recordings."""

from __future__ import annotations

import contextlib
import hashlib
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from voice.audio.convert import CONVERTED, converted
from voice.audio.kinds import CANNOT, SILK, suffix_of
from voice.audio.named import named_time
from voice.audio.riff import MENDED_S, Mended, Riff, read_riff
from voice.audio.sides import Mix, mix_of
from voice.errors import HuyingError
from voice.pcm import BLOCK, RATE, Floats, Frame, Pcm16, Seconds, to_pcm16
from voice.time import in_zone

Notice = Callable[[str, str], None]
"""(``lost``, ``back``, ``overrun`` or ``form``; message for people)."""

SUFFIXES = (".wav", ".flac", ".ogg", ".opus", ".oga", ".mp3", ".aiff", ".aif", ".au", ".caf", ".w64", ".rf64")
NO_SOUND = (
    ".json",
    ".txt",
    ".csv",
    ".html",
    ".xlsx",
    ".sqlite",
    ".db",
    ".toml",
    ".yaml",
    ".md",
    ".png",
    ".jpg",
    ".pdf",
)

READ_S = 2.0
"""Seconds read from a file at a time."""


@dataclass(slots=True)
class Damage:
    """Defects of the audio, counted; shown to the user and written to the journal."""

    not_numbers: int = 0
    """NaN or infinite samples, replaced by silence."""

    missing_s: Seconds = 0.0
    """Seconds declared in the file's header but missing."""

    hidden_s: Seconds = 0.0
    """Seconds beyond the end declared in the header, and processed."""

    sides: str = ""
    """How its channels were mixed."""

    lost: int = 0
    """Datagrams dropped because the buffer was full."""

    @property
    def notes(self) -> list[str]:
        out = []
        if self.lost:
            out.append(f"{self.lost} datagrams were lost: this machine was too busy")
        if self.not_numbers:
            out.append(f"{self.not_numbers} samples are not numbers and were taken as silence")
        if self.missing_s > 0.05:
            out.append(f"the file is cut off: {self.missing_s:.1f} s that its header promises are missing")
        if self.hidden_s > MENDED_S:
            out.append(f"its header was never finished: {self.hidden_s:.1f} s more than it says are heard")
        if self.sides:
            out.append(self.sides)
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
    named: tuple[datetime, bool] | None = None
    """Start time from its name, and whether the name states its time zone."""
    side: str = ""
    """left or right; otherwise automatic."""
    damage: Damage = field(default_factory=Damage)
    _riff: Riff | None = None
    _place: tempfile.TemporaryDirectory[str] | None = None
    """SHA-256 of the original, if a converted file is read instead."""
    _mix: Mix | None = None

    @property
    def sha256(self) -> str:
        """SHA-256 of the file, regardless of its name; for a single channel, of file and channel."""
        with self.path.open("rb") as f:
            whole = hashlib.file_digest(f, "sha256").hexdigest()
        return hashlib.sha256(f"{whole} {self.side}".encode()).hexdigest() if self.side else whole

    @property
    def mix(self) -> Mix:
        """Mixing of its channels; the first call reads the whole file."""
        if self._mix is None:
            self._mix = mix_of(self._read() if self.channels > 1 else (), self.channels, self.side)
            self.damage.sides, self.damage.not_numbers = self._mix.note, 0
        return self._mix

    def frames(self) -> Iterator[Frame]:
        """See AudioSource. Channels are mixed as suits their content; resampled once."""
        yield from blocks(self._parts(self.mix))

    @contextlib.contextmanager
    def _opened(self) -> Iterator[Any]:
        import soundfile as sf

        if self._place is not None:
            with sf.SoundFile(str(Path(self._place.name) / "converted.wav")) as f:
                yield f
        elif self._riff is not None and self._riff.hidden_s > MENDED_S:
            with Mended(self.path, self._riff) as whole, sf.SoundFile(whole) as f:
                yield f
        else:
            with sf.SoundFile(str(self.path)) as f:
                yield f

    def _read(self) -> Iterator[Floats]:
        """(n, channels) at the file's rate."""
        import soundfile as sf

        try:
            with self._opened() as f:
                while len(x := f.read(int(READ_S * self.rate), dtype="float32", always_2d=True)):
                    bad = int(np.count_nonzero(~np.isfinite(x)))
                    if bad:
                        self.damage.not_numbers += bad
                        x = np.nan_to_num(x, nan=0.0, posinf=0.0, neginf=0.0)
                    yield x
        except sf.LibsndfileError as e:
            raise HuyingError(f"{self.path}: cannot be read further ({e}); is the file damaged?") from e

    def _parts(self, mix: Mix) -> Iterator[Pcm16]:
        import soxr

        resampler = soxr.ResampleStream(self.rate, RATE, 1, dtype="float32") if self.rate != RATE else None
        for x in self._read():
            mono = mix.mono(x) if self.channels > 1 else x[:, 0]
            yield to_pcm16(resampler.resample_chunk(mono) if resampler else mono)
        if resampler:
            yield to_pcm16(resampler.resample_chunk(np.zeros(0, np.float32), last=True))


def open_recording(path: Path, began: datetime | None = None, zone: tzinfo | None = UTC, side: str = "") -> Recording:
    """Open a sound file. ``zone``: of times in its name and metadata without an offset; None: this machine's. Raises
    HuyingError if it is not one."""
    import soundfile as sf

    if not path.exists():
        raise HuyingError(f"{path}: no such file")
    if path.stat().st_size == 0:
        raise HuyingError(f"{path}: the file is empty")
    named = named_time(path.stem, zone)
    name = f"{path.name} {side}" if side else path.name
    out = Recording(path, name, 0, 0, None, began or (named[0] if named else None), named, side)
    kind = _kind(path)
    if kind == SILK:
        raise HuyingError(f"{path}: {CANNOT}")
    if kind in CONVERTED:
        out._place = tempfile.TemporaryDirectory(prefix="huying-")
        converted(path, Path(out._place.name))
    else:
        out._riff = read_riff(path)
    try:
        with out._opened() as f:
            out.rate, out.channels, frames = f.samplerate, f.channels, f.frames
            stamp = f.copy_metadata().get("date", "")
    except (sf.LibsndfileError, TypeError, OSError) as e:
        raise HuyingError(f"{path}: not a sound file that can be read; WAV, FLAC, OGG/Opus and MP3 can") from e
    if out.rate < 1000:
        raise HuyingError(f"{path}: sample rate {out.rate} Hz; speech needs 8000 Hz or more")
    out.duration = frames / out.rate if 0 < frames < 2**40 else None
    out.began = out.began or _stamp(stamp, zone)
    if out._riff is not None:
        out.damage.missing_s, out.damage.hidden_s = out._riff.missing_s, out._riff.hidden_s
    return out


def sides_of(path: Path, side: str = "") -> tuple[str, ...]:
    """Ways to process a recording; empty means mixed. ``side``: left, right or both; if omitted, two channels with
    different audio are treated as two radios. Raises HuyingError if it is not a recording."""
    if side in ("left", "right"):
        return (side,)
    found = open_recording(path)
    if found.channels == 2 and (side == "both" or found.mix.differ):
        return ("left", "right")
    return ("",)


def _kind(path: Path) -> str:
    """Detected from its content, since names may be wrong; otherwise from its name."""
    with contextlib.suppress(OSError), path.open("rb") as f:
        if kind := suffix_of(f.read(16)):
            return kind
    return path.suffix.lower()


def _stamp(text: str, zone: tzinfo | None) -> datetime | None:
    """A date without a time is ignored."""
    try:
        return in_zone(datetime.fromisoformat(text), zone) if len(text) > 10 else None
    except (ValueError, OverflowError):
        return None


def find_recordings(paths: list[Path]) -> list[Path]:
    """Files as given; folders are replaced by the audio files in them, by name or content, sorted. Raises
    HuyingError if there are none."""
    out: list[Path] = []
    for p in paths:
        if p.is_dir():
            inside = sorted(q for q in p.rglob("*") if q.is_file() and _is_sound(q))
            if not inside:
                raise HuyingError(f"{p}: no sound files in this folder ({', '.join((*SUFFIXES, *CONVERTED))})")
            out += inside
        else:
            out.append(p)
    return out


def not_sound(paths: list[Path]) -> list[Path]:
    """Files in these folders that are not audio, except types that never are."""
    inside = (q for p in paths if p.is_dir() for q in sorted(p.rglob("*")) if q.is_file())
    return [q for q in inside if not (_is_sound(q) or q.suffix.lower() in NO_SOUND or q.name.startswith("."))]


def _is_sound(path: Path) -> bool:
    """By name; for an unknown suffix, by its first bytes."""
    suffix = path.suffix.lower()
    if suffix in SUFFIXES or suffix in CONVERTED:
        return True
    if suffix in NO_SOUND or path.name.startswith("."):
        return False
    with contextlib.suppress(OSError), path.open("rb") as f:
        return suffix_of(f.read(16)) != ""
    return False
