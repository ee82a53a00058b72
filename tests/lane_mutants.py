"""The generator of lanes broken on purpose, one place at a time, to see whether the tests notice.

    python -m tests.lane_mutants --seed 1 --count 100 [--processes 2]

Each mutant is one mechanical change of the sources that compile the rules for several runs side by side, lay out their
memory and call them: a mask dropped, an element of a vector shifted, a comparison or a sign changed. It compiles the rules
and runs a battery of small programs and worlds in a process of its own. It is caught if a result differs from that of the
generator as it is, to the bit, or if it compiles nothing, crashes, or does not end.

The battery compiles without LLVM's optimisation, which takes a fifth of the time and gives the same bits. What survives it
is tried once more with optimisation.
"""

from __future__ import annotations

import argparse
import ast
import copy
import difflib
import hashlib
import importlib
import math
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from itertools import chain, islice
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.rule_mutants import EDGE, Mutant, Replace

ROOT = Path(__file__).resolve().parent.parent
CORE = Path("proxysim") / "core"
#: What is mutated: file -> classes and functions that no mutant touches, with the reason.
FILES: dict[str, dict[str, str]] = {
    "lanes/emit.py": {
        "Body.is_cheap": "chooses between two ways to compute the same number",
        "Body.is_harmless": "chooses between two ways to compute the same number",
    },
    "lanes/analysis.py": {"_Analysis.fail": "only names what is wrong with a rule that is refused"},
    "lanes/scopes.py": {},
    "lanes/types.py": {},
    "lanes/layout.py": {},
    "lanes/entries.py": {},
    "memory.py": {
        "batch": "chooses the compiler", "PlainBatch": "belongs to numba", "_taken": "saves time only", "_free": "saves time only",
        "_references": "saves time only", "_make_room": "saves time only", "Fields.__getattr__": "names an unknown field",
    },
    "kernel.py": {
        "name": "chooses the compiler", "_give_up": "chooses the compiler", "width": "chooses the compiler", "prepare": "chooses the compiler",
        "label": "names the compiler",
        "calls": "chooses the compiler", "PlainCalls": "belongs to numba", "RuleCalls.__init__": "chooses the compiler",
    },
}  # fmt: skip
#: Runs side by side.
LANES = 8
#: Files that do nothing but make code for LLVM.
GENERATOR = {"lanes/emit.py", "lanes/analysis.py", "lanes/scopes.py", "lanes/types.py", "lanes/entries.py"}
#: What is said of a mutant that survives with the code of all rules as it was.
SAME_CODE = "same code"
#: A mutant that takes longer waits for something.
WAITING = 1800

# ---- mutations -----------------------------------------------------------------------------------------

Change = tuple[str, Callable[[Any], ast.AST | None]]
#: Methods of LLVM's builder, and which takes the place of each.
OTHER = {
    "and_": ("masks joined otherwise", "or_"), "or_": ("masks joined otherwise", "and_"), "xor": ("instruction", "or_"),
    "ashr": ("shift", "lshr"), "lshr": ("shift", "ashr"), "shl": ("shift", "lshr"),
    "zext": ("extension", "sext"), "uitofp": ("extension", "sitofp"), "sitofp": ("extension", "uitofp"), "fptosi": ("extension", "fptoui"),
    "fcmp_ordered": ("not a number", "fcmp_unordered"), "fcmp_unordered": ("not a number", "fcmp_ordered"),
    "icmp_signed": ("sign of a comparison", "icmp_unsigned"), "icmp_unsigned": ("sign of a comparison", "icmp_signed"),
    "add": ("instruction", "sub"), "sub": ("instruction", "add"), "mul": ("instruction", "add"), "srem": ("instruction", "urem"),
    "sdiv": ("instruction", "udiv"), "fadd": ("instruction", "fsub"), "fsub": ("instruction", "fadd"), "fmul": ("instruction", "fdiv"),
    "fdiv": ("instruction", "fmul"),
}  # fmt: skip
#: Instructions of which the order of the operands matters; a sum or a product of two has the same bits either way.
ORDERED = {"sub", "fsub", "sdiv", "srem", "fdiv", "shl", "lshr", "ashr", "icmp_signed", "icmp_unsigned", "fcmp_ordered", "fcmp_unordered", "compare"}
EDGES = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}
#: Statements that are dropped if they only call one of these.
EFFECTS = {
    "store", "drop", "enter", "assign", "write", "add", "append", "rename", "narrow", "start", "step", "put", "_call", "resume", "add_incoming",
}  # fmt: skip
#: Local flags of the analysis and of the generator.
FLAGS = {"masked", "blended", "varies", "vary", "acts", "partly"}


