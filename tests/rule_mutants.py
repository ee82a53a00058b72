"""Rules broken on purpose, one place at a time, to see whether the tests notice.

    python tests/rule_mutants.py --seed 1 --count 200 [--processes 2] [--without-outcomes]

Each mutant is a copy of the package with one mechanical change in one place of the rules, the measures or the books:
a sign or an operator swapped, a comparison or a condition flipped, a constant, an index or a factor changed, a
statement dropped. A battery of fast tests runs on it in plain Python: what is known of the rules, the signs of
`directions.py`, the books, and, unless left out, outcomes of small worlds against those of the rules as they are,
which stand for the stored outcomes of the suite. What survives is printed, to be explained or to get a test.
"""

from __future__ import annotations

import argparse
import ast
import copy
import difflib
import os
import pickle
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
CORE = Path("proxysim") / "core"
#: Months of the worlds whose outcomes are compared.
MONTHS = 10
#: A mutant that takes longer has come into a loop without end.
SECONDS = 120
#: A mutant that reads a name which has no value yet; it is not counted.
NO_PROGRAM = "no program"

# ---- mutations -----------------------------------------------------------------------------------------

SWAPPED = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}
EDGE = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq}
TURNED = {ast.Lt: ast.Gt, ast.LtE: ast.GtE, ast.Gt: ast.Lt, ast.GtE: ast.LtE, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq}
INDICES = {"a": "b", "b": "a", "i": "j", "j": "i", "k": "r", "r": "k"}


@dataclass(frozen=True)
class Mutant:
    """One change of one file."""

    file: str
    line: int
    kind: str
    text: str
    diff: str


def files() -> list[Path]:
    """Files that are mutated, below the sources."""
    core = ROOT / "src" / CORE
    rules = sorted(path for path in (core / "rules").glob("*.py") if path.name != "__init__.py")
    return [path.relative_to(ROOT / "src") for path in [*rules, core / "measures.py", core / "books.py"]]


def _names(function: ast.FunctionDef) -> set[str]:
    """Names that a function may use for its loops and arguments."""
    return {node.id for node in ast.walk(function) if isinstance(node, ast.Name)} | {
        one.arg for one in function.args.args
    }


def _choices(node: ast.AST, names: set[str]) -> Iterator[tuple[str, Callable[[Any], ast.AST | None]]]:
    """Kinds of change of a node, and what makes each: a new node, or None when the node itself was changed."""
    if isinstance(node, ast.BinOp | ast.AugAssign) and type(node.op) in SWAPPED:
        yield "operator", lambda n: setattr(n, "op", SWAPPED[type(n.op)]())
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        yield "factor dropped", lambda n: n.left
        yield "factor dropped", lambda n: n.right
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in EDGE:
        yield "edge of a comparison", lambda n: setattr(n, "ops", [EDGE[type(n.ops[0])]()])
        yield "comparison turned", lambda n: setattr(n, "ops", [TURNED[type(n.ops[0])]()])
    if isinstance(node, ast.BoolOp):
        yield "and, or", lambda n: setattr(n, "op", ast.Or() if isinstance(n.op, ast.And) else ast.And())
    if isinstance(node, ast.Constant) and isinstance(node.value, float):
        yield "constant", lambda n: setattr(n, "value", {1.0: 0.0, 0.0: 1.0}.get(n.value, n.value * 1.5))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("min", "max"):
        yield "min, max", lambda n: setattr(n.func, "id", "max" if n.func.id == "min" else "min")
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Not):
        yield "sign dropped", lambda n: n.operand
    if isinstance(node, ast.Subscript):
        index = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        for place, one in enumerate(index):
            if isinstance(one, ast.Name) and INDICES.get(one.id) in names:
                yield "index", lambda n, place=place: _other_index(n, place)  # type: ignore[misc]
    if isinstance(node, ast.Assign | ast.AugAssign | ast.Continue):
        yield "statement dropped", lambda n: ast.Pass()
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield "statement dropped", lambda n: ast.Pass()
    if isinstance(node, ast.If):
        yield "condition", lambda n: setattr(n, "test", ast.Constant(True))
        yield "condition", lambda n: setattr(n, "test", ast.Constant(False))


def _other_index(node: ast.Subscript, place: int) -> None:
    one = node.slice.elts[place] if isinstance(node.slice, ast.Tuple) else node.slice
    assert isinstance(one, ast.Name)
    one.id = INDICES[one.id]


class Replace(ast.NodeTransformer):
    """Puts one node in the place of another."""

    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> Any:
        return ast.copy_location(self.new, node) if node is self.old else super().generic_visit(node)


