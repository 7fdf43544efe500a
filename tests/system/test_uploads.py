"""Calls that recorders upload: requests as rdio-scanner's, SDRTrunk's and trunk-recorder's uploaders send them."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf
import soxr

from tests.helpers.engines import free_port
from tests.helpers.forking import Huying
from tests.helpers.waiting import real_time, until
from voice.errors import HuyingError
from voice.journal.lines import lines
from voice.journal.store import Journal
from voice.journal.verify import verify
from voice.measure.channel import Channel, to_receiver, transmit
from voice.net.loading import Net, load_net
from voice.pcm import RATE, Pcm16
from voice.places import sample_net
from voice.speech.synthesiser import SpeechSettings, Synthesiser
from voice.station.ear import Ear, open_ear
from voice.station.recorded_call import IncompleteCall, call_of
from voice.station.recorders import SETTLE_S, CallSource, UploadDesk
from voice.station.spool import WHOLE, Spool

MORNING = datetime(2026, 6, 5, 0, 30, tzinfo=UTC)
PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Net:
    """The sample net; the radio 4424001 belongs to 贾岗社区治安队."""
    folder = tmp_path_factory.mktemp("uploads") / "net"
    shutil.copytree(sample_net(), folder)
    rows = (folder / "roster.csv").read_text("utf-8").splitlines()
    rows = [r + (",身份码" if k == 0 else ",4424001" if r.startswith("102,") else ",") for k, r in enumerate(rows)]
    (folder / "roster.csv").write_text("\n".join(rows) + "\n", "utf-8")
    return load_net(folder)


@pytest.fixture(scope="module")
def own_ear(own: Net) -> Ear:
    return open_ear(own)


@pytest.fixture(scope="module")
def spoken(own: Net, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Pcm16]]:
    """Calls as a recorder has them: one transmission, squelch tail included, nothing before and after."""
    with Synthesiser(tmp_path_factory.mktemp("speech")) as engine:
        made = {}
        for text in ("贾岗社区治安队,贾岗社区治安队,是否正常", "一切正常,一切正常", "省残联,省残联,是否正常"):
            samples, rate = engine.say(text, own.spell(text), SpeechSettings())
            speech = soxr.resample(samples.astype(np.float64), rate, RATE)
            made[text] = to_receiver(transmit(speech, Channel(snr_db=25.0), np.random.default_rng(1))[0])
        yield made


class Recorder:
    """The upload routes behind their guard, asked over HTTP, and the desk that logs."""

    def __init__(self, folder: Path, ear: Ear) -> None:
        testclient = pytest.importorskip("fastapi.testclient")
        from fastapi import FastAPI

        from voice.console.access import Access
        from voice.console.guard import Guard
        from voice.console.recorders import PATHS, upload_router
        from voice.console.users import Users

        users = Users(folder / "users.json")
        users.add("recorder", PASSWORD, "operator")
        users.add("guest", PASSWORD, "viewer")
        self.key, self.guest = users.token("recorder"), users.token("guest")
        self.spool = Spool(folder)
        self.journal = Journal(str(folder / "log.sqlite"))
        self.told: list[str] = []
        self.desk = UploadDesk(ear, self.journal, self.spool, self.told.append)
        app = FastAPI()
        app.include_router(upload_router(self.spool, Access(users)))
        app.add_middleware(Guard, access=Access(users), own_keys=PATHS)
        self.http: Any = testclient.TestClient(app)

    def send(self, pcm: Pcm16 | bytes, name: str = "call.wav", path: str = "/api/call-upload", **fields: str) -> Any:
        audio = pcm if isinstance(pcm, bytes) else wav(pcm)
        form = {
            "key": self.key,
            "system": "11",
            "talkgroup": "54241",
            "talkgroupLabel": "一号频道",
            "audioType": "audio/wav",
            "frequency": "409750000",
            **fields,
        }
        return self.http.post(path, data={k: v for k, v in form.items() if v}, files={"audio": (name, audio)})

    def logged(self, count: int) -> list[tuple[Any, ...]]:
        """(channel, type, unit, meaning, grade) of exchanges, when there are so many."""

        def found() -> list[tuple[Any, ...]]:
            return [
                (x["channel"], x["type"], x["unit"], x["meaning"], x["grade"])
                for x in lines(self.journal.events())
                if x["type"] in ("called", "answered")
            ]

        assert until(lambda: len(found()) >= count), [
            (x["type"], x["unit"], x["text"]) for x in lines(self.journal.events())
        ]
        return found()


def wav(pcm: Pcm16) -> bytes:
    import io

    out = io.BytesIO()
    sf.write(out, pcm, RATE, format="WAV", subtype="PCM_16")
    return out.getvalue()


@pytest.fixture
def recorder(tmp_path: Path, own_ear: Ear) -> Iterator[Recorder]:
    made = Recorder(tmp_path, own_ear)
    yield made
    made.desk.close()
    made.journal.close()


def test_a_call_and_its_answer(recorder: Recorder, spoken: dict[str, Pcm16], monkeypatch: pytest.MonkeyPatch) -> None:
    """They come in the wrong order and in two formats; the radio's number says who answered."""
    monkeypatch.setattr("voice.station.recorders.SETTLE_S", 6.0)  # so long may a busy machine take for the second one
    call, answer = spoken["贾岗社区治安队,贾岗社区治安队,是否正常"], spoken["一切正常,一切正常"]
    at = MORNING + timedelta(seconds=len(call) / RATE + 2)
    sources = json.dumps([{"pos": 0.0, "src": 4424001}])
    done = recorder.send(answer, dateTime=at.isoformat(), sources=sources)
    assert (done.status_code, done.text) == (200, "Call imported successfully.\n")
    assert recorder.send(call, dateTime=str(int(MORNING.timestamp())), source="7000001").status_code == 200
    assert recorder.send(call, dateTime=str(int(MORNING.timestamp()))).text == "duplicate call rejected\n"
    assert recorder.logged(2) == [
        ("一号频道", "called", "102", "call", None),
        ("一号频道", "answered", "102", "normal", "burst"),
    ]
    answered = next(x for x in lines(recorder.journal.events()) if x["type"] == "answered")
    assert 1.0 < answered["latency_s"] < 3.5 and answered["wall"].startswith("2026-06-05T00:30:")
    assert list(verify(recorder.journal)) == [] and recorder.told == []
    assert until(lambda: not recorder.spool.waiting()), "the journal has them"
    assert not list(recorder.spool.folder.glob("*.wav"))


