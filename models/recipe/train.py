"""Train the frame classifier: a small net finds the frame labels, a large one learns them.

``bootstrap`` starts from labels by energy, on real recordings, and ends with an alignment of every
corpus. ``train`` learns from it with cross-entropy on phones and tones, aligning once more on the way.
``sharpen`` goes on with the sequence objective: what counts then is the path, not the frame.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader

from models.recipe.align import BASE_OF, PRIOR_POWER, TONE_OF, aligned, flat_start, realign, states_of
from models.recipe.encoder import FROZEN, WIDTH, Encoder, encoder_of, mel_with_chances, of_whisper
from models.recipe.examples import IGNORE, Examples, Utterance, cepstra_of
from models.recipe.features import halved, num_frames, sent
from models.recipe.natural import for_tuning
from models.recipe.network import SUBSAMPLING, Tdnn, widened
from models.recipe.prepare import HELD_OUT, Corpus
from models.recipe.resume import resume
from models.recipe.sequence import mutual_information_loss, rows_of, transitions
from voice.mandarin.phones import GARBAGE, phone_set

TONE_LOSS = 0.3
"""Weight of the tone output's cross-entropy beside that of the phones."""

_GARBAGE = phone_set().pdfs[GARBAGE][0]


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

SEVERE = 0.4
"""Severity of the channel at the beginning of the sequence objective, from weights that are trained already."""

TOLD_S = 30.0
"""Between two signs of life."""

AVERAGED = 0.998
"""Share of the running average that a step leaves as it is."""

NEW_HEADS = 8.0
"""Times the learning rate, for outputs that know nothing yet."""

RESUMED_ON = 40
"""Batches of examples that give a resumed network the statistics of its batch norms."""

_BASE = torch.tensor(BASE_OF)
_TONE = torch.tensor(TONE_OF)
_TONE_UNKNOWN = torch.isin(torch.arange(len(TONE_OF)), _BASE[_TONE > 0])
"""Labels that say nothing about the tone: garbage, and vowels of speakers whose tones are not the standard ones."""
_TONE_UNKNOWN[_GARBAGE] = True


Net = Tdnn | Encoder
Features = Callable[[torch.Tensor, np.random.Generator], torch.Tensor]
"""From samples of a batch to what the network sees, changed a little."""


