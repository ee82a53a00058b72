"""Parts of sentences shared by both kinds of report."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from proxysim import formatting
from proxysim.statistics.paired import rare_words

if TYPE_CHECKING:
    from proxysim.statistics.paired import Effect

#: Units in the form used in sentences.
UNITS = {"index": "index points", "USD m / month": "USD m per month", "USD m of arms / month": "USD m of arms per month",
          "share of runs": "of runs", "months": "months"}  # fmt: skip
#: Months of a year, and the end of a unit of a flow.
MONTHS, _PER_MONTH = 12.0, " / month"
#: Names of measures on a page, where they differ from the id.
_CALLED = {"received_arms": "arms received", "made": "arms made", "stock": "arms held", "fighting": "fighting index",
           "received_money": "money received", "sent_arms": "arms sent"}  # fmt: skip
#: Phrases for a measure of an actor.
_OF = {"received_arms": "arms received by {}", "made": "arms made by {}", "stock": "arms held by {}", "fighting": "fighting index of {}",
       "received_money": "money received by {}", "sent_arms": "arms sent by {}", "capacity": "capacity index of {}",
       "regime_fallen": "fall of {}"}  # fmt: skip
#: Values smaller than this are too small for a page: USD 100, or a ten-thousandth of an index point.
_DUST = 1e-4


def yearly(effect: Effect) -> Effect:
    """An effect with flows per year, as in the files; other units stay."""
    if not effect.unit.endswith(_PER_MONTH):
        return effect
    scaled: dict[str, Any] = {
        key: None if (value := getattr(effect, key)) is None else MONTHS * value for key in ("baseline", "value", "difference", "low", "high")
    }
    return replace(effect, unit=per_year(effect.unit), **scaled)


def per_year(unit: str) -> str:
    """The unit of a flow per year in place of per month; other units stay."""
    return f"{unit.removesuffix(_PER_MONTH)} / year" if unit.endswith(_PER_MONTH) else unit


def called(measure: str) -> str:
    """The name of a measure on a page."""
    return _CALLED.get(measure, formatting.spaced(measure))


def called_of(measure: str, who: str) -> str:
    """A measure of an actor, such as "arms held by Reds"."""
    return _OF.get(measure, f"{formatting.spaced(measure)} of {{}}").format(who)


def number(value: float | None, signed: bool = False) -> str:
    """A number with three significant digits; rounding errors become "0"."""
    return formatting.number(value, signed, dust=_DUST)


def span(low: float | None, high: float | None) -> str:
    """An interval, such as "+24.9 to +25.7"."""
    return formatting.span(low, high, dust=_DUST)


def difference(effect: Effect, unit: str = "") -> str:
    """A difference with its interval, such as "+25.3 points (95 % interval +24.9 to +25.7)"."""
    text = f"{number(effect.difference, True)} {unit}".rstrip()
    if effect.rare:
        return f"{text} ({rare_words(effect)})"
    if effect.low is None or effect.high is None:
        return f"{text} (too few pairs for an interval)"
    return f"{text} (95 % interval {span(effect.low, effect.high)})"



def amount(value: float) -> str:
    """An amount for a sentence, with two significant digits."""
    return formatting.plain(value, 2, ",") if abs(value) < 99.5 else f"{value:,.0f}"


def digits_of(value: float, width: float) -> int:
    """Decimal places: one significant digit of the half-width, at most three significant digits of the value."""
    if not width > 0.0:
        return formatting.after_point(value)
    return max(0, min(-math.floor(math.log10(0.5 * width)), formatting.after_point(value)))


def rounded(value: float, digits: int) -> str:
    text = formatting.number(value, True, digits=digits)
    return text if text.strip("+\u22120.,") else "0"


def limit(value: float) -> str:
    """An upper limit with two significant digits, rounded up so that it is never too small."""
    if not value > 0.0 or not math.isfinite(value):
        return amount(value)
    step = 10.0 ** (math.floor(math.log10(value)) - 1)
    return formatting.plain(step * math.ceil(value / step - 1e-9), 2, ",")
