"""Why an entry is for review: each reason that the scenes of ``dialogues`` do not need is needed here, alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.helpers.dialogues import Hearing, Turn, followed, perfectly, read_scenes
from voice.measure.simulate import PerfectEar
from voice.net.loading import Net, load_net
from voice.talk import doubts
from voice.talk.events import Heard
from voice.talk.facts import Doubtful
from voice.talk.state import NetState


@pytest.fixture(scope="module")
def people() -> Net:
    """The net of the dialogues."""
    return load_net(Path(__file__).parent / "dialogues" / "net")


def turns_of(scene: str, place: Path) -> list[Turn]:
    path = place / "scene.txt"
    path.write_text("# scene\n" + scene, "utf-8")
    return read_scenes(path)[0].turns


def found(net: Net, ear: PerfectEar, turns: list[Turn], hear: Hearing | None = None) -> list[list[str]]:
    """The reasons of each entry that is for review, without the units in them."""
    facts = (f for _, told in followed(net, ear, turns, hear) for f in told if getattr(f, "review", False))
    return [[reason.partition(":")[0] for reason in fact.doubts()] for fact in facts if isinstance(fact, Doubtful)]


@pytest.mark.parametrize(
    ("reason", "scene"),
    [
        ("directs", "台: 丹尼斯,情况怎么样?\n丹尼斯超市: 接到报警,门口有人打架"),
        ("names_another", "台: 贾岗,贾岗\n(12秒) 台: 知道了回头修东风渠"),
        ("very_late", "台: 丹尼斯,情况怎么样?\n(40秒) 丹尼斯超市: 一切正常"),
        ("answers_message", "台: 各单位注意,今晚加强巡逻\n台: 家属院,家属院,请过来一趟\n家属院: 没什么情况"),
        ("another_reports", "本机: 安和社区,安和社区,在岗没有。\n家属院: 派出所,家属院,出事了\n安和社区: 我们到了"),
        (
            "another_repeats",
            "本机: 丹尼斯超市,情况怎么样?\n台: 学理路小学,情况怎么样?\n"
            "丹尼斯超市: 丹尼斯超市,门口有人推销\n丹尼斯超市: 一切正常",
        ),
        ("another_spoke", "台: 丹尼斯过来一趟\n加油站: 加油站收到\n丹尼斯超市: 一切正常"),
        ("asks", "台: 贾岗社区治安队,请加强门口巡逻\n台: 有人受伤没有"),
        (
            "goes_on_waiting",
            "台: 博学路超市,博学路超市\n博学路超市: 请稍等\n(5秒) 台: 好的\n(5秒) 台: 博学路超市,一共六个,收到谢谢",
        ),
        ("calls", "台: 各单位注意,开始点名\n台: 东风渠\n东风渠: 东风渠在岗\n台: 知道了回头修东风渠"),
        ("named", "明理路: 到那个明理路到了"),
        ("identity_differs", "省残联〔电台〕: 安和社区一切正常"),
        ("signs_thanks", "台: 明理路,情况怎么样?\n明理路: 明理路正常\n台: 派出所收到,丹尼斯超市"),
        ("guest_beside", "台: 丹尼斯\n明理路: 派出所,明理路\n台: 明理路请讲\n明理路: 一切正常"),
        ("is_place", "明理路: 派出所,明理路,有人打架\n台: 丹尼斯后面,收到"),
        ("to_the_other", "省残联: 安和社区,我是省残联\n安和社区: 省残联,请讲\n安和社区: 安和社区,有人打架"),
    ],
)
def test_a_reason_is_enough(people: Net, tmp_path: Path, reason: str, scene: str) -> None:
    assert found(people, PerfectEar(people), turns_of(scene, tmp_path))[-1:] == [[reason]]


@pytest.mark.parametrize(
    ("reason", "changed"),
    [
        ("two_stations", lambda h: replace(h, doubled=True)),
        ("figure_in_doubt", lambda h: replace(h, message=replace(h.message, figures=("3579?",)))),
    ],
)
def test_what_no_perfect_ear_hears(people: Net, tmp_path: Path, reason: str, changed: Callable[[Heard], Heard]) -> None:
    ear = PerfectEar(people)
    plain: Hearing = perfectly(people, ear)

    def hear(turn: Turn, over: int, start: float, state: NetState) -> Heard:
        h = plain(turn, over, start, state)
        return changed(h) if turn.who != "台" else h

    scene = turns_of("台: 丹尼斯,情况怎么样?\n丹尼斯: 丹尼斯正常", tmp_path)
    assert found(people, ear, scene, hear) == [[reason]]


def test_a_reason_has_one_name() -> None:
    rows = [getattr(doubts, name) for name in doubts.__all__ if name.isupper()]
    for row in rows:
        assert len({r.__name__ for r in row}) == len(row)
