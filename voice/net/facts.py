"""What can stand in a net's log: one frozen class a kind, and the way to and from JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

Seconds = float
Grade = Literal["call_sign", "burst", "slot", "human"]
"""How we know who answered: spoken call sign > burst identity > was called just now > set by a person."""

Purpose = Literal["opening", "call", "closing", "alert", "closing_alert", "reply"]
"""Of an announcement of ours."""

Outcome = Literal["answered", "unclear", "silent", "undetermined"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that happened on the net."""

    t: Seconds
    """On the sample clock."""
    channel: str = ""
    """Where it happened, if a station listens to several; sessions, overs and exchanges are counted for each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionBegan(Fact):
    """A source is being listened to."""

    source: str
    net: str
    net_sha256: str
    model: str
    model_sha256: str
    began: str
    """Wall clock of sample 0, ISO 8601 UTC."""
    clock: Literal["known", "unknown"]
    """``unknown``: nobody said when the recording was made; wall times count from 1970."""
    units: tuple[str, ...] = ()
    """Unit ids on the roster."""
    version: str = ""
    dictation: str = ""
    """SHA-256 of the model that wrote down free speech; empty if there was none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OverHeard(Fact):
    """The evidence: one over, what was heard in it, and its clip."""

    over: int
    start: Seconds
    end: Seconds
    speech_start: Seconds
    speech_end: Seconds
    clip: str
    """SHA-256 of the clip's PCM; empty if no clip could be kept."""
    level_db: float
    outcome: Literal["understood", "unclear"]
    speaker: str
    callees: tuple[str, ...]
    caller: str | None
    to_all: bool
    meanings: tuple[str, ...]
    text: str
    pinyin: str
    confidence: float
    doubled: bool
    """Two carriers were heard at once."""
    hypothesis: tuple[tuple[str, Seconds, Seconds, float], ...] = ()
    """(word, start, end, score) as recognised, times within the over."""
    dictated: str = ""
    """What the dictation model wrote: a help for people, nothing is decided by it."""
    identities: tuple[str, ...] = ()
    """Bursts that the radio sent, e.g. ``mdc1200:1A2B``."""
    identified: str | None = None
    """Unit that one of them belongs to, by the roster. It counts for more than a call sign that was heard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Called(Fact):
    """Net control called a unit: an exchange is open."""

    exchange: int
    unit: str
    over: int
    attempt: int
    """1 for the first call, 2 when it is repeated, …"""
    to_all: bool
    question: str
    figures: tuple[str, ...] = ()
    """Rows of digits, times of day and places in the call: the answer should read them back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered(Fact):
    """A unit answered its call."""

    exchange: int
    unit: str
    over: int
    meaning: str
    grade: Grade
    latency_s: Seconds
    """From the end of the call's speech to the beginning of the answer's."""
    late: bool
    confidence: float
    text: str
    review: bool
    """A person should listen: doubling, low confidence."""
    slots: tuple[tuple[str, str], ...] = ()
    readback: Literal["", "same", "different"] = ""
    """Whether the figures of the call came back; empty if the call or the answer had none."""
    figures: tuple[str, ...] = ()
    """The same in the answer."""
    free: str = ""
    """Pinyin of what was said beside the meaning: where, what it looks like, …"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remarked(Fact):
    """Heard and understood, but neither call nor answer.

    ``kind``: say_again and negative keep the exchange open; unsolicited is an answer of a unit that was
    not called; stray a bare answer that nobody was asked for; contested a second carrier in an
    answered slot; unattributed a bare answer while several units are asked.
    """

    kind: Literal["say_again", "negative", "unsolicited", "stray", "contested", "unattributed", "said"]
    over: int
    unit: str | None
    exchange: int | None
    meaning: str
    text: str
    confidence: float
    review: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CalledIn(Fact):
    """A unit called net control by itself, or reported."""

    over: int
    unit: str | None
    meaning: str
    grade: Grade
    text: str
    pinyin: str
    confidence: float
    free: str = ""
    """As of ``Answered``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlReplied(Fact):
    """Net control answered a unit that had called in."""

    over: int
    unit: str | None
    meaning: str
    latency_s: Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Relayed(Fact):
    """A neighbour answered for a unit (代答) or passed a message on (转达). Not the unit's own answer."""

    kind: Literal["proxy", "relay"]
    over: int
    unit: str | None
    """The unit that is spoken for or to."""
    by: str | None
    """Who spoke, if it gave its call sign."""
    exchange: int | None
    meaning: str
    text: str
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NotUnderstood(Fact):
    """Speech that gave no meaning: clip and pinyin are kept, a person decides, nothing is guessed."""

    over: int
    unit: str | None
    """Whose answer was awaited, if of one unit only; a hint, not an attribution."""
    exchange: int | None
    pinyin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeClosed(Fact):
    """An exchange ended without an answer."""

    exchange: int
    unit: str
    outcome: Outcome
    """``silent`` only if the receiver was demonstrably alive; ``undetermined`` otherwise."""
    reason: str
    waited_s: Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class RollMarked(Fact):
    """A roll-call began, paused, went on or ended, by the dispatcher's words."""

    mark: Literal["start", "pause", "resume", "end", "skip", "repeat"]
    over: int
    """0 if it was no spoken command."""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced(Fact):
    """We spoke on the air ourselves. ``t`` is when our carrier dropped: from then on answers are awaited."""

    keyed: Seconds
    """When we keyed."""
    text: str
    purpose: Purpose
    units: tuple[str, ...] = ()
    """Who was called by it."""
    clip: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceChanged(Fact):
    """The receiver's sound card was lost, came back, or gave sound faster than it could be taken; clips could no
    longer be kept, or can be again."""

    what: Literal["lost", "back", "overrun", "no_clips", "clips"]
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockChanged(Fact):
    """Wall times of the events from this one on are moved; ``t`` and answer times are counted in samples and are not
    touched."""

    by_s: Seconds
    """Positive: forward."""
    cause: Literal["set", "drift"]
    """The machine's clock was set; the sound card has drifted away from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RollBegan(Fact):
    """An automatic roll-call of these units, in this order."""

    units: tuple[str, ...]
    rounds: int
    """How often a unit is called before it counts as missing."""
    by: str = ""
    question: str = ""
    """Asked of everybody instead of the roster's own questions."""
    until: str = ""
    """轮询: ask one after the other until somebody's answer means this (``any``: any answer); empty: ask all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchSet(Fact):
    """A unit was put on a timer, or taken off it."""

    unit: str
    minutes: float
    """It must be heard at least so often; 0: no longer."""
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue(Fact):
    """A unit on a timer was due, and was called in vain."""

    unit: str
    tries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RollEnded(Fact):
    """The roll-call is over; an incomplete one is a legal outcome and says so."""

    complete: bool
    """Every unit was called as often as planned."""
    missing: tuple[str, ...]
    unclear: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRaised(Fact):
    """Somebody asked for an alert to be read to these units."""

    alert: int
    """Number of the alert in this session."""
    text: str
    units: tuple[str, ...]
    repeat: int
    need_ack: bool
    emergency: bool
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertEnded(Fact):
    """The alert was read as often as it was to be, or everybody has answered."""

    alert: int
    answered: int
    silent: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Commanded(Fact):
    """The dispatcher told us something by voice."""

    command: str
    """A meaning of the grammar's ``[assistant]`` sections; empty: addressed to us, but not understood."""
    unit: str | None
    over: int
    """0: on the dispatcher's own microphone."""
    status: Literal["heard", "done", "cancelled", "refused"]
    """``heard`` first; then what came of it."""
    text: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected(Fact):
    """A person set right what an earlier event says. The earlier event stays."""

    corrects: int
    """Sequence number of the event in the journal."""
    unit: str | None
    meaning: str
    by: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed(Fact):
    """A person listened to an over and says what was said in it. The station may learn from it."""

    confirms: int
    """Sequence number of the over's event in the journal."""
    clip: str
    said: str
    """As in the roster and the grammar files, pauses as commas."""
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NetEdited(Fact):
    """Somebody saved one of the net's files. A running station uses it from its next start on."""

    file: str
    sha256: str
    """Of the new version."""
    replaced: str
    """SHA-256 of the old one, which is kept."""
    by: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetEntered(Fact):
    """A net that nobody recorded, entered by hand afterwards."""

    began: str
    """Wall clock, ISO 8601 UTC."""
    by: str
    results: tuple[tuple[str, str, str], ...]
    """(unit, ``answered``, ``late``, ``silent`` or ``unclear``, meaning of the answer)."""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipsRemoved(Fact):
    """Clips of overs before a wall time were removed, because they were kept long enough. The events stay."""

    before: str
    clips: int
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipHold(Fact):
    """The sound between two wall times is kept whatever its age, or no longer."""

    since: str
    until: str
    by: str
    note: str = ""
    releases: int = 0
    """Number of the hold that ends; 0: one begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnded(Fact):
    """The source ended."""

    overs: int
    pops: int
    """Carriers without speech."""
    dead_s: Seconds
    """Exact silence where the receiver normally hisses."""
    damage: tuple[str, ...]


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
