"""Compare weights of the decoding graph on tuning data: ``python -m models.recipe costs phrase=9 phrase=6,again=6``.

The overs are those of ``tuning_sets``: people of training and the tuning voices, never those that measure. Printed
per setting: shares of overs whose best path holds what was said and nothing else, and false words per hour.
"""

from __future__ import annotations

import pickle
import re
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path

import numpy as np

from models.recipe.kinds import KINDS, Kind, kind
from models.recipe.people import PAIRS, People, Said, large_net
from models.recipe.prepare import HELD_OUT, STUDENT_WORDS, Corpus
from models.recipe.trials import SNRS, SPEECH_LIKE, TUNING_VOICES, WORDS, no_speech, speak
from voice.grammar.compiler import Costs
from voice.measure.channel import Channel, received
from voice.net.loading import Net, load_net
from voice.pcm import RATE
from voice.places import sample_net
from voice.speech.models import check_model, find_model
from voice.station.ear import open_recogniser
from voice.station.two_pass import TwoPass

Sets = dict[str, list[Said]]
"""By name; ``text`` is what was said of the net, phrases separated by blanks, empty if nothing."""

NETS = {
    "word": "words", "twice": "words", "english": "words", "pair": "pairs", "rows": "pairs", "phrase": "sample",
    "air": "sample", "mixed": "sample", "sentence": "sample", "everyday": "sample",
    "sounds": "sample",
    **{which: k for k in KINDS for which in (k, f"{k} air")},
}  # fmt: skip
"""Which graph hears which set."""

OWN = tuple(n for n in NETS if NETS[n] in ("words", "pairs", "sample"))
"""Sets that are made here."""

THINNED, FOREIGN = 4, 120
"""Of the sets that are made here one over in so many is heard, of a kind's foreign sentences so many."""

SOUNDS = 240
"""Overs that hold no speech at all: music, sirens, engines, knocks."""


def students(corpus: Corpus) -> tuple[str, ...]:
    """The students of training."""
    everybody = {r.speaker for r in corpus.recordings}
    return tuple(sorted(s for s in everybody if re.fullmatch(r"s\d\d", s) and s not in HELD_OUT))


def net_of(name: str, place: Path, data: Path) -> Net:
    """“words”, “pairs”, “sample”, or that of a kind of speakers."""
    if name in KINDS:
        return kind(name, "tune", data).net(place)
    if name == "sample":
        return load_net(sample_net())
    return large_net(place / name, tuple(STUDENT_WORDS) if name == "words" else PAIRS)


def _people_sets(corpus: Corpus, seed: int) -> Sets:
    who = People(corpus, students(corpus))
    out: Sets = {n: [] for n in ("word", "twice", "pair", "english", "rows")}
    for k, snr in enumerate(SNRS):
        rng = np.random.default_rng(seed + k)
        words = list(who.words(snr, seed + k))
        out["word"] += [words[i] for i in rng.choice(len(words), 160, replace=False)]
        out["pair"] += list(who.phrases(snr, seed + k, 100))
        out["english"] += list(who.foreign_speech(snr, seed + k, 60))
        for _ in range(60):
            (speaker, word), takes = sorted(who.takes.items())[int(rng.integers(len(who.takes)))]
            a, b = rng.choice(len(takes), 2, replace=False)
            x = np.concatenate([corpus.pcm(takes[a]), corpus.pcm(takes[b])])
            sent = received(x, Channel(snr_db=snr, tail_s=0.0), rng)
            out["twice"].append(Said(sent, f"{word} {word}", speaker))
        others = [r for r in corpus.recordings if not re.fullmatch(r"s\d\d", r.speaker)]
        for _ in range(60):
            x = np.concatenate([corpus.pcm(others[i]) for i in rng.choice(len(others), 5)])
            out["rows"].append(Said(received(x, Channel(snr_db=snr, tail_s=0.0), rng), "", "-"))
    return out


def _voice_sets(seed: int, cache: Path) -> Sets:
    net = load_net(sample_net())
    rng = np.random.default_rng(seed)
    spoken = [e.text for e in net.lexicon.spoken if e.kind != "digit"]
    units = [e.text for e in net.lexicon.spoken if e.kind == "unit"]
    replies = [e.text for e in net.lexicon.spoken if e.kind == "phrase"]
    texts = {
        "phrase": [str(rng.choice(spoken)) for _ in range(360)],
        "air": [f"{u},{u},{p}" for u, p in zip(rng.choice(units, 120), rng.choice(replies, 120), strict=True)],
        "sentence": ["".join(map(str, rng.choice(SPEECH_LIKE, 2, replace=False))) for _ in range(160)],
        "everyday": ["".join(rng.choice(WORDS, int(rng.integers(3, 8)))) for _ in range(160)],
    }
    true = {n: [t.replace(",", " ") if n in ("phrase", "air") else "" for t in said] for n, said in texts.items()}
    true["mixed"] = [str(p) for p in rng.choice(spoken, 240)]  # a phrase of the net before or after free speech
    free = [str(s) for s in rng.choice(SPEECH_LIKE, 240)]
    pairs = enumerate(zip(true["mixed"], free, strict=True))
    texts["mixed"] = [f"{p},{s}" if k % 3 else f"{s},{p}" for k, (p, s) in pairs]
    out: Sets = {}
    for name, said in texts.items():
        trials = speak(said, TUNING_VOICES, SNRS, net, seed, cache / "tts")
        out[name] = [Said(t.pcm, text, t.voice) for t, text in zip(trials, true[name], strict=True)]
    channels = [Channel(snr_db=snr, tail_s=0.0) for snr in SNRS]
    out["sounds"] = [Said(received(no_speech(rng), channels[k % len(SNRS)], rng), "", "-") for k in range(SOUNDS)]
    return out


