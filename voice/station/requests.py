"""A watched folder through which other programs send orders to the running station.

``huying alert`` and ``huying rollcall`` write files into it; so may anything else: a ``.json`` file with ``text`` and
optionally ``to`` (ids, names, call signs or groups), ``repeat``, ``need_ack``, ``emergency``; or with ``roll`` (start,
pause, resume, skip, repeat, end) and, to start, ``to``, ``rounds``, ``question``, ``until``; or with ``watch``
(minutes) and ``to``; or with ``call`` (``again``) and ``to``, to call units once; or with ``say``, a text to be said
once; or with ``alert``, ``withdraw``, to end the one being read; or a ``.txt`` file with nothing but the text of an
alert. A processed file is moved into the folder ``archive`` as ``….done``, an unusable one as ``….bad``, an expired one
as ``….late``; the latest 500 are kept. The cost of a scan does not depend on the number of files.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import TypeAdapter, ValidationError

from voice.errors import HuyingError
from voice.grammar.meanings import ANSWERS
from voice.journal.codec import fit
from voice.mandarin.numerals import CannotBeRead, for_the_air
from voice.net.loading import Net


@dataclass(frozen=True, slots=True)
class AlertRequest:
    """Request to read an alert."""

    text: str
    to: tuple[str, ...] = ()
    """Unit ids, names, call signs or groups; empty: all."""
    repeat: int = 2
    need_ack: bool = True
    emergency: bool = False
    by: str = "folder"
    """Who requested it."""


@dataclass(frozen=True, slots=True)
class RollRequest:
    """Roll-call control."""

    roll: RollOrder
    to: tuple[str, ...] = ()
    """To start: unit ids, names, call signs or groups; empty: all."""
    rounds: int = 0
    """To start: calls per unit; 0: the net's setting."""
    question: str = ""
    """To start: question put to all units in place of those in the roster."""
    until: str = ""
    """To start: stop at the first answer with this meaning (轮询); ``any``: at any answer."""
    by: str = "order"
    """Who requested it."""


@dataclass(frozen=True, slots=True)
class WatchRequest:
    """Set a welfare timer for units."""

    watch: float
    """Minutes; 0: timer off."""
    to: tuple[str, ...]
    by: str = "order"
    """Who requested it."""


@dataclass(frozen=True, slots=True)
class CallRequest:
    """Call units once, one by one, outside a roll-call."""

    call: Literal["again"]
    to: tuple[str, ...]
    by: str = "order"
    """Who requested it."""


@dataclass(frozen=True, slots=True)
class SayRequest:
    """Say something once, addressed to nobody: a test of voice and transmitter."""

    say: str
    by: str = "order"
    """Who requested it."""


@dataclass(frozen=True, slots=True)
class WithdrawRequest:
    """Withdraw the alert being read."""

    alert: Literal["withdraw"] = "withdraw"
    by: str = "order"
    """Who requested it."""


Request = AlertRequest | RollRequest | WatchRequest | CallRequest | SayRequest | WithdrawRequest

KINDS: dict[str, type[Request]] = {
    "say": SayRequest,
    "alert": WithdrawRequest,
    "roll": RollRequest,
    "watch": WatchRequest,
    "call": CallRequest,
}
"""Request types by their distinguishing key."""

WRITE = 'write {"text": "…", "to": ["…"]} or {"roll": "start"}'

RollOrder = Literal["start", "pause", "resume", "skip", "repeat", "end"]
ROLL_ORDERS: tuple[RollOrder, ...] = get_args(RollOrder)

LONGEST_SAYING = 100
LONGEST_ALERT = 300
"""Longest text, characters."""

LARGEST = 100_000
"""Largest request, bytes."""

LONGEST_NAME = 80
"""Longest ``by``, characters."""

SUFFIXES = (".json", ".txt")
OVER = (".done", ".bad", ".late")

ARCHIVE, ARCHIVED = "archive", 500
"""Subfolder of processed requests, and how many are kept."""

