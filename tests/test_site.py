"""The documentation site: everything public is in it, equations and links come out right, and nothing is loaded from elsewhere."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from docs.site.parts import api, breaks, commands, docstrings, look, notebooks, requests, tree
from tests.pages import browser

import proxysim
from proxysim import figures

maths = pytest.importorskip("docs.site.parts.maths", reason="the extra site is not installed")

ROOT = Path(__file__).resolve().parent.parent
MODEL = (ROOT / "docs" / "model.md").read_text(encoding="utf-8")
DISPLAYED = re.findall(r"^\$\$\n(.*?)\n\$\$$", MODEL, flags=re.MULTILINE | re.DOTALL)
IN_LINES = re.findall(
    r"\$([^$\n]+(?:\n[^$\n]+)?)\$", re.sub(r"`[^`]*`", "", re.sub(r"^\$\$\n.*?\n\$\$$", "", MODEL, flags=re.MULTILINE | re.DOTALL))
)


# ---- what is in it -----------------------------------------------------------------------------------


def test_reference__has_every_public_name_once() -> None:
    """A new name goes into `GROUPS` of docs/site/parts/api.py, under its task."""
    listed = [name for _, names in api.groups().values() for name in names]
    assert len(listed) == len(set(listed))
    assert set() == api.public() - set(listed)
    assert set() == set(listed) - api.public() - set(api.PARTS)
    assert api.ELSEWHERE <= set(proxysim.__all__)


def test_reference__has_every_member_that_must_be_documented() -> None:
    """Those that tests/test_docstrings.py asks a docstring of."""
    from tests.test_docstrings import PUBLIC

    text = "\n".join(api.generated().values())
    wanted = {name for name in PUBLIC if name.count(".") == 2 and not name.startswith("proxysim.figures.")}
    assert len(wanted) > 100
    assert set() == {name for name in wanted if not re.search(rf":: {re.escape(name)}$", text, flags=re.MULTILINE)}


def test_reference__has_what_docstrings_name_by_its_module() -> None:
    """Functions and classes of submodules; tables of names are on the page of all numbers."""
    from tests.test_docstrings import DOCUMENTED

    named = {name for text in DOCUMENTED.values() for name in re.findall(r"`(proxysim\.[\w.]+)`", text)}
    assert len(named) > 5
    missing = named - api.known()
    assert set() == {name for name in missing if not name.startswith("proxysim.core.")}


def test_reference__pages_differ_in_more_than_case() -> None:
    """`answers` and `Answers` would be one file on some disks."""
    paths = [path.lower() for path in api.generated()]
    assert len(paths) == len(set(paths))


def test_reference__shows_every_figure() -> None:
    """The group of figures is what `proxysim.figures` exports."""
    assert set(api.groups()[api.FIGURES][1]) == {f"proxysim.figures.{name}" for name in figures.__all__}


def test_reference__shows_the_pictures_of_the_gallery() -> None:
    """Of every figure that the gallery draws."""
    gallery = (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8")
    drawn = {f"proxysim.figures.{name}" for name in re.findall(r"figure = figures\.(\w+)\(", gallery)}
    assert len(drawn) > 20
    assert drawn == set(api.pictures())
    assert all((ROOT / "docs" / path).exists() and description for path, description in api.pictures().values())
    assert "gallery/break-even.svg" in api.page("proxysim.figures.break_even")


@pytest.mark.parametrize("name", sorted(commands.commands()))
def test_commands__are_listed_with_all_options(name: str) -> None:
    """Every option that the help of a command shows."""
    page = commands.generated()
    part = page.partition(f"(command-{name})=")[2].partition("(command-")[0]
    assert part
    for one in commands.commands()[name].params:
        if one.param_type_name == "option":
            assert any(f"`{option}" in part for option in one.opts), one.opts
        else:
            assert (one.metavar or one.name.upper()) in part


def test_commands__groups_name_commands_that_exist() -> None:
    """A command that is renamed leaves its group."""
    assert set() == {name for names in commands.GROUPS.values() for name in names} - set(commands.commands())


def test_pages__are_all_in_the_navigation() -> None:
    """A new page of docs/ goes into a list of contents in docs/site/pages/."""
    listed = {"index"}
    for page in tree.pages():
        for block in re.findall(r"^```\{toctree\}\n(.*?)^```", (ROOT / page).read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL):
            listed |= {line for line in block.splitlines() if line and not line.startswith(":")}
    assert set() == {tree.place(page).removesuffix(".md") for page in tree.pages()} - listed
    assert {"notebooks/*", "api/index", "commands"} <= listed


def test_notebooks__are_all_scripts_with_a_number() -> None:
    """By their names, so that a new one needs no entry."""
    assert {file.name for file in (ROOT / "experiments").glob("*.py")} == {file.name for file in notebooks.scripts()}


# ---- equations ---------------------------------------------------------------------------------------


def text_of(mathml: str) -> str:
    """Characters that an equation shows."""
    return re.sub(r"\s|&#x0?00A0;|\u200b", "", re.sub(r"<[^>]+>", "", mathml))


@pytest.mark.parametrize("display", [True, False])
def test_maths__shows_every_equation_of_the_model(display: bool) -> None:
    """With every word of its texts, and with no command left over."""
    equations = DISPLAYED if display else IN_LINES
    assert len(equations) > 150
    for tex in equations:
        found = maths.mathml(tex, display)
        assert "\\" not in found and "&</" not in found
        shown = text_of(found)
        for word in re.findall(r"\\text\{([^}]*)\}", tex):
            assert re.sub(r"\s", "", word) in shown, (word, tex)


@pytest.mark.parametrize("tex", [r"a \nosuchcommand b", r"\left( a", r"a & b"])
def test_maths__refuses_what_it_cannot_show(tex: str) -> None:
    """Instead of showing a part of it."""
    with pytest.raises(Exception, match="cannot be shown as MathML"):
        maths.mathml(tex, display=True)


def test_maths__aligns_rows() -> None:
    """Each row has two cells; both marks of a new row are known."""
    for end in (r"\cr", r"\\"):
        found = maths.mathml(rf"\begin{{aligned}} a = & b + {end} & c \end{{aligned}}", display=True)
        assert (2, 4) == (found.count("<mtr>"), found.count("<mtd "))


def test_maths__breaks_long_equations_in_lines_and_loses_nothing() -> None:
    """The parts together are the equation, and no part ends within braces."""
    broken = [tex for tex in IN_LINES if len(maths.broken(tex)) > 1]
    assert len(broken) > 50
    for tex in broken:
        parts = maths.broken(tex)
        assert tex == "".join(parts)
        assert all(part.count("{") == part.count("}") for part in parts)
        assert text_of(maths.inline(tex)) == text_of(f"<math>{maths.inner(tex)}</math>")


# ---- docstrings, links -------------------------------------------------------------------------------


def test_docstrings__meanings_get_lines_of_their_own() -> None:
    """Types are in signatures, so what follows a name is its meaning."""
    text = ["Do it.", "", "Parameters", "----------", "a, b : two numbers", "    of a kind; both", "c : one; d : more", "",
            "Source", "------", "Book."]  # fmt: skip
    assert docstrings.rewritten(text) == [
        "Do it.", "", "Parameters", "----------", "a, b", "    two numbers", "    of a kind; both", "c", "    one", "d", "    more", "",
        "References", "----------", "Book.",
    ]  # fmt: skip


def test_docstrings__names_in_backticks_lead_to_the_reference() -> None:
    """With and without a module or brackets; other words stay code."""
    known = api.known()
    assert "proxysim.Comparison.to_dataframe" == docstrings.target_of("Comparison.to_dataframe()", known)
    assert "proxysim.figures.tornado" == docstrings.target_of("tornado", known)
    assert docstrings.target_of("no_such_name", known) is None


def test_breaks__are_marked_in_long_code_only() -> None:
    """After dots, underscores and slashes inside of it; entities and short words stay as they are."""
    long, short = '<span class="pre">behaviour.search_persistence&gt;</span>', '<span class="pre">a.b_c</span>'
    assert '<span class="pre">behaviour.<wbr>search_<wbr>persistence&gt;</span>' == breaks.breakable(long)
    assert short == breaks.breakable(short)


@pytest.mark.parametrize(
    ("source", "text", "moved"),
    [
        ("docs/faq.md", "[a](why.md#b) and [c](#d)", "[a](why.md#b) and [c](#d)"),
        ("docs/worlds/angola.md", "![m](angola.svg) [worlds.md](../worlds.md)", "![m](angola.svg) [](../worlds.md)"),
        ("docs/ten-minutes.md", "[n](../experiments/01_one_run.py)", "[n](notebooks/01_one_run.ipynb)"),
        ("docs/ten-minutes.md", "[all](../experiments)", "[all](notebooks.md)"),
        ("docs/worlds.md", "[t](../scenarios/angola.toml)", "[t](files/scenarios/angola.toml)"),
        ("CONTRIBUTING.md", "[docs/kernel.md](docs/kernel.md)", "[](kernel.md)"),
        ("docs/site/pages/index.md", "[a](../../faq.md) [b](tasks.md) [c](../../../CHANGELOG.md)", "[a](faq.md) [b](tasks.md) [c](changes.md)"),
        ("docs/faq.md", "```\n[a](../README.md)\n```\n[a](../README.md)", "```\n[a](../README.md)\n```\n[a](index.md)"),
        ("docs/faq.md", "[a](https://example.org/x.md)", "[a](https://example.org/x.md)"),
    ],
)
def test_links__lead_to_the_same_place_in_the_site(source: str, text: str, moved: str) -> None:
    """Code and addresses stay as they are."""
    assert moved == tree.moved_links(text, source)


def test_links__lead_to_files_that_the_site_has() -> None:
    """Pages, notebooks, pictures and files."""
    pages = tree.pages()
    there = {*pages, *tree.files_of(pages), *(f"experiments/{file.name}" for file in notebooks.scripts()), *tree.MOVED}
    missing = {(page, target) for page in pages for target in tree.linked((ROOT / page).read_text(encoding="utf-8"), page) - there}
    assert set() == missing


# ---- outside requests --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        '<script src="https://a.example/x.js"></script>',
        "<link rel=stylesheet href=//a.example/x.css>",
        '<img src="a.png" srcset="a.png 1x, https://a.example/a.png 2x">',
        "<style>@import 'https://a.example/x.css';</style>",
        '<p style="background: url(http://a.example/x.png)">',
        '<script>fetch("https://a.example/x.json")</script>',
        "<script>const s = document.createElement('script'); s.src = 'https://a.example/x.js'</script>",
        '<svg><image xlink:href="https://a.example/x.png"/></svg>',
        '<iframe src="https://a.example"></iframe>',
    ],
)
def test_requests__are_seen(text: str) -> None:
    """In elements, styles and scripts."""
    assert 1 == len(requests.in_page(text))


@pytest.mark.parametrize(
    "text",
    [
        '<a href="https://a.example">a source</a>',
        '<svg xmlns="http://www.w3.org/2000/svg"><image href="data:image/png;base64,AA"/></svg>',
        '<script src="_static/x.js"></script><link rel="stylesheet" href="../x.css"><img src="x.png">',
        '<style>a { background: url("x.png") }</style>',
        '<script>const kind = "http://www.w3.org/2000/svg";</script>',
    ],
)
def test_requests__are_not_seen_where_there_are_none(text: str) -> None:
    """Links that a reader clicks, names of kinds, and local files."""
    assert [] == requests.in_page(text)


# ---- the whole site ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built by the one command into an empty folder."""
    work = tmp_path_factory.mktemp("site")
    out = work / "html"
    command = [sys.executable, "docs/build_site.py", "--work", str(work)]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert 0 == found.returncode, found.stdout + found.stderr
    assert "" == found.stderr
    return out


