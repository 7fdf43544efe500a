"""Labelled utterances: overs with a transcript.

Three kinds of labels, from the least work to the most detail:

- a table, ``labels.csv``: ``file,text`` with one utterance a file, or ``file,start,end,text`` with seconds;
  a column ``group`` (speaker, radio, channel…) gets a row of its own in the tables;
- an Audacity label track beside the recording, ``monday.flac`` → ``monday.txt``: ``start<TAB>end<TAB>text``;
- what ``huying simulate`` writes, ``monday.labels.json``.

The text is what was said, as in the roster and the grammar files; ``-`` is speech that has nothing of the net.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from voice.audio.source import open_recording
from voice.errors import FilesError, HuyingError, Problem, lines_of
from voice.measure.simulate import label_path
from voice.pcm import Pcm16
from voice.radio.carrier import CarrierGate, Closed
from voice.radio.over import Over
from voice.text import NotText, decoded

FOREIGN = "-"
"""Label of speech without any phrase of the net."""


@dataclass(frozen=True, slots=True)
class Label:
    """Transcript of a section of a recording."""

    start: float
    end: float
    """Seconds; both 0: the whole file."""

    text: str
    """Empty for speech without any phrase of the net."""

    group: str = ""


@dataclass(frozen=True, slots=True)
class Utterance:
    """One over and its label."""

    over: Over
    text: str
    group: str


def read_label_table(path: Path) -> dict[Path, list[Label]]:
    """Labels by recording from a CSV table. Raises FilesError with every invalid row."""
    problems: list[Problem] = []
    out: dict[Path, list[Label]] = {}
    try:
        with io.StringIO(decoded(path.read_bytes()), newline="") as f:
            rows = csv.DictReader(f)
            if missing := {"file", "text"} - set(rows.fieldnames or ()):
                told = f"no column {', '.join(sorted(missing))}"
                raise FilesError([Problem(path, 1, told, "first line: file,text or file,start,end,text")])
            for row in rows:
                try:
                    start, end = float(row.get("start") or 0), float(row.get("end") or 0)
                    label = _label(start, end, row["text"] or "", row.get("group") or "")
                except ValueError as e:
                    problems.append(Problem(path, rows.line_num, str(e), "seconds, the end after the start"))
                    continue
                recording = path.parent / row["file"]
                if not recording.is_file():
                    problems.append(Problem(path, rows.line_num, f"no file {recording}", "paths count from the table"))
                out.setdefault(recording, []).append(label)
    except (OSError, NotText) as e:
        raise HuyingError(f"{path}: cannot be read ({e}); it is a CSV table in UTF-8") from e
    if problems:
        raise FilesError(problems)
    return out


def _label(start: float, end: float, text: str, group: str) -> Label:
    if start < 0 or end < start:
        raise ValueError(f"“{start:g} to {end:g}” is not a stretch of time")
    return Label(start, end, "" if text.strip() == FOREIGN else text.strip(), group)


def labels_beside(recording: Path) -> list[Label]:
    """Label track or label file beside a recording. Raises HuyingError if there is none."""
    track, written = recording.with_suffix(".txt"), label_path(recording)
    if written.is_file():
        try:
            overs = json.loads(decoded(written.read_bytes()))["overs"]
            return [Label(o["start"], o["end"], o["words"][0], "") for o in overs if len(o["words"]) == 1]
        except (ValueError, KeyError, TypeError) as e:
            raise HuyingError(f"{written}: no overs with words in it ({e})") from e
    if not track.is_file():
        raise HuyingError(
            f"{recording}: no labels; write {track.name} (Audacity label track: start, end, text), or give --labels"
        )
    out: list[Label] = []
    problems: list[Problem] = []
    for number, line in lines_of(track, problems):
        if not line.strip() or line.startswith("\\"):  # the second line of a label holds its frequency range
            continue
        try:
            start, end, *text = line.split("\t")
            out.append(_label(float(start), float(end), " ".join(text), ""))
        except ValueError as e:
            problems.append(Problem(track, number, f"not a label: {e}", "start, end and text, with tabs between"))
    if problems:
        raise FilesError(problems)
    return out


def utterances(recording: Path, labels: list[Label], hang_s: float) -> tuple[list[Utterance], list[Label], int]:
    """(utterances, labels without an over, overs without a label) of one recording.

    The carrier gate segments it as on the air; a label belongs to the over that contains most of it.
    """
    frames = list(open_recording(recording).frames())
    pcm: Pcm16 = np.concatenate([f.pcm for f in frames]) if frames else np.zeros(0, np.int16)
    if len(labels) == 1 and labels[0].start == labels[0].end == 0:
        whole = Over.whole(pcm)
        return [Utterance(whole, labels[0].text, labels[0].group)], [], 0
    overs = list(_overs(pcm, hang_s))
    taken: dict[int, list[Label]] = {}
    lost = []
    for label in sorted(labels, key=lambda x: x.start):
        shared = [min(label.end, o.end) - max(label.start, o.start) for o in overs]
        best = int(np.argmax(shared)) if shared else -1
        if best < 0 or shared[best] <= 0.5 * (label.end - label.start):
            lost.append(label)
        else:
            taken.setdefault(best, []).append(label)
    found = [
        Utterance(overs[k], ",".join(x.text for x in some if x.text), some[0].group)
        for k, some in sorted(taken.items())
    ]
    return found, lost, len(overs) - len(taken)


def _overs(pcm: Pcm16, hang_s: float) -> Iterator[Over]:
    gate = CarrierGate(hang_s)
    for event in (*gate.process(pcm), *gate.finish()):
        if isinstance(event, Closed):
            yield event.over
