"""The command line, through the runner and for real: what goes in, what comes out, and on which stream."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

import proxysim
from proxysim.cli import app
from proxysim.runs.tables import TABLES

SCENARIOS = Path(__file__).parent.parent / "scenarios"
QUICKSTART = str(SCENARIOS / "quickstart.toml")
DOOR = CliRunner()


def called(*words: str) -> subprocess.CompletedProcess[str]:
    """The command line in a process of its own."""
    return subprocess.run([sys.executable, "-m", "proxysim", *words], capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that `run --out` wrote."""
    folder = tmp_path_factory.mktemp("out") / "run"
    found = DOOR.invoke(app, ["run", QUICKSTART, "--seed", "3", "--out", str(folder)])
    assert 0 == found.exit_code, found.stderr
    assert "one run of one world" in found.stdout
    return folder


def test_help__names_every_command() -> None:
    """Help comes on stdout."""
    found = called("--help")
    assert 0 == found.returncode
    assert all(word in found.stdout for word in ("init", "validate", "show", "run", "schema"))


def test_light_commands__import_nothing_heavy() -> None:
    """Checking a file loads no arrays, no compiler and no figures."""
    code = (
        "import sys; from typer.testing import CliRunner; from proxysim.cli import app; "
        f"assert CliRunner().invoke(app, ['validate', {QUICKSTART!r}]).exit_code == 0; "
        "print([name for name in ('numpy', 'pandas', 'numba', 'mesa', 'matplotlib', 'pyarrow', 'networkx', 'scipy') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert "[]" == found.stdout.strip(), found.stderr


def test_run__imports_no_library_of_tables_or_figures() -> None:
    """One run and its summary take arrays and the compiler; `--out` and `--json` also write tables."""
    code = (
        "import sys; from typer.testing import CliRunner; from proxysim.cli import app; "
        f"assert CliRunner().invoke(app, ['run', {QUICKSTART!r}]).exit_code == 0; "
        "print([name for name in ('pandas', 'pyarrow', 'networkx', 'matplotlib', 'mesa', 'scipy.stats') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert "[]" == found.stdout.strip(), found.stderr


def test_validate__sound_file_is_counted() -> None:
    """One line for each sound file."""
    found = DOOR.invoke(app, ["validate", QUICKSTART])
    assert 0 == found.exit_code
    assert found.stdout.startswith(f"ok {QUICKSTART}: 5 actors, 2 categories, 3 legs")


def test_validate__fault_has_its_line_and_status_2(tmp_path: Path) -> None:
    """Faults go to stderr without a traceback, and hide no sound file."""
    file = tmp_path / "bad.toml"
    text = Path(QUICKSTART).read_text(encoding="utf-8").replace("support_share = 0.10", "suport_share = 0.10")
    file.write_text(text, encoding="utf-8")
    found = called("validate", str(file), QUICKSTART)
    assert 2 == found.returncode
    assert 'did you mean "support_share"?' in found.stderr
    assert f"{file}:" in found.stderr
    assert "Traceback" not in found.stderr
    assert f"ok {QUICKSTART}" in found.stdout


def test_validate__part_is_checked_as_a_part(tmp_path: Path) -> None:
    """A part needs nothing, but what it holds is checked."""
    file = tmp_path / "part.toml"
    file.write_text('kind = "part"\n[places]\ncoast = {}\n', encoding="utf-8")
    assert 0 == DOOR.invoke(app, ["validate", str(file)]).exit_code
    file.write_text('kind = "part"\n[places]\ncoast = {lable = "x"}\n', encoding="utf-8")
    assert 2 == DOOR.invoke(app, ["validate", str(file)]).exit_code


def test_show__changes_and_defaults_are_told_apart() -> None:
    """Every number says where it is from."""
    words = ["show", QUICKSTART, "--branch", "strong", "--set", "legs.north-hills.limit=60"]
    lines = {line.split()[0]: line for line in DOOR.invoke(app, words).stdout.splitlines()}
    assert lines["pacts.treaty.strength"].endswith("branch")
    assert lines["legs.north-hills.limit"].split()[1:5] == ["60", "USD", "m", "/"]
    assert lines["legs.north-hills.limit"].endswith("--set")
    assert lines["behaviour.decay"].endswith("default")
    assert lines["fronts.coast-war.side_a.reds"].split()[1] == "1"


def test_show__prints_a_series_as_a_series(tmp_path: Path) -> None:
    """A line per month from the start on, in the unit of the file; a long one is cut with its count, unless `--full`."""
    file = tmp_path / "dated.toml"
    text = Path(QUICKSTART).read_text(encoding="utf-8")
    short = 'income = {2020 = 1200, 2021-06 = 900, low = "-50 %", high = "+50 %"}'
    text, count = re.subn(r"income +=  *1200 .*", short, text)
    assert 1 == count
    file.write_text(text, encoding="utf-8")
    lines = DOOR.invoke(app, ["show", str(file)]).stdout.splitlines()
    at = next(i for i, line in enumerate(lines) if ".income" in line and "2 values:" in line)
    assert [["from", "2020-01", "1200"], ["from", "2021-06", "900"]] == [line.split() for line in lines[at + 1 : at + 3]]
    assert ["2", "values:", "USD", "m", "/", "year", "x", "0.5", "x", "1.5"] == lines[at].split()[1:11]
    long = "income = {" + ", ".join(f"{2020 + k // 12}-{k % 12 + 1:02d} = {1000 + k}" for k in range(20)) + "}"
    file.write_text(text.replace(short, long), encoding="utf-8")
    cut, full = (DOOR.invoke(app, ["show", str(file), *words]).stdout.splitlines() for words in ((), ("--full",)))
    at = next(i for i, line in enumerate(cut) if "20 values:" in line)
    assert [["...", "14", "more", "values", "(--full)"], ["from", "2021-08", "1019"]] == [line.split() for line in cut[at + 6 : at + 8]]
    assert 13 == len(full) - len(cut)
    assert "1013" in "\n".join(full)


#: Three policies: one against a branch, one against a dated level, one that is off.
POLICIES = """kind = "world"
extends = ["quickstart.toml"]
[policies.guard]
owner = "south"
watches = ["stock.reds", "stock.greens"]
against = "no-pact"
moves = "legs.north-coast.detection"
gain = {value = 1.5, low = 0, high = 2}
cost = {value = 2, unit = "USD m / month"}
blur = 0.25
[policies.thrift]
owner = "north"
watches = "level.treaty"
level = {2020 = 0.5, 2022 = 0.25}
moves = ["legs.north-*.detection", "states.north.support_share"]
form = "switch"
gain = -0.3
lag = 2
over = 1
from = 2021-01-01
[policies.wait]
owner = "north"
watches = "stock.blues"
against = "no-pact"
moves = "states.north.support_share"
gain = 1
active = false
"""


def test_show__policies_are_listed_with_all_that_they_depend_on(tmp_path: Path) -> None:
    """Owner, watch, reference, numbers, form, gain with its range, cost, dates, and whether they answer in this branch."""
    (tmp_path / "quickstart.toml").write_text(Path(QUICKSTART).read_text(encoding="utf-8"), encoding="utf-8")
    file = tmp_path / "answers.toml"
    file.write_text(POLICIES, encoding="utf-8")
    shown = {branch: DOOR.invoke(app, ["show", str(file), "--answers", "--branch", branch]).stdout for branch in ("strong", "no-pact")}
    assert shown["strong"].splitlines() == [
        "guard (south): answers",
        "  watches stock.greens + stock.reds: mean of 6 months, 1 month late, blur 0.25",
        "  against the same run of the branch no-pact",
        "  moves   legs.north-coast.detection",
        "  form    proportional, gain 1.5 (0 to 2), factor 0.5 to 2",
        "  cost    24 USD m / year for each factor of 2",
        "thrift (north): answers",
        "  watches level.treaty: mean of 1 month, 2 months late",
        "  against level 2020-01: 0.5, 2022-01: 0.25",
        "  moves   legs.north-coast.detection",
        "  moves   legs.north-hills.detection",
        "  moves   states.north.support_share",
        "  form    switch, gain -0.3, factor 0.5 to 2, on above 1, off below 1",
        "  time    from 2021-01",
        "wait (north): silent: not active",
        "  watches stock.blues: mean of 6 months, 1 month late",
        "  against the same run of the branch no-pact",
        "  moves   states.north.support_share",
        "  form    proportional, gain 1, factor 0.5 to 2",
    ]
    assert [("guard", "silent: this branch is its reference"), ("thrift", "answers"), ("wait", "silent: not active")] == [
        (line.split()[0], line.partition(": ")[2]) for line in shown["no-pact"].splitlines() if not line.startswith(" ")]  # fmt: skip
    one = DOOR.invoke(app, ["show", str(file), "--answers", "--actor", "greens"]).stdout
    assert ("guard", 6) == (one.split()[0], len(one.splitlines()))
    off = DOOR.invoke(app, ["show", str(file), "--answers", "--policies", "wait"]).stdout
    assert ["silent: not active", "silent: not active", "answers"] == [
        line.partition(": ")[2] for line in off.splitlines() if not line.startswith(" ")]  # fmt: skip
    assert "no policies\n" == DOOR.invoke(app, ["show", QUICKSTART, "--answers"]).stdout
    both = DOOR.invoke(app, ["show", str(file), "--answers", "--routes"])
    assert (2, True) == (both.exit_code, "cannot go with --routes" in both.stderr)


def test_show__numbers_name_the_policies_that_move_them(tmp_path: Path) -> None:
    """All of them, in brackets those that are silent; a world without policies has no such column."""
    (tmp_path / "quickstart.toml").write_text(Path(QUICKSTART).read_text(encoding="utf-8"), encoding="utf-8")
    file = tmp_path / "answers.toml"
    file.write_text(POLICIES, encoding="utf-8")
    lines = {line.split()[0]: line for line in DOOR.invoke(app, ["show", str(file), "--branch", "no-pact"]).stdout.splitlines() if line}
    assert lines["path"].endswith("moved by")
    assert lines["legs.north-coast.detection"].endswith("(guard), thrift")
    assert lines["states.north.support_share"].endswith("thrift, (wait)")
    assert lines["legs.north-coast.limit"].rstrip().endswith("file")
    assert "moved by" not in DOOR.invoke(app, ["show", QUICKSTART]).stdout


def test_show__unknown_actor_is_named() -> None:
    """A wrong name gets the right one."""
    found = DOOR.invoke(app, ["show", QUICKSTART, "--actor", "nort"])
    assert 2 == found.exit_code
    assert 'did you mean "north"?' in found.stderr


def test_run__json_is_one_object_and_repeats() -> None:
    """Data alone on stdout, and the same twice."""
    first, second = (called("run", QUICKSTART, "--json", "--seed", "5", "--branch", "no-pact") for _ in range(2))
    found = json.loads(first.stdout)
    assert ("no-pact", 5, 60) == (found["branch"], found["seed"], found["months"])
    assert found["residual"] <= 1e-9
    assert first.stdout == second.stdout


def test_run__tables_are_read_back(written: Path) -> None:
    """Every table is there, and the chain of arms adds up."""
    tables = {name: pd.read_parquet(written / f"{name}.parquet") for name in TABLES}
    assert 60 * 5 == len(tables["actors"])
    flows = tables["flows"]
    assert (flows["sent"] > 0).all()
    assert (flows["lost"] + flows["captured"] + flows["arrived"] <= flows["sent"] * (1 + 1e-12)).all()
    assert {"signed", "in force", "first effect"} == set(tables["events"]["what"])
    assert (
        proxysim.load(QUICKSTART).hash == json.loads((written / "manifest.json").read_text(encoding="utf-8"))["world"]
    )
    assert (written / "overview.png").read_bytes().startswith(b"\x89PNG")


def test_run__same_run_writes_same_bytes(written: Path, tmp_path: Path) -> None:
    """Files can be compared by their bytes."""
    folder = tmp_path / "again"
    assert 0 == DOOR.invoke(app, ["run", QUICKSTART, "--seed", "3", "--out", str(folder)]).exit_code
    for name in (*(f"{table}.parquet" for table in TABLES), "manifest.json"):
        assert (written / name).read_bytes() == (folder / name).read_bytes(), name
    assert sorted(file.name for file in written.iterdir()) == sorted(file.name for file in folder.iterdir())


def test_run__books_add_up_to_funds(written: Path) -> None:
    """What the books say came and went is the change in what is held."""
    books, actors = (pd.read_parquet(written / f"{name}.parquet") for name in ("books", "actors"))
    for actor in ("north", "reds"):
        money = books[(books["commodity"] == "money") & (books["account"] == actor)]
        assert money["amount"].sum() == pytest.approx(actors[actors["actor"] == actor]["funds"].iloc[-1], abs=1e-6)


def test_run__folder_of_others_is_refused(tmp_path: Path) -> None:
    """Nothing of the user's is written over."""
    (tmp_path / "letter.txt").write_text("dear", encoding="utf-8")
    found = DOOR.invoke(app, ["run", QUICKSTART, "--out", str(tmp_path)])
    assert 2 == found.exit_code
    assert "is not empty" in found.stderr
    assert ["letter.txt"] == [file.name for file in tmp_path.iterdir()]


def test_init__starts_the_quickstart_and_never_overwrites(tmp_path: Path) -> None:
    """The world that `init` writes is that of scenarios/quickstart.toml."""
    file = tmp_path / "mine.toml"
    assert 0 == DOOR.invoke(app, ["init", str(file)]).exit_code
    assert 0 == DOOR.invoke(app, ["validate", str(file)]).exit_code
    found = DOOR.invoke(app, ["init", str(file)])
    assert 2 == found.exit_code
    assert "is not overwritten" in found.stderr
    assert proxysim.load(file).hash == proxysim.load(QUICKSTART).hash


def test_schema__is_json() -> None:
    """The schema for editors."""
    assert "proxysim world" == json.loads(DOOR.invoke(app, ["schema"]).stdout)["title"]


def test_package__public_names_exist() -> None:
    """Every public name can be imported."""
    assert sorted(proxysim.__all__) == proxysim.__all__
    assert all(getattr(proxysim, name) is not None for name in proxysim.__all__)
