"""Statement, denial, question, order or condition: of the meanings found in an over, those that are stated. Pure.

``没发现情况``, ``有情况没有``, ``有情况我再报告``, ``请马上到``, ``要不要叫救护车`` hold phrases of reports and report
nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

from voice.grammar.meanings import ANSWERS
from voice.grammar.message import Act, Item, run_together
from voice.grammar.naming import PAUSE_S, free_before, free_behind, requests

Words = tuple[tuple[str, ...], ...]
"""Toneless syllables of some words."""


def _words(*spoken: str) -> Words:
    return tuple(tuple(w.split()) for w in spoken)


DENIED = ("situation", "arrived", "on_the_way", "present", "normal", "ack")
NOT = _words(
    "mei", "wei", "bu", "mei you", "bu yong", "wu yong", "wu xu", "bu yao", "bie", "bu tai", "mei tai", "ting tai",
    "bu shi", "bu neng", "mu", "mu you"
)  # fmt: skip
"""没, 未, 不, 没有, 不用, 不要, 别, 不太 …, 木(有): negate a phrase with these meanings that they directly precede,
unless the grammar has the combination."""

FORMAL = _words("fa", "chu", "jian", "kan")
"""发现, 发生, 出现, 见, 看见: of alarms 未 negates these alone; 占摊位打起来了 has another wèi before its alarm."""

DENYING = ("没有",)
"""Phrases that do so, too."""

COMING = _words("wo", "men", "ren", "dou", "ye", "jiu", "yi jing", "gang", "xian zai")
"""我, 我们, 人, 都, 也, 就, 已经, 刚, 现在: 到了 directly after another word tells of something else: 车到了."""

ASKED = ("situation", "arrived", "on_the_way", "present", "ack")
"""Meanings that directly following 没有 or 吗 turns into a question."""

WHETHER = _words(
    "yao bu yao", "yong bu yong", "xu bu", "xu bu xu yao", "shi bu shi", "you mei", "you mei you", "shi fou"
)
"""要不要, 用不用, 需不(需要), 是不是, 有没(有), 是否: make a question of what follows."""

ASKING = (["yao"], ["yong"], ["xu"], ["shi"])
"""要, 用, 需, 是: said twice before an act they ask whether it is so."""

TAGS = _words("mei you", "mei", "you", "le mei you", "le mei", "hai zai bu zai", "shi ba", "shi bu shi", "dui ba",
              "dui bu dui", "mu you", "le mu you")  # fmt: skip
"""没有, 没, 了没有, 还在不在, 是吧, 对不对, 木有, …: directly behind a report they make a question of it."""

COUNTED = _words("ji", "you ji", "duo shao", "you duo shao", "qing kuang", "ren shu")
"""几, 多少, 情况, 人数: directly after 在岗 they ask who is there."""

SOUGHT = ("有没有发现", "是否发现")
"""What directly follows is what is asked for: 有没有发现可疑车辆."""

HEADS = _words("ji ge ren", "ji ge", "duo shao ren")
"""几个人, 多少人: 在岗 directly after them asks for a number."""

TAGGED = _words(
    "le", "jian", "dao", "ren", "qi", "dong", "qing", "wan", "hao", "kai", "lai", "zhu", "zou", "guo", "diao"
)
"""… 了, 听见, 听到, 有人, 到齐, 听懂, 听清, 完, 好, 拉开, 出来, 抓住, 走, 过, 掉: 没有 directly behind is no answer."""

NOW = _words("xian", "zheng")
"""现(在), 正(在): 在呢 behind them is no answer, nor 在位 in 现在位置."""

CLOCK = _words("dian", "dian ban", "dian zheng")
"""六点, 六点半, 六点整: 到岗 and 到位 directly behind them are yet to come."""

UNSEEN = _words("mei you kan dao", "mei you kan jian", "mei kan dao", "mei kan jian", "mei you fa xian", "mei fa xian",
                "wei fa xian", "mei you jian dao", "mei jian dao", "mei you zhao dao", "mei zhao dao")  # fmt: skip
"""没有看到, 没发现, …: what directly follows is not there."""

STILL = ("hai", "you")
"""还有(一个没找着): somebody is missing."""

LOOK_OUT = _words("zhu yi")
"""注意: what follows is to be looked out for."""

SEEN = _words("fa xian", "kan dao", "zhao dao", "qing kuang", "ren yuan")
"""发现, 看到, 找到, 情况, 人员: 请报告 after them is no question."""

CONDITIONAL = ("situation", "arrived", "present", "not_found")
IF = _words("ru guo", "yao shi", "wan yi", "yi dan", "zhi yao", "jia ru")
WHEN = _words("yi hou", "zhi hou", "de shi hou", "hou", "de hua", "e hua")
"""以后, 之后, 的时候, 后, 的话 (often heard as [e hua]): what they directly follow has not happened yet."""

WELCOME = _words("jiu hao", "jiu xing", "jiu zhong")
"""就好, 就行, 就中: 抓住了就好 is net control's comment."""

