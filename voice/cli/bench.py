"""``huying bench …``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from voice.cli.options import JsonOption

app = typer.Typer(
    add_completion=False,
    invoke_without_command=True,
    help="Speed on this machine. 测速。",
    epilog="Example: huying bench channels --duty 0.1",
)


def _tell(text: str) -> None:
    from voice.terminal.output import screen

    screen(error=True).print(text)


def _show(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table; if a later row fails, the rows so far are still printed."""
    from rich.table import Table

    from voice.terminal.output import screen, told

    table = Table(*columns, title=title)
    try:
        for name, *values in rows:
            table.add_row(told(name), *values)
    finally:
        if table.row_count:
            screen().print(table)


@app.callback()
def every(context: typer.Context, as_json: JsonOption = False) -> None:
    """Speed and memory on this machine. 测速。"""
    if context.invoked_subcommand is not None:
        return
    from voice.bench.speed import speed

    figures = speed(_tell)
    if as_json:
        sys.stdout.write(json.dumps(figures, ensure_ascii=False, indent=1) + "\n")
    else:
        _show("", ("figure", "value"), ((name, str(value)) for name, value in figures.items()))


@app.command(epilog="Example: huying bench channels --duty 0.1 --most 150")
def channels(
    duty: Annotated[float, typer.Option(min=0.01, max=1, help="Duty cycle: share of the time with speech.")] = 0.1,
    seconds: Annotated[float, typer.Option(min=10, help="Real time at each number of channels.")] = 40.0,
    least: Annotated[int, typer.Option(min=0, help="Begin with so many; 0: 25, or 4 that speak all the time.")] = 0,
    most: Annotated[int, typer.Option(min=1, help="Not more channels than this.")] = 200,
    picture: Annotated[Path | None, typer.Option(help="Draw the curve (PNG).")] = None,
) -> None:
    """How many live channels this machine logs in time: more are added until it falls behind. 同时能听多少个频道。"""
    from voice.bench.channels import channels as carried
    from voice.bench.channels import draw
    from voice.bench.speed import machine

    rows = carried(duty, seconds, least, most, _tell)
    _show(
        f"{machine()}, {duty:.0%} speech",
        ("channels", "overs", "median, ms", "95 % under, ms", "cores busy"),
        ([f"{x:g}" for x in (r.channels, r.overs, r.median_ms, r.slow_ms, r.cores)] for r in rows),
    )
    if picture:
        draw(picture, rows, duty)


@app.command(epilog="Example: huying bench pipeline")
def pipeline() -> None:
    """Cost of the pipeline compared with the recogniser alone, and with one that decodes everything. 流水线开销。"""
    from voice.bench.channels import RECORDING_S
    from voice.bench.channels import pipeline as costs
    from voice.bench.speed import machine

    columns = ("recording", "pipeline, s", "all of it, s", "overs alone, s", "pipeline / overs", "all / pipeline")
    rows = []
    for c in costs():
        ratios = (c.pipeline, c.everything, c.overs, c.pipeline / c.overs, c.everything / c.pipeline)
        rows.append([f"{RECORDING_S:.0f} s, {c.duty:.0%} speech", *(f"{x:.2f}" for x in ratios)])
    _show(machine(), columns, rows)


@app.command(epilog="Example: huying bench console --events 1000000 --browser")
def console(
    events: Annotated[int, typer.Option(min=1000, help="Events already in the journal.")] = 100_000,
    consoles: Annotated[int, typer.Option(min=1, max=100, help="Consoles that look on.")] = 10,
    channels: Annotated[int, typer.Option(min=1, help="Channels that are listened to meanwhile, 10 % speech.")] = 25,
    seconds: Annotated[float, typer.Option(min=10, help="Real time of each of the two parts.")] = 40.0,
    browser: Annotated[bool, typer.Option(help="Time real browser windows, too (Chromium, Playwright).")] = False,
) -> None:
    """Consoles, searches and a hanging webhook while channels are being logged. 控制台与识别互不影响。"""
    from voice.bench.console import console as figures
    from voice.bench.speed import machine

    title = f"{machine()}, {events:,} events in the journal, {channels} channels"
    _show(title, ("figure", "value"), figures(events, consoles, channels, seconds, browser, _tell))


@app.command(epilog="Example: huying bench bureau --stations 1 --stations 200")
def bureau(
    stations: Annotated[list[int] | None, typer.Option(min=1, help="Simulated stations; may be repeated.")] = None,
    events: Annotated[int, typer.Option(min=100, help="Of all stations together.")] = 20_000,
    journal: Annotated[str, typer.Option(help="The bureau's database (URL); empty: SQLite.")] = "",
) -> None:
    """Events per second through NATS and one hub, by number of stations. 分局汇总的速度。"""
    from voice.bench.bureau import bureau as throughput
    from voice.bench.speed import machine

    rows = throughput(stations or [1, 10, 50, 200], events, journal, _tell)
    _show(
        machine(),
        ("stations", "events", "published, a second", "kept by one hub, a second"),
        ([str(r.stations), f"{r.events:,}", f"{r.published_a_s:,.0f}", f"{r.kept_a_s:,.0f}"] for r in rows),
    )


@app.command(epilog="Example: huying bench archive --workers 1 --workers 2 --workers 4")
def archive(
    workers: Annotated[list[int] | None, typer.Option(min=1, help="Dask workers; may be repeated.")] = None,
    hours: Annotated[float, typer.Option(min=0.05, help="Of recordings, 10 % speech.")] = 4.0,
    recordings: Annotated[int, typer.Option(min=1, max=24, help="Files that they are in.")] = 16,
) -> None:
    """One archive on increasing numbers of workers: time, and the journal's head, which must not change. 集群回放。"""
    from voice.bench.bureau import archive as runs
    from voice.bench.speed import machine

    rows = runs(workers or [1, 2, 4], hours, recordings, _tell)
    _show(
        f"{machine()}, {hours:g} h in {recordings} recordings",
        ("workers", "s", "× real time", "head"),
        ([str(r.workers), f"{r.took_s:.1f}", f"{hours * 3600 / r.took_s:.0f}", r.head[:12]] for r in rows),
    )


@app.command(epilog="Example: huying bench growth --largest 1000000")
def growth(
    largest: Annotated[int, typer.Option(min=10_000, help="Events of the largest journal.")] = 1_000_000,
) -> None:
    """How cost grows: journal, roster, recording. 规模增长。"""
    from voice.bench.growth import growth as grown
    from voice.bench.speed import machine
    from voice.terminal.output import screen

    screen().print(machine())
    for g in grown(largest, _tell):
        rows = [
            [name, *(f"{1000 * t:.1f} ms" if t < 1 else f"{t:.2f} s" for t in times), f"{g.exponent(name):.2f}"]
            for name, times in g.times.items()
        ]
        _show("", (g.of, *(f"{n:,}" for n in g.sizes), "exponent"), rows)
