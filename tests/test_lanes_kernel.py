"""The choice between the compilers of the rules, what takes over where lanes cannot be had, and the machine code on disk."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from tests.lanes import NUMBA, Case, case_of, differences, digest_of, drawn_case, ended
from tests.sweeping import surroundings

import proxysim as ps
from proxysim.core import code_cache, kernel, precompile, version
from proxysim.core.lanes import compiler
from proxysim.errors import RunError

QUICKSTART = Path(__file__).parent.parent / "scenarios" / "quickstart.toml"
WIDTH = compiler.width()
pytestmark = pytest.mark.timeout(1500)  # numba compiles a size class first


def python(script: str, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """A script in a process of its own."""
    command = [sys.executable, "-c", script, *words]
    return subprocess.run(command, env=surroundings() | more, capture_output=True, text=True, timeout=1500)


# ---- plain Python ----------------------------------------------------------------------------------------

PLAIN = """
import sys
from dataclasses import replace
from tests.lanes import NUMBA, digest_of, drawn_case, ended
for seed in sys.argv[2:]:
    print(digest_of(ended(replace(drawn_case(int(seed)), stop=int(sys.argv[1])), NUMBA)))
"""


def check_plain(seeds: list[int], months: int) -> None:
    """Plain Python, numba and lanes give the same bits of random worlds."""
    done = python(PLAIN, str(months), *map(str, seeds), NUMBA_DISABLE_JIT="1")
    assert 0 == done.returncode, done.stderr
    for seed, plain in zip(seeds, done.stdout.split(), strict=True):
        case = replace(drawn_case(seed), stop=months)
        precompile.prepare(case.world.size)
        assert [plain, plain] == [digest_of(ended(case, lanes)) for lanes in (NUMBA, WIDTH)], seed


def test_bits__of_6_random_worlds_are_those_of_plain_python() -> None:
    """Small ones, for three months: one run with the numbers of the file, or two with numbers of their own."""
    check_plain([7, 12, 13, 18, 24, 25], 3)


@pytest.mark.slow
def test_bits__of_60_random_worlds_are_those_of_plain_python() -> None:
    """Seeds 300 to 479 that have one or two runs, for five months."""
    check_plain([seed for seed in range(300, 480) if seed % 6 < 2], 5)


# ---- choice ----------------------------------------------------------------------------------------------

#: Ways in which lanes cannot be had: name -> what is done before the command, and what is said.
BROKEN = {
    "no machine code": (
        """
import sys
from llvmlite import binding
real = binding.parse_assembly
def broken(*given):
    if sys._getframe(1).f_globals["__name__"].startswith("proxysim"):
        raise RuntimeError("no machine code here\\nmore")
    return real(*given)
