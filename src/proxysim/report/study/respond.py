"""What both sides do if each answers the other: a finished study of best answers, in a report of its world."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proxysim.core.version import model_version
from proxysim.errors import Fault, InputError
from proxysim.formatting import capital, joined, number, percent, span
from proxysim.report.labels import branch_label
from proxysim.report.roles import Roles
from proxysim.scenario.labels import AS_IT_STANDS
from proxysim.scenario.world.world import World
from proxysim.studies.phrases import outcome_name, table_factor, table_unit
from proxysim.studies.respond import Responses, open_responses
from proxysim.studies.respond_records import BOTH, MIXED, NEITHER, End, Player
from proxysim.studies.respond_text import aim_words, objectives, purse_words, sentences

if TYPE_CHECKING:
    import pandas

    from proxysim.report.study.findings import Findings

#: Equilibria with tables of their own.
_SHOWN = 2


# ---- reading --------------------------------------------------------------------------------------------------------


def check_responses(base: World, roles: Roles, folder: str | Path) -> Responses:
    """Open the study of a report before any run, and check that it is about the same world and baseline.

    Raises
    ------
    InputError : the folder has no finished study of best answers in this world
    """
    try:
        found = open_responses(folder)
    except InputError as error:
        raise InputError([Fault("--respond", one.line, one.path, f"{one.file} {one.message}") for one in error.faults]) from None
    if found.version != model_version():
        raise _refused(f"{folder} was made by version {found.version[:12]} of the model, and this is {model_version()[:12]}; run it in a new folder")
    baseline, branch = found.experiment.branches[:2]
    if roles.baseline != baseline:
        raise _refused(f'{folder} compares with "{baseline}", and the report with "{roles.baseline}"')
    known = {*base.scenario.branches, AS_IT_STANDS}
    if not {baseline, branch} <= known or tuple(base.branch(name).hash for name in (baseline, branch)) != found.experiment.hashes[:2]:
        raise _refused(f"{folder} is of another world: numbers or policies differ in {baseline} or {branch}")
    return found


def _refused(message: str) -> InputError:
    return InputError([Fault("--respond", 0, "", message)])


def words_of(folder: str | Path | None) -> list[str]:
    """The option that asks for this part."""
    return [] if folder is None else ["--respond", str(folder)]


# ---- what is shown --------------------------------------------------------------------------------------------------


def section(found: Findings) -> dict[str, Any] | None:
    """Sentences and tables on best answers; None if the report was not asked for them."""
    result = found.responses
    if result is None:
        return None
    experiment = result.experiment
    return {
        "paragraphs": _paragraphs(result), "sides": [_side(result, player) for player in result.players],
        "ends": [row for at, end in enumerate(result.ends) for row in _end_rows(result, at, end)],
        "worth": [row for at, end in enumerate(result.ends[:_SHOWN]) for row in _worth_rows(result, at, end)], "several": len(result.ends) > 1,
        "mixed": any(end.kind == MIXED for end in result.ends), "futures": f"{result.futures:,}", "fresh": f"{result.fresh_futures:,}",
        "left_out": result.left_out, "design": experiment.design, "seed": experiment.seed, "complete": result.complete,
        "cells": f"{len(result.cells):,}", "baseline": branch_label(result.scenario, experiment.branches[0]),
        "branch": branch_label(result.scenario, experiment.branches[1]),
        "command": shlex.join(["proxysim", "respond", experiment.file, "--out", str(result.folder)]),
    }  # fmt: skip


def _paragraphs(result: Responses) -> list[str]:
    """The sentences in paragraphs: where answers end and how sure that is, then what they change and gain."""
    lines = sentences(result, labelled=True)
    first = next((at for at, line in enumerate(lines) if line.startswith(("There, ", "In the first one, "))), len(lines))
    second = next((at for at, line in enumerate(lines) if line.startswith("In the second one, ")), len(lines))
    return [" ".join(some) for some in (lines[:first], lines[first:second], lines[second:]) if some]


def called(result: Responses, player: Player, option: int) -> str:
    """Return an option in a table: the labels of its levers."""
    return joined([branch_label(result.scenario, lever) for lever in player.options[option].levers]) if option else "no lever"


def _side(result: Responses, player: Player) -> tuple[str, str, str, str, str]:
    levers = ["; ".join(branch_label(result.scenario, lever) for lever in group) for group in player.side.levers]
    return player.name, aim_words(result, player), purse_words(player), f"{len(player.options):,}", "; ".join(levers)


def _end_rows(result: Responses, at: int, end: End) -> list[tuple[str, str, str, str, str]]:
    """One row per side: number, kind and share of an equilibrium once, then the side and what it does."""
    rows = []
    for side, player in enumerate(result.players):
        each = []
        for option, p in sorted(end.choices[side].items(), key=lambda one: (-one[1], one[0])):
            each.append(called(result, player, option) + ("" if end.kind == "pure" else f" ({percent(p)})"))
        head = (str(at + 1), f"{end.kind}, {percent(end.share)}") if side == 0 else ("", "")
        rows.append((*head, player.name, "; ".join(each), "yes" if end.found else "no"))
    return rows


def _worth_rows(result: Responses, at: int, end: End) -> list[tuple[str, str, str, str, str, str]]:
    """One row per outcome and per who answers: both levels, the difference and its interval."""
    rows = []
    for outcome in dict.fromkeys([*objectives(result), *result.outcomes]):
        factor = table_factor(outcome.unit)
        for one in (one for one in end.worth if one.outcome == outcome):
            which = f"{at + 1}. " if len(result.ends) > 1 else ""
            name = f"{which}{capital(outcome_name(result.scenario, outcome.measure, outcome.actor))}, {table_unit(outcome.measure, outcome.unit)}"
            low, high = (None if x is None else factor * x for x in (one.effect.low, one.effect.high))
            answers = {NEITHER: "neither side", BOTH: "both sides"}.get(one.answers, f"only {one.answers}")
            rows.append((name if one.answers == NEITHER else "", answers, number(factor * one.without), number(factor * one.under),
                         number(factor * one.effect.value, True), span(low, high)))  # fmt: skip
    return rows


# ---- figures --------------------------------------------------------------------------------------------------------


def payoffs_table(result: Responses) -> pandas.DataFrame:
    """The table of the figure of payoffs, in the unit of tables: the objective of the side with the first name."""
    outcome, table = objectives(result)[0], result.to_dataframe()
    table = table[(table["measure"] == outcome.measure) & (table["actor"] == outcome.actor)].reset_index(drop=True)
    return table.assign(value=table_factor(outcome.unit) * table["value"])


def payoffs_title(result: Responses) -> str:
    """Return the outcome of the figure of payoffs with its unit."""
    outcome = objectives(result)[0]
    unit = "" if outcome.unit == "index" else f", {table_unit(outcome.measure, outcome.unit)}"
    return f"{outcome_name(result.scenario, outcome.measure, outcome.actor)}{unit}"


def labels(result: Responses) -> dict[str, str]:
    """Labels of the levers."""
    return {lever: branch_label(result.scenario, lever) for player in result.players for lever in player.side.names}


def payoffs_alt(result: Responses) -> str:
    """The figure of payoffs in words."""
    first, second = (f"{len(player.options):,} options of {player.name}" for player in result.players)
    return f"Table of {payoffs_title(result)} for {first} and {second}, shaded by size. {sentences(result, labelled=True)[0]}"


def shares_alt(result: Responses) -> str:
    """The figure of shares in words."""
    return f"Bars: share of resamples of each equilibrium. {' '.join(sentences(result, labelled=True)[:3])}"
