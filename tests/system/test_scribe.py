"""Free speech written down beside the log: later, marked, never evidence; a model that dies is told once."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import soundfile

from voice.audio.source import Damage, open_recording
from voice.errors import HuyingError
from voice.journal.lines import lines
from voice.journal.review import open_reviews
from voice.journal.search import search
from voice.journal.store import Journal
from voice.measure.channel import Channel, received
from voice.net.loading import Net, load_net
from voice.pcm import BLOCK, RATE, Frame, Pcm16
from voice.places import sample_net
from voice.radio.over import Over
from voice.speech.synthesiser import SpeechSettings, Synthesiser
from voice.speech.whisper import Transcript, alone
from voice.station.ear import Ear, open_ear, reopened
from voice.station.listener import Listener
from voice.station.scribe import Choose, OwnScribe, Scribe
from voice.talk.facts import DeviceChanged, Fact, NotUnderstood, OverHeard, Transcribed

FREE = "这个我们昨天晚上清点过仓库了"


class Desk(Scribe):
    """A scribe whose texts are ready when the test says so."""

    def __init__(self) -> None:
        self.engine = "whisper-base"
        self.futures: list[Future[Transcript]] = []

    def submit(self, pcm: Pcm16, choose: Choose = alone) -> Future[Transcript]:
        assert choose is not alone  # our own model has a say
        self.futures.append(Future())
        return self.futures[-1]


@pytest.fixture(scope="module")
def audio(net: Net, synthesiser: Synthesiser) -> Pcm16:
    """Two overs of free speech."""
    rng = np.random.default_rng(1)
    samples, rate = synthesiser.say(FREE, net.spell(FREE), SpeechSettings())
    over = received(samples, Channel(snr_db=25.0), rng, rate)
    pause = np.rint(rng.standard_normal(2 * RATE) * 1.5).astype(np.int16)
    return np.concatenate([pause, over, pause, over, pause])


@pytest.fixture
def scribing(ear: Ear) -> tuple[Ear, Desk]:
    desk = Desk()
    return replace(ear, scribe=desk), desk


def facts_of(journal: Journal) -> list[Fact]:
    return [e.fact() for e in journal.events()]


def test_a_recordings_texts_come_at_its_end_in_order(
    scribing: tuple[Ear, Desk], audio: Pcm16, tmp_path: Path, net: Net
) -> None:
    ear, desk = scribing
    soundfile.write(str(tmp_path / "net.wav"), audio, RATE)
    with Journal("sqlite://") as journal:
        listening = Listener(ear, journal).listen(open_recording(tmp_path / "net.wav"))
        for _ in listening:
            if len(desk.futures) == 2 and not desk.futures[0].done():
                desk.futures[1].set_result(Transcript("这个我们昨天晚上清点过仓库了", 0.8))
                desk.futures[0].set_result(Transcript("昨天晚上清点过仓库", 0.61))
        facts = facts_of(journal)
        kinds = [f.KIND for f in facts]
        assert kinds[-3:] == ["transcribed", "transcribed", "session_ended"]
        written = [f for f in facts if isinstance(f, Transcribed)]
        assert [(w.over, w.text, w.confidence) for w in written] == [
            (1, "昨天晚上清点过仓库", 0.61),
            (2, "这个我们昨天晚上清点过仓库了", 0.8),
        ]
        overs = [f for f in facts if isinstance(f, OverHeard)]
        assert all(o.text.startswith("[") and not o.meanings for o in overs)  # it decides nothing
        assert len(desk.futures) == len(overs)
        shown = [x for x in lines(journal.events()) if x["type"] == "transcribed"]
        assert [x["text"][0] for x in shown] == ["≈", "≈"] and shown[0]["clip"] == overs[0].clip
        assert all("not verified" in x["detail"] for x in shown)
        reviews = open_reviews(journal.events())
        assert [r["dictated"] for r in reviews if r["type"] == NotUnderstood.KIND] == [w.text for w in written][::-1]
        assert [x["type"] for x in search(journal, "仓库", net)] == ["transcribed", "transcribed"]


@dataclass
class Live:
    """A live source of so many samples; after each block the test may look."""

    pcm: Pcm16
    name: str = "live"
    began: datetime | None = None
    duration: float | None = None
    damage: Damage = field(default_factory=Damage)

    def frames(self) -> Iterator[Frame]:
        for at in range(0, len(self.pcm), BLOCK):
            yield Frame(at, self.pcm[at : at + BLOCK])


def test_a_live_text_follows_its_over_when_it_is_ready(scribing: tuple[Ear, Desk], audio: Pcm16) -> None:
    ear, desk = scribing
    with Journal("sqlite://") as journal:
        for _ in Listener(ear, journal).listen(Live(audio)):
            if len(desk.futures) == 1 and not desk.futures[0].done():
                assert facts_of(journal)[-1].KIND != "transcribed"  # the over is logged, the text is not there yet
                desk.futures[0].set_result(Transcript("清点过仓库", 0.7))
            if len(desk.futures) == 2 and not desk.futures[1].done():
                desk.futures[1].set_result(Transcript("", 0.2, "no speech"))  # nothing is shown
        facts = facts_of(journal)
    first = next(k for k, f in enumerate(facts) if isinstance(f, Transcribed))
    assert any(isinstance(f, OverHeard) and f.over == 2 for f in facts[first:])
    assert len([f for f in facts if isinstance(f, Transcribed)]) == 1


def test_a_model_that_dies_is_told_once_and_the_log_goes_on(scribing: tuple[Ear, Desk], audio: Pcm16) -> None:
    ear, desk = scribing
    with Journal("sqlite://") as journal:
        for _ in Listener(ear, journal).listen(Live(np.concatenate([audio, audio, audio]))):
            for f in desk.futures:
                if not f.done():
                    f.set_exception(HuyingError("dictation (whisper-base) ended unexpectedly; run “huying doctor”"))
        facts = facts_of(journal)
    told = [f for f in facts if isinstance(f, DeviceChanged)]
    assert len(told) == 1 and told[0].what == "no_dictation" and "huying doctor" in told[0].note
    assert len([f for f in facts if isinstance(f, OverHeard)]) == 6
    assert len(desk.futures) == 3  # no more are tried


def test_the_worker_says_what_is_missing_and_lives_on(net: Net, tmp_path: Path) -> None:
    scribe = Scribe(tmp_path / "whisper-base", net)
    try:
        missing = r"model\.bin: is missing; run “huying models pull whisper-base”"
        assert re.search(missing, scribe.submit(np.zeros(RATE, np.int16)).result(60).without)
        assert scribe._worker.pid is not None
        os.kill(scribe._worker.pid, signal.SIGKILL)
        assert re.search(
            "ended unexpectedly|gave no answer", scribe.submit(np.zeros(RATE, np.int16)).result(60).without
        )
        assert scribe.sha256 == ""
    finally:
        scribe.close()


def test_it_writes_down_what_was_said(net: Net, synthesiser: Synthesiser) -> None:
    """Where HUYING_WHISPER names a folder that was pulled."""
    folder = Path(os.environ.get("HUYING_WHISPER", "-"))
    if not (folder / "model.bin").is_file():
        pytest.skip("HUYING_WHISPER names no folder of the model")
    pytest.importorskip("faster_whisper")
    scribe = Scribe(folder, net)
    try:
        samples, rate = synthesiser.say(FREE, net.spell(FREE), SpeechSettings(140, 45, "m3"))
        pcm = received(samples, Channel(snr_db=None), np.random.default_rng(0), rate)
        found = scribe.submit(pcm).result(180)
        assert found.confidence > 0.2, found  # espeak-ng is too strange for Whisper to be sure of
        assert not found.text or len(set(found.text) & set(FREE)) >= 5, found
        noise = np.rint(np.random.default_rng(0).standard_normal(4 * RATE) * 800).astype(np.int16)
        assert scribe.submit(noise).result(180).text == ""
    finally:
        scribe.close()


SETTING = "\n[recognition]\ndictation = {!r}\n"


def net_with(own_net: Callable[..., Path], dictation: str) -> Net:
    text = (sample_net() / "net.toml").read_text("utf-8")
    return load_net(own_net(settings=text + SETTING.format(dictation)))


def test_without_a_setting_our_own_ear_writes(net: Net, ear: Ear) -> None:
    assert net.settings.recognition.dictation == "auto"
    assert isinstance(ear.scribe, OwnScribe) and len(ear.dictation_sha256) == 64


@pytest.mark.parametrize("setting", ["off", ""])
def test_it_is_switched_off(own_net: Callable[..., Path], setting: str) -> None:
    ear = open_ear(net_with(own_net, setting))
    assert ear.scribe is None and ear.dictation is None and not ear.dictation_sha256


def test_a_misspelled_setting_says_what_there_is(own_net: Callable[..., Path]) -> None:
    with pytest.raises(HuyingError, match=r"\[recognition\] dictation: no model “owm”.*auto, own, whisper-base, off"):
        open_ear(net_with(own_net, "owm"))


def test_a_default_that_cannot_be_is_none_and_a_wish_is_an_error(
    net: Net, own_net: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("voice.station.ear.words_file", lambda: tmp_path / "words.npz")
    assert open_ear(net).scribe is None
    with pytest.raises(HuyingError, match=r"words\.npz: no such file; dictation “own” needs it"):
        open_ear(net_with(own_net, "own"))


def test_hearing_goes_on_where_the_word_model_is_damaged(
    net: Net, ear: Ear, audio: Pcm16, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "words.npz").write_bytes(b"PK\x03\x04 and no more")
    monkeypatch.setattr("voice.station.ear.words_file", lambda: tmp_path / "words.npz")
    other, over, hypothesis = reopened(ear, net, tmp_path), Over.whole(audio), ear.recogniser.recognise(audio)
    message = other.understand(over, hypothesis)
    assert message.free and not message.understood
    text = other.transcribe(over, message, hypothesis)
    assert text is not None
    with pytest.raises(HuyingError, match="the word model is damaged, copy it again"):
        text.result()


def test_an_over_that_is_understood_starts_none(
    ear: Ear, net: Net, synthesiser: Synthesiser, audio: Pcm16, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(2)
    pause = np.rint(rng.standard_normal(2 * RATE) * 1.5).astype(np.int16)
    parts = [pause]
    for text in ("省残联,省残联,门前秩序是否良好", "一切正常,一切正常", "收到"):
        samples, rate = synthesiser.say(text, net.spell(text), SpeechSettings())
        parts += [received(samples, Channel(snr_db=25.0), rng, rate), pause]
    soundfile.write(str(tmp_path / "net.wav"), np.concatenate([*parts, audio]), RATE)
    dictated, heads = [], []
    submit = OwnScribe.submit

    def counted(scribe: OwnScribe, pcm: Pcm16, choose: Choose) -> Future[Transcript]:
        dictated.append(len(pcm))
        return submit(scribe, pcm, choose)

    monkeypatch.setattr(OwnScribe, "submit", counted)
    for _ in range(2):
        with Journal("sqlite://") as journal:
            for _ in Listener(ear, journal).listen(open_recording(tmp_path / "net.wav")):
                pass
            facts = facts_of(journal)
            heads.append(journal.head)
    overs = [f for f in facts if isinstance(f, OverHeard)]
    written = [f for f in facts if isinstance(f, Transcribed)]
    assert [o.outcome for o in overs[:3]] == ["understood"] * 3 and len(overs) == 5
    assert len(dictated) == 2 * 2, "the two overs of free speech, each time"
    assert [(w.over, w.engine) for w in written] == [(4, "own"), (5, "own")]
    assert all("昨天晚上" in w.text for w in written), written
    assert all(o.text.startswith("[") for o in overs[3:]), "the log has the pinyin"
    assert heads[0] == heads[1], "the same recording, the same journal"
