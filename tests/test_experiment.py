"""The door of experiment files: what a file becomes, and how each mistake in it is named."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from tests.mutants import mutant
from tests.sweeping import QUICKSTART, ROOT, TEXT, called, experiment
from typer.testing import CliRunner

from proxysim.cli import app
from proxysim.core.schedule import numbers_of
from proxysim.errors import InputError
from proxysim.scenario.resolve.loader import load_scenario
from proxysim.scenario.world.world import build
from proxysim.sweeps.experiment.design import design_of
from proxysim.sweeps.experiment.experiment import Experiment, load_experiment
from proxysim.sweeps.inputs import Variation, columns_of

PLANTED = [
    ("no kind", 'kind     = "experiment"', "", "kind: is missing", 0),
    ("wrong kind", '"experiment"', '"world"', 'allowed here is "experiment"', 2),
    ("unknown key", "seed     = 3", "sed = 3", 'did you mean "seed"', 8),
    ("empty question", '"Does more pact help?"', '""', "needs text in quotes", 3),
    ("no base", "quickstart.toml", "quickstar.toml", "cannot be used", 4),
    ("no branch", '"strong"', '"strnog"', 'did you mean "strong"', 5),
    ("twice", '"strong"', '"no-pact"', "twice", 5),
    ("design", '"grid"', '"gird"', 'did you mean "grid"', 6),
    ("sampled", '"grid"', '"lhs"', "needs `points`", 6),
    ("runs", "runs     = 4", "runs = 0", "allowed is a whole number", 7),
    ("seed", "seed     = 3", "seed = -1", "allowed is a whole number", 8),
    ("measures", '["fighting", "reach.south"]', '"fighting"', "needs a list of texts", 9),
    ("above", "[0, 0.5]", "[0, 1.5]", "allowed is 0 to 1", 12),
    ("level twice", "[0, 0.5]", "[0.5, 0.5]", "twice", 12),
    ("no level", "[0, 0.5]", "[]", "has 0 levels", 12),
    ("text", "[0, 0.5]", '["a"]', "needs a number", 12),
    ("bare", "[0, 0.5]", "0.5", "allowed are a list", 12),
    ("word", "[0, 0.5]", '"uncertian"', 'did you mean "uncertain"', 12),
    ("verb", "{scale = [0.5, 1, 1.5]}", "{scael = [1]}", 'did you mean "scale"', 13),
    ("two verbs", "{scale = [0.5, 1, 1.5]}", "{scale = [1], add = [0]}", "one factor has one verb", 13),
    ("scaled out", "[0.5, 1, 1.5]", "[1, 100]", "allowed is 0 to", 13),
    ("negative", "[0.5, 1, 1.5]", "[-1, 1]", "at least 0", 13),
    ("half a range", "[0, 0.5]", "{low = 0}", "needs both", 12),
    ("range turned", "[0, 0.5]", "{low = 0.5, high = 0.2}", "not below", 12),
    ("range out", "[0, 0.5]", "{low = 0.5, high = 2}", "high: found 2; allowed is 0 to 1", 12),
    ("dist", "[0, 0.5]", '{low = 0.1, high = 0.5, dist = "split"}', "log-uniform", 12),
    ("log", "[0, 0.5]", '{low = 0, high = 0.5, dist = "log-uniform"}', "above 0", 12),
    ("meets nothing", '"legs.*.detection"', '"legs.*.detecton"', 'did you mean "detection"', 13),
    ("no such pact", '"pacts.treaty.strength"', '"pacts.treatty.strength"', 'did you mean "treaty"', 12),
    ("no range", "[0, 0.5]", '"uncertain"', "matches no number with a range", 12),
    ("drawn nothing", '"pacts.treaty.strength" = [0, 0.5]', '"legs.*.detecton" = "uncertain"', "matches nothing", 12),
    ("overlap", '"pacts.treaty.strength" = [0, 0.5]', '"legs.*.d*tection" = [0.1]', "is not a key that can change", 12),
    ("same twice", '"pacts.treaty.strength" = [0, 0.5]', 'pacts."*".strength = [0]\npacts."treat*".strength = [1]', "", 0),
    ("rule", '"pacts.treaty.strength" = [0, 0.5]', '"rules.attrition" = ["liner"]', 'did you mean "linear"', 12),
    ("each", "{scale = [0.5, 1, 1.5]}", "{scale = [1], each = 1}", "needs true or false", 13),
    ("toml", "runs     = 4", "runs = = 4", "", 7),
]  # fmt: skip


def written(folder: Path, text: str) -> Path:
    """An experiment file with a text as it stands."""
    file = folder / "experiment.toml"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("old", "new", "word", "line"), [case[1:] for case in PLANTED], ids=[case[0] for case in PLANTED]
)
def test_fault__is_named_with_its_line_and_cure(tmp_path: Path, old: str, new: str, word: str, line: int) -> None:
    """One mistake, one place."""
    text = TEXT.format(base=QUICKSTART.as_posix(), runs=4, design="grid")
    assert text.count(old) >= 1
    if not word:
        word = "matches" if "treat*" in new else ""
    if "treat*" in new:
        new = '"legs.north-*.limit" = [1]\n"legs.*-coast.limit" = [2]'
    file = written(tmp_path, text.replace(old, new, 1))
    with pytest.raises(InputError) as caught:
        load_experiment(file)
    found = [fault for fault in caught.value.faults if word in str(fault)]
    assert found, caught.value
    assert all("\n" not in str(fault) for fault in caught.value.faults)
    if line:
        assert line in {fault.line for fault in found}, caught.value


def test_fault__all_are_named_in_one_pass(tmp_path: Path) -> None:
    """Three mistakes, three lines."""
    text = TEXT.format(base=QUICKSTART.as_posix(), runs=0, design="gird").replace("[0, 0.5]", "[0, 7]")
    with pytest.raises(InputError) as caught:
        load_experiment(written(tmp_path, text))
    assert {6, 7, 12} <= {fault.line for fault in caught.value.faults}


def test_design__that_is_none_is_named_alone(tmp_path: Path) -> None:
    """Whether it takes points cannot be said of a name that is none."""
    text = TEXT.format(base=QUICKSTART.as_posix(), runs=1, design="soboll").replace("seed     =", "points = 8\nseed =")
    with pytest.raises(InputError, match='did you mean "sobol"') as caught:
        load_experiment(written(tmp_path, text))
    assert 1 == len(caught.value.faults)


def test_measures__that_are_none_are_refused_with_a_suggestion(tmp_path: Path) -> None:
    """A measure needs the world, so it is checked when the world is there."""
    text = TEXT.format(base=QUICKSTART.as_posix(), runs=1, design="grid").replace('"fighting"', '"figthing"')
    found = load_experiment(written(tmp_path, text))
    with pytest.raises(
        InputError, match=r'experiment.toml:9: measures: "figthing" is not a measure; did you mean "fighting"'
    ):
        columns_of(found, Variation(found).world(0, design_of(found).point(0)))


def test_patterns__the_more_literal_wins_and_fixed_keeps_out(tmp_path: Path) -> None:
    """What a lever takes is not drawn too."""
    text = TEXT.format(base=QUICKSTART.as_posix(), runs=1, design="lhs") + (
        '\n[uncertainties]\n"**" = "uncertain"\n"legs.*.limit" = "fixed"\n"rules.attrition" = ["linear", "square"]\n'
    )
    found = load_experiment(written(tmp_path, text.replace("runs     = 1", "runs = 1\npoints = 8")))
    names = [factor.name for factor in found.factors]
    assert ["legs.*.detection", "pacts.treaty.strength"] == names[:2]
    assert not [name for name in names if name.startswith("legs.") and name.endswith(".limit")]
    assert not [name for name in names[2:] if name.endswith(".detection")]
    assert {"levers", "uncertainties"} == {factor.role for factor in found.factors}
    assert ["states.south.sanctions"] == [factor.name for factor in found.factors if factor.verb == "draw"]
    assert found == Experiment.from_json(found.to_json())


def test_point__gives_the_numbers_that_the_door_gives(tmp_path: Path) -> None:
    """Writing values into the row is the same, bit for bit, as reading the world with them."""
    text = TEXT.format(base=QUICKSTART.as_posix(), runs=1, design="grid").replace(
        '"legs.*.detection"      = {scale = [0.5, 1, 1.5]}',
        '"proxies.reds.stock.rifles" = [10, 500]\n"rules.attrition" = ["linear", "square"]\n'
        '"states.north.income" = [{value = 900, unit = "USD m / year"}, 1300]\n"pacts.treaty.in_force" = [2020-06-01, 2021-06-01]',
    )
    found = load_experiment(written(tmp_path, text))
    design, variation = design_of(found), Variation(found)
    assert 32 == len(design)
    for k in range(0, 32, 3):
        point = design.point(k)
        for branch, name in enumerate(found.branches):
            over = {f.name: f.raw(value) for f, value in zip(found.factors, point, strict=True)}
            world = build(load_scenario(found.base, name, (), over))
            assert (
                numbers_of(world.params, world.schedule).tobytes() == variation.numbers(branch, [point]).tobytes()
            )
            assert world.arrays.tobytes() == variation.world(branch, point).arrays.tobytes()


def test_draw__at_the_draws_of_runs_gives_the_numbers_of_runs(tmp_path: Path) -> None:
    """A point with the quantiles that a run draws is that run."""
    from proxysim.core import rng
    from proxysim.scenario.world.uncertainty import Drawing, unknowns

    text = TEXT.format(base=QUICKSTART.as_posix(), runs=1, design="lhs").replace("runs     = 1", "runs = 1\npoints = 8")
    file = written(tmp_path, text[: text.index("[levers]")] + 'uncertainties = "uncertain"\n')
    found = load_experiment(file)
    variation, runs = Variation(found), np.arange(4, dtype=np.uint64)
    for branch in range(2):
        world = variation.prepared(branch, ()).world
        keys = {unknown.name: unknown.key for unknown in unknowns(world)}
        points = []
        for run in runs:
            values = []
            for factor in found.factors:
                key = next((keys[path[0]] for path in factor.paths if path[0] in keys), 0)
                values.append(float(rng.uniform(np.uint64(5), run, rng.UNKNOWN, np.uint64(key), 0)))
            points.append(tuple(values))
        assert Drawing(world).numbers(5, runs).tobytes() == variation.numbers(branch, points).tobytes()


@pytest.mark.parametrize("name", ["pact_strength", "provisions", "uncertain", "forms"])
def test_shipped__experiments_load(name: str) -> None:
    """The ready experiments are sound, and of the size that the docs say."""
    found = load_experiment(ROOT / "experiments" / f"{name}.toml")
    sizes = {"pact_strength": 10, "provisions": 512, "uncertain": 1024, "forms": 32}
    assert sizes[name] == len(design_of(found))


def test_design__command_shows_size_and_cost(tmp_path: Path) -> None:
    """Before anything runs."""
    done = called("design", experiment(tmp_path))
    assert 0 == done.returncode, done.stderr
    assert "6 points x 2 branches x 4 runs = 48 runs" in done.stdout
    assert "ms per run, measured on" in done.stdout
    table = called("design", experiment(tmp_path), "--csv").stdout.splitlines()
    assert ("legs.*.detection,pacts.treaty.strength", 7) == (table[0], len(table))
    assert 2 == called("design", tmp_path / "none.toml").returncode


# ---- the command that checks files, and files of another kind -----------------------------------------
DOOR = CliRunner()


@pytest.mark.parametrize(
    ("runs", "branches", "levels", "told"),
    [(200, '"no-pact", "strong"', "[0, 0.5]", "experiment, 6 points, 2 branches, 200 runs each = 2,400 runs"),
     (200, '"no-pact"', "[0, 0.5]", "experiment, 6 points, 1 branch, 200 runs each = 1,200 runs"),
     (1, '"strong"', "[0.5]", "experiment, 1 point, 1 branch, 1 run each = 1 run")],
)  # fmt: skip
def test_validate__sound_experiment_is_counted(
    tmp_path: Path, runs: int, branches: str, levels: str, told: str
) -> None:
    """One line, as for a world; one is one."""
    text = TEXT.format(base=QUICKSTART.as_posix(), runs=runs, design="grid").replace('"no-pact", "strong"', branches)
    text = text.replace("[0, 0.5]", levels)
    text = text.replace("[0.5, 1, 1.5]", "[1]") if levels == "[0.5]" else text
    file = written(tmp_path, text)
    found = DOOR.invoke(app, ["validate", str(file)])
    assert (0, f"ok {file}: {told}\n", "") == (found.exit_code, found.stdout, found.stderr)


def test_validate__all_faults_of_an_experiment_in_one_pass(tmp_path: Path) -> None:
    """With places, beside sound files of other kinds."""
    text = TEXT.format(base=QUICKSTART.as_posix(), runs=0, design="gird").replace("[0, 0.5]", "[0, 7]")
    file = written(tmp_path, text)
    found = DOOR.invoke(app, ["validate", str(file), str(QUICKSTART)])
    assert 2 == found.exit_code
    assert found.stdout.startswith(f"ok {QUICKSTART}: 5 actors")
    lines = found.stderr.splitlines()
    assert {f"{file}:{line}" for line in (6, 7, 12)} == {line.split(": ")[0] for line in lines}
    assert any('did you mean "grid"' in line for line in lines)


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [('"fighting"', '"figthing"', ':9: measures: "figthing" is not a measure; did you mean "fighting"'),
     ("[0, 0.5]", "{low = 0, high = 0.5}", ":12: pacts.treaty.strength: has a range, but a grid needs lists"),
     ('"grid"', '"points.csv"', ":6: design:"), ('"experiment"', '"experimant"', ':2: kind: found "experimant"'),
     ("runs     = 4", "runs = = 4", ":7:")],
)  # fmt: skip
def test_validate__holds_an_experiment_to_all_that_a_sweep_does(tmp_path: Path, old: str, new: str, word: str) -> None:
    """Measures, the fit of factors and design, the file of points, a slip in the kind."""
    file = written(tmp_path, TEXT.format(base=QUICKSTART.as_posix(), runs=4, design="grid").replace(old, new))
    found = DOOR.invoke(app, ["validate", str(file)])
    assert (2, "") == (found.exit_code, found.stdout)
    assert [f"{file}{word}"] == [line[: len(f"{file}{word}")] for line in found.stderr.splitlines()]


def test_validate__names_faults_of_design_and_measures_together(tmp_path: Path) -> None:
    """A grid with a range, and a measure that there is not."""
    text = TEXT.format(base=QUICKSTART.as_posix(), runs=4, design="grid").replace('"fighting"', '"figthing"')
    file = written(tmp_path, text.replace("[0, 0.5]", "{low = 0, high = 0.5}"))
    assert [9, 12] == [
        int(line.removeprefix(f"{file}:").split(":")[0])
        for line in DOOR.invoke(app, ["validate", str(file)]).stderr.splitlines()
    ]


def test_validate__does_without_the_library_of_a_design(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An experiment is sound also where it cannot be swept; what is wrong with it is still told."""
    monkeypatch.setitem(sys.modules, "SALib", None)
    monkeypatch.setitem(sys.modules, "SALib.sample", None)
    text = TEXT.format(base=QUICKSTART.as_posix(), runs=4, design="morris")
    for points, status in ((12, 0), (13, 2)):
        file = written(tmp_path, text.replace("runs     = 4", f"runs = 4\npoints = {points}"))
        found = DOOR.invoke(app, ["validate", str(file)])
        assert status == found.exit_code, found.stderr
        assert ("12 points" in found.stdout, "the nearest is 12" in found.stderr) == (status == 0, status == 2)


