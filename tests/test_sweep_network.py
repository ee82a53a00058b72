"""Nothing of a sweep is heard beyond this machine: the cluster of the guide and that of the tests."""

from __future__ import annotations

import ipaddress
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from tests.sweeping import ROOT, Cluster, free_port, surroundings

psutil = pytest.importorskip("psutil")
pytest.importorskip("distributed")


def listeners(parent: int) -> dict[str, int]:
    """Address -> number of listening sockets of a process and all below it."""
    found: dict[str, int] = {}
    for process in [one := psutil.Process(parent), *one.children(recursive=True)]:
        for socket in process.net_connections(kind="inet"):
            if socket.status == psutil.CONN_LISTEN:
                found[socket.laddr.ip] = found.get(socket.laddr.ip, 0) + 1
    return found


def check_local(cluster: Cluster) -> None:
    """Scheduler, workers and their http servers are on the loopback."""
    for process in cluster.processes:
        found = listeners(process.pid)
        assert sum(found.values()) >= 2, "neither a port nor an http server"
        assert all(ipaddress.ip_address(address).is_loopback for address in found), found


def test_guide__its_cluster_listens_on_this_machine_only(tmp_path: Path) -> None:
    """Its lines as they stand, with another port and one worker."""
    guide = (ROOT / "docs" / "how-to-sweep.md").read_text(encoding="utf-8")
    lines = [
        line for line in guide.splitlines() if line.startswith(("dask scheduler --host", "dask worker tcp://127."))
    ]
    assert 2 == len(lines)
    cluster, port = Cluster.__new__(Cluster), str(free_port())
    cluster.folder, cluster.address, cluster.processes = tmp_path, f"tcp://127.0.0.1:{port}", []
    try:
        for line in lines:
            words = shlex.split(line.replace("8786", port).replace("--nworkers 4", "--nworkers 1"))
            cluster.processes.append(subprocess.Popen([sys.executable, "-m", *words], env=surroundings(), cwd=tmp_path))
        cluster.wait(1)
        check_local(cluster)
    finally:
        cluster.close()


@pytest.mark.parametrize("nanny", [False, True])
def test_tests__their_cluster_listens_on_this_machine_only(tmp_path: Path, nanny: bool) -> None:
    """With and without nannies."""
    cluster = Cluster(tmp_path)
    try:
        cluster.worker(nanny=nanny)
        cluster.wait(1)
        check_local(cluster)
    finally:
        cluster.close()
