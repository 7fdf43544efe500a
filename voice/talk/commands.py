"""Spoken commands to the station: readback and replies. Pure."""

from __future__ import annotations

import hmac
from datetime import date, datetime
from typing import Literal

from voice.grammar.meanings import CODE_WORD
from voice.mandarin.figures import aloud
from voice.mandarin.numerals import for_the_air
from voice.net.loading import Net
from voice.talk.announcing import lacking, sign_of
from voice.talk.rollcall import RollCall

READ_BACK = {
    "roll_start": "开始点名",
    "roll_pause": "暂停点名",
    "roll_resume": "继续点名",
    "roll_end": "停止点名",
    "roll_skip": "跳过这个单位",
    "call_unit": "呼叫{unit}",
    "call_near": "呼叫{unit}附近的单位",
    "call_missing": "重新呼叫未应答单位",
    "read_alert": "播报通知",
    "mark_present": "{unit}记为已到",
    "own_words": "播报原话",
}
"""Commands that transmit or change the log: read back first, executed unless cancelled."""

ANSWERED = ("who_is_missing", "tell_time", "tell_officer", "tell_phone", "repeat_last")
"""Commands that only need a spoken reply."""

ROLL_MARKS = {"roll_pause": "pause", "roll_resume": "resume", "roll_end": "end", "roll_skip": "skip"}


def read_back(net: Net, command: str, units: tuple[str, ...] = (), figures: tuple[str, ...] = ()) -> str:
    """``收到,开始点名。``; for passed-on speech also the figures: ``收到,播报原话,10:15。``"""
    told = READ_BACK[command].format(unit="、".join(sign_of(net, u) for u in units))
    return f"收到,{','.join((told, *aloud(figures)))}。"


def code_words(net: Net) -> tuple[str, ...]:
    """Candidate code words, as listed in the grammar."""
    return tuple(dict.fromkeys("".join(t.pieces) for t in net.lexicon.templates if t.meaning == CODE_WORD))


def code_of_the_day(words: tuple[str, ...], key: str, day: date) -> str:
    """Code word required with commands on this day. A word recurs no sooner than after half as many days as there
    are words, so an old recording does not carry today's code."""

    def shuffled(some: tuple[str, ...], how: str) -> tuple[str, ...]:
        return tuple(sorted(some, key=lambda w: hmac.digest(key.encode(), f"{how} {w}".encode(), "sha256")))

    half = len(words) // 2
    turn, at = divmod(day.toordinal(), half)
    mixed = shuffled(words, "halves")
    return shuffled(mixed[:half] if turn % 2 else mixed[half : 2 * half], str(turn))[at]


def unauthorised(who: Literal["air", "code", "microphone"], on_air: bool, text: str, code: str) -> str:
    """Why this speaker is not obeyed, worded for the air; empty if authorised. ``text``: what was heard."""
    if not on_air or who == "air":
        return ""
    if who == "microphone":
        return "只听本地话筒"
    return "" if code in text.split() else "口令不对"


def obstacle(command: str, units: tuple[str, ...], roll: RollCall | None, last_alert: str) -> str | None:
    """Why a command cannot be carried out now, worded for the air; None if it can."""
    running = roll is not None and not roll.closed
    if command in ROLL_MARKS and not running:
        return "现在没有点名"
    if command == "roll_start" and running:
        return "正在点名"
    if command == "call_missing" and (running or roll is None or not roll.missing):
        return "正在点名" if running else "没有未应答单位"
    if command in ("call_unit", "call_near", "mark_present", "tell_officer", "tell_phone") and not units:
        return "没有听清单位"
    if command == "read_alert" and not last_alert:
        return "没有通知"
    return None


def answer(net: Net, command: str, units: tuple[str, ...], roll: RollCall | None, last_said: str, now: datetime) -> str:
    """Spoken reply to one of ANSWERED."""
    if command == "tell_time":
        return f"现在时间{for_the_air(f'{now:%H:%M}')}。"
    if command in ("tell_officer", "tell_phone"):
        return "".join(_contact(net, unit, command == "tell_phone") for unit in units)
    if command == "repeat_last":
        return last_said or "没有播报过。"
    if roll is None:
        return "还没有点名。"
    told = lacking(net, roll.attendance)
    return f"{told}。" if told else "没有未应答单位。"


def _contact(net: Net, unit: str, phone_asked: bool) -> str:
    """``贾岗社区治安队的负责人是民警乙,电话13800000002。``"""
    one = net.unit(unit)
    officer, phone = (one.officer, one.phone) if one else ("", "")
    if not (phone if phone_asked else officer):
        return f"{sign_of(net, unit)}没有登记{'电话' if phone_asked else '负责人'}。"
    who = f"{sign_of(net, unit)}的负责人是{officer}" if officer else sign_of(net, unit)
    return f"{who},电话{phone}。" if phone else f"{who}。"
