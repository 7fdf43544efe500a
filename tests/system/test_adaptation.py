"""Learning from confirmed overs: gradients, files, and a small station from journal to adapted model."""

from __future__ import annotations

import itertools
import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import soxr

from tests.helpers.forking import finished
from tests.helpers.places import ROOT
from voice.errors import HuyingError
from voice.journal.store import Journal
from voice.mandarin.phones import phone_set
from voice.measure.adapting import Confirmation, HeldOut, adapt_to, aligned, confirmations
from voice.measure.channel import Channel, to_receiver, transmit
from voice.net.loading import Net
from voice.pcm import RATE, Pcm16
from voice.speech.acoustics import AcousticModel, load_acoustic_model, mfcc
from voice.speech.adaptation import UNKNOWN, Example, _backward, _forward, adapt, patched, surprise
from voice.speech.models import check_model
from voice.speech.synthesiser import SpeechSettings, Synthesiser
from voice.talk.by_hand import Confirmed
from voice.talk.facts import OverHeard, SessionBegan

MODEL = ROOT / "models" / "huying-zh-8k"


@pytest.fixture(scope="module")
def model() -> AcousticModel:
    return load_acoustic_model(MODEL / "am" / "final.mdl")


def say(net: Net, synthesiser: Synthesiser, text: str, seed: int, voice: str = "anika") -> Pcm16:
    samples, rate = synthesiser.say(text, net.readings.spoken(text.replace(",", "")), SpeechSettings(160, 50, voice))
    x = soxr.resample(samples.astype(np.float64), rate, RATE)
    return to_receiver(transmit(x, Channel(snr_db=12.0, tail_s=0.0), np.random.default_rng(seed))[0])


def test_gradients_are_those_of_finite_differences(model: AcousticModel) -> None:
    rng = np.random.default_rng(0)
    cepstra = mfcc((rng.standard_normal(3300) * 1000).astype(np.float32))
    pdf, tone, seen = _forward(model, cepstra)
    labels = pdf.argsort(1)[:, -3]  # of the likely ones: the logarithm of nothing has no slope
    wanted = np.eye(99, dtype=np.float32)[labels]
    gradients = _backward(model, seen, pdf - wanted, np.zeros_like(tone))

    def loss(m: AcousticModel) -> float:
        p, _, _ = _forward(m, cepstra)
        return float(-np.log(p[np.arange(len(p)), labels].astype(np.float64)).sum())

    step = 1e-2
    for k in (0, 1, 4, 7):
        direction = gradients[k][1] / np.linalg.norm(gradients[k][1])
        up, down = (loss(_with_bias(model, k, model.layers[k][1] + sign * step * direction)) for sign in (1, -1))
        slope = float(gradients[k][1] @ direction)
        assert (up - down) / (2 * step) == pytest.approx(slope, rel=0.05)


def _with_bias(model: AcousticModel, k: int, bias: np.ndarray) -> AcousticModel:
    from dataclasses import replace

    layers = list(model.layers)
    layers[k] = (layers[k][0], bias.astype(np.float32))
    return replace(model, layers=tuple(layers))


def test_the_own_forward_pass_is_the_models(model: AcousticModel, net: Net, synthesiser: Synthesiser) -> None:
    pcm = say(net, synthesiser, "一切正常", 1).astype(np.float32)
    pdf, tone, _ = _forward(model, mfcc(pcm))
    w, b = model.scores
    both = np.concatenate([np.log(pdf), np.log(tone)], 1)
    assert np.allclose(both @ w.T + b, model.loglikes(pcm), atol=1e-2)


def test_patched_file_holds_the_new_weights_and_nothing_else_changes(model: AcousticModel, tmp_path: Path) -> None:
    data = (MODEL / "am" / "final.mdl").read_bytes()
    moved = _with_bias(model, 2, model.layers[2][1] + 0.25)
    path = tmp_path / "final.mdl"
    path.write_bytes(patched(data, moved))
    again = load_acoustic_model(path)
    assert len(path.read_bytes()) == len(data)
    assert np.allclose(again.layers[2][1], model.layers[2][1] + 0.25)
    for (a, _), (b, _) in zip(again.layers, model.layers, strict=True):
        assert np.abs(a - b).max() <= (b.max() - b.min()) / 65535
    assert patched(data, model) == data or np.allclose(again.scores[0], model.scores[0])


def test_alignment_follows_what_was_said(model: AcousticModel, net: Net, synthesiser: Synthesiser) -> None:
    pcm = say(net, synthesiser, "一切正常", 2)
    found = aligned(model, net, Confirmation(pcm, "一切正常"))
    assert found is not None
    name_of = {d: phone for phone, states in phone_set().pdfs.items() for d in states}
    names = [{"z": "zh", "c": "ch"}.get(p := name_of[int(d)], p) for d in found.pdf]  # the sample net's accent
    spoken = [p for p, _ in itertools.groupby(names) if p != "sil"]
    assert spoken == ["i", "q", "ie", "zh", "eng", "ch", "ang"]
    assert set(found.tone[found.pdf == 0]) == {UNKNOWN}
    assert [int(t) for t, _ in itertools.groupby(found.tone) if t > 0] == [2, 4, 4, 2]
    assert aligned(model, net, Confirmation(pcm[:800], "一切正常")) is None
    assert aligned(model, net, Confirmation(pcm, "☎")) is None


