"""The command `respond`: best answers of two sides to each other."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from proxysim.cli.app import app
from proxysim.cli.options import AsJson, WorkerOptions, with_options
from proxysim.cli.studies import bar, write_tables
from proxysim.cli.sweeps import ExperimentFile, options_of, say
from proxysim.paths import path_of


@app.command("respond")
@with_options
def respond(
    file: ExperimentFile,
    out: Annotated[
        str, typer.Option("--out", metavar="DIR", help="Folder for runs and tables; the same command continues what is in it.")
    ],
    full: Annotated[bool, typer.Option("--all", help="Print all options, outcomes and payoffs.")] = False,
    *,
    workers: WorkerOptions,
    as_json: AsJson = False,
) -> None:
    """Find what the two sides of an experiment do if each answers the other, and what the pact is worth there.

    Says first what it costs. Prints all equilibria, or a cycle of answers, how often resamples of the runs agree on them, and, from fresh
    runs, what each side gains and what the pact changes. If it is interrupted, the same command continues it and gives the same result.
    """
    from proxysim.studies.respond import respond as run

    found = run(file, out, options_of(workers, None), progress=bar(), say=say)
    answer = json.dumps(found.to_json(), indent=1, ensure_ascii=False, allow_nan=False)
    words = found.summary(full)
    tables = {"cells": found.to_dataframe(), "equilibria": found.equilibria(), "gains": found.gains(), "worth": found.worth()}
    write_tables(path_of(out), tables, {"answer.txt": words, "answer.json": answer})
    print(answer if as_json else words)
