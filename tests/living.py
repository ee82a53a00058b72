"""A live server in this process, and clients that talk to it as a browser does."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from websockets.sync.client import ClientConnection, connect

from proxysim.live.library import Library
from proxysim.live.server import LiveOptions, LiveServer


@contextmanager
def serving(world: str | None = "quickstart", runs: int = 300, port: int = 0) -> Iterator[LiveServer]:
    """A server, on a free port unless one is given, which is stopped at the end."""
    library = Library(world)
    server = LiveServer(library, LiveOptions(port=port, runs=runs))
    library.open(library.first)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until(lambda: server._server is not None and server._server.started)
    try:
        yield server
    finally:
        server.stop()
        thread.join(10)
        assert not thread.is_alive()


def until(holds: Any, seconds: float = 20.0) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.01)


def ask(server: LiveServer, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of one request; header names are given with underscores."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.putrequest(method, path, skip_host="Host" in sent)
    for name, value in sent.items():
        connection.putheader(name, value)
    if body is not None:
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    answer = connection.getresponse()
    found = answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    connection.close()
    return found


def enter(server: LiveServer) -> str:
    """The cookie of a browser that has opened the printed address."""
    status, headers, _ = ask(server, f"/enter?token={server.keys.token}")
    assert (303, "/") == (status, headers["location"])
    return headers["set-cookie"].split(";")[0]


class Tab:
    """One open page: what it sends, and the messages that it gets."""

    def __init__(self, server: LiveServer, cookie: str, **headers: str) -> None:
        origin = headers.pop("Origin", f"http://127.0.0.1:{server.port}")
        self._stack = ExitStack()
        self.socket: ClientConnection = self._stack.enter_context(connect(
            f"ws://127.0.0.1:{server.port}/live", additional_headers={"Cookie": cookie, **headers}, origin=origin or None, max_size=4_000_000,  # type: ignore[arg-type]
        ))  # fmt: skip

    def send(self, message: Any) -> None:
        self.socket.send(message if isinstance(message, (str, bytes)) else json.dumps(message))

    def next(self, kind: str, seq: int | None = None, seconds: float = 30.0) -> dict[str, Any]:
        """The next message of a kind, and with a number if one is given."""
        while True:
            message = json.loads(self.socket.recv(timeout=seconds))
            if message["type"] == kind and seq in (None, message.get("seq")):
                return dict(message)

    def opened(self, world: str = "quickstart") -> dict[str, Any]:
        """What a world offers."""
        self.next("hello")
        self.send({"open": world})
        return self.next("offer")

    def done(self, seq: int) -> dict[str, Any]:
        """The last answer with a number."""
        while not (found := self.next("answer", seq))["done"]:
            pass
        return found

    def close(self) -> None:
        self._stack.close()

    def kill(self) -> None:
        """Tear the connection, without the handshake of an end."""
        with suppress(OSError):
            self.socket.socket.shutdown(socket.SHUT_RDWR)
        self._stack.close()


def request(seq: int = 1, **changes: Any) -> dict[str, Any]:
    """A message of the page about quickstart."""
    return {"seq": seq, "world": "quickstart", "focus": "strong", "changes": {}, "countermeasures": [], "outcome": "received_arms", "actor": "reds",
            "views": [], **changes}  # fmt: skip
