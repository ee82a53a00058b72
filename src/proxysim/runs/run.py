"""One run that can be looked into: months one by one, with what happened kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from proxysim.core import vocabulary
from proxysim.runs.course import Course, seed_of
from proxysim.runs.history import History
from proxysim.scenario.world.world import World

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure


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
