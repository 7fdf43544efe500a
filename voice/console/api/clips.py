"""Audio of overs, and its waveform."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Response
from fastapi.responses import FileResponse

from voice.console.api.common import (
    Sha256,
    gives,
)
from voice.console.desk import Desk
from voice.console.waveform import waveform_svg
from voice.errors import HuyingError


def routes(desk: Desk) -> APIRouter:
    """Clips and their waveforms."""
    api = APIRouter()
    feed = desk.feed

    @api.get("/clips/{sha256}", **gives("audio/flac", missing=True))
    def clip(sha256: Sha256) -> FileResponse:
        """Audio of an over, FLAC."""
        try:
            path = feed.journal.clips.path(sha256)
        except HuyingError as e:
            raise HTTPException(404, str(e)) from e
        if not path.is_file():
            raise HTTPException(404, "the clip is missing")
        return FileResponse(path, media_type="audio/flac", headers={"Cache-Control": "private, max-age=86400"})

    @api.get("/clips/{sha256}/waveform.svg", **gives("image/svg+xml", missing=True))
    def waveform(sha256: Sha256) -> Response:
        """Envelope and spectrogram of a clip, SVG."""
        try:
            picture = waveform_svg(feed.journal.clips.get(sha256))
        except HuyingError as e:
            raise HTTPException(404, str(e)) from e
        return Response(picture, media_type="image/svg+xml", headers={"Cache-Control": "private, max-age=86400"})

    return api
