"""One run that can be looked into: months one by one, with what happened kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from proxysim.core import books, precompile, records, step, vocabulary
from proxysim.core.schedule import numbers_of
from proxysim.errors import BooksError, RunError
from proxysim.scenario.world.world import World

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

#: A run whose worst relative residual is above this has failed.
TOLERANCE = 1e-9
_HIDDEN = ("opening_funds", "opening_stock", "opening_ring", "opening_parts")
_CARRIED = ("funds", "personnel", "command", "stock", "plant", "knowhow", "tie_control", "tie_share", "belief", "patrol",
            "regime_stability", "revived", "forcing", "measure", "residual", "outlay", "owed")  # fmt: skip


def seed_of(rng: int | np.integer[Any] | np.random.SeedSequence | np.random.Generator) -> int:
    """The 64-bit seed of a study: an int is the seed itself; a SeedSequence or Generator gives one 64-bit seed."""
    if isinstance(rng, np.random.Generator):
        return int(rng.integers(0, 2**64, dtype=np.uint64))
    if isinstance(rng, np.random.SeedSequence):
        return int(rng.generate_state(1, np.uint64)[0])
    if not 0 <= int(rng) < 2**64:
        raise RunError(f"a seed is an integer from 0 to 2**64 - 1, found {rng}")
    return int(rng)


class Course:
    """The records of one run and the month it stands at; `advance` moves it.

    Attributes
    ----------
    arrays, params, state, flows : one row each; `vector` and `base` are the numbers with and without events
    month : the month to come, from 0
    """

    def __init__(
        self, world: World, seed: int, number: int, state: np.recarray[Any, Any] | None = None, month: int = 0
    ) -> None:
        if not 0 <= number < 2**32:
            raise RunError(f"a run is numbered from 0 to 2**32 - 1, found {number}")
        self.world, self.month = world, month
        self.arrays = world.arrays
        self.params = world.params.copy()
        self.vector = self.params.view(np.float64).reshape(-1)
        self.base = self.vector.copy()
        self.flows = records.rows("flows", world.size)
        self.state = records.rows("state", world.size) if state is None else state.copy()
        self._rows = (world.arrays, world.schedule, numbers_of(world.params, world.schedule), self.base[np.newaxis],
                      self.vector[np.newaxis], self.params, self.state, self.flows)  # fmt: skip
        self._none = step.no_records()
        precompile.prepare(world.size)
        if state is None:
            self.state.seed[0], self.state.run[0] = seed, number
            step.begin(*self._rows, 0, 1)
        else:
            step.resume(*self._rows[1:5], 0, 1, month)

    def advance(self, first: int = step.FIRST, last: int = step.LAST) -> None:
        """Stages `first` to `last` of the month to come; the month moves on after the last stage."""
        step.advance(*self._rows, 0, 1, self.month, self.month + 1, first, last, *self._none)
        if last == step.LAST:
            self.month += 1

    def check(self) -> None:
        """Raise `BooksError` when the books have gone out by more than the tolerance."""
        residual = float(self.state.residual[0])
        if residual > TOLERANCE:
            month = self.world.months[int(self.state.residual_month[0])]
            raise BooksError(account_name(self.world, int(self.state.residual_account[0])), month, residual)


def account_name(world: World, code: int) -> str:
    """The account of a residual, in words."""
    kind, place = divmod(code, books.ACCOUNT)
    names = world.names
    if kind == books.MONEY_ACCOUNT:
        return f"money of {names['actor'][place]}"
    if kind == books.MONEY_CLEARING:
        return "money sent and received"
    if kind == books.ARMS_CLEARING:
        return "arms sent and received"
    if kind == books.NOT_A_NUMBER:
        return "an account that is no number"
    rest, origin = divmod(place, len(names["origin"]))
    owner, category = divmod(rest, len(names["category"]))
    axis = "actor" if kind == books.ARMS_ACCOUNT else "tie"
    what = "" if kind == books.ARMS_ACCOUNT else " on the way"
    return f"{names['category'][category]} of {names['origin'][origin]} make{what}: {names[axis][owner]}"


class History:
    """What happened, month by month: arrays trimmed to the true counts, months first."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._rows: dict[str, list[np.ndarray[Any, Any]]] = {}
        counts = {axis: len(world.names[axis]) for axis in vocabulary.COUNTED}
        keep = [f for f in records.FLOWS if f.name not in _HIDDEN] + [f for f in records.STATE if f.name in _CARRIED]
        self._cuts = {f.name: tuple(slice(counts.get(axis)) for axis in f.axes) for f in keep}
        self._from_flows = {f.name for f in records.FLOWS}

    def keep(self, course: Course) -> None:
        """Keep the month that was just completed."""
        for name, cut in self._cuts.items():
            row = course.flows[0] if name in self._from_flows else course.state[0]
            self._rows.setdefault(name, []).append(np.array(row[name][cut] if cut else row[name]))

    def arrays(self) -> dict[str, np.ndarray[Any, Any]]:
        """name -> (month, ...) array."""
        return {name: np.stack(rows) for name, rows in self._rows.items()}


