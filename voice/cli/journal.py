"""``huying journal …``."""

from __future__ import annotations

import getpass
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from voice.cli.options import ByOption, JournalArgument, NetOption, NoteOption, SinceOption, UntilOption, net_of

if TYPE_CHECKING:
    from voice.journal.lines import Line
    from voice.journal.rolls import Session
    from voice.journal.store import Journal
    from voice.net.loading import Net

app = typer.Typer(no_args_is_help=True, help="Read, search, export and verify a journal. 日志。", add_completion=False)


def _between(all_lines: Iterator[Line], since: str | None, until: str | None, net: Net) -> Iterator[Line]:
    from voice.journal.wording import utc

    since, until = utc(since, net.settings.zone), utc(until, net.settings.zone)
    for line in all_lines:
        if (since is None or line["wall"] >= since) and (until is None or line["wall"] < until):
            yield line


def _sessions(journal: Journal, since: str | None, until: str | None, net: Net) -> list[Session]:
    from voice.journal.rolls import sessions_between
    from voice.journal.wording import utc

    return sessions_between(journal, utc(since, net.settings.zone), utc(until, net.settings.zone))


@app.command(epilog="Example: huying journal show log.sqlite --unit 102")
def show(
    journal: JournalArgument,
    unit: Annotated[str | None, typer.Option(help="Only this unit id.")] = None,
    kind: Annotated[str | None, typer.Option(help="Only this type, e.g. answered.")] = None,
    since: Annotated[str | None, typer.Option(help="From this time on, e.g. 2026-06-05 or 2026-06-05T08:30.")] = None,
    until: UntilOption = None,
    review: Annotated[bool, typer.Option(help="Only what a person should listen to.")] = False,
    overs: Annotated[bool, typer.Option(help="The overs themselves too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per event.")] = False,
    net: NetOption = None,
) -> None:
    """Show events. 查看日志。"""
    from voice.journal.lines import lines
    from voice.journal.review import open_reviews
    from voice.journal.settled import settled_in
    from voice.journal.store import Journal
    from voice.terminal.events import print_line
    from voice.terminal.output import screen

    out, names = screen(), net_of(net)
    with Journal(journal, create=False) as log:
        waiting = {x["seq"] for x in open_reviews(log.events())} if review else set()
        for line in _between(lines(log.events(), settled_in(log)), since, until, names):
            if (unit and line["unit"] != unit) or (kind and line["type"] != kind):
                continue
            if review and line["seq"] not in waiting:
                continue
            if as_json:
                sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
            elif overs or kind == "over" or line["type"] != "over":
                print_line(out, line, names)


@app.command(epilog="Example: huying journal roll log.sqlite --since 2026-06-01")
def roll(
    journal: JournalArgument,
    since: SinceOption = None,
    until: UntilOption = None,
    net: NetOption = None,
) -> None:
    """The roll sheet on the terminal: who answered, how fast, who stayed silent. 点名表。"""
    from voice.journal.rolls import unit_figures
    from voice.journal.sheets import Heading
    from voice.journal.store import Journal
    from voice.language import language
    from voice.terminal.output import screen
    from voice.terminal.rolls import attendance_lines, roll_table

    out, names = screen(), net_of(net)
    with Journal(journal, create=False) as log:
        sheet = _sessions(log, since, until, names)
    if not any(r.calls for r in unit_figures(sheet)):
        out.print("nobody was called in this time 这段时间没有呼叫", style="yellow")
        return
    out.print(roll_table(sheet, names))
    for line, style in attendance_lines(sheet, Heading.of(names, english=language() == "en")):
        out.print(line, style=style)
    missing = sum(not r.calls for r in unit_figures(sheet))
    if missing:
        out.print(f"{missing} units on the roster were not called 未呼叫")


@app.command(epilog="Example: huying journal search log.sqlite 可疑人员")
def search(
    journal: JournalArgument,
    words: Annotated[str, typer.Argument(help="Part of what was said: characters, or pinyin.")],
    net: NetOption = None,
) -> None:
    """Find events by what was said. 按内容查找。"""
    from voice.journal.search import search as find
    from voice.journal.store import Journal
    from voice.terminal.events import print_line
    from voice.terminal.output import screen

    out, names = screen(), net_of(net)
    with Journal(journal, create=False) as log:
        found = find(log, words, names, limit=100_000)
    for line in found:
        print_line(out, line, names)
    if not found:
        out.print(f"nothing found for “{words}”")