def losses(
    net: Net,
    cepstra: torch.Tensor,
    target: torch.Tensor,
    phase: int,
    smoothing: float,
    sequence: Sequence | None = None,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """(loss, share of right pdfs, of right tones among toned frames). ``target`` is on the processor, wherever the
    network is: while that one computes, what it is compared with is made."""
    with halved(cepstra.device.type):
        logits, tones = net(cepstra, phase)
    y = target[:, phase::SUBSAMPLING][:, : logits.shape[1]]
    logits, tones = logits[:, : y.shape[1]].float(), tones[:, : y.shape[1]].float()
    heard = y != IGNORE
    pdf = sent(torch.where(heard, _BASE[y.clamp_min(0)], IGNORE), logits)
    tone = sent(torch.where(heard & ~_TONE_UNKNOWN[y.clamp_min(0)], _TONE[y.clamp_min(0)], IGNORE), logits)
    known = pdf != IGNORE
    loss = F.cross_entropy(logits.flatten(0, 1), pdf.flatten(), ignore_index=IGNORE, label_smoothing=smoothing)
    loss = loss + TONE_LOSS * F.cross_entropy(
        tones.flatten(0, 1), tone.flatten(), ignore_index=IGNORE, label_smoothing=smoothing
    )
    if sequence is not None:
        log_prior, matrix, share = sequence
        scores = torch.log_softmax(logits, -1) - log_prior
        said = torch.where(target != IGNORE, _BASE[target.clamp_min(0)], IGNORE)
        rows = rows_of(said, phase, logits.shape[1]).beside(logits)
        loss = (1 - share) * loss + share * mutual_information_loss(scores, rows, matrix)
    toned = tone > 0
    right = ((logits.argmax(-1) == pdf) & known).sum() / known.sum().clamp_min(1)
    right_tone = ((tones[..., 1:].argmax(-1) + 1 == tone) & toned).sum() / toned.sum().clamp_min(1)
    return loss, right, right_tone


@dataclass(frozen=True, slots=True)
class Machine:
    """Where training runs."""

    device: str = "cpu"
    workers: int = 1
    """Processes that make examples."""
    passes: int = 1
    """Over the recordings, in what counts as one epoch: each epoch starts its workers anew."""
    minutes: float | None = None
    """The plan ends after so long instead of after its epochs."""


class Trainer:
    """One network, its running average and its optimiser over a planned number of epochs, or of minutes."""

    def __init__(
        self,
        net: Net,
        utterances: list[Utterance],
        epochs: int,
        peak: float,
        seed: int,
        machine: Machine = Machine(),
        features: Features = cepstra_of,
        heads: float = 1.0,
    ) -> None:
        """``heads``: of the learning rate, for the outputs."""
        self.utterances, self.epochs, self.peak, self.seed, self.machine = utterances, epochs, peak, seed, machine
        self.net, self.features = net.to(machine.device), features
        self.shares: np.ndarray | None = None
        self.average = AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(AVERAGED), use_buffers=True)
        trained = [(n.startswith(("out.", "tone.")), p) for n, p in net.named_parameters() if p.requires_grad]
        groups = [
            {"params": [p for head, p in trained if not head], "times": 1.0},
            {"params": [p for head, p in trained if head], "times": heads},
        ]
        self.optimiser = torch.optim.AdamW(groups, lr=peak, weight_decay=1e-3, fused=True)
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
        saved = torch.load(path, weights_only=True, map_location=self.machine.device)
        self.net.load_state_dict(saved["net"])
        self.average.load_state_dict(saved["average"])
        self.optimiser.load_state_dict(saved["optimiser"])
        self.epoch = int(saved["epoch"])

    def done(self, of_epoch: float) -> float:
        """Share of the plan, 0..1, after so much of the present epoch."""
        if self.machine.minutes is not None:
            return min(1.0, (time.time() - self.began) / 60 / self.machine.minutes)
        return min(1.0, (self.epoch + of_epoch) / self.epochs)

    def run(self, labels: list[np.ndarray], epochs: int, name: str) -> None:
        """Some epochs on these labels."""
        machine = self.machine
        for _ in range(epochs):
            severity = min(1.0, SEVERE + self.done(0) if self.sequence else self.epoch / (0.4 * self.epochs))
            data = Examples(
                self.utterances,
                labels,
                self.seed * 1000 + self.epoch,
                severity,
                self.batch,
                self.shares,
                machine.passes,
            )
            total = max(1, int(len(self.utterances) / 3.5 / data.batch))
            rng = np.random.default_rng((self.seed, self.epoch, 1))
            sums, steps, told = torch.zeros(4, device=machine.device), 0, time.time()
            pinned = machine.device != "cpu"
            loader = DataLoader(data, None, num_workers=machine.workers, prefetch_factor=4, pin_memory=pinned)
            for step, (samples, target) in enumerate(loader):
                done = self.done(step / total)
                if done >= 1 and machine.minutes is not None:
                    break
                for group in self.optimiser.param_groups:
                    group["lr"] = self.rate(done) * group["times"]
                sums += self._step(samples, target, rng, (step + self.epoch) % SUBSAMPLING, late=done > 0.8)
                steps += 1
                if time.time() - told > TOLD_S:
                    told, loss = time.time(), (sums[0] / sums[3].clamp_min(1)).item()
                    print(f"  {steps} steps, loss {loss:.3f}, {told - self.began:.0f} s", flush=True)
            self.epoch += 1
            *means, taken = sums.tolist()
            if taken < 0.9 * steps:
                raise FloatingPointError(f"{name}: {steps - taken:.0f} of {steps} gradients were not finite")
            loss, right, tone = (m / max(1.0, taken) for m in means)
            print(
                f"{name} epoch {self.epoch}/{self.epochs}, {steps} steps: loss {loss:.3f}, frames right "
                f"{right:.3f}, tones right {tone:.3f}, {time.time() - self.began:.0f} s",
                flush=True,
            )

    def _step(
        self, samples: torch.Tensor, target: torch.Tensor, rng: np.random.Generator, phase: int, late: bool
    ) -> torch.Tensor:
        """(loss, right pdfs, right tones, 1); zeros, and the weights as they were, if the gradient is not finite."""
        cepstra = self.features(samples.to(self.machine.device, non_blocking=True), rng)
        smoothing = 0.0 if late or self.sequence else 0.05
        loss, right, tone = losses(self.net, cepstra, target, phase, smoothing, self.sequence)
        self.optimiser.zero_grad()
        loss.backward()
        finite = torch.isfinite(torch.nn.utils.clip_grad_norm_(self.net.parameters(), 5.0))
        for p in self.net.parameters():
            if p.grad is not None:
                p.grad = torch.where(finite, p.grad, torch.zeros_like(p.grad))
        self.optimiser.step()
        self._mean()
        sums = torch.stack([loss.detach(), right, tone, torch.ones_like(right)])
        return torch.where(finite, sums, torch.zeros_like(sums))

    def _mean(self) -> None:
        """The average takes a step after the network."""
        if self.machine.device == "cpu":
            self.average.update_parameters(self.net)
            return
        # As above, without the question how many steps there were: the answer would be waited for.
        mean, now = ([*m.parameters(), *m.buffers()] for m in (self.average.module, self.net))
        pairs = [(a.data, b.data) for a, b in zip(mean, now, strict=True) if a.is_floating_point()]
        torch._foreach_lerp_([a for a, _ in pairs], [b for _, b in pairs], 1 - AVERAGED)


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
    net, prior, _ = _begun(weights, utterances, seed)
    labels = realign(net, utterances, prior)
    trainer = Trainer(net, utterances, epochs, peak, seed)
    trainer.sequence = sequence_of(prior, trainer.machine)
    net.train()
    for _ in range(epochs):
        trainer.run(labels, 1, "sharpen")
        save(out, trainer.average.module, labels)


