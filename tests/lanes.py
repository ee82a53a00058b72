"""Runs on the rules that lanes compiled and on numba, side by side; instruction sets; the symbols of machine code."""

from __future__ import annotations

import hashlib
import random
import re
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import Any
from unittest import mock

import numpy as np
from tests.worlds import Tables, opened_tables, pressed_tables, random_tables, with_policies, world_of

from proxysim.core import memory, records
from proxysim.core.code_cache import cpu_features
from proxysim.core.lanes import compiler, emit, entries, layout, subset
from proxysim.core.lanes.types import Array as ArrayKind
from proxysim.core.schedule import numbers_of
from proxysim.core.vocabulary import COUNTED, MEASURES
from proxysim.runs import outcomes
from proxysim.runs.batch import _plan
from proxysim.scenario.world.world import World

Array = np.ndarray[Any, Any]
Batch = memory.PlainBatch | memory.LaneBatch
#: Stands for numba, next to numbers of lanes.
NUMBA = 0
#: Numbers of runs: one, parts of a group of eight, a full one, and one and a bit.
COUNTS = (1, 2, 7, 8, 9, 15)


# ---- runs -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """Runs of a world.

    Attributes
    ----------
    numbers, reference : all numbers of each run, and of its reference, (run or 1, number)
    runs : number of each run
    start, stop : first month that counts, and one past the last month that is run; None for all
    """

    world: World
    numbers: Array
    reference: Array | None
    runs: Array
    start: int = 0
    seed: int = 11
    stop: int | None = None

    @property
    def months(self) -> int:
        return len(self.world.months) if self.stop is None else self.stop


def case_of(world: World, count: int, start: int = 0, spread: bool = False) -> Case:
    """Some runs of a world. With `spread` each has numbers of its own, so that runs take different ways through the rules."""
    other, runs = world.reference, np.arange(3, 3 + count, dtype=np.uint64)
    numbers = numbers_of(world.params, world.schedule)
    reference = None if other is None else numbers_of(other.params, other.schedule)
    if spread:
        numbers, reference = (None if one is None else _spread(one, count) for one in (numbers, reference))  # type: ignore[assignment]
    return Case(world, numbers, reference, runs, start)


def _spread(numbers: Array, count: int) -> Array:
    """Numbers of each run up to a tenth below those of the file, which keeps all within their bounds from 0; no world file needs to have them."""
    factors = 1.0 - 0.1 * np.random.default_rng(count).random((count, numbers.shape[1]))
    return np.ascontiguousarray(np.where(np.isfinite(numbers), numbers * factors, numbers))


def begun(case: Case, lanes: int) -> Batch:
    """The runs at the start of month 0, on so many lanes or on numba; their policies know what they saw in the reference."""
    plan = _plan(case.world)
    numbers = case.numbers
    if lanes == NUMBA:
        made: Batch = memory.PlainBatch(plan, numbers, case.seed, case.runs)
    else:
        made = memory.LaneBatch(plan, numbers, case.seed, case.runs, lanes)
    if case.world.reference is not None:
        assert case.reference is not None
        other = replace(case, world=case.world.reference, numbers=case.reference)
        seen = begun(other, lanes)
        seen.advance(0, case.months, False, track_of(case, 0))
        made.set_reference(np.asarray(seen.watched))
    made.begin()
    return made


def track_of(case: Case, count: int) -> Array:
    """Room for the measures of the first runs, (run, month, actor, measure)."""
    return np.zeros((count, case.months, len(case.world.names["actor"]), len(MEASURES)))


def ended(case: Case, lanes: int, tracked: int = 3) -> dict[str, Array]:
    """All that the runs leave behind, and the months of the first ones."""
    made, track = begun(case, lanes), track_of(case, min(tracked, len(case.runs)))
    start = min(case.start, case.months)
    made.advance(0, start, False, track)
    made.advance(start, case.months, True, track)
    return left(case, made) | {"track": track}


def left(case: Case, made: Batch) -> dict[str, Array]:
    """Name -> what a batch holds now: state and parameters, only up to the true lengths of their axes, and all that is remembered."""
    found = {}
    for record, fields, held in (("state", records.STATE, made.states), ("params", records.PARAMS, made.params)):
        for field in fields:
            room = tuple(slice(length_of(case.world, axis)) for axis in field.axes)
            found[f"{record}.{field.name}"] = np.asarray(held[field.name])[(slice(None), *room)]
    found |= {name: np.asarray(getattr(made, name)) for name in ("tally", "watched", "reference", "factor")}
    found["outcomes"] = outcomes.values(case.world, found["tally"], made.states, found["factor"][:, case.start :], made.params)
    return {name: np.array(one) for name, one in found.items()}


def length_of(world: World, axis: str) -> int | None:
    """How many items of an axis are used; None for all."""
    if axis in COUNTED or axis == "ring":
        return int(world.arrays[0][f"{axis}_count"])
    return None


def same_bits(one: Array, two: Array) -> bool:
    """Whether two arrays have the same bits, also where they are not numbers."""
    return one.shape == two.shape and one.dtype == two.dtype and np.ascontiguousarray(one).tobytes() == np.ascontiguousarray(two).tobytes()


def differences(one: dict[str, Array], two: dict[str, Array]) -> list[str]:
    """Names of what is not the same to the bit."""
    assert one.keys() == two.keys()
    return [name for name, values in one.items() if not same_bits(values, two[name])]


def digest_of(found: dict[str, Array]) -> str:
    """A hash of arrays."""
    digest = hashlib.blake2b(digest_size=12)
    for name in sorted(found):
        digest.update(f"{name} {found[name].dtype} {found[name].shape}".encode() + np.ascontiguousarray(found[name]).tobytes())
    return digest.hexdigest()


# ---- random worlds ---------------------------------------------------------------------------------------


MAKERS: tuple[Callable[[int, bool], Tables], ...] = (random_tables, opened_tables, pressed_tables)


def drawn_tables(seed: int, small: bool = True) -> Tables:
    """A random world: by turns plain, with aid and leave, or with support that ends; two of three have policies."""
    tables = MAKERS[seed % 3](seed, small)
    return with_policies(tables, random.Random(seed)) if seed // 3 % 3 else tables


def drawn_case(seed: int, small: bool = True) -> Case:
    """Some runs of a random world; in every other case each run has numbers of its own."""
    world = world_of(drawn_tables(seed, small))
    return case_of(world, COUNTS[seed % len(COUNTS)], start=seed % 5 * 3, spread=seed % 2 == 1)


def enlarged(tables: Tables, proxies: int) -> Tables:
    """A world with more proxies, each with a patron and a war against the one before."""
    states, places, held = list(tables["states"]), list(tables["places"]), next(iter(tables["categories"]))
    more = {f"m{k}": {"home": places[k % len(places)], "income": 1 + k % 7, "personnel": 500 + 40 * k, "stock": {held: 5 + k}}
            for k in range(proxies)}  # fmt: skip
    ties = {f"{states[k % len(states)]} -> m{k}": {"weight": 0.1 + k % 5} for k in range(proxies)}
    fronts = {f"w{k}": {"side_a": {f"m{k}": 0.5}, "side_b": {f"m{k - 1}": 0.4}, "intensity": 0.3} for k in range(1, proxies, 3)}
    return {**tables, "proxies": tables["proxies"] | more, "ties": tables["ties"] | ties, "fronts": tables["fronts"] | fronts}


# ---- instruction sets ------------------------------------------------------------------------------------


#: Instruction sets: name -> what a processor lacks, by the beginnings of the names of LLVM.
LACKING = {
    "host": (), "avx2": ("avx512", "avx10", "evex"), "avx2 without fma": ("avx512", "avx10", "fma"),
    "sse4.1": ("avx", "fma", "f16c", "xop", "vaes", "vpclmulqdq", "sse4.2", "sse4a", "bmi", "lzcnt", "popcnt"),
}  # fmt: skip


def features_of(name: str) -> str:
    """The instruction sets of this processor without some; LLVM would add what its name implies if a set were only left out."""
    lacking = LACKING[name]
    found = []
    for one in cpu_features().split(","):
        without = bool(lacking) and one[1:].startswith(lacking)
        found.append(f"-{one[1:]}" if without else one)
    return ",".join(found)


#: What compiles, or reads from the cache on disk; it is not the one that `instructions` puts in its place.
_CODE = compiler.code.__wrapped__


@cache
def code_with(size: str, lanes: int, features: str) -> Any:
    """The rules for a size class, compiled for an instruction set or read from the cache."""
    with mock.patch.object(compiler, "cpu_features", lambda: features):
        return _CODE(size, lanes)


@contextmanager
def instructions(name: str) -> Iterator[None]:
    """All that is compiled within uses this instruction set only."""
    features = features_of(name)
    with mock.patch.object(compiler, "code", lambda size, lanes: code_with(size, lanes, features)):
        yield


def assembly(size: str, lanes: int, features: str) -> str:
    """The rules for a size class as the text of an assembler."""
    texts: list[str] = []

    class Machine:
        """LLVM's target machine, which also writes down the text of what it compiles."""

        def __init__(self) -> None:
            self._machine = real(features)
            self._as_parameter_ = self._machine._as_parameter_

        def __getattr__(self, name: str) -> Any:
            return getattr(self._machine, name)

        def emit_object(self, parsed: Any) -> Any:
            texts.append(self._machine.emit_assembly(parsed))
            return self._machine.emit_object(parsed)

    real = compiler.target
    with mock.patch.object(compiler, "target", lambda _: Machine()):
        compiler.object_code(str(entries.module(size, lanes)), features)
    return texts[0]


