"""Raw samples from pipes and over UDP: their clock, and whatever form they are written in."""

from __future__ import annotations

import io
import os
import socket
import subprocess
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
import soxr

from tests.helpers.command import huying
from tests.helpers.engines import free_port
from tests.helpers.forking import Huying
from tests.helpers.waiting import paced, real_time, until
from voice.audio.form import FORMS, likely, one_side
from voice.audio.streams import Raw, RawStream, UdpStream
from voice.errors import HuyingError
from voice.journal.lines import lines
from voice.journal.store import Journal
from voice.pcm import RATE, Pcm16


@pytest.fixture(scope="module")
def speech(morning: Path) -> Pcm16:
    """The first call of the morning and its answer."""
    return np.asarray(sf.read(str(morning), start=2 * RATE, stop=14 * RATE, dtype="int16")[0])


def written(pcm: Pcm16, form: str, rate: int = RATE) -> bytes:
    x = soxr.resample(pcm.astype(np.float32) / 32768, RATE, rate)
    i = np.clip(x * 32767, -32768, 32767).astype("<i2")
    noise = np.random.default_rng(0).normal(0, 300, len(i)).astype("<i2")
    forms: dict[str, np.ndarray] = {
        "s16": i,
        "s16-stereo": np.stack([i, i], 1),
        "other": np.stack([i, noise], 1),
        "inverted": np.stack([i, -np.maximum(i, -32767)], 1),
        "left": np.stack([i, np.zeros_like(i)], 1),
        "f32": x.astype("<f4"),
        "f32-stereo": np.stack([x, x], 1).astype("<f4"),
        "s16be": i.astype(">i2"),
        "u8": (i // 256 + 128).astype(np.uint8),
    }
    return forms[form].tobytes()


def pcm_of(source: RawStream | UdpStream) -> Pcm16:
    return np.concatenate([f.pcm for f in source.frames()])


def alike(heard: Pcm16, said: Pcm16) -> float:
    """Correlation where they fit best; the last tenth of a second may be missing."""
    a, b = heard.astype(float), said.astype(float)[: -RATE // 10]
    a = np.concatenate([a, np.zeros(max(0, len(b) - len(a)))])
    at = int(np.correlate(a, b, "valid").argmax())
    return float(np.corrcoef(a[at : at + len(b)], b)[0, 1])


FORM_OF = {"other": "s16-stereo", "inverted": "s16-stereo", "left": "s16-stereo"}


@pytest.mark.parametrize("rate", [8000, 16000, 48000])
@pytest.mark.parametrize("form", [*FORMS, *FORM_OF])
def test_the_form_of_samples_is_found(speech: Pcm16, form: str, rate: int) -> None:
    told: list[str] = []
    data = written(speech, form, rate)
    source = RawStream(io.BytesIO(data), Raw(rate), notice=lambda _kind, text: told.append(text))
    assert alike(pcm_of(source), speech) > 0.9
    assert (not told) if form == "s16" else FORMS[FORM_OF.get(form, form)].about in told[-1]


@pytest.mark.parametrize("form", ["s16", "f32"])
def test_silence_and_noise_do_not_tell(form: str) -> None:
    noise = np.random.default_rng(1).normal(0, 800, 4 * RATE).astype(np.int16)
    assert likely(bytes(16000)) is None
    assert likely(written(noise, "s16")) in (None, FORMS["s16"])
    told: list[str] = []
    pcm_of(RawStream(io.BytesIO(written(noise, "s16")), notice=lambda _k, text: told.append(text)))
    assert told == []


def test_what_is_no_sound_is_told() -> None:
    told: list[str] = []
    pcm_of(RawStream(io.BytesIO(os.urandom(200_000)), notice=lambda _kind, text: told.append(text)))
    assert len(told) == 1 and "no 16-bit mono sound" in told[0] and "--form" in told[0]


def test_sides_do_not_cancel(speech: Pcm16) -> None:
    x = np.stack([speech, -speech], 1).astype(np.float32)
    assert np.abs(one_side(x).astype(int)).max() > 0.9 * np.abs(speech.astype(int)).max()
    other = np.stack([speech, np.roll(speech, 4000)], 1).astype(np.float32)
    assert np.array_equal(one_side(other, "left"), one_side(speech[:, None].astype(np.float32)))


class Sender:
    """An SDR program: datagrams in real time, from now on."""

    def __init__(self, port: int, data: bytes, seconds: float, size: int) -> None:
        self._words = (port, data, seconds, size)
        self.thread = threading.Thread(target=self._send, daemon=True)
        self.thread.start()

    def _send(self) -> None:
        port, data, seconds, size = self._words
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            for k in paced(range(0, len(data), size), seconds * size / len(data)):
                out.sendto(data[k : k + size], ("127.0.0.1", port))


@pytest.mark.parametrize(
    "form, rate, size",
    [("s16", 48000, 1024), ("s16", 48000, 1023), ("s16-stereo", 48000, 1024), ("f32", 16000, 1000), ("s16", 8000, 333)],
)
def test_datagrams_of_any_form_rate_and_length(speech: Pcm16, form: str, rate: int, size: int) -> None:
    told: list[str] = []
    source = UdpStream(free_port(), notice=lambda _kind, text: told.append(text))
    source.open()
    heard: list[Pcm16] = []
    listening = threading.Thread(target=lambda: heard.extend(f.pcm for f in source.frames()))
    listening.start()
    part = speech[: 4 * RATE]
    Sender(source.port, written(part, form, rate), 4.0, size).thread.join()
    assert until(lambda: sum(map(len, heard)) > 0 and not heard[-1].any()), "silence follows"
    source.ended = True
    listening.join()
    assert alike(np.concatenate(heard), part) > 0.9
    assert [f"{rate} samples a second" in t for t in told if "second" in t] == ([True] if rate != 48000 else [])


def test_a_live_pipe_has_this_machines_clock(morning: Path, tmp_path: Path) -> None:
    """What stood still before and between is silence; every event stands at the time of day when it was heard."""
    pcm, _ = sf.read(str(morning), stop=16 * RATE, dtype="int16")
    log = tmp_path / "log.sqlite"
    words = ["listen", "--input", "-", "--journal", str(log)]
    began = datetime.now(UTC)
    with Huying[bytes](*words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as station:
        assert station.stdin is not None
        real_time(3.0)
        station.stdin.write(pcm.tobytes())
        station.stdin.close()
    assert station.returncode == 0
    with Journal(str(log), create=False) as journal:
        found = list(lines(journal.events()))
    called = datetime.fromisoformat(next(x["wall"] for x in found if x["type"] == "called"))
    assert timedelta(seconds=3) < called - began < timedelta(seconds=60)
    assert "clock known" in found[0]["detail"]


def test_a_piped_recording_has_the_clock_it_is_given(morning: Path, tmp_path: Path) -> None:
    pcm, _ = sf.read(str(morning), stop=16 * RATE, dtype="int16")
    log = tmp_path / "log.sqlite"
    words = ["listen", "--input", "-", "--journal", str(log)]
    huying(*words, "--start", "2026-6-5 8:30", stdin=pcm.tobytes())
    with Journal(str(log), create=False) as journal:
        assert next(iter(journal.events())).wall == "2026-06-05T00:30:00.000Z"
    assert "is not a time" in huying(*words, "--start", "morgen", stdin=b"", code=2)


def test_a_rate_that_is_none() -> None:
    with pytest.raises(HuyingError, match="sample rate"):
        pcm_of(RawStream(io.BytesIO(b""), Raw(0)))
