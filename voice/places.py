"""Locations on disk: shipped data, user data, caches."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import re
import sys
from pathlib import Path


def data_folder() -> Path:
    """Folder with the shipped ``grammars`` and ``models``: inside an installed package, or the root of a checkout."""
    package = Path(__file__).resolve().parent
    return package / "data" if (package / "data").is_dir() else package.parent


def words_file() -> Path:
    """The shipped word model, for free speech."""
    return data_folder() / "grammars" / "zh" / "words" / "words.npz"


def user_folder() -> Path:
    """Downloaded models. ``HUYING_HOME`` overrides the platform's default."""
    if home := os.environ.get("HUYING_HOME"):
        return Path(home)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "huying"
    return Path(os.environ.get("XDG_DATA_HOME", Path.home() / ".local" / "share")) / "huying"


def requests_folder(journal: str) -> Path:
    """Requests folder of this journal's station: next to the journal file; for a database in the user's folder, named
    after the URL without its password."""
    if "://" not in journal or journal.startswith("sqlite:///"):
        path = Path(journal.removeprefix("sqlite:///"))
        return path.with_name(f"{path.name}.requests")
    address = re.sub(r"(?<=://)([^/@:]*):[^/]*@", r"\1@", journal)
    return user_folder() / "requests" / hashlib.sha256(address.encode()).hexdigest()[:16]


def stations_folder() -> Path:
    """Registry of this user's running stations, so that an order finds its station."""
    return user_folder() / "stations"


def install(extra: str = "") -> str:
    """Command that installs an optional part: from a checkout, the checkout's; otherwise the packages by name, since
    on a public index our name may belong to somebody else."""
    root = Path(__file__).resolve().parent.parent
    if (root / "pyproject.toml").is_file():
        where = "." if Path.cwd() == root else str(root)
        return f"pip install '{where}{f'[{extra}]' if extra else ''}'"
    try:
        wanted = importlib.metadata.requires("huying") or []
    except importlib.metadata.PackageNotFoundError:
        wanted = []
    mark = f"extra == '{extra}'" if extra else ""
    fit = [r for r in wanted if (mark in r.replace('"', "'") if extra else "extra ==" not in r)]
    names = [m[0] for r in fit if (m := re.match(r"[A-Za-z0-9._-]+", r))]
    return f"pip install {' '.join(dict.fromkeys(names))}" if names else "install Huying again from where it came"


def cache_folder() -> Path:
    """Compiled graphs and synthesised phrases, all of which can be regenerated."""
    if home := os.environ.get("HUYING_HOME"):
        return Path(home) / "cache"
    if sys.platform == "win32":
        return user_folder() / "cache"
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "huying"


def sample_net() -> Path:
    """Default net if none is given."""
    return data_folder() / "grammars" / "sample"
