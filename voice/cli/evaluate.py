"""``huying eval``."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.progress import track
from rich.table import Table

from voice.audio.source import find_recordings
from voice.errors import HuyingError
from voice.measure.evaluation import (
    CLASSES,
    POISSON_0,
    OperatingPoint,
    Trials,
    evaluate,
    operating_point,
    said_in,
    share,
)
from voice.measure.pictures import draw_calibration, draw_trade_off
from voice.measure.utterances import labels_beside, read_table, utterances
from voice.net.loading import load_net
from voice.net.settings import write_settings
from voice.places import sample_net
from voice.station.ear import open_ear
from voice.terminal.output import screen

SETTING = {"2-3": "idle_threshold", "4+": "threshold"}
"""Which setting the operating point of a length class is."""


@dataclass(frozen=True, slots=True)
class Options:
    """The command's options, see ``voice.cli.app``."""

    paths: list[Path]
    labels: Path | None
    net: Path | None
    model: str | None
    false_per_hour: float
    pictures: Path | None
    write: bool
    as_json: bool


def run(o: Options) -> None:
    """Measure, print, draw, and write the operating point if wished."""
    if o.write and o.net is None:
        raise HuyingError("--write changes net.toml; name your net with --net")
    if bool(o.labels) == bool(o.paths):
        raise HuyingError("give recordings with labels beside them, or a table with --labels; see “huying eval --help”")
    net = load_net(o.net or sample_net())
    labelled = read_table(o.labels) if o.labels else {p: labels_beside(p) for p in find_recordings(o.paths)}
    ear = open_ear(net, model=o.model)
    trials, lost, unlabelled = Trials(), 0, 0
    status = screen(error=True)
    bar = not status.is_terminal
    for path in track(sorted(labelled), "eval", console=status, transient=True, disable=bar):
        found, missed, extra = utterances(path, labelled[path], net.settings.timing.hang_time_s)
        evaluate(ear, found, trials)
        for label in missed:  # said, but the carrier gate opened no over there
            trials.add(said_in(ear, label.text), [], 0.0, label.group)
        lost += len(missed)
        unlabelled += extra
    if not trials.utterances:
        raise HuyingError("no utterance has a label; look at the times of the label file")
    points = {c: operating_point(trials, c, o.false_per_hour) for c in CLASSES if trials.said_of(c)}
    if o.as_json:
        sys.stdout.write(json.dumps(figures(trials, points), ensure_ascii=False, indent=1) + "\n")
    else:
        settings = net.settings.recognition
        show(trials, {"2-3": settings.idle_threshold, "4+": settings.threshold}, lost, unlabelled)
        show_points(points, o.false_per_hour, trials.alarm_hours)
    if o.pictures:
        o.pictures.mkdir(parents=True, exist_ok=True)
        marks = {c: p.threshold for c, p in points.items()}
        draw_trade_off(o.pictures / "trade-off.png", {"all": trials}, marks)
        draw_calibration(o.pictures / "calibration.png", trials)
        status.print(f"pictures: {o.pictures}/trade-off.png, calibration.png", soft_wrap=True)
    if o.write:
        assert o.net is not None
        _write(o.net / "net.toml", points, o.false_per_hour, trials.alarm_hours)


def _write(path: Path, points: dict[str, OperatingPoint], wished: float, hours: float) -> None:
    """Set the thresholds that are shown to keep the wished rate. Raises HuyingError if some are not, after the others
    were written."""
    sure = {SETTING[c]: p.threshold for c, p in points.items() if p.reached and p.at_most_per_hour <= wished}
    if sure:
        write_settings(path, "recognition", sure)
        told = ", ".join(f"{k} = {v}" for k, v in sure.items())
        screen(error=True).print(f"{path}: {told}", soft_wrap=True)
    left = [
        f"{SETTING[c]} was left alone: "
        + (_thin(p, wished, hours) if p.reached else "no threshold keeps the wished rate")
        for c, p in points.items()
        if SETTING[c] not in sure
    ]
    if left:
        raise HuyingError("\n".join(left))


