"""Recognition performance of a net: misses against false alarms, calibration, and the operating point.

Every word preferred by the graph has a confidence; at a given threshold it is accepted or rejected. Words are counted
here, before meanings and net logic: ``scoring`` counts those.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rapidfuzz.distance import LCSseq

from voice.grammar.interpreter import SHORT_SYLLABLES
from voice.grammar.lexicon import Entry
from voice.grammar.message import Item
from voice.measure.false_words import believed
from voice.measure.simulate import PerfectEar
from voice.measure.utterances import Utterance
from voice.pcm import RATE
from voice.speech.goodness import frames_of
from voice.speech.hypothesis import Hypothesis
from voice.station.ear import Ear

CLASSES = ("2-3", "4+")
"""Names of the length classes, as in the tables."""

Z = 1.96
"""Normal quantile of a 95 % interval."""

LOWEST = 0.3
"""Lowest threshold ever proposed: a little speech without a false word does not prove that there will be none."""

POISSON_0 = 3.0
"""95 % upper limit for a count of zero (rule of three)."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A word recognised by the graph."""

    entry: Entry
    confidence: float
    right: bool
    group: str = ""
    foreign: bool = False
    """In an utterance without any phrase of the net."""

    @property
    def length(self) -> str:
        return length_class(self.entry)


def length_class(entry: Entry) -> str:
    """“2-3” or “4+”."""
    return CLASSES[entry.syllables > SHORT_SYLLABLES]


def length_of(item: Item) -> str:
    """The same of a word in a message."""
    return CLASSES[len(item.pinyin.split()) > SHORT_SYLLABLES]


@dataclass(slots=True)
class Trials:
    """Counts over utterances; fill it with ``add``."""

    said: list[tuple[Entry, str]] = field(default_factory=list)
    """(entry, group) of every phrase said; a repetition counts once."""

    heard: list[Judged] = field(default_factory=list)
    seconds: float = 0.0
    foreign_seconds: float = 0.0
    """Duration of utterances without any phrase of the net."""
    utterances: int = 0
    exact: int = 0
    """Utterances whose best path is exactly what was said."""

    confusions: Counter[tuple[str, str]] = field(default_factory=Counter)

    slotted: list[tuple[Entry, str]] = field(default_factory=list)
    """Those of ``said`` that the whole ear believes, without a mark, while the unit that they name is awaited."""

    mistaken: Counter[str] = field(default_factory=Counter)
    """Length class → words that the whole ear believes in utterances without any phrase, while no answer is
    expected."""

    @property
    def hours(self) -> float:
        return self.seconds / 3600

    @property
    def alarm_hours(self) -> float:
        """Hours over which false alarms are counted: of speech without a phrase, or of all speech if there is none."""
        return (self.foreign_seconds or self.seconds) / 3600

    def alarms(self, threshold: float, length: str) -> int:
        """False words at or above a threshold in these hours. A phrase recognised in place of another is not a false
        alarm."""
        return self.believed(threshold, False, length, foreign=True if self.foreign_seconds else None)

    def add(self, said: list[Entry], heard: list[tuple[Entry, float]], seconds: float, group: str) -> None:
        """Add one utterance: its phrases, and the graph's words with their confidence."""
        rows = [_identity(e) for e, _ in heard], [_identity(e) for e in said]
        matched, found = _common(*rows)
        self.utterances += 1
        self.exact += rows[0] == rows[1]
        self.seconds += seconds
        self.foreign_seconds += 0.0 if said else seconds
        self.said += [(e, group) for e in said]
        self.heard += [Judged(e, c, k in matched, group, not said) for k, (e, c) in enumerate(heard)]
        instead = " ".join(e.text for k, (e, _) in enumerate(heard) if k not in matched) or "—"
        for k, e in enumerate(said):
            if k not in found:
                self.confusions[e.text, instead] += 1

    def answered(self, said: list[Entry], items: Sequence[Item], group: str) -> None:
        """Count what of it the whole ear believes."""
        found, _ = _common([_identity(e) for e in said], [(i.kind, i.key) for i in items])
        self.slotted += [(said[k], group) for k in sorted(found)]

    def take(self, other: Trials) -> None:
        """Add the counts of other utterances."""
        self.said += other.said
        self.heard += other.heard
        self.seconds += other.seconds
        self.foreign_seconds += other.foreign_seconds
        self.utterances += other.utterances
        self.exact += other.exact
        self.confusions += other.confusions
        self.slotted += other.slotted
        self.mistaken += other.mistaken

    def said_of(self, length: str | None = None, group: str | None = None) -> int:
        """Phrases said, optionally of one length class and group."""
        return sum((length in (None, length_class(e))) and group in (None, g) for e, g in self.said)

    def slotted_of(self, length: str, group: str | None = None) -> int:
        """Phrases of one length class that the whole ear believes in their slot."""
        return sum(length == length_class(e) and group in (None, g) for e, g in self.slotted)

    def believed(
        self,
        threshold: float,
        right: bool,
        length: str | None = None,
        group: str | None = None,
        foreign: bool | None = None,
    ) -> int:
        """Words at or above a threshold, correct or false; ``foreign``: in utterances without, or with, a phrase."""
        return sum(
            j.right == right
            and j.confidence >= threshold
            and length in (None, j.length)
            and group in (None, j.group)
            and foreign in (None, j.foreign)
            for j in self.heard
        )

    def groups(self) -> list[str]:
        """Group names, sorted."""
        return sorted({g for _, g in self.said} | {j.group for j in self.heard})

    def curve(self, length: str) -> list[tuple[float, float, float]]:
        """(threshold, miss rate, false alarms per hour) of a length class, by rising threshold."""
        said = self.said_of(length)
        if not said or not self.seconds:
            return []
        rows = sorted({0.0, *(j.confidence for j in self.heard if j.length == length)})
        return [(t, 1 - self.believed(t, True, length) / said, self.alarms(t, length) / self.alarm_hours) for t in rows]

    def reliability(self, bins: int = 10) -> list[tuple[float, float, int]]:
        """(mean confidence, share correct, words) of each non-empty confidence bin."""
        out = []
        for b in range(bins):
            some = [j for j in self.heard if min(int(j.confidence * bins), bins - 1) == b]
            if some:
                mean = sum(j.confidence for j in some) / len(some)
                out.append((mean, sum(j.right for j in some) / len(some), len(some)))
        return out

    def calibration_error(self) -> float:
        """Expected calibration error: mean difference between confidence and share correct, weighted by words."""
        return sum(abs(c - r) * n for c, r, n in self.reliability()) / max(1, len(self.heard))


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """A threshold and its performance."""

    length: str
    threshold: float
    recall: float
    """Miss rate."""
    false_per_hour: float
    at_most_per_hour: float
    """Upper 95 % limit of the true false-alarm rate: the less speech was tested, the higher."""
    reached: bool
    """The required rate is met."""


