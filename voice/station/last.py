"""The net used last, and a first one for new users."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from voice.errors import HuyingError
from voice.places import sample_net, user_folder

FIRST = "我的电台网"
"""Name of the folder of a first net."""


def remembered() -> tuple[Path, Path] | None:
    """(net folder, journal) of the last session; None if there was none or they no longer exist."""
    try:
        kept = json.loads((user_folder() / "last.json").read_text("utf-8"))
        net, journal = Path(kept["net"]), Path(kept["journal"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return (net, journal) if (net / "net.toml").is_file() else None


def remember(net: Path, journal: Path) -> None:
    """Store for the next session. Raises HuyingError."""
    path = user_folder() / "last.json"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"net": str(net), "journal": str(journal)}, ensure_ascii=False), "utf-8")
    except OSError as e:
        raise HuyingError(f"{path}: cannot be written ({e.strerror}); set HUYING_HOME to another folder") from e


def first_net() -> Path:
    """A copy of the sample net in the user's folder, as a starting point. Raises HuyingError."""
    folder = user_folder() / "nets" / FIRST
    try:
        if not folder.is_dir():
            shutil.copytree(sample_net(), folder)
    except OSError as e:
        raise HuyingError(f"{folder}: cannot be made ({e.strerror}); set HUYING_HOME to another folder") from e
    return folder
