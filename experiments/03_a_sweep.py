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
# # 03 A sweep, from a file to a figure
#
# One comparison answers for one set of numbers. A sweep asks the same at many: how large is the effect of the pact when its provisions
# are larger or smaller, and when its routes are searched more or less? What is varied stands in an *experiment file*; the runs go into a
# folder that can be taken up again after anything, extended, verified and read by other tools.

# %%
# %matplotlib inline
import tempfile
from pathlib import Path

import proxysim as ps
from proxysim import figures

folder = Path(tempfile.mkdtemp())
world = Path("scenarios/quickstart.toml").resolve().as_posix()

# %% [markdown]
# ## The file
# Levers are what actors choose, uncertainties what the world does. A list is a set of levels; a pattern such as `legs.*.detection`
# meets every number of that kind, and `scale` moves them together.

# %%
experiment = folder / "experiment.toml"
experiment.write_text(f"""
kind     = "experiment"
question = "How much does funding add to the arms of the proxies, and does search at sea and on land take it away?"
base     = "{world}"
branches = ["no-pact", "strong"]
design   = "grid"
runs     = 60
seed     = 1
measures = ["received_arms", "capacity"]

[levers]
"pacts.treaty.provisions.funding" = [0, 0.15, 0.3, 0.45]

[uncertainties]
"legs.*.detection" = {{scale = [0.5, 1, 1.5, 2]}}
""")

# %% [markdown]
# ## The runs
# 16 points, two branches, 60 runs each. On the command line this is `proxysim design experiment.toml`, then
# `proxysim sweep experiment.toml --out DIR`. Kill it whenever you like: `ps.resume` ends with the same table, byte for byte.

# %%
print(ps.sweep(experiment, folder / "out"))

# %% [markdown]
# ## The results
# A table with one row a run; the effects with intervals, one row a point; and what is asked of each point.

# %%
found = ps.open(folder / "out")
found.to_dataframe().head()

# %%
points = found.by_point("received_arms.reds")
points

# %% [markdown]
# ## As figures
# The difference against no pact, in pairs that meet the same chance. A dot marks a cell in which no difference was found.

# %%
names = {
    "pacts.treaty.provisions.funding": "funding",
    "legs.*.detection": "search on all legs, times",
    "difference": "more arms to the reds",
}
unit = "USD m of arms / month"
figures.heat_map(points, "legs.*.detection", "pacts.treaty.provisions.funding", "difference", unit, labels=names)

# %%
figures.sweep_lines(points, "legs.*.detection", "difference", "pacts.treaty.provisions.funding", unit, labels=names)

# %% [markdown]
# ## What moves it
# Each factor from its low to its high end, at points that differ in nothing else: the mean change, its interval, and the least and most
# of these changes, which tell how far the factors depend on each other.

# %%
effects = found.main_effects("received_arms.reds")
effects.round(3)

# %%
figures.tornado(effects, unit=unit, labels=names, held="a mean over the values of the other")

# %% [markdown]
# ## More of it, without doing the old again
# `extend` adds runs to every point (and points to a Sobol design). Old rows stay as they are; `verify` holds every file against its digest, and
# `replay` makes any single row again by itself.

# %%
print(ps.extend(folder / "out", runs=40))
row = ps.open(folder / "out").runs.iloc[1000]
print(ps.verify(folder / "out"), ps.replay(folder / "out", row["run_id"]).is_same)

# %% [markdown]
# ## On one page
# `proxysim report DIR` writes it as one HTML file.

# %%
ps.write_sweep_report(folder / "out", folder / "report.html", "received_arms").stat().st_size
