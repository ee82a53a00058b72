"""Simulate states, the proxies they arm, and the pacts between the states.

>>> import proxysim as ps
>>> result = ps.compare("quickstart", ["no-pact", "strong"], runs=20)
>>> result.effect("received_arms", "reds").detected
True

Worlds are given as paths of TOML files or as names of shipped worlds. Public names are imported on first use, so that
``import proxysim`` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxysim._lazy import lazily

if TYPE_CHECKING:
    from proxysim import figures as figures
    from proxysim.errors import BooksError, Fault, InputError, MissingExtra, ProxysimError, RunError, StorageError
    from proxysim.figures.places import places_and_legs
    from proxysim.report.brief.page import write_brief
    from proxysim.report.study.page import write_report
    from proxysim.report.sweep.page import write_sweep_report
    from proxysim.runs.draws import draws
    from proxysim.runs.ensemble import Ensemble, ensemble
    from proxysim.runs.mesa.agents import ProxyAgent, StateAgent
    from proxysim.runs.mesa.model import PactModel
    from proxysim.runs.run import Run, run
    from proxysim.runs.versions import show_versions
    from proxysim.scenario.lint.warning import CheckWarning
    from proxysim.scenario.world.world import World, load
    from proxysim.studies.answers import Answers, answers
    from proxysim.studies.attribution import Attribution, attribute
    from proxysim.studies.calibration.answers import InformedAnswers, informed_answers
    from proxysim.studies.calibration.calibration import Calibration, calibrate
    from proxysim.studies.calibration.checks import LeaveOneOut, Recovery, leave_one_out, recover
    from proxysim.studies.check import check
    from proxysim.studies.comparison import Comparison, compare
    from proxysim.studies.discovery import discover, discover_draws, discover_table
    from proxysim.studies.discovery_result import Discovery
    from proxysim.studies.evidence import Evidence, evidence
    from proxysim.studies.explanation import Explanation, explain
    from proxysim.studies.forms import Forms, forms
    from proxysim.studies.mean_explanation import MeanExplanation, explain_mean
    from proxysim.studies.patterns.assessment import patterns
    from proxysim.studies.patterns.held_back import held_back
    from proxysim.studies.portfolio import portfolio
    from proxysim.studies.portfolio_result import Portfolio
    from proxysim.studies.respond import Responses, respond
    from proxysim.studies.sensitivity import sensitivity
    from proxysim.studies.sensitivity_result import Sensitivity
    from proxysim.studies.threshold import BreakEven, Threshold, break_even, threshold
    from proxysim.studies.value_of_information import value_of_information, value_of_information_in_table
    from proxysim.studies.value_of_information_result import ValueOfInformation
    from proxysim.sweeps.ema import ema_model
    from proxysim.sweeps.execution.options import SweepOptions
    from proxysim.sweeps.results import Sweep, open
    from proxysim.sweeps.runner import Status, extend, resume, status, sweep
    from proxysim.sweeps.verification import replay, verify

__version__ = "0.1.0"

#: Public name -> module of this package that defines it.
_HOMES = {
    "Answers": "studies.answers",
    "Attribution": "studies.attribution",
    "BooksError": "errors",
    "BreakEven": "studies.threshold",
    "Calibration": "studies.calibration.calibration",
    "CheckWarning": "scenario.lint.warning",
    "Comparison": "studies.comparison",
    "Discovery": "studies.discovery_result",
    "Ensemble": "runs.ensemble",
    "Evidence": "studies.evidence",
    "Explanation": "studies.explanation",
    "Fault": "errors",
    "Forms": "studies.forms",
    "InformedAnswers": "studies.calibration.answers",
    "InputError": "errors",
    "LeaveOneOut": "studies.calibration.checks",
    "MeanExplanation": "studies.mean_explanation",
    "MissingExtra": "errors",
    "PactModel": "runs.mesa.model",
    "Portfolio": "studies.portfolio_result",
    "ProxyAgent": "runs.mesa.agents",
    "ProxysimError": "errors",
    "Recovery": "studies.calibration.checks",
    "Responses": "studies.respond",
    "Run": "runs.run",
    "RunError": "errors",
    "Sensitivity": "studies.sensitivity_result",
    "StateAgent": "runs.mesa.agents",
    "Status": "sweeps.runner",
    "StorageError": "errors",
    "Sweep": "sweeps.results",
    "SweepOptions": "sweeps.execution.options",
    "Threshold": "studies.threshold",
    "ValueOfInformation": "studies.value_of_information_result",
    "World": "scenario.world.world",
    "answers": "studies.answers",
    "attribute": "studies.attribution",
    "break_even": "studies.threshold",
    "calibrate": "studies.calibration.calibration",
    "check": "studies.check",
    "compare": "studies.comparison",
    "discover": "studies.discovery",
    "discover_draws": "studies.discovery",
    "discover_table": "studies.discovery",
    "draws": "runs.draws",
    "ema_model": "sweeps.ema",
    "ensemble": "runs.ensemble",
    "evidence": "studies.evidence",
    "explain": "studies.explanation",
    "explain_mean": "studies.mean_explanation",
    "extend": "sweeps.runner",
    "forms": "studies.forms",
    "held_back": "studies.patterns.held_back",
    "informed_answers": "studies.calibration.answers",
    "leave_one_out": "studies.calibration.checks",
    "load": "scenario.world.world",
    "open": "sweeps.results",
    "patterns": "studies.patterns.assessment",
    "places_and_legs": "figures.places",
    "portfolio": "studies.portfolio",
    "recover": "studies.calibration.checks",
    "replay": "sweeps.verification",
    "respond": "studies.respond",
    "resume": "sweeps.runner",
    "run": "runs.run",
    "sensitivity": "studies.sensitivity",
    "show_versions": "runs.versions",
    "status": "sweeps.runner",
    "sweep": "sweeps.runner",
    "threshold": "studies.threshold",
    "value_of_information": "studies.value_of_information",
    "value_of_information_in_table": "studies.value_of_information",
    "verify": "sweeps.verification",
    "write_brief": "report.brief.page",
    "write_report": "report.study.page",
    "write_sweep_report": "report.sweep.page",
}

__all__ = [
    "Answers",
    "Attribution",
    "BooksError",
    "BreakEven",
    "Calibration",
    "CheckWarning",
    "Comparison",
    "Discovery",
    "Ensemble",
    "Evidence",
    "Explanation",
    "Fault",
    "Forms",
    "InformedAnswers",
    "InputError",
    "LeaveOneOut",
    "MeanExplanation",
    "MissingExtra",
    "PactModel",
    "Portfolio",
    "ProxyAgent",
    "ProxysimError",
    "Recovery",
    "Responses",
    "Run",
    "RunError",
    "Sensitivity",
    "StateAgent",
    "Status",
    "StorageError",
    "Sweep",
    "SweepOptions",
    "Threshold",
    "ValueOfInformation",
    "World",
    "__version__",
    "answers",
    "attribute",
    "break_even",
    "calibrate",
    "check",
    "compare",
    "discover",
    "discover_draws",
    "discover_table",
    "draws",
    "ema_model",
    "ensemble",
    "evidence",
    "explain",
    "explain_mean",
    "extend",
    "figures",
    "forms",
    "held_back",
    "informed_answers",
    "leave_one_out",
    "load",
    "open",
    "patterns",
    "places_and_legs",
    "portfolio",
    "recover",
    "replay",
    "respond",
    "resume",
    "run",
    "sensitivity",
    "show_versions",
    "status",
    "sweep",
    "threshold",
    "value_of_information",
    "value_of_information_in_table",
    "verify",
    "write_brief",
    "write_report",
    "write_sweep_report",
]

__getattr__, __dir__ = lazily(__name__, _HOMES, modules=("figures",))
