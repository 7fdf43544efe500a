"""Recorders' uploads in the hands of somebody who has a key, and of somebody who has none."""

from __future__ import annotations

import asyncio
import io
import json
import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile as sf

from tests.helpers.waiting import until
from voice.console.access import Access
from voice.console.guard import Guard
from voice.console.recorders import PATHS, UPLOADS, upload_router
from voice.console.users import Users
from voice.errors import HuyingError
from voice.journal.store import Journal
from voice.net.loading import Net
from voice.pcm import RATE
from voice.station import recorders
from voice.station import spool as spooling
from voice.station.listener import Listener
from voice.station.recorded_call import IncompleteCall, RecordedCall, call_of
from voice.station.recorders import MOST_CHANNELS, TRIES, UploadDesk
from voice.station.spool import NoRoom, Spool
from voice.supervised import Supervised, troubles

FIELDS = {"system": "1", "talkgroup": "2", "dateTime": "2026-06-05T08:00:00Z"}


def wav(seconds: float = 1.0, seed: int = 0) -> bytes:
    out = io.BytesIO()
    noise = (np.random.default_rng(seed).standard_normal(int(RATE * seconds)) * 500).astype(np.int16)
    sf.write(out, noise, RATE, format="WAV")
    return out.getvalue()


def call(suffix: str = ".wav", **more: str) -> RecordedCall:
    return call_of({**FIELDS, **more}, f"a{suffix}")


def test_a_file_that_vanishes_between_two_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(tmp_path)
    for k in range(5):
        spool.put(call(), wav(0.2, k))
    glob = Path.glob

    def gone(self: Path, pattern: str) -> Iterator[Path]:
        for p in list(glob(self, pattern)):
            if pattern == "*.json":
                p.unlink(missing_ok=True)
            yield p

    monkeypatch.setattr(Path, "glob", gone)
    assert isinstance(spool.waiting(), list)
    spool.forget()
    spool.refuse(tmp_path / "nothing.json")


def test_a_thread_that_fails_is_told_started_again_and_known_to_health() -> None:
    told: list[str] = []
    tries = []

    def work() -> None:
        tries.append(1)
        if len(tries) < 3:
            raise ZeroDivisionError("once more")

    thread = Supervised("a test", work, told.append)
    thread.join(20)
    assert len(tries) == 3 and len(told) == 2 and "ZeroDivisionError" in told[0]
    assert any("a test failed" in t for t in troubles())


class Desk:
    """An upload desk whose listening is replaced: what is put is over at once, or fails."""

    def __init__(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, net: Net, fails: str = "") -> None:
        self.told: list[str] = []
        self.heard: list[str] = []
        self.spool = Spool(tmp_path)

        def listen(_self: Any, source: recorders.CallSource) -> Iterator[float]:
            while True:
                item = source._calls.get()
                if item is None:
                    return
                what, _, done = item
                if fails and what.talkgroup == fails:
                    raise RuntimeError("a fault of ours")
                self.heard.append(what.talkgroup)
                done()
                yield 0.0

        monkeypatch.setattr(Listener, "__init__", lambda *_a, **_k: None)
        monkeypatch.setattr(Listener, "listen", listen)
        monkeypatch.setattr(recorders, "SETTLE_S", 0.0)
        self.journal = Journal("sqlite://")
        ear = SimpleNamespace(net=net)
        ear.latest = ear
        self.desk = UploadDesk(ear, self.journal, self.spool, self.told.append)  # type: ignore[arg-type]

    def close(self) -> None:
        self.desk.close()
        self.journal.close()


def test_many_talkgroups_do_not_take_all_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, net: Net) -> None:
    desk = Desk(tmp_path, monkeypatch, net)
    before = threading.active_count()
    for k in range(3 * MOST_CHANNELS):
        desk.spool.put(call(talkgroup=str(k)), wav(0.05, k))
    assert until(lambda: len(desk.heard) == 3 * MOST_CHANNELS, 120)
    assert threading.active_count() <= before + MOST_CHANNELS + 1 and len(desk.desk._sources) <= MOST_CHANNELS
    assert until(lambda: desk.desk._held < 0.01)
    desk.close()
    assert not desk.told


def test_a_call_that_breaks_its_thread_breaks_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, net: Net
) -> None:
    monkeypatch.setattr("voice.supervised.AGAIN_S", (0.01,))
    desk = Desk(tmp_path, monkeypatch, net, fails="66")
    desk.spool.put(call(talkgroup="66"), wav(0.1, 1))
    desk.spool.put(call(talkgroup="7"), wav(0.1, 2))
    assert until(lambda: "7" in desk.heard)
    assert until(lambda: bool(list(desk.spool.folder.glob("*.bad"))), 60), "after some tries it is kept aside"
    assert len([t for t in desk.told if "a fault of ours" in t]) == TRIES
    desk.spool.put(call(talkgroup="8"), wav(0.1, 3))
    assert until(lambda: "8" in desk.heard)
    desk.close()


