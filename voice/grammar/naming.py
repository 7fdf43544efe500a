"""Call signs in an over: of the speaker, of the addressee, or only mentioned. Pure.

``贾岗社区,一切正常`` and ``我是贾岗社区`` name the speaker or addressee; ``在家属院布控`` only mentions a place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from voice.grammar.clause import PAUSE_S, content, free_behind, said_behind
from voice.grammar.message import Item, Naming, Position, run_together
from voice.grammar.words import (
    CALLING,
    CORRECTING,
    DIGITS,
    ELSEWHERE,
    EXCUSES,
    GONE,
    GREETINGS,
    INSTRUCTING,
    JOINING,
    LOCATING,
    MENTIONING,
    NEXT,
    PLACING,
    POLITE,
    QUESTIONS,
    REACHING,
    RECEIVED,
    REPLIES,
    SELF,
    SENDING,
    STREETS,
    TAKING,
    TESTING,
    THANKS,
    TOWARDS,
    UNHEARD,
    UNHEARD_BRIEFLY,
    WAITING,
    begins,
    ends,
)

SENTENCE = 4
"""Syllables of free speech that make a sentence out of what stands beside them."""


def thanks(said: tuple[str, ...]) -> bool:
    """好,知道了,辛苦了: nothing but such words."""
    return not said or any(said[: len(w)] == w and thanks(said[len(w) :]) for w in THANKS)


def excuses(pinyin: str) -> bool:
    """他电台没电了, 让我说一声: free speech that tells why another unit does not speak itself."""
    return any(f" {w} " in f" {pinyin} " for w in EXCUSES)


def instructs(pinyin: str) -> bool:
    """Free speech beginning like an instruction."""
    names = content(pinyin)
    if names[:1] == ("yao",) and len(names) > 2 and set(names[1:3]) <= DIGITS:
        return False  # 幺三八, not 要
    said = " ".join(names) + " "
    return said.startswith(tuple(w + " " for w in INSTRUCTING)) and not said.startswith(tuple(w + " " for w in POLITE))


def asks_or_tells(pinyin: str) -> bool:
    """接班几个人, 车坏了你就步巡: a question, or words to somebody."""
    said = content(pinyin)
    told = (instructs(pinyin) and said[0] != "qing") or ("ni" in said and said[0] not in REPLIES)
    return told or any(f" {w} " in f" {pinyin} " for w in QUESTIONS)


def requests(said: Sequence[str]) -> bool:
    """请…, and not as a unit says it: 请放心, 请问."""
    row = " ".join(said) + " "
    return row.startswith("qing ") and not row.startswith(tuple(w + " " for w in (*POLITE, "qing jiang", "qing shuo")))


def names_in(
    items: Sequence[Item],
    introducing: frozenset[str] = frozenset(),
    asking: frozenset[str] = frozenset(),
    signing: frozenset[str] = frozenset(),
) -> tuple[Naming, ...]:
    """All call signs in a sequence of items, with their position. ``introducing``: phrases like 这里是; ``asking``:
    like 情况怎么样; ``signing``: like 明白. Where a pause makes the difference there is doubt."""
    out: list[Naming] = []
    at: list[int] = []
    for k, item in enumerate(items):
        if item.kind == "unit":
            beside = bool(at) and (at[-1] == k - 1 or (at[-1] == k - 2 and items[k - 1].pinyin in JOINING))
            before = out[-1].place if beside else None
            if k and items[k - 1].kind == "free" and out and out[-1].place == "self" and _denied(items[k - 1].pinyin):
                out.append(Naming(item.key, "inside", item.times))
            elif k and items[k - 1].kind == "free" and corrects(items[k - 1].pinyin):
                out = [replace(n, place="inside") for n in out]
                out.append(Naming(item.key, "lead", item.times))
            else:
                place = _place(items, k, before, introducing)
                unbroken = place == "inside" and _addressed(items, k, asking, signing)
                doubt = unbroken or (place != "self" and (_goes_on(items, k) or _there(items, k)))
                out.append(Naming(item.key, "lead" if unbroken else place, item.times, doubt))
            at.append(k)
    return tuple(out)


def _goes_on(items: Sequence[Item], k: int) -> bool:
    """派三个人到…王新街, 你叫一下…东风渠: words that a name follows, and a pause."""
    before = items[k - 1] if k else None
    if before is None or items[k].start - before.end < PAUSE_S:
        return False
    if before.kind == "phrase":
        return reaches(before)
    said = content(before.pinyin) if before.kind == "free" else ()
    ended = said[-2:] in TESTING or said in UNHEARD_BRIEFLY  # 听到的答到, 不在
    behind = free_behind(run_together(items), k)[:1]
    ended = ended or behind in (("bu",), ("ba",))  # 东风渠去,明理路不用去了; 把门扫一下,博学路超市,把灯关了
    return (len(said) > 1 or k > 1 or behind == ("le",)) and not ended and (said[-1:] in TOWARDS or said[-2:] in TAKING)


def _there(items: Sequence[Item], k: int) -> bool:
    """我们没事,加油站…那边着火了: a place, if the pause behind it is none."""
    behind = k > 0 and items[k - 1].kind in ("free", "phrase") and not located(items, k)
    return behind and located(run_together(items), k)


def _addressed(items: Sequence[Item], k: int, asking: frozenset[str], signing: frozenset[str]) -> bool:
    """听我说家属院情况怎么样, 看住人东风渠去带人, 好知道了丹尼斯, 路口设卡明理路明白: nobody paused, and the unit is
    called or speaks all the same, most likely."""
    previous, after = items[k - 1], items[k + 1] if k + 1 < len(items) else None
    if k == 0 or previous.kind != "free" or located(items, k) or _of(items, k):
        return False
    said = content(previous.pinyin)
    if said[-2:] in TESTING:
        return True
    if not said or said[-1] in MENTIONING:
        return False
    if after is None and any("点名" in i.key for i in items[:k]):
        return True  # 开始点名啊都精神点博学路超市
    if after is None:
        return items[k - 2].kind == "unit" and (thanks(said) or unheard(items, k - 2))
    sentence = len(said) >= SENTENCE or items[k - 2].kind == "place"
    if (after.key in asking and (sentence or len(said) == SENTENCE - 1)) or (after.key in signing and sentence):
        return True
    told = after.kind == "free" and (instructs(after.pinyin) or begins(after.pinyin.split(), SENDING))
    return told and len(said) > 2


def _denied(pinyin: str) -> bool:
    """我是贾岗社区,不是安和社区."""
    return " ".join(content(pinyin)) == "bu shi"


def corrects(pinyin: str) -> bool:
    """安和社区,不是,丹尼斯超市: the first call sign was a slip."""
    spoken = content(pinyin)
    return spoken == ("bu",) or ends(spoken, (*CORRECTING, ("bu", "shi")))


def _place(items: Sequence[Item], k: int, before: Position | None, introducing: frozenset[str]) -> Position:
    """``before``: position of the call sign directly before this one."""
    item = items[k]
    last = k == len(items) - 1 or all(i.kind == "free" and not content(i.pinyin) for i in items[k + 1 :])
    if k == 0:
        return "inside" if _of(items, k) else "lead"
    previous = items[k - 1]
    paused = item.start - previous.end >= PAUSE_S
    if previous.key in introducing or (previous.kind == "free" and any(_ends(previous.pinyin, w) for w in SELF)):
        return "self"
    if located(items, k):
        return "inside"
    if before is not None:
        return "lead" if before == "self" else before
    if previous.kind == "free":
        spoken = content(previous.pinyin)
        if spoken and spoken[-1] in MENTIONING and not paused and spoken != ("hai", "you"):
            return "inside"
        if spoken[-3:] == NEXT:
            return "lead"
        if " ".join(spoken) in (*GREETINGS, "hai you"):
            return "lead"
        if len(spoken) <= 1 and (k == 1 or (k == 2 and items[0].kind == "control")):
            return "inside" if _of(items, k) else "lead"  # 派出所,[shi]安和社区: of 我是
        if not spoken:
            return _place([*items[: k - 1], *items[k:]], k - 1, before, introducing)
        return ("tail" if last else "lead") if paused else "inside"
    if previous.kind == "place":
        return "inside" if not paused else "lead"
    if reaches(previous) and not paused:
        return "inside"  # 马上到 家属院
    if previous.key.startswith(WAITING) and not paused and len(free_behind(items, k)) > 1:
        return "inside"  # 等会儿东风渠送过去
    if last and previous.kind == "phrase":
        return "tail"
    return "lead"


def reaches(item: Item) -> bool:
    """马上到: a place follows, if nobody pauses."""
    ends = item.key[-1:] in REACHING and not item.key.endswith((CALLING, *RECEIVED))
    return item.kind == "phrase" and ends


def mentioned(items: Sequence[Item], k: int) -> bool:
    """到派出所, 他说谢谢派出所: after such a word, or in a sentence of nobody who is named, a name is part of it."""
    before = items[k - 1] if k else None
    if before is None or before.kind != "free":
        return False
    if items[k].start - before.end < PAUSE_S:
        sentence = items[0].kind != "unit" and len(content(before.pinyin)) >= SENTENCE
        return sentence or before.pinyin.split()[-1] in MENTIONING
    return len(content(before.pinyin)) > 1 and content(before.pinyin)[-1:] in TOWARDS


def amid_talk(items: Sequence[Item], k: int) -> bool:
    """In the midst of a sentence: directly between stretches of free speech."""
    if not 0 < k < len(items) - 1:
        return False
    before, item, after = items[k - 1 : k + 2]
    spoken = min(len(content(i.pinyin)) if i.kind == "free" else 0 for i in (before, after))
    return spoken >= SENTENCE and max(item.start - before.end, after.start - item.end) < PAUSE_S


def leads_on(items: Sequence[Item], k: int) -> bool:
    """请到丹尼斯门口, 听到丹尼斯门口有人: what ends in 到 is part of what follows."""
    if k + 1 >= len(items) or items[k].key[-1:] not in REACHING:
        return False
    return items[k + 1].kind == "place" or (items[k + 1].kind == "unit" and located(items, k + 1))


def _ends(pinyin: str, words: str) -> bool:
    return f" {pinyin}".endswith(f" {words}")


def located(items: Sequence[Item], k: int) -> bool:
    """明理路巡防队,丹尼斯门口…: behind another call sign, a place where something is."""
    said = said_behind(items, k)
    return begins(said, LOCATING) or (begins(said, PLACING) and begins(said[1:], STREETS))


def unheard(items: Sequence[Item], k: int) -> bool:
    """安和社区没人应答: it is neither called nor speaking."""
    said = said_behind(items, k)
    if k + 3 < len(items) and items[k + 1].key == "没有" and items[k + 2].kind == "unit":
        return items[k + 2].key != items[k].key and items[k + 3].kind == "free"  # 省残联没有,财经大学,信号怎么样
    briefly = tuple(said[:2]) in UNHEARD_BRIEFLY and said[2:3] in ([], ["ni"], ["wo"])
    unbroken = said_behind(run_together(items), k)
    return briefly or begins(unbroken, UNHEARD)


def gone(items: Sequence[Item], k: int) -> bool:
    """安和社区不在, 没人, and 没有 by itself: of what is told of an unheard unit, what it may say of itself."""
    after = items[k + 1] if k + 1 < len(items) else None
    return (after is not None and after.key == "没有") or begins(said_behind(run_together(items), k), GONE)


def is_subject(items: Sequence[Item], unit: str) -> bool:
    """王新街治安岗电台没电了: a sentence may be about the unit."""
    at = next((k for k, i in enumerate(items) if i.kind == "unit" and i.key == unit), None)
    return at is not None and len(free_behind(items, at)) >= SENTENCE


def elsewhere(items: Sequence[Item]) -> bool:
    """博学路超市那边吵起来了: the over begins with a call sign as nobody says it of the place where he is."""
    return bool(items) and items[0].kind == "unit" and free_behind(items, 0)[:2] in ELSEWHERE


def _of(items: Sequence[Item], k: int) -> bool:
    """家属院的…: the following words belong to it."""
    after = items[k + 1] if k + 1 < len(items) else None
    return (
        after is not None and after.kind == "free" and after.pinyin.split()[:1] == ["de"]
        and after.start - items[k].end < PAUSE_S
    )  # fmt: skip
