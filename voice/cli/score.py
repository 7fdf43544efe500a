"""``huying score``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from rich.progress import track
from rich.table import Table

from voice.audio.source import find_recordings, open_recording
from voice.journal.store import Journal
from voice.measure.scoring import Score, compare, read_labels
from voice.measure.simulate import label_path
from voice.net.loading import load_net
from voice.places import sample_net
from voice.station.ear import open_ear
from voice.station.replay import replay
from voice.terminal.output import screen


def run(paths: list[Path], net_folder: Path | None, as_json: bool, model: str | None) -> None:
    """Replay every recording, compare with its labels, print the figures of all together."""
    net = load_net(net_folder or sample_net())
    recordings = find_recordings(paths)
    labels = {p: read_labels(label_path(p)) for p in recordings}
    ear = open_ear(net, model=model)
    total = Score()
    status = screen(error=True)
    for p in track(recordings, "score", console=status, transient=True, disable=not status.is_terminal):
        with Journal("sqlite://") as journal:
            heard = replay(ear, journal, open_recording(p))
        total.add(compare(labels[p], heard.lines, heard.duration, net))
    if as_json:
        sys.stdout.write(json.dumps(total.as_json(), ensure_ascii=False, indent=1) + "\n")
    else:
        show(total, len(recordings))


def show(score: Score, recordings: int) -> None:
    """Tables for people."""
    out = screen()
    figures = score.as_json()
    out.print(f"{recordings} recordings, {score.hours * 60:.1f} min")
    table = Table("event 事件", "labelled", "right", "recall", "precision")
    for kind, f in figures["events"].items():
        table.add_row(kind, str(f["labelled"]), str(f["right"]), _share(f["recall"]), _share(f["precision"]))
    out.print(table)
    if score.exchanges:
        out.print(f"exchanges right: {score.exchanges_right} of {score.exchanges} ({figures['exchange_accuracy']:.3f})")
    out.print(f"false alarms: {score.false_alarms} ({figures['false_alarms_per_hour']} per hour of recording)")
    if figures["answer_time_error_s"]:
        e = figures["answer_time_error_s"]
        out.print(f"answer-time error: mean {e['mean']} s, median {e['median']} s, max {e['max']} s")
    if score.confusions:
        table = Table("said", "logged", "times", title="confusions")
        for (a, b), n in score.confusions.most_common(20):
            table.add_row(a, b, str(n))
        out.print(table)


def _share(value: float | None) -> str:
    """Nothing can be said of what was not labelled."""
    return "–" if value is None else f"{value:.3f}"
