"""Who may do what in the console: users with passwords and roles, sessions, tokens for programs.

Without users the console is open to this machine alone. With users everybody logs in. A viewer reads, an operator
also gives orders and corrects the log, an admin also edits the roster and tries the transmitter.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from html import escape
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from voice.errors import HuyingError
from voice.places import user_folder

Role = Literal["viewer", "operator", "admin"]
ROLES: tuple[str, ...] = get_args(Role)

COOKIE = "huying_session"
SESSION_S = 12 * 3600.0
"""A shift."""

TRIES, TRIES_S = 5, 300.0
"""So many wrong passwords in so many seconds, then nobody logs in under that name for as long."""

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
            return {r["name"]: User(**{**r, "tokens": tuple(r.get("tokens", ()))}) for r in rows}
        except (OSError, ValueError, TypeError, KeyError) as e:
            raise HuyingError(f"{self.path}: the accounts cannot be read ({e}); mend or remove the file") from e

    def add(self, name: str, password: str, role: str) -> None:
        """A new account, or a new password and role for an old one."""
        if not name.strip() or len(name) > 40:
            raise HuyingError("a user name has 1 to 40 characters")
        if role not in ROLES:
            raise HuyingError(f"role “{role}”: choose one of {', '.join(ROLES)}")
        if len(password) < SHORTEST_PASSWORD:
            raise HuyingError(f"the password is too short; {SHORTEST_PASSWORD} characters at least")
        from argon2 import PasswordHasher

        users = self.all()
        old = users.get(name)
        users[name] = User(name, role, PasswordHasher().hash(password), old.tokens if old else ())  # type: ignore[arg-type]
        self._write(users)

    def remove(self, name: str) -> None:
        """Delete an account and its tokens."""
        users = self.all()
        if users.pop(name, None) is None:
            raise HuyingError(f"no user “{name}”; there is: {', '.join(users) or 'none'}")
        self._write(users)

    def token(self, name: str) -> str:
        """A new token for programs; shown once."""
        users = self.all()
        if name not in users:
            raise HuyingError(f"no user “{name}”; “huying users add {name}” makes one")
        made = secrets.token_urlsafe(32)
        users[name] = replace(users[name], tokens=(*users[name].tokens, _digest(made)))
        self._write(users)
        return made

    def _write(self, users: Mapping[str, User]) -> None:
        part = self.path.with_suffix(".part")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            part.touch(mode=0o600)
            part.write_text(json.dumps([asdict(u) for u in users.values()], ensure_ascii=False, indent=1), "utf-8")
            part.replace(self.path)
        except OSError as e:
            raise HuyingError(f"{self.path}: cannot be written ({e.strerror})") from e


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class Access:
    """Sessions and the checks of a running console."""

    def __init__(self, users: Users, clock: Callable[[], float] = time.monotonic) -> None:
        self._users, self._clock = users, clock
        self._sessions: dict[str, tuple[str, float]] = {}
        self._failed: dict[str, list[float]] = {}

    @property
    def open(self) -> bool:
        """Nobody needs to log in."""
        return not self._users.all()

    def log_in(self, name: str, password: str) -> str | None:
        """A session, or None for a wrong name or password. Raises HuyingError after too many."""
        from argon2 import PasswordHasher
        from argon2.exceptions import VerificationError

        now = self._clock()
        recent = [t for t in self._failed.get(name, []) if now - t < TRIES_S]
        if len(recent) >= TRIES:
            raise HuyingError(f"too many wrong passwords; wait {TRIES_S / 60:.0f} minutes 密码错误太多, 请稍候")
        user = self._users.all().get(name)
        try:  # an unknown name takes as long as a wrong password
            PasswordHasher().verify(user.hash if user else _nobody(), password)
        except VerificationError:
            self._failed[name] = [*recent, now]
            return None
        if user is None:
            return None
        self._failed.pop(name, None)
        session = secrets.token_urlsafe(32)
        self._sessions[_digest(session)] = name, now + SESSION_S
        return session

    def log_out(self, session: str) -> None:
        """End a session."""
        self._sessions.pop(_digest(session), None)

    def who(self, headers: Mapping[str, str]) -> User | None:
        """The user behind a request: by token, or by the session's cookie; None: a stranger."""
        users = self._users.all()
        if not users:
            return LOCAL
        kind, _, token = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and token:
            digest = _digest(token.strip())
            return next((u for u in users.values() if digest in u.tokens), None)
        return self.of_session(_cookie(headers), users)

    def of_session(self, session: str, users: Mapping[str, User] | None = None) -> User | None:
        """The user of a session that has not expired."""
        users = self._users.all() if users is None else users
        if not users:
            return LOCAL
        name, ends = self._sessions.get(_digest(session), ("", 0.0))
        return users.get(name) if self._clock() < ends else None


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