@pytest.mark.parametrize(
    "words",
    [("run",), ("show",), ("compare", "--branches", "no-pact,strong"), ("attribute", "--branch", "strong"),
     ("explain", "--branches", "no-pact,strong"), ("report", "--out", "report.html")],
    ids=lambda words: words[0],
)  # fmt: skip
def test_kind__experiment_where_a_world_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    """One line, which names the commands that take it."""
    monkeypatch.chdir(tmp_path)
    file = experiment(tmp_path)
    found = DOOR.invoke(app, [words[0], str(file), *words[1:]])
    told = (
        'kind: found "experiment", but a world is needed; use an experiment with `proxysim design` or `proxysim sweep`'
    )
    assert (2, "", f"{file}:2: {told}\n") == (found.exit_code, found.stdout, found.stderr)
    assert [file] == [*tmp_path.iterdir()]


@pytest.mark.parametrize("words", [("design",), ("sweep", "--out", "out")], ids=lambda words: words[0])
@pytest.mark.parametrize(("kind", "taken"), [("world", "`proxysim run`"), ("part", "`extends` of a world")])
def test_kind__world_or_part_where_an_experiment_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], kind: str, taken: str
) -> None:
    """One line, which names what takes it; nothing is written."""
    monkeypatch.chdir(tmp_path)
    file = written(tmp_path, QUICKSTART.read_text(encoding="utf-8").replace('kind = "world"', f'kind = "{kind}"'))
    found = DOOR.invoke(app, [words[0], str(file), *words[1:]])
    assert (2, "", 1) == (found.exit_code, found.stdout, len(found.stderr.splitlines()))
    assert f'{file}:1: kind: found "{kind}"; allowed here is "experiment"' in found.stderr
    assert taken in found.stderr
    assert [file] == [*tmp_path.iterdir()]


