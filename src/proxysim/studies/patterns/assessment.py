"""Compare the runs of a world with patterns of the real world, and find which wrong models the comparison rejects."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import numpy as np

from proxysim.core.version import model_version
from proxysim.errors import RunError, check_options
from proxysim.formatting import plain
from proxysim.runs.course import seed_of
from proxysim.runs.series import series_of
from proxysim.runs.threads import Progress
from proxysim.scenario.arguments import names_of
from proxysim.scenario.world.uncertainty import REPLICATES
from proxysim.scenario.world.world import World
from proxysim.studies.json_values import finite_values
from proxysim.studies.patterns.document import DATED, Pattern, PatternsFile
from proxysim.studies.patterns.observation import Observer, resampled
from proxysim.studies.patterns.reader import read_patterns
from proxysim.studies.patterns.statistic import passes, values_of
from proxysim.studies.patterns.wrong_models import WrongModel, WrongModels

if TYPE_CHECKING:
    import pandas

Array = np.ndarray[Any, Any]
#: A wrong model fails a pattern if at most the first share of its runs pass, while at least the second share of the model's do.
RIVAL_SHARE, MODEL_SHARE = 0.01, 0.20
#: Which wrong models can be run.
RIVALS = ("none", "named", "all")
#: Fewest runs, since a wrong model must fail in 99 of 100.
LEAST_RUNS = 100
#: Largest number of worlds that are run at once, and of bytes that their series take.
_AT_ONCE, _MOST_BYTES = 8, 500_000_000
#: Largest size of the series of one world, in bytes.
_LARGEST_BYTES = 4_000_000_000


@dataclass(frozen=True)
class Verdict:
    """How the runs compare with one pattern.

    Attributes
    ----------
    pattern : the pattern
    values : its statistic in every run, shape ``(run,)``; months from the start if it is dated, NaN where it is undefined
    share : share of the runs that lie in the range
    draws : number of runs, or of draws of the parameters if each serves several runs
    rejects : wrong models named in `fails_if` that fail the pattern, where it is evidence; None if none were run
    """

    pattern: Pattern
    values: Array = field(repr=False)
    share: float
    draws: int
    rejects: tuple[str, ...] | None = None

    @property
    def median(self) -> float:
        """The median over the runs in which the statistic is defined; NaN if it is undefined in most of them."""
        return self._quantile(0.5)

    @property
    def interval(self) -> tuple[float, float]:
        """The 5th and 95th percentile over the runs in which the statistic is defined; NaN if it is undefined in most of them."""
        return self._quantile(0.05), self._quantile(0.95)

    @property
    def share_interval(self) -> tuple[float, float]:
        """The 95 % interval of the share (Wilson 1927); runs with the same draw of the parameters count once."""
        from scipy.stats import binomtest

        found = binomtest(round(self.share * self.draws), self.draws).proportion_ci(method="wilson")
        return float(found.low), float(found.high)

    @property
    def met(self) -> bool:
        """Whether the median lies in the range or, for a pattern about a probability, whether enough runs do."""
        if self.pattern.at_least is not None:
            return self.share >= self.pattern.at_least
        return self.pattern.low <= self.median <= self.pattern.high

    @property
    def can_fail(self) -> bool:
        """Whether a wrong model fails the pattern, or the model itself misses it, or no wrong models were run; otherwise it is no evidence."""
        return self.rejects is None or bool(self.rejects) or not self.met or not self.pattern.is_evidence

    def _quantile(self, level: float) -> float:
        known = np.sort(self.values[~np.isnan(self.values)])
        if 2 * len(known) < len(self.values):
            return math.nan
        return float(known[max(0, math.ceil(level * len(known) - 1e-9) - 1)])  # infinite values allow no interpolation


@dataclass(frozen=True)
class Rejection:
    """How one wrong model compares with the patterns.

    Attributes
    ----------
    model : the wrong model
    shares : pattern -> share of its runs that lie in the range; NaN if the statistic is undefined in more than half of them
    failed : patterns that count as evidence and that it fails
    """

    model: WrongModel
    shares: Mapping[str, float]
    failed: tuple[str, ...]


@dataclass(frozen=True)
class Assessment:
    """A world compared with the patterns of a file; `patterns` creates it.

    Attributes
    ----------
    file : the patterns file
    runs, seed : number of runs of the world and of each wrong model, and seed
    uncertain : whether uncertain parameters were resampled
    verdicts : one for each pattern, in the order of the file
    rejections : one for each wrong model, if they were asked for; otherwise None
    """

    file: PatternsFile
    runs: int
    seed: int
    uncertain: bool
    verdicts: tuple[Verdict, ...]
    rejections: tuple[Rejection, ...] | None = None

    @property
    def evidence(self) -> tuple[Verdict, ...]:
        """The verdicts on patterns that count as evidence: of role fit or check, and not refused."""
        return tuple(one for one in self.verdicts if one.pattern.is_evidence and one.can_fail)

    @property
    def met(self) -> int:
        """Number of patterns that count as evidence and are met."""
        return sum(one.met for one in self.evidence)

    @property
    def refused(self) -> tuple[Verdict, ...]:
        """Patterns of role fit or check that are met, and that no wrong model which they name fails: they are no evidence."""
        return tuple(one for one in self.verdicts if not one.can_fail)

    @property
    def ok(self) -> bool:
        """Whether every pattern that counts as evidence is met, and can be failed."""
        return self.met == len(self.evidence) and not self.refused

    @property
    def jointly(self) -> Array:
        """Number of patterns that count as evidence and that each run passes, shape ``(run,)``."""
        passed = [passes(one.pattern, one.values) for one in self.evidence]
        return np.asarray(np.sum(passed, axis=0) if passed else np.zeros(self.runs, np.intp))

    @property
    def metadata(self) -> dict[str, Any]:
        """Facts that identify the comparison.

        Returns
        -------
        dict : world (hash of its content), branch, seed, runs, uncertain, patterns (name of the file), model_version
        """
        scenario = self.file.scenario
        return {"world": scenario.hash, "branch": scenario.branch or "none", "seed": self.seed, "runs": self.runs, "uncertain": self.uncertain,
                "patterns": Path(self.file.file).name, "model_version": model_version()}  # fmt: skip

    def summary(self) -> str:
        """Return the comparison as text."""
        from proxysim.studies.patterns.text import summary

        return summary(self)

    def to_dataframe(self) -> pandas.DataFrame:
        """Return the comparison as a table.

        Returns
        -------
        DataFrame : one row per pattern: pattern, about, role, statistic, low, high, median, q05 and q95 over the runs, share of
            the runs in the range with its 95 % interval, met, published, source, rejects and because. Dated values are months from
            the start
        """
        import pandas as pd

        rows = []
        for one in self.verdicts:
            q05, q95 = one.interval
            p = one.pattern
            rows.append({"pattern": p.id, "about": p.about, "role": p.role, "statistic": p.statistic, "low": p.low, "high": p.high,
                         "median": one.median, "q05": q05, "q95": q95, "share": one.share, "share_low": one.share_interval[0],
                         "share_high": one.share_interval[1], "met": one.met, "published": p.published, "source": ", ".join(p.source),
                         "rejects": ", ".join(one.rejects or ()), "because": p.because})  # fmt: skip
        return pd.DataFrame(rows)

    def rivals_table(self) -> pandas.DataFrame:
        """Return the share of the runs of each wrong model that pass each pattern.

        Returns
        -------
        DataFrame : one row per wrong model: model, about, kind, the number of patterns failed, and one column per pattern. A
            model that does not differ from the world has no shares

        Raises
        ------
        RunError : the wrong models were not asked for
        """
        import pandas as pd

        if self.rejections is None:
            raise RunError('the wrong models were not run; ask for them with rivals="all"')
        return pd.DataFrame([
            {"model": one.model.name, "about": one.model.about, "kind": one.model.kind, "failed": len(one.failed), **one.shares}
            for one in self.rejections
        ])  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """Return the comparison as one JSON object."""
        scenario = self.file.scenario
        found: dict[str, Any] = {
            "file": self.file.file, "world": scenario.file, "branch": scenario.branch or "none", "sets": list(self.file.sets), "hash": scenario.hash,
            "model_version": model_version(), "runs": self.runs, "seed": self.seed, "uncertain": self.uncertain,
            "patterns": [self._entry(one) for one in self.verdicts],
            "left_out": [{"pattern": one.id, "about": one.about, "because": one.because} for one in self.file.left_out],
            "evidence": len(self.evidence), "met": self.met, "refused": [one.pattern.id for one in self.refused], "ok": self.ok,
        }  # fmt: skip
        if self.rejections is not None:
            found["rivals"] = [
                {"model": one.model.name, "about": one.model.about, "kind": one.model.kind, "differs": one.model.world is not None,
                 "failed": list(one.failed), "shares": finite_values(one.shares)}
                for one in self.rejections
            ]  # fmt: skip
        return found

    def _entry(self, one: Verdict) -> dict[str, Any]:
        p, (q05, q95), (low, high) = one.pattern, one.interval, one.share_interval
        said = [self._said(p, value) for value in (p.low, p.high, one.median, q05, q95)]
        rejects = None if one.rejects is None else list(one.rejects)
        return {"pattern": p.id, "about": p.about, "role": p.role, "statistic": p.statistic, "low": said[0], "high": said[1], "median": said[2],
                "q05": said[3], "q95": said[4], "share": one.share, "share_low": low, "share_high": high, "met": one.met, "rejects": rejects,
                "published": p.published, "source": list(p.source), "because": p.because or None}  # fmt: skip

    def _said(self, pattern: Pattern, value: float) -> float | str | None:
        """Return a value for JSON: a month if it is dated, None if it is infinite or undefined."""
        if not math.isfinite(value):
            return None
        return self.file.scenario.month_name(round(value)) if pattern.statistic in DATED else value


class PatternsOptions(TypedDict, total=False):
    """Options of `patterns`.

    Attributes
    ----------
    uncertain : whether uncertain parameters, and what sources see, are resampled once per two runs; False
    rivals : "named", the wrong models that the patterns name; "all" or "none"
    sets : a change ``PATH=VALUE`` of the world, or a list of them; none
    policies : "file", "off", "on", or ids of the only policies that are on; "file"
    threads : number of threads; None for one per available CPU
    progress : called with the runs done and the runs to do; None
    """

    uncertain: bool
    rivals: str
    sets: str | Sequence[str]
    policies: str | Sequence[str]
    threads: int | None
    progress: Progress | None


def patterns(
    file: str | os.PathLike[str] | PatternsFile, runs: int = 200, rng: int | np.random.SeedSequence | np.random.Generator = 0,
    **options: Unpack[PatternsOptions],
) -> Assessment:  # fmt: skip
    """Compare the runs of a world with patterns of the real world.

    Every pattern that counts as evidence names wrong models that it should reject. These are run too: a pattern that none of
    them fails is no evidence.

    Parameters
    ----------
    file : path of a file of kind "patterns", or the name of a shipped world that has one
    runs : number of runs of the world and of each wrong model, at least 100
    rng : seed; the same seed gives the same bits on any machine
    options : keyword options, listed below

    Other Parameters
    ----------------
    uncertain : whether uncertain parameters, and what sources see, are resampled once per two runs; default False
    rivals : which wrong models are run: "named", the default, those that the patterns name; "all", also every rule off, every variant, every policy
        off, the headline parameters at both ends of their ranges, and those of the file; or "none"
    sets : a change ``PATH=VALUE`` of the world, or a list of them: does a change of the world agree with what is known?
    policies : "file" for the policies that the world has on, "off", "on", or ids of the only ones that are on
    threads : number of threads; None, the default, for one per available CPU. It does not affect results
    progress : called with the runs done and the runs to do; None

    Returns
    -------
    Assessment : a verdict on each pattern and, with all wrong models, how each of them compares with the patterns

    Raises
    ------
    InputError : the file or its world cannot be used
    RunError : fewer than 100 runs, a seed out of range, or another word for `rivals`
    BooksError : money or arms do not balance in a run
    TypeError : an unknown option

    Examples
    --------
    >>> from pathlib import Path
    >>> import proxysim as ps
    >>> text = '''
    ... kind  = "patterns"
    ... world = "quickstart"
    ... [sources]
    ... NEWS = "A report of 2023"
    ... [observations.arms]
    ... of = "received_arms.reds"
    ... [patterns.arms-in-2022]
    ... about     = "Arms that reach the reds, USD m a month"
    ... observe   = "arms"
    ... statistic = "mean"
    ... window    = ["2022-01", "2022-12"]
    ... low       = 3
    ... high      = 4
    ... published = "3 to 4"
    ... source    = "NEWS"
    ... role      = "check"
    ... fails_if  = ["no-support"]
    ... '''
    >>> _ = Path("quickstart.patterns.toml").write_text(text, encoding="utf-8")
    >>> found = ps.patterns("quickstart.patterns.toml", runs=100)
    >>> found.met, found.ok, found.verdicts[0].rejects
    (1, True, ('no-support',))
    >>> found.to_dataframe()[["pattern", "low", "high", "median", "met"]].round(2)
            pattern  low  high  median   met
    0  arms-in-2022  3.0   4.0    3.68  True
    """
    check_options("patterns", options, PatternsOptions)
    uncertain, rivals = options.get("uncertain", False), options.get("rivals", "named")
    read = file if isinstance(file, PatternsFile) else read_patterns(file)
    read = read.changed(names_of(options.get("sets", ()), "sets"), options.get("policies", "file"))
    if runs < LEAST_RUNS:
        raise RunError(f"a comparison needs at least {LEAST_RUNS} runs, since a wrong model must fail in 99 of 100; found {runs}")
    if rivals not in RIVALS:
        raise RunError(f"rivals is {rivals!r:.60}; allowed are {', '.join(RIVALS)}")
    seed, wrong = seed_of(rng), WrongModels(read)
    named, tried = wrong.named() if rivals != "none" else {}, wrong.all() if rivals == "all" else ()
    every = {one.name: one for one in (*named.values(), *tried)}
    bench = Bench(read, wrong.model, seed, runs, uncertain, options.get("threads"))
    values = bench.values({MODEL: wrong.model, **{name: one.world for name, one in every.items() if one.world is not None}},
                          options.get("progress"))  # fmt: skip
    own = values.pop(MODEL)
    shares = {name: bench.shares(found) for name, found in values.items()}
    of_model = bench.shares(own)

    def failed(name: str, pattern: Pattern) -> bool:
        share = shares.get(name)
        return share is not None and share[pattern.id] <= RIVAL_SHARE and of_model[pattern.id] >= MODEL_SHARE

    def rejects(pattern: Pattern) -> tuple[str, ...] | None:
        if rivals == "none":
            return None
        return tuple(text for text in pattern.fails_if if pattern.is_evidence and failed(named[text].name, pattern))

    verdicts = tuple(bench.verdict(one, own[one.id], rejects(one)) for one in read.patterns)
    rejections = tuple(Rejection(one, shares.get(one.name, {}), tuple(p.id for p in read.evidence if failed(one.name, p))) for one in tried)
    return Assessment(read, runs, seed, uncertain, verdicts, rejections if rivals == "all" else None)


#: Name of the world itself next to its wrong models.
MODEL = "the model"


class Bench:
    """Runs worlds, and computes the patterns in every run.

    Parameters
    ----------
    file : the patterns file
    model : its world, whose ids and months all other worlds have
    seed, runs, uncertain, threads : as in `patterns`
    """

    def __init__(self, file: PatternsFile, model: World, seed: int, runs: int, uncertain: bool, threads: int | None) -> None:
        self.file, self.seed, self.runs, self.uncertain, self._threads = file, seed, runs, uncertain, threads
        self._start = model.scenario.start
        self._observer = Observer(file.observations, self._start, seed, resampled(seed, model.scenario.posterior) if uncertain else None)

    def values(self, worlds: Mapping[str, World], progress: Progress | None = None) -> dict[str, dict[str, Array]]:
        """Return the statistic of each pattern in every run of some worlds: world -> pattern -> values, shape ``(run,)``."""
        found: dict[str, dict[str, Array]] = {}
        names, total = list(worlds), self.runs * len(worlds)
        one_world = 8 * self.runs * len(next(iter(worlds.values())).months) * len(self._observer.requests)
        if one_world > _LARGEST_BYTES:
            need, most = plain(one_world / 1e9), plain(_LARGEST_BYTES / 1e9)
            raise RunError(f"{self.runs:,} runs need {need} GB for the series of one world; at most {most} GB are kept")
        at_once = max(1, min(_AT_ONCE, _MOST_BYTES // max(1, one_world)))
        for at in range(0, len(names), at_once):
            part = names[at : at + at_once]
            before = at * self.runs

            def told(done: int, _: int, before: int = before) -> None:
                if progress is not None and (before == 0 or done > 0):
                    progress(before + done, total)

            series = series_of({name: worlds[name] for name in part}, self._observer.requests, self.runs, self.seed, uncertain=self.uncertain,
                               threads=self._threads, progress=told)  # fmt: skip
            for name, one in zip(part, series, strict=True):
                observed = self._observer.observed(one, np.arange(self.runs))
                found[name] = {p.id: values_of(p, observed, self.file.observations, self._start) for p in self.file.patterns}
        return found

    def shares(self, values: Mapping[str, Array]) -> dict[str, float]:
        """Return the share of the runs that lie in the range of each pattern; NaN if it is undefined in more than half of them."""
        found = {}
        for one in self.file.patterns:
            undefined = 2 * np.isnan(values[one.id]).sum() > self.runs
            found[one.id] = math.nan if undefined else float(passes(one, values[one.id]).mean())
        return found

    def verdict(self, pattern: Pattern, values: Array, rejects: tuple[str, ...] | None = None) -> Verdict:
        """Return the verdict on a pattern from its values in every run."""
        draws = -(-self.runs // REPLICATES) if self.uncertain else self.runs
        return Verdict(pattern, values, float(passes(pattern, values).mean()), draws, rejects)
