"""Forms of the model: shares of the variance in closed form, and effects in every form on the same draws."""

from __future__ import annotations

import json
import math
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.calibrating import calibrated
from tests.studies import STUDY
from tests.worlds import PLAIN, Tables, merged, to_toml, world_of
from typer.testing import CliRunner

import proxysim as ps
from proxysim.cli import app
from proxysim.core.parameters import VARIANTS
from proxysim.errors import Fault, InputError, RunError
from proxysim.scenario.world.world import World
from proxysim.statistics.crossed import COMPONENTS, CrossedShares, _of_square, _of_variance, crossed_shares
from proxysim.studies import form_design, forms_text
from proxysim.studies.forms import Forms, FormsAnswer, forms

DOOR, ROOT = CliRunner(), Path(__file__).parent.parent

# ---- closed forms ----------------------------------------------------------------------------------------------------

#: Deviations of six forms, of the form times the draw, and of the form times the run; each has mean 0.
FORM = np.array([-2.0, -1.0, 0.0, 0.0, 1.0, 2.0])
JOINT = np.array([1.0, -1.0, 0.5, -0.5, 0.0, 0.0])
RANDOM = np.array([0.0, 0.5, -0.5, 0.5, -0.5, 0.0])


def planted(sizes: tuple[float, ...], draws: int, seed: int) -> np.ndarray:
    """y = a_form + b_draw + c_form * draw + noise of the run + d_form * run, shape (form, draw, run, 1)."""
    chance = np.random.default_rng(seed)
    a, b, c, n, d = sizes
    one = chance.normal(size=(1, draws, 1, 1))
    joint = chance.normal(size=(1, draws, 1, 1))
    noise, more = chance.normal(size=(2, 1, draws, 2, 1))
    by_form = (column.reshape(-1, 1, 1, 1) for column in (FORM, JOINT, RANDOM))
    form, with_draw, with_run = by_form
    return np.asarray(7.0 + a * form + b * one + c * with_draw * joint + n * noise + d * with_run * more)


