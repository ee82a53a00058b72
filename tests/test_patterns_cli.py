"""The command `patterns`: how it ends and what it writes; and the comparison with history in a report."""

from __future__ import annotations

import json
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from tests.patterning import TEXT, file_of, observation, pattern, written
from tests.test_patterns import ARMS, FILE
from typer.testing import CliRunner

import proxysim as ps
from proxysim.cli import app
from proxysim.errors import InputError
from proxysim.report.study.history import COMPARED, compared_with, patterns_file
from proxysim.report.study.patterns import in_one_sentence, patterns_section
from proxysim.scenario.resolve.loader import scenario_from_text
from proxysim.scenario.world.world import build

COMMAND = CliRunner()


def called(file: Path, *words: str) -> Any:
    """The command with 100 runs on one thread."""
    return COMMAND.invoke(app, ["patterns", str(file), "--runs", "100", "--threads", "1", *words])


def small(folder: Path, *names: str) -> Path:
    """A file with some of the patterns that the quickstart meets, misses, or cannot fail."""
    return Path(file_of(folder, ARMS, {name: FILE[name] for name in names}).file)


@pytest.mark.parametrize(("names", "status"), [(("met",), 0), (("met", "output"), 0), (("missed",), 1), (("met", "refused"), 1)])
def test_exit__is_0_only_if_all_evidence_is_met_and_can_fail(tmp_path: Path, names: tuple[str, ...], status: int) -> None:
    """The answer is printed either way."""
    found = called(small(tmp_path, *names))
    assert status == found.exit_code, found.stderr
    assert found.stdout.startswith("quickstart: ") and all(name in found.stdout for name in names)


def test_exit__does_not_depend_on_patterns_that_are_no_evidence(tmp_path: Path) -> None:
    """An input that is missed is shown and not counted."""
    observed = {"arms": observation("received_arms.reds")}
    wrong = pattern("arms", "mean", window=("2022-01", "2022-12"), low=1000)
    found = called(Path(file_of(tmp_path, observed, {"wrong": wrong}).file))
    assert 0 == found.exit_code and "NO" in found.stdout


def test_answer__is_the_summary_of_the_function(tmp_path: Path) -> None:
    """With the same seed, and without when nothing is said of it."""
    file = small(tmp_path, "met", "missed")
    for words, seed, uncertain in (((), 0, False), (("--seed", "5", "--uncertain"), 5, True)):
        expected = ps.patterns(file, 100, seed, uncertain=uncertain, threads=1)
        assert expected.summary() == called(file, *words).stdout.rstrip("\n")


def test_json__is_valid_and_has_the_same_numbers(tmp_path: Path) -> None:
    """Infinite and undefined numbers are null."""
    file = written(tmp_path, TEXT.replace('low       = "2020-05"', 'low       = "2020-05"\nat_least = 0.5'))
    found = called(file, "--json", "--rivals")

    def refuse(constant: str) -> Any:
        raise AssertionError(constant)

    answer = json.loads(found.stdout, parse_constant=refuse)
    assert json.loads(json.dumps(ps.patterns(file, 100, rivals="all", threads=1).to_json())) == answer
    assert ["growth", "first-rifles", "delay"] == [one["pattern"] for one in answer["patterns"]]
    assert answer["patterns"][1]["high"] is None and "2020-05" == answer["patterns"][1]["low"]
    assert {"model", "about", "kind", "differs", "failed", "shares"} == set(answer["rivals"][0])


