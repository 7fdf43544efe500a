"""How well free speech is written down: syllable errors of our own free syllables, of Whisper base alone, and of the
text that is chosen from both.

    python -m voice.measure.reading --whisper FOLDER --speech ZIP --split eval --most 30 --snr 20,10

A line of the zip's ``labels.tsv`` begins with the file and ends with the text. A text that is not shown counts as
wrong in full.
"""

from __future__ import annotations

import argparse
import random
import re
import time
import zipfile
from pathlib import Path

import numpy as np
import soundfile

from voice.measure.channel import Channel, received
from voice.measure.intelligibility import errors, rows
from voice.net.loading import load_net
from voice.pcm import RATE
from voice.places import sample_net
from voice.speech.whisper import Whisper, alone
from voice.station.ear import open_ear
from voice.station.two_pass import TwoPass


def of_split(row: list[str], split: str) -> bool:
    """Whether a line of the table belongs to a split that it names, or to the odd or even ones by its file's number."""
    if split in ("odd", "even"):
        return int(re.findall(r"\d+", row[0])[-1]) % 2 == (split == "odd")
    return not split or split in row[1:-1]


def main() -> None:
    """A line a level; --each shows every text."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--speech", type=Path, required=True)
    parser.add_argument("--whisper", type=Path, required=True)
    parser.add_argument("--split", default="", help="as named in the table; “odd” or “even”: by the file's number")
    parser.add_argument("--model", help="name or folder of the speech model")
    parser.add_argument("--most", type=int, default=30)
    parser.add_argument("--snr", default="20,10")
    parser.add_argument("--names", default="", help="words that Whisper is told to expect")
    parser.add_argument("--each", action="store_true")
    o = parser.parse_args()
    net = load_net(sample_net())
    ear, whisper = open_ear(net, model=o.model), Whisper(o.whisper)
    assert ear.chooser is not None and isinstance(ear.recogniser, TwoPass)
    with zipfile.ZipFile(o.speech) as z:
        table = [line.split("\t") for line in z.read("labels.tsv").decode("utf-8-sig").splitlines()]
        table = [r for r in table if of_split(r, o.split)]
        inside = {Path(n).name: n for n in z.namelist()}
        chosen = random.Random(0).sample(table, min(o.most, len(table)))  # noqa: S311
        clips = []
        for r in chosen:
            with z.open(inside[r[0]]) as f:
                clips.append((r[-1], *soundfile.read(f, dtype="float32")))
    for snr in map(float, o.snr.split(",")):
        rng = np.random.default_rng(0)
        wrong, shown = np.zeros(3, int), np.zeros(2, int)
        n = 0
        took = seconds = 0.0
        for text, samples, rate in clips:
            pcm = received(samples, Channel(snr_db=snr), rng, rate)
            truth = next(iter(rows(net, text)))
            stream = ear.recogniser.stream()
            stream.accept(pcm)
            scores = stream.scores()
            free = ear.chooser.free.syllables(scores)
            began = time.process_time()
            passages = whisper.hear(pcm, o.names)
            found = [alone(passages), ear.chooser.choose(passages, scores)]
            took += time.process_time() - began
            n, seconds = n + len(truth), seconds + len(pcm) / RATE
            written = (min(errors(truth, h) for h in rows(net, t.text)) for t in found)
            wrong += [errors(truth, free), *written]
            shown += [bool(t.text) for t in found]
            if o.each:
                texts = " | ".join(f"{t.text or '–'} {t.confidence:.2f} {t.suppressed}" for t in found)
                print(f"{text} | {' '.join(free)} | {texts}", flush=True)
        own, whispered, best = wrong / n
        print(
            f"{snr:g} dB, {len(clips)} overs, {n} syllables: own free syllables {own:.3f}, Whisper alone "
            f"{whispered:.3f} ({shown[0]} shown), chosen {best:.3f} ({shown[1]} shown); "
            f"{took / seconds:.2f} s of CPU a second of speech",
            flush=True,
        )


if __name__ == "__main__":
    main()
