"""A watched folder through which other programs tell the running station what to do.

``huying alert`` and ``huying rollcall`` write files into it; so may anything else: a ``.json`` file with ``text``
and, if wanted, ``to`` (ids, names, call signs or groups), ``repeat``, ``need_ack``, ``emergency``; or with ``roll``
(start, pause, resume, skip, repeat, end) and, to start, ``to``, ``rounds``, ``question``, ``until``; or with ``watch``
(minutes) and ``to``; or with ``say``, a text to be said once; or with ``alert``, ``withdraw``, to end the one that is
being read; or a ``.txt`` file with the text of an alert alone. A
file that was taken is renamed to ``….done``, one that cannot be used to ``….bad``, one that lay there too long to
``….late``; none is deleted.
"""

from __future__ import annotations

import json
import os
import stat
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import TypeAdapter, ValidationError

from voice.errors import HuyingError
from voice.grammar.meanings import MEANINGS
from voice.mandarin.numerals import CannotBeRead, for_the_air
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
    by: str = "folder"
    """Who asks."""


@dataclass(frozen=True, slots=True)
class Order:
    """Something to do with the roll-call."""

    roll: RollOrder
    to: tuple[str, ...] = ()
    """To start: unit ids, names, call signs or groups; empty: everybody."""
    rounds: int = 0
    """To start: how often a unit is called; 0: as the net's settings say."""
    question: str = ""
    """To start: asked of everybody instead of the roster's own questions."""
    until: str = ""
    """To start: stop at the first answer that means this (轮询); ``any``: at any answer."""
    by: str = "order"
    """Who asks."""


@dataclass(frozen=True, slots=True)
class Watching:
    """Put units on a timer."""

    watch: float
    """Minutes; 0 takes them off."""
    to: tuple[str, ...]
    by: str = "order"
    """Who asks."""


@dataclass(frozen=True, slots=True)
class Saying:
    """Say something once, to nobody in particular: a test of voice and transmitter."""

    say: str
    by: str = "order"
    """Who asks."""


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """End the alert that is being read."""

    alert: Literal["withdraw"] = "withdraw"
    by: str = "order"
    """Who asks."""


Wish = Request | Order | Watching | Saying | Withdrawal

KINDS: dict[str, type[Wish]] = {"say": Saying, "alert": Withdrawal, "roll": Order, "watch": Watching}
"""By the key that a request of the kind has."""

WRITE = 'write {"text": "…", "to": ["…"]} or {"roll": "start"}'

RollOrder = Literal["start", "pause", "resume", "skip", "repeat", "end"]
ROLL_ORDERS: tuple[RollOrder, ...] = get_args(RollOrder)

LONGEST_SAYING = 100
LONGEST_ALERT = 300
"""Characters."""

LARGEST = 100_000
"""Bytes of a request."""

STALE_S = 600.0
"""A request that lay in the folder for longer is not carried out: nobody was there when it was meant."""


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


def with_neighbours(net: Net, names: tuple[str, ...]) -> tuple[str, ...]:
    """The ids of these units and of their neighbours. Raises HuyingError for a unit without any."""
    out: list[str] = []
    for name in names:
        for unit_id in addressed(net, (name,)):
            unit = net.unit(unit_id)
            assert unit is not None
            if not unit.neighbours:
                raise HuyingError(f"{unit.name} has no neighbours on the roster; fill in the column 邻近")
            out += [unit_id, *addressed(net, unit.neighbours)]
    return tuple(dict.fromkeys(out))


def checked(net: Net, request: Wish) -> tuple[str, ...]:
    """The unit ids that it goes to. Raises HuyingError if it cannot be read out or done."""
    if isinstance(request, Watching):
        if not request.to or not 0 <= request.watch <= 1440:
            raise HuyingError("a timer needs a unit, and 1 to 1440 minutes, or 0 to end it")
        return addressed(net, request.to)
    if isinstance(request, Withdrawal):
        if request.alert != "withdraw":
            raise HuyingError(f"an alert can be withdrawn; not “{request.alert}”")
        return ()
    if isinstance(request, Saying):
        if not 1 <= len(request.say.strip()) <= LONGEST_SAYING:
            raise HuyingError(f"1 to {LONGEST_SAYING} characters can be said")
        _readable(net, request.say)
        return ()
    if isinstance(request, Order):
        if request.until not in ("", "any", *MEANINGS):
            raise HuyingError(f"“{request.until}” is no meaning; any, or one of {', '.join(MEANINGS)}")
        if request.question:
            _readable(net, request.question)
        if request.roll not in ROLL_ORDERS or not 0 <= request.rounds <= 5:
            raise HuyingError(f"a roll-call can {', '.join(ROLL_ORDERS)}, in 1 to 5 rounds; not {request}")
        return addressed(net, request.to)
    if not request.text.strip():
        raise HuyingError("the alert has no text")
    if len(request.text) > LONGEST_ALERT:
        raise HuyingError(f"the alert has {len(request.text)} characters; {LONGEST_ALERT} at most, shorten it")
    if not 1 <= request.repeat <= 9:
        raise HuyingError(f"repeat is {request.repeat}; 1 to 9")
    _readable(net, request.text)
    return addressed(net, request.to)


