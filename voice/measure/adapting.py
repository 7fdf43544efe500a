"""A station learns from its own journal: confirmed overs → an adapted copy of the model.

One confirmed over in HELD_BACK is held out of training and recognised before and after: the copy is kept only if the
held-out part improves.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from voice.errors import HuyingError
from voice.journal.store import Journal
from voice.mandarin.accents import states
from voice.mandarin.numerals import CannotBeRead
from voice.mandarin.phones import without_tone
from voice.mandarin.readings import PAUSE
from voice.measure.evaluation import Trials, evaluate
from voice.measure.utterances import Utterance
from voice.net.loading import Net
from voice.pcm import RATE, Pcm16
from voice.radio.over import Over
from voice.speech.acoustics import Network, rows_of
from voice.speech.adaptation import EPOCHS, UNKNOWN, Example, adapt, put, surprise, unlabelled
from voice.speech.models import check_model
from voice.station.ear import open_acoustics, open_ear
from voice.talk.by_hand import Confirmed

HELD_BACK = 4
"""One confirmed over in this many is held out of training."""

LEAST = 24
"""With fewer confirmed overs than this the comparison is meaningless."""

SILENCE_PDF = 0


@dataclass(frozen=True, slots=True)
class Confirmation:
    """An over transcribed by a person."""

    pcm: Pcm16
    said: str


def confirmations(journal: Journal) -> list[Confirmation]:
    """Confirmed overs in their order; a person's latest entry counts. Raises HuyingError for a missing clip."""
    last: dict[int, Confirmed] = {}
    for event in journal.events(kind="confirmed"):
        fact = event.fact()
        assert isinstance(fact, Confirmed)
        last[fact.confirms] = fact
    return [Confirmation(journal.clips.get(f.clip), f.said) for _, f in sorted(last.items())]


def aligned(network: Network, net: Net, c: Confirmation) -> Example | None:
    """Frame labels of a confirmed over by forced alignment; None if the text cannot be read or does not fit."""
    row: list[tuple[tuple[int, ...], bool]] = [((SILENCE_PDF,), True)]
    try:
        for part in PAUSE.split(c.said):
            for syllable in net.syllables(part) if part else ():
                row += [(p, False) for p in states(syllable, net.lexicon.accent)]
            row.append(((SILENCE_PDF,), True))
    except CannotBeRead:
        return None
    rows = rows_of(network, c.pcm)
    pdfs = _viterbi(network.outputs.loglikes(rows), row)
    if pdfs is None:
        return None
    base, tone = (np.array(x) for x in without_tone())
    tones = np.where(pdfs == SILENCE_PDF, UNKNOWN, tone[pdfs])
    return Example(rows, base[pdfs], tones)


def _viterbi(loglikes: np.ndarray, row: Sequence[tuple[tuple[int, ...], bool]]) -> np.ndarray | None:
    """Best pdf of every frame along ``row`` of (pdfs, optional); None if there are too few frames."""
    frames, n = len(loglikes), len(row)
    if frames < sum(not skip for _, skip in row):
        return None
    emission = np.stack([loglikes[:, list(p)].max(1) for p, _ in row], 1)
    skippable = np.array([skip for _, skip in row])
    over = np.concatenate([[False, False], skippable[1:-1]]) if n > 2 else np.zeros(n, bool)  # state before is skipped
    score = np.full(n, -np.inf)
    score[0] = emission[0, 0]
    if n > 1 and skippable[0]:
        score[1] = emission[0, 1]
    back = np.zeros((frames, n), np.int8)
    for t in range(1, frames):
        options = np.full((3, n), -np.inf)
        options[0] = score
        options[1, 1:] = score[:-1]
        options[2, 2:] = np.where(over[2:], score[:-2], -np.inf)
        back[t] = options.argmax(0)
        score = options.max(0) + emission[t]
    j = n - 1
    if skippable[-1] and n > 1 and score[-2] > score[-1]:
        j = n - 2
    if not np.isfinite(score[j]):
        return None
    path = np.zeros(frames, np.int64)
    for t in range(frames - 1, -1, -1):
        options_here = row[j][0]
        path[t] = options_here[int(np.argmax(loglikes[t, list(options_here)]))]
        j -= int(back[t, j])
    return path


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Result of one model on the held-out overs."""

    overs: int
    exact: int
    """Overs whose best path is exactly what was said."""
    said: int
    believed: int
    """Words said and accepted at the net's threshold."""
    false: int
    surprise: float
    """Mean negative log-posterior of what was said, nats per frame."""

    def better_than(self, other: HeldOut) -> bool:
        """More correct words, with false words counting twice; or equal, with lower surprise."""
        mine, others = (h.believed + h.exact - 2 * h.false for h in (self, other))
        return mine > others or (mine == others and self.surprise < other.surprise)


