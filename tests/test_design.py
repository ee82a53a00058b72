"""Designs: the points that they give."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.sweeping import QUICKSTART, TEXT, experiment
from typer.testing import CliRunner

from proxysim.cli import app
from proxysim.errors import InputError
from proxysim.sweeps.experiment.design import design_of
from proxysim.sweeps.experiment.experiment import levelled, load_experiment
from proxysim.sweeps.experiment.factors import Factor

RANGES = """
[levers]
"pacts.treaty.strength" = {low = 0, high = 0.8}
"legs.*.limit" = {low = 10, high = 1000, dist = "log-uniform"}
[uncertainties]
"rules.attrition" = ["linear", "square", "contest"]
"""


def loaded(folder: Path, design: str, points: int | None = None, factors: str = RANGES) -> object:
    """An experiment with some design."""
    text = TEXT.format(base=QUICKSTART.as_posix(), runs=1, design=design)
    text = text[: text.index("[levers]")] + (f"points = {points}\n" if points else "") + factors
    file = folder / "e.toml"
    file.write_text(text, encoding="utf-8")
    return load_experiment(file)


def test_grid__has_every_combination_once(tmp_path: Path) -> None:
    """The last factor is the fastest."""
    factors = '[levers]\n"pacts.treaty.strength" = [0, 1]\n"rules.attrition" = ["linear", "square"]\n'
    design = design_of(loaded(tmp_path, "grid", factors=factors))
    assert [(0.0, "linear"), (0.0, "square"), (1.0, "linear"), (1.0, "square")] == [design.point(k) for k in range(4)]


def test_grid__of_nothing_is_one_point(tmp_path: Path) -> None:
    """An experiment may vary nothing but branches."""
    assert 1 == len(design_of(loaded(tmp_path, "grid", factors="")))


def test_grid__refuses_ranges(tmp_path: Path) -> None:
    """With the line of the factor."""
    with pytest.raises(InputError, match=r"e.toml:14: legs.\*.limit: has a range, but a grid needs lists"):
        design_of(loaded(tmp_path, "grid"))


def test_one_at_a_time__changes_one_factor_a_point(tmp_path: Path) -> None:
    """From the first levels and the middles: both ends of a range, each other level."""
    design = design_of(loaded(tmp_path, "one-at-a-time"))
    base = design.point(0)
    assert (pytest.approx(100.0), pytest.approx(0.4), "linear") == base
    changed = [sum(a != b for a, b in zip(base, design.point(k), strict=True)) for k in range(1, len(design))]
    assert [1] * 6 == changed
    assert {10.0, 1000.0} <= set(design.columns[0])


@pytest.mark.parametrize("name", ["lhs", "sobol", "morris"])
def test_sampled__stay_within_their_ranges_and_do_not_move(tmp_path: Path, name: str) -> None:
    """The same seed gives the same points."""
    pytest.importorskip("SALib") if name == "morris" else None
    design, again = (design_of(loaded(tmp_path, name, 32)) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(design.columns, again.columns, strict=True))
    limit, strength, rule = design.columns
    assert 32 == len(design)
    assert (limit >= 10).all() and (limit <= 1000).all() and (strength >= 0).all() and (strength <= 0.8).all()
    assert {"linear", "square", "contest"} == set(rule)
    assert 8 <= (limit < 100).sum() <= 24


def test_values__of_a_column_have_the_bits_of_each_value(tmp_path: Path) -> None:
    """For a range, a range on a logarithmic scale and a list; a coordinate of 1 is the upper end."""
    coordinates = np.array([0.0, 0.1, 1 / 3, 0.7, 1.0 - 2.0**-53, 1.0])
    factors = loaded(tmp_path, "lhs", 4).factors  # type: ignore[attr-defined]
    assert 3 == len(factors)
    for factor in factors:
        assert [factor.value(float(u)) for u in coordinates] == list(factor.values(coordinates)), factor.name


def test_lhs__has_one_point_in_each_slice(tmp_path: Path) -> None:
    """Of every range."""
    strength = design_of(loaded(tmp_path, "lhs", 16)).columns[1]
    assert list(range(16)) == sorted(int(value / 0.8 * 16) for value in strength)


def test_sobol__goes_on_where_it_ended(tmp_path: Path) -> None:
    """The first points of a longer sequence are those of a shorter one."""
    found = loaded(tmp_path, "sobol", 16)
    joined, whole = design_of(found).joined(design_of(found, 16, 16)), design_of(found, 0, 32)
    assert all(np.array_equal(a, b) for a, b in zip(joined.columns, whole.columns, strict=True))


@pytest.mark.parametrize(("name", "word"), [("lhs", "would change"), ("morris", "chosen together")])
def test_extension__of_points_is_refused_with_the_reason(tmp_path: Path, name: str, word: str) -> None:
    """Only a Sobol sequence can."""
    with pytest.raises(InputError, match=word):
        design_of(loaded(tmp_path, name, 32), first=32)


def test_morris__wants_whole_trajectories(tmp_path: Path) -> None:
    """And names the nearest number."""
    pytest.importorskip("SALib")
    with pytest.raises(InputError, match="the nearest is 32"):
        design_of(loaded(tmp_path, "morris", 31))


def test_csv__points_are_read_in_the_order_of_lines(tmp_path: Path) -> None:
    """Columns in any order."""
    (tmp_path / "points.csv").write_text(
        "rules.attrition,legs.*.limit,pacts.treaty.strength\nsquare,20,0.1\nlinear,1000,0\n"
    )
    design = design_of(loaded(tmp_path, "points.csv"))
    assert [(20.0, 0.1, "square"), (1000.0, 0.0, "linear")] == [design.point(k) for k in range(2)]


@pytest.mark.parametrize(
    ("text", "word"),
    [("rules.attrition,legs.*.limit\n", "has no column"), ("rules.attritio,x\n", "did you mean"),
     ("rules.attrition,legs.*.limit,pacts.treaty.strength\n", "has no points"),
     ("rules.attrition,legs.*.limit,pacts.treaty.strength\nliner,20,0.1\n", ":2: rules.attrition: found \"liner\""),
     ("rules.attrition,legs.*.limit,pacts.treaty.strength\nlinear,20,0.9\n", "allowed is 0 to 0.8"),
     ("rules.attrition,legs.*.limit,pacts.treaty.strength\nlinear,20\n", "has 2 values")],
)  # fmt: skip
def test_csv__mistakes_are_named_with_their_line(tmp_path: Path, text: str, word: str) -> None:
    """As in every file."""
    (tmp_path / "points.csv").write_text(text)
    with pytest.raises(InputError, match=word):
        design_of(loaded(tmp_path, "points.csv"))


LISTS = """
[levers]
"pacts.treaty.strength" = [0, 0.1, 1e-7, 0.30000000000000004]
[uncertainties]
"rules.attrition" = ["linear", "square"]
"""


@pytest.mark.parametrize(
    ("name", "factors"),
    [("grid", LISTS), *((name, factors) for name in ("one-at-a-time", "lhs", "sobol") for factors in (LISTS, RANGES))],
)
def test_csv__that_design_prints_gives_the_same_points(tmp_path: Path, name: str, factors: str) -> None:
    """To the bit; a sample over lists meets some of its points again."""
    before = design_of(loaded(tmp_path, name, 64 if name in ("lhs", "sobol") else None, factors))
    done = CliRunner().invoke(app, ["design", str(tmp_path / "e.toml"), "--csv"], catch_exceptions=False)
    (tmp_path / "points.csv").write_text(done.stdout, encoding="utf-8")
    after = design_of(loaded(tmp_path, "points.csv", factors=factors))
    assert (len(before), before.repeats) == (len(after), after.repeats)
    for one, two in zip(before.columns, after.columns, strict=True):
        assert one.tolist() == two.tolist() and one.dtype == two.dtype
    told = CliRunner().invoke(app, ["design", str(tmp_path / "e.toml")], catch_exceptions=False).stdout
    assert ("repeat an earlier one" in told) == any(after.repeats)


def test_range__exceeded_by_rounding_is_still_its_end() -> None:
    """A point of a log-uniform range next to its end is not refused when it is given back."""
    factor = Factor("x", "levers", "set", (("x",),), low=0.1, high=0.7, dist="log-uniform")
    assert (1.0, 0.0) == (factor.coordinate(0.7000000000000001), factor.coordinate(0.09999999999999999))
    assert (None, None) == (factor.coordinate(0.7001), factor.coordinate(0.0999))


@pytest.mark.parametrize(
    ("data", "word"),
    [(b"", "is empty; the first line names the factors"), (b"\n\n", "is empty"), ("a,b\n".encode("utf-16"), "is not UTF-8 text"),
     (b"caf\xe9,b\n", "is not UTF-8 text"), (b"pacts.treaty.strength\n" + b"9" * 140_000, "line 2: field larger than field limit"),
     (b"pacts.treaty.strength;rules.attrition\n0,1;linear\n", "separate the columns by commas, and write 0.2 for 0,2"),
     (b"pacts.treaty.strength\x00,rules.attrition\n0,linear\n", "NUL|is not a factor"),
     (b"pacts.treaty.strength,pacts.treaty.strength,rules.attrition\n0,0,linear\n", "pacts.treaty.strength: has two columns"),
     (None, "is not a regular file; give a CSV file")],
)  # fmt: skip
def test_csv__that_is_no_such_file_is_one_line(tmp_path: Path, data: bytes | None, word: str) -> None:
    """No traceback, and exit status 2."""
    (tmp_path / "points.csv").mkdir() if data is None else (tmp_path / "points.csv").write_bytes(data)
    with pytest.raises(InputError, match=word):
        design_of(loaded(tmp_path, "points.csv", factors=LISTS))
    done = CliRunner().invoke(app, ["design", str(tmp_path / "e.toml")])
    assert 2 == done.exit_code and "Traceback" not in done.output


def test_csv__of_another_origin_is_read(tmp_path: Path) -> None:
    """A byte order mark, quotes, Windows line ends, empty lines, and the line of a fault after a field of two lines."""
    text = '\ufeff"rules.attrition",pacts.treaty.strength\r\n"linear", 0.1\r\n\r\n'
    (tmp_path / "points.csv").write_text(text, encoding="utf-8", newline="")
    assert [(0.1, "linear")] == [design_of(loaded(tmp_path, "points.csv", factors=LISTS)).point(0)]
    (tmp_path / "points.csv").write_text(text + '"linear\n",0\n"linear",9\n', encoding="utf-8", newline="")
    with pytest.raises(InputError, match=r"points.csv:6: pacts.treaty.strength: found \"9\""):
        design_of(loaded(tmp_path, "points.csv", factors=LISTS))


def test_levelled__a_factor_that_levels_branches_is_named(tmp_path: Path) -> None:
    """No pact is a strength of 0: as a factor the strength is the same in both, and no difference is left."""
    found = load_experiment(experiment(tmp_path))
    assert ["pacts.treaty.strength"] == levelled(found)
    assert (
        "branches differ in it"
        in CliRunner().invoke(app, ["design", str(tmp_path / "experiment.toml")], catch_exceptions=False).stdout
    )
