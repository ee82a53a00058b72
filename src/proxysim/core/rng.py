"""Random numbers: each is a function of (seed, run, mechanism, id, month) and does not depend on earlier draws.

The generator is Philox4x32-10 (Salmon, Moraes, Dror & Shaw 2011, "Parallel random numbers: as easy
as 1, 2, 3"), which is counter-based and has published test vectors. The seed is the key. Run, mechanism, month
and the 64-bit hash of the id form the counter, so no two draws of a study share a counter.
"""

from __future__ import annotations

import hashlib
import math

import numpy as np

from proxysim.core.elementary import exp, log, log1p, log_gamma
from proxysim.core.jit import compiled

#: Mechanisms that draw random numbers. Their codes are part of the counter and must never change.
(FRONT, EVENT_CHANCE, EVENT_DATE, EVENT_MONTH, INCOME, LEG, CARGO, FORCING, UNKNOWN, CONSIGNMENTS, SEARCH, STRIKES, BLUR,
 SUPPORT, OBSERVATION) = range(1, 16)  # fmt: skip

_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_MASK, _32, _11, _16 = np.uint64(0xFFFFFFFF), np.uint64(32), np.uint64(11), np.uint64(16)


def key_of(text: str) -> int:
    """Return the 64-bit key of an id. Building a world fails if two ids have the same key."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


@compiled
def philox(c0, c1, c2, c3, k0, k1):  # type: ignore[no-untyped-def]
    """Apply ten rounds of Philox4x32 to four 32-bit counter words and two key words, all uint64; return four words."""
    for _ in range(10):
        p0 = _M0 * c0
        p1 = _M1 * c2
        c0, c1, c2, c3 = (p1 >> _32) ^ c1 ^ k0, p1 & _MASK, (p0 >> _32) ^ c3 ^ k1, p0 & _MASK
        k0 = (k0 + _W0) & _MASK
        k1 = (k1 + _W1) & _MASK
    return c0, c1, c2, c3


@compiled
def uniform(seed, run, mechanism, key, month):  # type: ignore[no-untyped-def]
    """Return a number in (0, 1) with 53 random bits; `month` is 0 for draws made once per run."""
    tag = (np.uint64(mechanism) << _16) | np.uint64(month)
    a, b, _, _ = philox(run & _MASK, tag, key & _MASK, key >> _32, seed & _MASK, seed >> _32)
    return (float(((a << _32) | b) >> _11) + 0.5) * 1.1102230246251565e-16


@compiled
def uniforms_into(seed, runs, mechanism, keys, result):  # type: ignore[no-untyped-def]
    """Store `uniform` at month 0 for each run and its key in `result`, all (value,)."""
    for i in range(len(runs)):
        result[i] = uniform(seed, runs[i], mechanism, keys[i], 0)


@compiled
def normal(seed, run, mechanism, key, month):  # type: ignore[no-untyped-def]
    """Return a standard normal number: the quantile at `uniform` (Wichura 1988, AS 241, PPND16)."""
    return normal_quantile(uniform(seed, run, mechanism, key, month))


@compiled
def normal_quantile(u):  # type: ignore[no-untyped-def]
    """Return the standard normal quantile for 0 < u < 1, accurate to about 1e-16 (Wichura 1988, AS 241)."""
    q = u - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        top = ((((((2.5090809287301226727e3 * r + 3.3430575583588128105e4) * r + 6.7265770927008700853e4) * r
               + 4.5921953931549871457e4) * r + 1.3731693765509461125e4) * r + 1.9715909503065514427e3) * r
               + 1.3314166789178437745e2) * r + 3.3871328727963666080e0  # fmt: skip
        low = ((((((5.2264952788528545610e3 * r + 2.8729085735721942674e4) * r + 3.9307895800092710610e4) * r
               + 2.1213794301586595867e4) * r + 5.3941960214247511077e3) * r + 6.8718700749205790830e2) * r
               + 4.2313330701600911252e1) * r + 1.0  # fmt: skip
        return q * top / low
    r = u if q < 0.0 else 1.0 - u
    r = math.sqrt(-log(r))
    if r <= 5.0:
        r -= 1.6
        top = ((((((7.74545014278341407640e-4 * r + 2.27238449892691845833e-2) * r + 2.41780725177450611770e-1) * r
               + 1.27045825245236838258e0) * r + 3.64784832476320460504e0) * r + 5.76949722146069140550e0) * r
               + 4.63033784615654529590e0) * r + 1.42343711074968357734e0  # fmt: skip
        low = ((((((1.05075007164441684324e-9 * r + 5.47593808499534494600e-4) * r + 1.51986665636164571966e-2) * r
               + 1.48103976427480074590e-1) * r + 6.89767334985100004550e-1) * r + 1.67638483018380384940e0) * r
               + 2.05319162663775882187e0) * r + 1.0  # fmt: skip
    else:
        r -= 5.0
        top = ((((((2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r + 1.24266094738807843860e-3) * r
               + 2.65321895265761230930e-2) * r + 2.96560571828504891230e-1) * r + 1.78482653991729133580e0) * r
               + 5.46378491116411436990e0) * r + 6.65790464350110377720e0  # fmt: skip
        low = ((((((2.04426310338993978564e-15 * r + 1.42151175831644588870e-7) * r + 1.84631831751005468180e-5) * r
               + 7.86869131145613259100e-4) * r + 1.48753612908506148525e-2) * r + 1.36929880922735805310e-1) * r
               + 5.99832206555887937690e-1) * r + 1.0  # fmt: skip
    value = top / low
    return -value if q < 0.0 else value


#: Up to this u, summing from below keeps thirteen digits of 1 - u. Above it the sum runs from the other end, which is slower.
FROM_BELOW = 0.999
#: Larger than any rounding error of a probability.
ROUNDING = 1e-12


@compiled
def binomial_quantile(u, n, p):  # type: ignore[no-untyped-def]
    """Return the smallest k with P(Binomial(n, p) <= k) >= u; it never falls when p or n rises.

    Where u is near 1 the sum runs over the upper tail.
    """
    if n <= 0 or p <= 0.0:
        return 0
    if p >= 1.0:
        return n
    if p > 0.5:  # count the failures instead, which keeps the first term above the smallest float
        return n - _tail(1.0 - u, n, 1.0 - p, True)
    return _tail(u, n, p, False)


@compiled
def _tail(u, n, p, strict):  # type: ignore[no-untyped-def]
    """Return the smallest k with F(k) >= u (`strict`: > u) for p <= 1/2."""
    if u < 1.0 - n * p - ROUNDING:  # (1 - p)^n >= 1 - n p, which decides most draws without an exponential
        return 0
    odds = p / (1.0 - p)
    none = exp(n * log1p(-p))
    if u < none or (u == none and not strict):
        return 0
    if u <= FROM_BELOW and none > 0.0:
        k, term, total = 0, none, none
        while k < n and (total <= u if strict else total < u):
            term *= odds * (n - k) / (k + 1.0)
            k += 1
            total += term
        return k
    # From above, where the sum from below would lose its digits or has no first term: start where the mass is below rounding
    # and go down while the upper tail stays within 1 - u.
    k = min(n, int(n * p + 14.0 * math.sqrt(n * p * (1.0 - p)) + 40.0))
    log_term = (log_gamma(n + 1.0) - log_gamma(k + 1.0) - log_gamma(n - k + 1.0)
                + k * log(p) + (n - k) * log1p(-p))  # fmt: skip
    term, above, rest = exp(log_term), 0.0, 1.0 - u
    while k > 0 and (above + term < rest if strict else above + term <= rest):
        above += term
        term *= k / ((n - k + 1.0) * odds)
        k -= 1
    return k


#: Above this mean a Poisson number is taken from the normal distribution, which agrees with it to a few thousandths there.
POISSON_EXACT = 400.0


@compiled
def poisson_quantile(u, mean):  # type: ignore[no-untyped-def]
    """Return the smallest k with P(Poisson(mean) <= k) >= u; it never falls when the mean rises up to `POISSON_EXACT`."""
    if mean <= 0.0:
        return 0
    if mean > POISSON_EXACT:
        return int(max(0.0, math.floor(mean + math.sqrt(mean) * normal_quantile(u) + 0.5)))
    k, term = 0, exp(-mean)
    total = term
    while total < u and term > 0.0:
        k += 1
        term *= mean / k
        total += term
    return k


@compiled
def negative_binomial_quantile(u, mean, size):  # type: ignore[no-untyped-def]
    """Return the smallest k with P(K <= k) >= u for a count with a mean and the variance mean + mean^2 / size."""
    if mean <= 0.0:
        return 0
    k, term = 0, exp(-size * log1p(mean / size))
    if term == 0.0:  # only where mean and size are both large, so that the count is nearly normal
        return int(max(0.0, math.floor(mean + math.sqrt(mean + mean * mean / size) * normal_quantile(u) + 0.5)))
    total, odds = term, mean / (mean + size)
    while total < u and term > 0.0:
        k += 1
        term *= odds * (size + k - 1.0) / k
        total += term
    return k


@compiled
def normals_into(values, result):  # type: ignore[no-untyped-def]
    """Store `normal_quantile` of each value in `result`, both (value,)."""
    for i in range(len(values)):
        result[i] = normal_quantile(values[i])


@compiled
def poissons_into(values, means, result):  # type: ignore[no-untyped-def]
    """Store `poisson_quantile` of each value and its mean in `result`, all (value,)."""
    for i in range(len(values)):
        result[i] = float(poisson_quantile(values[i], means[i]))


@compiled
def binomials_into(values, trials, shares, result):  # type: ignore[no-untyped-def]
    """Store `binomial_quantile` of each value, its number of trials and its probability in `result`, all (value,)."""
    for i in range(len(values)):
        result[i] = float(binomial_quantile(values[i], int(trials[i]), shares[i]))


@compiled
def negative_binomials_into(values, means, sizes, result):  # type: ignore[no-untyped-def]
    """Store `negative_binomial_quantile` of each value, its mean and its size in `result`, all (value,)."""
    for i in range(len(values)):
        result[i] = float(negative_binomial_quantile(values[i], means[i], sizes[i]))
