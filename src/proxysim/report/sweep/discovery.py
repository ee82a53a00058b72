"""When a condition holds: the box, its limits and its figures, in the report of a sweep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from proxysim.errors import Fault, InputError, RunError
from proxysim.formatting import capital, percent
from proxysim.report.html import Pictures
from proxysim.report.typeset import typeset
from proxysim.studies import discovery_text
from proxysim.studies.discovery import discover, relabelled
from proxysim.studies.discovery_result import DATE, Discovery
from proxysim.sweeps.results import Sweep

if TYPE_CHECKING:
    from collections.abc import Mapping

    from proxysim.report.sweep.findings import SweepFindings


def discovery_of(sweep: Sweep, where: str | None, branch: str, labels: Mapping[str, str]) -> Discovery | None:
    """Find when a condition holds; None if the report was not asked for it.

    Raises
    ------
    InputError : the condition cannot be used, or there are too few points
    """
    if where is None:
        return None
    try:
        return relabelled(discover(sweep, where, branch), labels)
    except RunError as error:
        raise InputError([Fault("--where", 0, "", str(error))]) from None


def section(found: SweepFindings) -> dict[str, Any] | None:
    """The sentences and the tables on when a condition holds."""
    one = found.discovery
    if one is None:
        return None
    texts = [*discovery_text.answer(one), discovery_text.second_opinion(one)]
    rows = [
        {"input": one.inputs[limit.name].label, "unit": _unit(one, limit.name), "limit": discovery_text.limit_cell(one, limit),
         "interval": discovery_text.interval_cell(one, limit), "share": percent(limit.frequency), "without": percent(limit.density_without)}
        for limit in one.limits
    ]  # fmt: skip
    steps = [(str(step.limits), percent(step.density), percent(step.coverage), percent(step.mass), "chosen" if step.final else "")
             for step in one.search.trajectory]  # fmt: skip
    return {
        "condition": typeset(capital(discovery_text.condition_words(one))), "sentences": [typeset(text) for text in texts if text],
        "rows": [{key: typeset(text) for key, text in row.items()} for row in rows],
        "steps": steps, "notes": typeset(" ".join(discovery_text.notes(one))),
    }  # fmt: skip


def _unit(found: Discovery, name: str) -> str:
    unit = found.inputs[name].unit
    return "" if unit == DATE else unit


def labels_of(found: Discovery) -> dict[str, str]:
    """Labels of the inputs with their units, for axes."""
    return {name: f"{one.label}{f', {_unit(found, name)}' if _unit(found, name) else ''}" for name, one in found.inputs.items()}


def add_pictures(made: Pictures, found: SweepFindings) -> None:
    """Add the box, the trajectory, and the points in two inputs."""
    from proxysim import figures

    one = found.discovery
    if one is None or not one.search.trajectory:
        return
    labels, limits = labels_of(one), one.to_dataframe()
    if one.limits:
        _add(made, "box", "The box", figures.box_limits(limits, labels), alt_box(one))
        if len({limit.name for limit in one.limits if limit.side != "levels"}) > 1:
            _add(made, "cases", "Points in two inputs of the box", figures.box_scatter(one.points(), limits, labels=labels), alt_cases(one))
    _add(made, "peeling", "Density and coverage", figures.box_trajectory(one.trajectory()), alt_trajectory(one))


def _add(made: Pictures, key: str, title: str, figure: Any, alt: str) -> None:
    made.add(key, title, figure, getattr(figure, "caption", ""), alt)


def alt_box(found: Discovery) -> str:
    """Alternative text for the figure of the box."""
    parts = [f"{found.inputs[one.name].label} {discovery_text.limit_cell(found, one)} ({discovery_text.interval_cell(found, one)})"
             for one in found.limits]  # fmt: skip
    return typeset(f"The range of each limited input with the box in it: {'; '.join(parts)}.")


def alt_trajectory(found: Discovery) -> str:
    """Alternative text for the figure of the trajectory."""
    steps = [step for step in found.search.trajectory if not step.final]
    first, last = steps[0], steps[-1]
    text = f"Density against coverage of {len(steps):,} boxes, from {percent(first.density)} at {percent(first.coverage)} "
    text += f"to {percent(last.density)} at {percent(last.coverage)}."
    chosen = next((step for step in found.search.trajectory if step.final), None)
    return text + (f" The chosen box: {percent(chosen.density)} at {percent(chosen.coverage)}." if chosen is not None and found.limits else "")


def alt_cases(found: Discovery) -> str:
    """Alternative text for the figure of the points."""
    return typeset(f"Held-out points, darker where the condition holds, with the box as a frame. {discovery_text.answer(found)[0]}")
