"""Figures in free speech: digit strings and times of day that a readback must repeat."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import takewhile

LEAST_DIGITS = 3
"""Fewest consecutive digits of a figure: a plate, a channel, a number of persons read out."""

PLATE_DIGITS = 4
"""Fewest behind a plate's letter."""

WHOLE_PLATE = 5
"""All of them."""

PROVINCES = {
    "yu": "豫/渝", "jing": "京", "jin": "津/晋", "hu": "沪", "ji": "冀/吉", "liao": "辽", "hei": "黑", "su": "苏",
    "zhe": "浙", "wan": "皖", "min": "闽", "gan": "赣/甘", "lu": "鲁", "e": "鄂", "xiang": "湘", "yue": "粤",
    "gui": "贵/桂", "qiong": "琼", "chuan": "川", "yun": "云", "zang": "藏", "shan": "陕", "qing": "青", "ning": "宁",
    "xin": "新", "meng": "蒙",
}  # fmt: skip
"""At the beginning of a plate; free speech has no tones, so 豫 and 渝 are one."""

LETTERS: dict[tuple[str, ...], str] = {
    ("ei",): "A", ("bi",): "B", ("xi",): "C", ("di",): "D", ("yi",): "E", ("ai", "fu"): "F", ("ji",): "G",
    ("ai", "chi"): "H", ("zhei",): "J", ("kei",): "K", ("kai",): "K", ("ai", "lou"): "L", ("ai", "lu"): "L",
    ("ai", "mu"): "M", ("en",): "N", ("pi",): "P", ("kou",): "Q", ("a",): "R", ("ai", "si"): "S", ("ti",): "T",
    ("you",): "U", ("wei",): "V", ("da", "bu", "liu"): "W", ("ai", "ke", "si"): "X", ("wai",): "Y", ("zei",): "Z",
}  # fmt: skip
"""Behind the province; of a plate of eight (豫AD12345) a second one is D or F."""

SECOND = {row: letter for row, letter in LETTERS.items() if letter in "DF"}

DOUBT = "?"
"""Behind a figure that may be only a part of what was said, or misheard."""

_PLATE = re.compile(r"([^\W\d_A-Z](?:/[^\W\d_A-Z])?)?([A-Z]{1,2})?([0-9][0-9A-Z]*)")
_TIME = re.compile(r"([今明后]天)?(早上|上午|中午|下午|晚上|凌晨)?([0-9]+):([0-9]+)")

_MONTH = re.compile(r"[0-9]+月([0-9]+)日")

TWELVE, DAY = 12, 24

AFTER_NOON = {
    "早上": range(0), "上午": range(1), "中午": range(6), "下午": range(12), "晚上": range(5, 12), "凌晨": range(0),
}  # fmt: skip
"""Hours of twelve in its second half of the day: 晚上八点 is 20:00, 晚上两点 2:00. 12 counts as 0."""

SAID_BEFORE: dict[tuple[str, ...], str] = {
    ("zao", "shang"): "早上", ("zao", "chen"): "早上", ("qing", "zao"): "早上", ("qing", "chen"): "早上",
    ("zao",): "早上", ("shang", "wu"): "上午", ("zhong", "wu"): "中午", ("xia", "wu"): "下午", ("bang", "wan"): "下午",
    ("wan", "shang"): "晚上", ("wan", "jian"): "晚上", ("wan",): "晚上", ("ye", "li"): "晚上", ("ban", "ye"): "晚上",
    ("shen", "ye"): "晚上", ("ling", "chen"): "凌晨",
}  # fmt: skip
"""Part of the day before a time."""

DAYS = {"jin": "今天", "ming": "明天", "hou": "后天"}

LEADS: dict[tuple[str, ...], str] = {
    **SAID_BEFORE,
    **{(day, "tian"): told for day, told in DAYS.items()},
    **{(day, "tian", *said): told + part for day, told in DAYS.items() for said, part in SAID_BEFORE.items()},
    **{(day, said): told + SAID_BEFORE[said,] for day, told in DAYS.items() for said in ("zao", "wan")},
}
"""Day and part of the day before a time: 明天早上, 明早."""

