"""The keeper: a process that owns the PTT line and drops it whatever happens to the station.

One command per line on standard input: ``key SECONDS``, ``unkey``, ``beat``, ``carrier``. Answers, one per line:
``ready``, ``keyed``, ``unkeyed``, ``busy`` or ``clear``, ``timeout``, ``error TEXT``. It unkeys

- at end of input: the station exited or was killed (SIGKILL too: the system closes the pipe);

- after ``SILENCE_S`` without a command: the station hangs;

- ``SECONDS`` after ``key`` (time-out timer), however often the station sends ``beat``;

- on SIGTERM or SIGHUP. Ctrl-C and Ctrl-Z reach only the station: the keeper has its own session.

Unkeying is repeated until the driver confirms it, for as long as it takes: a rig that is unreachable now may come back
in a minute, still keyed. What happens if the keeper itself is killed depends on the driver, see each driver's file; the
station sees the end of its output at once and starts a new one, which begins by unkeying. If both are killed, the next
start of the station unkeys first.
"""

from __future__ import annotations

import contextlib
import json
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable

from voice.radio.ptt import Ptt, PttError, PttSettings, open_driver

SILENCE_S = 2.0
"""Silence after which a station that is keyed counts as hung."""

AGAIN_S, SELDOM_S = 0.1, 2.0
"""Pauses between attempts to unkey: the first, and the longest."""

BEAT_S = 0.25
"""Interval of the station's ``beat``."""


def say(word: str) -> None:
    """Send one answer; ignored if the station has gone."""
    with contextlib.suppress(OSError, ValueError):
        print(word.replace("\n", " "), flush=True)


def keep(ptt: Ptt, words: queue.Queue[str], reopen: Callable[[], Ptt] | None = None) -> None:
    """Serve until ``words`` returns an empty line. On every exit path the line is unkeyed until confirmed; with
    ``reopen`` through a newly opened driver if the old one fails. Raises PttError for the fault afterwards."""
    deadline: float | None = None
    doubtful = False
    """It may be keyed: ``key`` was asked of the driver, and no ``unkey`` has come back since."""
    try:
        while True:
            try:
                word = words.get(timeout=_patience(deadline))
            except queue.Empty:
                word = "timeout"
            if word == "":
                return
            verb, _, argument = word.partition(" ")
            if verb == "key":
                if deadline is None:  # a running timer is never extended
                    deadline, doubtful = time.monotonic() + float(argument), True
                    ptt.key()
                say("keyed")
            elif verb == "unkey":
                ptt.unkey()
                deadline, doubtful = None, False
                say("unkeyed")
            elif verb == "carrier":
                say("busy" if ptt.busy() else "clear")
            elif deadline is not None and (verb == "timeout" or time.monotonic() >= deadline):
                say("timeout")
                ptt.unkey()
                deadline, doubtful = None, False
    except PttError as e:
        say(f"error {e}")
        raise
    finally:
        _release(ptt, doubtful, reopen)


def _release(ptt: Ptt, doubtful: bool, reopen: Callable[[], Ptt] | None) -> None:
    """Close the driver; if its line may be keyed, only after unkeying is confirmed."""
    pause, current = AGAIN_S, ptt
    while True:
        try:
            current.close()
            return
        except PttError:
            if not doubtful or reopen is None:
                return
        time.sleep(pause)
        pause = min(2 * pause, SELDOM_S)
        with contextlib.suppress(PttError):
            current = reopen()


def _patience(deadline: float | None) -> float | None:
    return None if deadline is None else max(0.0, min(SILENCE_S, deadline - time.monotonic()))


def main() -> None:
    """``python -m voice.radio.ptt.keeper SETTINGS [keyed]``. ``keyed``: a previous keeper may have left the line
    keyed."""
    for stream in (sys.stdin, sys.stdout):
        stream.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    words: queue.Queue[str] = queue.Queue()
    for number in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, number):
            signal.signal(getattr(signal, number), lambda *_: words.put(""))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    settings = PttSettings.from_json(json.loads(sys.argv[1]))

    def read() -> None:
        for line in sys.stdin:
            words.put(line.strip() or "beat")
        words.put("")

    def opened() -> Ptt:
        ptt = open_driver(settings)
        ptt.unkey()
        return ptt

    try:
        ptt = _patiently(opened) if "keyed" in sys.argv[2:] else opened()
    except PttError as e:
        say(f"error {e}")
        sys.exit(1)
    say("ready")
    threading.Thread(target=read, daemon=True).start()
    try:
        keep(ptt, words, opened)
    except PttError:
        sys.exit(1)


def _patiently(opened: Callable[[], Ptt]) -> Ptt:
    """Retry until it is open and unkeyed, for as long as it takes."""
    pause, told = AGAIN_S, ""
    while True:
        try:
            return opened()
        except PttError as e:
            if str(e) != told:
                told = str(e)
                say(f"error {e}; tried again and again")
        time.sleep(pause)
        pause = min(2 * pause, SELDOM_S)


if __name__ == "__main__":
    main()
