"""The sums of ``sequence`` on a GPU: each recursion is one kernel instead of ten launches a frame.

One program has one utterance. What a path emits stays in registers from frame to frame; only the forward sums, which
the backward pass needs, are written. The results are those of ``sequence`` (float32, scaled each frame).
"""

from __future__ import annotations

from typing import Any

import torch
import triton
import triton.language as tl

TINY = 1e-30

STATES, ROW = 128, 256
"""Pdfs, and states of what was said, padded: powers of two."""


@triton.jit(do_not_specialize=["frames"])
def _paths_forward(emitted, matrix, alpha, logs, frames, S: tl.constexpr):  # type: ignore[no-untyped-def]
    b = tl.program_id(0)
    i = tl.arange(0, S)
    m = tl.load(matrix + i[:, None] * S + i[None, :])
    base = b.to(tl.int64) * frames * S
    a = tl.load(emitted + base + i)
    z = tl.sum(a, 0) + 1e-30
    a = a / z
    log = tl.log(z)
    tl.store(alpha + base + i, a)
    for t in range(1, frames):
        a = tl.sum(a[:, None] * m, 0) * tl.load(emitted + base + t * S + i)
        z = tl.sum(a, 0) + 1e-30
        a = a / z
        log += tl.log(z)
        tl.store(alpha + base + t * S + i, a)
    tl.store(logs + b, log)


@triton.jit(do_not_specialize=["frames"])
def _paths_backward(emitted, back, alpha, occupied, frames, S: tl.constexpr):  # type: ignore[no-untyped-def]
    b = tl.program_id(0)
    i = tl.arange(0, S)
    m = tl.load(back + i[:, None] * S + i[None, :])
    base = b.to(tl.int64) * frames * S
    beta = tl.full((S,), 1.0, tl.float32)
    for n in range(frames):
        t = frames - 1 - n
        here = tl.load(alpha + base + t * S + i) * beta
        tl.store(occupied + base + t * S + i, here / (tl.sum(here, 0) + 1e-30))
        ahead = tl.load(emitted + base + t * S + i) * beta
        beta = tl.sum(ahead[:, None] * m, 0)
        beta = beta / (tl.sum(beta, 0) + 1e-30)


class _Paths(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, scores: torch.Tensor, matrix: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        batch, frames, states = scores.shape
        peak = scores.max(-1, keepdim=True).values
        emitted = torch.zeros(batch, frames, STATES, device=scores.device)
        emitted[..., :states] = torch.exp(scores - peak)
        padded = torch.zeros(STATES, STATES, device=scores.device)
        padded[:states, :states] = matrix
        alpha, logs = torch.empty_like(emitted), torch.empty(batch, device=scores.device)
        _paths_forward[(batch,)](emitted, padded, alpha, logs, frames, STATES, num_warps=8)
        ctx.save_for_backward(emitted, alpha, padded)
        ctx.states = states
        return peak.sum((1, 2)) + logs

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor, None]:  # type: ignore[override]
        emitted, alpha, padded = ctx.saved_tensors
        occupied = torch.empty_like(emitted)
        batch, frames, _ = emitted.shape
        back = padded.t().contiguous()
        _paths_backward[(batch,)](emitted, back, alpha, occupied, frames, STATES, num_warps=8)
        return occupied[..., : ctx.states] * grad[:, None, None], None


@triton.jit(do_not_specialize=["frames"])
def _rows_forward(emitted, stay, go, known, alpha, logs, frames, S: tl.constexpr):  # type: ignore[no-untyped-def]
    b = tl.program_id(0)
    i = tl.arange(0, S)
    base = b.to(tl.int64) * frames * S
    s = tl.load(stay + b * S + i)
    g = tl.load(go + b * S + i)
    a = tl.where(i == 0, tl.load(emitted + base + i), 0.0)
    z = tl.sum(a, 0) + 1e-30
    a = a / z
    log = tl.log(z)
    tl.store(alpha + base + i, a)
    for t in range(1, frames):
        before = tl.where(i > 0, tl.gather(a, tl.maximum(i - 1, 0), 0), 0.0)
        now = (a * s + before * g) * tl.load(emitted + base + t * S + i)
        heard = tl.load(known + b * frames + t)
        a = tl.where(heard > 0, now, a)
        z = tl.sum(a, 0) + 1e-30
        a = a / z
        log += tl.log(z)
        tl.store(alpha + base + t * S + i, a)
    tl.store(logs + b, log)


