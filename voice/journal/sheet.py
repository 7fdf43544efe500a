"""The roll sheet: a page to print and a workbook. Both show attendance and answer times as pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from html import escape
from pathlib import Path

from voice.errors import HuyingError
from voice.journal.rolls import (
    Call,
    Column,
    Session,
    Share,
    UnitFigures,
    by_group,
    by_month,
    columns,
    figures,
    waiting_time,
)
from voice.journal.wording import MEANINGS
from voice.net.cells import safe
from voice.net.loading import Net
from voice.time import parse_wall

Name = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Heading:
    """What a sheet says beside its figures."""

    name: Name
    """Of a unit."""
    zone: tzinfo | None = None
    """Times are shown in it; None: this machine's own."""
    groups: Mapping[str, str] = field(default_factory=dict)
    """Unit → its group."""
    timeout_s: float | None = None
    """The waiting time that is set."""
    head: str = ""
    """Hash of the journal's last event: printed, it proves later that nothing was cut off."""

    @staticmethod
    def of(net: Net, head: str = "") -> Heading:
        """With the names and times of a net."""
        groups = {u.id: u.group for u in net.units}
        return Heading(net.name_of, net.settings.zone, groups, net.settings.timing.answer_timeout_s, head)


RESULT_NAMES = {
    "answered": "已答",
    "late": "迟到",
    "relayed": "代答",
    "unclear": "听不清",
    "silent": "未答",
    "undetermined": "未定",
    "open": "进行中",
    "not_called": "未呼叫",
}
COLOURS = {
    "answered": "#2e7d32",
    "late": "#f9a825",
    "unclear": "#1565c0",
    "silent": "#c62828",
    "undetermined": "#9e9e9e",
    "open": "#9e9e9e",
    "relayed": "#6a5acd",
}
SIGNS = {
    "answered": "✓",
    "late": "迟",
    "relayed": "代",
    "unclear": "?",
    "silent": "✗",
    "undetermined": "–",
    "open": "…",
}
GRADES = {"call_sign": "报呼号", "burst": "信令", "slot": "应答时隙", "human": "人工"}
MAX_COLUMNS = 31
"""Roll-calls on a page: a month."""


def _when(s: Session | Column, zone: tzinfo | None, wall: str | None = None, form: str = "%m-%d %H:%M") -> str:
    if s.clock != "known":
        return "日期不明"
    return parse_wall(wall or s.began).astimezone(zone).strftime(form)


def title_of(column: Column) -> str:
    """What a column of the sheet is."""
    names = {"roll": "点名", "poll": "询问", "alert": "通知", "calls": "呼叫"}
    words = column.occasion.words
    return names[column.occasion.kind] + (f": {words}" if words else "")


def _cell(column: Column, unit: str) -> str:
    """How a unit stands in a column."""
    calls: list[Call] = [c for c in column.calls if c.unit == unit]
    standing, best = column.attendance.standings.get(unit, "not_called"), column.call_of(unit)
    if standing == "not_called" or best is None:
        return '<td class="none"></td>'
    tip = "; ".join(
        f"{RESULT_NAMES[c.result]}" + (f" {c.latency_s:.1f} 秒" if c.latency_s is not None else "") for c in calls
    )
    mark = "*" if any(c.review for c in calls) else ""
    style = f"background:{COLOURS[standing]}"
    time = f"<br><small>{best.latency_s:.1f}</small>" if best.latency_s is not None else ""
    return f'<td class="cell" style="{style}" title="{escape(tip)}">{SIGNS[standing]}{mark}{time}</td>'


def _times_svg(rows: list[UnitFigures], sheet: list[Session], name: Name) -> str:
    """A dot for every answer, a bar for each unit's median."""
    rows = [r for r in rows if r.median_s is not None]
    if not rows:
        return "<p>没有回答时间可画。</p>"
    times: dict[str, list[float]] = {r.unit: [] for r in rows}
    for c in (c for s in sheet for c in s.calls):
        if c.latency_s is not None:
            times[c.unit].append(c.latency_s)
    top = max(5.0, *(t for ts in times.values() for t in ts))
    left, width, step = 170, 520, 18
    height = step * len(rows) + 34
    x = [left + width * k / 5 for k in range(6)]
    out = [f'<svg viewBox="0 0 {left + width + 50} {height}" role="img" aria-label="回答时间" class="times">']
    for k in range(6):
        out.append(f'<line x1="{x[k]:.0f}" y1="4" x2="{x[k]:.0f}" y2="{height - 26}" class="grid"/>')
        out.append(f'<text x="{x[k]:.0f}" y="{height - 10}" text-anchor="middle">{top * k / 5:.1f} 秒</text>')
    for k, r in enumerate(rows):
        y = 4 + step * k + step / 2
        out.append(f'<text x="{left - 8}" y="{y + 4:.0f}" text-anchor="end">{escape(name(r.unit))}</text>')
        length = width * (r.median_s or 0) / top
        out.append(f'<rect x="{left}" y="{y - 5:.0f}" width="{length:.1f}" height="10" class="bar"/>')
        for t in times[r.unit]:
            out.append(f'<circle cx="{left + width * t / top:.1f}" cy="{y:.0f}" r="3"/>')
    return "".join(out) + "</svg>"


