"""Whether words were really said: a second look at the scores of an over, for words, figures and call signs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import islice, product

from voice.grammar.free import FreeSpeech
from voice.grammar.item_search import SHORT
from voice.grammar.lexicon import FILLER, NOISE, Entry, pronunciations, sisters_of
from voice.grammar.message import Doubt
from voice.grammar.spoken_figures import CONFIDENCE, MARGIN, FigureSpeech, SpokenFigure
from voice.grammar.word_search import Likeliest
from voice.mandarin.accents import states
from voice.mandarin.readings import toneless
from voice.pcm import Floats
from voice.speech.acoustics import FRAME_S
from voice.speech.goodness import (
    BESIDE_S,
    Calibration,
    Frames,
    Goodness,
    States,
    begun,
    goodness,
    row_ratios,
    syllable_frames,
)
from voice.speech.hypothesis import Word

Row = tuple[States, tuple[int, ...]]
"""HMM states of a row of syllables, and the syllable that each belongs to."""

SIGNS = ("unit", "control", "assistant")
"""Kinds of entries that are call signs."""

WORDS = ("phrase", "talk")
"""Kinds whose syllables are looked at one by one."""

MAX_PRONUNCIATIONS = 8
"""Pronunciations per entry tried in verification."""

MOST_SISTERS = 3
"""Phrases tried in a row for a likelier sister."""

LIKELIER, UNLIKELIER = 2.0, 4.0
"""Where a long phrase differs from others its word is doubtful if it is not so much likelier than theirs, or so much
less likely than syllables of no phrase (log likelihood ratios, in the scores that are weighed for text). Tuning voices
described clothes in reports at 20 and 10 dB: 146 of 157 phrases that were said have no mark, 11 of 52 that were not; in
the scores by which phrases are found 130 and 12, with a margin of 3 122 and 10."""

REFUTED = 8.0
"""Where it is so much less likely than syllables of no phrase, something else was said: 门口有人推销, not 门口有人打架.
Tuning voices said 33 phrases and 33 rows with a word of no phrase in its place at 20 and 10 dB: 50 of 132 such rows
passed all other checks, 25 of these are below; of 125 phrases that were said none. (Weights since: 18 of 41, none of
126.)"""

ALLOWED, MANY = 2.0, 6
"""Log likelihood ratio to any syllables, in the scores that are weighed for text, by which the worst syllable of a
phrase may be less likely for each of its syllables, up to so many: 到哪儿了 is heard as 到了, whose 了 is less so by
8. Of 1,775 phrases by tuning voices at 20, 10 and 5 dB, 68 of them false, 21 false ones are refuted by this."""

ALIKE, ALIKE_LONG = 2.0, 4.0
"""What must be left for a phrase of two syllables, and of more, to be sure by its syllables alone. Below, the likeliest
words of the over must have it, too (出去巡逻了, not 出事情了), and below the first number these must be
words of the net alone. Phrases by tuning voices in scenes (960 overs, 20 and 10 dB): of 56 that were not said 18 have a
mark by the first number, another 13 by the words; of 1,500 that were said 21, and nine by the words."""

MOST_AWAITED = 3
"""Units that are awaited at once whose call signs are looked for; among many, one will do for anything."""

SIGNED = -3.0
"""Log likelihood ratio to any syllables from which a row is the call sign of an awaited unit. Of 21 short call signs
that tuning voices said alone 21 / 20 / 20 / 17 are understood in their unit's slot (clean / 20 / 10 / 5 dB), without
this 17 / 16 / 16 / 12; of what else they said and nobody understood 0.5 % would pass for a given unit's call sign at 20
and at 10 dB, 1.2 % at 5 dB."""

CALLED = 5.0
CLEARLY = 8.0
AHEAD = 3.0
UNLIKE = -4.0
"""Log likelihood ratio to any syllables from which speech begins with a call sign, from which that may be sure, by how
much it must be ahead of any other unit's, and the least of each of its syllables: 文苑社区治安队 for 建业社区治安队 has
14 and -11 for its second one. Sixteen tuning voices called units at 20 and 10 dB, each once and on with free speech
(贾岗社区,看一下监控): of 256 calls the graph lost 52, mostly for the free speech beside them. Of all 256 calls 225 are
found so, and no other unit; where the unit is none of the net's, six times one that sounds like it. Of 431 sentences
by people of training (20, 10 and 5 dB) two begin with 5 and more, none with 8."""

SHORT_FIGURE = 5
TALK_S = 2.0
"""A figure of fewer syllables with more unexplained speech beside it (s) is no sure one. Of such figures by tuning
voices none has more than 1.8 s beside it; in 16 minutes of sentences by people of training twelve had 2.4 s and more,
none of them a number that was said (是一名, the end of 一百五十八名)."""

ANOTHER = -1.25
"""Log likelihood ratio to any syllable below which a syllable of a figure, in the scores that are weighed for text, or
of a call sign that begins an over may be another one. Tuning voices said 72 figures at 20 and 10 dB: of those found 76
of 83 right ones are sure and 10 of 22 with a wrong syllable; of 8 heard in 13 minutes of people's sentences 4 are."""


