"""Whatever is named as a recording: audio on the pipeline's clock, or a clear error."""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from voice.audio.named import named_time
from voice.audio.source import AudioSource, find_recordings, open_recording
from voice.audio.streams import Raw, RawStream
from voice.errors import HuyingError
from voice.pcm import RATE, Pcm16


def tone(rate: int, seconds: float = 2.0, channels: int = 1) -> np.ndarray:
    x = 0.3 * np.sin(2 * np.pi * 440 * np.arange(int(rate * seconds)) / rate)
    return np.repeat(x[:, None], channels, 1)


def pcm_of(source: AudioSource) -> Pcm16:
    return np.concatenate([f.pcm for f in source.frames()] or [np.zeros(0, np.int16)])


@pytest.mark.parametrize(
    "name, rate, channels, subtype",
    [
        ("a.wav", 8000, 1, "PCM_16"),
        ("a.wav", 44100, 2, "PCM_24"),
        ("a.wav", 192_000, 1, "FLOAT"),
        ("a.wav", 8000, 1, "PCM_U8"),
        ("a.wav", 48000, 8, "PCM_16"),
        ("a.flac", 16000, 1, "PCM_16"),
        ("a.ogg", 48000, 1, "VORBIS"),
        ("a.opus", 48000, 1, "OPUS"),
        ("a.mp3", 44100, 1, "MPEG_LAYER_III"),
        ("a.wav", 8000, 1, "ULAW"),
    ],
)
def test_any_file(tmp_path: Path, name: str, rate: int, channels: int, subtype: str) -> None:
    form = "OGG" if name.endswith(".opus") else None
    sf.write(tmp_path / name, tone(rate, channels=channels), rate, subtype=subtype, format=form)
    source = open_recording(tmp_path / name)
    x = pcm_of(source).astype(float)
    assert len(x) == pytest.approx(2.0 * RATE, abs=RATE * 0.06)
    spectrum = np.abs(np.fft.rfft(x[4000:12000]))
    assert abs(int(spectrum.argmax()) - 440) <= 1, "the sample clock runs at the right speed"
    assert x.std() == pytest.approx(0.3 * 32767 / np.sqrt(2), rel=0.1)


def test_samples_that_are_not_numbers_are_counted(tmp_path: Path) -> None:
    x = tone(8000)[:, 0].copy()
    x[100:110] = np.nan
    x[200] = np.inf
    sf.write(tmp_path / "nan.wav", x, 8000, subtype="FLOAT")
    source = open_recording(tmp_path / "nan.wav")
    assert len(pcm_of(source)) == 16000
    assert "11 samples are not numbers" in source.damage.notes[0]


