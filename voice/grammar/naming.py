"""Call signs in an over: of the speaker, of the addressee, or only mentioned. Pure.

``贾岗社区,一切正常`` and ``我是贾岗社区`` name the speaker or addressee; ``在家属院布控`` only mentions a place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from voice.grammar.message import Item, Naming, Position, run_together

PAUSE_S = 0.25
"""Shortest gap that separates phrases: within a phrase, gaps of the recogniser are below 0.1 s."""

SENTENCE = 4
"""Syllables of free speech that make a sentence out of what stands beside them."""

LOCATING = [
    w.split()
    for w in ("men kou", "na bian", "fu jin", "pang bian", "lou xia", "dui mian", "li mian", "qian mian", "hou mian",
              "dong men", "xi men", "nan men", "bei men", "hou men", "ting che chang", "ku fang")
]  # fmt: skip
"""门口, 那边, 附近, 旁边, 楼下, 停车场, …: directly behind a call sign they make a place of it."""

UNHEARD = [
    w.split()
    for w in ("mei hui da", "mei hui hua", "mei ying da", "mei fan ying", "mei ren hui", "mei ren ying", "mei ren da",
              "mei you hui da", "mei you hui hua", "mei you ying da", "mei you fan ying", "mei you ren hui",
              "mei you ren ying", "bu hui da", "lian xi bu", "hu jiao bu", "jiao bu ying", "jiao bu tong",
              "mei ren keng", "mei ren li", "bu keng", "mei dong jing", "mei you dong jing")
]  # fmt: skip
"""没回答, 没人应答, 没有反应, 没人吭气, 没动静, 联系不上, 叫不应: directly behind a call sign they say that
the unit does not answer."""

UNHEARD_BRIEFLY = (["mei", "da"], ["mei", "hui"], ["mei", "ying"], ["bu", "zai"], ["mei", "ren"])
"""没答, 没回, 没应, 不在, 没人, with nothing, 你们… or 我… behind it: 没打架 is another matter."""

GONE = (["bu", "zai"], ["mei", "ren"])
"""不在, 没人: nobody is there."""

ABSENT = ("mei dian", "dian tai", "dui jiang ji", "pang bian", "gen qian", "ti ta", "bang ta", "rang wo")
"""没电, 电台, 对讲机, 旁边, 跟前, 替他, 帮他, 让我: why a unit answers for another."""

ELSEWHERE = (("na", "bian"), ("fu", "jin"), ("pang", "bian"), ("dui", "mian"))
"""那边, 附近, 旁边, 对面."""

FILLERS = frozenset({"e", "en", "a", "o", "na ge", "zhe ge", "jiu shi", "wei", "ei", "ai"})
"""Hesitations 呃, 嗯, 那个, 哎, …; toneless pinyin."""

GREETINGS = frozenset({"ni hao", "nin hao"})

JOINING = ("he", "gen", "hai you", "yi ji")
"""和, 跟, 还有, 以及: between two call signs."""

SELF = ("wo shi", "wo men shi", "zhe li shi", "zhe bian shi", "wo men", "wo zhe li shi", "wo zhe bian shi", "wo",
        "an shi", "an men shi", "an men", "gang cai shi")  # fmt: skip
"""Before a call sign they mark it as the speaker's own."""

OURS = ("", "zan men", "an men", "mu qian", "xian zai", "zhe bian", "zhe er")
"""咱们, 俺们, 目前, 现在, 这边, 这儿, or nothing: before the own call sign, and no part of another."""

MENTIONING = frozenset(
    {"zai", "dao", "qu", "wang", "cong", "gei", "gen", "dui", "ba", "he", "jiao", "rang", "you", "tong", "xiang", "li"}
)
"""在, 到, 去, 往, 从, 给, 跟, 对, 把, 和, 叫, 让, 由, 同, 向, 离: directly before a call sign they make it part of a
sentence."""

REACHING = "在到去往从给跟对把和叫让由同向离达赴开"
"""Directly behind a phrase that ends so stands a place: 已到达 丹尼斯超市, 马上到 家属院."""

RECEIVED = ("收到", "听到")
"""… unless it ends so: 收到 王新街."""

SENT = ("qu ", "guo qu ", "gan jin ", "ma shang ")
"""去, 过去, 赶紧, 马上: behind a call sign somebody is sent."""

TESTING = (("shi", "yin"), ("shi", "ji"), ("ce", "shi"), ("dian", "ming"), ("da", "dao"))
"""试音, 试机, 测试, 点名, 答到: whoever is named behind is to speak."""

TOWARDS = (("zai",), ("dao",), ("qu",), ("wang",), ("cong",), ("gei",), ("gen",), ("jiao",), ("rang",))
"""在, 到, 去, 往, 从, 给, 跟, 叫, 让: a place or unit follows, most likely, even behind a pause."""

