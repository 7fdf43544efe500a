"""Editing the roster: nothing that was there is lost, two editors are told, a crash leaves one of two versions."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import load_workbook

from voice.errors import HuyingError
from voice.net.roster import read_roster
from voice.net.roster_table import VERSIONS, RosterChanged, read_roster_table, roster_file, save_roster_table

TEXT = "编号,名称,呼号,备注,电话\n101,省残联,省残联,夜间无人,801\n102,贾岗,贾岗社区治安队;贾岗社区,,802\n"


@pytest.fixture(params=["roster.csv", "roster.xlsx"])
def path(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    source = tmp_path / "source.csv"
    source.write_text(TEXT, "utf-8")
    made = tmp_path / str(request.param)
    made.write_bytes(roster_file(source, made.suffix))
    return made


def test_what_is_not_known_stays(path: Path) -> None:
    table = read_roster_table(path)
    rows = table.rows
    rows[0]["phone"] = "809"
    rows.append({"id": "103", "name": "=HYPERLINK(1)", "ani": "1A2B", "call_signs": "康宁\n社区"})
    saved, problems = save_roster_table(path, table.sha256, rows)
    assert problems == [] and saved.sha256 != table.sha256
    assert saved.header == ("编号", "名称", "呼号", "备注", "电话", "身份码")
    assert saved.cells[0] == ("101", "省残联", "省残联", "夜间无人", "809", "")
    assert saved.rows[2]["call_signs"] == "康宁 社区" and saved.rows[2]["ani"] == "1A2B"
    assert [u.id for u in read_roster(path)[0]] == ["101", "102", "103"]
    (old,) = (path.parent / VERSIONS).iterdir()
    assert read_roster_table(old).cells == table.cells
    if path.suffix == ".xlsx":
        assert load_workbook(path).worksheets[0]["B4"].data_type == "s"


def test_the_second_editor_is_told(path: Path) -> None:
    first, second = read_roster_table(path), read_roster_table(path)
    save_roster_table(path, first.sha256, first.rows[:1])
    with pytest.raises(RosterChanged, match="somebody else"):
        save_roster_table(path, second.sha256, second.rows[1:])
    assert [r["id"] for r in read_roster_table(path).rows] == ["101"]


def test_mistakes_are_not_saved(path: Path) -> None:
    table = read_roster_table(path)
    before = path.read_bytes()
    same, problems = save_roster_table(path, table.sha256, [{"id": "1", "name": "甲"}, {"id": "1", "name": "乙"}])
    assert same == table and "编号 1" in problems[0].what and problems[0].path == path
    assert path.read_bytes() == before and not list(path.parent.glob(".*"))
    assert not (path.parent / VERSIONS).exists()


def test_no_table(tmp_path: Path) -> None:
    (tmp_path / "r.xlsx").write_bytes(b"PK\x03\x04 nonsense")
    for name in ("r.xlsx", "missing.csv"):
        with pytest.raises(HuyingError, match="cannot be read"):
            read_roster_table(tmp_path / name)
