"""Words in figures: none leaves the page, none covers another, and none is cut, however long labels are and however many branches."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import FancyBboxPatch
from matplotlib.path import Path as Outline
from matplotlib.textpath import TextPath
from tests.assessed import compared, pattern
from tests.drawn import faults_of, words_of
from tests.torture import BRANCHES, REGIME, write_world

import proxysim as ps
from proxysim import figures
from proxysim.figures.kit.frame import captions_apart
from proxysim.figures.kit.text import outline_width
from proxysim.scenario.labels import branch_label
from proxysim.scenario.world.world import World

RUNS = 12
WORDS = ("Arms held, USD m", "%&8@gjQ", "Ünïcödé → –", "حزب الله", "....", "lI1|")
PROXIES = [
    "peoples-front-for-the-liberation-of-the-coast",
    "committee-of-the-border-villages",
    "lagoon-fishermens-militia",
]


class Torture:
    """The torture world with what the figures need, each made once."""

    def __init__(self, folder: Path) -> None:
        self.world: World = ps.load(write_world(folder), BRANCHES[1])
        scenario = self.world.scenario
        self.labels = {one: label for (_, one), label in scenario.labels.items()}
        self.labels |= {branch: branch_label(scenario, branch) for branch in BRANCHES}
        self.result = ps.compare(self.world, list(BRANCHES), runs=RUNS)
        self.study = ps.ensemble(self.world, list(BRANCHES), runs=RUNS, bands=True)
        self.bands = self.study.bands_table()
        self.effects = self.result.to_dataframe()
        self.events = pd.DataFrame({
            "month": ["2021-10", "2022-06", "2022-07", "2022-08", "2022-11"],
            "label": ["pact in force", *(event.label or event.id for event in scenario.events)],
        })  # fmt: skip
        self.run = ps.run(self.world, 0)
        self.flows = self.run.flows.assign(n=1)
        self.flows = self.flows[self.flows["from"] != self.flows["to"]]

    def shown(self, count: int) -> pd.DataFrame:
        """Bands of the first branches."""
        return self.bands[self.bands["branch"].isin(BRANCHES[:count])]

    def received(self) -> pd.DataFrame:
        """Arms by origin."""
        table = self.study.to_dataframe()
        table = table[table["measure"].str.startswith("received_arms_from_")]
        table = table.assign(origin=table["measure"].str.removeprefix("received_arms_from_"))
        return table.groupby(["actor", "branch", "origin"], sort=False, as_index=False)["value"].mean().assign(n=RUNS)

    def regimes(self, branches: tuple[str, ...]) -> pd.DataFrame:
        """Stability by run and month."""
        parts = []
        for branch in branches:
            for number in range(4):
                table = ps.run(self.world.branch(branch), 0, number).table("regimes")
                parts.append(table.assign(branch=branch, run=number))
        return pd.concat(parts)

    def standing(self, count: int) -> pd.DataFrame:
        """Made-up shares of runs in which the regime stands."""
        rows = []
        for place, branch in enumerate(BRANCHES[:count]):
            for at, month in enumerate(self.world.months):
                share = max(0.2 + 0.05 * place, 1 - 0.03 * max(0, at - 12 - place))
                rows.append((REGIME, branch, month, share, share - 0.1, min(1.0, share + 0.1), RUNS))
        return pd.DataFrame(rows, columns=["regime", "branch", "month", "share", "low", "high", "n"])

    def chain(self, count: int) -> pd.DataFrame:
        """Made-up stages of support."""
        stages = ("pledged", "sent as money", "budgeted for arms", "arms sent", "arms arrived")
        rows = [(stage, branch, 120 / (s + 1) * (1 + 0.1 * b), "USD m / month", RUNS)
                for s, stage in enumerate(stages) for b, branch in enumerate(BRANCHES[:count])]  # fmt: skip
        rows += [("arms held by proxies", branch, 2800.0 + b, "USD m of arms", RUNS) for b, branch in enumerate(BRANCHES[:count])]
        return pd.DataFrame(rows, columns=["stage", "branch", "value", "unit", "n"])

    def counters(self) -> pd.DataFrame:
        """Made-up ranking of the countermeasures."""
        rows = [(branch, -80.0 + 25 * at, -90.0 + 25 * at, -70.0 + 27 * at, 0.7 - 0.2 * at, RUNS) for at, branch in enumerate(BRANCHES[3:])]
        return pd.DataFrame(rows, columns=["branch", "difference", "low", "high", "best", "n"])

    def taken(self) -> pd.DataFrame:
        """Made-up amounts that answers with long names take away."""
        keys = [f"taken{place}{end}" for place in ("", "_last") for end in ("", "_low", "_high")]
        rows = [(branch, *(place - 0.3 * at for place in (2.0, 1.7, 2.3, 1.5, 1.2, 1.9)), RUNS) for at, branch in enumerate(BRANCHES)]
        return pd.DataFrame(rows, columns=["answer", *keys, "n"])

    def points(self) -> pd.DataFrame:
        """A made-up sample of a sweep."""
        draw = np.random.default_rng(0)
        table = pd.DataFrame({"limit": 100 + 900 * draw.random(120), "attrition": draw.choice(["linear", "guerrilla", "square"], 120)})
        table["aid"] = np.where(draw.random(120) < 0.5, "firm-more-soviet-aid", "firm-spetsnaz-on-the-coast")
        table["difference"] = 0.002 * table["limit"] - 1 + 0.2 * draw.standard_normal(120)
        return table.assign(low=table["difference"] - 0.1, high=table["difference"] + 0.1, n=RUNS)

    def grid(self) -> pd.DataFrame:
        """A made-up grid of a sweep."""
        rows = [(x, kind, 0.4 * x - place, 0.4 * x - place - 0.3, 0.4 * x - place + 0.3, RUNS)
                for x in (1.0, 2.0, 4.0, 8.0, 12000.0) for place, kind in enumerate(BRANCHES)]  # fmt: skip
        return pd.DataFrame(rows, columns=["limit", "aid", "difference", "low", "high", "n"])


@cache
def torture() -> Torture:
    """The torture world and its studies."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        return Torture(Path(folder))


