"""Elementary functions: errors against 120-bit arithmetic, special values, and the same bits in plain Python and compiled."""

from __future__ import annotations

import ast
import inspect
import math
import os
import re
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import mpmath
import numpy as np
import pytest

from proxysim.core import arrays, elementary
from proxysim.core.bits import bits_of, float_of
from proxysim.core.jit import compiled
from proxysim.scenario.schema.units import flows_unit, to_internal, unit_for
from proxysim.sweeps.experiment.factors import Factor

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "proxysim"
INF, NAN, LEAST, MOST = math.inf, math.nan, 5e-324, sys.float_info.max
LN2 = math.log(2.0)
POINTS = 24000
NAMES = ("exp", "expm1", "log", "log1p", "sinh", "power", "log_gamma")
CONTEXT = mpmath.MPContext()
CONTEXT.prec = 120
EXACT = {"exp": CONTEXT.exp, "expm1": CONTEXT.expm1, "log": CONTEXT.log, "log1p": CONTEXT.log1p, "sinh": CONTEXT.sinh,
         "power": CONTEXT.power, "log_gamma": CONTEXT.loggamma}  # fmt: skip


class Draw:
    """Random arguments, the same whichever tests are run."""

    def __init__(self) -> None:
        self.chance = np.random.Generator(np.random.PCG64(8))

    def between(self, low: float, high: float, count: int) -> np.ndarray:
        return self.chance.uniform(low, high, count)

    def sizes(self, low: float, high: float, count: int) -> np.ndarray:
        """Numbers of all sizes between two, uniform on a log scale."""
        return np.clip(np.exp(self.chance.uniform(np.log(low), np.log(high), count)), low, high)

    def signed(self, values: np.ndarray) -> np.ndarray:
        return np.where(self.chance.random(len(values)) < 0.5, values, -values)

    def around(self, values: list[float]) -> np.ndarray:
        """Neighbours of values: the 20 next floats on each side and points within a thousandth."""
        found = list(values)
        for value in values:
            for direction in (-INF, INF):
                x = value
                for _ in range(20):
                    x = math.nextafter(x, direction)
                    found.append(x)
            found += [value * (1.0 + change) for change in self.between(-1e-3, 1e-3, 20)]
        return np.array(found)


def arguments(name: str) -> np.ndarray:
    """Arguments of a function over its whole range, near its zeros, and near the thresholds of its branches, (point, argument)."""
    n, draw = POINTS // 6, Draw()
    between, sizes, signed, around = draw.between, draw.sizes, draw.signed, draw.around
    halves = [k * 0.5 * LN2 for k in range(-60, 61)]  # between them the reduced argument is smallest and largest
    if name in ("exp", "expm1", "sinh"):
        ends = {"exp": (-745.2, 709.78), "expm1": (-60.0, 709.78), "sinh": (-710.47, 710.47)}[name]
        x = [between(*ends, 2 * n), between(-1.0, 1.0, n), between(-2.0, 2.0, n), signed(sizes(LEAST, 1.0, n)), between(-40.0, 40.0, n),
             around(halves), around([708.39, -708.39, 709.0, -744.0, 22.0, -22.0, -36.0, -37.5])]  # fmt: skip
    elif name == "log":
        x = [between(0.5, 2.0, 2 * n), sizes(LEAST, MOST, n), sizes(LEAST, 2.3e-308, n), 1.0 + signed(sizes(1e-16, 0.5, n)),
             np.arange(1.0, n + 1.0), around([2.0 ** (0.5 * k) for k in range(-20, 21)] + [sys.float_info.min])]  # fmt: skip
    elif name == "log1p":
        x = [between(-1.0, 1.0, 2 * n), sizes(LEAST, MOST, n), -sizes(LEAST, 1.0, n), between(0.0, 10.0, n), -1.0 + sizes(1.2e-16, 1.0, n),
             around([2.0 ** (0.5 * k) - 1.0 for k in range(-20, 21) if k] + [1.0, 2.0**53])]  # fmt: skip
    elif name == "log_gamma":
        x = [between(1e-9, 30.0, 2 * n), sizes(1e-300, 1e305, n), np.arange(1.0, n + 1.0), np.floor(sizes(1.0, 1e9, n)), between(0.9, 2.1, n),
             around([8.0, 1.0, 2.0, 3.0])]  # fmt: skip
    else:
        base = [sizes(1e-300, 1e300, n), between(0.0, 3.0, n), 1.0 + between(-1.0, 1.0, n) * sizes(1e-15, 1.0, n),
                np.clip(sizes(LEAST, MOST, n), LEAST, 1e308), 1.0 + signed(sizes(1e-15, 0.4, n)), between(0.0, 20.0, n),
                around([2.0**k * root for k in range(-3, 4) for root in (1.0, 1.5**0.5, 3.0**0.5)])]  # fmt: skip
        y = [between(-2.0, 2.0, n), between(-50.0, 50.0, n), signed(sizes(1e-3, 1e3, n))]
        y += [between(-1075.0, 1024.0, n) / np.log2(part) for part in base[3:5]]  # results of all sizes, also very small ones
        y += [draw.chance.choice([0.6, 0.25, 0.15, 0.5, 2.0, 3.0, 1.0], n), between(-300.0, 300.0, len(base[6]))]
        return np.stack([np.concatenate(base), np.concatenate(y)], axis=1)
    return np.concatenate(x)[:, None]


