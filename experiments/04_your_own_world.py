# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 04 Your own world in twenty minutes
#
# A world is one text file. In this one a patron supports two proxies across a strait where cargo is searched, and an ally offers money.
# The notebook writes the file, checks it, compares its branches and makes a report.

# %%
# %matplotlib inline
import tempfile
from pathlib import Path

import proxysim as ps

folder = Path(tempfile.mkdtemp())
file = folder / "island.toml"
file.write_text("""
kind = "world"

[scenario]
question = "An ally offers the patron money for its clients. How many more arms reach the island?"
start    = 2024-01-01
end      = 2027-12-01
flows    = "USD m / year"
origins  = ["mainland"]

[categories]
rifles  = {weight = 0.4, tier = 1}
rockets = {weight = 0.6, tier = 2}

[places]
mainland = {}
island   = {}

[states.mainland]
home    = "mainland"
origin  = "mainland"
income  = {value = 900, low = 700, high = 1100, grade = "D"}
support_share = {value = 0.08, low = 0.04, high = 0.12, grade = "D"}
stock   = {rifles = 200, rockets = 300}
plant   = {rifles = 40, rockets = 60}
knowhow = {rifles = 0.9, rockets = 0.5}

[states.ally]
home    = "mainland"
income  = 3000
support_share = 0

[proxies.north-shore]
home      = "island"
income    = 12
personnel = 4000
stock     = {rifles = 20, rockets = 5}
[proxies.south-shore]
home      = "island"
income    = 12
personnel = 2500
stock     = {rifles = 15, rockets = 2}

[legs]
strait = {between = ["mainland", "island"], mode = "sea", limit = 60, detection = {value = 0.15, low = 0.05, high = 0.40, grade = "D"}}

[ties]
"mainland -> north-shore" = {weight = 0.7}
"mainland -> south-shore" = {weight = 0.3}

[pacts.offer]
members    = ["mainland", "ally"]
in_force   = 2024-07-01
strength   = 0
provisions = {funding = {value = 0.3, low = 0.1, high = 0.5, grade = "D"}}

[branches]
no-offer = {about = "The offer is declined", set.pacts.offer.strength = 0}
offer    = {about = "The offer is taken", set.pacts.offer.strength = 1}
[branches.offer-and-patrol]
about   = "The offer is taken, and the strait is searched twice as hard"
extends = ["offer"]
scale.legs.strait.detection = 2
""")
world = ps.load(file, "no-offer")
world

# %% [markdown]
# ## Faults in a file
# A misspelt name is reported with its line number before anything runs.

# %%
bad = folder / "bad.toml"
bad.write_text(file.read_text().replace("support_share = 0\n", "suport_share = 0\n"))
try:
    ps.load(bad)
except ps.InputError as error:
    print(str(error).replace(str(folder), "..."))

# %% [markdown]
# ## The map
# The map is schematic. It shows the places, the legs and the home of each actor.

# %%
ps.places_and_legs(world)

# %% [markdown]
# ## The effect of the offer, and a countermeasure

# %%
comparison = ps.compare(world, ["no-offer", "offer", "offer-and-patrol"], runs=200, rng=1)
print(comparison.summary())

# %% [markdown]
# ## With parameter uncertainty
# Every parameter with a range is resampled for every two pairs, with the same values in all branches. The intervals become wider,
# because they now also reflect parameter uncertainty.

# %%
wide = ps.compare(world, ["no-offer", "offer"], runs=200, rng=1, uncertain=True)
for study, words in ((comparison, "parameters fixed"), (wide, "parameters resampled")):
    effect = study.effect("capacity", "north-shore", "offer")
    print(f"{words:22}: {effect.difference:+.2f} [{effect.low:+.2f}, {effect.high:+.2f}] on {effect.baseline:.1f}")

# %% [markdown]
# ## Report

# %%
page = ps.write_report(world, folder / "island.html", ["no-offer", "offer", "offer-and-patrol"], runs=60, rng=1)
print(f"{page.name}: {page.stat().st_size / 1e6:.1f} MB")
