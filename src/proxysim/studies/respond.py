"""Best answers of two sides to each other, and what a pact is worth once both have answered.

Each side has levers, a purse and an objective. A cell is one option of each. Up to `MOST_CELLS` cells are all run, in the same futures and
with the same random numbers; with more, the sides answer each other in turn. A future is a point of the design, such as a draw of all
uncertain parameters; with a single point it is a run. The cells are branches of ordinary sweeps, so that an interrupted study continues.
"""

from __future__ import annotations

import hashlib
import json
import math
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from proxysim.errors import Fault, InputError, RunError, StorageError, did_you_mean
from proxysim.runs.outcomes import FALL, REVIVAL, Outcome
from proxysim.scenario.resolve.loader import ancestors_of
from proxysim.scenario.scenario import Scenario
from proxysim.scenario.world.world import World, build
from proxysim.statistics.games import Iteration, Mixed, iterate, mixed_equilibria, pure_equilibria, undominated
from proxysim.statistics.intervals import LEVEL, mean_there
from proxysim.statistics.paired import DUST, Part, paired_differences, parts_of
from proxysim.studies.naming import outcome_named
from proxysim.sweeps.estimate import cost_of, duration_words
from proxysim.sweeps.execution.options import SweepOptions
from proxysim.sweeps.experiment.design import design_of
from proxysim.sweeps.experiment.experiment import MOST_SEED, Experiment, load_experiment
from proxysim.sweeps.experiment.sides import Side, cell_branch, choices_of, cost_of_choice, lever_costs, without_pact
from proxysim.sweeps.inputs import Variation, columns_of
from proxysim.sweeps.results import MARK
from proxysim.sweeps.results import open as open_sweep
from proxysim.sweeps.runner import Progress, resume, stored_status, sweep_of
from proxysim.sweeps.store.folder import SWEEP, Store, absolute
from proxysim.sweeps.store.provenance import PART_OF
from proxysim.sweeps.store.recovery import Say

if TYPE_CHECKING:
    import pandas

Array = np.ndarray[Any, Any]
Cell = tuple[int, int]
#: Folder of the sweeps within that of a study, and name of the option without levers.
RUNS_FOLDER, NONE = "runs", "none"
#: Most cells of which all are run, cells of one sweep (so that a worker keeps their worlds), and turns of best answers beyond.
MOST_CELLS, CELLS_TOGETHER, MOST_TURNS = 1024, 250, 60
#: Resamples of the futures, and of these at most how many are solved for mixed equilibria.
RESAMPLES, MIXED_RESAMPLES = 1000, 200
#: Share of resamples with the same equilibria from which on they count as determined; share from which on another one is listed.
SURE, LISTED = 0.9, 0.05
#: Most equilibria that are estimated again on fresh runs.
MOST_ENDS = 6
PURE, MIXED, CYCLE = "pure", "mixed", "cycle"
ONE, SEVERAL, UNDETERMINED = "one", "several", "undetermined"
#: Which sides use their options in a row of `Responses.worth`: neither, only one of them, or both.
NEITHER, BOTH = "neither", "both"
#: Options of a side that two purposes need: what it does at an equilibrium is compared with nothing, and with the best other option.
NOTHING, RUNNER_UP = "nothing", "runner-up"


@dataclass(frozen=True)
class Option:
    """What one side can do.

    Attributes
    ----------
    name : levers joined by "+", or "none"
    levers : its levers
    cost : sum of their costs, USD m per month; None if any states none
    """

    name: str
    levers: tuple[str, ...]
    cost: float | None


@dataclass(frozen=True)
class Player:
    """One side with its options.

    Attributes
    ----------
    side : levers, purse and objective
    options : what its purse allows, fewest levers first; the first is "none"
    outcome : the outcome that it wants low or high
    same_as : for each option the first one that gives both sides the same in every future whatever the other does; shape ``(option,)``
    dominated : whether an option is strictly dominated once options that are dominated themselves are left out; shape ``(option,)``
    """

    side: Side
    options: tuple[Option, ...]
    outcome: Outcome
    same_as: tuple[int, ...] = ()
    dominated: tuple[bool, ...] = ()

    @property
    def name(self) -> str:
        """Name of the side."""
        return self.side.name


@dataclass(frozen=True)
class Gain:
    """What a side gains by its option at an equilibrium, against what the other side does there.

    A gain is the change of its objective in the direction that it wants.

    Attributes
    ----------
    side : index of the side
    over : "nothing", or "runner-up" for the option that was the best other one in the runs that chose
    option : index of the option that it is compared with
    chosen : mean gain in the runs that chose the option, which overstates it
    fresh : the gain in fresh runs
    """

    side: int
    over: str
    option: int
    chosen: float
    fresh: Part


@dataclass(frozen=True)
class Worth:
    """What the pact changes for one outcome if both sides, one of them or neither uses its option, from fresh runs.

    Attributes
    ----------
    answers : "neither", "both", or the name of the only side that does
    outcome : the outcome
    without, under : its mean without the pact and under it, with the same levers
    effect : the paired difference
    lost : what the difference has lost against that without any levers; None where there are none
    """

    answers: str
    outcome: Outcome
    without: float
    under: float
    effect: Part
    lost: Part | None


@dataclass(frozen=True)
class End:
    """Where best answers end: an equilibrium, or a cycle of answers.

    Attributes
    ----------
    kind : "pure", "mixed" or "cycle"
    choices : for each side, index of an option -> probability; of a cycle, the share of its members
    members : cells of a cycle in their order; otherwise empty
    found : whether it is one in the mean of all futures
    share : share of resamples in which it is one; of a mixed equilibrium, share of resamples without a pure one
    spread : for each side, index of an option -> 5th and 95th percentile of its probability over resamples; only if mixed
    gains : what each side gains, from fresh runs
    draws : for each side, options that fresh runs cannot distinguish from its own against what the other side does; empty if mixed
    same : those of `draws` that do not differ in any future
    better : for each side, options that fresh runs show to be better than its own; then the end is not confirmed
    worth : what the pact changes
    """

    kind: str
    choices: tuple[dict[int, float], dict[int, float]]
    members: tuple[Cell, ...] = ()
    found: bool = True
    share: float = math.nan
    spread: tuple[dict[int, tuple[float, float]], dict[int, tuple[float, float]]] = field(default_factory=lambda: ({}, {}))
    gains: tuple[Gain, ...] = ()
    draws: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())
    same: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())
    better: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())
    worth: tuple[Worth, ...] = ()

    @property
    def key(self) -> tuple[Any, ...]:
        """What tells ends apart."""
        return (self.kind, tuple(sorted(self.choices[0])), tuple(sorted(self.choices[1])), self.members)

    @property
    def cell(self) -> Cell:
        """The cell of a pure equilibrium."""
        return next(iter(self.choices[0])), next(iter(self.choices[1]))


