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
# # 05 Another decision
#
# Decisions of an actor, such as its budget for support, are methods. The inherited method returns the value that the compiled rule
# computed. A subclass can override it, and the books still balance. Here a patron becomes cautious when too few shipments arrive.

# %%
# %matplotlib inline
from matplotlib.figure import Figure

import proxysim as ps

world = ps.load("quickstart", "strong", ["legs.north-coast.detection=0.4"])


class Cautious(ps.StateAgent):
    """Halves its support after a month in which all arrivals were less than three quarters of all shipments."""

    def support_budget(self):
        share = super().support_budget()
        sent = float(self.model.flow("sent").sum())
        arrived = float(self.model.flow("arrived").sum())
        return share / 2 if sent > 0 and arrived < 0.75 * sent else share


# %% [markdown]
# ## The same random numbers, another decision
# The two runs have the same seed and run number, so they are a pair. They differ only because of the decision.


# %%
def trajectory(agents):
    """Return the arms that the reds received in each month, and their capacity at the end."""
    model = ps.PactModel(world, rng=1, agents=agents)
    got = []
    for _ in world.months:
        model.step()
        reds = model.agents.select(lambda agent: agent.id == "reds")[0]
        got.append(reds.measure("received_arms"))
    return got, reds.measure("capacity")


usual, capacity = trajectory({})
cautious, other = trajectory({"north": Cautious})
print(
    f"arms received by the reds: {sum(usual):.1f} with the usual patron, {sum(cautious):.1f} with a cautious patron (USD m)"
)
print(f"capacity of the reds at the end: {capacity:.1f} and {other:.1f}")

# %% [markdown]
# ## Over several pairs
# One pair gives a single difference. The mean over pairs estimates the effect of the decision.

# %%
differences = []
for number in range(8):
    ends = []
    for agents in ({}, {"north": Cautious}):
        model = ps.PactModel(world, rng=1, run=number, agents=agents)
        for _ in world.months:
            model.step()
        ends.append(model.agents.select(lambda agent: agent.id == "reds")[0].measure("capacity"))
    differences.append(ends[1] - ends[0])
mean = sum(differences) / len(differences)
print(
    f"mean difference over {len(differences)} pairs: {mean:+.2f}; from {min(differences):+.2f} to {max(differences):+.2f}"
)

# %% [markdown]
# ## Month by month

# %%
figure = Figure(figsize=(7.6, 2.6))
axes = figure.add_subplot()
axes.plot(usual, color="#4D4D4D", label="usual patron")
axes.plot(cautious, color="#D55E00", linestyle="--", label="cautious patron")
axes.set(xlabel="months from January 2020", ylabel="arms to the reds, USD m / month")
axes.legend(frameon=False)
figure