@app.command(epilog="Example: huying journal backup log.sqlite /mnt/backup")
def backup(
    journal: Annotated[Path, typer.Argument(help="The journal's file; a station may be writing it.")],
    folder: Annotated[Path, typer.Argument(help="Where the copy goes: the file, and its clips beside it.")],
) -> None:
    """Copy a journal and its sound, verify the copy; only new clips are copied. 备份。

    To restore, copy both back under the journal's name while no station runs.
    """
    from rich.progress import Progress

    from voice.journal.backup import back_up
    from voice.terminal.output import screen

    status = screen(error=True)
    with Progress(console=status, transient=True, disable=not status.is_terminal) as bar:
        task = bar.add_task("clips", total=None)
        made = back_up(journal, folder, lambda k, n: bar.update(task, completed=k, total=n))
    screen().print(f"{made.journal}: {made.events} events, {made.new_clips} new clips, head {made.head}")


@app.command(epilog="Example: huying journal export log.sqlite june.xlsx --sheet")
def export(
    journal: JournalArgument,
    output: Annotated[Path, typer.Argument(help=".jsonl, .csv or .xlsx; with --sheet .html or .xlsx.")],
    sheet: Annotated[bool, typer.Option(help="The roll sheet instead of the events.")] = False,
    since: SinceOption = None,
    until: UntilOption = None,
    net: NetOption = None,
) -> None:
    """Write events or the roll sheet to a file. 导出。"""
    from voice.errors import HuyingError
    from voice.journal.export import FORMATS, Reader
    from voice.journal.export import export as write_export
    from voice.journal.lines import lines
    from voice.journal.settled import settled_in
    from voice.journal.sheets import Heading, write_html, write_xlsx
    from voice.journal.store import Journal
    from voice.language import language
    from voice.terminal.output import screen

    status = screen(error=True)
    form = output.suffix.lower().lstrip(".")
    allowed = ("html", "xlsx") if sheet else FORMATS
    if form not in allowed:
        raise HuyingError(f"{output}: the name must end in {', '.join('.' + a for a in allowed)}")
    names = net_of(net)
    with Journal(journal, create=False) as log:
        if not sheet:
            reader = Reader(names.name_of, names.settings.zone, language() == "en")
            written = _between(lines(log.events(), settled_in(log)), since, until, names)
            n = write_export(output, form, written, reader)
            status.print(f"{output}: {n} events")
            return
        chosen, head = _sessions(log, since, until, names), log.head
    (write_html if form == "html" else write_xlsx)(output, chosen, Heading.of(names, head, english=language() == "en"))
    status.print(f"{output}: roll sheet of {len(chosen)} sessions")


@app.command(epilog="Example: huying journal verify log.sqlite")
def verify(
    journal: JournalArgument,
    head: Annotated[str | None, typer.Option(help="Head hash noted earlier: must stand in the chain.")] = None,
    anchor: Annotated[
        list[str] | None, typer.Option(help="Heard on the air or noted, as 103-370142; may be repeated.")
    ] = None,
    key: Annotated[str | None, typer.Option(help="Public key of signed heads, 64 figures.")] = None,
    signed: Annotated[Path | None, typer.Option(help="File with the lines of “journal sign”.")] = None,
) -> None:
    """Is every event and clip still what was written? Exit 1 if not. 校验。"""
    from voice.errors import HuyingError
    from voice.journal.anchor import anchor_of, contradiction, parse_anchor
    from voice.journal.signing import contradictions, signed_heads
    from voice.journal.store import Journal
    from voice.journal.verify import verify as find_faults
    from voice.terminal.output import screen

    out, noted = screen(), [parse_anchor(a) for a in anchor or []]
    with Journal(journal, create=False) as log:
        faults = [str(f) for f in find_faults(log)]
        if head and head not in {e.hash for e in log.events()}:
            faults.append(f"no event has the hash {head}: the end was cut off, or this is another journal")
        faults += [told for a in noted if (told := contradiction(log, a))]
        if (key is None) != (signed is None):
            raise HuyingError("--key and --signed go together: the public key, and the file with the signed heads")
        if key is not None and signed is not None:
            faults += contradictions(log, key, signed_heads(signed))
        for f in faults:
            out.print(f, style="red")
        if not faults and not len(log):
            out.print("the journal is empty: there is nothing to be whole 日志是空的", style="yellow")
        elif not faults:
            out.print(f"{len(log)} events and all clips are whole; head {log.head}")
            last = next(log.events(after=len(log) - 1), None)
            if last is not None:
                out.print(f"anchor to note down 校验码: {anchor_of(last)}")
    raise typer.Exit(1 if faults else 0)


@app.command(epilog="Example: huying journal key /media/stick/officer.key")
def key(file: Annotated[Path, typer.Argument(help="New file; keep it away from the journal.")]) -> None:
    """Make a key for signed heads, print its public half. 签名密钥。"""
    from voice.journal.signing import make_key
    from voice.terminal.output import screen

    public = make_key(file)
    screen(error=True).print(f"{file}: keep it where nobody who has the journal can reach it 请与日志分开保管")
    sys.stdout.write(f"{public}\n")


