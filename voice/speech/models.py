"""Model folders: which exist, where they are, and whether they are complete.

A folder is checked before Kaldi opens it, because Kaldi terminates the process on a malformed model.
"""

from __future__ import annotations

import hashlib
import json
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from voice.errors import HuyingError
from voice.places import data_folder, user_folder
from voice.speech.bigram import load_bigram
from voice.speech.checked import checked
from voice.speech.encoder import FILE as ENCODER_FILE
from voice.speech.goodness import DEFAULT_CALIBRATION, Calibration
from voice.speech.voiceprint import check_voiceprint

DEFAULT_MODEL = "huying-zh-8k"

Progress = Callable[[int, int], None]
"""(bytes done, total bytes; 0 if unknown)."""

_FST_MAGIC = 2125659606


@dataclass(frozen=True, slots=True)
class StockModel:
    """A model published by the Vosk project."""

    name: str
    url: str
    size: int
    """Size of the zip in bytes; 0 if unknown."""
    sha256: str
    """SHA-256 of the zip; empty if unknown."""


STOCK = {
    m.name: m
    for m in (
        StockModel(
            "vosk-model-small-cn-0.22",
            "https://alphacephei.com/vosk/models/vosk-model-small-cn-0.22.zip",
            43_898_754,
            "3af8b0e7e0f835ae9d414ce5df580237a3cfb08d586c9fbbb0f7ff29ad5b14ba",
        ),
        StockModel("vosk-model-cn-0.22", "https://alphacephei.com/vosk/models/vosk-model-cn-0.22.zip", 0, ""),
    )
}


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A validated model folder."""

    path: Path
    kind: Literal["huying", "stock"]
    """``huying``: ours, needs a graph of ours. ``stock``: Vosk's layout with its own graph."""

    rate: int
    """Hz."""

    sha256: str
    """SHA-256 of ``am/final.mdl``, or of its checksum and those of encoder and voiceprint: what makes a replay
    reproducible."""

    runtime_grammar: bool
    """Stock models with ``HCLr.fst`` and ``Gr.fst`` accept a grammar at run time."""

    calibrations: tuple[Calibration, Calibration] = (DEFAULT_CALIBRATION, DEFAULT_CALIBRATION)
    """Maps goodness of pronunciation to confidence, as fitted by the recipe: without and with tones."""

    bigram_sha256: str = ""
    """SHA-256 of its bigram of syllables; empty if it has none."""

    encoder_sha256: str = ""
    """SHA-256 of its second network; empty if it has none."""

    voiceprint_sha256: str = ""
    """SHA-256 of what makes a print of a voice; empty if it has none."""


def models_folder() -> Path:
    """Folder of downloaded models."""
    return user_folder() / "models"


def installed() -> dict[str, Path]:
    """Name → folder of all installed models, ours first."""
    found: dict[str, Path] = {}
    for place in (data_folder() / "models", models_folder()):
        if place.is_dir():
            for p in sorted(place.iterdir()):
                if (p / "am" / "final.mdl").exists() or (p / "final.mdl").exists():
                    found.setdefault(p.name, p)
    return found


def find_model(name: str) -> Path:
    """A model by name or path. Raises HuyingError that lists the available ones."""
    here = installed()
    if name in here:
        return here[name]
    if Path(name).is_dir():
        return Path(name)
    if name in STOCK:
        raise HuyingError(f"no model “{name}”: run “huying models pull {name}”")
    raise HuyingError(f"no model “{name}”; there is: {', '.join(here) or 'none'}")


def _need(folder: Path, *names: str) -> Path:
    for n in names:
        p = folder / n
        if p.is_file():
            if p.stat().st_size == 0:
                raise HuyingError(f"{p}: empty file; the model is incomplete, pull or copy it again")
            return p
    raise HuyingError(f"{folder}: {' or '.join(names)} is missing; the model is incomplete, pull or copy it again")


def _options(conf: Path) -> dict[str, str]:
    lines = conf.read_text("utf-8", errors="replace").splitlines()
    found = (re.match(r"\s*--([\w.-]+)=(\S+)", line) for line in lines)
    return {m.group(1): m.group(2) for m in found if m}