binding.parse_assembly = broken
""", "no machine code here"),
    "no vectors": ("from proxysim.core.lanes import compiler\ncompiler.WIDTHS = ()\n", "the processor has no vector instructions that are used here"),
}  # fmt: skip
COMMAND = "\nfrom proxysim.cli import main\nmain()\n"
COMPARE = ("compare", str(QUICKSTART), "--branches", "no-pact,strong", "--runs", "20", "--uncertain", "--json")
RUN = ("run", str(QUICKSTART), "--seed", "3", "--json")


@pytest.fixture(scope="module")
def expected() -> dict[tuple[str, ...], Any]:
    """What the commands print on lanes."""
    found = {}
    precompile.prepare("small")
    for words in (RUN, COMPARE):
        done = python(COMMAND, *words, PROXYSIM_KERNEL="")
        assert 0 == done.returncode, done.stderr
        found[words] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(("kind", "words"), [("no machine code", RUN), ("no machine code", COMPARE), ("no vectors", COMPARE)])
def test_fallback__to_numba_is_said_in_one_line(kind: str, words: tuple[str, ...], expected: dict[tuple[str, ...], Any]) -> None:
    """The outcomes are the same."""
    before, why = BROKEN[kind]
    done = python(before + COMMAND, *words, PROXYSIM_KERNEL="")
    said = [line for line in done.stderr.splitlines() if "compiling" not in line]
    assert [
        f"proxysim: the rules cannot be compiled for several runs side by side ({why}); numba compiles them instead, with the same results"
    ] == said
    found = json.loads(done.stdout)
    assert found.get("kernel") in ("numba", None)
    assert (0, {**expected[words], "kernel": 0}) == (done.returncode, {**found, "kernel": 0})


def test_fallback__is_not_needed_for_a_single_run(expected: dict[tuple[str, ...], Any]) -> None:
    """One run needs no vectors."""
    done = python(BROKEN["no vectors"][0] + COMMAND, *RUN, PROXYSIM_KERNEL="")
    assert (0, {**expected[RUN], "kernel": "lanes 1"}) == (done.returncode, json.loads(done.stdout))
    assert "cannot be compiled" not in done.stderr


@pytest.mark.parametrize(("kind", "words"), [("no machine code", RUN), ("no machine code", COMPARE), ("no vectors", COMPARE)])
def test_fallback__is_an_error_where_lanes_are_demanded(kind: str, words: tuple[str, ...]) -> None:
    """One line, no traceback."""
    before, why = BROKEN[kind]
    done = python(before + COMMAND, *words, PROXYSIM_KERNEL="lanes")
    said = [line for line in done.stderr.splitlines() if "compiling" not in line]
    assert [f"proxysim: the rules cannot be compiled for several runs side by side ({why}); unset PROXYSIM_KERNEL to use numba"] == said
    assert (1, "") == (done.returncode, done.stdout)


@pytest.mark.parametrize("words", [RUN, COMPARE])
def test_kernel__that_does_not_exist_is_refused(words: tuple[str, ...]) -> None:
    """One line with the values that are allowed."""
    done = python(COMMAND, *words, PROXYSIM_KERNEL="nonsense")
    assert (1, "") == (done.returncode, done.stdout)
    assert "proxysim: PROXYSIM_KERNEL is 'nonsense'; allowed are lanes and numba, or nothing\n" == done.stderr


def test_kernel__is_the_one_that_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lanes by default; one run at a time on numba."""
    found = {}
    for asked in ("", "lanes", "numba"):
        monkeypatch.setenv(kernel.VARIABLE, asked)
        found[asked] = kernel.name(), kernel.width()
    assert {"": ("lanes", WIDTH), "lanes": ("lanes", WIDTH), "numba": ("numba", 1)} == found
    monkeypatch.setenv(kernel.VARIABLE, "Lanes")
    with pytest.raises(RunError, match="allowed are lanes and numba"):
        kernel.name()


# ---- machine code on disk --------------------------------------------------------------------------------


class Folder:
    """A cache folder of its own, and a compiler that only counts: it gives the code that was compiled before."""

    def __init__(self, path: Path, code: bytes) -> None:
        self.path, self.code, self.compiled = path, code, 0

    def compile(self, *_: Any) -> bytes:
        self.compiled += 1
        return self.code

    def load(self) -> compiler.Code:
        found: compiler.Code = compiler.code.__wrapped__("small", WIDTH)
        return found

    @property
    def file(self) -> Path:
        (found,) = self.path.glob("*.lanes")
        return found


@pytest.fixture(scope="module")
def case() -> Case:
    """A few runs of the shipped world for a quick start."""
    return replace(case_of(ps.load(QUICKSTART), 9), stop=12)


def code_of(size: str) -> bytes:
    """Machine code of a size class, from the cache if it is there."""
    with mock.patch.object(compiler, "Code", lambda code, _: code):
        return bytes(compiler.code.__wrapped__(size, WIDTH))


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    """Such a folder."""
    made = Folder(tmp_path, code_of("small"))
    with (
        mock.patch.object(compiler, "cache_folder", lambda: tmp_path),
        mock.patch.object(compiler, "object_code", made.compile),
        mock.patch.object(compiler, "_module", lambda *_: ""),
    ):
        yield made


def runs_on(code: compiler.Code, case: Case) -> list[str]:
    """Differences between runs on some code and those on the rules as they are in the cache of the tests."""
    expected = ended(case, WIDTH)
    with mock.patch.object(compiler, "code", lambda size, lanes: code):
        return differences(expected, ended(case, WIDTH))


