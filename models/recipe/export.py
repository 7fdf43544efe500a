"""PyTorch weights → a model folder that the stock Vosk wheel loads (Kaldi nnet3, binary).

Input normalisation and batch norms are folded into ``FixedAffineComponent``s, whose matrices are stored with 16
bits a number (Kaldi's ``CompressedMatrix``), or with 8 where there is a second network. The last component turns the
two outputs of the network into one score per pdf: log-likelihood of the toneless state, plus ``TONE_WEIGHT`` times
the evidence for the tone. The priors are in its bias. ``HCLG.fst`` is not part of the model:
``voice.grammar`` compiles one per net.
"""

from __future__ import annotations

import hashlib
import json
import struct
from pathlib import Path

import numpy as np
import torch

from models.recipe.align import BASE_OF, PRIOR_POWER, TONE_OF
from models.recipe.features import CEPSTRA, HIGH_HZ, LOW_HZ, MELS, RATE, WINDOW
from models.recipe.network import CONTEXT, DILATIONS, SUBSAMPLING, TONES
from models.recipe.train import load
from models.recipe.voiceprint import belongs
from voice.mandarin.phones import phone_set
from voice.speech.bigram import FILE as BIGRAM
from voice.speech.encoder import FILE as ENCODER
from voice.speech.encoder import SCALE
from voice.speech.voiceprint import FILE as VOICEPRINT

ACOUSTIC_SCALE = 0.2
"""Tuned in the spike on training speakers; frames are far from independent."""

TONE_WEIGHT = 0.5
"""Of the tone's log-likelihood ratio beside the phone's log-likelihood. Tuned on the tuning voices."""


def _token(s: str) -> bytes:
    return s.encode() + b" "


def _int(v: int) -> bytes:
    return b"\x04" + struct.pack("<i", v)


def _float(v: float) -> bytes:
    return b"\x04" + struct.pack("<f", v)


def _vector(v: np.ndarray) -> bytes:
    a = np.asarray(v, "<f4")
    return _token("FV") + _int(len(a)) + a.tobytes()