MINDING = ("zhu", "tong", "man", "te", "yuan")
"""注意, 同意, 满意, 特意, 愿意: 注意一辆 is no figure."""

_OCLOCK = "dian"

BEFORE: dict[tuple[str, ...], str] = {("pin", "dao"): "频道{}", ("xin", "dao"): "信道{}"}
"""Nouns before their number, or behind it: 频道三, 三频道."""

COUNTING = ("you", "di", "zhe")
"""有两点, 第三点, 这两点: points, no time of day."""

A_LITTLE = ("kuai", "man", "wan", "zao", "cha", "da", "xiao", "duo", "shao", "yuan", "xin", *COUNTING)
"""快一点, 晚一点, 小心一点, 有一点: a little."""

NIGHT = ("jin", "ming", "zuo", "dang")
"""今晚一点 is a time of day."""

QUARTERS = {"yi": 15, "san": 45}
"""一刻, 三刻."""

BEHIND: dict[tuple[str, ...], str] = {
    ("hao", "lou"): "{}号楼", ("dan", "yuan"): "{}单元", ("ge", "ren"): "{}人", ("ming",): "{}人",
    ("liang", "che"): "{}辆车", ("hao", "men"): "{}号门", ("gong", "li"): "{}公里", ("fen", "zhong"): "{}分钟",
    ("duo", "sui"): "{}多岁",
}  # fmt: skip
"""Nouns after their number."""

BEHIND_CLEAR = {"lou": "{}楼", "ceng": "{}楼", "hao": "{}号", "ren": "{}人", "mi": "{}米", "sui": "{}岁"}
"""Those of one syllable: behind some numbers they sound like other words."""

UNCLEAR = {
    "lou": {"shi"}, "ceng": {"shi"}, "hao": {"shi", "ba", "jiu", "gou"}, "ren": {"shi", "si", "ba", "jiu"},
    "mi": {"yi", "yao", "er", "liang"}, "sui": {"yi", "ling", "si"},
}  # fmt: skip
"""Numbers of these alone are none before it: 是好, 没事就好, 把人; 一米八五, 零碎."""

NO_NUMBERS = (
    ("shi", "yi", "xia"), ("yi", "xia"), ("yi", "hui"), ("yi", "bian"), ("yi", "zhi"), ("yi", "yang"),
    ("yi", "gong"), ("yi", "kuai"), ("yi", "ding"), ("yi", "ban"), ("yi", "dai"), ("liang", "bian"), ("san", "lun"),
)  # fmt: skip
"""试一下, 一下, 一会儿, 一遍, 一直, 一样, 一共, 一块, 一定, 一般, 一带, 两边, 三轮: behind a figure they do not go
on with it: 频道二,试一下."""

WEEK = dict(zip(("yi", "er", "san", "si", "wu", "liu", "ri", "tian"), "一二三四五六日日", strict=True))

WEEKDAYS: dict[tuple[str, ...], str] = {
    (*week, day): f"周{told}" for week in (("xing", "qi"), ("li", "bai"), ("zhou",)) for day, told in WEEK.items()
}


def plainly(some: Sequence[str]) -> tuple[str, ...]:
    """Figures without the mark of doubt."""
    return tuple(f.removesuffix(DOUBT) for f in some)


def aloud(some: Sequence[str]) -> tuple[str, ...]:
    """As they are said: of provinces that sound alike one."""
    return tuple(re.sub("/.", "", f) for f in plainly(some))


def sort_of(figure: str) -> str:
    """Only figures of the same sort are compared: times, digit strings, channels, …; places are one sort."""
    if any(c.isdigit() for c in figure):
        bare = figure.removesuffix(DOUBT)
        if _PLATE.fullmatch(bare):  # the digits of a plate: what stands before them is easily lost on the air
            return "0"
        return ":" if ":" in bare else "0号" if "月" in bare else re.sub(r"[0-9]+", "0", bare.replace("信", "频"))
    return "周" if figure.removesuffix(DOUBT) in WEEKDAYS.values() else "place"


