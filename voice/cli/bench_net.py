"""``huying bench-net``: an automatic roll-call against units that are played by this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from voice.cli.options import ModelOption, NetOption, net_of

if TYPE_CHECKING:
    from voice.bench.drill import NoticeKind

STYLES: dict[NoticeKind, str] = {"note": "dim", "fault": "yellow", "urgent": "bold magenta"}

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: huying bench-net --units 12 --absent 2 --slow 1 --double 1")
def bench_net(
    net: NetOption = None,
    units: Annotated[int, typer.Option(min=0, help="Only the first N units; 0: all.")] = 0,
    absent: Annotated[int, typer.Option(min=0, help="Units that never answer.")] = 1,
    second: Annotated[int, typer.Option(min=0, help="… answer the second call only.")] = 1,
    slow: Annotated[int, typer.Option(min=0, help="… answer after their time.")] = 1,
    double: Annotated[int, typer.Option(min=0, help="… answer together with a neighbour.")] = 0,
    wrong: Annotated[int, typer.Option(min=0, help="… are silent while another unit answers.")] = 0,
    mumble: Annotated[int, typer.Option(min=0, help="… say what no phrase covers.")] = 0,
    report: Annotated[int, typer.Option(min=0, help="… report an incident instead.")] = 0,
    rounds: Annotated[int, typer.Option(min=1, max=5, help="How often a unit is called.")] = 2,
    alert: Annotated[str | None, typer.Option(help="Read this alert and count the answers instead.")] = None,
    snr: Annotated[float, typer.Option(help="dB of the simulated channel.")] = 20.0,
    seed: Annotated[int, typer.Option(help="Another seed, another day.")] = 0,
    sound: Annotated[str, typer.Option(help="auto, always or never: over the sound server, in real time.")] = "never",
    source: Annotated[str, typer.Option("--input", help="Sound device to hear with, e.g. a cable from --output.")] = "",
    output: Annotated[str, typer.Option(help="Sound device that units and station play to.")] = "",
    journal: Annotated[str | None, typer.Option(help="Keep the log: a file, or a database URL.")] = None,
    model: ModelOption = None,
) -> None:
    """Try an automatic roll-call without a radio: this machine plays the units. 自动点名演练。

    Exit 0 if everybody was heard, 3 if somebody is missing or unclear.
    """
    from voice.bench.drill import Drill, drill
    from voice.journal.rolls import sessions
    from voice.journal.store import Journal
    from voice.station.ear import open_ear
    from voice.terminal.output import screen
    from voice.terminal.rolls import roll_table
    from voice.terminal.station import Terminal

    loaded = net_of(net)
    plan = Drill(
        units,
        {
            "absent": absent,
            "second": second,
            "slow": slow,
            "double": double,
            "wrong": wrong,
            "mumble": mumble,
            "report": report,
        },
        rounds, alert, snr, seed, sound, source, output,
    )  # fmt: skip
    terminal, status = Terminal(loaded), screen(error=True)

    def tell(kind: NoticeKind, text: str) -> None:
        if kind == "urgent":
            terminal.tell(text)
        else:
            status.print(text, style=STYLES[kind])

    ear = open_ear(loaded, model=model)
    with Journal(journal or "sqlite://") as log:
        if journal:
            log.claim()
        fine = drill(ear, plan, log, terminal.event, tell)
        terminal.out.print(roll_table(sessions(log.events()), loaded))
    raise typer.Exit(0 if fine else 3)
