"""Write tests/golden/nulls.json, the outcomes of two small worlds as the model gives them today.

Run ``python tests/golden/make.py`` after a change that is meant to move numbers, and say so in CHANGELOG.md in a line that
begins with `Result change:`. `tests/test_golden.py` holds the model to the file.
"""

from __future__ import annotations

import json
import math
import sys
import tomllib
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent))

from tests.worlds import Tables, merged, world_of  # noqa: E402

from proxysim.core.parameters import VARIANTS  # noqa: E402
from proxysim.runs.ensemble import ensemble  # noqa: E402

STORED = HERE / "nulls.json"
WORLDS = {"quickstart": HERE.parent.parent / "scenarios" / "quickstart.toml", "dials": HERE.parent / "dials.toml"}
#: (noise, seed); without chance a seed changes nothing.
CHANCE = ((0, 1), (1, 1), (1, 2))
DIGITS = 12


def cases() -> dict[str, Tables]:
    """Name -> tables: each world as it is and under each variant of each rule, without chance and with it."""
    found: dict[str, Tables] = {}
    rules = [(rule, variant) for rule, variants in VARIANTS.items() for variant in variants[1:]]
    for world, file in WORLDS.items():
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
        tables = {key: value for key, value in tables.items() if key not in ("branch", "branches")}
        for noise in sorted({noise for noise, _ in CHANCE}):
            still = merged(tables, {"scenario": {"noise": noise}})
            found[f"{world}, noise {noise}"] = still
            for rule, variant in rules:
                found[f"{world}, noise {noise}, {rule} = {variant}"] = merged(still, {"rules": {rule: variant}})
    return found


def outcomes(tables: Tables) -> dict[str, list[float | None]]:
    """Outcome -> its value with each seed; None where it is undefined."""
    seeds = [seed for noise, seed in CHANCE if noise == tables["scenario"]["noise"]]
    world = world_of(tables)
    studies = [ensemble(world, None, 1, seed, threads=1) for seed in seeds]
    return {
        f"{outcome.measure}.{outcome.actor}": [_short(study.values[0, 0, k]) for study in studies]
        for k, outcome in enumerate(studies[0].outcomes)
    }


def _short(value: Any) -> float | None:
    return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None


def main() -> None:
    """One line for each case."""
    lines = [f"{json.dumps(name)}: {json.dumps(outcomes(tables))}" for name, tables in cases().items()]
    STORED.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    print(f"{len(lines)} cases in {STORED}")


if __name__ == "__main__":
    main()
