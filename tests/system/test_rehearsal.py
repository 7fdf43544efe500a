"""What an adapted model must not forget."""

from __future__ import annotations

import numpy as np

from voice.measure.rehearsal import character, rehearsal
from voice.net.loading import Net
from voice.pcm import RATE
from voice.speech.acoustics import rows_of
from voice.speech.adaptation import Example, adapt, unlabelled
from voice.speech.models import DEFAULT_MODEL, check_model, find_model
from voice.speech.synthesiser import Synthesiser
from voice.station.ear import open_acoustics


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
    network = open_acoustics(check_model(find_model(DEFAULT_MODEL)))
    rows = rows_of(network, next(rehearsal(net, synthesiser, 1)))
    before, wrong = network.outputs.loglikes(rows), np.full(len(rows), 5)

    def moved(example: Example) -> float:
        return float(np.abs(adapt(network.outputs, [example]).loglikes(rows) - before).mean())

    assert moved(unlabelled(rows)) < 0.1 * moved(Example(rows, wrong, wrong))
