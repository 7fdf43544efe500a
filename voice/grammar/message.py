"""One interpreted over: addressee, speaker and meaning."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Literal

from voice.grammar.lexicon import EntryKind
from voice.grammar.templates import Speaker
from voice.mandarin.figures import DOUBT
from voice.pcm import Seconds


class Doubt(IntEnum):
    """Whether a long phrase was said as it stands: it may be borne out but for one word."""

    NONE = 0
    ANOTHER = 1
    """Another word may have been said there."""
    REFUTED = 2
    """Something else was said there."""


@dataclass(frozen=True, slots=True)
class Item:
    """A stretch of the over: a known word, or free speech."""

    kind: EntryKind | str
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
    """Calibrated probability that it was really said, 0..1."""

    times: int = 1
    """Consecutive repetitions (省残联,省残联 is one item, 2)."""

    sure: tuple[str, ...] | None = None
    """Figures of free speech that the search in the audio found beyond doubt; None: there was no search."""

    doubt: bool = False
    """A word of a long phrase may be another one: 门口有人打架, or 门口有人推销."""

    @property
    def written(self) -> str:
        """Its text, with DOUBT behind it if it is doubtful; free speech as [pinyin]."""
        return f"[{self.pinyin}]" if self.kind == "free" else self.text + DOUBT * self.doubt

    def as_free(self) -> Item:
        """A rejected phrase, treated as free speech."""
        row = " ".join(s.rstrip("12345") for s in self.pinyin.split())
        return Item("free", "", "", " ".join([row] * self.times), self.start, self.end, 0.0)

    def by_syllable(self) -> list[Item]:
        """Free speech syllable by syllable: a template may require a digit or a one-syllable word."""
        if self.kind != "free":
            return [self]
        names = self.pinyin.split()
        step = (self.end - self.start) / max(len(names), 1)
        return [
            replace(self, pinyin=n, start=self.start + k * step, end=self.start + (k + 1) * step)
            for k, n in enumerate(names)
        ]


def run_together(items: Iterable[Item]) -> list[Item]:
    """The same words without a pause between."""
    out: list[Item] = []
    at = 0.0
    for i in items:
        out.append(replace(i, start=at, end=at + i.end - i.start))
        at = out[-1].end
    return out


def by_syllable(items: Iterable[Item]) -> list[Item]:
    """Items with free speech syllable by syllable, as ``Act.at`` counts them."""
    return [part for i in items for part in i.by_syllable()]


Position = Literal["lead", "tail", "self", "inside"]


@dataclass(frozen=True, slots=True)
class Naming:
    """A call sign in an over and its position."""

    unit: str
    place: Position
    """``lead``: the speaker or addressee of what follows; ``tail``: sign-off; ``self``: 我是…, 这里是…; ``inside``:
    only mentioned."""
    times: int = 1
    doubt: bool = False
    """It may only be mentioned: nobody paused before it."""


@dataclass(frozen=True, slots=True)
class Act:
    """One meaning found in the over."""

    meaning: str
    speaker: Speaker
    score: float
    slots: dict[str, str] = field(default_factory=dict)
    at: int = 0
    """Position in the sequence of items, free speech counted by syllable."""
    doubt: bool = False
    """Stated only if a pause was meant: 不,需要支援, or 不需要支援."""


def once(acts: Iterable[Act]) -> tuple[Act, ...]:
    """Each meaning once, as it was heard best."""
    unique: dict[str, Act] = {}
    for act in acts:
        if act.meaning not in unique or act.score > unique[act.meaning].score:
            unique[act.meaning] = act
    return tuple(unique.values())


@dataclass(frozen=True, slots=True)
class Message:
    """The interpreter's result for one over."""

    items: tuple[Item, ...]
    acts: tuple[Act, ...]
    callees: tuple[str, ...] = ()
    """Ids of the units called."""

    caller: str | None = None
    """Unit id that gave its own call sign."""

    on_behalf_of: str | None = None
    """代答: unit answered for; 转达: unit the message goes to."""

    to_all: bool = False
    speaker: Speaker = "anyone"
    """Who must be speaking, judging by the words alone."""

    names: tuple[Naming, ...] = ()
    """All call signs in order."""

    unsure: bool = False
    """Ambiguous: net control calling the one callee, or this unit speaking."""

    weak: bool = False
    """``unsure``, and the call sign was only used in short form, like a place name."""

    presumed: bool = False
    """Net control speaks, judging only by how often the call sign was said or how free words go on behind it: in a
    unit's slot they may be the unit's own."""

    jumbled: bool = False
    """Calls and answers of several stations in one over: speakers undetermined."""

    parts: tuple[Message, ...] = ()
    """Overs without a gap, received as one and separated again; empty: a single over."""

    addressed: bool = False
    """Addressed to us: our call sign came first, or it came from the dispatcher's own microphone."""

    everybody: bool = False
    """Units at large were named, called or not: 我跟各单位说了, and 哪个单位, which sounds like it."""

    figures: tuple[str, ...] = ()
    """Figures and times of day in the free speech, and places: what a readback must repeat. Doubtful ones end in
    ``figures.DOUBT``."""

    confidence: float = 0.0
    """Confidence of the weakest part the meaning is based on, 0..1."""

    @property
    def understood(self) -> bool:
        """False if it contains no call sign or phrase."""
        return bool(self.addressed or self.callees or self.caller or self.to_all or self.acts)

    @property
    def doubtful(self) -> bool:
        """A person should listen: a phrase may have been another one."""
        return any(i.doubt for i in self.items) or any(a.doubt for a in self.acts) or any(n.doubt for n in self.names)

    @property
    def calls_control(self) -> bool:
        """Net control's call sign was said."""
        return any(i.kind == "control" for i in self.items)

    @property
    def text(self) -> str:
        """Known words as written, free speech as [pinyin]."""
        return " ".join(i.written for i in self.items for _ in range(i.times))

    @property
    def pinyin(self) -> str:
        return " ".join(i.pinyin for i in self.items for _ in range(i.times))

    @property
    def free(self) -> str:
        """Pinyin of the free speech."""
        return " ".join(i.pinyin for i in self.items if i.kind == "free")

    def meanings(self) -> tuple[str, ...]:
        return tuple(a.meaning for a in self.acts)
