"""Learning from confirmed overs: gradients, files, and a small station from journal to adapted model."""

from __future__ import annotations

import hashlib
import itertools
import json
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import soxr

from tests.helpers.encoders import weights
from tests.helpers.places import ROOT
from voice.cli import main
from voice.errors import HuyingError
from voice.journal.store import Journal
from voice.mandarin.phones import phone_set
from voice.measure.adapting import Confirmation, HeldOut, adapt_to, aligned, confirmations
from voice.measure.channel import Channel, to_receiver, transmit
from voice.measure.rehearsal import rehearsal
from voice.net.loading import Net
from voice.pcm import RATE, Pcm16
from voice.speech.acoustics import Network, Outputs, log_softmax, rows_of
from voice.speech.adaptation import UNKNOWN, Example, adapt, gradient, put, surprise, target, unlabelled
from voice.speech.encoder import FILE, OUTPUTS, SCALE
from voice.speech.models import check_model
from voice.speech.synthesiser import SpeechSettings, Synthesiser
from voice.station.ear import open_acoustics
from voice.talk.by_hand import Confirmed
from voice.talk.facts import OverHeard, SessionBegan

MODEL = ROOT / "models" / "huying-zh-8k"


@pytest.fixture(scope="module")
def network() -> Network:
    """The shipped one that decides."""
    return open_acoustics(check_model(MODEL))


def with_encoder(folder: Path) -> Path:
    """A copy of the shipped folder whose encoder knows nothing; its outputs a byte a number, as the recipe writes."""
    shutil.copytree(MODEL, folder)
    kept: dict[str, Any] = dict(weights(1))
    for name in (f"{n}.weight" for n in OUTPUTS):
        scale = np.abs(kept[name]).max(1) / 127
        kept |= {name: np.rint(kept[name] / scale[:, None]).astype(np.int8), name + SCALE: scale}
    np.savez(folder / FILE, **kept)
    card = json.loads((folder / "model.json").read_text("utf-8"))
    card["encoder_sha256"] = hashlib.sha256((folder / FILE).read_bytes()).hexdigest()
    (folder / "model.json").write_text(json.dumps(card), "utf-8")
    return folder


def without_encoder(folder: Path) -> Path:
    """A copy of the shipped folder in which the first network decides."""
    shutil.copytree(MODEL, folder)
    (folder / FILE).unlink(missing_ok=True)
    card = json.loads((folder / "model.json").read_text("utf-8"))
    card.pop("encoder_sha256", None)
    (folder / "model.json").write_text(json.dumps(card), "utf-8")
    return folder


KINDS = {"tdnn": without_encoder, "encoder": with_encoder}


def say(net: Net, synthesiser: Synthesiser, text: str, seed: int, voice: str = "anika") -> Pcm16:
    samples, rate = synthesiser.say(text, net.readings.spoken(text.replace(",", "")), SpeechSettings(160, 50, voice))
    x = soxr.resample(samples.astype(np.float64), rate, RATE)
    return to_receiver(transmit(x, Channel(snr_db=12.0, tail_s=0.0), np.random.default_rng(seed))[0])


