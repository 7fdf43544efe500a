"""Scenes of a net that nobody wrote: made by chance from ``chatter.txt``, with what is true of each over.

The truth is who spoke, whom net control called, for whom somebody answered, what a phrase means. What the net logic
makes of the words alone must not contradict it: ``faults`` says where it does, ``smallest`` leaves out the turns that
do not matter. The same seed makes the same scenes.

    python -m tests.helpers.chatter --scenes 20000 --seed 7
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import TypeVar

from tests.helpers.dialogues import Turn, followed, in_words
from voice.grammar.meanings import ANSWERS, HEARD
from voice.measure.simulate import PerfectEar
from voice.net.loading import Net, load_net
from voice.net.roster import Unit
from voice.talk.answering import Reply
from voice.talk.facts import (
    Answered,
    Called,
    CalledIn,
    ControlReplied,
    ExchangeClosed,
    Fact,
    NotUnderstood,
    Relayed,
    Remarked,
)
from voice.talk.incidents import Incidents

NET = Path(__file__).parent.parent / "unit" / "dialogues" / "net"

GAPS_S = (0.5, 0.5, 0.8, 1.0, 1.5, 2.0, 3.0, 5.0)
"""Before an over that follows another one."""

SILENCES_S = (3.0, 5.0, 9.0, 12.0)
"""After a call that nobody answers."""

T = TypeVar("T")


@dataclass(slots=True, kw_only=True)
class Line(Turn):
    """An over with its truth."""

    what: str
    """Section of ``chatter.txt``, or the kind of call."""
    unit: str = ""
    """Unit that speaks; empty: net control or the station."""
    calls: tuple[str, ...] = ()
    """Units that net control clearly calls."""
    means: tuple[str, ...] = ()
    """What may stand in the journal for it without a question to people."""
    relays: str = ""
    """Unit for which it answers."""
    needs: Line | None = None
    """It makes no sense without this one."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What contradicts the truth, and the over that it is about."""

    kind: str
    line: Line


@dataclass(slots=True)
class Phrases:
    """What people say."""

    sections: dict[str, list[str]] = field(default_factory=dict)
    also: dict[str, str] = field(default_factory=dict)
    """Meaning that a sentence of another section may have."""


def read_talk() -> Phrases:
    """``chatter.txt``."""
    talk = Phrases()
    rows: list[str] = []
    for row in Path(__file__).with_name("chatter.txt").read_text("utf-8").splitlines():
        if row.startswith("["):
            rows = talk.sections.setdefault(row.strip("[]"), [])
        elif row and not row.startswith("#"):
            words, _, meaning = row.partition(" = ")
            rows.append(words)
            if meaning:
                talk.also[words] = meaning
    return talk


