"""Names and sizes of the model: axes, channels, provisions, lines of the books and measures, with their indices.

This module imports nothing, so that code which only needs a name does not have to import NumPy.
"""

from __future__ import annotations

#: Axis lengths by size class. `hop`: legs of a route. `ring`: longest travel time plus one, in months.
SIZES: dict[str, dict[str, int]] = {
    "small": dict(actor=8, category=4, origin=4, tie=12, leg=12, place=8, route=48, hop=10, front=4, regime=2, pact=2, event=16,
                  policy=8, ring=12),
    "compact": dict(actor=12, category=8, origin=4, tie=16, leg=12, place=12, route=64, hop=10, front=8, regime=2, pact=2, event=48,
                    policy=12, ring=8),
    "medium": dict(actor=16, category=8, origin=6, tie=32, leg=24, place=16, route=192, hop=10, front=12, regime=4, pact=4, event=64,
                   policy=16, ring=12),
    "large": dict(actor=48, category=8, origin=10, tie=96, leg=64, place=48, route=768, hop=10, front=24, regime=12, pact=8, event=128,
                  policy=32, ring=32),
    "huge": dict(actor=128, category=16, origin=16, tie=320, leg=256, place=256, route=2048, hop=10, front=64, regime=32, pact=32, event=512,
                 policy=128, ring=64),
}  # fmt: skip
COUNTED = ("actor", "category", "origin", "tie", "leg", "place", "route", "front", "regime", "pact", "event", "policy")

#: Channels of a tie: support (including gifts between peers or to a patron), retransfer of arms, sales, reciprocity.
CHANNELS = ("support", "retransfer", "sale", "reciprocity")
SUPPORT, RETRANSFER, SALE, RECIPROCITY = range(len(CHANNELS))
#: Provisions of a pact, in the order of ids, and the index of each on the axis `provision`.
PROVISIONS = (
    "commitment", "funding", "logistics", "market", "production",
    "reciprocity", "sanctions_relief", "shipments", "technology",
)  # fmt: skip
(COMMITMENT, FUNDING, LOGISTICS, MARKET, PRODUCTION, RECIPROCITY_X, SANCTIONS_RELIEF, SHIPMENTS,
 TECHNOLOGY) = range(len(PROVISIONS))  # fmt: skip

#: Lines of the books of money, inflows first.
MONEY_IN = ("income", "received", "sold", "fees_received", "money_event_in", "money_intervention_in")
MONEY_OUT = (
    "sent", "paid", "bought", "upkeep", "production", "transport", "invested", "policy", "diverted", "fees",
    "money_event_out", "money_intervention_out",
)  # fmt: skip
MONEY_LINES = MONEY_IN + MONEY_OUT
#: Lines of the books of arms, inflows first.
ARMS_IN = ("made", "received", "captured", "aid_in", "event_in", "intervention_in", "skimmed")
ARMS_OUT = (
    "sent", "used", "consumed", "lost", "struck", "decayed", "quality_loss", "destroyed", "surrendered", "leaked",
    "abandoned", "event_out", "intervention_out",
)  # fmt: skip
ARMS_LINES = ARMS_IN + ARMS_OUT
#: Lines of the books of arms in transit, by tie.
TRANSIT_LINES = ("sent", "arrived", "destroyed", "captured", "skimmed")
(M_INCOME, M_RECEIVED, M_SOLD, M_FEES_IN, M_EVENT_IN, M_HAND_IN, M_SENT, M_PAID, M_BOUGHT, M_UPKEEP, M_PRODUCTION,
 M_TRANSPORT, M_INVESTED, M_POLICY, M_DIVERTED, M_FEES, M_EVENT_OUT, M_HAND_OUT) = range(len(MONEY_LINES))  # fmt: skip
(A_MADE, A_RECEIVED, A_CAPTURED, A_AID, A_EVENT_IN, A_HAND_IN, A_SKIMMED, A_SENT, A_USED, A_CONSUMED, A_LOST, A_STRUCK,
 A_DECAYED, A_QUALITY, A_DESTROYED, A_SURRENDERED, A_LEAKED, A_ABANDONED, A_EVENT_OUT, A_HAND_OUT) = range(len(ARMS_LINES))  # fmt: skip
T_SENT, T_ARRIVED, T_DESTROYED, T_CAPTURED, T_SKIMMED = range(len(TRANSIT_LINES))

#: Measures of an actor, recorded at the end of each month: name -> (unit, meaning).
MEASURES: dict[str, tuple[str, str]] = {
    "capacity": ("index", "weighted mean of fighting, manufacture and reach; 100 at the start"),
    "fighting": ("index", "capacity to fight, from stocks, personnel and command; 100 at the start"),
    "manufacture": ("USD m of arms / month", "arms made per month, mean of the last twelve months"),
    "potential": ("USD m of arms / month", "arms that plant and knowhow could make, over all categories"),
    "reach": (
        "USD m of arms / month",
        "arms that could arrive over its outgoing ties: limit times survival, summed over all routes",
    ),
    "personnel": ("persons", "persons under arms"),
    "command": ("share", "quality of command"),
    "adequacy": ("share", "pay paid over pay due"),
    "attention": ("share", "attention left for clients"),
    "funds": ("USD m", "money available"),
    "revenue": ("USD m / month", "income after sanctions"),
    "stock": ("USD m of arms", "arms held, all categories and origins"),
    "advanced_share": ("share", "part of the stock in tier 3 or higher"),
    "received_money": ("USD m / month", "money received from sponsors"),
    "received_arms": ("USD m of arms / month", "arms that arrived"),
    "made": ("USD m of arms / month", "arms made"),
    "idle_money": ("share", "part of the output that plant and storage allow, not made for lack of money"),
    "idle_components": ("share", "part of the output that plant and storage allow, not made for lack of components"),
    "capped": ("share", "share of the weights in the fighting index of categories whose stock is at `stock_ratio_cap`"),
    "sent_arms": ("USD m of arms / month", "arms sent to others"),
    "pledged": ("USD m / month", "support pledged to clients, money and arms"),
    "dependence": ("share", "part of its total intake that comes from others"),
    "seized": ("USD m of arms / month", "arms stopped by its patrols"),
    "struck": ("USD m of arms / month", "arms lost to strikes"),
}
MEASURE_INDEX: dict[str, int] = {name: index for index, name in enumerate(MEASURES)}

#: Forms of a policy. A policy that is off has no answer.
FORMS = ("proportional", "linear", "switch", "off")
PROPORTIONAL, LINEAR, SWITCH, OFF = range(len(FORMS))
#: What a policy can watch instead of a measure of an actor: the level of a pact.
LEVEL = "level"
#: Sides of a front.
NO_SIDE, SIDE_A, SIDE_B = range(3)
#: Month of an event that has not occurred.
NEVER = -1_000_000
#: In the history of a run: a regime that had fallen before the start; -1 is a regime that has not fallen.
FELL_BEFORE = -2
#: Largest number of conditions per event.
CONDITIONS_PER_EVENT = 4
#: Largest change of the log of the balance of a front that an event responds to: a factor of 100 either way.
MOST_BALANCE = 4.605170185988092
#: Months over which manufacture is averaged.
WINDOW = 12
