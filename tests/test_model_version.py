"""An edited rule never gives the old numbers, and an edit of anything that decides a number is seen."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from proxysim.core import version

SCRIPT = """
from proxysim.core.rules.regimes import month_of_stability
from proxysim.core.version import compiled_version
print(compiled_version(), month_of_stability(1.0, 0.0, 2.0), month_of_stability(1.1, 0.1, 3.0))
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the package."""
    return Path(shutil.copytree(version.PACKAGE, tmp_path / "proxysim", ignore=shutil.ignore_patterns("__pycache__")))


def outcome(folder: Path, cache: Path) -> str:
    """What a copy of the package computes, with a cache of its own."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "PROXYSIM_CACHE": str(cache)}
    done = subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True)
    return done.stdout


def test_cache__an_edited_rule_gives_new_numbers(package: Path, tmp_path: Path) -> None:
    """The cache folder follows the source, so the edit is seen; an unchanged source keeps its version."""
    first, again = outcome(tmp_path, tmp_path / "cache"), outcome(tmp_path, tmp_path / "cache")
    rule = package / "core" / "rules" / "regimes.py"
    rule.write_text(rule.read_text().replace("k1 = x - x * x * x + forcing", "k1 = x - x * x * x + 2.0 * forcing"))
    edited = outcome(tmp_path, tmp_path / "cache")
    assert first == again
    assert first.split()[0] != edited.split()[0]
    assert first.split()[2] != edited.split()[2]


@pytest.mark.parametrize("where", ["full", *(pytest.param(one, marks=pytest.mark.slow) for one in ("file", "nowhere"))])
def test_cache__that_cannot_be_written_is_left_out(package: Path, tmp_path: Path, where: str) -> None:
    """A file in its place, a full disk, no home: the numbers are those of the source as it is, and nothing lies beside the source."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "PROXYSIM_CACHE": str(tmp_path / "file" / "in")}
    if where == "full":
        environment["PROXYSIM_CACHE"] = "/dev/full/in"
    if where == "nowhere":
        environment |= {"HOME": "/dev/null", "XDG_CACHE_HOME": ""}
        del environment["PROXYSIM_CACHE"]
    rule = package / "core" / "rules" / "regimes.py"
    found = []
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=False)
        assert (0, "") == (done.returncode, done.stderr)
        found.append(done.stdout.split())
        rule.write_text(rule.read_text().replace("k1 = x - x * x * x + forcing", "k1 = x - x * x * x + 2.0 * forcing"))
    assert outcome(tmp_path, tmp_path / "cache").split() == found[1]
    assert found[0][2] != found[1][2]
    assert [] == [file.name for kind in ("*.nbi", "*.nbc") for file in package.rglob(kind)]


@pytest.mark.parametrize("damage", [b"nonsense", pytest.param(b"", marks=pytest.mark.slow)])
def test_cache__that_is_damaged_is_compiled_again(package: Path, tmp_path: Path, damage: bytes) -> None:
    """Indices and code cut short by a full disk."""
    first = outcome(tmp_path, tmp_path / "cache")
    for kind in ("*.nbi", "*.nbc"):
        for file in (tmp_path / "cache").rglob(kind):
            file.write_bytes(damage)
    assert first == outcome(tmp_path, tmp_path / "cache")


def versions(package: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """Model version and compiled version of a copy of the package."""
    monkeypatch.setattr(version, "PACKAGE", package)
    return version.model_version.__wrapped__(), version.compiled_version.__wrapped__()


def versions_by_edit(package: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[str, str]]:
    """Relative path of each source file -> the versions with a comment at its end."""
    found = {}
    for file in sorted(package.rglob("*.py")):
        source = file.read_bytes()
        file.write_bytes(source + b"# edited\n")
        found[file.relative_to(package).as_posix()] = versions(package, monkeypatch)
        file.write_bytes(source)
    return found


def decides(path: str) -> bool:
    """Whether a source file decides a number of a run."""
    inside = path.startswith(("core/", "scenario/world/", "runs/")) or path == "sweeps/inputs.py"
    return inside and path not in ("runs/tables.py", "runs/summary.py", "runs/versions.py")


def test_version__is_another_after_an_edit_of_any_file_that_decides_a_number(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """File by file: every one of them changes the model version to one of its own; no other file changes it."""
    plain, by_edit = versions(package, monkeypatch), versions_by_edit(package, monkeypatch)
    assert (version.model_version(), version.compiled_version()) == plain
    moved = {path for path, (model, _) in by_edit.items() if model != plain[0]}
    assert {path for path in by_edit if decides(path)} == moved
    assert len(moved) == len({by_edit[path][0] for path in moved})
    assert {"core/rules/regimes.py", "scenario/world/vector.py", "runs/outcomes.py", "sweeps/inputs.py"} <= moved
    assert {path for path in by_edit if path.startswith("core/")} == {
        path for path, (_, compiled) in by_edit.items() if compiled != plain[1]
    }


def test_version__of_the_model_moves_without_compiling_again(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An edit of the outcomes changes numbers, but no compiled rule."""
    plain = versions(package, monkeypatch)
    outcomes = package / "runs" / "outcomes.py"
    outcomes.write_text(outcomes.read_text().replace("tally / max(1, months)", "2.0 * tally / max(1, months)"))
    model, compiled = versions(package, monkeypatch)
    assert (True, True) == (model != plain[0], compiled == plain[1])


def test_version__follows_the_names_of_files(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that moves is another source."""
    plain = versions(package, monkeypatch)
    (package / "core" / "measures.py").rename(package / "core" / "measured.py")
    assert plain[0] != versions(package, monkeypatch)[0]
