"""The pages of docs/ say what the code does."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from proxysim.core.parameters import BY_NAME, PARAMETERS, VARIANTS
from proxysim.scenario.resolve.loader import scenario_from_text
from proxysim.studies.patterns.wrong_models import BUILT_IN

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
GRAMMAR = (DOCS / "scenario-files.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```toml\n(.*?)^```$", GRAMMAR, flags=re.MULTILINE | re.DOTALL)
WORLD = EXAMPLES[0]
SETS = re.findall(r"--set '([^']+)'", GRAMMAR)


def merged(example: str) -> str:
    """The first example with a later one below it, its top-level keys and doubled tables left out."""
    added = {match for match in re.findall(r"^\[([^\]]+)\]$", example, flags=re.MULTILINE)}
    kept, skip = [], False
    for line in WORLD.splitlines():
        head = re.fullmatch(r"\[([^\]]+)\]", line)
        skip = (head[1] in added) if head else skip
        if not skip:
            kept.append(line)
    return "\n".join(kept) + "\n" + example


def test_docs__fields_page_is_up_to_date() -> None:
    """docs/fields.md is what its generator writes."""
    command = [sys.executable, str(DOCS / "generate_fields.py"), "--check"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (0, "") == (found.returncode, found.stderr)


def test_docs__fields_page_has_every_number() -> None:
    """Each parameter and each variant stands on the page."""
    page = (DOCS / "fields.md").read_text(encoding="utf-8")
    missing = [p.name for p in PARAMETERS if p.name != "engagement" and f".{p.key}" not in page]
    missing += [rule for rule in VARIANTS if f"`rules.{rule}`" not in page]
    assert [] == missing


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_docs__examples_of_the_grammar_load(number: int) -> None:
    """The first example is a whole world; each later one loads when it is laid over the first."""
    text = WORLD if number == 0 else merged(EXAMPLES[number])
    assert scenario_from_text(text).months > 0


@pytest.mark.parametrize("change", SETS)
def test_docs__changes_from_the_command_line_load(change: str) -> None:
    """Each `--set` of the page fits its first example."""
    assert scenario_from_text(WORLD, sets=(change,)).months > 0


def test_docs__model_page_names_real_parameters() -> None:
    """Names in backticks with an underscore are parameters, keys, fields or rules that exist."""
    from proxysim.core import elementary
    from proxysim.core.records import FLOWS, STATE
    from proxysim.core.vocabulary import ARMS_LINES, CHANNELS, MEASURES, MONEY_LINES, PROVISIONS
    from proxysim.scenario.schema.keys import SECTIONS
    from proxysim.scenario.schema.numbers import FIELDS

    known = set(BY_NAME) | {p.key for p in PARAMETERS} | set(MEASURES) | set(PROVISIONS) | set(VARIANTS)
    known |= {field.name for field in STATE + FLOWS} | set(CHANNELS) | set(MONEY_LINES) | set(ARMS_LINES)
    known |= {key for keys in SECTIONS.values() for key in keys} | {"chance_per_month", *FIELDS}
    known |= set(vars(elementary))
    page = (DOCS / "model.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([a-z]+(?:_[a-z]+)+)`", page))
    assert set() == named - known


def test_docs__list_all_wrong_models_that_are_built_in() -> None:
    """By name, with what is wrong in each."""
    part = GRAMMAR.partition("**Wrong models that are built in**")[2]
    rows = re.findall(r"^\| `([a-z-]+)` \| (.*) \|$", part.partition("\n## ")[0], re.M)
    assert [(name, off.about) for name, off in BUILT_IN.items()] == rows
