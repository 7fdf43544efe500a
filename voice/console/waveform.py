"""Picture of an over: envelope and spectrogram in one self-contained SVG."""

from __future__ import annotations

import base64
import itertools
import struct
import zlib

import numpy as np
import numpy.typing as npt

from voice.pcm import RATE, Pcm16

WIDTH, HEIGHT = 480, 96
"""Size of the picture; the upper half is the envelope."""

_WINDOW, _BINS = 256, 48


def waveform_svg(pcm: Pcm16) -> str:
    """``pcm``: int16 at 8000 Hz, any length."""
    half = HEIGHT // 2
    seconds = len(pcm) / RATE
    x = np.abs(pcm.astype(np.float32)) / 32768
    edges = np.linspace(0, len(x), WIDTH // 2 + 1).astype(int)
    peaks = [float(x[a:b].max()) if b > a else 0.0 for a, b in itertools.pairwise(edges)]
    loudest = max(max(peaks, default=0.0), 1e-3)
    heights = [half / 2 * p / loudest for p in peaks]
    bars = "".join(f"M{2 * k} {half / 2 - h:.1f}V{half / 2 + h + 0.5:.1f}" for k, h in enumerate(heights))
    picture = base64.b64encode(_spectrogram(pcm)).decode()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{seconds:.1f} s"><rect width="{WIDTH}" height="{HEIGHT}" fill="#0b1a26"/>'
        f'<path d="{bars}" stroke="#6fd3ff" stroke-width="1.4"/>'
        f'<image y="{half}" width="{WIDTH}" height="{half}" preserveAspectRatio="none" '
        f'href="data:image/png;base64,{picture}"/>'
        f'<text x="{WIDTH - 4}" y="12" fill="#fff" font-size="11" text-anchor="end">{seconds:.1f} s</text></svg>'
    )


def _spectrogram(pcm: Pcm16) -> bytes:
    """Grey PNG, low frequencies at the bottom."""
    x = np.pad(pcm.astype(np.float32), (0, max(0, _WINDOW - len(pcm))))
    step = max(64, (len(x) - _WINDOW) // 240 or 1)
    frames = np.lib.stride_tricks.sliding_window_view(x, _WINDOW)[::step] * np.hanning(_WINDOW)
    power = np.abs(np.fft.rfft(frames))[:, 1 : 2 * _BINS + 1].reshape(len(frames), _BINS, 2).mean(2)
    db = 20 * np.log10(power + 1.0)
    low = float(np.percentile(db, 20))
    grey = np.clip((db - low) / max(12.0, float(db.max()) - low) * 255, 0, 255).astype(np.uint8).T[::-1]
    return _png(grey)


def _png(grey: npt.NDArray[np.uint8]) -> bytes:
    rows, columns = grey.shape

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    raw = b"".join(b"\0" + row.tobytes() for row in grey)
    head = struct.pack(">IIBBBBB", columns, rows, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(raw, 6)) + chunk(b"IEND", b"")
