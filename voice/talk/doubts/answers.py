"""Reasons to listen to an answer: it may be another unit's, net control's, or another one. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from voice.grammar.clause import content, free_before, free_behind
from voice.grammar.meanings import HEARD
from voice.grammar.message import Message, by_syllable
from voice.grammar.words import AFFIRMING, COMING, CORRECTING, DIGITS, JOINING, MENTIONING, OURS, PRAISING, begins, ends
from voice.mandarin.figures import agree, plainly
from voice.talk.doubts.by_words import directs, instructed, tells_behind
from voice.talk.events import Heard, Rules
from voice.talk.facts import Answered, Fact, Grade, NotUnderstood
from voice.talk.slots import BLOCKING, is_unfinished, late_beside, may_reply
from voice.talk.state import ASKED_S, UNANSWERED, Exchange, NetState

WHETHER = 2
"""Syllables before 没有 that make a question of it."""

READ_BACK = 3
"""Digits in free speech behind a call with figures: they were read back, most likely."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Any answer."""

    h: Heard
    e: Exchange
    """That it answers."""
    meaning: str
    grade: Grade
    rules: Rules
    back: tuple[str, ...]
    """Figures that are a readback."""
    misread: bool
    """They are not those that were given."""

    @property
    def m(self) -> Message:
        return self.h.message


def _two_stations(a: Answer) -> bool:
    return a.h.doubled


def _another_radio(a: Answer) -> str:
    """The radio's identity is another unit's than the call sign."""
    return (a.m.caller or "") if a.h.contradicted else ""


def _misread(a: Answer) -> bool:
    return a.misread


def _unsure(a: Answer) -> bool:
    """Its weakest part may not have been said."""
    return a.m.confidence < a.rules.review_below


def _unclear(a: Answer) -> bool:
    return a.meaning == HEARD


def _figure_in_doubt(a: Answer) -> bool:
    """A figure may be another one, and is not what was to be read back."""
    given = a.e.figures
    return any(f != plainly((f,))[0] and not (f in a.back and agree((f,), given)) for f in a.m.figures)


def _affirmed(a: Answer) -> bool:
    """是的, and nothing else: to what, only a person can say."""
    said = {i.key for i in a.m.items if i.kind == "phrase"}
    return bool(said) and said <= AFFIRMING


def _acknowledged(a: Answer) -> bool:
    """安和社区,收到, where the call may have been its own words: net control's, perhaps."""
    return a.e.doubt and a.meaning == "ack" and a.grade == "call_sign" and not a.back


def _asks(a: Answer) -> bool:
    """明白,情况怎么样; 王新街收到,有没有奖金: net control's, perhaps."""
    bare = a.grade == "slot" or (a.grade == "call_sign" and a.m.speaker == "control")
    return bare and "ask" in a.m.meanings() and not a.m.calls_control


def _instructed(a: Answer) -> bool:
    return a.grade == "call_sign" and instructed(a.m, a.e.unit)


def _asks_whether(a: Answer) -> bool:
    """博学路超市,[jian tai e] 没有: net control's question, perhaps."""
    if a.grade != "call_sign" or a.m.items[-1].key != "没有":
        return False
    said = free_before(a.m.items, len(a.m.items) - 1)
    asked = len(said) >= WHETHER and said[0] not in ("wo", "an", "zan") and " ".join(said) not in OURS
    return asked and not a.m.calls_control


def _readback_lost(a: Answer) -> bool:
    """收到,[yi yuan san wu you ting]: digits that make no figure."""
    said = [s in DIGITS for s in content(a.m.free)]
    digits = sum(said) >= READ_BACK and any(x and y for x, y in pairwise(said))
    return bool(a.e.figures) and not a.back and digits


def _prefixed(a: Answer) -> bool:
    """和丹安和社区正常: another unit's call sign may end like that."""
    at = next((k for k, i in enumerate(a.m.items) if i.kind == "unit" and i.key == a.e.unit), 0)
    said = free_before(a.m.items, at)
    unknown = " ".join(said) not in OURS and said[-1] not in MENTIONING
    named = any(n.unit == a.e.unit and n.place == "inside" for n in a.m.names)
    return a.grade == "slot" and unknown and named


