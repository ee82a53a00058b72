"""docs/model.md defines each name once, lists the steps in the order of the code, and states a month that the engine runs."""

from __future__ import annotations

import ast
import inspect
import math
import re
from pathlib import Path

import pytest

from proxysim.core import records, step
from proxysim.core.parameters import BY_NAME, PARAMETERS
from proxysim.core.vocabulary import CHANNELS, MEASURES
from proxysim.runs.run import Run, run
from proxysim.scenario.world.world import load

PAGE = (Path(__file__).parent.parent / "docs" / "model.md").read_text(encoding="utf-8")
STATE = {field.name: field for field in records.STATE}
FLOWS = {field.name: field for field in records.FLOWS if not field.name.startswith("opening_")}
#: Header of a table -> its rows define names.
DEFINING = ("| number | unit |", "| result | unit |", "| state | unit |")
UNITS = {"money_flow": "USD m / month", "arms_flow": "arms / month", "money": "USD m", "arms": "arms", "price": "USD m / arms",
         "capital": "USD m / (arms / month)", "share": "share", "loss": "share / month", "factor": "1", "signed": "1",
         "persons": "persons", "months": "months", "month": "month", "level": "unit of the measure"}  # fmt: skip
#: Words in equations that are no names of numbers, and names that an equation defines on the spot.
WORDS = {
    "if", "if on", "else", "or", "commission of the broker", "skim of the broker", "bought", "over the routes of the tie", "for a proxy",
    "value set", "factors", "terms", "lowest", "highest",
    "side a", "z", "0", "1", "0 without weights", "0 if the divisor is 0", "1 if nothing is due", "1 if the flow is 0",
    "1 if the tie has no cost", "low", "high", "1 if the divisor is 0", "in month 0",
    "usual", "left", "due", "paid", "share", "need", "room", "own", "budget", "bill", "spare", "money", "foreign", "free", "sold", "price paid",
    "received", "aim", "sale", "support", "fighting", "manufacture", "reach", "used", "struck", "lost", "sanctions fact", "value made",
}  # fmt: skip
NUMBER = r"-?[0-9.]+(?:e-?[0-9]+)?"


def tables() -> list[tuple[str, list[str]]]:
    """(header, cells) of each row of a table that defines names."""
    rows, header = [], ""
    for line in PAGE.splitlines():
        if not line.startswith("|"):
            header = ""
        elif line.startswith(DEFINING):
            header = line.split("|")[1].strip()
        elif header and not line.startswith("|---"):
            rows.append((header, [cell.strip() for cell in line.strip("|").split("|")]))
    return rows


def defined(header: str) -> list[str]:
    """Names in the first column of the tables with a header, in order."""
    return [re.match(r"`(\w+)`", cells[0])[1] for kind, cells in tables() if kind == header]


def test_model_page__defines_every_name_once() -> None:
    """Parameters, state and monthly results; an initial value of the same name as the state is in the table of the state."""
    numbers = sorted(p.name for p in PARAMETERS if not (p.carried and p.name in STATE))
    assert numbers == sorted(defined("number"))
    assert sorted(STATE) == sorted(defined("state"))
    assert sorted(FLOWS) == sorted(defined("result"))


def test_model_page__states_unit_axes_and_default_of_each_parameter() -> None:
    """As in the table of parameters."""
    for header, cells in tables():
        if header == "number":
            parameter = BY_NAME[re.match(r"`(\w+)`", cells[0])[1]]
            key = re.search(r"\(key `(\w+)`\)", cells[0])
            assert (parameter.key, UNITS[parameter.kind]) == (key[1] if key else parameter.name, cells[1])
            assert (", ".join(parameter.axes) or "world") == cells[2]
            if parameter.default is None:
                assert cells[3] == "required"
            elif math.isfinite(parameter.default):
                assert float(cells[3]) == pytest.approx(parameter.default)


def test_model_page__states_unit_and_axes_of_each_result() -> None:
    """As in the records."""
    for header, cells in tables():
        if header != "number":
            name = re.match(r"`(\w+)`", cells[0])[1]
            field = STATE[name] if header == "state" else FLOWS[name]
            assert (field.unit, ", ".join(field.axes) or "world") == (cells[1], cells[2])


