"""The bureau's database: every station's events as they came, and one journal of them all.

``huying_hub_events`` holds the stations' events unchanged, whatever order they come in, each once. What follows
without a gap and fits its chain is joined into an ordinary journal in the same database, with station and channel as
the channel and ``station/unit`` as the unit: board, roll sheets, search and exports work on it as on any other.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from voice.bureau.wire import Sent
from voice.errors import HuyingError
from voice.journal.store import GENESIS, Entry, Event, Journal, event_hash, insert_rows

SCHEMA_VERSION = 1
JOINED_AT_ONCE = 2000
"""Events that are held in memory while they are joined."""

_LOCK_KEY = 0x48554248  # “HUBH”
"""Of the advisory lock in PostgreSQL: hubs take turns, so events become visible in the order of their numbers."""

UNIT_FIELDS = ("unit", "caller", "identified")
UNITS_FIELDS = ("units", "callees", "missing", "unclear", "silent")
NUMBER_FIELDS = ("corrects", "confirms", "releases")
"""Of event bodies: a unit, several, the number of another event."""

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
    """What became of a batch."""

    new: int = 0
    known: int = 0
    """Had come before."""
    joined: int = 0
    refused: list[str] = field(default_factory=list)
    """Reasons."""
    faults: list[str] = field(default_factory=list)
    """Stations whose chain does not go on."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a station has come."""

    station: str
    seq: int
    """Joined up to here."""
    waiting: int
    """Came, but something before them is missing or does not fit."""
    fault: str


