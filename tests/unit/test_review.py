"""Review: what a person confirms or corrects, by hand and on the command line."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from tests.helpers.console import BEGAN, UNITS, answered, morning, over
from tests.helpers.waiting import until
from voice.cli import main
from voice.console.desk import Desk
from voice.console.feed import Feed
from voice.errors import HuyingError
from voice.journal.incidents import missed
from voice.journal.lines import lines
from voice.journal.review import open_reviews
from voice.journal.rolls import sessions
from voice.journal.settled import settled_in
from voice.journal.store import Journal
from voice.net.loading import Net
from voice.places import sample_net
from voice.talk.by_hand import Confirmed, Corrected, Undone
from voice.talk.facts import (
    Called,
    CalledIn,
    ExchangeClosed,
    Fact,
    NotUnderstood,
    Overdue,
    OverHeard,
    Remarked,
    RollBegan,
)

OWN_NET = """name = "东区网"
roster = "roster.csv"
grammars = ["zh"]

[control]
call_sign = "值班台"
"""
OWN_ROSTER = "编号,名称,呼号\n101,火星社区,火星社区\n102,月亮湾,月亮湾\n103,水星路,水星路\n"


@pytest.fixture
def own_net(tmp_path: Path) -> Path:
    """A net with call signs that the sample net does not have."""
    folder = tmp_path / "net"
    folder.mkdir()
    (folder / "net.toml").write_text(OWN_NET, "utf-8")
    (folder / "roster.csv").write_text(OWN_ROSTER, "utf-8")
    return folder


@pytest.mark.parametrize(
    ("said", "own", "chinese", "english"),
    [
        ("火星社区,一切正常", True, "读作: 火星社区, 一切正常", "read as: 火星社区, all well"),
        ("火星社区,门口有人打架", True, "读作: 火星社区, 有情况", "read as: 火星社区, incident"),
        ("月亮湾,收到", True, "读作: 月亮湾, 收到", "read as: 月亮湾, acknowledged"),
        ("锅炉房跑水了", True, "里面没有“东区网”的呼号和用语", "no call sign or phrase of 东区网 in it"),
        ("火星社区", False, "里面没有", "no call sign or phrase of"),
        ("省残联,一切正常", False, "读作: 省残联, 一切正常", "read as: 省残联, all well"),
        ("☃", True, "学不了这一条", "cannot learn from it"),
    ],
)
def test_typed_words_are_read_with_the_net(
    said: str, own: bool, chinese: str, english: str, own_net: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """``journal confirm --net``: what the net reads in them is shown; whatever it is, the words are kept as typed."""
    monkeypatch.setenv("COLUMNS", "200")
    with Journal(str(tmp_path / "log.sqlite")) as journal:
        journal.append(morning("c" * 64), BEGAN)
    for chosen, told in (("zh", chinese), ("en", english)):
        monkeypatch.setenv("HUYING_LANGUAGE", chosen)
        with pytest.raises(SystemExit) as ended:
            main(["journal", "confirm", str(tmp_path / "log.sqlite"), "10", "--said", said,
                  *(["--net", str(own_net)] if own else [])])  # fmt: skip
        assert not ended.value.code
        assert told in capsys.readouterr().err
    with Journal(str(tmp_path / "log.sqlite"), create=False) as journal:
        assert {e.data["said"] for e in journal.events(kind="confirmed")} == {said}


@pytest.mark.parametrize(
    ("number", "said", "meaning"),
    [
        (5, "没有发现", "not_found"),
        (5, "火星社区,没有发现", "not_found"),
        (5, "一切正常", None),  # as it stands
        (5, "月亮湾,没有发现", None),  # of another unit
        (5, "锅炉房跑水了", None),
        (8, "门口有人打架", "situation"),
        (10, "收到", "ack"),
        (20, "水星路收到", None),  # its meaning stands
        (13, "没有发现", None),  # a call
    ],
)
def test_what_was_typed_sets_the_meaning_right(
    number: int, said: str, meaning: str | None, own_net: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where it is plain what the words mean and of whom they are; taken back as any correction."""
    path = str(tmp_path / "log.sqlite")
    with Journal(path) as journal:
        journal.append([replace(f, clip="c" * 64) if isinstance(f, OverHeard) else f for f in MORNING], BEGAN)
        before = len(journal)
    with pytest.raises(SystemExit):
        main(["journal", "confirm", path, str(number), "--said", said, "--net", str(own_net)])
    told = capsys.readouterr().err
    with Journal(path, create=False) as journal:
        made = [f for e in journal.events(after=before) if isinstance(f := e.fact(), Corrected)]
        assert [(c.corrects, c.meaning) for c in made] == ([(number, meaning)] if meaning else [])
        assert f"event {before + 2} corrects {number}" in told or not meaning
        if meaning:
            undone = Undone(undoes=before + 2, by="王")
            assert journal.enter(undone) == before + 3


