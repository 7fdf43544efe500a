"""Lexicon → decoding graph: ``HCLG.fst`` and ``words.txt`` for the stock Vosk wheel, arrays for our own search.

With context-independent phones the graph consists of two prefix trees of syllables, one for call signs and one for
phrases, between four hubs: nothing of the net said yet, just after a call sign, just after a phrase, and after
something else since. Each hub has arcs for silence and noise (non-Mandarin); the first and last also for the filler
(free Mandarin syllables). Each hub leads into the trees at its own cost: a phrase directly after a call sign is normal
on the radio, anything else is rarer. A phrase repeated at once, as is usual on the radio, has a copy after its leaf. A
syllable edge is a bundle of parallel pronunciations (alternative digits, accents) that rejoin, so alternatives do not
multiply the tree.

Syllables with the same initial share it. A phrase is charged its cost on its second syllable: on its last, hypotheses
of unspoken phrases would push the filler out of the beam and be recognised; at its root, a call sign after a phrase
would exceed the beam and never be started.
"""

from __future__ import annotations

import hashlib
import json
import math
import shutil
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from voice.grammar.fst import Fst
from voice.grammar.lexicon import FILLER, NOISE, Lexicon, pronunciations
from voice.grammar.search import FILE, graph_of
from voice.mandarin.accents import variants
from voice.mandarin.phones import GARBAGE, SILENCE, SYLLABLES, in_word, phone_set, split_syllable

GRAPH_VERSION = 13
"""Part of the cache key: increase it when the same input yields a different graph."""

_LOG2 = math.log(2)


@dataclass(frozen=True, slots=True)
class Costs:
    """Weights of the graph in natural log units.

    Chosen with the step ``costs`` of the recipe on its tuning speakers (table in docs/training-log.md). A cheaper
    filler means fewer false words before verification and more phrases heard beside free speech; from 4 on it takes
    what was said.
    """

    phrase: float = 5.0
    """Any call sign or phrase, charged once."""

    filler: float = 5.0
    """One filler syllable. Higher values favour phrases."""

    silence: float = 1.0

    noise: float = 7.0
    """A stretch of non-Mandarin of any length."""

    again: float = 7.0
    """Another call sign in the same over, in addition to its own cost."""

    then: float = 2.0
    """A phrase directly after a phrase; directly after a call sign it is free."""

    more: float = 3.0
    """A phrase after a call sign or a phrase with something else in between."""

    repeat: float = 5.0
    """Immediate repetition of the same phrase."""

    hold: int = 2
    """Minimum frames of 30 ms in the last state of a final: no one speaks faster."""


@dataclass(frozen=True, slots=True)
class CompiledGraph:
    """Files of one graph."""

    folder: Path
    """Holds ``HCLG.fst``, ``words.txt`` and ``phones/word_boundary.int``, and ``search.npz`` for our own search."""

    key: str
    """Content hash of everything that went in."""


Options = list[tuple[list[str], float]]
"""Pronunciations of one position: (positioned phones, cost)."""


class _Builder:
    def __init__(self, costs: Costs) -> None:
        phones = phone_set()
        self.costs = costs
        self.fst = Fst()
        self.phone_id = {p: i + 1 for i, p in enumerate(phones.symbols)}
        self.transition = {(p, s): k + 1 for k, (p, s, _) in enumerate(phones.states)}
        self.sizes = {p: len(phones.pdfs[phones.base(p)]) for p in phones.symbols}
        self.words = {"<eps>": 0, "[unk]": 1, NOISE: 2}
        self.fresh = self.hub()
        """Nothing was said yet."""
        self._tree: dict[tuple[int, tuple[str, ...]], int] = {}
        self._begun: dict[tuple[int, str, float], int] = {}

    def hub(self) -> int:
        """A state in which an over may pause or end."""
        state = self.fst.state()
        self.fst.final[state] = 0.0
        self.fst.arc(self.phone(state, SILENCE, 0, self.costs.silence), 0, 0, 0.0, state)
        self.fst.arc(self.phone(state, GARBAGE, self.word(NOISE), self.costs.noise), 0, 0, 0.0, state)
        return state

    def filler(self, hub: int) -> None:
        """Free syllables, from a hub back to it."""
        for s in SYLLABLES:
            phones = split_syllable(s)
            assert phones is not None
            end = self.syllable(hub, [(in_word(phones), 0.0)], self.word(FILLER + s), self.costs.filler)
            self.fst.arc(end, 0, 0, 0.0, hub)

    def phone(self, state: int, phone: str, olabel: int, weight: float) -> int:
        """Append one phone after ``state``; return the state after it.

        Arc order follows Kaldi's ``reorder=true``: first the exit of a state, its self-loop on the next.
        """
        pid = self.phone_id[phone]
        for k in range(self.sizes[phone]):
            tid = 2 * (self.transition[pid, k] - 1)
            after = self.fst.state()
            first = k == 0
            self.fst.arc(state, tid + 2, olabel if first else 0, _LOG2 + (weight if first else 0.0), after)
            if k > 0:  # the last state of a final
                for _ in range(self.costs.hold - 1):
                    held = self.fst.state()
                    self.fst.arc(after, tid + 1, 0, _LOG2, held)
                    after = held
            self.fst.arc(after, tid + 1, 0, _LOG2, after)
            state = after
        return state

    def word(self, symbol: str) -> int:
        """Id of an output word."""
        if symbol not in self.words:
            self.words[symbol] = len(self.words)
        return self.words[symbol]

    def begun(self, state: int, phone: str, weight: float) -> int:
        """State after an initial following ``state``, shared by all syllables with that initial and cost."""
        key = (state, phone, weight)
        if key not in self._begun:
            self._begun[key] = self.phone(state, phone, 0, weight)
        return self._begun[key]

    def syllable(self, state: int, options: Options, olabel: int, weight: float) -> int:
        """A bundle of pronunciations (positioned phones, cost) from ``state`` to one new state; the finals carry the
        label."""
        ends = []
        for phones, cost in options:
            at, due = state, weight + cost
            for p in phones[:-1]:
                at, due = self.begun(at, p, due), 0.0
            ends.append(self.phone(at, phones[-1], olabel, due))
        if len(ends) == 1:
            return ends[0]
        meet = self.fst.state()
        for e in ends:
            self.fst.arc(e, 0, 0, 0.0, meet)
        return meet

    def root(self, *entries: tuple[int, float]) -> int:
        """Root of a tree, entered from (hub, cost)."""
        state = self.fst.state()
        for hub, cost in entries:
            self.fst.arc(hub, 0, 0, cost, state)
        return state

    def reading(self, places: list[tuple[str, ...]], accent: str, word: int, root: int, said: int) -> None:
        """One path of the tree from ``root`` to the hub ``said``: shared up to the last final, which carries the
        word label. After it a second, unshared copy for the repetition."""
        last = len(places) - 1
        rows = [
            [
                (_positioned(phones, i == 0, i == last), c)
                for syllable in place
                for phones, c in variants(syllable, accent)
            ]
            for i, place in enumerate(places)
        ]
        due = [self.costs.phrase if i == min(1, last) else 0.0 for i in range(len(places))]
        state = root
        for place, options, weight in zip(places[:-1], rows[:-1], due[:-1], strict=True):
            node = (state, place)
            if node not in self._tree:
                self._tree[node] = self.syllable(state, options, 0, weight)
            state = self._tree[node]
        end = self.syllable(state, rows[-1], word, due[-1])
        self.fst.arc(end, 0, 0, 0.0, said)
        state = self.fst.state()
        self.fst.arc(end, 0, 0, self.costs.repeat, state)
        self.fst.arc(self.phone(end, SILENCE, 0, self.costs.silence + self.costs.repeat), 0, 0, 0.0, state)
        for i, options in enumerate(rows):
            state = self.syllable(state, options, word if i == last else 0, 0.0)
        self.fst.arc(state, 0, 0, 0.0, said)


