"""The points and outcomes of a sweep for SALib, with the estimators that the design allows.

An estimator of SALib takes any numbers of the right length. Given a sample that was not made for it, it returns indices
that mean nothing, so that the match is checked here.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from proxysim.errors import MissingExtra, RunError
from proxysim.sweeps.experiment.design import MORRIS_LEVELS, SALTELLI

Array = np.ndarray[Any, Any]
#: Estimators of SALib that take any sample in which the factors vary independently.
GIVEN_DATA = ("delta", "pawn", "rbd_fast")
#: Design -> estimators that it was made for.
_MADE_FOR = {"lhs": GIVEN_DATA, "sobol": GIVEN_DATA, "morris": ("morris",), **dict.fromkeys(SALTELLI, ("sobol",))}
#: Design that an estimator needs, for messages.
_NEEDS = {"sobol": "the design saltelli", "morris": "the design morris", **dict.fromkeys(GIVEN_DATA, "the design lhs or sobol")}


@dataclass(frozen=True)
class SalibInputs:
    """A sweep in the form that SALib uses for its analyses.

    Attributes
    ----------
    problem : factors as SALib describes them, see `Sweep.problem`
    x : value of each factor at each point, ``(point, factor)``, see `Sweep.sample`
    y : mean answer at each point, in the unit of the measure, ``(point,)``
    design : name of the design, or path of the file of points
    estimators : modules of ``SALib.analyze`` that fit the design; empty if none does
    options : options that these estimators need for this design, such as ``calc_second_order``
    seed : seed of their resampling

    Examples
    --------
    >>> from pathlib import Path
    >>> import proxysim as ps
    >>> text = '''
    ... kind     = "experiment"
    ... question = "Does more search at sea keep arms from the reds?"
    ... base     = "quickstart"
    ... branches = ["no-pact", "strong"]
    ... design   = "saltelli-first-order"
    ... points   = 64
    ... runs     = 2
    ... measures = ["received_arms.reds"]
    ... [levers]
    ... "legs.north-coast.detection" = {low = 0.1, high = 0.3}
    ... "states.north.income" = {scale = {low = 0.9, high = 1.1}}
    ... '''
    >>> _ = Path("search.toml").write_text(text)
    >>> _ = ps.sweep("search.toml", "search", block=40)
    >>> data = ps.open("search").to_salib("received_arms.reds")
    >>> data.estimators, data.options
    (('sobol',), {'calc_second_order': False})
    >>> indices = data.analyze("sobol")
    >>> indices["ST"].shape
    (2,)
    """

    problem: dict[str, Any]
    x: Array = field(repr=False)
    y: Array = field(repr=False)
    design: str
    estimators: tuple[str, ...]
    options: dict[str, Any]
    seed: int

    def analyze(self, estimator: str | None = None, **options: Any) -> Any:
        """Compute the indices of an estimator of SALib, if it fits the design.

        Parameters
        ----------
        estimator : name of a module of ``SALib.analyze``; None, the default, takes the first of `estimators`
        options : further options of that estimator, such as ``conf_level=0.9``

        Returns
        -------
        dict : the indices, as SALib returns them

        Raises
        ------
        MissingExtra : SALib is not installed
        RunError : the estimator does not fit the design, a point has no successful run, or the answer is the same everywhere

        Examples
        --------
        >>> from pathlib import Path
        >>> import proxysim as ps
        >>> text = '''
        ... kind     = "experiment"
        ... question = "Does more search at sea keep arms from the reds?"
        ... base     = "quickstart"
        ... branches = ["no-pact", "strong"]
        ... design   = "sobol"
        ... points   = 16
        ... runs     = 2
        ... measures = ["received_arms.reds"]
        ... [levers]
        ... "legs.north-coast.detection" = {low = 0.1, high = 0.3}
        ... '''
        >>> _ = Path("search.toml").write_text(text)
        >>> _ = ps.sweep("search.toml", "search", block=40)
        >>> data = ps.open("search").to_salib("received_arms.reds")
        >>> data.analyze("sobol")
        Traceback (most recent call last):
        ...
        proxysim.errors.RunError: SALib.analyze.sobol needs the design saltelli; the design sobol fits delta, pawn, rbd_fast
        >>> sorted(data.analyze("pawn"))[:3]
        ['CV', 'maximum', 'mean']
        """
        name = estimator if estimator is not None else next(iter(self.estimators), "")
        if name not in self.estimators:
            raise RunError(self._misfit(name))
        if not np.isfinite(self.y).all():
            raise RunError(f"{np.count_nonzero(~np.isfinite(self.y))} points have no successful run; an estimator of SALib needs all")
        if np.ptp(self.y) == 0.0:
            raise RunError(f"the answer is {self.y[0]:g} at every point, so that no factor has an effect")
        try:
            module = importlib.import_module(f"SALib.analyze.{name}")
        except ImportError:
            raise MissingExtra("the analysis needs SALib: pip install 'proxysim[analysis]'") from None
        given = (self.problem, self.y) if name == "sobol" else (self.problem, self.x, self.y)
        return module.analyze(*given, **{"seed": self.seed, **self.options, **options})

    def _misfit(self, name: str) -> str:
        fits = f"fits {', '.join(self.estimators)}" if self.estimators else "fits no estimator of SALib"
        need = f"SALib.analyze.{name} needs {_NEEDS[name]}; " if name in _NEEDS else f"no check of SALib.analyze.{name} is known; " if name else ""
        return f"{need}the design {self.design} {fits}"


def estimators_of(design: str, sample: Array) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Estimators of SALib that fit a design, and the options that they need for it.

    Parameters
    ----------
    design : name of the design, or path of a file of points, whose rows are then compared with Saltelli's scheme
    sample : value of each factor, ``(point, factor)``
    """
    if design not in _MADE_FOR:
        design = next((name for name in SALTELLI if design.endswith(".csv") and is_saltelli(sample, SALTELLI[name])), design)
    found = _MADE_FOR.get(design, ())
    options = {"calc_second_order": SALTELLI[design]} if design in SALTELLI else {"num_levels": MORRIS_LEVELS} if found == ("morris",) else {}
    return found, options


def is_saltelli(sample: Array, second_order: bool) -> bool:
    """Whether a sample, ``(point, factor)``, has the rows of Saltelli's scheme, in the order of SALib.

    A group of rows begins with a row of A and ends with one of B. In between are A with each column from B, and, for
    indices of second order, B with each column from A.
    """
    count = sample.shape[1]
    step = (2 if second_order else 1) * count + 2
    if not count or not len(sample) or len(sample) % step:
        return False
    groups = sample.reshape(-1, step, count)
    a, b, own = groups[:, :1], groups[:, -1:], np.eye(count, dtype=bool)
    crossed = [np.where(own, b, a)] + ([np.where(own, a, b)] if second_order else [])
    return bool((groups == np.concatenate([a, *crossed, b], axis=1)).all())
