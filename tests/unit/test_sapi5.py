"""The voice of Windows, by a double of its engine: what it is given, and that it is chosen there."""

from __future__ import annotations

import sys
import types
import wave
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from voice.mandarin.homophones import as_characters, homophones
from voice.net.loading import Net
from voice.pcm import Floats
from voice.speech import synthesis_worker
from voice.speech.voices import ENGINES, Choice, choose


class Engine:
    """As pyttsx3's on Windows: takes text, writes a WAV file."""

    def __init__(self) -> None:
        self.properties: dict[str, object] = {}
        self.said: list[str] = []
        self._jobs: list[tuple[str, str]] = []

    def setProperty(self, name: str, value: object) -> None:
        self.properties[name] = value

    def save_to_file(self, text: str, path: str) -> None:
        self._jobs.append((text, path))

    def runAndWait(self) -> None:
        for text, path in self._jobs:
            self.said.append(text)
            with wave.open(path, "wb") as out:
                out.setparams((1, 2, 22050, 0, "NONE", ""))
                out.writeframes(np.full(4410 * len(text), 900, "<i2").tobytes())
        self._jobs = []


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> Engine:
    engine = Engine()
    double = types.ModuleType("pyttsx3")
    double.init = lambda: engine  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pyttsx3", double)
    monkeypatch.setattr(sys, "platform", "win32")
    return engine


def test_the_worker_speaks_text_on_windows(windows: Engine, tmp_path: Path) -> None:
    speak = synthesis_worker.ready()
    speak({"text": "炸城社区", "pinyin": "zha4cheng2", "rate": 165, "voice": "HuiHui", "path": str(tmp_path / "a.wav")})
    assert windows.said == ["炸城社区"] and windows.properties == {"rate": 165, "voice": "HuiHui"}
    assert synthesis_worker.has_sound(tmp_path / "a.wav")


def test_it_is_chosen_on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: object())
    assert ENGINES["sapi5"].lacks() == "" and ENGINES["espeak"].lacks() == "on Windows sapi5 speaks"
    assert choose("sapi5") == ("sapi5", "as [voice] engine says")
    assert choose("espeak")[0] in ("kokoro", "sapi5")


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("祭城社区", "榨城社区"),  # read zha4 there, ji4 in the dictionary
        ("一切正常,收到请回答。", "一切正常,收到请回答。"),
        ("银行行长", "银行行长"),
        ("贾岗社区", "贾岗社区"),
    ],
)
def test_local_readings_reach_it_as_characters(net: Net, text: str, given: str) -> None:
    asked: list[str] = []

    class Spoken:
        def say(self, text: str, _syllables: Sequence[str], _voice: object) -> tuple[Floats, int]:
            asked.append(text)
            return np.zeros(80, np.float32), 8000

    spoken: Any = Spoken()
    voice = ENGINES["sapi5"].open(Choice("sapi5"), spoken, Path())
    voice.say(text, net.spell(text))
    assert asked == [given]


def test_radio_figures_are_said_one_by_one(net: Net) -> None:
    syllables = net.spell("119,请到7号楼")
    said = as_characters("119,请到7号楼", syllables)
    assert not any(c.isdigit() for c in said)
    readings = {c: s for s, c in homophones().items()}
    assert [readings.get(c, c) for c in said] == syllables
    assert as_characters("豫A12", net.spell("豫A12"))[1] == "A"


def test_what_no_character_says_stays_as_it_is() -> None:
    assert as_characters("119", ["yao1", "yao1", "xyz9"]) == "119"
