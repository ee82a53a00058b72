"""What a study of best answers runs: the branches of its cells, as parts that are sweeps of their own, and what they cost."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from proxysim.errors import Fault, InputError, RunError, StorageError, did_you_mean
from proxysim.runs.outcomes import Outcome
from proxysim.scenario.resolve.loader import ancestors_of
from proxysim.scenario.world.world import build
from proxysim.statistics.intervals import mean_there
from proxysim.studies.kept import kept_outcomes
from proxysim.studies.naming import outcome_named
from proxysim.studies.respond_records import NONE, Cell, Option, Player
from proxysim.sweeps.estimate import cost_of, duration_words
from proxysim.sweeps.execution.options import SweepOptions
from proxysim.sweeps.experiment.design import design_of
from proxysim.sweeps.experiment.experiment import MOST_SEED, Experiment
from proxysim.sweeps.experiment.sides import Side, cell_branch, choices_of, cost_of_choice, lever_costs, without_pact
from proxysim.sweeps.inputs import Variation
from proxysim.sweeps.results import MARK
from proxysim.sweeps.results import open as open_sweep
from proxysim.sweeps.runner import Progress, resume, stored_status, sweep_of
from proxysim.sweeps.store.folder import SWEEP, Store, absolute
from proxysim.sweeps.store.provenance import PART_OF
from proxysim.sweeps.store.recovery import Say

Array = np.ndarray[Any, Any]
#: Folder of the parts within that of a study.
RUNS_FOLDER = "runs"
#: Most cells of which all are run, and cells of one part, so that a worker keeps their worlds.
MOST_CELLS, CELLS_TOGETHER = 1024, 250


class Study:
    """What a study compares, before any run."""

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment
        self.scenario = experiment.scenario(experiment.branches[1])
        self.world = build(self.scenario)
        self.outcomes = kept_outcomes(experiment, self.world)
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


class Runner:
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


def folder_of(out: str | Path, experiment: Experiment) -> Path:
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


def cost_line(study: Study, options: SweepOptions) -> str:
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
    fresh = rows + columns + 6  # the row and the column of one equilibrium, and the baseline
    return (f"{names[0]} x {names[1]} = {cells:,} cells x {size} = {(cells + 1) * each:,} runs with the baseline, about {lasts(cells + 1)}; then "
            f"{fresh * each:,} fresh runs for each equilibrium, about {lasts(fresh)}")  # fmt: skip


def fresh_seed(seed: int) -> int:
    """Return the seed of the fresh runs of a study, which shares no random numbers with its first runs.

    Examples
    --------
    >>> fresh_seed(1) == fresh_seed(1), fresh_seed(1) == fresh_seed(2)
    (True, False)
    """
    return int.from_bytes(hashlib.blake2b(f"fresh runs of {seed}".encode(), digest_size=8).digest(), "big") % MOST_SEED


def whole_futures(values: Array, what: str) -> tuple[Array, int]:
    """Return values of the futures that succeeded, and the number of those that are left out."""
    whole = ~np.isnan(values).any(axis=(1, 2))
    if not whole.any():
        raise RunError(f"in every future a run failed; see failures.parquet in {what}")
    return values[whole], int((~whole).sum())