@dataclass(frozen=True)
class Responses:
    """Best answers of two sides to each other; `respond` creates it.

    Attributes
    ----------
    experiment : the experiment
    scenario : the branch to which levers are joined, for labels
    players : both sides with their options; the first is that of the rows
    outcomes : the outcomes that are kept, in the order of the experiment's measures
    cells : cells that were run, shape ``(cell, 2)``
    means : mean of each outcome over futures, shape ``(cell, outcome)``
    ends : equilibria or cycles, those of the mean of all futures first, then those of at least 5 % of resamples
    verdict : "one", "several" or "mixed" if at least 90 % of resamples agree, otherwise "undetermined"
    agreement : share of resamples with the same pure equilibria, or like them with none
    no_pure : share of resamples without a pure equilibrium
    paths : best answers in turn, from no levers at all; one path per side that begins
    complete : whether all cells were run
    futures, fresh_futures : number of futures, and of fresh ones
    left_out : futures that are left out because no run in them succeeded in all cells
    parts : digests of the sweeps, by name
    version : model version

    Examples
    --------
    >>> from pathlib import Path
    >>> import proxysim as ps
    >>> text = '''
    ... kind     = "experiment"
    ... question = "Do searches pay, whatever the strength of the pact?"
    ... base     = "quickstart"
    ... branches = ["no-pact", "none"]
    ... design   = "grid"
    ... runs     = 10
    ... measures = ["received_arms.reds"]
    ... [sides.patrons]
    ... levers    = ["strong"]
    ... objective = {measure = "received_arms.reds", aim = "high"}
    ... [sides.search]
    ... levers    = ["sea-patrol"]
    ... objective = {measure = "received_arms.reds", aim = "low"}
    ... '''
    >>> _ = Path("sides.toml").write_text(text)
    >>> ps.respond("sides.toml", "answers")
    Responses(patrons: 2 options, search: 2 options, 'one', futures=10)
    """

    experiment: Experiment
    scenario: Scenario
    players: tuple[Player, Player]
    outcomes: tuple[Outcome, ...]
    cells: Array
    means: Array
    ends: tuple[End, ...]
    verdict: str
    agreement: float
    no_pure: float
    paths: tuple[Iteration, ...]
    complete: bool
    futures: int
    fresh_futures: int
    left_out: int
    parts: dict[str, str]
    version: str

    @property
    def metadata(self) -> dict[str, Any]:
        """Everything that the results depend on, for a record of their origin.

        Returns
        -------
        dict : ``experiment``, ``baseline`` and ``branch`` with their hashes in ``world``, ``sides`` (name -> levers), ``seed``,
            ``futures``, ``fresh_futures``, ``left_out``, ``runs`` (per future and cell), ``model_version`` and ``digest``

        Examples
        --------
        >>> from pathlib import Path
        >>> import proxysim as ps
        >>> text = '''
        ... kind     = "experiment"
        ... question = "Do searches pay, whatever the strength of the pact?"
        ... base     = "quickstart"
        ... branches = ["no-pact", "none"]
        ... design   = "grid"
    ... runs     = 10
        ... measures = ["received_arms.reds"]
        ... [sides.patrons]
        ... levers    = ["strong"]
        ... objective = {measure = "received_arms.reds", aim = "high"}
        ... [sides.search]
        ... levers    = ["sea-patrol"]
        ... objective = {measure = "received_arms.reds", aim = "low"}
        ... '''
        >>> _ = Path("sides.toml").write_text(text)
        >>> ps.respond("sides.toml", "answers").metadata["sides"]
        {'patrons': ['strong'], 'search': ['sea-patrol']}
        """
        experiment = self.experiment
        digest = hashlib.blake2b(json.dumps(self.parts, sort_keys=True).encode(), digest_size=16).hexdigest()
        return {"experiment": experiment.hash, "world": list(experiment.hashes[:2]), "baseline": experiment.branches[0],
                "branch": experiment.branches[1], "sides": {one.name: list(one.side.names) for one in self.players},
                "seed": experiment.seed, "futures": self.futures, "fresh_futures": self.fresh_futures, "left_out": self.left_out,
                "runs": experiment.runs, "model_version": self.version, "digest": digest}  # fmt: skip

    def to_dataframe(self) -> pandas.DataFrame:
        """Return a table with the mean of every outcome in every cell that was run.

        Returns
        -------
        DataFrame : one column per side with its option, measure, actor, unit, value (mean over futures, in `unit`), best_PLAYER (one
            column per side: whether its option is a best answer there; None where not all cells of the row or column were run or the
            outcome is not its objective), equilibrium (whether the cell is a pure equilibrium) and n (futures)

        Examples
        --------
        >>> from pathlib import Path
        >>> import proxysim as ps
        >>> text = '''
        ... kind     = "experiment"
        ... question = "Do searches pay, whatever the strength of the pact?"
        ... base     = "quickstart"
        ... branches = ["no-pact", "none"]
        ... design   = "grid"
    ... runs     = 10
        ... measures = ["received_arms.reds"]
        ... [sides.patrons]
        ... levers    = ["strong"]
        ... objective = {measure = "received_arms.reds", aim = "high"}
        ... [sides.search]
        ... levers    = ["sea-patrol"]
        ... objective = {measure = "received_arms.reds", aim = "low"}
        ... '''
        >>> _ = Path("sides.toml").write_text(text)
        >>> table = ps.respond("sides.toml", "answers").to_dataframe()
        >>> table[["patrons", "search", "best_patrons", "best_search", "equilibrium"]]
          patrons      search best_patrons best_search  equilibrium
        0    none        none        False       False        False
        1    none  sea-patrol        False        True        False
        2  strong        none         True       False        False
        3  strong  sea-patrol         True        True         True
        """
        import pandas as pd

        rows = []
        equilibria = {one.cell for one in self.ends if one.kind == PURE and one.found}
        names = [one.name for one in self.players]
        for k, outcome in enumerate(self.outcomes):
            best = [self._best(side) if player.outcome == outcome else {} for side, player in enumerate(self.players)]
            for at, (i, j) in enumerate(self.cells.tolist()):
                rows.append({
                    names[0]: self.players[0].options[i].name, names[1]: self.players[1].options[j].name, "measure": outcome.measure,
                    "actor": outcome.actor, "unit": outcome.unit, "value": float(self.means[at, k]),
                    **{f"best_{name}": of_side.get((i, j)) for name, of_side in zip(names, best, strict=True)},
                    "equilibrium": (i, j) in equilibria, "n": self.futures,
                })  # fmt: skip
        return pd.DataFrame(rows)

    def best_answers(self, side: int) -> dict[Cell, bool]:
        """Return where the option of a side is a best answer to that of the other side, in the mean over futures.

        Parameters
        ----------
        side : 0 for the side of the rows, 1 for that of the columns

        Returns
        -------
        dict : cell -> bool, for the cells that can be compared with all other options of the side

        Examples
        --------
        >>> from pathlib import Path
        >>> import proxysim as ps
        >>> text = '''
        ... kind     = "experiment"
        ... question = "Do searches pay, whatever the strength of the pact?"
        ... base     = "quickstart"
        ... branches = ["no-pact", "none"]
        ... design   = "grid"
        ... runs     = 10
        ... measures = ["received_arms.reds"]
        ... [sides.patrons]
        ... levers    = ["strong"]
        ... objective = {measure = "received_arms.reds", aim = "high"}
        ... [sides.search]
        ... levers    = ["sea-patrol"]
        ... objective = {measure = "received_arms.reds", aim = "low"}
        ... '''
        >>> _ = Path("sides.toml").write_text(text)
        >>> ps.respond("sides.toml", "answers").best_answers(0)
        {(0, 0): False, (1, 0): True, (0, 1): False, (1, 1): True}
        """
        return self._best(side)

    def _best(self, side: int) -> dict[Cell, bool]:
        """Cell -> whether the option of a side is a best answer there, for cells with all options of the side."""
        player = self.players[side]
        payoffs = player.side.sign * self.means[:, self.outcomes.index(player.outcome)]
        found: dict[Cell, bool] = {}
        tolerance = _tolerance(self.means[:, self.outcomes.index(player.outcome)])
        for other in np.unique(self.cells[:, 1 - side]):
            some = np.flatnonzero(self.cells[:, 1 - side] == other)
            if len(some) == len(player.options):
                best = payoffs[some] >= payoffs[some].max() - tolerance
                found |= {(int(self.cells[at, 0]), int(self.cells[at, 1])): bool(one) for at, one in zip(some, best, strict=True)}
        return found

    @cached_property
    def _ends_table(self) -> pandas.DataFrame:
        import pandas as pd

        rows = []
        for number, end in enumerate(self.ends):
            for side, player in enumerate(self.players):
                for option, probability in sorted(end.choices[side].items()):
                    low, high = end.spread[side].get(option, (math.nan, math.nan))
                    rows.append({"end": number, "kind": end.kind, "side": player.name, "option": player.options[option].name,
                                 "probability": probability, "low": low, "high": high, "found": end.found, "share": end.share,
                                 "draws": ", ".join(player.options[one].name for one in end.draws[side]),
                                 "n": self.futures})  # fmt: skip
        return pd.DataFrame(rows)

    def equilibria(self) -> pandas.DataFrame:
        """Return a table of the equilibria, or cycles, with what each side does there.

        Returns
        -------
        DataFrame : end (number), kind ("pure", "mixed" or "cycle"), side, option, probability (1 in a pure equilibrium; share of its
            members in a cycle), low, high (5th and 95th percentile over resamples; only if mixed), found (whether it is one in the mean
            of all futures), share (of resamples in which it is one; if mixed, share of resamples without a pure one), draws (options
            that fresh runs cannot distinguish from this one) and n (futures)

        Examples
        --------
        >>> from pathlib import Path
        >>> import proxysim as ps
        >>> text = '''
        ... kind     = "experiment"
        ... question = "Do searches pay, whatever the strength of the pact?"
        ... base     = "quickstart"
        ... branches = ["no-pact", "none"]
        ... design   = "grid"
    ... runs     = 10
        ... measures = ["received_arms.reds"]
        ... [sides.patrons]
        ... levers    = ["strong"]
        ... objective = {measure = "received_arms.reds", aim = "high"}
        ... [sides.search]
        ... levers    = ["sea-patrol"]
        ... objective = {measure = "received_arms.reds", aim = "low"}
        ... '''
        >>> _ = Path("sides.toml").write_text(text)
        >>> ps.respond("sides.toml", "answers").equilibria()[["end", "kind", "side", "option", "share"]]
           end  kind     side      option  share
        0    0  pure  patrons      strong    1.0
        1    0  pure   search  sea-patrol    1.0
        """
        return self._ends_table.copy()

    def gains(self) -> pandas.DataFrame:
        """Return a table of what each side gains by its option, in the runs that chose it and in fresh runs.

        Returns
        -------
        DataFrame : end, side, over ("nothing" or "runner-up"), option (that it is compared with), measure, actor, unit, chosen (mean gain
            in the runs that chose, which overstates it), gain, low, high (in fresh runs; NaN without an interval) and n (fresh futures).
            A gain is positive if the objective moves as the side wants

        Examples
        --------
        >>> from pathlib import Path
        >>> import proxysim as ps
        >>> text = '''
        ... kind     = "experiment"
        ... question = "Do searches pay, whatever the strength of the pact?"
        ... base     = "quickstart"
        ... branches = ["no-pact", "none"]
        ... design   = "grid"
    ... runs     = 10
        ... measures = ["received_arms.reds"]
        ... [sides.patrons]
        ... levers    = ["strong"]
        ... objective = {measure = "received_arms.reds", aim = "high"}
        ... [sides.search]
        ... levers    = ["sea-patrol"]
        ... objective = {measure = "received_arms.reds", aim = "low"}
        ... '''
        >>> _ = Path("sides.toml").write_text(text)
        >>> table = ps.respond("sides.toml", "answers").gains()
        >>> table[["side", "over", "measure", "n"]], bool((table["gain"] > 0).all())
        (      side     over        measure   n
        0  patrons  nothing  received_arms  10
        1   search  nothing  received_arms  10, True)
        """
        import pandas as pd

        rows = []
        for number, end in enumerate(self.ends):
            for gain in end.gains:
                player = self.players[gain.side]
                rows.append({"end": number, "side": player.name, "over": gain.over, "option": player.options[gain.option].name,
                             "measure": player.outcome.measure, "actor": player.outcome.actor, "unit": player.outcome.unit,
                             "chosen": gain.chosen, **_part("gain", gain.fresh), "n": gain.fresh.n})  # fmt: skip
        columns = ["end", "side", "over", "option", "measure", "actor", "unit", "chosen", "gain", "low", "high", "n"]
        return pd.DataFrame(rows, columns=columns)

    def worth(self) -> pandas.DataFrame:
        """Return a table of what the pact changes if neither, one or both of the sides use their options, from fresh runs.

        Returns
        -------
        DataFrame : end, answers ("neither", "both", or the only side that uses its option), measure, actor, unit, without, under (mean
            without the pact and under it, with the same levers), effect, low, high (the paired difference with its interval; NaN without
            one), lost, lost_low, lost_high (difference from the effect without any levers) and n (fresh futures)

        Examples
        --------
        >>> from pathlib import Path
        >>> import proxysim as ps
        >>> text = '''
        ... kind     = "experiment"
        ... question = "Do searches pay, whatever the strength of the pact?"
        ... base     = "quickstart"
        ... branches = ["no-pact", "none"]
        ... design   = "grid"
    ... runs     = 10
        ... measures = ["received_arms.reds"]
        ... [sides.patrons]
        ... levers    = ["strong"]
        ... objective = {measure = "received_arms.reds", aim = "high"}
        ... [sides.search]
        ... levers    = ["sea-patrol"]
        ... objective = {measure = "received_arms.reds", aim = "low"}
        ... '''
        >>> _ = Path("sides.toml").write_text(text)
        >>> ps.respond("sides.toml", "answers").worth()[["end", "answers", "measure", "actor", "n"]]
           end  answers        measure actor   n
        0    0  neither  received_arms  reds  10
        1    0  patrons  received_arms  reds  10
        2    0   search  received_arms  reds  10
        3    0     both  received_arms  reds  10
        """
        import pandas as pd

        rows = []
        for number, end in enumerate(self.ends):
            for one in end.worth:
                lost = _part("lost", one.lost) if one.lost else dict.fromkeys(("lost", "low", "high"), math.nan)
                rows.append({"end": number, "answers": one.answers, "measure": one.outcome.measure, "actor": one.outcome.actor,
                             "unit": one.outcome.unit, "without": one.without, "under": one.under, **_part("effect", one.effect),
                             "lost": lost["lost"], "lost_low": lost["low"], "lost_high": lost["high"], "n": one.effect.n})  # fmt: skip
        columns = ["end", "answers", "measure", "actor", "unit", "without", "under", "effect", "low", "high", "lost", "lost_low", "lost_high", "n"]
        return pd.DataFrame(rows, columns=columns)

    def to_json(self) -> dict[str, Any]:
        """Return everything as JSON: metadata, both sides, the verdict, equilibria, gains, what the pact is worth, and all cells.

        Returns
        -------
        dict : ``metadata``, ``question``, ``sides``, ``verdict``, ``agreement``, ``no_pure``, ``sentences``, ``equilibria``, ``gains``,
            ``worth`` and ``cells``; undefined values are None

        Examples
        --------
        >>> from pathlib import Path
        >>> import proxysim as ps
        >>> text = '''
        ... kind     = "experiment"
        ... question = "Do searches pay, whatever the strength of the pact?"
        ... base     = "quickstart"
        ... branches = ["no-pact", "none"]
        ... design   = "grid"
    ... runs     = 10
        ... measures = ["received_arms.reds"]
        ... [sides.patrons]
        ... levers    = ["strong"]
        ... objective = {measure = "received_arms.reds", aim = "high"}
        ... [sides.search]
        ... levers    = ["sea-patrol"]
        ... objective = {measure = "received_arms.reds", aim = "low"}
        ... '''
        >>> _ = Path("sides.toml").write_text(text)
        >>> ps.respond("sides.toml", "answers").to_json()["verdict"]
        'one'
        """
        sides = [{
            "name": one.name, "measure": one.outcome.measure, "actor": one.outcome.actor, "unit": one.outcome.unit, "aim": one.side.aim,
            "purse": one.side.limit, "purse_unit": "USD m / month" if one.side.by_cost else "levers",
            "options": [{"option": option.name, "levers": list(option.levers), "cost": option.cost,
                         "same_as": one.options[one.same_as[at]].name if one.same_as else None,
                         "dominated": one.dominated[at] if one.dominated else None}
                        for at, option in enumerate(one.options)],
        } for one in self.players]  # fmt: skip
        return {
            "metadata": self.metadata, "question": self.experiment.question, "sides": sides, "complete": self.complete,
            "verdict": self.verdict, "agreement": self.agreement, "no_pure": self.no_pure, "sentences": self.sentences(),
            "paths": [self._named_path(one) for one in self.paths], "equilibria": _records(self.equilibria()),
            "gains": _records(self.gains()), "worth": _records(self.worth()), "cells": _records(self.to_dataframe()),
        }  # fmt: skip

    def _named_path(self, one: Iteration) -> dict[str, Any]:
        first, second = self.players
        path, cycle = ([[first.options[i].name, second.options[j].name] for i, j in pairs] for pairs in (one.path, one.cycle))
        return {"path": path, "cycle": cycle}

    def sentences(self) -> list[str]:
        """Return the answer as sentences: what each side does, what that changes, what the pact is worth there, and how sure it is.

        Returns
        -------
        list of str

        Examples
        --------
        >>> from pathlib import Path
        >>> import proxysim as ps
        >>> text = '''
        ... kind     = "experiment"
        ... question = "Do searches pay, whatever the strength of the pact?"
        ... base     = "quickstart"
        ... branches = ["no-pact", "none"]
        ... design   = "grid"
    ... runs     = 10
        ... measures = ["received_arms.reds"]
        ... [sides.patrons]
        ... levers    = ["strong"]
        ... objective = {measure = "received_arms.reds", aim = "high"}
        ... [sides.search]
        ... levers    = ["sea-patrol"]
        ... objective = {measure = "received_arms.reds", aim = "low"}
        ... '''
        >>> _ = Path("sides.toml").write_text(text)
        >>> ps.respond("sides.toml", "answers").sentences()[0]
        'There is one equilibrium: strong for patrons, and sea-patrol for search.'
        """
        from proxysim.studies.respond_text import sentences

        return sentences(self)

    def summary(self, full: bool = False) -> str:
        """Return the study as text for a terminal.

        Parameters
        ----------
        full : whether to print all options, cells and outcomes; False, the default, leaves long tables out

        Returns
        -------
        str : several lines

        Examples
        --------
        >>> from pathlib import Path
        >>> import proxysim as ps
        >>> text = '''
        ... kind     = "experiment"
        ... question = "Do searches pay, whatever the strength of the pact?"
        ... base     = "quickstart"
        ... branches = ["no-pact", "none"]
        ... design   = "grid"
    ... runs     = 10
        ... measures = ["received_arms.reds"]
        ... [sides.patrons]
        ... levers    = ["strong"]
        ... objective = {measure = "received_arms.reds", aim = "high"}
        ... [sides.search]
        ... levers    = ["sea-patrol"]
        ... objective = {measure = "received_arms.reds", aim = "low"}
        ... '''
        >>> _ = Path("sides.toml").write_text(text)
        >>> print(ps.respond("sides.toml", "answers").summary().splitlines()[0])
        There is one equilibrium: strong for patrons, and sea-patrol for search.
        """
        from proxysim.studies.respond_text import summary

        return summary(self, full)

    def __repr__(self) -> str:
        sides = ", ".join(f"{one.name}: {len(one.options)} options" for one in self.players)
        return f"Responses({sides}, {self.verdict!r}, futures={self.futures})"


