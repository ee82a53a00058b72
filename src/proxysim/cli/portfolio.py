"""The command `portfolio`: combinations of countermeasures, compared by cost, effect and robustness."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Annotated

import typer

from proxysim.cli.app import app, refusal
from proxysim.cli.options import AsJson, WorkerOptions, with_options
from proxysim.cli.studies import bar, write_tables
from proxysim.cli.sweeps import ExperimentFile, options_of, say
from proxysim.paths import path_of


@dataclass(frozen=True)
class RobustnessOptions:
    """What options are compared by."""

    satisfies: Annotated[
        list[str] | None,
        typer.Option(
            "--satisfies",
            metavar="COND",
            help='Condition that a future should satisfy, such as "capacity.X effect <= 0", the default for each outcome; can be repeated.',
        ),
    ] = None
    maximize: Annotated[
        str | None,
        typer.Option("--maximize", metavar="NAME.ACTOR,...", help="Outcomes of which a larger effect is better; of all others a smaller one is."),
    ] = None
    purse: Annotated[
        str | None,
        typer.Option(
            "--purse",
            metavar="X,...",
            help="Purses in USD m / year for which options are ranked; default: a quarter, half and three quarters of the cost of all.",
        ),
    ] = None
    full: Annotated[bool, typer.Option("--all", help="Print rankings and frontiers of all outcomes, not only of the first.")] = False


@app.command("portfolio")
@with_options
def portfolio(
    file: ExperimentFile,
    out: Annotated[
        str, typer.Option("--out", metavar="DIR", help="Folder for runs and tables; the same command continues what is in it.")
    ],
    *,
    robustness: RobustnessOptions,
    workers: WorkerOptions,
    as_json: AsJson = False,
) -> None:
    """Run every combination of the countermeasures of an experiment, and compare them.

    Says first what it costs. Prints what is left of the effect, the best options of equal purse or number by four criteria with their
    ties, and the Pareto frontier of cost and effect. If it is interrupted, the same command continues it and gives the same result.
    """
    from proxysim.studies.portfolio import portfolio as run

    found = run(
        file, out, options_of(workers, None), satisfies=robustness.satisfies or (), maximize=_names(robustness.maximize),
        purses=_amounts(robustness.purse), progress=bar(), say=say,
    )  # fmt: skip
    answer = json.dumps(found.to_json(), indent=1, ensure_ascii=False, allow_nan=False)
    words = found.summary(robustness.full)
    tables = {"options": found.to_dataframe(), "rankings": found.rankings(), "frontier": found.frontier()}
    write_tables(path_of(out), tables, {"answer.txt": words, "answer.json": answer})
    print(answer if as_json else words)


def _names(text: str | None) -> list[str]:
    return [name.strip() for name in (text or "").split(",") if name.strip()]


def _amounts(text: str | None) -> list[float]:
    """Amounts separated by commas."""
    if text is not None and not _names(text):
        raise refusal("--purse", f'found "{text[:40]}"; numbers separated by commas are needed, in USD m / year')
    if text is not None and re.fullmatch(r"\s*\d{1,3}(,\d{3})+\s*", text):
        raise refusal("--purse", f'found "{text.strip()[:40]}", which can be one number or several; write 1000 for one, or "1, 000" for several')
    try:
        return [float(one.replace("_", "")) for one in _names(text)]
    except ValueError:
        raise refusal("--purse", f'found "{(text or "")[:40]}"; numbers separated by commas are needed, in USD m / year') from None
