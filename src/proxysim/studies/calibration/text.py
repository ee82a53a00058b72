"""A calibration as text."""

from __future__ import annotations

import textwrap
from collections.abc import Hashable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proxysim.formatting import ascii_only, counted, joined, percent, table

if TYPE_CHECKING:
    from proxysim.studies.calibration.calibration import Calibration

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
