"""What people's phrases cost: false words with and without them → ``groups.md`` in the model folder.

The same foreign speech of tuning speakers, none of it with a phrase of the sample net, is heard by the sample net
without the groups of phrases that a net can leave out, and by the whole one.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from models.recipe.kinds import KINDS, channel_of, kind
from models.recipe.people import Said, utterance
from voice.measure.channel import received
from voice.measure.false_words import believed, without
from voice.net.loading import Net, load_net
from voice.pcm import RATE
from voice.places import sample_net
from voice.station.ear import open_ear
from voice.station.two_pass import TwoPass

GROUPS = ("acknowledgements", "all_well", "nothing_found", "present", "moving", "trouble", "repair", "waiting",
          "incidents", "introductions")  # fmt: skip
SNRS = (20.0, 10.0)
STATES = ("idle", "awaited")

WRITTEN = 50
"""Overs after which the report is written."""

Key = tuple[str, float, str, str]
"""(kind of speaker, signal-to-noise ratio, state, net: ``plain`` or ``whole``)."""


@dataclass(slots=True)
class Found:
    """What was believed."""

    seconds: dict[tuple[str, float], float] = field(default_factory=dict)
    words: dict[Key, Counter[str]] = field(default_factory=dict)

    def take(self, key: Key, words: list[str]) -> None:
        """Words of one over."""
        self.words.setdefault(key, Counter()).update(words)


def groups(model: Path, data: Path, cache: Path) -> None:
    """Listen in a mixed order, and write the report now and then: one that is broken off keeps what it heard."""
    net = load_net(sample_net())
    nets = {"plain": without(net, ",".join(GROUPS)), "whole": net}
    ears = {name: open_ear(n, cache / "graphs", str(model)) for name, n in nets.items()}
    first = ears["plain"].recogniser
    assert isinstance(first, TwoPass)
    kinds = [kind(k, "tune", data) for k in KINDS]
    jobs = [(k, SNRS[n % len(SNRS)], r) for k in kinds for n, r in enumerate(k.foreign)]
    rng, found = np.random.default_rng(113), Found()
    for done, k in enumerate(tqdm(rng.permutation(len(jobs)), desc="groups"), 1):
        speakers, snr, r = jobs[k]
        pcm = received(speakers.corpus.pcm(r), channel_of(snr, rng), rng)
        over = utterance(Said(pcm, "", r.speaker)).over
        found.seconds[speakers.name, snr] = found.seconds.get((speakers.name, snr), 0.0) + len(pcm) / RATE
        heard = first.recognise(pcm)
        assert heard.loglikes is not None
        for which, ear in ears.items():
            assert isinstance(ear.recogniser, TwoPass)
            words = replace(ear.recogniser.search.best(heard.loglikes), loglikes=heard.loglikes)
            for state in STATES:
                items = believed(ear, over, words, state == "awaited")
                found.take((speakers.name, snr, state, which), [i.text or i.key for i in items])
        if done % WRITTEN == 0 or done == len(jobs):
            (model / "groups.md").write_text(report(found, net), "utf-8")
    print(report(found, net))


def report(found: Found, net: Net) -> str:
    """As Markdown."""
    lines = [
        "# What phrases as people say them cost", "", "Written by `python -m models.recipe groups`; do not edit.", "",
        "False words an hour in speech of tuning speakers that holds no phrase of the sample net, believed at its",
        "thresholds: while nobody is awaited (short phrases at 0.9, others at 0.5), and while a unit is. *Without*:",
        f"without the groups {', '.join(GROUPS)}.", "",
        "| speakers | SNR | hours | idle, without | idle, with | awaited, without | awaited, with |",
        "|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for (name, snr), seconds in sorted(found.seconds.items()):
        rates = []
        for state in STATES:
            for which in ("plain", "whole"):
                n = sum(found.words.get((name, snr, state, which), {}).values())
                rates.append(f"{3600 * n / seconds:.1f} ({n})")
        lines.append(f"| {name} | {snr:.0f} dB | {seconds / 3600:.2f} | {' | '.join(rates)} |")
    lines += ["", "Words of each group that were believed:", ""]
    of = _groups_of(net)
    counts = {s: Counter[str]() for s in STATES}
    for (_, _, state, which), words in found.words.items():
        for word, n in words.items() if which == "whole" else ():
            counts[state][of.get(word, "the others")] += n
    lines += ["| group | idle | awaited |", "|---|---|---|"]
    lines += [f"| {g} | {counts['idle'][g]} | {counts['awaited'][g]} |" for g in (*GROUPS, "the others")]
    for state in STATES:
        words = sum((w for (_, _, s, which), w in found.words.items() if s == state and which == "whole"), Counter())
        told = ", ".join(f"{w} {n}" for w, n in words.most_common(20))
        lines += ["", f"Heard most, {state}: {told}."]
    return "\n".join(lines) + "\n"


def _groups_of(net: Net) -> dict[str, str]:
    """Phrase → the group without which the net lacks it."""
    texts = {e.text for e in net.lexicon.entries}
    return {t: g for g in GROUPS for t in texts - {e.text for e in without(net, g).lexicon.entries}}
