"""One over, understood: who it is meant for, who says it, and what it means."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from voice.grammar.lexicon import Kind
from voice.grammar.templates import Speaker
from voice.pcm import Seconds


@dataclass(frozen=True, slots=True)
class Item:
    """A stretch of the over: a known word, or speech that no phrase covers."""

    kind: Kind | str
    """``unit``, ``control``, ``assistant``, ``phrase``, ``place``, ``digit`` or ``free``."""

    key: str
    """Unit id, phrase, place, digit; empty for free speech."""

    text: str
    """As written; empty for free speech."""

    pinyin: str
    """Toned for known words, toneless for free speech."""

    start: Seconds
    end: Seconds
    score: float
    """0..1: calibrated chance that this was really said."""

    times: int = 1
    """How often it was said in a row (省残联,省残联 is one item, 2)."""


Place = Literal["lead", "tail", "self", "inside"]


@dataclass(frozen=True, slots=True)
class Naming:
    """A call sign in an over, and where it stands."""

    unit: str
    place: Place
    """``lead``: what follows is said to it or by it; ``tail``: it signs off; ``self``: 我是…, 这里是…; ``inside``: only
    mentioned in a sentence."""
    times: int = 1


@dataclass(frozen=True, slots=True)
class Act:
    """One meaning found in the over."""

    meaning: str
    speaker: Speaker
    score: float
    slots: dict[str, str] = field(default_factory=dict)
    at: int = 0
    """Place in the row of items, free speech counted syllable by syllable."""


@dataclass(frozen=True, slots=True)
class Message:
    """The interpreter's result for one over."""

    items: tuple[Item, ...]
    acts: tuple[Act, ...]
    callees: tuple[str, ...] = ()
    """Unit ids that are called."""

    caller: str | None = None
    """Unit id that gave its own call sign."""

    on_behalf_of: str | None = None
    """代答: the unit that is answered for; 转达: the unit that a message goes to."""

    to_all: bool = False
    speaker: Speaker = "anyone"
    """Who must have been talking, as far as the words tell."""

    names: tuple[Naming, ...] = ()
    """Every call sign that was said, in order."""

    unsure: bool = False
    """The words allow both: net control calls the one callee, or this unit speaks."""

    weak: bool = False
    """``unsure``, and the call sign was only said in short, as a place name is."""

    jumbled: bool = False
    """Calls and answers of several stations in one over: who said what, nobody can tell."""

    parts: tuple[Message, ...] = ()
    """Overs that touched and were received as one, taken apart again; empty: it is one."""

    addressed: bool = False
    """Said to us: our own call sign came first, or it came from the dispatcher's own microphone."""

    figures: tuple[str, ...] = ()
    """Rows of digits and times of day in the free speech, and places: what a readback must repeat."""

    confidence: float = 0.0
    """Of the weakest part that the meaning rests on, 0..1."""

    @property
    def understood(self) -> bool:
        """False: heard, but nothing that a call sign or phrase covers."""
        return bool(self.addressed or self.callees or self.caller or self.to_all or self.acts)

    @property
    def calls_control(self) -> bool:
        """Net control's call sign was said."""
        return any(i.kind == "control" for i in self.items)

    @property
    def text(self) -> str:
        """Known words as written, free speech as [pinyin]."""
        parts = [i.text if i.kind != "free" else f"[{i.pinyin}]" for i in self.items for _ in range(i.times)]
        return " ".join(parts)

    @property
    def pinyin(self) -> str:
        return " ".join(i.pinyin for i in self.items for _ in range(i.times))

    @property
    def free(self) -> str:
        """Pinyin of what no phrase covers."""
        return " ".join(i.pinyin for i in self.items if i.kind == "free")

    def meanings(self) -> tuple[str, ...]:
        return tuple(a.meaning for a in self.acts)
