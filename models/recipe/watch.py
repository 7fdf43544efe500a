"""A long watch: many hours of talk in which nobody says a phrase of the net → ``watch.md`` in the model folder.

A rate of 0.1 false words an hour shows itself in thirty hours at the earliest. So much foreign speech of people
there is not; the test voices read sentences, everyday words in rows, and syllables in rows that no dictionary has.
"""

from __future__ import annotations

import tempfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from tqdm import tqdm

from models.recipe.curves import WISHED, total
from models.recipe.kinds import sounds_in_row
from models.recipe.people import Said, utterance
from models.recipe.synthetic import Espeak
from models.recipe.trials import SNRS, SPEECH_LIKE, TEST_VOICES, WORDS, db
from voice.mandarin.phones import SYLLABLES
from voice.mandarin.spelling import espeak_text
from voice.measure.channel import Channel, received
from voice.measure.evaluation import CLASSES, Trials, evaluate, poisson_upper
from voice.net.loading import Net, load_net
from voice.places import sample_net
from voice.station.ear import open_ear

HOURS = 30.0
"""With no false word in them, a true rate above 0.1 an hour is excluded with 95 %."""

PARTS = 3
"""Jobs for each voice and signal-to-noise ratio: progress is seen and kept, and two processes end together."""

THRESHOLDS = (0.5, 0.7, 0.9, 0.95, 0.98)

_Job = tuple[Path, Path, str, float | None, int]


def row_of_no_phrase(net: Net, rng: np.random.Generator) -> list[str]:
    """Toned syllables of one over that holds no phrase of the net: 8 to 30 of them."""
    readings = net.readings
    while True:
        kind = rng.integers(3)
        if kind == 0:
            row = readings.spoken("".join(map(str, rng.choice(SPEECH_LIKE, 2, replace=False))))
        elif kind == 1:
            row = [s for w in rng.choice(WORDS, int(rng.integers(4, 10)), replace=False) for s in readings.spoken(w)]
        else:
            row = [f"{s}{rng.integers(1, 5)}" for s in rng.choice(SYLLABLES, int(rng.integers(8, 20)))]
        if not any(sounds_in_row(e, row) for e in net.lexicon.spoken):
            return row


def _listen(job: _Job) -> Trials:
    model, cache, voice, snr, part = job
    ear = open_ear(load_net(sample_net()), cache / "graphs", str(model))
    rng = np.random.default_rng((101, TEST_VOICES.index(voice), round(snr or 99), part))
    trials = Trials()
    with tempfile.TemporaryDirectory() as place:
        engine = Espeak(Path(place))
        while trials.hours < HOURS / (len(TEST_VOICES) * len(SNRS) * PARTS):
            text = espeak_text(row_of_no_phrase(ear.net, rng))
            x = engine.say(text, f"cmn-latn-pinyin+{voice}", int(rng.integers(145, 210)), int(rng.integers(35, 66)))
            pcm = received(x, Channel(snr_db=snr, tail_s=0.0), rng, engine.rate)
            evaluate(ear, [utterance(Said(pcm, "", voice))], trials)
    return trials


def watch(model: Path, cache: Path) -> None:
    """Listen for HOURS and write what was believed, after every job: a watch that is broken off keeps what it heard."""
    jobs: list[_Job] = [(model, cache, v, s, k) for k in range(PARTS) for v in TEST_VOICES for s in SNRS]
    found: list[Trials] = []
    # A process for each job: espeak-ng's noise goes on from one job to the next.
    with ProcessPoolExecutor(2, get_context("spawn"), max_tasks_per_child=1) as pool:
        for trials in tqdm(pool.map(_listen, jobs), total=len(jobs), desc="watch"):
            found.append(trials)
            (model / "watch.md").write_text(_report(jobs, found), "utf-8")
    print(_report(jobs, found))


def _report(jobs: list[_Job], found: list[Trials]) -> str:
    """Of the jobs that are done."""
    done = list(zip(jobs, found, strict=False))
    rows = [(db(s), [t for (*_, x, _), t in done if x == s]) for s in SNRS]
    rows += [(v, [t for (_, _, x, *_), t in done if x == v]) for v in TEST_VOICES]
    everything = total(found)
    lines = [
        "# A long watch", "", "Written by `python -m models.recipe watch`; do not edit.", "",
        f"{everything.hours:.1f} hours of talk without a phrase of the net: sentences, rows of everyday words and rows",
        f"of random syllables, by the voices {', '.join(TEST_VOICES)}, in noise and without; they were not trained or",
        "tuned on. False words an hour of speech at or above a threshold; in brackets what the true rate is at most",
        "(95 %).", "",
        f"| syllables | where | {' | '.join(map(str, THRESHOLDS))} |", f"|---|---|{'---|' * len(THRESHOLDS)}",
    ]  # fmt: skip
    for length in CLASSES:
        for name, parts in [*((n, p) for n, p in rows if p), ("all", found)]:
            t = total(parts)
            counts = [t.alarms(threshold, length) for threshold in THRESHOLDS]
            told = [f"{n / t.hours:.2f} ({poisson_upper(n) / t.hours:.2f})" for n in counts]
            lines.append(f"| {length} | {name} | {' | '.join(told)} |")
    wished = "; ".join(f"{length}: {rate}" for length, rate in WISHED.items())
    lines += ["", f"Wished, with nobody expected to answer: {wished}."]
    return "\n".join(lines) + "\n"
