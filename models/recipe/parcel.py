"""Training the second network on a lent machine: what it needs as a parcel small enough to carry, and what is done
with it there.

``pack`` writes recordings, frame labels, weights and what tuning speakers said (``errors``) into parts of limited size.
There ``lease`` makes the working folder of them again, trains, and writes weights small enough to be sent back, which
``fetched`` puts together. Opus at 9 to 14 kbit/s is far better than the radio that the examples are sent over.
"""

from __future__ import annotations

import io
import json
import math
import os
import shutil
import subprocess
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf
import torch

from models.recipe.align import PRIOR_POWER
from models.recipe.encoder import FROZEN, Encoder, encoder_of
from models.recipe.errors import collect, errors
from models.recipe.features import RATE
from models.recipe.prepare import HELD_OUT, Corpus
from models.recipe.train import LABELS, Machine, corpora_of, encode, labelled

PIECE_S = 900
"""Of sound in one file: pieces are decoded side by side."""

BIT_RATE = {"real": 9, "espeak": 9}
"""kbit/s of single words; the others have RUNNING."""

RUNNING = 14

WEIGHTS, LISTENED = "encoder.carried.pt", "tuning.npz"

SENT_MB = 14
"""Of a file on the way back."""

EACH = 14
"""Overs of each kind of tuning speaker."""

Piece = tuple[Path, int, int, Path]
"""(corpus, first sample, sample behind, file)."""


def _encode(piece: Piece) -> None:
    folder, begin, end, out = piece
    if out.is_file():
        return
    audio = np.load(folder / "audio.npy", mmap_mode="r")[begin:end]
    command = [
        "ffmpeg",
        "-loglevel",
        "error",
        "-f",
        "s16le",
        "-ar",
        str(RATE),
        "-ac",
        "1",
        "-i",
        "-",
        "-c:a",
        "libopus",
    ]
    rate = BIT_RATE.get(folder.name, RUNNING)
    options = ["-b:a", f"{rate}k", "-application", "voip", "-compression_level", "5", "-f", "ogg", "-y"]
    kept = out.with_suffix(".part")
    subprocess.run([*command, *options, str(kept)], input=audio.tobytes(), check=True)
    kept.rename(out)


def _decode(piece: Piece) -> np.ndarray:
    _, begin, end, path = piece
    x, rate = sf.read(path, dtype="int16")
    if rate != RATE:  # Opus is decoded at the rate that the file was made from, unless the library says otherwise
        import soxr

        x = soxr.resample(x, rate, RATE)
    fit = np.zeros(end - begin, np.int16)
    n = min(len(fit), len(x))
    fit[:n] = x[:n]
    return fit


def _pieces(folder: Path, out: Path, samples: int) -> list[Piece]:
    step = PIECE_S * RATE
    name = "-".join(folder.parts[-2:]) if folder.parent.name == "natural" else folder.name
    return [(folder, a, min(samples, a + step), out / f"{name}.{k}.ogg") for k, a in enumerate(range(0, samples, step))]


def pack(data: Path, weights: Path, encoder: Path, out: Path, limit_mb: float, processes: int = 1) -> list[Path]:
    """Folders ``out``/0, 1, … of at most ``limit_mb`` each; what was encoded before is taken from ``out``/made.
    ``weights``: of the first network, for labels that are missing."""
    made = out / "made"
    made.mkdir(parents=True, exist_ok=True)
    corpora = corpora_of(data)
    labelled(corpora, weights)
    torch.save(_carried(torch.load(encoder, weights_only=True)), made / WEIGHTS)
    if not (made / LISTENED).is_file():
        collect(data, made / LISTENED, EACH)
    files: list[list[Path]] = [[made / WEIGHTS, made / LISTENED]]
    pieces: list[Piece] = []
    for folder in corpora:
        corpus = Corpus(folder)
        rows = _pieces(folder, made, len(corpus.audio))
        stem = rows[0][3].name.split(".")[0]
        about = {"folder": str(folder.relative_to(data)), "samples": len(corpus.audio)}
        (made / f"{stem}.json").write_text(json.dumps(about), "utf-8")
        kept = [r for r in json.loads((folder / "index.json").read_text("utf-8")) if r[2] not in HELD_OUT]
        (made / f"{stem}.index").write_text(json.dumps(kept, ensure_ascii=False), "utf-8")
        shutil.copy(folder / LABELS, made / f"{stem}.npz")
        files.append([made / f"{stem}.{s}" for s in ("json", "index", "npz")] + [r[3] for r in rows])
        pieces += rows
    with ProcessPoolExecutor(processes) as pool:
        list(pool.map(_encode, pieces))
    parts: list[Path] = []
    room = 0.0
    for path in (f for group in files for f in group):
        size = path.stat().st_size
        if size > room:
            parts.append(out / str(len(parts)))
            shutil.rmtree(parts[-1], ignore_errors=True)
            parts[-1].mkdir()
            room = limit_mb * 1e6
        room -= size
        os.link(path, parts[-1] / path.name) if path.parent == made else shutil.copy(path, parts[-1])
    for part in parts:
        print(f"{part}: {sum(f.stat().st_size for f in part.iterdir()) / 1e6:.1f} MB")
    return parts


