"""``huying doctor``."""

from __future__ import annotations

import typer

from voice.cli.options import NetOption

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: huying doctor --net my-net")
def doctor(net: NetOption = None) -> None:
    """What is installed, what is missing, and the command that mends it. 检查安装。"""
    import platform

    import voice
    from voice.language import language, worded
    from voice.station.health import examine
    from voice.terminal.output import screen

    out = screen()
    out.print(f"huying {voice.__version__}, Python {platform.python_version()}, {platform.platform()}")
    bad, english = 0, language() != "zh"
    for found in examine(net):
        mark, style = ("✓", "green") if found.fine else ("✗", "red") if found.needed else ("–", "yellow")
        out.print(mark, style=style, end=" ")
        out.print(f"{worded(found.name, english)}: {worded(found.told, english)}")
        if not found.fine:
            bad += found.needed
            out.print(f"    → {worded(found.mend, english)}")
    raise typer.Exit(1 if bad else 0)
