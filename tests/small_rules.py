"""Rules for tests: each way through a rule on numbers that differ between runs.

Each rule takes floats x and integers i of a run, numbers v that are the same for all runs, and leaves floats in y and integers in j.
"""

from __future__ import annotations

import math

import numpy as np

from proxysim.core.bits import bits_of, float_of
from proxysim.core.jit import compiled

STEP = 2
ODD, SIXTY = np.uint64(0x9E3779B97F4A7C15), np.uint64(60)


@compiled
def _sign_of(a):  # type: ignore[no-untyped-def]
    if a > 0.0:
        return 1
    if a < 0.0:
        return -1
    return 0


@compiled
def _first_above(x, level):  # type: ignore[no-untyped-def]
    for k in range(len(x)):  # type: ignore[no-untyped-def]
        if x[k] > level:
            return k, x[k]
    return -1, level


@compiled
def _add(y, k, amount):  # type: ignore[no-untyped-def]
    if amount < 0.0:
        return
    y[k] += amount


@compiled
def _part(a, b):  # type: ignore[no-untyped-def]
    return a // b


@compiled
def plain_if(x, i, v, y, j):  # type: ignore[no-untyped-def]
    for k in range(len(x)):
        if x[k] > 0.0:
            y[k] = x[k] * 2.0
        else:
            j[k] = 5


@compiled
def plain_elif(x, i, v, y, j):  # type: ignore[no-untyped-def]
    for k in range(len(x)):
        if x[k] > 0.5:
            y[k] = 1.0
        elif x[k] < 0.0:
            y[k] = 2.0
            j[k] += 1
        else:
            y[k] = 3.0


@compiled
def nested_if(x, i, v, y, j):  # type: ignore[no-untyped-def]
    for k in range(len(x)):
        if x[k] >= 0.0:
            if i[k] > 1:
                y[k] = 1.0
            j[k] = i[k]
        y[k] += 0.5


@compiled
def local_of_a_branch(x, i, v, y, j):  # type: ignore[no-untyped-def]
    a = 1.0
    for k in range(len(x)):
        if x[k] > 0.0:
            a += x[k]
        y[k] = a


@compiled
def plain_continue(x, i, v, y, j):  # type: ignore[no-untyped-def]
    for k in range(len(x)):
        if x[k] < 0.0:
            continue
        y[k] = 1.0
        j[k] = k


@compiled
def plain_break(x, i, v, y, j):  # type: ignore[no-untyped-def]
    for k in range(len(x)):
        if x[k] < 0.0:
            break
        y[k] = 1.0
    y[0] += 10.0


@compiled
def break_of_an_inner_loop(x, i, v, y, j):  # type: ignore[no-untyped-def]
    for k in range(len(x)):
        for m in range(len(x)):
            if i[m] == k:
                break
            y[k] += x[m]
        j[k] = k


@compiled
def continue_and_break(x, i, v, y, j):  # type: ignore[no-untyped-def]
    for k in range(len(x)):
        if i[k] == 0:
            continue
        if x[k] == 3.0:
            break
        j[k] = 1
    j[0] += 7


@compiled
def plain_return(x, i, v, y, j):  # type: ignore[no-untyped-def]
    for k in range(len(x)):
        if x[k] == 3.0:
            y[k] = -1.0
            return
        y[k] = 1.0
    j[0] = 1


@compiled
def plain_while(x, i, v, y, j):  # type: ignore[no-untyped-def]
    a = abs(x[0])
    while a > 0.25 and a < 1e9:
        a *= 0.5
        j[0] += 1
    y[0] = a


@compiled
def while_with_break(x, i, v, y, j):  # type: ignore[no-untyped-def]
    a = 0
    while True:
        if a >= min(i[0], 9):
            break
        a += 1
    j[0] = a


@compiled
def while_that_only_breaks(x, i, v, y, j):  # type: ignore[no-untyped-def]
    c = 0
    while len(x) > 0:
        c += 1
        if x[0] < float(c) or c > 5:
            break
    j[0] = c


