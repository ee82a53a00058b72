"""The command `value-of-information`: what to find out before countermeasures are chosen."""

from __future__ import annotations

from typing import Annotated

import typer

from proxysim.cli.app import app
from proxysim.cli.options import AsJson
from proxysim.cli.options import Folder as Out
from proxysim.cli.studies import bar, new_folder, tell_facts


@app.command("value-of-information")
def value_of_information(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="Folder of a finished portfolio.")],
    measure: Annotated[
        str | None, typer.Option("--measure", metavar="NAME.ACTOR", help="Outcome by whose mean effect options are chosen; default: the first.")
    ] = None,
    purse: Annotated[
        float | None, typer.Option("--purse", metavar="X", help="Compare the options that use up this purse, USD m / year.")
    ] = None,
    number: Annotated[
        int | None,
        typer.Option(
            "--number", metavar="N",
            help="Compare the options of N countermeasures. Default: those with which the answer of the portfolio begins.",
        ),
    ] = None,
    full: Annotated[bool, typer.Option("--all", help="Print all parameters, not only the first ten.")] = False,
    as_json: AsJson = False,
    out: Out = None,
) -> None:  # fmt: skip
    """Show which uncertain parameters are worth knowing before countermeasures are chosen, and what the choice would then be.

    Reads the futures of a finished `proxysim portfolio`, and makes no runs. Values are out of sample, and compared with those of permuted
    futures. "Nothing" is a common answer.
    """
    new = new_folder(out)
    from proxysim.studies.value_of_information import value_of_information as estimate

    found = estimate(folder, measure, purse=purse, number=number, progress=bar("parameters"))
    tell_facts(found.to_json(), {"parameters": found.to_dataframe()}, new, found.summary(full), as_json)
