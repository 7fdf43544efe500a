"""Whose an answer may be: who is awaited, who is late, who may say it instead. Pure."""

from __future__ import annotations

from typing import Literal

from voice.grammar.meanings import HEARD, MISSING
from voice.grammar.message import Message
from voice.pcm import Seconds
from voice.talk.events import Heard, Rules
from voice.talk.state import ASKED_S, UNANSWERED, Exchange, NetState

Blocking = Literal["say_again", "negative", "wait"]

BLOCKING: dict[str, Blocking] = {
    "say_again": "say_again", "negative": "negative", "stand_by": "wait",
}  # fmt: skip
"""Said by a unit in place of an answer: its exchange stays open."""

UNEVENTFUL = ("normal", "not_found")
"""Where nobody asked, more is told beside them: 河边有一双鞋,没看见人."""


def is_open(state: NetState, unit: str) -> bool:
    """Whether the unit was called and is still awaited."""
    e = state.exchanges.get(unit)
    return e is not None and e.open


def is_unfinished(e: Exchange, h: Heard) -> bool:
    """It answered unintelligibly and may repeat, asked or not."""
    since = max(e.answered_at, e.asked_at or 0.0)
    return e.status == "answered" and e.meaning == HEARD and h.start - since <= ASKED_S


def is_late(e: Exchange, h: Heard, rules: Rules) -> bool:
    """Whether its exchange ended without an answer so recently that an answer may still come."""
    return e.status in UNANSWERED and h.start - e.deadline <= rules.late_window_s


def late_beside(state: NetState, h: Heard, unit: str | None = None, within: Seconds = ASKED_S) -> bool:
    """Another unit than ``unit`` has just not been heard: a bare answer may be its own, late. One that was heard in its
    own slot and not understood has answered."""
    others = (e for e in state.exchanges.values() if e.unit != unit and e.status in UNANSWERED and not e.relayed)
    return any(h.start - e.deadline <= within for e in others if e.status != "unclear")


def awaited_slot(state: NetState) -> Exchange | None:
    """Open exchange of the last unit called; None if that call opened several."""
    awaited = state.awaited()
    return awaited[0] if len(awaited) == 1 else None


def slot_for(state: NetState, h: Heard, rules: Rules) -> Exchange | None:
    """Exchange a bare answer belongs to, including one recently closed as silent or unclear."""
    if len(state.last_called) != 1:
        return awaited_slot(state)
    last = state.exchanges[state.last_called[0]]
    if last.asked_at is not None and is_unfinished(last, h):
        return last
    if state.awaited():
        return awaited_slot(state)
    called_in = state.calling_in is not None  # a bare 收到 is net control's to the unit that called in
    return last if is_late(last, h, rules) and not called_in else None


def is_unsaid(m: Message) -> bool:
    """No unit said who it is: a call sign heard may be another's."""
    return not any(n.place == "self" for n in m.names)


def spoken_to(m: Message, caller: str | None) -> str | None:
    """The unit named before the speaker named itself, with net control not named."""
    missing = {a.slots.get("unit") for a in m.acts if a.meaning in MISSING}  # 加油站没人,我是丹尼斯
    named = (n.unit for n in m.names if n.place != "inside" and n.unit not in missing)
    first = next(named, None) if caller and not m.calls_control else None
    return first if first != caller else None


def may_reply(h: Heard, meaning: str | None) -> bool:
    """收到 and 马上到: net control's to a unit that called in, most likely."""
    on_the_way = meaning == "on_the_way" and not h.message.calls_control
    return not h.identified and (meaning == "ack" or on_the_way)
