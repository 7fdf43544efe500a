"""What is measured of a model, each piece a job of its own: real people, and voices that were not trained on."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from models.recipe.calibrate import samples_of
from models.recipe.costs import Count, hear, open_graph
from models.recipe.kinds import sounds_in
from models.recipe.people import PAIRS, TONE_PAIR, People, Said, large_net, student_net, student_recording
from models.recipe.prepare import STUDENT_WORDS, Corpus
from models.recipe.trials import SNRS, SPEECH_LIKE, TEST_VOICES, speak
from voice.audio.source import open_recording
from voice.grammar.compiler import Costs
from voice.grammar.lexicon import Entry
from voice.grammar.message import Item
from voice.journal.store import Journal
from voice.measure.scenario import Scenario
from voice.measure.scoring import Score, compare, make_labels, read_labels
from voice.measure.simulate import label_path, write_recording
from voice.net.loading import Net, load_net
from voice.pcm import RATE, Pcm16
from voice.places import sample_net
from voice.radio.over import Over
from voice.speech.recogniser import Recogniser
from voice.station.ear import Ear, open_ear
from voice.station.replay import replay

PHRASES = 240
"""Phrases of four syllables per signal-to-noise ratio."""

SURE = 0.95
"""Confidence in another word on a clear channel from which the recording may be doubted rather than the model."""

FOREIGN = 150
"""Overs of foreign words per signal-to-noise ratio."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What the jobs share."""

    model: Path
    real: Path
    """Corpus of ``prepare``."""
    cache: Path


