"""At a Python prompt: what can be typed, what is shown, and what a slip is told."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pytest
from matplotlib import pyplot as plt

import proxysim as ps
from proxysim.__main__ import main as command

ROOT = Path(__file__).parent.parent
QUICKSTART = ROOT / "scenarios" / "quickstart.toml"
PAIR = ["no-pact", "strong"]


@pytest.fixture(scope="module")
def run() -> ps.Run:
    """One run of quickstart."""
    return ps.run("quickstart", rng=1)


def test_dir__of_a_run_lists_what_the_readme_uses(run: ps.Run) -> None:
    """Tables are attributes that completion finds."""
    wanted = {"actors", "arsenals", "flows", "regimes", "events", "books", "history", "plot", "summary", "to_dataframe", "metadata"}
    assert wanted <= set(dir(run))
    for name in ("actors", "arsenals", "flows", "regimes", "events", "books"):
        assert list(getattr(run, name).columns) == list(run.table(name).columns)


def test_figures__need_no_second_import() -> None:
    """`ps.figures` after `import proxysim as ps` alone, and `dir(ps)` lists it."""
    code = "import proxysim as ps; assert 'figures' in dir(ps); print(ps.figures.differences.__name__)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert ("differences\n", "") == (found.stdout, found.stderr)


def test_branches__of_a_world_are_listed() -> None:
    """In the order of the file."""
    assert ("no-pact", "sea-patrol", "strong") == ps.load("quickstart").branches


@pytest.mark.parametrize("given", ["quickstart", str(QUICKSTART), QUICKSTART, ps.load(QUICKSTART)], ids=["name", "str", "Path", "World"])
def test_world__may_be_a_name_a_path_or_a_world(given: Any, run: ps.Run) -> None:
    """Wherever a world is taken."""
    same = ps.run(given, rng=1)
    assert np.array_equal(run.history["stock"], same.history["stock"])
    assert ps.PactModel(given, rng=1).world.hash == run.world.hash
    assert ps.ensemble(given, "strong", runs=1, threads=1).branches == ("strong",)
    assert ps.figures.places_and_legs(given).get_axes()


@pytest.mark.parametrize("call", [ps.run, ps.PactModel, ps.ensemble, ps.load])
def test_world__of_another_type_is_one_line(call: Any) -> None:
    """It names what was found."""
    with pytest.raises((ps.InputError, TypeError), match="list"):
        call(["quickstart"])


def test_world__of_an_unknown_name_is_told_those_there_are() -> None:
    """With the nearest."""
    with pytest.raises(ps.InputError, match=r'quickstar: is neither a file nor a shipped world; shipped are .*did you mean "quickstart"'):
        ps.load("quickstar")


def test_names__may_be_a_single_one() -> None:
    """Not read letter by letter."""
    assert ps.ensemble("quickstart", "strong", runs=1).branches == ("strong",)
    result = ps.compare("quickstart", PAIR, runs=2, measures="capacity")
    assert {"capacity"} == {effect.measure for effect in result.effects}
    table = ps.compare("quickstart", PAIR, runs=4, bands=True).study.bands_table()
    assert ps.figures.capacity_bands(table, actors="reds").get_axes()
    assert ps.figures.differences(result.to_dataframe(), "capacity").get_axes()
    assert 0.0 == ps.load("quickstart", sets="scenario.noise=0").scenario.numbers["scenario", "noise"].value
    divided = ps.attribute("quickstart", "strong", "no-pact", runs=1, measures="received_arms.reds")
    assert 1 == len(divided.measures)


def test_names__that_are_no_text_are_refused() -> None:
    """A list of numbers is no list of branches."""
    with pytest.raises(ps.InputError, match="branches: needs names as text; found 3"):
        ps.ensemble("quickstart", [3], runs=1)  # type: ignore[list-item]


@pytest.mark.parametrize("rng", [0.1, 1.0, "1", True, None, -1, 2**64])
@pytest.mark.parametrize("call", [ps.run, ps.PactModel, lambda world, rng: ps.compare(world, PAIR, 1, rng)], ids=["run", "model", "compare"])
def test_seed__that_is_no_integer_is_refused(call: Any, rng: Any) -> None:
    """A float was cut to an integer, so that ten seeds gave one run ten times."""
    with pytest.raises(ps.RunError, match="a seed is an integer"):
        call("quickstart", rng)


def test_seed__may_be_of_numpy() -> None:
    """Integers, sequences and generators."""
    same = ps.run("quickstart", np.int64(3)).seed, ps.run("quickstart", np.uint8(3)).seed, ps.run("quickstart", 3).seed
    assert (3, 3, 3) == same
    assert ps.run("quickstart", np.random.default_rng(1)).seed == ps.run("quickstart", np.random.default_rng(1)).seed


# ---- decisions ---------------------------------------------------------------------------------------


def decides(base: type, **methods: Any) -> type:
    """A subclass of an agent with methods of its own."""
    return type("Mine", (base,), {"__module__": "notebook", **methods})


@pytest.mark.parametrize(
    ("method", "value", "wanted"),
    [
        ("allocate", [1, 2, 3], "a dict of tie -> share"),
        ("allocate", [-1], "a dict of tie -> share"),
        ("allocate", {"north -> red": 0.1}, 'is none; did you mean "north -> reds"'),
        ("allocate", {"north -> reds": 1.5}, "a number from 0 to 1"),
        ("allocate", {"north -> reds": 0.7, "north -> greens": 0.7}, "a number from 0 to 1"),
        ("support_budget", "much", "a number from 0 to 1"),
        ("support_budget", True, "a number from 0 to 1"),
        ("support_budget", None, "a number from 0 to 1"),
        ("support_budget", float("nan"), "a number from 0 to 1"),
        ("release", 2, "a number from 0 to 1"),
        ("offer", -1.0, "a finite number of at least 0"),
        ("offer", float("inf"), "a finite number of at least 0"),
        ("patrol", 0.5, "a dict of leg -> share"),
        ("patrol", {"nowhere": 0.5}, "'nowhere' is none"),
    ],
)
def test_decision__that_returns_something_else_is_one_line(method: str, value: Any, wanted: str) -> None:
    """It names the class, the method, the agent and what is wanted."""
    kind = decides(ps.StateAgent, **{method: lambda self, *given: value})
    model = ps.PactModel("quickstart", agents={"north": kind})
    with pytest.raises(ps.RunError, match=rf"^Mine\.{method}( \(sum\))? of north returned ") as error:
        model.step()
    assert wanted in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["suport_budget", "allocat", "releases", "patrols", "supportbudget", "comit"])
def test_decision__that_is_misspelt_is_told_so(name: str) -> None:
    """A method that is no decision but nearly the name of one."""
    with pytest.raises(ps.InputError, match=rf"agents.*north.*Mine\.{name} is no decision; did you mean "):
        ps.PactModel("quickstart", agents={"north": decides(ps.StateAgent, **{name: lambda self: 0.1})})


def test_decision__helpers_of_any_other_name_are_free() -> None:
    """Also a near name that begins with an underscore, and a class between."""
    parent = decides(ps.StateAgent, mood=lambda self: 0.5, _patrol=lambda self: {}, remembered=3)
    child = decides(parent, support_budget=lambda self: 0.1 * self.mood())
    model = ps.PactModel("quickstart", agents={"north": child})
    model.step()
    assert 0.05 == pytest.approx(model.flow("usual_share")[model.place("actor", "north")])


@pytest.mark.parametrize("kind", [ps.ProxyAgent, dict, 3])
def test_agents__of_another_class_are_refused(kind: Any) -> None:
    """With the class to derive from."""
    with pytest.raises(ps.InputError, match="derive it from StateAgent"):
        ps.PactModel("quickstart", agents={"north": kind})


# ---- what is shown -----------------------------------------------------------------------------------


def test_plot__shows_itself_in_a_fresh_notebook() -> None:
    """Last in a cell, with no magic and no import of matplotlib: the cell has a picture."""
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    book = nbformat.v4.new_notebook()
    book.cells = [nbformat.v4.new_code_cell("import proxysim as ps\nps.run('quickstart', rng=1).plot()")]
    nbclient.NotebookClient(book, timeout=240, kernel_name="python3", resources={"metadata": {"path": str(ROOT)}}).execute()
    assert any("image/png" in output.get("data", {}) for output in book.cells[0].outputs)


@pytest.mark.slow
def test_figures__look_the_same_under_any_style(run: ps.Run, tmp_path: Path) -> None:
    """Dark backgrounds, tight boxes, large type and TeX outside change no byte, whether drawn or saved under them."""
    effects = ps.compare("quickstart", PAIR, runs=4).to_dataframe()
    drawings = {
        "run": run.plot,
        "differences": lambda: ps.figures.differences(effects, "capacity"),
        "map": lambda: ps.figures.places_and_legs("quickstart"),
    }
    plain = {name: draw() for name, draw in drawings.items()}
    for name, figure in plain.items():
        figure.savefig(tmp_path / f"{name}.png", dpi=50)
        figure.savefig(tmp_path / f"{name}.svg", metadata={"Date": None})
    outside = {"savefig.bbox": "tight", "font.size": 22.0, "axes.grid": True, "text.usetex": True, "savefig.transparent": True, "axes.titlesize": 30}
    for style in ("dark_background", "ggplot"):
        with plt.style.context([style, outside]):
            for name, draw in drawings.items():
                for figure in (draw(), plain[name]):
                    figure.savefig(tmp_path / "again.png", dpi=50)
                    figure.savefig(tmp_path / "again.svg", metadata={"Date": None})
                    for ending in ("png", "svg"):
                        assert (tmp_path / f"{name}.{ending}").read_bytes() == (tmp_path / f"again.{ending}").read_bytes(), (name, style)
            assert outside["font.size"] == matplotlib.rcParams["font.size"]


def test_versions__are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """The package, its model, Python and libraries, also those that are missing."""
    ps.show_versions()
    lines = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert {"proxysim", "model", "kernel", "Python", "system", "numpy", "numba", "mesa"} <= set(lines)
    assert (ps.__version__, np.__version__) == (lines["proxysim"], lines["numpy"])


def test_module__is_the_command() -> None:
    """`python -m proxysim`."""
    found = subprocess.run([sys.executable, "-m", "proxysim", "--version"], capture_output=True, text=True, timeout=60)
    assert (0, f"proxysim {ps.__version__}\n", "") == (found.returncode, found.stdout, found.stderr)


def test_interrupt__while_python_imports_is_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit status 130, as of Ctrl-C later."""

    class Interrupts:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "proxysim.cli":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "proxysim.cli", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Interrupts(), *sys.meta_path])
    with pytest.raises(SystemExit) as caught:
        command()
    assert 130 == caught.value.code
