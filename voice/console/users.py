"""Accounts of the console: roles, passwords and tokens, in one file."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from filelock import FileLock, Timeout

from voice.errors import HuyingError
from voice.places import install, user_folder

if TYPE_CHECKING:
    from argon2 import PasswordHasher

Role = Literal["viewer", "operator", "admin"]
ROLES: tuple[str, ...] = get_args(Role)

SHORTEST_PASSWORD = 8


@dataclass(frozen=True, slots=True)
class User:
    """One account."""

    name: str
    role: Role
    hash: str
    """Argon2id."""
    tokens: tuple[str, ...] = ()
    """SHA-256 of each token, so that a leaked file reveals none."""

    @property
    def may_order(self) -> bool:
        return self.role != "viewer"

    @property
    def may_manage(self) -> bool:
        return self.role == "admin"


LOCAL = User("console", "admin", "")
"""The implicit user of a console without accounts."""


def hasher() -> PasswordHasher:
    """What hashes passwords. Raises HuyingError where it is not installed."""
    try:
        from argon2 import PasswordHasher
    except ImportError as e:
        raise HuyingError(f"the console needs {e.name}; run “{install('console')}”") from e
    return PasswordHasher()


def users_path() -> Path:
    """Path of the accounts file."""
    return user_folder() / "console-users.json"


class Users:
    """Accounts on disk; written atomically, readable by the owner only."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or users_path()

    def all(self) -> dict[str, User]:
        """By name. Raises HuyingError for a damaged file, so that damaging it does not grant access."""
        if not self.path.is_file():
            return {}
        try:
            rows = json.loads(self.path.read_text("utf-8"))
            return _accounts(rows)
        except (OSError, ValueError, TypeError, KeyError, RecursionError) as e:
            raise HuyingError(f"{self.path}: the accounts cannot be read ({e}); mend or remove the file") from e

    def add(self, name: str, password: str, role: str) -> None:
        """A new account, or a new password and role for an existing one, whose sessions and tokens end."""
        if not name.strip() or len(name) > 40:
            raise HuyingError("a user name has 1 to 40 characters")
        if role not in ROLES:
            raise HuyingError(f"role “{role}”: choose one of {', '.join(ROLES)}")
        if len(password) < SHORTEST_PASSWORD:
            raise HuyingError(f"the password is too short; {SHORTEST_PASSWORD} characters at least")
        made = User(name, role, hasher().hash(password))  # type: ignore[arg-type]
        with self._changing() as users:
            users[name] = made

    def remove(self, name: str) -> None:
        """Delete an account and its tokens."""
        with self._changing() as users:
            if users.pop(name, None) is None:
                raise HuyingError(f"no user “{name}”; there is: {', '.join(users) or 'none'}")

    def token(self, name: str) -> str:
        """A new token for programs; shown only once."""
        made = secrets.token_urlsafe(32)
        with self._changing() as users:
            if name not in users:
                raise HuyingError(f"no user “{name}”; “huying users add {name}” makes one")
            users[name] = replace(users[name], tokens=(*users[name].tokens, token_digest(made)))
        return made

    @contextlib.contextmanager
    def _changing(self) -> Iterator[dict[str, User]]:
        """The accounts, written if the block ends without an error; one process at a time."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(self.path.with_suffix(".lock"), timeout=10.0):
                users = self.all()
                yield users
                self._write(users)
        except Timeout:
            raise HuyingError(f"{self.path}: another program is changing the accounts; try again") from None
        except OSError as e:
            raise HuyingError(f"{self.path}: cannot be written ({e.strerror})") from e

    def _write(self, users: Mapping[str, User]) -> None:
        part = self.path.with_suffix(f".{os.getpid()}.part")
        part.unlink(missing_ok=True)
        try:
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as f:
                f.write(json.dumps([asdict(u) for u in users.values()], ensure_ascii=False, indent=1))
                f.flush()
                os.fsync(f.fileno())
            part.replace(self.path)
        finally:
            part.unlink(missing_ok=True)


def _accounts(rows: object) -> dict[str, User]:
    """Raises ValueError, TypeError or KeyError for anything but a valid list of accounts: a partial reading could
    grant access."""
    if not isinstance(rows, list):
        raise ValueError("not a list of accounts")
    users: dict[str, User] = {}
    for row in rows:
        user = User(**{**row, "tokens": tuple(row.get("tokens", ()))})
        texts = (user.name, user.hash, *user.tokens)
        if user.role not in ROLES or not all(isinstance(t, str) and t for t in texts) or user.name in users:
            raise ValueError(f"an account of {str(user.name)[:40]!r} is damaged")
        if not all(re.fullmatch("[0-9a-f]{64}", t) for t in user.tokens):
            raise ValueError(f"a token of {user.name!r} is damaged")
        users[user.name] = user
    return users


def token_digest(token: str) -> str:
    """Stored digest of a token or session."""
    return hashlib.sha256(token.encode()).hexdigest()
