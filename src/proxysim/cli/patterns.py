"""The command `patterns`: a world compared with patterns of the real world."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from proxysim.cli.app import app, policies_of, refusal
from proxysim.cli.options import DrawOptions, OutputOptions, say_posterior, with_options
from proxysim.cli.studies import bar, new_folder, write_tables

if TYPE_CHECKING:
    import pandas

    from proxysim.studies.patterns.document import PatternsFile


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
    years: Annotated[
        str | None,
        typer.Option(
            "--held-back",
            metavar="FROM:TO",
            help='Predict the patterns of these years, such as 2023-01:2024-12, with nothing told about them, with the wars given, and as shipped.',
        ),
    ] = None,
    *,
    draws: DrawOptions,
    output: OutputOptions,
) -> None:
    """Compare a world with patterns of the real world.

    Prints the range of each pattern, what the model shows, and whether the pattern is reproduced. The exit status is 1 if a
    pattern that counts as evidence is not reproduced, or if no wrong model that it names fails it.
    """
    folder = new_folder(output.out)
    from proxysim.studies.patterns.assessment import patterns as compare_with
    from proxysim.studies.patterns.reader import read_patterns

    changed = read_patterns(file).changed(output.sets or (), policies_of(output.policies))
    if draws.posterior is not None:
        if years is not None:
            raise refusal("--posterior", "may know the years that --held-back predicts; calibrate to the patterns before them, or leave it out")
        from proxysim.studies.patterns.observation import with_posterior

        changed = with_posterior(changed, draws.posterior)
        say_posterior(changed.scenario)
    if years is not None:
        if rivals:
            raise refusal("--held-back", "predicts years and --rivals tries wrong models; give one of them")
        _held_back(changed, years, runs, draws, output, folder)
        return
    found = compare_with(changed, runs, draws.seed, uncertain=draws.resampled, rivals="all" if rivals else "named", threads=output.threads,
                         progress=bar())  # fmt: skip
    answer, words = json.dumps(found.to_json(), indent=1, ensure_ascii=False, allow_nan=False), found.summary()
    if folder is not None:
        tables: dict[str, pandas.DataFrame] = {"patterns": found.to_dataframe()}
        if rivals:
            tables["rivals"] = found.rivals_table()
        write_tables(folder, tables, {"answer.txt": words, "answer.json": answer})
    print(answer if output.as_json else words)
    if not found.ok:
        raise typer.Exit(1)


def _held_back(file: PatternsFile, years: str, runs: int, draws: DrawOptions, output: OutputOptions, folder: Path | None) -> None:
    from proxysim.studies.patterns.held_back import held_back

    ends = [text.strip() for text in years.split(":")]
    if len(ends) != 2:
        raise refusal("--held-back", f'found "{years[:60]}"; give two months such as 2023-01:2024-12')
    found = held_back(file, (ends[0], ends[1]), runs, draws.seed, uncertain=draws.uncertain, threads=output.threads, progress=bar())
    answer, words = json.dumps(found.to_json(), indent=1, ensure_ascii=False, allow_nan=False), found.summary()
    if folder is not None:
        write_tables(folder, {"held_back": found.to_dataframe()}, {"answer.txt": words, "answer.json": answer})
    print(answer if output.as_json else words)
