"""Typed words on the terminal: what a net reads in them."""

from __future__ import annotations

from voice.journal.wording import MEANING_NAMES, name_of
from voice.language import language
from voice.mandarin.numerals import CannotBeRead
from voice.measure.simulate import PerfectEar
from voice.net.loading import Net


def read_in(net: Net, said: str) -> str:
    """What the net reads in the words of an over: call signs and meanings; or that it reads nothing."""
    try:
        heard = PerfectEar(net).message(said)
    except CannotBeRead as e:
        return f"{e}: “huying adapt” cannot learn from it"
    english = language() == "en"
    units = [net.name_of(u) for u in dict.fromkeys(n.unit for n in heard.names)]
    meanings = [name_of(MEANING_NAMES, m, english) for m in dict.fromkeys(heard.meanings())]
    told = ", ".join(p for p in (*units, *meanings) if p)
    return f"read as: {told}" if told else f"no call sign or phrase of {net.settings.name} in it"
