"""``huying simulate``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from voice.cli.options import NetOption

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: huying simulate grammars/sample/morning-roll.yaml -o out/morning.flac")
def simulate(
    scenario: Annotated[Path, typer.Argument(help="Scenario, YAML.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Recording to write: .flac, .wav, .ogg or .opus.")],
    net: NetOption = None,
    seed: Annotated[int | None, typer.Option(help="Instead of the scenario's.")] = None,
    snr: Annotated[float | None, typer.Option(help="dB, instead of the scenario's channel.")] = None,
    voices: Annotated[
        Literal["auto", "natural", "espeak"], typer.Option(help="natural, espeak, or auto: natural where installed.")
    ] = "auto",
) -> None:
    """Make a recording of a net with synthetic voices on a radio channel, and its label file. 合成录音。"""
    from rich.progress import Progress

    from voice.errors import HuyingError
    from voice.measure.actors import Actors, EspeakActors, natural_actors, natural_lacks
    from voice.measure.scenario import read_scenario
    from voice.measure.scoring import make_labels
    from voice.measure.simulate import label_path, write_recording
    from voice.measure.simulate import simulate as play
    from voice.net.loading import load_net
    from voice.pcm import RATE
    from voice.places import cache_folder, sample_net
    from voice.speech.synthesiser import Synthesiser
    from voice.terminal.output import screen

    script = read_scenario(scenario)
    if seed is not None:
        script = script.model_copy(update={"seed": seed})
    if snr is not None:
        script = script.model_copy(update={"channel": script.channel.model_copy(update={"snr": snr})})
    loaded = load_net(net or (scenario.parent / script.net if script.net else sample_net()))
    status = screen(error=True)
    with Synthesiser(cache_folder() / "speech") as synthesiser, Progress(console=status, transient=True) as progress:
        task = progress.add_task("simulate")
        natural = voices == "natural" or (voices == "auto" and not natural_lacks())
        actors: Actors = natural_actors(loaded) if natural else EspeakActors(loaded, synthesiser, script.voice)
        pcm, truth = play(loaded, script, actors, lambda k, n: progress.update(task, completed=k, total=n))
    duration = len(pcm) / RATE
    labels = json.dumps(make_labels(loaded, script, truth, duration), ensure_ascii=False, indent=1)
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        write_recording(output, pcm, script)
        label_path(output).write_text(labels + "\n", "utf-8")
    except OSError as e:
        raise HuyingError(f"{output}: cannot be written ({e.strerror})") from e
    status.print(
        f"{output}: {duration:.0f} s, {len(truth)} overs, {'natural' if natural else 'espeak'} voices; "
        f"labels: {label_path(output)}",
    )