class Talk:
    """Makes one scene."""

    def __init__(self, net: Net, talk: Phrases, rng: Random) -> None:
        self._net, self._talk, self._also, self._rng = net, talk.sections, talk.also, rng
        self._lines: list[Line] = []
        self._ours = rng.random() < 0.3
        self._voices = rng.random() < 0.1

    def scene(self) -> list[Line]:
        """Two to four things that happen, one after the other."""
        moves = [self._roll] if self._ours else [self._roll, self._single, self._several, self._everybody]
        for _ in range(self._rng.randint(1, 2)):
            self._rng.choice(moves)()
            if self._chance(0.4):
                self._rng.choice([self._report, self._aside, self._remark])()
        self._lines.append(Line(line=0, who="", words="", wait=60.0, what="end"))
        return self._lines

    def _chance(self, p: float) -> bool:
        return self._rng.random() < p

    def _one(self, rows: Sequence[T]) -> T:
        return self._rng.choice(rows)

    def _sign(self, unit: Unit) -> str:
        return self._one(unit.call_signs)

    def _units(self, count: int) -> list[Unit]:
        return self._rng.sample(list(self._net.units), count)

    def _say(self, line: Line) -> Line:
        self._lines.append(line)
        return line

    def _control(
        self, what: str, words: str, needs: Line | None = None, calls: Iterable[Unit] = (), wait: float | None = None
    ) -> Line:
        wait = self._one(GAPS_S) if wait is None else wait
        who = "台〔像台〕" if self._voices else "台"
        return self._say(
            Line(line=0, who=who, words=words, wait=wait, what=what, calls=tuple(u.id for u in calls), needs=needs)
        )

    def _unit(self, unit: Unit, what: str, words: str, needs: Line | None = None, wait: float | None = None) -> Line:
        wait = self._one(GAPS_S) if wait is None else wait
        who = unit.name + (f"〔像{unit.name}〕" if self._voices else "〔电台〕" * self._chance(0.05))
        means: tuple[str, ...] = (what,) if what in ANSWERS else (HEARD, "ack") if what == "vague" else (HEARD,)
        means += ("report",) if "报告" in words else ()
        means += tuple(meaning for said, meaning in self._also.items() if said in words)
        means += ANSWERS if what in ("aside", "chat") else ()
        return self._say(Line(line=0, who=who, words=words, wait=wait, what=what, unit=unit.id, means=means,
                              needs=needs))  # fmt: skip

    def _from(self, unit: Unit, words: str, bare: float = 0.35) -> str:
        """The words with the call sign where people say it, or without."""
        sign = self._sign(unit)
        if self._chance(bare):
            return words
        form = self._one(
            ("{s},{w}", "{s},{w}", "{s}{w}", "{s},{s},{w}", "我是{s},{w}", "这里是{s},{w}", "派出所,{s},{w}", "{w},{s}",
             "{s}报告,{w}")
        )  # fmt: skip
        return form.format(s=sign, w=words)

    def _roll(self) -> None:
        """One unit after the other."""
        units = self._units(self._rng.randint(2, 4))
        question = self._one(self._talk["question"]) if self._chance(0.5) else ""
        last: Line | None = None
        for k, unit in enumerate(units):
            call = self._call(unit, question, last, units[k - 1] if k else None)
            if self._chance(0.06):
                self._report()
            if self._chance(0.06):
                neighbour = self._one([u for u in self._net.units if u.id not in (unit.id, *(v.id for v in units))])
                last = self._relay(neighbour, unit, call)
                continue
            last = self._respond(unit, call, question)
        if last is not None and last.unit:
            self._react(last)

    def _call(self, unit: Unit, question: str, last: Line | None, before: Unit | None) -> Line:
        """The next unit is called, by us or by net control: alone or in one over with what it says to the one
        before."""
        sign = self._sign(unit)
        asks = f",{question}" if question and self._chance(0.8) else ""
        answered = last is not None and last.unit
        wait = None if answered or last is None else self._one(SILENCES_S)
        if self._ours:
            words = f"{sign},{sign},{question or '听到请回答'}。"
            return self._say(Line(line=0, who="本机", words=words, wait=wait or self._one(GAPS_S), what="our call",
                                  calls=(unit.id,)))  # fmt: skip
        if answered and before is not None and self._chance(0.5):
            words = self._one(self._talk["next"]).format(n=sign, u=self._sign(before))
            return self._control("next", words + asks, last, [unit])
        if last is not None and not answered and before is not None and self._chance(0.4):
            missing = self._one(self._talk["missing"]).format(u=self._sign(before))
            if self._chance(0.5):
                return self._control("missing, next", f"{missing},{sign}{asks}", last, [unit], wait)
            self._control("missing", missing, last, wait=wait)
            wait = None
        elif answered and last is not None and self._chance(0.6):
            self._react(last)
        form = self._one((f"{sign}", f"{sign},{sign}"))
        return self._control("call" if not asks else "question", form + asks, None, [unit], wait)

    def _respond(self, unit: Unit, call: Line, question: str, depth: int = 0) -> Line:
        """What the called unit says; the call itself where it says nothing."""
        wait = self._one(GAPS_S)
        match self._rng.choices(
            ("phrase", "free", "phrase, free", "free, phrase", "vague", "held", "situation", "nothing"),
            (45, 18, 8, 3, 4, 5, 5, 12),
        )[0]:
            case "phrase":
                what = self._one(ANSWERED if question else PRESENT)
                return self._unit(unit, what, self._from(unit, self._one(self._talk[what])), call, wait)
            case "free":
                return self._unit(unit, "free", self._from(unit, self._one(self._talk["free"])), call, wait)
            case "phrase, free" | "free, phrase" as order:
                what = self._one(ANSWERED if question else PRESENT)
                both = [self._one(self._talk[what]), self._one(self._talk["free"])]
                words = ",".join(both if order == "phrase, free" else reversed(both))
                line = self._unit(unit, order, self._from(unit, words), call, wait)
                line.means = (what, *line.means)
                return line
            case "vague":
                return self._unit(unit, "vague", self._from(unit, self._one(self._talk["vague"]), 0.6), call, wait)
            case "situation":
                return self._unit(unit, "situation", self._from(unit, self._one(self._talk["situation"])), call, wait)
            case "held" if depth < 1:
                return self._held(unit, call, question)
            case _:
                return call

    def _held(self, unit: Unit, call: Line, question: str) -> Line:
        """It asks to say again, or to wait."""
        what = self._one(("say_again", "stand_by"))
        held = self._unit(unit, what, self._from(unit, self._one(self._talk[what]), 0.6), call)
        if what == "stand_by":
            if self._chance(0.4) and not self._ours:
                self._control("thanks", self._one(("好", "好的", "收到", "行", "那你快点")), held)
            answer = self._respond(unit, held, question, 1)
            answer.wait = max(answer.wait, self._one(GAPS_S) * 3)
            return answer
        if self._ours:
            return self._respond(unit, held, question, 1)
        sign = self._sign(unit)
        words = self._one(
            (f"{sign},{question or '听到请回答'}", f"{sign},{sign}", question or "听到请回答", "我说,你们那边怎么样")
        )
        return self._respond(unit, self._control("again", words, held, [unit]), question, 1)

    def _react(self, to: Line) -> None:
        """Net control, to what was just said."""
        unit = self._net.unit(to.unit)
        if unit is None or self._ours:
            return
        if to.what == "free" and self._chance(0.2):
            again = self._control("again", self._one(self._talk["again"]).format(u=self._sign(unit)), to)
            self._unit(unit, to.what, self._from(unit, to.words.rpartition(",")[2], 0.6), again)
            return
        if self._chance(0.15):
            further = self._control("further", self._one(self._talk["further"]), to)
            self._unit(unit, "free", self._from(unit, self._one(self._talk["free"]), 0.8), further)
        what = "thanks for trouble" if to.what == "situation" else "thanks"
        self._control(what, self._one(self._talk[what]).format(u=self._sign(unit)), to)

    def _single(self) -> None:
        """A question or an order to one unit."""
        (unit,) = self._units(1)
        what = self._one(("question", "order"))
        words = self._one(self._talk[what])
        sign = self._sign(unit)
        call = self._control(what, self._one(("{s},{w}", "{s},{s},{w}")).format(s=sign, w=words), None, [unit])
        answer = self._respond(unit, call, words)
        if answer is not call and self._chance(0.6):
            self._react(answer)

    def _several(self) -> None:
        """Two or three units in one call."""
        units = self._units(self._rng.randint(2, 3))
        words = self._one(self._talk[self._one(("question", "order"))])
        signs = self._one((",", "、", "和")).join(self._sign(u) for u in units)
        call = self._control("several", f"{signs},{words}", None, units)
        for unit in units:
            if self._chance(0.8):
                what = self._one(ANSWERED)
                self._unit(unit, what, self._from(unit, self._one(self._talk[what]), 0.3), call)
        if self._chance(0.5):
            self._control("thanks", self._one(("收到", "好", "好的", "知道了", "都收到了")), call)

    def _everybody(self) -> None:
        """A message to all."""
        words = self._one(self._talk["everybody"])
        call = self._control("everybody", words, None, self._net.units)
        for unit in self._units(self._rng.randint(1, 3)):
            what = self._one(("ack", "not_found", "free"))
            self._unit(unit, what, self._from(unit, self._one(self._talk[what]), 0.2), call)

    def _relay(self, by: Unit, unit: Unit, call: Line) -> Line:
        """A neighbour answers."""
        words = self._one(self._talk["relay"]).format(s=self._sign(by), u=self._sign(unit))
        line = self._unit(by, "relay", words, call)
        line.relays = unit.id
        return line

    def _report(self) -> None:
        """A unit speaks up by itself."""
        (unit,) = self._units(1)
        sign = self._sign(unit)
        what = self._one(("situation", "free"))
        told = self._one(self._talk[what])
        opening = self._one((f"派出所派出所,{sign}", f"派出所,{sign}", f"派出所,{sign}呼叫", f"{sign}呼叫派出所"))
        if self._chance(0.4) or self._ours:
            line = self._unit(unit, what, f"{opening},{told}")
        else:
            line = self._unit(unit, "call_in", opening)
            line = self._control("invite", self._one(self._talk["invite"]).format(u=sign), line)
            line = self._unit(unit, what, self._from(unit, told, 0.7), line)
        if self._chance(0.7):
            self._react(line)

    def _aside(self) -> None:
        """Two units talk."""
        one, other = self._units(2)
        a, b = self._sign(one), self._sign(other)
        line = self._unit(one, "aside", self._one((f"{b},我是{a}", f"{b},{b},我是{a},听到请回答", f"{a}呼叫{b}")))
        line = self._unit(
            other, "aside", self._one((f"{a},请讲", f"{a},我是{b},请讲", f"{b}收到,请讲", f"{a},你说")), line
        )
        for unit in (one, other)[: self._rng.randint(0, 2)]:
            line = self._unit(unit, "chat", self._one(self._talk["chat"]), line)

    def _remark(self) -> None:
        """Net control, to nobody."""
        if self._lines[-1].unit:
            self._control("remark", self._one(self._talk["remark"]), self._lines[-1])


