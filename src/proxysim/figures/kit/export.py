"""Save figures as files: always the same bytes, with the facts behind the figure in the metadata."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from proxysim.figures.kit.style import own_style
from proxysim.figures.kit.text import missing_glyphs
from proxysim.paths import path_of

__all__ = ["save"]


def save(figure: Figure, path: str | Path, study: Any) -> Path:
    """Save a figure as SVG, PDF or PNG; the same figure always gives the same bytes.

    The world's hash, the seed and the versions are stored in the metadata of the file.

    Parameters
    ----------
    figure : the figure
    path : path of the file; its suffix, .svg, .pdf or .png, sets the format
    study : what the figure shows: a `Run`, `Ensemble`, `Comparison`, `Attribution` or `Assessment`, or a mapping of facts to store

    Returns
    -------
    Path : the path of the file

    Raises
    ------
    InputError : another suffix

    Examples
    --------
    >>> import proxysim as ps
    >>> from proxysim import figures
    >>> result = ps.compare("quickstart", ["no-pact", "strong"], runs=20, measures=["received_arms"])
    >>> figures.save(figures.differences(result.to_dataframe()), "arms.svg", result).name
    'arms.svg'
    """
    from proxysim.errors import Fault, InputError

    target = path_of(path)
    ending = target.suffix.lower().lstrip(".")
    if ending not in ("svg", "pdf", "png"):
        raise InputError(
            [Fault(str(target), 0, "", f'a figure is written as .svg, .pdf or .png, not "{target.suffix}"')]
        )
    target.write_bytes(rendered(figure, ending, stamp(study)))
    return target


def rendered(figure: Figure, ending: str, facts: Mapping[str, str]) -> bytes:
    """Return the bytes of a figure in a format, with facts in its metadata."""
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
            out = io.BytesIO()  # glyphs that the font lacks are left to the reader's own fonts
            with mpl.rc_context({"svg.fonttype": "none"}), missing_glyphs():
                Figure.savefig(figure, out, format=ending, metadata=metadata)
    return out.getvalue()


def stamp(study: Any) -> dict[str, str]:
    """Return the facts of a study as text: world hash, seed, versions and others."""
    from proxysim import __version__

    given = study if isinstance(study, Mapping) else None
    source = study.study if given is None and hasattr(study, "study") else study
    if given is None:
        given = source.metadata if hasattr(source, "metadata") else None
    if given is None:  # an attribution
        from proxysim.core.version import model_version

        given = {"world": source.world.hash, "branches": [source.against, source.branch], "seed": source.seed,
                 "runs": source.runs, "model_version": model_version()}  # fmt: skip
    return {"proxysim": __version__, **{key: _told(value) for key, value in given.items()}}


def _told(value: Any) -> str:
    """Return a fact as text."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {one}" for key, one in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
