"""Print what the shipped worlds do, for the figures of docs/worlds.md that `proxysim compare` does not give.

Run ``python docs/measure_worlds.py WORLD [BRANCH ...] [--runs N] [--parts PART,PART]``: means over paired runs, year by
year. Parts: `flows` (arms and money by tie), `routes` (arms by tie and route), `stocks` (of each actor, at the end of each
year, relative to the start), `made` (output by maker and category), `lost` (arms used, struck and lost in fighting),
`idle` (share of feasible output not made for want of money or components), `searches` (consignments stopped a year and
their variance over mean, against the same world with searches that do not come in campaigns), `pairing` (variance
reduction by pairing, likewise), `fall` (share of runs in which each government stands through September 2024, falls in
the six months after it, and falls at all). Amounts are in USD m per year; stocks in USD m.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from proxysim.core.vocabulary import A_LOST, A_STRUCK, A_USED
from proxysim.runs.ensemble import ensemble
from proxysim.runs.run import Run, run
from proxysim.scenario.world.world import World, load

SCENARIOS = Path(__file__).resolve().parents[1] / "scenarios"
PARTS = ("flows", "routes", "stocks", "made", "lost", "idle", "searches", "pairing", "fall")
#: First month of the window in which the government of `levant` fell, and its length in months.
WINDOW = "2024-10", 6
#: Smallest amount a year, in USD m, that is worth a line.
SMALL = 0.01


def by_year(world: World, monthly: np.ndarray) -> np.ndarray:
    """Sums over the months of each calendar year; the last axis stays."""
    year = (np.arange(len(monthly)) + world.scenario.start[1] - 1) // 12
    return np.array([monthly[year == one].sum(axis=0) for one in np.unique(year)])


def years(world: World) -> list[str]:
    """The calendar years of a world."""
    first = world.scenario.start[0]
    months = world.scenario.months + world.scenario.start[1] - 1
    return [str(first + number) for number in range(-(-months // 12))]


def lines(
    title: str, names: Sequence[str], heads: Iterable[str], values: np.ndarray, least: float = SMALL
) -> Iterator[str]:
    """A table of names by years, without the names that never have more than `least`."""
    yield f"\n{title:44s}" + "".join(f"{head:>9s}" for head in heads)
    for name, row in zip(names, values, strict=True):
        if abs(row).max() > least:
            yield f"  {name:42s}" + "".join(f"{value:9.4g}" for value in row)


def mean(runs: Sequence[Run], field: str) -> np.ndarray:
    """The mean of a monthly record over runs."""
    return np.mean([one.history[field] for one in runs], axis=0)


def flows(world: World, runs: Sequence[Run]) -> Iterator[str]:
    """Arms sent and arrived, and money pledged and sent, by tie."""
    names = world.names["tie"]
    sent, arrived = (mean(runs, field) for field in ("tie_sent", "arrived"))
    for title, monthly in (
        ("arms sent", sent),
        ("arms arrived", arrived.sum(axis=(2, 3))),
        ("money sent", mean(runs, "cash")),
    ):
        yield from lines(f"{title}, USD m", names, years(world), by_year(world, monthly[:, : len(names)]).T)


def routes(world: World, runs: Sequence[Run]) -> Iterator[str]:
    """Arms sent by tie and route."""
    found: dict[tuple[str, str, str], np.ndarray] = {}
    first = world.scenario.start[0]
    for one in runs:
        table = one.flows
        sums = table.groupby([table["month"].str[:4], "from", "to", "route"], observed=True)["sent"].sum()
        for (year, sender, receiver, route), value in sums.items():
            row = found.setdefault((sender, receiver, route), np.zeros(len(years(world))))
            row[int(year) - first] += value / len(runs)
    names = [f"{sender} -> {receiver}: {route}" for sender, receiver, route in sorted(found)]
    width = max(len(name) for name in names)
    yield f"\n{'arms sent by route, USD m':{width}s}" + "".join(f"{head:>9s}" for head in years(world))
    for name, key in zip(names, sorted(found), strict=True):
        if found[key].max() > SMALL:
            yield f"{name:{width}s}" + "".join(f"{value:9.3g}" for value in found[key])


def stocks(world: World, runs: Sequence[Run]) -> Iterator[str]:
    """Finished arms and components of each actor at the end of each year, and relative to the start."""
    names = world.names["actor"]
    start = world.params["stock"][0, : len(names)]
    monthly = mean(runs, "stock").sum(axis=3)[:, : len(names)]
    last = [min(12 * (year + 1) - world.scenario.start[1] + 1, len(monthly)) - 1 for year in range(len(years(world)))]
    parts = [int(world.arrays["components"][0])] if world.arrays["components"][0] >= 0 else []
    whole = [category for category in range(len(world.names["category"])) if category not in parts]
    for title, axis in (("finished arms, USD m", whole), ("components, USD m", parts)):
        if axis:
            values = np.array([start[:, axis].sum(axis=1), *(monthly[month][:, axis].sum(axis=1) for month in last)])
            yield from lines(title, names, ["start", *years(world)], values.T)
    ratio = monthly[last[-1]][:, whole].sum(axis=1) / np.maximum(start[:, whole].sum(axis=1), 1e-9)
    yield "finished arms at the end, relative to the start: " + ", ".join(
        f"{name} {value:.2f}" for name, value in zip(names, ratio, strict=True) if start[names.index(name)].sum() > 0
    )


def made(world: World, runs: Sequence[Run]) -> Iterator[str]:
    """Output by maker and category."""
    actors, categories = world.names["actor"], world.names["category"]
    monthly = mean(runs, "made")[:, : len(actors), : len(categories)].reshape(-1, len(actors) * len(categories))
    yield from lines(
        "made, USD m", [f"{a} {c}" for a in actors for c in categories], years(world), by_year(world, monthly).T
    )


def lost(world: World, runs: Sequence[Run]) -> Iterator[str]:
    """Arms used, struck and lost in fighting."""
    names = world.names["actor"]
    monthly = mean(runs, "arms").sum(axis=3)[:, : len(names)].sum(axis=2)
    for title, line in (("used", A_USED), ("struck", A_STRUCK), ("lost in fighting", A_LOST)):
        yield from lines(f"{title}, USD m", names, years(world), by_year(world, monthly[:, :, line]).T)


def idle(world: World, runs: Sequence[Run]) -> Iterator[str]:
    """Share of feasible output not made for want of money, and of components."""
    names = world.names["actor"]
    for title, field in (("of money", "idle_money"), ("of components", "idle_components")):
        monthly = mean(runs, field)[:, : len(names)]
        months = by_year(world, np.ones((len(monthly), 1)))
        yield from lines(
            f"share not made for want {title}", names, years(world), (by_year(world, monthly) / months).T, 0.001
        )


def searches(world: World, runs: Sequence[Run]) -> Iterator[str]:
    """Whole consignments stopped a year on each leg, and their variance over mean, with and without campaigns."""
    names = world.names["leg"]
    calm = load(world.scenario.file, world.scenario.branch or "none", "behaviour.search_volatility=0")
    first = runs[0].seed
    counts = [np.array([by_year(world, one.history["stopped"])[:, : len(names)] for one in study])
              for study in (runs, [run(calm, first, number) for number in range(len(runs))])]  # fmt: skip
    yield f"\n{'stopped a year':24s}{'mean':>9s}{'calm':>9s}{'var/mean':>10s}{'calm':>9s}{'ratio':>8s}"
    for leg, name in enumerate(names):
        shown = []
        for count in counts:
            spread = float(count[:, :, leg].var(axis=0, ddof=1).mean())
            shown.append((float(count[:, :, leg].mean()), spread))
        (many, spread), (before, even) = shown
        if before > SMALL and even > 0:
            index, plain = spread / many, even / before
            yield f"{name:24s}{many:9.2f}{before:9.2f}{index:10.2f}{plain:9.2f}{index / plain:8.2f}"


def pairing(world: World, runs: Sequence[Run]) -> Iterator[str]:
    """Variance reduction by pairing of no-pact and strengthened-pact, over all outcomes, with and without campaigns."""
    found = []
    for change in ((), ("behaviour.search_volatility=0",)):
        base = load(world.scenario.file, "no-pact", change)
        study = ensemble(base, ["no-pact", "strengthened-pact"], len(runs), runs[0].seed)
        one, two = study.values[0], study.values[1]
        difference, apart = (two - one).var(axis=0), one.var(axis=0) + two.var(axis=0)
        moved = (difference > 0) & (np.abs((two - one).mean(axis=0)) > 1e-9)
        found.append(float(np.median(apart[moved] / difference[moved])))
    yield f"\nmedian variance reduction by pairing: {found[0]:.3g}; without campaigns {found[1]:.3g}; ratio {found[0] / found[1]:.3f}"


def fall(world: World, runs: Sequence[Run]) -> Iterator[str]:
    """When each government falls, over all runs; before, in and after the window."""
    first, months = WINDOW
    opening = world.months.index(first) if first in world.months else len(world.months)
    for name in world.names["regime"]:
        at = world.names["regime"].index(name)
        month = np.array([one.history["fallen"][at] for one in runs])
        before, within = (month >= 0) & (month < opening), (month >= opening) & (month < opening + months)
        yield (f"\n{name}: stands until {first} in {1 - before.mean():.1%}, falls in the {months} months from then in "
               f"{within.mean():.1%}, at any time in {(month >= 0).mean():.1%} of {len(runs)} runs")  # fmt: skip


def main() -> None:
    """Print the parts asked for, of each branch asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("world")
    parser.add_argument("branches", nargs="*", default=["none"])
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--parts", default="flows,stocks,made,lost,idle", help=", ".join(PARTS))
    parser.add_argument("--set", action="append", default=[], dest="sets")
    given = parser.parse_args()
    work = {"flows": flows, "routes": routes, "stocks": stocks, "made": made, "lost": lost, "idle": idle, "searches": searches,
            "pairing": pairing, "fall": fall}  # fmt: skip
    for branch in given.branches:
        world = load(given.world, branch, given.sets)
        print(f"\n== {given.world}, {branch}: means over {given.runs} runs, seed {given.seed}")
        runs = [run(world, given.seed, number) for number in range(given.runs)]
        for part in given.parts.split(","):
            for line in work[part](world, runs):
                print(line)


if __name__ == "__main__":
    main()
