"""Reasons to listen to what nobody was waiting for. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from voice.grammar.clause import content, free_behind
from voice.grammar.message import Message, run_together
from voice.grammar.naming import SENTENCE, asks_or_tells, excuses, is_subject, located, thanks
from voice.talk.doubts.by_words import instructed
from voice.talk.events import Heard
from voice.talk.slots import UNEVENTFUL, is_unsaid, late_beside, may_reply
from voice.talk.state import REPLY_S, Exchange, NetState

REPLYING = ("ack", "present", *UNEVENTFUL)
"""Said to somebody who called or asked."""


@dataclass(frozen=True, slots=True)
class Stray:
    """An answer without a call sign while nobody is awaited."""

    state: NetState
    h: Heard
    meaning: str


def _tells_more(s: Stray) -> bool:
    """没有前科,放人."""
    return s.meaning in UNEVENTFUL and len(content(s.h.message.free)) >= 2


def _calls(s: Stray) -> bool:
    """知道了回头修东风渠."""
    return s.meaning == "ack" and bool(s.h.message.names) and not thanks(content(s.h.message.free))


def _named(s: Stray) -> bool:
    """(到了)明理路到了."""
    return any(a.kind == "unit" and b.kind == "phrase" for a, b in pairwise(s.h.message.items))


def _to_no_question(s: Stray) -> bool:
    """在: something else was said, most likely."""
    return s.meaning == "present"


def _somebodys_late(s: Stray) -> bool:
    return late_beside(s.state, s.h)


STRAY = (_tells_more, _calls, _named, _to_no_question, _somebodys_late)


@dataclass(frozen=True, slots=True)
class Unasked:
    """Words with the call sign of a unit that nobody awaits."""

    state: NetState
    h: Heard
    caller: str
    meaning: str | None
    guest: bool
    """It was told 请讲 and did not name itself."""
    waiting: Exchange | None
    """Of the unit that is awaited."""

    @property
    def m(self) -> Message:
        return self.h.message

    @property
    def nameless(self) -> bool:
        """Nobody said who it is: net control may call the unit."""
        return not self.h.identified and is_unsaid(self.m)


def _identity_differs(u: Unasked) -> bool:
    return u.h.contradicted


def _words_lost(u: Unasked) -> bool:
    """More was said than is understood."""
    said = len(content(u.m.free))
    plain = u.meaning in (None, "present", *UNEVENTFUL) or "report" in u.m.meanings()
    return (plain and said >= SENTENCE) or (u.meaning is None and said > 1)


def _signs_thanks(u: Unasked) -> bool:
    """收到,丹尼斯超市, behind what another unit said."""
    signed = u.meaning == "ack" and u.m.items[-1].kind == "unit"
    return signed and u.state.telling(u.h.start) not in ("", u.caller)


def _guest_beside(u: Unasked) -> bool:
    """Another unit is awaited, too."""
    return u.guest and u.waiting is not None


def _guest_thanked(u: Unasked) -> bool:
    """收到, behind 请讲: whose?"""
    return u.guest and may_reply(u.h, u.meaning)


def _is_told(u: Unasked) -> bool:
    """明理路,查了,车没有问题; 财经大学,人都没有了: words to a unit that nobody awaits end like an answer."""
    replied = u.state.replied[0] == u.caller and u.h.start - u.state.replied[1] <= REPLY_S
    told = u.meaning in UNEVENTFUL and not u.m.calls_control
    return u.nameless and not u.guest and bool(content(u.m.free)) and (replied or told)


def _reporter_thanked(u: Unasked) -> bool:
    """明理路,收到,看着点, behind a report without a call sign."""
    return u.nameless and may_reply(u.h, u.meaning) and u.state.names_itself(u.h.start) and bool(content(u.m.free))


def _asked_about(u: Unasked) -> bool:
    """加油站啊,这就去, behind 王新街,去加油站看看: of the unit called, most likely."""
    sign = next((i.text for i in u.m.items if i.kind == "unit" and i.key == u.caller), "")
    if u.waiting is None or not u.nameless or not sign:
        return False
    return any(sign in w or (w and w in sign) for w in u.waiting.question.split())


def _is_sent(u: Unasked) -> bool:
    """明理路,马上去丹尼斯."""
    there = u.meaning == "on_the_way" and u.m.items[-1].kind in ("unit", "place")
    return u.nameless and there and not u.m.calls_control


def _is_place(u: Unasked) -> bool:
    """丹尼斯后面,好,知道了, while another one's report is dealt with."""
    return u.nameless and located(u.m.items, 0) and u.state.dealing(u.h.start, u.caller)


