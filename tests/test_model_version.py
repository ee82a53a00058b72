"""An edited rule never gives the old numbers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
SCRIPT = """
from proxysim.jit import compiled, model_version
from proxysim.rules.regimes import month_of_stability
print(model_version(), month_of_stability(1.0, 0.0, 2.0), month_of_stability(1.1, 0.1, 3.0))
"""


def outcome(folder: Path, cache: Path) -> str:
    """What a copy of the package computes, with a cache of its own."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "PROXYSIM_CACHE": str(cache)}
    done = subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True)
    return done.stdout


def test_cache__an_edited_rule_gives_new_numbers(tmp_path: Path) -> None:
    """The cache folder follows the source, so the edit is seen; an unchanged source keeps its version."""
    shutil.copytree(ROOT / "src" / "proxysim", tmp_path / "proxysim", ignore=shutil.ignore_patterns("__pycache__"))
    first, again = outcome(tmp_path, tmp_path / "cache"), outcome(tmp_path, tmp_path / "cache")
    rule = tmp_path / "proxysim" / "core" / "rules" / "regimes.py"
    rule.write_text(rule.read_text().replace("k1 = x - x * x * x + forcing", "k1 = x - x * x * x + 2.0 * forcing"))
    edited = outcome(tmp_path, tmp_path / "cache")
    assert first == again
    assert first.split()[0] != edited.split()[0]
    assert first.split()[2] != edited.split()[2]