def test_kind__experiment_as_the_base_of_an_experiment(tmp_path: Path) -> None:
    """Named where it is given, and where it says what it is."""
    file = experiment(tmp_path)
    (tmp_path / "other").mkdir()
    other = written(tmp_path / "other", TEXT.format(base="../experiment.toml", runs=1, design="grid"))
    with pytest.raises(InputError) as caught:
        load_experiment(other)
    assert [(str(other), 4), (str(file), 2)] == [(fault.file, fault.line) for fault in caught.value.faults[::-1]]


PIECES = ["nan", "inf", "-1", "1e400", '""', "{}", "[]", "=", "[", "]", "{", "}", '"', "'", "#", "*", "**", ".", "true", "2020-01-01", "\n",
          '"fixed"', '"uncertain"', '"each on-off"', "scale", "low", "9" * 400, "[[x]]"]  # fmt: skip
WHOLE = (
    TEXT.format(base=QUICKSTART.as_posix(), runs=4, design="sobol").replace("runs     = 4", "runs = 4\npoints = 8")
    + """
"ties.*.weight" = {add = {low = 0, high = 1}, each = true}
"pacts.treaty.provisions.*" = "each on-off"
"pacts.treaty.in_force" = [2020-06-01, 2021-01-01]
"states.north.income" = {low = 100, high = 1000, dist = "log-uniform", unit = "USD m / year"}
[uncertainties]
"**" = "uncertain"
"events.*.chance" = "fixed"
"rules.attrition" = ["linear", "square"]
"""
)


