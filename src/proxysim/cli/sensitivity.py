"""The command `sensitivity`: which factors of a sweep the answer depends on."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from proxysim.cli.app import app
from proxysim.cli.options import AsJson
from proxysim.cli.options import Folder as Out
from proxysim.cli.studies import new_folder, write_tables
from proxysim.cli.sweeps import Folder


@app.command("sensitivity")
def sensitivity(
    folder: Folder,
    measure: Annotated[
        str | None, typer.Option("--measure", metavar="MEASURE.ACTOR", help="Outcome; default: the leading one, as in the report of the sweep.")
    ] = None,
    branch: Annotated[
        str | None, typer.Option("--branch", help="Branch whose effect relative to the first one is analysed; default: the last one.")
    ] = None,
    level: Annotated[bool, typer.Option("--level", help="Analyse the level of the outcome in the branch instead of its effect.")] = False,
    groups: Annotated[
        str | None,
        typer.Option("--groups", metavar="grades|sections|none", help="Groups of factors whose joint share is given; default: grades and sections."),
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(
            "--method", metavar="METHOD", help="sobol, given-data, morris or main-effects; default: the one that the design allows."
        ),
    ] = None,
    as_json: AsJson = False,
    out: Out = None,
) -> None:
    """Show which factors of a sweep the answer depends on, with the estimators that its design allows.

    A Saltelli sample gives Sobol' indices, lhs and sobol first-order indices by regression and PAWN, Morris trajectories mu* and sigma,
    and a grid main effects.
    """
    new = new_folder(out)
    from proxysim.studies.evidence import BY
    from proxysim.studies.sensitivity import SensitivityOptions
    from proxysim.studies.sensitivity import sensitivity as estimate

    options: SensitivityOptions = {"groups": BY if groups is None else [one.strip() for one in groups.split(",")], "method": method}
    if level:
        options["of"] = "level"
    found = estimate(folder, measure, branch, **options)
    text, words = json.dumps(found.to_json(), indent=1, ensure_ascii=False, allow_nan=False), found.summary()
    if new is not None:
        write_tables(new, {"sensitivity": found.to_dataframe()}, {"answer.txt": words, "answer.json": text})
    print(text if as_json else words)
