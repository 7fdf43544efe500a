"""Worker process of the speech engine: one JSON job per line in, one JSON answer per line out."""

from __future__ import annotations

import contextlib
import ctypes
import io
import json
import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

ATTEMPTS = 4

SEED = 1
"""Seed of the breath noise in a voice; by default espeak-ng uses the time of day, and recordings would not be
reproducible."""

LONGEST_S = 20
"""Timeout per utterance, s."""


def load_espeak() -> None:
    """Put espeakng-loader's library where pyttsx3 looks for libespeak-ng.so.1 (same SONAME)."""
    import espeakng_loader

    ctypes.CDLL(espeakng_loader.get_library_path(), mode=ctypes.RTLD_GLOBAL)
    os.environ.setdefault("ESPEAK_DATA_PATH", str(Path(espeakng_loader.get_data_path()).parent))


def settle() -> None:
    """Wait until espeak-ng is idle. pyttsx3 takes a late event of one utterance for the end of the next and writes
    an empty file (about one in a hundred)."""
    from pyttsx3.drivers import _espeak

    _espeak.Synchronize()


def choose_espeak(engine: Any, job: dict[str, Any]) -> None:
    """Set voice, then rate and pitch, each awaited and read back.

    By default pyttsx3 sets them all at once with the synthesis when its loop starts, while espeak-ng takes parameters
    from a queue of another thread: about every third utterance had another one's rate.
    """
    engine.proxy.setBusy(False)
    engine.setProperty("voice", f"cmn-latn-pinyin+{job['voice']}")
    settle()
    for name in ("rate", "pitch"):
        for _ in range(ATTEMPTS):
            engine.setProperty(name, job[name])
            settle()
            if int(engine.getProperty(name)) == job[name]:
                break
        else:
            raise RuntimeError(f"the engine has {name} {engine.getProperty(name)} and does not take {job[name]}")


def has_sound(path: Path) -> bool:
    """More than a WAV header."""
    return path.is_file() and path.stat().st_size > 1000


def by_espeak(job: dict[str, Any]) -> None:
    """Speak with a fresh engine: espeak-ng carries pitch and breath of one utterance over into the next."""
    import pyttsx3

    engine = pyttsx3.init()
    choose_espeak(engine, job)
    ctypes.CDLL(None).espeak_ng_SetRandSeed(ctypes.c_long(SEED))
    engine.save_to_file(job["pinyin"], job["path"])
    engine.runAndWait()
    settle()


def apart(work: Callable[[dict[str, Any]], None], job: dict[str, Any]) -> None:
    """Run in a fork of this process. Raises RuntimeError with the error that occurred there."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(LONGEST_S)  # the caller waits no longer, and nothing else would end it
        told = b""
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                work(job)
        except Exception as e:
            told = f"{type(e).__name__}: {e}".encode()
        finally:
            os.write(writing, told)
            os._exit(bool(told))
    os.close(writing)
    with os.fdopen(reading, "rb") as f:
        told = f.read()
    _, status = os.waitpid(child, 0)
    if status:
        raise RuntimeError(told.decode() or f"the engine ended by signal {os.WTERMSIG(status)}")


def by_sapi(engine: Any, job: dict[str, Any]) -> None:
    """Speak on Windows."""
    engine.setProperty("rate", job["rate"])
    if job["voice"]:
        engine.setProperty("voice", job["voice"])
    engine.save_to_file(job["text"], job["path"])
    engine.runAndWait()


def ready() -> Callable[[dict[str, Any]], None]:
    """Load the engine; returns the function that speaks one job."""
    import pyttsx3

    if sys.platform == "win32":
        return partial(by_sapi, pyttsx3.init())
    load_espeak()
    import pyttsx3.drivers.espeak

    return partial(apart, by_espeak)


def main() -> None:
    """Serve until end of standard input."""
    sys.stdin.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    speak: Callable[[dict[str, Any]], None] | None = None
    for line in sys.stdin:
        job = json.loads(line)
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                speak = speak or ready()
                for _ in range(ATTEMPTS):
                    speak(job)
                    if has_sound(Path(job["path"])):
                        break
                else:
                    raise RuntimeError("the engine wrote no sound")
            answer = {"ok": True}
        except Exception as e:  # any engine error is reported; the worker continues
            answer = {"error": f"{type(e).__name__}: {e}"}  # type: ignore[dict-item]
        print(json.dumps(answer, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
