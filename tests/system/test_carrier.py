"""The carrier gate: overs out of a channel, whatever else is on it."""

from __future__ import annotations

import numpy as np
import pytest
import soxr

from voice.measure.channel import Channel, Samples, gap, heterodyne, hiss, to_receiver, transmit
from voice.net.loading import Net
from voice.pcm import RATE, Pcm16
from voice.radio.carrier import Audio, CarrierGate, Closed, GateEvent, Pop
from voice.radio.doubling import heterodyne_s
from voice.radio.over import Over
from voice.speech.synthesiser import SpeechSettings, Synthesiser
from voice.speech.vad import speech_spans


@pytest.fixture(scope="module")
def speech(net: Net, synthesiser: Synthesiser) -> Samples:
    """About three seconds of a call."""
    text = "贾岗社区治安队,收到请回答"
    samples, rate = synthesiser.say(text, net.spell(text), SpeechSettings())
    return np.asarray(soxr.resample(samples.astype(np.float64), rate, RATE))


def gate(pcm: Pcm16, block: int = 800) -> tuple[list[GateEvent], CarrierGate]:
    g = CarrierGate()
    events = [e for i in range(0, len(pcm), block) for e in g.process(pcm[i : i + block])]
    return events + g.finish(), g


def overs(pcm: Pcm16) -> list[Over]:
    return [e.over for e in gate(pcm)[0] if isinstance(e, Closed)]


@pytest.mark.parametrize("snr", [None, 20.0, 10.0, 5.0])
@pytest.mark.parametrize("squelch", ["closed", "open"])
def test_overs_are_found_with_their_times(speech: Samples, snr: float | None, squelch: str) -> None:
    rng = np.random.default_rng(3)
    channel = Channel(snr_db=snr, squelch=squelch)  # type: ignore[arg-type]
    parts, truth, at = [gap(5.0, channel, rng)], [], 5.0
    for _ in range(3):
        x, begin, end = transmit(speech, channel, rng)
        truth.append((at + begin, at + end))
        parts += [x, gap(4.0, channel, rng)]
        at += (len(x) + len(parts[-1])) / RATE
    found = overs(to_receiver(np.concatenate(parts)))
    assert len(found) == 3
    for o, (begin, end) in zip(found, truth, strict=True):
        assert o.start <= begin + 0.1 and end - 0.15 <= o.end <= end + 0.7
        assert o.clip_start <= o.start and len(o.pcm) >= (o.end - o.start) * RATE - 1


def test_streamed_audio_is_the_clip(speech: Samples) -> None:
    rng = np.random.default_rng(0)
    x, _, _ = transmit(speech, Channel(), rng)
    events, _ = gate(to_receiver(np.concatenate([gap(1, Channel(), rng), x, gap(2, Channel(), rng)])))
    streamed = np.concatenate([e.pcm for e in events if isinstance(e, Audio)])
    (over,) = [e.over for e in events if isinstance(e, Closed)]
    assert np.array_equal(streamed, over.pcm)


def test_block_size_changes_nothing(speech: Samples) -> None:
    rng = np.random.default_rng(0)
    x, _, _ = transmit(speech, Channel(), rng)
    pcm = to_receiver(np.concatenate([gap(1, Channel(), rng), x, gap(2, Channel(), rng)]))
    a, b = gate(pcm, 800)[0], gate(pcm, 160)[0]
    assert [e.over.start for e in a if isinstance(e, Closed)] == [e.over.start for e in b if isinstance(e, Closed)]


@pytest.mark.parametrize("level", [1.0, 300.0, 3000.0, 12000.0])
def test_noise_is_not_speech_at_any_level(level: float) -> None:
    rng = np.random.default_rng(1)
    assert overs(to_receiver(hiss(30 * RATE, rng) * level)) == []


@pytest.mark.parametrize("kind", ["zeros", "offset", "white", "hum"])
def test_empty_channels_give_no_over(kind: str) -> None:
    rng = np.random.default_rng(2)
    n = 60 * RATE
    x = {
        "zeros": np.zeros(n),
        "offset": np.full(n, 900.0),
        "white": rng.standard_normal(n) * 2000,
        "hum": 30 * np.sin(2 * np.pi * 50 * np.arange(n) / RATE),
    }[kind]
    assert overs(to_receiver(x)) == []


def test_squelch_pops_are_counted_not_logged() -> None:
    rng = np.random.default_rng(4)
    pop = hiss(RATE // 10, rng) * 3000
    parts = [gap(2, Channel(), rng)]
    for _ in range(5):
        parts += [pop, gap(2, Channel(), rng)]
    events, g = gate(to_receiver(np.concatenate(parts)))
    assert g.counts.pops == 5 and sum(isinstance(e, Pop) for e in events) == 5


def test_a_receiver_that_gives_exact_zeros_is_not_alive() -> None:
    rng = np.random.default_rng(5)
    pcm = to_receiver(np.concatenate([gap(10, Channel(), rng) * 4, np.zeros(5 * RATE)]))
    _, g = gate(pcm)
    assert g.receiver_dead and g.counts.dead_frames > 200


def test_recording_that_begins_and_ends_inside_an_over(speech: Samples) -> None:
    x, _, _ = transmit(speech, Channel(tail_s=0.0), np.random.default_rng(0))
    loud = np.where(np.abs(x) > 1000)[0]
    (over,) = overs(to_receiver(x[loud[0] : loud[-1]]))
    assert over.end - over.start == pytest.approx((loud[-1] - loud[0]) / RATE, abs=0.3)


def test_clipped_audio_is_still_an_over(speech: Samples) -> None:
    rng = np.random.default_rng(0)
    x, _, _ = transmit(speech, Channel(), rng)
    assert len(overs(to_receiver(np.concatenate([gap(1, Channel(), rng), x * 40, gap(2, Channel(), rng)])))) == 1


def test_short_answers_are_never_dropped(net: Net, synthesiser: Synthesiser) -> None:
    rng = np.random.default_rng(0)
    samples, rate = synthesiser.say("好", ["hao3"], SpeechSettings(rate=250))
    x, _, _ = transmit(soxr.resample(samples.astype(np.float64), rate, RATE), Channel(lead_s=0.02), rng)
    assert len(overs(to_receiver(np.concatenate([gap(1, Channel(), rng), x, gap(2, Channel(), rng)])))) == 1


def test_doubling_is_heard_as_a_whistle(speech: Samples) -> None:
    rng = np.random.default_rng(6)
    a, _, _ = transmit(speech, Channel(), rng)
    b, _, _ = transmit(speech[::-1].copy(), Channel(), rng)
    assert heterodyne_s(to_receiver(a)) == 0.0
    assert heterodyne_s(to_receiver(heterodyne(a, b, rng))) > 0.5


def test_vad_finds_the_speech_inside_an_over(speech: Samples) -> None:
    pcm = to_receiver(np.concatenate([np.zeros(RATE), speech * 12000, np.zeros(RATE)]))
    spans = speech_spans(pcm, RATE)
    assert spans[0][0] == pytest.approx(1.0, abs=0.2) and spans[-1][1] == pytest.approx(1 + len(speech) / RATE, abs=0.5)
    assert speech_spans(np.zeros(RATE, np.int16), RATE) == []
