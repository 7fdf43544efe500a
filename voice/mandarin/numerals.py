"""Spoken form of written numbers: times, dates, counts, measures, money, ranges.

Plates, telephone and room numbers stay digits: they are read one by one (豫A12345 as 豫 A 幺两三四五).
"""

from __future__ import annotations

import re
import unicodedata

from voice.text import halfwidth

DIGITS = "零一二三四五六七八九"
LARGEST = 10**12
"""Numbers from here on are read digit by digit."""

UNITS = {
    "km/h": "公里每小时", "m/s": "米每秒", "km": "公里", "cm": "厘米", "mm": "毫米", "m2": "平方米", "m²": "平方米",
    "m3": "立方米", "m³": "立方米", "m": "米", "kg": "公斤", "mg": "毫克", "g": "克", "t": "吨", "ml": "毫升",
    "mL": "毫升", "L": "升", "l": "升", "GHz": "吉赫", "MHz": "兆赫", "kHz": "千赫", "KHz": "千赫", "Hz": "赫兹",
    "kW": "千瓦", "KW": "千瓦", "W": "瓦", "kV": "千伏", "KV": "千伏", "V": "伏", "dB": "分贝", "h": "小时",
    "min": "分钟", "°C": "摄氏度", "°": "度", "mA": "毫安",
}  # fmt: skip
"""Unit symbols after a number → spoken form."""

_MEASURES = (
    "公里每小时|米每秒|平方米|平方公里|立方米|公里|千米|厘米|毫米|海里|米|公斤|千克|毫克|克|吨|斤|毫升|升|亩|公顷|千瓦|瓦|千伏|毫安|"
    "伏|兆赫|千赫|吉赫|赫兹|分贝|小时|分钟|秒钟|秒|天|周|个月|岁|年级|年|摄氏度|度|万元|亿元|元|块|角|折|倍|万|亿|"
    "人次|人|个|名|位|辆|台|次|件|起|处|户|家|所|支|条|只|头|匹|套|批|组|层|级|步|箱|袋|桶|把|张|份|节|架|艘|棵|栋|幢"
)
_MEASURE = f"(?=(?:多|余|来)?(?:{_MEASURES}))"
_PLACES = "号楼|号门|号院|号线|号岗|号|楼|层|单元|栋|幢|组|排|点|分|月|日|路|区|队|班"
_TWO = re.compile(
    "(?<![十百千万亿点零一二三四五六七八九两第])二(?=(?:多|余|来)?(?:公里|千米|厘米|毫米|米|公斤|千克|克|吨|升|亩|小时|分钟|秒|天|周|"
    "个|岁|年|度|元|块|倍|人|名|位|辆|台|次|件|起|处|户|家|所|支|条|只|头|匹|套|批|箱|袋|桶|把|张|份|节|架|艘|棵|点|万|亿))"
)
_NUMBER = r"[0-9]+(?:\.[0-9]+)?"
_APART = r"(?<![0-9A-Za-z.\-])"

