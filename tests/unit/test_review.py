"""Review: what a person confirms or corrects, by hand and on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.console import BEGAN, morning
from voice.cli import main
from voice.journal.store import Journal
from voice.places import sample_net

OWN_NET = """name = "东区网"
roster = "roster.csv"
grammars = ["zh"]

[control]
call_sign = "值班台"
"""
OWN_ROSTER = "编号,名称,呼号\n101,火星社区,火星社区\n102,月亮湾,月亮湾\n103,水星路,水星路\n"


@pytest.fixture
def own_net(tmp_path: Path) -> Path:
    """A net with call signs that the sample net does not have."""
    folder = tmp_path / "net"
    folder.mkdir()
    (folder / "net.toml").write_text(OWN_NET, "utf-8")
    (folder / "roster.csv").write_text(OWN_ROSTER, "utf-8")
    return folder


@pytest.mark.parametrize(
    ("said", "own", "chinese", "english"),
    [
        ("火星社区,一切正常", True, "读作: 火星社区, 一切正常", "read as: 火星社区, all well"),
        ("火星社区,门口有人打架", True, "读作: 火星社区, 有情况", "read as: 火星社区, incident"),
        ("月亮湾,收到", True, "读作: 月亮湾, 收到", "read as: 月亮湾, acknowledged"),
        ("锅炉房跑水了", True, "里面没有“东区网”的呼号和用语", "no call sign or phrase of 东区网 in it"),
        ("火星社区", False, "里面没有", "no call sign or phrase of"),
        ("省残联,一切正常", False, "读作: 省残联, 一切正常", "read as: 省残联, all well"),
        ("☃", True, "学不了这一条", "cannot learn from it"),
    ],
)
def test_typed_words_are_read_with_the_net(
    said: str, own: bool, chinese: str, english: str, own_net: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """``journal confirm --net``: what the net reads in them is shown; whatever it is, the words are kept as typed."""
    monkeypatch.setenv("COLUMNS", "200")
    with Journal(str(tmp_path / "log.sqlite")) as journal:
        journal.append(morning("c" * 64), BEGAN)
    for chosen, told in (("zh", chinese), ("en", english)):
        monkeypatch.setenv("HUYING_LANGUAGE", chosen)
        with pytest.raises(SystemExit) as ended:
            main(["journal", "confirm", str(tmp_path / "log.sqlite"), "10", "--said", said,
                  *(["--net", str(own_net)] if own else [])])  # fmt: skip
        assert not ended.value.code
        assert told in capsys.readouterr().err
    with Journal(str(tmp_path / "log.sqlite"), create=False) as journal:
        assert {e.data["said"] for e in journal.events(kind="confirmed")} == {said}


def test_a_net_that_is_not_there_confirms_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Journal(str(tmp_path / "log.sqlite")) as journal:
        journal.append(morning("c" * 64), BEGAN)
        before = len(journal)
    with pytest.raises(SystemExit) as ended:
        main(["journal", "confirm", str(tmp_path / "log.sqlite"), "5", "--net", str(sample_net() / "nowhere")])
    assert ended.value.code and "net.toml" in capsys.readouterr().err
    with Journal(str(tmp_path / "log.sqlite"), create=False) as journal:
        assert len(journal) == before
