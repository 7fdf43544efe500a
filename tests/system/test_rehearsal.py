"""What an adapted model must not forget."""

from __future__ import annotations

import numpy as np

from voice.measure.rehearsal import character, rehearsal
from voice.net.loading import Net
from voice.pcm import RATE
from voice.speech.acoustics import load_acoustic_model
from voice.speech.adaptation import adapt, example
from voice.speech.models import DEFAULT_MODEL, find_model
from voice.speech.synthesiser import Synthesiser


def test_it_is_speech_of_any_sound_and_the_same_each_time(net: Net, synthesiser: Synthesiser) -> None:
    shares: list[float] = []
    made = list(rehearsal(net, synthesiser, 6, progress=shares.append))
    assert len(made) >= 5 and all(0.5 * RATE < len(x) < 8 * RATE and x.dtype == np.int16 for x in made)
    assert shares == sorted(shares) and shares[-1] <= 1
    again = list(rehearsal(net, synthesiser, 6))
    assert all(np.array_equal(a, b) for a, b in zip(made, again, strict=True))
    characters = {character(n) for n in range(3666)}
    assert len(characters) == 3666 and {"啊", "收", "到"} <= characters


def test_what_is_rehearsed_holds_the_model_where_it_is(net: Net, synthesiser: Synthesiser) -> None:
    model = load_acoustic_model(find_model(DEFAULT_MODEL) / "am" / "final.mdl")
    pcm = next(rehearsal(net, synthesiser, 1)).astype(np.float32)
    before = model.loglikes(pcm)
    nothing, wrong = np.zeros(0, np.int64), np.full(len(before), 5)

    def moved(labels: np.ndarray) -> float:
        after = adapt(model, [example(pcm, labels, nothing)], epochs=2, step=1e-5)
        return float(np.abs(after.loglikes(pcm) - before).mean())

    assert moved(nothing) < 0.4 * moved(wrong)
