"""``huying uplink``, ``hub``, ``hub-status`` and ``broadcast``: many stations, one picture."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from voice.cli.options import NetOption, RequestsOption, net_of

Nats = Annotated[
    str, typer.Option("--nats", help="NATS server: nats://host:4222 or tls://…; a cluster's servers with commas.")
]
Bureau = Annotated[str, typer.Option(help="Name of the bureau: part of every subject.")]
Creds = Annotated[Path | None, typer.Option("--creds", help="Credentials file (.creds) of this station or hub.")]
Authority = Annotated[Path | None, typer.Option("--ca", help="Certificate of the authority of the server's, for TLS.")]
Once = Annotated[bool, typer.Option("--once", help="End when everything that is there has been handled.")]

app = typer.Typer(add_completion=False)


def _tell(text: str) -> None:
    from voice.terminal.output import screen

    screen(error=True).print(text)


def _run(work: Coroutine[Any, Any, None], ended: asyncio.Event) -> None:
    """Until it is done; Ctrl-C and SIGTERM set ``ended``, which ends it after the present batch."""

    async def go() -> None:
        loop = asyncio.get_running_loop()
        for s in (signal.SIGINT, signal.SIGTERM):
            try:
                loop.add_signal_handler(s, ended.set)
            except NotImplementedError:  # Windows
                signal.signal(s, lambda *_: loop.call_soon_threadsafe(ended.set))
        await work

    asyncio.run(go())


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
    from voice.bureau.uplink import Uplink
    from voice.bureau.wire import Server, checked_name
    from voice.journal.signing import Signer
    from voice.journal.store import Journal
    from voice.places import requests_folder

    checked_name("bureau", bureau)
    checked_name("station", station)
    server = Server(url, creds, ca)
    loaded = net_of(net)
    with Journal(journal, create=False) as log:
        key = loaded.settings.signing_key
        signer = Signer(loaded.folder / key) if key else None
        up = Uplink(log, loaded, bureau, station, requests or requests_folder(log.url), _tell, clips, signer)
        _tell(f"station {station} of {bureau}: {journal} goes to {server.shown}; Ctrl-C ends 上传中")
        _run(up.run(server, once), up.ended)
        _tell(f"sent up to event {up.sent} 已上传")


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
    keys: Annotated[
        Path | None, typer.Option(help="Public keys of the stations, a line each: 01 5b3f…; else the first that comes.")
    ] = None,
    creds: Creds = None,
    ca: Authority = None,
    once: Once = False,
) -> None:
    """Keep what all stations of a bureau send, in one database and one journal; several may run. 分局汇总。"""
    from voice.bureau.heads import read_keys
    from voice.bureau.hub import Hub, alerts_of
    from voice.bureau.rosters import write_bureau_net
    from voice.bureau.store import HubStore
    from voice.bureau.wire import Server, checked_name
    from voice.places import requests_folder

    checked_name("bureau", bureau)
    server = Server(url, creds, ca)
    store = HubStore(journal, read_keys(keys) if keys else None)
    try:

        def rosters() -> None:
            if net_folder:
                units = write_bureau_net(net_folder, bureau, store.rosters())
                _tell(f"{net_folder}: {units} units 名册已更新")

        def orders() -> dict[str, dict[str, Any]]:
            folder = requests or requests_folder(journal)
            if net_folder is None or not (net_folder / "roster.csv").is_file() or not any(folder.glob("*.json")):
                return {}
            return alerts_of(net_of(net_folder), folder)

        one = Hub(store, bureau, _tell, clips, replicas, keep_days, reread, rosters, orders)
        _tell(f"hub of {bureau} on {server.shown}; Ctrl-C ends 汇总中")
        _run(one.run(server, once), one.ended)
        _tell(f"{one.total.new} new events, {one.total.known} known, {len(one.total.refused)} refused")
    finally:
        store.close()


@app.command("hub-status", epilog="Example: huying hub-status postgresql+pg8000://huying@db/huying")
def hub_status(
    journal: Annotated[str, typer.Argument(help="The bureau's database.")],
    heads: Annotated[
        str, typer.Option(help="Print the signed heads of this station, for “journal verify --signed”.")
    ] = "",
) -> None:
    """How far every station has come, and what could not be kept. Exit 1 on a fault. 各站进度。"""
    from rich.table import Table

    from voice.bureau.store import HubStore
    from voice.terminal.output import screen

    store = HubStore(journal)
    try:
        if heads:
            for head in store.heads.lines(heads):
                print(head)
            return
        table = Table("station 站", "events 条", "signed 签到", "waiting 待接", "set aside 搁置", "fault 问题")
        found = store.standing()
        for s in found:
            table.add_row(s.station, str(s.seq), str(s.signed or ""), str(s.waiting), str(s.aside), s.fault)
        out = screen()
        out.print(table)
        refused = store.refusals()
        for subject, reason in refused[-20:]:
            out.print(f"refused 拒收: {subject}: {reason}", style="red")
        raise typer.Exit(int(bool(refused) or any(s.fault for s in found)))
    finally:
        store.close()


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
    from voice.bureau.hub import broadcast as send
    from voice.bureau.wire import Server, checked_name
    from voice.errors import HuyingError
    from voice.terminal.output import screen

    stations = to or []
    checked_name("bureau", bureau)
    if not text.strip():
        raise HuyingError("the alert has no text")
    for s in stations:
        checked_name("to", s)
    order = {"text": text, "repeat": repeat, "need_ack": need_ack, "emergency": emergency}
    number = asyncio.run(send(Server(url, creds, ca), bureau, stations, order, minutes, _tell))
    whom = "、".join(stations) or "all stations 各站"
    screen().print(f"{number}: to {whom}")
