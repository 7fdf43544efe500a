"""The dialogues with other pauses than the commas that are written: see ``tests/helpers/pausing.py``."""

from __future__ import annotations

import pytest

from tests.helpers.pausing import SCENES, Places, all_overs, runs_on
from voice.net.loading import Net, load_net

pytestmark = pytest.mark.no_cover

KNOWN: dict[str, str] = {
    "安和社区,情况怎么样,收到,丹尼斯超市,情况怎么样,没事儿,省残联,是否正常": "recordings joined",
}
"""Overs that say something else, or less, without a mark where nobody pauses, and why."""


@pytest.fixture(scope="module")
def net() -> Net:
    """The net of the dialogues."""
    return load_net(SCENES / "net")


def _unmarked(net: Net, places: Places, first: int, every: int) -> tuple[int, dict[str, str]]:
    """(overs of every so many scenes, those that are lost, wrong or silent and how they are told)."""
    rows = list(all_overs(net, places, first=first, every=every))
    return len(rows), {o.turn.words: str(o) for o in rows if o.kind in ("lost", "wrong", "silent")}


@pytest.mark.parametrize("first", [0, 2])
def test_nobody_pauses_at_commas(net: Net, first: int) -> None:
    count, found = _unmarked(net, runs_on, first, 4)
    assert count > 500
    new = [told for words, told in found.items() if words not in KNOWN]
    assert not new, "\n".join(new)
