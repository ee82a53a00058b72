"""The command `serve`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from proxysim.cli.app import app
from proxysim.cli.options import Seed, Threads
from proxysim.errors import MissingExtra

if TYPE_CHECKING:
    from proxysim.live.server import LiveServer


@app.command("serve")
def serve(
    world: Annotated[
        str | None, typer.Argument(metavar="[WORLD]", help="Path of a world file, or name of a shipped world. Default: choose one on the page.")
    ] = None,
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="Address of this machine to listen at; by default only this machine itself.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port; 0 takes any that is free.")] = 8642,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in a browser.")] = True,
    runs: Annotated[int, typer.Option("--runs", min=24, max=10_000, help="Paired runs to which an answer is refined.")] = 1000,
    seed: Seed = 0,
    threads: Threads = None,
) -> None:
    """Show a world on a local page with sliders.

    The page answers while a slider moves: the paired effect with its interval, both branches by month, the map of flows, the survival of
    regimes and the provisions. Everything on it can be copied as a command line or as a world file. It asks for nothing outside of this
    machine. The address that is printed opens the page in one browser; a new one is printed for the next. Ctrl-C ends the server.
    """
    try:
        from proxysim.live.library import Library
        from proxysim.live.server import LiveOptions, LiveServer
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in ("starlette", "uvicorn", "websockets"):
            raise
        raise MissingExtra('serve needs Starlette, uvicorn and websockets: pip install "proxysim[live]"') from None
    library = Library(world)
    server = LiveServer(library, LiveOptions(host, port, runs, seed, threads))
    library.open(library.first)  # read, compiled and run once, so that the first slider has an answer at once
    _announce(server)
    server.entered = lambda: print(f"for another browser: {server.address}", file=sys.stderr, flush=True)
    if browser:
        import webbrowser

        webbrowser.open(server.address)
    server.run()


def _announce(server: LiveServer) -> None:
    """Print the address, on stdout for other programs, and what it is good for."""
    from proxysim.live.security import LOOPBACK

    if server.options.host not in LOOPBACK:
        print("other machines can reach this page, over a connection that is not encrypted; use it in a network that you trust", file=sys.stderr)
    print(server.address, flush=True)
    print("open this address in a browser; Ctrl-C ends the server", file=sys.stderr, flush=True)
