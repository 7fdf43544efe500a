"""Stock Vosk models: dictation of free speech, and the fallback with a run-time grammar.

No stock model can be fetched where this is built; these tests use a small model of ours in the stock layout.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
import soxr
import vosk

from tests.helpers.places import SHIPPED
from tests.helpers.stock_model import have_tools, make_stock_model
from voice.errors import HuyingError
from voice.journal.store import Journal
from voice.measure.channel import Channel, gap, to_receiver, transmit
from voice.net.learning import learn, propose
from voice.net.loading import Net, load_net
from voice.pcm import RATE, Pcm16
from voice.places import sample_net
from voice.radio.over import Over
from voice.speech.dictation import grammar_of, segment
from voice.speech.models import check_model
from voice.speech.recogniser import open_stock
from voice.speech.synthesiser import SpeechSettings, Synthesiser
from voice.station.ear import open_ear, reopened
from voice.station.replay import replay

VOCABULARY = {
    "收": "shou", "到": "dao", "收到": "shou dao", "社区": "she qu", "贾": "jia", "岗": "gang", "财经": "cai jing",
    "大学": "da xue", "一切": "yi qie", "正常": "zheng chang", "治安": "zhi an", "队": "dui", "没有": "mei you",
    "发现": "fa xian", "情况": "qing kuang",
}  # fmt: skip


def test_segmentation_takes_the_fewest_words() -> None:
    knows = {"贾", "岗", "社", "区", "社区", "治安", "治", "安", "队", "治安队"}.__contains__
    assert segment("贾岗社区治安队", knows) == ["贾", "岗", "社区", "治安队"]
    assert segment("贾鲁河", knows) is None
    assert grammar_of(["社区", "鲁河", "社区"], knows) == (["社区"], ["鲁河"])


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not have_tools():
        pytest.skip("OpenFst's tools are not installed (Debian: libfst-tools)")
    return make_stock_model(SHIPPED, tmp_path_factory.mktemp("stock") / "tiny", VOCABULARY)


@pytest.fixture(scope="module")
def answer(net: Net, synthesiser: Synthesiser) -> Callable[[str], Pcm16]:
    """An over of somebody who says this."""

    def say(text: str) -> Pcm16:
        samples, rate = synthesiser.say(text, net.spell(text), SpeechSettings(rate=150))
        speech = soxr.resample(samples.astype(np.float64), rate, RATE)
        return to_receiver(transmit(speech, Channel(tail_s=0.0), np.random.default_rng(0))[0])

    return say


def test_model_in_the_stock_layout_is_recognised(stock: Path) -> None:
    found = check_model(stock)
    assert (found.kind, found.runtime_grammar) == ("stock", True)
    model = open_stock(stock)
    assert model.knows("贾") and not model.knows("猫")


def test_run_time_grammar(stock: Path, answer: Callable[[str], Pcm16]) -> None:
    model = open_stock(stock, ["财经 大学", "收到"])
    words = [w.symbol for w in model.recognise(answer("财经大学")).words]
    assert words == ["财经", "大学"]


def test_fallback_logs_calls_and_answers_and_names_what_it_cannot_say(
    stock: Path, answer: Callable[[str], Pcm16], tmp_path: Path
) -> None:
    ear = open_ear(load_net(sample_net()), model=str(stock))
    assert "祭城社区治安队" in ear.cannot_say and "贾岗社区治安队" not in ear.cannot_say
    assert ear.scribe is None, "it gives no scores to write from"
    rng, channel = np.random.default_rng(1), Channel()
    parts = [gap(1.0, channel, rng)]
    for text in ("财经大学,财经大学", "收到", "贾岗社区", "一切正常"):
        parts += [answer(text).astype(float), gap(1.5, channel, rng)]
    import soundfile as sf

    from voice.audio.source import open_recording

    sf.write(tmp_path / "rec.flac", to_receiver(np.concatenate(parts)), RATE)
    with Journal("sqlite://") as journal:
        lines = replay(ear, journal, open_recording(tmp_path / "rec.flac")).lines
    logged = [(x["type"], x["unit"]) for x in lines if x["type"] in ("called", "answered")]
    assert ("called", "113") in logged and ("answered", "113") in logged


def test_a_learned_phrase_is_heard_by_the_model_that_is_loaded(
    stock: Path, answer: Callable[[str], Pcm16], own_net: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    loading = Mock(wraps=vosk.Model)
    monkeypatch.setattr(vosk, "Model", loading)
    ear = open_ear(load_net(own_net()), model=str(stock))
    pcm = answer("大学发现社区情况")
    over = Over.whole(pcm, level_db=-20.0)
    assert "situation" not in ear.understand(over, ear.recogniser.recognise(pcm)).meanings()
    learned = learn(ear.net, propose(ear.net, "大学发现社区情况", "situation"), "王").net
    again = reopened(ear, learned, learned.folder)
    assert again.understand(over, again.recogniser.recognise(pcm)).text == "大学发现社区情况"
    assert loading.call_count == 1


def test_dictation_writes_what_no_phrase_covers(stock: Path, answer: Callable[[str], Pcm16], tmp_path: Path) -> None:
    folder = Path(shutil.copytree(sample_net(), tmp_path / "net"))
    text = (folder / "net.toml").read_text("utf-8") + f'\n[recognition]\ndictation = "{stock.as_posix()}"\n'
    (folder / "net.toml").write_text(text, "utf-8")
    ear = open_ear(load_net(folder))
    pcm = answer("大学到队情况到社区")
    over = Over.whole(pcm, level_db=-20.0)
    written = ear.dictate(over, ear.understand(over, ear.recogniser.recognise(pcm)))
    assert "情况" in written
    over = Over.whole(answer("收到"), level_db=-20.0)
    assert ear.dictate(over, ear.understand(over, ear.recogniser.recognise(over.pcm))) == "", "not where all is clear"


def test_a_stock_model_with_a_fixed_graph_takes_no_grammar(stock: Path, tmp_path: Path) -> None:
    fixed = Path(shutil.copytree(stock, tmp_path / "fixed"))
    (fixed / "graph" / "HCLr.fst").rename(fixed / "graph" / "HCLG.fst")
    with pytest.raises(HuyingError, match="cannot take a grammar"):
        open_stock(fixed, ["收到"])


def test_a_vocabulary_without_any_phrase_is_refused(tmp_path: Path) -> None:
    if not have_tools():
        pytest.skip("OpenFst's tools are not installed (Debian: libfst-tools)")
    cats = make_stock_model(SHIPPED, tmp_path / "cats", {"猫": "mao", "狗": "gou"})
    with pytest.raises(HuyingError, match="no word of this net"):
        open_ear(load_net(sample_net()), model=str(cats))