def _taken_back(a: Answer) -> bool:
    """安和没有,哎不对,有一个: what follows the answer corrects it."""
    items = by_syllable(a.m.items)
    at = next((act.at for act in a.m.acts if act.meaning == a.meaning), len(items))
    said = content(" ".join(i.pinyin if i.kind == "free" else "-" for i in items[at + 1 :]))
    corrected = any(begins(said[k:], CORRECTING) and len(said) > k + 2 for k in range(len(said)))
    return a.meaning != "ack" and corrected


def _of_another(a: Answer) -> str:
    """财大,好,东风渠马上到: directly behind another call sign, which is not joined to its own."""
    items = by_syllable(a.m.items)
    said = (act.at - 1 for act in a.m.acts if act.meaning == a.meaning and act.at)
    others = (k for k in said if items[k].kind == "unit" and items[k].key != a.e.unit)
    return next((items[k].key for k in others if k == 0 or items[k - 1].pinyin not in JOINING), "")


def _asked_of_another(a: Answer) -> bool:
    """血站的车到了没有. 到了: the car, perhaps."""
    asked = " ".join(re.findall("[a-z]+", a.e.question.replace("到了", "dao le").replace("没有", "mei you")))
    subject = re.search(r"(\w+) dao (le )?(mei|ma)\b", asked)
    return a.meaning == "arrived" and subject is not None and not ends((subject[1],), (*COMING, ("ni",), ("men",)))