@dataclass(frozen=True, slots=True)
class Adapted:
    """Result of an adaptation."""

    learned: int
    minutes: float
    left_out: int
    """Overs whose text cannot be read or does not fit the audio."""
    before: HeldOut
    after: HeldOut
    folder: Path | None
    """SHA-256 of the adapted model; None: not better, so not kept."""


def adapt_to(
    net: Net,
    confirmed: Sequence[Confirmation],
    rehearsed: Iterable[Pcm16],
    base: Path,
    out: Path,
    work: Path,
    epochs: int = EPOCHS,
    progress: Callable[[float], None] = lambda _share: None,
) -> Adapted:
    """Write an adapted copy of the model folder ``base`` to ``out`` if it is better. ``rehearsed``: unrelated speech on
    which the model's output should stay unchanged. ``work``: scratch folder.

    Raises HuyingError if ``out`` exists, the model is not ours, or there are too few confirmed overs.
    """
    if out.exists():
        raise HuyingError(f"{out} exists; an adapted model never overwrites anything, name a new folder")
    folder = check_model(base)
    if folder.kind != "huying":
        raise HuyingError(f"{base}: only a model of Huying's own recipe can be adapted, e.g. huying-zh-8k")
    if len(confirmed) < LEAST:
        raise HuyingError(
            f"{len(confirmed)} confirmed overs; at least {LEAST} are needed. Listen and confirm more with "
            "“huying journal confirm”"
        )
    network = open_acoustics(folder)
    as_before = [unlabelled(rows_of(network, pcm)) for pcm in rehearsed]
    held: list[tuple[Confirmation, Example | None]] = []
    shown: list[tuple[Confirmation, Example | None]] = []
    for k, c in enumerate(confirmed, 1):
        (shown if k % HELD_BACK else held).append((c, aligned(network, net, c)))
        progress(k / len(confirmed))
    learned = [(c, e) for c, e in shown if e is not None]
    examples_held = [e for _, e in held if e is not None]
    moved = adapt(network.outputs, [e for _, e in learned] + as_before, epochs=epochs)
    copy = work / "adapted"
    shutil.copytree(base, copy)
    put(moved, copy)
    minutes = sum(len(c.pcm) for c, _ in learned) / RATE / 60
    _describe(copy, folder.sha256, net.settings.name, len(learned), minutes)
    before, after = (
        _hearing(net, path, [c for c, _ in held], surprise(outputs, examples_held), work)
        for path, outputs in ((base, network.outputs), (copy, moved))
    )
    kept = after.better_than(before)
    if kept:
        out.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(str(copy), out)
    left_out = len(confirmed) - len(learned) - len(examples_held)
    return Adapted(len(learned), minutes, left_out, before, after, out if kept else None)


def _describe(folder: Path, base: str, net: str, overs: int, minutes: float) -> None:
    card = folder / "model.json"
    listed = json.loads(card.read_text("utf-8")) | {"adapted_from": base, "adapted_to": net}
    card.write_text(json.dumps(listed, ensure_ascii=False, indent=2) + "\n", "utf-8")
    for name in ("evaluation.md", "evaluation.json"):
        (folder / name).unlink(missing_ok=True)  # of the previous model
    about = folder / "README.md"
    told = f"\n\n## Adapted\n\nTo the net {net}: {overs} confirmed overs, {minutes:.1f} min. From model {base}.\n"
    about.write_text((about.read_text("utf-8") if about.is_file() else "") + told, "utf-8")


def _hearing(net: Net, model: Path, held: Sequence[Confirmation], surprised: float, work: Path) -> HeldOut:
    ear = open_ear(net, work / "cache", str(model))
    trials = Trials()
    evaluate(ear, (Utterance(Over.whole(c.pcm), c.said, "") for c in held), trials)
    threshold = net.settings.recognition.threshold
    believed, false = (trials.believed(threshold, right) for right in (True, False))
    return HeldOut(trials.utterances, trials.exact, trials.said_of(), believed, false, surprised)
