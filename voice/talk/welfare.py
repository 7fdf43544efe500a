"""Welfare timers (patrol, lone watch): a unit that is due is called twice, then the dispatcher is alarmed. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from voice.pcm import Seconds
from voice.talk.facts import Answered, Called, CalledIn, ExchangeClosed, Fact, Overdue, Remarked, SessionBegan, WatchSet

TRIES = 2
"""Calls before a unit counts as overdue."""


@dataclass(frozen=True, slots=True)
class WelfareTimer:
    """One unit's timer."""

    unit: str
    every_s: Seconds
    due: Seconds
    """On the session's clock: the unit must be heard before this."""
    tries: int = 0
    """Calls since it fell due."""
    awaiting: bool = False
    alarmed: bool = False

    def heard(self, t: Seconds) -> WelfareTimer:
        """A sign of life."""
        return WelfareTimer(self.unit, self.every_s, t + self.every_s)


def evolve_timers(watches: Mapping[str, WelfareTimer], fact: Fact) -> dict[str, WelfareTimer]:
    """Timers after a fact. A new session restarts them all, since its clock starts at 0."""
    out = dict(watches)
    match fact:
        case SessionBegan():
            return {u: w.heard(0.0) for u, w in out.items()}
        case WatchSet(minutes=minutes):
            out.pop(fact.unit, None)
            if minutes > 0:
                out[fact.unit] = WelfareTimer(fact.unit, 60 * minutes, fact.t + 60 * minutes)
        case Answered() | CalledIn() | Remarked() if fact.unit in out:
            out[fact.unit] = out[fact.unit].heard(fact.t)
        case Called(unit=unit, over=0) if unit in out and fact.t >= out[unit].due:
            out[unit] = replace(out[unit], awaiting=True, tries=out[unit].tries + 1)
        case ExchangeClosed(unit=unit) if unit in out:
            out[unit] = replace(out[unit], awaiting=False)
        case Overdue(unit=unit) if unit in out:
            out[unit] = replace(out[unit], alarmed=True)
        case _:
            pass
    return out


def to_call(watches: Mapping[str, WelfareTimer], now: Seconds) -> tuple[str, ...]:
    """Units due for a call now, longest overdue first."""
    due = [w for w in watches.values() if now >= w.due and not w.awaiting and not w.alarmed and w.tries < TRIES]
    return tuple(w.unit for w in sorted(due, key=lambda w: w.due))


def to_alarm(watches: Mapping[str, WelfareTimer]) -> tuple[str, ...]:
    """Units that did not answer their check calls."""
    return tuple(w.unit for w in watches.values() if w.tries >= TRIES and not w.awaiting and not w.alarmed)
