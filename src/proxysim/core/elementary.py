"""Elementary functions of the rules, whose bits depend neither on the C library nor on the processor.

The functions of a C library differ in the last bit from one system to another, and the vector functions of NumPy from
one processor to another. These use only operations that IEEE 754 rounds correctly (+, -, *, /, floor and square root),
without fused operations, so that a run has the same bits wherever and however it is computed. They have no tables and,
except for special values, no branches: a processor can compute several runs side by side.

Special values are those of C99: an argument outside the domain gives NaN, an overflow infinity. No function raises an
exception. The errors in the docstrings are the largest that `tests/test_elementary.py` finds against 120-bit
arithmetic, rounded up, in units in the last place (ulp).

Source
------
Reductions and coefficients of fdlibm (Sun Microsystems 1993), after Cody & Waite (1980); sums in two parts after Dekker
(1971); Abramowitz & Stegun (1964), 6.1.15 and 6.1.41, for the gamma function. The polynomial of exp is our own.
"""

from __future__ import annotations

import math

from proxysim.core.bits import bits_of, float_of
from proxysim.core.jit import compiled

LN2 = 0.6931471805599453
#: ln 2 in two parts: an integer up to 2^20 times the first is exact.
LN2_HIGH, LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
PER_LN2 = 1.44269504088896338700
#: Adding this to a number below 2^51 rounds it to an integer, which is then in the last bits of the sum.
ROUNDER = 6755399441055744.0
ROUNDER_BITS = 0x4338000000000000
ONE_BITS = 0x3FF0000000000000
#: Bits of sqrt(1/2) and sqrt(3)/2, the smallest mantissas of a logarithm and of one for a power.
ROOT_1_2_BITS, ROOT_3_4_BITS = 0x3FE6A09E667F3BCD, 0x3FEBB67AE8584CAA
ROOT_3_2 = 1.2247448713915890
#: Sign and exponent of a number; its sign, exponent and first 21 digits, so that the product of two such numbers is exact.
EXPONENT, UPPER = -0x10000000000000, -0x100000000
SMALLEST_NORMAL, TWO_54 = 2.2250738585072014e-308, 18014398509481984.0
#: Below and above these exp is 0 and infinite, and expm1 is -1.
EXP_LEAST, EXP_MOST, EXPM1_LEAST = -746.0, 710.0, -50.0
#: From here on exp(-x) is nothing next to exp(x), and from the second on sinh is infinite.
SINH_WIDE, SINH_MOST = 22.0, 711.0
# exp(r) = 1 + r + r^2 / 2 + r^3 (E3 + E4 r + ...), |r| <= ln(2) / 2: interpolated at Chebyshev nodes; relative error below 2^-59
E3, E4, E5 = 0.16666666666666669, 0.041666666666666664, 0.008333333333330062
E6, E7, E8 = 0.0013888888888886552, 0.00019841269863053618, 2.4801587317144498e-05
E9, E10, E11, E12 = 2.7557268459997064e-06, 2.755728296954995e-07, 2.510038549551032e-08, 2.0911236630261545e-09
# ln(1 + f) = f - f^2 / 2 + s (f^2 / 2 + L1 s^2 + L2 s^4 + ...), s = f / (2 + f); error 2^-58 (fdlibm, e_log)
L1, L2, L3, L4 = 6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01, 2.222219843214978396e-01
L5, L6, L7 = 1.818357216161805012e-01, 1.531383769920937332e-01, 1.479819860511658591e-01
# ln((1 + s) / (1 - s)) = 2 s / 3 (3 + s^2 + W1 s^4 + W2 s^6 + ...) (fdlibm, e_pow)
W1, W2, W3 = 5.99999999999994648725e-01, 4.28571428578550184252e-01, 3.33333329818377432918e-01
W4, W5, W6 = 2.72728123808534006489e-01, 2.30660745775561754067e-01, 2.06975017800338417784e-01
#: 2 / (3 ln 2), log2(3/2) and ln 2 (fdlibm, e_pow), whole and in two parts.
C, C_HIGH, C_LOW = 9.61796693925975554329e-01, 9.61796700954437255859e-01, -7.02846165095275826516e-09
LOG2_3_2_HIGH, LOG2_3_2_LOW = 5.84962487220764160156e-01, 1.35003920212974897128e-08
LN2_UPPER, LN2_REST = 6.93147182464599609375e-01, -1.90465429995776804525e-09
#: Binary exponents below and above which a power is 0 and infinite; a larger exponent than the third changes no power.
POWER_LEAST, POWER_MOST, EXPONENT_MOST = -1080.0, 1030.0, 1e300
# ln Gamma(z) = (z - 1/2) ln z - z + HALF_LN_TWO_PI + G1 / z + G2 / z^3 + ... (Abramowitz & Stegun 6.1.41)
HALF_LN_TWO_PI = 0.9189385332046727
G1, G2, G3, G4 = 1 / 12, -1 / 360, 1 / 1260, -1 / 1680
G5, G6, G7, G8 = 1 / 1188, -691 / 360360, 1 / 156, -3617 / 122400
#: Below this the argument of ln Gamma is raised by 8.
STIRLING = 8.0


