"""From hypothesis to message: pinyin in, meaning out. Pure; independent of the model type.

Words of our own graph are entries or filler syllables; words of a stock model are Chinese text. Both become syllable
sequences. Sequences not covered by an entry are searched for similar-sounding entries (``distance.phrase_distance``);
then units, phrases and templates determine who speaks to whom.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from rapidfuzz import fuzz, process

from voice.grammar.lexicon import FILLER, NOISE, Entry, Lexicon, plain
from voice.grammar.message import Act, Item, Message
from voice.grammar.naming import PAUSE_S, content, names_in
from voice.grammar.roles import Roles, roles_of, spoken_units
from voice.grammar.spoken_figures import Spoken
from voice.grammar.templates import Template
from voice.mandarin.distance import phrase_distance, syllable_distance
from voice.mandarin.figures import figures
from voice.mandarin.phones import split_syllable
from voice.speech.hypothesis import Hypothesis, Word

NEAR = 0.18
"""Largest phrase distance at which free syllables still match an entry (≥ 3 syllables)."""

MIN_NEAR_SYLLABLES = 3
BESIDE_S = 0.2
"""Margin around free speech in the search for figures: a phrase may have absorbed their first sound."""

TOUCHING_S = 0.1
"""Free syllables whose midpoint is this close to a figure belong to it and were misrecognised."""

REPEAT_GAP_S = 1.5
"""The same call sign repeated within this pause is one call, said twice."""

SHORT_SYLLABLES = 3
"""Phrases of at most this many syllables occur in unrelated speech by chance."""

ANSWERING = ("ack", "normal", "not_found", "situation", "on_the_way", "arrived", "present")
"""Meanings of a phrase that answers a call."""

SYLLABLE_SCORE = 0.5
"""Answers of one syllable (到, 在, 行): too short to verify, so a person is asked to listen."""

DENIED = ("situation", "arrived", "on_the_way", "present", "normal")
ASKED = ("situation", "arrived", "on_the_way", "present")
"""Meanings that directly following 没有 or 吗 turns into a question."""

NOT = (["mei"], ["wei"], ["bu"], ["mei", "you"])
"""没, 未, 不: negate a phrase with these meanings that they directly precede, unless the grammar has the
combination."""

Score = Callable[[Entry, float, float], float]
"""(entry, start, end) → 0..1."""

Free = Callable[[float, float], Hypothesis]
"""(start, end) → this interval recognised without phrases: filler syllables only."""


@dataclass(frozen=True, slots=True)
class _Syllable:
    name: str
    start: float
    end: float
    sure: float = 0.0
    """The recogniser's confidence for text syllables; 0 for filler syllables."""