@pytest.mark.slow
def test_site__is_built_without_a_warning(site: Path) -> None:
    """Every page of docs/, every notebook with its outputs, and the reference."""
    for page in tree.pages():
        assert (site / tree.place(page)).with_suffix(".html").exists(), page
    for script in notebooks.scripts():
        text = (site / "notebooks" / f"{script.stem}.html").read_text(encoding="utf-8")
        assert "cell_output" in text and "<img" in text, script.name
    for name in api.public():
        assert (site / "api" / f"{api.document(name)}.html").exists(), name
    assert (site / "model.html").read_text(encoding="utf-8").count('<math display="block">') == len(DISPLAYED)


@pytest.mark.slow
def test_site__loads_nothing_from_elsewhere(site: Path) -> None:
    """No page, style sheet, script or picture."""
    assert [] == list(requests.outside(site))


@pytest.mark.slow
def test_site__looks_right_at_three_widths_light_and_dark(site: Path) -> None:
    """In Chromium: no request, no error, nothing beyond the screen, text of enough contrast."""
    _, chromium = browser()
    assert [] == list(look.faults(site, look.PAGES, chromium))


@pytest.mark.slow
def test_site__is_searched_without_a_server(site: Path) -> None:
    """The page of results finds the model from its words, offline."""
    sync_api, chromium = browser()
    with sync_api.sync_playwright() as play:
        program = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        tab = program.new_context(offline=True).new_page()
        tab.goto(f"{(site / 'search.html').as_uri()}?q=sponsorship")
        tab.wait_for_selector("#search-results li a", timeout=20_000)
        targets = tab.eval_on_selector_all("#search-results li a", "all => all.map(one => one.getAttribute('href'))")
        program.close()
    assert any("model.html" in target for target in targets)


@pytest.mark.slow
def test_look__sees_what_is_wrong(site: Path, tmp_path: Path) -> None:
    """A page that asks elsewhere, is too wide and too pale."""
    _, chromium = browser()
    shutil.copytree(site, tmp_path / "site")
    page = tmp_path / "site" / "faq.html"
    bad = '<p style="color: #888; width: 3000px">pale</p><img src="http://localhost:9/x.png" alt="">'
    text = page.read_text(encoding="utf-8")
    assert "</article>" in text
    page.write_text(text.replace("</article>", f"{bad}</article>", 1), encoding="utf-8")
    found = " ".join(look.faults(tmp_path / "site", ["faq.html"], chromium))
    assert all(word in found for word in ("loads http://localhost:9/x.png", "sticks out", "contrast"))
