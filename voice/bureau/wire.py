"""Protocol between stations and bureau over NATS JetStream: names, envelopes, streams, and the connection.

Subjects are ``huying.<bureau>.<station>.<channel>.<type>``; a message is one event of a station's journal, its id the
event's hash. Alerts go the other way: ``huying-alerts.<bureau>.<station>``, or ``….all``.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from voice.errors import HuyingError
from voice.journal.event import Event
from voice.places import install

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.js import JetStreamContext
    from nats.js.api import StreamInfo
    from nats.js.object_store import ObjectStore

VERSION = 1
"""Version of the envelope. A hub that does not know it leaves the message in place."""

EVENTS_STREAM = "HUYING"
ALERTS_STREAM = "HUYING-ALERTS"
CLIPS_BUCKET = "huying-clips"
LARGEST_BODY = 1_000_000
"""Largest event body in characters; NATS itself allows a megabyte."""

MAIN = "main"
"""Channel name of a single-channel station."""

NOT_NOW = 10008
"""Error code of a cluster without a leader yet; a retry helps."""

RETRY_S = 1.0

FINAL = ("authorization", "authentication", "certificate")
"""Connection errors that a retry does not cure."""

CREDENTIALS = re.compile(r"BEGIN NATS USER JWT-+\s+\S+\s.*BEGIN USER NKEY SEED-+\s+(\S+)\s", re.DOTALL)
"""A ``.creds`` file; the group is the seed."""

NAME = re.compile(r"[0-9A-Za-z_\-\u4e00-\u9fff]{1,40}")


@dataclass(frozen=True, slots=True)
class Server:
    """Server address and credentials."""

    url: str
    """Servers of one cluster, separated by commas."""
    credentials: Path | None = None
    """A ``.creds`` file."""
    authority: Path | None = None
    """CA certificate of the server."""

    @property
    def shown(self) -> str:
        """The address without its password."""
        return ",".join(re.sub(r"//.*@", "//…@", one) for one in self.url.split(","))

    @property
    def addresses(self) -> list[str]:
        """Addresses of all servers, without user and password."""
        return [re.sub(r"//.*@", "//", one.strip()) for one in self.url.split(",")]

    @property
    def account(self) -> dict[str, str]:
        """User and password of the first server that names any, decoded for the client. Special characters are
        percent-encoded in an address (``p%40ss``), as in all NATS tools."""
        for one in self.url.split(","):
            if found := re.search(r"//(.*)@", one):
                user, colon, password = found[1].partition(":")
                return {"user": unquote(user), "password": unquote(password)} if colon else {"token": unquote(user)}
        return {}


@dataclass(frozen=True, slots=True)
class StationEvent:
    """One event as received from a station."""

    station: str
    event: Event


def checked_name(what: str, name: str) -> str:
    """A bureau's or station's name. Raises HuyingError if it is not valid in a subject."""
    if not NAME.fullmatch(name):
        raise HuyingError(f"--{what} “{name}”: letters, digits, - and _, or Chinese characters; 40 at most")
    return name


def subject_of(bureau: str, station: str, event: Event) -> str:
    """Subject of an event."""
    channel = re.sub(r"[\s.*>]", "_", str(event.data.get("channel", ""))) or MAIN
    return f"huying.{bureau}.{station}.{channel}.{event.kind}"


def roster_subject(bureau: str, station: str) -> str:
    """Subject of a station's roster, beside its events."""
    return f"huying.{bureau}.{station}.roster"


def head_subject(bureau: str, station: str) -> str:
    """Subject of a station's signed heads."""
    return f"huying.{bureau}.{station}.head"


def events_of(bureau: str, station: str = "*") -> str:
    """Subjects of a station's events."""
    return f"huying.{bureau}.{station}.*.*"


def packed(event: Event) -> bytes:
    """An event as a message."""
    return json.dumps(
        {
            "version": VERSION,
            "seq": event.seq,
            "kind": event.kind,
            "t": event.t,
            "wall": event.wall,
            "body": event.body,
            "unit": event.unit,
            "previous": event.previous,
            "hash": event.hash,
        },
        ensure_ascii=False,
    ).encode()


class Newer(HuyingError):
    """A message of an unknown, newer version."""