def check_mutation(folder: Path, seed: int) -> None:
    """A mutated file becomes an experiment whose points can be made, or is refused in lines."""
    import random

    chance, text = random.Random(seed), WHOLE
    for _ in range(chance.randint(1, 3)):
        text = mutant(text, chance, PIECES, longest=20, swaps=False)
    try:
        found = load_experiment(written(folder, text))
        design, variation = design_of(found), Variation(found)
        columns_of(found, variation.world(0, design.point(0)))
        for branch in range(len(found.branches)):
            assert np.isfinite(variation.numbers(branch, [design.point(0)])).any()
    except InputError as error:
        assert error.faults
        assert not any("\n" in str(fault) for fault in error.faults)


def test_mutations__forty_files(tmp_path: Path) -> None:
    """The fast sample."""
    for seed in range(40):
        check_mutation(tmp_path, seed)


@pytest.mark.slow
def test_mutations__a_thousand_files(tmp_path: Path) -> None:
    """The full count."""
    for seed in range(100, 1100):
        check_mutation(tmp_path, seed)


#: The lever sets the one number in which the branches differ.
LEVER = """kind = "experiment"
question = "The lever sets the one number in which the branches differ"
base = "{base}"
branches = ["no-pact", "strong"]
design = "grid"
runs = 20
measures = ["received_arms"]
[levers]
"pacts.treaty.strength" = [0, 0.5, 1]
"""
UNIFORM = "set.pacts.treaty.strength = {{value = {value}, low = 0, high = 1, dist = \"uniform\"}}"


