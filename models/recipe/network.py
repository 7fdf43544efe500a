"""The acoustic network: a time-delay neural net (TDNN) that judges one frame per 30 ms."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from models.recipe.features import CEPSTRA

SUBSAMPLING = 3
"""Output every third frame. Vosk 0.3.45 multiplies output frames by 0.03 s: it must be 3."""

DILATIONS = (1, 1, 2, 2, 3, 3)
"""Of the residual layers, in output frames; every layer sees its input at -d, 0 and +d."""

CONTEXT = 2 + SUBSAMPLING * sum(DILATIONS)
"""Frames of left and of right context: 38, that is 380 ms. A tone is heard against its neighbours."""

TONES = 6
"""Classes of the tone output: 0 is no tone (silence, initials), 1 to 5 the tones."""


class Tdnn(nn.Module):
    """Two layers that go from 10 ms to 30 ms frames, six residual ones; 3.1 M parameters at width 384.

    Two outputs share them: the pdfs of toneless phones, and the tone of the frame.
    """

    def __init__(self, pdfs: int, width: int = 384) -> None:
        super().__init__()
        self.width = width
        self.norm = nn.BatchNorm1d(CEPSTRA, affine=False)
        self.conv = nn.ModuleList(
            nn.Conv1d(i, width, 3, bias=False) for i in (CEPSTRA, *[width] * (1 + len(DILATIONS)))
        )
        self.bn = nn.ModuleList(nn.BatchNorm1d(width) for _ in self.conv)
        self.out = nn.Conv1d(width, pdfs, 1)
        self.tone = nn.Conv1d(width, TONES, 1)

    def forward(self, cepstra: torch.Tensor, phase: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
        """(batch, frames + 2·CONTEXT, CEPSTRA) → logits of pdfs and of tones, (batch, frames', …).

        Only every third frame, from ``phase`` (0..2) on, is computed.
        """
        h = self.norm(cepstra.transpose(1, 2))
        h = F.relu(self.bn[0](self.conv[0](h)))
        h = F.relu(self.bn[1](F.conv1d(h[:, :, phase:], self.conv[1].weight, stride=SUBSAMPLING)))
        for d, conv, bn in zip(DILATIONS, self.conv[2:], self.bn[2:], strict=True):
            r = F.relu(bn(F.conv1d(h, conv.weight, dilation=d)))
            if self.training:
                r = F.dropout(r, 0.1)
            h = h[:, :, d:-d] + r
        return self.out(h).transpose(1, 2), self.tone(h).transpose(1, 2)

    def every_frame(self, cepstra: torch.Tensor) -> torch.Tensor:
        """Logits of pdfs for each 10 ms frame, (batch, frames, pdfs)."""
        frames = cepstra.shape[1] - 2 * CONTEXT
        parts = [self(cepstra, phase)[0] for phase in range(SUBSAMPLING)]
        out = torch.zeros(cepstra.shape[0], frames, parts[0].shape[2])
        for phase, part in enumerate(parts):
            out[:, phase::SUBSAMPLING] = part[:, : out[:, phase::SUBSAMPLING].shape[1]].float()
        return out


def padded(cepstra: torch.Tensor) -> torch.Tensor:
    """Repeat the first and last frame CONTEXT times, as Kaldi does at the ends of an utterance."""
    return F.pad(cepstra.transpose(1, 2), (CONTEXT, CONTEXT), mode="replicate").transpose(1, 2)
