"""Monthly flows over ties and counted events of an ensemble."""

from __future__ import annotations

import numpy as np
import pytest
from tests.studies import study_world

import proxysim as ps
from proxysim.core.vocabulary import A_QUALITY, A_RECEIVED
from proxysim.errors import RunError
from proxysim.runs import monthly, threads
from proxysim.runs.ensemble import Ensemble
from proxysim.scenario.world.world import World

BRANCHES = ["no-pact", "hard-patrol"]
RUNS = 12


@pytest.fixture(scope="module")
def world() -> World:
    """The world of the studies, with arms that lose quality on a tie and strikes that are counted."""
    return study_world({
        "ties": {"north -> reds": {"quality": 0.9}},
        "fronts": {"war": {"strikes": {"reds": 0.3}, "strike_part": 0.05, "intensity": 0.9}},
        "legs": {"first": {"consignment": 2}},
    })  # fmt: skip


@pytest.fixture(scope="module")
def study(world: World) -> Ensemble:
    """A dozen pairs with the flows of each run."""
    return ps.ensemble(world, BRANCHES, RUNS, 5, flows="runs")


def test_flows__change_no_outcome(world: World, study: Ensemble) -> None:
    """The months one by one give the bits of all months at once."""
    plain = ps.ensemble(world, BRANCHES, RUNS, 5)
    assert plain.values.tobytes() == study.values.tobytes()
    assert plain.flows is None


def test_flows__sum_to_the_outcomes_of_each_run(world: World, study: Ensemble) -> None:
    """Arms received, less what they lose in quality, arrived over the ties; what was sent left over the ties."""
    flows, months, actors = study.flows_of_runs(), len(world.months), world.names["actor"]
    ends = world.arrays[0]
    for actor, name in enumerate(actors):
        into, out = (np.flatnonzero(end[: len(world.names["tie"])] == actor) for end in (ends.tie_to, ends.tie_from))
        sent = flows["sent"][:, :, :, out].sum(axis=(2, 3, 4, 5))
        assert months * study.of("sent_arms", name) == pytest.approx(sent, rel=1e-12)
        # Quality is that of the file in this world, so what arrived can be taken back to what was received.
        whole = flows["arrived"][:, :, :, into] / world.params.quality[0, into][:, np.newaxis, np.newaxis]
        assert months * study.of("received_arms", name) == pytest.approx(whole.sum(axis=(2, 3, 4, 5)), rel=1e-12)
    assert (flows["arrived"].sum() > 0.0, world.params.quality[0, :4].min()) == (True, 0.9)


@pytest.mark.parametrize("number", [0, 7])
def test_flows__of_a_run_are_those_of_the_single_run(world: World, study: Ensemble, number: int) -> None:
    """Its history to the bit; and its own tables of flows, books and counts."""
    flows = {name: values[1, number] for name, values in study.flows_of_runs().items()}
    run = ps.run(world.branch(BRANCHES[1]), 5, number)
    assert run.history["sent"].sum(axis=2).tobytes() == flows["sent"].tobytes()
    assert run.history["arrived"].tobytes() == flows["arrived"].tobytes()
    assert run.flows["sent"].sum() == pytest.approx(flows["sent"].sum(), rel=1e-12)
    there = run.flows[run.flows["arrives"] <= world.months[-1]]
    assert there["arrived"].sum() == pytest.approx(flows["arrived"].sum(), rel=1e-12)
    booked = run.history["arms"][..., A_RECEIVED] - run.history["arms"][..., A_QUALITY]
    assert booked.sum() == pytest.approx(flows["arrived"].sum(), rel=1e-12)
    counts = run.table("counts")
    for what, (name, _) in monthly.COUNTS.items():
        assert counts[counts["what"] == what]["count"].sum() == flows[name].sum() > 0


