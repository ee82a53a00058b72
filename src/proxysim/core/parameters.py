"""Table of all parameters of a scenario: place in the file, axes, kind, default, bounds, meaning and source.

The schema of scenario files, the `Params` record, the generated docs and the tests all read this
table, so a parameter that is not listed here does not exist. Kinds:

=========== ======================================= ===================================================
kind        bare number in a file                   inside the model
=========== ======================================= ===================================================
money_flow  in the file's ``flows`` unit            million constant-2024 USD / month
arms_flow   in the file's ``flows`` unit            arms (value2024, million USD at base value) / month
money       USD m                                   million constant-2024 USD
arms        USD m                                   arms (value2024)
price       USD per USD of base value               money per arms
capital     months of output                        money per (arms / month)
share       0 to 1                                  0 to 1
loss        share / month                           share / month
factor      at least 0                              the same
signed      any number                              the same
persons     persons                                 persons
months      months                                  months
month       a date                                  months from the start
level       in the unit of a measure                the same
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
    """One parameter of the scenario: a number, or an array of numbers.

    Attributes
    ----------
    name : field of the `Params` record
    axes : names of its axes
    sections, key : place in a file; axes after the first are tables below the key
    kind : kind of number, which sets the unit
    default : None if it is required; NaN if it is computed by `scenario.world.vector`, as `meaning` says
    low, high : bounds, in the unit inside the model
    meaning, source : texts for people
    carried : True for an initial value that the model changes during a run; such a number takes no dates
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
    """Return parameters with the same axes, sections and source.

    Each row is (name, key, kind, default, low, high, meaning[, carried]).
    """
    named = tuple(axes.split())
    return [Parameter(r[0], named, sections, r[1], r[2], r[3], r[4], r[5], r[6], source, r[7] if len(r) > 7 else False)
            for r in rows]  # fmt: skip


