"""Help as a reader wants it, in the user's language: a command's line is “English. 中文。”; options are translated in
``chinese``."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from rich.markup import escape
from typer import Context, rich_utils

from voice.cli.chinese import HELP, LINES
from voice.language import Language, worded

_BOTH = re.compile(r"(?P<english>.*?[.?!])\s+(?P<chinese>[^A-Za-z]*[\u4e00-\u9fff][^。]*。)(?P<rest>.*)", re.S)

PANELS = {"ARGUMENTS_PANEL_TITLE": "参数", "OPTIONS_PANEL_TITLE": "选项", "COMMANDS_PANEL_TITLE": "命令",
          "DEFAULT_STRING": "[默认: {}]", "REQUIRED_LONG_STRING": "[必填]", "ERRORS_PANEL_TITLE": "错误",
          "ABORTED_TEXT": "已取消。", "RICH_HELP": "用法见 [blue]'{command_path} {help_option}'[/]"}  # fmt: skip
"""Typer's own texts."""

USAGE = {"Usage:": "用法:", "[OPTIONS]": "[选项]", "COMMAND [ARGS]...": "命令 [参数]..."}


def line_in(text: str, language: Language) -> str:
    """The half of a command's line in this language, and the text after it."""
    found = _BOTH.fullmatch(text)
    if not found:
        return text
    if language == "en":
        return found["english"] + found["rest"]
    return LINES.get(found["chinese"], found["chinese"])


def translate(command: Any, language: Language) -> Any:
    """The click command with its help translated in place; ``get_command`` creates a new one for each call. [station]
    is no markup, and a flag has no type, nor a default where it is off."""
    command.help = escape(line_in(command.help or "", language))
    for one in (*command.params, command.get_help_option(Context(command))):
        if language == "zh" and getattr(one, "help", None):
            one.help = HELP.get(one.help, one.help)
        if getattr(one, "is_flag", False):
            one.metavar, one.show_default = "", one.default is True
    for part in getattr(command, "commands", {}).values():
        translate(part, language)
    if language == "zh":
        command.epilog = (command.epilog or "").replace("Example:", "例:")
        command.get_usage = partial(_usage, command.get_usage)
        _chinese_panels()
    return command


def _usage(english: Callable[[Context], str], context: Context) -> str:
    told = english(context)
    for before, after in USAGE.items():
        told = told.replace(before, after)
    return told


def _chinese_panels() -> None:
    """Translates typer's own texts, mistakes in a command line among them; makes its columns wrap Chinese, which has no
    spaces, instead of truncating it."""
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
    show = rich_utils.rich_format_error

    def told(mistake: Any) -> None:
        said = worded(mistake.format_message(), False)
        mistake.format_message = lambda: said
        show(mistake)

    rich_utils.rich_format_error = told  # type: ignore[assignment]
