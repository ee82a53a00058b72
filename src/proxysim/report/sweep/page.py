"""The report of a sweep as one HTML page."""

from __future__ import annotations

import math
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from proxysim import formatting
from proxysim.formatting import counted, plain, rare_count, spaced
from proxysim.paths import path_of
from proxysim.report import evidence
from proxysim.report.html import Picture, Pictures, layout_context, template, write
from proxysim.report.sweep import discovery, words
from proxysim.report.sweep.findings import SweepFindings, sweep_findings
from proxysim.report.text import number, span
from proxysim.statistics.sensitivity import is_text
from proxysim.studies.evidence_text import GRADES
from proxysim.studies.sensitivity_result import GROUP

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

    from proxysim.sweeps.experiment.factors import Factor

_KEYS = ("lines", "plane", "spread", "tornado", "sensitivity", "box", "cases", "peeling")
#: Maximum rows of a table that is always shown, and of one that can be unfolded; columns per point; lines per figure; cells along one
#: side of a map; points up to which the other figures suffice; factors in a
#: scatter plot.
_OPEN, _MOST, _COLUMNS, _LINES, _CELLS, _FEW, _SCATTERED = 20, 600, 6, 6, 24, 12, 6


def sweep_pictures(found: SweepFindings) -> dict[str, Picture]:
    """All figures of the report of a sweep that its design allows; captions are text of the page."""
    from proxysim.figures.kit.export import stamp
    from proxysim.figures.kit.frame import captions_apart

    made = Pictures(stamp(found.sweep))
    with captions_apart():
        if found.is_sampled:
            _scatter(made, found)
        _over_factors(made, found)
        _summaries(made, found)
        _sensitivity(made, found)
        discovery.add_pictures(made, found)
    return made.made


def _add(made: Pictures, key: str, title: str, figure: Figure, more: str, alt: str) -> None:
    """Add a figure with its own caption, and more to say on it."""
    made.add(key, title, figure, f"{getattr(figure, 'caption', '')} {more}".strip(), alt)


def _labels(found: SweepFindings) -> dict[str, str]:
    """Labels for axes: factors with their units, and the answer."""
    factors = {name: f"{found.labels[name]}{f', {axis.unit}' if axis.unit else ''}" for name, axis in found.axes.items()}
    return {**found.labels, **factors, "difference": f"Difference in {found.what}"}


def _unit(found: SweepFindings) -> str:
    return "index points" if found.unit == "index" else found.unit


def _scatter(made: Pictures, found: SweepFindings) -> None:
    """The answer at the sampled points against the factors with the largest effects, in their own units."""
    from proxysim import figures

    points = words.shown_points(found)
    rows = points["point"].to_numpy(dtype=int)
    table = points.assign(**{name: axis.values[rows] for name, axis in found.axes.items()})
    names = [str(name) for name in found.factors["name"]]
    if not names or not len(table):
        return
    labels = _labels(found)
    shown, rest = names[:_SCATTERED], len(names) - _SCATTERED
    more = f"{counted(rest, 'factor')} with smaller effects {'is' if rest == 1 else 'are'} not shown. " if rest > 0 else ""
    figure = figures.sweep_scatter(table, shown, "difference", _unit(found), labels={**labels, "n": "pairs of runs per point"})
    _add(made, "lines", f"{labels['difference']} against {'its factor' if len(shown) == 1 else 'the factors'}", figure,
         f"{more}Difference from {words.against(found)}.", words.alt_scatter(found, shown))  # fmt: skip


