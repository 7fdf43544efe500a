"""Measure a model by kind of speaker and write ``evaluation.md`` and ``evaluation.json`` into its folder.

No kind is pooled with another, and the report begins with the worst: people who talk (women apart where it is known), a
reader, students who say single words, natural voices that nothing was trained or tuned on, and formant synthesis. All
are strangers to the network, the costs and the confidence; the channel simulator is not that of training.
"""

from __future__ import annotations

import hashlib
import json
import pickle
import platform
import tempfile
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

import voice
from models.recipe import measure, rolls
from models.recipe.kinds import KINDS, listen, sounds_in_row, syllables_lost
from models.recipe.measure import Bench, Words
from models.recipe.people import People, Said, large_net, utterance
from models.recipe.prepare import STUDENT_WORDS, Corpus
from models.recipe.trials import SNRS, SPEECH_LIKE, TEST_VOICES, db, speak, total
from voice.grammar.compiler import Costs
from voice.measure.evaluation import CLASSES, Trials, evaluate, poisson_upper, share
from voice.measure.scoring import Score
from voice.net.loading import load_net
from voice.places import data_folder, sample_net
from voice.speech.models import check_model
from voice.station.ear import open_ear

THRESHOLD, IDLE_THRESHOLD = 0.5, 0.9
"""The shipped defaults: while an answer is expected, and for short phrases while nobody is."""

PROCESSES = 2

EVERY = 3
"""Of the students' takes one in so many, another one at each signal-to-noise ratio."""

FORMANT_PHRASES, FORMANT_SENTENCES = 120, 60

TOLD = {
    "people": "people reading sentences (Common Voice, 20 of them), phrases of 4 to 11 characters as call signs",
    "women": "… of them those who say they are women",
    "reader": "one reader (S0150), the same of his other half",
    "natural": "eight neural voices (Kokoro), calls and answers of the sample net, tempo 1.0 to 1.35",
    "students": "four students, twelve words of two syllables among the sample net",
    "formant": f"espeak-ng ({', '.join(TEST_VOICES)}), phrases of the sample net",
}
"""Kinds of speakers."""

SPEAKERS = (*KINDS, "students", "formant")
"""Those of them whose overs are ``Trials``."""

_Job = tuple[str, float | None, Path, Path, Path]


def _measured(job: _Job) -> Any:
    """What was measured of a job before, by the same weights, confidence, code and grammar, or is now: a run that was
    broken off goes on."""
    name, snr, model, _, place = job
    told = (model / "model.json").read_bytes() + repr(Costs()).encode() + _code()
    kept = place / "evaluated" / f"{hashlib.sha256(told).hexdigest()[:16]}-{name}-{db(snr).replace(' ', '')}.pickle"
    if not kept.is_file():
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(pickle.dumps(_measure(job)))
    return pickle.loads(kept.read_bytes())  # noqa: S301  # our own cache


@cache
def _code() -> bytes:
    """SHA-256 of what hears and of what it is asked."""
    digest = hashlib.sha256()
    hears = (Path(voice.__file__).parent, "*.py"), (Path(__file__).parent, "*.py"), (data_folder() / "grammars", "*")
    for folder, names in hears:
        for path in sorted(p for p in folder.rglob(names) if p.is_file()):
            digest.update(path.read_bytes())
    return digest.digest()


