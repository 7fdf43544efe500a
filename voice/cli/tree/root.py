"""The trunk: ``huying`` itself, and the options that many commands have."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

import voice

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Huying 呼应: hears a two-way radio net and keeps its log. 听对讲机频道, 记点名日志。",
)

NetOption = Annotated[Path | None, typer.Option("--net", help="Net folder (net.toml). Default: the sample net.")]
ModelOption = Annotated[str | None, typer.Option("--model", help="Model name or folder, instead of the net's.")]
JournalArgument = Annotated[str, typer.Argument(help="Journal: a file, or a database URL.")]
RequestsOption = Annotated[
    Path | None,
    typer.Option("--requests", help="Folder of the station's requests, if not beside its journal."),
]
StationOption = Annotated[
    str | None, typer.Option("--journal", help="The station's journal. Not needed where one station runs.")
]


class FormChoice(StrEnum):
    """How raw samples are written: ``voice.audio.form.FORMS``."""

    S16 = "s16"
    S16_STEREO = "s16-stereo"
    F32 = "f32"
    F32_STEREO = "f32-stereo"
    S16BE = "s16be"
    U8 = "u8"


class SideChoice(StrEnum):
    """Of stereo sound."""

    LEFT = "left"
    RIGHT = "right"
    BOTH = "both"


class ZoneChoice(StrEnum):
    """Whose time."""

    LOCAL = "local"
    UTC = "utc"


FormOption = Annotated[
    FormChoice | None, typer.Option("--form", help="How raw samples are written; found out from them if left out.")
]
SideOption = Annotated[
    SideChoice | None,
    typer.Option("--channel", help="Of stereo sound. Left out: equal sides are one, others are both heard."),
]


def bough(name: str, help_text: str) -> typer.Typer:
    """A group of commands."""
    made = typer.Typer(no_args_is_help=True, help=help_text)
    app.add_typer(made, name=name)
    return made


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"huying {voice.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show it.")] = False,
) -> None:
    """Options before any command."""
