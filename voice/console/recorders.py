"""Where recorders upload their calls, as rdio-scanner takes them: SDRTrunk, trunk-recorder, voxcall and others send so.

The key is a token of ``huying users token`` whose user may give orders. Answers have rdio-scanner's words and status
codes, because uploaders look at them.
"""

from __future__ import annotations

import json
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from voice.console.access import Access
from voice.errors import HuyingError
from voice.station.recorders import Call, IncompleteCall, Spool, call_of, call_of_trunk_recorder

PATHS = ("/api/call-upload", "/api/trunk-recorder-call-upload")
FIELDS = 60
"""Form fields of one upload, at most."""


def upload_router(spool: Spool, access: Access) -> APIRouter:
    """Both ways of uploading a call."""
    api = APIRouter()

    @api.post(PATHS[0], include_in_schema=False)
    async def call_upload(request: Request) -> Response:
        """Multipart form: key, system, talkgroup, dateTime, audio, and what else the uploader knows."""
        return await take(request, lambda fields, _files, name: call_of(fields, name))

    @api.post(PATHS[1], include_in_schema=False)
    async def trunk_recorder(request: Request) -> Response:
        """Multipart form: key, system, audio, and trunk-recorder's own metadata file as ``meta``."""

        def described(fields: dict[str, str], files: dict[str, bytes], name: str) -> Call:
            try:
                meta = json.loads(files.get("meta", b"") or fields.get("meta", ""))
            except ValueError as e:
                raise IncompleteCall("no meta") from e
            if not isinstance(meta, dict):
                raise IncompleteCall("no meta")
            return call_of_trunk_recorder(meta, fields.get("system", ""), name)

        return await take(request, described)

    async def take(request: Request, described: Any) -> Response:
        try:
            form = await request.form(max_files=4, max_fields=FIELDS)
        except Exception:  # what starlette says of a broken form differs by version
            return _say(400, "malformed form")
        fields: dict[str, str] = {}
        files: dict[str, bytes] = {}
        name = ""
        for key, value in form.multi_items():
            if isinstance(value, UploadFile):
                files[key] = await value.read()
                name = value.filename or "" if key == "audio" else name
            else:
                fields[key] = value
        who = access.who({"authorization": f"Bearer {fields.get('key', '')}"})
        if who is None or not who.may_order:
            system, talkgroup = fields.get("system", "")[:20], fields.get("talkgroup", "")[:20]
            return _say(401, f"Invalid API key for system {system} talkgroup {talkgroup}.")
        try:
            call = described(fields, files, name)
            fresh = await run_in_threadpool(spool.put, call, files.get("audio", b""))
        except IncompleteCall as e:
            return _say(417, f"Incomplete call data: {e}")
        except HuyingError as e:
            return _say(415, str(e))
        return _say(200, "Call imported successfully." if fresh else "duplicate call rejected")

    return api


def _say(status: int, text: str) -> Response:
    return Response(f"{text}\n", status, media_type="text/plain; charset=utf-8")
