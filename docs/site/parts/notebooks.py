"""Notebooks with their outputs: scripts of `experiments/` that are run when the site is built."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path
from typing import Any

from docs.site.parts.tree import ROOT

#: Settings of the kernels: figures with two pixels per point of the screen, so that they are sharp.
PROFILE = 'c = get_config()\nc.InlineBackend.figure_formats = ["retina"]\nc.HistoryManager.enabled = False\nc.IPKernelApp.log_level = 40\n'
#: Mesa imports a progress bar that asks for a package which nothing here needs.
QUIET = "ignore:IProgress not found"
#: Seconds for one cell; the first one also compiles the rules.
TIMEOUT = 600


def scripts() -> list[Path]:
    """Return the notebooks, as scripts."""
    return sorted((ROOT / "experiments").glob("[0-9]*.py"))


def key(script: Path) -> str:
    """Return a digest of all that decides what a notebook shows: the script, the package, the worlds and the libraries."""
    digest = hashlib.sha256(repr(sys.version_info[:2]).encode())
    files = [script, Path(__file__), *(ROOT / "src").rglob("*.py"), *(ROOT / "scenarios").rglob("*"), *(ROOT / "experiments").glob("*.toml")]
    for file in sorted(one for one in files if one.is_file()):
        digest.update(f"{file.relative_to(ROOT)}\n".encode() + hashlib.sha256(file.read_bytes()).digest())
    for name in ("matplotlib", "mesa", "numba", "numpy", "pandas", "scipy"):
        digest.update(f"{name} {metadata.version(name)}\n".encode())
    return digest.hexdigest()[:16]


def executed(script: Path, cache: Path) -> str:
    """Return a notebook with its outputs, as JSON; from the cache if nothing has changed since.

    Raises
    ------
    RuntimeError : a cell failed, or wrote to stderr
    """
    import jupytext
    import nbclient
    import nbformat

    kept = cache / f"{script.stem}-{key(script)}.ipynb"
    if kept.exists():
        return kept.read_text(encoding="utf-8")
    profile = cache / "ipython" / "profile_default" / "ipython_kernel_config.py"
    profile.parent.mkdir(parents=True, exist_ok=True)
    profile.write_text(PROFILE, encoding="utf-8")
    book: Any = jupytext.read(script)
    environment = {**os.environ, "IPYTHONDIR": str(cache / "ipython"), "PYDEVD_DISABLE_FILE_VALIDATION": "1", "PYTHONWARNINGS": QUIET}
    client = nbclient.NotebookClient(book, timeout=TIMEOUT, kernel_name="python3", resources={"metadata": {"path": str(ROOT)}})
    try:
        client.execute(env=environment)
    except nbclient.exceptions.CellExecutionError as error:
        raise RuntimeError(f"{script.name}: {error}") from None
    for cell in book.cells:
        cell.pop("id", None)
        cell.metadata.pop("execution", None)  # times of the clock
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if not _is_note(output)]
            for output in cell.outputs:
                if output.get("name") == "stderr":
                    raise RuntimeError(f"{script.name}: a cell wrote to stderr: {output['text'].strip()}")
    book.cells.insert(1, nbformat.v4.new_markdown_cell(_note(script)))
    book.cells[1].pop("id", None)
    book.metadata.pop("jupytext", None)
    book.nbformat, book.nbformat_minor = 4, 4  # cells have no ids, which would differ from build to build
    text: str = nbformat.writes(book)
    for old in cache.glob(f"{script.stem}-*.ipynb"):
        old.unlink()
    kept.write_text(text, encoding="utf-8")
    return text


def _is_note(output: Any) -> bool:
    """Return whether an output is only what the package says about compiling, which depends on the machine."""
    return output.get("name") == "stderr" and all(line.startswith("proxysim: compiling") for line in output["text"].splitlines())


def _note(script: Path) -> str:
    """Return the cell that says what a page is made from."""
    return f"*This notebook is the script {{download}}`{script.name} <../files/experiments/{script.name}>`. It was run when this page was built.*"


def every(cache: Path, jobs: int) -> Iterator[tuple[str, str]]:
    """Yield (name, JSON) of each notebook; the first one is run alone, because it compiles the rules for the others."""
    first, *others = scripts()
    cache.mkdir(parents=True, exist_ok=True)
    yield first.stem, executed(first, cache)
    with ThreadPoolExecutor(jobs) as pool:
        yield from zip([one.stem for one in others], pool.map(lambda one: executed(one, cache), others), strict=True)
