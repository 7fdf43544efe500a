"""Audio of overs: from the server's object store to the bureau's clip folder."""

from __future__ import annotations

import asyncio
import contextlib
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from voice.bureau.wire import reason, sound_store
from voice.errors import HuyingError
from voice.journal.clips import ClipStore, clip_name

if TYPE_CHECKING:
    from nats.js import JetStreamContext
    from nats.js.object_store import ObjectStore

RETRY_S = 5.0
LOOK_S = 1.0

AGAIN_S = 3600.0
"""Interval of a full scan: what could not be kept the first time is tried again."""


@dataclass
class Sound:
    """Fetches every missing clip as it is announced."""

    clips: ClipStore
    tell: Callable[[str], None]
    """Called with each fault; the receiver suppresses repeats."""
    caught_up: asyncio.Event = field(default_factory=asyncio.Event)
    """Everything present at the start has been fetched."""
    _bad: set[str] = field(default_factory=set)

    async def follow(self, js: JetStreamContext) -> None:
        """Run until cancelled."""
        from nats.errors import Error

        while True:
            try:
                await self._watch(await sound_store(js))
            except (Error, TimeoutError, OSError, HuyingError) as e:
                self.tell(f"no clips for now 暂时收不到录音: {reason(e)}")
                await asyncio.sleep(RETRY_S)

    async def _watch(self, bucket: ObjectStore) -> None:
        """Process existing and new clips for AGAIN_S."""
        watcher: Any = await bucket.watch(ignore_deletes=True)
        try:
            ends = asyncio.get_running_loop().time() + AGAIN_S
            while asyncio.get_running_loop().time() < ends:
                with contextlib.suppress(TimeoutError):
                    info = await watcher.updates(LOOK_S)
                    if info is None:
                        self.caught_up.set()
                    else:
                        await self._fetch(bucket, info.name)
        finally:
            await watcher.stop()

    async def _fetch(self, bucket: ObjectStore, name: str) -> None:
        from nats.js.errors import NotFoundError

        with contextlib.suppress(NotFoundError):  # deleted meanwhile
            if name not in self._bad and not self.clips.has(name):
                found = await bucket.get(name)
                await asyncio.to_thread(self._keep, name, found.data or b"")

    def _keep(self, name: str, data: bytes) -> None:
        """Store it unless it does not match its name. Raises HuyingError if it cannot be written."""
        import soundfile as sf

        try:
            pcm, _ = sf.read(io.BytesIO(data), dtype="int16")
        except sf.LibsndfileError as e:
            self._refuse(name, f"cannot be read ({e})")
            return
        if pcm.ndim != 1 or clip_name(pcm) != name:
            self._refuse(name, "is not what its name says")
            return
        self.clips.put(pcm)

    def _refuse(self, name: str, why: str) -> None:
        self._bad.add(name)
        self.tell(f"clip {name[:12]}… {why}")