def _measure(job: _Job) -> Any:
    """One kind at one signal-to-noise ratio: trials, or the score of the students' exchanges."""
    name, snr, model, data, cache = job
    if name in KINDS:
        return listen((model, data, cache, name, "eval", snr, True))
    if name == "rolls":
        return rolls.logged(model, data / "rolls", snr or 0.0, cache / "graphs")
    if name == "syllables":
        return syllables_lost(model, data, cache, "eval", snr)
    if name == "words":
        return measure.words(Bench(model, data / "real", cache), snr)
    if name == "exchanges":
        return measure.exchanges(Bench(model, data / "real", cache), snr)
    trials = Trials()
    if name == "students":
        with tempfile.TemporaryDirectory() as place:
            ear = open_ear(large_net(Path(place) / "n", tuple(STUDENT_WORDS)), cache / "graphs", str(model))
            who = People(Corpus(data / "real"))
            words = list(who.words(snr, 5))[SNRS.index(snr) % EVERY :: EVERY]
            evaluate(ear, map(utterance, (*words, *who.foreign_speech(snr, 9, 80))), trials)
        return trials
    net = load_net(sample_net())
    ear = open_ear(net, cache / "graphs", str(model))
    rng = np.random.default_rng((91, round(snr or 99)))
    entries = [e.text for e in net.lexicon.spoken if e.kind != "digit"]
    said = [str(rng.choice(entries)) for _ in range(FORMANT_PHRASES)]
    of_net = net.lexicon.spoken
    plain = [t for t in SPEECH_LIKE if not any(sounds_in_row(e, net.syllables(t)) for e in of_net)]
    foreign = ["".join(map(str, rng.choice(plain, 2, replace=False))) for _ in range(FORMANT_SENTENCES)]
    for texts, empty in ((said, False), (foreign, True)):
        spoken = speak(texts, TEST_VOICES, (snr,), net, 92, cache / "tts")
        overs = (utterance(Said(t.pcm, "" if empty else t.text, t.voice)) for t in spoken)
        evaluate(ear, overs, trials)
    return trials


def _row(name: str, length: str, snr: str, t: Trials, group: str | None = None) -> str:
    said = t.said_of(length, group)
    cells = [share(t.believed(at, True, length, group), said) for at in (0.0, THRESHOLD)]
    cells.append(share(t.slotted_of(length, group), said))
    cells.append(share(t.believed(IDLE_THRESHOLD, True, length, group), said))
    return f"| {name} | {length} | {snr} | {' | '.join(cells)} |"


FEWEST = 20
"""Words of which a share is worth a line."""


def _worst(found: dict[str, dict[float | None, Trials]]) -> str:
    """The first line: of all kinds, long phrases and short ones, what is believed least at 20 dB."""
    rows = []
    for name, by_snr in found.items():
        t = by_snr[20.0]
        for length in CLASSES:
            if t.said_of(length) >= FEWEST:
                rows.append((t.believed(THRESHOLD, True, length) / t.said_of(length), name, length, t))
    _, name, length, t = min(rows, key=lambda r: r[0])
    said = t.said_of(length)
    return (
        f"Worst of all kinds at 20 dB: {TOLD[name]}, {length} syllables: "
        f"{share(t.believed(0.0, True, length), said)} in the graph, "
        f"{share(t.believed(THRESHOLD, True, length), said)} believed."
    )


BEGIN, END = "<!-- made by “evaluate”; do not edit -->", "<!-- end -->"
"""Around what the card takes from the report."""


def _summary(found: dict[str, dict[float | None, Trials]]) -> list[str]:
    """For the card: the worst kind, then heard in the graph / believed / in its slot, of every kind."""
    lines = [
        _worst(found), "", f"| who | syllables | {' | '.join(map(db, SNRS))} |", f"|---|---|{'---|' * len(SNRS)}",
    ]  # fmt: skip
    for name, by_snr in found.items():
        for length in CLASSES:
            if not any(t.said_of(length) for t in by_snr.values()):
                continue
            cells = []
            for snr in SNRS:
                t = by_snr[snr]
                n = max(1, t.said_of(length))
                counts = (*(t.believed(at, True, length) for at in (0.0, THRESHOLD)), t.slotted_of(length))
                cells.append(" / ".join(f"{c / n:.3f}" for c in counts))
            lines.append(f"| {TOLD[name]} | {length} | {' | '.join(cells)} |")
    return lines


