"""The command that writes the answer to the question of a world, or what a sweep found, on one page."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from proxysim.cli.app import Sets, app, refusal
from proxysim.cli.studies import Seed, Threads, Uncertain, bar
from proxysim.errors import RunError, StorageError

if TYPE_CHECKING:
    from proxysim.report.study.findings import ReportOptions

#: Options of a world, and of the folder of a sweep.
_OF_WORLD = ("branches", "runs", "seed", "uncertain", "sets", "threads")
_OF_SWEEP = ("outcome", "branch")


@app.command("report")
def report(
    context: typer.Context,
    subject: Annotated[
        str, typer.Argument(metavar="WORLD|DIR", help="Path of a world file, or the folder of a finished sweep.")
    ],
    branches: Annotated[
        str | None,
        typer.Option(
            "--branches",
            metavar="A,B,...",
            help="Of a world: the first is what the others are held against; chosen by name when not given.",
        ),
    ] = None,
    runs: Annotated[int, typer.Option("--runs", min=1, help="Of a world: pairs of runs.")] = 200,
    seed: Seed = 0,
    uncertain: Uncertain = False,
    sets: Sets = None,
    threads: Threads = None,
    outcome: Annotated[
        str | None,
        typer.Option(
            "--outcome",
            metavar="MEASURE[.ACTOR]",
            help="Of a sweep: what is asked; capacity of the proxies when not given and there.",
        ),
    ] = None,
    branch: Annotated[
        str | None,
        typer.Option("--branch", help="Of a sweep: the branch looked at; the strengthened pact, else the last."),
    ] = None,
    out: Annotated[str, typer.Option("--out", metavar="FILE", help="The HTML file.")] = "report.html",
) -> None:
    """The answer on one page, in one HTML file: effects, provisions, countermeasures, figures and sources of a world; or what a sweep found."""
    target = Path(out)
    _check(target)
    of_sweep = Path(subject).is_dir()
    for name in _OF_WORLD if of_sweep else _OF_SWEEP:
        if getattr(context.get_parameter_source(name), "name", "DEFAULT") != "DEFAULT":
            option = f"--{'set' if name == 'sets' else name}"
            raise refusal(option, f"goes with {'a world' if of_sweep else 'the folder of a sweep'}, and {subject} is "
                                  f"{'a folder' if of_sweep else 'none'}")  # fmt: skip
    if of_sweep:
        _of_sweep(subject, target, outcome, branch)
    else:
        asked = _asked(subject, target, branches, sets or (), runs, seed, uncertain)
        options: ReportOptions = {"uncertain": uncertain, "threads": threads, "steps": bar, "asked": asked}
        _of_world(subject, target, branches, sets or (), runs, seed, options)
    print(f"wrote {target} ({target.stat().st_size / 1e6:.1f} MB)", file=sys.stderr)


def _of_world(
    world: str, target: Path, branches: str | None, sets: Sequence[str], runs: int, seed: int, options: ReportOptions
) -> None:
    from proxysim.report.study.page import write_report
    from proxysim.scenario.world.world import load

    names = [name.strip() for name in branches.split(",") if name.strip()] if branches is not None else None
    built = load(world, names[0] if names else None, tuple(sets))
    write_report(built, target, names, runs, seed, **options)


def _of_sweep(folder: str, target: Path, outcome: str | None, branch: str | None) -> None:
    from proxysim.report.sweep.page import write_sweep_report
    from proxysim.sweeps.runner import status

    state = status(folder)
    if state.skipped or state.digest is None:
        print(f"proxysim: {state.stopped or f'{state}; first `proxysim resume {folder}`'}", file=sys.stderr)
        raise typer.Exit(3)
    words = ["proxysim", "report", folder]
    words += ["--outcome", outcome] if outcome is not None else []
    words += ["--branch", branch] if branch is not None else []
    try:
        write_sweep_report(folder, target, outcome, branch, shlex.join([*words, "--out", str(target)]))
    except StorageError:
        raise
    except RunError as error:
        raise refusal(
            "--branch" if branch is not None and repr(branch) in str(error) else "--outcome", str(error)
        ) from None


def _check(target: Path) -> None:
    """Only a report is written over, and only into a folder that is there."""
    try:
        if target.is_dir() or not target.parent.is_dir():
            raise refusal("--out", f"{target} is a folder or stands in none; give a file")
        if (
            target.exists()
            and 'name="generator" content="proxysim' not in target.read_text(encoding="utf-8", errors="replace")[:4000]
        ):
            raise refusal("--out", f"{target} is there already and is no report of proxysim; give another name")
    except OSError as error:
        raise refusal("--out", f"{target} cannot be read: {error.strerror}") from None


def _asked(
    world: str, target: Path, branches: str | None, sets: Sequence[str], runs: int, seed: int, uncertain: bool
) -> str:
    """The command as it was given, with what it left open."""
    words = ["proxysim", "report", world]
    words += ["--branches", branches] if branches is not None else []
    words += ["--runs", str(runs), "--seed", str(seed)] + (["--uncertain"] if uncertain else [])
    for one in sets:
        words += ["--set", one]
    return shlex.join([*words, "--out", str(target)])