LEVER = "Limit of the leg from the river ports to the strait, USD m / year"
SWEEP = {"limit": LEVER, "aid": "Countermeasure of the opponents of the coast and of their friends", "attrition": "Rule of attrition"}
MEASURES = ["received_arms", "stock", "fighting", "received_money", "capacity"]


def _patterns() -> Figure:
    made = [(pattern(f"p{at}", 10.0**at, 4.0 * 10**at, ("fit", "check")[at % 2], f"{LEVER} {at}"), 2.0 * 10**at) for at in range(8)]
    return figures.patterns(compared(*made), compared(*made, uncertain=True))


def _variance() -> Figure:
    groups = {"grades": ["A", "B", "C", "D", "no grade"],
              "sections": ["behaviour", "categories", "events", "fronts", "legs", "pacts", "places", "policies", "proxies", "regimes", "states",
                           "ties"]}  # fmt: skip
    rows = [(by, one, share, share - 0.031, share + 0.031, 250)
            for by, ones in groups.items() for one in [*ones, "random variation"] for share in (1.0 / (1 + len(ones)),)]  # fmt: skip
    return figures.variance_shares(pd.DataFrame(rows, columns=["by", "group", "share", "low", "high", "pairs"]))


def _by_form() -> Figure:
    """All forms of a world with policies."""
    rules = {"allocation": ("adaptive", "fixed"), "assembly": ("none", "kits"), "attrition": ("contest", "guerrilla", "linear", "square"),
             "diffusion": ("logistic", "exponential"), "policies": ("off", "on")}  # fmt: skip
    rows = [{**dict(zip(rules, form, strict=True)), "own": not k, "difference": 0.1 * k - 1.0, "low": 0.1 * k - 2.0, "high": 0.1 * k}
            for k, form in enumerate(product(*rules.values()))]  # fmt: skip
    return figures.effects_by_form(pd.DataFrame(rows).assign(n=RUNS))


def _ends() -> pd.DataFrame:
    names = [f"{LEVER} {at}" for at in range(6)]
    return pd.DataFrame({"name": names, "at_low": [3.0, 2, 1, 0.5, 0.4, 0.3], "at_high": [9.0, 1, 0.5, 0.4, 0.35, 0.3], "n": RUNS,
                         "low": "low third", "high": "high third", "detected": [True, True, False, False, False, False]})  # fmt: skip


@cache
def _attribution() -> Any:
    return ps.attribute(torture().world, BRANCHES[1], BRANCHES[0], runs=5, measures=[f"stock.{PROXIES[0]}"])