def test_learning_makes_what_was_said_less_surprising(model: AcousticModel, net: Net, synthesiser: Synthesiser) -> None:
    texts = ("一切正常", "没有发现", "收到明白", "省残联", "贾岗社区治安队", "已到达现场")
    examples: list[Example] = []
    for k, text in enumerate(texts):
        found = aligned(model, net, Confirmation(say(net, synthesiser, text, k), text))
        assert found is not None
        examples.append(found)
    shares: list[float] = []
    moved = adapt(model, examples, epochs=3, progress=shares.append)
    assert surprise(moved, examples) < surprise(model, examples)
    assert shares == sorted(shares) and shares[-1] == 1.0


def test_better_means_more_right_or_less_surprise() -> None:
    base = HeldOut(10, 8, 10, 8, 1, 0.9)
    assert HeldOut(10, 9, 10, 9, 1, 1.2).better_than(base)
    assert not HeldOut(10, 9, 10, 9, 3, 0.1).better_than(base)
    assert HeldOut(10, 8, 10, 8, 1, 0.8).better_than(base) and not base.better_than(base)


def journal_of(path: Path, overs: list[tuple[Pcm16, str]]) -> None:
    """A journal of overs that were all heard as nothing."""
    began = datetime(2026, 6, 5, tzinfo=UTC)
    session = SessionBegan(
        t=0.0, source="x.wav", net="n", net_sha256="", model="m", model_sha256="", began="", clock="known"
    )
    with Journal(str(path)) as journal:
        journal.append([session], began)
        for k, (pcm, text) in enumerate(overs, 1):
            fact = OverHeard(
                t=5.0 * k,
                over=k,
                start=5.0 * k,
                end=5.0 * k + 2,
                speech_start=5.0 * k,
                speech_end=5.0 * k + 2,
                clip=journal.clips.put(pcm),
                level_db=-20.0,
                outcome="understood" if text else "unclear",
                speaker="unit",
                callees=(),
                caller=None,
                to_all=False,
                meanings=(),
                text=text,
                pinyin="",
                confidence=0.5,
                doubled=False,
            )
            journal.append([fact], began)


def test_confirming_and_adapting_as_a_user_does(net: Net, synthesiser: Synthesiser, tmp_path: Path) -> None:
    texts = ["一切正常", "收到", "没有发现", "省残联", "贾岗社区", "警察学院"] * 5
    path, out = tmp_path / "log.sqlite", tmp_path / "ours"
    journal_of(path, [(say(net, synthesiser, t, k), t if k else "") for k, t in enumerate(texts)])

    def huying(*args: object) -> subprocess.CompletedProcess[str]:
        return finished(*map(str, args))

    refused = huying("journal", "confirm", path, 2)
    assert refused.returncode == 2 and "--said" in refused.stderr
    assert "24 are needed" in huying("adapt", path, "-o", out).stderr
    assert huying("journal", "confirm", path, 2, "--said", texts[0], "--by", "王").returncode == 0
    done = huying("journal", "confirm", path, *range(3, len(texts) + 2), "--by", "王")
    assert done.returncode == 0 and "29 overs confirmed" in done.stderr
    assert huying("journal", "verify", path).returncode == 0
    with Journal(str(path)) as journal:
        assert [c.said for c in confirmations(journal)] == texts
        last = list(journal.events())[-1].fact()
        assert isinstance(last, Confirmed) and last.by == "王"
    done = huying("adapt", path, "-o", out, "--epochs", 2)
    assert "Traceback" not in done.stderr and "held-back overs" in done.stdout
    if done.returncode == 0:
        made = check_model(out)
        card = json.loads((out / "model.json").read_text("utf-8"))
        assert made.sha256 == card["sha256"] != card["adapted_from"] == check_model(MODEL).sha256
        assert "exists" in huying("adapt", path, "-o", out).stderr
    else:
        assert not out.exists() and "not kept" in done.stdout


def test_a_copy_that_hears_worse_is_not_kept(net: Net, synthesiser: Synthesiser, tmp_path: Path) -> None:
    """Wrong confirmations: what is learned is not what the held-back overs say."""
    texts = ["一切正常", "没有发现", "贾岗社区治安队", "警察学院"]
    confirmed = [
        Confirmation(say(net, synthesiser, text := texts[k % 4], k), text if k % 4 == 3 else texts[(k + 1) % 3])
        for k in range(24)
    ]
    result = adapt_to(net, confirmed, (), MODEL, tmp_path / "out", tmp_path, epochs=12)
    assert not result.after.better_than(result.before)
    assert result.folder is None and not (tmp_path / "out").exists()
    with pytest.raises(HuyingError, match="at least"):
        adapt_to(net, confirmed[:5], (), MODEL, tmp_path / "out2", tmp_path)
