"""Options shared by several commands, each declared once, and the decorator that adds them to a command."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from proxysim.cli.app import Policies, Sets, refusal
from proxysim.errors import did_you_mean

if TYPE_CHECKING:
    from proxysim.scenario.scenario import Scenario
    from proxysim.scenario.world.world import World

Runs = Annotated[int, typer.Option("--runs", min=1, help="Number of paired runs.")]
Seed = Annotated[int, typer.Option("--seed", min=0, max=2**63 - 1, help="Seed of the study.")]
Uncertain = Annotated[
    bool, typer.Option("--uncertain", help="Resample every parameter that has a range, with the same values in every branch.")
]
Posterior = Annotated[
    str | None,
    typer.Option(
        "--posterior",
        metavar="FILE",
        help="Resample parameters as a calibration left them: a file of kind \"posterior\", or the name of a shipped world that has one.",
    ),
]
Measures = Annotated[
    str | None,
    typer.Option("--measures", metavar="NAME[.ACTOR],...", help='Measures to report; "all" reports every measure.'),
]
Threads = Annotated[int | None, typer.Option("--threads", min=1, help="Number of threads; default: all processors.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
Folder = Annotated[
    str | None, typer.Option("--out", metavar="DIR", help="Also write the tables and the answer to a new folder.")
]
Hook = Annotated[
    str | None,
    typer.Option(
        "--hook",
        metavar="MODULE:FUNCTION",
        help="Function called as f(point, branch, run) before each run; if it raises an error, the run fails.",
    ),
]


@dataclass(frozen=True)
class DrawOptions:
    """Seed of a study, and whether and how uncertain parameters are resampled."""

    seed: Seed = 0
    uncertain: Uncertain = False
    posterior: Posterior = None

    @property
    def resampled(self) -> bool:
        """Whether uncertain parameters are resampled, from their ranges or from a posterior."""
        return self.uncertain or self.posterior is not None


def informed(world: World, posterior: str | None) -> World:
    """Return a world with its uncertain parameters drawn from a posterior, if one is given, and say on stderr how many are."""
    if posterior is None:
        return world
    found = world.with_posterior(posterior)
    say_posterior(found.scenario)
    return found


def say_posterior(scenario: Scenario) -> None:
    """Say on stderr how many parameters of a world its posterior informs."""
    if scenario.posterior is not None:
        print(scenario.posterior.words(), file=sys.stderr)


def check_branches_of(sets: list[str] | None, names: list[str]) -> None:
    """Refuse ``--set BRANCH:PATH=VALUE`` for a branch that is not compared, where it would change nothing."""
    from proxysim.scenario.resolve.overrides import split_branch

    for text in sets or ():
        branch, _ = split_branch(text)
        if branch is not None and branch not in names:
            message = f'{text[:80]!r}: "{branch[:60]}" is not one of the branches that are compared, {", ".join(names)}'
            raise refusal("--set", message + did_you_mean(branch, names))


@dataclass(frozen=True)
class OutputOptions:
    """Changes of numbers, policies that are on, number of threads, and form of the answer."""

    sets: Sets = None
    policies: Policies = None
    threads: Threads = None
    out: Folder = None
    as_json: AsJson = False


@dataclass(frozen=True)
class WorkerOptions:
    """Where a sweep runs."""

    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Number of workers; default: all processors.")
    ] = None
    executor: Annotated[
        str | None,
        typer.Option("--executor", metavar="KIND", help="How to run: none, threads, processes or dask; default: depends on the other options."),
    ] = None
    dask: Annotated[
        str | None, typer.Option("--dask", metavar="tcp://HOST:PORT", help="Address of the scheduler of a Dask cluster.")
    ] = None
    insecure: Annotated[
        bool,
        typer.Option(
            "--insecure-network",
            help="Allow plain tcp to a scheduler on another machine; anyone on the network can then read and control it.",
        ),
    ] = False
    timeout: Annotated[
        float | None,
        typer.Option("--timeout", metavar="SECONDS", help="Time limit of one run, in seconds; needs processes or Dask."),
    ] = None


def with_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command one option per field of the dataclasses that it takes.

    A parameter annotated with a dataclass is replaced by the fields of that class. When the command is called, the dataclass
    is built from the values of these options. Fields are annotated as Typer requires.
    """
    signature = inspect.signature(command, eval_str=True)
    groups: dict[str, Any] = {}
    parameters: list[inspect.Parameter] = []
    for parameter in signature.parameters.values():
        if is_dataclass(parameter.annotation):
            groups[parameter.name] = parameter.annotation
            hints = get_type_hints(parameter.annotation, include_extras=True)
            parameters += [
                inspect.Parameter(part.name, inspect.Parameter.KEYWORD_ONLY, default=part.default, annotation=hints[part.name])
                for part in fields(parameter.annotation)
            ]  # fmt: skip
        else:
            parameters.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY))

    @functools.wraps(command)
    def call(**given: Any) -> None:
        made = {
            name: group(**{part.name: given.pop(part.name) for part in fields(group)}) for name, group in groups.items()
        }
        command(**given, **made)

    call.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    call.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return call
