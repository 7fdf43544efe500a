"""Upload endpoint for recorders, compatible with rdio-scanner: used by SDRTrunk, trunk-recorder, voxcall and others.

The key is a token from ``huying users token`` of a user permitted to give orders. Responses use rdio-scanner's wording
and status codes, because uploaders check them.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import tempfile
from collections.abc import Callable, Iterator
from typing import IO, Any
from urllib.parse import unquote_to_bytes

from fastapi import APIRouter, Request, Response
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from voice.console.access import Access
from voice.errors import HuyingError
from voice.station.recorded_call import IncompleteCall, RecordedCall, call_of, call_of_trunk_recorder
from voice.station.spool import NoRoom, Spool

PATHS = ("/api/call-upload", "/api/trunk-recorder-call-upload")
FIELDS, FILES = 60, 4
"""Largest upload."""


UPLOADS = 8
"""Concurrent uploads; more are asked to retry."""

DECODING = 2
"""Calls decoded concurrently."""

LARGEST_FIELD = 200_000
"""Largest field that is not a file, bytes."""


ALWAYS_FILES = ("audio",)
"""Form parts that are files even without a file name (``curl -F "audio=<a.wav"``)."""

FILENAME_CODED = re.compile(rb";\s*filename\*\s*=\s*[\w-]*'[^']*'([^;\s]*)", re.IGNORECASE)
"""File name in RFC 5987 form, which the parser ignores: ``filename*=UTF-8''%E5%BD%95.wav``."""


class Malformed(Exception):
    """Not a multipart form."""


class Full(Exception):
    """Too many uploads at once."""


class UploadSlots:
    """Uploads in progress."""

    def __init__(self) -> None:
        self._taken = 0

    @contextlib.contextmanager
    def one(self) -> Iterator[None]:
        """Raises Full."""
        if self._taken >= UPLOADS:
            raise Full("too many uploads at once; try again")
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1


class UploadForm:
    """A multipart form read as a stream: fields available as they arrive, files on disk."""

    def __init__(self) -> None:
        self.fields: dict[str, str] = {}
        self.files: dict[str, IO[bytes]] = {}
        self.names: dict[str, str] = {}
        self._part: dict[str, bytes] = {}
        self._header = self._value = b""
        self._name = ""
        self._into: IO[bytes] | None = None
        self._text = bytearray()
        self._count = 0

    async def read(self, request: Request, may: Callable[[], bool | None]) -> bool:
        """Read the body; False as soon as ``may`` refuses, True when complete and ``may`` permits. If the key
        precedes the audio, or is sent as ``Authorization: Bearer``, a refusal comes before the audio is read. Raises
        Malformed."""
        if may() is False:
            return False
        kind, options = parse_options_header(request.headers.get("content-type", ""))
        if kind != b"multipart/form-data" or not options.get(b"boundary"):
            raise Malformed("not multipart/form-data")
        steps: Any = {
            "on_part_begin": self._begin,
            "on_header_field": self._on_header,
            "on_header_value": self._on_value,
            "on_header_end": self._on_header_end,
            "on_headers_finished": self._on_headers,
            "on_part_data": self._on_data,
            "on_part_end": self._end,
        }
        try:
            parser = MultipartParser(options[b"boundary"], steps)
            known = None
            async for chunk in request.stream():
                parser.write(chunk)
                known = may() if known is None else known
                if known is False:
                    return False
            parser.finalize()
        except (ValueError, ClientDisconnect) as e:  # the parser's own errors are ValueErrors
            raise Malformed(str(e)[:100] or type(e).__name__) from e
        return may() is True

    def content(self, name: str) -> bytes:
        """Content of a file; empty if absent."""
        if name not in self.files:
            return b""
        self.files[name].seek(0)
        return self.files[name].read()

    def close(self) -> None:
        """Release the files."""
        for file in self.files.values():
            file.close()

    def _begin(self) -> None:
        self._part, self._header, self._value, self._text = {}, b"", b"", bytearray()
        self._into = None
        self._count += 1
        if self._count > FIELDS:
            raise ValueError("too many fields")

    def _on_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        self._part[self._header.decode("latin-1").lower()] = self._value
        self._header = self._value = b""

    def _on_headers(self) -> None:
        disposition = self._part.get("content-disposition", b"")
        _, options = parse_options_header(disposition)
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        coded = FILENAME_CODED.search(disposition)
        if b"filename" in options or coded or self._name in ALWAYS_FILES:
            if len(self.files) >= FILES or self._name in self.files:
                raise ValueError("too many files")
            name = options.get(b"filename") or (unquote_to_bytes(coded[1]) if coded else b"")
            self.names[self._name] = name.decode("utf-8", "replace")
            self._into = self.files[self._name] = tempfile.TemporaryFile()  # noqa: SIM115  # closed by close

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        if self._into is not None:
            self._into.write(data[start:end])
        else:
            self._text += data[start:end]
            if len(self._text) > LARGEST_FIELD:
                raise ValueError("a field is too long")

    def _end(self) -> None:
        if self._into is None:
            self.fields.setdefault(self._name, self._text.decode("utf-8", "replace"))


def upload_router(spool: Spool, access: Access) -> APIRouter:
    """Both upload routes."""
    api = APIRouter()

    @api.post(PATHS[0], include_in_schema=False)
    async def call_upload(request: Request) -> Response:
        """Multipart form: key, system, talkgroup, dateTime, audio, and what else the uploader knows."""
        return await take(request, lambda fields, _files, name: call_of(fields, name))

    @api.post(PATHS[1], include_in_schema=False)
    async def trunk_recorder(request: Request) -> Response:
        """Multipart form: key, system, audio, and trunk-recorder's own metadata file as ``meta``."""

        def described(fields: dict[str, str], files: dict[str, bytes], name: str) -> RecordedCall:
            try:
                meta = json.loads(files.get("meta", b"") or fields.get("meta", ""))
            except (ValueError, RecursionError) as e:
                raise IncompleteCall("no meta") from e
            if not isinstance(meta, dict):
                raise IncompleteCall("no meta")
            return call_of_trunk_recorder(meta, fields.get("system", ""), name)

        return await take(request, described)

    async def take(request: Request, described: Any) -> Response:
        form = UploadForm()
        try:
            with places.one():
                if not await form.read(request, lambda: may(form, request)):
                    system, talkgroup = form.fields.get("system", "")[:20], form.fields.get("talkgroup", "")[:20]
                    return _say(401, f"Invalid API key for system {system} talkgroup {talkgroup}.")
                audio = form.content("audio")
                files = {"meta": form.content("meta")} if "meta" in form.files else {}
                call = described(form.fields, files, form.names.get("audio", ""))
                async with decoding:
                    fresh = await run_in_threadpool(spool.put, call, audio)
        except Malformed as e:
            return _say(400, f"malformed form: {e}")
        except Full as e:
            return _say(503, str(e))
        except NoRoom as e:
            return _say(507, str(e))
        except IncompleteCall as e:
            return _say(417, f"Incomplete call data: {e}")
        except HuyingError as e:
            return _say(415, str(e))
        finally:
            form.close()
        return _say(200, "Call imported successfully." if fresh else "duplicate call rejected")

    def may(form: UploadForm, request: Request) -> bool | None:
        """Whether the key belongs to a user permitted to give orders; None: not received yet."""
        header = request.headers.get("authorization", "")
        key = form.fields.get("key", "").strip()
        if not key and not header:
            return True if access.open else None  # without users there are no keys
        who = access.who({"authorization": f"Bearer {key}" if key else header})
        return who is not None and who.may_order

    places, decoding = UploadSlots(), asyncio.Semaphore(DECODING)
    return api


def _say(status: int, text: str) -> Response:
    return Response(f"{text}\n", status, media_type="text/plain; charset=utf-8")