def test_truncated_file_is_read_to_its_end_and_says_so(tmp_path: Path) -> None:
    sf.write(tmp_path / "a.wav", tone(8000, 4.0), 8000)
    whole = (tmp_path / "a.wav").read_bytes()
    (tmp_path / "cut.wav").write_bytes(whole[: len(whole) // 2])
    source = open_recording(tmp_path / "cut.wav")
    assert len(pcm_of(source)) == pytest.approx(2 * RATE, abs=100)
    assert "cut off" in source.damage.notes[0]


def wav_header(rate: int) -> bytes:
    return (
        b"RIFF"
        + struct.pack("<I", 136)
        + b"WAVEfmt "
        + struct.pack("<IHHIIHH", 16, 1, 1, rate, rate * 2, 2, 16)
        + b"data"
        + struct.pack("<I", 100)
        + bytes(100)
    )


@pytest.mark.parametrize(
    "content, says",
    [
        (b"", "empty"),
        ("这不是录音".encode() * 50, "not a sound file"),
        (b"RIFF\x10\0\0\0WAVE", "not a sound file"),
        (wav_header(0), "0 Hz|not a sound file"),
        (wav_header(50), "50 Hz|not a sound file"),
    ],
)
def test_what_is_not_a_recording(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "x.wav").write_bytes(content)
    with pytest.raises(HuyingError, match=says):
        open_recording(tmp_path / "x.wav")


def test_missing_files_and_empty_folders(tmp_path: Path) -> None:
    with pytest.raises(HuyingError, match="no such file"):
        open_recording(tmp_path / "none.wav")
    with pytest.raises(HuyingError, match="no sound files"):
        find_recordings([tmp_path])
    for name in ("b.flac", "a.WAV", "notes.txt"):
        (tmp_path / name).write_bytes(b"x")
    assert [p.name for p in find_recordings([tmp_path])] == ["a.WAV", "b.flac"]


@pytest.mark.parametrize("rate", [8000, 16000, 22050])
def test_raw_pcm_stream(rate: int) -> None:
    data = (tone(rate)[:, 0] * 32767).astype("<i2").tobytes()
    assert len(pcm_of(RawStream(io.BytesIO(data + b"\x01"), Raw(rate)))) == pytest.approx(2 * RATE, abs=50)
    with pytest.raises(HuyingError, match="sample rate"):
        pcm_of(RawStream(io.BytesIO(data), Raw(0)))


EAST = timezone(timedelta(hours=8))


@pytest.mark.parametrize(
    "stem, says",
    [
        ("net-2026-06-05_08-30-00", False), ("20260605T083000", False), ("2026-06-05 0830", False),
        ("20260605_083000_talkgroup_301", False), ("20260605-083000-12", False), ("2026-6-5 8-30-0", False),
        ("2026年06月05日08时30分00秒", False), ("2026年6月5日 上午8点30分", False), ("录 2026-06-05 08：30：00", False),
        ("audio_409750000Hz_08-30-00_05-06-2026", False), ("05-06-2026_08-30-00", False), ("260605_083000", False),
        ("20260605-083000+0800", True), ("2026-06-05T08-30-00+08-00", True), ("20260605T003000Z", True),
        ("SDRSharp_20260605_003000Z_409750000Hz_AF", True), ("301-1780619400_409750000.0-call_3", True),
        ("1780619400000", True),
    ],
)  # fmt: skip
def test_start_time_in_file_name(stem: str, says: bool) -> None:
    assert named_time(stem, EAST) == (datetime(2026, 6, 5, 0, 30, tzinfo=UTC), says)


def test_milliseconds_in_a_name() -> None:
    assert named_time("ch01_20260605083000123") == (datetime(2026, 6, 5, 8, 30, 0, 123000, tzinfo=UTC), False)


@pytest.mark.parametrize(
    "stem", ["2026-13-05_08-30", "monday", "13812345678", "mmexport1780619400123", "2026-06-05", "409750000"]
)
def test_what_is_no_time_in_a_name(stem: str) -> None:
    assert named_time(stem) is None


def riff(*chunks: bytes, size: int | None = None) -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body) if size is None else size) + body


def chunk(name: bytes, data: bytes, size: int | None = None) -> bytes:
    return name + struct.pack("<I", len(data) if size is None else size) + data + b"\0" * (len(data) % 2)


FMT = chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16))
SOUND = (tone(8000, 4.0)[:, 0] * 32767).astype("<i2").tobytes()


@pytest.mark.parametrize(
    "content, note",
    [
        (riff(FMT, chunk(b"data", SOUND, 0), size=36), "never finished: 4.0 s more"),
        (riff(FMT, chunk(b"data", SOUND, 0), size=0), "never finished: 4.0 s more"),
        (riff(FMT, chunk(b"data", SOUND, 16000)), "never finished: 3.0 s more"),
        (riff(FMT, chunk(b"LIST", b"INFOICMT\x0c\0\0\0data of net\0"), chunk(b"data", SOUND)), ""),
        (riff(FMT, chunk(b"JUNK", bytes(6000)), chunk(b"data", SOUND, 0), size=0), "never finished"),
        (riff(FMT, chunk(b"data", SOUND), chunk(b"LIST", b"INFOICMT\x04\0\0\0abcd")), ""),
        (riff(FMT, chunk(b"data", SOUND, 0xFFFFFFFF), size=0xFFFFFFFF), ""),
        (riff(FMT, chunk(b"data", SOUND, 0x7FFFFFFF)), ""),
        (riff(FMT, chunk(b"data", SOUND + b"\x01")), ""),
    ],
)
def test_headers_that_were_never_finished(tmp_path: Path, content: bytes, note: str) -> None:
    (tmp_path / "x.wav").write_bytes(content)
    source = open_recording(tmp_path / "x.wav")
    assert len(pcm_of(source)) == pytest.approx(4 * RATE, abs=8)
    assert note in "; ".join(source.damage.notes) and bool(note) == bool(source.damage.notes)


