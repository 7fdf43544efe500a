"""What a person typed becomes a phrase of the net: looked at, rehearsed, understood, taken back."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.command import huying
from tests.helpers.forking import Huying
from tests.helpers.waiting import until
from voice.audio.source import AudioSource, Damage
from voice.errors import HuyingError
from voice.journal.store import Journal
from voice.measure.channel import Channel, received
from voice.measure.phrase_cost import cost_of
from voice.net.learning import forget, learn, learned, propose
from voice.net.loading import LEARNED, Net, load_net
from voice.pcm import BLOCK, RATE, Frame, Pcm16
from voice.radio.over import Over
from voice.speech.synthesiser import SpeechSettings, Synthesiser
from voice.station.ear import open_ear
from voice.station.listener import Listener
from voice.station.net_watch import NetWatch, changed_phrases
from voice.station.two_pass import TwoPass
from voice.talk.by_hand import Confirmed, NetEdited
from voice.talk.facts import OverHeard

PHRASE = "锅炉房跑水了"


@pytest.fixture
def mine(own_net: Callable[..., Path]) -> Net:
    return load_net(own_net())


@pytest.fixture(scope="module")
def said(net: Net, synthesiser: Synthesiser) -> Pcm16:
    text = f"省残联报告,{PHRASE}"
    samples, rate = synthesiser.say(text, net.spell(text), SpeechSettings(160, 50, "m3"))
    return received(samples, Channel(snr_db=25.0), np.random.default_rng(1), rate)


def understood(net: Net, pcm: Pcm16) -> str:
    ear = open_ear(net)
    return ear.understand(Over.whole(pcm), ear.recogniser.recognise(pcm)).text


def test_the_station_says_when_it_is_in_force(mine: Net, tmp_path: Path) -> None:
    log = tmp_path / "log.sqlite"
    words = "listen", "--net", mine.folder, "--input", "-", "--journal", log

    def logged(kind: str) -> list[str | None]:
        with Journal(str(log)) as journal:
            return [e.fact().detail() for e in journal.events(kind=kind)]

    with Huying[bytes](*words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as station:
        air = station.stdin
        assert air is not None
        silence = bytes(2 * BLOCK)
        assert until(lambda: air.write(silence) and logged("session_began"))
        huying("grammar", "learn", PHRASE, "--net", mine.folder, "--by", "me")
        assert until(lambda: air.write(silence) and logged("phrases_changed"))
        air.close()
    assert logged("phrases_changed") == [f"+{PHRASE}"]


class Talk(AudioSource):
    """An over said twice. In the middle of the first the net learns, and the station takes it up."""

    name, began, duration = "talk", None, None

    def __init__(self, over: Pcm16, learning: Callable[[], None]) -> None:
        self.damage = Damage()
        quiet = np.zeros(2 * RATE, np.int16)
        self._pcm = np.concatenate([quiet, over, quiet, over, quiet])
        self._at, self._learning = len(quiet) + len(over) // 2, learning

    def frames(self) -> Iterator[Frame]:
        for start in range(0, len(self._pcm), BLOCK):
            if start <= self._at < start + BLOCK:
                self._learning()
            yield Frame(start, self._pcm[start : start + BLOCK])


def test_a_running_station_takes_it_up_between_two_overs(mine: Net, said: Pcm16, tmp_path: Path) -> None:
    ear = open_ear(mine)

    def learning() -> None:
        huying("grammar", "learn", PHRASE, "--net", mine.folder, "--by", "me")
        assert until(lambda: ear.latest is not ear)

    with Journal(str(tmp_path / "log.sqlite")) as journal, closing(NetWatch(ear, print)):
        listener = Listener(ear, journal)
        for _ in listener.listen(Talk(said, learning)):
            pass
        first, second = (f for e in journal.events(kind="over") if isinstance(f := e.fact(), OverHeard))
    assert "省残联" in first.text and PHRASE not in first.text, "heard to its end as it began"
    assert PHRASE in second.text
    assert changed_phrases(mine, listener.ear.net, 0.0).learned == (PHRASE,)
    networks = [e.recogniser.acoustics for e in (ear, listener.ear) if isinstance(e.recogniser, TwoPass)]
    assert networks[0] is networks[1], "not loaded again"


def test_it_is_understood_from_then_on_and_can_be_taken_back(mine: Net, said: Pcm16) -> None:
    assert PHRASE not in understood(mine, said)
    proposal = propose(mine, f"{PHRASE}。", "situation")
    assert proposal.reading == "guo1 lu2 fang2 pao3 shui3 le5" and not proposal.alike and not proposal.risky
    change = learn(mine, proposal, "王 #1")
    assert PHRASE in understood(change.net, said)
    assert learned(change.net) == {PHRASE: "situation"} and change.path.name == LEARNED
    again = forget(change.net, PHRASE)
    assert learned(again.net) == {} and again.net.lexicon.entries == mine.lexicon.entries
    with pytest.raises(HuyingError, match="was not learned; there is: nothing"):
        forget(again.net, PHRASE)


@pytest.mark.parametrize(
    ("text", "meaning", "why"),
    [
        ("着火了,快来", "situation", "one phrase of characters"),
        ("(着火|冒烟)", "situation", "one phrase of characters"),
        ("火", "situation", "2 to 16 characters"),
        ("锅炉房跑水了" * 4, "situation", "2 to 16 characters"),
        (PHRASE, "roll_start", "no meaning “roll_start”"),
        ("东门有人打架", "situation", "understood already, as a phrase of the net"),
        ("省残联", "situation", "understood already, as a call sign"),
    ],
)
def test_what_cannot_be_learned(mine: Net, text: str, meaning: str, why: str) -> None:
    with pytest.raises(HuyingError, match=why):
        propose(mine, text, meaning)
    assert not (mine.folder / LEARNED).exists()


def test_a_phrase_that_sounds_like_a_call_sign_is_told(mine: Net) -> None:
    assert propose(mine, "胜残联", "situation").alike[0][0] == "省残联"
    assert "省残联" in huying("grammar", "learn", "胜残联", "--net", mine.folder, "--by", "me", code=1)
    assert not (mine.folder / LEARNED).exists()
    huying("grammar", "learn", "胜残联", "--net", mine.folder, "--by", "me", "--yes")
    assert "胜残联 = situation" in huying("grammar", "forget", "--net", mine.folder)


def test_the_cost_is_rehearsed_on_the_journals_own_overs(mine: Net, said: Pcm16, tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    with Journal(str(path)) as journal:
        over = OverHeard(
            t=1.0, over=1, start=1.0, end=3.0, speech_start=1.0, speech_end=3.0, clip=journal.clips.put(said),
            level_db=-20.0, outcome="unclear", speaker="unit", callees=(), caller=None, to_all=False, meanings=(),
            text="", pinyin="", confidence=0.0, doubled=False,
        )  # fmt: skip
        (event,) = journal.append((over,), datetime(2026, 1, 1, tzinfo=UTC))
        proposal = propose(mine, PHRASE, "situation")
        assert cost_of(mine, journal, proposal).heard == (event.seq,)
        assert not (mine.folder / LEARNED).exists()  # only rehearsed
        journal.enter(Confirmed(confirms=event.seq, clip=over.clip, said=f"省残联报告,{PHRASE}", by="me"))
        assert cost_of(mine, journal, proposal).heard == ()  # it was said
    huying("grammar", "learn", PHRASE, "--net", mine.folder, "--journal", path, "--by", "me")
    with Journal(str(path)) as journal:
        edited = [f for e in journal.events(kind="net_edited") if isinstance(f := e.fact(), NetEdited)]
    assert [(f.file, f.note, f.by) for f in edited] == [(LEARNED, f"+{PHRASE} = situation", "me")]
