"""Facts: what a station hears, decides and does, one frozen class per kind.

Manual entries are in ``by_hand``; journal encoding and decoding in ``codec``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from voice.mandarin.figures import sort_of
from voice.pcm import Seconds

Grade = Literal["call_sign", "burst", "slot", "human"]
"""How the answering unit was identified, strongest first: spoken call sign, burst identity, just called, set by a
person."""

Purpose = Literal["opening", "call", "again", "closing", "alert", "closing_alert", "reply", "words"]
"""Kinds of our own announcements; ``words``: the dispatcher's own speech, passed on as spoken."""

Outcome = Literal["answered", "unclear", "silent", "undetermined"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that happened on the net."""

    t: Seconds
    """On the sample clock."""
    channel: str = ""
    """Channel, if a station monitors several; sessions, overs and exchanges are counted per channel."""

    KIND: ClassVar[str] = ""
    """Name of this kind in the journal."""
    NAMES: ClassVar[tuple[str, str]] = ("", "")
    """Chinese and English, for people."""

    def word(self) -> str:
        """One-word summary: a key of ``grammar.meanings`` or of ``journal.wording``."""
        return ""

    def detail(self) -> str | None:
        """Details for people beyond the fields shown."""
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionBegan(Fact):
    """Monitoring of a source began."""

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
    """``unknown``: recording date not known; wall times count from 1970."""
    units: tuple[str, ...] = ()
    """Unit ids on the roster."""
    version: str = ""
    dictation: str = ""
    """SHA-256 of the dictation model for free speech; empty if there was none."""
    recording: str = ""
    """SHA-256 of the sound file; empty for a live source."""

    def detail(self) -> str | None:
        return f"{self.source}, clock {self.clock}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OverHeard(Fact):
    """Evidence: one over, what was recognised in it, and its clip."""

    KIND: ClassVar[str] = "over"
    NAMES: ClassVar[tuple[str, str]] = ("发话", "over")

    over: int
    start: Seconds
    end: Seconds
    speech_start: Seconds
    speech_end: Seconds
    clip: str
    """SHA-256 of the clip's PCM; empty if the clip could not be stored."""
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
    """Doubling: two carriers at once."""
    hypothesis: tuple[tuple[str, Seconds, Seconds, float], ...] = ()
    """(word, start, end, score) as recognised, times within the over."""
    dictated: str = ""
    """Text from the dictation model: for people only, nothing is decided on it."""
    identities: tuple[str, ...] = ()
    """Identity bursts sent by the radio, e.g. ``mdc1200:1A2B``."""
    identified: str | None = None
    """Unit a burst belongs to, by the roster. Takes precedence over the call sign heard."""

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
    """Dictation of an over's free speech, for people only. It follows its over with a delay, may be entirely wrong,
    is not evidence, and is never acted on."""

    KIND: ClassVar[str] = "transcribed"
    NAMES: ClassVar[tuple[str, str]] = ("听写", "transcribed")

    over: int
    text: str
    engine: str
    confidence: float
    """Mean token probability reported by the model."""

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
    """Figures, times of day and places in the call that the answer should read back."""
    doubt: bool = False
    """The speaker may have been the unit itself: the exchange can never end as “silent”."""

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
    """``heard``: it spoke, but was not understood."""
    grade: Grade
    latency_s: Seconds
    """From the end of the call's speech to the start of the answer's."""
    late: bool
    confidence: float
    text: str
    review: bool
    """Needs review: doubling or low confidence."""
    slots: tuple[tuple[str, str], ...] = ()
    readback: Literal["", "same", "different"] = ""
    """Whether the call's figures were read back correctly; empty if the call or the answer had none."""
    figures: tuple[str, ...] = ()
    """Figures in the answer."""
    free: str = ""
    """Pinyin of speech beside the meaning: location, description and so on."""

    def differing(self, given: tuple[str, ...]) -> tuple[str, ...]:
        """The call's figures that were not read back correctly."""
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
    """Understood, but neither call nor answer.

    ``kind``: say_again, negative and wait keep the exchange open; unsolicited: an answer from a unit that was not
    called; stray: a bare answer to no question; contested: a second carrier in an answered slot; unattributed: a bare
    answer while several units are being asked.
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
    """A unit called net control or reported, unprompted."""

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
    """As in ``Answered``."""

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
    """Another unit answered for a unit (代答) or passed a message on (转达). Not the unit's own answer."""

    KIND: ClassVar[str] = "relayed"
    NAMES: ClassVar[tuple[str, str]] = ("转代", "relayed")

    kind: Literal["proxy", "relay"]
    over: int
    unit: str | None
    """Unit spoken for or to."""
    by: str | None
    """Unit that spoke, if it gave its call sign."""
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
    """Unintelligible speech: clip and pinyin are kept for a person to decide; nothing is guessed."""

    KIND: ClassVar[str] = "not_understood"
    NAMES: ClassVar[tuple[str, str]] = ("没听懂", "not understood")

    over: int
    unit: str | None
    """Unit awaited at the time, if only one was; a hint, not an attribution."""
    exchange: int | None
    pinyin: str
    why: Literal["", "speaker", "jumbled"] = ""
    """``speaker``: unit or net control, undetermined; ``jumbled``: several stations in one over; empty: no known
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
    """Latest over in its slot; 0: none was heard."""
    review: bool = False
    """Needs review: the speaker is uncertain and no other event says so."""

    def word(self) -> str:
        return self.outcome

    def detail(self) -> str | None:
        return self.reason


@dataclass(frozen=True, slots=True, kw_only=True)
class RollMarked(Fact):
    """A roll-call began, paused, resumed or ended on the dispatcher's word."""

    KIND: ClassVar[str] = "roll"
    NAMES: ClassVar[tuple[str, str]] = ("点名", "roll")

    mark: Literal["start", "pause", "resume", "end", "skip", "repeat"]
    over: int
    """0 if not a spoken command."""
    reason: str = ""
    obeyed: bool = True
    """False: said on the air where the code of the day or the dispatcher's microphone is required; it is logged, and
    the roll-call we conduct continues."""

    def word(self) -> str:
        return self.mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced(Fact):
    """We transmitted an announcement. ``t`` is when our carrier dropped; answers are awaited from then on."""

    KIND: ClassVar[str] = "announced"
    NAMES: ClassVar[tuple[str, str]] = ("播报", "announced")

    keyed: Seconds
    """When we keyed up."""
    text: str
    purpose: Purpose
    units: tuple[str, ...] = ()
    """Units called by it."""
    clip: str = ""
    """SHA-256 of a recording played after the text: the dispatcher's own words."""

    def word(self) -> str:
        return self.purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceChanged(Fact):
    """Equipment fault or recovery: sound card lost, back or overrunning; clips no longer stored, or stored again;
    journal not writable for a while (``unwritten``); our transmission cut short (``cut``); dictation off
    (``no_dictation``); a stream's sample format differs from the one given (``form``)."""

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
    """Wall times from this event on are shifted; ``t`` and answer times are counted in samples and unaffected."""

    KIND: ClassVar[str] = "clock"
    NAMES: ClassVar[tuple[str, str]] = ("时钟", "clock")

    by_s: Seconds
    """Seconds; positive: forward."""
    cause: Literal["set", "drift"]
    """The system clock was set, or the sound card drifted from it."""

    def word(self) -> str:
        return self.cause

    def detail(self) -> str | None:
        return f"wall times from here on {self.by_s:+.1f} s"


@dataclass(frozen=True, slots=True, kw_only=True)
class RollBegan(Fact):
    """An automatic roll-call of these units began, in this order."""

    KIND: ClassVar[str] = "roll_began"
    NAMES: ClassVar[tuple[str, str]] = ("点名", "roll began")

    units: tuple[str, ...]
    rounds: int
    """Calls per unit before it counts as missing."""
    by: str = ""
    question: str = ""
    """Question put to all units in place of those in the roster."""
    until: str = ""
    """轮询 (poll): ask in turn until an answer has this meaning (``any``: any answer); empty: ask all."""

    def word(self) -> str:
        return "start"

    def detail(self) -> str | None:
        return f"{len(self.units)} units, {self.rounds} rounds"


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchSet(Fact):
    """A unit's welfare timer was set or cleared."""

    KIND: ClassVar[str] = "watch_set"
    NAMES: ClassVar[tuple[str, str]] = ("定时", "watch set")

    unit: str
    minutes: float
    """Longest time between two of its overs; 0: timer off."""
    by: str = ""

    def detail(self) -> str | None:
        return f"every {self.minutes:g} min" if self.minutes else "no longer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue(Fact):
    """A unit on a welfare timer was due and did not answer."""

    KIND: ClassVar[str] = "overdue"
    NAMES: ClassVar[tuple[str, str]] = ("超时", "overdue")

    unit: str
    tries: int

    def detail(self) -> str | None:
        return f"called {self.tries} times in vain"


@dataclass(frozen=True, slots=True, kw_only=True)
class RollEnded(Fact):
    """The roll-call ended; ending incomplete is allowed, and stated."""

    KIND: ClassVar[str] = "roll_ended"
    NAMES: ClassVar[tuple[str, str]] = ("点名", "roll ended")

    complete: bool
    """Every unit was called the planned number of times."""
    missing: tuple[str, ...]
    unclear: tuple[str, ...]

    def word(self) -> str:
        return "complete" if self.complete else "incomplete"

    def detail(self) -> str | None:
        return f"{len(self.missing)} missing, {len(self.unclear)} unclear"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRaised(Fact):
    """An alert to these units was requested."""

    KIND: ClassVar[str] = "alert_raised"
    NAMES: ClassVar[tuple[str, str]] = ("通知", "alert raised")

    alert: int
    """Number of the alert within this session."""
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
    """The alert ended: all readings done, all units answered, or withdrawn."""

    KIND: ClassVar[str] = "alert_ended"
    NAMES: ClassVar[tuple[str, str]] = ("通知", "alert ended")

    alert: int
    answered: int
    silent: tuple[str, ...]
    """Units not heard."""
    unclear: tuple[str, ...] = ()
    """Units heard but not understood."""
    by: str = ""
    """Who withdrew it; ``interrupted`` after a crash; empty: read to its end."""

    def word(self) -> str:
        return "complete" if not (self.silent or self.unclear or self.by) else "incomplete"

    def detail(self) -> str | None:
        told = f"{self.answered} answered, {len(self.silent)} silent"
        told += f", {len(self.unclear)} unclear" if self.unclear else ""
        return told + (f"; ended by {self.by}" if self.by else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Commanded(Fact):
    """A spoken command from the dispatcher."""

    KIND: ClassVar[str] = "commanded"
    NAMES: ClassVar[tuple[str, str]] = ("口令", "commanded")

    command: str
    """Meaning from the grammar's ``[assistant]`` sections; empty: addressed to us but not understood."""
    unit: str | None
    over: int
    """0: dispatcher's own microphone."""
    status: Literal["heard", "done", "cancelled", "refused"]
    """``heard`` first, then the outcome."""
    text: str = ""
    note: str = ""
    begins: Seconds = 0.0
    """Start, within its over, of the words to be transmitted as spoken; 0: none."""
    ends: Seconds = 0.0
    """Their end, so that a code of the day is not passed on; 0: end of the over."""
    figures: tuple[str, ...] = ()
    """Figures in these words, for readback."""

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
