"""Figures: a table in, a Figure out, the same bytes each time, with all words on the page and none over another."""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Callable
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import matplotlib.style
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from tests.assessed import compared, pattern, rows
from tests.drawn import faults_of, words_of

import proxysim as ps
from proxysim import figures
from proxysim.figures.kit import palette
from proxysim.figures.kit.captions import tick_label
from proxysim.figures.kit.export import stamp
from proxysim.figures.kit.frame import captions_apart
from proxysim.figures.kit.smoothing import local_linear
from proxysim.figures.kit.tables import unique
from proxysim.figures.kit.text import cut, fit, wrap_text
from proxysim.formatting import number, plain
from proxysim.statistics.sensitivity import shown

QUICKSTART = Path(__file__).parent.parent / "scenarios" / "quickstart.toml"
BRANCHES = ("no-pact", "the-treaty", "strong")
LONG = "Северные горные отряды и прибрежные силы " * 5
#: Labels that other people write.
LABELS = {
    "reds": LONG,
    "blues": "<script>alert(1)</script> $5 and $6",
    "greens": "حركة المقاومة في الجبال",
    "no-pact": "_" + LONG,
}


def bands() -> pd.DataFrame:
    """Three branches, three actors, five years."""
    rows = []
    for b, branch in enumerate(BRANCHES):
        for a, actor in enumerate(("reds", "blues", "greens")):
            for at in range(60):
                middle = 100 + (b - 0.5 * a) * at * 0.4 + 3 * np.sin(at / 5)
                month = f"{2020 + at // 12}-{at % 12 + 1:02d}"
                rows.append(
                    (branch, month, actor, "capacity", 50, middle - 6, middle - 2, middle, middle + 2, middle + 6)
                )
    return pd.DataFrame(rows, columns=["branch", "month", "actor", "measure", "n", "q05", "q25", "q50", "q75", "q95"])


def events() -> pd.DataFrame:
    """Events of which some fall together."""
    return pd.DataFrame(
        {
            "month": ["2020-03", "2021-06", "2021-06", "2023-01"],
            "label": ["pact in force", "embargo", "war", "<b>truce</b>"],
        }
    )


def effects() -> pd.DataFrame:
    """Differences of two branches; one spans zero, one has no interval."""
    rows = []
    for measure, unit in (
        ("capacity", "index"),
        ("received_arms", "USD m of arms / month"),
        ("manufacture", "USD m of arms / month"),
    ):
        for a, actor in enumerate(("reds", "blues", "greens")):
            for b, branch in enumerate(BRANCHES[1:], 1):
                middle = (b * 3.2 - a * 2) * (1 if unit == "index" else 0.01)
                low, high = (
                    (np.nan, np.nan)
                    if (a, b) == (2, 2)
                    else (middle - abs(0.6 * middle) - 0.1, middle + 0.5 * abs(middle))
                )
                rows.append((measure, actor, branch, unit, 103.2, middle, low, high, 0.95, 80))
    names = ["measure", "actor", "branch", "unit", "baseline", "difference", "low", "high", "level", "n"]
    return pd.DataFrame(rows, columns=names)


def provisions() -> pd.DataFrame:
    """Parts of one effect, one of them negative, one without a size."""
    values = {"funding": 4.0, "technology": 2.5, "logistics": -1.2, "market": 0.0003, "everything_else": 0.8}
    sizes = {"funding": 0.2, "technology": 0.5, "logistics": 0.3, "market": 0.6}
    rows = [("capacity", "reds", "index", f"treaty.provisions.{name}", value, value - 0.2, value + 0.3, sizes.get(name), 24)
            for name, value in values.items()]  # fmt: skip
    return pd.DataFrame(rows, columns=["measure", "actor", "unit", "provision", "value", "low", "high", "size", "n"])


def interactions() -> pd.DataFrame:
    """How provisions work together."""
    rows = [("treaty.provisions.funding", "treaty.provisions.technology", -0.8, -1.0, -0.6),
            ("treaty.provisions.funding", "treaty.provisions.logistics", 0.3, 0.1, 0.5)]  # fmt: skip
    return pd.DataFrame(rows, columns=["one", "two", "value", "low", "high"])


def chain() -> pd.DataFrame:
    """From pledge to capacity."""
    rows = []
    for s, stage in enumerate(("pledged", "sent as money", "budgeted for arms", "arms sent", "arms arrived")):
        rows += [
            (stage, branch, 100 / (1 + s) ** 2 * (1 + 0.2 * b * s), "USD m / month", 24)
            for b, branch in enumerate(BRANCHES)
        ]
    rows += [("capacity of proxies, mean", branch, 95.0 + 8 * b, "index", 24) for b, branch in enumerate(BRANCHES)]
    return pd.DataFrame(rows, columns=["stage", "branch", "value", "unit", "n"])


def cargoes() -> pd.DataFrame:
    """Arms on their way."""
    rows = [("north", "reds", "north", "north-coast", 60.0, 50.0), ("north", "greens", "north", "north-hills", 20.0, 19.0),
            ("south", "north", "south", "south-north", 45.0, 45.0), ("south", "blues", "south", "south-north > north-coast", 30.0, 24.0),
            ("north", "reds", "south", "north-coast", 5.0, 4.0), ("reds", "greens", "other", "north-hills", 0.01, 0.0)]  # fmt: skip
    return pd.DataFrame(rows, columns=["from", "to", "origin", "route", "sent", "arrived"]).assign(n=8)


def received() -> pd.DataFrame:
    """Arms received by origin."""
    rows = [(actor, branch, origin, (a + 1.0) * (b + 1.0) * (3.0 if origin == "north" else 0.7), 50)
            for a, actor in enumerate(("reds", "blues")) for b, branch in enumerate(BRANCHES) for origin in ("north", "south", "other")]  # fmt: skip
    return pd.DataFrame(rows, columns=["actor", "branch", "origin", "value", "n"])


def regimes() -> pd.DataFrame:
    """A regime that falls in some runs."""
    rows = []
    for b, branch in enumerate(BRANCHES[:2]):
        for run in range(6):
            x, gone = 1.2, False
            for at in range(60):
                forcing = 0.3 - 0.02 * at * (1 + 0.1 * run) + 0.25 * b
                if not gone:
                    x = min(1.5, x + 0.3 * (x - x**3 + forcing))
                    gone = x < 0
                rows.append(("north", branch, run, f"{2020 + at // 12}-{at % 12 + 1:02d}", x, forcing, gone))
    return pd.DataFrame(rows, columns=["regime", "branch", "run", "month", "stability", "forcing", "fallen"])


def counters() -> pd.DataFrame:
    """Countermeasures, one of which does nothing."""
    rows = [
        ("sea-patrol", -2.0, -2.4, -1.6, 0.7, 50),
        ("sanctions", -0.1, -0.4, 0.2, 0.1, 50),
        ("strikes", -1.8, -2.2, -1.5, 0.2, 50),
    ]
    return pd.DataFrame(rows, columns=["branch", "difference", "low", "high", "best", "n"])


def taken() -> pd.DataFrame:
    """What three answers take away: one for sure, one perhaps, one that adds and has no interval."""
    nan = math.nan
    rows = [("strikes", 2.0, 1.6, 2.4, 1.8, 1.2, 2.2, 50), ("sanctions", 0.2, -0.1, 0.5, 0.1, -0.2, 0.4, 50),
            ("aid", -0.3, nan, nan, nan, nan, nan, 50)]  # fmt: skip
    keys = [f"taken{place}{end}" for place in ("", "_last") for end in ("", "_low", "_high")]
    return pd.DataFrame(rows, columns=["answer", *keys, "n"])


