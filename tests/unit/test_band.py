"""What a voice gets for a handheld's band: more of 1 to 3 kHz, less swing, no clipping."""

from __future__ import annotations

import numpy as np

from voice.pcm import RATE, Floats
from voice.speech.band import EMPHASIS_DB, for_a_handheld


def tone(hz: float, s: float = 1.0, level: float = 0.5) -> Floats:
    return np.asarray(level * np.sin(2 * np.pi * hz * np.arange(round(s * RATE)) / RATE), np.float32)


def power_db(x: Floats, hz: float) -> float:
    spectrum = np.abs(np.fft.rfft(x * np.hanning(len(x)))) ** 2
    f = np.fft.rfftfreq(len(x), 1 / RATE)
    return float(10 * np.log10(spectrum[np.abs(f - hz) < 10].sum()))


def test_what_carries_consonants_is_raised() -> None:
    y = for_a_handheld(tone(400) + tone(2000))
    assert abs(power_db(y, 2000) - power_db(y, 400) - EMPHASIS_DB) < 1.0
    hum = for_a_handheld(tone(100) + tone(2000))
    assert power_db(hum, 2000) - power_db(hum, 100) > 15


def test_soft_parts_come_nearer_to_loud_ones() -> None:
    y = for_a_handheld(np.concatenate([tone(1500, 0.5, 0.5), tone(1500, 0.5, 0.1)]))
    loud, soft = np.abs(y[1000:3000]).max(), np.abs(y[6000:]).max()
    assert 5.5 < 20 * np.log10(loud / soft) < 9.5  # 14 dB before


def test_it_never_clips_and_bears_nothing() -> None:
    assert np.abs(for_a_handheld(tone(1000, 1.0, 3.0))).max() <= 0.91
    assert len(for_a_handheld(np.zeros(0, np.float32))) == 0
    assert np.isfinite(for_a_handheld(np.zeros(4000, np.float32))).all()
