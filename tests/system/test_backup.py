"""Copies of journals: while they are written, and restored."""

from __future__ import annotations

import shutil
import threading
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.helpers.bureau import grow
from tests.helpers.command import huying
from tests.helpers.journals import BEGAN, CLIP, talk
from tests.helpers.waiting import until
from voice.errors import HuyingError
from voice.journal.backup import back_up
from voice.journal.store import Journal
from voice.journal.verify import verify


def test_a_journal_is_copied_while_it_is_written(tmp_path: Path) -> None:
    log, stop = tmp_path / "log.sqlite", threading.Event()
    with Journal(str(log)) as journal:
        name = journal.clips.put(CLIP)

        def write() -> None:
            k = 0
            while not stop.is_set():
                journal.append(talk(name), BEGAN + timedelta(minutes=k))
                k += 1

        writer = threading.Thread(target=write)
        writer.start()
        assert until(lambda: len(journal) >= 7)
        try:
            made = [back_up(log, tmp_path / "copy") for _ in range(5)]
        finally:
            stop.set()
            writer.join()
        assert [m.new_clips for m in made] == [1, 0, 0, 0, 0]
        assert made[-1].events > made[0].events >= 7 and made[-1].events <= len(journal)
        same = [e.hash for e in journal.events() if e.seq <= made[-1].events]
    with Journal(str(tmp_path / "copy" / "log.sqlite"), create=False) as copy:
        assert [e.hash for e in copy.events()] == same and copy.head == made[-1].head
        assert list(verify(copy)) == [], "with its sound"


def test_restored_it_goes_on(tmp_path: Path) -> None:
    log = tmp_path / "log.sqlite"
    with Journal(str(log)) as journal:
        journal.append(talk(journal.clips.put(CLIP)), BEGAN)
    assert "7 events, 1 new clip" in huying("journal", "backup", log, tmp_path / "copy")
    for gone in tmp_path.glob("log.sqlite*"):
        shutil.rmtree(gone) if gone.is_dir() else gone.unlink()
    shutil.copytree(tmp_path / "copy", tmp_path, dirs_exist_ok=True)
    with Journal(str(log), create=False) as journal:
        journal.append(talk(""), BEGAN)
        assert len(journal) == 14 and list(verify(journal)) == []


def test_a_damaged_journal_does_not_replace_a_good_copy(tmp_path: Path) -> None:
    log = tmp_path / "log.sqlite"
    grow(log, 2)
    good = back_up(log, tmp_path / "copy")
    with sa.create_engine(f"sqlite:///{log}").begin() as db:
        db.execute(sa.text("DROP TRIGGER huying_no_update"))
        db.execute(sa.text("UPDATE huying_events SET wall = '2000' WHERE seq = 3"))
    with pytest.raises(HuyingError, match=r"(?s)(guard|event 3).*older one stays"):
        back_up(log, tmp_path / "copy")
    with Journal(str(good.journal), create=False) as copy:
        assert copy.head == good.head and list(verify(copy, clips=False)) == []
    with pytest.raises(HuyingError, match="another folder"):
        back_up(log, tmp_path)
    with pytest.raises(HuyingError, match="pg_dump"):
        back_up(tmp_path / "none.sqlite", tmp_path / "copy")
