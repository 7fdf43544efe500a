"""Model folders are looked through before Kaldi sees them, because Kaldi ends the process on a malformed one."""

from __future__ import annotations

import hashlib
import http.server
import io
import json
import shutil
import threading
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.helpers.places import SHIPPED
from voice.errors import HuyingError
from voice.speech.models import STOCK, StockModel, check_model, find_model, installed, models_folder
from voice.speech.pulling import pull


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A copy of the shipped model that a test may spoil."""
    return Path(shutil.copytree(SHIPPED, tmp_path / "model"))


def test_shipped_model_is_whole_and_small() -> None:
    found = check_model(SHIPPED)
    assert (found.kind, found.rate) == ("huying", 8000)
    assert sum(p.stat().st_size for p in SHIPPED.rglob("*") if p.is_file()) <= 30_000_000
    listed = json.loads((SHIPPED / "model.json").read_text("utf-8"))
    sums = " ".join(listed[k] for k in ("sha256", "encoder_sha256", "voiceprint_sha256"))
    assert hashlib.sha256(sums.encode()).hexdigest() == found.sha256
    assert (SHIPPED / "voiceprint.npz").stat().st_size <= 300_000


def cut(p: Path) -> None:
    data = (p / "am" / "final.mdl").read_bytes()
    (p / "am" / "final.mdl").write_bytes(data[: len(data) // 2])


def flip(p: Path, name: str = "am/final.mdl") -> None:
    data = bytearray((p / name).read_bytes())
    data[len(data) // 2] ^= 1
    (p / name).write_bytes(bytes(data))


SPOILS: dict[str, tuple[Callable[[Path], object], str]] = {
    "no acoustic model": (lambda p: (p / "am" / "final.mdl").unlink(), "final.mdl"),
    "empty acoustic model": (lambda p: (p / "am" / "final.mdl").write_bytes(b""), "empty"),
    "text instead": (lambda p: (p / "am" / "final.mdl").write_text("hello"), "not a Kaldi"),
    "cut off": (cut, "cut off"),
    "one bit flipped": (flip, "checksum"),
    "no features": (lambda p: (p / "conf" / "mfcc.conf").unlink(), "mfcc.conf"),
    "other rate": (lambda p: (p / "conf" / "mfcc.conf").write_text("--sample-frequency=44100\n"), "44100"),
    "other subsampling": (
        lambda p: (p / "conf" / "model.conf").write_text("--frame-subsampling-factor=1\n"), "must be 3",
    ),
    "damaged bigram": (lambda p: flip(p, "bigram.npz"), "bigram.npz.*checksum"),
    "no bigram": (lambda p: (p / "bigram.npz").unlink(), "bigram.npz.*incomplete"),
    "damaged encoder": (lambda p: flip(p, "encoder.npz"), "encoder.npz.*checksum"),
    "no encoder": (lambda p: (p / "encoder.npz").unlink(), "encoder.npz.*incomplete"),
    "damaged voiceprint": (lambda p: flip(p, "voiceprint.npz"), "voiceprint.npz.*checksum"),
    "no voiceprint": (lambda p: (p / "voiceprint.npz").unlink(), "voiceprint.npz.*incomplete"),
    "card is no JSON": (lambda p: (p / "model.json").write_text("{"), "not JSON"),
    "no card, no graph": (lambda p: (p / "model.json").unlink(), "HCLG.fst"),
}  # fmt: skip


@pytest.mark.parametrize("spoil, says", SPOILS.values(), ids=SPOILS.keys())
def test_broken_model_is_refused_with_its_reason(model: Path, spoil: Callable[[Path], object], says: str) -> None:
    spoil(model)
    with pytest.raises(HuyingError, match=says):
        check_model(model)


def test_names_and_paths(tmp_path: Path) -> None:
    assert find_model("huying-zh-8k") == SHIPPED and "huying-zh-8k" in installed()
    with pytest.raises(HuyingError, match="models pull"):
        find_model("vosk-model-small-cn-0.22")
    with pytest.raises(HuyingError, match="there is: "):
        find_model("nothing")


# -- pulling -----------------------------------------------------------------------------------


NPZ = ("bigram.npz", "encoder.npz", "voiceprint.npz")


def stock_zip(evil: str = "") -> bytes:
    """A whole model in a zip, in a folder of the model's name, as Vosk publishes them."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        for f in ("am/final.mdl", *NPZ, "conf/mfcc.conf", "conf/model.conf", "model.json"):
            z.writestr(f"tiny/{f}", (SHIPPED / f).read_bytes())
        if evil:
            z.writestr(evil, "x")
    return out.getvalue()


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[[bytes], Path]]:
    """Publish a zip as the stock model “tiny” on a web server of this machine; gives the zip's path."""
    (tmp_path / "web").mkdir()
    monkeypatch.setenv("HUYING_HOME", str(tmp_path / "home"))
    handler = partial(_Ranged, directory=str(tmp_path / "web"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def publish(data: bytes, sha256: str | None = None) -> Path:
        path = tmp_path / "web" / "tiny.zip"
        path.write_bytes(data)
        url = f"http://127.0.0.1:{server.server_port}/tiny.zip"
        digest = sha256 or hashlib.sha256(data).hexdigest()
        monkeypatch.setitem(STOCK, "tiny", StockModel("tiny", url, len(data), digest))
        return path

    yield publish
    server.shutdown()


class _Ranged(http.server.SimpleHTTPRequestHandler):
    """A web server that can resume."""

    starts: list[int] = []  # noqa: RUF012

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        data = Path(self.translate_path(self.path)).read_bytes()
        start = int(self.headers.get("Range", "bytes=0-")[6:].split("-")[0])
        self.starts.append(start)
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(data) - start))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.end_headers()
        self.wfile.write(data[start:])


