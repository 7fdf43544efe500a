"""Every text in both languages: the console's words, the sheets', what the journal notes."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from tests.helpers.places import ROOT
from voice.console.overs import Entries, entries
from voice.console.texts import TEXTS
from voice.journal.codec import KINDS
from voice.journal.lines import Line, lines
from voice.journal.sheets.heading import COLOURS, ENGLISH_SIGNS, SIGNS
from voice.journal.sheets.words import WORDS
from voice.journal.store import Journal
from voice.journal.wording import (
    GRADE_NAMES,
    KIND_NAMES,
    MEANING_NAMES,
    NOTES,
    OCCASION_NAMES,
    STANDING_NAMES,
    detail_in,
    name_of,
    note_in,
)
from voice.talk.attendance import STANDINGS
from voice.talk.facts import Remarked

HAN = re.compile("[\u4e00-\u9fff]")
NAMES = ("呼应", "中文", "呼应 · ", "、", "年", "月", "日 ")
"""What needs no second language: the house, the switch, a Chinese date."""


def trees(*folders: str) -> list[tuple[Path, ast.Module]]:
    found = [p for f in folders for p in sorted((ROOT / "voice" / f).rglob("*.py"))]
    return [(p, ast.parse(p.read_text("utf-8"))) for p in found]


def words_asked_for(method: str, *folders: str) -> set[str]:
    """The literal first arguments of calls of a method."""
    out = set()
    for _, tree in trees(*folders):
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) == method:
                first = node.args[0] if node.args else None
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    out.add(first.value)
    return out


@pytest.mark.parametrize(
    "table", [TEXTS, WORDS, MEANING_NAMES, STANDING_NAMES, OCCASION_NAMES, GRADE_NAMES, KIND_NAMES]
)
def test_a_table_of_words_is_complete_in_both_languages(table: dict[str, tuple[str, str]]) -> None:
    for key, (chinese, english) in table.items():
        assert bool(chinese) == bool(english), key
        assert not HAN.search(english), f"{key}: Chinese in the English text"
        assert chinese.count("{") == english.count("{"), f"{key}: other values in the two languages"


def test_every_word_that_a_page_or_a_sheet_asks_for_is_there() -> None:
    assert words_asked_for("t", "console") - set(TEXTS) == set()
    assert words_asked_for("t", "journal/sheets") - set(WORDS) == set()
    assert len(words_asked_for("t", "console")) > 60


def test_no_page_has_words_of_its_own() -> None:
    """Chinese that is written into a page would be shown to readers of English too; the name of the house is a name, a
    page's titles are a pair."""
    own = []
    for path, tree in trees("console/pages"):
        docs = {n.body[0].value for n in ast.walk(tree) if isinstance(n, ast.Module | ast.ClassDef | ast.FunctionDef)
                and n.body and isinstance(n.body[0], ast.Expr)}  # fmt: skip
        for n in ast.walk(tree):
            if isinstance(n, ast.Assign) and [ast.unparse(t) for t in n.targets] == ["titles"]:
                assert isinstance(n.value, ast.Tuple) and len(n.value.elts) == 2
                docs |= set(n.value.elts)
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in docs:
                own += [f"{path.name}: {node.value}"] if HAN.search(node.value) and node.value not in NAMES else []
    assert own == []


def test_every_reason_of_the_nets_logic_has_a_chinese_wording() -> None:
    reasons = set()
    for _, tree in trees("talk"):
        for node in ast.walk(tree):
            if isinstance(node, ast.keyword) and node.arg == "reason" and isinstance(node.value, ast.Constant):
                reasons.add(str(node.value.value))
    assert len(reasons) >= 4
    for reason in reasons - {""}:
        assert HAN.search(note_in(reason, False)) and note_in(reason, True) == reason


def test_every_kind_of_remark_has_a_name() -> None:
    assert set(get_args(get_type_hints(Remarked)["kind"])) <= set(MEANING_NAMES)


@pytest.mark.parametrize(
    ("note", "chinese"),
    [
        ("nothing was heard in its slot", "应答时间内没有声音"),
        ("call 2", "第 2 次呼叫"),
        ("incident, not acknowledged", "警情, 还没有人处理"),
        ("3 without an answer of their own, 1 unclear", "本人未应答 3 (含代答、未呼叫), 听不清 1"),
        ("two stations at once; radio mdc1200:1A2B", "两台同时讲话; 身份码 mdc1200:1A2B"),
        ("corrects 12 by 王: heard right", "王 确认第 12 条听对了"),
        ("corrects 12 by 王: on the board", "王 在值守页更正第 12 条"),
        ("corrects 12 by 王: 听录音", "王 更正第 12 条: 听录音"),
        ("corrects 12 by 王", "王 更正第 12 条"),
        ("undoes 13 by 王", "王 撤销第 13 条"),
        ("undoes 13 by 王: 听错了", "王 撤销第 13 条: 听错了"),
        ("roster.csv saved by 王: 41 → 42 units", "王 保存 roster.csv: 41 → 42 个单位"),
        ("roster.csv saved by console: 41 → 42 units", "值班台 保存 roster.csv: 41 → 42 个单位"),
        ("a note that somebody wrote", "a note that somebody wrote"),
        ("", ""),
    ],
)
def test_notes_of_the_journal(note: str, chinese: str) -> None:
    assert note_in(note, False) == chinese and note_in(note, True) == note


