"""Words in a clause, for a voice that speaks in words."""

from __future__ import annotations

import pytest

from voice.mandarin.words import in_words, words

KNOWN = {"社区", "治安队", "地下室", "单位", "注意", "银行"}.__contains__


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("贾岗社区治安队", ["贾岗", "社区", "治安队"]),
        ("各单位注意", ["各", "单位", "注意"]),
        ("地下室门被撬了", ["地下室", "门被", "撬了"]),
        ("安和园", ["安和园"]),
        ("豫A12345请到", ["豫", "A", "12345", "请到"]),
        ("请打☎社区", ["请打", "☎", "社区"]),
        ("", []),
    ],
)
def test_known_words_first_pairs_between(text: str, found: list[str]) -> None:
    assert words(text, KNOWN) == found


def test_syllables_go_with_their_words() -> None:
    assert in_words("银行W2", ["yin2", "hang2", "da2", "bu5", "liu5", "liang3"], KNOWN) == [
        ["yin2", "hang2"],
        ["da2", "bu5", "liu5"],
        ["liang3"],
    ]
    assert in_words("银行", ["yin2"], KNOWN) == [["yin2"]]  # another reading than character by character
