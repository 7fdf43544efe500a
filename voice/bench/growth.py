"""``huying bench growth``: how cost grows with the journal, the roster and the recording."""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from voice.bench.capacity import Paced
from voice.bench.speed import channel_of, compile_s, overs_of
from voice.journal.rolls import sessions_between
from voice.journal.search import search
from voice.journal.store import Journal
from voice.net.loading import Net, load_net
from voice.places import sample_net
from voice.station.ear import open_ear
from voice.station.listener import Listener
from voice.talk.facts import Answered, Called, Fact, OverHeard, SessionBegan

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
BATCH = 5000
OVERS_A_DAY = 400


@dataclass(frozen=True, slots=True)
class Growth:
    """Durations at increasing sizes."""

    of: str
    """Dimension that grows."""
    sizes: Sequence[int]
    times: dict[str, list[float]]
    """Operation → s at each size."""

    def exponent(self, name: str) -> float:
        """Growth exponent over the two largest sizes: 1 is linear, 0 constant."""
        before, last = (max(t, 1e-6) for t in self.times[name][-2:])
        return math.log(last / before) / math.log(self.sizes[-1] / self.sizes[-2])


def growth(largest: int, tell: Callable[[str], None]) -> Iterator[Growth]:
    """By journal, roster and recording size; one table each, as measured."""
    net = load_net(sample_net())
    yield _journal(net, largest, tell)
    yield _roster(net)
    yield _recording(net)


def _journal(net: Net, largest: int, tell: Callable[[str], None]) -> Growth:
    sizes = [n for n in (1_000, 10_000, 100_000, 1_000_000, 10_000_000) if n <= largest]
    times: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as place:
        for n in sizes:
            tell(f"{n:,} events…")
            for name, took in _journal_of(net, n, Path(place) / f"{n}.sqlite").items():
                times.setdefault(name, []).append(took)
    return Growth("events in the journal", sizes, times)


def _journal_of(net: Net, events: int, path: Path) -> dict[str, float]:
    """Duration of each operation on a journal of ``events`` events, s."""
    end = BEGAN + timedelta(days=fill(path, net, events))
    until, since = (t.isoformat().replace("+00:00", "Z") for t in (end, end - timedelta(days=7)))
    one = _exchange(net, 0, 0.0)
    times = {"open": _took(lambda: Journal(str(path)).close())}
    with Journal(str(path)) as journal:
        times["append an over"] = _took(lambda: journal.append(one, end))
        times["search 贾岗"] = _took(lambda: search(journal, "贾岗", net))
        times["search jgsq"] = _took(lambda: search(journal, "jgsq", net))
        times["a week's roll sheet"] = _took(lambda: sessions_between(journal, since, until))
    path.unlink()
    return times


def _exchange(net: Net, k: int, t: float) -> list[Fact]:
    """An over, the call in it, and its answer: three events."""
    unit = net.units[k % len(net.units)]
    heard = OverHeard(
        t=t,
        over=k,
        start=t,
        end=t + 2,
        speech_start=t + 0.2,
        speech_end=t + 1.8,
        clip="",
        level_db=-20.0,
        outcome="understood",
        speaker="control",
        callees=(unit.id,),
        caller=None,
        to_all=False,
        meanings=(),
        text=f"{unit.call_signs[0]} 是否正常",
        pinyin="shi4 fou3 zheng4 chang2",
        confidence=0.97,
        doubled=False,
        hypothesis=(("U1", 0.2, 1.0, 0.99), ("P7", 1.0, 1.8, 0.98)),
    )
    called = Called(t=t + 2, exchange=k, unit=unit.id, over=k, attempt=1, to_all=False, question="是否正常")
    answered = Answered(
        t=t + 4,
        exchange=k,
        unit=unit.id,
        over=k,
        meaning="normal",
        grade="slot",
        latency_s=2.0,
        late=False,
        confidence=0.97,
        text="一切正常",
        review=False,
    )
    return [heard, called, answered]


def fill(path: Path, net: Net, events: int) -> int:
    """Write a journal of ``events`` events; returns the number of days spanned."""
    days = max(8, events // (3 * OVERS_A_DAY))
    step = days * 86400.0 / (events / 3)
    with Journal(str(path)) as journal:
        journal.append(
            [
                SessionBegan(
                    t=0,
                    source="bench",
                    net="",
                    net_sha256="",
                    model="",
                    model_sha256="",
                    began="",
                    clock="known",
                    units=tuple(u.id for u in net.units),
                )
            ],
            BEGAN,
        )
        facts: list[Fact] = []
        for k in range(events // 3):
            facts += _exchange(net, k + 1, k * step)
            if len(facts) >= BATCH:
                journal.append(facts, BEGAN)
                facts = []
        journal.append(facts, BEGAN)
    return days


def _roster(net: Net) -> Growth:
    sizes = [10, 100, 1000, 10_000]
    return Growth("units", sizes, {"graph compiled": [compile_s(net, n) for n in sizes]})


def _recording(net: Net) -> Growth:
    ear, overs = open_ear(net), overs_of(net)
    minutes = [1, 10, 60]
    took = []
    for m in minutes:
        pcm = channel_of(overs, m * 60.0, 0.1)
        with tempfile.TemporaryDirectory() as place, Journal(f"{place}/log.sqlite") as journal:
            began = time.monotonic()
            for _ in Listener(ear, journal).listen(Paced("bench", pcm, len(pcm) / 8000, live=False)):
                pass
            took.append(time.monotonic() - began)
    return Growth("minutes of recording, 10 % speech", minutes, {"replayed": took})


def _took(act: Callable[[], object]) -> float:
    """Duration in s, best of three."""
    best = math.inf
    for _ in range(3):
        began = time.monotonic()
        act()
        best = min(best, time.monotonic() - began)
    return best