def spots(tree: ast.Module) -> list[tuple[int, int, str]]:
    """(node, change, kind) of every change that a file allows, in the functions of rules."""
    inside: dict[int, set[str]] = {}
    for function in tree.body:
        if isinstance(function, ast.FunctionDef):
            for statement in function.body:
                inside |= {id(node): _names(function) for node in ast.walk(statement)}
    found = []
    for number, node in enumerate(ast.walk(tree)):
        if id(node) in inside:
            found += [(number, change, kind) for change, (kind, _) in enumerate(_choices(node, inside[id(node)]))]
    return found


def mutate(file: Path, number: int, change: int) -> Mutant:
    """A file with one change."""
    tree = ast.parse((ROOT / "src" / file).read_text(encoding="utf-8"))
    before = ast.unparse(tree)
    tree = copy.deepcopy(tree)
    node = list(ast.walk(tree))[number]
    names = {n for f in tree.body if isinstance(f, ast.FunctionDef) and node in ast.walk(f) for n in _names(f)}
    kind, make = list(_choices(node, names))[change]
    new = make(node)
    if new is not None:
        tree = Replace(node, new).visit(tree)
    text = ast.unparse(ast.fix_missing_locations(tree))
    lines = difflib.unified_diff(before.split("\n"), text.split("\n"), lineterm="", n=0)
    diff = "\n".join(line for line in lines if not line.startswith(("---", "+++", "@@")))
    return Mutant(str(file), getattr(node, "lineno", 0), kind, text, diff)


def mutants(seed: int, count: int) -> list[Mutant]:
    """Some mutants, each file in proportion to the places it has."""
    chance = random.Random(seed)
    trees = [(file, ast.parse((ROOT / "src" / file).read_text(encoding="utf-8"))) for file in files()]
    every = [(file, number, change) for file, tree in trees for number, change, _ in spots(tree)]
    return [one for one in (mutate(*spot) for spot in chance.sample(every, min(count, len(every)))) if one.diff]


# ---- the battery ---------------------------------------------------------------------------------------


class Record(SimpleNamespace):
    """One record as plain arrays, which plain Python reads ten times as fast as a NumPy record."""

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name)

    def tobytes(self) -> bytes:
        """All its numbers."""
        import numpy as np

        return b"".join(np.asarray(value).tobytes() for value in vars(self).values())


def _record(rows: Any, kind: str, row: int = 0) -> Record:
    """A record that shares its arrays with a row; single numbers of parameters too, since events change them."""
    record = Record()
    for name in rows.dtype.names:
        array = rows[name][row : row + 1].reshape(rows[name].shape[1:])
        if array.ndim == 0 and kind != "params":
            array = int(array) if array.dtype.kind in "iu" else float(array)
        setattr(record, name, array)
    return record


class QuickCourse:
    """A run in plain Python."""

    def __init__(self, world: Any, numbers: Any = None, seed: int = 1) -> None:
        import numpy as np

        from proxysim.core import records, step
        from proxysim.core.schedule import memories, numbers_of

        self.world, self.month, self.step = world, 0, step
        params = world.params.copy()
        vector = params.view(np.float64).reshape(1, -1)
        rows = numbers_of(world.params, world.schedule) if numbers is None else numbers
        state = records.rows("state", world.size)
        state.seed = seed
        self.state, self.flows = [_record(state, "state")], [_record(records.rows("flows", world.size), "flows")]
        self._rows = step.Runs([_record(world.arrays, "world")], world.schedule, rows, np.empty_like(vector), vector,
                               [_record(params, "params")], self.state, self.flows, world.policies,
                               *memories(1, len(world.months), len(world.names["policy"])))  # type: ignore[arg-type]  # fmt: skip
        step.begin(self._rows, 0, 1)

    def advance(self) -> None:
        """One month."""
        self.step.advance(self._rows, self.step.Span(0, 1, self.month, self.month + 1), *self.step.no_records())
        self.month += 1


def quick_run(world: Any, rng: int = 1, run: int = 0) -> Any:
    """What `proxysim.runs.run` tells of a run, by a quick course."""
    from proxysim.runs.history import History

    course, history = QuickCourse(world, seed=rng), History(world)
    while course.month < len(world.months):
        course.advance()
        history.keep(course)  # type: ignore[arg-type]
    arrays = history.arrays()
    arrays["fallen"] = course.state[0].fallen[: len(world.names["regime"])]
    return SimpleNamespace(world=world, history=arrays, residual=course.state[0].residual)


def quick_months(world: Any, changes: Any, months: int) -> Iterator[tuple[list[Record], list[Record]]]:
    """What `tests.directions.months_of` yields, by quick courses."""
    from tests.directions import rows_of

    courses = [QuickCourse(world, row[None]) for row in rows_of(world, changes)]
    for _ in range(min(months, len(world.months))):
        for course in courses:
            course.advance()
        yield [course.state[0] for course in courses], [course.flows[0] for course in courses]


