"""Words for the size of an effect, on one stated scale, which cover both ends of its interval."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from proxysim.statistics.paired import Effect

#: Upper limits of the words, as shares of the reference. Above the last, an effect is strong.
NEGLIGIBLE, SLIGHT, MODERATE = 0.02, 0.05, 0.20
_ADVERBS = ("negligibly", "slightly", "moderately", "strongly")
#: The scale in words, for a note on a page.
SCALE_WORDS = "Scale, relative to the baseline: negligible under 2\u00a0%, slight to 5\u00a0%, moderate to 20\u00a0%, strong above."


class Kind(Enum):
    """What an interval says about an effect."""

    SAME = "exactly the same in every pair"
    UNCHANGED = "the interval lies within the negligible band"
    CHANGED = "detected, and not negligible"
    NEGLIGIBLE = "detected, but negligible"
    UNDETECTED = "the interval includes zero and leaves the negligible band"
    RARE = "so few pairs differ that their count is given in place of an interval"
    UNKNOWN = "there is no interval, because too few pairs were run"


#: Kinds that leave an outcome about where it is.
FLAT = (Kind.SAME, Kind.UNCHANGED, Kind.NEGLIGIBLE)


@dataclass(frozen=True)
class Judgement:
    """An effect on the scale.

    Attributes
    ----------
    effect : the effect
    kind : what its interval says
    adverb : its size, such as "moderately" or "slightly to moderately"; empty unless it is detected
    """

    effect: Effect
    kind: Kind
    adverb: str

    @property
    def at_most(self) -> float:
        """The end of the interval that is farther from zero, without its sign."""
        return max(abs(self.effect.low or 0.0), abs(self.effect.high or 0.0))

    @property
    def is_rise(self) -> bool:
        """Whether the mean difference is above zero."""
        return (self.effect.difference or 0.0) > 0.0


def judged(effect: Effect, reference: float) -> Judgement:
    """Place an effect on the scale.

    Parameters
    ----------
    effect : the effect
    reference : size that counts as 100 %, in the unit of the effect: its baseline, or a least value if that is more
    """
    if effect.same:
        return Judgement(effect, Kind.SAME, "")
    if effect.low is None or effect.high is None:
        return Judgement(effect, Kind.RARE if effect.rare else Kind.UNKNOWN, "")
    band = NEGLIGIBLE * abs(reference)
    inside = -band < effect.low and effect.high < band
    if not effect.detected:
        return Judgement(effect, Kind.UNCHANGED if inside else Kind.UNDETECTED, "")
    ends = sorted((abs(effect.low), abs(effect.high)))
    weak, strong = (_ADVERBS[_step(end, reference)] for end in ends)
    adverb = strong if weak == strong else f"{weak} to {strong}"
    return Judgement(effect, Kind.NEGLIGIBLE if inside else Kind.CHANGED, adverb)


def _step(size: float, reference: float) -> int:
    """Index of the word for a size."""
    share = size / abs(reference) if reference else math.inf
    return sum(share >= limit for limit in (NEGLIGIBLE, SLIGHT, MODERATE))