OPEN_PATHS = ("/login", "/api/v1/health")


class Guard:
    """Lets in whom ``Access`` knows: pages send strangers to the log-in page, the API answers 401 and 403."""

    def __init__(self, app: ASGIApp, access: Access, secure: bool = False, own_keys: tuple[str, ...] = ()) -> None:
        """``own_keys``: paths that check a key of their own."""
        self.app, self._access, self._secure, self._own_keys = app, access, secure, own_keys

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
                await _redirect(send, "/login", f"{COOKIE}=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict")
                return
            user = self._access.who(headers)
            if path in self._own_keys and scope["type"] == "http":  # they bring their key in the form
                await self.app(scope, receive, send)
                return
        except HuyingError as e:
            await _answer(send, 503, str(e))
            return
        if user is None and path not in OPEN_PATHS:
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 4401})
            elif path.startswith("/api/"):
                await _answer(send, 401, "log in, or send a token: Authorization: Bearer …")
            else:
                await _redirect(send, "/login")
            return
        changes = scope["type"] == "http" and scope["method"] not in ("GET", "HEAD", "OPTIONS")
        if user is not None and changes and not user.may_order and path.startswith("/api/"):
            await _answer(send, 403, "a viewer may only read")
            return
        scope["state"] = {**scope.get("state", {}), "user": user}
        await self.app(scope, receive, send)

    async def _login(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "POST":
            await _answer(send, 200, _PAGE.format(fault=""), "text/html; charset=utf-8")
            return
        body = b""
        while len(body) <= LOGIN_BODY:
            message: Message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        form = parse_qs(body.decode("utf-8", "replace"))
        name, password = form.get("name", [""])[0], form.get("password", [""])[0]
        try:
            session = self._access.log_in(name, password)
            fault = "wrong name or password 用户名或密码不对"
        except HuyingError as e:
            session, fault = None, str(e)
        if session is None:
            await _answer(send, 403, _PAGE.format(fault=escape(fault)), "text/html; charset=utf-8")
            return
        secure = "; Secure" if self._secure else ""
        cookie = f"{COOKIE}={session}; Max-Age={int(SESSION_S)}; Path=/; HttpOnly; SameSite=Strict{secure}"
        await _redirect(send, "/", cookie)


async def _answer(send: Send, status: int, text: str, kind: str = "text/plain; charset=utf-8") -> None:
    head = [(b"content-type", kind.encode()), (b"cache-control", b"no-store"), (b"x-frame-options", b"DENY")]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": text.encode()})


async def _redirect(send: Send, to: str, cookie: str = "") -> None:
    head = [(b"location", to.encode()), (b"cache-control", b"no-store")]
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
<form method="post" action="/login"><h1>呼应</h1><p role="alert">{fault}</p>
<label>用户名 name<br><input name="name" autocomplete="username" autofocus required></label>
<label>密码 password<br><input name="password" type="password" autocomplete="current-password" required></label>
<button>登录 Log in</button></form></html>"""
