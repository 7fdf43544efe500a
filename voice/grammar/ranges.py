"""Numbers in many ranges at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


def ranges(first: Ints, count: Ints) -> tuple[Ints, Ints]:
    """So many numbers from each first one on: (index of their range, number)."""
    at = np.arange(len(count)).repeat(count)
    return at, np.arange(len(at)) + (first - count.cumsum() + count)[at]
