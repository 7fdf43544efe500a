"""Dialogues as a duty officer would write them down, and what must stand in the journal.

A file is made of scenes; a scene begins with ``# title``. A line is an over::

    台: 安和社区,情况怎么样?
      → 呼叫 安和社区
    安和社区: 安和社区,门口有人推销
      → 安和社区 答 有回答,内容不清 (复核)

Speakers: ``台`` (a human dispatcher), ``本机`` (the station itself calls the units that are named), or a unit. The
name is for the reader; the logic is only told what a perfect ear would hear. ``〔电台〕`` behind a unit: its radio
sends its identity. ``〔像安和社区〕``: all voices are known, and it sounds like this one; ``〔像安和社区或台〕``: as
much like one as like the other. ``(12秒)`` before the speaker: so long after the over before, instead of one second.
``(完)`` is a minute of silence. What stands behind ``→`` are all events that follow, in order; what the station says
by itself begins with ``本机说``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from voice.grammar.meanings import CHINESE as MEANINGS
from voice.measure.simulate import PerfectEar, Spoken
from voice.net.loading import Net
from voice.talk.announcing import to_read_back
from voice.talk.answering import Answering, Reply
from voice.talk.decide import decide
from voice.talk.events import Heard, Rules, Tick
from voice.talk.evolve import evolve
from voice.talk.facts import (
    Announced,
    Answered,
    Broadcast,
    Called,
    CalledIn,
    Commanded,
    ControlReplied,
    ExchangeClosed,
    Fact,
    NotUnderstood,
    OverHeard,
    Relayed,
    Remarked,
    RollMarked,
)
from voice.talk.guessing import CONTROL, Likeness
from voice.talk.state import NetState

SPEECH_S = 2.0
"""Shortest over, s."""

SYLLABLE_S = 0.2
"""A character, or a comma's pause."""

_OVER = re.compile(r"^(?:\((?P<wait>\d+(?:\.\d+)?)秒\)\s*)?(?P<who>[^:：]+)[:：]\s*(?P<words>.+)$")
CLOSED = {"silent": "未答", "relayed": "代答", "unclear": "听不清", "undetermined": "未定"}
REMARKS = {
    "say_again": "请重复", "negative": "没听明白", "wait": "请稍等", "unsolicited": "未被呼叫", "stray": "无人被叫",
    "contested": "又一个回答", "unattributed": "不知是谁", "said": "其他",
    "aside": "单位之间",
}  # fmt: skip


@dataclass(slots=True)
class Turn:
    """One over and what must follow."""

    line: int
    who: str
    words: str
    wait: float
    expected: list[str] = field(default_factory=list)

    @property
    def speaker(self) -> str:
        """Without what is said of the radio and the voice; empty in silence."""
        return self.who.partition("〔")[0]


@dataclass(slots=True)
class Scene:
    """Some turns."""

    title: str
    turns: list[Turn] = field(default_factory=list)


def read_scenes(path: Path) -> list[Scene]:
    """The scenes of a file."""
    out: list[Scene] = []
    for number, row in enumerate(path.read_text("utf-8").splitlines(), 1):
        text = row.strip()
        if not text:
            continue
        if text.startswith("#"):
            out.append(Scene(text.lstrip("# ")))
        elif text.startswith("→"):
            out[-1].turns[-1].expected += [w.strip() for w in text[1:].split(";") if w.strip()]
        elif text == "(完)":
            out[-1].turns.append(Turn(number, "", "", 60.0))
        else:
            m = _OVER.match(text)
            assert m, f"{path}:{number}: {text}"
            out[-1].turns.append(Turn(number, m["who"].strip(), m["words"].strip(), float(m["wait"] or 1.0)))
    return out


def play(net: Net, ear: PerfectEar, scene: Scene) -> Iterator[tuple[Turn, list[str]]]:
    """Each turn with what followed, in words. ``ear``: of the net."""
    for turn, facts in followed(net, ear, scene.turns):
        yield turn, [w for w in (in_words(net, f) for f in facts) if w]


Hearing = Callable[[Turn, int, float, NetState], Heard]
"""How an over is heard: (turn, its number, when it begins, what is open)."""


def perfectly(net: Net, ear: PerfectEar) -> Hearing:
    """By a perfect ear."""

    def hear(turn: Turn, over: int, start: float, state: NetState) -> Heard:
        end = start + max(SPEECH_S, SYLLABLE_S * len(turn.words) + 0.4)
        return ear.heard(
            over, Spoken(start, end, start + 0.2, end - 0.2, (turn.who,), (turn.words,)), state.awaiting(start)
        )

    return hear


def rules_of(net: Net) -> Rules:
    """What the net's settings say of times."""
    return Rules(net.settings.timing.answer_timeout_s, net.settings.timing.late_window_s)


