"""The append-only log: numbered, chained by SHA-256, in SQLite or any database SQLAlchemy supports.

Each event's hash covers its number, kind, times, body and the previous hash, so a changed, missing or moved event is
detected. Triggers refuse UPDATE and DELETE; they protect against accidents, the chain against everything else (except
truncation, which only a hash kept elsewhere can reveal).
"""

from __future__ import annotations

import contextlib
import json
import logging
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import sqlalchemy as sa
from filelock import FileLock, Timeout
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from voice.errors import HuyingError, Unwritable
from voice.journal import guards, sqlite
from voice.journal.clips import ClipStore
from voice.journal.event import GENESIS, Event, NewEvent, chained, new_event
from voice.journal.unwritable import UnwritableFile, is_refused
from voice.places import install
from voice.talk.by_hand import ByHand
from voice.talk.facts import Fact

SCHEMA_VERSION = 1

_ATTEMPTS = 8
"""Retries of an append when other writers (corrections, confirmations) interfere."""

_AT_ONCE = 500
"""Numbers named in one query."""

log = logging.getLogger("huying.journal")

READ_ONLY = "can be read only, as nothing can be written where it lies; copy it with its .clips to a folder of yours"

CLAIMED = "another station logs into it; stop it first, or name another journal"

_CLAIM_KEY = 0x48555949  # “HUYI”
"""Key of a station's advisory lock in PostgreSQL."""

_SETUP_KEY = 0x48555950  # “HUYP”
"""Key of the advisory lock under which tables are created."""

_meta = sa.MetaData()
_info = sa.Table("huying_info", _meta, sa.Column("key", sa.String(40), primary_key=True), sa.Column("value", sa.Text))
_events = sa.Table(
    "huying_events",
    _meta,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.String(40), nullable=False, index=True),
    sa.Column("t", sa.Float, nullable=False),
    sa.Column("wall", sa.String(32), nullable=False, index=True),
    sa.Column("unit", sa.String(80), nullable=True, index=True),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("previous", sa.String(64), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False, unique=True),
)


def journal_url(target: str) -> str:
    """A database URL as given, or the SQLite URL of a path."""
    return target if "://" in target else f"sqlite:///{Path(target).as_posix()}"


def redacted(url: str) -> str:
    """The file, or the URL without its password, for messages."""
    parsed = sa.make_url(url)
    file = parsed.database if parsed.get_backend_name() == "sqlite" else None
    return file or parsed.render_as_string(hide_password=True)


