"""Who is speaking in an over: net control, a unit, or undetermined. Pure.

The words alone often allow both: ``安和社区,门口有人`` may be net control calling the unit or the unit answering. The
decision uses who is awaited, who called, the radio's identity, and how the call sign was spoken.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from voice.grammar.clause import PAUSE_S, content, free_behind
from voice.grammar.meanings import ANSWERS, HEARD
from voice.grammar.message import Message, run_together
from voice.grammar.naming import located
from voice.grammar.words import NEXT, PLACING, THANKS
from voice.pcm import Seconds
from voice.talk.state import ASKED_S, REPLY_S, UNANSWERED, Exchange, NetState

SOON_S = 4.0
"""A bare call sign within this time of its call may be the unit's answer; later it is a repeated call. Units start
to answer 0.7 to 2.5 s after a call."""

Party = Literal["control", "unit", "either"]


@dataclass(frozen=True, slots=True)
class Attribution:
    """Who is speaking, as far as the evidence allows."""

    role: Party
    unit: str | None = None
    """The speaker, if a unit; for ``either``, the unit it may be."""


def speaker_of(
    m: Message, identified: str | None, state: NetState, speech_start: Seconds, late_window_s: Seconds
) -> Attribution:
    """In order of precedence: the radio's own identity, the words, who is awaited."""
    if identified is not None:
        return Attribution("unit", identified)
    if m.speaker == "control":
        return _presumed_control(m, state, speech_start, late_window_s)
    if m.speaker == "anyone" and not m.unsure and "ask" in m.meanings() and not state.awaited():
        return Attribution("control")
    if not m.unsure:
        return Attribution("unit", m.caller)
    unit = m.callees[0]
    if unit == state.guest(speech_start):
        return Attribution("unit", unit)
    e = state.exchanges.get(unit)
    alone = not m.free and not m.acts and not m.figures
    if e is not None and e.open:
        if e.repeating and not e.ours and not m.acts:
            return Attribution("either", unit)  # it asked for a repetition: net control's turn
        if e.ours or not alone:
            corrected = not e.ours and m.names[0].place == "tail" and state.telling(speech_start) not in ("", unit)
            return Attribution("either" if corrected and not m.acts else "unit", unit)  # 没叫你,丹尼斯
        soon = speech_start - e.called_at <= SOON_S
        if soon and m.weak and e.question:  # 祭城 behind 祭城社区治安队,情况怎么样
            return Attribution("unit", unit)
        return Attribution("either" if soon else "control", unit)
    if e is not None and _asked_again(e, speech_start):
        return Attribution("unit", unit)
    if e is not None and _late(e, speech_start, late_window_s):
        return Attribution("unit" if e.ours else "control" if alone else "either", unit)
    others = [e for e in state.awaited() if not e.doubt]
    if m.weak and not alone and not _paused(m) and (others or not _begins(m)):
        return Attribution("either")  # 明理路那边有人: a street, most likely
    spoke = state.names_itself(speech_start) or state.asked_who(speech_start) or unit == state.telling(speech_start)
    return Attribution("control" if alone and not spoke else "either", unit)


def _presumed_control(m: Message, state: NetState, speech_start: Seconds, late_window_s: Seconds) -> Attribution:
    """In the slot of the one unit that it names, or where that unit was just heard, an over may be the unit's own:
    安和社区,安和社区,我们在疏导交通; after a call of ours whatever it says."""
    e = state.exchanges.get(m.callees[0]) if len(m.callees) == 1 else None
    if e is not None and not m.to_all and _asked_again(e, speech_start):
        return Attribution("unit", e.unit)
    unit = m.callees[0] if len(m.callees) == 1 and not m.to_all else ""
    if m.presumed and unit and unit == state.guest(speech_start):
        return Attribution("unit", unit)
    spoke = unit in (state.telling(speech_start), state.calling_in) or state.heeds(speech_start)
    spoke = spoke or state.asked_who(speech_start) or state.names_itself(speech_start)
    spoke = spoke or (e is not None and e.status == "answered" and speech_start - e.answered_at <= REPLY_S)
    if m.presumed and unit and (spoke or (e is not None and m.free and _late(e, speech_start, late_window_s))):
        return Attribution("either", unit)
    if e is not None and e.open and not (e.doubt or m.to_all) and _answers_first(m):
        return Attribution("unit", e.unit)
    if e is None or not e.open or m.to_all or not (m.presumed or e.ours) or "go_ahead" in m.meanings():
        return Attribution("control")
    if "situation" in m.meanings():
        return Attribution("unit", e.unit)
    alone = not m.free and not m.acts and not m.figures
    soon = speech_start - e.called_at <= SOON_S
    return Attribution("either" if soon or not alone else "control", e.unit)


def _answers_first(m: Message) -> bool:
    """王新街收到,有没有奖金: an answer directly behind the call sign, and a question."""
    answered = any(a.at == 1 and a.meaning in ANSWERS for a in m.acts)
    return m.items[0].kind == "unit" and answered and "go_ahead" not in m.meanings()


def _paused(m: Message) -> bool:
    """明理路,去看一下; 注意休息,明理路; 下一个明理路: pauses around the call sign, or words before it, as no street's
    name has them."""
    at = next(k for k, i in enumerate(m.items) if i.kind == "unit")
    if at and content(m.items[at - 1].pinyin)[-len(NEXT) :] == NEXT:
        return True
    gaps = [b.start - a.end for a, b in pairwise(m.items[max(0, at - 1) : at + 2])]
    return gaps[-1] >= PAUSE_S


def _begins(m: Message) -> bool:
    """明理路去看一下: the over begins with a call sign, and what follows makes no place of it and takes no leave."""
    behind = free_behind(run_together(m.items), 0)
    leave = any(behind[: len(w)] == w for w in THANKS if len(w) > 1)
    return m.items[0].kind == "unit" and not located(m.items, 0) and behind[:1] not in PLACING and not leave


def _asked_again(e: Exchange, t: Seconds) -> bool:
    """It answered unintelligibly, and we asked it to say it again."""
    return (
        e.ours
        and e.status == "answered"
        and e.meaning == HEARD
        and e.asked_at is not None
        and t - e.asked_at <= ASKED_S
    )


def _late(e: Exchange, t: Seconds, late_window_s: Seconds) -> bool:
    return e.status in UNANSWERED and t - e.deadline <= late_window_s