def comparable(said: Sequence[str], given: Sequence[str]) -> tuple[str, ...]:
    """The figures said that can be a readback of those given."""
    sorts = {sort_of(f) for f in given}
    return tuple(f for f in said if sort_of(f) in sorts)


def agree(said: Sequence[str], given: Sequence[str]) -> bool:
    """Every figure said was given; 22:30 may be read back as 10:30, and a plate without its letter."""
    return all(any(_alike(f, k) for k in plainly(given)) for f in plainly(said))


def differing(said: Sequence[str], given: Sequence[str]) -> tuple[str, ...]:
    """The figures given for which another one of their sort was said; all of them if it may be any."""
    sorts = {sort_of(f) for f in said}
    return tuple(f for f in given if sort_of(f) in sorts and not agree((f,), said)) or tuple(given)


def _alike(said: str, given: str) -> bool:
    if ":" in said and ":" in given:
        return _same_time(said, given)
    plates = _PLATE.fullmatch(said), _PLATE.fullmatch(given)
    if plates[0] and plates[1]:
        parts = zip(plates[0].groups(""), plates[1].groups(""), strict=True)
        return all(a == b or (k < 2 and not (a and b)) for k, (a, b) in enumerate(parts))
    told = [_MONTH.sub(r"\1号", f).replace("信道", "频道") for f in (said, given)]
    return told[0] == told[1] and (said == given or not ("月" in said and "月" in given))


def _same_time(said: str, given: str) -> bool:
    """Of day and part of the day, what one of them lacks makes no difference."""
    (day, hours, minutes), (other, hours_given, minutes_given) = map(_told, (said, given))
    return minutes == minutes_given and bool(hours & hours_given) and (day == other or not (day and other))


def _told(figure: str) -> tuple[str, set[int], int]:
    """Day, the hours of the 24 that a time may mean, and minutes."""
    day, part, hour, minutes = _TIME.fullmatch(figure).groups("")  # type: ignore[union-attr]
    h = int(hour)
    if part and h <= TWELVE:
        return day, {h % TWELVE + TWELVE * (h % TWELVE in AFTER_NOON[part])}, int(minutes)
    return day, {h % DAY} if h > TWELVE else {h % TWELVE, h % TWELVE + TWELVE}, int(minutes)


def figures(syllables: Sequence[str], digits: Mapping[str, str]) -> tuple[str, ...]:
    """``san wu qi jiu`` → ``3579``; ``jing ei san wu qi jiu`` → ``京A3579``; ``shi dian san shi fen`` → ``10:30``.
    ``digits``: toneless syllable → digit."""
    numbers = {s: int(d) for s, d in digits.items()}
    syllables = _parted(_without_words(syllables, digits), numbers)
    return (*_strings(syllables, digits), *_times(syllables, numbers), *_counted(syllables, numbers))


def _without_words(syllables: Sequence[str], digits: Mapping[str, str]) -> list[str]:
    """NO_NUMBERS directly behind a digit or 点 as syllables of nothing; 二十一班 and 频道一,变 keep theirs."""
    out = list(syllables)
    for word in NO_NUMBERS:
        for k in _places(out, word):
            if k and (out[k - 1] in digits or out[k - 1] == _OCLOCK):
                out[k : k + len(word)] = [""] * len(word)
    return out


def _parted(syllables: list[str], digits: Mapping[str, int]) -> list[str]:
    """频道二,十一点: a channel of one digit, apart from the time behind it."""
    out = list(syllables)
    for words in BEFORE:
        for k in reversed(_places(out, words)):
            first = k + len(words)
            time = next((n for n in (2, 1) if out[first + 1 + n : first + 2 + n] == [_OCLOCK]), 0)
            if time and out[first] in digits and _number(out[first + 1 : first + 1 + time], digits) is not None:
                out.insert(first + 1, "")
    return out


