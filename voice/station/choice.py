"""Which text was said: put together from what Whisper offers, what our own ear hears, and which words follow which.

Whisper knows which characters follow each other, our ear which sounds there are on a radio. The syllables of a text are
laid over the whole passage, with or without silence between them; summed over all ways to do so that gives the text's
likelihood, and its ratio to that of any syllables at all says how well the ear bears it out.

With a word model our own ear looks for words in the scores itself, and expects the rows of syllables that Whisper's
texts have; where both agree on the sound Whisper's characters stand. Without one the text with the best sum of
Whisper's log-probability and that ratio is chosen. Where it differs from the other texts, or from the syllables that
the ear hears, what they have is taken instead if the ear is that much surer of it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

import numpy as np
import numpy.typing as npt

from voice.grammar.free import FreeSpeech
from voice.grammar.lattice import lattice_of
from voice.grammar.word_search import Found, Likeliest, WordSearch
from voice.mandarin.accents import states
from voice.mandarin.numerals import CannotBeRead, cardinal
from voice.mandarin.readings import ReadingsTable, toneless
from voice.mandarin.rows import STAY, free_row
from voice.pcm import Floats
from voice.speech.acoustics import FRAME_S
from voice.speech.goodness import EVIDENCE, free_sum
from voice.speech.whisper import Passage, Transcript, alone, invented

WEIGHT = 1.0
"""Of a log likelihood ratio beside Whisper's log-probability."""

OFFERED, HEARD = 1.0, 12.0
"""What a syllable of another of Whisper's texts, and of our own ear, must be likelier than the one that it replaces:
log likelihood ratios. The ear has to be very sure, because it knows no words: with 3 it wrote 下在 for 现在."""

BORNE_OUT = 1.0
"""Log likelihood ratio a syllable from which a text counts as said. About 5 is reached in clear speech, 0 in another's
words."""

TONES = 2.0
"""Weight of what tones have made likelier, beside that ratio: speech played backwards has sounds, and hardly tones."""

USUAL = 0.5
"""What tones make likelier a syllable in the standard language: for texts that were found without them."""

BORNE_OUT_ALONE = 5.0
"""What both reach a syllable, weighed, for what our own ear has written, which it always likes, and no text of
Whisper's bears out. About half of it is right there; of speech played backwards an eighth reaches it."""

SURE = (1.10, 4.9)
"""Slope, and the weighed sum of both for a syllable at which half of the syllables are right."""

HINT = 0.3
"""Of the logarithms by which Whisper's texts make syllables likelier, against the scaled acoustic scores."""

TOGETHER = 2
"""Syllables in a row that our own ear and Whisper must have in common for Whisper's characters to stand."""

SHORTEST = 3
"""Syllables of the shortest text that is judged: any sound resembles a single one."""

LONGEST_NUMBER = 4
"""Figures; more are said one by one."""

ROUNDS = 12
"""Most places of a text that are replaced."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A character with its syllable, a number or letters with theirs, or a mark with none."""

    text: str
    syllables: tuple[str, ...]
    """Toneless."""


Units = tuple[Unit, ...]


def sureness(evidence: float) -> float:
    """Share of the syllables that are right, by ``Text.evidence``: 0..1. Fitted on tuning people."""
    return 1 / (1 + math.exp(-SURE[0] * (evidence - SURE[1])))


def said(units: Sequence[Unit]) -> tuple[str, ...]:
    """Its syllables in order."""
    return tuple(s for u in units for s in u.syllables)


def written(units: Sequence[Unit]) -> str:
    """Its text."""
    return "".join(u.text for u in units)


def units_of(text: str, readings: ReadingsTable) -> tuple[Units, ...]:
    """A text as it may be said: its numbers as on the radio, figure by figure, and as numbers. What cannot be read has
    no syllables."""
    spellings: tuple[Callable[[str], str], ...] = (
        lambda figures: figures,
        lambda figures: "".join(cardinal(int(f)) for f in figures),
        lambda figures: cardinal(int(figures)) if len(figures) <= LONGEST_NUMBER else figures,
    )
    out = []
    for spelling in spellings:
        units: list[Unit] = []
        for part in re.findall(r"[一-鿿]+|[0-9]+%?|[A-Za-z]+|.", text, re.DOTALL):
            try:
                figures = re.match("[0-9]*", part)[0]  # type: ignore[index]
                spelled = spelling(figures) if figures else part
                read = readings.spoken(f"百分之{spelled}" if figures and part.endswith("%") else spelled, talk=True)
            except CannotBeRead:
                read = []
            syllables = tuple(toneless(s) for s in read)
            if len(syllables) == len(part) and not part.isascii():
                units += [Unit(c, (s,)) for c, s in zip(part, syllables, strict=True)]
            else:
                units.append(Unit(part, syllables))
        out.append(tuple(units))
    return tuple(dict.fromkeys(out))


