"""The keeper: a process that owns the PTT line and drops it whatever happens to the station.

One word a line on standard input: ``key SECONDS``, ``unkey``, ``beat``, ``carrier``. Answers, a line each: ``ready``,
``keyed``, ``unkeyed``, ``busy`` or ``clear``, ``timeout``, ``error TEXT``. It unkeys

- when its input ends: the station has ended or was killed (SIGKILL too: the system closes the pipe);
- when no word has come for ``SILENCE_S``: the station hangs;
- ``SECONDS`` after ``key`` (the time-out timer), however often the station says ``beat``;
- when it is asked to end (SIGTERM). Ctrl-C is the station's to handle: it reaches the whole terminal.

What holds when the keeper itself is killed depends on the driver, see each driver's file; the station
sees the end of its output at once, opens a new one, and that begins by unkeying.
"""

from __future__ import annotations

import json
import queue
import signal
import sys
import threading
import time

from voice.radio.ptt import Ptt, PttError, PttSettings, open_driver

SILENCE_S = 2.0
"""Without a word for so long while keyed, the station is taken for hung."""

BEAT_S = 0.5
"""How often the station says ``beat``."""


def say(word: str) -> None:
    """One answer."""
    print(word.replace("\n", " "), flush=True)


def keep(ptt: Ptt, words: queue.Queue[str]) -> None:
    """Serve until ``words`` gives an empty one. The line is unkeyed on every way out."""
    deadline: float | None = None
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
                    deadline = time.monotonic() + float(argument)
                    ptt.key()
                say("keyed")
            elif verb == "unkey":
                ptt.unkey()
                deadline = None
                say("unkeyed")
            elif verb == "carrier":
                say("busy" if ptt.busy() else "clear")
            elif deadline is not None and (verb == "timeout" or time.monotonic() >= deadline):
                ptt.unkey()
                deadline = None
                say("timeout")
    finally:
        ptt.close()


def _patience(deadline: float | None) -> float | None:
    return None if deadline is None else max(0.0, min(SILENCE_S, deadline - time.monotonic()))


def main() -> None:
    """``python -m voice.radio.ptt.keeper SETTINGS``."""
    words: queue.Queue[str] = queue.Queue()
    signal.signal(signal.SIGTERM, lambda *_: words.put(""))
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def read() -> None:
        for line in sys.stdin:
            words.put(line.strip() or "beat")
        words.put("")

    try:
        ptt = open_driver(PttSettings.from_json(json.loads(sys.argv[1])))
        ptt.unkey()
        say("ready")
        threading.Thread(target=read, daemon=True).start()
        keep(ptt, words)
    except PttError as e:
        say(f"error {e}")
        sys.exit(1)


if __name__ == "__main__":
    main()
