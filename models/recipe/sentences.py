"""Real people reading whole sentences: a corpus of them, and their pieces between pauses, for training.

The speakers of Common Voice's split ``eval`` and the even sentences of S0150 are for evaluation only; every tenth
speaker of split ``train`` and the odd sentences of S0150 choose thresholds and costs, and are not trained on either:
what is chosen has to fit strangers. The part stands before the file's name: “train/c000-000.ogg”.
"""

from __future__ import annotations

import itertools
import json
import re
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import soxr
from tqdm import tqdm

from models.recipe.align import aligned
from models.recipe.features import RATE, SHIFT
from models.recipe.network import Tdnn
from models.recipe.prepare import Corpus, Recording, normalised, read, save
from models.recipe.talk import cut
from voice.speech.kokoro import MARKS

PEOPLE, READER = "people-commonvoice.zip", "people-aishell-s0150.zip"

TUNING_EVERY = 10
"""Of the people of Common Voice whose split is “train”, in the order of their names, one of so many is for tuning."""

UNFIT = -2.2
"""Fit of the alignment, in nats a frame, below which a recording is not trained on: its words are others."""

PAUSE_S, LONG_S = 0.2, 2.5
"""A sentence longer than LONG_S is cut in the middle of pauses of PAUSE_S and more."""


def part_of(speaker: str, split: str, index: int) -> str:
    """“train”, “tune” or “eval”; ``index``: of the speaker among those of the split, or of S0150's sentence."""
    if speaker == "S0150":
        return "tune" if index % 2 else "eval"
    if split == "eval":
        return "eval"
    return "tune" if index % TUNING_EVERY == TUNING_EVERY // 2 else "train"


def women_of(speech: Path) -> list[str]:
    """Speakers of Common Voice who say that they are women."""
    with zipfile.ZipFile(speech / PEOPLE) as archive:
        rows = [line.split("\t") for line in archive.read("labels.tsv").decode("utf-8").splitlines()]
    return sorted({r[1] for r in rows if r[4] == "female"})


def rows_of(speech: Path) -> list[tuple[str, str, str, str, str]]:
    """(zip, member, part, speaker, text) of every sentence."""
    out = []
    with zipfile.ZipFile(speech / PEOPLE) as archive:
        rows = [line.split("\t") for line in archive.read("labels.tsv").decode("utf-8").splitlines()]
    known = {s: sorted({r[1] for r in rows if r[2] == s}) for s in ("train", "eval")}
    place = {who: k for s in known for k, who in enumerate(known[s])}
    for member, who, split, *_, text in rows:
        out.append((PEOPLE, member, part_of(who, split, place[who]), who, text))
    with zipfile.ZipFile(speech / READER) as archive:
        rows = [line.split("\t") for line in archive.read("labels.tsv").decode("utf-8-sig").splitlines()]
    for member, text in rows:
        number = int(re.findall(r"W(\d+)", member)[0])
        out.append((READER, member, part_of("S0150", "", number), "S0150", text.strip("\ufeff ")))
    return out


def syllables(text: str) -> list[str] | None:
    """Toned syllables of a sentence; None if something in it is not Mandarin."""
    if re.search(r"[^\u4e00-\u9fff，。、·：“”「」《》；！？\s『』（）()—－・〈〉?,.]", text):
        return None
    try:
        words = cut(re.sub(r"[^\u4e00-\u9fff，。、；！？]", "", text))
    except ValueError:
        return None
    return [s for w in words if w[0] not in MARKS for s in w] or None


def collect(speech: Path, out: Path) -> None:
    """Build the corpus of sentences in ``out``, with ``texts.json`` (name → what was read) beside it."""
    items, texts = [], {}
    dropped: Counter[str] = Counter()
    archives = {z: zipfile.ZipFile(speech / z) for z in (PEOPLE, READER)}
    for archive, member, part, who, text in tqdm(rows_of(speech), desc="sentences"):
        said = syllables(text)
        if said is None:
            dropped["not Mandarin alone"] += 1
            continue
        x, rate = read(archives[archive], member)
        pcm = normalised(soxr.resample(x, rate, RATE))
        if pcm is None:
            dropped["silent"] += 1
            continue
        items.append((f"{part}/{member}", said, who, pcm))
        texts[f"{part}/{member}"] = text
    save(out, items)
    (out / "texts.json").write_text(json.dumps(texts, ensure_ascii=False, indent=0), "utf-8")
    (out / "women.json").write_text(json.dumps(women_of(speech)), "utf-8")
    hours = Counter[str]()
    for name, *_, pcm in items:
        hours[name.split("/")[0]] += len(pcm)
    told = ", ".join(f"{p} {n / RATE / 3600:.2f} h" for p, n in sorted(hours.items()))
    print(f"{len(items)} sentences: {told}; left out: {dict(dropped) or 'none'}")