def test_channels_do_not_mix_and_old_calls_begin_anew(recorder: Recorder, spoken: dict[str, Pcm16]) -> None:
    call, other = spoken["贾岗社区治安队,贾岗社区治安队,是否正常"], spoken["省残联,省残联,是否正常"]
    recorder.send(call, dateTime=MORNING.isoformat())
    recorder.send(other, dateTime=(MORNING + timedelta(seconds=1)).isoformat(), talkgroup="2", talkgroupLabel="")
    assert sorted(recorder.logged(2)) == [
        ("11-2", "called", "101", "call", None),
        ("一号频道", "called", "102", "call", None),
    ]
    recorder.send(other, dateTime=(MORNING - timedelta(hours=1)).isoformat())
    assert recorder.logged(3)[2] == ("一号频道", "called", "101", "call", None)
    began = [e.data["began"] for e in recorder.journal.events(kind="session_began")]
    assert began[-1] == "2026-06-04T23:30:00.000Z" and len(began) == 3
    kinds = [e.kind for e in recorder.journal.events()]
    assert kinds.count("session_ended") == 1, "the session that was too late has ended"


def test_m4a_and_the_metadata_of_trunk_recorder(recorder: Recorder, spoken: dict[str, Pcm16], tmp_path: Path) -> None:
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed")
    (tmp_path / "c.wav").write_bytes(wav(spoken["省残联,省残联,是否正常"]))
    subprocess.run(["ffmpeg", "-v", "error", "-i", str(tmp_path / "c.wav"), str(tmp_path / "c.m4a")], check=True)
    meta = {
        "talkgroup": 9,
        "talkgroup_tag": "巡逻",
        "start_time": int(MORNING.timestamp()),
        "srcList": [{"src": 7000001, "pos": 0.0}],
    }
    files = {"audio": ("c.m4a", (tmp_path / "c.m4a").read_bytes()), "meta": ("c.json", json.dumps(meta).encode())}
    form = {"key": recorder.key, "system": "11"}
    sent = recorder.http.post("/api/trunk-recorder-call-upload", data=form, files=files)
    assert sent.text == "Call imported successfully.\n"
    assert recorder.logged(1) == [("巡逻", "called", "101", "call", None)]


