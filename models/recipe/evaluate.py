"""Measure a model: real people on a net of their own words, and voices that were not trained on.

Writes ``evaluation.md`` and ``evaluation.json`` into the model folder. The people are HELD_OUT of
``prepare``, the voices TEST_VOICES of ``trials``; neither was used for training or tuning.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from models.recipe.calibrate import samples_of, sounds_in
from models.recipe.prepare import HELD_OUT, STUDENT_WORDS, Corpus, Recording
from models.recipe.trials import SNRS, SPEECH_LIKE, TEST_VOICES, speak
from voice.audio.channel import Channel, gap, to_receiver, transmit
from voice.audio.pcm import RATE, Pcm16
from voice.audio.source import open_recording
from voice.grammar.lexicon import Entry
from voice.journal.store import Journal
from voice.net.loading import Net, load_net
from voice.places import sample_net
from voice.radio.over import Over
from voice.station.listener import Ear, open_ear
from voice.station.replay import replay
from voice.station.scenario import Scenario
from voice.station.scoring import Score, compare, make_labels, read_labels
from voice.station.simulate import Spoken, label_path, write_recording

CALL_SIGNS = ("中国", "上海", "北京", "复旦", "总工", "饭店")
PROWORDS = {
    "语音": "ack", "语言": "normal", "识别": "not_found", "数字": "situation", "商行": "on_the_way", "背景": "arrived",
}  # fmt: skip
"""北京 and 背景 differ in tone alone, which the model does not hear: they are in the net all the same."""

EXCHANGES = 120
"""Calls and answers per signal-to-noise ratio."""


def student_net(folder: Path) -> Net:
    """A net whose call signs and prowords are the twelve words of the student recordings."""
    (folder / "words").mkdir(parents=True)
    lines = ["[unit]", *(f"{meaning} = {word}" for word, meaning in PROWORDS.items())]
    (folder / "words" / "prowords.txt").write_text("\n".join(lines) + "\n", "utf-8")
    rows = ["编号,名称,呼号", *(f"{k},{w},{w}" for k, w in enumerate(CALL_SIGNS, 1))]
    (folder / "roster.csv").write_text("\n".join(rows) + "\n", "utf-8")
    settings = (
        'name = "十二个词"\nroster = "roster.csv"\ngrammars = ["words"]\n'
        '[control]\ncall_sign = "总台值班室"\n[timing]\nanswer_timeout_s = 6.0\n'
    )
    (folder / "net.toml").write_text(settings, "utf-8")
    return load_net(folder)


def student_recording(corpus: Corpus, net: Net, snr: float | None, seed: int) -> tuple[Pcm16, list[Spoken]]:
    """EXCHANGES exchanges between different people; every word is said twice, in two different takes."""
    rng = np.random.default_rng(seed)
    takes: dict[tuple[str, str], list[Recording]] = {}
    for r in corpus.recordings:
        word = r.name.split("/")[-1].split("-")[0]
        if r.speaker in HELD_OUT and word in STUDENT_WORDS:
            takes.setdefault((r.speaker, word), []).append(r)
    channel = Channel(snr_db=snr)
    parts = [gap(1.0, channel, rng)]
    at = len(parts[0])
    truth: list[Spoken] = []

    def send(speaker: str, word: str, who: str) -> None:
        nonlocal at
        pool = takes[speaker, word]
        first, second = rng.choice(len(pool), 2, replace=False)
        pause = np.zeros(int(rng.uniform(0.0, 0.2) * RATE))
        speech = np.concatenate([corpus.pcm(pool[first]), pause, corpus.pcm(pool[second])])
        x, begin, end = transmit(speech.astype(np.float64), channel, rng)
        start = at / RATE
        up = len(x) / RATE - channel.tail_s
        truth.append(Spoken(start, start + up, start + begin, start + end, (who,), (f"{word},{word}",)))
        wait = gap(float(rng.uniform(0.8, 2.5)), channel, rng)
        parts.extend([x, wait])
        at += len(x) + len(wait)

    for _ in range(EXCHANGES):
        caller, answerer = rng.choice(HELD_OUT, 2, replace=False)
        unit = int(rng.integers(len(CALL_SIGNS)))
        send(str(caller), CALL_SIGNS[unit], "control")
        send(str(answerer), str(rng.choice(list(PROWORDS))), str(unit + 1))
    parts.append(gap(8.0, channel, rng))
    return to_receiver(np.concatenate(parts)), truth


def people(corpus: Corpus, model: Path, cache: Path) -> Iterator[tuple[float | None, Score]]:
    """The score of ``huying score`` at each signal-to-noise ratio."""
    with tempfile.TemporaryDirectory() as place:
        net = student_net(Path(place) / "net")
        ear = open_ear(net, cache / "graphs", str(model))
        for snr in tqdm(SNRS, desc="people"):
            pcm, truth = student_recording(corpus, net, snr, seed=21)
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
        c.believed += any(i.kind != "free" and _same(i.text, t.text, ear) for i in _understood(ear, t.pcm))
    return out


def _same(heard: str, said: str, ear: Ear) -> bool:
    entry = next((e for e in ear.net.lexicon.spoken if e.text == heard), None)
    return entry is not None and sounds_in(entry, said, ear)


def _understood(ear: Ear, pcm: Pcm16) -> tuple:  # type: ignore[type-arg]
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
        for item in _understood(ear, t.pcm):
            if item.kind != "free" and not _same(item.text, t.text, ear):
                found["4+" if len(item.pinyin.split()) >= 4 else "2-3"] += 1
    return seconds / 3600, found


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
            "the true one. "
            "北京/背景 differ in tone alone, which the model does not hear: a sixth of all is at stake.",
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
