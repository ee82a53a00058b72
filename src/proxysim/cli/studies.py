"""The commands `compare`, `answers`, `attribute` and `explain`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from proxysim.cli.app import Policies, Sets, WorldFile, app, policies_of, refusal
from proxysim.cli.options import (
    AsJson,
    DrawOptions,
    Folder,
    Measures,
    OutputOptions,
    Runs,
    Seed,
    check_branches_of,
    informed,
    with_options,
)
from proxysim.paths import path_of
from proxysim.runs.files import write_whole

if TYPE_CHECKING:
    import pandas

    from proxysim.studies.answers import Answers
    from proxysim.studies.attribution import Attribution
    from proxysim.studies.comparison import Comparison
    from proxysim.studies.evidence import Evidence
    from proxysim.studies.explanation import Explanation
    from proxysim.studies.forms import Forms
    from proxysim.studies.mean_explanation import MeanExplanation

#: Seconds between lines of progress if stderr is not a terminal.
PROGRESS_SECONDS = 5.0


@dataclass(frozen=True)
class CompareOptions:
    """Which pairs and outcomes are compared, and the required width of the intervals."""

    given: Annotated[
        str | None,
        typer.Option(
            "--given",
            metavar="COND",
            help='Keep only pairs that meet a condition, such as "regime_fallen.X before 2025-01".',
        ),
    ] = None
    start: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="DATE", help="Month from which branches may differ from the first; outcomes cover the months from then on."
        ),
    ] = None
    measures: Measures = None
    halfwidth: Annotated[
        float | None,
        typer.Option(
            "--until-halfwidth",
            metavar="X",
            help="Add runs until the intervals of --measures have a half-width of at most X, in the unit of --json (flows per "
            "month); --runs is then the maximum.",
        ),
    ] = None
    full: Annotated[bool, typer.Option("--all", help="Print all assumed changes, effects and notes, not only the largest.")] = False
    with_evidence: Annotated[
        bool,
        typer.Option(
            "--evidence",
            help="Also divide the variance of the answer among grades of evidence, sections of the file and random variation. This takes "
            "further runs: two per grade and section, pair of draws and branch, some 16,000 for two branches of a large world.",
        ),
    ] = False
    evidence_pairs: Annotated[
        int | None,
        typer.Option("--evidence-pairs", metavar="N", min=1, help="With --evidence: number of pairs of draws; default: 250."),
    ] = None
    with_forms: Annotated[
        bool,
        typer.Option(
            "--forms",
            help="Also run every combination of variants of the rules, with policies on and off, on the same draws (needs --uncertain or "
            "--posterior), and divide the variance of the answer among form, parameters and random variation. This takes some 25,000 "
            "more runs for two branches of a world with policies.",
        ),
    ] = False
    forms_draws: Annotated[
        int | None,
        typer.Option("--forms-draws", metavar="N", min=5, help="With --forms: number of draws of the uncertain parameters; default: 100."),
    ] = None


@app.command("compare")
@with_options
def compare(
    world: WorldFile,
    branches: Annotated[
        str,
        typer.Option("--branches", metavar="A,B,...", help="Branches; the first is the baseline."),
    ],
    runs: Runs = 1000,
    *,
    draws: DrawOptions,
    options: CompareOptions,
    output: OutputOptions,
) -> None:
    """Compare branches in paired runs.

    Prints the answer, what was compared and how sure it is; then the largest assumed changes and mean differences with their
    intervals. With --evidence, also where the spread of the answer comes from; with --forms, how it depends on the form of the model.
    """
    _check_evidence(options)
    _check_forms(options, draws)
    folder = new_folder(output.out)
    from proxysim.scenario.world.world import load
    from proxysim.studies.comparison import compare as compare_branches

    names = _names(branches)
    check_branches_of(output.sets, names)
    built = informed(load(world, names[0] if names else None, tuple(output.sets or ()), policies_of(output.policies)), draws.posterior)
    if options.with_evidence:
        from proxysim.studies.evidence import check_evidence

        check_evidence(built, names)
    if options.with_forms:
        from proxysim.studies.forms import check_forms

        check_forms(built, names)
    result = compare_branches(
        built, names, runs, draws.seed, uncertain=draws.resampled, given=options.given, start=options.start,
        measures=_names(options.measures) if options.measures else None,
        until_halfwidth=options.halfwidth, bands=folder is not None, threads=output.threads, progress=bar(),
    )  # fmt: skip
    tables = {}
    if folder is not None:
        tables = {"effects": result.to_dataframe(),
                  "runs": result.study.runs_table([(e.measure, e.actor) for e in result.effects])}  # fmt: skip
        if result.study.bands is not None:
            tables["bands"] = result.study.bands_table()
    facts, words = result.to_json(), result.summary(options.full)
    if options.with_evidence:
        found = _evidence(result, options, output.threads)
        if folder is not None:
            tables["evidence"] = found.to_dataframe()
        facts["evidence"] = found.to_json()
        words += f"\n\n{found.summary(*_leading(result))}"
    if options.with_forms:
        by_form = _forms(result, options, output.threads)
        if folder is not None:
            tables |= {"forms": by_form.to_dataframe(), "forms_shares": by_form.shares_table(), "forms_choices": by_form.choices_table()}
        facts["forms"] = by_form.to_json()
        words += f"\n\n{by_form.summary(*_leading(result), full=options.full)}"
    tell_facts(facts, tables, folder, words, output.as_json)
    if folder is not None:
        _tell_of_bands(result)


def _check_evidence(options: CompareOptions) -> None:
    """Refuse options that do not go together with --evidence, before any run."""
    if options.evidence_pairs is not None and not options.with_evidence:
        raise refusal("--evidence-pairs", "is the number of pairs of draws of --evidence; give both, or neither")
    if options.with_evidence and options.given is not None:
        raise refusal("--evidence", "cannot be used with --given, because under a condition parameters depend on each other; leave one of them out")


def _check_forms(options: CompareOptions, draws: DrawOptions) -> None:
    """Refuse options that do not go together with --forms, before any run."""
    if options.forms_draws is not None and not options.with_forms:
        raise refusal("--forms-draws", "is the number of draws of --forms; give both, or neither")
    if options.with_forms and not draws.resampled:
        raise refusal("--forms", "crosses forms with draws of the uncertain parameters; add --uncertain or --posterior")
    if options.with_forms and options.given is not None:
        raise refusal("--forms", "cannot be used with --given, which selects other runs in each form; leave one of them out")


def _forms(result: Comparison, options: CompareOptions, threads: int | None) -> Forms:
    """Estimate the compared effects in every form, and say on stderr what that takes before it begins."""
    from proxysim.studies.forms import DRAWS, forms

    study = result.study
    names = list(dict.fromkeys(f"{effect.measure}.{effect.actor}" for effect in result.effects))
    return forms(study.worlds[0], study.branches, options.forms_draws or DRAWS, study.seed, measures=names, start=options.start,
                 threads=threads, progress=bar("runs for the forms"), announce=_announcement("forms"))  # fmt: skip


def _announcement(what: str) -> Callable[[int, float], None]:
    """Return what says on stderr how many more runs something takes, and how long."""
    from proxysim.sweeps.estimate import duration_words

    def announce(runs: int, seconds: float) -> None:
        print(f"{what}: {runs:,} more runs, about {duration_words(max(1.0, seconds))}", file=sys.stderr)

    return announce


def _evidence(result: Comparison, options: CompareOptions, threads: int | None) -> Evidence:
    """Divide the variance of the compared effects, and say on stderr what that takes before it begins."""
    from proxysim.studies.evidence import PAIRS, evidence

    study = result.study
    names = list(dict.fromkeys(f"{effect.measure}.{effect.actor}" for effect in result.effects))
    return evidence(study.worlds[0], study.branches, options.evidence_pairs or PAIRS, study.seed, measures=names, start=options.start,
                    threads=threads, progress=bar("runs for the evidence"), announce=_announcement("evidence"))  # fmt: skip


def _leading(result: Comparison) -> tuple[str, str, str] | tuple[()]:
    """The outcome and branch with which the text of a comparison begins, if their variance can be divided."""
    from proxysim.runs.outcomes import FALL, REVIVAL
    from proxysim.studies.headlines import ordered

    effects = [effect for effect in ordered(result.study, result.effects) if effect.measure not in (FALL, REVIVAL)]
    return (effects[0].measure, effects[0].actor, effects[0].branch) if effects else ()


def _tell_of_bands(result: Comparison) -> None:
    """Say on stderr if there are no monthly bands, or if they cover only the first runs."""
    study = result.study
    if study.bands is None:
        print("no bands.parquet: monthly bands are not available with --given", file=sys.stderr)
    elif study.band_runs < study.runs:
        print(f"bands.parquet covers the first {study.band_runs:,} of {study.runs:,} runs of each branch", file=sys.stderr)


@dataclass(frozen=True)
class AnswersOptions:
    """Which outcomes are reported."""

    start: Annotated[
        str | None,
        typer.Option("--from", metavar="DATE", help="Month from which the branch may differ; outcomes cover the months from then on."),
    ] = None
    measures: Measures = None
    full: Annotated[bool, typer.Option("--all", help="Print all effects, each divided among the policies.")] = False


@app.command("answers")
@with_options
def answers(
    world: WorldFile,
    branch: Annotated[str, typer.Option("--branch", help="Branch whose effect others answer.")],
    against: Annotated[str, typer.Option("--against", help="Baseline with which it is compared.")] = "no-pact",
    runs: Annotated[int, typer.Option("--runs", min=1, help="Number of paired runs in each setting of the policies.")] = 200,
    *,
    draws: DrawOptions,
    options: AnswersOptions,
    output: OutputOptions,
) -> None:
    """Show what is left of the effect of a branch once others have answered it.

    Runs the branch with none of the policies on, with all, with each alone and with all but each, and prints what each answer
    takes away.
    """
    folder = new_folder(output.out)
    from proxysim.scenario.world.world import load
    from proxysim.studies.answers import answers as answers_of

    check_branches_of(output.sets, [against, branch])
    result = answers_of(
        informed(load(world, against, tuple(output.sets or ()), policies_of(output.policies)), draws.posterior), [against, branch], runs, draws.seed,
        uncertain=draws.resampled, start=options.start, measures=_names(options.measures) if options.measures else None,
        threads=output.threads, progress=bar(),
    )  # fmt: skip
    tables = {"answers": result.to_dataframe(), "policies": result.policies_table()} if folder is not None else {}
    _tell(result, tables, folder, result.summary(options.full), output.as_json)


@dataclass(frozen=True)
class AttributeOptions:
    """Which outcomes are attributed, and to what."""

    over: Annotated[
        str,
        typer.Option(
            "--over",
            metavar="provisions|answers|both",
            help="Divide the effect among provisions, among the branch and the answers to it, or among provisions and answers.",
        ),
    ] = "provisions"
    permutations: Annotated[
        int, typer.Option("--permutations", min=1, help="With --over both: number of random orders of provisions and answers.")
    ] = 50

    start: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="DATE", help="Month from which the branches may differ; outcomes cover the months from then on."
        ),
    ] = None
    measures: Measures = None


@app.command("attribute")
@with_options
def attribute(
    world: WorldFile,
    branch: Annotated[str, typer.Option("--branch", help="Branch whose effect is attributed.")],
    against: Annotated[str, typer.Option("--against", help="Baseline with which it is compared.")] = "no-pact",
    runs: Annotated[
        int, typer.Option("--runs", min=1, help="Number of paired runs for each combination of provisions; with --over both, in all.")
    ] = 200,
    *,
    draws: DrawOptions,
    options: AttributeOptions,
    output: OutputOptions,
) -> None:
    """Attribute the effect of a branch to the provisions of its pact, or to the answers to it."""
    folder = new_folder(output.out)
    from proxysim.scenario.world.world import load
    from proxysim.studies.attribution import attribute as attribute_branch

    check_branches_of(output.sets, [against, branch])
    result = attribute_branch(
        informed(load(world, against, tuple(output.sets or ()), policies_of(output.policies)), draws.posterior), branch, against, runs, draws.seed,
        uncertain=draws.resampled, start=options.start, measures=_names(options.measures) if options.measures else None,
        threads=output.threads, progress=bar(), over=options.over, permutations=options.permutations,
    )  # fmt: skip
    tables = {"attribution": result.to_dataframe()} if folder is not None else {}
    _tell(result, tables, folder, result.summary(), output.as_json)


@app.command("explain")
def explain(
    world: WorldFile,
    branches: Annotated[str, typer.Option("--branches", metavar="A,B", help="Two branches; the first is the baseline.")],
    number: Annotated[
        int | None, typer.Option("--run", min=0, max=2**32 - 1, help="Number of the pair of runs, from 0; default: 0.")
    ] = None,
    runs: Annotated[
        int | None, typer.Option("--runs", min=1, help="Explain the mean over this number of pairs instead of one pair.")
    ] = None,
    seed: Seed = 0,
    measure: Annotated[
        str | None,
        typer.Option(
            "--measure", metavar="NAME.ACTOR", help="Outcome to explain; default: the headline outcome that differs most in this run."
        ),
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Print every quantity instead, with the first month and rule in which it differs.")
    ] = False,
    sets: Sets = None,
    policies: Policies = None,
    out: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Explain why an outcome differs between two branches in one pair of runs, or on average over many.

    Prints at most twelve steps from the assumed changes to the outcome, each the cause of the next one.
    """
    if runs is not None and number is not None:
        raise refusal("--runs", "explains the mean over many pairs and --run one pair; give one of them")
    if runs is not None and full:
        raise refusal("--full", "lists the quantities of one pair; leave it out, or leave out --runs")
    folder = new_folder(out)
    from proxysim.scenario.world.world import load
    from proxysim.studies.explanation import explain as explain_pair
    from proxysim.studies.mean_explanation import explain_mean

    names = _names(branches)
    built = load(world, names[0] if names else None, tuple(sets or ()), policies_of(policies))
    if runs is not None:
        mean = explain_mean(built, names, runs, seed, measure)
        _tell(mean, {"steps": mean.to_dataframe()} if folder is not None else {}, folder, mean.summary(), as_json)
        return
    result = explain_pair(built, names, number or 0, seed, measure)
    tables = {"chain": result.to_dataframe(), "steps": result.to_dataframe(steps=True)} if folder is not None else {}
    _tell(result, tables, folder, result.summary(full), as_json)


