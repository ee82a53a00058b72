"""One open page on the side of the server: what it sends is checked, and it gets the newest message of each kind."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.websockets import WebSocket, WebSocketDisconnect

from proxysim.errors import ProxysimError
from proxysim.live.compute import Client, Compute
from proxysim.live.library import Library
from proxysim.live.state import Refused, state_of

#: Most open pages, and the longest message of one, in characters.
MOST_PAGES, LONGEST = 48, 32_000


class Session:
    """A websocket of one page.

    Parameters
    ----------
    socket : the accepted websocket
    library : the worlds
    compute : the threads that do the work
    """

    def __init__(self, socket: WebSocket, library: Library, compute: Compute) -> None:
        self.socket, self.library, self.compute = socket, library, compute
        self.loop = asyncio.get_running_loop()
        self.client = Client(self._from_thread)
        self._outbox: dict[str, str] = {}
        self._has_mail = asyncio.Event()

    async def run(self, greeting: dict[str, Any]) -> None:
        """Serve the page until it goes."""
        self.compute.add(self.client)
        sender = asyncio.create_task(self._send_all())
        try:
            self._put("hello", json.dumps({"type": "hello", **greeting}))
            while True:
                text = await self.socket.receive_text()
                await self._take(text)
        except KeyError:
            with suppress(Exception):
                await self.socket.close(1003, "a message is text")
        except (WebSocketDisconnect, RuntimeError):  # gone
            pass
        finally:
            self.compute.remove(self.client)
            sender.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await sender

    async def _take(self, text: str) -> None:
        """Check one message and pass it on; a message that cannot be used is answered with one line."""
        seq = -1
        try:
            if len(text) > LONGEST:
                raise Refused(f"a message has at most {LONGEST} characters")
            message = _json(text)
            if isinstance(message, dict) and isinstance(message.get("seq"), int):
                seq = message["seq"]
            if isinstance(message, dict) and "open" in message:
                await self._open(message)
                return
            state, views, seq = state_of(message, self.library)
            self.library.check(state.world)
            self.compute.ask(self.client, state, views, seq)
        except Refused as error:
            self._put("refused", json.dumps({"type": "refused", "seq": seq, "message": str(error)}))

    async def _open(self, message: dict[str, Any]) -> None:
        """Send what a world offers."""
        wanted, focus = message["open"], message.get("focus")
        if not set(message) <= {"open", "focus", "seq"} or not isinstance(wanted, str) or wanted not in self.library.names:
            raise Refused("this world is not offered")
        try:
            offer = await run_in_threadpool(self.library.open, wanted)
            content = await run_in_threadpool(offer.to_json, focus if isinstance(focus, str) else None)
        except ProxysimError as error:
            raise Refused(str(error).splitlines()[0]) from None
        self._put("offer", json.dumps({"type": "offer", **content}, allow_nan=False))

    def _from_thread(self, kind: str, text: str) -> None:
        """Put a message into the outbox from another thread."""
        with suppress(RuntimeError):  # the loop has ended
            self.loop.call_soon_threadsafe(self._put, kind, text)

    def _put(self, kind: str, text: str) -> None:
        """Put a message into the outbox; one of its kind that was not sent yet is out of date."""
        self._outbox.pop(kind, None)
        self._outbox[kind] = text
        self._has_mail.set()

    async def _send_all(self) -> None:
        while True:
            await self._has_mail.wait()
            self._has_mail.clear()
            while self._outbox:
                await self.socket.send_text(self._outbox.pop(next(iter(self._outbox))))


def _json(text: str) -> Any:
    """Read JSON; numbers that are none, such as NaN, are refused."""

    def no_constant(name: str) -> Any:
        raise Refused(f"{name} is not a number")

    try:
        return json.loads(text, parse_constant=no_constant)
    except (ValueError, RecursionError):
        raise Refused("a message is one JSON object") from None