def test_gradients_are_those_of_finite_differences() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(0, 1, (40, 16)).astype(np.float32)
    w, b = rng.normal(0, 0.3, (7, 16)).astype(np.float32), rng.normal(0, 1, 7).astype(np.float32)
    wanted = target((w, b), rows, np.where(np.arange(40) % 3, rng.integers(0, 7, 40), UNKNOWN))
    assert np.allclose(wanted.sum(1), 1, atol=1e-5)
    w = w + rng.normal(0, 0.1, w.shape).astype(np.float32)

    def loss(w: npt.ArrayLike, b: npt.ArrayLike) -> float:
        z = rows.astype(np.float64) @ np.asarray(w).T + b
        return float(-(wanted * (z - np.log(np.exp(z).sum(1, keepdims=True)))).sum() / len(rows))

    of_matrix, of_bias = gradient((w, b), rows, wanted)
    step = 1e-4
    for at in ((0, 0), (3, 5), (6, 15)):
        nudge = np.zeros(w.shape)
        nudge[at] = step
        assert (loss(w + nudge, b) - loss(w - nudge, b)) / (2 * step) == pytest.approx(of_matrix[at], abs=1e-6)
    nudge = step * np.eye(7)[2]
    assert (loss(w, b + nudge) - loss(w, b - nudge)) / (2 * step) == pytest.approx(of_bias[2], abs=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_output_layers_of_the_network_that_decides_are_written(kind: str, tmp_path: Path) -> None:
    folder = KINDS[kind](tmp_path / "model")
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    model = check_model(folder)
    network = open_acoustics(model)
    rng = np.random.default_rng(0)
    (w, b), tone = network.outputs.pdf, network.outputs.tone
    moved = replace(network.outputs, pdf=(w + rng.normal(0, 0.1, w.shape).astype(np.float32), b + 0.25))
    put(moved, folder)

    changed = {p.name for p, data in before.items() if p.read_bytes() != data}
    assert changed == {"model.json", FILE if kind == "encoder" else "final.mdl"}
    assert check_model(folder).sha256 != model.sha256
    again = open_acoustics(check_model(folder))
    for found, wanted in zip((*again.outputs.pdf, *again.outputs.tone), (*moved.pdf, *tone), strict=True):
        assert np.allclose(found, wanted, atol=np.ptp(wanted) / 65535)
    pcm = (rng.standard_normal(9000) * 900).astype(np.float32)
    assert np.array_equal(rows_of(again, pcm), rows_of(network, pcm)), "what lies below has not moved"
    scorer = again.scorer()
    scorer.accept(pcm)
    assert np.allclose(scorer.finish(), moved.loglikes(rows_of(network, pcm)), atol=0.05)


@pytest.mark.parametrize("kind", KINDS)
def test_either_network_learns_what_it_is_shown_and_keeps_what_it_is_reminded_of(kind: str, tmp_path: Path) -> None:
    """Of noise, so that one that knows nothing can learn it too: labels go with the rows."""
    network = open_acoustics(check_model(KINDS[kind](tmp_path / "model")))
    rng = np.random.default_rng(1)
    overs = [rows_of(network, (rng.standard_normal(16_000) * 900).astype(np.float32)) for _ in range(4)]
    labels = [(rows @ rng.normal(0, 1, (rows.shape[1], 5))).argmax(1) for rows in overs]
    shown = [Example(rows, pdf, np.full(len(rows), UNKNOWN)) for rows, pdf in zip(overs[:3], labels, strict=False)]
    moved = adapt(network.outputs, shown, epochs=20)
    assert surprise(moved, shown) < surprise(network.outputs, shown)
    assert np.allclose(moved.tone[0], network.outputs.tone[0], atol=0.01), "about tones nothing was said"

    def drift(outputs: Outputs) -> float:
        """Nats that the posteriors of an over have moved."""
        before, after = (log_softmax(o.pdf, overs[3]) for o in (network.outputs, outputs))
        return float((np.exp(before) * (before - after)).sum(1).mean())

    assert drift(adapt(network.outputs, [*shown, unlabelled(overs[3])], epochs=20)) < 0.8 * drift(moved)


def test_alignment_follows_what_was_said(network: Network, net: Net, synthesiser: Synthesiser) -> None:
    pcm = say(net, synthesiser, "一切正常", 2)
    found = aligned(network, net, Confirmation(pcm, "一切正常"))
    assert found is not None
    name_of = {d: phone for phone, states in phone_set().pdfs.items() for d in states}
    names = [{"z": "zh", "c": "ch"}.get(p := name_of[int(d)], p) for d in found.pdf]  # the sample net's accent
    spoken = [p for p, _ in itertools.groupby(names) if p != "sil"]
    assert spoken == ["i", "q", "ie", "zh", "eng", "ch", "ang"]
    assert set(found.tone[found.pdf == 0]) == {UNKNOWN}
    assert [int(t) for t, _ in itertools.groupby(found.tone) if t > 0] == [2, 4, 4, 2]
    assert aligned(network, net, Confirmation(pcm[:800], "一切正常")) is None
    assert aligned(network, net, Confirmation(pcm, "☎")) is None


def test_learning_makes_what_was_said_less_surprising(network: Network, net: Net, synthesiser: Synthesiser) -> None:
    texts = ("一切正常", "没有发现", "收到明白", "省残联", "贾岗社区治安队", "已到达现场")
    examples: list[Example] = []
    for k, text in enumerate(texts):
        found = aligned(network, net, Confirmation(say(net, synthesiser, text, k), text))
        assert found is not None
        examples.append(found)
    assert surprise(adapt(network.outputs, examples), examples) < surprise(network.outputs, examples)


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


def test_confirming_and_adapting_as_a_user_does(
    net: Net,
    synthesiser: Synthesiser,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    texts = ["一切正常", "收到", "没有发现", "省残联", "贾岗社区", "警察学院"] * 5
    path, out = tmp_path / "log.sqlite", tmp_path / "ours"
    journal_of(path, [(say(net, synthesiser, t, k), t if k else "") for k, t in enumerate(texts)])

    monkeypatch.setattr("voice.measure.rehearsal.rehearsal", partial(rehearsal, overs=12))

    def huying(*args: object) -> subprocess.CompletedProcess[str]:
        """In this process, with a tenth of the other speech."""
        words = list(map(str, args))
        with pytest.raises(SystemExit) as ended:
            main(words)
        return subprocess.CompletedProcess(words, int(ended.value.code or 0), *capfd.readouterr())

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
        assert made.sha256 != card["adapted_from"] == check_model(MODEL).sha256
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
    shares: list[float] = []
    result = adapt_to(net, confirmed, (), MODEL, tmp_path / "out", tmp_path, 50, shares.append)
    assert shares == sorted(shares) and shares[-1] == 1.0
    assert not result.after.better_than(result.before)
    assert result.folder is None and not (tmp_path / "out").exists()
    with pytest.raises(HuyingError, match="at least"):
        adapt_to(net, confirmed[:5], (), MODEL, tmp_path / "out2", tmp_path)