def sequence_of(prior: np.ndarray, machine: Machine) -> Sequence:
    """What the sequence objective needs, where training runs."""
    log_prior = torch.tensor(PRIOR_POWER * np.log(prior), dtype=torch.float32)
    return log_prior.to(machine.device), transitions().to(machine.device), SEQUENCE_SHARE


def _begun(weights: Path, utterances: list[Utterance], seed: int) -> tuple[Tdnn, np.ndarray, np.ndarray]:
    """(network, prior, tone prior) of weights (``.pt``), or of a model folder with batch norms of some examples."""
    if not weights.is_dir():
        return load(weights)
    flat = [np.zeros(num_frames(r.end - r.start), np.int64) for _, r in utterances]
    rng = np.random.default_rng(seed)
    some = (cepstra_of(samples, rng) for samples, _ in islice(Examples(utterances, flat, seed), RESUMED_ON))
    return resume(weights, some)


def of_folder(weights: Path, corpus: Path, seed: int = 0) -> tuple[Tdnn, np.ndarray]:
    """(network in evaluation mode, prior) of a model folder, with batch norms of a corpus' examples."""
    torch.manual_seed(seed)
    net, prior, _ = _begun(weights, _usable([corpus]), seed)
    return net.eval(), prior


SHARES = {"real": 0.35, "espeak": 0.15, "world": 0.2, "pieces": 1.5, "older": 2.0}
"""How often a recording of these corpora is heard in a pass: single words are known well, people who talk are not."""

NATURAL_SHARE = 2.0
"""Of a folder of natural voices: there are few hours of them yet."""


def share_of(folder: Path) -> float:
    """How often a recording of a corpus is heard in a pass."""
    return NATURAL_SHARE if folder.parent.name == "natural" else SHARES.get(folder.name, 1.0)


def corpora_of(data: Path) -> list[Path]:
    """Every corpus that is trained on: those of isolated words, the people's pieces, each folder of natural voices
    but the tuning ones."""
    plain = [data / n for n in SHARES if (data / n / "index.json").is_file()]
    return plain + [p.parent for p in sorted((data / "natural").glob("*/index.json")) if not for_tuning(p.parent)]


LABELS = "labels.npz"
"""Beside a corpus: the labels of its frames, by which network soever they were found."""


def labelled(corpora: list[Path], first: Path | tuple[Tdnn, np.ndarray]) -> list[np.ndarray]:
    """Frame labels of every usable recording of the corpora: those of ``LABELS``, or found with the ``first`` network
    (or its weights, or the model folder) and its prior, and written."""
    out: list[np.ndarray] = []
    known = None if isinstance(first, Path) else first
    for folder in corpora:
        utterances = _usable([folder])
        if not (folder / LABELS).is_file():
            if known is None:
                assert isinstance(first, Path)
                known = of_folder(first, folder) if first.is_dir() else load(first)[:2]
            rows = [y for y, _, _ in aligned(known[0], utterances, known[1], coarse=True)]
            np.savez_compressed(
                folder / LABELS, labels=np.concatenate(rows).astype(np.int16), lengths=[len(y) for y in rows]
            )
            print(f"{folder.name}: {len(rows)} aligned", flush=True)
        rows = _read_labels(folder / LABELS)
        if len(rows) != len(utterances):
            raise ValueError(f"{folder / LABELS} is of another corpus: delete it")
        out += rows
    return out


