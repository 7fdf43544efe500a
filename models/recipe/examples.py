"""Batches of training examples: recordings of one speaker joined and sent over a bad radio, then their cepstra."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch.utils.data import IterableDataset, get_worker_info

from models.recipe.augment import bit, example
from models.recipe.features import COSINE, MELS, mel_matrix, mfcc, num_frames
from models.recipe.network import padded
from models.recipe.prepare import Corpus, Recording
from models.recipe.sounds import sound

Utterance = tuple[Corpus, Recording]
IGNORE = -100
"""Label of a frame that says nothing."""

LONGEST_S = 10
FULL_S = 7
"""An example to which another recording would be too long gets no more of them."""

ALONE = 0.25
"""Share of the examples that have one recording only, beside the sixth that does by chance: the shortest answers are an
over of their own."""

BITS = 0.4
"""Share of the examples of one recording that are a word or two out of it: people read sentences, units say 贾岗."""

HIDDEN = 0.25
"""Share of the examples of which some mel bands and some moments are hidden (Park et al., SpecAugment, 2019)."""

SOUNDS = 0.2
"""Share of the examples in which a sound that is no speech takes the place of a word."""

WARPS = 8
"""Vocal tracts in a batch."""

_TO_MEL = torch.linalg.inv(COSINE)
Batch = tuple[torch.Tensor, torch.Tensor]
"""Samples in int16 scale, (batch, samples), and the label (a pdf with tone) of every 10 ms frame."""


class Examples(IterableDataset):  # type: ignore[type-arg]
    """Batches of some passes over the recordings: 1 to 6 of one speaker joined, on a simulated radio.

    ``shares``: how often each recording is heard in a pass, on average; once where it is not given. Several workers of
    a loader share the batches.
    """

    def __init__(
        self,
        utterances: list[Utterance],
        labels: list[np.ndarray],
        seed: int,
        severity: float = 1.0,
        batch: int = 16,
        shares: np.ndarray | None = None,
        passes: int = 1,
    ) -> None:
        self.utterances, self.labels, self.seed = utterances, labels, seed
        self.severity, self.batch, self.shares, self.passes = severity, batch, shares, passes

    def __iter__(self) -> Iterator[Batch]:
        torch.set_num_threads(1)
        info = get_worker_info()
        worker, workers = (info.id, info.num_workers) if info else (0, 1)
        for number in range(self.passes):
            rng = np.random.default_rng((self.seed, number))
            batches = self._batches(self._groups(rng), rng)
            rng = np.random.default_rng((self.seed, number, worker))
            for batch in batches[worker::workers]:
                yield self._collate([self._made(ids, rng) for ids in batch])

    def _groups(self, rng: np.random.Generator) -> list[list[int]]:
        by_speaker: dict[str, list[int]] = {}
        for i in rng.permutation(self._heard(rng)):
            by_speaker.setdefault(self.utterances[i][1].speaker, []).append(int(i))
        groups = []
        for ids in by_speaker.values():
            k = 0
            while k < len(ids):
                group, n = [ids[k]], 1 if rng.random() < ALONE else int(rng.integers(1, 7))
                frames, k = len(self.labels[ids[k]]), k + 1
                while k < len(ids) and len(group) < n and frames + len(self.labels[ids[k]]) < FULL_S * 100:
                    group.append(ids[k])
                    frames, k = frames + len(self.labels[ids[k]]), k + 1
                groups.append(group)
        return groups

    def _heard(self, rng: np.random.Generator) -> np.ndarray:
        """Indices of the recordings of a pass, as often as their share says: 1.3 is once, and again with chance 0.3."""
        shares = np.ones(len(self.utterances)) if self.shares is None else self.shares
        times = np.floor(shares + rng.random(len(shares))).astype(int)
        return np.repeat(np.arange(len(shares)), times)

    def _made(self, ids: list[int], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        parts = [(self.utterances[i][0].pcm(self.utterances[i][1]), self.labels[i]) for i in ids]
        if len(parts) == 1 and rng.random() < BITS:
            parts = [bit(*parts[0], rng)]
        if rng.random() < SOUNDS:  # instead of a word, so that batches stay of one length
            k = int(rng.integers(len(parts)))
            parts[k] = sound(len(parts[k][0]), rng)
        crowd = None
        if rng.random() < 0.1:
            other = self.utterances[int(rng.integers(len(self.utterances)))]
            crowd = other[0].pcm(other[1])
            if rng.random() < 0.3:
                crowd = sound(len(crowd), rng)[0]
        return example(parts, rng, crowd, self.severity)

    def _batches(self, groups: list[list[int]], rng: np.random.Generator) -> list[list[list[int]]]:
        """Groups of about the same length together, so that little is padded; the batches in random order."""
        order = rng.permutation(len(groups))
        batches = []
        span = 16 * self.batch
        for a in range(0, len(order), span):
            some = (groups[g] for g in order[a : a + span])
            near = sorted(some, key=lambda ids: sum(len(self.labels[i]) for i in ids))
            batches += [near[b : b + self.batch] for b in range(0, len(near) - self.batch + 1, self.batch)]
        return [batches[k] for k in rng.permutation(len(batches))]

    @staticmethod
    def _collate(made: list[tuple[np.ndarray, np.ndarray]]) -> Batch:
        made.sort(key=lambda m: len(m[0]))
        n = min(len(made[-1][0]), LONGEST_S * 8000)
        x = np.stack([np.pad(x[:n], (0, max(0, n - len(x)))) for x, _ in made])
        y = np.full((len(made), num_frames(n)), IGNORE)
        for k, (_, labels) in enumerate(made):
            t = min(len(labels), y.shape[1])
            y[k, :t] = labels[:t]
        return torch.from_numpy(x), torch.from_numpy(y)


def cepstra_of(samples: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """Padded cepstra of a batch, on its device: every eighth of it has a vocal tract of its own, and of some examples
    something is hidden."""
    # Never digital silence: the recogniser adds noise too, and one such batch spoils the batch norms' statistics.
    samples = samples + torch.randn_like(samples) * float(rng.uniform(0.3, 4))
    some = samples.split(-(-len(samples) // WARPS))
    warped = [mfcc(part, mel_matrix(float(rng.uniform(0.82, 1.24))).to(part.device)) for part in some]
    return padded(hidden(torch.cat(warped), rng))


def hidden(cepstra: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """The covered bands and moments take their mean value."""
    covered = covers(len(cepstra), cepstra.shape[1], MELS, rng)
    mel = cepstra @ _TO_MEL.to(cepstra.device)
    mel = torch.where(torch.from_numpy(covered).to(mel.device), mel.mean(1, keepdim=True), mel)
    return mel @ COSINE.to(mel.device)


def covers(examples: int, frames: int, bands: int, rng: np.random.Generator) -> np.ndarray:
    """Up to ten bands and a few moments of up to 0.15 s in HIDDEN of the examples: (examples, frames, bands)."""
    covered = np.zeros((examples, frames, bands), bool)
    for x in covered:
        if rng.random() > HIDDEN:
            continue
        for _ in range(int(rng.integers(1, 3))):
            n = int(rng.integers(1, 11))
            a = int(rng.integers(0, bands - n))
            x[:, a : a + n] = True
        for _ in range(int(rng.integers(0, 3))):
            n = int(rng.integers(1, 16))
            a = int(rng.integers(0, max(1, len(x) - n)))
            x[a : a + n] = True
    return covered