class Journal:
    """An open journal. One writer at a time; readers do not block it."""

    def __init__(self, target: str, *, create: bool = True) -> None:
        """``target``: a path or an SQLAlchemy URL. Raises HuyingError if it cannot be used."""
        self.url = journal_url(target)
        try:
            parsed = sa.make_url(self.url)
        except SQLAlchemyError as e:
            raise HuyingError(f"{target}: not a path or database URL; try log.sqlite") from e
        self._sqlite = parsed.get_backend_name() == "sqlite"
        path = Path(parsed.database) if self._sqlite and parsed.database not in (None, "", ":memory:") else None
        if path and not create and not path.is_file():
            raise HuyingError(f"{path}: no such journal; “huying replay … --journal {path}” makes one")
        self._path = path
        self.mended: list[str] = []
        """Guards that were gone when it was opened, and were put back."""
        self._claims = ExitStack()
        self._unwritable: UnwritableFile | None = None
        self.name = path.stem if path else "journal"
        in_memory = self._sqlite and not path
        self.clips = ClipStore(
            None if in_memory else path.with_name(path.name + ".clips") if path else Path("huying-clips")
        )
        try:
            alone = {"poolclass": sa.StaticPool, "connect_args": {"check_same_thread": False}}
            self._use(sa.create_engine(self.url, **(alone if in_memory else {})))
        except ModuleNotFoundError as e:
            pg = parsed.get_backend_name() == "postgresql"
            mend = (
                f"{install('postgres')}, and begin the URL with postgresql+pg8000:" if pg else f"pip install {e.name}"
            )
            raise HuyingError(f"{redacted(self.url)}: the driver {e.name} is missing; {mend}") from e
        try:
            if path and create:
                path.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._prepare(create)
            except DBAPIError as e:
                if not (path and path.is_file() and is_refused(e.orig)):
                    raise
                self._use_unwritable(path)
                self._prepare(create=False)
        except (DBAPIError, OSError) as e:
            told = f"cannot be opened as a journal ({_reason(e)}); name another one, or see who may write there"
            raise HuyingError(f"{redacted(self.url)}: {told}") from e
        self._head = self._last()
        self._doubtful = ""
        """Hash of the last event of an attempt that failed for a reason that says nothing of whether it was written."""
        self._appending = threading.Lock()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, _t: type[BaseException] | None, _e: BaseException | None, _b: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Release the database, and the claim."""
        self._claims.close()
        self._engine.dispose()
        if self._unwritable:
            self._unwritable.close()

    def _use(self, engine: sa.Engine) -> None:
        if self._sqlite:
            sqlite.prepare(engine)
        self._engine, self._writer = engine, engine.execution_options(**{sqlite.WRITES: True})

    def _use_unwritable(self, path: Path) -> None:
        self._engine.dispose()
        self._unwritable = UnwritableFile(path)
        self._use(sa.create_engine(self.url, creator=self._unwritable.connect, poolclass=sa.NullPool))

    def _refuse_writing(self) -> None:
        if self._unwritable:
            raise Unwritable(f"{self._path}: {READ_ONLY}")

    @property
    def head(self) -> str:
        """Hash of the last event: journals with equal heads are identical."""
        return self._head[1]

    def __len__(self) -> int:
        return self._head[0]

    def claim(self) -> None:
        """Become the only station logging into this journal, until ``close``. Raises HuyingError if another one is."""
        self._refuse_writing()
        if self._sqlite and self._path:
            lock = FileLock(self._path.with_name(self._path.name + ".lock"))
            try:
                lock.acquire(timeout=0)
            except Timeout:
                raise HuyingError(f"{self._path}: {CLAIMED}") from None
            except OSError as e:
                raise HuyingError(f"{self._path}: no lock file can be made beside it ({e.strerror})") from e
            self._claims.callback(lock.release)
        elif not self._sqlite:
            db = self._claims.enter_context(self._engine.connect())
            if not db.execute(sa.text("SELECT pg_try_advisory_lock(:key)"), {"key": _CLAIM_KEY}).scalar():
                raise HuyingError(f"{redacted(self.url)}: {CLAIMED}")

    def append(self, facts: Sequence[Fact], began: datetime) -> list[Event]:
        """Append facts in one transaction: all or none. ``began`` is the wall clock of t = 0.

        Events appended meanwhile by others are chained first. Thread-safe. Raises Unwritable.
        """
        self._refuse_writing()
        left = _ATTEMPTS
        with self._appending:
            while True:
                try:
                    return self._append(facts, began)
                except sa.exc.IntegrityError as e:
                    left -= 1
                    if not left:
                        raise Unwritable(f"{redacted(self.url)}: cannot write the journal ({_reason(e)})") from e
                    self._head = self._last()

    def enter(self, fact: ByHand, now: datetime | None = None) -> int:
        """Append a manual entry at this wall time; returns its sequence number."""
        return self.append([fact], now or datetime.now(UTC))[0].seq

    def _append(self, facts: Sequence[Fact], began: datetime) -> list[Event]:
        events = chained([new_event(f, began) for f in facts], *self._head)
        if not events:
            return []
        try:
            with self._writer.begin() as db:
                insert_rows(db, _events, [e.row for e in events])
                self._check_taken(db, events)
        except sa.exc.IntegrityError:
            # another writer was faster; or our own attempt succeeded and its reply was lost
            if self._doubtful != events[-1].hash or not self._holds(events[-1]):
                raise
        except DBAPIError as e:
            self._doubtful = events[-1].hash
            raise Unwritable(f"{redacted(self.url)}: cannot write the journal ({_reason(e)})") from e
        self._head = (events[-1].seq, events[-1].hash)
        return events

    @contextlib.contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        """A transaction that may write, for callers with tables of their own beside the journal's. Waits for other
        writers. Raises Unwritable."""
        self._refuse_writing()
        with self._usable(self._writer) as db:
            yield db

    @contextlib.contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """The same for reading only: neither waits for writers nor keeps them waiting."""
        with self._usable(self._engine) as db:
            yield db

    @contextlib.contextmanager
    def setting_up(self) -> Iterator[sa.Connection]:
        """The same for creating tables: others that create them at the same time take turns."""
        with self.begin() as db:
            _take_turn_setting_up(db)
            yield db

    @contextlib.contextmanager
    def _usable(self, engine: sa.Engine) -> Iterator[sa.Connection]:
        try:
            with engine.begin() as db:
                yield db
        except DBAPIError as e:
            raise Unwritable(f"{redacted(self.url)}: cannot be used ({_reason(e)})") from e

    def insert(self, db: sa.Connection, entries: Sequence[NewEvent]) -> list[Event]:
        """Append within a transaction from ``begin``; the caller must exclude other writers."""
        events = chained(entries, *self._last(db))
        insert_rows(db, _events, [e.row for e in events])
        return events

    def refresh(self) -> None:
        """Call after ``insert`` was committed: updates ``head`` and the next append."""
        self._head = self._last()

    def last_in(self, db: sa.Connection) -> int:
        """Latest sequence number within a transaction from ``begin``."""
        return self._last(db)[0]

    def events(
        self,
        *,
        kind: str | Sequence[str] | None = None,
        unit: str | None = None,
        since: str | None = None,
        until: str | None = None,
        after: int = 0,
        before: int | None = None,
    ) -> Iterator[Event]:
        """Events in order. ``kind``: of one kind, or of several. ``since`` and ``until`` are wall times as stored;
        ``after`` and ``before`` are sequence numbers."""
        q = sa.select(_events).where(_events.c.seq > after).order_by(_events.c.seq)
        if before is not None:
            q = q.where(_events.c.seq < before)
        if kind:
            q = q.where(_events.c.kind.in_([kind] if isinstance(kind, str) else kind))
        if unit:
            q = q.where(_events.c.unit == unit)
        if since:
            q = q.where(_events.c.wall >= since)
        if until:
            q = q.where(_events.c.wall < until)
        yield from self._read(q)

    def numbered(self, numbers: Iterable[int]) -> Iterator[Event]:
        """The events of these numbers that exist, in order."""
        wanted = sorted(set(numbers))
        for k in range(0, len(wanted), _AT_ONCE):
            some = wanted[k : k + _AT_ONCE]
            yield from self._read(sa.select(_events).where(_events.c.seq.in_(some)).order_by(_events.c.seq))

    def _read(self, q: sa.Select[Any]) -> Iterator[Event]:
        try:
            with self._engine.connect() as db:
                for row in db.execution_options(stream_results=True).execute(q).mappings():
                    yield Event(**row)
        except DBAPIError as e:
            raise HuyingError(f"{redacted(self.url)}: cannot be read ({_reason(e)}); is the file damaged?") from e

    def find(self, texts: Sequence[str], units: Sequence[str], limit: int) -> list[int]:
        """Sequence numbers of the latest events whose body contains one of the texts or that concern one of the
        units."""
        hits = [_events.c.body.contains(t, autoescape=True) for t in texts]
        if units:
            hits.append(_events.c.unit.in_(units))
        q = sa.select(_events.c.seq).where(sa.or_(*hits)).order_by(_events.c.seq.desc()).limit(limit)
        try:
            with self._engine.connect() as db:
                return [row.seq for row in db.execute(q)]
        except DBAPIError as e:
            raise HuyingError(f"{redacted(self.url)}: cannot be read ({_reason(e)}); is the file damaged?") from e

    def last(self, kind: str = "") -> int:
        """Sequence number of the latest event, or of the latest of a kind; 0 if there is none."""
        q = sa.select(sa.func.max(_events.c.seq))
        q = q.where(_events.c.kind == kind) if kind else q
        with self._engine.connect() as db:
            return db.execute(q).scalar() or 0

    def _prepare(self, create: bool) -> None:
        """Create the tables, or check them: reading comes first, so that a journal that is only read stays as it
        is."""
        with self._engine.begin() as db:
            told = guards.strangeness(db) if self._is_ours(db, create) else None
        if told is None:
            with self._writer.begin() as db:
                _take_turn_setting_up(db)
                if self._is_ours(db, create):  # another process was faster
                    return
                _meta.create_all(db)
                db.execute(_info.insert(), {"key": "schema", "value": str(SCHEMA_VERSION)})
                guards.create_guards(db)
            return
        if any(t.startswith(guards.GONE) for t in told):
            with contextlib.suppress(DBAPIError), self._writer.begin() as db:  # read-only access changes nothing
                told = guards.mend(db)
        for t in told:
            log.warning("%s: %s", redacted(self.url), t)
        self.mended += [t for t in told if t.endswith(guards.BACK)]

    def _is_ours(self, db: sa.Connection, create: bool) -> bool:
        """Whether the tables are there. Raises HuyingError if they are a newer version's or another program's, or if
        they are missing and not to be created."""
        tables = set(sa.inspect(db).get_table_names())
        if "huying_info" in tables:
            version = db.execute(sa.select(_info.c.value).where(_info.c.key == "schema")).scalar()
            if int(version or 0) > SCHEMA_VERSION:
                raise HuyingError(
                    f"{redacted(self.url)}: written by a newer Huying (journal version {version}, this one knows "
                    f"{SCHEMA_VERSION}); update Huying, nothing was changed"
                )
            return True
        if not create:
            raise HuyingError(f"{redacted(self.url)}: not a Huying journal")
        if tables and self._sqlite:
            raise HuyingError(f"{redacted(self.url)}: is another program's database; name a new file")
        return False

    def strangeness(self) -> list[str]:
        """Deviations from our schema: guards missing or changed, foreign triggers and rules, views in place of
        tables."""
        with self._engine.connect() as db:
            return [*self.mended, *guards.strangeness(db)]

    def _check_taken(self, db: sa.Connection, events: Sequence[Event]) -> None:
        """Within the transaction: verify that the rows were inserted. A foreign trigger could swallow them."""
        here = _events.c.seq.between(events[0].seq, events[-1].seq)
        found = db.execute(sa.select(_events.c.hash).where(here).order_by(_events.c.seq)).scalars().all()
        if list(found) != [e.hash for e in events]:
            raise Unwritable(
                f"{redacted(self.url)}: the database took {len(events)} events and does not have them; is there a "
                "foreign trigger? “huying journal verify” says"
            )

    def _holds(self, event: Event) -> bool:
        with self._engine.connect() as db:
            return db.execute(sa.select(_events.c.hash).where(_events.c.seq == event.seq)).scalar() == event.hash

    def _last(self, db: sa.Connection | None = None) -> tuple[int, str]:
        with contextlib.nullcontext(db) if db is not None else self._engine.connect() as at:
            row = at.execute(sa.select(_events.c.seq, _events.c.hash).order_by(_events.c.seq.desc()).limit(1)).first()
        return (row.seq, row.hash) if row else (0, GENESIS)


def insert_rows(db: sa.Connection, table: sa.Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert many rows in one round trip, however remote the database."""
    if not rows:
        return
    columns = ", ".join(rows[0])
    if db.dialect.name == "postgresql":
        rows_of = f"json_populate_recordset(NULL::{table.name}, CAST(:rows AS json))"
        put = f"SELECT {columns} FROM {rows_of}"  # noqa: S608  # names of our own tables
        parameters: Any = {"rows": json.dumps(rows, ensure_ascii=False)}
    else:
        put = f"VALUES ({', '.join(f':{c}' for c in rows[0])})"
        parameters = list(rows)
    db.execute(sa.text(f"INSERT INTO {table.name} ({columns}) {put}"), parameters)


def _take_turn_setting_up(db: sa.Connection) -> None:
    """Until the end of the transaction. SQLite has only one writer anyway."""
    if db.dialect.name == "postgresql":
        db.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _SETUP_KEY})


def _reason(e: Exception) -> str:
    return str(getattr(e, "orig", None) or e).splitlines()[0]