def variance() -> pd.DataFrame:
    """Shares of a variance: of grades and of sections, one that is exactly 0 and one below it."""
    nan = math.nan
    rows = [("grades", "A", 0.0, nan, nan), ("grades", "D", 0.85, 0.7, 0.95), ("grades", "random variation", 0.15, 0.05, 0.3),
            ("sections", "legs", 0.9, 0.8, 0.97), ("sections", LONG, -0.02, -0.05, 0.01), ("sections", "random variation", 0.12, 0.05, 0.3)]
    return pd.DataFrame(rows, columns=["by", "group", "share", "low", "high"]).assign(pairs=50)


def by_form() -> pd.DataFrame:
    """Effects in six forms, one without an interval, in the order of the package."""
    forms = [(rule, policies) for rule in ("contest", "linear", LONG) for policies in ("off", "on")]
    rows = [(rule, policies, k == 0, value, value - 0.4, value + 0.4) for k, ((rule, policies), value) in
            enumerate(zip(forms, (2.0, 0.3, 1.0, -0.2, 3.0, 2.5), strict=True))]  # fmt: skip
    table = pd.DataFrame(rows, columns=["attrition", "policies", "own", "difference", "low", "high"])
    table.loc[2, ["low", "high"]] = math.nan
    return table.assign(measure="stock", actor="reds", branch="strong", unit="USD m of arms", level=0.95, n=40)


def options() -> pd.DataFrame:
    """Combinations of three countermeasures, of which one has a very long label."""
    names = ["none", "strikes", "reds", "blues", "reds+strikes", "blues+reds", "blues+strikes", "blues+reds+strikes"]
    rows = [(name, 0 if name == "none" else 1 + name.count("+"), 100.0 * at, 9.0 - at + (at % 3), at in (0, 1, 4, 7), 1.0 if at < 5 else 0.4,
             0.8 - 0.1 * (at % 3), 200) for at, name in enumerate(names)]  # fmt: skip
    return pd.DataFrame(rows, columns=["option", "number", "cost", "effect", "on", "probability", "probability_drawn", "n"])


def ranked() -> pd.DataFrame:
    """Ranks of three options by four criteria, for the mean and the end."""
    rows = [(measure, option, criterion, 1 + (at + place) % 3, None if criterion == "regret_max" else at == 1, 200)
            for measure in ("capacity", "capacity_end") for at, option in enumerate(("strikes+reds", "blues", "greens+strikes"))
            for place, criterion in enumerate(("regret_90", "loss", "satisfied", "regret_max"))]  # fmt: skip
    return pd.DataFrame(rows, columns=["measure", "option", "criterion", "rank", "tied", "n"])


def cells() -> pd.DataFrame:
    """More options than fit, one with a very long label; the best answers are among the last ones."""
    names = ["none", *(f"reds+lever-{at}" for at in range(26)), "blues+greens"]
    rows = [(one, other, 90.0 - at + 3.0 * place, one == "blues+greens", place == 9, one == "blues+greens" and place == 9, 200)
            for at, one in enumerate(names) for place, other in enumerate(["none", *(f"greens+way-{k}" for k in range(9))])]  # fmt: skip
    return pd.DataFrame(rows, columns=["defence", "patrons", "value", "best_defence", "best_patrons", "equilibrium", "n"])


def equilibria() -> pd.DataFrame:
    """A pure and a mixed equilibrium, one with a very long label."""
    rows = [(0, "pure", "defence", "reds+sea", 1.0, 0.62, True), (0, "pure", "patrons", "none", 1.0, 0.62, True),
            (1, "mixed", "defence", "none", 0.3, 0.2, False), (1, "mixed", "defence", "greens", 0.7, 0.2, False),
            (1, "mixed", "patrons", "blues", 1.0, 0.2, False)]  # fmt: skip
    return pd.DataFrame(rows, columns=["end", "kind", "side", "option", "probability", "share", "found"]).assign(n=200)


def sweep() -> pd.DataFrame:
    """An answer over two numbers."""
    rows = [
        (x, y, 4 * x - 10 * y, 4 * x - 10 * y - 0.5, 4 * x - 10 * y + 0.5, 40)
        for x in (0.0, 0.25, 0.5, 0.75, 1.0)
        for y in (0.05, 0.1, 0.2, 0.3)
    ]
    return pd.DataFrame(rows, columns=["strength", "detection", "difference", "low", "high", "n"])


def ends() -> pd.DataFrame:
    """What moves an answer."""
    rows = [
        ("legs.north-coast.detection", 4.1, 1.2, "0.05", "0.30"),
        ("states.south.sanctions", 2.4, 2.9, "0.2", "0.5"),
        (LONG, 2.7, 2.7, "1", "2"),
    ]
    return pd.DataFrame(rows, columns=["name", "at_low", "at_high", "low", "high"]).assign(n=40)


def standing() -> pd.DataFrame:
    """The share of runs in which a regime stands."""
    rows = [("north", branch, f"{2020 + at // 12}-{at % 12 + 1:02d}", 1 - 0.01 * at * (b + 1), 0.9 - 0.01 * at * (b + 1), 1.0, 20)
            for b, branch in enumerate(BRANCHES) for at in range(30)]  # fmt: skip
    return pd.DataFrame(rows, columns=["regime", "branch", "month", "share", "low", "high", "n"])


def calibrated() -> pd.DataFrame:
    """Effects before and after calibration: narrower, shifted, not informed, without any spread, beyond the axis, and undefined."""
    rows = [("received_arms", "*", 1.0, 2.0, 4.0, 1.5, 2.0, 2.5, True), ("stock", "reds", -1.0, 0.5, 1.0, -0.8, 0.2, 1.1, True),
            ("fighting", "blues", -9.0, 0.0, 9.0, -9.0, 0.1, 8.0, False), ("made", "greens", 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, False),
            ("regime_fallen", "reds", 1.0, 2.0, 3.0, -4e6, 7.0, 8e6, False),
            ("stock", "*", 1.0, 2.0, 3.0, np.nan, np.nan, np.nan, False)]  # fmt: skip
    table = pd.DataFrame(rows, columns=["measure", "actor", "prior_q05", "prior_q50", "prior_q95", "q05", "q50", "q95", "informed"])
    shrinkage = 1 - (table["q95"] - table["q05"]) / (table["prior_q95"] - table["prior_q05"]).replace(0, 1)
    return table.assign(unit="USD m of arms / month", shrinkage=shrinkage, n=400)


def sample() -> pd.DataFrame:
    """A sample of a sweep, with a number and text."""
    draw = np.random.default_rng(1)
    table = pd.DataFrame({"strength": draw.random(60), "rule": draw.choice(["linear", "guerrilla"], 60)})
    return table.assign(difference=3 * table["strength"] - 1 + 0.1 * draw.standard_normal(60), n=4)


def line() -> pd.DataFrame:
    """Crossings: none, one whose interval reaches the end of the range, and two at one value."""
    rows = [(0.0, math.nan, math.nan, math.nan, None), (0.5, 0.2, math.nan, 0.3, True), (1.0, 0.3, 0.25, 0.35, True), (1.0, 0.7, 0.6, 0.8, False)]
    return pd.DataFrame(rows, columns=["second", "first", "low", "high", "rises"])


def box() -> pd.DataFrame:
    """Limits of a box: both ends of one number, limits near the ends of their ranges, one without an interval, and levels."""
    nan = math.nan
    rows = [("detection", "low", 0.2, "", "", 0.1, 0.25, 0.0, 0.6, 0.9), ("detection", "high", 0.4, "", "", 0.38, 0.55, 0.0, 0.6, 0.7),
            ("strength", "low", 0.99, "", "", 0.2, 1.0, 0.0, 1.0, 0.55), ("income", "high", -3e6, "", "", nan, nan, -4e6, 2e7, nan),
            ("rule", "levels", nan, "linear, guerrilla", "square", nan, nan, nan, nan, 0.86)]  # fmt: skip
    names = ["name", "side", "value", "levels", "others", "low", "high", "least", "most", "frequency"]
    return pd.DataFrame(rows, columns=names).assign(points=500)


