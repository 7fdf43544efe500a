"""An accented station, simulated: what adaptation does.

``python -m models.recipe adaptation`` writes ``adaptation.md`` into the model folder. An accented speaker here is a
synthetic voice that says another syllable where the accent has one; real accents differ in more than that.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soxr

from models.recipe.trials import SNRS, SPEECH_LIKE, TEST_VOICES
from voice.mandarin.accents import variants
from voice.mandarin.phones import SYLLABLES, split_syllable
from voice.measure.adapting import Adapted, Confirmation, adapt_to
from voice.measure.channel import Channel, band_pass, received, to_receiver, transmit
from voice.measure.evaluation import Trials, evaluate, share
from voice.measure.rehearsal import rehearsal
from voice.measure.utterances import Utterance
from voice.net.loading import Net, load_net
from voice.net.settings import write_settings
from voice.pcm import RATE, Pcm16
from voice.places import sample_net
from voice.radio.over import Over
from voice.speech.synthesiser import Synthesiser, Voice
from voice.station.ear import open_ear

STRENGTH = 0.8
"""Chance that a syllable which the accent says otherwise is said otherwise."""

STATION_OVERS = 320
"""Of the simulated station: three quarters are learned."""

_SYLLABLE_OF = {split_syllable(s): s for s in SYLLABLES}


def accented(syllables: list[str], accent: str, rng: np.random.Generator) -> list[str]:
    """Toned syllables as a speaker of the accent would say them; those it does not change stay."""
    out = []
    for toned in syllables:
        others = [
            name for phones, _ in variants(toned[:-1], accent)[1:] if (name := _SYLLABLE_OF.get(phones)) is not None
        ]
        merged = [o for o in others if _merges(toned[:-1], o)]
        out.append(str(rng.choice(merged)) + toned[-1] if merged and rng.random() < STRENGTH else toned)
    return out


def _merges(standard: str, said: str) -> bool:
    """Accents merge towards the flat initial, the front nasal, l and f: not back."""
    a, b = split_syllable(standard) or (), split_syllable(said) or ()
    (x, y) = next((p, q) for p, q in zip(a, b, strict=True) if p != q)
    return (x, y) in {
        ("zh", "z"),
        ("ch", "c"),
        ("sh", "s"),
        ("n", "l"),
        ("eng", "en"),
        ("ing", "in"),
        ("ang", "an"),
        ("h", "f"),
        ("r", "l"),
    }


def narrow(x: np.ndarray, rng: np.random.Generator) -> Pcm16:
    """A channel that training did not have: 350 to 2,300 Hz, hard limiter, a hall, alternator whine, 15 dB."""
    tail = rng.standard_normal(int(0.18 * RATE)) * np.exp(-np.linspace(0, 6, int(0.18 * RATE))) * 0.25
    x = np.convolve(x, np.concatenate([[1.0], tail]))[: len(x)]
    y, _, _ = transmit(x, Channel(snr_db=15.0, limiter=6.0, low_hz=350.0, high_hz=2300.0, tail_s=0.0), rng)
    t = np.arange(len(y)) / RATE
    whine = 120.0 * np.sin(2 * np.pi * (900 + 150 * np.sin(2 * np.pi * 0.7 * t)) * t)
    return to_receiver(band_pass(y + whine, 350.0, 2300.0))


def station(
    net: Net, accent: str, voices: tuple[str, ...], count: int, seed: int, cache: Path, own_channel: bool = False
) -> Iterator[Utterance]:
    """Phrases of the net and, every fourth, a sentence of no grammar, in the accent."""
    rng = np.random.default_rng(seed)
    entries = [e.text for e in net.lexicon.spoken if e.kind != "digit"]
    with Synthesiser(cache / "tts") as synthesiser:
        for k in range(count):
            foreign = k % 4 == 3
            text = "".join(map(str, rng.choice(SPEECH_LIKE, 2, replace=False))) if foreign else str(rng.choice(entries))
            voice = Voice(int(rng.integers(145, 210)), int(rng.integers(35, 66)), voices[k % len(voices)])
            said = accented(net.syllables(text), accent, rng)
            samples, rate = synthesiser.say(text, said, voice)
            if own_channel:
                pcm = narrow(soxr.resample(samples.astype(np.float64), rate, RATE), rng)
            else:
                pcm = received(samples, Channel(snr_db=SNRS[(k // 3) % len(SNRS)], tail_s=0.0), rng, rate)
            over = Over(k + 1, 0.0, len(pcm) / RATE, pcm, 0.0, 0.0)
            yield Utterance(over, "" if foreign else text, "sentence" if foreign else "phrase")


def _net_with(place: Path, accent: str) -> Net:
    import shutil

    folder = place / f"net-{accent}"
    shutil.copytree(sample_net(), folder)
    write_settings(folder / "net.toml", "language", {"accent": accent, "tones": False})
    return load_net(folder)


def adaptation(
    model: Path, cache: Path, voices: tuple[str, ...] = TEST_VOICES, seed: int = 51, **how: float
) -> Adapted:
    """A station of southern speakers on a channel of its own, before and after; and everybody else."""
    with tempfile.TemporaryDirectory() as place:
        net = _net_with(Path(place), "standard")
        own = list(station(net, "south", voices, STATION_OVERS, seed, cache, own_channel=True))
        confirmed = [Confirmation(np.asarray(u.over.pcm, np.int16), u.text or "-") for u in own]
        adapted = Path(place) / "adapted"
        with Synthesiser(cache / "tts") as synthesiser:
            other = list(rehearsal(net, synthesiser))
        said = [c for c in confirmed if c.said != "-"]
        result = adapt_to(net, said, other, model, adapted, Path(place), **how)  # type: ignore[arg-type]
        rows = []
        for name, folder in (("before", model), ("after", adapted)):
            if not folder.is_dir():
                continue
            others = Trials()
            ear = open_ear(net, Path(place) / "cache", str(folder))
            evaluate(ear, station(net, "standard", ("m1", "f1", "Annie"), 240, seed + 1, cache), others)
            t = net.settings.recognition.threshold
            rows.append(
                (
                    name,
                    others.said_of(),
                    others.believed(0, True),
                    others.believed(t, True),
                    others.believed(t, False),
                    others.hours,
                )
            )
    a, b = result.before, result.after
    lines = [
        "# Adaptation", "", "Written by `python -m models.recipe adaptation`; do not edit.", "",
        f"A simulated station: voices {', '.join(voices)} (not trained on) with the merged sounds of the south, in a",
        "net that knows no accent, on a channel of 350 to 2,300 Hz with a hard limiter, a hall, an alternator's whine",
        f"and 15 dB. `huying adapt` learned {result.learned} confirmed overs ({result.minutes:.1f} min), and was shown",
        f"{len(other)} synthetic ones of random characters, about which it should think as before.", "",
        f"| the station's {a.overs} held-back overs | before | after |", "|---|---|---|",
        f"| exactly as said | {share(a.exact, a.overs)} | {share(b.exact, b.overs)} |",
        f"| words believed | {share(a.believed, a.said)} | {share(b.believed, b.said)} |",
        f"| false words | {a.false} | {b.false} |",
        f"| surprise, nats a frame | {a.surprise:.3f} | {b.surprise:.3f} |", "",
        f"Kept: {'yes' if result.folder else 'no'}.", "",
        "Other voices on the usual channels (m1, f1, Annie; 45, 20, 10 and 5 dB; no accent), not learned:", "",
        "| model | graph | believed | false words per hour |", "|---|---|---|---|",
        *(f"| {n} | {share(g, s)} | {share(k, s)} | {f / h:.1f} |" for n, s, g, k, f, h in rows),
    ]  # fmt: skip
    if voices == TEST_VOICES:
        (model / "adaptation.md").write_text("\n".join(lines) + "\n", "utf-8")
    print("\n".join(lines))
    return result
