"""The journal: append-only, numbered, chained, and every change to it shows."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from datetime import timedelta, timezone
from pathlib import Path

import numpy as np
import openpyxl
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.journals import BEGAN, CLIP, acknowledged, over, talk, tamper
from tests.helpers.waiting import until
from voice.bureau.store import HubStore
from voice.errors import HuyingError
from voice.journal.by_hand import acknowledgement, correction, undoing
from voice.journal.clips import ClipStore
from voice.journal.codec import KINDS, from_json, to_json
from voice.journal.event import GENESIS
from voice.journal.export import Reader, export
from voice.journal.lines import lines
from voice.journal.overs import KEPT, Overs
from voice.journal.rolls import sessions, unit_figures
from voice.journal.search import search
from voice.journal.sheets import Heading, write_html, write_xlsx
from voice.journal.store import Journal
from voice.journal.verify import verify
from voice.net.loading import Net
from voice.pcm import Pcm16
from voice.talk.by_hand import Confirmed, Corrected
from voice.talk.facts import CalledIn
from voice.time import parse_wall


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "log.sqlite"
    with Journal(str(file)) as journal:
        journal.append(talk(journal.clips.put(CLIP)), BEGAN)
    return file


def faults(path: Path) -> list[str]:
    with Journal(str(path), create=False) as journal:
        return [str(f) for f in verify(journal) if f.seq]  # event 0: guards that the test itself has dropped


def test_events_are_numbered_and_chained(path: Path) -> None:
    with Journal(str(path)) as journal:
        events = list(journal.events())
        assert [e.seq for e in events] == list(range(1, 8))
        assert [e.previous for e in events] == [GENESIS, *(e.hash for e in events[:-1])]
        assert journal.head == events[-1].hash
        assert events[1].wall == "2026-06-05T00:30:02.000Z"
    assert faults(path) == []


@pytest.mark.parametrize("statement", ["UPDATE huying_events SET t = 1", "DELETE FROM huying_events WHERE seq = 1"])
def test_database_refuses_changes(path: Path, statement: str) -> None:
    with pytest.raises(sqlite3.DatabaseError, match="append-only"):
        sqlite3.connect(path).execute(statement)


@pytest.mark.parametrize(
    "sql, found",
    [
        ("UPDATE huying_events SET body = replace(body, '收到', '没有') WHERE seq = 4", "event 4: was changed"),
        ("UPDATE huying_events SET wall = '2026-06-05T00:31:00.000Z' WHERE seq = 2", "event 2: was changed"),
        ("UPDATE huying_events SET unit = '103' WHERE seq = 4", "event 4: its unit column was changed"),
        ("DELETE FROM huying_events WHERE seq = 3", "event 3: event is missing"),
        ("DELETE FROM huying_events WHERE seq IN (3, 4)", "event 3: events up to 4 are missing"),
        ("UPDATE huying_events SET seq = -seq WHERE seq IN (2, 3)", "event"),
    ],
)
def test_verify_finds_what_was_changed(path: Path, sql: str, found: str) -> None:
    tamper(path, sql)
    assert any(f.startswith(found) for f in faults(path)), faults(path)


def test_verify_finds_two_events_that_changed_places(path: Path) -> None:
    db = sqlite3.connect(path)
    rows = db.execute("SELECT seq, kind, t, wall, unit, body FROM huying_events WHERE seq IN (2, 5)").fetchall()
    db.close()
    (a, *first), (b, *second) = rows
    db = sqlite3.connect(path)
    db.execute("DROP TRIGGER huying_no_update")
    for seq, values in ((a, second), (b, first)):
        db.execute("UPDATE huying_events SET kind=?, t=?, wall=?, unit=?, body=? WHERE seq=?", (*values, seq))
    db.commit()
    assert {f.split(":")[0] for f in faults(path)} == {"event 2", "event 5"}


def test_verify_finds_missing_and_altered_clips(path: Path) -> None:
    with Journal(str(path)) as journal:
        clip = journal.clips.path(next(iter(journal.events(kind="over"))).data["clip"])
        other = journal.clips.path(journal.clips.put(CLIP[::-1].copy()))
    shutil.copy(other, clip)
    assert any("was altered" in f for f in faults(path))
    clip.write_bytes(b"not a clip")
    assert any("cannot be read" in f for f in faults(path))
    clip.unlink()
    assert any("missing" in f for f in faults(path))


def test_append_is_all_or_nothing(path: Path) -> None:
    db = sqlite3.connect(path)
    refuse = "WHEN NEW.kind = 'called' BEGIN SELECT RAISE(FAIL, 'no'); END"
    db.execute(f"CREATE TRIGGER t BEFORE INSERT ON huying_events {refuse}")
    db.commit()
    with Journal(str(path)) as journal:
        before = len(list(journal.events()))
        with pytest.raises(HuyingError, match="cannot write"):
            journal.append(talk("")[1:4], BEGAN)
        assert len(list(journal.events())) == before
        assert [f.seq for f in verify(journal)] == [0], "a foreign trigger, and nothing else"


def test_two_writers_make_one_chain(path: Path) -> None:
    """A correction or a confirmation comes while the station logs."""
    with Journal(str(path)) as station, Journal(str(path)) as desk:
        for _ in range(3):
            station.append(talk("")[1:2], BEGAN)
            desk.append(talk("")[1:3], BEGAN)
        numbers = [e.seq for e in station.events()]
        assert numbers == list(range(1, len(numbers) + 1)) and len(numbers) == 7 + 9
    assert faults(path) == []


def test_a_journal_has_one_station(path: Path) -> None:
    with Journal(str(path)) as first, Journal(str(path)) as second:
        first.claim()
        with pytest.raises(HuyingError, match="another station"):
            second.claim()
        second.append(talk("")[1:2], BEGAN)
    with Journal(str(path)) as third:
        third.claim()


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=5, deadline=None)
@given(data=st.data())
def test_every_kind_of_fact_survives_the_journal(kind: str, data: st.DataObject) -> None:
    cls = KINDS[kind]
    fact = data.draw(st.builds(cls, **{f.name: ... for f in fields(cls)}))
    again = from_json(kind, json.loads(json.dumps(to_json(fact))))
    assert type(again) is cls and json.dumps(to_json(again)) == json.dumps(to_json(fact))


def test_kinds_that_people_have_in_their_journals_stay() -> None:
    """None of them may go, or be renamed. A new kind may be added here once a release has written it."""
    assert set(KINDS) >= {
        "session_began",
        "over",
        "transcribed",
        "called",
        "broadcast",
        "answered",
        "remarked",
        "called_in",
        "control_replied",
        "relayed",
        "not_understood",
        "closed",
        "roll",
        "announced",
        "device",
        "clock",
        "roll_began",
        "roll_ended",
        "alert_raised",
        "alert_ended",
        "watch_set",
        "overdue",
        "commanded",
        "corrected",
        "acknowledged",
        "undone",
        "confirmed",
        "net_edited",
        "net_entered",
        "clips_removed",
        "clip_hold",
        "session_ended",
    }


def test_newer_journal_is_refused_and_unchanged(path: Path) -> None:
    db = sqlite3.connect(path)
    db.execute("UPDATE huying_info SET value = '99' WHERE key = 'schema'")
    db.commit()
    db.close()
    before = path.read_bytes()
    with pytest.raises(HuyingError, match="newer Huying"):
        Journal(str(path))
    assert path.read_bytes() == before


def test_other_files_are_not_journals(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("不是日志" * 500, "utf-8")
    with pytest.raises(HuyingError, match="cannot be opened"):
        Journal(str(text))
    foreign = tmp_path / "foreign.sqlite"
    sqlite3.connect(foreign).execute("CREATE TABLE cats (name TEXT)").connection.commit()
    with pytest.raises(HuyingError, match="another program"):
        Journal(str(foreign))
    with pytest.raises(HuyingError, match="no such journal"):
        Journal(str(tmp_path / "none.sqlite"), create=False)


def test_a_database_whose_driver_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg2", None)
    with pytest.raises(
        HuyingError, match=r"psycopg2 is missing; pip install .*, and begin the URL with postgresql\+pg8000:"
    ):
        Journal("postgresql+psycopg2://x@localhost/y")


def test_folder_that_cannot_be_written(tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("in the way")
    with pytest.raises(HuyingError, match="cannot be opened as a journal"):
        Journal(str(blocker / "log.sqlite"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_full_disk_leaves_no_half_clip(tmp_path: Path) -> None:
    with Journal(str(tmp_path / "log.sqlite")) as journal:
        path = journal.clips.path("ab" * 32)
        path.parent.mkdir(parents=True)
        name = journal.clips.put(CLIP)
        target = journal.clips.path(name)
        target.unlink()
        target.with_suffix(f".{os.getpid()}-{threading.get_ident()}.part").symlink_to("/dev/full")
        with pytest.raises(HuyingError, match="cannot write the clip"):
            journal.clips.put(CLIP)
        assert not target.exists()


def test_one_sound_on_several_channels_at_once(tmp_path: Path) -> None:
    """They keep one clip between them, and it is whole as soon as it is there."""
    store = ClipStore(tmp_path)
    rng = np.random.default_rng(0)
    with ThreadPoolExecutor(4) as channels:
        for _ in range(30):
            pcm = rng.integers(-3000, 3000, 20_000).astype(np.int16)
            together = threading.Barrier(4)

            def keep(pcm: Pcm16 = pcm, together: threading.Barrier = together) -> bool:
                together.wait()
                return np.array_equal(store.get(store.put(pcm)), pcm)

            assert all(channels.map(lambda _k, keep=keep: keep(), range(4)))
    assert len(list(tmp_path.rglob("*.flac"))) == 30 and not list(tmp_path.rglob("*.part"))


def test_a_new_journal_that_several_open_at_once(tmp_path: Path) -> None:
    """A hub that starts and a command that looks: whoever is second waits for the tables of the first."""
    with ThreadPoolExecutor(4) as pool:
        for n in range(5):
            together = threading.Barrier(4)

            def opened(path: Path = tmp_path / f"{n}.sqlite", together: threading.Barrier = together) -> HubStore:
                together.wait()
                return HubStore(str(path))

            for future in [pool.submit(opened) for _ in range(4)]:
                store = future.result()
                assert len(store.journal) == 0 and not store.standing()
                store.close()


def test_a_writer_is_waited_for(path: Path) -> None:
    """By a hub that makes its tables in a journal that is written to, and by one that reads before it writes."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other, ThreadPoolExecutor(1) as pool:
        other.execute("BEGIN IMMEDIATE")
        opened = pool.submit(HubStore, str(path))
        assert not until(opened.done, 0.3)
        other.execute("COMMIT")
        store = opened.result()
        other.execute("BEGIN IMMEDIATE")
        refused = pool.submit(store.refuse, "x", b"y", "it is none")
        assert not until(refused.done, 0.3) and not store.refusals(), "reading does not wait"
        other.execute("COMMIT")
        refused.result()
        assert store.refusals() == [("x", "it is none")]
        store.close()


