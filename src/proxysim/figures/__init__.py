"""Figures: each function takes a table and returns a matplotlib Figure, readable in grey and by the colour-blind.

Names are imported on first use, so that ``import proxysim.figures`` is fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxysim._lazy import lazily

if TYPE_CHECKING:
    from proxysim.figures.answers import taken_by_answers
    from proxysim.figures.bands import arms_over_time, capacity_bands, headline
    from proxysim.figures.boxes import box_limits, box_scatter, box_trajectory
    from proxysim.figures.chains import support_chain
    from proxysim.figures.effects import differences
    from proxysim.figures.flows import alluvial
    from proxysim.figures.forms import effects_by_form
    from proxysim.figures.heatmaps import heat_map
    from proxysim.figures.information import information_values
    from proxysim.figures.kit.export import save
    from proxysim.figures.leg_flows import arms_map
    from proxysim.figures.levers import lever_effect, sweep_scatter
    from proxysim.figures.matrices import effect_matrix
    from proxysim.figures.origins import provenance
    from proxysim.figures.pattern_ranges import patterns
    from proxysim.figures.places import places_and_legs
    from proxysim.figures.portfolios import frontier, robustness
    from proxysim.figures.prior_posterior import prior_and_posterior
    from proxysim.figures.provisions import waterfall
    from proxysim.figures.rankings import ranking, tornado
    from proxysim.figures.regimes import regime_stability
    from proxysim.figures.responses import equilibrium_shares, payoffs
    from proxysim.figures.sensitivities import sensitivity_indices
    from proxysim.figures.standing import survival
    from proxysim.figures.sweeps import sweep_lines, sweep_spread
    from proxysim.figures.thresholds import break_even
    from proxysim.figures.variance import variance_shares

_HOMES = {
    "alluvial": "flows", "arms_map": "leg_flows", "arms_over_time": "bands", "box_limits": "boxes", "box_scatter": "boxes",
    "box_trajectory": "boxes", "break_even": "thresholds", "capacity_bands": "bands",
    "differences": "effects", "effect_matrix": "matrices", "effects_by_form": "forms", "equilibrium_shares": "responses",
    "frontier": "portfolios", "headline": "bands", "heat_map": "heatmaps", "information_values": "information",
    "lever_effect": "levers", "patterns": "pattern_ranges", "payoffs": "responses",
    "places_and_legs": "places", "prior_and_posterior": "prior_posterior",
    "provenance": "origins", "ranking": "rankings",
    "regime_stability": "regimes", "robustness": "portfolios", "save": "kit.export", "sensitivity_indices": "sensitivities",
    "support_chain": "chains", "survival": "standing",
    "sweep_lines": "sweeps", "sweep_scatter": "levers", "sweep_spread": "sweeps", "taken_by_answers": "answers",
    "tornado": "rankings", "variance_shares": "variance", "waterfall": "provisions",
}  # fmt: skip

__all__ = [
    "alluvial",
    "arms_map",
    "arms_over_time",
    "box_limits",
    "box_scatter",
    "box_trajectory",
    "break_even",
    "capacity_bands",
    "differences",
    "effect_matrix",
    "effects_by_form",
    "equilibrium_shares",
    "frontier",
    "headline",
    "heat_map",
    "information_values",
    "lever_effect",
    "patterns",
    "payoffs",
    "places_and_legs",
    "prior_and_posterior",
    "provenance",
    "ranking",
    "regime_stability",
    "robustness",
    "save",
    "sensitivity_indices",
    "support_chain",
    "survival",
    "sweep_lines",
    "sweep_scatter",
    "sweep_spread",
    "taken_by_answers",
    "tornado",
    "variance_shares",
    "waterfall",
]

__getattr__, __dir__ = lazily(__name__, _HOMES)