def widest(text: str) -> str:
    """The widest vector registers in the text of an assembler: "x", "y" or "z"."""
    return max(re.findall(r"%([xyz])mm\d", text))


# ---- machine code ----------------------------------------------------------------------------------------


def imported(code: bytes) -> set[str]:
    """Symbols that an ELF object file takes from elsewhere."""
    assert code[:6] == b"\x7fELF\x02\x01", "no ELF file of 64 bits"
    (sections,) = struct.unpack_from("<Q", code, 40)
    size, count = struct.unpack_from("<HH", code, 58)
    table = [struct.unpack_from("<IIQQQQIIQQ", code, sections + k * size) for k in range(count)]
    found = set()
    for kind, offset, length, link in ((one[1], one[4], one[5], one[6]) for one in table):
        if kind != 2:  # no table of symbols
            continue
        texts = table[link][4]
        for place in range(offset, offset + length, 24):
            name, _, _, section = struct.unpack_from("<IBBH", code, place)
            if section == 0 and name:
                found.add(code[texts + name : code.index(b"\0", texts + name)].decode())
    return found


# ---- single rules ----------------------------------------------------------------------------------------


#: What the rules of `small_rules` work on: floats, integers, the same for all runs, and results.
KINDS = {
    "x": ArrayKind("f8", (None,), True), "i": ArrayKind("i8", (None,), True), "v": ArrayKind("f8", (None,), False, True),
    "y": ArrayKind("f8", (None,), True), "j": ArrayKind("i8", (None,), True),
}  # fmt: skip


