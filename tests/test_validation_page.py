"""The page that compares the shipped worlds with published figures is what its generator writes, and agrees with itself."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from proxysim.scenario.shipped import shipped_patterns
from proxysim.studies.patterns.document import PatternsFile
from proxysim.studies.patterns.reader import read_patterns

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGE = (DOCS / "validation.md").read_text(encoding="utf-8")
WORLDS = (DOCS / "worlds.md").read_text(encoding="utf-8")
NAMES = sorted(shipped_patterns())
RERUN = "run: python docs/generate_validation.py"


def part(name: str) -> str:
    """The section of one world."""
    sections = [one for one in re.split(r"^## ", PAGE, flags=re.MULTILINE) if f"World `{name}`, hash" in one]
    assert 1 == len(sections), name
    return sections[0]


def rows(text: str, heading: str) -> list[list[str]]:
    """The cells of the first table below a heading."""
    below = text.partition(f"{heading}\n")[2]
    table = re.search(r"(?:^\|.*\|\n)+", below, flags=re.MULTILINE)
    assert table is not None, heading
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip("|"))] for line in table[0].splitlines()[2:]]


def ids(cells: list[list[str]]) -> list[str]:
    """Ids of patterns in the first column."""
    return [re.match(r"`([^`]+)`", row[0])[1] for row in cells]  # type: ignore[index]


@pytest.fixture(params=NAMES)
def file(request: pytest.FixtureRequest) -> PatternsFile:
    """The patterns file of each shipped world that has one."""
    return read_patterns(request.param)


def name_of(file: PatternsFile) -> str:
    """The name of its world."""
    return Path(file.world.file).stem


def test_validation__page_has_every_world_with_patterns() -> None:
    """No comparison is left out."""
    assert NAMES == sorted(re.findall(r"^World `([^`]+)`, hash", PAGE, flags=re.MULTILINE))


def test_validation__page_is_of_the_worlds_as_they_are(file: PatternsFile) -> None:
    """The hash of the world is that of its file."""
    assert f"hash {file.scenario.hash}," in part(name_of(file)), RERUN


def test_validation__every_pattern_is_in_its_table(file: PatternsFile) -> None:
    """Evidence in one table, inputs and constructions in the other, with their roles and ranges' sources."""
    text = part(name_of(file))
    assert [one.id for one in file.evidence] == ids(rows(text, "### Patterns that can be failed")), RERUN
    assert [one.id for one in file.patterns if not one.is_evidence] == ids(rows(text, "### Assumed, or true by construction")), RERUN
    for one, row in zip(file.evidence, rows(text, "### Patterns that can be failed"), strict=True):
        assert one.role == row[1].rstrip("*") and bool(one.because) == row[1].endswith("*"), one.id
        assert one.published.replace("|", "\\|") in row[2], one.id
    assert len(file.left_out) == len(rows(text, "### Left out")), RERUN


def test_validation__misses_are_listed_with_a_reason(file: PatternsFile) -> None:
    """Each pattern with NO, and no other, is in the list of misses, and the counts agree."""
    text = part(name_of(file))
    table = rows(text, "### Patterns that can be failed")
    missed = [one for one, row in zip(ids(table), table, strict=True) if "NO" in row[-1]]
    misses = text.partition("### Missed")[2].partition("\n### ")[0]
    listed = re.findall(r"^- `([^`]+)`: .+ The model has .+; the range is [^;\n]+\. \S.+$", misses, re.MULTILINE)
    assert missed == listed
    met = f"{len(table) - len(missed)} of {len(table)}"
    assert f"{met} are reproduced" in text
    short = next(row for row in rows(PAGE, "## In short") if row[0] == f"`{name_of(file)}`")
    assert met == short[1]
    by_role = {role: [row for row in table if row[1] == role] for role in ("check", "fit", "fit*")}
    for cell, of_role in zip(short[2:5], by_role.values(), strict=True):
        assert cell == (f"{sum('NO' not in row[-1] for row in of_role)} of {len(of_role)}" if of_role else "–")
    block = rows(WORLDS, "<!-- validation: begin -->")
    assert [*short[2:5], ", ".join(f"`{one}`" for one in missed)] == next(row for row in block if row[0] == short[0])[1:]


def test_validation__wrong_models_are_each_in_one_place(file: PatternsFile) -> None:
    """Those that are rejected, those that are not, and those that do not differ; as many as the table of kinds has."""
    text = part(name_of(file)).partition("### Wrong models")[2].partition("### Held-back")[0]
    kinds = rows(text, "")
    tried = sum(int(row[1]) for row in kinds)
    rejected = len(rows(text, "with parameters at their values and resampled:"))
    blind = text.partition("#### What the data cannot tell")[2]
    once, same = blind.partition("These are rejected only")[2].partition("These do not differ")[0], blind.partition("These do not differ")[2]
    untold = blind.partition("These are rejected only")[0].partition("These do not differ")[0]
    count = {key: sum(int(found) for found in re.findall(r"^- \*\*[^*]+\*\* \((\d+)\)", words, re.MULTILINE)) for key, words in
             (("untold", untold), ("once", once), ("same", same))}  # fmt: skip
    assert tried == rejected + count["untold"]
    assert count["once"] <= rejected
    assert 0 < count["untold"]
    assert all(int(row[2]) <= int(row[1]) and int(row[3]) <= int(row[1]) for row in kinds)


def test_validation__page_is_linked() -> None:
    """From the first page, the pages of the worlds and of limits, and the questions."""
    for page in ("README.md", "docs/worlds.md", "docs/limits.md", "docs/faq.md", "docs/glossary.md", "docs/how-to-patterns.md"):
        assert re.search(r"\((?:docs/)?validation\.md[#)]", (ROOT / page).read_text(encoding="utf-8")), page


def test_validation__links_within_pages_lead_to_headings() -> None:
    """Anchors of the page that others name."""
    def anchors(text: str) -> set[str]:
        found: list[str] = []
        for heading in re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE):
            base = re.sub(r"[^a-z0-9 _-]", "", re.sub(r"[`*]", "", heading).lower()).replace(" ", "-")
            same = sum(one == base or re.fullmatch(re.escape(base) + r"-\d+", one) is not None for one in found)
            found.append(base if not same else f"{base}-{same}")
        return set(found)

    for name in ("limits.md", "worlds.md", "how-to-patterns.md", "how-to-report.md", "faq.md", "validation.md"):
        for target, anchor in re.findall(r"\]\(([\w-]+\.md)?#([^)]+)\)", (DOCS / name).read_text(encoding="utf-8")):
            assert anchor in anchors((DOCS / (target or name)).read_text(encoding="utf-8")), (name, target, anchor)


@pytest.mark.slow
def test_validation__page_is_up_to_date() -> None:
    """Every figure is that of the runs; this takes minutes."""
    found = subprocess.run([sys.executable, str(DOCS / "generate_validation.py"), "--check"], capture_output=True, text=True, check=False)
    assert 0 == found.returncode, found.stderr[-400:]
