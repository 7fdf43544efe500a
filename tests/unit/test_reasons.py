"""Why an entry is for review: what the person who listens to it reads."""

from __future__ import annotations

import ast
import io
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook
from rich.console import Console

from tests.helpers.dialogues import followed, read_scenes
from tests.helpers.places import ROOT
from voice.journal.export import Reader, write_csv
from voice.journal.lines import LineMaker, lines
from voice.journal.reasons import REASONS, why
from voice.journal.rolls import sessions
from voice.journal.settled import settled_in
from voice.journal.sheets import Heading, write_html, write_xlsx
from voice.journal.store import Journal
from voice.measure.simulate import PerfectEar
from voice.net.loading import Net, load_net
from voice.talk import doubts
from voice.talk.by_hand import Corrected
from voice.talk.facts import Answered, Called, Doubtful, Fact, NotUnderstood, RollBegan, SessionBegan
from voice.terminal.events import print_line

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
        ("台: 安和社区,十点三十分集合\n安和社区: 安和社区收到,十点四十分", ["复诵不符: 说的是哪个"]),
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
    shown = [maker.line(fact) for fact in told if isinstance(fact, Fact)]
    told_why = [why(x["reasons"] or (), x["confidence"], people.name_of, False) for x in shown if x["review"]]
    assert told_why == sentences


def test_a_reason_of_a_later_version_is_shown_by_its_key(people: Net) -> None:
    assert why(["sung:05", "unsure"], 0.623, people.name_of, True) == "sung; not clear, confidence 0.62"
    assert why([], None, people.name_of, True) == ""


BEGAN = datetime(2026, 6, 5, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize("english", [False, True], ids=["zh", "en"])
def test_every_view_says_why(
    people: Net, english: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, heading = Reader(people.name_of, english=english), Heading(people.name_of, english=english)
    reason = why(["unsure", "another_open:04"], 0.52, people.name_of, english)
    monkeypatch.setenv("HUYING_LANGUAGE", "en" if english else "zh")

    def views(journal: Journal) -> list[bool]:
        """Whether table, terminal, printed page and workbook show the reason."""
        table, shown = io.StringIO(), list(lines(journal.events(), settled_in(journal)))
        write_csv(table, shown, reader)
        for line in shown:
            print_line(Console(file=sys.stdout, width=300), line, people)
        sheet = sessions(journal.events())
        write_html(tmp_path / "sheet.html", sheet, heading)
        write_xlsx(tmp_path / "sheet.xlsx", sheet, heading)
        cells = load_workbook(tmp_path / "sheet.xlsx")[heading.t("details")].values
        found = (
            table.getvalue(),
            capsys.readouterr().out,
            (tmp_path / "sheet.html").read_text("utf-8"),
            str(list(cells)),
        )
        return [reason in view for view in found]

    with Journal(str(tmp_path / "log.sqlite")) as journal:
        events = journal.append(
            [
                SessionBegan(t=0, source="", net="", net_sha256="", model="", model_sha256="", clock="known",
                             began="2026-06-05T01:00:00.000Z", units=("05",)),
                RollBegan(t=1, units=("05",), rounds=1),
                Called(t=2, exchange=1, unit="05", over=0, attempt=1, to_all=False, question=""),
                Answered(t=4, exchange=1, unit="05", over=1, meaning="normal", grade="slot", latency_s=2, late=False,
                         confidence=0.52, text="没事").doubted("unsure", "another_open:04"),
            ],
            BEGAN,
        )  # fmt: skip
        assert views(journal) == [True] * 4
        journal.append([Corrected(corrects=events[-1].seq, unit="05", meaning="normal", by="王")], BEGAN)
        assert views(journal) == [False] * 4, "what a person has settled asks nothing any more"
