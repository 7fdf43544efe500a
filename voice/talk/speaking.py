"""Who is speaking in an over: net control, a unit, or nobody can tell. Pure.

The words often allow both: ``安和社区,门口有人`` may be net control calling the unit or the unit answering. What
decides is who is awaited, who called, whose radio it was, and how the call sign was said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from voice.grammar.message import Message
from voice.pcm import Seconds
from voice.talk.state import Exchange, NetState

SOON_S = 4.0
"""A call sign alone, so soon after its call, may be the unit's answer; later it is the call once more. Units begin to
answer 0.7 to 2.5 s after a call."""

Role = Literal["control", "unit", "either"]


@dataclass(frozen=True, slots=True)
class Attribution:
    """Who speaks, as far as the evidence goes."""

    role: Role
    unit: str | None = None
    """The speaker itself, if it is one; of ``either`` the unit that may be it."""


def speaker_of(
    m: Message, identified: str | None, state: NetState, speech_start: Seconds, late_window_s: Seconds
) -> Attribution:
    """By the radio's own identity first, then by the words, then by who is awaited."""
    if identified is not None:
        return Attribution("unit", identified)
    if m.speaker == "control":
        return Attribution("control")
    if not m.unsure:
        return Attribution("unit", m.caller)
    unit = m.callees[0]
    e = state.exchanges.get(unit)
    alone = not m.free and not m.acts and not m.figures
    if e is not None and e.open:
        if e.ours or not alone:
            return Attribution("unit", unit)
        return Attribution("either" if speech_start - e.called_at <= SOON_S else "control", unit)
    if e is not None and _late(e, speech_start, late_window_s):
        return Attribution("unit" if e.ours else "control" if alone else "either", unit)
    if m.weak:
        return Attribution("either")  # 明理路那边有人: a street, most likely
    if alone:
        return Attribution("control")
    return Attribution("either", unit)


def _late(e: Exchange, t: Seconds, late_window_s: Seconds) -> bool:
    return e.status in ("silent", "unclear") and t - e.deadline <= late_window_s
