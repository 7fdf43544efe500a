"""Arguments and options shared by several commands."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from voice.radio.ptt import CARRIERS, DRIVERS

if TYPE_CHECKING:
    from voice.net.loading import Net

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


SinceOption = Annotated[str | None, typer.Option("--since", help="From this time on.")]
UntilOption = Annotated[str | None, typer.Option("--until", help="Before this time.")]
ByOption = Annotated[str, typer.Option("--by", help="Who says so.")]
NoteOption = Annotated[str, typer.Option("--note", help="Why.")]
ToOption = Annotated[list[str] | None, typer.Option("--to", help="Unit or group; everybody if left out.")]
NearOption = Annotated[list[str] | None, typer.Option("--near", help="A unit and its neighbours on the roster.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Figures as JSON.")]


_LINES = [kind for kind in DRIVERS if kind != "none"]
PTT_HELP = f"none (VOX), {', '.join(_LINES[:-1])} or {_LINES[-1]}."
CARRIER_HELP = f"Carrier detect in addition to the audio: {', '.join(CARRIERS)}."


class FormChoice(StrEnum):
    """How raw samples are written: ``voice.audio.form.FORMS``."""

    S16 = "s16"
    S16_STEREO = "s16-stereo"
    F32 = "f32"
    F32_STEREO = "f32-stereo"
    S16BE = "s16be"
    U8 = "u8"


class SideChoice(StrEnum):
    """Channel of stereo audio."""

    LEFT = "left"
    RIGHT = "right"
    BOTH = "both"


class ZoneChoice(StrEnum):
    """Time zone of displayed times."""

    LOCAL = "local"
    UTC = "utc"


FormOption = Annotated[
    FormChoice | None, typer.Option("--form", help="How raw samples are written; found out from them if left out.")
]
SideOption = Annotated[
    SideChoice | None,
    typer.Option("--channel", help="Of stereo sound. Left out: equal sides are one, others are both heard."),
]


def net_of(folder: Path | None) -> Net:
    """The net of ``--net``. Raises HuyingError."""
    from voice.net.loading import load_net
    from voice.places import sample_net

    return load_net(folder or sample_net())
