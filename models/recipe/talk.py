"""What the natural voices of training say: radio talk of made-up nets, answers as people give them, figures as they are
read on the air, everyday sentences, words in random rows.

Every text is a row of words, a word a row of toned syllables as they are spoken: tone sandhi is written out, inside
words by pypinyin and across them by ``joined``. No call sign of the sample net or of the test scenarios is made.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import TypeVar

import numpy as np

from models.recipe.prepare import toned
from voice.mandarin.numerals import for_the_air
from voice.mandarin.phones import SYLLABLES, split_syllable
from voice.mandarin.readings import LETTERS
from voice.net.loading import load_net
from voice.places import sample_net
from voice.speech.kokoro import MARKS

Rng = np.random.Generator
T = TypeVar("T")
Words = list[list[str]]
"""Words of toned syllables; one of ``MARKS`` as a word of its own is a pause."""

ENDINGS = (
    "社区", "社区治安队", "小区", "家属院", "大学", "大学家属院", "学院", "中学", "小学", "幼儿园", "超市", "广场",
    "市场", "医院", "银行", "派出所", "警务室", "巡逻队", "巡防队", "保安队", "物业", "门岗", "东门", "南门", "西门",
    "北门", "车站", "地铁站", "公园", "家园", "花园", "村", "村委会", "街道办", "居委会", "加油站", "酒店", "宾馆",
    "工地", "检查站", "大厦", "科技园", "停车场", "路口", "大桥", "三队", "一号岗", "二号楼", "消防站", "值班室",
    "指挥部", "服务站", "研究所",
)  # fmt: skip
ASKED = (
    "情况怎么样", "收到请回答", "是否正常", "有没有发现情况", "在不在岗", "门前秩序是否良好", "听到请回话",
    "现在什么位置", "人到齐了没有", "请报告情况", "请讲", "请回答", "收到没有", "今晚有没有异常", "听到请回答",
    "请报告位置", "现在几个人在岗", "请到现场查看", "马上派人过去看一下", "请注意安全", "请立即处置", "车辆出动没有",
    "请核对一下人数", "我是总台",
)  # fmt: skip
ANSWERS = (
    "收到", "收到", "收到收到", "好的收到", "收到谢谢", "明白", "明白明白", "清楚", "好", "好的", "好嘞", "得嘞",
    "行", "中", "知道了", "没问题", "一切正常", "正常", "正常正常", "都正常", "一切都好", "没事儿", "没啥情况",
    "没什么情况", "没什么问题", "平安", "一切平安", "都好着呢", "秩序良好", "没有", "没有没有", "没有发现", "没发现",
    "没看见", "暂时没有", "目前没有", "没有异常", "没有发现异常情况", "目前没有异常", "到", "在", "在呢", "在岗",
    "我在", "都在岗", "马上过去", "马上到", "在路上", "正在路上", "快到了", "到了", "已经到了", "到现场了",
    "已经到达现场", "有情况", "出事了", "打起来了", "有人打架", "门口有人打架", "有人受伤", "有人受伤了", "人跑了",
    "人抓住了", "嫌疑人已经控制", "孩子找到了", "着火了", "需要救护车", "请求支援", "发现可疑人员",
    "发现一名可疑男子", "听不清", "没听清", "再说一遍", "请再说一遍", "没听见", "说啥", "请重复", "请重复一遍",
    "刚才没收到", "稍等", "稍等一下", "等一下", "请讲", "报告完毕", "完毕", "点名完毕", "处理完了", "正在处理",
    "马上处理", "车已经走了", "人已经走了", "我这边一切正常", "这边没啥情况",
)  # fmt: skip
FILLERS = ("呃", "那个", "嗯", "啊", "喂", "哎")
COURTESIES = ("谢谢", "辛苦了", "你好", "总台你好", "再见")

DIGITS = {
    "0": ("dong4", "ling2"), "1": ("yao1", "yi1"), "2": ("liang3", "er4"), "3": ("san1",), "4": ("si4",),
    "5": ("wu3",), "6": ("liu4",), "7": ("guai3", "qi1"), "8": ("ba1",), "9": ("jiu3", "gou1"),
}  # fmt: skip
"""On the air and in everyday reading."""

PLATES = "豫京沪粤苏浙鲁冀晋鄂湘皖川陕"

WHO = (
    "我", "他", "她", "你们", "我们", "王师傅", "老李", "小张", "我妈", "邻居", "保安", "那个司机", "门卫大爷",
    "队长",
)  # fmt: skip
WHEN = (
    "", "", "今天", "昨天晚上", "明天早上", "刚才", "下午三点", "星期六", "上个月", "等一会儿", "吃完饭", "这两天",
)  # fmt: skip
WHERE = (
    "", "", "在门口", "在公园里", "在家", "在学校旁边", "去超市", "到医院", "从北京", "在地铁上", "到河边", "在楼下",
)  # fmt: skip
DONE = (
    "买了一袋苹果", "看见两只猫", "等了半个小时", "说他不想去了", "把钥匙弄丢了", "给孩子打电话", "跟朋友吃饭",
    "忘了带身份证", "修好了自行车", "听见有人唱歌", "要开一个会", "正在找停车位", "把垃圾倒了", "走错了路",
    "想换一个手机", "觉得有点冷", "发现灯没有关", "排队排了很久", "帮老太太拿东西", "写完了作业", "一共花了八十块钱",
    "还没有吃早饭", "问路怎么走", "把门锁上了", "碰见了以前的同学", "生病请假了", "取了一个快递", "让大家往后退",
    "带狗散步", "打算搬家", "看了一场电影",
)  # fmt: skip
TAILS = (
    "", "", "", "所以来晚了", "你知道吗", "真没办法", "怎么办呢", "你看行不行", "以后再说吧", "太麻烦了", "挺好的",
)  # fmt: skip


@cache
def dictionary() -> tuple[list[str], np.ndarray]:
    """(words of two to four characters, how often each is drawn): jieba's, rare ones lifted."""
    import jieba

    jieba.setLogLevel(60)
    jieba.initialize()
    rows = [(w, f) for w, f in jieba.dt.FREQ.items() if f >= 20 and re.fullmatch("[\u4e00-\u9fff]{2,4}", w)]
    weights = np.array([f for _, f in rows], float) ** 0.4
    return [w for w, _ in rows], np.cumsum(weights / weights.sum())