# ---- the study --------------------------------------------------------------------------------
def respond(
    experiment: str | Path, out: str | Path, options: SweepOptions | None = None, *, progress: Progress | None = None,
    say: Say | None = None,
) -> Responses:  # fmt: skip
    """Find what two sides do if each answers the other as well as it can, and what a pact is worth there.

    The experiment has two ``sides``, each with levers, a purse and an objective; a side can use every combination of its levers that the
    purse allows. Levers are joined to the second branch of the experiment. Up to 1,024 cells are all run in the same futures; then
    all pure equilibria are found, or mixed ones if there is no pure one. With more cells the sides answer each other in turn, once with
    each of them first, which ends in an equilibrium or in a cycle and may miss other equilibria.

    The futures are then resampled, to see how often the same equilibria are found. What a side gains by its option, and the effect
    of the second branch against the first one there, are estimated on fresh runs, because the runs that chose an option overstate it.

    Parameters
    ----------
    experiment : path of an experiment file with two branches and ``sides``
    out : folder for the runs; a study that was interrupted continues in it with the same experiment
    options : workers, time limit and hook, as in `sweep`; None, the default, runs everything in this process
    progress : called as ``progress(done, total)`` with numbers of runs; None, the default, reports no progress
    say : called with one line of text for each event worth reporting; None, the default, reports nothing

    Returns
    -------
    Responses : equilibria or cycles, their share of resamples, gains and what the pact is worth

    Raises
    ------
    InputError : the experiment, an objective or the folder cannot be used
    RunError : runs failed in all futures, or answers in turn do not settle
    StorageError : the folder cannot be written, or the runs were interrupted

    Examples
    --------
    >>> from pathlib import Path
    >>> import proxysim as ps
    >>> text = '''
    ... kind     = "experiment"
    ... question = "Do searches pay, whatever the strength of the pact?"
    ... base     = "quickstart"
    ... branches = ["no-pact", "none"]
    ... design   = "grid"
    ... runs     = 10
    ... measures = ["received_arms.reds"]
    ... [sides.patrons]
    ... levers    = ["strong"]
    ... objective = {measure = "received_arms.reds", aim = "high"}
    ... [sides.search]
    ... levers    = ["sea-patrol"]
    ... objective = {measure = "received_arms.reds", aim = "low"}
    ... '''
    >>> _ = Path("sides.toml").write_text(text)
    >>> ps.respond("sides.toml", "answers").verdict
    'one'
    """
    loaded = load_experiment(experiment)
    if not loaded.sides:
        raise loaded.error_at("sides", "is missing; give two tables such as [sides.patrons] and [sides.defence]")
    study, chosen = _Study(loaded), options or SweepOptions()
    runner = _Runner(loaded, _folder(out, loaded), study.columns, chosen, progress, say)
    if say and not runner.is_started:
        say(_cost_line(study, chosen))
    return _assessed(study, runner)


