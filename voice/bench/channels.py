"""``huying bench channels`` and ``huying bench pipeline``."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from voice.bench.capacity import Carried, Paced, carry
from voice.bench.speed import channel_of, overs_of
from voice.errors import HuyingError
from voice.journal.store import Journal
from voice.net.loading import load_net
from voice.pcm import RATE, Pcm16
from voice.places import install, sample_net
from voice.radio.carrier import CarrierGate, Closed
from voice.station.ear import open_ear
from voice.station.listener import Listener

TARGET_MS = 300.0
"""Limit of the 95th-percentile delay after the hang time: beyond it the log is too late."""

LEAST_OVERS = 100
"""Overs collected per step: a 95th percentile of fewer is meaningless."""

RECORDING_S = 300.0
OVER_S = 4.0
"""Typical length of an over with the pause after it."""
STEP = 1.5


def channels(duty: float, seconds: float, least: int, most: int, tell: Callable[[str], None]) -> list[Carried]:
    """Increase the number of channels until the 95th percentile exceeds TARGET_MS."""
    net = load_net(sample_net())
    ear = open_ear(net)
    pcm = channel_of(overs_of(net), RECORDING_S, duty)
    rows: list[Carried] = []
    n = least or (4 if duty > 0.5 else 25)
    with tempfile.TemporaryDirectory() as place:
        while n <= most:
            span = max(seconds, LEAST_OVERS * OVER_S / duty / n)
            tell(f"{n} channels, {span:.0f} s…")
            with Journal(f"{place}/{n}.sqlite") as journal:
                rows.append(carry(ear, pcm, n, span, journal))
            if rows[-1].slow_ms > TARGET_MS:
                break
            n = max(n + 2, round(n * STEP))
    return rows


def draw(path: Path, rows: list[Carried], duty: float) -> None:
    """Plot the curve. Raises HuyingError."""
    try:
        from matplotlib import use
    except ImportError as e:
        raise HuyingError(f"pictures need matplotlib; run “{install('eval')}”, or leave --picture out") from e
    use("Agg")
    from matplotlib import pyplot as plt

    figure, axis = plt.subplots(figsize=(6, 4), layout="constrained")
    axis.plot([r.channels for r in rows], [r.slow_ms for r in rows], "o-", label="95th percentile")
    axis.plot([r.channels for r in rows], [r.median_ms for r in rows], "o-", label="median")
    axis.axhline(TARGET_MS, color="grey", linestyle="--")
    axis.set(xlabel=f"channels, {duty:.0%} speech each", ylabel="ms after the hang time", ylim=(0, 2 * TARGET_MS))
    axis.legend()
    figure.savefig(path, dpi=110)


@dataclass(frozen=True, slots=True)
class PipelineCost:
    """CPU time of the same recording, s."""

    duty: float
    """Duty cycle of speech."""
    pipeline: float
    everything: float
    """One recogniser over the whole recording."""
    overs: float
    """Recogniser only, on the overs."""


def pipeline() -> list[PipelineCost]:
    """A recording with continuous speech, and one with typical pauses."""
    net = load_net(sample_net())
    ear = open_ear(net)
    overs = overs_of(net)
    costs = []
    for duty in (1.0, 0.1):
        pcm = channel_of(overs, RECORDING_S, duty)
        gate = CarrierGate(net.settings.timing.hang_time_s)
        found = [
            e.over.pcm
            for k in range(0, len(pcm), RATE)
            for e in gate.process(pcm[k : k + RATE])
            if isinstance(e, Closed)
        ]

        def whole(pcm: Pcm16 = pcm) -> None:
            with tempfile.TemporaryDirectory() as place, Journal(f"{place}/log.sqlite") as journal:
                for _ in Listener(ear, journal).listen(Paced("bench", pcm, len(pcm) / RATE, live=False)):
                    pass

        def naive(pcm: Pcm16 = pcm) -> None:
            ear.recogniser.recognise(pcm)

        def alone(found: list[Pcm16] = found) -> None:
            for x in found:
                ear.recogniser.recognise(x)

        costs.append(PipelineCost(duty, *(_cpu(f) for f in (whole, naive, alone))))
    return costs


def _cpu(act: Callable[[], None]) -> float:
    """CPU time in s, the better of two runs."""
    best = float("inf")
    for _ in range(2):
        before = time.process_time()
        act()
        best = min(best, time.process_time() - before)
    return best
