"""One source of the rules: the Mesa driver, the compiled loop and the plain-Python run give the same bits."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import mesa
import numpy as np
import pytest

import proxysim as ps
from proxysim.errors import BooksError, InputError, RunError
from proxysim.runs.course import Course
from proxysim.runs.run import recorded, run
from proxysim.scenario.resolve.loader import scenario_from_text
from proxysim.scenario.world.world import build

ROOT = Path(__file__).parent.parent
QUICKSTART = ROOT / "scenarios" / "quickstart.toml"
LEVANT = ROOT / "scenarios" / "levant.toml"


def same(first: ps.Run, second: ps.Run) -> list[str]:
    """Names of the arrays in which two runs differ."""
    assert first.history.keys() == second.history.keys()
    return [name for name in first.history if first.history[name].tobytes() != second.history[name].tobytes()]


@pytest.mark.parametrize("file", [QUICKSTART, LEVANT], ids=["quickstart", "levant"])
def test_drivers__mesa_and_the_loop_give_the_same_bits(file: Path) -> None:
    """A Mesa model without subclasses, stage by stage, equals the run month by month."""
    world = ps.load(file)
    assert [] == same(run(world, 5, 3), ps.PactModel(world, rng=5, run=3).run())


def test_drivers__inherited_decisions_change_no_bit() -> None:
    """Subclasses that call the inherited method for every decision give the same bits."""

    class Patron(ps.StateAgent):
        def support_budget(self) -> float:
            return super().support_budget()

        def allocate(self, scores: dict[str, float]) -> dict[str, float]:
            return super().allocate(scores)

        def release(self, category: str) -> float:
            return super().release(category)

        def patrol(self, found: dict[str, float]) -> dict[str, float]:
            return super().patrol(found)

        def commit(self, front: str) -> float:
            return super().commit(front)

        def offer(self, tie: str, category: str) -> float:
            return super().offer(tie, category)

    class Client(ps.ProxyAgent):
        def divert(self, tie: str) -> float:
            return super().divert(tie)

    world = ps.load(QUICKSTART)
    kinds = {id: Client if id in world.scenario.ids["proxies"] else Patron for id in world.names["actor"]}
    assert [] == same(run(world, 2), ps.PactModel(world, rng=2, agents=kinds).run())


def test_history__of_some_records_holds_their_numbers() -> None:
    """Leaving records out changes none of the others, with one month axis and in the same units."""
    world = ps.load(QUICKSTART)
    whole, part = run(world, 2), recorded(Course(world, 2, 0), names=("sent", "measure"))
    assert {"sent", "measure", "fallen", "event_month"} == set(part.history)
    for name, values in part.history.items():
        assert np.array_equal(values, whole.history[name])
    assert part.table("actors").equals(whole.table("actors"))


def test_history__of_a_run_in_progress_stays_as_it_was() -> None:
    """Later months change no result that was taken before, and a changed result changes none taken later."""
    model = ps.PactModel(QUICKSTART, rng=2)
    for _ in range(3):
        model.step()
    early = model.result()
    kept = {name: values.copy() for name, values in early.history.items()}
    early.history["stock"][...] = -1.0
    model.step()
    late = model.result().history
    assert 3 == len(kept["stock"]) and 4 == len(late["stock"])
    assert np.array_equal(kept["stock"], late["stock"][:3])
    assert all(np.array_equal(kept[name], early.history[name]) for name in kept if name != "stock")


PLAIN = """
import hashlib, sys
import proxysim as ps
from proxysim.runs.course import Course
from proxysim.runs.history import History
world = ps.load(sys.argv[1], sets=["scenario.end=" + sys.argv[2]])
course, history = Course(world, 7, 1), History(world)
while course.month < len(world.months):
    course.advance()
    history.keep(course)
