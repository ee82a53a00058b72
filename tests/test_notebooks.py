"""Each notebook of `experiments/` runs from beginning to end, under a minute, and uses public names only."""

from __future__ import annotations

import ast
import time
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "experiments").glob("*.py"))
#: Run each time; all others by `python -m pytest -m slow`.
FAST = {"01_one_run"}


def test_notebooks__are_there() -> None:
    """Those that the guides name."""
    named = {"01_one_run", "02_what_the_pact_does", "03_a_sweep", "04_your_own_world", "05_another_decision", "06_actors_that_answer"}
    assert named | {"07_from_sweep_to_decision", "08_when_we_would_be_wrong"} <= {file.stem for file in NOTEBOOKS}


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_notebooks__use_public_names_only(file: Path) -> None:
    """`proxysim` and `proxysim.figures`, with nothing that begins with an underscore."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("proxysim"):
            assert node.module in ("proxysim", "proxysim.figures")
        if isinstance(node, ast.Attribute):
            assert not (node.attr.startswith("_") and not node.attr.startswith("__")), node.attr


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "file", [pytest.param(file, id=file.stem, marks=[] if file.stem in FAST else pytest.mark.slow) for file in NOTEBOOKS]
)
def test_notebooks__run(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a kernel of its own, from the root of the project."""
    jupytext: Any = pytest.importorskip("jupytext")
    nbclient: Any = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    monkeypatch.setenv("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    book = jupytext.read(file)
    began = time.monotonic()
    nbclient.NotebookClient(
        book, timeout=240, kernel_name="python3", resources={"metadata": {"path": str(ROOT)}}
    ).execute()
    spent = time.monotonic() - began
    shown = [output for cell in book.cells if cell.cell_type == "code" for output in cell.outputs]
    assert not [output for output in shown if output.output_type == "error"]
    assert any("image/png" in output.get("data", {}) for output in shown), "a notebook shows at least one picture"
    assert spent < 240, f"{spent:.0f} s; the first run on a machine also compiles"
