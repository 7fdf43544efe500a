"""Journals on media and in folders that nobody may write: all of them can be read, and nothing is missing."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.command import huying
from tests.helpers.journals import BEGAN, CLIP, talk, tamper
from tests.helpers.served import Served
from voice.errors import HuyingError, Unwritable
from voice.journal.backup import back_up
from voice.journal.store import Journal
from voice.journal.verify import verify

SESSION = talk("")


@pytest.fixture
def places(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """A folder, and the same folder as a medium that cannot be written."""
    folder, medium = tmp_path / "disk", tmp_path / "medium"
    folder.mkdir()
    medium.mkdir()
    try:
        for how in (["--bind", str(folder)], ["-o", "remount,bind,ro"]):
            subprocess.run(["mount", *how, str(medium)], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        subprocess.run(["umount", "-q", str(medium)], check=False)
        pytest.skip("only root may mount a folder read-only")
    yield folder, medium
    subprocess.run(["umount", "-l", str(medium)], check=True)


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary copies are made."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    monkeypatch.setenv("TMPDIR", str(place))
    return place


def written(file: Path) -> list[str]:
    with Journal(str(file)) as journal:
        journal.append(talk(journal.clips.put(CLIP)), BEGAN)
        return [e.hash for e in journal.events()]


def read(file: Path) -> list[str]:
    with Journal(str(file), create=False) as journal:
        assert list(verify(journal)) == []
        return [e.hash for e in journal.events()]


def test_a_journal_on_a_read_only_medium(places: tuple[Path, Path], temporary: Path) -> None:
    folder, medium = places
    there = written(folder / "log.sqlite")
    assert read(medium / "log.sqlite") == there
    assert f"{len(there)} events and all clips are whole" in huying("journal", "verify", medium / "log.sqlite")
    backup = back_up(medium / "log.sqlite", folder / "backup")
    assert (backup.events, backup.new_clips) == (len(there), 1)
    assert read(medium / "backup" / "log.sqlite") == there, "a backup is kept on a medium of its own"
    assert list(temporary.glob("huying-copy-*")) == [], "copies are taken away"


def test_what_a_station_left_in_its_wal_is_read_too(places: tuple[Path, Path]) -> None:
    folder, medium = places
    written(folder / "log.sqlite")
    with Journal(str(folder / "log.sqlite")) as station:
        station.append(SESSION, BEGAN)
        assert (folder / "log.sqlite-wal").stat().st_size > 0
        for part in ("log.sqlite", "log.sqlite-wal"):
            shutil.copyfile(folder / part, folder / f"pulled-{part}")
        shutil.copytree(folder / "log.sqlite.clips", folder / "pulled-log.sqlite.clips")
        there = [e.hash for e in station.events()]
    assert read(medium / "pulled-log.sqlite") == there


def test_nothing_is_written_into_a_copy(places: tuple[Path, Path]) -> None:
    folder, medium = places
    written(folder / "log.sqlite")
    with Journal(str(medium / "log.sqlite"), create=False) as journal:
        overs = [e.seq for e in journal.events(kind="over")]
        for write in (lambda: journal.append(SESSION, BEGAN), journal.claim, lambda: journal.begin().__enter__()):
            with pytest.raises(Unwritable, match="can be read only"):
                write()
    assert "copy it with its .clips" in huying("journal", "confirm", medium / "log.sqlite", str(overs[0]), code=2)


def test_a_station_that_begins_and_ends_later_is_seen(places: tuple[Path, Path]) -> None:
    folder, medium = places
    there = written(folder / "log.sqlite")
    with Journal(str(medium / "log.sqlite"), create=False) as reader:
        assert len(list(reader.events())) == len(there)
        with Journal(str(folder / "log.sqlite")) as station:
            station.append(SESSION, BEGAN)
            assert reader.last() == len(there) + len(SESSION)
            station.append(SESSION, BEGAN)
        assert reader.last() == len(there) + 2 * len(SESSION)
        assert list(verify(reader)) == []


def test_a_journal_that_was_changed_says_so_on_a_medium_too(places: tuple[Path, Path]) -> None:
    folder, medium = places
    written(folder / "log.sqlite")
    tamper(folder / "log.sqlite", "UPDATE huying_events SET body = '{}' WHERE seq = 2")
    assert "event 2: was changed" in huying("journal", "verify", medium / "log.sqlite", code=1)


def test_no_room_for_a_copy(places: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    folder, medium = places
    written(folder / "log.sqlite")
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    with pytest.raises(HuyingError, match=r"no copy to read can be made in /nowhere .*copy it, with its -wal"):
        Journal(str(medium / "log.sqlite"), create=False)


def test_the_console_on_a_read_only_medium(places: tuple[Path, Path], temporary: Path, tmp_path: Path) -> None:
    folder, medium = places
    there = written(folder / "log.sqlite")
    console = Served(tmp_path / "home", medium / "log.sqlite")
    try:
        assert console.ask("GET", "/api/v1/health").json()["events"] == len(there)
    finally:
        console.close()
    assert list(temporary.glob("huying-copy-*")) == []
