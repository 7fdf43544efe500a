"""Two weeks of a police station's net, so that every page has something to show; and pictures of pages."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from voice.journal.store import Journal
from voice.net.loading import Net
from voice.talk.by_hand import Acknowledged, Corrected
from voice.talk.facts import (
    Answered,
    Called,
    CalledIn,
    ExchangeClosed,
    Fact,
    NotUnderstood,
    Outcome,
    OverHeard,
    Relayed,
    RollBegan,
    RollEnded,
    SessionBegan,
    SessionEnded,
    Transcribed,
)

SAID = {"normal": "一切正常,一切正常", "ack": "收到,收到", "situation": "地下室门被撬了"}
REPORT = "地下室门被撬了,有一个男的,穿黑色衣服"
GUESSED = "东门的路灯坏了,请派人来看一下"
"""What a dictation model made of an over that no phrase covers."""
HEARD = "dong men de lu deng huai la qing pai ren lai kan yi xia"

SILENT = ("107", "123", "138")
UNCLEAR = ("110", "131")
LATE = ("119",)
RELAYED = ("126",)


class _Day:
    """The facts of one session, one after the other."""

    def __init__(self, net: Net, clips: Mapping[str, str], began: datetime) -> None:
        self.clips, self.t, self.n = clips, 0.0, 0
        self.units = tuple(u.id for u in net.units)
        self.facts: list[Fact] = [
            SessionBegan(
                t=0, source="USB", net=net.settings.name, net_sha256="", model="huying-zh-8k", model_sha256="",
                clock="known", began=began.isoformat().replace("+00:00", "Z"), units=self.units,
            )
        ]  # fmt: skip

    def over(self, words: str, clip: str, pinyin: str = "", speaker: str = "unit") -> int:
        self.n += 1
        self.facts.append(
            OverHeard(
                t=self.t + 2.2, over=self.n, start=self.t, end=self.t + 2.2, speech_start=self.t, speech_end=self.t + 2,
                clip=self.clips.get(clip, ""), level_db=-18, outcome="understood" if words else "unclear",
                speaker=speaker, callees=(), caller=None, to_all=False, meanings=(), text=words, pinyin=pinyin,
                confidence=0.93, doubled=False,
            )
        )  # fmt: skip
        return self.n

    def exchange(self, unit: str, outcome: str, latency_s: float, review: bool = False) -> None:
        """A unit is called, and what comes of it: ``answered``, ``late``, ``relayed``, ``unclear``, ``silent``."""
        self.t += 4
        number = self.n + 1000
        self.facts.append(
            Called(t=self.t, exchange=number, unit=unit, over=0, attempt=1, to_all=False, question="门前秩序是否良好")
        )
        self.t += latency_s
        if outcome in ("answered", "late"):
            meaning = "ack" if unit.endswith("4") else "normal"
            over = self.over(SAID[meaning], meaning)
            self.facts.append(
                Answered(
                    t=self.t + 2, exchange=number, unit=unit, over=over, meaning=meaning, grade="slot",
                    latency_s=latency_s, late=outcome == "late", confidence=0.62 if review else 0.93,
                    text=SAID[meaning], review=review, reasons=("unsure",) if review else (),
                )
            )  # fmt: skip
        elif outcome == "relayed":
            over = self.over("我替它回答,一切正常", "normal")
            self.facts.append(
                Relayed(
                    t=self.t + 2, kind="proxy", over=over, unit=unit, by="127", exchange=number, meaning="normal",
                    text="一切正常", confidence=0.9,
                )
            )  # fmt: skip
            self.closed(number, unit, "silent", "nothing was heard in its slot")
        elif outcome == "unclear":
            over = self.over("", "unclear", HEARD)
            self.facts.append(NotUnderstood(t=self.t + 2, over=over, unit=unit, exchange=number, pinyin=HEARD))
            self.facts.append(Transcribed(t=self.t + 3, over=over, text=GUESSED, engine="whisper-base", confidence=0.7))
            self.closed(number, unit, "unclear", "something was heard in its slot but not understood")
        else:
            self.closed(number, unit, "silent", "nothing was heard in its slot")
        self.t += 3

    def closed(self, number: int, unit: str, outcome: Outcome, reason: str) -> None:
        self.facts.append(
            ExchangeClosed(t=self.t + 10, exchange=number, unit=unit, outcome=outcome, reason=reason, waited_s=10)
        )
        self.t += 8


def roll(net: Net, clips: Mapping[str, str], began: datetime, k: int, called: int = 0) -> list[Fact]:
    """A roll-call of everybody; ``called``: it is still going on, and so many have been called."""
    day = _Day(net, clips, began)
    day.facts.append(RollBegan(t=1, units=day.units, rounds=1))
    shifted = {u: str(100 + (int(u) - 101 + 7 * k) % len(day.units) + 1) for u in (*SILENT, *UNCLEAR, *LATE, *RELAYED)}
    gone = {shifted[u] for u in SILENT[: 3 - k % 3]}
    unclear, late, relayed = ({shifted[u] for u in group} for group in (UNCLEAR, LATE, RELAYED))
    for i, unit in enumerate(day.units[: called or None]):
        how = (
            "silent" if unit in gone else "unclear" if unit in unclear else "late" if unit in late
            else "relayed" if unit in relayed else "answered"
        )  # fmt: skip
        day.exchange(unit, how, 0.9 + (i * 37 + k * 11) % 23 / 10, review=i == 20)
    if not called:
        missing = tuple(u for u in day.units if u in gone)
        day.facts.append(
            RollEnded(t=day.t, complete=True, missing=missing, unclear=tuple(u for u in day.units if u in unclear))
        )
    return day.facts


def fill(journal: Journal, net: Net, clips: Mapping[str, str], today: datetime, running: int = 0) -> int:
    """Thirteen mornings, then today's with an incident that is open; number of its event. ``running``: of today's
    roll-call so many have been called."""
    for k in range(13, 0, -1):
        began = today - timedelta(days=k)
        facts = roll(net, clips, began, k)
        journal.append([*facts, SessionEnded(t=facts[-1].t + 60, overs=1, pops=0, dead_s=0, damage=())], began)
    facts = roll(net, clips, today, 0, running)
    t = facts[-1].t
    events = journal.append(facts, today)
    silent = next(e for e in events if e.kind == "closed" and e.data["unit"] == "123") if not running else None
    if silent:
        at = today + timedelta(seconds=t)
        journal.append([Corrected(corrects=silent.seq, unit="123", meaning="present", by="王", note="到了")], at)
    found = 0
    for n, (unit, words) in enumerate((("115", "发现一名可疑男子"), ("105", REPORT))):
        clip, at_s = clips.get("situation", ""), t + 60 + 90 * n
        over = OverHeard(
            t=at_s, over=9000 + n, start=at_s - 5, end=at_s, speech_start=at_s - 5, speech_end=at_s,
            clip=clip, level_db=-18, outcome="understood", speaker="unit", callees=(), caller=unit, to_all=False,
            meanings=("situation",), text=words, pinyin="", confidence=0.9, doubled=False,
        )  # fmt: skip
        report = CalledIn(
            t=at_s, over=9000 + n, unit=unit, meaning="situation", grade="call_sign", text=words,
            pinyin="", confidence=0.9,
        )  # fmt: skip
        found = journal.append([over, report], today)[-1].seq
        if n == 0:
            journal.append([Acknowledged(acknowledges=found, by="王")], today + timedelta(seconds=t + 100))
    return found


def save_small(png: bytes, path: Path) -> None:
    """A screenshot with a palette: a third of the bytes, nothing that an eye would miss."""
    from PIL import Image

    picture = Image.open(io.BytesIO(png)).convert("RGB").quantize(256, kmeans=1, dither=Image.Dither.NONE)
    picture.save(path, optimize=True)
