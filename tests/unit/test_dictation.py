"""What a dictation model writes is looked at before it is shown."""

from __future__ import annotations

import pytest

from voice.speech.dictation_worker import agrees
from voice.speech.whisper import believed


@pytest.mark.parametrize(
    ("text", "log_probability", "no_speech", "seconds", "why"),
    [
        ("地下室门被撬了,有一个男的", -0.4, 0.1, 3.0, ""),
        ("东门有人打架,请派人过来", -0.85, 0.5, 3.0, ""),
        ("电话八八八八八八八", -0.4, 0.1, 3.0, "a repeated loop"),
        ("电话88888888", -0.4, 0.1, 3.0, ""),
        ("……", -0.2, 0.1, 2.0, "no words"),
        ("好的", -0.9, 0.8, 2.0, "no speech"),
        ("东门有人打架", -1.4, 0.1, 2.0, "too unsure"),
        ("小小小小小小小小小小小小小小小小小小小小", -0.3, 0.1, 9.0, "a repeated loop"),
        ("请各单位注意观察发现走失老人马上报告情况", -0.4, 0.1, 0.8, "more than can be said in that time"),
        ("请不吝点赞 订阅 转发 打赏支持明镜与点点栏目", -0.3, 0.2, 5.0, "a phrase of its training"),
        ("为上网上习近习近习近习近", -0.6, 0.1, 4.0, "a repeated loop"),
        ("而是普通话难备靠远处", -0.6, 0.1, 4.0, "a phrase of its training"),
        ("字幕by索兰娅", -0.3, 0.2, 3.0, "a phrase of its training"),
    ],
)
def test_what_is_shown(text: str, log_probability: float, no_speech: float, seconds: float, why: str) -> None:
    assert believed(text, log_probability, no_speech, seconds) == why


@pytest.mark.parametrize(
    ("text", "heard", "shown"),
    [
        ("地下室门被撬了", "di xia shi men bei qiao le", True),
        ("地下室门被撬了", "di sa si men pei qiao", True),
        ("呵呵呵呵呵呵呵呵", "di xia shi men bei qiao le", False),
        ("好", "di xia shi", True),
        ("地下室门被撬了", "", True),
    ],
)
def test_a_text_that_has_nothing_in_common_with_what_was_heard(text: str, heard: str, shown: bool) -> None:
    assert agrees(text, heard.split()) == shown
