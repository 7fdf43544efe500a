"""Phrases that do not say what they say alone: part of a sentence, told of somebody else, or only supposed. Pure.

他说没事, 维保的在路上了, 正常开门, 应该正常: whoever writes them down has to mark them. 收到一张假钱, 谁收到的,
等会儿东风渠送过去: no answers at all.
"""

from __future__ import annotations

from collections.abc import Sequence

from voice.grammar.clause import clause_end, free_before, free_behind, said_behind, syllables
from voice.grammar.meanings import ANSWERS
from voice.grammar.message import Act, Item, run_together
from voice.grammar.words import COMING, FOUND, NOBODY, REACHING, RECEIVED, WAITING, begins, ends, words

HOLDING = ("negative", "say_again", "stand_by")
"""Said in place of an answer."""

NEAR_BY = 3
"""Syllables between 说, a question word or a guess, and what is said, asked or guessed."""

ASKED_FOR = words("shei", "men shui", "shi shui", "dou shui")
"""谁, 你们谁, 是谁, 都谁: directly before 收到 or 在岗, which is asked for. 水 and 睡 sound like shui."""

ASKING = ("shei", "shui", "na yi", "ji ge", "ji dian", "ji shi", "duo shao")
"""谁, 哪一, 几个, 几点, 几时, 多少: a phrase in the same breath is asked for, perhaps."""

WHICH = ("ji hao", "ji dan", "ji dong", "na dong", "shei", "za", "zen me")
"""几号(楼), 几单(元), 几栋, 哪栋, 谁, 咋, 怎么: before an alarm somebody asks about it, perhaps."""

WHICH_WITHIN = 5
"""Syllables from WHICH to the alarm: 几号楼有人叫救护车."""

GUESSING = ("ying gai", "gu ji", "ke neng", "hao xiang", "da gai", "kong pa", "yang zi", "yi ding")
"""应该, 估计, 可能, 好像, 大概, 恐怕, 看样子, 不一定: what follows is supposed."""

UNREAL_WITHIN = 6
"""Syllables from UNREAL, PAST or a guess to the alarm."""

UNREAL = ("mei", "bu", "bie", "pa", "fang zhi", "sheng de", "mian de", "cha dian", "xian xie", "yi wei", "xiang shi")
"""没, 不, 别, 怕, 防止, 省得, 免得, 差点, 险些, 以为, 像是: an alarm behind them in the same breath is none, perhaps:
也没见有人受伤, 差点打起来了."""

PAST = (
    "zuo tian", "zuo wan", "qian tian", "shang hui", "shang ci", "na hui", "na ci", "qu nian", "yi qian", "gang cai",
    "yuan lai", "ben lai", "zao shang", "qian ban ye",
)  # fmt: skip
"""昨天, 上回, 以前, 刚才, 原来, 早上, …: what follows in the same breath was so."""

STATE = ("normal", "not_found", "present")
"""How things are now."""

NOT_SO = words("bu shi")
"""不是: 不是没发现,是没顾上看."""

BUT = words("jiu shi", "bu guo", "zhi shi", "zhi you", "dao shi", "dao you", "dan shi", "ke shi")
"""就是, 不过, 只是, 只有, 倒是, 倒有, 但是, 可是: behind 没发现 or 没事 they tell what there is."""

EXCEPT, EXCEPT_WITHIN = ("chu le",), 8
"""除了, and syllables from it: 除了三号楼都正常."""

THAN = "bi"
"""比: 比昨天正常."""

TOLD = words("le", "guo", "wan", "hao", "de", "bu", "yi")
"""说了, 说过, 说完, 说好, 说的, 说不…, 说一声: behind 说 no quotation."""

SPEAKERS = frozenset({"wo", "an", "zan", "zai"})
"""我(说), 俺(说), 咱(说), 再(说): the speaker's own words, not somebody's who is quoted."""

HAPPENING = words("ren", "zhao", "da", "shou", "fa", "chu", "ming")
"""人, 着(火), 打(架), 受(伤), 发(现), 出(事), 明(火): 没有 before them says that nothing happens."""

