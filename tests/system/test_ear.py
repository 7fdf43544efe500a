"""Held-out natural voices and people, kept in the repository, through the shipped model: what it reached, nearly.

The recordings are ``tests/data/talkers`` (``python -m models.recipe excerpt``): eight Kokoro voices and twenty people
of Common Voice's split “eval” (CC0), none of whom trained or tuned anything.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.helpers.places import ROOT
from voice.measure.channel import Channel, received
from voice.measure.evaluation import Trials, evaluate
from voice.measure.utterances import Utterance
from voice.net.loading import Net, load_net
from voice.pcm import RATE
from voice.places import sample_net
from voice.radio.over import Over
from voice.station.ear import open_ear

TALKERS = ROOT / "tests" / "data" / "talkers"
BESIDE = 12
"""Units of the sample net beside the people's phrases, which take the place of call signs."""

LEAST = {("natural", 20.0): (0.93, 0.92), ("natural", 10.0): (0.92, 0.88), ("people", 20.0): (0.97, 0.94)}
"""Share in the graph and believed at the default threshold; a little under what the shipped model reaches."""


def overs(name: str, snr: float) -> list[Utterance]:
    samples, rate = soundfile.read(TALKERS / f"{name}.ogg", dtype="float64")
    assert rate == RATE
    rng = np.random.default_rng(12)
    out = []
    for who, begin, end, text in json.loads((TALKERS / f"{name}.json").read_text("utf-8")):
        pcm = received(samples[begin:end], Channel(snr_db=snr, tail_s=0.0), rng)
        out.append(Utterance(Over.whole(pcm), text, who))
    return out


def net_of(texts: list[str], folder: Path) -> Net:
    rows = [",".join(r.split(",")[:3]) for r in (sample_net() / "roster.csv").read_text("utf-8").splitlines()]
    rows = rows[: BESIDE + 1] + [f"x{k},{text},{text}" for k, text in enumerate(texts)]
    (folder / "roster.csv").write_text("\n".join(rows) + "\n", "utf-8")
    settings = 'name = "people"\nroster = "roster.csv"\ngrammars = ["zh"]\n[control]\ncall_sign = "总台值班室"\n'
    (folder / "net.toml").write_text(settings, "utf-8")
    return load_net(folder)


@pytest.mark.parametrize(("name", "snr"), list(LEAST))
def test_strangers_who_talk_are_understood(name: str, snr: float, tmp_path: Path) -> None:
    said = overs(name, snr)
    net = load_net(sample_net()) if name == "natural" else net_of([u.text for u in said], tmp_path)
    trials = Trials()
    evaluate(open_ear(net, tmp_path), said, trials)
    threshold = net.settings.recognition.threshold
    graph, believed = (trials.believed(at, True) / trials.said_of() for at in (0.0, threshold))
    least = LEAST[name, snr]
    assert (graph, believed) >= least and believed >= least[1], f"{name} at {snr:g} dB: {graph:.3f}, {believed:.3f}"


def test_the_recordings_are_small_and_of_held_out_speakers() -> None:
    from voice.speech.kokoro import HELD_OUT

    assert sum(p.stat().st_size for p in TALKERS.iterdir()) < 2_000_000
    voices, people = (
        {row[0] for row in json.loads((TALKERS / f"{n}.json").read_text("utf-8"))} for n in ("natural", "people")
    )
    assert voices == HELD_OUT and len(people) == 20