def _waterfall() -> Figure:
    found = _attribution()
    one = found.measures[0]
    pairs = pd.DataFrame([{"one": a, "two": b, "value": s.value, "low": s.low, "high": s.high} for (a, b), s in one.interactions.items()])
    return figures.waterfall(found.to_dataframe().assign(n=5), pairs, labels=torture().labels)


def _bands(name: str, count: int, **options: Any) -> Callable[[], Figure]:
    def drawn() -> Figure:
        own = torture()
        return getattr(figures, name)(own.shown(count), actors=PROXIES, events=own.events, labels=own.labels, **options)

    return drawn


HARD: dict[str, Callable[[], Figure]] = {
    "headline, 4 branches": _bands("headline", 4),
    "headline, arms": _bands("headline", 4, measure="received_arms", unit="USD m / month"),
    "capacity_bands, 3 branches": _bands("capacity_bands", 3, measure="fighting"),
    "capacity_bands, 7 branches": _bands("capacity_bands", 7, measure="stock", unit="USD m of arms"),
    "arms_over_time, 2 branches": _bands("arms_over_time", 2),
    "arms_over_time, 7 branches": _bands("arms_over_time", 7),
    "capacity_bands, all actors": lambda: figures.capacity_bands(torture().bands, "fighting", labels=torture().labels),
    "differences": lambda: figures.differences(torture().effects, MEASURES, labels=torture().labels),
    "differences, 2 branches": lambda: figures.differences(
        torture().effects[torture().effects["branch"] == BRANCHES[1]], MEASURES, labels=torture().labels),
    "effect_matrix": lambda: figures.effect_matrix(
        torture().effects[torture().effects["actor"].isin(PROXIES)], ["received_arms", "stock", "fighting"], labels=torture().labels),
    "effect_matrix, one outcome": lambda: figures.effect_matrix(
        torture().effects[torture().effects["actor"] == PROXIES[0]], ["stock"], labels=torture().labels),
    "survival, 3 branches": lambda: figures.survival(torture().standing(3), torture().events, labels=torture().labels),
    "survival, 7 branches": lambda: figures.survival(torture().standing(7), torture().events, labels=torture().labels),
    "support_chain, 3 branches": lambda: figures.support_chain(torture().chain(3), labels=torture().labels),
    "support_chain, 7 branches": lambda: figures.support_chain(torture().chain(7), labels=torture().labels),
    "waterfall": _waterfall,
    "ranking": lambda: figures.ranking(torture().counters(), "USD m of arms", labels=torture().labels),
    "taken_by_answers": lambda: figures.taken_by_answers(torture().taken(), "USD m of arms", labels=torture().labels),
    "variance_shares": _variance,
    "effects_by_form": _by_form,
    "patterns": _patterns,
    "tornado": lambda: figures.tornado(_ends(), 2.0, "USD m of arms"),
    "provenance": lambda: figures.provenance(torture().received(), labels=torture().labels),
    "alluvial": lambda: figures.alluvial(torture().flows, labels=torture().labels),
    "arms_map": lambda: figures.arms_map(torture().world, torture().flows, labels=torture().labels),
    "places_and_legs": lambda: figures.places_and_legs(torture().world),
    "places_and_legs, flows": lambda: figures.places_and_legs(torture().world, flows=torture().flows),
    "regime_stability": lambda: figures.regime_stability(torture().regimes(BRANCHES[:3]), labels=torture().labels),
    "overview": lambda: torture().run.plot(),
    "sweep_lines": lambda: figures.sweep_lines(torture().grid(), "limit", "difference", "aid", "USD m / month", labels=SWEEP | torture().labels),
    "heat_map": lambda: figures.heat_map(torture().grid(), "limit", "aid", "difference", "USD m / month", labels=SWEEP),
    "heat_map, text across": lambda: figures.heat_map(torture().grid(), "aid", "limit", "difference", "USD m / month", labels=SWEEP),
    "sweep_spread": lambda: figures.sweep_spread(torture().points(), "difference", "USD m / month", labels=SWEEP),
    "lever_effect": lambda: figures.lever_effect(
        torture().grid()[lambda t: t["aid"] == BRANCHES[2]], "limit", unit="USD m / month", labels=SWEEP),
    "sweep_scatter": lambda: figures.sweep_scatter(torture().points(), ["limit", "attrition", "aid"], unit="USD m / month", labels=SWEEP),
}  # fmt: skip


