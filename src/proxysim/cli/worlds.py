"""The commands `worlds`, `copy`, `init`, `validate`, `schema` and `show`."""

from __future__ import annotations

import json
import math
import sys
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from proxysim.cli.app import BranchName, Policies, Sets, WorldFile, app, policies_of, refusal
from proxysim.errors import Fault, InputError
from proxysim.formatting import counted, joined, table
from proxysim.paths import path_of

if TYPE_CHECKING:
    from proxysim.scenario.lint.warning import CheckWarning
    from proxysim.scenario.scenario import Number, Policy, Scenario
    from proxysim.scenario.toml.reader import Document


#: Values of a series that `show` prints before it cuts the series.
SERIES_SHOWN = 6


@app.command("worlds")
def worlds() -> None:
    """List the shipped worlds and their questions.

    Commands that take a WORLD accept these names.
    """
    from proxysim.scenario.shipped import question_of, shipped_worlds

    names = shipped_worlds()
    for name in names:
        width = max(map(len, names))
        print(textwrap.fill(question_of(name), 100, initial_indent=f"{name:<{width}}  ", subsequent_indent=" " * (width + 2)))


@app.command("copy")
def copy(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of a shipped world; `proxysim worlds` lists them.")],
    folder: Annotated[str, typer.Argument(metavar="DIR", help="Folder to write to; created if it does not exist.")] = ".",
) -> None:
    """Copy a shipped world to a folder, ready to edit.

    The files that it extends and its experiments are copied too.
    """
    from proxysim.scenario.shipped import copy_of

    texts, target = copy_of(name), path_of(folder)
    for file in texts:
        if (target / file).exists():
            raise refusal(str(target / file), "exists and is not overwritten; give another folder")
    try:
        target.mkdir(parents=True, exist_ok=True)
        for file, text in texts.items():
            with open(target / file, "x", encoding="utf-8") as stream:
                stream.write(text)
            print(target / file)
    except OSError as error:
        raise refusal(str(target), f"cannot be written: {error.strerror or error}") from None
    print(f"next: proxysim report {target / name}.toml", file=sys.stderr)


