"""Measure a model and write ``evaluation.md`` and ``evaluation.json`` into its folder.

The people are HELD_OUT of ``prepare``, the voices TEST_VOICES of ``trials``; neither was used for training or
tuning. The measurements run in two processes.
"""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from typing import Any

from tqdm import tqdm

from models.recipe import measure
from models.recipe.costs import Count
from models.recipe.measure import Bench, Heard, VoiceTable
from models.recipe.people import EXCHANGES
from models.recipe.prepare import HELD_OUT
from models.recipe.trials import SNRS, TEST_VOICES, db
from voice.measure.evaluation import share
from voice.measure.scoring import Score

Figures = dict[str, Any]


def _exchange_table(scores: dict[float | None, Score], data: Figures) -> list[str]:
    lines = [
        "## Real people on a net of their own words",
        "",
        f"Speakers {', '.join(HELD_OUT)}: not trained or tuned on. Six call signs, six prowords, {EXCHANGES} exchanges",
        "per row between different people, every word said twice; channel simulator with limiter and squelch tail.",
        "An exchange is right if the call was logged and its result (who, what) is the true one. 北京 and 背景 differ",
        "in tone alone: a third of the exchanges has one of them.",
        "",
        "| SNR | exchanges right | calls: recall / precision | answers: recall / precision | false alarms per hour "
        "| answer-time error, median / max s |",
        "|---|---|---|---|---|---|",
    ]
    total = Score()
    data["people"] = {}
    for snr, s in scores.items():
        _, _, cr, cp = s.rates("called")
        _, _, ar, ap = s.rates("answered")
        figures = s.as_json()
        time = figures["answer_time_error_s"] or {"median": 0, "max": 0}
        lines.append(
            f"| {db(snr)} | {share(s.exchanges_right, s.exchanges)} | {cr:.3f} / {cp:.3f} | {ar:.3f} / {ap:.3f} "
            f"| {figures['false_alarms_per_hour']} | {time['median']} / {time['max']} |"
        )
        data["people"][db(snr)] = figures
        total.add(s)
    lines += ["", "Confusions over all rows, the ten most frequent:", "", "| said | logged | times |", "|---|---|---|"]
    return lines + [f"| {a} | {b} | {n} |" for (a, b), n in total.confusions.most_common(10)]


def _word_tables(
    words: dict[float | None, tuple[int, Heard]],
    phrases: dict[float | None, tuple[int, Heard]],
    foreign: dict[float | None, tuple[float, dict[str, int]]],
    data: Figures,
) -> list[str]:
    lines = [
        "", "## The same people, one word or phrase an over", "",
        f"“word”: one of twelve, two syllables, in a graph of {words[None][0]} words (the sample net and these).",
        f"“phrase”: two different words without a pause, four syllables, in a graph of {phrases[None][0]} words (the",
        "sample net and all 132 pairs). The words are those that the other students were trained on, the people",
        "are not. “graph”: the best path is it and nothing else. “toneless”: 北京 and 背景 counted as one.",
        "“believed”: what is understood at the threshold is it and nothing else. “tone”: of 北京 and 背景 heard",
        "as either, the right one.", "",
        "| said | SNR | graph | toneless | believed | tone |", "|---|---|---|---|---|---|",
    ]  # fmt: skip
    data["single"] = {}
    confusions: Counter[tuple[str, str]] = Counter()
    speakers: dict[str, list[int]] = {}
    for name, heard in (("word", words), ("phrase", phrases)):
        for snr, (_, h) in heard.items():
            lines.append(
                f"| {name} | {db(snr)} | {share(h.graph, h.said)} | {share(h.toneless, h.said)} "
                f"| {share(h.believed, h.said)} | {share(h.tone_right, h.tone_said)} |"
            )
            data["single"][f"{name} {db(snr)}"] = {
                "said": h.said,
                "graph": h.graph,
                "toneless": h.toneless,
                "believed": h.believed,
                "tone": [h.tone_right, h.tone_said],
            }
            if name == "word":
                confusions += h.confusions
                for s, (n, k) in h.by_speaker.items():
                    one = speakers.setdefault(s, [0, 0])
                    one[0], one[1] = one[0] + n, one[1] + k
    lines += ["", "Words, all SNRs together, by speaker:", "", "| speaker | graph |", "|---|---|"]
    lines += [f"| {s} | {share(k, n)} |" for s, (n, k) in sorted(speakers.items())]
    lines += ["", "Most frequent confusions of words:", "", "| said | heard | times |", "|---|---|---|"]
    lines += [f"| {a} | {b} | {n} |" for (a, b), n in confusions.most_common(10)]
    worst = sum((h.missed for _, h in words.values()), Counter[tuple[str, str]]()).most_common(8)
    lines += ["", f"Missed most often: {'; '.join(f'{s} {w} ({n})' for (s, w), n in worst)}."]
    doubted = words[None][1].another
    told = "; ".join(f"{name} ({n})" for name, n in sorted(doubted.items())) or "none"
    lines += [
        "",
        f"On a clear channel the model is sure of another word ({measure.SURE} and more) in {doubted.total()} of",
        f"{words[None][1].said} takes: {told}. Some may be recordings under the wrong name; all count as wrong.",
    ]
    hours = sum(h for h, _ in foreign.values())
    found: Counter[str] = sum((Counter(f) for _, f in foreign.values()), Counter())
    lines += ["", f"English words of the same people, {hours:.2f} h, all SNRs: {_alarms(found, hours)}."]
    data["single"]["foreign"] = {"hours": round(hours, 3), **found}
    return lines


