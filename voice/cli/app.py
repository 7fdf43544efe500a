"""All commands: importing a bough hangs it on the tree, in the order in which ``--help`` shows them."""

from __future__ import annotations

from importlib import import_module

from voice.cli.tree.root import app

for bough in ("recordings", "station", "machine", "journal", "grammar", "models", "users", "bureau"):
    import_module(f"voice.cli.tree.{bough}")

__all__ = ["app"]
