"""A world that is hard to draw: seven branches, long labels and ids, actors of very different size, a regime that may fall."""

from __future__ import annotations

from pathlib import Path

#: The branches in the order of the file: baseline, focus, a variant, then four countermeasures that extend the focus.
BRANCHES = (
    "firm-without-any-agreement", "firm-mutual-assistance-pact", "firm-pact-as-it-was-signed", "firm-more-soviet-aid",
    "firm-spetsnaz-on-the-coast", "firm-blockade-of-the-strait", "firm-sanctions-on-both-patrons",
)  # fmt: skip
REGIME = "highland-transitional-council"

TEXT = """
kind = "world"

[scenario]
label    = "The confederation of the coast and its neighbours, a world of long names"
question = "Does a pact of mutual assistance arm the movements of the coast, and which of four countermeasures undoes that?"
start    = 2021-01-01
end      = 2023-12-01
flows    = "USD m / year"
origins  = ["northern-federation", "southern-peoples-republic"]

[categories]
rifles            = {weight = 0.2, tier = 1}
guided-rockets    = {weight = 0.5, tier = 2}
reconnaissance-drones = {weight = 0.3, tier = 2}

[places]
northern-capital-district = {label = "Northern capital district and the river ports"}
southern-capital-district = {label = "Southern capital district and the oil terminals"}
highland-plateau          = {label = "Highland plateau along the old caravan road"}
coastal-strip             = {label = "Coastal strip between the lagoon and the strait"}
border-villages           = {}

[states.northern-federation]
label         = "Northern Federation of Autonomous Republics and Territories"
home          = "northern-capital-district"
origin        = "northern-federation"
income        = {2021 = 90000, 2022 = 84000}
support_share = {value = 0.02, low = 0.01, high = 0.04, grade = "D"}
sanctions     = {value = 0.3, low = 0.2, high = 0.5, grade = "D"}
stock         = {rifles = 9000, guided-rockets = 40000, reconnaissance-drones = 6000}
plant         = {rifles = 900, guided-rockets = 5000, reconnaissance-drones = 900}
knowhow       = {rifles = 0.9, guided-rockets = 0.9, reconnaissance-drones = 0.6}

[states.southern-peoples-republic]
label         = "Southern People's Republic (provisional government)"
home          = "southern-capital-district"
origin        = "southern-peoples-republic"
income        = {value = 2400, low = 1800, high = 3000, grade = "D"}
support_share = 0.10
stock         = {rifles = 800, guided-rockets = 900, reconnaissance-drones = 300}
plant         = {rifles = 120, guided-rockets = 150, reconnaissance-drones = 60}
knowhow       = {rifles = 0.9, guided-rockets = 0.5, reconnaissance-drones = 0.4}

[states.highland-republic]
label         = "Republic of the Highland Plateau"
home          = "highland-plateau"
income        = 300
personnel     = 20000
stock         = {rifles = 200, guided-rockets = 60}

[regimes.highland-transitional-council]
label        = "Transitional Council of the Highland Plateau"
state        = "highland-republic"
own_strength = {value = 0.52, low = 0.45, high = 0.6, grade = "D"}
pressure     = 1.0
stability    = 1.1
volatility   = 0.2
helpers      = {northern-federation = 0.4, southern-peoples-republic = 0.25}

[proxies.peoples-front-for-the-liberation-of-the-coast]
label     = "People's Front for the Liberation of the Coast"
home      = "coastal-strip"
income    = 900
personnel = 60000
stock     = {rifles = 900, guided-rockets = 1500, reconnaissance-drones = 300}

[proxies.committee-of-the-border-villages]
label     = "Committee of the Border Villages and Hamlets"
home      = "border-villages"
income    = 6
personnel = 900
stock     = {rifles = 4, guided-rockets = 1}

[proxies.lagoon-fishermens-militia]
label     = "Militia of the Fishermen of the Lagoon, eastern wing"
home      = "coastal-strip"
income    = 30
personnel = 4000
stock     = {rifles = 30, guided-rockets = 8, reconnaissance-drones = 1}

[legs]
river-to-the-strait    = {label = "River to the strait", between = ["northern-capital-district", "coastal-strip"], mode = "sea",  limit = 1500, detection = {value = 0.15, low = 0.05, high = 0.30, grade = "D"}}
caravan-road-west      = {label = "Caravan road, western part", between = ["southern-capital-district", "highland-plateau"], mode = "land", limit = 400, detection = 0.05}
caravan-road-east      = {label = "Caravan road, eastern part", between = ["highland-plateau", "coastal-strip"], mode = "land", limit = 300, detection = 0.08, host = "highland-transitional-council"}
goat-path              = {between = ["highland-plateau", "border-villages"], mode = "land", limit = 60, detection = 0.02, host = "highland-transitional-council"}
air-bridge             = {label = "Air bridge between the capitals", between = ["northern-capital-district", "southern-capital-district"], mode = "air", limit = 3000, detection = 0, months = 0}

[ties]
"northern-federation -> peoples-front-for-the-liberation-of-the-coast" = {weight = 0.6, control = 0.7}
"northern-federation -> highland-republic"          = {weight = 0.2, control = 0.4}
"southern-peoples-republic -> highland-republic"    = {weight = 0.3, control = 0.4}
"southern-peoples-republic -> lagoon-fishermens-militia" = {weight = 0.5, control = 0.6}
"southern-peoples-republic -> committee-of-the-border-villages" = {weight = 0.05, control = 0.3}
"northern-federation -> southern-peoples-republic"  = {weight = 0.5, access = 0.3}
"southern-peoples-republic -> northern-federation"  = {access = 0.2}

[fronts]
war-of-the-lagoon   = {label = "War of the lagoon", side_a = {peoples-front-for-the-liberation-of-the-coast = 1.0, lagoon-fishermens-militia = 0.5}, intensity = {2021 = 0.1, 2022-03 = 0.7, 2023-06 = 0.2}}
skirmishes          = {side_a = {committee-of-the-border-villages = 1.0, highland-republic = 0.3}, intensity = 0.3}

[pacts.mutual-assistance]
label      = "Pact of Friendship and Mutual Assistance"
members    = ["northern-federation", "southern-peoples-republic"]
signed     = 2021-06-01
in_force   = 2021-10-01
strength   = {value = 0.9, low = 0.6, high = 1.0, grade = "D"}
provisions = {funding = 0.3, shipments = 0.4, technology = 0.6, production = 0.3, market = 0.5, commitment = 0.9, reciprocity = 0.2}

[events]
embargo-of-the-assembly   = {label = "Embargo voted by the assembly of the neighbouring states", on = 2022-06-15, over = 3, scale.legs."*".limit = 0.7}
mutiny-in-the-river-ports = {label = "Mutiny in the river ports, put down after three weeks", on = 2022-08-01, scale.legs.river-to-the-strait.limit = 0.8}
drought                   = {window = [2022-01-01, 2023-06-01], chance = 0.5, scale.states.southern-peoples-republic.income = 0.8}
advisers-leave            = {label = "Advisers leave the plateau", on = 2022-11-01, scale.regimes.highland-transitional-council.pressure = 1.15}

[branches]
firm-without-any-agreement      = {label = "No agreement of any kind between the two patrons", set.pacts.mutual-assistance.strength = 0}
firm-mutual-assistance-pact     = {label = "Pact of mutual assistance, fully carried out", set.pacts.mutual-assistance.strength = 1}
firm-pact-as-it-was-signed      = {label = "Pact as it was signed, with half of its strength", set.pacts.mutual-assistance.strength = 0.5}
firm-more-soviet-aid            = {label = "Pact, and more Soviet aid to the opponents of the coast", extends = ["firm-mutual-assistance-pact"], scale.fronts.war-of-the-lagoon.intensity = 1.3}
firm-spetsnaz-on-the-coast      = {label = "Pact, and spetsnaz units along the coastal strip", extends = ["firm-mutual-assistance-pact"], scale.legs."caravan-road-*".detection = 3}
firm-blockade-of-the-strait     = {label = "Pact, and a blockade of the strait from the first month", extends = ["firm-mutual-assistance-pact"], scale.legs.river-to-the-strait.limit = 0.4}
firm-sanctions-on-both-patrons  = {label = "Pact, and tighter sanctions on both of the patrons", extends = ["firm-mutual-assistance-pact"], set.states."northern-*".sanctions = 0.6, set.states."southern-*".sanctions = 0.5}
"""  # noqa: E501


def write_world(folder: Path) -> Path:
    """Write the world to a folder, and return its file."""
    file = folder / "torture.toml"
    file.write_text(TEXT, encoding="utf-8")
    return file