def test_a_net_that_is_not_there_confirms_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Journal(str(tmp_path / "log.sqlite")) as journal:
        journal.append(morning("c" * 64), BEGAN)
        before = len(journal)
    with pytest.raises(SystemExit) as ended:
        main(["journal", "confirm", str(tmp_path / "log.sqlite"), "5", "--net", str(sample_net() / "nowhere")])
    assert ended.value.code and "net.toml" in capsys.readouterr().err
    with Journal(str(tmp_path / "log.sqlite"), create=False) as journal:
        assert len(journal) == before


# --- What a person's word settles -------------------------------------------------------------------------------------


def asked(t: float, unit: str, exchange: int, over: int = 0) -> Fact:
    return Called(t=t, exchange=exchange, unit=unit, over=over, attempt=1, to_all=False, question="")


def unclear(t: float, unit: str | None, exchange: int | None, n: int) -> Fact:
    return NotUnderstood(t=t, over=n, unit=unit, exchange=exchange, pinyin="wo men")


MORNING: tuple[Fact, ...] = (
    morning()[0],                                                                             # 1
    RollBegan(t=1, units=UNITS, rounds=1),                                                    # 2
    asked(2, "101", 1), over(1, 3, "一切正常"), answered(3, "101", 1, review=True),             # 3 4 5!
    asked(6, "103", 3), over(3, 7, ""), unclear(7, "103", 3, 3),                              # 6 7 8!
    over(4, 9, ""), unclear(9, "103", 3, 4),                                                  # 9 10!
    ExchangeClosed(t=19, exchange=3, unit="103", outcome="unclear", reason="", waited_s=9),   # 11
    over(5, 20, ""), asked(20, "101", 5, 5), unclear(20, "101", 5, 5),                        # 12 13 14!
    asked(20, "102", 6, 5), unclear(20, "102", 6, 5),                                         # 15 16!
    over(6, 30, "报告"), CalledIn(t=30, over=6, unit="104", meaning="report", grade="slot",    # 17 18!
                                 text="报告", pinyin="", confidence=0.4, review=True),
    over(7, 40, "收到"), Remarked(t=40, kind="unattributed", over=7, unit=None, exchange=None,  # 19 20!
                                 meaning="ack", text="收到", confidence=0.4, review=True),
    Overdue(t=50, unit="104", tries=2),                                            # 21!
    ExchangeClosed(t=60, exchange=5, unit="101", outcome="unclear", reason="", waited_s=9,
                   over=5, review=True),                                                      # 22!
)  # fmt: skip
"""A morning with doubts: a numbered event with “!” asks for review."""

ALL = {5, 8, 10, 14, 16, 18, 20, 21, 22}


def correct(number: int, unit: str) -> Corrected:
    return Corrected(corrects=number, unit=unit, meaning="normal", by="王")


def confirm(number: int, said: str = "") -> Confirmed:
    return Confirmed(confirms=number, clip="", said=said, by="王")


def undo(number: int) -> Undone:
    return Undone(undoes=number, by="王")


