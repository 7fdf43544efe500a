"""Our own search of a decoding graph against Vosk's, with the same graph and the scores of the same network."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from voice.bench.speed import overs_of
from voice.grammar.compiler import Costs, build_graph, compile_graph
from voice.grammar.fst import Fst
from voice.grammar.search import ACOUSTIC_SCALE, FILE, GRAPH_SCALE, Search, graph_of, read
from voice.mandarin.phones import phone_set
from voice.net.loading import Net
from voice.pcm import Floats
from voice.speech.acoustics import load_acoustic_model
from voice.speech.recogniser import Recogniser, assemble
from voice.station.ear import Ear


def test_it_hears_what_vosk_hears(net: Net, ear: Ear, tmp_path: Path) -> None:
    graph = compile_graph(net.lexicon, net.costs, tmp_path / "graphs")
    vosk = Recogniser(assemble(ear.model, graph.folder, tmp_path / "run"), ear.model.rate)
    model = load_acoustic_model(ear.model.path / "am" / "final.mdl")
    search = Search(read(graph.folder / FILE), scale=0.2)
    same = near = words = overs = 0
    for over in overs_of(net):
        pcm = over.astype(np.int16)
        theirs, ours = vosk.recognise(pcm).words, search.best(model.loglikes(over.astype(np.float32))).words
        overs += 1
        if [w.symbol for w in theirs] == [w.symbol for w in ours]:
            same += 1
            words += len(ours)
            near += sum(
                abs(a.start - b.start) < 0.2 and abs(a.end - b.end) < 0.2 for a, b in zip(theirs, ours, strict=True)
            )
    assert overs > 10
    assert same / overs > 0.85
    assert near / words > 0.9


def _score(fst: Fst, pdf_of: dict[int, int], emitted: Floats, path: list[tuple[int, int, float, int]]) -> float:
    total, t = 0.0, 0
    for label, _, cost, _ in path:
        total -= GRAPH_SCALE * cost
        if label:
            total += ACOUSTIC_SCALE * float(emitted[t, pdf_of[label]])
            t += 1
    return total


def test_no_way_through_a_small_graph_is_better() -> None:
    """Every way through a graph of three words, two of them by empty arcs only, is tried."""
    fst = Fst()
    a, b, c, end = (fst.state() for _ in range(4))
    begin, stay = 1, 2
    fst.arc(a, 2 * begin, 5, 0.5, b)
    fst.arc(a, 0, 0, 0.3, c)
    fst.arc(c, 2 * stay, 6, 0.1, b)
    fst.arc(b, 2 * begin - 1, 0, 0.2, b)
    fst.arc(b, 0, 0, 0.4, a)
    fst.arc(b, 2 * stay, 7, 1.0, end)
    fst.final[b] = fst.final[end] = 0.0
    emitted = np.random.default_rng(1).normal(0, 6, (6, 479)).astype(np.float32)
    graph = graph_of(fst, ["<eps>", *"1234", "five", "six", "seven"])
    pdf_of = {label: phone_set().states[(label - 1) // 2][2] for label in range(1, 5)}

    def ways(state: int, frames: int, empties: int) -> list[list[tuple[int, int, float, int]]]:
        found: list[list[tuple[int, int, float, int]]] = [[]] if frames == 0 and state in fst.final else []
        for arc in fst.arcs(state):
            if arc[0] and frames:
                found += [[arc, *rest] for rest in ways(arc[3], frames - 1, 0)]
            elif not arc[0] and empties < 3:
                found += [[arc, *rest] for rest in ways(arc[3], frames, empties + 1)]
        return found

    best = max(ways(0, len(emitted), 0), key=lambda path: _score(fst, pdf_of, emitted, path))
    said = [graph.words[arc[1]] for arc in best if arc[1]]
    arcs = Search(graph).path(emitted)
    assert [graph.words[w] for w in graph.word[arcs] if w] == said
    assert len(arcs) == len(emitted)


@pytest.mark.parametrize("frames", [0, 1, 2])
def test_hardly_anything_to_hear(net: Net, frames: int) -> None:
    search = Search(graph_of(*build_graph(net.lexicon, Costs())))
    assert len(search.best(np.zeros((frames, 479), np.float32)).words) <= 1


def test_a_word_lasts_from_its_first_sound_to_its_last(net: Net, ear: Ear) -> None:
    for over in overs_of(net)[:6]:
        words = ear.recogniser.recognise(over.astype(np.int16)).words
        assert all(w.start < w.end for w in words)
        assert all(a.end <= b.start + 1e-6 for a, b in itertools.pairwise(words))
