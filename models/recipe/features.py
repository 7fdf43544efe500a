"""Kaldi's MFCC in PyTorch, for 8 kHz audio: what the decoder computes at run time, during training.

Equal to ``compute-mfcc-feats --dither=0 --use-energy=false --snip-edges=true`` with the options of
``MFCC_OPTIONS`` to 1e-3 (``tests/test_recipe.py`` compares with kaldi-native-fbank).
"""

from __future__ import annotations

import numpy as np
import torch

RATE, WINDOW, SHIFT, NFFT = 8000, 256, 80, 256
"""32 ms windows every 10 ms: long enough to show the harmonics of a low voice, which carry the tone."""

MELS = CEPSTRA = 48
LOW_HZ, HIGH_HZ = 150.0, 3700.0


def num_frames(samples: int) -> int:
    """Frames of ``samples`` samples (32 ms windows every 10 ms, no padding)."""
    return 1 + (samples - WINDOW) // SHIFT if samples >= WINDOW else 0


def _mel(hz: np.ndarray) -> np.ndarray:
    return 1127.0 * np.log1p(hz / 700.0)


def mel_matrix(warp: float = 1.0) -> torch.Tensor:
    """Triangular mel filters, shape (NFFT // 2 + 1, MELS).

    ``warp`` scales the frequency axis below 0.8 of the band and bends back to its upper edge above
    (piecewise-linear vocal-tract length perturbation); 1.15 makes a speaker sound smaller.
    """
    hz = RATE / NFFT * np.arange(NFFT // 2 + 1)
    knee = 0.8 * HIGH_HZ / max(warp, 1.0)
    bent = np.where(hz <= knee, hz * warp, knee * warp + (hz - knee) * (HIGH_HZ - knee * warp) / (HIGH_HZ - knee))
    mel = _mel(bent)
    edges = np.linspace(_mel(np.array(LOW_HZ)), _mel(np.array(HIGH_HZ)), MELS + 2)
    rise = (mel[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    fall = (edges[2:] - mel[:, None]) / (edges[2:] - edges[1:-1])
    return torch.tensor(np.maximum(0.0, np.minimum(rise, fall)), dtype=torch.float32)


def _dct() -> torch.Tensor:
    k, n = np.arange(CEPSTRA)[:, None], np.arange(MELS)
    m = np.sqrt(2.0 / MELS) * np.cos(np.pi / MELS * (n + 0.5) * k)
    m[0] = np.sqrt(1.0 / MELS)
    lifter = 1 + 11.0 * np.sin(np.pi * np.arange(CEPSTRA) / 22.0)
    return torch.tensor((m * lifter[:, None]).T, dtype=torch.float32)


_WINDOW = torch.tensor((0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / (WINDOW - 1))) ** 0.85, dtype=torch.float32)
COSINE = _dct()
"""From mel bands to cepstra; it can be inverted."""

_FLAT = mel_matrix()


def mfcc(pcm: torch.Tensor, mel: torch.Tensor = _FLAT) -> torch.Tensor:
    """Cepstra of ``pcm`` (batch, samples; float in int16 scale) → (batch, frames, CEPSTRA)."""
    f = pcm.unfold(-1, WINDOW, SHIFT)
    f = f - f.mean(-1, keepdim=True)
    f = f - 0.97 * torch.cat([f[..., :1], f[..., :-1]], -1)
    power = torch.fft.rfft(f * _WINDOW.to(f.device), n=NFFT).abs() ** 2
    return torch.log(torch.clamp(power @ mel, min=1.1920929e-07)) @ COSINE.to(f.device)


def halved(device: str) -> torch.autocast:
    """Half precision, where the machine has instructions for it. Without AVX-512 a processor takes fifty times as long
    in half precision as in full."""
    able = device != "cpu" or "AVX512" in torch.backends.cpu.get_cpu_capability()
    return torch.autocast(device, torch.bfloat16, enabled=able)


def sent(x: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """``x`` on the device of ``like``, without waiting for what is computed there."""
    return x.pin_memory().to(like.device, non_blocking=True) if like.is_cuda else x
