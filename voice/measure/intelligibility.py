"""How well voices are understood through a radio: by our own ear, and by a recogniser that knows nothing of us.

    python -m voice.measure.intelligibility --voices kokoro,espeak --snr 20,10,5

Call signs of the net are heard by our own ear; announcements and rows of figures are written down by Whisper base and
compared by toneless syllables, figures as figures however they are said. Both see the same simulated channel.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from voice.mandarin.numerals import cardinal
from voice.mandarin.readings import toneless
from voice.measure.channel import Channel, received
from voice.measure.hearing import hear_yourself
from voice.net.loading import Net, load_net
from voice.pcm import Pcm16
from voice.places import cache_folder, sample_net
from voice.speech.synthesiser import Synthesiser
from voice.station.announcer import Announcer
from voice.station.ear import open_ear

ANNOUNCEMENTS = (
    "各单位注意,现在开始点名。",
    "省残联,省残联,门前秩序是否良好?请回答。",
    "贾岗社区治安队,贾岗社区治安队,是否正常?请回答。",
    "点名完毕。应到四十二,实到四十,未应答两个:贾岗社区治安队、安和社区。",
    "各单位注意,今天晚上八点在东门集合,带好手电筒。",
    "发现一名走失老人,穿黑色上衣,请各单位注意观察。",
)
FIGURES = ("370142", "508", "96231", "418057")
"""Rows as a plate or a check code is read."""

_VALUES = {"dong": "ling", "yao": "yi", "liang": "er", "guai": "qi", "gou": "jiu"}
"""A figure's name on the radio → its everyday one."""


def errors(said: Sequence[str], heard: Sequence[str]) -> int:
    """Edit distance of two rows."""
    row = list(range(len(heard) + 1))
    for i, s in enumerate(said, 1):
        before, row[0] = row[0], i
        for j, h in enumerate(heard, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (s != h))
    return row[-1]


def rows(net: Net, text: str) -> Iterable[list[str]]:
    """Toneless syllables of a text; numbers one by one and as numbers."""
    plain = "".join(re.findall("[一-鿿0-9]+", text))
    for one_by_one in (True, False):
        spelled = plain if one_by_one else re.sub("[0-9]{1,4}", lambda m: cardinal(int(m[0])), plain)
        try:
            said = [toneless(s) for s in net.readings.spoken(spelled, talk=True)] if spelled else []
        except ValueError:
            said = []
        yield [_VALUES.get(s, s) for s in said]


def syllable_errors(net: Net, said: str, heard: str) -> tuple[int, int]:
    """(errors of the best reading of what was heard, syllables that were said)."""
    (truth,) = itertools.islice(rows(net, said), 1)
    return min(errors(truth, h) for h in rows(net, heard)), len(truth)


def _tell(text: str) -> None:
    print(text, file=sys.stderr)


def main() -> None:
    """A line a voice and level: call signs by our own ear, syllable error by Whisper."""
    from voice.speech.whisper import Whisper  # the extra [dictation]

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--net", type=Path, default=sample_net())
    parser.add_argument("--voices", default="kokoro,espeak", help="engines, or engine:speaker")
    parser.add_argument("--snr", default="20,10,5")
    parser.add_argument("--signs", type=int, default=20)
    parser.add_argument("--whisper", type=Path, required=True, help="folder of whisper-base")
    o = parser.parse_args()
    net = load_net(o.net)
    ear, whisper = open_ear(net), Whisper(o.whisper)
    signs = [e for e in net.lexicon.entries if e.kind == "unit"][: o.signs]
    with Synthesiser(cache_folder() / "speech") as synthesiser:
        for wanted in o.voices.split(","):
            engine, _, name = wanted.partition(":")
            own = net.settings.voice.model_copy(update={"engine": engine, "speaker": name})
            there = load_net(o.net)
            object.__setattr__(there, "settings", there.settings.model_copy(update={"voice": own}))
            with contextlib.closing(Announcer(there, synthesiser, _tell)) as speaker:
                for snr in map(float, o.snr.split(",")):
                    rng, channel = np.random.default_rng(0), Channel(snr_db=snr)
                    right = sum(hear_yourself(ear, e, synthesiser, channel, (), rng, speaker)[0].right for e in signs)
                    told = [_written(net, whisper, speaker, texts, channel, rng) for texts in (ANNOUNCEMENTS, FIGURES)]
                    print(
                        f"{speaker.voice.name} {snr:g} dB: own ear {right}/{len(signs)} call signs; "
                        f"Whisper {told[0]:.3f} announcements, {told[1]:.3f} figures",
                        flush=True,
                    )


def _written(
    net: Net, whisper: object, speaker: Announcer, texts: Iterable[str], channel: Channel, rng: np.random.Generator
) -> float:
    wrong = n = 0
    for text in texts:
        pcm: Pcm16 = received(speaker.say(text) / 32768, channel, rng)
        a, b = syllable_errors(net, text, whisper.write(pcm).text)  # type: ignore[attr-defined]
        wrong, n = wrong + a, n + b
    return wrong / n


if __name__ == "__main__":
    main()
