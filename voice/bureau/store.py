"""The bureau's database: every station's events as received, and one joined journal.

``huying_hub_events`` holds the stations' events unchanged, once each, in any order of arrival. Events that follow
without a gap and match their chain are joined into an ordinary journal in the same database, with station and channel
as the channel and ``station/unit`` as the unit: board, roll sheets, search and exports work on it as on any other.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from voice.bureau.heads import Heads
from voice.bureau.wire import StationEvent
from voice.errors import HuyingError
from voice.journal.codec import fault_of
from voice.journal.event import GENESIS, Event, NewEvent, event_hash
from voice.journal.store import Journal, insert_rows
from voice.talk.guessing import CONTROL

SCHEMA_VERSION = 1
ASIDE = 0
"""Used in place of a number in the joined journal: the event fits its chain but is unusable."""

JOINED_AT_ONCE = 2000
"""Events in memory per joining step."""

_LOCK_KEY = 0x48554248  # “HUBH”
"""Key of the advisory lock in PostgreSQL: hubs take turns, so events become visible in numerical order."""

UNIT_FIELDS = ("unit", "caller", "identified")
UNITS_FIELDS = ("units", "callees", "missing", "unclear", "silent")
NUMBER_FIELDS = ("corrects", "confirms", "acknowledges", "undoes", "releases")
"""References in event bodies: a unit, several units, the number of another event."""

_meta = sa.MetaData()
_info = sa.Table(
    "huying_hub_info", _meta, sa.Column("key", sa.String(40), primary_key=True), sa.Column("value", sa.Text)
)
_stations = sa.Table(
    "huying_hub_stations",
    _meta,
    sa.Column("station", sa.String(40), primary_key=True),
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
    sa.Column("fault", sa.Text, nullable=False, default=""),
)
_events = sa.Table(
    "huying_hub_events",
    _meta,
    sa.Column("station", sa.String(40), primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("t", sa.Float, nullable=False),
    sa.Column("wall", sa.String(32), nullable=False),
    sa.Column("unit", sa.String(80), nullable=True),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("previous", sa.String(64), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
    sa.Column("joined", sa.Integer, nullable=True, comment="number in the joined journal"),
)
_KEY = sa.tuple_(_events.c.station, _events.c.seq)
_refused = sa.Table(
    "huying_hub_refused",
    _meta,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("received", sa.String(32), nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("message", sa.LargeBinary, nullable=False),
)
_rosters = sa.Table(
    "huying_hub_rosters",
    _meta,
    sa.Column("station", sa.String(40), primary_key=True),
    sa.Column("roster", sa.Text, nullable=False),
)


@dataclass
class Stored:
    """Outcome of a batch."""

    new: int = 0
    known: int = 0
    """Duplicates."""
    joined: int = 0
    refused: list[str] = field(default_factory=list)
    """Reasons for refusals."""
    faults: list[str] = field(default_factory=list)
    """Stations whose chain is broken."""


@dataclass(frozen=True, slots=True)
class StationProgress:
    """Progress of one station."""

    station: str
    seq: int
    """Joined up to this number."""
    waiting: int
    """Received, but an earlier event is missing or does not match."""
    fault: str
    aside: int = 0
    """Received in sequence but unusable: unknown kind, incomplete, wrong types. Stored, not joined."""
    signed: int = 0
    """Number of the last event signed by the station; 0: it sends no signed heads."""
    missing: tuple[int, int] | None = None
    """(first, last) number of missing events, known from later events or signed heads."""


@dataclass
class _Chain:
    """A station's chain as joined so far, with additions from a batch."""

    station: str
    seq: int
    hash: str
    fault: str
    stored: tuple[int, str] | None
    """Number and fault as in the database; None if the station is unknown."""
    run: list[Event] = field(default_factory=list)
    """Events to be joined."""

    def take(self, event: Event) -> bool:
        """Add what follows without a gap and matches; returns whether anything did."""
        if event.seq != self.seq + 1:
            return False  # the events in between are still in transit
        if event.previous != self.hash:
            here = f"station {self.station}, event {event.seq}"
            self.fault = f"{here}: does not follow event {self.seq}; is the name used twice?"
            return False
        self.run.append(event)
        self.seq, self.hash, self.fault = event.seq, event.hash, ""
        return True