def matrix_html(sheet: list[Session], heading: Heading) -> str:
    """Units × roll-calls: presence as colour and sign, answer time beneath; beside them what it comes to."""
    shown = columns(sheet)[-MAX_COLUMNS:]
    head = "".join(
        f'<th title="{escape(title_of(s))}">{_when(s, heading.zone)}<br><small>{escape(title_of(s)[:8])}</small></th>'
        for s in shown
    )
    body = []
    for r in figures(sheet):
        row = "".join(_cell(column, r.unit) for column in shown)
        share = f"{r.answered}/{r.calls}" if r.calls else "未呼叫"
        body.append(
            f'<tr><th class="unit">{escape(heading.name(r.unit))}</th>{row}<td>{share}</td><td>{r.silent or ""}</td>'
            f"<td>{r.unclear or ''}</td><td>{_seconds(r.median_s)}</td><td>{_seconds(r.slow_s)}</td></tr>"
        )
    return (
        f'<table class="roll"><thead><tr><th>单位</th>{head}<th>答/呼</th><th>未答</th><th>听不清</th><th>中位秒</th>'
        f"<th>九成秒</th></tr></thead><tbody>{''.join(body)}</tbody></table>"
    )


def summary_html(sheet: list[Session], heading: Heading) -> str:
    """Attendance by group and month, the waiting time that the answers propose, what polls and alerts came to."""
    return (
        _waiting(sheet, heading)
        + _shares("按组别", by_group(sheet, heading.groups))
        + _shares("按月", by_month(sheet, heading.zone))
        + _outcomes([s for s in columns(sheet)[-MAX_COLUMNS:] if s.occasion.kind in ("poll", "alert")], heading.zone)
    )


def html_sheet(sheet: list[Session], heading: Heading, title: str = "点名表") -> str:
    """A page that needs nothing else: prints on A4, reads without colours too."""
    name, zone = heading.name, heading.zone
    every = columns(sheet)
    shown = every[-MAX_COLUMNS:]
    rows = figures(sheet)
    called = [r for r in rows if r.calls]
    details = []
    for s in shown:
        for c in s.calls:
            answer = f"{c.latency_s:.1f} 秒" if c.latency_s is not None else ""
            proxy = f"代答: {escape(name(c.proxy)) if c.proxy else '不明'}" if c.proxy is not None else ""
            note = ("请复核 " if c.review else "") + proxy
            at = _when(s, zone, c.wall, "%m-%d %H:%M:%S")
            details.append(
                f"<tr><td>{at}</td><td>{escape(name(c.unit))}</td><td>{c.attempts}</td>"
                f'<td style="color:{COLOURS[c.result]}">{RESULT_NAMES[c.result]}</td><td>{escape(c.text)}</td>'
                f"<td>{answer}</td><td>{GRADES.get(c.grade, '')}</td><td>{note}</td></tr>"
            )
    key = " ".join(
        f'<span class="cell" style="background:{COLOURS[k]}">{SIGNS[k]}</span> {RESULT_NAMES[k]}'
        for k in COLOURS
        if k != "open"
    )
    notes = "".join(f"<li>{_when(s, zone)} {escape(n)}</li>" for s in sheet[-MAX_COLUMNS:] for n in s.notes)
    left_out = f"<p>只显示最近 {MAX_COLUMNS} 次,合计含全部 {len(every)} 次。</p>" if len(every) > len(shown) else ""
    answered = sum(r.answered for r in rows)
    total = sum(r.calls for r in rows)
    proof = f"<br>日志末条校验值 {escape(heading.head)}" if heading.head else ""
    nets = "、".join(dict.fromkeys(s.net for s in sheet))
    return f"""<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{escape(title)} {escape(nets)}</title><style>{_CSS}{MATRIX_CSS}</style></head><body>
<h1>{escape(title)}</h1><p class="net">{escape(nets)} · {len(every)} 次 · 呼叫 {total} · 回答 {answered} ·
未答 {sum(r.silent for r in rows)} · 听不清 {sum(r.unclear for r in rows)}</p>
<p class="key">{key} · 代 别的单位代答 · * 请复核</p>{left_out}
{matrix_html(sheet, heading)}
<h2>回答时间</h2><p>圆点是每次回答,横条是中位数。</p>{_times_svg(called, sheet, name)}
{summary_html(sheet, heading)}<h2>明细</h2>
<table class="details"><thead><tr><th>时间</th><th>单位</th><th>呼叫次数</th><th>结果</th><th>原话</th>
<th>用时</th><th>依据</th><th>备注</th></tr></thead><tbody>{"".join(details)}</tbody></table>
{f"<h2>录音问题</h2><ul>{notes}</ul>" if notes else ""}
<p class="sign">值班员 ＿＿＿＿＿＿＿＿　　负责人 ＿＿＿＿＿＿＿＿　　日期 ＿＿＿＿＿＿＿＿</p>
<footer>呼应 Huying · 依据电台日志生成{proof}</footer></body></html>
"""


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


