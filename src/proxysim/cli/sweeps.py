"""The commands `design`, `sweep`, `resume`, `extend`, `status`, `verify` and `replay`."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from proxysim.cli.app import app
from proxysim.cli.options import Hook, WorkerOptions, with_options
from proxysim.cli.studies import bar
from proxysim.formatting import counted

if TYPE_CHECKING:
    from proxysim.sweeps.estimate import Cost
    from proxysim.sweeps.execution.options import SweepOptions
    from proxysim.sweeps.experiment.design import Design
    from proxysim.sweeps.experiment.experiment import Experiment
    from proxysim.sweeps.runner import Status

ExperimentFile = Annotated[str, typer.Argument(metavar="FILE", help='Path of a file of kind "experiment".')]
Folder = Annotated[str, typer.Argument(metavar="DIR", help="Folder of a sweep.")]
#: Maximum number of factors and of points that `design` prints.
SHOWN_FACTORS, SHOWN_POINTS = 40, 5


@app.command("design")
def design(
    file: ExperimentFile,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print every point as CSV instead of text.")] = False,
) -> None:
    """Show the points, size and estimated cost of an experiment.

    The experiment itself is not run; a few runs are timed for the estimate.
    """
    from proxysim.sweeps.estimate import cost_of, processors
    from proxysim.sweeps.experiment.design import design_of
    from proxysim.sweeps.experiment.experiment import load_experiment
    from proxysim.sweeps.inputs import Variation, columns_of

    experiment = load_experiment(file)
    table = design_of(experiment)
    if as_csv:
        table.to_dataframe().drop(columns="point").to_csv(sys.stdout, index=False)
        return
    variation = Variation(experiment)
    columns_of(experiment, variation.world(0, table.point(0)))
    _print_design(experiment, table)
    _print_cost(cost_of(variation, table), experiment, table, processors())


def _print_design(experiment: Experiment, table: Design) -> None:
    from proxysim.sweeps.experiment.design import SALTELLI
    from proxysim.sweeps.experiment.experiment import levelled

    print(experiment.question)
    print(f"  world     {experiment.base}")
    compared = " (the others are compared with the first)" if len(experiment.branches) > 1 else ""
    if experiment.countermeasures:
        print(f"  branches  {experiment.branches[0]} (the others are compared with it); {experiment.branches[1]} with every combination of")
        print(f"            {', '.join(experiment.countermeasures)}: {len(experiment.branches) - 1:,} combinations")
    elif experiment.sides:
        print(f"  branches  {experiment.branches[0]} (the others are compared with it); {experiment.branches[1]}, and each lever alone; "
              "`proxysim respond` joins them")  # fmt: skip
        for side in experiment.sides:
            print(f"            {side.name} wants {side.measure} {side.aim}: {', '.join(side.names)}")
    else:
        print(f"  branches  {', '.join(experiment.branches)}{compared}")
    print(f"  measures  {', '.join(experiment.measures)}")
    for role in ("levers", "uncertainties"):
        factors = [factor for factor in experiment.factors if factor.role == role]
        if factors:
            print(f"  {role} ({len(factors)})")
        for factor in factors[:SHOWN_FACTORS]:
            if factor.is_list:
                values = ", ".join(str(factor.shown(level)) for level in factor.levels[:12]) + (
                    ", ..." if len(factor.levels) > 12 else ""
                )
            elif factor.verb == "draw":
                values = "drawn from the range in the world"
            else:
                values = f"{factor.low:g} to {factor.high:g}, {factor.dist}{' ' + factor.unit if factor.unit else ''}"
            verb = "" if factor.verb in ("set", "text", "draw") else f"{factor.verb} "
            met = f"  ({len(factor.paths)} numbers together)" if len(factor.paths) > 1 else ""
            print(f"    {factor.name}: {verb}{values}{met}")
        if len(factors) > SHOWN_FACTORS:
            print(f"    ... and {len(factors) - SHOWN_FACTORS} more; see --csv")
    for name in levelled(experiment):
        print(f"  note      {name}: the branches differ in it, but as a factor it is the same in all of them")
    for name in experiment.left_out:
        print(f"  left out  {name}: it is 0 in every branch, so there is nothing to switch off")
    print(f"  first points of {len(table):,}, {experiment.design}, seed {experiment.seed}")
    for k in range(min(SHOWN_POINTS, len(table))):
        values = ", ".join(f"{value:.4g}" if isinstance(value, float) else str(value) for value in table.point(k)[:12])
        print(f"    {k}: {values}{', ...' if len(table.factors) > 12 else ''}")
    if repeated := sum(count > 0 for count in table.repeats):
        print(f"    {counted(repeated, 'point repeats', 'points repeat')} an earlier one")
    step = (2 if SALTELLI.get(experiment.design) else 1) * len(table.factors) + 2
    if experiment.design in SALTELLI and (groups := len(table) // step) & (groups - 1):
        near = 1 << (groups.bit_length() - 1)
        print(f"    the Sobol sequence behind it is balanced at powers of two, such as {near * step:,} or {2 * near * step:,} points")
    if experiment.design == "sobol" and len(table) & (len(table) - 1):
        near = 1 << (len(table).bit_length() - 1)
        print(f"    a Sobol sequence is balanced at powers of two, such as {near:,} or {2 * near:,}")


def _print_cost(cost: Cost, experiment: Experiment, table: Design, workers: int) -> None:
    from proxysim.sweeps.estimate import bytes_words, duration_words

    parts = (counted(len(table), "point"), counted(len(experiment.branches), "branch", "branches"), counted(experiment.runs, "run"))
    print(f"  size      {' x '.join(parts)} = {counted(cost.rows, 'run')}")
    print(f"  cost      {1000 * cost.seconds:.2f} ms per run, measured on {cost.measured} runs just now;")
    for count in sorted({1, workers}):
        print(f"            about {duration_words(cost.on(count))} with {counted(count, 'worker')}")
    print(f"            about {bytes_words(cost.bytes)} on disk")


@app.command("sweep")
@with_options
def sweep(
    file: ExperimentFile,
    out: Annotated[str, typer.Option("--out", metavar="DIR", help="New folder for the sweep.")],
    *,
    workers: WorkerOptions,
    block: Annotated[
        int | None,
        typer.Option(
            "--block", min=1, help="Number of (point, run) pairs per block; default: about one second of work or less."
        ),
    ] = None,
    hook: Hook = None,
) -> None:
    """Run an experiment and store its results in a new folder. If it is interrupted, `resume` continues it."""
    from proxysim.sweeps.runner import sweep as run_sweep

    chosen = options_of(workers, hook)
    _finish(run_sweep(file, out, chosen, block=block, progress=bar(), say=say))


@app.command("resume")
@with_options
def resume(
    folder: Folder,
    *,
    workers: WorkerOptions,
    hook: Hook = None,
    failed: Annotated[
        bool, typer.Option("--failed", help="Also retry the failed runs, by repeating their blocks.")
    ] = False,
) -> None:
    """Resume a sweep: run only what is missing or damaged."""
    from proxysim.sweeps.runner import resume as resume_sweep

    chosen = options_of(workers, hook)
    _finish(resume_sweep(folder, chosen, failed=failed, progress=bar(), say=say))


@app.command("extend")
@with_options
def extend(
    folder: Folder,
    runs: Annotated[int, typer.Option("--runs", min=0, help="Runs to add to each point and branch.")] = 0,
    points: Annotated[int, typer.Option("--points", min=0, help="Points to add to a Sobol or Saltelli design.")] = 0,
    *,
    workers: WorkerOptions,
    hook: Hook = None,
) -> None:
    """Add runs, or points of a Sobol design, to a finished sweep.

    Existing rows do not change.
    """
    from proxysim.sweeps.runner import extend as extend_sweep

    chosen = options_of(workers, hook)
    _finish(extend_sweep(folder, chosen, runs=runs, points=points, progress=bar(), say=say))


@app.command("status")
def status(folder: Folder) -> None:
    """Show the progress of a sweep. Exit status 0 if every run succeeded, otherwise 3."""
    from proxysim.sweeps.runner import status as status_of

    found = status_of(folder)
    print(found)
    print(f"{found.shards:,} of {found.blocks:,} blocks, {found.seconds:,.0f} s of work"
          f"{'; a process is working on it' if found.running else ''}")  # fmt: skip
    if found.digest:
        print(f"runs.parquet {found.digest}")
    _exit(found)


@app.command("verify")
def verify(folder: Folder) -> None:
    """Check every file of a sweep against its digest.

    Lists the damaged files and the runs in them. Exit status 3 if any file is damaged.
    """
    from proxysim.sweeps.verification import verify as verify_sweep

    found = verify_sweep(folder)
    for damage in found:
        print(f"{damage.file}: {damage.message}")
        for run_id in damage.run_ids:
            print(f"  {run_id}")
    if found:
        print(f"{len(found)} damaged; repair them with `proxysim resume {folder}`", file=sys.stderr)
        raise typer.Exit(3)
    print("every file matches its digest")


@app.command("replay")
def replay(
    folder: Folder,
    run_id: Annotated[str, typer.Argument(metavar="RUN_ID", help="Id of a run, from the column run_id.")],
) -> None:
    """Rerun one run of a sweep and compare it with the table. Exit status 3 if any number differs.

    A failed run has no row in the table. For such a run, the recorded failure and the new outcomes are printed.
    """
    from proxysim.sweeps.verification import replay as replay_run

    found = replay_run(folder, run_id)
    shown: dict[str, Any] = {
        "run_id": found.run_id, "branch": found.branch, "run": found.run, "point": {"number": found.point, **found.values},
        "same": found.is_same if found.failure is None else None, "summary": found.summary,
        "now": {name: _number(value) for name, value in found.again.items()},
    }  # fmt: skip
    if found.failure is not None:
        shown["failure"] = {name: found.failure[name] for name in ("stage", "type", "message", "trace")}
    elif not found.is_same and found.row is not None:
        shown["table"] = {name: _number(value) for name, value in found.row.items()}
    print(json.dumps(shown, indent=1, ensure_ascii=False, allow_nan=False))
    if not found.is_same and found.failure is None:
        raise typer.Exit(3)


def _number(value: float) -> float | None:
    return None if value != value else value


def options_of(workers: WorkerOptions, hook: str | None) -> SweepOptions:
    """Build the options of a sweep; the default is all processors."""
    from proxysim.sweeps.estimate import processors
    from proxysim.sweeps.execution.options import SweepOptions

    count = workers.workers or (1 if workers.executor == "none" else processors())
    return SweepOptions(workers.executor, count, workers.dask, workers.insecure, workers.timeout, hook)


def say(text: str) -> None:
    print(text, file=sys.stderr)


def _finish(found: Status) -> None:
    """Print the final state of a sweep and exit with its status."""
    print(found)
    if found.digest:
        print(f"runs.parquet {found.digest}")
    if found.failed:
        again = f"run them again with `proxysim resume {found.folder} --failed`"
        print(f"{found.failed:,} runs failed; see {found.folder / 'failures.parquet'}; {again}", file=sys.stderr)
    _exit(found)


def _exit(found: Status) -> None:
    if found.stopped:
        print(f"proxysim: {found.stopped}", file=sys.stderr)
    if found.exit_status:
        raise typer.Exit(found.exit_status)
