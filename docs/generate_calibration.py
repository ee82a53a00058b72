"""Write docs/calibration.md: the calibration of the world `levant`, whether it can be trusted, and what it says of the answers.

Run ``python docs/generate_calibration.py [--out DIR]``; it takes about an hour and a half on two cores, and the same command
continues what is in DIR. It also writes the posterior that comes with the package, scenarios/levant.posterior.toml and .parquet.
Every figure of the page comes from these runs. Results do not depend on the machine.
"""
# ruff: noqa: E501 - paragraphs of a page

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import proxysim as ps
from proxysim.core.version import model_version
from proxysim.formatting import percent, plain
from proxysim.runs.files import write_whole
from proxysim.scenario.world.posterior import read_posterior
from proxysim.studies.calibration.writing import write_posterior

DOCS = Path(__file__).parent
PAGE, SCENARIOS = DOCS / "calibration.md", DOCS.parent / "scenarios"
WIDTH = 180
NAME = "levant"
SEED, KEPT = 0, 500
#: Parameters that some pattern moves, for simulation-based calibration.
REDUCED = ("use-rate", "proxies.houthis.personnel", "fronts.lebanon.strike_factor", "proxies.houthis.pool", "proxies.houthis.recruit_growth",
           "fronts.lebanon.strikes.hezbollah", "states.russia.demand.small-arms", "consignment-sea", "proxies.houthis.recruit_rate",
           "fronts.ukraine.engagement.russia")  # fmt: skip
FITS, TABLE, PARTICLES = 500, 500_000, 40
LEFT_OUT = {"table": 40_000, "particles": 100}
#: Worlds whose answers are compared before and after: branch, baseline.
ANSWERS = {"levant": ("strengthened-pact", "no-pact"), "levant-2025": ("strengthened-pact", "no-pact")}
PAIRS = 1000
MEASURES = [f"{measure}.*" for measure in ("received_arms", "made", "stock", "received_money")]
MEASURES += [f"{measure}.{actor}" for actor in ("hezbollah", "houthis") for measure in ("received_arms", "fighting_end", "capacity_end")]


def say(text: str) -> None:
    """A line for people who wait."""
    print(text, file=sys.stderr)


