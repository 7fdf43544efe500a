"""From a recording of the net to the journal: real audio, the shipped model, the whole chain."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from voice.audio.source import open_recording
from voice.journal.lines import lines
from voice.journal.rolls import sessions
from voice.journal.store import Journal
from voice.journal.verify import verify
from voice.measure.channel import Channel as RadioChannel
from voice.measure.channel import Samples, gap, hiss, to_receiver
from voice.measure.scoring import Score, compare, read_labels
from voice.measure.simulate import label_path
from voice.pcm import RATE
from voice.station.ear import Ear
from voice.station.listener import Listener
from voice.station.replay import Replayed, replay
from voice.testing import ReplayedLog


@pytest.fixture(scope="session")
def heard(ear: Ear, morning: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Replayed, Path]:
    """The replayed morning, and its journal."""
    file = tmp_path_factory.mktemp("journal") / "log.sqlite"
    with Journal(str(file)) as journal:
        return replay(ear, journal, open_recording(morning)), file


def test_the_morning_roll_is_logged_as_it_happened(heard: tuple[Replayed, Path], morning: Path) -> None:
    score = compare(read_labels(label_path(morning)), heard[0].lines, heard[0].duration)
    assert score.differences() == []
    assert score.exchanges >= 20 and score.exchanges_right == score.exchanges


def test_the_three_outcomes(heard: tuple[Replayed, Path]) -> None:
    with Journal(str(heard[1])) as journal:
        (session,) = sessions(journal.events())
    results = {u: [c.result for c in session.of(u)] for u in ("101", "105", "120", "124")}
    assert results == {"101": ["answered"], "105": ["silent", "answered"], "120": ["relayed"], "124": ["unclear"]}
    assert session.of("120")[0].proxy is not None, "a neighbour answered for it"


def test_journal_is_whole_and_has_a_clip_for_every_over(heard: tuple[Replayed, Path]) -> None:
    with Journal(str(heard[1])) as journal:
        assert list(verify(journal)) == []
        for e in journal.events(kind="over"):
            clip = journal.clips.get(e.data["clip"])
            assert len(clip) / RATE >= e.data["end"] - e.data["start"] - 0.05


def test_answer_times_are_right_within_a_third_of_a_second(heard: tuple[Replayed, Path], morning: Path) -> None:
    score = compare(read_labels(label_path(morning)), heard[0].lines, heard[0].duration)
    errors = score.latency_errors()
    assert len(errors) >= 15 and float(np.median(errors)) < 0.33


def test_same_recording_same_journal(ear: Ear, short: Path, tmp_path: Path) -> None:
    with Journal(str(tmp_path / "again.sqlite")) as again, Journal(str(tmp_path / "first.sqlite")) as first:
        for journal in (first, again):
            replay(ear, journal, open_recording(short))
        assert again.head == first.head and len(first) > 20
        assert [e.body for e in again.events()] == [e.body for e in first.events()]


def test_eight_bits_lose_no_unit(ear: Ear, morning: Path, heard: tuple[Replayed, Path], tmp_path: Path) -> None:
    """Dithered, as sox writes them: noise of one step, -46 dBFS."""
    x, rate = sf.read(str(morning), dtype="float64")
    dither = np.random.default_rng(0).triangular(-1, 0, 1, len(x)) / 128
    sf.write(tmp_path / "eight.wav", np.round((x + dither) * 127) / 127, rate, subtype="PCM_U8")
    results = []
    with Journal(str(heard[1])) as whole, Journal("sqlite://") as coarse:
        replay(ear, coarse, open_recording(tmp_path / "eight.wav"))
        for journal in (whole, coarse):
            (session,) = sessions(journal.events())
            results.append({c.unit: [x.result for x in session.of(c.unit)] for c in session.calls})
    assert results[0] == results[1] and len(results[0]) == 20


def test_wall_clock_comes_from_the_recording(heard: tuple[Replayed, Path]) -> None:
    assert heard[0].lines[0]["wall"] == "2026-06-05T00:30:00.000Z"


@pytest.mark.parametrize("kind", ["silence", "zeros", "noise"])
def test_an_hour_of_nothing(ear: Ear, kind: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)

    def minute() -> Samples:
        if kind == "silence":
            return gap(60, RadioChannel(), rng)
        return hiss(60 * RATE, rng) * 3000 if kind == "noise" else np.zeros(60 * RATE)

    with sf.SoundFile(str(tmp_path / "hour.flac"), "w", RATE, 1) as f:
        for _ in range(60):
            f.write(to_receiver(minute()))
    with Journal("sqlite://") as journal:
        result = replay(ear, journal, open_recording(tmp_path / "hour.flac"))
    assert result.duration == pytest.approx(3600)
    assert [x["type"] for x in result.lines] == ["session_began", "session_ended"]


def test_damage_stands_in_the_journal(ear: Ear, morning: Path, tmp_path: Path) -> None:
    x, _ = sf.read(str(morning), stop=30 * RATE)
    x[RATE : RATE + 5] = np.nan
    sf.write(tmp_path / "bad.wav", x, RATE, subtype="FLOAT")
    whole = (tmp_path / "bad.wav").read_bytes()
    (tmp_path / "bad.wav").write_bytes(whole[: len(whole) * 2 // 3])
    with Journal("sqlite://") as journal:
        replay(ear, journal, open_recording(tmp_path / "bad.wav"))
        notes = next(iter(journal.events(kind="session_ended"))).data["damage"]
    assert any("not numbers" in n for n in notes) and any("cut off" in n for n in notes)


def test_heavily_clipped_and_very_quiet_recordings_are_still_heard(ear: Ear, morning: Path, tmp_path: Path) -> None:
    x, _ = sf.read(str(morning), start=0, stop=60 * RATE, dtype="float32")
    for name, factor in (("loud", 12.0), ("quiet", 0.06)):
        path = tmp_path / f"{name}.wav"
        sf.write(path, np.clip(x * factor, -1, 1), RATE)
        with Journal("sqlite://") as journal:
            result = replay(ear, journal, open_recording(path))
        called = {e["unit"] for e in result.lines if e["type"] == "called"}
        assert len(called & {"101", "102", "103", "104"}) >= 3, name


def test_pytest_fixture_for_users(huying_replay: Callable[..., ReplayedLog], short: Path) -> None:
    log = huying_replay(short)
    log.assert_as_labelled()
    assert log.answered("省残联") and not log.answered("康宁社区治安队")
    assert [x["meaning"] for x in log.of("closed", "丹尼斯广场")] == ["unclear"]


def test_pytest_fixture_names_what_differs(
    huying_replay: Callable[..., ReplayedLog], short: Path, tmp_path: Path
) -> None:
    raw = json.loads(label_path(short).read_text("utf-8"))
    raw["events"] = raw["events"][1:]
    (tmp_path / "wrong.json").write_text(json.dumps(raw), "utf-8")
    assert any(d.startswith("extra") for d in huying_replay(short).differences(tmp_path / "wrong.json"))


def test_plugin_is_found_by_pytest(tmp_path: Path) -> None:
    listed = subprocess.run(
        [sys.executable, "-m", "pytest", "--fixtures", "-q"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=tmp_path,
        check=False,
    ).stdout
    assert "huying_replay" in listed


def test_score_adds_up(heard: tuple[Replayed, Path], morning: Path) -> None:
    labels = read_labels(label_path(morning))
    total = Score()
    for _ in range(2):
        total.add(compare(labels, heard[0].lines, heard[0].duration))
    lost = compare(labels, [x for x in heard[0].lines if x["type"] != "answered"], heard[0].duration)
    assert total.exchanges == 2 * lost.exchanges and lost.rates("answered")[2] == 0.0
    assert lost.exchanges_right < lost.exchanges and lost.confusions


def test_who_seems_to_talk_is_known_while_the_over_lasts(ear: Ear, morning: Path) -> None:
    seen: list[tuple[float, str, str]] = []
    with Journal("sqlite://") as journal:
        listener = Listener(ear, journal)
        for now in listener.listen(open_recording(morning)):
            seen.append((now, *listener.talking))
            if now > 90:
                break
        found = list(lines(journal.events()))
    overs = {x["over"][0]: x["over"] for x in found if x["type"] == "over"}
    answers = [(x["unit"], *overs[x["t"]]) for x in found if x["type"] == "answered" and x["t"] in overs]
    assert len(answers) >= 3
    for unit, begin, end in answers:
        middle = [who for t, who, _ in seen if begin + 0.5 < t < end]
        assert middle and middle.count(unit) > len(middle) / 2, (unit, middle)
    calls = [x["over"] for x in found if x["type"] == "over" and "是否" in x["text"]]
    assert any("省残联" in heard for t, _, heard in seen if calls[0][0] < t < calls[0][1]), "before it has ended"
    # The stream is open until the hang time is over; a squelch tail before it does not count as part of the over.
    last = max(e for _, e in overs.values())  # what is said at the very end has not ended yet
    quiet = [
        (t, heard) for t, _, heard in seen if t < last and not any(b - 0.3 < t < e + 1.5 for b, e in overs.values())
    ]
    assert len(quiet) > 50 and not [q for q in quiet if q[1]], "nobody says anything"