@compiled
def _two_to(n):  # type: ignore[no-untyped-def]
    """Return 2^n for an integer from -1022 to 1023."""
    return float_of(ONE_BITS + (n << 52))


@compiled
def _scaled(y, n):  # type: ignore[no-untyped-def]
    """Return y 2^n for n from -2044 to 2046; in two steps, since 2^n alone may overflow, and rounded once."""
    half = n >> 1
    return y * _two_to(half) * _two_to(n - half)


@compiled
def _curved(r):  # type: ignore[no-untyped-def]
    """Return exp(r) - 1 - r for |r| <= ln(2) / 2."""
    t = r * r
    q = t * t
    first, second = (E3 + r * E4) + t * (E5 + r * E6), (E7 + r * E8) + t * (E9 + r * E10)
    return 0.5 * t + (t * r) * (first + q * (second + q * (E11 + r * E12)))


@compiled
def _reduced(x):  # type: ignore[no-untyped-def]
    """Return n, high and low with x = n ln 2 + high - low and |high - low| <= ln(2) / 2."""
    shifted = x * PER_LN2 + ROUNDER
    n = shifted - ROUNDER
    return bits_of(shifted) - ROUNDER_BITS, x - n * LN2_HIGH, n * LN2_LOW


@compiled
def _exp_of(high, low):  # type: ignore[no-untyped-def]
    """Return exp(high - low) for |high - low| <= ln(2) / 2 and a much smaller low."""
    total = 1.0 + high
    return total + (_curved(high - low) + ((high - (total - 1.0)) - low))


@compiled
def exp(x):  # type: ignore[no-untyped-def]
    """Return e^x; error below 0.81 ulp."""
    x = EXP_LEAST if x < EXP_LEAST else x
    x = EXP_MOST if x > EXP_MOST else x
    n, high, low = _reduced(x)
    return _scaled(_exp_of(high, low), n)


@compiled
def expm1(x):  # type: ignore[no-untyped-def]
    """Return e^x - 1, accurate also near 0; error below 0.9 ulp."""
    inside = EXPM1_LEAST if x < EXPM1_LEAST else x
    inside = EXP_MOST if inside > EXP_MOST else inside
    n, high, low = _reduced(inside)
    # 2^n e^r - 1 = 2^n (whole + r + ...), whole = 1 - 2^-n; what the two sums lose is added at the end
    half = n >> 1
    small = _two_to(-half) * _two_to(half - n)
    whole = 1.0 - small
    total = whole + high
    lost = (high - (total - whole)) + (((1.0 - whole) - small) - low)
    value = _scaled(total + (_curved(high - low) + lost), n)
    return x if x == 0.0 else value


