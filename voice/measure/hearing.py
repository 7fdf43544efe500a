"""Hear-yourself test: can we tell this net's call signs apart over the air?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from voice.grammar.lexicon import Entry
from voice.measure.channel import Channel, received
from voice.pcm import RATE
from voice.radio.over import Over
from voice.speech.synthesiser import SpeechSettings, Synthesiser
from voice.station.announcer import Announcer
from voice.station.ear import Ear

VOICES = ("m3", "f4", "max", "f1", "m7", "linda")


@dataclass(frozen=True, slots=True)
class Hearing:
    """A call sign spoken once by one voice."""

    voice: str
    right: bool
    """Recognised as this unit and no other."""
    text: str


def hear_yourself(
    ear: Ear,
    entry: Entry,
    synthesiser: Synthesiser,
    channel: Channel,
    voices: tuple[str, ...],
    rng: np.random.Generator,
    speaker: Announcer | None = None,
) -> list[Hearing]:
    """Synthesise the call sign in each voice, and the station's own if ``speaker`` is given, send it through the
    channel and recognise it."""
    spoken = [place[0] for place in entry.readings[0]]
    said = [(name, *synthesiser.say(entry.text, spoken, SpeechSettings(160, 50, name))) for name in voices]
    if speaker is not None:
        said.append((f"our own, {speaker.voice.name}", np.asarray(speaker.say(entry.text) / 32768, np.float32), RATE))
    out = []
    for name, samples, rate in said:
        pcm = received(samples, channel.with_(tail_s=0.0), rng, rate)
        message = ear.understand(Over.whole(pcm), ear.recogniser.recognise(pcm))
        units = {i.key for i in message.items if i.kind == "unit"}
        out.append(Hearing(name, units == {entry.key}, message.text))
    return out