def ulps(found: float, exact: mpmath.mpf) -> float:
    """The error in units in the last place of the exact value; a result above the largest number must be infinite."""
    if found == exact:
        return 0.0
    if math.isinf(found):
        return 0.0 if abs(exact) > MOST else INF
    exponent = max(CONTEXT.mag(exact) - 1, -1022) if exact else -1022
    return float(abs(CONTEXT.mpf(found) - exact) / CONTEXT.ldexp(1, exponent - 52))


def stated(name: str) -> tuple[float, float]:
    """The largest errors that a docstring states: in ulp, and an absolute one that is allowed as well."""
    text = getattr(elementary, name).__doc__
    absolute = re.search(r"ulp or (\S+),", text)
    return float(re.search(r"below (\S+) ulp", text)[1]), float(absolute[1]) if absolute else 0.0


def worst(name: str) -> tuple[float, tuple[float, ...]]:
    """The largest error of a function in ulp, without absolute errors that are allowed, and where it is."""
    function, exact, allowed = getattr(elementary, name), EXACT[name], stated(name)[1]
    found = 0.0, (NAN,)
    for point in arguments(name).tolist():
        value, true = function(*point), exact(*map(CONTEXT.mpf, point))
        if abs(CONTEXT.mpf(value) - true) > allowed:
            found = max(found, (ulps(value, true), tuple(point)))
    return found


@pytest.mark.parametrize("name", NAMES)
def test_elementary__errors_are_within_the_stated_bounds(name: str) -> None:
    """Over at least 20,000 points of all ranges; the bound is not far above the largest error found."""
    assert len(arguments(name)) >= 20000
    error, point = worst(name)
    assert error < stated(name)[0], (error, point)
    assert stated(name)[0] < 1.4 * error, f"the docstring states more than is found, {error}"


def test_elementary__the_model_page_states_the_same_bounds() -> None:
    """The table of section 4.2."""
    page = (ROOT / "docs" / "model.md").read_text(encoding="utf-8")
    for name in NAMES:
        row = re.search(rf"^\| `{name}` \| .* \| (\S+) ulp(?: or (\S+),.*)? \|$", page, re.MULTILINE)
        assert stated(name) == (float(row[1]), float(row[2] or 0.0)), name