def _into_card(card: Path, lines: list[str]) -> None:
    """Put the lines between BEGIN and END, if the page has them."""
    text = card.read_text("utf-8") if card.is_file() else ""
    if BEGIN in text and END in text:
        before, rest = text.split(BEGIN, 1)
        body = "\n".join(lines)
        card.write_text(f"{before}{BEGIN}\n\n{body}\n\n{END}{rest.split(END, 1)[1]}", "utf-8")


def _readme(found: dict[str, dict[float | None, Trials]], chinese: bool) -> list[str]:
    """What a stranger to the project should know of the ear, kind by kind, for README."""

    def cell(kind: str, snr: float | None, length: str = "4+") -> str:
        t = found[kind][snr]
        return f"{t.believed(THRESHOLD, True, length) / max(1, t.said_of(length)):.2f}"

    strangers = total(list(found["people"].values()))
    hours, false = strangers.alarm_hours, strangers.mistaken["4+"]
    pairs = {(k, n): (cell(k, 20.0, n), cell(k, 5.0, n)) for k, n in (("people", "4+"), ("natural", "4+"))}
    words = cell("students", 20.0, "2-3"), cell("students", 5.0, "2-3")
    people, voices = pairs["people", "4+"], pairs["natural", "4+"]
    if chinese:
        return [
            f"- 模型没有听过的 20 个人念的短语 (四字以上, 和 132 个呼号放在一起): 20 dB 时"
            f"听出并采信 {people[0]}, "
            f"5 dB 时 {people[1]}; 没有听过的神经合成声 {voices[0]} 和 {voices[1]}; "
            f"没有听过的学生说的两字词 {words[0]} 和 {words[1]} "
            "(模拟信道, 见[模型说明](models/huying-zh-8k/README.md))。",
            f"- 这 20 个人的其他句子 {hours:.2f} 小时里, 没有等人回答时把别的话当成四字以上短语并采信 {false} 次。",
        ]
    return [
        "- Of phrases of four syllables and more that 20 people read whom the model has never heard, among 132 call "
        f"signs, {people[0]} are heard and believed at 20 dB, {people[1]} at 5 dB; of those by neural voices never "
        f"heard {voices[0]} and {voices[1]}; of two-syllable words by students never heard {words[0]} and {words[1]} "
        "(simulated channel; [model card](models/huying-zh-8k/README.md)).",
        f"- In {hours:.2f} h of other sentences of those people {false} phrases of four syllables and more were "
        "believed that nobody said, while no answer was expected.",
    ]


