"""Identity bursts: DTMF checked with multimon-ng, MDC1200 with the packet that its descriptions print."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
import soxr

from tests.helpers.signalling import dtmf, mdc1200
from voice.audio.source import open_recording
from voice.errors import FilesError
from voice.journal.store import Journal
from voice.measure.channel import Channel, gap, to_receiver, transmit
from voice.net.loading import load_net
from voice.pcm import RATE, Pcm16
from voice.radio.bursts import _SPB, SYNC, Burst, _differences, _spread, crc, find_bursts
from voice.speech.synthesiser import SpeechSettings, Synthesiser
from voice.station.ear import open_ear
from voice.station.replay import replay

LEVEL = 4000.0


def sent(burst: np.ndarray, snr: float, seed: int = 0) -> Pcm16:
    x = np.concatenate([np.zeros(800), LEVEL * burst, np.zeros(4000)])
    return to_receiver(transmit(x, Channel(snr_db=snr), np.random.default_rng(seed))[0])


def test_the_printed_packet() -> None:
    """01 80 1234 2E3E 00, parity 6580A862DD8808: what descriptions of MDC1200 give as their example."""
    assert crc(bytes.fromhex("01801234")) == 0x3E2E
    soft = _differences(np.concatenate([np.zeros(400), mdc1200(0x1234), np.zeros(400)]))
    sync = np.array([SYNC >> k & 1 for k in range(39, -1, -1)])
    pattern = np.where(np.diff(sync) != 0, 1.0, -1.0)
    fit = [pattern @ soft[at : at + 39 * _SPB : _SPB] for at in range(len(soft) - 152 * _SPB)]
    at = int(np.argmax(fit)) + 39 * _SPB
    bits = (np.cumsum(soft[at : at + 112 * _SPB : _SPB] > 0) + 1) % 2
    packet = bytes(int("".join(map(str, b[::-1])), 2) for b in _spread(bits).reshape(14, 8))
    assert packet.hex() == "018012342e3e00" + "6580a862dd8808"


def test_multimon_reads_our_dtmf(tmp_path: Path) -> None:
    if not shutil.which("multimon-ng"):
        pytest.skip("multimon-ng is not installed")
    digits = "0123456789ABCD*#"
    x = soxr.resample(0.5 * np.concatenate([np.zeros(2000), dtmf(digits), np.zeros(2000)]), RATE, 22050)
    path = tmp_path / "dtmf.raw"
    path.write_bytes((x * 32767).astype("<i2").tobytes())
    told = subprocess.run(["multimon-ng", "-q", "-a", "DTMF", "-t", "raw", str(path)], capture_output=True, text=True)
    assert "".join(line[-1] for line in told.stdout.splitlines() if line.startswith("DTMF:")) == digits


@pytest.mark.parametrize("snr", [30.0, 15.0, 10.0])
def test_bursts_are_read_at_10_db(snr: float) -> None:
    rng = np.random.default_rng(int(snr))
    for k in range(25):
        unit = int(rng.integers(1, 65536))
        assert [(b.system, b.code) for b in find_bursts(sent(mdc1200(unit), snr, k))] == [("mdc1200", f"{unit:04X}")]
        digits = "".join(rng.choice(list("0123456789"), int(rng.integers(3, 7))))
        assert [(b.system, b.code) for b in find_bursts(sent(dtmf(digits), snr, k))] == [("dtmf", digits)]


def test_speech_and_noise_are_no_bursts(synthesiser: Synthesiser) -> None:
    rng = np.random.default_rng(3)
    said = ("yi1 er4 san1 si4 wu3 liu4", "tie1 qi4 xi1 yi1 di4 ti2", "wo3 men5 dou1 zai4 zhe4 li5")
    for k, text in enumerate(said * 8):
        voice = SpeechSettings(150 + 5 * k, 30 + 2 * k, ("f2", "m3", "anika")[k % 3])
        samples, rate = synthesiser.say(text, text.split(), voice)
        x = soxr.resample(samples.astype(np.float64), rate, RATE)
        assert find_bursts(to_receiver(transmit(x, Channel(snr_db=8.0), rng)[0])) == []
    for _ in range(10):
        assert find_bursts((rng.standard_normal(4 * RATE) * 3000).astype(np.int16)) == []
    assert find_bursts(np.zeros(10, np.int16)) == [] and find_bursts(np.zeros(0, np.int16)) == []


def test_a_long_over_has_its_burst_at_either_end() -> None:
    speech = np.random.default_rng(0).standard_normal(8 * RATE) * 0.05
    for x, at in ((np.concatenate([mdc1200(7), speech]), 0.2), (np.concatenate([speech, mdc1200(7)]), 8.0)):
        (found,) = find_bursts((LEVEL * x).astype(np.int16))
        assert found == Burst("mdc1200", "0007", found.start) and abs(found.start - at) < 0.2


def test_the_radio_says_who_it_is(own_net: Callable[..., Path], synthesiser: Synthesiser, tmp_path: Path) -> None:
    roster = "编号,名称,呼号,身份码\n101,省残联,省残联,1A2B\n102,贾岗社区,贾岗社区,357;358\n103,警察学院,警察学院,\n"
    net = load_net(own_net(roster=roster))
    rng = np.random.default_rng(5)
    channel = Channel(snr_db=18.0)

    def say(text: str, voice: str) -> np.ndarray:
        spoken = [s for part in text.split(",") for s in (*net.readings.spoken(part), ",")][:-1]
        samples, rate = synthesiser.say(text, spoken, SpeechSettings(160, 50, voice))
        x = soxr.resample(samples.astype(np.float64), rate, RATE)
        return np.asarray(x / np.abs(x).max())

    pause = np.zeros(800)
    overs = [
        say("省残联,省残联,是否正常", "f2"),
        np.concatenate([say("一切正常,一切正常", "m3"), pause, 0.5 * mdc1200(0x1A2B)]),
        say("贾岗社区,贾岗社区,是否正常", "f2"),
        np.concatenate([0.5 * dtmf("358"), pause, say("省残联,收到", "m3")]),
        np.concatenate([0.5 * dtmf("999"), pause, say("警察学院,一切正常", "m3")]),
    ]
    parts = [gap(1.0, channel, rng)]
    for x in overs:
        parts += [transmit(x, channel, rng)[0], gap(1.5, channel, rng)]
    parts.append(gap(12.0, channel, rng))
    sf.write(tmp_path / "x.flac", to_receiver(np.concatenate(parts)), RATE)
    with Journal("sqlite://") as journal:
        lines = replay(open_ear(net), journal, open_recording(tmp_path / "x.flac")).lines
    answered = [(x["unit"], x["grade"], x["review"]) for x in lines if x["type"] == "answered"]
    assert answered == [("101", "burst", False), ("102", "burst", True)], "the burst wins, the contradiction is flagged"
    details = [x["detail"] for x in lines if x["type"] == "over"]
    assert details[1] == "radio mdc1200:1A2B" and "but the call sign of 101" in details[3]
    assert details[4] == "radio dtmf:999"


def test_a_code_belongs_to_one_unit(own_net: Callable[..., Path]) -> None:
    with pytest.raises(FilesError, match="身份码 1A2B is that of 甲 too"):
        load_net(own_net(roster="编号,名称,呼号,身份码\n1,甲,甲社区,1a2b\n2,乙,乙社区,1A2B\n"))