@pytest.mark.parametrize(
    "fields, code, says",
    [
        ({"key": "wrong"}, 401, "Invalid API key for system 11 talkgroup 54241"),
        ({"talkgroup": ""}, 417, "Incomplete call data: no talkgroup"),
        ({"system": ""}, 417, "no system"),
        ({"dateTime": ""}, 417, "no datetime"),
        ({"dateTime": "yesterday"}, 417, "no time"),
        ({"dateTime": "99999999999999999999"}, 417, "no time"),
    ],
)
def test_what_is_refused(recorder: Recorder, fields: dict[str, str], code: int, says: str) -> None:
    done = recorder.send(np.zeros(800, np.int16), **{"dateTime": "2026-06-05T00:30:00Z", **fields})
    assert done.status_code == code and says in done.text
    assert not recorder.spool.folder.exists() or not list(recorder.spool.folder.iterdir())


def test_what_is_no_sound(recorder: Recorder) -> None:
    when = {"dateTime": "2026-06-05T00:30:00Z"}
    assert recorder.send(b"nonsense", **when).status_code == 415
    assert recorder.send(b"nonsense", "a.m4a", **when).status_code == 415
    assert recorder.send(b"", **when).status_code == 417
    assert recorder.send(np.zeros(800, np.int16), **{**when, "key": recorder.guest}).status_code == 401, "a viewer"
    assert recorder.http.post(
        "/api/call-upload", content=b"--x", headers={"Content-Type": "multipart/form-data; boundary=x"}
    ).status_code in (400, 401)
    assert not list(recorder.spool.folder.glob("*"))
    sent = recorder.send(np.zeros(8000, np.int16), "..\\..\\evil<b>.wav", talkgroupLabel="<b>\n x", **when)
    assert sent.status_code == 200
    (kept,) = recorder.spool.folder.glob("*.json")
    assert json.loads(kept.read_text("utf-8"))["label"] == "<b> x" and kept.stem.replace("-", "").isalnum()


def test_a_crash_loses_no_call(tmp_path: Path, own_ear: Ear, spoken: dict[str, Pcm16]) -> None:
    """What lay in the spool when everything died is logged by the next desk; half a call is not there."""
    spool = Spool(tmp_path)
    call = call_of({"system": "1", "talkgroup": "2", "dateTime": "2026-06-05T00:30:00Z"}, "a.wav")
    assert spool.put(call, wav(spoken["省残联,省残联,是否正常"]))
    (spool.folder / "20260605-half.part.wav").write_bytes(b"RIFF")
    (spool.folder / "20260604-bad.json").write_text("{", "utf-8")
    told: list[str] = []
    with Journal(str(tmp_path / "log.sqlite")) as journal:
        desk = UploadDesk(own_ear, journal, spool, told.append)
        assert until(lambda: journal.last("called"))
        desk.close()
        assert [e.unit for e in journal.events(kind="called")] == ["101"]
    assert len(told) == 1 and "not a call" in told[0] and (spool.folder / "20260604-bad.bad").is_file()


