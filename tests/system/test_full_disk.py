"""A real disk that runs full: clips stop, events go on, somebody is told, and all is as before when there is space."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from voice.audio.source import Recording, open_recording
from voice.journal.clips import KEEP_FREE
from voice.journal.lines import lines
from voice.journal.store import Journal
from voice.journal.verify import verify
from voice.pcm import Frame
from voice.station.ear import Ear
from voice.station.listener import Listener


class Filling:
    """A recording; at 20 s something else fills the disk, at 60 s it is gone again."""

    def __init__(self, recording: Recording, ballast: Path) -> None:
        self._recording, self._ballast = recording, ballast
        self.name, self.began, self.duration = recording.name, recording.began, recording.duration
        self.damage = recording.damage

    def frames(self) -> Iterator[Frame]:
        for frame in self._recording.frames():
            if frame.start == 20 * 8000:
                self._ballast.write_bytes(b"x" * (26_000_000 - KEEP_FREE))
            if frame.start == 60 * 8000:
                self._ballast.unlink()
            if frame.start > 110 * 8000:
                return
            yield frame


def test_clips_stop_and_come_back(small_disk: Path, ear: Ear, morning: Path) -> None:
    with Journal(str(small_disk / "log.sqlite")) as journal:
        source = Filling(open_recording(morning), small_disk / "ballast")
        for _ in Listener(ear, journal).listen(source):
            pass
        found = list(lines(journal.events()))
        assert list(verify(journal)) == []
    overs = [(x["over"][1], bool(x["clip"])) for x in found if x["type"] == "over"]
    assert {kept for end, kept in overs if end < 19} == {True}
    assert {kept for end, kept in overs if 21 < end < 59} == {False}
    assert {kept for end, kept in overs if end > 62} == {True}
    told = [(x["meaning"], x["detail"]) for x in found if x["type"] == "device"]
    assert [m for m, _ in told] == ["no_clips", "clips"] and "too few to keep sound" in told[0][1]
    assert len([x for x in found if x["type"] == "answered"]) >= 4, "the log of events went on"
    assert any("MB are left" in note for note in journal_end(found))


def journal_end(found: list[dict[str, object]]) -> list[str]:
    """What the session's end says."""
    return [str(x["detail"]) for x in found if x["type"] in ("device", "session_ended")]
