"""Channels that hiss: lines, open squelches, recorders of eight bits; with pauses as short as those of real nets."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
import soxr

from voice.audio.source import open_recording
from voice.journal.store import Journal
from voice.measure.channel import Channel, Samples, gap, to_receiver, transmit
from voice.net.loading import Net
from voice.pcm import RATE, Pcm16
from voice.radio.carrier import CarrierGate, Closed
from voice.speech.synthesiser import SpeechSettings, Synthesiser
from voice.station.ear import Ear
from voice.station.replay import replay

OVERS = 8


@pytest.fixture(scope="module")
def speech(net: Net, synthesiser: Synthesiser) -> Samples:
    """About three seconds of a call."""
    text = "贾岗社区治安队,收到请回答"
    samples, rate = synthesiser.say(text, net.spell(text), SpeechSettings())
    return np.asarray(soxr.resample(samples.astype(np.float64), rate, RATE))


def talk(speech: Samples, gap_s: float, lead_s: float, channel: Channel | None = None) -> tuple[Samples, list[float]]:
    """Overs with equal pauses, and when they begin."""
    channel, rng = channel or Channel(snr_db=30.0, tail_s=0.1), np.random.default_rng(3)
    parts, begins, at = [gap(lead_s, channel, rng)], [], lead_s
    for _ in range(OVERS):
        x, begin, _ = transmit(speech, channel, rng)
        begins.append(at + begin)
        parts += [x, gap(gap_s, channel, rng)]
        at += (len(x) + len(parts[-1])) / RATE
    return np.concatenate(parts), begins


def found(pcm: Pcm16, gate: CarrierGate | None = None) -> list[float]:
    gate = gate or CarrierGate()
    events = [e for i in range(0, len(pcm), 800) for e in gate.process(pcm[i : i + 800])] + gate.finish()
    return [e.over.start for e in events if isinstance(e, Closed)]


def same(overs: list[float], begins: list[float]) -> bool:
    return len(overs) == len(begins) and all(-1.1 < a - b < 0.5 for a, b in zip(overs, begins, strict=True))


@pytest.mark.parametrize("rms", [20, 40, 70, 100, 200, 500])
@pytest.mark.parametrize("gap_s, lead_s", [(1.0, 0.0), (2.0, 0.3), (2.0, 15.0)])
def test_a_line_that_hisses(speech: Samples, rms: float, gap_s: float, lead_s: float) -> None:
    x, begins = talk(speech, gap_s, lead_s)
    noise = np.random.default_rng(1).normal(0, rms, len(x))
    assert same(found(to_receiver(x + noise)), begins)


@pytest.mark.parametrize("before", ["zeros", "quiet"])
def test_hiss_that_begins_in_the_middle(speech: Samples, before: str) -> None:
    """A stream whose sender has been silent, a squelch that is opened: what was merged is taken apart later."""
    x, begins = talk(speech, 1.5, 5.0)
    noise = np.random.default_rng(1).normal(0, 120, len(x))
    noise[: 5 * RATE] *= 0.0 if before == "zeros" else 0.02
    assert same(found(to_receiver(x * (noise != 0) + noise)), begins)


@pytest.mark.parametrize("late", [0.03, 2.5])
def test_hiss_that_changes(speech: Samples, late: float) -> None:
    """A squelch that is closed, a volume that is turned up, between two overs."""
    x, begins = talk(speech, 1.5, 2.0)
    noise = np.random.default_rng(1).normal(0, 120, len(x))
    noise[round((begins[OVERS // 2] - 0.7) * RATE) :] *= late
    assert same(found(to_receiver(x + noise)), begins)


def test_an_open_squelch_with_short_pauses(speech: Samples) -> None:
    x, begins = talk(speech, 1.5, 1.5, Channel(snr_db=15.0, squelch="open"))
    gate = CarrierGate()
    assert same(found(to_receiver(x), gate), begins)
    assert gate.mode == "open" and gate.counts.open_frames * 0.02 > OVERS


def test_a_weak_carrier_is_not_hiss(speech: Samples) -> None:
    """Noise in the pauses of one over: with a closed squelch it stays one, also where a recorder cut around it."""
    rng = np.random.default_rng(2)
    said = np.concatenate([speech, np.zeros(round(0.9 * RATE)), speech])
    channel = Channel(snr_db=12.0, tail_s=0.1)
    x, _, _ = transmit(said, channel, rng)
    quiet = gap(2.0, channel, rng)
    assert len(found(to_receiver(np.concatenate([quiet, x, quiet])))) == 1
    assert len(found(to_receiver(x), CarrierGate(clear=True))) == 1


@pytest.mark.parametrize(
    "sound, says",
    [("nothing", "no sound in it"), ("zeros", "silent from beginning to end"),
     ("hiss", "only noise, -5. dBFS|without speech"), ("hum", "never above its own floor|without speech")],
)  # fmt: skip
def test_why_nothing_was_heard(ear: Ear, tmp_path: Path, sound: str, says: str) -> None:
    n = 0 if sound == "nothing" else 20 * RATE
    noise, hum = np.random.default_rng(1).normal(0, 60, n), 25 * np.sin(0.8 * np.arange(n))
    x = {"hiss": noise, "hum": hum}.get(sound, np.zeros(n))
    sf.write(tmp_path / "x.wav", to_receiver(x), RATE)
    with Journal("sqlite://") as journal:
        notes = replay(ear, journal, open_recording(tmp_path / "x.wav")).notes
        (ended,) = journal.events(kind="session_ended")
    assert re.search(f"没有听到发话: .*({says})", "; ".join(notes)), notes
    assert tuple(ended.data["damage"]) == notes


def test_an_open_squelch_is_told(ear: Ear, speech: Samples, tmp_path: Path) -> None:
    x, _ = talk(speech, 2.0, 2.0)
    sf.write(tmp_path / "x.wav", to_receiver(x + np.random.default_rng(1).normal(0, 100, len(x))), RATE)
    with Journal("sqlite://") as journal:
        (note,) = replay(ear, journal, open_recording(tmp_path / "x.wav")).notes
    assert "the squelch is open or the line hisses" in note and re.search("-(46|47|48) dBFS", note)
