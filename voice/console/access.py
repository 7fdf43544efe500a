"""Access control of the console: users with passwords and roles, sessions, tokens for programs.

Without users the console is open to this machine only; one reachable by others is closed to everyone. That is checked
on every request, not at startup. With users everyone must log in. A viewer reads; an operator also gives orders and
corrects the log; an admin also edits the roster and tests the transmitter. Sessions, tokens and open pages end when the
password, role or account they belong to changes.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.cookies import SimpleCookie
from types import MappingProxyType

from voice.console.proxy import came_through
from voice.console.users import LOCAL, User, Users, token_digest
from voice.errors import HuyingError

COOKIE = "huying_session"
SESSION_S = 12 * 3600.0
"""One shift."""

TRIES, TRIES_S = 5, 300.0
"""This many wrong passwords within this many seconds lock the name for the same time."""

TRIES_UNKNOWN = 20
"""The same limit for all unknown names together: beyond it they are refused without hashing."""

SESSIONS = 20
"""Sessions per user; the oldest ends when there are more."""

STREAMS = 20
"""Event streams per user."""

LOOK_S = 1.0
"""Interval at which an open page or stream rechecks its user's permission."""


@dataclass(frozen=True, slots=True)
class _Session:
    name: str
    hash: str
    """Fingerprint of the account: changes with password, role or a new account of the same name."""
    ends: float


class Access:
    """Sessions and checks of a running console. Thread-safe."""

    def __init__(self, users: Users, clock: Callable[[], float] = time.monotonic, local: bool = True) -> None:
        """``local``: reachable from this machine only; only then may it be open."""
        self._users, self._clock, self._local = users, clock, local
        self._guarded = False
        """Accounts have existed: from then on login is required, even if their file disappears."""
        self._sessions: dict[str, _Session] = {}
        self._failed: dict[str, list[float]] = {}
        self._lock = threading.Lock()

    @property
    def open(self) -> bool:
        """No login is required."""
        return not self._accounts() and self._local and not self._guarded

    @property
    def has_users(self) -> bool:
        """At least one account exists."""
        return bool(self._accounts())

    def _accounts(self) -> dict[str, User]:
        users = self._users.all()
        self._guarded = self._guarded or bool(users)
        return users

    def log_in(self, name: str, password: str) -> str | None:
        """A session, or None for a wrong name or password. Takes the time of a hash. Raises HuyingError after too
        many attempts."""
        from argon2 import PasswordHasher
        from argon2.exceptions import InvalidHashError, VerificationError

        user = self._accounts().get(name)
        if not self._may_try(name if user else ""):
            if user is None:
                return None
            raise HuyingError(f"too many wrong passwords; wait {TRIES_S / 60:.0f} minutes 密码错误太多, 请稍候")
        try:  # constant time: unknown names take as long as wrong passwords
            PasswordHasher().verify(user.hash if user else _nobody(), password)
        except (VerificationError, InvalidHashError, UnicodeEncodeError):
            return None
        if user is None:
            return None
        session, now = secrets.token_urlsafe(32), self._clock()
        with self._lock:
            self._failed.pop(name, None)
            self._sessions = {k: s for k, s in self._sessions.items() if s.ends > now}
            own = [k for k, s in self._sessions.items() if s.name == name]
            for k in own[: max(0, len(own) - SESSIONS + 1)]:
                del self._sessions[k]
            self._sessions[token_digest(session)] = _Session(name, user.hash, now + SESSION_S)
        return session

    def _may_try(self, key: str) -> bool:
        """Count an attempt before checking it, so that parallel attempts gain nothing. ``key``: empty for unknown
        names."""
        now = self._clock()
        with self._lock:
            recent = [t for t in self._failed.get(key, []) if now - t < TRIES_S]
            if len(recent) >= (TRIES if key else TRIES_UNKNOWN):
                return False
            self._failed[key] = [*recent, now]
            return True

    def log_out(self, session: str) -> None:
        """End a session."""
        with self._lock:
            self._sessions.pop(token_digest(session), None)

    def who(self, headers: Mapping[str, str]) -> User | None:
        """User of a request, by token or session cookie; None: unauthenticated."""
        kind, _, token = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and token:
            users = self._accounts()
            if not users:
                return self._local_user(headers)
            digest = token_digest(token.strip())
            return next((u for u in users.values() if digest in u.tokens), None)
        return self.of_session(session_of(headers), headers)

    def _local_user(self, headers: Mapping[str, str]) -> User | None:
        """User of an unauthenticated local request: from this machine and not through a proxy."""
        return LOCAL if self.open and not came_through(headers) else None

    def of_session(self, session: str, headers: Mapping[str, str] = MappingProxyType({})) -> User | None:
        """User of an unexpired session. ``headers``: of the request, names in lower case."""
        users = self._accounts()
        if not users:
            return self._local_user(headers)
        found, user = self._sessions.get(token_digest(session)), None
        if found is not None and self._clock() < found.ends:
            user = users.get(found.name)
        return user if found is not None and user is not None and user.hash == found.hash else None


class Watched:
    """Whether the reader of a page or stream still has permission; rechecked at a limited rate."""

    def __init__(self, access: Access, headers: Mapping[str, str], user: User) -> None:
        self._access, self._headers, self._user = access, headers, user
        self._asked = time.monotonic()
        self._may = True

    def __call__(self) -> bool:
        now = time.monotonic()
        if self._may and now - self._asked >= LOOK_S:
            self._asked = now
            try:
                user = self._access.who(self._headers)
            except HuyingError:  # accounts unreadable: no access
                user = None
            same = user is not None and (user.name, user.role, user.hash) == (
                self._user.name, self._user.role, self._user.hash
            )  # fmt: skip
            self._may = same
        return self._may


def session_of(headers: Mapping[str, str]) -> str:
    """Session id sent by the browser; empty if none."""
    jar: SimpleCookie = SimpleCookie()
    jar.load(headers.get("cookie", ""))
    return jar[COOKIE].value if COOKIE in jar else ""


_hash_of_nobody = ""


def _nobody() -> str:
    global _hash_of_nobody
    if not _hash_of_nobody:
        from argon2 import PasswordHasher

        _hash_of_nobody = PasswordHasher().hash(secrets.token_hex())
    return _hash_of_nobody
