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
# # 06 Actors that answer
#
# Would the others just watch? A policy is an answer: an actor sees something, late, compares it with the same run without the pact,
# and moves a number. The notebook writes one in five lines of TOML and again in five lines of Python, and shows what an answer
# leaves of an effect.

# %%
# %matplotlib inline
import tempfile
from pathlib import Path

from matplotlib.figure import Figure

import proxysim as ps

policy = """
[policies.south-searches]
owner   = "south"
watches = "received_arms.reds"
against = "no-pact"
moves   = "legs.north-coast.detection"
gain    = {value = 1.5, low = 0, high = 3, grade = "D"}
"""
file = Path(tempfile.mkdtemp()) / "answered.toml"
file.write_text(Path(ps.load("quickstart").scenario.file).read_text(encoding="utf-8") + policy, encoding="utf-8")
world = ps.load(file, "strong", ["policies.south-searches.over=12"])

# %% [markdown]
# ## The same policy in Python
# With a gain of 0 the policy of the file does nothing, and the agent answers instead: `seen` is what the policy sees, relative to the
# run without the pact. Both runs are equal to the last bit.


# %%
class Searching(ps.StateAgent):
    """Searches 1.5 per cent more for each per cent more that it sees arrive, between half and twice as much."""

    def answer(self, policy):
        return min(2.0, max(0.5, self.seen(policy) ** 1.5))


from_file = ps.run(world, rng=1)
silent = ps.load(file, "strong", ["policies.south-searches.over=12", "policies.south-searches.gain=0"])
from_python = ps.PactModel(silent, rng=1, agents={"south": Searching}).run()
print("equal:", from_file.actors.equals(from_python.actors))

# %% [markdown]
# ## What the answer changes
# Without the pact nothing changes, since the policy compares with that run. With the pact it takes a part of the effect away.

# %%
answered = ps.answers(world, ["no-pact", "strong"], runs=100, measures=["received_arms.reds"])
print(answered.summary())

# %% [markdown]
# ## How strong would it have to be?
# The gain is an assumption. Its range says how much of the effect depends on it.

# %%
gains, effects = [0.0, 0.75, 1.5, 2.25, 3.0], []
for gain in gains:
    changed = ps.load(file, "strong", ["policies.south-searches.over=12", f"policies.south-searches.gain={gain}"])
    result = ps.compare(changed, ["no-pact", "strong"], runs=100, measures=["received_arms.reds"])
    effects.append(12 * result.effect("received_arms", "reds").difference)
    print(f"gain {gain:4.2f}: {effects[-1]:+.2f} USD m a year")

# %%
figure = Figure(figsize=(6.4, 3.0))
axes = figure.add_subplot()
axes.plot(gains, effects, color="#0072B2", marker="o")
axes.axhline(0, color="#4D4D4D", linewidth=0.8)
axes.set(xlabel="gain of the searches", ylabel="more arms for the reds,\nUSD m a year", ylim=(min(0, *effects), None))
figure.tight_layout()
figure
