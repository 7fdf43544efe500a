"""The acoustic network: a time-delay neural net (TDNN) that judges one frame per 30 ms."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from models.recipe.features import CEPSTRA

SUBSAMPLING = 3
"""Output every third frame. Vosk 0.3.45 multiplies output frames by 0.03 s: it must be 3."""

DILATIONS = (1, 1, 2, 2, 3, 3, 1, 1, 2, 1)
"""Of the residual layers, in output frames; every layer sees its input at -d, 0 and +d."""

CONTEXT = 2 + SUBSAMPLING * sum(DILATIONS)
"""Frames of left and of right context: 53, that is 530 ms. A tone is heard against its neighbours."""

FAINT = 0.1
"""Scale of a layer that is added to a trained network: it begins as hardly anything, but not as nothing."""

DROPPED = 13
"""Of 256 outputs of a residual layer, during training."""

DIFFER = 0.05
"""Relative noise on the weights of units that are doubled."""

TONES = 6
"""Classes of the tone output: 0 is no tone (silence, initials), 1 to 5 the tones."""


class Tdnn(nn.Module):
    """Two layers that go from 10 ms to 30 ms frames, ten residual ones; 5.0 M parameters at width 384.

    Two outputs share them: the pdfs of toneless phones, and the tone of the frame. Residual layers beyond the
    first ``trained``, which are about to get weights from elsewhere, begin faintly.
    """

    def __init__(self, pdfs: int, width: int = 384, trained: int = len(DILATIONS)) -> None:
        super().__init__()
        self.width = width
        self.norm = nn.BatchNorm1d(CEPSTRA, affine=False)
        self.conv = nn.ModuleList(
            nn.Conv1d(i, width, 3, bias=False) for i in (CEPSTRA, *[width] * (1 + len(DILATIONS)))
        )
        self.bn = nn.ModuleList(nn.BatchNorm1d(width) for _ in self.conv)
        self.out = nn.Conv1d(width, pdfs, 1)
        self.tone = nn.Conv1d(width, TONES, 1)
        for norm in self.bn[2 + trained :]:
            norm.weight.data.fill_(FAINT)

    def forward(self, cepstra: torch.Tensor, phase: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
        """(batch, frames + 2·CONTEXT, CEPSTRA) → logits of pdfs and of tones, (batch, frames', …).

        Only every third frame, from ``phase`` (0..2) on, is computed.
        """
        h = _normed(self.norm, cepstra)
        h = F.relu(_normed(self.bn[0], F.linear(_spliced(h, 1), self._matrix(0))))[:, phase:]
        n = h.shape[1] // SUBSAMPLING
        h = h[:, : SUBSAMPLING * n].reshape(len(h), n, -1)  # three frames side by side are one of 30 ms
        h = F.relu(_normed(self.bn[1], F.linear(h, self._matrix(1))))
        for k, d in enumerate(DILATIONS, 2):
            r = F.relu(_normed(self.bn[k], F.linear(_spliced(h, d), self._matrix(k))))
            h = h[:, d:-d] + (_dropped(r) if self.training else r)
        pdfs, tones = (F.linear(h, head.weight[..., 0], head.bias) for head in (self.out, self.tone))
        return pdfs, tones

    def _matrix(self, k: int) -> torch.Tensor:
        """Weights of layer k for its three frames side by side, (width, 3 · input)."""
        return self.conv[k].weight.transpose(1, 2).flatten(1)

    def every_frame(self, cepstra: torch.Tensor) -> torch.Tensor:
        """Logits of pdfs for each 10 ms frame, (batch, frames, pdfs)."""
        frames = cepstra.shape[1] - 2 * CONTEXT
        parts = [self(cepstra, phase)[0] for phase in range(SUBSAMPLING)]
        out = torch.zeros(cepstra.shape[0], frames, parts[0].shape[2])
        for phase, part in enumerate(parts):
            out[:, phase::SUBSAMPLING] = part[:, : out[:, phase::SUBSAMPLING].shape[1]].float()
        return out


def _spliced(h: torch.Tensor, d: int) -> torch.Tensor:
    """(batch, frames, n) → (batch, frames - 2·d, 3·n): the frames at -d, 0 and +d side by side."""
    return torch.cat([h[:, : -2 * d], h[:, d:-d], h[:, 2 * d :]], -1)


def _normed(norm: nn.Module, h: torch.Tensor) -> torch.Tensor:
    out: torch.Tensor = norm(h.flatten(0, 1))
    return out.view(h.shape)


def _dropped(h: torch.Tensor) -> torch.Tensor:
    """Dropout with a byte of chance a number: the library's, with a float each, takes a tenth of the training."""
    chance = (
        torch.empty(h.numel() // 8 + 1, dtype=torch.int64, device=h.device).random_().view(torch.uint8)[: h.numel()]
    )
    return h * (chance.view(h.shape) >= DROPPED).to(h.dtype).mul_(256 / (256 - DROPPED))


def widened(net: Tdnn, width: int, seed: int) -> Tdnn:
    """A wider network that computes nearly the same: units are doubled, and what they are worth is shared out (Chen et
    al., Net2Net, 2016); a little noise tells the doubles apart."""
    rng = np.random.default_rng(seed)
    old = net.width
    of = np.concatenate([np.arange(old), rng.integers(old, size=width - old)])
    share = torch.tensor(1.0 / np.bincount(of)[of], dtype=torch.float32)
    wide = Tdnn(net.out.out_channels, width)
    wide.norm.load_state_dict(net.norm.state_dict())
    for k, (a, b) in enumerate(zip(net.conv, wide.conv, strict=True)):
        w = a.weight.data[of]
        if k > 0:
            w = w[:, of] * share[None, :, None]
        b.weight.data = w * (1 + DIFFER * torch.tensor(rng.standard_normal(w.shape), dtype=torch.float32))
    for a, b in zip(net.bn, wide.bn, strict=True):
        b.load_state_dict({name: v[of] if v.dim() else v for name, v in a.state_dict().items()})
    for head, wider in ((net.out, wide.out), (net.tone, wide.tone)):
        wider.weight.data = head.weight.data[:, of] * share[None, :, None]
        wider.bias.data = head.bias.data.clone()  # type: ignore[union-attr]
    return wide


def padded(cepstra: torch.Tensor) -> torch.Tensor:
    """Repeat the first and last frame CONTEXT times, as Kaldi does at the ends of an utterance."""
    return F.pad(cepstra.transpose(1, 2), (CONTEXT, CONTEXT), mode="replicate").transpose(1, 2)