MOST_WAITING = 100
"""Most requests that may wait; further alerts are left in the folder."""

LOOKED, READ = 200, 20
"""Folder entries scanned and files read per look: some milliseconds."""

SETTLED_NS = 2_000_000_000
"""A folder modified this recently may change again within the same tick of its timestamp."""

STALE_S = 600.0
"""A request older than this has expired and is not carried out."""


def addressed(net: Net, to: tuple[str, ...]) -> tuple[str, ...]:
    """Unit ids in roster order. Raises HuyingError for a name that is neither a unit nor a group."""
    if not to:
        return tuple(u.id for u in net.units)
    wanted: set[str] = set()
    for name in to:
        hits = {u.id for u in net.units if u.named(name) or name == u.group}
        if not hits:
            groups = "、".join(dict.fromkeys(u.group for u in net.units if u.group))
            raise HuyingError(f"“{name}” is no unit and no group of {net.settings.name}; groups are {groups or 'none'}")
        wanted |= hits
    return tuple(u.id for u in net.units if u.id in wanted)


def with_neighbours(net: Net, names: tuple[str, ...]) -> tuple[str, ...]:
    """Ids of these units and their neighbours. Raises HuyingError for a unit without any."""
    out: list[str] = []
    for name in names:
        for unit_id in addressed(net, (name,)):
            unit = net.unit(unit_id)
            assert unit is not None
            if not unit.neighbours:
                raise HuyingError(f"{unit.name} has no neighbours on the roster; fill in the column 邻近")
            out += [unit_id, *addressed(net, unit.neighbours)]
    return tuple(dict.fromkeys(out))


def checked(net: Net, request: Request) -> tuple[str, ...]:
    """Unit ids it is addressed to. Raises HuyingError if it cannot be read out or carried out."""
    if isinstance(request, WatchRequest):
        if not request.to or not 0 <= request.watch <= 1440:
            raise HuyingError("a timer needs a unit, and 1 to 1440 minutes, or 0 to end it")
        return addressed(net, request.to)
    if isinstance(request, CallRequest):
        if request.call != "again" or not request.to:
            raise HuyingError("a call needs a unit 请指定单位")
        return addressed(net, request.to)
    if isinstance(request, WithdrawRequest):
        if request.alert != "withdraw":
            raise HuyingError(f"an alert can be withdrawn; not “{request.alert}”")
        return ()
    if isinstance(request, SayRequest):
        if not 1 <= len(request.say.strip()) <= LONGEST_SAYING:
            raise HuyingError(f"1 to {LONGEST_SAYING} characters can be said")
        _readable(net, request.say)
        return ()
    if isinstance(request, RollRequest):
        return _checked_order(net, request)
    if not request.text.strip():
        raise HuyingError("the alert has no text")
    if len(request.text) > LONGEST_ALERT:
        raise HuyingError(f"the alert has {len(request.text)} characters; {LONGEST_ALERT} at most, shorten it")
    if not 1 <= request.repeat <= 9:
        raise HuyingError(f"repeat is {request.repeat}; 1 to 9")
    _readable(net, request.text)
    return addressed(net, request.to)


def _checked_order(net: Net, order: RollRequest) -> tuple[str, ...]:
    if order.until not in ("", "any", *ANSWERS):
        raise HuyingError(f"“{order.until}” is no meaning; any, or one of {', '.join(ANSWERS)}")
    if order.question:
        _readable(net, order.question)
    if order.roll not in ROLL_ORDERS or not 0 <= order.rounds <= 5:
        raise HuyingError(f"a roll-call can {', '.join(ROLL_ORDERS)}, in 1 to 5 rounds; not {order}")
    return addressed(net, order.to)


def _readable(net: Net, text: str) -> None:
    try:
        net.readings.read(for_the_air(text))
    except CannotBeRead as e:
        raise HuyingError(f"{e}; write it in Chinese characters, digits and letters") from e


