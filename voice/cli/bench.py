"""``huying bench …``."""

from __future__ import annotations

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


@app.callback()
def every(context: typer.Context, as_json: JsonOption = False) -> None:
    """Speed and memory on this machine. 测速。"""
    if context.invoked_subcommand is None:
        from voice.bench.speed import run

        run(as_json)


@app.command(epilog="Example: huying bench channels --duty 0.1 --most 150")
def channels(
    duty: Annotated[float, typer.Option(min=0.01, max=1, help="Share of the time in which somebody speaks.")] = 0.1,
    seconds: Annotated[float, typer.Option(min=10, help="Real time at each number of channels.")] = 40.0,
    least: Annotated[int, typer.Option(min=0, help="Begin with so many; 0: 25, or 4 that speak all the time.")] = 0,
    most: Annotated[int, typer.Option(min=1, help="Not more channels than this.")] = 200,
    picture: Annotated[Path | None, typer.Option(help="Draw the curve (PNG).")] = None,
) -> None:
    """Live channels in real time, more and more, until the log comes too late. 同时能听多少个频道。"""
    from voice.bench.channels import channels

    channels(duty, seconds, least, most, picture)


@app.command(epilog="Example: huying bench pipeline")
def pipeline() -> None:
    """What the pipeline costs beside the recogniser alone, and beside one that hears everything. 流水线开销。"""
    from voice.bench.channels import pipeline

    pipeline()


@app.command(epilog="Example: huying bench console --events 1000000 --browser")
def console(
    events: Annotated[int, typer.Option(min=1000, help="Events already in the journal.")] = 100_000,
    consoles: Annotated[int, typer.Option(min=1, max=100, help="Consoles that look on.")] = 10,
    channels: Annotated[int, typer.Option(min=1, help="Channels that are listened to meanwhile, 10 % speech.")] = 25,
    seconds: Annotated[float, typer.Option(min=10, help="Real time of each of the two parts.")] = 40.0,
    browser: Annotated[bool, typer.Option(help="Time real browser windows, too (Chromium, Playwright).")] = False,
) -> None:
    """Consoles, searches and a webhook that hangs, beside channels that are listened to. 控制台与识别互不影响。"""
    from voice.bench.console import console

    console(events, consoles, channels, seconds, browser)


@app.command(epilog="Example: huying bench bureau --stations 1 --stations 200")
def bureau(
    stations: Annotated[list[int] | None, typer.Option(min=1, help="Simulated stations; may be repeated.")] = None,
    events: Annotated[int, typer.Option(min=100, help="Of all stations together.")] = 20_000,
    journal: Annotated[str, typer.Option(help="The bureau's database (URL); empty: SQLite.")] = "",
) -> None:
    """Events a second through NATS and one hub, with more and more stations. 分局汇总的速度。"""
    from voice.bench.bureau import bureau

    bureau(stations or [1, 10, 50, 200], events, journal)


@app.command(epilog="Example: huying bench archive --workers 1 --workers 2 --workers 4")
def archive(
    workers: Annotated[list[int] | None, typer.Option(min=1, help="Dask workers; may be repeated.")] = None,
    hours: Annotated[float, typer.Option(min=0.05, help="Of recordings, 10 % speech.")] = 4.0,
    recordings: Annotated[int, typer.Option(min=1, max=24, help="Files that they are in.")] = 16,
) -> None:
    """The same archive on more and more workers: time, and the journal's head, which must be the same. 集群回放。"""
    from voice.bench.bureau import archive

    archive(workers or [1, 2, 4], hours, recordings)


@app.command(epilog="Example: huying bench growth --largest 1000000")
def growth(
    largest: Annotated[int, typer.Option(min=10_000, help="Events of the largest journal.")] = 1_000_000,
) -> None:
    """How cost grows: journal, roster, recording. 规模增长。"""
    from voice.bench.growth import growth

    growth(largest)
