"""Scores the log of a recording against its labels."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, median
from typing import Any

from voice.errors import HuyingError
from voice.journal.lines import Line, LineMaker
from voice.measure.scenario import Scenario, find_unit
from voice.measure.simulate import Spoken, perfect_log
from voice.net.loading import Net
from voice.text import decoded

COMPARED = (
    "called",
    "broadcast",
    "answered",
    "closed",
    "called_in",
    "control_replied",
    "relayed",
    "remarked",
    "not_understood",
    "roll",
)
"""Event types allowed in labels."""

LABEL_FIELDS = ("type", "t", "unit", "meaning", "latency_s")
TOLERANCE_S = 2.5
"""Largest time difference between an event and its label."""

LATENCY_TOLERANCE_S = 0.5


@dataclass(frozen=True, slots=True)
class Labels:
    """Expected log of a recording."""

    events: tuple[Line, ...]
    start: str | None = None
    """Wall clock of the start of the recording, ISO 8601."""
    net: str | None = None
    duration: float = 0.0
    doubled: tuple[tuple[float, float], ...] = ()
    """(start, end) of doubled overs: their content is not compared."""
    complete: bool = True
    """Complete: lists everything to be logged. Hand-made labels cover only the event types they contain."""


def make_labels(net: Net, scenario: Scenario, truth: list[Spoken], duration: float) -> dict[str, Any]:
    """Label file of a simulated recording, as plain data."""
    maker = LineMaker()
    events = []
    for fact, speakers in perfect_log(net, truth, duration):
        line = maker.line(fact)
        if line["type"] in COMPARED:
            events.append({k: line[k] for k in LABEL_FIELDS if line[k] is not None} | {"speakers": list(speakers)})
    overs = [
        {
            "start": round(s.start, 3),
            "end": round(s.end, 3),
            "speech": [round(s.speech_start, 3), round(s.speech_end, 3)],
            "speakers": list(s.speakers),
            "words": list(s.words),
        }
        for s in truth
    ]
    return {
        "start": scenario.start.isoformat(),
        "net": net.settings.name,
        "duration": round(duration, 3),
        "events": events,
        "overs": overs,
    }


def read_labels(path: Path) -> Labels:
    """Read a label file. Raises HuyingError if it is not one."""
    try:
        raw = json.loads(decoded(path.read_bytes()))
        events = tuple(dict(e) for e in raw["events"])
        unknown = next((e for e in events if e.get("type") not in COMPARED or "t" not in e), None)
    except FileNotFoundError as e:
        raise HuyingError(f"{path}: no such label file; “huying simulate” writes one beside its recording") from e
    except (ValueError, KeyError, TypeError) as e:
        raise HuyingError(f'{path}: not a label file ({e}); it is JSON: {{"events": [{{"type": …, "t": …}}]}}') from e
    if unknown is not None:
        raise HuyingError(f"{path}: {unknown} needs “t” and a “type” out of {', '.join(COMPARED)}")
    overs = raw.get("overs", [])
    doubled = tuple((float(o["start"]), float(o["end"])) for o in overs if len(o.get("speakers", ())) > 1)
    return Labels(
        events, raw.get("start"), raw.get("net"), float(raw.get("duration", 0.0)), doubled, "overs" in raw or not events
    )


@dataclass(slots=True)
class Score:
    """Counts over one or more recordings; combine with ``add``."""

    pairs: list[tuple[Line, Line]] = field(default_factory=list)
    """(label, log line) with equal type and unit, close in time."""
    missed: list[Line] = field(default_factory=list)
    extra: list[Line] = field(default_factory=list)
    confusions: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(what was said, what was logged)."""
    hours: float = 0.0
    exchanges: int = 0
    exchanges_right: int = 0

    def add(self, other: Score) -> None:
        """Add the counts of another recording."""
        self.pairs += other.pairs
        self.missed += other.missed
        self.extra += other.extra
        self.confusions += other.confusions
        self.hours += other.hours
        self.exchanges += other.exchanges
        self.exchanges_right += other.exchanges_right

    def rates(self, kind: str) -> tuple[int, int, float | None, float | None]:
        """(labelled, found, recall, precision) of an event type; meanings must match if labelled. Recall is
        undefined without labels, precision without log lines."""
        right = sum(a["type"] == kind and _means(a, b) for a, b in self.pairs)
        labelled = sum(a["type"] == kind for a, _ in self.pairs) + sum(m["type"] == kind for m in self.missed)
        logged = sum(a["type"] == kind for a, _ in self.pairs) + sum(x["type"] == kind for x in self.extra)
        return labelled, right, right / labelled if labelled else None, right / logged if logged else None

    @property
    def false_alarms(self) -> int:
        """Calls and answers logged but not spoken."""
        return sum(x["type"] in ("called", "answered", "called_in") for x in self.extra)

    def latency_errors(self) -> list[float]:
        """|logged − labelled| answer time of the answers found, s."""
        return [
            abs(b["latency_s"] - a["latency_s"])
            for a, b in self.pairs
            if a["type"] == "answered" and a.get("latency_s") is not None and b.get("latency_s") is not None
        ]

    def differences(self) -> list[str]:
        """For people and ``--expect``: one line per difference from the labels."""
        out = [f"missing  {show(m)}" for m in self.missed]
        out += [f"extra    {show(x)}" for x in self.extra]
        for a, b in self.pairs:
            if not _means(a, b):
                out.append(f"differs  {show(a)}: logged as {b['meaning']}")
            elif a.get("latency_s") is not None and abs(b["latency_s"] - a["latency_s"]) > LATENCY_TOLERANCE_S:
                out.append(f"differs  {show(a)}: answer time {a['latency_s']:.1f} s, logged as {b['latency_s']:.1f} s")
        return out

    def as_json(self) -> dict[str, Any]:
        """Machine-readable figures."""
        errors = self.latency_errors()
        kinds = {k: self.rates(k) for k in COMPARED}
        return {
            "hours": round(self.hours, 4),
            "exchanges": self.exchanges,
            "exchange_accuracy": round(self.exchanges_right / self.exchanges, 4) if self.exchanges else None,
            "false_alarms": self.false_alarms,
            "false_alarms_per_hour": round(self.false_alarms / self.hours, 2) if self.hours else None,
            "answer_time_error_s": {
                "mean": round(mean(errors), 3),
                "median": round(median(errors), 3),
                "max": round(max(errors), 3),
            }
            if errors
            else None,
            "events": {
                k: {
                    "labelled": n,
                    "right": r,
                    "recall": None if a is None else round(a, 4),
                    "precision": None if p is None else round(p, 4),
                }
                for k, (n, r, a, p) in kinds.items()
                if n or any(x["type"] == k for x in self.extra)
            },
            "confusions": [{"said": a, "logged": b, "times": n} for (a, b), n in self.confusions.most_common()],
        }


