"""When roll-calls are due: ``10:00``, ``Mon-Fri 10:00``, ``周一至周五 10:00``. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CHINESE = "一二三四五六日"
GRACE = timedelta(minutes=10)
"""A slot missed by more than this, because the machine slept or the clock jumped, is skipped."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A time of day on certain weekdays."""

    at: time
    days: frozenset[int]
    """0 is Monday."""


def parse_slot(text: str) -> Slot:
    """Raises ValueError if it is not a slot."""
    m = re.fullmatch(r"(?:(\S+?)\s+)?(\d{1,2}):(\d\d)", text.strip())
    if not m or int(m[2]) > 23 or int(m[3]) > 59:
        raise ValueError(f"“{text}” is not a time; write 10:00, Mon-Fri 10:00 or 周一至周五 10:00")
    first, last = _day_range(m[1], text) if m[1] else (0, 6)
    days = range(first, last + 1) if first <= last else [*range(first, 7), *range(last + 1)]
    return Slot(time(int(m[2]), int(m[3])), frozenset(days))


def _day_range(text: str, whole: str) -> tuple[int, int]:
    parts = re.split("[-–至到]", text)
    numbers = [_day(p, whole) for p in parts]
    if len(numbers) > 2:
        raise ValueError(f"“{whole}”: a day, or two with a dash between")
    return numbers[0], numbers[-1]


def _day(text: str, whole: str) -> int:
    name = text.lower()[:3]
    if name in DAYS:
        return DAYS.index(name)
    last = text[-1:].replace("天", "日")
    if text[:-1] in ("周", "星期", "礼拜") and last in _CHINESE:
        return _CHINESE.index(last)
    raise ValueError(f"“{whole}”: “{text}” is no day of the week")


def due(slots: tuple[Slot, ...], before: datetime, now: datetime, zone: tzinfo | None) -> bool:
    """Whether a slot lies in (before, now], local times of ``zone``, or of this machine if None. A clock set back
    triggers nothing twice. In an hour repeated by summer time the first pass counts; a slot in a skipped hour is
    shifted by the length of the gap."""
    if now <= before:
        return False
    begin = max(before, now - GRACE)
    day = begin.date()
    while day <= now.date():
        for s in slots:
            moment = datetime.combine(day, s.at, zone).timestamp()
            if day.weekday() in s.days and begin.timestamp() < moment <= now.timestamp():
                return True
        day += timedelta(days=1)
    return False
