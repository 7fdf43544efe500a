"""The commands as a user types them, each in a process of its own."""

from __future__ import annotations

import json
import os
import re
import socket
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.command import huying
from tests.helpers.forking import finished
from tests.helpers.journals import BEGAN, talk
from tests.helpers.places import ROOT
from voice.journal.store import Journal
from voice.measure.simulate import label_path
from voice.places import sample_net


def test_help_is_there_with_examples() -> None:
    out = huying("--help")
    for name in ("replay", "simulate", "score", "doctor", "bench", "journal", "grammar", "models"):
        assert name in out
        assert "Usage" in huying(name, "--help")
    assert "Example" in huying("replay", "--help")
    assert re.match(r"huying \d+\.\d+", huying("--version"))


def test_replay_json_is_one_object_an_event_and_nothing_else(short: Path) -> None:
    lines = [json.loads(x) for x in huying("replay", short, "--json").splitlines()]
    assert lines[0]["type"] == "session_began" and lines[-1]["type"] == "session_ended"
    answered = next(x for x in lines if x["type"] == "answered")
    for field in ("type", "t", "over", "unit", "meaning", "text", "pinyin", "confidence", "latency_s"):
        assert answered[field] is not None


def test_replay_shows_lines_and_summary(short: Path, tmp_path: Path) -> None:
    out = huying("replay", short, "--journal", tmp_path / "log.sqlite", "--sheet", tmp_path / "roll.html")
    assert "省残联" in out and "一切正常" in out and "no answer" in out
    assert (tmp_path / "roll.html").stat().st_size > 5000
    huying("replay", short, "--journal", tmp_path / "log.sqlite", code=2)  # logged already


def test_a_soak_with_kills(tmp_path: Path) -> None:
    out = huying("soak", "--days", "2", "--units", "4", "--kills", "3", "--keep", tmp_path)
    assert "nothing lost, nothing doubled" in out
    assert (tmp_path / "soak.sqlite").is_file()
    assert "holds a soak already" in huying("soak", "--keep", tmp_path, code=2)


def test_expect(short: Path, tmp_path: Path) -> None:
    huying("replay", short, "--expect", label_path(short))
    raw = json.loads(label_path(short).read_text("utf-8"))
    raw["events"].append({"type": "called_in", "t": 3.0, "unit": "101", "meaning": "call_in"})
    (tmp_path / "other.json").write_text(json.dumps(raw), "utf-8")
    huying("replay", short, "--expect", tmp_path / "other.json", code=1)


def test_raw_pcm_on_standard_input(short: Path) -> None:
    import soundfile as sf

    pcm, _ = sf.read(str(short), dtype="int16")
    out = huying("replay", "-", "--json", "--start", "2026-06-05T08:30:00+08:00", stdin=pcm.tobytes())
    wanted = [json.loads(x) for x in huying("replay", short, "--json").splitlines()]
    got = [json.loads(x) for x in out.splitlines()]
    texts, rest = [[x["text"] for x in log if x["type"] == "transcribed"] for log in (got, wanted)], []
    for log in (got, wanted):
        rest.append([(x["type"], x["unit"], x["meaning"]) for x in log if x["type"] != "transcribed"])
    assert rest[0] == rest[1]
    assert texts[0] == texts[1] != [], "what comes through a pipe may be live: its texts come when they are ready"


@pytest.mark.parametrize(("chosen", "told"), [("en", "a foreign trigger theirs"), ("zh", "多出的触发器 theirs")])
def test_warnings_are_in_the_users_language(chosen: str, told: str, tmp_path: Path) -> None:
    log = tmp_path / "log.sqlite"
    Journal(str(log)).close()
    db = sqlite3.connect(log)
    db.execute("CREATE TRIGGER theirs AFTER INSERT ON huying_events BEGIN SELECT 1; END").connection.close()
    assert told in finished("journal", "show", log, env={**os.environ, "HUYING_LANGUAGE": chosen}).stderr


def test_journal_commands(short: Path, tmp_path: Path) -> None:
    log = tmp_path / "log.sqlite"
    huying("replay", short, "--journal", log)
    assert "省残联" in huying("journal", "show", log, "--unit", "101")
    assert "no answer" in huying("journal", "show", log, "--kind", "closed")
    assert "⚑" in huying("journal", "show", log, "--review")
    assert "可疑人员" in huying("journal", "search", log, "可疑人员")
    assert "可疑人员" in huying("journal", "search", log, "ke3 yi2")
    assert "Roll sheet" in huying("journal", "roll", log)
    assert "点名表" in huying("journal", "roll", log, HUYING_LANGUAGE="zh")
    for name in ("june.jsonl", "june.csv", "june.xlsx"):
        huying("journal", "export", log, tmp_path / name)
    for name in ("roll.html", "roll.xlsx"):
        huying("journal", "export", log, tmp_path / name, "--sheet")
    huying("journal", "verify", log)
    events = [json.loads(x) for x in huying("journal", "show", log, "--json", "--overs").splitlines()]
    over = next(x for x in events if x["type"] == "over")
    clip = Path(huying("journal", "play-path", log, str(over["seq"])).strip())
    assert clip.is_file()
    clip.unlink()
    assert "missing" in huying("journal", "verify", log, code=1)
    assert "cut off" in huying("journal", "verify", log, "--head", "0" * 64, code=1)


