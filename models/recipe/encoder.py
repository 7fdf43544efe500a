"""The second network: Whisper's encoder with our outputs, trained on to radio and to Mandarin sounds.

It sees the whole over at once, which a time-delay network cannot, and it has heard 680,000 hours before (Radford et
al., Robust Speech Recognition via Large-Scale Weak Supervision, 2022). Its outputs are those of ``network.Tdnn``: pdfs
of toneless phones and the tone, every 30 ms, so all that reads scores reads these too.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from models.recipe.examples import WARPS, covers
from models.recipe.features import SHIFT, sent
from models.recipe.network import SUBSAMPLING, TONES

MELS = 80
NFFT = 200
"""25 ms at 8 kHz: bins of 40 Hz, as in Whisper's 400 at 16 kHz."""

BANDS = 60
"""Mel bands below the half of our rate: the others hold nothing, and are left out."""

WIDTH, HEADS, LAYERS = 512, 8, 6
"""Of Whisper base."""

FIRST_S = 0.016
"""Middle of the first output frame, in seconds: that of a window of ``features``."""

STEP_S = 0.02
"""Of the encoder's own frames."""

FROZEN = 1
"""Lowest layers that are not trained."""

FINE = 1
"""Lowest layers that work on frames of 20 ms. The others have ours of 30 ms: a third less work, and hardly another
sound wrong even before they were trained on so (0.181 and 0.186 of the tuning people's on a clear channel)."""


def slaney(hz: np.ndarray) -> np.ndarray:
    """Mel of Slaney's Auditory Toolbox: linear below 1 kHz, logarithmic above."""
    hz = np.asarray(hz, float)
    return np.where(hz < 1000, hz * 3 / 200, 15 + 27 * np.log(np.maximum(hz, 1e-9) / 1000) / np.log(6.4))


def slaney_hz(mel: np.ndarray) -> np.ndarray:
    """Its inverse."""
    mel = np.asarray(mel, float)
    return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp((mel - 15) * np.log(6.4) / 27))


