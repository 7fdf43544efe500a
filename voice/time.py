"""Times as written in the journal and by people."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from voice.errors import HuyingError

DAYS = {"今天": 0, "今日": 0, "today": 0, "昨天": -1, "昨日": -1, "yesterday": -1, "前天": -2, "明天": 1, "tomorrow": 1}

HALVES = {"上午": 0, "早上": 0, "凌晨": 0, "am": 0, "下午": 12, "晚上": 12, "pm": 12, "中午": 12}

_OFFSET = r"(?P<offset>z|utc|gmt|[+-]\d{1,2}(?::?\d{2})?)?"
_CLOCK = (
    rf"(?P<half>{'|'.join(HALVES)})?\s*(?P<hour>\d{{1,2}})\s*(?:[:时点]\s*(?:(?P<minute>\d{{1,2}}|半)\s*分?)?"
    r"(?:\s*:?\s*(?P<second>\d{1,2})(?P<fraction>\.\d+)?\s*秒?)?)(?:\s*(?P<after>am|pm))?"
)
_DATE = (
    rf"(?P<day_word>{'|'.join(DAYS)})|(?:(?P<year>\d{{4}})\s*[-/.年]\s*)?(?P<month>\d{{1,2}})\s*[-/.月]\s*"
    r"(?P<day>\d{1,2})\s*[日号]?|(?P<packed>20\d{6})"
)
_WRITTEN = re.compile(rf"(?:{_DATE})?[\st,]*(?:{_CLOCK})?\s*{_OFFSET}")
_EPOCH = re.compile(r"1\d{9}(?:\d{3})?(?:\.\d+)?")


def parse_wall(text: str) -> datetime:
    """Time in ISO 8601, aware if it has an offset or Z. Raises ValueError."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def in_zone(moment: datetime, zone: tzinfo | None) -> datetime:
    """A time without an offset is taken as in ``zone``, or this machine's if None. Raises OverflowError."""
    if moment.tzinfo is None and zone is not None:
        moment = moment.replace(tzinfo=zone)
    return moment.astimezone(UTC)


def of_epoch(text: str) -> datetime | None:
    """Unix time in seconds or milliseconds, with the number of digits of this century."""
    if not _EPOCH.fullmatch(text):
        return None
    number = float(text)
    return datetime.fromtimestamp(number / 1000 if number > 1e11 else number, UTC)


def moment_of(text: str, zone: tzinfo | None, now: datetime | None = None) -> datetime:
    """A time written by a person: 2026-06-05T08:30, 2026-6-5 8:30, 6月5日8点30分, 8:30 (today), 昨天, 今天 8:30,
    Unix seconds. Without an offset it is in ``zone``, or this machine's if None. Raises HuyingError."""
    plain = unicodedata.normalize("NFKC", text).strip().lower()
    try:
        return of_epoch(plain) or in_zone(_written(plain, zone, now), zone)
    except (ValueError, OverflowError) as e:
        raise HuyingError(
            f"“{text}” is not a time; write 2026-06-05 or 2026-06-05T08:30, also with +08:00; 8:30 is today, 昨天 8:30"
        ) from e


def _written(plain: str, zone: tzinfo | None, now: datetime | None) -> datetime:
    try:
        return datetime.fromisoformat(plain.upper())
    except ValueError:
        found = _WRITTEN.fullmatch(plain)
    if not found or not plain:
        raise ValueError(plain)
    g = found.groupdict()
    if g["hour"] is None and not (g["day_word"] or g["day"] or g["packed"]):
        raise ValueError(plain)
    offset = offset_of(g["offset"]) if g["offset"] else None
    here = (now or datetime.now(UTC)).astimezone(offset or zone)
    if g["packed"]:
        day = datetime.strptime(g["packed"], "%Y%m%d")  # a zone may follow
    elif g["month"]:
        day = datetime(int(g["year"] or here.year), int(g["month"]), int(g["day"]))
    else:
        day = datetime(here.year, here.month, here.day) + timedelta(days=DAYS.get(g["day_word"] or "", 0))
    clock = clock_of(g["hour"], g["minute"], g["second"], g["half"] or g["after"]) if g["hour"] else (0, 0, 0)
    moment = day.replace(hour=clock[0], minute=clock[1], second=clock[2])
    return moment.replace(tzinfo=offset) if offset else moment


def clock_of(hour: str, minute: str | None, second: str | None, half: str | None) -> tuple[int, int, int]:
    """(hour, minute, second) of 8, 半 and so on; 下午2 is 14. Raises ValueError."""
    h, m = int(hour), 30 if minute == "半" else int(minute or 0)
    if half and h <= 12:
        h = h % 12 + HALVES[half]
    return h, m, int(second or 0)


def offset_of(text: str) -> tzinfo:
    """Offset from Z, UTC, +8, +0800, +08:00, +08-00. Raises ValueError for an offset that does not exist."""
    if not (found := re.fullmatch(r"([+-])(\d{1,2})[:-]?(\d{2})?", text)):
        return UTC
    hours, minutes = int(found[2]), int(found[3] or 0)
    if hours > 14 or minutes > 59:
        raise ValueError(text)
    away = timedelta(hours=hours, minutes=minutes)
    return timezone(-away if found[1] == "-" else away)
