"""The dialogues said by natural voices over a noisy radio: what the station makes of them, beside what is written.

A perfect ear tries the logic only. Here every speaker of a scene has a voice, and what is heard wrong goes on through
the scene as it would on duty. An over is *as written* if just the events follow that follow for a perfect ear; *marked*
if others do, each of them for a person to look at; *lost* if one is missing; *wrong* if one follows that is not true
and has no mark; *silent* if a unit that answered is logged as one that did not. Every scene ends with a minute of
silence, which counts like an over where exchanges end in it.

    huying models pull kokoro-82m-zh
    python -m tests.helpers.voiced_scenes --kokoro MODELS/kokoro-82m-zh --part tune --every 4 --show

Voices of part “tune” are there to learn from, those of “eval”, held out of all training, only to measure.
"""

from __future__ import annotations

import argparse
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from models.recipe import talk
from models.recipe.kinds import PARTS, cast, channel_of
from models.recipe.natural import spoken
from models.recipe.prepare import normalised
from tests.helpers.dialogues import Hearing, Scene, Turn, followed, in_words, read_scenes
from tests.helpers.outcomes import CLASSES, kind_of
from voice.mandarin.numerals import CannotBeRead
from voice.measure.channel import received
from voice.measure.simulate import PerfectEar
from voice.net.loading import Net, load_net
from voice.pcm import RATE, Pcm16
from voice.places import cache_folder
from voice.radio.over import Over
from voice.speech.kokoro import Kokoro
from voice.station.ear import Ear, open_ear
from voice.talk.events import Heard
from voice.talk.state import NetState

SCENES = Path(__file__).parent.parent / "unit" / "dialogues"

TEMPO = (1.0, 1.3)

SILENCE_S = 60.0
"""Behind the last over of a scene."""


@dataclass(frozen=True, slots=True)
class Told:
    """One over of a scene."""

    scene: str
    turn: Turn
    heard: str
    want: tuple[str, ...]
    told: tuple[str, ...]

    def __str__(self) -> str:
        rows = ("heard", self.heard), ("want", "; ".join(self.want)), ("told", "; ".join(self.told))
        lines = "".join(f"\n   {name} {row}" for name, row in rows)
        return f"{self.scene}\n {self.turn.who}: {self.turn.words}{lines}"

    @property
    def kind(self) -> str:
        """One of CLASSES."""
        return kind_of(self.want, self.told)


class Cast:
    """The voices of a part; what they have said is kept in a folder."""

    def __init__(self, net: Net, kokoro: Path, part: str, folder: Path) -> None:
        self._net, self._kokoro, self._folder = net, Kokoro(kokoro), folder / part
        self._folder.mkdir(parents=True, exist_ok=True)
        self._speakers = list(cast(self._kokoro, part, np.random.default_rng((55, PARTS.index(part)))))

    def say(self, scene: Scene, turn: Turn) -> Pcm16 | None:
        """None where the text cannot be read or nothing comes of it."""
        key = zlib.crc32(repr((scene.title, turn.speaker, turn.words)).encode())
        file = self._folder / f"{key:08x}.npy"
        if not file.is_file():
            pcm = self._spoken(scene, turn, np.random.default_rng(key))
            np.save(file, np.zeros(0, np.int16) if pcm is None else pcm)
        said: Pcm16 = np.load(file)
        return said if len(said) else None

    def _spoken(self, scene: Scene, turn: Turn, rng: np.random.Generator) -> Pcm16 | None:
        who = zlib.crc32(f"{scene.title}/{turn.speaker}".encode()) % len(self._speakers)
        words: talk.Words = []
        try:
            for part in filter(None, re.split(r"[,，。.?？!！、;；:：\s]+", turn.words)):
                words += [*talk.joined([self._net.syllables(part)]), [","]]
        except CannotBeRead:
            return None
        tempo = float(rng.uniform(*TEMPO))
        return normalised(spoken(self._kokoro, self._speakers[who], [*words[:-1], ["."]], tempo)) if words else None