def test_folder__has_tables_and_both_answers(tmp_path: Path) -> None:
    """The table of wrong models only if they were all run; a folder that is there is not overwritten."""
    file, out = written(tmp_path), tmp_path / "out"
    found = called(file, "--out", str(out), "--rivals")
    assert 0 == found.exit_code, found.stderr
    assert ["answer.json", "answer.txt", "patterns.parquet", "rivals.parquet"] == sorted(path.name for path in out.iterdir())
    assert found.stdout.rstrip("\n") == (out / "answer.txt").read_text(encoding="utf-8").rstrip("\n")
    expected = ps.patterns(file, 100, rivals="all", threads=1)
    pd.testing.assert_frame_equal(expected.to_dataframe(), pd.read_parquet(out / "patterns.parquet"))
    pd.testing.assert_frame_equal(expected.rivals_table(), pd.read_parquet(out / "rivals.parquet"))
    assert 2 == called(file, "--out", str(out)).exit_code
    assert 0 == called(file, "--out", str(tmp_path / "other")).exit_code
    assert not (tmp_path / "other" / "rivals.parquet").exists()


def test_held_back__prints_and_writes_each_version(tmp_path: Path) -> None:
    """It is a report, so misses do not change the exit status."""
    file, out = small(tmp_path, "met", "missed"), tmp_path / "out"
    found = called(file, "--held-back", "2022-01:2022-12", "--out", str(out))
    assert 0 == found.exit_code, found.stderr
    assert all(word in found.stdout for word in ("blind", "wars given", "as shipped", "hit", "MISS"))
    table = pd.read_parquet(out / "held_back.parquet")
    assert [("met", True), ("missed", False)] * 3 == list(zip(table["pattern"], table["met"], strict=True))
    answer = json.loads(called(file, "--held-back", "2022-01:2022-12", "--json").stdout)
    assert table["median"].tolist() == [one["median"] for version in answer["versions"].values() for one in version]
    assert ["2022-01", "2022-12"] == answer["held_back"] and ps.load("quickstart").hash == answer["hash"]


@pytest.mark.parametrize(("words", "message"), [
    (["--held-back", "2022-01:2022-12", "--rivals"], "--held-back: predicts years and --rivals tries wrong models; give one of them"),
    (["--held-back", "2022"], '--held-back: found "2022"; give two months such as 2023-01:2024-12'),
    (["--held-back", "2021-01:2022-13"], '--held-back: found "2022-13"; the world runs from 2020-01 to 2024-12, a month is "YYYY-MM"'),
])  # fmt: skip
def test_options__that_cannot_be_used_are_one_line(tmp_path: Path, words: list[str], message: str) -> None:
    """With the option."""
    found = called(small(tmp_path, "met"), *words)
    assert (2, "", [message]) == (found.exit_code, found.stdout, found.stderr.splitlines())


def test_runs__fewer_than_100_are_refused(tmp_path: Path) -> None:
    """Since a wrong model must fail in 99 of them."""
    found = COMMAND.invoke(app, ["patterns", str(small(tmp_path, "met")), "--runs", "99"])
    assert (2, "") == (found.exit_code, found.stdout)
    assert "--runs" in found.stderr.splitlines()[-1] and "greater than or equal to 100" in found.stderr.splitlines()[-1]


