"""Is this machine fit for a station? All checks run; each fault comes with its remedy."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from voice.errors import HuyingError
from voice.places import cache_folder, install, sample_net, words_file


@dataclass(frozen=True, slots=True)
class Finding:
    """Result of one check."""

    name: str
    needed: bool
    """Required for replay; without the others some function is missing, but logging works."""
    fine: bool
    told: str
    mend: str


def examine() -> Iterator[Finding]:
    """All checks, one by one; some take seconds."""
    for name, needed, check, mend in _CHECKS:
        try:
            yield Finding(name, needed, True, check(), mend)
        except Exception as e:  # any error is reported
            yield Finding(name, needed, False, str(e), mend)


def _packages() -> str:
    names = ("vosk", "webrtcvad-wheels", "pyttsx3", "numpy", "soundfile", "soxr", "SQLAlchemy")
    return ", ".join(f"{n} {importlib.metadata.version(n)}" for n in names)


def _model() -> str:
    from voice.speech.models import DEFAULT_MODEL, check_model, find_model

    m = check_model(find_model(DEFAULT_MODEL))
    return f"{m.path} ({m.rate} Hz)"


def _net() -> str:
    from voice.net.loading import load_net

    return f"{len(load_net(sample_net()).units)} units"


def _recogniser() -> str:
    import numpy as np

    from voice.net.loading import load_net
    from voice.station.ear import open_ear

    ear = open_ear(load_net(sample_net()))
    stream = ear.recogniser.stream()
    stream.accept(np.zeros(8000, np.int16))
    stream.so_far()
    stream.finish()
    return "loads and runs"


def _cache() -> str:
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder):
        pass
    return str(folder)


def _voice() -> str:
    """Which voice speaks, why, and its latency, measured without the cache."""
    from voice.speech.synthesiser import Synthesiser
    from voice.speech.voices import ENGINES, Choice, choose

    name, why = choose("auto")
    with tempfile.TemporaryDirectory() as place, Synthesiser(Path(place)) as synthesiser:
        voice = ENGINES[name].open(Choice(), synthesiser, Path(place))
        try:
            voice.say("收到", ["shou1", "dao4", ","])
            began = time.monotonic()
            samples, rate = voice.say("一切正常", ["yi2", "qie4", "zheng4", "chang2", ","])
            took = time.monotonic() - began
        finally:
            voice.close()
    return f"{voice.name} ({why}); {len(samples) / rate:.1f} s of speech made in {took:.1f} s"


def _devices() -> str:
    from voice.audio.portaudio import devices_now

    found = devices_now()
    if not found:
        raise HuyingError("no sound device on this machine; a replay does not need one")
    return "; ".join(f"{d.index} {d.name} (in {d.inputs}, out {d.outputs})" for d in found)


_SOUND = "plug in a sound card" if importlib.util.find_spec("sounddevice") else install("live")
"""What is lacking when no sound device is found."""


def _stock() -> str:
    from voice.speech.models import STOCK, installed
    from voice.speech.packages import PACKAGED, is_packaged, packaged
    from voice.station.scribe import OWN

    here = [OWN] if words_file().is_file() else []
    here += [n for n in installed() if n in STOCK]
    written = next((n for n in PACKAGED if is_packaged(n, "whisper") and packaged(n)), "")
    if written and importlib.util.find_spec("faster_whisper") is None:
        raise HuyingError(f"{written} is here, but not what runs it: {install('dictation')}")
    here += [written] if written else []
    if not here:
        raise HuyingError("no dictation model; the free part of messages is logged as pinyin only")
    return ", ".join(here) + "; [recognition] dictation chooses, “auto” is own"


def _encoding() -> str:
    encoding = sys.stdout.encoding or ""
    "呼应✓".encode(encoding)
    return encoding


_CHECKS: tuple[tuple[str, bool, Callable[[], str], str], ...] = (
    ("packages", True, _packages, install()),
    ("model 声学模型", True, _model, "huying models verify; reinstall huying if it is damaged"),
    ("sample net 示例网", True, _net, "huying grammar check"),
    ("recogniser 识别", True, _recogniser, "pip install --force-reinstall vosk"),
    ("cache folder", True, _cache, "set HUYING_HOME to a folder that can be written"),
    ("synthetic voice 语音合成", False, _voice, "pip install pyttsx3 espeakng-loader (Linux); a SAPI5 voice (Windows)"),
    ("sound devices 声卡", False, _devices, f"{_SOUND}; on Debian also: apt install libportaudio2"),
    ("dictation 听写模型", False, _stock, "huying models pull whisper-base"),
    ("console encoding 终端编码", False, _encoding, "set PYTHONUTF8=1"),
)
