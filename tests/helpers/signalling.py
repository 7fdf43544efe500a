"""Identity bursts as radios send them, for simulated nets: DTMF digits and MDC1200."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt

from voice.pcm import RATE

Samples = npt.NDArray[np.float64]

_LOW = {k: hz for row, hz in zip(("123A", "456B", "789C", "*0#D"), (697, 770, 852, 941), strict=True) for k in row}
_HIGH = {
    k: hz for column, hz in zip(("147*", "2580", "369#", "ABCD"), (1209, 1336, 1477, 1633), strict=True) for k in column
}


def dtmf(digits: str, on_s: float = 0.06, off_s: float = 0.06) -> Samples:
    """Each digit as two tones of equal level, peak 1."""
    t = np.arange(round(on_s * RATE)) / RATE
    off = np.zeros(round(off_s * RATE))
    parts = [
        x for d in digits for x in (0.5 * (np.sin(2 * np.pi * _LOW[d] * t) + np.sin(2 * np.pi * _HIGH[d] * t)), off)
    ]
    return np.concatenate(parts) if parts else np.zeros(0)


def _crc(data: list[int]) -> int:
    """Polynomial x¹⁶+x¹²+x⁵+1 over the bits, lowest first, worked out by long division from the low end."""
    value = 0
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x8408 if value & 1 else 0)
    return value ^ 0xFFFF


def mdc1200(unit: int, operation: int = 0x01, argument: int = 0x80) -> Samples:
    """One packet, peak 1: PTT identity (operation 1, argument 128) of a 16-bit unit number."""
    head = [operation, argument, unit >> 8, unit & 0xFF]
    check = _crc(head)
    message = [byte >> k & 1 for byte in (*head, check & 0xFF, check >> 8, 0) for k in range(8)]
    padded = [0] * 6 + message
    parity = [padded[k] ^ padded[k + 1] ^ padded[k + 4] ^ padded[k + 6] for k in range(len(message))]
    coded = message + parity
    sent = [coded[(k % 16) * 7 + k // 16] for k in range(112)]
    preamble = [0, 1] * 28
    sync = [int(b) for b in f"{0x07092A446F:040b}"]
    bits = [0, *preamble, *sync, *sent]
    edges = np.cumsum([0.0] + [1.5 if a != b else 1.0 for a, b in itertools.pairwise(bits)])
    t = np.arange(int((len(bits) - 1) * RATE / 1200)) * 1200 / RATE
    cycles = np.interp(t, np.arange(len(edges)), edges)
    return np.asarray(np.sin(2 * np.pi * cycles))
