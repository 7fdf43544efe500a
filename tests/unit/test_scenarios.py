"""The shipped scenarios and what their labels say: what people meant, and who really spoke. No sound."""

from __future__ import annotations

import pytest

from tests.helpers.dialogues import in_words
from voice.measure.scenario import find_unit, read_scenario
from voice.measure.simulate import Spoken, perfect_log
from voice.net.loading import Net
from voice.places import sample_net

EVENING = """
control 呼叫 贾岗社区治安队
102 贾岗社区治安队 答 一切正常 推断
control 呼叫 祭城社区治安队
103 祭城社区治安队 答 有回答,内容不清 (复核)
control 呼叫 实验小学
120 实验小学 请重复
control 呼叫 实验小学 再次
120 实验小学 答 一切正常 推断
control 呼叫 万家超市
123 万家超市 请稍等
123 万家超市 答 没有发现 推断
102 贾岗社区治安队 呼入 单位呼叫
control 台回 贾岗社区治安队 请讲
102 贾岗社区治安队 呼入 报告
control 台回 贾岗社区治安队 收到
control 呼叫 祭城社区治安队
control 呼叫 护学巡逻队
103 祭城社区治安队 答 正在赶来
141 护学巡逻队 答 正在赶来
141 护学巡逻队 未被呼叫 已到达
103 祭城社区治安队 未被呼叫 已到达
102 贾岗社区治安队 呼入 报告
control 台回 贾岗社区治安队 收到
"""

CHILD = """
control 呼叫 阳光幼儿园
122 阳光幼儿园 答 没有发现 推断
control 呼叫 外国语学校
121 外国语学校 答 没有发现 推断
control 呼叫 丹尼斯广场
124 丹尼斯广场 答 没有发现
control 呼叫 四季果品市场
四季果品市场 未答
control 呼叫 人民医院
136 人民医院 请重复
control 呼叫 人民医院 再次
136 人民医院 答 没有发现 推断
control 呼叫 地铁东站
137 地铁东站 答 有回答,内容不清 (复核)
control 呼叫 海底世界
132 海底世界 答 有情况 推断
control 呼叫 护学巡逻队
141 护学巡逻队 答 正在赶来 推断
141 护学巡逻队 呼入 有情况
control 台回 护学巡逻队 收到
"""

SYLLABLE_S = 0.2


def labels_of(net: Net, name: str) -> list[str]:
    """What a scenario's labels say, an event in a line, the true speakers first."""
    t, truth = 1.0, []
    for step in read_scenario(sample_net() / name).overs:
        if not step.speakers:
            t += step.pause or step.noise or 0.0
            continue
        first = step.speakers[0]
        t += first.after or 1.0
        took = SYLLABLE_S * len(first.words)
        who = tuple("control" if s.unit is None else find_unit(net, s.unit).id for s in step.speakers)
        truth.append(Spoken(t, t + took + 0.4, t + 0.2, t + took + 0.2, who, tuple(s.words for s in step.speakers)))
        t = truth[-1].end
    facts = ((",".join(who), in_words(net, fact)) for fact, who in perfect_log(net, truth, t + 12.0))
    return [f"{who} {told}".strip() for who, told in facts if told]


@pytest.mark.parametrize("name, labels", [("evening-report.yaml", EVENING), ("lost-child.yaml", CHILD)])
def test_labels_say_what_people_meant(net: Net, name: str, labels: str) -> None:
    assert labels_of(net, name) == labels.strip().splitlines()


def test_the_true_speaker_decides_where_words_leave_doubt(net: Net) -> None:
    """The same words from net control are a call, from the unit its answer."""

    def said(who: str) -> list[str]:
        words = ("省残联,是否正常", "省残联,门口有人推销")
        truth = [
            Spoken(5.0 * k + 1, 5.0 * k + 4, 5.0 * k + 1.2, 5.0 * k + 3.8, (w,), (t,))
            for k, (w, t) in enumerate(zip(("control", who), words, strict=True))
        ]
        return [in_words(net, fact) for fact, _ in perfect_log(net, truth, 30.0)]

    assert said("101") == ["呼叫 省残联", "省残联 答 有回答,内容不清 (复核)"]
    assert said("control") == ["呼叫 省残联", "呼叫 省残联 再次", "省残联 未答"]
