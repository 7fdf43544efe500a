"""A voice with a standby that takes over when it fails: the dispatcher is told once, and announcements continue."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from voice.errors import HuyingError
from voice.pcm import Floats
from voice.speech.voices import WORD, Voice

FAILURES = 2
"""Consecutive failures before switching: a single one may be a machine busy for a moment."""


def _for_any(syllables: Sequence[str]) -> list[str]:
    """Syllables for a voice that takes whole sentences: with pauses, without word boundaries."""
    said = ["," if s in (".", "?", "!") else s for s in syllables if s != WORD]
    return said[:-1] if said[-1:] == [","] else said


class Standby:
    """Uses the first voice until it has failed twice in a row, then the other."""

    def __init__(self, first: Voice, other: Callable[[], Voice], tell: Callable[[str], None]) -> None:
        """``other`` is opened when first needed."""
        self._first, self._other, self._tell = first, other, tell
        self._taken_over: Voice | None = None
        self._failed = 0

    @property
    def name(self) -> str:
        """See Voice."""
        return (self._taken_over or self._first).name

    @property
    def by_clause(self) -> bool:
        """See Voice."""
        return (self._taken_over or self._first).by_clause

    def say(self, text: str, syllables: Sequence[str]) -> tuple[Floats, int]:
        """See Voice."""
        if self._taken_over is None:
            try:
                made = self._first.say(text, syllables)
            except HuyingError as e:
                self._failed += 1
                if self._failed < FAILURES:
                    return self.say(text, syllables)
                self._taken_over = self._other()
                self._tell(f"{self._first.name} cannot speak, {self._taken_over.name} does 换用备用语音: {e}")
            else:
                self._failed = 0
                return made
        return self._taken_over.say(text, _for_any(syllables))

    def close(self) -> None:
        """See Voice."""
        self._first.close()
        if self._taken_over is not None:
            self._taken_over.close()