_GROUPED = re.compile(r"(?<![0-9.])[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])")
_CLOCK = re.compile(r"(?<![0-9:])([01]?[0-9]|2[0-4]):([0-5][0-9])(?::([0-5][0-9]))?(?![0-9:])")
_OCLOCK = re.compile(r"(?<![0-9.])([01]?[0-9]|2[0-4])点([0-5][0-9])(?![0-9])分?")
_SPAN = r"\s*(?:-|~|–|—|−|至|到)+\s*"
_CLOCKS = re.compile(rf"({_CLOCK.pattern}){_SPAN}(?={_CLOCK.pattern})")
_FULL_DATE = re.compile(r"(?<![0-9])((?:19|20)[0-9]{2})([-/.])(1[0-2]|0?[1-9])\2(3[01]|[12][0-9]|0?[1-9])(?![0-9])")
_YEAR = re.compile(r"(?<![0-9])((?:19|20)[0-9]{2})(?=年(?!级))")
_DATE = re.compile(r"(?<![0-9])([0-9]{1,2})月([0-9]{1,2})(日|号)")
_SIGNS = "|".join(map(re.escape, UNITS))
_FROM_TO = re.compile(
    rf"{_APART}(-?)({_NUMBER})({_SIGNS}|[%‰]|(?:{_MEASURES}|{_PLACES})|)(?:[-~–—]+|至|到)(?=({_NUMBER})"
    rf"(?:\s*(?:([%‰])|(?:{_SIGNS})(?![A-Za-z]))|(?:{_MEASURES}|{_PLACES})))"
)
_WEEKDAYS = re.compile("((?:周|星期)[一二三四五六日天])[-~–—]+(?=周|星期)")
_UNIT = re.compile(rf"(?<=[0-9万亿])\s*({'|'.join(map(re.escape, UNITS))})(?![A-Za-z0-9])")
_MONEY = re.compile(rf"[¥￥]\s*({_NUMBER}[万亿]?)元?")
_SHARE = re.compile(rf"{_APART}(-?)({_NUMBER})([%‰])")
_BELOW_ZERO = re.compile(rf"(?<![0-9A-Za-z])[-−]({_NUMBER})(?=摄氏度|度(?!电))")
_BELOW = re.compile(
    rf"(?<![0-9A-Za-z\u3400-\u9fff])[-−]({_NUMBER})(?![0-9A-Za-z])|(?<=[下层库])[-−]({_NUMBER})(?=[楼层])"
)
_FLOOR = re.compile(r"(?:(?<=^)|(?<=[\s,，。;；:：(（下]))-([0-9]{1,3})(?=[楼层度])")
_SHARP = re.compile(r"(?<=[0-9])#(?=楼|号|栋|幢|门|岗|机|[^0-9A-Za-z]|$)号?|#(?=[0-9])")
_SPELLED = str.maketrans({"〇": "零", "−": "-", "–": "-", "‑": "-", **{chr(0x2160 + k): str(k + 1) for k in range(12)}})
_WIDE = "％：．，－～／＃￥℃㎡㎥㎞㎏㎜㎝㎎㏄°"
_DECIMAL = re.compile(r"(?<![0-9A-Za-z.])([0-9]+)\.([0-9]+)(?![0-9A-Za-z.]|\.[0-9])")
_COUNTED = re.compile(rf"(?<![0-9A-Za-z.])([0-9]{{1,12}}){_MEASURE}")
_NUMBERED = re.compile(rf"(?<![0-9A-Za-z.])([0-9]{{1,2}})(?={_PLACES})")
_FRACTION = re.compile(r"(?<![0-9A-Za-z])[0-9]+/[0-9]+(?![0-9A-Za-z])")


class CannotBeRead(ValueError):
    """A character that cannot be spoken (an emoji, for example), or an ambiguous number."""

    def __init__(self, text: str, char: str, why: str = "which has no reading") -> None:
        self.char = char
        super().__init__(f"“{text}” contains “{char}”, {why}")

    @property
    def mend(self) -> str:
        """What can be done about it in a net's files."""
        if len(self.char) == 1 and unicodedata.name(self.char, "").startswith("CJK UNIFIED"):
            return f"write its reading into readings.txt: {self.char} = …, in pinyin with the tone as a figure (zhe2)"
        return "use Chinese characters, digits and letters A-Z"


