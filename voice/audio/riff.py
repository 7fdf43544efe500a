"""WAV files whose header was never finished: the recorder was killed, the sound is all there.

The chunks are walked, not searched for: a comment may hold any word.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from pathlib import Path

from voice.pcm import Seconds

UNKNOWN = 0x7FFFFFFF
"""Sizes from here on are those of a stream, whose length nobody knew."""

LONGEST_HEADER = 1 << 20
"""Bytes before the sound."""

MENDED_S = 0.05
"""Less than this is no sound worth mending for."""


@dataclass(frozen=True, slots=True)
class Riff:
    """Where the sound of a WAV file lies."""

    order: str
    """``<``, or ``>`` of a RIFX file."""
    data_at: int
    """First byte of the sound."""
    promised: int
    """Its bytes as the header has them."""
    there: int
    """Bytes from there to the end of the file."""
    per_second: int
    tail: bool
    """After the promised bytes other chunks follow, to the end."""

    @property
    def is_stream(self) -> bool:
        """The header says nothing of the length."""
        return self.promised >= UNKNOWN

    @property
    def missing_s(self) -> Seconds:
        """Promised, but not there."""
        return 0.0 if self.is_stream else max(0.0, (self.promised - self.there) / self.per_second)

    @property
    def hidden_s(self) -> Seconds:
        """There, but not promised."""
        return 0.0 if self.is_stream or self.tail else max(0.0, (self.there - self.promised) / self.per_second)


def read_riff(path: Path) -> Riff | None:
    """None for what is no WAV file, or has no sound in it. RF64 files are left to whoever reads them."""
    size = path.stat().st_size
    with path.open("rb") as f:
        head = f.read(12)
        if head[:4] not in (b"RIFF", b"RIFX") or head[8:] != b"WAVE":
            return None
        order = "<" if head[:4] == b"RIFF" else ">"
        at, per_second = 12, 0
        while at + 8 <= min(size, LONGEST_HEADER):
            f.seek(at)
            name, length = struct.unpack(f"{order}4sI", f.read(8))
            if name == b"fmt ":
                fields = f.read(12)
                per_second = struct.unpack_from(f"{order}I", fields, 8)[0] if len(fields) == 12 else 0
            if name == b"data":
                if not per_second:
                    return None
                there = size - at - 8
                return Riff(order, at + 8, length, there, per_second, _is_tail(f, at + 8 + length, size, order))
            at += 8 + length + length % 2
    return None


def _is_tail(f: io.BufferedReader, at: int, size: int, order: str) -> bool:
    """Whether chunks follow, each as long as it says, to the end of the file."""
    at += at % 2
    if at + 8 > size:
        return True
    while at + 8 <= size:
        f.seek(at)
        name, length = struct.unpack(f"{order}4sI", f.read(8))
        if not all(0x20 <= c < 0x7F for c in name) or at + 8 + length > size:
            return False
        at += 8 + length + length % 2
    return True


class Mended(io.RawIOBase):
    """A WAV file as it would read with a finished header. The file itself is not touched."""

    def __init__(self, path: Path, riff: Riff) -> None:
        super().__init__()
        self._file = path.open("rb")
        length = min(riff.there, 0xFFFFFFFF - riff.data_at)
        self._end = riff.data_at + length
        head = bytearray(self._file.read(riff.data_at))
        struct.pack_into(f"{riff.order}I", head, 4, self._end - 8)
        struct.pack_into(f"{riff.order}I", head, riff.data_at - 4, length)
        self._head = bytes(head)
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._end}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        want = min(len(buffer), max(0, self._end - self._at))
        part = self._head[self._at : self._at + want]
        if len(part) < want:
            self._file.seek(self._at + len(part))
            part += self._file.read(want - len(part))
        buffer[: len(part)] = part
        self._at += len(part)
        return len(part)

    def close(self) -> None:
        self._file.close()
        super().close()
