"""The doctor's word on a net whose settings name what is not there: said where it is, with what mends it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from voice.errors import HuyingError
from voice.places import sample_net
from voice.station.health import StopsStation, _dictation, _prompts, _recogniser, examine


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    return Path(shutil.copytree(sample_net(), tmp_path / "net"))


def setting(net: Path, section: str, line: str) -> None:
    path = net / "net.toml"
    text = path.read_text("utf-8").replace(f"# [{section}]\n", f"[{section}]\n")
    path.write_text(text.replace(f"\n[{section}]\n", f"\n[{section}]\n{line}\n"), "utf-8")


def test_a_dictation_that_is_none_is_no_fault_of_the_recogniser(mine: Path) -> None:
    setting(mine, "recognition", 'dictation = "whisper-huge"')
    assert _recogniser(mine) == "loads and runs"
    with pytest.raises(StopsStation, match=r"no dictation “whisper-huge”; there is: auto, own, whisper-base, .*, off"):
        _dictation(mine)


def test_one_that_is_not_here_yet_is_pulled(
    mine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setenv("HUYING_HOME", str(tmp_path / "home"))
    setting(mine, "recognition", 'dictation = "whisper-base"')
    with pytest.raises(HuyingError, match="whisper-base is not here: huying models pull whisper-base") as told:
        _dictation(mine)
    assert not isinstance(told.value, StopsStation), "our own ear writes meanwhile"


def test_recorded_prompts(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _prompts(mine) == "none"
    setting(mine, "station", 'prompts = "said"')
    checks = (("recorded prompts 录好的语音", False, _prompts, "make that folder"),)
    monkeypatch.setattr("voice.station.health._CHECKS", checks)
    (found,) = examine(mine)
    assert not found.fine and found.needed and "there is no folder" in found.told
    (mine / "said").mkdir()
    (mine / "said" / "3号楼.wav").write_bytes(b"")
    (found,) = examine(mine)
    assert found.fine and found.told == "recordings: 1"
