"""What a station hears, decides and does: one frozen class a kind.

What people do to the log is in ``by_hand``, the way to and from the journal in ``codec``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from voice.mandarin.figures import sort_of
from voice.pcm import Seconds

Grade = Literal["call_sign", "burst", "slot", "human"]
"""How we know who answered: spoken call sign > burst identity > was called just now > set by a person."""

Purpose = Literal["opening", "call", "again", "closing", "alert", "closing_alert", "reply", "words"]
"""Of an announcement of ours; ``words``: the dispatcher's own, as they were spoken."""

Outcome = Literal["answered", "unclear", "silent", "undetermined"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that happened on the net."""

    t: Seconds
    """On the sample clock."""
    channel: str = ""
    """Where it happened, if a station listens to several; sessions, overs and exchanges are counted for each."""

    KIND: ClassVar[str] = ""
    """Under which it stands in the journal."""
    NAMES: ClassVar[tuple[str, str]] = ("", "")
    """Chinese and English, for people."""

    def word(self) -> str:
        """One word for what it says: a key of ``grammar.meanings`` or of ``journal.wording``."""
        return ""

    def detail(self) -> str | None:
        """What people should know beside its fields."""
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionBegan(Fact):
    """A source is being listened to."""

    KIND: ClassVar[str] = "session_began"
    NAMES: ClassVar[tuple[str, str]] = ("开始", "session began")

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
    recording: str = ""
    """SHA-256 of the sound file; empty for what was heard live."""

    def detail(self) -> str | None:
        return f"{self.source}, clock {self.clock}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OverHeard(Fact):
    """The evidence: one over, what was heard in it, and its clip."""

    KIND: ClassVar[str] = "over"
    NAMES: ClassVar[tuple[str, str]] = ("发话", "over")

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

    def word(self) -> str:
        return "+".join(self.meanings)

    def detail(self) -> str | None:
        notes = ["two stations at once"] if self.doubled else []
        if self.identities:
            notes.append(f"radio {', '.join(self.identities)}")
        if self.identified and self.caller not in (None, self.identified):
            notes.append(f"radio of {self.identified}, but the call sign of {self.caller}")
        return "; ".join(notes) or None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcribed(Fact):
    """What a dictation model made of an over's free speech: a help for people. It comes later than its over, may be
    wrong from beginning to end, is no evidence, and nobody is obeyed by it."""

    KIND: ClassVar[str] = "transcribed"
    NAMES: ClassVar[tuple[str, str]] = ("听写", "transcribed")

    over: int
    text: str
    engine: str
    confidence: float
    """Mean probability of a token, by the model's own account."""

    def detail(self) -> str | None:
        return f"{self.engine}, not verified"


@dataclass(frozen=True, slots=True, kw_only=True)
class Called(Fact):
    """Net control called a unit: an exchange is open."""

    KIND: ClassVar[str] = "called"
    NAMES: ClassVar[tuple[str, str]] = ("呼叫", "called")

    exchange: int
    unit: str
    over: int
    attempt: int
    """1 for the first call, 2 when it is repeated, …"""
    to_all: bool
    question: str
    figures: tuple[str, ...] = ()
    """Rows of digits, times of day and places in the call: the answer should read them back."""
    doubt: bool = False
    """It may have been the unit itself that spoke: what comes of it is never “silent”."""

    def word(self) -> str:
        return "call_all" if self.to_all else "call"

    def detail(self) -> str | None:
        told = [f"call {self.attempt}"] if self.attempt > 1 else []
        told += ["net control or the unit itself"] if self.doubt else []
        return "; ".join(told) or None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered(Fact):
    """A unit answered its call."""

    KIND: ClassVar[str] = "answered"
    NAMES: ClassVar[tuple[str, str]] = ("回答", "answered")

    exchange: int
    unit: str
    over: int
    meaning: str
    """``heard``: it spoke, and what it said is not understood."""
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

    def differing(self, given: tuple[str, ...]) -> tuple[str, ...]:
        """Of the figures of the call, those that did not come back as they were."""
        sorts = {sort_of(f) for f in self.figures}
        return tuple(f for f in given if f not in self.figures and sort_of(f) in sorts) or given

    def word(self) -> str:
        return self.meaning

    def detail(self) -> str | None:
        if self.readback == "different":
            return f"reads back {', '.join(self.figures)}: not what was said"
        return "late" if self.late else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Remarked(Fact):
    """Heard and understood, but neither call nor answer.

    ``kind``: say_again, negative and wait keep the exchange open; unsolicited is an answer of a unit that was
    not called; stray a bare answer that nobody was asked for; contested a second carrier in an
    answered slot; unattributed a bare answer while several units are asked.
    """

    KIND: ClassVar[str] = "remarked"
    NAMES: ClassVar[tuple[str, str]] = ("备注", "remarked")

    kind: Literal["say_again", "negative", "wait", "unsolicited", "stray", "contested", "unattributed", "said"]
    over: int
    unit: str | None
    exchange: int | None
    meaning: str
    text: str
    confidence: float
    review: bool

    def word(self) -> str:
        return self.kind


@dataclass(frozen=True, slots=True, kw_only=True)
class CalledIn(Fact):
    """A unit called net control by itself, or reported."""

    KIND: ClassVar[str] = "called_in"
    NAMES: ClassVar[tuple[str, str]] = ("呼入", "called in")

    over: int
    unit: str | None
    meaning: str
    grade: Grade
    text: str
    pinyin: str
    confidence: float
    free: str = ""
    """As of ``Answered``."""

    def word(self) -> str:
        return self.meaning


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlReplied(Fact):
    """Net control answered a unit that had called in."""

    KIND: ClassVar[str] = "control_replied"
    NAMES: ClassVar[tuple[str, str]] = ("台回", "control replied")

    over: int
    unit: str | None
    meaning: str
    latency_s: Seconds

    def word(self) -> str:
        return self.meaning


@dataclass(frozen=True, slots=True, kw_only=True)
class Relayed(Fact):
    """A neighbour answered for a unit (代答) or passed a message on (转达). Not the unit's own answer."""

    KIND: ClassVar[str] = "relayed"
    NAMES: ClassVar[tuple[str, str]] = ("转代", "relayed")

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

    def word(self) -> str:
        return self.kind

    def detail(self) -> str | None:
        return f"by {self.by}" if self.by else None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotUnderstood(Fact):
    """Speech that gave no meaning: clip and pinyin are kept, a person decides, nothing is guessed."""

    KIND: ClassVar[str] = "not_understood"
    NAMES: ClassVar[tuple[str, str]] = ("没听懂", "not understood")

    over: int
    unit: str | None
    """Whose answer was awaited, if of one unit only; a hint, not an attribution."""
    exchange: int | None
    pinyin: str
    why: Literal["", "speaker", "jumbled"] = ""
    """``speaker``: the unit or net control, nobody can tell; ``jumbled``: several stations in one over; empty: no known
    words."""

    def word(self) -> str:
        return "unclear"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeClosed(Fact):
    """An exchange ended without an answer."""

    KIND: ClassVar[str] = "closed"
    NAMES: ClassVar[tuple[str, str]] = ("结束", "closed")

    exchange: int
    unit: str
    outcome: Outcome
    """``silent`` only if the receiver was demonstrably alive; ``undetermined`` otherwise."""
    reason: str
    waited_s: Seconds
    over: int = 0
    """The latest over in its slot; 0: nothing was heard there."""
    review: bool = False
    """A person should listen: it is not sure who spoke, and nothing else says so."""

    def word(self) -> str:
        return self.outcome

    def detail(self) -> str | None:
        return self.reason


@dataclass(frozen=True, slots=True, kw_only=True)
class RollMarked(Fact):
    """A roll-call began, paused, went on or ended, by the dispatcher's words."""

    KIND: ClassVar[str] = "roll"
    NAMES: ClassVar[tuple[str, str]] = ("点名", "roll")

    mark: Literal["start", "pause", "resume", "end", "skip", "repeat"]
    over: int
    """0 if it was no spoken command."""
    reason: str = ""
    obeyed: bool = True
    """False: said by somebody on the air where only the code or the dispatcher's microphone is obeyed: it is written
    down, and the roll-call that we conduct goes on."""

    def word(self) -> str:
        return self.mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced(Fact):
    """We spoke on the air ourselves. ``t`` is when our carrier dropped: from then on answers are awaited."""

    KIND: ClassVar[str] = "announced"
    NAMES: ClassVar[tuple[str, str]] = ("播报", "announced")

    keyed: Seconds
    """When we keyed."""
    text: str
    purpose: Purpose
    units: tuple[str, ...] = ()
    """Who was called by it."""
    clip: str = ""
    """SHA-256 of a recording that was played behind the text: the dispatcher's own words."""

    def word(self) -> str:
        return self.purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceChanged(Fact):
    """The receiver's sound card was lost, came back, or gave sound faster than it could be taken; clips could no
    longer be kept, or can be again; the journal could not be written for a while (``unwritten``); a transmission of
    ours was ended before its time (``cut``); free speech is no longer written down (``no_dictation``); a stream's
    samples were found to be written otherwise than told (``form``)."""

    KIND: ClassVar[str] = "device"
    NAMES: ClassVar[tuple[str, str]] = ("设备", "device")

    what: Literal["lost", "back", "overrun", "no_clips", "clips", "unwritten", "cut", "no_dictation", "form"]
    note: str

    def word(self) -> str:
        return self.what

    def detail(self) -> str | None:
        return self.note


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockChanged(Fact):
    """Wall times of the events from this one on are moved; ``t`` and answer times are counted in samples and are not
    touched."""

    KIND: ClassVar[str] = "clock"
    NAMES: ClassVar[tuple[str, str]] = ("时钟", "clock")

    by_s: Seconds
    """Positive: forward."""
    cause: Literal["set", "drift"]
    """The machine's clock was set; the sound card has drifted away from it."""

    def word(self) -> str:
        return self.cause

    def detail(self) -> str | None:
        return f"wall times from here on {self.by_s:+.1f} s"


@dataclass(frozen=True, slots=True, kw_only=True)
class RollBegan(Fact):
    """An automatic roll-call of these units, in this order."""

    KIND: ClassVar[str] = "roll_began"
    NAMES: ClassVar[tuple[str, str]] = ("点名", "roll began")

    units: tuple[str, ...]
    rounds: int
    """How often a unit is called before it counts as missing."""
    by: str = ""
    question: str = ""
    """Asked of everybody instead of the roster's own questions."""
    until: str = ""
    """轮询: ask one after the other until somebody's answer means this (``any``: any answer); empty: ask all."""

    def word(self) -> str:
        return "start"

    def detail(self) -> str | None:
        return f"{len(self.units)} units, {self.rounds} rounds"


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchSet(Fact):
    """A unit was put on a timer, or taken off it."""

    KIND: ClassVar[str] = "watch_set"
    NAMES: ClassVar[tuple[str, str]] = ("定时", "watch set")

    unit: str
    minutes: float
    """Longest time between two overs of it; 0: the timer is off."""
    by: str = ""

    def detail(self) -> str | None:
        return f"every {self.minutes:g} min" if self.minutes else "no longer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue(Fact):
    """A unit on a timer was due and did not answer."""

    KIND: ClassVar[str] = "overdue"
    NAMES: ClassVar[tuple[str, str]] = ("超时", "overdue")

    unit: str
    tries: int

    def detail(self) -> str | None:
        return f"called {self.tries} times in vain"


@dataclass(frozen=True, slots=True, kw_only=True)
class RollEnded(Fact):
    """The roll-call is over; an incomplete one is a legal outcome and says so."""

    KIND: ClassVar[str] = "roll_ended"
    NAMES: ClassVar[tuple[str, str]] = ("点名", "roll ended")

    complete: bool
    """Every unit was called as often as planned."""
    missing: tuple[str, ...]
    unclear: tuple[str, ...]

    def word(self) -> str:
        return "complete" if self.complete else "incomplete"

    def detail(self) -> str | None:
        return f"{len(self.missing)} missing, {len(self.unclear)} unclear"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRaised(Fact):
    """Somebody asked for an alert to be read to these units."""

    KIND: ClassVar[str] = "alert_raised"
    NAMES: ClassVar[tuple[str, str]] = ("通知", "alert raised")

    alert: int
    """Number of the alert in this session."""
    text: str
    units: tuple[str, ...]
    repeat: int
    need_ack: bool
    emergency: bool
    by: str = ""

    def word(self) -> str:
        return "emergency" if self.emergency else "alert"

    def detail(self) -> str | None:
        return f"to {len(self.units)} units"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertEnded(Fact):
    """The alert was read as often as it was to be, everybody has answered, or somebody withdrew it."""

    KIND: ClassVar[str] = "alert_ended"
    NAMES: ClassVar[tuple[str, str]] = ("通知", "alert ended")

    alert: int
    answered: int
    silent: tuple[str, ...]
    """Nothing was heard of them."""
    unclear: tuple[str, ...] = ()
    """Something was, and not understood."""
    by: str = ""
    """Who withdrew it, ``interrupted`` if a crash did; empty: read to its end."""

    def word(self) -> str:
        return "complete" if not (self.silent or self.unclear or self.by) else "incomplete"

    def detail(self) -> str | None:
        told = f"{self.answered} answered, {len(self.silent)} silent"
        told += f", {len(self.unclear)} unclear" if self.unclear else ""
        return told + (f"; ended by {self.by}" if self.by else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Commanded(Fact):
    """The dispatcher told us something by voice."""

    KIND: ClassVar[str] = "commanded"
    NAMES: ClassVar[tuple[str, str]] = ("口令", "commanded")

    command: str
    """A meaning of the grammar's ``[assistant]`` sections; empty: addressed to us, but not understood."""
    unit: str | None
    over: int
    """0: on the dispatcher's own microphone."""
    status: Literal["heard", "done", "cancelled", "refused"]
    """``heard`` first; then what came of it."""
    text: str = ""
    note: str = ""
    begins: Seconds = 0.0
    """Where in its over the words begin that are to be transmitted as they were said; 0: there are none."""
    ends: Seconds = 0.0
    """Where they end: a code of the day is not passed on. 0: with the over."""
    figures: tuple[str, ...] = ()
    """Of these words, to be read back."""

    def word(self) -> str:
        return self.command

    def detail(self) -> str | None:
        return f"{self.status}: {self.note}" if self.note else self.status


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnded(Fact):
    """The source ended."""

    KIND: ClassVar[str] = "session_ended"
    NAMES: ClassVar[tuple[str, str]] = ("完", "session ended")

    overs: int
    pops: int
    """Carriers without speech."""
    dead_s: Seconds
    """Exact silence where the receiver normally hisses."""
    damage: tuple[str, ...]
