"""Write the network of a world to arrays: counts, ties and their routes, and random-number keys."""

from __future__ import annotations

from typing import Any

from proxysim.core import schedule as codes
from proxysim.core import vocabulary
from proxysim.core.parameters import VARIANTS
from proxysim.core.rng import key_of
from proxysim.errors import Fault, InputError
from proxysim.scenario.scenario import Names, Places, Scenario
from proxysim.scenario.world.chance import OTHER, chance_key
from proxysim.scenario.world.routes import Chains, months_on


def connect(scenario: Scenario, w: Any, names: Names, index: Places, chains: Chains) -> None:
    """Write counts and indices; an absent reference is -1."""
    text = scenario.text
    for axis in vocabulary.COUNTED:
        w[f"{axis}_count"] = len(names[axis])
    w["months"] = scenario.months
    w["answers"] = len(scenario.policies_on) > 0
    for name in ("actor_regime", "tie_broker", "tie_back", "leg_host", "leg_front", "pact_debtor", "event_front"):
        getattr(w, name)[...] = -1
    w["components"], w["other"] = -1, index["origin"][OTHER]
    for c, category in enumerate(names["category"]):
        w.category_shield[c] = text["categories", category, "air_defence"]
        if text["categories", category, "components"]:
            w["components"] = c
    for a, actor in enumerate(names["actor"]):
        section = scenario.section(actor)
        w.is_proxy[a] = section == "proxies"
        own = text.get((section, actor, "origin")) or actor
        w.actor_origin[a] = index["origin"].get(own, index["origin"][OTHER])
    for r, regime in enumerate(names["regime"]):
        w.regime_state[r] = index["actor"][text["regimes", regime, "state"]]
        w.actor_regime[w.regime_state[r]] = r
    carried = {path[1] for path in scenario.numbers if path[0] == "legs" and path[2] == "carriers"}
    for k, leg in enumerate(names["leg"]):
        host, front = text.get(("legs", leg, "host")), text.get(("legs", leg, "front"))
        w.leg_host[k] = index["regime"][host] if host else -1
        w.leg_front[k] = index["front"][front] if front else -1
        w.leg_from[k], w.leg_to[k] = (index["place"][place] for place in text["legs", leg, "between"])
        w.leg_shared[k] = leg in carried
    for f, front in enumerate(names["front"]):
        w.front_guerrilla[f] = 1 if text["fronts", front, "guerrilla"] == "side_a" else 2
        for actor, side in text["fronts", front, "sides"].items():
            w.front_side[f, index["actor"][actor]] = side
    for k, pact in enumerate(names["pact"]):
        for member in text["pacts", pact, "members"]:
            w.pact_member[k, index["actor"][member]] = 1
        debtor = text.get(("pacts", pact, "debtor"))
        w.pact_debtor[k] = index["actor"][debtor] if debtor else -1
        w.pact_share[k] = text["pacts", pact, "reciprocity_order"] == "share"
    _ties(scenario, w, names, index, chains)
    kinds = {"dated": codes.DATED, "when": codes.CONDITIONAL, "hazard": codes.HAZARD}
    for e, event in enumerate(sorted(scenario.events, key=lambda event: event.id)):
        w.event_first[e], w.event_last[e] = event.first, event.last
        w.event_kind[e] = codes.OFF if event.off else kinds[event.kind]
        front = text.get(("events", event.id, "front"))
        w.event_front[e] = index["front"][front] if front else -1
    for name, field in (("allocation", "fixed_allocation"), ("assembly", "kits"), ("attrition", "attrition_form"),
                        ("diffusion", "exponential")):  # fmt: skip
        w[field] = VARIANTS[name].index(scenario.rules[name])


def _ties(scenario: Scenario, w: Any, names: Names, index: Places, chains: Chains) -> None:
    """Write the ends of ties, their opposite ties, and the legs of their routes."""
    pairs: dict[tuple[str, str], int] = {}
    for i, tie in enumerate(names["tie"]):
        start, end = scenario.text["ties", tie, "from"], scenario.text["ties", tie, "to"]
        broker = scenario.text.get(("ties", tie, "broker"))
        w.tie_from[i], w.tie_to[i] = index["actor"][start], index["actor"][end]
        w.tie_broker[i] = index["actor"][broker] if broker else -1
        own = w.actor_origin[w.tie_to[i]]
        told_apart = own != index["origin"][OTHER] and own != w.actor_origin[w.tie_from[i]]
        w.tie_bought[i] = _gives_what_it_buys(scenario, tie, start)
        w.tie_bars[i] = own if told_apart and not scenario.text["ties", tie, "returns"] else -1
        pairs[start, end] = i
    for (start, end), i in pairs.items():
        w.tie_back[i] = pairs.get((end, start), -1)
    for r, (i, legs) in enumerate(chains):
        w.route_tie[r], w.route_length[r] = i, len(legs)
        w.route_months[r] = months_on(scenario, legs)
        for k, leg in enumerate(legs):
            w.route_leg[r, k] = index["leg"][leg]
    for i in range(len(names["tie"])):
        mine = [r for r, (tie, _) in enumerate(chains) if tie == i]
        w.route_start[i], w.route_stop[i] = (mine[0], mine[-1] + 1) if mine else (0, 0)


def _gives_what_it_buys(scenario: Scenario, tie: str, sender: str) -> bool:
    """Whether a sponsor buys for its clients and has neither stock nor plant, so that a tie has no mix of its own."""
    numbers, section = scenario.numbers, scenario.section(sender)
    buys = numbers.get((section, sender, "buys_for_clients"))
    if buys is None or buys.origin == "default":
        return False
    held = any(max(number.value, number.high or 0.0) > 0.0 for path, number in numbers.items()
               if path[:2] == (section, sender) and path[2] in ("stock", "plant"))  # fmt: skip
    return not held and not any(path[:3] == ("ties", tie, "mix") for path in numbers)


def write_keys(scenario: Scenario, w: Any, names: Names, chains: Chains) -> None:
    """Write random-number keys, which depend on chance keys only; two equal keys are an error."""
    seen: dict[int, str] = {}

    def key(text: str) -> int:
        number = key_of(text)
        if seen.setdefault(number, text) != text:
            raise InputError(
                [Fault(scenario.file, 0, text, f"has the same random-number key as {seen[number]}; rename one")]
            )
        return number

    for axis in ("actor", "front", "event", "leg", "regime", "tie", "policy"):
        for i, name in enumerate(names[axis]):
            getattr(w, f"{axis}_key")[i] = key(f"{axis}/{chance_key(scenario, axis, name)}")
    for r, (i, legs) in enumerate(chains):
        tie, keys = chance_key(scenario, "tie", names["tie"][i]), [chance_key(scenario, "leg", leg) for leg in legs]
        for k, leg in enumerate(keys):
            w.cargo_key[r, k] = key(f"cargo/{tie}/{' > '.join(keys)}/{k}/{leg}")
