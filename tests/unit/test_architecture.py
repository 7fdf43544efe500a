"""One direction of imports: a folder may import only what stands left of it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.helpers.places import ROOT

ORDER = (
    "mandarin", "audio", "radio", "speech", "grammar", "net", "talk", "journal", "station", "measure", "bureau",
    "console", "terminal", "bench", "cli",
)  # fmt: skip
EVERYBODYS = {"errors", "places", "pcm", "text", "time", "__init__"}
FILES = sorted((ROOT / "voice").rglob("*.py"))


def imported(path: Path) -> set[str]:
    """Second part of every ``voice.…`` import, wherever in the file it stands."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
        elif isinstance(node, ast.Import):
            names = [a.name for a in node.names]
        found |= {n.split(".")[1] for n in names if n.startswith("voice.")}
    return found


@pytest.mark.parametrize("package", ORDER)
def test_imports_go_one_way(package: str) -> None:
    allowed = {*ORDER[: ORDER.index(package) + 1], *EVERYBODYS}
    for path in (ROOT / "voice" / package).rglob("*.py"):
        assert imported(path) <= allowed, path


def test_nobody_in_the_house_imports_the_recipe() -> None:
    assert not [p for p in FILES if "models.recipe" in p.read_text("utf-8").replace("``models.recipe", "")]


def test_the_nets_logic_is_pure() -> None:
    """No clock, no files, no threads in what decides."""
    for name in ("decide", "state", "facts"):
        tree = ast.parse((ROOT / "voice" / "talk" / f"{name}.py").read_text("utf-8"))
        modules = {
            n
            for node in ast.walk(tree)
            for n in (
                [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else [a.name for a in node.names]
                if isinstance(node, ast.Import)
                else []
            )
        }
        assert {m for m in modules if not m.startswith("voice.")} <= {"__future__", "dataclasses", "typing"}, name