def stored(file: Path, key: dict[str, Any], make: Callable[[], Any]) -> Any:
    """A result that was stored with the same key, or a new one, which is stored."""
    if file.exists():
        found = json.loads(file.read_text(encoding="utf-8"))
        if found["key"] == key:
            return found["result"]
    result = make().to_json()
    write_whole(file, json.dumps({"key": key, "result": result}))
    return result


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Format a Markdown table."""
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    return "\n".join(lines + [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]) + "\n"


def wrapped(words: str) -> str:
    """Break a paragraph into lines."""
    lines, line = [], ""
    for word in words.split():
        if line and len(line) + 1 + len(word) > WIDTH:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return "\n".join([*lines, line]) + "\n"


def calibration_part(found: ps.Calibration) -> str:
    """How the particles were found, and the patterns before and after."""
    rows = found.to_dataframe()
    shown = rows[rows["fitted"] | (rows["role"] == "check")]
    words = (f"{found.particles.size:,} particles of {len(found.chains)} chains, from {found.runs:,} runs. {percent(found.passing)} of the particles pass all {len(found.plan.fitted)} patterns of "
             f"role fit in the run in which they were found, {percent(found.passing_again)} in a further run with other random numbers, and {percent(found.prior_all)} of {found.plan.prior * found.plan.chains:,} draws from "
             f"the ranges. They descend from {found.ancestors} of these draws; the largest R-hat of the statistics of all patterns is {found.largest_rhat:.3f}. Particles are called a posterior "
             "only with at least 100 ancestors, 20 % that pass all fitted patterns, and an R-hat below 1.05.")  # fmt: skip
    cells = [(f"`{one['pattern']}`", str(one["role"]), percent(one["prior"]), percent(one["posterior"]), percent(one["again"]), f"{one['rhat']:.3f}" if one["rhat"] == one["rhat"] else "–")
             for one in shown.to_dict("records")]  # fmt: skip
    return "\n".join([wrapped(words), table(("pattern", "role", "ranges", "posterior", "further run", "R-hat"), cells),
                      wrapped("Share of the draws, and of the particles, in the range of each pattern. Nothing was fitted to the patterns of role check: where they do not improve, the fits say nothing about them.")])  # fmt: skip


def moved_part(found: ps.Calibration) -> str:
    """The parameters that moved."""
    rows = found.parameters()
    moved = rows[rows["moved"]]
    cells = [(f"`{one['parameter']}`", one["grade"] or "–", spread(one, "prior_"), spread(one, ""), percent(one["shrinkage"])) for one in moved.to_dict("records")]
    words = (f"{len(moved)} of {len(rows)} parameters moved, at a false discovery rate of 5 %, with as many independent draws as the particles have ancestors. For all others, the patterns leave the range "
             "as it was. Median with the 5th and the 95th percentile, in internal units.")  # fmt: skip
    return "\n".join([wrapped(words), table(("parameter", "grade", "range", "posterior", "narrower by"), cells)])


def spread(one: Any, of: str) -> str:
    """A median with its interval."""
    return f"{plain(one[f'{of}q50'])} ({plain(one[f'{of}q05'])} to {plain(one[f'{of}q95'])})"


def recovery_part(found: dict[str, Any]) -> str:
    """Simulation-based calibration."""
    cells = [(f"`{one['parameter']}`", f"{100 * one['coverage']:.1f} %", f"{one['chance']:.3f}", f"{100 * one['narrowed']:.1f} %", f"{one['rank_chance']:.3f}", f"{one['recovery']:.2f}", percent(one["shrinkage"]))
             for one in found["parameters"]]  # fmt: skip
    mean = sum(one["coverage"] for one in found["parameters"]) / len(cells)
    verdict = "neither ranks nor coverage are rejected at 1 % over all parameters (Holm)" if found["calibrated"] else "**ranks or coverage are rejected at 1 % over all parameters (Holm)**"
    teeth = "are rejected, so the test has teeth" if found["has_teeth"] else "**are not rejected, so the test has no teeth**"
    words = (f"{found['fits']} truths were drawn from the ranges of {len(cells)} parameters that some pattern moves; all others kept their values. Each truth was simulated, its statistics got noise that is uniform over "
             f"the width of each pattern's range, and {found['particles']} particles were calibrated to these data with the same sampler, {found['runs']:,} runs in all. Truths and their noise lie outside the table of draws "
             f"with which each calibration begins. {percent(found['reached'])} of the calibrations agree with all of their data; in {percent(found['direct'])} enough draws of the table do, which are then independent draws of the posterior, and in the others the particles are moved until they do. Result: {verdict}. Intervals narrowed to 80 % of their width {teeth}. "
             f"Over all parameters, 90 % intervals cover the truth in {100 * mean:.1f} % of the calibrations, so read them as intervals of about that level; particles that had to move probably stay a little too close together.")  # fmt: skip
    return "\n".join([wrapped(words), table(("parameter", "coverage of 90 % intervals", "chance", "narrowed to 80 %", "chance of the ranks", "recovery", "narrower by"), cells),
                      wrapped("*Recovery* is the correlation of the posterior median with the truth: near 0, the patterns do not see the parameter.")])  # fmt: skip


def left_out_part(found: dict[str, Any]) -> str:
    """Each pattern from the others."""
    cells = [(f"`{one['pattern']}`", percent(one["prior"]), percent(one["predicted"]), percent(one["fitted"])) for one in found["patterns"]]
    better = sum(one["predicted"] > one["prior"] + 0.1 for one in found["patterns"])
    words = (f"Each fitted pattern is predicted by a calibration to all others ({found['runs']:,} runs). {better} of {len(cells)} are in range more often by at least ten points than without calibration: the others know something "
             "about them. The rest inform parameters that no other pattern sees, so that each stands alone.")  # fmt: skip
    return "\n".join([wrapped(words), table(("pattern", "ranges", "from the others", "fitted"), cells)])


def answers_part(posterior: Any) -> str:
    """Answers before and after."""
    parts = []
    for name, (branch, against) in ANSWERS.items():
        world = ps.load(name).with_posterior(posterior)
        found = ps.informed_answers(world, branch, against, PAIRS, SEED, measures=MEASURES)
        carried = world.scenario.posterior.to_json()["parameters"]  # type: ignore[union-attr]
        cells = []
        for one in found.answers:
            factor = 12.0 if one.unit.endswith("/ month") else 1.0
            unit = one.unit.replace("/ month", "/ year")
            what = [f"{plain(factor * m)} ({plain(factor * low)} to {plain(factor * high)})" for low, m, high in (one.prior, one.posterior)]
            cells.append((f"`{one.measure}.{one.actor}`", unit, *what, f"informed, {percent(one.shrinkage)} narrower" if one.informed else "not informed"))
        informed = sum(one.informed for one in found.answers)
        parts += [f"### `{name}`: {branch} against {against}\n",
                  wrapped(f"{carried} of {world.scenario.posterior.uncertain} uncertain parameters are drawn from the posterior, since their names and ranges are those of the world that was calibrated. {informed} of {len(cells)} answers are informed "  # type: ignore[union-attr]
                          f"({PAIRS:,} pairs each). Median of the paired difference over the draws, with the 5th and the 95th percentile."),
                  table(("answer", "unit", "ranges", "posterior", "informed?"), cells)]  # fmt: skip
    return "\n".join(parts)


INTRODUCTION = """# Calibration