def known_answers() -> None:
    """Closed forms and months by hand."""
    import pytest  # noqa: F401  the modules below need it
    import tests.test_directions as signs
    import tests.test_known_answers as known
    import tests.test_laws as laws

    from proxysim.runs import run as single

    single.run = signs.run = quick_run  # type: ignore[assignment]
    for name, test in [*vars(known).items(), *vars(signs).items()]:
        if not name.startswith("test_") or name.startswith(
            ("test_law__", "test_case__", "test_table__", "test_fold__")
        ):
            continue
        marks = [mark for mark in getattr(test, "pytestmark", []) if mark.name == "parametrize"]
        if not marks:
            test()
        for mark in marks:
            names = mark.args[0] if isinstance(mark.args[0], tuple) else (mark.args[0],)
            for values in mark.args[1]:
                test(**dict(zip(names, values if len(names) > 1 else (values,), strict=True)))
    laws.test_books__catch_and_name_a_planted_leak()
    laws.test_books__catch_money_from_nowhere()
    assert known.months_to_fall(1.15, -0.5, 3.0, 100) == 2
    assert known.months_to_fall(1.15, -0.38, 2.0, 200) is None


def worlds() -> list[Any]:
    """The world of the dials with chance and without, under other rules, and with regimes that fall."""
    from tests.directions import DIALS, VARIANTS

    from proxysim.scenario.resolve.loader import scenario_from_text
    from proxysim.scenario.world.world import build

    texts = [DIALS.replace("noise = 0", "noise = 1"), *(DIALS + variant for variant in VARIANTS[1:])]
    texts[2] = texts[2].replace("own_strength = 0.5, pressure = 1", "own_strength = 0.2, pressure = 2")
    texts[1] = texts[1].replace("in_force = 2020-03-01", 'in_force = 2019-06-01\nreciprocity_order = "share"')
    return [build(scenario_from_text(text)) for text in texts]


def outcomes() -> list[dict[str, Any]]:
    """What the worlds of the dials have come to, month by month; the books of each balance."""
    import numpy as np

    from proxysim.core import records

    kept = []
    for world in worlds():
        course = QuickCourse(world, seed=3)
        for _ in range(MONTHS):
            course.advance()
            state, flows = course.state[0], course.flows[0]
            assert state.residual <= 1e-12
            assert all(
                np.isfinite(getattr(flows, field.name)).all() for field in records.FLOWS if "route_limit" != field.name
            )
            assert min(state.stock.min(), state.funds.min(), state.personnel.min(), state.plant.min()) >= 0.0
            names = [field.name for field in records.STATE if not field.name.startswith("residual")]
            kept.append({name: np.array(getattr(state, name), dtype=float) for name in names}
                        | {name: np.array(getattr(flows, name)) for name in ("money", "arms", "transit")})  # fmt: skip
    return kept


def same_outcomes(stored: list[dict[str, Any]], found: list[dict[str, Any]]) -> None:
    """The same numbers to 1e-9."""
    import numpy as np

    for one, two in zip(stored, found, strict=True):
        for name in one:
            assert np.allclose(one[name], two[name], rtol=1e-9, atol=1e-12, equal_nan=True), name


def signs_found() -> list[tuple[int, int, tuple[int, ...], int]]:
    """For each law a world, a place and a month in which it acts: (law, world, place, month)."""
    from tests.directions import LAWS, applies, dials_worlds, findings, places, trials

    from proxysim.core.parameters import BY_NAME

    first: dict[int, tuple[int, int, tuple[int, ...], int]] = {}
    for number, world in enumerate(dials_worlds()):
        chosen = [(law, trial) for k, law in enumerate(LAWS) if k not in first
                  for trial in trials(world, law.parameter, [spot for spot in places(world, BY_NAME[law.parameter])
                                                             if applies(world, law, spot)][:12])]  # fmt: skip
        for finding in findings(world, chosen, 8):
            k = LAWS.index(finding.law)
            if finding.right and (k not in first or finding.month < first[k][3]):
                first[k] = (k, number, finding.place, finding.month)
    return sorted(first.values())


