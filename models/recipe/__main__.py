"""``python -m models.recipe STEP``: one command a step, ``all`` for the whole way."""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import os
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the steps that need it run in two processes


def _words(a: Namespace) -> list[Path]:
    return [a.data / "real", a.data / "world", a.data / "espeak"]


def _prepare(a: Namespace) -> None:
    """Recordings of single words, and whole sentences of people."""
    from models.recipe.prepare import prepare
    from models.recipe.sentences import collect

    prepare(a.speech, a.data / "real")
    collect(a.speech, a.data / "people")


def _voices(a: Namespace) -> None:
    """Virtual speakers out of the readers and students."""
    from models.recipe.voices import invent

    invent(a.speech, a.data / "world", 11 + a.seed)


def _synthetic(a: Namespace) -> None:
    """Formant synthesis."""
    from models.recipe.synthetic import synthesise

    synthesise(a.speech, a.data / "espeak")


def _natural(a: Namespace) -> None:
    """Natural voices: those made before, folders --first to --first + --count - 1 of new ones (half an hour's work of
    one core for four of them), and those that tune and measure. Needs “huying models pull kokoro-82m-zh”."""
    from models.recipe import natural, rolls
    from models.recipe.kinds import PARTS, voices

    natural.older([a.speech / natural.OLDER], a.data / "older")
    for part in PARTS:
        voices(a.kokoro, part, a.data)
    rolls.record(a.kokoro, a.data / "rolls")
    natural.generate(a.kokoro, a.data / "natural", a.first, a.count)


def _bootstrap(a: Namespace) -> None:
    from models.recipe.train import bootstrap

    bootstrap(_words(a), a.data / "alignment.npz", a.seed)


def _train(a: Namespace) -> None:
    from models.recipe.train import train

    train(_words(a), a.data / "alignment.npz", a.data / "am.pt", a.width, a.epochs, a.seed, a.threads)