def _positioned(phones: tuple[str, ...], first: bool, last: bool) -> list[str]:
    """Word positions of one syllable's phones inside a word."""
    if first and last:
        return in_word(phones)
    out = []
    for k, p in enumerate(phones):
        begin = first and k == 0
        end = last and k == len(phones) - 1
        out.append(f"{p}_{'B' if begin else 'E' if end else 'I'}")
    return out


def build_graph(lexicon: Lexicon | None, costs: Costs) -> tuple[Fst, list[str]]:
    """The graph and its word list; without a lexicon, only the filler."""
    b = _Builder(costs)
    b.filler(b.fresh)
    if lexicon is not None:
        called, spoke, talked = b.hub(), b.hub(), b.hub()
        b.filler(talked)
        for hub in (called, spoke):
            b.fst.arc(hub, 0, 0, 0.0, talked)
        again = [(hub, costs.again) for hub in (called, spoke, talked)]
        calls = b.root((b.fresh, 0.0), *again)
        phrases = b.root((b.fresh, 0.0), (called, 0.0), (spoke, costs.then), (talked, costs.more))
        for entry in lexicon.graph:
            word = b.word(entry.symbol)
            tree = (phrases, spoke) if entry.kind in ("phrase", "place", "talk") else (calls, called)
            for places in dict.fromkeys(tuple(pronunciations(r, lexicon.tones)) for r in entry.readings):
                b.reading(list(places), lexicon.accent, word, *tree)
    return b.fst, list(b.words)


def graph_key(lexicon: Lexicon | None, costs: Costs) -> str:
    """SHA-256 of everything that determines the graph."""
    entries = [[e.symbol, e.kind, e.readings] for e in lexicon.graph] if lexicon else None
    data = [GRAPH_VERSION, entries, (lexicon.accent, lexicon.tones) if lexicon else "", asdict(costs)]
    return hashlib.sha256(json.dumps(data, ensure_ascii=False).encode()).hexdigest()


def compile_graph(lexicon: Lexicon | None, costs: Costs, cache: Path) -> CompiledGraph:
    """Write the graph into ``cache/<key>`` unless it exists. Safe across processes."""
    key = graph_key(lexicon, costs)[:32]
    folder = cache / key
    if (folder / "HCLG.fst").is_file():
        return CompiledGraph(folder, key)
    fst, words = build_graph(lexicon, costs)
    cache.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix="graph-", dir=cache))
    (made / "phones").mkdir()
    fst.write(made / "HCLG.fst")
    graph_of(fst, words).write(made / FILE)
    listing = "".join(f"{w} {i}\n" for i, w in enumerate(words)) + f"#0 {len(words)}\n"
    (made / "words.txt").write_text(listing, "utf-8", newline="\n")
    names = {"B": "begin", "E": "end", "I": "internal", "S": "singleton"}
    names |= {SILENCE: "nonword", GARBAGE: "singleton"}
    lines = [f"{i} {names[s.split('_')[-1]]}\n" for i, s in enumerate(phone_set().symbols, 1)]
    (made / "phones" / "word_boundary.int").write_text("".join(lines), "utf-8", newline="\n")
    try:
        made.rename(folder)
    except OSError:  # another process was faster
        shutil.rmtree(made, ignore_errors=True)
        if not (folder / "HCLG.fst").is_file():
            raise
    return CompiledGraph(folder, key)
