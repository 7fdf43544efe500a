"""The neural voice: what it is given, and what it says when something is missing."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import numpy as np
import pytest

from voice.errors import HuyingError
from voice.mandarin.phones import SYLLABLES
from voice.speech.kokoro import LONGEST, STYLE, Kokoro, phonemes, phonemes_of
from voice.speech.voices.kokoro import lacks

AS_MISAKI = "d02595358a3bd0fd0ffb9772cad3b3b1"
"""Of what misaki 0.9.4, the model's own front end, writes for all syllables but yo (it says wo)."""


def test_every_syllable_as_the_models_own_front_end_writes_it() -> None:
    rows = (f"{s}{t} {phonemes_of(s + t)}\n" for s in SYLLABLES if s != "yo" for t in "12345")
    assert hashlib.sha256("".join(rows).encode()).hexdigest()[:32] == AS_MISAKI


@pytest.mark.parametrize(
    ("syllable", "said"),
    [
        ("jia3", "ʨja↓"),
        ("gang3", "ka↓ŋ"),
        ("lü4", "ly↘"),
        ("lve4", "lɥe↘"),
        ("xue2", "ɕɥe↗"),
        ("shi4", "ʂɨ↘"),
        ("er4", "ɚ↘"),
        ("yo5", "jɔ"),
        ("ma", "ma"),
    ],
)
def test_syllables(syllable: str, said: str) -> None:
    assert phonemes_of(syllable) == said


@pytest.mark.parametrize("nothing", ["", "3", "bla4", "jia9", "hello1", "贾"])
def test_what_is_no_syllable(nothing: str) -> None:
    with pytest.raises(ValueError, match="not a toned pinyin syllable"):
        phonemes_of(nothing)


def test_words_and_marks() -> None:
    assert phonemes([["jia3", "gang3"], [","], ["shou1", "dao4"], ["."]]) == "ʨja↓ka↓ŋ, ʂou→tau↘."


def folder_of(place: Path) -> Path:
    (place / "voices").mkdir(parents=True)
    (place / "kokoro.onnx").write_bytes(b"no model")
    (place / "vocab.json").write_text('{"vocab": {}}', "utf-8")
    return place


def test_what_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(HuyingError, match=r"kokoro\.onnx: is missing; run “huying models pull"):
        Kokoro(tmp_path)
    folder = folder_of(tmp_path / "kokoro")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(HuyingError, match=r"needs onnxruntime .*pip install"):
        Kokoro(folder)


def test_a_voice_that_is_not_whole_is_not_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUYING_HOME", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: object())
    folder = folder_of(tmp_path / "models" / "kokoro-82m-zh")
    (folder / "model.json").write_text("{}")
    assert lacks() == "huying models pull kokoro-82m-zh"
    (folder / "voices" / "zf_xiaoxiao.bin").touch()
    assert not lacks()


def test_a_damaged_model_is_named(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    with pytest.raises(HuyingError, match=r"cannot be loaded by onnxruntime .*models verify"):
        Kokoro(folder_of(tmp_path / "kokoro"))


def test_a_damaged_voice_is_named(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "kokoro")
    np.zeros((LONGEST, STYLE), np.float32).tofile(folder / "voices" / "zf_one.bin")
    np.zeros(7, np.float32).tofile(folder / "voices" / "zf_two.bin")
    model = Kokoro.__new__(Kokoro)  # the voices alone
    model.folder = folder
    assert model.names() == ["zf_one", "zf_two"]
    assert model.style("zf_one").shape == (LONGEST, STYLE)
    with pytest.raises(HuyingError, match="not a voice of Kokoro"):
        model.style("zf_two")
    with pytest.raises(HuyingError, match=r"no voice “zf_three”; there is: zf_one, zf_two"):
        model.style("zf_three")
