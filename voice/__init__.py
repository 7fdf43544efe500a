"""Huying 呼应: hears a two-way radio net, keeps its log, and calls the roll."""

import os

__version__ = "0.1.0"

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
"""Its matrices are small: more threads than one wait for each other, above all beside the recogniser's."""
