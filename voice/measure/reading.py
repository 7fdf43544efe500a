"""How well free speech is written down: syllable errors of our own free syllables and of Whisper base.

    python -m voice.measure.reading --whisper FOLDER --speech ZIP --split eval --most 30 --snr 20,10

A line of the zip's ``labels.tsv`` begins with the file and ends with the text.
"""

from __future__ import annotations

import argparse
import random
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
from voice.speech.dictation_worker import agrees
from voice.speech.whisper import Whisper
from voice.station.ear import open_ear


def main() -> None:
    """A line a level; --each shows every text."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--speech", type=Path, required=True)
    parser.add_argument("--whisper", type=Path, required=True)
    parser.add_argument("--split", default="")
    parser.add_argument("--most", type=int, default=30)
    parser.add_argument("--snr", default="20,10")
    parser.add_argument("--names", default="", help="words that the model is told to expect")
    parser.add_argument("--each", action="store_true")
    o = parser.parse_args()
    net = load_net(sample_net())
    ear, whisper = open_ear(net), Whisper(o.whisper)
    assert ear.verification is not None
    with zipfile.ZipFile(o.speech) as z:
        table = [line.split("\t") for line in z.read("labels.tsv").decode("utf-8").splitlines()]
        table = [r for r in table if not o.split or o.split in r[1:-1]]
        inside = {Path(n).name: n for n in z.namelist()}
        chosen = random.Random(0).sample(table, min(o.most, len(table)))  # noqa: S311
        clips = []
        for r in chosen:
            with z.open(inside[r[0]]) as f:
                clips.append((r[-1], *soundfile.read(f, dtype="float32")))
    for snr in map(float, o.snr.split(",")):
        rng = np.random.default_rng(0)
        own = written = shown = hidden = n = 0
        took = seconds = 0.0
        for text, samples, rate in clips:
            pcm = received(samples, Channel(snr_db=snr), rng, rate)
            truth = next(iter(rows(net, text)))
            scores = ear.recogniser.recognise(pcm).loglikes
            assert scores is not None
            free = [
                w.symbol.removeprefix("#")
                for w in ear.verification.free.hear(scores, 0.0, len(pcm) / RATE).words
                if w.symbol.startswith("#")
            ]
            began = time.process_time()
            found = whisper.write(pcm, o.names)
            took += time.process_time() - began
            believed = found.text if agrees(found.text, free) else ""
            wrong = min(errors(truth, h) for h in rows(net, believed))
            n, own, written = n + len(truth), own + errors(truth, free), written + wrong
            shown, hidden = shown + bool(believed), hidden + (not believed)
            seconds += len(pcm) / RATE
            if o.each:
                print(f"{text} | {' '.join(free)} | ≈{believed} {found.confidence:.2f} {found.suppressed}")
        print(
            f"{snr:g} dB: own free syllables {own / n:.3f}, whisper-base {written / n:.3f} "
            f"({hidden} of {shown + hidden} not shown); {took / seconds:.2f} s of CPU a second of speech",
            flush=True,
        )


if __name__ == "__main__":
    main()
