"""A small model in the layout of a stock Vosk model: our acoustic model with ``HCLr.fst`` and ``Gr.fst``.

Made with OpenFst's command-line tools (Debian: libfst-tools), as Kaldi's ``mkgraph_lookahead.sh`` does it.
"""

from __future__ import annotations

import math
import shutil
import subprocess
from pathlib import Path

from voice.grammar.compiler import Costs, _Builder
from voice.grammar.fst import Fst
from voice.mandarin.phones import in_word, phone_set, split_syllable

TOOLS = ("fstconvert", "fstrelabel", "fstarcsort")


def _lookahead() -> Path | None:
    """OpenFst's lookahead library."""
    return next(iter(sorted(Path("/usr/lib").glob("*/libfstlookahead.so.*"))), None)


def have_tools() -> bool:
    """Whether the tools are installed."""
    return all(shutil.which(t) for t in TOOLS) and _lookahead() is not None


def _run(*args: str | Path, libraries: Path) -> None:
    program = shutil.which(str(args[0])) or ""
    environment = {"LD_LIBRARY_PATH": str(libraries)}
    subprocess.run([program, *map(str, args[1:])], check=True, capture_output=True, env=environment)


def make_stock_model(ours: Path, out: Path, words: dict[str, str]) -> Path:
    """``words``: written form → toneless syllables. A unigram over them stands in ``Gr.fst``."""
    shutil.copytree(ours / "am", out / "am")
    shutil.copytree(ours / "conf", out / "conf")
    graph = out / "graph"
    (graph / "phones").mkdir(parents=True)
    builder = _Builder(Costs())
    labels: dict[str, int] = {}
    for word, syllables in words.items():
        labels[word] = builder.word(word)
        phones = [p for s in syllables.split() for p in split_syllable(s) or ()]
        end = builder.syllable(builder.fresh, [(in_word(phones), 0.0)], labels[word], 0.0)
        builder.fst.arc(end, 0, 0, 0.0, builder.fresh)
    labels["[unk]"] = 1
    unknown = builder.phone(builder.fresh, "gbg", 1, 0.0)
    builder.fst.arc(unknown, 0, 0, 0.0, builder.fresh)
    builder.fst.write(graph / "HCL.fst")
    unigram = Fst()
    state = unigram.state()
    unigram.final[state] = 0.0
    for label in labels.values():
        unigram.arc(state, label, label, math.log(len(labels)), state)
    unigram.write(graph / "G.fst")
    # OpenFst looks for the library of an FST type under the type's name, which Debian does not use.
    plugins = out / "plugins"
    plugins.mkdir()
    (plugins / "olabel_lookahead-fst.so").symlink_to(_lookahead() or "")
    _run(
        "fstconvert",
        "--fst_type=olabel_lookahead",
        f"--save_relabel_opairs={graph / 'relabel'}",
        graph / "HCL.fst",
        graph / "HCLr.fst",
        libraries=plugins,
    )
    pairs = dict(line.split() for line in (graph / "relabel").read_text().splitlines())
    _run(
        "fstrelabel",
        f"--relabel_ipairs={graph / 'relabel'}",
        f"--relabel_opairs={graph / 'relabel'}",
        graph / "G.fst",
        graph / "G2.fst",
        libraries=plugins,
    )
    _run("fstarcsort", "--sort_type=ilabel", graph / "G2.fst", graph / "Gr.fst", libraries=plugins)
    listing = ["<eps> 0", *(f"{w} {pairs[str(n)]}" for w, n in labels.items())]
    (graph / "words.txt").write_text("\n".join(listing) + "\n", "utf-8")
    (graph / "disambig_tid.int").write_text("")
    names = {"B": "begin", "E": "end", "I": "internal", "S": "singleton"}
    boundary = [f"{i} {names[s[-1]] if '_' in s else 'nonword'}" for i, s in enumerate(phone_set().symbols, 1)]
    (graph / "phones" / "word_boundary.int").write_text("\n".join(boundary) + "\n")
    for name in ("HCL.fst", "G.fst", "G2.fst", "relabel"):
        (graph / name).unlink()
    shutil.rmtree(plugins)
    return out
