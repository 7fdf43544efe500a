"""Who is speaking in an over: net control, a unit, or undetermined. Pure.

The words alone often allow both: ``安和社区,门口有人`` may be net control calling the unit or the unit answering. The
decision uses who is awaited, who called, the radio's identity, and how the call sign was spoken.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from voice.grammar.message import Message
from voice.pcm import Seconds
from voice.talk.state import Exchange, NetState

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
    return e.status in ("silent", "unclear", "undetermined") and t - e.deadline <= late_window_s
