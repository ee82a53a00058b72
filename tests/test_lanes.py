"""Lanes, the second compiler of the rules: the bits of numba and of plain Python, whatever the width and the processor."""

from __future__ import annotations

import gc
import os
import sys
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count, product
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from tests.lanes import (
    COUNTS,
    LACKING,
    MAKERS,
    NUMBA,
    Array,
    Case,
    assembly,
    begun,
    case_of,
    differences,
    drawn_case,
    drawn_tables,
    ended,
    enlarged,
    features_of,
    imported,
    instructions,
    left,
    same_bits,
    track_of,
    widest,
)
from tests.sweeping import experiment
from tests.worlds import world_of

import proxysim as ps
from proxysim.core import kernel, memory, precompile, step
from proxysim.core.code_cache import cpu_features
from proxysim.core.lanes import compiler, entries
from proxysim.core.parameters import VARIANTS
from proxysim.errors import InputError
from proxysim.runs.course import Course
from proxysim.runs.threads import Job
from proxysim.scenario.world.world import World
from proxysim.sweeps.execution.options import SweepOptions
from proxysim.sweeps.runner import status, sweep

SCENARIOS = Path(__file__).parent.parent / "scenarios"
SHIPPED = sorted(file.stem for file in SCENARIOS.glob("*.toml") if "." not in file.stem)
WIDTH = compiler.width()
pytestmark = pytest.mark.timeout(1500)  # numba compiles each size class first


def assert_equal(case: Case, lanes: int, other: int = NUMBA) -> None:
    """The runs of a case are the same to the bit on both."""
    precompile.prepare(case.world.size)
    assert [] == differences(ended(case, other), ended(case, lanes))


# ---- random worlds ---------------------------------------------------------------------------------------


def check_random(seeds: range, small: bool = True, only: str = "") -> set[str]:
    """As many random worlds as seeds give the bits of numba on all lanes; returns their size classes.

    A seed of which the world is refused (two events that set one number in the same month) is replaced by a later one, and so is one of
    another size class than `only`: numba compiles each for most of a minute.
    """
    wrong, sizes, left = {}, set(), len(seeds)
    for seed in count(seeds.start):
        if left == 0:
            break
        try:
            case = drawn_case(seed, small)
        except InputError:
            continue
        if only not in ("", case.world.size):
            continue
        left -= 1
        sizes.add(case.world.size)
        precompile.prepare(case.world.size)
        if found := differences(ended(case, NUMBA), ended(case, WIDTH)):
            wrong[seed] = found
    assert {} == wrong
    return sizes


def test_bits__of_60_random_worlds_are_those_of_numba() -> None:
    """By turns with aid, with support that ends, with policies; 1 to 15 runs, half of them with numbers of each run."""
    assert {"small"} == check_random(range(60), only="small")


@pytest.mark.slow
def test_bits__of_100_random_worlds_are_those_of_numba() -> None:
    """Seeds 0 to 99, of three size classes."""
    assert {"compact", "small", "medium"} <= check_random(range(100))


@pytest.mark.slow
def test_bits__of_2000_random_worlds_are_those_of_numba() -> None:
    """Seeds 1,000 to 2,999."""
    assert {"small", "medium"} <= check_random(range(1000, 3000))


@pytest.mark.slow
def test_bits__of_60_larger_random_worlds_are_those_of_numba() -> None:
    """Seeds 0 to 59, most of them of size class "large"."""
    assert "large" in check_random(range(60), small=False)


@pytest.mark.slow
def test_bits__of_a_huge_world_are_those_of_numba() -> None:
    """A random world with 60 more proxies, and wars between them."""
    world = world_of(enlarged(drawn_tables(1, small=False), 60))
    assert "huge" == world.size
    assert_equal(case_of(world, WIDTH + 1, spread=True), WIDTH)


