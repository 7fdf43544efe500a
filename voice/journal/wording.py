"""How events are called in Chinese, and how their time is shown."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from voice.errors import HuyingError
from voice.grammar.meanings import CHINESE
from voice.journal.codec import KINDS as FACTS
from voice.time import parse_wall

KINDS = {kind: cls.NAMES[0] for kind, cls in FACTS.items()}
MEANINGS = CHINESE | {
    "call": "",
    "call_all": "全体",
    "said": "",
    "silent": "未答",
    "unclear": "听不清",
    "undetermined": "未定",
    "stray": "无人被叫",
    "unsolicited": "未被呼叫",
    "contested": "同一时隙第二个回答",
    "unattributed": "不知是谁",
    "opening": "开场",
    "closing": "小结",
    "alert": "通知",
    "closing_alert": "小结",
    "reply": "答复",
    "complete": "完成",
    "incomplete": "未完成",
    "emergency": "紧急",
    "lost": "丢失",
    "back": "恢复",
    "overrun": "来不及",
    "no_clips": "录音存不下",
    "clips": "录音恢复",
    "unwritten": "日志曾写不进",
    "repeat": "重复",
    "start": "开始",
    "end": "结束",
    "pause": "暂停",
    "resume": "继续",
    "skip": "跳过",
    "set": "被调整",
    "drift": "声卡漂移",
}
"""Of the grammar files, and of the events that the net's logic adds."""


def clock(wall: str | None, zone: tzinfo | None) -> str:
    """Time of day; a recording whose date nobody knows is logged from 1970 on, and shows none."""
    if not wall or wall.startswith("1970"):
        return "--:--:--"
    return parse_wall(wall).astimezone(zone).strftime("%H:%M:%S")


def utc(text: str | None, zone: tzinfo | None) -> str | None:
    """A time as a user writes it → UTC as in the journal. One that names no offset is of ``zone``, where the net's
    times are shown, or of this machine if that is None. Raises HuyingError."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None and zone is not None:
            moment = moment.replace(tzinfo=zone)
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError) as e:
        raise HuyingError(f"“{text}” is not a time; write 2026-06-05 or 2026-06-05T08:30") from e
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
