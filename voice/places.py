"""Where things lie on disk: what is shipped, what the user keeps, what may be thrown away."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def data_folder() -> Path:
    """The folder that holds the shipped ``grammars`` and ``models``: inside an installed package, or
    the root of a checkout."""
    package = Path(__file__).resolve().parent
    return package / "data" if (package / "data").is_dir() else package.parent


def user_folder() -> Path:
    """Pulled models. ``HUYING_HOME`` overrides the platform's usual place."""
    if home := os.environ.get("HUYING_HOME"):
        return Path(home)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "huying"
    return Path(os.environ.get("XDG_DATA_HOME", Path.home() / ".local" / "share")) / "huying"


def requests_folder() -> Path:
    """Where other programs leave what a running station should do."""
    return user_folder() / "requests"


def cache_folder() -> Path:
    """Compiled graphs and synthesised phrases: everything in it can be made again."""
    if home := os.environ.get("HUYING_HOME"):
        return Path(home) / "cache"
    if sys.platform == "win32":
        return user_folder() / "cache"
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "huying"


def sample_net() -> Path:
    """The net that is used when none is named."""
    return data_folder() / "grammars" / "sample"
