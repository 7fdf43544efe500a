"""The dialogues with other pauses than the commas that are written: see ``tests/helpers/pausing.py``."""

from __future__ import annotations

import pytest

from tests.helpers.pausing import SCENES, Places, all_overs, falters, hesitates, runs_on
from voice.net.loading import Net, load_net

pytestmark = pytest.mark.no_cover

A_PLACE = "behind another call sign, and with a pause on either side, 门口 may be said of the unit that is called"
BETWEEN = "between two pauses nothing tells that it is part of a sentence"
AT_THE_END = "whoever is named at the end of a sentence may belong to it"
AS_TRUE = "what is told then is true as well"

KNOWN: dict[str, str] = {
    # nobody pauses
    "安和社区,情况怎么样,收到,丹尼斯超市,情况怎么样,没事儿,省残联,是否正常": "recordings joined",
    "各单位报一下夜里要多少份饭,省残联": AT_THE_END,
    "各单位,沿渠的几家报一下水位,王新街": AT_THE_END,
    # a pause at both ends of every phrase and call sign
    "明理路巡防队,学理路小学门口有家长吵架,过去看一下": A_PLACE,
    "安和社区,丹尼斯超市门口那边怎么样": A_PLACE,
    "派出所,加油站门口全堵死了": A_PLACE,
    "派出所,家属院门口聚了二十多个人": A_PLACE,
    "明理路巡防队,东风渠巡防队,谁离加油站近": BETWEEN,
    "明理路巡防队,你能联系上东风渠巡防队吗": BETWEEN,
    "东风渠巡防队,加油站着火了,你们赶快过去": "the alarm is there; that 东风渠 is sent is not, as 加油站 may tell it",
    "东风渠看见了,往王新街方向去了": BETWEEN,
    "我们昨天收到一个举报说楼上有人赌博": BETWEEN,
    "博学路派出所点名,王新街治安岗": "派出所, and a call sign: so a unit calls net control",
    "明理路巡防队,马上去学理路小学": "net control's own order stays as it is; the place is in doubt",
    "收到,各单位注意,发现穿蓝布衫的老太太请报告": "asks whoever has found something, not all",
    "明理路,丹尼斯停车场,去一下": A_PLACE,
    "明理路,丹尼斯对面": A_PLACE,
    "东风渠,王新街,丹尼斯对面,快去": A_PLACE,
    "贾岗正常,安和正常,就差丹尼斯了,丹尼斯,是否正常": BETWEEN,
    "东风渠走不开,渠边也在涨水": BETWEEN,
    "加油站收到,送家属院": BETWEEN,
    "加油站没人,我是丹尼斯": AS_TRUE,
    "财大报告,消防到了,正在灭": AS_TRUE,
    "派出所,家属院,热力公司的人到了,说下午能修好": AS_TRUE,
    "贾岗呼叫派出所,东街两个井盖没了,昨晚还在呢": AS_TRUE,
    "你说真的假的": BETWEEN,
    "明理路,你离丹尼斯多远": BETWEEN,
    "派出所,丹尼斯,收到一张假钱,人还没走": BETWEEN,
    "明白了,去丹尼斯": BETWEEN,
    "家属院,家属院,来丹尼斯领个人,收到请回答": BETWEEN,
    "先送人去打针,王新街,你的车去一趟家属院": BETWEEN,
    "好,王新街辛苦": AS_TRUE,
    "好,安和辛苦": AS_TRUE,
    "东风渠好": AS_TRUE,
    "安和收到": AS_TRUE,
    "安和你说": AS_TRUE,
}
"""Overs that say something else, or less, without a mark when the pauses are others, and why."""


@pytest.fixture(scope="module")
def net() -> Net:
    """The net of the dialogues."""
    return load_net(SCENES / "net")


@pytest.mark.parametrize("places, first", [(runs_on, 0), (runs_on, 2), (falters, 1), (hesitates, 3)])
def test_pauses_tell_nothing_without_a_mark(net: Net, places: Places, first: int) -> None:
    rows = list(all_overs(net, places, first=first, every=4))
    assert len(rows) > 500
    new = [str(o) for o in rows if o.kind in ("lost", "wrong", "silent") and o.turn.words not in KNOWN]
    assert not new, "\n".join(new)