def cases() -> pd.DataFrame:
    """Points with two cases each."""
    draw = np.random.default_rng(1)
    table = pd.DataFrame({"detection": 0.6 * draw.random(60), "strength": draw.random(60), "hits": draw.integers(0, 3, 60)})
    return table.assign(cases=2, held_out=np.arange(60) % 2 == 0)


def peeled() -> pd.DataFrame:
    """Boxes on a trajectory, the smallest without any case, and the final one."""
    rows = [(0, 0.2, 1.0, False), (1, 0.3, 0.95, False), (2, 0.31, 0.94, False), (2, 0.8, 0.7, False), (3, math.nan, 0.0, False),
            (2, 0.82, 0.69, True)]  # fmt: skip
    return pd.DataFrame(rows, columns=["limits", "density", "coverage", "final"]).assign(base=0.2, n=500)


def indices() -> pd.DataFrame:
    """Sensitivity indices: one detected, one without an interval, a long name, and a group that is not drawn."""
    nan = math.nan
    rows = [("factor", "legs.north-coast.detection", "first order", 0.6, 0.5, 0.7, 0.05, True),
            ("factor", "legs.north-coast.detection", "PAWN", 0.5, 0.4, 0.6, 0.2, True),
            ("factor", LONG, "first order", -0.01, nan, nan, 0.05, False), ("factor", LONG, "PAWN", 0.1, 0.05, 0.15, 0.2, False),
            ("group", "D", "joint R2", 0.9, 0.8, 0.95, nan, True)]  # fmt: skip
    return pd.DataFrame(rows, columns=["kind", "name", "index", "value", "low", "high", "null", "detected"]).assign(points=60)


def knowledge() -> pd.DataFrame:
    """Values of knowing parameters: one worth it, one that is not, one without an interval and a long name, and one without a gain."""
    nan = math.nan
    rows = [("search", 1.0, 0.5, 1.6, True, 0.35), ("income", 0.5, -0.1, 1.1, False, 0.4), (LONG, 0.2, nan, nan, False, 0.0),
            ("idle", -0.1, -0.3, 0.1, False, 0.2)]  # fmt: skip
    return pd.DataFrame(rows, columns=["name", "value", "low", "high", "detected", "switching"]).assign(null=0.6, draws=200)


MADE: dict[str, Callable[..., Figure]] = {
    "box_limits": lambda **o: figures.box_limits(box(), labels={"detection": LONG}, **o),
    "box_scatter": lambda **o: figures.box_scatter(cases(), box(), labels={"detection": LONG}, **o),
    "box_trajectory": lambda **o: figures.box_trajectory(peeled(), **o),
    "payoffs": lambda **o: figures.payoffs(cells().query("defence < 'reds+lever-13'") if "ax" in o else cells(), labels=LABELS, **o),
    "equilibrium_shares": lambda **o: figures.equilibrium_shares(equilibria(), labels=LABELS, **o),
    "frontier": lambda **o: figures.frontier(options(), "index points", "USD m / year", labels=LABELS, **o),
    "robustness": lambda **o: figures.robustness(ranked(), labels=LABELS, **o),
    "arms_over_time": lambda **o: figures.arms_over_time(bands().assign(measure="received_arms"), labels=LABELS, **o),
    "headline": lambda **o: figures.headline(bands(), "capacity", labels=LABELS, **o),
    "effect_matrix": lambda **o: figures.effect_matrix(effects(), labels=LABELS, **o),
    "survival": lambda **o: figures.survival(standing(), labels=LABELS, **o),
    "lever_effect": lambda **o: figures.lever_effect(sweep()[lambda t: t["detection"] == 0.1], "strength", unit="index points", **o),
    "sweep_scatter": lambda **o: figures.sweep_scatter(sample(), ["strength", "rule"], unit="index points", **o),
    "capacity_bands": lambda **o: figures.capacity_bands(bands(), events=None if "ax" in o else events(), labels=LABELS, **o),
    "differences": lambda **o: figures.differences(effects(), labels=LABELS, **o),
    "waterfall": lambda **o: figures.waterfall(provisions(), interactions(), labels=LABELS, **o),
    "ranking": lambda **o: figures.ranking(counters(), labels={"strikes": LONG}, **o),
    "taken_by_answers": lambda **o: figures.taken_by_answers(taken(), "USD m a year", labels={"strikes": LONG}, **o),
    "variance_shares": lambda **o: figures.variance_shares(variance()[lambda t: t["by"] == "grades"] if "ax" in o else variance(), **o),
    "break_even": lambda **o: figures.break_even(line(), LONG, "legs.north-coast.detection", **o),
    "effects_by_form": lambda **o: figures.effects_by_form(by_form(), **o),
    "sensitivity_indices": lambda **o: figures.sensitivity_indices(indices(), **o),
    "information_values": lambda **o: figures.information_values(knowledge(), **o),
    "patterns": lambda **o: figures.patterns(compared(*rows()), compared(*rows(0.5), uncertain=True), **o),
    "prior_and_posterior": lambda **o: figures.prior_and_posterior(calibrated(), labels=LABELS, **o),
    "tornado": lambda **o: figures.tornado(ends(), 2.7, "index points", **o),
    "support_chain": lambda **o: figures.support_chain(chain(), labels=LABELS, **o),
    "provenance": lambda **o: figures.provenance(received(), labels=LABELS, **o),
    "alluvial": lambda **o: figures.alluvial(cargoes(), labels=LABELS, **o),
    "arms_map": lambda **o: figures.arms_map(ps.load(QUICKSTART), cargoes(), **o),
    "regime_stability": lambda **o: figures.regime_stability(regimes(), labels=LABELS, **o),
    "sweep_spread": lambda **o: figures.sweep_spread(sweep(), "difference", "index points", **o),
    "heat_map": lambda **o: figures.heat_map(sweep(), "strength", "detection", "difference", "index points", **o),
    "sweep_lines": lambda **o: figures.sweep_lines(sweep(), "strength", "difference", "detection", "index points", **o),
}  # fmt: skip
EMPTY: dict[str, Callable[[], Figure]] = {
    "box_limits": lambda: figures.box_limits(box().head(0)),
    "box_scatter": lambda: figures.box_scatter(cases(), box().tail(1)),
    "box_trajectory": lambda: figures.box_trajectory(peeled().head(0)),
    "payoffs": lambda: figures.payoffs(cells().head(0)),
    "equilibrium_shares": lambda: figures.equilibrium_shares(equilibria().head(0)),
    "frontier": lambda: figures.frontier(options().head(0)),
    "robustness": lambda: figures.robustness(ranked().head(0)),
    "arms_over_time": lambda: figures.arms_over_time(bands().head(0)),
    "headline": lambda: figures.headline(bands().head(0)),
    "effect_matrix": lambda: figures.effect_matrix(effects().head(0)),
    "survival": lambda: figures.survival(standing().head(0)),
    "lever_effect": lambda: figures.lever_effect(sweep().head(0), "strength"),
    "sweep_scatter": lambda: figures.sweep_scatter(sample().head(0), ["strength"]),
    "capacity_bands": lambda: figures.capacity_bands(bands().head(0)),
    "differences": lambda: figures.differences(effects().head(0)),
    "waterfall": lambda: figures.waterfall(provisions().head(0)),
    "ranking": lambda: figures.ranking(counters().head(0)),
    "taken_by_answers": lambda: figures.taken_by_answers(taken().head(0)),
    "variance_shares": lambda: figures.variance_shares(variance().assign(share=math.nan)),
    "break_even": lambda: figures.break_even(line().assign(first=math.nan)),
    "effects_by_form": lambda: figures.effects_by_form(by_form().assign(difference=math.nan)),
    "sensitivity_indices": lambda: figures.sensitivity_indices(indices().tail(1)),
    "information_values": lambda: figures.information_values(knowledge().tail(1)),
    "patterns": lambda: figures.patterns(compared(*rows()[-1:])),
    "prior_and_posterior": lambda: figures.prior_and_posterior(calibrated().head(0)),
    "tornado": lambda: figures.tornado(ends().head(0)),
    "support_chain": lambda: figures.support_chain(chain().head(0)),
    "provenance": lambda: figures.provenance(received().head(0)),
    "alluvial": lambda: figures.alluvial(cargoes().head(0)),
    "arms_map": lambda: figures.arms_map(ps.load(QUICKSTART), cargoes().head(0)),
    "regime_stability": lambda: figures.regime_stability(regimes().head(0)),
    "sweep_spread": lambda: figures.sweep_spread(sweep().head(0), "difference"),
    "heat_map": lambda: figures.heat_map(sweep().head(0), "strength", "detection", "difference"),
    "sweep_lines": lambda: figures.sweep_lines(sweep().head(0), "strength", "difference"),
}
FACTS = {"world": "abc123", "seed": 7, "model_version": "v1"}