ANSWERED = ("ack", "ack", "normal", "normal", "not_found", "present", "on_the_way", "arrived")
PRESENT = ("present", "present", "ack", "normal")
"""What units answer to a question, and to their bare call sign."""


def faults(net: Net, ear: PerfectEar, lines: Sequence[Line]) -> list[Fault]:
    """What the net logic makes of a scene against the truth."""
    found: list[Fault] = []
    overs: dict[int, Line] = {}
    opened: dict[int, int] = {}
    for k, (turn, facts) in enumerate(followed(net, ear, lines)):
        line = lines[k]
        assert turn is line
        number = len(overs) + 1
        if line.who not in ("", "本机"):
            overs[number] = line
        mine = [f for f in facts if isinstance(f, Fact) and getattr(f, "over", 0) == number]
        found += [Fault(kind, line) for kind in _about(line, mine)] if number in overs else []
        for before, fact in zip([None, *facts], facts, strict=False):
            said = overs.get(getattr(before if isinstance(fact, Reply) else fact, "over", 0))
            if isinstance(fact, Called):
                opened.setdefault(fact.exchange, k)
            if isinstance(fact, ExchangeClosed) and fact.outcome == "silent":
                found += [Fault(kind, line) for kind in _silenced(fact.unit, lines[opened[fact.exchange] : k])]
            elif said is not None:
                found += [Fault(kind, said) for kind in _contradicted(said, fact, before)]
    return found


