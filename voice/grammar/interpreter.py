"""From hypothesis to message: pinyin in, meaning out. Pure; independent of the model type.

``item_search`` turns words into items (call signs, phrases, places, free speech), ``item_figures`` finds figures in the
free speech, ``turns`` separates overs received as one, ``acts`` matches templates over items, ``naming`` and ``roles``
determine who speaks to whom.
"""

from __future__ import annotations

import math
from dataclasses import replace

from voice.grammar.acts import ActSearch
from voice.grammar.clause import PAUSE_S, content, free_before, syllables
from voice.grammar.evidence import NONE, Evidence, FreeSearch
from voice.grammar.item_figures import ItemFigures
from voice.grammar.item_search import MIN_NEAR_SYLLABLES, ItemSearch, rejected
from voice.grammar.lexicon import Entry, Lexicon, plain
from voice.grammar.meanings import ANSWERS
from voice.grammar.message import Act, Item, Message, by_syllable
from voice.grammar.mood import reported
from voice.grammar.naming import SENTENCE, amid_talk, leads_on, names_in
from voice.grammar.roles import Roles, introduced, roles_of, spoken_units
from voice.grammar.turns import Turns
from voice.mandarin.distance import phrase_distance
from voice.speech.hypothesis import Hypothesis

SHORT_SYLLABLES = 3
"""Phrases of at most this many syllables occur in unrelated speech by chance."""

PLAIN_ANSWERS = ("ack", "normal", "not_found", "present")
"""Meanings of short phrases that are no answer in the midst of other talk. Alarms are heard anywhere."""

MOVING = ("on_the_way", "arrived")
"""Meanings of short phrases that must be sure behind other talk: 摔倒了 ends like 快到了. Among the others 收到了
must, too, which sounds like it (``FALL``)."""

FALL, LIKE_A_FALL = ("shuai", "dao", "le"), 0.2
"""摔倒了, and the largest phrase distance of what sounds like it."""

TALK = 3
"""Syllables that are such talk; 我们快到了 has less before it."""

PREAMBLE = 6
"""Syllables behind which a call sign is no longer who begins: 你好我是 is fewer."""

LONG_TALK = 8
"""Syllables of free speech beside which an unsure answer is doubtful, too."""

ALARM = 0.6
"""Confidence from which an alarm counts in such a sentence."""

REPORTING = frozenset({"situation", "report", "call_in", "arrived", "on_the_way", "proxy", "relay"})
"""What a unit may tell us at any time, calling us by our call sign."""

ANSWERING_US = REPORTING | {*ANSWERS, "say_again", "negative", "stand_by"}
"""… and while it is awaited."""


