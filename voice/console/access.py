"""Who may do what in the console: users with passwords and roles, sessions, tokens for programs.

Without users the console is open to this machine alone, and a console that others can reach is closed to everybody:
that is asked at every request, not at the start. With users everybody logs in. A viewer reads, an operator also gives
orders and corrects the log, an admin also edits the roster and tries the transmitter. Sessions, tokens and open pages
end with the password, the role or the account they were made under.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from html import escape
from http.cookies import SimpleCookie
from pathlib import Path
from types import MappingProxyType
from typing import Literal, get_args
from urllib.parse import parse_qs

from filelock import FileLock, Timeout
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from voice.console.proxy import came_through, prefix_of
from voice.errors import HuyingError
from voice.places import user_folder

Role = Literal["viewer", "operator", "admin"]
ROLES: tuple[str, ...] = get_args(Role)

COOKIE = "huying_session"
SESSION_S = 12 * 3600.0
"""A shift."""

TRIES, TRIES_S = 5, 300.0
"""This many wrong passwords within this many seconds lock the name for as long."""

TRIES_UNKNOWN = 20
"""As many for all names together that nobody has: after that they are refused without the work of hashing."""

LOGIN_S = 0.7
"""A refusal takes so long at least: longer than a hash, so that its time tells nothing."""

HASHING, LOGINS = 2, 20
"""Passwords that are hashed at once, beside the event loop, and log-ins that may wait for it."""

SESSIONS = 20
"""Of one user; the oldest ends when there are more."""

STREAMS, SOCKETS = 20, 40
"""Event streams and open pages of one user."""

LOOK_S = 1.0
"""How often an open page or stream is asked whether its user may still read."""

SHORTEST_PASSWORD = 8
LOGIN_BODY = 4096


@dataclass(frozen=True, slots=True)
class User:
    """One account."""

    name: str
    role: Role
    hash: str
    """Argon2id."""
    tokens: tuple[str, ...] = ()
    """SHA-256 of each token: what is lost cannot be read here."""

    @property
    def may_order(self) -> bool:
        return self.role != "viewer"

    @property
    def may_manage(self) -> bool:
        return self.role == "admin"


LOCAL = User("console", "admin", "")
"""Everybody, where there are no users."""


def users_path() -> Path:
    """The file with the accounts."""
    return user_folder() / "console-users.json"


class Users:
    """The accounts on disk; written whole or not at all, readable by the owner alone."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or users_path()

    def all(self) -> dict[str, User]:
        """By name. Raises HuyingError for a damaged file: nobody gets in by damaging it."""
        if not self.path.is_file():
            return {}
        try:
            rows = json.loads(self.path.read_text("utf-8"))
            return _accounts(rows)
        except (OSError, ValueError, TypeError, KeyError, RecursionError) as e:
            raise HuyingError(f"{self.path}: the accounts cannot be read ({e}); mend or remove the file") from e

    def add(self, name: str, password: str, role: str) -> None:
        """A new account, or a new password and role for an old one, whose sessions and tokens end."""
        if not name.strip() or len(name) > 40:
            raise HuyingError("a user name has 1 to 40 characters")
        if role not in ROLES:
            raise HuyingError(f"role “{role}”: choose one of {', '.join(ROLES)}")
        if len(password) < SHORTEST_PASSWORD:
            raise HuyingError(f"the password is too short; {SHORTEST_PASSWORD} characters at least")
        from argon2 import PasswordHasher

        made = User(name, role, PasswordHasher().hash(password))  # type: ignore[arg-type]
        with self._changing() as users:
            users[name] = made

    def remove(self, name: str) -> None:
        """Delete an account and its tokens."""
        with self._changing() as users:
            if users.pop(name, None) is None:
                raise HuyingError(f"no user “{name}”; there is: {', '.join(users) or 'none'}")

    def token(self, name: str) -> str:
        """A new token for programs; shown once."""
        made = secrets.token_urlsafe(32)
        with self._changing() as users:
            if name not in users:
                raise HuyingError(f"no user “{name}”; “huying users add {name}” makes one")
            users[name] = replace(users[name], tokens=(*users[name].tokens, _digest(made)))
        return made

    @contextlib.contextmanager
    def _changing(self) -> Iterator[dict[str, User]]:
        """The accounts, written when the block ends without an error; one program at a time."""
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
    """Raises ValueError, TypeError or KeyError for anything but a list of accounts: what is half understood might let
    somebody in."""
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


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


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
            self._sessions[_digest(session)] = _Session(name, user.hash, now + SESSION_S)
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
            self._sessions.pop(_digest(session), None)

    def who(self, headers: Mapping[str, str]) -> User | None:
        """The user behind a request: by token, or by the session's cookie; None: a stranger."""
        kind, _, token = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and token:
            users = self._accounts()
            if not users:
                return self._local_user(headers)
            digest = _digest(token.strip())
            return next((u for u in users.values() if digest in u.tokens), None)
        return self.of_session(_cookie(headers), headers)

    def _local_user(self, headers: Mapping[str, str]) -> User | None:
        """Who asks without an account: somebody at this machine, and nobody whom a proxy let through."""
        return LOCAL if self.open and not came_through(headers) else None

    def of_session(self, session: str, headers: Mapping[str, str] = MappingProxyType({})) -> User | None:
        """The user of a session that has not expired. ``headers``: of the request, by their names in small letters."""
        users = self._accounts()
        if not users:
            return self._local_user(headers)
        found, user = self._sessions.get(_digest(session)), None
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