@pytest.mark.parametrize("name", MADE)
def test_figures__all_words_are_on_the_page(name: str) -> None:
    """Nothing is clipped, nothing says nan, and no words lie on others."""
    figure = MADE[name]()
    wide, high = figure.canvas.get_width_height()
    found = words_of(figure)
    assert found
    for words, box in found:
        assert not re.search(r"\b(nan|inf|None)\b", words), words
        assert box.x0 > -2 and box.x1 < wide + 2 and box.y0 > -2 and box.y1 < high + 2, (words, box)
    for (one, left), (two, right) in combinations(found, 2):
        across = min(left.x1, right.x1) - max(left.x0, right.x0)
        along = min(left.y1, right.y1) - max(left.y0, right.y0)
        assert across < 2 or along < 2, (one, two)


@pytest.mark.parametrize("scale", [0.001, 1.0, 2e6])
def test_differences__numbers_below_narrow_axes_stand_apart(scale: float) -> None:
    """Long names leave little room; there are then fewer numbers, and at least one."""
    table = effects().assign(actor=lambda t: t["actor"] + " of the far and forgotten provinces")
    keys = ["difference", "low", "high"]
    figure = figures.differences(table.assign(**{key: table[key] * scale for key in keys}))
    words_of(figure)
    for axes in figure.axes:
        boxes = [tick.label1.get_window_extent() for tick in axes.xaxis.get_major_ticks()]
        assert boxes
        after = {
            len(tick.label1.get_text().partition(".")[2])
            for tick in axes.xaxis.get_major_ticks()
            if tick.label1.get_text() != "0"
        }
        assert len(after) <= 1
        for left, right in pairwise(boxes):
            assert right.x0 - left.x1 > 4, axes.get_title(loc="left")


@pytest.mark.parametrize("ending", ["svg", *(pytest.param(one, marks=pytest.mark.slow) for one in ("pdf", "png"))])
@pytest.mark.parametrize("name", MADE)
def test_figures__same_table_gives_same_bytes(name: str, ending: str, tmp_path: Path) -> None:
    """Drawn and saved twice."""
    one, two = (figures.save(MADE[name](), tmp_path / f"{at}.{ending}", FACTS) for at in (1, 2))
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize("name", MADE)
def test_figures__draw_on_axes_that_are_given(name: str) -> None:
    """`ax=` takes part of a larger figure."""
    figure = Figure(figsize=(9, 6))
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.3, 0.15, 0.5, 0.6))
    assert MADE[name](ax=axes) is figure
    figure.canvas.draw()


@pytest.mark.parametrize("name", EMPTY)
def test_figures__nothing_to_draw_is_said(name: str) -> None:
    """An empty table is no error."""
    figure = EMPTY[name]()
    assert words_of(figure)


@pytest.mark.parametrize("months", [1, 2, 14])
def test_capacity_bands__few_months(months: int) -> None:
    """One month has marks instead of lines."""
    table = bands()
    kept = unique(table["month"])[:months]
    figure = figures.capacity_bands(table[table["month"].isin(kept)], events=events())
    assert all("nan" not in words for words, _ in words_of(figure))


def test_capacity_bands__last_medians_of_a_panel_have_the_same_digits() -> None:
    """No "100.0" beside "107"."""
    last = {"no-pact": 99.97, "the-treaty": 102.0, "strong": 107.0}
    table = bands()[lambda t: t["actor"] == "reds"]
    table = table.assign(q50=table["branch"].map(last))
    assert {"100", "102", "107"} <= {words for words, _ in words_of(figures.capacity_bands(table))}
    assert (number(99.97), number(9.999), number(0.99)) == ("100", "10.0", "0.990")


def test_regime_stability__a_branch_under_another_is_seen() -> None:
    """The first is wider than what is drawn over it; "fold" stands right of its point, off the axis."""
    table = regimes()
    same = table[table["branch"] == "no-pact"]
    figure = figures.regime_stability(pd.concat([same, same.assign(branch="the-treaty")]))
    course, side = figure.axes
    wide = sorted((line.get_zorder(), line.get_linewidth()) for line in course.lines if line.get_linewidth() > 2)
    assert [width for _, width in wide] == [5.0, 2.2]
    box = next(box for words, box in words_of(figure) if words == "fold" and box.x0 > course.get_window_extent().x1)
    point = side.transData.transform((-0.385, 0.577))
    assert box.x0 > point[0] + 3 and box.y1 < point[1]


def test_alluvial__thin_ribbons_lie_on_thick_ones_and_nothing_lost_has_no_node() -> None:
    """Ribbons are drawn from the widest to the thinnest, and can be seen through each other."""
    figure = figures.alluvial(cargoes())
    ribbons = [one for one in figure.axes[0].patches if isinstance(one, PathPatch)]
    tall = [abs(one.get_path().vertices[4, 1] - one.get_path().vertices[3, 1]) for one in ribbons]
    assert len(tall) > 6 and tall == sorted(tall, reverse=True)
    assert all((one.get_alpha() or 1) < 0.8 for one in ribbons)
    assert any("Lost" in words for words, _ in words_of(figure))
    whole = cargoes().assign(arrived=lambda t: t["sent"])
    assert not any("Lost" in words for words, _ in words_of(figures.alluvial(whole)))


def test_maps__long_names_of_places_stand_in_two_lines_and_both_ways_are_said(tmp_path: Path) -> None:
    """Nothing of a name of fifty letters is lost; a longer one keeps both its ends."""
    world = ps.load(
        labelled(tmp_path, reds="Transitional government (that of before fell)", greens="Army " * 20 + "of the hills"),
        "strong",
    )
    run = ps.run(world, 1)
    for figure in (figures.arms_map(world, cargoes()), figures.places_and_legs(world, flows=run.flows)):
        told = " ".join(words for words, _ in words_of(figure)).replace("\n", " ")
        assert re.search(r"● Transitional government\s+\(that of before fell\)", told)
        assert "● Army" in told and "of the hills" in told
        assert "in both directions" in told
        assert not any("Transitional" in words and "fell" in words for words, _ in words_of(figure))


def test_support_chain__caption_says_whose_support_it_is() -> None:
    """All patrons' unless it is told."""
    told = [
        " ".join(words for words, _ in words_of(figures.support_chain(chain(), **more)))
        for more in ({}, {"whose": "of the north"})
    ]
    assert "all patrons together" in told[0]
    assert "of the north" in told[1] and "all patrons" not in told[1]