SPECIAL = {
    "exp": [(0.0, 1.0), (-0.0, 1.0), (INF, INF), (-INF, 0.0), (NAN, NAN), (710.0, INF), (1e308, INF), (-746.0, 0.0), (-1e308, 0.0),
            (-745.1, LEAST), (LEAST, 1.0), (-LEAST, 1.0)],
    "expm1": [(0.0, 0.0), (-0.0, -0.0), (INF, INF), (-INF, -1.0), (NAN, NAN), (710.0, INF), (-60.0, -1.0), (-1e308, -1.0), (LEAST, LEAST),
              (-LEAST, -LEAST), (1e-300, 1e-300)],
    "sinh": [(0.0, 0.0), (-0.0, -0.0), (INF, INF), (-INF, -INF), (NAN, NAN), (711.0, INF), (-1e308, -INF), (LEAST, LEAST), (-LEAST, -LEAST)],
    "log": [(1.0, 0.0), (0.0, -INF), (-0.0, -INF), (INF, INF), (-INF, NAN), (-1.0, NAN), (-LEAST, NAN), (NAN, NAN)],
    "log1p": [(0.0, 0.0), (-0.0, -0.0), (-1.0, -INF), (INF, INF), (-INF, NAN), (-1.1, NAN), (-MOST, NAN), (NAN, NAN), (LEAST, LEAST),
              (-LEAST, -LEAST)],
    "power": [(0.0, 0.0, 1.0), (NAN, 0.0, 1.0), (1.0, NAN, 1.0), (-1.0, -0.0, 1.0), (1.0, INF, 1.0), (1.0, -INF, 1.0), (INF, 0.0, 1.0),
              (0.0, 0.6, 0.0), (-0.0, 0.6, 0.0), (0.0, -0.6, INF), (0.0, INF, 0.0), (0.0, -INF, INF), (INF, 1e-300, INF), (INF, -1e-300, 0.0),
              (INF, INF, INF), (INF, -INF, 0.0), (2.0, INF, INF), (2.0, -INF, 0.0), (0.5, INF, 0.0), (0.5, -INF, INF), (NAN, 1.0, NAN),
              (2.0, NAN, NAN), (0.0, NAN, NAN), (INF, NAN, NAN), (-1.0, 0.5, NAN), (-INF, 0.5, NAN), (10.0, 309.0, INF), (10.0, -330.0, 0.0),
              (0.999999999, MOST, 0.0), (math.nextafter(1.0, 2.0), 1e300, INF), (LEAST, 1.0, LEAST), (LEAST, -1.0, INF), (MOST, 1.0, MOST),
              (LEAST, MOST, 0.0), (MOST, -MOST, 0.0), (7.3, 1.0, 7.3), (3.0, 2.0, 9.0), (2.0, -1074.0, LEAST), (2.0, 0.5, math.sqrt(2.0))],
    "log_gamma": [(1.0, 0.0), (2.0, 0.0), (INF, INF), (0.0, INF), (-0.5, NAN), (-INF, NAN), (NAN, NAN)],
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_elementary__special_values_are_those_of_c99(name: str) -> None:
    """Signs of zeros included; those of `math` are the same where it does not raise an exception."""
    for *point, expected in SPECIAL[name]:
        found = getattr(elementary, name)(*point)
        assert math.isnan(found) if math.isnan(expected) else bits_of(found) == bits_of(expected), (name, point, found)


def test_elementary__x_to_the_power_of_1_is_x() -> None:
    """The error before the last rounding is below half a unit, so exact results are found."""
    for x in Draw().sizes(LEAST, MOST, 2000).tolist():
        assert elementary.power(x, 1.0) == x
    for n in range(1, 2000):
        assert elementary.power(float(n), 2.0) == float(n * n)


PLAIN = """
import sys
import numpy as np
from proxysim.core import arrays, elementary
from proxysim.core.jit import is_compiled
data = np.load(sys.argv[1])
assert is_compiled() is (sys.argv[3] == "compiled")
found = {name: np.array([getattr(elementary, name)(*point) for point in data[name].tolist()]) for name in data}
np.savez(sys.argv[2], **found)
"""


def test_elementary__plain_python_and_compiled_give_the_same_bits(tmp_path: Path) -> None:
    """At special values and at random points, among them random bit patterns."""
    points, chance = {}, Draw().chance
    for name in NAMES:
        regular = arguments(name)
        chosen = chance.choice(regular, 1500, replace=False)
        any_bits = chance.integers(0, 2**64, (500, regular.shape[1]), dtype=np.uint64).view(np.float64)
        points[name] = np.concatenate([chosen, any_bits, np.array([point[:-1] for point in SPECIAL[name]])])
    np.savez(tmp_path / "points.npz", **points)
    found = {}
    for mode in ("plain", "compiled"):
        environment = os.environ | {"NUMBA_DISABLE_JIT": "1" if mode == "plain" else "0"}
        command = [sys.executable, "-W", "error", "-c", PLAIN, str(tmp_path / "points.npz"), str(tmp_path / f"{mode}.npz"), mode]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert 0 == done.returncode, done.stderr
        found[mode] = np.load(tmp_path / f"{mode}.npz")
    for name in NAMES:
        one, other = found["plain"][name], found["compiled"][name]
        same = (one.view(np.int64) == other.view(np.int64)) | (np.isnan(one) & np.isnan(other))
        assert same.all(), (name, points[name][~same][0], one[~same][0], other[~same][0])


def test_elementary__forms_for_arrays_give_the_bits_of_the_functions() -> None:
    """`exp_each` and `power_each`."""
    x = Draw().between(-20.0, 20.0, 500)
    assert [elementary.exp(v) for v in x.tolist()] == arrays.exp_each(x).tolist()
    assert [elementary.power(1.7, v) for v in x.tolist()] == arrays.power_each(1.7, x).tolist()


@compiled
def _there_and_back(bits):  # type: ignore[no-untyped-def]
    return bits_of(float_of(bits))


@compiled
def _and_there(x):  # type: ignore[no-untyped-def]
    return float_of(bits_of(x))


def test_bits__a_round_trip_changes_no_bit_in_plain_python_or_compiled() -> None:
    """Integers that are a signalling NaN are left out: moving one may set its quiet bit on some processors."""
    draw = Draw()
    for bits in [0, 1, -1, -(2**63), 2**63 - 1, 0x3FF0000000000000, *draw.chance.integers(-(2**63), 2**63, 500, dtype=np.int64).tolist()]:
        if not math.isnan(float_of(bits)):
            assert bits == bits_of(float_of(bits)) == _there_and_back(bits)
    for x in [0.0, -0.0, INF, -INF, LEAST, -LEAST, MOST, *draw.between(-1e9, 1e9, 500).tolist()]:
        assert struct.pack("<d", x) == struct.pack("<d", float_of(bits_of(x))) == struct.pack("<d", _and_there(x))
    assert 0x3FF8000000000000 == bits_of(1.5)
    assert -1.0 == float_of(bits_of(-1.0) + 2**64)


def test_elementary__the_coefficients_of_exp_are_as_accurate_as_stated() -> None:
    """The polynomial itself, without rounding."""
    terms = [(k, CONTEXT.mpf(getattr(elementary, f"E{k}"))) for k in range(3, 13)]
    for r in CONTEXT.linspace(-CONTEXT.ln2 / 2, CONTEXT.ln2 / 2, 500):
        found = 1 + r + r * r / 2 + sum(coefficient * r**k for k, coefficient in terms)
        assert abs(found / CONTEXT.exp(r) - 1) < CONTEXT.mpf(2) ** -59


def test_to_internal__a_yearly_loss_becomes_the_nearest_monthly_one() -> None:
    """1 - (1 - x)^(1/12), rounded once, also for small losses."""
    draw, context = Draw(), mpmath.MPContext()
    context.prec = 1300
    yearly, flows = unit_for("share / year", "loss"), flows_unit("USD m / year")
    for x in [*draw.between(0.0, 1.0, 500).tolist(), *draw.sizes(1e-300, 1.0, 200).tolist(), 1.0 - 2.0**-53]:
        assert float(1 - (1 - context.mpf(x)) ** (context.mpf(1) / 12)) == to_internal(x, "loss", yearly, flows)


def test_factor__a_value_on_a_log_scale_is_the_nearest_number() -> None:
    """low (high / low)^u, rounded once."""
    factor = Factor("x", "levers", "set", (("rules", "x"),), low=0.003, high=7.1, dist="log-uniform")
    low, high = CONTEXT.mpf(0.003), CONTEXT.mpf(7.1)
    assert 0.003 == factor.value(0.0) and 7.1 == factor.value(1.0)
    for u in Draw().between(0.0, 1.0, 500).tolist():
        assert float(low * (high / low) ** CONTEXT.mpf(u)) == factor.value(u)


ALLOWED = {"sqrt", "floor", "ceil", "prod", "inf", "nan", "isnan", "isfinite"}
NUMPY_FORBIDDEN = {"exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "power", "float_power", "sinh", "cosh", "tanh", "sin", "cos",
                   "tan", "arcsinh", "arctanh", "cbrt", "logaddexp", "geomspace", "logspace"}  # fmt: skip


def inexact(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and name of each function of the C library or of NumPy whose last bit depends on the system."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
            operands = node.left, node.right
            if not all(isinstance(operand, ast.Constant) and isinstance(operand.value, int) for operand in operands):
                yield node.lineno, "**"
        elif isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Pow):
            yield node.lineno, "**="
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if (node.value.id == "math" and node.attr not in ALLOWED) or (node.value.id in ("np", "numpy") and node.attr in NUMPY_FORBIDDEN):
                yield node.lineno, f"{node.value.id}.{node.attr}"
        elif isinstance(node, ast.ImportFrom) and node.module in ("math", "cmath"):
            yield node.lineno, f"from {node.module} import"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "pow":
            yield node.lineno, "pow"


def places(folder: Path) -> list[str]:
    files = sorted(folder.rglob("*.py")) if folder.is_dir() else [folder]
    return [f"{file.relative_to(PACKAGE)}:{line}: {name}" for file in files for line, name in inexact(file.read_text())]


DECIDES = ("core", "scenario/world", "scenario/schema", "scenario/resolve", "sweeps/inputs.py", "sweeps/experiment/design.py")


@pytest.mark.parametrize("decides", DECIDES)
def test_elementary__what_decides_a_number_uses_no_function_of_the_c_library(decides: str) -> None:
    """`proxysim.core.elementary` has them; square root, floor and ceiling are exact everywhere."""
    assert [] == places(PACKAGE / decides)


def test_elementary__functions_of_the_c_library_are_found() -> None:
    """The check itself: each of these would be named."""
    for line in ("y = math.exp(x)", "y = math.pow(x, 2.0)", "y = x ** 0.5", "y **= 2", "from math import log", "y = np.log1p(x)", "y = pow(x, y)"):
        assert 1 == len(list(inexact(line))), line
    assert [] == list(inexact("y = math.sqrt(x) + math.floor(x) + math.inf + 2**32"))


#: Statements and expressions that every compiler of the rules can turn into code without branches.
SUBSET = (ast.FunctionDef, ast.arguments, ast.arg, ast.Assign, ast.Return, ast.Expr, ast.Constant, ast.Name, ast.Load, ast.Store, ast.Tuple,
          ast.BinOp, ast.UnaryOp, ast.USub, ast.Not, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.BitAnd, ast.BitOr, ast.BitXor, ast.LShift, ast.RShift,
          ast.Compare, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq, ast.BoolOp, ast.And, ast.Or, ast.IfExp, ast.Call,
          ast.Attribute)  # fmt: skip


def test_elementary__functions_have_no_branches_loops_or_tables() -> None:
    """So that several runs can be computed side by side; only the forms for arrays loop."""
    tree = ast.parse(inspect.getsource(elementary))
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef) and not node.name.endswith("_into")]
    assert set(NAMES) <= {function.name for function in functions}
    for function in functions:
        function.decorator_list = []
        for node in ast.walk(function):
            assert isinstance(node, SUBSET), (function.name, type(node).__name__, getattr(node, "lineno", 0))
