"""Operating points proposed by an evaluation, as figures and as thresholds in ``net.toml``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from voice.errors import HuyingError
from voice.measure.evaluation import CLASSES, POISSON_0, OperatingPoint, Trials
from voice.net.settings import write_settings

SETTING = {"2-3": "idle_threshold", "4+": "threshold"}
"""Setting that holds the operating point of each length class."""


def write_points(
    path: Path, points: dict[str, OperatingPoint], wished: float, hours: float, tell: Callable[[str], None]
) -> None:
    """Write the thresholds proven to meet the required rate. Raises HuyingError if some are not, after writing the
    others."""
    sure = {SETTING[c]: p.threshold for c, p in points.items() if p.reached and p.at_most_per_hour <= wished}
    if sure:
        write_settings(path, "recognition", sure)
        told = ", ".join(f"{k} = {v}" for k, v in sure.items())
        tell(f"{path}: {told}")
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


def as_figures(trials: Trials, points: dict[str, OperatingPoint]) -> dict[str, Any]:
    """Machine-readable figures."""
    return {
        "utterances": trials.utterances,
        "exact": trials.exact,
        "hours": round(trials.hours, 4),
        "calibration_error": round(trials.calibration_error(), 4),
        "operating_points": {c: asdict(p) for c, p in points.items()},
        "curves": {c: [[round(v, 4) for v in row] for row in trials.curve(c)] for c in CLASSES},
        "confusions": [[a, b, n] for (a, b), n in trials.confusions.most_common()],
    }
