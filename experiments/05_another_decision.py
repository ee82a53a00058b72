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
# Every decision of an actor is a method. The inherited one returns what the compiled rule intends; a subclass decides otherwise, and the
# books balance whatever it returns. Here a patron grows cautious when its shipments are stopped.

# %%
# %matplotlib inline
from matplotlib.figure import Figure

import proxysim as ps

world = ps.load("scenarios/quickstart.toml", "strong", ["legs.north-coast.detection=0.4"])


class Cautious(ps.StateAgent):
    """Halves what it spends on clients in a month after more than a quarter of what went to sea was lost."""

    def support_budget(self):
        share = super().support_budget()
        sent = float(self.model.flow("sent").sum())
        arrived = float(self.model.flow("arrived").sum())
        return share / 2 if sent > 0 and arrived < 0.75 * sent else share


# %% [markdown]
# ## The same chance, another decision
# The seed and the number of the run are the same, so the two runs are a pair: what differs comes from the decision.


# %%
def course(agents):
    """Arms that reds got in each month, and its capacity at the end."""
    model = ps.PactModel(world, rng=1, agents=agents)
    got = []
    for _ in world.months:
        model.step()
        reds = model.agents.select(lambda agent: agent.id == "reds")[0]
        got.append(reds.measure("received_arms"))
    return got, reds.measure("capacity")


usual, capacity = course({})
cautious, other = course({"north": Cautious})
print(f"arms to reds: {sum(usual):.1f} as the rules have it, {sum(cautious):.1f} with a cautious patron (USD m)")
print(f"capacity of reds at the end: {capacity:.1f} and {other:.1f}")

# %% [markdown]
# ## Over several runs
# One pair is one course of chance; the mean over pairs is the effect of the decision.

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
# ## Months by eye

# %%
figure = Figure(figsize=(7.6, 2.6))
axes = figure.add_subplot()
axes.plot(usual, color="#4D4D4D", label="as the rules have it")
axes.plot(cautious, color="#D55E00", linestyle="--", label="cautious patron")
axes.set(xlabel="months from January 2020", ylabel="arms to reds, USD m a month")
axes.legend(frameon=False)
figure
