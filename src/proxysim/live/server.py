"""The server of the live page: a few fixed routes, all behind the guard of `proxysim.live.security`."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from proxysim import __version__
from proxysim.errors import InputError, refused
from proxysim.formatting import titled
from proxysim.live.compute import Compute
from proxysim.live.library import Library
from proxysim.live.reports import Reports
from proxysim.live.security import ENTER, LOOPBACK, App, Guard, Keys, hosts_of
from proxysim.live.session import LONGEST, MOST_PAGES, Session
from proxysim.live.state import Refused, state_of
from proxysim.scenario.shipped import question_of

#: The files of the page: path -> name of the file and its type. Nothing else is ever read.
FILES = {
    "/": ("page.html", "text/html"), "/page.css": ("page.css", "text/css"), "/page.js": ("page.js", "text/javascript"),
    "/charts.js": ("charts.js", "text/javascript"), "/icon.svg": ("icon.svg", "image/svg+xml"),
}  # fmt: skip
#: Seconds that an open connection may take to end when the server is stopped, and between signs of life on a websocket.
_GRACE, _PING = 1, 20.0
#: Most reports that wait.
_MOST_REPORTS = 3


@dataclass(frozen=True)
class LiveOptions:
    """Options of the server.

    Attributes
    ----------
    host : address to listen at
    port : port; 0 for a free one
    runs : number of pairs to which an answer is refined
    seed : seed of all studies
    threads : number of threads; None for one per processor
    """

    host: str = "127.0.0.1"
    port: int = 8642
    runs: int = 1000
    seed: int = 0
    threads: int | None = None


class LiveServer:
    """The page, its worlds and its threads; `listen` binds the port, and `run` serves until it is stopped.

    Parameters
    ----------
    library : the worlds
    options : where to listen, and how much to run
    """

    def __init__(self, library: Library, options: LiveOptions) -> None:
        self.library, self.options = library, options
        self.compute = Compute(library, options.runs, options.seed, options.threads)
        self.reports = Reports(library, options.seed)
        self.socket = listen(options.host, options.port)
        self.port = int(self.socket.getsockname()[1])
        self.keys = Keys(self.port)
        self.entered: Callable[[], None] = lambda: None  # called when a browser has come in
        self.pages = 0
        self._files = {path: ((Path(__file__).parent / "static" / name).read_bytes(), kind) for path, (name, kind) in FILES.items()}
        self._server: uvicorn.Server | None = None

    @property
    def address(self) -> str:
        """The address that opens the page in one browser."""
        host = f"[{self.options.host}]" if ":" in self.options.host else self.options.host
        return f"http://{host}:{self.port}{ENTER}?token={self.keys.token}"

    def app(self) -> App:
        """Return the application behind its guard."""
        routes = [Route(path, self._file, methods=["GET"]) for path in self._files]
        routes += [Route(ENTER, self._enter, methods=["GET"]), Route("/alive", self._alive, methods=["GET"]),
                   Route("/report", self._report, methods=["POST"])]  # fmt: skip
        inner = Starlette(routes=[*routes, WebSocketRoute("/live", self._live)], lifespan=self._lifespan)
        inner.router.redirect_slashes = False
        return Guard(inner, self.keys, hosts_of(self.options.host, self.port))

    def run(self) -> None:
        """Serve until the process is interrupted."""
        config = uvicorn.Config(
            self.app(), log_level="error", access_log=False, server_header=False, date_header=False, lifespan="on", ws="websockets-sansio",
            ws_max_size=2 * LONGEST, ws_ping_interval=_PING, ws_ping_timeout=_PING, ws_per_message_deflate=False,
            timeout_graceful_shutdown=_GRACE, timeout_keep_alive=5,
            h11_max_incomplete_event_size=16_384, limit_concurrency=4 * MOST_PAGES,
        )  # fmt: skip
        self._server = uvicorn.Server(config)
        self._server.run(sockets=[self.socket])

    def stop(self) -> None:
        """Ask the server to end."""
        if self._server is not None:
            self._server.should_exit = True

    @asynccontextmanager
    async def _lifespan(self, app: Starlette) -> AsyncIterator[None]:
        self.compute.start()
        yield
        await asyncio.to_thread(self.compute.end)
        await asyncio.to_thread(self.reports.end)

    # ---- routes -----------------------------------------------------------------------------------------------------

    async def _file(self, request: Request) -> Response:
        content, kind = self._files[request.url.path]
        return Response(content, media_type=kind)

    async def _enter(self, request: Request) -> Response:
        cookie = self.keys.exchange(request.query_params.get("token", ""))
        if cookie is None:
            known = self.keys.admits(request.headers.get("cookie", ""))
            if known:  # the same browser once more
                return RedirectResponse("/", status_code=303)
            return PlainTextResponse("This address has been used, or is not the one that was printed last. "
                                     "`proxysim serve` prints a new one whenever a browser has come in.\n", status_code=403)  # fmt: skip
        self.entered()
        return RedirectResponse("/", status_code=303, headers={"set-cookie": cookie})

    async def _alive(self, request: Request) -> Response:
        return Response(status_code=204)

    async def _report(self, request: Request) -> Response:
        """Begin a report, say how far it is, or send it."""
        body = b""
        try:
            async for part in request.stream():
                body += part
                if len(body) > LONGEST:
                    return PlainTextResponse(f"a request has at most {LONGEST} characters\n", status_code=413)
        except ClientDisconnect:
            return Response(status_code=400)  # to nobody
        try:
            message = json.loads(body)
            state, _, _ = state_of(message, self.library)
            self.library.check(state.world)
        except (Refused, ValueError, RecursionError) as error:
            text = str(error) if isinstance(error, Refused) else "a request is one JSON object"
            return Response(f"{text}\n".encode("utf-8", "replace"), status_code=400, media_type="text/plain")
        if self.reports.waiting > _MOST_REPORTS:
            return PlainTextResponse("too many reports are being written; try again when one is finished\n", status_code=429)
        found = self.reports.ask(state)
        if found.error is not None:
            return PlainTextResponse(f"{found.error}\n", status_code=422)
        if found.page is None:
            return JSONResponse({"step": found.step, "done": found.done, "total": found.total}, status_code=202)
        return Response(found.page, media_type="text/html", headers={"content-disposition": 'attachment; filename="report.html"'})

    async def _live(self, websocket: WebSocket) -> None:
        await websocket.accept()  # or the page would not get the reason
        if self.pages >= MOST_PAGES:
            await websocket.close(1013, f"{MOST_PAGES} pages are open, which is the most; close one of them")
            return
        self.pages += 1
        try:
            await Session(websocket, self.library, self.compute).run(self._greeting())
        finally:
            self.pages -= 1

    def _greeting(self) -> dict[str, Any]:
        """What the page needs to know at first."""
        shipped = self.library.given is None
        worlds = [{"id": name, "label": titled(name), "question": question_of(name) if shipped else ""} for name in self.library.names]
        return {"worlds": worlds, "first": self.library.first, "runs": self.options.runs, "seed": self.options.seed, "version": __version__}


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Raises
    ------
    InputError : the address stands for all of a machine or is none of this machine, or the port is in use
    """
    if not host:
        raise _everywhere()
    try:
        family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        found = socket.socket(family, kind, proto)
    except OSError as error:
        raise refused("--host", f'"{host[:80]}" is not an address of this machine: {error.strerror or error}') from None
    if _is_everywhere(str(address[0])):
        found.close()
        raise _everywhere()
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
        found.listen(128)
    except OSError as error:
        found.close()
        if isinstance(error, PermissionError):
            raise refused("--port", f"port {port} cannot be opened without further rights; give one above 1023") from None
        if host in LOOPBACK or error.errno not in _NOT_HERE:
            raise refused("--port", f"port {port} is in use; give another one, or 0 for any that is free") from None
        raise refused("--host", f'"{host[:80]}" is not an address of this machine; give one of those that it has, or leave it out') from None
    found.setblocking(False)
    return found


def _is_everywhere(address: str) -> bool:
    """Whether a numeric address stands for all of a machine, in whatever way it was written."""
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return found.is_unspecified or (mapped is not None and mapped.is_unspecified)


def _everywhere() -> InputError:
    return refused("--host", "stands for every address, so no name could be refused as foreign; give one address of this machine")


#: Error numbers of an address that this machine does not have, on Linux, macOS and Windows.
_NOT_HERE = (99, 49, 10049)
