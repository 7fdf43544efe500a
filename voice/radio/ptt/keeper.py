"""The keeper: a process that owns the PTT line and drops it whatever happens to the station.

One word a line on standard input: ``key SECONDS``, ``unkey``, ``beat``, ``carrier``. Answers, a line each: ``ready``,
``keyed``, ``unkeyed``, ``busy`` or ``clear``, ``timeout``, ``error TEXT``. It unkeys

- when its input ends: the station has ended or was killed (SIGKILL too: the system closes the pipe);
- when no word has come for ``SILENCE_S``: the station hangs;
- ``SECONDS`` after ``key`` (the time-out timer), however often the station says ``beat``;
- when it is asked to end (SIGTERM, SIGHUP). Ctrl-C and Ctrl-Z are the station's: the keeper is of a session of its own.

A line that may be keyed is unkeyed again and again until the driver has confirmed it, for as long as it takes: a rig
that cannot be reached now may be reached in a minute, still keyed. What holds when the keeper itself is killed depends
on the driver, see each driver's file; the station sees the end of its output at once, opens a new one, and that begins
by unkeying. When both are killed, the next start of the station unkeys first.
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
"""Without a word for so long while keyed, the station is taken for hung."""

AGAIN_S, SELDOM_S = 0.1, 2.0
"""Pauses between two tries to unkey: the first, and the longest."""

BEAT_S = 0.25
"""How often the station says ``beat``."""


def say(word: str) -> None:
    """One answer; to nobody, if the station has gone."""
    with contextlib.suppress(OSError, ValueError):
        print(word.replace("\n", " "), flush=True)


def keep(ptt: Ptt, words: queue.Queue[str], reopen: Callable[[], Ptt] | None = None) -> None:
    """Serve until ``words`` gives an empty one. On every way out the line is unkeyed, until that is confirmed; with
    ``reopen`` by a driver opened anew, where the old one fails. Raises PttError for what went wrong, after that."""
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
                if deadline is None:  # a timer that runs is never extended
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
    """Close the driver; one whose line may be keyed not before it has confirmed that it is not."""
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
    """``python -m voice.radio.ptt.keeper SETTINGS [keyed]``. ``keyed``: the line may be keyed, by a keeper before."""
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
    """Until it is open and unkeyed, for as long as it takes."""
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