def unpacked(subject: str, data: bytes) -> StationEvent:
    """Event in a message. Raises Newer, or HuyingError if invalid."""
    parts = subject.split(".")
    try:
        raw: dict[str, Any] = json.loads(data)
        version = int(raw.pop("version"))
        if version > VERSION:
            told = f"{subject}: version {version}, this one knows {VERSION}; update the hub, the message is left"
            raise Newer(told)
        event = Event(**raw)
        _check(event)
        if len(parts) != 5:
            raise ValueError("the subject has other parts")
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as e:
        raise HuyingError(f"{subject}: not an event ({e})") from e
    return StationEvent(parts[2], event)


def _check(event: Event) -> None:
    """Raises ValueError for values that no journal contains and no database accepts."""
    texts = {"kind": 40, "wall": 32, "body": LARGEST_BODY, "previous": 64, "hash": 64}
    for name, longest in texts.items():
        text = getattr(event, name)
        if not isinstance(text, str) or len(text) > longest or "\0" in text:
            raise ValueError(f"{name} is no text of {longest} characters at most")
    if event.unit is not None and (not isinstance(event.unit, str) or len(event.unit) > 39 or "\0" in event.unit):
        raise ValueError("unit is no text of 39 characters at most")
    if not isinstance(event.seq, int) or not 1 <= event.seq < 2**31:
        raise ValueError("seq is no number of an event")
    if not isinstance(event.t, int | float) or not math.isfinite(event.t):
        raise ValueError("t is no time")


def unpacked_roster(subject: str, data: bytes) -> tuple[str, str]:
    """(station, its roster as sent). Raises HuyingError if invalid."""
    try:
        text = data.decode()
        raw = json.loads(text)
        if len(text) > LARGEST_BODY or "\0" in text or "\\u0000" in text:
            raise ValueError("too large, or it holds a NUL")
        if not all(isinstance(v, str) for unit in raw["units"] for v in dict(unit).values()):
            raise ValueError("cells are no text")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as e:
        raise HuyingError(f"{subject}: not a roster ({e})") from e
    return subject.split(".")[2], text


class _Faults:
    """Connection faults: reported once until resolved; those that waiting cannot cure are ``final``."""

    def __init__(self, server: Server, tell: Callable[[str], None]) -> None:
        self._server, self._tell = server, tell
        self.told, self.final = "", asyncio.Event()

    async def fault(self, e: Exception) -> None:
        if self.final.is_set():  # errors after a refusal, such as a broken connection, are not the cause
            return
        text = reason(e)
        if any(w in text.lower() for w in FINAL):
            self.told = text
            self.final.set()
        elif text != self.told:
            self.told = text
            self._tell(f"{self._server.shown}: {text}; tried again and again 一直重试")

    async def back(self) -> None:
        self.told = ""
        self._tell(f"{self._server.shown}: connected again 已重新连上")


def _tls_of(server: Server) -> ssl.SSLContext | None:
    """TLS with a private CA, if configured. Raises HuyingError for missing or invalid files, including credentials."""
    for file in (server.credentials, server.authority):
        if file is not None and not file.is_file():
            raise HuyingError(f"{file}: no such file")
    if server.credentials is not None:
        _check_credentials(server.credentials)
    try:
        return ssl.create_default_context(cafile=str(server.authority)) if server.authority else None
    except (ssl.SSLError, OSError) as e:
        raise HuyingError(f"{server.authority}: not a certificate that can be read ({e}); PEM is wanted") from e


