"""Options that several commands have, each declared once, and how a command takes them."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from typing import Annotated, Any, get_type_hints

import typer

from proxysim.cli.app import Sets

Runs = Annotated[int, typer.Option("--runs", min=1, help="Pairs of runs.")]
Seed = Annotated[int, typer.Option("--seed", min=0, max=2**63 - 1, help="Seed of the study.")]
Uncertain = Annotated[
    bool, typer.Option("--uncertain", help="Draw the numbers that have a range, the same in every branch.")
]
Measures = Annotated[
    str | None,
    typer.Option("--measures", metavar="NAME[.ACTOR],...", help='Which measures; "all" for every one there is.'),
]
Threads = Annotated[int | None, typer.Option("--threads", min=1, help="Threads; all processors when not given.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of words.")]
Folder = Annotated[
    str | None, typer.Option("--out", metavar="DIR", help="Also write tables and the answer to a folder.")
]
Hook = Annotated[
    str | None,
    typer.Option("--hook", metavar="MODULE:FUNCTION", help="Called as f(point, branch, run) before each run."),
]


@dataclass(frozen=True)
class DrawOptions:
    """What a study draws: its seed, and whether uncertain parameters are drawn."""

    seed: Seed = 0
    uncertain: Uncertain = False


@dataclass(frozen=True)
class OutputOptions:
    """Changes of numbers, threads, and the form of the answer."""

    sets: Sets = None
    threads: Threads = None
    out: Folder = None
    as_json: AsJson = False


@dataclass(frozen=True)
class WorkerOptions:
    """What a sweep runs on."""

    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Workers; all processors when not given.")
    ] = None
    executor: Annotated[
        str | None,
        typer.Option("--executor", metavar="KIND", help="none, threads, processes or dask; chosen when not given."),
    ] = None
    dask: Annotated[
        str | None, typer.Option("--dask", metavar="tcp://HOST:PORT", help="Scheduler of a Dask cluster.")
    ] = None
    insecure: Annotated[
        bool,
        typer.Option(
            "--insecure-network",
            help="Allow a scheduler on another machine over plain tcp, which anyone on the way can read.",
        ),
    ] = False
    timeout: Annotated[
        float | None,
        typer.Option("--timeout", metavar="SECONDS", help="Longest time of one run; needs processes or Dask."),
    ] = None


def with_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command one option for each field of the dataclasses that it takes.

    A parameter annotated with a dataclass is replaced, in its place, by the fields of that class; when the command is
    called, the values of the fields make up the instance that it gets. Fields are annotated as Typer has it.
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