def _waiting(sheet: list[Session], heading: Heading) -> str:
    """The waiting time that the answers propose."""
    proposed = waiting_time(sheet)
    if proposed is None:
        return ""
    now = f"(现设 {heading.timeout_s:g} 秒)" if heading.timeout_s else ""
    return f"<p>按这些回答, 等待时间 {proposed:g} 秒够用{now}: 百次回答里九十七次在一秒余量之内。</p>"


def _shares(title: str, shares: list[Share]) -> str:
    """Attendance of groups or months; nothing for a single one."""
    if len(shares) < 2:
        return ""
    rows = "".join(
        f"<tr><th class='unit'>{escape(s.name or '—')}</th><td>{s.calls}</td><td>{s.answered}</td>"
        f"<td>{s.answered / s.calls:.0%}</td><td>{_seconds(s.median_s)}</td><td>{_seconds(s.slow_s)}</td></tr>"
        for s in shares
    )
    head = "<th></th><th>呼叫</th><th>应答</th><th>到答率</th><th>中位秒</th><th>九成秒</th>"
    return f"<h2>{title}</h2><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _outcomes(shown: list[Column], zone: tzinfo | None) -> str:
    """What polls and alerts came to."""
    rows = "".join(
        f"<tr><td>{_when(s, zone)}</td><td>{escape(title_of(s))}</td>"
        f"<td>{escape(words_of(s.occasion.outcome()))}</td></tr>"
        for s in shown
    )
    head = "<th>时间</th><th>内容</th><th>回答</th>"
    return f"<h2>询问与通知</h2><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>" if rows else ""


def words_of(counts: Mapping[str, int]) -> str:
    """``没有发现 37, 未答 3``."""
    return ", ".join(f"{RESULT_NAMES.get(k) or MEANINGS.get(k) or k} {n}" for k, n in counts.items())


MATRIX_CSS = """
.roll{border-collapse:collapse}.roll th,.roll td{border:1px solid #ccc;padding:1px 6px;white-space:nowrap}
.roll small{font-weight:400;font-size:11px}.roll thead th{background:#f3f3f3;white-space:nowrap}
.roll th.unit{font-weight:400;white-space:nowrap;text-align:left}
.cell{color:#fff;text-align:center;font-weight:700;min-width:1.6em;padding:1px 5px;line-height:1.15;
-webkit-print-color-adjust:exact;print-color-adjust:exact}
.none{background:#fafafa}
"""
_CSS = """
body{font:14px/1.5 "Noto Sans CJK SC","Microsoft YaHei","PingFang SC",sans-serif;margin:2em;color:#222}
h1{margin:0}h2{margin:1.6em 0 .4em}.net,.key{color:#555;margin:.2em 0 .8em}
table{border-collapse:collapse}th,td{border:1px solid #ccc;padding:2px 7px;text-align:left}
thead th{background:#f3f3f3;font-weight:600}.times{max-width:740px;display:block}.times text{font-size:11px;fill:#333}
.times .grid{stroke:#ddd}.times .bar{fill:#90caf9}.times circle{fill:#0d47a1}
.sign{margin-top:3em}footer{margin-top:2em;color:#888;font-size:12px}
@media print{body{margin:0}h2{break-after:avoid}tr{break-inside:avoid}@page{size:A4 landscape;margin:12mm}}
"""