def cardinal(n: int) -> str:
    """Chinese numerals: 101 → 一百零一, 12000 → 一万两千. From LARGEST on digit by digit."""
    if n == 0:
        return "零"
    if n >= LARGEST:
        return figure_by_figure(str(n))
    for power, unit in ((10**8, "亿"), (10**4, "万")):
        if n >= power:
            high, low = divmod(n, power)
            head = "两" if high == 2 else cardinal(high)
            tail = cardinal(low) if low else ""
            return head + unit + ("零" if 0 < low < power // 10 else "") + (f"一{tail}" if tail[:1] == "十" else tail)
    out = ""
    for power, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        d = n // power % 10
        if d:
            out += ("两" if d == 2 and power == 1000 else DIGITS[d]) + unit
        elif out and not out.endswith("零") and n % power:
            out += "零"
    return out[1:] if out.startswith("一十") else out


def figure_by_figure(figures: str) -> str:
    """2026 → 二零二六."""
    return "".join(DIGITS[int(d)] for d in figures)


def number(figures: str) -> str:
    """``1.5`` → 一点五, ``007`` digit by digit."""
    whole, point, decimals = figures.partition(".")
    head = figure_by_figure(whole) if len(whole) > 1 and whole.startswith("0") else cardinal(int(whole))
    return head + (f"点{figure_by_figure(decimals)}" if point else "")


def for_the_air(text: str) -> str:
    """Written numbers as spoken on the radio. Raises CannotBeRead for ambiguous ones (1/2)."""
    text = _GROUPED.sub(lambda m: m[0].replace(",", ""), _SHARP.sub(_number_sign, _halfwidth_figures(text)))
    if fraction := _FRACTION.search(_FULL_DATE.sub("", text)):
        raise CannotBeRead(text, fraction[0], "a date or a fraction; write “6月5日” or “二分之一”")
    text = _OCLOCK.sub(r"\1:\2", text)
    text = _CLOCKS.sub(r"\1到", text)
    text = _CLOCK.sub(lambda m: _clock(int(m[1]), int(m[2]), m[3]), text)
    text = _FULL_DATE.sub(lambda m: f"{figure_by_figure(m[1])}年{cardinal(int(m[3]))}月{cardinal(int(m[4]))}日", text)
    text = _WEEKDAYS.sub(r"\1到", text)
    text = _FROM_TO.sub(_from_to, text)
    text = _MONEY.sub(r"\1元", text)
    text = _UNIT.sub(lambda m: UNITS[m[1]], text)
    text = _YEAR.sub(lambda m: figure_by_figure(m[1]), text)
    text = _DATE.sub(lambda m: f"{cardinal(int(m[1]))}月{cardinal(int(m[2]))}{m[3]}", text)
    text = _SHARE.sub(lambda m: ("负" if m[1] else "") + _share(m[2], m[3]), text)
    text = _BELOW_ZERO.sub(lambda m: f"零下{m[1]}", text)
    text = _BELOW.sub(lambda m: f"负{number(m[1] or m[2])}", text)
    text = _DECIMAL.sub(lambda m: number(m[0]), text)
    text = _COUNTED.sub(lambda m: number(m[1]), text)
    text = _NUMBERED.sub(lambda m: number(m[1]), text)
    return _TWO.sub("两", text)


def _halfwidth_figures(text: str) -> str:
    """Full-width digits, letters and numeric signs to ASCII; sentence punctuation is unchanged."""
    return "".join(halfwidth(c) if c in _WIDE or "０" <= c <= "ｚ" else c for c in text)


def _from_to(m: re.Match[str]) -> str:
    """Lower bound of a range; 12-3号楼 is not one."""
    sign, first, unit, last, share = m.groups()
    if not sign and float(first) >= float(last):
        return m[0]
    if unit in ("%", "‰") or share:
        return f"{sign}{first}{unit or share}到"
    below = {"": "", "-": "零下"}[sign]
    return f"{below}{number(first)}{UNITS.get(unit, unit)}到"


def _number_sign(m: re.Match[str]) -> str:
    return "" if m.end() < len(m.string) and m.string[m.end()].isdigit() else "号"


def plain_text(text: str) -> str:
    """Normalised text for the reader of names: ASCII digits and letters, 〇 as 零, Ⅱ as 2, -1楼 as 负一楼, 3#楼 as
    3号楼."""
    text = halfwidth(text.translate(_SPELLED))
    text = _FLOOR.sub(lambda m: f"负{cardinal(int(m[1]))}", text)
    return _SHARP.sub(_number_sign, text)


def _share(figures: str, sign: str) -> str:
    of = "千分之" if sign == "‰" else "百分之"
    return of + ("百" if figures == "100" and sign == "%" else number(figures))


def _clock(hours: int, minutes: int, seconds: str | None) -> str:
    text = f"{'两' if hours == 2 else cardinal(hours)}点"
    if seconds is not None:
        return f"{text}{cardinal(minutes)}分{cardinal(int(seconds))}秒"
    if minutes == 0:
        return f"{text}整"
    return f"{text}{'零' if minutes < 10 else ''}{cardinal(minutes)}分"
