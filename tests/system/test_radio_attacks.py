"""What else comes over a radio channel: music, dogs, tones, chatter, our own voice from a recorder. It may be
logged as speech nobody understood; it must not be obeyed, nor taken for the answer of a unit that was called."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import numpy as np
import pytest
import soxr

from tests.helpers.signalling import dtmf
from voice.audio.source import Damage
from voice.journal.store import Journal
from voice.mandarin.phones import SYLLABLES
from voice.measure.channel import Channel, Samples, gap, to_receiver, transmit
from voice.net.loading import Net, load_net
from voice.pcm import BLOCK, RATE, Frame, Pcm16
from voice.speech.synthesiser import SpeechSettings, Synthesiser
from voice.station.ear import Ear, open_ear
from voice.station.listener import Listener
from voice.talk.facts import AlertRaised, Answered, Called, Commanded, Fact, OverHeard, RollBegan

ON_AIR = Channel(snr_db=20.0)
NOON = datetime(2026, 6, 5, 4, 0, tzinfo=UTC)


class Sounds:
    """Overs of any sound, three seconds apart; the first at 2 s."""

    duration: float | None = None

    def __init__(self, overs: list[Samples]) -> None:
        self.name, self.damage = "attack", Damage()
        self.began: datetime | None = NOON
        rng = np.random.default_rng(0)
        parts = [gap(2.0, ON_AIR, rng)]
        self.begins: list[float] = []
        for x in overs:
            self.begins.append(sum(map(len, parts)) / RATE)
            parts += [transmit(x, ON_AIR, rng)[0], gap(3.0, ON_AIR, rng)]
        self.pcm: Pcm16 = to_receiver(np.concatenate(parts))

    def frames(self) -> Iterator[Frame]:
        for at in range(0, len(self.pcm), BLOCK):
            yield Frame(at, self.pcm[at : at + BLOCK])


@pytest.fixture(scope="module")
def ear(net: Net, tmp_path_factory: pytest.TempPathFactory) -> Ear:
    folder = tmp_path_factory.mktemp("guarded")
    settings = (net.folder / "net.toml").read_text("utf-8")
    (folder / "net.toml").write_text(settings.replace("[timing]", 'assistant = "呼应助手"\n[timing]'), "utf-8")
    (folder / "roster.csv").write_text((net.folder / "roster.csv").read_text("utf-8"), "utf-8")
    return open_ear(load_net(folder))


def music(rng: np.random.Generator) -> Samples:
    """Eight seconds of chords with a beat."""
    t = np.arange(round(0.4 * RATE)) / RATE
    bars = []
    for _ in range(20):
        root = 220 * 2 ** (int(rng.integers(0, 12)) / 12)
        tones = [root * 2 ** (k / 12) for k in (0, 4, 7, 12)]
        chord = sum(np.sin(2 * np.pi * f * h * t) / h for f in tones for h in (1, 2, 3))
        beat = rng.standard_normal(len(t)) * np.exp(-t * 40)
        bars.append(0.1 * chord * np.exp(-t * 3) + 0.3 * beat)
    return np.concatenate(bars)


def dog(rng: np.random.Generator) -> Samples:
    """Six barks: a pitch that falls quickly through two resonances."""
    out = []
    for _ in range(6):
        t = np.arange(round(0.25 * RATE)) / RATE
        phase = 2 * np.pi * np.cumsum(500 * np.exp(-t * 4) + 180) / RATE
        bark = sum(np.sin(k * phase) / k for k in range(1, 9)) + 0.4 * rng.standard_normal(len(t))
        out += [0.3 * bark * np.exp(-t * 12) * np.minimum(1, t * 200), np.zeros(round(rng.uniform(0.1, 0.6) * RATE))]
    return np.concatenate(out)


def tones(rng: np.random.Generator) -> Samples:
    """Ten seconds of DTMF."""
    return dtmf("".join(rng.choice(list("0123456789ABCD*#"), 80)))


def hum(rng: np.random.Generator) -> Samples:
    """A motor beside the microphone."""
    t = np.arange(6 * RATE) / RATE
    return 0.2 * np.sign(np.sin(2 * np.pi * 110 * t)) + 0.1 * rng.standard_normal(len(t))


@pytest.mark.parametrize("attack", [music, dog, tones, hum], ids=lambda f: f.__name__)
def test_sounds_that_are_no_speech(ear: Ear, attack: Callable[[np.random.Generator], Samples]) -> None:
    facts = heard(ear, [attack(np.random.default_rng(seed)) for seed in range(4)], awaited=2)
    assert not [f for f in facts if isinstance(f, Commanded | Answered | RollBegan | AlertRaised)]


def test_chatter_of_another_net(ear: Ear, synthesiser: Synthesiser) -> None:
    rng = np.random.default_rng(5)
    rows = [[f"{s}{rng.integers(1, 5)}" for s in rng.choice(SYLLABLES, 12)] for _ in range(6)]
    overs = [speech(synthesiser, " ".join(row), row, SpeechSettings(variant="f2")) for row in rows]
    facts = heard(ear, overs, awaited=3)
    assert len([f for f in facts if isinstance(f, OverHeard)]) == len(rows)
    assert not [f for f in facts if isinstance(f, Commanded | Answered | RollBegan | AlertRaised)]


def test_our_own_announcement_from_a_recorder(ear: Ear, synthesiser: Synthesiser) -> None:
    """Somebody has recorded the roll-call of yesterday and plays it on the channel: calls are heard as calls, but
    nothing answers for a unit, and nothing is a command."""
    texts = ("现在开始点名", "贾岗社区治安队,贾岗社区治安队,请回答", "点名完毕,应到四十二个,实到四十个")
    net = ear.net
    v = net.settings.voice
    overs = [speech(synthesiser, t, net.spell(t), SpeechSettings(v.rate, v.pitch, v.variant)) for t in texts]
    facts = heard(ear, overs)
    assert not [f for f in facts if isinstance(f, Commanded | Answered | RollBegan | AlertRaised)]


def speech(synthesiser: Synthesiser, text: str, spoken: list[str], voice: SpeechSettings) -> Samples:
    samples, rate = synthesiser.say(text, spoken, voice)
    return np.asarray(soxr.resample(samples.astype(np.float64), rate, RATE))


def heard(ear: Ear, overs: list[Samples], awaited: int = 0) -> list[Fact]:
    """What a listener makes of it: the first while nothing is awaited, each of the last ``awaited`` right after another
    unit was called."""
    facts: list[Fact] = []
    with Journal("sqlite://") as journal:
        listener = Listener(ear, journal, lambda _e, f: facts.append(f))
        source = Sounds(overs)
        calls = list(zip(source.begins, ear.net.units, strict=False))[len(overs) - awaited :]
        for now in listener.listen(source):
            if calls and now >= calls[0][0] - 0.5:
                unit = calls.pop(0)[1].id
                number = sum(isinstance(f, Called) for f in facts) + 1
                listener.log.record(
                    Called(t=now, exchange=number, unit=unit, over=0, attempt=1, to_all=False, question="在吗")
                )
    assert sum(isinstance(f, Called) for f in facts) >= awaited
    return facts
