"""Simulate states, the proxies they arm, and the pacts between the states.

>>> import proxysim
>>> world = proxysim.load("scenarios/quickstart.toml", branch="no-pact")
>>> print(proxysim.run(world, rng=1).summary())  # doctest: +SKIP

Names are imported when they are first used, so that ``import proxysim`` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxysim.lazy import lazily

if TYPE_CHECKING:
    from proxysim.attribution import Attribution, attribute
    from proxysim.audit import replay, verify
    from proxysim.comparison import Comparison, compare
    from proxysim.ema import ema_model
    from proxysim.ensembles import Ensemble, ensemble
    from proxysim.errors import BooksError, Fault, InputError, MissingExtra, ProxysimError, RunError, StorageError
    from proxysim.executors import How
    from proxysim.explanation import Explanation, explain
    from proxysim.figures.map import places_and_legs
    from proxysim.model import PactModel, ProxyAgent, StateAgent
    from proxysim.report.page import write_report
    from proxysim.report.sweep_page import write_sweep_report
    from proxysim.runner import Status, extend, resume, status, sweep
    from proxysim.scenario.world import World, load
    from proxysim.single import Run, run
    from proxysim.sweeps import Sweep, open

__version__ = "0.1.0"

#: Public name -> module of this package that defines it.
_HOMES = {
    "Attribution": "attribution",
    "BooksError": "errors",
    "Comparison": "comparison",
    "Ensemble": "ensembles",
    "Explanation": "explanation",
    "Fault": "errors",
    "How": "executors",
    "InputError": "errors",
    "MissingExtra": "errors",
    "PactModel": "model",
    "ProxyAgent": "model",
    "ProxysimError": "errors",
    "Run": "single",
    "RunError": "errors",
    "StateAgent": "model",
    "Status": "runner",
    "StorageError": "errors",
    "Sweep": "sweeps",
    "World": "scenario.world",
    "attribute": "attribution",
    "compare": "comparison",
    "ema_model": "ema",
    "ensemble": "ensembles",
    "explain": "explanation",
    "extend": "runner",
    "load": "scenario.world",
    "open": "sweeps",
    "places_and_legs": "figures.map",
    "replay": "audit",
    "resume": "runner",
    "run": "single",
    "status": "runner",
    "sweep": "runner",
    "verify": "audit",
    "write_report": "report.page",
    "write_sweep_report": "report.sweep_page",
}

__all__ = [
    "Attribution",
    "BooksError",
    "Comparison",
    "Ensemble",
    "Explanation",
    "Fault",
    "How",
    "InputError",
    "MissingExtra",
    "PactModel",
    "ProxyAgent",
    "ProxysimError",
    "Run",
    "RunError",
    "StateAgent",
    "Status",
    "StorageError",
    "Sweep",
    "World",
    "__version__",
    "attribute",
    "compare",
    "ema_model",
    "ensemble",
    "explain",
    "extend",
    "load",
    "open",
    "places_and_legs",
    "replay",
    "resume",
    "run",
    "status",
    "sweep",
    "verify",
    "write_report",
    "write_sweep_report",
]

__getattr__, __dir__ = lazily(__name__, _HOMES)