def _readable(net: Net, text: str) -> None:
    try:
        net.readings.read(for_the_air(text))
    except CannotBeRead as e:
        raise HuyingError(f"{e}; write it in Chinese characters, digits and letters") from e


def put(folder: Path, request: Wish, name: str = "") -> Path:
    """Leave a request in the folder, whole or not at all; one that has a ``name`` only once. Raises HuyingError if it
    cannot be written."""
    known = sorted(folder.glob(f"{name}.json*")) if name else []
    if known:
        return known[0]
    name = name or datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f") + f"-{os.getpid()}"
    part, path = folder / f"{name}.part", folder / f"{name}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(asdict(request), ensure_ascii=False), "utf-8")
        part.replace(path)
    except OSError as e:
        raise HuyingError(f"{folder}: cannot be written ({e.strerror})") from e
    return path


def leave(folder: Path, net: Net, request: Wish) -> tuple[Path, tuple[str, ...]]:
    """Check a request and put it into the folder; where, and the unit ids that it goes to. Raises HuyingError."""
    units = checked(net, request)
    return put(folder, request), units


def take(
    folder: Path, net: Net, alerts: bool = True, now: datetime | None = None
) -> tuple[Wish, tuple[str, ...]] | None:
    """The next thing to do and the units it goes to; None if there is none. Orders go before alerts, emergencies
    before other alerts. ``alerts`` off: an alert is being read, others wait in the folder.

    Raises HuyingError for one that cannot be used or is stale, after setting it aside; OSError if it cannot be.
    """
    waiting = sorted(p for p in folder.glob("*") if p.suffix in (".json", ".txt")) if folder.is_dir() else []
    best: tuple[int, Path, Wish] | None = None
    moment = (now or datetime.now(UTC)).timestamp()
    for path in waiting:
        try:
            about = path.stat() if path.exists() else path.lstat()
            if not stat.S_ISREG(about.st_mode) or about.st_size > LARGEST:
                raise HuyingError(f"{path.name}: no file, or of more than {LARGEST} bytes, is no request")
            if moment - about.st_mtime > STALE_S:
                path.replace(path.with_name(path.name + ".late"))
                raise HuyingError(f"{path.name}: older than {STALE_S / 60:.0f} min, not carried out 已过期, 未执行")
            request = _read(path)
            checked(net, request)
        except HuyingError as e:
            if path.exists() or path.is_symlink():
                path.replace(path.with_name(path.name + ".bad"))
            raise HuyingError(f"{path.name}: {e}" if not str(e).startswith(path.name) else str(e)) from e
        urgency = 0 if not isinstance(request, Request) else 1 if request.emergency else 2
        if (urgency == 0 or alerts) and (best is None or urgency < best[0]):
            best = urgency, path, request
    if best is None:
        return None
    _, path, request = best
    path.replace(path.with_name(path.name + ".done"))
    return request, checked(net, request)


def _read(path: Path) -> Wish:
    try:
        text = path.read_text("utf-8-sig")
        if path.suffix == ".txt":
            return Request(text.strip())
        raw: dict[str, Any] = json.loads(text)
        kind: type[Wish] = next((k for word, k in KINDS.items() if word in raw), Request)
        if isinstance(raw.get("to"), list):
            raw["to"] = [str(x) for x in raw["to"]]
        wish: Wish = TypeAdapter(kind).validate_python(raw)
    except ValidationError as e:
        told = "; ".join(f"{'.'.join(map(str, x['loc'])) or 'it'}: {x['msg']}" for x in e.errors())
        raise HuyingError(f"not a request ({told}); {WRITE}") from e
    except (ValueError, TypeError, AttributeError, OSError, RecursionError) as e:
        raise HuyingError(f"not a request ({e}); {WRITE}") from e
    return wish
