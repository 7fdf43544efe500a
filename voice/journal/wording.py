"""Names of events in Chinese and English, and display of their times.

The journal stores keys and English notes; they are translated here into the reader's language.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import tzinfo

from voice.grammar.meanings import TABLE
from voice.journal.codec import KINDS
from voice.language import singular, translated
from voice.time import moment_of, parse_wall

Pair = tuple[str, str]
"""(Chinese, English)."""

KIND_NAMES: dict[str, Pair] = {kind: cls.NAMES for kind, cls in KINDS.items()}
"""Kind of an event → its name."""

MEANING_NAMES: dict[str, Pair] = {m.key: (m.chinese, m.english) for m in TABLE} | {
    "call": ("", ""), "call_all": ("全体", "everybody"), "said": ("", ""), "silent": ("未答", "no answer"),
    "unclear": ("听不清", "unclear"), "undetermined": ("未定", "undetermined"), "relayed": ("代答", "spoken for"),
    "wait": ("稍等", "stand by"),
    "stray": ("无人被叫", "nobody was called"), "unsolicited": ("未被呼叫", "was not called"),
    "contested": ("同一时隙第二个回答", "second answer in one slot"),
    "unattributed": ("不知是谁", "nobody knows whose"), "aside": ("单位之间", "between units"),
    "opening": ("开场", "opening"), "closing": ("小结", "closing"), "alert": ("通知", "alert"),
    "closing_alert": ("小结", "closing"), "reply": ("答复", "reply"),
    "words": ("原话", "own words"), "complete": ("完成", "complete"),
    "incomplete": ("未完成", "incomplete"), "emergency": ("紧急", "emergency"), "lost": ("丢失", "lost"),
    "back": ("恢复", "back"), "overrun": ("来不及", "overrun"), "form": ("音频格式", "form of the sound"),
    "no_clips": ("录音存不下", "sound cannot be kept"),
    "clips": ("录音恢复", "sound is kept again"), "unwritten": ("日志曾写不进", "journal could not be written"),
    "cut": ("播报中断", "transmission cut"), "no_dictation": ("听写出错", "dictation failed"),
    "net": ("网文件未生效", "net files not in force"),
    "repeat": ("重复", "repeat"), "start": ("开始", "start"), "end": ("结束", "end"), "pause": ("暂停", "pause"),
    "resume": ("继续", "resume"), "skip": ("跳过", "skip"), "set": ("被调整", "was set"),
    "drift": ("声卡漂移", "sound card drift"),
}  # fmt: skip
"""Meanings: those of the grammar files, and those added by the net logic."""

STANDING_NAMES: dict[str, Pair] = {
    "answered": ("已答", "answered"), "late": ("迟到", "late"), "relayed": ("代答", "spoken for"),
    "unclear": ("听不清", "unclear"), "silent": ("未答", "no answer"), "undetermined": ("未定", "undetermined"),
    "open": ("进行中", "being called"), "not_called": ("未呼叫", "not called"),
}  # fmt: skip
"""Standing of a unit in a roll-call."""

OCCASION_NAMES: dict[str, Pair] = {
    "roll": ("点名", "Roll-call"), "poll": ("询问", "Poll"), "alert": ("通知", "Alert"), "calls": ("呼叫", "Calls"),
}  # fmt: skip

GRADE_NAMES: dict[str, Pair] = {
    "call_sign": ("报呼号", "call sign"), "burst": ("信令", "radio ID"), "slot": ("应答时隙", "was called just now"),
    "human": ("人工", "by hand"), "voice": ("声音", "voice"),
}  # fmt: skip
"""How the answering unit was identified."""

_NOTES: tuple[Pair, ...] = (
    (r"nothing was heard in its slot", "应答时间内没有声音"),
    (r"another unit answered for it(, nothing of its own was heard)?", "别的单位代答, 没有它自己的回答"),
    (r"something was heard in its slot but not understood", "有人回答, 但没听清"),
    (
        r"net control called it, or it spoke itself: nobody can tell, and nothing more came",
        "分不清是台里呼叫还是它自己讲话",
    ),
    (r"it asked to say the call again, and nothing more came", "它要求重复, 之后没有回答"),
    (r"it said that it had not understood, and nothing more came", "它说没听清, 之后没有回答"),
    (r"it asked to wait, and nothing more came", "它说稍等, 之后没有回答"),
    (r"the receiver was not alive", "当时收不到信号"),
    (r"the recording ended before the waiting time was over", "录音在等待时间内结束"),
    (r"something was heard that may have been its answer; whose it was, nobody can say", "有声音, 说不清是哪个单位"),
    (r"(\d+) units are open, (\d+) answers nobody's", r"同时等 \1 个单位, \2 个回答不知是谁"),
    (
        r"another unit's call sign was heard in its slot: it may have been its answer, and nothing more came",
        "应答时间内听到别的单位的呼号, 可能就是它的回答",
    ),
    (r"net control or a unit", "台里或某个单位"),
    (r"by its voice probably net control", "听声音大概是台里"),
    (r"by its voice probably unit (.*)", r"听声音大概是 \1"),
    (r"net control or the unit itself", "台里或该单位自己"),
    (r"call (\d+)", r"第 \1 次呼叫"),
    (r"late", "迟到"),
    (r"reads back (.*): not what was said", r"复诵 \1, 与播报不符"),
    (r"reads back (.*) instead of (.*)", r"复诵 \1, 应为 \2"),
    (r"by unit (.*)", r"由 \1"), (r"by (.*)", r"由 \1"),
    (r"corrects (\d+) by (.*?): heard right", r"\2 确认第 \1 条听对了"),
    (r"corrects (\d+) by (.*?): on the board", r"\2 在值守页更正第 \1 条"),
    (r"corrects (\d+) by (.*?): (.*)", r"\2 更正第 \1 条: \3"),
    (r"corrects (\d+) by (.*)", r"\2 更正第 \1 条"),
    (r"undoes (\d+) by (.*?): (.*)", r"\2 撤销第 \1 条: \3"),
    (r"undoes (\d+) by (.*)", r"\2 撤销第 \1 条"),
    (r"confirms (\d+) by (.*)", r"\2 确认第 \1 条"),
    (r"acknowledges (\d+) by (.*)", r"\2 已处理第 \1 条警情"),
    (r"every ([\d.]+) min", r"每 \1 分钟"),
    (r"no longer", "取消定时"),
    (r"called (\d+) times in vain", r"呼叫 \1 次无回答"),
    (r"heard", "听到"), (r"done", "已执行"), (r"cancelled", "已取消"), (r"refused", "未执行"),
    (r"refused: (.*)", r"未执行: \1"), (r"cancelled: (.*)", r"已取消: \1"), (r"done: (.*)", r"已执行: \1"),
    (r"(.*) saved by (.*?): (\d+) → (\d+) units", r"\2 保存 \1: \3 → \4 个单位"),
    (r"(.*) saved by (.*?): (.*)", r"\2 保存 \1: \3"),
    (r"(.*) saved by (.*)", r"\2 保存 \1"),
    (r"(\d+) clips before (.*) removed by (.*)", r"\3 清理 \2 以前的录音 \1 段"),
    (r"hold (\d+) released by (.*)", r"\2 解除第 \1 条留存"),
    (r"kept: (.*) to (.*) by (.*)", r"\3 留存 \1 至 \2 的录音"),
    (r"net of (.*), (\d+) of (\d+) answered, entered by (.*)", r"\4 补录 \1 的点名, \3 个单位 \2 个已答"),
    (r"to (\d+) units", r"发给 \1 个单位"),
    (r"to unit (.*)", r"对 \1"),
    (r"(\d+) answered, (\d+) silent", r"已答 \1, 未答 \2"),
    (r"(\d+) answered, (\d+) silent; ended by (.*)", r"已答 \1, 未答 \2; 由 \3 结束"),
    (r"wall times from here on ([-+\d.]+) s", r"此后时间调整 \1 秒"),
    (r"(\d+) units, (\d+) rounds", r"\1 个单位, 最多 \2 轮"),
    (r"(\d+) without an answer of their own, (\d+) unclear", r"本人未应答 \1 (含代答、未呼叫), 听不清 \2"),
    (r"two stations at once", "两台同时讲话"), (r"own, not verified", "本机听写, 未经核实"),
    (r"(\S+), not verified", r"\1 听写, 未经核实"),
    (r"radio of (.*), but the call sign of (.*)", r"身份码是 \1 的, 呼号却是 \2 的"),
    (r"radio (.*)", r"身份码 \1"),
    (r"(.*), clock known", r"\1"), (r"(.*), clock unknown", r"\1, 日期不明"),
    (r"interrupted", "中断"), (r"dispatcher", "值班员"), (r"the channel stayed busy", "信道一直占用"),
    (r"heard right", "听对了"), (r"schedule", "按时"), (r"voice", "口令"), (r"console", "值班台"),
    (r"incident, not acknowledged", "警情, 还没有人处理"), (r"no reply", "没有答复"), (r"not understood", "没听懂"),
    (r"entered by (.*) 人工补录(.*)", r"\1 人工补录\2"),
)  # fmt: skip
"""English note in the journal, as a pattern → Chinese."""

_IN_ENGLISH = {"own, not verified": "our own ear, not verified"}
"""Notes that are no English by themselves: the key of who dictated, ``Transcribed.engine``, stands in them."""

_WITH_UNIT = re.compile(r"(?:^|(?<=; ))(to unit|by unit|by its voice probably unit) (.+)$")
"""A note that ends in the id of a unit."""

_LEARNED = re.compile(r"( saved by .*?: \+.* = )(\w+)$")
"""A note that ends in the key of a meaning."""

NOTES = tuple((re.compile(english), chinese) for english, chinese in _NOTES)


def name_of(table: dict[str, Pair], key: str | None, english: bool) -> str:
    """Entry of one of the tables above, also of several keys joined by “+”; an unknown key is returned unchanged."""
    return "+".join(table[k][english] if k in table else k for k in (key or "").split("+"))


def listed(names: Iterable[str], english: bool) -> str:
    """``贾岗社区治安队、省残联``; with commas in English."""
    return (", " if english else "、").join(names)


def note_in(note: str | None, english: bool) -> str:
    """A note of the journal (reason, detail) in the reader's language; unchanged if there is no translation."""
    if not note:
        return ""
    note = _LEARNED.sub(lambda found: found[1] + name_of(MEANING_NAMES, found[2], english), note)
    if english:
        return _IN_ENGLISH.get(note) or singular(translated(note, True) or note)
    note = note.replace(" by console", " by 值班台")
    for pattern, chinese in NOTES:
        found = pattern.fullmatch(note)
        if found:
            return found.expand(chinese)
    if (told := translated(note, False)) is not None:
        return told
    if "; " in note:
        return "; ".join(note_in(part, english) for part in note.split("; "))
    if ": " in note:  # “hold 7 released by 王: the case is closed”: user text is kept
        head, _, rest = note.partition(": ")
        said = note_in(head, english)
        return f"{said}: {rest}" if said != head else note
    return note


def detail_in(detail: str | None, name: Callable[[str | None], str], english: bool) -> str:
    """A line's detail in the reader's language, a unit in it by ``name``."""
    return note_in(_WITH_UNIT.sub(lambda found: f"{found[1]} {name(found[2])}", detail or ""), english)


def clock(wall: str | None, zone: tzinfo | None) -> str:
    """Time of day; empty for a recording of unknown date, which is logged from 1970 on."""
    if not wall or wall.startswith("1970"):
        return "--:--:--"
    return parse_wall(wall).astimezone(zone).strftime("%H:%M:%S")


def utc(text: str | None, zone: tzinfo | None) -> str | None:
    """A time entered by a user → UTC as in the journal. Without an offset it is in ``zone``, the net's display zone,
    or this machine's if None. Raises HuyingError."""
    if not text:
        return None
    moment = moment_of(text, zone)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
