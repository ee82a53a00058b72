"""The arrays of the model: axes, unit and meaning of each, and the record types built from them.

There are four records. Each is a NumPy structured array with fixed-shape fields, with one row per run:

- `World`: actors and their connections (counts, indices, random-number keys);
- `Params`: all numbers of the scenario (`proxysim.core.parameters`), also available as one flat vector;
- `State`: what is carried from month to month; a copy of a row is a checkpoint, a fork or a branch;
- `Flows`: what happened this month; read for analysis, not carried over.

Array sizes are part of a compiled type. Axes are therefore rounded up to a few size classes for the whole world, and
loops run to the true counts. Adding an actor rarely requires recompilation, and results are bit-identical in all
classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from proxysim.core.parameters import PARAMETERS
from proxysim.core.vocabulary import (
    ARMS_LINES,
    CHANNELS,
    CONDITIONS_PER_EVENT,
    COUNTED,
    MEASURES,
    MONEY_LINES,
    PROVISIONS,
    SIZES,
    TRANSIT_LINES,
    WINDOW,
)


@dataclass(frozen=True)
class Field:
    """One array: names of its axes, NumPy kind of its numbers, unit and meaning."""

    name: str
    axes: tuple[str, ...]
    kind: str
    unit: str
    meaning: str


def _fields(kind: str, *rows: tuple[str, str, str, str]) -> tuple[Field, ...]:
    return tuple(Field(name, tuple(axes.split()), kind, unit, meaning) for name, axes, unit, meaning in rows)


WORLD = (
    _fields("i8", *((f"{axis}_count", "", "count", f"true number along the axis {axis}") for axis in COUNTED))
    + _fields("i8",
        ("months", "", "months", "months in the run"),
        ("ring_count", "", "months", "travel time of the longest route plus one"),
        ("is_proxy", "actor", "0/1", "1 for a proxy, 0 for a state"),
        ("actor_regime", "actor", "index", "regime of a state, or -1"),
        ("actor_origin", "actor", "index", "origin of the arms it makes"),
        ("tie_from", "tie", "index", "sender"),
        ("tie_to", "tie", "index", "receiver"),
        ("tie_broker", "tie", "index", "broker, or -1"),
        ("tie_bought", "tie", "0/1", "1 if its sender has no arms of its own at the start, so that it gives only what it buys for its clients"),
        ("tie_bars", "tie", "index", "origin that is not sent over a tie (that of the receiver), or -1"),
        ("tie_back", "tie", "index", "the tie in the opposite direction, or -1"),
        ("route_start", "tie", "index", "first route of a tie"),
        ("route_stop", "tie", "index", "one past its last route"),
        ("route_tie", "route", "index", "tie of a route"),
        ("route_length", "route", "count", "legs of a route"),
        ("route_leg", "route hop", "index", "legs of a route, in order"),
        ("route_months", "route", "months", "travel time, summed over its legs"),
        ("leg_host", "leg", "index", "regime that hosts a leg, or -1"),
        ("leg_front", "leg", "index", "front that endangers a leg, or -1"),
        ("leg_shared", "leg", "0/1", "1 when the limit of a leg is divided among carriers"),
        ("leg_from", "leg", "index", "one of the two places it joins"),
        ("leg_to", "leg", "index", "the other place"),
        ("front_side", "front actor", "0/1/2", "side of an actor: 1 side_a, 2 side_b, 0 none"),
        ("front_guerrilla", "front", "1/2", "side that fights as guerrillas"),
        ("regime_state", "regime", "index", "state of a regime"),
        ("pact_member", "pact actor", "0/1", "1 for a member"),
        ("pact_debtor", "pact", "index", "member that owes reciprocity, or -1 if all do"),
        ("pact_share", "pact", "0/1", "1: reciprocity shares stock in proportion; 0: it is served before the proxies"),
        ("category_shield", "category", "0/1", "1 for air defence"),
        ("components", "", "index", "category of components, or -1"),
        ("other", "", "index", "origin of arms from makers that are not listed"),
        ("event_first", "event", "months", "first month it can occur"),
        ("event_last", "event", "months", "last month it can occur"),
        ("event_front", "event", "index", "front whose balance of sides its hazard follows, or -1"),
        ("event_kind", "event", "0..3", "0: dated or window, once; 1: on conditions, once; 2: monthly hazard, once; 3: off"),
        ("fixed_allocation", "", "0/1", "variant of sponsorship"),
        ("kits", "", "0/1", "variant of production"),
        ("attrition_form", "", "0..3", "variant of attrition: contest, guerrilla, linear, square"),
        ("answers", "", "0/1", "1 if any policy is on"),
        ("exponential", "", "0/1", "variant of technology catch-up"))
    + _fields("u8",
        ("actor_key", "actor", "key", "random-number key"),
        ("front_key", "front", "key", "random-number key"),
        ("event_key", "event", "key", "random-number key"),
        ("leg_key", "leg", "key", "random-number key"),
        ("regime_key", "regime", "key", "random-number key"),
        ("tie_key", "tie", "key", "random-number key"),
        ("cargo_key", "route hop", "key", "random-number key of tie, route and leg"),
        ("policy_key", "policy", "key", "random-number key"))
)  # fmt: skip

_HIDDEN = _fields("f8",
    ("sanctions_fact", "actor", "share", "sanctions already reflected in the income of the file; 0 for potential income"))  # fmt: skip
PARAMS = tuple(Field(p.name, p.axes, "f8", p.kind, p.meaning) for p in PARAMETERS) + _HIDDEN

STATE = (
    _fields("u8", ("seed", "", "key", "seed of the study"), ("run", "", "key", "number of the run"))
    + _fields("f8",
        ("funds", "actor", "USD m", "money available"),
        ("personnel", "actor", "persons", "persons under arms"),
        ("command", "actor", "share", "quality of command"),
        ("attention", "actor", "share", "attention left by its wars, before commitment"),
        ("income_noise", "actor", "log", "random deviation of the log of income"),
        ("search_noise", "actor", "1", "random deviation of the log of an interdictor's effort, in standard deviations"),
        ("stock", "actor category origin", "arms", "arms held"),
        ("plant", "actor category", "arms / month", "arms it could make with full knowhow"),
        ("knowhow", "actor category", "share", "mastery of production"),
        ("cumulative", "actor category", "arms", "cumulative output"),
        ("made_before", "actor window", "arms / month", "output of the last twelve months, by month modulo 12"),
        ("order_average", "actor category", "arms / month", "average of the arms requested from it and used by it"),
        ("tie_share", "tie", "share", "share of the sender's revenue, before the minimum share applies"),
        ("tie_on", "tie", "0/1", "1 while the sender supports the receiver, 0 while its support has ended"),
        ("tie_risk", "tie", "log", "cumulative hazard since support last ended or began, in the deterministic world"),
        ("tie_control", "tie", "share", "control of sender over receiver"),
        ("tie_order", "tie", "arms / month", "average order over a tie"),
        ("owed", "tie", "arms", "arms owed over a tie as payment in kind"),
        ("ring", "tie category origin ring", "arms", "in transit, by month of arrival modulo `ring_count`"),
        ("in_transit", "tie category origin", "arms", "in transit at the end of last month, over all months of arrival"),
        ("belief", "actor leg", "share", "share that a sender expects to lose on a leg"),
        ("patrol", "actor leg", "share", "share of an interdictor's effort on a leg"),
        ("stopped_part", "leg", "count", "part of a consignment lost on a leg that is not yet counted"),
        ("regime_stability", "regime", "1", "stability; the regime falls below 0"),
        ("forcing", "regime", "1", "forcing of last month"),
        ("forcing_noise", "regime", "1", "random part of the forcing of a regime"),
        ("balance_start", "front", "1", "strength of side_a over side_b at the start, if an event follows it; 0 if a side has none"),
        ("balance", "front", "log", "log of that ratio at the end of last month, relative to the start, at most a factor of 100 either way"),
        ("policy_factor", "policy", "factor", "factor that a policy puts on its numbers in the next month"),
        ("policy_error", "policy", "1", "error in what a policy sees, in standard deviations"),
        ("reference", "actor measure", "various", "measures at the start"),
        ("measure", "actor measure", "various", "measures of last month"),
        ("residual", "", "1", "largest relative residual of the books so far"))
    + _fields("i8",
        ("fallen", "regime", "month", "month of fall, or -1"),
        ("revived", "actor", "month", "first month with the fighting index at `revival_level` or more, or -1"),
        ("event_month", "event", "month", "month of the first effect, or NEVER"),
        ("event_held", "condition", "months", "consecutive months for which a condition has held"),
        ("policy_is_on", "policy", "0/1", "1 while a switch is on"),
        ("residual_month", "", "month", "month of the largest residual, or -1"),
        ("residual_account", "", "code", "account of the largest residual"))
    + _fields("f8", ("event_risk", "event", "log", "cumulative hazard so far, in the deterministic world"))
)  # fmt: skip

FLOWS = _fields("f8",
    ("event_chance", "event", "share", "probability with which a monthly hazard occurs this month; 0 if its conditions do not hold or it has occurred"),
    ("event_strength", "event", "share", "strength of an event"),
    ("event_steps", "event", "months", "months over which an event changes carried quantities, or 0 if it does not change them this month"),
    ("front_now", "front", "share", "intensity this month"),
    ("commitment_now", "front actor", "share", "intended engagement"),
    ("front_burden", "front", "share", "intensity that takes attention"),
    ("front_strikes", "front", "share", "intensity of strikes"),
    ("front_use", "front", "share", "intensity that sets the use of arms"),
    ("front_attrition", "front", "share", "intensity that sets losses in fighting"),
    ("front_force", "front actor", "arms", "stock times engagement, before the losses of the month"),
    ("war", "actor", "share", "largest engagement times intensity"),
    ("war_use", "actor", "share", "largest engagement times the intensity that sets the use of arms"),
    ("war_losses", "actor", "share", "largest engagement times the intensity that sets losses in fighting"),
    ("search", "actor", "factor", "effort of an interdictor this month, relative to `effort`"),
    ("pact_level", "pact", "share", "level of a pact this month"),
    ("pact_actor", "provision actor", "factor", "level of each provision for a member"),
    ("pact_tie", "provision tie", "factor", "level of each provision between the two members of a tie"),
    ("owes", "tie", "share", "part of the sender's output owed to the receiver while the receiver is at war"),
    ("owes_first", "actor", "0/1", "1 if an actor serves its reciprocity before its proxies"),
    ("policy_now", "policy", "factor", "factor of a policy this month"),
    ("policy_seen", "policy", "various", "what a policy sees: the change relative to the reference, or in the form `linear` the difference from it"),
    ("policy_wanted", "policy", "factor", "factor that a policy intends for the next month"),
    ("policy_due", "actor", "USD m / month", "cost of the factors that the policies of an actor intend"),
    ("policy_part", "actor", "share", "part of that cost that the actor can pay"),
    ("revenue", "actor", "USD m / month", "income after sanctions"),
    ("focus", "actor", "share", "attention after commitment"),
    ("sanctioned", "actor", "share", "sanctions times exposure, after relief"),
    ("usual_share", "actor", "share", "intended share of revenue for all clients"),
    ("score", "tie", "log", "score of a tie relative to the other ties and to home"),
    ("will", "tie", "log", "willingness, at most 0"),
    ("target_share", "tie", "share", "intended target share of revenue"),
    ("pledged", "tie", "USD m / month", "support pledged, in money and arms"),
    ("arms_part", "tie", "share", "part of support given as arms"),
    ("cash", "tie", "USD m / month", "money sent"),
    ("diverted_part", "tie", "share", "intended part of cash that is diverted"),
    ("claim", "tie category", "arms / month", "support in arms, before the release gate"),
    ("unit_cost_now", "actor category", "USD / USD", "unit cost this month"),
    ("made", "actor category", "arms / month", "output"),
    ("kits_made", "actor category", "arms / month", "planned assembly from components beyond own knowhow"),
    ("idle_money", "actor", "share", "part of feasible output (plant and storage) not made for lack of money"),
    ("idle_components", "actor", "share", "part of feasible output (plant and storage) not made for lack of components"),
    ("made_origin", "actor category origin", "arms / month", "output, by origin of its content"),
    ("built", "actor category", "arms / month", "plant added with a sponsor's help"),
    ("tie_build", "tie", "USD m / month", "cost of the plant that a sponsor would build at its client"),
    ("build_bill", "actor", "USD m / month", "cost of the plant that all sponsors would build at a client"),
    ("build_cut", "actor", "share", "part of that cost that the client can pay"),
    ("adequacy", "actor", "share", "pay paid over pay due"),
    ("want", "actor category", "arms / month", "arms that a buyer at war wants to buy"),
    ("offers_made", "actor category", "arms / month", "offers of a seller over all its ties"),
    ("offers_met", "actor category", "arms / month", "offers to a buyer, limited to what sellers can spare"),
    ("bill", "actor", "USD m / month", "money due for the sales to a buyer, before they are cut to its money"),
    ("money_left", "actor", "USD m", "procurement money not yet spent"),
    ("sale_value", "tie", "USD m / month", "price of the sales over a tie"),
    ("debt_value", "tie", "USD m / month", "reciprocity owed over a tie, before netting with the opposite tie"),
    ("reserved", "actor", "USD m", "money set aside for purchases"),
    ("invested", "actor category", "arms / month", "plant added from own money"),
    ("knowhow_next", "actor category", "share", "knowhow at the end of the month"),
    ("owed_asked", "tie category", "arms / month", "payment in kind requested for shipment"),
    ("intake", "actor", "USD m / month", "revenue, money and arms received, and the value of output"),
    ("order_asked", "actor category", "arms / month", "arms requested from an actor over all its ties, and its own demand"),
    ("stock_all", "actor category", "arms", "stock of all origins before shipping"),
    ("stock_foreign", "actor category", "arms", "stock of foreign origin before shipping"),
    ("ask_common", "actor category origin", "arms / month", "requests for arms of any origin that this origin may help to meet"),
    ("ask_first", "actor category origin", "arms / month", "priority requests that this origin may help to meet"),
    ("ask_foreign", "actor category origin", "arms / month", "requests for arms of foreign origin that this origin may help to meet"),
    ("cut_first", "actor category origin", "share", "part of the priority requests on an origin that is met"),
    ("cut", "actor category origin", "share", "part of the other requests on an origin that is met"),
    ("met", "actor category origin", "share", "part of a request for arms of any origin that this origin meets"),
    ("met_first", "actor category origin", "share", "part of a priority request that this origin meets"),
    ("met_foreign", "actor category origin", "share", "part of a request for arms of foreign origin that this origin meets"),
    ("tie_used", "tie", "0/1", "1 while `sent` of a tie may be above 0"),
    ("tie_ask", "tie", "arms / month", "what a tie would move if routes and money allowed"),
    ("tie_money", "tie", "USD m / month", "value of what a tie would move"),
    ("tie_cost", "tie", "USD m / month", "cost of carriage and commission"),
    ("tie_paid", "tie", "share", "part of that cost that the sender can pay"),
    ("tie_brokered", "tie", "share", "part of the request that its broker can move; 1 without a broker"),
    ("tie_sent", "tie", "arms / month", "arms sent, over all channels, categories and origins"),
    ("tie_moved", "tie", "share", "part of the request that moved"),
    ("broker_ask", "actor", "arms / month", "arms that a broker is asked to move"),
    ("carriage", "actor", "USD m / month", "cost of carriage and commission of a sender over all its ties"),
    ("leg_open", "leg actor", "arms / month", "limit open to a sender"),
    ("leg_leave", "leg actor", "share", "transit leave of a sender on a leg and in the places it joins"),
    ("leg_use", "leg actor", "share", "how far a sender may use a leg: smallest leave along its best route over the leg"),
    ("leg_logistics", "leg", "factor", "largest `logistics` of the senders on a leg, each weighted by how far it may use the leg"),
    ("leg_weight", "leg", "arms / month", "sum of the weights of one tie's routes over a leg, for dividing its limit"),
    ("leg_toll", "leg", "share", "sum of the skims of a leg, before senders and receivers are left out"),
    ("route_toll", "route", "share", "part of a cargo that its broker and others on the way keep, without losses"),
    ("route_survival", "route", "share", "part of a cargo that the sender expects to arrive over a route"),
    ("route_pull", "route", "factor", "attractiveness of a route: believed survival, cost, legs and months"),
    ("route_limit", "route", "arms / month", "limit of a route after the routes of its tie divide the legs they share"),
    ("route_share", "route", "share", "part of a tie's request assigned to a route"),
    ("believed", "tie", "share", "believed arrival of a typical order over all routes"),
    ("offer", "tie category", "arms / month", "intended offer of a seller over a tie"),
    ("volume", "tie channel category", "arms / month", "arms requested for shipment, by channel"),
    ("gate", "actor category", "share", "intended part of a claim that is released"),
    ("sent", "tie channel category origin", "arms / month", "arms sent"),
    ("sent_share", "route", "share", "part of this month's request of a tie that takes a route"),
    ("route_moved", "route", "share", "part of a tie's request that the legs of a route can carry"),
    ("route_sent", "route", "share", "part of a tie's shipments that took a route"),
    ("route_lost", "route", "share", "part of a route's shipments that was lost"),
    ("route_captured", "route", "share", "part of a route's shipments that was captured"),
    ("route_skimmed", "route", "share", "part of a route's shipments that its broker and others on the way kept"),
    ("route_through", "route", "share", "part of a route's shipments that was neither lost nor skimmed"),
    ("leg_limit", "leg", "arms / month", "limit of a leg this month"),
    ("leg_flow", "leg actor", "arms / month", "arms that a sender asks to move over a leg"),
    ("leg_wanted", "actor", "arms / month", "arms that a sender still asks to move over a leg when members pool spare capacity"),
    ("leg_taken", "leg actor", "arms / month", "part of a sender's request that a leg can carry"),
    ("leg_factor", "leg actor", "share", "share of a sender's request that a leg can carry"),
    ("leg_entered", "leg actor", "arms / month", "arms that a sender moved over a leg"),
    ("leg_lost", "leg actor", "arms / month", "arms that a sender lost on a leg"),
    ("hazard", "leg", "1 / month", "hazard of loss"),
    ("leg_found", "leg actor", "arms / month", "arms that an interdictor stopped on a leg"),
    ("vessels", "leg", "count", "consignments lost on a leg"),
    ("stopped", "leg", "count", "consignments lost on a leg, counted when a whole one is complete"),
    ("strike_count", "actor", "count", "counted strikes on an actor"),
    ("leg_chance", "leg", "share", "probability that a consignment is lost on a leg"),
    ("leg_searched", "leg", "1 / month", "hazard from detection and patrols, before war, concealment and logistics"),
    ("next_patrol", "actor leg", "share", "intended patrol of next month"),
    ("arrived", "tie category origin", "arms / month", "arms arrived over a tie"),
    ("arrived_value", "tie", "USD m / month", "money and arms received over a tie"),
    ("struck_share", "actor", "share", "share of stock struck"),
    ("attrition_share", "actor", "share", "share of stock lost in fighting"),
    ("front_loss", "front actor", "share", "share of stock lost in fighting on a front"),
    ("spoils_part", "actor", "share", "part of the losses of the actor being processed that each other actor captures"),
    ("support_now", "regime", "1", "support of a regime"),
    ("pressure_now", "regime", "1", "pressure on a regime, with that of its challengers"),
    ("opening_funds", "actor", "USD m", "money at the start of the month"),
    ("opening_stock", "actor category origin", "arms", "arms at the start of the month"),
    ("opening_ring", "tie category origin", "arms", "arms in transit at the start of the month"),
    ("money", "money_line actor", "USD m / month", "books of money"),
    ("arms", "actor category origin arms_line", "arms / month", "books of arms"),
    ("transit", "tie category origin transit_line", "arms / month", "books of arms in transit"),
)  # fmt: skip

_FIXED = dict(
    provision=len(PROVISIONS), channel=len(CHANNELS), measure=len(MEASURES), money_line=len(MONEY_LINES),
    arms_line=len(ARMS_LINES), transit_line=len(TRANSIT_LINES), window=WINDOW,
)  # fmt: skip


def axis_length(axis: str, size: str) -> int:
    """Return the length of an axis in a size class."""
    if axis == "condition":
        return SIZES[size]["event"] * CONDITIONS_PER_EVENT
    return _FIXED[axis] if axis in _FIXED else SIZES[size][axis]


@cache
def record(name: str, size: str) -> np.dtype[Any]:
    """Return the record type of "world", "params", "state" or "flows" in a size class; every item takes eight bytes."""
    fields = {"world": WORLD, "params": PARAMS, "state": STATE, "flows": FLOWS}[name]
    return np.dtype([(f.name, f.kind, tuple(axis_length(a, size) for a in f.axes)) for f in fields])


def rows(name: str, size: str, count: int = 1) -> np.recarray[Any, Any]:
    """Return `count` records filled with zeros."""
    return np.zeros(count, dtype=record(name, size)).view(np.recarray)


def size_class(counts: dict[str, int]) -> str | None:
    """Return the smallest size class that holds `counts` (axis -> number), or None if there is none."""
    for size, lengths in SIZES.items():
        if all(number <= lengths[axis] for axis, number in counts.items()):
            return size
    return None


def offset(name: str, size: str, index: tuple[int, ...]) -> int:
    """Return the position of one number of `Params` in the flat vector."""
    kind, start = record("params", size).fields[name][:2]  # type: ignore[index]
    return start // 8 + (int(np.ravel_multi_index(index, kind.shape)) if kind.shape else 0)
