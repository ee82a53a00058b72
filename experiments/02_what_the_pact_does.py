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
# # 02 What the pact does
#
# Two runs that use the same random numbers and differ only in the pact are a pair. The effect of the pact is the mean difference over
# many pairs. Its interval reflects random variation only; it does not cover errors in the numbers of the world.

# %%
# %matplotlib inline
import proxysim as ps
from proxysim import figures

world = "quickstart"
comparison = ps.compare(world, ["no-pact", "strong"], runs=200, rng=1)
print(comparison.summary())

# %% [markdown]
# ## The effects as a figure
# One panel per measure. A filled mark is a detected effect.

# %%
effects = comparison.to_dataframe()
figures.differences(effects, ["capacity", "fighting", "received_money", "received_arms"])

# %% [markdown]
# ## Why pairs
# `variance_reduction` is the factor by which an unpaired study would need more runs for an interval of the same width.

# %%
effects[["measure", "actor", "difference", "low", "high", "variance_reduction"]].round(3)

# %% [markdown]
# ## Which provision is responsible
# `attribute` runs every combination of provisions and divides the effect by exact Shapley values, which add up to the whole effect.

# %%
attribution = ps.attribute(
    world, "strong", "no-pact", runs=100, rng=1, measures=["capacity.reds", "received_arms.reds"]
)
table = attribution.to_dataframe()
table.round(4)

# %%
figures.waterfall(table[(table["measure"] == "received_arms") & (table["actor"] == "reds")].assign(n=attribution.runs))

# %% [markdown]
# ## Why two runs differ
# `explain` leads in at most twelve steps from the assumed changes to one outcome of a pair of runs; `outcome` names it. Each step is the
# cause of the next one.

# %%
print(ps.explain(world, ["no-pact", "strong"], run=0, rng=1).summary())
