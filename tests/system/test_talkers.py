"""The recipe's part about people who talk: texts, natural voices, sentences cut at pauses, and who is kept out."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the recipe needs pip install 'huying[train]'")
pytest.importorskip("jieba")

from models.recipe import examples, natural, sentences, talk, train  # noqa: E402
from models.recipe.align import BASE_OF, aligned, path_of, states_of, viterbi  # noqa: E402
from models.recipe.calibrate import error_of, fit  # noqa: E402
from models.recipe.features import num_frames  # noqa: E402
from models.recipe.network import Tdnn  # noqa: E402
from models.recipe.prepare import Corpus, Recording, save  # noqa: E402
from voice.mandarin.phones import phone_set, split_syllable  # noqa: E402
from voice.net.loading import load_net  # noqa: E402
from voice.places import sample_net  # noqa: E402
from voice.speech.goodness import Goodness  # noqa: E402
from voice.speech.kokoro import HELD_OUT, MARKS  # noqa: E402


def test_every_kind_of_text_can_be_said() -> None:
    rng = np.random.default_rng(3)
    for _, kind in talk.KINDS:
        for _ in range(15):
            try:
                words = kind(rng)
            except ValueError:
                continue  # a word of the dictionary that is no Mandarin: ``said`` draws another
            for syllable in (s for w in words if w[0] not in MARKS for s in w):
                assert split_syllable(syllable[:-1]) is not None and syllable[-1] in "12345"
    lengths = [sum(len(w) for w in talk.said(rng) if w[0] not in MARKS) for _ in range(60)]
    assert min(lengths) >= 1 and max(lengths) <= 32 and len(set(lengths)) > 8


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("我很好", "wo2 hen2 hao3"), ("你,好", "ni3 hao3"), ("不是", "bu2 shi4"), ("再说一遍", "zai4 shuo1 yi2 bian4"),
        ("一条", "yi4 tiao2"), ("十一点", "shi2 yi1 dian3"), ("第一次", "di4 yi1 ci4"), ("没啥", "mei2 sha2"),
    ],
)  # fmt: skip
def test_tones_are_those_of_connected_speech(text: str, spoken: str) -> None:
    assert [s for w in talk.cut(text) if w[0] not in MARKS for s in w] == spoken.split()


def test_made_up_names_are_of_no_net() -> None:
    rng = np.random.default_rng(4)
    known = {e.text for e in load_net(sample_net()).lexicon.spoken if e.kind == "unit"}
    made = {talk.name(rng) for _ in range(300)}
    assert len(made) > 290 and not made & known


def test_accents_are_written_into_what_is_said() -> None:
    rng = np.random.default_rng(5)
    words = [["zheng4", "chang2"], [","], ["shi4", "fou3"]]
    assert natural.pronounced(words, "standard", rng) == (words, ["zheng4", "chang2", "shi4", "fou3"])
    given, transcript = natural.pronounced(words, "zhengzhou", rng)
    assert given[0] == ["zheng3", "chang4"] and transcript == ["zheng0", "chang0", "shi0", "fou0"]
    said = {tuple(natural.pronounced(words, "south", rng)[1]) for _ in range(40)}
    assert len(said) > 1 and any(row[0].startswith("z") and not row[0].startswith("zh") for row in said)


def test_tones_that_are_not_standard_are_not_learned() -> None:
    known, unknown = (states_of(Recording("r", (s,), "x", 0, 1)) for s in ("zheng4", "zheng0"))
    assert [BASE_OF[k] for k in known] == unknown != known
    assert train._TONE_UNKNOWN[unknown[-1]] and not train._TONE_UNKNOWN[known[-1]] and not train._TONE_UNKNOWN[0]


def test_a_pause_between_syllables_is_silence() -> None:
    states, which = path_of(Recording("r", ("ma1", "ma1"), "x", 0, 1))
    score = np.full((60, phone_set().toneless), -8.0, np.float32)
    spoken = [int(s) for s in BASE_OF[states[which == 0]]]
    for begin in (5, 35):
        for k, pdf in enumerate(spoken):
            score[begin + 5 * k : begin + 5 * k + 5, pdf] = 0.0
    silent = score.max(1) < 0
    score[silent, 0] = 0.0
    path = viterbi(score, BASE_OF[states], which < 0)
    assert ((states[path] == 0) == silent).all() and which[path].max() == 1
    score[silent, 0], score[silent, spoken[-1]] = -8.0, 0.0  # no pause: the silence between may be left out
    assert not (states[viterbi(score, BASE_OF[states], which < 0)][5:] == 0).any()


def test_sentences_are_cut_in_the_middle_of_pauses() -> None:
    which = np.repeat([-1, 0, 1, -1, 2, 3, -1], [10, 100, 60, 40, 100, 60, 10])
    assert sentences.stretches(which) == [(0, 190, 0, 2), (190, 380, 2, 4)]
    assert sentences.stretches(which[:170]) == [(0, 170, 0, 2)]  # short, whatever stands in it


def test_coarse_labels_are_the_fine_ones_for_30_ms(tmp_path: Path) -> None:
    torch.manual_seed(1)
    rng = np.random.default_rng(1)
    audio = (rng.standard_normal(9000) * 900).astype(np.int16)
    save(tmp_path, [("a", ["ma1", "ba4"], "x", audio), ("b", ["ma1"], "x", audio[:1300])])
    corpus = Corpus(tmp_path)
    net = Tdnn(phone_set().toneless, 16).eval()
    both = [(corpus, r) for r in corpus.recordings]
    for labels, which, fit_ in aligned(net, both, np.full(99, 1 / 99), coarse=True):
        assert len(labels) == len(which) in {num_frames(9000), num_frames(1300)} and np.isfinite(fit_)


def test_who_is_kept_out(speech_folder: Path) -> None:
    parts: dict[str, set[str]] = {}
    for _, member, part, who, _ in sentences.rows_of(speech_folder):
        parts.setdefault(part, set()).add(f"{who}{int(member[6:10]) % 2}" if who == "S0150" else who)
    assert not parts["train"] & (parts["tune"] | parts["eval"]) and not parts["tune"] & parts["eval"]
    assert len(parts["eval"]) == 21 and "S01500" in parts["eval"] and "S01501" in parts["tune"]
    assert len(parts["train"]) > 200 and len(parts["tune"]) > 20


class _Styles:
    def names(self) -> list[str]:
        return sorted([*HELD_OUT, "zf_one", "zm_two", "af_three"])

    def style(self, name: str) -> np.ndarray:
        assert name not in HELD_OUT, f"{name} is held out"
        return np.full((510, 256), len(name), np.float32)


def test_held_out_voices_lend_nothing() -> None:
    rng = np.random.default_rng(6)
    made = [natural.speaker(_Styles(), str(k), rng) for k in range(60)]  # type: ignore[arg-type]
    assert len({m.accent for m in made}) == 3 and all(0.87 <= m.size <= 1.18 for m in made)


def test_folders_for_tuning_are_not_trained_on(tmp_path: Path) -> None:
    for name in ("natural/0003", "natural/0004", "pieces"):
        save(tmp_path / name, [("a", ["ma1"], "x", np.zeros(2000, np.int16))])
    assert [p.name for p in train.corpora_of(tmp_path)] == ["pieces", "0003"]


def test_what_is_hidden_is_little() -> None:
    rng = np.random.default_rng(7)
    x = torch.randn(40, 120, 48)
    y = examples.hidden(x.clone(), rng)
    changed = ((y - x).abs().amax((1, 2)) > 1e-3).float().mean()
    mel = ((y - x) @ examples._TO_MEL).abs() > 1e-3
    assert y.shape == x.shape and 0.1 < changed < 0.5 and mel.float().mean() < 0.3


def test_no_kind_of_speakers_decides_for_another() -> None:
    rng = np.random.default_rng(8)

    def samples(n: int, shift: float) -> list[tuple[Goodness, bool]]:
        right = rng.random(n) < 0.7
        mean = np.where(right, -0.3, -1.5) + shift + 0.3 * rng.standard_normal(n)
        return [(Goodness(m, m, m, 3, 4), bool(r)) for m, r in zip(mean, right, strict=True)]

    few, many = samples(60, -0.6), samples(3000, 0.0)
    together = error_of(fit([few + many]), few)
    apart = error_of(fit([few, many]), few)
    assert apart < together


def test_training_on_talk_goes_on_where_it_was_broken_off(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from models.recipe.export import export

    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    net = Tdnn(phone_set().toneless, 16)
    state = {"net": net.state_dict(), "prior": torch.full((99,), 1 / 99), "tones": torch.ones(6) / 5, "width": 16}
    torch.save(state, tmp_path / "am.pt")
    export(tmp_path / "am.pt", tmp_path / "model")
    noise = (rng.standard_normal(16000) * 2000).astype(np.int16)
    save(tmp_path / "pieces", [(f"p{k}", ["ma1", "ba4"], f"s{k % 4}", noise) for k in range(200)])
    train.converse(tmp_path, tmp_path / "model", tmp_path / "talk.pt", 1, 1)
    first = torch.load(tmp_path / "talk.state", weights_only=True)["epoch"]
    capsys.readouterr()
    train.converse(tmp_path, tmp_path / "model", tmp_path / "talk.pt", 2, 1)
    assert first == 1 and capsys.readouterr().out.count("converse epoch") == 1
    saved = torch.load(tmp_path / "talk.pt", weights_only=True)
    assert np.allclose(saved["prior"], 1 / 99, atol=1e-3)  # the folder's, not those of the labels at hand


def test_texts_of_the_evaluation_are_labelled(tmp_path: Path) -> None:
    """``kind`` splits a corpus into phrases and foreign speech and leaves out what holds a phrase of the sample net."""
    from models.recipe.kinds import kind

    pcm = np.full(4000, 1000, np.int16)
    save(tmp_path / "phrases", [
        ("tune/c1-0", ["ma1", "ma1"], "c1", pcm), ("tune/c1-1", ["shou1", "dao4"], "c1", pcm),
        ("tune/c2-0", ["hua1", "duo3"], "c2", pcm),
        ("tune/c2-1", ["hua1", "ma1", "ma5"], "c2", pcm), ("eval/c3-0", ["ma1"], "c3", pcm),
        ("tune/s", ["ma1"], "S0150", pcm),
    ])  # fmt: skip
    texts = {"tune/c1-0": "妈妈", "tune/c1-1": "", "tune/c2-0": "", "tune/c2-1": "", "eval/c3-0": "妈", "tune/s": ""}
    (tmp_path / "phrases" / "texts.json").write_text(json.dumps(texts), "utf-8")
    people = kind("people", "tune", tmp_path)
    assert [t for _, t in people.said] == ["妈妈"] and [r.name for r in people.foreign] == ["tune/c2-0"]
    assert [r.name for r in kind("reader", "tune", tmp_path).foreign] == ["tune/s"]


def test_a_parcel_is_trained_on_elsewhere_and_the_weights_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from models.recipe import encoder
    from models.recipe.parcel import LISTENED, WEIGHTS, deliver, fetched, lease, pack

    monkeypatch.setattr(encoder, "LAYERS", 2)
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    pdfs = phone_set().toneless
    net = encoder.Encoder(pdfs)
    train.write(tmp_path / "encoder.pt", net.state_dict(), np.full(pdfs, 1 / pdfs), np.ones(6) / 5, encoder.WIDTH)
    first = Tdnn(pdfs, 16)
    train.write(tmp_path / "talk.pt", first.state_dict(), np.full(pdfs, 1 / pdfs), np.ones(6) / 5, 16)
    bursts = np.repeat(rng.uniform(0, 8000, 40), 400)
    hum = (np.sin(np.arange(16000) * 0.8) * bursts + rng.standard_normal(16000) * 100).astype(np.int16)
    save(tmp_path / "pieces", [(f"p{k}", ["ma1", "ba4"], f"s{k % 4}", hum) for k in range(16)])
    save(tmp_path / "natural" / "0000", [("n0", ["ma1"], "n", hum), ("n1", ["ma1"], "s21", hum)])
    made = tmp_path / "parcel" / "made"
    made.mkdir(parents=True)
    np.savez(made / LISTENED, sounds=hum, ends=[16000], said=[3, 40], upto=[2], cells=["people clear"])
    parts = pack(tmp_path, tmp_path / "talk.pt", tmp_path / "encoder.pt", tmp_path / "parcel", 0.03)
    assert len(parts) > 1
    there, out = tmp_path / "there", tmp_path / "out"
    (there / "parcel").mkdir(parents=True)
    out.mkdir()
    for part in parts:
        for f in part.iterdir():
            (there / "parcel" / f.name).write_bytes(f.read_bytes())
    lease(there, there / "parcel", out, 1e-3, train.Machine(workers=1, minutes=0.02), batch=2, seed=1)
    for name in ("pieces", "natural/0000"):
        here, came = Corpus(tmp_path / name), Corpus(there / name)
        assert [r for r in here.recordings if r.speaker != "s21"] == came.recordings
        level = [np.abs(c.audio[:16000].astype(float)).reshape(-1, 80).mean(1) for c in (here, came)]
        assert len(here.audio) == len(came.audio) and np.corrcoef(*level)[0, 1] > 0.95
        assert (there / name / "labels.npz").read_bytes() == (tmp_path / name / "labels.npz").read_bytes()
    fetched(out, tmp_path / "encoder.pt", tmp_path / "back.pt")
    before, carried, back = (
        torch.load(p, weights_only=True)["net"] for p in (tmp_path / "encoder.pt", made / WEIGHTS, tmp_path / "back.pt")
    )
    assert carried["out.weight"].dtype == torch.int8
    same = {k for k in before if torch.equal(before[k], back[k])}
    assert same == {k for k in before if k.startswith(("conv", "layers.0."))}
    for f in out.iterdir():
        f.unlink()
    deliver(tmp_path / "encoder.pt", out)
    fetched(out, tmp_path / "encoder.pt", tmp_path / "same.pt")
    same = torch.load(tmp_path / "same.pt", weights_only=True)["net"]
    assert all(torch.allclose(w, same[k], atol=1e-3) for k, w in before.items())


def test_a_watch_counts_each_kind_of_speaker_by_itself() -> None:
    from models.recipe.watch import Heard, report
    from voice.measure.evaluation import Judged, Trials

    entry = next(e for e in load_net(sample_net()).lexicon.spoken if e.kind == "unit" and e.syllables >= 4)
    quiet, loud = Trials(), Trials()
    for trials, heard in ((quiet, []), (loud, [Judged(entry, 0.8, False, foreign=True)])):
        trials.seconds = trials.foreign_seconds = 1800
        trials.heard = heard
    none, one = Counter[tuple[str, str]](), Counter({("idle", "4+"): 1})
    told = report([Heard("people", 20.0, quiet, 900, none), Heard("reader", 20.0, loud, 900, one)])
    assert "| 4+ | people | 0.5 | 0.00 (6.00), 0 | 0.00 (6.00), 0 |" in told
    assert "| 4+ | reader | 0.5 | 2.00 (9.46), 1 | 0.00 (6.00), 0 |" in told
    told = told[told.index("Words of the graph") :]
    rows = {tuple(c.strip() for c in line.split("|")[1:4]): line.split("|")[5:7] for line in told.splitlines()}
    assert rows["4+", "people", "all"] == [" 0.00 (6.00) ", " 0.00 (6.00) "]
    assert rows["4+", "reader", "20 dB"][0].startswith(" 2.00 (9.") and rows["4+", "reader", "20 dB"][1][:5] == " 2.00"
    assert "people 0.25 h, reader 0.25 h" in told