def show(line: Line) -> str:
    """One-line form of a label."""
    who = f" {line['unit']}" if line.get("unit") else ""
    return f"{line['t']:7.1f} s  {line['type']}{who} {line.get('meaning') or ''}".rstrip()


def compare(labels: Labels, logged: list[Line], duration: float, net: Net | None = None) -> Score:
    """Match labelled and logged events: same type and unit, nearest in time first, then by meaning. With ``net``,
    labels may use names or call signs; unknown units are refused with HuyingError."""
    score = Score(hours=duration / 3600)
    labelled = [{"meaning": None, "unit": None, **e} for e in labels.events if e["type"] in COMPARED]
    for e in labelled:
        if e["unit"] is not None:
            e["unit"] = find_unit(net, str(e["unit"])).id if net else str(e["unit"])
    kinds = COMPARED if labels.complete else {e["type"] for e in labelled}
    mine = [x for x in logged if x["type"] in kinds]
    labelled, mine = _certain(labelled, labels.doubled), _certain(mine, labels.doubled)
    free = set(range(len(mine)))
    partner: dict[int, int] = {}
    options = sorted(
        (not _means(a, mine[k]), abs(a["t"] - mine[k]["t"]), i, k)
        for i, a in enumerate(labelled)
        for k in free
        if (a["type"], a["unit"]) == (mine[k]["type"], mine[k]["unit"]) and _near(a, mine[k])
    )
    for _, _, i, k in options:
        if i not in partner and k in free:
            partner[i] = k
            free.discard(k)
    for i, a in enumerate(labelled):
        if i in partner:
            score.pairs.append((a, mine[partner[i]]))
            continue
        score.missed.append(a)
        instead = [mine[k] for k in sorted(free) if abs(mine[k]["t"] - a["t"]) <= TOLERANCE_S]
        score.confusions[_name(a), _name(instead[0]) if instead else "—"] += 1
    score.extra = [mine[k] for k in sorted(free)]
    for a, b in score.pairs:
        if not _means(a, b):
            score.confusions[_name(a), _name(b)] += 1
    _exchanges(labelled, mine, score)
    return score


def _means(label: Line, line: Line) -> bool:
    """A label without a meaning matches any."""
    return label["meaning"] is None or bool(label["meaning"] == line["meaning"])


def _certain(events: list[Line], doubled: tuple[tuple[float, float], ...]) -> list[Line]:
    """Events not based on a doubled over. An exchange open during one can end in several ways."""
    touched = {e["unit"] for e in events for a, b in doubled if e["type"] != "closed" and a - 0.5 <= e["t"] <= b + 0.5}
    return [
        e
        for e in events
        if not any(a - 0.5 <= e["t"] <= b + 0.5 for a, b in doubled)
        and not (e["type"] == "closed" and e["unit"] in touched and any(a <= e["t"] <= b + 60 for a, b in doubled))
    ]


def _near(a: Line, b: Line) -> bool:
    """A closing is logged when time is up, in clear-channel seconds, so its time shifts with intervening overs."""
    return bool(abs(a["t"] - b["t"]) <= (4 * TOLERANCE_S if a["type"] == "closed" else TOLERANCE_S))


def _name(line: Line) -> str:
    return " ".join(str(line[k]) for k in ("type", "unit", "meaning") if line.get(k))


def _exchanges(labels: list[Line], logged: list[Line], score: Score) -> None:
    """An exchange is correct if the call was logged with the labelled result (who, what, or silent)."""
    if not any(e["type"] in ("answered", "closed") for e in labels):
        return  # the labels do not say how calls ended
    want, got = _results(labels), _results(logged)
    free = list(got)
    for unit, t, result in want:
        score.exchanges += 1
        fit = (g for g in free if g[0] == unit and abs(g[1] - t) <= TOLERANCE_S and result in (None, g[2]))
        hit = next(fit, None)
        if hit:
            score.exchanges_right += 1
            free.remove(hit)


def _results(events: list[Line]) -> list[tuple[str, float, str | None]]:
    """(unit, time of the first call, result) of every exchange."""
    out: list[tuple[str, float, str | None]] = []
    running: dict[str, float] = {}
    for e in events:
        unit = str(e.get("unit"))
        if e["type"] == "called":
            running.setdefault(unit, e["t"])
        elif e["type"] in ("answered", "closed") and unit in running:
            out.append((unit, running.pop(unit), e.get("meaning")))
    return out + [(u, t, "") for u, t in running.items()]
