"""Voices of a session: learned from overs whose speaker is sure, compared with the others.

They are kept in memory, as long as the session lasts, and written nowhere: the journal names who probably spoke, and
holds nothing by which a voice could be found again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

import numpy as np

from voice.pcm import Floats
from voice.talk.facts import Answered, Called, CalledIn, Fact
from voice.talk.guessing import CONTROL, Likeness

REMEMBERED = 5
"""Latest overs of a speaker that make its voice."""

LEAST = 2
"""Overs of a speaker from which on its voice is known."""

PENDING = 100
"""Calls that wait for an answer to show that net control made them."""

SURE = ("call_sign", "burst")


class Speakers:
    """Of one channel."""

    def __init__(self) -> None:
        self._heard: dict[str, deque[Floats]] = {}
        self._calls: dict[int, Floats] = {}
        """Exchange → print of the over that called."""

    def likeness(self, heard: Floats | None) -> Likeness:
        """Of an over's print to every voice that is known."""
        if heard is None:
            return ()
        known = {who: np.mean(prints, 0) for who, prints in self._heard.items() if len(prints) >= LEAST}
        return tuple((who, round(float(heard @ p / np.linalg.norm(p)), 3)) for who, p in known.items())

    def learn(self, heard: Floats | None, facts: Iterable[Fact]) -> None:
        """Remember an over that stands for one speaker, by what it was taken for: the unit's own call sign or radio
        in an answer or report without any doubt; net control's call once it was answered so."""
        if heard is None:
            return
        for fact in facts:
            match fact:
                case Called(doubt=False) if fact.over:
                    self._calls[fact.exchange] = heard
                    if len(self._calls) > PENDING:
                        del self._calls[next(iter(self._calls))]
                case Answered(review=False, claims=False) if fact.grade in SURE:
                    self._add(fact.unit, heard)
                    if (call := self._calls.pop(fact.exchange, None)) is not None:
                        self._add(CONTROL, call)
                case CalledIn(unit=str(unit), review=False) if fact.grade in SURE:
                    self._add(unit, heard)
                case _:
                    pass

    def _add(self, who: str, heard: Floats) -> None:
        kept = self._heard.setdefault(who, deque(maxlen=REMEMBERED))
        if not any(p is heard for p in kept):
            kept.append(heard)
