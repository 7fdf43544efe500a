"""A whole chain written anew: the spoken figures can be ground out, a signed head cannot."""

from __future__ import annotations

import shutil
import sqlite3
import stat
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
import sqlalchemy as sa

from tests.helpers.command import huying
from tests.helpers.console import BEGAN, morning
from tests.helpers.journals import rewritten
from voice.errors import HuyingError
from voice.journal.signing import contradictions, make_key, sign, signed_heads
from voice.journal.store import Journal
from voice.journal.verify import verify
from voice.pcm import RATE
from voice.talk.by_hand import ClipsRemoved


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.sqlite"
    with Journal(str(path)) as journal:
        clip = journal.clips.put((np.random.default_rng(1).standard_normal(8000) * 900).astype(np.int16))
        journal.append(morning(clip), BEGAN)
    return path


def test_a_signed_head_finds_a_chain_that_was_written_anew(log: Path, tmp_path: Path) -> None:
    key, heads = tmp_path / "officer.key", tmp_path / "heads.txt"
    public = make_key(key)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    with pytest.raises(HuyingError):
        make_key(key)
    with Journal(str(log)) as journal:
        heads.write_text(f"2026-06-05 {sign(journal, key)}\n")
        assert not contradictions(journal, public, signed_heads(heads))
        other = make_key(tmp_path / "other.key")
        assert "not signed with this key" in contradictions(journal, other, signed_heads(heads))[0]
    rewritten(log)
    with Journal(str(log)) as journal:
        assert {f.seq for f in verify(journal)} == {0}, "of the guards only: the chain itself says nothing"
        assert "written" in contradictions(journal, public, signed_heads(heads))[0]


def test_the_commands(log: Path, tmp_path: Path) -> None:
    key, heads = tmp_path / "officer.key", tmp_path / "heads.txt"
    public = huying("journal", "key", str(key)).split()[-1]
    heads.write_text(huying("journal", "sign", str(log), "--key", str(key)))
    words = ("journal", "verify", str(log), "--key", public, "--signed", str(heads))
    huying(*words)
    rewritten(log)
    assert "rewritten" in huying(*words, code=1)


def test_an_empty_journal_is_not_whole(tmp_path: Path) -> None:
    Journal(str(tmp_path / "e.sqlite")).close()
    assert "empty" in huying("journal", "verify", str(tmp_path / "e.sqlite"))


@pytest.mark.parametrize("kind", ["16 kHz", "stereo", "24 bit", "another format"])
def test_a_clip_that_was_written_anew(log: Path, kind: str) -> None:
    (clip,) = log.with_name(log.name + ".clips").glob("*/*.flac")
    x, _ = sf.read(clip, dtype="int16")
    if kind == "16 kHz":
        sf.write(clip, x, 2 * RATE, format="FLAC", subtype="PCM_16")
    elif kind == "stereo":
        sf.write(clip, x.reshape(-1, 2), RATE, format="FLAC", subtype="PCM_16")
    elif kind == "24 bit":
        sf.write(clip, x.astype(np.int32) << 16 | 77 << 8, RATE, format="FLAC", subtype="PCM_24")
    else:
        sf.write(clip, x, RATE, format="WAV", subtype="PCM_16")
    with Journal(str(log)) as journal:
        assert any("written anew" in str(f) for f in verify(journal))


def test_a_removal_explains_as_many_clips_as_it_says(log: Path) -> None:
    with Journal(str(log)) as journal:
        journal.enter(ClipsRemoved(before="9999-12-31T00:00:00.000Z", clips=0, by="x"))
        shutil.rmtree(log.with_name(log.name + ".clips"))
        assert any("missing" in str(f) for f in verify(journal))


@pytest.mark.parametrize("what", ["dropped", "changed", "foreign", "ignoring", "view"])
def test_guards_that_are_gone_and_what_is_foreign(log: Path, what: str, caplog: pytest.LogCaptureFixture) -> None:
    db = sqlite3.connect(log)
    if what in ("dropped", "changed"):
        db.execute("DROP TRIGGER huying_no_update")
    if what == "changed":
        db.execute("CREATE TRIGGER huying_no_update BEFORE UPDATE ON huying_events BEGIN SELECT 1; END")
    if what == "foreign":
        db.execute("CREATE TRIGGER x AFTER INSERT ON huying_events BEGIN SELECT 1; END")
    if what == "ignoring":
        db.execute("CREATE TRIGGER x BEFORE INSERT ON huying_events BEGIN SELECT RAISE(IGNORE); END")
    if what == "view":
        db.execute("CREATE VIEW seen AS SELECT * FROM huying_events")
    db.commit()
    db.close()
    with Journal(str(log), create=False) as journal:
        assert caplog.messages, "it is told on opening"
        if what in ("dropped", "changed"):
            assert [f.seq for f in verify(journal)] and len(journal.mended) == 1, "and put back"
        else:
            assert [f.seq for f in verify(journal)] == [0]
        if what == "ignoring":
            with pytest.raises(HuyingError, match="foreign trigger"):
                journal.append(morning()[:1], BEGAN)


POSTGRES = {
    "dropped": "DROP TRIGGER huying_guard ON huying_events",
    "disabled": "ALTER TABLE huying_events DISABLE TRIGGER huying_guard",
    "function": "CREATE OR REPLACE FUNCTION huying_refuse() RETURNS trigger AS $$ BEGIN RETURN NULL; END $$ "
    "LANGUAGE plpgsql",
    "conditional": "DROP TRIGGER huying_guard ON huying_events; CREATE TRIGGER huying_guard BEFORE UPDATE OR DELETE "
    "ON huying_events FOR EACH ROW WHEN (OLD.seq < 0) EXECUTE FUNCTION huying_refuse()",
    "of a column": "DROP TRIGGER huying_guard ON huying_events; CREATE TRIGGER huying_guard BEFORE UPDATE OF unit "
    "OR DELETE OR TRUNCATE ON huying_events FOR EACH STATEMENT EXECUTE FUNCTION huying_refuse()",
    "foreign trigger": "CREATE FUNCTION other() RETURNS trigger AS $$ BEGIN RETURN NEW; END $$ LANGUAGE plpgsql; "
    "CREATE TRIGGER x BEFORE INSERT ON huying_events FOR EACH ROW EXECUTE FUNCTION other()",
    "foreign rule": "CREATE RULE r AS ON UPDATE TO huying_events DO INSTEAD NOTHING",
}
MENDED = ("dropped", "disabled", "function", "conditional", "of a column")


@pytest.mark.parametrize("what", POSTGRES)
def test_guards_of_postgresql(
    postgres: str, what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    change = sa.text("UPDATE huying_events SET kind = 'x' WHERE seq = 1")
    with Journal(postgres) as journal:
        journal.append(morning(), BEGAN)
        with pytest.raises(HuyingError, match="append-only"), journal.begin() as db:
            db.execute(change)
        with journal.begin() as db:
            for statement in POSTGRES[what].split("; C"):
                db.execute(sa.text(statement if statement.startswith(("C", "D", "A")) else "C" + statement))
    with Journal(postgres, create=False) as journal:
        assert caplog.messages, "it is told on opening"
        faults = list(verify(journal, clips=False))
        assert [f.seq for f in faults] == [0], faults
        if what in MENDED:
            assert len(journal.mended) == 1
        else:
            assert "foreign" in str(faults[0])
    if what in MENDED:
        with Journal(postgres, create=False) as journal:
            assert list(verify(journal, clips=False)) == []
            with pytest.raises(HuyingError, match="append-only"), journal.begin() as db:
                db.execute(change)
