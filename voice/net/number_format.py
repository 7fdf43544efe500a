"""A number as the spreadsheet displays it: ISO/IEC 29500-1, 18.8.30 and 18.8.31 (number formats), as far as rosters
use them: digits with leading zeros, decimals, percentages, dates and times."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation

BUILT_IN = {
    1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 14: "yyyy-m-d", 15: "d-m-yy", 16: "d-m",
    17: "m-yy", 18: "h:mm", 19: "h:mm:ss", 20: "h:mm", 21: "h:mm:ss", 22: "yyyy-m-d h:mm", 45: "mm:ss",
    46: "h:mm:ss", 47: "mm:ss", 30: "m-d-yy", 36: "yyyy-m-d", 50: "yyyy-m-d", 57: "yyyy年m月",
    27: 'yyyy"年"m"月"', 28: 'm"月"d"日"', 29: 'm"月"d"日"', 31: 'yyyy"年"m"月"d"日"', 32: 'h"时"mm"分"',
    33: 'h"时"mm"分"ss"秒"', 34: 'h"时"mm"分"', 35: 'h"时"mm"分"ss"秒"', 51: 'm"月"d"日"', 52: 'yyyy"年"m"月"',
    53: 'm"月"d"日"', 54: 'm"月"d"日"', 55: 'h"时"mm"分"', 56: 'h"时"mm"分"ss"秒"', 58: 'm"月"d"日"',
}  # fmt: skip
"""numFmtId → format; ids from 27 on are those of the Chinese edition."""

PRECISE_DIGITS = 15
"""Significant digits of a spreadsheet number; further digits typed became 0."""

_LITERAL = re.compile(r'"([^"]*)"|\\(.)|_.|\*.|\[(?!(?:h+|m+|s+)\])[^\]]*\]')
_DATE_PART = re.compile(r"yyyy|yy|y|m{1,5}|d{1,4}|h{1,2}|s{1,2}|上午/下午|am/pm|a/p", re.IGNORECASE)


def shown(value: str, form: str, since_1904: bool = False) -> tuple[str, str, bool]:
    """(text, doubt, lost) of a stored number under a number format; ``form`` empty or ``General``: unformatted."""
    try:
        number = Decimal(value)
    except InvalidOperation:
        return value, "", False
    if not number.is_finite() or abs(number.adjusted()) > 300:
        return value, "is not a number", True
    section = _section(form, number)
    bare = _LITERAL.sub("", section)
    if re.search("[ymdhs]", bare, re.IGNORECASE) and bare.lower() != "general":
        return _date(number, section, since_1904)
    text = plain_number(number)
    digits = len(text.strip("-").replace(".", "").strip("0"))
    if number == number.to_integral() and digits >= PRECISE_DIGITS and len(text.strip("-")) > PRECISE_DIGITS:
        return text, f"has more than {PRECISE_DIGITS} digits, and a number keeps no more", True
    if bare.strip() in ("", "@") or bare.lower() == "general" or "e" in bare.lower() or "?/" in bare:
        return text, "", False
    return _digits(number, section), "", False


def plain_number(number: Decimal) -> str:
    """Without exponent or trailing decimal zeros; binary rounding errors are removed as in the display."""
    number = number.quantize(Decimal(1)) if number == number.to_integral() else Decimal(f"{number:.15g}")
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _section(form: str, number: Decimal) -> str:
    """The section of the format (positive;negative;zero) that applies to this number."""
    parts = re.split(r';(?=(?:[^"]*"[^"]*")*[^"]*$)', form)
    if number < 0 and len(parts) > 1:
        return parts[1]
    return parts[2] if number == 0 and len(parts) > 2 and parts[2] else parts[0]


def _digits(number: Decimal, section: str) -> str:
    """Digit placeholders filled from the right, literals kept in place."""
    pieces: list[str] = []
    at = 0
    for m in _LITERAL.finditer(section):
        pieces += [*section[at : m.start()], f"\0{m[1] or m[2] or ''}"]
        at = m.end()
    pieces += section[at:]
    if "%" in pieces:
        number *= 100
    whole, point = pieces, len(pieces)
    if "." in pieces:
        point = pieces.index(".")
        whole = pieces[:point]
    decimals = sum(p in "0#?" for p in pieces[point + 1 :]) if point < len(pieces) else 0
    rounded = f"{abs(number):.{decimals}f}"
    left, _, right = rounded.partition(".")
    if sum(p in ("0", "#", "?") for p in whole) == 0:
        return plain_number(number)
    out: list[str] = []
    rest = left if left != "0" or "0" in whole else ""
    first = next(k for k, p in enumerate(whole) if p in ("0", "#", "?"))
    for k in range(len(whole) - 1, -1, -1):
        p = whole[k]
        if p in ("0", "#", "?"):
            if k == first:
                out.append(rest or ("0" if p == "0" else ""))
            elif rest:
                out.append(rest[-1])
                rest = rest[:-1]
            elif p == "0":
                out.append("0")
        elif p.startswith("\0"):
            out.append(p[1:])
        elif p != ",":
            out.append(p)
    text = "".join(reversed(out))
    for p in pieces[point:]:
        if p in ("0", "#", "?"):
            digit, right = right[:1], right[1:]
            text += digit
        else:
            text += p.removeprefix("\0")
    return ("-" if number < 0 and "-" not in section else "") + text.strip()


def _date(number: Decimal, section: str, since_1904: bool) -> tuple[str, str, bool]:
    """Day 1 is 1900-01-01, with the fictitious 1900-02-29 counted; or day 0 is 1904-01-01."""
    days = float(number)
    if not 0 <= days < 2_958_466:
        return plain_number(number), "is formatted as a date, but is none", True
    epoch = datetime(1904, 1, 1) if since_1904 else datetime(1899, 12, 30 if days >= 60 else 31)
    moment = epoch + timedelta(days=days)
    moment = (moment + timedelta(microseconds=500_000)).replace(microsecond=0)
    text = _as_date(moment, section).strip()
    if days == int(days):
        text = re.sub(r"[ T]0?0[:时]00([:分]00秒?)?分?$", "", text)
        return text, f"is a date to the spreadsheet; it makes one of {moment.month}-{moment.day}", False
    return text, f"is a time to the spreadsheet ({moment:%H:%M})", False


def _as_date(moment: datetime, section: str) -> str:
    literals: list[str] = []

    def keep(m: re.Match[str]) -> str:
        literals.append(m[1] or m[2] or "")
        return f"\0{len(literals) - 1}\0"

    body = _LITERAL.sub(keep, section).replace("[", "").replace("]", "")
    parts: list[str] = []
    at, clock = 0, False
    for m in _DATE_PART.finditer(body):
        parts += [body[at : m.start()], _part(moment, m[0].lower(), clock or body[m.end() :].lower().startswith(":s"))]
        clock = m[0].lower()[0] in "hs" or (clock and m[0].lower()[0] == "m")
        at = m.end()
    text = "".join(parts) + body[at:]
    return re.sub("\0(\\d+)\0", lambda m: literals[int(m[1])], text).split(";", 1)[0]


def _part(moment: datetime, part: str, clock: bool) -> str:
    match part[0]:
        case "y":
            return f"{moment.year:04d}" if len(part) > 2 else f"{moment.year % 100:02d}"
        case "m":
            value = moment.minute if clock else moment.month
        case "d":
            value = moment.day
            if len(part) > 2:
                return "一二三四五六日"[moment.weekday()]
        case "h":
            value = moment.hour
        case "s":
            value = moment.second
        case _:
            return "上午" if moment.hour < 12 else "下午"
    return f"{value:02d}" if len(part) == 2 else str(value)
