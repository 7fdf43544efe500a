"""Rendered speech is kept, and neither a damaged file nor a full or missing disk keeps anybody from speaking."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from voice.errors import HuyingError
from voice.speech import kept
from voice.speech.kept import spoken


class Engine:
    """Writes a tenth of a second; counts how often."""

    def __init__(self) -> None:
        self.asked: list[Path] = []

    def __call__(self, path: Path) -> None:
        self.asked.append(path)
        soundfile.write(str(path), np.full(800, 0.25, np.float32), 8000, subtype="PCM_16")


@pytest.fixture
def engine() -> Engine:
    return Engine()


def test_it_is_rendered_once(engine: Engine, tmp_path: Path) -> None:
    for _ in range(2):
        samples, rate = spoken(tmp_path / "cache", "a.wav", engine)
        assert rate == 8000 and samples.tolist() == [0.25] * 800
    assert len(engine.asked) == 1
    assert [p.name for p in (tmp_path / "cache").iterdir()] == ["a.wav"]


@pytest.mark.parametrize("damaged", [b"", b"RIFF\0\0\0\0WAVE", b"no sound at all"])
def test_a_damaged_file_is_rendered_anew(damaged: bytes, engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(damaged)
    assert len(spoken(tmp_path, "a.wav", engine)[0]) == 800
    assert len(spoken(tmp_path, "a.wav", engine)[0]) == 800
    assert len(engine.asked) == 1


def test_without_room_it_is_spoken_all_the_same(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full, memory = tmp_path / "full", tmp_path / "memory"
    monkeypatch.setattr(kept, "MEMORY", memory)
    monkeypatch.setattr(kept, "_has_room", lambda place: place != full and not place.mkdir(exist_ok=True))
    assert len(spoken(full, "a.wav", engine)[0]) == 800
    assert engine.asked[0].parent == memory
    assert not full.exists() and not list(memory.iterdir())


def test_a_cache_that_cannot_be_is_done_without(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert len(spoken(tmp_path / "file" / "cache", "a.wav", engine)[0]) == 800


def test_an_engine_that_writes_nothing_is_told(tmp_path: Path) -> None:
    with pytest.raises(HuyingError, match="cannot be kept"):
        spoken(tmp_path, "a.wav", lambda _path: None)
    assert not list(tmp_path.iterdir())
