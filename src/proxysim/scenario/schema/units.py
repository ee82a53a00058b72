"""Units of numbers in a scenario file, and conversion to internal units.

Internal units are million constant-2024 USD, months, persons and shares (`proxysim.core.parameters`). A yearly flow is
divided by 12. A yearly loss x becomes a monthly loss 1 - (1 - x)^(1/12), because losses compound.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Context, Decimal
from functools import lru_cache

_SCALES = {
    "k": 1e3, "thousand": 1e3, "m": 1e6, "mn": 1e6, "mln": 1e6, "million": 1e6, "millions": 1e6,
    "bn": 1e9, "bln": 1e9, "b": 1e9, "billion": 1e9, "billions": 1e9,
}  # fmt: skip
_NOUNS = {
    "usd": "money", "dollar": "money", "dollars": "money", "share": "share", "shares": "share", "%": "share",
    "percent": "share", "persons": "persons", "person": "persons", "people": "persons",
    "month": "time", "months": "time", "year": "time", "years": "time", "yr": "time", "yrs": "time",
}  # fmt: skip
_PERIODS = {
    "month": 1, "months": 1, "mo": 1, "mth": 1, "year": 12, "years": 12, "yr": 12, "y": 12, "a": 12, "annum": 12,
    "annually": 12, "monthly": 1, "yearly": 12,
}  # fmt: skip
_FLOW = '"USD m / year", "USD m / month", "USD bn / year" or "USD k / month"'

#: Allowed values of `unit` in words, by kind of number.
ALLOWED: dict[str, str] = {
    "money_flow": _FLOW,
    "arms_flow": _FLOW,
    "money": '"USD m", "USD bn", "USD k" or "USD"',
    "arms": '"USD m", "USD bn", "USD k" or "USD"',
    "price": "no unit: a price is USD per USD of base value",
    "capital": '"months" (months of output)',
    "share": '"share" or "%"',
    "loss": '"share / month", "share / year", "% / month" or "% / year"',
    "factor": 'no unit, or "%"',
    "signed": "no unit",
    "persons": '"persons" or "k persons"',
    "months": '"months" or "years"',
    "month": "no unit: it is a date",
    "level": "no unit: it is in the unit of the measure that is watched, and a flow is per month",
}
_DIMENSION = {
    "money_flow": ("money", True), "arms_flow": ("money", True), "money": ("money", False), "arms": ("money", False),
    "capital": ("time", False), "share": ("share", False), "loss": ("share", True), "factor": ("share", False),
    "persons": ("persons", False), "months": ("time", False),
}  # fmt: skip


class UnitError(ValueError):
    """A unit that cannot be read or does not fit the number; the text says what is allowed."""


@dataclass(frozen=True)
class Unit:
    """A unit.

    Attributes
    ----------
    dimension : money, share, persons or time
    size : size in base units (USD, 1, persons, months)
    period : months of a flow; 0 if it is not a flow
    """

    dimension: str
    size: float
    period: int


@lru_cache(maxsize=1024)
def parse_unit(text: str) -> Unit:
    """Read a unit such as ``USD m / year``, ``$ million per annum``, ``k persons`` or ``% / year``.

    Raises
    ------
    UnitError : the text is not a known unit
    """
    if len(text) > 60:
        raise UnitError("is too long for a unit")
    plain = text.strip().lower().replace("us$", " usd ").replace("$", " usd ").replace("%", " % ")
    plain = re.sub(r"\bp\.?\s?a\.?(?=\s|$)", "/ year", re.sub(r"\bper\b", "/", plain))
    plain = re.sub(r"\busd(k|m|mn|bn)\b", r"usd \1", plain)
    head, slash, tail = plain.partition("/")
    words, period = head.split(), 0
    if slash:
        period = _PERIODS.get(tail.strip(), 0)
        if not period:
            raise UnitError("is not a known unit")
    elif words and words[-1] in ("monthly", "yearly", "annually"):
        period = _PERIODS[words.pop()]
    return Unit(*_noun(words), period)


def _noun(words: list[str]) -> tuple[str, float]:
    """Return the dimension and size of the part before the slash."""
    scales = [word for word in words if word in _SCALES]
    nouns = [word for word in words if word in _NOUNS]
    if len(nouns) != 1 or len(scales) > 1 or len(nouns) + len(scales) != len(words):
        raise UnitError("is not a known unit")
    dimension = _NOUNS[nouns[0]]
    if scales and dimension in ("share", "time"):
        raise UnitError("is not a known unit")
    size = _SCALES[scales[0]] if scales else 1.0
    if nouns[0] in ("%", "percent"):
        size = 0.01
    elif nouns[0].startswith("y"):
        size = 12.0
    return dimension, size


def unit_for(text: str, kind: str) -> Unit:
    """Read a unit that must fit numbers of `kind`.

    Raises
    ------
    UnitError : not a unit, or a unit that does not fit; the text says what is allowed
    """
    try:
        unit = parse_unit(text)
    except UnitError as error:
        raise UnitError(f'found unit "{text[:60]}", which {error}; allowed is {ALLOWED[kind]}') from None
    if _DIMENSION.get(kind) != (unit.dimension, unit.period > 0):
        raise UnitError(f'found unit "{text}", which does not fit here; allowed is {ALLOWED[kind]}')
    return unit


def flows_unit(text: str) -> Unit:
    """Read the unit of bare flows that a file declares (``scenario.flows``)."""
    return unit_for(text, "money_flow")


def to_internal(value: float, kind: str, unit: Unit | None, flows: Unit) -> float:
    """Convert a value to internal units.

    Parameters
    ----------
    unit : its unit; None for a bare number, which is in `flows` if it is a flow and in the internal unit otherwise

    Raises
    ------
    UnitError : a yearly loss above 1, which has no monthly rate
    """
    if unit is None:
        if kind not in ("money_flow", "arms_flow"):
            return value
        unit = flows
    if unit.dimension == "money":
        million = value * (unit.size / 1e6)
        return million / unit.period if unit.period else million
    scaled = value * unit.size
    if unit.dimension == "share" and unit.period == 12:
        if scaled > 1:
            raise UnitError(f"found {value:g}; a yearly loss is at most 1, or 100 %")
        return _monthly_loss(scaled) if scaled < 1 else 1.0
    return scaled


def _monthly_loss(yearly: float) -> float:
    """Return 1 - (1 - x)^(1/12), computed in decimal digits and rounded once, so that it is the same on every system."""
    x = Decimal(yearly)
    digits = Context(prec=30 + max(0, -x.adjusted()))  # of 1 - x for a small x
    return float(digits.subtract(1, digits.power(digits.subtract(1, x), digits.divide(1, 12))))


def number_with_unit(text: str, kind: str) -> tuple[str, str] | None:
    """Split a text such as ``700 USD m / year`` into number and unit, for a hint; None if it has another form."""
    match = re.fullmatch(r"\s*([-+]?[0-9][0-9_.,]*(?:[eE][-+]?[0-9]+)?)\s*(\S.{0,58}?)\s*", text[:120])
    if match is None:
        return None
    try:
        unit_for(match[2], kind)
    except UnitError:
        return None
    return match[1].replace(",", ""), match[2]
