"""Start time of a recording from its file name: recorders use many formats."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo

from voice.time import clock_of, in_zone, of_epoch, offset_of

_DAY = r"(?P<year>20\d\d)[-_./年 ]?(?P<month>\d\d?)[-_./月 ]?(?P<day>\d\d?)日?"
_DAY_FIRST = r"(?P<day>\d\d?)[-_./](?P<month>\d\d?)[-_./](?P<year>20\d\d)"
_SHORT_DAY = r"(?P<year>[2-3]\d)(?P<month>[01]\d)(?P<day>[0-3]\d)"
_TIME = (
    r"(?P<half>上午|下午|晚上|凌晨|[ap]m)?[ _]?(?P<hour>\d\d?)[-_.:h时点]?(?P<minute>\d\d)"
    r"(?:[-_.:m分]?(?P<second>\d\d)[s秒]?(?P<milli>(?<=\d\d\d\d\d\d)\d{3}|[.,]\d{1,6})?|分)?"
)
_OFFSET = r"(?P<offset>z|[ _]?(?:utc|gmt)|[+-]\d\d[:-]?\d\d|[+]\d\d)?"
_END = r"(?!\d)"
_FORMS = tuple(
    re.compile(rf"(?<!\d){form}{_END}")
    for form in (
        rf"{_DAY_FIRST}[t_ .,-]{{1,3}}{_TIME}{_OFFSET}",
        rf"{_TIME}{_OFFSET}[_ ,]{{1,2}}{_DAY_FIRST}",
        rf"{_DAY}[t_ .,-]{{0,3}}{_TIME}{_OFFSET}",
        rf"{_TIME}{_OFFSET}[_ ,]{{1,2}}{_DAY}",
        rf"{_SHORT_DAY}[t_-]{_TIME}{_OFFSET}",
    )
)
_EPOCH = re.compile(r"(?<![0-9A-Za-z])(1\d{9}(?:\d{3})?)(?![0-9])")


def named_time(stem: str, zone: tzinfo | None = UTC) -> tuple[datetime, bool] | None:
    """(UTC time, whether the name states its time zone) from a file name without suffix. An offset, Z or Unix
    seconds state it; otherwise the time is in ``zone``, or this machine's if None. If the year comes last, the day
    precedes the month. None: no time of day in the name."""
    plain = unicodedata.normalize("NFKC", stem).lower()
    for form in _FORMS:
        for found in form.finditer(plain):
            moment = next(_moments(found, zone), None)
            if moment is not None:
                return moment, bool(found["offset"])
    for found in _EPOCH.finditer(plain):
        if (moment := of_epoch(found[1])) is not None:
            return moment, True
    return None


def begins(named: Sequence[tuple[datetime, bool] | None], start: datetime | None) -> list[datetime | None]:
    """Start times of several recordings. ``start`` is that of the first: those with times of their own keep their
    offset from it; the others, if none has a time, all get it."""
    times = [n[0] if n else None for n in named]
    if start is None or not times:
        return times
    first = times[0]
    if first is None:
        return [start if k == 0 or not any(times) else t for k, t in enumerate(times)]
    return [start + (t - first) if t else None for t in times]


def _moments(found: re.Match[str], zone: tzinfo | None) -> Iterator[datetime]:
    """One time, or none if it is invalid."""
    g = found.groupdict()
    try:
        year = int(g["year"]) + (2000 if len(g["year"]) == 2 else 0)
        clock = clock_of(g["hour"], g["minute"], g["second"], g["half"])
        moment = datetime(year, int(g["month"]), int(g["day"]), *clock)  # a zone may follow
        milli = g["milli"] or ""
        moment += timedelta(seconds=float(f"0.{milli.lstrip('.,')}" if milli else 0))
        if g["offset"]:
            moment = moment.replace(tzinfo=offset_of(g["offset"].strip(" _")))
        yield in_zone(moment, zone)
    except (ValueError, OverflowError):
        return
