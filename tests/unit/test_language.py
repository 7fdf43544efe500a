"""The house speaks the language of the person in front of it: messages, mistakes in files, the doctor."""

from __future__ import annotations

import locale
import re
import shlex
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.console import BEGAN, morning
from tests.helpers.places import ROOT
from tests.helpers.said import errors, sources
from voice.chinese import MESSAGES
from voice.cli import main
from voice.cli.app import app
from voice.cli.chinese import HELP
from voice.cli.help import line_in, translate
from voice.console import texts
from voice.journal.store import Journal
from voice.journal.wording import note_in
from voice.language import heading, language, worded
from voice.net.loading import Net
from voice.station.health import _CHECKS
from voice.terminal.scores import difference_in_words, in_words

HAN = re.compile("[\u4e00-\u9fff]")


ENGLISH = re.compile(r"\b[a-z]{2,} [a-z]{2,} [a-z]{2,}\b")
"""Three English words in a row."""

COMMANDS = re.compile("“[^”]*”|apt install [a-z0-9-]+|pip install [a-z]+")
"""What is typed as it stands in any language."""


@cache
def raised() -> dict[str, str]:
    """Every message that is raised → the first place that does."""
    found: dict[str, str] = {}
    for source in sources():
        for line, text in source.raised(set(errors())):
            found.setdefault(text, f"{source.path.relative_to(ROOT)}:{line}")
    return found


def test_every_message_that_is_worded_is_still_said() -> None:
    every = {t for s in sources() for t in s.literals()} | set(raised())
    joined = "\n".join(every)
    assert [m for m in MESSAGES if m not in every and m.removeprefix("{} ") not in joined] == []


def test_every_error_has_chinese_words() -> None:
    """A new message fails here until ``voice/chinese.py`` has it."""
    assert len(raised()) > 400
    without = [f"{where}: {text}" for text, where in raised().items() if text != "{{}}" and not in_chinese(text)]
    assert without == []


ROOMS = ("audio", "bureau", "journal", "net", "radio", "speech", "station", "talk")
"""Rooms whose sentences people read, on the terminal, in the log or in the console."""

PAIRS = (
    "journal/wording.py", "journal/reasons.py", "journal/sheets/words.py", "net/number_format.py", "net/delimited.py",
    "net/workbook.py",
)  # fmt: skip
"""Tables of both languages; faults of cells, which are worded with what stands in the cell (test_roster_table)."""

NO_MESSAGE = re.compile(
    r"CREATE |RAISE |<html|^\n\.|^# |^huying |^(ting|shou) dao hou$|matrix of kind|affine components|joined journal|"
    r"^there is no stream .* $|^a guard .*:$|^by its voice|^what phrases mean$|^short call signs$|"
    r"^(more than can be said|a phrase of its training|nothing was offered|nothing in common)"
)
"""SQL, pages, styles, comments, commands, pinyin, beginnings of messages, why no text of Whisper is shown."""


def test_no_piece_of_a_message_stays_english() -> None:
    """What is put into a message from elsewhere: why, which, what of."""
    without = []
    for source in sources():
        room = source.path.relative_to(ROOT / "voice").as_posix()
        if room.startswith(ROOMS) and room not in PAIRS:
            for line, text in source.pieces():
                said = COMMANDS.sub("", worded(note_in(text.replace("{}", "7"), False), False))
                if ENGLISH.search(COMMANDS.sub("", text)) and (ENGLISH.search(said) or not HAN.search(said)):
                    without += [] if NO_MESSAGE.search(text) else [f"{room}:{line}: {text}"]
    assert without == []


SHOWS = dict.fromkeys(("print", "_tell", "tell", "echo"), (0,))


def test_every_sentence_on_the_terminal_has_chinese_words() -> None:
    """Four English words in a row are a sentence; what commands print goes through ``worded``."""
    sentence = re.compile(r"\b[a-z]{2,} [a-z]{2,} [a-z]{2,} [a-z]{2,}\b")
    without = []
    for source in sources():
        if source.path.parent.name in ("measure", "bench"):
            continue
        for line, text in source.told(SHOWS):
            if sentence.search(COMMANDS.sub("", worded(text.replace("{}", "7"), False))):
                without.append(f"{source.path.relative_to(ROOT)}:{line}: {text}")
    assert without == []