def _called_unheard(u: Unasked) -> bool:
    """It was called, perhaps, in words that nobody understood."""
    replies = u.meaning in REPLYING or "ack" in u.m.meanings()
    return replies and u.state.addressed_unread(u.h.start, u.caller)


def _is_instructed(u: Unasked) -> bool:
    return u.nameless and (instructed(u.m, u.caller) or asks_or_tells(u.m.free))


UNASKED = (
    _identity_differs, _words_lost, _signs_thanks, _guest_beside, _guest_thanked, _is_told, _reporter_thanked,
    _asked_about, _is_sent, _is_place, _called_unheard, _is_instructed,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Calling:
    """A call to net control, or a report."""

    state: NetState
    h: Heard
    caller: str | None
    meaning: str

    @property
    def m(self) -> Message:
        return self.h.message


def _about_the_unit(c: Calling) -> bool:
    """派出所,王新街电台没电了, 我是王新街的老李; but 派出所,王新街,门口堵车了 is its own: another one would say who it
    is."""
    if c.meaning != "call_in" or c.caller is None:
        return False
    at = next((k for k, i in enumerate(c.m.items) if i.kind == "unit" and i.key == c.caller), 0)
    tells = excuses(c.m.free) or free_behind(c.m.items, at)[:1] == ("de",)
    return is_subject(c.m.items, c.caller) and tells


def _sign_unread(c: Calling) -> bool:
    """派出所,[xia he qu],收到请回答: whoever calls has said its call sign, most likely."""
    items = run_together(c.m.items)
    at = next((k for k, i in enumerate(items) if i.kind == "control"), len(items))
    behind = free_behind(items, at) if at < len(items) else ()
    said = bool(c.m.names) or (len(behind) > 1 and any(i.kind == "phrase" for i in items[at:]))
    return c.meaning == "call_in" and c.caller is None and said


def _to_the_other(c: Calling) -> bool:
    """安和社区,人找到了, to one of two that are talking, or by it."""
    between = c.state.aside is not None and c.state.beside(c.h.start) and c.caller in c.state.aside.units
    return between and not c.h.identified and not c.m.calls_control and is_unsaid(c.m)


CALLING_IN = (_about_the_unit, _sign_unread, _to_the_other)


@dataclass(frozen=True, slots=True)
class Thanks:
    """收到 without a call sign, to the unit that called in: it may be another unit's answer."""

    state: NetState
    h: Heard
    meaning: str


def _comes_itself(t: Thanks) -> bool:
    """马上到: who?"""
    return t.meaning != "ack"


def _to_nobody_known(t: Thanks) -> bool:
    """Whoever reported did not say who it is."""
    return t.state.calling_in is None


def _another_was_told(t: Thanks) -> bool:
    """Everybody was told something, or another unit spoke last."""
    return t.state.heeds(t.h.start) or t.state.telling(t.h.start) not in ("", t.state.calling_in)


def _replied_already(t: Thanks) -> bool:
    """Net control has spoken since the call, perhaps: the unit says 收到."""
    e = t.state.exchanges.get(t.state.calling_in or "")
    called = e is not None and e.called_at > t.state.calling_in_at
    return called or t.state.went_on(t.state.calling_in_at)


def _anothers_late(t: Thanks) -> bool:
    return late_beside(t.state, t.h, t.state.calling_in)


THANKS_BARE = (_comes_itself, _to_nobody_known, _another_was_told, _replied_already, _anothers_late)