VAGUE = ("有情况", "发现", "有可疑", "需要", "到")
"""Phrases that begin so are often conditions without 如果: 有情况再报告, 需要支援我再叫你. Nobody says so of a fire."""

WHO = _words("wo", "wo men", "ni", "ni men", "da jia", "qing")
THEN = _words("zai", "jiu", "hui", "yao", "ji shi", "sui shi", "li ji", "ma shang", "di yi shi jian", "bao gao",
              "hui bao", "gei wo", "gen wo", "shuo yi sheng")  # fmt: skip
TELL = _words("bao gao", "hui bao", "shang bao", "shuo", "jiang", "lian xi", "tong zhi", "gao su", "da dian hua",
              "han", "jiao ni", "jiao wo", "fan ying", "zai bao", "hu jiao", "bao yi sheng", "shuo yi sheng",
              "hui yi sheng", "zhi yi sheng", "hui hua", "hui da")  # fmt: skip
"""[WHO] THEN … TELL makes a condition of what they directly follow: 有情况再报告, 发现可疑人员请马上报告."""

OWNED = 5
"""Syllables before 没有 in which 有 makes a question of it: 有空车位没有."""

TELL_WITHIN = 6
"""Syllables from THEN."""

ORDERED = ("on_the_way", "arrived", "present")
ORDER = _words("qing", "qing ni", "qing ni men", "ni", "ni men", "nin", "qing gan kuai", "qing gan jin",
               "su", "xun su")  # fmt: skip
"""请, 你, 你们, 请赶快, 速: 马上到 directly after them is an order."""

WANTED = _words(
    "wei zhi", "qing kuang", "ren shu", "ni de wei zhi", "ni men de wei zhi", "xian zai wei zhi", "yi xia",
    "yi xia wei zhi", "yi xia qing kuang", "yi xia ren shu", "xian chang qing kuang"
)  # fmt: skip
"""位置, 情况, 人数, …: 报告 and nothing else but them asks for a report."""

WHETHER_SO = _words("bu", "bu a", "bu zheng chang")
"""正常不, 正常不啊, 正常不正常."""

SENT = _words("min jing", "jing cha", "jing che", "jiu hu che", "xiao fang", "xiao fang che", "yi sheng")
"""民警, 警察, 警车, 救护车, 消防, 消防车, 医生: with 马上到 directly behind, net control sends them
to the unit that is named."""

SILENT = _words("hui", "ying", "fan ying", "ren hui", "ren ying", "ren da")
"""没有 … 回话, 应, 反应, 人回答, 人应答: somebody does not answer."""

THERE = ("到达", "到现场")
"""An order where more follows than a place: 明理路到达丹尼斯后报告, 明理路到现场看一下."""

DONE = _words("yi jing", "le")
"""已经, 了: what follows THERE and is no order: 明理路到现场,已经控制住了."""

WHOLE = ("一切", "全部", "都", "目前一切", "现在一切", "秩序", "平安", "没", "无")
"""Phrases that begin so are sentences: nothing before them denies them: 没有没有,一切正常."""

BY_THEMSELVES = ("你说", "你讲", "说吧", "讲吧", "是的", "对的", "没见", "等等", "木事")
"""Within a sentence they invite nobody and affirm nothing: 跟你说个事, 不是的, 没见过."""