arrays = history.arrays()
print(hashlib.blake2b(b"".join(arrays[name].tobytes() for name in sorted(arrays))).hexdigest())
"""


@pytest.mark.parametrize(
    ("file", "end"), [(QUICKSTART, "2020-08-01"), (LEVANT, "2020-04-01")], ids=["quickstart", "levant"]
)
def test_drivers__plain_python_and_compiled_give_the_same_bits(file: Path, end: str) -> None:
    """The rules run as plain Python give the bits of the compiled ones."""
    seen = set()
    for switch in ("0", "1"):
        environment = {**os.environ, "NUMBA_DISABLE_JIT": switch}
        done = subprocess.run(
            [sys.executable, "-c", PLAIN, str(file), end], env=environment, capture_output=True, text=True
        )
        assert 0 == done.returncode, done.stderr
        seen.add(done.stdout)
    assert 1 == len(seen)


def test_drivers__a_run_stopped_and_continued_equals_the_uninterrupted_one() -> None:
    """A copied row of State is a checkpoint."""
    world = ps.load(LEVANT)
    whole = Course(world, 11, 4)
    while whole.month < len(world.months):
        whole.advance()
    first = Course(world, 11, 4)
    while first.month < 40:
        first.advance()
    second = Course(world, 11, 4, state=first.state, month=40)
    while second.month < len(world.months):
        second.advance()
    assert whole.state.tobytes() == second.state.tobytes()


def test_model__a_patron_who_reacts_to_seizures_gives_less() -> None:
    """An overridden decision acts, and the books still balance."""

    class Careful(ps.StateAgent):
        def support_budget(self) -> float:
            return 0.0

    world = ps.load(QUICKSTART)
    plain, careful = run(world, 1), ps.PactModel(world, rng=1, agents={"north": Careful}).run()
    north = world.names["actor"].index("north")
    assert careful.history["pledged"].sum() < plain.history["pledged"].sum()
    assert 0.0 == careful.history["usual_share"][:, north].sum()
    assert careful.residual <= 1e-12


def test_model__changes_by_hand_are_booked() -> None:
    """`adjust` before and between months moves money and arms without breaking the books."""
    model = ps.PactModel(ps.load(QUICKSTART), rng=1)
    reds = model.actor("reds")
    reds.adjust(funds=5.0, stock={"rifles": 3.0})
    model.step()
    reds.adjust(stock={"rifles": -1.0})
    result = model.run()
    booked = result.books
    by_hand = booked[booked["line"].str.contains("intervention")]
    assert [1.0, 3.0, 5.0] == sorted(by_hand["amount"].abs())
    assert result.residual <= 1e-12


def test_model__more_than_there_is_cannot_be_taken() -> None:
    """`adjust` refuses to go below zero."""
    model = ps.PactModel(ps.load(QUICKSTART), rng=1)
    with pytest.raises(RunError, match="is not possible"):
        model.actor("reds").adjust(funds=-1e6)


def test_model__a_category_may_have_the_name_of_something_else() -> None:
    """`adjust` holds a change of arms called "funds" against the arms, not against the money."""
    text = QUICKSTART.read_text(encoding="utf-8").replace("rifles", "funds")
    model = ps.PactModel(build(scenario_from_text(text)), rng=1)
    reds = model.actor("reds")
    arms, money = reds.stock("funds"), reds.funds
    reds.adjust(stock={"funds": -arms / 2})
    assert (arms / 2, money) == (reds.stock("funds"), reds.funds)
    with pytest.raises(RunError, match="is not possible"):
        reds.adjust(funds=money + 2 * arms, stock={"funds": -arms})


def test_model__unknown_actors_and_wrong_kinds_are_refused() -> None:
    """A misspelt id gets a suggestion; a proxy class is no state."""
    world = ps.load(QUICKSTART)
    with pytest.raises(InputError, match='did you mean "north"'):
        ps.PactModel(world, agents={"nort": ps.StateAgent})
    with pytest.raises(InputError, match="is no StateAgent"):
        ps.PactModel(world, agents={"north": ps.ProxyAgent})


def test_model__a_decision_out_of_bounds_is_named() -> None:
    """What a method returns is checked."""

    class Wild(ps.StateAgent):
        def support_budget(self) -> float:
            return 2.0

    with pytest.raises(RunError, match=r"Wild.support_budget of north returned 2"):
        ps.PactModel(ps.load(QUICKSTART), agents={"north": Wild}).step()


def test_model__a_leak_is_caught_and_named() -> None:
    """Arms that vanish without a line in the books fail the run and name the account."""
    model = ps.PactModel(ps.load(QUICKSTART), rng=1)
    reds = model.actor("reds")

    class Leak(ps.ProxyAgent):
        def commit(self, front: str) -> float:
            self.model.course.state[0].stock[reds.index, 0, 0] += 1.0
            return super().commit(front)

    leaky = ps.PactModel(ps.load(QUICKSTART), rng=1, agents={"reds": Leak})
    with pytest.raises(BooksError, match="reds in 2020-01"):
        leaky.run()


def test_model__data_collector_and_agent_sets() -> None:
    """Reporters come ready; AgentSet queries work."""
    model = ps.PactModel(ps.load(QUICKSTART), rng=1)
    collector = mesa.DataCollector(**model.reporters())
    for _ in range(3):
        model.step()
        collector.collect(model)
    frame = collector.get_agent_vars_dataframe()
    assert 15 == len(frame)
    assert 3 == len(model.agents.select(lambda agent: agent.kind == "proxy"))
    assert np.isfinite(frame["fighting"]).all()
