"""Anchors: whoever heard one on the air can tell that the end of the journal was cut off."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.helpers.command import huying
from tests.helpers.journals import BEGAN, talk, tamper
from voice.bench.air import Air
from voice.errors import HuyingError
from voice.journal.anchor import Anchor, anchor_of, contradiction, parse_anchor
from voice.journal.store import Journal
from voice.journal.verify import verify
from voice.mandarin.numerals import for_the_air
from voice.measure.channel import Channel
from voice.net.loading import load_net
from voice.radio.ptt.none import NoPtt
from voice.radio.transmitter import Transmitter
from voice.speech.synthesiser import Synthesiser
from voice.station.announcer import Announcer
from voice.station.ear import open_ear
from voice.station.station import Station
from voice.talk.facts import Announced, Fact, RollEnded


def test_it_is_read_out_after_a_roll_call(
    own_net: Callable[..., Path], synthesiser: Synthesiser, tmp_path: Path
) -> None:
    folder = own_net()
    settings = (folder / "net.toml").read_text("utf-8")
    (folder / "net.toml").write_text(settings.replace("[station]", "[station]\nanchor = true"), "utf-8")
    net = load_net(folder)
    log = tmp_path / "log.sqlite"
    air = Air(net, synthesiser, {}, Channel(snr_db=25.0), seed=1)
    facts: list[Fact] = []
    with Journal(str(log)) as journal:
        transmitter = Transmitter(NoPtt(), air.play, lambda: air.now)
        station = Station(
            open_ear(net), journal, transmitter, Announcer(net, synthesiser), lambda _e, f: facts.append(f)
        )
        for now in station.run(air, datetime(2026, 6, 5, 0, 30, tzinfo=UTC)):
            assert now < 200
            if station.roll is None:
                station.start_roll(("101",), rounds=1)
            elif station.roll.closed and not station.replying:
                air.end()
        ended = next(e for e in journal.events() if isinstance(e.fact(), RollEnded))
    said = [f.text for f in facts if isinstance(f, Announced)][-1]
    found = re.fullmatch(r"日志到第(\d+)条,校验码(\d{6})。", said)
    assert found and Anchor(int(found[1]), found[2]) == anchor_of(ended)
    assert net.spell(for_the_air("370142")) == ["san1", "qi1", "ling2", "yao1", "si4", "er4"]
    heard = f"{found[1]}-{found[2]}"
    assert "whole" in huying("journal", "verify", log, "--anchor", heard)
    tamper(log, f"DELETE FROM huying_events WHERE seq >= {ended.seq}")
    with Journal(str(log), create=False) as journal:
        assert not [f for f in verify(journal) if f.seq], "the chain alone does not show it"
    assert "was cut off" in huying("journal", "verify", log, "--anchor", heard, code=1)


def test_an_end_that_was_written_anew_is_found(tmp_path: Path) -> None:
    anchors = []
    for name, t in (("true", 4.0), ("false", 4.5)):
        with Journal(str(tmp_path / f"{name}.sqlite")) as journal:
            facts = talk("")
            facts[3] = replace(facts[3], t=t)
            journal.append(facts, BEGAN)
            anchors.append([anchor_of(e) for e in journal.events()])
    assert anchors[0][:3] == anchors[1][:3] and anchors[0][3] != anchors[1][3]
    with Journal(str(tmp_path / "false.sqlite"), create=False) as journal:
        assert list(verify(journal)) == [] and [contradiction(journal, a) for a in anchors[1]] == [""] * 7
        assert all("replaced" in contradiction(journal, a) for a in anchors[0][3:])
    told = huying("journal", "verify", tmp_path / "true.sqlite")
    assert str(anchors[0][-1]) in told


@pytest.mark.parametrize("text", ["", "370142", "103-37014", "103-3701422", "a-370142"])
def test_what_is_no_anchor(text: str) -> None:
    with pytest.raises(HuyingError, match="103-370142"):
        parse_anchor(text)
    assert parse_anchor(" 103,370142") == Anchor(103, "370142")