#: The same for rules that work on parts of an array.
PARTS = {"x": ArrayKind("f8", (None, None, None), True), "y": ArrayKind("f8", (None, None), True)}


def of_rule(rule: Any, given: dict[str, Array], lanes: int, of: dict[str, ArrayKind] = KINDS) -> dict[str, Array]:
    """What a rule (x, i, v, y, j) leaves in its arrays, (run, item), where lanes compiled it; `v` is (item,), for all runs."""
    emitter, kinds = emit.Emitter(lanes), {name: replace(kind, varies=kind.varies and lanes > 1) for name, kind in of.items()}
    form = emitter.program.typed(rule, tuple(kinds.values()))
    leaves = [leaf for kind in kinds.values() for leaf in emitter.leaves(kind)]
    entries._export(emitter, "rule", emitter.function(form, False), leaves)
    code = compiler.Code(compiler.object_code(str(emitter.module), cpu_features()), cpu_features())
    held = {name: one if name == "v" else memory._in_lanes(one.view(np.float64), lanes) for name, one in given.items()}
    table, _ = layout.table_of(held, layout.Entry("rule", rule, tuple(kinds)), kinds)
    runs = len(given["x"])
    code.function("rule")(table.ctypes.data, 0, -(-runs // lanes))
    return {name: one if name == "v" else memory._in_rows(one, runs).view(given[name].dtype) for name, one in held.items()}


def of_plain_rule(rule: Any, given: dict[str, Array]) -> dict[str, Array]:
    """The same as plain Python, one run after the other."""
    held = {name: one.copy() for name, one in given.items()}
    with np.errstate(all="ignore"):
        for run in range(len(given["x"])):
            subset.read(rule).function(*(one if name == "v" else one[run] for name, one in held.items()))
    return held


def numbers_for_rules(seed: int, runs: int = 21, items: int = 6) -> dict[str, Array]:
    """Random numbers of few values, so that comparisons meet ties, of both signs of 0, or no number; some integers are far outside of any array."""
    chance = np.random.default_rng(seed)
    x = chance.choice([-2.5, -1.0, -0.0, 0.0, 0.5, 1.0, 3.0, 1e300, np.nan], (runs, items))
    i = chance.choice([-(10**14), -3, -1, 0, 1, 2, 3, 5, 6, 10**14], (runs, items))
    return {"x": x, "i": i, "v": chance.normal(size=items), "y": np.zeros((runs, items)), "j": np.zeros((runs, items), np.int64)}


def parts_for_rules() -> dict[str, Array]:
    """Arrays of three axes and of two, in which each number is another one."""
    x = np.arange(21 * 4 * 3 * 2).reshape(21, 4, 3, 2) * 1.5
    return {"x": x, "y": np.zeros((21, 4, 2))}