def test_some_bytes_that_hold_days_of_sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spooling, "LONGEST_CALL_S", 60.0)
    out = io.BytesIO()
    sf.write(out, np.zeros(RATE * 600, np.int16), RATE, format="FLAC")
    assert len(out.getvalue()) < 200_000
    with pytest.raises(HuyingError, match="lasts longer"):
        Spool(tmp_path).put(call(".flac"), out.getvalue())
    assert not list(tmp_path.rglob("*.part*"))


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
def test_ffmpeg_opens_what_it_is_told_and_nothing_else(tmp_path: Path) -> None:
    """Playlists of every kind that name a file of this machine, under every name that is taken."""
    secret = tmp_path / "secret.wav"
    secret.write_bytes(wav(2.0))
    lists = [
        f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile://{secret}\n#EXT-X-ENDLIST\n",
        f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{secret}\n#EXT-X-ENDLIST\n",
        f"ffconcat version 1.0\nfile {secret}\n", f"file '{secret}'\n", f"<MPD><BaseURL>file://{secret}</BaseURL></MPD>",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=audio 9999 RTP/AVP 0\n",
    ]  # fmt: skip
    spool = Spool(tmp_path / "requests")
    for text in lists:
        for suffix in spooling.DEMUXERS:
            with pytest.raises(HuyingError):
                spool.put(call(suffix), text.encode())
    for suffix in (".m3u8", ".ffconcat", ".sdp", ".json", ".txt", ".mpd", ".pls"):
        with pytest.raises(IncompleteCall):
            spool.put(call(suffix), b"#EXTM3U")
    assert not [p for p in spool.folder.iterdir() if p.is_file()]


