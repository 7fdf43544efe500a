"""Whose an answer is, what it says, and how an exchange ends."""

from __future__ import annotations

from itertools import pairwise

from voice.grammar.meanings import ANSWERS, HEARD, MISSING
from voice.grammar.message import Message, by_syllable
from voice.grammar.naming import PAUSE_S, content, free_before, free_behind, instructs
from voice.grammar.words import AFFIRMING, BESIDE, DIGITS, MENTIONING, OURS, TAKING_BACK
from voice.mandarin.figures import agree, comparable, differing, plainly
from voice.pcm import Seconds
from voice.talk.events import Heard, Rules
from voice.talk.facts import Answered, CalledIn, ExchangeClosed, Fact, Grade, NotUnderstood, Outcome, Remarked
from voice.talk.guessing import probable
from voice.talk.state import ASKED_S, UNANSWERED, Exchange, NetState

PLAIN = ("normal", "not_found", "present", "arrived", "on_the_way")
"""Answers that net control does not give."""


WHETHER = 2
"""Syllables before 没有 that make a question of it."""

SHORT = 3
"""Syllables of short answers."""


READ_BACK = 3
"""Digits in free speech behind a call with figures: they were read back, most likely."""

KEPT = {
    "say_again": "it asked to say the call again, and nothing more came",
    "negative": "it said that it had not understood, and nothing more came",
    "wait": "it asked to wait, and nothing more came",
    "other": "another unit's call sign was heard in its slot: it may have been its answer, and nothing more came",
}


def closing(e: Exchange, t: Seconds, alive: bool, state: NetState) -> ExchangeClosed:
    """How an exchange ends whose waiting time is over: silent only if nothing at all was heard in its slot."""
    together = sum(other.called_at == e.called_at for other in state.open_exchanges())

    def ended(outcome: Outcome, reason: str, over: int = 0, review: bool = False) -> ExchangeClosed:
        waited = max(0.0, t - e.called_at)
        return ExchangeClosed(
            t=t, exchange=e.id, unit=e.unit, outcome=outcome, reason=reason, waited_s=waited, over=over, review=review
        )

    unsettled = bool(e.last and not e.heard_unclear)
    if e.relayed:
        return ended("relayed", "another unit answered for it", e.heard_over, unsettled)
    if e.heard_unclear or e.last:
        told = KEPT[e.last] if e.last else "something was heard in its slot but not understood"
        return ended("unclear", told, e.heard_over, unsettled)
    if not alive:
        return ended("undetermined", reason="the receiver was not alive")
    if e.vague >= together:
        return ended(
            "unclear", reason="something was heard that may have been its answer; whose it was, nobody can say"
        )
    if e.doubt:
        return ended(
            "unclear",
            reason="net control called it, or it spoke itself: nobody can tell, and nothing more came",
            over=e.heard_over,
            review=True,
        )
    if e.vague:
        return ended("undetermined", f"{together} units are open, {e.vague} answers nobody's")
    return ended("silent", reason="nothing was heard in its slot")


def is_open(state: NetState, unit: str) -> bool:
    """Whether the unit was called and is still awaited."""
    e = state.exchanges.get(unit)
    return e is not None and e.open


def is_unfinished(e: Exchange, h: Heard) -> bool:
    """It answered unintelligibly and may repeat, asked or not."""
    since = max(e.answered_at, e.asked_at or 0.0)
    return e.status == "answered" and e.meaning == HEARD and h.start - since <= ASKED_S


def is_late(e: Exchange, h: Heard, rules: Rules) -> bool:
    """Whether its exchange ended without an answer so recently that an answer may still come."""
    return e.status in UNANSWERED and h.start - e.deadline <= rules.late_window_s


def late_beside(state: NetState, h: Heard, unit: str | None = None, within: Seconds = ASKED_S) -> bool:
    """Another unit than ``unit`` has just not been heard: a bare answer may be its own, late."""
    others = (e for e in state.exchanges.values() if e.unit != unit and e.status in UNANSWERED and not e.relayed)
    return any(h.start - e.deadline <= within for e in others)


def awaited_slot(state: NetState) -> Exchange | None:
    """Open exchange of the last unit called; None if that call opened several."""
    awaited = state.awaited()
    return awaited[0] if len(awaited) == 1 else None