def _false_words(found: dict[str, dict[float | None, Trials]]) -> list[str]:
    lines = [
        "", "## False words in speech that holds no phrase", "",
        "An hour; in brackets what the true rate is at most (95 %). *Believed*: by the whole ear at its thresholds",
        "while no answer is expected; then words of the graph, at or above a confidence. All SNRs together. People and",
        "the reader: sentences; natural voices: sentences and words in rows; students: English.", "",
        f"| kind | hours | 4+ believed | 2-3 believed | 4+ at {THRESHOLD} | 4+ at {IDLE_THRESHOLD} "
        f"| 2-3 at {IDLE_THRESHOLD} |",
        "|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for name, by_snr in found.items():
        t = total(list(by_snr.values()))
        hours = max(t.alarm_hours, 1e-9)
        graph = (("4+", THRESHOLD), ("4+", IDLE_THRESHOLD), ("2-3", IDLE_THRESHOLD))
        counts = [t.mistaken["4+"], t.mistaken["2-3"], *(t.alarms(at, length) for length, at in graph)]
        cells = [f"{n / hours:.2f} ({poisson_upper(n) / hours:.2f})" for n in counts]
        lines.append(f"| {name} | {t.foreign_seconds / 3600:.2f} | {' | '.join(cells)} |")
    return lines


def _calibration(found: dict[str, dict[float | None, Trials]]) -> list[str]:
    lines = [
        "", "## Confidence", "",
        "Expected calibration error over every word that the graph heard, right or wrong, foreign speech included;",
        "and the share right of the words with a confidence of 0.9 and more, of 0.5 to 0.9, and below.", "",
        "| kind | error | 0.9 and more | 0.5 to 0.9 | below 0.5 |", "|---|---|---|---|---|",
    ]  # fmt: skip
    for name, by_snr in found.items():
        t = total(list(by_snr.values()))
        cells = []
        for low, high in ((0.9, 2.0), (0.5, 0.9), (0.0, 0.5)):
            some = [j.right for j in t.heard if low <= j.confidence < high]
            cells.append(f"{sum(some) / len(some):.3f} (n={len(some)})" if some else "–")
        lines.append(f"| {name} | {t.calibration_error():.3f} | {' | '.join(cells)} |")
    return lines


def _exchanges(scores: dict[float | None, Score]) -> list[str]:
    lines = ["", "## Exchanges of the students, every word said twice", "", "| SNR | right |", "|---|---|"]
    return lines + [f"| {db(snr)} | {share(s.exchanges_right, s.exchanges)} |" for snr, s in scores.items()]


def _free(lost: dict[float | None, tuple[int, int, int]]) -> list[str]:
    lines = [
        "", "## Free speech", "",
        "Toneless syllables of the people's sentences that are wrong (too many, too few, another), of those that were",
        "said: in the log's pinyin, and in what is shown when our own ear has written it down (the default; what it",
        "does not write stays in pinyin).", "", "| SNR | pinyin | shown |", "|---|---|---|",
    ]  # fmt: skip
    return lines + [
        f"| {db(snr)} | {wrong / max(1, said):.3f} (n={said}) | {shown / max(1, said):.3f} |"
        for snr, (wrong, shown, said) in lost.items()
    ]


def _words(found: dict[float | None, Words]) -> list[str]:
    """The students' words in a closed set, as the first targets were set."""
    who = sorted(next(iter(found.values())).by_speaker)
    lines = [
        "", "## One word an over, and nothing else", "",
        "The students' twelve words in a graph of 92 words that allows one an over, without rejection; and 北京",
        "against 背景, which only their tones tell apart, where one of the two was heard.", "",
        f"| SNR | right | 北京, 背景 | {' | '.join(who)} |", f"|---|---|---|{'---|' * len(who)}",
    ]  # fmt: skip
    for snr, w in found.items():
        each = " | ".join(f"{right / max(1, said):.3f}" for said, right in (w.by_speaker[n] for n in who))
        lines.append(f"| {db(snr)} | {share(w.right, w.said)} | {share(w.tones[1], w.tones[0])} | {each} |")
    return lines


def _rolls(found: dict[float | None, dict[str, Score]]) -> list[str]:
    lines = [
        "", "## Whole recordings by natural voices", "",
        "Scenarios of the sample net by blends of the eight neural voices: calls logged with their result (who, what,",
        "or silent), and events of the log that are missing, are not in the labels, or differ from them.", "",
        "| scenario | SNR | exchanges right | events labelled | missing | extra | different |",
        "|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for snr, scores in found.items():
        for name, s in scores.items():
            differ = len(s.differences()) - len(s.missed) - len(s.extra)
            lines.append(
                f"| {name} | {db(snr)} | {share(s.exchanges_right, s.exchanges)} | {len(s.pairs) + len(s.missed)} "
                f"| {len(s.missed)} | {len(s.extra)} | {differ} |"
            )
    return lines if any(found.values()) else []


def heard(names: tuple[str, ...], model: Path, data: Path, cache: Path) -> dict[str, dict[float | None, Any]]:
    """What was measured of each name, by signal-to-noise ratio."""
    jobs: list[_Job] = [(n, s, model, data, cache) for n in names for s in (rolls.ROLL_SNRS if n == "rolls" else SNRS)]
    found: dict[str, dict[float | None, Any]] = {}
    with ProcessPoolExecutor(PROCESSES) as pool:
        for (name, snr, *_), result in zip(jobs, tqdm(pool.map(_measured, jobs), total=len(jobs)), strict=True):
            found.setdefault(name, {})[snr] = result
    return found


def report(model: Path, data: Path, cache: Path) -> None:
    """Write the report and its figures into ``model``."""
    everything = heard((*SPEAKERS, "exchanges", "syllables", "words", "rolls"), model, data, cache)
    scores, lost, whole = everything.pop("exchanges"), everything.pop("syllables"), everything.pop("rolls")
    single = everything.pop("words")
    found: dict[str, dict[float | None, Trials]] = everything
    women = _women(data)
    lines = [
        "# Evaluation", "", "Written by `python -m models.recipe evaluate`; do not edit.", "", _worst(found), "",
        f"Measured on {platform.machine()}, Python {platform.python_version()}.", "", "## By kind of speaker", "",
        *(f"- **{name}**: {told}." for name, told in TOLD.items()), "",
        f"“graph”: the best path has it; “at {THRESHOLD}”: believed while any answer is expected; “in its slot”:",
        "believed without a mark by the whole ear while the unit that it names is awaited;",
        f"“at {IDLE_THRESHOLD}”: what a short phrase needs while nobody is expected to answer.", "",
        f"| kind | syllables | SNR | graph | at {THRESHOLD} | in its slot | at {IDLE_THRESHOLD} |",
        "|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for name, by_snr in found.items():
        for length in CLASSES:
            rows = [(s, t) for s, t in by_snr.items() if t.said_of(length)]
            lines += [_row(name, length, db(s), t) for s, t in rows]
            if name == "people" and rows and women:
                of_women = _of(total([t for _, t in rows]), women)
                lines.append(_row("women", length, "all", of_women))
    lines += ["", "By speaker, all signal-to-noise ratios together (natural voices and students):", ""]
    lines += [f"| speaker | graph | at {THRESHOLD} |", "|---|---|---|"]
    for name in ("natural", "students"):
        t = total(list(found[name].values()))
        for who in t.groups():
            said = t.said_of(None, who)
            lines.append(
                f"| {who} | {share(t.believed(0, True, None, who), said)} "
                f"| {share(t.believed(THRESHOLD, True, None, who), said)} |"
            )
    lines += [
        *_false_words(found),
        *_calibration(found),
        *_free(lost),
        *_words(single),
        *_exchanges(scores),
        *_rolls(whole),
    ]
    figures: dict[str, Any] = {"sha256": check_model(model).sha256}
    for name, by_snr in found.items():
        figures[name] = {
            f"{length} {db(s)}": {
                "said": t.said_of(length), "slot": t.slotted_of(length),
                **{str(at): t.believed(at, True, length) for at in (0.0, 0.5, 0.9)},
            }
            for length in CLASSES for s, t in by_snr.items() if t.said_of(length)
        }  # fmt: skip
    (model / "evaluation.md").write_text("\n".join(lines) + "\n", "utf-8")
    (model / "evaluation.json").write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n", "utf-8")
    _into_card(model / "README.md", _summary(found))
    for name, chinese in (("README.md", False), ("README.zh-CN.md", True)):
        _into_card(Path(name), _readme(found, chinese))
    print("\n".join(lines))


def _women(data: Path) -> set[str]:
    """Speakers of the people's part “eval” who say that they are women."""
    path = data / "people" / "women.json"
    return set(json.loads(path.read_text("utf-8"))) if path.is_file() else set()


def _of(trials: Trials, groups: set[str]) -> Trials:
    """What some speakers said, and what was heard of them."""
    out = Trials()
    out.said = [(e, g) for e, g in trials.said if g in groups]
    out.heard = [j for j in trials.heard if j.group in groups]
    out.slotted = [(e, g) for e, g in trials.slotted if g in groups]
    return out
