"""Worlds that the tests of the door read."""
# ruff: noqa: E501

QUICKSTART = """\
kind = "world"
branch = "none"
[scenario]
question = "Two patrons sign a pact. Do their three proxies end up with more arms?"
start    = 2020-01-01
end      = 2024-12-01
flows    = "USD m / year"
origins  = ["north-made", "south-made"]
[sources]
S01 = "A report"
S02 = {title = "A table", url = "https://example.org/table", read = 2025-01-31}
[categories]
rifles  = {weight = 0.3, tier = 1}
rockets = {weight = 0.7, tier = 2, content = 0.1}
parts   = {weight = 0, components = true}
[places]
north = {label = "The north"}
south = {}
coast = {}
hills = {}
[states.north]
home    = "north"
origin  = "north-made"
income  = {value = 1200, low = 900, high = 1500, source = "S01", grade = "B"}
support_share = 0.10
stock   = {rifles = 400, rockets = 800}
plant   = {rifles = 60, rockets = 120}
knowhow = {rifles = 0.9, rockets = 0.5}
stock_origin = {rockets = {south-made = 0.4}}
[states.south]
home    = "south"
origin  = "south-made"
income  = {2019 = 6600, 2020 = 6000, 2022 = 4800, low = "-25 %", high = "+120 %", grade = "D"}
support_share = 0.02
sanctions = {value = 0.3, low = 0.2, high = 0.5, grade = "D"}
stock   = {rifles = 2000, rockets = 5000}
patrols = {north-coast = 0.5}
[defaults.proxies]
income    = 24
personnel = 5000
stock     = {rifles = 50, rockets = 20}
[proxies]
reds   = {home = "coast"}
blues  = {home = "coast", personnel = {value = 8, unit = "k persons"}, broker_capacity = 12}
greens = {home = "hills", stock = {rifles = 80}}
[legs]
north-coast = {between = ["north", "coast"], mode = "sea", limit = 240, detection = {value = 0.10, low = 0.05, high = 0.30}}
north-hills = {between = ["north", "hills"], mode = "land", limit = 120, detection = 0.05, host = "throne", front = "war"}
south-north = {between = ["south", "north"], mode = "air", limit = 600, months = 0, detection = 0, carriers = {south = 0.5}}
[ties]
"north -> reds"   = {weight = 0.6, control = 0.7}
"north -> greens via blues" = {weight = 0.4, control = 0.4}
"south -> blues"  = {weight = 0.5, mix = {rifles = 1}}
"south->north"    = {weight = 0.5, barter = 0.1}
"north -> south"  = {}
[fronts.war]
side_a    = {reds = 1.0, north = 0.1}
side_b    = {greens = 0.5}
intensity = {2020 = 0.1, 2022-03 = 0.8, 2023-06 = 0.2}
burden    = {north = 0.2}
[regimes.throne]
state = "north"
own_strength = 0.4
pressure = 1.0
helpers = {south = 0.3}
[pacts.treaty]
members  = ["north", "south"]
in_force = 2021-01-01
until    = 2030-01-01
strength = 0.5
debtor   = "north"
provisions = {funding = 1.2, technology = 0.5, reciprocity = 0.1}
[events]
embargo = {on = 2022-06-15, over = 3, source = "S01", grade = "B", scale.legs."*".limit = 0.5}
blockade = {window = [2023-01-01, 2023-06-01], chance = 0.5, set.legs.north-coast.limit = 0}
collapse = {when = [{fallen = "throne"}], delay = 1, scale."states.north.stock.*" = 0.25}
fatigue = {when = [{measure = "fighting", of = "reds", below = 40, months = 3}], unless = [{happened = "embargo"}], chance_per_month = 0.2, scale.fronts.war.side_a.reds = 0.5}
[branches]
no-pact    = {about = "It is never signed", set.pacts.treaty.strength = 0}
strong     = {set.pacts.treaty = {strength = 1, compliance = 0.9}}
sea-patrol = {scale.legs.north-coast.detection = 2}
calm       = {extends = ["no-pact"], off = ["embargo"], add.fronts.war.intensity = 0.1}
[rules]
attrition = "linear"
[behaviour]
decay = 0.01
"""
