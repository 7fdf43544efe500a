"""From recognised words to items: the entries that are believed or found, and free speech between them.

Words of our own graph are entries or filler syllables; words of a stock model are Chinese text. What no believed entry
covers becomes a row of syllables, in which similar-sounding entries are searched (``distance.phrase_distance``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from rapidfuzz import fuzz, process

from voice.grammar.evidence import CallSearch, Evidence, FreeSearch, SignSearch, WordDoubt, WordScore
from voice.grammar.lexicon import FILLER, NOISE, Entry, Lexicon, plain
from voice.grammar.message import Doubt, Item
from voice.mandarin.distance import phrase_distance
from voice.mandarin.phones import split_syllable
from voice.speech.hypothesis import Hypothesis, Word

NEAR = 0.18
"""Largest phrase distance at which free syllables still match an entry (≥ 3 syllables)."""

SURE = 0.9
"""Confidence by the audio from which an entry found with a difference, or by words alone, is not doubtful."""

BRIEF = 6
"""Free syllables in a row beside an entry that was found by words alone, and is sure: in sentences by tuning people the
four such words above SURE that nobody said stood in longer rows."""

MIN_NEAR_SYLLABLES = 3

FOUND = 0.8
"""Confidence of an entry that was found among free syllables."""

SHORT = 2
"""Syllables of the replies that are looked for where an answer begins."""

MOST_SIGNS = 64
"""Most call signs with which an over may begin that are compared with its sounds: those most like what was heard."""

AROUND_S = 0.3
"""Audio context in which a word that was not believed is heard again."""

REHEARD_S = 1.0
"""A row of free syllables that lasts so long is heard again, as one: the graph's syllables are dear, so that they lose
against phrases, and it leaves most of them out. Shorter ones may be an answer of one syllable and stay."""

EDGE_S = 0.15
"""Audio before and after such a row that may belong to it."""

TOUCHING_S = 0.05
"""Rows of free speech with less between them are one."""

REPEAT_GAP_S = 1.5
"""The same call sign repeated within this pause is one call, said twice."""

TWICE = ("unit", "control", "assistant", "phrase", "place")
"""Kinds of items that people say twice."""


@dataclass(frozen=True, slots=True)
class _Syllable:
    name: str
    start: float
    end: float
    sure: float = 0.0
    """The recogniser's confidence for text syllables; 0 for filler syllables."""


