"""Plain English: words that readers stumbled over stay out of all that people read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "docs").glob("*.py")),
    *sorted((ROOT / "experiments").iterdir()),
    *sorted(file for file in (ROOT / "scenarios").iterdir() if file.suffix != ".parquet"),
    *sorted(file for kind in ("*.py", "*.html", "*.toml") for file in (ROOT / "src").rglob(kind)),
]
#: What is not written -> what is written instead.
WORDS = {
    r"held against": "compared with",
    r"\banew\b": "again, resampled",
    r"not knowing|nobody knows": "parameter uncertainty, uncertain parameters",
    r"(holds?|hold) chance|chance alone|by chance alone": "reflects random variation only",
    r"(meet|meets|met) the same chance": "use the same random numbers",
    r"(was|were|is|are|what was) put in\b|\bput_in\b": "assumed",
    r"\b(is|are|was|were|be) told\b": "shown, reported, named",
    r"\btells (how|what|which|by|rule|each|the)\b": "shows, reports",
    r"whose make\b|\b(own|foreign|other|first) makes?\b|of (its|their) own make\b": "origin",
    r"worked out\b": "computed",
    r"\bhangs? (on|upon)\b": "depends on",
    r"\bstands? in\b(?! for)": "is in",
    r"courses? of events|a single course\b|single courses\b": "run, trajectory",
    r"money out, money in": "outflows, inflows",
    r"\bby which path\b|what (it )?blunts|what it rests on|which numbers matter\b": "the headings of the report",
    r"\bthe door\b": "validation",
    r"no difference (was )?found|(is|are|was|were) found to": "no effect detected, shown to",
    r"\bbeside (what|each|every|the|it)\b": "next to",
    r"\bof whom\b|\bwherein\b|\bthereof\b|\btherein\b|\bwhereof\b": "plain words",
    r"\bas it stands\b": "without a branch",
    r"one row (a|an) (?!row)": "one row per",
    r"the furthest first": "largest first",
    r"\bis wanting\b|\bare wanting\b|\bis wanted\b": "is missing, is needed",
    r"best in \d+ ?%": "most effective in ... of paired runs",
    r"\bcure these\b": "fix these",
}
#: Titles of sources and other words that are not ours.
QUOTED = re.compile(r"Reagan Tells Savimbi")


def found_in(text: str) -> list[tuple[int, str, str]]:
    """(line, what is written, what is written instead) of each old word."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if not QUOTED.search(line):
            found += [(number, match[0], new) for old, new in WORDS.items() for match in re.finditer(old, line, re.IGNORECASE)]
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_words__are_plain(file: Path) -> None:
    """Pages, help, errors, docstrings, comments, worlds, notebooks, reports and figures."""
    assert [] == found_in(file.read_text(encoding="utf-8"))


def test_words__that_are_old_would_be_seen() -> None:
    """The lint is able to fail."""
    old = "How sure: the intervals hold chance alone; what was put in stands in the table, held against the first branch."
    assert {"hold chance", "what was put in", "stands in", "held against"} == {word for _, word, _ in found_in(old)}
    assert [] == found_in("The 95 % intervals reflect random variation only. The first branch is the baseline.")
