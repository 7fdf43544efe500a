"""``huying bench``: how fast on this machine. Figures are ratios where they can be."""

from __future__ import annotations

import json
import platform
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import soxr

from voice.audio.source import Recording, open_recording
from voice.bench.air import Air
from voice.grammar.compiler import Costs, build_graph
from voice.grammar.lexicon import Lexicon, build_lexicon
from voice.journal.event import Event
from voice.journal.store import Journal
from voice.measure.actors import UNIT_VOICES
from voice.measure.channel import Channel, gap, to_receiver, transmit
from voice.net.loading import Net, load_net
from voice.pcm import RATE, Frame, Pcm16
from voice.places import cache_folder, sample_net
from voice.radio.ptt.none import NoPtt
from voice.radio.transmitter import Transmitter
from voice.speech.models import check_model, find_model
from voice.speech.synthesiser import SpeechSettings, Synthesiser
from voice.station.announcer import Announcer
from voice.station.ear import open_ear, open_recogniser
from voice.station.listener import Listener
from voice.station.station import Station
from voice.talk.facts import Announced, Fact, OverHeard

SAID = (
    "省残联,省残联,门前秩序是否良好",
    "一切正常,一切正常",
    "贾岗社区治安队,贾岗社区治安队,要加强治安防控力量,严防盗窃电动车案件",
    "收到,收到",
    "派出所派出所,祭城社区治安队呼叫",
    "各单位注意,收到请回答",
    "没有发现情况",
    "警察学院,一切正常",
)
SPEECH_S = 300.0
PAUSED_S = 1800.0
SHARE = 0.1
"""Duty cycle of speech on a channel with typical pauses."""

SURNAMES = "张王李赵刘陈杨黄周吴徐孙马朱胡林郭何高罗郑梁谢宋唐许邓冯韩曹曾彭萧蔡潘田董袁于余叶蒋杜苏魏程吕丁沈任姚卢"
PLACES = "家岗庄园桥湖河山寺铺营店村塘坡沟屯寨集关"
KINDS = ("社区", "社区治安队", "小学", "中学", "超市", "广场", "医院", "市场", "物流园", "派出所")


def speed(tell: Callable[[str], None]) -> dict[str, Any]:
    """Figures of this machine; progress is reported."""
    net = load_net(sample_net())
    figures: dict[str, Any] = {"machine": machine()}
    with tempfile.TemporaryDirectory() as place:
        tell("making recordings…")
        dense, paused = Path(place) / "dense.flac", Path(place) / "paused.flac"
        overs = overs_of(net)
        _write(dense, channel_of(overs, SPEECH_S, 1.0))
        _write(paused, channel_of(overs, PAUSED_S, SHARE))
        tell("replaying…")
        figures["speech, × real time"] = _replay(dense)["speed"]
        usual = _replay(paused)
        figures[f"{SHARE:.0%} speech, × real time"] = usual["speed"]
        figures["peak memory of a replay, MB"] = usual["memory_mb"]
        figures["start to first log line, s"] = min(_replay(dense)["first_line_s"] for _ in range(3))
        waits = _waits(net, dense, Path(place) / "log.sqlite")
        for name, share in (("median", 50), ("95 % under", 95), ("longest", 100)):
            figures[f"over to journal after the hang time, {name}, ms"] = round(float(np.percentile(waits, share)))
        figures["answer to our next call, median, s"] = round(_answer_to_call(net), 2)
    figures["1,000 call signs, decoding, × real time"] = round(_thousand(net, overs))
    tell("compiling graphs…")
    for n in (1000, 10000):
        figures[f"{n:,} call signs compiled, s"] = round(compile_s(net, n), 2)
    return figures


def machine() -> str:
    """Machine description, for comparing figures."""
    memory = psutil.virtual_memory().total / 2**30
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        lines = cpuinfo.read_text("utf-8", errors="replace").splitlines()
        name = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), name)
    return f"{name}, {psutil.cpu_count()} cores, {memory:.0f} GiB, {platform.system()}, Python {sys.version.split()[0]}"


