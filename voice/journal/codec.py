"""Encodes facts for the journal and decodes them: a name for each kind, and plain data."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, fields
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter, ValidationError

from voice.talk import by_hand, facts
from voice.talk.facts import Fact

KINDS: dict[str, type[Fact]] = {
    cls.KIND: cls
    for cls in (*map(vars(facts).get, facts.__all__), *vars(by_hand).values())
    if isinstance(cls, type) and issubclass(cls, Fact) and "KIND" in vars(cls) and cls.KIND
}
"""Kinds of facts by their name in the journal; each fact declares its own."""


OMITTED = ("channel", "probably", "misread", "reasons")
"""Fields without a value in most events."""


def kind_of(fact: Fact) -> str:
    """Name of a fact's kind in the journal."""
    return fact.KIND


def to_json(fact: Fact) -> dict[str, Any]:
    """Plain data for the journal; floats rounded to milliseconds. What only some stations or events have is omitted
    where it is empty."""
    return {k: fit(_plain(v)) for k, v in asdict(fact).items() if k not in OMITTED or v}


def from_json(kind: str, data: dict[str, Any]) -> Fact:
    """Fact of a journal entry. Raises KeyError for an unknown kind, TypeError for wrong fields."""
    cls = KINDS[kind]
    known = {f.name for f in fields(cls)}
    return cls(**{k: _tuples(v) for k, v in data.items() if k in known})


def fit(v: Any) -> Any:
    """The same with all text valid in UTF-8, JSON and every database: lone surrogates and NUL become U+FFFD.
    Otherwise anyone able to write a note could stop the journal."""
    if isinstance(v, str):
        if "\0" in v or not v.isascii():
            v = v.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return v
    if isinstance(v, dict):
        return {fit(k): fit(x) for k, x in v.items()}
    return type(v)(map(fit, v)) if type(v) in (list, tuple) else v


def fault_of(kind: str, body: str, wall: str, unit: str | None = None, now: datetime | None = None) -> str:
    """Why an event written elsewhere is unusable, in words; empty if it is valid. ``wall`` and ``unit`` are the
    columns beside its body. Checks for missing fields, wrong types, and invalid or future times: one such event in a
    joined journal would break every page and sheet."""
    cls = KINDS.get(kind)
    if cls is None:
        return f"the kind “{kind[:40]}” is not known to this version"
    try:
        data = json.loads(body)
        _adapter(cls).validate_json(body, strict=True)
    except ValidationError as e:
        first = e.errors()[0]
        return f"{'.'.join(map(str, first['loc']))[:80] or 'it'}: {first['msg'][:120]}"
    except (ValueError, RecursionError) as e:
        return f"no JSON ({e})"
    data = {f.name: data[f.name] for f in fields(cls) if f.name in data}  # other fields are never used
    latest = ((now or datetime.now(UTC)) + timedelta(days=1)).isoformat(timespec="milliseconds")
    times = [data[n] for n in ("began", "before") if n in data] + [data[n] for n in ("since", "until") if data.get(n)]
    if fit(data) != data or not _small(data):
        return "it holds halves of characters, or numbers without bounds"
    if not WALL.fullmatch(wall) or not all(map(_is_time, (wall, *times))):
        return f"“{wall[:40]}” or a time in it is no time"
    if wall > latest:
        return f"its time {wall} has not come yet; is the station's clock right?"
    if data.get("clips", 0) < 0:
        return "fewer clips than none"
    if data.get("clip") and not CLIP.fullmatch(data["clip"]):
        return "its clip is not the name of a clip"
    if unit != data.get("unit"):
        return "the unit beside it is not the unit in it"
    if any(result not in by_hand.RESULTS for _, result, *_ in data.get("results", ())):
        return "a result that is none"
    return ""


WALL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
CLIP = re.compile("[0-9a-f]{64}")
MOST = 2**53


_ADAPTERS: dict[str, TypeAdapter[Fact]] = {}


def _adapter(cls: type[Fact]) -> TypeAdapter[Fact]:
    if cls.KIND not in _ADAPTERS:
        _ADAPTERS[cls.KIND] = TypeAdapter(cls)
    return _ADAPTERS[cls.KIND]


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00")).tzinfo is not None
    except ValueError:
        return False


def _small(v: Any) -> bool:
    """Finite numbers, and integers in a range other languages can hold."""
    if isinstance(v, dict):
        return all(map(_small, v.values()))
    if isinstance(v, list):
        return all(map(_small, v))
    return not isinstance(v, int | float) or -MOST < v < MOST


def _plain(v: Any) -> Any:
    if isinstance(v, float):
        return round(v, 3)
    if isinstance(v, tuple | list):
        return [_plain(x) for x in v]
    return v


def _tuples(v: Any) -> Any:
    return tuple(_tuples(x) for x in v) if isinstance(v, list) else v
