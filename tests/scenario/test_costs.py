"""What branches cost: read strictly, added up for joined branches, and without any influence on a run."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

import proxysim as ps
from proxysim.cli.app import app
from proxysim.errors import InputError
from proxysim.scenario.resolve.branch_costs import costs_of
from proxysim.scenario.resolve.loader import ancestors_of, scenario_from_text
from proxysim.scenario.schema.json_schema import editor_schema
from worlds import QUICKSTART

COST = '{value = 60, low = 20, high = 200, unit = "USD m / year", grade = "D", note = "an assumption"}'


def priced(keys: str = f'cost = {COST}\npayer = "south"') -> str:
    """The quickstart with a countermeasure that has a cost."""
    return f"{QUICKSTART}\n[branches.searches]\n{keys}\nset.legs.north-coast.detection = 0.4\n"


def test_cost__is_read_with_unit_range_and_payer() -> None:
    """USD m per year in the file are USD m per month inside."""
    found = scenario_from_text(priced()).costs["searches"]
    assert (5.0, 20 / 12, 200 / 12) == pytest.approx((found.number.value, found.number.low, found.number.high))
    assert ("south", "D", "an assumption") == (found.payer, found.number.grade, found.number.note)


@pytest.mark.parametrize("keys", [f"cost = {COST}", "cost = 7", 'cost = 0\npayer = "north"'])
def test_cost__changes_no_hash_and_no_number(keys: str) -> None:
    """It is a price of a decision, outside of the books: the world with a cost is the world without one."""
    for branch in ("none", "searches"):
        without, with_cost = (scenario_from_text(priced(text), branch=branch) for text in ("", keys))
        assert without.hash == with_cost.hash
        assert [replace(one, place="") for one in without.numbers.values()] == [
            replace(one, place="") for one in with_cost.numbers.values()
        ]


def test_cost__changes_no_run(tmp_path: Path) -> None:
    """Runs with and without a cost have the same bits, with uncertain parameters resampled."""
    values = []
    for name, keys in (("without", ""), ("with", f"cost = {COST}")):
        (tmp_path / f"{name}.toml").write_text(priced(keys), encoding="utf-8")
        study = ps.ensemble(tmp_path / f"{name}.toml", ["none", "searches"], runs=10, uncertain=True)
        values.append(study.values.tobytes())
    assert values[0] == values[1]


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ('cost = "cheap"', "needs a number"),
        ("cost = -1", "allowed is 0 to"),
        ('cost = {value = 1, unit = "USD m"}', "unit"),
        ("cost = {value = 1, low = 2, high = 3}", "above the value"),
        ("cost = {2020 = 1, 2021 = 2}", "date"),
        ('cost = {value = 1, source = "NONE"}', '"NONE" is not one of the sources'),
        ('cost = 1\npayer = "nobody"', '"nobody" is not one of the states and proxies'),
        ('payer = "south"', "pays nothing"),
        ("costs = 1", 'did you mean "cost"'),
        ('cost = 1\npayer = "souht"', 'did you mean "south"'),
    ],
)
def test_cost__a_fault_is_one_line_at_its_place(keys: str, words: str) -> None:
    """Wrong numbers, units, sources and payers are reported with their path."""
    with pytest.raises(InputError) as caught:
        scenario_from_text(priced(keys))
    assert [fault.path.startswith("branches.searches") for fault in caught.value.faults] == [True]
    assert words in str(caught.value)
    assert 1 == len(str(caught.value).splitlines())


def test_cost__no_branch_and_no_change_can_set_it() -> None:
    """It is no number of the world."""
    for change in ("branches.searches.cost=1", "branches.searches.payer='south'"):
        with pytest.raises(InputError, match="is not a section"):
            scenario_from_text(priced(), sets=(change,))


def test_cost__of_a_joined_branch_is_the_sum_and_of_one_that_extends_that_of_its_parts() -> None:
    """A cost that parts share counts once; a branch with a cost of its own has only that."""
    text = priced() + (
        '[branches.other]\ncost = 12\nset.legs.north-hills.detection = 0.4\n'
        '[branches.both]\nextends = ["searches", "other"]\n'
        '[branches.package]\nextends = ["both"]\ncost = 36\n'
        '[branches.free]\nset.legs.north-hills.limit = 12\n'
    )  # fmt: skip
    scenario = scenario_from_text(text)

    def total(branch: str) -> float | None:
        found = costs_of(branch, scenario.costs, ancestors_of(scenario))
        return sum(one.number.value for one in found.values()) if found else None

    assert [5.0, 1.0, 6.0, 6.0, 3.0] == pytest.approx(
        [total(name) for name in ("searches", "other", "searches+other", "both", "package")]
    )
    assert total("both+searches") == pytest.approx(6.0)
    assert total("free") is None


def test_cost__is_in_the_schema_and_is_shown(tmp_path: Path) -> None:
    """Editors complete the keys, and `show` prints cost and payer."""
    entry = next(iter(editor_schema()["properties"]["branches"]["patternProperties"].values()))
    assert {"cost", "payer"} <= set(entry["properties"])
    assert "minimum" in json.dumps(entry["properties"]["cost"])
    file = tmp_path / "priced.toml"
    file.write_text(priced(), encoding="utf-8")
    line = next(
        line
        for line in CliRunner().invoke(app, ["show", str(file)]).stdout.splitlines()
        if line.startswith("branches.searches.cost")
    )
    assert ["branches.searches.cost", "60", "USD", "m", "/", "year", "20", "200", "D", "south"] == line.split()
    assert "branches.searches.cost" not in CliRunner().invoke(app, ["show", str(file), "--actor", "north"]).stdout