def test_flows__of_resampled_parameters_are_those_of_the_run_of_a_draw() -> None:
    """Each run with its own draw."""
    ranged = study_world({"legs": {"first": {"detection": {"value": 0.1, "low": 0.02, "high": 0.5}}}})
    flows = ps.ensemble(ranged, ["strong"], 6, 5, uncertain=True, flows="runs").flows_of_runs()
    strong = ranged.branch("strong")
    run = ps.run(strong, 5, 5, draw=ps.draws(strong, 3, rng=5).loc[2])
    assert run.history["arrived"].tobytes() == flows["arrived"][0, 5].tobytes()
    assert run.history["stopped"].tobytes() == flows["stopped"][0, 5].tobytes()


def test_flows__balance_over_every_tie(world: World, study: Ensemble) -> None:
    """What is sent arrives, is lost or is still in transit; nothing arrives that was not sent."""
    flows = study.flows_of_runs()
    sent, arrived = (flows[name].cumsum(axis=2) for name in ("sent", "arrived"))
    assert (arrived <= sent * (1 + 1e-12)).all()
    run = ps.run(world.branch(BRANCHES[1]), 5, 3)
    for tie, name in enumerate(world.names["tie"]):
        books = run.books[run.books["account"] == f"on the way: {name}"].groupby("line")["amount"].sum()
        assert flows["sent"][1, 3, :, tie].sum() == pytest.approx(books.get("sent", 0.0), rel=1e-12)
        through = flows["arrived"][1, 3, :, tie].sum() / world.params.quality[0, tie]
        assert through == pytest.approx(-books.get("arrived", 0.0), rel=1e-12)


def test_flows_table__is_the_mean_over_runs(world: World, study: Ensemble) -> None:
    """One row per branch, month, tie, category and origin that any run sends."""
    table, flows = study.flows_table(), study.flows_of_runs()
    assert ["branch", "month", "tie", "from", "to", "category", "origin", "n", "sent", "arrived"] == list(table.columns)
    assert {RUNS} == set(table["n"])
    kinds = table[["tie", "category", "origin"]].drop_duplicates()
    assert len(kinds) * len(world.months) * 2 == len(table)
    row = table[(table["branch"] == "hard-patrol") & (table["tie"] == "north -> reds")].groupby("month")[["sent", "arrived"]].sum()
    tie = world.names["tie"].index("north -> reds")
    for name in ("sent", "arrived"):
        assert flows[name][1, :, :, tie].sum(axis=(2, 3)).mean(axis=0) == pytest.approx(row[name].to_numpy(), rel=1e-12)
        assert flows[name].mean(axis=1).sum() == pytest.approx(table[name].sum(), rel=1e-12)
    assert {("north -> reds", "north", "reds")} < set(table[["tie", "from", "to"]].itertuples(index=False, name=None))


def test_counts_table__has_mean_and_variance_over_runs(world: World, study: Ensemble) -> None:
    """Consignments by leg and strikes by actor, in whole numbers in each run; more searches stop more."""
    table, flows = study.counts_table(), study.flows_of_runs()
    assert ["branch", "month", "what", "where", "n", "mean", "variance"] == list(table.columns)
    for what, (name, _) in monthly.COUNTS.items():
        assert (flows[name] == np.round(flows[name])).all()
        ids = world.names[monthly.AXES[name][0]]
        one = table[(table["what"] == what) & (table["branch"] == "no-pact")]
        for where, rows in one.groupby("where"):
            values = flows[name][0, :, :, ids.index(where)]
            assert values.mean(axis=0) == pytest.approx(rows["mean"].to_numpy(), rel=1e-12)
            assert values.var(axis=0, ddof=1) == pytest.approx(rows["variance"].to_numpy(), rel=1e-12, abs=1e-15)
    first = table[table["where"] == "first"].groupby("branch")["mean"].sum()
    assert first["hard-patrol"] > 1.5 * first["no-pact"]
    assert {"reds"} == set(table[table["what"] == "strikes"]["where"])


