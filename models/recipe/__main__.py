"""``python -m models.recipe STEP``: one command a step, ``all`` for the whole way."""

from __future__ import annotations

import argparse
from pathlib import Path


def main() -> None:
    p = argparse.ArgumentParser(prog="python -m models.recipe", description=__doc__)
    p.add_argument("step", choices=["prepare", "synthetic", "train", "export", "calibrate", "evaluate", "all"])
    p.add_argument("--speech", type=Path, default=Path("../shared/speech"), help="folder with the zips")
    p.add_argument("--data", type=Path, default=Path("data"), help="working folder")
    p.add_argument("--out", type=Path, default=Path("models/huying-zh-8k"), help="model folder")
    p.add_argument("--width", type=int, default=256)
    p.add_argument("--rounds", default="1,1,1,2,3,5", help="epochs between realignments")
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--seed", type=int, default=0)
    a = p.parse_args()
    every = a.step == "all"
    if every or a.step == "prepare":
        from models.recipe.prepare import prepare

        prepare(a.speech, a.data / "real")
    if every or a.step == "synthetic":
        from models.recipe.synthetic import synthesise

        synthesise(a.speech, a.data / "espeak")
    if every or a.step == "train":
        from models.recipe.train import train

        corpora = [a.data / "real", a.data / "espeak"]
        train(corpora, a.data / "am.pt", a.width, [int(n) for n in a.rounds.split(",")], a.seed, a.threads)
    if every or a.step == "export":
        from models.recipe.export import export

        export(a.data / "am.pt", a.out)
    if every or a.step == "calibrate":
        from models.recipe.calibrate import calibrate

        calibrate(a.out, a.data / "real", a.data / "cache")
    if every or a.step == "evaluate":
        from models.recipe.evaluate import evaluate

        evaluate(a.out, a.data / "real", a.data / "cache")


if __name__ == "__main__":
    main()