def test_two_hubs_that_write_what_they_have_just_read(tmp_path: Path) -> None:
    """Neither is refused because the other wrote in between."""
    stores = [HubStore(str(tmp_path / "hub.sqlite")) for _ in range(2)]

    def write(n: int) -> None:
        for k in range(30):
            stores[n].refuse(str(n), f"{n} {k}".encode(), "it is none")

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, range(2)))
    assert len(stores[0].refusals()) == 60
    for store in stores:
        store.close()


def test_correction_is_a_new_event_and_the_sheet_follows_it(path: Path) -> None:
    with Journal(str(path)) as journal:
        silent = next(iter(journal.events(kind="closed")))
        journal.append([Corrected(t=30, corrects=silent.seq, unit="102", meaning="normal", by="值班员")], BEGAN)
        (session,) = sessions(journal.events())
        assert [(c.unit, c.result, c.grade) for c in session.calls] == [
            ("101", "answered", "slot"),
            ("102", "answered", "human"),
        ]
        assert next(iter(journal.events(kind="closed"))).data["outcome"] == "silent", "the original stays"
    assert faults(path) == []


def test_figures_name_every_unit_of_the_roster(path: Path) -> None:
    with Journal(str(path)) as journal:
        rows = {f.unit: f for f in unit_figures(sessions(journal.events()))}
    assert list(rows) == ["101", "102", "103"]
    assert (rows["101"].answered, rows["101"].median_s) == (1, 2.2)
    assert (rows["102"].silent, rows["103"].calls) == (1, 0)


