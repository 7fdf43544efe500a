"""Sequence training: maximum mutual information over a free loop of all syllables, without lattices.

Cross-entropy judges frames; recognition compares paths. The denominator sums over every row of Mandarin
syllables, silence and garbage, exactly the graph that the filler has; with one state per pdf it is a
matrix of 99 × 99. The numerator sums over all ways to say what was said: its states in order, each at least one
frame, none further than ``TOLERANCE`` output frames from where the labels have it. Their difference is the
logarithm of the posterior of what was said (Povey et al., Interspeech 2016, made small).

The order matters. A numerator that merely forbids the states of other sounds lets a path leave out every syllable
that is shorter than twice the tolerance, and in fluent speech that is most of them: such a network learns to drop them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from models.recipe.features import sent
from models.recipe.network import SUBSAMPLING
from voice.mandarin.rows import free_row

SCALE = 0.4
"""Of the frame scores against the transitions; the decoder's acoustic scale at 30 ms a frame is 0.2."""

TOLERANCE = 2
"""Output frames of 30 ms by which a sound may begin earlier or end later than its label."""

FORBIDDEN = 20.0
"""What a state outside of the labels costs in the numerator, in nats a frame."""


SCALED_EVERY = 2
"""Frames after which the sums are brought back to 1: single precision holds two frames of ``FORBIDDEN`` states."""


def transitions() -> torch.Tensor:
    """Probability of each pdf after each pdf, (99, 99)."""
    return torch.from_numpy(free_row().copy())


class _PathSum(torch.autograd.Function):
    """Forward and backward sums with scaled probabilities (Rabiner, 1989): the gradient is each state's posterior."""

    @staticmethod
    def forward(  # type: ignore[override]
        ctx: torch.autograd.function.FunctionCtx, scores: torch.Tensor, matrix: torch.Tensor
    ) -> torch.Tensor:
        peak = scores.max(-1, keepdim=True).values
        emitted = torch.exp(scores - peak).transpose(0, 1).contiguous()
        alpha = torch.empty_like(emitted)
        scales = []
        for t, e in enumerate(emitted):
            if t:
                torch.mm(alpha[t - 1], matrix, out=alpha[t]).mul_(e)
            else:
                alpha[0] = e
            if t % SCALED_EVERY == 0 or t == len(emitted) - 1:
                scales.append(alpha[t].sum(-1, keepdim=True) + 1e-30)
                alpha[t].div_(scales[-1])
        ctx.save_for_backward(emitted, alpha, matrix)
        return peak.sum((1, 2)) + torch.log(torch.cat(scales, 1)).sum(1)

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor, None]:  # type: ignore[override]
        emitted, alpha, matrix = ctx.saved_tensors
        back, beta = matrix.t().contiguous(), torch.empty_like(emitted)
        beta[-1] = 1.0
        for t in range(len(emitted) - 2, -1, -1):
            torch.mm(emitted[t + 1] * beta[t + 1], back, out=beta[t])
            if t % SCALED_EVERY == 0:
                beta[t].div_(beta[t].sum(-1, keepdim=True) + 1e-30)
        occupied = alpha * beta
        occupied = occupied / (occupied.sum(-1, keepdim=True) + 1e-30)
        return occupied.transpose(0, 1) * grad[:, None, None], None


def path_sum(scores: torch.Tensor, matrix: torch.Tensor) -> torch.Tensor:
    """Logarithm of the sum over all paths, per utterance: scores (batch, frames, states), any first state."""
    if scores.is_cuda:
        from models.recipe.fused import paths

        return paths(scores, matrix)
    out: torch.Tensor = _PathSum.apply(scores, matrix)
    return out


TINY = 1e-30


@dataclass(frozen=True, slots=True)
class Rows:
    """What was said in each utterance of a batch: states in order, (batch, states); nothing behind the last."""

    pdfs: torch.Tensor
    first: torch.Tensor
    """Output frame before which a state costs ``FORBIDDEN``."""
    last: torch.Tensor
    """Output frame behind which it does."""
    end: torch.Tensor
    """Index of the last state, (batch,)."""
    frames: torch.Tensor
    """Output frames that are known, (batch,)."""

    def beside(self, x: torch.Tensor) -> Rows:
        """The same on the device of ``x``."""
        return Rows(*(sent(t, x) for t in (self.pdfs, self.first, self.last, self.end, self.frames)))


