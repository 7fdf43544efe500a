"""Two models of one line → the mean of their weights.

Training that goes on from a model stays in its neighbourhood; the mean of both is then often better on voices that
neither has seen than either alone (Wortsman et al., *Robust fine-tuning of zero-shot models*, CVPR 2022).
"""

from __future__ import annotations

from pathlib import Path

import torch

from models.recipe.network import Tdnn
from models.recipe.resume import priors_of, set_affine
from models.recipe.train import write
from voice.mandarin.phones import phone_set
from voice.speech.acoustics import load_acoustic_model


def blend(folders: list[Path], out: Path) -> None:
    """Write the mean of two model folders' weights to ``out`` (``.pt``), batch norms folded in."""
    a, b = (load_acoustic_model(f / "am" / "final.mdl") for f in folders)
    net = Tdnn(phone_set().toneless, len(a.layers[0][1]))
    net.norm.running_var.fill_(1.0 - net.norm.eps)  # type: ignore[union-attr]
    for conv, norm, one, two in zip(net.conv, net.bn, a.layers, b.layers, strict=True):
        assert isinstance(conv, torch.nn.Conv1d) and isinstance(norm, torch.nn.BatchNorm1d)
        set_affine(conv, ((one[0] + two[0]) / 2, (one[1] + two[1]) / 2))
        norm.running_var.fill_(1.0 - norm.eps)  # type: ignore[union-attr]
        norm.bias.data = torch.tensor((one[1] + two[1]) / 2)
    for head, one, two in ((net.out, a.outputs.pdf, b.outputs.pdf), (net.tone, a.outputs.tone, b.outputs.tone)):
        head.weight.data = torch.tensor((one[0] + two[0])[:, :, None] / 2)
        head.bias.data = torch.tensor((one[1] + two[1]) / 2)
    (prior, tones), (prior_b, tones_b) = priors_of(a), priors_of(b)
    write(out, net.state_dict(), (prior + prior_b) / 2, (tones + tones_b) / 2, net.width)