def word(rng: Rng) -> str:
    """A word of the dictionary."""
    words, upto = dictionary()
    return words[min(int(np.searchsorted(upto, rng.random())), len(words) - 1)]


def cut(text: str) -> Words:
    """Chinese text → words as they are spoken. Raises ValueError if a character has no Mandarin syllable."""
    import jieba

    jieba.setLogLevel(60)
    out: Words = []
    for part in re.findall(r"[\u4e00-\u9fff]+|[,.?，。？、；！]", text):
        if part in ",.?，。？、；！":
            out.append([{"，": ",", "、": ",", "；": ",", "。": ".", "！": ".", "？": "?"}.get(part, part)])
            continue
        words = jieba.lcut(part)
        row = [s for w in words for s in toned(w, sandhi=False)]
        if len(row) != len(part) or any(split_syllable(s[:-1]) is None or s[-1] not in "12345" for s in row):
            raise ValueError(f"{part!r} cannot be read")
        row = changed(part, row)
        for w in words:
            out.append(row[: len(w)])
            row = row[len(w) :]
    return joined(out)


_COUNTED = set("零一二三四五六七八九十百千万两第初期之")


def changed(text: str, row: list[str]) -> list[str]:
    """The tones of 一 and 不 before what follows them; 一 in a number stays as it is."""
    out = [{"一": "yi1", "不": "bu4"}.get(char, s) for char, s in zip(text, row, strict=True)]
    for k, (char, after) in enumerate(itertools.pairwise(text)):
        following = out[k + 1][-1]
        if char == "不" and following == "4":
            out[k] = "bu2"
        elif char == "一" and after not in _COUNTED and after not in "号点月" and text[k - 1 : k] not in _COUNTED:
            out[k] = "yi2" if following == "4" else "yi4" if following in "123" else out[k]
    return out


def joined(words: Words) -> Words:
    """Tone sandhi across words: a third tone before a third becomes a second, unless there is a pause between."""
    out = [list(w) for w in words]
    for one, two in itertools.pairwise(out):
        if one[0] not in MARKS and two[0] not in MARKS and one[-1][-1] == "3" and two[0][-1] == "3":
            one[-1] = f"{one[-1][:-1]}2"
    for w in out:
        for k in range(len(w) - 1):
            if w[k][-1] == "3" and w[k + 1][-1] == "3":
                w[k] = f"{w[k][:-1]}2"
    return out


def _one(options: Sequence[T], rng: Rng) -> T:
    return options[int(rng.integers(len(options)))]


def name(rng: Rng) -> str:
    """A call sign that no net has: a word or two, and an ending that nets have."""
    stem = word(rng) if rng.random() < 0.85 else word(rng)[:2] + word(rng)[:1]
    return stem + _one(ENDINGS, rng)


def radio(rng: Rng) -> Words:
    """A call, an answer with a call sign, a report."""
    n, kind = name(rng), rng.integers(8)
    twice = f"{n},{n}" if rng.random() < 0.7 else n
    text = (
        f"{twice},{_one(ASKED, rng)}?", f"{twice},{_one(ANSWERS, rng)}.", f"{n},{_one(ANSWERS, rng)}.", f"{twice}.",
        f"{n}呼叫{name(rng)}.", f"{n}报告,{word(rng)}{word(rng)},{_one(ANSWERS, rng)}.",
        f"总台,我是{n},{_one(ANSWERS, rng)}.", f"{n}{_one(ANSWERS, rng)}.",
    )[kind]  # fmt: skip
    return cut(text)


