"""The second network: what numpy computes is what was trained, however an over is divided; its file."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.encoders import weights
from voice.errors import HuyingError
from voice.pcm import Floats
from voice.speech.acoustics import load_acoustic_model
from voice.speech.encoder import AROUND, FILE, PIECE, SCALE, EncodedAcoustics, Encoder, load_encoder
from voice.speech.models import DEFAULT_MODEL, check_model, find_model

PLAIN = (np.eye(105, dtype=np.float32), np.zeros(105, np.float32))
"""Scores that are the log posteriors themselves."""


def sound(seconds: float, seed: int = 1) -> Floats:
    rng = np.random.default_rng(seed)
    n = round(seconds * 8000)
    return (rng.standard_normal(n) * 3000 * (0.2 + np.abs(np.sin(np.arange(n) / 900)))).astype(np.float32)


@pytest.mark.parametrize("samples", [0, 255, 256, 335, 336, 800, 12345])
def test_it_has_as_many_frames_as_the_first_network(samples: int) -> None:
    first = load_acoustic_model(find_model(DEFAULT_MODEL) / "am" / "final.mdl")
    pcm = sound(2)[:samples]
    found = EncodedAcoustics(Encoder(weights()), first.outputs.scores).scorer()
    found.accept(pcm)
    assert found.finish().shape == first.loglikes(pcm).shape


def test_a_long_over_is_the_same_in_any_pieces_and_nearly_the_whole() -> None:
    acoustics = EncodedAcoustics(Encoder(weights()), PLAIN)
    pcm = sound(21)

    def heard(step: int) -> Floats:
        scorer = acoustics.scorer()
        for at in range(0, len(pcm), step):
            scorer.accept(pcm[at : at + step])
        return scorer.finish()

    once = heard(len(pcm))
    assert np.array_equal(once, heard(1600)) and np.array_equal(once, heard(777))
    assert len(once) == len(acoustics.encoder.rows(pcm))
    first = acoustics.encoder.rows(pcm[: (PIECE + AROUND) * 240 + 256])[:PIECE]
    assert np.allclose(once[:PIECE], acoustics.outputs.loglikes(first), atol=1e-4)


def test_numpy_computes_what_was_trained(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from models.recipe.encoder import Encoder as Trained
    from models.recipe.encoder import mel_of
    from models.recipe.export import in_bytes

    torch.manual_seed(0)
    net = Trained(99).eval()
    torch.save({"net": net.state_dict()}, tmp_path / "encoder.pt")
    np.savez(tmp_path / FILE, **in_bytes(tmp_path / "encoder.pt"))  # type: ignore[arg-type]
    encoder = load_encoder(tmp_path, hashlib.sha256((tmp_path / FILE).read_bytes()).hexdigest())
    pcm = sound(3)
    with torch.no_grad():
        heads = net(mel_of(torch.from_numpy(pcm)[None]))
    trained = torch.cat([torch.log_softmax(h[0], -1) for h in heads], 1).numpy()
    found = EncodedAcoustics(encoder, PLAIN).outputs.loglikes(encoder.rows(pcm))
    assert np.abs(found - trained[: len(found)]).mean() < 0.02


def test_training_goes_on_from_the_model_folder(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from models.recipe.encoder import WIDTH
    from models.recipe.export import export
    from models.recipe.resume import encoder_of_folder
    from models.recipe.train import write

    shipped, folder = find_model(DEFAULT_MODEL), tmp_path / "model"
    shutil.copytree(shipped, folder)
    (folder / FILE).unlink()
    net, prior, tones = encoder_of_folder(shipped)
    assert np.isclose(prior.sum(), 1) and tones[0] == 1
    write(tmp_path / "encoder.pt", net, prior, tones, WIDTH)
    export(None, folder, tmp_path / "encoder.pt")
    before, after = (load_encoder(f, check_model(f).encoder_sha256 or "").weights for f in (shipped, folder))
    assert before.keys() == after.keys()
    assert all(np.allclose(before[n], after[n], rtol=1e-5, atol=1e-7) for n in before)
    first = Path("am") / "final.mdl"
    assert (folder / first).read_bytes() == (shipped / first).read_bytes()


def test_whispers_mel_bands() -> None:
    pytest.importorskip("torch")
    import torch

    from models.recipe import encoder as trained
    from voice.speech.encoder import mel_of

    pcm = sound(1)
    assert np.allclose(mel_of(pcm), trained.mel_of(torch.from_numpy(pcm)[None])[0].numpy(), atol=1e-3)


def test_a_file_that_is_none_is_named(tmp_path: Path) -> None:
    def written(data: bytes) -> str:
        (tmp_path / FILE).write_bytes(data)
        return hashlib.sha256(data).hexdigest()

    with pytest.raises(HuyingError, match=r"encoder.npz: cannot be read .* incomplete"):
        load_encoder(tmp_path, "0" * 64)
    sha256 = written(b"PK not a zip")
    with pytest.raises(HuyingError, match="not an encoder"):
        load_encoder(tmp_path, sha256)
    with pytest.raises(HuyingError, match="checksum"):
        load_encoder(tmp_path, "0" * 64)
    np.savez(tmp_path / FILE, **{"out.bias": np.zeros(3, np.int8), "out.bias" + SCALE: np.ones(3, np.float32)})  # type: ignore[arg-type]
    with pytest.raises(HuyingError, match="not an encoder"):
        load_encoder(tmp_path, hashlib.sha256((tmp_path / FILE).read_bytes()).hexdigest())


def test_the_models_identity_covers_both_networks() -> None:
    model = check_model(find_model(DEFAULT_MODEL))
    assert model.encoder_sha256
    assert model.sha256 != hashlib.sha256((model.path / "am" / "final.mdl").read_bytes()).hexdigest()