def test_who_wrote_down_free_speech() -> None:
    assert note_in("own, not verified", False) == "本机听写, 未经核实"
    assert note_in("own, not verified", True) == "our own ear, not verified"


def test_what_a_worker_says_is_told_in_chinese() -> None:
    note = (
        "our own ear writes alone: dictation (whisper-base) failed: /models/whisper-base/tokenizer.json: is missing; "
        "run “huying models pull whisper-base”"
    )
    assert note_in(note, False) == (
        "改由本机听写: 听写 (whisper-base) 失败: /models/whisper-base/tokenizer.json: 没有; "
        "请运行 “huying models pull whisper-base”"
    )
    note = (
        "kokoro zf_xiaoxiao cannot speak, espeak f2 does 换用备用语音: the neural voice failed: "
        "/models/kokoro-82m-zh/kokoro.onnx: is missing; run “huying models pull kokoro-82m-zh”"
    )
    assert note_in(note, False) == (
        "kokoro zf_xiaoxiao 说不了, 换用 espeak f2: 自然语音 失败: /models/kokoro-82m-zh/kokoro.onnx: 没有; "
        "请运行 “huying models pull kokoro-82m-zh”"
    )
    assert "换用" not in note_in(note, True)


@pytest.mark.parametrize(
    ("detail", "chinese", "english"),
    [
        ("to unit 102", "对 贾岗社区", "to unit 贾岗社区"),
        ("by unit 102", "由 贾岗社区", "by unit 贾岗社区"),
        ("to 3 units", "发给 3 个单位", "to 3 units"),
        (None, "", ""),
    ],
)
def test_a_unit_in_a_detail_is_read_by_its_name(detail: str | None, chinese: str, english: str) -> None:
    names = {"102": "贾岗社区"}
    assert [detail_in(detail, lambda u: names[u or ""], e) for e in (False, True)] == [chinese, english]


def test_every_standing_has_a_name_and_a_sign() -> None:
    assert set(STANDING_NAMES) == set(STANDINGS)
    assert set(SIGNS) == set(ENGLISH_SIGNS) == set(COLOURS) == set(STANDINGS) - {"not_called"}
    assert set(KIND_NAMES) == set(KINDS) and len(NOTES) > 40
    assert name_of(STANDING_NAMES, "silent", False) == "未答" and name_of(STANDING_NAMES, "x", True) == "x"


def line(seq: int, kind: str, over: list[float] | None, unit: str | None = None, review: bool = False) -> Line:
    return {"seq": seq, "type": kind, "over": over, "unit": unit, "review": review, "channel": None, "clip": "a"}


def test_the_feed_shows_an_over_once_with_what_says_most_of_it() -> None:
    rows = [
        line(1, "session_began", None), line(2, "announced", None, "101"), line(3, "called", None, "101"),
        line(4, "over", [3.0, 5.0]), line(5, "answered", [3.0, 5.0], "101"),
        line(6, "over", [9.0, 12.0]), line(7, "called", [9.0, 12.0], "102"), line(8, "called", [9.0, 12.0], "103"),
        line(9, "over", [20.0, 21.0]), line(10, "not_understood", [20.0, 21.0], "102", review=True),
        line(11, "closed", None, "103"),
    ]  # fmt: skip
    found = entries(rows)
    assert [(e.line["type"], e.units) for e in found] == [
        ("announced", ("101",)), ("answered", ("101",)), ("called", ("102", "103")), ("not_understood", ("102",)),
        ("closed", ("103",)),
    ]  # fmt: skip
    assert [e.review for e in found] == [False, False, False, True, False]
    live = Entries()
    first, again = live.take(rows[3]), live.take(rows[4])
    assert first is not None and again is not None and first[0] is again[0] and (first[1], again[1]) == (True, False)


def test_lines_of_a_journal_make_entries() -> None:
    from tests.helpers.console import BEGAN, morning

    with Journal("sqlite://") as journal:
        journal.append(morning("c" * 64), BEGAN)
        found = entries(lines(journal.events()))
    assert [e.line["type"] for e in found] == ["roll_began", "answered", "closed", "not_understood", "closed"]


def test_the_header_has_the_pages_of_every_day_each_with_its_icon() -> None:
    """The assistant of the first day and the wall are reached otherwise."""
    pytest.importorskip("nicegui")
    from voice.console.pages import PAGES

    shown = {p.name: p.icon for p in PAGES if p.icon}
    assert list(shown) == ["watch", "review", "rolls", "log", "roster", "devices"]
    assert len(set(shown.values())) == len(shown)


def test_what_was_learned_is_told_in_words() -> None:
    note = "learned.txt saved by 王: +锅炉房跑水了 = not_found"
    assert note_in(note, False) == "王 保存 learned.txt: +锅炉房跑水了 = 没有发现"
    assert note_in(note, True) == "learned.txt saved by 王: +锅炉房跑水了 = nothing found"
    assert note_in("roster.csv saved by 王: 3 → 4 units", False) == "王 保存 roster.csv: 3 → 4 个单位"
