"""One call as described by a recorder: rdio-scanner, trunk-recorder, SDRTrunk."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from voice.errors import HuyingError
from voice.time import parse_wall

NO_LABEL = ("-", "null", "none", "undefined")
"""Written by recorders for a talkgroup without a label."""

AHEAD_S = 60.0
"""Tolerance for a recorder's clock running fast. A call dated later is treated as of now, or it would block later
calls."""


class IncompleteCall(HuyingError):
    """A field is missing or unreadable."""


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """One call as described by the recorder."""

    system: str
    talkgroup: str
    label: str
    began: str
    """ISO 8601 UTC."""
    suffix: str
    """Of the audio's file name, with its dot; empty: none that is usable."""
    sources: tuple[tuple[float, str], ...] = ()
    """(seconds from the start, radio id)."""
    sha256: str = ""
    """Of the audio, hexadecimal; empty: not known yet."""

    @property
    def channel(self) -> str:
        """Key of the channel: labels may change, and two systems may use the same one."""
        return f"{self.system}-{self.talkgroup}"

    @property
    def moment(self) -> datetime:
        return parse_wall(self.began)


def call_of(fields: Mapping[str, str], audio_name: str) -> RecordedCall:
    """Call from the form fields of an upload. Raises IncompleteCall."""
    for name in ("system", "talkgroup", "dateTime"):
        if not fields.get(name, "").strip():
            raise IncompleteCall(f"no {name.lower() if name != 'dateTime' else 'datetime'}")
    suffix = Path(fields.get("audioName") or audio_name).suffix.lower()
    suffix = suffix if re.fullmatch(r"\.[a-z0-9]{1,5}", suffix) else ""
    sources = _sources(fields.get("sources", ""), fields.get("source", ""))
    label = " ".join(fields.get("talkgroupLabel", "").split())[:40]
    label = "" if label.lower() in NO_LABEL else label
    return RecordedCall(
        fields["system"].strip()[:20],
        fields["talkgroup"].strip()[:20],
        label,
        _moment(fields["dateTime"]),
        suffix,
        sources,
    )


def call_of_trunk_recorder(meta: Mapping[str, Any], system: str, audio_name: str) -> RecordedCall:
    """Call from trunk-recorder's own metadata file."""
    fields = {
        "system": system,
        "talkgroup": str(meta.get("talkgroup", "")),
        "dateTime": str(meta.get("start_time", "")),
        "talkgroupLabel": str(meta.get("talkgroup_tag", "")),
        "sources": json.dumps(meta.get("srcList", [])),
    }
    return call_of(fields, audio_name)


def _moment(text: str) -> str:
    """Seconds since 1970, ISO 8601, or a date as in mail and HTTP (RFC 5322), → ISO 8601 UTC."""
    try:
        if re.fullmatch(r"\d{9,13}(\.\d+)?", text.strip()):
            number = float(text)
            moment = datetime.fromtimestamp(number / 1000 if number > 1e11 else number, UTC)
        else:
            moment = parsedate_to_datetime(text) if text.strip()[:1].isalpha() else parse_wall(text.strip())
            moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError, OSError) as e:
        raise IncompleteCall(f"datetime {text[:40]!r} is no time") from e
    if not 2000 <= moment.year <= 2100:
        raise IncompleteCall(f"datetime {text[:40]!r} is no time")
    now = datetime.now(UTC)
    moment = now if moment > now + timedelta(seconds=AHEAD_S) else moment
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _sources(listed: str, single: str) -> tuple[tuple[float, str], ...]:
    """Who transmitted from when on; an empty id means unknown."""
    try:
        rows = json.loads(listed) if listed else []
        found = [(float(r.get("pos", 0)), str(r.get("src", ""))) for r in rows if isinstance(r, dict)]
    except (ValueError, TypeError, RecursionError):
        found = []
    found = sorted(
        (pos, src if re.fullmatch(r"[0-9A-Fa-f]{1,12}", src) and src.strip("0") else "")
        for pos, src in found
        if pos >= 0  # not for NaN
    )
    if not any(src for _, src in found) and re.fullmatch(r"[1-9A-Fa-f][0-9A-Fa-f]{0,11}", single.strip()):
        found = [(pos, single.strip()) for pos, _ in found] or [(0.0, single.strip())]
    return tuple(found[:200])