@compiled
def break_after_what_counts(x, i, v, y, j):  # type: ignore[no-untyped-def]
    c = 0
    for _ in range(6):
        c += 1
        if x[0] < float(c):
            break
    j[0] = c


@compiled
def range_of_a_run(x, i, v, y, j):  # type: ignore[no-untyped-def]
    for k in range(min(i[0], len(x))):
        y[k] = 1.0
        j[0] += k


@compiled
def call(x, i, v, y, j):  # type: ignore[no-untyped-def]
    for k in range(len(x)):
        j[k] = _sign_of(x[k])


@compiled
def call_that_returns_from_a_loop(x, i, v, y, j):  # type: ignore[no-untyped-def]
    for k in range(3):
        j[k], y[k] = _first_above(x, float(k))


@compiled
def call_that_writes(x, i, v, y, j):  # type: ignore[no-untyped-def]
    for k in range(len(x)):
        if i[k] > 0:
            _add(y, k, x[k])


@compiled
def call_that_writes_in_a_loop(x, i, v, y, j):  # type: ignore[no-untyped-def]
    for k in range(len(x)):
        for m in range(i[k]):
            if m > 2:
                break
            _add(y, k, x[k])


@compiled
def cases(x, i, v, y, j):  # type: ignore[no-untyped-def]
    for k in range(len(x)):
        y[k] = 1.0 if x[k] > 0.0 else 2.0 if i[k] > 1 else x[k]
        y[k] += x[k] if i[k] > 0 else 0.0
        j[k] = 1 if i[k] > 0 else 2


@compiled
def smallest_and_largest(x, i, v, y, j):  # type: ignore[no-untyped-def]
    for k in range(len(x)):
        y[k] = min(x[k], 0.0, float(i[k]))
        j[k] = max(i[k], k)
    y[0] = max(x[0], -0.0)
    y[1] = max(-0.0, x[1])


@compiled
def both_zeros(x, i, v, y, j):  # type: ignore[no-untyped-def]
    for k in range(len(x)):
        y[k] = -x[k] if x[k] == 0.0 else abs(x[k])
        j[k] = int(x[k] == 0.0) - int(x[k] != 0.0)


@compiled
def quotients(x, i, v, y, j):  # type: ignore[no-untyped-def]
    for k in range(len(x)):
        j[k] = i[k] // 3 + 100 * (i[k] % 3) + 1000 * (-i[k] // STEP)


@compiled
def quotient_that_is_guarded(x, i, v, y, j):  # type: ignore[no-untyped-def]
    for k in range(len(x)):
        if i[k] != 0:
            j[k] = 7 // i[k] + 7 % i[k]


@compiled
def quotient_that_is_guarded_in_a_call(x, i, v, y, j):  # type: ignore[no-untyped-def]
    for k in range(len(x)):
        if i[k] != 0:
            j[k] = _part(7, i[k])


@compiled
def quotient_in_a_case(x, i, v, y, j):  # type: ignore[no-untyped-def]
    for k in range(len(x)):
        j[k] = 7 // i[k] if i[k] != 0 else -1
        if i[k] != 0 and 7 // i[k] > 1:
            y[k] = 1.0


@compiled
def division_by_zero(x, i, v, y, j):  # type: ignore[no-untyped-def]
    for k in range(len(x)):
        if x[k] != 0.0:
            y[k] = 1.0 / x[k]


@compiled
def bits(x, i, v, y, j):  # type: ignore[no-untyped-def]
    for k in range(len(x)):
        j[k] = ((i[k] << 3) ^ 5) + (i[k] >> 1) - (i[k] & 7 | 2)
        y[k] = float_of(bits_of(x[k]) ^ 1)


@compiled
def exact_functions(x, i, v, y, j):  # type: ignore[no-untyped-def]
    for k in range(len(x)):
        if abs(x[k]) < 100.0:
            j[k] = math.floor(x[k]) + 10 * math.ceil(x[k]) + 100 * int(x[k])
            y[k] = math.sqrt(math.fabs(x[k]))


