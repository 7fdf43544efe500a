"""An int8 ONNX model's convolutions as products that processors have an instruction for.

onnxruntime multiplies the two factors of ``ConvInteger`` as unsigned numbers: 65 billion products a second on one core
with AVX-512 VNNI. Unsigned by signed it does 120 billion. So a convolution becomes the ``MatMulInteger`` of its weights
and the shifted rows of its input, with input and zero point moved from 0..255 to -128..127: the differences that are
multiplied stay the same, so the sums do, bit for bit. Processors older than that instruction saturate such products;
``exact`` finds out.

A model is a protobuf message (onnx.proto); only what is needed of it is read and written here.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import numpy as np

Bytes = bytes | memoryview

MADE = 1
"""Version of what is written: a file of another version is not used."""

ROOM = 2
"""Free disk space required for the rewritten file, as a multiple of the model's size."""

_GRAPH = 7
_NODE, _INITIALIZER, _INPUT, _OUTPUT = 1, 5, 11, 12
"""Fields of a graph."""
_TAKES, _GIVES, _NAME, _OPERATOR, _ATTRIBUTE = 1, 2, 3, 4, 5
"""Fields of a node."""
_DIMS, _TYPE, _TENSOR, _RAW = 1, 2, 8, 9
"""Fields of a tensor; ``_TENSOR`` is its name."""
_UINT8, _INT8, _INT32, _INT64 = 2, 3, 6, 7
"""Types of a tensor's numbers."""
_TYPES = {np.dtype(np.uint8): _UINT8, np.dtype(np.int64): _INT64}

_FLIP, _AXIS = b"products.flip", b"products.axis"
"""Constants added to the graph: 128, and the axis of time."""

_TO_THE_END = 2**62


def rewritten(model: Path, cache: Path) -> Path:
    """The model's file by products, made once and kept in ``cache``; the model itself where products are not exact or
    there is no room. Raises OSError if it cannot be written, ValueError, IndexError or KeyError if the model is
    damaged."""
    if not exact():
        return model
    now = model.stat()
    name = hashlib.sha256(f"{MADE} {model.resolve()} {now.st_size} {now.st_mtime_ns}".encode()).hexdigest()[:32]
    path = cache / "products" / f"{name}.onnx"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(path.parent).free < ROOM * now.st_size:
            return model
        part = path.with_suffix(f".{os.getpid()}.part")
        try:
            with part.open("wb") as f:
                f.writelines(by_products(np.memmap(model, np.uint8, "r").data))
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    return path


def by_products(model: Bytes) -> list[Bytes]:
    """The model with every plain one-dimensional ``ConvInteger`` replaced, in pieces that follow each other. Raises
    ValueError, IndexError or KeyError if it is damaged."""
    out: list[Bytes] = []
    for field, value, raw in _fields(model):
        if field == _GRAPH:
            parts = _graph(value)
            out += [_written(field << 3 | 2), _written(sum(map(len, parts))), *parts]
        else:
            out.append(raw)
    return out


@cache
def exact() -> bool:
    """Whether onnxruntime multiplies unsigned by signed numbers here without saturating them."""
    import onnxruntime

    a, b = np.full((8, 64), 255, np.uint8), np.full((64, 32), 127, np.int8)
    graph = _node(b"MatMulInteger", [b"a", b"b"], b"c") + _shape(_INPUT, b"a", _UINT8, a.shape)
    graph += _shape(_INPUT, b"b", _INT8, b.shape) + _shape(_OUTPUT, b"c", _INT32, (8, 32))
    model = _put(1, 8) + _put(_GRAPH, graph + _put(2, b"exact")) + _put(8, _put(2, 18))
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    (made,) = session.run(None, {"a": a, "b": b})
    return bool((np.asarray(made) == 64 * 255 * 127).all())


def _graph(graph: Bytes | int) -> list[Bytes]:
    tensors = {_text(v, _TENSOR): (v, raw) for field, v, raw in _fields(graph) if field == _INITIALIZER}
    out: list[Bytes] = []
    turned = set()
    for field, node, raw in _fields(graph):
        if field == _NODE and _text(node, _OPERATOR) == b"ConvInteger":
            takes = [bytes(v) for f, v, _ in _fields(node) if f == _TAKES]
            weights = tensors.get(takes[1])
            how = {_text(v, 1): _numbers(v, 8) for f, v, _ in _fields(node) if f == _ATTRIBUTE}
            if weights is not None and len(takes) == 4 and _plain(how):
                turned.add(takes[1])
                out += _nodes(takes, _text(node, _GIVES), _numbers(weights[0], _DIMS)[2], how)
                continue
        if field != _INITIALIZER:
            out.append(raw)
    out += [_by_rows(name, tensor) if name in turned else raw for name, (tensor, raw) in tensors.items()]
    return [*out, _tensor(_FLIP, np.array(128, np.uint8)), _tensor(_AXIS, np.array([2]))]


