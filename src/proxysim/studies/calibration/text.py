"""A calibration as text."""

from __future__ import annotations

import textwrap
from collections.abc import Hashable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proxysim.formatting import ascii_only, counted, joined, percent, plain, table

if TYPE_CHECKING:
    from proxysim.studies.calibration.calibration import Calibration
    from proxysim.studies.calibration.checks import LeaveOneOut, Recovery

_WIDTH = 118
#: Parameters that are listed.
_MOST = 12


def summary(found: Calibration) -> str:
    """Return the result: whether it is a posterior, the patterns, and the parameters that moved."""
    lines = [*_wrapped(_headline(found)), ""]
    rows = found.to_dataframe()
    shown = rows[rows["fitted"] | (rows["role"] == "check")]
    lines += table(("pattern", "role", "prior", "posterior", "again", "R-hat"), [_row(one) for one in shown.to_dict("records")], left=(0, 1))
    lines += ["", *_wrapped(
        "Share of the draws of the prior, and of the particles, that lie in the range of each pattern. A particle is kept with the run in which "
        "it was found; `again` is a further run with other random numbers. Patterns of role check were not fitted.")]  # fmt: skip
    lines += ["", *_moved(found)]
    return ascii_only("\n".join(lines))


def _headline(found: Calibration) -> str:
    name, patterns = Path(found.file.scenario.file).stem, counted(len(found.plan.fitted), "pattern")
    words = (f"{name}: {found.particles.size:,} particles of {len(found.chains)} chains, from {found.runs:,} runs. {percent(found.passing)} of "
             f"them pass all {patterns} of role fit ({percent(found.passing_again)} in a further run), and {percent(found.prior_all)} of the draws "
             f"of the prior. They descend from {counted(found.ancestors, 'draw')} of the prior; the largest R-hat is "
             f"{found.largest_rhat:.3f}.")  # fmt: skip
    if found.is_posterior:
        return words
    return f"{words} This is no posterior: {'; '.join(found.shortcomings)}."


def _row(one: dict[Hashable, Any]) -> tuple[str, ...]:
    shares = (percent(one[name]) for name in ("prior", "posterior", "again"))
    return (one["pattern"], one["role"], *shares, f"{one['rhat']:.3f}")


def _moved(found: Calibration) -> list[str]:
    rows = found.parameters()
    moved = rows[rows["moved"]]
    if not len(moved):
        return _wrapped(f"None of {len(rows)} parameters moved: the patterns do not inform them.")
    few = moved.head(_MOST)
    lines = _wrapped(f"{len(moved)} of {len(rows)} parameters moved (at a false discovery rate of 5 %); median and 5 to 95 % in internal units:")
    lines += table(("parameter", "grade", "prior", "posterior", "narrower by"), [
        (one["parameter"], one["grade"], _spread(one, "prior_"), _spread(one, ""), percent(one["shrinkage"])) for one in few.to_dict("records")
    ], left=(0, 1))  # fmt: skip
    return lines + (_wrapped(f"and {joined(list(moved['parameter'][_MOST:]), 40)}.") if len(moved) > _MOST else [])


def _spread(one: dict[Hashable, Any], of: str) -> str:
    return f"{one[f'{of}q50']:.3g} ({one[f'{of}q05']:.3g} to {one[f'{of}q95']:.3g})"


def _wrapped(words: str) -> list[str]:
    return textwrap.wrap(words, _WIDTH, break_long_words=False, break_on_hyphens=False)


#: Change of the width of an interval below which it is said to be as wide as before: the error of such a width over 200 draws.
_NOTICED = 0.1


def informed_words(informed: bool, shrinkage: float) -> str:
    """Return what calibration does to an effect: "not informed", "informed, 34 % narrower", or "informed, shifted" if the width is much the same.

    Parameters
    ----------
    informed : whether it informs it
    shrinkage : 1 minus the ratio of the widths of the intervals after and before
    """
    if not informed:
        return "not informed"
    if abs(shrinkage) < _NOTICED:
        return "informed, shifted"
    return f"informed, {percent(abs(shrinkage))} {'narrower' if shrinkage > 0.0 else 'wider'}"


def recovery_summary(found: Recovery) -> str:
    """Return whether calibration can be trusted, in a sentence and a table by parameter."""
    rows = found.to_dataframe()
    low, high = rows["coverage"].min(), rows["coverage"].max()
    verdict = "ranks and coverage are those of a calibrated method" if found.calibrated else "NOT calibrated: ranks or coverage are rejected"
    teeth = "would be rejected" if found.has_teeth else "would NOT be rejected, so the test has no teeth: raise --fits"
    words = (f"{Path(found.file.scenario.file).stem}: {found.fits} truths, {found.runs:,} runs. The 90 % intervals cover the truth in "
             f"{percent(low)} to {percent(high)} of the calibrations; {verdict} (at 1 % over all parameters, Holm). Intervals narrowed to "
             f"80 % {teeth}. "
             f"{percent(float(found.reached.mean()))} of the calibrations agree with all of their data, "
             f"{percent(float(found.direct.mean()))} without a move.")  # fmt: skip
    lines = [*_wrapped(words), ""]
    lines += table(("parameter", "coverage", "chance", "narrowed", "rank chance", "recovery", "narrower by"), [
        (one["parameter"], f"{100 * one['coverage']:.1f} %", f"{one['chance']:.3f}", f"{100 * one['narrowed']:.1f} %", f"{one['rank_chance']:.3f}",
         f"{one['recovery']:.2f}", percent(one["shrinkage"])) for one in rows.to_dict("records")
    ])  # fmt: skip
    lines += ["", *_wrapped(
        "Coverage of the 90 % intervals with the chance of one as far off; coverage of intervals narrowed to 80 %; chance of ranks as far from "
        "uniform; correlation of posterior median and truth; how much narrower the intervals are than those of the prior.")]  # fmt: skip
    return ascii_only("\n".join(lines))


def left_out_summary(found: LeaveOneOut) -> str:
    """Return how well each pattern is predicted from the others, in a sentence and a table."""
    rows = found.to_dataframe()
    better = int((rows["predicted"] > rows["prior"]).sum())
    words = (f"{Path(found.file.scenario.file).stem}: each of {len(rows)} fitted patterns predicted by a calibration to the others, "
             f"{found.runs:,} runs. {better} are in range more often than before calibration.")  # fmt: skip
    lines = [*_wrapped(words), ""]
    lines += table(("pattern", "prior", "from the others", "fitted", "median (5 % to 95 %)"), [
        (one["pattern"], percent(one["prior"]), percent(one["predicted"]), percent(one["fitted"]),
         f"{plain(one['q50'])} ({plain(one['q05'])} to {plain(one['q95'])})") for one in rows.to_dict("records")
    ])  # fmt: skip
    lines += ["", *_wrapped("Share of the runs in the range of each pattern: with parameters drawn from their ranges, after calibration to the other "
                            "patterns, and to all; in runs with other random numbers.")]  # fmt: skip
    return ascii_only("\n".join(lines))
