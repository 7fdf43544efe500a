"""Recordings: replay, simulate, score, eval, adapt."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from voice.cli.tree.root import FormOption, JournalArgument, ModelOption, NetOption, SideOption, ZoneChoice, app


@app.command(epilog="Example: huying replay monday.flac --journal log.sqlite --sheet monday.html")
def replay(
    paths: Annotated[
        list[str], typer.Argument(help="Sound files, folders of them, s3://… and the like, or - for raw PCM on stdin.")
    ],
    net: NetOption = None,
    journal: Annotated[
        str | None, typer.Option(help="Keep the log: a file, or a database URL. Without it nothing is kept.")
    ] = None,
    expect: Annotated[Path | None, typer.Option(help="Label file to compare with; exit 1 on a difference.")] = None,
    sheet: Annotated[Path | None, typer.Option(help="Write the roll sheet: .html or .xlsx.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per event on stdout.")] = False,
    realtime: Annotated[bool, typer.Option(help="As slowly as it was recorded.")] = False,
    start: Annotated[
        str | None, typer.Option(help="When the first recording began: 2026-06-05T08:30+08:00, 昨天 8:30.")
    ] = None,
    names_in: Annotated[
        ZoneChoice, typer.Option("--names-in", help="Times in file names that name no offset: the net's own, or UTC.")
    ] = ZoneChoice.LOCAL,
    side: SideOption = None,
    rate: Annotated[int, typer.Option(help="Hz of raw PCM on stdin.")] = 8000,
    form: FormOption = None,
    again: Annotated[bool, typer.Option(help="Log a recording that the journal has already.")] = False,
    model: ModelOption = None,
    jobs: Annotated[
        int, typer.Option(min=0, help="Recordings heard at once; 0: one a core, if there are several and a journal.")
    ] = 0,
    scheduler: Annotated[str | None, typer.Option(help="Hear them on a Dask cluster instead: tcp://host:8786.")] = None,
) -> None:
    """Hear recordings and log who was called, who answered, when, and who stayed silent. 回放录音, 生成日志。"""
    from voice.audio.streams import Raw
    from voice.cli.replay import Options, run

    raw = Raw(rate, form or "", side or "")
    options = Options(
        paths, net, journal, expect, sheet, as_json, realtime, start, raw, names_in, again, model, jobs, scheduler
    )
    raise typer.Exit(run(options))


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
    from voice.cli.simulate import run

    run(scenario, output, net, seed, snr, voices)


@app.command(epilog="Example: huying score recordings/ --net my-net")
def score(
    paths: Annotated[list[Path], typer.Argument(help="Recordings (or folders) with their .labels.json beside them.")],
    net: NetOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Figures as JSON.")] = False,
    model: ModelOption = None,
) -> None:
    """How well recordings are heard: recall, precision, false alarms, answer-time error, confusions. 评分。"""
    from voice.cli.score import run

    run(paths, net, as_json, model)


@app.command("eval", epilog="Example: huying eval recordings/ --net my-net --false-per-hour 0.5 --pictures out --write")
def evaluate(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Recordings (or folders), each with a label track .txt or .labels.json beside it."),
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(help="Instead: a table file,text or file,start,end,text[,group].")
    ] = None,
    net: NetOption = None,
    false_per_hour: Annotated[
        float, typer.Option(min=0.01, max=100, help="False words per hour of speech that you can live with.")
    ] = 0.5,
    pictures: Annotated[Path | None, typer.Option(help="Folder for trade-off.png and calibration.png.")] = None,
    write: Annotated[bool, typer.Option("--write", help="Write the thresholds into the net's net.toml.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Figures as JSON.")] = False,
    model: ModelOption = None,
) -> None:
    """How far the ear can be trusted on your own recordings, and which thresholds suit. 评测与阈值。

    A label is what was said, written as in the roster; “-” labels speech that has nothing of the net.
    """
    from voice.cli.evaluate import Options, run

    run(Options(paths or [], labels, net, model, false_per_hour, pictures, write, as_json))


@app.command(epilog="Example: huying adapt log.sqlite --net my-net --output models/our-station")
def adapt(
    journal: JournalArgument,
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder for the adapted model; must not exist.")],
    net: NetOption = None,
    model: ModelOption = None,
    epochs: Annotated[int, typer.Option(min=1, max=50, help="How often every over is learned.")] = 6,
) -> None:
    """Learn this station's voices and channel from confirmed overs; kept only if it helps. 适应本台。"""
    from voice.cli.adapt import run

    raise typer.Exit(run(journal, output, net, model, epochs))
