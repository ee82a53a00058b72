"""A number of a scenario file: a bare value, or a table with a value or dates, range, unit and source."""

from __future__ import annotations

import datetime
import math
import re
from dataclasses import dataclass, replace
from typing import Any

from proxysim.core.calendar import month_index
from proxysim.core.parameters import Parameter
from proxysim.errors import did_you_mean
from proxysim.scenario.schema.units import Unit, UnitError, number_with_unit, to_internal, unit_for

DISTS = ("split", "uniform", "log-uniform", "triangular")
GRADES = ("A", "B", "C", "D")
FIELDS = ("value", "low", "high", "dist", "unit", "source", "grade", "moves_with", "note", "linear")
SOURCE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_DATE_KEY = re.compile(r"([0-9]{4})(?:-(0[1-9]|1[0-2]))?")
_PERCENT = re.compile(r"\s*([-+]?[0-9]+(?:\.[0-9]+)?)\s*%\s*")
_DATE_FORM = "a date is 2021 or 2021-06"
_YEARS = (1900, 2200)

#: Faults of one value: the key inside it (may be empty) and the message.
Problems = list[tuple[str, str]]


@dataclass(frozen=True)
class Written:
    """A number as written, in internal units, with months counted from year 0 since the start is not yet known."""

    value: float | None
    series: tuple[tuple[int, float], ...] = ()
    low: float | None = None
    high: float | None = None
    dist: str = "split"
    source: tuple[str, ...] = ()
    grade: str | None = None
    moves_with: str | None = None
    note: str | None = None
    unit: str | None = None
    linear: bool = False

    def values(self) -> tuple[float, ...]:
        """Return all values, in the order of dates."""
        return (self.value,) if self.value is not None else tuple(value for _, value in self.series)


