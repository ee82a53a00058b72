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
# Two runs that meet the same chance and differ only in the pact are a pair. The effect of the pact is the mean difference over many
# pairs; its interval says how well the pairs pin it down. What is *not* in the interval: whether the numbers of the world are right.

# %%
# %matplotlib inline
import proxysim as ps
from proxysim import figures

world = "scenarios/quickstart.toml"
comparison = ps.compare(world, ["no-pact", "strong"], runs=200, rng=1)
print(comparison.summary())

# %% [markdown]
# ## As a figure
# One panel a measure; a filled mark is a difference that was found.

# %%
effects = comparison.to_dataframe()
figures.differences(effects, ["capacity", "fighting", "received_money", "received_arms"])

# %% [markdown]
# ## Why pairs
# Independent runs would need many times as many runs for the same interval: the column tells how many times.

# %%
effects[["measure", "actor", "difference", "low", "high", "variance_reduction"]].round(3)

# %% [markdown]
# ## Which provision does it
# The effect is divided among the provisions by running every set of them: exact Shapley values, which add up to the whole effect.

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
# Rule by rule, the first month in which each quantity is another: the chain from what was put in to what is measured.

# %%
print(ps.explain(world, ["no-pact", "strong"], run=0, rng=1).summary())
