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
# One comparison applies to one set of numbers. A sweep repeats it for many sets: how large is the effect of the pact if funding is
# larger or smaller, and if legs are searched more or less? An *experiment file* says what varies. The results are written to a
# folder. From this folder the sweep can be resumed after any interruption, extended and verified. Other tools can read the files.

# %%
# %matplotlib inline
import tempfile
from pathlib import Path

import proxysim as ps
from proxysim import figures

folder = Path(tempfile.mkdtemp())

# %% [markdown]
# ## The experiment file
# Levers are what actors choose; uncertainties are what they do not choose. A list gives levels. The pattern `legs.*.detection` matches
# the detection of every leg, and `scale` multiplies all of them by the same factor.

# %%
experiment = folder / "experiment.toml"
experiment.write_text("""
kind     = "experiment"
question = "How much does funding add to the arms of the proxies, and does more search of the legs undo it?"
base     = "quickstart"
branches = ["no-pact", "strong"]
design   = "grid"
runs     = 60
seed     = 1
measures = ["received_arms", "capacity"]

[levers]
"pacts.treaty.provisions.funding" = [0, 0.15, 0.3, 0.45]

[uncertainties]
"legs.*.detection" = {scale = [0.5, 1, 1.5, 2]}
""")

# %% [markdown]
# ## The runs
# There are 16 points, two branches and 60 runs of each. The commands for this are `proxysim design experiment.toml` and
# `proxysim sweep experiment.toml --out DIR`. A sweep may be killed at any time; `ps.resume` completes it with the same table, byte
# for byte.

# %%
print(ps.sweep(experiment, folder / "out"))

# %% [markdown]
# ## The results
# `to_dataframe` has one row per run. `by_point` has one row per point, with the effect and its interval.

# %%
results = ps.open(folder / "out")
results.to_dataframe().head()

# %%
points = results.by_point("received_arms.reds")
points

# %% [markdown]
# ## The results as figures
# The figures show the mean paired difference from the branch without the pact. A dot marks a cell in which no effect was detected.

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
# ## Which factors change the effect
# Each factor moves from its lowest to its highest level, between points that differ in no other factor. The table gives the mean
# change of the effect with its interval, and the smallest and largest change. The last two show how much the change depends on the
# other factor.

# %%
effects = results.main_effects("received_arms.reds")
effects.round(3)

# %%
figures.tornado(effects, unit=unit, labels=names, held="mean over the values of the other factor")

# %% [markdown]
# ## Extend, verify, replay
# `extend` adds runs to every point, or points to a Sobol design, and keeps all old rows. `verify` checks files against their digests.
# `replay` repeats a single row and compares it bit for bit.

# %%
print(ps.extend(folder / "out", runs=40))
row = ps.open(folder / "out").runs.iloc[1000]
print(ps.verify(folder / "out"), ps.replay(folder / "out", row["run_id"]).is_same)

# %% [markdown]
# ## Report
# `proxysim report DIR` writes the same HTML file.

# %%
ps.write_sweep_report(folder / "out", folder / "report.html", "received_arms").stat().st_size