def test_uploads_leave_the_reserve_for_events(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(spooling.shutil, "disk_usage", lambda _p: usage._replace(free=20_010_000))  # type: ignore[attr-defined]
    spool = Spool(tmp_path)
    with pytest.raises(NoRoom, match="for events"):
        spool.put(call(), wav(1.0))
    assert not [p for p in spool.folder.iterdir() if p.is_file()]
    spool.put(call(), wav(0.3))


def test_a_call_of_the_future_is_one_of_now() -> None:
    """It would hide what waits for review, and every call after it."""
    assert call(dateTime="2099-01-01T00:00:00Z").moment <= datetime.now(UTC)
    with pytest.raises(IncompleteCall):
        call(dateTime="9999-01-01T00:00:00Z")


# -- over HTTP -------------------------------------------------------------------------------------


class Sent:
    """The upload routes, asked as ASGI, so that it shows how much of a body was read."""

    def __init__(self, folder: Path) -> None:
        pytest.importorskip("argon2")
        from fastapi import FastAPI

        users = Users(folder / "users.json")
        users.add("recorder", "correct horse", "operator")
        users.add("看", "correct horse", "viewer")
        self.key, self.viewer = users.token("recorder"), users.token("看")
        self.spool = Spool(folder / "requests")
        self.app = FastAPI()
        access = Access(users)
        self.app.include_router(upload_router(self.spool, access))
        self.app.add_middleware(Guard, access=access, own_keys=PATHS)

    async def ask(
        self, parts: list[bytes], headers: dict[str, str] | None = None, path: str = PATHS[0]
    ) -> tuple[int, int]:
        """Status, and how many parts of the body were taken."""
        taken, answer = 0, []
        named = {"content-type": "multipart/form-data; boundary=xyz", "host": "localhost", **(headers or {})}
        scope = {"type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b"",
                 "headers": [(k.lower().encode(), v.encode()) for k, v in named.items()], "http_version": "1.1",
                 "scheme": "http", "client": ("127.0.0.1", 1), "server": ("localhost", 80), "asgi": {"version": "3.0"},
        }  # fmt: skip

        async def receive() -> dict[str, Any]:
            nonlocal taken
            await asyncio.sleep(0)
            if taken < len(parts):
                taken += 1
                return {"type": "http.request", "body": parts[taken - 1], "more_body": taken < len(parts)}
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            answer.append(message)

        await self.app(scope, receive, send)
        return answer[0]["status"], taken


def field(name: str, value: str) -> bytes:
    return f'--xyz\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()


def sound(data: bytes) -> list[bytes]:
    head = b'--xyz\r\nContent-Disposition: form-data; name="audio"; filename="a.wav"\r\nContent-Type: audio/wav\r\n\r\n'
    return [head, *(data[k : k + 65536] for k in range(0, len(data), 65536)), b"\r\n"]


END = b"--xyz--\r\n"
FORM = [field(k, v) for k, v in FIELDS.items()]


def test_a_wrong_key_is_refused_before_the_sound_is_read(tmp_path: Path) -> None:
    at, big = Sent(tmp_path), sound(b"x" * 20_000_000)
    for key in ("wrong", at.viewer, "\ud7ff"):
        status, taken = asyncio.run(at.ask([field("key", key), *FORM, *big, END]))
        assert status == 401 and taken <= 2
    status, taken = asyncio.run(at.ask([*FORM, *big, END], {"authorization": "Bearer wrong"}))
    assert status == 401 and taken == 0
    status, taken = asyncio.run(at.ask([*big, *FORM, END]))
    assert status == 401, "no key at all"
    assert not at.spool.folder.exists()


def test_a_good_key_before_or_behind_the_sound_or_in_the_header(tmp_path: Path) -> None:
    at = Sent(tmp_path)
    forms = [
        [field("key", at.key), *FORM, *sound(wav(0.2, 1)), END],
        [*sound(wav(0.2, 2)), *FORM, field("key", at.key), END],
    ]
    for parts in forms:
        assert asyncio.run(at.ask(parts))[0] == 200
    last = [*FORM, *sound(wav(0.2, 3)), END]
    assert asyncio.run(at.ask(last, {"authorization": f"Bearer {at.key}"}))[0] == 200
    assert asyncio.run(at.ask(last, {"authorization": f"Bearer {at.key}"}))[0] == 200, "a duplicate"
    assert len(at.spool.waiting()) == 3
    one_piece = [b"".join([*sound(wav(0.2, 4)), *FORM, field("key", at.key), END])]
    assert asyncio.run(at.ask(one_piece))[0] == 200


def test_uploads_at_once_have_a_limit(tmp_path: Path) -> None:
    at = Sent(tmp_path)

    async def all_of_them() -> list[int]:
        parts = [field("key", at.key), *FORM, *sound(wav(3.0)), END]
        slow = [p[k : k + 2000] for p in parts for k in range(0, len(p), 2000)]
        return [status for status, _ in await asyncio.gather(*(at.ask(slow) for _ in range(3 * UPLOADS)))]

    got = asyncio.run(all_of_them())
    assert got.count(503) >= UPLOADS and got.count(200) >= 1 and set(got) == {200, 503}


def test_the_same_call_twice_at_once_is_kept_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool, audio, both, write = Spool(tmp_path), wav(0.5), threading.Barrier(2, timeout=10), Path.write_text

    def written(self: Path, *args: Any) -> int:
        length = write(self, *args)
        both.wait()
        return length

    monkeypatch.setattr(Path, "write_text", written)
    with ThreadPoolExecutor(2) as two:
        assert sum(two.map(lambda _: spool.put(call(), audio), range(2))) >= 1
    assert len(spool.waiting()) == 1
    assert not [p for p in spool.folder.iterdir() if ".part" in p.name or p.suffix == ".meta"]


@pytest.mark.parametrize("body", [
    b"", b"--xyz", b"--xyz\r\n\r\n", b"--other\r\n", END, b"--xyz\r\nContent-Disposition: form-data\r\n\r\nx\r\n" + END,
    field("key", "x") * 200 + END, field("key", "x" * 500_000) + END, b"\x00" * 1000,
])  # fmt: skip
def test_forms_that_are_none(tmp_path: Path, body: bytes) -> None:
    at = Sent(tmp_path)
    for path in PATHS:
        assert asyncio.run(at.ask([body], path=path))[0] in (400, 401)
    assert asyncio.run(at.ask([body], {"content-type": "application/json"}))[0] == 400


def test_metadata_of_every_kind(tmp_path: Path) -> None:
    at = Sent(tmp_path)
    for meta in (
        b"",
        b"[",
        b"[]",
        b"{}",
        json.dumps({"talkgroup": "\ud800", "start_time": 1e400}).encode(),
        b"[" * 100_000,
    ):
        head = b'--xyz\r\nContent-Disposition: form-data; name="meta"; filename="a.json"\r\n\r\n'
        parts = [field("key", at.key), field("system", "1"), head + meta + b"\r\n", *sound(wav(0.1)), END]
        assert asyncio.run(at.ask(parts, path=PATHS[1]))[0] in (400, 415, 417), meta[:20]


@pytest.mark.parametrize(
    "said",
    [
        "name=\"audio\"; filename*=UTF-8''%E5%BD%95.wav", 'name="audio"', 'filename="a.wav"; name="audio"',
        "name=\"audio\"; filename=\"a.wav\"; filename*=UTF-8''%E5%BD%95.mp3", 'name="audio"; filename=""',
        "name=\"audio\"; FILENAME*=utf-8'zh'a.wav", "name=audio; filename=a.wav",
        "name=\"audio\"; filename*=UTF-8''%zz%00..%2F..%2Fevil", 'name="audio"; filename="录音 一.wav"',
    ],
)  # fmt: skip
def test_a_file_however_its_name_is_written(tmp_path: Path, said: str) -> None:
    at = Sent(tmp_path)
    wav = io.BytesIO()
    sf.write(wav, np.random.default_rng(0).integers(-900, 900, 8000).astype(np.int16), 8000, format="WAV")
    part = f"--xyz\r\nContent-Disposition: form-data; {said}\r\n\r\n".encode() + wav.getvalue() + b"\r\n"
    status, _ = asyncio.run(at.ask([field("key", at.key), *FORM, part, END]))
    assert status == 200
    assert len(list(at.spool.folder.glob("*.json"))) == 1 and not list(tmp_path.glob("evil*"))