def test_a_call_that_a_crash_cut_off_may_come_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its sound was kept, its description was not: it is no duplicate."""
    spool = Spool(tmp_path)
    call = call_of({"system": "1", "talkgroup": "2", "dateTime": MORNING.isoformat()}, "a.wav")
    sound = wav(np.full(4000, 9, np.int16))
    with monkeypatch.context() as m:
        m.setattr(Path, "write_text", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            spool.put(call, sound)
    assert [p.suffix for p in spool.folder.iterdir()] == [".wav"] and not spool.waiting()
    assert spool.put(call, sound) and not spool.put(call, sound)
    (kept,) = spool.waiting()
    spool.done(kept)
    assert not spool.put(call, sound) and [p.suffix for p in spool.folder.iterdir()] == [".done"]


def test_a_station_logs_what_its_console_takes(own: Net, spoken: dict[str, Pcm16], tmp_path: Path) -> None:
    """``[station] uploads``: ``listen`` has the journal, ``serve --uploads`` the calls, both at once. What comes while
    no station runs waits."""
    pytest.importorskip("nicegui")
    httpx = pytest.importorskip("httpx")
    folder, log, requests, port = tmp_path / "net", tmp_path / "log.sqlite", tmp_path / "requests", free_port()
    shutil.copytree(own.folder, folder)
    settings = (folder / "net.toml").read_text("utf-8")
    (folder / "net.toml").write_text(settings.replace("\n[station]\n", "\n[station]\nuploads = true\n"), "utf-8")
    env = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}  # NiceGUI looks for it
    words = ["--net", str(folder), "--journal", str(log), "--requests", str(requests)]

    def started(*more: str) -> subprocess.Popen[bytes]:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        return Huying[bytes](*more, *words, env=env, **pipes)

    def upload(text: str, at: datetime) -> str:
        form = {"system": "11", "talkgroup": "5", "talkgroupLabel": "一号频道", "dateTime": at.isoformat()}
        answer = httpx.post(
            f"http://127.0.0.1:{port}/api/call-upload",
            data=form,
            files={"audio": ("call.wav", wav(spoken[text]))},
            timeout=30,
        )
        return f"{answer.status_code} {answer.text.strip()}"

    def called() -> list[tuple[str | None, str]]:
        with Journal(str(log), create=False) as journal:
            return [(x["channel"], x["unit"]) for x in lines(journal.events()) if x["type"] == "called"]

    with ExitStack() as stack:
        processes = [started("serve", "--uploads", "--port", str(port))]
        stack.callback(_kill, processes)
        assert until(lambda: _open(port), 60)
        assert upload("省残联,省残联,是否正常", MORNING) == "200 Call imported successfully."
        real_time(1.5 * SETTLE_S)
        assert (
            called() == [] and "huying_calls_waiting 1.0" in httpx.get(f"http://127.0.0.1:{port}/api/v1/metrics").text
        )
        processes.append(started("listen", "--input", "-"))
        assert until(lambda: called() == [("一号频道", "101")], 60)
        assert upload("贾岗社区治安队,贾岗社区治安队,是否正常", MORNING + timedelta(seconds=30)).startswith("200")
        assert until(lambda: called()[1:] == [("一号频道", "102")], 60)
        shown, _ = processes[1].communicate(timeout=60)
        assert processes[1].returncode == 0 and "[一号频道]" in shown.decode()
    with Journal(str(log), create=False) as journal:
        assert list(verify(journal)) == []
        assert [e.data.get("channel") for e in journal.events(kind="session_ended")] == [None, "一号频道"]


def _kill(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        process.kill()


def _open(port: int) -> bool:
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def test_who_did_not_answer_is_silent_when_nothing_comes(own_ear: Ear, spoken: dict[str, Pcm16]) -> None:
    source = CallSource("x", MORNING, quiet_s=15.0)
    call = call_of({"system": "1", "talkgroup": "2", "dateTime": MORNING.isoformat()}, "a.wav")
    pcm = spoken["省残联,省残联,是否正常"]
    source.put(call, pcm, lambda: None)
    assert source.fits(call_of({"system": "1", "talkgroup": "2", "dateTime": "2026-06-05T00:30:09Z"}, "a.wav"))
    assert not source.fits(call)
    source.end()
    frames = list(source.frames())
    assert sum(len(f.pcm) for f in frames) == len(pcm) and frames[-1].start > len(pcm)


def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    call = call_of({"system": "1", "talkgroup": "2", "dateTime": MORNING.isoformat()}, "a.wav")
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(HuyingError, match="No space left"):
        Spool(tmp_path).put(call, b"x")
    with pytest.raises(IncompleteCall):
        call_of({"system": "1"}, "a.wav")


def test_a_call_that_comes_later_goes_before_its_answer(tmp_path: Path) -> None:
    """The answer has lain long enough, its call has only just come; a still later call waits for its turn."""
    spool = Spool(tmp_path)
    spool.folder.mkdir()
    ages = {"20260605003000000-call": 0.0, "20260605003005000-answer": 60.0, "20260605003010000-next": 0.0}
    for stem, age in ages.items():
        path = spool.folder / f"{stem}{WHOLE}"
        path.touch()
        os.utime(path, (time.time() - age, time.time() - age))
    assert [p.name.split("-")[1].split(".")[0] for p in spool.waiting(2.0)] == ["call", "answer"]
    assert len(spool.waiting()) == 3 and spool.waiting(100.0) == []


CALL, ANSWER, OTHER = "贾岗社区治安队,贾岗社区治安队,是否正常", "一切正常,一切正常", "省残联,省残联,是否正常"


def at(seconds: float) -> str:
    return (MORNING + timedelta(seconds=seconds)).isoformat()


def test_joined_transmissions_are_overs_of_their_radios(recorder: Recorder, spoken: dict[str, Pcm16]) -> None:
    """Back to back in one file; the answer is of a radio of the roster, the next call of one that nobody knows."""
    parts = [spoken[x] for x in (CALL, ANSWER, OTHER)]
    begins = np.cumsum([0, *map(len, parts)])[:3] / RATE
    sources = [{"pos": round(p, 2), "src": src} for p, src in zip(begins, (1000, 4424001, -1), strict=True)]
    recorder.send(np.concatenate(parts), dateTime=at(0), sources=json.dumps(sources))
    assert recorder.logged(3) == [
        ("一号频道", "called", "102", "call", None), ("一号频道", "answered", "102", "normal", "burst"),
        ("一号频道", "called", "101", "call", None),
    ]  # fmt: skip
    overs = [e.data for e in recorder.journal.events(kind="over")]
    assert [o["identities"] for o in overs] == [["recorder:1000"], ["recorder:4424001"], []]


def test_nobody_inherits_an_identity(recorder: Recorder, spoken: dict[str, Pcm16]) -> None:
    recorder.send(spoken[ANSWER], dateTime=at(0), source="4424001")
    recorder.send(spoken[CALL], dateTime=at(8))
    recorder.logged(1)
    assert [e.data["identities"] for e in recorder.journal.events(kind="over")] == [["recorder:4424001"], []]


def test_a_channel_is_a_talkgroup_of_a_system(recorder: Recorder, spoken: dict[str, Pcm16]) -> None:
    """Two with one label, and one whose label changes or is missing."""
    recorder.send(spoken[CALL], dateTime=at(0), system="21", talkgroup="501")
    recorder.send(spoken[OTHER], dateTime=at(2), system="22", talkgroup="777")
    for k, label in enumerate(("治安1号", "-", "null", "")):
        recorder.send(spoken[ANSWER], dateTime=at(10 + 8 * k), system="21", talkgroup="501", talkgroupLabel=label)
    found = sorted(x[:3] for x in recorder.logged(3))
    assert found == [
        ("一号频道", "answered", "102"), ("一号频道", "called", "102"), ("一号频道 22-777", "called", "101"),
    ]  # fmt: skip
    assert until(lambda: not recorder.spool.waiting(), 30)
    assert {e.data["channel"] for e in recorder.journal.events(kind="over")} == {"一号频道", "一号频道 22-777"}


def test_two_receivers_hear_one_call(recorder: Recorder, spoken: dict[str, Pcm16]) -> None:
    noise = np.random.default_rng(5).normal(0, 60, len(spoken[CALL]) + RATE)
    twin = (np.concatenate([np.zeros(RATE), spoken[CALL]]) * 0.6 + noise).astype(np.int16)
    recorder.send(spoken[CALL], dateTime=at(0))
    recorder.send(twin, dateTime=at(-0.7))
    recorder.send(spoken[CALL], dateTime=at(0), talkgroup="2", talkgroupLabel="二号频道")
    assert sorted(recorder.logged(2)) == [
        ("一号频道", "called", "102", "call", None), ("二号频道", "called", "102", "call", None),
    ]  # fmt: skip
    until(lambda: not recorder.spool.waiting(), 30)
    assert len(recorder.logged(2)) == 2 and "two receivers" in recorder.told[0]


@pytest.mark.parametrize("name", ["call", "unknown.dat", "call.mp3", "../../etc/passwd"])
def test_a_sound_is_known_by_its_content(recorder: Recorder, spoken: dict[str, Pcm16], name: str) -> None:
    assert recorder.send(spoken[OTHER], name, dateTime=at(0)).text == "Call imported successfully.\n"
    assert recorder.logged(1)[0][2] == "101"


@pytest.mark.parametrize(
    "said",
    [
        "1780619400",
        "1780619400000",
        "2026-06-05T00:30:00Z",
        "2026-06-05 08:30:00 +0800",
        "Fri, 05 Jun 2026 00:30:00 GMT",
        "Fri, 05 Jun 2026 08:30:00 +0800",
    ],
)
def test_the_time_of_a_call_as_uploaders_write_it(said: str) -> None:
    call = call_of({"system": "1", "talkgroup": "2", "dateTime": said}, "a.wav")
    assert call.began == "2026-06-05T00:30:00.000Z"


@pytest.mark.parametrize(
    "said", ["Friday", "Fri, 99 Jun 2026 00:30:00 GMT", "fri " * 9000, "a:b:c", "Fri, 05 Jun " + "9" * 5000]
)
def test_what_is_no_time_of_a_call(said: str) -> None:
    with pytest.raises(IncompleteCall, match="is no time"):
        call_of({"system": "1", "talkgroup": "2", "dateTime": said}, "a.wav")


def test_a_call_of_the_future_is_one_of_now() -> None:
    call = call_of({"system": "1", "talkgroup": "2", "dateTime": "2099-01-01T00:00:00Z"}, "x.wav")
    assert abs((call.moment - datetime.now(UTC)).total_seconds()) < 60
