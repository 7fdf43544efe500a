"""Notes on a channel's reception: open squelch, or why nothing was heard on it."""

from __future__ import annotations

from voice.pcm import RATE, Seconds
from voice.radio.carrier import GateCounts
from voice.radio.spectrum import STEP

STOOD_S = 10.0
"""Noise between overs is reported from this duration on."""

SILENCE_DB = -80.0
"""Anything quieter counts as no signal, dBFS."""

FRAME_S = STEP / RATE


def channel_notes(counts: GateCounts, overs: int, speechless: int) -> list[str]:
    """For a session that has ended. ``speechless``: carriers without speech."""
    stood: Seconds = counts.open_frames * FRAME_S
    notes = []
    if stood >= STOOD_S:
        notes.append(
            f"noise of {counts.open_db:.0f} dBFS stood between overs for {stood:.0f} s: the squelch is open or the "
            "line hisses 静噪未关或线路有杂音"
        )
    if not overs:
        notes.append(f"no over was heard 没有听到发话: {_why_nothing(counts, speechless)}")
    return notes


def _why_nothing(counts: GateCounts, speechless: int) -> str:
    if not counts.frames:
        return "there is no sound in it"
    if counts.loudest_db < SILENCE_DB:
        return "it is silent from beginning to end; is it the right input, and the right channel?"
    if speechless:
        return f"{speechless} carriers or noises without speech, the loudest sound is {counts.loudest_db:.0f} dBFS"
    if counts.open_frames:
        return f"only noise, {counts.open_db:.0f} dBFS; nobody speaks in it"
    return f"its loudest sound is {counts.loudest_db:.0f} dBFS, never above its own floor"