@compiled
def integer_of_a_large_number(x, i, v, y, j):  # type: ignore[no-untyped-def]
    for k in range(len(x)):
        if x[k] < 1e6:
            j[k] = int(x[k] * 3.0)


@compiled
def chains(x, i, v, y, j):  # type: ignore[no-untyped-def]
    for k in range(len(x)):
        if -1.0 <= x[k] < 3.0 and not (i[k] == 2 or i[k] == k):
            j[k] = 1
        y[k] = float(x[k] > 0.0) + float(not x[k] > 0.0) * 2.0


@compiled
def sums_in_order(x, i, v, y, j):  # type: ignore[no-untyped-def]
    a = 1e300
    for k in range(len(x)):
        a += x[k]
        a -= 1e300 if k % 2 == 1 else 0.0
    y[0] = a


@compiled
def swap(x, i, v, y, j):  # type: ignore[no-untyped-def]
    a, b = x[0], x[1]
    if i[0] > 1:
        a, b = b, a
    y[0], y[1] = a, b


@compiled
def same_for_all_runs(x, i, v, y, j):  # type: ignore[no-untyped-def]
    a = 0.0
    for k in range(len(v)):
        if v[k] > 0.0:
            a += v[k]
            continue
        if x[k] > 0.0:
            y[k] = a
    y[0] += a


@compiled
def name_used_again(x, i, v, y, j):  # type: ignore[no-untyped-def]
    for k in range(3):
        a = x[k]
        if a > 0.0:
            y[k] = a
    for k in range(3, 6):
        a = float(k)
        y[k] = a + x[0]


@compiled
def local_of_a_loop_afterwards(x, i, v, y, j):  # type: ignore[no-untyped-def]
    last = -1
    for k in range(len(x)):
        if x[k] < 0.0:
            break
        last = k
    j[0] = last
    for m in range(4):
        j[1] += m
    j[2] = m


@compiled
def call_in_a_condition(x, i, v, y, j):  # type: ignore[no-untyped-def]
    for k in range(len(x)):
        if i[k] > 1000000000000000 or _sign_of(x[k]) == 1:
            j[k] = 1
        if i[k] > 0 and _sign_of(x[k]) == -1:
            y[k] = 1.0


@compiled
def local_kept_from_visit_to_visit(x, i, v, y, j):  # type: ignore[no-untyped-def]
    for k in range(len(x)):
        if x[k] > 0.0 or k == 0:
            if k == 0:
                a = 0.0
            a += 1.0
            y[k] = a


@compiled
def value_of_a_branch(x, i, v, y, j):  # type: ignore[no-untyped-def]
    for k in range(len(x)):
        if x[k] > 0.0:
            if i[k] > 1:
                a = 1.0
            else:
                a = 2.0
        else:
            a = 3.0
        if i[k] < 5:
            y[k] = a


@compiled
def not_a_number(x, i, v, y, j):  # type: ignore[no-untyped-def]
    a = 1e300 * 1e300 - 1e300 * 1e300
    for k in range(len(x)):
        b = a if i[k] > 1 else x[k]
        j[k] = int(b < 1.0) + 2 * int(b <= 1.0) + 4 * int(b > 1.0) + 8 * int(b >= 1.0) + 16 * int(b == 1.0) + 32 * int(b != 1.0)
        y[k] = float(b != 0.0) + float(min(b, 1.0) < 2.0) * 2.0 + float(max(1.0, b) > 0.0) * 4.0


@compiled
def signs_of_integers(x, i, v, y, j):  # type: ignore[no-untyped-def]
    for k in range(len(x)):
        j[k] = (i[k] >> 1) + 10 * abs(i[k]) + 100 * (-i[k])
        y[k] = float(i[k]) + float(i[k] < 2)


@compiled
def chains_of_both(x, i, v, y, j):  # type: ignore[no-untyped-def]
    for k in range(len(x)):
        if 1 <= k < i[k]:
            j[k] = 1
        if -1.0 <= x[k] < v[k] and 0 < k < 5:
            y[k] = 1.0
        y[k] += float(i[k] >= k > 2)