def test_figures__n_and_unit_stand_in_the_caption() -> None:
    """What the numbers rest on can be read from the picture alone."""
    for name in (
        "differences",
        "waterfall",
        "ranking",
        "taken_by_answers",
        "prior_and_posterior",
        "sensitivity_indices",
        "information_values",
        "tornado",
        "support_chain",
        "provenance",
        "alluvial",
        "arms_map",
        "heat_map",
        "sweep_lines",
        "sweep_spread",
        "effect_matrix",
        "lever_effect",
        "sweep_scatter",
    ):
        told = " ".join(words for words, _ in words_of(MADE[name]())).replace("\n", " ")
        assert "n =" in told, name
        assert re.search(r"USD m|index points|points", told), name


def test_taken_by_answers__marks_are_filled_only_where_the_interval_excludes_zero() -> None:
    """And an amount without an interval, or without a last place, has no line for it."""
    axes = figures.taken_by_answers(taken()).axes[0]
    drawn = [line for line in axes.lines if line.get_marker() in ("o", "D")]
    marks = [(line.get_xdata()[0], line.get_marker(), line.get_markerfacecolor() != "white") for line in drawn]
    assert [(2.0, "o", True), (1.8, "D", True), (0.2, "o", False), (0.1, "D", False), (-0.3, "o", False)] == marks
    assert 4 == sum(len(line.get_xdata()) == 2 and line.get_xdata()[0] != line.get_xdata()[1] for line in axes.lines)


def test_sensitivity_indices__have_marks_intervals_and_levels_without_influence() -> None:
    """Filled where detected, no line without an interval, a tick for each level, and groups left out."""
    axes = figures.sensitivity_indices(indices()).axes[0]
    marks = [(float(line.get_xdata()[0]), line.get_marker(), line.get_markerfacecolor() != "white")
             for line in axes.lines if line.get_marker() in ("o", "D")]  # fmt: skip
    assert [(0.6, "o", True), (0.5, "D", True), (-0.01, "o", False), (0.1, "D", False)] == marks
    lines = [tuple(line.get_xdata()) for line in axes.lines if len(line.get_xdata()) == 2 and line.get_linewidth() == 1.5]
    assert [(0.5, 0.7), (0.4, 0.6), (0.05, 0.15)] == lines
    assert [0.05, 0.2, 0.05, 0.2] == [float(line.get_xdata()[0]) for line in axes.lines if line.get_marker() == "|"]
    assert 2 == len(axes.get_yticklabels())


def test_information_values__have_bars_intervals_and_what_chance_gives() -> None:
    """Filled where a parameter is worth knowing, no line without an interval, none without a gain, and values in the unit that is asked for."""
    axes = figures.information_values(knowledge(), "USD m / year", scale=12.0).axes[0]
    marks = [(float(line.get_xdata()[0]), line.get_markerfacecolor() != "white") for line in axes.lines if line.get_marker() == "o"]
    assert [(12.0, True), (6.0, False), (pytest.approx(2.4), False)] == marks
    assert [12.0, 6.0, pytest.approx(2.4)] == [bar.get_width() for bar in axes.patches]
    lines = [tuple(float(end) for end in line.get_xdata()) for line in axes.lines if len(line.get_xdata()) == 2 and line.get_linestyle() == "-"]
    assert (6.0, pytest.approx(19.2)) in lines and (pytest.approx(-1.2), pytest.approx(13.2)) in lines
    assert [pytest.approx(7.2)] == [float(line.get_xdata()[0]) for line in axes.lines if line.get_linestyle() == "--"]
    assert 3 == len(axes.get_yticklabels())
    told = " ".join(one.get_text() for one in axes.texts).replace("\u00a0", " ")
    assert "35 %" in told and "choice changes in" in told


def test_variance_shares__have_bars_from_zero_and_intervals_where_there_are_any() -> None:
    """In percent, on the same scale in both panels; random variation is hatched; axes take one kind of groups only."""
    figure = figures.variance_shares(variance())
    grades, sections = figure.axes
    assert grades.get_xlim() == sections.get_xlim() and grades.get_xlim()[0] < -5.0 and grades.get_xlim()[1] == 100.0
    assert [(0.0, 0.0), (0.0, 85.0), (0.0, 15.0)] == [(bar.get_x(), bar.get_width()) for bar in grades.patches]
    assert ["", "", "////"] == [bar.get_hatch() or "" for bar in grades.patches]
    lines = [tuple(line.get_xdata()) for line in grades.lines if line.get_linewidth() == 1.5]
    assert [(70.0, 95.0), (5.0, 30.0)] == lines
    assert ["0 %", "85.0 %", "15.0 %"] == [one.get_text().replace("\u00a0", " ") for one in grades.texts]
    with pytest.raises(ValueError, match="give the rows of one of them"):
        figures.variance_shares(variance(), ax=grades)


def test_effects_by_form__are_sorted_with_the_own_form_marked_and_the_variants_below() -> None:
    """Filled where detected; each form has one mark per choice below its effect; several answers are refused."""
    figure = figures.effects_by_form(by_form(), labels={"attrition": "Losses", "linear": "in a line"})
    effects, variants = figure.axes
    dots = [line for line in effects.lines if len(line.get_xdata()) == 1]
    assert [-0.2, 0.3, 1.0, 2.0, 2.5, 3.0] == [line.get_ydata()[0] for line in dots]
    assert ["o", "o", "o", "D", "o", "o"] == [line.get_marker() for line in dots]
    assert [False, False, False, True, True, True] == [line.get_markerfacecolor() != "white" for line in dots]
    assert 5 == sum(len(line.get_xdata()) == 2 and line.get_xdata()[0] == line.get_xdata()[1] for line in effects.lines) - 1
    names = [label.get_text() for label in variants.get_yticklabels()]
    assert ["Losses: contest", "Losses: in a line"] == names[:2] and ["Policies: off", "Policies: on"] == names[3:]
    has = [sorted(line.get_xdata()) for line in variants.lines if line.get_marker() == "s"]
    assert [[1, 3], [0, 2], [4, 5], [2, 3, 5], [0, 1, 4]] == has
    with pytest.raises(ValueError, match="give the rows of one of them"):
        figures.effects_by_form(pd.concat([by_form(), by_form().assign(actor="blues")]))


def marks(axes: Axes) -> dict[str, tuple[float, str, bool]]:
    """Label of a row -> position of its median, its marker, and whether it is filled."""
    names = [label.get_text().replace("\n", " ") for label in axes.get_yticklabels()]
    return {names[round(line.get_ydata()[0])]: (float(line.get_xdata()[0]), str(line.get_marker()), line.get_markerfacecolor() != "white")
            for line in axes.lines if line.get_markersize() == 5.5 and line.get_marker() != "None"}  # fmt: skip


def test_patterns__a_median_is_where_it_lies_in_its_range() -> None:
    """Linear, logarithmic, next to the only end, in one value and in months; beyond the axis it is a triangle at the edge."""
    axes = figures.patterns(compared(*rows(0.0))).axes[0]
    found = {name: (round(place, 3), marker, filled) for name, (place, marker, filled) in marks(axes).items()}
    assert found == {
        "Members of reds in summer": (0.2, "o", True), "Members of blues in summer": (0.5, "o", True),
        "Members of greens in summer": (1.5, "o", False), "Members of whites in summer": (2.0, ">", True),
        "Members of blacks in summer": (0.5, "o", True), "Members of zero in summer": (1.0, "o", True),
        "Month of the fall": (1.0, "o", True), "Members of early in summer": (round(1 / 12, 3), "o", False),
        "Members of never in summer": (2.0, ">", False),
    }  # fmt: skip


def test_patterns__a_value_that_a_logarithmic_scale_lacks_is_at_its_edge() -> None:
    """Zero and below."""
    for value in (0.0, -3.0, 1e-9):
        axes = figures.patterns(compared((pattern("reds", 1, 100), value))).axes[0]
        assert list(marks(axes).values()) == [(-1.0, "<", False)]
    assert list(marks(figures.patterns(compared((pattern("reds", 1, 3), 2.0))).axes[0]).values()) == [(0.5, "o", True)]


