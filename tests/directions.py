"""The sign with which a number acts, where it follows from the rule itself, and why; found again by running worlds.

A law holds in every world: the number goes up, all else stays, and in the first month in which anything differs the
quantity that the rule writes has moved one way or not at all. A case holds in one small world made for it. A number
whose effect may go either way has the reason in words. No sign here is a finding of a study: none says that a pact,
or support, raises the capacity of anyone.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from tests.worlds import PLAIN, PRESSED, Tables, merged, world_of

from proxysim.core import records, vocabulary
from proxysim.core.parameters import BY_NAME, Parameter
from proxysim.core.rules.fighting import GUERRILLA
from proxysim.core.schedule import numbers_of
from proxysim.runs.batch import Rows
from proxysim.scenario.resolve.loader import scenario_from_text
from proxysim.scenario.world.world import World, build

Array = np.ndarray[Any, Any]
UP, DOWN = 1, -1
#: A difference below this part of the larger number is rounding.
ROUNDING = 1e-12
DIALS = (
    (Path(__file__).parent / "dials.toml").read_text(encoding="utf-8").replace("[scenario]", "[scenario]\nnoise = 0", 1)
)
#: Worlds in which every mechanism acts, without chance.
VARIANTS = (
    "",
    '[rules]\nassembly = "kits"\nattrition = "square"\n',
    '[rules]\ndiffusion = "exponential"\nattrition = "linear"\nallocation = "fixed"\n',
    PRESSED,
)


@dataclass(frozen=True)
class Law:
    """A number up moves a quantity to one side or not at all; `after` months later than the first difference, where said."""

    parameter: str
    sign: int
    quantity: str
    why: str
    after: int = 0
    above_zero: bool = False


@dataclass(frozen=True)
class Case:
    """A number up moves the sum of a quantity over some months to one side, in a world made for it."""

    parameter: str
    place: tuple[str, ...]
    sign: int
    quantity: str
    of: dict[str, str]
    why: str
    changes: Tables = field(default_factory=dict)
    months: int = 3


def quantity_of(name: str) -> tuple[str, ...]:
    """Axes of a quantity: a field of the model, a line of the books, a channel or a measure."""
    first = name.split(":")[0]
    special = {"happened": ("event",), "revived yet": ("actor",), "journey": ("tie",), "money": ("actor",), "measure": ("actor",),
               "arms": ("actor", "category", "origin"), "transit": ("tie", "category", "origin"), "volume": ("tie", "category")}  # fmt: skip
    return (
        special[first] if first in special else next(f.axes for f in records.STATE + records.FLOWS if f.name == first)
    )


def read(name: str, w: Any, s: Any, f: Any) -> Array:
    """A quantity after a month of one run."""
    first, _, line = name.partition(":")
    if first == "happened":
        return np.asarray(s.event_month != vocabulary.NEVER, dtype=float)
    if first == "revived yet":
        return np.asarray(s.revived >= 0, dtype=float)
    if first == "journey":
        way = np.zeros(len(f.tie_ask))
        for i in range(int(w.tie_count)):
            for r in range(w.route_start[i], w.route_stop[i]):
                way[i] += f.route_sent[r] * w.route_months[r]
        return way
    if first == "money":
        return np.array(f.money[vocabulary.MONEY_LINES.index(line)])
    if first == "arms":
        return np.array(f.arms[..., vocabulary.ARMS_LINES.index(line)])
    if first == "transit":
        return np.array(f.transit[..., vocabulary.TRANSIT_LINES.index(line)])
    if first == "volume":
        return np.array(f.volume[:, vocabulary.CHANNELS.index(line)])
    if first == "measure":
        return np.array(s.measure[:, vocabulary.MEASURE_INDEX[line]])
    in_state = any(one.name == first for one in records.STATE)
    return np.array(getattr(s if in_state else f, first), dtype=float)


def raised(parameter: Parameter, value: float) -> tuple[float, int]:
    """Another legal value, and whether it is higher (1) or, at an upper bound, lower (-1)."""
    if math.isinf(value):
        return 2.0, -1
    if parameter.kind in ("month", "months"):
        up = value + 3.0
    else:
        up = value * 1.3 if value else min(0.1, 0.1 * (parameter.high - parameter.low))
    return (up, 1) if up <= parameter.high else (value - 0.3 * (value - parameter.low), -1)


LAWS = (
    # attention and support
    Law("attention_floor", UP, "attention", "wars leave at least the floor"),
    Law("burden", DOWN, "attention", "a war takes its burden from attention"),
    Law("burden_factor", DOWN, "attention", "a war that takes more attention leaves less"),
    Law("attention_recovery", DOWN, "attention", "the more months it takes, the less comes back in one"),
    Law("support_share", UP, "target_share", "the usual share of clients against home"),
    Law("weight", UP, "target_share", "a tie's part among the ties of its sender"),
    Law("attention_response", DOWN, "score", "attention is at most 1, so that its logarithm is at most 0"),
    Law("need_response", UP, "score", "need is at least 0"),
    Law("need_curve", DOWN, "score", "the square of need is taken off"),
    Law("threat_response", UP, "score", "the client's war is at least 0"),
    Law("prospects", DOWN, "will", "a sinking regime and a short reserve take willingness away"),
    Law("reserve", DOWN, "will", "a higher reserve is sooner short"),
    Law("minimum_share", DOWN, "pledged", "less than the least share is not given"),
    Law("slack", UP, "diverted_part", "where control is not whole, more is diverted"),
    Law("control", DOWN, "diverted_part", "control keeps cash from being diverted"),
    Law("control_gain", UP, "tie_control", "the same dependence asks for more control"),
    Law("arms_reference", DOWN, "arms_part", "the same arrival is held against more"),
    Law("shipments_push", UP, "arms_part", "pooled shipping makes arms the easier gift"),
    # revenue and money
    Law("income", UP, "revenue", "revenue is income after sanctions"),
    Law("sanctions", DOWN, "revenue", "sanctions take income"),
    Law("exposure", UP, "sanctioned", "more of its income can be taken"),
    Law("funds", UP, "adequacy", "more money to pay from"),
    Law("payroll", DOWN, "adequacy", "the same money for more pay due"),
    Law("carry_over", DOWN, "money:upkeep", "what is kept is not spent"),
    Law("carry_over", UP, "funds", "what is kept is there next month"),
    # making arms
    Law("unit_cost", UP, "unit_cost_now", "it is the cost of the start"),
    Law("sanctions_cost", UP, "unit_cost_now", "sanctions make parts dear"),
    Law("learning", DOWN, "unit_cost_now", "output so far makes a unit cheaper", after=1),
    Law("cumulative", UP, "unit_cost_now", "a month adds less to long experience", after=1, above_zero=True),
    Law("procurement", UP, "made", "more money to make arms from"),
    Law("investment", DOWN, "made", "money for plant is not there for arms"),
    Law("investment", UP, "invested", "more money for plant"),
    Law("plant_time", DOWN, "invested", "a lack is closed more slowly"),
    Law("capital_cost", DOWN, "invested", "the same money pays less plant"),
    Law("plant_wear", DOWN, "plant", "plant wears out"),
    Law("production_part", UP, "build_bill", "a sponsor would build more at its client"),
    Law("technology_rate", UP, "knowhow", "the contract lets it catch up sooner"),
    Law("technology_boost", UP, "knowhow", "the provision lets it catch up sooner"),
    Law("knowhow_floor", UP, "knowhow", "who knows next to nothing learns at the pace of the floor"),
    # trade and release
    Law("demand", UP, "want", "it asks for what it needs"),
    Law("shortage_months", UP, "want", "it may fill more months of its demand"),
    Law("buys_for_clients", UP, "want", "more of the same claims is bought"),
    Law("access", UP, "offer", "more may be bought over the tie"),
    Law("market_boost", UP, "offer", "the provision adds to access"),
    Law("offer_want", UP, "offer", "more is offered for the same want"),
    Law("offer_share", UP, "offer", "more of what is spare is offered"),
    Law("offer_floor", DOWN, "offer", "the seller keeps more"),
    Law("markup", DOWN, "volume:sale", "the same money buys less"),
    Law("barter", UP, "volume:sale", "less money is needed for the same sale"),
    Law("retransfer", UP, "volume:retransfer", "more of foreign make is passed on"),
    Law("release_tier", UP, "gate", "higher tiers are handed on"),
    Law("tier", DOWN, "gate", "what is more advanced is held back"),
    Law("gate_shift", UP, "gate", "the gate opens at a higher tier"),
    Law("tier_boost", UP, "gate", "the provision adds tiers"),
    # ways and searches
    Law("limit", UP, "leg_open", "more fits on the leg"),
    Law("leave", UP, "leg_open", "more of the limit is open to the sender"),
    Law("place_leave", UP, "leg_open", "more of the limit is open to the sender, on every leg of the place"),
    Law("residual", UP, "leg_limit", "more is left of the limit when the host has fallen"),
    Law("transport_cost", DOWN, "route_pull", "a dear route is chosen less"),
    Law("haste", DOWN, "route_pull", "every leg and month counts against a route"),
    Law("route_choice", DOWN, "route_pull", "believed survival is at most 1, so that its logarithm is at most 0"),
    Law("broker_capacity", UP, "tie_brokered", "the broker moves more"),
    Law("command_limit", DOWN, "tie_brokered", "the broker stops sooner"),
    Law("commission", UP, "tie_cost", "the broker takes more for the same"),
    Law("detection", UP, "hazard", "more is found without patrols"),
    Law("effort", UP, "hazard", "patrols search more"),
    Law("patrols", UP, "hazard", "more of the effort is on the leg"),
    Law("war_hazard", UP, "hazard", "war beside a leg brings searches"),
    Law("concealment", DOWN, "hazard", "less is seen"),
    Law("hazard_relief", DOWN, "hazard", "the provision hides what members send"),
    Law("broker_concealment", DOWN, "route_lost", "the broker hides what it moves"),
    Law("skim", UP, "route_toll", "the broker keeps more of what it moves"),
    Law("leg_skim", UP, "route_toll", "more is kept of what enters the leg"),
    Law("capture", UP, "route_captured", "the interdictor keeps more of what it stops"),
    Law("consignment", DOWN, "vessels", "fewer and larger consignments carry the same"),
    # fighting
    Law("intensity", UP, "front_now", "it is the course of the war"),
    Law("engagement", UP, "war", "it is in the war as far as it is engaged"),
    Law("strike_rate", UP, "struck_share", "more strikes"),
    Law("air_defence", DOWN, "struck_share", "strikes are stopped"),
    Law("vulnerability", UP, "arms:struck", "strikes reach more of the category"),
    Law("plant_damage", DOWN, "plant", "strikes take plant"),
    Law("attrition", UP, "front_loss", "fighting is costlier"),
    Law("attrition_factor", UP, "front_loss", "fighting is costlier"),
    Law("attrition_factor", DOWN, "personnel", "more are killed"),
    Law("strike_factor", UP, "struck_share", "more strikes"),
    Law("use_factor", UP, "want", "more is needed"),
    Law("spoils", UP, "arms:captured", "more of what is lost is taken"),
    Law("spoils_from_a", UP, "arms:captured", "more of what side_a loses is taken"),
    Law("spoils_from_b", UP, "arms:captured", "more of what side_b loses is taken"),
    Law("use_rate", UP, "arms:used", "more is used"),
    Law("use_rate", DOWN, "stock", "what is used is gone"),
    Law("decay", UP, "arms:decayed", "more decays"),
    Law("decay", DOWN, "stock", "what decays is gone"),
    Law("casualty_rate", DOWN, "personnel", "more are killed"),
    Law("recruit_rate", UP, "personnel", "more are recruited"),
    Law("recruit_growth", UP, "personnel", "recruiting goes on when no one is missing"),
    Law("pool", UP, "personnel", "there are more to recruit from"),
    Law("command", UP, "command", "command is carried on"),
    Law("command_recovery", UP, "command", "lost command comes back sooner"),
    Law("aid", UP, "arms:aid_in", "it is given"),
    Law("aid", UP, "stock", "what is given is stored"),
    Law("quality", UP, "arrived_value", "what arrives keeps more of its value"),
    # regimes
    Law("own_strength", UP, "support_now", "its own strength carries it"),
    Law("helpers", UP, "support_now", "helpers carry it"),
    Law("normal_support", DOWN, "support_now", "the same support is less of the normal", above_zero=True),
    Law("support_cap", UP, "support_now", "more of the support received counts"),
    Law("pressure", DOWN, "forcing", "it must meet more"),
    Law("pressure", UP, "pressure_now", "it is the pressure without challengers"),
    Law("challengers", UP, "pressure_now", "opponents press on it"),
    Law("challengers", DOWN, "forcing", "it must meet more"),
    Law("destroyed", UP, "arms:destroyed", "more is destroyed when it falls"),
    Law("captured", UP, "arms:surrendered", "more is captured when it falls"),
    Law("leaked", UP, "arms:leaked", "more leaks away when it falls"),
    # pacts and events
    Law("strength", UP, "pact_level", "more of what is written is meant"),
    Law("compliance", UP, "pact_level", "more of what is meant is done"),
    Law("ramp", DOWN, "pact_level", "full effect takes longer"),
    Law("in_force", DOWN, "pact_level", "it begins later"),
    Law("until", UP, "pact_level", "it ends later"),
    Law("provisions", UP, "pact_actor", "the provision is larger"),
    Law("chance", UP, "happened", "it is likelier"),
    Law("delay", UP, "event_month", "its first effect comes later"),
    # what is told
    Law("stock_ratio_cap", UP, "measure:fighting", "more of a large stock counts"),
    Law("stock_ratio_cap", DOWN, "measure:capped", "fewer stocks are at the cap"),
    Law("output_ratio_cap", UP, "measure:capacity", "more of a large output counts"),
    Law("revival_level", DOWN, "revived yet", "the level is reached later"),
)  # fmt: skip

TO_REDS = {"tie": "north -> reds"}
#: Two ways from the middle: one safe, one searched and long.
TWO_WAYS: Tables = {
    "legs": {"third": {"between": ["middle", "there"], "mode": "land", "limit": 30, "detection": 0.3, "months": 3}}
}
PARTS: Tables = {
    "categories": {"parts": {"weight": 0.1, "components": True}, "rockets": {"content": 0.3}},
    "states": {"south": {"stock": {"parts": 1}}},
}
HOUSE: Tables = {"regimes": {"house": {"state": "north", "own_strength": 1, "pressure": 1, "normal_support": 50}}}
POOR: Tables = {"states": {"south": {"income": 60, "support_share": 0}}}
STORM: Tables = {
    "events": {
        "storm": {"on": datetime.date(2020, 2, 1), "over": 2, "lasts": 3, "scale": {"legs": {"second": {"limit": 0.5}}}}
    }
}
RAID: Tables = {"events": {"raid": {"chance_per_month": 0.1, "scale": {"states": {"north": {"stock": {"*": 0.8}}}}}}}
DATED_RAID: Tables = {
    "events": {"raid": {"on": datetime.date(2020, 2, 1), "chance": 0.45, "scale": {"states": {"north": {"stock": {"*": 0.8}}}}}}
}
#: The cargo goes by a broker, over a leg of which a host keeps a part.
KEPT: Tables = {
    "ties": {"north -> reds": None, "north -> reds via carrier": {"weight": 0.6, "control": 0.7}},
    "proxies": {"carrier": {"home": "here", "broker_capacity": 100, "skim": 0.1}},
    "states": {"host": {"home": "middle"}}, "legs": {"second": {"skim": {"host": 0.1}}},
}  # fmt: skip
SHORT: Tables = {"states": {"north": {"income": 20, "demand": {"rockets": 500}, "stock": {"rockets": 1}}}}
#: A client whose regime the reds press on, and a patron that runs short of its own reserve.
TIRED: Tables = {"states": {"north": {"reserve": 2}}, "ties": {"north -> reds": {"support_ends": 0.02, "ends_response": 5}}}
AGAINST: Tables = {
    "fronts": {"raids": {"side_a": {"reds": 0.5}, "side_b": {"north": 0.2}, "intensity": 0.3}},
    "regimes": {"house": {"challengers": {"reds": 0.3}}},
}


def answering(**changes: Any) -> Tables:
    """A policy that sees several times its level and answers at once, with some of its keys changed."""
    policy = {"owner": "north", "watches": "stock.reds", "level": 35, "moves": "states.north.support_share", "gain": 0.5, "lag": 0, "over": 1}
    return {"policies": {"answer": {**policy, **changes}}}


HALVED: Tables = {"events": {"loss": {"on": datetime.date(2020, 4, 1), "scale": {"proxies": {"reds": {"stock": {"*": 0.4}}}}}}}
ANSWER = {"policy": "answer"}
CASES = (
    Case("policy_gain", ("answer",), UP, "policy_wanted", ANSWER, "more is done for the same sight", answering()),
    Case("policy_level", ("answer",), DOWN, "policy_seen", ANSWER, "the same stock is less in relation to it", answering()),
    Case("policy_floor", ("answer",), DOWN, "policy_seen", ANSWER, "it brings a ratio above 1 nearer to 1", answering(floor=5)),
    Case("policy_least", ("answer",), UP, "policy_wanted", ANSWER, "it goes down less far", answering(gain=-5)),
    Case("policy_most", ("answer",), UP, "policy_wanted", ANSWER, "it goes up further", answering(gain=5)),
    Case("policy_on", ("answer",), DOWN, "policy_is_on", ANSWER, "it takes more to switch on", answering(form="switch", on_above=1.9)),
    Case("policy_off", ("answer",), DOWN, "policy_is_on", ANSWER, "it goes off sooner",
         merged(HALVED, answering(form="switch", on_above=1.5, off_below=0.75)), 9),
    Case("policy_cost", ("answer",), DOWN, "policy_factor", ANSWER, "the same money pays for less", answering(cost=2000)),
    Case("policy_from", ("answer",), DOWN, "policy_now", ANSWER, "it begins later", answering(**{"from": datetime.date(2020, 3, 1)}), 7),
    Case("policy_until", ("answer",), UP, "policy_now", ANSWER, "it ends later", answering(until=datetime.date(2020, 5, 1)), 7),
    Case("support_on", ("north -> reds",), UP, "pledged", TO_REDS, "without chance, support is on at the start from a half on",
         {"ties": {"north -> reds": {"support_on": 0.4}}}),
    Case("support_on", ("north -> reds",), DOWN, "pledged", {"tie": "north -> blues"}, "a sponsor divides its support among those it supports",
         {"ties": {"north -> reds": {"support_on": 0.4}}}),
    Case("support_ends", ("north -> reds",), DOWN, "tie_on", TO_REDS, "support ends sooner",
         {"ties": {"north -> reds": {"support_ends": 0.08}}}, 12),
    Case("support_begins", ("north -> reds",), UP, "pledged", TO_REDS, "support begins sooner",
         {"ties": {"north -> reds": {"support_on": 0, "support_begins": 0.08}}}, 12),
    Case("ends_response", ("north -> reds",), DOWN, "pledged", TO_REDS, "a sponsor that is unwilling gives up sooner", TIRED, 18),
    Case("prospects", ("north",), DOWN, "tie_on", TO_REDS, "a sponsor that is unwilling gives up sooner", TIRED, 18),
    Case("challengers", ("house", "reds"), DOWN, "forcing", {}, "more of the reds' strength presses", merged(HOUSE, AGAINST)),
    Case("engagement", ("raids", "reds"), UP, "pressure_now", {}, "who fights more presses more", merged(HOUSE, AGAINST)),
    Case("attention_recovery", ("north",), DOWN, "attention", {"actor": "north"}, "after a war less comes back in a month",
         {"fronts": {"war": {"burden": {"north": 0.9}, "intensity": {"2020": 0.8, "2020-02": 0.0}}}}),
    Case("limit", ("second",), UP, "arrived", TO_REDS, "the only way takes more", {"legs": {"second": {"limit": 1}}}),
    Case("detection", ("second",), DOWN, "arrived", TO_REDS, "more is lost on the only way"),
    Case("effort", ("south",), DOWN, "arrived", TO_REDS, "more is stopped on the only way"),
    Case("effort", ("south",), UP, "leg_found", {"actor": "south"}, "more is stopped on the only way"),
    Case("effort", ("south",), UP, "measure:seized", {"actor": "south"}, "what its patrols stop is seized"),
    Case("patrols", ("south", "second"), DOWN, "arrived", TO_REDS, "more of the effort is on the only way"),
    Case("capture", ("south",), UP, "arms:captured", {"actor": "south"}, "it keeps more of what it stops"),
    Case("leave", ("second", "north"), UP, "arrived", TO_REDS, "less leave closes part of the only way", {"legs": {"second": {"limit": 3}}}),
    Case("place_leave", ("middle", "north"), UP, "arrived", TO_REDS, "less leave closes part of the only way",
         {"legs": {"second": {"limit": 3}}}),
    Case("carriers", ("second", "south"), DOWN, "leg_open", {"actor": "north", "leg": "second"}, "what is another's is not open",
         {"legs": {"second": {"carriers": {"south": 0.2}}}}),
    Case("haste", (), DOWN, "journey", TO_REDS, "shorter ways are preferred", TWO_WAYS),
    Case("route_choice", (), DOWN, "leg_entered", {"leg": "third"}, "safer ways are preferred", TWO_WAYS),
    Case("transport_cost", ("third",), DOWN, "leg_entered", {"leg": "third"}, "cheaper ways are preferred", TWO_WAYS),
    Case("plant", ("south", "rockets"), UP, "measure:made", {"actor": "south"}, "more can be made where money and room are there"),
    Case("knowhow", ("south", "rockets"), UP, "measure:made", {"actor": "south"}, "more can be made where money and room are there"),
    Case("unit_cost", ("rockets",), DOWN, "measure:made", {"actor": "south"}, "scarce money makes less", POOR),
    Case("content", ("rockets",), DOWN, "measure:made", {"actor": "south"}, "scarce components make less", PARTS),
    Case("stock_ceiling", (), UP, "measure:made", {"actor": "south"}, "there is room to store more",
         {"behaviour": {"stock_ceiling": 1}, "states": {"south": {"target": {"rockets": 5010}}}}),
    Case("target", ("south", "rockets"), UP, "measure:made", {"actor": "south"}, "there is room to store more",
         {"behaviour": {"stock_ceiling": 1}, "states": {"south": {"target": {"rockets": 5010}}}}),
    Case("reserve", ("north",), DOWN, "measure:sent_arms", {"actor": "north"}, "more is never shipped",
         {"states": {"north": {"reserve": 0.8, "prospects": 0}}}),
    Case("plant_margin", (), UP, "invested", {"actor": "north"}, "more plant is wanted for the same orders",
         {"states": {"north": {"plant": {"rifles": 0.1, "rockets": 0.1}}}}),
    Case("price", ("rockets",), DOWN, "claim", {**TO_REDS, "category": "rockets"}, "the same money claims fewer arms"),
    Case("arms_share", ("north -> reds",), UP, "arms_part", TO_REDS, "more of the support is arms"),
    Case("arms_response", (), DOWN, "arms_part", TO_REDS, "less is believed to arrive than the reference"),
    Case("arms_response", (), UP, "arms_part", TO_REDS, "more is believed to arrive than the reference",
         {"behaviour": {"arms_reference": 0.5}}),
    Case("mix", ("north -> reds", "rifles"), UP, "claim", {**TO_REDS, "category": "rifles"}, "more of the arms are of the category"),
    Case("control_response", ("north",), UP, "score", TO_REDS, "control is above a half"),
    Case("control_response", ("north",), DOWN, "score", {"tie": "north -> blues"}, "control is below a half"),
    Case("stock", ("north", "rockets"), UP, "measure:stock", {"actor": "north"}, "more is held"),
    Case("personnel", ("reds",), UP, "measure:personnel", {"actor": "reds"}, "more are under arms"),
    Case("slack", ("north",), DOWN, "measure:funds", {"actor": "reds"}, "less cash comes through"),
    Case("quality", ("north -> reds",), UP, "measure:dependence", {"actor": "reds"}, "more value is received"),
    Case("quality", ("north -> reds",), UP, "measure:stock", {"actor": "reds"}, "more of what arrives can be stored"),
    Case("support_base", (), UP, "support_now", {}, "less than the normal support is received", HOUSE),
    Case("support_base", (), DOWN, "support_now", {}, "more than the normal support is received",
         merged(HOUSE, {"regimes": {"house": {"normal_support": 1}}})),
    Case("gain", ("house",), UP, "forcing", {}, "support is above the pressure", merged(HOUSE, {"regimes": {"house": {"pressure": 0.5}}})),
    Case("gain", ("house",), DOWN, "forcing", {}, "support is below the pressure", merged(HOUSE, {"regimes": {"house": {"pressure": 1.2}}})),
    Case("speed", ("house",), DOWN, "regime_stability", {}, "past the fold it falls the sooner",
         merged(HOUSE, {"regimes": {"house": {"pressure": 0.8, "speed": 0.5}}}), 1),
    Case("stability", ("house",), UP, "regime_stability", {}, "the next stability starts from this one",
         merged(HOUSE, {"regimes": {"house": {"pressure": 0.5, "speed": 0.5}}}), 1),
    Case("attrition", ("war",), UP, "front_loss", {"actor": "reds"}, "fighting is costlier"),
    Case("attrition", ("war",), UP, "front_loss", {"actor": "reds"}, "fighting is costlier", {"rules": {"attrition": "guerrilla"}}),
    Case("opposition", ("war",), UP, "front_loss", {"actor": "reds"}, "the other side is stronger"),
    Case("strike_rate", ("war", "reds"), DOWN, "measure:stock", {"actor": "reds"}, "what is struck is gone"),
    Case("strike_rate", ("war", "reds"), UP, "measure:struck", {"actor": "reds"}, "more is struck"),
    Case("chance_per_month", ("raid",), UP, "happened", {}, "it comes sooner where nothing is left to chance", RAID, 8),
    Case("chance", ("raid",), UP, "happened", {}, "past a half it occurs where nothing is left to chance", DATED_RAID),
    Case("balance_response", ("raid",), UP, "happened", {}, "side_a gains, as its opponent dwindles",
         merged(RAID, {"events": {"raid": {"front": "war"}}, "fronts": {"war": {"opposition": {"2020": 1000, "2020-02": 10}}}}), 8),
    Case("balance_response", ("raid",), DOWN, "happened", {}, "side_a loses, as its opponent grows",
         merged(RAID, {"events": {"raid": {"front": "war"}}, "fronts": {"war": {"opposition": {"2020": 10, "2020-02": 1000}}}}), 8),
    Case("skim", ("carrier",), UP, "arms:skimmed", {"actor": "carrier"}, "it keeps more of what it moves", KEPT),
    Case("skim", ("carrier",), DOWN, "arrived", {"tie": "north -> reds via carrier"}, "less of what is sent comes through", KEPT),
    Case("leg_skim", ("second", "host"), UP, "arms:skimmed", {"actor": "host"}, "it keeps more of what enters the leg", KEPT),
    Case("leg_skim", ("second", "host"), DOWN, "arrived", {"tie": "north -> reds via carrier"}, "less of what is sent comes through", KEPT),
    Case("buys_for_clients", ("north",), UP, "money:bought", {"actor": "north"}, "it pays for what its clients get"),
    Case("markup", ("south -> north",), DOWN, "volume:sale", {"tie": "south -> north"}, "scarce money buys less", SHORT),
    Case("barter", ("south -> north",), UP, "volume:sale", {"tie": "south -> north"}, "scarce money buys more", SHORT),
    Case("belief_rate", (), UP, "belief", {"actor": "north"}, "more is lost than was believed", {"states": {"south": {"effort": 2}}}),
    Case("over", ("storm",), UP, "leg_limit", {"leg": "second"}, "a storm that takes limit reaches its full size later", STORM),
    Case("lasts", ("storm",), DOWN, "leg_limit", {"leg": "second"}, "a storm that takes limit goes on", STORM, 6),
    Case("delay", ("storm",), UP, "leg_limit", {"leg": "second"}, "a storm that takes limit comes later", STORM, 4),
    Case("use_rate", ("reds",), DOWN, "measure:fighting", {"actor": "reds"}, "what is used does not fight again"),
    Case("use_factor", ("war",), UP, "arms:used", {"actor": "reds"}, "more is used"),
    Case("casualty_rate", ("reds",), DOWN, "measure:fighting", {"actor": "reds"}, "who is killed does not fight again"),
    Case("payroll", ("reds",), DOWN, "measure:adequacy", {"actor": "reds"}, "the same money for more pay due",
         {"proxies": {"reds": {"income": 0.5, "payroll": 5}}}),
    Case("income", ("north",), UP, "measure:pledged", {"actor": "north"}, "support is a share of revenue"),
)  # fmt: skip

#: Numbers whose effect may go either way, and why.
EITHER = {
    "noise": "chance moves a run up or down, and more of it moves it further",
    "front_volatility": "the months of a war spread around the course given, up and down",
    "income_volatility": "income spreads around its course, up and down",
    "income_persistence": "a deviation lasts longer, whichever side it is on",
    "leg_volatility": "the hazard of a leg spreads around its mean, up and down",
    "search_volatility": "searches come in campaigns, with more of them in some months and fewer in others",
    "search_persistence": "a campaign lasts longer, and so does a lull",
    "strike_part": "the same losses come in fewer and larger strikes, more in some months and less in others",
    "policy_blur": "what a policy sees is wrong in either direction",
    "blur_persistence": "an error lasts longer, whichever side it is on",
    "forcing_persistence": "a fortune lasts longer, good or bad",
    "forcing_volatility": "fortunes spread, good and bad",
    "order_memory": "an average follows the month sooner, whether that asked for more or less",
    "gate_slope": "a steeper gate releases more below its tier and less above it",
    "belief_return": "a belief comes back to the first, which may be higher or lower",
    "patrol_rate": "patrols move sooner to one leg and from another",
    "patrol_focus": "patrols lean more to one leg and less to another",
    "control_rate": "control follows dependence sooner, up or down",
    "share_inertia": "shares follow their target later, up or down",
    "fighting_weight": "the composite leans to fighting, which may stand higher or lower than the rest",
    "manufacture_weight": "the composite leans to manufacture, which may stand higher or lower than the rest",
    "reach_weight": "the composite leans to reach, which may stand higher or lower than the rest",
    "category_weight": "the index leans to a category whose stock may have grown more or less than the others",
    "stock_origin": "it divides the first stock over origins, and adds nothing to it",
}


@dataclass(frozen=True)
class Trial:
    """One number of one world, and what it becomes."""

    parameter: Parameter
    place: tuple[int, ...]
    value: float
    way: int


def places(world: World, parameter: Parameter) -> list[tuple[int, ...]]:
    """Every place of a parameter that the world has."""
    counts = {axis: len(world.names[axis]) for axis in records.COUNTED}
    return list(np.ndindex(*(counts.get(axis, records.axis_length(axis, world.size)) for axis in parameter.axes)))


def value_at(world: World, parameter: Parameter, place: tuple[int, ...]) -> float:
    """A number of a world."""
    array = world.params[parameter.name][0]
    return float(array[place] if place else array)


def trials(world: World, name: str, among: list[tuple[int, ...]] | None = None) -> list[Trial]:
    """A number of a world at some places, raised."""
    parameter, found = BY_NAME[name], []
    for place in places(world, parameter) if among is None else among:
        value = value_at(world, parameter, place)
        if not math.isnan(value):
            found.append(Trial(parameter, place, *raised(parameter, value)))
    return found


def rows_of(world: World, changes: list[Trial]) -> Array:
    """(1 + change, number): the numbers of a world, then with each change."""
    numbers = np.repeat(numbers_of(world.params, world.schedule), 1 + len(changes), axis=0)
    for row, one in enumerate(changes, 1):
        numbers[row, records.offset(one.parameter.name, world.size, one.place)] = one.value
    return numbers


def months_of(world: World, changes: list[Trial], months: int) -> Iterator[tuple[Any, Any]]:
    """States and flows of the world and of each change, month by month."""
    numbers = rows_of(world, changes)
    rows = Rows(world, 1, numbers, np.zeros(len(numbers), np.uint64))
    for fields in (rows.states, rows.flows):
        for name in fields.dtype.names:
            fields.put(name, 0)  # room beyond the true counts is never written
    rows.states.put("seed", 1)
    rows.begin()
    none = np.empty((0, len(world.months), len(world.names["actor"]), len(vocabulary.MEASURES)))
    for month in range(min(months, len(world.months))):
        rows.advance(month, month + 1, False, none)
        yield whole(rows.states), whole(rows.flows)


def whole(fields: Any) -> Any:
    """Fields of many runs as records, (run,)."""
    made = np.zeros(len(fields), fields.dtype).view(np.recarray)
    for name in fields.dtype.names:
        made[name] = fields[name]
    return made


def different(states: Any, row: int) -> bool:
    """Whether the state of a row differs from that of the first row."""
    return bool(states[row].tobytes() != states[0].tobytes())


def part(quantity: str, array: Array, axes: tuple[str, ...], place: tuple[int, ...]) -> Array:
    """A quantity where it shares axes with a parameter at a place."""
    at = dict(zip(axes, place, strict=True))
    return np.asarray(array[tuple(at.get(axis, slice(None)) for axis in quantity_of(quantity))])


def sides(one: Array, two: Array) -> tuple[bool, bool]:
    """Whether any entry of `two` is above that of `one`, and whether any is below, beyond rounding."""
    gap, size = (
        np.subtract(two, one, out=np.zeros_like(one), where=one != two),
        ROUNDING * np.maximum(np.abs(one), np.abs(two)),
    )
    return bool((gap > size).any()), bool((gap < -size).any())


@dataclass(frozen=True)
class Finding:
    """How a quantity moved when a number was raised."""

    law: Law
    place: tuple[int, ...]
    month: int
    right: bool
    wrong: bool


def findings(world: World, chosen: list[tuple[Law, Trial]], months: int, course: Any = months_of) -> list[Finding]:
    """For each law and change, the first month in which anything differs (or `after` months later)."""
    w, found = world.arrays[0], []
    open_ = {row: -1 for row in range(1, len(chosen) + 1)}
    for month, (states, flows) in enumerate(course(world, [trial for _, trial in chosen], months)):
        for row in list(open_):
            law, trial = chosen[row - 1]
            base = part(law.quantity, read(law.quantity, w, states[0], flows[0]), trial.parameter.axes, trial.place)
            other = part(
                law.quantity, read(law.quantity, w, states[row], flows[row]), trial.parameter.axes, trial.place
            )
            up, down = sides(base, other)
            if open_[row] < 0 and (up or down or different(states, row)):
                open_[row] = month
            if 0 <= open_[row] <= month - law.after:
                right, wrong = (up, down) if law.sign * trial.way == UP else (down, up)
                found.append(Finding(law, trial.place, month, right, wrong))
                del open_[row]
        if not open_:
            break
    return found


def applies(world: World, law: Law, place: tuple[int, ...]) -> bool:
    """Whether a law speaks of a number at a place; where guerrillas fight, a side dies out at a whole step of the month."""
    if law.parameter == "attrition" and int(world.arrays[0].attrition_form) == GUERRILLA:
        return False
    return not law.above_zero or value_at(world, BY_NAME[law.parameter], place) > 0.0


def dials_worlds() -> list[World]:
    """The world of the dials without chance, under some variants of the rules, and with a fallen host."""
    worlds = [build(scenario_from_text(DIALS + variant)) for variant in VARIANTS]
    return [
        *worlds,
        build(scenario_from_text(DIALS.replace("normal_support = 40", "normal_support = 40, stability = 0"))),
    ]


def names_of(world: World, axes: tuple[str, ...], place: tuple[str, ...]) -> tuple[int, ...]:
    """Indices of names along axes."""
    return tuple(
        vocabulary.PROVISIONS.index(name) if axis == "provision" else world.names[axis].index(name)
        for axis, name in zip(axes, place, strict=True)
    )


def moved(case: Case, course: Any = months_of) -> float:
    """How far the sum of a case's quantity over its months moved, when its number went up."""
    world = world_of(merged(PLAIN, case.changes))
    parameter = BY_NAME[case.parameter]
    place = names_of(world, parameter.axes, case.place)
    (trial,) = trials(world, case.parameter, [place])
    axes = quantity_of(case.quantity)
    at = tuple(world.names[axis].index(case.of[axis]) if axis in case.of else slice(None) for axis in axes)
    total = 0.0
    for states, flows in course(world, [trial], case.months):
        one, two = (read(case.quantity, world.arrays[0], states[row], flows[row])[at] for row in (0, 1))
        total += float(np.sum(two) - np.sum(one))
    return total * trial.way