@pytest.mark.parametrize(
    ("why", "words", "settled"),
    [
        ("101's answer is corrected", [correct(5, "101")], {5}),
        ("the end of 103's exchange is corrected: both its overs", [correct(11, "103")], {8, 10}),
        ("one of 103's overs is corrected: its exchange", [correct(8, "103")], {8, 10}),
        ("the call of 103 is corrected, as the board does while it waits", [correct(6, "103")], {8, 10}),
        ("one over of two units: 101's part is corrected", [correct(14, "101")], {14, 22}),
        ("one over of two units: 102's part is corrected", [correct(16, "102")], {16}),
        ("one over of two units is written down", [confirm(12, "收到")], {14, 16, 22}),
        ("one of 103's overs is written down: not the other", [confirm(7, "我们这边没事")], {8}),
        ("one of 103's overs is confirmed as nothing of the net", [confirm(9)], {10}),
        ("104's report is corrected", [correct(18, "104")], {18}),
        ("the report heard as 104's was 103's", [correct(18, "103")], {18}),
        ("104's report is written down", [confirm(17, "报告,没事")], {18}),
        ("nobody's answer is 102's", [correct(20, "102")], {20}),
        ("an overdue unit is well", [correct(21, "104")], {21}),
        ("103 in this roll-call", [correct(2, "103")], {8, 10}),
        ("101 in this roll-call: all its exchanges", [correct(2, "101")], {5, 14, 22}),
        ("103 in the running roll-call", [correct(0, "103")], {8, 10}),
        ("104, that was not called in it", [correct(2, "104")], set()),
        ("an event of another unit", [correct(3, "103")], set()),
        ("taken back", [correct(11, "103"), undo(23)], set()),
        ("the transcript is taken back", [confirm(12, "收到"), undo(23)], set()),
        ("corrected twice, taken back once", [correct(8, "103"), correct(11, "103"), undo(23)], {8, 10}),
        ("corrected twice, taken back twice", [correct(8, "103"), correct(11, "103"), undo(24), undo(23)], set()),
        ("written down and corrected, the transcript taken back", [confirm(7, "好"), correct(11, "103"), undo(23)],
         {8, 10}),
        ("written down and corrected, the correction is undone", [confirm(7, "好"), correct(11, "103"), undo(24)], {8}),
        ("what comes later is not settled", [correct(11, "103"), over(9, 70, ""), unclear(70, "103", 3, 9)], {8, 10}),
        ("another channel has its own exchanges", [replace(correct(11, "103"), corrects=24),
                                                   *(replace(f, channel="二") for f in MORNING[5:8])], set()),
    ],
)  # fmt: skip
def test_what_a_persons_word_settles(why: str, words: list[Fact], settled: set[int]) -> None:
    """On every view: the list, the flags of lines and exports, the console's feed, the sheet, what was missed."""
    with Journal("sqlite://") as journal:
        journal.append(MORNING, BEGAN)
        journal.append(words, BEGAN)
        new = {e.seq for e in journal.events(after=len(MORNING)) if e.kind == "not_understood"}
        left = (ALL - settled) | new
        assert {x["seq"] for x in open_reviews(journal.events())} == left, why
        assert {x["seq"] for x in lines(journal.events(), settled_in(journal)) if x["review"]} == left
        with closing(Feed(journal)) as feed:
            assert {x["seq"] for x in feed.lines if x["review"]} == left
        found = [c.review for s in sessions(journal.events()) for c in s.calls if s.channel == ""]
        asking = {5: 0, 8: 1, 10: 1, 14: 2, 16: 3, 22: 2} | dict.fromkeys(new, 1)
        shown = {asking[n] for n in left if n in asking and (n not in new or "channel" not in why)}
        assert {k for k, review in enumerate(found) if review} == shown
        heard = {m.seq for m in missed(journal.events()) if m.why == "not understood"}
        assert heard == left & ({8, 10, 14, 16} | new)


def test_another_session_counts_its_exchanges_anew() -> None:
    """Numbers of overs and exchanges begin at one again: a correction of today settles nothing of yesterday."""
    with Journal("sqlite://") as journal:
        journal.append(MORNING, BEGAN)
        journal.append(MORNING, BEGAN)
        later = len(MORNING)
        journal.append([correct(later + 11, "103")], BEGAN)
        left = ALL | {n + later for n in ALL - {8, 10}}
        assert {x["seq"] for x in open_reviews(journal.events())} == left
        assert {x["seq"] for x in lines(journal.events(), settled_in(journal)) if x["review"]} == left
        assert [sum(c.review for c in s.calls) for s in sessions(journal.events())] == [4, 3]


