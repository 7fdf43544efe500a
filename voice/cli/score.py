"""``huying score``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from voice.cli.options import JsonOption, ModelOption, NetOption, net_of

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: huying score recordings/ --net my-net")
def score(
    paths: Annotated[list[Path], typer.Argument(help="Recordings (or folders) with their .labels.json beside them.")],
    net: NetOption = None,
    as_json: JsonOption = False,
    model: ModelOption = None,
) -> None:
    """How well recordings are heard: recall, precision, false alarms, answer-time error, confusions. 评分。"""
    from rich.progress import track

    from voice.audio.source import find_recordings, open_recording
    from voice.journal.store import Journal
    from voice.measure.scoring import Score, compare, read_labels
    from voice.measure.simulate import label_path
    from voice.station.ear import open_ear
    from voice.station.replay import replay
    from voice.terminal.output import screen
    from voice.terminal.scores import show

    loaded = net_of(net)
    recordings = find_recordings(paths)
    labels = {p: read_labels(label_path(p)) for p in recordings}
    ear = open_ear(loaded, model=model)
    total = Score()
    status = screen(error=True)
    for p in track(recordings, "score", console=status, transient=True, disable=not status.is_terminal):
        with Journal("sqlite://") as journal:
            heard = replay(ear, journal, open_recording(p))
        total.add(compare(labels[p], heard.lines, heard.duration, loaded))
    if as_json:
        sys.stdout.write(json.dumps(total.as_json(), ensure_ascii=False, indent=1) + "\n")
    else:
        show(total, len(recordings))
