"""The exit status of a command is its own, whatever becomes of its streams."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from tests.sweeping import experiment

from proxysim.sweeps.runner import status, sweep

PROXYSIM = f"{shlex.quote(sys.executable)} -m proxysim"


def shell(line: str, **surroundings: str) -> subprocess.CompletedProcess[str]:
    """A line of bash; its status is that of the first command of the pipe."""
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {line}; exit ${{PIPESTATUS[0]}}"], capture_output=True, text=True, timeout=120,
        env={**os.environ, **surroundings}, errors="replace",
    )  # fmt: skip


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A world with a fault."""
    file = tmp_path_factory.mktemp("bad") / "bad.toml"
    file.write_text('kind = "world"\n[scenario]\nstart = 3\n', encoding="utf-8")
    return file


@pytest.mark.parametrize("reader", ["true", "head -c 1", "cat"])
@pytest.mark.parametrize("merged", ["2>&1", ""], ids=["both", "stdout"])
def test_pipe__that_closes_leaves_the_verdict(bad: Path, reader: str, merged: str) -> None:
    """A fault is 2, also when nobody reads it; a sound file is 0."""
    assert 2 == shell(f"{PROXYSIM} validate {bad} {merged} | {reader}").returncode
    found = shell(f"{PROXYSIM} show quickstart {merged} | {reader}")
    assert (0, "") == (found.returncode, found.stderr)


def test_pipe__that_closes_leaves_a_damaged_sweep_damaged(tmp_path: Path) -> None:
    """`verify` ends with 3, and with 0 once it is whole."""
    sweep(experiment(tmp_path), tmp_path / "out", block=10)
    assert 0 == shell(f"{PROXYSIM} verify {tmp_path / 'out'} 2>&1 | true").returncode
    shard = next((tmp_path / "out" / "shards").glob("*.parquet"))
    shard.write_bytes(shard.read_bytes()[:-9] + b"damaged!!")
    assert 3 == shell(f"{PROXYSIM} verify {tmp_path / 'out'} 2>&1 | true").returncode


def test_pipe__that_closes_does_not_cut_a_sweep(tmp_path: Path) -> None:
    """It runs to its end, since a reader that leaves has said nothing about the runs."""
    file = experiment(tmp_path)
    found = shell(f"{PROXYSIM} sweep {file} --out {tmp_path / 'out'} --executor none 2>&1 | head -c 1")
    state = status(tmp_path / "out")
    assert (0, 0) == (found.returncode, state.skipped)
    assert state.digest


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_streams__that_are_closed_before_the_start_change_nothing(bad: Path, closed: str) -> None:
    """No traceback, the same status."""
    for words, status_ in ((f"validate {bad}", 2), ("show quickstart", 0), ("--version", 0)):
        found = shell(f"{PROXYSIM} {words} {closed}")
        assert status_ == found.returncode, found.stderr
        assert "Traceback" not in found.stdout + found.stderr


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_streams__of_a_poor_code_page_replace_what_they_lack(tmp_path: Path, encoding: str) -> None:
    """Labels in Arabic letters on a Western terminal: the answer comes all the same."""
    text = Path("scenarios/quickstart.toml")
    text = Path(__file__).parent.parent / text
    world = tmp_path / "world.toml"
    source = text.read_text(encoding="utf-8")
    world.write_text(source.replace("reds   = {", 'reds   = {label = "الحمر", ').replace("reds = {", 'reds = {label = "الحمر", '), encoding="utf-8")
    assert "الحمر" in world.read_text(encoding="utf-8")
    found = shell(f"{PROXYSIM} compare {world} --branches no-pact,strong --runs 2", PYTHONIOENCODING=encoding, PYTHONUTF8="0")
    assert (0, True) == (found.returncode, "?????" in found.stdout), found.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("words", ["validate quickstart", "run quickstart", "worlds", "--version"])
def test_stdout__that_is_full_is_one_line(words: str) -> None:
    """An answer that is lost must not look like success."""
    found = shell(f"{PROXYSIM} {words} > /dev/full")
    assert (2, "standard output: cannot be written: No space left on device\n") == (found.returncode, found.stderr)
    assert 0 == shell(f"{PROXYSIM} {words} 2> /dev/full").returncode
