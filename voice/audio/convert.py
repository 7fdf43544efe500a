"""Audio formats that libsndfile cannot read, converted by ffmpeg."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from voice.errors import HuyingError

CONVERTED = (
    ".m4a", ".aac", ".amr", ".wma", ".mp4", ".3gp", ".3ga", ".m4b", ".awb", ".webm", ".mka", ".mkv", ".mov", ".ac3",
    ".ape", ".spx", ".ts", ".avi", ".asf", ".silk", ".slk", ".dss", ".ds2", ".g722", ".g726",
)  # fmt: skip
"""Suffixes to be tried this way."""

FORMATS = "mov,aac,amr,asf,matroska,ac3,ape,ogg,mpegts,avi,dss,g722,g726,mp3,wav,flac,aiff"
"""Input formats ffmpeg may use: left to detect them it would open playlists, and any local files they name."""

LONGEST_S = 3600.0


def converted(path: Path, folder: Path) -> Path:
    """A WAV file in ``folder`` with the audio of another file. Raises HuyingError with the reason if there is none."""
    if shutil.which("ffmpeg") is None:
        raise HuyingError(f"{path}: {path.suffix} audio needs ffmpeg (Debian: apt install ffmpeg), or save it as WAV")
    wav = folder / "converted.wav"
    words = ["ffmpeg", "-v", "error", "-nostdin", "-protocol_whitelist", "file", "-format_whitelist", FORMATS,
             "-i", f"file:{path.absolute()}", "-vn", "-c:a", "pcm_s16le", str(wav)]  # fmt: skip
    try:
        subprocess.run(words, check=True, capture_output=True, timeout=LONGEST_S)
    except subprocess.CalledProcessError as e:
        why = e.stderr.decode("utf-8", "replace").strip().splitlines()
        raise HuyingError(f"{path}: ffmpeg finds no sound in it ({why[-1][:200] if why else 'no reason given'})") from e
    except (subprocess.SubprocessError, OSError) as e:
        raise HuyingError(f"{path}: ffmpeg could not read it ({e})") from e
    return wav
