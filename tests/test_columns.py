"""Columns of tables that come from elsewhere: what they hold decides, and nothing that is missing passes as text."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest

import proxysim as ps
from proxysim.errors import InputError
from proxysim.studies.columns import column_of

NUMBERS = [1.0, 2.5, -3.0]


@pytest.mark.parametrize("values", [
    NUMBERS, np.array(NUMBERS), np.array(NUMBERS, dtype=object), pd.Series(NUMBERS, dtype=object), pd.array(NUMBERS, dtype="Float64"),
    pd.Series([1.0, Fraction(5, 2), -3], dtype=object), np.array([np.float32(1), 2.5, np.int8(-3)], dtype=object),
])  # fmt: skip
def test_numbers__are_numbers_in_whatever_type(values: Any) -> None:
    """Lists, arrays, series of Python objects and nullable types."""
    found = column_of(values, "table", "x")
    assert np.float64 == found.dtype and NUMBERS == found.tolist()


@pytest.mark.parametrize(("values", "shown"), [
    (["b", "a"], ["b", "a"]), (np.array(["b", "a"], dtype=object), ["b", "a"]), (pd.Categorical(["b", "a"]), ["b", "a"]),
    ([True, False], ["True", "False"]), (np.array([True, False], dtype=object), ["True", "False"]),
    (pd.array(["b", "a"], dtype="string"), ["b", "a"]),
])  # fmt: skip
def test_text__is_text(values: Any, shown: list[str]) -> None:
    """True and false too: they have no size."""
    found = column_of(values, "table", "x")
    assert "U" == found.dtype.kind and shown == found.tolist()


@pytest.mark.parametrize(("values", "message"), [
    ([1.0, float("nan")], "missing or infinite"), ([1.0, float("inf")], "missing or infinite"), ([None, 1.0], "missing or infinite"),
    (np.array([float("nan"), "a"], dtype=object), "missing or infinite"), (pd.array([1.0, None], dtype="Float64"), "missing or infinite"),
    (pd.array(["a", None], dtype="string"), "missing or infinite"), (np.array([1.0, "a"], dtype=object), "neither all numbers nor all text"),
    (np.array(["2020-01", "2021-01"], dtype="datetime64[M]"), "dates or other values"), ([1j, 2.0], "dates or other values"),
    (np.array([Decimal(1), 2.0], dtype=object), "neither all numbers"), (3.0, "one value per row"), (np.zeros((2, 2)), "one value per row"),
])  # fmt: skip
def test_others__are_refused_with_place(values: Any, message: str) -> None:
    """One line."""
    with pytest.raises(InputError, match=f"^table: x: .*{message}.*$"):
        column_of(values, "table", "x")


def test_studies__of_a_table_do_not_depend_on_the_type_of_a_column() -> None:
    """The same box and the same value of information from numbers and from Python objects."""
    x, y = np.random.default_rng(1).random((2, 400))
    for column in (pd.Series(list(x), dtype=object), x.tolist()):
        found = [ps.discover_table({"x": one, "y": y}, x > 0.7, resamples=5).to_json()["box"] for one in (x, column)]
        assert found[0] == found[1] and found[0]["limits"]
        known = [ps.value_of_information_in_table({"wait": np.zeros(400), "act": x - 0.4}, {"x": one, "y": y}) for one in (x, column)]
        assert ["x"] == [one.name for one in known[1].worth_knowing] and known[0].to_json() == known[1].to_json()
