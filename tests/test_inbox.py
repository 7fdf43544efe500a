"""The folder through which other programs ask for an alert."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.test_command_line import huying
from voice.errors import HuyingError
from voice.net.loading import Net
from voice.station.inbox import Request, addressed, put, take


def test_requests_are_taken_in_order_and_kept(net: Net, tmp_path: Path) -> None:
    put(tmp_path, Request("第一个通知", ("省残联",)))
    put(tmp_path, Request("第二个通知", emergency=True))
    (tmp_path / "zz.txt").write_text("第三个通知\n", "utf-8")
    first, second, third = (take(tmp_path, net) for _ in range(3))
    assert first is not None and (first[0].text, first[1]) == ("第一个通知", ("101",))
    assert second is not None and second[0].emergency and len(second[1]) == 42
    assert third is not None and third[0].text == "第三个通知"
    assert take(tmp_path, net) is None and len(list(tmp_path.glob("*.done"))) == 3


@pytest.mark.parametrize(
    "text, says",
    [
        ("{", "not a request"), ('{"words": "x"}', "not a request"), ('{"text": " "}', "no text"),
        ('{"text": "通知", "to": ["火星"]}', "no unit and no group"), ('{"text": "通知😀"}', "no reading"),
        ('{"text": "通知", "repeat": 99}', "1 to 9"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_set_aside(net: Net, tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "a.json").write_text(text, "utf-8")
    with pytest.raises(HuyingError, match=says):
        take(tmp_path, net)
    assert take(tmp_path, net) is None and (tmp_path / "a.json.bad").is_file()


def test_units_and_groups(net: Net) -> None:
    assert addressed(net, ("贾岗社区", "101")) == ("101", "102")
    assert set(addressed(net, ("社区",))) == {u.id for u in net.units if u.group == "社区"}


def test_command(net: Net, tmp_path: Path) -> None:
    huying("alert", "东风路发现走失儿童", "--to", "社区", "--emergency", "--folder", tmp_path)
    taken = take(tmp_path, net)
    assert taken is not None and taken[0].emergency and taken[0].to == ("社区",)
    assert "no unit and no group" in huying("alert", "通知", "--to", "火星", "--folder", tmp_path, code=2)