def _about(line: Line, facts: Sequence[Fact]) -> Iterator[str]:
    """What is missing among the facts of an over."""
    if not facts:
        yield "vanished"
    if line.what == "situation" and not any(Incidents().take(f) for f in facts):
        yield "alarm lost"
    in_doubt = any(isinstance(f, NotUnderstood) or getattr(f, "review", False) for f in facts)
    called = {f.unit for f in facts if isinstance(f, Called)}
    if line.what != "everybody" and not in_doubt and not set(line.calls) <= called:
        yield "call lost"


def _silenced(unit: str, between: Sequence[Line]) -> Iterator[str]:
    """``between``: the lines from the call to the end of the time to answer."""
    if unit not in between[0].calls:
        yield "silent, never called"
    if any(line.unit == unit for line in between[1:]):
        yield "silent, but it spoke"
    if any(line.relays == unit for line in between):
        yield "silent, but answered for"


def _contradicted(line: Line, fact: Fact | Reply, before: Fact | Reply | None) -> Iterator[str]:
    """What an event says of an over that is not so."""
    match fact:
        case Called(unit=unit, doubt=False) if unit not in line.calls:
            yield "called by nobody"
        case Answered(unit=unit, review=False) | CalledIn(unit=str(unit), review=False) if unit != line.unit:
            yield "laid to another"
        case Remarked(unit=str(unit), review=False) | Relayed(by=str(unit)) if unit != line.unit:
            yield "laid to another"
        case Answered(meaning=meaning, review=False) if line.means and meaning not in line.means:
            yield "misread"
        case ControlReplied(doubt=False) if line.unit:
            yield "unit taken for net control"
        case Reply(purpose="again", units=(unit,)) if unit != line.unit and line.what not in ("remark", "chat"):
            yield "asked another"
        case Reply(purpose="reply") if getattr(before, "unit", None) not in (None, line.unit):
            yield "thanked another"


