"""The figures of the report of a world, each with a caption and an alternative text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from proxysim.core.vocabulary import MEASURES
from proxysim.formatting import capital, counted, joined, percent
from proxysim.report.html import Picture, Pictures
from proxysim.report.labels import makers
from proxysim.report.roles import fighters
from proxysim.report.study import alt_text, information, portfolio, respond, spread, structure, takes
from proxysim.report.study.answers_text import bars, told_bars
from proxysim.report.study.calibration import effects_table
from proxysim.report.study.months import standing
from proxysim.report.text import MONTHS, per_year, yearly
from proxysim.scenario.labels import number_label
from proxysim.studies.limits import ceiling_words, ceilings
from proxysim.studies.patterns.document import EVIDENCE
from proxysim.studies.phrases import table_factor
from proxysim.studies.value_of_information_text import outcome_words, unit_words

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

    from proxysim.report.study.findings import Findings

#: Measures of the figure of differences, most important first, and those of the matrix.
_MEASURES = ("received_arms", "fighting", "stock", "made", "received_money", "sent_arms")
_MATRIX = ("received_arms", "stock", "fighting")
#: Most actors and lines in the main figure, panels of differences, actors in each, and cells across the matrix.
_ACTORS, _LINES, _PANELS, _ROWS, _COLUMNS = 4, 4, 4, 5, 9
#: Most actors in the figures over time, receivers with bars, bars, and uncertain parameters.
_OVER_TIME, _BARS, _PARAMETERS = 6, 18, 10
#: Most historical patterns in one figure, so that it fits on a printed page with the text around it.
_PATTERNS = 24
_INDEX = "index, start = 100"


def pictures(found: Findings) -> dict[str, Picture]:
    """All figures of a report for which the world has data, by key; "main" is the one for the first page."""
    from proxysim.figures.kit.export import stamp
    from proxysim.figures.kit.frame import captions_apart

    made = Pictures(stamp(found.study))
    with captions_apart():
        _main(made, found)
        _effects(made, found)
        _support(made, found)
        _arms(made, found)
        _regimes(made, found)
        _judged(made, found)
        _spread(made, found)
        _structure(made, found)
        _takes(made, found)
        _portfolio(made, found)
        _respond(made, found)
        _answers(made, found)
        _patterns(made, found)
        _calibration(made, found)
    return made.made


def _add(made: Pictures, key: str, title: str, figure: Figure, more: str, alt: str) -> None:
    """Add a figure with its own caption, and more to say on it."""
    caption = f"{getattr(figure, 'caption', '')} {more}".strip()
    made.add(key, title, figure, caption, alt)


def _at_value(found: Findings) -> str:
    """A note on the parameters of the runs examined month by month."""
    return ", with all parameters at their given values" if found.study.uncertain else ""


def _ceilings(found: Findings) -> str:
    """A note on the fighting indices that are at their ceiling."""
    limits = ceilings(found.study, found.roles.shown)
    told = [f"{found.labels[actor]} {percent(max(limit.shares.values()))}" for actor, limit in limits.items()]
    return f"{capital(ceiling_words(found.study))}, in the branch with the largest share: {joined(told)}." if told else ""


def _ranked_branches(found: Findings) -> list[str]:
    """All branches: those that are shown, then the countermeasures, the most effective first."""
    ranked = [str(name) for name in found.ranking["branch"]] if len(found.ranking) else []
    return list(dict.fromkeys([*found.roles.shown, *ranked, *found.roles.counters]))


def _main_branches(found: Findings) -> list[str]:
    """The lines of the main figure: baseline, focus, other settings, and the best countermeasure."""
    roles, ranked = found.roles, _ranked_branches(found)
    best = [name for name in ranked if name in roles.counters][:1]
    others = [name for name in roles.shown if name not in (roles.baseline, roles.focus)][: _LINES - 2 - len(best)]
    chosen = {roles.baseline, roles.focus, *others, *best}
    rest = [name for name in ranked if name not in chosen][: _LINES - len(chosen - {None})]
    return [name for name in ranked if name in chosen or name in rest]


def _reach(found: Findings, measure: str, actor: str) -> float:
    """The largest difference of a branch from the baseline, relative to the value in the baseline."""
    if found.comparison is None:
        return 0.0
    own = [e for e in found.comparison.effects if (e.measure, e.actor) == (measure, actor) and e.difference is not None]
    return max((abs(e.difference or 0.0) / max(abs(e.baseline or 0.0), 1e-3) for e in own), default=0.0)


def _largest(found: Findings, measure: str, actors: Sequence[str], most: int) -> list[str]:
    """The actors with the largest effects, in their own order."""
    ordered = sorted(actors, key=lambda actor: -_reach(found, measure, actor))
    return [actor for actor in actors if actor in ordered[:most]]


def _bands(found: Findings, branches: Sequence[str]) -> pandas.DataFrame:
    """Monthly quantiles of some branches, in this order."""
    import pandas as pd

    table = found.study.bands_table()
    own = pd.concat([table[table["branch"] == name] for name in branches]).reset_index(drop=True)
    flows = own["measure"].isin([name for name, (unit, _) in MEASURES.items() if per_year(unit) != unit])
    levels = [column for column in own.columns if column.startswith("q")]
    own.loc[flows, levels] *= MONTHS
    return own


def _effect_table(found: Findings) -> pandas.DataFrame:
    """All effects, with flows per year."""
    import pandas as pd

    assert found.comparison is not None
    return pd.DataFrame([vars(yearly(effect)) for effect in found.comparison.effects])


def _receivers(found: Findings) -> list[str]:
    """Proxies that receive arms; without any, all actors that do."""
    names, proxies = found.study.worlds[0].names["actor"], set(found.world.scenario.ids["proxies"])
    active = [actor for actor in names if bool(np.any(found.study.of("received_arms", actor) > 0.0))]
    return [actor for actor in active if actor in proxies] or active


# ---- the main figure ------------------------------------------------------------------------------------------------


def _main(made: Pictures, found: Findings) -> None:
    """The fighting index of each proxy over time, or the arms received where there is none."""
    from proxysim import figures

    measure, unit, every = "fighting", _INDEX, fighters(found.study)
    if not every:
        measure, unit, every = "received_arms", "USD m / year", _receivers(found)
    if not every:
        return
    actors, branches = _largest(found, measure, every, _ACTORS), _main_branches(found)
    rest = len(every) - len(actors)
    more = f"Shown are the {len(actors)} with the largest effects; {counted(rest, 'other')} {'is' if rest == 1 else 'are'} in the appendix."
    title = "Fighting index over time" if measure == "fighting" else "Arms received over time"
    figure = figures.headline(_bands(found, branches), measure, unit, actors, found.events, found.labels)
    _add(made, "main", title, figure, more if rest else "", alt_text.bands(found, actors, measure, branches))


# ---- effects --------------------------------------------------------------------------------------------------------


def _effects(made: Pictures, found: Findings) -> None:
    """The fighting index by month, the matrix of all branches, and differences against the baseline."""
    from proxysim import figures

    labels, shown, fighting = found.labels, found.roles.shown, fighters(found.study)
    if fighting and not (len(fighting) <= _ACTORS and set(shown) <= set(_main_branches(found))):
        figure = figures.capacity_bands(_bands(found, shown), "fighting", _INDEX, fighting, found.events, labels)
        _add(made, "fighting", "Fighting index of each proxy by branch", figure,
             f"The index combines stocks, personnel and command. {_ceilings(found)}",
             alt_text.bands(found, fighting, "fighting", shown))  # fmt: skip
    if found.comparison is None:
        return
    table = _effect_table(found)
    _matrix(made, found, table)
    chosen = table[table["branch"].isin(shown) & table["measure"].isin(_MEASURES)]
    chosen, more = _that_matter(found, chosen)
    if len(chosen):
        measures = [one for one in _MEASURES if one in set(chosen["measure"])]
        _add(made, "differences", "Differences from the baseline", figures.differences(chosen, measures, labels=labels),
             more.strip(), alt_text.differences(found))  # fmt: skip


def _matrix(made: Pictures, found: Findings, table: pandas.DataFrame) -> None:
    """All branches against the main outcomes of the proxies."""
    from proxysim import figures

    proxies = [actor for actor in found.world.scenario.ids["proxies"] if actor in set(table["actor"])]
    measures = [one for one in _MATRIX if bool((table[(table["measure"] == one) & table["actor"].isin(proxies)]["difference"].abs() > 0).any())]
    if not measures or len(found.roles.all) < 3:
        return
    if len(proxies) * len(measures) > _COLUMNS and len(proxies) > 3:
        measures = [one for one in measures if one != "stock"] or measures
    actors = _largest(found, measures[0], proxies, max(1, _COLUMNS // len(measures)))
    rest = len(proxies) - len(actors)
    branches = [name for name in _ranked_branches(found) if name != found.roles.baseline]
    parts = [table[(table["branch"] == name) & table["actor"].isin(actors)] for name in branches]
    import pandas as pd

    more = f"{counted(rest, 'proxy', 'proxies')} with smaller effects {'is' if rest == 1 else 'are'} in the table of all effects." if rest else ""
    own = pd.concat(parts)
    _add(made, "matrix", "Effect of each branch on each outcome", figures.effect_matrix(own, measures, found.labels), more,
         alt_text.matrix(found, own, measures))  # fmt: skip


def _that_matter(found: Findings, table: pandas.DataFrame) -> tuple[pandas.DataFrame, str]:
    """The measures and actors with a difference that matters, most important first, and a note on the others."""
    from proxysim.figures.kit.tables import MATTERS, matters

    table = table[np.isfinite(table["difference"].astype(float))]
    large = matters(table).groupby([table["measure"], table["actor"]]).transform("any")
    small = table[~large].groupby(["measure", "actor"]).ngroups
    kept = table[large]
    measures = [one for one in _MEASURES if one in set(kept["measure"])][:_PANELS]
    pairs = kept.groupby(["measure", "actor"], sort=False).ngroups
    parts = []
    for one in measures:
        own = kept[kept["measure"] == one]
        actors = _largest(found, one, list(dict.fromkeys(own["actor"])), _ROWS)
        parts.append(own[own["actor"].isin(actors)])
    import pandas as pd

    chosen = pd.concat(parts) if parts else kept
    more = pairs - chosen.groupby(["measure", "actor"], sort=False).ngroups if parts else 0
    note = f" Not shown: {counted(small, 'outcome')} in which every difference is below {100 * MATTERS:.0f} % of the value" if small else ""
    if more:
        note += f"{', and' if note else ' Not shown:'} {counted(more, 'smaller or less important one')}"
    return chosen, f"{note}; all are in the table of effects." if note else ""


def _support(made: Pictures, found: Findings) -> None:
    """The chain from pledge to arms held, and the shares of the provisions."""
    from proxysim import figures

    labels = found.labels
    if len(found.chain):
        _add(made, "chain", "From pledge to arms held", figures.support_chain(found.chain, labels=labels),
             "Pledges are sent as money or budgeted for arms. Some of the budgeted arms are "
             "sent, and some of those arrive. Arms held also reflect production, purchases, capture, use and losses.",
             alt_text.chain(found))  # fmt: skip
    if found.attribution is not None:
        first = max(found.attribution.measures, key=lambda m: abs(m.total.difference or 0.0))
        if first.total.difference:
            _add(made, "provisions", "Effect by provision", _waterfall(found, first.total.actor),
                 f"The effect is on the arms held by {labels[first.total.actor]}, where it is largest, over {1 << len(found.attribution.players):,} "
                 "combinations of provisions.",
                 alt_text.waterfall(found, first.total.actor))  # fmt: skip


# ---- arms -----------------------------------------------------------------------------------------------------------


def _arms(made: Pictures, found: Findings) -> None:
    """Arms over time, by sender, receiver and route, and by origin."""
    from proxysim import figures

    labels, by_maker = found.labels, makers(found.labels)
    every = _receivers(found)
    if every and fighters(found.study):  # otherwise the main figure shows them
        actors = _largest(found, "received_arms", every, _OVER_TIME)
        rest = len(every) - len(actors)
        more = f"{counted(rest, 'receiver')} with smaller effects {'is' if rest == 1 else 'are'} not shown." if rest else ""
        figure = figures.arms_over_time(_bands(found, found.roles.shown), actors, found.events, labels, unit="USD m / year")
        _add(made, "arms", "Arms received over time", figure, more, alt_text.bands(found, actors, "received_arms", found.roles.shown))
    if len(found.cargoes) and float(found.cargoes["sent"].sum()) > 0:
        focus = labels[found.roles.focus or found.roles.baseline]
        cargo = f"Branch: {focus}{_at_value(found)}."
        _add(made, "flows", "Arms by origin, sender and receiver", figures.alluvial(found.cargoes, labels=labels, makers=by_maker),
             cargo, alt_text.flows(found))  # fmt: skip
        if found.world.scenario.ids["legs"]:
            _add(made, "map", "Arms sent over each leg", figures.arms_map(found.world, found.cargoes, labels=by_maker),
                 cargo, alt_text.map(found))  # fmt: skip
    if len(found.provenance):
        table, more = _first_receivers(found.provenance)
        _add(made, "provenance", "Arms by origin", figures.provenance(table, unit="USD m / year", labels=labels, makers=by_maker), more,
             alt_text.provenance(found))  # fmt: skip


def _first_receivers(table: pandas.DataFrame) -> tuple[pandas.DataFrame, str]:
    """The first receivers, as many as fit the figure, and a note on the others."""
    actors, branches = list(dict.fromkeys(table["actor"])), max(1, table["branch"].nunique())
    kept = actors[: max(1, _BARS // branches)]
    rest = len(actors) - len(kept)
    return table[table["actor"].isin(kept)], (f"{counted(rest, 'other receiver')} {'is' if rest == 1 else 'are'} not shown." if rest else "")


def _regimes(made: Pictures, found: Findings) -> None:
    """Survival of the regimes that fall in some run, and stability of each regime that can fall."""
    from proxysim import figures

    table = standing(found.study, _ranked_branches(found))
    if len(table):
        _add(made, "survival", "Survival of regimes", figures.survival(table, found.events, found.labels), "", alt_text.survival(found, table))
    for place, regime in enumerate(dict.fromkeys(found.regimes["regime"]) if len(found.regimes) else ()):
        _add(made, f"regime{place}", f"Stability of {found.labels.get(str(regime), str(regime))}",
             figures.regime_stability(found.regimes, str(regime), labels=found.labels), _at_value(found).removeprefix(", ").capitalize(),
             alt_text.stability(found, str(regime)))  # fmt: skip


# ---- countermeasures and uncertainty --------------------------------------------------------------------------------


def _judged(made: Pictures, found: Findings) -> None:
    """The ranking of countermeasures, and the key uncertainties."""
    from proxysim import figures

    what, unit = found.yardstick
    focus = found.labels[found.roles.focus or found.roles.baseline]
    if len(found.ranking):
        _add(made, "counter", "Effect of each countermeasure", figures.ranking(found.ranking, unit, labels=found.labels),
             f"Effect on the {what} compared with “{focus}”.", alt_text.ranking(found))  # fmt: skip
    if found.screening is not None and bool((found.screening.table["change"] != 0.0).any()):
        table = found.screening.table.drop(columns=["low", "high"])
        names = {name: number_label(str(name), found.world.scenario) for name in table["name"]}
        rest = len(table) - _PARAMETERS
        figure = figures.tornado(table.head(_PARAMETERS), float(found.screening.draws.mean()), unit, labels=names,
                                 held="means over the runs in the lowest and highest third of its range")  # fmt: skip
        more = f"Effect of “{focus}” on the {what}, {counted(found.screening.pairs, 'paired run')} with all uncertain parameters resampled."
        _add(made, "screening", "Key uncertainties", figure,
             more + (f" {counted(rest, 'parameter')} with smaller effects {'is' if rest == 1 else 'are'} not shown." if rest > 0 else ""),
             alt_text.screening(found))  # fmt: skip


def _spread(made: Pictures, found: Findings) -> None:
    """Where the spread of the main effect comes from."""
    from proxysim import figures

    if found.sources is not None and found.sources.spread.sd > 0.0:
        focus = found.labels[found.roles.focus or ""]
        _add(made, "spread", "Uncertainty by grade and section", figures.variance_shares(spread.table(found)),
             f"The answer is the effect of “{focus}” on the {found.yardstick[0]}.", spread.alt_text(found))  # fmt: skip


def _structure(made: Pictures, found: Findings) -> None:
    """The main effect in every form of the model."""
    from proxysim import figures

    if found.structure is not None and found.structure.answer.form_matters:
        focus = found.labels[found.roles.focus or ""]
        _add(made, "structure", "The effect in every form of the model", figures.effects_by_form(structure.table(found)),
             f"The answer is the effect of “{focus}” on the {found.yardstick[0]}, {found.yardstick[1]}.", structure.alt_text(found))  # fmt: skip


def _takes(made: Pictures, found: Findings) -> None:
    """The effect against a number that is varied."""
    from proxysim import figures

    one = takes.drawn(found)
    if one is not None:
        outcome = one.study.outcome
        figure = figures.lever_effect(takes.table(one), "value", unit=takes.unit_of(one), labels=takes.labels(found, one),
                                      level=table_factor(outcome.unit) * one.target)  # fmt: skip
        _add(made, "takes", "What it would take", figure, "", takes.alt_text(one))


def _portfolio(made: Pictures, found: Findings) -> None:
    """Ranks of options by four criteria, and the frontier of cost and effect."""
    from proxysim import figures

    if (result := found.portfolio) is None:
        return
    table, names = portfolio.ranks_table(result), portfolio.labels(result)
    if len(table):
        _add(made, "ranks", "Ranks of options", figures.robustness(table, names), "", portfolio.ranks_alt(result))
    one = result.objectives[portfolio.pair(result)[0]]
    figure = figures.frontier(portfolio.frontier_table(result), portfolio.unit_of(one), "USD m / year", names)
    _add(made, "frontier", "Cost and effect", figure, f"The effect is that on {portfolio.outcome_of(result)}.", portfolio.frontier_alt(result))
    if (study := information.drawn(found)) is not None:
        figure = figures.information_values(information.table(study), unit_words(study), scale=table_factor(study.unit))
        more = f"The choice is by the mean of {outcome_words(study)}."
        _add(made, "information", "What to find out first", figure, more, information.alt_text(study))


def _respond(made: Pictures, found: Findings) -> None:
    """Payoffs of both sides with best answers, and how often each equilibrium is found."""
    from proxysim import figures

    if (result := found.responses) is None:
        return
    names = respond.labels(result)
    figure = figures.payoffs(respond.payoffs_table(result), respond.payoffs_title(result), names)
    _add(made, "payoffs", "Best answers", figure, "", respond.payoffs_alt(result))
    if len(result.ends) > 1:
        _add(made, "equilibria", "Equilibria", figures.equilibrium_shares(result.equilibria(), names), "", respond.shares_alt(result))


def _answers(made: Pictures, found: Findings) -> None:
    """What each answer of others takes away from the main effect."""
    from proxysim import figures

    drawn = bars(found)
    if drawn is not None:
        table, rest = drawn
        what, unit, alt = told_bars(found, table)
        more = f" Not drawn: {counted(rest, 'answer')} that {'takes' if rest == 1 else 'take'} less than 1\u00a0% as much." if rest else ""
        _add(made, "answers", "What each answer takes away", figures.taken_by_answers(table, unit), f"The effect is that on {what}.{more}", alt)


def _patterns(made: Pictures, found: Findings) -> None:
    """The published range of each historical pattern, and where the runs lie."""
    from proxysim import figures

    history = found.history
    if history is None:
        return
    at_values, resampled = history.at_values, history.resampled
    roles = [role for role in EVIDENCE if any(one.pattern.role == role for one in at_values.evidence)]
    if len(roles) == 1 or 0 < len(at_values.evidence) <= _PATTERNS:
        _add(made, "patterns", "Historical patterns", figures.patterns(at_values, resampled), "", alt_text.patterns(found))
    elif roles:
        first, second = (figures.patterns(at_values, resampled, role) for role in roles)
        _add(made, "patterns", "Historical patterns: fit", first, "", alt_text.patterns(found, "fit"))
        made.add("checks", "Historical patterns: check", second, f"Scales and marks are those of the figure above; n = {at_values.runs:,} runs.",
                 alt_text.patterns(found, "check"))  # fmt: skip


def _calibration(made: Pictures, found: Findings) -> None:
    """The headline effects before and after calibration."""
    from proxysim import figures

    if found.calibrated is not None:
        figure = figures.prior_and_posterior(effects_table(found.calibrated), labels=found.labels)
        whose = f"Effects are those of “{found.labels[found.calibrated.branch]}”."
        _add(made, "calibration", "Effects before and after calibration", figure, whose, alt_text.calibration(found))


def _waterfall(found: Findings, actor: str) -> Figure:
    """The waterfall figure of the effect on one actor."""
    from proxysim import figures
    from proxysim.figures.kit.tables import plain_rows

    assert found.attribution is not None
    table = found.attribution.to_dataframe()
    table = plain_rows([dict(row) for _, row in table[table["actor"] == actor].iterrows()]).assign(
        n=found.attribution.runs
    )
    one = next(m for m in found.attribution.measures if m.total.actor == actor)
    rows: list[dict[str, Any]] = [
        {"one": a, "two": b, "value": s.value, "low": s.low, "high": s.high} for (a, b), s in one.interactions.items()
    ]
    return figures.waterfall(table, plain_rows(rows), labels={**found.labels, "everything_else": "Everything else"})