@compiled
def sinh(x):  # type: ignore[no-untyped-def]
    """Return (e^x - e^-x) / 2; error below 1.8 ulp."""
    size = abs(x)
    m = expm1(SINH_WIDE if size > SINH_WIDE else size)
    ratio = m / (m + 1.0)
    near = 0.5 * (m + m - m * ratio if size < 1.0 else m + ratio)
    n, high, low = _reduced(SINH_MOST if size > SINH_MOST else size)
    value = _scaled(_exp_of(high, low), n - 1) if size > SINH_WIDE else near
    value = -value if x < 0.0 else value
    return x if x == 0.0 else value


@compiled
def _split(x):  # type: ignore[no-untyped-def]
    """Return n, a float64, and m with x = 2^n m, for x > 0 and m between the roots of 1/2 and 2."""
    small = x < SMALLEST_NORMAL
    bits = bits_of(x * TWO_54 if small else x)
    above = bits - ROOT_1_2_BITS
    n = float_of((above >> 52) + ROUNDER_BITS) - ROUNDER
    return n - 54.0 if small else n, float_of(bits - (above & EXPONENT))


@compiled
def _log_rest(f, more):  # type: ignore[no-untyped-def]
    """Return ln(1 + f) + more - f, for a small number more."""
    s = f / (2.0 + f)
    half = 0.5 * f * f
    z = s * s
    w = z * z
    first, second = (L1 + z * L2) + w * (L3 + z * L4), (L5 + z * L6) + w * L7
    return (s * (half + z * (first + (w * w) * second)) + more) - half


@compiled
def log(x):  # type: ignore[no-untyped-def]
    """Return the natural logarithm; error below 0.9 ulp."""
    n, m = _split(x)
    f = m - 1.0
    value = n * LN2_HIGH + (f + _log_rest(f, n * LN2_LOW))
    inside = 0.0 < x and x < math.inf
    outside = -math.inf if x == 0.0 else math.nan if x < 0.0 else x
    return value if inside else outside


@compiled
def log1p(x):  # type: ignore[no-untyped-def]
    """Return ln(1 + x), accurate also near 0; error below 0.9 ulp."""
    inside = -1.0 < x and x < math.inf and x != 0.0
    u = 1.0 + x if inside else 1.0
    n, m = _split(u)
    near = n == 0.0
    lost = 1.0 - (u - x) if x > 1.0 else x - (u - 1.0)
    f = x if near else m - 1.0
    more = n * LN2_LOW + (0.0 if near else lost / u)
    value = n * LN2_HIGH + (f + _log_rest(f, more))
    outside = -math.inf if x == -1.0 else math.nan if x < -1.0 else x
    return value if inside else outside


@compiled
def _upper(x):  # type: ignore[no-untyped-def]
    """Return the first 21 digits of a number."""
    return float_of(bits_of(x) & UPPER)


@compiled
def _log2_in_two(x):  # type: ignore[no-untyped-def]
    """Return log2(x) for x > 0 as a number of 21 digits and a much smaller one."""
    small = x < SMALLEST_NORMAL
    bits = bits_of(x * TWO_54 if small else x)
    above = bits - ROOT_3_4_BITS
    n = float_of((above >> 52) + ROUNDER_BITS) - ROUNDER
    n = n - 54.0 if small else n
    m = float_of(bits - (above & EXPONENT))
    base = 1.5 if m > ROOT_3_2 else 1.0
    high, low = _two_thirds_log2(m, base)
    shift = base + base - 2.0  # 1 or 0
    fraction, offset = low + LOG2_3_2_LOW * shift, LOG2_3_2_HIGH * shift
    total = _upper(((high + fraction) + offset) + n)
    return total, fraction - (((total - n) - offset) - high)