def open_responses(folder: str | Path) -> Responses:
    """Open a finished study of best answers without a run.

    Parameters
    ----------
    folder : folder of the study, as in `respond` or in the option --out of the command

    Returns
    -------
    Responses : equilibria or cycles, their share of resamples, gains and what the pact is worth

    Raises
    ------
    InputError : the folder holds no such study or an unfinished one, or the world has changed since
    RunError : runs failed in all futures
    StorageError : the folder is damaged

    Examples
    --------
    >>> from pathlib import Path
    >>> import proxysim as ps
    >>> from proxysim.studies.respond import open_responses
    >>> text = '''
    ... kind     = "experiment"
    ... question = "Do searches pay, whatever the strength of the pact?"
    ... base     = "quickstart"
    ... branches = ["no-pact", "none"]
    ... design   = "grid"
    ... runs     = 10
    ... measures = ["received_arms.reds"]
    ... [sides.patrons]
    ... levers    = ["strong"]
    ... objective = {measure = "received_arms.reds", aim = "high"}
    ... [sides.search]
    ... levers    = ["sea-patrol"]
    ... objective = {measure = "received_arms.reds", aim = "low"}
    ... '''
    >>> _ = Path("sides.toml").write_text(text)
    >>> made = ps.respond("sides.toml", "answers")
    >>> open_responses("answers").metadata == made.metadata
    True
    """
    whole = absolute(folder)
    first = next((one for one in (whole / RUNS_FOLDER / "matrix-1", whole / RUNS_FOLDER / "column-0-1") if (one / SWEEP).is_file()), None)
    if first is None:
        raise InputError([Fault(str(folder), 0, "", "holds no study of best answers; `proxysim respond EXPERIMENT --out DIR` makes one")])
    store = Store.read(first)
    if not store.experiment.sides:
        raise InputError([Fault(str(folder), 0, "", "holds runs of an experiment without sides; run the study in a new folder")])
    loaded = store.experiment.whole()
    if loaded.hash != store.data.get(PART_OF):
        raise InputError([Fault(str(folder), 0, "", f"holds runs of {store.experiment.base} before it was changed; run the study in a new folder")])
    study = _Study(loaded)
    return _assessed(study, _Runner(loaded, whole / RUNS_FOLDER, study.columns, None, None, None, shown=str(folder)))