def test_counts__of_one_run_have_no_variance(world: World) -> None:
    """One value has no spread that could be estimated."""
    assert ps.ensemble(world, BRANCHES, 1, 5, flows=True).counts_table()["variance"].isna().all()


@pytest.mark.parametrize("count", [1, 2])
def test_flows__are_the_same_bits_on_any_threads_and_in_any_chunks(
    world: World, study: Ensemble, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    """Runs are added one by one in their order, whatever finishes first."""
    monkeypatch.setattr(threads, "chunk_of", lambda *_: 5 - count)
    found = ps.ensemble(world, BRANCHES, RUNS, 5, flows=True, threads=count)
    for kept, other in ((found.flows.means, study.flows.means), (found.flows.squares, study.flows.squares)):  # type: ignore[union-attr]
        for name, values in kept.items():
            assert values.tobytes() == other[name].tobytes(), name


def test_flows__of_a_fork_follow_the_first_branch_until_then(world: World) -> None:
    """All months are there; those before the fork are those of the first branch."""
    study = ps.ensemble(world, BRANCHES, 4, 5, start="2021-01", flows="runs")
    plain = ps.ensemble(world, BRANCHES[:1], 4, 5, flows="runs").flows_of_runs()
    for name, values in study.flows_of_runs().items():
        assert values[0].tobytes() == plain[name][0].tobytes()
        assert values[1, :, :12].tobytes() == values[0, :, :12].tobytes()
        if name != "strikes":  # patrols change none
            assert values[1, :, 12:].tobytes() != values[0, :, 12:].tobytes()


def test_flows__of_joined_and_of_kept_runs(world: World, study: Ensemble) -> None:
    """Two parts have the means of the whole; chosen runs those of a study of them, or none if single runs were not kept."""
    parts = [ps.ensemble(world, BRANCHES, runs, 5, first=first, flows="runs") for runs, first in ((5, 0), (7, 5))]
    joined = parts[0].joined(parts[1])
    for name, values in study.flows.means.items():  # type: ignore[union-attr]
        assert values == pytest.approx(joined.flows.means[name], rel=1e-12, abs=1e-15)  # type: ignore[union-attr]
        assert study.flows_of_runs()[name].tobytes() == joined.flows_of_runs()[name].tobytes()
    for name in ("stopped", "strikes"):
        assert study.flows.variance(name) == pytest.approx(joined.flows.variance(name), rel=1e-12, abs=1e-15)  # type: ignore[union-attr]
    chosen = study.numbers < 5
    assert study.kept(chosen).flows_table().equals(parts[0].flows_table())
    assert ps.ensemble(world, BRANCHES, RUNS, 5, flows=True).kept(chosen).flows is None
    with pytest.raises(RunError, match="monthly flows were not kept"):
        study.kept(study.numbers < 0).flows_table()


def test_flows__are_refused_in_one_line(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not kept, not a choice, or too large, which is said before anything is run."""
    plain = ps.ensemble(world, BRANCHES, 2, 5)
    for table in (plain.flows_table, plain.counts_table):
        with pytest.raises(RunError, match=r"^monthly flows were not kept; run the study with flows=True$"):
            table()
    with pytest.raises(RunError, match=r'^the flows of single runs were not kept; run the study with flows="runs"$'):
        ps.ensemble(world, BRANCHES, 2, 5, flows=True).flows_of_runs()
    with pytest.raises(RunError, match="found 'means'"):
        ps.ensemble(world, BRANCHES, 2, 5, flows="means")  # type: ignore[arg-type]
    monkeypatch.setattr("proxysim.runs.ensemble.results_of", None)
    with pytest.raises(RunError, match=r'^flows="runs" needs [\d.]+ GB for 1,000,000 runs of 2 branches; at most 1 GB, or [\d,]+ runs, are kept'):
        ps.ensemble(world, BRANCHES, 1_000_000, 5, flows="runs")