def test_patterns__ranges_have_the_same_width_and_reach_the_edge_where_an_end_is_open() -> None:
    """From 0 to 1 of every axis."""
    axes = figures.patterns(compared(*rows())).axes[0]
    edges = axes.get_xlim()
    names = [label.get_text().replace("\n", " ") for label in axes.get_yticklabels()]
    bands = {names[round(one.get_y() + 0.34)].removeprefix("Members of ").removesuffix(" in summer"): (one.get_x(), one.get_x() + one.get_width())
             for one in axes.patches if isinstance(one, Rectangle) and one.get_height() == 0.68}  # fmt: skip
    assert {name: bands[name] for name in ("reds", "blues", "Month of the fall", "never", "unknown")} == dict.fromkeys(
        ("reds", "blues", "Month of the fall", "never", "unknown"), (0.0, 1.0))  # fmt: skip
    assert bands["greens"] == bands["zero"] == pytest.approx((edges[0], 1.0))
    assert bands["whites"] == bands["early"] == pytest.approx((0.0, edges[1]))
    assert bands["blacks"][0] < 0.5 < bands["blacks"][1] and len(bands) == 10


def test_patterns__rows_are_by_role_in_the_order_of_the_file_with_counts() -> None:
    """Patterns that are no evidence are left out; the numbers are those of the table, dates are months."""
    figure = figures.patterns(compared(*rows(0.0)))
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert [name.split()[2] for name in names if name.startswith("Members")] == [
        "reds", "whites", "zero", "early", "never", "unknown", "blues", "greens", "blacks"]  # fmt: skip
    assert [name for name in names if "reproduced" in name] == [
        "Fit (used to adjust numbers, or available for it): 3 of 6 reproduced", "Check (not used to adjust numbers): 3 of 4 reproduced"]  # fmt: skip
    told = [words for words, _ in words_of(figure)]
    assert {"10.0 to 20.0", "12.0", "at most 50.0", "2021-01 to 2021-04", "2021-04", "at least 2021-02\nin 95\u00a0% of runs",
            "2021-03\nin 80\u00a0%", "never", "\u2013"} <= set(told)  # fmt: skip
    only = [label.get_text() for label in figures.patterns(compared(*rows()), role="check").axes[0].get_yticklabels()]
    assert len(only) == 5 and only[0].startswith("Check")


def test_patterns__the_resampled_interval_is_thinner_and_is_named_only_if_it_is_there() -> None:
    """Each interval from the 5th to the 95th percentile."""
    one, two = [(pattern("reds", 10, 20), 15 + np.linspace(-1, 1, 200))], [(pattern("reds", 10, 20), 15 + np.linspace(-4, 4, 200))]
    whole = figures.patterns(compared(*one), compared(*two, uncertain=True))
    lines = sorted((line for line in whole.axes[0].lines if line.get_marker() == "None"), key=lambda line: line.get_linewidth())
    assert [line.get_linewidth() for line in lines] == [1.0, 2.0]
    assert [line.get_xdata()[0] for line in lines] == pytest.approx([0.5 - 0.36, 0.5 - 0.09], abs=0.01)
    assert [line.get_xdata()[1] for line in lines] == pytest.approx([0.5 + 0.36, 0.5 + 0.09], abs=0.01)
    bare = figures.patterns(compared(*one))
    assert len([line for line in bare.axes[0].lines if line.get_marker() == "None"]) == 1
    for figure, there in ((whole, True), (bare, False)):
        assert there == ("resampled" in " ".join(words for words, _ in words_of(figure)))
    assert "resampled" in figures.patterns(compared(*two, uncertain=True)).caption
    far = figures.patterns(compared((pattern("reds", 10, 20), np.linspace(-90, 90, 200)))).axes[0]
    assert sorted(str(line.get_marker()) for line in far.lines if line.get_markersize() == 3.5) == ["<", ">"]


@pytest.mark.parametrize("count", [1, 5, 40])
def test_patterns__can_be_read_with_any_number_of_rows(count: int) -> None:
    """Each row has its own label, of at most two lines that end with a word; the height follows the rows."""
    about = "Arms that the army of the northern provinces lost in the war with its neighbours from its first month to its last one, in district {}"
    made = compared(*((pattern(f"p{at}", 10**6, 2e6 + at, "check", about.format(at)), 1.5e6) for at in range(count)))
    figure = figures.patterns(made)
    assert faults_of(figure) == []
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert len(set(labels)) == count + 1 and all(label.count("\n") <= 1 for label in labels)
    alone = figures.patterns(compared((pattern("p", 1, 2, "check", about.format(1)), 1.5))).axes[0].get_yticklabels()[1].get_text()
    assert alone.endswith("…") and alone.removesuffix("…").replace("\n", " ") in about
    one_line = figures.patterns(compared(*((pattern(f"p{at}", 1, 2), 1.5) for at in range(count))))
    assert one_line.get_figheight() - 1.8 < 0.21 * (count + 1) < 0.27 * (count + 1) < figure.get_figheight()


def test_patterns__a_saved_figure_has_the_facts_of_the_comparison(tmp_path: Path) -> None:
    """World, branch, runs, seed and the patterns file."""
    made = compared(*rows())
    text = figures.save(figures.patterns(made), tmp_path / "a.svg", made).read_text(encoding="utf-8")
    assert all(words in text for words in ("world abc123", "branch strong", "seed 7", "runs 200", "patterns made.patterns.toml", "uncertain False"))


def test_figures__lines_are_told_apart_without_colour() -> None:
    """Each colour comes with dashes, marker and hatch of its own, and neighbours differ in lightness."""
    looks = [palette.branch_look(place) for place in range(palette.LOOKS)]
    for part in ("colour", "dashes", "marker", "hatch"):
        assert len({str(getattr(look, part)) for look in looks}) == len(looks) == 8
    assert all(one.lightness != two.lightness for one, two in pairwise(looks))


def test_palette__numbers_in_the_colour_of_a_branch_are_dark_enough() -> None:
    """Contrast with white is at least 4.5, as the web guidelines ask for small text."""
    for place in range(palette.LOOKS):
        shown = palette.text_colour(palette.branch_look(place).colour)
        light = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in shown]
        assert 1.05 / (0.05 + 0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2]) >= 4.5


def test_palette__an_origin_keeps_its_look_where_others_are_absent() -> None:
    """Given all origins of a world, the look of one depends on nothing else; "other" is grey in every world."""
    looks = palette.origin_looks(["russia", "iran", "other"])
    assert looks == palette.origin_looks(["iran", "other", "russia"]) and list(looks) == ["iran", "russia", "other"]
    assert looks["other"] == palette.origin_looks([])["other"]
    many = palette.origin_looks(f"{place:02d}" for place in range(20))
    assert [one for one, look in many.items() if look == looks["other"]] == ["other"]


def test_cut__names_that_share_their_first_letters_are_told_apart() -> None:
    """Both ends of a long name are shown, at any length at which there is room for them."""
    names = [f"The Popular Revolutionary Front for the Liberation of Province {at}" for at in range(1, 20)]
    for most in (14, 18, 22, 26, 30, 60):
        shown = {cut(one, most) for one in names}
        assert len(shown) == len(names), most
        assert all(len(one) <= most and one.startswith("The Popul") for one in shown)
    assert len({fit(one, 1.2) for one in names}) == len(names)
    assert [cut("abcdef", most) for most in (4, 6)] == ["abc…", "abcdef"]
    assert cut("x" * 9 + "ab\u0301cd", 10) == "xxxxxx…cd"


@pytest.mark.parametrize("name", ["tornado", "sweep_lines", "sweep_spread", "ranking", "heat_map"])
def test_figures__nothing_is_kept_free_for_a_legend_that_is_not_there(name: str) -> None:
    """What stands highest is less than a quarter of an inch below the edge."""
    figure = MADE[name]()
    found = [box.y1 for _, box in words_of(figure)] + [axes.get_window_extent().y1 for axes in figure.axes]
    assert figure.bbox.y1 - max(found) < 0.25 * figure.dpi