def slot_for(state: NetState, h: Heard, rules: Rules) -> Exchange | None:
    """Exchange a bare answer belongs to, including one recently closed as silent or unclear."""
    if len(state.last_called) != 1:
        return awaited_slot(state)
    last = state.exchanges[state.last_called[0]]
    if last.asked_at is not None and is_unfinished(last, h):
        return last
    if state.awaited():
        return awaited_slot(state)
    called_in = state.calling_in is not None  # a bare 收到 is net control's to the unit that called in
    return last if is_late(last, h, rules) and not called_in else None


def answer(e: Exchange, h: Heard, meaning: str, grade: Grade, rules: Rules) -> Answered:
    """The answer that closes an exchange; marked for review where anything about it is doubtful."""
    m = h.message
    slots = next((tuple(a.slots.items()) for a in m.acts if a.meaning == meaning), ())
    back = comparable(m.figures, e.figures)
    misread = () if agree(back, e.figures) else differing(back, e.figures)
    return Answered(
        t=h.start, exchange=e.id, unit=e.unit, over=h.over, meaning=meaning, grade=grade,
        latency_s=max(0.0, h.speech_start - e.called_at), late=not e.open and e.status != "answered",
        confidence=m.confidence, text=m.text,
        review=h.doubled or h.contradicted or bool(misread) or m.confidence < rules.review_below
        or meaning == HEARD or runs_into(m) or _in_doubt(m.figures, back, e.figures) or m.doubtful or _affirmed(m)
        or (e.doubt and meaning == "ack" and grade == "call_sign" and not back)
        or (grade == "slot" and "ask" in m.meanings() and not m.calls_control)
        or (grade == "call_sign" and (instructed(m, e.unit) or _asks_whether(m)))
        or (bool(e.figures) and not back and _reads_back(m))
        or (grade == "slot" and _prefixed(m, e.unit)) or (meaning != "ack" and _taken_back(m, meaning)),
        slots=slots, readback="different" if misread else "same" if back else "", figures=m.figures, misread=misread,
        free=m.free,
    )  # fmt: skip


def _in_doubt(said: tuple[str, ...], back: tuple[str, ...], given: tuple[str, ...]) -> bool:
    """A figure may be another one, and is not what was to be read back."""
    return any(f != plainly((f,))[0] and not (f in back and agree((f,), given)) for f in said)


def _asks_whether(m: Message) -> bool:
    """博学路超市,[jian tai e] 没有: net control's question, perhaps."""
    said = free_before(m.items, len(m.items) - 1)
    asked = len(said) >= WHETHER and said[0] not in ("wo", "an", "zan") and " ".join(said) not in OURS
    return m.items[-1].key == "没有" and asked and not m.calls_control


def runs_into(m: Message) -> bool:
    """[jiu] 清楚, [jian] 在呢: one syllable of no word, without a pause before a short answer, may be a part of
    another: 不清楚, 现在呢."""
    split = by_syllable(m.items)
    answers = {a.at for a in m.acts if a.meaning in ANSWERS}
    at = 0
    for before, item in pairwise(m.items):
        at += len(before.pinyin.split()) if before.kind == "free" else 1
        short = at in answers and split[at].kind == "phrase" and len(item.pinyin.split()) <= SHORT
        said = content(before.pinyin) if before.kind == "free" and item.start - before.end < PAUSE_S else ()
        if short and len(said) == 1 and said[0] not in BESIDE:
            return True
    return False


def _reads_back(m: Message) -> bool:
    """收到,[yi yuan san wu you ting]: digits that make no figure."""
    said = [s in DIGITS for s in content(m.free)]
    return sum(said) >= READ_BACK and any(a and b for a, b in pairwise(said))


def _affirmed(m: Message) -> bool:
    """是的, and nothing else: to what, only a person can say."""
    said = {i.key for i in m.items if i.kind == "phrase"}
    return bool(said) and said <= AFFIRMING


def instructed(m: Message, unit: str) -> bool:
    """加油站,先别惊动他,马上到: net control's, perhaps."""
    at = next((k for k, i in enumerate(m.items) if i.kind == "unit" and i.key == unit), len(m.items))
    after = m.items[at + 1] if at + 1 < len(m.items) else None
    return after is not None and after.kind == "free" and instructs(after.pinyin)