def write_html(path: Path, sheet: list[Session], heading: Heading) -> None:
    """Write the page."""
    try:
        path.write_text(html_sheet(sheet, heading), "utf-8")
    except OSError as e:
        raise HuyingError(f"{path}: cannot be written ({e.strerror})") from e


def write_xlsx(path: Path, sheet: list[Session], heading: Heading) -> None:
    """Four tables: 点名表 with coloured cells, 回答时间 with a chart, 比较 of months and groups, 明细."""
    from openpyxl import Workbook
    from openpyxl.chart import BarChart, Reference
    from openpyxl.styles import Alignment, Font, PatternFill

    name, zone = heading.name, heading.zone
    shown = columns(sheet)[-MAX_COLUMNS:]
    rows = figures(sheet)
    book = Workbook()
    del book[book.sheetnames[0]]
    roll = book.create_sheet("点名表")
    roll.append(
        ["编号", "单位", *(_when(s, zone) for s in shown), "呼叫", "回答", "迟到", "未答", "听不清", "中位秒", "九成秒"]
    )
    for r in rows:
        cells = []
        for s in shown:
            standing = s.attendance.standings.get(r.unit, "not_called")
            cells.append(RESULT_NAMES[standing] if standing != "not_called" else "")
        roll.append(
            [
                safe(r.unit),
                safe(name(r.unit)),
                *cells,
                r.calls,
                r.answered,
                r.late,
                r.silent,
                r.unclear,
                r.median_s,
                r.slow_s,
            ]
        )
    fills = {RESULT_NAMES[k]: PatternFill("solid", fgColor=v[1:]) for k, v in COLOURS.items()}
    for line in roll.iter_rows(min_row=2, min_col=3, max_col=2 + len(shown)):
        for cell in line:
            if str(cell.value) in fills:
                cell.fill, cell.font = fills[str(cell.value)], Font(color="FFFFFF")
                cell.alignment = Alignment(horizontal="center")
    roll.freeze_panes = "C2"
    roll.column_dimensions["B"].width = 24

    times = book.create_sheet("回答时间")
    times.append(["单位", "中位数(秒)"])
    timed = [r for r in rows if r.median_s is not None]
    for r in timed:
        times.append([safe(name(r.unit)), r.median_s])
    if timed:
        chart = BarChart()
        chart.type, chart.title, chart.legend = "bar", "回答时间 中位数(秒)", None
        chart.add_data(Reference(times, min_col=2, min_row=2, max_row=len(timed) + 1))
        chart.set_categories(Reference(times, min_col=1, min_row=2, max_row=len(timed) + 1))
        chart.height, chart.width = max(7.0, 0.6 * len(timed)), 18
        times.add_chart(chart, "D2")
    times.column_dimensions["A"].width = 24

    shares = book.create_sheet("比较")
    shares.append(["", "呼叫", "应答", "到答率", "中位秒", "九成秒"])
    for share in (*by_month(sheet, zone), *by_group(sheet, heading.groups)):
        shares.append(
            [
                safe(share.name or "—"),
                share.calls,
                share.answered,
                round(share.answered / share.calls, 3),
                share.median_s,
                share.slow_s,
            ]
        )

    details = book.create_sheet("明细")
    details.append("时间 编号 单位 呼叫次数 结果 回答 原话 用时(秒) 依据 请复核 代答 录音".split())
    for session in sheet:
        for c in session.calls:
            details.append(
                [
                    _when(session, zone, c.wall, "%Y-%m-%d %H:%M:%S"),
                    safe(c.unit),
                    safe(name(c.unit)),
                    c.attempts,
                    RESULT_NAMES[c.result],
                    c.meaning,
                    safe(c.text),
                    c.latency_s,
                    GRADES.get(c.grade, ""),
                    "是" if c.review else "",
                    safe(name(c.proxy) if c.proxy else ""),
                    c.clip,
                ]
            )
    for column, wide in zip("ACG", (20, 24, 40), strict=True):
        details.column_dimensions[column].width = wide
    for page in book.worksheets:
        for cell in page[1]:
            cell.font = Font(bold=True)
    try:
        book.save(path)
    except OSError as e:
        raise HuyingError(f"{path}: cannot be written ({e.strerror}); is it open in another program?") from e
