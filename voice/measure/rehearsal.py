"""Rehearsal material for adaptation: arbitrary speech over typical channels, so that the model does not forget it.

A station's confirmed overs are phrases of its net by a few voices on one channel. Trained on those alone, the model
finds phrases in everything. So it is also shown synthetic speech of random characters, with only its own previous
output as the target (learning without forgetting; Li and Hoiem, ECCV 2016).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from voice.mandarin.numerals import CannotBeRead
from voice.measure.channel import Channel, received
from voice.net.loading import Net
from voice.pcm import Pcm16
from voice.speech.synthesiser import SpeechSettings, Synthesiser

OVERS = 120
CHARACTERS = (4, 10)
"""Characters per over."""

VOICES = ("m2", "f5", "m5", "linda", "m6", "max")
SNR_DB = (5.0, 40.0)

_ROWS, _PLACES = 39, 94
"""The 3,755 common characters of GB 2312 are in rows 16 to 54 of 94, ordered by sound."""


def character(number: int) -> str:
    """One of the common characters, 0..3665."""
    row, place = divmod(number, _PLACES)
    return bytes((0xB0 + row, 0xA1 + place)).decode("gb2312")


def rehearsal(
    net: Net,
    synthesiser: Synthesiser,
    overs: int = OVERS,
    seed: int = 0,
    progress: Callable[[float], None] = lambda _share: None,
) -> Iterator[Pcm16]:
    """Overs as received. Raises SpeechError."""
    rng = np.random.default_rng(seed)
    for k in range(overs):
        text = "".join(character(int(n)) for n in rng.integers(0, _ROWS * _PLACES, int(rng.integers(*CHARACTERS))))
        voice = SpeechSettings(int(rng.integers(140, 200)), int(rng.integers(35, 65)), VOICES[k % len(VOICES)])
        snr = float(rng.uniform(*SNR_DB))
        try:
            samples, rate = synthesiser.say(text, net.readings.spoken(text), voice)
        except CannotBeRead:  # a character without a reading in this net
            continue
        yield received(samples, Channel(snr_db=snr, tail_s=0.0), rng, rate)
        progress((k + 1) / overs)