class HubStore:
    """Database of one or several hubs."""

    def __init__(self, url: str, keys: Mapping[str, str] | None = None) -> None:
        """``keys``: the stations' public keys, if known. Raises HuyingError if it cannot be used, or was created by
        a newer version."""
        self.journal = Journal(url)
        self.heads = Heads(self.journal, keys or {})
        with self.journal.setting_up() as db:
            _meta.create_all(db)
            version = db.execute(sa.select(_info.c.value).where(_info.c.key == "schema")).scalar()
            if version is None:
                db.execute(_info.insert(), {"key": "schema", "value": str(SCHEMA_VERSION)})
            elif int(version) > SCHEMA_VERSION:
                raise HuyingError(
                    f"the bureau's database was made by a newer hub (version {version}, this one knows "
                    f"{SCHEMA_VERSION}); update this hub, nothing was changed"
                )

    def close(self) -> None:
        """Release the database."""
        self.journal.close()

    def store(self, batch: Sequence[StationEvent]) -> Stored:
        """Store a batch atomically; idempotent. Raises Unwritable while the database is unavailable or read-only."""
        out = Stored()
        with self.journal.begin() as db:
            self._take_turn(db)
            good = [s for s in batch if self._fits(db, s, out)]
            new = self._new(db, good, out)
            chains = self._chains(db, good)
            for s in sorted(new, key=lambda s: s.event.seq):
                chains[s.station].take(s.event)
            numbers = self._join(db, chains.values(), out)
            keep = [{"station": s.station, "joined": numbers.get((s.station, s.event.seq)), **s.event.row} for s in new]
            insert_rows(db, _events, keep)
            for station in self._waited_for(db, chains.values()):
                self._join_waiting(db, chains[station], out)
            self._note(db, chains.values(), out)
        return out

    def refuse(self, subject: str, message: bytes, reason: str) -> None:
        """Store an invalid message for inspection. Raises Unwritable."""
        with self.journal.begin() as db:
            self._refuse(db, subject, message, reason)

    def keep_roster(self, station: str, roster: str) -> None:
        """The latest roster sent by a station. Raises Unwritable."""
        with self.journal.begin() as db:
            db.execute(_rosters.delete().where(_rosters.c.station == station))
            db.execute(_rosters.insert(), {"station": station, "roster": roster})

    def rosters(self) -> dict[str, dict[str, Any]]:
        """Station → ``{"name": …, "units": [row, …]}``."""
        with self.journal.reading() as db:
            rows = db.execute(sa.select(_rosters).order_by(_rosters.c.station)).all()
        return {r.station: json.loads(r.roster) for r in rows}

    def standing(self) -> list[StationProgress]:
        """Progress of every station."""
        waits, aside = _events.c.joined.is_(None), _events.c.joined == ASIDE
        counts = sa.select(
            _events.c.station, sa.func.sum(sa.case((waits, 1), else_=0)).label("waiting"),
            sa.func.sum(sa.case((aside, 1), else_=0)).label("aside"),
        )  # fmt: skip
        rest = counts.where(sa.or_(waits, aside)).group_by(_events.c.station).subquery()
        first = sa.select(_events.c.station, sa.func.min(_events.c.seq).label("first")).where(waits)
        first_waiting = first.group_by(_events.c.station).subquery()
        q = sa.select(_stations, rest.c.waiting, rest.c.aside, first_waiting.c.first)
        q = q.join(rest, rest.c.station == _stations.c.station, isouter=True)
        q = q.join(first_waiting, first_waiting.c.station == _stations.c.station, isouter=True)
        with self.journal.reading() as db:
            rows = db.execute(q.order_by(_stations.c.station)).all()
        contradicted, signed = self.heads.faults(), self.heads.reached()
        out = []
        for r in rows:
            gap = (r.seq + 1, r.first - 1) if r.first and r.first > r.seq + 1 else None
            if gap is None and signed.get(r.station, 0) > r.seq and not r.first:
                gap = (r.seq + 1, signed[r.station])
            fault = contradicted.get(r.station) or r.fault or (_gap(r.station, gap) if gap else "")
            out.append(
                StationProgress(r.station, r.seq, r.waiting or 0, fault, r.aside or 0, signed.get(r.station, 0), gap)
            )
        return out

    def events(self, station: str) -> Iterator[Event]:
        """A station's events as sent, in order."""
        q = sa.select(_events).where(_events.c.station == station).order_by(_events.c.seq)
        with self.journal.reading() as db:
            for r in db.execute(q):
                yield _event(r)

    def refusals(self) -> list[tuple[str, str]]:
        """(subject, reason) of messages that are not valid events."""
        with self.journal.reading() as db:
            return [(r.subject, r.reason) for r in db.execute(sa.select(_refused).order_by(_refused.c.id))]

    # -- within the transaction --------------------------------------------------------------------

    def _take_turn(self, db: sa.Connection) -> None:
        if db.dialect.name == "postgresql":
            db.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})

    def _fits(self, db: sa.Connection, sent: StationEvent, out: Stored) -> bool:
        e = sent.event
        if e.seq >= 1 and event_hash(e.seq, e.kind, e.t, e.wall, e.body, e.previous) == e.hash and _is_object(e.body):
            return True
        self._refuse_event(db, sent, f"station {sent.station}, event {e.seq}: its hash does not fit", out)
        return False

    def _new(self, db: sa.Connection, good: Sequence[StationEvent], out: Stored) -> list[StationEvent]:
        """Events not yet stored; duplicates are dropped, a different event with the same number is refused."""
        keys = [(s.station, s.event.seq) for s in good]
        q = sa.select(_events.c.station, _events.c.seq, _events.c.hash).where(_KEY.in_(keys))
        known = {(r.station, r.seq): r.hash for r in db.execute(q)} if keys else {}
        new = []
        for key, s in zip(keys, good, strict=True):
            if key not in known:
                known[key] = s.event.hash
                new.append(s)
            elif known[key] == s.event.hash:
                out.known += 1
            else:
                told = f"station {s.station}, event {s.event.seq}: another one came before; is the name used twice?"
                self._refuse_event(db, s, told, out)
        out.new += len(new)
        return new

    def _chains(self, db: sa.Connection, good: Sequence[StationEvent]) -> dict[str, _Chain]:
        """Chains of the stations in a batch."""
        chains = {s.station: _Chain(s.station, 0, GENESIS, "", None) for s in good}
        for r in db.execute(sa.select(_stations).where(_stations.c.station.in_(chains))):
            chains[r.station] = _Chain(r.station, r.seq, r.hash, r.fault, (r.seq, r.fault))
        return chains

    def _join(self, db: sa.Connection, chains: Collection[_Chain], out: Stored) -> dict[tuple[str, int], int]:
        """Append runs to the joined journal; returns (station, number) → number there."""
        numbers = self._named(db, chains)
        run: list[tuple[str, Event]] = []
        for c in chains:
            for e in c.run:
                if why := fault_of(e.kind, e.body, e.wall, e.unit):
                    numbers[c.station, e.seq] = ASIDE
                    self._set_aside(db, c.station, e, why, out)
                else:
                    run.append((c.station, e))
        numbers |= {(station, e.seq): k for k, (station, e) in enumerate(run, self.journal.last_in(db) + 1)}
        self.journal.insert(db, [joined(station, e, numbers) for station, e in run])
        out.joined += len(run)
        for c in chains:
            c.run.clear()
        return numbers

    def _named(self, db: sa.Connection, chains: Collection[_Chain]) -> dict[tuple[str, int], int]:
        """Numbers in the joined journal of earlier events referenced by the runs."""
        of_runs = ((c.station, e.data.get(f)) for c in chains for e in c.run for f in NUMBER_FIELDS)
        named = {(station, n) for station, n in of_runs if isinstance(n, int) and 0 < n < 2**31}
        if not named:
            return {}
        q = sa.select(_events.c.station, _events.c.seq, _events.c.joined)
        found = db.execute(q.where(_KEY.in_(named), _events.c.joined > ASIDE))
        return {(r.station, r.seq): r.joined for r in found}

    def _waited_for(self, db: sa.Connection, chains: Collection[_Chain]) -> list[str]:
        """Stations whose next event is already here: it arrived early, or does not match."""
        keys = [(c.station, c.seq + 1) for c in chains]
        return list(db.execute(sa.select(_events.c.station).where(_KEY.in_(keys))).scalars()) if keys else []

    def _join_waiting(self, db: sa.Connection, chain: _Chain, out: Stored) -> None:
        """Continue a station's chain through events received earlier, JOINED_AT_ONCE at a time."""
        of_station = _events.c.station == chain.station
        while True:
            q = sa.select(_events).where(of_station, _events.c.seq > chain.seq).order_by(_events.c.seq)
            for r in db.execute(q.limit(JOINED_AT_ONCE)).all():
                if not chain.take(_event(r)):
                    break
            if not chain.run:
                return
            taken = [e.seq for e in chain.run]
            numbers = self._join(db, [chain], out)
            this = _events.update().where(of_station, _events.c.seq == sa.bindparam("at"))
            places = [{"at": seq, "place": numbers[chain.station, seq]} for seq in taken]
            db.execute(this.values(joined=sa.bindparam("place")), places)

    def _note(self, db: sa.Connection, chains: Collection[_Chain], out: Stored) -> None:
        """Update the stations' progress, with two queries for all of them."""
        changed = [c for c in chains if c.stored != (c.seq, c.fault)]
        db.execute(_stations.delete().where(_stations.c.station.in_([c.station for c in changed])))
        rows = [{"station": c.station, "seq": c.seq, "hash": c.hash, "fault": c.fault} for c in changed]
        insert_rows(db, _stations, rows)
        out.faults += [c.fault for c in chains if c.fault and (c.stored is None or c.fault != c.stored[1])]

    def _set_aside(self, db: sa.Connection, station: str, event: Event, why: str, out: Stored) -> None:
        """Keep it among its station's events without joining it: the chain continues."""
        reason = f"station {station}, event {event.seq}: set aside; {why}"
        out.refused.append(reason)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        row = {"received": now, "subject": station, "reason": reason, "message": b""}
        db.execute(_refused.insert(), row)

    def _refuse_event(self, db: sa.Connection, sent: StationEvent, reason: str, out: Stored) -> None:
        out.refused.append(reason)
        self._refuse(db, sent.station, json.dumps(sent.event.row, ensure_ascii=False).encode(), reason)

    def _refuse(self, db: sa.Connection, subject: str, message: bytes, reason: str) -> None:
        """Once per distinct message."""
        same = sa.select(_refused.c.id).where(_refused.c.message == message, _refused.c.reason == reason)
        if db.execute(same).first() is None:
            now = datetime.now(UTC).isoformat(timespec="seconds")
            row = {"received": now, "subject": subject, "reason": reason, "message": message}
            db.execute(_refused.insert(), row)