@pytest.mark.parametrize(("name", "words"), [
    ("none.toml", "does not exist"), ("quickstart", "is neither a patterns file nor a shipped world that has one"),
])  # fmt: skip
def test_file__that_cannot_be_used_is_one_line(name: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit status 2."""
    monkeypatch.chdir(tmp_path)
    found = called(Path(name))
    assert (2, "") == (found.exit_code, found.stdout)
    assert 1 == len(found.stderr.splitlines()) and found.stderr.startswith(f"{name}: ") and words in found.stderr


def test_sets__change_the_world_that_is_compared(tmp_path: Path) -> None:
    """As in the function; a change that cannot be used is one line."""
    file = small(tmp_path, "met")
    assert [0, 1] == [called(file, "--set", f"states.north.support_share={share}").exit_code for share in (0.1, 0.001)]
    with pytest.raises(InputError):
        ps.patterns(file, 100, sets=["states.north.support_share=7"])
    found = called(file, "--set", "states.north.support_shar=0")
    assert 2 == found.exit_code and 1 == len(found.stderr.splitlines())


def test_validate__counts_what_is_in_a_patterns_file(tmp_path: Path) -> None:
    """Or names its faults."""
    found = COMMAND.invoke(app, ["validate", str(written(tmp_path))])
    assert (0, "") == (found.exit_code, found.stderr)
    assert "3 patterns (1 fit, 1 input and 1 check), 3 observations, 1 rival, 1 left out" in found.stdout
    found = COMMAND.invoke(app, ["validate", str(written(tmp_path, TEXT.replace('"check"', '"chek"')))])
    assert 2 == found.exit_code and ':58: patterns.delay.role: found "chek"' in found.stderr


@pytest.mark.parametrize("command", ["run", "show", "compare", "report"])
def test_commands__that_need_a_world_refuse_a_patterns_file_in_one_line(tmp_path: Path, command: str) -> None:
    """And name the command that takes it."""
    more = ["--branches", "none,strong"] if command == "compare" else []
    found = COMMAND.invoke(app, [command, str(written(tmp_path)), *more])
    assert 2 == found.exit_code and 1 == len(found.stderr.splitlines())
    assert ':1: kind: found "patterns", but a world is needed; use a patterns file with `proxysim patterns`' in found.stderr


# ---- the report --------------------------------------------------------------------------------------------------------


def test_history__of_a_world_is_the_file_next_to_it_or_to_what_it_extends(tmp_path: Path) -> None:
    """A world that is a text has none."""
    assert ["levant.patterns.toml"] * 2 == [(patterns_file(ps.load(name)) or Path()).name for name in ("levant", "levant-2025")]
    assert patterns_file(ps.load("quickstart")) is None
    text = Path(ps.load("quickstart").scenario.file).read_text(encoding="utf-8")
    assert patterns_file(build(scenario_from_text(text))) is None
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    (tmp_path / "mine.patterns.toml").write_text(TEXT, encoding="utf-8")
    assert tmp_path / "mine.patterns.toml" == patterns_file(ps.load(tmp_path / "mine.toml"))


def test_history__compares_at_the_values_and_resampled(tmp_path: Path) -> None:
    """As `patterns` does without wrong models; progress runs through both."""
    file, steps = small(tmp_path, "met", "missed", "output"), list[tuple[int, int]]()
    found = compared_with(file, ps.load("quickstart"), 3, 1, lambda done, total: steps.append((done, total)))
    for one, uncertain in ((found.at_values, False), (found.resampled, True)):
        expected = ps.patterns(file, COMPARED, 3, uncertain=uncertain, rivals="none", threads=1)
        assert expected.to_json() == one.to_json()
    assert steps == sorted(steps) and (2 * COMPARED, 2 * COMPARED) == steps[-1] and {2 * COMPARED} == {total for _, total in steps}


def test_section__has_a_row_for_each_pattern(tmp_path: Path) -> None:
    """Those that were put in apart; what is missed is named."""
    file = small(tmp_path, "met", "missed", "output")
    found: Any = SimpleNamespace(history=compared_with(file, ps.load("quickstart"), 3, 1, None), world=ps.load("quickstart"))
    assert "Of 2 historical patterns, 1 is reproduced." == in_one_sentence(found)
    section = patterns_section(found)
    assert section is not None
    assert [True, False] == [row["met"] for row in section["rows"]] and 1 == len(section["given"])
    (missed,) = section["missed"]
    assert missed.startswith("mean of arms") and COMPARED == section["runs"]
    whole, drawn = found.history.at_values.verdicts[0], found.history.resampled.verdicts[0]
    row = section["rows"][0]
    assert "3.00 to 5.00" == row["range"] and f"{whole.median:.2f} (" == row["model"][: len(f"{whole.median:.2f} (")]
    assert math.isclose(float(row["share"].rstrip("%").strip("\u00a0 ")), 100 * drawn.share, abs_tol=1.0)


def test_section__of_a_world_without_patterns_is_none() -> None:
    """And the sentence says so."""
    found: Any = SimpleNamespace(history=None, world=ps.load("quickstart"))
    assert patterns_section(found) is None
    assert "The world was not compared with historical patterns." == in_one_sentence(found)