class Interpreter:
    """Interprets the overs of one net."""

    def __init__(self, lexicon: Lexicon, threshold: float = 0.5, idle_threshold: float = 0.0) -> None:
        self.lexicon = lexicon
        self.threshold = threshold
        self.idle_threshold = idle_threshold
        self._by_symbol = lexicon.by_symbol()
        self._rows = [(e, tuple(p[0] for p in plain(r))) for e in lexicon.spoken for r in e.readings]
        self._digits = lexicon.digits
        self._short = {
            e.text: plain(e.readings[0])[0][0] for e in lexicon.entries if e.kind == "phrase" and e.syllables == 1
        }
        self._codes = [_code(row) for _, row in self._rows]
        own = {w for t in lexicon.templates if not t.awaited for w in t.words}
        self._awaited = frozenset(w for t in lexicon.templates for w in t.words) - own
        self._shortened = frozenset(e.text for e in lexicon.entries if e.short)
        self._heads = _heads(lexicon)
        self._measuring = {w for t in lexicon.templates if t.meaning == "time_is" for w in t.words}
        """频道, 现在时间: what stands before its figure."""
        self._introducing = _phrases(lexicon, ("this_is",))
        self._answering = _phrases(lexicon, ANSWERING)
        self._acks = _phrases(lexicon, ("ack",))
        self._own_words = _phrases(lexicon, ("own_words",))
        self._asks = _phrases(lexicon, ("ask",))
        self._reports = _phrases(lexicon, ("situation",))
        self._to_all = _phrases(lexicon, ("all_units",))
        self._carrying = _phrases(lexicon, ("proxy", "relay", "call_in", "report"))
        self._templates = sorted(lexicon.templates, key=lambda t: (-len(t.pieces), -sum(map(len, t.pieces))))

    def interpret(
        self, hypothesis: Hypothesis, score: Score | None = None, free: Free | None = None, expecting: bool = True,
        addressed: bool = False, awaiting: bool = True, spoken: Spoken | None = None,
    ) -> Message:  # fmt: skip
        """Interpret one over. ``score`` verifies a graph word against the audio; without it the recogniser's
        confidence is used. ``free`` returns what a rejected word sounded like. ``expecting``: a unit was called and
        has not answered yet. ``addressed``: speech to us without our call sign. ``awaiting``: an answer is due now,
        so the shortest words count. ``spoken`` searches for figures in free speech."""
        items = _merge(self._items(hypothesis.words, score, free))
        if spoken is not None:
            items = [self._with_figures(items, k, spoken) if i.kind == "free" else i for k, i in enumerate(items)]
        if addressed:
            return self._message(items, True)
        if not awaiting:
            items = [_as_free(i) if self._needs_a_question(i) else i for i in items]
        if not expecting:
            items = self._doubted(items)
        rows = self._overs(items)
        if len(rows) == 1:
            return self._message(items, awaiting=awaiting)
        parts = tuple(self._message(row, awaiting=awaiting) for row in rows)
        whole = self._message([i for i in items if i.kind != "assistant"], awaiting=awaiting)
        return replace(whole, items=tuple(items), parts=parts, jumbled=False)

    def _needs_a_question(self, item: Item) -> bool:
        """Phrases of ``awaited`` sentences, and two-syllable short call signs."""
        if item.kind == "unit":
            return item.text in self._shortened and len(item.pinyin.split()) < MIN_NEAR_SYLLABLES
        return item.kind == "phrase" and item.key in self._awaited

    def _doubted(self, items: list[Item]) -> list[Item]:
        """No answer expected: short phrases alone need a confidence above ``threshold`` to count."""
        known = [i for i in items if i.kind != "free"]
        if any(i.kind not in ("phrase", "place") or len(i.pinyin.split()) > SHORT_SYLLABLES for i in known):
            return items
        return [i if i.kind == "free" or i.score >= self.idle_threshold else _as_free(i) for i in items]

    # -- items ---------------------------------------------------------------------------------

    def _items(self, words: Sequence[Word], score: Score | None, free: Free | None) -> list[Item]:
        items: list[Item] = []
        row: list[_Syllable] = []

        def flush() -> None:
            items.extend(self._search(row))
            row.clear()

        for w in words:
            entry = self._by_symbol.get(w.symbol)
            if entry is not None:
                item = self._believed(entry, w, score)
                said = [p[0] for p in plain(entry.readings[0])]
                if item is not None:
                    flush()
                    items.append(item)
                    said = said[len(item.pinyin.split()) :]
                tail = w if item is None else replace(w, start=item.end)
                if said and free is not None:
                    heard = _syllables(free(tail.start, tail.end))
                    row += [s for s in heard if tail.start <= (s.start + s.end) / 2 < tail.end]
                elif said:
                    row += _spread(said, tail)
            elif w.symbol == NOISE:
                flush()
            elif w.symbol.startswith(FILLER):
                row.append(_Syllable(w.symbol[1:], w.start, w.end))
            elif w.symbol != "[unk]":
                row += _spread(_pinyin(w.symbol), w, w.confidence)
        flush()
        return items

    def _believed(self, entry: Entry, word: Word, score: Score | None) -> Item | None:
        """What the verifier accepts of a word: the entry, or a shorter phrase of the same meaning at its start.
        收到了 whose 了 was the tail of the carrier is still 收到."""
        for e, share in ((entry, 1.0), *self._heads.get(entry.symbol, ())):
            end = word.start + share * (word.end - word.start)
            sure = score(e, word.start, end) if score else word.confidence
            if sure >= self.threshold:
                return Item(e.kind, e.key, e.text, e.pinyin, word.start, end, sure)
        return None

    def _search(self, free: Sequence[_Syllable]) -> list[Item]:
        """Entries found in a sequence of syllables, best first; the rest is free speech."""
        if not free:
            return []
        row = [s.name for s in free]
        best: tuple[float, int, int, Entry] | None = None
        shortest = 2 if any(s.sure for s in free) else MIN_NEAR_SYLLABLES
        if len(row) >= shortest:
            code = _code(row)
            found = process.extract(code, self._codes, scorer=fuzz.partial_ratio, score_cutoff=60, limit=24)
            for _, _, index in found:
                entry, want = self._rows[index]
                n = len(want)
                if n < shortest:
                    continue
                grave = entry.kind == "phrase" and (entry.key in self._to_all or (n < 4 and entry.key in self._reports))
                near = 0.0 if n < MIN_NEAR_SYLLABLES or grave else NEAR  # never a call to all or an alarm
                for length in (n, n - 1, n + 1) if near else (n,):
                    for a in range(len(row) - length + 1):
                        d = phrase_distance(row[a : a + length], want)
                        if d <= near and (best is None or (d, -n) < (best[0], -(best[2] - best[1]))):
                            best = (d, a, a + length, entry)
        if best is None:
            names = " ".join(row)
            return [Item("free", "", "", names, free[0].start, free[-1].end, 0.0)]
        d, a, b, entry = best
        # Not from the graph: confidence decreases with distance.
        sure = min(s.sure for s in free[a:b]) or 0.8
        found_item = Item(
            entry.kind, entry.key, entry.text, entry.pinyin, free[a].start, free[b - 1].end, max(0.0, sure - 2.0 * d)
        )
        return [*self._search(free[:a]), found_item, *self._search(free[b:])]

    def _with_figures(self, items: list[Item], at: int, spoken: Spoken) -> Item:
        """Free speech with the syllables of spoken figures corrected. 频道 before its number may be a phrase."""
        item = items[at]
        before = items[at - 1] if at else None
        lead = before if before is not None and before.key in self._measuring else None
        begin = lead.start if lead else (before.end if before else item.start) - BESIDE_S
        end = items[at + 1].start if at + 1 < len(items) else item.end + BESIDE_S
        row = _split(item)
        for figure in spoken(begin, end):
            said = figure.syllables
            if lead is not None and figure.start < lead.end:
                said = said[len(lead.pinyin.split()) :]
            step = (figure.end - figure.start) / max(len(said), 1)
            heard = [
                replace(item, pinyin=s, start=figure.start + k * step, end=figure.start + (k + 1) * step)
                for k, s in enumerate(said)
            ]
            first = [i for i in row if i.start + i.end < 2 * (figure.start - TOUCHING_S)]
            after = [i for i in row if i.start + i.end > 2 * (figure.end + TOUCHING_S)]
            while first and first[-1].pinyin in self._digits:  # an adjacent digit would belong to it
                first.pop()
            while after and after[0].pinyin in self._digits:
                after.pop(0)
            row = [*first, *heard, *after]
        return replace(item, pinyin=" ".join(i.pinyin for i in row))

    # -- message -------------------------------------------------------------------------------

    def _overs(self, items: list[Item]) -> list[list[Item]]:
        """Overs without a gap are received as one: an order after an answer, or two answers. A unit answering after
        another's answer begins an over of its own; so does anyone addressing us."""
        cuts = [0]
        own = next((k for k, i in enumerate(items) if k and i.kind == "assistant"), None)
        end = len(items) if own is None else own
        if not any(i.kind == "phrase" and i.key in self._asks for i in items[:end]):
            for k in range(1, end - 1):
                before, follows = items[cuts[-1] : k], items[k + 1]
                signs = [i for i in before if i.kind == "unit"]
                if (
                    items[k].kind == "unit" and self._replies(follows)
                    and any(self._replies(i) for i in before)
                    and not any(i.kind == "phrase" and i.key in self._carrying for i in items[:end])
                    and (any(i.key != items[k].key for i in signs) if signs
                         else items[k].start - before[-1].end >= PAUSE_S)
                ):  # fmt: skip
                    cuts.append(k)
        if own is not None:
            if any(i.kind == "unit" or self._replies(i) for i in items[cuts[-1] : own]):
                cuts.append(own)
            else:
                cuts = [0]
        cuts += self._behind_an_order(items)
        return [items[a:b] for a, b in zip(cuts, [*cuts[1:], len(items)], strict=True)]

    def _behind_an_order(self, items: list[Item]) -> list[int]:
        """Where a unit's answer begins after an order to us."""
        named = next((k for k, i in enumerate(items) if i.kind == "assistant"), None)
        if named is None or named + 2 >= len(items) or items[named + 1].kind == "free":
            return []
        if items[named + 1].key in self._own_words:  # everything after it is to be passed on
            return []
        answer = next((k for k in range(named + 2, len(items)) if self._replies(items[k])), None)
        if answer is None:
            return []
        return [answer - 1 if items[answer - 1].kind == "unit" and answer - 1 > named + 1 else answer]

    def _replies(self, item: Item) -> bool:
        """A phrase that is an answer by itself."""
        return item.kind == "phrase" and item.key in self._answering

    def _message(self, items: list[Item], addressed: bool = False, awaiting: bool = True) -> Message:
        if not items:
            return Message((), ())
        own = next((i for i in items if i.kind == "assistant"), None)
        split = [part for i in items for part in _split(i)]
        acts = self._match(split, bool(own) or addressed, awaiting)
        if own or addressed:
            sure = [a.score for a in acts] + ([own.score] if own else [])
            confidence = round(min(sure), 3) if sure else 0.0
            return Message(
                tuple(items), acts, speaker="control", addressed=True, confidence=confidence,
                figures=self._figures(items),
            )  # fmt: skip
        acts = tuple(a for a in acts if not _denied(a, split) and not _told(a, split))
        acts = _questions(acts, split)
        names = names_in(items, self._introducing)
        spoken = spoken_units(names)
        units = [i for i in items if i.kind == "unit" and i.key in spoken]
        to_all = any(a.meaning == "all_units" for a in acts)
        jumbled = self._jumbled(items, spoken)
        roles = Roles(callees=spoken) if jumbled else roles_of(items, acts, names)
        if roles.calls_in is not None:
            acts = (*acts, Act("call_in", "unit", roles.calls_in, {"unit": roles.caller} if roles.caller else {}))
        scores = [u.score for u in units] + [a.score for a in acts]
        if not units and not acts:
            scores = [i.score for i in items if i.kind != "free"]
        known = bool(units or acts or to_all)
        return Message(
            tuple(items),
            acts,
            roles.callees,
            roles.caller,
            roles.on_behalf_of,
            to_all,
            roles.speaker,
            names,
            roles.unsure,
            weak=roles.unsure and all(i.text in self._shortened for i in units),
            jumbled=jumbled,
            figures=self._figures(items),
            confidence=round(min(scores), 3) if scores and known else 0.0,
        )

    def _jumbled(self, items: Sequence[Item], spoken: Sequence[str]) -> bool:
        """A question followed by an answer not asked for in the same words: at least two stations."""
        if not spoken:
            return False
        asked = next((k for k, i in enumerate(items) if i.kind == "phrase" and i.key in self._asks), None)
        if asked is None:
            return False
        return any(
            self._replies(i) and (i.key not in self._acks or i.start - items[k - 1].end >= PAUSE_S)
            for k, i in enumerate(items)
            if k > asked
        )

    def _figures(self, items: list[Item]) -> tuple[str, ...]:
        """Figures and places in the free speech."""
        found: list[str] = []
        row: list[str] = []
        for i in [*items, None]:
            if i is not None and (i.kind == "free" or i.key in self._measuring):
                row += [s.rstrip("12345") for s in i.pinyin.split()]
                continue
            found += figures(row, self._digits)
            row = []
            if i is not None and i.kind == "place":
                found.append(i.text)
        return tuple(dict.fromkeys(found))

    def _match(self, items: list[Item], addressed: bool, awaiting: bool = True) -> tuple[Act, ...]:
        """Templates matched over the sequence of items, longest first; each item is used once. Speech to us has
        templates of its own."""
        used: set[int] = set()
        found: list[tuple[int, Act]] = []
        for template in (t for t in self._templates if (t.speaker == "assistant") == addressed):
            if template.meaning == "this_is" or (template.awaited and not awaiting):
                continue
            syllable = template.pieces[-1] in self._short
            if syllable and len(template.pieces) == 1 and not _alone(items):
                continue
            for at in range(len(items)):
                hit = self._match_at(items, at, template, used)
                if hit is None:
                    continue
                end, slots, score = hit
                if syllable and template.awaited:  # 贾岗社区,到: nothing follows
                    if end < len(items):
                        continue
                    score = min(score, SYLLABLE_SCORE)
                if any(not p.startswith("{") for p in template.pieces):
                    used.update(range(at, end))
                found.append((at, Act(template.meaning, template.speaker, score, slots, at)))
        found.sort(key=lambda f: f[0])
        unique: dict[str, Act] = {}
        for _, act in found:
            if act.meaning not in unique or act.score > unique[act.meaning].score:
                unique[act.meaning] = act
        return tuple(unique.values())

    def _match_at(
        self, items: list[Item], at: int, template: Template, used: set[int]
    ) -> tuple[int, dict[str, str], float] | None:
        """(next index, slots, score) of ``template`` at item ``at``."""
        slots: dict[str, str] = {}
        score = 1.0
        k = at
        for piece in template.pieces:
            if k >= len(items) or (k in used and items[k].kind in ("phrase", "free")):
                return None
            item = items[k]
            if piece in ("{number}", "{time}"):
                digits = ""
                while k < len(items) and items[k].kind == "free" and items[k].pinyin in self._digits:
                    digits += self._digits[items[k].pinyin]
                    k += 1
                if not digits:
                    return None
                slots[piece[1:-1]] = digits
                continue
            if item.kind == "free":
                if not self._is_syllable(piece, item.pinyin):
                    return None
            else:
                if piece == "{unit}" and item.kind == "unit":
                    slots["unit2" if "unit" in slots else "unit"] = item.key
                elif not (
                    (piece == "{control}" and item.kind == "control") or (item.kind == "phrase" and item.key == piece)
                ):
                    return None
                score = min(score, item.score)
            k += 1
        return k, slots, score

    def _is_syllable(self, piece: str, heard: str) -> bool:
        """Whether ``piece`` is a one-syllable word that sounds like ``heard``."""
        want = self._short.get(piece)
        return want is not None and syllable_distance(want, heard) <= NEAR


