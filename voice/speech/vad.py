"""Voice activity within an over: webrtcvad on 20 ms frames. Used only behind the carrier gate."""

from __future__ import annotations

from typing import Any

import webrtcvad

from voice.pcm import Pcm16

FRAME_MS = 20
MODE = 2
"""Aggressiveness, 0 (permissive) .. 3 (strict). webrtcvad takes loud noise for speech in every mode."""

Span = tuple[float, float]


def speech_spans(pcm: Pcm16, rate: int, hang_s: float = 0.3, mode: int = MODE) -> list[Span]:
    """Utterances in seconds from the start of ``pcm`` (shape (n,), rate 8000 or 16000 Hz).

    Pauses shorter than ``hang_s`` do not end an utterance; isolated frames do not start one.
    """
    step = rate * FRAME_MS // 1000
    vad: Any = webrtcvad.Vad(mode)  # a new one each time: it adapts, and results must be reproducible
    data = pcm.tobytes()
    speech = [vad.is_speech(data[2 * i : 2 * (i + step)], rate) for i in range(0, len(pcm) - step + 1, step)]
    spans: list[list[float]] = []
    for k, s in enumerate(speech):
        if not s or not (speech[k - 1 : k] == [True] or speech[k + 1 : k + 2] == [True]):
            continue
        a, b = k * FRAME_MS / 1000, (k + 1) * FRAME_MS / 1000
        if spans and a - spans[-1][1] < hang_s:
            spans[-1][1] = b
        else:
            spans.append([a, b])
    return [(a, b) for a, b in spans]
