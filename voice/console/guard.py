"""Authentication of the console: pages redirect unauthenticated users to the login page, the API answers 401 and
403."""

from __future__ import annotations

import asyncio
import contextlib
import time
from concurrent.futures import ThreadPoolExecutor
from html import escape
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from voice.console.access import COOKIE, LOOK_S, SESSION_S, Access, Watched, session_of
from voice.console.proxy import prefix_of
from voice.console.users import User
from voice.errors import HuyingError

LOGIN_S = 0.7
"""Minimum duration of a refusal: longer than a hash, so that timing reveals nothing."""

HASHING, LOGINS = 2, 20
"""Passwords hashed in parallel, outside the event loop, and logins that may queue."""

SOCKETS = 40
"""Open pages per user."""

LOGIN_BODY = 4096
"""Bytes."""

NO_USERS = (
    "this console has no users, and a proxy or another machine asks: “huying users add NAME” makes the first 还没有用户"
)
OPEN_PATHS = ("/login", "/api/v1/health")


async def _answer(send: Send, status: int, text: str, kind: str = "text/plain; charset=utf-8") -> None:
    head = [(b"content-type", kind.encode()), (b"cache-control", b"no-store"), (b"x-frame-options", b"DENY")]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": text.encode()})


async def _redirect(scope: Scope, send: Send, to: str, cookie: str = "") -> None:
    """Relative redirect to a page: valid under any prefix."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    location = "../" * (raw.count(b"/") - 1) + to or "./"
    head = [(b"location", location.encode()), (b"cache-control", b"no-store")]
    if cookie:
        head.append((b"set-cookie", cookie.encode()))
    await send({"type": "http.response.start", "status": 303, "headers": head})
    await send({"type": "http.response.body", "body": b""})


class Guard:
    """Admits users known to ``Access``: pages redirect others to the login page, the API answers 401 and 403."""

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
                self._access.log_out(session_of(headers))
                await _redirect(scope, send, "login", _session_cookie("", 0, scope))
                return
            user = self._access.who(headers)
            if path in self._own_keys and scope["type"] == "http":  # they check a key of their own
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
        """Connection of an open page: closed when its user loses permission."""
        if self._sockets.get(user.name, 0) >= SOCKETS:
            await send({"type": "websocket.close", "code": 4429})
            return
        ended = asyncio.Event()

        async def end() -> None:
            if not ended.is_set():
                ended.set()
                with contextlib.suppress(Exception):  # it may be closed already
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
        """``Access.log_in`` outside the event loop. Raises HuyingError when too many are queued."""
        if self._logins >= LOGINS:
            raise HuyingError("too many log in at once; try again 登录的人太多, 请稍候")
        self._logins += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._hashing, self._access.log_in, name, password)
        finally:
            self._logins -= 1


def _session_cookie(session: str, seconds: int, scope: Scope) -> str:
    """If the console is reached by https, with its own certificate or a proxy's, the cookie is marked Secure."""
    secure = "; Secure" if scope.get("scheme") in ("https", "wss") else ""
    return f"{COOKIE}={session}; Max-Age={seconds}; Path={prefix_of(scope)}/; HttpOnly; SameSite=Strict{secure}"


def _page(scope: Scope, fault: str) -> str:
    return _PAGE.format(fault=escape(fault), prefix=escape(prefix_of(scope)))


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
