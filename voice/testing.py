"""Recordings as tests: a pytest plugin that comes with Huying.

::

    def test_monday(huying_replay):
        huying_replay("recordings/monday.flac", net="my-net").assert_as_labelled()

    def test_somebody_answers(huying_replay):
        log = huying_replay("recordings/tuesday.flac", net="my-net")
        assert log.answered("贾岗社区治安队")

The net is loaded, and its graph compiled, once a test run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from voice.journal.lines import Line
    from voice.net.loading import Net
    from voice.station.ear import Ear


@dataclass(frozen=True, slots=True)
class ReplayedLog:
    """What Huying logged of one recording."""

    recording: Path
    net: Net
    lines: list[Line]
    """As ``huying replay --json`` prints them."""
    duration: float
    """Seconds of audio."""

    def of(self, kind: str, unit: str | None = None) -> list[Line]:
        """Lines of one type, of one unit (its id, name or call sign) if given."""
        from voice.measure.scenario import find_unit

        wanted = find_unit(self.net, unit).id if unit else None
        return [x for x in self.lines if x["type"] == kind and (wanted is None or x["unit"] == wanted)]

    def answered(self, unit: str) -> bool:
        """Whether the unit's answer is in the log."""
        return bool(self.of("answered", unit))

    def differences(self, labels: Path | None = None) -> list[str]:
        """Differences from the labels, one per line; the default label file is next to the recording."""
        from voice.measure.scoring import compare, read_labels
        from voice.measure.simulate import label_path

        wanted = read_labels(labels or label_path(self.recording))
        return compare(wanted, self.lines, self.duration, self.net).differences()

    def assert_as_labelled(self, labels: Path | None = None) -> None:
        """Fail the test with every difference."""
        found = self.differences(labels)
        if found:
            pytest.fail(f"{self.recording} is not logged as labelled:\n" + "\n".join(found), pytrace=False)


@cache
def _ear(net: Path | None) -> Ear:
    from voice.net.loading import load_net
    from voice.places import sample_net
    from voice.station.ear import open_ear

    return open_ear(load_net(net or sample_net()))


@pytest.fixture(scope="session")
def huying_replay() -> Callable[..., ReplayedLog]:
    """``huying_replay(recording, net=None) -> ReplayedLog``; the sample net if none is named."""

    def replay_one(recording: str | Path, net: str | Path | None = None) -> ReplayedLog:
        from voice.audio.source import open_recording
        from voice.journal.store import Journal
        from voice.station.replay import replay

        ear = _ear(Path(net).resolve() if net else None)
        path = Path(recording)
        with Journal("sqlite://") as journal:
            heard = replay(ear, journal, open_recording(path))
        return ReplayedLog(path, ear.net, heard.lines, heard.duration)

    return replay_one
