"""What a person typed for an over: its meaning, and what follows from it."""

from __future__ import annotations

from voice.grammar.meanings import ANSWERS, REVIEWABLE
from voice.grammar.message import Message
from voice.journal.by_hand import correction, event_of
from voice.journal.store import Journal
from voice.mandarin.numerals import CannotBeRead
from voice.measure.simulate import PerfectEar
from voice.net.loading import Net
from voice.talk.by_hand import Corrected
from voice.talk.facts import Answered, CalledIn, NotUnderstood, Remarked


def meaning_in(net: Net, words: str) -> str:
    """Meaning of some words as the net understands them; empty if there is none that a person may choose."""
    try:
        return _meaning(PerfectEar(net).message(words))
    except CannotBeRead:
        return ""


def following(journal: Journal, net: Net, seq: int, said: str, by: str) -> Corrected | None:
    """The correction that follows from what was typed for what a unit said: the words have another meaning than event
    ``seq``, and name no other unit."""
    fact = event_of(journal, seq).fact()
    if not isinstance(fact, Answered | CalledIn | NotUnderstood | Remarked):
        return None
    try:
        heard = PerfectEar(net).message(said)
    except CannotBeRead:
        return None
    named = {n.unit for n in heard.names if n.place != "inside"} | ({fact.unit} if fact.unit else set())
    meaning = _meaning(heard)
    if len(named) != 1 or not meaning or meaning == getattr(fact, "meaning", ""):
        return None
    return correction(journal, seq, named.pop(), meaning, by, "as typed")


def _meaning(heard: Message) -> str:
    return next((m for m in (*ANSWERS, *REVIEWABLE) if m in heard.meanings() and m in REVIEWABLE), "")
