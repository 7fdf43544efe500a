"""A station that sends what it should not: the others' log goes on, is read back, and is shown."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.helpers.console import BEGAN, morning
from voice.bureau.heads import unpacked_head
from voice.bureau.store import HubStore
from voice.bureau.wire import StationEvent, packed, subject_of, unpacked, unpacked_roster
from voice.errors import HuyingError
from voice.journal.codec import KINDS, fault_of
from voice.journal.event import Event, NewEvent, chained, wall_time
from voice.journal.incidents import incidents
from voice.journal.lines import lines
from voice.journal.rolls import sessions_between
from voice.journal.store import Journal
from voice.journal.verify import verify
from voice.talk.by_hand import ClipsRemoved

NOW = wall_time(datetime.now(UTC), 0)


def good() -> list[Event]:
    with Journal("sqlite://") as journal:
        return journal.append(morning(), BEGAN)


def body(data: object) -> str:
    return (
        data if isinstance(data, str) else json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    )


OVER: dict[str, Any] = next(e.data for e in good() if e.kind == "over")
SESSION: dict[str, Any] = next(e.data for e in good() if e.kind == "session_began")
FUTURE = wall_time(datetime.now(UTC) + timedelta(days=400), 0)

EVIL: dict[str, tuple[str, Any, str, str | None]] = {
    "an unknown kind": ("nonsense", {}, NOW, None), "nothing in it": ("over", {}, NOW, None),
    "a field is missing": ("over", {k: v for k, v in OVER.items() if k != "clip"}, NOW, None),
    "a number for a text": ("over", OVER | {"text": 7}, NOW, None),
    "a text for a number": ("over", OVER | {"start": "soon"}, NOW, None),
    "lists for units": ("session_began", SESSION | {"units": [[1], None, {"a": 1}]}, NOW, None),
    "an outcome that is none": ("over", OVER | {"outcome": "<b>"}, NOW, None),
    "a clip that is none": ("over", OVER | {"clip": "\"onerror=\"document.title='pwned'\" x=\""}, NOW, None),
    "a time that is none": ("over", OVER, "yesterday", None),
    "another time that is none": ("over", OVER, NOW[:-1], None),
    "a time that has not come": ("session_began", SESSION, FUTURE, None),
    "a beginning that is no time": ("session_began", SESSION | {"began": "<script>"}, NOW, None),
    "another unit beside it": ("over", OVER, NOW, "101"),
    "a result that is none": (
        "net_entered", {"t": 0.0, "began": NOW, "by": "x", "results": [["1", "<b>", ""]]}, NOW, None
    ),
    "not a number": ("over", '{"t":NaN}', NOW, None),
    "an endless number": ("over", body(OVER | {"over": 10**30}), NOW, None),
    "half a character": ("over", body(OVER).replace('"text":"', '"text":"\\ud800', 1), NOW, None),
    "a NUL": ("over", body(OVER).replace('"text":"', '"text":"\\u0000', 1), NOW, None),
    "a correction of anything": (
        "corrected", {"t": 0.0, "corrects": "1", "unit": 5, "meaning": None, "by": []}, NOW, None
    ),
    "a removal without a date": ("clips_removed", {"t": 0.0, "before": "", "clips": -1, "by": "x"}, NOW, None),
    "a hold that never was": ("clip_hold", {"t": 0.0, "since": "x", "until": "y", "by": "z"}, NOW, None),
}  # fmt: skip


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[HubStore]:
    url = str(tmp_path / "hub.sqlite") if request.param == "sqlite" else request.getfixturevalue("postgres")
    made = HubStore(url)
    yield made
    made.close()


def test_what_a_station_writes_itself_is_taken() -> None:
    for e in good():
        assert fault_of(e.kind, e.body, e.wall, e.unit) == "", e


def read_back(journal: Journal) -> list[dict[str, Any]]:
    """What pages, sheets and searches read."""
    sessions_between(journal, None, None)
    list(incidents(journal.events()))
    return list(lines(journal.events()))


def test_what_cannot_be_used_is_set_aside_and_the_rest_is_read(store: HubStore) -> None:
    """The evil events of 02 lie between good ones; 01 is not touched, and 02's own good ones are joined."""
    store.store([StationEvent("01", e) for e in good()])
    first = [NewEvent(e.kind, e.t, e.wall, e.body, e.unit) for e in good()]
    evil = [NewEvent(kind, 0.0, wall, body(data), unit) for kind, data, wall, unit in EVIL.values()]
    sent = [StationEvent("02", e) for e in chained([*first, *evil, *first[1:]], 0, "0" * 64)]
    for s in sent:
        assert unpacked(subject_of("zz", "02", s.event), packed(s.event)) == s
    result = store.store(sent)
    assert len(result.refused) == len(EVIL), result.refused
    assert store.store(sent).known == len(sent), "again does no harm"
    by_station = {s.station: s for s in store.standing()}
    assert by_station["02"].aside == len(EVIL) and by_station["02"].seq == len(sent) and not by_station["02"].fault
    assert by_station["02"].waiting == 0 and by_station["01"].aside == 0
    assert len(list(store.events("02"))) == len(sent), "nothing of it is thrown away"
    reasons = [reason for station, reason in store.refusals() if station == "02"]
    assert len(reasons) == len(EVIL) and all("set aside" in r for r in reasons)
    found = read_back(store.journal)
    assert len(found) == len(good()) + len(first) + len(first) - 1
    assert not list(verify(store.journal, clips=False))