class Verifier:
    """Confidence that an entry was really said, from the acoustics of the whole over."""

    def __init__(
        self, calibration: Calibration, accent: str, tones: bool, entries: Iterable[Entry] = (),
        shares: Mapping[str, float] | None = None,
    ) -> None:  # fmt: skip
        """``entries``: among which phrases have sisters. ``shares``: ``bigram.shares``."""
        entries = tuple(entries)
        self._sisters, self._shares = sisters_of(entries), shares or {}
        self._texts = frozenset(e.text for e in entries)
        self._calibration = calibration
        self._accent = accent
        self._tones = tones
        self._states: dict[str, list[Row]] = {}

    def of_frames(
        self, frames: Frames, words: Sequence[Word], known: Mapping[str, Entry] | None = None, threshold: float = 0.0
    ) -> Callable[[Entry, float, float], float]:
        """Score function for one over in which the graph recognised these words. Of words that are ``known`` those
        below ``threshold`` count as free speech beside others: the graph covers foreign speech with phrases, too, and
        what is not believed explains nothing. Not so beside the same word, said twice; and behind a call sign with
        nothing unknown before it a phrase may be followed by anything, as may the assistant's call sign and the order
        behind it."""
        aligned = cache(partial(self._aligned, frames))

        def among(row: Sequence[Word], entry: Entry, start: float, end: float) -> float:
            return round(self._calibration.confidence(_beside(aligned(entry, start, end), row, start, end)), 4)

        doubted = {
            w: e for w in words
            if (e := (known or {}).get(w.symbol)) is not None and among(words, e, w.start, w.end) < threshold
        }  # fmt: skip
        signs = {symbol: e.kind for symbol, e in (known or {}).items() if e.kind in SIGNS}

        def score(entry: Entry, start: float, end: float) -> float:
            row = [_as_free(w) if w in doubted and doubted[w].key != entry.key else w for w in words]
            before = next((w for w in reversed(row) if w.end <= start + 0.01), None)
            signed = entry.kind in SIGNS or (before is not None and before.symbol in signs)
            leads = signed and not unexplained(row, start - BESIDE_S, start)
            if leads:  # an order, or the dispatcher's own words, may follow the assistant's sign and what follows that
                order = "assistant" in (entry.kind, signs.get(before.symbol) if before else None)
                row = [w for w in words if w.start < end - 0.01] if order else list(words)
            return among(row, entry, start, end)

        return score

    def goodness(self, frames: Frames, words: Sequence[Word], entry: Entry, start: float, end: float) -> Goodness:
        """Score of the best pronunciation."""
        return _beside(self._aligned(frames, entry, start, end), words, start, end)

    def doubt(
        self, frames: Frames, likeliest: Likeliest, entry: Entry, start: float, end: float
    ) -> tuple[Entry, Doubt]:
        """The likeliest of a phrase and its sisters, and whether anything else was said where it differs from them:
        one of them, or syllables of no phrase. The rest of a long phrase bears out words that nobody said. Nor does
        it bear out a syllable that is another one."""
        said = entry
        for _ in range(MOST_SISTERS):
            likelier, doubt = self._against_sisters(frames, said, start, end)
            if likelier is said:
                break
            said = likelier
        return said, max(doubt, self._amiss(frames, likeliest, said, start, end)) if said.kind in WORDS else doubt

    def _amiss(self, frames: Frames, likeliest: Likeliest, entry: Entry, start: float, end: float) -> Doubt:
        """Whether one of its syllables was another one."""
        best, _ = _best(frames, self._pronunciations(entry), start, end)
        left = self._least(frames[0], best, start, end) + ALLOWED * min(entry.syllables, MANY)
        if left < 0:
            return Doubt.REFUTED
        if left >= (ALIKE if entry.syllables == SHORT else ALIKE_LONG):
            return Doubt.NONE
        said, sure = likeliest(), left >= ALIKE
        if said is not None:
            alone = all(w in self._texts for w, way in zip(said.words, said.syllables, strict=True) if way)
            sure = (sure or alone) and _within(entry, said.row)
        return Doubt.NONE if sure else Doubt.ANOTHER

    def _against_sisters(self, frames: Frames, entry: Entry, start: float, end: float) -> tuple[Entry, Doubt]:
        """A sister that is likelier, or the phrase itself; and whether that may not have been said."""
        sisters = self._sisters.get(entry.symbol)
        if not sisters:
            return entry, Doubt.NONE
        best, _ = _best(frames, self._first_reading(entry), start, end)
        at = syllable_frames(frames[0], *best, start, end)
        found = Doubt.NONE
        for (first, last), others in sisters.items() if at else ():
            a, b = max(0, at[first][0] - 1), min(len(frames[0]), at[last - 1][1] + 1)
            rivals = (entry, *others)
            parts = [[_part(r, first, last) for r in self._first_reading(e)] for e in rivals]
            ratios = iter(row_ratios(frames[0], [r for rows in parts for r in rows], a, b))
            borne = [max(islice(ratios, len(rows))) for rows in parts]
            own, *theirs = (r - self._readily(e, first, last) for r, e in zip(borne, rivals, strict=True))
            if max(theirs) > own:
                return others[theirs.index(max(theirs))], Doubt.ANOTHER
            if borne[0] < -REFUTED:
                return entry, Doubt.REFUTED
            if borne[0] < -UNLIKELIER or own < max(theirs) + LIKELIER:
                found = Doubt.ANOTHER
        return entry, found

    def sign(self, loglikes: Floats, entries: Sequence[Entry], start: float, end: float) -> Entry | None:
        """The call sign that was said there, once or twice, and nothing else."""
        a, b = max(0, round(start / FRAME_S)), round(end / FRAME_S)
        rows = [(e, s * times) for e in entries for s, _ in self._pronunciations(e) for times in (1, 2)]
        rows = [(e, s) for e, s in rows if len(s) <= b - a]
        ratios = row_ratios(loglikes, [s for _, s in rows], a, b)
        best = max(zip(ratios, rows, strict=True), default=None, key=lambda found: found[0])
        return best[1][0] if best is not None and best[0] >= SIGNED else None

    def called(self, loglikes: Floats, entries: Sequence[Entry], start: float) -> tuple[Entry, float, Doubt] | None:
        """The call sign with which speech begins, where it ends (s), and whether it is doubtful."""
        rows = [(e, s) for e in entries for s, _ in self._pronunciations(e)]
        at = begun(loglikes, [s for _, s in rows], max(0, round(start / FRAME_S)))
        found = [(ratio, end, e) for (e, _), (ratio, end) in zip(rows, at, strict=True)]
        if not found:
            return None
        best, end, sign = max(found, key=lambda f: f[0])
        another = max((ratio for ratio, _, e in found if e.key != sign.key), default=-math.inf)
        if best < CALLED or best - another < AHEAD:
            return None
        least = max(self._least(loglikes, row, start, end * FRAME_S) for row in self._pronunciations(sign))
        if least < UNLIKE:
            return None
        return sign, end * FRAME_S, Doubt.NONE if best >= CLEARLY and least >= ANOTHER else Doubt.ANOTHER

    def _aligned(self, frames: Frames, entry: Entry, start: float, end: float) -> Goodness:
        return _best(frames, self._pronunciations(entry), start, end)[1]

    def confidence(self, frames: Frames, figure: SpokenFigure) -> float:
        """Confidence that these syllables were said, 0..1."""
        found = goodness(*frames, *self._row(figure.syllables), figure.start, figure.end)
        return self._calibration.confidence(found)

    def borne_out(self, loglikes: Floats, figure: SpokenFigure) -> bool:
        """Whether each syllable of a figure was said, not only the row as a whole."""
        return self._least(loglikes, self._row(figure.syllables), figure.start, figure.end) >= ANOTHER

    def _least(self, loglikes: Floats, row: Row, start: float, end: float) -> float:
        """Log likelihood ratio to any syllable of the syllable that has the least; 0 where the row has no room."""
        ratios = [
            row_ratios(loglikes, [_part(row, k, k + 1)], max(0, a - 1), min(len(loglikes), b + 1))[0]
            for k, (a, b) in enumerate(syllable_frames(loglikes, *row, start, end))
        ]
        return min(ratios, default=0.0)

    def _pronunciations(self, entry: Entry) -> list[Row]:
        if entry.symbol not in self._states:
            rows: dict[tuple[str, ...], None] = {}
            for row in (row for r in entry.readings for row in product(*pronunciations(r, self._tones))):
                rows[row] = None
                if len(rows) == MAX_PRONUNCIATIONS:  # a long number has millions
                    break
            self._states[entry.symbol] = [self._row(r) for r in rows]
        return self._states[entry.symbol]

    def _first_reading(self, entry: Entry) -> list[Row]:
        """Pronunciations with as many syllables as the first reading."""
        return [r for r in self._pronunciations(entry) if r[1][-1] == len(entry.readings[0]) - 1]

    def _readily(self, entry: Entry, first: int, end: int) -> float:
        """How readily some of its syllables are heard: the networks have learned which ones are common, and hear 会
        (hui) for 黑 (hei). Of 416 phrases that eight tuning voices said at 20 and 10 dB four are logged as a sister,
        three of them with a mark; ten, four of them without, if nothing is subtracted."""
        return sum(self._shares.get(toneless(place[0]), 0.0) for place in entry.readings[0][first:end])

    def _row(self, syllables: tuple[str, ...]) -> Row:
        rows = [states(s, self._accent) for s in syllables]
        return tuple(p for row in rows for p in row), tuple(k for k, row in enumerate(rows) for _ in row)


