"""Recordings that tests make for themselves."""

from __future__ import annotations

import json
from pathlib import Path

from filelock import FileLock

from voice.measure.actors import EspeakActors
from voice.measure.scenario import Scenario
from voice.measure.scoring import make_labels
from voice.measure.simulate import label_path, simulate, write_recording
from voice.net.loading import Net
from voice.pcm import RATE
from voice.speech.synthesiser import Synthesiser

ROLL_OF_THREE = """
start: 2026-06-05T08:30:00+08:00
seed: 5
voice: f2
overs:
  - control: 开始点名
  - control: 省残联,省残联,门前秩序是否良好?
  - {unit: 省残联, say: "一切正常,一切正常"}
  - control: 康宁社区治安队,康宁社区治安队,门前秩序是否良好?
  - pause: 11
  - control: 丹尼斯广场,丹尼斯广场,情况怎么样?
  - {unit: 丹尼斯广场, say: "这个我们昨天晚上清点过仓库了"}
  - pause: 11
  - control: 点名结束
  - {unit: 贾岗社区治安队, say: "派出所派出所,贾岗社区治安队呼叫", after: 4}
  - control: 贾岗社区治安队,请讲.
  - {unit: 贾岗社区治安队, say: "贾岗社区报告,发现可疑人员,请求支援"}
  - control: 收到.
"""


def recorded(scenario: Scenario, net: Net, synthesiser: Synthesiser, path: Path) -> Path:
    """The recording of a scenario, with its labels beside it: made by whoever needs it first."""
    labels = label_path(path)
    with FileLock(f"{path}.lock"):
        if not labels.is_file():
            pcm, truth = simulate(net, scenario, EspeakActors(net, synthesiser, scenario.voice))
            write_recording(path, pcm, scenario)
            labels.write_text(json.dumps(make_labels(net, scenario, truth, len(pcm) / RATE)), "utf-8")
    return path
