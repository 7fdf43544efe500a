"""Power fails: what was not synced is gone, torn or nonsense. Whatever is left is a prefix of the truth."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.journals import over
from voice.journal.store import Journal
from voice.journal.verify import verify

BEGAN = datetime(2026, 6, 5, 0, 30, tzinfo=UTC)
WRITES = 40


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[int]]:
    """A journal as it lies on the disk while it is open, and the length of its write-ahead log after every append."""
    path = tmp_path_factory.mktemp("journal") / "log.sqlite"
    lengths = []
    with Journal(str(path)) as journal:
        for k in range(WRITES):
            journal.append([over(2 * k + 1, 4.0 * k, "", "收到"), over(2 * k + 2, 4.0 * k + 2, "", "正常")], BEGAN)
            lengths.append(path.with_name("log.sqlite-wal").stat().st_size)
        copy = path.with_name("copy")
        copy.mkdir()
        for name in ("log.sqlite", "log.sqlite-wal"):
            shutil.copy(path.with_name(name), copy / name)
    return copy, lengths


@pytest.mark.parametrize("damage", ["cut", "torn", "zeros"])
def test_what_is_left_is_a_prefix(written: tuple[Path, list[int]], tmp_path: Path, damage: str) -> None:
    source, lengths = written
    rng = np.random.default_rng(5)
    log = (source / "log.sqlite-wal").read_bytes()
    seen = set()
    for k in range(60):
        cut = int(rng.integers(32, len(log)))
        place = tmp_path / str(k)
        place.mkdir()
        shutil.copy(source / "log.sqlite", place)
        rest = {"cut": b"", "torn": rng.bytes(min(3000, len(log) - cut)), "zeros": b"\0" * (len(log) - cut)}[damage]
        (place / "log.sqlite-wal").write_bytes(log[:cut] + rest)
        with Journal(str(place / "log.sqlite")) as journal:
            events = list(journal.events())
            assert list(verify(journal)) == []
            assert [e.seq for e in events] == list(range(1, len(events) + 1))
            assert len(events) % 2 == 0, "an append is there whole or not at all"
            synced = sum(length <= cut for length in lengths)
            assert len(events) >= 2 * synced, "what was reported as written is there"
            journal.append([over(99, 0.0, "", "以后")], BEGAN)
            assert list(verify(journal)) == []
        seen.add(len(events))
    assert len(seen) > 15
