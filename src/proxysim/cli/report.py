"""The command `report`: a world, or a finished sweep, on one HTML page."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated

import typer

from proxysim.cli.app import Policies, Sets, app, policies_of, refusal
from proxysim.cli.options import Posterior, Seed, Threads, Uncertain, check_branches_of, informed, with_options
from proxysim.cli.studies import bar
from proxysim.errors import RunError, StorageError
from proxysim.paths import path_of
from proxysim.runs.files import is_stream


@dataclass(frozen=True)
class StudyOptions:
    """Options for the report of a world."""

    branches: Annotated[
        str | None,
        typer.Option(
            "--branches",
            metavar="A,B,...",
            help="World only: branches; the first is the baseline. Default: no-pact, the file's own branch, the branch of interest "
            "and those that extend it.",
        ),
    ] = None
    focus: Annotated[
        str | None,
        typer.Option(
            "--focus",
            metavar="BRANCH",
            help="World only: branch of interest. Default: the branch that most others extend, or else the file's own.",
        ),
    ] = None
    runs: Annotated[int, typer.Option("--runs", min=1, help="World only: number of paired runs.")] = 200
    seed: Seed = 0
    uncertain: Uncertain = False
    evidence: Annotated[
        bool,
        typer.Option(
            "--evidence",
            help="World only: also divide the variance of the main effect among grades of evidence, sections of the file and random "
            "variation. This takes some 16,000 more runs in a large world.",
        ),
    ] = False
    forms: Annotated[
        bool,
        typer.Option(
            "--forms",
            help="World only: also estimate the main effect in every form of the model: all variants of the rules, with policies on and "
            "off. This takes some 25,000 more runs in a world with policies.",
        ),
    ] = False
    vary: Annotated[
        list[str] | None,
        typer.Option(
            "--vary", metavar="[BRANCH:]PATH[=LOW:HIGH]",
            help="World only: also vary a number to find where the main effect crosses a level, as `proxysim threshold` does; can be repeated.",
        ),
    ] = None
    crosses: Annotated[
        str, typer.Option("--crosses", metavar="LEVEL|zero", help="World only: that level, in the unit of --json (flows per month).")
    ] = "zero"
    measure: Annotated[
        str | None,
        typer.Option("--measure", metavar="NAME.ACTOR", help="World only: outcome for --vary; default: the one with which the comparison leads."),
    ] = None
    portfolio: Annotated[
        str | None,
        typer.Option("--portfolio", metavar="DIR", help="World only: also show the options of a finished `proxysim portfolio`; makes no runs."),
    ] = None
    respond: Annotated[
        str | None,
        typer.Option("--respond", metavar="DIR", help="World only: also show the equilibria of a finished `proxysim respond`; makes no runs."),
    ] = None
    posterior: Posterior = None
    full: Annotated[bool, typer.Option("--full", help="World only: print the long tables too, which are otherwise folded on the screen.")] = False
    sets: Sets = None
    policies: Policies = None
    threads: Threads = None


@dataclass(frozen=True)
class SweepOptions:
    """Options for the report of a sweep."""

    outcome: Annotated[
        str | None,
        typer.Option(
            "--outcome",
            metavar="MEASURE[.ACTOR]",
            help="Sweep only: outcome to report; default: arms received by the proxies, if recorded.",
        ),
    ] = None
    branch: Annotated[
        str | None,
        typer.Option("--branch", help="Sweep only: branch compared with the first; default: the last."),
    ] = None
    where: Annotated[
        str | None,
        typer.Option(
            "--where",
            metavar="COND",
            help='Sweep only: also find when a condition holds, such as "capacity.X effect > 10", as `proxysim discover` does.',
        ),
    ] = None


@app.command("report")
@with_options
def report(
    context: typer.Context,
    subject: Annotated[
        str, typer.Argument(metavar="WORLD|DIR", help="Path of a world file, name of a shipped world, or folder of a sweep.")
    ],
    *,
    of_world: StudyOptions,
    of_sweep: SweepOptions,
    out: Annotated[str, typer.Option("--out", metavar="FILE", help="HTML file to write; - for stdout.")] = "report.html",
) -> None:
    """Write an HTML report on a world or a sweep.

    The report on a world has the effects, provisions, countermeasures, figures and sources. For a sweep that is not finished, it
    covers the runs that are done, and the exit status is 3.
    """
    target = target_of(out)
    is_sweep = path_of(subject).is_dir()
    for name in (part.name for part in fields(of_world if is_sweep else of_sweep)):
        if getattr(context.get_parameter_source(name), "name", "DEFAULT") != "DEFAULT":
            option = f"--{'set' if name == 'sets' else name}"
            raise refusal(option, f"applies only to {'a world' if is_sweep else 'the folder of a sweep'}; {subject} is "
                                  f"{'a folder' if is_sweep else 'not a folder'}")  # fmt: skip
    finished = True
    if is_sweep:
        finished = _of_sweep(subject, target, of_sweep)
    else:
        _of_world(subject, target, of_world)
    size = "" if is_stream(target) else f" ({target.stat().st_size / 1e6:.1f} MB)"
    print(f"wrote {target}{size}", file=sys.stderr)
    if not finished:
        raise typer.Exit(3)


def _of_world(world: str, target: Path, options: StudyOptions) -> None:
    from proxysim.report.study.page import write_report
    from proxysim.scenario.world.world import load

    names = None
    if options.branches is not None:
        names = [name.strip() for name in options.branches.split(",") if name.strip()]
        check_branches_of(options.sets, names)
    built = informed(load(world, names[0] if names else None, tuple(options.sets or ()), policies_of(options.policies)), options.posterior)
    write_report(built, target, names, options.runs, options.seed, focus=options.focus,
                 uncertain=options.uncertain or options.posterior is not None, evidence=options.evidence, forms=options.forms, full=options.full,
                 vary=options.vary or (), crosses=options.crosses, measure=options.measure, portfolio=options.portfolio, respond=options.respond,
                 threads=options.threads, steps=bar, asked=_asked(world, target, options))  # fmt: skip


def _of_sweep(folder: str, target: Path, options: SweepOptions) -> bool:
    """Write the page; returns whether the sweep is finished."""
    from proxysim.report.sweep.page import write_sweep_report
    from proxysim.sweeps.runner import status

    state = status(folder)
    if state.digest is None:
        print(f"proxysim: {state.stopped or f'{state}; finish it with `proxysim resume {folder}`'}", file=sys.stderr)
        if state.stopped or not state.ok:
            raise typer.Exit(3)
    words = ["proxysim", "report", folder]
    outcome, branch, where = options.outcome, options.branch, options.where
    words += ["--outcome", outcome] if outcome is not None else []
    words += ["--branch", branch] if branch is not None else []
    words += ["--where", where] if where is not None else []
    try:
        write_sweep_report(folder, target, outcome, branch, shlex.join([*words, "--out", str(target)]), where)
    except StorageError:
        raise
    except RunError as error:
        raise refusal(
            "--branch" if branch is not None and repr(branch) in str(error) else "--outcome", str(error)
        ) from None
    return state.digest is not None


def target_of(out: str) -> Path:
    """The file to write; refuses a missing folder, and an existing file that is not a report."""
    target = Path("/dev/stdout") if out == "-" else path_of(out)
    if is_stream(target):
        return target
    try:
        if target.is_dir() or not target.parent.is_dir():
            raise refusal("--out", f"{target} is a folder, or its folder does not exist; give a file")
        if (
            target.exists()
            and 'name="generator" content="proxysim' not in target.read_text(encoding="utf-8", errors="replace")[:4000]
        ):
            raise refusal("--out", f"{target} already exists and is not a report of proxysim; give another name")
    except OSError as error:
        raise refusal("--out", f"{target} cannot be read: {error.strerror}") from None
    return target


def _asked(world: str, target: Path, options: StudyOptions) -> str:
    """The command as given, with its defaults filled in."""
    from proxysim.report.study.portfolio import words_of as portfolio_words
    from proxysim.report.study.respond import words_of as respond_words
    from proxysim.report.study.takes import words_of

    words = ["proxysim", "report", world]
    words += ["--branches", options.branches] if options.branches is not None else []
    words += ["--focus", options.focus] if options.focus is not None else []
    words += ["--runs", str(options.runs), "--seed", str(options.seed)] + (["--uncertain"] if options.uncertain else [])
    words += ["--evidence"] if options.evidence else []
    words += ["--forms"] if options.forms else []
    words += words_of(options.vary or (), options.crosses, options.measure)
    words += portfolio_words(options.portfolio)
    words += respond_words(options.respond)
    words += ["--posterior", options.posterior] if options.posterior is not None else []
    words += ["--full"] if options.full else []
    for one in options.sets or ():
        words += ["--set", one]
    words += ["--policies", options.policies] if options.policies is not None else []
    return shlex.join([*words, "--out", str(target)])
