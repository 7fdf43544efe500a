"""Several roll-calls: units × roll-calls on a landscape A4 page with space to sign; the rest is for the screen:
answer times, groups, months, all exchanges."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from voice.journal.rolls import (
    Column,
    Session,
    Share,
    UnitFigures,
    by_group,
    by_month,
    columns,
    unit_figures,
    waiting_time,
)
from voice.journal.sheets.heading import COLOURS, Heading
from voice.journal.wording import GRADE_NAMES, MEANING_NAMES, STANDING_NAMES, name_of

MAX_COLUMNS = 31
"""Roll-calls per page: one month."""

ROOM_MM = 141.0
"""Height available for the table on a landscape page."""


def overview_html(sheet: list[Session], heading: Heading) -> str:
    """One landscape page per MAX_COLUMNS roll-calls; everything else is shown on screen only."""
    h, every, rows = heading, columns(sheet), unit_figures(sheet)
    net = h.net or "、".join(dict.fromkeys(s.net for s in sheet if s.net))
    pages = [every[k : k + MAX_COLUMNS] for k in range(0, len(every), MAX_COLUMNS)] or [[]]
    line = max(3.2, min(5.6, ROOM_MM / (len(rows) + 1)))
    totals = (
        ("called", sum(r.calls for r in rows)), ("answered", sum(r.answered for r in rows)),
        ("late", sum(r.late for r in rows)), ("relayed", sum(r.relayed for r in rows)),
        ("unclear", sum(r.unclear for r in rows)), ("silent", sum(r.silent for r in rows)),
    )  # fmt: skip
    said = " · ".join(f"{h.t(key)} {n}" for key, n in totals if n or key not in ("relayed",))
    printed = "".join(
        f"""<section><h1>{h.t("overview")} <small>{escape(net)}</small></h1>
<p class="net">{_period(shown, h)} · {h.t("times", len(every))} · {said}</p>{_matrix(shown, rows, h)}
<p class="key">{_legend(h)}</p>
<p class="sign"><span>{h.t("officer")} {escape(h.officer) or "＿＿＿＿＿＿＿＿"}</span>
<span>{h.t("leader")} ＿＿＿＿＿＿＿＿</span><span>{h.t("date")} ＿＿＿＿＿＿＿＿</span></p>
<footer><span>{h.t("made from")}</span><span>{f"{h.t('proof')} {escape(h.head)}" if h.head else ""}</span>
<span>{h.t("page of", k, len(pages))}</span></footer></section>"""
        for k, shown in enumerate(pages, 1)
    )
    notes = "".join(f"<li>{h.when(s)} {escape(n)}</li>" for s in sheet for n in s.notes)
    faults = f"<h2>{h.t('faults')}</h2><ul>{notes}</ul>" if notes else ""
    return f"""<!doctype html>