def put(folder: Path, request: Request, name: str = "") -> Path:
    """Write a request into the folder atomically; one with a ``name`` only once. Raises HuyingError if it cannot be
    written or MOST_WAITING are already waiting."""
    known = [p for place in (folder, folder / ARCHIVE) for p in sorted(place.glob(f"{name}.json*"))] if name else []
    if known:
        return known[0]
    if sum(p.suffix in SUFFIXES for p in islice(_entries(folder), LOOKED)) >= MOST_WAITING:
        raise HuyingError(f"{MOST_WAITING} requests wait already; does a station run? 待办请求太多")
    name = name or datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f") + f"-{os.getpid()}"
    part, path = folder / f"{name}.part", folder / f"{name}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(fit(asdict(request)), ensure_ascii=False), "utf-8")
        part.replace(path)
    except OSError as e:
        raise HuyingError(f"{folder}: cannot be written ({e.strerror})") from e
    return path


def leave(folder: Path, net: Net, request: Request) -> tuple[Path, tuple[str, ...]]:
    """Check a request and queue it; returns its path and the unit ids addressed. Raises HuyingError."""
    units = checked(net, request)
    return put(folder, request), units


def take(
    folder: Path, net: Net, alerts: bool = True, now: datetime | None = None
) -> tuple[Request, tuple[str, ...]] | None:
    """One look into a folder, see ``Room.take``. Raises HuyingError for an unusable or expired request, after
    setting it aside, if there is nothing to do."""
    told: list[str] = []
    found = Room(folder, told.append).take(net, alerts, now)
    if found is None and told:
        raise HuyingError(told[0])
    return found


def _entries(folder: Path) -> Iterator[Path]:
    """Entries of a folder one by one; none if it does not exist."""
    try:
        with os.scandir(folder) as there:
            for entry in there:
                yield Path(entry.path)
    except FileNotFoundError:
        return


def printable(path: Path) -> str:
    """A printable file name, whatever its bytes."""
    return fit(path.name.encode("utf-8", "replace").decode())[:80]  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class _Waiting:
    urgency: int
    request: Request
    units: tuple[str, ...]
    left: float
    """Time of submission, s since 1970."""


