"""Attribution: Shapley values of games worked by hand, and of the provisions of a pact."""

from __future__ import annotations

import datetime
import json
from dataclasses import replace

import numpy as np
import pytest
from tests.studies import STUDY, study_world
from tests.worlds import Tables, merged, world_of

from proxysim.core import records
from proxysim.core.vocabulary import FUNDING, PROVISIONS, TECHNOLOGY
from proxysim.errors import InputError
from proxysim.runs.ensemble import ensemble, run_job
from proxysim.statistics.shapley import interactions, shapley_values
from proxysim.studies import attribution
from proxysim.studies.attribution import REST, Attribution, attribute, game_of
from proxysim.studies.comparison import compare

# ---- games worked by hand ----------------------------------------------------------------------------


def game(worth: dict[tuple[int, ...], float], players: int) -> np.ndarray:
    """(coalition, 1, 1): what each coalition is worth; those not named are worth 0."""
    values = np.zeros((1 << players, 1, 1))
    for members, value in worth.items():
        values[sum(1 << i for i in members)] = value
    return values


def test_shapley__of_gloves_is_that_of_the_textbook() -> None:
    """One left glove, two right ones; a pair is worth 1: the left gets 2/3, each right 1/6."""
    gloves = game({(0, 1): 1, (0, 2): 1, (0, 1, 2): 1}, 3)
    # Sums of six orders: thirds and sixths round in the last digit.
    assert [2 / 3, 1 / 6, 1 / 6] == pytest.approx(shapley_values(gloves, 3).ravel(), rel=1e-15)
    pairs = {pair: float(value[0, 0]) for pair, value in interactions(gloves, 3).items()}
    # Left with a right: +1 without the other right, 0 with it. The rights: 0 without the left, -1 with it.
    assert {(0, 1): 0.5, (0, 2): 0.5, (1, 2): -0.5} == pairs


def test_shapley__of_a_sum_is_each_players_own() -> None:
    """Who adds 1, 10 and 100 gets that, and no two interact."""
    own = (1.0, 10.0, 100.0)
    values = np.array([sum(v for i, v in enumerate(own) if c >> i & 1) for c in range(8)])[:, None, None]
    assert own == pytest.approx(shapley_values(values, 3).ravel(), rel=1e-15)
    assert [0.0, 0.0, 0.0] == [float(v[0, 0]) for v in interactions(values, 3).values()]


def test_shapley__of_a_product_of_two_is_half_each() -> None:
    """Both or nothing: half each, and all of it is interaction."""
    both = game({(0, 1): 6.0}, 2)
    assert [3.0, 3.0] == shapley_values(both, 2).ravel().tolist()
    assert {(0, 1): 6.0} == {pair: float(v[0, 0]) for pair, v in interactions(both, 2).items()}


def test_shapley__of_one_player_is_everything() -> None:
    """No pairs to interact."""
    alone = game({(): 2.0, (0,): 5.0}, 1)
    assert [3.0] == shapley_values(alone, 1).ravel().tolist()
    assert {} == interactions(alone, 1)


def test_shapley__of_random_games_adds_up_and_gives_idlers_nothing() -> None:
    """Five players of whom one never adds anything, whatever the others are worth."""
    rng = np.random.default_rng(0)
    half = rng.normal(size=(16, 3, 2))
    values = np.array([half[c & 15] for c in range(32)])  # player 4 changes nothing
    found = shapley_values(values, 5)
    assert 0.0 == np.abs(found[4]).max()
    assert np.abs(found.sum(axis=0) - (values[-1] - values[0])).max() < 1e-14  # rounding of a sum of 80 terms
    assert all(0.0 == np.abs(v).max() for pair, v in interactions(values, 5).items() if 4 in pair)


# ---- provisions of a pact ----------------------------------------------------------------------------

#: All nine provisions. Neither leg has carriers to share, so `shipments` has no legs to open.
ALL: Tables = merged(STUDY, {"pacts": {"treaty": {"provisions": {name: 0.3 for name in PROVISIONS}}}})
SHORT: Tables = {"scenario": {"end": datetime.date(2020, 12, 1)}}


def shares(result: Attribution) -> dict[tuple[str, str], list[float]]:
    """(measure, actor) -> values of the players."""
    return {(m.total.measure, m.total.actor): [s.value or 0.0 for s in m.provisions.values()] for m in result.measures}


@pytest.fixture(scope="module")
def result() -> Attribution:
    """The effect of a strong pact divided among its four provisions."""
    return attribute(study_world(), "strong", runs=24, rng=3)