class _Study:
    """What a study compares, before any run."""

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment
        self.scenario = experiment.scenario(experiment.branches[1])
        self.world = build(self.scenario)
        self.outcomes = _outcomes(experiment, self.world)
        self.columns = [f"{one.measure}.{one.actor}" for one in self.outcomes]
        costs = lever_costs(experiment.sides, self.scenario, ancestors_of(self.scenario))
        found = []
        for side in experiment.sides:
            options = tuple(Option("+".join(some) or NONE, some, cost_of_choice(some, costs)) for some in choices_of(side, costs))
            found.append(Player(side, options, self._objective(side)))
        self.players = (found[0], found[1])

    @property
    def shape(self) -> Cell:
        """Number of options of each side."""
        return len(self.players[0].options), len(self.players[1].options)

    def _objective(self, side: Side) -> Outcome:
        name = f"sides.{side.name}.objective"
        try:
            found = outcome_named(side.measure, self.world, name)
        except InputError as error:
            one = error.faults[0]
            raise InputError([Fault(self.experiment.file, self.experiment.lines.get("sides", 0), name, f'"{one.path}" {one.message}')]) from None
        if found not in self.outcomes:
            near = did_you_mean(side.measure, self.columns) or f"; these are {', '.join(self.columns[:12])}"
            message = f'"{side.measure}" is not one of the measures of the experiment{near}'
            raise InputError([Fault(self.experiment.file, self.experiment.lines.get("sides", 0), name, message)])
        return found

    def branch(self, cell: Cell) -> str:
        """Name of the branch of a cell."""
        return cell_branch(self.experiment.branches[1], *self._levers(cell))

    def baseline(self, cell: Cell) -> str:
        """Name of the baseline with the levers of a cell."""
        return without_pact(self.experiment.branches[0], *self._levers(cell))

    def _levers(self, cell: Cell) -> tuple[tuple[str, ...], tuple[str, ...]]:
        first, second = (player.options[at].levers for player, at in zip(self.players, cell, strict=True))
        return first, second


def _outcomes(experiment: Experiment, world: World) -> tuple[Outcome, ...]:
    """The outcomes that the experiment keeps, in the order of its measures.

    Raises
    ------
    InputError : a measure is unknown, or is undefined in some runs
    """
    kept = [one for _, one in columns_of(experiment, world)]
    for one in kept:
        if one.measure in (FALL, REVIVAL):
            message = f'"{one.measure}" is undefined where it does not happen, so options cannot be compared by it; leave it out'
            raise experiment.error_at("measures", message)

    def place(one: Outcome) -> int:
        return next(at for at, text in enumerate(experiment.measures) if text in ("all", one.measure, f"{one.measure}.{one.actor}"))

    return tuple(sorted(kept, key=place))


class _Runner:
    """Runs branches as parts of the study, each of them a sweep; without options it only reads what has been run."""

    def __init__(
        self, experiment: Experiment, folder: Path, columns: Sequence[str], options: SweepOptions | None, progress: Progress | None,
        say: Say | None, shown: str = "",
    ) -> None:  # fmt: skip
        self.experiment, self.folder, self.columns = experiment, folder, tuple(columns)
        self.options, self.progress, self.say, self.shown = options, progress, say, shown
        self.digests: dict[str, str] = {}
        self.version = ""

    @property
    def is_started(self) -> bool:
        """Whether there is any part."""
        return self.folder.is_dir() and any((one / SWEEP).is_file() for one in self.folder.iterdir())

    def values(self, name: str, branches: Sequence[str], seed: int) -> Array:
        """Outcomes of some branches in the same futures, ``(future, branch, outcome)``; NaN in futures in which a run failed.

        Parameters
        ----------
        name : name of the parts
        branches : names of the branches
        seed : seed of the runs and of the design
        """
        each = len(design_of(self.experiment)) * self.experiment.runs
        found = []
        for number, low in enumerate(range(0, len(branches), CELLS_TOGETHER), 1):
            some = list(branches[low : low + CELLS_TOGETHER])
            found.append(self._part(f"{name}-{number}", some, seed, low * each, len(branches) * each))
        cells = np.concatenate(found, axis=1)  # (point, branch, run, outcome)
        if len(cells) == 1:  # runs of a single point are the futures
            cells = cells.transpose(2, 1, 0, 3)
        # A run counts only if it succeeded in all branches, or they would not be pairs.
        cells = np.where(np.isnan(cells).any(axis=(1, 3), keepdims=True), np.nan, cells)
        return mean_there(cells, axis=2)

    def _part(self, name: str, branches: Sequence[str], seed: int, done: int, total: int) -> Array:
        folder = self.folder / name
        if (folder / SWEEP).exists():
            stored = Store.read(folder)
            if tuple(stored.branches) != tuple(branches) or stored.experiment.seed != seed:
                message = "holds runs of another experiment, or of this one before it was changed; give a new folder"
                raise InputError([Fault(str(folder), 0, "", message)])
        if self.options is None:
            self._refuse_unfinished(folder)
        else:
            self._run(folder, branches, seed, done, total)
        runs = open_sweep(folder, MARK)
        self.digests[name], self.version = str(runs.state.digest), runs.store.version
        return np.stack([runs.cells(one) for one in self.columns], axis=-1)

    def _run(self, folder: Path, branches: Sequence[str], seed: int, done: int, total: int) -> None:
        def progress(part: int, _: int) -> None:
            if self.progress:
                self.progress(done + part, total)

        if (folder / SWEEP).exists():
            state = resume(folder, self.options, progress=progress, say=self.say)
        else:
            part = self.experiment.with_branches(branches, seed)
            state = sweep_of(part, folder, self.options, progress=progress, say=self.say, part_of=self.experiment.hash)
        if state.stopped:
            raise StorageError(f"{state.stopped}; the same command continues it")

    def _refuse_unfinished(self, folder: Path) -> None:
        state = stored_status(Store.read(folder)) if (folder / SWEEP).exists() else None
        if state is None or state.digest is None:
            command = shlex.join(["proxysim", "respond", self.experiment.file, "--out", self.shown])
            raise InputError([Fault(self.shown, 0, "", f"is not finished; `{command}` continues it")])


def _folder(out: str | Path, experiment: Experiment) -> Path:
    """The folder of the runs: new, or that of the same experiment.

    Raises
    ------
    InputError : the folder holds something else
    """
    whole = absolute(out)
    folder = whole / RUNS_FOLDER
    try:
        parts = sorted(one for one in folder.iterdir() if (one / SWEEP).is_file()) if folder.is_dir() else []
        other = not parts and whole.exists() and (not whole.is_dir() or any(one.name != RUNS_FOLDER for one in whole.iterdir()))
    except OSError as error:
        raise InputError([Fault("--out", 0, "", f"{whole} cannot be read: {error.strerror}")]) from None
    if any(Store.read(part).data.get(PART_OF) != experiment.hash for part in parts):
        message = f"{whole} holds the runs of another experiment, or of this one before it was changed; give a new folder"
        raise InputError([Fault("--out", 0, "", message)])
    if other:
        raise InputError([Fault("--out", 0, "", f"{whole} already exists and holds no study of best answers; give a new folder")])
    return folder


