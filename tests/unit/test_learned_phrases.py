"""A net learns phrases, and an open console knows what others have taught it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import pytest

from voice.console.desk import Desk
from voice.errors import HuyingError
from voice.journal.store import Journal
from voice.net.learning import forget, learn, propose
from voice.net.loading import LEARNED, Net, check_net, load_net

PHRASE = "锅炉房跑水了"


@pytest.fixture
def mine(own_net: Callable[..., Path]) -> Net:
    return load_net(own_net())


def test_a_phrase_that_others_have_learned_is_known_to_an_open_console(mine: Net, tmp_path: Path) -> None:
    file = mine.folder / LEARNED
    with Journal(str(tmp_path / "log.sqlite")) as journal, closing(Desk(journal, mine, mine.folder)) as desk:
        assert desk.meaning_in(PHRASE) == "" and desk.propose(PHRASE, "situation").text == PHRASE
        learn(mine, propose(mine, PHRASE, "situation"), "王")
        assert desk.meaning_in(PHRASE) == "situation"
        with pytest.raises(HuyingError, match="understood already, as a phrase"):
            desk.propose(PHRASE, "situation")
        good = file.read_text("utf-8")
        file.write_text(good + "situation 没写完\n", "utf-8")
        assert desk.meaning_in(PHRASE) == "situation", "half-written files change nothing"
        file.write_text(good, "utf-8")
        desk.forget(PHRASE, "王")
        assert desk.meaning_in(PHRASE) == "" and desk.learned == {}


def test_learning_loads_the_net_once(mine: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    loading = Mock(wraps=check_net)
    monkeypatch.setattr("voice.net.learning.check_net", loading)
    change = learn(mine, propose(mine, PHRASE, "situation"), "王")
    assert forget(change.net, PHRASE).net.sha256 != mine.sha256
    assert loading.call_count == 2


def test_a_net_with_mistakes_learns_all_the_same_and_is_given_no_new_ones(mine: Net) -> None:
    (mine.folder / "places.txt").write_text("省残联\n", "utf-8")
    assert len(check_net(mine.folder)[1]) == 1
    found = propose(mine, PHRASE, "situation")
    assert PHRASE in {e.text for e in learn(mine, found, "王").net.lexicon.entries}
    before = (mine.folder / LEARNED).read_bytes()
    with pytest.raises(HuyingError, match="not changed"):
        learn(mine, replace(found, text="§"), "王")
    assert (mine.folder / LEARNED).read_bytes() == before
