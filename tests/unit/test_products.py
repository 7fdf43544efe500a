"""An int8 convolution done as a product gives the same numbers, and what cannot be done so stays as it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from voice.speech import products
from voice.speech.products import by_products, exact, rewritten

onnxruntime = pytest.importorskip("onnxruntime")

RNG = np.random.default_rng(7)
X = RNG.integers(0, 256, (1, 6, 40), dtype=np.uint8)
WEIGHTS = RNG.integers(0, 256, (5, 6, 3), dtype=np.uint8)


def numbers(name: bytes, *values: int) -> bytes:
    return products._put(
        5, products._put(1, name) + b"".join(products._put(8, v) for v in values) + products._put(20, 7)
    )


def model(*how: bytes, kernel: int = 3) -> bytes:
    """Zero points 117 of the input and 130 of the weights."""
    graph = products._node(b"ConvInteger", [b"x", b"w", b"z", b"wz"], b"y", b"".join(how))
    graph += products._tensor(b"w", np.ascontiguousarray(WEIGHTS[:, :, :kernel]))
    graph += products._tensor(b"z", np.array(117, np.uint8)) + products._tensor(b"wz", np.array(130, np.uint8))
    graph += (
        products._shape(11, b"x", 2, X.shape) + products._put(12, products._put(1, b"y")) + products._put(2, b"one")
    )
    return products._put(1, 8) + products._put(7, graph) + products._put(8, products._put(2, 18))


def given(what: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.int32]]:
    session = onnxruntime.InferenceSession(what, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"x": X})[0])


@pytest.mark.parametrize(
    ("kernel", "how"),
    [
        (3, [numbers(b"pads", 1, 1)]),
        (3, [numbers(b"pads", 5, 2), numbers(b"dilations", 3)]),
        (2, [numbers(b"pads", 0, 1), numbers(b"strides", 1)]),
        (1, [numbers(b"pads", 0, 0)]),
    ],
)
def test_the_same_numbers(kernel: int, how: list[bytes]) -> None:
    if not exact():
        pytest.skip("this processor saturates such products")
    old = model(numbers(b"kernel_shape", kernel), *how, kernel=kernel)
    new = b"".join(by_products(old))
    assert b"ConvInteger" in old and b"ConvInteger" not in new
    assert (given(new) == given(old)).all()


def test_another_step_stays_a_convolution() -> None:
    old = model(numbers(b"kernel_shape", 3), numbers(b"pads", 1, 1), numbers(b"strides", 2))
    new = b"".join(by_products(old))
    assert b"ConvInteger" in new
    assert (given(new) == given(old)).all()


def test_a_file_is_made_once_and_again_for_another_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(products, "exact", lambda: True)
    file = tmp_path / "a.onnx"
    file.write_bytes(model(numbers(b"kernel_shape", 3), numbers(b"pads", 1, 1)))
    made = rewritten(file, tmp_path / "cache")
    made.write_bytes(b"kept")
    assert rewritten(file, tmp_path / "cache").read_bytes() == b"kept"
    file.write_bytes(file.read_bytes() + products._put(2, b"another"))
    assert rewritten(file, tmp_path / "cache").read_bytes() != b"kept"
    assert not list(tmp_path.rglob("*.part"))


def test_where_products_are_not_exact_the_model_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(products, "exact", lambda: False)
    assert rewritten(tmp_path / "a.onnx", tmp_path) == tmp_path / "a.onnx"
    assert not list(tmp_path.iterdir())


def test_a_damaged_model_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(products, "exact", lambda: True)
    (tmp_path / "a.onnx").write_bytes(b"no model")
    with pytest.raises((ValueError, IndexError, KeyError)):
        rewritten(tmp_path / "a.onnx", tmp_path / "cache")
    assert not [p for p in (tmp_path / "cache").rglob("*") if p.is_file()]
