"""Measure a model: real people, and synthetic voices, that were not trained on.

Writes ``evaluation.md`` and ``evaluation.json`` into the model folder. The people are HELD_OUT of
``prepare``, the voices TEST_VOICES of ``trials``; neither was used for training or tuning.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from tqdm import tqdm

from models.recipe.calibrate import samples_of, sounds_in
from models.recipe.people import EXCHANGES, PAIRS, TONE_PAIR, People, Said, large_net, student_net, student_recording
from models.recipe.prepare import HELD_OUT, STUDENT_WORDS, Corpus
from models.recipe.trials import SNRS, SPEECH_LIKE, TEST_VOICES, speak
from voice.audio.pcm import RATE, Pcm16
from voice.audio.source import open_recording
from voice.grammar.lexicon import Entry
from voice.grammar.message import Item
from voice.journal.store import Journal
from voice.net.loading import load_net
from voice.places import sample_net
from voice.radio.over import Over
from voice.station.listener import Ear, open_ear
from voice.station.replay import replay
from voice.station.scenario import Scenario
from voice.station.scoring import Score, compare, make_labels, read_labels
from voice.station.simulate import label_path, write_recording


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
    confusions: Counter[tuple[str, str]] = field(default_factory=Counter)
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
        row = [texts[w.symbol] for w in hypothesis.words if w.symbol in texts]
        right = row == [over.text]
        out.said += 1
        out.graph += right
        out.toneless += [_untoned(t) for t in row] == [_untoned(over.text)]
        out.believed += [i.text for i in _items(ear, over.pcm) if i.kind != "free"] == [over.text]
        one = out.by_speaker.setdefault(over.speaker, [0, 0])
        one[0] += 1
        one[1] += right
        if not right:
            out.confusions[over.text, " ".join(row) or "—"] += 1
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


def people(corpus: Corpus, model: Path, cache: Path) -> Iterator[tuple[float | None, Score]]:
    """The score of ``huying score`` at each signal-to-noise ratio."""
    who = People(corpus)
    with tempfile.TemporaryDirectory() as place:
        net = student_net(Path(place) / "net")
        ear = open_ear(net, cache / "graphs", str(model))
        for snr in tqdm(SNRS, desc="people"):
            pcm, truth = student_recording(who, snr, seed=21)
            path = Path(place) / f"people-{snr}.flac"
            scenario = Scenario.model_validate({"overs": [{"pause": 0}]})
            write_recording(path, pcm, scenario)
            labels = make_labels(net, scenario, truth, len(pcm) / RATE)
            label_path(path).write_text(json.dumps(labels, ensure_ascii=False), "utf-8")
            heard = replay(ear, Journal("sqlite://"), open_recording(path))
            yield snr, compare(read_labels(label_path(path)), heard.lines, heard.duration)


@dataclass(slots=True)
class VoiceCounts:
    """Phrases of one length class at one signal-to-noise ratio."""

    said: int = 0
    graph: int = 0
    """The graph's best path has the phrase."""
    believed: int = 0
    """… and its confidence reaches the threshold."""


def voices(ear: Ear, cache: Path, count: int = 480, seed: int = 77) -> dict[tuple[str, float | None], VoiceCounts]:
    """Phrases of the sample net, one an over, by length class (“2-3” or “4+” syllables) and SNR."""
    rng = np.random.default_rng(seed)
    entries = list(ear.net.lexicon.spoken)
    picked: list[Entry] = [entries[int(i)] for i in rng.integers(len(entries), size=count)]
    out: dict[tuple[str, float | None], VoiceCounts] = {}
    trials = speak([e.text for e in picked], TEST_VOICES, SNRS, ear.net.readings, seed, cache / "tts")
    for entry, t in tqdm(zip(picked, trials, strict=True), total=count, desc="voices"):
        c = out.setdefault(("4+" if entry.syllables >= 4 else "2-3", t.snr), VoiceCounts())
        c.said += 1
        c.graph += any(right for _, right in samples_of(ear, t.pcm, t.text))
        c.believed += any(i.kind != "free" and _same(i.text, t.text, ear) for i in _items(ear, t.pcm))
    return out


def _same(heard: str, said: str, ear: Ear) -> bool:
    entry = next((e for e in ear.net.lexicon.spoken if e.text == heard), None)
    return entry is not None and sounds_in(entry, said, ear)


