"""Every parser against nonsense: a clear error or a list of mistakes, never a crash. What was found is kept below."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf

from voice.audio.source import open_recording
from voice.errors import HuyingError
from voice.grammar.templates import read_templates
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
from voice.station.recorders import call_of, call_of_trunk_recorder
from voice.station.requests import take

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


def _each(data: Any, act: Callable[[Any], object]) -> None:
    hypothesis.settings(
        max_examples=120,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )(hypothesis.given(data)(act))()


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
}


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
