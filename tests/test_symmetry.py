"""Known answers from symmetry: swapped blocs, a category split in two, and free growth."""

from __future__ import annotations

import numpy as np
import pytest

from proxysim.runs.run import Run, run
from proxysim.scenario.resolve.loader import scenario_from_text
from proxysim.scenario.world.world import build

HEAD = """
kind = "world"
[scenario]
question = "What does symmetry tell?"
start = 2020-01-01
end = 2022-12-01
noise = 0
flows = "USD m / month"
"""


def bloc(name: str, income: float) -> str:
    """One patron and its client, joined by a leg, at war with someone outside."""
    return f"""
[places]
{name}-home = {{}}
{name}-field = {{}}
[states.{name}]
home = "{name}-home"
income = {income}
support_share = 0.2
stock = {{arms = 500}}
plant = {{arms = 20}}
knowhow = {{arms = 0.8}}
[proxies.{name}-client]
home = "{name}-field"
income = 3
personnel = 1000
stock = {{arms = 40}}
[legs]
{name}-road = {{between = ["{name}-home", "{name}-field"], mode = "land", limit = 9, detection = 0.2}}
[ties]
"{name} -> {name}-client" = {{weight = 1}}
[fronts.{name}-war]
side_a = {{{name}-client = 0.8}}
intensity = {{2020 = 0.2, 2021 = 0.7}}
"""


def merged(*texts: str) -> str:
    """Blocs in one file: a section is opened once, its entries are gathered."""
    sections: dict[str, list[str]] = {}
    for text in texts:
        section = ""
        for line in filter(None, text.splitlines()):
            section = line if line.startswith("[") else section
            if not line.startswith("["):
                sections.setdefault(section, []).append(line)
    return "\n".join("\n".join((section, *lines)) for section, lines in sections.items())


def blocs(east: float, west: float) -> Run:
    """Two blocs that have nothing to do with each other."""
    text = merged("[categories]\narms = {weight = 1}", bloc("east", east), bloc("west", west))
    return run(build(scenario_from_text(HEAD + text)))


def test_blocs__swapped_swap_their_outcomes() -> None:
    """Two identical blocs with their incomes exchanged exchange all they do, bit for bit."""
    first, second = blocs(100, 250), blocs(250, 100)
    names = first.world.names["actor"]
    for one, other in (("east", "west"), ("east-client", "west-client")):
        i, k = names.index(one), names.index(other)
        for array in ("measure", "stock", "plant", "funds"):
            assert first.history[array][:, i].tobytes() == second.history[array][:, k].tobytes(), array
    assert first.history["measure"].tobytes() != second.history["measure"].tobytes()


@pytest.mark.parametrize("array", ["stock", "sent", "arrived", "plant", "made"])
def test_category__split_in_two_equal_ones_keeps_the_totals(array: str) -> None:
    """Where rules are linear, halves of a category add up to it (rounding of sums: 1e-9 relative)."""
    whole = merged("[categories]\narms = {weight = 1}", bloc("east", 100))
    halves = whole.replace("arms = {weight = 1}", "arms = {weight = 0.5}\nbarms = {weight = 0.5}")
    for value, half in (("500", "250"), ("20", "10"), ("40", "20")):
        halves = halves.replace(f"= {{arms = {value}}}", f"= {{arms = {half}, barms = {half}}}")
    halves = halves.replace("{arms = 0.8}", "{arms = 0.8, barms = 0.8}")
    one, two = (run(build(scenario_from_text(HEAD + text))).history[array] for text in (whole, halves))
    months = len(one)
    np.testing.assert_allclose(two.reshape(months, -1).sum(axis=1), one.reshape(months, -1).sum(axis=1), rtol=1e-9)
    assert one.any()


def test_growth__far_from_the_pool_is_geometric() -> None:
    """P (1 + rate growth)^t, the pool being 10^6 times larger (so to 1e-5 relative)."""
    text = merged("[categories]\narms = {weight = 1}", bloc("east", 100)).replace(
        "personnel = 1000", "personnel = 1000\npool = 1e9\ncasualty_rate = 0\nrecruit_rate = 0.02\nrecruit_growth = 1"
    )
    result = run(build(scenario_from_text(HEAD + text)))
    people = result.history["personnel"][:, result.world.names["actor"].index("east-client")]
    np.testing.assert_allclose(people, 1000.0 * 1.02 ** np.arange(1, len(people) + 1), rtol=1e-5)