ANSWER = (
    _two_stations, _another_radio, _misread, _unsure, _unclear, _figure_in_doubt, _affirmed, _acknowledged, _asks,
    _instructed, _asks_whether, _readback_lost, _prefixed, _taken_back, _of_another, _asked_of_another,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Signed:
    """The answer of a unit that names itself, or whose radio does."""

    state: NetState
    h: Heard
    mine: Exchange
    caller: str
    late: bool
    own: Answered
    others: tuple[Fact, ...]
    """What it says for others."""


def _goes_on_waiting(s: Signed) -> bool:
    """安和社区,收到, behind its 稍等: net control's, perhaps."""
    held = s.mine.open and not s.mine.ours and s.mine.last == "wait"
    return held and s.own.meaning == "ack" and not s.own.readback and not s.h.identified


def _late_reporter(s: Signed) -> bool:
    """东风渠,没事, to a unit that called in: net control's, perhaps."""
    return s.late and s.mine.unit == s.state.calling_in and not s.h.identified


def _thanks_signed(s: Signed) -> bool:
    """收到,丹尼斯超市, behind the answer of another one of all: net control's, perhaps."""
    signed = "ack" in s.h.message.meanings() and s.h.message.items[-1].kind == "unit"
    elsewhere = s.state.telling(s.h.start) not in ("", s.mine.unit)
    return s.mine.to_all and signed and elsewhere and not s.h.identified


def _thanks_heard(s: Signed) -> bool:
    """It had been heard already, perhaps, and net control says 收到."""
    heard = s.mine.heard_unclear or (s.mine.doubt and s.caller == s.state.telling(s.h.start))
    return heard and may_be_thanks(s.state, s.h, s.mine, s.own)


def _another_unclear(s: Signed) -> bool:
    """Another unit may have been spoken for."""
    return any(isinstance(f, NotUnderstood) for f in s.others)


def _tells_of_open(s: Signed) -> str:
    """丹尼斯正常,博学路超市不正常: of another unit that is awaited."""
    items = s.h.message.items
    opened = {e.unit for e in s.state.open_exchanges()} - {s.mine.unit}
    told = (i.key for k, i in enumerate(items) if i.key in opened and free_behind(items, k)[:1] in (("bu",), ("mei",)))
    return "" if s.others else next(told, "")


SIGNED = (_goes_on_waiting, _late_reporter, _thanks_signed, _thanks_heard, _another_unclear, _tells_of_open)


@dataclass(frozen=True, slots=True)
class Bare:
    """An answer without a call sign, laid to the unit awaited: it may be another unit's, or net control's."""

    state: NetState
    h: Heard
    awaited: Exchange
    said: Answered
    rules: Rules


def _two_talk(b: Bare) -> bool:
    """Two units are talking."""
    return b.state.beside(b.h.start)


def _tells_of_unit(b: Bare) -> bool:
    return tells_behind(b.h.message)


def _names_another(b: Bare) -> str:
    """知道了回头修东风渠: net control's, perhaps."""
    others = (n.unit for n in b.h.message.names if n.unit != b.awaited.unit)
    return next(others, "") if b.said.meaning == "ack" else ""


def _directs(b: Bare) -> bool:
    return directs(b.h.message)


def _late_beside(b: Bare) -> bool:
    """It may be the late answer of another one."""
    within = ASKED_S if b.awaited.open else b.rules.late_window_s
    return not b.awaited.last and late_beside(b.state, b.h, b.awaited.unit, within)


def _very_late(b: Bare) -> bool:
    ended = not b.awaited.open and b.awaited.status in UNANSWERED
    return ended and b.h.start - b.awaited.deadline > ASKED_S


def _answers_message(b: Bare) -> bool:
    """Everybody was told something."""
    return b.state.heeds(b.h.start)


def _another_reports(b: Bare) -> str:
    """Net control owes another unit a reply."""
    reporting = b.state.replying_to or ""
    return reporting if reporting != b.awaited.unit else ""


def _another_called(b: Bare) -> bool:
    """It is not the unit called last."""
    return b.state.last_called != (b.awaited.unit,)


def _repeated(b: Bare) -> bool:
    """你声音太小了,听不清. 现在呢: net control's turn."""
    return b.awaited.repeating and not b.awaited.ours


def _another_open(b: Bare) -> str:
    """Another one, called before, is still awaited."""
    opened = [e for e in b.state.open_exchanges() if b.awaited.doubt or not e.to_all]
    return next((e.unit for e in opened if e.called_at != b.awaited.called_at), "")


def _another_repeats(b: Bare) -> str:
    """Another one was not understood since the call, and may repeat."""
    others = [e for e in b.state.exchanges.values() if e.unit != b.awaited.unit and is_unfinished(e, b.h)]
    return next((e.unit for e in others if e.answered_at > b.awaited.called_at), "")


def _heard_before(b: Bare) -> bool:
    """Something unclear was heard, and this may be net control's reply to it."""
    heard = b.awaited.heard_since or (b.awaited.heard_unclear and b.said.meaning == "ack")
    return heard and not b.awaited.ours


def _names_somebody(b: Bare) -> bool:
    """老李收到: words before 收到 may be a name that we do not know, and the speaker net control."""
    first = b.h.message.items[0]
    said = content(first.pinyin) if first.kind == "free" and not b.h.message.figures else ()
    named = len(said) >= 2 and said[0] != "wo"
    return b.awaited.doubt and b.said.meaning in ("ack", "on_the_way") and named


def _asked_who(b: Bare) -> bool:
    """哪个单位. 博学路超市. 好,正常."""
    return b.awaited.doubt and b.state.asked_who(b.h.start)


def _thanks_reporter(b: Bare) -> str:
    """Another one called in, and is told 收到."""
    calling = b.state.calling_in or ""
    return calling if b.awaited.doubt and b.said.meaning == "ack" and calling != b.awaited.unit else ""


def _another_spoke(b: Bare) -> bool:
    """Another unit's call sign was heard in its slot, and nobody knows who called it."""
    return b.awaited.doubt and b.awaited.last == "other"


def _praises(b: Bare) -> bool:
    """安和,说罢了,人家可好说话. 得劲: of how things are, or net control's comment on them."""
    return b.awaited.doubt and b.h.message.items[0].key in PRAISING


def _thanks(b: Bare) -> bool:
    return may_be_thanks(b.state, b.h, b.awaited, b.said)


BARE = (
    _two_talk, _tells_of_unit, _names_another, _directs, _late_beside, _very_late, _answers_message, _another_reports,
    _another_called, _repeated, _another_open, _another_repeats, _heard_before, _names_somebody, _asked_who,
    _thanks_reporter, _another_spoke, _praises, _thanks,
)  # fmt: skip


def may_be_thanks(state: NetState, h: Heard, awaited: Exchange, said: Answered) -> bool:
    """Whether an answer may be net control's: something was said since the call that it may acknowledge."""
    told = state.telling(h.start)
    e = state.exchanges.get(told)
    if awaited.ours or said.readback == "same" or not may_reply(h, said.meaning):
        return False
    back = told == awaited.unit and awaited.last in BLOCKING.values()
    return awaited.heard_unclear or (bool(told) and not back and (e is None or e.meaning != "ack"))
