"""``huying journal …``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from voice.cli.tree.root import JournalArgument, NetOption, bough

journal_app = bough("journal", "Read, search, export and verify a journal. 日志。")


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


@journal_app.command("backup", epilog="Example: huying journal backup log.sqlite /mnt/backup")
def journal_backup(
    journal: Annotated[Path, typer.Argument(help="The journal's file; a station may be writing it.")],
    folder: Annotated[Path, typer.Argument(help="Where the copy goes: the file, and its clips beside it.")],
) -> None:
    """Copy a journal and its sound, verify the copy; only new clips are copied. 备份。

    To restore, copy both back under the journal's name while no station runs.
    """
    from voice.cli.journal import backup

    backup(journal, folder)


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
    anchor: Annotated[
        list[str] | None, typer.Option(help="Heard on the air or noted, as 103-370142; may be repeated.")
    ] = None,
    key: Annotated[str | None, typer.Option(help="Public key of signed heads, 64 figures.")] = None,
    signed: Annotated[Path | None, typer.Option(help="File with the lines of “journal sign”.")] = None,
) -> None:
    """Is every event and clip still what was written? Exit 1 if not. 校验。"""
    from voice.cli.journal import verify

    raise typer.Exit(verify(journal, head, anchor or [], key, signed))


@journal_app.command("key", epilog="Example: huying journal key /media/stick/officer.key")
def journal_key(file: Annotated[Path, typer.Argument(help="New file; keep it away from the journal.")]) -> None:
    """Make a key for signed heads, print its public half. 签名密钥。"""
    from voice.cli.journal import make_signing_key

    make_signing_key(file)


@journal_app.command(
    "sign", epilog="Example: huying journal sign log.sqlite --key /media/stick/officer.key >> heads.txt"
)
def journal_sign(journal: JournalArgument, key: Annotated[Path, typer.Option(help="File of “journal key”.")]) -> None:
    """Sign how far the journal has come; keep the line, or send it away. 签名。"""
    from voice.cli.journal import sign_head

    sign_head(journal, key)


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


@journal_app.command("correct", epilog="Example: huying journal correct log.sqlite 12 省残联 normal --note 听录音")
def journal_correct(
    journal: JournalArgument,
    seq: Annotated[int, typer.Argument(help="Number of the event that is wrong.")],
    unit: Annotated[str, typer.Argument(help="Unit that it is about: id, name or call sign.")],
    meaning: Annotated[str, typer.Argument(help="What it really was: ack, normal, not_found, situation, …")],
    by: Annotated[str, typer.Option(help="Who says so.")] = "",
    note: Annotated[str, typer.Option(help="Why.")] = "",
    net: NetOption = None,
) -> None:
    """Set right what an event says; it stays, and every view counts the correction. 更正。"""
    import getpass

    from voice.cli.journal import correct

    correct(journal, seq, unit, meaning, by or getpass.getuser(), note, net)


@journal_app.command("acknowledge", epilog="Example: huying journal acknowledge log.sqlite 12")
def journal_acknowledge(
    journal: JournalArgument,
    seq: Annotated[int, typer.Argument(help="Number of the event that reports the incident.")],
    by: Annotated[str, typer.Option(help="Who deals with it.")] = "",
    note: Annotated[str, typer.Option(help="What is done.")] = "",
) -> None:
    """Take note of an incident: it is no longer red, nor among what was missed. 知悉警情。"""
    import getpass

    from voice.cli.journal import acknowledge

    acknowledge(journal, seq, by or getpass.getuser(), note)


@journal_app.command("undo", epilog="Example: huying journal undo log.sqlite 31")
def journal_undo(
    journal: JournalArgument,
    seq: Annotated[int, typer.Argument(help="Number of a correction, confirmation or acknowledgement.")],
    by: Annotated[str, typer.Option(help="Who takes it back.")] = "",
    note: Annotated[str, typer.Option(help="Why.")] = "",
) -> None:
    """Take back a correction, confirmation or acknowledgement; both stay in the journal. 撤销。"""
    import getpass

    from voice.cli.journal import undo

    undo(journal, seq, by or getpass.getuser(), note)


@journal_app.command("play-path", epilog="Example: ffplay $(huying journal play-path log.sqlite 12)")
def journal_play_path(
    journal: JournalArgument, seq: Annotated[int, typer.Argument(help="Number of an event.")]
) -> None:
    """Path of the clip that belongs to an event. 录音片段的位置。"""
    from voice.cli.journal import play_path

    play_path(journal, seq)


@journal_app.command("retain", epilog="Example: huying journal retain log.sqlite --days 90")
def journal_retain(
    journal: JournalArgument,
    days: Annotated[float, typer.Option(min=1, help="Clips of older overs are removed; the events stay.")],
    by: Annotated[str, typer.Option(help="Who says so.")] = "",
) -> None:
    """Remove clips that were kept long enough, unless they are held; the chain still verifies. 清理过期录音。"""
    import getpass

    from voice.cli.journal import retain

    retain(journal, days, by or getpass.getuser())


@journal_app.command("hold", epilog="Example: huying journal hold log.sqlite --since 2026-06-05 --until 2026-06-06")
def journal_hold(
    journal: JournalArgument,
    since: Annotated[str | None, typer.Option(help="From this time on; without it the holds are listed.")] = None,
    until: Annotated[str | None, typer.Option(help="Before this time.")] = None,
    release: Annotated[int, typer.Option(help="Number of a hold that ends.")] = 0,
    note: Annotated[str, typer.Option(help="Why.")] = "",
    by: Annotated[str, typer.Option(help="Who says so.")] = "",
    net: NetOption = None,
) -> None:
    """Keep the sound of a stretch of time whatever its age, e.g. of an incident. 证据留存。"""
    import getpass

    from voice.cli.journal import hold

    hold(journal, since, until, release, note, by or getpass.getuser(), net)
