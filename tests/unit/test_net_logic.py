"""Calls and answers become exchanges. Each test is a stretch of radio talk and what must stand in the journal."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.helpers.radio_log import brief, log_of
from voice.measure.simulate import PerfectEar, Spoken
from voice.net.loading import Net
from voice.talk.decide import decide
from voice.talk.events import Rules, Tick
from voice.talk.evolve import evolve
from voice.talk.facts import Answered, Called, ExchangeClosed, NotUnderstood
from voice.talk.state import NetState

CASES = {
    "called twice in one over, answered without call sign": (
        """省残联,省残联,门前秩序是否良好?
           一切正常,一切正常""",
        ["called 省残联 call", "answered 省残联 normal slot"],
    ),
    "answered with call sign": (
        """祭城社区治安队,祭城社区治安队,情况怎么样?
           祭城社区,一切正常""",
        ["called 祭城社区治安队 call", "answered 祭城社区治安队 normal"],
    ),
    "an instruction that no phrase covers, acknowledged": (
        """贾岗社区治安队,贾岗社区治安队,要加强治安防控力量,严防盗窃电动车案件
           收到,收到""",
        ["called 贾岗社区治安队 call", "answered 贾岗社区治安队 ack slot"],
    ),
    "an answer from a unit that was not called": (
        """省残联,是否正常?
           金水社区,一切正常
           一切正常""",
        ["called 省残联 call", "remarked 金水社区治安队 unsolicited", "answered 省残联 normal slot"],
    ),
    "two units called one after the other, answers in the other order": (
        """省残联,收到请回答
           贾岗社区治安队,收到请回答
           贾岗社区,收到
           省残联,收到""",
        [
            "called 省残联 call",
            "called 贾岗社区治安队 call",
            "answered 贾岗社区治安队 ack",
            "answered 省残联 ack",
        ],
    ),
    "two units called one after the other, bare answers: the last called that is open, for review": (
        """省残联,收到请回答
           贾岗社区治安队,收到请回答
           收到
           收到""",
        [
            "called 省残联 call",
            "called 贾岗社区治安队 call",
            "answered 贾岗社区治安队 ack slot review",
            "answered 省残联 ack slot review",
        ],
    ),
    "two units called in one breath: a bare answer is of neither until one is left": (
        """省残联,贾岗社区治安队,收到请回答
           收到
           贾岗社区,收到
           收到""",
        [
            "called 省残联 call",
            "called 贾岗社区治安队 call",
            "remarked unattributed review",
            "answered 贾岗社区治安队 ack",
            "answered 省残联 ack slot review",
        ],
    ),
    "two units called in one breath: words that are not understood are of neither": (
        """省残联,贾岗社区治安队,收到请回答
           这个我们昨天晚上清点过仓库了""",
        [
            "called 省残联 call",
            "called 贾岗社区治安队 call",
            "not_understood unclear review",
            "closed 省残联 undetermined",  # one of them has spoken
            "closed 贾岗社区治安队 undetermined",
        ],
    ),
    "… and who has not answered when as much came is not silent": (
        """省残联,贾岗社区治安队,收到请回答
           这个我们昨天晚上清点过仓库了
           省残联,收到""",
        [
            "called 省残联 call",
            "called 贾岗社区治安队 call",
            "not_understood unclear review",
            "answered 省残联 ack",
            "closed 贾岗社区治安队 unclear",
        ],
    ),
    "no answer": (
        """康宁社区治安队,康宁社区治安队,是否正常?""",
        ["called 康宁社区治安队 call", "closed 康宁社区治安队 silent"],
    ),
    "an answer after the timeout is late, not absent": (
        """康宁社区治安队,是否正常?
           +15 康宁社区,一切正常""",
        ["called 康宁社区治安队 call", "closed 康宁社区治安队 silent", "answered 康宁社区治安队 normal late"],
    ),
    "a bare answer after the timeout": (
        """康宁社区治安队,是否正常?
           +15 一切正常""",
        ["called 康宁社区治安队 call", "closed 康宁社区治安队 silent", "answered 康宁社区治安队 normal slot late"],
    ),
    "net control repeats the call": (
        """康宁社区治安队,是否正常?
           +5 康宁社区治安队,康宁社区治安队,听到请回答
           收到""",
        ["called 康宁社区治安队 call", "called 康宁社区治安队 call again", "answered 康宁社区治安队 ack slot"],
    ),
    "收到请回答 repeats the call that is open": (
        """康宁社区治安队,是否正常?
           +5 收到请回答
           收到""",
        ["called 康宁社区治安队 call", "called 康宁社区治安队 call again", "answered 康宁社区治安队 ack slot"],
    ),
    "请重复 keeps the exchange open": (
        """永平社区治安队,注意防范电信诈骗,收到请回答
           请重复一遍
           +8 永平社区治安队,注意防范电信诈骗,收到请回答
           收到""",
        [
            "called 永平社区治安队 call",
            "remarked 永平社区治安队 say_again",
            "called 永平社区治安队 call again",
            "answered 永平社区治安队 ack slot",
        ],
    ),
    "not understood is not an acknowledgement": (
        """永平社区治安队,收到请回答
           不明白""",
        ["called 永平社区治安队 call", "remarked 永平社区治安队 negative", "closed 永平社区治安队 unclear review"],
    ),
    "没有收到 is not 收到": (
        """永平社区治安队,收到请回答
           没有收到""",
        ["called 永平社区治安队 call", "remarked 永平社区治安队 negative", "closed 永平社区治安队 unclear review"],
    ),
    "status replies": (
        """四季果品市场,有没有发现情况?
           没有发现情况
           红星家具城,情况怎么样?
           有情况""",
        [
            "called 四季果品市场 call",
            "answered 四季果品市场 not_found slot",
            "called 红星家具城 call",
            "answered 红星家具城 situation slot",
        ],
    ),
    "a unit calls in by itself, then reports": (
        """派出所派出所,贾岗社区治安队呼叫
           贾岗社区治安队,请讲
           贾岗社区报告,发现可疑人员,请求支援
           收到""",
        [
            "called_in 贾岗社区治安队 call_in",
            "control_replied 贾岗社区治安队 go_ahead",
            "called_in 贾岗社区治安队 report",
            "control_replied 贾岗社区治安队 ack",
        ],
    ),
    "a reply right after the own call sign is an answer, whatever follows": (
        """康宁社区治安队,是否正常?
           +15 康宁社区,收到,我们昨天晚上清点过仓库""",
        ["called 康宁社区治安队 call", "closed 康宁社区治安队 silent", "answered 康宁社区治安队 ack late"],
    ),
    "words in no grammar are kept for review, never guessed": (
        """丹尼斯广场,情况怎么样?
           这个我们昨天晚上清点过仓库了""",
        ["called 丹尼斯广场 call", "not_understood 丹尼斯广场 unclear review", "closed 丹尼斯广场 unclear"],
    ),
    "a neighbour answers for a unit": (
        """实验小学,门口秩序是否良好?
           护学巡逻队代替实验小学回答""",
        ["called 实验小学 call", "relayed 实验小学 proxy", "closed 实验小学 relayed"],
    ),
    "a message is passed on": (
        """已转达省残联""",
        ["relayed 省残联 relay"],
    ),
    "two stations at once are a matter for review": (
        """会展中心,是否正常?
           会展中心,一切正常 | 收到""",
        ["called 会展中心 call", "not_understood 会展中心 unclear review", "closed 会展中心 unclear"],
    ),
    "a second bare answer in a slot that was answered": (
        """红星家具城,情况怎么样?
           一切正常
           没有异常""",
        ["called 红星家具城 call", "answered 红星家具城 normal slot", "remarked 红星家具城 contested review"],
    ),
    "收到 while nobody is asked means nothing": (
        """收到""",
        ["remarked stray"],
    ),
    "the dispatcher's roll-call marks": (
        """开始点名
           点名完毕""",
        ["roll start", "roll end"],
    ),
}


@pytest.mark.parametrize("talk, expected", CASES.values(), ids=CASES.keys())
def test_talk(net: Net, talk: str, expected: list[str]) -> None:
    assert brief(log_of(net, talk), net) == expected


def test_all_units_are_opened_and_closed_one_by_one(net: Net) -> None:
    lines = log_of(net, "各单位注意,收到请回答\n省残联,收到\n贾岗社区,收到\n收到")
    called = [x["unit"] for x in lines if x["type"] == "called"]
    assert called == [u.id for u in net.units]
    answered = {x["unit"] for x in lines if x["type"] == "answered"}
    assert answered == {"101", "102"}
    assert [x["meaning"] for x in lines if x["type"] == "remarked"] == ["unattributed"], "a bare 收到 is nobody's"
    closed = {x["unit"]: x["meaning"] for x in lines if x["type"] == "closed"}
    assert closed == {u.id: "undetermined" for u in net.units if u.id not in answered}, "one of them has answered"


def test_answer_time_counts_from_the_end_of_the_call(net: Net) -> None:
    lines = log_of(net, "省残联,是否正常?\n+3 一切正常")
    assert [x["latency_s"] for x in lines if x["type"] == "answered"] == [pytest.approx(3.0 + 0.2 + 0.2)]


def test_waiting_is_counted_in_clear_channel_time(net: Net) -> None:
    busy = "省残联,是否正常?\n+3 这个我们昨天晚上清点过仓库了\n+3 今天食堂的包子挺好吃的\n+3 一切正常"
    kinds = [x["type"] for x in log_of(net, busy)]
    assert "answered" in kinds and "closed" not in kinds


def test_silent_only_if_the_receiver_was_alive() -> None:
    called = Called(t=1.0, exchange=1, unit="101", over=1, attempt=1, to_all=False, question="")
    state = evolve(NetState(units=("101",)), called, 10.0)
    for alive, outcome in ((True, "silent"), (False, "undetermined")):
        (fact,) = decide(state, Tick(12.0, alive), Rules())
        assert isinstance(fact, ExchangeClosed)
        assert fact.outcome == outcome


def test_two_voices_at_once_call_nobody(net: Net) -> None:
    """收到 under 没有发现 may be heard as 收到没有."""
    called = Called(t=1.0, exchange=1, unit="101", over=1, attempt=1, to_all=False, question="")
    state = evolve(NetState(units=("101",)), called, 10.0)
    heard = PerfectEar(net).heard(2, Spoken(2.0, 4.0, 2.2, 3.8, ("101",), ("收到没有",)))
    assert heard.message.speaker == "control"
    (fact,) = decide(state, replace(heard, doubled=True), Rules())
    assert isinstance(fact, NotUnderstood) and fact.unit == "101"
    (end,) = decide(evolve(state, fact, 10.0), Tick(20.0), Rules())
    assert isinstance(end, ExchangeClosed) and end.outcome == "unclear"


def test_a_call_surely_heard_counts_although_a_second_voice_seems_to_be_there(net: Net) -> None:
    state = NetState(units=tuple(u.id for u in net.units))
    heard = PerfectEar(net).heard(1, Spoken(2.0, 5.0, 2.2, 4.8, ("control",), ("省残联,省残联",)))
    heard = replace(heard, doubled=True)
    (call,) = decide(state, heard, Rules())
    assert isinstance(call, Called) and call.unit == "101" and call.doubt
    unsure = replace(heard, message=replace(heard.message, confidence=0.8))
    (fact,) = decide(state, unsure, Rules())
    assert isinstance(fact, NotUnderstood)


def test_time_alone_closes_nothing_before_the_deadline() -> None:
    called = Called(t=1.0, exchange=1, unit="101", over=1, attempt=1, to_all=False, question="")
    state = evolve(NetState(units=("101",)), called, 10.0)
    assert decide(state, Tick(10.9), Rules()) == []


@pytest.mark.parametrize(
    "answer, detail, review",
    [
        ("收到,三五七九", None, False),
        ("收到,三五一九", "reads back 3519 instead of 3579", True),
        ("收到", None, False),
        ("收到,十点四十分", "reads back 10:40 instead of 10:30", True),
        ("收到,十点半", None, False),
        ("收到,湖心公园北门", None, False),
        ("收到,十点半,湖心公园西门", "reads back 10:30, 湖心公园西门 instead of 湖心公园北门", True),
    ],
)
def test_figures_are_compared_when_they_are_read_back(net: Net, answer: str, detail: str | None, review: bool) -> None:
    lines = log_of(net, f"贾岗社区治安队,贾岗社区治安队,十点三十分湖心公园北门集合,注意车牌三五七九的面包车\n{answer}")
    (answered,) = (x for x in lines if x["type"] == "answered")
    assert (answered["detail"], answered["review"]) == (detail, review)


@pytest.mark.parametrize("said, review", [("3楼?", False), ("3楼", False), ("2楼?", True), ("4人?", True)])
def test_a_doubtful_figure_is_borne_out_by_the_call(net: Net, said: str, review: bool) -> None:
    """Read back as it was given it is no other one."""
    called = Called(
        t=1.0, exchange=1, unit="101", over=1, attempt=1, to_all=False, question="", figures=("3楼?",)
    )  # fmt: skip
    state = evolve(NetState(units=("101",)), called, 10.0)
    heard = PerfectEar(net).heard(2, Spoken(2.0, 4.0, 2.2, 3.8, ("省残联",), ("省残联收到",)))
    heard = replace(heard, message=replace(heard.message, figures=(said,)))
    (answered,) = decide(state, heard, Rules())
    assert isinstance(answered, Answered) and answered.review == review


def test_what_is_said_beside_a_meaning_has_a_field_of_its_own(net: Net) -> None:
    talk = "贾岗社区治安队,贾岗社区治安队,有没有发现情况?\n发现可疑人员,在二号楼后面"
    (answered,) = (x for x in log_of(net, talk) if x["type"] == "answered")
    assert answered["meaning"] == "situation"
    assert answered["free"] == "zai er hao lou hou mian"
