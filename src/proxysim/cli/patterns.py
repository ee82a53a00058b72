"""The command `patterns`: a world compared with patterns of the real world."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from proxysim.cli.app import app
from proxysim.cli.options import AsJson, DrawOptions, Folder, Threads, with_options
from proxysim.cli.studies import bar, new_folder, write_tables

if TYPE_CHECKING:
    import pandas


@app.command("patterns")
@with_options
def patterns(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help='Path of a file of kind "patterns", or name of a shipped world that has one.')
    ],
    runs: Annotated[int, typer.Option("--runs", min=100, help="Number of runs of the world and of each wrong model.")] = 200,
    rivals: Annotated[
        bool,
        typer.Option(
            "--rivals",
            help="Run all wrong models: every rule off, every variant, every policy off, and the headline parameters at both ends.",
        ),
    ] = False,
    *,
    draws: DrawOptions,
    threads: Threads = None,
    out: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Compare a world with patterns of the real world.

    Prints the range of each pattern, what the model shows, and whether the pattern is reproduced. The exit status is 1 if a
    pattern that counts as evidence is not reproduced, or if no wrong model that it names fails it.
    """
    folder = new_folder(out)
    from proxysim.studies.patterns.assessment import patterns as compare_with

    found = compare_with(file, runs, draws.seed, uncertain=draws.uncertain, rivals=rivals, threads=threads, progress=bar())
    answer, words = json.dumps(found.to_json(), indent=1, ensure_ascii=False, allow_nan=False), found.summary()
    if folder is not None:
        tables: dict[str, pandas.DataFrame] = {"patterns": found.to_dataframe()}
        if rivals:
            tables["rivals"] = found.rivals_table()
        write_tables(folder, tables, {"answer.txt": words, "answer.json": answer})
    print(answer if as_json else words)
    if not found.ok:
        raise typer.Exit(1)