def operating_point(trials: Trials, length: str, wished_per_hour: float) -> OperatingPoint:
    """Lowest threshold (in hundredths) at which false alarms of a class do not exceed the required rate."""
    grid = [k / 100 for k in range(round(100 * LOWEST), 100)]
    said = max(1, trials.said_of(length))

    def point(t: float) -> OperatingPoint:
        false = trials.alarms(t, length)
        rate = false / max(trials.alarm_hours, 1e-9)
        upper = poisson_upper(false) / max(trials.alarm_hours, 1e-9)
        return OperatingPoint(length, t, trials.believed(t, True, length) / said, rate, upper, rate <= wished_per_hour)

    return next((p for t in grid if (p := point(t)).reached), point(grid[-1]))


def poisson_upper(count: int) -> float:
    """Upper 95 % limit of the mean of a Poisson count (Byar's approximation)."""
    if count == 0:
        return POISSON_0
    n = count + 1
    return float(n * (1 - 1 / (9 * n) + 1.645 / (3 * math.sqrt(n))) ** 3)


def wilson(k: int, n: int) -> tuple[float, float]:
    """95 % interval of a proportion (Wilson, 1927)."""
    if n == 0:
        return 0.0, 1.0
    p = k / n
    middle = (p + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z / (1 + Z * Z / n) * math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)


def share(k: int, n: int) -> str:
    """“0.962 (0.93–0.98, n=240)”."""
    if n == 0:
        return "–"
    low, high = wilson(k, n)
    return f"{k / n:.3f} ({low:.2f}–{high:.2f}, n={n})"


def words_of(ear: Ear, hypothesis: Hypothesis) -> list[tuple[Entry, float]]:
    """The graph's words with their confidence; immediate repetitions count once, with the higher confidence."""
    symbols = ear.interpreter.lexicon.by_symbol()
    words = [w for w in hypothesis.words if w.symbol in symbols]
    score = None
    if ear.verification and words and hypothesis.loglikes is not None:
        frames = frames_of(hypothesis.loglikes)
        threshold = ear.net.settings.recognition.threshold
        score = ear.verification.verifier.of_frames(frames, hypothesis.words, symbols, threshold)
    out: list[tuple[Entry, float]] = []
    for w in words:
        entry = symbols[w.symbol]
        sure = score(entry, w.start, w.end) if score else w.confidence
        if out and _identity(out[-1][0]) == _identity(entry):
            out[-1] = (out[-1][0], max(out[-1][1], sure))
        else:
            out.append((entry, sure))
    return out


def said_in(ear: Ear, text: str) -> list[Entry]:
    """The net's phrases in a label, without immediate repetitions."""
    symbols = ear.interpreter.lexicon.by_symbol()
    out: list[Entry] = []
    for w in PerfectEar(ear.net).hypothesis(text, 0.0, 1.0).words if text else ():
        entry = symbols.get(w.symbol)
        if entry is not None and (not out or _identity(out[-1]) != _identity(entry)):
            out.append(entry)
    return out


def evaluate(ear: Ear, overs: Iterable[Utterance], trials: Trials) -> None:
    """Recognise every utterance and count."""
    for u in overs:
        hypothesis, said = ear.recogniser.recognise(u.over.pcm), said_in(ear, u.text)
        trials.add(said, words_of(ear, hypothesis), len(u.over.pcm) / RATE, u.group)
        if said:
            units = {e.key for e in said if e.kind == "unit"}
            trials.answered(said, believed(ear, u.over, hypothesis, True, units), u.group)
        else:
            trials.mistaken.update(length_of(i) for i in believed(ear, u.over, hypothesis, False))


def _common(a: list[tuple[str, str]], b: list[tuple[str, str]]) -> tuple[set[int], set[int]]:
    """Places in either row of what is in both, in the same order."""
    ours, theirs = set(), set()
    for block in LCSseq.opcodes(a, b):
        if block.tag == "equal":
            ours |= set(range(block.src_start, block.src_end))
            theirs |= set(range(block.dest_start, block.dest_end))
    return ours, theirs


def _identity(entry: Entry) -> tuple[str, str]:
    """Call signs of one unit count as equal."""
    return entry.kind, entry.key