def _strings(syllables: Sequence[str], digits: Mapping[str, str]) -> list[str]:
    """Digits in a row, and plates."""
    out: list[str] = []
    k = 0
    while k < len(syllables):
        run = "" if syllables[max(0, k - 1)] in MINDING else _run(syllables[k:], digits)
        plate, length = _plate(syllables[k:], digits) or ("", len(run) or 1)
        out += [plate] if plate else [run] if len(run) >= LEAST_DIGITS else []
        k += length
    return out


def _run(syllables: Sequence[str], digits: Mapping[str, str]) -> str:
    """Digits at the beginning."""
    return "".join(digits[s] for s in takewhile(digits.__contains__, syllables))


def _plate(syllables: Sequence[str], digits: Mapping[str, str]) -> tuple[str, int] | None:
    """Plate at the beginning: province, letters, digits; and its syllables. 一 is E where all digits follow it."""
    if syllables[0] not in PROVINCES:
        return None
    for first, end in _lettered(syllables, 1, LETTERS):
        for second, at in (*_lettered(syllables, end, SECOND), ("", end)):
            run = _run(syllables[at:], digits)
            said, after = run, at + len(run)
            if len(run) < WHOLE_PLATE:
                said, after = next(_mixed(syllables, at, digits), (said, after))
            if len(said) >= (WHOLE_PLATE if first + second == "E" else PLATE_DIGITS):
                return PROVINCES[syllables[0]] + first + second + said, after
    return None


def _mixed(syllables: Sequence[str], at: int, digits: Mapping[str, str], said: str = "") -> Iterator[tuple[str, int]]:
    """The rest of a plate with letters among its digits, 73K25, and where it ends."""
    if len(said) == WHOLE_PLATE:
        if sum(c.isdigit() for c in said) >= LEAST_DIGITS and (said[-1].isdigit() or at == len(syllables)):
            yield said, at
    elif at < len(syllables):
        if syllables[at] in digits:
            yield from _mixed(syllables, at + 1, digits, said + digits[syllables[at]])
        for letter, end in _lettered(syllables, at, LETTERS):
            yield from _mixed(syllables, end, digits, said + letter)


def _lettered(syllables: Sequence[str], at: int, letters: Mapping[tuple[str, ...], str]) -> Iterator[tuple[str, int]]:
    """A letter there, and where it ends."""
    for length in (3, 2, 1):
        if letter := letters.get(tuple(syllables[at : at + length])):
            yield letter, at + length


def _counted(syllables: Sequence[str], digits: Mapping[str, int]) -> list[str]:
    """``pin dao san`` → ``频道3``; ``san hao lou`` → ``3号楼``; ``liu yue wu hao`` → ``6月5日``."""
    out: list[str] = []
    said = list(syllables)
    for words, form in BEFORE.items():
        for k in _places(said, words):
            after = k + len(words)
            found = next((n for m in (3, 2, 1) if (n := _number(said[after : after + m], digits)) is not None), None)
            found = _ending(said[:k], digits) if found is None else found
            out += [form.format(found)] if found is not None else []
    for words, form in BEHIND.items():
        for k in _places(said, words):
            found = _ending(said[:k], digits)
            out += [form.format(found)] if found is not None else []
    dates = dict(_dates(said, digits))
    for noun, form in BEHIND_CLEAR.items():
        for k in _places(said, (noun,)):
            if k not in dates and tuple(said[k : k + 2]) not in BEHIND:
                found = _ending(said[:k], digits, UNCLEAR[noun])
                out += [form.format(found)] if found is not None else []
    out += [WEEKDAYS[row] for k in range(len(said)) for m in (2, 3) if (row := tuple(said[k : k + m])) in WEEKDAYS]
    return [*out, *dates.values()]


