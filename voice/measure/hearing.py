"""The hear-yourself test: can this net's call signs be told apart over the air, by us?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from voice.grammar.lexicon import Entry
from voice.measure.channel import Channel, received
from voice.pcm import RATE
from voice.radio.over import Over
from voice.speech.synthesiser import Synthesiser, Voice
from voice.station.ear import Ear

VOICES = ("m3", "f4", "max", "f1", "m7", "linda")


@dataclass(frozen=True, slots=True)
class Hearing:
    """One voice said the call sign once."""

    voice: str
    right: bool
    """The over was understood as this unit and no other."""
    text: str


def hear_yourself(
    ear: Ear,
    entry: Entry,
    synthesiser: Synthesiser,
    channel: Channel,
    voices: tuple[str, ...],
    rng: np.random.Generator,
) -> list[Hearing]:
    """Synthesise the call sign in each voice, send it through the channel, recognise it."""
    out = []
    for name in voices:
        spoken = [place[0] for place in entry.readings[0]]
        samples, rate = synthesiser.say(entry.text, spoken, Voice(160, 50, name))
        pcm = received(samples, channel.with_(tail_s=0.0), rng, rate)
        message = ear.understand(Over(1, 0.0, len(pcm) / RATE, pcm, 0.0, 0.0), ear.recogniser.recognise(pcm))
        units = {i.key for i in message.items if i.kind == "unit"}
        out.append(Hearing(name, units == {entry.key}, message.text))
    return out
