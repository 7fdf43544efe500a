"""The tree of commands. Modules that do the work are imported inside the commands: ``--help`` is quick."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import voice

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    help="Huying 呼应: hears a two-way radio net and keeps its log. 听对讲机频道, 记点名日志。",
)  # fmt: skip
journal_app = typer.Typer(no_args_is_help=True, help="Read, search, export and verify a journal. 日志。")
grammar_app = typer.Typer(no_args_is_help=True, help="Look at and test what a net can hear. 呼号与用语。")
users_app = typer.Typer(no_args_is_help=True, help="Who may use the console. 控制台用户。")
models_app = typer.Typer(no_args_is_help=True, help="Acoustic models. 声学模型。")
app.add_typer(journal_app, name="journal")
app.add_typer(grammar_app, name="grammar")
app.add_typer(models_app, name="models")
app.add_typer(users_app, name="users")

NetOption = Annotated[Path | None, typer.Option("--net", help="Net folder (net.toml). Default: the sample net.")]
ModelOption = Annotated[str | None, typer.Option("--model", help="Model name or folder, instead of the net's.")]
JournalArgument = Annotated[str, typer.Argument(help="Journal: a file, or a database URL.")]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"huying {voice.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show it.")] = False,
) -> None:
    """Options before any command."""


@app.command(epilog="Example: huying replay monday.flac --journal log.sqlite --sheet monday.html")
def replay(
    paths: Annotated[list[str], typer.Argument(help="Sound files, folders of them, or - for raw PCM on stdin.")],
    net: NetOption = None,
    journal: Annotated[
        str | None, typer.Option(help="Keep the log: a file, or a database URL. Without it nothing is kept.")
    ] = None,
    expect: Annotated[Path | None, typer.Option(help="Label file to compare with; exit 1 on a difference.")] = None,
    sheet: Annotated[Path | None, typer.Option(help="Write the roll sheet: .html or .xlsx.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per event on stdout.")] = False,
    realtime: Annotated[bool, typer.Option(help="As slowly as it was recorded.")] = False,
    start: Annotated[
        str | None, typer.Option(help="When the recording began, e.g. 2026-06-05T08:30:00+08:00.")
    ] = None,
    rate: Annotated[int, typer.Option(help="Hz of raw PCM on stdin (16-bit little-endian mono).")] = 8000,
    again: Annotated[bool, typer.Option(help="Log a recording that the journal has already.")] = False,
    model: ModelOption = None,
) -> None:
    """Hear recordings and log who was called, who answered, when, and who stayed silent. 回放录音, 生成日志。"""
    from voice.cli.replay import Options, run

    raise typer.Exit(run(Options(paths, net, journal, expect, sheet, as_json, realtime, start, rate, again, model)))


@app.command(epilog="Example: huying simulate grammars/sample/morning-roll.yaml -o out/morning.flac")
def simulate(
    scenario: Annotated[Path, typer.Argument(help="Scenario, YAML.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Recording to write: .flac, .wav or .ogg.")],
    net: NetOption = None,
    seed: Annotated[int | None, typer.Option(help="Instead of the scenario's.")] = None,
    snr: Annotated[float | None, typer.Option(help="dB, instead of the scenario's channel.")] = None,
) -> None:
    """Make a recording of a net with synthetic voices on a radio channel, and its label file. 合成录音。"""
    from voice.cli.simulate import run

    run(scenario, output, net, seed, snr)


@app.command(epilog="Example: huying score recordings/ --net my-net")
def score(
    paths: Annotated[list[Path], typer.Argument(help="Recordings (or folders) with their .labels.json beside them.")],
    net: NetOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Figures as JSON.")] = False,
    model: ModelOption = None,
) -> None:
    """How well recordings are heard: recall, precision, false alarms, answer-time error, confusions. 评分。"""
    from voice.cli.score import run

    run(paths, net, as_json, model)


@app.command("eval", epilog="Example: huying eval recordings/ --net my-net --false-per-hour 0.5 --pictures out --write")
def evaluate(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Recordings (or folders), each with a label track .txt or .labels.json beside it."),
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(help="Instead: a table file,text or file,start,end,text[,group].")
    ] = None,
    net: NetOption = None,
    false_per_hour: Annotated[
        float, typer.Option(min=0.01, max=100, help="False words per hour of speech that you can live with.")
    ] = 0.5,
    pictures: Annotated[Path | None, typer.Option(help="Folder for trade-off.png and calibration.png.")] = None,
    write: Annotated[bool, typer.Option("--write", help="Write the thresholds into the net's net.toml.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Figures as JSON.")] = False,
    model: ModelOption = None,
) -> None:
    """How far the ear can be trusted on your own recordings, and which thresholds suit. 评测与阈值。

    A label is what was said, written as in the roster; “-” labels speech that has nothing of the net.
    """
    from voice.cli.evaluate import Options, run

    run(Options(paths or [], labels, net, model, false_per_hour, pictures, write, as_json))


@app.command(epilog="Example: huying listen --input USB --output USB --ptt serial --ptt-device /dev/ttyUSB0 --conduct")
def listen(
    net: NetOption = None,
    journal: Annotated[str, typer.Option(help="The log: a file, or a database URL.")] = "huying.sqlite",
    source: Annotated[
        str | None, typer.Option("--input", help="Sound card: name, part, number; - is a pipe, udp:7355 a socket.")
    ] = None,
    rate: Annotated[int | None, typer.Option(help="Hz of raw PCM (16-bit): 8000 from a pipe, 48000 over UDP.")] = None,
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
    from voice.cli.listen import Options, run

    given = {
        "input": source, "output": output, "ptt": ptt, "ptt_device": ptt_device, "ptt_line": ptt_line,
        "ptt_inverted": ptt_inverted, "carrier": carrier, "carrier_device": carrier_device, "timeout_s": timeout,
        "microphone": microphone,
    }  # fmt: skip
    station: dict[str, object] = {k: v for k, v in given.items() if v is not None}
    hz = rate or (48000 if (source or "").startswith("udp:") else 8000)
    raise typer.Exit(run(Options(net, journal, station, hz, roll, conduct, rounds, requests, resume, model)))


@app.command(epilog="Example: huying alert 东风路发现走失儿童 --near 贾岗社区 --emergency")
def alert(
    text: Annotated[str, typer.Argument(help="What the station should read out.")],
    folder: Annotated[
        Path | None, typer.Option("--requests", help="Folder that “huying listen” watches, if not the usual one.")
    ] = None,
    to: Annotated[list[str] | None, typer.Option(help="Unit or group; may be repeated. Everybody if left out.")] = None,
    near: Annotated[list[str] | None, typer.Option(help="A unit and its neighbours on the roster.")] = None,
    repeat: Annotated[int, typer.Option(min=1, max=9, help="Read it so often to those who are silent.")] = 2,
    need_ack: Annotated[bool, typer.Option("--need-ack/--no-ack", help="Ask for and count the answers.")] = True,
    emergency: Annotated[bool, typer.Option(help="Before a running roll-call, and over traffic after 5 s.")] = False,
    net: NetOption = None,
) -> None:
    """Have a running station read an alert and count the answers. 播报通知。"""
    from voice.net.loading import load_net
    from voice.places import requests_folder, sample_net
    from voice.station.inbox import Request, checked, put, with_neighbours

    loaded = load_net(net or sample_net())
    wanted = (*(to or ()), *with_neighbours(loaded, tuple(near or ())))
    request = Request(text, wanted, repeat, need_ack, emergency)
    units = checked(loaded, request)
    path = put(folder or requests_folder(), request)
    typer.echo(f"{path}: to {len(units)} units: {'、'.join(loaded.name_of(u) for u in units)}")


@app.command(epilog="Example: huying rollcall start --to 社区 --rounds 3")
def rollcall(
    order: Annotated[str, typer.Argument(help="start, pause, resume, skip, repeat or end.")],
    to: Annotated[list[str] | None, typer.Option(help="start: unit or group; everybody if left out.")] = None,
    rounds: Annotated[int, typer.Option(min=0, max=5, help="start: how often a unit is called; 0: as set.")] = 0,
    folder: Annotated[
        Path | None, typer.Option("--requests", help="Folder that “huying listen” watches, if not the usual one.")
    ] = None,
    net: NetOption = None,
) -> None:
    """Have a running station call the roll, pause it, go on, skip or repeat a unit, or end it. 点名。"""
    from voice.net.loading import load_net
    from voice.places import requests_folder, sample_net
    from voice.station.inbox import Order, checked, put

    wanted = Order(order, tuple(to or ()), rounds)  # type: ignore[arg-type]
    checked(load_net(net or sample_net()), wanted)
    typer.echo(str(put(folder or requests_folder(), wanted)))


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
    folder: Annotated[
        Path | None, typer.Option("--requests", help="Folder that “huying listen” watches, if not the usual one.")
    ] = None,
) -> None:
    """The console in a browser and the HTTP API, on a journal that may be growing. 控制台。"""
    from voice.cli.serve import run

    run(journal, net, host, port, folder, name or [], certificate, key)


@app.command(epilog="Example: huying poll 有没有看到走失儿童 --to 社区 --until situation")
def poll(
    question: Annotated[str, typer.Argument(help="What each unit is asked.")],
    to: Annotated[list[str] | None, typer.Option(help="Unit or group; everybody if left out.")] = None,
    near: Annotated[list[str] | None, typer.Option(help="A unit and its neighbours on the roster.")] = None,
    until: Annotated[str, typer.Option(help="Meaning of the answer that ends it: any, situation, …")] = "any",
    folder: Annotated[
        Path | None, typer.Option("--requests", help="Folder that “huying listen” watches, if not the usual one.")
    ] = None,
    net: NetOption = None,
) -> None:
    """Have a running station ask one unit after the other, until an answer fits. 轮询。"""
    from voice.net.loading import load_net
    from voice.places import requests_folder, sample_net
    from voice.station.inbox import Order, checked, put, with_neighbours

    loaded = load_net(net or sample_net())
    wanted = Order("start", (*(to or ()), *with_neighbours(loaded, tuple(near or ()))), 1, question, until)
    checked(loaded, wanted)
    typer.echo(str(put(folder or requests_folder(), wanted)))


@app.command(epilog="Example: huying watch 贾岗社区 --every 30")
def watch(
    units: Annotated[list[str], typer.Argument(help="Units or groups.")],
    every: Annotated[float, typer.Option(min=0, max=1440, help="Minutes; 0 ends it.")] = 30,
    folder: Annotated[
        Path | None, typer.Option("--requests", help="Folder that “huying listen” watches, if not the usual one.")
    ] = None,
    net: NetOption = None,
) -> None:
    """Have a running station call units that were not heard in time, and raise the alarm. 定时查岗。"""
    from voice.net.loading import load_net
    from voice.places import requests_folder, sample_net
    from voice.station.inbox import Watching, checked, put

    wanted = Watching(every, tuple(units))
    checked(load_net(net or sample_net()), wanted)
    typer.echo(str(put(folder or requests_folder(), wanted)))


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
    units: Annotated[int, typer.Option(min=0, help="Only the first so many units; 0 is all.")] = 0,
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
    from voice.cli.bench_net import Options, run
    from voice.station.bench import Habit

    habits: dict[Habit, int] = {
        "absent": absent, "second": second, "slow": slow, "double": double, "wrong": wrong, "mumble": mumble,
        "report": report,
    }  # fmt: skip
    raise typer.Exit(run(Options(net, units, habits, rounds, alert, snr, seed, journal, model, sound, source, output)))


@app.command(epilog="Example: huying doctor")
def doctor() -> None:
    """What is installed, what is missing, and the command that mends it. 检查安装。"""
    from voice.cli.doctor import run

    raise typer.Exit(run())


@app.command(epilog="Example: huying adapt log.sqlite --net my-net --output models/our-station")
def adapt(
    journal: JournalArgument,
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder for the adapted model; must not exist.")],
    net: NetOption = None,
    model: ModelOption = None,
    epochs: Annotated[int, typer.Option(min=1, max=50, help="How often every over is learned.")] = 6,
) -> None:
    """Learn this station's voices and channel from confirmed overs; kept only if it helps. 适应本台。"""
    from voice.cli.adapt import run

    raise typer.Exit(run(journal, output, net, model, epochs))


