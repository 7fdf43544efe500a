"""WAV files with an unfinished header: the recorder was killed, but the audio is complete.

Chunks are parsed in sequence, not searched for: a comment may contain any bytes.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from pathlib import Path

from voice.pcm import Seconds

UNKNOWN = 0x7FFFFFFF
"""Sizes from here on mean a stream of unknown length."""

LONGEST_HEADER = 1 << 20
"""Most bytes before the audio."""

MENDED_S = 0.05
"""Less audio than this is not worth repairing."""


@dataclass(frozen=True, slots=True)
class Riff:
    """Location of the audio in a WAV file."""

    order: str
    """Byte order: ``<``, or ``>`` for RIFX."""
    data_at: int
    """Offset of the audio."""
    promised: int
    """Size in bytes according to the header."""
    there: int
    """Bytes from there to the end of the file."""
    per_second: int
    tail: bool
    """The declared audio is followed by other chunks up to the end."""

    @property
    def is_stream(self) -> bool:
        """The header gives no length."""
        return self.promised >= UNKNOWN

    @property
    def missing_s(self) -> Seconds:
        """Seconds declared but missing."""
        return 0.0 if self.is_stream else max(0.0, (self.promised - self.there) / self.per_second)

    @property
    def hidden_s(self) -> Seconds:
        """Seconds present but not declared."""
        return 0.0 if self.is_stream or self.tail else max(0.0, (self.there - self.promised) / self.per_second)


def read_riff(path: Path) -> Riff | None:
    """None if it is not a WAV file or has no audio. RF64 files are not handled here."""
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
    """Whether well-formed chunks follow up to the end of the file."""
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
    """View of a WAV file with a corrected header. The file itself is not modified."""

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
