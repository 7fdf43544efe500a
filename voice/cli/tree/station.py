"""The station at the radio, orders to it, its console and its bench."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from voice.cli.tree.root import FormOption, ModelOption, NetOption, RequestsOption, SideOption, StationOption, app


@app.command(epilog="Example: huying start")
def start(
    net: NetOption = None,
    journal: Annotated[Path | None, typer.Option(help="The log's file. Default: in the net's folder.")] = None,
    port: Annotated[int, typer.Option(help="Of the console.")] = 8080,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the console in the browser.")] = True,
    station: Annotated[
        bool, typer.Option("--station/--no-station", help="Start the station, and again when it ends.")
    ] = True,
) -> None:
    """Station and console together, with the net of last time; the first time an assistant asks. 一键启动。"""
    from voice.cli.start import run

    run(net, journal, port, browser, station)


@app.command(epilog="Example: huying listen --input USB --output USB --ptt serial --ptt-device /dev/ttyUSB0 --conduct")
def listen(
    net: NetOption = None,
    journal: Annotated[str, typer.Option(help="The log: a file, or a database URL.")] = "huying.sqlite",
    source: Annotated[
        str | None, typer.Option("--input", help="Sound card: name, part, number; - is a pipe, udp:7355 a socket.")
    ] = None,
    rate: Annotated[int | None, typer.Option(help="Hz of raw PCM: 8000 from a pipe; over UDP it is measured.")] = None,
    form: FormOption = None,
    side: SideOption = None,
    start: Annotated[
        str | None, typer.Option(help="When a piped recording began; without it a pipe is live. 2026-06-05 8:30, 8:30.")
    ] = None,
    output: Annotated[str | None, typer.Option(help="Sound card to speak to; without it we only listen.")] = None,
    ptt: Annotated[str | None, typer.Option(help="none (VOX), serial, cm108, gpio or rigctld.")] = None,
    ptt_device: Annotated[
        str | None, typer.Option(help="/dev/ttyUSB0, COM3, /dev/hidraw0, /dev/gpiochip0, host:port.")
    ] = None,
    ptt_line: Annotated[str | None, typer.Option(help="RTS or DTR; CM108 pin; GPIO line.")] = None,
    ptt_inverted: Annotated[bool | None, typer.Option(help="The line is low while transmitting.")] = None,
    carrier: Annotated[
        str | None, typer.Option(help="Busy channel, beside the audio: cts, dsr, dcd, cm108, rigctld.")
    ] = None,
    carrier_device: Annotated[str | None, typer.Option(help="Its device, if it is not the PTT's.")] = None,
    microphone: Annotated[
        str | None, typer.Option(help="Sound card of the dispatcher's own microphone, for commands.")
    ] = None,
    timeout: Annotated[
        float | None, typer.Option(min=5, max=600, help="Time-out timer: never transmit longer, s.")
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
    from voice.audio.streams import Raw
    from voice.cli.listen import run
    from voice.station.runtime import Wishes

    given = {
        "input": source, "output": output, "ptt": ptt, "ptt_device": ptt_device, "ptt_line": ptt_line,
        "ptt_inverted": ptt_inverted, "carrier": carrier, "carrier_device": carrier_device, "timeout_s": timeout,
        "microphone": microphone,
    }  # fmt: skip
    station: dict[str, object] = {k: v for k, v in given.items() if v is not None}
    raw = Raw(rate, form or "", side or "")
    wishes = Wishes(roll, conduct, rounds, resume, raw, start, model, requests)
    raise typer.Exit(run(net, journal, station, wishes))


@app.command(epilog="Example: huying code --net my-net --days 7")
def code(
    net: NetOption = None, days: Annotated[int, typer.Option(min=1, max=366, help="Today and the days after.")] = 7
) -> None:
    """Codes of the day, for nets with commands = "code": spoken after a command on the air. 当日口令。"""
    from voice.cli.orders import codes

    codes(net, days)


@app.command(epilog="Example: huying alert 东风路发现走失儿童 --near 贾岗社区 --emergency")
def alert(
    text: Annotated[str, typer.Argument(help="What the station should read out.")] = "",
    folder: RequestsOption = None,
    journal: StationOption = None,
    to: Annotated[list[str] | None, typer.Option(help="Unit or group; may be repeated. Everybody if left out.")] = None,
    near: Annotated[list[str] | None, typer.Option(help="A unit and its neighbours on the roster.")] = None,
    repeat: Annotated[int, typer.Option(min=1, max=9, help="Readings to units that have not answered.")] = 2,
    need_ack: Annotated[bool, typer.Option("--need-ack/--no-ack", help="Ask for and count the answers.")] = True,
    emergency: Annotated[bool, typer.Option(help="Before a running roll-call, and over traffic after 5 s.")] = False,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="End the alert that is being read.")] = False,
    net: NetOption = None,
) -> None:
    """Have a running station read an alert and count the answers, or withdraw the one it reads. 播报通知, 撤回通知。"""
    from voice.cli.orders import Place, give
    from voice.cli.orders import alert as order
    from voice.station.requests import Withdrawal

    if bool(text) == withdraw:
        raise typer.BadParameter("give the text of an alert, or --withdraw")
    if withdraw:
        raise typer.Exit(give(Place(net, folder, journal), Withdrawal()))
    raise typer.Exit(order(Place(net, folder, journal), text, to or [], near or [], repeat, need_ack, emergency))


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
    from voice.cli.orders import Place, give
    from voice.station.requests import Order

    raise typer.Exit(give(Place(net, folder, journal), Order(order, tuple(to or ()), rounds)))  # type: ignore[arg-type]


@app.command(epilog="Example: huying serve --journal log.sqlite")
def serve(
    journal: Annotated[str, typer.Option(help="The log: a file, or a database URL.")] = "huying.sqlite",
    net: NetOption = None,
    host: Annotated[
        str, typer.Option(help="Address to listen at; others than this machine's own need “huying users add”.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8080,
    name: Annotated[list[str] | None, typer.Option(help="Host name under which browsers may ask for it.")] = None,
    certificate: Annotated[Path | None, typer.Option(help="TLS: certificate chain, PEM.")] = None,
    key: Annotated[Path | None, typer.Option(help="TLS: private key, PEM.")] = None,
    uploads: Annotated[
        bool, typer.Option("--uploads", help="Take the calls that recorders upload to /api/call-upload.")
    ] = False,
    prefix: Annotated[str, typer.Option(help="Path under which a proxy shows it, e.g. /huying.")] = "",
    proxy: Annotated[
        list[str] | None, typer.Option(help="Address of a proxy elsewhere that may say https and path.")
    ] = None,
    folder: RequestsOption = None,
) -> None:
    """The console in a browser and the HTTP API, on a journal that may be growing. 控制台。"""
    from voice.cli.serve import run
    from voice.console.address import Address

    at = Address(host, port, tuple(name or ()), certificate, key, prefix, tuple(proxy or ()))
    run(journal, net, at, folder, uploads)


@app.command(epilog="Example: huying poll 有没有看到走失儿童 --to 社区 --until situation")
def poll(
    question: Annotated[str, typer.Argument(help="What each unit is asked.")],
    to: Annotated[list[str] | None, typer.Option(help="Unit or group; everybody if left out.")] = None,
    near: Annotated[list[str] | None, typer.Option(help="A unit and its neighbours on the roster.")] = None,
    until: Annotated[str, typer.Option(help="Meaning of the answer that ends it: any, situation, …")] = "any",
    folder: RequestsOption = None,
    journal: StationOption = None,
    net: NetOption = None,
) -> None:
    """Have a running station ask one unit after the other, until an answer fits. 轮询。"""
    from voice.cli.orders import Place
    from voice.cli.orders import poll as order

    raise typer.Exit(order(Place(net, folder, journal), question, to or [], near or [], until))


@app.command(epilog="Example: huying watch 贾岗社区 --every 30")
def watch(
    units: Annotated[list[str], typer.Argument(help="Units or groups.")],
    every: Annotated[float, typer.Option(min=0, max=1440, help="Minutes; 0 ends it.")] = 30,
    folder: RequestsOption = None,
    journal: StationOption = None,
    net: NetOption = None,
) -> None:
    """Have a running station call units that were not heard in time, and raise the alarm. 定时查岗。"""
    from voice.cli.orders import Place, give
    from voice.station.requests import Watching

    raise typer.Exit(give(Place(net, folder, journal), Watching(every, tuple(units))))


@app.command(epilog="Example: huying say 测试,测试")
def say(
    text: Annotated[str, typer.Argument(help="What is said, once.")] = "测试,测试",
    folder: RequestsOption = None,
    journal: StationOption = None,
    net: NetOption = None,
) -> None:
    """Have a running station say something: a test of voice and transmitter. 试播。"""
    from voice.cli.orders import Place, give
    from voice.station.requests import Saying

    raise typer.Exit(give(Place(net, folder, journal), Saying(text)))


@app.command("devices", epilog="Example: huying devices --seconds 5")
def list_devices(
    seconds: Annotated[float, typer.Option(min=0, help="How long to listen to each input; 0 only lists.")] = 2.0,
) -> None:
    """Sound cards of this machine, with the level of each input. 声卡。"""
    from voice.cli.listen import show_devices

    show_devices(seconds)


@app.command("bench-net", epilog="Example: huying bench-net --units 12 --absent 2 --slow 1 --double 1")
def bench_net(
    net: NetOption = None,
    units: Annotated[int, typer.Option(min=0, help="Only the first N units; 0: all.")] = 0,
    absent: Annotated[int, typer.Option(min=0, help="So many never answer.")] = 1,
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
    from voice.bench.air import Habit
    from voice.cli.bench_net import Options, run

    habits: dict[Habit, int] = {
        "absent": absent,
        "second": second,
        "slow": slow,
        "double": double,
        "wrong": wrong,
        "mumble": mumble,
        "report": report,
    }
    raise typer.Exit(run(Options(net, units, habits, rounds, alert, snr, seed, journal, model, sound, source, output)))
