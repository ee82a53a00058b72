"""Months as numbers counted from January of year 0, and as text ("2025-01")."""

from __future__ import annotations


def month_index(year: int, month: int) -> int:
    """Number of a month, counted from January of year 0; `month` is 1 to 12."""
    return 12 * year + month - 1


def year_and_month(index: int) -> tuple[int, int]:
    """Year and month (1 to 12) for the number of a month."""
    return index // 12, index % 12 + 1


def month_name(index: int) -> str:
    """Text "YYYY-MM" for the number of a month."""
    year, month = year_and_month(index)
    return f"{year:04d}-{month:02d}"