def _cost_line(study: _Study, options: SweepOptions) -> str:
    """What the runs will cost, in one line."""
    table = design_of(study.experiment)
    cost = cost_of(Variation(study.experiment), table)
    rows, columns = study.shape
    cells, each = rows * columns, len(table) * study.experiment.runs
    names = [f"{len(player.options):,} options of {player.name}" for player in study.players]

    def lasts(count: int) -> str:
        setting_up = cost.setting_up * count / len(study.experiment.branches)
        return duration_words(2.0 * setting_up + count * each * cost.seconds / options.workers)

    size = f"{len(table):,} futures x {study.experiment.runs:,} per future" if len(table) > 1 else f"{study.experiment.runs:,} futures"
    if cells > MOST_CELLS:
        turn = max(rows, columns)
        return (f"{names[0]} x {names[1]} = {cells:,} cells, more than {MOST_CELLS:,}: the sides answer each other in turn. Up to {turn:,} cells "
                f"x {size} = {turn * each:,} runs per turn, about {lasts(turn)}; at least two turns")  # fmt: skip
    fresh = 4 + 2 * (rows + columns)
    return (f"{names[0]} x {names[1]} = {cells:,} cells x {size} = {(cells + 1) * each:,} runs with the baseline, about {lasts(cells + 1)}; then "
            f"about {fresh * each:,} fresh runs, {lasts(fresh)}")  # fmt: skip


def fresh_seed(seed: int) -> int:
    """Return the seed of the fresh runs of a study, which shares no random numbers with its first runs.

    Examples
    --------
    >>> fresh_seed(1) == fresh_seed(1), fresh_seed(1) == fresh_seed(2)
    (True, False)
    """
    return int.from_bytes(hashlib.blake2b(f"fresh runs of {seed}".encode(), digest_size=8).digest(), "big") % MOST_SEED


def _whole_futures(values: Array, what: str) -> tuple[Array, int]:
    """Return values of the futures that succeeded, and the number of those that are left out."""
    whole = ~np.isnan(values).any(axis=(1, 2))
    if not whole.any():
        raise RunError(f"in every future a run failed; see failures.parquet in {what}")
    return values[whole], int((~whole).sum())


# ---- ends of all cells, and of answers in turn ------------------------------------------------
@dataclass(frozen=True)
class _Found:
    """Ends before they are estimated on fresh runs."""

    players: tuple[Player, Player]
    cells: Array
    means: Array
    ends: list[End]
    verdict: str
    agreement: float
    no_pure: float
    paths: tuple[Iteration, ...]
    complete: bool
    futures: int
    left_out: int
    chosen: Callable[[int, Cell], Array]
    """side, cell -> mean payoffs of all options of the side there, shape ``(option,)``"""


def _assessed(study: _Study, runner: _Runner) -> Responses:
    """Run what is missing, find the ends, and estimate them on fresh runs."""
    rows, columns = study.shape
    found = _by_matrix(study, runner) if rows * columns <= MOST_CELLS else _in_turn(study, runner)
    ends, fresh_futures, left_out = _on_fresh_runs(study, runner, found)
    return Responses(
        study.experiment, study.scenario, found.players, study.outcomes, found.cells, found.means, tuple(ends), found.verdict,
        found.agreement, found.no_pure, found.paths, found.complete, found.futures, fresh_futures, found.left_out + left_out,
        dict(runner.digests), runner.version,
    )  # fmt: skip


def _payoffs(study: _Study, values: Array) -> tuple[Array, Array]:
    """Payoffs of both sides of some cells, ``(future, ...)``, from outcomes ``(future, ..., outcome)``."""
    first, second = (player.side.sign * values[..., study.outcomes.index(player.outcome)] for player in study.players)
    return first, second


def _tolerance(values: Array) -> float:
    """Difference below which payoffs are equal up to rounding errors."""
    return DUST * float(np.abs(values).max(initial=0.0))


def _by_matrix(study: _Study, runner: _Runner) -> _Found:
    """Run all cells, and find all pure equilibria, or else mixed ones."""
    rows, columns = study.shape
    every = [(i, j) for i in range(rows) for j in range(columns)]
    seed = study.experiment.seed
    values, left_out = _whole_futures(
        runner.values("matrix", [study.experiment.branches[0], *map(study.branch, every)], seed), str(runner.folder / "matrix-*")
    )
    values = values[:, 1:].reshape(len(values), rows, columns, -1)
    payoffs = _payoffs(study, values)
    same = _same_options(payoffs)
    kept = [np.array([at for at, first in enumerate(of_side) if at == first]) for of_side in same]
    reduced = [one[np.ix_(np.arange(len(values)), *kept)] for one in payoffs]
    tolerances = max(map(_tolerance, payoffs))
    means = [one.mean(axis=0) for one in payoffs]
    ends, verdict, agreement, no_pure = _matrix_ends(reduced[0], reduced[1], tolerances, _opposed(study), seed)
    ends = [_with_indices(one, kept[0], kept[1]) for one in ends]
    dominated = []
    for left, of_side, size in zip(undominated(means[0], means[1], tolerances), kept, study.shape, strict=True):
        del of_side
        gone = np.ones(size, bool)
        gone[left] = False
        dominated.append(tuple(gone.tolist()))
    players = [Player(one.side, one.options, one.outcome, of_side, gone) for one, of_side, gone in zip(study.players, same, dominated, strict=True)]
    paths = tuple(_path(means[0], means[1], tolerances, rows_first) for rows_first in (True, False))

    def chosen(side: int, cell: Cell) -> Array:
        return np.asarray(means[0][:, cell[1]] if side == 0 else means[1][cell[0]])

    flat = values.mean(axis=0).reshape(rows * columns, -1)
    return _Found((players[0], players[1]), np.array(every), flat, ends, verdict, agreement, no_pure, paths, True, len(values), left_out, chosen)


def _opposed(study: _Study) -> bool:
    """Whether one side wants exactly the opposite of the other."""
    one, other = study.players
    return one.outcome == other.outcome and one.side.aim != other.side.aim