def joined(station: str, event: Event, numbers: Mapping[tuple[str, int], int]) -> NewEvent:
    """A station's event as it appears in the bureau's journal. ``numbers``: of the stations' events in it."""
    body = event.data

    def ours(unit: Any) -> Any:
        return f"{station}/{unit}" if isinstance(unit, str) and unit else unit

    for name in UNIT_FIELDS + (("by",) if event.kind == "relayed" else ()):
        if name in body:
            body[name] = ours(body[name])
    if body.get("probably") not in (None, "", CONTROL):
        body["probably"] = ours(body["probably"])
    for name in UNITS_FIELDS:
        if isinstance(body.get(name), list):
            body[name] = [ours(u) for u in body[name]]
    if isinstance(body.get("results"), list):
        body["results"] = [[ours(r[0]), *r[1:]] if isinstance(r, list) and r else r for r in body["results"]]
    if isinstance(body.get("reasons"), list):
        reasons = (str(r).partition(":") for r in body["reasons"])
        body["reasons"] = [f"{key}{colon}{ours(unit)}" for key, colon, unit in reasons]
    for name in NUMBER_FIELDS:
        if isinstance(body.get(name), int) and body[name]:
            body[name] = numbers.get((station, body[name]), 0)
    body["channel"] = f"{station}/{body['channel']}" if body.get("channel") else station
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return NewEvent(event.kind, event.t, event.wall, text, f"{station}/{event.unit}" if event.unit else None)


def _gap(station: str, missing: tuple[int, int]) -> str:
    return f"station {station}: events {missing[0]} to {missing[1]} have not come 缺失"


def _event(row: Any) -> Event:
    r = row._mapping  # a Row has another attribute named “t”
    return Event(r["seq"], r["kind"], r["t"], r["wall"], r["body"], r["previous"], r["hash"], r["unit"])


def _is_object(body: str) -> bool:
    try:
        return isinstance(json.loads(body), dict)
    except (ValueError, RecursionError):
        return False
