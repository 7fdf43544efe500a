"""Alternatives for an over: call signs and phrases that sound like parts of it, each with a confidence."""

from __future__ import annotations

from dataclasses import dataclass

from voice.grammar.lexicon import FILLER, Entry, plain
from voice.mandarin.distance import phrase_distance
from voice.pcm import RATE, Pcm16
from voice.speech.goodness import frames_of
from voice.station.ear import Ear

FURTHEST = 0.55
"""Largest phrase distance of a candidate."""

VERIFIED = 16
"""Number of nearest phrases scored against the audio."""

LEAST = 0.01
"""Lowest confidence shown."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A call sign or phrase and its position in the over."""

    entry: Entry
    score: float
    """0..1, calibrated as in the log; with a stock model the phonetic similarity."""
    start: float
    end: float
    """Seconds within the over."""


def candidates(ear: Ear, pcm: Pcm16, limit: int = 6) -> list[Candidate]:
    """Likeliest first; empty if nothing in the net sounds similar."""
    v = ear.verification
    if v is None:
        items = ear.interpreter.interpret(ear.recogniser.recognise(pcm)).items
        known = {(e.kind, e.key, e.text): e for e in ear.net.lexicon.entries}
        found = [(known[i.kind, i.key, i.text], i) for i in items if (i.kind, i.key, i.text) in known]  # type: ignore[index]
        return [Candidate(e, i.score, i.start, i.end) for e, i in found][:limit]
    hypothesis = ear.recogniser.recognise(pcm)
    if hypothesis.loglikes is None or len(hypothesis.loglikes) == 0:
        return []
    frames = frames_of(hypothesis.loglikes)
    row = [w for w in v.free.hear(frames[0], 0.0, len(pcm) / RATE).words if w.symbol.startswith(FILLER)]
    names = [w.symbol.removeprefix(FILLER) for w in row]
    by_symbol = ear.net.lexicon.by_symbol()
    words = hypothesis.words
    heard = [w for w in words if w.symbol in by_symbol]
    near = [(0.0, by_symbol[w.symbol], w.start, w.end) for w in heard]
    for entry in ear.net.lexicon.spoken:
        best: tuple[float, int, int] | None = None
        for reading in entry.readings:
            want = [p[0] for p in plain(reading)]
            for n in {len(want) - 1, len(want), len(want) + 1}:
                for a in range(len(names) - n + 1) if n > 0 else ():
                    d = phrase_distance(names[a : a + n], want)
                    if d <= FURTHEST and (best is None or d < best[0]):
                        best = d, a, a + n
        if best is not None:
            near.append((best[0], entry, row[best[1]].start, row[best[2] - 1].end))
    near.sort(key=lambda n: (n[0], -n[1].syllables))
    score = v.verifier.of_frames(frames, words)
    best_of: dict[str, Candidate] = {}
    for _, entry, begin, end in near[:VERIFIED]:
        c = Candidate(entry, score(entry, begin, end), begin, end)
        if c.score >= LEAST and (entry.symbol not in best_of or best_of[entry.symbol].score < c.score):
            best_of[entry.symbol] = c
    return sorted(best_of.values(), key=lambda c: -c.score)[:limit]
