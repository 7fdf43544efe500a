"""Radio identity (ANI): DTMF and MDC1200 bursts at the ends of an over.

DTMF (ITU-T Q.23): a sequence of digits. MDC1200: 1200 baud minimum-shift keying with 1200 and 1800 Hz; an 1800 Hz tone
marks a bit that differs from the previous one. After a preamble come a 40-bit sync word and 112 bits: operation,
argument, 16-bit unit number, CRC, protected by a rate-1/2 code of constraint length 7 and interleaved by 16.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from voice.pcm import RATE, Pcm16

Doubles = npt.NDArray[np.float64]
Bits = npt.NDArray[np.int64]


LOW_HZ = (697.0, 770.0, 852.0, 941.0)
HIGH_HZ = (1209.0, 1336.0, 1477.0, 1633.0)
KEYS = ("123A", "456B", "789C", "*0#D")
"""Rows: low tones, columns: high tones."""

DTMF_WINDOW, DTMF_STEP = 160, 80
"""Samples: 20 and 10 ms."""

PURITY = 0.62
"""Share of a frame's power in its two tones. Speech has less, except for single frames in vowels."""

TWIST_DB = 9.0
MIN_FRAMES = 3
"""30 ms: a digit lasts at least 40 ms."""

MAX_GAP_FRAMES = 15
MIN_DIGITS = 3
"""Fewest digits of an identity."""

ENDS_S = 2.0
"""Bursts are searched in the first and last this many seconds of an over."""

SYNC = 0x07092A446F
SYNC_BITS, DATA_BITS = 40, 112
BAUD = 1200
_SPB = 6
"""Samples per bit of the search grid: timing error of at most a twelfth of a bit."""

_BASE_RATE = BAUD * _SPB
_BAND_HZ = 1000
"""Offset from 1500 Hz on either side."""

_FFT = 1280
"""Transform lengths are multiples of it, so that 1500 Hz falls on a bin and lengths have small factors."""

PAD = 200
"""Samples of silence added at both ends: a burst may extend to the edge of an over."""

SYNC_LEAST = 0.75
"""Threshold of the normalised correlation with the sync word."""

TAPS = (0, 2, 5, 6)
"""Taps of the code's shift register: parity bits are sums of these."""

INTERLEAVE = 16
DOUBTED = 8
"""Least reliable bits, flipped one or two at a time until the CRC matches."""


@dataclass(frozen=True, slots=True)
class Burst:
    """An identity sent by the radio."""

    system: Literal["dtmf", "mdc1200", "recorder"]
    """``recorder``: not decoded here but reported by a recorder that uploads its calls."""
    code: str
    """The digits, or the unit number as four hexadecimal digits."""
    start: float
    """Seconds from the start of the over."""


def find_bursts(pcm: Pcm16) -> list[Burst]:
    """Identities at the ends of an over, in order, without duplicates. ``pcm``: int16 at 8000 Hz."""
    x = pcm.astype(np.float64)
    n = round(ENDS_S * RATE)
    parts = [(0, x)] if len(x) <= 2 * n else [(0, x[:n]), (len(x) - n, x[-n:])]
    found = [
        Burst(b.system, b.code, round(b.start + at / RATE, 3))
        for at, part in parts
        for b in (*_dtmf(part), *_mdc1200(part))
    ]
    return list({(b.system, b.code): b for b in sorted(found, key=lambda b: -b.start)}.values())[::-1]


@cache
def _tones() -> tuple[Doubles, npt.NDArray[np.complex128]]:
    """(window, what each of the tones has in a frame of it)."""
    window = np.hanning(DTMF_WINDOW)
    tones = np.array([*LOW_HZ, *HIGH_HZ])
    turns = np.exp(-2j * np.pi * tones * np.arange(DTMF_WINDOW)[:, None] / RATE)
    return window, np.asarray(window[:, None] * turns, np.complex128)


def _dtmf(x: Doubles) -> list[Burst]:
    if len(x) < DTMF_WINDOW:
        return []
    frames = np.lib.stride_tricks.sliding_window_view(x, DTMF_WINDOW)[::DTMF_STEP]
    window, matrix = _tones()
    power = np.abs(frames @ matrix) ** 2
    # A full-scale tone gives (Σw/2)² in its bin and Σw²·½ in all: so much is one tone's share of the frame.
    total = ((frames * window) ** 2).sum(1) * window.sum() ** 2 / (2 * (window**2).sum()) + 1e-9
    low, high = power[:, :4], power[:, 4:]
    i, j = low.argmax(1), high.argmax(1)
    a, b = low.max(1), high.max(1)
    pure = (a + b) / total > PURITY
    even = np.abs(10 * np.log10((a + 1e-9) / (b + 1e-9))) < TWIST_DB
    loud = total > total.max() * 1e-3
    keys = [KEYS[r][c] if ok else "" for r, c, ok in zip(i, j, pure & even & loud, strict=True)]
    out: list[Burst] = []
    digits, began, quiet, at = "", 0, 0, 0
    for key, run in [*((k, len(list(g))) for k, g in itertools.groupby(keys)), ("", MAX_GAP_FRAMES + 1)]:
        if key and run >= MIN_FRAMES:
            began = at if not digits else began
            digits += key
            quiet = 0
        else:
            quiet += run
            if quiet > MAX_GAP_FRAMES and digits:
                if len(digits) >= MIN_DIGITS:
                    out.append(Burst("dtmf", digits, began * DTMF_STEP / RATE))
                digits = ""
        at += run
    return out