def test_in_any_order(store: HubStore) -> None:
    """The evil one comes before what it follows."""
    entries = [NewEvent(e.kind, e.t, e.wall, e.body, e.unit) for e in good()]
    kind, data, wall, unit = EVIL["an unknown kind"]
    sent = [
        StationEvent("02", e)
        for e in chained([*entries, NewEvent(kind, 0.0, wall, body(data), unit), *entries], 0, "0" * 64)
    ]
    store.store(sent[3:])
    store.store(sent[:3])
    (there,) = store.standing()
    assert there.seq == len(sent) and there.aside == 1 and there.waiting == 0
    assert len(read_back(store.journal)) == 2 * len(entries)


def test_every_kind_with_every_field_wrong(tmp_path: Path) -> None:
    """Hypothesis makes bodies of all kinds; whatever is joined can be read back."""
    hypothesis = pytest.importorskip("hypothesis")
    st = pytest.importorskip("hypothesis.strategies")
    some = (
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(max_size=8)
        | st.lists(st.text(max_size=3), max_size=2)
    )
    samples = {e.kind: e.data for e in good()}
    kinds = st.sampled_from(sorted(KINDS)) | st.text(max_size=9)

    def bodies(kind: str) -> Any:
        base = samples.get(kind, {})
        names = st.sampled_from([*base, "clip", "began", "before", "units", "results", "corrects"])
        return st.dictionaries(names, some, max_size=3).map(lambda change: base | change)

    def act(made: tuple[str, dict[str, Any]]) -> None:
        kind, data = made
        text = body(data)
        if fault_of(kind, text, NOW, data.get("unit")):
            return
        with Journal("sqlite://") as journal:
            with journal.begin() as db:
                journal.insert(
                    db,
                    [
                        NewEvent("session_began", 0.0, NOW, body(SESSION), None),
                        NewEvent(kind, 0.0, NOW, text, data.get("unit")),
                    ],
                )
            read_back(journal)

    both = kinds.flatmap(lambda k: st.tuples(st.just(k), bodies(k)))
    hypothesis.settings(max_examples=150, deadline=None, derandomize=True, database=None,
                        suppress_health_check=list(hypothesis.HealthCheck))(hypothesis.given(both)(act))()  # fmt: skip


