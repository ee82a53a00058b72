"""Variance of an answer divided among form, parameters and random variation, from forms that are crossed with draws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from proxysim.statistics.intervals import FEWEST, LEVEL, ratio_interval
from proxysim.statistics.paired import DUST

Array = np.ndarray[Any, Any]
#: What the variance is divided among.
SOURCES = ("form", "parameters", "random variation")
#: Components of the variance: three that vary alone, and two interactions.
COMPONENTS = ("form", "parameters", "form and parameters", "random variation", "form and random variation")
#: Fewest draws for which variances between draws can be estimated again without one of them.
FEWEST_DRAWS = 3


@dataclass(frozen=True)
class CrossedShares:
    """Components of the variance of some answers, and the shares of form, parameters and random variation.

    Attributes
    ----------
    components : variance components in the order of `COMPONENTS`, in the square of the unit, shape ``(component, answer)``
    share : share of each of `SOURCES` in the variance, shape ``(source, answer)``; they sum to 1. NaN if the variance is 0. By
        sampling error, a small share can be estimated below 0
    low, high : ends of the confidence interval of `share`; NaN if the source changes the answer in fewer than five draws
    differing : number of draws in which forms differ, in which parameters move the mean answer, and in which runs differ,
        shape ``(source, answer)``
    """

    components: Array
    share: Array
    low: Array
    high: Array
    differing: Array

    @property
    def variance(self) -> Array:
        """Variance of each answer over forms, parameters and random variation, shape ``(answer,)``."""
        return np.asarray(self.components.sum(axis=0))


def crossed_shares(answers: Array, level: float = LEVEL, seed: int = 0) -> CrossedShares:
    """Divide the variance of some answers among form, parameters and random variation.

    The forms are all that there are, each equally likely; draws of the parameters are a sample, and so are the runs of a draw.
    Run r of draw d has the same parameters and the same random numbers in every form. The answer is the sum of the overall
    mean, an effect of the form, one of the draw, one of the run within the draw, and the interactions of the form with both.
    The variances of these terms are estimated without bias from the mean squares of the crossed analysis of variance:

    - form: squares of the mean deviations of the forms, of which products of different draws are unbiased estimates,
    - parameters: variance between draws of the mean over forms, without what the runs of a draw contribute to it,
    - form and parameters: the same for the deviations of the forms from their mean,
    - random variation, and form and random variation: variances between the runs of a draw.

    An interaction is divided equally between its two sources, which is the Shapley value. What parameters and random numbers
    do together differs between the runs of a draw, and counts as random variation.

    Parameters
    ----------
    answers : answers without NaN, shape ``(form, draw, run, answer)``, with at least three draws of at least two runs
    level : confidence level, a share
    seed : seed of the bootstrap

    Source
    ------
    Searle, Casella & McCulloch 1992, "Variance components", for the estimators; Owen 2014 for shares of interactions.
    Intervals: BCa bootstrap over the draws (Efron 1987) of the jackknife pseudo-values of the components, whose mean is the
    estimate, because all components are U-statistics of the draws (Jing, Yuan & Zhou 2009).

    Examples
    --------
    >>> import numpy as np
    >>> chance = np.random.default_rng(0)
    >>> form, draw = np.array([-1.0, 1.0]).reshape(2, 1, 1, 1), chance.normal(size=(1, 4000, 1, 1))
    >>> noise = chance.normal(size=(1, 4000, 2, 1))
    >>> crossed_shares(form + 2.0 * draw + noise).share[:, 0].round(2)  # the exact shares are 1/6, 4/6 and 1/6
    array([0.16, 0.67, 0.17])
    """
    parts = _parts(answers)
    sources = np.stack([parts[0] + 0.5 * (parts[2] + parts[4]), parts[1] + 0.5 * parts[2], parts[3] + 0.5 * parts[4]])
    wholes = parts.sum(axis=0)
    variance = wholes.mean(axis=0)
    share, low, high = (np.full((len(SOURCES), answers.shape[3]), np.nan) for _ in range(3))
    known = variance > 0.0
    for k, part in enumerate(sources):
        share[k, known] = part[:, known].mean(axis=0) / variance[known]
        low[k, known], high[k, known] = ratio_interval(part[:, known], wholes[:, known], level, seed)
    differing = _differing(answers)
    few = differing < FEWEST
    low[few], high[few] = np.nan, np.nan
    return CrossedShares(parts.mean(axis=1), share, low, high, differing)


def _terms(answers: Array) -> tuple[Array, Array]:
    """Return the mean over forms less the overall mean, (draw, run, answer), and the deviations of the forms from it.

    Rounding errors become 0, so that what changes nothing has exactly 0.
    """
    dust = DUST * np.abs(answers).max(axis=(0, 1, 2), initial=0.0)
    mean = answers.mean(axis=0)
    apart = _cleaned(answers - mean, dust)
    return _cleaned(mean - mean.mean(axis=(0, 1)), dust), apart


def _cleaned(values: Array, dust: Array) -> Array:
    return np.where(np.abs(values) < dust, 0.0, values)


def _parts(answers: Array) -> Array:
    """Return pseudo-values of the components, (component, draw, answer), whose mean over the draws is the estimate."""
    mean, apart = _terms(answers)
    runs = answers.shape[2]
    within, within_forms = mean.var(axis=1, ddof=1), apart.var(axis=2, ddof=1).mean(axis=0)
    between = _of_variance(mean.mean(axis=1))
    of_forms = apart.mean(axis=2)  # (form, draw, answer)
    between_forms = np.mean([_of_variance(one) for one in of_forms], axis=0)
    form = np.mean([_of_square(one) for one in of_forms], axis=0)
    return np.stack([form, between - within / runs, between_forms - within_forms / runs, within, within_forms])


def _of_variance(values: Array) -> Array:
    """Return pseudo-values of the sample variance over draws, (draw, answer)."""
    draws = len(values)
    squares = (values - values.mean(axis=0)) ** 2
    whole = squares.sum(axis=0)
    without = (whole - squares * draws / (draws - 1)) / (draws - 2)
    return np.asarray(draws * whole / (draws - 1) - (draws - 1) * without)


def _of_square(values: Array) -> Array:
    """Return pseudo-values of the mean product of the values of two different draws, which estimates the square of their mean."""
    draws = len(values)
    total, squares = values.sum(axis=0), (values**2).sum(axis=0)
    without = ((total - values) ** 2 - (squares - values**2)) / (draws - 2)
    return np.asarray((total**2 - squares) / (draws - 1) - without)


def _differing(answers: Array) -> Array:
    """Return in how many draws forms differ, the mean answer is moved, and the runs differ, (source, answer)."""
    mean, apart = _terms(answers)
    dust = DUST * np.abs(answers).max(axis=(0, 1, 2), initial=0.0)
    of_draws = mean.mean(axis=1)
    runs = (np.ptp(answers, axis=2) > dust).any(axis=0)
    moved = np.abs(of_draws - np.median(of_draws, axis=0)) > dust
    return np.stack([(apart != 0.0).any(axis=(0, 2)).sum(axis=0), moved.sum(axis=0), runs.sum(axis=0)])
