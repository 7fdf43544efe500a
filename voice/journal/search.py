"""Search by characters, pinyin, or pinyin initials (``jgsq`` finds 贾岗社区).

Letters are first resolved against the net's vocabulary; the database is then queried for characters and unit ids only,
so that years of journal are searched in a single pass over the rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from voice.journal.lines import Line, LineMaker
from voice.journal.settled import Settled, settled_in
from voice.journal.store import Journal
from voice.net.loading import Net
from voice.talk.facts import OverHeard

BEFORE = 8
"""Events read before a hit, so that its over is among them."""


FREE = (("confirmed", "said"), ("transcribed", "text"))
"""Kinds of events with free text (not limited to the net's phrases), and the field that holds it."""


@lru_cache(maxsize=65536)
def _letters(text: str) -> tuple[str, str]:
    """(pinyin without blanks, initials)."""
    from pypinyin import lazy_pinyin

    rows = [s for s in lazy_pinyin(text) if s.isascii()]
    return "".join(rows), "".join(s[0] for s in rows)


def sounds_like(text: str, letters: str) -> bool:
    """Whether ``letters`` occur in the pinyin of a text or in its initials."""
    whole, initials = _letters(text)
    return letters in whole or letters in initials


def resolve(words: str, net: Net) -> tuple[list[str], list[str]]:
    """(pieces of text, unit ids) matched by a query; any of them is a hit."""
    wanted = words.strip()
    units = [u.id for u in net.units if wanted == u.id or any(wanted in s for s in (u.name, *u.call_signs))]
    if not wanted.isascii():
        return [wanted], units
    letters = re.sub(r"[^a-z]", "", wanted.lower())
    texts = [wanted] if " " in wanted or (any(c.isdigit() for c in wanted) and not units) else []
    if len(letters) >= 2:
        units += [u.id for u in net.units if any(sounds_like(s, letters) for s in (u.name, *u.call_signs))]
        texts += [e.text for e in net.lexicon.entries if e.kind == "phrase" and sounds_like(e.text, letters)]
    return texts, list(dict.fromkeys(units))


def search(journal: Journal, words: str, net: Net, limit: int = 500) -> list[Line]:
    """Latest events that contain ``words``, oldest first."""
    words = words.replace("≈", "")  # as shown before a dictated text
    texts, units = resolve(words, net)
    found = set(journal.find(texts, units, limit)) if words.strip() and (texts or units) else set()
    letters = re.sub(r"[^a-z]", "", words.lower()) if words.isascii() else ""
    found |= set(_written(journal, letters, limit))
    settled = settled_in(journal)
    found |= {seq for seq, said in settled.written.items() if _matches(said, texts, letters)}
    return list(_with_context(journal, sorted(found)[-limit:], settled))


def _matches(said: str, texts: list[str], letters: str) -> bool:
    """Whether an over as a person wrote it down is a hit."""
    return any(t in said for t in texts) or (len(letters) >= 2 and sounds_like(said, letters))


def _written(journal: Journal, letters: str, limit: int) -> list[int]:
    """Free text, typed or dictated (≈), whose pinyin or initials contain ``letters``: words outside the net's
    vocabulary."""
    if len(letters) < 2:
        return []
    texts = ((e.seq, str(e.data.get(field) or "")) for kind, field in FREE for e in journal.events(kind=kind))
    return sorted(seq for seq, text in texts if text and sounds_like(text, letters))[-limit:]


def _with_context(journal: Journal, hits: list[int], settled: Settled) -> Iterator[Line]:
    """Lines of events, each with its over's clip and pinyin."""
    maker = LineMaker(settled)
    for begin, end in _ranges(hits):
        wanted = {h for h in hits if begin < h <= end}
        for event in journal.events(after=begin, before=end + 1):
            fact = event.fact()
            if event.seq in wanted:
                yield maker.line(fact, event)
            elif isinstance(fact, OverHeard) or event.kind == "session_began":
                maker.line(fact, event)


def _ranges(hits: Iterable[int]) -> list[tuple[int, int]]:
    """Ranges of sequence numbers (half-open) covering the hits and the events before them."""
    out: list[tuple[int, int]] = []
    for h in hits:
        if out and h - BEFORE <= out[-1][1] + 50:
            out[-1] = out[-1][0], h
        else:
            out.append((max(0, h - BEFORE), h))
    return out
