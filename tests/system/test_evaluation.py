"""``huying eval``: labels, counts, the operating point, and the whole command on real audio."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from tests.helpers.forking import finished
from voice.errors import FilesError, HuyingError
from voice.grammar.lexicon import Entry
from voice.measure.actors import EspeakActors
from voice.measure.evaluation import OperatingPoint, Trials, operating_point, poisson_upper, wilson
from voice.measure.proposal import write_points
from voice.measure.scenario import Scenario
from voice.measure.scoring import make_labels
from voice.measure.simulate import label_path, simulate, write_recording
from voice.measure.utterances import labels_beside, read_label_table, utterances
from voice.net.loading import Net, load_net
from voice.net.settings import write_settings
from voice.pcm import RATE
from voice.speech.synthesiser import Synthesiser


def entry(net: Net, text: str) -> Entry:
    return next(e for e in net.lexicon.spoken if e.text == text)


def test_what_was_said_is_matched_with_what_was_heard(net: Net) -> None:
    unit, other, ack = (entry(net, t) for t in ("省残联", "贾岗社区", "收到"))
    trials = Trials()
    trials.add([unit, ack], [(unit, 0.9), (ack, 0.8)], 3.0, "a")
    trials.add([unit, ack], [(other, 0.7), (ack, 0.6)], 3.0, "b")
    trials.add([], [(ack, 0.4)], 3.0, "b")
    assert (trials.utterances, trials.exact) == (3, 1)
    assert trials.said_of() == 4 and trials.said_of(group="a") == 2
    assert trials.believed(0.0, True) == 3 and trials.believed(0.7, True) == 2
    assert trials.believed(0.0, False) == 2 and trials.believed(0.0, False, "4+") == 1
    assert trials.believed(0.5, False, group="b") == 1
    assert trials.confusions == {("省残联", "贾岗社区"): 1}


def test_a_rarer_false_word_costs_recall(net: Net) -> None:
    ack = entry(net, "收到")
    trials = Trials()
    for k in range(100):
        trials.add([ack], [(ack, 0.3 + 0.007 * k)], 18.0, "")
    for k in range(10):
        trials.add([], [(ack, 0.2 + 0.05 * k)], 180.0, "")
    strict, mild = (operating_point(trials, "2-3", wished) for wished in (0.0, 2.0))
    assert strict.threshold > mild.threshold and strict.recall < mild.recall
    assert strict.false_per_hour == 0.0 and mild.reached and mild.false_per_hour <= 2.0
    assert strict.at_most_per_hour == pytest.approx(3.0 / 0.5), "of the half hour that holds none"
    curve = trials.curve("2-3")
    assert [t for t, _, _ in curve] == sorted(t for t, _, _ in curve)
    assert all(a[1] <= b[1] and a[2] >= b[2] for a, b in itertools.pairwise(curve))


def test_confidence_that_keeps_its_word_has_no_calibration_error(net: Net) -> None:
    ack = entry(net, "收到")
    honest, boastful = Trials(), Trials()
    for k in range(100):
        honest.add([ack] if k < 80 else [], [(ack, 0.8)], 1.0, "")
        boastful.add([ack] if k < 40 else [], [(ack, 0.8)], 1.0, "")
    assert honest.calibration_error() == pytest.approx(0.0)
    assert boastful.calibration_error() == pytest.approx(0.4)


def test_intervals() -> None:
    low, high = wilson(8, 10)
    assert (round(low, 3), round(high, 3)) == (0.490, 0.943)  # Wilson's interval for 8 of 10
    assert wilson(0, 0) == (0.0, 1.0)
    assert poisson_upper(10) == pytest.approx(16.96, abs=0.1)  # exact one-sided 95 % limit


def test_labels_of_a_track_and_of_a_table(tmp_path: Path) -> None:
    sf.write(tmp_path / "a.wav", np.zeros(RATE, np.int16), RATE)
    (tmp_path / "a.txt").write_text("0.5\t2.25\t省残联,收到\n\\\t300\t3000\n3\t4\t-\n", "utf-8")
    first, second = labels_beside(tmp_path / "a.wav")
    assert (first.start, first.end, first.text, second.text) == (0.5, 2.25, "省残联,收到", "")
    (tmp_path / "t.csv").write_text("file,text,group\na.wav,收到,张\n", "utf-8")
    assert read_label_table(tmp_path / "t.csv") == {tmp_path / "a.wav": [type(first)(0.0, 0.0, "收到", "张")]}


def test_wrong_labels_are_named_with_their_line(tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch()
    (tmp_path / "a.txt").write_text("1\t2\t收到\nnow\tthen\t收到\n5\t4\t收到\n", "utf-8")
    with pytest.raises(FilesError) as wrong:
        labels_beside(tmp_path / "a.wav")
    assert [p.line for p in wrong.value.problems] == [2, 3]
    (tmp_path / "t.csv").write_text("file,text\nnone.wav,收到\n", "utf-8")
    with pytest.raises(FilesError, match=r"t\.csv:2: no file"):
        read_label_table(tmp_path / "t.csv")
    (tmp_path / "u.csv").write_text("name,words\n", "utf-8")
    with pytest.raises(FilesError, match="no column file, text"):
        read_label_table(tmp_path / "u.csv")
    with pytest.raises(HuyingError, match="no labels"):
        labels_beside(tmp_path / "b.wav")


@pytest.fixture(scope="module")
def labelled(net: Net, synthesiser: Synthesiser, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording of nine overs, one of them foreign, with its label file."""
    path = tmp_path_factory.mktemp("labelled") / "net.flac"
    overs: list[dict[str, object]] = []
    for unit in ("省残联", "贾岗社区治安队", "警察学院"):
        overs += [{"control": f"{unit},{unit},门前秩序是否良好"}, {"unit": unit, "say": "一切正常,一切正常"}]
    overs += [{"control": "晚上一起去打羽毛球吧"}, {"control": "各单位注意"}, {"unit": "省残联", "say": "收到,收到"}]
    scenario = Scenario.model_validate({"overs": overs, "seed": 4})
    pcm, truth = simulate(net, scenario, EspeakActors(net, synthesiser, scenario.voice))
    write_recording(path, pcm, scenario)
    label_path(path).write_text(json.dumps(make_labels(net, scenario, truth, len(pcm) / RATE)), "utf-8")
    return path


