"""What the station answers on its own: say again, which unit was that, report passed on. Pure.

It does so only while it conducts: the call being answered was its own. Net control's own exchanges are left alone; an
unsolicited report is acknowledged after a pause in which net control may do it first.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from voice.grammar.meanings import HEARD, URGENT
from voice.net.loading import Net
from voice.pcm import Seconds
from voice.talk.announcing import sign_of
from voice.talk.facts import Answered, CalledIn, Fact, NotUnderstood, Purpose, Remarked
from voice.talk.state import REPLY_S, NetState

WHO_EVERY_S = 20.0
"""Earliest time at which “Which unit was that?” is asked again."""

REPEATS = 2
"""How often a unit that asks for it gets the question repeated."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A one-off announcement."""

    text: str
    purpose: Purpose
    units: tuple[str, ...] = ()
    """Unit whose answer is expected next."""
    patient: bool = False
    """Held back so that net control can say it first."""
    clip: str = ""
    """SHA-256 of the dispatcher's recorded words, played after the text."""


@dataclass(slots=True)
class Answering:
    """What was already asked, so that nothing is asked twice."""

    net: Net
    _asked: set[int] = field(default_factory=set)
    """Exchanges in which a unit was already asked to say again."""
    _repeated: dict[int, int] = field(default_factory=dict)
    _who_at: Seconds = -WHO_EVERY_S
    _thanked: dict[str, Seconds] = field(default_factory=dict)
    """When a unit's report was acknowledged."""

    def reply(self, state: NetState, fact: Fact) -> Reply | None:
        """The reply due after a fact; ``state`` already includes the fact."""
        match fact:
            case CalledIn(grade="slot", review=True):
                return None  # net control itself may have told of it
            case Answered(meaning=meaning, grade="slot", review=True) if meaning in URGENT and not state.conducting:
                return self._reported(state, None, fact.t)  # whoever it was
            case Answered(meaning=meaning) | CalledIn(meaning=meaning) if meaning in URGENT:
                return self._reported(state, fact.unit, fact.t)
            case (
                NotUnderstood(unit=str(unit), exchange=int(number))
                | Answered(meaning="heard", unit=unit, exchange=number)
            ):
                return self._again(state, unit, number)
            case Remarked(kind="say_again" | "negative", unit=str(unit), exchange=int(number)):
                return self._repeat(state, unit, number)
            case (
                Remarked(kind="unattributed" | "say_again" | "negative", unit=None)
                | NotUnderstood(unit=None, exchange=None)
            ):
                return self._who(state, fact)
            case _:
                return None

    def _ours(self, state: NetState, unit: str, number: int) -> bool:
        e = state.exchanges.get(unit)
        return e is not None and e.id == number and e.ours and (e.open or e.meaning == HEARD)

    def _again(self, state: NetState, unit: str, number: int) -> Reply | None:
        if number in self._asked or not self._ours(state, unit, number) or state.replying_to not in (None, unit):
            return None
        self._asked.add(number)
        return Reply(f"{sign_of(self.net, unit)},没听清,请再说一遍。", "again", (unit,))

    def _repeat(self, state: NetState, unit: str, number: int) -> Reply | None:
        times = self._repeated.get(number, 0)
        if times >= REPEATS or not self._ours(state, unit, number):
            return None
        self._repeated[number] = times + 1
        return Reply(state.exchanges[unit].question, "again", (unit,))

    def _who(self, state: NetState, fact: Fact) -> Reply | None:
        awaited = state.awaited()
        if len(awaited) < 2 or not all(e.ours for e in awaited) or fact.t - self._who_at < WHO_EVERY_S:
            return None
        self._who_at = fact.t
        ask = "刚才哪个单位回答?请报呼号。" if isinstance(fact, Remarked) else "刚才哪个单位?请报呼号,再说一遍。"
        return Reply(ask, "again", tuple(e.unit for e in awaited))

    def _reported(self, state: NetState, unit: str | None, t: Seconds) -> Reply | None:
        """Not twice at once: 丹尼斯超市有人打架,收到 behind its report is net control's."""
        if unit and t - self._thanked.get(unit, -REPLY_S) < REPLY_S:
            return None
        if unit:
            self._thanked[unit] = t
        sign = f"{sign_of(self.net, unit)}," if unit else ""
        return Reply(f"{sign}收到,已报值班员。", "reply", patient=not state.conducting)
