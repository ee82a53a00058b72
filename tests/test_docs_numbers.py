"""Numbers on the page of the worlds are those that its commands give: a sample is computed again."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

import proxysim as ps
from proxysim.studies.comparison import Comparison

PAGE = (Path(__file__).parent.parent / "docs" / "worlds.md").read_text(encoding="utf-8")


def command(start: str) -> list[str]:
    """The words of a command on the page that begins like this."""
    found = re.search(rf"^{re.escape(start)}.*$", PAGE, flags=re.MULTILINE)
    assert found is not None, start
    return shlex.split(found[0])


def option(words: list[str], name: str) -> str:
    """The value of an option of a command."""
    return words[words.index(name) + 1]


@pytest.fixture(scope="module")
def claims() -> Comparison:
    """The comparison that the page gives for the claims of January 2025."""
    words = command("proxysim compare levant-2025 --branches no-pact,treaty-as-signed,strengthened-pact")
    return ps.compare(words[2], option(words, "--branches").split(","), int(option(words, "--runs")), int(option(words, "--seed")),
                      measures=option(words, "--measures").split(","))  # fmt: skip


def rows() -> list[tuple[str, str, str, str, str]]:
    """Rows of the table of claims: claim, measure, and the three branches."""
    table = PAGE.partition("| claim | measure |")[2].partition("\n\n")[0]
    found = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in table.splitlines()[2:]]
    assert len(found) > 10
    return [row for row in found if len(row) == 5]  # type: ignore[misc]


def numbers(cell: str) -> list[tuple[float, float]]:
    """Numbers of a cell, and half a unit of their last digit."""
    found = re.findall(r"[+-]?\d[\d,]*(?:\.\d+)?", cell)
    return [(float(one.replace(",", "")), 0.5 * 10.0 ** -len(one.partition(".")[2]) * 1.02) for one in found]


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_claims__numbers_are_those_of_the_command(row: tuple[str, str, str, str, str], claims: Comparison) -> None:
    """Means without a pact, differences and intervals, to the printed digit."""
    name = re.match(r"`(\w+)`", row[1])
    assert name is not None
    effects = [effect for effect in claims.effects if effect.measure == name[1]]
    by_branch = {(effect.branch, effect.actor): effect for effect in effects}
    actors = {effect.actor for effect in effects}
    actor = "iraqi-militias" if "militias" in row[1] else next(one for one in actors if one.split("-")[0] in row[1].lower())
    measure = "received_arms_from_russia" if "Russian origin" in row[0] else name[1]
    assert measure == name[1]
    for branch, cell in zip(("treaty-as-signed", "strengthened-pact"), row[3:], strict=True):
        effect = by_branch[branch, actor]
        factor = 12.0 if effect.unit.endswith("/ month") else 100.0 if effect.unit == "share" else 1.0
        wanted = [effect.difference, effect.low, effect.high]
        told = numbers(cell)
        assert told
        for (printed, tolerance), value in zip(told, wanted, strict=False):
            assert value is not None and abs(printed - factor * value) <= tolerance, (branch, cell, factor * value)
        if "under" not in row[2]:
            printed, tolerance = numbers(row[2])[0]
            assert effect.baseline is not None and abs(printed - factor * effect.baseline) <= tolerance, (row[2], factor * effect.baseline)


@pytest.mark.parametrize(("branch", "target"), [
    ("no-lebanon-war", "without the war in Lebanon"), ("only-russia-distracted", "only Russia is distracted"),
])  # fmt: skip
def test_calibration__shares_are_those_of_the_runs(branch: str, target: str) -> None:
    """500 runs with seed 1, as the page says."""
    cell = re.search(rf"\|[^|\n]*{target}[^|\n]*\| `{branch}` \| ([\d.]+) % \|", PAGE)
    assert cell is not None
    study = ps.ensemble("levant", [branch], 500, 1)
    months = study.worlds[0].months
    fell = study.fallen[0, :, 0]
    share = float((fell >= 0).mean()) if "distracted" in target else float(((fell >= 0) & (fell <= months.index("2025-03"))).mean())
    assert abs(100.0 * share - float(cell[1])) <= 0.051