class HubStore:
    """The database of one or several hubs."""

    def __init__(self, url: str) -> None:
        """Raises HuyingError if it cannot be used, or was made by a newer version."""
        self.journal = Journal(url)
        with self.journal.begin() as db:
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

    def store(self, batch: Sequence[Sent]) -> Stored:
        """Keep a batch, whole or not at all; again does no harm. Raises Unwritable while the database is away or
        read-only."""
        out = Stored()
        with self.journal.begin() as db:
            self._take_turn(db)
            good = [s for s in batch if self._fits(db, s, out)]
            self._keep(db, good, out)
            for station in dict.fromkeys(s.station for s in good):
                self._join(db, station, out)
        return out

    def refuse(self, subject: str, message: bytes, reason: str) -> None:
        """Keep a message that is no event, for people to look at. Raises Unwritable."""
        with self.journal.begin() as db:
            self._refuse(db, subject, message, reason)

    def keep_roster(self, station: str, roster: str) -> None:
        """The latest roster of a station, as it sent it. Raises Unwritable."""
        with self.journal.begin() as db:
            db.execute(_rosters.delete().where(_rosters.c.station == station))
            db.execute(_rosters.insert(), {"station": station, "roster": roster})

    def rosters(self) -> dict[str, dict[str, Any]]:
        """Station → ``{"name": …, "units": [row, …]}``."""
        with self.journal.begin() as db:
            rows = db.execute(sa.select(_rosters).order_by(_rosters.c.station)).all()
        return {r.station: json.loads(r.roster) for r in rows}

    def standing(self) -> list[Standing]:
        """Every station."""
        waiting = (
            sa.select(_events.c.station, sa.func.count().label("n"))
            .where(_events.c.joined.is_(None)).group_by(_events.c.station).subquery()
        )  # fmt: skip
        q = (
            sa.select(_stations, sa.func.coalesce(waiting.c.n, 0).label("n"))
            .join(waiting, waiting.c.station == _stations.c.station, isouter=True).order_by(_stations.c.station)
        )  # fmt: skip
        with self.journal.begin() as db:
            return [Standing(r.station, r.seq, r.n, r.fault) for r in db.execute(q)]

    def events(self, station: str) -> Iterator[Event]:
        """A station's events as they were sent, in order."""
        q = sa.select(_events).where(_events.c.station == station).order_by(_events.c.seq)
        with self.journal.begin() as db:
            for r in db.execute(q):
                yield _event(r)

    def refusals(self) -> list[tuple[str, str]]:
        """(subject, reason) of what could not be kept as an event."""
        with self.journal.begin() as db:
            return [(r.subject, r.reason) for r in db.execute(sa.select(_refused).order_by(_refused.c.id))]

    # -- within the transaction --------------------------------------------------------------------

    def _take_turn(self, db: sa.Connection) -> None:
        if db.dialect.name == "postgresql":
            db.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})

    def _fits(self, db: sa.Connection, sent: Sent, out: Stored) -> bool:
        e = sent.event
        if e.seq >= 1 and event_hash(e.seq, e.kind, e.t, e.wall, e.body, e.previous) == e.hash and _is_object(e.body):
            return True
        self._refuse_event(db, sent, f"station {sent.station}, event {e.seq}: its hash does not fit", out)
        return False

    def _keep(self, db: sa.Connection, good: Sequence[Sent], out: Stored) -> None:
        """Insert what is new; the same event twice is one, another one in its place is refused."""
        if not good:
            return
        keys = [(s.station, s.event.seq) for s in good]
        q = sa.select(_events.c.station, _events.c.seq, _events.c.hash)
        known = {
            (r.station, r.seq): r.hash
            for r in db.execute(q.where(sa.tuple_(_events.c.station, _events.c.seq).in_(keys)))
        }
        rows = []
        for s in good:
            key = (s.station, s.event.seq)
            if key not in known:
                known[key] = s.event.hash
                rows.append({"station": s.station, "joined": None, **asdict(s.event)})
            elif known[key] == s.event.hash:
                out.known += 1
            else:
                told = f"station {s.station}, event {s.event.seq}: another one came before; is the name used twice?"
                self._refuse_event(db, s, told, out)
        insert_rows(db, _events, rows, "ON CONFLICT DO NOTHING")
        out.new += len(rows)

    def _join(self, db: sa.Connection, station: str, out: Stored) -> None:
        """Go on with a station's chain as far as it reaches."""
        while self._join_some(db, station, out) == JOINED_AT_ONCE:
            pass

    def _join_some(self, db: sa.Connection, station: str, out: Stored) -> int:
        """Go on for JOINED_AT_ONCE events at most; how many it was."""
        row = db.execute(sa.select(_stations).where(_stations.c.station == station)).first()
        if row is None:
            db.execute(_stations.insert(), {"station": station, "seq": 0, "hash": GENESIS, "fault": ""})
        at, head, fault = (row.seq, row.hash, row.fault) if row else (0, GENESIS, "")
        begin, told = at, ""
        q = sa.select(_events).where(_events.c.station == station, _events.c.seq > at).order_by(_events.c.seq)
        run: list[Event] = []
        for r in db.execute(q.limit(JOINED_AT_ONCE)).all():
            if r.seq != at + 1:
                break  # what lies between is still on its way
            if r.previous != head:
                told = f"station {station}, event {r.seq}: does not follow event {at}; is the name used twice?"
                break
            run.append(_event(r))
            at, head = r.seq, r.hash
        if run:
            numbers = self._numbers(db, station, run)
            numbers |= {e.seq: k for k, e in enumerate(run, self.journal.last_in(db) + 1)}
            self.journal.insert(db, [joined(station, e, numbers) for e in run])
            first, last = run[0].seq, run[-1].seq  # without a gap, in both journals
            these = sa.and_(_events.c.station == station, _events.c.seq.between(first, last))
            db.execute(_events.update().where(these).values(joined=_events.c.seq + (numbers[first] - first)))
            out.joined += len(run)
        if at != begin or told != fault:
            change = _stations.update().where(_stations.c.station == station)
            db.execute(change.values(seq=at, hash=head, fault=told))
        if told and told != fault:
            out.faults.append(told)
        return len(run)

    def _numbers(self, db: sa.Connection, station: str, run: Sequence[Event]) -> dict[int, int]:
        """Numbers in the joined journal of the earlier events that these name."""
        named = {n for e in run for f in NUMBER_FIELDS if isinstance(n := e.data.get(f), int) and 0 < n < 2**31}
        if not named:
            return {}
        q = sa.select(_events.c.seq, _events.c.joined).where(
            _events.c.station == station, _events.c.seq.in_(named), _events.c.joined.is_not(None)
        )
        return {r.seq: r.joined for r in db.execute(q)}

    def _refuse_event(self, db: sa.Connection, sent: Sent, reason: str, out: Stored) -> None:
        out.refused.append(reason)
        self._refuse(db, sent.station, json.dumps(asdict(sent.event), ensure_ascii=False).encode(), reason)

    def _refuse(self, db: sa.Connection, subject: str, message: bytes, reason: str) -> None:
        """Once for the same message."""
        same = sa.select(_refused.c.id).where(_refused.c.message == message, _refused.c.reason == reason)
        if db.execute(same).first() is None:
            now = datetime.now(UTC).isoformat(timespec="seconds")
            row = {"received": now, "subject": subject, "reason": reason, "message": message}
            db.execute(_refused.insert(), row)


def joined(station: str, event: Event, numbers: dict[int, int]) -> Entry:
    """A station's event as it stands in the bureau's journal. ``numbers``: of the station's events in it."""
    body = event.data

    def ours(unit: Any) -> Any:
        return f"{station}/{unit}" if isinstance(unit, str) and unit else unit

    for name in UNIT_FIELDS + (("by",) if event.kind == "relayed" else ()):
        if name in body:
            body[name] = ours(body[name])
    for name in UNITS_FIELDS:
        if isinstance(body.get(name), list):
            body[name] = [ours(u) for u in body[name]]
    if isinstance(body.get("results"), list):
        body["results"] = [[ours(r[0]), *r[1:]] if isinstance(r, list) and r else r for r in body["results"]]
    for name in NUMBER_FIELDS:
        if isinstance(body.get(name), int) and body[name]:
            body[name] = numbers.get(body[name], 0)
    body["channel"] = f"{station}/{body['channel']}" if body.get("channel") else station
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return Entry(event.kind, event.t, event.wall, text, f"{station}/{event.unit}" if event.unit else None)


def _event(row: Any) -> Event:
    r = row._mapping  # a row's own attribute “t” is something else
    return Event(r["seq"], r["kind"], r["t"], r["wall"], r["body"], r["previous"], r["hash"], r["unit"])


def _is_object(body: str) -> bool:
    try:
        return isinstance(json.loads(body), dict)
    except ValueError:
        return False