@pytest.mark.parametrize("against", ["no-pact", "none"])
@pytest.mark.parametrize("start", [None, "2020-08"])
@pytest.mark.parametrize("uncertain", [False, True])
def test_attribute__adds_up_to_what_compare_finds(against: str, start: str | None, uncertain: bool) -> None:
    """The total is that of `compare`, interval and all; the shares add up to it."""
    ranged = {"value": 0.3, "low": 0.2, "high": 0.5}
    world = study_world(states={"north": {"sanctions": ranged}})
    asked = {"uncertain": uncertain, "start": start, "measures": ["all"]}
    found = attribute(world, "strong", against, 24, 3, **asked)  # type: ignore[arg-type]
    effects = compare(world, [against, "strong"], 24, 3, **asked)  # type: ignore[arg-type]
    assert found.measures
    for part in found.measures:
        effect = effects.effect(part.total.measure, part.total.actor)
        assert effect == part.total
        total = sum(share.value or 0.0 for share in part.provisions.values())
        # Rounding of sums over coalitions, on the scale of what is summed.
        assert effect.difference == pytest.approx(total, rel=1e-9, abs=1e-12 * abs(effect.baseline or 1.0))


def test_attribute__players_are_the_provisions_that_differ(result: Attribution) -> None:
    """By pact and name; strength, ramp and dates of the pact are no players of their own."""
    assert ("funding", "logistics", "reciprocity", "technology") == tuple(p.split(".")[2] for p in result.players)
    assert {"treaty.provisions"} == {p.rpartition(".")[0] for p in result.players}


def test_attribute__months_of_fall_are_not_divided(result: Attribution) -> None:
    """What is defined in some runs alone has no value for every coalition."""
    assert not {"month_of_fall", "months_to_revival"} & {m.total.measure for m in result.measures}


def test_attribute__gives_exactly_nothing_to_a_provision_without_a_channel() -> None:
    """No leg has carriers to share and no member supports the other, so sharing shipments gets 0 in every pair."""
    tables = merged(ALL, {"ties": {"south -> north": {"weight": 0}}, **SHORT})
    found = attribute(world_of(tables), "strong", runs=8, rng=3, measures=["all"])
    assert 9 == len(found.players)
    idle = [m.provisions["treaty.provisions.shipments"] for m in found.measures]
    assert {(0.0, None, None, 0)} == {(share.value, share.low, share.high, share.differing) for share in idle}
    assert "0 of 8 pairs differ" in found.summary()
    pairs = [
        share for m in found.measures for pair, share in m.interactions.items() if "treaty.provisions.shipments" in pair
    ]
    assert {0.0} == {share.value for share in pairs}
    assert any(share.value for m in found.measures for share in m.provisions.values())


