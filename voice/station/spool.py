"""Spool folder of uploaded calls and their audio, kept until they are in the journal."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import shutil
import subprocess
import tempfile
import threading
import time
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from voice.audio.kinds import CANNOT, SILK, suffix_of
from voice.audio.source import SUFFIXES, open_recording
from voice.errors import HuyingError
from voice.journal.clips import KEEP_FREE
from voice.pcm import RATE, Pcm16
from voice.station.recorded_call import IncompleteCall, RecordedCall

REMEMBERED_S = 7 * 86400.0
"""How long a repeated upload counts as a duplicate."""

WHOLE, LOGGED, REFUSED = ".json", ".done", ".bad"
"""Suffixes of a call's description in the spool: the first marks it complete, the others finished. A call with none
was cut off by a crash and may be uploaded again."""

LARGEST_CALL = 30_000_000
"""Largest audio file, bytes."""

LONGEST_CALL_S = 3600.0
"""Longest audio, however small the file: a few megabytes of FLAC can hold days of silence."""

KEPT_ASIDE = 200
"""Failed calls kept, latest first."""

DEMUXERS = {
    ".m4a": "mov", ".mp4": "mov", ".3gp": "mov", ".aac": "aac", ".amr": "amr", ".opus": "ogg", ".ogg": "ogg",
    ".oga": "ogg", ".webm": "matroska", ".mka": "matroska", ".wma": "asf", ".mp2": "mp3", ".mp3": "mp3",
}  # fmt: skip
"""Input formats ffmpeg may use, by suffix: left to detect them it would open playlists and the files they name."""


class NoRoom(HuyingError):
    """The disk is nearly full; the recorder may retry."""


class Spool:
    """Calls not yet in the journal. Crash-safe, and safe for two processes: one puts, one logs."""

    def __init__(self, requests: Path) -> None:
        """``requests``: folder shared by console and station."""
        self.folder = requests / "calls"

    def put(self, call: RecordedCall, audio: bytes) -> bool:
        """Store a call; False if it is already there. Raises HuyingError if it cannot be stored or is not audio."""
        if not audio:
            raise IncompleteCall("no audio")
        if len(audio) > LARGEST_CALL:
            raise HuyingError(f"the call has {len(audio)} bytes; {LARGEST_CALL} at most")
        digest = hashlib.sha256(audio).hexdigest()
        call = replace(call, suffix=suffix_of(audio) or call.suffix)
        if call.suffix == SILK:
            raise IncompleteCall(CANNOT)
        if call.suffix not in (*SUFFIXES, *DEMUXERS):
            raise IncompleteCall("no audio that is known, and no audio name with a suffix such as .wav or .m4a")
        of = hashlib.sha256(call.channel.encode()).hexdigest()[:8]
        stem = f"{re.sub('[^0-9]', '', call.began)}-{digest[:24]}-{of}"
        if any((self.folder / f"{stem}{mark}").exists() for mark in (WHOLE, LOGGED, REFUSED)):
            return False
        mine = f"{stem}.{threading.get_ident()}"
        part, meta = self.folder / f"{mine}.part{call.suffix}", self.folder / f"{mine}.meta"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(self.folder).free - len(audio)
            if free < KEEP_FREE:
                raise NoRoom(
                    f"{free / 1e6:.0f} MB would be left on the disk; {KEEP_FREE / 1e6:.0f} are kept for events"
                )
            part.write_bytes(audio)
            decoded_audio(part)
            part.replace(self._audio(stem, call))
            meta.write_text(json.dumps(asdict(replace(call, sha256=digest)), ensure_ascii=False), "utf-8")
            meta.replace(self.folder / f"{stem}{WHOLE}")
        except OSError as e:
            raise HuyingError(f"{self.folder}: the call cannot be kept ({e.strerror})") from e
        finally:
            part.unlink(missing_ok=True)
            meta.unlink(missing_ok=True)
        return True

    def _audio(self, stem: str, call: RecordedCall) -> Path:
        return self.folder / f"{stem}.audio{call.suffix}"

    def waiting(self, settled_s: float = 0.0) -> list[Path]:
        """Complete calls that have waited this long, and any made before them, by timestamp: an answer uploaded
        first does not overtake its call."""
        now = time.time()
        calls = sorted(self.folder.glob(f"*{WHOLE}"))
        ages = [now - _mtime(p, now) for p in calls]  # may have been logged between the two scans
        settled = [k for k, age in enumerate(ages) if age >= settled_s]
        return calls[: settled[-1] + 1] if settled else []

    def read(self, path: Path) -> tuple[RecordedCall, Pcm16]:
        """A call and its audio at RATE. Raises HuyingError if it cannot be read."""
        try:
            raw = json.loads(path.read_text("utf-8"))
            raw["sources"] = tuple((float(p), str(s)) for p, s in raw.get("sources", ()))
            call = RecordedCall(**raw)
        except (OSError, ValueError, TypeError, RecursionError) as e:
            raise HuyingError(f"{path.name}: not a call ({e})") from e
        return call, decoded_audio(self._audio(path.stem, call))

    def done(self, path: Path) -> None:
        """It is in the journal: delete it from the spool, except for a name that marks duplicates."""
        for p in self.folder.glob(f"{path.stem}.*"):
            p.unlink(missing_ok=True)
        (self.folder / f"{path.stem}{LOGGED}").touch()

    def forget(self) -> None:
        """Drop duplicate marks past their time."""
        now = time.time()
        for p in self.folder.glob(f"*{LOGGED}"):
            if now - _mtime(p, now) > REMEMBERED_S:
                p.unlink(missing_ok=True)
        aside = sorted(self.folder.glob(f"*{REFUSED}"), key=lambda p: _mtime(p, now), reverse=True)
        for p in aside[KEPT_ASIDE:]:
            for of in self.folder.glob(f"{p.stem}.*"):
                of.unlink(missing_ok=True)

    def refuse(self, path: Path) -> None:
        """It cannot be logged; set it aside."""
        with contextlib.suppress(FileNotFoundError):
            path.replace(path.with_suffix(REFUSED))


def _mtime(path: Path, gone: float) -> float:
    """Modification time; ``gone`` if it no longer exists."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return gone


