"""State of the net as logged: which exchanges are open, who called in. ``evolve`` folds facts into it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from voice.grammar.meanings import HEARD
from voice.pcm import Seconds
from voice.talk.facts import Broadcast, Grade

ASKED_S = 15.0
"""Answer time after being asked to say again or who was calling."""

ANSWERED_S = 6.0
"""An answer has ended by then: units begin 0.7 to 2.5 s after a call."""

REPLY_S = 30.0
"""Time for net control to reply to a report without a call sign."""

UNANSWERED = ("silent", "unclear", "undetermined", "relayed")
"""How an exchange may have ended for an answer to be late."""

NOBODY: tuple[str, Seconds] = ("", 0.0)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A call and its outcome."""

    id: int
    unit: str
    called_at: Seconds
    """End of speech of the (last) call."""
    deadline: Seconds
    """Counts as silent after this, if the channel stays clear."""
    attempt: int = 1
    to_all: bool = False
    status: str = "open"
    """open, answered, relayed, silent, unclear or undetermined."""
    grade: Grade | None = None
    heard_unclear: bool = False
    """Something was heard in its slot, but no answer, or unintelligible."""
    heard_over: int = 0
    """Latest such over."""
    call_over: int = 0
    """The latest over that called it; 0: we did."""
    doubt: bool = False
    """The over that opened it may have come from the unit itself."""
    ours: bool = False
    """We made the call: anyone now using this call sign is the unit."""
    last: Literal["", "say_again", "negative", "wait", "other"] = ""
    """What was heard in place of an answer; ``other``: an over that another unit's call sign begins."""
    held_at: Seconds = 0.0
    """When it said so."""
    relayed: bool = False
    """Another unit answered for it."""
    vague: int = 0
    """Overs that may be its answer, or that of another unit called in the same over."""
    answered_over: int | None = None
    answered_at: Seconds = 0.0
    asked_at: Seconds | None = None
    """When we asked the unit to say again."""
    meaning: str = ""
    """Of the answer."""
    figures: tuple[str, ...] = ()
    """Figures in the call."""
    question: str = ""
    """Text of the latest call."""

    @property
    def open(self) -> bool:
        return self.status == "open"

    @property
    def nothing_heard(self) -> bool:
        """It would end as silent."""
        return self.open and not (self.heard_unclear or self.last or self.doubt or self.relayed)

    @property
    def heard_since(self) -> bool:
        """Something unclear was heard after the latest call."""
        return self.heard_unclear and self.heard_over > self.call_over

    @property
    def repeating(self) -> bool:
        """It asked to say the call again, and net control has not done so yet."""
        return self.last in ("say_again", "negative") and self.held_at > self.called_at


@dataclass(frozen=True, slots=True)
class Aside:
    """Two units talking to each other."""

    units: tuple[str, ...]
    caller: str
    """The unit that began."""
    until: Seconds
    """An over that begins later does not belong to it."""