<html lang="{"en" if h.english else "zh-CN"}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>{h.t("overview")} {escape(net)}</title>
<style>{MATRIX_CSS}{_CSS}
.roll td,.roll th{{height:{line:.2f}mm}}.roll{{font-size:{min(3.2, line * 0.62):.2f}mm}}</style>
</head><body>{printed}
<div class="screen"><h2>{h.t("answer times")}</h2><p>{h.t("dots")}</p>{_times_svg(rows, sheet, h)}
{summary_html(sheet, h)}{faults}<h2>{h.t("details")}</h2>{_details(every[-MAX_COLUMNS:], h)}</div></body></html>
"""


def matrix_html(sheet: list[Session], heading: Heading) -> str:
    """Units × roll-calls: attendance as colour and symbol, answer time below, totals at the side. Units most often
    silent come first."""
    worst = sorted(unit_figures(sheet), key=lambda r: (-r.silent, -r.unclear))
    return _matrix(columns(sheet)[-MAX_COLUMNS:], worst, heading)


def summary_html(sheet: list[Session], heading: Heading) -> str:
    """Attendance by group and month, proposed answer timeout, results of polls and alerts."""
    h = heading
    return (
        _waiting(sheet, h)
        + _shares(h.t("by group"), by_group(sheet, h.groups), h)
        + _shares(h.t("by month"), by_month(sheet, h.zone), h)
        + _outcomes([c for c in columns(sheet)[-MAX_COLUMNS:] if c.occasion.kind in ("poll", "alert")], h)
    )


def counts_in_words(counts: Mapping[str, int], english: bool = False) -> str:
    """``没有发现 37, 未答 3``."""
    return ", ".join(f"{name_of(STANDING_NAMES | MEANING_NAMES, k, english)} {n}" for k, n in counts.items())


def _period(shown: list[Column], h: Heading) -> str:
    if not shown:
        return "–"
    first, last = h.date(shown[0]), h.date(shown[-1])
    return first if first == last else f"{first} – {last}"


def _legend(h: Heading) -> str:
    signs = " ".join(
        f'<span class="cell {k}" style="background:{COLOURS[k]}">{h.sign(k)}</span> {h.standing(k)}'
        for k in COLOURS
        if k != "open"
    )
    return f"{signs} · {h.t('key')}"


def _matrix(shown: list[Column], rows: list[UnitFigures], h: Heading) -> str:
    head = "".join(
        f'<th title="{escape(h.title(c))}">{h.when(c, form="%m-%d")}<br><small>{h.when(c, form="%H:%M")}'
        + (f" {escape(h.title(c)[:8])}" if c.occasion.kind != "roll" else "")
        + "</small></th>"
        for c in shown
    )
    cells = [_cells(c, h) for c in shown]
    body = []
    for r in rows:
        row = "".join(by_unit.get(r.unit, '<td class="none"></td>') for by_unit in cells)
        share = f"{r.answered}/{r.calls}" if r.calls else h.standing("not_called")
        body.append(
            f'<tr><th class="unit">{escape(h.name(r.unit))}</th>{row}<td>{share}</td><td>{r.late or ""}</td>'
            f"<td>{r.silent or ''}</td><td>{r.unclear or ''}</td><td>{r.relayed or ''}</td>"
            f"<td>{h.seconds(r.median_s)}</td><td>{h.seconds(r.slow_s)}</td></tr>"
        )
    sums = "".join(f"<th>{h.t(k)}</th>" for k in
                   ("answered of", "late", "silent", "unclear", "relayed", "median s", "slow s"))  # fmt: skip
    return (
        f'<table class="roll"><thead><tr><th>{h.t("unit")}</th>{head}{sums}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table>"
    )


def _cells(column: Column, h: Heading) -> dict[str, str]:
    """Standing of every called unit in a column."""
    out = {}
    for unit, standing in column.attendance.standings.items():
        if standing == "not_called":
            continue
        call = column.call_of(unit)
        told = [h.standing(standing)]
        if call and call.latency_s is not None:
            told.append(h.t("seconds", call.latency_s))
        told += [h.t("by hand")] if unit in column.occasion.by_hand else []
        told += filter(None, [h.review(call) if call else ""])
        mark = "*" if call and call.review else ""
        time = f"<small>{call.latency_s:.1f}</small>" if call and call.latency_s is not None else ""
        out[unit] = (
            f'<td class="cell {standing}" style="background:{COLOURS[standing]}" title="{escape(", ".join(told))}">'
            f"{h.sign(standing)}{mark}{time}</td>"
        )
    return out


def _times_svg(rows: list[UnitFigures], sheet: list[Session], h: Heading) -> str:
    """One dot per answer, one bar per unit's median."""
    rows = [r for r in rows if r.median_s is not None]
    if not rows:
        return f"<p>{h.t('no times')}</p>"
    times: dict[str, list[float]] = {}
    for c in (c for s in sheet for c in s.calls):
        if c.latency_s is not None:
            times.setdefault(c.unit, []).append(c.latency_s)
    top = max(5.0, *(t for ts in times.values() for t in ts))
    left, width, step = 170, 520, 18
    height = step * len(rows) + 34
    x = [left + width * k / 5 for k in range(6)]
    label = h.t("answer times")
    out = [f'<svg viewBox="0 0 {left + width + 50} {height}" role="img" aria-label="{label}" class="times">']
    for k in range(6):
        out.append(f'<line x1="{x[k]:.0f}" y1="4" x2="{x[k]:.0f}" y2="{height - 26}" class="grid"/>')
        told = h.t("seconds", top * k / 5)
        out.append(f'<text x="{x[k]:.0f}" y="{height - 10}" text-anchor="middle">{told}</text>')
    for k, r in enumerate(rows):
        y = 4 + step * k + step / 2
        out.append(f'<text x="{left - 8}" y="{y + 4:.0f}" text-anchor="end">{escape(h.name(r.unit))}</text>')
        length = width * (r.median_s or 0) / top
        out.append(f'<rect x="{left}" y="{y - 5:.0f}" width="{length:.1f}" height="10" class="bar"/>')
        for t in times.get(r.unit, ()):
            out.append(f'<circle cx="{left + width * t / top:.1f}" cy="{y:.0f}" r="3"/>')
    return "".join(out) + "</svg>"