@compiled
def _sign_within(y, k, a, b):  # type: ignore[no-untyped-def]
    if a >= 0.0:
        if b > 1:
            y[k] += 1.0
            return 1
        y[k] += 2.0
    y[k] += 4.0
    return 2


@compiled
def return_within_a_branch(x, i, v, y, j):  # type: ignore[no-untyped-def]
    for k in range(len(x)):
        j[k] = _sign_within(y, k, x[k], i[k])


@compiled
def quotients_by_numbers_below_zero(x, i, v, y, j):  # type: ignore[no-untyped-def]
    for k in range(len(x)):
        if i[k] != 0:
            j[k] = (7 * k - 20) // i[k] + 100 * ((7 * k - 20) % i[k])
        y[k] = float((3 * k - 7) // -3 + 100 * ((3 * k - 7) % -3))


@compiled
def integers_of_floats_of_all_runs(x, i, v, y, j):  # type: ignore[no-untyped-def]
    for k in range(len(v)):
        j[k] = int(3.0 * v[k]) + 100 * math.floor(3.0 * v[k]) + 10000 * math.ceil(-3.0 * v[k])
        y[k] = float(v[k] < 0.0) + float(k - 3)


@compiled
def conditions_compared(x, i, v, y, j):  # type: ignore[no-untyped-def]
    for k in range(len(x)):
        j[k] = int((x[k] > 0.0) > (i[k] > 1)) + 2 * int((x[k] > 0.0) == (k > 2)) + 4 * int((v[k] > 0.0) <= (i[k] < 3))


@compiled
def _noted(j, k, a):  # type: ignore[no-untyped-def]
    j[k] += 1
    return 2.0 * a


@compiled
def call_that_writes_in_a_case(x, i, v, y, j):  # type: ignore[no-untyped-def]
    for k in range(len(x)):
        if i[k] < 5:
            y[k] = _noted(j, k, x[k]) if x[k] > 0.0 else 1.0
            y[k] += 1.0 if i[k] > 1 else _noted(j, k, 5.0)


@compiled
def call_that_writes_in_a_condition(x, i, v, y, j):  # type: ignore[no-untyped-def]
    for k in range(len(x)):
        if i[k] < 5:
            if x[k] > 0.0 and _noted(j, k, x[k]) > 1.5:
                y[k] = 1.0
            if i[k] > 1 or _noted(j, k, x[k]) > 1.0 or k < 2:
                y[k] += 2.0


@compiled
def value_of_the_round_before(x, i, v, y, j):  # type: ignore[no-untyped-def]
    a, b = 1.0, 0
    for k in range(len(x)):
        y[k] = a
        j[k] = b
        a = x[k]
        if x[k] > 0.0:
            b = i[k]


@compiled
def _halvings(a):  # type: ignore[no-untyped-def]
    n = 0
    while a > 1.0:
        a *= 0.5
        n += 1
    return n


@compiled
def while_that_would_not_end_for_others(x, i, v, y, j):  # type: ignore[no-untyped-def]
    for k in range(len(x)):
        a = x[k] * 1e200
        if a < 1e250:
            j[k] = _halvings(a)


@compiled
def _parts(x, y):  # type: ignore[no-untyped-def]
    third = x[2]
    row = x[1, 2]
    last = y[3]
    for k in range(x.shape[0]):
        for m in range(x.shape[2]):
            y[k, m] = third[1, m] + 0.25 * x[k, 2, m] - row[m]
    for m in range(len(last)):
        if last[m] > 200.0:
            last[m] += third[m, 0]


@compiled
def value_before_a_break(x, i, v, y, j):  # type: ignore[no-untyped-def]
    a, b = 0.0, 0
    for k in range(len(x)):
        a = x[k]
        if a < 0.0:
            break
    y[0] = a
    while b < 5:
        b += 1
        if b > i[0]:
            break
    j[0] = b


@compiled
def keys(x, i, v, y, j):  # type: ignore[no-untyped-def]
    for k in range(len(x)):
        key = np.uint64(i[k]) * ODD
        y[k] = float(key) + float(key >> SIXTY)
        j[k] = int(key > ODD) + 2 * int(key == ODD)