@app.command("init")
def init(file: Annotated[str, typer.Argument(metavar="FILE", help="File to write; it must not exist yet.")]) -> None:
    """Write a small commented world as a starting point."""
    from importlib.resources import files

    text = files("proxysim.scenario").joinpath("template.toml").read_text(encoding="utf-8")
    target = path_of(file)
    try:
        with open(target, "x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise refusal(file, "exists and is not overwritten; give another name") from None
    except OSError as error:
        raise refusal(file, f"cannot be written: {error.strerror}") from None
    print(f"wrote {file}; next: proxysim validate {file}", file=sys.stderr)


@app.command("validate")
def validate(
    given: Annotated[
        list[str],
        typer.Argument(metavar="FILE...", help='Files of kind "world", "part", "experiment", "patterns" or "posterior", or names of shipped worlds.'),
    ],
) -> None:
    """Check files and report every fault with its line.

    Warnings that need no run are shown too; `proxysim check` has more of them.
    """
    from proxysim.scenario.lint.warning import lines_of

    faults: list[Fault] = []
    for file in given:
        try:
            words, warnings = _checked(file)
            print(f"ok {file}: {words}")
            sys.stdout.flush()
            for line in lines_of(warnings):
                print(line, file=sys.stderr)
        except InputError as error:
            faults += error.faults
            sys.stdout.flush()
            print(error, file=sys.stderr)
    if faults:
        raise typer.Exit(2)


def _checked(file: str) -> tuple[str, list[CheckWarning]]:
    """Summary of a valid file, and what is probably not meant in it."""
    from proxysim.scenario.lint.facts import Facts
    from proxysim.scenario.lint.lint import static_warnings
    from proxysim.scenario.resolve.layers import layers_of, merged
    from proxysim.scenario.resolve.loader import source_of
    from proxysim.scenario.shipped import world_path
    from proxysim.scenario.toml.reader import read_file

    sections = ("categories", "legs", "ties", "fronts", "regimes", "pacts", "events")
    path = world_path(file)
    document = read_file(path, str(path))
    if _is_experiment(document.data.get("kind")):
        return _checked_experiment(document, path.parent)
    if document.data.get("kind") == "patterns":
        return _checked_patterns(document, path.parent), []
    if document.data.get("kind") == "posterior":
        return _checked_posterior(path), []
    if document.data.get("kind") == "part" and not document.faults:
        world, _ = merged(layers_of(document, path.parent))
        if world.faults:
            raise InputError(world.faults)
        counts = [("actors", len(world.ids("states")) + len(world.ids("proxies")))]
        counts += [(section, len(world.ids(section))) for section in sections]
        return "part, " + _counted(counts), []
    source = source_of(document, str(path), path.parent)
    scenario = source.scenario()
    counts = [("actors", len(scenario.ids["actors"]))]
    counts += [(section, len(scenario.ids[section])) for section in sections]
    words = f"{_counted(counts)}, {counted(scenario.months, 'month')}, branches: {', '.join(scenario.branches) or 'none'}"
    return "\n".join([words, *_cut(scenario)]), static_warnings(Facts.of(source))


def _checked_posterior(path: Path) -> str:
    """Summary of a posterior that can be used."""
    from proxysim.scenario.world.posterior import read_posterior

    found = read_posterior(path)
    counts = f"{counted(found.count, 'particle')}, {counted(len(found.keys), 'parameter')}"
    return f"posterior of {found.facts['world']}: {counts}, seed {found.facts['seed']}"


def _checked_patterns(document: Document, folder: Path) -> str:
    """Summary of a valid patterns file."""
    from proxysim.studies.patterns.reader import patterns_of

    found = patterns_of(document, folder)
    roles = joined([f"{sum(one.role == role for one in found.patterns)} {role}" for role in dict.fromkeys(one.role for one in found.patterns)])
    counts = [("observations", len(found.observations)), ("rivals", len(found.rivals))]
    left = f", {len(found.left_out)} left out" if found.left_out else ""
    return f"{counted(len(found.patterns), 'pattern')} ({roles}), {_counted(counts)}{left}"


def _is_experiment(kind: object) -> bool:
    """Whether a file says that it is an experiment, even if misspelt."""
    from proxysim.errors import did_you_mean
    from proxysim.scenario.schema.keys import KINDS

    return isinstance(kind, str) and '"experiment"' in did_you_mean(kind, (*KINDS, "experiment"))


def _checked_experiment(document: Document, folder: Path) -> tuple[str, list[CheckWarning]]:
    """Summary of a valid experiment, after all the checks that `sweep` makes before it runs, and its warnings."""
    from proxysim.errors import MissingExtra
    from proxysim.scenario.world.world import build
    from proxysim.sweeps.check import cheap_warnings
    from proxysim.sweeps.equal_branches import refuse_equal_branches
    from proxysim.sweeps.experiment.design import design_of
    from proxysim.sweeps.experiment.experiment import experiment_of
    from proxysim.sweeps.inputs import Variation, columns_of

    experiment = experiment_of(document, folder)
    points = experiment.points
    faults: list[Fault] = []
    try:
        design = design_of(experiment)
        points = len(design)
        refuse_equal_branches(Variation(experiment), design)
    except MissingExtra:
        pass  # the library of the design is not installed; the file gives the number of points
    except InputError as error:
        faults += error.faults
    try:
        columns_of(experiment, build(experiment.scenario(experiment.branches[0])))
    except InputError as error:
        faults += error.faults
    if faults:
        raise InputError(faults)
    branches, runs = len(experiment.branches), experiment.runs
    words = (f"experiment, {counted(points, 'point')}, {counted(branches, 'branch', 'branches')},"
             f" {counted(runs, 'run')} each = {counted(points * branches * runs, 'run')}")  # fmt: skip
    return words, cheap_warnings(experiment, points)


def _counted(counts: Sequence[tuple[str, int]]) -> str:
    """Counts in words; zeros are left out."""
    one = {"categories": "category"}
    words = [counted(count, one.get(name, name[:-1]), name) for name, count in counts if count]
    return ", ".join(words) or "empty"


@app.command("schema")
def schema() -> None:
    """Print a JSON Schema of world files for text editors."""
    from proxysim.scenario.schema.json_schema import editor_schema

    print(json.dumps(editor_schema(), indent=1, ensure_ascii=False, allow_nan=False))


@app.command("show")
def show(
    world: WorldFile,
    branch: BranchName = None,
    sets: Sets = None,
    actor: Annotated[str | None, typer.Option("--actor", help="Show only the numbers, or the routes, that involve this actor.")] = None,
    routes: Annotated[
        bool,
        typer.Option(
            "--routes",
            help="Print the routes of every tie at the start instead, with months, limit, share, believed survival and leave.",
        ),
    ] = False,
    answers: Annotated[
        bool, typer.Option("--answers", help="Print the policies instead: who answers what, against which reference, and how.")
    ] = False,
    policies: Policies = None,
    full: Annotated[bool, typer.Option("--full", help=f"Print all values of a series with more than {SERIES_SHOWN} values.")] = False,
) -> None:
    """Print every number of a world, the routes of its ties, or its policies.

    Shows the range, source and grade of each number and where its value comes from: file, branch, --set or default, and what
    branches cost. A series has one line per month in which its value changes, and its range is a multiplier. Numbers that policies move are marked.
    """
    from proxysim.errors import did_you_mean
    from proxysim.scenario.resolve.loader import load_scenario

    if routes and answers:
        raise refusal("--answers", "cannot go with --routes; give one of them")
    scenario = load_scenario(world, branch, sets or (), policies=policies_of(policies))
    known = scenario.ids["actors"]
    if actor is not None and actor not in known:
        near = did_you_mean(actor, known) or f"; allowed are {', '.join(known)}"
        raise refusal("--actor", f'"{actor[:60]}" is not an actor of this world{near}')
    for line in _policies(scenario, actor) if answers else _routes(scenario, actor) if routes else _numbers(scenario, actor, full):
        print(line)
    if not answers and not routes:
        for line in _costs(scenario, actor):
            print(line)


def _costs(scenario: Scenario, actor: str | None) -> list[str]:
    """The table of the costs of branches, or of those that an actor pays; empty if no branch states one."""
    chosen = {name: cost for name, cost in scenario.costs.items() if actor in (None, cost.payer)}
    if not chosen:
        return []
    rows = []
    for name, cost in chosen.items():
        number = cost.number
        low, high = _range(scenario, number, "money_flow", 12.0)
        value = _value(scenario, 12.0 * number.value, "money_flow")
        rows.append((f"branches.{name}.cost", value, "USD m / year", low, high, ", ".join(number.source), number.grade or "", cost.payer))
    lines = table(("cost of a branch", "value", "unit", "low", "high", "source", "grade", "paid by"), rows, left=(0, 2, 5, 6, 7))
    return ["", *lines, "", "Costs of branches are outside the books: no run depends on them."]


def _numbers(scenario: Scenario, actor: str | None, full: bool) -> list[str]:
    """The table of numbers; in a world with policies, the last column names those that move a number."""
    moved: dict[tuple[str, ...], list[str]] = {}
    for policy in scenario.policies:
        for path in policy.moves:
            moved.setdefault(path, []).append(f"({policy.id})" if policy.silent else policy.id)
    rows = [(*row, ", ".join(moved.get(path, ()))) if moved else row for path, row in _rows(scenario, actor, full)]
    head = ("path", "value", "unit", "low", "high", "source", "grade", "from", *(["moved by"] if moved else []))
    lines = table(head, rows, left=(0, 2, 5, 6, 7, 8))
    note = "moved by: policies, in brackets if they are silent in this branch; `--answers` prints them."
    return [*lines, "", note] if moved else lines


def _policies(scenario: Scenario, actor: str | None) -> list[str]:
    """The policies of a world, or of those that an actor has or watches: owner, watch, reference, numbers, form and cost."""
    chosen = [one for one in scenario.policies if actor is None or actor == one.owner or actor in {of for _, of in one.watches}]
    if not chosen:
        return ["no policies"]
    return [line for one in chosen for line in _policy(scenario, one)]


def _policy(scenario: Scenario, policy: Policy) -> list[str]:
    """The lines on one policy."""
    from proxysim.scenario.resolve.policy_checks import NO_BRANCH

    def told(key: str) -> str:
        number = scenario.numbers["policies", policy.id, key]
        return _with_range(scenario, number, ("policies", policy.id, key))

    active = ("policies", policy.id, "active")
    state = "answers" if not policy.silent else "silent: this branch is its reference" if scenario.text.get(active, True) else "silent: not active"
    watches = " + ".join(f"{measure}.{of}" for measure, of in policy.watches)
    seen = f"mean of {counted(policy.over, 'month')}, {counted(policy.lag, 'month')} late"
    against = "the file without a branch" if policy.against == NO_BRANCH else f"the branch {policy.against}"
    reference = f"level {told('level')}" if policy.against is None else f"the same run of {against}"
    error, floor = (scenario.numbers["policies", policy.id, key].value for key in ("blur", "floor"))
    off = "off_below" if ("policies", policy.id, "off_below") in scenario.numbers else "on_above"
    switch = f", on above {told('on_above')}, off below {told(off)}" if policy.form == "switch" else ""
    given = {path[2] for path, one in scenario.numbers.items() if path[:2] == ("policies", policy.id) and one.origin != "default"}
    dates = [f"{key} {told(key)}" for key in ("from", "until") if key in given]
    cost = scenario.numbers["policies", policy.id, "cost"].value
    lines = [
        f"{policy.id} ({policy.owner}): {state}",
        f"  watches {watches}: {seen}" + (f", blur {told('blur')}" if error else ""),
        f"  against {reference}" + (f", floor {told('floor')}" if floor else ""),
        *(f"  moves   {_path(scenario, path)}" for path in policy.moves),
        f"  form    {policy.form}, gain {told('gain')}, factor {told('at_least')} to {told('at_most')}{switch}",
        f"  cost    {told('cost')} for each factor of 2" if cost else "",
        f"  time    {', '.join(dates)}" if dates else "",
    ]
    return [line for line in lines if line]


def _with_range(scenario: Scenario, number: Number, path: tuple[str, ...]) -> str:
    """A number with its unit, and its range in brackets; a series with its dates."""
    from proxysim.scenario.labels import UNITS, kind_of

    kind = kind_of(path)
    scale = 12.0 if kind.endswith("_flow") else 1.0
    low, high = _range(scenario, number, kind, scale)
    series = [f"{month.removeprefix('from ')}: {text}" for month, text in _series(scenario, number, kind, scale, False)]
    value = ", ".join(series) or _value(scenario, number.value * scale, kind)
    unit = "" if kind == "share" else UNITS.get(kind, "")
    return f"{value} {unit}".rstrip() + (f" ({low} to {high})" if low else "")


def _routes(scenario: Scenario, actor: str | None) -> list[str]:
    """The table of routes, the meaning of its columns, and whether routes were left out."""
    from proxysim.scenario.world.world import build
    from proxysim.studies.routes import routes_at_start

    rows = [
        (
            one.tie,
            " > ".join(one.legs) or "within one place",
            str(one.months),
            "none" if math.isinf(one.limit) else f"{one.limit:.4g}",
            f"{one.share:.3f}",
            f"{one.survival:.3f}",
            "" if one.leave == 1.0 else f"{one.leave:.3g}",
        )
        for one in routes_at_start(build(scenario))
        if actor is None or actor in one.actors
    ]
    head = ("tie", "route", "months", "limit", "share", "survival", "leave")
    return [
        *table(head, rows, left=(0, 1)), "",
        "All values are at the start. limit: largest flow, in USD m of arms / year; routes of a tie that share legs divide their limits;",
        "share: share of the tie's arms that would take the route; survival: share that the sender expects to arrive;",
        "leave: smallest leave of the sender on the legs and in the places of the route, shown if below 1.",
        *_cut(scenario),
    ]  # fmt: skip


def _cut(scenario: Scenario) -> list[str]:
    """A line on the routes that are left out, if any are."""
    from proxysim.scenario.world.routes import MOST_ROUTES, routes_of

    slack = routes_of(scenario).slack
    if slack is None:
        return []
    return [f"routes with more than {slack} legs and months above the shortest of their tie are left out;"
            f" the world has more than {MOST_ROUTES:,}"]  # fmt: skip


def _rows(scenario: Scenario, actor: str | None, full: bool) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Path and row of each number; below that of a series, one row per month in which its value changes."""
    from proxysim.scenario.labels import UNITS, kind_of

    for path, number in scenario.numbers.items():
        names = {part for section in path for part in section.replace(" via ", " -> ").split(" -> ")}
        if actor is not None and actor not in names:
            continue
        kind = kind_of(path)
        scale = 12.0 if kind.endswith("_flow") else 1.0
        low, high = _range(scenario, number, kind, scale)
        origin = "branch" if number.origin == "branch" else "--set" if number.origin == "set" else number.origin
        value = f"{counted(len(number.series) + 1, 'value')}:" if number.series else _value(scenario, number.value * scale, kind)
        yield path, (_path(scenario, path), value, UNITS.get(kind, ""), low, high, ", ".join(number.source), number.grade or "", origin)
        for month, text in _series(scenario, number, kind, scale, full):
            yield (), (f"  {month}", text, "", "", "", "", "", "")


def _series(scenario: Scenario, number: Number, kind: str, scale: float, full: bool) -> list[tuple[str, str]]:
    """Month and value of each date of a series; a long series is cut before its last value."""
    if not number.series:
        return []
    steps = [(f"from {scenario.month_name(at)}", _value(scenario, value * scale, kind)) for at, value in ((0, number.value), *number.series)]
    over = len(steps) - SERIES_SHOWN
    if full or over <= 0:
        return steps
    return [*steps[: SERIES_SHOWN - 1], (f"... {counted(over, 'more value')} (--full)", ""), steps[-1]]


def _path(scenario: Scenario, path: tuple[str, ...]) -> str:
    """A path as the file has it: engagement is under the side of the actor."""
    if path[0] == "fronts" and path[2] == "engagement":
        side = "side_b" if scenario.text["fronts", path[1], "sides"].get(path[3]) == 2 else "side_a"
        path = (*path[:2], side, path[3])
    return ".".join(path)


def _range(scenario: Scenario, number: Number, kind: str, scale: float) -> tuple[str, str]:
    """Low and high; multipliers for a series."""
    if number.low is None or number.high is None:
        return "", ""
    if number.series:
        return f"x {number.low:.4g}", f"x {number.high:.4g}"
    return _value(scenario, number.low * scale, kind), _value(scenario, number.high * scale, kind)


def _value(scenario: Scenario, value: float, kind: str) -> str:
    if math.isnan(value):
        return "computed"
    if math.isinf(value):
        return "unlimited"
    return scenario.month_name(round(value)) if kind == "month" else f"{value:.6g}"
