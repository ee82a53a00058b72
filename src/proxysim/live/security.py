"""Who may use the page: the host and origin of a request, a token that is exchanged once for a cookie, and the policy of content."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

#: Names of this machine for itself.
LOOPBACK = ("127.0.0.1", "localhost", "::1")
#: Nothing but files of this server, and no inline script or style.
POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
          "frame-ancestors 'none'")  # fmt: skip
HEADERS = {
    "content-security-policy": POLICY, "x-content-type-options": "nosniff", "referrer-policy": "no-referrer", "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin", "cross-origin-resource-policy": "same-origin", "cross-origin-embedder-policy": "require-corp",
    "permissions-policy": "camera=(), microphone=(), geolocation=()", "cache-control": "no-store",
}  # fmt: skip
#: Seconds that a browser keeps the cookie.
COOKIE_SECONDS = 12 * 3600
#: Where a token is exchanged.
ENTER = "/enter"


class Keys:
    """The token of the address that is printed, and the value of the cookie that it is exchanged for.

    Parameters
    ----------
    port : port of the server, which is part of the cookie's name, because browsers share cookies among ports
    """

    def __init__(self, port: int) -> None:
        self.cookie = f"proxysim-{port}"
        self._value = secrets.token_urlsafe(32)
        self._token = secrets.token_urlsafe(32)
        self._lock = threading.Lock()

    @property
    def token(self) -> str:
        """The token that is valid now."""
        return self._token

    def exchange(self, given: str) -> str | None:
        """Return the header that sets the cookie, and make a new token; None for a wrong token, or one that was used."""
        with self._lock:
            if not secrets.compare_digest(given.encode("utf-8", "replace"), self._token.encode()):
                return None
            self._token = secrets.token_urlsafe(32)
        return f"{self.cookie}={self._value}; Path=/; Max-Age={COOKIE_SECONDS}; HttpOnly; SameSite=Strict"

    def admits(self, cookies: str) -> bool:
        """Whether a Cookie header has the cookie."""
        # By hand, because the reader of the standard library drops all cookies of a header if it cannot read one of them, and browsers
        # send those of every other program of this machine too.
        parts = (part.partition("=") for part in cookies.split(";"))
        values = [value.strip() for name, _, value in parts if name.strip() == self.cookie]
        return any(secrets.compare_digest(value.encode("utf-8", "replace"), self._value.encode()) for value in values)


def hosts_of(host: str, port: int) -> frozenset[str]:
    """Return the Host headers that are accepted: the names of this machine for itself, and the address of the server."""
    names = [f"[{name}]" if ":" in name else name for name in (*LOOPBACK, host)]
    return frozenset(f"{name}:{port}".lower() for name in names) | (frozenset(name.lower() for name in names) if port == 80 else frozenset())


class Guard:
    """Refuses every request with a foreign host or origin, or without the cookie, before the application sees it.

    Parameters
    ----------
    app : the application
    keys : token and cookie
    hosts : accepted Host headers
    """

    def __init__(self, app: App, keys: Keys, hosts: Iterable[str]) -> None:
        self.app, self.keys, self.hosts = app, keys, frozenset(hosts)
        self.origins = frozenset(f"http://{host}" for host in self.hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        status, message = self._verdict(scope)
        if status == 200:
            await self.app(scope, receive, _guarded(send))
        elif scope["type"] == "websocket":
            await receive()  # the request to connect
            await send({"type": "websocket.close", "code": 1008, "reason": message[:100]})
        else:
            await plain_answer(_guarded(send), status, message)

    def _verdict(self, scope: Scope) -> tuple[int, str]:
        """Return 200, or the status and the reason of a refusal."""
        headers: dict[str, list[str]] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
        host, origin = headers.get("host", []), headers.get("origin", [])
        if len(host) != 1 or host[0].lower() not in self.hosts:
            return 400, "This server does not answer to that name. Open the address that `proxysim serve` printed."
        needs_origin = scope["type"] == "websocket" or scope["method"] not in ("GET", "HEAD")
        if len(origin) > 1 or any(one.lower() not in self.origins for one in origin) or (needs_origin and not origin):
            return 403, "This request comes from another page."
        if origin and origin[0].lower() != f"http://{host[0].lower()}":
            return 403, "This request comes from another page."
        is_entrance = scope["type"] == "http" and scope["path"] == ENTER and scope["method"] == "GET"
        if not is_entrance and not self.keys.admits("; ".join(headers.get("cookie", []))):
            return 403, ("Open the address that `proxysim serve` printed last: each one opens the page in one browser. "
                         "If the server was started again, it printed a new one.")  # fmt: skip
        return 200, ""


async def plain_answer(send: Send, status: int, message: str) -> None:
    """Answer a request with one line of text."""
    body = f"{message}\n".encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _guarded(send: Send) -> Send:
    """Return `send` with the headers of every answer added."""

    async def add(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            kept = [(name, value) for name, value in message.get("headers", []) if name.decode("latin-1").lower() not in HEADERS]
            message = {**message, "headers": [*kept, *((name.encode(), value.encode()) for name, value in HEADERS.items())]}
        await send(message)

    return add
