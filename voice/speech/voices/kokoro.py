"""Kokoro-82M in a worker, processed for a handheld's band and cached by content."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from voice.errors import HuyingError
from voice.pcm import Floats
from voice.places import install
from voice.speech.kept import spoken
from voice.speech.packages import packaged
from voice.speech.synthesiser import Synthesiser
from voice.speech.voices import Choice
from voice.speech.worker import Worker

MODEL = "kokoro-82m-zh"

SPEAKER = "zf_xiaoxiao"
"""Default speaker."""

MADE = 1
"""Version of the audio processing: invalidates cached audio of earlier versions."""

LONGEST_S = 20.0
"""Timeout per clause on a busy machine, s."""

LOADING_S = 30.0


def lacks() -> str:
    """See Engine."""
    if importlib.util.find_spec("onnxruntime") is None:
        return install("voice")
    folder = packaged(MODEL)
    if folder and all((folder / name).is_file() for name in ("kokoro.onnx", "vocab.json", f"voices/{SPEAKER}.bin")):
        return ""
    return f"huying models pull {MODEL}"


@dataclass(slots=True)
class KokoroSpeaker:
    """One of Kokoro's speakers."""

    folder: Path
    speaker: str
    tempo: float
    cache: Path
    worker: Worker = field(
        default_factory=lambda: Worker("voice.speech.voices.kokoro_worker", "the neural voice", LONGEST_S, LOADING_S)
    )

    by_clause = True

    @property
    def name(self) -> str:
        """See Voice."""
        return f"kokoro {self.speaker}"

    def say(self, text: str, syllables: Sequence[str]) -> tuple[Floats, int]:
        """See Voice."""
        job = [MADE, str(self.folder.name), self.speaker, self.tempo, list(syllables)]
        name = hashlib.sha256(json.dumps(job, ensure_ascii=False).encode()).hexdigest()[:32] + ".wav"
        asked = {
            "folder": str(self.folder),
            "speaker": self.speaker,
            "tempo": self.tempo,
            "syllables": list(syllables),
        }
        return spoken(self.cache / "kokoro", name, lambda path: self.worker.ask({**asked, "path": str(path)}))

    def close(self) -> None:
        """End the worker."""
        self.worker.close()


def open_kokoro(choice: Choice, synthesiser: Synthesiser, cache: Path) -> KokoroSpeaker:
    """Raises HuyingError for an unknown speaker. Loads nothing before the first utterance."""
    folder = packaged(MODEL)
    if folder is None:
        raise HuyingError(f"the neural voice is not here; run “huying models pull {MODEL}”")
    speaker = choice.speaker or SPEAKER
    names = sorted(p.stem for p in (folder / "voices").glob("*.bin"))
    if speaker not in names:
        raise HuyingError(f"no voice “{speaker}”; there is: {', '.join(n for n in names if n[0] == 'z') or 'none'}")
    del synthesiser
    return KokoroSpeaker(folder, speaker, choice.tempo, cache)
