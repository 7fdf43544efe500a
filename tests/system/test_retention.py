"""Old clips go, events stay, a hold keeps what is needed, and the chain verifies all the while."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.command import huying
from tests.helpers.journals import over
from voice.errors import HuyingError
from voice.journal.retention import hold, holds, release, remove_clips
from voice.journal.store import Journal
from voice.journal.verify import verify

BEGAN = datetime(2026, 6, 1, tzinfo=UTC)
NOW = BEGAN + timedelta(days=10)


@pytest.fixture
def kept(tmp_path: Path) -> Journal:
    """Ten days, an over a day; the first and the last have the same sound."""
    journal = Journal(str(tmp_path / "log.sqlite"))
    sounds = [journal.clips.put(np.full(800, day % 9, np.int16)) for day in range(10)]
    journal.append([over(day + 1, day * 86400.0, sounds[day], "收到") for day in range(10)], BEGAN)
    return journal


def clips(journal: Journal) -> int:
    return sum(journal.clips.path(e.data["clip"]).is_file() for e in journal.events(kind="over"))


def test_old_clips_go_and_the_chain_verifies(kept: Journal) -> None:
    assert remove_clips(kept, 5, "王", NOW) == 4, "that of day 0 is that of day 9 too"
    assert clips(kept) == 6 and list(verify(kept)) == [] and len(kept) == 11
    assert remove_clips(kept, 5, "王", NOW) == 0 and len(kept) == 11, "nothing to do, nothing written"
    newest = list(kept.events(kind="over"))[-2]
    kept.clips.path(newest.data["clip"]).unlink()
    assert [f.seq for f in verify(kept)] == [newest.seq], "what is not that old must be there"


def test_a_hold_keeps_the_sound_of_an_incident(kept: Journal) -> None:
    number = hold(kept, "2026-06-03T00:00:00.000Z", "2026-06-04T12:00:00.000Z", "王", "盗窃案")
    assert remove_clips(kept, 1, "王", NOW) == 6
    assert [e.seq for e in kept.events(kind="over") if kept.clips.path(e.data["clip"]).is_file()] == [1, 3, 4, 10]
    release(kept, number, "李")
    assert holds(kept) == [] and remove_clips(kept, 1, "王", NOW) == 2 and list(verify(kept)) == []
    with pytest.raises(HuyingError, match="no hold"):
        release(kept, number, "李")
    with pytest.raises(HuyingError, match="1 day"):
        remove_clips(kept, 0.5, "王", NOW)


def test_a_crash_between_word_and_deed(kept: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as m:
        m.setattr(Path, "unlink", crash)
        with pytest.raises(KeyboardInterrupt):
            remove_clips(kept, 5, "王", NOW)
    assert list(verify(kept)) == [] and clips(kept) == 10
    assert remove_clips(kept, 5, "王", NOW) == 4 and list(verify(kept)) == []


def test_commands(kept: Journal) -> None:
    path = kept.url.removeprefix("sqlite:///")
    kept.close()
    told = huying("journal", "hold", path, "--since", "2026-06-03", "--until", "2026-06-04", "--note", "盗窃案")
    assert "盗窃案" in told
    assert "1 hold in force" in huying("journal", "retain", path, "--days", "1")
    assert huying("journal", "hold", path, "--release", told.split()[0]) == ""
    assert "are whole" in huying("journal", "verify", path)
