"""A model folder → PyTorch weights, so that training goes on from what is shipped.

The folder has batch norms folded into the affine components of the first network. Here each gets its own back, with
the statistics of some training examples, so that the network computes the same in evaluation mode and trains like
before. The second network is as it was, but for the steps of its bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import numpy as np
import torch

from models.recipe.align import PRIOR_POWER, TONE_OF
from models.recipe.network import DILATIONS, SUBSAMPLING, Tdnn
from voice.mandarin.phones import phone_set
from voice.speech.acoustics import AcousticModel, load_acoustic_model
from voice.speech.encoder import load_encoder

Priors = tuple[np.ndarray, np.ndarray]
"""Of the pdfs without tone, and of the tones (entry 0 is 1): as ``train.load`` returns them."""


CONVOLUTIONS = ("conv1.weight", "conv2.weight")
"""Of the encoder: (out, in, 3) here, (out, 3 · in) in a model folder."""


def priors_of(model: AcousticModel) -> Priors:
    """The priors that ``export.scores`` has put into the last component."""
    matrix, bias = model.outputs.scores
    toneless = len(model.outputs.pdf[1])
    prior = np.exp(-bias[:toneless].astype(np.float64) / PRIOR_POWER)
    tones = np.ones(len(model.outputs.tone[1]))
    for tone in range(1, len(tones)):
        pdf = int(np.flatnonzero(tone == TONE_OF)[0])
        base = int(np.flatnonzero(matrix[pdf, :toneless])[0])
        tones[tone] = np.exp((bias[base] - bias[pdf]) / matrix[pdf, toneless + tone])
    return prior / prior.sum(), tones


def encoder_of_folder(folder: Path) -> tuple[dict[str, torch.Tensor], np.ndarray, np.ndarray]:
    """(weights of its encoder, prior, tone prior), as ``train.write`` keeps them."""
    card = json.loads((folder / "model.json").read_text("utf-8"))
    weights = load_encoder(folder, card["encoder_sha256"]).weights
    net = {n: torch.tensor(w.reshape(len(w), 3, -1).transpose(0, 2, 1) if n in CONVOLUTIONS else w)
           for n, w in weights.items()}  # fmt: skip
    return {n: w.contiguous() for n, w in net.items()}, *priors_of(load_acoustic_model(folder / "am" / "final.mdl"))


def set_affine(conv: torch.nn.Conv1d, affine: tuple[np.ndarray, np.ndarray]) -> None:
    """Give a convolution the weights of an affine component that sees its input at three frames."""
    w, _ = affine
    out, spliced = w.shape
    k = conv.kernel_size[0]
    conv.weight.data = torch.tensor(w.reshape(out, k, spliced // k).transpose(0, 2, 1).copy())


def resume(folder: Path, batches: Iterable[torch.Tensor]) -> tuple[Tdnn, np.ndarray, np.ndarray]:
    """(network, prior, tone prior) of a model folder; ``batches`` are padded cepstra of training examples."""
    model = load_acoustic_model(folder / "am" / "final.mdl")
    assert model.dilations == DILATIONS[: len(model.dilations)], "the folder's layers are not those of the recipe"
    net = Tdnn(phone_set().toneless, len(model.layers[0][1]), len(model.dilations))
    for conv, affine in zip(net.conv, model.layers, strict=False):
        assert isinstance(conv, torch.nn.Conv1d)
        set_affine(conv, affine)
    for head, (w, b) in ((net.out, model.outputs.pdf), (net.tone, model.outputs.tone)):
        head.weight.data, head.bias.data = torch.tensor(w[:, :, None]), torch.tensor(b)  # type: ignore[union-attr]
    _restore_norms(net, model, batches)
    return net, *priors_of(model)


def _restore_norms(net: Tdnn, model: AcousticModel, batches: Iterable[torch.Tensor]) -> None:
    """Give every batch norm the statistics of its input, and scale and shift that undo them.

    The median of the batches' statistics: a batch with digital silence, which never reaches the network at run time,
    drives the last layers to a hundred times their usual values. Of the mean, such a batch leaves statistics under
    which training begins anew. Layers that the folder does not have keep their faint scale.
    """
    net.eval()
    norms = [net.norm, *net.bn]
    means: list[list[torch.Tensor]] = [[] for _ in norms]
    variances: list[list[torch.Tensor]] = [[] for _ in norms]
    for norm in norms:
        norm.running_mean.zero_()  # type: ignore[union-attr]
        norm.running_var.fill_(1.0 - norm.eps)  # type: ignore[union-attr]
    for norm, (_, bias) in zip(net.bn, model.layers, strict=False):
        norm.bias.data = torch.tensor(bias)

    def watch(k: int, _module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        x = inputs[0].double()
        means[k].append(x.mean(0))
        variances[k].append(x.var(0, correction=0))

    hooks = [n.register_forward_pre_hook(partial(watch, k)) for k, n in enumerate(norms)]
    with torch.no_grad():
        for k, cepstra in enumerate(batches):
            net(cepstra, k % SUBSAMPLING)
    for hook in hooks:
        hook.remove()
    shift = torch.zeros(())
    for k, norm in enumerate(norms):
        mean = torch.stack(means[k]).quantile(0.5, 0).float()
        var = torch.stack(variances[k]).quantile(0.5, 0).float()
        norm.running_var.copy_(var)  # type: ignore[union-attr]
        if k == 0:  # it has no scale of its own: the first convolution undoes what it does
            w = net.conv[0].weight.data
            shift = (w * mean[None, :, None]).sum((1, 2))
            net.conv[0].weight.data = w * torch.sqrt(var + norm.eps)[None, :, None]
            norm.running_mean.copy_(mean)  # type: ignore[union-attr]
            continue
        norm.running_mean.copy_(mean - shift if k == 1 else mean)  # type: ignore[union-attr]
        if k <= len(model.layers):  # those beyond are new
            norm.weight.data = torch.sqrt(var + norm.eps)
            norm.bias.data = norm.bias.data + mean
