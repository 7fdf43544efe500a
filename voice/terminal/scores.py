"""Terminal output of a score."""

from __future__ import annotations

import re

from rich.table import Table

from voice.journal.wording import KIND_NAMES, MEANING_NAMES, name_of
from voice.language import language, worded
from voice.measure.scoring import Score
from voice.net.loading import Net
from voice.terminal.output import screen


def show(score: Score, recordings: int) -> None:
    """Tables for people."""
    out = screen()
    figures = score.as_json()
    out.print(f"{recordings} recordings, {score.hours * 60:.1f} min")
    table = Table("event 事件", "labelled", "right", "recall", "precision")
    for kind, f in figures["events"].items():
        name = name_of(KIND_NAMES, kind, language() != "zh")
        table.add_row(name, str(f["labelled"]), str(f["right"]), _share(f["recall"]), _share(f["precision"]))
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
            table.add_row(in_words(a), in_words(b), str(n))
        out.print(table)


def in_words(event: str) -> str:
    """“called 103 call”, as scores write events, with kind and meaning in the user's language."""
    if language() != "zh":
        return event
    return " ".join(w for x in event.split(" ") if (w := name_of(KIND_NAMES | MEANING_NAMES, x, False)))


DIFFERENCE = re.compile(r"(missing|extra|differs) +([\d.]+) s  ([^:]*)(?:: (.*))?")
DIFFERENCES = {"missing": "漏记", "extra": "多记", "differs": "不同"}


def difference_in_words(difference: str, net: Net) -> str:
    """A line of ``Score.differences`` in the user's language, with the unit's name."""
    found = DIFFERENCE.fullmatch(difference)
    if found is None or language() != "zh":
        return difference
    what, t, event, instead = found.groups()
    kind, _, rest = event.partition(" ")
    unit, _, meaning = rest.partition(" ")
    said = " ".join(w for w in (in_words(kind), net.name_of(unit), in_words(meaning)) if w)
    return f"{DIFFERENCES[what]} {float(t):7.1f} 秒  {said}" + (
        f": {in_words(worded(instead, False))}" if instead else ""
    )


def _share(value: float | None) -> str:
    """Undefined without labels."""
    return "–" if value is None else f"{value:.3f}"
