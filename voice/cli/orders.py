"""``huying alert``, ``rollcall``, ``poll``, ``watch``, ``say``: requests left for the running station; ``code``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from voice.cli.options import NearOption, NetOption, RequestsOption, StationOption, ToOption, net_of

if TYPE_CHECKING:
    from voice.net.loading import Net
    from voice.station.requests import Request

NOBODY = 3
"""Exit status if no station is running to carry out the request."""

app = typer.Typer(add_completion=False)


def _give(
    net: Net,
    request: Request,
    folder: Path | None,
    journal: str | None,
    told: Callable[[tuple[str, ...]], str] = lambda units: "",
) -> int:
    """Leave a request, and say where and, with ``told``, whom it goes to; exit status."""
    from voice.station.requests import checked, leave
    from voice.station.status import NoStation, station_folder
    from voice.terminal.output import screen

    checked(net, request)  # what cannot be read out is wrong whether a station runs or not
    try:
        place = station_folder(folder, journal)
    except NoStation as e:
        screen(error=True).print(f"not carried out 未执行: {e}")
        return NOBODY
    path, units = leave(place, net, request)
    screen().print(f"{path}{told(units)}")
    return 0


@app.command(epilog="Example: huying code --net my-net --days 7")
def code(
    net: NetOption = None, days: Annotated[int, typer.Option(min=1, max=366, help="Today and the days after.")] = 7
) -> None:
    """Codes of the day, for nets with commands = "code": spoken after a command on the air. 当日口令。"""
    from voice.errors import HuyingError
    from voice.talk.commands import code_of_the_day, code_words

    loaded = net_of(net)
    if not loaded.settings.codes:
        told = 'write commands = "code" and a code_key into [station] of net.toml'
        raise HuyingError(f"this net asks for no code of the day; {told}")
    words = code_words(loaded)
    today = datetime.now(loaded.settings.zone).date()
    for k in range(days):
        day = today + timedelta(days=k)
        typer.echo(f"{day:%Y-%m-%d}  {code_of_the_day(words, loaded.settings.station.code_key, day)}")


@app.command(epilog="Example: huying alert 东风路发现走失儿童 --near 贾岗社区 --emergency")
def alert(
    text: Annotated[str, typer.Argument(help="What the station should read out.")] = "",
    folder: RequestsOption = None,
    journal: StationOption = None,
    to: Annotated[list[str] | None, typer.Option(help="Unit or group; may be repeated. Everybody if left out.")] = None,
    near: NearOption = None,
    repeat: Annotated[int, typer.Option(min=1, max=9, help="Readings to units that have not answered.")] = 2,
    need_ack: Annotated[bool, typer.Option("--need-ack/--no-ack", help="Ask for and count the answers.")] = True,
    emergency: Annotated[bool, typer.Option(help="Before a running roll-call, and over traffic after 5 s.")] = False,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="End the alert that is being read.")] = False,
    net: NetOption = None,
) -> None:
    """Have a running station read an alert and count the answers, or withdraw the one it reads. 播报通知, 撤回通知。"""
    from voice.station.requests import AlertRequest, WithdrawRequest, with_neighbours

    if bool(text) == withdraw:
        raise typer.BadParameter("give the text of an alert, or --withdraw")
    loaded = net_of(net)
    if withdraw:
        raise typer.Exit(_give(loaded, WithdrawRequest(), folder, journal))
    whom = (*(to or ()), *with_neighbours(loaded, tuple(near or ())))
    named = lambda units: f": to {len(units)} units: {'、'.join(loaded.name_of(u) for u in units)}"  # noqa: E731
    raise typer.Exit(_give(loaded, AlertRequest(text, whom, repeat, need_ack, emergency), folder, journal, named))


@app.command(epilog="Example: huying rollcall start --to 社区 --rounds 3")
def rollcall(
    order: Annotated[str, typer.Argument(help="start, pause, resume, skip, repeat or end.")],
    to: Annotated[list[str] | None, typer.Option(help="start: unit or group; everybody if left out.")] = None,
    rounds: Annotated[int, typer.Option(min=0, max=5, help="start: how often a unit is called; 0: as set.")] = 0,
    folder: RequestsOption = None,
    journal: StationOption = None,
    net: NetOption = None,
) -> None:
    """Have a running station call the roll, pause it, go on, skip or repeat a unit, or end it. 点名。"""
    from voice.station.requests import RollRequest

    request = RollRequest(order, tuple(to or ()), rounds)  # type: ignore[arg-type]
    raise typer.Exit(_give(net_of(net), request, folder, journal))


@app.command(epilog="Example: huying poll 有没有看到走失儿童 --to 社区 --until situation")
def poll(
    question: Annotated[str, typer.Argument(help="What each unit is asked.")],
    to: ToOption = None,
    near: NearOption = None,
    until: Annotated[str, typer.Option(help="Meaning of the answer that ends it: any, situation, …")] = "any",
    folder: RequestsOption = None,
    journal: StationOption = None,
    net: NetOption = None,
) -> None:
    """Have a running station ask one unit after the other, until an answer fits. 轮询。"""
    from voice.grammar.meanings import key_of
    from voice.station.requests import RollRequest, with_neighbours

    loaded = net_of(net)
    whom = (*(to or ()), *with_neighbours(loaded, tuple(near or ())))
    raise typer.Exit(_give(loaded, RollRequest("start", whom, 1, question, key_of(until)), folder, journal))


@app.command(epilog="Example: huying watch 贾岗社区 --every 30")
def watch(
    units: Annotated[list[str], typer.Argument(help="Units or groups.")],
    every: Annotated[float, typer.Option(min=0, max=1440, help="Minutes; 0 ends it.")] = 30,
    folder: RequestsOption = None,
    journal: StationOption = None,
    net: NetOption = None,
) -> None:
    """Have a running station call units that were not heard in time, and raise the alarm. 定时查岗。"""
    from voice.station.requests import WatchRequest

    raise typer.Exit(_give(net_of(net), WatchRequest(every, tuple(units)), folder, journal))


@app.command(epilog="Example: huying say 测试,测试")
def say(
    text: Annotated[str, typer.Argument(help="What is said, once.")] = "测试,测试",
    folder: RequestsOption = None,
    journal: StationOption = None,
    net: NetOption = None,
) -> None:
    """Have a running station say something: a test of voice and transmitter. 试播。"""
    from voice.station.requests import SayRequest

    raise typer.Exit(_give(net_of(net), SayRequest(text), folder, journal))