def _mdc1200(x: Doubles) -> list[Burst]:
    soft = _differences(x)
    needed = (SYNC_BITS + DATA_BITS) * _SPB
    if len(soft) < needed:
        return []
    sync = np.array([SYNC >> k & 1 for k in range(SYNC_BITS - 1, -1, -1)])
    differ = np.diff(sync) != 0
    last = len(soft) - (SYNC_BITS + DATA_BITS - 1) * _SPB
    square, power, likeness = soft * soft, np.zeros(last), np.zeros(last)
    for k, other in enumerate(differ):
        here = slice(k * _SPB, k * _SPB + last)
        power += square[here]
        (np.add if other else np.subtract)(likeness, soft[here], out=likeness)
    likeness /= np.sqrt(power * len(differ)) + 1e-9
    out: list[Burst] = []
    while len(out) < 2 and likeness.max(initial=0.0) >= SYNC_LEAST:
        peak = int(likeness.argmax())
        likeness[max(0, peak - 10 * _SPB) : peak + (SYNC_BITS + DATA_BITS) * _SPB] = 0
        begin = peak + (SYNC_BITS - 1) * _SPB
        code = _decoded(soft[begin : begin + DATA_BITS * _SPB : _SPB], int(sync[-1]))
        if code is not None:
            out.append(Burst("mdc1200", f"{code:04X}", max(0.0, peak / _BASE_RATE - PAD / RATE)))
    return sorted(out, key=lambda b: b.start)


def _differences(x: Doubles) -> Doubles:
    """Differential bit metric at _SPB samples per bit: how far the bit ending there differs from the previous one
    (1) or equals it (-1). The first value is PAD samples before ``x``."""
    x = np.pad(x, (PAD, PAD + -(len(x) + 2 * PAD) % _FFT))
    spectrum = np.fft.rfft(x)
    line = len(x) / RATE
    centre, width = round(1500 * line), round(_BAND_HZ * line)
    base = np.zeros(len(x) * _BASE_RATE // RATE, complex)
    base[: width + 1] = spectrum[centre : centre + width + 1]  # 1500 Hz shifted to 0
    base[-width:] = spectrum[centre - width : centre]
    kernel = np.hanning(_SPB + 2)[1:-1]
    rough, smooth, kernel = np.fft.ifft(base), np.empty(len(base), complex), kernel / kernel.sum()
    smooth.real, smooth.imag = (np.convolve(part, kernel, "same") for part in (rough.real, rough.imag))
    turn = smooth[_SPB:] * np.conj(smooth[:-_SPB])
    strength = np.abs(turn) + 1e-3 * np.abs(turn).max() + 1e-9
    return np.asarray(turn.imag / strength)  # +90° a bit is 1800 Hz, -90° is 1200 Hz


def _decoded(soft: Doubles, before: int) -> int | None:
    """Unit number from 112 soft differences if the CRC matches; otherwise None."""
    doubted = np.argsort(np.abs(soft))[:DOUBTED]
    for flips in itertools.chain([()], *(itertools.combinations(doubted, k) for k in (1, 2))):
        tried = soft.copy()
        tried[list(flips)] *= -1
        bits = (np.cumsum(tried > 0) + before) % 2
        for data in (_plain(bits),) if flips else (_plain(bits), _corrected(bits)):
            body = bytes(int("".join(map(str, byte[::-1])), 2) for byte in data.reshape(7, 8))
            if crc(body[:4]) == body[4] | body[5] << 8 and any(body[:4]):
                return body[2] << 8 | body[3]
    return None


def _spread(bits: Bits) -> Bits:
    """De-interleaved: 56 data bits, then 56 parity bits, LSB first."""
    return bits.reshape(DATA_BITS // INTERLEAVE, INTERLEAVE).T.reshape(-1)


def _plain(bits: Bits) -> Bits:
    return _spread(bits)[: DATA_BITS // 2]


def _corrected(bits: Bits) -> Bits:
    """Viterbi decoding of the systematic code; the register starts and ends at zero."""
    data, parity = np.split(_spread(bits), 2)
    memory = max(TAPS)
    states = np.arange(1 << memory)
    sums = np.zeros(len(states), np.int64)
    for tap in TAPS:
        if tap:
            sums ^= states >> (tap - 1) & 1
    cost = np.where(states == 0, 0.0, np.inf)
    back = np.zeros((len(data), len(states)), np.int64)
    for t in range(len(data)):
        new = np.full(len(states), np.inf)
        for bit in (0, 1):
            c = cost + (bit != data[t]) + ((bit ^ sums) != parity[t])
            after = (states << 1 | bit) & (len(states) - 1)
            for s in np.argsort(c, kind="stable")[::-1]:
                if c[s] <= new[after[s]]:
                    new[after[s]] = c[s]
                    back[t, after[s]] = s
        cost = new
    state = 0
    out = np.zeros(len(data), np.int64)
    for t in range(len(data) - 1, -1, -1):
        out[t] = state & 1
        state = int(back[t, state])
    return out


def crc(data: bytes) -> int:
    """MDC1200 CRC: CRC-16 with polynomial 0x1021, bytes LSB first, result reversed and inverted."""
    value = 0
    for byte in data:
        for k in range(8):
            top = value >> 15 ^ byte >> k & 1
            value = (value << 1 & 0xFFFF) ^ (0x1021 if top else 0)
    return int(f"{value:016b}"[::-1], 2) ^ 0xFFFF
