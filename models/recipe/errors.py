"""Errors of sounds on tuning speakers while an encoder is trained: quick, and without a graph or a confidence.

What they said is sent over the evaluation's channel once and kept as samples (``collect``), so that a machine without
the recordings can listen too.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from models.recipe.encoder import Encoder, mel_of
from voice.mandarin.phones import GARBAGE, phone_set
from voice.mandarin.rows import free_row

SCALE = 1.5
"""Of the scores against the free row: what free speech is read with."""

KINDS, SNRS = ("people", "reader", "natural"), (None, 20.0, 10.0)


def collect(data: Path, out: Path, each: int, seed: int = 3) -> None:
    """``each`` sentences or overs of every kind of tuning speaker, clear and at 20 and 10 dB."""
    from models.recipe.align import BASE_OF, states_of
    from models.recipe.kinds import channel_of, kind
    from voice.measure.channel import received

    rng = np.random.default_rng(seed)
    silent = _silent()
    sounds, said, cells = [], [], []
    for name in KINDS:
        of = kind(name, "tune", data)
        recordings = [r for r, _ in of.said] + list(of.foreign)
        some = [recordings[k] for k in rng.permutation(len(recordings))[:each]]
        for snr in SNRS:
            for r in some:
                sounds.append(received(of.corpus.pcm(r), channel_of(snr, rng), rng))
                said.append([k for k in BASE_OF[states_of(r)] if k not in silent])
                cells.append(f"{name} {'clear' if snr is None else f'{snr:.0f} dB'}")
    np.savez_compressed(
        out,
        sounds=np.concatenate(sounds).astype(np.int16),
        ends=np.cumsum([len(x) for x in sounds]),
        said=np.concatenate(said),
        upto=np.cumsum([len(y) for y in said]),
        cells=cells,
    )


def _silent() -> set[int]:
    phones = phone_set()
    return {0, phones.pdfs[GARBAGE][0]}


def errors(net: Encoder, prior: np.ndarray, power: float, collected: Path) -> dict[str, float]:
    """Share of wrong sounds of each kind. ``prior`` of the pdfs, raised to ``power``."""
    kept = np.load(collected)
    sounds = np.split(kept["sounds"].astype(np.float32), kept["ends"][:-1])
    said = np.split(kept["said"], kept["upto"][:-1])
    log_prior, row, device = power * np.log(prior), np.log(free_row() + 1e-30), next(net.parameters()).device
    rng, silent = np.random.default_rng(0), _silent()
    wrong: dict[str, list[int]] = {}
    was = net.training
    net.eval()
    with torch.no_grad():
        for x, y, cell in zip(sounds, said, kept["cells"].tolist(), strict=True):
            noisy = torch.from_numpy(x + rng.standard_normal(len(x)).astype(np.float32))
            logits = net(mel_of(noisy.to(device)[None]))[0][0].float()
            scores = torch.log_softmax(logits, -1).cpu().numpy()[:, : len(prior)] - log_prior
            heard = [k for k in _best(SCALE * scores, row) if k not in silent]
            of = wrong.setdefault(cell, [0, 0])
            of[0] += _distance(y.tolist(), heard)
            of[1] += len(y)
    net.train(was)
    return {cell: a / b for cell, (a, b) in wrong.items()}


def _best(scores: np.ndarray, row: np.ndarray) -> list[int]:
    """States of the best path, each once."""
    now, back = scores[0].copy(), []
    for s in scores[1:]:
        ways = now[:, None] + row
        came = ways.argmax(0)
        back.append(came)
        now = ways[came, np.arange(len(came))] + s
    path = [int(now.argmax())]
    for came in reversed(back):
        path.append(int(came[path[-1]]))
    path.reverse()
    return [k for n, k in enumerate(path) if n == 0 or path[n - 1] != k]


def _distance(a: list[int], b: list[int]) -> int:
    """Levenshtein's."""
    row = np.arange(len(b) + 1)
    for x in a:
        change = row[:-1] + (np.array(b) != x)
        upper = np.minimum(row[1:] + 1, change) if b else change
        new = np.empty_like(row)
        new[0] = row[0] + 1
        for k, u in enumerate(upper):
            new[k + 1] = min(u, new[k] + 1)
        row = new
    return int(row[-1])