def test_model_page__uses_no_name_that_it_does_not_define() -> None:
    """Upright names in equations are names of the tables, measures or words."""
    known = set(BY_NAME) | set(STATE) | set(FLOWS) | set(MEASURES) | set(CHANNELS)
    from proxysim.core.vocabulary import PROVISIONS

    known |= set(PROVISIONS)
    used = {name.strip() for name in re.findall(r"\\text\{([^}]*)\}", PAGE)}
    assert set() == {name for name in used if name not in WORDS and name.replace(" ", "_") not in known}


def test_model_page__lists_the_steps_in_the_order_of_the_code() -> None:
    """Each call of a rule in `step.advance_run`, in order."""
    source = inspect.getsource(getattr(step.advance_run, "py_func", step.advance_run))
    calls = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    ]
    calls.sort(key=lambda node: (node.lineno, node.col_offset))
    order = [f"{call.func.value.id}.{call.func.attr}" for call in calls if isinstance(call.func.value, ast.Name)]
    listed = re.findall(r"`(\w+\.\w+)`", PAGE.split("<!-- schedule -->")[1].split("<!-- end of schedule -->")[0])
    assert [name for name in order if name in listed] == listed
    assert {name for name in order if name not in listed} == {"measures.add", "measures.keep"}


def test_model_page__has_no_markup_that_github_changes() -> None:
    """Equations avoid backslash and punctuation, and no line of one looks like a list or a heading; prose lines are short."""
    equations = re.findall(r"^\$\$\n(.*?)\n\$\$$", PAGE, flags=re.MULTILINE | re.DOTALL)
    assert len(equations) > 100
    for equation in equations:
        assert not re.search(r"\\[^a-zA-Z]", equation)
        assert equation.count("{") == equation.count("}") and equation.count("(") == equation.count(")")
        assert not re.search(r"^\s*([-+=*]|\d+\.)\s", equation, flags=re.MULTILINE)
    assert PAGE.count("$$") == 2 * len(equations)
    assert [] == [line for line in PAGE.splitlines() if len(line) > 160]


# ---- the month by hand -----------------------------------------------------------------------------------------------

MONTH = re.findall(
    rf"^\| (R\d+) \| (.*?) \| `(\w+)` (.+?) = ({NUMBER}) \|$", PAGE.split("<!-- worked month -->")[-1].split("<!-- end of worked month -->")[0],
    flags=re.MULTILINE,
)  # fmt: skip


@pytest.fixture(scope="module")
def result() -> Run:
    """Quickstart without random variation."""
    return run(load("quickstart", sets=["scenario.noise=0"]))


def place(result: Run, axis: str, name: str) -> int:
    """Index of a name along an axis; the route of a tie is named by the tie."""
    if axis == "route":
        return int(result.world.arrays[0].route_start[result.world.names["tie"].index(name)])
    fixed = {"measure": tuple(MEASURES), "channel": CHANNELS}
    return (fixed.get(axis) or result.world.names[axis]).index(name)


def engine(result: Run, field: str, where: str) -> float:
    """Number of the engine in the first month; an axis that is not named is summed."""
    axes = (STATE.get(field) or FLOWS[field]).axes
    value = result.history[field][0]
    for axis, name in zip(axes, where.split(", "), strict=False):
        value = value[place(result, axis, name)]
    return float(value.sum())


def test_month__is_there() -> None:
    """All rows are read, and all rules are in them but those on what does not happen in this month."""
    block = PAGE.split("<!-- worked month -->")[-1].split("<!-- end of worked month -->")[0]
    assert len(MONTH) == len(re.findall(r"^\| R", block, flags=re.MULTILINE)) >= 30
    assert {"R1", "R2", "R3", "R4", "R5", "R7", "R8", "R10", "R12", "R13"} == {row[0] for row in MONTH}


@pytest.mark.parametrize(
    ("rule", "text", "field", "where", "stated"), MONTH, ids=[f"{row[0]}-{row[2]}-{row[3]}" for row in MONTH]
)
def test_month__states_the_digits_of_the_engine(
    result: Run, rule: str, text: str, field: str, where: str, stated: str
) -> None:
    """Six digits; the last expression of the row gives the result from the digits that it shows."""
    assert f"{engine(result, field, where):.6g}" == stated
    names = {"exp": math.exp, "log": math.log, "sqrt": math.sqrt, "min": min, "max": max, "__builtins__": {}}
    computed = eval(re.findall(r"`([^`]+)`", text)[-1], names)  # arithmetic of the page
    assert computed == pytest.approx(float(stated), rel=6e-6, abs=1e-12)