def _over_factors(made: Pictures, found: SweepFindings) -> None:
    """The answer over one factor or two."""
    from proxysim import figures

    if found.plane is None:
        return
    x, y, table = found.plane
    labels, unit, versus = _labels(found), _unit(found), f"Difference from {words.against(found)}"
    rest = len(found.factors) - (2 if y is not None else 1)
    mean = f", averaged over {counted(rest, 'other factor')}" if rest > 0 else ""
    sampled = " Factors are divided into fifths of their range. Intervals are over points." if found.is_sampled else ""
    labels |= {"n": "points per cell" if found.is_sampled else "pairs of runs"}
    numeric = not is_text(table[x].to_numpy()) and len(table[x].unique()) > 1
    if not found.is_sampled and numeric and y is None:
        _add(made, "lines", f"{labels['difference']} against {labels[x]}",
             figures.lever_effect(table, x, "difference", unit, labels=labels), f"{versus}.", words.alt_plane(found))  # fmt: skip
    elif not found.is_sampled and numeric and y is not None and len(table[y].unique()) <= _LINES:
        _add(made, "lines", f"{labels['difference']} over {labels[x]}",
             figures.sweep_lines(table, x, "difference", y, unit, labels=labels), f"{versus}{mean}.", words.alt_plane(found))  # fmt: skip
    if y is not None and max(len(table[x].unique()), len(table[y].unique())) <= _CELLS:
        _add(made, "plane", f"{labels['difference']} over two factors", figures.heat_map(table, x, y, "difference", unit, labels=labels),
             f"{versus}{mean}.{sampled}", words.alt_plane(found))  # fmt: skip


def _summaries(made: Pictures, found: SweepFindings) -> None:
    """The answer at all points in order of size, and the effect of each factor."""
    from proxysim import figures

    labels, unit, versus = _labels(found), _unit(found), f"Difference from {words.against(found)}."
    shown = words.shown_points(found)
    if len(shown) > _FEW:
        _add(made, "spread", f"{labels['difference']} at all points", figures.sweep_spread(shown, "difference", unit, labels=labels),
             versus, words.alt_spread(found))  # fmt: skip
    if len(found.factors) > 1 and bool((found.factors["change"] != 0.0).any()):
        base = float(np.nanmean(found.answers))
        compared = found.baseline is not None
        figure = figures.tornado(_with_own_ends(found), base, unit if compared else found.unit, labels=labels, held=_held(found))
        _add(made, "tornado", "Key factors", figure, versus if compared else "Value of the answer.", words.alt_tornado(found))


def _sensitivity(made: Pictures, found: SweepFindings) -> None:
    """The indices of the factors, if the design allows any."""
    from proxysim import figures

    if found.sensitivity is not None:
        figure = figures.sensitivity_indices(found.sensitivity.to_dataframe(), found.unit, labels=found.labels)
        _add(made, "sensitivity", "Sensitivity to the factors", figure, "", words.alt_sensitivity(found.sensitivity, found.labels))


def _with_own_ends(found: SweepFindings) -> pandas.DataFrame:
    """The effects of the factors, with the thirds of drawn numbers in their own unit."""
    table = found.factors.copy()
    columns = {f.name: c for f, c in zip(found.sweep.store.design.factors, found.sweep.store.design.columns, strict=True)}
    for at, name in enumerate(table["name"]):
        axis = found.axes[str(name)]
        if axis.number is not None:
            low, high = axis.at(np.quantile(columns[str(name)], [1 / 3, 2 / 3]).tolist())
            table.loc[table.index[at], ["low", "high"]] = [f"\u2264 {plain(float(low))}", f"\u2265 {plain(float(high))}"]
    return table


def _held(found: SweepFindings) -> str:
    """How the other factors are averaged, for the caption in the figure."""
    return (
        "means over the points in the lowest and highest third of its range"
        if found.is_sampled
        else "means over the values of all others"
    )


def how_compared(found: SweepFindings) -> str:
    """Explanation of how the ends of a factor are compared."""
    if found.is_sampled:
        return ("The change is the mean answer over the points in the highest third of a factor minus that in its lowest third. For text, it "
                "compares the two levels that lie furthest apart. The interval reflects random variation and all other factors. Of the factors "
                "detected, at most one in twenty is expected to be a false positive. With many factors this is stricter than the interval of "
                "one.")  # fmt: skip
    return ("The change is the answer at the high end of a factor minus that at its low end, averaged over points that differ in nothing else. "
            "For text with more than two levels, it compares the two that lie furthest apart. The interval reflects random variation only. "
            "“Range over the others” gives the smallest and the largest of these differences.")  # fmt: skip


def sweep_page(found: SweepFindings) -> str:
    """The report of a sweep as HTML.

    Raises
    ------
    MissingExtra : Jinja2 is not installed
    """
    text: str = template("sweep.html").render(_context(found))
    return text


