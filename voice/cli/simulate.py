"""``huying simulate``."""

from __future__ import annotations

import json
from pathlib import Path

from rich.progress import Progress

from voice.errors import HuyingError
from voice.measure.actors import Actors, EspeakActors, natural_actors, natural_lacks
from voice.measure.scenario import read_scenario
from voice.measure.scoring import make_labels
from voice.measure.simulate import label_path, simulate, write_recording
from voice.net.loading import load_net
from voice.pcm import RATE
from voice.places import cache_folder, sample_net
from voice.speech.synthesiser import Synthesiser
from voice.terminal.output import screen


def run(path: Path, output: Path, net_folder: Path | None, seed: int | None, snr: float | None, voices: str) -> None:
    """Write the recording and its labels. ``voices``: natural, espeak, or auto: natural where they are installed."""
    scenario = read_scenario(path)
    if seed is not None:
        scenario = scenario.model_copy(update={"seed": seed})
    if snr is not None:
        scenario = scenario.model_copy(update={"channel": scenario.channel.model_copy(update={"snr": snr})})
    folder = net_folder or (path.parent / scenario.net if scenario.net else sample_net())
    net = load_net(folder)
    status = screen(error=True)
    with Synthesiser(cache_folder() / "speech") as synthesiser, Progress(console=status, transient=True) as progress:
        task = progress.add_task("simulate")
        natural = voices == "natural" or (voices == "auto" and not natural_lacks())
        actors: Actors = natural_actors(net) if natural else EspeakActors(net, synthesiser, scenario.voice)
        pcm, truth = simulate(net, scenario, actors, lambda k, n: progress.update(task, completed=k, total=n))
    duration = len(pcm) / RATE
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        labels = json.dumps(make_labels(net, scenario, truth, duration), ensure_ascii=False, indent=1)
        write_recording(output, pcm, scenario)
        label_path(output).write_text(labels + "\n", "utf-8")
    except OSError as e:
        raise HuyingError(f"{output}: cannot be written ({e.strerror})") from e
    status.print(
        f"{output}: {duration:.0f} s, {len(truth)} overs, {'natural' if natural else 'espeak'} voices; "
        f"labels: {label_path(output)}",
        soft_wrap=True,
    )