def free_port() -> int:
    """A free port on loopback."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def overs_of(net: Net) -> list[np.ndarray[Any, np.dtype[np.float64]]]:
    """The overs of ``SAID`` on a radio at 15 dB, twice, by two voices."""
    rng = np.random.default_rng(0)
    out = []
    with Synthesiser(cache_folder() / "speech") as synthesiser:
        for k, text in enumerate(SAID * 2):
            samples, rate = synthesiser.say(
                text, net.spell(text), SpeechSettings(160, 50, UNIT_VOICES[k % len(UNIT_VOICES)])
            )
            x, _, _ = transmit(soxr.resample(samples.astype(np.float64), rate, RATE), Channel(snr_db=15.0), rng)
            out.append(x)
    return out


def channel_of(overs: list[np.ndarray[Any, np.dtype[np.float64]]], seconds: float, share: float) -> Pcm16:
    """Overs in turn with pauses such that speech fills ``share`` of the time (at least 0.7 s each)."""
    rng = np.random.default_rng(1)
    parts, n, k = [], 0, 0
    while n < seconds * RATE:
        x = overs[k % len(overs)]
        pause = gap(max(0.7, len(x) / RATE * (1 / share - 1)), Channel(), rng)
        parts += [x, pause]
        n += len(x) + len(pause)
        k += 1
    return to_receiver(np.concatenate(parts))


def _write(path: Path, pcm: Pcm16) -> None:
    import soundfile as sf

    sf.write(str(path), pcm, RATE)


def _replay(path: Path) -> dict[str, float]:
    """A complete ``huying replay`` in its own process, as started by a user."""
    import soundfile as sf

    duration = sf.info(str(path)).duration
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "voice", "replay", str(path), "--json", "--start", "2026-06-05T08:30:00+08:00"],
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    watched = psutil.Process(process.pid)
    peak, first = 0, 0.0
    assert process.stdout is not None
    for line in process.stdout:
        if not first and json.loads(line)["type"] == "over":
            first = time.monotonic() - began
        peak = max(peak, watched.memory_info().rss)
    process.wait()
    took = time.monotonic() - began
    return {"speed": round(duration / took), "first_line_s": round(first, 2), "memory_mb": round(peak / 1e6)}


class _Clocked:
    """A recording that notes when each frame was delivered."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self.name, self.began, self.duration = recording.name, recording.began, recording.duration
        self.damage, self.handed = recording.damage, 0.0

    def frames(self) -> Iterator[Frame]:
        for frame in self._recording.frames():
            self.handed = time.perf_counter()
            yield frame


def _waits(net: Net, recording: Path, log: Path) -> list[float]:
    """Delay in ms from the frame that ends an over, hang time included, to its event on disk. Frames are delivered
    as fast as they are consumed, so pending recognition of earlier words is included."""
    source = _Clocked(open_recording(recording))
    waits: list[float] = []

    def take(_event: Event, fact: Fact) -> None:
        if isinstance(fact, OverHeard):
            waits.append(1000 * (time.perf_counter() - source.handed))

    with Journal(str(log)) as journal:
        for _ in Listener(open_ear(net), journal, take).listen(source):
            pass
    return waits


def _answer_to_call(net: Net) -> float:
    """Seconds of channel time from the end of a unit's carrier to our next key-up, on the bench."""
    with Journal("sqlite://") as journal, Synthesiser(cache_folder() / "speech") as synthesiser:
        air = Air(net, synthesiser, {}, Channel(snr_db=20.0))
        ended, gaps = 0.0, []

        def take(_event: Event, fact: Fact) -> None:
            nonlocal ended
            air.heard(fact)
            if isinstance(fact, OverHeard):
                ended = fact.end
            elif isinstance(fact, Announced) and ended:
                gaps.append(fact.keyed - ended)

        transmitter = Transmitter(NoPtt(), air.play, lambda: air.now)
        station = Station(open_ear(net), journal, transmitter, Announcer(net, synthesiser), take)
        started = False
        for _ in station.run(air):
            if not started:
                station.start_roll(tuple(u.id for u in net.units[:8]))
                started = True
            if not station.calling_roll:
                air.end()
    return float(np.median(gaps))


def _lexicon(net: Net, n: int) -> Lexicon:
    """The net's phrases with ``n`` made-up call signs."""
    signs = [
        SURNAMES[i % len(SURNAMES)]
        + PLACES[i // len(SURNAMES) % len(PLACES)]
        + KINDS[i // len(SURNAMES) // len(PLACES) % len(KINDS)]
        for i in range(n)
    ]
    units = [(str(i), [s]) for i, s in enumerate(signs)]
    return build_lexicon(units, [], list(net.lexicon.templates), net.readings, net.lexicon.accent, net.lexicon.tones)


def _thousand(net: Net, overs: list[np.ndarray[Any, np.dtype[np.float64]]]) -> float:
    """Decoding only, filler included, on one core with the model loaded; × real time."""
    folder = check_model(find_model(net.settings.recognition.model))
    recogniser = open_recogniser(folder, _lexicon(net, 1000), net.costs, cache_folder())
    audio = [to_receiver(x) for x in overs]
    recogniser.recognise(audio[0])
    began = time.monotonic()
    for pcm in audio * 3:
        recogniser.recognise(pcm)
    return 3 * sum(map(len, audio)) / RATE / (time.monotonic() - began)


def compile_s(net: Net, n: int) -> float:
    """Readings, tree and graph of ``n`` made-up call signs, from text; s."""
    net.readings.read("热身")
    began = time.monotonic()
    lexicon = _lexicon(net, n)
    fst, _ = build_graph(lexicon, Costs())
    with tempfile.TemporaryDirectory() as place:
        fst.write(Path(place) / "HCLG.fst")
    return time.monotonic() - began
