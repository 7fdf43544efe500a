"""Short call signs that sound like another's are found in large nets as one by one."""

from __future__ import annotations

import random

from voice.mandarin.distance import phrase_cost
from voice.mandarin.phones import SYLLABLES
from voice.net.abbreviations import APART, _Alike


def test_all_at_once_finds_what_one_by_one_does() -> None:
    rng = random.Random(1)
    syllables = list(SYLLABLES)[:60]
    signs = [
        (f"s{k}", f"u{k % 150}", tuple(rng.choice(syllables) for _ in range(rng.randint(1, 5)))) for k in range(300)
    ]
    alike = _Alike(signs)
    found = 0
    for _ in range(400):
        row = list(rng.choice(signs)[2])
        if rng.random() < 0.6:
            row[rng.randrange(len(row))] = rng.choice(syllables)
        if rng.random() < 0.4:
            row.insert(rng.randrange(len(row) + 1), rng.choice(syllables))
        if rng.random() < 0.3 and len(row) > 1:
            row.pop(rng.randrange(len(row)))
        unit = f"u{rng.randrange(150)}"
        want = [s for s, of, r in signs if of != unit and abs(len(r) - len(row)) <= 1 and phrase_cost(row, r) <= APART]
        got = alike.first(tuple(row), unit)
        assert got == (want[0] if want else "")
        found += bool(want)
    assert found > 100
