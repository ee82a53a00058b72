"""Many runs: the same bits on any threads, in any pieces, alone or among others; forks; null pacts."""

from __future__ import annotations

import datetime
from pathlib import Path

import numpy as np
import pytest
from tests.studies import STUDY, study_world
from tests.worlds import merged, random_tables, world_of

import proxysim as ps
from proxysim.core import vocabulary
from proxysim.errors import BooksError, InputError, RunError
from proxysim.runs import ensemble as ensembles
from proxysim.runs import outcomes
from proxysim.runs import run as single
from proxysim.runs import threads as jobs
from proxysim.runs.ensemble import Ensemble, ensemble
from proxysim.scenario.world.world import World
from proxysim.studies.comparison import compare

QUICKSTART = Path(__file__).parent.parent / "scenarios" / "quickstart.toml"
NAMES = ("no-pact", "strong", "hard-patrol")


def bits(study: Ensemble, low: int = 0, high: int | None = None) -> tuple[bytes, ...]:
    """Everything that some runs of a study hold."""
    return tuple(np.ascontiguousarray(a[:, low:high]).tobytes() for a in (study.values, study.fallen, study.happened))


@pytest.fixture(scope="module")
def whole() -> Ensemble:
    """Forty runs of three branches on one thread."""
    return ensemble(study_world(), NAMES, 40, 11, threads=1, bands=True)


# ---- threads, pieces and numbers of runs -------------------------------------------------------------


def test_ensemble__is_a_study_worth_testing(whole: Ensemble) -> None:
    """Regimes fall in some runs and not in others, events too, and the branches differ."""
    assert 0 < (whole.fallen[0] >= 0).sum() < 40
    assert all(0 < n < 40 for n in (whole.happened[0] >= 0).sum(axis=0))
    assert 3 == len({whole.values[b].tobytes() for b in range(3)})


@pytest.mark.parametrize("threads", [2, 3, 8])
def test_ensemble__gives_the_same_bits_on_any_threads(whole: Ensemble, threads: int) -> None:
    """Threads share nothing."""
    found = ensemble(study_world(), NAMES, 40, 11, threads=threads, bands=True)
    assert bits(whole) == bits(found)
    assert whole.bands is not None and found.bands is not None
    assert whole.bands.tobytes() == found.bands.tobytes()


