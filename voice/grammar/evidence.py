"""What the audio of an over says of words beside the graph's best path. The interpreter asks; who has the scores
answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from voice.grammar.lexicon import Entry
from voice.grammar.message import Doubt
from voice.grammar.spoken_figures import FigureSearch
from voice.speech.hypothesis import Hypothesis

WordScore = Callable[[Entry, float, float], float]
"""(entry, start, end) → 0..1."""

WordDoubt = Callable[[Entry, float, float], tuple[Entry, Doubt]]
"""(entry, start, end) → the likeliest of it and the phrases like it, and whether a word of that may be another one."""

FreeSearch = Callable[[float, float], Hypothesis]
"""(start, end) → this interval recognised without phrases: filler syllables only."""

SignSearch = Callable[[float, float], Entry | None]
"""(start, end) → the call sign of an awaited unit that was said there and nothing else."""

CallSearch = Callable[[Sequence[Entry], float], tuple[Entry, float, Doubt] | None]
"""(call signs, start) → the one with which the speech from there on begins, its end, and whether it is doubtful."""

WrittenSearch = Callable[[], Sequence[tuple[Entry, float, float]]]
"""() → (entry, start, end): those among the likeliest words of the over."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Searches in the scores of one over; None where there are none."""

    score: WordScore | None = None
    """Verifies a word of the graph; without it the recogniser's confidence is used."""

    alone: WordScore | None = None
    """``score`` whatever is said beside the word."""

    free: FreeSearch | None = None
    """What a rejected word sounded like."""

    figures: FigureSearch | None = None
    doubtful: WordDoubt | None = None
    signed: SignSearch | None = None
    called: CallSearch | None = None
    written: WrittenSearch | None = None


NONE = Evidence()