def _items(ear: Ear, pcm: Pcm16) -> tuple[Item, ...]:
    over = Over(1, 0.0, len(pcm) / RATE, pcm, 0.0, 0.0)
    return ear.understand(over, ear.recogniser.recognise(pcm)).items


def false_alarms(ear: Ear, cache: Path, count: int = 300, seed: int = 78) -> tuple[float, dict[str, int]]:
    """(hours of foreign speech, believed words by length class) in sentences that are in no grammar."""
    rng = np.random.default_rng(seed)
    texts = ["".join(str(s) for s in rng.choice(SPEECH_LIKE, 2, replace=False)) for _ in range(count)]
    seconds = 0.0
    found = {"2-3": 0, "4+": 0}
    for t in tqdm(speak(texts, TEST_VOICES, SNRS, ear.net.readings, seed, cache / "tts"), total=count, desc="foreign"):
        seconds += len(t.pcm) / RATE
        for item in _items(ear, t.pcm):
            if item.kind != "free" and not _same(item.text, t.text, ear):
                found["4+" if len(item.pinyin.split()) >= 4 else "2-3"] += 1
    return seconds / 3600, found


def _people_tables(corpus: Corpus, model: Path, cache: Path, data: dict[str, object]) -> list[str]:
    """Words alone, phrases of four syllables and foreign speech of the same people."""
    who = People(corpus)
    lines, figures = [], {}
    with tempfile.TemporaryDirectory() as place:
        words = open_ear(large_net(Path(place) / "words", tuple(STUDENT_WORDS)), cache / "graphs", str(model))
        phrases = open_ear(large_net(Path(place) / "phrases", PAIRS), cache / "graphs", str(model))
        entries = len(words.net.lexicon.spoken), len(phrases.net.lexicon.spoken)
        lines += [
            "", "## The same people, one word or phrase an over", "",
            f"“word”: one of the twelve, two syllables, in a graph of {entries[0]} words (the sample net and these).",
            f"“phrase”: two different words without a pause, four syllables, in a graph of {entries[1]} words (the",
            "sample net and all 132 pairs). The words are those that the other students were trained on, the people",
            "are not. “graph”: the best path is it and nothing else. “toneless”: 北京 and 背景 counted as one.",
            "“believed”: what is understood at the threshold is it and nothing else. “tone”: of 北京 and 背景 heard",
            "as either, the right one.", "",
            "| said | SNR | graph | toneless | believed | tone |", "|---|---|---|---|---|---|",
        ]  # fmt: skip
        confusions: Counter[tuple[str, str]] = Counter()
        speakers: dict[str, list[int]] = {}
        for name, ear in (("word", words), ("phrase", phrases)):
            for snr in tqdm(SNRS, desc=name):
                h = hear_words(ear, who.words(snr, 5) if name == "word" else who.phrases(snr, 6, 400))
                lines.append(
                    f"| {name} | {_db(snr)} | {_wilson(h.graph, h.said)} | {_wilson(h.toneless, h.said)} "
                    f"| {_wilson(h.believed, h.said)} | {_wilson(h.tone_right, h.tone_said)} |"
                )
                figures[f"{name} {_db(snr)}"] = {
                    "said": h.said, "graph": h.graph, "toneless": h.toneless, "believed": h.believed,
                    "tone": [h.tone_right, h.tone_said],
                }  # fmt: skip
                if name == "word":
                    confusions += h.confusions
                    for s, (n, k) in h.by_speaker.items():
                        one = speakers.setdefault(s, [0, 0])
                        one[0], one[1] = one[0] + n, one[1] + k
        lines += ["", "Words, all SNRs together, by speaker:", "", "| speaker | graph |", "|---|---|"]
        lines += [f"| {s} | {_wilson(k, n)} |" for s, (n, k) in sorted(speakers.items())]
        lines += ["", "Most frequent confusions of words:", "", "| said | heard | times |", "|---|---|---|"]
        lines += [f"| {a} | {b} | {n} |" for (a, b), n in confusions.most_common(10)]
        hours, found = 0.0, Counter[str]()
        for snr in SNRS:
            lasted, alarms = foreign_alarms(words, who.foreign_speech(snr, 9, 200))
            hours += lasted
            found.update(alarms)
        lines += [
            "",
            f"Foreign speech (English words of the same people, {hours:.2f} h, all SNRs), words believed: "
            f"{found['4+']} of four syllables and more ({found['4+'] / hours:.1f} per hour), {found['2-3']} of two or "
            f"three ({found['2-3'] / hours:.1f} per hour).",
        ]
        figures["foreign"] = {"hours": round(hours, 3), **found}
    data["single"] = figures
    return lines