This page says what published figures leave of the ranges of the world `levant`, whether the method can be trusted, and what it changes in the answers. [validation.md](validation.md) has the patterns
with their sources, and [how-to-calibrate.md](how-to-calibrate.md) the steps for a world of your own.

The command `python docs/generate_calibration.py --out DIR` writes the whole page and the posterior that comes with the package; the same command continues it. These commands give the same results:

```
{commands}
```

"""

LIMITS = """## What this does not show

- The rules are taken as true. A calibration of a wrong model finds the parameters with which it is least wrong. [validation.md](validation.md) lists the wrong models that no pattern rejects.
- The ranges are taken as true. A parameter cannot leave its range, however much the patterns pull.
- A pattern of role fit counts as passed or missed, with the range that its source leaves. There is no likelihood of the figures themselves.
- Simulation-based calibration was done on few parameters at a time, with all others at their values.
"""


def commands() -> str:
    """The commands behind the page."""
    lines = [f"proxysim calibrate {NAME} --out DIR --keep {KEPT}", f"proxysim test-calibration {NAME} --only {','.join(REDUCED)} --fits {FITS} --particles {PARTICLES} --table {TABLE}",
             f"proxysim test-calibration {NAME} --leave-one-out --particles {LEFT_OUT['particles']} --table {LEFT_OUT['table']}"]  # fmt: skip
    return "\n".join(lines)


def main() -> int:
    """Write the page and the posterior."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", default=None, help="folder of the calibration and of finished results; default: a temporary one")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(given.out or temporary)
        folder.mkdir(parents=True, exist_ok=True)
        found = ps.calibrate(NAME, folder / "calibration", SEED, say=say)
        if not found.is_posterior:
            sys.exit(f"no posterior: {found.shortcomings}")
        written = write_posterior(found, KEPT)
        key = {"world": found.plan.world, "patterns": found.plan.content, "model_version": model_version(), "sizes": [FITS, TABLE, PARTICLES, SEED, *REDUCED]}
        recovery = stored(folder / "recovery.json", key, lambda: ps.recover(NAME, REDUCED, SEED, fits=FITS, table=TABLE, particles=PARTICLES, say=say))
        left_out = stored(folder / "left_out.json", {**key, "sizes": [LEFT_OUT, SEED]}, lambda: ps.leave_one_out(NAME, SEED, **LEFT_OUT, say=say))  # type: ignore[arg-type]
        for file in (written, written.with_suffix(".parquet")):
            (SCENARIOS / file.name).write_bytes(file.read_bytes())
        parts = [INTRODUCTION.format(commands=commands()), "## The posterior\n", calibration_part(found), "## Which parameters moved\n", moved_part(found), "## What it says of the answers\n",
                 answers_part(read_posterior(SCENARIOS / written.name)), "## Can the calibration be trusted\n", recovery_part(recovery), "## Each pattern from the others\n", left_out_part(left_out), LIMITS]  # fmt: skip
        PAGE.write_text("\n".join(parts), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