AT_EASE, UNEASY = "得劲", _words("bu", "mei", "tai", "ke", "gan", "zhe")
"""不得劲, 不太得劲, 干着得劲: not said of how things are; 不堵,得劲 is."""

WELL = (("hao", "le"),)
"""(太)好了: what one says before he calls all."""

ROLLS = ("roll_start", "roll_end", "roll_pause", "roll_resume", "roll_skip")
LEADING = frozenset(
    (
        "xian zai xia mian wo men zan na me hao jiu zheng shi ma shang li ji qing ge wei da jia tong zhi jin tian de "
        "ben ci wan zao wu dan"
    ).split()
)
"""Syllables of 现在, 下面我们, 那么, 好, 各位, 今天的 …: an order to the roll-call may begin with them."""

NOT_AN_ORDER = _words("ma", "le ma", "mei", "le mei", "de", "hou", "yi hou", "zhi hou", "le yi hou", "shi", "qian",
                      "yi qian", "zhi qian")  # fmt: skip
"""点名结束了吗, 开始点名的时候, 点名结束后: talk about a roll-call."""


def reported(acts: Sequence[Act], items: Sequence[Item]) -> tuple[Act, ...]:
    """Acts that are stated; a report put as a question becomes ``ask``. ``items``: free speech split by syllable."""
    out: list[Act] = []
    to_all = any(a.meaning == "all_units" and not _told(a, items) for a in acts)
    unbroken = run_together(items)
    for act in acts:
        if _prefaces(act, items):
            continue
        if to_all and _on_condition(act, items):
            continue
        kept = None if _lacks(act, acts, items) else _stated(act, items)
        if kept is not None:
            sure = not _may_be_talk(act, unbroken) if act.meaning in ROLLS else _stated(act, unbroken) == kept
            out.append(kept if sure else replace(kept, doubt=True))
    unique = {a.meaning: a for a in reversed(out)}
    return tuple(a for a in out if unique[a.meaning] is a)


def _lacks(act: Act, acts: Sequence[Act], items: Sequence[Item]) -> bool:
    """还没有到岗: 没有 before what is not so answers nothing by itself."""
    behind = act.at + 1
    return items[act.at].key == "没有" and any(
        a.at == behind
        and a.meaning in (*ORDERED, "normal")
        and _close(items, behind)
        and not items[behind].key.startswith(WHOLE)
        for a in acts
    )


def _prefaces(act: Act, items: Sequence[Item]) -> bool:
    """东风渠巡防队,东风渠巡防队,收到请马上到…: behind a call sign said twice no acknowledgement, but what begins a
    request."""
    called = sum(i.times for i in items[: act.at] if i.kind == "unit")
    return act.meaning == "ack" and called > 1 and requests(_said(items[act.at + 1 :]))


