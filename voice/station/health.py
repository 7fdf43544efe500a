"""Is this machine fit for a station? All checks run; each fault comes with its remedy."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
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


class StopsStation(HuyingError):
    """No station of this net starts, although what was checked is no need of every net."""


def examine(net: Path | None = None) -> Iterator[Finding]:
    """All checks, one by one; some take seconds. ``net``: folder of the net whose settings count; the sample net if not
    given."""
    mistaken = False
    for name, needed, check, mend in _CHECKS:
        if mistaken and check in (_recogniser, _voice, _prompts, _dictation):
            continue  # they have no net to be asked of
        try:
            yield Finding(name, needed, True, check(net or sample_net()), mend)
        except Exception as e:  # any error is reported
            mistaken = mistaken or check is _units
            yield Finding(name, needed or isinstance(e, StopsStation), False, str(e), mend)


def _packages(_net: Path) -> str:
    names = ("vosk", "webrtcvad-wheels", "pyttsx3", "numpy", "soundfile", "soxr", "SQLAlchemy")
    return ", ".join(f"{n} {importlib.metadata.version(n)}" for n in names)


def _model(_net: Path) -> str:
    from voice.speech.models import DEFAULT_MODEL, check_model, find_model

    m = check_model(find_model(DEFAULT_MODEL))
    return f"{m.path} ({m.rate} Hz)"


def _units(net: Path) -> str:
    from voice.net.loading import load_net

    return f"{len(load_net(net).units)} units"


def _recogniser(net: Path) -> str:
    import numpy as np

    from voice.net.loading import load_net
    from voice.station.ear import open_ear

    loaded = load_net(net)
    hearing = loaded.settings.recognition.model_copy(update={"dictation": ""})  # a check of its own
    ear = open_ear(replace(loaded, settings=loaded.settings.model_copy(update={"recognition": hearing})))
    stream = ear.recogniser.stream()
    stream.accept(np.zeros(8000, np.int16))
    stream.so_far()
    stream.finish()
    return "loads and runs"


def _cache(_net: Path) -> str:
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder):
        pass
    return str(folder)


def _voice(net: Path) -> str:
    """Which voice speaks, why, and its latency, measured without the cache."""
    from voice.net.loading import load_net
    from voice.speech.packages import PACKAGED, is_packaged, packaged, verify_packaged
    from voice.speech.synthesiser import Synthesiser
    from voice.speech.voices import Choice, open_chosen

    v = load_net(net).settings.voice
    with tempfile.TemporaryDirectory() as place, Synthesiser(Path(place)) as synthesiser:
        choice = Choice(v.engine, v.speaker, v.tempo, v.rate, v.pitch, v.variant)
        chosen = open_chosen(choice, synthesiser, Path(place))
        voice = chosen.voice
        try:
            for folder in (packaged(n) for n in PACKAGED if is_packaged(n, chosen.engine)):
                if folder is not None:
                    verify_packaged(folder)
            voice.say("收到", ["shou1", "dao4", ","])
            began = time.monotonic()
            samples, rate = voice.say("一切正常", ["yi2", "qie4", "zheng4", "chang2", ","])
            took = time.monotonic() - began
        finally:
            voice.close()
    return f"{voice.name} ({chosen.why}); {len(samples) / rate:.1f} s of speech made in {took:.1f} s"


def _prompts(net: Path) -> str:
    from voice.net.loading import load_net
    from voice.station.prompts import open_prompts

    folder = load_net(net).settings.station.prompts
    try:
        here = set(open_prompts(net / folder).recordings.values()) if folder else ()
        return f"recordings: {len(here)}" if folder else "none"
    except HuyingError as e:
        raise StopsStation(str(e)) from e


def _devices(_net: Path) -> str:
    from voice.audio.portaudio import devices_now

    found = devices_now()
    if not found:
        raise HuyingError("no sound device on this machine; a replay does not need one")
    return "; ".join(f"{d.index} {d.name} (in {d.inputs}, out {d.outputs})" for d in found)


_SOUND = "plug in a sound card" if importlib.util.find_spec("sounddevice") else install("live")
"""What is lacking when no sound device is found."""


_SPEAK = "set [voice] in net.toml; pip install pyttsx3 espeakng-loader (Linux); a SAPI5 voice (Windows)"
"""What to do where no voice speaks."""


def _dictation(net: Path) -> str:
    """Who writes down free speech in this net, and who else could."""
    from voice.net.loading import load_net
    from voice.speech.models import STOCK, installed
    from voice.speech.packages import PACKAGED, is_packaged, packaged, verify_packaged
    from voice.station.scribe import AUTO, OFF, OWN

    wanted = load_net(net).settings.recognition.dictation
    wanted = OWN if wanted == AUTO else wanted
    here = [OWN] if words_file().is_file() else []
    here += [n for n in installed() if n in STOCK]
    for name, folder in ((n, packaged(n)) for n in PACKAGED if is_packaged(n, "whisper")):
        if folder is None:
            continue
        if name == wanted:
            verify_packaged(folder)
        if all(map(importlib.util.find_spec, ("faster_whisper", "opencc"))):
            here.append(name)
        elif name == wanted:
            raise HuyingError(f"{name} is here, but not what runs it: {install('dictation')}")
    if wanted in OFF:
        return "off; free speech is logged as pinyin only"
    if wanted not in here:
        known = (OWN, *(n for n in PACKAGED if is_packaged(n, "whisper")), *STOCK)
        if wanted not in known:
            raise StopsStation(f"no dictation “{wanted}”; there is: {', '.join((AUTO, *known, OFF[0]))}")
        mend = install() if wanted == OWN else f"huying models pull {wanted}"
        raise HuyingError(f"{wanted} is not here: {mend}")
    others = ", ".join(n for n in here if n != wanted)
    told = "our own ear" if wanted == OWN else wanted
    return f"{told}; [recognition] dictation may also be {others}" if others else told


def _encoding(_net: Path) -> str:
    encoding = sys.stdout.encoding or ""
    "呼应✓".encode(encoding)
    return encoding


_CHECKS: tuple[tuple[str, bool, Callable[[Path], str], str], ...] = (
    ("packages", True, _packages, install()),
    ("model 声学模型", True, _model, "huying models verify; reinstall huying if it is damaged"),
    ("net 电台网", True, _units, "huying grammar check"),
    ("recogniser 识别", True, _recogniser, "pip install --force-reinstall vosk"),
    ("cache folder", True, _cache, "set HUYING_HOME to a folder that can be written"),
    ("synthetic voice 语音合成", False, _voice, _SPEAK),
    ("recorded prompts 录好的语音", False, _prompts, "make that folder, or take [station] prompts out of net.toml"),
    ("sound devices 声卡", False, _devices, f"{_SOUND}; on Debian also: apt install libportaudio2"),
    ("dictation 听写模型", False, _dictation, "or no [recognition] dictation in net.toml: our own ear writes then"),
    ("console encoding 终端编码", False, _encoding, "set PYTHONUTF8=1"),
)
