"""The net at a glance: one tile a unit, folded from the journal's events. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from voice.journal.store import Event
from voice.talk.alert import Alert, evolve_alert
from voice.talk.by_hand import Corrected
from voice.talk.facts import (
    AlertRaised,
    Answered,
    Called,
    CalledIn,
    ExchangeClosed,
    Fact,
    Overdue,
    RollBegan,
    SessionBegan,
    SessionEnded,
)
from voice.talk.rollcall import RollCall, evolve_roll
from voice.time import parse_wall

State = Literal[
    "idle", "called", "alerted", "present", "late", "silent", "unclear", "undetermined", "calling", "overdue"
]


@dataclass(frozen=True, slots=True)
class Tile:
    """What is known of one unit."""

    unit: str
    state: State = "idle"
    since: str = ""
    """UTC wall time of the event that says so."""
    meaning: str = ""
    latency_s: float | None = None
    attempts: int = 0
    by: str = ""
    """``human``: a person set it."""
    called: bool = False
    answered: bool = False
    """Since the latest roll-call or alert began; a unit that calls in meanwhile has answered all the same."""


@dataclass(frozen=True, slots=True)
class Board:
    """All tiles, the running roll-call and alert."""

    tiles: Mapping[str, Tile] = field(default_factory=dict)
    roll: RollCall | None = None
    alert: Alert | None = None
    roll_since: str = ""
    """Wall time at which the roll-call began."""
    listening: bool = False
    """A session has begun and not ended: somebody logs, or was cut off."""
    source: str = ""
    seq: int = 0
    """Last event that went in."""

    @property
    def missing(self) -> tuple[str, ...]:
        """Units that were called and gave no answer that was understood."""
        return tuple(t.unit for t in self.tiles.values() if t.state in ("silent", "unclear", "undetermined", "overdue"))

    def remaining_s(self, wall: str) -> float | None:
        """What the roll-call may still take, from its pace so far; None while nothing can be said."""
        roll = self.roll
        if roll is None or roll.closed or not self.roll_since:
            return None
        done = sum(u in roll.results for u in roll.units)
        spent = (parse_wall(wall) - parse_wall(self.roll_since)).total_seconds()
        return spent / done * (len(roll.units) - done) if done and spent > 0 else None

    @property
    def called(self) -> tuple[str, ...]:
        """Units that were called or set by a person."""
        return tuple(t.unit for t in self.tiles.values() if t.called)

    @property
    def present(self) -> tuple[str, ...]:
        """Units that have answered."""
        return tuple(t.unit for t in self.tiles.values() if t.answered)


def evolve_board(board: Board, event: Event, fact: Fact | None = None) -> Board:
    """The board after an event."""
    fact = fact or event.fact()
    board = replace(board, roll=evolve_roll(board.roll, fact), alert=evolve_alert(board.alert, fact), seq=event.seq)
    match fact:
        case SessionBegan():
            tiles = {u: Tile(u) for u in fact.units}
            return replace(board, tiles=tiles, listening=True, source=fact.source)
        case SessionEnded():
            return replace(board, listening=False)
        case RollBegan(units=units):
            return replace(_put(board, *(Tile(u) for u in units)), roll_since=event.wall)
        case AlertRaised(units=units):
            return _put(board, *(Tile(u) for u in units))
        case Called():
            alert = board.alert
            asked = alert is not None and not alert.closed and fact.unit in alert.units
            waits: State = "alerted" if asked else "called"
            return _put(board, Tile(fact.unit, waits, event.wall, attempts=fact.attempt, called=True))
        case Answered():
            state: State = "late" if fact.late else "present"
            return _put(
                board, Tile(fact.unit, state, event.wall, fact.meaning, fact.latency_s, called=True, answered=True)
            )
        case ExchangeClosed():
            closed: State = fact.outcome if fact.outcome != "answered" else "present"
            answered = closed == "present"
            return _put(board, Tile(fact.unit, closed, event.wall, called=True, answered=answered))
        case CalledIn(unit=str(unit)):
            before = board.tiles.get(unit, Tile(unit))
            calls_in = Tile(unit, "calling", event.wall, fact.meaning, called=before.called, answered=before.answered)
            return _put(board, calls_in)
        case Overdue():
            return _put(board, Tile(fact.unit, "overdue", event.wall, called=True))
        case Corrected(unit=str(unit)):
            return _put(board, Tile(unit, "present", event.wall, fact.meaning, None, 0, "human", True, True))
        case _:
            return board


def _put(board: Board, *tiles: Tile) -> Board:
    return replace(board, tiles={**board.tiles, **{t.unit: t for t in tiles}})
