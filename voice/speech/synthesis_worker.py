"""The process that owns the speech engine: a JSON job a line in, a JSON answer a line out."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from pathlib import Path
from typing import Any

ATTEMPTS = 4


def load_espeak() -> None:
    """Put espeakng-loader's library where pyttsx3 looks for libespeak-ng.so.1 (same SONAME)."""
    if sys.platform == "win32":
        return
    import ctypes

    import espeakng_loader

    ctypes.CDLL(espeakng_loader.get_library_path(), mode=ctypes.RTLD_GLOBAL)
    os.environ.setdefault("ESPEAK_DATA_PATH", str(Path(espeakng_loader.get_data_path()).parent))


def settle() -> None:
    """Wait until espeak-ng is idle. pyttsx3 takes a late event of one utterance for the end of the next one,
    and writes an empty file (about one in a hundred)."""
    from pyttsx3.drivers import _espeak

    _espeak.Synchronize()


def choose_espeak(engine: Any, job: dict[str, Any]) -> None:
    """Voice, then rate and pitch, each waited for and read back.

    Left to itself pyttsx3 sets them only when its loop begins, all at once with the synthesis, and espeak-ng takes
    parameters from a queue of another thread: about every third utterance came out at another one's rate.
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


def main() -> None:
    """Serve until standard input ends."""
    sys.stdin.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    engine: Any = None
    for line in sys.stdin:
        job = json.loads(line)
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                if engine is None:
                    load_espeak()
                    import pyttsx3

                    engine = pyttsx3.init()
                espeak = sys.platform != "win32"
                if espeak:
                    choose_espeak(engine, job)
                else:
                    engine.setProperty("rate", job["rate"])
                    if job["voice"]:
                        engine.setProperty("voice", job["voice"])
                for _ in range(ATTEMPTS):
                    engine.save_to_file(job["pinyin"] if espeak else job["text"], job["path"])
                    engine.runAndWait()
                    if espeak:
                        settle()
                    if has_sound(Path(job["path"])):
                        break
                else:
                    raise RuntimeError("the engine wrote no sound")
            answer = {"ok": True}
        except Exception as e:  # whatever the engine raises is reported, and the worker lives on
            answer = {"error": f"{type(e).__name__}: {e}"}  # type: ignore[dict-item]
        print(json.dumps(answer, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