def test_the_feed_changes_with_a_persons_word(tmp_path: Path) -> None:
    """What is on the screens: the flag goes and comes back, typed words stand in place of the pinyin."""
    with Journal(str(tmp_path / "log.sqlite")) as journal:
        journal.append(MORNING, BEGAN)
        with closing(Feed(journal)) as feed:
            words: list[tuple[Fact, bool, str]] = [
                (correct(8, "103"), False, ""),
                (undo(23), True, ""),
                (confirm(7, "我们这边没事"), False, "我们这边没事"),
                (undo(25), True, ""),
            ]
            for n, (fact, review, text) in enumerate(words, 1):
                journal.append([fact], BEGAN)
                until(partial(lambda n: feed.revised == n, n))
                (line,) = [x for x in feed.lines if x["seq"] == 8]
                assert (line["review"], line["text"]) == (review, text)


def test_marked_present_on_the_board_settles_the_exchange(net: Net, tmp_path: Path) -> None:
    """However the tile stands: a doubtful answer, an unclear one, one that was set right before."""
    with Journal(str(tmp_path / "log.sqlite")) as journal:
        journal.append(MORNING[:11], BEGAN)
        desk = Desk(journal, net, tmp_path)
        with closing(desk.feed) as feed:
            assert {x["seq"] for x in desk.open_reviews()} == {5, 8, 10}
            for unit, left in (("101", {8, 10}), ("103", set()), ("103", set())):
                number = desk.mark_present("", unit, "王")
                until(partial(lambda n: feed.seq == n, number))
                assert {x["seq"] for x in desk.open_reviews()} == left
                assert feed.board.tiles[unit].by == "human" and unit in feed.board.attendance.answered


def test_a_look_takes_only_what_is_new() -> None:
    with Journal("sqlite://") as journal:
        journal.append(MORNING, BEGAN)
        looked = settled_in(journal)
        for fact, left in ((correct(11, "103"), ALL - {8, 10}), (confirm(12, "收到"), ALL - {8, 10, 14, 16, 22}),
                           (undo(23), ALL - {14, 16, 22})):  # fmt: skip
            journal.append([fact], BEGAN)
            looked.look(journal)
            assert {x["seq"] for x in lines(journal.events(), looked) if x["review"]} == left
        assert looked.written == {12: "收到"}


def test_a_correction_of_the_command_line_leaves_its_list(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUYING_LANGUAGE", "zh")
    log = str(tmp_path / "log.sqlite")
    with Journal(log) as journal:
        journal.append(morning("c" * 64), BEGAN)

    def told(*words: str) -> str:
        with pytest.raises(SystemExit) as ended:
            main(["journal", words[0], log, *words[1:]])
        assert not ended.value.code
        return capsys.readouterr().out

    assert '"seq": 10' in told("show", "--review", "--json") and "请复核" in told("show") + told("show")
    told("correct", "11", "103", "一切正常")
    assert told("show", "--review", "--json") == "" and "复核" not in told("show") and "review" not in told("show")
    told("undo", "13")
    assert '"seq": 10' in told("show", "--review", "--json")


def test_each_word_is_undone_by_itself_and_counted(net: Net, tmp_path: Path) -> None:
    """What is in force is listed newest first; the metric says how many lines wait now."""
    pytest.importorskip("prometheus_client")
    with Journal(str(tmp_path / "log.sqlite")) as journal, closing(Desk(journal, net, tmp_path)) as desk:
        journal.append([*morning("c" * 64), answered(40, "104", 4, review=True)], datetime.now(UTC))

        def stands() -> tuple[int, list[tuple[int, str | None]]]:
            desk.feed.look()
            told = desk.metrics.exposition(desk.feed, 0, len(desk.open_reviews())).decode()
            waiting = next(line for line in told.splitlines() if line.startswith("huying_review "))
            assert "\nhuying_reviews_asked_total 2.0\n" in told
            words = [(w.line["seq"], w.about["unit"] if w.about else None) for w in desk.in_force()]
            return int(float(waiting.split()[1])), words

        assert stands() == (2, [])
        first = desk.correct(13, "104", "normal", "王")
        second = desk.confirm(10, "收到", "李")
        assert stands() == (0, [(second, "103"), (first, "104")])
        desk.undo(first, "王", "看错了")
        assert stands() == (1, [(second, "103")])
        with pytest.raises(HuyingError, match="undone already"):
            desk.undo(first, "王")
        desk.undo(second, "王")
        assert stands() == (2, [])