def _phrases(lexicon: Lexicon, meanings: Sequence[str]) -> frozenset[str]:
    """Phrases with only these meanings."""
    return frozenset(t.pieces[0] for t in lexicon.templates if t.meaning in meanings and len(t.pieces) == 1)


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


def _denied(act: Act, items: Sequence[Item]) -> bool:
    """没 发现情况: a phrase negated by the preceding word."""
    if act.meaning not in DENIED or not act.at or items[act.at].start - items[act.at - 1].end >= PAUSE_S:
        return False
    before = _said(items[max(0, act.at - 2) : act.at])
    return any(before[-len(w) :] == w for w in NOT)


def _questions(acts: tuple[Act, ...], items: Sequence[Item]) -> tuple[Act, ...]:
    """有情况没有, 到了没有, 有没有情况: a question from net control, not a report. With 吗 (人抓住了吗) it is not a
    report either, but a short noise may be mistaken for 吗: the speaker is decided by who is awaited."""
    out: list[Act] = []
    for act in acts:
        at = act.at + (items[act.at].kind == "unit")  # {unit}到了
        behind = _said(items[at + 1 : at + 3])
        close = at + 1 < len(items) and items[at + 1].start - items[at].end < PAUSE_S
        last = at + 2 + (behind[:2] == ["mei", "you"] and items[at + 1].kind == "free") >= len(items)
        before = _said(items[max(0, act.at - 1) : act.at])
        if act.meaning in ASKED and close and last and behind in (["mei", "you"], ["mei"]):
            return (*out, Act("ask", "control", act.score, at=act.at))
        if act.meaning in ASKED and close and last and behind == ["ma"]:
            continue
        if act.meaning in ("normal", "not_found") and before[-1:] == ["you"] and _said([items[act.at]])[0] == "mei":
            return (*out, Act("ask", "control", act.score, at=act.at))
        out.append(act)
    return tuple(out)


