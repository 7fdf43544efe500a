"""Train the frame classifier: a small net finds the frame labels, a large one learns them.

``bootstrap`` starts from labels by energy, on real recordings, and ends with an alignment of every
corpus. ``train`` learns from it with cross-entropy on phones and tones, aligning once more on the way.
``sharpen`` goes on with the sequence objective: what counts then is the path, not the frame.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader, IterableDataset

from models.recipe.align import BASE_OF, PRIOR_POWER, TONE_OF, aligned, flat_start, realign, states_of
from models.recipe.augment import example
from models.recipe.features import COSINE, MELS, mel_matrix, mfcc, num_frames
from models.recipe.natural import for_tuning
from models.recipe.network import SUBSAMPLING, Tdnn, padded
from models.recipe.prepare import HELD_OUT, Corpus, Recording
from models.recipe.resume import resume
from models.recipe.sequence import mutual_information_loss, transitions
from models.recipe.sounds import sound
from voice.mandarin.phones import GARBAGE, phone_set

Utterance = tuple[Corpus, Recording]
IGNORE = -100
LONGEST_S = 10
FULL_S = 7
"""An example to which another recording would be too long gets no more of them."""

HIDDEN = 0.5
"""Share of the examples of which some mel bands and some moments are hidden (Park et al., SpecAugment, 2019)."""

SOUNDS = 0.2
"""Share of the examples in which a sound that is no speech takes the place of a word."""

TONE_LOSS = 0.3
"""Weight of the tone output's cross-entropy beside that of the phones."""

_TO_MEL = torch.linalg.inv(COSINE)
_GARBAGE = phone_set().pdfs[GARBAGE][0]
Batch = tuple[torch.Tensor, torch.Tensor]
"""Cepstra, padded, and the label (a pdf with tone) of every 10 ms frame."""


