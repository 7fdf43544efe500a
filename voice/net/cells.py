"""Text for the cells of a spreadsheet: never a formula, and nothing that a workbook cannot hold."""

from __future__ import annotations

import re

_FORMULA = re.compile(r"[\s\u3000]*[=+\-@＝＋－＠]|[\t\r\n]")
"""What a spreadsheet may run: these characters at the beginning, also behind blanks, and in their wide forms."""

_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that XML and UTF-8 have no place for."""


def safe(text: str) -> str:
    """The text with an apostrophe before what looks like a formula; unfit characters become U+FFFD."""
    text = _UNFIT.sub("\ufffd", text)
    return "'" + text if _FORMULA.match(text) else text


def written(cell: str) -> str:
    """What stood there before ``safe``."""
    return cell[1:] if cell[:1] == "'" and _FORMULA.match(cell[1:]) else cell
