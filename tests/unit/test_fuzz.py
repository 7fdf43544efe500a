"""Every parser against nonsense: a clear error or a list of mistakes, never a crash. What was found is kept below.

Each parser has a budget: 120 inputs, the same every time, or five seconds. ``make fuzz`` (``make fuzz SECONDS=600``)
gives each so many seconds and other inputs every time; it says how many it tried.
"""

from __future__ import annotations

import io
import json
import os
import time
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest
import soundfile as sf

from voice.audio.source import open_recording
from voice.audio.streams import RawStream
from voice.bureau.heads import read_keys, unpacked_head
from voice.bureau.wire import unpacked, unpacked_roster
from voice.console.users import Users
from voice.errors import HuyingError
from voice.grammar.templates import read_templates
from voice.journal.signing import signed_heads
from voice.mandarin.numerals import CannotBeRead, for_the_air
from voice.mandarin.readings import read_table
from voice.measure.scenario import read_scenario
from voice.measure.scoring import read_labels
from voice.measure.utterances import labels_beside
from voice.net.loading import Net
from voice.net.roster import read_roster
from voice.net.settings import read_settings
from voice.pcm import RATE
from voice.places import sample_net
from voice.radio.bursts import find_bursts
from voice.station.recorded_call import call_of, call_of_trunk_recorder
from voice.station.requests import take

pytestmark = pytest.mark.no_cover

hypothesis = pytest.importorskip("hypothesis")
st = pytest.importorskip("hypothesis.strategies")

ROSTER = (sample_net() / "roster.csv").read_bytes()[:400]
TOML = (sample_net() / "net.toml").read_bytes()
YAML = (sample_net() / "morning-roll.yaml").read_bytes()[:600]
LABELS = json.dumps(
    {
        "events": [{"type": "called", "t": 1.0, "unit": "1"}],
        "overs": [{"start": 0, "end": 1, "speakers": ["control"], "words": ["收到"]}],
        "duration": 3,
    }
).encode()
GRAMMAR = "[unit]\nnormal = [一切|目前]正常\ncall_in = {unit}呼叫[{control}]\n".encode()
ACCOUNTS = json.dumps([{"name": "王", "role": "admin", "hash": "$argon2id$x", "tokens": ["ab" * 32]}]).encode()
READINGS = "祭城 = zha4 cheng2 | ji4 cheng2\n0 = ling2 | dong4\n".encode()


def _wav() -> bytes:
    out = io.BytesIO()
    sf.write(out, np.arange(2000, dtype=np.int16), RATE, format="WAV")
    return out.getvalue()


def mangled(good: bytes) -> Any:
    """Random bytes, and a good file with some bytes changed, cut out or doubled."""

    def mangle(edits: list[tuple[int, int, bytes]]) -> bytes:
        data = good
        for at, length, new in edits:
            k = at % (len(data) + 1)
            data = data[:k] + new + data[k + length :]
        return data

    edit = st.tuples(st.integers(0, 10_000), st.integers(0, 30), st.binary(max_size=12))
    return st.one_of(
        st.binary(max_size=300),
        st.text(max_size=200).map(str.encode),
        st.lists(edit, min_size=1, max_size=4).map(mangle),
    )


LONG_S = float(os.environ.get("HUYING_FUZZ_S", "0"))
"""Seconds for each parser; 0: what every commit gets."""

BUDGET_S = 5.0


def _each(data: Any, act: Callable[[Any], object]) -> None:
    ends, tried, failed = time.monotonic() + (LONG_S or BUDGET_S), 0, False

    def within(given: Any) -> None:
        nonlocal tried, failed
        # one input at least; what has failed is tried again until it is small, however long
        if failed or not tried or time.monotonic() < ends:
            tried += 1
            try:
                act(given)
            except BaseException:
                failed = True
                raise

    settings = hypothesis.settings(
        max_examples=2000 if LONG_S else 120,
        deadline=None,
        derandomize=not LONG_S,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    while True:
        settings(hypothesis.given(data)(within))()
        if not LONG_S or time.monotonic() >= ends:
            break
    assert tried
    if LONG_S:
        print(f"{tried} inputs")


PARSERS: dict[str, tuple[bytes, str, Callable[[Path], object]]] = {
    "roster": (ROSTER, "r.csv", read_roster),
    "workbook": (b"PK\x03\x04" + ROSTER, "r.xlsx", read_roster),
    "settings": (TOML, "net.toml", read_settings),
    "grammar": (GRAMMAR, "g.txt", lambda p: read_templates([p])),
    "readings": (READINGS, "readings.txt", lambda p: read_table([p])),
    "scenario": (YAML, "s.yaml", read_scenario),
    "labels": (LABELS, "x.labels.json", read_labels),
    "label track": (b"0.5\t1.5\t\xe6\x94\xb6\xe5\x88\xb0\n", "x.txt", lambda p: labels_beside(p.with_suffix(".wav"))),
    "labels of overs": (LABELS, "x.labels.json", lambda p: labels_beside(p.with_name("x.wav"))),
    "recording": (_wav(), "x.wav", lambda p: list(open_recording(p).frames())),
    "recording of a phone": (b"#!AMR\n" + bytes(32) * 3, "x.amr", open_recording),
    "delimited roster": ("编号\t名称\r\n101\t省残联\r\n".encode("utf-16"), "r.txt", read_roster),
    "keys": (b"01 " + b"ab" * 32 + b"\n", "keys.txt", read_keys),
    "signed heads": (f"huying-head-1 5 {'a' * 64} {'b' * 128}\n".encode(), "heads.txt", signed_heads),
    "accounts": (ACCOUNTS, "users.json", lambda p: Users(p).all()),
}


def _book(sheet: bytes) -> bytes:
    """A workbook whose only sheet is this; all else is as Excel leaves it."""
    good = io.BytesIO()
    book = openpyxl.Workbook()
    book.active.append(["编号", "名称"])
    book.active.append(["101", "省残联"])
    book.save(good)
    out = io.BytesIO()
    with zipfile.ZipFile(good) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, sheet if name == "xl/worksheets/sheet1.xml" else old.read(name))
    return out.getvalue()