def bands(warp: float = 1.0) -> torch.Tensor:
    """Whisper's mel filters at 8 kHz, (NFFT // 2 + 1, BANDS). ``warp`` as in ``features.mel_matrix``."""
    hz = np.arange(NFFT // 2 + 1) * 40.0
    knee = 3200 / max(warp, 1.0)
    bent = np.where(hz <= knee, hz * warp, knee * warp + (hz - knee) * (4000 - knee * warp) / (4000 - knee))
    edges = slaney_hz(np.linspace(0, slaney(np.array(8000.0)), MELS + 2))
    rise = (bent[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    fall = (edges[2:] - bent[:, None]) / (edges[2:] - edges[1:-1])
    filters = np.maximum(0, np.minimum(rise, fall)) * 2 / (edges[2:] - edges[:-2])
    return torch.tensor(filters[:, :BANDS], dtype=torch.float32)


_FLAT = bands()
_WINDOW = torch.hann_window(NFFT)


def mel_of(pcm: torch.Tensor, filters: torch.Tensor = _FLAT) -> torch.Tensor:
    """Whisper's logarithmic mel bands of ``pcm`` (batch, samples at 8 kHz; float in int16 scale): (batch, frames,
    BANDS), a frame every 10 ms, the first at the first sample.

    Half the samples give a quarter of the power that Whisper sees at 16 kHz. The loudest moment stands for all of an
    utterance: nothing is more than eight decades below it.
    """
    spectrum = torch.stft(pcm / 32768, NFFT, SHIFT, NFFT, _WINDOW.to(pcm.device), return_complex=True)
    power = 4 * spectrum.abs().pow(2).transpose(1, 2) @ filters.to(pcm.device)
    level = torch.log10(power.clamp_min(1e-10))
    return (torch.maximum(level, level.amax((1, 2), keepdim=True) - 8) + 4) / 4


def mel_with_chances(samples: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """Mel bands of a batch, each eighth of it with a vocal tract of its own, and with something hidden in some
    examples: for training."""
    samples = samples + torch.randn_like(samples) * float(rng.uniform(0.3, 4))
    some = samples.split(-(-len(samples) // WARPS))
    mel = torch.cat([mel_of(part, bands(float(rng.uniform(0.85, 1.2)))) for part in some])
    covered = covers(len(mel), mel.shape[1], BANDS, rng)
    return torch.where(sent(torch.from_numpy(covered), mel), mel.mean(1, keepdim=True), mel)


class Layer(nn.Module):
    """One layer of a transformer, normalised before each half."""

    def __init__(self) -> None:
        super().__init__()
        self.before_attention = nn.LayerNorm(WIDTH)
        self.attention = nn.Linear(WIDTH, 3 * WIDTH)
        self.attended = nn.Linear(WIDTH, WIDTH)
        self.before_inner = nn.LayerNorm(WIDTH)
        self.inner = nn.Linear(WIDTH, 4 * WIDTH)
        self.outer = nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, h: torch.Tensor) -> torch.Tensor:
        """(batch, frames, WIDTH), the same."""
        q, k, v = self.attention(self.before_attention(h)).unflatten(-1, (3, HEADS, -1)).permute(2, 0, 3, 1, 4)
        h = h + self.attended(attention(q, k, v).transpose(1, 2).flatten(2))
        return h + self.outer(F.gelu(self.inner(self.before_inner(h))))


def attention(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """(batch, heads, frames, width of a head), the same."""
    if q.is_cuda:
        return F.scaled_dot_product_attention(q, k, v)
    near = (q * q.shape[-1] ** -0.5) @ k.transpose(-1, -2)
    with torch.autocast(q.device.type, enabled=False):  # half as long as the library's, which spares memory
        near = torch.softmax(near, -1)
    return near @ v


class Encoder(nn.Module):
    """Whisper base's encoder and the two outputs of ``network.Tdnn``; 20 M parameters."""

    def __init__(self, pdfs: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(BANDS, WIDTH, 3, padding=1)
        self.conv2 = nn.Conv1d(WIDTH, WIDTH, 3, 2, 1)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.norm = nn.LayerNorm(WIDTH)
        self.out = nn.Linear(WIDTH, pdfs)
        self.tone = nn.Linear(WIDTH, TONES)

    def forward(self, mel: torch.Tensor, phase: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
        """(batch, frames, BANDS) → logits of pdfs and of tones every 30 ms, from frame ``phase`` (0..2) on."""
        h = F.gelu(self.conv1(mel.transpose(1, 2)))
        h = F.gelu(self.conv2(h)).transpose(1, 2)
        h = h + positions(h.shape[1]).to(h.device)
        for layer in self.layers[:FINE]:
            h = layer(h)
        h = at_30_ms(h, phase, (mel.shape[1] - 1 - NFFT // SHIFT - phase) // SUBSAMPLING + 1)
        for layer in self.layers[FINE:]:
            h = layer(h)
        h = self.norm(h)
        return self.out(h), self.tone(h)


def positions(frames: int) -> torch.Tensor:
    """Sinusoids that tell the place, (frames, WIDTH)."""
    rate = torch.exp(-torch.arange(WIDTH // 2) * (np.log(10000) / (WIDTH // 2 - 1)))
    angle = torch.arange(frames)[:, None] * rate
    return torch.cat([angle.sin(), angle.cos()], 1)


def at_30_ms(h: torch.Tensor, phase: int, frames: int) -> torch.Tensor:
    """The encoder's frames of 20 ms, interpolated at the middles of ours."""
    at = (FIRST_S + (torch.arange(frames) * SUBSAMPLING + phase) * 0.01) / STEP_S
    low = at.long().clamp_max(h.shape[1] - 2)
    part = (at - low)[:, None].clamp(0, 1).to(h)
    return h[:, low] * (1 - part) + h[:, low + 1] * part


def of_whisper(model_bin: Path, pdfs: int) -> Encoder:
    """An encoder with the weights of a Whisper base model in CTranslate2's form, and outputs that know nothing yet."""
    w = dict(_variables(model_bin))
    net = Encoder(pdfs)
    with torch.no_grad():
        net.conv1.weight.copy_(w["encoder/conv1/weight"][:, :BANDS])
        # What the empty bands say at the usual level is added to the bias.
        net.conv1.bias.copy_(w["encoder/conv1/bias"] - 0.5 * w["encoder/conv1/weight"][:, BANDS:].sum((1, 2)))
        net.conv2.weight.copy_(w["encoder/conv2/weight"])
        net.conv2.bias.copy_(w["encoder/conv2/bias"])
        _copy_norm(net.norm, w, "encoder/layer_norm")
        for k, layer in enumerate(net.layers):
            at = f"encoder/layer_{k}"
            _copy_norm(layer.before_attention, w, f"{at}/self_attention/layer_norm")
            _copy_norm(layer.before_inner, w, f"{at}/ffn/layer_norm")
            for linear, name in (
                (layer.attention, "self_attention/linear_0"),
                (layer.attended, "self_attention/linear_1"),
                (layer.inner, "ffn/linear_0"),
                (layer.outer, "ffn/linear_1"),
            ):
                linear.weight.copy_(w[f"{at}/{name}/weight"])
                linear.bias.copy_(w[f"{at}/{name}/bias"])
    return net


def encoder_of(state: Mapping[str, torch.Tensor]) -> Encoder:
    """One with weights that were kept."""
    net = Encoder(len(state["out.bias"]))
    net.load_state_dict({k: v.float() for k, v in state.items()})
    return net


def _copy_norm(norm: nn.LayerNorm, w: dict[str, torch.Tensor], name: str) -> None:
    norm.weight.copy_(w[f"{name}/gamma"])
    norm.bias.copy_(w[f"{name}/beta"])


def _variables(model_bin: Path) -> Iterator[tuple[str, torch.Tensor]]:
    """Tensors of half precision in a CTranslate2 model of version 6."""
    with model_bin.open("rb") as f:

        def text() -> str:
            (n,) = struct.unpack("<H", f.read(2))
            return f.read(n)[:-1].decode()

        f.read(4)
        text()
        _, count = struct.unpack("<II", f.read(8))
        for _ in range(count):
            name = text()
            (rank,) = struct.unpack("<B", f.read(1))
            shape = struct.unpack(f"<{rank}I", f.read(4 * rank))
            kind, size = struct.unpack("<BI", f.read(5))
            data = f.read(size)
            if kind == 4:
                yield name, torch.from_numpy(np.frombuffer(data, np.float16).reshape(shape).astype(np.float32))
