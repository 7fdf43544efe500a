"""The house speaks the language of the person in front of it: messages, mistakes in files, the doctor."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.helpers.console import BEGAN, morning
from tests.helpers.places import ROOT
from voice.chinese import MESSAGES
from voice.cli import main
from voice.cli.app import app
from voice.cli.chinese import HELP
from voice.journal.store import Journal
from voice.language import language, worded
from voice.station.health import _CHECKS

HAN = re.compile("[\u4e00-\u9fff]")


def template(node: ast.expr) -> str:
    """The words of a literal, ``{}`` for what is filled in; empty if it is none."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(v.value) if isinstance(v, ast.Constant) else "{}" for v in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return (template(node.left) or "{}") + (template(node.right) or "{}")
    return ""


def literals() -> tuple[set[str], set[str]]:
    """All texts of the house, and those that are raised."""
    every, raised = set(), set()
    for path in (ROOT / "voice").rglob("*.py"):
        if path.name == "chinese.py":
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.expr) and (text := template(node)):
                every.add(text)
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "HuyingError" and node.args:
                raised.add(template(node.args[0]))
    return every, raised - {""}


def test_every_message_that_is_worded_is_still_said() -> None:
    every, raised = literals()
    joined = "\n".join(every)
    assert [m for m in MESSAGES if m not in every and m not in joined] == []
    here = sum(m in MESSAGES for m in raised)
    assert here >= 0.4 * len(raised), f"{here} of {len(raised)} messages have Chinese words"


def test_the_wording_is_complete() -> None:
    for english, chinese in MESSAGES.items():
        assert HAN.search(chinese) or english == chinese or "HUYING" in chinese or "huying" in chinese, english
        holes = {int(n) for n in re.findall(r"\{(\d)\}", chinese)}
        assert holes <= set(range(english.count("{}"))), english


@pytest.mark.parametrize(
    ("message", "chinese", "english"),
    [
        (
            "log.sqlite: no such journal; “huying replay … --journal log.sqlite” makes one",
            "log.sqlite: 没有这个日志; 用 “huying replay … --journal log.sqlite” 生成",
            None,
        ),
        ("no roll-call is running: nothing to pause 当前没有点名", "当前没有点名",
         "no roll-call is running: nothing to pause"),
        ("no unit “火星” on the roster; name the net with --net", "名册上没有单位 “火星”; 用 --net 指明是哪个网", None),
        (
            "net/roster.csv:3: 编号 101 is in line 2 too → give each unit its own",
            "net/roster.csv:3: 编号 101 在第 2 行也有 → 每个单位要有自己的编号",
            None,
        ),
        ("a message that nobody has worded: 3", "a message that nobody has worded: 3", None),
        ("not carried out 未执行: 甲\nno event 7", "未执行: 甲\n没有第 7 条", "not carried out: 甲\nno event 7"),
    ],
)  # fmt: skip
def test_a_message_in_both_languages(message: str, chinese: str, english: str | None) -> None:
    assert worded(message, False) == chinese
    assert worded(message, True) == (english or message)


def test_the_doctor_speaks_chinese() -> None:
    for name, _, _, mend in _CHECKS:
        assert HAN.search(worded(name, False)) and not HAN.search(worded(name, True))
        assert worded(mend, False) != mend or mend.startswith(("huying", "pip", "run")), mend


def test_whose_language_it_is(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("HUYING_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert language() == "zh"
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    assert language() == "en"
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    assert language() == ""
    for chosen, told in (("zh", "没有这个日志"), ("en", "no such journal")):
        monkeypatch.setenv("HUYING_LANGUAGE", chosen)
        with pytest.raises(SystemExit):
            main(["journal", "show", "nowhere.sqlite"])
        assert told in capsys.readouterr().err


def test_help_in_both_languages(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    told = {}
    for chosen in ("zh", "en"):
        monkeypatch.setenv("HUYING_LANGUAGE", chosen)
        with pytest.raises(SystemExit):
            main(["journal", "confirm", "--help"])
        told[chosen] = capsys.readouterr().out
    assert "听过的发话的编号" in told["zh"] and "Numbers of events" not in told["zh"]
    assert "Numbers of events" in told["en"] and "确认" not in told["en"]


def test_options_have_chinese_help() -> None:
    """Those of the benches and soaks are for developers and may stay English."""
    asked: set[str] = set()
    for name, command in app.commands.items():
        if name in ("bench", "soak", "hub"):
            continue
        loaded = command.loaded()
        for one in (loaded, *getattr(loaded, "commands", {}).values()):
            asked |= {p.help for p in one.params if getattr(p, "help", None)}
    missing = sorted(asked - set(HELP) - set(HELP.values()))
    assert len(missing) <= 8, missing


def test_the_log_and_its_sheet_on_a_terminal_in_english(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with Journal(str(tmp_path / "log.sqlite")) as journal:
        journal.append(morning(), BEGAN)
    log, told = str(tmp_path / "log.sqlite"), {}
    monkeypatch.setenv("COLUMNS", "100")
    for chosen in ("zh", "en"):
        monkeypatch.setenv("HUYING_LANGUAGE", chosen)
        for words in (("show",), ("roll",), ("missed",), ("export", str(tmp_path / f"{chosen}.html"), "--sheet")):
            main_words = ["journal", words[0], log, *words[1:]]
            with pytest.raises(SystemExit):
                main(main_words)
        told[chosen] = capsys.readouterr().out
    assert "未答" in told["zh"] and "no answer" not in told["zh"]
    assert "no answer" in told["en"] and "nothing was heard in its slot" not in told["zh"]
    assert not re.search("未|答[^复]|听不清|点名|时间|单位", told["en"]), told["en"]
    assert "No answer" in (tmp_path / "en.html").read_text("utf-8")
    assert "未答" in (tmp_path / "zh.html").read_text("utf-8")