def write_sweep_report(
    folder: str | Path,
    out: str | Path = "report.html",
    outcome: str | None = None,
    branch: str | None = None,
    asked: str = "",
    where: str | None = None,
) -> Path:
    """Write the results of a finished sweep as one self-contained HTML file.

    Parameters
    ----------
    folder : folder of the sweep
    out : file to write; an existing file is replaced; default "report.html"
    outcome : "measure.actor", or "measure" for the mean over the proxies that have it; None, the default, takes the first of
        received_arms, stock, fighting and capacity that the sweep has, otherwise its first measure
    branch : branch compared with the first; None, the default, takes "strengthened-pact" if the sweep has it, otherwise the last
        branch
    asked : command to quote in the report; empty, the default, quotes ``proxysim report`` with the folder
    where : condition of which to find when it holds, as in `discover`; None, the default, for none

    Returns
    -------
    pathlib.Path : the file

    Raises
    ------
    InputError : the folder holds no sweep, the condition cannot be used, or the file cannot be written
    MissingExtra : Jinja2 is not installed
    RunError : the sweep is not finished, or there is no such outcome or branch
    StorageError : the sweep is damaged

    Examples
    --------
    >>> from pathlib import Path
    >>> import proxysim as ps
    >>> text = '''
    ... kind     = "experiment"
    ... question = "Does more search at sea keep arms from the reds?"
    ... base     = "quickstart"
    ... branches = ["no-pact", "strong"]
    ... design   = "grid"
    ... runs     = 5
    ... measures = ["received_arms.reds"]
    ... [levers]
    ... "legs.north-coast.detection" = [0.1, 0.3]
    ... '''
    >>> _ = Path("search.toml").write_text(text)
    >>> _ = ps.sweep("search.toml", "search", block=10)
    >>> print(ps.write_sweep_report("search", "search.html"))
    search.html
    >>> "Does more search at sea keep arms from the reds?" in Path("search.html").read_text(encoding="utf-8")
    True
    """
    template("sweep.html")
    return write(path_of(out), sweep_page(sweep_findings(folder, outcome, branch, asked, where)))


def _context(found: SweepFindings) -> dict[str, Any]:
    """Template variables: plain values and text."""
    from proxysim.figures.kit.export import stamp

    sweep = found.sweep
    store, state = sweep.store, sweep.state
    experiment = store.experiment
    factors = [_factor(found, row) for _, row in found.factors.iterrows()]
    points = words.shown_points(found)
    residual = sweep.largest_residual
    shared = layout_context(
        stamp(sweep), sweep_pictures(found), _KEYS, found.world.scenario if found.world is not None else None, residual
    )
    return shared | {
        "question": experiment.question, "answer": (answer := words.answer(found)), "description": answer[1], "full": False,
        "label": Path(experiment.file).stem, "world_label": Path(experiment.base).stem, "stale": found.stale,
        "failures": _failures(found), "failed": f"{state.failed:,}", "planned": f"{state.planned:,}",
        "skipped": f"{state.skipped:,}" if state.skipped else "",
        "points": [_point(found, row) for _, row in points.head(_MOST).iterrows()], "more_points": max(0, len(points) - _MOST),
        "point_heads": [found.labels[str(name)] for name in found.factors["name"].head(_COLUMNS)],
        "factors": factors[:_OPEN], "more_factors": factors[_OPEN:], "spread": bool(found.factors["least"].notna().any()),
        "sensitivity": words.sensitivity(found), "no_indices": found.no_indices, "sensitivity_notes": words.sensitivity_notes(found),
        "discovery": discovery.section(found),
        "joint": _joint(found), "how_compared": how_compared(found), "left_out": experiment.left_out, "outcomes": _outcomes(found),
        "several": len(store.branches) > 2, "few": not found.by_runs, "against": words.against(found),
        "grades": _grades(found), "command": _command(found),
    }  # fmt: skip


def _values(factor: Factor) -> str:
    """The values of a factor, in words."""
    what = "" if factor.verb in ("set", "text", "draw") else f"{factor.verb} "
    met = f" ({len(factor.paths)} numbers together)" if len(factor.paths) > 1 else ""
    if factor.is_list:
        return f"{what}{', '.join(str(factor.shown(level)) for level in factor.levels[:12])}{', …' if len(factor.levels) > 12 else ''}{met}"
    if factor.verb == "draw":
        return f"drawn from {'their' if len(factor.paths) > 1 else 'its'} own range{met}"
    return f"{what}{factor.low:g} to {factor.high:g}{' ' + factor.unit if factor.unit else ''}, {factor.dist}{met}"


