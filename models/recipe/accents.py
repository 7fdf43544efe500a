"""What an accent costs: held-out natural voices with the tones of Zhengzhou, or the sounds of the south, written in.

``python -m models.recipe accents`` writes ``accents.md`` into the model folder. The same voices call and answer without
an accent, for comparison. Real accents differ in more than tones and merged sounds.
"""

from __future__ import annotations

import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from models.recipe.kinds import Kind, kind, voices
from models.recipe.people import large_net, utterance
from models.recipe.trials import db
from voice.measure.evaluation import Trials, evaluate, share
from voice.net.loading import load_net
from voice.net.settings import write_settings
from voice.station.ear import open_ear

SPEAKERS = {"zhengzhou": "zhongyuan", "south": "south"}
"""Accent written into the voices → accent of the net that expects it."""

SNRS = (20.0, 10.0)


@dataclass(frozen=True, slots=True)
class _Row:
    speakers: str
    net: str
    snr: float
    trials: Trials


def _heard(job: tuple[str, str, float, Path, Path, Path]) -> _Row:
    """Voices of an accent (or without one, those utterances that have a like in it) in a net of an accent."""
    speakers, accent, snr, model, data, cache = job
    of = kind("natural", "eval", data, speakers)
    if speakers == "standard":
        names = {r.name for r in kind("natural", "eval", data, next(iter(SPEAKERS))).corpus.recordings}
        said = tuple((r, text) for r, text in of.said if r.name in names)
        of = Kind(of.name, of.corpus, said, tuple(r for r in of.foreign if r.name in names))
    trials = Trials()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "net"
        large_net(folder, (), False)
        write_settings(folder / "net.toml", "language", {"accent": accent, "tones": False})
        ear = open_ear(load_net(folder), cache / "graphs", str(model))
        evaluate(ear, map(utterance, of.overs(snr, 31)), trials)
        evaluate(ear, map(utterance, of.alarms(snr, 32)), trials)
    return _Row(speakers, accent, snr, trials)


def accents(model: Path, kokoro: Path, data: Path, cache: Path) -> None:
    """Speakers with and without each accent, in nets set to that accent and to none."""
    for accent in SPEAKERS:
        voices(kokoro, "eval", data, accent)
    jobs = []
    for accent, expected in SPEAKERS.items():
        for speakers, net in (
            ("standard", "standard"),
            (accent, "standard"),
            (accent, expected),
            ("standard", expected),
        ):
            jobs += [(speakers, net, snr, model, data, cache) for snr in SNRS]
    lines = [
        "# Accents", "", "Written by `python -m models.recipe accents`; do not edit.", "",
        "Held-out natural voices (Kokoro) say calls and answers of the sample net, and other things, with the tones of",
        "Zhengzhou or the merged sounds of the south; “standard” are the same voices without them, other calls and",
        "answers drawn from the same net (the same ones where all were made with one version of it).",
        "Heard in the graph / believed at 0.5; tones are not counted.", "",
        "| speakers | accent in net.toml | SNR | 4+ syllables | 2-3 syllables | false words of 4+ |",
        "|---|---|---|---|---|---|",
    ]  # fmt: skip
    with ProcessPoolExecutor(2) as pool:
        for row in pool.map(_heard, dict.fromkeys(jobs)):
            t = row.trials
            cells = [
                f"{share(t.believed(0, True, c), t.said_of(c))} / {share(t.believed(0.5, True, c), t.said_of(c))}"
                for c in ("4+", "2-3")
            ]
            lines.append(
                f"| {row.speakers} | {row.net} | {db(row.snr)} | {' | '.join(cells)} | {t.believed(0.5, False, '4+')} |"
            )
    (model / "accents.md").write_text("\n".join(lines) + "\n", "utf-8")
    print("\n".join(lines))
