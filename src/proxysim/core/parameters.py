"""Every number of a scenario, once: where it stands in the file, axes, kind, default, bounds, meaning, source.

The schema of scenario files, the `Params` record, the generated docs and the tests all read this
table, so a parameter that is not here does not exist. Kinds:

=========== ======================================= ===================================================
kind        bare number in a file                   inside the model
=========== ======================================= ===================================================
money_flow  in the file's ``flows`` unit            million constant-2024 USD a month
arms_flow   in the file's ``flows`` unit            arms (value2024, million USD at base value) a month
money       USD m                                   million constant-2024 USD
arms        USD m                                   arms (value2024)
price       USD per USD of base value               money per arms
capital     months of output                        money per (arms a month)
share       0 to 1                                  0 to 1
loss        share a month                           share a month
factor      at least 0                              the same
signed      any number                              the same
persons     persons                                 persons
months      months                                  months
month       a date                                  months from the start
=========== ======================================= ===================================================
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

INF = math.inf
MONEY_KINDS = ("money_flow", "money", "price", "capital")
ARMS_KINDS = ("arms_flow", "arms")
ACTORS = ("states", "proxies")
STATES = ("states",)
A = "Assumption: "


@dataclass(frozen=True)
class Parameter:
    """One number of the scenario, or one array of them.

    `sections` and `key` say where it stands in a file; further `axes` are tables below the key.
    `default` None means required; NaN means worked out by `scenario.vector` (said in `meaning`).
    `carried` numbers are where a run starts: the model moves them, so they are never dated.
    """

    name: str
    axes: tuple[str, ...]
    sections: tuple[str, ...]
    key: str
    kind: str
    default: float | None
    low: float
    high: float
    meaning: str
    source: str
    carried: bool = False


def _of(axes: str, sections: tuple[str, ...], source: str, *rows: tuple[Any, ...]) -> list[Parameter]:
    """Parameters that share axes, sections and source: rows of (name, key, kind, default, low, high, meaning[, carried])."""
    named = tuple(axes.split())
    return [Parameter(r[0], named, sections, r[1], r[2], r[3], r[4], r[5], r[6], source, r[7] if len(r) > 7 else False)
            for r in rows]  # fmt: skip


NAN = math.nan
PARAMETERS: tuple[Parameter, ...] = tuple(
    # ---- the course of the world -------------------------------------------------------------
    _of("", ("scenario",), A + "1 is the world with chance, 0 without.",
        ("noise", "noise", "share", 1.0, 0, 1, "1: with chance; 0: the deterministic world, which is not the mean of the noisy one"))
    + _of("", ("behaviour",), A + "size of ordinary month-to-month change.",
        ("front_volatility", "front_volatility", "factor", 0.15, 0, 1, "standard deviation of the log of a front's intensity"),
        ("income_volatility", "income_volatility", "factor", 0.03, 0, 1, "standard deviation of the log of income"),
        ("income_persistence", "income_persistence", "share", 0.9, 0, 0.999, "month-to-month persistence of the log of income"),
        ("leg_volatility", "leg_volatility", "factor", 0.6, 0, 2, "standard deviation of the log of the hazard on a leg"))
    + _of("", ("behaviour",), A + "floors and responses of patrons.",
        ("attention_floor", "attention_floor", "share", 0.05, 0.001, 1, "least attention left to a patron in wars of its own"),
        ("minimum_share", "minimum_share", "share", 0.0002, 0, 0.5, "support below this share of revenue is not given"),
        ("arms_response", "arms_response", "factor", 0.7, 0, 5, "response of the arms share to believed arrival, on the logit"),
        ("arms_reference", "arms_reference", "share", 0.9, 0.05, 1, "believed arrival at which the arms share is the tie's own"),
        ("shipments_push", "shipments_push", "factor", 2.0, 0, 10, "shift of the arms share, on the logit, by `shipments` of 1"),
        ("order_memory", "order_memory", "share", 0.1, 0.001, 1, "weight of this month in the order averages"))
    + _of("", ("behaviour",), A + "how far a provision of 1 reaches; the effect beyond it is what a run tells.",
        ("technology_boost", "technology_boost", "factor", 0.03, 0, 1, "catch-up rate a month added by `technology` of 1"),
        ("tier_boost", "tier_boost", "factor", 2.0, 0, 5, "tiers added to what a patron releases by `technology` of 1"),
        ("production_part", "production_part", "share", 0.04, 0, 1, "share of the sponsor's effective plant built at the client in a month by `production` of 1"),
        ("market_boost", "market_boost", "share", 0.5, 0, 1, "access added to a trade tie by `market` of 1"),
        ("hazard_relief", "hazard_relief", "share", 0.5, 0, 1, "part of the hazard on members' legs taken away by `logistics` of 1"))
    + _of("", ("behaviour",), "Nelson & Phelps 1966; Benhabib & Spiegel 2005 (logistic form). Assumption: the floor.",
        ("knowhow_floor", "knowhow_floor", "share", 0.03, 0.0001, 1, "least absorptive capacity in logistic catch-up"))
    + _of("", ("behaviour",), A + "gate by tier, smooth so that the dial has no step.",
        ("gate_slope", "gate_slope", "factor", 4.0, 0.1, 50, "steepness of the release gate"),
        ("gate_shift", "gate_shift", "signed", 0.5, -5, 5, "tiers above the release tier at which half is released"))
    + _of("", ("behaviour",), A + "wear, growth and cost of plant.",
        ("plant_wear", "plant_wear", "loss", 0.005, 0, 1, "share of plant that wears out in a month"),
        ("plant_margin", "plant_margin", "factor", 1.1, 0, 10, "plant wanted, over demand"),
        ("plant_time", "plant_time", "months", 14.0, 1, 240, "months over which a lack of plant is closed"),
        ("plant_damage", "plant_damage", "factor", 0.8, 0, 1, "plant lost in a strike, over the share of stock struck"),
        ("stock_ceiling", "stock_ceiling", "factor", 1.5, 0, 100, "production stops when stock reaches this many times its target"),
        ("sanctions_cost", "sanctions_cost", "factor", 0.5, 0, 10, "rise of unit cost under full sanctions"))
    + _of("", ("behaviour",), A + "what a buyer asks and a seller spares.",
        ("shortage_months", "shortage_months", "months", 3.0, 0.1, 60, "a buyer fills at most this many months of its demand"),
        ("offer_want", "offer_want", "factor", 2.0, 0, 100, "offer at full access, over what is wanted"),
        ("offer_share", "offer_share", "share", 0.25, 0, 1, "share of the stock to spare that a seller offers in a month"),
        ("offer_floor", "offer_floor", "share", 0.4, 0, 10, "stock a seller keeps, over its target"))
    + _of("", ("behaviour",), "Magliocca et al. 2019: interdiction spreads routes. Assumption: the exponent.",
        ("route_choice", "route_choice", "factor", 3.0, 0, 20, "response of the choice of routes to believed survival"))
    + _of("", ("behaviour",), A + "how much shorter routes are preferred; the range 0 to 1.5 is wide on purpose.",
        ("haste", "haste", "factor", 0.5, 0, 5, "fall of the log weight of a route for each of its legs and each month on the way"))
    + _of("", ("behaviour",), A + "war beside a leg makes its searches more frequent.",
        ("war_hazard", "war_hazard", "factor", 1.0, 0, 10, "rise of a leg's hazard by its front at intensity 1"))
    + _of("", ("behaviour",), A + "wear in store.",
        ("decay", "decay", "loss", 0.004, 0, 1, "share of stock that decays in a month"))
    + _of("", ("behaviour",), A + "adaptation from what was observed, not from true hazards.",
        ("belief_rate", "belief_rate", "share", 0.2, 0, 1, "weight of a month's losses in the believed loss of a leg"),
        ("belief_return", "belief_return", "share", 0.05, 0, 1, "return of an unused leg's believed loss to its first value"),
        ("patrol_rate", "patrol_rate", "share", 0.1, 0, 1, "speed at which patrols move to where they find"),
        ("patrol_focus", "patrol_focus", "share", 0.8, 0, 1, "part of a patrol that follows finds; the rest is spread evenly"))
    + _of("", ("behaviour",), "Salehyan, Siroky & Wood 2014: several sponsors weaken control. Assumption: rate and gain.",
        ("control_rate", "control_rate", "share", 0.03, 0, 1, "speed at which control follows dependence"),
        ("control_gain", "control_gain", "factor", 1.3, 0, 10, "control at full dependence, before the cap at 1"))
    + _of("", ("behaviour",), A + "how outside support carries a government.",
        ("support_base", "support_base", "share", 0.7, 0, 1, "own strength of a regime that receives nothing, over its own strength"),
        ("support_cap", "support_cap", "factor", 1.2, 0, 10, "largest support received that counts, over the normal"),
        ("forcing_persistence", "forcing_persistence", "share", 0.8, 0, 0.999, "month-to-month persistence of a regime's fortune"))
    + _of("", ("behaviour",), A + "weights of the composite capacity.",
        ("fighting_weight", "fighting_weight", "factor", 0.6, 0, 10, "weight of fighting in the composite capacity"),
        ("manufacture_weight", "manufacture_weight", "factor", 0.2, 0, 10, "weight of manufacture in the composite capacity"),
        ("reach_weight", "reach_weight", "factor", 0.2, 0, 10, "weight of reach in the composite capacity"),
        ("stock_ratio_cap", "stock_ratio_cap", "factor", 3.0, 1, 100, "most that stock over stock at the start counts in the fighting index"),
        ("output_ratio_cap", "output_ratio_cap", "factor", 3.0, 1, 100, "most that manufacture or reach over its value at the start counts in the composite capacity"),
        ("revival_level", "revival_level", "factor", 110.0, 0, 1000, "level of the fighting index at which an actor counts as revived; 100 is the start"))
    # ---- categories ------------------------------------------------------------------------------
    + _of("category", ("categories",), A + "part of each class of arms in fighting.",
        ("category_weight", "weight", "factor", None, 0, 1000, "weight in the fighting index; also the default mix of a tie"),
        ("tier", "tier", "factor", 1.0, 1, 5, "1 simple to 5 advanced; gated by the patron's release tier"),
        ("price", "price", "price", 1.0, 1e-6, 1e6, "money per arms at which support and trade reckon"),
        ("unit_cost", "unit_cost", "price", 1.0, 1e-6, 1e6, "money per arms made, at the cumulative output of the start"),
        ("capital_cost", "capital_cost", "capital", 20.0, 1e-6, 1e6, "money for plant that makes one unit of arms a month"),
        ("vulnerability", "vulnerability", "factor", 1.0, 0, 10, "how far strikes reach this category"),
        ("content", "content", "share", 0.0, 0, 1, "share made from components, which must be at hand"))
    + _of("category", ("categories",), "Wright 1936. Assumption: the exponent of this category.",
        ("learning", "learning", "factor", 0.32, 0, 2, "fall of unit cost with cumulative output: exponent of Wright's law"))
    # ---- actors ----------------------------------------------------------------------------------
    + _of("actor", ACTORS, "Scenario.",
        ("income", "income", "money_flow", 0.0, 0, 1e9, "own income"),
        ("funds", "funds", "money", 0.0, 0, 1e9, "money at hand", True),
        ("payroll", "payroll", "money_flow", 0.0, 0, 1e9, "pay due a month for the personnel of the start; moves with personnel"),
        ("personnel", "personnel", "persons", 0.0, 0, 1e9, "persons under arms", True),
        ("pool", "pool", "persons", NAN, 0, 1e10, "most persons it could have; worked out: four times `personnel`"),
        ("sanctions", "sanctions", "share", 0.0, 0, 1, "strength of sanctions on it"),
        ("exposure", "exposure", "share", 1.0, 0, 1, "share of income that full sanctions take"))
    + _of("actor", ACTORS, A + "how it chooses; see the rule on sponsorship.",
        ("support_share", "support_share", "share", 0.0, 0, 0.99, "usual share of revenue spent on clients"),
        ("attention_response", "attention_response", "factor", 1.5, 0, 5, "response of support to own attention"),
        ("need_response", "need_response", "factor", 0.5, 0, 5, "response of support to the client's need"),
        ("need_curve", "need_curve", "factor", 0.0, 0, 5, "fall of support for the weakest clients (moderately strong clients)"),
        ("threat_response", "threat_response", "factor", 0.6, 0, 5, "response of support to the client's war"),
        ("control_response", "control_response", "factor", 0.5, 0, 5, "response of support to control over the client"),
        ("share_inertia", "share_inertia", "share", 0.944, 0, 0.999, "month-to-month persistence of support shares (half-life 12 months)"),
        ("prospects", "prospects", "factor", 0.5, 0, 10, "loss of willingness when a client's regime or the own reserve sinks"),
        ("attention_recovery", "attention_recovery", "months", 3.0, 0, 12, "months in which attention comes back in full"),
        ("slack", "slack", "share", 0.2, 0, 1, "share of cash that is diverted where control is 0"),
        ("procurement", "procurement", "share", 0.5, 0, 1, "share of money after support and pay for making, buying and building"),
        ("investment", "investment", "share", 0.3, 0, 1, "share of procurement that may go into plant"),
        ("carry_over", "carry_over", "share", NAN, 0, 1, "share of unspent money kept; worked out: 0 for a state, 0.6 for a proxy"))
    + _of("actor", STATES, "Richardson 1960. Assumption: the coefficients.",
        ("reaction", "reaction", "factor", 0.0, 0, 5, "rise of own outlay a month per outlay of the rival (procurement = richardson)"),
        ("fatigue", "fatigue", "factor", 0.0, 0, 5, "fall of own outlay a month per own outlay (procurement = richardson)"),
        ("grievance", "grievance", "money_flow", 0.0, 0, 1e9, "rise of own outlay a month whatever the rival does (procurement = richardson)"),
        ("outlay", "outlay", "money_flow", 0.0, 0, 1e9, "own procurement outlay (procurement = richardson)", True))
    + _of("actor category", ACTORS, "Scenario.",
        ("stock", "stock", "arms", 0.0, 0, 1e9, "arms held", True),
        ("target", "target", "arms", NAN, 0, 1e9, "stock it wants to hold; worked out: the stock of the start, or a year of its output when that is more"),
        ("plant", "plant", "arms_flow", 0.0, 0, 1e9, "arms it could make with full knowhow", True),
        ("knowhow", "knowhow", "share", 0.0, 0, 1, "how far it masters making them", True),
        ("cumulative", "cumulative", "arms", NAN, 0, 1e12, "output made before the start; worked out: 60 months of plant", True),
        ("demand", "demand", "arms_flow", 0.0, 0, 1e9, "arms it needs a month while it is at war"),
        ("aid", "aid", "arms_flow", 0.0, 0, 1e9, "arms it is given a month from outside the world, of origin `other`"))
    + _of("actor category origin", ACTORS, "Scenario.",
        ("stock_origin", "stock_origin", "share", NAN, 0, 1, "share of the first stock by origin; the rest is of its own make"))
    + _of("actor", ACTORS, A + "release, reserve and arms in war.",
        ("release_tier", "release_tier", "factor", 3.0, 0, 5, "highest tier it hands on without hesitation"),
        ("reserve", "reserve", "share", 0.2, 0, 10, "stock it never ships, over its target"),
        ("air_defence", "air_defence", "share", 0.0, 0, 1, "share of strikes that its air defence stops when it has many times the arms of the start"),
        ("use_rate", "use_rate", "loss", 0.02, 0, 1, "share of stock used a month at full engagement and intensity"),
        ("casualty_rate", "casualty_rate", "loss", 0.006, 0, 1, "share of personnel lost a month at full engagement and intensity"),
        ("recruit_rate", "recruit_rate", "factor", 0.02, 0, 1, "recruits a month per person, at full pay and far from the pool"),
        ("recruit_growth", "recruit_growth", "factor", 0.0, 0, 10, "recruiting when no one is missing"))
    + _of("actor", ("proxies",), A + "command in the index of fighting, and of a broker.",
        ("command", "command", "share", 1.0, 0, 1, "how well it is led", True),
        ("command_recovery", "command_recovery", "share", 0.05, 0, 1, "part of lost command that comes back in a month"))
    + _of("actor", ACTORS, A + "brokers, seen only as a capacity with a price.",
        ("broker_capacity", "broker_capacity", "arms_flow", 0.0, 0, 1e9, "arms it can move a month as a broker"),
        ("commission", "commission", "share", 0.1, 0, 10, "its commission, over the value moved"),
        ("broker_concealment", "broker_concealment", "share", 0.0, 0, 1, "part of the hazard taken away when it moves the cargo"),
        ("command_limit", "command_limit", "share", 0.2, 0, 1, "it stops as a broker when its command is below this"))
    + _of("actor leg", STATES, A + "interdiction as an effort shared over legs.",
        ("patrols", "patrols", "share", 0.0, 0, 1, "first share of its effort on each leg"))
    + _of("actor", STATES, "Random search, Koopman. Assumption: its size.",
        ("effort", "effort", "factor", 0.0, 0, 100, "hazard a month on a leg that has its whole effort"),
        ("capture", "capture", "share", 0.5, 0, 1, "share of what its patrols stop that it keeps; the rest is destroyed"))
    # ---- ties ------------------------------------------------------------------------------------
    + _of("tie", ("ties",), A + "terms of a tie.",
        ("weight", "weight", "factor", 0.0, 0, 1e6, "relative weight of this client; 0: no support, trade only"),
        ("control", "control", "share", 0.5, 0, 1, "control of the sender over the receiver", True),
        ("arms_share", "arms_share", "share", 0.5, 0.001, 0.999, "share of support given as arms at the reference arrival"),
        ("technology_rate", "technology_rate", "factor", 0.0, 0, 5, "catch-up rate a month of the receiver, by contract"),
        ("access", "access", "share", 0.0, 0, 1, "access of the receiver to buy over this tie"),
        ("markup", "markup", "factor", 4.0, 0.01, 1000, "sale price over base price"),
        ("barter", "barter", "share", 0.0, 0, 1, "share of the price paid in arms, over the tie the other way"),
        ("retransfer", "retransfer", "loss", 0.0, 0, 1, "share a month of arms of foreign make that is passed on"),
        ("quality", "quality", "share", 1.0, 0.01, 1, "value on arrival over value sent (used 0.40, refurbished 0.66)"))
    + _of("tie category", ("ties",), A + "what support in arms is made of.",
        ("mix", "mix", "factor", NAN, 0, 1e6, "relative part of each category; worked out: the weights of the categories the sender holds or makes"))
    # ---- legs ------------------------------------------------------------------------------------
    + _of("leg", ("legs",), "Scenario.",
        ("limit", "limit", "arms_flow", None, 0, 1e9, "most arms a month"),
        ("detection", "detection", "loss", None, 0, 0.99, "share lost in a month without patrols"),
        ("transport_cost", "cost", "factor", 0.0, 0, 10, "cost of carriage, over the value carried"),
        ("concealment", "concealment", "share", 0.0, 0, 1, "part of the hazard taken away"),
        ("residual", "residual", "share", 0.1, 0, 1, "part of the limit left when the host regime has fallen"),
        ("consignment", "consignment", "arms", 1.0, 1e-6, 1e9, "usual size of one consignment"))
    + _of("leg actor", ("legs",), "Scenario.",
        ("leave", "leave", "share", 1.0, 0, 1, "part of the limit open to a sender: 0 closes the leg to it, exactly as if the leg were not there"))
    + _of("place actor", ("places",), "Scenario.",
        ("place_leave", "leave", "share", 1.0, 0, 1, "leave of transit on every leg that touches the place, by sender"))
    + _of("leg actor", ("legs",), A + "who runs a leg: each carrier has its part, members may pool what is spare.",
        ("carriers", "carriers", "share", 0.0, 0, 1, "share of the limit that is an actor's own; what is nobody's is open to all"))
    # ---- fronts ----------------------------------------------------------------------------------
    + _of("front actor", ("fronts",), "Scenario.",
        ("engagement", "engagement", "share", 0.0, 0, 1, "how far an actor is engaged (written as side_a and side_b)"),
        ("burden", "burden", "share", 0.0, 0, 1, "attention it takes at intensity 1"),
        ("strike_rate", "strikes", "loss", 0.0, 0, 1, "share of stock struck a month at intensity 1"))
    + _of("front", ("fronts",), "Scenario.",
        ("intensity", "intensity", "share", None, 0, 1, "intensity of the war"))
    + _of("front", ("fronts",), "Lanchester 1916; Deitchman 1962 (guerrilla). Assumption: the rate.",
        ("attrition", "attrition", "loss", 0.01, 0, 1, "rate of loss in fighting a month at intensity 1"),
        ("opposition", "opposition", "arms", NAN, 0, 1e9, "strength of an opponent that is no actor; worked out: that of side_a at the start when side_b is empty, else 0"),
        ("spoils", "spoils", "share", 0.1, 0, 1, "share of what is lost in fighting that the other side takes"))
    # ---- regimes ---------------------------------------------------------------------------------
    + _of("regime", ("regimes",), A + "strength of a government that lives on outside support.",
        ("own_strength", "own_strength", "factor", None, 0, 100, "own strength, over the pressure's unit"),
        ("pressure", "pressure", "factor", None, 0.001, 100, "pressure it must meet"),
        ("normal_support", "normal_support", "money_flow", NAN, 0, 1e9, "support at which it has its own strength; worked out: the usual support at the start"),
        ("stability", "stability", "signed", 1.15, 0, 2, "stability; 0 says that it fell before the start", True),
        ("destroyed", "destroyed", "share", 0.3, 0, 1, "share of its arms destroyed when it falls"),
        ("captured", "captured", "share", 0.3, 0, 1, "share of its arms captured by its opponents when it falls"),
        ("leaked", "leaked", "share", 0.1, 0, 1, "share of its arms that leaks away when it falls"))
    + _of("regime", ("regimes",), "Saddle-node normal form, cf. Brummitt, Barnett & D'Souza 2015. Assumption: gain and speed.",
        ("gain", "gain", "factor", 3.5, 0, 20, "response of the forcing to the log of support over pressure"),
        ("speed", "speed", "factor", 3.0, 0.1, 10, "speed of change, per month"),
        ("forcing_volatility", "volatility", "factor", 0.1, 0, 1, "standard deviation of a regime's fortune"))
    + _of("regime actor", ("regimes",), A + "troops that others send.",
        ("helpers", "helpers", "factor", 0.0, 0, 100, "strength each helper adds at full attention and strength"))
    # ---- pacts -----------------------------------------------------------------------------------
    + _of("pact", ("pacts",), "Scenario.",
        ("in_force", "in_force", "month", None, -1200, 12000, "month in which it comes into force"),
        ("until", "until", "month", NAN, -1200, 12000, "month in which it ends; worked out: after the end"),
        ("strength", "strength", "share", None, 0, 1, "how much of what is written is meant"),
        ("compliance", "compliance", "share", 1.0, 0, 1, "how much of what is meant is done"),
        ("ramp", "ramp", "months", 12.0, 0, 240, "months to full effect"))
    + _of("pact provision", ("pacts",), A + "size of each provision at level 1; `funding` may pass 1.",
        ("provisions", "provisions", "factor", 0.0, -0.9, 10, "size of a provision at level 1; only funding may be below 0"))
    # ---- events ----------------------------------------------------------------------------------
    + _of("event", ("events",), "Scenario.",
        ("chance", "chance", "share", 1.0, 0, 1, "chance that it occurs at all"),
        ("chance_per_month", "chance_per_month", "share", 0.0, 0, 1, "chance a month, while its conditions hold"),
        ("delay", "delay", "months", 0.0, 0, 240, "months from the occurrence to the first effect"),
        ("over", "over", "months", 0.0, 0, 240, "months to full effect"),
        ("lasts", "lasts", "months", INF, 0, INF, "months from the first effect to its end"))
)  # fmt: skip

BY_NAME: dict[str, Parameter] = {parameter.name: parameter for parameter in PARAMETERS}

#: Rules with named variants: name -> (variants, the default first).
VARIANTS: dict[str, tuple[str, ...]] = {
    "allocation": ("adaptive", "fixed"),
    "assembly": ("none", "kits"),
    "attrition": ("contest", "guerrilla", "linear", "square"),
    "diffusion": ("logistic", "exponential"),
    "procurement": ("share", "richardson"),
    "strikes": ("fixed", "responsive"),
}
