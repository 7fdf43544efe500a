"""Text for spreadsheet cells: never a formula, and only characters a workbook can hold."""

from __future__ import annotations

import re

_FORMULA = re.compile(r"[\s\u3000]*[=+\-@＝＋－＠]|[\t\r\n]")
"""Leading characters that a spreadsheet may evaluate, also after blanks and in full-width form."""

_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters not allowed in XML or UTF-8."""


def safe(text: str) -> str:
    """The text, with an apostrophe before anything that looks like a formula; invalid characters become U+FFFD."""
    text = _UNFIT.sub("\ufffd", text)
    return "'" + text if _FORMULA.match(text) else text


def written(cell: str) -> str:
    """The text before ``safe``."""
    return cell[1:] if cell[:1] == "'" and _FORMULA.match(cell[1:]) else cell
