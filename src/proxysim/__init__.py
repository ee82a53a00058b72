"""Simulate states, the proxies they arm, and the pacts between the states.

>>> import proxysim
>>> world = proxysim.load("scenarios/quickstart.toml", branch="no-pact")
>>> print(proxysim.run(world, rng=1).summary())  # doctest: +SKIP

Names are imported when they are first used, so that ``import proxysim`` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

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
    from proxysim.runner import Status, extend, resume, status, sweep
    from proxysim.scenario.world import World, load
    from proxysim.single import Run, run
    from proxysim.sweeps import Sweep, open

__version__ = "0.1.0"

#: Public name -> module that defines it.
_HOMES = {
    "Attribution": "proxysim.attribution",
    "BooksError": "proxysim.errors",
    "Comparison": "proxysim.comparison",
    "Ensemble": "proxysim.ensembles",
    "Explanation": "proxysim.explanation",
    "Fault": "proxysim.errors",
    "How": "proxysim.executors",
    "InputError": "proxysim.errors",
    "MissingExtra": "proxysim.errors",
    "PactModel": "proxysim.model",
    "ProxyAgent": "proxysim.model",
    "ProxysimError": "proxysim.errors",
    "Run": "proxysim.single",
    "RunError": "proxysim.errors",
    "StateAgent": "proxysim.model",
    "Status": "proxysim.runner",
    "StorageError": "proxysim.errors",
    "Sweep": "proxysim.sweeps",
    "World": "proxysim.scenario.world",
    "attribute": "proxysim.attribution",
    "compare": "proxysim.comparison",
    "ema_model": "proxysim.ema",
    "ensemble": "proxysim.ensembles",
    "explain": "proxysim.explanation",
    "extend": "proxysim.runner",
    "load": "proxysim.scenario.world",
    "open": "proxysim.sweeps",
    "places_and_legs": "proxysim.figures.map",
    "replay": "proxysim.audit",
    "resume": "proxysim.runner",
    "run": "proxysim.single",
    "status": "proxysim.runner",
    "sweep": "proxysim.runner",
    "verify": "proxysim.audit",
    "write_report": "proxysim.report.page",
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
]


def __getattr__(name: str) -> object:
    """Import a public name when it is first used."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(importlib.import_module(home), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