class Run:
    """One run of a world: tables as attributes, `history` as arrays.

    Attributes
    ----------
    world, seed, number : what was run
    history : name -> array with months first, names as in `proxysim.core.records`
    reference : (actor, measure), measures at the start
    final : the state record at the end; a copy of it continues the run
    residual : worst relative residual of the books
    """

    def __init__(self, world: World, course: Course, history: History, reference: np.ndarray[Any, Any]) -> None:
        self.world, self.final = world, course.state
        self.seed, self.number = int(course.state.seed[0]), int(course.state.run[0])
        self.history = history.arrays()
        regimes, events = len(world.names["regime"]), len(world.names["event"])
        fallen = np.array(course.state[0].fallen[:regimes])
        self.history["fallen"] = np.where(world.params[0].stability[:regimes] <= 0.0, vocabulary.FELL_BEFORE, fallen)
        months = np.array(course.state[0].event_month[:events])
        self.history["event_month"] = np.where(
            (months == vocabulary.NEVER) | (months >= len(world.months)) | (months < 0), -1, months
        )
        self.reference = reference
        self.residual = float(course.state.residual[0])

    def table(self, name: str) -> pandas.DataFrame:
        """One of the tidy tables: actors, arsenals, flows, regimes, events, books."""
        from proxysim.runs import tables

        return tables.table(self, name)

    def __getattr__(self, name: str) -> Any:
        if name in ("actors", "arsenals", "flows", "regimes", "events", "books"):
            return self.table(name)
        raise AttributeError(f"Run has no attribute {name!r}")

    @property
    def metadata(self) -> dict[str, Any]:
        """What made this run."""
        from proxysim.core.version import model_version

        return {"world": self.world.hash, "branch": self.world.scenario.branch, "seed": self.seed, "run": self.number,
                "model_version": model_version(), "residual": self.residual}  # fmt: skip

    def to_dataframe(self) -> pandas.DataFrame:
        """The table of actors."""
        return self.table("actors")

    def summary(self) -> str:
        """The run in words."""
        from proxysim.runs import summary

        return summary.summary(self)

    def plot(self, figure: Figure | None = None) -> Figure:
        """The overview figure."""
        from proxysim.figures.run.overview import overview

        return overview(self, figure)

    def __repr__(self) -> str:
        return f"Run({self.world.scenario.file}, branch={self.world.scenario.branch!r}, seed={self.seed}, run={self.number})"


def run(world: World, rng: int | np.random.SeedSequence | np.random.Generator = 0, run: int = 0) -> Run:
    """Run one world once and keep what happened.

    Parameters
    ----------
    world : from `load`
    rng : seed; the same seed and run give the same bits on any machine
    run : number of the run within the study

    Raises
    ------
    BooksError : money or arms do not balance
    """
    course, history = Course(world, seed_of(rng), run), History(world)
    reference = np.array(course.state[0].reference[: len(world.names["actor"])])
    while course.month < len(world.months):
        course.advance()
        history.keep(course)
    course.check()
    return Run(world, course, history, reference)