def directions(spots_of_laws: list[tuple[int, int, tuple[int, ...], int]]) -> None:
    """The signs of `directions.py`, each law where it was found to act."""
    from tests.directions import CASES, LAWS, dials_worlds, findings, moved, trials

    for case in CASES:
        assert moved(case, quick_months) * case.sign > 0, (case.parameter, case.quantity)
    built = dials_worlds()
    for number, month in sorted({(number, month) for _, number, _, month in spots_of_laws}):
        chosen = [(LAWS[k], trials(built[number], LAWS[k].parameter, [place])[0])
                  for k, world, place, when in spots_of_laws if (world, when) == (number, month)]  # fmt: skip
        found = findings(built[number], chosen, month + 1, quick_months)
        assert len(found) == len(chosen), "a law no longer acts"
        for finding in found:
            assert finding.right and not finding.wrong, (finding.law.parameter, finding.law.quantity)


def prepare(store: Path) -> None:
    """Keep what the battery compares with, from the rules as they are: laws by compiled rules, outcomes by plain Python."""
    if os.environ.get("NUMBA_DISABLE_JIT") == "1":
        store.with_suffix(".outcomes").write_bytes(pickle.dumps(outcomes()))
    else:
        store.with_suffix(".laws").write_bytes(pickle.dumps(signs_found()))


def battery(store: Path, without_outcomes: bool) -> str:
    """The first part of the battery that fails, and where; nothing when none does."""
    laws, stored = (pickle.loads(store.with_suffix(kind).read_bytes()) for kind in (".laws", ".outcomes"))
    seen: list[Any] = []
    parts: list[tuple[str, Callable[[], None]]] = [
        ("books", lambda: seen.extend(outcomes())),
        ("outcomes", lambda: same_outcomes(stored, seen)),
        ("known answers", known_answers),
        ("directions", lambda: directions(laws)),
    ]
    for name, part in parts:
        if name == "outcomes" and without_outcomes:
            continue
        began = time.perf_counter()
        try:
            part()
        except NameError:
            return NO_PROGRAM
        except Exception as error:
            return f"{name}: {type(error).__name__} {str(error)[:80]!r}"
        if os.environ.get("TIMES"):
            print(f"{name} {time.perf_counter() - began:.1f} s", file=sys.stderr)
    return ""


# ---- the command ---------------------------------------------------------------------------------------


def tried(mutant: Mutant, folder: Path, store: Path, without_outcomes: bool) -> str:
    """What catches a mutant, or nothing."""
    copy_of = folder / "src"
    shutil.copytree(ROOT / "src", copy_of, ignore=shutil.ignore_patterns("__pycache__"))
    (copy_of / mutant.file).write_text(mutant.text, encoding="utf-8")
    command = [sys.executable, __file__, "--battery", str(store), *(["--without-outcomes"] if without_outcomes else [])]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, env=environment(copy_of))
    except subprocess.TimeoutExpired:
        return "no end"
    finally:
        shutil.rmtree(copy_of)
    return done.stdout.strip() if done.returncode == 0 else f"crash: {done.stderr.strip()[-80:]}"


def environment(source: Path) -> dict[str, str]:
    """Plain Python, on one copy of the package."""
    path = os.pathsep.join([str(source), str(ROOT)])
    return os.environ | {
        "NUMBA_DISABLE_JIT": "1",
        "PYTHONPATH": path,
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONWARNINGS": "ignore",
    }


def main() -> None:
    """Make mutants, try each, print what survives."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--without-outcomes", action="store_true", help="known answers, directions and books alone")
    parser.add_argument("--battery", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--prepare", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.battery:
        print(battery(options.battery, options.without_outcomes))
        return
    if options.prepare:
        prepare(options.prepare)
        return
    with tempfile.TemporaryDirectory() as name:
        folder, store = Path(name), Path(name) / "store"
        for plain in ("1", "0"):
            command = [sys.executable, __file__, "--prepare", str(store)]
            subprocess.run(command, check=True, env=environment(ROOT / "src") | {"NUMBA_DISABLE_JIT": plain})
        chosen = mutants(options.seed, options.count)

        def one(number: int) -> str:
            place = folder / str(number)
            place.mkdir()
            return tried(chosen[number], place, store, options.without_outcomes)

        by, survivors = Counter[str](), []
        with ThreadPoolExecutor(options.processes) as pool:
            for number, caught in enumerate(pool.map(one, range(len(chosen)))):
                mutant = chosen[number]
                by[caught.split(":")[0] if caught else "survived"] += 1
                print(f"{number + 1:4d} {mutant.file}:{mutant.line} {mutant.kind}: {caught or 'SURVIVED'}", flush=True)
                if not caught:
                    survivors.append(mutant)
        programs = len(chosen) - by.pop(NO_PROGRAM, 0)
        print(f"\n{programs} mutants, {programs - len(survivors)} caught: {dict(by)}\n")
        for mutant in survivors:
            print(f"src/{mutant.file}:{mutant.line} {mutant.kind}\n{mutant.diff}\n")


if __name__ == "__main__":
    main()
