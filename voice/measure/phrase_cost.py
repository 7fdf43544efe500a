"""False-alarm cost of a new phrase: how often it is recognised in the overs kept in the net's own journal."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from voice.errors import HuyingError
from voice.journal.store import Journal
from voice.net.learning import Proposal, learn
from voice.net.loading import Net
from voice.radio.over import Over
from voice.station.ear import open_ear
from voice.talk.by_hand import Confirmed
from voice.talk.facts import OverHeard

MOST = 100
"""Number of overs tested."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Result for one phrase."""

    overs: int
    heard: tuple[int, ...]
    """Events of overs in which it is now accepted although nobody confirmed that it was said."""


def cost_of(
    net: Net, journal: Journal, proposal: Proposal, most: int = MOST, progress: Callable[[int], None] = lambda _k: None
) -> Cost:
    """Recognise the latest overs again with the phrase added. The net is not changed."""
    said = {e.fact().confirms for e in journal.events(kind="confirmed") if _says(e.fact(), proposal.text)}  # type: ignore[attr-defined]
    overs = [(e.seq, f) for e in journal.events(kind="over") if isinstance(f := e.fact(), OverHeard) and f.clip][-most:]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "net"
        shutil.copytree(net.folder, folder, ignore=lambda d, names: [n for n in names if (Path(d) / n).is_dir()])
        for name in net.settings.grammars:
            if (net.folder / name).is_dir():
                shutil.copytree(net.folder / name, folder / name)
        ear = open_ear(learn(replace(net, folder=folder), proposal, "rehearsal").net)
        heard = []
        for k, (seq, over) in enumerate(overs):
            progress(k)
            try:
                pcm = journal.clips.get(over.clip)
            except HuyingError:
                continue
            again = Over.whole(pcm, over.over, over.level_db)
            message = ear.understand(again, ear.recogniser.recognise(pcm))
            if seq not in said and any(i.text == proposal.text for i in message.items):
                heard.append(seq)
    return Cost(len(overs), tuple(heard))


def _says(fact: object, text: str) -> bool:
    return isinstance(fact, Confirmed) and text in fact.said
