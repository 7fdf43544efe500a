"""This machine: doctor, soak, bench."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from voice.cli.tree.root import NetOption, app


@app.command(epilog="Example: huying doctor")
def doctor() -> None:
    """What is installed, what is missing, and the command that mends it. 检查安装。"""
    from voice.cli.doctor import run

    raise typer.Exit(run())


@app.command(epilog="Example: huying soak --days 7 --kills 5")
def soak(
    net: NetOption = None,
    days: Annotated[int, typer.Option(min=1, max=365, help="Simulated days: a roll-call and an alert each.")] = 7,
    units: Annotated[int, typer.Option(min=1, help="Only the first so many units.")] = 42,
    kills: Annotated[int, typer.Option(min=0, help="How often the station is killed (SIGKILL).")] = 5,
    seed: Annotated[int, typer.Option(help="Another seed, other absences and kills.")] = 0,
    keep: Annotated[Path | None, typer.Option(help="Keep journal and truth in this folder.")] = None,
    from_day: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Days of traffic in minutes, with absences, lost devices and kills: is anything lost or doubled? 耐久测试。"""
    from voice.cli.soak import Options, run

    raise typer.Exit(run(Options(net, days, units, kills, seed, keep, from_day)))


@app.command(epilog="Example: huying bench --json")
def bench(as_json: Annotated[bool, typer.Option("--json", help="Figures as JSON.")] = False) -> None:
    """Speed and memory on this machine. 测速。"""
    from voice.cli.bench import run

    run(as_json)
