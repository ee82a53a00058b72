"""The commands `calibrate` and `test-calibration`: parameters as published figures leave them, and whether that can be trusted."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import Annotated

import typer

from proxysim.cli.app import Policies, Sets, app, policies_of, refusal
from proxysim.cli.options import AsJson, Seed, Threads, WorkerOptions, with_options
from proxysim.cli.studies import bar


@dataclass(frozen=True)
class SizeOptions:
    """Sizes of a calibration."""

    particles: Annotated[int, typer.Option("--particles", min=1, help="Particles over all chains.")] = 2000
    chains: Annotated[int, typer.Option("--chains", min=1, help="Chains that do not know of each other, 2 to 15.")] = 4
    prior: Annotated[int, typer.Option("--prior", min=1, help="Draws from the ranges with which the chains begin, over all chains.")] = 80_000
    budget: Annotated[
        int, typer.Option("--budget", metavar="RUNS", min=1, help="Runs over all chains after which none begins another level.")
    ] = 1_000_000
    keep: Annotated[
        int | None, typer.Option("--keep", metavar="N", min=1, help="Particles that the posterior has; default: all of them.")
    ] = None
    seed: Seed = 0


def _say(text: str) -> None:
    print(text, file=sys.stderr)


@app.command("calibrate")
@with_options
def calibrate(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help='Path of a file of kind "patterns", or name of a shipped world that has one.')
    ],
    out: Annotated[
        str, typer.Option("--out", metavar="DIR", help="Folder for chains and posterior; the same command continues what is in it.")
    ],
    *,
    sizes: SizeOptions,
    sets: Sets = None,
    policies: Policies = None,
    workers: WorkerOptions,
    as_json: AsJson = False,
) -> None:
    """Calibrate a world to its patterns of role fit, and write the posterior for --posterior.

    Says first what it costs. If it is interrupted, the same command continues it and gives the same result. The exit status is 1 if the
    particles are no posterior: fewer than 100 distinct ancestors, fewer than 20 % that pass all fitted patterns, or chains that disagree.
    """
    from proxysim.studies.calibration.calibration import calibrate as run
    from proxysim.sweeps.estimate import processors
    from proxysim.sweeps.execution.options import SweepOptions

    kind = workers.executor or ("dask" if workers.dask else "processes" if workers.workers or workers.timeout else "none")
    count = 1 if kind == "none" and workers.workers is None else workers.workers or processors()
    where = SweepOptions(kind, count, workers.dask, workers.insecure, workers.timeout)
    try:
        found = run(
            file, out, sizes.seed, particles=sizes.particles, chains=sizes.chains, prior=sizes.prior, budget=sizes.budget, kept=sizes.keep,
            sets=tuple(sets or ()), policies=policies_of(policies), workers=where, progress=bar(), say=_say,
        )  # fmt: skip
    except KeyboardInterrupt:
        _say("proxysim: interrupted; finished levels are kept, and the same command continues")
        raise typer.Exit(3) from None
    print(json.dumps(found.to_json(), indent=1, ensure_ascii=False, allow_nan=False) if as_json else found.summary())
    if not found.is_posterior:
        raise typer.Exit(1)
    print(f"wrote {found.written}; use it with --posterior", file=sys.stderr)


@app.command("test-calibration")
@with_options
def test_calibration(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help='Path of a file of kind "patterns", or name of a shipped world that has one.')
    ],
    only: Annotated[
        str | None,
        typer.Option(
            "--only",
            metavar="PATH,...",
            help="2 to 20 uncertain parameters: draw truths from their ranges, simulate data, and see whether calibration recovers them.",
        ),
    ] = None,
    leave_one_out: Annotated[
        bool, typer.Option("--leave-one-out", help="Calibrate to all fitted patterns but one, and see whether they predict it, for each in turn.")
    ] = False,
    fits: Annotated[int, typer.Option("--fits", min=20, help="Truths, with --only.")] = 500,
    table: Annotated[
        int | None, typer.Option("--table", min=20, help="Draws from the ranges with which each calibration begins; default: 20,000, or 40,000.")
    ] = None,
    particles: Annotated[int, typer.Option("--particles", min=20, help="Particles of each calibration.")] = 200,
    *,
    seed: Seed = 0,
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """Test whether calibration can be trusted.

    With --only, truths are drawn from the ranges of a few parameters, and calibrated to their simulated data. The exit status is 1 if ranks
    or coverage are rejected. With --leave-one-out, each fitted pattern is predicted from the others.
    """
    from proxysim.studies.calibration import checks

    if (only is None) == (not leave_one_out):
        raise refusal("--only", "give either --only or --leave-one-out")
    options: checks.LeaveOneOutOptions = {"particles": particles, "threads": threads, "say": _say}
    if table is not None:
        options["table"] = table
    found: checks.Recovery | checks.LeaveOneOut
    if only is None:
        found = checks.leave_one_out(file, seed, **options)
    else:
        found = checks.recover(file, [name.strip() for name in only.split(",") if name.strip()], seed, fits=fits, **options)
    print(json.dumps(found.to_json(), indent=1, ensure_ascii=False, allow_nan=False) if as_json else found.summary())
    if isinstance(found, checks.Recovery) and not found.calibrated:
        raise typer.Exit(1)