def _sharpen(a: Namespace) -> None:
    from models.recipe.export import export
    from models.recipe.train import sharpen

    sharpen(_words(a), a.data / "am.pt", a.data / "sharp.pt", max(1, a.epochs // 3), a.seed + 1, a.threads)
    export(a.data / "sharp.pt", a.out)


def _resume(a: Namespace) -> None:
    """More epochs on single words, from a model folder."""
    from models.recipe.train import sharpen

    sharpen(_words(a), a.out, a.data / "talk.pt", a.epochs, a.seed + 2, a.threads, a.rate)


def _pieces(a: Namespace) -> None:
    """The people's sentences, aligned with the model folder and cut at their pauses."""
    from models.recipe.sentences import phrases, pieces
    from models.recipe.train import of_folder

    net, prior = of_folder(a.out, a.data / "real", a.seed)
    pieces(a.data / "people", net, prior, a.data / "pieces")
    phrases(a.data / "people", net, prior, a.data / "phrases")


def _converse(a: Namespace) -> None:
    """Goes on from a model folder, or weights, with people who talk and natural voices."""
    from models.recipe.train import Machine, converse

    machine = Machine(a.device, a.workers, a.passes, a.minutes)
    out = a.data / "talk.pt"
    converse(a.data, a.out, out, a.epochs, a.seed + 1, a.threads, a.rate, a.width, machine, a.batch)


def _first_network(a: Namespace) -> Path | None:
    """Its weights in the working folder, if it was trained there."""
    weights = a.data / "talk.pt"
    return weights if weights.is_file() else None


def _reopen(a: Namespace) -> None:
    """Weights of the second network out of the model folder, for “encode” to go on from."""
    from models.recipe.encoder import WIDTH
    from models.recipe.resume import encoder_of_folder
    from models.recipe.train import write

    write(a.data / "encoder.pt", *encoder_of_folder(a.out), WIDTH)


def _encode(a: Namespace) -> None:
    """The second network, from Whisper's encoder or from --data/encoder.pt."""
    from models.recipe.train import Machine, encode

    whisper, machine = a.whisper / "model.bin", Machine(a.device, a.workers, a.passes, a.minutes)
    out = a.data / "encoder.pt"
    encode(a.data, whisper, _first_network(a) or a.out, out, a.epochs, a.seed + 1, a.threads, a.rate, machine, a.batch)


def _pack(a: Namespace) -> None:
    """The corpora as a parcel for a lent machine, in parts of --size MB: see docs/training-log.md."""
    from models.recipe.parcel import pack

    pack(a.data, _first_network(a) or a.out, a.data / "encoder.pt", a.data / "parcel", a.size, a.workers)


def _lease(a: Namespace) -> None:
    """There: “encode” with the parcel in --data/parcel, for --minutes; weights for the way back in --out."""
    from models.recipe.parcel import lease
    from models.recipe.train import Machine

    machine = Machine(a.device, a.workers, a.passes, a.minutes)
    lease(a.data, a.data / "parcel", a.out, a.rate, machine, a.batch, a.seed + 1)


def _fetched(a: Namespace) -> None:
    """Here: the weights of --out into the working folder."""
    from models.recipe.parcel import fetched

    fetched(a.out, a.data / "encoder.pt", a.data / "encoder.pt")


def _blend(a: Namespace) -> None:
    from models.recipe.blend import blend

    blend([Path(s) for s in a.settings], a.data / "talk.pt")


def _export(a: Namespace) -> None:
    from models.recipe.export import export

    encoder = a.data / "encoder.pt"
    export(_first_network(a), a.out, encoder if encoder.is_file() else None)


def _bigram(a: Namespace) -> None:
    """Which syllable follows which, beside the model: for the free speech of the log."""
    from models.recipe.bigram import bigram

    bigram(a.data / "people", a.out, a.seed)


def _voiceprint(a: Namespace) -> None:
    """What makes a print of a voice, beside the model: for guesses who spoke."""
    from models.recipe.voiceprint import voiceprint

    voiceprint(a.data, a.out, a.seed)


def _calibrate(a: Namespace) -> None:
    from models.recipe.calibrate import calibrate

    calibrate(a.out, a.data, a.data / "cache")


def _evaluate(a: Namespace) -> None:
    from models.recipe.evaluate import report

    report(a.out, a.data, a.data / "cache")


def _curves(a: Namespace) -> None:
    from models.recipe.curves import curves

    curves(a.out, a.data, a.data / "cache")


def _glance(a: Namespace) -> None:
    """A quick look at the tuning speakers while training goes on."""
    from models.recipe.kinds import glance

    glance(a.out, a.data, a.data / "cache")


def _yardstick(a: Namespace) -> None:
    """What Whisper base alone makes of the held-out people's sentences."""
    from models.recipe.kinds import yardstick

    yardstick(a.whisper, a.data)


def _excerpt(a: Namespace) -> None:
    """A little of the held-out people's and voices' speech, for the tests."""
    from models.recipe.kinds import excerpt

    excerpt(a.data, Path("tests/data/talkers"))


def _watch(a: Namespace) -> None:
    """Many hours of talk of held-out speakers, of whom the natural ones first say it."""
    from models.recipe.watch import talkers, watch

    if a.kokoro.is_dir():
        talkers(a.kokoro, a.data)
    watch(a.out, a.data, a.data / "cache")


def _groups(a: Namespace) -> None:
    """What the groups of phrases cost in false words, on the tuning speakers."""
    from models.recipe.groups import groups

    groups(a.out, a.data, a.data / "cache")


def _costs(a: Namespace) -> None:
    from models.recipe.costs import compare

    compare(a.out, a.data, a.data / "cache", a.settings)


def _accents(a: Namespace) -> None:
    """Held-out natural voices with the tones of Zhengzhou and the sounds of the south."""
    from models.recipe.accents import accents

    accents(a.out, a.kokoro, a.data, a.data / "cache")


def _adaptation(a: Namespace) -> None:
    from models.recipe.stations import adaptation

    adaptation(a.out, a.data / "cache")


def _word_model(a: Namespace) -> None:
    """The words of free speech and which follow which, from a folder with SunPinyin's model (--data)."""
    from models.recipe.words import words

    words(a.data, Path("grammars/zh/words/words.npz"))


def _dictation(a: Namespace) -> None:
    """Weights and thresholds of dictation, chosen for the weights of the networks."""
    from models.recipe.dictation import dictation

    dictation(a.speech, a.whisper, a.out, a.data, a.sentences)


WAY: dict[str, Callable[[Namespace], None]] = {
    "prepare": _prepare, "voices": _voices, "synthetic": _synthetic, "natural": _natural, "bootstrap": _bootstrap,
    "train": _train, "sharpen": _sharpen, "pieces": _pieces, "converse": _converse, "encode": _encode,
    "export": _export, "bigram": _bigram, "voiceprint": _voiceprint, "calibrate": _calibrate,
    "evaluate": _evaluate, "curves": _curves,
}  # fmt: skip
"""The steps of “all”, in their order."""

ASIDE: dict[str, Callable[[Namespace], None]] = {
    "resume": _resume, "reopen": _reopen, "blend": _blend, "glance": _glance, "watch": _watch, "costs": _costs,
    "accents": _accents, "adaptation": _adaptation, "words": _word_model, "dictation": _dictation, "excerpt": _excerpt,
    "pack": _pack, "lease": _lease, "fetched": _fetched, "groups": _groups,
    "yardstick": _yardstick,
}  # fmt: skip


M_MMAP_THRESHOLD = -3
"""Of malloc.h (glibc)."""

BLOCK = 1 << 18
"""Bytes from which a block of memory is given back as soon as it is free."""


def _give_back() -> None:
    """Training takes tensors of ever other sizes; glibc keeps what they leave, which grew to 10 GB in 45 minutes."""
    with contextlib.suppress(AttributeError, OSError, TypeError):  # another C library
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, BLOCK)


def main() -> None:
    _give_back()
    p = argparse.ArgumentParser(prog="python -m models.recipe", description=__doc__)
    p.add_argument("step", choices=[*WAY, *ASIDE, "all"])
    told = "with “costs”: weights to compare, e.g. phrase=6,again=6; with “blend”: two model folders"
    p.add_argument("settings", nargs="*", help=told)
    p.add_argument("--speech", type=Path, default=Path("../shared/speech"), help="folder with the zips")
    p.add_argument("--kokoro", type=Path, default=Path("kokoro-82m-zh"), help="folder of the natural voices")
    whisper = "folder of “huying models pull whisper-base”: with “encode”, “dictation” and “yardstick”"
    p.add_argument("--whisper", type=Path, default=Path("whisper-base"), help=whisper)
    p.add_argument("--data", type=Path, default=Path("data"), help="working folder")
    p.add_argument("--out", type=Path, default=Path("models/huying-zh-8k"), help="model folder")
    p.add_argument("--width", type=int, default=384, help="of the network; “converse” widens what it begins from")
    p.add_argument("--epochs", type=int, default=13, help="of cross-entropy; a third as many of the sequence objective")
    p.add_argument("--threads", type=int, default=1, help="beside the one that makes the examples")
    p.add_argument("--device", default="cpu", help="of “converse”, “encode” and “lease”: cpu or cuda")
    p.add_argument("--workers", type=int, default=1, help="processes that make the examples, or the parcel")
    p.add_argument("--passes", type=int, default=1, help="over the recordings in an epoch of these")
    p.add_argument("--minutes", type=float, help="after which these end, instead of after their epochs")
    p.add_argument("--batch", type=int, default=8, help="examples in a batch of these")
    p.add_argument("--size", type=float, default=60, help="MB in a part of the parcel")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--rate", type=float, default=3e-4, help="highest learning rate of what goes on from weights")
    p.add_argument("--first", type=int, default=0, help="first folder of natural voices")
    p.add_argument("--count", type=int, default=100, help="folders of natural voices, eight minutes each")
    p.add_argument("--sentences", type=int, default=16, help="of each kind of speaker: with “dictation”")
    a = p.parse_args()
    for step in WAY.values() if a.step == "all" else [{**WAY, **ASIDE}[a.step]]:
        step(a)


if __name__ == "__main__":
    main()
