"""A station's uplink to the bureau: follows the local journal and publishes every event; receives alerts.

The local journal is the outbox. The server's acknowledgements are recorded beside it; after days offline the rest is
sent in order, in batches. The station itself is unaware of the uplink.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voice.bureau.heads import packed_head
from voice.bureau.wire import (
    ALERTS_STREAM,
    EVENTS_STREAM,
    Server,
    connect,
    ensure_streams,
    events_of,
    head_subject,
    packed,
    reason,
    roster_subject,
    sound_store,
    subject_of,
    unpacked,
)
from voice.errors import HuyingError
from voice.journal.event import GENESIS, Event
from voice.journal.signing import Signer
from voice.journal.store import Journal
from voice.net.loading import Net
from voice.net.roster_table import read_roster_table
from voice.places import user_folder
from voice.station.requests import AlertRequest, checked, put

if TYPE_CHECKING:
    from nats.aio.msg import Msg
    from nats.js import JetStreamContext

BATCH = 256
"""Events in transit at once: bounds memory."""

CLIPS = 32
"""Clips sent between two records of progress."""

LOOK_S = 0.2
STREAM_S = 30.0
"""Interval of the check that the server's stream is still the same."""

HEAD_S = 10.0
"""Interval of signed heads while events are sent."""

RETRY_S = 2.0
ASK_S = 3.0
ACK_S = 10.0
"""Timeout for the server's acknowledgement."""


