"""Why an entry is for review: a reason a function, and one list of them for each kind of entry. Pure.

``ANSWER`` holds for every answer; ``SIGNED`` for that of a unit that names itself, ``BARE`` for one without a call
sign; ``STRAY`` and ``UNASKED`` for what nobody was waiting for, without a call sign and with one; ``CALLING_IN`` for
calls to net control and reports, ``THANKS_BARE`` for net control's 收到 to them. One reason is enough.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from voice.talk.doubts.answers import ANSWER, BARE, SIGNED, Answer, Bare, Signed
from voice.talk.doubts.unasked import CALLING_IN, STRAY, THANKS_BARE, UNASKED, Calling, Stray, Thanks, Unasked

__all__ = [
    "ANSWER",
    "BARE",
    "CALLING_IN",
    "SIGNED",
    "STRAY",
    "THANKS_BARE",
    "UNASKED",
    "Answer",
    "Bare",
    "Calling",
    "Signed",
    "Stray",
    "Thanks",
    "Unasked",
    "doubtful",
]

C = TypeVar("C")


def doubtful(case: C, reasons: Iterable[Callable[[C], bool]]) -> bool:
    """Whether any of these reasons holds."""
    return any(reason(case) for reason in reasons)
