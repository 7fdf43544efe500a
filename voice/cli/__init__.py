"""The command ``huying``: one module per command, loaded when it is called."""

from __future__ import annotations

import contextlib
import logging
import os
import sys


class _Worded(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """What is logged, in the user's language."""
        from voice.language import language, worded

        return worded(super().format(record), language() != "zh")


def main(arguments: list[str] | None = None) -> None:
    """Entry point. Errors the user can fix are one clear message and exit status 2."""
    from voice.cli.app import entry
    from voice.errors import HuyingError
    from voice.language import language, worded

    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)  # a lost database is reported in our own words
    if logging.lastResort:  # standard error, for warnings and above
        logging.lastResort.setFormatter(_Worded())
    try:
        entry()(arguments, prog_name="huying")
    except HuyingError as e:
        print(f"huying: {worded(str(e), language() != 'zh')}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print(f"huying: {worded('stopped', language() != 'zh')}", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:  # “huying … | head”
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