class ItemSearch:
    """Finds the entries of one net in hypotheses."""

    def __init__(self, lexicon: Lexicon, threshold: float) -> None:
        self._threshold = threshold
        self._by_symbol = lexicon.by_symbol()
        self._rows = [(e, tuple(p[0] for p in plain(r))) for e in lexicon.spoken for r in e.readings]
        self._codes = [_code(row) for _, row in self._rows]
        self._signs = [(e, _code(row)) for e, row in self._rows if e.kind == "unit"]
        self._heads = _heads(lexicon)
        self._parts = {e.symbol: lexicon.parts(e.text) for e in lexicon.talk}
        self._exact = {e.key for e in lexicon.entries if e.syllables < 4} & lexicon.phrases("situation", "stand_by")
        """Short phrases that sound like much else: 顶一下 is not 等一下."""
        self._replies: dict[tuple[str, ...], list[Entry]] = {}
        """Toneless syllables → replies of ``SHORT`` syllables; of acknowledgements those that count at any time."""
        acks = {t.pieces[0] for t in lexicon.templates if t.meaning == "ack" and len(t.pieces) == 1 and not t.awaited}
        replies = acks | lexicon.phrases("normal", "present")
        for e, said in self._rows:
            if e.key in replies and len(said) == SHORT:
                self._replies.setdefault(said, []).append(e)
        self._to_all = lexicon.phrases("all_units")

    def items(self, words: Sequence[Word], audio: Evidence) -> list[Item]:
        """Items of a hypothesis in order; what is said twice at once is one item."""
        score, free, doubtful, alone = audio.score, audio.free, audio.doubtful, audio.alone or audio.score
        items: list[Item] = []
        row: list[_Syllable] = []

        def flush(end: float = math.inf, word_follows: bool = False) -> None:
            if free is not None and row and row[-1].end - row[0].start >= REHEARD_S:
                begin = max(row[0].start - EDGE_S, items[-1].end if items else 0.0)
                row[:] = _syllables(free(begin, min(row[-1].end + EDGE_S, end)))
            if row and audio.signed is not None and not items:
                items.extend(self._signed(row, audio.signed))
            if row and audio.called is not None and not items:
                items.extend(self._called(row, audio.called, 0 if word_follows else SHORT))
            if row and alone and (not items or items[-1].kind == "unit"):
                items.extend(self._reply_first(row, alone))
            calling = len(items) == 1 and items[0].kind == "control" and bool(row)
            items.extend(self._search(row, audio, calling=calling and row[0].start - items[0].end < EDGE_S))
            row.clear()

        for w in words:
            entry = self._by_symbol.get(w.symbol)
            talked = self._talked(entry, w, score, doubtful) if entry is not None and entry.kind == "talk" else []
            if talked:
                flush(w.start, word_follows=True)
                items[:] = _folded([*items, *talked], _unbroken)
            elif entry is not None:
                item = self._believed(entry, w, score, doubtful)
                said = [p[0] for p in plain(entry.readings[0])]
                if item is not None:
                    flush(item.start, word_follows=True)
                    items.append(item)
                    said = said[len(item.pinyin.split()) :]
                tail = w if item is None else replace(w, start=item.end)
                if said and free is not None:
                    row += _heard_freely(free, tail.start, tail.end)
                elif said:
                    row += _spread(said, tail)
            elif w.symbol == NOISE:
                flush(w.start)
            elif w.symbol.startswith(FILLER):
                row.append(_Syllable(w.symbol[1:], w.start, w.end))
            elif w.symbol != "[unk]":
                row += _spread(_pinyin(w.symbol), w, w.confidence)
        flush()
        return _folded(items, _repeated)

    def _believed(self, entry: Entry, word: Word, score: WordScore | None, doubtful: WordDoubt | None) -> Item | None:
        """What the verifier accepts of a word: the entry, or a shorter phrase of the same meaning at its start.
        收到了 whose 了 was the tail of the carrier is still 收到. Nothing of talk."""
        if entry.kind == "talk":
            return None
        for e, share in ((entry, 1.0), *self._heads.get(entry.symbol, ())):
            end = word.start + share * (word.end - word.start)
            sure = score(e, word.start, end) if score else word.confidence
            if sure < self._threshold:
                continue
            said, doubt = doubtful(e, word.start, end) if doubtful is not None else (e, Doubt.NONE)
            if doubt < Doubt.REFUTED:
                return Item(
                    said.kind, said.key, said.text, said.pinyin, word.start, end, sure, doubt=doubt > Doubt.NONE
                )
        return None

    def _talked(self, entry: Entry, word: Word, score: WordScore | None, doubtful: WordDoubt | None) -> list[Item]:
        """孩子找到了 and [ma] for 孩子找到了吗: the entries in talk, and free syllables. Nothing if it may not be
        said."""
        sure = score(entry, word.start, word.end) if score else word.confidence
        doubt = doubtful(entry, word.start, word.end)[1] if doubtful is not None else Doubt.NONE
        if sure < self._threshold or doubt > Doubt.NONE:
            return []
        said, items, at = _spread([p[0] for p in plain(entry.readings[0])], word), [], 0
        for _, e in self._parts[entry.symbol]:
            part = said[at : at + (e.syllables if e else 1)]
            at += len(part)
            if e:
                items.append(Item(e.kind, e.key, e.text, e.pinyin, part[0].start, part[-1].end, sure))
            else:
                items.append(Item("free", "", "", part[0].name, part[0].start, part[0].end, 0.0))
        return items

    def _signed(self, row: list[_Syllable], search: SignSearch) -> list[Item]:
        """祭城 heard as jia chang, while it is awaited: a row that begins an over and is the call sign."""
        begin, end = row[0].start, row[-1].end
        e = search(begin, end)
        if e is None:
            return []
        row.clear()
        return [Item(e.kind, e.key, e.text, e.pinyin, begin, end, FOUND)]

    def _called(self, row: list[_Syllable], search: CallSearch, least: int) -> list[Item]:
        """心怡,现在有几个人在岗 heard as xin ni xian zai …: a call sign that begins an over. ``least``: syllables after
        it."""
        if len(row) < SHORT + least:
            return []
        heard = _code([s.name for s in row[: 2 * MIN_NEAR_SYLLABLES]])
        alike = process.extract(heard, [c for _, c in self._signs], scorer=fuzz.partial_ratio, limit=MOST_SIGNS)
        found = search(list({self._signs[k][0].symbol: self._signs[k][0] for _, _, k in alike}.values()), row[0].start)
        if found is None:
            return []
        e, end, doubt = found
        rest = [s for s in row if s.start + s.end > 2 * end]
        if len(rest) < least:
            return []
        begin, row[:] = row[0].start, rest
        return [Item(e.kind, e.key, e.text, e.pinyin, begin, end, FOUND, doubt=doubt > Doubt.NONE)]

    def _reply_first(self, row: list[_Syllable], score: WordScore) -> list[Item]:
        """收到,豫A12345 and 安和社区,收到,…: a reply of two syllables that begins an over, or stands directly behind a
        call sign, and was heard as part of the free speech after it. It is taken off the row if the audio bears it
        out."""
        said = tuple(s.name for s in row[:SHORT])
        for e in self._replies.get(said, ()):
            sure = score(e, row[0].start, row[SHORT - 1].end)
            if sure >= self._threshold:
                found = Item(e.kind, e.key, e.text, e.pinyin, row[0].start, row[SHORT - 1].end, sure)
                del row[:SHORT]
                return [found]
        return []

    def _written(
        self, free: Sequence[_Syllable], audio: Evidence, refuted: frozenset[str], calling: bool
    ) -> tuple[int, int, Item] | None:
        """没事 in [lao ren mei shi le]: the longest entry that is one of the likeliest words of the over and that the
        audio bears out, with its place. It is doubtful unless the audio is SURE of it, and the row is BRIEF or it is a
        unit's call sign directly behind net control's, with which the over begins (派出所,加油站,…)."""
        if audio.written is None or audio.alone is None or len(free) < SHORT:
            return None
        begin, end = free[0].start, free[-1].end
        inside = [(e, a, b) for e, a, b in audio.written() if begin <= (a + b) / 2 < end and e.symbol not in refuted]
        behind = [b for e, a, b in inside if e.kind == "control" and a - begin < EDGE_S] + [begin] * calling
        for e, a, b in sorted(inside, key=lambda w: -w[0].syllables):
            at = [k for k, s in enumerate(free) if a <= (s.start + s.end) / 2 < b]
            sure = audio.alone(e, a, b)
            if len(at) != e.syllables or sure < self._threshold:
                continue
            said, doubt = audio.doubtful(e, a, b) if audio.doubtful is not None else (e, Doubt.NONE)
            if said is e and doubt < Doubt.REFUTED:
                caller = e.kind == "unit" and any(abs(a - place) < EDGE_S for place in behind)
                guessed = sure < SURE or (len(free) > BRIEF + e.syllables and not caller)
                item = Item(e.kind, e.key, e.text, e.pinyin, a, b, sure, doubt=guessed or doubt > Doubt.NONE)
                return at[0], at[-1] + 1, item
        return None

    def _search(
        self, free: Sequence[_Syllable], audio: Evidence, refuted: frozenset[str] = frozenset(), calling: bool = False
    ) -> list[Item]:
        """Entries found in a sequence of syllables, best first; the rest is free speech. Not those ``refuted``. One
        found with a difference is doubtful, unless the audio is SURE of it. ``calling``: net control's call sign, with
        which the over begins, stands directly before them."""
        if not free:
            return []
        if (written := self._written(free, audio, refuted, calling)) is not None:
            a, b, item = written
            return [*self._search(free[:a], audio, refuted), item, *self._search(free[b:], audio, refuted)]
        doubtful, score = audio.doubtful, audio.alone or audio.score
        row = [s.name for s in free]
        best: tuple[float, int, int, Entry] | None = None
        shortest = 2 if any(s.sure for s in free) else MIN_NEAR_SYLLABLES
        if len(row) >= shortest:
            code = _code(row)
            alike = process.extract(code, self._codes, scorer=fuzz.partial_ratio, score_cutoff=60, limit=24)
            for _, _, index in alike:
                entry, want = self._rows[index]
                n = len(want)
                if n < shortest or entry.symbol in refuted:
                    continue
                grave = entry.kind == "phrase" and (entry.key in self._to_all or entry.key in self._exact)
                near = 0.0 if n < MIN_NEAR_SYLLABLES or grave else NEAR  # never a call to all or a short alarm
                for length in (n, n - 1, n + 1) if near else (n,):
                    for a in range(len(row) - length + 1):
                        d = phrase_distance(row[a : a + length], want)
                        if d <= near and (best is None or (d, -n) < (best[0], -(best[2] - best[1]))):
                            best = (d, a, a + length, entry)
        if best is None:
            names = " ".join(row)
            return [Item("free", "", "", names, free[0].start, free[-1].end, 0.0)]
        d, a, b, found = best
        entry, doubt = doubtful(found, free[a].start, free[b - 1].end) if doubtful is not None else (found, Doubt.NONE)
        if doubt == Doubt.REFUTED:
            return self._search(free, audio, refuted | {found.symbol}, calling)
        heard = score(entry, free[a].start, free[b - 1].end) if score is not None else 0.0
        asked = heard >= SURE or (score is None and doubtful is not None)
        differs = d > 0 and not asked
        # Not from the graph: confidence decreases with distance.
        sure = min(s.sure for s in free[a:b]) or FOUND
        sure = max(sure, heard) if asked and d == 0 and b - a > MIN_NEAR_SYLLABLES else sure
        found_item = Item(
            entry.kind, entry.key, entry.text, entry.pinyin, free[a].start, free[b - 1].end, max(0.0, sure - 2.0 * d),
            doubt=doubt > Doubt.NONE or differs,
        )  # fmt: skip
        before, after = (self._search(part, audio, refuted) for part in (free[:a], free[b:]))
        return [*before, found_item, *after]