async def connect(
    server: Server, name: str, inbox: str, tell: Callable[[str], None], ended: asyncio.Event | None = None
) -> Client:
    """A self-reconnecting connection. ``inbox``: prefix of reply subjects, so that permissions can separate users.
    Raises HuyingError for wrong credentials or address; a server that is merely unavailable is waited for until
    ``ended`` is set."""
    try:
        import nats
        from nats.errors import Error
    except ImportError as e:
        raise HuyingError(f"this needs {e.name}; run “{install('bureau')}”") from e
    tls, faults = _tls_of(server), _Faults(server, tell)
    while True:
        going = asyncio.ensure_future(
            nats.connect(
                server.addresses,
                name=name,
                tls=tls,
                user_credentials=str(server.credentials) if server.credentials else None,
                error_cb=faults.fault,
                reconnected_cb=faults.back,
                max_reconnect_attempts=-1,
                reconnect_time_wait=1,
                connect_timeout=5,
                inbox_prefix=f"_INBOX.{inbox}",
                **server.account,
            )
        )
        refused = asyncio.ensure_future(faults.final.wait())
        stopped = asyncio.ensure_future((ended or asyncio.Event()).wait())
        try:
            await asyncio.wait((going, refused, stopped), return_when=asyncio.FIRST_COMPLETED)
            if stopped.done():
                raise HuyingError(f"{server.shown}: stopped before it answered")
            if not faults.final.is_set():
                return going.result()
        except ConnectionError as e:  # cut off during the handshake
            await faults.fault(e)
            await asyncio.sleep(RETRY_S)
            continue
        except (Error, OSError, ValueError) as e:
            raise HuyingError(f"{server.shown}: {reason(e)}; check address, --creds and --ca") from e
        finally:
            for task in (going, refused, stopped):
                task.cancel()
        raise HuyingError(f"{server.shown}: {faults.told}; check user, password or --creds, and --ca")


def _check_credentials(file: Path) -> None:
    """Raises HuyingError if it is not a ``.creds`` file: the client would fail with an error of its own."""
    import nkeys

    try:
        found = CREDENTIALS.search(file.read_text("utf-8"))
        if not found:
            raise ValueError("it holds no JWT and seed of a user")
        nkeys.from_seed(found[1].encode())
    except (OSError, ValueError, TypeError, nkeys.NkeysError) as e:
        raise HuyingError(f"{file}: not a credentials file of NATS ({e or type(e).__name__}); nsc makes them") from e


async def ensure_streams(js: JetStreamContext, replicas: int = 0) -> None:
    """Create the streams unless they exist. With ``replicas`` the cluster keeps that many copies of them and of the
    audio, also for existing streams. Raises HuyingError for what the server does not allow."""
    from nats.js.api import DiscardPolicy, StreamConfig
    from nats.js.errors import APIError, NotFoundError

    wanted = (
        StreamConfig(EVENTS_STREAM, subjects=["huying.>"], discard=DiscardPolicy.NEW, duplicate_window=3600),
        StreamConfig(ALERTS_STREAM, subjects=["huying-alerts.>"], max_age=24 * 3600, duplicate_window=3600),
    )
    for config in wanted:
        try:
            there = await js.stream_info(str(config.name))
        except NotFoundError:
            try:
                await js.add_stream(config, num_replicas=replicas or None)
            except APIError as e:
                if e.err_code == NOT_NOW:
                    raise
                told = f"there is no stream {config.name} and none can be made ({e.description}); "
                raise HuyingError(told + ("see --replicas" if replicas else "start a hub first")) from e
        else:
            await _replicate(js, there, replicas)


async def sound_store(js: JetStreamContext, replicas: int = 0) -> ObjectStore:
    """Object store for the audio of overs; created unless it exists."""
    from nats.js.api import ObjectStoreConfig
    from nats.js.errors import BucketNotFoundError, NotFoundError

    try:
        store = await js.object_store(CLIPS_BUCKET)
    except (BucketNotFoundError, NotFoundError):
        return await js.create_object_store(CLIPS_BUCKET, ObjectStoreConfig(replicas=replicas or 1))
    if replicas:
        await _replicate(js, await js.stream_info(f"OBJ_{CLIPS_BUCKET}"), replicas)
    return store


async def _replicate(js: JetStreamContext, there: StreamInfo, replicas: int) -> None:
    """Change the number of a stream's replicas."""
    from nats.js.errors import APIError

    told = f"stream {there.config.name} cannot have {replicas} copies"
    if replicas > 1 and there.cluster is None:  # a standalone server accepts this and keeps one
        raise HuyingError(f"{told}: the server is not part of a cluster; see --replicas")
    if replicas and there.config.num_replicas != replicas:
        try:
            await js.update_stream(there.config, num_replicas=replicas)
        except APIError as e:
            if e.err_code == NOT_NOW:
                raise
            raise HuyingError(f"{told} ({e.description}); see --replicas") from e


def reason(e: Exception) -> str:
    """Error in words; the client's errors are sometimes empty."""
    return str(e).removeprefix("nats: ").strip("'\" ") or type(e).__name__
