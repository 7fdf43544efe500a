"""Wording of the station's announcements in Chinese, with numbers as they are spoken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from voice.grammar.meanings import CHINESE, HEARD, URGENT
from voice.mandarin.figures import figures
from voice.mandarin.numerals import CannotBeRead, cardinal, for_the_air
from voice.mandarin.readings import PAUSE, toneless
from voice.net.loading import Net
from voice.net.roster import Unit
from voice.talk.alert import Alert, AlertMove
from voice.talk.attendance import Attendance
from voice.talk.rollcall import Move, RollCall

QUESTION = "是否正常"
"""Question for units whose roster entry has none."""

MOST_COUNTED = 300
"""Counts up to this are synthesised in advance."""

TOLD = ("not_found", "normal", "ack", "present", "on_the_way", "arrived", "situation", "report", HEARD)
"""Order in which results are read out."""

NAMED = 5
"""Most missing units named in the closing; beyond that only their number is given."""


def sign_of(net: Net, unit_id: str) -> str:
    """The call sign we speak."""
    unit = net.unit(unit_id)
    return unit.call_signs[0] if unit else unit_id


AGAIN = ("听到请回答", "收到请回答", "收到没有")
"""Asked in the second and later calls."""

AnnouncingStyle = Literal["full", "brief"]


def call(unit: Unit, attempt: int, asked: str = "", style: AnnouncingStyle = "full") -> str:
    """``省残联,省残联,门前秩序是否良好?请回答。``; from the second call on only a radio check, except that an
    ``asked`` question put to everybody is repeated. ``brief``: ``省残联,门前秩序是否良好?``"""
    sign = unit.call_signs[0]
    signs = sign if style == "brief" else f"{sign},{sign}"
    if attempt > 1 and not asked:
        return f"{signs},{AGAIN[min(attempt, len(AGAIN) + 1) - 2]}。"
    question = (asked or unit.question or QUESTION).rstrip("?？。")
    return f"{signs},{question}?" + ("" if style == "brief" and attempt == 1 else "请回答。")


def to_read_back(net: Net, text: str) -> tuple[str, ...]:
    """Figures, times of day and places in an announcement that the answer should read back."""
    found: list[str] = []
    try:
        text = for_the_air(text)
    except CannotBeRead:  # it will not be spoken either
        return ()
    for part in PAUSE.split(text):
        try:
            said = [toneless(s) for s in net.readings.spoken(part)] if part else []
        except CannotBeRead:
            said = []
        found += figures(said, net.lexicon.digits)
        found += [e.text for e in net.lexicon.entries if e.kind == "place" and e.text in part]
    return tuple(dict.fromkeys(found))


def closing(net: Net, roll: RollCall) -> str:
    """``点名完毕。应到四十二,实到四十,未应答两个:贾岗社区治安队、安和社区。``"""
    count = roll.attendance
    if roll.until or roll.question:
        return _asked(net, roll)
    begin = "点名停止" if roll.stopped else "点名完毕"
    called = f",呼叫{cardinal(len(count.called))}" if count.not_called else ""
    unclear = tuple(u for u in count.answered if roll.answers.get(u) == HEARD)
    grave = {u: m for u, m in roll.answers.items() if m in URGENT}
    told = ",".join(
        w
        for w in (
            f"其中内容不清{count_of(len(unclear))}个{names_of(net, unclear)}" if unclear else "",
            tally(net, grave),
            lacking(net, count),
        )
        if w
    )
    text = f"{begin}。应到{cardinal(len(count.units))}{called},实到{cardinal(len(count.answered))}"
    return f"{text}{told and ','}{told}。"


def _asked(net: Net, roll: RollCall) -> str:
    """``询问完毕。没有发现五个,有情况零个,未应答一个:省残联。``"""
    begin = "询问停止" if roll.stopped else "询问完毕"
    if roll.found:
        return f"{begin}。{sign_of(net, roll.found)}回答:{CHINESE.get(roll.answers.get(roll.found, ''), '')}。"
    wanted = (roll.until,) if roll.until in CHINESE else ()
    told = tally(net, roll.answers, wanted if roll.answers else ())
    count = roll.attendance
    if not told and not count.of("relayed", "unclear", "undetermined", "open"):
        return f"{begin}。" if roll.stopped and not count.called else f"{begin},没有单位回答。"
    return f"{begin}。{','.join(w for w in (told, lacking(net, count)) if w)}。"


def tally(net: Net, answers: Mapping[str, str], always: tuple[str, ...] = ()) -> str:
    """``没有发现十一个,有情况一个:贾岗社区治安队``: answers by meaning. Units whose answer needs a person's
    attention are named. ``always``: meanings reported even with a count of zero."""
    parts = []
    for meaning in dict.fromkeys((*TOLD, *answers.values())):
        units = tuple(u for u, m in answers.items() if m == meaning)
        if units or meaning in always:
            named = names_of(net, units) if units and (meaning in URGENT or meaning == HEARD) else ""
            parts.append(f"{CHINESE.get(meaning, meaning)}{count_of(len(units))}个{named}")
    return ",".join(parts)


def lacking(net: Net, count: Attendance) -> str:
    """``未应答两个:贾岗社区治安队、安和社区,听不清一个:警察学院``; empty if no called unit is missing or unclear.
    待答: called just now; 无法确认: it may have answered, or the receiver was dead."""
    parts = (
        ("未应答", count.silent), ("待答", count.of("open")), ("无法确认", count.undetermined),
        ("听不清", count.unclear), ("代答", count.relayed),
    )  # fmt: skip
    return ",".join(f"{word}{count_of(len(units))}个{names_of(net, units)}" for word, units in parts if units)


def anchor_words(seq: int, code: str) -> str:
    """``日志到第103条,校验码370142。``: digits read one by one, as on the radio."""
    return f"日志到第{seq}条,校验码{code}。"


def announcement(net: Net, roll: RollCall, move: Move) -> str:
    """Announcement text for a move."""
    if move.purpose == "opening":
        return "各单位注意,现在开始询问。" if roll.until else "各单位注意,现在开始点名。"
    if move.purpose == "closing":
        return closing(net, roll)
    unit = net.unit(move.unit or "")
    if unit is None:
        raise ValueError(f"no unit {move.unit!r} on the roster")
    return call(unit, move.attempt, roll.question, net.settings.rollcall.style)


def alert_words(net: Net, alert: Alert, move: AlertMove) -> str:
    """The alert text twice, to all or by call sign, followed by the question; or the closing count."""
    if move.closing:
        told = [tally(net, alert.answers)] if alert.answers else []
        lack = (
            ("未应答", alert.silent), ("无法确认", alert.unknown), ("听不清", alert.unclear), ("代答", alert.relayed),
        )  # fmt: skip
        for word, some in lack:
            told += [f"{word}{count_of(len(some))}个{names_of(net, some)}"] if some else []
        return f"通知完毕。{','.join(told)}。" if told else "通知完毕。"
    everybody = set(move.units) == {u.id for u in net.units}
    signs = "各单位注意" if everybody else "、".join(sign_of(net, u) for u in move.units) + "注意"
    ask = "收到请回答。" if alert.need_ack else ""
    text = alert.text.rstrip("。.!！")
    return f"{signs},再次通知,{text}。{ask}" if move.again else f"{signs},{text}。重复一遍,{text}。{ask}"


def count_of(n: int) -> str:
    """两 before a measure word."""
    return "两" if n == 2 else cardinal(n)


def names_of(net: Net, units: tuple[str, ...]) -> str:
    """``:甲、乙``; empty if there are too many to name."""
    return ":" + "、".join(sign_of(net, u) for u in units) if len(units) <= NAMED else ""


def known(net: Net) -> Iterator[str]:
    """Announcements that can be predicted, likeliest first: a slow voice engine renders them in advance, clause by
    clause."""
    yield "各单位注意,现在开始点名。"
    for unit in net.units:
        yield call(unit, 1, style=net.settings.rollcall.style)
    yield "听到请回答。"
    yield "没听清,请再说一遍。收到,已报值班员。没听懂,请再说一遍。"
    yield "刚才哪个单位回答?请报呼号。刚才哪个单位?请报呼号,再说一遍。"
    for n in range(min(len(net.units), MOST_COUNTED) + 1):
        all_of, some = cardinal(n), count_of(n)
        yield f"点名完毕。应到{all_of},实到{all_of},未应答{some}个,听不清{some}个,代答{some}个。"
    for unit in net.units:
        yield f"未应答一个:{sign_of(net, unit.id)}。"
    for text in net.settings.alert_templates:
        yield f"各单位注意,{text}。重复一遍,{text}。收到请回答。"
    yield "点名停止。通知完毕。再次通知。"
