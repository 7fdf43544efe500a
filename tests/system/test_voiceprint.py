"""Prints of voices with the shipped model, of talkers that nothing was trained on."""

from __future__ import annotations

import json

import numpy as np
import pytest
import soundfile as sf

from tests.helpers.places import ROOT
from voice.measure.channel import Channel, received
from voice.pcm import Pcm16
from voice.speech.encoder import load_encoder
from voice.speech.models import DEFAULT_MODEL, check_model, find_model
from voice.speech.voiceprint import Voiceprint, check_voiceprint
from voice.station.speakers import Speakers
from voice.talk.facts import CalledIn

TALKERS = ROOT / "tests" / "data" / "talkers"


@pytest.fixture(scope="module")
def shipped() -> Voiceprint:
    folder = check_model(find_model(DEFAULT_MODEL))
    encoder = load_encoder(folder.path, folder.encoder_sha256)
    return Voiceprint(*check_voiceprint(folder.path, folder.voiceprint_sha256), encoder)


def talkers() -> dict[str, list[Pcm16]]:
    """Speaker → their overs at 20 dB, each through the same radio."""
    rng = np.random.default_rng(4)
    found: dict[str, list[Pcm16]] = {}
    x, rate = sf.read(TALKERS / "natural.ogg", dtype="float32")
    for who, start, end, _ in json.loads((TALKERS / "natural.json").read_text("utf-8")):
        found.setdefault(who, []).append(received(x[start:end], Channel(tail_s=0.0), rng, rate))
    return found


def test_a_voice_is_told_from_another(shipped: Voiceprint) -> None:
    """Two overs of each are learned; the others are more like them than like the next speaker's."""
    prints = {who: [p for x in overs if (p := shipped.of(x)) is not None] for who, overs in talkers().items()}
    prints = {who: of for who, of in prints.items() if len(of) > 2}
    speakers = Speakers()
    for who, of in prints.items():
        says = CalledIn(t=0, over=1, unit=who, meaning="report", grade="call_sign", text="", pinyin="", confidence=1)
        for p in of[:2]:
            speakers.learn(p, [says])
    pairs = []
    for who, of in prints.items():
        for p in of[2:]:
            alike = dict(speakers.likeness(p))
            pairs += [alike[who] > other for name, other in alike.items() if name != who]
    assert len(pairs) >= 40 and np.mean(pairs) >= 0.85


def test_how_loud_it_is_says_nothing(shipped: Voiceprint) -> None:
    over = max((x for overs in talkers().values() for x in overs), key=len).astype(np.float32)
    loud, soft = shipped.of(over), shipped.of(over / np.float32(4))
    assert loud is not None and soft is not None and float(loud @ soft) > 0.99
    assert float(np.linalg.norm(loud)) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("samples", [0, 1, 800, 4000])
def test_too_little_speech_has_no_print(samples: int, shipped: Voiceprint) -> None:
    assert shipped.of(np.full(samples, 100, np.int16)) is None
