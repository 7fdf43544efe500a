"""``huying listen``: a station at the radio's sound card."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Annotated

import typer

from voice.cli.options import CARRIER_HELP, PTT_HELP, FormOption, ModelOption, NetOption, SideOption, net_of

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: huying listen --input USB --output USB --ptt serial --ptt-device /dev/ttyUSB0 --conduct")
def listen(
    context: typer.Context,
    net: NetOption = None,
    journal: Annotated[str, typer.Option(help="The log: a file, or a database URL.")] = "huying.sqlite",
    input: Annotated[
        str | None, typer.Option("--input", help="Sound card: name, part, number; - is a pipe, udp:7355 a socket.")
    ] = None,
    rate: Annotated[int | None, typer.Option(help="Hz of raw PCM: 8000 from a pipe; over UDP it is measured.")] = None,
    form: FormOption = None,
    side: SideOption = None,
    start: Annotated[
        str | None, typer.Option(help="When a piped recording began; without it a pipe is live. 2026-06-05 8:30, 8:30.")
    ] = None,
    output: Annotated[str | None, typer.Option(help="Sound card to speak to; without it we only listen.")] = None,
    ptt: Annotated[str | None, typer.Option(help=PTT_HELP)] = None,
    ptt_device: Annotated[
        str | None, typer.Option(help="/dev/ttyUSB0, COM3, /dev/hidraw0, /dev/gpiochip0, host:port.")
    ] = None,
    ptt_line: Annotated[str | None, typer.Option(help="RTS or DTR; CM108 pin; GPIO line.")] = None,
    ptt_inverted: Annotated[bool | None, typer.Option(help="The line is low while transmitting.")] = None,
    carrier: Annotated[str | None, typer.Option(help=CARRIER_HELP)] = None,
    carrier_device: Annotated[str | None, typer.Option(help="Its device, if it is not the PTT's.")] = None,
    microphone: Annotated[
        str | None, typer.Option(help="Sound card of the dispatcher's own microphone, for commands.")
    ] = None,
    timeout_s: Annotated[
        float | None, typer.Option("--timeout", min=5, max=600, help="Time-out timer: never transmit longer, s.")
    ] = None,
    roll: Annotated[bool, typer.Option(help="Call the roll at once.")] = False,
    conduct: Annotated[bool, typer.Option(help="Call the roll when somebody says 开始点名.")] = False,
    rounds: Annotated[int | None, typer.Option(min=1, max=5, help="How often a unit is called.")] = None,
    requests: Annotated[
        Path | None, typer.Option(help="Folder in which “huying alert” and “huying rollcall” leave their requests.")
    ] = None,
    resume: Annotated[
        bool | None, typer.Option("--resume/--no-resume", help="Go on with a roll-call that was interrupted.")
    ] = None,
    model: ModelOption = None,
) -> None:
    """Sit at the radio: log the net as it happens and, with --output, call the roll. 实时收听。

    What is not given here is taken from [station] and [rollcall] of net.toml.
    """
    from pydantic import ValidationError

    from voice.audio.streams import Raw
    from voice.errors import HuyingError
    from voice.journal.store import Journal
    from voice.net.settings import StationSettings
    from voice.station.runtime import ListenOptions, Runtime
    from voice.terminal.station import Terminal

    loaded = net_of(net)
    # Options with the name of a setting go before that setting.
    given = {k: v for k in StationSettings.model_fields if (v := context.params.get(k)) is not None}
    try:
        desk = StationSettings.model_validate(loaded.settings.station.model_dump() | given)
    except ValidationError as e:
        told = "; ".join(f"--{'-'.join(map(str, x['loc']))}: {x['msg']}; choose one of those" for x in e.errors())
        raise HuyingError(told) from e
    options = ListenOptions(roll, conduct, rounds, resume, Raw(rate, form or "", side or ""), start, model, requests)
    if (roll or conduct or (requests is not None and not desk.uploads)) and not desk.output:
        raise HuyingError("a roll-call or an alert needs a voice on the air: name the sound card with --output")
    terminal = Terminal(loaded)
    with contextlib.ExitStack() as stack:
        log = stack.enter_context(Journal(journal))
        Runtime(loaded, log, desk, options, terminal, stack).run()
        terminal.out.print(f"journal: {len(log)} events, head {log.head}")
