"""Agreement between chains: whether several samples could come from one distribution."""

from __future__ import annotations

from typing import Any

import numpy as np

from proxysim.core.arrays import normal_each

Array = np.ndarray[Any, Any]


def split_rhat(chains: Array) -> Array:
    """Return the rank-normalised split R-hat of some quantities: near 1 if the chains agree.

    Parameters
    ----------
    chains : the quantities in each chain, shape ``(chain, draw, quantity)``; infinite values have a rank, NaN the last one

    Returns
    -------
    array, shape ``(quantity,)`` : the larger of the R-hat of the ranks and of their distances from the median; NaN for a quantity
        that is the same everywhere

    Source
    ------
    Vehtari, Gelman, Simpson, Carpenter & Buerkner 2021.

    Examples
    --------
    >>> import numpy as np
    >>> one = np.random.default_rng(1).normal(size=(4, 500, 1))
    >>> bool(split_rhat(one)[0] < 1.02), bool(split_rhat(one + np.arange(4)[:, None, None])[0] > 1.5)
    (True, True)
    """
    half = chains.shape[1] // 2
    halves = np.concatenate([chains[:, :half], chains[:, -half:]])
    flat = np.nan_to_num(halves.reshape(-1, halves.shape[-1]), nan=np.inf)
    ranks = _scores(flat)
    folded = _scores(np.abs(ranks - np.median(ranks, axis=0)))
    shape = halves.shape
    both = np.stack([_rhat(ranks.reshape(shape)), _rhat(folded.reshape(shape))])
    return np.where(np.isnan(both[0]), np.nan, np.fmax(both[0], both[1]))


def _scores(values: Array) -> Array:
    """Return the normal scores of values within each column; equal values have the mean of their ranks."""
    from scipy.stats import rankdata

    ranks = rankdata(values, axis=0)
    return normal_each((ranks - 0.375) / (len(values) + 0.25))


def _rhat(chains: Array) -> Array:
    """Return the classical R-hat of chains, (chain, draw, quantity)."""
    draws = chains.shape[1]
    within = chains.var(axis=1, ddof=1).mean(axis=0)
    between = chains.mean(axis=1).var(axis=0, ddof=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(within + between > 0.0, np.sqrt((draws - 1) / draws + between / within), np.nan))
