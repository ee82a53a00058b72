"""Workers of an existing Dask cluster, on this machine or over tls."""

from __future__ import annotations

import contextlib
import importlib
import ipaddress
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from proxysim.errors import MissingExtra, refused

#: Seconds that a scheduler may have no workers before the sweep stops.
WORKERLESS_SECONDS = 30.0
GONE = "the scheduler is gone; finished blocks are kept, continue with `proxysim resume`"
CERTIFICATES = ("DASK_DISTRIBUTED__COMM__TLS__CA_FILE, DASK_DISTRIBUTED__COMM__TLS__CLIENT__CERT and "
                "DASK_DISTRIBUTED__COMM__TLS__CLIENT__KEY")  # fmt: skip


@contextlib.contextmanager
def dask_client(address: str) -> Iterator[Any]:
    """A client connected to a scheduler.

    Raises
    ------
    InputError : no scheduler answers at the address
    MissingExtra : distributed is not installed
    """
    try:
        distributed: Any = importlib.import_module("distributed")
    except ImportError:
        raise MissingExtra("--dask needs distributed: pip install 'proxysim[cluster]'") from None
    try:
        security = distributed.Security()
        if address.startswith("tls:") and security.get_connection_args("client").get("ssl_context") is None:
            raise ValueError(f"tls needs certificates, which Dask takes from {CERTIFICATES}")
        client = distributed.Client(address, timeout="10s", set_as_default=False, security=security)
    except (OSError, TimeoutError, ValueError) as error:
        raise refused("--dask", f"no scheduler answers at {address}: {str(error).splitlines()[0]}") from None
    try:
        yield client
    finally:
        with contextlib.suppress(Exception):
            client.close(timeout=2)


def thread_count(client: Any, timeout: float | None) -> int:
    """Number of threads over all workers, after waiting for the first worker.

    Raises
    ------
    InputError : no worker joins, or a timeout is set and a worker has several threads
    """
    try:
        client.wait_for_workers(1, timeout=60)
    except TimeoutError:
        raise refused("--dask", f"no worker has joined the scheduler at {client.scheduler.address}") from None
    threads = client.nthreads()
    if timeout is not None and max(threads.values()) > 1:
        raise refused("--timeout", "needs Dask workers with one thread each: dask worker ... --nthreads 1")
    return sum(threads.values())


def cluster_check(client: Any) -> Callable[[], str]:
    """A function that returns why the cluster cannot continue, in one line; empty while it can."""
    alone_since: float | None = None

    def problem() -> str:
        nonlocal alone_since
        if client.status != "running":
            return GONE
        if client.scheduler_info()["workers"]:
            alone_since = None
        elif alone_since is None:
            alone_since = time.monotonic()
        elif time.monotonic() - alone_since > WORKERLESS_SECONDS:
            return "the scheduler has no workers left; start some, then continue with `proxysim resume`"
        return ""

    return problem


def check_address(address: str, insecure: bool) -> None:
    """Raise an error for an unencrypted connection to another machine unless it was allowed."""
    scheme, _, rest = address.partition("://")
    try:
        place = urlsplit(f"//{rest}")
        whole = scheme in ("tcp", "tls", "ucx") and place.netloc == rest and "@" not in rest and place.port is not None
    except ValueError:
        whole = False
    if not whole or not place.hostname:
        raise refused("--dask", f'found "{address}"; the form is tcp://HOST:PORT or tls://HOST:PORT')
    if scheme != "tls" and not is_loopback(place.hostname) and not insecure:
        message = f"{address} is another machine over plain {scheme}, which others can read and control; use tls://, or --insecure-network"
        raise refused("--dask", message)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine: a loopback address, or the name localhost."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
