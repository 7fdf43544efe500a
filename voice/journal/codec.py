"""Facts to and from the journal: the name of each kind, and plain data."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

from voice.talk.by_hand import ClipHold, ClipsRemoved, Confirmed, Corrected, NetEdited, NetEntered
from voice.talk.facts import (
    AlertEnded,
    AlertRaised,
    Announced,
    Answered,
    Called,
    CalledIn,
    ClockChanged,
    Commanded,
    ControlReplied,
    DeviceChanged,
    ExchangeClosed,
    Fact,
    NotUnderstood,
    Overdue,
    OverHeard,
    Relayed,
    Remarked,
    RollBegan,
    RollEnded,
    RollMarked,
    SessionBegan,
    SessionEnded,
    WatchSet,
)

KINDS: dict[str, type[Fact]] = {
    "session_began": SessionBegan,
    "over": OverHeard,
    "called": Called,
    "answered": Answered,
    "remarked": Remarked,
    "called_in": CalledIn,
    "control_replied": ControlReplied,
    "relayed": Relayed,
    "not_understood": NotUnderstood,
    "closed": ExchangeClosed,
    "roll": RollMarked,
    "announced": Announced,
    "device": DeviceChanged,
    "clock": ClockChanged,
    "roll_began": RollBegan,
    "roll_ended": RollEnded,
    "watch_set": WatchSet,
    "overdue": Overdue,
    "alert_raised": AlertRaised,
    "alert_ended": AlertEnded,
    "commanded": Commanded,
    "corrected": Corrected,
    "confirmed": Confirmed,
    "net_edited": NetEdited,
    "net_entered": NetEntered,
    "clips_removed": ClipsRemoved,
    "clip_hold": ClipHold,
    "session_ended": SessionEnded,
}
_NAMES = {cls: name for name, cls in KINDS.items()}


def kind_of(fact: Fact) -> str:
    """The name under which a fact stands in the journal."""
    return _NAMES[type(fact)]


def to_json(fact: Fact) -> dict[str, Any]:
    """Plain data for the journal; floats rounded to milliseconds. A station of one channel does not name it."""
    return {k: _plain(v) for k, v in asdict(fact).items() if k != "channel" or v}


def from_json(kind: str, data: dict[str, Any]) -> Fact:
    """The fact of a journal entry. Raises KeyError for an unknown kind, TypeError for wrong fields."""
    cls = KINDS[kind]
    known = {f.name for f in fields(cls)}
    return cls(**{k: _tuples(v) for k, v in data.items() if k in known})


def _plain(v: Any) -> Any:
    if isinstance(v, float):
        return round(v, 3)
    if isinstance(v, tuple | list):
        return [_plain(x) for x in v]
    return v


def _tuples(v: Any) -> Any:
    return tuple(_tuples(x) for x in v) if isinstance(v, list) else v