def smallest(lines: Sequence[Line], fails: Callable[[Sequence[Line]], bool]) -> list[Line]:
    """The scene without the turns that do not matter."""
    kept = list(lines)
    for line in reversed(lines):
        gone = [line]
        for other in kept:
            if other.needs is not None and any(other.needs is g for g in gone):
                gone.append(other)
        fewer = [other for other in kept if not any(other is g for g in gone)]
        if line.who and len(fewer) < len(kept) and fails(fewer):
            kept = fewer
    return kept


def _fails(net: Net, ear: PerfectEar, kind: str, lines: Sequence[Line]) -> bool:
    return any(f.kind == kind for f in faults(net, ear, lines))


def written(net: Net, ear: PerfectEar, lines: Sequence[Line]) -> str:
    """A scene as in ``tests/unit/dialogues``."""
    out = []
    for turn, facts in followed(net, ear, lines):
        wait = f"({turn.wait:g}秒) " * (turn.wait != 1.0)
        out.append(f"{wait}{turn.who}: {turn.words}" if turn.who else "(完)")
        told = [w for w in (in_words(net, f) for f in facts) if w]
        out += [f"  → {'; '.join(told)}"] if told else []
    return "\n".join(out)


def main() -> None:
    """Many scenes: faults by kind, with the smallest scenes."""
    options = argparse.ArgumentParser(description=main.__doc__)
    options.add_argument("--scenes", type=int, default=1000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--show", type=int, default=3, help="smallest scenes of each kind")
    options.add_argument("--only", default="", help="a kind")
    given = options.parse_args()
    net = load_net(NET)
    ear, talk = PerfectEar(net), read_talk()
    kinds: Counter[str] = Counter()
    rows: dict[str, Counter[str]] = {}
    examples: dict[tuple[str, str], str] = {}
    for seed in range(given.seed * 1_000_000, given.seed * 1_000_000 + given.scenes):
        lines = Talk(net, talk, Random(seed)).scene()
        for kind in {f.kind for f in faults(net, ear, lines)}:
            kinds[kind] += 1
            if not given.show or given.only not in ("", kind):
                continue
            few = smallest(lines, partial(_fails, net, ear, kind))
            row = " | ".join(line.what for line in few[:-1])
            rows.setdefault(kind, Counter())[row] += 1
            examples.setdefault((kind, row), f"# {seed}\n{written(net, ear, few)}")
    print(f"{given.scenes} scenes, {sum(kinds.values())} faults")
    for kind, count in kinds.most_common():
        print(f"\n=== {kind}: {count} of {given.scenes} scenes")
        for row, times in rows.get(kind, Counter()).most_common(given.show):
            print(f"\n{times} × {row}\n{examples[kind, row]}")


if __name__ == "__main__":
    main()