def _stated(act: Act, items: Sequence[Item]) -> Act | None:
    """The act, ``ask`` in its place, or None."""
    meaning = act.meaning
    if meaning == "all_units":
        return None if _told(act, items) else act
    if meaning in ROLLS:
        return None if _talked_of(act, items) else act
    if meaning == "say_again" and "dian" in _behind(items, act.at)[1:4]:
        return None  # 请中午十二点到所里 sounds like 请重复
    at = act.at + (items[act.at].kind == "unit")  # {unit}到了
    if meaning == "stand_by" and _behind(items, at)[:2] == ["zai", "shuo"]:
        return None  # 等会儿再说
    behind = _behind(items, at)
    if items[at].key in THERE and any(i.kind == "free" for i in items[at + 1 : _end(items, at)]):
        return act if _begins(behind, DONE) else None
    if items[at].key == AT_EASE and (_ends(free_before(items, at), UNEASY) or free_behind(items, at)):
        return None
    if items[at].key in BY_THEMSELVES and (free_before(items, at) or free_behind(items, at)):
        return None
    if meaning == "report" and tuple(_behind(items, at)) in WANTED:
        return _asked(act)
    if meaning not in ANSWERS:
        return act
    before = _before(items, act.at)
    if _questioned(act, items, before, behind, at):
        return _asked(act)
    if (
        ((meaning in ASKED or _called(items, at)) and behind in (["ma"], ["le", "ma"]))
        or (items[at].key == "没有" and _begins(behind, SILENT))
        or (items[at].key == "可以" and behind)
        or (meaning == "not_found" and STILL in pairwise(free_before(items, at)))
        or (meaning == "situation" and (sought(items, act.at) or _ends(before, UNSEEN) or _watched_for(items, act.at)))
        or (items[at].key == "没有" and not behind and (_ends(before, TAGGED) or _has(free_before(items, at))))
        or (meaning == "present" and _said([items[at]]) in (["zai", "ne"], ["zai", "wei"]) and _ends(before, NOW))
        or (meaning in DENIED and _denied(items, act))
        or (meaning == "arrived" and items[at].pinyin.startswith("dao4") and _reached(items, at))
        or (meaning in ORDERED and (_ends(before, ORDER) or _ends(before, CLOCK)))
        or (meaning == "ack" and (_begins(behind, WHEN) or tuple(behind) in WHETHER_SO))
        or (meaning != "report" and _begins(behind, WELCOME))
        or (meaning in CONDITIONAL and _conditional(items[at].key, before, behind))
    ):
        return None
    sent = meaning == "on_the_way" and _ends(before, SENT) and any(i.kind == "unit" for i in items)
    return replace(act, speaker="control") if sent else act


def _questioned(act: Act, items: Sequence[Item], before: list[str], behind: list[str], at: int) -> bool:
    """有情况没有, 到了没有, 有没有情况: a question from net control, not a report. With 吗 (人抓住了吗) it is not a
    report either, but a short noise may be mistaken for 吗: the speaker is decided by who is awaited."""
    if act.meaning == "present" and (_begins(behind, COUNTED) or _ends(before, HEADS)):
        return True
    if act.meaning in ("normal", "present") and tuple(behind) in WHETHER_SO:
        return True
    if act.meaning in ASKED and items[at].key != "OK":  # OK,没有
        last = at + 1 + len(behind) >= len(items) or at + 2 >= len(items)
        alike = len(before) > 2 and before[-1] == before[-3]  # 要不要, whatever was heard; not 幺洞幺收到
        alike = alike and before[-2:] != before[-4:-2]  # 齐了齐了,都在这儿
        twice = before[-1:] in ASKING and before[-1] in before[-4:-1]  # 用不用 heard as [yong yong]
        again = (alike or twice) and act.meaning != "ack" and items[act.at].kind != "unit"  # not 有有有,加油站在岗
        whether = _ends(before, WHETHER) or again
        return (last and tuple(behind[behind[:1] == ["de"] :]) in TAGS) or whether
    return act.meaning in ("normal", "not_found") and before[-1:] == ["you"] and _said([items[act.at]])[0] == "mei"


def _watched_for(items: Sequence[Item], at: int) -> bool:
    """安和社区,注意一名穿红衣服的男子."""
    return _begins(free_before(items, at), LOOK_OUT)


def _denied(items: Sequence[Item], act: Act) -> bool:
    """不需要支援, 没有到岗. 喂,有人打架了 and 在位,一切正常 have a syllable of 未 before them."""
    at = act.at
    if items[at].key.startswith(WHOLE):
        return False
    first = at
    while first and _close(items, first) and (items[first - 1].kind == "free" or items[first - 1].key in DENYING):
        first -= 1
    said = _said(items[first:at])
    while said[:1] == ["wei"] and not (first and _close(items, first)):
        said = said[1:]
    if act.meaning == "situation" and said[-1:] == ["wei"] and not _begins(_said([items[at]]), FORMAL):
        return False
    return _ends(said, NOT)


def _has(before: Sequence[str]) -> bool:
    """你那有水没有: 没有 that ends a question."""
    said = before[-OWNED:]
    at = next((k for k, s in enumerate(said) if s == "you" and said[k - 1 : k] != ("mei",)), None)
    return at is not None and at + 1 < len(said)


