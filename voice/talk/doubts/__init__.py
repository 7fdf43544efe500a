"""Why an entry is for review: a reason a function, and one list of them for each kind of entry. Pure.

``WORDS`` holds for whatever was said, ``ANSWER`` for every answer; ``SIGNED`` for that of a unit that names itself,
``BARE`` for one without a call sign; ``STRAY`` and ``UNASKED`` for what nobody was waiting for, without a call sign and
with one; ``CALLING_IN`` for calls to net control and reports, ``THANKS_BARE`` for net control's 收到 to them. One is
enough. It returns whether it holds, or the unit that it is about; its name is its key in the journal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from voice.talk.doubts.answers import ANSWER, BARE, SIGNED, Answer, Bare, Signed
from voice.talk.doubts.by_words import WORDS
from voice.talk.doubts.unasked import CALLING_IN, STRAY, THANKS_BARE, UNASKED, Calling, Stray, Thanks, Unasked

__all__ = [
    "ANSWER",
    "BARE",
    "CALLING_IN",
    "SIGNED",
    "STRAY",
    "THANKS_BARE",
    "UNASKED",
    "WORDS",
    "Answer",
    "Bare",
    "Calling",
    "Signed",
    "Stray",
    "Thanks",
    "Unasked",
    "held",
]

C = TypeVar("C")


def held(case: C, reasons: Iterable[Callable[[C], bool | str]]) -> list[str]:
    """Keys of those that hold, as ``Doubtful.reasons`` has them."""
    found = ((reason, about) for reason in reasons if (about := reason(case)))
    return [_key(reason) + (f":{about}" if isinstance(about, str) else "") for reason, about in found]


def _key(reason: Callable[[C], bool | str]) -> str:
    return reason.__name__.lstrip("_")