def _plain(how: dict[bytes, list[int]]) -> bool:
    """One dimension, every step, all channels together, padding given in numbers."""
    return how.get(b"strides", [1]) == [1] and len(how.get(b"kernel_shape", ())) == 1 and len(how.get(b"pads", ())) == 2


def _nodes(takes: Sequence[bytes], gives: bytes, kernel: int, how: dict[bytes, list[int]]) -> list[Bytes]:
    """Input (1, channels, n) → padded → (1, kernel × channels, n) → the product with the weights."""
    x, weights, zero, weights_zero = takes
    step, pads = how.get(b"dilations", [1])[0], how[b"pads"]
    own = gives + b".products."
    out: list[Bytes] = []
    for name, taken in ((b"x", x), (b"zero", zero)):
        out.append(_node(b"BitwiseXor", [taken, _FLIP], own + name + b".flipped"))
        out.append(_node(b"Cast", [own + name + b".flipped"], own + name, _attribute(b"to", _INT8)))
    out.append(_tensor(own + b"pads", np.array([0, 0, pads[0], 0, 0, pads[1]])))
    out.append(_node(b"Pad", [own + b"x", own + b"pads", own + b"zero"], own + b"padded"))
    rows = []
    for k in range(kernel):
        row = own + b"%d" % k
        out.append(_tensor(row + b".from", np.array([k * step])))
        out.append(_tensor(row + b".to", np.array([(k - kernel + 1) * step or _TO_THE_END])))
        out.append(_node(b"Slice", [own + b"padded", row + b".from", row + b".to", _AXIS], row))
        rows.append(row)
    out.append(_node(b"Concat", rows, own + b"rows", _attribute(b"axis", 1)))
    return [*out, _node(b"MatMulInteger", [weights, own + b"rows", weights_zero, own + b"zero"], gives)]


def _by_rows(name: bytes, tensor: Bytes | int) -> bytes:
    """Weights (out, in, kernel) → (out, kernel × in)."""
    raw = next(v for f, v, _ in _fields(tensor) if f == _RAW and isinstance(v, memoryview))
    values = np.frombuffer(raw, np.uint8).reshape(_numbers(tensor, _DIMS))
    return _tensor(name, values.transpose(0, 2, 1).reshape(len(values), -1))


def _tensor(name: bytes, values: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> bytes:
    dims = b"".join(_put(_DIMS, n) for n in values.shape)
    raw = _put(_RAW, np.ascontiguousarray(values).tobytes())
    return _put(_INITIALIZER, dims + _put(_TYPE, _TYPES[values.dtype]) + _put(_TENSOR, name) + raw)


def _node(operator: bytes, takes: Sequence[bytes], gives: bytes, attribute: bytes = b"") -> bytes:
    ends = b"".join(_put(_TAKES, name) for name in takes) + _put(_GIVES, gives)
    return _put(_NODE, ends + _put(_NAME, gives) + _put(_OPERATOR, operator) + attribute)


def _attribute(name: bytes, value: int) -> bytes:
    return _put(_ATTRIBUTE, _put(1, name) + _put(3, value) + _put(20, 2))


def _shape(field: int, name: bytes, type_: int, dims: Sequence[int]) -> bytes:
    """A graph's input or output."""
    shape = b"".join(_put(1, _put(1, n)) for n in dims)
    return _put(field, _put(1, name) + _put(2, _put(1, _put(1, type_) + _put(2, shape))))


def _text(message: Bytes | int, field: int) -> bytes:
    return next((bytes(v) for f, v, _ in _fields(message) if f == field and isinstance(v, memoryview)), b"")


def _numbers(message: Bytes | int, field: int) -> list[int]:
    """A repeated number, one by one or packed."""
    found = []
    for f, value, _ in _fields(message):
        if f == field and isinstance(value, int):
            found.append(value)
        elif f == field and isinstance(value, memoryview):
            at = 0
            while at < len(value):
                number, at = _varint(value, at)
                found.append(number)
    return found


def _fields(message: Bytes | int) -> Iterator[tuple[int, memoryview | int, memoryview]]:
    """(number, value, the field as it is written)."""
    if isinstance(message, int):
        raise ValueError("not a message")
    data, at = memoryview(message), 0
    while at < len(data):
        begin = at
        key, at = _varint(data, at)
        value: memoryview | int
        if key & 7 == 0:
            value, at = _varint(data, at)
        else:
            size, at = _varint(data, at) if key & 7 == 2 else ({1: 8, 5: 4}[key & 7], at)
            value, at = data[at : at + size], at + size
        yield key >> 3, value, data[begin:at]


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = data[at]
        number, shift, at = number | (byte & 127) << shift, shift + 7, at + 1
        if byte < 128:
            return number, at


def _put(field: int, value: int | Bytes) -> bytes:
    if isinstance(value, int):
        return _written(field << 3) + _written(value)
    return _written(field << 3 | 2) + _written(len(value)) + bytes(value)


def _written(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])