def _method(node: ast.AST) -> str:
    """The name of the method or function that a node calls."""
    match node:
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)):
            return name
    return ""


def _is_mask(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and ast.unparse(node) == "self.mask"


def _set(field: str, value: Any) -> Callable[[Any], None]:
    """Change one field of a node."""
    return lambda node: setattr(node, field, value)


def _instead(work: Callable[[Any], ast.AST]) -> Callable[[Any], ast.AST]:
    return work


def _swapped(node: Any, first: int, second: int) -> None:
    node.args[first], node.args[second] = node.args[second], node.args[first]


def _of_call(node: ast.Call) -> Iterator[Change]:
    name, builder = _method(node), ast.unparse(node.func).startswith("self.at.")
    if builder and name in OTHER:
        kind, other = OTHER[name]
        yield kind, lambda n: setattr(n.func, "attr", other)
    if name in ORDERED and len(node.args) >= 2:
        first = 1 if name in ("compare", *(one for one in ORDERED if "cmp" in one)) else 0
        yield "operands swapped", lambda n: _swapped(n, first, first + 1)
    if name in ("not_", "neg", "fneg") and builder:
        yield "mask or number not inverted", lambda n: n.args[0]
    if name == "select" and len(node.args) == 3:
        yield "cases of a selection swapped", partial(_swapped, first=1, second=2)
        yield "selection dropped", lambda n: n.args[1]
    if ast.unparse(node.func) == "self.both":
        yield "one of two masks", lambda n: n.args[0]
        yield "one of two masks", lambda n: n.args[1]
    if ast.unparse(node.func) == "self.any":
        yield "any becomes all", lambda n: ast.parse(f"self.at.not_(self.any(self.at.not_({ast.unparse(n.args[0])})))", mode="eval").body
    if ast.unparse(node.func).startswith("getattr(self.at"):
        yield "operands swapped", partial(_swapped, first=0, second=1)
    if name in ("reversed", "minimum", "cast", "splat"):
        yield f"{name} dropped", lambda n: n.args[0]
    if name == "any" and isinstance(node.func, ast.Name):
        yield "variation forgotten", lambda n: ast.Constant(False)
    if name in ("Scalar", "Array", "ArrayKind") and len(node.args) > (place := 1 if name == "Scalar" else 2):
        yield "variation forgotten", lambda n: n.args.__setitem__(place, ast.Constant(False))
    if name in ("Runs", "LaneCalls", "moveaxis", "gep", "function", "_Around", "Span", "_Loop", "_head", "before"):
        for at in range(len(node.args) - 1):
            yield "arguments swapped", partial(_swapped, first=at, second=at + 1)


def _of_statement(node: ast.stmt) -> Iterator[Change]:
    nothing = lambda n: ast.Pass()  # noqa: E731
    match node:
        case ast.Assign(targets=[target], value=value) if _is_mask(target):
            kept = ast.unparse(value) == "outer"
            yield ("mask not restored", nothing) if kept else ("mask dropped", _set("value", ast.Constant(None)))
        case ast.Assign(targets=[ast.Tuple([_, target])], value=ast.Tuple([_, _])) if _is_mask(target):
            yield "mask dropped", lambda n: n.value.elts.__setitem__(1, ast.Constant(None))
        case ast.Assign(targets=[ast.Attribute(attr=name) | ast.Name(id=name)]) if name in FLAGS:
            yield "flag", _set("value", ast.Constant(False))
            yield "flag", _set("value", ast.Constant(True))
        case ast.Assign(targets=[ast.Subscript() | ast.Attribute()]) | ast.AugAssign():
            yield "statement dropped", nothing
        case ast.Expr(value) if _method(value) in EFFECTS:
            yield "statement dropped", nothing


def _of_condition(node: ast.If | ast.IfExp | ast.comprehension | ast.match_case) -> Iterator[Change]:
    for value in (True, False):
        if isinstance(node, ast.comprehension):
            if node.ifs:
                yield "condition", _set("ifs", [ast.Constant(value)])
        elif isinstance(node, ast.match_case):
            if node.guard is not None:
                yield "condition", _set("guard", ast.Constant(value))
        else:
            yield "condition", _set("test", ast.Constant(value))


def _choices(node: ast.AST) -> Iterator[Change]:
    """Kinds of change of a node, and what makes each: a new node, or None when the node itself was changed."""
    if isinstance(node, ast.Call):
        yield from _of_call(node)
    if isinstance(node, ast.stmt):
        yield from _of_statement(node)
    if isinstance(node, ast.If | ast.IfExp | ast.comprehension | ast.match_case):
        yield from _of_condition(node)
    match node:
        case ast.BoolOp(op=op):
            yield "and, or", _set("op", ast.Or() if isinstance(op, ast.And) else ast.And())
        case ast.UnaryOp(op=ast.Not()):
            yield "not dropped", lambda n: n.operand
        case ast.Compare(ops=[op]) if type(op) in EDGE:
            yield "comparison", _set("ops", [EDGE[type(op)]()])
        case ast.BinOp(op=ast.BitOr() | ast.BitAnd()):
            yield "part of a set dropped", lambda n: n.left
            yield "part of a set dropped", lambda n: n.right
        case ast.BinOp(op=ast.Sub(), left=ast.Name() | ast.Call()):
            yield "part of a set dropped", lambda n: n.left
        case ast.Set(elts=members) if len(members) > 1:
            for at in range(len(members)):
                yield "part of a set dropped", lambda n, at=at: n.elts.pop(at) and None  # type: ignore[misc]
        case ast.List(elts=[_, _, *_]):
            yield "elements of a list swapped", lambda n: n.elts.__setitem__(slice(0, 2), n.elts[1::-1])
        case ast.Constant(value=value) if isinstance(value, int) and not isinstance(value, bool):
            yield "number off by one", _set("value", value + 1)
        case ast.Constant(value=str(value)) if value in EDGES:
            yield "edge of a comparison", _set("value", EDGES[value])
        case ast.Constant(value=str(value)) if value in OTHER:
            kind, other = OTHER[value]
            yield kind, _set("value", other)
        case ast.Attribute(attr="lanes", ctx=ast.Load()):
            yield "stride", _instead(lambda n: ast.BinOp(copy.deepcopy(n), ast.Sub(), ast.Constant(1)))


# ---- what is equivalent by construction ------------------------------------------------------------------

#: Changes that mean nothing, whatever the rules: reason -> whether it holds for a node, by itself and by what is around it.
EQUIVALENT: dict[str, Callable[[ast.AST, list[ast.AST]], bool]] = {
    "refuses a rule only; tests/test_lanes_subset.py has a rule for each of these": lambda node, around: any(
        isinstance(one, ast.If) and _only_fails(one) for one in [node, *around]) or any(_fails(one) for one in around),
    "asserts what the types promise": lambda node, around: any(isinstance(one, ast.Assert) for one in around),
    "chooses between two ways to compute the same number": lambda node, around: isinstance(node, ast.If | ast.IfExp | ast.BoolOp | ast.UnaryOp)
    and any(name in ast.unparse(_test_of(node)) for name in ("self.is_cheap", "self.is_harmless")),
    "is the type of an index or of a group of bits in LLVM, not a number": lambda node, around: bool(around) and _method(around[-1]) == "IntType",
    "hints to the optimiser, or names": lambda node, around: any(
        _method(one) in ("set_metadata", "append_basic_block", "slot") and isinstance(node, ast.Constant) for one in around),
    "the number of 0 without its sign is 0 either way": lambda node, around: bool(around)
    and ast.unparse(around[-1]).startswith("self.compare('<', value, self.zero(wanted)") and isinstance(node, ast.Constant),
    "ends an endless counter": lambda node, around: isinstance(node, ast.Constant) and node.value == 1_000_000,
}  # fmt: skip
#: Single changes that mean nothing: reason -> (kind, beginning of the source of the node, and perhaps the function and the number of the change).
SAME: dict[str, tuple[tuple[Any, ...], ...]] = {
    "== and != depend neither on the order nor on the sign": tuple(
        (kind, f"self.{call}('{operator}'") for kind in ("operands swapped", "sign of a comparison")
        for call in ("compare", "at.icmp_signed", "at.icmp_unsigned") for operator in ("==", "!=")) + (
            ("operands swapped", "self.at.fcmp_unordered("),),  # it compares with != only
    "saves the work of cases that a part of the test decides": (
        ("condition", "if isinstance(test, ast.BoolOp) and (not self.scalar(test.values[0]).varies)", "Body.chosen", 1),),
    "saves the copy of nothing": (("condition", "if groups:", "LaneBatch.advance", 0),),
    "only asks whether lanes are several; arrays are only worked on where they are": (("comparison", "lanes > 1", "array_types"),),
    "marks more numbers as differing between runs than do, or makes a mask that holds all runs, which costs time only": (
        ("part of a set dropped", "exits & {'return'}", "_Analysis.loop", 0),
        ("part of a set dropped", "self.known.get(node, NONE) & {'break', 'return'}"),
        ("part of a set dropped", "exits & {'break', 'return'}", "Body.loop", 0),
    ),
    "the last of some types that are joined step by step is that of the whole": (("cast dropped", "self.cast(result, held, wanted)"),),
    "memory that begins at a cache line needs at most seven items more, and has eight": (("number off by one", "8", "empty"),),
}  # fmt: skip


def _test_of(node: ast.AST) -> ast.AST:
    return node.test if isinstance(node, ast.If | ast.IfExp) else node


def _fails(node: ast.AST) -> bool:
    """Whether a node raises an error, or calls what does."""
    if isinstance(node, ast.Expr):
        node = node.value
    return isinstance(node, ast.Raise) or (isinstance(node, ast.Call) and ast.unparse(node.func) in ("self.fail", "source.outside"))


def _only_fails(node: ast.If) -> bool:
    return not node.orelse and len(node.body) <= 2 and _fails(node.body[-1])


@dataclass(frozen=True)
class Spot:
    """A place that can be changed: the number of the node in its file, the number of its change, its kind, and what it changes where."""

    file: str
    node: int
    change: int
    kind: str
    place: str
    text: str

    def lot(self, seed: int) -> bytes:
        """A number that does not depend on what other places there are."""
        words = f"{seed} {self.file} {self.place} {self.kind} {self.change} {self.text}"
        return hashlib.blake2b(words.encode(), digest_size=8).digest()

    @property
    def is_same(self) -> bool:
        """Whether the change means nothing."""
        here = self.place, self.change
        return any(
            self.kind == kind and self.text.startswith(text) and tuple(place) == here[: len(place)]
            for changes in SAME.values()
            for kind, text, *place in changes
        )


def spots(file: str) -> list[Spot]:
    """All changes that a file allows."""
    tree = ast.parse(_source(file))
    numbers = {id(node): number for number, node in enumerate(ast.walk(tree))}
    found: list[Spot] = []

    def visit(node: ast.AST, around: list[ast.AST], place: str) -> None:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            place = f"{place}.{node.name}".lstrip(".")
        elif isinstance(node, ast.Assign) and not place:
            place = ast.unparse(node.targets[0])
        if place in FILES[file]:
            return
        if place and not any(reason(node, around) for reason in EQUIVALENT.values()):
            changes = [kind for kind, _ in _choices(node)]
            text = ast.unparse(node) if changes else ""
            made = [Spot(file, numbers[id(node)], at, kind, place, text) for at, kind in enumerate(changes)]
            found.extend(one for one in made if not one.is_same)
        for part in _parts(node):
            visit(part, [*around, node], place)

    visit(tree, [], "")
    return found


def _parts(node: ast.AST) -> Iterator[ast.AST]:
    """What is inside a node and runs: no types, no patterns, no decorators, no default values; tables of the module, too."""
    match node:
        case ast.FunctionDef():
            yield from node.body
        case ast.ClassDef():
            yield from (one for one in node.body if isinstance(one, ast.FunctionDef))
        case ast.AnnAssign():
            yield from () if node.value is None else (node.value,)
        case ast.Module():
            yield from (one for one in node.body if isinstance(one, ast.FunctionDef | ast.ClassDef)
                        or (isinstance(one, ast.Assign) and isinstance(one.value, ast.Dict)))  # fmt: skip
        case ast.match_case():
            yield from (one for one in (node.guard, *node.body) if one is not None)
        case ast.Subscript() if ast.unparse(node.value) in ("dict", "list", "tuple", "frozenset"):
            return
        case _:
            yield from ast.iter_child_nodes(node)


@cache
def _source(file: str) -> str:
    return (ROOT / "src" / CORE / file).read_text(encoding="utf-8")


@cache
def _plain(file: str) -> str:
    """The source without comments, as it is compared."""
    return ast.unparse(ast.parse(_source(file)))


def mutate(spot: Spot) -> Mutant:
    """A file with one change."""
    tree = ast.parse(_source(spot.file))
    before = _plain(spot.file)
    node = list(ast.walk(tree))[spot.node]
    line = getattr(node, "lineno", 0)
    _, make = list(_choices(node))[spot.change]
    new = make(node)
    if new is not None:
        tree = Replace(node, new).visit(tree)
    text = ast.unparse(ast.fix_missing_locations(tree))
    lines = difflib.unified_diff(before.split("\n"), text.split("\n"), lineterm="", n=0)
    diff = "\n".join(one for one in lines if not one.startswith(("---", "+++", "@@")))
    return Mutant(spot.file, line, spot.kind, text, diff)


def mutants(seed: int, count: int) -> list[Mutant]:
    """Some mutants: all kinds in turn, so that a kind with many places does not crowd out the others; the place is drawn."""
    every = sorted((spot for file in FILES for spot in spots(file)), key=lambda spot: spot.lot(seed))
    seen: Counter[str] = Counter()
    turns = []
    for spot in every:
        turns.append((seen[spot.kind], spot))
        seen[spot.kind] += 1
    turns.sort(key=lambda one: one[0])  # stable: within a turn, kinds are in the order drawn
    made = (mutate(spot) for _, spot in turns)
    return list(islice((one for one in made if one.diff), count))


# ---- the battery ---------------------------------------------------------------------------------------

#: Random worlds of the smallest size class; in every other one each run has numbers of its own, so that masks matter.
SEEDS = (1, 2, 3, 4, 7, 8, 9, 11, 13, 14, 16, 18, 21, 25, 28, 31, 32, 39, 40, 41, 43, 44, 45, 47, 49, 50, 51, 55, 57, 58, 59)


def cases() -> list[tuple[str, Any]]:
    """Name and runs of each world: shipped ones with and without draws of their uncertain numbers, and random ones."""
    from tests.lanes import case_of, drawn_case
    from tests.test_lanes import shipped, uncertain_case

    found = [("quickstart", uncertain_case(shipped("quickstart"), 9)), ("insurgency", case_of(shipped("insurgency"), 11, start=5, spread=True))]
    found += [(f"random {seed}", drawn_case(seed)) for seed in SEEDS]
    assert {"small"} == {case.world.size for _, case in found}
    return [*found, ("angola", case_of(shipped("angola"), 10, spread=True))]


def side_by_side(worlds: list[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """What small rules and small worlds leave: (name, name of each array -> array)."""
    from tests.lanes import PARTS, begun, ended, left, of_rule, parts_for_rules, track_of
    from tests.small_rules import _parts

    numbers = given()
    for name, rule in programs().items():
        yield f"small rules: {name}", of_rule(rule, numbers, LANES)
    yield "small rules: parts", of_rule(_parts, parts_for_rules(), LANES, PARTS)
    small = worlds[:-1]
    for name, case in small:
        yield f"worlds: {name}", ended(case, LANES, 9)
    for name, case in small[:6]:
        room = min(9, len(case.runs))
        made, track = begun(case, LANES), track_of(case, room)
        for month in range(case.months):  # the room for months grows with the number of runs that are kept
            made.advance(month, month + 1, month % 2 == 0, track[: room if month > 2 else 3])
        yield f"worlds: {name}, month by month", left(case, made) | {"track": track}
    from tests.test_lanes import pasts

    for name, case in [one for one in small if one[1].world.policies.owner.size][:3]:
        for at, one in enumerate(pasts(case, LANES, 7)):
            yield f"worlds: {name}, past {at}", one


def others(worlds: list[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """The same of functions of arrays, of single runs, and of a larger world; each is compiled for itself."""
    from tests.lanes import ended

    yield "arrays", of_arrays()
    yield from ((f"one run: {name}", one_run(case)) for name, case in worlds[:5])
    name, case = worlds[-1]
    yield f"worlds: {name}", ended(case, LANES)


def of_arrays() -> dict[str, Any]:
    """Functions of whole arrays."""
    import numpy as np

    from proxysim.core import arrays

    x, runs = np.linspace(0.01, 5.0, 11), np.arange(21, dtype=np.uint64)
    return {"exp": arrays.exp_each(-x), "log": arrays.log_each(x), "power": arrays.power_each(x, x[::-1] - 2.0),
            "uniforms": arrays.uniforms(2**63 + 5, runs, 3, np.array([1, 2**63 + 7], np.uint64))}  # fmt: skip


def one_run(case: Any) -> dict[str, Any]:
    """A run by itself, stage by stage, and another of which each rule is called alone."""
    import numpy as np

    from proxysim.core import step
    from proxysim.core.calls import calls_of_month
    from proxysim.runs.course import Course
    from proxysim.studies.trace import Walk

    course, walk = (kind(case.world, case.seed, int(case.runs[0])) for kind in (Course, Walk))
    for month in range(min(case.months, 9)):
        for stage in range(step.FIRST, step.LAST + 1):
            course.advance(stage, stage)
        for rule in calls_of_month():
            if "tally[0]" not in rule.arguments and "track[0]" not in rule.arguments:
                walk.call(rule, month)
    return {"course": np.array(course.state), "watched": course.watched, "walk": walk.flat["s"], "remembered": walk.remembered}


def digests(arrays: dict[str, Any]) -> dict[str, str]:
    """Name -> a short hash of the bits of each array."""
    import numpy as np

    return {name: hashlib.blake2b(np.ascontiguousarray(one).tobytes(), digest_size=8).hexdigest() for name, one in arrays.items()}


def programs() -> dict[str, Any]:
    """Small rules, each a way through the language."""
    from tests import small_rules

    return {name: rule for name, rule in vars(small_rules).items() if hasattr(rule, "py_func") and not name.startswith("_")}


def given() -> dict[str, Any]:
    """Numbers that the small rules work on."""
    from tests.lanes import numbers_for_rules

    return numbers_for_rules(0, 45)


def prepare(store: Path) -> None:
    """Keep the worlds, and what the generator as it is makes of them with optimisation; its code without; small rules in plain Python."""
    from tests.lanes import of_plain_rule

    compiling(2)
    worlds = cases()
    expected = {name: digests(found) for name, found in chain(side_by_side(worlds), others(worlds))}
    numbers = given()
    for name, rule in programs().items():
        expected[f"small rules: {name}"] = digests(of_plain_rule(rule, numbers))
    store.write_bytes(pickle.dumps((worlds, expected, code(), math.ceil(time.process_time()))))


def battery(store: Path, level: int, file: str) -> str:
    """What differs first from the generator as it is; SAME_CODE or nothing if nothing does."""
    compiling(level)
    worlds, expected, before, seconds = pickle.loads(store.read_bytes())
    limited(seconds)

    def different(parts: Iterator[tuple[str, Any]]) -> str:
        for name, found in parts:
            if wrong := [part for part, digest in digests(found).items() if digest != expected[name][part]]:
                return f"{name}, {', '.join(wrong[:3])}"
        return ""

    if wrong := different(side_by_side(worlds)):
        return wrong
    same = code() == before
    if not level and not (same and file in GENERATOR):
        wrong = different(others(worlds))
    return wrong or (SAME_CODE if same else "")


def code() -> str:
    """The rules as LLVM reads them, as a hash."""
    from proxysim.core.lanes import entries

    return hashlib.blake2b("".join(str(entries.module("small", lanes)) for lanes in (1, LANES)).encode()).hexdigest()


def limited(seconds: int) -> None:
    """End this process when it has used more of the processor's time than all of it takes with optimisation, two or three times of what it needs."""
    with suppress(ImportError):  # not on every platform
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))


def compiling(level: int) -> None:
    """Compile all that is asked for, without files of earlier code, at this level of LLVM's optimisation."""
    from proxysim.core.lanes import compiler

    compiler.LEVEL = level
    features = compiler.cpu_features()
    compiler.code = cache(  # type: ignore[assignment]
        lambda size, lanes: compiler.Code(compiler.object_code(str(compiler._module(size, lanes)), features), features)
    )


def put_in(file: str, text: str) -> None:
    """Load a changed source as the module that it belongs to, before anything else imports that."""
    name = f"proxysim.core.{file.removesuffix('.py').replace('/', '.')}"
    parent, _, last = name.rpartition(".")
    module = ModuleType(name)
    module.__file__ = str(ROOT / "src" / CORE / file)
    sys.modules[name] = module
    exec(compile(text, module.__file__, "exec"), module.__dict__)
    setattr(importlib.import_module(parent), last, module)


# ---- the command ---------------------------------------------------------------------------------------


def tried(mutant: Mutant | None, store: Path) -> str:
    """What catches a mutant, or nothing; None is the generator as it is. Code that differs is also tried with optimisation."""
    changed = [] if mutant is None else ["--file", mutant.file]
    for level in (0, 2):
        command = [sys.executable, "-m", "tests.lane_mutants", "--battery", str(store), "--level", str(level), *changed]
        try:
            done = subprocess.run(command, input="" if mutant is None else mutant.text, capture_output=True, text=True,
                                  timeout=WAITING, env=environment(), cwd=ROOT)  # fmt: skip
        except subprocess.TimeoutExpired:
            return "no end"
        if done.returncode == -getattr(signal, "SIGXCPU", 0):
            return "no end"
        if done.returncode < 0:
            return f"crash: signal {-done.returncode}"
        if done.returncode:
            return f"error: {done.stderr.strip().splitlines()[-1][:100]}"
        found = done.stdout.strip()
        if found == SAME_CODE:
            return ""
        if found:
            return f"{found}{', optimised' if level else ''}"
    return ""


def environment() -> dict[str, str]:
    """The package of this folder, on lanes."""
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    return os.environ | {"PYTHONPATH": path, "PYTHONWARNINGS": "ignore", "PROXYSIM_KERNEL": "lanes", "NUMBA_DISABLE_JIT": "0"}


def all_tried(chosen: list[Mutant], processes: int, report: Callable[[str], None]) -> list[str]:
    """What catches each of some mutants.

    Raises
    ------
    AssertionError : the generator as it is does not pass
    """
    with tempfile.TemporaryDirectory() as name:
        store = Path(name) / "store"
        subprocess.run([sys.executable, "-m", "tests.lane_mutants", "--prepare", str(store)], check=True, env=environment(), cwd=ROOT)
        assert not (wrong := tried(None, store)), f"the generator as it is: {wrong}"
        found = []
        with ThreadPoolExecutor(processes) as pool:
            for mutant, caught in zip(chosen, pool.map(lambda one: tried(one, store), chosen), strict=True):
                found.append(caught)
                report(f"{len(found):4d} {mutant.file}:{mutant.line} {mutant.kind}: {caught or 'SURVIVED'}")
    return found


def table(chosen: list[Mutant], found: list[str]) -> str:
    """How many of each kind were made, and what caught them."""
    rows = [f"{'kind':32s} made caught  by"]
    for kind in sorted({mutant.kind for mutant in chosen}):
        here = [caught for mutant, caught in zip(chosen, found, strict=True) if mutant.kind == kind]
        by = Counter(caught.split(":")[0] for caught in here if caught)
        rows.append(f"{kind:32s} {len(here):4d} {by.total():6d}  {', '.join(f'{name} {count}' for name, count in by.most_common())}")
    return "\n".join(rows)


def main() -> None:
    """Make mutants, try each, print what survives."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--processes", type=int, default=1)
    for hidden in ("--battery", "--prepare"):
        parser.add_argument(hidden, type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--level", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--file", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.file:
        put_in(options.file, sys.stdin.read())
    if options.battery:
        print(battery(options.battery, options.level, options.file or ""))
    elif options.prepare:
        prepare(options.prepare)
    else:
        chosen = mutants(options.seed, options.count)
        found = all_tried(chosen, options.processes, partial(print, flush=True))
        print(f"\n{table(chosen, found)}\n\n{len(chosen)} mutants, {len(chosen) - found.count('')} caught\n")
        for mutant, caught in zip(chosen, found, strict=True):
            if not caught:
                print(f"src/{CORE}/{mutant.file}:{mutant.line} {mutant.kind}\n{mutant.diff}\n")


if __name__ == "__main__":
    main()
