"""Kinds of speakers, each measured by itself: people who talk, a reader, natural voices; to tune on and to measure by.

The people's phrases take the place of call signs beside twelve units of the sample net; the natural voices say calls
and answers of the sample net. What else they say is foreign speech. The speakers of “tune” are other ones than those of
“eval”, and none of either was trained on.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile as sf
from rapidfuzz.distance import Levenshtein

from models.recipe import talk
from models.recipe.natural import TO_TUNE, Speaker, pronounced, speaker, spoken
from models.recipe.people import Said, large_net, small_net, utterance
from models.recipe.prepare import Corpus, Recording, normalised, save
from models.recipe.trials import SNRS, db
from voice.grammar.lexicon import Entry
from voice.mandarin.readings import toneless
from voice.measure.channel import Channel, received
from voice.measure.evaluation import CLASSES, Trials, evaluate, share
from voice.measure.intelligibility import rows
from voice.net.loading import Net, load_net
from voice.pcm import RATE
from voice.places import sample_net
from voice.speech.kokoro import HELD_OUT, MARKS, Kokoro
from voice.speech.whisper import Whisper
from voice.station.ear import Ear, open_ear

PARTS = ("tune", "eval")
KINDS = ("people", "reader", "natural")

TUNING_BLENDS = 16
"""Speakers of part “tune”, each another blend of the voices that are not held out, beside those of ``TO_TUNE``."""

OVERS = {"tune": 40, "eval": 36}
"""Of each natural voice."""


def sounds_in(entry: Entry, said: str, ear: Ear) -> bool:
    """Whether the entry's sound is part of what was said (贾岗社区 is part of 贾岗社区治安队)."""
    return sounds_in_row(entry, ear.net.syllables(said))


def sounds_in_row(entry: Entry, row: list[str]) -> bool:
    """The same of a row of toned syllables; tones do not count."""
    said = " ".join(s[:-1] for s in row)
    return any(" ".join(place[0][:-1] for place in reading) in said for reading in entry.readings)


@dataclass(frozen=True, slots=True)
class Kind:
    """Some speakers, and the net that hears them."""

    name: str
    corpus: Corpus
    said: tuple[tuple[Recording, str], ...]
    """(recording, what is said of the net in it)."""
    foreign: tuple[Recording, ...]

    def net(self, place: Path, tones: bool | None = None) -> Net:
        """The net that hears them, made in an empty folder; tones count unless the voices say the sample net's
        phrases, which does not count them either."""
        if self.name == "natural":
            return large_net(place / self.name, (), bool(tones))
        return small_net(place / self.name, tuple(dict.fromkeys(t for _, t in self.said)), tones is not False)

    def overs(self, snr: float | None, seed: int) -> Iterator[Said]:
        """Every recording with a phrase, through the channel simulator."""
        rng = np.random.default_rng((seed, round(snr or 99)))
        for r, text in self.said:
            yield Said(received(self.corpus.pcm(r), channel_of(snr, rng), rng), text, r.speaker)

    def alarms(self, snr: float | None, seed: int) -> Iterator[Said]:
        """The recordings without one, at each signal-to-noise ratio other ones."""
        rng = np.random.default_rng((seed, round(snr or 99), 1))
        for r in self.foreign[SNRS.index(snr) :: len(SNRS)]:
            yield Said(received(self.corpus.pcm(r), channel_of(snr, rng), rng), "", r.speaker)


def channel_of(snr: float | None, rng: np.random.Generator) -> Channel:
    return Channel(snr_db=snr, tail_s=0.0, onset_cut_s=float(rng.uniform(0, 0.03)))


def kind(name: str, part: str, data: Path, accent: str = "standard") -> Kind:
    """“people”, “reader” or “natural”, of part “tune” or “eval”. ``accent``: of natural voices."""
    folder = voices_of(data, part, accent) if name == "natural" else data / "phrases"
    corpus = Corpus(folder)
    texts: dict[str, str] = json.loads((folder / "texts.json").read_text("utf-8"))
    of_part = [r for r in corpus.recordings if r.name.startswith(part + "/")]
    if name != "natural":
        of_part = [r for r in of_part if (r.speaker == "S0150") == (name == "reader")]
    said = tuple((r, texts[r.name]) for r in of_part if texts[r.name])
    net = load_net(sample_net())
    foreign = [r for r in of_part if not texts[r.name]]
    clean = (r for r in foreign if not any(sounds_in_row(e, list(r.syllables)) for e in net.lexicon.spoken))
    phrases = {_row(r) for r, _ in said} if name != "natural" else set()  # different people read the same sentences
    return Kind(name, corpus, said, tuple(r for r in clean if not any(p in _row(r) for p in phrases)))


