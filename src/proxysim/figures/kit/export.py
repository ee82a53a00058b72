"""Figures as files: the same bytes each time, with the facts behind the figure in the metadata."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from proxysim.figures.kit.style import own_style
from proxysim.figures.kit.text import missing_glyphs

__all__ = ["save"]


def save(figure: Figure, path: str | Path, study: Any) -> Path:
    """Write a figure as SVG, PDF or PNG (by the ending of `path`), the same bytes each time.

    World hash, seed and version stand in the metadata of the file.

    Parameters
    ----------
    figure : what was drawn; path : the file
    study : what the figure shows: a Run, Ensemble, Comparison or Attribution, or a mapping of such facts

    Raises
    ------
    InputError : another ending
    """
    from proxysim.errors import Fault, InputError

    target = Path(path)
    ending = target.suffix.lower().lstrip(".")
    if ending not in ("svg", "pdf", "png"):
        raise InputError(
            [Fault(str(target), 0, "", f'a figure is written as .svg, .pdf or .png, not "{target.suffix}"')]
        )
    target.write_bytes(rendered(figure, ending, stamp(study)))
    return target


def rendered(figure: Figure, ending: str, facts: Mapping[str, str]) -> bytes:
    """The bytes of a figure as a file of a kind, with facts in its metadata."""
    summary = "; ".join(f"{key} {value}" for key, value in facts.items())
    metadata: dict[str, Any] = {
        "svg": {"Date": None, "Creator": f"proxysim {facts.get('proxysim', '')}".strip(), "Description": summary},
        "pdf": {"CreationDate": None, "Producer": None, "Creator": f"proxysim {facts.get('proxysim', '')}".strip(), "Subject": summary},
        "png": {"Software": None, **{f"proxysim:{key}": value for key, value in facts.items()}},
    }[ending]  # fmt: skip
    with own_style():
        out = io.BytesIO()
        with missing_glyphs() as lacking:
            Figure.savefig(figure, out, format=ending, dpi=160, metadata=metadata)
        if ending == "svg" and lacking:
            out = io.BytesIO()  # signs that the font lacks are left to the reader's own fonts
            with mpl.rc_context({"svg.fonttype": "none"}), missing_glyphs():
                Figure.savefig(figure, out, format=ending, metadata=metadata)
    return out.getvalue()


def stamp(study: Any) -> dict[str, str]:
    """World hash, seed, versions and what else a study says of itself, as text."""
    from proxysim import __version__

    given = study if isinstance(study, Mapping) else None
    source = study.study if given is None and hasattr(study, "study") else study
    if given is None:
        given = source.metadata if hasattr(source, "metadata") else None
    if given is None:  # an attribution
        from proxysim.core.version import model_version

        given = {"world": source.world.hash, "branches": [source.against, source.branch], "seed": source.seed,
                 "runs": source.runs, "model_version": model_version()}  # fmt: skip
    found = {
        key: ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
        for key, value in given.items()
    }
    return {"proxysim": __version__, **found}
