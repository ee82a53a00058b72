"""The command `discover`: where a condition on an outcome holds, in a finished sweep or over the uncertain parameters of a world."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Annotated

import typer

from proxysim.cli.app import Policies, Sets, app, policies_of, refusal
from proxysim.cli.options import AsJson, Folder, Posterior, Seed, Threads, informed, with_options
from proxysim.cli.studies import bar, new_folder, tell_facts
from proxysim.cli.threshold import branches_of
from proxysim.paths import path_of

if TYPE_CHECKING:
    from proxysim.studies.discovery import BoxOptions
    from proxysim.studies.discovery_result import Discovery


@dataclass(frozen=True)
class FinderOptions:
    """What a box must have, and how often its limits are found again."""

    min_density: Annotated[
        float, typer.Option("--min-density", metavar="SHARE", min=0.0, max=1.0, help="Least density: share of the box in which the condition holds.")
    ] = 0.0
    min_coverage: Annotated[
        float, typer.Option("--min-coverage", metavar="SHARE", min=0.0, max=1.0, help="Least coverage: share of all such cases in the box.")
    ] = 0.0
    resamples: Annotated[int, typer.Option("--resamples", min=0, max=10_000, help="Number of resamples for the limits.")] = 100
    seed: Seed = 0


@dataclass(frozen=True)
class SweepOptions:
    """Options for a sweep."""

    branch: Annotated[str | None, typer.Option("--branch", help="Sweep only: branch analysed; default: the last one.")] = None
    means: Annotated[
        bool, typer.Option("--means", help="Sweep only: take the mean over the runs of each point as one case, instead of each pair of runs.")
    ] = False


@dataclass(frozen=True)
class WorldOptions:
    """Options for a world."""

    branches: Annotated[
        str | None,
        typer.Option("--branches", metavar="A,B", help="World only: two branches, the first is the baseline; or one. Default: those of the report."),
    ] = None
    draws: Annotated[
        int, typer.Option("--draws", metavar="N", min=50, help="World only: draws of the uncertain parameters, of two runs each.")
    ] = 1000
    start: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="World only: month from which branches may differ; outcomes count from then on.")
    ] = None
    posterior: Posterior = None
    sets: Sets = None
    policies: Policies = None
    threads: Threads = None


@app.command("discover")
@with_options
def discover(
    context: typer.Context,
    subject: Annotated[str, typer.Argument(metavar="DIR|WORLD", help="Folder of a sweep, path of a world file, or name of a shipped world.")],
    where: Annotated[
        str,
        typer.Option(
            "--where", metavar="COND",
            help='Condition on an outcome, such as "capacity.X effect > 10", in the unit of --json (flows per month).',
        ),
    ],
    *,
    finder: FinderOptions,
    of_sweep: SweepOptions,
    of_world: WorldOptions,
    out: Folder = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Find the values of a few parameters for which a condition on an outcome holds often.

    The box is found on half of the points of a sweep, or of the draws of a world, and checked on the other half. Prints the box in words,
    its limits with their intervals, and the densest leaf of a small decision tree as a second opinion.
    """
    is_sweep = path_of(subject).is_dir()
    for name in (part.name for part in fields(of_world if is_sweep else of_sweep)):
        if getattr(context.get_parameter_source(name), "name", "DEFAULT") != "DEFAULT":
            option = f"--{ {'start': 'from', 'sets': 'set'}.get(name, name)}"
            raise refusal(option, f"applies only to {'a world' if is_sweep else 'the folder of a sweep'}; {subject} is "
                                  f"{'a folder' if is_sweep else 'not a folder'}")  # fmt: skip
    folder = new_folder(out)
    given: BoxOptions = {
        "min_density": finder.min_density, "min_coverage": finder.min_coverage, "resamples": finder.resamples, "seed": finder.seed,
    }  # fmt: skip
    found = _in_sweep(subject, where, given, of_sweep) if is_sweep else _in_world(subject, where, given, of_world)
    tables = {}
    if folder is not None:
        tables = {"limits": found.to_dataframe(), "trajectory": found.trajectory(), "points": found.points()}
    tell_facts(found.to_json(), tables, folder, found.summary(), as_json)


def _in_sweep(folder: str, where: str, given: BoxOptions, options: SweepOptions) -> Discovery:
    from proxysim.studies.discovery import discover as search
    from proxysim.studies.discovery_result import MEANS, RUNS

    return search(folder, where, options.branch, cases=MEANS if options.means else RUNS, **given)


def _in_world(world: str, where: str, given: BoxOptions, options: WorldOptions) -> Discovery:
    from proxysim.scenario.world.world import load
    from proxysim.studies.discovery import discover_draws

    built = informed(load(world, None, tuple(options.sets or ()), policies_of(options.policies)), options.posterior)
    return discover_draws(built, branches_of(built, options.branches), where, options.draws, given["seed"], start=options.start,
                          threads=options.threads, progress=bar(), **given)  # fmt: skip
