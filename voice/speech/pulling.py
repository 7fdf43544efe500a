"""Download of stock models: resume, checksum, safe unpacking."""

from __future__ import annotations

import hashlib
import shutil
import stat
import tempfile
import urllib.error
import urllib.request
import zipfile
from pathlib import Path, PurePosixPath

from voice.errors import HuyingError
from voice.speech.models import STOCK, Progress, StockModel, check_model, models_folder
from voice.speech.packages import PACKAGED, is_current, verify_packaged

CHUNK = 1 << 20
MAX_UNPACKED = 8 << 30
"""Unpacked size limit in bytes; the largest stock Chinese model unpacks to about 2 GB."""


def stock_model(name: str) -> StockModel:
    """A stock model by name. Raises HuyingError listing all that can be pulled."""
    if name not in STOCK:
        raise HuyingError(f"no model “{name}” can be pulled; there is {', '.join([*STOCK, *PACKAGED])}")
    return STOCK[name]


def download(model: StockModel, part: Path, progress: Progress = lambda _d, _n: None) -> None:
    """Download the zip into ``part``, resuming an earlier attempt. Raises HuyingError."""
    part.parent.mkdir(parents=True, exist_ok=True)
    have = part.stat().st_size if part.exists() else 0
    if model.size and have >= model.size:
        return
    request = urllib.request.Request(model.url, headers={"Range": f"bytes={have}-"} if have else {})  # noqa: S310  # https, from the list of models
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            resumed = answer.status == 206
            done = have if resumed else 0
            total = model.size or done + int(answer.headers.get("Content-Length") or 0)
            with part.open("ab" if resumed else "wb") as f:
                while block := answer.read(CHUNK):
                    f.write(block)
                    done += len(block)
                    progress(done, total)
    except urllib.error.HTTPError as e:
        if e.code == 416:  # nothing left to fetch
            return
        raise HuyingError(f"{model.url}: the server answers {e.code} {e.reason}; try again later") from e
    except OSError as e:
        raise HuyingError(
            f"{model.url}: cannot be fetched ({e}). Run the command again to go on where it stopped, or fetch the file "
            f"on another machine and give it with --from FILE"
        ) from e


def check_zip(model: StockModel, path: Path) -> None:
    """Verify size and SHA-256 as published. Raises HuyingError if they differ."""
    if not path.is_file():
        raise HuyingError(f"{path}: no such file")
    size = path.stat().st_size
    if model.size and size != model.size:
        raise HuyingError(f"{path}: {size:,} bytes instead of {model.size:,}; it is incomplete, fetch it again")
    if model.sha256:
        digest = hashlib.sha256()
        with path.open("rb") as f:
            while block := f.read(CHUNK):
                digest.update(block)
        if digest.hexdigest() != model.sha256:
            raise HuyingError(f"{path}: its SHA-256 is not that of {model.name}; delete it and fetch it again")


def unpack(path: Path, name: str, into: Path) -> Path:
    """Unpack a model zip as ``into/name`` atomically. Raises HuyingError.

    Rejected: absolute paths, ``..``, links, archives without a single top-level folder, and zip bombs.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            _refuse_unsafe(path, members)
            into.mkdir(parents=True, exist_ok=True)
            place = Path(tempfile.mkdtemp(prefix="unpack-", dir=into))
            try:
                archive.extractall(place)
                inside = list(place.iterdir())
                if len(inside) != 1 or not inside[0].is_dir():
                    raise HuyingError(f"{path}: a model zip holds one folder; this one holds {len(inside)} entries")
                check_model(inside[0])
                target = into / name
                if target.exists():
                    shutil.rmtree(target)
                inside[0].rename(target)
            finally:
                shutil.rmtree(place, ignore_errors=True)
    except zipfile.BadZipFile as e:
        raise HuyingError(f"{path}: not a zip, or damaged ({e}); fetch it again") from e
    except OSError as e:
        raise HuyingError(f"{into}: cannot be written ({e.strerror or e})") from e
    return into / name


def _refuse_unsafe(path: Path, members: list[zipfile.ZipInfo]) -> None:
    for m in members:
        parts = PurePosixPath(m.filename.replace("\\", "/"))
        if parts.is_absolute() or ".." in parts.parts or ":" in m.filename:
            raise HuyingError(f"{path}: contains “{m.filename}”, which leads out of the folder; not unpacked")
        if stat.S_ISLNK(m.external_attr >> 16):
            raise HuyingError(f"{path}: contains the link “{m.filename}”; not unpacked")
    if sum(m.file_size for m in members) > MAX_UNPACKED:
        raise HuyingError(f"{path}: would unpack to more than {MAX_UNPACKED >> 30} GB; not unpacked")


def whole(name: str) -> Path | None:
    """Folder of a model that is here, undamaged and of the version that would be fetched."""
    folder = models_folder() / name
    try:
        if name not in PACKAGED:
            return check_model(folder).path
        verify_packaged(folder)
        return folder if is_current(folder) else None
    except HuyingError:
        return None


def pull(name: str, source: Path | None, progress: Progress = lambda _d, _n: None) -> Path:
    """Download (or use ``source``), verify, unpack; returns the model's folder."""
    model = stock_model(name)
    part = source or models_folder() / f"{name}.zip.part"
    if source is None:
        download(model, part, progress)
    try:
        check_zip(model, part)
    except HuyingError:
        if source is None and model.size and part.exists() and part.stat().st_size >= model.size:
            part.unlink()  # complete but wrong: resuming would never succeed
        raise
    folder = unpack(part, name, models_folder())
    if source is None:
        part.unlink()
    return folder
