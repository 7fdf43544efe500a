"""``huying soak``."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from voice.cli.options import NetOption, net_of

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: huying soak --days 7 --kills 5")
def soak(
    net: NetOption = None,
    days: Annotated[int, typer.Option(min=1, max=3650, help="Simulated days: a roll-call and an alert each.")] = 7,
    units: Annotated[int, typer.Option(min=1, help="Only the first N units.")] = 42,
    kills: Annotated[int, typer.Option(min=0, help="How often the station is killed (SIGKILL).")] = 5,
    seed: Annotated[int, typer.Option(help="Another seed, other absences and kills.")] = 0,
    keep: Annotated[Path | None, typer.Option(help="Keep journal and truth in this folder.")] = None,
) -> None:
    """Days of traffic in minutes, with absences, lost devices and kills: is anything lost or doubled? 耐久测试。"""
    from rich.progress import Progress
    from rich.table import Table

    from voice.bench.kills import Plan
    from voice.bench.kills import soak as lived
    from voice.station.ear import open_ear
    from voice.terminal.output import screen, told

    out, status = screen(), screen(error=True)
    ear = open_ear(net_of(net))
    with (
        tempfile.TemporaryDirectory() as place,
        Progress(console=status, transient=True, disable=not status.is_terminal) as bar,
    ):
        task = bar.add_task("soak", total=days)

        def shown(lived_days: int, killed: int) -> None:
            bar.update(task, completed=lived_days, description=f"soak, {killed} kills")

        done = lived(ear, Plan(days, units, kills, seed), keep or Path(place), shown)
    r = done.traffic
    table = Table("figure", "value")
    memory = ", ".join(f"{m:.0f}" for m in (r.memory_mb[0], max(r.memory_mb), r.memory_mb[-1])) if r.memory_mb else "–"
    for name, value in (
        ("sessions, kills among them", f"{r.runs}, {done.killed}"),
        ("overs sent", r.sent),
        ("overs found", r.found),
        ("lost", r.lost),
        ("doubled", r.doubled),
        ("invented", r.invented),
        ("our announcements", r.announced),
        ("announcements not logged", r.announced_lost),
        ("alerts", r.alerts),
        ("alerts never ended", r.alerts_open),
        ("memory after the first day, at most, at the end, MB", memory),
        ("took, s", f"{done.took_s:.0f}"),
    ):
        table.add_row(told(name), str(value))
    out.print(table)
    for f in done.faults:
        out.print(f, style="red")
    if not done.whole:
        out.print("not whole 有缺失", style="red")
        raise typer.Exit(1)
    out.print("nothing lost, nothing doubled 无丢失无重复", style="green")
