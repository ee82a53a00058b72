"""Every block of the guides runs: Python in one namespace a page, commands as they are typed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from proxysim.cli import app

ROOT = Path(__file__).parent.parent
PAGES = ["docs/ten-minutes.md", "docs/faq.md", "docs/gallery.md"]


def blocks(page: str, kind: str) -> list[str]:
    """Blocks of a kind on a page."""
    found: list[str] = re.findall(rf"```{kind}\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL)
    return found


@pytest.mark.parametrize("page", PAGES)
def test_pages__python_blocks_run(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One after the other, from the root of the project."""
    monkeypatch.chdir(ROOT)
    namespace: dict[str, Any] = {}
    found = blocks(page, "python")
    assert found
    for block in found:
        exec(compile(block, page, "exec"), namespace)


COMMANDS = [line for page in PAGES for block in blocks(page, "sh") for line in block.splitlines() if line.strip()]


@pytest.mark.parametrize("line", COMMANDS)
def test_pages__commands_run(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each command ends well, in a folder that holds the scenarios and nothing else."""
    (tmp_path / "scenarios").symlink_to(ROOT / "scenarios")
    monkeypatch.chdir(tmp_path)
    program, *words = shlex.split(line)
    assert "proxysim" == program
    found = CliRunner().invoke(app, words)
    assert 0 == found.exit_code, found.stderr
    written = [words[at + 1] for at, word in enumerate(words) if word == "--out"]
    assert all((tmp_path / name).exists() for name in written)


@pytest.mark.slow
def test_pages__first_line_of_the_readme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The report of levant-2025, as a new user makes it."""
    (tmp_path / "scenarios").symlink_to(ROOT / "scenarios")
    monkeypatch.chdir(tmp_path)
    line = next(
        line
        for line in (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("proxysim report")
    )
    assert 0 == CliRunner().invoke(app, shlex.split(line)[1:]).exit_code
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert len(text.encode()) < 3_000_000
    assert "Hezbollah" in text


def test_pages__pictures_and_links_are_there() -> None:
    """Every relative link and picture of these pages and the README leads to a file."""
    for page in ("README.md", "docs/glossary.md", *PAGES):
        for target in re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", (ROOT / page).read_text(encoding="utf-8")):
            assert ((ROOT / page).parent / target).exists(), (page, target)
