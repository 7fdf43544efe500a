"""Help in the language of whoever asks: a command's line is “English. 中文。”, its options stand in ``chinese``."""

from __future__ import annotations

import re
from typing import Any

from typer import Context, rich_utils

from voice.cli.chinese import HELP, LINES
from voice.language import Language

_BOTH = re.compile(r"(?P<english>.*?[.?!])\s+(?P<chinese>[^A-Za-z]*[\u4e00-\u9fff][^。]*。)(?P<rest>.*)", re.S)

PANELS = {"ARGUMENTS_PANEL_TITLE": "参数", "OPTIONS_PANEL_TITLE": "选项", "COMMANDS_PANEL_TITLE": "命令",
          "DEFAULT_STRING": "[默认: {}]", "REQUIRED_LONG_STRING": "[必填]"}  # fmt: skip
"""What typer writes itself."""


def line_in(text: str, language: Language) -> str:
    """One of the halves of a command's line, and what follows it; both where nobody says which."""
    found = _BOTH.fullmatch(text)
    if not found or not language:
        return text
    if language == "en":
        return found["english"] + found["rest"]
    return LINES.get(found["chinese"], found["chinese"])


def translate(command: Any, language: Language) -> Any:
    """The click command with its help in a language; ``get_command`` makes it anew for each call, nothing is shared."""
    if not language:
        return command
    command.help = line_in(command.help or "", language)
    for one in (*command.params, command.get_help_option(Context(command))):
        if language == "zh" and getattr(one, "help", None):
            one.help = HELP.get(one.help, one.help)
    for part in getattr(command, "commands", {}).values():
        translate(part, language)
    if language == "zh":
        _chinese_panels()
    return command


def _chinese_panels() -> None:
    """Typer's own words; and its columns break Chinese, which has no blanks, instead of cutting it off."""
    for name, words in PANELS.items():
        setattr(rich_utils, name, words)
    make = getattr(rich_utils, "_make_rich_text", None)
    if make is None or getattr(make, "folds", False):
        return

    def folding(*values: Any, **named: Any) -> Any:
        text = make(*values, **named)
        if hasattr(text, "overflow"):
            text.overflow = "fold"
        return text

    folding.folds = True  # type: ignore[attr-defined]
    rich_utils._make_rich_text = folding
