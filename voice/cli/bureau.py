"""``huying uplink``, ``hub`` and ``broadcast``: many stations, one picture."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from voice.bureau.hub import Hub, alerts_of
from voice.bureau.hub import broadcast as send
from voice.bureau.rosters import write_bureau_net
from voice.bureau.store import HubStore
from voice.bureau.uplink import Uplink
from voice.bureau.wire import Server, checked_name
from voice.errors import HuyingError
from voice.journal.store import Journal
from voice.net.loading import load_net
from voice.places import requests_folder, sample_net
from voice.terminal.output import screen


@dataclass(frozen=True, slots=True)
class Options:
    """What all three have."""

    url: str
    bureau: str
    credentials: Path | None
    authority: Path | None

    @property
    def server(self) -> Server:
        return Server(self.url, self.credentials, self.authority)


def _tell(text: str) -> None:
    screen(error=True).print(text, soft_wrap=True)


def _run(work: Coroutine[Any, Any, None], ended: asyncio.Event) -> None:
    """Until it is done; Ctrl-C and SIGTERM set ``ended``, which ends it after the present batch."""

    async def go() -> None:
        loop = asyncio.get_running_loop()
        for s in (signal.SIGINT, signal.SIGTERM):
            try:
                loop.add_signal_handler(s, ended.set)
            except NotImplementedError:  # Windows
                signal.signal(s, lambda *_: loop.call_soon_threadsafe(ended.set))
        await work

    asyncio.run(go())


def uplink(
    o: Options, journal: str, net: Path | None, station: str, requests: Path | None, clips: bool, once: bool
) -> None:
    """Publish a journal until stopped."""
    checked_name("bureau", o.bureau)
    checked_name("station", station)
    loaded = load_net(net or sample_net())
    with Journal(journal, create=False) as log:
        up = Uplink(log, loaded, o.bureau, station, requests or requests_folder(log.url), _tell, clips)
        _tell(f"station {station} of {o.bureau}: {journal} goes to {o.server.shown}; Ctrl-C ends 上传中")
        _run(up.run(o.server, once), up.ended)
        _tell(f"sent up to event {up.sent} 已上传到第 {up.sent} 条")


def hub(
    o: Options,
    journal: str,
    net_folder: Path | None,
    requests: Path | None,
    clips: bool,
    replicas: int,
    keep_days: float,
    reread: bool,
    once: bool,
) -> None:
    """Take what stations send until stopped."""
    checked_name("bureau", o.bureau)
    store = HubStore(journal)
    try:

        def rosters() -> None:
            if net_folder:
                units = write_bureau_net(net_folder, o.bureau, store.rosters())
                _tell(f"{net_folder}: {units} units 名册已更新")

        def orders() -> dict[str, dict[str, Any]]:
            folder = requests or requests_folder(journal)
            if net_folder is None or not (net_folder / "roster.csv").is_file() or not any(folder.glob("*.json")):
                return {}
            return alerts_of(load_net(net_folder), folder)

        one = Hub(store, o.bureau, _tell, clips, replicas, keep_days, reread, rosters, orders)
        _tell(f"hub of {o.bureau} on {o.server.shown}; Ctrl-C ends 汇总中")
        _run(one.run(o.server, once), one.ended)
        _tell(f"{one.total.new} new events, {one.total.known} known, {len(one.total.refused)} refused")
    finally:
        store.close()


def stations(journal: str) -> int:
    """A line a station; 1 if one of them stands still."""
    store = HubStore(journal)
    try:
        table = Table("station 站", "events 条", "waiting 待接", "set aside 搁置", "fault 问题")
        found = store.standing()
        for s in found:
            table.add_row(s.station, str(s.seq), str(s.waiting), str(s.aside), s.fault)
        out = screen()
        out.print(table)
        refused = store.refusals()
        for subject, reason in refused[-20:]:
            out.print(f"refused 拒收: {subject}: {reason}", style="red", soft_wrap=True)
        return int(bool(refused) or any(s.fault for s in found))
    finally:
        store.close()


def broadcast(
    o: Options, text: str, to: list[str], repeat: int, need_ack: bool, emergency: bool, minutes: float
) -> None:
    """Send an alert, say its number."""
    checked_name("bureau", o.bureau)
    if not text.strip():
        raise HuyingError("the alert has no text")
    for s in to:
        checked_name("to", s)
    alert = {"text": text, "repeat": repeat, "need_ack": need_ack, "emergency": emergency}
    number = asyncio.run(send(o.server, o.bureau, to, alert, minutes, _tell))
    whom = "、".join(to) or "all stations 各站"
    print(f"{number}: to {whom}")
