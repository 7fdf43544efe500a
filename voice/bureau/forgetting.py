"""Retention on the NATS server: deletes what a hub has stored once no backup needs it any more.

An unbounded stream fills its disk and blocks all senders. The stream itself has no age limit, since it does not know
what a hub has stored: hubs delete everything before the point up to which all is acknowledged.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from datetime import datetime
from typing import TYPE_CHECKING

from voice.bureau.wire import CLIPS_BUCKET, EVENTS_STREAM, sound_store
from voice.journal.clips import ClipStore

if TYPE_CHECKING:
    from nats.js import JetStreamContext


async def forget_events(js: JetStreamContext, subjects: str, consumer: str, before: datetime) -> None:
    """Delete messages on ``subjects`` that ``consumer`` has acknowledged contiguously and that are older than a
    given time. Raises the client's errors."""
    from nats.js.errors import NotFoundError

    info = await js.consumer_info(EVENTS_STREAM, consumer)
    first = low = (await js.stream_info(EVENTS_STREAM)).state.first_seq
    high = (info.ack_floor.stream_seq if info.ack_floor else 0) + 1
    while low < high:  # binary search: the first to keep is in low..high
        middle = (low + high) // 2
        try:
            found = await js.get_msg(EVENTS_STREAM, seq=middle, subject=subjects, next=True)
        except NotFoundError:
            high = middle
            continue
        if found.seq is None or found.time is None or found.seq >= high or found.time >= before:
            high = middle
        else:
            low = found.seq + 1
    if low > first:
        await js.purge_stream(EVENTS_STREAM, seq=low, subject=subjects)


async def forget_sound(js: JetStreamContext, clips: ClipStore, before: datetime) -> None:
    """Delete clips from the server's store that are present in ``clips`` and older than a given time. Raises the
    client's errors."""
    from nats.js.errors import NotFoundError
    from nats.js.object_store import OBJ_META_PRE_TEMPLATE

    bucket = await sound_store(js)
    try:
        listed = await bucket.list(ignore_deletes=True)
    except NotFoundError:  # nothing in it
        return
    for info in listed:
        if info.mtime and datetime.fromisoformat(info.mtime) < before and clips.has(info.name):
            await bucket.delete(info.name)
            name = urlsafe_b64encode(info.name.encode()).decode()
            marker = OBJ_META_PRE_TEMPLATE.format(bucket=CLIPS_BUCKET, obj=name)
            await js.purge_stream(f"OBJ_{CLIPS_BUCKET}", subject=marker)