def _cookie(headers: Mapping[str, str]) -> str:
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


NO_USERS = (
    "this console has no users, and a proxy or another machine asks: “huying users add NAME” makes the first 还没有用户"
)
OPEN_PATHS = ("/login", "/api/v1/health")


class Guard:
    """Lets in whom ``Access`` knows: pages send strangers to the log-in page, the API answers 401 and 403."""

    def __init__(self, app: ASGIApp, access: Access, own_keys: tuple[str, ...] = ()) -> None:
        """``own_keys``: paths that check a key of their own."""
        self.app, self._access, self._own_keys = app, access, own_keys
        self._sockets: dict[str, int] = {}
        self._logins = 0
        self._hashing = ThreadPoolExecutor(HASHING, "huying-login")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
        path: str = scope["path"]
        try:
            if path == "/login" and scope["type"] == "http":
                await self._login(scope, receive, send)
                return
            if path == "/logout" and scope["type"] == "http":
                self._access.log_out(_cookie(headers))
                await _redirect(scope, send, "login", _session_cookie("", 0, scope))
                return
            user = self._access.who(headers)
            if path in self._own_keys and scope["type"] == "http":  # they bring a key of their own
                await self.app(scope, receive, send)
                return
        except HuyingError as e:
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 4503})
            else:
                await _answer(send, 503, str(e))
            return
        if user is None and path not in OPEN_PATHS:
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 4401})
            elif path.startswith("/api/"):
                await _answer(send, 401, "log in, or send a token: Authorization: Bearer …")
            else:
                await _redirect(scope, send, "login")
            return
        changes = scope["type"] == "http" and scope["method"] not in ("GET", "HEAD", "OPTIONS")
        if user is not None and changes and not user.may_order and path.startswith("/api/"):
            await _answer(send, 403, "a viewer may only read")
            return
        may = Watched(self._access, headers, user) if user is not None else None
        scope["state"] = {**scope.get("state", {}), "user": user, "may": may}
        if scope["type"] == "websocket" and user is not None and may is not None:
            await self._page(scope, receive, send, user, may)
        else:
            await self.app(scope, receive, send)

    async def _page(self, scope: Scope, receive: Receive, send: Send, user: User, may: Watched) -> None:
        """The connection of an open page: it ends when its user may no longer read."""
        if self._sockets.get(user.name, 0) >= SOCKETS:
            await send({"type": "websocket.close", "code": 4429})
            return
        ended = asyncio.Event()

        async def end() -> None:
            if not ended.is_set():
                ended.set()
                with contextlib.suppress(Exception):  # it may be gone already
                    await send({"type": "websocket.close", "code": 4401})

        async def watch() -> None:
            while may():
                await asyncio.sleep(LOOK_S)
            await end()

        async def told(message: Message) -> None:
            if not may():
                await end()
            if not ended.is_set():
                await send(message)

        async def heard() -> Message:
            going = asyncio.ensure_future(receive())
            over = asyncio.ensure_future(ended.wait())
            try:
                await asyncio.wait((going, over), return_when=asyncio.FIRST_COMPLETED)
                if ended.is_set() or not may():
                    await end()
                    return {"type": "websocket.disconnect", "code": 4401}
                return going.result()
            finally:
                for task in (going, over):
                    task.cancel()

        self._sockets[user.name] = self._sockets.get(user.name, 0) + 1
        watching = asyncio.ensure_future(watch())
        try:
            await self.app(scope, heard, told)
        finally:
            watching.cancel()
            self._sockets[user.name] -= 1

    async def _login(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "POST":
            fault = "" if self._access.has_users else NO_USERS
            await _answer(send, 200, _page(scope, fault), "text/html; charset=utf-8")
            return
        body = b""
        while len(body) <= LOGIN_BODY:
            message: Message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        form = parse_qs(body.decode("utf-8", "replace"))
        name, password = form.get("name", [""])[0], form.get("password", [""])[0]
        began = time.monotonic()
        try:
            session = await self._hashed(name, password)
            fault = "wrong name or password 用户名或密码不对"
        except HuyingError as e:
            session, fault = None, str(e)
        if session is None:
            await asyncio.sleep(max(0.0, LOGIN_S - (time.monotonic() - began)))
        if session is None:
            await _answer(send, 403, _page(scope, fault), "text/html; charset=utf-8")
            return
        await _redirect(scope, send, "", _session_cookie(session, int(SESSION_S), scope))

    async def _hashed(self, name: str, password: str) -> str | None:
        """``Access.log_in``, beside the event loop. Raises HuyingError when too many wait for it."""
        if self._logins >= LOGINS:
            raise HuyingError("too many log in at once; try again 登录的人太多, 请稍候")
        self._logins += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._hashing, self._access.log_in, name, password)
        finally:
            self._logins -= 1


