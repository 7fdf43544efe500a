"""Worker process of the dictation model: PCM of an over in, texts that may be meant out."""

from __future__ import annotations

import base64
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from voice.speech.whisper import Whisper
from voice.speech.worker import serve


def main() -> None:
    """Load the model at the first job; serve until end of standard input."""
    loaded: dict[str, Whisper] = {}

    def work(job: dict[str, Any]) -> dict[str, Any]:
        model = loaded.get(job["folder"])
        if model is None:
            model = loaded[job["folder"]] = Whisper(Path(job["folder"]))
        pcm = np.frombuffer(base64.b64decode(job["pcm"]), "<i2")
        return {"passages": [asdict(p) for p in model.hear(pcm, job["names"])]}

    serve(work, niceness=10)  # recognition has priority


if __name__ == "__main__":
    main()