TAKING = (("yi", "xia"), ("kan", "kan"), ("hu", "jiao"), ("tong", "zhi"), ("ting", "shuo"), ("ni", "men"),
          ("zhuan", "gao"))  # fmt: skip
"""一下, 看看, 呼叫, 通知, 听说, 你们, 转告: a name follows, perhaps: 你叫一下东风渠."""

NEXT = ("xia", "yi", "ge")
"""下一个: before a call sign in a roll-call."""

THANKS = tuple(
    tuple(w.split())
    for w in ("xin ku le", "xin ku", "xie xie", "xie xie ni", "xie xie le", "zhu yi an quan", "lu shang xiao xin",
              "lu shang man dian", "bao chi lian xi", "zhi dao le", "hao", "hao de", "hao le", "xing",
              "na xing", "ji xu", "ji xu guan cha")
)  # fmt: skip
"""辛苦了, 注意安全, 知道了, 好, 行, …: net control to a unit that has spoken; calls nobody."""

CALLING = "呼叫"
"""Before a call sign it addresses the unit, although it ends in 叫."""

CORRECTING = ("bu shi", "bu dui", "shuo cuo le", "cuo le", "geng zheng")
"""不是, 不对, 说错了, 错了, 更正: self-correction between two call signs."""

INSTRUCTING = ("qing", "yao", "zhu yi", "ni", "nin", "nen", "jia qiang", "gai dao", "gai yong", "bie", "xian bie",
               "bu yao", "bu xu", "bu zhun")  # fmt: skip
"""请, 要, 注意, 你, 您, 恁, 加强, 改到, 改用, 别, 先别, 不要, 不许, 不准: how net control continues
after a call sign."""

REPLIES = ("neng", "you", "mei", "zai", "xing", "zhong", "hao", "ke")
"""能, 有, 没, 在, 行, 中, 好, 可(以): how one of two units answers the other."""

QUESTIONS = ("ji ge", "ji dian", "ji hao", "ji dan", "shei", "shui", "sha", "za", "duo shao", "shen me", "zen me",
             "na ge", "na li", "na er")  # fmt: skip
"""几个, 几点, 几号, 几单(元), 谁, 啥, 咋, 多少, 什么, 怎么, 哪个, 哪里, 哪儿: a question."""

DIGITS = frozenset("yao yi er liang san si wu liu qi guai ba jiu gou ling dong".split())

ASKING = ("ni hao", "nin hao", "qing wen", "qing fang xin", "qing qiu", "nin shuo", "nin jiang")
"""你好, 请问, 请放心, 请求, 您说: a unit begins so."""


def content(pinyin: str) -> tuple[str, ...]:
    """Syllables of free speech without hesitations."""
    names = pinyin.split()
    out: list[str] = []
    k = 0
    while k < len(names):
        if " ".join(names[k : k + 2]) in FILLERS:
            k += 2
        else:
            out += [] if names[k] in FILLERS else [names[k]]
            k += 1
    return tuple(out)


def free_before(items: Sequence[Item], at: int) -> tuple[str, ...]:
    """Free speech directly before an item, without hesitations."""
    first = at
    while first and items[first - 1].kind == "free" and items[first].start - items[first - 1].end < PAUSE_S:
        first -= 1
    return content(" ".join(i.pinyin for i in items[first:at]))


def free_behind(items: Sequence[Item], at: int) -> tuple[str, ...]:
    """Free speech directly behind an item, without hesitations."""
    end = at + 1
    while end < len(items) and items[end].kind == "free" and items[end].start - items[end - 1].end < PAUSE_S:
        end += 1
    return content(" ".join(i.pinyin for i in items[at + 1 : end]))


def thanks(said: tuple[str, ...]) -> bool:
    """好,知道了,辛苦了: nothing but such words."""
    return not said or any(said[: len(w)] == w and thanks(said[len(w) :]) for w in THANKS)


def excuses(pinyin: str) -> bool:
    """他电台没电了, 让我说一声: free speech that tells why another unit does not speak itself."""
    return any(f" {w} " in f" {pinyin} " for w in ABSENT)


def instructs(pinyin: str) -> bool:
    """Free speech beginning like an instruction."""
    names = content(pinyin)
    if names[:1] == ("yao",) and len(names) > 2 and set(names[1:3]) <= DIGITS:
        return False  # 幺三八, not 要
    said = " ".join(names) + " "
    return said.startswith(tuple(w + " " for w in INSTRUCTING)) and not said.startswith(tuple(w + " " for w in ASKING))


