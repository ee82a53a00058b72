"""Best answers of two sides to each other, and what a pact is worth once both have answered.

Each side has levers, a purse and an objective. A cell is one option of each. Up to `MOST_CELLS` cells are all run, in the same futures and
with the same random numbers; with more, the sides answer each other in turn. A future is a point of the design, such as a draw of all
uncertain parameters; with a single point it is a run. The cells are branches of ordinary sweeps, so that an interrupted study continues.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from proxysim.errors import Fault, InputError
from proxysim.runs.outcomes import Outcome
from proxysim.scenario.scenario import Scenario
from proxysim.statistics.games import Iteration
from proxysim.statistics.paired import Part
from proxysim.studies.json_values import records_of
from proxysim.studies.respond_fresh import on_fresh_runs
from proxysim.studies.respond_records import PURE, Cell, End, Player, tolerance_of
from proxysim.studies.respond_runs import MOST_CELLS, RUNS_FOLDER, Runner, Study, cost_line, folder_of
from proxysim.studies.respond_search import by_matrix, in_turn
from proxysim.sweeps.execution.options import SweepOptions
from proxysim.sweeps.experiment.experiment import Experiment, load_experiment
from proxysim.sweeps.runner import Progress
from proxysim.sweeps.store.folder import SWEEP, Store, absolute
from proxysim.sweeps.store.provenance import PART_OF
from proxysim.sweeps.store.recovery import Say

if TYPE_CHECKING:
    import pandas

Array = np.ndarray[Any, Any]


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
    folder : folder of the study

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
    folder: Path

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
            column per side: whether its option is a best answer there by its own objective; None where not all cells of the row or
            column were run), equilibrium (whether the cell is a pure equilibrium) and n (futures)

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
        best = [self._best(side) for side in (0, 1)]
        for k, outcome in enumerate(self.outcomes):
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
        tolerance = tolerance_of(self.means[:, self.outcomes.index(player.outcome)])
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
            "paths": [self._named_path(one) for one in self.paths], "equilibria": records_of(self.equilibria()),
            "gains": records_of(self.gains()), "worth": records_of(self.worth()), "cells": records_of(self.to_dataframe()),
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
    study, chosen = Study(loaded), options or SweepOptions()
    runner = Runner(loaded, folder_of(out, loaded), study.columns, chosen, progress, say)
    if say and not runner.is_started:
        say(cost_line(study, chosen))
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
    study = Study(loaded)
    return _assessed(study, Runner(loaded, whole / RUNS_FOLDER, study.columns, None, None, None, shown=str(folder)))


def _assessed(study: Study, runner: Runner) -> Responses:
    """Run what is missing, find the ends, and estimate them on fresh runs."""
    rows, columns = study.shape
    found = by_matrix(study, runner) if rows * columns <= MOST_CELLS else in_turn(study, runner)
    ends, fresh_futures, left_out = on_fresh_runs(study, runner, found)
    return Responses(
        study.experiment, study.scenario, found.players, study.outcomes, found.cells, found.means, tuple(ends), found.verdict,
        found.agreement, found.no_pure, found.paths, found.complete, found.futures, fresh_futures, found.left_out + left_out,
        dict(runner.digests), runner.version, runner.folder.parent,
    )  # fmt: skip


def _part(name: str, part: Part) -> dict[str, float]:
    return {name: part.value, "low": math.nan if part.low is None else part.low, "high": math.nan if part.high is None else part.high}
