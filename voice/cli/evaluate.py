"""``huying eval``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from voice.cli.options import ModelOption, NetOption, net_of

app = typer.Typer(add_completion=False)


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
    from rich.progress import track

    from voice.audio.source import find_recordings
    from voice.errors import HuyingError
    from voice.measure.evaluation import CLASSES, Trials, operating_point, said_in
    from voice.measure.evaluation import evaluate as measure
    from voice.measure.pictures import draw_calibration, draw_trade_off
    from voice.measure.proposal import as_figures, write_points
    from voice.measure.utterances import labels_beside, read_label_table, utterances
    from voice.station.ear import open_ear
    from voice.terminal.evaluation import show, show_points
    from voice.terminal.output import screen

    if write and net is None:
        raise HuyingError("--write changes net.toml; name your net with --net")
    if bool(labels) == bool(paths):
        raise HuyingError("give recordings with labels beside them, or a table with --labels; see “huying eval --help”")
    loaded = net_of(net)
    labelled = read_label_table(labels) if labels else {p: labels_beside(p) for p in find_recordings(paths or [])}
    ear = open_ear(loaded, model=model)
    trials, lost, unlabelled = Trials(), 0, 0
    status = screen(error=True)
    bar = not status.is_terminal
    for path in track(sorted(labelled), "eval", console=status, transient=True, disable=bar):
        found, missed, extra = utterances(path, labelled[path], loaded.settings.timing.hang_time_s)
        measure(ear, found, trials)
        for label in missed:  # said, but the carrier gate opened no over there
            trials.add(said_in(ear, label.text), [], 0.0, label.group)
        lost += len(missed)
        unlabelled += extra
    if not trials.utterances:
        raise HuyingError("no utterance has a label; look at the times of the label file")
    points = {c: operating_point(trials, c, false_per_hour) for c in CLASSES if trials.said_of(c)}
    if as_json:
        sys.stdout.write(json.dumps(as_figures(trials, points), ensure_ascii=False, indent=1) + "\n")
    else:
        settings = loaded.settings.recognition
        show(trials, {"2-3": settings.idle_threshold, "4+": settings.threshold}, lost, unlabelled)
        show_points(points, false_per_hour, trials.alarm_hours)
    if pictures:
        pictures.mkdir(parents=True, exist_ok=True)
        marks = {c: p.threshold for c, p in points.items()}
        draw_trade_off(pictures / "trade-off.png", {"all": trials}, marks)
        draw_calibration(pictures / "calibration.png", {"all": trials})
        status.print(f"pictures: {pictures}/trade-off.png, calibration.png")
    if write:
        assert net is not None
        tell = status.print
        write_points(net / "net.toml", points, false_per_hour, trials.alarm_hours, tell)