def rows_of(labels: torch.Tensor, phase: int, frames: int) -> Rows:
    """Of labels of 10 ms frames, (batch, frames), pdfs without tone, negative behind the end: the rows of states in
    ``frames`` output frames, of which the first is label ``phase``.

    The rows come from all labels, because a state that was hurried can lie between two output frames.
    """
    rows = []
    for row in labels.numpy():
        known = row[phase:][: SUBSAMPLING * frames]
        known = known[known >= 0]
        begins = np.flatnonzero(np.diff(known, prepend=-1))
        ends = np.append(begins[1:], len(known))[: len(begins)] - 1
        rows.append((known[begins], begins // SUBSAMPLING - TOLERANCE, ends // SUBSAMPLING + TOLERANCE, len(known)))
    states = max(1, *(len(r[0]) for r in rows))

    def table(k: int, empty: int) -> torch.Tensor:
        padded = np.stack([np.pad(r[k], (0, states - len(r[0])), constant_values=empty) for r in rows])
        return torch.from_numpy(padded.astype(np.int64))

    end = torch.tensor([max(0, len(r[0]) - 1) for r in rows])
    count = torch.tensor([-(-r[3] // SUBSAMPLING) for r in rows])
    return Rows(table(0, 0), table(1, frames), table(2, -1), end, count)


class _RowSum(torch.autograd.Function):
    """Forward and backward sums as in ``_PathSum``, over the ways through one row of states."""

    @staticmethod
    def forward(  # type: ignore[override]
        ctx: Any, scores: torch.Tensor, stay: torch.Tensor, go: torch.Tensor, known: torch.Tensor, end: torch.Tensor
    ) -> torch.Tensor:
        peak = scores.max(-1, keepdim=True).values
        emitted = torch.exp(scores - peak).transpose(0, 1).contiguous()
        heard = known.t()[..., None].contiguous()
        alpha = torch.zeros_like(emitted)
        alpha[0, :, 0] = emitted[0, :, 0]
        scales = [alpha[0].sum(-1, keepdim=True) + TINY]
        alpha[0].div_(scales[0])
        for t in range(1, len(emitted)):
            now = alpha[t - 1] * stay
            now[:, 1:] += alpha[t - 1, :, :-1] * go
            now = torch.where(heard[t], now * emitted[t], alpha[t - 1])
            scales.append(now.sum(-1, keepdim=True) + TINY)
            torch.div(now, scales[-1], out=alpha[t])
        ctx.save_for_backward(emitted, alpha, stay, go, heard, end)
        final = alpha[-1].gather(1, end[:, None])[:, 0]
        return (peak[..., 0] * known).sum(1) + torch.log(torch.cat(scales, 1)).sum(1) + torch.log(final + TINY)

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor, None, None, None, None]:  # type: ignore[override]
        emitted, alpha, stay, go, heard, end = ctx.saved_tensors
        beta = torch.zeros_like(emitted[0]).scatter_(1, end[:, None], 1.0)
        occupied = torch.empty_like(emitted)
        for t in range(len(emitted) - 1, -1, -1):
            if t < len(emitted) - 1:
                ahead = beta * emitted[t + 1]
                back = ahead * stay
                back[:, :-1] += ahead[:, 1:] * go
                beta = torch.where(heard[t + 1], back / (back.sum(-1, keepdim=True) + TINY), beta)
            here = alpha[t] * beta
            torch.div(here, here.sum(-1, keepdim=True) + TINY, out=occupied[t])
        return (occupied * heard).transpose(0, 1) * grad[:, None, None], None, None, None, None


def row_sum(scores: torch.Tensor, rows: Rows, matrix: torch.Tensor) -> torch.Tensor:
    """Logarithm of the sum over all ways to say the row, per utterance: scores (batch, frames, pdfs)."""
    at = torch.arange(scores.shape[1], device=scores.device)
    along = scores.gather(2, rows.pdfs[:, None, :].expand(-1, scores.shape[1], -1))
    outside = (at[None, :, None] < rows.first[:, None]) | (at[None, :, None] > rows.last[:, None])
    stay = matrix[rows.pdfs, rows.pdfs]
    go = matrix[rows.pdfs[:, :-1], rows.pdfs[:, 1:]]
    known = at[None] < rows.frames[:, None]
    if scores.is_cuda:
        from models.recipe.fused import ways

        return ways(along - FORBIDDEN * outside, stay, go, known, rows.end)
    out: torch.Tensor = _RowSum.apply(along - FORBIDDEN * outside, stay, go, known, rows.end)
    return out


IMPOSSIBLE = 10.0
"""Nats a frame of difference at which a row cannot be said in its time at all: it has no part in the loss."""


def mutual_information_loss(scores: torch.Tensor, rows: Rows, matrix: torch.Tensor) -> torch.Tensor:
    """Denominator less numerator, per known frame. ``scores``: log-posteriors less log-priors."""
    known = torch.arange(scores.shape[1], device=scores.device)[None] < rows.frames[:, None]
    scaled = SCALE * scores * known[..., None]
    lost = path_sum(scaled, matrix) - row_sum(scaled, rows, matrix)
    possible = (lost.detach() < IMPOSSIBLE * rows.frames) & (rows.end < rows.frames)
    return (lost * possible).sum() / (rows.frames * possible).sum().clamp_min(1)
