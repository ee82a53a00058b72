"""A single run with its monthly history."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from proxysim.core import vocabulary
from proxysim.runs.course import Course, seed_of
from proxysim.runs.draws import with_draw
from proxysim.runs.history import History
from proxysim.scenario.world.world import World, world_of

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure


class Run:
    """One run of a world with its full monthly history; `run` creates it.

    Seven tidy tables are attributes: ``actors``, ``arsenals``, ``flows``, ``regimes``, ``events``, ``counts`` and ``books``.

    Parameters
    ----------
    world : the world that was run
    course : records of the finished run
    history : monthly records of the run
    reference : measures at the start, shape ``(actor, measure)``
    draw : values of uncertain parameters that replaced those of the world, by path

    Attributes
    ----------
    world : the world that was run
    seed : seed of the study, 64 bits
    number : number of the run within the study
    history : name -> array with the month as first axis, such as ``"stock"`` with shape ``(month, actor, category,
        origin)``; names, axes and units are those of `proxysim.core.records`. Two arrays have no month axis:
        ``"fallen"``, the month in which each regime fell (-1 if it stands, -2 if it had fallen before the start), and
        ``"event_month"``, the month in which each event first took effect (-1 for never)
    reference : measures at the start, shape ``(actor, measure)``, in the units of `proxysim.core.vocabulary.MEASURES`
    final : state record at the end of the last month; a copy of it can continue the run
    residual : largest relative residual of the books, dimensionless
    draw : values of uncertain parameters that replaced those of the world, by path, in internal units; empty if none did

    Examples
    --------
    >>> import proxysim as ps
    >>> result = ps.run("quickstart", rng=1)
    >>> result.seed, result.number, len(result.world.months)
    (1, 0, 60)
    >>> result.history["stock"].shape  # (month, actor, category, origin)
    (60, 5, 2, 3)
    >>> round(float(result.flows["arrived"].sum()), 1)  # USD m of arms
    624.7
    """

    def __init__(
        self, world: World, course: Course, history: History, reference: np.ndarray[Any, Any],
        draw: Mapping[str, float] | None = None,
    ) -> None:  # fmt: skip
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
        self.draw = dict(draw or {})

    @property
    def actors(self) -> pandas.DataFrame:
        """Measures of every actor, month by month.

        Returns
        -------
        DataFrame : month, actor, kind and one column per measure; units as in `proxysim.core.vocabulary.MEASURES`

        Examples
        --------
        >>> import proxysim as ps
        >>> ps.run("quickstart", rng=1).actors[["month", "actor", "kind", "capacity"]].round(2).head(2)
             month   actor   kind  capacity
        0  2020-01   blues  proxy     99.76
        1  2020-01  greens  proxy     99.76
        """
        return self.table("actors")

    @property
    def arsenals(self) -> pandas.DataFrame:
        """Arms that every actor holds at the end of each month.

        Returns
        -------
        DataFrame : month, actor, category, origin, stock (USD m of arms)

        Examples
        --------
        >>> import proxysim as ps
        >>> stock = ps.run("quickstart", rng=1).arsenals
        >>> stock[stock["month"] == "2024-12"].groupby("actor")["stock"].sum().round(1)
        actor
        blues      175.3
        greens     186.1
        north     1132.6
        reds       200.6
        south     8143.1
        Name: stock, dtype: float64
        """
        return self.table("arsenals")

    @property
    def flows(self) -> pandas.DataFrame:
        """Arms sent over every route, by month of sending.

        Returns
        -------
        DataFrame : month, from, to, category, origin, route, kind; sent, lost, captured, arrived (USD m of arms);
            arrives, the month of arrival

        Examples
        --------
        >>> import proxysim as ps
        >>> flows = ps.run("quickstart", rng=1).flows
        >>> flows.groupby(["from", "to"])[["sent", "arrived"]].sum().round(1)
                       sent  arrived
        from  to
        north greens  129.8    121.7
              reds    245.2    226.5
        south blues   151.8    136.4
              north   140.1    140.1
        """
        return self.table("flows")

    @property
    def regimes(self) -> pandas.DataFrame:
        """Stability of every regime, month by month.

        Returns
        -------
        DataFrame : month, regime, stability, forcing, support, pressure (all dimensionless; pressure includes that of
            challengers), fallen (bool)

        Examples
        --------
        >>> import proxysim as ps
        >>> len(ps.run("quickstart", rng=1).regimes)  # this world has no regime
        0
        """
        return self.table("regimes")

    @property
    def events(self) -> pandas.DataFrame:
        """Pacts, events, falls of regimes, and support that ends and begins, in order of time.

        Returns
        -------
        DataFrame : month, event (id of a pact, event, regime or tie), what. A tie is listed if support over it is off
            in the first month ("support off"), ends ("support ends") or begins ("support begins")

        Examples
        --------
        >>> import proxysim as ps
        >>> ps.run("quickstart", rng=1).events
             month    event          what
        0  2020-10   treaty        signed
        1  2021-01   treaty      in force
        2  2022-06  embargo  first effect
        """
        return self.table("events")

    @property
    def counts(self) -> pandas.DataFrame:
        """Events that are counted, month by month: consignments stopped on each leg, and strikes on each actor.

        Returns
        -------
        DataFrame : month, what ("consignments stopped" or "strikes"), where (a leg or an actor), count; legs and actors
            without any event in the run are left out. Without random variation (``scenario.noise`` is 0), the number of
            strikes is its mean

        Examples
        --------
        >>> import proxysim as ps
        >>> counts = ps.run("quickstart", rng=1).counts
        >>> counts.groupby(["what", "where"])["count"].sum()
        what                  where
        consignments stopped  north-coast    34.0
                              north-hills     8.0
        Name: count, dtype: float64
        """
        return self.table("counts")

    @property
    def books(self) -> pandas.DataFrame:
        """Double-entry books of money and arms.

        Returns
        -------
        DataFrame : month, account, commodity, origin, line, amount (USD m, or USD m of arms); inflows are positive and
            outflows negative

        Examples
        --------
        >>> import proxysim as ps
        >>> books = ps.run("quickstart", rng=1).books
        >>> books[(books["account"] == "blues") & (books["commodity"] == "money")].groupby("line")["amount"].sum().round(1)
        line
        diverted     -7.2
        income      118.8
        received    151.6
        upkeep     -256.4
        Name: amount, dtype: float64
        """
        return self.table("books")

    def table(self, name: str) -> pandas.DataFrame:
        """Return one of the tidy tables of the run.

        Parameters
        ----------
        name : ``"actors"``, ``"arsenals"``, ``"flows"``, ``"regimes"``, ``"events"``, ``"counts"`` or ``"books"``

        Returns
        -------
        DataFrame : the columns are those of the attribute of the same name. Money is in USD m (constant 2024), arms in
            USD m at base production value of 2024, months are text such as "2024-03"

        Raises
        ------
        KeyError : another name

        Examples
        --------
        >>> import proxysim as ps
        >>> result = ps.run("quickstart", rng=1)
        >>> result.table("flows").groupby("origin")["arrived"].sum().round(1)  # USD m of arms
        origin
        north    329.3
        south    295.3
        Name: arrived, dtype: float64
        """
        from proxysim.runs import tables

        return tables.table(self, name)

    @property
    def metadata(self) -> dict[str, Any]:
        """Facts that identify the run.

        Returns
        -------
        dict : world (hash of its content), branch, seed, run, model_version, residual (relative, of the books); and
            draw, if the run has one (values that replaced those of the world, by path)

        Examples
        --------
        >>> import proxysim as ps
        >>> facts = ps.run("quickstart", rng=1).metadata
        >>> facts["seed"], facts["run"], facts["residual"] < 1e-9
        (1, 0, True)
        """
        from proxysim.core.version import model_version

        return {"world": self.world.hash, "branch": self.world.scenario.branch, "seed": self.seed, "run": self.number,
                "model_version": model_version(), "residual": self.residual, **({"draw": dict(self.draw)} if self.draw else {})}  # fmt: skip

    def to_dataframe(self) -> pandas.DataFrame:
        """Return the table ``actors``.

        Returns
        -------
        DataFrame : month, actor, kind and one column per measure; units as in `proxysim.core.vocabulary.MEASURES`

        Examples
        --------
        >>> import proxysim as ps
        >>> ps.run("quickstart", rng=1).to_dataframe().groupby("actor")["received_arms"].mean().round(2)  # USD m per month
        actor
        blues     2.25
        greens    2.00
        north     2.33
        reds      3.72
        south     0.00
        Name: received_arms, dtype: float64
        """
        return self.table("actors")

    def summary(self) -> str:
        """Summarise the run as text for a terminal.

        Returns
        -------
        str : about 25 lines: support from pledge to arrival, the proxies at the end, regimes, events and the books

        Examples
        --------
        >>> import proxysim as ps
        >>> print(ps.run("quickstart", rng=1).summary())
        Two patrons sign a pact. Do their three proxies end up with more arms?
        ...
        """
        from proxysim.runs import summary

        return summary.summary(self)

    def plot(self, figure: Figure | None = None) -> Figure:
        """Draw an overview of the run: events, capacity, arms by origin, regimes and ties.

        Parameters
        ----------
        figure : an empty figure to draw on; None makes a new one

        Returns
        -------
        Figure : the figure that was drawn on

        Examples
        --------
        >>> import proxysim as ps
        >>> ps.run("quickstart", rng=1).plot().savefig("overview.png")
        """
        from proxysim.figures.run.overview import overview

        return overview(self, figure)

    def __repr__(self) -> str:
        return f"Run({self.world.scenario.file}, branch={self.world.scenario.branch!r}, seed={self.seed}, run={self.number})"


def run(
    world: World | str | os.PathLike[str],
    rng: int | np.random.SeedSequence | np.random.Generator = 0,
    run: int = 0,
    draw: pandas.Series | Mapping[str, float] | None = None,
) -> Run:
    """Run a world once and keep its monthly history.

    Parameters
    ----------
    world : a `World`, the path of a world file, or the name of a shipped world
    rng : seed; the same seed and run number give the same bits on any machine
    run : number of the run within the study, from 0
    draw : values of uncertain parameters that replace those of the world: a row of `draws`, or a mapping from paths to
        values in internal units (a multiplier for a dated number). Parameters that are not named keep their value

    Returns
    -------
    Run : tables, arrays, a text summary and an overview figure

    Raises
    ------
    InputError : the world file cannot be used, or `draw` has an unknown path or a value out of bounds
    RunError : a seed or a run number out of range
    BooksError : money or arms do not balance

    Examples
    --------
    >>> import proxysim as ps
    >>> result = ps.run("quickstart", rng=1)
    >>> arms = result.actors.groupby("actor")["received_arms"].sum()
    >>> round(float(arms["reds"]), 1)  # USD m over the five years
    223.1

    Run 6 of an ensemble that resamples uncertain parameters uses draw 3:

    >>> table = ps.draws("quickstart", 4, rng=1)
    >>> single = ps.run("quickstart", rng=1, run=6, draw=table.loc[3])
    >>> study = ps.ensemble("quickstart", runs=8, rng=1, uncertain=True)
    >>> float(single.history["measure"][-1, 0, 0]) == float(study.of("capacity_end", "blues")[0, 6])
    True
    """
    world, values = (world_of(world), {}) if draw is None else with_draw(world_of(world), draw)
    return recorded(Course(world, seed_of(rng), run), values)


def recorded(course: Course, draw: Mapping[str, float] | None = None, names: Collection[str] | None = None) -> Run:
    """Run all remaining months of a new course and keep its monthly history.

    Parameters
    ----------
    course : the run, before its first month
    draw : values of uncertain parameters that replaced those of the world, by path, in internal units
    names : names of the records to keep; None for all. A table that needs others cannot be made then

    Raises
    ------
    BooksError : money or arms do not balance
    """
    world, history = course.world, History(course.world, names)
    reference = np.array(course.state[0].reference[: len(world.names["actor"])])
    while course.month < len(world.months):
        course.advance()
        history.keep(course)
    course.check()
    return Run(world, course, history, reference, draw)