class Examples(IterableDataset):  # type: ignore[type-arg]
    """Batches of one epoch: 1 to 6 recordings of one speaker joined, on a simulated radio."""

    def __init__(
        self, utterances: list[Utterance], labels: list[np.ndarray], seed: int, severity: float = 1.0, batch: int = 16
    ) -> None:
        self.utterances, self.labels, self.seed = utterances, labels, seed
        self.severity, self.batch = severity, batch

    def __iter__(self) -> Iterator[Batch]:
        torch.set_num_threads(1)
        rng = np.random.default_rng(self.seed)
        by_speaker: dict[str, list[int]] = {}
        for i in rng.permutation(len(self.utterances)):
            by_speaker.setdefault(self.utterances[i][1].speaker, []).append(int(i))
        groups = []
        for ids in by_speaker.values():
            k = 0
            while k < len(ids):
                group, n = [ids[k]], int(rng.integers(1, 7))
                frames, k = len(self.labels[ids[k]]), k + 1
                while k < len(ids) and len(group) < n and frames + len(self.labels[ids[k]]) < FULL_S * 100:
                    group.append(ids[k])
                    frames, k = frames + len(self.labels[ids[k]]), k + 1
                groups.append(group)
        for batch in self._batches(groups, rng):
            made = []
            for ids in batch:
                parts = [(self.utterances[i][0].pcm(self.utterances[i][1]), self.labels[i]) for i in ids]
                if rng.random() < SOUNDS:  # instead of a word, so that batches stay of one length
                    k = int(rng.integers(len(parts)))
                    parts[k] = sound(len(parts[k][0]), rng)
                crowd = None
                if rng.random() < 0.1:
                    other = self.utterances[int(rng.integers(len(self.utterances)))]
                    crowd = other[0].pcm(other[1])
                    if rng.random() < 0.3:
                        crowd = sound(len(crowd), rng)[0]
                made.append(example(parts, rng, crowd, self.severity))
            made.sort(key=lambda m: len(m[0]))
            yield self._collate(made, rng)

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
    def _collate(made: list[tuple[np.ndarray, np.ndarray]], rng: np.random.Generator) -> Batch:
        n = min(len(made[-1][0]), LONGEST_S * 8000)
        x = torch.tensor(np.stack([np.pad(x[:n], (0, max(0, n - len(x)))) for x, _ in made]))
        # Never digital silence: the recogniser adds noise too, and one such batch spoils the batch norms' statistics.
        x = x + torch.randn_like(x) * float(rng.uniform(0.3, 4))
        y = torch.full((len(made), num_frames(n)), IGNORE)
        for k, (_, labels) in enumerate(made):
            t = min(len(labels), y.shape[1])
            y[k, :t] = torch.tensor(labels[:t])
        # Every eighth of the batch has a vocal tract of its own.
        cepstra = [mfcc(part, mel_matrix(float(rng.uniform(0.82, 1.24)))) for part in x.split(max(1, len(made) // 8))]
        return padded(hidden(torch.cat(cepstra), rng)), y


def hidden(cepstra: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """Up to ten mel bands and a few moments of up to 0.15 s take their mean value, in HIDDEN of the examples."""
    mel = cepstra @ _TO_MEL
    for x in mel:
        if rng.random() > HIDDEN:
            continue
        mean = x.mean(0)
        for _ in range(int(rng.integers(1, 3))):
            n = int(rng.integers(1, 11))
            a = int(rng.integers(0, MELS - n))
            x[:, a : a + n] = mean[a : a + n]
        for _ in range(int(rng.integers(0, 3))):
            n = int(rng.integers(1, 16))
            a = int(rng.integers(0, max(1, len(x) - n)))
            x[a : a + n] = mean
    return mel @ COSINE


def prior_of(labels: list[np.ndarray], pdfs: int) -> np.ndarray:
    """Relative frequency of each pdf without tone."""
    n = np.bincount(BASE_OF[np.concatenate(labels)], minlength=pdfs)[:pdfs] + 10.0
    return n / n.sum()


def tone_prior_of(labels: list[np.ndarray]) -> np.ndarray:
    """Relative frequency of the tones 1 to 5 among frames that have one; entry 0 is 1."""
    n = np.bincount(TONE_OF[np.concatenate(labels)], minlength=6).astype(float)
    return np.concatenate([[1.0], n[1:] / n[1:].sum()])


Sequence = tuple[torch.Tensor, torch.Tensor, float]
"""(scaled log-priors, transitions, share of the sequence objective in the loss)."""

SEQUENCE_SHARE = 0.7

RESUMED_ON = 40
"""Batches of examples that give a resumed network the statistics of its batch norms."""

_BASE = torch.tensor(BASE_OF)
_TONE = torch.tensor(TONE_OF)
_TONE_UNKNOWN = torch.isin(torch.arange(len(TONE_OF)), _BASE[_TONE > 0])
"""Labels that say nothing about the tone: garbage, and vowels of speakers whose tones are not the standard ones."""
_TONE_UNKNOWN[_GARBAGE] = True


def losses(
    net: Tdnn,
    cepstra: torch.Tensor,
    target: torch.Tensor,
    phase: int,
    smoothing: float,
    sequence: Sequence | None = None,
) -> tuple[torch.Tensor, float, float, int]:
    """(loss, right pdfs, right tones of toned frames, frames)."""
    with torch.autocast("cpu", torch.bfloat16):
        logits, tones = net(cepstra, phase)
    y = target[:, phase::SUBSAMPLING][:, : logits.shape[1]]
    logits, tones = logits[:, : y.shape[1]].float(), tones[:, : y.shape[1]].float()
    known = y != IGNORE
    pdf = torch.where(known, _BASE[y.clamp_min(0)], IGNORE)
    tone = torch.where(known & ~_TONE_UNKNOWN[y.clamp_min(0)], _TONE[y.clamp_min(0)], IGNORE)
    loss = F.cross_entropy(logits.flatten(0, 1), pdf.flatten(), ignore_index=IGNORE, label_smoothing=smoothing)
    loss = loss + TONE_LOSS * F.cross_entropy(
        tones.flatten(0, 1), tone.flatten(), ignore_index=IGNORE, label_smoothing=smoothing
    )
    if sequence is not None:
        log_prior, matrix, share = sequence
        scores = torch.log_softmax(logits, -1) - log_prior
        loss = (1 - share) * loss + share * mutual_information_loss(scores, pdf, matrix)
    toned = tone > 0
    right = float(((logits.argmax(-1) == pdf) & known).sum()) / max(1, int(known.sum()))
    right_tone = float(((tones[..., 1:].argmax(-1) + 1 == tone) & toned).sum()) / max(1, int(toned.sum()))
    return loss, right, right_tone, int(known.sum())


class Trainer:
    """One network, its running average and its optimiser over a planned number of epochs."""

    def __init__(self, net: Tdnn, utterances: list[Utterance], epochs: int, peak: float, seed: int) -> None:
        self.net, self.utterances, self.epochs, self.peak, self.seed = net, utterances, epochs, peak, seed
        self.average = AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(0.998), use_buffers=True)
        self.optimiser = torch.optim.AdamW(net.parameters(), lr=peak, weight_decay=1e-3)
        self.sequence: Sequence | None = None
        self.batch = 16
        self.epoch = 0
        self.began = time.time()

    def rate(self, done: float) -> float:
        """Learning rate after a share ``done`` of the plan: a short rise, then half a cosine."""
        rise = 0.03
        if done < rise:
            return self.peak * done / rise
        return self.peak * (0.002 + 0.5 * (1 + math.cos(math.pi * (done - rise) / (1 - rise))))

    def keep(self, path: Path) -> None:
        """Everything that ``restore`` needs to go on."""
        parts = {"net": self.net, "average": self.average, "optimiser": self.optimiser}
        torch.save({"epoch": self.epoch, **{n: m.state_dict() for n, m in parts.items()}}, path)

    def restore(self, path: Path) -> None:
        """Go on where ``keep`` was called."""
        saved = torch.load(path, weights_only=True)
        self.net.load_state_dict(saved["net"])
        self.average.load_state_dict(saved["average"])
        self.optimiser.load_state_dict(saved["optimiser"])
        self.epoch = int(saved["epoch"])

    def run(self, labels: list[np.ndarray], epochs: int, name: str) -> None:
        """Some epochs on these labels."""
        for _ in range(epochs):
            sums, steps = np.zeros(3), 0
            severity = 1.0 if self.sequence else min(1.0, self.epoch / (0.4 * self.epochs))
            data = Examples(self.utterances, labels, self.seed * 1000 + self.epoch, severity, self.batch)
            total = max(1, int(len(self.utterances) / 3.5 / data.batch))
            for step, (cepstra, target) in enumerate(DataLoader(data, batch_size=None, num_workers=1)):
                for group in self.optimiser.param_groups:
                    group["lr"] = self.rate(min(1.0, (self.epoch + step / total) / self.epochs))
                late = self.epoch > 0.8 * self.epochs
                phase = (step + self.epoch) % SUBSAMPLING
                loss, right, tone, _ = losses(
                    self.net, cepstra, target, phase, 0.0 if late or self.sequence else 0.05, self.sequence
                )
                if not torch.isfinite(loss):
                    raise FloatingPointError(f"{name}: the loss of step {step} is {loss.item()}")
                self.optimiser.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
                self.optimiser.step()
                self.average.update_parameters(self.net)
                sums += (loss.item(), right, tone)
                steps += 1
            self.epoch += 1
            loss_mean, right, tone = sums / steps
            print(
                f"{name} epoch {self.epoch}/{self.epochs}, {steps} steps: loss {loss_mean:.3f}, frames right "
                f"{right:.3f}, tones right {tone:.3f}, {time.time() - self.began:.0f} s",
                flush=True,
            )


def _usable(corpora: list[Path]) -> list[Utterance]:
    return [(c, r) for c in map(Corpus, corpora) for r in c.recordings if r.speaker not in HELD_OUT]


def bootstrap(corpora: list[Path], out: Path, seed: int = 0, epochs: int = 7) -> None:
    """Frame labels of all corpora into ``out`` (``.npz``). The first corpus alone is trained on."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    pdfs = phone_set().toneless
    real = _usable(corpora[:1])
    labels = [flat_start(c.pcm(r), states_of(r)) for c, r in real]
    trainer = Trainer(Tdnn(pdfs, 128), real, epochs, 2e-3, seed)
    for _ in range(epochs):
        trainer.run(labels, 1, "bootstrap")
        labels = realign(trainer.net, real, prior_of(labels, pdfs))
    everything = _usable(corpora)
    labels = realign(trainer.net, everything, prior_of(labels, pdfs))  # the average remembers the flat start
    np.savez(out, labels=np.concatenate(labels).astype(np.int16), lengths=[len(y) for y in labels])


def _read_labels(path: Path) -> list[np.ndarray]:
    saved = np.load(path)
    return [y.astype(np.int64) for y in np.split(saved["labels"], np.cumsum(saved["lengths"])[:-1])]


def train(
    corpora: list[Path], alignment: Path, out: Path, width: int, epochs: int, seed: int = 0, threads: int = 1
) -> None:
    """Train on every corpus folder, leaving HELD_OUT speakers out; write ``out`` after every epoch."""
    torch.manual_seed(seed)
    torch.set_num_threads(threads)
    pdfs = phone_set().toneless
    utterances = _usable(corpora)
    labels = _read_labels(alignment)
    trainer = Trainer(Tdnn(pdfs, width), utterances, epochs, 1.5e-3, seed)
    for epoch in range(epochs):
        if epoch == max(1, epochs // 3):
            labels = realign(trainer.average.module, utterances, prior_of(labels, pdfs))
        trainer.run(labels, 1, "train")
        save(out, trainer.average.module, labels)


def sharpen(
    corpora: list[Path], weights: Path, out: Path, epochs: int = 4, seed: int = 1, threads: int = 1, peak: float = 5e-4
) -> None:
    """A few epochs of the sequence objective on top of trained ``weights`` (``.pt``, or a model folder); write
    ``out`` after each."""
    torch.manual_seed(seed)
    torch.set_num_threads(threads)
    utterances = _usable(corpora)
    if weights.is_dir():
        flat = [np.zeros(num_frames(r.end - r.start), np.int64) for _, r in utterances]
        some = (cepstra for cepstra, _ in islice(Examples(utterances, flat, seed), RESUMED_ON))
        net, prior, _ = resume(weights, some)
    else:
        net, prior, _ = load(weights)
    labels = realign(net, utterances, prior)
    trainer = Trainer(net, utterances, epochs, peak, seed)
    log_prior = torch.tensor(PRIOR_POWER * np.log(prior), dtype=torch.float32)
    trainer.sequence = (log_prior, transitions(), SEQUENCE_SHARE)
    net.train()
    for _ in range(epochs):
        trainer.run(labels, 1, "sharpen")
        save(out, trainer.average.module, labels)


def of_folder(weights: Path, corpus: Path, seed: int = 0) -> tuple[Tdnn, np.ndarray]:
    """(network in evaluation mode, prior) of a model folder, with batch norms of a corpus' examples."""
    torch.manual_seed(seed)
    utterances = _usable([corpus])
    flat = [np.zeros(num_frames(r.end - r.start), np.int64) for _, r in utterances]
    net, prior, _ = resume(weights, (cepstra for cepstra, _ in islice(Examples(utterances, flat, seed), RESUMED_ON)))
    return net.eval(), prior


SHARES = {"real": 0.5, "espeak": 0.4, "world": 0.4}
"""Of these corpora, which recording is heard in an epoch; of the others, people and natural voices, every one."""


def corpora_of(data: Path) -> list[Path]:
    """Every corpus that is trained on: those of isolated words, the people's pieces, each folder of natural voices
    but the tuning ones."""
    plain = [data / n for n in (*SHARES, "pieces", "older") if (data / n / "index.json").is_file()]
    return plain + [p.parent for p in sorted((data / "natural").glob("*/index.json")) if not for_tuning(p.parent)]


def converse(
    data: Path, weights: Path, out: Path, epochs: int, seed: int = 1, threads: int = 1, peak: float = 5e-4
) -> None:
    """Go on from a model folder with people who talk: sequence objective on everything that ``corpora_of`` finds,
    looked for anew before each epoch (natural voices may be in the making). ``out`` is written after each epoch, with
    the optimiser beside it (``.state``), from where a run that was broken off goes on.

    The priors stay those of the folder: of fewer foreign words the garbage state's would become tiny, and everything
    would be heard as noise.
    """
    torch.manual_seed(seed)
    torch.set_num_threads(threads)
    corpora = corpora_of(data)
    utterances = _usable(corpora)
    flat = [np.zeros(num_frames(r.end - r.start), np.int64) for _, r in utterances]
    some = (cepstra for cepstra, _ in islice(Examples(utterances, flat, seed), RESUMED_ON))
    net, prior, tones = resume(weights, some)
    trainer = Trainer(net, [], epochs, peak, seed)
    trainer.sequence = (torch.tensor(PRIOR_POWER * np.log(prior), dtype=torch.float32), transitions(), SEQUENCE_SHARE)
    trainer.batch = 8  # there are few hours: more steps
    kept = out.with_suffix(".state")
    if kept.is_file():
        trainer.restore(kept)
    labels: dict[tuple[Path, str], np.ndarray] = {}
    while trainer.epoch < epochs:
        corpora = corpora_of(data)
        utterances = _usable(corpora)
        if trainer.epoch == max(1, epochs // 3):
            labels = {k: v for k, v in labels.items() if k[0].name in SHARES}  # single words are where they were
        new = [(c, r) for c, r in utterances if (c.folder, r.name) not in labels]
        aligner = trainer.average.module if trainer.epoch else net
        for (c, r), (y, _, _) in zip(new, aligned(aligner, new, prior, coarse=True), strict=True):
            labels[c.folder, r.name] = y
        rng = np.random.default_rng((seed, trainer.epoch))
        trainer.utterances = [u for u in utterances if rng.random() < SHARES.get(u[0].folder.name, 1.0)]
        chosen = [labels[c.folder, r.name] for c, r in trainer.utterances]
        print(f"{len(new)} aligned, {sum(map(len, chosen)) / 360000:.2f} h, {len(corpora)} corpora", flush=True)
        net.train()
        trainer.run(chosen, 1, "converse")
        trainer.keep(kept)
        state = trainer.average.module.state_dict()
        torch.save({"net": state, "prior": prior, "tones": tones, "width": net.width}, out)


def save(out: Path, net: Tdnn, labels: list[np.ndarray]) -> None:
    """Weights with what the export needs beside them."""
    prior = prior_of(labels, phone_set().toneless)
    torch.save({"net": net.state_dict(), "prior": prior, "tones": tone_prior_of(labels), "width": net.width}, out)


def load(path: Path) -> tuple[Tdnn, np.ndarray, np.ndarray]:
    """A trained network in evaluation mode, the priors of its pdfs and of the tones. It may have fewer layers than
    DILATIONS: the others begin faintly."""
    saved = torch.load(path, weights_only=False)
    layers = sum(name.startswith("conv.") for name in saved["net"])
    net = Tdnn(phone_set().toneless, saved["width"], layers - 2)
    net.load_state_dict(saved["net"], strict=layers == len(net.conv))
    return net.eval(), saved["prior"], saved["tones"]
