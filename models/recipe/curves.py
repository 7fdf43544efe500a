"""Misses against false words, and how far the confidence can be trusted, of each kind of speakers that ``evaluate`` has
measured: ``trade-off.png``, ``calibration.png`` and ``operating.md`` in the model folder. No kind is pooled."""

from __future__ import annotations

from pathlib import Path

from models.recipe.evaluate import IDLE_THRESHOLD, SPEAKERS, THRESHOLD, TOLD, heard
from models.recipe.trials import WISHED, total
from voice.measure.evaluation import CLASSES, Trials, operating_point, share
from voice.measure.pictures import draw_calibration, draw_trade_off


def curves(model: Path, data: Path, cache: Path) -> None:
    """Write pictures and the table into ``model``, from what ``evaluate`` keeps in ``cache`` or measures now."""
    found = {kind: total(list(by_snr.values())) for kind, by_snr in heard(SPEAKERS, model, data, cache).items()}
    draw_trade_off(model / "trade-off.png", found, {"2-3": IDLE_THRESHOLD, "4+": THRESHOLD})
    draw_calibration(model / "calibration.png", found)
    lines = [
        "# Operating points", "", "Written by `python -m models.recipe curves`; do not edit.", "",
        "From the overs of [evaluation.md](evaluation.md), clean and at 20, 10 and 5 dB together, each kind of",
        "speakers by itself. The threshold at which a kind's false words are as rare as wished, in hundredths from",
        f"0.30 on, and what is believed there; and at the default thresholds ({THRESHOLD} for four syllables and more,",
        f"{IDLE_THRESHOLD} for two and three while nobody is expected to answer).", "",
        "| kind | syllables | foreign speech, h | wished an hour | threshold | believed | false words an hour "
        "| at most (95 %) | believed at the default |",
        "|---|---|---|---|---|---|---|---|---|",
        *(_row(kind, length, t) for kind, t in found.items() for length in CLASSES if t.said_of(length)), "",
        *(f"- **{kind}**: {TOLD[kind]}." for kind in found), "",
        "![misses against false words](trade-off.png)", "", "![share right over confidence](calibration.png)",
    ]  # fmt: skip
    (model / "operating.md").write_text("\n".join(lines) + "\n", "utf-8")
    print("\n".join(lines))


def _row(kind: str, length: str, t: Trials) -> str:
    p = operating_point(t, length, WISHED[length])
    default = THRESHOLD if length == "4+" else IDLE_THRESHOLD
    reached = f"{p.threshold:.2f}" if p.reached else "none"
    said = t.said_of(length)
    return (
        f"| {kind} | {length} | {t.alarm_hours:.2f} | {WISHED[length]} | {reached} | {p.recall:.3f} "
        f"| {p.false_per_hour:.2f} | {p.at_most_per_hour:.1f} | {share(t.believed(default, True, length), said)} |"
    )