def _heads(lexicon: Lexicon) -> dict[str, tuple[tuple[Entry, float], ...]]:
    """Symbol of a phrase → phrases of the same meaning that are a prefix of it, longest first, with their share of
    its syllables."""
    meanings: dict[str, set[str]] = {}
    for t in lexicon.templates:
        if len(t.pieces) == 1:
            meanings.setdefault(t.pieces[0], set()).add(t.meaning)
    phrases = {e.key: e for e in lexicon.spoken if e.kind == "phrase" and e.key in meanings}
    out: dict[str, tuple[tuple[Entry, float], ...]] = {}
    for e in phrases.values():
        begins = [phrases[k] for n in range(len(e.key) - 1, 1, -1) if (k := e.key[:n]) in phrases]
        alike = [b for b in begins if meanings[b.key] & meanings[e.key]]
        out[e.symbol] = tuple((b, b.syllables / e.syllables) for b in alike)
    return out


def _folded(items: Iterable[Item], together: Callable[[Item, Item], Item | None]) -> list[Item]:
    """Each item that is one with the one before it is made so."""
    out: list[Item] = []
    for item in items:
        one = together(out[-1], item) if out else None
        if one is None:
            out.append(item)
        else:
            out[-1] = one
    return out


def _repeated(last: Item, item: Item) -> Item | None:
    """A call sign or phrase repeated at once is one item, said twice, with higher confidence."""
    if item.kind not in TWICE or (item.kind, item.key) != (last.kind, last.key):
        return None
    if item.start - last.end > REPEAT_GAP_S:
        return None
    agreed = round(1 - (1 - item.score) * (1 - last.score), 4)
    return replace(last, end=item.end, times=last.times + 1, score=agreed, doubt=last.doubt and item.doubt)


