"""Whole recordings of the sample net by natural voices that nothing was trained or tuned on, and their logs."""

from __future__ import annotations

import json
from pathlib import Path

from models.recipe.trials import db
from voice.audio.source import open_recording
from voice.journal.store import Journal
from voice.measure.actors import NaturalActors
from voice.measure.scenario import Speech, read_scenario
from voice.measure.scoring import Score, compare, make_labels, read_labels
from voice.measure.simulate import label_path, simulate, write_recording
from voice.net.loading import Net, load_net
from voice.pcm import RATE, Floats
from voice.places import sample_net
from voice.station.ear import open_ear
from voice.station.replay import replay

SCENARIOS = ("morning-roll", "evening-report", "lost-child")
"""Of the sample net."""

ROLL_SNRS = (20.0, 10.0)


class _Remembered(NaturalActors):
    """Says every line once and repeats it for the other signal-to-noise ratios."""

    def __init__(self, net: Net, folder: Path) -> None:
        super().__init__(net, folder)
        self._said: dict[tuple[int | None, str], tuple[Floats, int]] = {}

    def say(self, number: int | None, s: Speech) -> tuple[Floats, int]:
        if (number, s.words) not in self._said:
            self._said[number, s.words] = super().say(number, s)
        return self._said[number, s.words]


def recording(folder: Path, scenario: str, snr: float) -> Path:
    """Where a scenario's recording lies."""
    return folder / f"{scenario}-{db(snr).replace(' ', '')}.flac"


def record(kokoro: Path, out: Path) -> None:
    """Every scenario at every signal-to-noise ratio, with its labels; what was made before stays."""
    net = load_net(sample_net())
    for name in SCENARIOS:
        if all(label_path(recording(out, name, snr)).is_file() for snr in ROLL_SNRS):
            continue
        out.mkdir(parents=True, exist_ok=True)
        actors = _Remembered(net, kokoro)
        for snr in ROLL_SNRS:
            script = read_scenario(sample_net() / f"{name}.yaml")
            script = script.model_copy(update={"channel": script.channel.model_copy(update={"snr": snr})})
            pcm, truth = simulate(net, script, actors)
            path = recording(out, name, snr)
            write_recording(path, pcm, script)
            labels = make_labels(net, script, truth, len(pcm) / RATE)
            label_path(path).write_text(json.dumps(labels, ensure_ascii=False, indent=1) + "\n", "utf-8")
            print(f"{path}: {len(pcm) / RATE:.0f} s, {len(truth)} overs", flush=True)


def logged(model: Path, folder: Path, snr: float, graphs: Path) -> dict[str, Score]:
    """The score of each scenario that was recorded."""
    ear = open_ear(load_net(sample_net()), graphs, str(model))
    out = {}
    for name in SCENARIOS:
        path = recording(folder, name, snr)
        if path.is_file():
            heard = replay(ear, Journal("sqlite://"), open_recording(path))
            out[name] = compare(read_labels(label_path(path)), heard.lines, heard.duration, ear.net)
    return out
