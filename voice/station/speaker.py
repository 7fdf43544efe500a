"""The station's voice: recorded prompts where there are some, the synthetic voice for the rest."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import soxr

from voice.audio.source import SUFFIXES, open_recording
from voice.errors import HuyingError
from voice.mandarin.readings import PAUSE, CannotBeRead, for_the_air
from voice.net.loading import Net
from voice.pcm import RATE, Pcm16, to_pcm16
from voice.radio.transmitter import levelled
from voice.speech.synthesiser import Synthesiser, Voice, voice_variants

GAP_S = 0.2
"""Between a recorded prompt and what stands beside it."""

MARKS = ("[。!?！？;；]", "[,，、:：]")
"""Where an announcement that is too long is cut: better after a sentence than after a clause."""

LEVEL_DB = -12.0
"""Of each piece before they are joined: prompts and synthesis are equally loud."""


class Unreadable(HuyingError):
    """A text for which there is no reading: it cannot be said now or later."""


class Speaker:
    """Text to PCM in the net's voice."""

    def __init__(self, net: Net, synthesiser: Synthesiser) -> None:
        """Raises HuyingError for a voice that is not there: the engine would speak with another one."""
        self._net, self._synthesiser = net, synthesiser
        known, wanted = voice_variants(), net.settings.voice.variant
        if known and wanted not in known:
            raise HuyingError(f"{net.folder / 'net.toml'}: no voice “{wanted}”; there is: {', '.join(sorted(known))}")
        folder = net.settings.station.prompts
        self._prompts = _prompts(net.folder / folder) if folder else {}

    def say(self, text: str) -> Pcm16:
        """At 8000 Hz. Raises Unreadable, SpeechError, or HuyingError for a prompt that cannot be opened."""
        pieces: list[Pcm16] = []
        run: list[str] = []
        for part in [p for p in PAUSE.split(for_the_air(text)) if p] + [""]:
            if part and part not in self._prompts:
                run.append(part)
                continue
            if run:
                pieces.append(self._synthesised(",".join(run)))
                run = []
            if part:
                frames = [f.pcm for f in open_recording(self._prompts[part]).frames()]
                pieces.append(np.concatenate(frames) if frames else np.zeros(0, np.int16))
        gap = np.zeros(round(GAP_S * RATE), np.int16)
        joined = [x for p in pieces for x in (levelled(p, LEVEL_DB), gap)]
        return np.concatenate(joined[:-1]) if joined else np.zeros(0, np.int16)

    def parts(self, text: str, longest_s: float) -> list[Pcm16]:
        """What ``say`` gives, in transmissions of ``longest_s`` at most: cut where a sentence or a clause ends."""
        whole = self.say(text)
        if len(whole) <= longest_s * RATE or len(text) < 2:
            return [whole]
        middle = len(text) // 2
        near = [m.end() for marks in MARKS for m in re.finditer(marks, text) if abs(m.end() - middle) <= len(text) / 4]
        cut = near[0] if near else middle
        return self.parts(text[:cut], longest_s) + self.parts(text[cut:], longest_s)

    def _synthesised(self, text: str) -> Pcm16:
        v = self._net.settings.voice
        try:
            syllables = self._net.spell(text)
        except CannotBeRead as e:
            raise Unreadable(f"{e} in “{text}”; write it in Chinese characters, digits and letters") from e
        samples, rate = self._synthesiser.say(text, syllables, Voice(v.rate, v.pitch, v.variant))
        return to_pcm16(np.asarray(soxr.resample(samples, rate, RATE)))


def _prompts(folder: Path) -> dict[str, Path]:
    """What is said → its recording: the file's name is the text."""
    return {p.stem: p for p in sorted(folder.glob("*")) if p.suffix.lower() in SUFFIXES}
