"""What is measured of students' single words: exchanges of a net of them, and one word an over among 92."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path

from models.recipe.costs import open_graph
from models.recipe.people import TONE_PAIR, People, large_net, student_net, student_recording
from models.recipe.prepare import STUDENT_WORDS, Corpus
from voice.audio.source import open_recording
from voice.grammar.compiler import Costs
from voice.journal.store import Journal
from voice.measure.scenario import Scenario
from voice.measure.scoring import Score, compare, make_labels, read_labels
from voice.measure.simulate import label_path, write_recording
from voice.net.loading import Net
from voice.pcm import RATE
from voice.station.ear import open_ear
from voice.station.replay import replay
from voice.station.two_pass import TwoPass


@dataclass(frozen=True, slots=True)
class Bench:
    """What the jobs share."""

    model: Path
    real: Path
    """Corpus of ``prepare``."""
    cache: Path


def exchanges(bench: Bench, snr: float | None) -> Score:
    """The score of ``huying score`` on a net of the people's own words."""
    with tempfile.TemporaryDirectory() as place:
        net = student_net(Path(place) / "net")
        ear = open_ear(net, bench.cache / "graphs", str(bench.model))
        pcm, truth = student_recording(People(Corpus(bench.real)), snr, seed=21)
        path = Path(place) / "people.flac"
        scenario = Scenario.model_validate({"overs": [{"pause": 0}]})
        write_recording(path, pcm, scenario)
        labels = make_labels(net, scenario, truth, len(pcm) / RATE)
        label_path(path).write_text(json.dumps(labels, ensure_ascii=False), "utf-8")
        heard = replay(ear, Journal("sqlite://"), open_recording(path))
        return compare(read_labels(label_path(path)), heard.lines, heard.duration)


ONE_PHRASE = Costs(phrase=0.0, filler=1e6, again=1e6, repeat=1e6)
"""Among call signs: one an over and no other speech; noise may be beside it."""

PHRASES_BESIDE = 80
"""Of the sample net, beside the twelve words: the shortest, which are the easiest to take for them."""

FEW = len(STUDENT_WORDS) + PHRASES_BESIDE


@dataclass(slots=True)
class Words:
    """Single words, one an over."""

    by_speaker: dict[str, list[int]] = field(default_factory=dict)
    """[said, heard right] of each."""
    tones: list[int] = field(default_factory=lambda: [0, 0])
    """[said, heard right] of the words that only their tones tell apart, if one of the two was heard."""

    @property
    def said(self) -> int:
        return sum(said for said, _ in self.by_speaker.values())

    @property
    def right(self) -> int:
        return sum(right for _, right in self.by_speaker.values())


def words(bench: Bench, snr: float | None) -> Words:
    """Every second take of the held-out students, in a graph of 92 words that allows one word an over, without
    rejection."""
    out = Words()
    with tempfile.TemporaryDirectory() as place:
        net = _with_shortest(large_net(Path(place) / "words", tuple(STUDENT_WORDS)))
        recogniser = _closed(bench, net)
    texts = {e.symbol: e.text for e in net.lexicon.spoken}
    for over in list(People(Corpus(bench.real)).words(snr, 5))[::2]:
        row = [texts[w.symbol] for w in recogniser.recognise(over.pcm).words if w.symbol in texts]
        _count(out.by_speaker.setdefault(over.speaker, [0, 0]), row == [over.text])
        if over.text in TONE_PAIR and len(row) == 1 and row[0] in TONE_PAIR:
            _count(out.tones, row == [over.text])
    return out


def _count(pair: list[int], right: bool) -> None:
    pair[0] += 1
    pair[1] += right


def _with_shortest(net: Net) -> Net:
    """The twelve words and PHRASES_BESIDE others."""
    shortest = sorted(net.lexicon.spoken, key=lambda e: (e.text not in STUDENT_WORDS, e.syllables))
    return replace(net, lexicon=replace(net.lexicon, entries=tuple(shortest[:FEW]), talk=()))


def _closed(bench: Bench, net: Net) -> TwoPass:
    calls = tuple(replace(e, kind="unit") for e in net.lexicon.entries)  # a phrase may follow a call sign
    return open_graph(
        replace(net, lexicon=replace(net.lexicon, entries=calls, talk=())), ONE_PHRASE, bench.model, bench.cache
    )
