"""``huying devices``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.table import Table

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: huying devices --seconds 5")
def devices(
    seconds: Annotated[float, typer.Option(min=0, help="How long to listen to each input; 0 only lists.")] = 2.0,
) -> None:
    """Sound cards of this machine, with the level of each input. 声卡。"""
    import numpy as np
    from rich.live import Live

    from voice.audio.card import CardSource
    from voice.audio.portaudio import devices as card_list
    from voice.errors import HuyingError
    from voice.terminal.output import screen

    out = screen()
    found = card_list()
    if not found:
        raise HuyingError("no sound device on this machine; a replay does not need one")
    levels: dict[int, float] = {}
    with Live(_table(levels), console=out, refresh_per_second=5) as live:
        for d in [d for d in found if d.inputs] if seconds > 0 else []:
            levels[d.index] = -100.0
            ends = time.monotonic() + seconds
            try:
                source = CardSource(str(d.index))
                for frame in source.frames():
                    rms = float(np.sqrt(np.mean(frame.pcm.astype(float) ** 2)))
                    levels[d.index] = 20 * np.log10(max(rms, 0.3) / 32767)
                    live.update(_table(levels))
                    if time.monotonic() >= ends:
                        source.end()
            except HuyingError as e:
                out.print(str(e), style="yellow")
        live.update(_table(levels))


def _table(levels: dict[int, float]) -> Table:
    from rich.table import Table

    from voice.audio.portaudio import devices as card_list

    table = Table("no. 序号", "device 设备", "in", "out", "Hz", "level 电平")
    for d in card_list():
        level = levels.get(d.index)
        bar = "" if level is None else f"{'█' * max(0, round((level + 90) / 4)):<23} {level:.0f} dB"
        table.add_row(str(d.index), d.name, str(d.inputs or ""), str(d.outputs or ""), str(d.rate), bar)
    return table
