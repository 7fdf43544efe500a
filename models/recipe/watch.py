"""A long watch: many hours of talk in which nobody says a phrase of the net → ``watch.md`` in the model folder.

Three kinds of held-out speakers who talk, none pooled with another: people and a reader, every sentence of theirs, and
natural voices that say everyday sentences and words in rows. There are not twenty hours of them: each recording is
heard at four signal-to-noise ratios by several radios, and the report says how many seconds of it are different.
Counted twice: words of the graph by their confidence, and what the whole ear believes of an over.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from tqdm import tqdm

from models.recipe import talk
from models.recipe.groups import STATES
from models.recipe.kinds import KINDS, channel_of, sounds_in_row, voices_of
from models.recipe.natural import Speaker, spoken
from models.recipe.people import Said, large_net, utterance
from models.recipe.prepare import Corpus, Recording, normalised, save
from models.recipe.trials import SNRS, WISHED, db, total
from voice.mandarin.figures import DOUBT
from voice.measure.channel import received
from voice.measure.evaluation import CLASSES, Trials, length_of, poisson_upper, words_of
from voice.measure.false_words import found_words
from voice.net.loading import load_net
from voice.pcm import RATE
from voice.places import sample_net
from voice.speech.kokoro import HELD_OUT, MARKS, Kokoro
from voice.station.ear import open_ear

DRAWS = 7
"""Radios by which every recording is heard at each signal-to-noise ratio."""

EACH = 20
"""Sentences of each natural voice."""

THRESHOLDS = (0.5, 0.7, 0.9, 0.95, 0.98)

_Job = tuple[Path, Path, Path, str, float | None, int]
"""(model, data, cache, kind, signal-to-noise ratio, draw)."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What one job heard."""

    kind: str
    snr: float | None
    trials: Trials
    recorded_s: float
    """Seconds of different speech."""
    believed: Counter[tuple[str, str]]
    """(state, length) → words that the ear believes at the shipped thresholds, and with DOUBT behind the state those
    that it marks as doubtful."""


def talkers(kokoro_folder: Path, data: Path) -> None:
    """The held-out natural voices, talking of nothing that concerns a net; what was made before stays."""
    out = _folder(data)
    if (out / "index.json").is_file():
        return
    kokoro, rng, items = Kokoro(kokoro_folder), np.random.default_rng(57), []
    for name in sorted(HELD_OUT):
        who = Speaker(name, kokoro.style(name), 1.0, 1.0)
        for k in range(EACH):
            words = talk.everyday(rng) if k % 2 else talk.rows(rng)
            row = [s for w in words if w[0] not in MARKS for s in w]
            pcm = normalised(spoken(kokoro, who, words, float(rng.uniform(1.0, 1.35))))
            if pcm is not None:
                items.append((f"eval/{name}-{k:02d}", row, name, pcm))
        print(name, len(items), flush=True)
    save(out, items)


def _folder(data: Path) -> Path:
    return voices_of(data, "watch")


def recordings(kind: str, data: Path) -> tuple[Corpus, list[Recording]]:
    """Of part “eval”, but those with a phrase of the sample net."""
    corpus = Corpus(_folder(data) if kind == "natural" else data / "phrases")
    entries = load_net(sample_net()).lexicon.spoken
    of_kind = (
        r
        for r in corpus.recordings
        if r.name.startswith("eval/") and (kind == "natural" or (r.speaker == "S0150") == (kind == "reader"))
    )
    return corpus, [r for r in of_kind if not any(sounds_in_row(e, list(r.syllables)) for e in entries)]


