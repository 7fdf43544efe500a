"""What phrases cost: how often each is heard, and believed, in speech that is not of the net.

    python -m voice.measure.false_words --speech FOLDER_OR_ZIP --without incidents

Every recording is sent through the simulated radio and heard as an over while nobody is expected to answer and while
somebody is. ``--without`` leaves groups of phrases out, to compare.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import zipfile
from collections import Counter
from collections.abc import Collection
from pathlib import Path

import numpy as np
import soundfile

from voice.errors import HuyingError
from voice.grammar.message import Item
from voice.measure.channel import Channel, received
from voice.net.loading import Net, load_net
from voice.places import sample_net
from voice.radio.over import Over
from voice.speech.hypothesis import Hypothesis
from voice.station.ear import Ear, open_ear

SOUND = (".wav", ".flac", ".ogg", ".opus", ".mp3")


def without(net: Net, groups: str) -> Net:
    """The net without some groups of phrases, as ``without_phrases`` would leave them out."""
    if not groups:
        return net
    place = Path(tempfile.mkdtemp(prefix="huying-"))
    for p in net.folder.iterdir():
        if p.is_file():
            (place / p.name).write_bytes(p.read_bytes())
    toml = (place / "net.toml").read_text("utf-8-sig")
    names = ", ".join(f'"{g}"' for g in groups.split(","))
    (place / "net.toml").write_text(f"without_phrases = [{names}]\n{toml}", "utf-8")
    return load_net(place)


def false_words(ear: Ear, speech: Path, most: int, snr_db: float, seed: int = 0) -> tuple[float, Counter[str]]:
    """(seconds of speech, phrase → how often it was believed; ``awaited:`` where an answer was expected)."""
    rng, found = np.random.default_rng(seed), Counter[str]()
    seconds = 0.0
    for samples, rate in _recordings(speech, most, seed):
        pcm = received(samples, Channel(snr_db=snr_db), rng, rate)
        seconds += len(samples) / rate
        over = Over.whole(pcm)
        hypothesis = ear.recogniser.recognise(pcm)
        for awaited in (False, True):
            words = believed(ear, over, hypothesis, awaited)
            found.update(("awaited: " if awaited else "") + (i.text or i.key) for i in words)
    return seconds, found


def found_words(ear: Ear, over: Over, hypothesis: Hypothesis, awaited: bool, units: Collection[str] = ()) -> list[Item]:
    """Words of the net that an over is taken to hold while a unit is awaited, or nobody; doubtful ones too. ``units``:
    which are awaited, if that is known."""
    items = ear.understand(over, hypothesis, awaited, awaiting=awaited, awaited=units).items
    return [i for i in items if i.kind in ("unit", "control", "phrase", "place")]


def believed(ear: Ear, over: Over, hypothesis: Hypothesis, awaited: bool, units: Collection[str] = ()) -> list[Item]:
    """Those of them that are shown without a question mark: nobody is asked to listen."""
    return [i for i in found_words(ear, over, hypothesis, awaited, units) if not i.doubt]


def _recordings(place: Path, most: int, seed: int) -> list[tuple[np.ndarray, int]]:
    rng = random.Random(seed)  # noqa: S311  # which recordings, not a secret
    if place.is_dir():
        paths = sorted(p for p in place.rglob("*") if p.suffix.lower() in SOUND)
        return [soundfile.read(p, dtype="float32") for p in rng.sample(paths, min(most, len(paths)))]
    with zipfile.ZipFile(place) as z:
        names = sorted(n for n in z.namelist() if Path(n).suffix.lower() in SOUND)
        out = []
        for n in rng.sample(names, min(most, len(names))):
            with z.open(n) as f:
                out.append(soundfile.read(f, dtype="float32"))
        return out


def main() -> None:
    """The phrases that are heard most, and how many an hour."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--net", type=Path, default=sample_net())
    parser.add_argument("--speech", type=Path, required=True)
    parser.add_argument("--without", default="", help="groups of phrases, e.g. incidents")
    parser.add_argument("--most", type=int, default=100, help="recordings")
    parser.add_argument("--snr", type=float, default=20.0)
    o = parser.parse_args()
    if not o.speech.exists():
        raise HuyingError(f"{o.speech}: no such folder or zip")
    ear = open_ear(without(load_net(o.net), o.without))
    seconds, found = false_words(ear, o.speech, o.most, o.snr)
    idle = sum(n for w, n in found.items() if not w.startswith("awaited: "))
    awaited = sum(found.values()) - idle
    print(
        f"{o.without and 'without ' + o.without + ': '}{len(ear.net.lexicon.entries)} words, {seconds / 60:.1f} min: "
        f"{3600 * idle / seconds:.1f} false words an hour, {3600 * awaited / seconds:.1f} while an answer is awaited"
    )
    for word, n in found.most_common(12):
        print(f"{n:4d} {word}")


if __name__ == "__main__":
    main()