def levelling(folder: Path, old: str = "", new: str = "", world: str = "") -> Path:
    """The experiment with one text replaced, over the quickstart or another world."""
    if world:
        (folder / "world.toml").write_text(world, encoding="utf-8")
    base = "world.toml" if world else QUICKSTART.as_posix()
    return written(folder, LEVER.format(base=base).replace(old, new) if old else LEVER.format(base=base))


def test_sweep__refuses_a_lever_that_makes_the_branches_equal(tmp_path: Path) -> None:
    """Both commands name its line and the ways out, before anything is run or written."""
    file = levelling(tmp_path)
    for words in (["validate", str(file)], ["sweep", str(file), "--out", str(tmp_path / "out")]):
        found = DOOR.invoke(app, words)
        assert (2, "") == (found.exit_code, found.stdout)
        assert found.stderr.startswith(f'{file}:9: levers.pacts.treaty.strength: "no-pact" and "strong" differ in nothing else')
        assert "allow_equal_branches = true" in found.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("old", "new"),
    [('"strong"', '"strong", "sea-patrol"'), ("[0, 0.5, 1]", "[0, 0.5]\n[uncertainties]\n\"legs.*.limit\" = {scale = [0.5, 1]}"),
     ('"grid"', '"lhs"\npoints = 5')],
    ids=["one pair of three branches", "with another factor", "range"],
)  # fmt: skip
def test_sweep__refuses_equal_branches_among_other_things(tmp_path: Path, old: str, new: str) -> None:
    """One equal pair is enough, whatever else varies."""
    file = levelling(tmp_path, old, new)
    if "lhs" in new:
        file.write_text(file.read_text().replace("[0, 0.5, 1]", "{low = 0.1, high = 1}"))
    found = DOOR.invoke(app, ["validate", str(file)])
    assert 2 == found.exit_code
    assert '"no-pact" and "strong" differ in nothing else than pacts.treaty.strength' in found.stderr