@dataclass(slots=True)
class Heard:
    """How a set of overs with one word each was heard."""

    said: int = 0
    graph: int = 0
    """The graph's best path is this word and no other."""
    believed: int = 0
    """… and so is what is understood at the threshold."""
    toneless: int = 0
    """The graph's best path, 北京 and 背景 taken for the same."""
    another: Counter[str] = field(default_factory=Counter)
    """“speaker: said → heard” where another word is SURE to have been said, tones left aside: perhaps it was."""
    confusions: Counter[tuple[str, str]] = field(default_factory=Counter)
    missed: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By speaker and word."""
    by_speaker: dict[str, list[int]] = field(default_factory=dict)
    """[said, graph] of each."""
    tone_said: int = 0
    tone_right: int = 0
    """Of 北京 and 背景: heard as one of the two, and as the right one."""


def hear_words(ear: Ear, overs: Iterable[Said]) -> Heard:
    """Recognise overs of one word each."""
    texts = {e.symbol: e.text for e in ear.net.lexicon.entries}
    out = Heard()
    for over in overs:
        hypothesis = ear.recogniser.recognise(over.pcm)
        items = [i for i in ear.understand(_over(over.pcm), hypothesis).items if i.kind != "free"]
        row = [texts[w.symbol] for w in hypothesis.words if w.symbol in texts]
        right = row == [over.text]
        out.said += 1
        out.graph += right
        out.toneless += [_untoned(t) for t in row] == [_untoned(over.text)]
        out.believed += [i.text for i in items] == [over.text]
        if len(items) == 1 and items[0].score >= SURE and _untoned(items[0].text) != _untoned(over.text):
            out.another[f"{over.speaker}: {over.text} → {items[0].text}"] += 1
        one = out.by_speaker.setdefault(over.speaker, [0, 0])
        one[0] += 1
        one[1] += right
        if not right:
            out.confusions[over.text, " ".join(row) or "—"] += 1
            out.missed[over.speaker, over.text] += 1
        if over.text in TONE_PAIR and len(row) == 1 and row[0] in TONE_PAIR:
            out.tone_said += 1
            out.tone_right += right
    return out


def _untoned(text: str) -> str:
    return text.replace(*TONE_PAIR)


def foreign_alarms(ear: Ear, overs: Iterable[Said]) -> tuple[float, dict[str, int]]:
    """(hours, believed words by length class) in speech that holds no word of the net."""
    seconds, found = 0.0, {"2-3": 0, "4+": 0}
    for over in overs:
        seconds += len(over.pcm) / RATE
        for item in _items(ear, over.pcm):
            if item.kind != "free":
                found["4+" if len(item.pinyin.split()) >= 4 else "2-3"] += 1
    return seconds / 3600, found


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


def words(bench: Bench, snr: float | None) -> tuple[int, Heard]:
    """(words in the graph, how every second take of each word was heard)."""
    with tempfile.TemporaryDirectory() as place:
        ear = open_ear(large_net(Path(place) / "n", tuple(STUDENT_WORDS)), bench.cache / "graphs", str(bench.model))
        overs = list(People(Corpus(bench.real)).words(snr, 5))[::2]
        return len(ear.net.lexicon.spoken), hear_words(ear, overs)


def phrases(bench: Bench, snr: float | None) -> tuple[int, Heard]:
    """(words in the graph, how PHRASES pairs of words were heard)."""
    with tempfile.TemporaryDirectory() as place:
        ear = open_ear(large_net(Path(place) / "n", PAIRS), bench.cache / "graphs", str(bench.model))
        return len(ear.net.lexicon.spoken), hear_words(ear, People(Corpus(bench.real)).phrases(snr, 6, PHRASES))


ONE_PHRASE = Costs(phrase=0.0, filler=1e6, again=1e6, repeat=1e6)
"""Among call signs: one an over and no other speech; noise may be beside it."""

PHRASES_BESIDE = 80
"""Of the sample net, beside the twelve words: the shortest, which are the easiest to take for them."""

FEW = len(STUDENT_WORDS) + PHRASES_BESIDE

ALONE = 40
"""Phrases of four syllables and more of each test voice."""


def alone(bench: Bench, snr: float | None) -> dict[str, Count]:
    """What graphs make of an over that may hold one phrase and nothing else, as the first targets were set: words of
    people among 92, their pairs, and each test voice's phrases of four syllables and more."""
    people = People(Corpus(bench.real))
    with tempfile.TemporaryDirectory() as place:
        few = _with_shortest(large_net(Path(place) / "words", tuple(STUDENT_WORDS)))
        pairs = large_net(Path(place) / "pairs", PAIRS)
        out = {
            "words": hear(_closed(bench, few), few, list(people.words(snr, 5))[::2]),
            "pairs": hear(_closed(bench, pairs), pairs, list(people.phrases(snr, 6, PHRASES))),
        }
    net = load_net(sample_net())
    closed, rng = _closed(bench, net), np.random.default_rng(80)
    long = [e.text for e in net.lexicon.spoken if e.syllables >= 4]
    for voice in TEST_VOICES:
        texts = [str(t) for t in rng.choice(long, ALONE, replace=False)]
        spoken = speak(texts, (voice,), (snr,), net.readings, 80, bench.cache / "tts")
        out[voice] = hear(closed, net, [Said(t.pcm, t.text, t.voice) for t in spoken])
    return out


def _with_shortest(net: Net) -> Net:
    """The twelve words and PHRASES_BESIDE others."""
    shortest = sorted(net.lexicon.spoken, key=lambda e: (e.text not in STUDENT_WORDS, e.syllables))
    return replace(net, lexicon=replace(net.lexicon, entries=tuple(shortest[:FEW])))


def _closed(bench: Bench, net: Net) -> Recogniser:
    calls = tuple(replace(e, kind="unit") for e in net.lexicon.entries)  # a phrase may follow a call sign
    return open_graph(replace(net, lexicon=replace(net.lexicon, entries=calls)), ONE_PHRASE, bench.model, bench.cache)


def foreign(bench: Bench, snr: float | None) -> tuple[float, dict[str, int]]:
    """False words in English words of the same people."""
    with tempfile.TemporaryDirectory() as place:
        ear = open_ear(large_net(Path(place) / "n", tuple(STUDENT_WORDS)), bench.cache / "graphs", str(bench.model))
        return foreign_alarms(ear, People(Corpus(bench.real)).foreign_speech(snr, 9, FOREIGN))


def _sample_ear(bench: Bench) -> Ear:
    return open_ear(load_net(sample_net()), bench.cache / "graphs", str(bench.model))


