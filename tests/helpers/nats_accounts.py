"""Operator, account and users of a NATS server in the decentralised way, as ``nsc`` makes them: JWTs signed with
Ed25519 keys (NATS documentation, “JWTs and NKeys”). The server gets the operator's and the account's, a user keeps a
``.creds`` file."""

from __future__ import annotations

import base64
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nkeys

Claims = Mapping[str, Any]

LIMITS = (
    "subs", "data", "payload", "imports", "exports", "conn", "leaf", "mem_storage", "disk_storage", "streams",
    "consumer",
)  # fmt: skip


class Accounts:
    """One operator with one account, beside the one that the server needs for itself."""

    def __init__(self) -> None:
        self._operator = _pair(nkeys.PREFIX_BYTE_OPERATOR)
        self._account, self._system = _pair(nkeys.PREFIX_BYTE_ACCOUNT), _pair(nkeys.PREFIX_BYTE_ACCOUNT)

    @property
    def configuration(self) -> str:
        """Of the server."""
        operator = _signed(self._operator, self._operator, {"type": "operator", "version": 2})
        known = ", ".join(f'{_name(a)}: "{self._known(a)}"' for a in (self._account, self._system))
        return (
            f'operator: "{operator}"\nsystem_account: {_name(self._system)}\n'
            f"resolver: MEMORY\nresolver_preload: {{ {known} }}\n"
        )

    def _known(self, account: Any) -> str:
        limits = {**dict.fromkeys(LIMITS, -1), "wildcards": True}
        if account is self._system:
            limits |= {"mem_storage": 0, "disk_storage": 0}
        return _signed(self._operator, account, {"type": "account", "version": 2, "limits": limits})

    def credentials(self, path: Path, publish: list[str], subscribe: list[str], account: Any = None) -> Path:
        """The ``.creds`` file of a user who may publish and subscribe to these subjects."""
        user = _pair(nkeys.PREFIX_BYTE_USER)
        rights = {"pub": {"allow": publish}, "sub": {"allow": subscribe}, "subs": -1, "data": -1, "payload": -1}
        token = _signed(account or self._account, user, {"type": "user", "version": 2, **rights})
        seed = bytes(user.seed).decode()
        path.write_text(
            f"-----BEGIN NATS USER JWT-----\n{token}\n------END NATS USER JWT------\n\n"
            f"-----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n",
            "utf-8",
        )
        return path

    def forged(self, path: Path) -> Path:
        """The file of a user whose account the server does not know."""
        return self.credentials(path, [">"], [">"], _pair(nkeys.PREFIX_BYTE_ACCOUNT))


def _pair(kind: int) -> Any:
    return nkeys.from_seed(nkeys.encode_seed(os.urandom(32), kind))


def _name(pair: Any) -> str:
    return bytes(pair.public_key).decode()


def _signed(issuer: Any, subject: Any, nats: Claims) -> str:
    claims = {
        "jti": _encoded(os.urandom(16)),
        "iat": int(time.time()),
        "iss": _name(issuer),
        "sub": _name(subject),
        "name": "test",
        "nats": nats,
    }
    head = {"typ": "JWT", "alg": "ed25519-nkey"}
    signed = ".".join(_encoded(json.dumps(part).encode()) for part in (head, claims))
    return f"{signed}.{_encoded(issuer.sign(signed.encode()))}"


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