def _unbroken(last: Item, item: Item) -> Item | None:
    """Free speech without a pause between is one item."""
    if not last.kind == item.kind == "free" or item.start - last.end >= TOUCHING_S:
        return None
    return replace(last, pinyin=f"{last.pinyin} {item.pinyin}", end=item.end)


def _spread(names: list[str], word: Word, sure: float = 0.0) -> list[_Syllable]:
    """The syllables of a word in equal shares of its duration."""
    step = (word.end - word.start) / max(len(names), 1)
    return [_Syllable(n, word.start + k * step, word.start + (k + 1) * step, sure) for k, n in enumerate(names)]


def rejected(item: Item, free: FreeSearch | None) -> Item:
    """A phrase that does not count where it stands: free speech, as it was heard without phrases."""
    heard = _heard_freely(free, item.start, item.end) if free is not None else []
    return replace(item.as_free(), pinyin=" ".join(s.name for s in heard)) if heard else item.as_free()


def _heard_freely(free: FreeSearch, start: float, end: float) -> list[_Syllable]:
    """What an interval sounds like without phrases."""
    heard = _syllables(free(start - AROUND_S, end + AROUND_S))
    return [s for s in heard if start <= (s.start + s.end) / 2 < end]


def _syllables(hypothesis: Hypothesis) -> list[_Syllable]:
    return [_Syllable(w.symbol[1:], w.start, w.end) for w in hypothesis.words if w.symbol.startswith(FILLER)]


def _pinyin(text: str) -> list[str]:
    from pypinyin import lazy_pinyin

    return [s for s in lazy_pinyin(text) if split_syllable(s) is not None]


def _code(row: Sequence[str]) -> str:
    """Two characters per syllable, so that rapidfuzz compares initials and finals."""
    out = []
    for s in row:
        phones = split_syllable(s) or ("?", "?")
        initial, final = phones if len(phones) == 2 else ("", phones[0])
        out.append(chr(0x100 + _number(initial)) + chr(0x200 + _number(final)))
    return "".join(out)


def _number(phone: str) -> int:
    """A small stable integer for a phone."""
    return int(sum(ord(c) * 31**i for i, c in enumerate(phone)) % 251)