def test_simulate_and_score(tmp_path: Path) -> None:
    scenario = tmp_path / "two.yaml"
    scenario.write_text("overs:\n  - control: 省残联,省残联,是否正常?\n  - {unit: 省残联, say: 一切正常}\n", "utf-8")
    rec = tmp_path / "rec.flac"
    huying("simulate", scenario, "-o", rec)
    first = rec.read_bytes()
    huying("simulate", scenario, "-o", rec)
    assert rec.read_bytes() == first, "the same scenario gives the same recording"
    figures = json.loads(huying("score", rec, "--json"))
    assert figures["exchanges"] == 1 and figures["exchange_accuracy"] == 1.0


@pytest.mark.parametrize(
    "text, says",
    [
        ("overs: [", "not YAML"),
        ("overs: []", "overs"),
        ("overs:\n  - {unit: 外星人, say: 收到}", "no unit"),
        ("overs:\n  - {control: 收到😀}", "no reading"),
        ("overs:\n  - {unit: 101}", "needs"),
    ],
)
def test_scenario_mistakes(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "s.yaml").write_text(text, "utf-8")
    assert says in huying("simulate", tmp_path / "s.yaml", "-o", tmp_path / "x.flac", code=2)


def test_grammar_commands() -> None:
    out = huying("grammar", "check")
    assert "zha4 cheng2" in out and "42 units" in out


def test_grammar_check_shows_all_mistakes(own_net: Callable[..., Path]) -> None:
    folder = own_net(roster="编号,名称,呼号\n1,甲,甲😀\n1,乙,乙社区\n")
    out = huying("grammar", "check", "--net", folder, code=1)
    assert "roster.csv:2" in out and "roster.csv:3" in out


def test_hear_yourself(own_net: Callable[..., Path]) -> None:
    folder = own_net(roster="编号,名称,呼号\n1,省残联,省残联\n2,财经大学,财经大学\n")
    assert "财经大学" not in huying("grammar", "hear", "--net", folder, "--snr", "25", "--voices", "1").split("\n")[-2]


def test_models_and_doctor() -> None:
    assert "huying-zh-8k" in huying("models", "list")
    assert Path(huying("models", "path").strip()).is_dir()
    assert "whole" in huying("models", "verify")
    assert "no model “nothing” can be pulled" in huying("models", "pull", "nothing", code=2)
    out = huying("doctor")
    assert "✓ model" in out and "recogniser" in out


def test_errors_say_what_to_do(tmp_path: Path) -> None:
    assert "no such file" in huying("replay", tmp_path / "none.wav", code=2)
    (tmp_path / "text.wav").write_text("hello" * 100)
    assert "not a sound file" in huying("replay", tmp_path / "text.wav", code=2)
    assert "not a time" in huying("replay", tmp_path / "text.wav", "--start", "someday", code=2)
    assert "no such journal" in huying("journal", "show", tmp_path / "none.sqlite", code=2)
    assert "net.toml" in huying("replay", tmp_path / "text.wav", "--net", tmp_path, code=2)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_read_only_folder(short: Path, tmp_path: Path) -> None:
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    assert "cannot be opened" in huying("replay", short, "--journal", tmp_path / "log.sqlite", code=2)


def test_a_console_in_another_encoding_does_not_stop_it(short: Path) -> None:
    huying("journal", "--help", PYTHONIOENCODING="gbk")
    huying("grammar", "check", PYTHONIOENCODING="gbk")


def test_interrupting_a_pipe_is_quiet(short: Path) -> None:
    done = subprocess.run(
        f"{sys.executable} -m voice replay {short} --json | head -n 1",
        shell=True,
        capture_output=True,
        cwd=ROOT,
        check=False,
    )
    assert b"Traceback" not in done.stderr and done.stdout.startswith(b"{")


def test_brackets_in_names_are_brackets(own_net: Callable[..., Path], tmp_path: Path) -> None:
    """What looks like markup of the terminal is a name like any other."""
    roster = (sample_net() / "roster.csv").read_text("utf-8-sig")
    net = own_net(roster=roster.replace("101,省残联,省残联", "101,[/red]甲[bold],省残联"))
    log = tmp_path / "log.sqlite"
    with Journal(str(log)) as journal:
        journal.append(talk("")[:5], BEGAN)
    for command in ("show", "roll"):
        assert "[/red]甲[bold]" in huying("journal", command, log, "--net", net)


def test_a_console_that_cannot_open_names_no_address(tmp_path: Path) -> None:
    Journal(str(tmp_path / "log.sqlite")).close()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        told = huying("serve", "--journal", tmp_path / "log.sqlite", "--port", str(taken.getsockname()[1]), code=2)
    assert "cannot be listened to" in told and "http://" not in told
