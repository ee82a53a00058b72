"""The command `brief`: two pages for those who decide."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from proxysim.cli.app import WorldFile, app, refusal
from proxysim.cli.options import AsJson, Seed, Threads, with_options
from proxysim.cli.report import target_of
from proxysim.cli.studies import bar
from proxysim.formatting import ascii_only
from proxysim.runs.files import is_stream

if TYPE_CHECKING:
    from proxysim.report.brief.page import Brief


@dataclass(frozen=True)
class BriefOptions:
    """What a brief is about, and how much is run for it."""

    branches: Annotated[
        str | None, typer.Option("--branches", metavar="A,B", help="Baseline and branch of interest; default: those of the report.")
    ] = None
    focus: Annotated[
        str | None, typer.Option("--focus", metavar="BRANCH", help="Branch of interest; default: the one that most others extend, or the file's own.")
    ] = None
    measure: Annotated[
        str | None, typer.Option("--measure", metavar="NAME.ACTOR", help="Outcome that leads; default: the one with which `compare` leads.")
    ] = None
    countermeasures: Annotated[
        str | None,
        typer.Option(
            "--countermeasures", metavar="A,B,...",
            help="Branches that can be joined to the branch of interest; default: those that state a cost or that the file joins to it, "
            "else those that leave the pacts as they are; at most 8.",
        ),
    ] = None  # fmt: skip
    respond: Annotated[
        str | None,
        typer.Option(
            "--respond", metavar="EXPERIMENT", help="Find best answers of the two sides of an experiment; default: the answers in the world."
        ),
    ] = None  # fmt: skip
    runs: Annotated[int, typer.Option("--runs", min=20, help="Number of pairs of runs of the two branches.")] = 2000
    futures: Annotated[int, typer.Option("--futures", min=50, help="Number of futures in which countermeasures are compared.")] = 200
    keep: Annotated[
        str | None,
        typer.Option("--keep", metavar="DIR", help="Folder that keeps the runs and tables; after an interruption the same command continues it."),
    ] = None


@app.command("brief")
@with_options
def brief(
    world: WorldFile,
    *,
    options: BriefOptions,
    seed: Seed = 0,
    threads: Threads = None,
    out: Annotated[str, typer.Option("--out", metavar="FILE", help="HTML file to write; - for stdout.")] = "brief.html",
    as_json: AsJson = False,
) -> None:
    """Write two pages: what a pact does, what to do first, what that depends on, what it would take, and what to find out.

    All uncertain parameters are drawn from their ranges. Each sentence names the table behind it. The tables follow in the same file, with
    the commands that make them, and are not printed. The sentences are printed too, unless the file goes to stdout.
    """
    from proxysim.report.brief.page import brief_of, brief_page
    from proxysim.report.html import template, write

    target = target_of(out)
    template("brief.html")  # fails before the runs if Jinja2 is missing
    countermeasures = _names(options.countermeasures, "--countermeasures")
    found = brief_of(world, _names(options.branches, "--branches"), options.runs, seed, focus=options.focus, measure=options.measure,
                     countermeasures=countermeasures, futures=options.futures, respond=options.respond, folder=options.keep, threads=threads,
                     steps=bar, asked=_asked(world, options, seed, out))  # fmt: skip
    write(target, brief_page(found))
    if is_stream(target):
        return
    print(json.dumps(found.to_json(), indent=1, ensure_ascii=False, allow_nan=False) if as_json else _text(found))
    print(f"wrote {target} ({target.stat().st_size / 1e6:.1f} MB)", file=sys.stderr)


def _names(given: str | None, option: str) -> list[str] | None:
    found = None if given is None else [name.strip() for name in given.split(",") if name.strip()]
    if found == []:
        raise refusal(option, f'found "{given}"; names separated by commas are needed')
    return found


def _text(found: Brief) -> str:
    """The sentences of a brief for a terminal."""
    from proxysim.studies.comparison_text import wrapped

    lines = [line for one in found.bottom for line in wrapped(one)]
    for part in found.parts:
        table = f" [{part.table.key}]" if part.table is not None else ""
        lines += ["", part.heading, *wrapped(f"{' '.join(part.sentences)}{table}")]
    return ascii_only("\n".join(lines))


def _asked(world: str, options: BriefOptions, seed: int, out: str) -> str:
    """The command as given, with its defaults filled in."""
    import shlex

    words = ["proxysim", "brief", world]
    for name in ("branches", "focus", "measure", "countermeasures", "respond"):
        value = getattr(options, name)
        words += [] if value is None else [f"--{name}", value]
    return shlex.join([*words, "--runs", str(options.runs), "--futures", str(options.futures), "--seed", str(seed), "--out", out])