def tuning_sets(real: Path, cache: Path, seed: int = 11) -> Sets:
    """The overs, made once and kept in ``cache``."""
    kept = cache / f"tuning-{seed}-{len(OWN)}.pickle"
    if not kept.is_file():
        with ProcessPoolExecutor(2) as pool:
            people = pool.submit(_people_sets, Corpus(real), seed)
            voices = pool.submit(_voice_sets, seed, cache)
            sets = {**people.result(), **voices.result()}
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(pickle.dumps(sets))
    found: Sets = pickle.loads(kept.read_bytes())  # noqa: S301  # our own cache
    return found


def strangers(of: Kind, seed: int = 61) -> tuple[list[Said], list[Said]]:
    """What the tuning speakers of a kind say: every phrase once, at one SNR after the other; and the rest."""
    by_snr = [list(of.overs(snr, seed)) for snr in SNRS]
    told = [by_snr[k % len(SNRS)][k] for k in range(len(of.said))]
    air = zip_longest(*(of.alarms(snr, seed) for snr in SNRS))
    return told, [over for some in air for over in some if over is not None]


@dataclass(slots=True)
class Count:
    """What a graph made of one set."""

    overs: int = 0
    exact: int = 0
    hours: float = 0.0
    short: int = 0
    """False words of two or three syllables."""
    long: int = 0
    """… of four and more."""


def _sound(text: str, net: Net) -> str:
    return " ".join(s if net.lexicon.tones else s[:-1] for s in net.syllables(text))


def open_graph(net: Net, costs: Costs, model: Path, cache: Path) -> TwoPass:
    """A recogniser with the net's graph at these costs."""
    return open_recogniser(check_model(model), net.lexicon, costs, cache)


def hear(recogniser: TwoPass, net: Net, overs: list[Said]) -> Count:
    """What the graph's best paths are, words of the same sound taken for one."""
    texts = {e.symbol: e for e in net.lexicon.spoken}
    c = Count()
    for over in overs:
        words = [texts[w.symbol] for w in recogniser.recognise(over.pcm).words if w.symbol in texts]
        want = [_sound(t, net) for t in over.text.split()]
        heard = [_sound(e.text, net) for e in words]
        c.overs += 1
        c.hours += len(over.pcm) / RATE / 3600
        c.exact += heard == want
        false = [e for e, sound in zip(words, heard, strict=True) if sound not in " ".join(want)]
        c.long += sum(e.syllables >= 4 for e in false)
        c.short += sum(e.syllables < 4 for e in false)
    return c


def count(costs: Costs, sets: Sets, model: Path, data: Path, cache: Path) -> dict[str, Count]:
    """Every set through the graph with these costs."""
    out = {}
    with tempfile.TemporaryDirectory() as place:
        for name in dict.fromkeys(NETS.values()):
            net = net_of(name, Path(place), data)
            recogniser = open_graph(net, costs, model, cache)
            for which in (s for s, n in NETS.items() if n == name and s in sets):
                out[which] = hear(recogniser, net, sets[which])
    return out


def _setting(text: str) -> Costs:
    pairs = (p.split("=") for p in text.split(",") if p)
    return replace(Costs(), **{k: int(v) if k == "hold" else float(v) for k, v in pairs})  # type: ignore[arg-type]


def compare(model: Path, data: Path, cache: Path, settings: list[str]) -> None:
    """Print one line per setting."""
    sets = {w: overs[::THINNED] for w, overs in tuning_sets(data / "real", cache).items()}
    for name in KINDS:
        sets[name], air = strangers(kind(name, "tune", data))
        sets[f"{name} air"] = air[:FOREIGN]
    with ProcessPoolExecutor(2) as pool:
        folder = find_model(str(model))
        jobs = [(s, pool.submit(count, _setting(s), sets, folder, data, cache)) for s in ("", *settings)]
        for setting, job in jobs:
            told = [setting or "default"]
            for name, c in job.result().items():
                false = f"{c.short / c.hours:.0f}+{c.long / c.hours:.0f}/h"
                told.append(
                    f"{name} {false}"
                    if NETS[name] and not any(o.text for o in sets[name])
                    else f"{name} {c.exact / c.overs:.3f} {false}"
                )
            print("; ".join(told), flush=True)
