"""Writer for OpenFst's ``vector`` format.

Layout as in OpenFst 1.6's ``VectorFst::Write``: header, then for each state its final weight, number of arcs, and the
arcs. All numbers little-endian.
"""

from __future__ import annotations

import math
import struct
from pathlib import Path

import numpy as np

_MAGIC = 2125659606
_ARC = np.dtype([("ilabel", "<i4"), ("olabel", "<i4"), ("weight", "<f4"), ("next", "<i4")])


class Fst:
    """A weighted transducer under construction; state 0 is the start."""

    def __init__(self) -> None:
        self._arcs: list[list[tuple[int, int, float, int]]] = []
        self.final: dict[int, float] = {}

    def __len__(self) -> int:
        return len(self._arcs)

    def state(self) -> int:
        """Add a state and return its number."""
        self._arcs.append([])
        return len(self._arcs) - 1

    def arc(self, source: int, ilabel: int, olabel: int, weight: float, target: int) -> None:
        """Add an arc; 0 is epsilon, the weight is a cost (negative natural log)."""
        self._arcs[source].append((ilabel, olabel, weight, target))

    def arcs(self, source: int) -> tuple[tuple[int, int, float, int], ...]:
        """(input label, output label, weight, target) of the arcs leaving a state."""
        return tuple(self._arcs[source])

    def write(self, path: Path) -> None:
        """Write the file; arcs of a state are sorted by input label."""

        def text(s: str) -> bytes:
            return struct.pack("<i", len(s)) + s.encode()

        total = sum(map(len, self._arcs))
        packed = [tuple(a) for arcs in self._arcs for a in sorted(arcs)]
        blob = np.array(packed, dtype=_ARC).tobytes() if packed else b""
        out = [struct.pack("<i", _MAGIC) + text("vector") + text("standard")]
        out.append(struct.pack("<iiQqqq", 2, 0, 0x3, 0, len(self._arcs), total))
        at = 0
        for i, arcs in enumerate(self._arcs):
            out.append(struct.pack("<fq", self.final.get(i, math.inf), len(arcs)))
            out.append(blob[at : at + 16 * len(arcs)])
            at += 16 * len(arcs)
        path.write_bytes(b"".join(out))
