"""Ten reports, spoken by natural voices that nothing was trained on, as they are logged: the table of docs/voice.md.

python -m voice.measure.reports --snr 20,10 [--whisper FOLDER] >reports.md

Without --whisper the text behind ≈ is our own ear's.
"""

from __future__ import annotations

import argparse
from functools import lru_cache
from itertools import cycle
from pathlib import Path

import numpy as np

from voice.mandarin.figures import DOUBT
from voice.measure.actors import natural_actors
from voice.measure.channel import Channel, received
from voice.measure.scenario import Speech
from voice.net.loading import load_net
from voice.pcm import RATE, Floats
from voice.places import sample_net
from voice.radio.over import Over
from voice.speech.whisper import Passage
from voice.station.ear import open_ear

REPORTS = (
    "东风渠家属院报告,地下室门被撬了,有一个男的,穿黑色衣服,请派人过来",
    "省残联报告,东门有人打架,请求支援",
    "贾岗社区,我这边有个老人摔倒了,需要叫救护车",
    "安和社区报告,停车场有辆电动车着火了,请叫消防",
    "警察学院,发现一名可疑男子,往南门跑了",
    "王新街治安岗,小女孩找到了,在超市门口",
    "学理路小学报告,楼道冒烟了,学生正在往操场疏散",
    "丹尼斯超市,有人偷东西,保安已经抓住了",
    "贾岗社区报告,三号楼电梯困人,里面有两个人",
    "省残联,刚才那个穿红衣服的人已经走了",
)
SPEAKERS = (1, 2, 3, 4)
"""Numbers of actors, each a blend of held-out voices; taken in turn."""

ISSUE = "家属院报告,地下室门被撬了,有一个男的,穿黑衣服,请派人过来"
"""What must come out in characters; said by every speaker."""

BEGIN, END = "<!-- reports -->", "<!-- end of reports -->"
"""Marks around the table on a page."""


def main() -> None:
    """A Markdown table; after it how often each clause of ISSUE came out in characters."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--net", type=Path, default=sample_net())
    parser.add_argument("--snr", default="20,10")
    parser.add_argument("--whisper", type=Path, help="folder of whisper-base")
    parser.add_argument("--into", type=Path, action="append", default=[], help="page with the two marks")
    o = parser.parse_args()
    net = load_net(o.net)
    ear, actors, levels = open_ear(net), natural_actors(net), [float(s) for s in o.snr.split(",")]
    whisper = None
    if o.whisper:
        from voice.speech.whisper import Whisper  # the extra [dictation]

        whisper = Whisper(o.whisper)

    @lru_cache(maxsize=1)
    def spoken(words: str, speaker: int) -> tuple[Floats, int]:
        return actors.say(speaker, Speech(unit=str(speaker), say=words))

    def logged(words: str, speaker: int, snr: float, dictated: bool = False) -> str:
        samples, rate = spoken(words, speaker)
        pcm = received(samples, Channel(snr_db=snr), np.random.default_rng(speaker), rate)
        hypothesis = ear.recogniser.recognise(pcm)
        message = ear.understand(Over.whole(pcm), hypothesis)
        text = message.text
        if dictated and message.free:
            offered = whisper.hear(pcm) if whisper is not None else [Passage(0.0, len(pcm) / RATE, ())]
            found = ear.choosing(hypothesis)(offered).text
            text += f" ≈{found}" if found else ""
        return text

    told: list[str] = []

    def tell(line: str) -> None:
        told.append(line)
        print(line, flush=True)

    tell(f"Weights {ear.model.sha256[:12]}:\n")
    tell(f"| spoken | {' | '.join(f'{s:g} dB' for s in levels)} |\n|{' --- |' * (1 + len(levels))}")
    for words, speaker in zip(REPORTS, cycle(SPEAKERS)):
        tell(f"| {words} | {' | '.join(logged(words, speaker, s, True) for s in levels)} |")
    tell(f"\n{ISSUE}:")
    heard = [[logged(ISSUE, speaker, s) for s in levels] for speaker in SPEAKERS]
    for snr, said in zip(levels, zip(*heard, strict=True), strict=True):
        sure = (f"{part} {sum(part in h.replace(part + DOUBT, '') for h in said)}" for part in ISSUE.split(",")[1:])
        told_of = f"\n{snr:g} dB, of {len(said)} speakers, without a question mark: {', '.join(sure)}\n"
        tell("\n- ".join((told_of, *said)))
    ear.close()
    for page in o.into:
        before, _, rest = page.read_text("utf-8").partition(BEGIN)
        lines = "\n".join(told)
        page.write_text(f"{before}{BEGIN}\n{lines}\n{END}{rest.partition(END)[2]}", "utf-8")


if __name__ == "__main__":
    main()
