"""A watched folder through which other programs ask the station for an alert.

``huying alert`` writes a file into it; so may anything else: a ``.json`` file with ``text`` and, if wanted,
``to`` (ids, names, call signs or groups), ``repeat``, ``need_ack``, ``emergency``, or a ``.txt`` file with the text
alone. A file that was taken is renamed to ``….done``, one that cannot be used to ``….bad``; none is deleted.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from voice.errors import HuyingError
from voice.grammar.readings import CannotBeRead
from voice.net.loading import Net


@dataclass(frozen=True, slots=True)
class Request:
    """An alert that somebody asks for."""

    text: str
    to: tuple[str, ...] = ()
    """Unit ids, names, call signs or groups; empty: everybody."""
    repeat: int = 2
    need_ack: bool = True
    emergency: bool = False


def addressed(net: Net, to: tuple[str, ...]) -> tuple[str, ...]:
    """Unit ids in the order of the roster. Raises HuyingError for a name that is neither unit nor group."""
    if not to:
        return tuple(u.id for u in net.units)
    wanted: set[str] = set()
    for name in to:
        hits = {u.id for u in net.units if name in (u.id, u.name, u.group) or name in u.call_signs}
        if not hits:
            groups = "、".join(dict.fromkeys(u.group for u in net.units if u.group))
            raise HuyingError(f"“{name}” is no unit and no group of {net.settings.name}; groups are {groups or 'none'}")
        wanted |= hits
    return tuple(u.id for u in net.units if u.id in wanted)


def checked(net: Net, request: Request) -> tuple[str, ...]:
    """The unit ids that it goes to. Raises HuyingError if it cannot be read out."""
    if not request.text.strip():
        raise HuyingError("the alert has no text")
    if not 1 <= request.repeat <= 9:
        raise HuyingError(f"repeat is {request.repeat}; 1 to 9")
    try:
        net.readings.read(request.text)
    except CannotBeRead as e:
        raise HuyingError(f"{e}; write the alert in Chinese characters, digits and letters") from e
    return addressed(net, request.to)


def put(folder: Path, request: Request) -> Path:
    """Leave a request in the folder, whole or not at all. Raises HuyingError if it cannot be written."""
    name = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f") + f"-{os.getpid()}"
    part, path = folder / f"{name}.part", folder / f"{name}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(asdict(request), ensure_ascii=False), "utf-8")
        part.replace(path)
    except OSError as e:
        raise HuyingError(f"{folder}: cannot be written ({e.strerror})") from e
    return path


def take(folder: Path, net: Net) -> tuple[Request, tuple[str, ...]] | None:
    """The oldest request and the units it goes to; None if there is none.

    Raises HuyingError for one that cannot be used, after setting it aside.
    """
    waiting = sorted(p for p in folder.glob("*") if p.suffix in (".json", ".txt")) if folder.is_dir() else []
    if not waiting:
        return None
    path = waiting[0]
    try:
        request = _read(path)
        units = checked(net, request)
    except HuyingError as e:
        path.replace(path.with_name(path.name + ".bad"))
        raise HuyingError(f"{path.name}: {e}") from e
    path.replace(path.with_name(path.name + ".done"))
    return request, units


def _read(path: Path) -> Request:
    try:
        text = path.read_text("utf-8-sig")
        if path.suffix == ".txt":
            return Request(text.strip())
        raw: dict[str, Any] = json.loads(text)
        raw["to"] = tuple(str(x) for x in raw.get("to", ()))
        return Request(**raw)
    except (ValueError, TypeError, OSError) as e:
        raise HuyingError(f'not a request ({e}); write {{"text": "…", "to": ["…"]}}') from e
