"""Train the frame classifier: flat start, then rounds of cross-entropy and Viterbi realignment."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader, IterableDataset

from models.recipe.align import flat_start, realign, states_of
from models.recipe.augment import example
from models.recipe.features import mel_matrix, mfcc, num_frames
from models.recipe.network import SUBSAMPLING, Tdnn, padded
from models.recipe.prepare import HELD_OUT, Corpus, Recording
from voice.grammar.phones import phone_set

Utterance = tuple[Corpus, Recording]
IGNORE = -100


class Examples(IterableDataset):  # type: ignore[type-arg]
    """Batches of one epoch: 1 to 5 recordings of one speaker joined, on a simulated radio."""

    def __init__(self, utterances: list[Utterance], labels: list[np.ndarray], seed: int, batch: int = 32):
        self.utterances, self.labels, self.seed, self.batch = utterances, labels, seed, batch

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        torch.set_num_threads(1)
        rng = np.random.default_rng(self.seed)
        by_speaker: dict[str, list[int]] = {}
        for i in rng.permutation(len(self.utterances)):
            by_speaker.setdefault(self.utterances[i][1].speaker, []).append(int(i))
        groups = []
        for ids in by_speaker.values():
            k = 0
            while k < len(ids):
                n = int(rng.integers(1, 6))
                groups.append(ids[k : k + n])
                k += n
        order = rng.permutation(len(groups))
        for b in range(0, len(order), self.batch):
            made = []
            for g in order[b : b + self.batch]:
                parts = [(self.utterances[i][0].pcm(self.utterances[i][1]), self.labels[i]) for i in groups[g]]
                made.append(example(parts, rng))
            yield self._collate(made, rng)

    @staticmethod
    def _collate(
        made: list[tuple[np.ndarray, np.ndarray]], rng: np.random.Generator
    ) -> tuple[torch.Tensor, torch.Tensor]:
        n = min(max(len(x) for x, _ in made), 10 * 8000)
        x = torch.tensor(np.stack([np.pad(x[:n], (0, max(0, n - len(x)))) for x, _ in made]))
        if rng.random() < 0.9:
            x = x + torch.randn_like(x) * float(rng.uniform(0.3, 4))
        y = torch.full((len(made), num_frames(n)), IGNORE)
        for k, (_, labels) in enumerate(made):
            t = min(len(labels), y.shape[1])
            y[k, :t] = torch.tensor(labels[:t])
        cepstra = padded(mfcc(x, mel_matrix(float(rng.uniform(0.86, 1.18)))))
        return cepstra, y


def prior_of(labels: list[np.ndarray], pdfs: int) -> np.ndarray:
    """Relative frequency of each pdf."""
    n = np.bincount(np.concatenate(labels), minlength=pdfs) + 10.0
    return n / n.sum()


def train(corpora: list[Path], out: Path, width: int, rounds: list[int], seed: int = 0, threads: int = 2) -> None:
    """Train on every corpus folder, leaving HELD_OUT speakers out; write ``out`` after every round."""
    torch.manual_seed(seed)
    torch.set_num_threads(threads)
    pdfs = phone_set().num_pdfs
    utterances = [(c, r) for c in map(Corpus, corpora) for r in c.recordings if r.speaker not in HELD_OUT]
    labels = [flat_start(c.pcm(r), states_of(r)) for c, r in utterances]
    print(f"{len(utterances)} utterances, {pdfs} pdfs, flat start done", flush=True)

    net = Tdnn(pdfs, width)
    average = AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(0.998), use_buffers=True)
    optimiser = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=1e-4)
    total, epoch, began = sum(rounds), 0, time.time()
    for number, epochs in enumerate(rounds):
        for _ in range(epochs):
            lr = 2e-3 if epoch < total * 0.5 else 2e-3 * 0.03 ** ((epoch - total * 0.5) / (total * 0.5))
            for group in optimiser.param_groups:
                group["lr"] = lr
            loss_sum = correct = count = 0.0
            loader = DataLoader(Examples(utterances, labels, seed * 1000 + epoch), batch_size=None, num_workers=1)
            for step, (cepstra, target) in enumerate(loader):
                phase = (step + epoch) % SUBSAMPLING
                logits = net(cepstra, phase)
                y = target[:, phase::SUBSAMPLING][:, : logits.shape[1]]
                logits = logits[:, : y.shape[1]]
                loss = F.cross_entropy(
                    logits.flatten(0, 1), y.flatten(), ignore_index=IGNORE, label_smoothing=0.05
                )
                optimiser.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
                optimiser.step()
                average.update_parameters(net)
                k = float((y != IGNORE).sum())
                loss_sum += loss.item() * k
                correct += float(((logits.argmax(-1) == y) & (y != IGNORE)).sum())
                count += k
            epoch += 1
            print(
                f"epoch {epoch}/{total} lr {lr:.5f} loss {loss_sum / count:.3f} "
                f"frame accuracy {correct / count:.3f} {time.time() - began:.0f} s",
                flush=True,
            )
            prior = prior_of(labels, pdfs)
            torch.save({"net": average.module.state_dict(), "prior": prior, "width": width}, out)
        if number < len(rounds) - 1:
            labels = realign(net, utterances, prior_of(labels, pdfs))


def load(path: Path) -> tuple[Tdnn, np.ndarray]:
    """A trained network in evaluation mode, and its state priors."""
    saved = torch.load(path, weights_only=False)
    net = Tdnn(phone_set().num_pdfs, saved["width"])
    net.load_state_dict(saved["net"])
    return net.eval(), saved["prior"]


