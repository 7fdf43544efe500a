"""``huying journal …``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from rich.progress import Progress
from rich.table import Table

from voice.errors import HuyingError
from voice.journal.anchor import anchor_of, contradiction, parse_anchor
from voice.journal.backup import back_up
from voice.journal.by_hand import acknowledgement, correction, undoing
from voice.journal.confirming import confirmation
from voice.journal.export import FORMATS, Reader
from voice.journal.export import export as write_export
from voice.journal.incidents import incidents, missed
from voice.journal.lines import Line, lines, written_down
from voice.journal.retention import hold as keep_sound
from voice.journal.retention import holds, release, remove_clips
from voice.journal.review import open_reviews
from voice.journal.rolls import Session, columns, figures, sessions_between
from voice.journal.search import search as find
from voice.journal.sheets import Heading, write_html, write_xlsx
from voice.journal.signing import contradictions, make_key, sign, signed_heads
from voice.journal.store import Journal
from voice.journal.verify import verify as find_faults
from voice.journal.wording import clock, utc
from voice.net.loading import Net, load_net
from voice.places import sample_net
from voice.terminal.events import print_line
from voice.terminal.output import screen


def _net(folder: Path | None) -> Net:
    return load_net(folder or sample_net())


def _between(all_lines: Iterator[Line], since: str | None, until: str | None, net: Net) -> Iterator[Line]:
    since, until = utc(since, net.settings.zone), utc(until, net.settings.zone)
    for line in all_lines:
        if (since is None or line["wall"] >= since) and (until is None or line["wall"] < until):
            yield line


def show(
    target: str,
    unit: str | None,
    kind: str | None,
    since: str | None,
    until: str | None,
    review: bool,
    overs: bool,
    as_json: bool,
    net: Path | None,
) -> None:
    """Events that pass all filters."""
    out, names = screen(), _net(net)
    with Journal(target, create=False) as journal:
        waiting = {x["seq"] for x in open_reviews(journal.events())} if review else set()
        for line in _between(lines(journal.events(), written_down(journal)), since, until, names):
            if (unit and line["unit"] != unit) or (kind and line["type"] != kind):
                continue
            if review and line["seq"] not in waiting:
                continue
            if as_json:
                sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
            elif overs or kind == "over" or line["type"] != "over":
                print_line(out, line, names)


def _sessions(journal: Journal, since: str | None, until: str | None, net: Net) -> list[Session]:
    return sessions_between(journal, utc(since, net.settings.zone), utc(until, net.settings.zone))


def roll(target: str, since: str | None, until: str | None, net: Path | None) -> None:
    """A row for every unit that was called; the others are counted."""
    out, names = screen(), _net(net)
    with Journal(target, create=False) as journal:
        sheet = _sessions(journal, since, until, names)
    out.print(roll_table(sheet, names))
    missing = sum(not r.calls for r in figures(sheet))
    if missing:
        out.print(f"{missing} units on the roster were not called 未呼叫")


def roll_table(sheet: list[Session], names: Net) -> Table:
    """Who answered, how often and how fast."""
    table = Table(title=f"点名表 ({len(columns(sheet))} 次)", padding=(0, 0), collapse_padding=True)
    for name in ("单位 unit", "呼 calls", "答", "其中迟到", "未答", "听不清", "代答", "中位秒"):
        table.add_column(name, no_wrap=True)
    table.add_column("", no_wrap=True, overflow="crop")  # where the terminal is narrow the bars give way
    rows = figures(sheet)
    longest = max((r.median_s or 0.0 for r in rows), default=0.0) or 1.0
    for r in rows:
        if r.calls:
            marks = (r.answered, r.late, r.silent, r.unclear, r.relayed)
            style = "red" if r.silent else "yellow" if r.late or r.unclear else "green"
            bar = "█" * round(10 * (r.median_s or 0.0) / longest)
            time = f"{r.median_s:.1f}" if r.median_s is not None else ""
            table.add_row(names.name_of(r.unit), str(r.calls), *(str(m or "") for m in marks), time, bar, style=style)
    return table


def search(target: str, words: str, net: Path | None) -> None:
    """Events that contain ``words``, as characters, pinyin or initials."""
    out, names = screen(), _net(net)
    with Journal(target, create=False) as journal:
        found = find(journal, words, names, limit=100_000)
    for line in found:
        print_line(out, line, names)
    if not found:
        out.print(f"nothing found for “{words}”")


def backup(source: Path, folder: Path) -> None:
    """With a bar for the clips."""
    status = screen(error=True)
    with Progress(console=status, transient=True, disable=not status.is_terminal) as bar:
        task = bar.add_task("clips", total=None)
        made = back_up(source, folder, lambda k, n: bar.update(task, completed=k, total=n))
    print(f"{made.journal}: {made.events} events, {made.new_clips} new clips, head {made.head}")


def export(target: str, output: Path, sheet: bool, since: str | None, until: str | None, net: Path | None) -> None:
    """Events or sheet, by the suffix of ``output``."""
    status = screen(error=True)
    form = output.suffix.lower().lstrip(".")
    allowed = ("html", "xlsx") if sheet else FORMATS
    if form not in allowed:
        raise HuyingError(f"{output}: the name must end in {', '.join('.' + a for a in allowed)}")
    names = _net(net)
    with Journal(target, create=False) as journal:
        if not sheet:
            reader = Reader(names.name_of, names.settings.zone)
            written = _between(lines(journal.events(), written_down(journal)), since, until, names)
            n = write_export(output, form, written, reader)
            status.print(f"{output}: {n} events")
            return
        chosen, head = _sessions(journal, since, until, names), journal.head
    (write_html if form == "html" else write_xlsx)(output, chosen, Heading.of(names, head))
    status.print(f"{output}: roll sheet of {len(chosen)} sessions")


def verify(
    target: str, head: str | None, anchors: list[str], key: str | None = None, signed: Path | None = None
) -> int:
    """0 if whole, 1 with the faults listed."""
    out, noted = screen(), [parse_anchor(a) for a in anchors]
    with Journal(target, create=False) as journal:
        faults = [str(f) for f in find_faults(journal)]
        if head and head not in {e.hash for e in journal.events()}:
            faults.append(f"no event has the hash {head}: the end was cut off, or this is another journal")
        faults += [told for a in noted if (told := contradiction(journal, a))]
        if (key is None) != (signed is None):
            raise HuyingError("--key and --signed go together: the public key, and the file with the signed heads")
        if key is not None and signed is not None:
            faults += contradictions(journal, key, signed_heads(signed))
        for f in faults:
            out.print(f, style="red")
        if not faults and not len(journal):
            out.print("the journal is empty: there is nothing to be whole 日志是空的", style="yellow")
        elif not faults:
            out.print(f"{len(journal)} events and their clips are whole; head {journal.head}", soft_wrap=True)
            last = next(journal.events(after=len(journal) - 1), None)
            if last is not None:
                out.print(f"anchor to note down 校验码: {anchor_of(last)}", soft_wrap=True)
    return 1 if faults else 0


def make_signing_key(path: Path) -> None:
    """Write a key, say its public half."""
    public = make_key(path)
    screen(error=True).print(f"{path}: keep it where nobody who has the journal can reach it 请与日志分开保管")
    sys.stdout.write(f"{public}\n")


def sign_head(target: str, key: Path) -> None:
    """The signed head, one line."""
    with Journal(target, create=False) as journal:
        sys.stdout.write(f"{sign(journal, key)}\n")


def show_incidents(target: str, since: str | None, until: str | None, net: Path | None) -> None:
    """A row for each incident: who reported, who set out, who arrived first and how fast."""
    names, out = _net(net), screen()
    with Journal(target, create=False) as journal:
        zone = names.settings.zone
        found = incidents(journal.events(since=utc(since, zone), until=utc(until, zone)))
    table = Table(
        "no.", "time 时间", "unit 单位", "report 报告", "on the way 出发", "arrived 到达", title="警情 incidents"
    )
    for i in found:
        told = i.text or f"[{i.pinyin}]"
        table.add_row(
            str(i.seq),
            clock(i.wall, names.settings.zone),
            names.name_of(i.unit) or "?",
            told,
            _times(i.on_the_way, names),
            _times(i.arrived, names),
        )
    out.print(table)


def _times(times: dict[str, float], names: Net) -> str:
    """``贾岗社区治安队 1:45``, a line each, the fastest first."""
    rows = sorted(times.items(), key=lambda kv: kv[1])
    return "\n".join(f"{names.name_of(u)} {int(s // 60)}:{int(s % 60):02d}" for u, s in rows)


def show_missed(target: str, since: str | None, net: Path | None) -> None:
    """What came in and was not dealt with."""
    names, out = _net(net), screen()
    with Journal(target, create=False) as journal:
        found = missed(journal.events(since=utc(since, names.settings.zone)))
    if not found:
        out.print("nothing was missed 没有遗漏", style="green")
        return
    table = Table("no.", "time 时间", "unit 单位", "why 原因", "heard 听到", title="未处理 missed while away")
    for m in found:
        table.add_row(str(m.seq), clock(m.wall, names.settings.zone), names.name_of(m.unit) or "?", m.why, m.text)
    out.print(table)
    out.print(f"listen: ffplay $(huying journal play-path {target} NO.); then confirm it 听后确认", style="dim")


def correct(target: str, seq: int, unit: str, meaning: str, by: str, note: str, net: Path | None) -> None:
    """Append a correction."""
    names = _net(net)
    found = next((u for u in names.units if unit in (u.id, u.name, *u.call_signs)), None)
    if found is None:
        raise HuyingError(f"no unit “{unit}” on the roster; name the net with --net")
    with Journal(target, create=False) as journal:
        number = journal.enter(correction(journal, seq, found.id, meaning, by, note))
    screen(error=True).print(f"event {number} corrects {seq} 已更正; taken back with: huying journal undo")


def acknowledge(target: str, seq: int, by: str, note: str) -> None:
    """Append an acknowledgement of an incident."""
    with Journal(target, create=False) as journal:
        number = journal.enter(acknowledgement(journal, seq, by, note))
    screen(error=True).print(f"event {number}: incident {seq} acknowledged 已知悉")


def undo(target: str, seq: int, by: str, note: str) -> None:
    """Take back what a person has set."""
    with Journal(target, create=False) as journal:
        number = journal.enter(undoing(journal, seq, by, note))
    screen(error=True).print(f"event {number} undoes {seq} 已撤销")


def confirm(target: str, numbers: list[int], said: str | None, by: str) -> None:
    """Append a confirmation for the over of each event. Nothing is appended if one of them cannot be confirmed."""
    if said is not None and len(numbers) != 1:
        raise HuyingError("--said writes down what was said in one over; give one event number")
    status = screen(error=True)
    with Journal(target, create=False) as journal:
        facts = [confirmation(journal, n, said, by) for n in dict.fromkeys(numbers)]
        journal.append(facts, datetime.now(UTC))
    status.print(f"{len(facts)} overs confirmed 已确认: {'; '.join(f.said or '-' for f in facts)}")


def play_path(target: str, seq: int) -> None:
    """The clip of the over that event ``seq`` belongs to."""
    with Journal(target, create=False) as journal:
        line = next((x for x in lines(journal.events()) if x["seq"] == seq), None)
        if line is None:
            raise HuyingError(f"{target}: no event {seq}; it has {len(journal)}")
        if not line["clip"]:
            raise HuyingError(f"event {seq} ({line['type']}) has no clip: it belongs to no over")
        path = journal.clips.path(line["clip"])
    if not path.is_file():
        raise HuyingError(f"{path}: the clip is missing; run “huying journal verify {target}”")
    sys.stdout.write(f"{path}\n")


def retain(target: str, days: float, by: str) -> None:
    """Remove old clips and say how many."""
    with Journal(target, create=False) as journal:
        gone = remove_clips(journal, days, by)
        kept = len(holds(journal))
    screen().print(f"{gone} clips removed 已清理; {kept} holds in force 留存 {kept} 段")


def hold(target: str, since: str | None, until: str | None, ends: int, note: str, by: str, net: Path | None) -> None:
    """Begin or end a hold, or list those in force."""
    zone, out = _net(net).settings.zone, screen()
    with Journal(target, create=False) as journal:
        if ends:
            release(journal, ends, by, note)
        elif since or until:
            begin, end = utc(since, zone), utc(until, zone)
            if begin is None or end is None:
                raise HuyingError("a hold needs --since and --until")
            keep_sound(journal, begin, end, by, note)
        for h in holds(journal):
            out.print(f"{h.seq}  {h.since} – {h.until}  {h.by}  {h.note}", soft_wrap=True)
