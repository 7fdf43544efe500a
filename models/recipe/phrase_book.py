"""What the colloquial phrases cost in false words: ``python -m models.recipe.phrase_book people-aishell.zip``.

Other people's speech, sent through the simulated channel at 20 and 10 dB, is heard with and without the groups of
phrases. Printed are words that were believed and overs that were given a meaning: on an idle channel, while a unit may
still answer late, and while an answer is due.
"""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import soundfile as sf

from voice.measure.channel import Channel, received
from voice.net.loading import Net, load_net
from voice.pcm import RATE, Pcm16
from voice.places import sample_net
from voice.radio.over import Over
from voice.station.ear import open_ear

GROUPS = (
    "acknowledgements", "all_well", "nothing_found", "present", "moving", "trouble", "repair", "waiting",
    "introductions",
)  # fmt: skip
STATES = {"idle": (False, False), "late": (True, False), "awaited": (True, True)}


def overs_of(path: Path, count: int = 400) -> list[Pcm16]:
    """As a receiver gives them."""
    rng = np.random.default_rng(1)
    out: list[Pcm16] = []
    with zipfile.ZipFile(path) as z:
        for name in sorted(n for n in z.namelist() if n.endswith((".wav", ".ogg", ".flac", ".opus")))[:count]:
            x, rate = sf.read(io.BytesIO(z.read(name)))
            out.append(received(x, Channel(snr_db=(20.0, 10.0)[len(out) % 2]), rng, rate))
    return out


def count(net: Net, overs: list[Pcm16]) -> dict[str, tuple[int, int]]:
    """State of the net → (words believed, overs with a meaning); those on an idle channel are printed."""
    ear = open_ear(net)
    found = dict.fromkeys(STATES, (0, 0))
    for pcm in overs:
        stream = ear.recogniser.stream()
        stream.accept(pcm)
        heard = stream.finish()
        over = Over.whole(pcm, level_db=-20.0)
        for state, (expecting, awaiting) in STATES.items():
            m = ear.understand(over, heard, expecting, awaiting=awaiting)
            words, meanings = found[state]
            found[state] = words + sum(i.kind != "free" for i in m.items), meanings + bool(m.acts)
            if state == "idle" and m.acts:
                print("  idle:", m.text)
    return found


if __name__ == "__main__":
    overs = overs_of(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 400)
    print(f"{len(overs)} overs, {sum(map(len, overs)) / RATE / 3600:.2f} h")
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder) / "net"
        shutil.copytree(sample_net(), bare)
        settings = (bare / "net.toml").read_text("utf-8")
        named = ", ".join(f'"{g}"' for g in GROUPS)
        (bare / "net.toml").write_text(f"without_phrases = [{named}]\n{settings}", "utf-8")
        for name, net in (("without", load_net(bare)), ("with", load_net(sample_net()))):
            print(name, count(net, overs))
