"""A channel inside the sound server: a null sink is the air, its monitor the receiver.

Works with PulseAudio, and with PipeWire through its PulseAudio interface; both are controlled with ``pactl``.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator

SINK = "huying_air"


def available() -> bool:
    """Whether a sound server answers."""
    return bool(shutil.which("pactl")) and _pactl("info") is not None


@contextlib.contextmanager
def null_air() -> Iterator[None]:
    """While active, this process's sound device ``pulse`` plays to and records from a private null sink."""
    module = _pactl("load-module", "module-null-sink", f"sink_name={SINK}", "rate=48000", "channels=1")
    before = {k: os.environ.get(k) for k in ("PULSE_SINK", "PULSE_SOURCE")}
    os.environ |= {"PULSE_SINK": SINK, "PULSE_SOURCE": f"{SINK}.monitor"}
    try:
        yield
    finally:
        for key, value in before.items():
            os.environ.pop(key, None)
            if value is not None:
                os.environ[key] = value
        if module and module.strip().isdigit():
            _pactl("unload-module", module.strip())


def _pactl(*words: str) -> str | None:
    try:
        done = subprocess.run(["pactl", *words], capture_output=True, text=True, timeout=5)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
