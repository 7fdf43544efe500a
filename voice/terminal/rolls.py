"""Roll sheets and incidents as tables on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.table import Table

from voice.journal.incidents import Missed
from voice.journal.rolls import Session, columns, unit_figures
from voice.journal.sheets import Heading
from voice.journal.wording import clock, listed, note_in
from voice.language import language
from voice.net.loading import Net
from voice.talk.incidents import Incident

TITLE = ("点名表 ({} 次)", "Roll sheet (roll-calls: {})")
COLUMNS = (
    ("单位", "呼", "答", "其中迟到", "未答", "听不清", "代答", "中位秒"),
    ("unit", "calls", "ans.", "late", "no ans.", "unclear", "spoken for", "median s"),
)


def _half(both: str) -> str:
    """The reader's half of a bilingual title."""
    english, _, chinese = both.rpartition(" ")
    return english if english and language() == "en" else chinese


def roll_table(sheet: list[Session], names: Net) -> Table:
    """Who answered, how often, and answer times."""
    english, n = language() == "en", len(columns(sheet))
    table = Table(title=TITLE[english].format(n), padding=(0, 0), collapse_padding=True)
    for name in COLUMNS[english]:
        table.add_column(name, no_wrap=True)
    table.add_column("", no_wrap=True, overflow="crop")  # on a narrow terminal the bars shrink first
    rows = unit_figures(sheet)
    longest = max((r.median_s or 0.0 for r in rows), default=0.0) or 1.0
    for r in rows:
        if r.calls:
            marks = (r.answered, r.late, r.silent, r.unclear, r.relayed)
            style = "red" if r.silent else "yellow" if r.late or r.unclear else "green"
            bar = "█" * round(10 * (r.median_s or 0.0) / longest)
            time = f"{r.median_s:.1f}" if r.median_s is not None else ""
            table.add_row(names.name_of(r.unit), str(r.calls), *(str(m or "") for m in marks), time, bar, style=style)
    return table


MOST_COUNTED = 7
"""Most occasions whose figures are printed beside the table: a week of mornings."""


def attendance_lines(sheet: Iterable[Session], heading: Heading) -> Iterator[tuple[str, str]]:
    """Each of the latest roll-calls, polls and alerts in one line, below it who is lacking: text and style."""
    h = heading
    for column in columns(sheet)[-MOST_COUNTED:]:
        figures = ", ".join(f"{h.t(key).lower()} {n}" for key, n in h.figures(column))
        yield f"{h.title(column)} {h.when(column)}: {figures}", "bold"
        for key, units in h.lacking(column):
            yield f"{h.t(key)}: {listed(map(h.name, units), h.english)}", "red" if key == "silent" else "yellow"


def incident_table(found: Iterable[Incident], names: Net) -> Table:
    """One row per incident: who reported, who set out, who arrived first, and response times."""
    names_of = ("no. 序号", "time 时间", "unit 单位", "report 报告", "on the way 出发", "arrived 到达")
    table = Table(*map(_half, names_of), title=_half("incidents 警情"))
    for i in found:
        told = (i.words or f"[{i.pinyin}]") + (f" ≈{i.guess}" if i.guess else "")
        table.add_row(
            str(i.seq),
            clock(i.wall, names.settings.zone),
            names.name_of(i.unit) or "?",
            told,
            _times(i.on_the_way, names),
            _times(i.arrived, names),
        )
    return table


def missed_table(found: Iterable[Missed], names: Net) -> Table:
    """Call-ins and reports nobody dealt with."""
    names_of = ("no. 序号", "time 时间", "unit 单位", "why 原因", "heard 听到")
    table = Table(*map(_half, names_of), title=_half("missed while away 未处理"))
    for m in found:
        table.add_row(
            str(m.seq),
            clock(m.wall, names.settings.zone),
            names.name_of(m.unit) or "?",
            note_in(m.why, language() != "zh"),
            m.text,
        )
    return table


def _times(times: dict[str, float], names: Net) -> str:
    """``贾岗社区治安队 1:45``, one per line, fastest first."""
    rows = sorted(times.items(), key=lambda kv: kv[1])
    return "\n".join(f"{names.name_of(u)} {int(s // 60)}:{int(s % 60):02d}" for u, s in rows)