def test_overs_find_their_labels(labelled: Path, net: Net) -> None:
    labels = labels_beside(labelled)
    found, lost, unlabelled = utterances(labelled, labels, 0.5)
    assert [u.text for u in found] == [x.text for x in labels]
    assert (lost, unlabelled) == ([], 0)
    found, lost, unlabelled = utterances(labelled, [labels[0], type(labels[0])(900.0, 901.0, "收到")], 0.5)
    assert len(found) == 1 and [x.start for x in lost] == [900.0] and unlabelled == len(labels) - 1


def test_the_command_measures_draws_and_writes(labelled: Path, own_net: Callable[..., Path], tmp_path: Path) -> None:
    folder = own_net()
    before = (folder / "net.toml").read_text("utf-8")
    done = finished("eval", labelled, "--net", folder, "--write", "--pictures", tmp_path / "out")
    assert done.returncode == 2 and "threshold was left alone" in done.stderr, done.stderr
    assert "hours without a false word" in done.stderr and (folder / "net.toml").read_text("utf-8") == before
    assert "9 utterances" in done.stdout and "operating point for 0.5" in done.stdout
    assert "hours of speech without a false word" in done.stdout
    for name in ("trade-off.png", "calibration.png"):
        assert (tmp_path / "out" / name).read_bytes().startswith(b"\x89PNG")


def test_what_the_evidence_carries_is_written(own_net: Callable[..., Path]) -> None:
    folder = own_net()
    path = folder / "net.toml"
    before = path.read_text("utf-8")
    shown = OperatingPoint("4+", 0.42, 0.97, 0.0, 0.4, True)
    thin = OperatingPoint("2-3", 0.8, 0.97, 0.0, 3.0, True)
    with pytest.raises(HuyingError, match="idle_threshold was left alone: the true rate may be 3"):
        write_points(path, {"4+": shown, "2-3": thin}, 0.5, 7.0, print)
    settings = load_net(folder).settings.recognition
    assert (settings.threshold, settings.idle_threshold) == (0.42, 0.9)
    kept = [line for line in before.splitlines() if line.startswith("#")]
    assert kept and all(line in path.read_text("utf-8") for line in kept)


def test_the_command_says_what_it_needs(labelled: Path, tmp_path: Path) -> None:
    unwritable = [str(labelled), "--write"]
    for arguments, told in (([], "--labels"), (unwritable, "--net"), ([str(tmp_path)], "no sound files")):
        done = finished("eval", *arguments)
        assert done.returncode == 2 and told in done.stderr, done.stderr


def test_settings_are_written_into_their_section(tmp_path: Path) -> None:
    path = tmp_path / "net.toml"
    path.write_text('name = "n" # ours\n[recognition]\nthreshold = 0.5 # was fine\n[timing]\n', "utf-8")
    write_settings(path, "recognition", {"threshold": 0.7, "idle_threshold": 0.9})
    assert path.read_text("utf-8") == (
        'name = "n" # ours\n[recognition]\nthreshold = 0.7 # was fine\nidle_threshold = 0.9\n[timing]\n'
    )
    with pytest.raises(HuyingError, match="cannot be changed"):
        write_settings(tmp_path / "none.toml", "recognition", {"threshold": 0.7})
