"""The command `threshold`."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from proxysim.cli.app import WorldFile, app, policies_of, refusal
from proxysim.cli.options import DrawOptions, OutputOptions, informed, with_options
from proxysim.cli.studies import bar, new_folder, tell_facts

if TYPE_CHECKING:
    from proxysim.scenario.world.world import World


@dataclass(frozen=True)
class ThresholdOptions:
    """What is crossed by what, and how closely a crossing is bracketed."""

    crosses: Annotated[
        str,
        typer.Option(
            "--crosses", metavar="LEVEL|zero|BRANCH",
            help="Level that the effect crosses, in the unit of --json (flows per month); with a branch, the outcome in that branch.",
        ),
    ] = "zero"  # fmt: skip
    branches: Annotated[
        str | None,
        typer.Option(
            "--branches", metavar="A,B",
            help="Two branches, the first is the baseline; or one, whose outcome itself is followed. Default: those of the report.",
        ),
    ] = None  # fmt: skip
    runs: Annotated[int | None, typer.Option("--runs", min=5, help="Paired runs at each value; default: 400, or 200 with two numbers.")] = None
    points: Annotated[int, typer.Option("--points", min=3, max=1000, help="Number of values at which the effect is first computed.")] = 9
    precision: Annotated[
        float, typer.Option("--precision", metavar="SHARE", min=1e-6, max=0.5, help="Share of the range to which a crossing is bracketed.")
    ] = 0.01
    start: Annotated[
        str | None,
        typer.Option("--from", metavar="DATE", help="Month from which branches may differ from the first; outcomes cover the months from then on."),
    ] = None


@app.command("threshold")
@with_options
def threshold(
    world: WorldFile,
    vary: Annotated[
        list[str],
        typer.Option(
            "--vary", metavar="[BRANCH:]PATH[=LOW:HIGH]",
            help="Number that is varied, in all branches or in one; default: over its range. Give two for the line along which they break even.",
        ),
    ],
    measure: Annotated[str, typer.Option("--measure", metavar="NAME.ACTOR", help="Outcome whose effect is followed.")],
    *,
    draws: DrawOptions,
    options: ThresholdOptions,
    output: OutputOptions,
) -> None:  # fmt: skip
    """Find the value of a number at which the effect of a branch crosses a level.

    The effect is computed at a few values first, and each change of side is then bracketed. The interval is the stretch in which `compare`
    with as many runs could not tell the effect from the level.
    """
    if len(vary) > 2:
        raise refusal("--vary", f"found {len(vary)}; vary one number, or two for the line along which they break even")
    folder = new_folder(output.out)
    from proxysim.scenario.world.world import load
    from proxysim.studies.threshold import ThresholdOptions as Given
    from proxysim.studies.threshold import break_even
    from proxysim.studies.threshold import threshold as threshold_of

    built = informed(load(world, None, tuple(output.sets or ()), policies_of(output.policies)), draws.posterior)
    names = branches_of(built, options.branches)
    given: Given = {
        "points": options.points, "precision": options.precision, "uncertain": draws.resampled, "start": options.start, "threads": output.threads,
        "announce": _announce, "progress": bar(),
    }  # fmt: skip
    if len(vary) == 1:
        found = threshold_of(built, names, vary[0], measure, options.crosses, options.runs or 400, draws.seed, **given)
        tables, facts, words = {"points": found.to_dataframe()}, found.to_json(), found.summary()
    else:
        line = break_even(built, names, vary, measure, options.crosses, options.runs or 200, draws.seed, **given)
        tables, facts, words = {"line": line.to_dataframe()}, line.to_json(), line.summary()
    tell_facts(facts, tables, folder, words, output.as_json)


def branches_of(world: World, given: str | None) -> list[str]:
    """Return the branches that an option names, or the baseline and the focus of the report."""
    if given is not None:
        return [name.strip() for name in given.split(",") if name.strip()]
    from proxysim.report.roles import roles_of

    roles = roles_of(world)
    return [roles.baseline] if roles.focus is None else [roles.baseline, roles.focus]


def _announce(least: int, most: int, seconds: float) -> None:
    from proxysim.sweeps.estimate import duration_words

    print(f"{least:,} to {most:,} runs, at most about {duration_words(max(1.0, seconds))}", file=sys.stderr)
