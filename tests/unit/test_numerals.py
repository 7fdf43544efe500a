"""Figures on the air: read as a person reads them out, or refused with the reason."""

from __future__ import annotations

import pytest

from voice.errors import HuyingError
from voice.mandarin.numerals import CannotBeRead, cardinal, for_the_air
from voice.net.loading import Net
from voice.station.requests import AlertRequest, SayRequest, checked

SPOKEN = """
1.5米 一点五米          | -5度 零下五度            | 0.5公里 零点五公里       | 1,000元 一千元
8:30-9:00 八点三十分到九点整 | 3-5号楼 三到五号楼   | 20％ 百分之二十          | 100% 百分之百
1.5% 百分之一点五       | 10-20% 百分之十到百分之二十 | 3‰ 千分之三           | 38.5℃ 三十八点五摄氏度
－5℃ 零下五摄氏度       | 气温-5~3度 气温零下五到三度 | 3号-5号 三号到五号     | 10-20人 十到二十人
5至8人 五到八人         | 12-3号楼 12-三号楼       | 周一-周五 周一到周五     | 6月1日-3日 六月一日到三日
2米 两米                | 2楼 二楼                 | 2:30 两点三十分          | 第2次 第二次
2000人 两千人           | 12000元 一万两千元       | 10050元 一万零五十元     | 5,000,000元 五百万元
2万元 两万元            | 1.5万 一点五万           | ¥500 五百元              | ￥1,234.5 一千二百三十四点五元
400MHz 四百兆赫         | 409.75MHz 四百零九点七五兆赫 | 5W 五瓦              | 60km/h 六十公里每小时
50㎡ 五十平方米         | 24h 二十四小时           | 30min 三十分钟           | 5-10km 五到十公里
2026-06-05 二零二六年六月五日 | 2026/6/5 二零二六年六月五日 | 2026年 二零二六年 | 8:30:15 八点三十分十五秒
119人 一百一十九人      | 拨打110 拨打110          | 5G产业园 5G产业园        | 5S店 5S店
0371-65901234 0371-65901234 | 豫A12345 豫A12345    | 192.168.1.1 192.168.1.1  | 202室 202室
12#楼 十二号楼          | -1楼 负一楼              | 地下-2层 地下负二层      | ３号楼 三号楼
"""
CASES = [tuple(c.split()) for line in SPOKEN.strip().splitlines() for c in line.split("|")]


@pytest.mark.parametrize("written, spoken", CASES)
def test_figures(written: str, spoken: str) -> None:
    assert for_the_air(written) == spoken


def test_numbers() -> None:
    said = {
        10010: "一万零一十",
        110000: "十一万",
        100000000: "一亿",
        200000001: "两亿零一",
        20002000: "两千万两千",
        0: "零",
    }
    assert {n: cardinal(n) for n in said} == said


@pytest.mark.parametrize(
    "text, says", [("1/2的人", "a date or a fraction"), ("±5度", "±"), ("3×5米", "×"), ("a=1", "=")]
)
def test_what_may_mean_several_things_is_refused_with_the_reason(net: Net, text: str, says: str) -> None:
    with pytest.raises(HuyingError, match=says):
        checked(net, AlertRequest(text))
    with pytest.raises(CannotBeRead):
        net.readings.read(for_the_air(text))


@pytest.mark.parametrize("written", [c[0] for c in CASES])
def test_whatever_is_read_can_be_ordered(net: Net, written: str) -> None:
    checked(net, SayRequest(written))