def _matrix(m: np.ndarray, small: bool = False) -> bytes:
    """A ``CompressedMatrix`` of the two-byte format, which Kaldi reads wherever it expects a matrix; or a ``small``
    one with a byte a number between the quartiles of each column."""
    a = np.asarray(m, np.float64)
    low, span = float(a.min()), float(a.max() - a.min()) or 1.0
    head = struct.pack("<ffii", low, span, *a.shape)
    steps = (a - low) / span * 65535
    if not small:
        return _token("CM2") + head + np.rint(steps).astype("<u2").tobytes()
    rows = len(a)
    q = np.rint(np.sort(steps, 0)[[0, rows // 4, 3 * (rows // 4), rows - 1]])
    q[0] = np.minimum(q[0], 65532)
    q[1] = np.clip(q[1], q[0] + 1, 65533)
    q[2] = np.clip(q[2], q[1] + 1, 65534)
    q[3] = np.maximum(q[3], q[2] + 1)
    parts = zip(q[:-1], q[1:], (0, 64, 192), (64, 128, 63), strict=True)
    within = [first + np.clip((steps - a) / (b - a), 0, 1) * n for a, b, first, n in parts]
    codes = np.where(steps < q[1], within[0], np.where(steps < q[2], within[1], within[2]))
    return _token("CM") + head + q.T.astype("<u2").tobytes() + np.rint(codes).T.astype(np.uint8).tobytes()


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


def _affine(w: np.ndarray, b: np.ndarray, small: bool = False) -> bytes:
    body = _token("<LinearParams>") + _matrix(w, small) + _token("<BiasParams>") + _vector(b)
    return _token("<FixedAffineComponent>") + body + _token("</FixedAffineComponent>")


def _nonlinearity(kind: str, dim: int) -> bytes:
    out = _token(f"<{kind}>") + _token("<Dim>") + _int(dim)
    out += _token("<ValueAvg>") + _vector(np.zeros(0)) + _token("<DerivAvg>") + _vector(np.zeros(0))
    for name in ("<Count>", "<NumDimsSelfRepaired>", "<NumDimsProcessed>"):
        out += _token(name) + _float(0.0)
    return out + _token(f"</{kind}>")


def _no_op(dim: int) -> bytes:
    out = _token("<NoOpComponent>") + _token("<Dim>") + _int(dim) + _token("<BackpropScale>") + _float(1.0)
    return out + _token("</NoOpComponent>")


def scores(prior: np.ndarray, tone_prior: np.ndarray, tone_weight: float) -> tuple[np.ndarray, np.ndarray]:
    """(matrix, bias) from [log p(pdf), log p(tone)] to a score for every pdf with and without tone."""
    base = len(prior)
    m = np.zeros((len(BASE_OF), base + TONES))
    m[np.arange(len(BASE_OF)), BASE_OF] = 1.0
    scaled = prior**PRIOR_POWER
    bias = -np.log(scaled / scaled.sum())[BASE_OF]
    toned = TONE_OF > 0
    m[toned, base + TONE_OF[toned]] = tone_weight
    bias[toned] -= tone_weight * np.log(tone_prior[TONE_OF[toned]])
    return m, bias


def network(
    weights: dict[str, torch.Tensor],
    prior: np.ndarray,
    tone_prior: np.ndarray,
    tone_weight: float = TONE_WEIGHT,
    small: bool = False,
) -> bytes:
    """The nnet3 configuration and its components; ``small``: the layers with a byte a number."""

    def g(name: str) -> np.ndarray:
        return np.asarray(weights[name].double().numpy())

    components: list[tuple[str, bytes]] = []
    config = [f"input-node name=input dim={CEPSTRA}"]

    def node(name: str, component: bytes, source: str) -> str:
        components.append((name, component))
        config.append(f"component-node name={name} component={name} input={source}")
        return name

    below = "input"
    offsets = (1, 1, *(SUBSAMPLING * d for d in DILATIONS))
    for k, d in enumerate(offsets):
        scale = g(f"bn.{k}.weight") / np.sqrt(g(f"bn.{k}.running_var") + 1e-5)
        w = g(f"conv.{k}.weight") * scale[:, None, None]
        b = g(f"bn.{k}.bias") - g(f"bn.{k}.running_mean") * scale
        if k == 0:
            norm = 1 / np.sqrt(g("norm.running_var") + 1e-5)
            w = w * norm[None, :, None]
            b = b - np.einsum("oij,i->o", w, g("norm.running_mean"))
        spliced = f"Append(Offset({below}, -{d}), {below}, Offset({below}, {d}))"
        affine = node(f"tdnn{k}.affine", _affine(np.concatenate([w[:, :, j] for j in range(3)], 1), b, small), spliced)
        above = node(f"tdnn{k}.relu", _nonlinearity("RectifiedLinearComponent", len(b)), affine)
        below = above if k < 2 else node(f"tdnn{k}.sum", _no_op(len(b)), f"Sum({above}, {below})")
    outputs = []
    for name, head in (("pdf", "out"), ("tone", "tone")):
        affine = node(f"{name}.affine", _affine(g(f"{head}.weight")[:, :, 0], g(f"{head}.bias")), below)
        outputs.append(node(f"{name}.logsoftmax", _nonlinearity("LogSoftmaxComponent", len(g(f"{head}.bias"))), affine))
    node("scores", _affine(*scores(prior, tone_prior, tone_weight)), f"Append({', '.join(outputs)})")
    config.append("output-node name=output input=scores objective=linear")
    out = _token("<Nnet3>") + b"\n" + "\n".join(config).encode() + b"\n\n"
    out += _token("<NumComponents>") + _int(len(components))
    out += b"".join(_token("<ComponentName>") + _token(n) + c for n, c in components)
    return out + _token("</Nnet3>")


STEPS = 127
"""Of a byte to either side."""


def in_bytes(weights: Path) -> dict[str, np.ndarray]:
    """Tensors of an encoder: matrices as (out, in) with a byte a number and the size of its step for each row."""
    out = {}
    for name, tensor in torch.load(weights, weights_only=True)["net"].items():
        w = tensor.double().numpy()
        if w.ndim == 3:  # a convolution: its frames side by side
            w = w.transpose(0, 2, 1).reshape(len(w), -1)
        if w.ndim < 2:
            out[name] = w.astype(np.float32)
            continue
        step = np.abs(w).max(1) / STEPS
        out[name], out[name + SCALE] = np.rint(w / step[:, None]).astype(np.int8), step.astype(np.float32)
    return out


MFCC_CONF = f"""--use-energy=false
--sample-frequency={RATE}
--frame-length={1000 * WINDOW / RATE:g}
--num-mel-bins={MELS}
--num-ceps={CEPSTRA}
--low-freq={LOW_HZ:g}
--high-freq={HIGH_HZ:g}
--dither=0
--allow-upsample=true
--allow-downsample=true
"""
CHUNK = 99
"""Frames of 10 ms that the network is computed for at once. Kaldi's 20 read all weights five times a second, and take
half as much time again; longer ones win little more, and what was heard so far is shown later."""

MODEL_CONF = f"""--min-active=200
--max-active=3000
--beam=12.0
--lattice-beam=2.0
--acoustic-scale={ACOUSTIC_SCALE}
--frame-subsampling-factor={SUBSAMPLING}
--frames-per-chunk={CHUNK}
--endpoint.silence-phones=1
--endpoint.rule1.min-trailing-silence=30
--endpoint.rule2.min-trailing-silence=30
--endpoint.rule3.min-trailing-silence=30
--endpoint.rule4.min-trailing-silence=30
--endpoint.rule5.min-utterance-length=600
"""


def _first(weights: Path, out: Path, second: bool) -> bytes:
    """The first network and ``conf/`` into ``out``; its matrices are small if there is a ``second``."""
    net, prior, tones = load(weights)
    small = second or (out / ENCODER).is_file()  # it counts more: the first need not be exact
    mdl = b"\0B" + transition_model() + network(net.state_dict(), prior, tones, small=small)
    mdl += _token("<LeftContext>") + _int(CONTEXT) + _token("<RightContext>") + _int(CONTEXT)
    mdl += _token("<Priors>") + _vector(np.zeros(0))
    for folder in ("am", "conf"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    (out / "am" / "final.mdl").write_bytes(mdl)
    (out / "conf" / "mfcc.conf").write_text(MFCC_CONF, "utf-8", newline="\n")
    (out / "conf" / "model.conf").write_text(MODEL_CONF, "utf-8", newline="\n")
    return mdl


def export(weights: Path | None, out: Path, encoder: Path | None = None) -> None:
    """Write ``am/final.mdl``, ``conf/`` and ``model.json`` into ``out``, and with weights of an ``encoder`` that.
    Without ``weights`` the first network stays as it is."""
    mdl = (out / "am" / "final.mdl").read_bytes() if weights is None else _first(weights, out, encoder is not None)
    card: dict[str, object] = {
        "name": out.name,
        "kind": "huying",
        "language": "zh-CN",
        "rate": RATE,
        "phones": len([p for p in phone_set().pdfs if not p[-1].isdigit()]),
        "pdfs": phone_set().num_pdfs,
        "sha256": hashlib.sha256(mdl).hexdigest(),
        "licence": "weights CC BY-SA 4.0 (see README.md beside this file), code Apache-2.0",
    }
    if encoder is not None:
        np.savez(out / ENCODER, **in_bytes(encoder))  # type: ignore[arg-type]
    beside = ((BIGRAM, "bigram_sha256"), (ENCODER, "encoder_sha256"), (VOICEPRINT, "voiceprint_sha256"))
    for name, field in beside:  # they go with any weights
        if name == VOICEPRINT and (out / name).is_file() and not belongs(out):
            print(f"{out / name}: made for other convolutions, left out; make it again: voiceprint")
        elif (out / name).is_file():
            card[field] = hashlib.sha256((out / name).read_bytes()).hexdigest()
    (out / "model.json").write_text(json.dumps(card, ensure_ascii=False, indent=2) + "\n", "utf-8")
    print(f"{out}: {len(mdl) / 1e6:.1f} MB, sha256 {hashlib.sha256(mdl).hexdigest()[:16]}…")