def ratios(frames: Floats, rows: Sequence[Sequence[str]], accent: str) -> list[float]:
    """Log likelihood ratio of each row of syllables to any syllables, over all frames. ``frames``: (frames, pdfs)."""
    if len(frames) == 0 or not any(rows):
        return [-math.inf] * len(rows)
    silence = frames[:, :2].max(1)
    kinds: dict[tuple[int, ...], int] = {}
    places, opens = [], []
    for row in rows:
        place, first = [0], [False]
        for s in row:
            for k, pdfs in enumerate(states(s, accent)):
                place.append(kinds.setdefault(pdfs, 2 + len(kinds)))
                first.append(k == 0 and len(place) > 2)
            place.append(0)
            first.append(False)
        places.append(place)
        opens.append(first)
    width = max(map(len, places))
    where = np.array([p + [1] * (width - len(p)) for p in places])
    skips = np.array([f + [False] * (width - len(f)) for f in opens])
    last = np.array([len(p) - 1 for p in places])
    nowhere = np.full(len(frames), -np.inf)
    emission = np.stack([silence, nowhere, *(frames[:, list(p)].max(1) for p in kinds)], 1)
    peak = emission.max(1, keepdims=True)
    emitted = np.exp(EVIDENCE * (emission - peak))
    every = np.arange(len(rows))
    alpha = np.zeros(where.shape)
    alpha[:, :2] = emitted[0][where[:, :2]]
    total = np.full(len(rows), EVIDENCE * float(peak.sum()))
    for e in emitted[1:]:
        moved = alpha * STAY
        moved[:, 1:] += (1 - STAY) * alpha[:, :-1]
        moved[:, 2:] += (1 - STAY) * alpha[:, :-2] * skips[:, 2:]
        alpha = moved * e[where]
        scale = alpha.sum(1) + 1e-300
        total += np.log(scale)
        alpha /= scale[:, None]
    ends = alpha[every, last] + alpha[every, last - 1]
    free = free_sum(frames[:, : len(free_row())])
    return [float(t) - free if row else -math.inf for t, row in zip(total + np.log(ends + 1e-30), rows, strict=True)]


@dataclass(frozen=True, slots=True)
class Text:
    """A text with what speaks for it."""

    units: Units
    log_probability: float
    """By Whisper, less what was paid for what was replaced."""
    ratio: float
    toned: float = USUAL
    """See ``Found``."""

    @property
    def score(self) -> float:
        """What texts are compared by."""
        return self.log_probability + WEIGHT * self.ratio

    @property
    def per_syllable(self) -> float:
        """How well the ear bears it out."""
        return self.ratio / max(1, len(said(self.units)))

    @property
    def evidence(self) -> float:
        """The same with tones."""
        return self.per_syllable + TONES * self.toned


def replacements(units: Units, others: Units) -> Iterator[tuple[Units, int]]:
    """(the text with one place as in the other text, syllables that were replaced)."""
    a, b = [u.syllables for u in units], [u.syllables for u in others]
    for tag, i, j, k, n in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        changed = max(sum(map(len, a[i:j])), sum(map(len, b[k:n])))
        if tag != "equal" and changed:
            yield units[:i] + others[k:n] + units[j:], changed


def spelt(found: Found) -> Units:
    """Words that were found, character by character where a character is a syllable."""
    out: list[Unit] = []
    for word, way in zip(found.words, found.syllables, strict=True):
        if len(word) == len(way):
            out += [Unit(c, (s,)) for c, s in zip(word, way, strict=True)]
        else:
            out.append(Unit(word, way))
    return tuple(out)


def respelled(units: Units, others: Units) -> Units:
    """With the other text's characters and numbers where at least TOGETHER syllables in a row are the same."""
    begins, ends = {}, {}
    at = 0
    for k, u in enumerate(units):
        if u.syllables:
            begins[at] = k
            at += len(u.syllables)
            ends[at] = k + 1
    blocks = SequenceMatcher(None, said(units), said(others), autojunk=False).get_matching_blocks()
    blocks = [b for b in blocks if b.size >= TOGETHER]
    out: list[Unit] = []
    done = at = 0
    for u in others:
        first, at = at, at + len(u.syllables)
        for block in blocks:
            moved = block.a - block.b
            inside = block.b <= first < at <= block.b + block.size
            if inside and first + moved in begins and at + moved in ends:
                out += [*units[done : begins[first + moved]], u]
                done = ends[at + moved]
    return (*out, *units[done:])