def _tell(
    result: Answers | Attribution | Explanation | MeanExplanation, tables: dict[str, pandas.DataFrame], folder: Path | None, words: str,
    as_json: bool,
) -> None:  # fmt: skip
    """Print an answer as text or JSON; with a folder, write both and the tables to it."""
    tell_facts(result.to_json(), tables, folder, words, as_json)


def tell_facts(facts: dict[str, Any], tables: dict[str, pandas.DataFrame], folder: Path | None, words: str, as_json: bool) -> None:
    """As `_tell`, with the facts for JSON."""
    answer = json.dumps(facts, indent=1, ensure_ascii=False, allow_nan=False)
    if folder is not None:
        write_tables(folder, tables, {"answer.txt": words, "answer.json": answer})
    print(answer if as_json else words)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def new_folder(out: str | None) -> Path | None:
    """Check that a folder is new or empty, so that nothing is overwritten."""
    if out is None:
        return None
    folder = path_of(out)
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise refusal("--out", f"{folder} already exists and is not empty; give a new folder")
    except OSError as error:
        raise refusal("--out", f"{folder} cannot be read: {error.strerror}") from None
    return folder


def write_tables(folder: Path, tables: dict[str, pandas.DataFrame], texts: dict[str, str]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, table in tables.items():
            with open(folder / f"{name}.parquet", "wb") as stream:  # Arrow opens only names that are UTF-8 text
                table.to_parquet(stream, index=False, compression="zstd")
        for name, text in texts.items():
            write_whole(folder / name, text + "\n")
    except OSError as error:
        raise refusal("--out", f"{folder} cannot be written: {error.strerror or error}") from None
    print(f"wrote {len(tables) + len(texts)} files to {folder}", file=sys.stderr)


def bar(what: str = "runs") -> Callable[[int, int], None]:
    """A line of progress on stderr with the rate and the time left; rewritten on a terminal, otherwise repeated every few seconds."""
    terminal = sys.stderr.isatty()
    began = said = time.monotonic()

    def show(done: int, total: int) -> None:
        nonlocal began, said
        now = time.monotonic()
        if done == 0:  # earlier work such as compiling does not count towards the rate
            began = said = now
            return
        if done < total and now - said < (0.1 if terminal else PROGRESS_SECONDS):
            return
        if done >= total and not terminal and said == began:
            return  # finished before the first line was due
        said = now
        rate = done / (now - began) if now > began else 0.0
        left = (total - done) / rate if rate > 0.0 else 0.0
        text = f"{done:,} of {total:,} {what}, {rate:,.0f} a second, {left:.0f} s left"
        if terminal:
            print(f"\r{text:<70}", end="\n" if done >= total else "", file=sys.stderr, flush=True)
        else:
            print(text, file=sys.stderr, flush=True)

    return show