CARRYING_ON = words(
    "a", "ya", "ne", "de", "le", "ba", "ha", "o", "la", "wo", "an", "zan", "jiu", "dan", "mei", "dou", "ye", "xie",
    "ling dao", "bao gao", "zhe", "hai", "qing",
)  # fmt: skip
"""啊, 呢, 的, 了, 我, 俺, 就(是), 但(是), 没, 都, 也, 谢谢, 领导, 报告, 这(边), 还, 请: what goes on behind an
answer."""

COUNTING = frozenset({"yi", "liang", "san", "si", "wu", "liu", "qi", "ba", "jiu", "shi", "ji", "hao"})
"""一, 两, 三, …, 几, 好(几): before THINGS."""

THINGS = frozenset("zhang fen tiao feng bi jian tong pi ge".split())
"""张, 份, 条, 封, 笔, 件, 通, 批, 个: 收到一张假钱 is no acknowledgement."""

CLEAR, CLEARLY = "清楚", words("wen", "kan", "shuo", "nong", "gao", "jiang", "cha", "ji", "xie")
"""清楚 is no acknowledgement behind 问, 看, 说, 弄, 搞, 讲, 查, 记, 写; 听清楚了 is one."""

PEOPLE = frozenset({"ge", "ming", "wei", "ren"})
"""个, 名, 位, 人: 到了三个 is not all of them."""

GOES = (*COMING, *words("zheng", "zheng zai", "ma shang", "an", "zan", "hao", "xing", "bian", "zhe", "ge", "ming"))
"""Those, 正(在), 马上, 俺, 咱, 好, 行, 这边, 我这, 三个, 两名: 在路上 directly after another word may tell of somebody
else: 维保的在路上了."""


def is_part(act: Act, items: Sequence[Item]) -> bool:
    """收到一张假钱, 谁收到的, 问清楚, 不是没发现, 等会儿东风渠送过去: a verb with its object, a question, a denial, a
    time; whoever pauses behind it means the phrase."""
    at = act.at + (items[act.at].kind == "unit")
    before, behind = free_before(run_together(items), at), said_behind(items, at)
    if act.meaning in ("ack", "present") and (ends(before, ASKED_FOR) or before == ("shui",)):
        return True
    if act.meaning == "say_again" and items[at].key.endswith(("啥", "什么")):
        return before[-1:] == ("ta",) or behind[:2] == ["shi", "hou"]  # 他说啥, 说啥时候来
    if act.meaning in ("not_found", "normal"):
        return ends(free_before(items, at), NOT_SO)
    if act.meaning == "ack" and items[at].key.startswith(CLEAR):
        return ends(before, CLEARLY)
    if act.meaning == "ack" and items[at].key.endswith(RECEIVED):
        return behind[:1] == ["de"] or (_counts(behind, THINGS) and not _times(behind))
    if act.meaning != "stand_by" or not items[at].key.startswith(WAITING):
        return False
    return any(i.kind in ("unit", "place") for i in items[at + 1 : clause_end(items, at) - 1])


def of_others(act: Act, items: Sequence[Item]) -> bool:
    """Told of somebody or something else, or not for sure, perhaps."""
    if act.meaning not in (*ANSWERS, *HOLDING) or act.speaker == "control":
        return False
    at = act.at + (items[act.at].kind == "unit")
    before, behind = free_before(items, at), said_behind(items, at)
    if _quoted(before):
        return True
    if act.meaning == "situation":
        return _asked_about(before)
    return (
        _near(before, (*ASKING, *GUESSING), NEAR_BY)
        or (act.meaning in STATE and _near(before, PAST, NEAR_BY))
        or _near(before, EXCEPT, EXCEPT_WITHIN)
        or (act.meaning == "normal" and (THAN in before[-NEAR_BY:] or behind[:1] == ["ba"]))
        or (act.meaning == "on_the_way" and bool(before) and not ends(before, GOES))
        or (act.meaning == "arrived" and _counts(behind, PEOPLE))
        or (act.meaning == "not_found" and (_after_all(syllables(items[at + 1 :])) or _not_so(items, at)))
        or (act.meaning in ("not_found", "normal") and _but(items, at))
        or _goes_on(act, items, at, behind)
    )


