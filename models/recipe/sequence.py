"""Sequence training: maximum mutual information over a free loop of all syllables, without lattices.

Cross-entropy judges frames; recognition compares paths. The denominator sums over every row of Mandarin
syllables, silence and garbage, exactly the graph that the filler has; with one state per pdf it is a
matrix of 99 × 99. The numerator is the same sum with the states of other sounds masked: a state may
be used where the frame labels have it within ``TOLERANCE`` output frames. Their difference is the
logarithm of the posterior of what was said (Povey et al., Interspeech 2016, made small).
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F

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
    out: torch.Tensor = _PathSum.apply(scores, matrix)
    return out


def allowed(labels: torch.Tensor, states: int) -> torch.Tensor:
    """(batch, frames) of pdfs, negative where unknown → (batch, frames, states): which may be used there."""
    known = labels >= 0
    here = F.one_hot(labels.clamp_min(0), states).float() * known[..., None]
    near = F.max_pool1d(here.transpose(1, 2), 2 * TOLERANCE + 1, 1, TOLERANCE).transpose(1, 2)
    return (near > 0) | ~known[..., None]


def mutual_information_loss(scores: torch.Tensor, labels: torch.Tensor, matrix: torch.Tensor) -> torch.Tensor:
    """Denominator less numerator, per known frame. ``scores``: log-posteriors less log-priors."""
    known = labels >= 0
    scaled = SCALE * scores * known[..., None]
    mask = allowed(labels, scores.shape[-1])
    both = path_sum(torch.cat([scaled, scaled - FORBIDDEN * ~mask]), matrix)
    denominator, numerator = both.split(len(scaled))
    return (denominator - numerator).sum() / known.sum().clamp_min(1)
