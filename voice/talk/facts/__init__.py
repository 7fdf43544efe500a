"""Facts: what a station hears, decides and does, one frozen class per kind, a file per subject.

Manual entries are in ``talk.by_hand``; ``journal.codec`` encodes and decodes the facts named in ``__all__``.
"""

from voice.talk.facts.alerts import AlertEnded, AlertRaised
from voice.talk.facts.exchanges import (
    Answered,
    Broadcast,
    Called,
    CalledIn,
    ControlReplied,
    ExchangeClosed,
    Relayed,
)
from voice.talk.facts.fact import Doubtful, Fact, Grade, Outcome, Purpose
from voice.talk.facts.overs import NotUnderstood, OverHeard, Remarked, Transcribed
from voice.talk.facts.rolls import RollBegan, RollEnded, RollMarked
from voice.talk.facts.sessions import ClockChanged, DeviceChanged, PhrasesChanged, SessionBegan, SessionEnded
from voice.talk.facts.station import Announced, Commanded
from voice.talk.facts.welfare import Overdue, WatchSet

__all__ = [  # noqa: RUF022  lists of kinds show them in this order
    "Doubtful",
    "Fact",
    "Grade",
    "Outcome",
    "Purpose",
    "SessionBegan",
    "OverHeard",
    "Transcribed",
    "Called",
    "Broadcast",
    "Answered",
    "Remarked",
    "CalledIn",
    "ControlReplied",
    "Relayed",
    "NotUnderstood",
    "ExchangeClosed",
    "RollMarked",
    "Announced",
    "DeviceChanged",
    "PhrasesChanged",
    "ClockChanged",
    "RollBegan",
    "WatchSet",
    "Overdue",
    "RollEnded",
    "AlertRaised",
    "AlertEnded",
    "Commanded",
    "SessionEnded",
]
