"""The bigram of syllables that free speech is written with."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from voice.errors import HuyingError
from voice.grammar.compiler import Costs
from voice.grammar.free import FreeSpeech
from voice.grammar.lexicon import FILLER
from voice.mandarin.phones import SILENCE, SYLLABLES, phone_set, split_syllable
from voice.places import data_folder
from voice.speech.bigram import FILE, STEP, load_bigram, shares
from voice.speech.models import DEFAULT_MODEL, check_model

N = len(SYLLABLES)


@pytest.fixture(scope="module")
def shipped() -> np.ndarray:
    model = check_model(data_folder() / "models" / DEFAULT_MODEL)
    return load_bigram(model.path, model.bigram_sha256)


def test_common_syllables_have_great_shares(shipped: np.ndarray) -> None:
    found = shares(shipped)
    assert np.exp(list(found.values())).sum() == pytest.approx(1.0, abs=0.01)
    assert found["shi"] > found["hui"] > found["hei"] > found["nve"]
    even = np.full((1 + N, N), -np.log(N))
    assert set(np.round(list(shares(even).values()), 2)) == {np.round(-np.log(N), 2)}


def test_every_row_of_the_shipped_one_is_a_distribution(shipped: np.ndarray) -> None:
    assert shipped.shape == (1 + N, N)
    assert np.allclose(np.exp(shipped).sum(1), 1.0, atol=STEP)


def test_it_knows_what_follows_what(shipped: np.ndarray) -> None:
    def chance(a: str, b: str) -> float:
        return float(np.exp(shipped[1 + SYLLABLES.index(a), SYLLABLES.index(b)]))

    assert chance("zhong", "guo") > 20 * chance("zhong", "nuan")
    assert chance("she", "qu") > 20 * chance("she", "nuan")


def scores_of(*choices: tuple[str, ...]) -> np.ndarray:
    """Scores in which the syllables of each choice sound equally good, four frames each."""
    pdfs = phone_set()
    rows = []
    for choice in choices:
        for place in range(4):
            row = np.full(pdfs.num_pdfs, -40.0, np.float32)
            for s in choice:
                phones = split_syllable(s)
                assert phones is not None and len(phones) == 2
                states = (pdfs.pdfs[phones[0]][0], *pdfs.pdfs[phones[1]][:2], pdfs.pdfs[phones[1]][1])
                row[states[place]] = 0.0
            rows.append(row)
    rows += [np.full(pdfs.num_pdfs, -40.0, np.float32) for _ in range(4)]
    for row in rows[-4:]:
        row[pdfs.pdfs[SILENCE][0]] = 0.0
    return np.array(rows)


def heard(free: FreeSpeech, scores: np.ndarray) -> list[str]:
    return [w.symbol[len(FILLER) :] for w in free.hear(scores, 0.0, 9.0).words]


def test_where_the_sounds_leave_a_choice_it_decides() -> None:
    unlikely = np.full((1 + N, N), -9.0, np.float32)
    likely = unlikely.copy()
    likely[1 + SYLLABLES.index("ban"), SYLLABLES.index("gong")] = -0.1
    scores = scores_of(("ban", "dan"), ("gong", "dong"))
    assert heard(FreeSpeech(Costs(filler=1.0), likely), scores) == ["ban", "gong"]
    likely[1 + SYLLABLES.index("dan"), SYLLABLES.index("dong")] = -0.0
    assert heard(FreeSpeech(Costs(filler=1.0), likely), scores) == ["dan", "dong"]


def test_sounds_without_a_choice_are_written_as_they_are() -> None:
    unlikely = np.full((1 + N, N), -9.0, np.float32)
    assert heard(FreeSpeech(Costs(filler=1.0), unlikely), scores_of(("ban",), ("dong",))) == ["ban", "dong"]


def written(folder: Path, data: bytes) -> str:
    (folder / FILE).write_bytes(data)
    return hashlib.sha256(data).hexdigest()


def test_damage_is_named(tmp_path: Path) -> None:
    with pytest.raises(HuyingError, match="cannot be read"):
        load_bigram(tmp_path, "0" * 64)
    written(tmp_path, b"other bytes")
    with pytest.raises(HuyingError, match="checksum"):
        load_bigram(tmp_path, "0" * 64)
    with pytest.raises(HuyingError, match="cannot be read"):
        load_bigram(tmp_path, written(tmp_path, b"PK not a zip"))
    with pytest.raises(HuyingError, match="cannot be read"):
        load_bigram(tmp_path, written(tmp_path, b""))


def test_one_of_another_set_of_syllables_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / FILE, nats=np.zeros((4, 3), np.uint8))
    with pytest.raises(HuyingError, match="another version"):
        load_bigram(tmp_path, hashlib.sha256((tmp_path / FILE).read_bytes()).hexdigest())