def _taken_back(m: Message, meaning: str) -> bool:
    """安和没有,哎不对,有一个: what follows the answer corrects it."""
    items = by_syllable(m.items)
    at = next((a.at for a in m.acts if a.meaning == meaning), len(items))
    said = content(" ".join(i.pinyin if i.kind == "free" else "-" for i in items[at + 1 :]))
    return any(said[k : k + 2] in TAKING_BACK and len(said) > k + 2 for k in range(len(said)))


def _prefixed(m: Message, unit: str) -> bool:
    """和丹安和社区正常: another unit's call sign may end like that."""
    at = next((k for k, i in enumerate(m.items) if i.kind == "unit" and i.key == unit), 0)
    said = free_before(m.items, at)
    unknown = " ".join(said) not in OURS and said[-1] not in MENTIONING
    return unknown and any(n.unit == unit and n.place == "inside" for n in m.names)


def remark(
    h: Heard, kind: str, unit: str | None, exchange: int | None, meaning: str, review: bool, to: str | None = None
) -> Remarked:
    """Something said that answers nothing; ``kind``: see ``Remarked``."""
    return Remarked(
        t=h.end,
        kind=kind,  # type: ignore[arg-type]
        over=h.over,
        unit=unit,
        exchange=exchange,
        meaning=meaning,
        text=h.message.text,
        confidence=h.message.confidence,
        review=review or h.doubled or h.message.doubtful or runs_into(h.message),
        to=to,
    )


def called_in(
    h: Heard, unit: str | None, meaning: str, grade: Grade, review: bool = False, exchange: int | None = None
) -> CalledIn:
    """A call to net control, or a report."""
    m = h.message
    return CalledIn(
        t=h.start, over=h.over, unit=unit, meaning=meaning, grade=grade, text=m.text, pinyin=m.pinyin,
        confidence=m.confidence, free=m.free, to=spoken_to(m, unit), review=review or m.doubtful,
        exchange=exchange,
    )  # fmt: skip


def of_either(h: Heard, e: Exchange, probably: str = "") -> NotUnderstood:
    """Words of the unit awaited, or of net control, or of another unit."""
    return NotUnderstood(
        t=h.start, over=h.over, unit=e.unit, exchange=e.id, pinyin=h.message.pinyin, why="speaker", probably=probably
    )


def not_understood(state: NetState, h: Heard) -> Fact:
    """Speech outside the grammar; if it contains the call sign of the awaited unit, it is that unit's answer. Behind
    请讲 the unit that called in speaks, and while two units are talking anybody."""
    invited = state.guest(h.start) or None
    others = invited is not None or state.beside(h.start)
    hint = awaited_slot(state) if not others or any(n.unit != invited for n in h.message.names) else None
    if hint and any(n.unit == hint.unit for n in h.message.names):
        return answer(hint, h, HEARD, "call_sign", Rules())
    another = hint and any(n.place != "inside" and n.unit != hint.unit for n in h.message.names)
    if hint and not hint.ours and (hint.heard_unclear or state.telling(h.start) or another):
        return of_either(h, hint)  # 在哪里: net control's, perhaps, to the unit that spoke last
    return NotUnderstood(
        t=h.start,
        over=h.over,
        unit=hint.unit if hint else invited,
        exchange=hint.id if hint else None,
        pinyin=h.message.pinyin,
        probably="" if hint else probable(h.voices, [e.unit for e in state.awaited()]),
    )


def is_unsaid(m: Message) -> bool:
    """No unit said who it is: a call sign heard may be another's."""
    return not any(n.place == "self" for n in m.names)


def tells_behind(m: Message) -> bool:
    """在岗,博学路超市今天也是我: an answer, and something about a unit."""
    at = next((k for k, i in enumerate(m.items) if i.kind == "unit"), 0)
    answered = m.items[0].kind == "phrase" and m.acts and m.acts[0].at == 0 and m.acts[0].meaning in PLAIN
    return bool(answered and at == 1 and free_behind(m.items, at))


def spoken_to(m: Message, caller: str | None) -> str | None:
    """The unit named before the speaker named itself, with net control not named."""
    missing = {a.slots.get("unit") for a in m.acts if a.meaning in MISSING}  # 加油站没人,我是丹尼斯
    named = (n.unit for n in m.names if n.place != "inside" and n.unit not in missing)
    first = next(named, None) if caller and not m.calls_control else None
    return first if first != caller else None
