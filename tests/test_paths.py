"""Paths as people give them: a tilde, a pipe in place of a file, a folder whose name is no text."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from tests.sweeping import QUICKSTART, TEXT, called, surroundings, words
from typer.testing import CliRunner

import proxysim as ps
from proxysim import figures
from proxysim.cli import app
from proxysim.paths import path_of, text_of
from proxysim.runs.files import write_whole

POINTS = "legs.*.detection,pacts.treaty.strength\n0.5,0\n1,0.5\n"


def project(folder: Path, base: str = "w.toml", design: str = "grid") -> Path:
    """A world and an experiment next to it."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(QUICKSTART, folder / "w.toml")
    (folder / "points.csv").write_text(POINTS, encoding="utf-8")
    (folder / "e.toml").write_text(TEXT.format(base=base, runs=1, design=design), encoding="utf-8")
    return folder


# ---- tildes ------------------------------------------------------------------------------------
@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder, and another one to work in, in which nothing may appear."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    yield project(tmp_path / "home")
    assert [] == [*(tmp_path / "elsewhere").iterdir()]


@pytest.mark.slow
def test_tilde__is_the_home_folder_in_every_command(home: Path) -> None:
    """A shell expands it only at the beginning of a word, so not in ``--out=~/x`` or in a list of words of a script."""
    for line in (
        ["validate", "~/w.toml", "~/e.toml"], ["show", "~/w.toml"], ["run", "~/w.toml", "--out", "~/run"],
        ["compare", "~/w.toml", "--branches", "no-pact,strong", "--runs", "2", "--out=~/compared"],
        ["explain", "~/w.toml", "--branches", "no-pact,strong", "--out", "~/explained"],
        ["sweep", "~/e.toml", "--out", "~/swept", "--executor", "none", "--block", "9"], ["status", "~/swept"], ["verify", "~/swept"],
        ["resume", "~/swept", "--executor", "none"], ["extend", "~/swept", "--runs", "1", "--executor", "none"],
        ["report", "~/swept", "--out", "~/report.html"], ["init", "~/new.toml"], ["copy", "quickstart", "~/copied"],
    ):  # fmt: skip
        done = CliRunner().invoke(app, line, catch_exceptions=False)
        assert 0 == done.exit_code, (line, done.output)
    made = {"run", "compared", "explained", "swept", "report.html", "new.toml", "copied"}
    assert made <= {path.name for path in home.iterdir()}


def test_tilde__is_the_home_folder_in_python_and_in_files(home: Path) -> None:
    """A world, an experiment, its base and its points, a folder, a figure."""
    text = TEXT.format(base="~/w.toml", runs=1, design="~/points.csv")
    (home / "e.toml").write_text(text, encoding="utf-8")
    assert 4 == ps.sweep("~/e.toml", "~/out", block=9).ok
    assert 4 == len(ps.open("~/out").runs)
    result = ps.compare("~/w.toml", ["no-pact", "strong"], runs=2, measures=["stock"])
    assert home / "f.svg" == figures.save(figures.differences(result.to_dataframe()), "~/f.svg", result)
    assert (home / "f.svg").is_file()
    assert home / "out.html" == ps.write_sweep_report("~/out", "~/out.html")


def test_tilde__of_nobody_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a name like any other."""
    assert Path("~no-such-user/a") == path_of("~no-such-user/a")


# ---- streams -----------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a finished sweep."""
    folder = project(tmp_path_factory.mktemp("swept"))
    assert 0 == ps.sweep(folder / "e.toml", folder / "out", block=9).exit_status
    return folder / "out"


@pytest.mark.skipif(sys.platform == "win32", reason="devices have other names")
@pytest.mark.parametrize("out", ["-", *(pytest.param(one, marks=pytest.mark.slow) for one in ("/dev/stdout", "/dev/fd/1"))])
def test_report__to_stdout_is_the_page_and_nothing_else(swept: Path, tmp_path: Path, out: str) -> None:
    """Into a pipe, and into a file that the shell has opened, after what is in it."""
    done = called("report", swept, "--out", out, timeout=60)
    assert (0, True, True) == (done.returncode, done.stdout.startswith("<!DOCTYPE html>"), done.stdout.endswith("</html>"))
    with open(tmp_path / "page.html", "wb") as stream:
        stream.write(b"before\n")
        stream.flush()
        subprocess.run(words("report", swept, "--out", out), stdout=stream, env=surroundings(), check=True, timeout=60)
    assert f"before\n{done.stdout}" == (tmp_path / "page.html").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="devices have other names")
def test_report__to_a_device_is_written_or_one_line(swept: Path) -> None:
    """The device stays what it is."""
    done = called("report", swept, "--out", "/dev/null", timeout=60)
    assert (0, "", "wrote /dev/null\n") == (done.returncode, done.stdout, done.stderr)
    done = called("report", swept, "--out", "/dev/full", timeout=60)
    assert (2, "/dev/full: cannot be written: No space left on device\n") == (done.returncode, done.stderr)
    assert not Path("/dev/null").is_file() and not Path("/dev/full").is_file()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