def _details(shown: list[Column], h: Heading) -> str:
    """All exchanges."""
    rows = []
    for column in shown:
        for c in column.calls:
            proxy = h.t("proxy", h.name(c.proxy) if c.proxy else h.t("nobody knows")) if c.proxy is not None else ""
            note = " ".join(filter(None, (h.review(c), proxy)))
            rows.append(
                f"<tr><td>{h.when(column, c.wall, '%m-%d %H:%M:%S')}</td><td>{escape(h.name(c.unit))}</td>"
                f'<td>{c.attempts}</td><td style="color:{COLOURS[c.result]}">{h.standing(c.result)}</td>'
                f"<td>{escape(c.text or (f'≈{c.guess}' if c.guess else ''))}</td><td>{h.seconds(c.latency_s)}</td>"
                f"<td>{name_of(GRADE_NAMES, c.grade, h.english)}</td><td>{escape(note)}</td></tr>"
            )
    keys = ("time", "unit", "attempts", "result", "text", "took", "grade", "note")
    head = "".join(f"<th>{h.t(k)}</th>" for k in keys)
    return f'<table class="details"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'


def _waiting(sheet: list[Session], h: Heading) -> str:
    """Proposed answer timeout."""
    proposed = waiting_time(sheet)
    if proposed is None:
        return ""
    now = h.t("now set", h.timeout_s) if h.timeout_s else ""
    return f"<p>{h.t('waiting', proposed, now)}</p>"


def _shares(title: str, shares: list[Share], h: Heading) -> str:
    """Attendance by group or month; empty if there is only one."""
    if len(shares) < 2:
        return ""
    rows = "".join(
        f"<tr><th class='unit'>{escape(s.name or '—')}</th><td>{s.calls}</td><td>{s.answered}</td>"
        f"<td>{s.answered / s.calls:.0%}</td><td>{h.seconds(s.median_s)}</td><td>{h.seconds(s.slow_s)}</td></tr>"
        for s in shares
    )
    head = "".join(f"<th>{h.t(k)}</th>" for k in ("calls", "answered", "share", "median s", "slow s"))
    return f"<h2>{title}</h2><table><thead><tr><th></th>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _outcomes(shown: list[Column], h: Heading) -> str:
    """Results of polls and alerts."""
    rows = "".join(
        f"<tr><td>{h.when(c)}</td><td>{escape(h.title(c))}</td>"
        f"<td>{escape(counts_in_words(c.occasion.outcome(), h.english))}</td></tr>"
        for c in shown
    )
    head = "".join(f"<th>{h.t(k)}</th>" for k in ("time", "content", "answers"))
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    return f"<h2>{h.t('outcomes')}</h2>{table}" if rows else ""


MATRIX_CSS = """
.roll{border-collapse:collapse}.roll th,.roll td{border:1px solid #bbb;padding:0 4px;white-space:nowrap}
.roll small{font-weight:400;font-size:.82em;margin-left:2px}.roll thead th{background:#eee;color:#111;line-height:1.15}
.roll th.unit{font-weight:400;text-align:left}
.cell.answered{background:#e4f2e5!important;color:#1b5e20}
.cell{color:#fff;text-align:center;font-weight:700;min-width:1.6em;padding:0 4px;line-height:1.15;
-webkit-print-color-adjust:exact;print-color-adjust:exact}
"""
_CSS = """
@page{size:A4 landscape;margin:9mm 10mm}
body{font:3.4mm/1.35 "Noto Sans CJK SC","Microsoft YaHei","PingFang SC",sans-serif;color:#111;margin:0}
@media screen{body{padding:6mm}}
section{break-after:page}section:last-of-type{break-after:auto}
h1{font-size:6mm;margin:0}h1 small{font-weight:400;font-size:4.2mm;margin-left:4mm}h2{margin:1.4em 0 .4em}
.net,.key{color:#333;margin:1mm 0 1.5mm;font-size:3.2mm}.roll{width:100%}.roll tr{break-inside:avoid}
table{border-collapse:collapse}th,td{border:1px solid #bbb;padding:1px 6px;text-align:left}thead th{background:#eee}
.times{max-width:740px;display:block}.times text{font-size:11px;fill:#333}
.times .grid{stroke:#ddd}.times .bar{fill:#90caf9}.times circle{fill:#0d47a1}
.sign{display:flex;justify-content:space-between;margin:4mm 8mm 2mm 0}
footer{display:flex;justify-content:space-between;border-top:.2mm solid #999;padding-top:.6mm;
font-size:2.4mm;color:#555}
@media print{.screen{display:none}}
"""
