"""The acoustic network: a time-delay neural net (TDNN) that gives one frame of pdf scores per 30 ms."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

DILATIONS = (1, 1, 3, 3, 3, 6)
"""In 10 ms frames; every layer sees its input at -d, 0 and +d."""

CONTEXT = sum(DILATIONS)
"""Frames of left and of right context: 17, that is 170 ms."""

SUBSAMPLING = 3
"""Output every third frame. Vosk 0.3.45 multiplies output frames by 0.03 s: it must be 3."""


class Tdnn(nn.Module):
    """Six layers of ReLU and batch norm; 1.0 M parameters at width 256."""

    def __init__(self, pdfs: int, width: int = 256) -> None:
        super().__init__()
        self.width = width
        self.norm = nn.BatchNorm1d(40, affine=False)
        inputs = (40, *[width] * (len(DILATIONS) - 1))
        self.conv = nn.ModuleList(
            nn.Conv1d(i, width, 3, dilation=d) for i, d in zip(inputs, DILATIONS, strict=True)
        )
        self.bn = nn.ModuleList(nn.BatchNorm1d(width, affine=False) for _ in DILATIONS)
        self.out = nn.Conv1d(width, pdfs, 1)

    def forward(self, cepstra: torch.Tensor, phase: int | None = None) -> torch.Tensor:
        """(batch, frames + 2·CONTEXT, 40) → logits (batch, frames', pdfs).

        With ``phase`` 0..2 only every third frame from ``phase`` on is computed (a third of the cost);
        without it every frame is.
        """
        h = self.norm(cepstra.transpose(1, 2))
        for k, (conv, bn) in enumerate(zip(self.conv, self.bn, strict=True)):
            d = DILATIONS[k]
            if phase is not None and k >= 3:
                d //= SUBSAMPLING
            h = bn(F.relu(F.conv1d(h, conv.weight, conv.bias, dilation=d)))
            if phase is not None and k == 2:
                h = h[:, :, phase::SUBSAMPLING]
            if self.training:
                h = F.dropout(h, 0.05)
        return self.out(h).transpose(1, 2)


def padded(cepstra: torch.Tensor) -> torch.Tensor:
    """Repeat the first and last frame CONTEXT times, as Kaldi does at the ends of an utterance."""
    return F.pad(cepstra.transpose(1, 2), (CONTEXT, CONTEXT), mode="replicate").transpose(1, 2)