def test_cache__is_read_by_the_next_process(folder: Folder, case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    """Compiled once, with one line."""
    assert [] == runs_on(folder.load(), case)
    assert f"proxysim: compiling the rules for small worlds, {WIDTH} runs at a time; this happens once\n" == capsys.readouterr().err
    assert [] == runs_on(folder.load(), case)
    assert (1, "") == (folder.compiled, capsys.readouterr().err)


def damaged(content: bytes, kind: str) -> bytes:
    """What has become of a file of the cache."""
    middle = len(content) // 2
    return {
        "empty": b"", "short": content[:10], "cut": content[:middle], "changed": content[:middle] + b"\xff\x00\xff" + content[middle + 3 :],
        "other": b"nonsense" * 1000, "longer": content + b"\0",
    }[kind]  # fmt: skip


@pytest.mark.parametrize("kind", ["empty", "short", "cut", "changed", "other", "longer"])
def test_cache__that_is_damaged_is_compiled_again(kind: str, folder: Folder, case: Case) -> None:
    """And is sound afterwards."""
    folder.load()
    content = folder.file.read_bytes()
    folder.file.write_bytes(damaged(content, kind))
    assert [] == runs_on(folder.load(), case)
    assert (2, content) == (folder.compiled, folder.file.read_bytes())


def test_cache__file_of_another_size_class_is_compiled_again(folder: Folder, case: Case) -> None:
    """A sound file under a wrong name."""
    folder.load()
    file, content = folder.file, folder.file.read_bytes()
    other = file.with_name(file.name.replace("small", "medium"))
    file.write_bytes(code_cache._sealed(b"machine code of another size class", other.name))
    assert [] == runs_on(folder.load(), case)
    assert (2, content) == (folder.compiled, folder.file.read_bytes())


def test_cache__that_cannot_be_written_is_left_out(folder: Folder, case: Case) -> None:
    """No folder, or a disk that is full when the code is saved: compiled for this process alone."""
    with mock.patch.object(compiler, "cache_fault", lambda: "the folder cannot be written"):
        assert [] == runs_on(folder.load(), case)
    with mock.patch.object(code_cache.os, "replace", side_effect=OSError(28, "No space left on device")):
        assert [] == runs_on(folder.load(), case)
    assert (2, []) == (folder.compiled, [file.name for file in folder.path.iterdir() if file.suffix != ".lock"])


def test_cache__has_a_file_for_each_size_width_and_instruction_set(folder: Folder) -> None:
    """One is never taken for another."""
    for size, lanes, features in (("small", 8, "+avx2"), ("small", 4, "+avx2"), ("medium", 8, "+avx2"), ("small", 8, "+avx512f")):
        with mock.patch.object(compiler, "cpu_features", lambda features=features: features), mock.patch.object(compiler, "Code"):
            compiler.code.__wrapped__(size, lanes)
    assert (4, 4) == (folder.compiled, len(list(folder.path.glob("*.lanes"))))


def package(folder: Path) -> Path:
    """A copy of the package."""
    return Path(shutil.copytree(version.PACKAGE, folder / "proxysim", ignore=shutil.ignore_patterns("__pycache__")))


@pytest.mark.parametrize("file", ["lanes/emit.py", "rules/regimes.py", "memory.py"])
def test_cache__moves_with_the_sources(file: str, tmp_path: Path) -> None:
    """An edit of the compiler or of a rule compiles again."""
    script = "from proxysim.core.code_cache import cache_folder\nprint(cache_folder())"
    edited = package(tmp_path) / "core" / file
    before = python(script, PYTHONPATH=str(tmp_path)).stdout
    edited.write_text(edited.read_text(encoding="utf-8") + "# edited\n", encoding="utf-8")
    after = python(script, PYTHONPATH=str(tmp_path)).stdout
    assert before and after and before != after


@pytest.mark.slow
def test_cache__is_filled_once_by_two_processes(tmp_path: Path) -> None:
    """The second one waits for the first."""
    script = "from proxysim.core import kernel\nkernel.prepare('small', 1)"
    environment = surroundings() | {"PROXYSIM_CACHE": str(tmp_path), "PROXYSIM_KERNEL": "lanes"}
    both = [subprocess.Popen([sys.executable, "-c", script], env=environment, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [one.communicate(timeout=1500)[1] for one in both]
    assert ["", "proxysim: compiling the rules for small worlds, one run at a time; this happens once\n"] == sorted(said)
    assert [0, 0] == [one.returncode for one in both]


@pytest.mark.slow
def test_cache__in_a_place_that_cannot_be_written_ends_no_run(expected: dict[tuple[str, ...], Any]) -> None:
    """The command prints the same."""
    done = python(COMMAND, *RUN, PROXYSIM_CACHE="/dev/full/in", PROXYSIM_KERNEL="lanes")
    assert (0, expected[RUN]) == (done.returncode, json.loads(done.stdout))


# ---- a new rule ------------------------------------------------------------------------------------------

RULE = '''"""Proxies that are not at war drill."""

from __future__ import annotations

from proxysim.core.jit import compiled


@compiled
def drill(w, p, s, f, t):  # type: ignore[no-untyped-def]
    """command += drill (1 - command), but not while the largest engagement times intensity is above 0.3.

    Writes
    ------
    command : (actor,), shares

    Source
    ------
    Assumption: for a test.
    """
    for a in range(w.actor_count):
        if f.war[a] > 0.3:
            continue
        s.command[a] += p.drill[a] * (1.0 - s.command[a])
'''
#: Edits of the package: file -> what is replaced, and by what.
EDITS = {
    "core/parameters.py": (
        '        ("command_recovery", ',
        '        ("drill", "drill", "share", 0.0, 0, 1, "part of missing command that drill adds per month"),\n        ("command_recovery", ',
    ),
    "core/step.py": (
        "            learning.upkeep(w, p, s, f, t)\n",
        "            learning.upkeep(w, p, s, f, t)\n            drill.drill(w, p, s, f, t)\n",
    ),
}
WITH_RULE = """
import hashlib, sys
import numpy as np
import proxysim as ps
from proxysim.core import kernel
from proxysim.core.schedule import numbers_of
from proxysim.runs.batch import run_rows
for drill in ("0", "0.2"):
    sets = ["proxies.reds.command=0.5", f"proxies.reds.drill={drill}", "scenario.end=2020-06-01"]
    world = ps.load(sys.argv[1], sets=sets)
    runs = np.arange(3, dtype=np.uint64)
    values, _ = run_rows(world, 3, numbers_of(world.params, world.schedule), np.zeros(3, int), runs)
    print(hashlib.blake2b(values.tobytes(), digest_size=12).hexdigest())
print(kernel.name())
"""


def with_rule(folder: Path) -> None:
    """A copy of the package with one rule more, in the places that CONTRIBUTING.md names; its test is the one that calls this."""
    made = package(folder)
    (made / "core" / "rules" / "drill.py").write_text(RULE, encoding="utf-8")
    for name, (old, new) in EDITS.items():
        text = (made / name).read_text(encoding="utf-8")
        assert 1 == text.count(old), name
        (made / name).write_text(text.replace(old, new), encoding="utf-8")
    step = made / "core" / "step.py"
    step.write_text(step.read_text(encoding="utf-8").replace("    events,\n", "    drill,\n    events,\n", 1), encoding="utf-8")


def check_rule(folder: Path, *kernels: str) -> None:
    """The rule acts, and each compiler gives the same bits."""
    with_rule(folder)
    seen = {}
    for name in kernels:
        more = {"NUMBA_DISABLE_JIT": "1"} if name == "python" else {"PROXYSIM_KERNEL": name}
        more |= {"PYTHONPATH": str(folder), "PROXYSIM_CACHE": str(folder / "cache")}
        done = python(WITH_RULE, str(QUICKSTART), **more)
        assert 0 == done.returncode, done.stderr
        without, acting, used = done.stdout.split()
        assert (name, True) == (used, without != acting)
        seen[name] = without, acting
    assert 1 == len(set(seen.values())), seen


@pytest.mark.slow
def test_rule__that_is_new_needs_no_change_of_the_compiler(tmp_path: Path) -> None:
    """Lanes and plain Python."""
    check_rule(tmp_path, "lanes", "python")


@pytest.mark.slow
def test_rule__that_is_new_has_the_bits_of_numba(tmp_path: Path) -> None:
    """Lanes and numba, which compiles for minutes."""
    check_rule(tmp_path, "lanes", "numba")