def _reached(items: Sequence[Item], at: int) -> bool:
    """找到了, 车到了: the unit has not arrived."""
    before = free_before(items, at)
    return bool(before) and not _ends(before, COMING)


def sought(items: Sequence[Item], k: int) -> bool:
    """有没有发现 可疑车辆: what is asked for."""
    return k > 0 and items[k - 1].key in SOUGHT and _close(items, k)


def _called(items: Sequence[Item], k: int) -> bool:
    """安和社区,正常吗: behind a call sign any answer may be put as a question."""
    return any(i.kind == "unit" for i in items[:k])


def _asked(act: Act) -> Act:
    return replace(act, meaning="ask", speaker="anyone", slots={})


def _conditional(phrase: str, before: list[str], behind: list[str]) -> bool:
    """如果有情况, 有情况再报告, 到了以后: not yet."""
    if _ends(before, IF) or _begins(behind, WHEN):
        return True
    who = next((w for w in WHO if _begins(behind, (w,)) and _begins(behind[len(w) :], THEN)), ())
    said = behind[len(who) :]
    soon = any(_begins(said[k:], TELL) for k in range(TELL_WITHIN if _begins(said, THEN) else 1))
    return (soon and phrase.startswith(VAGUE)) or (phrase.endswith("了") and tuple(behind) in TELL)  # 抓住了报告


def _on_condition(act: Act, items: Sequence[Item]) -> bool:
    """各单位注意,…,发现请报告: who has nothing to report need not answer."""
    before = _before(items, act.at)
    seen = _ends(_before(run_together(items), act.at), SEEN)
    seen = seen or any(_begins(before[k:], SEEN) for k in range(len(before)))
    asked = any(w in i.key for i in items[act.at + 1 :] for w in ("回答", "回话", "回复"))
    return act.meaning == "ask" and items[act.at].key.startswith("请报告") and seen and not asked


def _told(act: Act, items: Sequence[Item]) -> bool:
    """我跟各社区说了: units mentioned, not addressed."""
    before = free_before(items, act.at)
    if free_before(run_together(items), act.at)[-1:] == ("na",):
        return True  # 哪个单位 sounds like 各单位
    return "注意" not in items[act.at].key and bool(before) and before[-1] != "qing" and before[-2:] not in WELL


def _talked_of(act: Act, items: Sequence[Item]) -> bool:
    """刚才开始点名的时候, 点名结束了吗: no order."""
    before = free_before(items, act.at)
    return _begins(_behind(items, act.at), NOT_AN_ORDER) or any(s not in LEADING for s in before[-2:])


def _may_be_talk(act: Act, unbroken: Sequence[Item]) -> bool:
    """八点…开始点名, 点名结束…了没有: no order, if the pause is none; 到这儿,点名完毕 is one."""
    before = free_before(unbroken, act.at)
    return _begins(_behind(unbroken, act.at), NOT_AN_ORDER) or _ends(before, (*CLOCK, ("gang", "cai")))


def _before(items: Sequence[Item], at: int) -> list[str]:
    """Syllables directly before an item, without a pause between them."""
    first = at
    while first and _close(items, first):
        first -= 1
    return _said(items[first:at])


def _behind(items: Sequence[Item], at: int) -> list[str]:
    """Syllables directly behind an item, without a pause between them."""
    return _said(items[at + 1 : _end(items, at)])


def _end(items: Sequence[Item], at: int) -> int:
    """Where a pause follows item ``at``, or the over ends."""
    return next((k for k in range(at + 1, len(items)) if not _close(items, k)), len(items))


def _close(items: Sequence[Item], k: int) -> bool:
    """No pause before item ``k``."""
    return items[k].start - items[k - 1].end < PAUSE_S


def _ends(said: Sequence[str], words: Iterable[tuple[str, ...]]) -> bool:
    return any(tuple(said[-len(w) :]) == w for w in words)


def _begins(said: Sequence[str], words: Iterable[tuple[str, ...]]) -> bool:
    return any(tuple(said[: len(w)]) == w for w in words)


def _said(items: Sequence[Item]) -> list[str]:
    """Toneless syllables."""
    return [s.rstrip("12345") for i in items for s in i.pinyin.split()]