@dataclass(frozen=True, slots=True)
class Chooser:
    """Chooses texts for the ear of one net."""

    readings: ReadingsTable
    accent: str
    free: FreeSpeech
    characters: Mapping[str, str]
    """Syllable → the character that is most often meant by it."""
    words: Callable[[], WordSearch | None] = lambda: None
    """Finds words in what was heard; loaded when somebody asks for the first time."""

    def choose(
        self, passages: Sequence[Passage], sounds: npt.NDArray[np.floating[Any]],
        likeliest: Likeliest | None = None,
    ) -> Transcript:  # fmt: skip
        """The text of an over. ``sounds``: its scores, see ``sounds_of``; without tones none count. ``likeliest``:
        searches the words of all of it."""
        found = []
        for p in passages:
            frames = np.asarray(sounds[round(p.start / FRAME_S) : round(p.end / FRAME_S)], np.float32)
            found.append(self._of(p, frames, likeliest if len(frames) == len(sounds) else None))
        shown = [t for t in found if t.text]
        if not shown:
            return found[0] if found else alone(passages)
        confidence = np.average([t.confidence for t in shown], weights=[len(t.text) for t in shown])
        return Transcript("".join(t.text for t in shown), round(float(confidence), 3))

    def _of(self, passage: Passage, frames: Floats, likeliest: Likeliest | None) -> Transcript:
        """Text of a passage. ``likeliest``: searches its words if nothing is expected."""
        first = alone([passage])
        variants = [(u, c) for c in passage.candidates if not c.invented for u in units_of(c.text, self.readings)]
        search = self.words()
        if not variants and (search is None or passage.candidates):
            return first
        found = ratios(frames, [said(u) for u, _ in variants], self.accent)
        texts = [Text(u, c.log_probability, r) for (u, c), r in zip(variants, found, strict=True)]
        best = max(texts, key=lambda t: t.score, default=Text((), 0.0, -math.inf))
        foreign = any(re.fullmatch("[A-Za-z]{2,}", u.text) for u in best.units)  # words, or spelled: nobody knows
        if foreign or (texts and len(said(best.units)) < SHORTEST) or len(frames) == 0:
            return first
        borne_out = best.per_syllable >= BORNE_OUT
        if search is not None:
            best = self._worded(search, texts, best, frames, likeliest)
            borne_out = best.per_syllable >= BORNE_OUT if borne_out else best.evidence >= BORNE_OUT_ALONE
        elif borne_out:
            best = self._corrected(best, texts, frames)
        if not borne_out or len(said(best.units)) < SHORTEST:
            return Transcript("", first.confidence, "nothing in common with what was heard")
        text = written(best.units)
        why = invented(text, passage.end - passage.start)
        return Transcript("" if why else text, round(sureness(best.evidence), 3), why)

    def _worded(
        self, search: WordSearch, texts: Sequence[Text], best: Text, frames: Floats,
        likeliest: Likeliest | None,
    ) -> Text:  # fmt: skip
        """What our own ear writes, with Whisper's characters where it has the same sounds."""
        if texts or likeliest is None:
            hints = HINT * self.free.hints([(said(t.units), t.log_probability) for t in texts]) if texts else None
            found = next(iter(search.best(lattice_of(frames), hints)), None)
        else:
            found = likeliest()
        if found is None:
            return Text((), -math.inf, -math.inf)
        units = respelled(spelt(found), best.units)
        return Text(units, 0.0, ratios(frames, [said(units)], self.accent)[0], found.toned)

    def _corrected(self, text: Text, texts: Sequence[Text], frames: Floats) -> Text:
        """With the places of the other texts, and of what the ear hears, that are much likelier."""
        expected = [(said(t.units), t.log_probability) for t in texts]
        heard = self.free.expecting(expected).syllables(frames)
        own = tuple(Unit(self.characters[s], (s,)) for s in heard if s in self.characters)
        sources = [*((t.units, OFFERED) for t in texts), (own, HEARD)]
        for _ in range(ROUNDS):
            tried: dict[Units, float] = {}
            for others, price in sources:
                for units, changed in replacements(text.units, others):
                    tried[units] = max(tried.get(units, -math.inf), -price * changed)
            found = ratios(frames, [said(u) for u in tried], self.accent)
            better = [
                Text(u, text.log_probability + cost, r) for (u, cost), r in zip(tried.items(), found, strict=True)
            ]
            best = max(better, key=lambda t: t.score, default=text)
            if best.score <= text.score:
                return text
            text = best
        return text
