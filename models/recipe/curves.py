"""Misses against false words on people and voices that were not trained or tuned on: ``trade-off.png``,
``calibration.png`` and ``operating.md`` in the model folder."""

from __future__ import annotations

import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from models.recipe.people import PAIRS, People, Said, large_net, utterance
from models.recipe.prepare import HELD_OUT, STUDENT_WORDS, Corpus
from models.recipe.trials import SNRS, SPEECH_LIKE, TEST_VOICES, db, speak
from voice.measure.evaluation import CLASSES, Trials, evaluate, operating_point, poisson_upper, share
from voice.measure.pictures import draw_calibration, draw_trade_off
from voice.net.loading import load_net
from voice.places import sample_net
from voice.station.ear import open_ear

WISHED = {"2-3": 0.5, "4+": 0.1}
"""False words per hour of foreign speech."""

THRESHOLDS = (0.5, 0.7, 0.9, 0.95)
VOICE_PHRASES, SENTENCES = 240, 160

FOREIGN = 150
"""Overs of foreign words per signal-to-noise ratio."""


def _trials(job: tuple[str, float | None, Path, Path, Path]) -> Trials:
    """“words”, “pairs” (people, and their foreign words) or “voices” at one signal-to-noise ratio."""
    what, snr, model, real, cache = job
    trials = Trials()
    with tempfile.TemporaryDirectory() as place:
        if what == "voices":
            net = load_net(sample_net())
            rng = np.random.default_rng((91, round(snr or 99)))
            entries = [e.text for e in net.lexicon.spoken if e.kind != "digit"]
            said = [str(rng.choice(entries)) for _ in range(VOICE_PHRASES)]
            foreign = ["".join(map(str, rng.choice(SPEECH_LIKE, 2, replace=False))) for _ in range(SENTENCES)]
            ear = open_ear(net, cache / "graphs", str(model))
            for texts, empty in ((said, False), (foreign, True)):
                spoken = speak(texts, TEST_VOICES, (snr,), net.readings, 92, cache / "tts")
                overs = (utterance(Said(t.pcm, "" if empty else t.text, t.voice)) for t in spoken)
                evaluate(ear, overs, trials)
            return trials
        extra = tuple(STUDENT_WORDS) if what == "words" else PAIRS
        ear = open_ear(large_net(Path(place) / what, extra), cache / "graphs", str(model))
        who = People(Corpus(real))
        right = list(who.words(snr, 5))[::2] if what == "words" else list(who.phrases(snr, 6, 240))
        evaluate(ear, map(utterance, (*right, *who.foreign_speech(snr, 9, FOREIGN))), trials)
        return trials


def curves(model: Path, real: Path, cache: Path) -> None:
    """Write pictures and tables into ``model``."""
    jobs = [(w, s, model, real, cache) for w in ("words", "pairs", "voices") for s in SNRS]
    with ProcessPoolExecutor(2) as pool:
        found = dict(zip([(w, s) for w, s, *_ in jobs], pool.map(_trials, jobs), strict=True))
    by_snr = {db(s): total([found[w, s] for w in ("words", "pairs", "voices")]) for s in SNRS}
    everything = total(list(found.values()))
    draw_trade_off(model / "trade-off.png", by_snr)
    draw_calibration(model / "calibration.png", everything)
    lines = [
        "# Operating points", "", "Written by `python -m models.recipe curves`; do not edit.", "",
        f"Words and pairs of words of {', '.join(HELD_OUT)}, phrases of the sample net by the voices",
        f"{', '.join(TEST_VOICES)}; foreign: English words of the same people, sentences of no grammar by the voices.",
        "None of them was trained or tuned on. “believed”: at or above the threshold; “wrong”: another phrase of the",
        f"net believed instead; false words per hour of foreign speech ({everything.alarm_hours:.2f} h).", "",
        "| syllables | SNR | threshold | believed of what was said | wrong | false words per hour |",
        "|---|---|---|---|---|---|",
    ]  # fmt: skip
    for length in CLASSES:
        for name, t in by_snr.items():
            for threshold in THRESHOLDS:
                false = t.alarms(threshold, length) / t.alarm_hours
                right = share(t.believed(threshold, True, length), t.said_of(length))
                wrong = t.believed(threshold, False, length, foreign=False)
                lines.append(f"| {length} | {name} | {threshold} | {right} | {wrong} | {false:.1f} |")
    lines += [
        "",
        "The threshold at which false words are as rare as wished, all SNRs together:",
        "",
        "| syllables | wished per hour | threshold | believed | false per hour | true rate at most (95 %) |",
        "|---|---|---|---|---|---|",
    ]
    for length in CLASSES:
        p = operating_point(everything, length, WISHED[length])
        reached = "" if p.reached else " (not reached)"
        lines.append(
            f"| {length} | {WISHED[length]} | {p.threshold:.2f} | {p.recall:.3f} | {p.false_per_hour:.2f}{reached} "
            f"| {p.at_most_per_hour:.1f} |"
        )
    lines += [
        "",
        f"Calibration error {everything.calibration_error():.3f} over {len(everything.heard)} words "
        f"(with no false word at all, {poisson_upper(0) / everything.alarm_hours:.1f} per hour could not be excluded).",
        "",
        "![misses against false words](trade-off.png)",
        "",
        "![calibration](calibration.png)",
    ]
    (model / "operating.md").write_text("\n".join(lines) + "\n", "utf-8")
    print("\n".join(lines))


def total(parts: list[Trials]) -> Trials:
    """The counts of all."""
    out = Trials()
    for p in parts:
        out.take(p)
    return out
