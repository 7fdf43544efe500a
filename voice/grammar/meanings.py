"""All meanings on a net, in one table. Grammar files may use only these keys, and ``TALK``.

To add a meaning: a line here, and phrases in a grammar file.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Meaning:
    """Meaning of an utterance, or of a command to us."""

    key: str
    chinese: str
    """Shown to people, and spoken on the air."""
    english: str
    rank: int = 0
    """Rank among several answers in one over: the lowest counts. 0: not an answer to a call."""
    urgent: bool = False
    """Needs immediate attention."""
    reviewable: bool = False
    """Offered when a person corrects an over's meaning."""
    enterable: bool = False
    """Offered in manual entry of a net."""


TABLE: tuple[Meaning, ...] = (
    Meaning("ack", "收到", "acknowledged", rank=8, reviewable=True, enterable=True),
    Meaning("normal", "一切正常", "all well", rank=3, reviewable=True, enterable=True),
    Meaning("not_found", "没有发现", "nothing found", rank=2, reviewable=True, enterable=True),
    Meaning("situation", "有情况", "incident", rank=1, urgent=True, reviewable=True, enterable=True),
    Meaning("present", "在岗", "present", rank=6, reviewable=True, enterable=True),
    Meaning("on_the_way", "正在赶来", "on the way", rank=5, reviewable=True),
    Meaning("arrived", "已到达", "arrived", rank=4, reviewable=True),
    Meaning("done", "已办好", "done", rank=7, reviewable=True),
    Meaning("say_again", "请重复", "say again", reviewable=True),
    Meaning("negative", "没听清或不明白", "not understood"),
    Meaning("call_in", "单位呼叫", "unit calls"),
    Meaning("report", "报告", "report", rank=9, urgent=True),
    Meaning("proxy", "代答", "answers for another"),
    Meaning("relay", "转达", "relays"),
    Meaning("over", "完毕", "over"),
    Meaning("ask", "要求回答", "asks for an answer"),
    Meaning("call", "呼叫", "call"),
    Meaning("all_units", "各单位", "all units"),
    Meaning("go_ahead", "请讲", "go ahead"),
    Meaning("no_answer", "无应答", "does not answer"),
    Meaning("absent", "不在岗", "is not there"),
    Meaning("stand_by", "稍等", "stand by"),
    Meaning("time_is", "报时", "time check"),
    Meaning("roll_start", "开始点名", "start the roll-call"),
    Meaning("roll_end", "点名结束", "end the roll-call"),
    Meaning("roll_pause", "暂停点名", "pause the roll-call"),
    Meaning("roll_resume", "继续点名", "resume the roll-call"),
    Meaning("roll_skip", "跳过", "skip"),
    Meaning("who_is_missing", "谁没有回答", "who is missing"),
    Meaning("read_alert", "播报通知", "read the alert"),
    Meaning("own_words", "播报原话", "transmit my own words"),
    Meaning("call_unit", "呼叫单位", "call a unit"),
    Meaning("call_missing", "重新呼叫未应答单位", "call the missing again"),
    Meaning("repeat_last", "重复一遍", "repeat the last"),
    Meaning("mark_present", "记为已到", "mark present"),
    Meaning("tell_time", "现在几点", "what time is it"),
    Meaning("tell_officer", "负责人是谁", "who is in charge"),
    Meaning("tell_phone", "电话是多少", "what is the telephone number"),
    Meaning("call_near", "呼叫附近的单位", "call the neighbours"),
    Meaning("cancel", "取消", "cancel"),
    Meaning("this_is", "自报呼号", "says who it is"),
    Meaning("heard", "有回答,内容不清", "answered, content unclear"),
    Meaning("code_word", "当日口令", "code of the day"),
)

MEANINGS: dict[str, Meaning] = {m.key: m for m in TABLE}
CHINESE: dict[str, str] = {m.key: m.chinese for m in TABLE}
TALK = "talk"
"""Of phrases in grammar files that mean nothing: free speech that would be heard as another phrase."""
WRITTEN: tuple[str, ...] = (*MEANINGS, TALK)
"""What may stand before a template."""
ANSWERS: tuple[str, ...] = tuple(m.key for m in sorted(TABLE, key=lambda m: m.rank) if m.rank)
"""Meanings that answer a call; of several in one over the first counts."""
URGENT: frozenset[str] = frozenset(m.key for m in TABLE if m.urgent)
REVIEWABLE: tuple[str, ...] = tuple(m.key for m in TABLE if m.reviewable)
ENTERABLE: tuple[str, ...] = tuple(m.key for m in TABLE if m.enterable)
HEARD = "heard"
"""A unit answered unintelligibly: no phrase has this meaning, the net logic assigns it."""
MISSING = ("no_answer", "absent")
"""Told of the unit that is named with them, which is neither called nor speaking; ``absent`` it may be told by
itself, in the words of whoever sits there: 安和社区不在岗."""
CODE_WORD = "code_word"
"""Meaning of the candidate code words."""


def key_of(meaning: str) -> str:
    """Key of a meaning that is given as such or in Chinese; what is neither is returned unchanged."""
    return next((m.key for m in TABLE if meaning in (m.key, m.chinese)), meaning)
