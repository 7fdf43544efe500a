"""SQLite as a journal needs it: readers beside a writer, and nothing reported that is not on disk."""

from __future__ import annotations

import sqlite3
import time
from typing import Any

import sqlalchemy as sa

WRITES = "huying_writes"
"""Execution option of connections whose transactions write."""

_BUSY_MS = 5000
"""How long SQLite waits for other writers."""


def prepare(engine: sa.Engine) -> None:
    """Every connection of the engine is set up, and begins its transactions, as a journal needs it."""
    sa.event.listen(engine, "connect", _pragmas)
    sa.event.listen(engine, "begin", _begin)


def _begin(db: sa.Connection) -> None:
    """Transactions that write take the write lock at once, waiting for it. A deferred one that has read and then
    writes fails without waiting if another wrote in between: SQLite has no later state to give it."""
    db.exec_driver_sql("BEGIN IMMEDIATE" if db.get_execution_options().get(WRITES) else "BEGIN")


def _pragmas(connection: Any, _record: object) -> None:
    """WAL allows reading during writes; FULL guarantees that a reported event is on disk.

    We manage transactions ourselves: the driver's would exclude CREATE, and an interrupted creation would leave a
    journal with half its tables.
    """
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
    end = time.monotonic() + _BUSY_MS / 1000
    while not _switched_to_wal(cursor):
        if time.monotonic() > end:
            raise sqlite3.OperationalError("database is locked")
        time.sleep(0.02)
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


def _switched_to_wal(cursor: Any) -> bool:
    """False if another process is switching a new file at this moment: SQLite then refuses without waiting."""
    try:
        cursor.execute("PRAGMA journal_mode=WAL")
    except sqlite3.OperationalError as e:
        if e.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True
