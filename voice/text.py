"""Text files as saved by common programs: UTF-8, UTF-16, or the code page of a Chinese Windows."""

from __future__ import annotations

import codecs
import unicodedata

GB18030 = "gb18030"
"""Saved by Windows programs in China in place of Unicode; superset of GBK and GB2312."""


class NotText(ValueError):
    """Bytes that are not text in a supported encoding."""


def encoding_of(data: bytes) -> str:
    """Name of the codec that reads ``data``: ``utf-8-sig``, ``utf-16`` (with its mark), ``utf-16-le``, ``utf-16-be``
    or ``gb18030``. Raises NotText with the reason."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _proved(data, "utf-16")
    if b"\0" in data:
        return next((e for e in ("utf-16-le", "utf-16-be") if _plausible(data, e)), None) or _proved(data, "utf-8-sig")
    try:
        data.decode("utf-8-sig")
    except UnicodeDecodeError as e:
        read = data.decode("utf-8-sig", "replace")
        if sum("\u2e80" <= c < "\ufffd" for c in read) > read.count("\ufffd"):  # rarely produced by GB 18030
            line = data.count(b"\n", 0, e.start) + 1
            raise NotText(f"line {line} is damaged: byte {e.start + 1} is not UTF-8, the rest is") from e
        return _proved(data, GB18030)
    return "utf-8-sig"


def decoded(data: bytes) -> str:
    """The text of a file. Raises NotText."""
    text = data.decode(encoding_of(data))
    if "\0" in text:
        raise NotText("it contains NUL bytes: it is no text file")
    return text.removeprefix("\ufeff")


def _plausible(data: bytes, encoding: str) -> bool:
    """Whether bytes without a byte-order mark are plausible UTF-16: only characters in common use."""
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return all(c in "\t\r\n" or unicodedata.category(c) not in ("Cc", "Cn", "Co") for c in text)


def _proved(data: bytes, encoding: str) -> str:
    try:
        data.decode(encoding)
    except UnicodeDecodeError as e:
        raise NotText(f"it is neither UTF-8 nor UTF-16 nor GB 18030 (byte {e.start + 1})") from e
    return encoding


def halfwidth(text: str) -> str:
    """Full-width digits, letters and signs as ASCII, and compatibility forms (①, ㎡, ％) expanded (NFKC)."""
    return unicodedata.normalize("NFKC", text)
