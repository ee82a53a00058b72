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
# # 01 Inspect one run
#
# One run is a single trajectory. It shows how the model works: what each actor decides in each month, and what happens to its
# cargoes. It does not show the effect of a pact; notebook 02 uses many runs for that.

# %%
# %matplotlib inline
import proxysim as ps

world = ps.load("quickstart")
run = ps.run(world, rng=1)
print(run.summary())

# %% [markdown]
# ## The overview figure
# From top to bottom: events, the capacity of the proxies, the origin of the arms that reach them, and what each tie carried.

# %%
run.plot()

# %% [markdown]
# ## The tables
# The tables are tidy: each row is one observation, such as one shipment in one month. Arms that are neither lost nor captured arrive
# in the month `arrives`.

# %%
flows = run.flows
flows.groupby(["from", "to"])[["sent", "lost", "captured", "arrived"]].sum().round(1)

# %% [markdown]
# ## The agents
# The same rules can run step by step with Mesa. An agent gives access to the state of the run and stores no data of its own.

# %%
model = ps.PactModel(world, rng=1)
for agent in model.agents:
    print(f"{agent.id:8} {type(agent).__name__:12} funds {agent.funds:10,.1f}  stock {agent.stock():9,.1f}")

# %% [markdown]
# ## One proxy, month by month
# This cell prints the arms that the reds receive and hold, and their fighting index, in every third month of the first year and a
# half.

# %%
story = []
for _ in range(18):
    model.step()
    reds = model.agents.select(lambda agent: agent.id == "reds")[0]
    held = reds.stock("rifles"), reds.stock("rockets")
    story.append((world.months[model.month - 1], reds.measure("received_arms"), *held, reds.measure("fighting")))

for month, got, rifles, rockets, fighting in story[::3]:
    print(
        f"{month}: received USD m {got:5.2f} of arms; holds rifles {rifles:6.1f}, rockets {rockets:6.1f}; fighting index {fighting:5.1f}"
    )

# %% [markdown]
# ## Both ways give the same numbers
# `ps.run` and the Mesa agents use the same compiled rules, so their results are equal.

# %%
again = ps.PactModel(world, rng=1)
for _ in world.months:
    again.step()
last = run.actors[(run.actors["actor"] == "reds") & (run.actors["month"] == world.months[-1])]
reds = again.agents.select(lambda agent: agent.id == "reds")[0]
assert last["fighting"].iloc[0] == reds.measure("fighting")
last[["month", "actor", "fighting", "stock", "received_arms"]]