VoiceTable = dict[tuple[str, float | None], "VoiceCounts"]
"""By length class (“2-3” or “4+” syllables), or for “4+” by voice; and signal-to-noise ratio."""


def synthetic(bench: Bench, _snr: float | None) -> VoiceTable:
    """Phrases of the sample net in the test voices, all signal-to-noise ratios."""
    return voices(_sample_ear(bench), bench.cache)


def sentences(bench: Bench, _snr: float | None) -> tuple[float, dict[str, int]]:
    """False words in sentences that are in no grammar, all signal-to-noise ratios."""
    return false_alarms(_sample_ear(bench), bench.cache)


ANSWERS = ("收到", "明白", "一切正常", "没有发现")
ANSWERS_DB = 10.0


def answers(bench: Bench, _snr: float | None) -> dict[str, list[int]]:
    """Voice → [said, understood as it and nothing else] of ANSWERS at ANSWERS_DB, while an answer is expected."""
    ear = _sample_ear(bench)
    out: dict[str, list[int]] = {}
    for t in speak([*ANSWERS] * 45, TEST_VOICES, (ANSWERS_DB,), ear.net.readings, 79, bench.cache / "tts"):
        believed = [i.text for i in _items(ear, t.pcm) if i.kind != "free"]
        one = out.setdefault(t.voice, [0, 0])
        one[0] += 1
        one[1] += len(believed) == 1 and _same(believed[0], t.text, ear)
    return out


@dataclass(slots=True)
class VoiceCounts:
    """Phrases of one length class at one signal-to-noise ratio."""

    said: int = 0
    graph: int = 0
    """The graph's best path has the phrase."""
    believed: int = 0
    """… and its confidence reaches the threshold."""


def voices(ear: Ear, cache: Path, count: int = 480, seed: int = 77) -> VoiceTable:
    """Phrases of the sample net, one an over."""
    rng = np.random.default_rng(seed)
    entries = list(ear.net.lexicon.spoken)
    picked: list[Entry] = [entries[int(i)] for i in rng.integers(len(entries), size=count)]
    out: VoiceTable = {}
    trials = speak([e.text for e in picked], TEST_VOICES, SNRS, ear.net.readings, seed, cache / "tts")
    for entry, t in zip(picked, trials, strict=True):
        graph = any(right for _, right in samples_of(ear, t.pcm, t.text))
        believed = any(i.kind != "free" and _same(i.text, t.text, ear) for i in _items(ear, t.pcm))
        for row in ("4+", t.voice) if entry.syllables >= 4 else ("2-3",):
            c = out.setdefault((row, t.snr), VoiceCounts())
            c.said, c.graph, c.believed = c.said + 1, c.graph + graph, c.believed + believed
    return out


def _same(heard: str, said: str, ear: Ear) -> bool:
    entry = next((e for e in ear.net.lexicon.spoken if e.text == heard), None)
    return entry is not None and sounds_in(entry, said, ear)


def _over(pcm: Pcm16) -> Over:
    return Over.whole(pcm)


def _items(ear: Ear, pcm: Pcm16) -> tuple[Item, ...]:
    return ear.understand(_over(pcm), ear.recogniser.recognise(pcm)).items


def false_alarms(ear: Ear, cache: Path, count: int = 300, seed: int = 78) -> tuple[float, dict[str, int]]:
    """(hours of foreign speech, believed words by length class) in sentences that are in no grammar."""
    rng = np.random.default_rng(seed)
    texts = ["".join(str(s) for s in rng.choice(SPEECH_LIKE, 2, replace=False)) for _ in range(count)]
    seconds = 0.0
    found = {"2-3": 0, "4+": 0}
    for t in speak(texts, TEST_VOICES, SNRS, ear.net.readings, seed, cache / "tts"):
        seconds += len(t.pcm) / RATE
        for item in _items(ear, t.pcm):
            if item.kind != "free" and not _same(item.text, t.text, ear):
                found["4+" if len(item.pinyin.split()) >= 4 else "2-3"] += 1
    return seconds / 3600, found
