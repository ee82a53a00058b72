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
# # 08 When would we be wrong?
#
# Notebook 07 ends with a choice of countermeasures on `levant-2025`. This one asks when it would be the wrong one, what to find out before it is
# made, and whether it survives an opponent who answers it. Sizes are small, so that it runs in a minute or two; `experiments/respond.toml` has
# the full study of both sides.

# %%
# %matplotlib inline
import tempfile
from pathlib import Path

import proxysim as ps
from proxysim import figures

folder = Path(tempfile.mkdtemp())
world = "levant-2025"

# %% [markdown]
# ## When much of the pact is left
# With the land routes closed, the pact adds little to the capacity of Hezbollah on average. But in which futures is more than half of the usual
# effect left? Every draw of the uncertain parameters is a case, with two runs of each branch. The box is found in one half of the draws, and all
# shares are those of the other half.

# %%
closed = "strengthened-pact+land-closed"
box = ps.discover_draws(world, ["no-pact", closed], "capacity.hezbollah effect > 7", draws=2000)
print(box)
print(box.summary())

# %%
figures.box_limits(box.to_dataframe())

# %% [markdown]
# ## What to find out first
# Knowing a number is worth something only if it would change the choice. Eight combinations of three countermeasures, in 200 futures; those that
# use up a purse are compared with each other. "Nothing" is an answer: it says that the choice holds whatever that number is.

# %%
options = folder / "options.toml"
options.write_text(f"""
kind     = "experiment"
question = "Which countermeasures leave least?"
base     = "{world}"
branches = ["no-pact", "strengthened-pact"]
design   = "lhs"
points   = 200
runs     = 1
seed     = 1
measures = ["capacity.hezbollah"]
countermeasures = ["sea-patrol", "land-closed", "strikes-on-plant"]
uncertainties   = "uncertain"
""")
portfolio = ps.portfolio(options, folder / "options")
worth = ps.value_of_information(portfolio, purse=600)
print(worth.summary())

# %% [markdown]
# ## What the other side does
# In notebook 07 the pact stood still while countermeasures were compared. Here the patrons choose too: they can put the strengthened pact in
# place of the treaty, or open Syria for transit. The other side has a purse that pays for closed land routes or for more sea patrol, and not for
# both. Each side knows what every combination would lead to, on average over 25 draws of all uncertain parameters.

# %%
experiment = folder / "experiment.toml"
experiment.write_text(f"""
kind     = "experiment"
question = "What do both sides do if each answers the other?"
base     = "{world}"
branches = ["no-pact", "treaty-as-signed"]
design   = "lhs"
points   = 25
runs     = 1
seed     = 1
measures = ["capacity.hezbollah", "fighting_end.hezbollah"]
uncertainties = "uncertain"

[sides.patrons]
levers    = ["strengthened-pact", "transit-open"]
objective = {{measure = "capacity.hezbollah", aim = "high"}}

[sides.defence]
levers    = ["sea-patrol", "land-closed", "land-searches"]
purse     = {{value = 600, unit = "USD m / year"}}
objective = {{measure = "capacity.hezbollah", aim = "low"}}
""")
result = ps.respond(experiment, folder / "answers")
print(*result.sentences(), sep="\n")

# %% [markdown]
# Every cell is one combination of options. A filled triangle marks a best answer of the one side, an empty one a best answer of the other. Where
# both meet, neither would change what it does.

# %%
levers = [lever for player in result.players for lever in player.side.names]
labels = {lever: ps.load(world).label("branches", lever) for lever in levers}
cells = result.to_dataframe()
figures.payoffs(cells[cells["measure"] == "capacity"], "capacity index, Hezbollah", labels=labels)

# %% [markdown]
# ## What the pact is worth there
# The difference from no pact, with the same levers on both sides, from runs that did not choose the options. "Neither" is the treaty without any
# answer, and "patrons" what the patrons would hope for if nobody answered them.

# %%
result.worth()[["end", "answers", "measure", "without", "under", "effect", "low", "high", "n"]].round(1)

# %% [markdown]
# ## How sure is the equilibrium?
# The futures are resampled a thousand times. If fewer than 90 % of the resamples agree, the answer is undetermined. That is so here: 25 futures
# do not show whether opening Syria pays once the land routes are closed. Gains are given twice: in the runs that chose the option, and in
# fresh ones. The runner-up is the best of the other options; an interval that contains 0 is a draw.

# %%
figures.equilibrium_shares(result.equilibria(), labels=labels)

# %%
result.equilibria()[["end", "side", "option", "share", "draws"]]

# %%
result.gains()[["end", "side", "over", "option", "chosen", "gain", "low", "high"]].round(2)

# %% [markdown]
# ## Another objective
# The other side may care about how much can be fired at the end of the period, while the patrons still care about capacity. The sides are then not
# strictly opposed.

# %%
text = experiment.read_text()
other = folder / "other.toml"
other.write_text(
    text.replace('{measure = "capacity.hezbollah", aim = "low"}', '{measure = "fighting_end.hezbollah", aim = "low"}')
)
fighting = ps.respond(other, folder / "other")
print(*fighting.sentences()[:5], sep="\n")

# %% [markdown]
# ## What is known, and what is not
# In this model, with these ranges:
#
# - With the land routes closed, more than seven points of the effect are left in 28 % of cases, and in about half of those in which the route
#   around Syria can carry much while little is left of the routes through it. The interval of that limit is wide, and a tree draws the line
#   elsewhere.
# - For the choice among these three countermeasures, no single number is shown to be worth finding out first.
# - Closing the land routes is the best answer of the other side at every candidate. It takes most of the use out of an open Syria: that is worth
#   some fifteen points of capacity to the patrons if nobody answers, and half a point, a draw, once the routes are closed.
# - The strengthened pact is worth keeping for the patrons whatever the other side does. Once both have answered it is worth some 12 points of
#   capacity, and not the 20 that it would be worth if nobody answered.
# - If the other side cares about the fighting index at the end, its best answer to an open Syria is closed land routes, and to a closed one sea
#   patrol. In more than a third of resamples no pair of options is then stable, and 25 futures do not show what either side does.
#
# Not known:
#
# - Whether the patrons would open Syria. With the 100 futures of `experiments/respond.toml` the answer is determined, and they would, for
#   0.9 points of capacity.
# - Whether either side wants only this, or knows what the model knows. Other aims, delay and bluff are not part of it.
# - What the countermeasures cost. The costs are assumptions of grade D, and the purse decides which of them can be combined.
#
# `proxysim report levant-2025 --respond DIR` shows such a study in the report of the world.
