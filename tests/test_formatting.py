"""Numbers, counts, lists and tables as people read them."""

from __future__ import annotations

import math

import pytest

from proxysim.formatting import ascii_only, brackets, counted, joined, number, percent, plain, span, table, titled


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (-0.0, "0"), (0.5, "0.500"), (2.5, "2.50"), (9.996, "10.0"), (99.96, "100"), (1234.5, "1,234"), (-7.0, "\u22127.00"),
     (0.0002, "0.0002"), (None, "–"), (math.nan, "–"), (-math.inf, "\u2212∞")],
)  # fmt: skip
def test_number__has_three_digits(value: float | None, text: str) -> None:
    """Rounding up does not add a digit, nothing small reads as nothing, and what is undefined is a dash."""
    assert text == number(value)


def test_number__signs_and_dust() -> None:
    """A plus sign only when asked for, and never on zero."""
    assert ("+2.50", "0", "0") == (number(2.5, True), number(0.0, True), number(1e-12, True, dust=1e-9))
    assert ("+1.00 to \u22122.00", "–") == (span(1.0, -2.0), span(1.0, math.nan))
    assert ("[+1.00, +2.00]", "–") == (brackets(1.0, 2.0), brackets(None, 2.0))


def test_plain__has_no_idle_digits() -> None:
    """As on an axis."""
    assert ("2.5", "0.1", "1,234", "1e+09") == (plain(2.5), plain(0.1), plain(1234.0, 4, ","), plain(1e9))


def test_percent__is_never_rounded_to_none_or_all() -> None:
    """0 and 100 percent are said of nothing else."""
    told = [ascii_only(percent(share)) for share in (0.0, 0.004, 0.5, 0.996, 1.0, None)]
    assert ["0 %", "under 1 %", "50 %", "over 99 %", "100 %", "-"] == told


def test_words__counts_and_lists() -> None:
    """The words around a number agree with it."""
    assert ("1 run", "2,000 runs", "2 branches") == (counted(1, "run"), counted(2000, "run"), counted(2, "branch", "branches"))
    assert ["none", "a", "a and b", "a, b and c"] == [joined("abc"[:count]) for count in range(4)]
    assert "a, b and 2 more" == joined("abcd", 2)
    assert "Sea patrol" == titled("sea-patrol")


def test_table__is_in_line() -> None:
    """Words to the left, numbers to the right, no spaces at the end."""
    lines = table(["who", "n"], [["a", "12"], ["long", "3"]], rule="-")
    assert ["who    n", "----  --", "a     12", "long   3"] == lines