def _quoted(before: Sequence[str]) -> bool:
    """他说, 门岗说, 说都 …: not 我说, nor 说了."""
    at = next((k for k in reversed(range(len(before))) if before[k] == "shuo"), -1)
    if at < 0 or at < len(before) - 1 - NEAR_BY:
        return False
    own = at > 0 and (before[at - 1] in SPEAKERS or tuple(before[at - 2 : at]) == ("gen", "ni"))
    return not own and not begins(before[at + 1 :], TOLD)


def _near(before: Sequence[str], some: Sequence[str], within: int) -> bool:
    """Whether one of these words stands so near before."""
    said = f" {' '.join(before[-within:])} "
    return any(f" {w} " in said for w in some)


def _asked_about(before: Sequence[str]) -> bool:
    """几号楼有人叫救护车, 没人叫救护车, 差点打起来了; 为摊位打起来了 sounds like 要不要…: an alarm all the same, to be
    heard."""
    alike = len(before) > 2 and before[-1] == before[-3] and before[-2:] != before[-4:-2]
    unreal = _near(before, (*UNREAL, *PAST, *GUESSING), UNREAL_WITHIN)
    return alike or unreal or ends(before, NOBODY) or _near(before, WHICH, WHICH_WITHIN)


def _not_so(items: Sequence[Item], at: int) -> bool:
    """不是,没发现, if nobody pauses."""
    return ends(free_before(run_together(items), at), NOT_SO)


def _after_all(behind: Sequence[str]) -> bool:
    """没有没有,哦有一个; 没发现,又说找到了: something was found."""
    return any(begins(behind[k:], FOUND) for k in range(len(behind))) or any(
        s == "you" and behind[k - 1 : k] not in (["mei"], ["hai"]) and behind[k + 1 : k + 2] == ["yi"]
        for k, s in enumerate(behind)
    )


def _but(items: Sequence[Item], at: int) -> bool:
    """没看见火,就是冒烟; 没发现,就俩钓鱼的."""
    said = syllables(items[at + 1 :])
    at_once = begins(said, (("jiu",),)) and len(said) > 2
    return at_once or any(begins(said[k:], (w,)) and len(said) > k + len(w) + 1 for k in range(len(said)) for w in BUT)


def _goes_on(act: Act, items: Sequence[Item], at: int, behind: Sequence[str]) -> bool:
    """正常开门, 都在群里说了, 没有身份证, 没收到通知, 学理路小学,等会儿来个车: more of the sentence follows."""
    key = items[at].key
    when = act.meaning == "stand_by" and key.startswith(WAITING) and any(i.kind == "unit" for i in items[:at])
    if when or (act.meaning == "negative" and key.endswith(RECEIVED)):
        return len(behind) > 1 and not begins(behind, CARRYING_ON)
    said = free_behind(items, at)
    lacks = key.endswith("没有") and not begins(said, HAPPENING)
    whole = act.meaning in ("normal", "present") or (act.meaning == "on_the_way" and key[-1] not in REACHING)
    if begins(said, (("de",),)):
        return (lacks or whole) and len(said) > 2  # 没事的话, 在值班的不是我
    more = said == ("bu",) or (len(said) > 1 and not _counts(said, PEOPLE))  # 正常不正常你说; not 在岗五人
    return (lacks or whole) and more and not begins(said, CARRYING_ON)


def _counts(said: Sequence[str], what: frozenset[str]) -> bool:
    """三个…."""
    return len(said) > 1 and said[0] in COUNTING and said[1] in what


def _times(said: Sequence[str]) -> bool:
    """三分(钟), 一个(小时), 两个(人), and nothing behind."""
    return said[2:3] in ([], ["zhong"], ["xiao"], ["ren"])