#: Figures with the most words, which take the longest to measure.
LONG = {"differences", "capacity_bands, all actors", "overview", "places_and_legs", "places_and_legs, flows", "support_chain, 7 branches",
        "effect_matrix, one outcome", "heat_map, text across", "regime_stability", "capacity_bands, 3 branches", "differences, 2 branches",
        "support_chain, 3 branches", "arms_over_time, 2 branches", "headline, arms"}  # fmt: skip


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.slow) if name in LONG else name for name in HARD])
def test_figures__no_words_are_off_the_page_or_over_others(name: str) -> None:
    """With captions in the figure; labels of sixty letters are whole."""
    figure = HARD[name]()
    assert faults_of(figure) == []
    assert not [words for words, _ in words_of(figure) if "…" in words]


@pytest.mark.parametrize("name", ["headline, 4 branches", "survival, 7 branches", "effect_matrix", "ranking", "taken_by_answers", "variance_shares",
                                  "patterns"])  # fmt: skip
def test_figures__without_their_captions_have_no_words_off_the_page(name: str) -> None:
    """As a report shows them."""
    with captions_apart():
        assert faults_of(HARD[name]()) == []


def test_faults__are_seen() -> None:
    """The check is able to fail: words off the page, over others, under a legend, and partly behind a card."""
    figure = Figure(figsize=(4, 2))
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.1, 0.1, 0.8, 0.8))
    figure.text(0.9, 0.5, "off the page to the right")
    figure.text(0.2, 0.2, "one over")
    figure.text(0.21, 0.21, "the other")
    axes.plot([0, 1], [0, 1], label="a line")
    axes.legend(loc="upper left")
    axes.text(0.05, 0.9, "covered")
    axes.add_patch(FancyBboxPatch((0.6, 0.1), 0.2, 0.2, boxstyle="square,pad=0"))
    axes.text(0.5, 0.15, "half behind")
    found = faults_of(figure)
    for words in ("off the page: 'off", "one over the other: 'one over'", "under a legend: 'covered'", "partly behind a card: 'half"):
        assert any(one.startswith(words) for one in found), (words, found)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["quickstart", "levant", "levant-2025", "angola", "insurgency"])
def test_figures__of_the_shipped_worlds_can_be_read(name: str) -> None:
    """Maps, flows and the overview of one run, and the bands of a few."""
    run = ps.run(name, 0)
    flows = run.flows[run.flows["from"] != run.flows["to"]].assign(n=1)
    bands = ps.ensemble(name, runs=5, bands=True).bands_table()
    labels = {one: label for (_, one), label in run.world.scenario.labels.items()}
    for figure in (figures.arms_map(run.world, flows, labels=labels), figures.places_and_legs(run.world), figures.alluvial(flows, labels=labels),
                   run.plot(), figures.headline(bands, labels=labels), figures.arms_over_time(bands, labels=labels)):  # fmt: skip
        assert faults_of(figure) == []


@pytest.mark.parametrize("size", [7.6, 9.5])
@pytest.mark.parametrize("words", WORDS)
def test_outline_width__is_that_of_the_library(words: str, size: float) -> None:
    """Solving all curves of a text at once finds the extreme points that matplotlib finds one by one."""
    outline = TextPath((0, 0), words, size=size, prop=FontProperties(family="DejaVu Sans"))
    assert outline.get_extents().width == pytest.approx(outline_width(outline), rel=1e-12)


def test_outline_width__finds_points_beyond_the_ends_of_a_curve() -> None:
    """A parabola that turns between its ends is as wide as it is at the turn; cubic curves are left to the library."""
    start, corner, end = Outline.MOVETO, Outline.CURVE3, Outline.CURVE4
    bowl = SimpleNamespace(vertices=np.array([[0.0, 0.0], [2.0, 1.0], [0.0, 2.0]]), codes=np.array([start, corner, corner]))
    assert 1.0 == outline_width(bowl)  # type: ignore[arg-type]
    cubic = Outline([(0, 0), (1, 0), (1, 1), (0, 1)], [start, end, end, end])
    assert cubic.get_extents().width == outline_width(cubic)  # type: ignore[arg-type]