def test_every_table_on_the_terminal_has_chinese_words() -> None:
    """Headings, and the names of a bench's figures."""
    latin, units = re.compile(r"[a-z]{2,}"), re.compile(r"PATH|webhook|nats|Hz|MB|dB")
    without, seen = [], 0
    for source in sources():
        for text in source.table_words():
            seen += 1
            said = worded(heading(text.replace("{}", "7"), False), False)
            if latin.search(units.sub("", said)):
                without.append(f"{source.path.relative_to(ROOT)}: {text}")
    assert seen > 80 and without == []


def test_mistakes_of_the_ear_in_chinese(net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    told = "differs     41.7 s  answered 104 present: logged as ack"
    monkeypatch.setenv("HUYING_LANGUAGE", "zh")
    assert difference_in_words(told, net) == "不同    41.7 秒  回答 龙子湖社区治安队 在岗: 记为 收到"
    assert difference_in_words("missing  30.7 s  called 103 call", net) == "漏记    30.7 秒  呼叫 祭城社区治安队"
    assert in_words("not_understood 123 unclear") == "没听懂 123 听不清"
    monkeypatch.setenv("HUYING_LANGUAGE", "en")
    assert difference_in_words(told, net) == told


def in_chinese(text: str) -> bool:
    told = COMMANDS.sub("", worded(text.replace("{}", "7"), False))
    return bool(HAN.search(told)) and not ENGLISH.search(told)


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
        ("“东门” is understood already, as a place", "“东门” 本来就听得懂 (地点)", None),
        ("the voice is espeak 换用其他语音: kokoro cannot speak: x", "换用 espeak 嗓音: kokoro 不能说话: x",
         "the voice is espeak: kokoro cannot speak: x"),
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


def test_no_bilingual_message_keeps_its_chinese_half_in_english() -> None:
    """But for headings of files, net words and examples, which are Chinese in any language."""
    quoted = re.compile("“[^”]*”|编号|名称|点名用语|邻近|身份码|组别|词 =|名册|昨天 8:30|周一至周五|文件 > 导出到 >")
    without = {key: english for key in MESSAGES if HAN.search(english := quoted.sub("", worded(key, True)))}
    assert without == {}


def test_the_doctor_speaks_chinese() -> None:
    for name, _, _, mend in _CHECKS:
        assert HAN.search(worded(name, False)) and not HAN.search(worded(name, True))
        assert worded(mend, False) != mend or mend.startswith(("huying", "pip", "run")), mend


def test_whose_language_it_is(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("HUYING_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(locale, "getlocale", lambda: (None, None))
    assert language() == "en"
    monkeypatch.setattr(locale, "getlocale", lambda: ("Chinese (Simplified)_China", "936"))
    assert language() == "zh"
    for lang, lc_all, expected in (("zh_CN.UTF-8", "", "zh"), ("C.UTF-8", "", "en"), ("zh_CN.UTF-8", "C.UTF-8", "en")):
        monkeypatch.setenv("LANG", lang)
        monkeypatch.setenv("LC_ALL", lc_all)
        assert language() == expected
    for chosen, told in (("zh", "没有这个日志"), ("en", "no such journal")):
        monkeypatch.setenv("HUYING_LANGUAGE", chosen)
        with pytest.raises(SystemExit):
            main(["journal", "show", "nowhere.sqlite"])
        assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("replay", "缺少参数 paths。"),
        ("replay x --jbos 3", "没有 --jbos 这个选项。是不是 --jobs"),
        ("replay x --jobs y", "--jobs 的值不对: 应为整数"),
        ("replay x --names-in mars", "--names-in 的值不对: 'mars' 不在可选的 'local', 'utc' 之中"),
        ("replay x --net", "选项 --net 后面要写一个值。"),
        ("journal shw", "没有 shw 这个命令。是不是 'show'?"),
        ("journal incidents a b", "多了参数 b"),
        ("alert", "请写通知的内容"),
    ],
)
def test_mistakes_on_the_command_line_in_chinese(
    typed: str, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HUYING_LANGUAGE", "zh")
    with pytest.raises(SystemExit):
        main(typed.split())
    said = capsys.readouterr().err
    assert told in said and not re.search("Usage|Try|Error|Invalid", said)


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


@pytest.mark.parametrize("chosen", ["zh", "en"])
def test_a_flag_has_no_type_and_brackets_are_no_markup(
    chosen: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("HUYING_LANGUAGE", chosen)
    with pytest.raises(SystemExit):
        main(["listen", "--help"])
    told = capsys.readouterr().out
    assert "[station]" in told and "[rollcall]" in told
    assert "bool" not in told and ": no-roll" not in told and "huying.sqlite]" in told


def test_every_command_and_option_has_chinese_help(monkeypatch: pytest.MonkeyPatch) -> None:
    """Benches and soaks too: who runs them may read Chinese."""
    monkeypatch.setattr("voice.cli.app.translate", lambda command, _language: command)
    without: list[str] = []

    def look(name: str, command: Any) -> None:
        told = line_in(command.help or "", "zh")
        without.extend([name] * (not HAN.search(told) or bool(ENGLISH.search(told))))
        without.extend(f"{name}: {h}" for p in command.params if (h := getattr(p, "help", "")) and h not in HELP)
        for own, part in getattr(command, "commands", {}).items():
            look(f"{name} {own}", part)

    for name, command in app.commands.items():
        look(name, command.loaded())
    assert without == []


def test_every_command_has_an_example_that_it_takes() -> None:
    def examine(command: Any, path: list[str]) -> list[str]:
        if parts := getattr(command, "commands", {}):
            return [p for own, part in parts.items() for p in examine(part, [*path, own])]
        said = command.epilog or ""
        words = shlex.split(said[said.find("huying ") :].partition(" >>")[0].rstrip(")"))
        if words[: len(path)] != path:
            return [" ".join(path)]
        command.make_context(path[-1], words[len(path) :])  # raises for an argument or option that it does not have
        return [] if translate(command, "zh").epilog.startswith("例:") else [" ".join(path)]

    assert [p for own, part in app.commands.items() for p in examine(part.loaded(), ["huying", own])] == []


@pytest.mark.parametrize(("lang", "chinese"), [("C.UTF-8", False), ("de_DE.UTF-8", False), ("zh_CN.UTF-8", True)])
def test_everything_printed_is_in_one_language(
    lang: str, chinese: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Help, log, sheet, results and mistakes; the words of units and names of units are Chinese anyway."""
    for name, value in (("HUYING_LANGUAGE", ""), ("LC_ALL", ""), ("LC_MESSAGES", ""), ("LANG", lang)):
        monkeypatch.setenv(name, value)
    log = str(tmp_path / "log.sqlite")
    with Journal(log) as journal:
        journal.append(morning(), BEGAN)
    pairs = (
        (["journal", "--help"], "Show events", "查看日志"),
        (["journal", "show", log], "no answer", "未答"),
        (["journal", "roll", log], "Roll sheet", "点名表"),
        (["journal", "backup", log, str(tmp_path / "copy")], "new clip", "新录音"),
        (["journal", "show", "nowhere.sqlite"], "no such journal", "没有这个日志"),
        (["say", "测试", "--requests", str(tmp_path)], "not carried out", "未执行"),
    )  # fmt: skip
    for words, english, chinese_words in pairs:
        with pytest.raises(SystemExit):
            main(words)
        said = "".join(capsys.readouterr())
        assert (english in said, chinese_words in said) == (not chinese, chinese), (words, said)


@pytest.mark.parametrize(
    ("said", "one"),
    [
        ("1 overs confirmed 已确认: 收到", "1 over confirmed: 收到"),
        ("11 overs confirmed 已确认: 收到", "11 overs confirmed: 收到"),
        ("log.sqlite: 1 events, 1 new clips, head 0a", "log.sqlite: 1 event, 1 new clip, head 0a"),
        ("1 units on the roster were not called 未呼叫", "1 unit on the roster was not called"),
        ("1 clips removed 已清理; 2 holds in force 留存", "1 clip removed; 2 holds in force"),
        ("1 events and all clips are whole; head 0a", "1 event and all clips are whole; head 0a"),
        ("event 1 undoes 7 已撤销", "event 1 undoes 7"),
        ("A-1 units, 2.1 hours, 3,001 events", "A-1 units, 2.1 hours, 3,001 events"),
    ],
)
def test_one_is_not_many(said: str, one: str) -> None:
    assert worded(said, True) == one


def test_one_on_the_board_and_in_the_log() -> None:
    assert texts.text("page of", True, 1, 1, 1) == "Page 1 of 1, 1 event"
    assert note_in("called 1 times in vain", True) == "called 1 time in vain"
    assert note_in("1 units, 1 rounds", True) == "1 unit, 1 round"


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