@pytest.mark.parametrize("start", [None, "2020-03", "2020-08"])
@pytest.mark.parametrize("uncertain", [False, True])
def test_attribute__with_a_shared_past_is_the_same_without(
    start: str | None, uncertain: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Months before the pact are run once for all coalitions; running them for each changes no bit."""
    in_force = {"value": datetime.date(2020, 6, 1), "low": datetime.date(2020, 4, 1), "high": datetime.date(2020, 9, 1)}
    world = world_of(STUDY | {"pacts": {"treaty": {**STUDY["pacts"]["treaty"], "in_force": in_force}}})
    asked = {"runs": 12, "rng": 3, "start": start, "uncertain": uncertain, "measures": ["all"]}
    shared = attribute(world, "strong", **asked)  # type: ignore[arg-type]
    monkeypatch.setattr(attribution, "game_of", lambda *a, **k: replace(game_of(*a, **k), shared=0))
    assert json.dumps(shared.to_json()) == json.dumps(attribute(world, "strong", **asked).to_json())  # type: ignore[arg-type]


def test_game__shares_the_months_before_any_pact() -> None:
    """In force from April 2020: three months; with a drawn date, the months before the earliest; none with other numbers."""
    world = study_world()
    none, strong = world.branch("no-pact"), world.branch("strong")
    assert 3 == game_of(none, strong, "strong", "no-pact").shared
    mixed = study_world(
        branches={"both": {"set": {"pacts": {"treaty": {"strength": 1}}, "legs": {"first": {"limit": 9}}}}}
    )
    found = game_of(mixed.branch("no-pact"), mixed.branch("both"), "both", "no-pact")
    assert (REST, 0) == (found.players[-1], found.shared)


def coalition(number: int, against: str, branch: str, world: Tables, uncertain: bool = False) -> np.ndarray:
    """(run, outcome): the runs of one coalition."""
    built = world_of(world)
    worlds = (built.branch(against), built.branch(branch))
    played = game_of(*worlds, branch, against, with_draws=uncertain)
    count = 1 << len(played.players)
    job = attribution._Coalitions(worlds[:1], 3, uncertain, 0, False, played.shared, game=played, ends=worlds).of(range(count))
    return np.asarray(run_job(job, tuple(str(c) for c in range(count)), 6).values[number])


@pytest.mark.parametrize(("against", "part"), [("no-pact", 0.0), ("none", 0.5)])
@pytest.mark.parametrize("number", [0b0001, 0b1010, 0b0111])
def test_coalition__is_the_branch_in_which_the_others_are_as_before(against: str, part: float, number: int) -> None:
    """Players that are out act with the size that they have in the other branch: the same bits as a branch so written."""
    names = ("funding", "logistics", "reciprocity", "technology")
    full = STUDY["pacts"]["treaty"]["provisions"]
    sizes = {name: full[name] * (1.0 if number >> i & 1 else part) for i, name in enumerate(names)}
    tables = merged(STUDY, {"branches": {"some": {"set": {"pacts": {"treaty": {"strength": 1, "provisions": sizes}}}}}})
    expected = ensemble(world_of(tables), ["some"], 6, 3).values[0]
    assert expected.tobytes() == coalition(number, against, "strong", STUDY).tobytes()


def test_coalition__with_a_drawn_strength_holds_others_at_the_strength_drawn() -> None:
    """A player that is out acts at the strength of its own run, not at the middle of the range."""
    ranged = merged(STUDY, {"pacts": {"treaty": {"strength": {"value": 0.5, "low": 0.1, "high": 1}}}})
    sizes = {"funding": 0.5, "logistics": 0, "reciprocity": 0, "technology": 0}
    only = {"pacts": {"treaty": {"strength": 1, "provisions": sizes}}}
    # Against the file itself, with the other three provisions out of play because they are the same in both.
    tables = merged(ranged, {"pacts": {"treaty": {"provisions": {"logistics": 0, "reciprocity": 0, "technology": 0}}},
                             "branches": {"only": {"set": only}}})  # fmt: skip
    alone = coalition(0b1, "none", "only", tables, uncertain=True)
    assert alone.tobytes() == ensemble(world_of(tables), ["only"], 6, 3, uncertain=True).values[0].tobytes()
    two = merged(ranged, {"pacts": {"treaty": {"provisions": {"logistics": 0, "reciprocity": 0}}}})
    both = world_of(two)
    ends = (both, both.branch("strong"))
    played = game_of(*ends, "strong", "none", with_draws=True)
    row = attribution._Coalitions((both,), 3, True, 0, False, 0, game=played, ends=ends).of(range(4))
    runs = np.arange(6, dtype=np.uint64)
    place = {x: records.offset("provisions", both.size, (0, x)) for x in (FUNDING, TECHNOLOGY)}
    drawn = row.numbers(0, runs)[:, records.offset("strength", both.size, (0,))]
    assert 3 == len(set(drawn))
    funding_in = row.numbers(0b01, runs)
    assert {0.5} == set(funding_in[:, place[FUNDING]])
    assert 0.5 * drawn == pytest.approx(funding_in[:, place[TECHNOLOGY]], rel=1e-15)


def test_attribute__a_strength_that_is_drawn_in_one_branch_alone_is_no_other_number() -> None:
    """The same strength with and without a range: with --uncertain the provisions differ, without it nothing does."""
    ranged = {"strength": {"value": 0.5, "low": 0.1, "high": 1}}
    world = study_world(pacts={"treaty": ranged}, branches={"known": {"set": {"pacts": {"treaty": {"strength": 0.5}}}}})
    with pytest.raises(InputError, match="does not differ from none"):
        attribute(world, "known", "none", 4)
    found = attribute(world, "known", "none", 12, uncertain=True, measures=["capacity.reds"])
    assert 4 == len(found.players) and REST not in found.players
    total = found.measures[0].total.difference
    assert total == pytest.approx(sum(shares(found)["capacity", "reds"]), rel=1e-9)  # rounding of sums


def test_attribute__other_numbers_are_one_player() -> None:
    """What differs beside the pact is told together."""
    world = study_world(branches={"both": {"extends": ["strong"], "scale": {"legs": {"first": {"detection": 3}}}}})
    found = attribute(world, "both", runs=12, rng=3, measures=["capacity.reds", "seized.reds"])
    assert REST == found.players[-1] and 5 == len(found.players)
    alone = compare(world, ["no-pact", "both"], 12, 3, measures=["capacity.reds"]).effects[0]
    assert sum(shares(found)["capacity", "reds"]) == pytest.approx(alone.difference, rel=1e-9)  # rounding of sums
    only = attribute(world, "hard-patrol", "none", 12, 3, measures=["capacity.reds"])
    assert (REST,) == only.players
    assert only.measures[0].total.difference == only.measures[0].provisions[REST].value
    assert {} == only.measures[0].interactions


def test_attribute__numbers_drawn_in_one_branch_alone_are_a_player() -> None:
    """With --uncertain a range that one branch takes away is a difference, even where the value is the same."""
    tables = merged(STUDY, {"legs": {"first": {"detection": {"value": 0.1, "low": 0.05, "high": 0.4}}},
                            "branches": {"known": {"set": {"legs": {"first": {"detection": 0.1}},
                                                           "pacts": {"treaty": {"strength": 1}}}}}})  # fmt: skip
    world = world_of(tables)
    assert REST not in attribute(world, "known", runs=4, measures=["capacity.reds"]).players
    found = attribute(world, "known", runs=12, uncertain=True, measures=["capacity.reds"])
    assert REST == found.players[-1]
    total = found.measures[0].total.difference
    assert total == pytest.approx(sum(shares(found)["capacity", "reds"]), rel=1e-9)  # rounding of sums


@pytest.mark.parametrize(
    ("changes", "branch", "against", "match"),
    [
        ({"branches": {"x": {"off": ["storm"]}}}, "x", "none", "in more than numbers"),
        ({"branches": {"x": {"set": {"rules": {"allocation": "fixed"}}}}}, "x", "none", "in more than numbers"),
        ({"branches": {"x": {"set": {"states": {"south": {"income": {"2020": 500, "2021": 400}}}}}}}, "x", "none",
         "in more than numbers"),
        ({}, "twin", "none", "does not differ from none in any number"),
        ({}, "no-pact", "none", "has no strength in the branch; swap the two branches"),
        ({}, "strongest", "none", 'did you mean "strong"'),
    ],
    ids=["events", "rules", "dates", "nothing", "no strength", "no branch"],
)  # fmt: skip
def test_attribute__refuses_what_has_no_parts(changes: Tables, branch: str, against: str, match: str) -> None:
    """The reason in one line."""
    with pytest.raises(InputError, match=match):
        attribute(study_world(changes), branch, against, 4)


def test_attribute__refuses_too_many_players() -> None:
    """Coalitions double with each."""
    pact = {**STUDY["pacts"]["treaty"], "provisions": {name: 0.1 for name in PROVISIONS}}
    tables = merged(STUDY, {"pacts": {"treaty": pact, "league": pact}, "branches": {
        "no-pacts": {"set": {"pacts": {"*": {"strength": 0}}}}}})  # fmt: skip
    with pytest.raises(InputError, match="has 18 provisions that differ; at most 12"):
        attribute(world_of(tables), "none", "no-pacts", 4)


def test_attribute__of_two_pacts_names_both() -> None:
    """Provisions of one name in two pacts are two players."""
    pact = {**STUDY["pacts"]["treaty"], "provisions": {"funding": 0.2, "technology": 0.2}}
    tables = merged(STUDY, {"pacts": {"treaty": None}})
    tables = merged(tables, {"pacts": {"treaty": pact, "league": pact}, "branches": {
        "no-pact": {"set": {"pacts": {"*": {"strength": 0}}}}}})  # fmt: skip
    found = attribute(world_of(tables), "none", runs=6, measures=["received_arms.reds"])
    assert [f"{q}.provisions.{x}" for q in ("league", "treaty") for x in ("funding", "technology")] == list(
        found.players
    )


def test_attribute__json_has_the_keys_that_were_promised(result: Attribution) -> None:
    """Names of keys are part of the interface; nothing is NaN."""
    found = json.loads(json.dumps(result.to_json(), allow_nan=False))
    assert found["measures"]
    for measure in found["measures"]:
        keys = {"measure", "actor", "unit", "total", "low", "high", "differing", "chance_below", "provisions", "interactions"}
        assert keys == set(measure)
        assert list(result.players) == list(measure["provisions"])
        for share in measure["provisions"].values():
            assert {"value", "low", "high", "size", "pass_through", "differing"} == set(share)
        assert 6 == len(measure["interactions"])
        for pair in measure["interactions"]:
            assert {"between", "value", "low", "high"} == set(pair)
    few = attribute(study_world(), "strong", runs=2, measures=["capacity.reds"])
    assert (None, None) == (few.measures[0].provisions[few.players[0]].low, few.measures[0].total.low)
    json.dumps(few.to_json(), allow_nan=False)


def test_attribute__is_the_same_on_any_threads(result: Attribution) -> None:
    """Intervals too."""
    again = attribute(study_world(), "strong", runs=24, rng=3, threads=1)
    assert json.dumps(result.to_json()) == json.dumps(again.to_json())


def test_attribute__table_and_words(result: Attribution) -> None:
    """A row for each measure and provision; the largest share first."""
    assert 4 * len(result.measures) == len(result.to_dataframe())
    told = result.summary()
    assert "strong against no-pact: the effect divided among 4 provisions (Shapley values over 16 coalitions" in told
    assert "strongest interactions:" in told
    assert "revenue, south: exactly the same." in told
