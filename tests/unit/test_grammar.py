"""From Chinese text to the decoding graph, and from hypotheses back to meaning."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from pathlib import Path

import pytest

from voice.grammar.check import clashes, to_rename
from voice.grammar.compiler import Costs, build_graph, compile_graph, graph_key
from voice.grammar.evidence import Evidence
from voice.grammar.interpreter import Interpreter
from voice.grammar.lexicon import NOISE, Entry, build_lexicon, pronunciations, sisters_of
from voice.grammar.meanings import MEANINGS
from voice.grammar.message import Doubt, Message
from voice.grammar.templates import expand, read_templates
from voice.mandarin.accents import ACCENTS, variants
from voice.mandarin.distance import phrase_distance, syllable_distance
from voice.mandarin.figures import agree, comparable, differing, figures
from voice.mandarin.numerals import CannotBeRead, cardinal
from voice.mandarin.phones import SYLLABLES, phone_set, split_syllable
from voice.mandarin.readings import ReadingsTable, read_table
from voice.net.loading import Net
from voice.places import data_folder
from voice.speech.hypothesis import Hypothesis, Word

ZH = data_folder() / "grammars" / "zh"


@pytest.fixture(scope="module")
def table() -> ReadingsTable:
    found, problems = read_table([ZH / "digits.txt", ZH / "readings.txt"])
    assert not problems
    return found


# -- phones ------------------------------------------------------------------------------------


def test_every_syllable_has_phones_and_no_two_share_them() -> None:
    rows = {s: split_syllable(s) for s in SYLLABLES}
    assert None not in rows.values()
    shared = [(a, b) for a in SYLLABLES for b in SYLLABLES if a < b and rows[a] == rows[b]]
    assert shared == [("o", "yo")]


@pytest.mark.parametrize(
    "syllable, phones",
    [
        ("jia", ("j", "ia")),
        ("yuan", ("van",)),
        ("xue", ("x", "ve")),
        ("lüe", ("l", "ve")),
        ("zhi", ("zh", "iii")),
        ("si", ("s", "ii")),
        ("er", ("er",)),
        ("wen", ("uen",)),
        ("jun", ("j", "vn")),
        ("dui", ("d", "uei")),
        ("hello", None),
        ("", None),
        ("bx", None),
    ],
)
def test_split(syllable: str, phones: tuple[str, ...] | None) -> None:
    assert split_syllable(syllable) == phones


def test_phone_set_is_what_the_model_was_trained_with() -> None:
    phones = phone_set()
    assert (phones.toneless, phones.num_pdfs) == (99, 479)
    assert len(phones.symbols) == 2 + 4 * (21 + 38 + 38 * 5)
    assert [p for p, _, _ in phones.states] == sorted(p for p, _, _ in phones.states)


# -- readings ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, spoken",
    [
        ("贾岗社区", "jia3 gang3 she4 qu1"),
        ("祭城", "zha4 cheng2"),  # the local reading, not the dictionary's jì
        ("建设银行", "jian4 she4 yin2 hang2"),
        ("省残联,省残联", "sheng3 can2 lian2 sheng3 can2 lian2"),
        ("107", "yao1 ling2 qi1"),
        ("3号楼", "san1 hao4 lou2"),
        ("B区", "bi4 qu1"),
    ],
)
def test_spoken_reading(table: ReadingsTable, text: str, spoken: str) -> None:
    assert " ".join(table.spoken(text)) == spoken


def test_radio_digits_are_understood(table: ReadingsTable) -> None:
    (first, *_), digits = table.read("107"), table.digits()
    assert first[1] == ("ling2", "dong4") and first[2] == ("qi1", "guai3")
    assert digits["9"] == ("jiu3", "gou1")


def test_spoken_nine_is_a_setting() -> None:
    found, _ = read_table([ZH / "digits.txt"], "gou1")
    assert found.spoken("9") == ["gou1"] and "jiu3" in found.read("9")[0][0]


def test_cardinal_numbers_are_a_second_reading(table: ReadingsTable) -> None:
    readings = [" ".join(p[0] for p in r) for r in table.read("12楼")]
    assert "shi2 er4 lou2" in readings and cardinal(101) == "一百零一" and cardinal(110) == "一百一十"


def test_erhua_may_be_heard_as_one_syllable(table: ReadingsTable) -> None:
    assert {len(r) for r in table.read("大门儿")} == {2, 3}


@pytest.mark.parametrize("text", ["社区😀", "", "→"])
def test_what_nobody_can_say(table: ReadingsTable, text: str) -> None:
    with pytest.raises(CannotBeRead):
        table.read(text)


def test_readings_file_mistakes_are_all_reported(tmp_path: Path) -> None:
    path = tmp_path / "readings.txt"
    path.write_text("祭城 = zha4\n贾岗 = jia3 gang9\n好 hao3\n省 = sheng3\n", "utf-8")
    found, problems = read_table([path])
    assert [p.line for p in problems] == [1, 2, 3] and list(found.words) == ["省"]


def test_tone_sandhi_is_allowed_for_hearing() -> None:
    places = pronunciations((("jia3",), ("gang3",), ("yi1",), ("bu4",)), tones=True)
    assert places == [("jia3", "jia2"), ("gang3",), ("yi1", "yi2", "yi4"), ("bu4", "bu2")]
    assert pronunciations((("jia3",), ("gang3",)), tones=False) == [("jia",), ("gang",)]


# -- accents -----------------------------------------------------------------------------------


def test_accent_variants() -> None:
    assert variants("zhi", "zhongyuan") == ((("zh", "iii"), 0.0), (("z", "ii"), 2.0))
    assert dict(variants("lin4", "south"))[("n", "in4")] > 0
    for name in ACCENTS:
        for s in SYLLABLES:
            assert all(p in phone_set().pdfs for phones, _ in variants(s, name) for p in phones)


# -- templates ---------------------------------------------------------------------------------


def test_expand() -> None:
    assert expand("[一切|目前]正常") == [("一切正常",), ("目前正常",), ("正常",)]
    assert expand("{unit}呼叫[{control}]") == [("{unit}", "呼叫", "{control}"), ("{unit}", "呼叫")]


def test_template_mistakes_are_all_reported_and_the_rest_is_used(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    lines = ("[unit]", "ack = 收到", "nope = 好", "ack 收到", "ack = (收到", "ack = {who}收到", "[cats]", "ack = 明白")
    path.write_text("\n".join(lines), "utf-8")
    templates, problems = read_templates([path])
    assert [p.line for p in problems] == [3, 4, 5, 6, 7]
    assert [t.words for t in templates] == [("收到",), ("明白",)]


def test_shipped_grammars_are_clean(net: Net) -> None:
    used = {t.meaning for t in net.lexicon.templates}
    assert used <= set(MEANINGS) and {"ack", "normal", "not_found", "say_again", "proxy", "relay"} <= used


# -- graph -------------------------------------------------------------------------------------


def test_graph_file_is_openfst_vector_format(net: Net, tmp_path: Path) -> None:
    graph = compile_graph(net.lexicon, Costs(), tmp_path)
    data = (graph.folder / "HCLG.fst").read_bytes()
    magic, length = struct.unpack_from("<ii", data)
    assert (magic, data[8 : 8 + length]) == (2125659606, b"vector")
    states, arcs = struct.unpack_from("<qq", data, 8 + 6 + 4 + 8 + 8 + 8 + 8)
    assert len(data) == 8 + 6 + 4 + 8 + 8 + 8 + 8 + 16 + 12 * states + 16 * arcs
    words = (graph.folder / "words.txt").read_text("utf-8").splitlines()
    assert len({w.split()[0] for w in words}) == len(words)


def test_same_input_same_graph_and_any_change_another(net: Net, tmp_path: Path) -> None:
    a, b = compile_graph(net.lexicon, Costs(), tmp_path / "a"), compile_graph(net.lexicon, Costs(), tmp_path / "b")
    assert (a.folder / "HCLG.fst").read_bytes() == (b.folder / "HCLG.fst").read_bytes() and a.key == b.key
    assert graph_key(net.lexicon, Costs(phrase=8)) != graph_key(net.lexicon, Costs())


def test_alternatives_do_not_multiply_the_tree(table: ReadingsTable) -> None:
    def states(sign: str) -> int:
        return len(build_graph(build_lexicon([("1", [sign])], [], [], table, tones=False), Costs())[0])

    one, two, three = states("9号"), states("99号"), states("999号")
    assert three - two <= 1.6 * (two - one)


def test_a_phrase_is_paid_for_on_its_second_syllable(table: ReadingsTable) -> None:
    """The beam compares paths on the way: one that pays at its end would push out those that have paid already."""
    lexicon = build_lexicon([("1", ["贾岗社区"]), ("2", ["贾鲁河"]), ("3", ["省残联"])], [], [], table, tones=False)
    fst, words = build_graph(lexicon, Costs())
    roots = [(weight, after) for sound, _, weight, after in fst.arcs(0) if not sound]
    found, ways = [], [(after, 0.0, 0) for _, after in roots]
    while ways:
        state, paid, states = ways.pop()
        for sound, word, weight, after in fst.arcs(state):
            due = paid + weight - (math.log(2) if sound else 0.0)
            assert due == pytest.approx(Costs().phrase if due else 0.0) and (due or states < 8)
            if word:
                assert due == pytest.approx(Costs().phrase)
                found.append(words[word])
            elif after != state:
                ways.append((after, due, states + 1))
    assert set(found) == {e.symbol for e in lexicon.spoken}


def test_syllables_that_begin_alike_share_their_initial() -> None:
    """Four hundred syllables, entered in every frame, are some sixty beginnings."""
    fst, _ = build_graph(None, Costs())
    beginnings = {phones[0] for phones in map(split_syllable, SYLLABLES) if phones and len(phones) == 2}
    alone = sum(len(phones or ()) == 1 for phones in map(split_syllable, SYLLABLES))
    assert len(fst.arcs(0)) == len(beginnings) + alone + 2  # and silence, and noise


# -- likeness ----------------------------------------------------------------------------------


def test_distance() -> None:
    assert syllable_distance("gang", "gang") == 0
    assert syllable_distance("zhi", "zi") < 0.3 < syllable_distance("ma", "shi")
    assert phrase_distance(("long", "hu"), ("long", "hu")) == 0


def test_call_signs_that_sound_alike_are_named(table: ReadingsTable) -> None:
    signs = [("1", ["龙湖社区"]), ("2", ["龙子湖社区"]), ("3", ["龙湖小区"]), ("4", ["财经大学"]), ("5", ["隆湖社区"])]
    found = clashes(build_lexicon(signs, ["派出所"], [], table).entries)
    pairs = {frozenset((c.a.key, c.b.key)) for c in found}
    assert {frozenset("12"), frozenset("13"), frozenset("15")} <= pairs and not any("4" in p for p in pairs)
    assert next(c for c in found if c.homophones).distance == 0
    renamed = {e.key for e in to_rename(found)}
    assert all(p & renamed for p in pairs), "renaming them ends every clash"


# -- interpreter -------------------------------------------------------------------------------


def heard(net: Net, *texts: str, score: float = 1.0) -> Hypothesis:
    by_text = {e.text: e.symbol for e in net.lexicon.spoken}
    words = [Word(by_text.get(t, t), float(k), k + 0.9, score) for k, t in enumerate(texts)]
    return Hypothesis(tuple(words))


@pytest.mark.parametrize(
    "said, awaiting, written",
    [
        ("安全", True, "安全"), ("安全", False, "[an quan]"), ("#zhu #yi 安全", True, "[zhu yi] [an quan]"),
        ("贾岗社区治安队 安全", True, "贾岗社区治安队 安全"), ("#en 安全", True, "[en] 安全"),
        ("贾岗社区治安队 安全 #di #yi", True, "贾岗社区治安队 [an quan] [di yi]"),
    ],
)  # fmt: skip
def test_some_answers_count_only_if_nothing_unknown_is_said_beside_them(
    net: Net, said: str, awaiting: bool, written: str
) -> None:
    message = Interpreter(net.lexicon).interpret(heard(net, *said.split()), awaiting=awaiting)
    assert " ".join(i.written for i in message.items) == written
    assert ("normal" in message.meanings()) == ("安全" in written)


@pytest.mark.parametrize(
    "before, called",
    [
        ("hao yi xian", True), ("hao yi xian wei", True), ("hao ni xian wen", True), ("wo xi", False),
        ("wo men zai", False),
    ],
)  # fmt: skip
def test_a_question_behind_a_call_sign_calls_it_though_nobody_paused(net: Net, before: str, called: bool) -> None:
    """好,你先问,安和社区,情况怎么样: with a mark."""
    by_text = {e.text: e.symbol for e in net.lexicon.spoken}
    spoken = [*(f"#{s}" for s in before.split()), by_text["贾岗社区治安队"], by_text["情况怎么样"]]
    words = tuple(Word(w, 0.5 * k, 0.5 * (k + 1), 1.0) for k, w in enumerate(spoken))
    message = Interpreter(net.lexicon).interpret(Hypothesis(words))
    assert bool(message.callees) == called and all(n.doubt for n in message.names if called)


def test_word_that_is_not_believed_becomes_pinyin(net: Net) -> None:
    message = Interpreter(net.lexicon, 0.5).interpret(heard(net, "收到", score=0.2))
    assert not message.understood and message.pinyin == "shou dao"


@pytest.mark.parametrize(
    "said, believed, found, left",
    [
        ("收到了", {"收到": 0.7}, "收到", "le"),
        ("收到明白", {"收到": 0.7}, "收到", "ming bai"),
        ("收到明白", {"收到明白": 0.6, "收到": 0.9}, "收到明白", ""),
        ("没有发现情况", {"没有发现": 0.6}, "没有发现", "qing kuang"),
    ],
)
def test_a_phrase_is_not_lost_to_its_own_tail(
    net: Net, said: str, believed: dict[str, float], found: str, left: str
) -> None:
    """Where the whole is doubted, the shorter phrase of the same meaning that it begins with is asked about."""
    items = (
        Interpreter(net.lexicon).interpret(heard(net, said), Evidence(lambda e, *_: believed.get(e.text, 0.1))).items
    )
    assert [i.text for i in items if i.kind == "phrase"] == [found] * bool(found)
    assert " ".join(i.pinyin for i in items if i.kind == "free") == left
    assert items[0].start == 0.0 and items[-1].end == pytest.approx(0.9)


def test_a_doubted_phrase_is_not_turned_around(net: Net) -> None:
    """没有 believed, 没有发现情况 not: what is left sounds like 发现情况, and is no report."""
    score = {"没有": 0.6}
    message = Interpreter(net.lexicon).interpret(
        heard(net, "没有发现情况"), Evidence(lambda e, *_: score.get(e.text, 0.1))
    )
    assert "situation" not in message.meanings() and "not_found" in message.meanings()


def test_phrases_that_differ_in_one_word_are_sisters(net: Net) -> None:
    by_text = {e.text: e for e in net.lexicon.spoken}
    sisters = sisters_of(net.lexicon.spoken)
    found = sisters[by_text["门口有人打架"].symbol]
    assert by_text["门口有人受伤"] in found[4, 6] and by_text["北门有人打架"] in found[0, 2]
    assert by_text["路口有人打架"] in found[0, 1] and by_text["北门有人受伤"] not in sum(found.values(), ())
    assert by_text["收到"].symbol not in sisters


def test_a_phrase_that_may_be_its_sister_is_marked(net: Net) -> None:
    said = heard(net, "贾岗社区治安队", "门口有人打架")
    message = Interpreter(net.lexicon).interpret(said, Evidence(doubtful=lambda e, *_: (e, Doubt(e.kind == "phrase"))))
    assert message.text == "贾岗社区治安队 门口有人打架?" and message.doubtful
    assert "situation" in message.meanings()
    sure = Interpreter(net.lexicon).interpret(said)
    assert sure.text == "贾岗社区治安队 门口有人打架" and not sure.doubtful


def test_the_likeliest_of_phrases_that_differ_in_one_word_is_logged(net: Net) -> None:
    by_text = {e.text: e for e in net.lexicon.spoken}
    sister = {"穿灰衣服": by_text["穿黑衣服"]}
    for words in (["穿灰衣服"], "#chuan #hui #yi #fu".split()):
        message = Interpreter(net.lexicon).interpret(
            heard(net, *words), Evidence(doubtful=lambda e, *_: (sister.get(e.text, e), Doubt.NONE))
        )
        assert message.text == "穿黑衣服" and message.items[0].key == "穿黑衣服"


def test_a_phrase_with_a_word_that_nobody_said_is_free_speech(net: Net) -> None:
    said = heard(net, "贾岗社区治安队", "门口有人打架")
    syllables = "men kou you ren tui xiao".split()
    free = Hypothesis(tuple(Word(f"#{s}", 1 + k / 10, 1.1 + k / 10, 1.0) for k, s in enumerate(syllables)))
    refuted = {"phrase": Doubt.REFUTED}
    message = Interpreter(net.lexicon).interpret(
        said,
        Evidence(lambda *_: 1.0, free=lambda *_: free, doubtful=lambda e, *_: (e, refuted.get(e.kind, Doubt.NONE))),
    )
    assert message.text == "贾岗社区治安队 [men kou you ren tui xiao]" and "situation" not in message.meanings()


@pytest.mark.parametrize(
    ("doubt", "written"),
    [
        (Doubt.NONE, "穿黑衣服"),
        (Doubt.ANOTHER, "穿黑衣服?"),
        (Doubt.REFUTED, "[chuan hua yi fu]"),
    ],
)
def test_a_phrase_found_in_free_speech_is_doubted_like_one_of_the_graph(net: Net, doubt: Doubt, written: str) -> None:
    said = heard(net, *"#chuan #hua #yi #fu".split())
    assert Interpreter(net.lexicon).interpret(said, Evidence(doubtful=lambda e, *_: (e, doubt))).text == written


@pytest.mark.parametrize(
    ("words", "meanings"),
    [
        ("知道了", ("ack",)),
        ("#wo #zhi #dao #guo 知道了", ("ack",)),
        ("知道了 #wo #zhi #dao #guo", ("ack",)),
        ("#ta 知道了 #wo #zhi #dao #guo", ("ack",)),
        ("#ta #men #dou #lai 知道了 #wo #men #ye #qu", ()),
        ("#ta #men #dou #lai 没有事 #wo #men #ye #qu", ()),
        ("#ta #men #dou 没有事 #wo #men #ye #qu", ("normal",)),
        ("#ta #men #dou #lai 有人打架 #wo #men #ye #qu", ("situation",)),
    ],
)
def test_short_answers_do_not_stand_in_the_midst_of_a_sentence(net: Net, words: str, meanings: tuple[str, ...]) -> None:
    assert Interpreter(net.lexicon).interpret(heard(net, *words.split())).meanings() == meanings


@pytest.mark.parametrize(
    ("words", "score", "meanings"),
    [
        ("贾岗社区治安队 #zhe #bian #he #shui 快到了", 0.7, ()),
        ("贾岗社区治安队 #zhe #bian #he #shui 快到了", 0.95, ("on_the_way",)),
        ("贾岗社区治安队 #wo #men 快到了", 0.7, ("on_the_way",)),
        ("贾岗社区治安队 快到了 #zhe #bian #he #shui", 0.7, ("on_the_way",)),
        ("贾岗社区治安队 #zhe #bian #he #shui 收到了", 0.7, ()),
        ("贾岗社区治安队 #zhe #bian #he #shui 收到了", 0.95, ("ack",)),
        ("贾岗社区治安队 #zhe #bian #he #shui 收到", 0.7, ("ack",)),
        ("贾岗社区治安队 #wo #men 收到了", 0.7, ("ack",)),
    ],
)
def test_who_comes_is_sure_behind_other_talk(net: Net, words: str, score: float, meanings: tuple[str, ...]) -> None:
    """老人摔倒了 ends like 快到了, and sounds like 收到了."""
    said = heard(net, *words.split(), score=score)
    assert Interpreter(net.lexicon, 0.5, 0.9).interpret(said).meanings() == meanings


@pytest.mark.parametrize(
    ("words", "meanings"),
    [
        ("贾岗社区治安队 没有应答", ("no_answer",)),
        ("贾岗社区治安队 #lian #xi #bu #shang", ("no_answer",)),
        ("贾岗社区治安队 不在岗", ("absent",)),
        ("贾岗社区治安队 缺勤", ("absent",)),
        ("贾岗社区治安队 #bu #zai", ("absent",)),
        ("贾岗社区治安队 #mei #ren", ("absent",)),
    ],
)
def test_who_does_not_answer_may_be_there(net: Net, words: str, meanings: tuple[str, ...]) -> None:
    message = Interpreter(net.lexicon).interpret(heard(net, *words.split()))
    assert message.meanings() == meanings
    assert message.callees == () and message.caller is None, "it is neither called nor speaking"


@pytest.mark.parametrize(
    ("words", "called"), [("各单位 #jia #qiang #xun #luo", True), ("#wo #gen 各单位 #shuo #le", False)]
)
def test_units_at_large_are_named_whether_called_or_not(net: Net, words: str, called: bool) -> None:
    message = Interpreter(net.lexicon).interpret(heard(net, *words.split()))
    assert message.everybody and message.to_all == called


def test_a_phrase_that_does_not_count_is_shown_as_it_was_heard(net: Net) -> None:
    said = heard(net, *"贾岗社区治安队 #zhe #bian #he #shui 快到了".split(), score=0.7)
    talk, fell = said.words[1:-1], said.words[-1]
    at = [fell.start + k * (fell.end - fell.start) / 3 for k in range(4)]
    fall = [Word(f"#{s}", at[k], at[k + 1], 1.0) for k, s in enumerate(("shuai", "dao", "le"))]

    def text(freely: list[Word]) -> str:
        everything = Hypothesis((*talk, *freely))
        return Interpreter(net.lexicon, 0.5, 0.9).interpret(said, Evidence(free=lambda *_: everything)).text

    assert text(fall).endswith(" [shuai dao le]")
    assert text([]).endswith(" [kuai dao le]"), "nothing better is known"


def test_free_speech_is_heard_again_as_one_between_words_that_are_believed(net: Net) -> None:
    asked: list[tuple[float, float]] = []

    def free(start: float, end: float) -> Hypothesis:
        asked.append((start, end))
        return Hypothesis((Word("#wo", 2.0, 2.2, 1.0), Word("#zai", 2.2, 2.4, 1.0)))

    said = heard(net, "贾岗社区治安队", "#wo", "没有发现情况", "#zai", "收到", "#hao")
    believed = {"贾岗社区治安队": 0.9, "收到": 0.9}
    items = Interpreter(net.lexicon).interpret(said, Evidence(lambda e, *_: believed.get(e.text, 0.1), free=free)).items
    assert [i.written for i in items] == ["贾岗社区治安队", "[wo zai]", "收到", "[hao]"]
    assert asked[-1] == (0.9, 4.0), "from the call sign to the answer; what is short stays as it is"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("#shou #dao #yu #ei #yao", "收到"),
        ("贾岗社区治安队 #shou #dao #yu #ei #yao", "收到"),
        ("贾岗社区治安队 #zai #wei #yu #ei #yao", "在位"),
        ("#wo #men #shou #dao #yu #ei #yao", ""),
        ("#ke #yi #yu #ei #yao", ""),
    ],
)
def test_a_reply_that_begins_an_answer_is_found_whatever_follows(net: Net, words: str, found: str) -> None:
    """It is asked about by itself, but only where an answer begins, and only what is a reply at any time."""
    said = heard(net, *words.split())
    beside = {"unit": 0.9}
    audio = Evidence(lambda e, *_: beside.get(e.kind, 0.2), lambda *_: 0.7)
    items = Interpreter(net.lexicon).interpret(said, audio).items
    assert [i.text for i in items if i.kind == "phrase"] == [found] * bool(found)


@pytest.mark.parametrize(
    ("score", "doubt", "written"),
    [
        (0.9, Doubt.NONE, ["贾岗社区治安队", "孩子找到了", "[ma]"]),
        (0.9, Doubt.ANOTHER, ["贾岗社区治安队", "[hai zi zhao dao le]"]),
        (0.2, Doubt.NONE, ["贾岗社区治安队", "[hai zi zhao dao le]"]),
    ],
)
def test_talk_that_sounds_like_a_report_is_its_parts(net: Net, score: float, doubt: Doubt, written: list[str]) -> None:
    """孩子找到了吗 is a word of the graph: what is a phrase in it, and free speech. Where it may not have been said,
    what it sounds like counts."""
    asked = next(e for e in net.lexicon.graph if e.text == "孩子找到了吗")
    said, free = heard(net, "贾岗社区治安队", asked.symbol), "hai zi zhao dao le".split()
    audio = Evidence(
        lambda e, *_: score if e is asked else 0.9 if e.kind == "unit" else 0.1,
        free=lambda *_: Hypothesis(tuple(Word(f"#{s}", 1 + k / 6, 1.1 + k / 6, 1.0) for k, s in enumerate(free))),
        doubtful=lambda e, *_: (e, doubt if e is asked else Doubt.REFUTED if e.kind == "phrase" else Doubt.NONE),
    )
    assert [i.written for i in Interpreter(net.lexicon).interpret(said, audio).items] == written


@pytest.mark.parametrize(
    ("score", "doubt", "row", "written"),
    [
        (0.95, Doubt.NONE, "lao ren mei shi le", ["贾岗社区治安队", "[lao ren]", "没事", "[le]"]),
        (0.8, Doubt.NONE, "lao ren mei shi le", ["贾岗社区治安队", "[lao ren]", "没事?", "[le]"]),
        (0.95, Doubt.ANOTHER, "lao ren mei shi le", ["贾岗社区治安队", "[lao ren]", "没事?", "[le]"]),
        (0.95, Doubt.REFUTED, "lao ren mei shi le", ["贾岗社区治安队", "[lao ren mei shi le]"]),
        (0.4, Doubt.NONE, "lao ren mei shi le", ["贾岗社区治安队", "[lao ren mei shi le]"]),
        (
            0.95,
            Doubt.NONE,
            "shu ju biao ming lao ren mei shi le",
            ["贾岗社区治安队", "[shu ju biao ming lao ren]", "没事?", "[le]"],
        ),
    ],
)
def test_a_phrase_among_the_likeliest_words_is_found_if_the_sounds_bear_it_out(
    net: Net, score: float, doubt: Doubt, row: str, written: list[str]
) -> None:  # fmt: skip
    """In long talk, and where the sounds are not sure, with a mark."""
    said = heard(net, "贾岗社区治安队", *(f"#{s}" for s in row.split()))
    phrase = next(e for e in net.lexicon.spoken if e.text == "没事")
    start, end = said.words[-3].start, said.words[-2].end
    audio = Evidence(
        lambda e, *_: 0.9 if e.kind == "unit" else score,
        doubtful=lambda e, *_: (e, doubt if e.kind == "phrase" else Doubt.NONE),
        alone=lambda e, *_: score,
        written=lambda: [(phrase, start, end)],
    )
    assert [i.written for i in Interpreter(net.lexicon).interpret(said, audio).items] == written


@pytest.mark.parametrize(
    ("words", "written"),
    [
        (
            "派出所 # #tuo #le #liang #che #jia #you #mei #gei",
            "派出所 贾岗社区治安队 [tuo le liang che jia you mei gei]",
        ),
        ("# #tuo #le #liang #che #jia #you #mei #gei", "贾岗社区治安队? [tuo le liang che jia you mei gei]"),
        ("一切正常 # #tuo #le #liang #che #jia #you #mei", "一切正常 贾岗社区治安队? [tuo le liang che jia you mei]"),
    ],
)
def test_a_call_sign_among_words_is_sure_in_long_talk_where_it_stands_behind_net_controls(
    net: Net, words: str, written: str
) -> None:
    sign = next(e for e in net.lexicon.spoken if e.text == "贾岗社区治安队")
    row = [f"#{s}" for s in sign.pinyin.split()]
    said = heard(net, *" ".join(words.split()).replace("# ", " ".join(row) + " ", 1).split())
    at = next(k for k, w in enumerate(said.words) if w.symbol.endswith(row[0][1:]))
    span = said.words[at].start, said.words[at + len(row) - 1].end
    audio = Evidence(lambda *_: 0.95, alone=lambda *_: 0.95, written=lambda: [(sign, *span)])
    assert " ".join(i.written for i in Interpreter(net.lexicon).interpret(said, audio).items) == written


@pytest.mark.parametrize(
    ("words", "left"), [("#jia #chang", ""), ("#jia #chang 收到", "收到"), ("收到 #jia #chang", "收到 [jia chang]")]
)
def test_the_call_sign_of_an_awaited_unit_is_found_where_an_over_begins(net: Net, words: str, left: str) -> None:
    sign = next(e for e in net.lexicon.spoken if e.text == "祭城")
    asked: list[tuple[float, float]] = []

    def signed(start: float, end: float) -> Entry:
        asked.append((start, end))
        return sign

    message = Interpreter(net.lexicon).interpret(heard(net, *words.split()), Evidence(signed=signed))
    if words.startswith("收到"):
        assert message.text == left and not asked
    else:
        assert message.text == f"祭城 {left}".strip() and asked == [(0.0, 1.9)]


@pytest.mark.parametrize(
    ("words", "written"),
    [
        ("#xin #ni #xian #zai #you #ji #ge #ren", "心怡? [xian zai you ji ge ren]"),
        ("#xin #ni 收到", "心怡? 收到"),
        ("#xin #ni", "[xin ni]"),
        ("#xin #ni #na", "[xin ni na]"),
        ("收到 #xin #ni #xian #zai #you", "收到 [xin ni xian zai you]"),
        ("心怡 #xin #ni #xian #zai #you", "心怡 [xin ni xian zai you]"),
    ],
)
def test_a_call_sign_that_begins_an_over_is_looked_for_in_its_sounds(net: Net, words: str, written: str) -> None:
    """Not one that is all of it: a word alone may be anything."""
    sign = next(e for e in net.lexicon.spoken if e.text == "心怡")

    def called(signs: Sequence[Entry], start: float) -> tuple[Entry, float, Doubt]:
        assert sign in signs and start == 0.0
        return sign, 1.9, Doubt.ANOTHER

    message = Interpreter(net.lexicon).interpret(heard(net, *words.split()), Evidence(called=called))
    assert message.text == written


def test_introductions_stand_beside_a_call_sign(net: Net) -> None:
    def kinds(*said: str) -> list[str]:
        return [i.kind for i in Interpreter(net.lexicon).interpret(heard(net, *said)).items]

    assert kinds("这里是", "贾岗社区治安队") == ["phrase", "unit"]
    assert kinds("这里是", "#hen", "#duo") == ["free", "free"]


def test_call_sign_hidden_in_free_syllables_is_found_but_less_believed(net: Net) -> None:
    message = Interpreter(net.lexicon).interpret(heard(net, "#jia", "#gang", "#se", "#qu", "收到"))
    assert message.caller == "102" and 0 < message.items[0].score < 0.8


def test_said_twice_is_one_item_and_more_certain(net: Net) -> None:
    (item,) = Interpreter(net.lexicon).interpret(heard(net, "收到", "收到", score=0.8)).items
    assert item.times == 2 and item.score == pytest.approx(0.96)


def test_noise_says_nothing_and_parts_what_is_beside_it(net: Net) -> None:
    message = Interpreter(net.lexicon, 0.5).interpret(heard(net, "#jia", "#gang", NOISE, "收到", NOISE))
    assert [(i.kind, i.pinyin) for i in message.items] == [("free", "jia gang"), ("phrase", "shou1 dao4")]
    assert not Interpreter(net.lexicon, 0.5).interpret(heard(net, NOISE, NOISE)).items


def test_words_of_a_stock_model_reach_the_same_meaning(net: Net) -> None:
    message = Interpreter(net.lexicon).interpret(heard(net, "贾", "港", "社区", "收", "到", score=0.9))
    assert message.caller == "102" and message.meanings() == ("ack",)


def test_nothing_heard(net: Net) -> None:
    assert not Interpreter(net.lexicon).interpret(Hypothesis(())).understood


def test_numbers_in_radio_digits(net: Net) -> None:
    message = Interpreter(net.lexicon).interpret(heard(net, "频道", "#guai"))
    assert [a.slots for a in message.acts if a.meaning == "time_is"] == [{"number": "7"}]


def test_on_an_idle_channel_short_phrases_alone_must_be_surer(net: Net) -> None:
    symbols = {e.text: e.symbol for e in net.lexicon.spoken}
    strict = Interpreter(net.lexicon, 0.5, 0.9)

    def heard(*words: str, sure: float, expecting: bool) -> Message:
        row = tuple(Word(symbols[w], 1.0 * k, k + 0.8, sure) for k, w in enumerate(words))
        return strict.interpret(Hypothesis(row), expecting=expecting)

    assert heard("收到", sure=0.7, expecting=True).understood
    assert not heard("收到", sure=0.7, expecting=False).understood
    assert heard("收到", sure=0.7, expecting=False).pinyin == "shou dao", "kept as free speech, for a person to hear"
    assert heard("收到", sure=0.95, expecting=False).understood
    assert heard("收到", "收到", sure=0.7, expecting=False).understood, "said twice it is surer"
    assert heard("省残联", "收到", sure=0.7, expecting=False).caller == "101", "a call sign is not doubted"
    assert heard("没有发现", sure=0.7, expecting=False).understood, "nor is a long phrase"


@pytest.mark.parametrize(
    ("words", "expecting", "written"),
    [
        ("没有发现", False, "没有发现?"),
        ("省残联", False, "省残联?"),
        ("#e 没有发现", False, "[e] 没有发现?"),
        ("没有发现", True, "没有发现"),
        ("没有发现 没有发现", False, "没有发现 没有发现"),
        ("省残联 没有发现", False, "省残联 没有发现"),
        ("#wo #men #zhuan #le #yi #quan #mei #shi 没有发现", True, "[wo men zhuan le yi quan mei shi] 没有发现?"),
        ("#wo #men 没有发现", True, "[wo men] 没有发现"),
        (
            "省残联 #wo #men #zhuan #le #yi #quan #mei #shi 没有发现",
            True,
            "省残联 [wo men zhuan le yi quan mei shi] 没有发现",
        ),
    ],
)
def test_what_is_unsure_and_borne_out_by_nothing_else_is_marked(
    net: Net, words: str, expecting: bool, written: str
) -> None:
    strict = Interpreter(net.lexicon, 0.5, 0.9)
    said = heard(net, *words.split(), score=0.7)
    message = strict.interpret(said, expecting=expecting)
    assert message.text == written and message.doubtful == written.endswith("?")
    sure = heard(net, *words.split(), score=0.95)
    assert "?" not in strict.interpret(sure, expecting=expecting).text


def test_two_words_that_are_not_sure_together_are_marked(net: Net) -> None:
    strict = Interpreter(net.lexicon, 0.5, 0.9)
    assert strict.interpret(heard(net, "省残联", "没有发现", score=0.65), expecting=False).text == "省残联? 没有发现?"
    assert strict.interpret(heard(net, "省残联", "没有发现", score=0.65)).text == "省残联 没有发现"


def test_what_is_doubtful_itself_does_not_bear_out_another_word(net: Net) -> None:
    strict = Interpreter(net.lexicon, 0.5, 0.9)
    said = heard(net, "省残联", "没有发现", score=0.8)
    doubtful = Evidence(doubtful=lambda e, *_: (e, Doubt(e.kind == "phrase")))
    assert strict.interpret(said, expecting=False).text == "省残联 没有发现"
    assert strict.interpret(said, doubtful, expecting=False).text == "省残联? 没有发现?"
    assert strict.interpret(said, doubtful).text == "省残联 没有发现?"


def test_an_entry_found_with_a_difference_is_marked_unless_the_audio_bears_it_out(net: Net) -> None:
    said = heard(net, *"#chuan #hua #yi #fu".split())

    def text(score: float) -> str:
        return Interpreter(net.lexicon).interpret(said, Evidence(alone=lambda *_: score)).text

    assert (text(0.95), text(0.6)) == ("穿黑衣服", "穿黑衣服?")
    same = heard(net, *"#chuan #hei #yi #fu".split())
    assert Interpreter(net.lexicon).interpret(same, Evidence(alone=lambda *_: 0.6)).text == "穿黑衣服"


@pytest.mark.parametrize(
    ("words", "kinds"),
    [
        (("没有发现", "#ta", "#men", "#shuo", "#de"), {"free"}),
        (("#ta", "#men", "#shuo", "#de", "#shi", "#zhe", "省残联"), {"free"}),
        (("省残联", "#ta", "#men", "#shuo", "#de", "没有发现"), {"unit", "free", "phrase"}),
        (("#ni", "#hao", "#wo", "#shi", "省残联", "没有发现"), {"free", "unit", "phrase"}),
        (("#ta", "#men", "#shuo", "#de", "有人打架"), {"free", "phrase"}),
        (("#ta", "#shuo", "没有发现"), {"free", "phrase"}),
    ],
)
def test_on_an_idle_channel_what_stands_in_a_sentence_that_names_nobody_first_must_be_surer(
    net: Net, words: tuple[str, ...], kinds: set[str]
) -> None:
    symbols = {e.text: e.symbol for e in net.lexicon.spoken}
    strict = Interpreter(net.lexicon, 0.5, 0.9)

    def heard(sure: float, expecting: bool) -> set[str]:
        row = tuple(Word(symbols.get(w, w), 0.3 * k, 0.3 * k + 0.3, sure) for k, w in enumerate(words))
        return {i.kind for i in strict.interpret(Hypothesis(row), expecting=expecting).items}

    assert heard(0.7, expecting=False) == kinds
    assert kinds < heard(0.95, expecting=False) or len(kinds) > 1
    assert heard(0.7, expecting=True) != {"free"}


@pytest.mark.parametrize(
    "pinyin, found",
    [
        ("che pai san wu qi jiu de", ("3579",)),
        ("yi er", ()),
        ("shi dian san shi fen ji he", ("10:30",)),
        ("er shi er dian ling wu fen", ("22:05",)),
        ("liang dian ban dao", ("2:30",)),
        ("ba dian zheng", ("8:00",)),
        ("shi yi dian shi wu", ("11:15",)),
        ("jiu shi jiu dian", ()),
        ("shang wu shi dian", ("上午10:00",)),
        ("xia wu wu dian ban", ("下午5:30",)),
        ("zhong wu shi er dian", ("中午12:00",)),
        ("ming wan ba dian", ("明天晚上8:00",)),
        ("wan yi dian dao", ()),
        ("yu ei san wu qi jiu ba", ("豫/渝A35798",)),
        ("jing ai fu san wu qi jiu ba", ("京F35798",)),
        ("yu ei di san wu qi jiu ba", ("豫/渝AD35798",)),
        ("yi bai er shi hao", ("120号",)),
        ("er dan yuan san lou", ("2单元", "3楼")),
        ("xing qi tian", ("周日",)),
        ("mei shi jiu hao", ()),
        ("ba ren dai hui lai", ()),
        ("dian li ju", ()),
        ("wu dian qu wu ge ren", ("5:00", "5人")),
    ],
)
def test_figures_in_free_speech(net: Net, pinyin: str, found: tuple[str, ...]) -> None:
    assert figures(pinyin.split(), net.lexicon.digits) == found


@pytest.mark.parametrize(
    "given, said, wrong",
    [
        ("早上8:00", "晚上8:00", "早上8:00"),
        ("晚上8:00", "20:00", ""),
        ("晚上8:00", "8:00", ""),
        ("22:30", "10:30", ""),
        ("22:30", "早上10:30", "22:30"),
        ("上午11:00", "中午11:00", ""),
        ("中午12:00", "晚上12:00", "中午12:00"),
        ("凌晨2:00", "下午2:00", "凌晨2:00"),
        ("晚上2:00", "凌晨2:00", ""),
        ("明天早上8:00", "今天早上8:00", "明天早上8:00"),
        ("明天早上8:00", "早上8:00", ""),
        ("豫/渝A12345", "京A12345", "豫/渝A12345"),
        ("豫/渝A12345", "12345", ""),
        ("豫/渝A12345 13800000002", "豫/渝A12345 13800000003", "13800000002"),
        ("频道3", "信道3", ""),
        ("频道3", "信道4", "频道3"),
        ("6月5日", "5号", ""),
        ("6月5日", "6号", "6月5日"),
        ("周三 3号楼", "周四 3号楼", "周三"),
        ("10:15 3号楼 2单元 502", "10:15 3号楼 3单元 502", "2单元"),
        ("10:15", "3人", ""),
    ],
)
def test_readbacks_are_compared_by_what_they_mean(given: str, said: str, wrong: str) -> None:
    back = comparable(said.split(), given.split())
    assert agree(back, given.split()) == (not wrong)
    if wrong:
        assert differing(back, given.split()) == (wrong,)
