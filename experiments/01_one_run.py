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
# # 01 One run, looked into
#
# One run is one course of events, not an answer. It is the place to learn what the model does: who decides what in which month, and
# what becomes of a cargo. The question of a pact is asked with many runs, in notebook 02.

# %%
# %matplotlib inline
import proxysim as ps

world = ps.load("scenarios/quickstart.toml")
run = ps.run(world, rng=1)
print(run.summary())

# %% [markdown]
# ## The picture
# Events on top, then what the proxies can do, whose arms reach them, and what each tie carried.

# %%
run.plot()

# %% [markdown]
# ## The tables
# Every table is tidy: one row is one month of one thing. Arms that were sent but neither lost nor captured arrive later, in the month `arrives`.

# %%
flows = run.flows
flows.groupby(["from", "to"])[["sent", "lost", "captured", "arrived"]].sum().round(1)

# %% [markdown]
# ## Who is there: agents
# The same rules run step by step with Mesa. An agent is a view of its row of the run; nothing is kept twice.

# %%
model = ps.PactModel(world, rng=1)
for agent in model.agents:
    print(f"{agent.id:8} {type(agent).__name__:12} funds {agent.funds:10,.1f}  stock {agent.stock():9,.1f}")

# %% [markdown]
# ## A story, month by month
# What one proxy gets, makes and holds through the first year and a half.

# %%
story = []
for _ in range(18):
    model.step()
    reds = model.agents.select(lambda agent: agent.id == "reds")[0]
    held = reds.stock("rifles"), reds.stock("rockets")
    story.append((world.months[model.month - 1], reds.measure("received_arms"), *held, reds.measure("fighting")))

for month, got, rifles, rockets, fighting in story[::3]:
    print(
        f"{month}: got arms of USD m {got:5.2f}; holds rifles {rifles:6.1f}, rockets {rockets:6.1f}; capacity to fight {fighting:5.1f}"
    )

# %% [markdown]
# ## The two ways give the same numbers
# `ps.run` and the agents use one set of compiled rules, so a run can be looked into at either end.

# %%
again = ps.PactModel(world, rng=1)
for _ in world.months:
    again.step()
last = run.actors[(run.actors["actor"] == "reds") & (run.actors["month"] == world.months[-1])]
reds = again.agents.select(lambda agent: agent.id == "reds")[0]
assert last["fighting"].iloc[0] == reds.measure("fighting")
last[["month", "actor", "fighting", "stock", "received_arms"]]