@dataclass(frozen=True)
class Reader:
    """Reads one number.

    Attributes
    ----------
    parameter : its parameter
    flows : unit of bare flows
    dated : True if dates are allowed
    role : "value" (within bounds), "scale" (a factor of at least 0) or "add" (any amount in the parameter's unit)
    high : upper bound, if it differs from that of the parameter
    """

    parameter: Parameter
    flows: Unit
    dated: bool = True
    role: str = "value"
    high: float | None = None

    def read(self, raw: Any) -> tuple[Written | None, Problems]:
        """Return the number, or None and its faults."""
        if isinstance(raw, dict):
            return self._table(raw)
        value, problem = self._value(raw, None)
        if value is None:
            return None, [("", problem)]
        return Written(value), []

    @property
    def kind(self) -> str:
        """Kind of number expected here."""
        if self.role == "scale":
            return "factor"
        if self.role == "add" and self.parameter.kind == "month":
            return "months"
        return self.parameter.kind

    def _value(self, raw: Any, unit: Unit | None) -> tuple[float | None, str]:
        """Return one value in internal units, or None and its fault."""
        if self.kind == "month":
            month = month_of(raw)
            return (
                (None, f"needs a date such as 2021-06-01; found {show(raw)}") if month is None else (float(month), "")
            )
        if isinstance(raw, bool) or not isinstance(raw, int | float):
            return None, self._not_a_number(raw)
        try:
            value = to_internal(float(raw), self.kind, unit, self.flows)
        except (OverflowError, UnitError) as error:
            return None, str(error) if isinstance(error, UnitError) else "is too large"
        if not math.isfinite(value) and not (self.parameter.high == math.inf and value == math.inf):
            return None, f"found {show(raw)}; a finite number is needed"
        return (None, self.out_of_bounds(raw, value)) if self.outside(value) else (value, "")

    def _not_a_number(self, raw: Any) -> str:
        if isinstance(raw, str):
            parts = number_with_unit(raw, self.kind)
            if parts:
                return f'found text {show(raw)}; write {{value = {parts[0]}, unit = "{parts[1]}"}}'
            if re.fullmatch(r"\s*[-+]?[0-9][0-9_.]*\s*", raw):
                return f"found text {show(raw)}; write the number without quotes: {raw.strip()}"
        return f"needs a number; found {show(raw)}"

    def limits(self) -> tuple[float, float]:
        """Return the lowest and highest value allowed here."""
        if self.role == "scale":
            return 0.0, math.inf
        if self.role == "add":
            return -math.inf, math.inf
        high = self.parameter.high if self.high is None else self.high
        return (-math.inf, math.inf) if self.kind == "month" else (self.parameter.low, high)

    def outside(self, value: float) -> bool:
        """Whether a value in internal units is out of bounds."""
        low, high = self.limits()
        return not low - 1e-12 * abs(low) <= value <= high + 1e-12 * abs(high)

    def out_of_bounds(self, raw: Any, value: float) -> str:
        """Return the message for a value out of bounds."""
        low, high = self.limits()
        inside = "" if raw == value or self.kind == "month" else f" ({value:g} in {internal_unit(self.kind)})"
        allowed = f"at least {low:g}" if high == math.inf else f"{low:g} to {high:g}"
        cure = ""
        if self.kind == "share" and high == 1 and 1 < value <= 100:
            cure = f'; for {value:g} % write {value / 100:g} or {{value = {value:g}, unit = "%"}}'
        return f"found {show(raw)}{inside}; allowed is {allowed}{cure}"

    def _table(self, raw: dict[str, Any]) -> tuple[Written | None, Problems]:
        """Read a number table."""
        problems: Problems = []
        dates = {key: value for key, value in raw.items() if _DATE_KEY.fullmatch(key)}
        for key in raw:
            if key in FIELDS or key in dates:
                continue
            if key[:1].isdigit():
                problems.append((key, f'found "{key[:40]}"; {_DATE_FORM}'))
            else:
                near = did_you_mean(key, FIELDS)
                problems.append((key, f"is not a field of a number; allowed are {', '.join(FIELDS)} and dates{near}"))
        unit, unit_text = self._unit(raw, problems)
        details = _details(raw, bool(dates), problems)
        if unit is None and unit_text is not None:
            return None, problems
        if "value" in raw and dates:
            problems.append((next(iter(dates)), "has both `value` and dates; give either a value or dates"))
        elif "value" not in raw and not dates:
            problems += [] if problems else [("", "needs `value`, or dates such as {2021 = 5, 2022-06 = 7}")]
        elif dates:
            return self._series(raw, dates, unit, replace(details, unit=unit_text), problems)
        else:
            return self._scalar(raw, unit, replace(details, unit=unit_text), problems)
        return None, problems

    def _unit(self, raw: dict[str, Any], problems: Problems) -> tuple[Unit | None, str | None]:
        text = raw.get("unit")
        if text is None:
            return None, None
        if not isinstance(text, str):
            problems.append(("unit", f'needs text such as "USD m"; found {show(text)}'))
            return None, ""
        try:
            return unit_for(text, self.kind), text
        except UnitError as error:
            problems.append(("unit", str(error)))
            return None, text

    def _scalar(
        self, raw: dict[str, Any], unit: Unit | None, details: Written, problems: Problems
    ) -> tuple[Written | None, Problems]:
        """Read a table with `value`."""
        found: dict[str, float | None] = {}
        for name in ("value", "low", "high"):
            if name in raw:
                found[name], problem = self._value(raw[name], unit)
                if problem:
                    problems.append((name, problem))
        value, low, high = (found.get(name) for name in ("value", "low", "high"))
        if value is not None and low is not None and low > value:
            problems.append(("low", f"found {show(raw['low'])}, above the value {show(raw['value'])}"))
        if value is not None and high is not None and high < value:
            problems.append(("high", f"found {show(raw['high'])}, below the value {show(raw['value'])}"))
        if details.dist == "log-uniform" and low is not None and low <= 0:
            problems.append(("dist", "log-uniform needs a `low` above 0"))
        return (None if problems else replace(details, value=value, low=low, high=high)), problems

    def _series(
        self, raw: dict[str, Any], dates: dict[str, Any], unit: Unit | None, details: Written, problems: Problems
    ) -> tuple[Written | None, Problems]:
        """Read a table with dates; its range is one multiplier, written in percent."""
        if not self.dated:
            where = (
                "is a value at the start of a run, so it has no dates; an event can change it"
                if self.parameter.carried
                else "takes no dates"
            )
            return None, [*problems, (next(iter(dates)), where)]
        series: dict[int, float] = {}
        for key in sorted(dates):
            if isinstance(dates[key], dict):
                problems.append((key, f'found "{key}." and another key; {_DATE_FORM}'))
                continue
            year, _, month = key.partition("-")
            value, problem = self._value(dates[key], unit)
            at = month_index(int(year), int(month or 1))
            if not _YEARS[0] <= int(year) <= _YEARS[1]:
                problems.append((key, f"found the year {year}; allowed is {_YEARS[0]} to {_YEARS[1]}"))
            elif at in series:
                problems.append((key, f"repeats the month {key}: 2021 and 2021-01 are the same month"))
            elif value is None:
                problems.append((key, problem))
            else:
                series[at] = value
        low, high = (_multiplier(raw, name, problems) for name in ("low", "high"))
        if low is not None and low > 1:
            problems.append(("low", f"found {show(raw['low'])}; the low end is at most +0 %"))
        if high is not None and high < 1:
            problems.append(("high", f"found {show(raw['high'])}; the high end is at least -0 %"))
        if details.dist == "log-uniform" and low == 0:
            problems.append(("dist", "log-uniform needs a `low` above -100 %"))
        entries = tuple(sorted(series.items()))
        return (None if problems else replace(details, value=None, series=entries, low=low, high=high)), problems