def _same_options(payoffs: tuple[Array, Array]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """For each option of each side the first one that gives both sides the same payoffs in every future and cell."""
    tolerance = [_tolerance(one) for one in payoffs]
    found = []
    for axis in (1, 2):
        some = [np.moveaxis(one, axis, 0).reshape(one.shape[axis], -1) for one in payoffs]
        leaders: list[int] = []
        for at in range(len(some[0])):
            leader = next((one for one in sorted(set(leaders)) if all(
                float(np.abs(of[at] - of[one]).max()) <= most for of, most in zip(some, tolerance, strict=True))), at)  # fmt: skip
            leaders.append(leader)
        found.append(tuple(leaders))
    return found[0], found[1]


def _path(rows: Array, columns: Array, tolerance: float, rows_first: bool) -> Iteration:
    """Best answers in turn from no levers; of equal answers the one with the fewest levers."""
    found = iterate(
        lambda j: _first_best(rows[:, j], tolerance), lambda i: _first_best(columns[i], tolerance), rows_first=rows_first,
        most=2 * rows.size + 2,
    )  # fmt: skip
    assert found is not None  # there are no more states than turns
    return found


def _first_best(payoffs: Array, tolerance: float) -> int:
    return int(np.flatnonzero(payoffs >= payoffs.max() - tolerance)[0])


def _matrix_ends(
    rows: Array, columns: Array, tolerance: float, opposed: bool, seed: int
) -> tuple[list[End], str, float, float]:  # fmt: skip
    """Return ends, verdict, share of resamples that agree, and share of resamples without a pure equilibrium.

    Parameters
    ----------
    rows, columns : payoffs, shape ``(future, row, column)``
    """
    means = rows.mean(axis=0), columns.mean(axis=0)
    pure = pure_equilibria(*means, tolerance)
    resampled = [weights_of(len(rows), seed) @ one.reshape(len(one), -1) for one in (rows, columns)]
    shape = (-1, *means[0].shape)
    first, second = (one.reshape(shape) for one in resampled)
    each = pure_equilibria(first, second, tolerance)
    shares, none = each.mean(axis=0), ~each.any(axis=(1, 2))
    no_pure, agreement = float(none.mean()), float((each == pure).all(axis=(1, 2)).mean())
    found: list[End] = []
    if pure.any():
        found += [_pure_end(i, j, float(shares[i, j]), True) for i, j in np.argwhere(pure).tolist()]
    else:
        mixed = mixed_equilibria(*means, tolerance, opposed=opposed or None)
        chosen = np.flatnonzero(none)[:MIXED_RESAMPLES]
        others = [mixed_equilibria(first[k], second[k], tolerance, opposed=opposed or None) for k in chosen]
        found += [_mixed_end(one, [some for some in others if some], no_pure) for one in mixed]
        if not mixed:
            raise RunError("the payoffs have no pure equilibrium, and no mixed one was found; more runs would change the payoffs")
    found.sort(key=lambda one: (-one.share, one.key))
    listed = [(float(shares[i, j]), i, j) for i, j in np.argwhere((shares >= LISTED) & ~pure).tolist()]
    found = found[:MOST_ENDS]
    found += [_pure_end(i, j, share, False) for share, i, j in sorted(listed, key=lambda one: (-one[0], one[1:]))[: max(0, MOST_ENDS - len(found))]]
    verdict = UNDETERMINED if agreement < SURE else MIXED if not pure.any() else SEVERAL if pure.sum() > 1 else ONE
    return found, verdict, agreement, no_pure


def weights_of(futures: int, seed: int, resamples: int = RESAMPLES) -> Array:
    """Return how often each future is drawn in resamples of the futures, as shares, ``(resample, future)``.

    Examples
    --------
    >>> weights_of(4, seed=1, resamples=2).sum(axis=1)
    array([1., 1.])
    """
    draw = np.random.Generator(np.random.Philox(key=seed))
    return np.asarray(draw.multinomial(futures, np.full(futures, 1.0 / futures), size=resamples) / futures)


def _pure_end(i: int, j: int, share: float, found: bool) -> End:
    return End(PURE, ({i: 1.0}, {j: 1.0}), found=found, share=share)


def _mixed_end(one: Mixed, others: Sequence[Sequence[Mixed]], share: float) -> End:
    """A mixed equilibrium, with the spread of its probabilities in the equilibrium of each resample that is closest to it."""
    closest = [min(some, key=lambda other: float(np.abs(other.rows - one.rows).sum() + np.abs(other.columns - one.columns).sum())) for some in others]
    choices, spread = [], []
    for name in ("rows", "columns"):
        mixture = getattr(one, name)
        used = np.flatnonzero(mixture > 0.0).tolist()
        choices.append({at: float(mixture[at]) for at in used})
        drawn = np.array([getattr(other, name) for other in closest])
        spread.append({at: tuple(map(float, np.quantile(drawn[:, at], (0.05, 0.95)))) for at in used} if len(drawn) else {})
    return End(MIXED, (choices[0], choices[1]), share=share, spread=(spread[0], spread[1]))  # type: ignore[arg-type]


def _with_indices(end: End, rows: Array, columns: Array) -> End:
    """An end with the indices of all options in place of those of options that differ."""
    choices, spread = [], []
    for kept, of_side, ends in zip((rows, columns), end.choices, end.spread, strict=True):
        choices.append({int(kept[at]): one for at, one in of_side.items()})
        spread.append({int(kept[at]): one for at, one in ends.items()})
    return End(end.kind, (choices[0], choices[1]), found=end.found, share=end.share, spread=(spread[0], spread[1]))


def _in_turn(study: _Study, runner: _Runner) -> _Found:
    """Let the sides answer each other in turn, once with each of them first, and run only the cells that this needs."""
    known: dict[tuple[int, int], Array] = {}  # (side, option of the other side) -> outcomes, (future, option, outcome)
    seed = study.experiment.seed

    def outcomes(side: int, other: int) -> Array:
        if (side, other) not in known:
            name = f"{'column' if side == 0 else 'row'}-{other}"
            cells = [(at, other) if side == 0 else (other, at) for at in range(study.shape[side])]
            if (side, other) == (0, 0):  # the first part also has the baseline, so that it says what it is a part of
                known[side, other] = runner.values(name, [study.experiment.branches[0], *map(study.branch, cells)], seed)[:, 1:]
            else:
                known[side, other] = runner.values(name, list(map(study.branch, cells)), seed)
        return known[side, other]

    def payoffs(side: int, other: int) -> Array:
        whole, _ = _whole_futures(outcomes(side, other), str(runner.folder))
        return _payoffs(study, whole)[side]

    def best(side: int, other: int) -> int:
        found = payoffs(side, other)
        return _first_best(found.mean(axis=0), _tolerance(found))

    paths = []
    for rows_first in (True, False):
        found = iterate(lambda j: best(0, j), lambda i: best(1, i), rows_first=rows_first, most=MOST_TURNS)
        if found is None:
            raise RunError(f"answers in turn do not settle within {MOST_TURNS} turns; give the sides smaller purses, or fewer levers")
        paths.append(found)
    weights: dict[int, Array] = {}

    def stays(side: int, other: int, option: int) -> Array:
        """Whether an option is a best answer in each resample, (resample,)."""
        some = payoffs(side, other)
        if len(some) not in weights:
            weights[len(some)] = weights_of(len(some), seed)
        means = weights[len(some)] @ some
        return np.asarray(means[:, option] >= means.max(axis=1) - _tolerance(some))

    ends: dict[tuple[Any, ...], End] = {}
    for path in paths:
        if path.is_cycle:
            steps = list(zip(path.cycle, (*path.cycle[1:], path.cycle[0]), strict=True))
            links = [(0, b[1], b[0]) if a[0] != b[0] else (1, b[0], b[1]) for a, b in steps]
            choices: tuple[dict[int, float], dict[int, float]] = ({}, {})
            for cell in path.cycle:
                for side in (0, 1):
                    choices[side][cell[side]] = choices[side].get(cell[side], 0.0) + 1.0 / len(path.cycle)
            end = End(CYCLE, choices, path.cycle)
        else:
            (i, j) = path.cycle[0]
            links, end = [(0, j, i), (1, i, j)], _pure_end(i, j, 0.0, True)
        share = float(np.all([stays(*link) for link in links], axis=0).mean())
        ends[end.key] = End(end.kind, end.choices, end.members, share=share)
    sure = min(one.share for one in ends.values())
    kinds = {one.kind for one in ends.values()}
    verdict = UNDETERMINED if sure < SURE else CYCLE if kinds == {CYCLE} else SEVERAL if len(ends) > 1 else ONE
    cells: dict[Cell, Array] = {}
    futures, left_out = [], 0
    for (side, other), values in sorted(known.items()):
        whole, out = _whole_futures(values, str(runner.folder))
        futures.append(len(whole))
        left_out = max(left_out, out)
        cells |= {((at, other) if side == 0 else (other, at)): whole[:, at].mean(axis=0) for at in range(values.shape[1])}

    def chosen(side: int, cell: Cell) -> Array:
        return np.asarray(payoffs(side, cell[1 - side]).mean(axis=0))

    order = sorted(cells)
    return _Found(study.players, np.array(order), np.array([cells[one] for one in order]), sorted(ends.values(), key=lambda one: (-one.share, one.key)),
                  verdict, sure, math.nan, tuple(paths), False, min(futures), left_out, chosen)  # fmt: skip


# ---- fresh runs -------------------------------------------------------------------------------
def _on_fresh_runs(study: _Study, runner: _Runner, found: _Found) -> tuple[list[End], int, int]:
    """Estimate gains and what the pact is worth in runs that did not choose the options."""
    under: list[Cell] = []
    without: list[Cell] = []
    for end in found.ends:
        used = [sorted(of_side) for of_side in end.choices]
        without += [*_cells_used(end), (0, 0), *((i, 0) for i in used[0]), *((0, j) for j in used[1])]
        if end.kind == CYCLE:
            continue
        under += [(i, j) for i in range(study.shape[0]) for j in used[1]]
        under += [(i, j) for i in used[0] for j in range(study.shape[1])]
    without = sorted(set(without))
    under = sorted({*under, *without})
    # The baseline is first, as in any sweep; cells are told apart by their place.
    branches = [*map(study.baseline, without), *map(study.branch, under)]
    values, left_out = _whole_futures(runner.values("fresh", branches, fresh_seed(study.experiment.seed)), str(runner.folder / "fresh-*"))
    base = {cell: values[:, at] for at, cell in enumerate(without)}
    pact = {cell: values[:, len(without) + at] for at, cell in enumerate(under)}
    size = np.abs(values).max(axis=(0, 1))
    ends = []
    for end in found.ends:
        gains: list[Gain] = []
        draws: list[tuple[int, ...]] = []
        same: list[tuple[int, ...]] = []
        better: list[tuple[int, ...]] = []
        for side in (0, 1):
            if end.kind == CYCLE:
                parts: tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]] = ((), (), ())
                gains += _cycle_gains(study, found, end, side, pact, size)
            else:
                gains += _gains(study, found, end, side, pact, size)
                parts = _rivals(study, end, side, pact, size)
            for some, part in zip((draws, same, better), parts, strict=True):
                some.append(part)
        worth = _worth(study, end, base, pact, size)
        ends.append(End(end.kind, end.choices, end.members, end.found, end.share, end.spread, tuple(gains), (draws[0], draws[1]),
                        (same[0], same[1]), (better[0], better[1]), worth))  # fmt: skip
    return ends, len(values), left_out