def asks_or_tells(pinyin: str) -> bool:
    """接班几个人, 车坏了你就步巡: a question, or words to somebody."""
    said = content(pinyin)
    told = (instructs(pinyin) and said[0] != "qing") or ("ni" in said and said[0] not in REPLIES)
    return told or any(f" {w} " in f" {pinyin} " for w in QUESTIONS)


def requests(said: Sequence[str]) -> bool:
    """请…, and not as a unit says it: 请放心, 请问."""
    row = " ".join(said) + " "
    return row.startswith("qing ") and not row.startswith(tuple(w + " " for w in (*ASKING, "qing jiang", "qing shuo")))


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
                unbroken = place == "inside" and _addressed(items, k, asking | signing)
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
    ended = said[-2:] in TESTING or list(said) in UNHEARD_BRIEFLY  # 听到的答到, 不在
    behind = free_behind(run_together(items), k)[:1]
    ended = ended or behind in (("bu",), ("ba",))  # 东风渠去,明理路不用去了; 把门扫一下,博学路超市,把灯关了
    return (len(said) > 1 or k > 1 or behind == ("le",)) and not ended and (said[-1:] in TOWARDS or said[-2:] in TAKING)


def _there(items: Sequence[Item], k: int) -> bool:
    """我们没事,加油站…那边着火了: a place, if the pause behind it is none."""
    behind = k > 0 and items[k - 1].kind in ("free", "phrase") and not located(items, k)
    return behind and located(run_together(items), k)


def _addressed(items: Sequence[Item], k: int, known: frozenset[str]) -> bool:
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
    if after.key in known and sentence:
        return True
    told = after.kind == "free" and (instructs(after.pinyin) or f"{after.pinyin} ".startswith(SENT))
    return told and len(said) > 2


def _denied(pinyin: str) -> bool:
    """我是贾岗社区,不是安和社区."""
    return " ".join(content(pinyin)) == "bu shi"


def corrects(pinyin: str) -> bool:
    """安和社区,不是,丹尼斯超市: the first call sign was a slip."""
    spoken = " ".join(content(pinyin))
    return spoken == "bu" or any(spoken == w or spoken.endswith(" " + w) for w in CORRECTING)


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
        if k == 1 and len(spoken) <= 1:
            return "inside" if _of(items, k) else "lead"
        if not spoken:
            return _place([*items[: k - 1], *items[k:]], k - 1, before, introducing)
        return ("tail" if last else "lead") if paused else "inside"
    if previous.kind == "place":
        return "inside" if not paused else "lead"
    if reaches(previous) and not paused:
        return "inside"  # 马上到 家属院
    if last and previous.kind == "phrase":
        return "tail"
    return "lead"


def reaches(item: Item) -> bool:
    """马上到: a place follows, if nobody pauses."""
    ends = item.key[-1:] in REACHING and not item.key.endswith((CALLING, *RECEIVED))
    return item.kind == "phrase" and ends


def mentioned(items: Sequence[Item], k: int) -> bool:
    """到派出所: after such a word a name is part of a sentence."""
    before = items[k - 1] if k else None
    if before is None or before.kind != "free":
        return False
    if items[k].start - before.end < PAUSE_S:
        return before.pinyin.split()[-1] in MENTIONING
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
    said = _follows(items, k, 1)
    return any(said[: len(w)] == w for w in LOCATING)


def unheard(items: Sequence[Item], k: int) -> bool:
    """安和社区没人应答: it is neither called nor speaking."""
    said = _follows(items, k, 3)
    if k + 3 < len(items) and items[k + 1].key == "没有" and items[k + 2].kind == "unit":
        return items[k + 2].key != items[k].key and items[k + 3].kind == "free"  # 省残联没有,财经大学,信号怎么样
    briefly = said[:2] in UNHEARD_BRIEFLY and said[2:3] in ([], ["ni"], ["wo"])
    unbroken = _follows(run_together(items), k, 3)
    return briefly or any(unbroken[: len(w)] == w for w in UNHEARD)


def gone(items: Sequence[Item], k: int) -> bool:
    """安和社区不在, 没人, and 没有 by itself: of what is told of an unheard unit, what it may say of itself."""
    after = items[k + 1] if k + 1 < len(items) else None
    return (after is not None and after.key == "没有") or _follows(run_together(items), k, 2)[:2] in GONE


def _follows(items: Sequence[Item], k: int, within: int) -> list[str]:
    """Syllables of the items directly behind item ``k``."""
    end = k + 1
    while end <= min(k + within, len(items) - 1) and items[end].start - items[end - 1].end < PAUSE_S:
        end += 1
    return [s.rstrip("12345") for i in items[k + 1 : end] for s in i.pinyin.split()]


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