def _said(items: Sequence[Item]) -> list[str]:
    """Toneless syllables."""
    return [s.rstrip("12345") for i in items for s in i.pinyin.split()]


def _told(act: Act, items: Sequence[Item]) -> bool:
    """我跟各社区说了: units mentioned, not addressed."""
    return (
        act.meaning == "all_units"
        and "注意" not in items[act.at].key
        and any(i.kind == "free" and content(i.pinyin) for i in items[: act.at][-2:])
    )


def _as_free(item: Item) -> Item:
    """A rejected phrase, treated as free speech."""
    row = " ".join(s.rstrip("12345") for s in item.pinyin.split())
    return Item("free", "", "", " ".join([row] * item.times), item.start, item.end, 0.0)


def _alone(items: Sequence[Item]) -> bool:
    """One syllable, said once or twice, and nothing else."""
    said = [s for i in items for s in content(i.pinyin)]
    return all(i.kind == "free" for i in items) and 0 < len(said) <= 2 and len(set(said)) == 1


def _merge(items: list[Item]) -> list[Item]:
    """A call sign or phrase repeated at once becomes one item, said twice, with higher confidence."""
    out: list[Item] = []
    for item in items:
        last = out[-1] if out else None
        if (
            last is not None
            and item.kind in ("unit", "control", "assistant", "phrase", "place")
            and (item.kind, item.key) == (last.kind, last.key)
            and item.start - last.end <= REPEAT_GAP_S
        ):
            agreed = 1 - (1 - item.score) * (1 - last.score)
            out[-1] = replace(last, end=item.end, times=last.times + 1, score=round(agreed, 4))
        else:
            out.append(item)
    return out


def _split(item: Item) -> list[Item]:
    """Free speech syllable by syllable: a template may require a digit or a one-syllable word."""
    if item.kind != "free":
        return [item]
    names = item.pinyin.split()
    step = (item.end - item.start) / max(len(names), 1)
    return [
        replace(item, pinyin=n, start=item.start + k * step, end=item.start + (k + 1) * step)
        for k, n in enumerate(names)
    ]


def _spread(names: list[str], word: Word, sure: float = 0.0) -> list[_Syllable]:
    """The syllables of a word in equal shares of its duration."""
    step = (word.end - word.start) / max(len(names), 1)
    return [_Syllable(n, word.start + k * step, word.start + (k + 1) * step, sure) for k, n in enumerate(names)]


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