def _cells_used(end: End) -> list[Cell]:
    return list(end.members) or [(i, j) for i in end.choices[0] for j in end.choices[1]]


def _weights(end: End) -> dict[Cell, float]:
    """Probability of each cell at an end; members of a cycle count equally."""
    if end.members:
        return {cell: 1.0 / len(end.members) for cell in end.members}
    return {(i, j): p * q for i, p in end.choices[0].items() for j, q in end.choices[1].items()}


def _against(end: End, side: int, option: int) -> dict[Cell, float]:
    """Cells if one side uses an option and the other one what it does at an end."""
    return {((option, other) if side == 0 else (other, option)): p for other, p in end.choices[1 - side].items()}


def _mixed_values(cells: Mapping[Cell, Array], weights: Mapping[Cell, float]) -> Array:
    """Expected outcomes in each future, ``(future, outcome)``."""
    return np.asarray(sum(p * cells[cell] for cell, p in sorted(weights.items())))


def _gain_part(study: _Study, side: int, own: Array, other: Array, size: Array, level: float = LEVEL) -> Part:
    """The gain of a side from one set of outcomes to another, ``(future, outcome)``."""
    player = study.players[side]
    k = study.outcomes.index(player.outcome)
    difference = player.side.sign * paired_differences(other[:, k], own[:, k])
    return parts_of(difference[:, np.newaxis], size[[k]], level=level, seed=study.experiment.seed)[0]


def _gains(study: _Study, found: _Found, end: End, side: int, pact: Mapping[Cell, Array], size: Array) -> Iterator[Gain]:
    """What a side gains over doing nothing and over the best other option, against what the other side does."""
    own = _mixed_values(pact, _weights(end))
    expected = np.asarray(sum(p * found.chosen(side, cell) for cell, p in sorted(_against(end, side, 0).items())))
    mine = float(sum(p * expected[at] for at, p in end.choices[side].items()))
    others = [at for at in np.argsort(-expected, kind="stable").tolist() if at not in end.choices[side]]
    over = {NOTHING: 0} if end.choices[side] != {0: 1.0} else {}
    if others and others[0] not in over.values():
        over[RUNNER_UP] = others[0]
    for name, option in over.items():
        fresh = _gain_part(study, side, own, _mixed_values(pact, _against(end, side, option)), size)
        yield Gain(side, name, option, mine - float(expected[option]), fresh)


def _cycle_gains(study: _Study, found: _Found, end: End, side: int, pact: Mapping[Cell, Array], size: Array) -> Iterator[Gain]:
    """What a side gains by each of its steps in a cycle; the option is the one that it leaves."""
    for a, b in zip(end.members, (*end.members[1:], end.members[0]), strict=True):
        if a[side] != b[side]:
            payoffs = found.chosen(side, b)
            yield Gain(side, RUNNER_UP, a[side], float(payoffs[b[side]] - payoffs[a[side]]), _gain_part(study, side, pact[b], pact[a], size))


def _rivals(
    study: _Study, end: End, side: int, pact: Mapping[Cell, Array], size: Array
) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:  # fmt: skip
    """Options that cannot be distinguished from that of a side, those that never differ, and those that are better; jointly at 95 %."""
    own = _mixed_values(pact, _weights(end))
    others = [at for at in range(study.shape[side]) if at not in end.choices[side]]
    level = 1.0 - (1.0 - LEVEL) / max(1, len(others))
    draws, same, better = [], [], []
    for option in others:
        part = _gain_part(study, side, own, _mixed_values(pact, _against(end, side, option)), size, level)
        if part.differing == 0:
            same.append(option)
        if not part.detected:
            draws.append(option)
        elif part.value < 0.0:
            better.append(option)
    return (() if end.kind == MIXED else tuple(draws)), tuple(same), tuple(better)


def _worth(study: _Study, end: End, base: Mapping[Cell, Array], pact: Mapping[Cell, Array], size: Array) -> tuple[Worth, ...]:
    """What the pact changes if neither, one or both of the sides use their options at an end."""
    weights = _weights(end)
    only = [{cell: 0.0 for cell in {(i, 0) for i, _ in weights}}, {cell: 0.0 for cell in {(0, j) for _, j in weights}}]
    for (i, j), p in weights.items():
        only[0][i, 0] += p
        only[1][0, j] += p
    rows = [(NEITHER, {(0, 0): 1.0}), (study.players[0].name, only[0]), (study.players[1].name, only[1]), (BOTH, weights)]
    first = paired_differences(base[0, 0], pact[0, 0], axis=0)
    found = []
    for name, cells in rows:
        without, under = _mixed_values(base, cells), _mixed_values(pact, cells)
        difference = paired_differences(without, under, axis=0)
        effects = parts_of(difference, size, seed=study.experiment.seed)
        lost = parts_of(difference - first, size, seed=study.experiment.seed) if name != NEITHER else [None] * len(effects)
        found += [Worth(name, outcome, float(without[:, k].mean()), float(under[:, k].mean()), effects[k], lost[k])
                  for k, outcome in enumerate(study.outcomes)]  # fmt: skip
    return tuple(found)


def _part(name: str, part: Part) -> dict[str, float]:
    return {name: part.value, "low": math.nan if part.low is None else part.low, "high": math.nan if part.high is None else part.high}


def _records(table: pandas.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table for JSON; undefined values are None."""
    rows = table.to_dict("records")
    return [{str(key): None if isinstance(one, float) and not math.isfinite(one) else one for key, one in row.items()} for row in rows]
