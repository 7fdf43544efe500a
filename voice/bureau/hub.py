"""The bureau's end: receives what the stations send, stores it, and verifies every station's chain on arrival.

Several hubs may run in parallel; they share one durable consumer, and what one hub took but did not finish is
redelivered to another. A message is acknowledged once it is in the database.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voice.bureau.forgetting import forget_events, forget_sound
from voice.bureau.heads import unpacked_head
from voice.bureau.sound import Sound
from voice.bureau.store import HubStore, Stored
from voice.bureau.wire import (
    ALERTS_STREAM,
    EVENTS_STREAM,
    Newer,
    Server,
    StationEvent,
    connect,
    ensure_streams,
    reason,
    sound_store,
    unpacked,
    unpacked_roster,
)
from voice.errors import HuyingError, Unwritable
from voice.net.loading import Net
from voice.station.requests import AlertRequest, take

if TYPE_CHECKING:
    from nats.aio.msg import Msg
    from nats.js import JetStreamContext

BATCH = 500
FETCH_S = 1.0
FETCH_ONCE_S = 0.2
"""How long a fetch waits for messages; the second where the hub ends when there are none."""
RETRY_S = 2.0
ACK_WAIT_S = 60.0
"""Redelivery time: what a hub took and did not acknowledge within it goes to another hub."""

FORGET_EVERY_S = 3600.0
LOOK_S = 0.5
ALERT_MINUTES = 10.0
"""Lifetime of an alert: a station offline for longer does not read it."""


@dataclass
class Hub:
    """One hub of a bureau."""

    store: HubStore
    bureau: str
    tell: Callable[[str], None]
    clips: bool = False
    replicas: int = 0
    """Replicas of every message in a cluster; 0: unchanged."""
    keep_days: float = 0.0
    """Days stored messages stay on the server, in case an older database must be restored; 0: for ever."""
    reread: bool = False
    """Start with the oldest message on the server; known events are not stored twice."""
    rosters_changed: Callable[[], None] = lambda: None
    orders: Callable[[], dict[str, dict[str, Any]]] = dict
    """Next alert to send, by station; see ``alerts_of``."""
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    total: Stored = field(default_factory=Stored)
    _fault: str = ""
    _gaps: dict[str, str] = field(default_factory=dict)

    async def run(self, server: Server, until_idle: bool = False) -> None:
        """Until ``ended`` is set; with ``until_idle`` until no more messages arrive. Raises HuyingError."""
        client = await connect(server, f"huying hub {self.bureau}", f"{self.bureau}.hub", self.tell, self.ended)
        beside: list[asyncio.Future[None]] = []
        try:
            js = client.jetstream(timeout=10)
            subscription = await self._ready(js)
            if subscription is None:
                return
            beside.append(asyncio.ensure_future(self._send_orders(js)))
            sound = Sound(self.store.journal.clips, self._say)
            if self.clips:
                beside.append(asyncio.ensure_future(sound.follow(js)))
            if self.keep_days:
                beside.append(asyncio.ensure_future(self._forget(js)))
            looked = False
            while not self.ended.is_set():
                messages = await self._fetched(subscription, FETCH_ONCE_S if until_idle else FETCH_S)
                if messages:
                    await self._take(messages)
                    looked = False
                elif not looked:
                    looked = True
                    with contextlib.suppress(Unwritable):
                        await self._look_for_gaps()
                elif await self._lost(js):
                    subscription = await self._ready(js)
                    if subscription is None:
                        return
                elif until_idle and await self._all_done(subscription) and (sound.caught_up.is_set() or not self.clips):
                    return
        finally:
            for b in beside:
                b.cancel()
            with contextlib.suppress(Exception):
                await asyncio.wait_for(client.close(), 5)

    async def _ready(self, js: JetStreamContext) -> Any:
        """Streams and subscription once the server provides them; None if stopped first."""
        from nats.errors import Error

        while not self.ended.is_set():
            try:
                await ensure_streams(js, self.replicas)
                if self.clips:
                    await sound_store(js, self.replicas)
                return await self._subscribed(js)
            except (Error, TimeoutError, OSError) as e:
                self._say(f"the server is not ready 服务器未就绪, 会重试: {reason(e)}")
                await self._rest()
        return None

    @property
    def _subjects(self) -> str:
        return f"huying.{self.bureau}.>"

    @property
    def _consumer(self) -> str:
        """Consumer shared by all hubs of a bureau."""
        return f"hub-{self.bureau}"

    async def _subscribed(self, js: JetStreamContext) -> Any:
        from nats.js.api import AckPolicy, ConsumerConfig
        from nats.js.errors import NotFoundError

        if self.reread:
            with contextlib.suppress(NotFoundError):
                await js.delete_consumer(EVENTS_STREAM, self._consumer)
            self.reread = False
        return await js.pull_subscribe(
            self._subjects,
            self._consumer,
            EVENTS_STREAM,
            config=ConsumerConfig(
                ack_policy=AckPolicy.EXPLICIT,
                ack_wait=ACK_WAIT_S,
                max_ack_pending=20 * BATCH,
                description=f"hub of {self.bureau}",
            ),
        )

    async def _lost(self, js: JetStreamContext) -> bool:
        """The stream we read from no longer exists: the server lost its store. Stations notice as well, and resend."""
        from nats.errors import Error
        from nats.js.errors import NotFoundError

        try:
            await js.consumer_info(EVENTS_STREAM, self._consumer)
        except NotFoundError:
            self.tell("the server has lost its store 服务器丢失了数据: streams are made anew, stations send again")
            return True
        except (Error, TimeoutError, OSError):
            return False  # unavailable for now
        return False

    async def _look_for_gaps(self) -> None:
        """Report missing events when nothing more is in transit: once, and again when they have arrived."""
        found = {s.station: s.fault for s in await asyncio.to_thread(self.store.standing) if s.missing or s.fault}
        for station in sorted(found.keys() | self._gaps.keys()):
            if found.get(station) != self._gaps.get(station):
                self.tell(found.get(station) or f"station {station}: nothing is missing any more 已补齐")
        self._gaps = found

    async def _all_done(self, subscription: Any) -> bool:
        """Nothing is pending for any hub, and nothing taken is unfinished."""
        info = await subscription.consumer_info()
        return not info.num_pending and not info.num_ack_pending

    async def _fetched(self, subscription: Any, timeout: float) -> list[Msg]:
        from nats.errors import Error

        try:
            found: list[Msg] = await subscription.fetch(BATCH, timeout=timeout)
        except TimeoutError:
            return []
        except (Error, OSError) as e:
            self._say(f"nothing comes for now 暂时收不到: {reason(e)}")
            await self._rest()
            return []
        return found

    async def _take(self, messages: list[Msg]) -> None:
        """Store, then acknowledge; messages of a newer version are left."""
        batch: list[StationEvent] = []
        done: list[Msg] = []
        for m in messages:
            try:
                if m.subject.endswith(".head") and m.subject.count(".") == 3:
                    if await self._write(partial(self._keep_head, m.subject, m.data)):
                        done.append(m)
                elif m.subject.count(".") == 3:
                    if await self._write(partial(self.store.keep_roster, *unpacked_roster(m.subject, m.data))):
                        self.rosters_changed()
                        done.append(m)
                else:
                    batch.append(unpacked(m.subject, m.data))
                    done.append(m)
            except Newer as e:
                self._say(str(e))
                await m.nak(delay=RETRY_S * 15)
            except HuyingError as e:
                if await self._write(partial(self.store.refuse, m.subject, m.data, str(e))):
                    self.tell(f"refused 拒收: {e}")
                    done.append(m)
        outcome: list[Stored] = []
        if batch and not await self._write(lambda: outcome.append(self.store.store(batch))):
            for m in messages:  # stopping; another hub gets them
                with contextlib.suppress(Exception):
                    await m.nak()
            return
        for stored in outcome:
            self._count(stored)
        for m in done:
            with contextlib.suppress(Exception):  # not acknowledged: redelivered, and then a duplicate
                await m.ack()

    def _keep_head(self, subject: str, data: bytes) -> None:
        station, key, head = unpacked_head(subject, data)
        if self.store.heads.keep(station, key, head):
            self.tell(f"station {station}: signs with the key {key}; hubs take no other without --keys")

    def _count(self, stored: Stored) -> None:
        for told in (*stored.refused, *stored.faults):
            self.tell(told)
        self.total.new += stored.new
        self.total.known += stored.known
        self.total.joined += stored.joined
        self.total.refused += stored.refused

    async def _write(self, act: Callable[[], object]) -> bool:
        """Retry until stored; False if stopped first."""
        while not self.ended.is_set():
            try:
                await asyncio.to_thread(act)
            except Unwritable as e:
                self._say(f"{e}; tried again every {RETRY_S:.0f} s, nothing is lost 会重试, 不会丢失")
                await self._rest()
            else:
                if self._fault:
                    self._fault = ""
                    self.tell("going on 恢复")
                return True
        return False

    async def _send_orders(self, js: JetStreamContext) -> None:
        """Orders from the bureau's console are sent to the stations."""
        from nats.errors import Error

        alerts: dict[str, dict[str, Any]] = {}
        number = ""
        while not self.ended.is_set():
            try:
                if not alerts and (alerts := await asyncio.to_thread(self.orders)):
                    number = alert_number()
                if alerts:
                    await send_alert(js, self.bureau, number, alerts, ALERT_MINUTES)
                    self.tell(f"alert {number} sent to 通知已下发: {'、'.join(alerts)}")
                    alerts = {}
            except HuyingError as e:
                self.tell(f"not sent 未下发: {e}")
            except (Error, TimeoutError, OSError) as e:
                self._say(f"an alert waits 通知待发, 会重试: {reason(e)}")
            await asyncio.sleep(LOOK_S)

    async def _forget(self, js: JetStreamContext) -> None:
        """Periodically delete from the server what was stored ``keep_days`` ago."""
        from nats.errors import Error

        while True:
            before = datetime.now(UTC) - timedelta(days=self.keep_days)
            try:
                await forget_events(js, self._subjects, self._consumer, before)
                if self.clips:
                    await forget_sound(js, self.store.journal.clips, before)
            except (Error, TimeoutError, OSError) as e:
                self.tell(f"the server keeps what is old for now 服务器暂未清理: {reason(e)}")
            await asyncio.sleep(FORGET_EVERY_S)

    def _say(self, text: str) -> None:
        """Report once until resolved."""
        if text != self._fault:
            self._fault = text
            self.tell(text)

    async def _rest(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.ended.wait(), RETRY_S)