def _thin(p: OperatingPoint, wished: float, hours: float) -> str:
    needed = POISSON_0 / max(wished, 1e-9)
    return (
        f"the true rate may be {p.at_most_per_hour:.1f} per hour; {wished:g} takes {needed:.1f} hours without a false "
        f"word, these are {hours:.2f}. Label more speech, or wish for less: --false-per-hour"
    )


def figures(trials: Trials, points: dict[str, OperatingPoint]) -> dict[str, Any]:
    """For machines."""
    return {
        "utterances": trials.utterances,
        "exact": trials.exact,
        "hours": round(trials.hours, 4),
        "calibration_error": round(trials.calibration_error(), 4),
        "operating_points": {c: asdict(p) for c, p in points.items()},
        "curves": {c: [[round(v, 4) for v in row] for row in trials.curve(c)] for c in CLASSES},
        "confusions": [[a, b, n] for (a, b), n in trials.confusions.most_common()],
    }


def show(trials: Trials, thresholds: dict[str, float], lost: int, unlabelled: int) -> None:
    """Tables for people."""
    out = screen()
    exact = share(trials.exact, trials.utterances)
    out.print(f"{trials.utterances} utterances, {trials.hours * 60:.1f} min; exactly as said: {exact}")
    if lost:
        out.print(f"labels where no over was heard, counted as missed: {lost}", style="yellow")
    if unlabelled:
        out.print(f"overs without a label, left out: {unlabelled}; label foreign speech with “-”", style="yellow")
    counts = ("said", "heard by the graph", "believed 采信", "wrong 误认", "false 误报", "per hour")
    table = Table("syllables", "group", *counts)
    groups: list[str | None] = [None, *(g for g in trials.groups() if g)]
    for length in CLASSES:
        for group in groups:
            n = trials.said_of(length, group)
            wrong, false = (trials.believed(thresholds[length], False, length, group, f) for f in (False, True))
            if not n and not wrong and not false:
                continue
            rate = f"{false / trials.alarm_hours:.1f}" if group is None and trials.foreign_seconds else ""
            table.add_row(
                length,
                group or "all",
                str(n),
                share(trials.believed(0.0, True, length, group), n),
                share(trials.believed(thresholds[length], True, length, group), n),
                str(wrong),
                str(false),
                rate,
            )
    out.print(table)
    out.print(
        "believed at "
        + ", ".join(f"{SETTING[c]} {thresholds[c]:g} ({c})" for c in CLASSES)
        + f"; calibration error {trials.calibration_error():.3f}",
        style="dim",
    )
    out.print(
        "wrong: heard where another phrase was said; false: in speech that holds none "
        f"({trials.foreign_seconds / 60:.1f} min)",
        style="dim",
    )
    if trials.confusions:
        table = Table("said", "heard", "times", title="confusions 混淆")
        for (a, b), n in trials.confusions.most_common(15):
            table.add_row(a, b, str(n))
        out.print(table)


def show_points(points: dict[str, OperatingPoint], wished: float, hours: float) -> None:
    """The proposal."""
    out = screen()
    title = f"operating point for {wished:g} false words per hour"
    table = Table("setting", "threshold 阈值", "believed", "false per hour", "true rate at most (95 %)", title=title)
    for c, p in points.items():
        told = f"{p.false_per_hour:.2f}" + ("" if p.reached else " (not reached)")
        table.add_row(f"{SETTING[c]} ({c})", f"{p.threshold:.2f}", f"{p.recall:.3f}", told, f"{p.at_most_per_hour:.1f}")
    out.print(table)
    if 3.0 / max(hours, 1e-9) > wished:
        out.print(
            f"To be sure of {wished:g} per hour takes {3.0 / wished:.0f} hours of speech without a false word; "
            f"these are {hours:.2f}. 样本越多越可靠。",
            style="yellow",
        )
