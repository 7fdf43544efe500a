"""``huying grammar learn`` and ``forget``."""

from __future__ import annotations

import getpass
from pathlib import Path

from voice.errors import HuyingError
from voice.journal.store import Journal
from voice.measure.phrase_cost import Cost, cost_of
from voice.net.learning import forget as forget_phrase
from voice.net.learning import learn as learn_phrase
from voice.net.learning import learned, propose
from voice.net.loading import load_net
from voice.places import sample_net
from voice.talk.by_hand import NetEdited
from voice.terminal.output import screen


def learn(folder: Path | None, phrase: str, meaning: str, journal: str, by: str, yes: bool) -> int:
    """0 if it was learned, 1 if something speaks against it."""
    out = screen()
    net = load_net(_own(folder))
    found = propose(net, phrase, meaning)
    out.print(f"{found.text}: {found.reading}", soft_wrap=True)
    against = [f"sounds like the call sign {text} 与呼号音近 ({d:g} syllables apart)" for text, d in found.alike]
    if found.risky:
        against.append("so short that other talk contains it by chance 太短, 容易误听")
    if journal:
        with Journal(journal) as log:
            cost: Cost = cost_of(net, log, found)
        told = f": {', '.join(map(str, cost.heard))}" if cost.heard else ""
        out.print(f"heard in {len(cost.heard)} of {cost.overs} overs of the journal{told}", soft_wrap=True)
        if cost.heard:
            against.append("listen to these overs: was it said in all of them? 请核对这些发话")
    for line in against:
        out.print(f"! {line}", style="yellow", soft_wrap=True)
    if against and not yes:
        out.print("not learned; --yes learns it all the same", style="yellow", soft_wrap=True)
        return 1
    who = by or getpass.getuser()
    change = learn_phrase(net, found, who)
    if journal:
        with Journal(journal) as log:
            note = f"+{found.text} = {found.meaning}"
            log.enter(
                NetEdited(file=change.path.name, sha256=change.sha256, replaced=change.replaced, by=who, note=note)
            )
    out.print(f"{change.path}: learned; a station hears it from its next start on", soft_wrap=True)
    return 0


def forget(folder: Path | None, phrase: str) -> None:
    """Without a phrase: what was learned."""
    out = screen()
    net = load_net(_own(folder))
    if not phrase:
        for text, meaning in learned(net).items():
            out.print(f"{text} = {meaning}", soft_wrap=True)
        return
    out.print(f"{forget_phrase(net, phrase).path}: forgotten", soft_wrap=True)


def _own(folder: Path | None) -> Path:
    if folder is None or folder.resolve() == sample_net().resolve():
        raise HuyingError("the sample net does not learn; copy its folder and name the copy with --net 示例网不能修改")
    return folder