def test_pull_downloads_checks_and_unpacks(tiny: Callable[[bytes], Path]) -> None:
    tiny(stock_zip())
    seen: list[tuple[int, int]] = []
    folder = pull("tiny", None, lambda done, total: seen.append((done, total)))
    assert check_model(folder).sha256 == check_model(SHIPPED).sha256
    assert seen[-1][0] == seen[-1][1] > 0 and find_model("tiny") == folder
    assert [p.name for p in models_folder().iterdir()] == ["tiny"], "nothing half-done is left"


def test_pull_goes_on_where_it_was_cut_off(tiny: Callable[[bytes], Path]) -> None:
    data = stock_zip()
    tiny(data)
    part = models_folder() / "tiny.zip.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(data[:50_000])
    _Ranged.starts.clear()
    pull("tiny", None)
    assert _Ranged.starts == [50_000]


def test_pull_from_a_file(tiny: Callable[[bytes], Path], tmp_path: Path) -> None:
    path = tiny(stock_zip())
    assert check_model(pull("tiny", path)).kind == "huying"
    with pytest.raises(HuyingError, match="no such file"):
        pull("tiny", tmp_path / "none.zip")


@pytest.mark.parametrize(
    "data, says",
    [
        (b"not a zip", "not a zip"),
        (stock_zip()[:-5000], "not a zip"),
        (stock_zip("../../evil.txt"), "leads out"),
        (stock_zip("/evil.txt"), "leads out"),
    ],
    ids=["no zip", "cut off", "escapes upward", "absolute path"],
)
def test_bad_zips_leave_nothing(tiny: Callable[[bytes], Path], data: bytes, says: str, tmp_path: Path) -> None:
    path = tiny(data)
    with pytest.raises(HuyingError, match=says):
        pull("tiny", path)
    assert "tiny" not in installed() and not list(tmp_path.rglob("evil.txt"))


def test_wrong_checksum_is_refused(tiny: Callable[..., Path]) -> None:
    path = tiny(stock_zip(), "0" * 64)
    with pytest.raises(HuyingError, match="SHA-256"):
        pull("tiny", path)


def test_unknown_model_and_dead_server(tiny: Callable[[bytes], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(HuyingError, match="can be pulled"):
        pull("nothing", None)
    monkeypatch.setitem(STOCK, "tiny", StockModel("tiny", "http://127.0.0.1:1/tiny.zip", 1, "0" * 64))
    with pytest.raises(HuyingError, match="--from"):
        pull("tiny", None)
