"""Write a radio log as text, get what the journal should hold: no audio, flawless hearing, the real logic."""

from __future__ import annotations

from voice.journal.lines import Line, LineMaker
from voice.measure.simulate import Spoken, perfect_log
from voice.net.loading import Net

SPEECH_S = 2.0


def log_of(net: Net, talk: str, tail_s: float = 30.0) -> list[Line]:
    """Lines of the log for ``talk``: an over a line, ``[+seconds] words``.

    Each over lasts two seconds and begins one second (or as many as stand there) after the one before.
    ``A | B`` are two stations at once.
    """
    truth: list[Spoken] = []
    t = 0.0
    for row in talk.strip().splitlines():
        words = row.strip()
        wait = 1.0
        if words.startswith("+"):
            number, words = words[1:].split(maxsplit=1)
            wait = float(number)
        t += wait
        said = tuple(w.strip() for w in words.split("|"))
        truth.append(Spoken(t, t + SPEECH_S, t + 0.2, t + SPEECH_S - 0.2, tuple("?" for _ in said), said))
        t += SPEECH_S
    maker = LineMaker()
    return [maker.line(fact) for fact, _ in perfect_log(net, truth, t + tail_s)]


def brief(lines: list[Line], net: Net) -> list[str]:
    """``type unit meaning`` a line; a late answer, a grade below the call sign's and a review are marked."""
    out = []
    for x in lines:
        parts = [x["type"], net.name_of(x["unit"]), x["meaning"] or ""]
        parts += [x["grade"]] if x["grade"] in ("slot", "burst") else []
        parts += ["late"] if x["detail"] == "late" else []
        parts += ["again"] if (x["detail"] or "").startswith("call ") else []
        parts += ["review"] if x["review"] else []
        out.append(" ".join(p for p in parts if p))
    return out
