"""A two-way FM radio channel: the effect of handheld and receiver on speech.

In signal order: clipped first syllable (late keying), microphone band-pass, limiter, discriminator noise at a given
signal-to-noise ratio in the voice band (rising with frequency, then de-emphasised; clicks appear below the threshold of
about 10 dB), receiver band-pass, squelch tail. Between overs a squelched receiver is silent, an open one hisses loudly.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import soxr

from voice.pcm import RATE, Pcm16

Samples = npt.NDArray[np.float64]

SPEECH_RMS = 2500.0
"""Level of the received speech, int16 steps: 22 dB below full scale."""

CLICK_THRESHOLD_DB = 10.0
"""FM threshold: the discriminator clicks below it (Rice, 1963)."""


@dataclass(frozen=True, slots=True)
class Channel:
    """Parameters of the path."""

    snr_db: float | None = 20.0
    """Signal-to-noise ratio in the voice band, dB; None: full quieting (45 dB)."""

    squelch: Literal["closed", "open"] = "closed"
    tail_s: float = 0.15
    """Noise burst from loss of carrier until the squelch closes."""

    lead_s: float = 0.25
    """Unmodulated carrier before speech."""

    onset_cut_s: float = 0.0
    """Speech lost to late keying or a slow squelch."""

    limiter: float = 1.5
    """Drive of the transmitter's limiter; 0: off."""

    low_hz: float = 300.0
    high_hz: float = 3000.0

    def with_(self, **changes: object) -> Channel:
        """A copy with other values."""
        return replace(self, **changes)  # type: ignore[arg-type]


def band_pass(x: Samples, low: float, high: float) -> Samples:
    """Zero-phase band-pass with soft edges (12 % of the corner frequencies)."""
    if len(x) == 0:
        return x
    n = 1 << (len(x) + RATE // 10 - 1).bit_length()
    f = np.fft.rfftfreq(n, 1 / RATE)
    gain = 1 / (1 + np.exp(-(f - low) / (0.06 * low))) / (1 + np.exp((f - high) / (0.04 * high)))
    return np.asarray(np.fft.irfft(np.fft.rfft(x, n) * gain, n)[: len(x)])


def discriminator_noise(n: int, snr_db: float, rng: np.random.Generator) -> Samples:
    """Noise of unit power: parabolic in power, de-emphasised above 500 Hz, with clicks near threshold."""
    white = np.diff(rng.standard_normal(n + 1))
    smooth = np.empty(n)
    a, state = float(np.exp(-2 * np.pi * 500 / RATE)), 0.0
    for start in range(0, n, 4096):  # one-pole de-emphasis, block by block
        block = white[start : start + 4096]
        powers = a ** np.arange(1, len(block) + 1)
        kernel = a ** np.arange(len(block))
        size = 2 * len(block)
        run = np.fft.irfft(np.fft.rfft(block, size) * np.fft.rfft(kernel, size), size)[: len(block)]
        smooth[start : start + len(block)] = run + powers * state
        state = smooth[start + len(block) - 1]
    noise = smooth / (smooth.std() + 1e-12)
    if snr_db < CLICK_THRESHOLD_DB:
        rate = 2.0 * 10 ** ((CLICK_THRESHOLD_DB - snr_db) / 10)  # per second
        at = rng.random(n) < rate / RATE
        clicks = np.convolve(at * rng.choice([-1.0, 1.0], n), np.exp(-np.arange(12) / 3.0))[:n]
        noise = noise + 6.0 * clicks
    return np.asarray(noise)


def transmit(speech: Samples, channel: Channel, rng: np.random.Generator) -> tuple[Samples, float, float]:
    """One over as received, including the tail.

    ``speech``: at RATE, any level. Returns (samples in int16 scale, start and end of the speech in s).
    """
    x = np.asarray(speech, np.float64)
    cut = min(len(x), round(channel.onset_cut_s * RATE))
    x = x[cut:]
    loud = np.abs(x) > 0.1 * (np.abs(x).max() if len(x) else 1.0)
    rms = float(np.sqrt(np.mean(x[loud] ** 2))) if loud.any() else 1.0
    x = band_pass(x / (rms + 1e-12), channel.low_hz, channel.high_hz)
    if channel.limiter > 0:
        x = np.tanh(x * channel.limiter / 2) * 2 / channel.limiter
    lead, after = round(channel.lead_s * RATE), round(0.12 * RATE)
    tail = round(channel.tail_s * RATE)
    carrier = np.concatenate([np.zeros(lead), x, np.zeros(after)])
    snr = 45.0 if channel.snr_db is None else channel.snr_db
    active = np.abs(carrier) > 0.05
    power = float(np.sqrt(np.mean(carrier[active] ** 2))) if active.any() else 1.0
    noise = discriminator_noise(len(carrier), snr, rng)
    noise = band_pass(noise, channel.low_hz, channel.high_hz)
    out = carrier + noise / (noise.std() + 1e-12) * power / 10 ** (snr / 20)
    if tail:
        out = np.concatenate([out, hiss(tail, rng) * 1.2])
    voiced = np.where(np.abs(x) > 0.05)[0]
    begin = (lead + (int(voiced[0]) if len(voiced) else 0)) / RATE
    end = (lead + (int(voiced[-1]) if len(voiced) else len(x))) / RATE
    return out * SPEECH_RMS, begin, end


def received(speech: npt.NDArray[Any], channel: Channel, rng: np.random.Generator, rate: int = RATE) -> Pcm16:
    """Received audio of one over: ``speech`` at ``rate``, sent through ``channel``."""
    x = speech.astype(np.float64)
    return to_receiver(transmit(x if rate == RATE else soxr.resample(x, rate, RATE), channel, rng)[0])


def hiss(n: int, rng: np.random.Generator) -> Samples:
    """Open-squelch noise of unit power in the voice band."""
    x = band_pass(discriminator_noise(n, 30.0, rng), 300.0, 3000.0)
    return np.asarray(x / (x.std() + 1e-12))


def gap(seconds: float, channel: Channel, rng: np.random.Generator) -> Samples:
    """Receiver output between two overs: slight mains hum and amplifier hiss, or open-squelch noise."""
    n = max(0, round(seconds * RATE))
    if channel.squelch == "open" and n:
        return hiss(n, rng) * SPEECH_RMS * 1.2
    return rng.standard_normal(n) * 1.5


def heterodyne(a: Samples, b: Samples, rng: np.random.Generator) -> Samples:
    """Doubling: both voices distorted, with the beat note of the carriers."""
    n = max(len(a), len(b))
    both = np.pad(a, (0, n - len(a))) + np.pad(b, (0, n - len(b)))
    together = min(len(a), len(b))
    whistle = np.zeros(n)
    hz = rng.uniform(900, 2400)
    whistle[:together] = np.sin(2 * np.pi * hz * np.arange(together) / RATE)
    return np.asarray(np.tanh(both / SPEECH_RMS / 1.5) * 1.2 * SPEECH_RMS + whistle * 1.6 * SPEECH_RMS)


def to_receiver(x: Samples) -> Pcm16:
    """int16 with clipping."""
    return np.clip(np.rint(x), -32768, 32767).astype(np.int16)