def _best(frames: Frames, rows: Sequence[Row], start: float, end: float) -> tuple[Row, Goodness]:
    """The row that fits best, and how well."""
    return max(((r, goodness(*frames, *r, start, end)) for r in rows), key=lambda found: found[1].mean)


def _part(row: Row, first: int, end: int) -> States:
    """The states of some of the syllables."""
    return tuple(s for s, k in zip(*row, strict=True) if first <= k < end)


def _within(entry: Entry, said: Sequence[str]) -> bool:
    """Whether a row of toneless syllables has those of the entry, in one of its readings."""
    row = f" {' '.join(said)} "
    return any(f" {' '.join(toneless(place[0]) for place in r)} " in row for r in entry.readings)


def is_unexplained(word: Word) -> bool:
    return word.symbol == NOISE or word.symbol.startswith(FILLER)


def _as_free(word: Word) -> Word:
    return replace(word, symbol=FILLER)


def _beside(found: Goodness, words: Sequence[Word], start: float, end: float) -> Goodness:
    """With the unexplained speech around it."""
    return replace(
        found, before=unexplained(words, start - BESIDE_S, start), after=unexplained(words, end, end + BESIDE_S)
    )


def unexplained(words: Sequence[Word], start: float, end: float) -> float:
    """Seconds of filler and noise in an interval."""
    free = (w for w in words if is_unexplained(w))
    return sum(max(0.0, min(w.end, end) - max(w.start, start)) for w in free)


@dataclass(frozen=True, slots=True)
class Verification:
    """Second-pass checks of the graph's result."""

    verifier: Verifier
    free: FreeSpeech
    """Fillers only: what a rejected word sounded like."""
    spoken: FigureSpeech
    """Searches free speech for figures."""

    def figures(self, frames: Frames, as_text: Floats, start: float, end: float) -> list[SpokenFigure]:
        """Verified figures in an interval, in order. ``as_text``: scores that are weighed for text. Short ones amid
        talk are doubtful: 是一名 is 十一名."""
        found = self._found(frames, start, end)
        beside = end - start - sum(f.end - f.start for f in found)
        sure = [beside <= TALK_S or len(f.syllables) >= SHORT_FIGURE for f in found]
        return [replace(f, sure=s and self.verifier.borne_out(as_text, f)) for f, s in zip(found, sure, strict=True)]

    def _found(self, frames: Frames, start: float, end: float) -> list[SpokenFigure]:
        found = self.spoken.find(frames[0], start, end)
        if found is None or found.margin < MARGIN or self.verifier.confidence(frames, found) < CONFIDENCE:
            return []
        return [*self._found(frames, start, found.start), found, *self._found(frames, found.end, end)]