def followed(
    net: Net, ear: PerfectEar, turns: Iterable[Turn], hear: Hearing | None = None
) -> Iterator[tuple[Turn, list[Fact | Reply]]]:
    """Each turn with the facts that followed, and what the station said to them. ``hear``: instead of the ear."""
    hear = hear or perfectly(net, ear)
    rules = rules_of(net)
    state = NetState(units=tuple(u.id for u in net.units))
    answering = Answering(net)
    t, over = 0.0, 0

    def take(facts: list[Fact]) -> list[Fact | Reply]:
        nonlocal state
        told: list[Fact | Reply] = []
        for fact in facts:
            state = evolve(state, fact, rules.answer_timeout_s)
            told.append(fact)
            saying = answering.reply(state, fact)
            if saying is not None:
                told.append(saying)
                after = Announced(t=fact.t + 3.0, keyed=fact.t + 0.7, text=saying.text, purpose=saying.purpose,
                                  units=saying.units)  # fmt: skip
                state = evolve(state, after, rules.answer_timeout_s)
                answering.reply(state, after)
        return told

    for turn in turns:
        t += turn.wait
        told = take(decide(state, Tick(t), rules))
        if not turn.who:
            yield turn, told
            continue
        if turn.who == "本机":
            t += 3.0
            units = [u for u in net.units if any(s in turn.words for s in u.call_signs)]
            several = len(units) != 1
            facts: list[Fact] = [
                Called(t=t, exchange=state.next_id + k, unit=u.id, over=0, attempt=1, to_all=several,
                       question=turn.words, figures=to_read_back(net, turn.words))
                for k, u in enumerate(units or net.units)
            ]  # fmt: skip
            yield turn, told + take(facts)
            continue
        over += 1
        h = by_radio(net, turn, hear(turn, over, t, state))
        take([over_heard(h)])
        told += take(decide(state, h, rules))
        t = h.end
        yield turn, told


def by_radio(net: Net, turn: Turn, h: Heard) -> Heard:
    """With the identity of the speaker's radio and what the voice sounds like."""
    unit = next((u for u in net.units if turn.speaker in (u.name, *u.call_signs)), None)
    radio = unit.id if unit and turn.who.endswith("〔电台〕") else None
    return replace(h, identified=radio, voices=_voices(net, turn.who))


def over_heard(h: Heard) -> OverHeard:
    """The over itself, as a fact."""
    m = h.message
    return OverHeard(
        t=h.start, over=h.over, start=h.start, end=h.end, speech_start=h.speech_start, speech_end=h.speech_end,
        clip="", level_db=0.0, outcome="understood" if m.understood else "unclear", speaker=m.speaker,
        callees=m.callees, caller=m.caller, to_all=m.to_all, meanings=m.meanings(), text=m.text, pinyin=m.pinyin,
        confidence=m.confidence, doubled=False,
    )  # fmt: skip


def _voices(net: Net, who: str) -> Likeness:
    """Of all voices, those that it sounds like."""
    like = re.findall("〔像(.+)〕", who)
    names = like[0].split("或") if like else []
    known = [(u.id, u.name) for u in net.units] + [(CONTROL, "台")] if names else []
    return tuple((key, 0.9 if name in names else 0.0) for key, name in known)


def _guess(net: Net, fact: Fact) -> str:
    """Who it was by its voice."""
    probably = getattr(fact, "probably", "")
    name = "台" if probably == CONTROL else net.name_of(probably)
    return f" 大概是{name}" if probably else ""


def in_words(net: Net, fact: Fact | Reply) -> str:
    """An event in a line; nothing for what is no event of the talk."""
    unit = getattr(fact, "unit", None)
    name = net.unit(unit).name if unit and net.unit(unit) else ""  # type: ignore[union-attr]
    meaning = MEANINGS.get(getattr(fact, "meaning", "") or "", "")
    review = " (复核)" if getattr(fact, "review", False) else ""
    match fact:
        case Reply():
            return f"本机说 {fact.text}"
        case Called(over=0):
            return ""  # what 本机 says is the turn itself
        case Called():
            again = " 再次" if fact.attempt > 1 else ""
            return f"呼叫 {name}{again}{' (存疑)' if fact.doubt else ''}{_guess(net, fact)}"
        case Answered():
            how = {"slot": "推断", "burst": "身份码"}.get(fact.grade, "")
            late, read = "迟到" if fact.late else "", "复诵不符" if fact.readback == "different" else ""
            return " ".join(w for w in (name, "答", meaning, how, late, read) if w) + review
        case ExchangeClosed():
            return f"{name} {CLOSED[fact.outcome]}{review}"
        case Remarked():
            telling = fact.kind in ("unsolicited", "stray", "contested", "unattributed")
            what = f" {meaning}" if meaning and telling else ""
            other = net.unit(fact.to or "")
            told = f"{name or '?'} {REMARKS[fact.kind]}{' 对 ' + other.name if other else ''}{what}{review}"
            return told + _guess(net, fact)
        case Broadcast():
            return "通播"
        case CalledIn():
            return f"{name or '?'} 呼入 {meaning}{review}"
        case ControlReplied():
            return f"台回 {name or '?'} {meaning}{' (存疑)' if fact.doubt else ''}"
        case Relayed():
            return f"{'代答' if fact.kind == 'proxy' else '转达'} {name or '?'} {meaning}".strip() + review
        case NotUnderstood():
            why = {"speaker": " 不知谁在说", "jumbled": " 几台混在一起"}.get(fact.why, "")
            return f"没听懂 {name or '?'}{why}{_guess(net, fact)}"
        case RollMarked():
            return f"点名 {fact.mark}"
        case Commanded():
            return " ".join(("口令", MEANINGS.get(fact.command, "没听懂"), *map(net.name_of, fact.units)))
        case _:
            return ""
