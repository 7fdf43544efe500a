"""Names as people say them: places and surnames with readings of their own, figures and letters in any width."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest

from voice.grammar.interpreter import Interpreter
from voice.mandarin.readings import read_table
from voice.net.loading import Net, check_net, load_net
from voice.places import data_folder
from voice.speech.hypothesis import Hypothesis, Word

OwnNet = Callable[..., Path]


def said(net: Net, text: str) -> str:
    return " ".join(net.readings.spoken(text))


@pytest.mark.parametrize(
    "text, reading",
    [
        ("长葛路", "chang2 ge3 lu4"), ("浚县社区", "xun4 xian4 she4 qu1"), ("单县", "shan4 xian4"),
        ("六安路", "lu4 an1 lu4"),
        ("六安全员", "liu4 an1 quan2 yuan2"), ("台州", "tai1 zhou1"), ("洪洞", "hong2 tong2"), ("番禺", "pan1 yu2"),
        ("闵行", "min3 hang2"), ("莘庄", "xin1 zhuang1"), ("莘县", "shen1 xian4"), ("华阴", "hua4 yin1"),
        ("华北", "hua2 bei3"),
        ("乐亭", "lao4 ting2"), ("尉氏", "wei4 shi4"), ("尉犁", "yu4 li2"), ("涡阳", "guo1 yang2"),
        ("东阿", "dong1 e1"),
        ("王都", "wang2 du1"), ("花都", "hua1 du1"), ("郫都", "pi2 du1"), ("汉沽", "han4 gu1"),
        ("麻涌", "ma2 chong1"),
        ("吴堡", "wu2 bu3"), ("蔚县", "yu4 xian4"), ("济源", "ji3 yuan2"), ("漯河", "luo4 he2"),
        ("任丘", "ren2 qiu1"),
        ("长城", "chang2 cheng2"), ("校长", "xiao4 zhang3"), ("解放军", "jie3 fang4 jun1"), ("单位", "dan1 wei4"),
    ],
)  # fmt: skip
def test_places(net: Net, text: str, reading: str) -> None:
    assert said(net, text) == reading


@pytest.mark.parametrize(
    "text, talk, name",
    [
        ("都就位", ["dou1 jiu4 wei4", "du1 jiu4 wei4"], "dou1 jiu4 wei4"),
        ("都拴好", ["dou1 shuan1 hao3", "du1 shuan1 hao3"], "du1 shuan1 hao3"),
        ("也行", ["ye3 xing2"], "ye3 hang2"),
        ("银行", ["yin2 hang2"], "yin2 hang2"),
        ("没收到", ["mei2 shou1 dao4", "mo4 shou1 dao4"], "mei2 shou1 dao4"),
    ],
)
def test_what_is_said_is_not_read_as_names_are(net: Net, text: str, talk: list[str], name: str) -> None:
    read = (" ".join(row) for r in net.readings.read(text, talk=True) for row in product(*r))
    assert list(read) == talk and said(net, text) == name


def test_a_sentence_has_names_in_it(own_net: OwnNet) -> None:
    net = load_net(own_net(roster="编号,名称\n1,拓都社区\n"))
    assert " ".join(net.syllables("拓都社区都拴好")) == "tuo4 du1 she4 qu1 dou1 shuan1 hao3"
    assert net.spell("拓都社区,都拴好")[-3:] == ["dou1", "shuan1", "hao3"]


def test_the_table_is_large_and_each_row_is_a_reading() -> None:
    names, surnames = (data_folder() / "grammars" / "zh" / f for f in ("names.txt", "surnames.txt"))
    table, problems = read_table([names], surnames=[surnames])
    assert not problems and len(table.words) > 500 and len(table.surnames) > 80
    assert {"解", "曾", "单", "查", "仇", "华", "朴", "盖", "覃", "缪", "区", "尉迟"} <= set(table.surnames)


@pytest.mark.parametrize(
    "text, reading",
    [
        ("单警官", "shan4 jing3 guan1"), ("解所长", "xie4 suo3 zhang3"), ("曾副所长", "zeng1 fu4 suo3 zhang3"),
        ("仇大队长", "qiu2 da4 dui4 zhang3"), ("尉迟主任", "yu4 chi2 zhu3 ren4"),
        ("区建国队长", "ou1 jian4 guo2 dui4 zhang3"),
        ("区队长", "qu1 dui4 zhang3"), ("查岗", "cha2 gang3"), ("华中队", "hua2 zhong1 dui4"), ("盖楼", "gai4 lou2"),
    ],
)  # fmt: skip
def test_surnames_where_a_name_begins_and_nowhere_else(net: Net, text: str, reading: str) -> None:
    assert said(net, text) == reading


def test_officers_of_the_roster_are_people(own_net: OwnNet) -> None:
    net = load_net(own_net(roster="编号,名称,责任民警\n1,甲社区,单建国、解晓东\n2,乙社区,查询\n3,丙社区,曾\n"))
    assert said(net, "甲社区的负责人是单建国").endswith("shan4 jian4 guo2")
    assert said(net, "解晓东") == "xie4 xiao3 dong1" and said(net, "单位") == "dan1 wei4"


@pytest.mark.parametrize(
    "one, other",
    [
        ("ＢＧ６ＡＢＣ", "BG6ABC"), ("３号楼", "3号楼"), ("③号楼", "3号楼"), ("二〇三室", "二零三室"),
        ("Ⅱ区", "2区"), ("-1楼", "负一楼"),
        ("－１层", "负一层"), ("3#楼", "3号楼"), ("3#", "3号"), ("A／B座", "A/B座"), ("BG6ABC/P", "BG6ABCP"),
        ("3-2", "32"),
        ("甲-1", "甲1"), ("东区-1号楼", "东区1号楼"),
    ],
)  # fmt: skip
def test_the_same_name_in_other_writing(net: Net, one: str, other: str) -> None:
    first = [p[0] for p in net.readings.read(one)[0]]
    assert first == [p[0] for p in net.readings.read(other)[0]]


def test_strokes_may_be_said(net: Net) -> None:
    assert any("xie2 gang4" in " ".join(p[0] for p in r) for r in net.readings.read("BG6ABC/P"))
    assert any("san1 gang4 er4" in " ".join(p[0] for p in r) for r in net.readings.read("3-2"))


def notices(folder: Path) -> list[str]:
    net, problems = check_net(folder)
    assert net is not None and not problems
    return [f"{p.line}: {p.what} → {p.fix}" for p in net.notices]


def test_characters_with_another_reading_are_asked_about_until_it_is_said(own_net: OwnNet) -> None:
    folder = own_net(roster="编号,名称\n1,查家庄\n2,王都社区\n3,长葛社区\n4,银行\n5,检查站\n")
    told = notices(folder)
    assert len(told) == 2 and "“查” in “查家庄” is read cha2, and elsewhere zha1" in told[0]
    assert told[1].startswith("3: “都”") and "readings.txt" in told[1]
    (folder / "readings.txt").write_text("查家庄 = zha1 jia1 zhuang1\n王都 = wang2 du1\n", "utf-8")
    assert notices(folder) == [] and said(load_net(folder), "查家庄") == "zha1 jia1 zhuang1"


def test_what_of_a_roster_may_not_be_as_it_seems(own_net: OwnNet) -> None:
    rows = "1,甲社区,甲社区,乙社区;丁社区\n2,乙社区,乙;乙社区,1\n3,收到,,\n4,守道社区,守到,\n"
    told = notices(own_net(roster="编号,名称,呼号,邻近\n" + rows))
    assert [t.split(":", 1)[0] for t in told] == ["2", "3", "4", "5"]
    assert "no unit is called “丁社区”" in told[0] and "one syllable" in told[1]
    assert "said like a phrase of the grammar: “收到”" in told[2]
    assert "said like" in told[3]


def test_a_misheard_name_never_calls_everybody(net: Net, own_net: OwnNet) -> None:
    phrases = {e.text for e in net.lexicon.entries if e.kind == "phrase"}
    assert {"各单位", "各社区注意"} <= phrases and "各社区" not in phrases, "葛社区 and 各社区 cannot be told apart"
    folder = own_net(roster="编号,名称\n1,葛社区\n2,康宁社区\n")
    clashing = load_net(folder)
    assert not [e.text for e in clashing.lexicon.entries if "各社区" in e.text]
    assert any("“各社区注意” begins like the call sign “葛社区”" in t for t in notices(folder))
    heard = Interpreter(net.lexicon)
    for name in ("ge she qu zu yi", "he she qu zhu yi", "ge dan wo zhu yi", "ke dan wei"):
        words = tuple(Word(f"#{s}", 0.3 * k, 0.3 * k + 0.3, 0.9) for k, s in enumerate(name.split()))
        assert not heard.interpret(Hypothesis(words)).to_all, name
    words = tuple(Word(f"#{s}", 0.3 * k, 0.3 * k + 0.3, 0.9) for k, s in enumerate("ge dan wei zhu yi".split()))
    assert heard.interpret(Hypothesis(words)).to_all
