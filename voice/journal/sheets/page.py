"""One roll-call on one portrait A4 page: missing units first, then all units in two columns, with space to sign."""

from __future__ import annotations

from html import escape

from voice.journal.rolls import Call, Column, Session, columns
from voice.journal.sheets.heading import COLOURS, Heading, width_of
from voice.journal.wording import MEANING_NAMES, listed, name_of

FULL_MM = 7.8
"""Row height of the table if space allows."""
LEAST_MM = 3.5
"""Smallest legible row height; units that do not fit go to a second page."""
ROOM_MM = 196.0
"""Space for the table and the names of missing units."""
GUESSED = 40
"""Characters of dictated text (≈) shown for a unit that was not understood."""
NOTE_MM, NOTE_LETTERS = 4.4, 110
"""Line height of the notes below the table, and Latin letters in a line."""
BESIDES = 4
"""Most other occasions of the period listed."""


def page_html(column: Column, sheet: list[Session], heading: Heading) -> str:
    """The page; ``sheet``: other events of the period are listed at its end."""
    h, count = heading, column.attendance
    net = h.net or column.net
    lacking, doubts = _lacking(column, h), _doubts(column, h)
    rows = [u for u in count.units if column.occasion.kind != "calls" or u in count.called]
    half = max(1, -(-len(rows) // 2))
    letters = 2.9 if h.english else 3.4
    line = max(LEAST_MM, min(FULL_MM, (ROOM_MM - 7.0 * len(lacking) - _height(doubts, h)) / (half + 1)))
    title = h.t("roll sheet") if column.occasion.kind == "roll" else h.title(column)
    open_ = f'<p class="open">{h.t("incomplete")}</p>' if column.occasion.kind == "roll" and not _over(column) else ""
    return f"""<!doctype html>
<html lang="{"en" if h.english else "zh-CN"}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>{escape(title)} {escape(net)} {h.when(column)}</title>
<style>{CSS}
{ENGLISH if h.english else ""}
.units td,.units th{{height:{line:.2f}mm}}.units{{font-size:{min(letters, line * 0.62):.2f}mm}}</style></head><body>
<header><h1>{escape(title)}</h1><div class="net">{escape(net)}</div></header>
<div class="facts"><span><b>{h.t("date")}</b> {h.date(column)}</span>
<span><b>{h.t("time")}</b> {_span(column, h)}</span>
<span><b>{h.t("officer")}</b> {escape(h.officer) or "＿＿＿＿＿＿"}</span></div>{open_}
<div class="counts">{_counts(column, h)}</div>
{"".join(lacking) or f'<p class="lacking fine">✓ {h.t("all answered")}</p>'}
<div class="two">{_table(column, rows[:half], h)}{_table(column, rows[half:], h)}</div>
{_starred(doubts, h)}
{_besides(column, sheet, h)}
<p class="sign"><span>{h.t("officer")} {h.t("signature")} ＿＿＿＿＿＿＿＿</span>
<span>{h.t("leader")} ＿＿＿＿＿＿＿＿</span>
<span>{h.t("date")} ＿＿＿＿＿＿＿＿</span></p>
<footer><span>{h.t("made from")}</span><span class="proof">{f"{h.t('proof')} {escape(h.head)}" if h.head else ""}</span>
<span class="page">{h.t("page of", 1, 1) if line > LEAST_MM else ""}</span></footer></body></html>
"""


def _over(column: Column) -> bool:
    return column.occasion.ended or not column.attendance.of("open")


def _span(column: Column, h: Heading) -> str:
    """From first call to last."""
    if column.clock != "known" or not column.calls:
        return h.when(column, form="%H:%M")
    first, last = h.when(column, form="%H:%M"), h.when(column, max(c.wall for c in column.calls), "%H:%M")
    return first if first == last else f"{first}–{last}"


def _counts(column: Column, h: Heading) -> str:
    """Figures of the attendance count."""
    return "".join(
        f'<div class="count"{f""" style="color:{COLOURS[key]}" """ if key in COLOURS and value else ""}>'
        f"<b>{value}</b><span>{h.t(key)}</span></div>"
        for key, value in h.figures(column)
    )


def _lacking(column: Column, h: Heading) -> list[str]:
    """Names of silent units first, then unclear, then relayed."""
    out = []
    for key, units in h.lacking(column):
        names = listed((_named(column, u, h) for u in units), h.english)
        head = f'<b style="color:{COLOURS[key]}">{h.t(key)} {len(units)}</b>'
        out.append(f'<p class="lacking">{head} {names}</p>')
    return out


def _named(column: Column, unit: str, h: Heading) -> str:
    """A missing unit: name, officer's phone, dictated text."""
    call = column.call_of(unit)
    beside = [escape(h.phones.get(unit, "")), f"≈{escape(call.guess[:GUESSED])}" if call and call.guess else ""]
    return escape(h.name(unit)) + "".join(f" <small>{x}</small>" for x in beside if x)


def _table(column: Column, rows: list[str], h: Heading) -> str:
    body = "".join(_row(column, u, h) for u in rows)
    head = "".join(f"<th>{h.t(k)}</th>" for k in ("unit", "result", "time", "took", "said"))
    return f'<table class="units"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _row(column: Column, unit: str, h: Heading) -> str:
    standing = column.attendance.standings[unit]
    call = column.call_of(unit)
    by_hand = unit in column.occasion.by_hand
    colour = COLOURS.get(standing, "#757575")
    sign = h.standing(standing)
    if standing != "not_called" and not h.sign(standing).isalpha():  # 迟 and 代 say nothing that 迟到 and 代答 do not
        sign = f"{h.sign(standing)} {sign}"
    at = h.when(column, call.wall, "%H:%M") if call and column.clock == "known" else ""
    return (
        f"<tr><td>{escape(h.name(unit))}</td><td style='color:{colour};font-weight:700'>{sign}</td><td>{at}</td>"
        f"<td>{h.seconds(call.latency_s) if call else ''}</td>"
        f"<td>{escape(_said(column, unit, call, by_hand, h))}</td></tr>"
    )


def _said(column: Column, unit: str, call: Call | None, by_hand: bool, h: Heading) -> str:
    """Meaning of the answer; who answered for it; transcript, if a person listened; marks for manual entry and
    review."""
    occasion = column.occasion
    parts = [name_of(MEANING_NAMES, occasion.by_hand.get(unit) or occasion.answers.get(unit, ""), h.english)]
    if call and call.proxy is not None and unit in column.attendance.relayed:
        parts.append(h.name(call.proxy) if call.proxy else h.t("nobody knows"))
    parts += [f"“{call.said}”"] if call and call.said else []
    parts += ["†"] if by_hand else []
    parts += ["*"] if call and _is_doubtful(column, call) else []
    return " ".join(p for p in parts if p)


def _doubts(column: Column, h: Heading) -> list[tuple[str, str]]:
    """Units with a star, and why."""
    calls = (column.call_of(u) for u in column.attendance.units)
    return [(h.name(c.unit), h.why(c)) for c in calls if c and _is_doubtful(column, c)]


def _starred(doubts: list[tuple[str, str]], h: Heading) -> str:
    told = " · ".join(f"<b>{escape(unit)}</b> {escape(why)}" for unit, why in doubts)
    return f'<p class="besides">* {h.t("review")}: {told}</p>' if doubts else ""


def _is_doubtful(column: Column, call: Call) -> bool:
    """For review, and a person has not set it."""
    return call.review and call.unit not in column.occasion.by_hand


def _height(doubts: list[tuple[str, str]], h: Heading) -> float:
    """Space that they take, mm."""
    letters = sum(width_of(f"{unit} {why} · ") for unit, why in doubts)
    return NOTE_MM * -(-(letters + width_of(h.t("review"))) // NOTE_LETTERS) if doubts else 0.0


def _besides(column: Column, sheet: list[Session], h: Heading) -> str:
    """Polls, alerts and calls of the same period, one per line."""
    others = [c for c in columns(sheet) if c is not column]
    keys = [f"† {h.t('by hand')}"] if column.occasion.by_hand else []
    keys += [f"≈ {h.t('dictated')}"] if any(c.guess for c in column.calls) else []
    review = f'<p class="besides">{" · ".join(keys)}</p>' if keys else ""
    if not others:
        return review
    told = [
        f"{h.when(c, form='%H:%M')} {escape(h.title(c)[:30])} {len(c.attendance.answered)}/{len(c.attendance.called)}"
        for c in others[:BESIDES]
    ]
    more = [h.t("more", len(others) - BESIDES)] if len(others) > BESIDES else []
    return f'{review}<p class="besides">{h.t("besides")}: {"; ".join(told + more)}</p>'


CSS = """
@page{size:A4 portrait;margin:11mm 12mm}
*{box-sizing:border-box}
body{font:3.6mm/1.35 "Noto Sans CJK SC","Microsoft YaHei","PingFang SC",sans-serif;color:#111;margin:0 auto;
max-width:186mm;-webkit-print-color-adjust:exact;print-color-adjust:exact}
@media screen{body{padding:8mm}}
header{display:flex;align-items:baseline;gap:6mm;border-bottom:.6mm solid #111;padding-bottom:1mm}
h1{font-size:7mm;margin:0}.net{font-size:4.6mm}
.facts{display:flex;gap:8mm;flex-wrap:wrap;margin:2mm 0}
.counts{display:flex;gap:3mm;margin:1mm 0 2mm}
.count{flex:1;border:.3mm solid #999;border-radius:1mm;text-align:center;padding:.6mm 0}
.count b{display:block;font-size:6.4mm;line-height:1.15}.count span{font-size:3.1mm;color:#333}
.lacking{margin:.8mm 0;padding:.8mm 2mm;border-left:1mm solid currentColor;line-height:1.4}
.lacking small{color:#333}.fine{color:#1b7f3b;font-weight:700}.open{color:#8a6a00;font-weight:700;margin:1mm 0}
.two{display:flex;gap:3mm;align-items:flex-start;margin-top:2mm}
.units{border-collapse:collapse;flex:1;width:50%;table-layout:fixed}
.units th,.units td{border:.2mm solid #999;padding:0 .9mm;text-align:left;white-space:nowrap;overflow:hidden;
text-overflow:ellipsis;line-height:1.1}
.units th{background:#eee}.units tr{break-inside:avoid}
.units th:nth-child(1){width:35.5%}.units th:nth-child(2){width:19%}.units th:nth-child(3){width:13%}
.units th:nth-child(4){width:11.5%}.units td:nth-child(5){white-space:normal;font-size:.9em;line-height:1}
.besides{margin:1.5mm 0 0;font-size:3.2mm;color:#333}
.sign{display:flex;justify-content:space-between;margin:6mm 0 2mm}
footer{display:flex;justify-content:space-between;gap:4mm;border-top:.2mm solid #999;padding-top:.8mm;
font-size:2.4mm;color:#555}.proof{overflow-wrap:anywhere}
"""
ENGLISH = """.units th:nth-child(1){width:31%}.units th:nth-child(2){width:25%}.units th:nth-child(3){width:11.5%}
.units th:nth-child(4){width:8%}
"""
"""Column widths per language: result words differ in length."""
