"""The command `calibrate`: the uncertain parameters of a world as published figures leave them."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import Annotated

import typer

from proxysim.cli.app import Policies, Sets, app, policies_of
from proxysim.cli.options import AsJson, Seed, WorkerOptions, with_options
from proxysim.cli.studies import bar


@dataclass(frozen=True)
class SizeOptions:
    """Sizes of a calibration."""

    particles: Annotated[int, typer.Option("--particles", min=1, help="Particles over all chains.")] = 2000
    chains: Annotated[int, typer.Option("--chains", min=1, help="Chains that do not know of each other, 2 to 15.")] = 4
    prior: Annotated[int, typer.Option("--prior", min=1, help="Draws from the ranges with which the chains begin, over all chains.")] = 80_000
    budget: Annotated[int, typer.Option("--budget", metavar="RUNS", min=1, help="Largest number of runs over all chains.")] = 1_000_000
    keep: Annotated[
        int | None, typer.Option("--keep", metavar="N", min=1, help="Particles that the posterior has; default: all of them.")
    ] = None
    seed: Seed = 0


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
    found = run(
        file, out, sizes.seed, particles=sizes.particles, chains=sizes.chains, prior=sizes.prior, budget=sizes.budget, kept=sizes.keep,
        sets=tuple(sets or ()), policies=policies_of(policies), workers=where, progress=bar(), say=lambda text: print(text, file=sys.stderr),
    )  # fmt: skip
    print(json.dumps(found.to_json(), indent=1, ensure_ascii=False, allow_nan=False) if as_json else found.summary())
    if not found.is_posterior:
        raise typer.Exit(1)
    print(f"wrote {found.written}; use it with --posterior", file=sys.stderr)