def decoded_audio(path: Path) -> Pcm16:
    """Audio of a file at RATE; what libsndfile cannot read goes through ffmpeg. Raises HuyingError."""
    if path.suffix in SUFFIXES:
        return _pcm(path)
    if shutil.which("ffmpeg") is None:
        raise HuyingError(f"{path.suffix} audio needs ffmpeg (Debian: apt install ffmpeg), or have WAV or MP3 uploaded")
    if path.suffix not in DEMUXERS:
        raise HuyingError(f"{path.suffix} is not audio that is taken; there is: {', '.join((*SUFFIXES, *DEMUXERS))}")
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "call.wav"
        words = [
            "ffmpeg", "-v", "error", "-nostdin", "-protocol_whitelist", "file", "-f", DEMUXERS[path.suffix],
            "-i", f"file:{path.absolute()}", "-map", "0:a:0", "-vn", "-sn", "-dn", "-ac", "1", "-ar", str(RATE),
            "-t", str(LONGEST_CALL_S + 1), "-f", "wav", f"file:{wav}",
        ]  # fmt: skip
        try:
            subprocess.run(words, check=True, capture_output=True, timeout=60)
        except (subprocess.SubprocessError, OSError) as e:
            raise HuyingError(f"the {path.suffix} audio cannot be read") from e
        return _pcm(wav)


def _pcm(path: Path) -> Pcm16:
    frames, samples = [], 0
    for f in open_recording(path).frames():
        samples += len(f.pcm)
        if samples > LONGEST_CALL_S * RATE:
            raise HuyingError(f"the call lasts longer than {LONGEST_CALL_S:.0f} s; a recorder should cut it")
        frames.append(f.pcm)
    if not samples:
        raise IncompleteCall("no audio")
    return np.concatenate(frames)
