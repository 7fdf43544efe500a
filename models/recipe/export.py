"""PyTorch weights → a model folder that the stock Vosk wheel loads (Kaldi nnet3, binary).

Input normalisation and batch norms are folded into ``FixedAffineComponent``s; the priors stand in
the model. ``HCLG.fst`` is not part of the model: ``voice.grammar`` compiles one per net.
"""

from __future__ import annotations

import hashlib
import json
import struct
from pathlib import Path

import numpy as np
import torch

from models.recipe.align import PRIOR_POWER
from models.recipe.features import CEPSTRA, HIGH_HZ, LOW_HZ, MELS, RATE
from models.recipe.network import CONTEXT, DILATIONS, SUBSAMPLING
from models.recipe.train import load
from voice.grammar.phones import phone_set

ACOUSTIC_SCALE = 0.2
"""Tuned in the spike on training speakers; frames are far from independent."""


def _token(s: str) -> bytes:
    return s.encode() + b" "


def _int(v: int) -> bytes:
    return b"\x04" + struct.pack("<i", v)


def _float(v: float) -> bytes:
    return b"\x04" + struct.pack("<f", v)


def _vector(v: np.ndarray) -> bytes:
    a = np.asarray(v, "<f4")
    return _token("FV") + _int(len(a)) + a.tobytes()


def _matrix(m: np.ndarray) -> bytes:
    a = np.asarray(m, "<f4")
    return _token("FM") + _int(a.shape[0]) + _int(a.shape[1]) + a.tobytes()


def _ints(v: list[int]) -> bytes:
    return b"\x04" + struct.pack("<i", len(v)) + np.asarray(v, "<i4").tobytes()


def transition_model() -> bytes:
    """Each phone: one HMM state per pdf, self-loop probability 0.5."""
    phones = phone_set()
    n = len(phones.symbols)
    sizes = [len(phones.pdfs[phones.base(s)]) for s in phones.symbols]
    out = _token("<Topology>") + _ints(list(range(1, n + 1))) + _ints([-1] + [k - 1 for k in sizes]) + _int(2)
    for states in (1, 2):
        out += _int(states + 1)
        for s in range(states):
            out += _int(s) + _int(2) + _int(s) + _float(0.5) + _int(s + 1) + _float(0.5)
        out += _int(-1) + _int(0)
    out += _token("</Topology>") + _token("<Triples>") + _int(len(phones.states))
    out += b"".join(_int(v) for t in phones.states for v in t) + _token("</Triples>")
    logp = np.concatenate([[0.0], np.full(2 * len(phones.states), np.log(0.5))])
    out += _token("<LogProbs>") + _vector(logp) + _token("</LogProbs>")
    return _token("<TransitionModel>") + out + _token("</TransitionModel>")


def _affine(w: np.ndarray, b: np.ndarray) -> bytes:
    body = _token("<LinearParams>") + _matrix(w) + _token("<BiasParams>") + _vector(b)
    return _token("<FixedAffineComponent>") + body + _token("</FixedAffineComponent>")


def _nonlinearity(kind: str, dim: int) -> bytes:
    out = _token(f"<{kind}>") + _token("<Dim>") + _int(dim)
    out += _token("<ValueAvg>") + _vector(np.zeros(0)) + _token("<DerivAvg>") + _vector(np.zeros(0))
    for name in ("<Count>", "<NumDimsSelfRepaired>", "<NumDimsProcessed>"):
        out += _token(name) + _float(0.0)
    return out + _token(f"</{kind}>")