def _check_fst(path: Path) -> None:
    with path.open("rb") as f:
        head = f.read(4)
    if len(head) < 4 or struct.unpack("<i", head)[0] != _FST_MAGIC:
        raise HuyingError(f"{path}: not an OpenFst file; the model is damaged, pull or copy it again")


def check_model(folder: Path) -> ModelFolder:
    """Validate a model folder. Raises HuyingError naming the first faulty file."""
    if not folder.is_dir():
        raise HuyingError(f"{folder}: no such model folder")
    mdl = _need(folder, "am/final.mdl", "final.mdl")
    data = mdl.read_bytes()
    text = data.startswith(b"<TransitionModel>")
    if not text and not data.startswith(b"\0B<TransitionModel> "):
        raise HuyingError(f"{mdl}: not a Kaldi acoustic model; pull or copy it again")
    if b"<Nnet3>" not in data or not data.rstrip().endswith(_ending(data)):
        raise HuyingError(f"{mdl}: cut off or not an nnet3 model; pull or copy it again")
    digest = hashlib.sha256(data).hexdigest()
    mfcc = _options(_need(folder, "conf/mfcc.conf", "mfcc.conf"))
    rate = int(float(mfcc.get("sample-frequency", "16000")))
    if rate not in (8000, 16000):
        raise HuyingError(f"{folder}: sample frequency {rate} Hz; Huying uses models of 8000 or 16000 Hz")
    card = folder / "model.json"
    if card.is_file():
        try:
            listed = json.loads(card.read_text("utf-8"))
        except ValueError as e:
            raise HuyingError(f"{card}: not JSON ({e})") from e
        if listed.get("kind") == "huying":
            return _ours(folder, mdl, rate, digest, listed)
    graph = folder / "graph" if (folder / "graph").is_dir() else folder
    dynamic = (graph / "HCLr.fst").is_file()
    for name in ("HCLr.fst", "Gr.fst") if dynamic else ("HCLG.fst",):
        _check_fst(_need(graph, name))
    if not dynamic:
        _need(graph, "words.txt")
    _need(graph, "phones/word_boundary.int", "word_boundary.int")
    if (folder / "ivector").is_dir():
        for name in ("final.dubm", "final.ie", "final.mat", "global_cmvn.stats", "online_cmvn.conf", "splice.conf"):
            _need(folder / "ivector", name)
    return ModelFolder(folder, "stock", rate, digest, dynamic)


def _ours(folder: Path, mdl: Path, rate: int, digest: str, listed: dict[str, Any]) -> ModelFolder:
    """A model of our recipe; ``listed``: its ``model.json``."""
    if listed.get("sha256") != digest:
        raise HuyingError(f"{mdl}: differs from the checksum in model.json; the file is damaged")
    conf = _options(_need(folder, "conf/model.conf"))
    if conf.get("frame-subsampling-factor") != "3":
        raise HuyingError(f"{folder}/conf/model.conf: --frame-subsampling-factor must be 3")
    fitted = listed.get("calibration", {})
    toneless, toned = (
        Calibration(tuple(fitted[k])) if k in fitted else DEFAULT_CALIBRATION for k in ("toneless", "toned")
    )
    bigram, encoder, voiceprint = (
        str(listed.get(k, "")) for k in ("bigram_sha256", "encoder_sha256", "voiceprint_sha256")
    )
    if bigram:
        load_bigram(folder, bigram)
    if encoder:
        checked(folder / ENCODER_FILE, encoder)
        if voiceprint:
            check_voiceprint(folder, voiceprint)
        digest = hashlib.sha256(f"{digest} {encoder} {voiceprint}".strip().encode()).hexdigest()
    return ModelFolder(folder, "huying", rate, digest, False, (toneless, toned), bigram, encoder, voiceprint)


def _ending(data: bytes) -> bytes:
    """Expected end of a complete model file: the priors vector, checked against its own length."""
    at = data.rfind(b"<Priors> ")
    if at < 0:
        return b"\xff no priors"
    if data[at + 9 : at + 12] == b"FV ":
        (n,) = struct.unpack_from("<i", data, at + 13) if len(data) >= at + 17 else (-1,)
        whole = data[at : at + 17 + 4 * max(n, 0)]
        return whole.rstrip() if n >= 0 and len(whole) == 17 + 4 * n else b"\xff cut off"
    return data.rstrip()[-8:]