@app.command(epilog="Example: huying journal sign log.sqlite --key /media/stick/officer.key >> heads.txt")
def sign(journal: JournalArgument, key: Annotated[Path, typer.Option(help="File of “journal key”.")]) -> None:
    """Sign how far the journal has come; keep the line, or send it away. 签名。"""
    from voice.journal.signing import sign as signed
    from voice.journal.store import Journal

    with Journal(journal, create=False) as log:
        sys.stdout.write(f"{signed(log, key)}\n")


@app.command(epilog="Example: huying journal incidents log.sqlite --since 2026-06-01")
def incidents(
    journal: JournalArgument,
    since: SinceOption = None,
    until: UntilOption = None,
    net: NetOption = None,
) -> None:
    """Reports, and how fast units set out and arrived. 警情与到场时间。"""
    from voice.journal.incidents import incidents as found_in
    from voice.journal.store import Journal
    from voice.journal.wording import utc
    from voice.terminal.output import screen
    from voice.terminal.rolls import incident_table

    names, out = net_of(net), screen()
    with Journal(journal, create=False) as log:
        zone = names.settings.zone
        found = found_in(log.events(since=utc(since, zone), until=utc(until, zone)))
    out.print(incident_table(found, names))


@app.command(epilog="Example: huying journal missed log.sqlite --since 2026-06-05T12:00")
def missed(
    journal: JournalArgument,
    since: Annotated[str | None, typer.Option(help="Since nobody was at the desk.")] = None,
    net: NetOption = None,
) -> None:
    """What came in while nobody was at the desk, and was not dealt with. 离开时的呼入。"""
    from voice.journal.incidents import missed as missed_in
    from voice.journal.store import Journal
    from voice.journal.wording import utc
    from voice.terminal.output import screen
    from voice.terminal.rolls import missed_table

    names, out = net_of(net), screen()
    with Journal(journal, create=False) as log:
        found = missed_in(log.events(since=utc(since, names.settings.zone)))
    if not found:
        out.print("nothing was missed 没有遗漏", style="green")
        return
    out.print(missed_table(found, names))
    out.print(f"listen: ffplay $(huying journal play-path {journal} NO.); then confirm it 听后确认", style="dim")


@app.command(epilog="Example: huying journal confirm log.sqlite 12 --said 省残联,一切正常")
def confirm(
    journal: JournalArgument,
    seq: Annotated[list[int], typer.Argument(help="Numbers of events whose over you have listened to.")],
    said: Annotated[
        str | None, typer.Option(help="What was said, if the log does not have it right; “” for nothing of the net.")
    ] = None,
    by: ByOption = "",
    net: NetOption = None,
) -> None:
    """Say that an over was heard right, or what was really said: “huying adapt” learns from it. 确认。"""
    from voice.errors import HuyingError
    from voice.journal.confirming import confirmation
    from voice.journal.store import Journal
    from voice.measure.typed import following
    from voice.terminal.output import screen
    from voice.terminal.typed import read_in

    if said is not None and len(seq) != 1:
        raise HuyingError("--said writes down what was said in one over; give one event number")
    names, status = net_of(net), screen(error=True)
    with Journal(journal, create=False) as log:
        who = by or getpass.getuser()
        facts = [confirmation(log, n, said, who) for n in dict.fromkeys(seq)]
        log.append(facts, datetime.now(UTC))
        follows = following(log, names, seq[0], said, who) if said else None
        number = log.enter(follows) if follows else 0
    status.print(f"{len(facts)} overs confirmed 已确认: {'; '.join(f.said or '-' for f in facts)}")
    if said:
        status.print(read_in(names, said))
    if number:
        status.print(f"event {number} corrects {seq[0]} 已更正; taken back with: huying journal undo")


@app.command(epilog="Example: huying journal correct log.sqlite 12 省残联 normal --note 听录音")
def correct(
    journal: JournalArgument,
    seq: Annotated[int, typer.Argument(help="Number of the event that is wrong.")],
    unit: Annotated[str, typer.Argument(help="Unit that it is about: id, name or call sign.")],
    meaning: Annotated[
        str, typer.Argument(help="What it really was: ack, normal, not_found, situation, …, or in Chinese.")
    ],
    by: ByOption = "",
    note: NoteOption = "",
    net: NetOption = None,
) -> None:
    """Set right what an event says; it stays, and every view counts the correction. 更正。"""
    from voice.errors import HuyingError
    from voice.journal.by_hand import correction
    from voice.journal.store import Journal
    from voice.terminal.output import screen

    names = net_of(net)
    found = names.find(unit)
    if found is None:
        raise HuyingError(f"no unit “{unit}” on the roster; name the net with --net")
    with Journal(journal, create=False) as log:
        number = log.enter(correction(log, seq, found.id, meaning, by or getpass.getuser(), note, names.name_of))
    screen(error=True).print(f"event {number} corrects {seq} 已更正; taken back with: huying journal undo")


