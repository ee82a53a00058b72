"""Versions for bug reports: of the package, of the model, of Python and of the libraries."""

from __future__ import annotations

import os
import platform
import sys
from importlib import metadata

#: Distributions whose versions matter, required ones first.
_LIBRARIES = (
    "numpy", "numba", "llvmlite", "pandas", "pyarrow", "scipy", "networkx", "pydantic", "mesa", "matplotlib", "typer",
    "jinja2", "SALib", "duckdb", "xarray", "distributed",
)  # fmt: skip


def show_versions() -> None:
    """Print the versions of proxysim, of its model, of Python and of the libraries it uses.

    The output belongs in every bug report.

    Examples
    --------
    >>> import proxysim as ps
    >>> ps.show_versions()
    proxysim ...
    model ...
    Python 3...
    ...
    """
    rows = {
        "proxysim": _version("proxysim"),
        "model": _model(),
        "kernel": _kernel(),
        "Python": f"{platform.python_version()} ({sys.executable})",
        "system": f"{platform.system()} {platform.release()}, {platform.machine()}, {os.cpu_count()} processors",
    } | {name: _version(name) for name in _LIBRARIES}
    width = max(map(len, rows))
    for name, value in rows.items():
        print(f"{name:<{width}} {value}")


def _model() -> str:
    from proxysim.core.version import model_version

    return model_version()


def _kernel() -> str:
    from proxysim.core import kernel

    return kernel.label()


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"