@pytest.mark.parametrize(
    "right, note",
    [
        ("same", ""),
        ("inverted", "upside down"),
        ("dead", "is dead"),
        ("other", "different sounds"),
        ("hiss", "different"),
    ],
)
def test_sides_never_cancel(tmp_path: Path, right: str, note: str) -> None:
    left = tone(8000, 4.0)[:, 0]
    other = {
        "same": left,
        "inverted": -left,
        "dead": left * 0,
        "other": np.sin(np.arange(len(left)) * 0.9) * 0.2,
        "hiss": np.random.default_rng(0).normal(0, 0.01, len(left)),
    }[right]
    sf.write(tmp_path / "x.wav", np.stack([left, other], 1), 8000)
    source = open_recording(tmp_path / "x.wav")
    assert pcm_of(source).astype(float).std() > 0.1 * 32767
    assert note in "; ".join(source.damage.notes) and bool(note) == bool(source.damage.notes)
    alone = pcm_of(open_recording(tmp_path / "x.wav", side="left"))
    assert np.allclose(alone, left * 32767, atol=2)


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
@pytest.mark.parametrize("suffix", ["m4a", "aac", "wma", "webm"])
def test_sound_of_phones_and_chats(tmp_path: Path, suffix: str) -> None:
    sf.write(tmp_path / "a.wav", tone(8000, 4.0), 8000)
    subprocess.run(["ffmpeg", "-v", "error", "-i", tmp_path / "a.wav", tmp_path / f"b.{suffix}"], check=True)
    assert len(pcm_of(open_recording(tmp_path / f"b.{suffix}"))) == pytest.approx(4 * RATE, abs=RATE * 0.3)
    assert {p.name for p in find_recordings([tmp_path])} == {"a.wav", f"b.{suffix}"}


@pytest.mark.parametrize("name", ["c.silk", "c.slk", "msg_190326.amr", "c.aud", "c.mp3", "c.wav", "c"])
@pytest.mark.parametrize("mark", [b"\x02#!SILK_V3", b"#!SILK_V3"])
def test_silk_is_refused_with_what_to_do(tmp_path: Path, name: str, mark: bytes) -> None:
    (tmp_path / name).write_bytes(mark + bytes(100))
    with pytest.raises(HuyingError, match=r"SILK.*WAV"):
        open_recording(tmp_path / name)
    assert [p.name for p in find_recordings([tmp_path])] == [name], "and it is named where a folder is heard"


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
@pytest.mark.parametrize("name", ["a.amr", "a.aud", "a", "a.awb"])
def test_amr_of_phones(tmp_path: Path, name: str) -> None:
    """Frames of 20 ms of the highest rate: AMR has no encoder in Debian's ffmpeg, any bits are some sound."""
    wide = name.endswith("awb")
    mark, head, bits = (b"#!AMR-WB\n", b"\x44", 60) if wide else (b"#!AMR\n", b"\x3c", 31)
    (tmp_path / name).write_bytes(mark + (head + bytes(range(bits))) * 150)
    assert len(pcm_of(open_recording(tmp_path / name))) == pytest.approx(3 * RATE, abs=400)


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
@pytest.mark.parametrize("name", ["list.m4a", "list.ts", "list.aac", "list.mov"])
@pytest.mark.parametrize("kind", ["m3u8", "ffconcat", "sdp"])
def test_ffmpeg_opens_no_other_file(tmp_path: Path, name: str, kind: str) -> None:
    sf.write(tmp_path / "secret.wav", tone(8000, 2.0), 8000)
    secret = tmp_path / "secret.wav"
    text = {
        "m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nfile://{secret}\n#EXT-X-ENDLIST\n",
        "ffconcat": f"ffconcat version 1.0\nfile {secret.name}\n",
        "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
    }[kind]
    (tmp_path / name).write_text(text)
    with pytest.raises(HuyingError):
        open_recording(tmp_path / name)


def test_start_time_from_metadata(tmp_path: Path) -> None:
    with sf.SoundFile(str(tmp_path / "a.flac"), "w", 8000, 1) as f:
        f.date = "2026-06-05T08:30:00+08:00"
        f.write(tone(8000))
    assert open_recording(tmp_path / "a.flac").began == datetime(2026, 6, 5, 0, 30, tzinfo=UTC)