def _row(r: Recording) -> str:
    """Syllables without tones, a blank around each."""
    return f" {' '.join(s[:-1] for s in r.syllables)} "


def _told(net: Net, rng: np.random.Generator) -> tuple[str, talk.Words]:
    """(what is said of the net, the words): a call, an answer with or without its call sign, or foreign speech."""
    pick = (
        [e.text for e in net.lexicon.spoken if e.kind == "unit"],
        [e.text for e in net.lexicon.spoken if e.kind == "phrase"],
    )
    unit, answer = (str(p[int(rng.integers(len(p)))]) for p in pick)
    r = rng.random()
    if r > 0.8:
        while True:
            words = talk.everyday(rng) if r > 0.9 else talk.rows(rng)
            row = [s for w in words if w[0] not in MARKS for s in w]
            if not any(sounds_in_row(e, row) for e in net.lexicon.spoken):
                return "", words
    parts = [unit] if r < 0.12 else [unit, unit] if r < 0.27 else [unit, answer] if r < 0.5 else [answer]
    words = []
    for text in parts:
        row = net.syllables(text)
        words += [*talk.joined([row]), [","]]
    return " ".join(parts), [*words[:-1], ["."]]


def voices_of(data: Path, part: str, accent: str = "standard") -> Path:
    """Folder of ``voices``."""
    return data / (f"voices-{part}" if accent == "standard" else f"voices-{part}-{accent}")


def voices(kokoro_folder: Path, part: str, data: Path, accent: str = "standard") -> None:
    """The natural voices of a part, saying what is said on the sample net. What was made before stays with its text,
    though the net may have other phrases by now, and also where there were fewer voices. With an accent (of
    ``natural.pronounced``) every second utterance."""
    out = voices_of(data, part, accent)
    before: dict[str, tuple[list[str], str, np.ndarray]] = {}
    texts: dict[str, str] = {}
    if (out / "texts.json").is_file():
        corpus, texts = Corpus(out), json.loads((out / "texts.json").read_text("utf-8"))
        for r in corpus.recordings:
            before[r.name] = list(r.syllables), r.speaker, np.array(corpus.audio[r.start : r.end])
        if part == "eval" or len({r.speaker for r in corpus.recordings}) == TUNING_BLENDS + len(TO_TUNE):
            return
    kokoro, net = Kokoro(kokoro_folder), load_net(sample_net())
    rng, of_accent = np.random.default_rng((55, PARTS.index(part))), np.random.default_rng(56)
    items = []
    for who in cast(kokoro, part, rng):
        for k in range(OVERS[part]):
            text, words = _told(net, rng)
            tempo = float(rng.uniform(1.0, 1.35))
            if accent != "standard" and k % 2:
                continue
            words, transcript = pronounced(words, accent, of_accent)
            name = f"{part}/{who.name}-{k:02d}"
            if name in before:
                items.append((name, *before[name]))
                continue
            pcm = normalised(spoken(kokoro, who, words, tempo))
            if pcm is None:
                continue
            items.append((name, transcript, who.name, pcm))
            texts[name] = text
        print(who.name, len(items), flush=True)
    save(out, items)
    (out / "texts.json").write_text(json.dumps(texts, ensure_ascii=False, indent=0), "utf-8")


def cast(kokoro: Kokoro, part: str, rng: np.random.Generator) -> Iterator[Speaker]:
    """Blends of other voices, and those of ``TO_TUNE`` as they are; or the held-out ones."""
    if part == "tune":
        for k in range(TUNING_BLENDS):
            who = speaker(kokoro, f"blend{k}", rng)
            yield Speaker(who.name, who.style, who.size, 1.0)
    for name in sorted(TO_TUNE if part == "tune" else HELD_OUT):
        yield Speaker(name, kokoro.style(name), 1.0, 1.0)


Job = tuple[Path, Path, Path, str, str, float | None, bool]
"""(model, data, cache, kind, part, signal-to-noise ratio, with the foreign speech)."""


