"""The command that writes the answer to a world's question on one page."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from proxysim.cli.app import Sets, WorldFile, app, refusal
from proxysim.cli.studies import Seed, Threads, Uncertain, bar


@app.command("report")
def report(
    world: WorldFile,
    branches: Annotated[
        str | None,
        typer.Option(
            "--branches",
            metavar="A,B,...",
            help="The first is what the others are held against; chosen by name when not given.",
        ),
    ] = None,
    runs: Annotated[int, typer.Option("--runs", min=1, help="Pairs of runs.")] = 200,
    seed: Seed = 0,
    uncertain: Uncertain = False,
    sets: Sets = None,
    threads: Threads = None,
    out: Annotated[str, typer.Option("--out", metavar="FILE", help="The HTML file.")] = "report.html",
) -> None:
    """The answer on one page: effects, provisions, countermeasures, figures and sources, in one HTML file."""
    target = Path(out)
    _check(target)
    from proxysim.report import write_report
    from proxysim.scenario.world import load

    names = [name.strip() for name in branches.split(",") if name.strip()] if branches is not None else None
    built = load(world, names[0] if names else None, tuple(sets or ()))
    if branches is None:
        built = load(world, None, tuple(sets or ()))
    write_report(built, target, names, runs, seed, uncertain=uncertain, threads=threads, steps=bar,
                 asked=_asked(world, branches, runs, seed, uncertain, sets, out))  # fmt: skip
    print(f"wrote {target} ({target.stat().st_size / 1e6:.1f} MB)", file=sys.stderr)


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
    world: str, branches: str | None, runs: int, seed: int, uncertain: bool, sets: list[str] | None, out: str
) -> str:
    """The command as it was given, with what it left open."""
    words = ["proxysim", "report", world]
    words += ["--branches", branches] if branches is not None else []
    words += ["--runs", str(runs), "--seed", str(seed)] + (["--uncertain"] if uncertain else [])
    for one in sets or ():
        words += ["--set", one]
    return shlex.join([*words, "--out", out])