def network(weights: dict[str, torch.Tensor]) -> bytes:
    """The nnet3 configuration and its components."""

    def g(name: str) -> np.ndarray:
        return np.asarray(weights[name].numpy())

    def fold(bn: str) -> tuple[np.ndarray, np.ndarray]:
        scale = 1 / np.sqrt(g(f"{bn}.running_var") + 1e-5)
        return scale, -g(f"{bn}.running_mean") * scale

    components: list[tuple[str, bytes]] = []
    config = [f"input-node name=input dim={CEPSTRA}"]
    before, (scale, offset) = "input", fold("norm")
    for k, d in enumerate(DILATIONS):
        w, b = g(f"conv.{k}.weight"), g(f"conv.{k}.bias").copy()
        b += np.einsum("oij,i->o", w, offset)
        w = w * scale[None, :, None]
        a, r = f"tdnn{k}.affine", f"tdnn{k}.relu"
        components += [
            (a, _affine(np.concatenate([w[:, :, j] for j in range(3)], 1), b)),
            (r, _nonlinearity("RectifiedLinearComponent", len(b))),
        ]
        spliced = f"Append(Offset({before}, -{d}), {before}, Offset({before}, {d}))"
        config += [
            f"component-node name={a} component={a} input={spliced}",
            f"component-node name={r} component={r} input={a}",
        ]
        before, (scale, offset) = r, fold(f"bn.{k}")
    w = g("out.weight")[:, :, 0]
    components += [
        ("output.affine", _affine(w * scale[None], g("out.bias") + w @ offset)),
        ("output.logsoftmax", _nonlinearity("LogSoftmaxComponent", len(w))),
    ]
    config += [
        f"component-node name=output.affine component=output.affine input={before}",
        "component-node name=output.logsoftmax component=output.logsoftmax input=output.affine",
        "output-node name=output input=output.logsoftmax objective=linear",
    ]
    out = _token("<Nnet3>") + b"\n" + "\n".join(config).encode() + b"\n\n"
    out += _token("<NumComponents>") + _int(len(components))
    out += b"".join(_token("<ComponentName>") + _token(n) + c for n, c in components)
    return out + _token("</Nnet3>")


MFCC_CONF = f"""--use-energy=false
--sample-frequency={RATE}
--num-mel-bins={MELS}
--num-ceps={CEPSTRA}
--low-freq={LOW_HZ:g}
--high-freq={HIGH_HZ:g}
--dither=0
--allow-upsample=true
--allow-downsample=true
"""
MODEL_CONF = f"""--min-active=200
--max-active=3000
--beam=13.0
--lattice-beam=2.0
--acoustic-scale={ACOUSTIC_SCALE}
--frame-subsampling-factor={SUBSAMPLING}
--endpoint.silence-phones=1
--endpoint.rule1.min-trailing-silence=30
--endpoint.rule2.min-trailing-silence=30
--endpoint.rule3.min-trailing-silence=30
--endpoint.rule4.min-trailing-silence=30
--endpoint.rule5.min-utterance-length=600
"""


def export(weights: Path, out: Path) -> None:
    """Write ``am/final.mdl``, ``conf/`` and ``model.json`` into ``out``."""
    net, prior = load(weights)
    scaled = prior**PRIOR_POWER
    mdl = b"\0B" + transition_model() + network(net.state_dict())
    mdl += _token("<LeftContext>") + _int(CONTEXT) + _token("<RightContext>") + _int(CONTEXT)
    mdl += _token("<Priors>") + _vector(scaled / scaled.sum())
    for folder in ("am", "conf"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    (out / "am" / "final.mdl").write_bytes(mdl)
    (out / "conf" / "mfcc.conf").write_text(MFCC_CONF, "utf-8", newline="\n")
    (out / "conf" / "model.conf").write_text(MODEL_CONF, "utf-8", newline="\n")
    card: dict[str, object] = {
        "name": out.name,
        "kind": "huying",
        "language": "zh-CN",
        "rate": RATE,
        "phones": len(set(phone_set().pdfs)),
        "pdfs": phone_set().num_pdfs,
        "sha256": hashlib.sha256(mdl).hexdigest(),
        "licence": "weights CC BY-SA 4.0 (see README.md beside this file), code Apache-2.0",
    }
    (out / "model.json").write_text(json.dumps(card, ensure_ascii=False, indent=2) + "\n", "utf-8")
    print(f"{out}: {len(mdl) / 1e6:.1f} MB, sha256 {hashlib.sha256(mdl).hexdigest()[:16]}…")