def answer(rng: Rng) -> Words:
    """What is said without a call sign: often two syllables and nothing else."""
    text = _one(ANSWERS, rng)
    if rng.random() < 0.25:
        text += "," + _one(ANSWERS, rng)
    if rng.random() < 0.12:
        text = _one(FILLERS, rng) + "," + text
    if rng.random() < 0.08:
        text += "," + _one(COURTESIES, rng)
    return cut(text + ".")


def brief(rng: Rng) -> Words:
    """A short call sign, as units are called that know each other: alone, twice, with what is asked or answered."""
    if rng.random() < 0.15:
        row = [f"{s}{rng.integers(1, 5)}" for s in rng.choice(SYLLABLES, int(rng.integers(2, 4)))]
        return joined([row] if rng.random() < 0.5 else [row, [","], row])
    sign = next(w for w in iter(lambda: word(rng), "") if len(w) < 4)
    text = (
        f"{sign}.", f"{sign}.", f"{sign},{sign}.", f"{sign}{_one(ANSWERS, rng)}.", f"{sign},{_one(ANSWERS, rng)}.",
        f"{sign},{_one(ASKED, rng)}?",
    )[rng.integers(6)]  # fmt: skip
    return cut(text)


@cache
def phrases() -> list[list[str]]:
    """Toned syllables, as they are spoken, of every phrase that is shipped."""
    net = load_net(sample_net())
    return [net.readings.spoken(e.text, talk=True) for e in net.lexicon.spoken if e.kind == "phrase"]


def shipped(rng: Rng) -> Words:
    """A phrase of the grammar that every net has: alone, behind a call sign, or with another one."""
    row: Words = [_one(phrases(), rng)]
    r = rng.random()
    if r < 0.3:
        row = [*cut(word(rng) if r < 0.12 else name(rng)), *([[","]] if rng.random() < 0.4 else []), *row]
    elif r < 0.45:
        row = [*row, [","], _one(phrases(), rng)]
    return joined([*row, ["."]])


def _figures(digits: str, rng: Rng) -> list[str]:
    air = rng.random() < 0.75
    return [DIGITS[d][0 if air else -1] if rng.random() < 0.93 else _one(DIGITS[d], rng) for d in digits]


def figures(rng: Rng) -> Words:
    """Numbers, times, number plates, channels, figures behind a call sign."""
    kind = rng.integers(6)
    if kind == 0:
        return cut(for_the_air(f"{rng.integers(0, 24)}:{rng.integers(0, 60):02d}"))
    if kind == 1:
        letter = chr(65 + int(rng.integers(26)))
        row = "".join(map(str, rng.integers(0, 10, 5)))
        return [toned(_one(PLATES, rng)), list(LETTERS[letter]), _figures(row, rng)]
    if kind == 2:
        counted = f"{rng.integers(1, 100)}{_one('个名辆台次分岁号楼层单元', rng)}"
        return cut(for_the_air(counted) + _one(("", "人", "车"), rng))
    row = "".join(map(str, rng.integers(0, 10, int(rng.integers(2, 8)))))
    before = cut(_one(("", "我是", "切换到", "呼叫", "车牌号", "电话", "频道"), rng))
    after = [[","], *cut(_one(ANSWERS, rng))] if rng.random() < 0.2 else []
    return [*before, _figures(row, rng), *after]


def everyday(rng: Rng) -> Words:
    """A sentence as people talk."""
    parts = (WHEN, WHO, WHERE, DONE) if rng.random() < 0.7 else (WHO, WHEN, WHERE, DONE)
    text = "".join(_one(p, rng) for p in parts)
    tail = _one(TAILS, rng)
    return cut(f"{text},{tail}." if tail else f"{text}.")


def rows(rng: Rng) -> Words:
    """Two to eight words in a random row."""
    text = "".join(word(rng) + ("," if rng.random() < 0.1 else "") for _ in range(int(rng.integers(2, 9))))
    return cut(text + ".")


def syllables(rng: Rng) -> Words:
    """Syllables that no dictionary has in such a row: every sound is heard beside every other one."""
    row = [f"{s}{rng.integers(1, 5)}" for s in rng.choice(SYLLABLES, int(rng.integers(3, 9)))]
    return joined([row[:2], row[2:]])


KINDS: tuple[tuple[float, Callable[[Rng], Words]], ...] = (
    (0.16, radio), (0.1, answer), (0.2, brief), (0.2, shipped), (0.08, figures), (0.08, everyday), (0.13, rows),
    (0.05, syllables),
)  # fmt: skip
"""Shares of what is said."""


def said(rng: Rng) -> Words:
    """One over. Words that cannot be read are thrown away, others drawn."""
    shares = np.cumsum([share for share, _ in KINDS])
    while True:
        kind = KINDS[int(np.searchsorted(shares, rng.random() * shares[-1]))][1]
        try:
            words = [w for w in kind(rng) if w]
        except ValueError:
            continue
        if 1 <= sum(len(w) for w in words if w[0] not in MARKS) <= 32:
            return words
