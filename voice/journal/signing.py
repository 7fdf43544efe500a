"""Signed heads: proof of the journal's extent that, unlike the short digits of an anchor, cannot be brute-forced.

The key (Ed25519) is kept out of reach of whoever holds the journal: on the duty officer's USB stick, at the bureau. A
signed head states an event's number and hash; the public key later shows that the chain still contains it.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from voice.errors import HuyingError
from voice.journal.store import Journal

MARK = "huying-head-1"
_HEAD = re.compile(rf"{MARK} (\d{{1,16}}) ([0-9a-f]{{64}}) ([0-9a-f]{{128}})")


@dataclass(frozen=True, slots=True)
class SignedHead:
    """An event's number and hash, with a signature over both."""

    seq: int
    hash: str
    signature: str
    """64 bytes, hexadecimal."""

    def __str__(self) -> str:
        return f"{MARK} {self.seq} {self.hash} {self.signature}"

    @property
    def words(self) -> bytes:
        """The signed bytes as text."""
        return f"{MARK} {self.seq} {self.hash}".encode()


def make_key(path: Path) -> str:
    """Write a new key to a file readable by its owner only; returns the public key, hexadecimal. Raises HuyingError
    if the file exists."""
    key = SigningKey.generate()
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as f:
            f.write(bytes(key).hex() + "\n")
    except OSError as e:
        raise HuyingError(f"{path}: the key cannot be written ({e.strerror})") from e
    return bytes(key.verify_key).hex()


class Signer:
    """Signs heads with a key file."""

    def __init__(self, path: Path) -> None:
        """Raises HuyingError if it is not a key."""
        try:
            self._key = SigningKey(bytes.fromhex(path.read_text("ascii").strip()))
        except (OSError, ValueError, TypeError) as e:
            raise HuyingError(f"{path}: not a key of “huying journal key” ({e})") from e

    @property
    def public(self) -> str:
        """Public key, hexadecimal."""
        return bytes(self._key.verify_key).hex()

    def head(self, seq: int, digest: str) -> SignedHead:
        """Signed head of the event with this number and hash."""
        signature = self._key.sign(SignedHead(seq, digest, "").words).signature
        return SignedHead(seq, digest, signature.hex())


def sign(journal: Journal, path: Path) -> SignedHead:
    """The journal's head signed with a key file. Raises HuyingError."""
    if not len(journal):
        raise HuyingError("the journal is empty: there is no head to sign")
    return Signer(path).head(len(journal), journal.head)


def head_in(text: str) -> SignedHead | None:
    """Parse a line as a signed head; None if it is not one."""
    found = _HEAD.fullmatch(text.strip())
    return SignedHead(int(found[1]), found[2], found[3]) if found else None


def is_signed(head: SignedHead, public: str) -> bool:
    """Whether the signature is valid for this public key; False also for an invalid key."""
    try:
        VerifyKey(bytes.fromhex(public)).verify(head.words, bytes.fromhex(head.signature))
    except (BadSignatureError, ValueError, TypeError):
        return False
    return True


def signed_heads(path: Path) -> list[SignedHead]:
    """Signed heads in a file. Raises HuyingError if there are none."""
    try:
        found = _HEAD.findall(path.read_text("utf-8", errors="replace"))
    except OSError as e:
        raise HuyingError(f"{path}: cannot be read ({e.strerror})") from e
    if not found:
        raise HuyingError(f"{path}: holds no signed head; “huying journal sign” makes one")
    return [SignedHead(int(seq), digest, signature) for seq, digest, signature in found]


def contradictions(journal: Journal, public: str, heads: list[SignedHead]) -> list[str]:
    """Contradictions between journal and signed heads, in words. Raises HuyingError for an invalid public key."""
    try:
        VerifyKey(bytes.fromhex(public))
    except (ValueError, TypeError) as e:
        raise HuyingError(
            f"--key {public[:20]}…: 64 hexadecimal figures are wanted, as “huying journal key” says"
        ) from e
    told = []
    for head in heads:
        if not is_signed(head, public):
            told.append(f"signed head {head.seq}: it was not signed with this key")
            continue
        event = next(journal.events(after=head.seq - 1, before=head.seq + 1), None)
        if event is None:
            told.append(f"signed head {head.seq}: there is no such event, the end was cut off")
        elif event.hash != head.hash:
            told.append(f"signed head {head.seq}: event {head.seq} is another one, the chain was rewritten")
    return told