async def broadcast(
    server: Server,
    bureau: str,
    stations: list[str],
    alert: dict[str, Any],
    minutes: float,
    tell: Callable[[str], None],
) -> str:
    """Send an alert to stations (all if none are named); each reads it on its own channel. Returns its number.

    An offline station receives it on return, unless ``minutes`` have passed.
    """
    from nats.errors import Error

    client = await connect(server, "huying broadcast", f"{bureau}.hub", tell)
    try:
        js = client.jetstream(timeout=10)
        await ensure_streams(js)
        number = alert_number()
        await send_alert(js, bureau, number, dict.fromkeys(stations or ["all"], alert), minutes)
        return number
    except (Error, OSError) as e:
        raise HuyingError(f"not sent: {reason(e)}") from e
    finally:
        await client.close()


def alert_number() -> str:
    """Number of an alert, identical at all stations and on retransmission."""
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%S") + "-" + secrets.token_hex(3)


async def send_alert(
    js: JetStreamContext, bureau: str, number: str, alerts: Mapping[str, Mapping[str, Any]], minutes: float
) -> None:
    """Station, or ``all`` → what it should read."""
    expires = (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat(timespec="seconds")
    for station, alert in alerts.items():
        body = json.dumps({**alert, "id": number, "expires": expires}, ensure_ascii=False).encode()
        await js.publish(
            f"huying-alerts.{bureau}.{station}",
            body,
            stream=ALERTS_STREAM,
            headers={"Nats-Msg-Id": f"{number}:{station}"},
        )


def alerts_of(net: Net, requests: Path) -> dict[str, dict[str, Any]]:
    """Next alert from the bureau's console, split by station; empty if there is none.

    Raises HuyingError for requests that cannot be made from here: each station calls its own roll.
    """
    found = take(requests, net)
    if found is None:
        return {}
    request, units = found
    if not isinstance(request, AlertRequest):
        raise HuyingError("from the bureau only alerts go to the stations; each calls its own roll 分局只下发通知")
    out: dict[str, dict[str, Any]] = {}
    for unit in units:
        station, _, own = unit.partition("/")
        out.setdefault(
            station,
            {
                "text": request.text,
                "repeat": request.repeat,
                "need_ack": request.need_ack,
                "emergency": request.emergency,
                "to": [],
            },
        )["to"].append(own)
    return out
