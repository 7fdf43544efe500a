"""``huying start``: which net is opened, and a station that is kept running."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pytest

from tests.helpers.waiting import until
from voice.net.settings import write_settings
from voice.station.keeping import StationKeeper, listen_command
from voice.station.last import first_net, remember, remembered


def test_the_net_of_last_time_is_opened_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUYING_HOME", str(tmp_path / "家"))
    assert remembered() is None, "the first time"
    net = first_net()
    assert (net / "roster.csv").is_file() and first_net() == net, "a copy that is made once"
    remember(net, net / "log.sqlite")
    assert remembered() == (net, net / "log.sqlite")
    (net / "net.toml").unlink()
    assert remembered() is None, "a net that is gone"
    (tmp_path / "家" / "last.json").write_text("{", "utf-8")
    assert remembered() is None


def test_the_name_of_a_net_is_set_and_its_comments_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUYING_HOME", str(tmp_path))
    path = first_net() / "net.toml"
    write_settings(path, "", {"name": "东区治安网"})
    write_settings(path, "station", {"input": "USB 声卡"})
    text = path.read_text("utf-8")
    settings = tomllib.loads(text)
    assert settings["name"] == "东区治安网" and settings["station"]["input"] == "USB 声卡"
    assert text.startswith("# 一个电台网就是这几个文件") and settings["control"]["call_sign"] == "派出所"


def test_a_station_is_started_again_and_ended() -> None:
    keeper = StationKeeper([sys.executable, "-c", "import signal; print('收听', flush=True); signal.pause()"])
    keeper.start()
    assert until(lambda: list(keeper.told) == ["收听"], 60)
    assert keeper.running
    keeper.restart()
    assert until(lambda: list(keeper.told) == ["收听", "收听"], 60)
    keeper.close()
    assert not keeper.running
    assert listen_command(Path("网"), Path("log.sqlite"))[1:4] == ["-m", "voice", "listen"]
