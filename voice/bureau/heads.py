"""Signed heads of the stations, as stored by the bureau: a station's journal that was rewritten or truncated lacks
events that its own key once signed.

A station's key is the one configured at the bureau, or else the first one received.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from voice.errors import HuyingError
from voice.journal.signing import SignedHead, head_in, is_signed
from voice.journal.store import Journal

_meta = sa.MetaData()
_heads = sa.Table(
    "huying_hub_heads",
    _meta,
    sa.Column("station", sa.String(40), primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("hash", sa.String(64), primary_key=True),
    sa.Column("key", sa.String(64), nullable=False),
    sa.Column("signature", sa.String(128), nullable=False),
)
_events = sa.table("huying_hub_events", sa.column("station"), sa.column("seq"), sa.column("hash"))


def read_keys(path: Path) -> dict[str, str]:
    """Station → public key, from a file with one line per station: ``01 5b3f…``. Raises HuyingError."""
    try:
        rows = [line.split() for line in path.read_text("utf-8").splitlines() if line.strip(" \t\ufeff")]
    except (OSError, ValueError) as e:
        raise HuyingError(f"{path}: cannot be read ({e})") from e
    for row in rows:
        if len(row) != 2 or len(row[1]) != 64 or set(row[1]) - set("0123456789abcdef"):
            raise HuyingError(f"{path}: “{' '.join(row)[:80]}” is not a station and the 64 figures of its public key")
    return dict(rows)


def packed_head(head: SignedHead, public: str) -> bytes:
    """A signed head as a message."""
    return json.dumps({"key": public, "head": str(head)}).encode()


def unpacked_head(subject: str, data: bytes) -> tuple[str, str, SignedHead]:
    """(station, public key, signed head) from a message. Raises HuyingError if invalid."""
    try:
        raw: dict[str, Any] = json.loads(data)
        key, head = raw["key"], head_in(raw["head"])
        if head is None or head.seq >= 2**31 or not is_signed(head, key):
            raise ValueError("the signature does not fit")
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as e:
        raise HuyingError(f"{subject}: not a signed head ({e})") from e
    return subject.split(".")[2], key, head


class Heads:
    """Signed heads of all stations, in the bureau's database."""

    def __init__(self, journal: Journal, keys: Mapping[str, str]) -> None:
        """``keys``: of stations known in advance."""
        self._journal, self._keys = journal, keys
        with journal.setting_up() as db:
            _meta.create_all(db)

    def keep(self, station: str, key: str, head: SignedHead) -> bool:
        """Returns whether the station is new and its key was accepted on first use. Raises HuyingError on a key
        mismatch; Unwritable while the database is unavailable."""
        with self._journal.begin() as db:
            q = sa.select(_heads.c.key, _heads.c.seq, _heads.c.hash).where(_heads.c.station == station)
            known = db.execute(q.limit(1)).first()
            wanted = self._keys.get(station) or (known.key if known else key)
            if key != wanted:
                raise HuyingError(
                    f"station {station}: signed head {head.seq} is of the key {key[:12]}…, not of {wanted[:12]}…; "
                    "has it a new key? Give hubs the new one with --keys"
                )
            same = q.where(_heads.c.seq == head.seq, _heads.c.hash == head.hash)
            if db.execute(same).first() is None:
                row = {"station": station, "seq": head.seq, "hash": head.hash, "key": key, "signature": head.signature}
                db.execute(_heads.insert(), row)
            return known is None and station not in self._keys

    def reached(self) -> dict[str, int]:
        """Station → number of the last event it signed."""
        with self._journal.reading() as db:
            rows = db.execute(sa.select(_heads.c.station, sa.func.max(_heads.c.seq)).group_by(_heads.c.station))
            return {r[0]: r[1] for r in rows}

    def faults(self) -> dict[str, str]:
        """Station → contradictions between its signed heads and the events it sent."""
        at = sa.and_(_events.c.station == _heads.c.station, _events.c.seq == _heads.c.seq)
        q = sa.select(_heads.c.station, sa.func.min(_heads.c.seq)).join(_events, at)
        with self._journal.reading() as db:
            rows = db.execute(q.where(_events.c.hash != _heads.c.hash).group_by(_heads.c.station)).all()
        return {
            r[0]: f"station {r[0]}: signed head {r[1]} is of another event than the one that was sent; "
            "the chain was rewritten"
            for r in rows
        }

    def lines(self, station: str) -> list[SignedHead]:
        """Lines of one station, in order: input of ``huying journal verify --signed``."""
        q = sa.select(_heads).where(_heads.c.station == station).order_by(_heads.c.seq)
        with self._journal.reading() as db:
            return [SignedHead(r.seq, r.hash, r.signature) for r in db.execute(q)]