def through(ear: Ear, cast: Cast, scene: Scene, snr: float | None, heard: dict[int, str]) -> Hearing:
    """How an ear hears a scene. ``heard``: gets the text of each over by its number."""

    def hear(turn: Turn, over: int, start: float, state: NetState) -> Heard:
        said = cast.say(scene, turn)
        assert said is not None, turn.words
        rng = np.random.default_rng((zlib.crc32(f"{scene.title}/{turn.line}".encode()), round(snr or 99)))
        pcm = received(said, channel_of(snr, rng), rng)
        end = start + len(pcm) / RATE
        guest = state.guest(start)
        awaited = (guest,) if guest else tuple(e.unit for e in state.awaited())
        message = ear.understand(
            Over(over, start, end, pcm, start, 0.0), ear.recogniser.recognise(pcm),
            state.expects(start, ear.net.settings.timing.late_window_s), awaiting=state.awaiting(start),
            awaited=awaited,
        )  # fmt: skip
        heard[turn.line] = message.text
        return Heard(over, start, end, start + 0.1, end - 0.1, message)

    return hear


def played(ear: Ear, cast: Cast, scene: Scene, snr: float | None) -> Iterator[Told]:
    """Every over of a scene with what follows; none of one in which somebody cannot be made to speak."""
    speaking = [t for t in scene.turns if t.speaker and t.speaker != "本机"]
    if any(cast.say(scene, t) is None for t in speaking):
        return
    net, heard = ear.net, dict[int, str]()
    hear = through(ear, cast, scene, snr, heard)
    turns = scene.turns if not scene.turns[-1].who else [*scene.turns, Turn(0, "", "", SILENCE_S)]
    ways = (followed(net, PerfectEar(net), turns, h) for h in (None, hear))
    for (turn, want), (_, told) in zip(*ways, strict=True):
        rows = [tuple(w for w in (in_words(net, f) for f in facts) if w) for facts in (want, told)]
        if turn.who or any(rows):
            yield Told(scene.title, turn, heard.get(turn.line, ""), *rows)


def table(counted: dict[str, Counter[str]], who: str) -> str:
    """Rows of shares, one a signal-to-noise ratio."""
    rows = [f"| {who} | overs | {' | '.join(CLASSES)} |", f"|---|---|{'---|' * len(CLASSES)}"]
    for snr, c in counted.items():
        shares = " | ".join(f"{c[k] / c.total():.3f} ({c[k]})" for k in CLASSES)
        rows.append(f"| {snr} | {c.total()} | {shares} |")
    return "\n".join(rows)


def main(arguments: Sequence[str] | None = None) -> None:
    """The dialogues said by natural voices: how many overs lead to the events that are written."""
    options = argparse.ArgumentParser(description=main.__doc__)
    options.add_argument("--kokoro", type=Path, required=True, help="folder of the neural voice")
    options.add_argument("--part", choices=PARTS, default="tune")
    options.add_argument("--every", type=int, default=4, help="every so many scenes")
    options.add_argument("--first", type=int, default=0)
    options.add_argument("--snr", type=float, nargs="+", default=[20.0, 10.0])
    options.add_argument("--out", type=Path, default=Path("out/scenes"), help="where what was said is kept")
    options.add_argument("--show", action="store_true", help="every over that is not as written")
    options.add_argument("files", type=Path, nargs="*", help="scenes, instead of those of the tests")
    given = options.parse_args(arguments)
    net = load_net(SCENES / "net")
    ear, speakers = open_ear(net, cache_folder() / "graphs"), Cast(net, given.kokoro, given.part, given.out)
    scenes = [s for f in given.files or sorted(SCENES.glob("*.txt")) for s in read_scenes(f)][
        given.first :: given.every
    ]
    counted: dict[str, Counter[str]] = {}
    for snr in given.snr:
        of = counted.setdefault(f"{snr:g} dB", Counter())
        for scene in tqdm(scenes, desc=f"{snr:g} dB"):
            for told in played(ear, speakers, scene, snr):
                of[told.kind] += 1
                if given.show and told.kind != "as written":
                    tqdm.write(f"\n[{told.kind}, {snr:g} dB] {told}")
    print(table(counted, f"voices of part {given.part}"))


if __name__ == "__main__":
    main()
