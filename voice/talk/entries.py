"""What is written down of an over: an answer, a remark, a call to net control, words that nobody understood; and how
an exchange ends. Pure."""

from __future__ import annotations

from voice.grammar.meanings import HEARD
from voice.mandarin.figures import agree, comparable, differing
from voice.pcm import Seconds
from voice.talk.doubts import ANSWER, WORDS, Answer, held
from voice.talk.doubts.by_words import meant_otherwise, word_in_doubt
from voice.talk.events import Heard, Rules
from voice.talk.facts import Answered, CalledIn, ExchangeClosed, Fact, Grade, NotUnderstood, Outcome, Remarked
from voice.talk.guessing import probable
from voice.talk.slots import awaited_slot, spoken_to
from voice.talk.state import Exchange, NetState

KEPT = {
    "say_again": "it asked to say the call again, and nothing more came",
    "negative": "it said that it had not understood, and nothing more came",
    "wait": "it asked to wait, and nothing more came",
    "other": "another unit's call sign was heard in its slot: it may have been its answer, and nothing more came",
}


def closing(e: Exchange, t: Seconds, alive: bool, state: NetState) -> ExchangeClosed:
    """How an exchange ends whose waiting time is over: silent only if nothing at all was heard in its slot."""
    together = sum(other.called_at == e.called_at for other in state.open_exchanges())

    def ended(outcome: Outcome, reason: str, over: int = 0) -> ExchangeClosed:
        waited = max(0.0, t - e.called_at)
        return ExchangeClosed(
            t=t, exchange=e.id, unit=e.unit, outcome=outcome, reason=reason, waited_s=waited, over=over
        )

    unsettled = bool(e.last and not e.heard_unclear)
    if e.relayed:
        return ended("relayed", "another unit answered for it", e.heard_over).doubted("unsettled" if unsettled else "")
    if e.heard_unclear or e.last:
        told = KEPT[e.last] if e.last else "something was heard in its slot but not understood"
        return ended("unclear", told, e.heard_over).doubted("unsettled" if unsettled else "")
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
        ).doubted("called_itself")
    if e.vague:
        return ended("undetermined", f"{together} units are open, {e.vague} answers nobody's")
    return ended("silent", reason="nothing was heard in its slot")


def answer(e: Exchange, h: Heard, meaning: str, grade: Grade, rules: Rules) -> Answered:
    """The answer that closes an exchange; marked for review where anything about it is doubtful."""
    m = h.message
    slots = next((tuple(a.slots.items()) for a in m.acts if a.meaning == meaning), ())
    back = comparable(m.figures, e.figures)
    misread = () if agree(back, e.figures) else differing(back, e.figures)
    told = Answered(
        t=h.start, exchange=e.id, unit=e.unit, over=h.over, meaning=meaning, grade=grade,
        latency_s=max(0.0, h.speech_start - e.called_at), late=not e.open and e.status != "answered",
        confidence=m.confidence, text=m.text, slots=slots,
        readback="different" if misread else "same" if back else "", figures=m.figures, misread=misread, free=m.free,
    )  # fmt: skip
    return told.doubted(*held(Answer(h, e, meaning, grade, rules, back, bool(misread)), ANSWER), *held(m, WORDS))


def remark(
    h: Heard, kind: str, unit: str | None, exchange: int | None, meaning: str, to: str | None = None
) -> Remarked:
    """Something said that answers nothing; ``kind``: see ``Remarked``."""
    told = Remarked(
        t=h.end,
        kind=kind,  # type: ignore[arg-type]
        over=h.over,
        unit=unit,
        exchange=exchange,
        meaning=meaning,
        text=h.message.text,
        confidence=h.message.confidence,
        to=to,
    )
    return told.doubted("two_stations" if h.doubled else "", *held(h.message, WORDS))


def called_in(h: Heard, unit: str | None, meaning: str, grade: Grade, exchange: int | None = None) -> CalledIn:
    """A call to net control, or a report."""
    m = h.message
    told = CalledIn(
        t=h.start, over=h.over, unit=unit, meaning=meaning, grade=grade, text=m.text, pinyin=m.pinyin,
        confidence=m.confidence, free=m.free, to=spoken_to(m, unit), exchange=exchange,
    )  # fmt: skip
    return told.doubted(*held(m, (word_in_doubt, meant_otherwise)))


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