def listen(job: Job) -> Trials:
    """What one kind of speakers says at one signal-to-noise ratio, heard with the default costs."""
    model, data, cache, name, part, snr, foreign = job
    of = kind(name, part, data)
    trials = Trials()
    with tempfile.TemporaryDirectory() as place:
        ear = open_ear(of.net(Path(place)), cache / "graphs", str(model))
        evaluate(ear, map(utterance, of.overs(snr, 31)), trials)
        if foreign:
            evaluate(ear, map(utterance, of.alarms(snr, 32)), trials)
    return trials


EXCERPT = {"natural": 6, "people": 2}
"""Phrases of each held-out voice and person that are kept in the repository, for CI."""


def excerpt(data: Path, out: Path) -> None:
    """Write ``natural.ogg`` and ``people.ogg`` (Opus) with ``….json`` beside them: [speaker, first sample, sample
    behind, what is said] of each phrase."""
    out.mkdir(parents=True, exist_ok=True)
    for name, count in EXCERPT.items():
        of = kind(name, "eval", data)
        rows, audio, at = [], [], 0
        for who in dict.fromkeys(r.speaker for r, _ in of.said):
            for r, text in [(r, t) for r, t in of.said if r.speaker == who][:count]:
                pcm = of.corpus.pcm(r) / 32768
                rows.append([who, at, at + len(pcm), text])
                audio += [pcm, np.zeros(RATE // 10)]
                at += len(audio[-2]) + len(audio[-1])
        sf.write(out / f"{name}.ogg", np.concatenate(audio), RATE, format="OGG", subtype="OPUS")
        lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
        (out / f"{name}.json").write_text(f"[\n{lines}\n]\n", "utf-8")


def syllables_lost(model: Path, data: Path, cache: Path, part: str, snr: float | None) -> tuple[int, int, int]:
    """(wrong in the log's pinyin, wrong in what is shown, said) toneless syllables of the people's foreign sentences.
    Shown is what our own ear writes, and the pinyin of what it does not write."""
    of = kind("people", part, data)
    wrong = shown = said = 0
    with tempfile.TemporaryDirectory() as place:
        ear = open_ear(of.net(Path(place)), cache / "graphs", str(model))
        recordings = of.foreign[SNRS.index(snr) :: len(SNRS)]
        for r, over in zip(recordings, of.alarms(snr, 33), strict=True):
            heard = ear.recogniser.recognise(over.pcm)
            received_over = utterance(over).over
            message = ear.understand(received_over, heard)
            writing = ear.transcribe(received_over, message, heard)
            true = [s[:-1] for s in r.syllables]
            pinyin = Levenshtein.distance(true, [toneless(s) for s in message.pinyin.split()])
            text = writing.result().text if writing else ""
            wrong += pinyin
            shown += min(Levenshtein.distance(true, row) for row in rows(ear.net, text)) if text else pinyin
            said += len(true)
    return wrong, shown, said


def yardstick(whisper: Path, data: Path) -> None:
    """Whisper alone on the sentences of ``syllables_lost`` of part “eval”: how much of them is to be had without
    anything else. Prints the share of wrong toneless syllables at each ratio."""
    listener, of = Whisper(whisper), kind("people", "eval", data)
    with tempfile.TemporaryDirectory() as place:
        net = of.net(Path(place))
        for snr in SNRS:
            wrong = said = 0
            for r, over in zip(of.foreign[SNRS.index(snr) :: len(SNRS)], of.alarms(snr, 33), strict=True):
                text = "".join(p.candidates[0].text for p in listener.hear(over.pcm) if p.candidates)
                true = [s[:-1] for s in r.syllables]
                wrong += min(Levenshtein.distance(true, row) for row in rows(net, text))
                said += len(true)
            print(f"{db(snr)}: {wrong / said:.3f} of {said} syllables wrong", flush=True)


def glance(model: Path, data: Path, cache: Path, part: str = "tune", snrs: tuple[float | None, ...] = (20.0,)) -> None:
    """A quick look while training goes on: shares in the graph and believed, on the tuning speakers."""
    for name in KINDS:
        if not ((voices_of(data, part) if name == "natural" else data / "phrases") / "texts.json").is_file():
            continue
        for snr in snrs:
            t = listen((model, data, cache, name, part, snr, False))
            rows = [
                f"{c}: graph {share(t.believed(0, True, c), t.said_of(c))}, believed {t.believed(0.5, True, c)}"
                f", wrong {t.believed(0.5, False, c)}" for c in CLASSES if t.said_of(c)
            ]  # fmt: skip
            print(f"{name} {db(snr)}: {'; '.join(rows)}; error {t.calibration_error():.3f}", flush=True)
