"""Words are found in what our own ear heard."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.recipe.words import words
from tests.helpers.scores import scores
from voice.errors import HuyingError
from voice.grammar.free import FreeSpeech
from voice.grammar.lattice import Lattice, lattice_of
from voice.grammar.spelling import Spelling
from voice.grammar.word_search import WordSearch
from voice.mandarin.characters import COMMON
from voice.mandarin.phones import FINALS, SYLLABLES, TONES, phone_set
from voice.net.loading import Net
from voice.pcm import Floats
from voice.places import words_file
from voice.speech import word_model
from voice.speech.acoustics import scores_of, sounds_of
from voice.speech.whisper import Candidate, Passage, Transcript
from voice.speech.word_model import ANY, Chances, Table, WordModel, extended, read, said_with, write
from voice.station.choice import Chooser, Unit, respelled, written
from voice.station.scribe import OwnScribe

_WORDS = {"，": "", "东门": "dong men", "冬": "dong", "懂": "dong", "们": "men", "有人": "you ren", "打架": "da jia"}


@pytest.fixture(scope="module")
def table() -> Table:
    """东门 is followed by 有人 half the time, 东门 有人 by 打架 almost always."""
    rows = [w.split() for w in _WORDS.values()]
    return Table(
        tuple(_WORDS),
        np.array([SYLLABLES.index(s) for row in rows for s in row], np.uint16),
        np.full(sum(map(len, rows)), ANY, np.uint8),
        np.array([len(row) for row in rows], np.uint8),
        np.arange(len(rows)),
        np.log([0.1, 0.05, 0.1, 0.3, 0.3, 0.1, 0.05]),
        np.array([0, 1, 0, 0, 0, 0, 0]), np.array([5]), np.log([0.5]), np.array([1]), np.array([6]), np.log([0.9]),
    )  # fmt: skip


@pytest.fixture(scope="module")
def search(table: Table) -> WordSearch:
    return WordSearch(Spelling(WordModel(table)))


def _chances(model: WordModel, *row: str) -> list[float]:
    context, out = np.zeros(1, np.int64), []
    for w in row:
        chance, context = model.chances(context, np.array([model.words.index(w)]))
        out.append(float(np.exp(chance[0])))
    return out


def test_nodes_behind_one_by_a_syllable(table: Table) -> None:
    spelling = Spelling(WordModel(replace(table, tones=np.array([1, 1, 1, 2, 1, ANY, 4, 8, 16], np.uint8))))
    nodes = np.arange(len(spelling.syllable))
    for syllable in range(len(SYLLABLES)):
        which, child = spelling.behind(nodes, np.full(len(nodes), syllable))
        for node in nodes:
            behind = [k for k in nodes[1:] if spelling.before(k) == node and spelling.syllable[k] == syllable]
            assert child[which == node].tolist() == behind
    dong = SYLLABLES.index("dong")
    _, tones = spelling.behind(nodes[:1], np.array([dong]))
    assert len(tones) == 2  # 东 and 冬 have one tone, 懂 another


def test_chances_that_are_kept_are_the_same_ones(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word_model, "_KEPT", 2)  # most of them push others out
    model = WordModel(table)
    kept = Chances(model)
    rng = np.random.default_rng(0)
    for _ in range(20):
        context, word = rng.integers(len(model.last), size=9), rng.integers(len(model.words), size=9)
        (chance, after), (expected, follows) = kept.chances(context, word), model.chances(context, word)
        assert (chance.tolist(), after.tolist()) == (expected.tolist(), follows.tolist())


def test_chances_of_words_in_their_contexts(table: Table) -> None:
    model = WordModel(table)
    assert _chances(model, "东门", "有人", "打架") == pytest.approx([0.05, 0.5, 0.9])
    # of the chance after 东门, 0.5 is left for words that have 0.9 of the chances without it
    assert _chances(model, "东门", "冬")[1] == pytest.approx(0.1 * 0.5 / 0.9)
    # after 东门 有人, 0.1 is left for words that have 0.95 of the chances after 有人
    assert _chances(model, "东门", "有人", "冬")[2] == pytest.approx(0.1 * 0.1 / 0.95)
    assert _chances(model, "冬", "有人", "打架")[1:] == pytest.approx([0.1, 0.05])


def test_a_model_without_pairs_knows_single_words(table: Table) -> None:
    none = np.zeros(0, np.int64)
    alone = replace(
        table, pairs_of=np.zeros(7, np.int64), second=none, two=np.zeros(0, np.float32), triples_of=none, third=none,
        three=np.zeros(0, np.float32),
    )  # fmt: skip
    assert _chances(WordModel(alone), "东门", "有人") == pytest.approx([0.05, 0.1])


def test_a_model_survives_its_file(table: Table, tmp_path: Path) -> None:
    write(tmp_path / "words.npz", table)
    back = read(tmp_path / "words.npz")
    assert back.words == table.words
    assert back.one == pytest.approx(table.one, abs=0.05)
    assert _chances(WordModel(back), "东门", "有人", "打架") == pytest.approx([0.05, 0.5, 0.9], rel=0.06)


def test_a_damaged_file_is_named(table: Table, tmp_path: Path) -> None:
    path = tmp_path / "words.npz"
    with pytest.raises(HuyingError, match=r"words\.npz: cannot be read"):
        read(path)
    write(path, table)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(HuyingError, match=r"words\.npz: cannot be read"):
        read(path)
    write(path, replace(table, third=np.array([6, 6])))
    with pytest.raises(HuyingError, match="do not fit each other"):
        read(path)


def test_the_shipped_model_knows_what_people_say() -> None:
    table = read(words_file())
    words = {w: k for k, w in enumerate(table.words)}
    assert {"电动车", "地下室", "救护车", "走失", "老人", "值班"} <= set(words)
    assert table.second.max() < len(words) > table.third.max()


def test_a_lattice_has_what_was_said_and_little_else() -> None:
    lattice = lattice_of(scores("- dong men - you ren -"))
    spoken = {(5, 20): "dong", (20, 35): "men", (40, 50): "you", (50, 65): "ren"}  # silence lasts 5 frames
    best: dict[tuple[int, int], tuple[float, str]] = {}
    for s, e, k, score in zip(lattice.start, lattice.end, lattice.syllable, lattice.score, strict=True):
        best[int(s), int(e)] = max(best.get((int(s), int(e)), (-np.inf, "")), (float(score), SYLLABLES[k]))
    assert {span: best[span][1] for span in spoken} == spoken
    narrow = lattice_of(scores("- dong men - you ren -"), beam=0.5)
    assert set(spoken) <= set(zip(narrow.start.tolist(), narrow.end.tolist(), strict=True))
    assert len(narrow.end) < len(lattice.end) / 10
    assert list(lattice.end) == sorted(lattice.end)
    assert (lattice.start < lattice.end).all()


def test_silence_and_nothing_have_no_words(search: WordSearch) -> None:
    assert search.best(lattice_of(scores("- - - -"))) == []
    assert search.best(lattice_of(np.zeros((0, 99), np.float32))) == []


def _by_hand(*arcs: tuple[int, int, str, float], frames: int) -> Lattice:
    arcs = tuple(sorted(arcs, key=lambda a: a[1]))
    return Lattice(
        np.array([a[0] for a in arcs]), np.array([a[1] for a in arcs]),
        np.array([SYLLABLES.index(a[2]) for a in arcs]), np.array([a[3] for a in arcs], np.float32),
        np.ones((len(arcs), len(TONES)), np.float32), np.full(frames, -50.0, np.float32),
    )  # fmt: skip


def test_words_decide_where_the_sounds_do_not(search: WordSearch) -> None:
    lattice = _by_hand((0, 5, "dong", 0.0), (5, 9, "men", 0.0), (5, 9, "meng", 0.1), (9, 12, "you", 0.0),
                       (12, 16, "ren", 0.0), frames=16)  # fmt: skip
    found = search.best(lattice)
    assert found[0].words == ("东门", "有人")
    assert found[0].syllables == (("dong", "men"), ("you", "ren"))


def test_what_is_expected_decides_between_words(search: WordSearch) -> None:
    lattice = _by_hand((0, 5, "dong", 0.0), (5, 9, "men", 0.0), (0, 5, "you", 0.3), (5, 9, "ren", 0.3), frames=9)
    assert search.best(lattice)[0].words == ("有人",)
    hints = np.zeros((1 + len(SYLLABLES), len(SYLLABLES)), np.float32)
    hints[0, SYLLABLES.index("dong")] = 3.0
    assert sum(search.best(lattice, hints)[0].syllables, ()) == ("dong", "men")


def _toned(syllables: str, tones: str) -> Floats:
    """Scores of these syllables, five frames a state, with the evidence of a tone a syllable."""
    sounds = scores(syllables)
    evidence = np.zeros((len(sounds), len(TONES)), np.float32)
    at = 0
    for syllable, tone in zip(syllables.split(), tones.split(), strict=True):
        frames = 5 if syllable == "-" else len(scores(syllable))
        if tone != "-":
            evidence[at : at + frames, int(tone) - 1] = 1.0
        at += frames
    return np.concatenate([sounds, evidence], 1)


def test_tones_decide_between_words_of_the_same_sounds(table: Table) -> None:
    two = extended(table, {"打假": [["da3", "jia3"]], "大家": [["da4", "jia1"]]}, -3.0)
    search = WordSearch(Spelling(WordModel(two)))
    for tones, word in (("- 3 3 -", "打假"), ("- 2 3 -", "打假"), ("- 4 1 -", "大家")):
        found = search.best(lattice_of(_toned("- da jia -", tones)))[0]
        assert [w for w in found.words if w != "，"] == [word], tones
        assert found.toned > 0


def test_tones_that_are_not_those_of_the_standard_language_do_not_count(table: Table) -> None:
    two = extended(table, {"大家": [["da4", "jia1"]]}, -2.0)
    lattice = lattice_of(_toned("- da jia - da jia -", "- 3 2 - 3 2 -"))  # 打架 has no tones in this table
    assert "大家" not in WordSearch(Spelling(WordModel(two))).best(lattice)[0].words
    local = WordSearch(Spelling(WordModel(two)), tones=False).best(lattice)[0]
    assert "大家" in local.words
    assert local.toned < 0.25


def test_what_is_kept_of_scores() -> None:
    """The toneless scores, and what any final with a tone has more than without."""
    phones = phone_set()
    loglikes = np.zeros((2, phones.num_pdfs), np.float32)
    for final in FINALS:
        for k, tone in enumerate(TONES):
            loglikes[:, list(phones.pdfs[final + tone])] = k
    kept = sounds_of(loglikes)
    assert kept.dtype == np.float16
    assert kept[0].tolist() == [*[0] * phones.toneless, 0, 1, 2, 3, 4]
    assert scores_of(kept).tolist() == loglikes.tolist()


def test_the_shipped_model_knows_tones() -> None:
    table = read(words_file())
    ends = np.cumsum(table.lengths.astype(int))
    of = {
        table.words[w]: table.tones[e - n : e].tolist()
        for w, e, n in zip(table.meant, ends, table.lengths, strict=True)
    }
    assert of["东门"] == [said_with("dong1"), said_with("men2")]
    assert of["水果"] == [said_with("shui2") | said_with("shui3"), said_with("guo3")]  # a third tone before another
    assert of["不"] == [said_with("bu2") | said_with("bu4")]


def test_names_of_the_net_are_words(table: Table) -> None:
    named = extended(table, {"贾岗": [["jia", "gang"]], "东门": [["xi", "men"]], "某某": [["mou", "qqq"]]}, -3.0)
    assert named.words == (*table.words, "贾岗")
    found = WordSearch(Spelling(WordModel(named))).best(lattice_of(scores("- jia gang - you ren -")))
    assert [w for w in found[0].words if w != "，"] == ["贾岗", "有人"]
    assert found[0].row == ("jia", "gang", "you", "ren")
    placed = [(first, last) for _, first, last in found[0].placed()]
    assert placed[0][0] >= 4
    assert placed[2][0] - placed[1][1] == pytest.approx(5, abs=2), "a pause belongs to no word"


def test_names_of_the_net_are_no_rarer_than_those_that_were_unknown(table: Table) -> None:
    known = table.words.index("东门")
    assert extended(table, {"东门": []}, -1.0).one[known] == -1.0
    assert extended(table, {"东门": []}, -99.0).one[known] == table.one[known]


def test_characters_of_the_other_text_stand_where_the_sounds_are_the_same() -> None:
    ours = tuple(Unit(c, (s,)) for c, s in zip("山时刘东们", "shan shi liu dong men".split(), strict=True))
    theirs = (
        Unit("3", ("shan",)),
        Unit("，", ()),
        Unit("46", ("shi", "liu")),
        Unit("西", ("xi",)),
        Unit("门", ("men",)),
    )
    assert written(respelled(ours, theirs)) == "346东们"  # one syllable alone may be the same by chance
    assert respelled(ours, ()) == ours


@pytest.fixture
def chooser(net: Net, search: WordSearch) -> Chooser:
    return Chooser(net.readings, "standard", FreeSpeech(replace(net.costs, filler=1.5)), COMMON, lambda: search)


def _passage(frames: Floats, *texts: str) -> list[Passage]:
    return [Passage(0.0, len(frames) * 0.03, tuple(Candidate(t, -1.0, len(t) + 1) for t in texts))]


def test_our_own_ear_writes_without_whisper(chooser: Chooser) -> None:
    frames = scores("- dong men - you ren da jia -")
    found = chooser.choose(_passage(frames), frames)
    assert found.text.replace("，", "") == "东门有人打架"
    assert found.confidence > 0.5


def test_both_write_together(chooser: Chooser) -> None:
    frames = scores("- dong men - you ren da jia -")
    found = chooser.choose(_passage(frames, "冬门友人打架"), frames)
    assert found.text.replace("，", "") == "冬门友人打架"  # the sounds are the same: Whisper knows more characters


@pytest.mark.no_cover
def test_nothing_is_written_of_noise(chooser: Chooser) -> None:
    noise = np.random.default_rng(1).standard_normal((120, 99)).astype(np.float32)
    assert chooser.choose(_passage(noise), noise).text == ""
    assert chooser.choose(_passage(noise, "东门有人打架"), noise).text == ""


def test_our_own_ear_is_a_scribe() -> None:
    scribe = OwnScribe("abc")
    text = scribe.submit(np.zeros(8000, np.int16), lambda p: Transcript(f"{len(p)} {p[0].end} {p[0].candidates}"))
    assert text.result(10).text == "1 1.0 ()"
    assert scribe.submit(np.zeros(8000, np.int16)).result(10).text == ""  # no ear that could choose
    scribe.close()


def _nodes(*rows: tuple[int, int, int, int]) -> bytes:
    """Nodes of a threaded model: (word, number of its chance, number of what backing off costs, first child)."""
    out = [(w | back << 18, chance | (first & 0xFFFF) << 16, first >> 16 << 25) for w, chance, back, first in rows]
    return np.array(out, "<u4").tobytes()


def test_the_recipe_reduces_a_larger_model(tmp_path: Path) -> None:
    texts = ["", "，", "东门", "有人", "打架", "abc", "冬"]
    chances, backs = np.zeros(1 << 16, "<f4"), np.ones(1 << 14, "<f4")
    chances[:8] = 0.1, 0.2, 0.3, 0.5, 0.9, 0.001, 0.05, 0.15
    backs[1] = 0.6
    order1 = _nodes((1, 1, 0, 0), (2, 6, 1, 0), (3, 0, 0, 2), (4, 6, 0, 3), (5, 7, 0, 3), (6, 0, 0, 3), (0, 0, 0, 3))
    # 东门 有人, 东门 打架 (hardly ever), 有人 打架
    order2 = _nodes((3, 3, 0, 0), (4, 5, 0, 1), (4, 2, 0, 1), (0, 0, 0, 0))
    order3 = np.array([(4 | 4 << 18, 0), (0, 0)], "<u4").tobytes()  # 东门 有人 打架
    head = np.array([3, 0, 2, 7, 4, 2], "<u4").tobytes()
    model = head + chances.tobytes() + backs.tobytes() + _nodes((0, 0, 0, 0), (0, 0, 0, 6)) + order1 + order2 + order3
    (tmp_path / "lm_sc.t3g").write_bytes(model)
    start = np.array([0, 0, 12], "<u4").tobytes()
    (tmp_path / "pydict_sc.bin").write_bytes(start + "\0".join(texts).encode("utf-32-le"))
    words(tmp_path, tmp_path / "words.npz", (5, 10, 10))
    model_of = WordModel(read(tmp_path / "words.npz"))
    assert set(model_of.words) == {"，", "东门", "有人", "打架", "冬"}
    assert _chances(model_of, "东门", "有人", "打架") == pytest.approx([0.05, 0.5, 0.9], rel=0.06)
    assert _chances(model_of, "有人", "打架")[1] == pytest.approx(0.3, rel=0.06)
    assert len(read(tmp_path / "words.npz").second) == 2  # what hardly ever follows tells nothing
