"""Functions of the rules for whole arrays, with the bits that they have in a run."""

from __future__ import annotations

from typing import Any

import numpy as np

from proxysim.core import elementary, kernel, rng
from proxysim.core.memory import empty

Array = np.ndarray[Any, Any]


def exp_each(values: Array) -> Array:
    """Return `elementary.exp` of each value, in the shape of the values."""
    return _each(elementary.exp_into, values)


def log_each(values: Array) -> Array:
    """Return `elementary.log` of each value, in the shape of the values."""
    return _each(elementary.log_into, values)


def power_each(bases: Array | float, exponents: Array) -> Array:
    """Return `elementary.power` of each base and exponent, in the shape that both are broadcast to."""
    return _each(elementary.power_into, *np.broadcast_arrays(bases, exponents))


def uniforms(seed: int, runs: Array, mechanism: int, keys: Array | int) -> Array:
    """Return `rng.uniform` at month 0 for runs, (run,), and one key, or for (key,) and runs, (key, run)."""
    drawn, of = np.broadcast_arrays(np.asarray(runs, np.uint64), np.asarray(keys, np.uint64)[..., np.newaxis])
    return _each(rng.uniforms_into, drawn, of, before=(np.uint64(seed),), between=(mechanism,))


def normal_each(quantiles: Array) -> Array:
    """Return the standard normal number at each quantile in (0, 1), in the shape of the quantiles."""
    return _each(rng.normals_into, quantiles)


def poisson_each(quantiles: Array, means: Array) -> Array:
    """Return the Poisson number at each quantile for its mean, both of the same shape."""
    return _each(rng.poissons_into, quantiles, means)


def binomial_each(quantiles: Array, trials: Array, shares: Array) -> Array:
    """Return the binomial number at each quantile for its number of trials and its probability, all of the same shape."""
    return _each(rng.binomials_into, quantiles, trials, shares)


def negative_binomial_each(quantiles: Array, means: Array, sizes: Array) -> Array:
    """Return the negative binomial number at each quantile for its mean and its size, all of the same shape."""
    return _each(rng.negative_binomials_into, quantiles, means, sizes)


def _each(rule: Any, first: Array, *others: Array, before: tuple[Any, ...] = (), between: tuple[Any, ...] = ()) -> Array:
    """Call a rule that fills its last argument, an array, from other arrays of the same length; numbers go before and after the first."""
    if kernel.name() == kernel.LANES:
        kernel.prepare(kernel.ARRAYS)  # where this fails, numba takes over
    if kernel.name() != kernel.LANES:
        result = np.empty(first.size)
        rule(*before, np.ravel(first), *between, *map(np.ravel, others), result)
        return result.reshape(first.shape)
    lanes = kernel.width()
    groups = -(-first.size // lanes)
    filled = empty(1, groups, lanes)
    kernel.call_for_arrays(rule, (*before, _padded(first, groups, lanes), *between, *(_padded(one, groups, lanes) for one in others), filled), lanes)
    return filled.reshape(-1)[: first.size].reshape(first.shape)


def _padded(values: Array, groups: int, lanes: int) -> Array:
    """Return values as (1, group, lane), with ones after the last."""
    made = empty(1, groups, lanes)
    kept = made.reshape(-1).view(np.uint64 if values.dtype == np.uint64 else np.float64)
    kept[: values.size], kept[values.size :] = np.ravel(values), 1
    return made
