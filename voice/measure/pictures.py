"""Plots of an evaluation: detection-error trade-off and calibration. Needs the extra ``eval`` (matplotlib)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from voice.errors import HuyingError
from voice.measure.evaluation import CLASSES, Trials
from voice.places import install

_NAMES = {"2-3": "phrases of 2 or 3 syllables", "4+": "phrases of 4 syllables and more"}


_BESIDE = 3
"""Panels side by side."""


def _figure(panels: int) -> tuple[Any, Any]:
    try:
        from matplotlib import use
    except ImportError as e:
        raise HuyingError(f"pictures need matplotlib; run “{install('eval')}”, or leave --pictures out") from e
    use("Agg")
    from matplotlib import pyplot as plt

    columns, rows = min(panels, _BESIDE), -(-panels // _BESIDE)
    size = (5.2 * columns, 4.4 * rows)
    figure, axes = plt.subplots(rows, columns, figsize=size, layout="constrained", squeeze=False)
    for empty in axes.flat[panels:]:
        empty.set_visible(False)
    return figure, axes.flat[:panels]


def draw_trade_off(path: Path, rows: Mapping[str, Trials], marks: Mapping[str, float] | None = None) -> None:
    """Miss rate over false words per hour, one panel per length class, one curve per row; ``marks``: thresholds."""
    shown = [c for c in CLASSES if any(t.curve(c) for t in rows.values())]
    figure, axes = _figure(max(1, len(shown)))
    for axis, length in zip(axes, shown, strict=False):
        floor = min(0.5 / max(t.alarm_hours, 1e-6) for t in rows.values())
        for name, trials in rows.items():
            curve = trials.curve(length)
            if not curve:
                continue
            x, y = [max(f, floor) for _, _, f in curve], [max(m, 1e-3) for _, m, _ in curve]
            line = axis.step(x, y, where="post", label=name)[0]
            if marks and length in marks:
                said = trials.said_of(length)
                miss = 1 - trials.believed(marks[length], True, length) / said
                false = trials.alarms(marks[length], length) / trials.alarm_hours
                axis.plot(max(false, floor), max(miss, 1e-3), "o", color=line.get_color())
        axis.set(xscale="log", yscale="log", xlabel="false words per hour of speech", ylabel="share missed")
        axis.set_title(_NAMES[length])
        axis.set_ylim(8e-4, 1.1)
        axis.grid(True, which="both", alpha=0.25)
        axis.legend()
    figure.savefig(path, dpi=110)


def draw_calibration(path: Path, rows: Mapping[str, Trials]) -> None:
    """Share of correct words over confidence, one panel per row: on the diagonal, 0.9 means nine out of ten."""
    figure, axes = _figure(len(rows))
    for axis, (name, trials) in zip(axes, rows.items(), strict=True):
        points = trials.reliability()
        axis.plot([0, 1], [0, 1], color="grey", linewidth=1)
        axis.plot([c for c, _, _ in points], [r for _, r, _ in points], "o-")
        for c, r, n in points:
            axis.annotate(str(n), (c, r), textcoords="offset points", xytext=(6, -10), fontsize=8)
        axis.set(xlabel="confidence", ylabel="share of words that were said", xlim=(0, 1), ylim=(0, 1.02))
        axis.set_title(f"{name}: {len(trials.heard)} words, calibration error {trials.calibration_error():.3f}")
        axis.grid(True, alpha=0.25)
    figure.savefig(path, dpi=110)