def _sheet() -> bytes:
    with zipfile.ZipFile(io.BytesIO(_book(b""))) as there:
        assert "xl/worksheets/sheet1.xml" in there.namelist()
    rows = "".join(
        f'<row r="{k}"><c r="A{k}" t="inlineStr"><is><t>{a}</t></is></c><c r="B{k}" t="inlineStr"><is><t>{b}</t></is>'
        "</c></row>"
        for k, (a, b) in enumerate((("编号", "名称"), ("101", "省残联"), ("102", "贾岗社区")), 1)
    )
    head = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><dimension ref="A1:B3"/>'
    return f'{head}<sheetData>{rows}</sheetData><mergeCells><mergeCell ref="A2:A3"/></mergeCells></worksheet>'.encode()


def test_sheets_of_workbooks(tmp_path: Path) -> None:
    path = tmp_path / "r.xlsx"
    path.write_bytes(_book(_sheet()))
    units, _ = read_roster(path)
    assert {u.id for u in units} >= {"101"}

    def act(data: bytes) -> None:
        path.write_bytes(_book(data))
        with suppress(HuyingError):
            read_roster(path)

    _each(mangled(_sheet()), act)


def test_messages_of_the_bureau() -> None:
    """What a station that has turned may send: events, rosters, signed heads; and files of keys and heads."""
    event = {"version": 1, "seq": 1, "kind": "over", "t": 1.0, "wall": "2026-06-05T00:30:00.000Z", "body": "{}"}
    good = json.dumps({**event, "unit": None, "previous": "0" * 64, "hash": "0" * 64}).encode()
    head = json.dumps({"key": "ab" * 32, "head": f"huying-head-1 5 {'a' * 64} {'b' * 128}"}).encode()
    roster = json.dumps({"name": "n", "units": [{"id": "101", "name": "省残联"}]}).encode()
    takes: dict[bytes, Callable[[bytes], object]] = {
        good: lambda d: unpacked("huying.zz.01.main.over", d),
        roster: lambda d: unpacked_roster("huying.zz.01.roster", d),
        head: lambda d: unpacked_head("huying.zz.01.head", d),
    }
    for sample, take_it in takes.items():

        def act(data: bytes, take_it: Callable[[bytes], object] = take_it) -> None:
            with suppress(HuyingError):
                take_it(data)

        _each(mangled(sample), act)


def test_raw_samples_in_any_form() -> None:
    def act(data: bytes) -> None:
        stream = RawStream(io.BytesIO(data))
        for frame in stream.frames():
            assert frame.pcm.dtype == np.int16

    _each(st.one_of(st.binary(max_size=9000), mangled(_wav() * 2)), act)


@pytest.mark.parametrize("name", PARSERS)
def test_files(name: str, tmp_path: Path) -> None:
    good, file, parse = PARSERS[name]

    def act(data: bytes) -> None:
        path = tmp_path / file
        path.write_bytes(data)
        with suppress(HuyingError):
            parse(path)

    _each(mangled(good), act)


def test_requests(net: Net, tmp_path: Path) -> None:
    def act(data: bytes) -> None:
        (tmp_path / "a.json").write_bytes(data)
        with suppress(HuyingError):
            take(tmp_path, net)

    _each(mangled(json.dumps({"text": "通知", "to": ["101"], "repeat": 2}).encode()), act)


def test_metadata_of_uploads() -> None:
    plain = st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20)
    anything = st.recursive(
        plain, lambda x: st.lists(x, max_size=3) | st.dictionaries(st.text(max_size=9), x, max_size=3)
    )
    names = ("system", "talkgroup", "dateTime", "audioName", "sources", "source", "talkgroupLabel")
    fields = st.fixed_dictionaries({n: st.text(max_size=30) | anything.map(json.dumps) for n in names})

    def form(fields: Any) -> None:
        with suppress(HuyingError):
            call_of(fields, "a.wav")

    _each(fields, form)
    meta = st.dictionaries(st.sampled_from(("talkgroup", "start_time", "talkgroup_tag", "srcList")), anything)

    def recorder(meta: Any) -> None:
        with suppress(HuyingError):
            call_of_trunk_recorder(meta, "1", "a.wav")

    _each(meta, recorder)


def test_bursts_in_any_sound() -> None:
    def act(data: bytes) -> None:
        find_bursts(np.frombuffer(data[: len(data) // 2 * 2], np.int16))

    _each(st.binary(max_size=6000), act)


def test_any_words(net: Net) -> None:
    def act(text: str) -> None:
        with suppress(CannotBeRead):
            net.readings.read(for_the_air(text))

    _each(st.text(max_size=60), act)
    _each(st.text(alphabet="0123456789:年月日%豫AB个二两", max_size=30), act)


def test_a_workbook_that_unpacks_to_gigabytes(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("xl/worksheets/sheet1.xml", b"0" * 300_000_000)
    units, problems = read_roster(path)
    assert units == () and len(problems) == 1 and "unpacks to" in problems[0].what