def test_what_one_station_removed_speaks_for_it_alone(tmp_path: Path) -> None:
    pcm = np.arange(800, dtype=np.int16)
    with closing(HubStore(str(tmp_path / "hub.sqlite"))) as store:
        clip = store.journal.clips.put(pcm)
        other = store.journal.clips.put(pcm + 1)
        with Journal("sqlite://") as one:
            sent = one.append(morning(clip), BEGAN)
        with Journal("sqlite://") as two:
            two.append(morning(other), BEGAN)
            two.enter(ClipsRemoved(before="9999-01-01T00:00:00.000Z", clips=1, by="x"))
            evil = list(two.events())
        store.store([StationEvent("01", e) for e in sent])
        store.store([StationEvent("02", e) for e in evil])
        assert not list(verify(store.journal))
        store.journal.clips.path(other).unlink()
        assert not list(verify(store.journal)), "02 has removed its own"
        store.journal.clips.path(clip).unlink()
        faults = [str(f) for f in verify(store.journal)]
        assert faults and all(clip[:8] in f for f in faults)


TEXTS = ("source", "net", "text", "pinyin", "model", "question", "reason", "speaker", "caller")
XSS = "\"><img src=x onerror=\"document.title='pwned'\"><script>document.title='pwned'</script>"


def test_nothing_in_an_event_runs_in_a_browser(tmp_path: Path) -> None:
    """Every text of every event is a script; every page is opened, and its title stays."""
    sync_api = pytest.importorskip("playwright.sync_api")
    binary = shutil.which("chromium")
    if binary is None:
        pytest.skip("Chromium is not installed (Debian: chromium)")
    from tests.helpers.served import Served

    entries = []
    for e in good():
        data = {k: XSS if isinstance(v, str) and k in TEXTS else v for k, v in e.data.items()}
        if data.get("units"):
            data["units"] = [XSS, *data["units"]]
        entries.append(NewEvent(e.kind, e.t, e.wall, body(data), e.unit))
    entries.append(NewEvent("over", 40.0, entries[-1].wall, body(OVER | {"over": 9, "clip": XSS, "t": 40.0}), None))
    entries.append(
        NewEvent(
            "called",
            41.0,
            entries[-1].wall,
            body(
                {
                    "t": 41.0,
                    "exchange": 9,
                    "unit": XSS,
                    "over": 9,
                    "attempt": 1,
                    "to_all": False,
                    "question": XSS,
                    "figures": [XSS],
                }
            ),
            XSS,
        )
    )
    with Journal(str(tmp_path / "log.sqlite")) as journal, journal.begin() as db:
        journal.insert(db, entries)
    served = Served(tmp_path / "home", tmp_path / "log.sqlite")
    try:
        with sync_api.sync_playwright() as p:
            browser = p.chromium.launch(executable_path=binary, args=["--no-sandbox"])
            page = browser.new_page()
            page.set_default_timeout(180_000)
            for path in ("/", "/review", "/rolls", "/log", "/roster", "/devices"):
                page.goto(served.url + path, wait_until="domcontentloaded")
                page.wait_for_selector(".q-page-container, .q-page")
                page.wait_for_timeout(3000)
                assert "pwned" not in page.title(), path
                assert not page.evaluate("document.querySelectorAll('[onerror]').length"), path
    finally:
        served.close()


@pytest.mark.parametrize(
    "data",
    [b"1.5", b"null", b"[]", b'"x"', b"true", b'{"version": Infinity}', b'{"version": {}}', b"\xff", b"{" * 9999],
)
def test_messages_that_are_no_objects_end_no_hub(data: bytes) -> None:
    """A hub ended at one such message, came back, and ended again: found by the fuzzer."""
    for subject, take_it in (
        ("huying.zz.01.main.over", unpacked),
        ("huying.zz.01.roster", unpacked_roster),
        ("huying.zz.01.head", unpacked_head),
    ):
        with pytest.raises(HuyingError):
            take_it(subject, data)