def _factor(found: SweepFindings, row: pandas.Series[Any]) -> dict[str, str]:
    factor = found.factor(str(row["name"]))
    return {"name": factor.name, "label": found.labels[factor.name], "role": {"levers": "lever"}.get(factor.role, "uncertainty"),
            "given": _values(factor), "low": str(row["low"]), "high": str(row["high"]), "change": number(row["change"], True),
            "interval": _interval(row, "change_low", "change_high", "runs"), "spread": span(row["least"], row["most"]),
            "found": "yes" if row["detected"] else "no effect detected"}  # fmt: skip


def _joint(found: SweepFindings) -> list[tuple[str, str, str, str]]:
    """Groups of factors as rows of name, number of factors, joint share of the variance, interval."""
    study = found.sensitivity
    own = [one for one in study.indices if one.kind == GROUP] if study is not None else []
    return [(GRADES.get(one.name, one.name), f"{one.factors:,}", number(one.value), formatting.span(one.low, one.high, False)) for one in own]


def _point(found: SweepFindings, row: pandas.Series[Any]) -> dict[str, Any]:
    values = [row[str(name)] for name in found.factors["name"].head(_COLUMNS)]
    shown = [value if isinstance(value, str) else number(float(value)) for value in values]
    return {
        "point": int(row["point"]),
        "at": shown,
        "value": number(float(row["difference"]), True),
        "interval": _interval(row, "low", "high", "n"),
        "n": int(row["n"]),
    }


def _interval(row: pandas.Series[Any], low: str, high: str, n: str) -> str:
    """The interval in a row of a table, or how many of the pairs in column `n` differ if these are too few."""
    if math.isnan(row[low]) and row["chance_below"] == row["chance_below"]:
        return rare_count(int(row["differing"]), int(row[n]), float(row["chance_below"]))
    return span(float(row[low]), float(row[high]))


def _outcomes(found: SweepFindings) -> list[dict[str, str]]:
    rows = []
    for _, row in found.table.head(_MOST).iterrows():
        plain = {key: number(float(row[key]), True) for key in ("least", "mean", "most")}
        counts = {key: f"{row[key]:,}" for key in ("above", "below", "unclear")}
        rows.append({"branch": found.labels[str(row["branch"])], "actor": found.labels.get(str(row["actor"]), str(row["actor"])),
                     "measure": spaced(str(row["measure"])), "unit": str(row["unit"]), **plain, **counts})  # fmt: skip
    return rows


def _failures(found: SweepFindings) -> list[tuple[str, str, str, str]]:
    """Failures as rows of type, message, number of runs, number of points; the most frequent first."""
    table = found.sweep.failures
    if not len(table):
        return []
    counts = table.groupby(["type", "message"]).agg(runs=("run", "size"), points=("point", "nunique")).reset_index()
    ordered = counts.sort_values("runs", ascending=False, kind="stable").head(_OPEN)
    return [(str(r["type"]), str(r["message"]), f"{r['runs']:,}", f"{r['points']:,}") for _, r in ordered.iterrows()]


def _grades(found: SweepFindings) -> list[tuple[str, list[int], int]]:
    """Grades of the varied numbers and of the rest of the world."""
    if found.world is None:
        return []
    numbers = found.world.scenario.numbers
    varied = {name: numbers[path].grade for path in numbers if (name := ".".join(path)) in _varied(found)}
    return evidence.grade_rows(found.world.scenario, "factors: varied numbers of the world", varied)


def _varied(found: SweepFindings) -> set[str]:
    names: set[str] = set()
    for factor in found.sweep.store.experiment.factors:
        names |= {".".join(path) for path in factor.paths}
    return names


def _command(found: SweepFindings) -> str:
    """The commands that produce the sweep and this report."""
    experiment = found.sweep.store.experiment
    folder = str(found.sweep.store.folder)
    lines = [["proxysim", "sweep", experiment.file, "--out", folder], ["proxysim", "verify", folder]]
    return (
        "\n".join(shlex.join(line) for line in lines)
        + "\n"
        + (found.asked or shlex.join(["proxysim", "report", folder]))
    )