def _alone_table(alone: dict[float | None, dict[str, Count]], data: Figures) -> list[str]:
    rows = list(alone[None])
    lines = [
        "", "## One phrase an over and nothing else", "",
        "Recognition without rejection: graphs in which an over is one phrase, noise beside it allowed; what is",
        f"no phrase is noise. “words”: the same takes as above, in {measure.FEW} words (the twelve and the",
        f"{measure.PHRASES_BESIDE} shortest of the sample net); “pairs”: the same pairs, in their words; the test",
        f"voices: {measure.ALONE} phrases of four syllables and more of the sample net, each.", "",
        f"| SNR | {' | '.join(rows)} |", f"|---|{'---|' * len(rows)}",
    ]  # fmt: skip
    for snr, counts in alone.items():
        lines.append(f"| {db(snr)} | {' | '.join(share(counts[r].exact, counts[r].overs) for r in rows)} |")
    data["alone"] = {db(s): {r: [c.overs, c.exact] for r, c in counts.items()} for s, counts in alone.items()}
    return lines


def _voice_tables(
    counts: VoiceTable, answers: dict[str, list[int]], sentences: tuple[float, dict[str, int]], data: Figures
) -> list[str]:
    lines = [
        "", "## Synthetic voices that were not trained on", "",
        f"espeak-ng variants {', '.join(TEST_VOICES)}; phrases and call signs of the sample net (tones not counted),",
        "one an over, onset cut by 0 to 60 ms. “graph”: the best path has the phrase; “believed”: its confidence also",
        "reaches the threshold. anika is muffled: of its energy 1.5 % lie above 1 kHz and 72 % from 200 to 300 Hz,",
        "which no radio passes, so that at “20 dB” little is left of its consonants.", "",
        "| syllables; voice, four and more | SNR | graph | believed |", "|---|---|---|---|",
    ]  # fmt: skip
    for (length, snr), c in sorted(counts.items(), key=lambda kv: (kv[0][0], -(kv[0][1] or 99))):
        lines.append(f"| {length} | {db(snr)} | {share(c.graph, c.said)} | {share(c.believed, c.said)} |")
    lines += [
        "",
        f"{'、'.join(measure.ANSWERS)}, one an over at {measure.ANSWERS_DB:g} dB while an answer is expected,",
        "understood as it and nothing else:",
        "",
        "| voice | understood |",
        "|---|---|",
        *(f"| {voice} | {share(right, said)} |" for voice, (said, right) in sorted(answers.items())),
    ]
    data["answers"] = answers
    hours, found = sentences
    told = _alarms(found, hours)
    lines += ["", f"Sentences that are in no grammar, same voices and channels, {hours:.2f} h: {told}."]
    data["voices"] = {
        f"{k} {db(s)}": {"said": c.said, "graph": c.graph, "believed": c.believed} for (k, s), c in counts.items()
    }
    data["sentences"] = {"hours": round(hours, 3), **found}
    return lines


def _alarms(found: dict[str, int], hours: float) -> str:
    four, two = found.get("4+", 0), found.get("2-3", 0)
    return (
        f"{four} false words of four syllables and more ({four / hours:.1f} per hour of speech), {two} of two or three "
        f"({two / hours:.1f} per hour)"
    )


def evaluate(model: Path, real: Path, cache: Path) -> None:
    """Write the report and its figures into ``model``."""
    bench = Bench(model, real, cache)
    per_snr = ("exchanges", "words", "phrases", "foreign", "alone")
    found: dict[str, dict[float | None, Any]] = {}
    with ProcessPoolExecutor(2) as pool:
        jobs: dict[tuple[str, float | None], Future[Any]] = {
            (n, s): pool.submit(getattr(measure, n), bench, s)
            for n in ("synthetic", "answers", "sentences", *per_snr)
            for s in (SNRS if n in per_snr else (None,))
        }
        for (name, snr), job in tqdm(jobs.items(), desc="evaluate"):
            found.setdefault(name, {})[snr] = job.result()
    data: Figures = {"sha256": json.loads((model / "model.json").read_text("utf-8"))["sha256"]}
    lines = ["# Evaluation", "", "Written by `python -m models.recipe evaluate`; do not edit.", ""]
    lines += _exchange_table(found["exchanges"], data)
    lines += _word_tables(found["words"], found["phrases"], found["foreign"], data)
    lines += _alone_table(found["alone"], data)
    lines += _voice_tables(found["synthetic"][None], found["answers"][None], found["sentences"][None], data)
    (model / "evaluation.md").write_text("\n".join(lines) + "\n", "utf-8")
    (model / "evaluation.json").write_text(json.dumps(data, ensure_ascii=False, indent=1) + "\n", "utf-8")
    print("\n".join(lines))
