"""How well free speech is written down: syllable errors of our own free syllables, of our own ear with words, of
Whisper base alone, and of both together.

    python -m voice.measure.reading --whisper FOLDER --speech ZIP --split eval --most 30 --snr 20,10

A line of the zip's ``labels.tsv`` begins with the file and ends with the text. A text that is not shown counts as
wrong in full. Without --whisper our own ear alone is measured.
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
from voice.speech.whisper import Passage, Whisper, alone
from voice.station.ear import open_ear
from voice.station.two_pass import TwoPass

WRITERS = ("own free syllables", "own ear with words", "Whisper alone", "both")

TUNED_ON = slice(5, None, 10)
"""People of split “train” who choose costs and thresholds and are not trained on, in the order of their names."""


def of_split(table: list[list[str]], split: str) -> list[list[str]]:
    """Lines of a split that they name; the odd or even ones by their file's number; or those of “tune”."""
    if split in ("odd", "even"):
        return [r for r in table if int(re.findall(r"\d+", r[0])[-1]) % 2 == (split == "odd")]
    if split == "tune":
        people = sorted({r[1] for r in table if r[2] == "train"})[TUNED_ON]
        return [r for r in table if r[1] in people]
    return [r for r in table if not split or split in r[1:-1]]


def main() -> None:
    """A line a level; --each shows every text."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--speech", type=Path, required=True)
    parser.add_argument("--whisper", type=Path, help="folder of whisper-base")
    told = "as named in the table; “tune”: people who tuned; “odd” or “even”: by the file's number"
    parser.add_argument("--split", default="", help=told)
    parser.add_argument("--model", help="name or folder of the speech model")
    parser.add_argument("--most", type=int, default=30)
    parser.add_argument("--snr", default="20,10")
    parser.add_argument("--names", default="", help="words that Whisper is told to expect")
    parser.add_argument("--each", action="store_true")
    o = parser.parse_args()
    net = load_net(sample_net())
    ear, whisper = open_ear(net, model=o.model), Whisper(o.whisper) if o.whisper else None
    assert ear.chooser is not None and isinstance(ear.recogniser, TwoPass)
    with zipfile.ZipFile(o.speech) as z:
        table = [line.split("\t") for line in z.read("labels.tsv").decode("utf-8-sig").splitlines()]
        table = of_split(table, o.split)
        inside = {Path(n).name: n for n in z.namelist()}
        chosen = random.Random(0).sample(table, min(o.most, len(table)))  # noqa: S311
        clips = []
        for r in chosen:
            with z.open(inside[r[0]]) as f:
                clips.append((r[-1], *soundfile.read(f, dtype="float32")))
    for snr in map(float, o.snr.split(",")):
        rng = np.random.default_rng(0)
        wrong, shown, took = np.zeros(len(WRITERS), int), np.zeros(len(WRITERS), int), np.zeros(len(WRITERS))
        n = 0
        seconds = 0.0
        for text, samples, rate in clips:
            pcm = received(samples, Channel(snr_db=snr), rng, rate)
            truth = next(iter(rows(net, text)))
            stream = ear.recogniser.stream()
            stream.accept(pcm)
            scores = stream.scores()
            sounds = stream.sounds()
            began = [time.process_time()]
            free = ear.chooser.free.syllables(scores)
            began.append(time.process_time())
            found = [ear.chooser.choose([Passage(0.0, len(pcm) / RATE, ())], sounds)]
            began.append(time.process_time())
            if whisper is not None:
                passages = whisper.hear(pcm, o.names)
                found.append(alone(passages))
                began.append(time.process_time())
                found.append(ear.chooser.choose(passages, sounds))
                began.append(time.process_time())
            texts = [" ".join(free), *(t.text for t in found)]
            n, seconds = n + len(truth), seconds + len(pcm) / RATE
            written = [errors(truth, free), *(min(errors(truth, h) for h in rows(net, t.text)) for t in found)]
            for k, e in enumerate(written):
                wrong[k] += e
                shown[k] += bool(texts[k])
                took[k] += began[k + 1] - began[k]
            if o.each:
                each = (f"{t.text or '–'} {t.confidence:.2f} {t.suppressed}" for t in found)
                print(" | ".join([text, texts[0], *each]), flush=True)
        figures = (
            f"{name} {w / n:.3f} ({s} shown, {c / seconds:.2f} s)"
            for name, w, s, c in zip(WRITERS, wrong, shown, took, strict=True)
        )
        print(
            f"{snr:g} dB, {len(clips)} overs, {n} syllables, wrong (shown, CPU for a second of speech): "
            + ", ".join(list(figures)[: 2 if whisper is None else None]),
            flush=True,
        )


if __name__ == "__main__":
    main()