class Room:
    """The requests folder as seen by a running station. A look has constant cost: at most LOOKED entries are scanned
    and READ files read; what was read is remembered. Finished and unusable requests go into ARCHIVE, which keeps the
    latest ARCHIVED."""

    def __init__(self, folder: Path, tell: Callable[[str], None]) -> None:
        """``tell``: called for each unusable request."""
        self.folder, self._tell = folder, tell
        self._scan: Iterator[Path] | None = None
        self._seen: set[Path] = set()
        """In this scan."""
        self._waiting: dict[Path, _Waiting] = {}
        self._stuck: set[Path] = set()
        """They can neither be carried out nor set aside."""
        self._begun = self._changed = -1
        """When the folder was changed last, before the latest scan that came to its end."""
        self._archived = 0

    def take(
        self, net: Net, alerts: bool = True, now: datetime | None = None
    ) -> tuple[Request, tuple[str, ...]] | None:
        """Next request and the units addressed; None if there is none. Orders before alerts, emergencies before
        other alerts, older before newer. ``alerts`` off: one is being read, so others stay in the folder. Raises
        OSError if the folder cannot be read."""
        moment = (now or datetime.now(UTC)).timestamp()
        self._look(net)
        late = [p for p, w in self._waiting.items() if moment - w.left > STALE_S]
        for path in late:
            del self._waiting[path]
            self._aside(path, "late", f"older than {STALE_S / 60:.0f} min, not carried out 已过期, 未执行")
        ripe = [(w.urgency, p) for p, w in self._waiting.items() if alerts or w.urgency == 0]
        for _, path in sorted(ripe):
            found = self._waiting.pop(path)
            if path.is_file() and self._archive(path, "done"):
                return found.request, found.units
        return None

    def _look(self, net: Net) -> None:
        """Continue the scan, or start one if the folder has changed."""
        if self._scan is None:
            try:
                changed = self.folder.stat().st_mtime_ns
            except FileNotFoundError:
                return
            if changed == self._changed and time.time_ns() - changed > SETTLED_NS:
                return
            self._scan, self._begun, self._seen = _entries(self.folder), changed, set()
        read = 0
        for _ in range(LOOKED):
            path = next(self._scan, None)
            if path is None:
                self._waiting = {p: w for p, w in self._waiting.items() if p in self._seen}
                self._stuck &= self._seen
                self._scan, self._changed = None, self._begun
                return
            self._seen.add(path)
            if path.suffix in OVER and path not in self._stuck:  # left by versions without an archive
                self._archive(path, "")
            elif path.suffix in SUFFIXES and path not in self._waiting and path not in self._stuck:
                self._read(path, net)
                read += 1
                if read == READ:
                    return

    def _read(self, path: Path, net: Net) -> None:
        try:
            about = path.stat() if path.exists() else path.lstat()
            if not stat.S_ISREG(about.st_mode) or about.st_size > LARGEST:
                raise HuyingError(f"no file, or of more than {LARGEST} bytes, is no request")
            request = _read(path)
            units = checked(net, request)
        except FileNotFoundError:
            return
        except (HuyingError, OSError) as e:
            self._aside(path, "bad", str(e))
            return
        urgency = 0 if not isinstance(request, AlertRequest) else 1 if request.emergency else 2
        if urgency < 2 or len(self._waiting) < MOST_WAITING:  # others stay in the folder
            self._waiting[path] = _Waiting(urgency, request, units, about.st_mtime)

    def _aside(self, path: Path, mark: str, why: str) -> None:
        self._archive(path, mark)
        self._tell(f"{printable(path)}: {why}")

    def _archive(self, path: Path, mark: str) -> bool:
        """Whether it was moved; what cannot be moved is not read again."""
        into = self.folder / ARCHIVE
        suffix = f".{mark}" if mark else ""
        name = os.fsencode(path.name)
        short = path.name if len(name) < 200 else f"{hashlib.sha256(name).hexdigest()}{path.suffix}"
        try:
            into.mkdir(exist_ok=True)
            to = into / f"{short}{suffix}"
            if to.is_dir():
                to = into / f"{short}-{time.time_ns()}{suffix}"
            path.replace(to)
        except OSError as e:
            self._stuck.add(path)
            self._tell(f"{printable(path)}: cannot be set aside ({e.strerror}), and is left out 未处理")
            return False
        self._archived += 1
        if self._archived % (ARCHIVED // 10) == 0:
            self._forget(into)
        return True

    def _forget(self, archive: Path) -> None:
        """Delete all but the latest."""
        old = sorted(((p.lstat().st_mtime, p) for p in _entries(archive) if not p.is_dir()), reverse=True)[ARCHIVED:]
        for _, path in old:
            with contextlib.suppress(OSError):
                path.unlink()


def _read(path: Path) -> Request:
    try:
        text = path.read_text("utf-8-sig")
        if path.suffix == ".txt":
            return AlertRequest(fit(text.strip()))
        raw: dict[str, Any] = fit(json.loads(text))
        kind: type[Request] = next((k for word, k in KINDS.items() if word in raw), AlertRequest)
        if isinstance(raw.get("to"), list):
            raw["to"] = [str(x) for x in raw["to"]]
        request: Request = TypeAdapter(kind).validate_python(raw)
    except ValidationError as e:
        told = "; ".join(f"{'.'.join(map(str, x['loc'])) or 'it'}: {x['msg']}" for x in e.errors()[:5])
        raise HuyingError(f"not a request ({told}); {WRITE}") from e
    except (ValueError, TypeError, AttributeError, OSError, RecursionError) as e:
        raise HuyingError(f"not a request ({e}); {WRITE}") from e
    if len(request.by) > LONGEST_NAME:
        raise HuyingError(f"“by” has {len(request.by)} characters; {LONGEST_NAME} at most")
    return request
