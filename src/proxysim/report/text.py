"""Parts of sentences that both kinds of report use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxysim import formatting

if TYPE_CHECKING:
    from proxysim.statistics.paired import Effect

#: Units as they are written in a sentence.
UNITS = {"index": "points", "USD m / month": "USD m a month", "USD m of arms / month": "USD m of arms a month",
          "share of runs": "of runs", "months": "months"}  # fmt: skip
#: Measures as they are called on a page, where not by their own name.
_CALLED = {"received_arms": "arms arrived", "made": "arms made", "stock": "arms held", "fighting": "fighting index",
           "received_money": "money received", "sent_arms": "arms sent"}  # fmt: skip
#: Values smaller than this are what rounding leaves.
_DUST = 1e-9


def called(measure: str) -> str:
    """What a measure is called on a page."""
    return _CALLED.get(measure, formatting.spaced(measure))


def number(value: float | None, signed: bool = False) -> str:
    """Three significant digits, and "0" for what rounding leaves."""
    return formatting.number(value, signed, dust=_DUST)


def span(low: float | None, high: float | None) -> str:
    """ "+24.9 to +25.7"."""
    return formatting.span(low, high, dust=_DUST)


def difference(effect: Effect) -> str:
    """ "+25.3 (95 % interval +24.9 to +25.7)"."""
    if effect.low is None or effect.high is None:
        return f"{number(effect.difference, True)} (too few pairs for an interval)"
    return f"{number(effect.difference, True)} (95 % interval {span(effect.low, effect.high)})"


def size(effect: Effect) -> str:
    """The size of a difference without its sign: "25.3 (95 % interval 24.9 to 25.7)"."""
    low, high = sorted((abs(effect.low or 0.0), abs(effect.high or 0.0)))
    return f"{number(abs(effect.difference or 0.0))} (95 % interval {number(low)} to {number(high)})"