def _session_cookie(session: str, seconds: int, scope: Scope) -> str:
    """Where the console is reached by https, at its own certificate or a proxy's, it is sent that way alone."""
    secure = "; Secure" if scope.get("scheme") in ("https", "wss") else ""
    return f"{COOKIE}={session}; Max-Age={seconds}; Path={prefix_of(scope)}/; HttpOnly; SameSite=Strict{secure}"


def _page(scope: Scope, fault: str) -> str:
    return _PAGE.format(fault=escape(fault), prefix=escape(prefix_of(scope)))


async def _answer(send: Send, status: int, text: str, kind: str = "text/plain; charset=utf-8") -> None:
    head = [(b"content-type", kind.encode()), (b"cache-control", b"no-store"), (b"x-frame-options", b"DENY")]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": text.encode()})


async def _redirect(scope: Scope, send: Send, to: str, cookie: str = "") -> None:
    """To a page by its name, seen from the one that was asked for: right under every prefix."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    location = "../" * (raw.count(b"/") - 1) + to or "./"
    head = [(b"location", location.encode()), (b"cache-control", b"no-store")]
    if cookie:
        head.append((b"set-cookie", cookie.encode()))
    await send({"type": "http.response.start", "status": 303, "headers": head})
    await send({"type": "http.response.body", "body": b""})


_PAGE = """<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>呼应</title>
<meta name="viewport" content="width=device-width,initial-scale=1">
<style>body{{font:18px system-ui,"Noto Sans CJK SC",sans-serif;background:#0b2a3f;display:grid;place-items:center;
height:100vh;margin:0}}form{{background:#fff;padding:28px;border-radius:10px;display:grid;gap:14px;min-width:280px}}
h1{{margin:0}}input,button{{font:inherit;padding:9px;border:1px solid #8aa;border-radius:6px}}
button{{background:#0b5c94;color:#fff}}p{{color:#b3261e;margin:0}}</style>
<form method="post" action="{prefix}/login"><h1>呼应</h1><p role="alert">{fault}</p>
<label>用户名 name<br><input name="name" autocomplete="username" autofocus required></label>
<label>密码 password<br><input name="password" type="password" autocomplete="current-password" required></label>
<button>登录 Log in</button></form></html>"""
