"""Many stations: uplink, hub, hub-status, broadcast."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from voice.cli.tree.root import NetOption, RequestsOption, app

Nats = Annotated[
    str, typer.Option("--nats", help="NATS server: nats://host:4222 or tls://…; a cluster's servers with commas.")
]
Bureau = Annotated[str, typer.Option(help="Name of the bureau: part of every subject.")]
Creds = Annotated[Path | None, typer.Option("--creds", help="Credentials file (.creds) of this station or hub.")]
Authority = Annotated[Path | None, typer.Option("--ca", help="Certificate of the authority of the server's, for TLS.")]
Once = Annotated[bool, typer.Option("--once", help="End when everything that is there has been handled.")]


@app.command(epilog="Example: huying uplink log.sqlite --nats nats://bureau:4222 --bureau zhengdong --station 01")
def uplink(
    journal: Annotated[str, typer.Argument(help="The station's journal; it may be growing.")],
    url: Nats,
    bureau: Bureau,
    station: Annotated[str, typer.Option(help="Name of this station; no other journal may have it.")],
    net: NetOption = None,
    requests: RequestsOption = None,
    clips: Annotated[bool, typer.Option("--clips", help="Send the sound, too.")] = False,
    creds: Creds = None,
    ca: Authority = None,
    once: Once = False,
) -> None:
    """Publish a station's journal to the bureau, and bring the bureau's alerts to the station. 上传到分局。

    The journal is the outbox: what could not be sent for days goes up when the network is back.
    """
    from voice.cli.bureau import Options
    from voice.cli.bureau import uplink as run

    run(Options(url, bureau, creds, ca), journal, net, station, requests, clips, once)


@app.command(
    epilog="Example: huying hub --nats nats://127.0.0.1:4222 --bureau zhengdong --net-folder bureau-net "
    "--journal postgresql+pg8000://huying@db/huying"
)
def hub(
    url: Nats,
    bureau: Bureau,
    journal: Annotated[str, typer.Option(help="The bureau's database: a URL, or a file.")],
    net_folder: Annotated[
        Path | None, typer.Option(help="Net folder for the console: the stations' rosters are joined there.")
    ] = None,
    requests: Annotated[
        Path | None, typer.Option(help="Folder where the bureau's console leaves alerts; they go to the stations.")
    ] = None,
    clips: Annotated[bool, typer.Option("--clips", help="Fetch the sound, too.")] = False,
    replicas: Annotated[
        int, typer.Option(min=0, max=5, help="Copies of every message in a cluster of NATS servers; 0: leave as it is.")
    ] = 0,
    keep_days: Annotated[
        float, typer.Option(min=0, help="Days after which the server forgets what a hub has stored; 0: never.")
    ] = 30,
    reread: Annotated[
        bool, typer.Option("--reread", help="Read all that the server has once more: the database is an older copy.")
    ] = False,
    creds: Creds = None,
    ca: Authority = None,
    once: Once = False,
) -> None:
    """Keep what all stations of a bureau send, in one database and one journal; several may run. 分局汇总。"""
    from voice.cli.bureau import Options
    from voice.cli.bureau import hub as run

    run(Options(url, bureau, creds, ca), journal, net_folder, requests, clips, replicas, keep_days, reread, once)


@app.command("hub-status", epilog="Example: huying hub-status postgresql+pg8000://huying@db/huying")
def hub_status(journal: Annotated[str, typer.Argument(help="The bureau's database.")]) -> None:
    """How far every station has come, and what could not be kept. 各站进度。"""
    from voice.cli.bureau import stations

    raise typer.Exit(stations(journal))


@app.command(
    epilog="Example: huying broadcast 东风路发现走失儿童 --nats nats://bureau:4222 --bureau zhengdong --to 01 --to 02"
)
def broadcast(
    text: Annotated[str, typer.Argument(help="What the stations should read out.")],
    url: Nats,
    bureau: Bureau,
    to: Annotated[list[str] | None, typer.Option(help="Station; may be repeated. All if left out.")] = None,
    repeat: Annotated[int, typer.Option(min=1, max=9, help="Readings to units that have not answered.")] = 2,
    need_ack: Annotated[bool, typer.Option("--need-ack/--no-ack", help="Ask for and count the answers.")] = True,
    emergency: Annotated[bool, typer.Option(help="Before a running roll-call.")] = False,
    minutes: Annotated[float, typer.Option(min=0.1, max=1440, help="Not read out any more after so many.")] = 10,
    creds: Creds = None,
    ca: Authority = None,
) -> None:
    """Have many stations read an alert on their own air; the answers come up with their journals. 向各站下发通知。"""
    from voice.cli.bureau import Options
    from voice.cli.bureau import broadcast as run

    run(Options(url, bureau, creds, ca), text, to or [], repeat, need_ack, emergency, minutes)