def test_write_whole__to_a_named_pipe_reaches_its_reader(tmp_path: Path) -> None:
    """And the pipe is still one; a reader that leaves early is no error."""
    os.mkfifo(tmp_path / "pipe")
    found: list[bytes] = []

    def read(size: int) -> None:
        with open(tmp_path / "pipe", "rb", buffering=0) as stream:
            found.append(stream.read(size) if size > 0 else stream.readall())

    for size in (0, 1):
        reader = threading.Thread(target=read, args=(size,))
        reader.start()
        write_whole(tmp_path / "pipe", "x" * 1_000_000)
        reader.join(timeout=60)
    assert [1_000_000, 1] == [len(data) for data in found]
    assert (tmp_path / "pipe").is_fifo()


# ---- names that are no text ----------------------------------------------------------------------
@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """A project in a folder whose name is not UTF-8."""
    name = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9")
    try:
        return project(Path(name))
    except (OSError, UnicodeError):
        pytest.skip("the disk takes only names that are text")


@pytest.mark.slow
def test_name__that_is_no_text_stops_no_command(odd: Path) -> None:
    """Tables, manifests, pages, plans and messages hold it as an escape."""
    (odd / "c.toml").write_text(TEXT.format(base="w.toml", runs=1, design="points.csv"), encoding="utf-8")
    for line in (
        ["validate", "w.toml", "c.toml"], ["run", "w.toml", "--out", "run"],
        ["compare", "w.toml", "--branches", "no-pact,strong", "--runs", "2", "--out", "compared"],
        ["sweep", "c.toml", "--out", "out", "--workers", "2", "--block", "1"], ["status", "out"], ["verify", "out"],
        ["resume", "out", "--executor", "none"], ["report", "out", "--out", "out.html"],
    ):  # fmt: skip
        line = [str(odd / word) if (odd / word).exists() or line[k - 1] == "--out" else word for k, word in enumerate(line)]
        done = called(*line)
        assert (0, False) == (done.returncode, "Traceback" in done.stderr), (line, done.stderr)
    assert r"caf\udce9" in (odd / "out" / "sweep.json").read_text(encoding="utf-8")
    assert str(odd / "c.toml") == json.loads((odd / "out" / "sweep.json").read_text(encoding="utf-8"))["experiment"]["file"]
    done = called("status", odd / "nothing")
    assert (2, 1) == (done.returncode, len(done.stderr.splitlines()))


def test_name__that_is_no_text_can_be_printed(odd: Path) -> None:
    """By Python, whose stdout takes only text."""
    assert r"caf\xe9" in text_of(odd)
    state = ps.sweep(odd / "e.toml", odd / "out", block=9)
    for shown in (str(state), repr(ps.open(odd / "out"))):
        assert r"caf\xe9" in shown.encode("utf-8").decode("utf-8")
    with pytest.raises(ps.InputError) as caught:
        ps.status(odd / "nothing")
    assert str(caught.value).encode("utf-8")


# ---- folders that come and go --------------------------------------------------------------------
def test_folder__that_is_removed_under_a_command_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Relative paths mean nothing any more; absolute ones do, also for workers that cannot be started there."""
    here = project(tmp_path / "here")
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(ps.InputError, match=r"out: the current folder no longer exists; change to another one"):
        ps.status("out")
    found = ps.sweep(here / "e.toml", here / "out", ps.SweepOptions(workers=2), block=2)
    assert (3, 0) == (found.exit_status, found.ok)
    assert "worker processes cannot be started (No such file or directory); continue with --executor threads or none" in str(found.stopped)
    assert 0 == ps.resume(here / "out", ps.SweepOptions("threads", 2)).exit_status


def test_report__is_written_where_it_was_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also if the caller changes the folder meanwhile."""
    project(tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")
    found = ps.write_report("w.toml", "r.html", ["no-pact", "strong"], runs=2, steps=lambda name: os.chdir(tmp_path))
    assert (Path("r.html"), True) == (found, (tmp_path / "here" / "r.html").is_file())


@pytest.mark.skipif(os.sep != "/", reason="there backslashes separate folders")
def test_path__with_the_backslashes_of_windows_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the path as it is written here."""
    project(tmp_path / "sub")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ps.InputError, match=r'does not exist.*; write "/" for each backslash: "sub/w.toml"'):
        ps.load("sub\\w.toml")
    (tmp_path / "e.toml").write_text(TEXT.format(base="sub/w.toml", runs=1, design="sub\\\\points.csv"), encoding="utf-8")
    with pytest.raises(ps.InputError, match="No such file or directory; separate folders by /"):
        ps.sweep("e.toml", "out")