def test_tornado__ends_are_told_without_powers_of_ten() -> None:
    """Three digits that count, whatever the size; words are as they are given."""
    told = {
        0.0: "0",
        1103.4: "1103",
        0.08349: "0.0835",
        0.0012345: "0.00123",
        -2.5: "\u22122.5",
        250_000.0: "250000",
        1.0: "1",
    }
    assert {one: plain(one) for one in told} == told
    assert (plain(1234.5, 6, "+,"), shown(12345.0), shown("a")) == ("+1,234.5", "12345", "a")
    table = ends().assign(low=[1100.0, 0.001, 250_000], high=["\u2264 1", 3, 4])
    words = {words for words, _ in words_of(figures.tornado(table, 2.7))}
    assert {"1100", "0.001", "250000", "\u2264 1"} <= words
    assert tick_label(1_200_000) == "1200000"


def test_figures__a_dollar_sign_is_no_formula(tmp_path: Path) -> None:
    """Labels are shown as they are written, in the overview and on the map too."""
    text = QUICKSTART.read_text(encoding="utf-8").replace('home = "hills"', 'home = "hills", label = "$5_and $6^{"')
    file = tmp_path / "dollars.toml"
    file.write_text(text, encoding="utf-8")
    world = ps.load(file, "strong")
    for figure in (ps.run(world, 1).plot(), ps.places_and_legs(world), figures.arms_map(world, cargoes())):
        assert any("$5_and $6^{" in words for words, _ in words_of(figure))


def labelled(folder: Path, **labels: str) -> Path:
    """The quickstart with other names for its three proxies."""
    text = QUICKSTART.read_text(encoding="utf-8")
    for actor, label in labels.items():
        start = text.index(f"{actor} ", text.index("\n[proxies]\n"))
        text = text[:start] + text[start:].replace("{home", f'{{label = "{label}", home', 1)
    file = folder / "labelled.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_figures__arrows_and_numbers_stay_where_they_are_beside_names_from_right_to_left(tmp_path: Path) -> None:
    """A line goes on from left to right after such a name, however it starts; names alone are as they were."""
    one, two = cut("حركة المقاومة", 30), cut("\u2068الجبهة\u2069", 30)
    assert (one, two) == ("\u200eحركة المقاومة\u200e", "\u200eالجبهة\u200e")
    assert cut("\u2068Reds\u2069", 9) == "Reds"
    assert cut("pact: \u2068أ\u2069, \u2068ب\u2069", 30) == "\u200epact: \u200eأ\u200e, \u200eب\u200e"
    lines = [line for line in wrap_text("حركة (2024-07) " * 9, 1.5) if "حركة" in line]
    assert len(lines) > 4 and all(line[0] == line[-1] == "\u200e" for line in lines)
    assert len(fit("حركة المقاومة " * 9, 1.0)) < 24
    world = ps.load(labelled(tmp_path, reds="حركة المقاومة", blues="الجبهة الشعبية"), "strong")
    told = [words for words, _ in words_of(ps.run(world, 1).plot())]
    right = [words for words in told if re.search("[\u0600-\u06ff]", words)]
    assert any("→" in words for words in right) and len(right) >= 4
    assert all(re.search("\u200e[\u0600-\u06ff ]+\u200e", words) for words in right), right