@pytest.mark.parametrize("fast", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_random_worlds__have_every_variant_policies_events_and_pacts(fast: bool) -> None:
    """So that the tests above meet them; a case in which no run differs from another would not need masks."""
    tables = [drawn_tables(seed) for seed in (range(100) if fast else range(1000, 1100))]
    assert {name: set(variants) for name, variants in VARIANTS.items()} == {
        name: {one["rules"][name] for one in tables} for name in VARIANTS
    }
    for section in ("policies", "events", "pacts", "fronts", "regimes"):
        assert 25 <= sum(bool(one.get(section)) for one in tables), section
    assert len(MAKERS) * 2 <= len(COUNTS)


def test_runs__of_a_group_differ_and_leave_their_ways() -> None:
    """Numbers of each run make the regimes of one case fall at different times or not at all, and different events happen."""
    unseen, seed = {"state.fallen", "state.event_month", "state.revived"}, -1
    while unseen and seed < 100:
        seed += 2
        made = ended(drawn_case(seed), WIDTH)
        unseen -= {name for name in unseen if len(np.unique(made[name], axis=0)) > 1}
    assert set() == unseen


# ---- shipped worlds --------------------------------------------------------------------------------------


#: Numba compiles the size classes of the others for most of a minute each.
PARTED = [name if name == "quickstart" else pytest.param(name, marks=pytest.mark.slow) for name in SHIPPED]


def shipped(name: str, branch: str | None = None) -> World:
    """A shipped world with all of its policies on."""
    return ps.load(SCENARIOS / f"{name}.toml", branch).with_policies("on")


def uncertain_case(world: World, count: int) -> Case:
    """Runs with numbers drawn anew for each pair, for the reference too."""
    job, runs = Job((world,), 5, True, 0), np.arange(count, dtype=np.uint64)
    return Case(world, job.numbers(0, runs), job.reference_numbers(0, runs), runs, seed=5)


@pytest.mark.parametrize("name", PARTED)
def test_bits__of_shipped_worlds_and_their_branches_are_those_of_numba(name: str) -> None:
    """Nine runs of each, so that a group is incomplete."""
    for branch in (None, *shipped(name).scenario.branches):
        assert_equal(case_of(shipped(name, branch), 9), WIDTH)


@pytest.mark.parametrize("name", PARTED)
def test_bits__of_uncertain_draws_are_those_of_numba(name: str) -> None:
    """Each pair of runs has a row of numbers of its own."""
    case = uncertain_case(shipped(name), 18)
    assert 9 == len(np.unique(case.numbers, axis=0))
    assert_equal(case, WIDTH)


# ---- groups, pasts, memory -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def world() -> World:
    """The shipped world for a quick start."""
    precompile.prepare("small")
    return shipped("quickstart")


@pytest.mark.parametrize("count", COUNTS)
def test_groups__that_are_incomplete_give_the_runs_of_full_ones(world: World, count: int) -> None:
    """Neither the number of runs nor the place of a run in its group matters."""
    whole, part = ended(uncertain_case(world, 16), WIDTH), ended(uncertain_case(world, count), WIDTH)
    assert [] == differences({name: values[: len(part[name])] for name, values in whole.items()}, part)
    assert count == len(part["tally"])


def test_groups__with_one_set_of_numbers_give_the_bits_of_one_per_run(world: World) -> None:
    """The row of numbers that all runs share is not copied for each of them."""
    one = case_of(world, 15)
    each = Case(world, np.repeat(one.numbers, 15, axis=0), one.reference, one.runs)
    assert [] == differences(ended(one, WIDTH), ended(each, WIDTH))


def pasts(case: Case, lanes: int, month: int) -> list[dict[str, Array]]:
    """A past, a copy of it that goes on, and a run that follows it with other numbers."""
    first, none = begun(case, lanes), track_of(case, 0)
    first.advance(0, month, True, none)
    past, other = begun(case, lanes), begun(Case(case.world, case.numbers * 0.95, case.reference, case.runs), lanes)
    past.copy(first)  # type: ignore[arg-type]
    other.follow(past, month, case.world.policies.against_branch == 0)  # type: ignore[arg-type]
    found = [left(case, past)]
    for one in (first, other):
        one.advance(month, case.months, True, none)
        found.append(left(case, one))
    return found


@pytest.mark.parametrize("seed", [1, 4, 8, 16])
def test_bits__of_copies_and_of_runs_that_follow_others_are_those_of_numba(seed: int) -> None:
    """Random worlds with policies, half of them compared with a branch; nine runs."""
    case = case_of(world_of(drawn_tables(seed)), 9, spread=True)
    precompile.prepare(case.world.size)
    for one, two in zip(pasts(case, NUMBA, 7), pasts(case, WIDTH, 7), strict=True):
        assert [] == differences(one, two)


def test_bits__do_not_depend_on_what_memory_held(world: World) -> None:
    """Memory of earlier batches is used again as it is."""
    case = case_of(world, 9)
    clean = ended(case, WIDTH)
    memory._pool.clear()
    rubbish = begun(case, WIDTH)
    assert isinstance(rubbish, memory.LaneBatch)
    kept = [getattr(rubbish, name) for name in ("_params", "_base", "_state", "_flows")]
    for part in kept:
        part[...] = np.frombuffer(np.random.default_rng(1).bytes(part.nbytes)).reshape(part.shape)
    before = {part.ctypes.data for part in kept}
    del rubbish, kept, part
    again = begun(case, WIDTH)
    assert before == {getattr(again, name).ctypes.data for name in ("_params", "_base", "_state", "_flows")}
    track = track_of(case, 3)
    again.advance(0, case.months, True, track)
    assert [] == differences(clean, left(case, again) | {"track": track})


def test_fields__stay_when_their_batch_is_gone(world: World) -> None:
    """The memory of a batch is not given to another one while its records are in use."""
    case = case_of(world, 9)
    made = begun(case, WIDTH)
    states, before = made.states, made.states["stock"].copy()
    del made
    other = begun(replace(case, numbers=case.numbers * 0.5), WIDTH)
    assert not same_bits(before, np.asarray(other.states["stock"]))
    assert same_bits(before, np.asarray(states["stock"]))


def test_memory__in_use_is_never_given_out_twice(world: World) -> None:
    """A record, or one view of it, is enough to keep it; what nothing refers to is used again, and little is kept."""
    memory._pool.clear()
    first = memory._taken(3, 5, WIDTH)
    place, view = first.ctypes.data, first[1:, 2]
    view[...] = 7.0
    del first
    second = memory._taken(3, 5, WIDTH)
    second[...] = 1.0
    assert np.all(7.0 == view)
    del view
    assert place == memory._taken(3, 5, WIDTH).ctypes.data
    assert place != memory._taken(3, 5, 8 * WIDTH).ctypes.data  # too small
    assert place != memory._taken(1, 1, 1).ctypes.data  # much too large for it


def test_memory__that_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it is in use or not; what is in use stays as it is."""
    memory._pool.clear()
    monkeypatch.setattr(memory, "_MOST_KEPT", 5_000)
    used = [memory._taken(10, 10) for _ in range(20)]
    for at, one in enumerate(used):
        one[...] = at
        assert sum(kept.nbytes for kept in memory._pool) <= 5_000
        assert not [part for part in used[:at] if np.shares_memory(part, one)]
    large = memory._taken(1_000)
    assert not any(np.shares_memory(large, kept) for kept in memory._pool)
    assert [float(at) for at in range(20)] == [one[0, 0] for one in used]
    del used, one
    assert 5 == len(memory._free())


def test_months__one_by_one_are_those_of_one_call(world: World) -> None:
    """A batch can be stopped after each month."""
    case = case_of(world, 9)
    whole, made, track = ended(case, WIDTH, 9), begun(case, WIDTH), track_of(case, 9)
    for month in range(case.months):
        made.advance(month, month + 1, True, track)
    assert [] == differences(whole, left(case, made) | {"track": track})


def test_course__stage_by_stage_is_the_batch(world: World) -> None:
    """Single runs, which Mesa drives a stage at a time, are compiled for one run: they are the runs of the batch."""
    case = case_of(world, 9)
    made = ended(case, WIDTH)
    for row in (0, 4, 8):
        course = Course(world, case.seed, int(case.runs[row]))
        while course.month < case.months:
            for stage in range(step.FIRST, step.LAST + 1):
                course.advance(stage, stage)
        for name in course.state.dtype.names:
            expected = made[f"state.{name}"][row]
            room = tuple(slice(length) for length in expected.shape)
            assert same_bits(expected, np.asarray(course.state[name][0][room] if room else course.state[name][0])), name


def test_threads__that_run_batches_at_once_give_the_same_bits(world: World) -> None:
    """Four threads and 40 batches of 15 runs, which take memory from the same store."""
    case = uncertain_case(world, 15)
    expected = ended(case, WIDTH)
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda _: ended(case, WIDTH), range(40)):
            assert [] == differences(expected, found)


# ---- studies and sweeps ----------------------------------------------------------------------------------


def on_both(monkeypatch: pytest.MonkeyPatch, work: Callable[[], Any]) -> list[Any]:
    """What a piece of work gives on numba and on lanes."""
    found = []
    for name in (kernel.NUMBA, kernel.LANES):
        monkeypatch.setenv(kernel.VARIABLE, name)
        assert name == kernel.name()
        found.append(work())
    return found


def numbers_in(study: ps.Ensemble) -> dict[str, Array]:
    """All numbers of a study."""
    found = {"values": study.values, "fallen": study.fallen, "happened": study.happened, "residual": np.array(study.residual)}
    found |= {name: getattr(study, name) for name in ("bands", "last_year") if getattr(study, name) is not None}
    if study.flows is not None:
        found |= {f"mean {name}": one for name, one in study.flows.means.items()}
        found |= {f"run {name}": one for name, one in (study.flows.runs or {}).items()}
    return found


#: A condition that some pairs meet: the cabinet stays in both runs.
GIVEN = "not regime_fallen.cabinet"

STUDIES: dict[str, dict[str, Any]] = {
    "uncertain": {"uncertain": True, "bands": True}, "fork": {"start": "2021-03"}, "fork of draws": {"start": "2020-06", "uncertain": True},
    "flows of a fork": {"flows": "runs", "start": "2020-09"}, "one thread": {"threads": 1, "first": 6},
}  # fmt: skip


@pytest.mark.parametrize("kind", STUDIES)
def test_ensemble__does_not_depend_on_what_its_memory_held(kind: str, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory of earlier batches, of any record, comes with half of its numbers 0; a fork takes up the flows of its past."""
    branches, fresh = ["no-pact", "strong", "sea-patrol"], np.random.default_rng(1)

    def used(*shape: int) -> Array:
        made = memory.empty(*shape)
        made[...] = fresh.integers(0, 2, shape) * 3.0
        return made

    monkeypatch.setenv(kernel.VARIABLE, kernel.LANES)
    clean = numbers_in(ps.ensemble(world, branches, 21, 4, **STUDIES[kind]))
    monkeypatch.setattr(memory, "_taken", used)
    assert [] == differences(clean, numbers_in(ps.ensemble(world, branches, 21, 4, **STUDIES[kind])))


@pytest.mark.parametrize("kind", STUDIES)
def test_ensemble__has_the_bits_of_numba(kind: str, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three branches, 21 runs, shared pasts, flows month by month."""
    branches = ["no-pact", "strong", "sea-patrol"]
    one, two = on_both(monkeypatch, lambda: numbers_in(ps.ensemble(world, branches, 21, 4, **STUDIES[kind])))
    assert [] == differences(one, two)


def test_compare__under_a_condition_has_the_bits_of_numba(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same pairs are kept, and every effect is the same."""
    world = shipped("insurgency")
    one, two = on_both(monkeypatch, lambda: ps.compare(world, ["no-pact", "pact"], 40, 2, given=GIVEN))
    assert 0 < len(one.study.numbers) < 40
    assert repr(one.effects) == repr(two.effects)
    assert [] == differences(numbers_in(one.study), numbers_in(two.study))


@pytest.mark.parametrize(("workers", "block"), [(1, 7), (2, 64)])
def test_sweep__has_the_digest_of_numba(workers: int, block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the size of blocks and the number of workers."""
    precompile.prepare("small")
    file = experiment(tmp_path)

    def digest() -> str:
        out = tmp_path / os.environ[kernel.VARIABLE]
        assert 0 == sweep(file, out, SweepOptions(workers=workers), block=block).exit_status
        return str(status(out).digest)

    assert 1 == len(set(on_both(monkeypatch, digest)))


# ---- instruction sets ------------------------------------------------------------------------------------

#: Instruction sets and widths of the fast tests.
FEW = [("avx2 without fma", 4)]
ALL = list(product(LACKING, (2, 4, 8)))


def check_set(name: str, lanes: int, seeds: range) -> None:
    """Random worlds, of which a run's numbers differ, on some instruction set; and shipped worlds."""
    with instructions(name):
        for seed in seeds:
            case = drawn_case(seed)
            if case.world.size == "small":
                assert_equal(case, lanes)
        assert_equal(uncertain_case(shipped("quickstart"), 9), lanes)


@pytest.mark.parametrize(("name", "lanes"), FEW)
def test_bits__do_not_depend_on_width_and_instruction_set(name: str, lanes: int) -> None:
    """Random worlds 0 to 19 of the smallest size class."""
    check_set(name, lanes, range(20))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "lanes"), ALL)
def test_bits__are_the_same_for_each_width_on_each_instruction_set(name: str, lanes: int) -> None:
    """Random worlds 100 to 159 of the smallest size class."""
    check_set(name, lanes, range(100, 160))


@pytest.mark.slow
@pytest.mark.parametrize("name", LACKING)
def test_code__uses_the_vectors_of_its_instruction_set_only(name: str) -> None:
    """Otherwise the tests above would compare a processor with itself. Nothing is contracted, whatever there is."""
    text = assembly("small", 8, features_of(name))
    assert {"host": "z" if "+avx512f" in cpu_features() else "y", "sse4.1": "x"}.get(name, "y") == widest(text)
    assert ("vaddpd" in text) == (name != "sse4.1")
    assert "fmadd" not in text and "fmsub" not in text


# ---- machine code ----------------------------------------------------------------------------------------


def code_of(size: str, lanes: int) -> bytes:
    """Machine code of a size class, from the cache if it is there."""
    with mock.patch.object(compiler, "Code", lambda code, _: code):
        found: Any = compiler.code.__wrapped__(size, lanes)
    return bytes(found)


#: The only functions from elsewhere that code may call: they fill and copy memory.
MEMORY = {"memset", "memcpy", "memmove"}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads ELF files")
@pytest.mark.parametrize(
    ("size", "lanes"),
    [("small", 1), ("small", WIDTH), ("medium", WIDTH)]
    + [pytest.param(*one, marks=pytest.mark.slow) for one in [("medium", 1), *product(("large", "huge"), (1, WIDTH))]],
)  # fmt: skip
def test_code__calls_no_function_of_the_C_library(size: str, lanes: int) -> None:
    """The last bits of its elementary functions depend on the platform."""
    assert imported(code_of(size, lanes)) <= MEMORY


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads ELF files")
def test_code__that_calls_the_C_library_would_be_seen() -> None:
    """Powers and logarithms are functions of the C library."""
    text = (
        "declare double @llvm.pow.f64(double, double)\ndeclare double @log(double)\n"
        "define double @f(double %x) {\n%y = call double @llvm.pow.f64(double %x, double 1.5)\n"
        "%z = call double @log(double %y)\nret double %z\n}\n"
    )
    assert {"pow", "log"} == imported(compiler.object_code(text, cpu_features()))


# ---- memory of machine code --------------------------------------------------------------------------------


def test_machine_code__lives_as_long_as_a_function_of_it() -> None:
    """Two threads may each load the code of a size class, and only one of the two is kept; the other runs to its end."""
    features = cpu_features()
    made = compiler.Code(compiler.object_code(str(entries.module(compiler.ARRAYS, 1)), features), features)
    engine, call = weakref.ref(made._engine), made.function("exp_into")
    del made
    gc.collect()
    assert engine() is not None
    del call
    gc.collect()
    assert engine() is None