def _dates(said: Sequence[str], digits: Mapping[str, int]) -> Iterator[tuple[int, str]]:
    """Dates, with the place of their last syllable."""
    for k in _places(said, ("yue",)):
        month = next((n for m in (2, 1) if m <= k and (n := _number(said[k - m : k], digits)) is not None), None)
        for m in (3, 2, 1):
            day = _number(said[k + 1 : k + 1 + m], digits)
            if month is not None and day is not None and said[k + 1 + m : k + 2 + m] in (["hao"], ["ri"]):
                yield k + 1 + m, f"{month}月{day}日"
                break


def _ending(said: Sequence[str], digits: Mapping[str, int], unclear: Collection[str] = ()) -> int | None:
    """The number at the end; none that is made of unclear syllables alone."""
    found = ((said[-m:], _number(said[-m:], digits)) for m in (5, 4, 3, 2, 1) if m <= len(said))
    return next((n for row, n in found if n is not None and not all(s in unclear for s in row)), None)


def _places(said: Sequence[str], words: tuple[str, ...]) -> list[int]:
    return [k for k in range(len(said) - len(words) + 1) if tuple(said[k : k + len(words)]) == words]


def _times(syllables: Sequence[str], digits: Mapping[str, int]) -> list[str]:
    out = []
    for k, s in enumerate(syllables):
        if s != _OCLOCK:
            continue
        read = [(k - n, h) for n in (3, 2, 1) if n <= k and (h := _number(syllables[k - n : k], digits)) is not None]
        found = next(((h, lead) for at, h in read if h <= DAY and (lead := _lead(syllables[:at]))), None)
        hours, lead = found or (read[0][1] if read else DAY + 1, "")
        if hours > DAY:
            continue
        minutes = _minutes(list(syllables[k + 1 : k + 5]), digits)
        if not minutes and _a_little(syllables[max(0, k - 3) : k]):
            continue
        out.append(f"{lead}{hours}:{minutes:02d}")
    return out


def _lead(before: Sequence[str]) -> str:
    """Day and part of the day at the end."""
    return next((LEADS[row] for m in (4, 3, 2, 1) if (row := tuple(before[-m:])) in LEADS), "")


def _a_little(before: Sequence[str]) -> bool:
    """What stands before 点 counts points, or is the 一 of 一点."""
    *earlier, lead, number = ("", "", *before)
    if lead == "wan" and earlier[-1] in NIGHT:
        return False
    return lead in (A_LITTLE if number == "yi" else COUNTING)


def _minutes(after: list[str], digits: Mapping[str, int]) -> int:
    """Minutes after 点."""
    if after[:1] == ["ban"]:
        return 30
    if after[1:2] == ["ke"] and after[0] in QUARTERS:
        return QUARTERS[after[0]]
    if after and after[0] == "ling" and len(after) > 1 and after[1] in digits:
        return digits[after[1]]
    for n in (3, 2, 1):
        minutes = _number(after[:n], digits) if len(after) >= n else None
        if minutes is not None and minutes < 60 and (n > 1 or after[n : n + 1] == ["fen"]):
            return minutes
    return 0


def _number(row: Sequence[str], digits: Mapping[str, int]) -> int | None:
    """0 to 999 as spoken: ``er shi wu`` is 25, ``shi`` is 10; None if it is not a number."""
    match list(row):
        case ["shi"]:
            return 10
        case [d] if d in digits:
            return digits[d]
        case ["shi", d] if digits.get(d):
            return 10 + digits[d]
        case [d, "shi"] if digits.get(d):
            return 10 * digits[d]
        case [a, "shi", b] if digits.get(a) and digits.get(b):
            return 10 * digits[a] + digits[b]
        case [a, "bai", *rest] if digits.get(a):
            tens = _number(rest[1:] if rest[:1] == ["ling"] else rest, digits) if rest else 0
            return None if tens is None or tens > 99 else 100 * digits[a] + tens
    return None
