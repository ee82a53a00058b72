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
# # 07 From a sweep to a decision
#
# A sweep shows what would happen under many settings. A decision is a choice among options whose effects are uncertain. This notebook
# takes a few countermeasures on `levant-2025` from one to the other: all their combinations in the same futures, the frontier of cost
# and effect, ranks by four criteria, what it would take, and what the form of the model does to the choice. Sizes are small, so that
# it runs in seconds; `experiments/portfolio.toml` has the full study.

# %%
# %matplotlib inline
import tempfile
from pathlib import Path

import proxysim as ps
from proxysim import figures

folder = Path(tempfile.mkdtemp())
world = "levant-2025"

# %% [markdown]
# ## All combinations in the same futures
# Each future is a draw of all uncertain parameters, with random numbers of its own. It is the same under all eight combinations, so
# they can be compared future by future.

# %%
experiment = folder / "experiment.toml"
experiment.write_text(f"""
kind     = "experiment"
question = "Which combination of countermeasures leaves least of what the strengthened pact adds?"
base     = "{world}"
branches = ["no-pact", "strengthened-pact"]
design   = "lhs"
points   = 60
runs     = 1
seed     = 1
measures = ["capacity.hezbollah", "capacity_end.hezbollah", "fighting_end.hezbollah"]
countermeasures = ["sea-patrol", "land-closed", "strikes-on-plant"]
uncertainties   = "uncertain"
""")
result = ps.portfolio(experiment, folder / "options", purses=[800, 1900])
print(result.summary())

# %% [markdown]
# ## Cost and effect
# No option on the frontier is beaten in both. The costs are assumptions with wide ranges; an empty mark far from its filled one
# shows an option whose place depends on them.

# %%
labels = {name: ps.load(world).label("branches", name) for name in ("sea-patrol", "land-closed", "strikes-on-plant")}
frontier = result.frontier()
figures.frontier(frontier[frontier["measure"] == "capacity_end"], "index points", labels=labels)

# %% [markdown]
# ## Ranks by four criteria
# For a purse of USD 1,900 m a year, among the options that use it up: the 90th percentile of the regret, the mean effect, the share of
# futures in which nothing of the effect is left, and the largest regret, for the mean and for the end. Framed options cannot be
# distinguished from the first.

# %%
ranks = result.rankings()
ranks = ranks[ranks["limit"] == ranks["limit"].max()]
figures.robustness(ranks[ranks["measure"] != "fighting_end"], labels=labels)

# %% [markdown]
# The table has the number of futures that would separate an option from the first one, if the difference is as seen.

# %%
led = ranks[(ranks["measure"] == "capacity_end") & (ranks["criterion"] == "regret_90")].sort_values("rank")
led[["option", "value", "low", "high", "rank", "tied", "futures"]].round(2)

# %% [markdown]
# ## Another measure
# Capacity is a composite, and a part of it is how much could pass through to others. The fighting index counts only stocks at hand. What
# takes most from the one need not do so from the other.

# %%
left = result.to_dataframe().pivot(index="option", columns="measure", values="effect")
left.sort_values("fighting_end").round(1)

# %% [markdown]
# ## What it would take
# A ranking says which option is best, not whether it is enough. At which strength does the pact begin to matter, by two points of the
# fighting index at the end? And if the land routes are closed?

# %%
for branch in ("strengthened-pact", "strengthened-pact+land-closed"):
    found = ps.threshold(
        world, ["no-pact", branch], f"{branch}:pacts.treaty.strength=0:1", "fighting_end.hezbollah", crosses=2, runs=40
    )
    for one in found.crossings:
        print(f"{branch}: at a strength of {one.value:.2f}, 95 % interval {one.low:.2f} to {one.high:.2f}")

# %% [markdown]
# ## Does the choice depend on the form of the model?
# The first two options of the ranking, in every combination of variants of the rules, with the policies of others on and off. All forms
# have the same draws and random numbers, so too few draws mislead in all of them together: with five, the first option leaves less in
# only 24 forms.

# %%
first, second = (f"strengthened-pact+{option}" for option in led["option"].iloc[:2])
structural = ps.forms(
    world, ["no-pact", first, second], draws=15, rng=1, measures=["capacity_end.hezbollah", "fighting_end.hezbollah"]
)
for measure in ("capacity_end", "fighting_end"):
    one, other = (
        [effect.difference for effect in structural.of(measure, "hezbollah", branch).effects]
        for branch in (first, second)
    )
    better = sum(some < more for some, more in zip(one, other, strict=True))
    print(
        f"{measure}: {first} leaves {min(one):+.1f} to {max(one):+.1f} points, {second} {min(other):+.1f} to {max(other):+.1f}"
    )
    print(f"  the first leaves less in {better} of {len(one)} forms")

# %% [markdown]
# ## What is known, and what is not
# In this model, with these ranges:
#
# - Of the two options that use up the purse, land routes closed and more sea patrol come first by all four criteria, for the mean and for
#   the end. They also leave less at the end in all 64 forms of the model, and cost less.
# - The measure matters. With the land routes closed, the mean effect on the capacity of Hezbollah falls from 13.7 to 0.4 points, and that
#   on its fighting index at the end only from 10.2 to 9.5. Sea patrol takes most from the fighting index.
# - Nothing here is enough for the fighting index: with all three, 4.3 points are left at the end. A pact at a fifth of its strength already
#   adds two, and closing the land routes does not change that.
#
# Not known:
#
# - How much better the first option is. By the regret the two are tied at 60 futures, and some 400 would separate them. That 64 forms
#   agree does not make them 64 pieces of evidence, because they have the same 15 draws.
# - What the options cost. The costs are assumptions of grade D, with ranges of a factor of ten.
# - How others would answer beyond the policies of the file, who would agree to pay, and what the options do to anything that is not among
#   the measures.
#
# So sea patrol comes first if the fighting index matters, and the land routes if capacity does. Both together are the choice that depends
# least on what is not known. `proxysim report levant-2025 --portfolio DIR` shows a portfolio in the report of the world.