def test_run__signs_that_the_font_lacks_are_told_once(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """One line, not a warning for each sign."""
    from proxysim.cli.app import app

    file = labelled(tmp_path, reds="海上巡逻队", greens="स्वतंत्रता")
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        app(["run", str(file), "--branch", "strong", "--out", str(tmp_path / "out")], standalone_mode=False)
    assert not [one for one in found if "missing" in str(one.message)]
    assert capfd.readouterr().err.count("lacks some characters") == 1


def test_save__facts_are_in_every_file(tmp_path: Path) -> None:
    """World hash, seed and version in SVG, PDF and PNG; no date in any."""
    figure = MADE["ranking"]()
    text = figures.save(figure, tmp_path / "a.svg", FACTS).read_text(encoding="utf-8")
    assert all(word in text for word in ("abc123", "seed 7", f"proxysim {ps.__version__}"))
    assert "dc:date" not in text
    assert b"abc123" in figures.save(figure, tmp_path / "a.png", FACTS).read_bytes()
    pdf = figures.save(figure, tmp_path / "a.pdf", FACTS).read_bytes()
    assert b"CreationDate" not in pdf
    assert b"abc123" in pdf
    with pytest.raises(ps.InputError, match="svg"):
        figures.save(figure, tmp_path / "a.gif", FACTS)


def test_save__takes_runs_and_comparisons(tmp_path: Path) -> None:
    """The stamp comes from what made the numbers."""
    world = ps.load(QUICKSTART, "no-pact")
    run, compared = ps.run(world, 3), ps.compare(world, ["no-pact", "strong"], 6, 3)
    for study in (run, compared, compared.study, ps.attribute(world, "strong", runs=5, rng=3)):
        facts = stamp(study)
        assert (world.hash, "3") == (facts["world"], facts["seed"]) or facts["branches"].endswith("strong")
        assert {"proxysim", "model_version"} <= set(facts)
    text = figures.save(figures.differences(compared.to_dataframe()), tmp_path / "a.svg", compared).read_text(
        encoding="utf-8"
    )
    assert world.hash in text


def test_save__signs_that_the_font_lacks(tmp_path: Path) -> None:
    """They are left to the reader's fonts, and raise no warning."""
    table = counters().assign(branch=["海上巡逻", "b", "c"])
    text = figures.save(figures.ranking(table, labels={"海上巡逻": "海上巡逻"}), tmp_path / "a.svg", FACTS).read_text(
        encoding="utf-8"
    )
    assert "海上巡逻" in text


# ---- many branches, very different sizes, and effects too small to matter -------------------------------------------
MANY = [f"firm-{name}" for name in ("no-pact", "pact", "spetsnaz", "more-soviet-aid", "blockade", "sanctions", "patrols")]


def many_bands() -> pd.DataFrame:
    """Seven branches, one actor that is a hundred times larger than the other."""
    rows = [(branch, f"2020-{at + 1:02d}", actor, "stock", 9, size + b, size + 2 * b, size + 3 * b)
            for b, branch in enumerate(MANY) for actor, size in (("reds", 1e4), ("blues", 100.0)) for at in range(12)]  # fmt: skip
    return pd.DataFrame(rows, columns=["branch", "month", "actor", "measure", "n", "q05", "q50", "q95"])


def test_capacity_bands__more_than_three_branches_have_panels_of_their_own() -> None:
    """No panel has more than the first branch and one other; every id is there in full."""
    figure = figures.capacity_bands(many_bands(), "stock", "USD m of arms")
    assert len(figure.axes) == 6 * 2
    for axes in figure.axes:
        assert len({line.get_color() for line in axes.lines if line.get_linewidth() > 1}) == 2
    told = " ".join(words.replace("\n", " ") for words, _ in words_of(figure))
    assert all(name.replace("-", " ").capitalize() in told for name in MANY)
    few = figures.capacity_bands(many_bands()[lambda t: t["branch"].isin(MANY[:3])], "stock", "USD m of arms")
    assert len(few.axes) == 2


def test_capacity_bands__an_actor_that_would_squash_others_has_its_own_scale() -> None:
    """Actors of the same size share one."""
    table = many_bands()[lambda t: t["branch"].isin(MANY[:2])]
    tops = [axes.get_ylim()[1] for axes in figures.capacity_bands(table, "stock").axes]
    assert tops[0] > 9_000 and tops[1] < 200
    levels = ["q05", "q50", "q95"]
    table = table.assign(**{level: table[level].where(table["actor"] == "reds", table[level] + 9_901) for level in levels})
    assert len({axes.get_ylim() for axes in figures.capacity_bands(table, "stock").axes}) == 1


def test_capacity_bands__actors_with_the_same_courses_share_a_panel() -> None:
    """Both are named above it."""
    table = bands()
    twins = pd.concat([table[table["actor"] == "reds"], table[table["actor"] == "reds"].assign(actor="whites")])
    figure = figures.capacity_bands(twins)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["Reds; Whites"]


def test_provenance__shows_every_branch_and_merges_bars_that_look_the_same() -> None:
    """The seventh branch too; one bar for an actor whose shares are the same in all."""
    rows = [("reds", branch, origin, (3.0 + b) * (1 + (origin == "north") * b), 9)
            for b, branch in enumerate(MANY) for origin in ("north", "south")]  # fmt: skip
    rows += [("blues", branch, origin, 2.0 + b, 9) for b, branch in enumerate(MANY) for origin in ("north", "south")]
    figure = figures.provenance(pd.DataFrame(rows, columns=["actor", "branch", "origin", "value", "n"]))
    told = [words.replace("\n", " ") for words, _ in words_of(figure)]
    assert {name.replace("-", " ").capitalize() for name in MANY} <= set(told)
    assert told.count("all branches") == 1 and "4.00 to 16.0" in told


def test_differences__measures_with_the_same_content_share_a_panel() -> None:
    """Titles are plain words with units."""
    table = effects()
    twin = table[table["measure"] == "capacity"].assign(measure="fighting")
    figure = figures.differences(pd.concat([table, twin]))
    titles = [title.replace("\n", " ") for axes in figure.axes if (title := axes.get_title(loc="left"))]
    assert titles == ["Composite capacity (index points); the same for fighting index",
                      "Arms received (USD m of arms per month); the same for arms made, last twelve months"]  # fmt: skip


def test_differences__a_detected_effect_too_small_to_matter_is_not_drawn_as_detected() -> None:
    """One per cent of the value, and one that rounds to 0; an effect of the same size on a small value matters."""
    keys = ["measure", "actor", "branch", "unit", "baseline", "difference", "low", "high", "level", "n"]
    rows = [("fighting", actor, "strong", "index", base, change, 0.9 * change, 1.1 * change, 0.95, 20)
            for actor, base, change in (("reds", 100.0, 1.0), ("blues", 10.0, 1.0), ("greens", 0.0, 1e-5))]  # fmt: skip
    table = pd.DataFrame(rows, columns=keys)
    marks = [line for axes in figures.differences(table).axes for line in axes.lines if line.get_marker() == "s"]
    assert sorted((float(line.get_xdata()[0]), line.get_markerfacecolor() != "white") for line in marks) == [(1e-5, False), (1.0, False), (1.0, True)]
    cells = [patch.get_facecolor()[:3] for patch in figures.effect_matrix(table).axes[0].patches]
    assert [cell == (1, 1, 1) for cell in cells] == [True, False, True]


def test_differences__an_actor_with_much_smaller_effects_has_its_own_scale() -> None:
    """Otherwise its interval cannot be seen."""
    table = effects()[lambda t: t["measure"] == "capacity"]
    keys = ["difference", "low", "high"]
    table = table.assign(**{key: table[key].where(table["actor"] != "blues", 0.001 * table[key]) for key in keys})
    limits = [axes.get_xlim()[1] for axes in figures.differences(table).axes]
    assert len(limits) == 2 and max(limits) > 100 * min(limits)


def test_tornado__marks_which_bars_are_detected() -> None:
    """One of two; the mark of the other is empty, also that of a detected change of a hair's breadth."""
    table = ends().assign(detected=[True, False, True], at_high=[1.2, 2.9, 2.7001])
    figure = figures.tornado(table, 2.7)
    marks = [line.get_markerfacecolor() for line in figure.axes[0].lines if line.get_marker() == "o"]
    assert [mark != "white" for mark in marks] == [True, False, False]
    assert not [line for line in figures.tornado(ends(), 2.7).axes[0].lines if line.get_marker() == "o"]


def test_lever_effect__the_zero_crossing_is_where_the_line_is_zero() -> None:
    """With the range in which the interval includes zero; without a crossing it says so."""
    table = pd.DataFrame({"x": [0.0, 1.0, 2.0], "difference": [-1.0, 1.0, 3.0], "low": [-2.0, 0.0, 2.0], "high": [0.0, 2.0, 4.0], "n": 9})
    figure = figures.lever_effect(table, "x")
    assert "0 at 0.5" in {words for words, _ in words_of(figure)}
    assert "crosses zero where X is 0.5 (interval 0 to 1)" in figure.caption
    above = figures.lever_effect(table.assign(difference=table["difference"] + 5), "x")
    assert "does not cross zero" in above.caption


def test_local_linear__is_exact_on_a_line_and_covers_a_curve() -> None:
    """The band has about its level; few points have no curve."""
    x = np.sort(np.random.default_rng(2).random(200))
    at = np.linspace(0.05, 0.95, 19)
    low, curve, high = local_linear(x, 2 * x - 1, at)
    assert np.allclose(curve, 2 * at - 1) and np.allclose(high - low, 0, atol=1e-9)
    inside = []
    for seed in range(60):
        y = np.sin(2 * x) + 0.3 * np.random.default_rng(seed).standard_normal(200)
        low, _, high = local_linear(x, y, at)
        inside.append((low <= np.sin(2 * at)) & (np.sin(2 * at) <= high))
    assert 0.9 < np.mean(inside) < 0.99
    assert np.isnan(local_linear(x[:5], x[:5], at)[1]).all()


def test_sweep_scatter__levels_of_text_are_worded_as_levels() -> None:
    """Each level has its name on the axis, and a mean."""
    figure = figures.sweep_scatter(sample(), ["strength", "rule"])
    assert [label.get_text() for label in figure.axes[1].get_xticklabels()] == ["guerrilla", "linear"]
    assert len(figure.axes[1].containers) == 2


def test_figures__captions_can_be_left_to_the_page() -> None:
    """The figure keeps its caption, but draws none of it; it is lower by that."""
    with captions_apart():
        bare = MADE["differences"]()
    whole = MADE["differences"]()
    assert bare.caption == whole.caption != ""
    assert whole.get_figheight() > bare.get_figheight()
    assert "intervals" in " ".join(words for words, _ in words_of(whole))
    assert "intervals" not in " ".join(words for words, _ in words_of(bare))


OUTSIDE: dict[str, dict[str, Any]] = {
    "usetex": {"text.usetex": True, "axes.formatter.use_mathtext": True, "font.family": ["serif"]},
    "tight": {"savefig.bbox": "tight", "figure.dpi": 220, "savefig.dpi": 300, "figure.constrained_layout.use": True},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", MADE)
def test_figures__same_bytes_under_any_outside_style(name: str, tmp_path: Path) -> None:
    """Dark, ggplot, tight boxes and LaTeX; drawn and saved under each."""
    plain_bytes = figures.save(MADE[name](), tmp_path / "plain.svg", FACTS).read_bytes()
    for outside in ("dark_background", "ggplot", *OUTSIDE):
        with matplotlib.style.context(OUTSIDE.get(outside, outside)):
            assert figures.save(MADE[name](), tmp_path / "other.svg", FACTS).read_bytes() == plain_bytes, outside


def test_payoffs__best_answers_are_drawn_where_not_all_options_fit() -> None:
    """The last of 28 options is the best one, and is drawn; the caption counts the others."""
    figure = figures.payoffs(cells())
    (axes,) = figure.axes
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert 24 == len(names) and "Blues + greens" in names and "No lever" in names
    assert "4 rows are not shown" in getattr(figure, "caption", "")
    frames = [one for one in axes.patches if one.get_linewidth() > 1.5]
    assert 1 == len(frames), "one equilibrium"
