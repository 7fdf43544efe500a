"""Rosters as WPS, Excel, Numbers and exporters leave them: every unit is taken, and what is not is named."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.table import Table

from voice.errors import HuyingError, Problem
from voice.net.roster import Unit, read_roster, split_list
from voice.net.roster_table import COLUMNS, VERSIONS, read_roster_table, save_roster_table
from voice.net.roster_template import write_template
from voice.places import data_folder

HEAD = ["编号", "名称", "呼号", "组别", "位置", "责任民警", "电话", "邻近"]
ROWS: list[list[Any]] = [
    [101, "省残联", "省残联", "机构", "一号路", "甲", "内线801", ""],
    [102, "财经大学", "财经大学", "校园", "二号路", "乙", "内线802", ""],
    [103, "第九中学", "第九中学", "校园", "三号路", "丙", "内线803", ""],
]
MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def book(path: Path, rows: Iterable[Sequence[Any]], change: Callable[[Workbook], None] = lambda wb: None) -> Path:
    wb = Workbook()
    for r in rows:
        wb.worksheets[0].append(list(r))
    change(wb)
    wb.save(path)
    return path


def patched(path: Path, change: Callable[[str], str], member: str = "xl/worksheets/sheet1.xml") -> Path:
    """The workbook with the text of one member changed: what openpyxl itself would not write."""
    old = path.read_bytes()
    with zipfile.ZipFile(io.BytesIO(old)) as i, zipfile.ZipFile(path, "w") as o:
        for n in i.namelist():
            o.writestr(n, change(i.read(n).decode()) if n == member else i.read(n))
    return path


def raw_book(path: Path, sheet: str, prefix: str = "", strings: str = "", slash: str = "/") -> Path:
    """A workbook as a small exporter writes it: nothing but what must be there."""
    p = prefix
    main = MAIN if not prefix else MAIN.replace("xmlns=", f"xmlns:{prefix[:-1]}=")
    members = {
        "_rels/.rels": "<Relationships/>",
        "xl/workbook.xml": f'<{p}workbook {main} xmlns:r="{LINKS}"><{p}sheets>'
        f'<{p}sheet name="名册" sheetId="1" r:id="a"/></{p}sheets></{p}workbook>',
        "xl/_rels/workbook.xml.rels": '<Relationships><Relationship Id="a" Target="/xl/worksheets/Sheet1.xml"/>'
        "</Relationships>",
        "xl/worksheets/sheet1.xml": f"<{p}worksheet {main}>{sheet}</{p}worksheet>",
    }
    if strings:
        members["xl/SharedStrings.xml"] = f"<{p}sst {main}>{strings}</{p}sst>"
    with zipfile.ZipFile(path, "w") as z:
        for name, text in members.items():
            z.writestr(name.replace("/", slash), text)
    return path


def told(problems: Iterable[Problem]) -> str:
    return "\n".join(f"{p.line}: {p.what}" for p in problems)


def taken(path: Path) -> tuple[dict[str, Unit], list[Problem]]:
    units, problems = read_roster(path)
    assert not [p for p in problems if not p.notice], told(problems)
    return {u.id: u for u in units}, problems


@pytest.mark.parametrize("size", ["A1", "A1:G3", "B2:C2", "A1:XFD1048576"])
def test_rows_that_are_there_count_not_the_size_that_is_declared(tmp_path: Path, size: str) -> None:
    path = book(tmp_path / "r.xlsx", [HEAD, *ROWS])
    patched(path, lambda t: re.sub('<dimension ref="[^"]*"', f'<dimension ref="{size}"', t))
    units, problems = taken(path)
    assert list(units) == ["101", "102", "103"] and not problems
    table = read_roster_table(path)
    rows = [table.rows[0], table.rows[1] | {"phone": "809"}, table.rows[2]]
    saved, wrong = save_roster_table(path, table.sha256, rows)
    assert not wrong and [r["phone"] for r in saved.rows] == ["内线801", "809", "内线803"]


def test_merged_cells_hold_for_all_their_rows(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        HEAD, ROWS[0], [102, "财经大学", "", "校园", "", "乙", 1], [103, "第九中学", "", None, "", None, 2],
    ]  # fmt: skip

    def merge(wb: Workbook) -> None:
        wb.worksheets[0].merge_cells("D3:D4")
        wb.worksheets[0].merge_cells("F3:F4")

    units, problems = taken(book(tmp_path / "r.xlsx", rows, merge))
    assert [(u.group, u.officer) for u in units.values()] == [("机构", "甲"), ("校园", "乙"), ("校园", "乙")]
    assert not problems


def test_a_unit_of_two_lines(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        HEAD[:7], [101, "省残联", "省残联", "机构", "", "甲", "801"], [None, None, "残联", None, "", "乙", "802"],
    ]  # fmt: skip

    def merge(wb: Workbook) -> None:
        for area in ("A2:A3", "B2:B3", "D2:D3"):
            wb.worksheets[0].merge_cells(area)

    units, _ = taken(book(tmp_path / "r.xlsx", rows, merge))
    assert units["101"].call_signs == ("省残联", "残联")
    assert units["101"].officer == "甲、乙" and units["101"].phone == "801、802"


def test_titles_above_a_header_of_two_lines_and_sums_below(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["学府路派出所电台名册"], ["填报单位：学府路派出所", None, None, None, "2026年6月1日"],
        ["序号", "单位名称", "联系方式", None, "所属片区"], [None, None, "手机号码", "对讲机呼号", None],
        [1, "省残联", 13800000001, "省残联", "机构"], [2, "财经大学", 13800000002, "财大", "校园"],
        ["序号", "单位名称", "手机号码", "对讲机呼号", "所属片区"],
        ["二、校园"],
        [3, "第九中学", None, "九中", "校园"],
        ["合 计", "3个单位"], ["填表人：王某"], ["审核人", "李某"], ["注：每月更新"],
    ]  # fmt: skip

    def merge(wb: Workbook) -> None:
        for area in ("A1:E1", "A3:A4", "B3:B4", "C3:D3", "E3:E4", "A8:E8"):
            wb.worksheets[0].merge_cells(area)

    units, problems = taken(book(tmp_path / "r.xlsx", rows, merge))
    assert {k: (u.call_signs, u.phone, u.group) for k, u in units.items()} == {
        "1": (("省残联",), "13800000001", "机构"), "2": (("财大",), "13800000002", "校园"),
        "3": (("九中",), "", "校园"),
    }  # fmt: skip
    assert [p.line for p in problems] == [8, 10, 11, 12, 13]


def test_the_sheet_that_is_a_roster(tmp_path: Path) -> None:
    def more(wb: Workbook) -> None:
        first = wb.worksheets[0]
        first.title = "填写说明"
        pages: dict[str, list[list[Any]]] = {
            "示例": [HEAD, [1, "某单位"]], "名册": [HEAD, *ROWS], "旧名册": [HEAD, *ROWS[:2]],
            "通讯录": [["姓名", "手机"], ["甲", 138]],
        }  # fmt: skip
        for name, rows in pages.items():
            page = wb.create_sheet(name)
            for r in rows:
                page.append(r)
        wb["旧名册"].sheet_state = "hidden"

    units, problems = taken(book(tmp_path / "r.xlsx", [["填表说明"], ["编号", "必填"], ["名称", "必填"]], more))
    assert list(units) == ["101", "102", "103"]
    assert [re.findall("“(.*?)”", p.what)[0] for p in problems] == ["示例", "旧名册"]


@pytest.mark.parametrize(
    "head",
    [
        ["编 号", "名称\n", "呼号 ", "组别", "位置", "责任民警", "电话*", "邻近"],
        ["编号*", "名称（必填）", "呼号(多个用;分开)", "组别", "详细地址", "联系人", "联系电话", "邻近单位"],
        ["序号", "单位", "电台呼号", "类别", "地址", "负责人", "手机", "相邻单位"],
        ["序 号：", "单位名称", "代号", "分组", "地点", "姓名", "联系方式", "周边单位"],
        ["編號", "名稱", "呼號", "組別", "位置", "責任民警", "電話", "鄰近"],
        ["No.", "Unit Name", "Call Sign", "Group", "Address", "Contact", "Tel", "Neighbours"],
    ],
)
def test_headers_as_offices_write_them(tmp_path: Path, head: list[str]) -> None:
    units, problems = taken(book(tmp_path / "r.xlsx", [head, *ROWS]))
    u = units["102"]
    assert (u.call_signs, u.group, u.location, u.officer, u.phone) == (("财经大学",), "校园", "二号路", "乙", "内线802")
    assert not problems


def test_of_two_columns_the_better_named_one_is_used_and_the_other_named(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["序号", "单位", "编号", "单位名称", "备注"], [1, "x", "K1", "省残联", "y"], [2, "x", "K2", "财经大学", ""],
    ]  # fmt: skip
    units, problems = taken(book(tmp_path / "r.xlsx", rows))
    assert [(u.id, u.name) for u in units.values()] == [("K1", "省残联"), ("K2", "财经大学")]
    assert "序号" in told(problems) and "单位" in told(problems) and "备注" in told(problems)


def test_no_column_for_the_id_says_what_there_is(tmp_path: Path) -> None:
    _, (problem,) = read_roster(book(tmp_path / "r.xlsx", [["名册"], ["单位名称", "呼号"], ["省残联", "省残联"]]))
    assert problem.line == 2 and "编号" in problem.what and "单位名称、呼号" in problem.what


def test_figures_as_the_sheet_shows_them(tmp_path: Path) -> None:
    def forms(wb: Workbook) -> None:
        page = wb.worksheets[0]
        page["A2"].number_format = "0000"
        page["G2"].number_format = "000-00000000"
        page["A3"].number_format = '"K"00'
        page["G3"].number_format = "0.00E+00"

    rows: list[list[Any]] = [HEAD, [901, "省残联", "", "机构", "", "", 1088886666, 7.0],
            [7, "财经大学", "", "机构", "", "", 13800000002, 0.1 + 0.2]]  # fmt: skip
    path = book(tmp_path / "r.xlsx", rows, forms)
    units, problems = taken(patched(path, lambda t: t.replace("<v>901</v>", "<v>9.01E2</v>")))
    assert [(u.id, u.phone) for u in units.values()] == [("0901", "010-88886666"), ("K07", "13800000002")]
    assert units["0901"].neighbours == ("7",) and units["K07"].neighbours == ("0.3",) and not problems


def test_what_a_sheet_made_of_it_is_told(tmp_path: Path) -> None:
    rows: list[list[Any]] = [HEAD[:7], [101, "省残联", "", "", datetime(2026, 3, 2), "", "=VLOOKUP(A2,x,2)"],
            [102, "财经大学", "", "", "5-1", "", 123456789012345678]]  # fmt: skip

    def form(wb: Workbook) -> None:
        wb.worksheets[0]["E2"].number_format = 'm"月"d"日"'

    units, problems = taken(book(tmp_path / "r.xlsx", rows, form))
    assert units["101"].location == "3月2日" and units["102"].location == "5-1"
    assert "makes one of 3-2" in told(problems) and "formula without a value" in told(problems)
    assert "more than 15 digits" in told(problems)
    _, problems = read_roster(book(tmp_path / "f.xlsx", [HEAD, ["=100+1", *ROWS[0][1:]], ROWS[1]]))
    assert [(p.line, p.notice) for p in problems] == [(2, False)]
    assert "编号 is a formula without a value" in told(problems)


def test_hidden_and_struck_lines_are_taken_and_told(tmp_path: Path) -> None:
    def mark(wb: Workbook) -> None:
        wb.worksheets[0].row_dimensions[3].hidden = True
        for c in wb.worksheets[0][4]:
            c.font = Font(strike=True)

    units, problems = taken(book(tmp_path / "r.xlsx", [HEAD, *ROWS], mark))
    assert len(units) == 3 and [(p.line, "hidden" in p.what, "struck" in p.what) for p in problems] == [
        (3, True, False), (4, False, True),
    ]  # fmt: skip


def test_a_unit_without_a_group_among_others(tmp_path: Path) -> None:
    _, problems = taken(book(tmp_path / "r.xlsx", [HEAD, *ROWS[:2], [103, "第九中学"]]))
    assert [p.line for p in problems] == [4] and "no 组别" in told(problems)


SHARED = (
    "<si><r><t>编</t></r><r><t>号</t></r></si><si><t>名称</t><rPh><t>mc</t></rPh></si><si><t>省残联_x000D_</t></si>"
)


@pytest.mark.parametrize("prefix, slash", [("", "/"), ("x:", "/"), ("", "\\")])
def test_workbooks_of_small_exporters(tmp_path: Path, prefix: str, slash: str) -> None:
    p = prefix
    cells = "<row><c t='s'><v>0</v></c><c t='s'><v>1</v></c></row><row r='5'><c r='A5'><v>1.01E2</v></c>" \
        "<c r='B5' t='s'><v>2</v></c></row><row r='6'><c r='A6' t='str'><v>102</v></c>" \
        "<c r='B6' t='inlineStr'><is><t>财经</t><t>大学</t></is></c><c r='C6'/></row><row r='7'/>"  # fmt: skip
    sheet = f"<sheetData>{cells}</sheetData>"
    sheet, strings = (re.sub("<(/?)(?=[a-z])", rf"<\1{p}", text) for text in (sheet, SHARED))
    path = raw_book(tmp_path / "r.xlsx", sheet, p, strings, slash)
    units, _ = taken(path)
    assert {k: u.name for k, u in units.items()} == {"101": "省残联", "102": "财经大学"}
    table = read_roster_table(path)
    rows = [table.rows[0] | {"name": "残联<&>"}, {"id": "7", "name": "康宁"}]
    saved, wrong = save_roster_table(path, table.sha256, rows)
    assert not wrong and [(r["id"], r["name"]) for r in saved.rows] == [("101", "残联<&>"), ("7", "康宁")]


STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"


def test_strict_workbooks(tmp_path: Path) -> None:
    sheet = "<sheetData><row><c t='inlineStr'><is><t>编号</t></is></c><c t='inlineStr'><is><t>名称</t></is></c></row>" \
        "<row><c><v>1</v></c><c t='inlineStr'><is><t>甲社区</t></is></c></row></sheetData>"  # fmt: skip
    path = patched(raw_book(tmp_path / "r.xlsx", sheet), lambda t: t.replace(MAIN, f'xmlns="{STRICT}"'))
    assert list(taken(path)[0]) == ["1"]


@pytest.mark.parametrize(
    "data, says",
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old workbook"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "web page"),
        (b"PK\x03\x04 nonsense", "damaged"),
        ("编号,名称\n1,省残联\n2,财经大学\n".encode() + b"3,\xe8\xb4\n", "line 4 is damaged"),
    ],
)
def test_what_cannot_be_read_says_why(tmp_path: Path, data: bytes, says: str) -> None:
    (tmp_path / "r.xlsx").write_bytes(data)
    units, problems = read_roster(tmp_path / "r.xlsx")
    assert units == () and says in told(problems) and all(p.fix for p in problems)


CSV = "编号,名称,呼号,组别\n101,省残联,省残联;残联,机构\n102,财经大学,财经大学,校园\n"


@pytest.mark.parametrize(
    "data",
    [
        CSV.encode(), CSV.encode("utf-8-sig"), CSV.encode("gbk"), CSV.encode("utf-16"), CSV.encode("utf-16-le"),
        CSV.replace(",", "\t").encode("utf-16"), CSV.replace(",", "\t").encode("gbk"),
        CSV.replace(";", "、").replace(",", ";").encode("gbk"), CSV.replace(",", "，").encode(),
        ("sep=;\r\n" + CSV.replace(";", "、").replace(",", ";").replace("\n", "\r\n")).encode("utf-8-sig"),
        CSV.replace("\n", "\r").encode("gbk"), CSV.replace("101", '="101"').encode(),
        CSV.replace("101", "'101").encode(),
        ("学府路派出所名册,,,\n\n" + CSV + "合计,2,,\n").encode(), CSV.replace(",", "|").encode(),
        CSV.replace("101", "１０１").replace("102", " 102 ").encode(),
    ],
)  # fmt: skip
def test_text_files_of_all_kinds_and_saved_as_they_were(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "r.csv"
    path.write_bytes(data)
    units, _ = taken(path)
    assert {k: (u.name, u.call_signs, u.group) for k, u in units.items()} == {
        "101": ("省残联", ("省残联", "残联"), "机构"), "102": ("财经大学", ("财经大学",), "校园"),
    }  # fmt: skip
    table = read_roster_table(path)
    saved, wrong = save_roster_table(path, table.sha256, [table.rows[0], table.rows[1] | {"group": "学校"}])
    assert not wrong and [r["group"] for r in saved.rows] == ["机构", "学校"]
    assert taken(path)[0]["101"].call_signs == ("省残联", "残联")
    mark = b"\xef\xbb\xbf"  # Excel knows UTF-8 by it
    new, old = path.read_bytes().removeprefix(mark), data.removeprefix(mark)
    assert new[:2] == old[:2] and new.count(b"\r") == old.count(b"\r")
    assert abs(len(new) - len(old)) <= 6  # quotes around what holds a quote


def test_what_a_spreadsheet_lost_in_a_text_file(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("编号,名称,位置,电话\n1,省残联,3月2日,1.38E+10\n2,财经大学,Mar-02,#N/A\n", "utf-8")
    units, problems = taken(tmp_path / "r.csv")
    assert len(units) == 2 and [p.line for p in problems] == [2, 2, 3, 3]
    (tmp_path / "r.csv").write_text("编号,名称\n1.01E+10,省残联\n", "utf-8")
    assert "rounded away" in told(p for p in read_roster(tmp_path / "r.csv")[1] if not p.notice)


def test_strokes_in_call_signs() -> None:
    assert split_list("BG6ABC/P；A/B座、省残联/残联") == ("BG6ABC/P", "A/B座", "省残联", "残联")
    assert split_list("101/102") == ("101", "102") and split_list("贾岗\n康宁，白沙") == ("贾岗", "康宁", "白沙")


def test_saving_a_workbook_changes_nothing_else(tmp_path: Path) -> None:
    def dress(wb: Workbook) -> None:
        page = wb.worksheets[0]
        page.title = "名册"
        page.merge_cells("A1:H1")
        page.merge_cells("D4:D5")
        page["B3"].fill = PatternFill("solid", fgColor="FFFF00")
        page["B3"].comment = Comment("夜间无人", "x")
        page.column_dimensions["B"].width = 33
        page.freeze_panes = "A3"
        rule = DataValidation(type="list", formula1='"机构,校园"', sqref="D3:D9")
        page.add_data_validation(rule)
        other = wb.create_sheet("统计")
        other["A1"] = "=COUNTA(名册!B3:B5)"
        other["A2"] = "别动"

    rows: list[list[Any]] = [["电台名册"], [*HEAD, "备注"], [*ROWS[0], "夜"], [*ROWS[1], "昼"],
            [103, "第九中学", "", None, "", "", "", "", "晚"], ["合计", "3个单位"]]  # fmt: skip
    path = book(tmp_path / "r.xlsx", rows, dress)
    table = read_roster_table(path)
    new = [table.rows[0] | {"phone": "809"}, table.rows[2], {"id": "104", "name": "=1+1", "ani": "1A"},
           {"id": "105", "name": "康宁"}]  # fmt: skip
    saved, wrong = save_roster_table(path, table.sha256, new)
    assert not wrong, told(wrong)
    assert [(r["id"], r["group"], r["phone"], r["ani"]) for r in saved.rows] == [
        ("101", "机构", "809", ""), ("103", "校园", "", ""), ("104", "", "", "1A"), ("105", "", "", ""),
    ]  # fmt: skip
    page = load_workbook(path)["名册"]
    assert page["A1"].value == "电台名册" and page["I3"].value == "夜" and page["I5"].value == "晚"
    assert page["J2"].value == "身份码" and page["B3"].fill.fgColor.rgb == "00FFFF00"
    assert page["B3"].comment and page["B3"].comment.text == "夜间无人"
    assert page.column_dimensions["B"].width == 33 and page.freeze_panes == "A3"
    assert page.data_validations.dataValidation[0].formula1 == '"机构,校园"'
    assert [str(m) for m in page.merged_cells.ranges] == ["A1:H1"] and page["A4"].value is None
    assert page["B6"].value == "=1+1" and page["B6"].data_type == "s" and page["A8"].value == "合计"
    other = load_workbook(path)["统计"]
    assert other["A1"].value == "=COUNTA(名册!B3:B5)" and other["A2"].value == "别动"
    assert len(list((tmp_path / VERSIONS).iterdir())) == 1


def test_new_units_belong_to_the_table_of_the_sheet(tmp_path: Path) -> None:
    def as_table(wb: Workbook) -> None:
        wb.worksheets[0].add_table(Table(displayName="名册表", ref="A1:H4"))

    path = book(tmp_path / "r.xlsx", [HEAD, *ROWS], as_table)
    table = read_roster_table(path)
    save_roster_table(path, table.sha256, [*table.rows, {"id": "9", "name": "康宁"}])
    assert load_workbook(path).worksheets[0].tables["名册表"].ref == "A1:H5"


def test_a_formula_is_not_broken_by_saving_beside_it(tmp_path: Path) -> None:
    path = book(tmp_path / "r.xlsx", [HEAD, [101, "省残联", "", "", "", "", "=1+1"], ROWS[1]])
    table = read_roster_table(path)
    saved, wrong = save_roster_table(path, table.sha256, [table.rows[0] | {"group": "机构"}, table.rows[1]])
    assert not wrong and load_workbook(path).worksheets[0]["G2"].value == "=1+1" and saved.rows[0]["group"] == "机构"


def test_a_sheet_with_a_document_type_is_refused(tmp_path: Path) -> None:
    path = raw_book(tmp_path / "r.xlsx", "<sheetData/>")
    patched(path, lambda t: '<!DOCTYPE x [<!ENTITY a "aaaa">]>' + t, "xl/worksheets/sheet1.xml")
    with pytest.raises(HuyingError, match="document type"):
        read_roster_table(path)


def test_the_template_is_filled_in_and_read(tmp_path: Path) -> None:
    path = tmp_path / "名册.xlsx"
    write_template(path)
    _, problems = read_roster(path)
    assert "the roster has no units" in told(problems)
    wb = load_workbook(path)
    for column, text in enumerate(("0901", "省残联", "省残联;残联", "机构", "3-2"), 1):
        wb["名册"].cell(2, column).value = text
    wb.save(path)
    units, problems = taken(path)
    assert (units["0901"].call_signs, units["0901"].location) == (("省残联", "残联"), "3-2")
    assert all("示例" in p.what for p in problems)
    with pytest.raises(HuyingError, match="not replaced"):
        write_template(path)
    shipped = load_workbook(data_folder() / "grammars" / "roster-template.xlsx")
    assert [c.value for c in shipped["名册"][1]] == list(COLUMNS.values())
