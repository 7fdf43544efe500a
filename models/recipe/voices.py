"""More voices out of the few there are: WORLD takes a recording apart, pitch and vocal tract are changed.

Every recording is spoken once more by a virtual speaker: another pitch (85 to 300 Hz), a longer or shorter
vocal tract, livelier or flatter intonation, more or less breath, another tempo (Morise et al., WORLD, IEICE 2016).
The readers speak slowly, word by word; on the channel people talk as fast as they can. The three of them, who
said most of the corpus, become ``READER_VOICES`` speakers each, the students ``STUDENT_VOICES``.
"""

from __future__ import annotations

import warnings
import zipfile
from dataclasses import dataclass
from multiprocessing import Pool
from pathlib import Path

import numpy as np
import soxr
from tqdm import tqdm

from models.recipe.features import RATE
from models.recipe.prepare import FOREIGN, HELD_OUT, SOURCES, entries, normalised, read, save
from voice.mandarin.phones import split_syllable

READER_VOICES, STUDENT_VOICES = 12, 4
"""Virtual speakers for each real one."""


@dataclass(frozen=True, slots=True)
class VirtualSpeaker:
    """What is changed in a recording."""

    pitch_hz: float
    """Median pitch."""
    tract: float
    """Formants are multiplied by this."""
    liveliness: float
    """Pitch excursions, in the logarithm, are multiplied by this."""
    breath: float
    """Added to the aperiodicity, 0..1."""
    tempo: float
    """Durations are multiplied by this, at the same pitch."""


def virtual_speakers(rng: np.random.Generator, count: int) -> list[VirtualSpeaker]:
    """Pitch evenly over the human range, the tract follows it with some freedom; tempo from hurried to slow."""
    out = []
    for k in range(count):
        pitch = 85.0 * (300.0 / 85.0) ** ((k + rng.uniform(0, 1)) / count)
        tract = 0.83 + 0.27 * np.log(pitch / 85.0) / np.log(300.0 / 85.0) + rng.uniform(-0.06, 0.06)
        liveliness, breath = rng.uniform(0.75, 1.25), rng.uniform(0, 0.25)
        tempo = np.exp(rng.uniform(np.log(0.6), np.log(1.15)))
        out.append(VirtualSpeaker(pitch, float(tract), float(liveliness), float(breath), float(tempo)))
    return out


def speak_as(x: np.ndarray, rate: int, who: VirtualSpeaker) -> np.ndarray:
    """The recording in another voice; unvoiced recordings keep their pitchlessness."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pyworld
    wave = np.ascontiguousarray(x, np.float64)
    rough, t = pyworld.dio(wave, rate, frame_period=5.0)
    f0 = pyworld.stonemask(wave, rough, t, rate)
    envelope = pyworld.cheaptrick(wave, f0, t, rate)
    noise = pyworld.d4c(wave, f0, t, rate)
    voiced = f0 > 0
    if voiced.any():
        middle = np.median(np.log(f0[voiced]))
        f0[voiced] = np.exp(np.log(who.pitch_hz) + who.liveliness * (np.log(f0[voiced]) - middle))
    bins = np.arange(envelope.shape[1])
    source = np.minimum(bins / who.tract, bins[-1])
    low = source.astype(int)
    part = source - low
    high = np.minimum(low + 1, bins[-1])
    envelope = np.ascontiguousarray(np.exp(np.log(envelope[:, low]) * (1 - part) + np.log(envelope[:, high]) * part))
    noise = np.ascontiguousarray(np.clip(noise[:, low] * (1 - part) + noise[:, high] * part + who.breath * 0.3, 0, 1))
    return np.asarray(pyworld.synthesize(f0, envelope, noise, rate, 5.0 * who.tempo))


_Job = tuple[Path, str, list[str], str, VirtualSpeaker]


def _make(job: _Job) -> tuple[str, list[str], str, np.ndarray] | None:
    zip_path, member, syllables, name, who = job
    with zipfile.ZipFile(zip_path) as archive:
        x, rate = read(archive, member)
    pcm = normalised(soxr.resample(speak_as(x, rate, who), rate, RATE).astype(np.float32))
    return None if pcm is None else (f"world/{member}", syllables, name, pcm)


def invent(speech: Path, out: Path, seed: int = 11, processes: int = 2) -> None:
    """Build the corpus of virtual speakers in ``out``."""
    rng = np.random.default_rng(seed)
    readers = {s for s in SOURCES.values() if s}
    casts: dict[str, list[VirtualSpeaker]] = {}
    jobs: list[_Job] = []
    for archive, member, syllables, speaker in entries(speech):
        known = syllables == [FOREIGN] or all(split_syllable(s[:-1]) for s in syllables)
        if speaker in HELD_OUT or not known:
            continue
        if speaker not in casts:
            casts[speaker] = virtual_speakers(rng, READER_VOICES if speaker in readers else STUDENT_VOICES)
        k = int(rng.integers(len(casts[speaker])))
        jobs.append((Path(str(archive.filename)), member, syllables, f"{speaker}-{k}", casts[speaker][k]))
    with Pool(processes) as pool:
        made = [m for m in tqdm(pool.imap(_make, jobs, 32), total=len(jobs), desc="virtual speakers") if m]
    save(out, made)
    print(f"{len(made)} recordings, {sum(len(i[3]) for i in made) / RATE / 3600:.2f} h")
