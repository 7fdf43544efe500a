"""The commands of the documentation: each is one that ``huying`` knows, and those that can run here do, in the order
in which one reads them."""

from __future__ import annotations

import getpass
import re
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.places import ROOT
from tests.helpers.recordings import ROLL_OF_THREE
from voice.cli import main
from voice.cli.app import app
from voice.places import sample_net

PAGES = [ROOT / "README.md", ROOT / "README.zh-CN.md", *sorted((ROOT / "docs").glob("*.md"))]

NOT_HERE = {
    "huying serve": "runs until it is ended: test_console",
    "huying start": "runs until it is ended: test_start",
    "huying listen": "wants a sound card or a radio: test_cards, test_streams",
    "huying devices": "wants a sound card: test_cards",
    "huying hub": "wants NATS and PostgreSQL: test_bureau",
    "huying uplink": "wants NATS: test_bureau",
    "huying soak": "takes minutes: test_recovery has a short one",
    "huying bench": "takes minutes, and its figures are of the machine",
    "huying adapt": "wants 24 confirmed overs: test_adaptation",
    "huying simulate grammars/sample/evening-report.yaml --voices natural": "wants the package of natural voices",
    "huying models pull": "wants a network, or hundreds of megabytes: test_models, test_packages",
    "huying bench-net --units 8 --sound auto": "in real time, over a sound server: test_cards",
}
"""Beginning of a command → why it is not run here, and who tries it."""

STATUS = {
    "huying bench-net": (0, 3), "huying rollcall": (3,), "huying alert": (3,), "huying poll": (3,),
    "huying watch": (3,), "huying grammar hear": (0, 1), "huying eval recordings/": (0, 2),
}  # fmt: skip
"""Beginning of a command → exit statuses other than 0. 1: call signs that are not understood are listed. 2: one morning
is too little to set thresholds by. 3: units were silent, or no station runs that could speak."""

ELSEWHERE = {"/mnt/backup": "backup", "/var/lib/huying/": ""}
"""Places that this machine does not have → where they are in the test's folder."""


@dataclass(frozen=True)
class Command:
    """One line of a page."""

    page: str
    words: str


def commands() -> list[Command]:
    """Lines of code blocks that begin with ``huying``; each once, in the order of the pages."""
    found: dict[str, Command] = {}
    for page in PAGES:
        for line in page.read_text("utf-8").splitlines():
            told = re.match(r"(?: {4,}|\t)(?:.* \| )?(huying [a-z].*)", line)
            if told:
                words = re.sub(r"\s+# .*", "", told[1]).strip()
                found.setdefault(words, Command(page.name, words))
    return list(found.values())


def resolved(words: list[str]) -> tuple[Any, list[str]]:
    """The command behind ``huying …`` and its arguments."""
    command, rest = app.commands[words[1]], words[2:]
    command = command.loaded() if hasattr(command, "loaded") else command
    while hasattr(command, "commands") and rest and rest[0] in command.commands:
        command, rest = command.commands[rest[0]], rest[1:]
    return command, rest


def excused(words: str) -> str:
    return next((why for head, why in NOT_HERE.items() if words.startswith(head)), "")


ALL = commands()


def test_no_block_has_lost_its_first_line() -> None:
    """A command at the margin is no code for Markdown, though the lines below it are."""
    lost = [
        f"{page.name}: {line}"
        for page in PAGES
        for line in page.read_text("utf-8").splitlines()
        if re.match(r"(huying [a-z]+ |pip install |make [a-z-]+$)", line)
    ]
    assert lost == []


@pytest.mark.parametrize("command", ALL, ids=lambda c: c.words[7:40])
def test_every_command_is_one_that_huying_knows(command: Command) -> None:
    found, rest = resolved(shlex.split(command.words))
    found.make_context(command.words, rest)  # raises for an argument or option that it does not have


def test_commands_in_the_text_are_known() -> None:
    for page in PAGES:
        for told in re.findall(r"`(huying [a-z][^`]*)`", page.read_text("utf-8")):
            words = shlex.split(told.replace("…", ""))
            command, rest = resolved(words)
            known = {o for p in command.params for o in (*p.opts, *p.secondary_opts)} | {"--help"}
            assert [r for r in rest if r.startswith("--") and r not in known] == [], f"{page.name}: {told}"


def test_what_is_not_run_here_is_still_in_the_documentation() -> None:
    assert [head for head in NOT_HERE if not any(c.words.startswith(head) for c in ALL)] == []


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, short: Path) -> Path:
    """What the pages take for granted: a recording of Monday, a net of one's own, labels."""
    folder = tmp_path_factory.mktemp("documentation")
    shutil.copy(short, folder / "monday.flac")
    shutil.copytree(sample_net(), folder / "my-net")
    few = (folder / "my-net" / "roster.csv").read_text("utf-8").splitlines()[:6]
    (folder / "my-net" / "roster.csv").write_text("\n".join(few).replace(";护学巡逻队", "") + "\n", "utf-8")
    (folder / "grammars" / "sample").mkdir(parents=True)
    (folder / "grammars" / "sample" / "morning-roll.yaml").write_text(ROLL_OF_THREE, "utf-8")
    (folder / "recordings").mkdir()
    shutil.copy(short, folder / "recordings" / "monday.flac")
    shutil.copy(short.with_suffix(".labels.json"), folder / "recordings" / "monday.labels.json")
    (folder / "labels.csv").write_text("file,start,end,text\nmonday.flac,0,6,-\n", "utf-8")
    return folder


def test_those_that_can_run_here_do(
    place: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(place)
    monkeypatch.setenv("HUYING_HOME", str(place / "home"))
    monkeypatch.setattr(getpass, "getpass", lambda *_a, **_k: "correct horse battery")
    wrong, ran = [], 0
    for command in ALL:
        if excused(command.words):
            continue
        words = shlex.split(command.words)
        for far, near in ELSEWHERE.items():
            words = [w.replace(far, near) for w in words]
        status: Any = 0
        try:
            main(words[1:])
        except SystemExit as e:
            status = e.code or 0
        told = capfd.readouterr()
        allowed = next((s for head, s in STATUS.items() if command.words.startswith(head)), (0,))
        ran += 1
        if status not in allowed:
            wrong.append(f"{command.page}: {command.words}: status {status}\n{told.err[-400:]}")
    assert wrong == [] and ran >= 25, "\n".join(wrong)