@pytest.mark.parametrize("chunk", [1, 2, 7, 40])
def test_ensemble__gives_the_same_bits_in_any_pieces(
    whole: Ensemble, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run knows nothing of the runs beside it, forked or not."""
    forked = ensemble(study_world(), NAMES, 40, 11, start="2020-09", bands=True)
    monkeypatch.setattr(jobs, "chunk_of", lambda *_: chunk)
    again = ensemble(study_world(), NAMES, 40, 11, threads=2, bands=True)
    assert bits(whole) == bits(again)
    assert whole.bands is not None and again.bands is not None
    assert whole.bands.tobytes() == again.bands.tobytes()
    assert bits(forked) == bits(ensemble(study_world(), NAMES, 40, 11, start="2020-09", threads=2))


def test_ensemble__a_run_alone_is_that_run_among_many(whole: Ensemble) -> None:
    """Run 17 needs no run before it."""
    assert bits(whole, 17, 18) == bits(ensemble(study_world(), NAMES, 1, 11, first=17))


@pytest.mark.parametrize("cut", [1, 16, 39])
def test_ensemble__joined_from_two_parts_is_the_whole(whole: Ensemble, cut: int) -> None:
    """Runs can be added later."""
    first = ensemble(study_world(), NAMES, cut, 11)
    joined = first.joined(ensemble(study_world(), NAMES, 40 - cut, 11, first=cut))
    assert bits(whole) == bits(joined)
    assert (40, whole.residual) == (joined.runs, joined.residual)


def test_ensemble__joins_only_what_continues_it() -> None:
    """A gap, another seed and other branches are refused."""
    world = study_world()
    first = ensemble(world, NAMES, 4, 11)
    for more in (ensemble(world, NAMES, 4, 11, first=5), ensemble(world, NAMES, 4, 12, first=4),
                 ensemble(world, NAMES[:2], 4, 11, first=4)):  # fmt: skip
        with pytest.raises(RunError, match="continue the numbers"):
            first.joined(more)


def of_run(world: World, run: single.Run, start: int = 0) -> np.ndarray:
    """Outcomes of a single run, from the months it kept."""
    measures = run.history["measure"][start:]
    arms = run.history["arms"][start:, :, :, :, vocabulary.A_RECEIVED]
    tally = np.zeros((1, len(world.names["actor"]), len(vocabulary.MEASURES) + len(world.names["origin"])))
    for month in range(len(measures)):  # summed in the order in which the loop sums, for the same bits
        tally[0, :, : len(vocabulary.MEASURES)] += measures[month]
        for c in range(len(world.names["category"])):
            tally[0, :, len(vocabulary.MEASURES) :] += arms[month, :, c]
    return outcomes.values(world, tally, run.final, run.history["policy_now"][np.newaxis, start:])[0]


@pytest.mark.parametrize("number", [0, 17])
def test_ensemble__run_is_the_single_run_of_that_number(whole: Ensemble, number: int) -> None:
    """What `proxysim run --run 17` tells is what the study counted, bit for bit."""
    for b, world in enumerate(whole.worlds):
        alone = single.run(world, 11, number)
        assert of_run(world, alone).tobytes() == whole.values[b, number].tobytes()
        assert alone.history["fallen"].tolist() == whole.fallen[b, number].tolist()
        assert alone.history["event_month"].tolist() == whole.happened[b, number].tolist()


@pytest.mark.parametrize("number", [3, 7, 11])
def test_ensemble__of_random_worlds_is_their_single_runs(number: int) -> None:
    """The same for worlds that nobody chose."""
    world = world_of(random_tables(number))
    study = ensemble(world, None, 6, number, threads=2)
    for run in (0, 5):
        assert of_run(world, single.run(world, number, run)).tobytes() == study.values[0, run].tobytes()


def test_bands__of_one_run_are_its_months() -> None:
    """All quantiles of one run are the run."""
    world = study_world()
    study = ensemble(world, ["strong"], 1, 11, first=17, bands=True)
    months = single.run(world.branch("strong"), 11, 17).history["measure"]
    assert study.bands is not None
    for level in range(len(ensembles.BAND_LEVELS)):
        assert months.tobytes() == np.ascontiguousarray(study.bands[0, level]).tobytes()


def test_bands__table_has_a_row_for_each_month_actor_and_measure(whole: Ensemble) -> None:
    """Quantiles in order, from all forty runs."""
    table = whole.bands_table()
    assert 3 * 24 * 4 * len(vocabulary.MEASURES) == len(table)
    assert {40} == set(table["n"])
    assert (np.diff(table[["q05", "q25", "q50", "q75", "q95"]].to_numpy(), axis=1) >= 0).all()
    with pytest.raises(RunError, match="bands=True"):
        ensemble(study_world(), ["strong"], 1, 0).bands_table()


def test_table__is_every_outcome_of_every_run(whole: Ensemble) -> None:
    """The long table holds what `of` gives."""
    table = whole.to_dataframe()
    assert 3 * 40 * len(whole.outcomes) == len(table)
    some = table[(table["branch"] == "strong") & (table["measure"] == "capacity") & (table["actor"] == "reds")]
    assert whole.of("capacity", "reds")[1].tolist() == some.sort_values("run")["value"].tolist()
    with pytest.raises(RunError, match="no outcome 'capacity' of 'house'"):
        whole.of("capacity", "house")


def test_ensemble__progress_ends_at_all_runs_of_all_branches() -> None:
    """Told from the first to the last, never backwards."""
    told: list[tuple[int, int]] = []
    ensemble(study_world(), NAMES, 20, 0, threads=2, progress=lambda done, total: told.append((done, total)))
    assert ((0, 60), (60, 60)) == (told[0], told[-1])
    assert told == sorted(told)


def test_ensemble__books_that_are_out_fail_the_study(monkeypatch: pytest.MonkeyPatch) -> None:
    """The run, the branch and the month are named."""
    monkeypatch.setattr(ensembles, "TOLERANCE", -1.0)
    with pytest.raises(BooksError, match=r"run \d+ of no-pact in 20\d\d-\d\d"):
        ensemble(study_world(), ["no-pact"], 3, 0)


def test_ensemble__refuses_what_it_cannot_do() -> None:
    """No runs, no threads, a date outside the world, branches with other things in them."""
    world = study_world()
    with pytest.raises(RunError, match="at least one run"):
        ensemble(world, NAMES, 0)
    with pytest.raises(RunError, match="at least one thread"):
        ensemble(world, NAMES, 1, threads=0)
    with pytest.raises(InputError, match=r'found "2031-01"; the world runs from 2020-01 to 2021-12'):
        ensemble(world, NAMES, 1, start="2031-01")
    with pytest.raises(InputError, match=r'found "2020-011"; the world runs'):
        ensemble(world, NAMES, 1, start="2020-011")
    with pytest.raises(InputError, match=r'"stron" is not a branch of this file; did you mean "strong"'):
        ensemble(world, ["no-pact", "stron"], 1)
    longer = merged(STUDY, {"branches": {"longer": {"set": {"scenario": {"end": datetime.date(2022, 6, 1)}}}}})
    with pytest.raises(InputError, match=r"branches.longer: does not have the same objects and months as no-pact"):
        ensemble(world_of(longer), ["no-pact", "longer"], 1)


# ---- the null pact -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "null", [{"strength": 0}, {"compliance": 0}, {"in_force": datetime.date(2022, 6, 1)}, {"provisions": {"*": 0}}],
    ids=["strength 0", "compliance 0", "after the end", "no provisions"],
)  # fmt: skip
def test_pact__that_is_null_makes_no_difference(null: dict) -> None:
    """Every outcome of every pair is the same, and the words say so."""
    branches = {"null": {"set": {"pacts": {"treaty": {**null, "ramp": 2}}}}}
    result = compare(study_world(branches=branches), ["no-pact", "null"], 60, 5, measures=["all"])
    base, other = result.study.values
    assert base.tobytes() == other.tobytes()
    defined = [effect for effect in result.effects if effect.n]
    assert {(0.0, None, None)} == {(e.difference, e.opposite_sign, e.variance_reduction) for e in defined}
    assert not any(effect.detected for effect in result.effects)
    told = compare(study_world(branches=branches), ["no-pact", "null"], 60, 5).summary()
    assert "compared outcomes is exactly the same under null as under no-pact, in every pair." in told
    assert "Exactly the same in every pair (0 of 60 pairs differ; " in told and "arms received, blues;" in told
    assert "baseline" not in told


# ---- forks -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("start", ["2020-01", "2020-09", "2021-12"])
def test_fork__first_branch_is_its_run_counted_from_the_date(start: str) -> None:
    """The past is run, not counted."""
    world = study_world()
    month = world.months.index(start)
    study = ensemble(world, NAMES, 6, 11, start=start)
    for number in (0, 5):
        alone = single.run(study.worlds[0], 11, number)
        assert of_run(world, alone, month).tobytes() == study.values[0, number].tobytes()


@pytest.mark.parametrize("start", ["2020-02", "2020-09", "2021-12"])
def test_fork__branch_takes_up_the_state_of_the_first(start: str) -> None:
    """A run of the first branch to the date, its state continued by the other: the same bits, measures and end."""
    world = study_world()
    month = world.months.index(start)
    study = ensemble(world, NAMES, 1, 11, first=3, start=start, bands=True)
    assert study.bands is not None
    for b in (1, 2):
        past, rows = single.Course(study.worlds[0], 11, 3), []
        while past.month < month:
            past.advance()
            rows.append(np.array(past.state[0].measure[:4]))
        course = single.Course(study.worlds[b], 11, 3, state=past.state, month=month)
        while course.month < len(world.months):
            course.advance()
            rows.append(np.array(course.state[0].measure[:4]))
        assert np.stack(rows).tobytes() == np.ascontiguousarray(study.bands[b, 2]).tobytes()
        assert course.state[0].fallen[:1].tolist() == study.fallen[b, 0].tolist()
        last = [vocabulary.MEASURE_INDEX[name] for name in outcomes.AT_THE_END]
        told = [study.of(f"{name}_end", "reds")[b, 0] for name in outcomes.AT_THE_END]
        assert course.state[0].measure[world.names["actor"].index("reds"), last].tolist() == told


def test_fork__from_the_first_month_is_none(whole: Ensemble) -> None:
    """Nothing lies before it, so each branch has its own start."""
    assert bits(whole) == bits(ensemble(study_world(), NAMES, 40, 11, start="2020-01-01"))


def test_fork__of_two_equal_branches_is_one() -> None:
    """A branch that changes nothing changes nothing from any date."""
    study = ensemble(study_world(), ["none", "twin"], 20, 11, start="2020-09")
    assert study.values[0].tobytes() == study.values[1].tobytes()


def test_fork__takes_away_what_was_changed_before() -> None:
    """A branch that differs by a dated number of the past alone is the first branch."""
    tables = merged(STUDY, {"states": {"south": {"income": {"2020": 500, "2020-10": 400}}},
                            "branches": {"poor": {"set": {"states": {"south": {"income": {"2020": 100, "2020-10": 400}}}}}}})  # fmt: skip
    world = world_of(tables)
    apart = ensemble(world, ["none", "poor"], 10, 11)
    assert apart.values[0].tobytes() != apart.values[1].tobytes()
    forked = ensemble(world, ["none", "poor"], 10, 11, start="2020-10")
    assert forked.values[0].tobytes() == forked.values[1].tobytes()


def test_fork__is_refused_where_what_is_on_its_way_would_be_lost() -> None:
    """The longest journey says where what is on its way is kept, so it must be the same in both branches."""
    world = study_world(branches={"slow": {"set": {"legs": {"second": {"months": 6}}}}})
    assert 2 == len(ensemble(world, ["none", "slow"], 2, 0).values)
    with pytest.raises(InputError, match=r"branches.slow: has a longest journey of 7 months, none of 1"):
        ensemble(world, ["none", "slow"], 2, 0, start="2020-09")


def test_package__ensemble_takes_a_file_and_a_generator() -> None:
    """A path is read; a generator gives one seed."""
    study = ps.ensemble(QUICKSTART, ["no-pact"], 2, np.random.default_rng(4))
    assert single.seed_of(np.random.default_rng(4)) == study.seed
    assert ("no-pact",) == study.branches
    assert study.metadata["runs"] == 2
    assert "runs=2" in repr(study)
