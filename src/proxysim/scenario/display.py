"""Numbers of a scenario as people read them: each value and range in the unit that is printed next to it.

Flows are stored per month and shown per year, as in the files. The range of a series is a multiplier, and reads "× 0.8 to 1.2".
A provision of a pact is shown as a share of its full effect, and a month as a date.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from proxysim.formatting import PERCENT, counted, plain
from proxysim.scenario.labels import UNITS, kind_of
from proxysim.scenario.scenario import Scenario

#: Kind of a provision of a pact, which is a share of its full effect.
PROVISION = "provision"
#: Units inside the model where they differ from those of `UNITS`; `to_json` and the tables have them.
_INSIDE = {"money_flow": "USD m / month", "arms_flow": "USD m / month", "month": "months from the start", PROVISION: "share of full effect"}
Series = Sequence[tuple[int, float]]


def display_kind(path: str) -> str:
    """Return the kind of the number at a path with dots, such as "share"; "provision" for a provision of a pact."""
    return PROVISION if path.startswith("pacts.") and ".provisions." in path else kind_of(path.split("."))


def unit_of(kind: str) -> str:
    """Return the unit in which numbers of a kind are shown; empty for dates and for numbers without a unit."""
    return "of full effect" if kind == PROVISION else "" if kind == "share" else UNITS.get(kind, "")


def inside_unit(kind: str) -> str:
    """Return the unit of numbers of a kind inside the model; empty if they have none."""
    return _INSIDE.get(kind, UNITS.get(kind, ""))


def value_text(scenario: Scenario, value: float | None, kind: str) -> str:
    """Return one value, in the unit of `unit_of`; shares and provisions in percent."""
    if value is None:
        return "–"
    if math.isnan(value):
        return "computed"
    if math.isinf(value):
        return "unlimited"
    if kind == "month":
        return scenario.month_name(round(value))
    if kind in (PROVISION, "share"):
        return f"{plain(100.0 * value, 4)}{PERCENT}"
    shown = value * (12.0 if kind.endswith("_flow") else 1.0)
    text = f"{shown:,.6g}" if abs(shown) < 1e6 else f"{shown:,.0f}"  # a budget is never written with a power of ten
    return text.replace("-", "\u2212")


def with_unit(text: str, kind: str) -> str:
    """Return a text followed by the unit of a kind, if it has one."""
    return text if text in ("–", "computed", "unlimited") else f"{text} {unit_of(kind)}".rstrip()


def range_text(scenario: Scenario, low: float | None, high: float | None, kind: str, multiplier: bool = False) -> str:
    """Return a range in the unit of its value, or "× 0.8 to 1.2" if it is a `multiplier` of a series; a dash without a range."""
    if low is None or high is None:
        return "–"
    if multiplier:
        return f"× {plain(low, 4)} to {plain(high, 4)}"
    first, last = (value_text(scenario, end, kind) for end in (low, high))
    return f"{first.removesuffix(PERCENT)} to {last}"


def series_text(scenario: Scenario, value: float | None, series: Series, kind: str, full: bool = False) -> str:
    """Return a series in short, such as "7,450 ... 5,900 (4 values)"; a plain number without dates.

    Parameters
    ----------
    scenario : the scenario, for the months
    value : value at the start
    series : (month from the start, value) of later dates
    kind : kind of the number
    full : whether to list all dates and values instead, as in "7,450, from 2025-07 6,100, from 2026-01 5,900"
    """
    first = value_text(scenario, value, kind)
    if not series:
        return first
    later = [(scenario.month_name(month), value_text(scenario, one, kind)) for month, one in series]
    if full:
        return ", ".join([first, *(f"from {month} {text}" for month, text in later)])
    return f"{first} ... {later[-1][1]} ({counted(len(series) + 1, 'value')})"