@dataclass(frozen=True, slots=True)
class NetState:
    """A fold over the facts. ``units`` is the roster; ``exchanges`` holds the latest one per unit."""

    units: tuple[str, ...] = ()
    exchanges: dict[str, Exchange] = field(default_factory=dict)
    next_id: int = 1
    last_called: tuple[str, ...] = ()
    """Units addressed in the latest call over, in order."""
    calling_in: str | None = None
    """Unit that called net control and awaits a reply."""
    calling_in_at: Seconds = 0.0
    calling_doubtful: bool = False
    """It may not have called: something else may have been said."""
    invited: tuple[str, Seconds] = NOBODY
    """Unit that called in and was told 请讲, and when: what is said next is its report."""
    reported_at: Seconds | None = None
    """Time of a report without a call sign that awaits a reply."""
    nameless: tuple[str, Seconds] | None = None
    """(meaning, time) of the latest answer that several units may have given."""
    broadcast: tuple[Broadcast, Seconds] | None = None
    """Latest message to everybody that asked no answer, and until when one belongs to it."""
    aside: Aside | None = None
    told: tuple[str, Seconds] = NOBODY
    """Unit that spoke last, or may have spoken, and when: net control may acknowledge it."""
    unknown_at: Seconds = 0.0
    """Time of the latest over that is no unit's: net control's, most likely, whether understood or not. What net
    control says next may go on with it, and not with a call-in before it. Not ``unread_at``: 知道了 that belongs to
    nobody was understood, and calls nobody."""
    unread_at: Seconds | None = None
    """Time of the latest over in which net control may have called somebody, and nobody can say whom: what answers
    nothing behind it may be the answer. Not ``unknown_at``: words that may be a unit's or net control's call are no
    proof that net control went on."""
    who_at: Seconds | None = None
    """When an over that nobody understood asked for somebody: 哪个单位."""
    roll_until: Seconds = 0.0
    """A roll-call goes on: an over that begins later does not belong to it."""
    replied: tuple[str, Seconds] = NOBODY
    """Unit that net control last replied to, and when: it may send others now."""

    @property
    def replying_to(self) -> str | None:
        """Unit that called in and awaits net control's reply, unless another answer is awaited since."""
        since = any(e.called_at > self.calling_in_at for e in self.awaited())
        return None if since else self.calling_in

    @property
    def conducting(self) -> bool:
        """We made the latest call."""
        last = self.exchanges.get(self.last_called[-1]) if self.last_called else None
        return last is not None and last.ours

    def open_exchanges(self) -> list[Exchange]:
        """Open exchanges in the order of their calls."""
        return sorted((e for e in self.exchanges.values() if e.open), key=lambda e: e.id)

    def awaited(self) -> list[Exchange]:
        """Units expected to answer next: open exchanges of the latest call; individual calls go before a call to
        all."""
        opened = self.open_exchanges()
        single = [e for e in opened if not e.to_all] or opened
        latest = max((e.called_at for e in single), default=0.0)
        return [e for e in single if e.called_at == latest]

    def heeds(self, now: Seconds) -> bool:
        """An answer now may belong to the latest broadcast."""
        return self.broadcast is not None and now <= self.broadcast[1]

    def invites(self, now: Seconds) -> bool:
        """A unit was told 请讲 and has not spoken since."""
        return bool(self.invited[0]) and now - self.invited[1] <= REPLY_S

    def guest(self, now: Seconds) -> str:
        """The unit that was told 请讲 after the latest call: it speaks next. Empty: none."""
        since = all(e.called_at <= self.invited[1] for e in self.awaited())
        return self.invited[0] if since and self.invites(now) else ""

    def telling(self, now: Seconds) -> str:
        """The unit that net control may acknowledge now; empty: none."""
        return self.told[0] if now - self.told[1] <= REPLY_S else ""

    def asked_who(self, now: Seconds) -> bool:
        """Somebody was asked who he is."""
        return self.who_at is not None and now - self.who_at <= ASKED_S

    def names_itself(self, now: Seconds) -> bool:
        """A report without a call sign awaits a reply: whoever made it may say who he is."""
        return self.reported_at is not None and now - self.reported_at <= REPLY_S

    def addressed_unread(self, now: Seconds, unit: str) -> bool:
        """Net control has just said something in which it may have called the unit: words that nobody understood, or a
        reply to another one."""
        return self.unread(now) or (self.replied[0] not in ("", unit) and now - self.replied[1] <= REPLY_S)

    def unread(self, now: Seconds) -> bool:
        """Net control may just have called somebody in words that nobody understood."""
        return self.unread_at is not None and now - self.unread_at <= REPLY_S

    def went_on(self, since: Seconds) -> bool:
        """Net control has said something since then, most likely, that no unit is awaited for."""
        return self.unknown_at > since

    def dealing(self, now: Seconds, unit: str) -> bool:
        """Net control has to do with a report of another unit: it may send this one."""
        if self.calling_in is not None:
            return self.calling_in != unit
        return self.replied[0] not in ("", unit) and now - self.replied[1] <= REPLY_S

    def beside(self, now: Seconds) -> bool:
        """Two units are talking to each other."""
        return self.aside is not None and now <= self.aside.until

    def expects(self, now: Seconds, late_window_s: Seconds) -> bool:
        """An answer is possible: a call is open or went unanswered recently, all units were addressed, or a unit that
        called in is being dealt with."""
        if self.calling_in is not None or self.heeds(now) or self.invites(now):
            return True
        return any(
            e.open or (e.answered_over is None and now - e.deadline <= late_window_s) for e in self.exchanges.values()
        )

    def awaiting(self, now: Seconds) -> bool:
        """An answer is due now, or came due just now."""
        if now <= self.roll_until or self.names_itself(now):
            return True
        asked = [self.nameless[1]] if self.nameless else []
        asked += [e.asked_at for e in self.exchanges.values() if e.asked_at is not None]
        if self.calling_in is not None or self.heeds(now) or self.invites(now):
            return True
        asked += [e.deadline for e in self.exchanges.values() if e.answered_over is None]
        asked += [e.answered_at for e in self.exchanges.values() if e.meaning == HEARD]
        return any(e.open for e in self.exchanges.values()) or any(now - t <= ASKED_S for t in asked)
