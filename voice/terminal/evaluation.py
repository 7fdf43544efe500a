"""Terminal output of an evaluation."""

from __future__ import annotations

from rich.table import Table

from voice.measure.evaluation import CLASSES, OperatingPoint, Trials, share
from voice.measure.proposal import SETTING
from voice.terminal.output import screen, told


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
                group or told("all"),
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
    """Proposed operating points."""
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
            f"these are {hours:.2f}.",
            style="yellow",
        )
