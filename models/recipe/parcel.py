"""Training on a lent machine: the corpora as a parcel of Opus small enough to carry, and what is done with it there.

``pack`` writes what ``converse`` needs (recordings, frame labels, weights) into parts of limited size; ``unpack`` makes
the working folder of it again. Opus at 11 to 16 kbit/s is far better than the radio that the examples are sent over.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import soundfile as sf

from models.recipe.features import RATE
from models.recipe.prepare import HELD_OUT, Corpus
from models.recipe.train import LABELS, corpora_of, labelled, load

PIECE_S = 900
"""Of sound in one file: pieces are decoded side by side."""

BIT_RATE = {"real": 11, "espeak": 11}
"""kbit/s of single words; the others have RUNNING."""

RUNNING = 16

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


def pack(data: Path, weights: Path, out: Path, limit_mb: float, processes: int = 1) -> list[Path]:
    """Folders ``out``/0, 1, … of at most ``limit_mb`` each; what was encoded before is taken from ``out``/made."""
    made = out / "made"
    made.mkdir(parents=True, exist_ok=True)
    net, prior, _ = load(weights)
    corpora = corpora_of(data)
    labelled(corpora, net, prior)
    files: list[list[Path]] = [[weights]]
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


def deliver(weights: Path, out: Path) -> None:
    """The weights with half the bits a number, small enough to be sent back."""
    import torch

    saved = torch.load(weights, weights_only=True)
    halves = {k: v.half() if v.is_floating_point() and v.abs().max() < 6e4 else v for k, v in saved["net"].items()}
    with tempfile.NamedTemporaryFile(dir=out.parent, delete=False) as f:
        torch.save({**saved, "net": halves}, f)
    Path(f.name).rename(out)