def _multiplier(raw: dict[str, Any], name: str, problems: Problems) -> float | None:
    """Read `low` or `high` of a series, a change of each value in percent, as a multiplier."""
    if name not in raw:
        return None
    match = _PERCENT.fullmatch(raw[name]) if isinstance(raw[name], str) else None
    if match is None or float(match[1]) < -100 or float(match[1]) > 1e6:
        problems.append((name, f'found {show(raw[name])}; with dates, a range is text such as "-25 %" or "+120 %"'))
        return None
    return 1 + float(match[1]) / 100


def _details(raw: dict[str, Any], dated: bool, problems: Problems) -> Written:
    """Read the fields of a number table that are not numbers."""
    if ("low" in raw) != ("high" in raw):
        problems.append(("low" if "low" in raw else "high", "is given alone; give both `low` and `high`, or neither"))
    dist, linear = raw.get("dist", "split"), raw.get("linear", False)
    if dist not in DISTS:
        near = did_you_mean(dist, DISTS) if isinstance(dist, str) else ""
        problems.append(("dist", f"found {show(dist)}; allowed are {', '.join(DISTS)}{near}"))
    elif "dist" in raw and "low" not in raw:
        problems.append(("dist", "needs a range: give `low` and `high`"))
    if not isinstance(linear, bool) or (linear and not dated):
        problems.append(("linear", f"found {show(linear)}; allowed are true and false, with dates only"))
    source, problem = read_sources(raw.get("source", ()))
    if problem:
        problems.append(("source", problem))
    grade = raw.get("grade")
    fault = grade_fault(grade, source, bool(problem)) if grade is not None else ""
    if fault:
        problems.append(("grade", fault))
    for name in ("moves_with", "note"):
        text = raw.get(name)
        if text is not None and (not isinstance(text, str) or not text or len(text) > 2000):
            problems.append((name, f"needs text of 1 to 2000 characters; found {show(text)}"))
    if problems:
        return Written(None)
    return Written(None, (), None, None, dist, source, grade, raw.get("moves_with"), raw.get("note"), None, linear)


def read_sources(raw: Any) -> tuple[tuple[str, ...], str]:
    """Return ids of sources, from one id or a list, and the fault if there is one."""
    ids = [raw] if isinstance(raw, str) else raw
    if not isinstance(ids, list | tuple) or not all(isinstance(i, str) and SOURCE_ID.fullmatch(i) for i in ids):
        return (), f'needs the id of a source such as "S01", or a list of them; found {show(raw)}'
    return tuple(ids), ""


def grade_fault(grade: Any, source: tuple[str, ...], silent: bool = False) -> str:
    """Return what is wrong with a grade, given its sources, or an empty text."""
    if grade not in GRADES:
        return f"found {show(grade)}; allowed are A, B, C (with a source) and D"
    if grade != "D" and not source and not silent:
        return f'found "{grade}" without a source; give `source`, or grade "D"'
    return ""


def month_of(raw: Any) -> int | None:
    """Return the month of a date, counted from year 0, or None if it is not a date."""
    if isinstance(raw, datetime.datetime) or not isinstance(raw, datetime.date):
        return None
    return month_index(raw.year, raw.month)


def internal_unit(kind: str) -> str:
    """Return the unit inside the model, in words."""
    names = {"money_flow": "USD m / month", "arms_flow": "USD m / month", "money": "USD m", "arms": "USD m"}
    return names.get(kind, {"loss": "share / month", "capital": "months"}.get(kind, kind))


def show(raw: Any) -> str:
    """Return a value as error messages show it: short, and in TOML notation."""
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, str):
        return '"' + raw[:40].replace("\n", " ") + ("..." if len(raw) > 40 else "") + '"'
    if isinstance(raw, dict):
        return "a table" if raw else "an empty table"
    if isinstance(raw, list | tuple):
        return "a list" if raw else "an empty list"
    if isinstance(raw, datetime.date | datetime.time):
        return raw.isoformat()
    return f"{raw:.12g}" if isinstance(raw, float) else str(raw)[:40]
