"""Who may do what in the console: users with passwords and roles, sessions, tokens for programs.

Without users the console is open to this machine alone, and a console that others can reach is closed to everybody:
that is asked at every request, not at the start. With users everybody logs in. A viewer reads, an operator also gives
orders and corrects the log, an admin also edits the roster and tries the transmitter. Sessions, tokens and open pages
end with the password, the role or the account they were made under.
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
"""A shift."""

TRIES, TRIES_S = 5, 300.0
"""This many wrong passwords within this many seconds lock the name for as long."""

TRIES_UNKNOWN = 20
"""As many for all names together that nobody has: after that they are refused without the work of hashing."""

SESSIONS = 20
"""Of one user; the oldest ends when there are more."""

STREAMS = 20
"""Event streams of one user."""

LOOK_S = 1.0
"""How often an open page or stream is asked whether its user may still read."""


@dataclass(frozen=True, slots=True)
class _Session:
    name: str
    hash: str
    """Of the account as it was: another password, role or account of this name has another."""
    ends: float


class Access:
    """Sessions and the checks of a running console. Thread-safe."""

    def __init__(self, users: Users, clock: Callable[[], float] = time.monotonic, local: bool = True) -> None:
        """``local``: nobody but this machine can reach the console; only then may it be open."""
        self._users, self._clock, self._local = users, clock, local
        self._guarded = False
        """There were users: from then on nobody gets in without one, whatever becomes of their file."""
        self._sessions: dict[str, _Session] = {}
        self._failed: dict[str, list[float]] = {}
        self._lock = threading.Lock()

    @property
    def open(self) -> bool:
        """Nobody needs to log in."""
        return not self._accounts() and self._local and not self._guarded

    @property
    def has_users(self) -> bool:
        """Somebody can log in."""
        return bool(self._accounts())

    def _accounts(self) -> dict[str, User]:
        users = self._users.all()
        self._guarded = self._guarded or bool(users)
        return users

    def log_in(self, name: str, password: str) -> str | None:
        """A session, or None for a wrong name or password. Takes the time of a hash. Raises HuyingError after too
        many tries."""
        from argon2 import PasswordHasher
        from argon2.exceptions import InvalidHashError, VerificationError

        user = self._accounts().get(name)
        if not self._may_try(name if user else ""):
            if user is None:
                return None
            raise HuyingError(f"too many wrong passwords; wait {TRIES_S / 60:.0f} minutes 密码错误太多, 请稍候")
        try:  # an unknown name takes as long as a wrong password
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
        """Count a try, before it is known to be wrong: many at once are not more. ``key``: empty for unknown names."""
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
        """The user behind a request: by token, or by the session's cookie; None: a stranger."""
        kind, _, token = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and token:
            users = self._accounts()
            if not users:
                return self._local_user(headers)
            digest = token_digest(token.strip())
            return next((u for u in users.values() if digest in u.tokens), None)
        return self.of_session(session_of(headers), headers)

    def _local_user(self, headers: Mapping[str, str]) -> User | None:
        """Who asks without an account: somebody at this machine, and nobody whom a proxy let through."""
        return LOCAL if self.open and not came_through(headers) else None

    def of_session(self, session: str, headers: Mapping[str, str] = MappingProxyType({})) -> User | None:
        """The user of a session that has not expired. ``headers``: of the request, by their names in small letters."""
        users = self._accounts()
        if not users:
            return self._local_user(headers)
        found, user = self._sessions.get(token_digest(session)), None
        if found is not None and self._clock() < found.ends:
            user = users.get(found.name)
        return user if found is not None and user is not None and user.hash == found.hash else None


class Watched:
    """Whether somebody who reads a page or a stream may still read it; asks for itself, and not too often."""

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
            except HuyingError:  # the accounts cannot be read: nobody
                user = None
            same = user is not None and (user.name, user.role, user.hash) == (
                self._user.name, self._user.role, self._user.hash
            )  # fmt: skip
            self._may = same
        return self._may


def session_of(headers: Mapping[str, str]) -> str:
    """The session that a browser names, or nothing."""
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