def converse(
    data: Path,
    weights: Path,
    out: Path,
    epochs: int,
    seed: int = 1,
    threads: int = 1,
    peak: float = 5e-4,
    width: int = 0,
    machine: Machine = Machine(),
    batch: int = 8,  # there are few hours: more steps
) -> None:
    """Go on from a model folder, or weights, with people who talk: sequence objective on everything that
    ``corpora_of`` finds, looked for anew before each epoch (natural voices may be in the making). ``out`` is written
    after each epoch, with the optimiser beside it (``.state``), from where a run that was broken off goes on.
    ``width``: the network is widened to it first.

    The priors stay those of the folder: of fewer foreign words the garbage state's would become tiny, and everything
    would be heard as noise.
    """
    torch.manual_seed(seed)
    torch.set_num_threads(threads)
    net, prior, tones = _begun(weights, _usable(corpora_of(data)), seed)
    wide = widened(net, width, seed) if width > net.width else net
    trainer = Trainer(wide, [], epochs, peak, seed, machine)
    trainer.sequence, trainer.batch = sequence_of(prior, machine), batch
    kept = out.with_suffix(".state")
    if kept.is_file():
        trainer.restore(kept)
    while trainer.epoch < epochs and (machine.minutes is None or trainer.done(0) < 1):
        corpora = corpora_of(data)
        trainer.utterances = _usable(corpora)
        labels = labelled(corpora, (net.cpu() if net is not wide else trainer.average.module.cpu(), prior))
        trainer.average.to(machine.device)
        trainer.shares = np.array([share_of(c.folder) for c, _ in trainer.utterances])
        hours = sum(share * len(y) for share, y in zip(trainer.shares, labels, strict=True)) / 360000
        print(f"{hours:.2f} h a pass, {len(corpora)} corpora", flush=True)
        wide.train()
        trainer.run(labels, 1, "converse")
        trainer.keep(kept)
        state = {k: v.cpu() for k, v in trainer.average.module.state_dict().items()}
        write(out, state, prior, tones, wide.width)


def encode(
    data: Path, whisper: Path, weights: Path, out: Path, epochs: int, seed: int, threads: int, peak: float,
    machine: Machine = Machine(), batch: int = 8, after: Callable[[Encoder], None] = lambda net: None,
) -> None:  # fmt: skip
    """Train the second network: Whisper's encoder (``whisper``: model.bin), or, where ``out`` exists, on from there.
    Recordings, labels and objective are those of ``converse``; ``weights`` (``.pt``, or a model folder) find labels
    that are not there yet, and their priors are the first ones. ``after`` sees the averaged network after each epoch.
    """
    torch.manual_seed(seed)
    torch.set_num_threads(threads)
    corpora = corpora_of(data)
    if out.is_file():
        saved = torch.load(out, weights_only=True)
        net, prior, tones = encoder_of(saved["net"]), saved["prior"].numpy(), saved["tones"].numpy()
        heads = 1.0
    else:
        _, prior, tones = load(weights)
        net, heads = of_whisper(whisper, len(prior)), NEW_HEADS
    labels = labelled(corpora, weights)
    for part in (net.conv1, net.conv2, *net.layers[:FROZEN]):  # the prints of voices are made of the convolutions
        part.requires_grad_(False)
    trainer = Trainer(net, _usable(corpora), epochs, peak, seed, machine, mel_with_chances, heads)
    trainer.sequence, trainer.batch = sequence_of(prior, machine), batch
    trainer.shares = np.array([share_of(c.folder) for c, _ in trainer.utterances])
    while trainer.epoch < epochs and (machine.minutes is None or trainer.done(0) < 1):
        net.train()
        trainer.run(labels, 1, "encode")
        write(out, {k: v.cpu() for k, v in trainer.average.module.state_dict().items()}, prior, tones, WIDTH)
        after(trainer.average.module)


def save(out: Path, net: Tdnn, labels: list[np.ndarray]) -> None:
    """Weights with what the export needs beside them."""
    prior = prior_of(labels, phone_set().toneless)
    write(out, net.state_dict(), prior, tone_prior_of(labels), net.width)


def write(path: Path, state: Mapping[str, torch.Tensor], prior: np.ndarray, tones: np.ndarray, width: int) -> None:
    """A file of tensors and nothing else, so that reading one runs no code that somebody put into it."""
    kept = {"net": dict(state), "prior": torch.from_numpy(prior), "tones": torch.from_numpy(tones), "width": width}
    torch.save(kept, path)


def load(path: Path) -> tuple[Tdnn, np.ndarray, np.ndarray]:
    """A trained network in evaluation mode, the priors of its pdfs and of the tones. It may have fewer layers than
    DILATIONS: the others begin faintly."""
    saved = torch.load(path, weights_only=True)
    layers = sum(name.startswith("conv.") for name in saved["net"])
    net = Tdnn(phone_set().toneless, saved["width"], layers - 2)
    net.load_state_dict(saved["net"], strict=layers == len(net.conv))
    return net.eval(), saved["prior"].numpy(), saved["tones"].numpy()
