"""``python -m models.recipe STEP``: one command a step, ``all`` for the whole way."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the steps that need it run in two processes

STEPS = (
    "prepare", "voices", "synthetic", "bootstrap", "train", "sharpen", "resume", "blend", "export", "calibrate",
    "evaluate", "curves", "watch", "costs", "accents", "adaptation",
)  # fmt: skip


def main() -> None:  # noqa: C901  # one branch a step
    p = argparse.ArgumentParser(prog="python -m models.recipe", description=__doc__)
    p.add_argument("step", choices=[*STEPS, "all"])
    told = "with “costs”: weights to compare, e.g. phrase=6,again=6; with “blend”: two model folders"
    p.add_argument("settings", nargs="*", help=told)
    p.add_argument("--speech", type=Path, default=Path("../shared/speech"), help="folder with the zips")
    p.add_argument("--data", type=Path, default=Path("data"), help="working folder")
    p.add_argument("--out", type=Path, default=Path("models/huying-zh-8k"), help="model folder")
    p.add_argument("--width", type=int, default=384)
    p.add_argument("--epochs", type=int, default=13, help="of cross-entropy; a third as many of the sequence objective")
    p.add_argument("--threads", type=int, default=1, help="beside the one that makes the examples")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--rate", type=float, default=3e-4, help="highest learning rate of “resume”")
    a = p.parse_args()
    every = a.step == "all"  # “resume” is not part of it: it goes on from a model folder instead of from am.pt
    if every or a.step == "prepare":
        from models.recipe.prepare import prepare

        prepare(a.speech, a.data / "real")
    if every or a.step == "voices":
        from models.recipe.voices import invent

        invent(a.speech, a.data / "world", 11 + a.seed)
    if every or a.step == "synthetic":
        from models.recipe.synthetic import synthesise

        synthesise(a.speech, a.data / "espeak")
    corpora = [a.data / "real", a.data / "world", a.data / "espeak"]
    if every or a.step == "bootstrap":
        from models.recipe.train import bootstrap

        bootstrap(corpora, a.data / "alignment.npz", a.seed)
    if every or a.step == "train":
        from models.recipe.train import train

        train(corpora, a.data / "alignment.npz", a.data / "am.pt", a.width, a.epochs, a.seed, a.threads)
    if every or a.step == "sharpen":
        from models.recipe.train import sharpen

        sharpen(corpora, a.data / "am.pt", a.data / "sharp.pt", max(1, a.epochs // 3), a.seed + 1, a.threads)
    if a.step == "resume":
        from models.recipe.train import sharpen

        sharpen(corpora, a.out, a.data / "sharp.pt", a.epochs, a.seed + 2, a.threads, a.rate)
    if a.step == "blend":
        from models.recipe.blend import blend

        blend([Path(s) for s in a.settings], a.data / "sharp.pt")
    if every or a.step == "export":
        from models.recipe.export import export

        export(a.data / "sharp.pt", a.out)
    if every or a.step == "calibrate":
        from models.recipe.calibrate import calibrate

        calibrate(a.out, a.data / "real", a.data / "cache")
    if every or a.step == "evaluate":
        from models.recipe.evaluate import evaluate

        evaluate(a.out, a.data / "real", a.data / "cache")
    if every or a.step == "curves":
        from models.recipe.curves import curves

        curves(a.out, a.data / "real", a.data / "cache")
    if a.step == "watch":
        from models.recipe.watch import watch

        watch(a.out, a.data / "cache")
    if a.step == "costs":
        from models.recipe.costs import compare

        compare(a.out, a.data / "real", a.data / "cache", a.settings)
    if a.step == "accents":
        from models.recipe.stations import accents

        accents(a.out, a.data / "cache")
    if a.step == "adaptation":
        from models.recipe.stations import adaptation

        adaptation(a.out, a.data / "cache")


if __name__ == "__main__":
    main()
