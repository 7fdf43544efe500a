"""Why an entry is for review: what the person who listens to it reads."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.helpers.dialogues import followed, read_scenes
from tests.helpers.places import ROOT
from voice.journal.lines import LineMaker
from voice.journal.reasons import REASONS, why
from voice.measure.simulate import PerfectEar
from voice.net.loading import Net, load_net
from voice.talk import doubts
from voice.talk.facts import Doubtful, Fact, NotUnderstood

FOLDER = Path(__file__).parent / "dialogues"


@pytest.fixture(scope="module")
def people() -> Net:
    """The net of the dialogues."""
    return load_net(FOLDER / "net")


def reasons_in_code() -> set[str]:
    """Those with a function, and those that stand where an entry is written."""
    rows = (row for name, row in vars(doubts).items() if name in doubts.__all__ and name.isupper())
    named = {r.__name__.lstrip("_") for row in rows if row is not doubts.THANKS_BARE for r in row}
    for path in (ROOT / "voice" / "talk").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "doubted":
                named |= {str(c.value) for a in call.args for c in ast.walk(a) if isinstance(c, ast.Constant)}
    return named - {""}


def test_every_reason_has_a_sentence_in_both_languages() -> None:
    always = {"not_understood", "speaker", "jumbled", "overdue"}
    assert set(REASONS) == reasons_in_code() | always
    for chinese, english in REASONS.values():
        assert 4 <= len(chinese) <= 26 and not chinese.isascii() and english.replace("“?”", "").isascii()
        assert ("{unit}" in chinese) == ("{unit}" in english)


def test_what_is_for_review_says_why(people: Net) -> None:
    ear = PerfectEar(people)
    for path in sorted(FOLDER.glob("*.txt")):
        for scene in read_scenes(path):
            for turn, told in followed(people, ear, scene.turns):
                for fact in told:
                    if isinstance(fact, Doubtful):
                        assert fact.review == bool(fact.reasons), f"{path.name}:{turn.line}"
                    elif isinstance(fact, NotUnderstood):
                        assert all(reason in REASONS for reason in fact.doubts())


@pytest.mark.parametrize(
    ("scene", "sentences"),
    [
        ("台: 安和社区,情况怎么样?\n安和社区: 安和社区,门口有人推销", ["听听说的是什么"]),
        ("台: 贾岗,贾岗\n(12秒) 台: 知道了回头修东风渠", ["同时听到另一个单位的呼号: 东风渠巡防队"]),
        ("台: 贾岗社区,安和社区,听到请回答\n贾岗社区: 收到", ["没报呼号, 同时在等几个单位"]),
        ("台: 安和社区,十点三十分集合\n安和社区: 安和社区收到,十点四十分", ["复诵不符"]),
        ("台: 安和社区,情况怎么样?\n安和社区: 安和没有,哎不对,有一个", ["后面又改口; 听听是不是这个意思"]),
        ("台: 丹尼斯,情况怎么样?\n(40秒) 丹尼斯超市: 一切正常", ["没报呼号, 隔了很久"]),
        ("台: 明理路巡防队,安和社区有人打架,赶紧去", ["有警情: 听听谁说的, 在哪里"]),
        ("省残联〔电台〕: 安和社区一切正常", ["身份码和呼号不是同一单位"]),
        ("贾岗社区: 派出所,王新街治安岗电台没电了", ["可能是别人在说它的事"]),
        ("台: 博学路超市,情况怎么样?\n博学路超市: 应该正常吧", ["听听是不是这个意思"]),
        ("台: 贾岗社区,听到请回答\n台: 安和社区,听到请回答\n安和社区: 收到", ["没报呼号, 同时还在等 贾岗社区治安队"]),
        ("台: 加油站有没有空\n加油站: 嗯那个什么谁知道\n(完)", ["听听说的是什么"]),
    ],
)
def test_in_a_sentence(people: Net, tmp_path: Path, scene: str, sentences: list[str]) -> None:
    path = tmp_path / "scene.txt"
    path.write_text("# scene\n" + scene, "utf-8")
    maker = LineMaker()
    told = (fact for _, facts in followed(people, PerfectEar(people), read_scenes(path)[0].turns) for fact in facts)
    lines = [maker.line(fact) for fact in told if isinstance(fact, Fact)]
    assert [why(line, people.name_of, False) for line in lines if line["review"]] == sentences


def test_a_reason_of_a_later_version_is_shown_by_its_key(people: Net) -> None:
    line = {"reasons": ["sung:05", "unsure"], "confidence": 0.623}
    assert why(line, people.name_of, True) == "sung; not clear, confidence 0.62"
    assert why({"reasons": None, "confidence": None}, people.name_of, True) == ""
