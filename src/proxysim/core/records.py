"""Every array of the model, once: its axes, unit and meaning, and the record types made of them.

Four records, each a NumPy structured array with fixed-shape fields; one row is one run:

- `World`: who there is and how they are tied (counts, indices, keys of chance);
- `Params`: every number of the scenario (`proxysim.core.parameters`), also seen as one flat vector;
- `State`: what is carried from month to month; a copied row is a checkpoint, a fork or a branch;
- `Flows`: what happened this month; only looked at.

Sizes are part of a compiled type, so axes are rounded up to a few size classes for the whole
world and loops run to the true counts: adding an actor rarely compiles anything anew, and the
numbers are the same bits in every class.
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
    """One array: `axes` by name, `kind` of number, `unit` and meaning."""

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
        ("ring_count", "", "months", "one more than the longest journey"),
        ("is_proxy", "actor", "0/1", "1 for a proxy, 0 for a state"),
        ("actor_regime", "actor", "index", "regime of a state, or -1"),
        ("actor_origin", "actor", "index", "origin of what it makes"),
        ("rival", "actor", "index", "rival in an arms race, or -1"),
        ("tie_from", "tie", "index", "sender"),
        ("tie_to", "tie", "index", "receiver"),
        ("tie_broker", "tie", "index", "broker, or -1"),
        ("tie_bars", "tie", "index", "origin that is not sent over a tie: the receiver's own make, or -1"),
        ("tie_back", "tie", "index", "the tie the other way, or -1"),
        ("route_start", "tie", "index", "first route of a tie"),
        ("route_stop", "tie", "index", "one past its last route"),
        ("route_tie", "route", "index", "tie of a route"),
        ("route_length", "route", "count", "legs of a route"),
        ("route_leg", "route hop", "index", "legs of a route, in order"),
        ("route_months", "route", "months", "travel time: sum over its legs"),
        ("leg_host", "leg", "index", "regime that hosts a leg, or -1"),
        ("leg_front", "leg", "index", "front beside a leg, or -1"),
        ("leg_shared", "leg", "0/1", "1 when the limit of a leg is divided among carriers"),
        ("leg_from", "leg", "index", "one of the two places it joins"),
        ("leg_to", "leg", "index", "the other"),
        ("front_side", "front actor", "0/1/2", "side of an actor: 1 side_a, 2 side_b, 0 none"),
        ("front_guerrilla", "front", "1/2", "side that fights as guerrillas"),
        ("regime_state", "regime", "index", "state of a regime"),
        ("pact_member", "pact actor", "0/1", "1 for a member"),
        ("pact_debtor", "pact", "index", "member who owes the reciprocity, or -1: all owe"),
        ("pact_share", "pact", "0/1", "1: reciprocity is served in proportion; 0: before the proxies"),
        ("category_shield", "category", "0/1", "1 for air defence"),
        ("components", "", "index", "category of components, or -1"),
        ("other", "", "index", "origin of what no named maker made"),
        ("event_first", "event", "months", "first month it can occur"),
        ("event_last", "event", "months", "last month it can occur"),
        ("event_kind", "event", "0..3", "0: dated or window, once; 1: on conditions, once; 2: hazard by month; 3: off"),
        ("fixed_allocation", "", "0/1", "variant of sponsorship"),
        ("kits", "", "0/1", "variant of production"),
        ("attrition_form", "", "0..3", "variant of attrition: contest, guerrilla, linear, square"),
        ("exponential", "", "0/1", "variant of technology catch-up"),
        ("richardson", "", "0/1", "variant of procurement"),
        ("responsive", "", "0/1", "variant of strikes"))
    + _fields("u8",
        ("actor_key", "actor", "key", "key of chance"),
        ("front_key", "front", "key", "key of chance"),
        ("event_key", "event", "key", "key of chance"),
        ("leg_key", "leg", "key", "key of chance"),
        ("regime_key", "regime", "key", "key of chance"),
        ("cargo_key", "route hop", "key", "key of chance of leg, route and tie"))
)  # fmt: skip

_HIDDEN = _fields("f8",
    ("sanctions_fact", "actor", "share", "sanctions that the income of the file already contains; 0 when it is potential income"))  # fmt: skip
PARAMS = tuple(Field(p.name, p.axes, "f8", p.kind, p.meaning) for p in PARAMETERS) + _HIDDEN

STATE = (
    _fields("u8", ("seed", "", "key", "seed of the study"), ("run", "", "key", "number of the run"))
    + _fields("f8",
        ("funds", "actor", "USD m", "money at hand"),
        ("personnel", "actor", "persons", "persons under arms"),
        ("command", "actor", "share", "how well it is led"),
        ("attention", "actor", "share", "attention left by wars, before commitment"),
        ("income_noise", "actor", "log", "deviation of income"),
        ("outlay", "actor", "USD m / month", "procurement outlay in an arms race"),
        ("stock", "actor category origin", "arms", "arms held"),
        ("plant", "actor category", "arms / month", "arms it could make with full knowhow"),
        ("knowhow", "actor category", "share", "how far it masters making them"),
        ("cumulative", "actor category", "arms", "all it ever made"),
        ("made_before", "actor window", "arms / month", "made in the last twelve months, by month modulo 12"),
        ("order_average", "actor category", "arms / month", "average of what was asked of it and what it used"),
        ("tie_share", "tie", "share", "share of the sender's revenue, before the minimum"),
        ("tie_control", "tie", "share", "control of sender over receiver"),
        ("tie_order", "tie", "arms / month", "average order over a tie"),
        ("owed", "tie", "arms", "arms owed over a tie as payment in kind"),
        ("ring", "tie category origin ring", "arms", "on the way, by month of arrival modulo `ring_count`"),
        ("belief", "actor leg", "share", "loss a sender believes on a leg"),
        ("patrol", "actor leg", "share", "share of an interdictor's effort on a leg"),
        ("regime_stability", "regime", "1", "stability; below 0 it falls"),
        ("forcing", "regime", "1", "forcing of last month"),
        ("forcing_noise", "regime", "1", "fortune of a regime"),
        ("reference", "actor measure", "various", "measures at the start"),
        ("measure", "actor measure", "various", "measures of last month"),
        ("residual", "", "1", "worst relative residual of the books so far"))
    + _fields("i8",
        ("fallen", "regime", "month", "month of fall, or -1"),
        ("revived", "actor", "month", "first month with the fighting index at `revival_level` or more, or -1"),
        ("event_month", "event", "month", "month of the first effect, or NEVER"),
        ("event_held", "condition", "months", "months for which a condition has held"),
        ("residual_month", "", "month", "month of the worst residual, or -1"),
        ("residual_account", "", "code", "account of the worst residual"))
    + _fields("f8", ("event_risk", "event", "log", "hazard met so far, in a world without chance"))
)  # fmt: skip

FLOWS = _fields("f8",
    ("front_now", "front", "share", "intensity this month"),
    ("commitment_now", "front actor", "share", "engagement, as intended"),
    ("war", "actor", "share", "largest engagement times intensity"),
    ("pact_level", "pact", "share", "level of a pact this month"),
    ("pact_actor", "provision actor", "factor", "provisions acting on a member"),
    ("pact_tie", "provision tie", "factor", "provisions acting between two members over a tie"),
    ("owes", "tie", "share", "part of the sender's output owed to the receiver while it is at war"),
    ("owes_first", "actor", "0/1", "1 when what an actor owes comes before its proxies"),
    ("revenue", "actor", "USD m / month", "income after sanctions"),
    ("focus", "actor", "share", "attention with commitment"),
    ("rival_outlay", "actor", "USD m / month", "outlays of last month, as rivals see them"),
    ("sanctioned", "actor", "share", "sanctions times exposure, after relief"),
    ("usual_share", "actor", "share", "share of revenue for all clients, as intended"),
    ("score", "tie", "log", "score of a tie against the others and home"),
    ("will", "tie", "log", "willingness, at most 0"),
    ("target_share", "tie", "share", "share of revenue aimed at, as intended"),
    ("pledged", "tie", "USD m / month", "support in money and arms"),
    ("arms_part", "tie", "share", "part of support given as arms"),
    ("cash", "tie", "USD m / month", "money sent"),
    ("diverted_part", "tie", "share", "part of cash diverted, as intended"),
    ("claim", "tie category", "arms / month", "support in arms, before the gate"),
    ("unit_cost_now", "actor category", "USD / USD", "unit cost this month"),
    ("made", "actor category", "arms / month", "made"),
    ("kits_made", "actor category", "arms / month", "assembled from components beyond own knowhow, as planned"),
    ("idle_money", "actor", "share", "part of the output that plant and room allow, not made for want of money"),
    ("idle_components", "actor", "share", "part of the output that plant and room allow, not made for want of components"),
    ("made_origin", "actor category origin", "arms / month", "made, by origin of its content"),
    ("built", "actor category", "arms / month", "plant added with a sponsor's help"),
    ("tie_build", "tie", "USD m / month", "money for plant that a sponsor would build at its client"),
    ("build_bill", "actor", "USD m / month", "money for plant that sponsors would build at a client"),
    ("build_cut", "actor", "share", "part of it that the client's money allows"),
    ("adequacy", "actor", "share", "pay paid over pay due"),
    ("want", "actor category", "arms / month", "what a buyer at war asks for"),
    ("offers_made", "actor category", "arms / month", "offers of a seller over all its ties"),
    ("offers_met", "actor category", "arms / month", "what sellers can spare of the offers to a buyer"),
    ("bill", "actor", "USD m / month", "price of what a buyer is offered and wants"),
    ("money_left", "actor", "USD m", "money for procurement not yet spent"),
    ("sale_value", "tie", "USD m / month", "price of what is to be sold over a tie"),
    ("debt_value", "tie", "USD m / month", "reciprocity owed over a tie, before what is owed the other way"),
    ("reserved", "actor", "USD m", "money set aside for purchases"),
    ("invested", "actor category", "arms / month", "plant added from own money"),
    ("knowhow_next", "actor category", "share", "knowhow at the end of the month"),
    ("owed_asked", "tie category", "arms / month", "payment in kind asked to be shipped"),
    ("stock_all", "actor category", "arms", "stock over all origins before shipping"),
    ("stock_foreign", "actor category", "arms", "stock of foreign make before shipping"),
    ("ask_common", "actor category", "arms / month", "asked of all origins alike"),
    ("ask_first", "actor category", "arms / month", "asked of all origins alike, served first"),
    ("ask_foreign", "actor category", "arms / month", "asked of foreign make only"),
    ("cut_own", "actor category", "share", "part of a request met from own make"),
    ("cut_foreign", "actor category", "share", "part of a request met from foreign make"),
    ("cut_first", "actor category", "share", "part met of what is served first"),
    ("tie_used", "tie", "0/1", "1 while `sent` of a tie may hold something"),
    ("tie_ask", "tie", "arms / month", "what a tie would move if roads and money allowed"),
    ("tie_money", "tie", "USD m / month", "its value in money"),
    ("tie_cost", "tie", "USD m / month", "carriage and commission asked"),
    ("tie_paid", "tie", "share", "part of it that the sender can pay"),
    ("tie_brokered", "tie", "share", "part of it that its broker can move; 1 without a broker"),
    ("tie_moved", "tie", "share", "part of it that moved"),
    ("broker_ask", "actor", "arms / month", "asked of a broker"),
    ("carriage", "actor", "USD m / month", "carriage and commission asked of a sender over all its ties"),
    ("leg_open", "leg actor", "arms / month", "limit open to a sender"),
    ("leg_leave", "leg actor", "share", "leave of a sender on a leg and in the places it joins"),
    ("leg_use", "leg actor", "share", "how far a sender may use a leg: least leave along the best route of its ties over it"),
    ("leg_weight", "leg", "arms / month", "sum over the routes of one tie over a leg, while its limit is divided"),
    ("route_pull", "route", "factor", "choice of a route: believed survival, cost, legs and months"),
    ("route_limit", "route", "arms / month", "limit of a route where the routes of its tie share legs"),
    ("route_share", "route", "share", "part of what a tie asks that would go this way"),
    ("believed", "tie", "share", "believed arrival of a typical order over all routes"),
    ("offer", "tie category", "arms / month", "what a seller would sell over a tie, as intended"),
    ("volume", "tie channel category", "arms / month", "asked to be shipped, by channel"),
    ("gate", "actor category", "share", "part of a claim that is released, as intended"),
    ("sent", "tie channel category origin", "arms / month", "sent"),
    ("route_weight", "route", "arms / month", "weight of a route in the choice of its sender"),
    ("sent_share", "route", "share", "part of what a tie asked that goes this way"),
    ("route_moved", "route", "share", "part of what a tie asked that its legs can take this way"),
    ("route_sent", "route", "share", "part of what a tie sent that went this way"),
    ("route_lost", "route", "share", "part of what went this way that was lost"),
    ("route_captured", "route", "share", "part of what went this way that was captured"),
    ("leg_limit", "leg", "arms / month", "limit this month"),
    ("leg_flow", "leg actor", "arms / month", "asked of a leg by a sender"),
    ("leg_wanted", "actor", "arms / month", "what a sender still asks of a leg when members pool what they leave spare"),
    ("leg_taken", "leg actor", "arms / month", "what a leg can take of what a sender asks"),
    ("leg_factor", "leg actor", "share", "part of what a sender asks that a leg can take"),
    ("leg_entered", "leg actor", "arms / month", "what a sender moved over a leg"),
    ("leg_lost", "leg actor", "arms / month", "what a sender lost on a leg"),
    ("hazard", "leg", "1 / month", "hazard of loss"),
    ("leg_found", "leg actor", "arms / month", "what an interdictor stopped on a leg"),
    ("vessels", "leg", "count", "consignments lost on a leg"),
    ("leg_chance", "leg", "share", "chance that a consignment is lost on a leg"),
    ("leg_searched", "leg", "1 / month", "hazard before war, concealment and logistics: detection and patrols"),
    ("next_patrol", "actor leg", "share", "patrol of next month, as intended"),
    ("arrived", "tie category origin", "arms / month", "arrived over a tie"),
    ("arrived_value", "tie", "USD m / month", "money and arms received over a tie"),
    ("struck_share", "actor", "share", "share of stock struck"),
    ("attrition_share", "actor", "share", "share of stock lost in fighting"),
    ("front_loss", "front actor", "share", "share of stock lost in fighting on a front"),
    ("spoils_part", "actor", "share", "part of what the actor in turn loses in fighting that each other actor takes"),
    ("support_now", "regime", "1", "support of a regime"),
    ("opening_funds", "actor", "USD m", "money at the opening of the month"),
    ("opening_stock", "actor category origin", "arms", "arms at the opening of the month"),
    ("opening_ring", "tie category origin", "arms", "on the way at the opening of the month"),
    ("money", "money_line actor", "USD m / month", "books of money"),
    ("arms", "actor category origin arms_line", "arms / month", "books of arms"),
    ("transit", "tie category origin transit_line", "arms / month", "books of what is on its way"),
)  # fmt: skip

_FIXED = dict(
    provision=len(PROVISIONS), channel=len(CHANNELS), measure=len(MEASURES), money_line=len(MONEY_LINES),
    arms_line=len(ARMS_LINES), transit_line=len(TRANSIT_LINES), window=WINDOW,
)  # fmt: skip


def axis_length(axis: str, size: str) -> int:
    """Length of an axis in a size class."""
    if axis == "condition":
        return SIZES[size]["event"] * CONDITIONS_PER_EVENT
    return _FIXED[axis] if axis in _FIXED else SIZES[size][axis]


@cache
def record(name: str, size: str) -> np.dtype[Any]:
    """Record type of "world", "params", "state" or "flows" in a size class; every item is eight bytes wide."""
    fields = {"world": WORLD, "params": PARAMS, "state": STATE, "flows": FLOWS}[name]
    return np.dtype([(f.name, f.kind, tuple(axis_length(a, size) for a in f.axes)) for f in fields])


def rows(name: str, size: str, count: int = 1) -> np.recarray[Any, Any]:
    """`count` zeroed records."""
    return np.zeros(count, dtype=record(name, size)).view(np.recarray)


def size_class(counts: dict[str, int]) -> str | None:
    """The smallest size class that holds `counts` (axis -> number), or None when none does."""
    for size, lengths in SIZES.items():
        if all(number <= lengths[axis] for axis, number in counts.items()):
            return size
    return None


def offset(name: str, size: str, index: tuple[int, ...]) -> int:
    """Place of one number of `Params` in its flat vector."""
    kind, start = record("params", size).fields[name][:2]  # type: ignore[index]
    return start // 8 + (int(np.ravel_multi_index(index, kind.shape)) if kind.shape else 0)
