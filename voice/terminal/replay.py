"""A replay on a terminal: log lines as they are written, progress bar, summary."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path, PurePosixPath

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from voice.audio.named import begins, named_time
from voice.audio.source import AudioSource, Recording, find_recordings, not_sound, open_recording, sides_of
from voice.audio.streams import Raw, RawStream
from voice.errors import HuyingError
from voice.journal.event import Event
from voice.journal.lines import Line, LineMaker
from voice.journal.review import open_reviews
from voice.journal.rolls import sessions
from voice.journal.sheets import Heading, write_html, write_xlsx
from voice.journal.store import Journal
from voice.language import language
from voice.measure.scoring import Labels, compare, read_labels
from voice.net.loading import Net, load_net
from voice.places import sample_net
from voice.station.archive import Job, adopt, find_everywhere, heard, net_files, recordings_in, replay_all, workers
from voice.station.ear import Ear, open_ear
from voice.station.replay import Replayed, replay
from voice.terminal.events import HIDDEN, print_line
from voice.terminal.output import screen
from voice.terminal.rolls import attendance_lines
from voice.terminal.scores import difference_in_words
from voice.time import moment_of


@dataclass(frozen=True, slots=True)
class ReplayOptions:
    """Options of ``huying replay``."""

    paths: list[str]
    net: Path | None
    journal: str | None
    expect: Path | None
    sheet: Path | None
    as_json: bool
    realtime: bool
    start: str | None
    raw: Raw
    names_in: str
    """Times in file names without an offset: ``local`` to the net, or ``utc``."""
    again: bool
    model: str | None
    jobs: int
    """Number of processes; 0: one per core, if there are several recordings and a journal."""
    scheduler: str | None
    """Address of a Dask cluster."""


def run(o: ReplayOptions) -> int:
    """Exit status: 0; 1 if the log differs from ``--expect`` or a recording failed; 130 if interrupted."""
    try:
        left_out = _left_out(o.paths)
        status = _run(o)
    except KeyboardInterrupt:
        screen(error=True).print(
            "interrupted: what was heard to its end is kept, the rest not; the same command goes on "
            "已中断, 再次运行同一命令即可继续",
            style="yellow",
        )  # fmt: skip
        return 130
    return max(status, int(left_out))


def _left_out(paths: list[str]) -> bool:
    """Whether the folders contain files that are neither audio nor usual companions of recordings; they are listed."""
    found = not_sound([Path(p) for p in paths if p != "-" and "://" not in p])
    for path in found:
        screen(error=True).print(f"{path}: no sound that is known, not heard 未识别, 没有听", style="yellow")
    return bool(found)


def _run(o: ReplayOptions) -> int:
    if o.sheet and o.sheet.suffix.lower() not in (".html", ".xlsx"):
        raise HuyingError(f"{o.sheet}: a roll sheet is .html or .xlsx")
    net = load_net(o.net or sample_net())
    began = moment_of(o.start, net.settings.zone) if o.start else None
    zone = UTC if o.names_in == "utc" else net.settings.zone
    if several := _several(o):
        return _all_of(several, net, began, zone, o)
    unheard: list[str] = []
    sources = _sources(o, began, zone, unheard)
    labels = read_labels(o.expect) if o.expect else None
    if labels and len(sources) != 1:
        raise HuyingError("--expect compares one recording; give one path")
    if labels and labels.start and began is None:
        began = moment_of(labels.start, net.settings.zone)
    status = screen(error=True)
    same = True
    with Journal(o.journal or "sqlite://") as journal:
        journal.claim()
        if not o.again:
            _refuse_known(journal, sources, o)
        ear = open_ear(net, model=o.model)
        if ear.cannot_say:
            told = "、".join(ear.cannot_say)
            status.print(
                f"{ear.model.path.name} has no words for these, they will not be heard 听不到: {told}",
                style="yellow",
            )
        for source in sources:
            result = _one(source, ear, journal, began if len(sources) == 1 else None, o, status)
            if labels:
                same = _compare(labels, result, net, status) and same
        _written(o, journal, net, status)
    return 0 if same and not unheard else 1


def _several(o: ReplayOptions) -> list[str]:
    """The recordings, if they are to be processed in parallel."""
    if "-" in o.paths or o.realtime or o.expect:
        if o.scheduler or o.jobs > 1:
            raise HuyingError("--scheduler and --jobs are for many recordings: without -, --realtime and --expect")
        return []
    found = find_everywhere(o.paths)
    side_by_side = o.scheduler or o.jobs > 1 or any("://" in p for p in found)
    return found if side_by_side or (o.jobs == 0 and o.journal and len(found) > 1) else []


def _all_of(paths: list[str], net: Net, began: datetime | None, zone: tzinfo | None, o: ReplayOptions) -> int:
    """Many recordings in parallel; 1 if any of them failed."""
    status = screen(error=True)
    out = screen()
    files = net_files(o.net)
    starts = begins([named_time(PurePosixPath(p).stem, zone) for p in paths], began)
    todo = [
        Job(p, files, o.model, start, frozenset(), zone, side)
        for p, start in zip(paths, starts, strict=True)
        for side in _sides(p, o.raw.side)
    ]
    if any(named and not named[1] for named in (named_time(PurePosixPath(p).stem, zone) for p in paths)):
        status.print(_assumed(zone), style="yellow")
    started, seconds, faults, known = time.monotonic(), 0.0, 0, 0
    columns = (TextColumn("{task.completed}/{task.total}"), BarColumn(), TimeRemainingColumn())
    with (
        Journal(o.journal or "sqlite://") as journal,
        workers(o.jobs, o.scheduler, len(paths)) as (executor, n),
        Progress(*columns, console=status, transient=True, disable=not status.is_terminal) as progress,
    ):
        journal.claim()
        task = progress.add_task("recordings", total=len(paths))
        for done, events in replay_all(executor, n, todo, journal, o.again):
            progress.advance(task)
            seconds += done.seconds
            faults += bool(done.fault)
            known += done.known
            for told in (done.fault, *done.notes, "is in the journal already 已在日志中" if done.known else ""):
                if told:
                    status.print(f"{done.path}: {told}", style="yellow")
            maker = LineMaker()
            for event in events:
                _show(maker.line(event.fact(), event), out, net, o.as_json)
        took = time.monotonic() - started
        status.print(
            f"{len(paths) - faults - known} recordings, {seconds / 3600:.2f} h of audio in {took:.0f} s "
            f"({seconds / max(took, 1e-9):.0f} × real time, {n} at once); {known} known, {faults} not heard"
        )
        _written(o, journal, net, status)
    return int(faults > 0)


def _show(line: Line, out: Console, net: Net, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
        sys.stdout.flush()
    elif line["type"] not in HIDDEN:
        print_line(out, line, net)


def _one(
    source: AudioSource, ear: Ear, journal: Journal, began: datetime | None, o: ReplayOptions, status: Console
) -> Replayed:
    """Replay one source with live log lines and a summary."""
    net = ear.net
    known = (began or source.began) is not None
    if not known:
        status.print(
            f"{source.name}: nobody says when it was recorded; give --start. Times count from its beginning.",
            style="yellow",
        )
    started = time.monotonic()
    with _progress(source, o.as_json, status) as progress:
        task = progress.add_task(source.name, total=source.duration)
        out = screen() if progress.disable else progress.console

        before = len(journal)
        earlier = before if o.journal and isinstance(source, Recording) else 0

        def on_line(line: Line) -> None:
            _show(line | {"seq": line["seq"] + earlier}, out, net, o.as_json)

        def on_time(t: float) -> None:
            progress.update(task, completed=t)
            if o.realtime:
                time.sleep(max(0.0, started + t - time.monotonic()))

        if o.journal and isinstance(source, Recording):  # all or nothing
            with tempfile.TemporaryDirectory() as place, Journal(str(Path(place) / "log.sqlite")) as aside:
                result = replay(ear, aside, source, began, on_line, on_time)
                adopt(journal, *heard(aside))
        else:
            result = replay(ear, journal, source, began, on_line, on_time)
    for note in result.notes:
        status.print(f"{source.name}: {note}", style="yellow")
    if not o.as_json:
        took = time.monotonic() - started
        _summary(screen(), result, list(journal.events(after=before)), net, took)
    return result


def _assumed(zone: tzinfo | None) -> str:
    if zone is UTC:
        return "times in file names are taken as UTC 文件名中的时间按协调世界时 (UTC)"
    offset = datetime.now(zone).astimezone(zone).strftime("%z")
    return f"times in file names are taken as {offset} (the net's; --names-in utc otherwise) 文件名中的时间按本网时区"


def _sides(path: str, side: str) -> tuple[str, ...]:
    """See ``sides_of``; a recording that cannot be examined here is left to the worker to report."""
    try:
        return (side if side != "both" else "",) if "://" in path else sides_of(Path(path), side)
    except HuyingError:
        return ("",)


def _sources(o: ReplayOptions, began: datetime | None, zone: tzinfo | None, unheard: list[str]) -> list[AudioSource]:
    """``unheard`` collects those of several that cannot be opened."""
    if "-" in o.paths:
        if len(o.paths) > 1:
            raise HuyingError("- (standard input) cannot be mixed with files")
        told = screen(error=True)
        return [
            RawStream(sys.stdin.buffer, o.raw, "stdin", began, notice=lambda _k, text: told.print(text, style="yellow"))
        ]
    paths, found = find_recordings([Path(p) for p in o.paths]), []
    for path in paths:
        try:
            found += [open_recording(path, None, zone, side) for side in sides_of(path, o.raw.side)]
        except HuyingError as e:
            if len(paths) == 1:
                raise
            unheard.append(str(path))
            screen(error=True).print(str(e), style="yellow")
    starts = begins([(r.began, True) if r.began else None for r in found], began)
    for recording, start in zip(found, starts, strict=True):
        recording.began = start
    if began is None and any(r.named and not r.named[1] for r in found):
        screen(error=True).print(_assumed(zone), style="yellow")
    return list(found)


def _refuse_known(journal: Journal, sources: list[AudioSource], o: ReplayOptions) -> None:
    """A recording may be logged only once, or the sheets would count it twice."""
    known = recordings_in(journal)
    for s in sources:
        if isinstance(s, Recording) and (seq := known.get(s.sha256)):
            raise HuyingError(f"{s.name} is in {o.journal} already (event {seq}); --again logs it once more")


def _progress(source: AudioSource, quiet: bool, status: Console) -> Progress:
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    # On a terminal the bar stays below the lines; elsewhere (a file, a pipe) it would be noise.
    return Progress(
        *columns,
        TimeRemainingColumn(),
        console=status,
        transient=True,
        disable=quiet or not status.is_terminal or source.duration is None,
    )


def _summary(out: Console, result: Replayed, events: list[Event], net: Net, took: float) -> None:
    """What the journal holds of a recording: counted as the roll sheet counts it."""
    english = language() == "en"
    overs, review = sum(e.kind == "over" for e in events), len(open_reviews(events))
    speed = result.duration / took if took > 0 else 0.0
    told = f"{overs} overs; {review} for review." if english else f"{overs} 次发话; 请复核 {review} 处。"
    out.print(f"\n{told}", style="bold")
    for line, style in attendance_lines(sessions(events), Heading.of(net, english=english)):
        out.print(line, style=style)
    out.print(f"{result.duration:.0f} s of audio in {took:.1f} s ({speed:.0f} × real time)", style="dim")


def _compare(labels: Labels, result: Replayed, net: Net, status: Console) -> bool:
    differences = compare(labels, result.lines, result.duration, net).differences()
    for d in differences:
        status.print(difference_in_words(d, net), style="red")
    if not differences:
        alone = "" if labels.complete else " of their types"
        status.print(f"as expected: every labelled event is in the log, and nothing else{alone}", style="green")
    return not differences


def _written(o: ReplayOptions, journal: Journal, net: Net, status: Console) -> None:
    if o.sheet:
        sheet = sessions(journal.events())
        heading = Heading.of(net, journal.head, english=language() == "en")
        (write_html if o.sheet.suffix.lower() == ".html" else write_xlsx)(o.sheet, sheet, heading)
        status.print(f"roll sheet: {o.sheet}")
    if o.journal:
        status.print(f"journal: {len(journal)} events, head {journal.head}")
    elif not o.as_json:
        status.print("nothing was kept; --journal log.sqlite keeps the log and the clips", style="dim")
