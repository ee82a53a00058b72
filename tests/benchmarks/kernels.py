"""The same months of the same runs on each form of the compiled rules, in turn within one process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any
from unittest import mock

from tests.benchmarks.timing import Clock
from tests.lanes import NUMBA, Batch, begun, case_of, code_with, features_of, track_of

from proxysim.core import precompile
from proxysim.core.code_cache import cpu_features
from proxysim.core.lanes import compiler, entries
from proxysim.scenario.world.world import World

#: Runs in one batch: few enough that their records stay in the caches, whatever the kernel.
BATCH = 32
#: The highest level of optimisation that LLVM has.
HIGHEST = 3


@dataclass(frozen=True)
class Kernel:
    """One form of the compiled rules.

    Attributes
    ----------
    lanes : runs side by side; NUMBA for those that numba compiles
    processor : instruction sets that may be used, a name in `tests.lanes.LACKING`
    yardstick : compiled at LLVM's highest level, with its vectorisers and the unrolling of loops
    """

    lanes: int
    processor: str = "host"
    yardstick: bool = False

    def code(self, size: str) -> Any:
        """The machine code of a size class."""
        return at_highest_level(size, self.lanes) if self.yardstick else code_with(size, self.lanes, features_of(self.processor))

    def batches(self, world: World, runs: int) -> list[Batch]:
        """So many runs of a world, in batches that are ready for month 0."""
        if self.lanes == NUMBA:
            precompile.prepare(world.size)
            codes = {}
        else:
            codes = {one.size: self.code(one.size) for one in (world, world.reference) if one is not None}
        with mock.patch.object(compiler, "code", lambda size, lanes: codes[size]):
            return [begun(case_of(world, min(BATCH, runs - at)), self.lanes) for at in range(0, runs, BATCH)]


def kernels() -> dict[str, Kernel]:
    """What is compared, by the names of the table; numba first."""
    width = compiler.width()
    found = {"numba, one run": Kernel(NUMBA), f"lanes, {width} runs": Kernel(width)}
    if "+avx512f" in cpu_features().split(","):
        found |= {f"lanes, {lanes} runs, AVX2 alone": Kernel(lanes, "avx2") for lanes in (8, 4)}
    found["lanes, one run"] = Kernel(1)
    found[f"lanes, one run, level {HIGHEST} of LLVM with vectorisers"] = Kernel(1, yardstick=True)
    return found


@contextmanager
def _all_passes() -> Iterator[None]:
    """Compile at the highest level, and with the passes that are switched off otherwise."""
    real = getattr(compiler.binding, "create_pass_builder", None)

    def builder(machine: Any, options: Any) -> Any:
        assert real is not None
        options.loop_vectorization = options.slp_vectorization = options.loop_unrolling = True
        return real(machine, options)

    with mock.patch.object(compiler, "LEVEL", HIGHEST):
        if real is None:
            yield
        else:
            with mock.patch.object(compiler.binding, "create_pass_builder", builder):
                yield


@cache
def at_highest_level(size: str, lanes: int) -> Any:
    """The rules of a size class, compiled with all that LLVM has; not kept on disk."""
    with _all_passes():
        return compiler.Code(compiler.object_code(str(entries.module(size, lanes)), cpu_features()), cpu_features())


def times_of_months(
    clock: Clock, world: World, runs: int, rounds: int, chosen: dict[str, Kernel] | None = None
) -> dict[str, list[float]]:
    """Microseconds of processor time of a month of one run on each kernel, in each round.

    Runs begin and go through all months on one thread. Memory and outcomes are not part of the time.

    Raises
    ------
    AssertionError : two kernels do not give the same measures, to the bit
    """
    held = {name: one.batches(world, runs) for name, one in (chosen or kernels()).items()}
    track = track_of(case_of(world, 1), 0)

    def case(batches: Sequence[Batch]) -> Callable[[], None]:
        def months() -> None:
            for batch in batches:
                batch.begin()
                batch.advance(0, len(world.months), True, track)

        return months

    times = clock.interleaved({name: case(batches) for name, batches in held.items()}, rounds, timer=time.thread_time)
    sums = {name: [batch.tally.tobytes() for batch in batches] for name, batches in held.items()}
    assert all(one == next(iter(sums.values())) for one in sums.values()), "kernels differ in their results"
    return {name: [1e6 * took / runs / len(world.months) for took in found] for name, found in times.items()}