def part(r: Recording) -> str:
    """“train”, “tune” or “eval”."""
    return r.name.split("/")[0]


def pieces(sentences: Path, net: Tdnn, prior: np.ndarray, out: Path) -> None:
    """Cut the sentences of part “train” at their pauses; leave out whose words do not fit."""
    corpus = Corpus(sentences)
    utterances = [(corpus, r) for r in corpus.recordings if part(r) == "train"]
    found = aligned(net, utterances, prior, coarse=True)
    items = [i for (_, r), (_, which, fit) in zip(utterances, found, strict=True) if fit >= UNFIT
             for i in _cut(corpus, r, which)]  # fmt: skip
    save(out, items)
    hours = sum(len(i[3]) for i in items) / RATE / 3600
    unfit = sum(fit < UNFIT for *_, fit in found)
    print(f"{len(items)} pieces, {hours:.2f} h; {unfit} of {len(utterances)} sentences left out: the words do not fit")


Item = tuple[str, list[str], str, np.ndarray]


def _cut(corpus: Corpus, r: Recording, which: np.ndarray) -> list[Item]:
    pcm = np.asarray(corpus.audio[r.start : r.end])
    return [
        (f"{r.name}-{k}", list(r.syllables[first:last]), r.speaker, pcm[a * SHIFT : b * SHIFT])
        for k, (a, b, first, last) in enumerate(stretches(which))
    ]


SHORTEST, LONGEST = 4, 11
"""Characters of a phrase that takes the place of a call sign."""

PHRASES = 120
"""Of one part's people, and of S0150's."""


def phrases(sentences: Path, net: Tdnn, prior: np.ndarray, out: Path) -> None:
    """A corpus for measuring and tuning: short sentences, and pieces of long ones between two pauses, of the people
    of parts “tune” and “eval”; in ``texts.json`` what is said in each, nothing for the sentences that are left, which
    are foreign speech. A phrase is taken once; the speakers take turns."""
    corpus = Corpus(sentences)
    texts: dict[str, str] = json.loads((sentences / "texts.json").read_text("utf-8"))
    utterances = [(corpus, r) for r in corpus.recordings if part(r) != "train"]
    items: list[Item] = []
    told: dict[str, str] = {}
    found = zip(utterances, aligned(net, utterances, prior, coarse=True), strict=True)
    waiting: dict[tuple[str, str], dict[str, list[tuple[str, Item]]]] = {}
    whole: dict[str, Item] = {}
    for (_, r), (_, which, _) in found:
        chars = re.sub("[^\u4e00-\u9fff]", "", texts[r.name])
        at, whole[r.name] = 0, (r.name, list(r.syllables), r.speaker, np.asarray(corpus.audio[r.start : r.end]))
        pool = waiting.setdefault((part(r), str(r.speaker == "S0150")), {}).setdefault(r.speaker, [])
        for item in _cut(corpus, r, which):
            n = len(item[1])
            if SHORTEST <= n <= LONGEST and len(chars) == len(r.syllables):
                pool.append((chars[at : at + n], item))
            at += n
    for by_speaker in waiting.values():
        taken: set[str] = set()
        rows = [iter(v) for _, v in sorted(by_speaker.items())]
        while rows and len(taken) < PHRASES:
            for row in list(rows):
                found_one = next(((t, i) for t, i in row if t not in taken), None)
                if found_one is None:
                    rows.remove(row)
                elif len(taken) < PHRASES:
                    text, item = found_one
                    taken.add(text)
                    items.append(item)
                    told[item[0]] = text
                    whole.pop(item[0].rsplit("-", 1)[0], None)
    for name, item in whole.items():
        items.append(item)
        told[name] = ""
    save(out, items)
    (out / "texts.json").write_text(json.dumps(told, ensure_ascii=False, indent=0), "utf-8")
    print(f"{out}: {sum(map(bool, told.values()))} phrases, {len(whole)} other sentences")


def stretches(which: np.ndarray) -> list[tuple[int, int, int, int]]:
    """(first frame, frame behind, first syllable, syllable behind) of the pieces; ``which``: syllable of each frame."""
    n = len(which)
    whole = (0, n, 0, int(which.max()) + 1)
    if n * SHIFT < LONG_S * RATE:
        return [whole]
    cuts, begin = [], None
    for t, k in enumerate(which):
        if k < 0 and begin is None:
            begin = t
        elif k >= 0 and begin is not None:
            if begin > 0 and (t - begin) * SHIFT >= PAUSE_S * RATE:
                cuts.append(((begin + t) // 2, int(k)))
            begin = None
    edges = [(0, 0), *cuts, (n, whole[3])]
    return [(a, b, i, j) for (a, i), (b, j) in itertools.pairwise(edges) if j > i]