@app.command(epilog="Example: huying soak --days 7 --kills 5")
def soak(
    net: NetOption = None,
    days: Annotated[int, typer.Option(min=1, max=365, help="Simulated days: a roll-call and an alert each.")] = 7,
    units: Annotated[int, typer.Option(min=1, help="Only the first so many units.")] = 42,
    kills: Annotated[int, typer.Option(min=0, help="How often the station is killed (SIGKILL).")] = 5,
    seed: Annotated[int, typer.Option(help="Another seed, other absences and kills.")] = 0,
    keep: Annotated[Path | None, typer.Option(help="Keep journal and truth in this folder.")] = None,
    from_day: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Days of traffic in minutes, with absences, lost devices and kills: is anything lost or doubled? 耐久测试。"""
    from voice.cli.soak import Options, run

    raise typer.Exit(run(Options(net, days, units, kills, seed, keep, from_day)))


@app.command(epilog="Example: huying bench --json")
def bench(as_json: Annotated[bool, typer.Option("--json", help="Figures as JSON.")] = False) -> None:
    """Speed and memory on this machine. 测速。"""
    from voice.cli.bench import run

    run(as_json)


@journal_app.command("show", epilog="Example: huying journal show log.sqlite --unit 102")
def journal_show(
    journal: JournalArgument,
    unit: Annotated[str | None, typer.Option(help="Only this unit id.")] = None,
    kind: Annotated[str | None, typer.Option(help="Only this type, e.g. answered.")] = None,
    since: Annotated[str | None, typer.Option(help="From this time on, e.g. 2026-06-05 or 2026-06-05T08:30.")] = None,
    until: Annotated[str | None, typer.Option(help="Before this time.")] = None,
    review: Annotated[bool, typer.Option(help="Only what a person should listen to.")] = False,
    overs: Annotated[bool, typer.Option(help="The overs themselves too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per event.")] = False,
    net: NetOption = None,
) -> None:
    """Show events. 查看日志。"""
    from voice.cli.journal import show

    show(journal, unit, kind, since, until, review, overs, as_json, net)


@journal_app.command("roll", epilog="Example: huying journal roll log.sqlite --since 2026-06-01")
def journal_roll(
    journal: JournalArgument,
    since: Annotated[str | None, typer.Option(help="From this time on.")] = None,
    until: Annotated[str | None, typer.Option(help="Before this time.")] = None,
    net: NetOption = None,
) -> None:
    """The roll sheet on the terminal: who answered, how fast, who stayed silent. 点名表。"""
    from voice.cli.journal import roll

    roll(journal, since, until, net)


@journal_app.command("search", epilog="Example: huying journal search log.sqlite 可疑人员")
def journal_search(
    journal: JournalArgument,
    words: Annotated[str, typer.Argument(help="Part of what was said: characters, or pinyin.")],
    net: NetOption = None,
) -> None:
    """Find events by what was said. 按内容查找。"""
    from voice.cli.journal import search

    search(journal, words, net)


@journal_app.command("export", epilog="Example: huying journal export log.sqlite june.xlsx --sheet")
def journal_export(
    journal: JournalArgument,
    output: Annotated[Path, typer.Argument(help=".jsonl, .csv or .xlsx; with --sheet .html or .xlsx.")],
    sheet: Annotated[bool, typer.Option(help="The roll sheet instead of the events.")] = False,
    since: Annotated[str | None, typer.Option(help="From this time on.")] = None,
    until: Annotated[str | None, typer.Option(help="Before this time.")] = None,
    net: NetOption = None,
) -> None:
    """Write events or the roll sheet to a file. 导出。"""
    from voice.cli.journal import export

    export(journal, output, sheet, since, until, net)


@journal_app.command("verify", epilog="Example: huying journal verify log.sqlite")
def journal_verify(
    journal: JournalArgument,
    head: Annotated[str | None, typer.Option(help="Head hash noted earlier: must stand in the chain.")] = None,
) -> None:
    """Is every event and clip still what was written? Exit 1 if not. 校验。"""
    from voice.cli.journal import verify

    raise typer.Exit(verify(journal, head))


@journal_app.command("incidents", epilog="Example: huying journal incidents log.sqlite --since 2026-06-01")
def journal_incidents(
    journal: JournalArgument,
    since: Annotated[str | None, typer.Option(help="From this time on.")] = None,
    until: Annotated[str | None, typer.Option(help="Before this time.")] = None,
    net: NetOption = None,
) -> None:
    """Reports, and how fast units set out and arrived. 警情与到场时间。"""
    from voice.cli.journal import show_incidents

    show_incidents(journal, since, until, net)


@journal_app.command("missed", epilog="Example: huying journal missed log.sqlite --since 2026-06-05T12:00")
def journal_missed(
    journal: JournalArgument,
    since: Annotated[str | None, typer.Option(help="Since nobody was at the desk.")] = None,
    net: NetOption = None,
) -> None:
    """What came in while nobody was at the desk, and was not dealt with. 离开时的呼入。"""
    from voice.cli.journal import show_missed

    show_missed(journal, since, net)


@journal_app.command("confirm", epilog="Example: huying journal confirm log.sqlite 12 --said 省残联,一切正常")
def journal_confirm(
    journal: JournalArgument,
    seq: Annotated[list[int], typer.Argument(help="Numbers of events whose over you have listened to.")],
    said: Annotated[
        str | None, typer.Option(help="What was said, if the log does not have it right; “” for nothing of the net.")
    ] = None,
    by: Annotated[str, typer.Option(help="Who says so.")] = "",
) -> None:
    """Say that an over was heard right, or what was really said: “huying adapt” learns from it. 确认。"""
    import getpass

    from voice.cli.journal import confirm

    confirm(journal, seq, said, by or getpass.getuser())


@journal_app.command("play-path", epilog="Example: ffplay $(huying journal play-path log.sqlite 12)")
def journal_play_path(
    journal: JournalArgument, seq: Annotated[int, typer.Argument(help="Number of an event.")]
) -> None:
    """Path of the clip that belongs to an event. 录音片段的位置。"""
    from voice.cli.journal import play_path

    play_path(journal, seq)


@grammar_app.command("check", epilog="Example: huying grammar check --net my-net")
def grammar_check(
    net: NetOption = None,
    readings: Annotated[bool, typer.Option(help="List every phrase with its reading.")] = True,
) -> None:
    """Mistakes in a net's files, readings, and call signs that sound alike. Exit 1 on mistakes. 检查。"""
    from voice.cli.grammar import check

    raise typer.Exit(check(net, readings))


@grammar_app.command("hear", epilog="Example: huying grammar hear --snr 10")
def grammar_hear(
    net: NetOption = None,
    snr: Annotated[float, typer.Option(help="dB of the simulated channel.")] = 12.0,
    voices: Annotated[int, typer.Option(min=1, max=6, help="Voices that say each call sign.")] = 3,
    model: ModelOption = None,
) -> None:
    """Say every call sign over a simulated radio and list those that are not understood. 自听测试。"""
    from voice.cli.grammar import hear

    raise typer.Exit(hear(net, snr, voices, model))


@models_app.command("list")
def models_list() -> None:
    """Models that are here, and stock models that can be pulled. 有哪些模型。"""
    from voice.cli.models import show

    show()


@models_app.command("pull", epilog="Example: huying models pull vosk-model-small-cn-0.22 --from model.zip")
def models_pull(
    name: Annotated[str, typer.Argument(help="A stock model, see “models list”.")],
    source: Annotated[Path | None, typer.Option("--from", help="A zip fetched on another machine.")] = None,
) -> None:
    """Fetch a stock Vosk model, check it, unpack it. 下载模型。"""
    from voice.cli.models import pull

    pull(name, source)


@models_app.command("path")
def models_path(name: Annotated[str, typer.Argument(help="Model name.")] = "huying-zh-8k") -> None:
    """Folder of a model. 模型的位置。"""
    from voice.cli.models import path

    path(name)


@models_app.command("verify")
def models_verify(
    name: Annotated[str | None, typer.Argument(help="Model name or folder; all if left out.")] = None,
) -> None:
    """Are models whole? Exit 1 if not. 校验模型。"""
    from voice.cli.models import verify

    raise typer.Exit(verify(name))


@users_app.command("add", epilog="Example: huying users add 王 --role operator")
def users_add(
    name: Annotated[str, typer.Argument(help="User name.")],
    role: Annotated[str, typer.Option(help="viewer reads; operator also orders and corrects; admin.")] = "operator",
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="Read the password from a pipe.")] = False,
) -> None:
    """Make an account, or give one a new password. 添加用户。"""
    from voice.cli.users import add

    add(name, role, password_stdin)


@users_app.command("list")
def users_list() -> None:
    """All accounts. 用户列表。"""
    from voice.cli.users import show

    show()


@users_app.command("remove")
def users_remove(name: Annotated[str, typer.Argument(help="User name.")]) -> None:
    """Delete an account and its tokens. 删除用户。"""
    from voice.cli.users import remove

    remove(name)


@users_app.command("token")
def users_token(name: Annotated[str, typer.Argument(help="User name.")]) -> None:
    """Print a new token for programs; it is shown once. 程序用令牌。"""
    from voice.cli.users import token

    token(name)