def _wilson(k: int, n: int) -> str:
    """Share and its 95 % interval (Wilson, 1927)."""
    if n == 0:
        return "–"
    p, z = k / n, 1.96
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * ((p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5)
    return f"{p:.3f} ({max(0, middle - half):.2f}–{min(1, middle + half):.2f}, n={n})"


def _db(snr: float | None) -> str:
    return "clean" if snr is None else f"{snr:g} dB"


def evaluate(model: Path, real: Path | None, cache: Path) -> None:
    """Write ``evaluation.md`` and ``evaluation.json`` into ``model``."""
    lines = ["# Evaluation", "", "Written by `python -m models.recipe evaluate`; do not edit.", ""]
    data: dict[str, object] = {"sha256": json.loads((model / "model.json").read_text("utf-8"))["sha256"]}
    if real is not None and real.is_dir():
        lines += [
            "## Real people on a net of their own words",
            "",
            f"Speakers {', '.join(HELD_OUT)}: not trained or tuned on. Six call signs, six prowords, "
            f"{EXCHANGES} exchanges per row between different people, every word said twice; channel simulator "
            "with limiter and squelch tail. An exchange is right if the call was logged and its result (who, what) is "
            "the true one. 北京 and 背景 differ in tone alone: a third of the exchanges has one of them.",
            "",
            "| SNR | exchanges right | calls: recall / precision | answers: recall / precision "
            "| false alarms per hour | answer-time error, median / max s |",
            "|---|---|---|---|---|---|",
        ]
        scores: dict[str, object] = {}
        worst: dict[str, Score] = {}
        for snr, s in people(Corpus(real), model, cache):
            _, _, cr, cp = s.rates("called")
            _, _, ar, ap = s.rates("answered")
            figures = s.as_json()
            time = figures["answer_time_error_s"] or {"median": 0, "max": 0}
            lines.append(
                f"| {_db(snr)} | {_wilson(s.exchanges_right, s.exchanges)} | {cr:.3f} / {cp:.3f} | {ar:.3f} / {ap:.3f} "
                f"| {figures['false_alarms_per_hour']} | {time['median']} / {time['max']} |"
            )
            scores[_db(snr)] = figures
            worst[_db(snr)] = s
        data["people"] = scores
        lines += ["", "Confusions over all rows, the ten most frequent:", ""]
        lines += ["| said | logged | times |", "|---|---|---|"]
        total = Score()
        for s in worst.values():
            total.add(s)
        lines += [f"| {a} | {b} | {n} |" for (a, b), n in total.confusions.most_common(10)]
        lines += _people_tables(Corpus(real), model, cache, data)
    ear = open_ear(load_net(sample_net()), cache / "graphs", str(model))
    counts = voices(ear, cache)
    hours, found = false_alarms(ear, cache)
    lines += [
        "", "## Synthetic voices that were not trained on", "",
        f"espeak-ng variants {', '.join(TEST_VOICES)}; phrases and call signs of the sample net, one an over, "
        "onset cut by 0 to 60 ms; threshold 0.5. “graph”: the best path has the phrase; “believed”: its confidence "
        "also reaches the threshold.", "",
        "| syllables | SNR | graph | believed |", "|---|---|---|---|",
    ]  # fmt: skip
    for (length, snr), c in sorted(counts.items(), key=lambda kv: (kv[0][0], -(kv[0][1] or 99))):
        lines.append(f"| {length} | {_db(snr)} | {_wilson(c.graph, c.said)} | {_wilson(c.believed, c.said)} |")
    per_hour = {k: round(n / hours, 1) for k, n in found.items()}
    lines += [
        "",
        f"False words in {hours:.2f} h of sentences that are in no grammar, same voices and channels: "
        f"{found['4+']} of four syllables and more ({per_hour['4+']} per hour of speech), "
        f"{found['2-3']} of two or three ({per_hour['2-3']} per hour).",
    ]
    data["voices"] = {
        f"{k} {_db(s)}": {"said": c.said, "graph": c.graph, "believed": c.believed} for (k, s), c in counts.items()
    }
    data["false_words_per_hour"] = per_hour
    (model / "evaluation.md").write_text("\n".join(lines) + "\n", "utf-8")
    (model / "evaluation.json").write_text(json.dumps(data, ensure_ascii=False, indent=1) + "\n", "utf-8")
    print("\n".join(lines))
