"""Guards that keep a journal's database append-only, and detection of foreign objects in it.

Triggers refuse UPDATE and DELETE. They protect against accidents: anyone who may alter the file can drop them. That is
detected here, as are foreign triggers, rules and views that could hide or swallow events.
"""

from __future__ import annotations

import sqlalchemy as sa

EVENTS, INFO = "huying_events", "huying_info"

GONE = "a guard against changes is gone or was changed:"
BACK = "; put back 已恢复"

_SQLITE = [
    f"CREATE TRIGGER IF NOT EXISTS huying_no_{op.lower()} BEFORE {op} ON huying_events "
    "BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END"
    for op in ("UPDATE", "DELETE")
]
_REFUSES = " BEGIN RAISE EXCEPTION 'the journal is append-only'; END "
_POSTGRES = [
    f"CREATE OR REPLACE FUNCTION huying_refuse() RETURNS trigger AS $${_REFUSES}$$ LANGUAGE plpgsql",
    "DROP TRIGGER IF EXISTS huying_guard ON huying_events",
    "CREATE TRIGGER huying_guard BEFORE UPDATE OR DELETE OR TRUNCATE ON huying_events "
    "FOR EACH STATEMENT EXECUTE FUNCTION huying_refuse()",
]

_TRIGGERS = sa.text(
    "SELECT t.tgname::text AS name, t.tgenabled::text AS state, p.proname::text AS does, p.prosrc AS body, "
    "t.tgtype::int AS kind, t.tgqual IS NULL AND t.tgattr::text = '' AS always FROM pg_trigger t "
    "JOIN pg_class c ON t.tgrelid = c.oid JOIN pg_proc p ON t.tgfoid = p.oid "
    "WHERE c.oid = to_regclass('huying_events') AND NOT t.tgisinternal"
)
_GUARD = ("huying_guard", "O", "huying_refuse", _REFUSES, 2 + 8 + 16 + 32, True)
"""Expected form in PostgreSQL: statement-level, before DELETE, UPDATE and TRUNCATE, unconditional."""

_KIND = sa.text("SELECT relkind::text FROM pg_class WHERE oid = to_regclass('huying_events')")
_RULES = sa.text("SELECT rulename::text FROM pg_rewrite WHERE ev_class = to_regclass('huying_events')")


def create_guards(db: sa.Connection) -> None:
    """Create the guards that do not exist yet."""
    for sql in _SQLITE if db.dialect.name == "sqlite" else _POSTGRES:
        db.execute(sa.text(sql))


def mend(db: sa.Connection) -> list[str]:
    """Restore missing guards; returns the deviations in words."""
    strange = strangeness(db)
    gone = [s for s in strange if s.startswith(GONE)]
    if gone and not any(s.endswith(" is no table") for s in strange):
        if db.dialect.name == "sqlite":
            for told in gone:
                db.exec_driver_sql(f"DROP TRIGGER IF EXISTS {told.split()[-1]}")
        create_guards(db)
    return [f"{told}{BACK}" if told in gone else told for told in strange]


def strangeness(db: sa.Connection) -> list[str]:
    """Deviations from the schema we create, in words."""
    return _in_sqlite(db) if db.dialect.name == "sqlite" else _in_postgres(db)


def _in_sqlite(db: sa.Connection) -> list[str]:
    ours = {sql.split()[5]: sql.replace("IF NOT EXISTS ", "") for sql in _SQLITE}
    rows = db.exec_driver_sql("SELECT type, name, tbl_name, sql FROM sqlite_master").all()
    there = {r.name: r.sql for r in rows if r.type == "trigger"}
    told = [f"{GONE} {name}" for name, sql in ours.items() if there.get(name) != sql]
    told += [f"a foreign trigger {r.name} on {r.tbl_name}" for r in rows if r.type == "trigger" and r.name not in ours]
    told += [f"a view {r.name}" for r in rows if r.type == "view"]
    tables = {r.name for r in rows if r.type == "table"}
    told += [f"{t} is no table" for t in (INFO, EVENTS) if t not in tables]
    return told + [f"a foreign table {t}" for t in sorted(tables) if not t.startswith(("huying_", "sqlite_"))]


def _in_postgres(db: sa.Connection) -> list[str]:
    told = [] if db.execute(_KIND).scalar() == "r" else [f"{EVENTS} is no table"]
    triggers = db.execute(_TRIGGERS).all()
    if _GUARD not in [tuple(t) for t in triggers]:
        told.append(f"{GONE} huying_guard")
    told += [f"a foreign trigger {t.name}" for t in triggers if t.name != "huying_guard"]
    return told + [f"a foreign rule {name}" for name in db.execute(_RULES).scalars()]