@dataclass
class Uplink:
    """One journal, published as one station."""

    journal: Journal
    net: Net
    bureau: str
    station: str
    requests: Path
    """Where the bureau's alerts are left for the running station."""
    tell: Callable[[str], None]
    clips: bool = False
    signer: Signer | None = None
    """Signs heads of the journal."""
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    sent: int = 0
    """Number of the last event acknowledged by the server."""
    clips_sent: int = 0
    """Number of the last event whose audio was acknowledged."""
    _head: str = GENESIS
    """Hash of event ``sent``."""
    _made: str = ""
    """Creation time of the server's stream and the number of our latest message in it: together they show whether it
    still holds what was sent."""
    _reached: int = 0
    _looked_at: float = 0.0
    _reconnects: int = 0
    _fault: str = ""
    _signed: int = 0
    """Number of the last event whose head was signed, and when."""
    _signed_at: float = 0.0

    async def run(self, server: Server, once: bool = False) -> None:
        """Until ``ended`` is set; with ``once`` until the whole journal is sent. Raises HuyingError."""
        self._take_position()
        client = await connect(
            server, f"huying uplink {self.station}", f"{self.bureau}.{self.station}", self.tell, self.ended
        )
        try:
            js = client.jetstream(timeout=ACK_S)
            await self._again(lambda: ensure_streams(js))
            await self._check_name(client.jetstream(timeout=ASK_S))
            await self._again(lambda: self._send_roster(js))
            alerts = [] if once else [asyncio.ensure_future(self._alerts(js, to)) for to in (self.station, "all")]
            while not self.ended.is_set():
                await self._again(partial(self._look_for_loss, js, int(client.stats["reconnects"])))
                if await self._step(js):
                    continue
                await self._send_head(js, at_once=once)
                if once:
                    return
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.ended.wait(), LOOK_S)
            for a in alerts:
                a.cancel()
        finally:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(client.close(), 5)

    async def _step(self, js: JetStreamContext) -> bool:
        """Send one batch; returns whether there was one."""
        batch = await asyncio.to_thread(lambda: list(islice(self.journal.events(after=self.sent), BATCH)))
        if batch:
            await self._again(lambda: self._publish(js, batch))
            self.sent, self._head = batch[-1].seq, batch[-1].hash
            self._note()
        more = self.clips and await self._send_clips(js)
        return bool(batch) or more

    async def _publish(self, js: JetStreamContext, batch: list[Event]) -> None:
        """In order; the server drops duplicates."""
        acks = [
            await js.publish_async(
                subject_of(self.bureau, self.station, e),
                packed(e),
                stream=EVENTS_STREAM,
                headers={"Nats-Msg-Id": f"{self.bureau}:{self.station}:{e.hash}"},
            )
            for e in batch
        ]
        for ack in await asyncio.wait_for(asyncio.gather(*acks), ACK_S):
            self._reached = max(self._reached, 0 if ack.duplicate else ack.seq)

    async def _look_for_loss(self, js: JetStreamContext, reconnects: int) -> None:
        """Whether the server still holds what it acknowledged: not if its disk was replaced or restored from an
        older copy. Then everything is resent; the bureau ignores what it has."""
        now = time.monotonic()
        if reconnects == self._reconnects and now < self._looked_at + STREAM_S and self._made:
            return
        info = await js.stream_info(EVENTS_STREAM)
        made = info.created.isoformat() if info.created else "unknown"
        if self.sent and self._made and (made != self._made or info.state.last_seq < self._reached):
            self.tell(
                f"the server has lost what was sent to it (its stream is of {made[:19]}): {self.sent} events are sent "
                "again 服务器丢失了数据, 全部重传"
            )
            self.sent, self._head, self.clips_sent, self._reached = 0, GENESIS, 0, 0
        self._made, self._looked_at, self._reconnects = made, now, reconnects
        self._note()

    async def _send_head(self, js: JetStreamContext, at_once: bool = False) -> None:
        """Periodically, the signed head of what was sent; idempotent."""
        now = time.monotonic()
        early = self._signed and now < self._signed_at + HEAD_S and not at_once
        if self.signer is None or self.sent == self._signed or early:
            return
        head = self.signer.head(self.sent, self._head)
        data, number = packed_head(head, self.signer.public), f"{self.bureau}:{self.station}:head:{head.hash}"
        subject, headers = head_subject(self.bureau, self.station), {"Nats-Msg-Id": number}
        await self._again(lambda: js.publish(subject, data, stream=EVENTS_STREAM, headers=headers))
        self._signed, self._signed_at = self.sent, now

    async def _again(self, act: Callable[[], Any]) -> None:
        """Retry while the server is unavailable, its disk is full, or it is overloaded."""
        from nats.errors import Error

        while not self.ended.is_set():
            try:
                await act()
            except (Error, TimeoutError, OSError) as e:
                told = reason(e)
                if told != self._fault:
                    self._fault = told
                    self.tell(f"not sent, tried again every {RETRY_S:.0f} s 未能上传, 会重试: {told}")
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.ended.wait(), RETRY_S)
            else:
                if self._fault:
                    self._fault = ""
                    self.tell("sending again 恢复上传")
                return

    async def _check_name(self, js: JetStreamContext) -> None:
        """Raises HuyingError if another journal is published under our name."""
        from nats.errors import Error

        try:
            latest = await js.get_last_msg(EVENTS_STREAM, events_of(self.bureau, self.station))
        except (Error, TimeoutError):  # nothing yet, no permission, or server unavailable: the hub will detect it
            return
        theirs = unpacked(latest.subject or "", latest.data or b"").event
        ours = next(self.journal.events(after=theirs.seq - 1, before=theirs.seq + 1), None)
        if ours is None or ours.hash != theirs.hash:
            raise HuyingError(
                f"another journal is published as station {self.station} (its event {theirs.seq} is not ours); give "
                "each station a name of its own: --station"
            )

    async def _send_roster(self, js: JetStreamContext) -> None:
        rows = read_roster_table(self.net.folder / self.net.settings.roster).rows
        told = {"name": self.net.settings.name, "units": rows}
        await js.publish(
            roster_subject(self.bureau, self.station),
            json.dumps(told, ensure_ascii=False).encode(),
            stream=EVENTS_STREAM,
        )

    async def _send_clips(self, js: JetStreamContext) -> bool:
        """Audio of some of the overs sent; returns whether there was any. Failures are retried."""
        from nats.errors import Error
        from nats.js.errors import NotFoundError

        waiting = self.journal.events(kind="over", after=self.clips_sent, before=self.sent + 1)
        batch = await asyncio.to_thread(lambda: list(islice(waiting, CLIPS)))
        if not batch:
            return False
        try:
            store = await sound_store(js)
            for event in batch:
                name = event.data.get("clip", "")
                path = self.journal.clips.path(name) if name else None
                if path is not None and path.is_file():  # removed by retention, as the journal records
                    try:
                        await store.get_info(name)
                    except NotFoundError:
                        await store.put(name, path.read_bytes())
                self.clips_sent = event.seq
            self._note()
        except (Error, TimeoutError, OSError) as e:
            told = f"sound waits 录音待传: {reason(e)}"
            if told != self._fault:
                self._fault = told
                self.tell(told)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.ended.wait(), RETRY_S)
        return True

    async def _alerts(self, js: JetStreamContext, to: str) -> None:
        """Receive what the bureau sends to this station, or to all, and queue it for the station."""
        from nats.errors import Error
        from nats.js.api import ConsumerConfig, DeliverPolicy

        subject = f"huying-alerts.{self.bureau}.{to}"
        durable = f"{self.bureau}-{self.station}-{'all' if to == 'all' else 'own'}"
        while not self.ended.is_set():
            try:
                subscription = await js.pull_subscribe(
                    subject,
                    durable,
                    ALERTS_STREAM,
                    config=ConsumerConfig(name=durable, filter_subject=subject, deliver_policy=DeliverPolicy.NEW),
                )
                while not self.ended.is_set():
                    try:
                        messages = await subscription.fetch(1, timeout=5)
                    except TimeoutError:
                        continue
                    for m in messages:
                        self._alert(m)
                        await m.ack()
            except (Error, TimeoutError, OSError) as e:
                self.tell(f"no alerts from the bureau for now 暂时收不到通知: {reason(e)}")
                await asyncio.sleep(RETRY_S)

    def _alert(self, message: Msg) -> None:
        try:
            raw: dict[str, Any] = json.loads(message.data)
            expires, number = datetime.fromisoformat(raw["expires"]), str(raw["id"])
            request = AlertRequest(
                str(raw["text"]),
                tuple(raw.get("to", ())),
                int(raw.get("repeat", 2)),
                bool(raw.get("need_ack", True)),
                bool(raw.get("emergency", False)),
                f"bureau {number}",
            )
            if datetime.now(UTC) > expires:
                self.tell(f"alert {number} came too late, not read out 通知已过期: {request.text}")
                return
            checked(self.net, request)
            put(self.requests, request, f"bureau-{number}")
            self.tell(f"alert {number} left for the station 通知已交给电台: {request.text}")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, HuyingError) as e:
            self.tell(f"an alert of the bureau cannot be used 通知不能用: {e}")

    # -- what the server has -----------------------------------------------------------------------

    @property
    def _file(self) -> Path:
        whose = f"{self.journal.url} {self.bureau} {self.station}"
        return user_folder() / "uplink" / f"{hashlib.sha256(whose.encode()).hexdigest()[:24]}.json"

    def _take_position(self) -> None:
        """Resume after the server's last acknowledgement. Raises HuyingError if the journal is a different one."""
        if not self._file.is_file():
            return
        try:
            noted = json.loads(self._file.read_text("utf-8"))
            seq, head, clips = int(noted["seq"]), str(noted["hash"]), int(noted.get("clips", 0))
            self._made, self._reached = str(noted.get("made", "")), int(noted.get("reached", 0))
        except (OSError, ValueError, TypeError, KeyError, AttributeError, OverflowError) as e:
            self.tell(f"{self._file}: cannot be read ({e}); all is sent again 记录已损坏, 全部重传")
            self._made, self._reached = "", 0
            return
        last = next(self.journal.events(after=seq - 1, before=seq + 1), None)
        if seq and (last is None or last.hash != head):
            raise HuyingError(
                f"{self.journal.name}: not the journal that was sent as station {self.station}; give the new one a new "
                "--station name"
            )
        self.sent, self._head, self.clips_sent = seq, head, clips

    def _note(self) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        part = self._file.with_suffix(".part")
        noted = {"seq": self.sent, "hash": self._head, "clips": self.clips_sent}
        part.write_text(json.dumps({**noted, "made": self._made, "reached": self._reached}), "utf-8")
        part.replace(self._file)
