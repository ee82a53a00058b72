"""The command `check`: what is legal in a world or an experiment and probably not meant."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from proxysim.cli.app import app
from proxysim.cli.options import Seed, Threads
from proxysim.cli.studies import bar
from proxysim.errors import InputError
from proxysim.formatting import counted


@app.command("check")
def check(
    given: Annotated[
        str, typer.Argument(metavar="WORLD|EXPERIMENT", help="Path of a world or an experiment, or name of a shipped world.")
    ],
    quick: Annotated[bool, typer.Option("--quick", help="Leave out the checks that need runs.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Treat warnings as faults: exit status 2 if there are any.")] = False,
    every: Annotated[bool, typer.Option("--all", help="One line per warning, instead of one for all that say the same.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a list of JSON objects instead of text.")] = False,
    runs: Annotated[int, typer.Option("--runs", min=1, help="Runs of each branch of a world.")] = 20,
    seed: Seed = 0,
    threads: Threads = None,
) -> None:
    """Point out what is legal and probably not meant, with its line and what to do about it.

    Examples are numbers that change nothing, events outside the run, conditions that cannot hold, stocks that run dry,
    and a misplaced thousands comma. Every branch is run a few times. Exit status 0, even if there are warnings.
    """
    from proxysim.scenario.lint.warning import lines_of
    from proxysim.studies.check import check as check_file
    from proxysim.sweeps.estimate import processors

    found = check_file(given, runs, seed, quick=quick, threads=threads or processors(), progress=bar)
    if as_json:
        print(json.dumps([warning.to_json() for warning in found], indent=1, ensure_ascii=False))
    elif strict and found:
        raise InputError([warning.fault() for warning in found])
    else:
        for line in lines_of(found, every):
            print(line)
        what = "without runs" if quick else "with runs"
        print(f"checked {given} {what}: {counted(len(found), 'warning') if found else 'nothing to point out'}", file=sys.stderr)
    if strict and found:
        raise typer.Exit(2)