def _listen(job: _Job) -> Heard:
    model, data, cache, kind, snr, draw = job
    corpus, some = recordings(kind, data)
    rng = np.random.default_rng((101, KINDS.index(kind), round(snr or 99), draw))

    def overs() -> Iterator[Said]:
        for r in some:
            yield Said(received(corpus.pcm(r), channel_of(snr, rng), rng), "", r.speaker)

    trials, counted = Trials(), Counter[tuple[str, str]]()
    with tempfile.TemporaryDirectory() as place:
        # Tones count as where people talk in the evaluation; the natural voices' net is the sample net as it is.
        ear = open_ear(large_net(Path(place) / "n", (), kind != "natural"), cache / "graphs", str(model))
        units = [u.id for u in ear.net.units]
        for said in map(utterance, overs()):
            hypothesis = ear.recogniser.recognise(said.over.pcm)
            trials.add([], words_of(ear, hypothesis), len(said.over.pcm) / RATE, said.group)
            for state in STATES:
                awaited = [str(rng.choice(units))] if state == "awaited" else []
                items = found_words(ear, said.over, hypothesis, bool(awaited), awaited)
                counted.update((state + DOUBT * i.doubt, length_of(i)) for i in items)
    return Heard(kind, snr, trials, sum(r.end - r.start for r in some) / RATE, counted)


def watch(model: Path, data: Path, cache: Path, draws: int = DRAWS) -> None:
    """Listen, and write what was believed after every job: a watch that is broken off keeps what it heard."""
    kinds = [k for k in KINDS if k != "natural" or (_folder(data) / "index.json").is_file()]
    jobs: list[_Job] = [(model, data, cache, k, s, n) for n in range(draws) for k in kinds for s in SNRS]
    found: list[Heard] = []
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        for heard in tqdm(pool.map(_listen, jobs), total=len(jobs), desc="watch"):
            found.append(heard)
            (model / "watch.md").write_text(report(found), "utf-8")
    print(report(found))


def report(found: list[Heard]) -> str:
    """Of what was heard so far."""
    hours = total([h.trials for h in found]).hours
    lines = [
        "# A long watch", "", "Written by `python -m models.recipe watch`; do not edit.", "",
        f"{hours:.1f} hours of talk without a phrase of the sample net, by speakers that nothing was trained or",
        "tuned on: each recording is heard at every signal-to-noise ratio by several radios. False words an hour of",
        "speech at or above a threshold; in brackets what the true rate is at most (95 %), as if what was",
        "heard again were other speech.", "",
        "**What the ear believes** at the shipped thresholds, while nobody is awaited and while a unit is; with a",
        f"{DOUBT}: what it marks as doubtful, for a person to listen to:", "",
        *_believed(found),
        "", "**Words of the graph**, by confidence:", "",
        f"| syllables | who | SNR | hours heard | {' | '.join(map(str, THRESHOLDS))} |",
        f"|---|---|---|---|{'---|' * len(THRESHOLDS)}",
    ]  # fmt: skip
    for length in CLASSES:
        for kind in KINDS:
            of = [h for h in found if h.kind == kind]
            rows = [(db(s), [h.trials for h in of if h.snr == s]) for s in SNRS]
            for snr, trials in [*((s, t) for s, t in rows if t), *([("all", [h.trials for h in of])] if of else [])]:
                t = total(trials)
                counts = [t.alarms(threshold, length) for threshold in THRESHOLDS]
                told = [f"{n / t.hours:.2f} ({poisson_upper(n) / t.hours:.2f})" for n in counts]
                lines.append(f"| {length} | {kind} | {snr} | {t.hours:.1f} | {' | '.join(told)} |")
    recorded = {h.kind: h.recorded_s / 3600 for h in found}
    different = ", ".join(f"{kind} {hours:.2f} h" for kind, hours in recorded.items())
    wished = "; ".join(f"{length}: {rate}" for length, rate in WISHED.items())
    lines += ["", f"Different speech: {different}.", "", f"Wished: {wished}."]
    return "\n".join(lines) + "\n"


def _believed(found: list[Heard]) -> list[str]:
    """Rows of false words an hour, as the whole ear counts them."""
    columns = [state + mark for state in STATES for mark in ("", DOUBT)]
    lines = [f"| syllables | who | hours heard | {' | '.join(columns)} |", f"|---|---|---|{'---|' * len(columns)}"]
    for length in CLASSES:
        for kind in KINDS:
            of = [h for h in found if h.kind == kind]
            hours = total([h.trials for h in of]).hours
            counts = [sum(h.believed[state, length] for h in of) for state in columns]
            told = [f"{n / hours:.2f} ({poisson_upper(n) / hours:.2f}), {n}" for n in counts] if of else []
            lines += [f"| {length} | {kind} | {hours:.1f} | {' | '.join(told)} |"] if of else []
    return lines