def test_exports(path: Path, tmp_path: Path) -> None:
    with Journal(str(path)) as journal:
        for form in ("jsonl", "csv", "xlsx"):
            assert export(tmp_path / f"log.{form}", form, lines(journal.events())) == 7
        rolls = sessions(journal.events())
        write_html(tmp_path / "roll.html", rolls, Heading(lambda u: f"单位{u}"))
        write_xlsx(tmp_path / "roll.xlsx", rolls, Heading(lambda u: f"=单位{u}"))
    rows = [json.loads(x) for x in (tmp_path / "log.jsonl").read_text("utf-8").splitlines()]
    assert [r["type"] for r in rows][3] == "answered" and rows[3]["latency_s"] == 2.2
    assert (tmp_path / "log.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    page = openpyxl.load_workbook(tmp_path / "log.xlsx").active
    assert page is not None and page.max_row == 8
    html = (tmp_path / "roll.html").read_text("utf-8")
    assert "单位101" in html and "http" not in html.replace("http://www.w3.org", "")
    book = openpyxl.load_workbook(tmp_path / "roll.xlsx")
    formulas = [c.value for s in book for row in s.iter_rows() for c in row if c.data_type == "f"]
    assert not any("单位" in str(f) for f in formulas), "a name is never run as a formula"


def test_tables_are_written_for_people(path: Path, tmp_path: Path) -> None:
    """The office opens it: its own time of day, names, and what was meant in its own words."""
    with Journal(str(path)) as journal:
        names = {"101": "省残联", "102": "贾岗社区治安队"}
        reader = Reader(lambda u: names.get(u or "", u or ""), timezone(timedelta(hours=8)))
        export(tmp_path / "log.csv", "csv", lines(journal.events()), reader)
    with (tmp_path / "log.csv").open(encoding="utf-8-sig", newline="") as f:
        rows = list(csv.DictReader(f))
    answered = next(r for r in rows if r["type"] == "answered")
    assert (answered["单位"], answered["事件"], answered["意义"]) == ("省残联", "回答", "收到")
    assert answered["unit"] == "101" and answered["meaning"] == "ack" and answered["wall"].endswith("Z")
    began = parse_wall(answered["wall"]).astimezone(timezone(timedelta(hours=8)))
    assert answered["时间"] == f"{began:%Y-%m-%d %H:%M:%S}"
    closed = next(r for r in rows if r["type"] == "closed")
    assert closed["意义"] == "未答" and closed["单位"] == "贾岗社区治安队"


def test_lines_that_look_like_formulas_are_defused(tmp_path: Path) -> None:
    export(tmp_path / "x.csv", "csv", [dict.fromkeys(("seq", *_fields())) | {"text": "=cmd()"}])
    assert "'=cmd()" in (tmp_path / "x.csv").read_text("utf-8")


def _fields() -> tuple[str, ...]:
    from voice.journal.lines import FIELDS

    return FIELDS


def test_postgres_holds_the_same_chain(
    postgres: str, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with Journal(str(path)) as local, Journal(postgres) as remote:
        remote.append([e.fact() for e in local.events()], BEGAN)
        assert remote.head == local.head
        remote.clips.put(CLIP)
        assert list(verify(remote)) == []
        with pytest.raises(sa.exc.DatabaseError, match="append-only"), remote._engine.begin() as db:
            db.execute(sa.text("DELETE FROM huying_events"))


def test_url_without_its_driver_or_server_is_a_clear_error() -> None:
    with pytest.raises(HuyingError, match="driver"):
        Journal("mysql://huying:secret@127.0.0.1:1/x")
    with pytest.raises(HuyingError) as e:
        Journal("postgresql+pg8000://huying:secret@127.0.0.1:1/x")
    assert "secret" not in str(e.value)


def test_writing_survives_a_kill(tmp_path: Path) -> None:
    """A writer that is killed in the middle leaves a whole chain."""
    program = (
        "import sys; from tests.helpers.journals import *; from voice.journal.store import Journal\n"
        "j = Journal(sys.argv[1])\n"
        "while True:\n    j.append(talk('')[1:4], BEGAN); print(len(j), flush=True)"
    )
    file = tmp_path / "log.sqlite"
    writer = subprocess.Popen([sys.executable, "-c", program, str(file)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    reported = 0
    for _ in range(20):
        reported = int(writer.stdout.readline())
    writer.kill()
    writer.wait()
    with Journal(str(file), create=False) as journal:
        assert len(journal) >= reported
        assert list(verify(journal, clips=False)) == []


@pytest.mark.parametrize("form", ["jsonl", "csv", "xlsx"])
def test_an_export_that_is_killed_leaves_the_file_before_it(path: Path, tmp_path: Path, form: str) -> None:
    """Killed between its lines: what was exported last time is still there, whole."""
    out = tmp_path / f"log.{form}"
    with Journal(str(path), create=False) as journal:
        export(out, form, lines(journal.events()))
    before = out.read_bytes()
    program = (
        "import os, signal, sys; from pathlib import Path\n"
        "from voice.journal.export import Reader, export; from voice.journal.lines import lines\n"
        "from voice.journal.store import Journal\n"
        "def some(found):\n"
        "    for k, line in enumerate(found):\n"
        "        if k == 5: os.kill(os.getpid(), signal.SIGKILL)\n"
        "        yield line\n"
        "j = Journal(sys.argv[1], create=False)\n"
        "export(Path(sys.argv[2]), sys.argv[3], some(lines(j.events())))"
    )
    killed = subprocess.run([sys.executable, "-c", program, str(path), str(out), form], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert out.read_bytes() == before


def test_an_export_into_a_pipe(path: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE, text=True)
    with Journal(str(path), create=False) as journal:
        assert export(pipe, "jsonl", lines(journal.events())) == 7
    assert reader.communicate(timeout=10)[0].count("\n") == 7


def test_a_session_of_months_is_not_kept_in_memory() -> None:
    overs = Overs()
    for k in range(1, 3 * KEPT):
        heard = over(k, float(k), "", "收到")
        overs.take(heard, 2 * k)
        answer = acknowledged(float(k), exchange=k, over=k)
        assert overs.of(answer) == heard and overs.seq_of(answer) == 2 * k
    assert overs.of(over(3 * KEPT - KEPT, 0.0, "", "")) is not None and overs.of(over(KEPT, 0.0, "", "")) is None


def test_what_a_person_wrote_down_is_found_with_its_over(net: Net) -> None:
    with Journal("sqlite://") as journal:
        journal.append([over(1, 2.0, "", "收到"), over(2, 3.0, "", "[ji ei yao]")], BEGAN)
        seq = journal.enter(Confirmed(confirms=2, clip="", said="收到,豫A12354", by="王"))
        for words in ("豫A123", "A12354"):
            assert [x["seq"] for x in search(journal, words, net)] == [2, seq], words
        first, _ = search(journal, "豫A123", net)
        assert first["text"] == "收到,豫A12354" and first["over"] == [3.0, 5.0]
        journal.enter(undoing(journal, seq, "王"))
        assert [x["seq"] for x in search(journal, "豫A123", net)] == [seq]


def test_a_correction_names_the_unit_that_the_event_is_of(net: Net) -> None:
    with Journal("sqlite://") as journal:
        journal.append([over(1, 2.0, "", "收到"), acknowledged(3.0, exchange=1, over=1)], BEGAN)
        with pytest.raises(HuyingError, match=f"event 2 is of unit {net.name_of('101')}, not of {net.name_of('102')}"):
            correction(journal, 2, "102", "normal", "王", name=net.name_of)


def test_an_order_is_no_answer_and_an_answer_no_incident(net: Net) -> None:
    with Journal("sqlite://") as journal:
        journal.append([over(1, 2.0, "", "收到"), acknowledged(3.0, exchange=1, over=1)], BEGAN)
        with pytest.raises(HuyingError, match="is no meaning"):
            correction(journal, 2, "101", "开始点名", "王")
        with pytest.raises(HuyingError, match="reports no incident"):
            acknowledgement(journal, 2, "王")
        journal.enter(correction(journal, 2, "101", "有情况", "王"))
        assert acknowledgement(journal, 2, "王").acknowledges == 2, "it does after a correction"


def test_what_a_unit_said_uncalled_may_be_another_units(net: Net) -> None:
    with Journal("sqlite://") as journal:
        report = CalledIn(t=1, over=1, unit="101", meaning="report", grade="call_sign", text="", pinyin="",
                          confidence=0.9)  # fmt: skip
        journal.append([over(1, 1.0, "", "报告"), report], BEGAN)
        first = journal.enter(correction(journal, 2, "102", "report", "王", name=net.name_of))
        again = correction(journal, first, "103", "situation", "王", name=net.name_of)
        assert (again.corrects, again.unit) == (2, "103"), "the correction is corrected: of the original event"
        assert [x["seq"] for x in search(journal, net.name_of("102"), net)] == [first]
