"""An empty roster as a workbook: columns, explanations, an example. All cells are text, so that 0901 and 3-2 are not
converted."""

from __future__ import annotations

from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.worksheet import Worksheet

from voice.errors import HuyingError
from voice.net.roster_table import COLUMNS

EMPTY_ROWS = 200
"""Empty lines to fill in."""

TOLD = {
    "id": "必填。每个单位一个, 不重复, 改名后也不变, 如 101、0901",
    "name": "必填。单位名称, 印在点名表上",
    "call_signs": "电台里怎么叫。多个用分号隔开, 第一个用于播报; 空着就用名称。至少两个字, 各不相同",
    "group": "如 社区、校园; 可以按组点名",
    "location": "地址或位置",
    "officer": "责任民警。多人用顿号隔开",
    "phone": "电话",
    "question": "点名时问这个单位的话, 如 门前秩序是否良好; 空着就用统一的问法",
    "neighbours": "相邻单位的编号或名称, 用分号隔开; 警情通知可以发给一个单位和它的邻近",
    "short": "口头的简称, 也听得懂; 多个用分号隔开",
    "ani": "电台发送的身份码 (DTMF 或 MDC1200), 多个用分号隔开",
}
EXAMPLE = (
    ("101", "省残联", "省残联", "机构", "学府路1号", "社区民警一", "内线801", "门前秩序是否良好", "102", ""),
    ("102", "贾岗社区治安队", "贾岗社区治安队;贾岗社区", "社区", "贾岗东街", "社区民警二", "内线802", "", "101", "902"),
    ("103", "第九中学", "第九中学;九中门岗", "校园", "农业路", "社区民警三", "内线803", "校园秩序是否良好", "", ""),
)


def write_template(path: Path) -> None:
    """Write the workbook. Raises HuyingError for another suffix, an existing file, or a write error."""
    if path.suffix.lower() != ".xlsx":
        raise HuyingError(f"{path}: the template is a workbook; name it ….xlsx")
    if path.exists():
        raise HuyingError(f"{path} is there already; it is not replaced, name another file")
    book = Workbook()
    page = book.worksheets[0]
    page.title = "名册"
    _headed(page)
    for line in range(2, EMPTY_ROWS + 2):
        for column in range(1, len(COLUMNS) + 1):
            page.cell(line, column).number_format = "@"
    example = book.create_sheet("示例")
    _headed(example)
    for line, row in enumerate(EXAMPLE, 2):
        for column, text in enumerate(row, 1):
            cell = example.cell(line, column)
            cell.value, cell.number_format = text, "@"
    told = book.create_sheet("填写说明")
    told.column_dimensions["A"].width, told.column_dimensions["B"].width = 14, 90
    for line, (field, title) in enumerate(COLUMNS.items(), 1):
        told.cell(line, 1).value, told.cell(line, 2).value = title, TOLD[field]
        told.cell(line, 1).font = Font(bold=True)
    try:
        book.save(path)
    except OSError as e:
        raise HuyingError(f"{path}: cannot be written ({e.strerror})") from e


def _headed(page: Worksheet) -> None:
    for column, title in enumerate(COLUMNS.values(), 1):
        cell = page.cell(1, column)
        cell.value, cell.font, cell.fill = title, Font(bold=True), PatternFill("solid", fgColor="FFDDE6F0")
        cell.alignment = Alignment(horizontal="center")
        page.column_dimensions[cell.column_letter].width = 26 if title in ("呼号", "点名用语", "邻近") else 16
    page.freeze_panes = "A2"