NAN = math.nan
PARAMETERS: tuple[Parameter, ...] = tuple(
    # ---- random variation and behaviour ------------------------------------------------------
    _of("", ("scenario",), A + "1 switches random variation on, 0 switches it off.",
        ("noise", "noise", "share", 1.0, 0, 1, "1: with random variation; 0: the deterministic world, which differs from the mean of random runs"))
    + _of("", ("behaviour",), A + "size of ordinary month-to-month change.",
        ("front_volatility", "front_volatility", "factor", 0.15, 0, 1, "standard deviation of the log of a front's intensity"),
        ("income_volatility", "income_volatility", "factor", 0.03, 0, 1, "standard deviation of the log of income"),
        ("income_persistence", "income_persistence", "share", 0.9, 0, 0.999, "month-to-month persistence of the log of income"),
        ("leg_volatility", "leg_volatility", "factor", 0.6, 0, 2, "standard deviation of the log of the hazard on a leg"))
    + _of("", ("behaviour",), A + "searches come in campaigns: an interdictor's effort drifts, on all of its legs at once.",
        ("search_volatility", "search_volatility", "factor", 0.0, 0, 3, "standard deviation of the log of an interdictor's effort; 0: it is constant"),
        ("search_persistence", "search_persistence", "share", 0.8, 0, 0.999, "month-to-month persistence of the log of an interdictor's effort"))
    + _of("", ("behaviour",), A + "floors and responses of patrons.",
        ("attention_floor", "attention_floor", "share", 0.05, 0.001, 1, "minimum attention of a patron during its own wars"),
        ("minimum_share", "minimum_share", "share", 0.0002, 0, 0.5, "share of revenue below which support is not given"),
        ("arms_response", "arms_response", "factor", 0.7, 0, 5, "response of the arms share to believed arrival, on the logit scale"),
        ("arms_reference", "arms_reference", "share", 0.9, 0.05, 1, "believed arrival at which the arms share equals `arms_share` of the tie"),
        ("shipments_push", "shipments_push", "factor", 2.0, 0, 10, "shift of the arms share, on the logit scale, at `shipments` of 1"),
        ("order_memory", "order_memory", "share", 0.1, 0.001, 1, "weight of the current month in the running averages of orders"))
    + _of("", ("behaviour",), A + "direct effect of a provision of 1; all further effects are results of a run.",
        ("technology_boost", "technology_boost", "factor", 0.03, 0, 1, "monthly catch-up rate added at `technology` of 1"),
        ("tier_boost", "tier_boost", "factor", 2.0, 0, 5, "tiers added to a patron's release tier at `technology` of 1"),
        ("production_part", "production_part", "share", 0.04, 0, 1, "share of the sponsor's effective plant built at the client per month at `production` of 1"),
        ("market_boost", "market_boost", "share", 0.5, 0, 1, "access added to a trade tie at `market` of 1"),
        ("hazard_relief", "hazard_relief", "share", 0.5, 0, 1, "part of the hazard on members' legs removed at `logistics` of 1"))
    + _of("", ("behaviour",), "Nelson & Phelps 1966; Benhabib & Spiegel 2005 (logistic form). Assumption: the floor.",
        ("knowhow_floor", "knowhow_floor", "share", 0.03, 0.0001, 1, "minimum absorptive capacity in logistic catch-up"))
    + _of("", ("behaviour",), A + "release by tier through a smooth gate, so that small changes have small effects.",
        ("gate_slope", "gate_slope", "factor", 4.0, 0.1, 50, "steepness of the release gate: how sharply release falls with the tier"),
        ("gate_shift", "gate_shift", "signed", 0.5, -5, 5, "tiers above the release tier at which half of a request is released"))
    + _of("", ("behaviour",), A + "wear, growth and cost of plant.",
        ("plant_wear", "plant_wear", "loss", 0.005, 0, 1, "share of plant that wears out per month"),
        ("plant_margin", "plant_margin", "factor", 1.1, 0, 10, "desired plant, relative to average orders"),
        ("plant_time", "plant_time", "months", 14.0, 1, 240, "time over which a shortage of plant is closed"),
        ("plant_damage", "plant_damage", "factor", 0.8, 0, 1, "share of plant lost in a strike, relative to the share of stock struck"),
        ("stock_ceiling", "stock_ceiling", "factor", 1.5, 0, 100, "production stops when stock reaches this many times its target"),
        ("sanctions_cost", "sanctions_cost", "factor", 0.5, 0, 10, "relative increase of unit cost under full sanctions"))
    + _of("", ("behaviour",), A + "what a buyer wants and a seller can spare.",
        ("shortage_months", "shortage_months", "months", 3.0, 0.1, 60, "a buyer buys until its stock covers this many months of demand"),
        ("offer_want", "offer_want", "factor", 2.0, 0, 100, "largest offer at full access, relative to what the buyer wants"),
        ("offer_share", "offer_share", "share", 0.25, 0, 1, "share of its spare stock that a seller offers per month"),
        ("offer_floor", "offer_floor", "share", 0.4, 0, 10, "stock that a seller keeps, relative to its target"))
    + _of("", ("behaviour",), "Magliocca et al. 2019: interdiction makes traffic spread over more routes. Assumption: the exponent.",
        ("route_choice", "route_choice", "factor", 3.0, 0, 20, "response of route choice to believed survival"))
    + _of("", ("behaviour",), A + "strength of the preference for short routes. The range 0 to 1.5 in the shipped worlds is deliberately wide.",
        ("haste", "haste", "factor", 0.5, 0, 5, "decrease of the log weight of a route per leg and per month of travel"))
    + _of("", ("behaviour",), A + "a war near a leg makes searches there more frequent.",
        ("war_hazard", "war_hazard", "factor", 1.0, 0, 10, "relative increase of a leg's hazard when its front is at intensity 1"))
    + _of("", ("behaviour",), A + "deterioration in storage.",
        ("decay", "decay", "loss", 0.004, 0, 1, "share of stock that decays per month"))
    + _of("", ("behaviour",), A + "actors adapt to observations, since they do not know the true hazards.",
        ("belief_rate", "belief_rate", "share", 0.2, 0, 1, "weight of a month's losses in the believed loss of a leg"),
        ("belief_return", "belief_return", "share", 0.05, 0, 1, "monthly return of the believed loss on an unused leg to the detection of the leg"),
        ("patrol_rate", "patrol_rate", "share", 0.1, 0, 1, "speed at which patrols move to legs where they find cargo"),
        ("patrol_focus", "patrol_focus", "share", 0.8, 0, 1, "share of a patrol that moves to legs with finds; the rest keeps its initial division over legs"))
    + _of("", ("behaviour",), "Salehyan, Siroky & Wood 2014: several sponsors weaken each other's control. Assumption: rate and gain.",
        ("control_rate", "control_rate", "share", 0.03, 0, 1, "speed at which control follows dependence"),
        ("control_gain", "control_gain", "factor", 1.3, 0, 10, "control at full dependence, before the cap at 1"))
    + _of("", ("behaviour",), A + "how outside support sustains a government.",
        ("support_base", "support_base", "share", 0.7, 0, 1, "part of its own strength that a regime keeps when it receives nothing"),
        ("support_cap", "support_cap", "factor", 1.2, 0, 10, "largest support received that counts, relative to normal support"),
        ("forcing_persistence", "forcing_persistence", "share", 0.8, 0, 0.999, "month-to-month persistence of the random part of a regime's forcing"))
    + _of("", ("behaviour",), A + "what an actor sees is wrong for some time in the same direction.",
        ("blur_persistence", "blur_persistence", "share", 0.9, 0, 0.999, "month-to-month persistence of the error in what a policy sees"))
    + _of("", ("behaviour",), A + "weights of the capacity index.",
        ("fighting_weight", "fighting_weight", "factor", 0.6, 0, 10, "weight of fighting in the capacity index"),
        ("manufacture_weight", "manufacture_weight", "factor", 0.2, 0, 10, "weight of manufacture in the capacity index"),
        ("reach_weight", "reach_weight", "factor", 0.2, 0, 10, "weight of reach in the capacity index"),
        ("stock_ratio_cap", "stock_ratio_cap", "factor", 3.0, 1, 100, "cap on stock relative to its initial value in the fighting index"),
        ("output_ratio_cap", "output_ratio_cap", "factor", 3.0, 1, 100, "cap on manufacture and reach relative to their initial values in the capacity index"),
        ("revival_level", "revival_level", "factor", 110.0, 0, 1000, "level of the fighting index at which an actor counts as revived; 100 at the start"))
    # ---- categories ------------------------------------------------------------------------------
    + _of("category", ("categories",), A + "role of each class of arms in fighting.",
        ("category_weight", "weight", "factor", None, 0, 1000, "weight in the fighting index; also the default mix of a tie"),
        ("tier", "tier", "factor", 1.0, 1, 5, "1 (simple) to 5 (advanced); compared with the patron's release tier"),
        ("price", "price", "price", 1.0, 1e-6, 1e6, "price used for support and trade, in money per unit of arms"),
        ("unit_cost", "unit_cost", "price", 1.0, 1e-6, 1e6, "production cost at the initial cumulative output, in money per unit of arms"),
        ("capital_cost", "capital_cost", "capital", 20.0, 1e-6, 1e6, "cost of the plant that makes one unit of arms per month"),
        ("vulnerability", "vulnerability", "factor", 1.0, 0, 10, "multiplier of the share of the stock lost to strikes; values above 1 count as 1"),
        ("content", "content", "share", 0.0, 0, 1, "share of a unit that consists of components, which must be in stock"))
    + _of("category", ("categories",), "Wright 1936. Assumption: the exponent of this category.",
        ("learning", "learning", "factor", 0.32, 0, 2, "exponent of Wright's law: decrease of unit cost with cumulative output"))
    # ---- actors ----------------------------------------------------------------------------------
    + _of("actor", ACTORS, "Scenario.",
        ("income", "income", "money_flow", 0.0, 0, 1e9, "own income"),
        ("funds", "funds", "money", 0.0, 0, 1e9, "money available", True),
        ("payroll", "payroll", "money_flow", 0.0, 0, 1e9, "pay due for the initial personnel; it changes in proportion to personnel"),
        ("personnel", "personnel", "persons", 0.0, 0, 1e9, "persons under arms", True),
        ("pool", "pool", "persons", NAN, 0, 1e10, "largest possible personnel; computed by default: four times `personnel`"),
        ("sanctions", "sanctions", "share", 0.0, 0, 1, "strength of sanctions on the actor"),
        ("exposure", "exposure", "share", 1.0, 0, 1, "share of income that full sanctions remove"))
    + _of("actor", ACTORS, A + "decisions of the actor; see the rule on sponsorship.",
        ("support_share", "support_share", "share", 0.0, 0, 0.99, "usual share of revenue spent on clients"),
        ("attention_response", "attention_response", "factor", 1.5, 0, 5, "response of support to own attention"),
        ("need_response", "need_response", "factor", 0.5, 0, 5, "response of support to the client's need"),
        ("need_curve", "need_curve", "factor", 0.0, 0, 5, "decrease of support with the square of need, which favours moderately strong clients over the weakest"),
        ("threat_response", "threat_response", "factor", 0.6, 0, 5, "response of support to the client's war"),
        ("control_response", "control_response", "factor", 0.5, 0, 5, "response of support to control over the client"),
        ("share_inertia", "share_inertia", "share", 0.944, 0, 0.999, "month-to-month persistence of support shares (half-life 12 months)"),
        ("prospects", "prospects", "factor", 0.5, 0, 10, "loss of willingness as the client's regime weakens or the sponsor's own reserve runs short"),
        ("attention_recovery", "attention_recovery", "months", 3.0, 0, 12, "time for attention to recover in full"),
        ("buys_for_clients", "buys_for_clients", "share", 0.0, 0, 1, "share of its support in arms that it buys from third makers over its incoming ties; the clients get those arms instead of its own"),
        ("slack", "slack", "share", 0.2, 0, 1, "share of the cash it sends that is diverted if control is 0"),
        ("procurement", "procurement", "share", 0.5, 0, 1, "share of the money left after support and pay that is spent on making, buying and building"),
        ("investment", "investment", "share", 0.3, 0, 1, "share of procurement that may go into plant"),
        ("carry_over", "carry_over", "share", NAN, 0, 1, "share of unspent money that is kept; computed by default: 0 for a state, 0.6 for a proxy"))
    + _of("actor category", ACTORS, "Scenario.",
        ("stock", "stock", "arms", 0.0, 0, 1e9, "arms held", True),
        ("target", "target", "arms", NAN, 0, 1e9, "stock it wants to hold; computed by default: the initial stock, or a year of plant output if that is more"),
        ("plant", "plant", "arms_flow", 0.0, 0, 1e9, "arms it could make with full knowhow", True),
        ("knowhow", "knowhow", "share", 0.0, 0, 1, "mastery of production; output is at most plant times knowhow", True),
        ("cumulative", "cumulative", "arms", NAN, 0, 1e12, "output before the start; computed by default: 60 months of plant", True),
        ("demand", "demand", "arms_flow", 0.0, 0, 1e9, "arms it needs while at war"),
        ("aid", "aid", "arms_flow", 0.0, 0, 1e9, "arms it receives from outside the world, with origin `other`"))
    + _of("actor category origin", ACTORS, "Scenario.",
        ("stock_origin", "stock_origin", "share", NAN, 0, 1, "share of the initial stock by origin; the rest has the actor's own origin"))
    + _of("actor", ACTORS, A + "release, reserve and arms in war.",
        ("release_tier", "release_tier", "factor", 3.0, 0, 5, "highest tier that it passes on readily"),
        ("reserve", "reserve", "share", 0.2, 0, 10, "stock that it never ships, relative to its target"),
        ("air_defence", "air_defence", "share", 0.0, 0, 1, "largest share of strikes that air defence can stop; at its initial stock, it stops half of this share"),
        ("use_rate", "use_rate", "loss", 0.02, 0, 1, "share of stock used at full engagement and intensity"),
        ("casualty_rate", "casualty_rate", "loss", 0.006, 0, 1, "share of personnel lost at full engagement and intensity"),
        ("recruit_rate", "recruit_rate", "factor", 0.02, 0, 1, "monthly recruits per person at full pay and far below the pool; multiplied by `recruit_growth` plus the shortfall of personnel"),
        ("recruit_growth", "recruit_growth", "factor", 0.0, 0, 10, "recruitment without losses: added to the shortfall of personnel, relative to the initial personnel"))
    + _of("actor", ("proxies",), A + "command, in the fighting index and for brokers.",
        ("command", "command", "share", 1.0, 0, 1, "quality of command", True),
        ("command_recovery", "command_recovery", "share", 0.05, 0, 1, "part of lost command that recovers per month"))
    + _of("actor", ACTORS, A + "brokers, described only by a capacity and a price.",
        ("broker_capacity", "broker_capacity", "arms_flow", 0.0, 0, 1e9, "arms it can move as a broker"),
        ("commission", "commission", "share", 0.1, 0, 10, "its commission, relative to the value moved"),
        ("broker_concealment", "broker_concealment", "share", 0.0, 0, 1, "part of the hazard removed when it moves the cargo"),
        ("skim", "skim", "share", 0.0, 0, 1, "share of the cargo that it moves as a broker and keeps for itself"),
        ("command_limit", "command_limit", "share", 0.2, 0, 1, "command below which it stops working as a broker"))
    + _of("actor leg", STATES, A + "interdiction is an effort divided over legs.",
        ("patrols", "patrols", "share", 0.0, 0, 1, "initial share of its effort on each leg"))
    + _of("actor", STATES, "Koopman's theory of random search. Assumption: the size.",
        ("effort", "effort", "factor", 0.0, 0, 100, "monthly hazard that it adds on a leg if its whole effort is there"),
        ("capture", "capture", "share", 0.5, 0, 1, "share of the arms stopped by its patrols that it keeps; the rest is destroyed"))
    # ---- ties ------------------------------------------------------------------------------------
    + _of("tie", ("ties",), A + "terms of a tie.",
        ("weight", "weight", "factor", 0.0, 0, 1e6, "relative weight of this client; 0 means no support, trade only"),
        ("control", "control", "share", 0.5, 0, 1, "control of the sender over the receiver", True),
        ("arms_share", "arms_share", "share", 0.5, 0.001, 0.999, "share of support given as arms if believed arrival equals `arms_reference`"),
        ("technology_rate", "technology_rate", "factor", 0.0, 0, 5, "monthly rate at which the receiver catches up with the sender's knowhow, without a pact"),
        ("access", "access", "share", 0.0, 0, 1, "how far the receiver can buy arms over this tie"),
        ("markup", "markup", "factor", 4.0, 0.01, 1000, "sale price relative to the base price"),
        ("barter", "barter", "share", 0.0, 0, 1, "share of the price paid in arms, over the tie in the opposite direction"),
        ("retransfer", "retransfer", "loss", 0.0, 0, 1, "share of the sender's stock of foreign origin that is passed on"),
        ("quality", "quality", "share", 1.0, 0.01, 1, "value on arrival relative to value sent (used arms 0.40, refurbished arms 0.66)"))
    + _of("tie", ("ties",), "Meier et al. 2022 (UCDP External Support Dataset): support ends and begins from year to year. Assumption: the rates and the response of a tie.",
        ("support_on", "support_on", "share", 1.0, 0, 1, "probability that support is on at the start; 1: on, 0: off", True),
        ("support_ends", "support_ends", "loss", 0.0, 0, 1, "monthly probability that support ends, at full willingness"),
        ("support_begins", "support_begins", "loss", 0.0, 0, 1, "monthly probability that support begins again, or for the first time"),
        ("ends_response", "ends_response", "factor", 0.0, 0, 10, "response of the hazard that support ends to lost willingness, on the log scale"))
    + _of("tie category", ("ties",), A + "composition of support in arms.",
        ("mix", "mix", "factor", NAN, 0, 1e6, "relative amount of each category; computed by default: the weights of the categories that the sender holds or makes"))
    # ---- legs ------------------------------------------------------------------------------------
    + _of("leg", ("legs",), "Scenario.",
        ("limit", "limit", "arms_flow", None, 0, 1e9, "largest flow of arms over the leg"),
        ("detection", "detection", "loss", None, 0, 0.99, "share of arms lost on the leg without patrols"),
        ("transport_cost", "cost", "factor", 0.0, 0, 10, "cost of carriage relative to the value carried"),
        ("concealment", "concealment", "share", 0.0, 0, 1, "part of the hazard removed by concealment"),
        ("residual", "residual", "share", 0.1, 0, 1, "part of the limit left after the host regime has fallen"),
        ("consignment", "consignment", "arms", 1.0, 1e-6, 1e9, "usual size of a consignment"))
    + _of("leg actor", ("legs",), "Scenario.",
        ("leave", "leave", "share", 1.0, 0, 1, "part of the limit open to a sender; 0 closes the leg to it, as if the leg did not exist"))
    + _of("leg actor", ("legs",), A + "hosts on the way take a toll in kind.",
        ("leg_skim", "skim", "share", 0.0, 0, 1, "share of the cargo entering the leg that an actor keeps, unless it sent the cargo or is to receive it"))
    + _of("place actor", ("places",), "Scenario.",
        ("place_leave", "leave", "share", 1.0, 0, 1, "part of the limit open to a sender on every leg that touches the place"))
    + _of("leg actor", ("legs",), A + "each carrier of a leg has its own part, and members of a pact may pool spare capacity.",
        ("carriers", "carriers", "share", 0.0, 0, 1, "share of the limit that belongs to an actor; the rest is open to all"))
    # ---- fronts ----------------------------------------------------------------------------------
    + _of("front actor", ("fronts",), "Scenario.",
        ("engagement", "engagement", "share", 0.0, 0, 1, "degree of engagement of an actor (written as side_a and side_b)"),
        ("burden", "burden", "share", 0.0, 0, 1, "share of an actor's attention taken by the front at intensity 1"),
        ("strike_rate", "strikes", "loss", 0.0, 0, 1, "share of an actor's stock struck at intensity 1"))
    + _of("front", ("fronts",), "Scenario.",
        ("intensity", "intensity", "share", None, 0, 1, "intensity of the war"))
    + _of("front", ("fronts",), A + "a war can be loud in one respect and quiet in another; each product with the intensity is at most 1.",
        ("burden_factor", "burden_factor", "factor", 1.0, 0, 100, "intensity that takes attention, relative to `intensity`"),
        ("strike_factor", "strike_factor", "factor", 1.0, 0, 100, "intensity of strikes, relative to `intensity`; strikes rise with its square"),
        ("use_factor", "use_factor", "factor", 1.0, 0, 100, "intensity that sets the use of arms and the demand for them, relative to `intensity`"),
        ("attrition_factor", "attrition_factor", "factor", 1.0, 0, 100, "intensity that sets losses of arms and personnel in fighting, relative to `intensity`"),
        ("strike_part", "strike_part", "share", 0.0, 0, 0.99, "share of an actor's stock lost in one counted strike; 0: strikes are not counted and act evenly"))
    + _of("front", ("fronts",), "Lanchester 1916; Deitchman 1962 (guerrilla). Assumption: the rate.",
        ("attrition", "attrition", "loss", 0.01, 0, 1, "rate of loss in fighting at intensity 1"),
        ("opposition", "opposition", "arms", NAN, 0, 1e9, "strength of an opponent that is not an actor; computed by default: that of side_a at the start if side_b is empty, else 0"),
        ("spoils", "spoils", "share", 0.1, 0, 1, "share of the losses in fighting that the other side captures"),
        ("spoils_from_a", "spoils_from_a", "factor", 1.0, 0, 100, "factor on `spoils` for the losses of side_a"),
        ("spoils_from_b", "spoils_from_b", "factor", 1.0, 0, 100, "factor on `spoils` for the losses of side_b"))
    # ---- regimes ---------------------------------------------------------------------------------
    + _of("regime", ("regimes",), A + "strength of a government that depends on outside support.",
        ("own_strength", "own_strength", "factor", None, 0, 100, "own strength, in the same unit as `pressure`"),
        ("pressure", "pressure", "factor", None, 0.001, 100, "pressure that it must withstand"),
        ("normal_support", "normal_support", "money_flow", NAN, 0, 1e9, "support at which it has its full own strength; computed by default: the usual support at the start"),
        ("stability", "stability", "signed", 1.15, 0, 2, "stability; 0 means that it fell before the start", True),
        ("destroyed", "destroyed", "share", 0.3, 0, 1, "share of its arms destroyed when it falls"),
        ("captured", "captured", "share", 0.3, 0, 1, "share of its arms captured by its opponents when it falls"),
        ("leaked", "leaked", "share", 0.1, 0, 1, "share of its arms that leaks away when it falls"))
    + _of("regime", ("regimes",), "Saddle-node normal form, cf. Brummitt, Barnett & D'Souza 2015. Assumption: gain and speed.",
        ("gain", "gain", "factor", 3.5, 0, 20, "response of the forcing, which drives stability, to the log of support over pressure"),
        ("speed", "speed", "factor", 3.0, 0.1, 10, "speed at which stability changes, per month"),
        ("forcing_volatility", "volatility", "factor", 0.1, 0, 1, "standard deviation of the random part of the forcing"))
    + _of("regime actor", ("regimes",), A + "troops sent by others.",
        ("helpers", "helpers", "factor", 0.0, 0, 100, "strength that a helper adds at full attention and willingness; for a proxy, at a fighting index of 100"))
    + _of("regime actor", ("regimes",), A + "opponents in a war press on a government beyond its dated pressure.",
        ("challengers", "challengers", "factor", 0.0, 0, 100, "pressure that an opponent in a war adds at full engagement and a fighting index of 100"))
    # ---- pacts -----------------------------------------------------------------------------------
    + _of("pact", ("pacts",), "Scenario.",
        ("in_force", "in_force", "month", None, -1200, 12000, "month in which it enters into force"),
        ("until", "until", "month", NAN, -1200, 12000, "month in which it ends; computed by default: after the end of the run"),
        ("strength", "strength", "share", None, 0, 1, "share of the written commitments that the members intend to keep"),
        ("compliance", "compliance", "share", 1.0, 0, 1, "share of the intended commitments that the members carry out"),
        ("ramp", "ramp", "months", 12.0, 0, 240, "months from entry into force to full effect"))
    + _of("pact provision", ("pacts",), A + "size of each provision at level 1; `funding` may exceed 1.",
        ("provisions", "provisions", "factor", 0.0, -0.9, 10, "size of a provision at level 1 (full strength, compliance and ramp); only `funding` may be below 0"))
    # ---- events ----------------------------------------------------------------------------------
    + _of("event", ("events",), "Scenario.",
        ("chance", "chance", "share", 1.0, 0, 1, "probability that it occurs at all"),
        ("chance_per_month", "chance_per_month", "share", 0.0, 0, 1, "monthly probability while its conditions hold"),
        ("delay", "delay", "months", 0.0, 0, 240, "months from the occurrence to the first effect"),
        ("over", "over", "months", 0.0, 0, 240, "months from the first effect to the full effect"),
        ("lasts", "lasts", "months", INF, 0, INF, "months from the first effect to the end of the effect"))
    + _of("event", ("events",), A + "a war escalates, or is settled, as the balance of its sides changes.",
        ("balance_response", "balance_response", "signed", 0.0, -5, 5, "exponent with which the monthly hazard follows the strength of side_a over side_b of `front`, relative to the start; below 0 the hazard falls as side_a gains"))
    # ---- policies --------------------------------------------------------------------------------
    + _of("policy", ("policies",), A + "how strongly an actor answers what it sees.",
        ("policy_gain", "gain", "signed", None, -20, 20, "per cent moved for each per cent seen (proportional); change of the factor per unit of the measure (linear) or while it is on (switch); 0: no answer"),
        ("policy_level", "level", "level", NAN, 0, 1e12, "reference of a policy that is not compared with a branch, in the unit of what it watches, flows per month"),
        ("policy_floor", "floor", "level", 0.0, 0, 1e12, "amount added to what is seen and to the reference before they are divided, in the unit of what it watches"),
        ("policy_blur", "blur", "factor", 0.0, 0, 2, "standard deviation of the log of the error in the change that is seen"),
        ("policy_least", "at_least", "share", 0.5, 0, 1, "smallest factor"),
        ("policy_most", "at_most", "factor", 2.0, 1, 1000, "largest factor"),
        ("policy_on", "on_above", "factor", 1.0, 0, 1000, "what is seen, relative to the reference, above which a switch goes on"),
        ("policy_off", "off_below", "factor", NAN, 0, 1000, "what is seen, relative to the reference, below which a switch goes off; computed by default: `on_above`"),
        ("policy_cost", "cost", "money_flow", 0.0, 0, 1e9, "cost of a factor of 2, paid by the owner; other factors cost in proportion to their distance from 1"),
        ("policy_from", "from", "month", -1200.0, -1200, 12000, "first month in which it acts; by default the start"),
        ("policy_until", "until", "month", NAN, -1200, 12000, "month in which it no longer acts; computed by default: after the end of the run"))
)  # fmt: skip

BY_NAME: dict[str, Parameter] = {parameter.name: parameter for parameter in PARAMETERS}

#: Rules with named variants: name -> (variants, the default first).
VARIANTS: dict[str, tuple[str, ...]] = {
    "allocation": ("adaptive", "fixed"),
    "assembly": ("none", "kits"),
    "attrition": ("contest", "guerrilla", "linear", "square"),
    "diffusion": ("logistic", "exponential"),
}