@app.command(epilog="Example: huying journal acknowledge log.sqlite 12")
def acknowledge(
    journal: JournalArgument,
    seq: Annotated[int, typer.Argument(help="Number of the event that reports the incident.")],
    by: Annotated[str, typer.Option(help="Who deals with it.")] = "",
    note: Annotated[str, typer.Option(help="What is done.")] = "",
) -> None:
    """Take note of an incident: it is no longer red, nor among what was missed. 知悉警情。"""
    from voice.journal.by_hand import acknowledgement
    from voice.journal.store import Journal
    from voice.terminal.output import screen

    with Journal(journal, create=False) as log:
        number = log.enter(acknowledgement(log, seq, by or getpass.getuser(), note))
    screen(error=True).print(f"event {number}: incident {seq} acknowledged 已知悉")


@app.command(epilog="Example: huying journal undo log.sqlite 31")
def undo(
    journal: JournalArgument,
    seq: Annotated[int, typer.Argument(help="Number of a correction, confirmation or acknowledgement.")],
    by: Annotated[str, typer.Option(help="Who takes it back.")] = "",
    note: NoteOption = "",
) -> None:
    """Take back a correction, confirmation or acknowledgement; both stay in the journal. 撤销。"""
    from voice.journal.by_hand import undoing
    from voice.journal.store import Journal
    from voice.terminal.output import screen

    with Journal(journal, create=False) as log:
        number = log.enter(undoing(log, seq, by or getpass.getuser(), note))
    screen(error=True).print(f"event {number} undoes {seq} 已撤销")


@app.command("play-path", epilog="Example: ffplay $(huying journal play-path log.sqlite 12)")
def play_path(journal: JournalArgument, seq: Annotated[int, typer.Argument(help="Number of an event.")]) -> None:
    """Path of the clip that belongs to an event. 录音片段的位置。"""
    from voice.errors import HuyingError
    from voice.journal.lines import lines
    from voice.journal.store import Journal

    with Journal(journal, create=False) as log:
        line = next((x for x in lines(log.events()) if x["seq"] == seq), None)
        if line is None:
            raise HuyingError(f"{journal}: no event {seq}; it has {len(log)}")
        if not line["clip"]:
            raise HuyingError(f"event {seq} ({line['type']}) has no clip: it belongs to no over")
        path = log.clips.path(line["clip"])
    if not path.is_file():
        raise HuyingError(f"{path}: the clip is missing; run “huying journal verify {journal}”")
    sys.stdout.write(f"{path}\n")


@app.command(epilog="Example: huying journal retain log.sqlite --days 90")
def retain(
    journal: JournalArgument,
    days: Annotated[float, typer.Option(min=1, help="Clips of older overs are removed; the events stay.")],
    by: ByOption = "",
) -> None:
    """Remove clips that were kept long enough, unless they are held; the chain still verifies. 清理过期录音。"""
    from voice.journal.retention import holds, remove_clips
    from voice.journal.store import Journal
    from voice.terminal.output import screen

    with Journal(journal, create=False) as log:
        gone = remove_clips(log, days, by or getpass.getuser())
        kept = len(holds(log))
    screen().print(f"{gone} clips removed 已清理; {kept} holds in force 留存")


@app.command(epilog="Example: huying journal hold log.sqlite --since 2026-06-05 --until 2026-06-06")
def hold(
    journal: JournalArgument,
    since: Annotated[str | None, typer.Option(help="From this time on; without it the holds are listed.")] = None,
    until: UntilOption = None,
    release: Annotated[int, typer.Option(help="Number of a hold that ends.")] = 0,
    note: NoteOption = "",
    by: ByOption = "",
    net: NetOption = None,
) -> None:
    """Keep the sound of a stretch of time whatever its age, e.g. of an incident. 证据留存。"""
    from voice.errors import HuyingError
    from voice.journal.retention import hold as keep_sound
    from voice.journal.retention import holds
    from voice.journal.retention import release as end_hold
    from voice.journal.store import Journal
    from voice.journal.wording import utc
    from voice.terminal.output import screen

    zone, out = net_of(net).settings.zone, screen()
    with Journal(journal, create=False) as log:
        if release:
            end_hold(log, release, by or getpass.getuser(), note)
        elif since or until:
            begin, end = utc(since, zone), utc(until, zone)
            if begin is None or end is None:
                raise HuyingError("a hold needs --since and --until")
            keep_sound(log, begin, end, by or getpass.getuser(), note)
        for h in holds(log):
            out.print(f"{h.seq}  {h.since} – {h.until}  {h.by}  {h.note}")