class Interpreter:
    """Interprets the overs of one net."""

    def __init__(self, lexicon: Lexicon, threshold: float = 0.5, idle_threshold: float = 0.0) -> None:
        self.lexicon = lexicon
        self.idle_threshold = idle_threshold
        self._items = ItemSearch(lexicon, threshold)
        self._figures = ItemFigures(lexicon)
        self._turns = Turns(lexicon)
        self._acts = ActSearch(lexicon)
        own = {w for t in lexicon.templates if not t.awaited and "{unit}" not in t.pieces for w in t.words}
        self._signed = {w for t in lexicon.templates if not t.awaited for w in t.words} - own
        self._awaited = frozenset(w for t in lexicon.templates if t.awaited for w in t.words) - own
        elsewhere = {w for t in lexicon.templates if not t.alone for w in t.words}
        self._alone = frozenset(w for t in lexicon.templates if t.alone for w in t.words) - elsewhere
        self._shortened = frozenset(e.text for e in lexicon.entries if e.short)
        answers = lexicon.phrases(*PLAIN_ANSWERS)
        self._said_shortly = {
            e.key for e in lexicon.entries if e.key in answers and e.syllables <= SHORT_SYLLABLES
        }  # fmt: skip
        moving = lexicon.phrases(*MOVING)
        self._moving_shortly = {e.key for e in lexicon.entries if e.key in moving and e.syllables <= SHORT_SYLLABLES}
        self._moving_shortly |= {e.key for e in lexicon.entries if e.key in self._said_shortly and _like_a_fall(e)}
        self._introducing = lexicon.phrases("this_is")
        self._asking, self._acks = lexicon.phrases("ask"), lexicon.phrases("ack")
        self._alarms = lexicon.phrases("situation")
        self._everybody = lexicon.phrases("all_units")

    def interpret(
        self,
        hypothesis: Hypothesis,
        audio: Evidence = NONE,
        expecting: bool = True,
        addressed: bool = False,
        awaiting: bool = True,
    ) -> Message:
        """Interpret one over. ``expecting``: a unit was called and has not answered yet. ``addressed``: speech to us
        without our call sign. ``awaiting``: an answer is due now, so the shortest words count."""
        free = audio.free
        items = self._items.items(hypothesis.words, audio)
        if audio.figures is not None:
            items = self._figures.corrected(items, audio.figures)
        if addressed:
            return self._message(items, True)
        items = [rejected(i, free) if self._out_of_place(items, k, awaiting) else i for k, i in enumerate(items)]
        items = self._marked(items, expecting) if expecting else self._doubted(items, free)
        items = self._addressing(items, awaiting)
        rows = self._turns.separated(items)
        if len(rows) == 1:
            return self._message(items, awaiting=awaiting)
        parts = tuple(self._message(row, awaiting=awaiting) for row in rows)
        whole = self._message([i for i in items if i.kind != "assistant"], awaiting=awaiting)
        return replace(whole, items=tuple(items), parts=parts, jumbled=False)

    def _addressing(self, items: list[Item], awaiting: bool) -> list[Item]:
        """Our call sign begins an order. In a sentence it is only mentioned, and a unit that answers may call us by it
        as it calls net control."""
        at = next((k for k, i in enumerate(items) if i.kind == "assistant"), None)
        if at is None:
            return items
        spoken = free_before(items, at)
        if len(spoken) > 1 or spoken[-1:] == ("gen",):
            return [i.as_free() if k == at else i for k, i in enumerate(items)]
        split = by_syllable(items[at:])
        if self._acts.found(split, True):
            return items
        told = {a.meaning for a in reported(self._acts.found(split, False, awaiting), split)}
        if told & (ANSWERING_US if awaiting else REPORTING):
            return [replace(i, kind="control", key="control") if k == at else i for k, i in enumerate(items)]
        return items

    def _out_of_place(self, items: list[Item], k: int, awaiting: bool) -> bool:
        """Words that count in some places only: 这里是 beside a call sign, the words of ``awaited`` sentences while
        somebody is awaited and not in the midst of other talk, those of ``alone`` ones where nothing unknown is said
        either, short answers not in the midst of talk without any call sign, short words of who comes not behind
        other talk unless they are sure."""
        item = items[k]
        if item.key in self._alone and item.kind == "phrase" and _with_unknown(items):
            return True
        if item.kind == "phrase" and item.key in self._introducing:
            beside = items[max(0, k - 1) : k] + items[k + 1 : k + 2]
            return not any(i.kind in ("unit", "control") for i in beside)
        moving = item.kind == "phrase" and item.key in self._moving_shortly and item.score < self.idle_threshold
        if moving and (len(free_before(items, k)) >= TALK or self._told(items, k)):
            return True
        if self._needs_a_question(items, k):
            return not awaiting or amid_talk(items, k) or leads_on(items, k)
        short = item.kind == "phrase" and item.key in self._said_shortly
        return short and amid_talk(items, k) and not any(i.kind in ("unit", "control") for i in items)

    def _told(self, items: list[Item], k: int) -> bool:
        """有一个老人 摔倒了: directly behind what a report tells."""
        return k > 0 and items[k - 1].key in self._alarms and items[k].start - items[k - 1].end < PAUSE_S

    def _needs_a_question(self, items: list[Item], k: int) -> bool:
        """Phrases of ``awaited`` sentences, unless a call sign makes another sentence of them (明理路巡防队到了), and
        two-syllable short call signs, unless said twice, or nothing else is said, or behind 我是 or net control's
        (派出所派出所,安和呼叫), or apart or before a question where an over begins (贾岗,过来一趟;
        贾岗几个人在岗,收到请回答), or apart where one ends that is said to somebody (你说呢,贾岗)."""
        item, before = items[k], items[k - 1] if k else None
        if item.kind == "unit":
            short = item.text in self._shortened and len(item.pinyin.split()) < MIN_NEAR_SYLLABLES
            behind = items[k + 1] if k == 0 and len(items) > 1 else None
            asked = any(i.kind == "phrase" and i.key in self._asking for i in items)
            apart = behind is not None and (
                (asked and behind.kind == "free")  # not 贾岗正常,丹尼斯,是否正常
                or behind.start - item.end >= PAUSE_S
            )
            last = k == len(items) - 1 and before is not None and item.start - before.end >= PAUSE_S
            apart = apart or (last and "ni" in syllables(items[:k])[-SENTENCE:])
            sure = item.times > 1 or apart or len(items) == 1 or introduced(items, k, self._introducing)
            return short and not sure and not (before is not None and before.kind == "control")
        signed = item.key in self._signed and before is not None and before.kind == "unit"
        return item.kind == "phrase" and item.key in self._awaited and not signed

    def _doubted(self, items: list[Item], free: FreeSearch | None) -> list[Item]:
        """No answer expected: short phrases alone need ``idle_threshold`` to count, and so does what stands in a
        sentence that names nobody first: there it is mostly something else that sounds alike. An alarm is heard
        there too, unless it was found with a difference (刚才有个老人问路)."""
        known = [i for i in items if i.kind != "free"]
        alone = all(i.kind in ("phrase", "place") and len(i.pinyin.split()) <= SHORT_SYLLABLES for i in known)
        if not alone and _talk_to_nobody(items) < SENTENCE:
            return self._marked(items)
        least = {k: ALARM if k in self._alarms and not alone else self.idle_threshold for k in {i.key for i in known}}
        return self._marked([rejected(i, free) if i.kind != "free" and i.score < least[i.key] else i for i in items])

    def _marked(self, items: list[Item], expecting: bool = False) -> list[Item]:
        """What is not sure is doubtful where nothing else speaks for it: in LONG_TALK that names nobody first; and
        while no answer is expected, if all that is known of an over was said once and is not sure together. What is
        doubtful by itself speaks for nothing else."""
        known = [i for i in items if i.kind != "free" and not i.doubt]
        together = 1 - math.prod(1 - i.score for i in known)
        sure = any(i.times > 1 or i.kind == "assistant" for i in known) or together >= self.idle_threshold
        if (expecting or sure) and _talk_to_nobody(items) < LONG_TALK:
            return items
        return [replace(i, doubt=True) if i.kind != "free" and i.score < self.idle_threshold else i for i in items]

    def _message(self, items: list[Item], addressed: bool = False, awaiting: bool = True) -> Message:
        if not items:
            return Message((), ())
        own = next((i for i in items if i.kind == "assistant"), None)
        split = by_syllable(items)
        acts = self._acts.found(split, bool(own) or addressed, awaiting)
        if own or addressed:
            sure = [a.score for a in acts] + ([own.score] if own else [])
            confidence = round(min(sure), 3) if sure else 0.0
            return Message(
                tuple(items), acts, speaker="control", addressed=True, confidence=confidence,
                figures=self._figures.said(items),
            )  # fmt: skip
        acts = reported(acts, split)
        names = names_in(items, self._introducing, self._asking, self._acks | self._signed)
        spoken = spoken_units(names)
        units = [i for i in items if i.kind == "unit" and i.key in spoken]
        to_all = any(a.meaning == "all_units" for a in acts)
        jumbled = self._turns.jumbled(items, spoken)
        roles = Roles(callees=spoken) if jumbled else roles_of(items, acts, names, self._introducing)
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
            presumed=roles.presumed,
            weak=roles.unsure and all(i.text in self._shortened for i in units),
            jumbled=jumbled,
            everybody=any(i.key in self._everybody for i in items),
            figures=self._figures.said(items),
            confidence=round(min(scores), 3) if scores and known else 0.0,
        )


def _talk_to_nobody(items: list[Item]) -> int:
    """Syllables of free speech in an over; 0 if it names somebody first."""
    first = next((k for k, i in enumerate(items) if i.kind in ("unit", "control", "assistant")), None)
    if first is not None and len(free_before(items, first)) < PREAMBLE:
        return 0
    return sum(len(content(i.pinyin)) for i in items if i.kind == "free")


def _with_unknown(items: list[Item]) -> bool:
    """注意安全: whether there is free speech, hesitations apart."""
    return any(i.kind == "free" and content(i.pinyin) for i in items)


def _like_a_fall(entry: Entry) -> bool:
    """Whether an entry sounds like 摔倒了."""
    return any(phrase_distance([p[0] for p in plain(r)], FALL) <= LIKE_A_FALL for r in entry.readings)