def unpack(parcel: Path, data: Path, processes: int) -> None:
    """The corpora of a folder that holds all the files of a parcel."""
    with ProcessPoolExecutor(processes) as pool:
        for about in sorted(parcel.glob("*.json")):
            told = json.loads(about.read_text("utf-8"))
            folder = data / told["folder"]
            folder.mkdir(parents=True, exist_ok=True)
            rows = _pieces(folder, parcel, told["samples"])
            np.save(folder / "audio.npy", np.concatenate(list(pool.map(_decode, rows))))
            shutil.copy(about.with_suffix(".index"), folder / "index.json")
            shutil.copy(about.with_suffix(".npz"), folder / LABELS)


def _carried(saved: dict[str, Any]) -> dict[str, Any]:
    """Weights with a byte a number and a scale a row, but for what is small or stays as it is."""
    net: dict[str, torch.Tensor] = {}
    for name, w in saved["net"].items():
        if w.dim() != 2:
            net[name] = w
            continue
        scale = w.abs().amax(1, keepdim=True) / 127
        net[name], net[f"{name}.scale"] = torch.round(w / scale).to(torch.int8), scale
    return {**saved, "net": net}


def _arrived(saved: dict[str, Any]) -> dict[str, Any]:
    net = saved["net"]
    whole = {k: w * net[f"{k}.scale"] if w.dtype == torch.int8 else w for k, w in net.items() if "scale" not in k}
    return {**saved, "net": whole}


def lease(data: Path, parcel: Path, out: Path, rate: float, machine: Machine, batch: int, seed: int) -> None:
    """There: unpack, train for ``machine.minutes``, and leave in ``out`` the weights of the epoch after which tuning
    speakers' sounds were wrong least often, the mean of all kinds."""
    began = time.time()
    unpack(parcel, data, machine.workers)
    torch.save(_arrived(torch.load(parcel / WEIGHTS, weights_only=True)), data / "encoder.pt")
    print(f"unpacked, {time.time() - began:.0f} s", flush=True)

    least = math.inf

    def after(net: Encoder) -> None:
        nonlocal least
        found = errors(net, prior, PRIOR_POWER, parcel / LISTENED)
        print("wrong sounds: " + ", ".join(f"{cell} {share:.3f}" for cell, share in found.items()), flush=True)
        mean = sum(found.values()) / len(found)
        if mean <= least:
            least = mean
            deliver(data / "encoder.pt", out)

    saved = torch.load(data / "encoder.pt", weights_only=True)
    prior = saved["prior"].numpy()
    after(encoder_of(saved["net"]).to(machine.device))
    none = Path()  # every label has come along
    encode(data, none, none, data / "encoder.pt", 10_000, seed, 2, rate, machine, batch, after)


def deliver(weights: Path, out: Path) -> None:
    """The weights with half the bits a number, in files of ``SENT_MB``."""
    saved = torch.load(weights, weights_only=True)
    halves = {k: v.half() if v.dim() == 2 else v for k, v in saved["net"].items()}
    held = io.BytesIO()
    torch.save({**saved, "net": halves}, held)
    step = SENT_MB * 1_000_000
    for k, a in enumerate(range(0, held.tell(), step)):
        (out / f"weights.{k}").write_bytes(held.getbuffer()[a : a + step])


def fetched(parts: Path, before: Path, out: Path) -> None:
    """Here again: the files of ``deliver`` as weights. What is not trained is that of the weights ``before``, bit for
    bit."""
    files = sorted(parts.glob("weights.*"), key=lambda p: int(p.suffix[1:]))
    saved = torch.load(io.BytesIO(b"".join(p.read_bytes() for p in files)), weights_only=True)
    still = torch.load(before, weights_only=True)["net"]
    untrained = ("conv", *(f"layers.{n}." for n in range(FROZEN)))
    net = {k: still[k] if k.startswith(untrained) else w.float() for k, w in saved["net"].items()}
    torch.save({**saved, "net": net}, out)