@compiled
def _two_thirds_log2(m, base):  # type: ignore[no-untyped-def]
    """Return log2(m / base) in two parts, for m / base between the roots of 3/4 and 3/2."""
    inverse = 1.0 / (m + base)
    s = (m - base) * inverse
    s_high, sum_high = _upper(s), _upper(m + base)
    s_low = inverse * (((m - base) - s_high * sum_high) - s_high * (m - (sum_high - base)))
    z = s * s
    w = z * z
    rest = w * (((W1 + z * W2) + w * (W3 + z * W4)) + (w * w) * (W5 + z * W6)) + s_low * (s_high + s)
    square = s_high * s_high
    bracket = _upper(3.0 + square + rest)
    first, second = s_high * bracket, s_low * bracket + (rest - ((bracket - 3.0) - square)) * s
    product = _upper(first + second)
    return C_HIGH * product, C_LOW * product + (second - (product - first)) * C


@compiled
def _exp2_of(high, low):  # type: ignore[no-untyped-def]
    """Return 2^(high + low)."""
    shifted = (high + low) + ROUNDER
    left = high - (shifted - ROUNDER)
    part = _upper(left + low)
    first, second = part * LN2_UPPER, (low - (part - left)) * LN2 + part * LN2_REST
    z = first + second
    lost = second - (z - first)
    total = 1.0 + z
    return _scaled(total + (_curved(z) + ((z - (total - 1.0)) + (lost + z * lost))), bits_of(shifted) - ROUNDER_BITS)


@compiled
def power(x, y):  # type: ignore[no-untyped-def]
    """Return x^y for x >= 0; NaN for x < 0 unless y is 0. Error below 0.8 ulp."""
    high, low = _log2_in_two(x)
    y_inside = -EXPONENT_MOST if y < -EXPONENT_MOST else y
    y_inside = EXPONENT_MOST if y_inside > EXPONENT_MOST else y_inside
    y_high = _upper(y_inside)
    first, second = y_high * high, (y_inside - y_high) * high + y_inside * low
    total = first + second
    inside = POWER_LEAST < total and total < POWER_MOST
    bound = POWER_MOST if total > 0.0 else POWER_LEAST
    value = _exp2_of(first if inside else bound, second if inside else 0.0)
    to_infinity, to_zero = math.inf if y > 0.0 else 0.0, 0.0 if y > 0.0 else math.inf
    value = to_zero if x == 0.0 else to_infinity if x == math.inf else value
    value = value if x >= 0.0 and y == y else math.nan
    return 1.0 if y == 0.0 or x == 1.0 else value


@compiled
def log_gamma(x):  # type: ignore[no-untyped-def]
    """Return ln Gamma(x) for x >= 0, and NaN below 0.

    The series of Stirling at z = x + 8 if x < 8, and at z = x above: ln Gamma(x) = ln Gamma(z) - ln(x (x + 1) ... (z - 1)).
    The error is below 2.3 ulp or 1e-14, whichever is larger: ln Gamma is 0 at 1 and 2.
    """
    low = x < STIRLING
    z = x + 8.0 if low else x
    product = x * (x + 1.0) * (x + 2.0) * (x + 3.0) * (x + 4.0) * (x + 5.0) * (x + 6.0) * (x + 7.0)
    raised = log(product if low else 1.0)
    y = 1.0 / (z if z > 0.0 else 1.0)
    t = y * y
    series = y * (G1 + t * (G2 + t * (G3 + t * (G4 + t * (G5 + t * (G6 + t * (G7 + t * G8)))))))
    value = (z - 0.5) * (log(z) - 1.0) + (((HALF_LN_TWO_PI - 0.5) + series) - raised)
    value = math.inf if x == math.inf else math.nan if x < 0.0 else value
    return 0.0 if x == 1.0 or x == 2.0 else value


@compiled
def exp_into(values, result):  # type: ignore[no-untyped-def]
    """Store `exp` of each value in `result`, both (value,)."""
    for i in range(len(values)):
        result[i] = exp(values[i])


@compiled
def log_into(values, result):  # type: ignore[no-untyped-def]
    """Store `log` of each value in `result`, both (value,)."""
    for i in range(len(values)):
        result[i] = log(values[i])


@compiled
def power_into(bases, exponents, result):  # type: ignore[no-untyped-def]
    """Store `power` of each base and its exponent in `result`, all (value,)."""
    for i in range(len(bases)):
        result[i] = power(bases[i], exponents[i])