@triton.jit(do_not_specialize=["frames"])
def _rows_backward(emitted, stay, go, known, alpha, end, occupied, frames, S: tl.constexpr):  # type: ignore[no-untyped-def]
    b = tl.program_id(0)
    i = tl.arange(0, S)
    base = b.to(tl.int64) * frames * S
    s = tl.load(stay + b * S + i)
    g = tl.load(go + b * S + i)
    beta = tl.where(i == tl.load(end + b), 1.0, 0.0)
    for n in range(frames):
        t = frames - 1 - n
        here = tl.load(alpha + base + t * S + i) * beta
        tl.store(occupied + base + t * S + i, here / (tl.sum(here, 0) + 1e-30))
        ahead = tl.load(emitted + base + t * S + i) * beta
        entered = ahead * g
        after = tl.where(i < S - 1, tl.gather(entered, tl.minimum(i + 1, S - 1), 0), 0.0)
        back = ahead * s + after
        heard = tl.load(known + b * frames + t)
        beta = tl.where(heard > 0, back / (tl.sum(back, 0) + 1e-30), beta)


class _Rows(torch.autograd.Function):
    @staticmethod
    def forward(  # type: ignore[override]
        ctx: Any, scores: torch.Tensor, stay: torch.Tensor, go: torch.Tensor, known: torch.Tensor, end: torch.Tensor
    ) -> torch.Tensor:
        batch, frames, states = scores.shape
        width = max(ROW, 1 << (states - 1).bit_length())  # compiled once, or nearly
        peak = scores.max(-1, keepdim=True).values
        emitted = torch.zeros(batch, frames, width, device=scores.device)
        emitted[..., :states] = torch.exp(scores - peak)
        stays, goes = (torch.zeros(batch, width, device=scores.device) for _ in range(2))
        stays[:, :states] = stay
        goes[:, 1:states] = go  # into a state, from the one before it
        heard = known.to(torch.int32).contiguous()
        alpha, logs = torch.empty_like(emitted), torch.empty(batch, device=scores.device)
        _rows_forward[(batch,)](emitted, stays, goes, heard, alpha, logs, frames, width, num_warps=4)
        ctx.save_for_backward(emitted, alpha, stays, goes, heard, end, known)
        ctx.states = states
        final = alpha[:, -1].gather(1, end[:, None])[:, 0]
        return (peak[..., 0] * known).sum(1) + logs + torch.log(final + TINY)

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor, None, None, None, None]:  # type: ignore[override]
        emitted, alpha, stays, goes, heard, end, known = ctx.saved_tensors
        batch, frames, width = emitted.shape
        occupied = torch.empty_like(emitted)
        _rows_backward[(batch,)](emitted, stays, goes, heard, alpha, end, occupied, frames, width, num_warps=4)
        found = occupied[..., : ctx.states] * known[..., None]
        return found * grad[:, None, None], None, None, None, None


def paths(scores: torch.Tensor, matrix: torch.Tensor) -> torch.Tensor:
    """``sequence.path_sum``."""
    out: torch.Tensor = _Paths.apply(scores, matrix)
    return out


def ways(
    scores: torch.Tensor, stay: torch.Tensor, go: torch.Tensor, known: torch.Tensor, end: torch.Tensor
) -> torch.Tensor:
    """What ``sequence.row_sum`` sums, once its scores are laid along the rows."""
    out: torch.Tensor = _Rows.apply(scores, stay, go, known, end)
    return out
