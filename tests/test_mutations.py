"""Whatever a world file becomes, the answer is a world or an InputError with places: never a traceback."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest
from tests.mutants import mutant

from proxysim.errors import InputError
from proxysim.scenario.resolve.loader import scenario_from_text
from proxysim.scenario.world.world import build

SCENARIOS = Path(__file__).parent.parent / "scenarios"
TEXTS = [(SCENARIOS / name).read_text(encoding="utf-8") for name in ("quickstart.toml", "insurgency.toml", "levant.toml")]
PIECES = ["nan", "inf", "-1", "1e400", '""', "{}", "[]", "=", "[", "]", "{", "}", '"', "'", "#", "\0", "é", "9" * 400, "2020-13-01",
          "true", "0.5", "\n", ".", "*", "->", "[[x]]", "[states.iran]", "kind = 1"]  # fmt: skip


def mutated(seed: int) -> str:
    """One of the shipped worlds with one to four changes made by chance."""
    chance = random.Random(seed)
    text = TEXTS[0] if (pick := chance.random()) < 0.6 else TEXTS[1] if pick < 0.9 else TEXTS[2]
    for _ in range(chance.randint(1, 4)):
        text = mutant(text, chance, PIECES)
    return text


def check(seed: int) -> None:
    """A mutated world is built, or refused with at least one fault, each in one line."""
    try:
        build(scenario_from_text(mutated(seed)))
    except InputError as error:
        assert error.faults
        for fault in error.faults:
            assert "\n" not in str(fault)
            assert "Traceback" not in str(fault)


def test_mutations__a_hundred_worlds() -> None:
    """The fast sample."""
    for seed in range(100):
        check(seed)


@pytest.mark.slow
def test_mutations__two_thousand_worlds() -> None:
    """The full count."""
    for seed in range(100, 2100):
        check(seed)


@pytest.mark.parametrize("seed", range(4))
def test_mutations__the_command_leaves_with_0_or_2(seed: int, tmp_path: Path) -> None:
    """The same through the command line, for real."""
    file = tmp_path / "world.toml"
    file.write_text(mutated(seed), encoding="utf-8")
    command = [sys.executable, "-m", "proxysim", "validate", str(file)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode in (0, 2)
    assert "Traceback" not in done.stderr
