"""Commands on experiments: what a design holds and costs, sweep it, take it up again, check it, extend it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from proxysim.cli.app import app

if TYPE_CHECKING:
    from proxysim.cost import Cost
    from proxysim.design import Design
    from proxysim.scenario.experiment import Experiment

ExperimentFile = Annotated[str, typer.Argument(metavar="FILE", help='Path of a file of kind "experiment".')]
#: Factors and points that `design` shows.
SHOWN_FACTORS, SHOWN_POINTS = 40, 5


@app.command("design")
def design(
    file: ExperimentFile,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print every point as CSV instead of words.")] = False,
) -> None:
    """Show the design of an experiment, its size and what it will cost, before anything runs."""
    from proxysim.cost import cost_of, processors
    from proxysim.design import design_of
    from proxysim.scenario.experiment import load_experiment
    from proxysim.variation import Variation, columns_of

    experiment = load_experiment(file)
    table = design_of(experiment)
    if as_csv:
        table.to_dataframe().drop(columns="point").to_csv(sys.stdout, index=False)
        return
    variation = Variation(experiment)
    columns_of(experiment, variation.world(0, table.point(0)))
    _tell_design(experiment, table)
    _tell_cost(cost_of(variation, table), experiment, table, processors())


def _tell_design(experiment: Experiment, table: Design) -> None:
    print(experiment.question)
    print(f"  world     {experiment.base}")
    print(f"  branches  {', '.join(experiment.branches)} (the first is what the others are held against)")
    print(f"  measures  {', '.join(experiment.measures)}")
    for role in ("levers", "uncertainties"):
        factors = [factor for factor in experiment.factors if factor.role == role]
        if factors:
            print(f"  {role} ({len(factors)})")
        for factor in factors[:SHOWN_FACTORS]:
            if factor.is_list:
                values = ", ".join(str(factor.shown(level)) for level in factor.levels[:12]) + (", ..." if len(factor.levels) > 12 else "")
            elif factor.verb == "draw":
                values = "drawn from the range in the world"
            else:
                values = f"{factor.low:g} to {factor.high:g}, {factor.dist}{' ' + factor.unit if factor.unit else ''}"
            verb = "" if factor.verb in ("set", "text", "draw") else f"{factor.verb} "
            met = f"  ({len(factor.paths)} numbers together)" if len(factor.paths) > 1 else ""
            print(f"    {factor.name}: {verb}{values}{met}")
        if len(factors) > SHOWN_FACTORS:
            print(f"    ... and {len(factors) - SHOWN_FACTORS} more; see --csv")
    for name in experiment.left_out:
        print(f"  left out  {name}: it is 0 in every branch, so there is nothing to switch off")
    print(f"  first points of {len(table):,}, {experiment.design}, seed {experiment.seed}")
    for k in range(min(SHOWN_POINTS, len(table))):
        values = ", ".join(f"{value:.4g}" if isinstance(value, float) else str(value) for value in table.point(k)[:12])
        print(f"    {k}: {values}{', ...' if len(table.factors) > 12 else ''}")
    if experiment.design == "sobol" and len(table) & (len(table) - 1):
        near = 1 << (len(table).bit_length() - 1)
        print(f"    a Sobol sequence is balanced at powers of two, such as {near:,} or {2 * near:,}")


def _tell_cost(cost: Cost, experiment: Experiment, table: Design, workers: int) -> None:
    branches = len(experiment.branches)
    print(f"  size      {len(table):,} points x {branches} branches x {experiment.runs:,} runs = {cost.rows:,} runs")
    print(f"  cost      {1000 * cost.seconds:.2f} ms a run, measured on {cost.looked} runs of this world just now;")
    for count in sorted({1, workers}):
        print(f"            about {_duration(cost.on(count))} with {count} worker{'s' if count > 1 else ''}")
    print(f"            about {_bytes(cost.bytes)} on disk")


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _bytes(count: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
