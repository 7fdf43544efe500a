"""The net at a glance: one tile a unit, folded from the journal's events. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from voice.journal.event import Event
from voice.talk.alert import Alert, evolve_alert
from voice.talk.attendance import Attendance, Occasion, Occasions, Standing
from voice.talk.by_hand import Corrected, Undone
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
from voice.talk.incidents import Incidents
from voice.talk.rollcall import RollCall, evolve_roll
from voice.time import parse_wall

State = Literal[
    "idle", "called", "alerted", "present", "late", "relayed", "silent", "unclear", "undetermined", "calling", "overdue"
]


@dataclass(frozen=True, slots=True)
class Tile:
    """State of one unit."""

    unit: str
    state: State = "idle"
    since: str = ""
    """UTC wall time of the event it is based on."""
    meaning: str = ""
    latency_s: float | None = None
    attempts: int = 0
    by: str = ""
    """``human``: set by a person."""
    seq: int = 0
    """Sequence number of the event it is based on."""


@dataclass(frozen=True, slots=True)
class OpenIncident:
    """An urgent report that nobody has acknowledged."""

    seq: int
    wall: str
    unit: str | None
    text: str
    meaning: str
    guess: str = ""
    """Dictated text."""


@dataclass(frozen=True, slots=True)
class Board:
    """All tiles, the running roll-call and alert."""

    tiles: Mapping[str, Tile] = field(default_factory=dict)
    occasion: Occasion | None = None
    """What is counted: the current or latest roll-call, poll or alert."""
    roll: RollCall | None = None
    alert: Alert | None = None
    roll_since: str = ""
    """Wall time at which the roll-call began."""
    listening: bool = False
    """A session has begun and not ended: logging is in progress, or was interrupted."""
    source: str = ""
    incidents: tuple[OpenIncident, ...] = ()
    """Open ones, oldest first."""
    seq: int = 0
    """Last event processed."""

    @property
    def attendance(self) -> Attendance:
        """The count; empty before the first call."""
        return self.occasion.attendance if self.occasion else Attendance({})

    def incident_of(self, unit: str) -> OpenIncident | None:
        """Latest open incident of a unit."""
        return next((i for i in reversed(self.incidents) if i.unit == unit), None)

    @property
    def running(self) -> bool:
        """A roll-call, poll or alert is in progress."""
        return self.occasion is not None and self.occasion.kind != "calls" and not self.occasion.ended

    @property
    def overdue(self) -> tuple[str, ...]:
        """Units on a welfare timer that did not answer."""
        return tuple(t.unit for t in self.tiles.values() if t.state == "overdue")

    def remaining_s(self, wall: str) -> float | None:
        """Estimated rest of the roll-call, from its pace so far; None if unknown."""
        roll = self.roll
        if roll is None or roll.closed or not self.roll_since:
            return None
        done = len(roll.attendance.settled)
        spent = (parse_wall(wall) - parse_wall(self.roll_since)).total_seconds()
        return spent / done * (len(roll.units) - done) if done and spent > 0 else None


REMEMBERED = 20_000
"""How many recent events can still be corrected."""


class LiveBoard:
    """Board of one channel, folded from its events in order. ``board`` is an immutable value, readable from any
    thread."""

    def __init__(self) -> None:
        self.board = Board()
        self._occasions = Occasions(REMEMBERED)
        self._book = Incidents()
        self._set: dict[int, tuple[tuple[Tile, Tile], ...]] = {}
        """Number of a correction → the tiles that it changed, after and before it."""
        self._called_in: dict[int, tuple[str, Tile | None]] = {}
        """Number of a call-in → its time, and the tile before it of the unit that was heard."""

    def take(self, event: Event, fact: Fact | None = None) -> Board:
        """Next event; returns the board after it."""
        fact = fact or event.fact()
        before = self.board
        at = self._occasions.take(fact, event.seq, event.wall)
        of_roll, of_alert = self._occasions.concerns(fact, at)
        board = replace(
            before,
            roll=evolve_roll(before.roll, fact, event.seq) if of_roll else before.roll,
            alert=evolve_alert(before.alert, fact, event.seq) if of_alert else before.alert,
            occasion=self._occasions.latest,
            seq=event.seq,
        )
        before_open = self._book.open
        self._book.take(fact, event.seq, event.wall)
        if self._book.open is not before_open:
            found = (OpenIncident(i.seq, i.wall, i.unit, i.words, i.meaning, i.guess) for i in self._book.open)
            board = replace(board, incidents=tuple(found))
        if isinstance(fact, Corrected):
            counted = at is not None and self._occasions.all[at] is board.occasion
            self.board = self._corrected(board, fact, event, counted)
        elif isinstance(fact, Undone):
            tiles = self._set.pop(fact.undoes, ())
            self.board = _put(board, *(old for new, old in tiles if board.tiles.get(old.unit) == new))
        else:
            if isinstance(fact, CalledIn):
                self._called_in[event.seq] = event.wall, board.tiles.get(fact.unit or "")
                if len(self._called_in) > REMEMBERED:
                    del self._called_in[next(iter(self._called_in))]
            board = _evolved(board, event, fact)
            if isinstance(fact, ExchangeClosed) and at is not None:  # an earlier answer or a neighbour's still counts
                board = _standing(board, fact.unit, self._occasions.all[at].heard.get(fact.unit, "silent"))
            self.board = board
        return self.board

    def _corrected(self, board: Board, fact: Corrected, event: Event, counted: bool) -> Board:
        """Manual correction: the time stays that of the exchange or call-in; what another unit called in is no longer
        on the tile of the one that was heard."""
        unit, tiles = str(fact.unit), []
        wall, other = self._called_in.get(fact.corrects, ("", None))
        if other is not None and other.unit != unit and board.tiles[other.unit].seq == fact.corrects:
            tiles.append(other)
        if counted or wall:
            state: State = "present" if counted else "calling"
            since = wall or (board.tiles[unit].since if unit in board.tiles else "")
            tiles.append(Tile(unit, state, since or event.wall, fact.meaning, None, 0, "human", event.seq))
        self._set[event.seq] = tuple((t, board.tiles[t.unit]) for t in tiles if t.unit in board.tiles)
        return _put(board, *tiles)


def _standing(board: Board, unit: str, standing: Standing) -> Board:
    """The tile of a closed exchange shows its standing in the count."""
    states: dict[Standing, State] = {
        "answered": "present", "late": "late", "relayed": "relayed", "unclear": "unclear", "silent": "silent",
        "undetermined": "undetermined",
    }  # fmt: skip
    state = states.get(standing)
    return _put(board, replace(board.tiles[unit], state=state)) if state else board


def _evolved(board: Board, event: Event, fact: Fact) -> Board:
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
            return _put(board, Tile(fact.unit, waits, event.wall, attempts=fact.attempt, seq=event.seq))
        case Answered():
            state: State = "late" if fact.late else "present"
            return _put(board, Tile(fact.unit, state, event.wall, fact.meaning, fact.latency_s, seq=event.seq))
        case ExchangeClosed():
            closed: State = fact.outcome if fact.outcome != "answered" else "present"
            return _put(board, Tile(fact.unit, closed, event.wall, seq=event.seq))
        case CalledIn(unit=str(unit)):
            return _put(board, Tile(unit, "calling", event.wall, fact.meaning, seq=event.seq))
        case Overdue():
            return _put(board, Tile(fact.unit, "overdue", event.wall, seq=event.seq))
        case _:
            return board


def _put(board: Board, *tiles: Tile) -> Board:
    return replace(board, tiles={**board.tiles, **{t.unit: t for t in tiles}})