def test_sweep__refuses_variants_of_rules_and_draws_that_make_branches_equal(tmp_path: Path) -> None:
    """A text is levelled like a number, and a uniform draw does not depend on the value in between."""
    plain = QUICKSTART.read_text(encoding="utf-8")
    rules = plain + '[branches.square]\nset.rules.attrition = "square"\n'
    file = levelling(tmp_path, '"no-pact", "strong"', '"none", "square"', rules)
    file.write_text(file.read_text().replace('"pacts.treaty.strength" = [0, 0.5, 1]', '"rules.attrition" = ["linear", "square"]'))
    assert "levers.rules.attrition" in DOOR.invoke(app, ["validate", str(file)]).stderr
    drawn = plain + "".join(f"[branches.b{k}]\n{UNIFORM.format(value=value)}\n" for k, value in enumerate((0.2, 0.8)))
    file = levelling(tmp_path, '"no-pact", "strong"', '"b0", "b1"', drawn)
    file.write_text(file.read_text().replace("[0, 0.5, 1]", '"uncertain"').replace('"grid"', '"lhs"\npoints = 4'))
    assert "levers.pacts.treaty.strength" in DOOR.invoke(app, ["validate", str(file)]).stderr
    file = levelling(tmp_path, '"no-pact", "strong"', '"b0", "b1"', drawn.replace('dist = "uniform"', 'dist = "triangular"'))
    file.write_text(file.read_text().replace("[0, 0.5, 1]", '"uncertain"').replace('"grid"', '"lhs"\npoints = 4'))
    assert 0 == DOOR.invoke(app, ["validate", str(file)]).exit_code


@pytest.mark.parametrize(
    ("old", "new"),
    [('measures = ["received_arms"]', 'measures = ["received_arms"]\nallow_equal_branches = true'),
     ('"no-pact", "strong"', '"strong"'), ('"no-pact", "strong"', '"no-pact", "sea-patrol"'),
     ("[0, 0.5, 1]", "{scale = [0, 1]}"), ('"pacts.treaty.strength"', '"pacts.treaty.compliance"')],
    ids=["asked for", "one branch", "another difference", "scaled", "another number"],
)  # fmt: skip
def test_sweep__takes_branches_that_stay_different(tmp_path: Path, old: str, new: str) -> None:
    """And equal ones if they are asked for."""
    assert 0 == DOOR.invoke(app, ["validate", str(levelling(tmp_path, old, new))]).exit_code


def test_equal_branches__permission_changes_no_hash_and_is_checked(tmp_path: Path) -> None:
    """A sweep can be resumed whether or not the key is there; anything but true and false is a fault."""
    plain = load_experiment(levelling(tmp_path))
    allowed = load_experiment(levelling(tmp_path, "runs = 20", "runs = 20\nallow_equal_branches = true"))
    assert (plain.hash, False, True) == (allowed.hash, plain.allow_equal_branches, allowed.allow_equal_branches)
    with pytest.raises(InputError, match=r"experiment\.toml:7: allow_equal_branches: needs true or false"):
        load_experiment(levelling(tmp_path, "runs = 20", 'runs = 20\nallow_equal_branches = "yes"'))
