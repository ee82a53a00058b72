"""Each rule against what is known of it: closed forms, balances, folds and zeros."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from tests.worlds import PLAIN, Tables, empty_records, merged, plain_world, world_of

from proxysim.core import vocabulary
from proxysim.core.rules import budgets, fighting, pact, production, regimes, sponsorship, trade
from proxysim.core.vocabulary import A_DECAYED, A_MADE, FUNDING, LOGISTICS
from proxysim.runs import run as single

ROUNDING = 1e-13  # some hundred operations of 1e-16
IDLE: Tables = {
    "ties": {},
    "fronts": {},
    "states": {"north": {"plant": {}, "knowhow": {}}, "south": {"plant": {}, "knowhow": {}}},
}


def replaced(tables: Tables, section: str, entry: str, value: Tables) -> Tables:
    """A copy with one entry of one section put anew."""
    return tables | {section: tables[section] | {entry: value}}


# ---- stocks ------------------------------------------------------------------------------------------


def test_decay__is_geometric() -> None:
    """A stock that nothing else touches is s0 (1 - d)^t."""
    run = single.run(world_of(merged(PLAIN, {"behaviour": {"decay": 0.03}}) | {"ties": {}, "fronts": {}}), 1)
    red = run.world.names["actor"].index("reds")
    rockets = run.world.names["category"].index("rockets")
    months = np.arange(1, 25)
    assert 20 * 0.97**months == pytest.approx(run.history["stock"][:, red, rockets].sum(axis=1), rel=ROUNDING)


def test_decay__and_steady_aid_meet_at_their_balance() -> None:
    """Aid u each month, stored after decay d: u / d + (s0 - u / d)(1 - d)^t."""
    decay, share = 0.05, 0.3
    tables = merged(PLAIN, {
        "behaviour": {"decay": decay, "arms_response": 0, "gate_shift": 5, "gate_slope": 50, "share_inertia": 0},
        "rules": {"allocation": "fixed"}, "fronts": {"war": None},
        "legs": {"first": {"detection": 0, "months": 0}, "second": {"detection": 0, "limit": 1000}},
        "states": {"north": {"support_share": 0.1, "slack": 0, "reserve": 0, "stock": {"rifles": 1e6, "rockets": 1e6}},
                   "south": {"effort": 0}},
    })  # fmt: skip
    del tables["behaviour"]["share_inertia"]
    tables["ties"] = {"north -> reds": {"weight": 1, "arms_share": share, "mix": {"rockets": 1}}}
    run = single.run(world_of(tables), 1)
    red, rockets = run.world.names["actor"].index("reds"), run.world.names["category"].index("rockets")
    aid = 100 * 0.1 * share  # income, share of clients, share in arms
    months = np.arange(1, 25)
    expected = aid / decay + (20 - aid / decay) * (1 - decay) ** months
    assert expected == pytest.approx(
        run.history["stock"][:, red, rockets].sum(axis=1), rel=1e-9
    )  # the gate is 1 - 1e-20


@pytest.mark.parametrize("legs", [1, 2, 3, 4])
def test_legs__of_loss_l_let_through_1_minus_l_to_the_k(legs: int) -> None:
    """k legs that each lose the share L deliver (1 - L)^k."""
    loss = 0.23
    places = [f"x{k}" for k in range(legs + 1)]
    tables = PLAIN | {
        "places": {place: {} for place in places},
        "legs": {f"l{k}": {"between": places[k : k + 2], "mode": "sea", "limit": 100, "detection": loss, "months": 0}
                 for k in range(legs)},
        "states": {"north": PLAIN["states"]["north"] | {"home": "x0"}}, "proxies": {"reds": {"home": places[-1]}},
        "ties": {"north -> reds": {"weight": 1}}, "fronts": {},
    }  # fmt: skip
    run = single.run(world_of(tables), 1)
    sent, arrived = run.history["sent"].sum(axis=(1, 2, 3, 4)), run.history["arrived"].sum(axis=(1, 2, 3))
    assert sent.min() > 0.1
    assert sent * (1 - loss) ** legs == pytest.approx(arrived, rel=ROUNDING)


# ---- support -----------------------------------------------------------------------------------------


def softmax(closed: bool = False) -> Any:
    """Shares intended for three like clients of one sponsor; the last tie may be closed."""
    w, p, s, f = empty_records()
    w.actor_count, w.tie_count = 4, 3
    w.tie_from[:3], w.tie_to[:3], s.tie_on[:3] = 0, (1, 2, 3), 1.0
    p.weight[:3], p.support_share[0], f.focus[:4] = 2.0, 0.3, 1.0
    if closed:
        w.actor_regime[3], s.fallen[0] = 0, 5
    sponsorship.intend(w, p, s, f, 6)
    return f


def test_softmax__of_equal_weights_is_equal() -> None:
    """Three like clients share g alike."""
    assert [0.1, 0.1, 0.1] == pytest.approx(list(softmax().target_share[:3]), rel=ROUNDING)


def test_softmax__of_a_closed_tie_goes_home_too() -> None:
    """Each open tie of three keeps u = ln 1/3 beside home: (1/3) / (2/3 + (1 - g) / g); the mass is shared with home."""
    f = softmax(closed=True)
    each = (1 / 3) / (2 / 3 + 0.7 / 0.3)
    assert [each, each, 0.0] == pytest.approx(list(f.target_share[:3]), rel=ROUNDING)
    assert f.usual_share[0] == pytest.approx(2 * each, rel=ROUNDING)
    assert f.usual_share[0] < 0.3


def test_incomes__of_0_transfer_exactly_nothing() -> None:
    """Without income there is no support, in money or in arms."""
    tables = merged(
        PLAIN, {section: {actor: {"income": 0} for actor in PLAIN[section]} for section in ("states", "proxies")}
    )
    run = single.run(world_of(tables), 1)
    for name in ("pledged", "cash", "claim"):
        assert 0.0 == np.abs(run.history[name]).max()
    assert 0.0 == np.abs(run.history["sent"][:, :, vocabulary.SUPPORT]).max()


def test_limits__of_0_deliver_exactly_nothing() -> None:
    """Over legs that take nothing nothing moves."""
    run = single.run(plain_world(legs={"first": {"limit": 0}, "second": {"limit": 0}}), 1)
    for name in ("sent", "arrived", "transit"):
        assert 0.0 == np.abs(run.history[name]).max()


def test_attention__falls_at_once_and_returns_over_three_months() -> None:
    """A war of one month takes .6 at once; a third of the whole comes back a month."""
    w, p, s, f = empty_records()
    w.front_count = 1
    p.burden[0, 0], p.attention_floor, p.attention_recovery[0], s.attention[0] = 0.9, 0.05, 3.0, 1.0
    seen = []
    for intensity in (1.0, 0.0, 0.0, 0.0, 0.0):
        f.front_burden[0] = intensity
        budgets.attention(w, p, s, f, 0)
        seen.append(s.attention[0])
    assert [0.1, 0.1 + 1 / 3, 0.1 + 2 / 3, 1.0, 1.0] == pytest.approx(seen, rel=ROUNDING)
    p.burden[0, 0], f.front_burden[0] = 1.0, 1.0
    budgets.attention(w, p, s, f, 0)
    assert 0.05 == s.attention[0]  # the floor


@pytest.mark.parametrize("above", [-2.0, -0.5, 0.0, 0.5, 2.0])
def test_gate__is_logistic_in_the_tiers_above(above: float) -> None:
    """Half is released of the tier that lies `gate_shift` above the release tier."""
    w, p, s, f = empty_records()
    p.gate_slope, p.gate_shift, p.release_tier[0], p.tier[0] = 4.0, 0.5, 3.0, 3.5 + above
    trade.gates(w, p, s, f, 0)
    assert 1 / (1 + math.exp(4 * above)) == pytest.approx(f.gate[0, 0], rel=ROUNDING)


# ---- the pact ----------------------------------------------------------------------------------------


def pacts(t: int, count: int = 1, ramp: float = 12.0) -> Any:
    """Flows under like pacts of strength .8 and compliance .5, in force from month 3 to 40, between actors 0 and 1."""
    w, p, s, f = empty_records()
    w.actor_count, w.pact_count, w.tie_count = 3, count, 2
    w.tie_from[:2], w.tie_to[:2] = 0, (1, 2)
    w.pact_member[:count, :2] = 1
    p.strength[:], p.compliance[:], p.ramp[:], p.in_force[:], p.until[:] = 0.8, 0.5, ramp, 3, 40
    p.provisions[:, FUNDING], p.provisions[:, LOGISTICS] = 2.0, 0.5
    pact.provisions(w, p, s, f, t)
    return f


@pytest.mark.parametrize(
    ("month", "ramp", "level"),
    [(2, 12, 0), (3, 12, 0), (4, 12, 0.4 / 12), (9, 12, 0.2), (15, 12, 0.4), (39, 12, 0.4), (40, 12, 0), (3, 0, 0.4)],
)
def test_pact__rises_in_a_straight_line_to_its_full_level(month: int, ramp: float, level: float) -> None:
    """level = strength compliance (t - in force) / ramp, at most its full size, and 0 from `until` on."""
    assert level == pytest.approx(pacts(month, ramp=ramp).pact_level[0], rel=ROUNDING)


def test_pacts__over_one_pair_join() -> None:
    """Two pacts act as 1 - (1 - x)^2, and funding as (1 + x)^2 - 1; who is no member has nothing."""
    f = pacts(20, count=2)
    assert 1 - 0.8**2 == pytest.approx(f.pact_actor[LOGISTICS, 0], rel=ROUNDING)
    assert 1.8**2 - 1 == pytest.approx(f.pact_actor[FUNDING, 1], rel=ROUNDING)
    assert 1.8**2 - 1 == pytest.approx(f.pact_tie[FUNDING, 0], rel=ROUNDING)
    assert (0.0, 0.0) == (f.pact_actor[FUNDING, 2], f.pact_tie[FUNDING, 1])


# ---- fighting ----------------------------------------------------------------------------------------


def after_a_month(form: int, one: float, two: float, rate: float, guerrilla: int = 1) -> tuple[float, float]:
    """Strengths of two sides after a month."""
    of_one, of_two = fighting.attrition_of_month(form, one, two, rate, guerrilla)
    return one * (1.0 - of_one), two * (1.0 - of_two)


def months_of(
    form: int, one: float, two: float, rate: float, count: int, guerrilla: int = 1
) -> list[tuple[float, float]]:
    """Both sides month by month."""
    seen = [(one, two)]
    for _ in range(count):
        seen.append(after_a_month(form, *seen[-1], rate, guerrilla))
    return seen


def test_square_law__has_its_closed_form() -> None:
    """A = A0 cosh rt - B0 sinh rt, and A^2 - B^2 is constant."""
    one, two, rate = 100.0, 80.0, 0.1
    for t, (a, b) in enumerate(months_of(fighting.SQUARE, one, two, rate, 10)):
        assert one * math.cosh(rate * t) - two * math.sinh(rate * t) == pytest.approx(
            a, rel=1e-12
        )  # differences of like numbers
        assert two * math.cosh(rate * t) - one * math.sinh(rate * t) == pytest.approx(b, rel=1e-12)
        assert one * one - two * two == pytest.approx(a * a - b * b, rel=1e-12)


@pytest.mark.parametrize("swapped", [False, True])
def test_square_law__ends_in_extinction_with_the_invariant_left(swapped: bool) -> None:
    """The weaker side dies out and the stronger keeps sqrt(A0^2 - B0^2)."""
    sides = (80.0, 100.0) if swapped else (100.0, 80.0)
    last = months_of(fighting.SQUARE, *sides, 0.3, 40)[-1]
    assert (60.0, 0.0) == pytest.approx(last[::-1] if swapped else last, rel=1e-12)


def test_linear_law__has_its_closed_form() -> None:
    """dA/dt = dB/dt = -c A B with A - B = D: A / B = (A0 / B0) exp(c D t), within a month."""
    for one, two in ((100.0, 80.0), (80.0, 100.0), (1.0, 1e6)):
        a, b = after_a_month(fighting.LINEAR, one, two, 0.4, 1)
        c = 0.4 / (one + two)
        assert one - two == pytest.approx(a - b, rel=1e-12)
        assert math.log(one / two) + c * (one - two) == pytest.approx(math.log(a / b), rel=1e-9)  # logs of nearly 1
    a, b = after_a_month(fighting.LINEAR, 50.0, 50.0, 0.4, 1)
    assert (50 / 1.2, 50 / 1.2) == pytest.approx((a, b), rel=ROUNDING)


@pytest.mark.parametrize("guerrilla", [1, 2])
def test_guerrilla_law__keeps_its_invariant(guerrilla: int) -> None:
    """dG/dt = -c G C and dC/dt = -r G keep C^2 / 2 - (r / c) G, and follow an independent integrator."""
    hidden, seen, rate = 40.0, 90.0, 0.3
    c = rate / (hidden + seen)
    sides = (hidden, seen) if guerrilla == 1 else (seen, hidden)
    left = after_a_month(fighting.GUERRILLA, *sides, rate, guerrilla)
    g, v = left if guerrilla == 1 else left[::-1]
    assert seen**2 / 2 - rate / c * hidden == pytest.approx(v**2 / 2 - rate / c * g, rel=1e-5)  # midpoint, 64 steps
    exact = solve_ivp(lambda _, y: [-c * y[0] * y[1], -rate * y[0]], (0, 1), [hidden, seen], rtol=1e-10, atol=1e-10).y[
        :, -1
    ]
    assert list(exact) == pytest.approx([g, v], rel=1e-6)


def test_contest__loses_by_the_enemys_part() -> None:
    """Each side loses rate times the part of the other in both."""
    assert (100 * (1 - 0.2 * 0.25), 100 / 3 * (1 - 0.2 * 0.75)) == pytest.approx(
        after_a_month(fighting.CONTEST, 100.0, 100 / 3, 0.2, 1), rel=ROUNDING
    )


# ---- production and knowhow --------------------------------------------------------------------------


@pytest.mark.parametrize("learning", [0.0, 0.32, 1.0])
def test_wright__cost_falls_by_its_slope(learning: float) -> None:
    """Twice the cumulative output makes a unit 2^-learning as dear."""
    w, p, s, f = empty_records()
    p.unit_cost[0], p.learning[0], p.cumulative[0, 0] = 3.0, learning, 10.0
    for doubled in range(6):
        s.cumulative[0, 0] = 10.0 * 2**doubled
        production.costs(w, p, s, f, 0)
        assert 3 * 2 ** (-learning * doubled) == pytest.approx(f.unit_cost_now[0, 0], rel=ROUNDING)


def catch_up(exponential: int, start: float, rate: float, months: int) -> list[float]:
    """Knowhow of a receiver whose sender stands at .9."""
    w, p, s, f = empty_records()
    w.actor_count, w.tie_count, w.exponential = 2, 1, exponential
    w.tie_from[0], w.tie_to[0] = 0, 1
    p.technology_rate[0], p.knowhow_floor = rate, 0.03
    s.knowhow[0, 0], s.knowhow[1, 0] = 0.9, start
    seen = []
    for t in range(months):
        production.learn(w, p, s, f, t)
        seen.append(s.knowhow[1, 0])
    return seen


def test_catch_up__lies_on_the_logistic_curve() -> None:
    """k = F / (1 + (F / k0 - 1) exp(-r t))."""
    expected = 0.9 / (1 + (0.9 / 0.05 - 1) * np.exp(-0.11 * np.arange(1, 101)))
    assert expected == pytest.approx(catch_up(0, 0.05, 0.11, 100), rel=1e-12)


def test_catch_up__lies_on_the_exponential_curve() -> None:
    """k = F - (F - k0) exp(-r t)."""
    expected = 0.9 - (0.9 - 0.05) * np.exp(-0.11 * np.arange(1, 101))
    assert expected == pytest.approx(catch_up(1, 0.05, 0.11, 100), rel=1e-12)


def test_catch_up__begins_from_nothing_by_the_floor() -> None:
    """Without knowhow the floor stands for it: dk/dt = r floor (F - k) / F."""
    assert 0.9 - 0.9 * math.exp(-0.11 * 0.03 / 0.9) == pytest.approx(catch_up(0, 0.0, 0.11, 1)[0], rel=1e-12)


def test_making__is_the_least_of_plant_money_and_room() -> None:
    """What is made in the plain world is plant times knowhow while money and room are there."""
    run = single.run(plain_world(), 1)
    south, rockets = run.world.names["actor"].index("south"), run.world.names["category"].index("rockets")
    assert 50 * 0.9 == pytest.approx(run.history["made"][0, south, rockets], rel=ROUNDING)
    assert 50 * 0.9 == pytest.approx(run.history["arms"][0, south, rockets, :, A_MADE].sum(), rel=ROUNDING)
    assert run.history["arms"][..., A_DECAYED].max() > 0


# ---- regimes -----------------------------------------------------------------------------------------


def months_to_fall(start: float, forcing: float, speed: float, most: int) -> int | None:
    """Month in which stability is first below 0, counted from 1."""
    x = start
    for month in range(1, most + 1):
        x = regimes.month_of_stability(x, forcing, speed)
        if x < 0:
            return month
    return None


@pytest.mark.parametrize("speed", [2.0, 3.0, 5.0])
def test_fold__stands_on_one_side_and_falls_on_the_other(speed: float) -> None:
    """The fold is at -2 / (3 sqrt 3) = -.3849 at every speed; just past it the fall takes about 70 / speed months."""
    assert months_to_fall(1.15, -0.38, speed, 5000) is None
    assert months_to_fall(1.15, -0.3848, speed, 5000) is None
    late = months_to_fall(1.15, -0.39, speed, 200)
    assert late is not None
    exact = fall_time(1.15, -0.39) / speed
    assert 0 <= late - exact <= 1 + 1e-2  # whole months; the fold is passed so slowly that steps show a little
    assert late == pytest.approx(fall_time(1.15, -0.39) / speed, abs=1.01)


@pytest.mark.parametrize("speed", [2.0, 3.0, 5.0])
def test_fold__well_past_it_a_regime_falls_soon(speed: float) -> None:
    """At -.5 the fall takes about 5 / speed months."""
    assert math.ceil(fall_time(1.15, -0.5) / speed) == months_to_fall(1.15, -0.5, speed, 100)
    assert 5.0 == pytest.approx(fall_time(1.15, -0.5), rel=0.25)


def fall_time(start: float, forcing: float) -> float:
    """Time from `start` to 0 at speed 1: the integral of dx / (x^3 - x - forcing), by an independent rule."""
    grid = np.linspace(0, start, 400_001)
    return float(np.trapezoid(1 / (grid**3 - grid - forcing), grid))


def test_regime__falls_once_and_what_it_held_goes_to_named_shares() -> None:
    """After the fall the month stays, the state has no arms, plant or revenue, and nothing more happens to it."""
    run = single.run(plain_world(regimes={"r": {"state": "north", "own_strength": 0.2, "pressure": 2, "speed": 5}}), 1)
    month, north = int(run.history["fallen"][0]), run.world.names["actor"].index("north")
    assert 0 <= month < 20
    stability = run.history["regime_stability"][:, 0]
    assert (stability[:month] >= 0).all() and stability[month] < 0
    assert (stability[month:] == stability[month]).all()
    assert 0.0 == run.history["stock"][month:, north].max()
    assert 0.0 == run.history["plant"][month:, north].max()
    assert 0.0 == run.history["revenue"][month + 1 :, north].max()
    lost = [run.history["arms"][:, north, :, :, line].sum(axis=(1, 2)) for line in
            (vocabulary.A_DESTROYED, vocabulary.A_SURRENDERED, vocabulary.A_LEAKED, vocabulary.A_ABANDONED)]  # fmt: skip
    assert [[month]] * 4 == [np.nonzero(part)[0].tolist() for part in lost]
    assert [0.3, 0.3, 0.1, 0.3] == pytest.approx(
        [float(part[month] / sum(p[month] for p in lost)) for part in lost], rel=ROUNDING
    )