def exact(sizes: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Components and shares of the planted table."""
    a, b, c, n, d = np.array(sizes) ** 2
    found = np.array([a * np.mean(FORM**2), b, c * np.mean(JOINT**2), n, d * np.mean(RANDOM**2)])
    shares = np.array([found[0] + 0.5 * (found[2] + found[4]), found[1] + 0.5 * found[2], found[3] + 0.5 * found[4]])
    return found, shares / found.sum()


SIZES = [(1.0, 2.0, 1.0, 1.0, 1.0), (0.1, 1.0, 0.5, 1.0, 0.5), (0.0, 1.0, 0.5, 0.5, 0.0), (1.0, 0.3, 0.2, 0.1, 0.1)]


@pytest.mark.parametrize("sizes", SIZES)
def test_shares__of_a_planted_table_are_inside_their_intervals(sizes: tuple[float, ...]) -> None:
    """In at least 90 of 100 tables of 60 draws, for each source; and the components are right on average.

    Over 1,000 tables of 30 to 200 draws, intervals of 95 % contain the share in 92 to 96 %.
    """
    tables = 400
    found = crossed_shares(np.concatenate([planted(sizes, 60, seed) for seed in range(tables)], axis=3))
    components, shares = (column[:, np.newaxis] for column in exact(sizes))
    assert ((found.low <= shares) & (shares <= found.high)).mean(axis=1).min() >= 0.9
    error = found.components.std(axis=1, ddof=1) / math.sqrt(tables)
    assert (np.abs(found.components.mean(axis=1) - components[:, 0]) <= 3.5 * error + 1e-12).all()


def test_shares__of_a_large_table_are_those_of_the_formula() -> None:
    """With 20,000 draws."""
    found = crossed_shares(planted(SIZES[0], 20_000, 1))
    components, shares = exact(SIZES[0])
    assert found.share[:, 0] == pytest.approx(shares, abs=0.01)
    assert found.components[:, 0] == pytest.approx(components, rel=0.04)
    assert found.variance[0] == pytest.approx(components.sum(), rel=0.02)


def test_components__are_those_of_the_mean_squares_of_the_analysis_of_variance() -> None:
    """As computed from the classical mean squares of a crossed design with runs nested in draws."""
    y = planted(SIZES[0], 8, 2)[..., 0]
    forms_, draws, runs = y.shape
    grand, by_form, by_draw, by_run = y.mean(), y.mean(axis=(1, 2)), y.mean(axis=(0, 2)), y.mean(axis=0)
    cell = y.mean(axis=2)
    ms_draw = forms_ * runs * ((by_draw - grand) ** 2).sum() / (draws - 1)
    ms_run = forms_ * ((by_run - by_draw[:, None]) ** 2).sum() / (draws * (runs - 1))
    apart = cell - by_form[:, None] - by_draw + grand
    ms_joint = runs * (apart**2).sum() / ((draws - 1) * (forms_ - 1))
    rest = y - cell[:, :, None] - by_run + by_draw[:, None]
    ms_rest = (rest**2).sum() / (draws * (runs - 1) * (forms_ - 1))
    ms_form = draws * runs * ((by_form - grand) ** 2).sum() / (forms_ - 1)
    factor = (forms_ - 1) / forms_
    expected = [factor * (ms_form - ms_joint) / (draws * runs), (ms_draw - ms_run) / (forms_ * runs),
                factor * (ms_joint - ms_rest) / runs, ms_run / forms_, factor * ms_rest]  # fmt: skip
    assert crossed_shares(y[..., np.newaxis]).components[:, 0] == pytest.approx(expected, rel=1e-10)


def test_pseudo_values__are_those_of_the_jackknife() -> None:
    """n times the estimate, minus n - 1 times the one without a draw; their mean is the estimate."""
    values = np.random.default_rng(3).normal(size=(7, 2))

    def square(x: np.ndarray) -> np.ndarray:
        return np.asarray(x.mean(axis=0) ** 2 - x.var(axis=0, ddof=1) / len(x))

    for function, estimate in ((_of_variance, lambda x: x.var(axis=0, ddof=1)), (_of_square, square)):
        expected = np.array([7 * estimate(values) - 6 * estimate(np.delete(values, k, axis=0)) for k in range(7)])
        assert function(values) == pytest.approx(expected, rel=1e-10)
        assert function(values).mean(axis=0) == pytest.approx(estimate(values), rel=1e-10)


def same(one: CrossedShares, two: CrossedShares) -> bool:
    return one.share == pytest.approx(two.share, rel=1e-9) and one.components == pytest.approx(two.components, rel=1e-9)


def test_shares__do_not_depend_on_the_order_of_forms_draws_or_runs() -> None:
    """Nor on the unit, nor on a constant; they sum to 1 in every table."""
    y, chance = planted(SIZES[0], 30, 4), np.random.default_rng(4)
    plain = crossed_shares(y)
    assert plain.share.sum() == pytest.approx(1.0, abs=1e-12)
    turned = (y[chance.permutation(6)], y[:, chance.permutation(30)], y[:, :, ::-1], y + 100.0)
    assert all(same(plain, crossed_shares(one)) for one in turned)
    forms_moved = crossed_shares(turned[0])
    assert (forms_moved.low, forms_moved.high) == (pytest.approx(plain.low, rel=1e-9), pytest.approx(plain.high, rel=1e-9))
    assert np.array_equal(plain.share, crossed_shares(1024.0 * y).share)


def test_shares__are_exactly_zero_for_what_changes_nothing() -> None:
    """Forms that do not differ, up to rounding errors, and runs of a draw that do not; without any variance there are no shares."""
    no_form = crossed_shares(np.repeat(planted(SIZES[0], 20, 5)[:1], 6, axis=0) * (1.0 + 1e-14 * np.arange(6).reshape(6, 1, 1, 1)))
    assert (0.0, 0) == (no_form.share[0, 0], no_form.differing[0, 0]) and math.isnan(no_form.low[0, 0])
    assert no_form.share[1:, 0].sum() == pytest.approx(1.0)
    no_noise = crossed_shares(planted((1.0, 1.0, 0.5, 0.0, 0.0), 20, 5))
    assert 0.0 == no_noise.share[2, 0] and math.isnan(no_noise.low[2, 0]) and no_noise.low[0, 0] < no_noise.share[0, 0] < no_noise.high[0, 0]
    only_form = crossed_shares(planted((1.0, 0.0, 0.0, 0.0, 0.0), 20, 5))
    assert [1.0, 0.0, 0.0] == only_form.share[:, 0].tolist()
    nothing = crossed_shares(np.full((3, 9, 2, 1), 4.0))
    assert 0.0 == nothing.variance[0] and np.isnan(nothing.share).all()


def test_shares__have_no_interval_where_few_draws_differ() -> None:
    """Forms that differ in four of twenty draws."""
    y = np.repeat(planted(SIZES[0], 20, 6)[:1], 6, axis=0)
    y[2, :4] += 1.0
    found = crossed_shares(y)
    assert 4 == found.differing[0, 0] and found.share[0, 0] > 0.0 and math.isnan(found.low[0, 0])


# ---- worlds ----------------------------------------------------------------------------------------------------------

#: The study world with two uncertain parameters and a policy that is off unless a study switches it on.
RANGED: Tables = merged(STUDY, {
    "states": {"north": {"income": {"value": 100, "low": 60, "high": 160}, "sanctions": {"value": 0.3, "low": 0.1, "high": 0.5}}},
    "policies": {"searches": {"owner": "south", "watches": "stock.reds", "against": "no-pact", "moves": "legs.first.detection", "gain": 0.8,
                              "active": False}},
})  # fmt: skip
PAIR = ["no-pact", "strong"]


@pytest.fixture(scope="module")
def ranged() -> World:
    return world_of(RANGED)


@pytest.fixture(scope="module")
def found(ranged: World) -> Forms:
    return forms(ranged, PAIR, 10, 3, threads=1, measures=["stock", "received_arms", "fighting.reds"])


def without_policies(tables: Tables) -> Tables:
    return {section: table for section, table in tables.items() if section != "policies"}


def test_forms__are_all_combinations_of_what_the_package_has(found: Forms) -> None:
    """Of the rules with several variants, as in experiments/forms.toml, and of the policies on and off."""
    assert {**VARIANTS, "policies": ("off", "on")} == {choice.name: choice.variants for choice in found.choices}
    assert 2 * math.prod(map(len, VARIANTS.values())) == len(found.forms) == len({form.name for form in found.forms})
    file = tomllib.loads((ROOT / "experiments" / "forms.toml").read_text(encoding="utf-8"))["uncertainties"]
    assert {f"rules.{rule}": set(variants) for rule, variants in VARIANTS.items()} == {name: set(one) for name, one in file.items()}
    assert ["file's own form"] == [form.name for form in found.forms if form.own] and {} == found.left_out
    assert len(found.forms) * 2 * 2 * 10 == found.runs


def test_forms__the_own_form_is_that_of_compare_to_the_last_bit(ranged: World, found: Forms) -> None:
    """The same draws, random numbers and intervals as `compare --uncertain`."""
    plain = ps.compare(ranged, PAIR, 20, 3, uncertain=True, measures=["stock", "received_arms", "fighting.reds"])
    for effect in plain.effects:
        assert effect == found.of(effect.measure, effect.actor).effects[found.own]


@pytest.mark.parametrize("place", [5, 22, 47, 63])
def test_forms__other_forms_are_those_of_a_world_with_these_settings(found: Forms, place: int) -> None:
    """Rules and policies that are set in the file give the same effects."""
    form = found.forms[place]
    assert not form.own
    active = {"policies": {"searches": {"active": form.variants["policies"] == "on"}}}
    other = world_of(merged(RANGED, {"rules": form.rules, **active}))
    for effect in ps.compare(other, PAIR, 20, 3, uncertain=True, measures=["stock", "received_arms", "fighting.reds"]).effects:
        assert effect == found.of(effect.measure, effect.actor).effects[place]


def test_forms__of_an_answer_that_no_rule_affects_have_a_share_of_exactly_zero() -> None:
    """The revenue of a state with potential income: only its two parameters matter."""
    tables = merged(PLAIN, {
        "states": {"north": {"income": {"value": 100, "low": 60, "high": 140, "dist": "uniform"}, "income_basis": "potential",
                             "sanctions": {"value": 0.25, "low": 0.1, "high": 0.4, "dist": "uniform"}}},
        "branches": {"as-is": {"about": "The file"}, "double": {"scale": {"states": {"north": {"sanctions": 2}}}}},
    })  # fmt: skip
    result = forms(world_of(tables), ["as-is", "double"], 10, measures=["revenue.north"])
    one = result.answers[0]
    assert (0.0, None, 0) == (one.shares[0].share, one.shares[0].low, one.shares[0].differing) and not one.form_matters
    assert (1.0, 0.0) == (one.shares[1].share, one.shares[2].share) and one.same_sign
    assert all(variant.change.value == 0.0 and variant.change.differing == 0 for variant in one.variants)
    assert "is the same in all 32 forms of the model, run by run" in result.summary().replace("\n  ", " ")


def test_choices__change_what_the_table_of_effects_says(found: Forms) -> None:
    """The change of a variant is the difference of the mean effects over the forms with it and with the file's own."""
    table = found.to_dataframe()
    for _, row in found.choices_table().iterrows():
        own = table[(table["measure"] == row["measure"]) & (table["actor"] == row["actor"])]
        means = own.groupby(row["choice"])["difference"].mean()
        assert row["change"] == pytest.approx(means[row["variant"]] - means[row["own"]], abs=1e-9)
    one = found.of("stock", "reds")
    sizes = [abs(variant.change.value) for variant in one.variants]
    assert sizes == sorted(sizes, reverse=True) and 7 == len(sizes)
    assert all(v.change.low <= v.change.value <= v.change.high for v in one.variants if v.change.low is not None and v.change.high is not None)


def test_forms__tables_and_json_agree(found: Forms) -> None:
    """Shares sum to 1; smallest and largest are those of the table; JSON has no undefined numbers."""
    facts = json.loads(json.dumps(found.to_json(), allow_nan=False))
    shares = found.shares_table().groupby(["measure", "actor"])["share"].sum(min_count=3).dropna()
    assert len(shares) and shares.to_numpy() == pytest.approx(np.ones(len(shares)), abs=1e-12)
    table = found.to_dataframe()
    for one in facts["answers"]:
        own = table[(table["measure"] == one["measure"]) & (table["actor"] == one["actor"])].reset_index(drop=True)
        assert (own["difference"].min(), own["difference"].max()) == tuple(one["effects"][one[end]]["difference"] for end in ("smallest", "largest"))
        assert own["form"].tolist() == [form["name"] for form in facts["forms"]]
        if one["sd"]:
            assert sum(one["components"][name] for name in COMPONENTS) == pytest.approx(one["sd"] ** 2)
        assert one["same_sign"] == bool((own["difference"] > 0).all() or (own["difference"] < 0).all())
    assert (found.runs, 10, found.own) == (facts["runs"], facts["draws"], [form["own"] for form in facts["forms"]].index(True))


def test_forms__do_not_depend_on_threads_or_on_other_measures(ranged: World, found: Forms) -> None:
    """To the last bit, and to the last digits."""
    other = forms(ranged, PAIR, 10, 3, threads=2, measures=["stock", "received_arms", "fighting.reds"])
    assert found.answers == other.answers
    alone = forms(ranged, PAIR, 10, 3, measures=["fighting.reds"]).answers[0]
    both = found.of("fighting", "reds")
    assert [share.share for share in alone.shares] == pytest.approx([share.share for share in both.shares], rel=1e-9)


def test_forms__of_more_branches_have_each_against_the_first(ranged: World, found: Forms) -> None:
    """The same numbers as with two branches."""
    more = forms(ranged, [*PAIR, "hard-patrol"], 10, 3, measures=["stock"])
    assert {"strong", "hard-patrol"} == {one.branch for one in more.answers}
    assert more.of("stock", "reds", "strong").effects == found.of("stock", "reds").effects
    assert more.of("stock", "reds", "hard-patrol").effects != more.of("stock", "reds", "strong").effects


def test_forms__policies_that_are_on_are_switched_off(ranged: World, found: Forms) -> None:
    """The other way round, the forms are the same; only the own form is another one."""
    turned = forms(ranged.with_policies("on"), PAIR, 10, 3, measures=["stock"])
    assert "on" == next(choice.own for choice in turned.choices if choice.name == "policies")
    assert "on" == turned.forms[turned.own].variants["policies"]
    assert [form.variants for form in turned.forms] == [form.variants for form in found.forms]
    for one, two in zip(turned.of("stock", "reds").effects, found.of("stock", "reds").effects, strict=True):
        assert one == two


def test_forms__a_rule_that_branches_set_differently_is_left_out() -> None:
    """It belongs to the branches; the reason names the variants."""
    tables = merged(without_policies(RANGED), {"branches": {"strong": {"set": {"rules": {"attrition": "linear"}}}}})
    result = forms(world_of(tables), PAIR, 5, measures=["stock.reds"])
    assert {"attrition": "the branches have different variants: contest, linear"} == result.left_out and 8 == len(result.forms)
    assert "Not crossed: attrition (the branches have different variants: contest, linear)." in result.summary()


def test_forms__a_variant_that_the_world_cannot_use_is_left_out(ranged: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the message of the fault; the other variants of the rule are crossed."""
    real = form_design.scenario_with_sets

    def refusing(scenario: Any, sets: list[str]) -> Any:
        if "square" in sets[0]:
            raise InputError([Fault("world.toml", 3, "rules.attrition", "needs two sides")])
        return real(scenario, sets)

    monkeypatch.setattr(form_design, "scenario_with_sets", refusing)
    result = forms(ranged, PAIR, 5, measures=["stock.reds"])
    assert {"attrition=square": "needs two sides"} == result.left_out and 48 == len(result.forms)


@pytest.mark.slow
def test_forms__draws_from_a_posterior_are_the_same_in_every_form(tmp_path: Path) -> None:
    """The own form is that of `compare` with the posterior; the text says that it was calibrated in one form."""
    calibrated(tmp_path)
    world = ps.load(tmp_path / "quickstart.toml", "no-pact").with_posterior(tmp_path / "out" / "quickstart.posterior.toml")
    result = forms(world, PAIR, 5, measures=["stock.reds"])
    plain = ps.compare(world, PAIR, 10, uncertain=True, measures=["stock.reds"])
    assert plain.effects[0] == result.answers[0].effects[result.own]
    assert "posterior" in result.to_json() and "drawn from a posterior" in result.summary().replace("\n  ", " ")


def test_forms__count_from_the_month_that_is_asked_for(ranged: World) -> None:
    """With `start`, branches share a past in every form."""
    late = forms(ranged, PAIR, 5, 3, start="2021-06", measures=["stock.reds"])
    plain = ps.compare(ranged, PAIR, 10, 3, uncertain=True, start="2021-06", measures=["stock.reds"])
    assert "2021-06" == late.to_json()["from"] and plain.effects[0] == late.answers[0].effects[late.own]


def test_forms__announce_what_they_take_and_show_progress(ranged: World) -> None:
    """The number of runs comes first, with an estimate; progress ends at the number of runs to do."""
    said: list[Any] = []
    result = forms(ranged, PAIR, 5, measures=["stock.reds"], announce=lambda *cost: said.append(cost), progress=lambda *at: said.append(at))
    assert result.runs == said[0][0] and said[0][1] > 0.0
    assert (0, result.runs) == said[1] and (result.runs, result.runs) == said[-1]


@pytest.mark.parametrize(("options", "kind", "message"), [
    ({"branches": ["no-pact"]}, InputError, "branches: give at least two branches; the first is the baseline"),
    ({"branches": ["strong", "strong"]}, InputError, "branches: a branch is named twice"),
    ({"draws": 4}, RunError, "the number of draws is an integer of at least 5; found 4"),
    ({"draws": 7.5}, RunError, "the number of draws is an integer of at least 5; found 7.5"),
    ({"measures": ["stok"]}, InputError, 'measures: stok: is not a measure; did you mean "stock"?'),
    ({"start": "1999-01"}, InputError, "the world runs from 2020-01 to 2021-12"),
    ({"pairs": 3}, TypeError, "pairs"),
])  # fmt: skip
def test_forms__errors_are_one_line(ranged: World, options: dict[str, Any], kind: type[Exception], message: str) -> None:
    """With what is allowed."""
    given = {"branches": PAIR, "draws": 5, **options}
    with pytest.raises(kind) as error:
        forms(ranged, given.pop("branches"), given.pop("draws"), **given)
    assert message in str(error.value) and "\n" not in str(error.value)


def test_forms__without_uncertain_parameters_are_refused() -> None:
    """As is a study of which there is only one form."""
    with pytest.raises(InputError, match="no parameter of these branches has a range"):
        forms(world_of(STUDY), PAIR, 5)


# ---- words -----------------------------------------------------------------------------------------------------------


def test_summary__leads_with_the_answer_and_fits_a_terminal(found: Forms) -> None:
    """The short form has both ends and the own form; the long one every form."""
    short, full = found.summary("stock", "reds"), found.summary("stock", "reds", full=True)
    assert short.startswith("The effect of strong on arms held, reds,")
    for text in (short, full):
        assert max(map(len, text.splitlines())) <= 100 and text.isascii()
    assert "Left out: 57 forms between these" in short or "Left out: 58 forms between these" in short
    assert all(any(line.startswith(form.name + " ") for line in full.splitlines()) for form in found.forms)
    assert "All forms count as equally likely." in short.replace("\n  ", " ")


def test_summary__says_when_the_sign_is_not_the_same(found: Forms) -> None:
    """With the number of forms of each sign."""
    from dataclasses import replace

    one = found.of("stock", "reds")
    half = len(one.effects) // 2
    turned = replace(one, effects=tuple(replace(effect, difference=(-1.0 if k < half else 1.0)) for k, effect in enumerate(one.effects)))
    assert "does not have the same sign in all 64 forms of the model: 32 positive, 32 negative" in forms_text.sentence(found, turned)
    assert not turned.same_sign
    undefined: FormsAnswer = replace(one, sd=math.nan, mean=math.nan)
    assert "is not defined in every run" in forms_text.sentence(found, undefined)


# ---- commands --------------------------------------------------------------------------------------------------------


def test_command__prints_answer_and_forms_and_writes_tables(tmp_path: Path) -> None:
    """After the comparison, on the same draws; the cost comes first, on stderr."""
    file = tmp_path / "ranged.toml"
    file.write_text(to_toml(without_policies(RANGED)), encoding="utf-8")
    words = ["compare", str(file), "--branches", "no-pact,strong", "--runs", "10", "--uncertain", "--forms", "--forms-draws", "5", "--seed", "3"]
    shown = DOOR.invoke(app, [*words, "--out", str(tmp_path / "out")])
    assert 0 == shown.exit_code and "forms: 640 more runs, about " in shown.stderr
    assert "has the same sign in" in shown.stdout or "does not have the same sign in" in shown.stdout
    effects = pd.read_parquet(tmp_path / "out" / "effects.parquet")
    table = pd.read_parquet(tmp_path / "out" / "forms.parquet")
    own = table[table["own"]].set_index(["measure", "actor"])["difference"]
    for row in effects.itertuples():
        if (row.measure, row.actor) in own.index:
            assert own[row.measure, row.actor] == row.difference
    assert {"forms_shares.parquet", "forms_choices.parquet"} <= {path.name for path in (tmp_path / "out").iterdir()}
    facts = json.loads(DOOR.invoke(app, [*words, "--json"]).stdout)
    assert 32 == len(facts["forms"]["forms"]) and 5 == facts["forms"]["draws"]


@pytest.mark.parametrize(("more", "message"), [
    (["--forms"], "--forms: crosses forms with draws of the uncertain parameters; add --uncertain or --posterior"),
    (["--forms-draws", "9"], "--forms-draws: is the number of draws of --forms; give both, or neither"),
    (["--forms", "--uncertain", "--given", "received_arms.reds > 1"], "--forms: cannot be used with --given"),
])  # fmt: skip
def test_command__refuses_options_that_do_not_go_together(more: list[str], message: str) -> None:
    """Before any run, in one line."""
    shown = DOOR.invoke(app, ["compare", "quickstart", "--branches", "no-pact,strong", *more])
    assert 2 == shown.exit_code and message in shown.stderr and 1 == len(shown.stderr.strip().splitlines())


@pytest.mark.slow
def test_report__has_the_forms_if_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sentence, a figure and two tables; the command that is quoted has the option."""
    monkeypatch.setattr("proxysim.report.study.structure.DRAWS", 5)
    page = ps.write_report("quickstart", tmp_path / "report.html", PAIR, runs=5, forms=True).read_text(encoding="utf-8")
    assert '<h3 id="structure">Structural uncertainty</h3>' in page and "Specification curve: the effect in 32 forms" in page
    assert "in all 32 forms of the model" in page and "allocation fixed instead of adaptive" in page
    assert "--forms --out report.html" in page
    with pytest.raises(InputError, match="--forms: needs a second branch to compare"):
        ps.write_report("quickstart", tmp_path / "one.html", ["strong"], runs=5, forms=True)
