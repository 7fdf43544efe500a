"""Announcements: the same words are the same samples, and a bad engine is survived."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.helpers.waiting import real_time
from voice.speech import synthesis_worker
from voice.speech.synthesiser import SpeechError, SpeechSettings, Synthesiser

WORDS = {"收到": ["shou1", "dao4"], "一切正常": ["yi2", "qie4", "zheng4", "chang2"]}
VOICES = (SpeechSettings(150, 45, "m1"), SpeechSettings(165, 50, "f2"), SpeechSettings(142, 38, "grandma"))
"""f2 has breath, which espeak-ng makes out of random numbers."""


def spoken(cache: Path, order: list[tuple[str, SpeechSettings]]) -> dict[tuple[str, SpeechSettings], np.ndarray]:
    with Synthesiser(cache) as synthesiser:
        return {(text, voice): synthesiser.say(text, WORDS[text], voice)[0] for text, voice in order}


def test_what_was_said_before_and_the_time_of_day_make_no_difference(tmp_path: Path) -> None:
    order = [(text, voice) for text in WORDS for voice in VOICES]
    one = spoken(tmp_path / "one", order)
    real_time(1.1)  # espeak-ng's own seed is the second
    other = spoken(tmp_path / "other", order[::-1])
    for key in order:
        assert len(one[key]) > 5000
        np.testing.assert_array_equal(one[key], other[key], err_msg=str(key))


def test_an_unknown_voice_is_told_and_the_next_words_are_said(tmp_path: Path) -> None:
    with Synthesiser(tmp_path) as synthesiser:
        with pytest.raises(SpeechError, match=r"failed.*huying doctor"):
            synthesiser.say("收到", WORDS["收到"], SpeechSettings(variant="nobody", rate=10_000))
        assert len(synthesiser.say("收到", WORDS["收到"], SpeechSettings())[0]) > 5000


def test_a_worker_that_dies_is_told_and_the_next_words_are_said(tmp_path: Path) -> None:
    with Synthesiser(tmp_path) as synthesiser:
        synthesiser.say("收到", WORDS["收到"], SpeechSettings())
        assert synthesiser._worker is not None
        synthesiser._worker.send_signal(signal.SIGKILL)
        synthesiser._worker.wait()
        with pytest.raises(SpeechError, match="huying doctor"):
            synthesiser.say("一切正常", WORDS["一切正常"], SpeechSettings())
        assert len(synthesiser.say("一切正常", WORDS["一切正常"], SpeechSettings())[0]) > 5000


def hangs(_job: dict[str, Any]) -> None:
    real_time(60.0)


def crashes(_job: dict[str, Any]) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize(("engine", "number"), [(hangs, signal.SIGALRM), (crashes, signal.SIGKILL)])
def test_an_engine_that_hangs_or_crashes_takes_nothing_with_it(
    engine: Any, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(synthesis_worker, "LONGEST_S", 1)
    with pytest.raises(RuntimeError, match=f"signal {int(number)}"):
        synthesis_worker.apart(engine, {})
