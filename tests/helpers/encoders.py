"""Encoders that know nothing."""

from __future__ import annotations

import numpy as np

from voice.pcm import Floats
from voice.speech.encoder import WIDTH


def weights(layers: int = 2, seed: int = 0) -> dict[str, Floats]:
    """Of random numbers, in the shape of the real ones."""
    rng = np.random.default_rng(seed)

    def linear(name: str, out: int, n: int) -> dict[str, Floats]:
        w = rng.normal(0, n**-0.5, (out, n)).astype(np.float32)
        return {f"{name}.weight": w, f"{name}.bias": rng.normal(0, 0.1, out).astype(np.float32)}

    def norm(name: str) -> dict[str, Floats]:
        return {f"{name}.weight": np.ones(WIDTH, np.float32), f"{name}.bias": np.zeros(WIDTH, np.float32)}

    found = linear("conv1", WIDTH, 180) | linear("conv2", WIDTH, 3 * WIDTH) | norm("norm")
    found |= linear("out", 99, WIDTH) | linear("tone", 6, WIDTH)
    for k in range(layers):
        at = f"layers.{k}."
        found |= norm(f"{at}before_attention") | norm(f"{at}before_inner")
        found |= linear(f"{at}attention", 3 * WIDTH, WIDTH) | linear(f"{at}attended", WIDTH, WIDTH)
        found |= linear(f"{at}inner", 4 * WIDTH, WIDTH) | linear(f"{at}outer", WIDTH, 4 * WIDTH)
    return found
