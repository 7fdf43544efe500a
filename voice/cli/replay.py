"""``huying replay``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from voice.cli.options import FormOption, ModelOption, NetOption, SideOption, ZoneChoice

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: huying replay monday.flac --journal log.sqlite --sheet monday.html")
def replay(
    paths: Annotated[
        list[str], typer.Argument(help="Sound files, folders of them, s3://… and the like, or - for raw PCM on stdin.")
    ],
    net: NetOption = None,
    journal: Annotated[
        str | None, typer.Option(help="Keep the log: a file, or a database URL. Without it nothing is kept.")
    ] = None,
    expect: Annotated[Path | None, typer.Option(help="Label file to compare with; exit 1 on a difference.")] = None,
    sheet: Annotated[Path | None, typer.Option(help="Write the roll sheet: .html or .xlsx.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per event on stdout.")] = False,
    realtime: Annotated[bool, typer.Option(help="As slowly as it was recorded.")] = False,
    start: Annotated[
        str | None, typer.Option(help="When the first recording began: 2026-06-05T08:30+08:00, 昨天 8:30.")
    ] = None,
    names_in: Annotated[
        ZoneChoice, typer.Option("--names-in", help="Times in file names that name no offset: the net's own, or UTC.")
    ] = ZoneChoice.LOCAL,
    side: SideOption = None,
    rate: Annotated[int, typer.Option(help="Hz of raw PCM on stdin.")] = 8000,
    form: FormOption = None,
    again: Annotated[bool, typer.Option(help="Log a recording that the journal has already.")] = False,
    model: ModelOption = None,
    jobs: Annotated[
        int, typer.Option(min=0, help="Recordings heard at once; 0: one a core, if there are several and a journal.")
    ] = 0,
    scheduler: Annotated[str | None, typer.Option(help="Hear them on a Dask cluster instead: tcp://host:8786.")] = None,
) -> None:
    """Hear recordings and log who was called, who answered, when, and who stayed silent. 回放录音, 生成日志。"""
    from voice.audio.streams import Raw
    from voice.terminal.replay import ReplayOptions, run

    raw = Raw(rate, form or "", side or "")
    options = ReplayOptions(
        paths, net, journal, expect, sheet, as_json, realtime, start, raw, names_in, again, model, jobs, scheduler
    )
    raise typer.Exit(run(options))
