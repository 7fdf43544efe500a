"""Sound file type from its first bytes: names may be wrong or missing."""

from __future__ import annotations

SILK = ".silk"
"""Voice messages of WeChat and QQ, under any suffix (``.amr``, ``.aud``, ``.slk``); WeChat puts a byte before the
signature."""

CANNOT = "SILK, as WeChat and QQ send voice messages, cannot be read here; make a WAV of it first with silk-v3-decoder"

MAGIC = (
    (0, b"RIFF", ".wav"), (0, b"RF64", ".wav"), (0, b"RIFX", ".wav"), (0, b"fLaC", ".flac"), (0, b"OggS", ".ogg"),
    (0, b"ID3", ".mp3"), (4, b"ftyp", ".m4a"), (0, b"#!AMR", ".amr"), (0, b"\x30\x26\xb2\x75", ".wma"),
    (0, b"FORM", ".aiff"), (0, b".snd", ".au"), (0, b"caff", ".caf"), (0, b"\x1a\x45\xdf\xa3", ".webm"),
    (0, b"#!SILK", SILK), (1, b"#!SILK", SILK),
)  # fmt: skip
"""(offset, bytes, suffix)."""


def suffix_of(audio: bytes) -> str:
    """Correct suffix for a sound file's content; empty if unknown."""
    for at, magic, suffix in MAGIC:
        if audio[at : at + len(magic)] == magic:
            return suffix
    if len(audio) > 2 and audio[0] == 0xFF and audio[1] & 0xE0 == 0xE0:
        return ".aac" if audio[1] & 0x06 == 0 else ".mp3"
    return ""
