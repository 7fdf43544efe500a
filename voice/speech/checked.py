"""Files beside a model, whose checksums stand in its ``model.json``."""

from __future__ import annotations

import hashlib
from pathlib import Path

from voice.errors import HuyingError


def checked(path: Path, sha256: str) -> bytes:
    """A file's content. ``sha256``: as listed in ``model.json``. Raises HuyingError if it is missing or another."""
    try:
        data = path.read_bytes()
    except OSError as e:
        raise HuyingError(f"{path}: cannot be read ({e}); the model is incomplete, pull or copy it again") from e
    if hashlib.sha256(data).hexdigest() != sha256:
        raise HuyingError(f"{path}: differs from the checksum in model.json; the file is damaged")
    return data
